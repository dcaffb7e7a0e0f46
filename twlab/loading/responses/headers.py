"""Lists that begin with what holds for all of their rows: facts, or the names of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.loading.responses.names import snake_case
from twlab.loading.responses.shapes import COLUMN_OF, shape_of, vector_of
from twlab.loading.responses.splitting import split_row
from twlab.loading.responses.values import SCALARS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ignored_keys", "is_header", "name_columns"]

_TROUBLE = frozenset(("error", "errors", "error_message", "message", "status", "code"))
_FEWEST_NAMES = 2
"""A single text over single values is a caption as likely as the name of a column."""


def is_header(nodes: Sequence[Any]) -> bool:
    """Whether the first of several objects says what holds for all rows, and is none itself.

    It has no vector and no time, and a key that the rows have not: an object with nothing but keys
    of rows is a row whose vector is missing.
    """
    if len(nodes) < 2 or type(nodes[0]) is not dict or type(nodes[1]) is not dict:
        return False
    first, second = nodes[0], nodes[1]
    shape = shape_of(tuple(first))
    if not first or shape.timed or shape.vectors or shape.kinds or first.keys() <= second.keys():
        return False
    if not _TROUBLE.isdisjoint(shape.plain) or not all(map(_is_fact, first.values())):
        return False
    return _has_vector(second) and not _has_vector(first)


def ignored_keys(node: dict[str, Any]) -> list[str]:
    """The keys of such an object that say nothing that the table has a column for."""
    known = {"video", "id", "title", "name"}
    return [
        key
        for key, value in node.items()
        if snake_case(key) not in COLUMN_OF
        and snake_case(key) not in known
        and not isinstance(value, dict)
    ]


def name_columns(nodes: Sequence[Any]) -> list[dict[str, Any]] | None:
    """The rows of lists of which the first holds the names of the columns; None for others."""
    names = nodes[0] if nodes else ()
    if not isinstance(names, list | tuple) or not all(type(name) is str for name in names):
        return None
    if len(nodes) < 2 or len(names) < _FEWEST_NAMES or len(set(names)) < len(names):
        return None
    if not all(type(node) in (list, tuple) and len(node) == len(names) for node in nodes[1:]):
        return None
    return [dict(zip(names, node, strict=True)) for node in nodes[1:]]


def _is_fact(value: Any) -> bool:
    """Whether a value says something of all rows: a single one, or an object of such."""
    if isinstance(value, dict):
        return all(one is None or isinstance(one, SCALARS) for one in value.values())
    return value is None or isinstance(value, SCALARS)


def _has_vector(node: dict[str, Any]) -> bool:
    """Whether an object has a vector, or several."""
    shape = shape_of(tuple(node))
    return vector_of(node, shape) is not None or bool(split_row(node, shape))
