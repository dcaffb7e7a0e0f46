"""Vectors that a table spreads over its columns: ``dim_0`` … ``dim_511``, ``0`` … ``511``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["numbered_keys", "wide_keys"]

_NUMBERED = re.compile(r"(.*?)[_. \-\[]*(\d{1,6})\]?")
_VECTOR_WORDS = frozenset(
    ("e", "dim", "emb", "embedding", "vec", "vector", "feature", "feat", "embedding_dim")
)
_FEWEST_OF_VECTOR, _FEWEST_OF_NUMBERS, _FEWEST = 2, 8, 16
"""So many columns of one name are a vector, not coordinates, labels or a few scores: a name that
says so, a bare number, any other name."""


@lru_cache(maxsize=256)
def wide_keys(names: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """The columns of one vector in the order of its numbers; empty where there are none.

    Examples
    --------
    >>> wide_keys(("video", "e1", "e0")), wide_keys(("x1", "x2"))
    (('e0', 'e1'), ())
    """
    groups = _group_columns(names)
    whole = [group for prefix, group in groups.items() if _is_vector(prefix, group)]
    return _find_longest(whole)


def numbered_keys(names: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """The columns of one name and numbers without a gap, too few to be a vector for sure.

    Examples
    --------
    >>> numbered_keys(("start", "f1", "f0"))
    ('f0', 'f1')
    """
    return _find_longest([group for group in _group_columns(names).values() if _counts_up(group)])


def _group_columns(names: tuple[Hashable, ...]) -> dict[str, dict[int, Hashable]]:
    """The columns by what stands before their number, then by the number."""
    groups: dict[str, dict[int, Hashable]] = {}
    for name in names:
        hit = _NUMBERED.fullmatch(str(name))
        if hit:
            groups.setdefault(hit.group(1).lower(), {}).setdefault(int(hit.group(2)), name)
    return groups


def _find_longest(groups: list[dict[int, Hashable]]) -> tuple[Hashable, ...]:
    """The columns of the longest group, in the order of their numbers."""
    if not groups:
        return ()
    longest = max(groups, key=len)
    return tuple(longest[place] for place in sorted(longest))


def _is_vector(prefix: str, group: dict[int, Hashable]) -> bool:
    """Whether numbered columns count without a gap and are enough for a vector."""
    fewest = _FEWEST_OF_NUMBERS if prefix == "" else _FEWEST
    if prefix in _VECTOR_WORDS:
        fewest = _FEWEST_OF_VECTOR
    return len(group) >= fewest and _counts_up(group)


def _counts_up(group: dict[int, Hashable]) -> bool:
    """Whether several columns count from 0 or 1 without a gap."""
    first = min(group)
    return first in (0, 1) and len(group) > 1 and max(group) - first + 1 == len(group)
