"""Vectors that a table spreads over its columns: ``dim_0`` … ``dim_511``, ``0`` … ``511``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["wide_keys"]

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
    groups: dict[str, dict[int, Hashable]] = {}
    for name in names:
        hit = _NUMBERED.fullmatch(str(name))
        if hit:
            groups.setdefault(hit.group(1).lower(), {}).setdefault(int(hit.group(2)), name)
    whole = [group for prefix, group in groups.items() if _is_vector(prefix, group)]
    if not whole:
        return ()
    longest = max(whole, key=len)
    return tuple(longest[place] for place in sorted(longest))


def _is_vector(prefix: str, group: dict[int, Hashable]) -> bool:
    """Whether numbered columns count without a gap and are enough for a vector."""
    fewest = _FEWEST_OF_NUMBERS if prefix == "" else _FEWEST
    if prefix in _VECTOR_WORDS:
        fewest = _FEWEST_OF_VECTOR
    first = min(group)
    return first in (0, 1) and len(group) >= fewest and max(group) - first + 1 == len(group)
