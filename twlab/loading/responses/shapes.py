"""How objects with one set of keys are read, worked out once per set and not once per row."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.loading.responses.names import (
    ALIASES,
    ANSWER_KINDS,
    BOXES,
    NESTED,
    TIMED,
    VECTOR_KEYS,
    snake_case,
)
from twlab.loading.responses.values import CLEANERS, is_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COLUMN_OF", "Shape", "shape_of", "vector_key", "vector_of"]

COLUMN_OF = {name: column for column, names in ALIASES.items() for name in names}
"""The column of the table for each name that a value may be served under."""

_PRIORITY = {name: rank for names in ALIASES.values() for rank, name in enumerate(names)}
_SAVED = frozenset(
    (
        "video_id",
        "start_sec",
        "end_sec",
        "embedding_option",
        "embedding_scope",
        "model_name",
        "embedding",
    )
)  # the keys of a row that the project wrote itself


class Shape(NamedTuple):
    """The reading plan for objects with one set of keys.

    ``columns`` are (key, column, cleaner), ``nested`` (key, plain key) of objects whose fields
    belong to this one, ``extras`` keys that the table does not know, ``boxes`` and ``kinds`` keys
    under which rows may stand. ``timed`` objects have a key that only segments have; ``flat``
    ones give each column once; ``saved`` ones were written by the project.
    """

    columns: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    vectors: tuple[str, ...]
    nested: tuple[tuple[str, str], ...]
    extras: tuple[str, ...]
    boxes: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    plain: dict[str, str]
    timed: bool
    flat: bool
    saved: bool


@lru_cache(maxsize=1024)
def shape_of(keys: tuple[str, ...]) -> Shape:
    """The reading plan for objects with these keys, in this order."""
    names: dict[str, str] = {}
    for key in keys:
        names.setdefault(snake_case(key), key)
    known = sorted((n for n in names if n in COLUMN_OF), key=lambda n: _PRIORITY[n])
    special = {*known, *NESTED, *VECTOR_KEYS, *ANSWER_KINDS}
    columns = tuple((names[n], COLUMN_OF[n], CLEANERS[COLUMN_OF[n]]) for n in known)
    nested = tuple((names[n], n) for n in NESTED if n in names)
    served = [column for _, column, _ in columns]
    return Shape(
        columns=columns,
        vectors=tuple(names[n] for n in VECTOR_KEYS if n in names),
        nested=nested,
        extras=tuple(key for n, key in names.items() if n not in special),
        boxes=tuple(names[n] for n in BOXES if n in names),
        kinds=tuple((names[n], kind) for n, kind in ANSWER_KINDS.items() if n in names),
        plain=names,
        timed=any(n in TIMED for n in names),
        flat=not nested and len(set(served)) == len(served) and "start_timecode" not in served,
        saved=set(keys) >= _SAVED,
    )


def vector_key(node: dict[str, Any], shape: Shape) -> str:
    """The key of a vector that stands in an object itself; empty where there is none."""
    for key in shape.vectors:
        if is_numbers(node[key]):
            return key
    return ""


def vector_of(node: dict[str, Any], shape: Shape) -> tuple[str, Any] | None:
    """The name and value of the vector of a row, usable or not; None where it is no row."""
    bad = None
    for key in shape.vectors:
        value = node[key]
        if is_numbers(value):
            return key, value
        if type(value) is dict:
            inner = shape_of(tuple(value))
            name = "" if inner.timed else vector_key(value, inner)
            if name:
                return f"{key}.{name}", value[name]
        elif bad is None and _stands_for_a_vector(value, shape):
            bad = key, value
    data = node.get("data")
    if type(data) is dict and is_numbers(data.get("float32")):
        return "data.float32", data["float32"]
    return bad


def _stands_for_a_vector(value: Any, shape: Shape) -> bool:
    """Whether a value that is no list of numbers stands where the vector of a row should."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        return True
    if type(value) is np.ndarray:
        return bool(value.ndim < 2)
    if type(value) in (list, tuple) and value:
        return not isinstance(value[0], dict | list | np.ndarray)
    return shape.timed
