"""One object of any family -> one row of the table.

The keys of an object decide how it is read, so that is worked out once per set of keys
(:func:`shape_of`) and not once per row.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.errors import InputError
from twlab.intervals import parse_timecode
from twlab.responses.found import Row
from twlab.responses.names import (
    ALIASES,
    ANSWER_KINDS,
    BOXES,
    NESTED,
    TIMED,
    VECTOR_KEYS,
    plain,
)
from twlab.responses.values import (
    CLEANERS,
    SCALARS,
    BadValueError,
    is_numbers,
    is_reversed,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from twlab.responses.found import Found

__all__ = ["Shape", "add_row", "facts_of", "shape_of", "vector_of"]

_Bad = list[tuple[str, str]]

_COLUMN_OF = {name: column for column, names in ALIASES.items() for name in names}
_PRIORITY = {name: rank for names in ALIASES.values() for rank, name in enumerate(names)}
_OF_A_SEGMENT = frozenset(("start_sec", "end_sec", "start_timecode", "end_timecode"))
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
_TAKEN = frozenset((*_COLUMN_OF, *ALIASES, *VECTOR_KEYS, "source", "id"))


class Shape(NamedTuple):
    """How objects with one set of keys are read."""

    columns: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    vectors: tuple[str, ...]
    nested: tuple[tuple[str, str], ...]
    extras: tuple[str, ...]
    boxes: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    plain: dict[str, str]
    timed: bool
    saved: bool


@lru_cache(maxsize=1024)
def shape_of(keys: tuple[str, ...]) -> Shape:
    """The reading plan for objects with these keys, in this order."""
    names: dict[str, str] = {}
    for key in keys:
        names.setdefault(plain(key), key)
    known = sorted((n for n in names if n in _COLUMN_OF), key=lambda n: _PRIORITY[n])
    special = {*known, *NESTED, *VECTOR_KEYS, *ANSWER_KINDS}
    return Shape(
        columns=tuple((names[n], _COLUMN_OF[n], CLEANERS[_COLUMN_OF[n]]) for n in known),
        vectors=tuple(names[n] for n in VECTOR_KEYS if n in names),
        nested=tuple((names[n], n) for n in NESTED if n in names),
        extras=tuple(key for n, key in names.items() if n not in special),
        boxes=tuple(names[n] for n in BOXES if n in names),
        kinds=tuple((names[n], kind) for n, kind in ANSWER_KINDS.items() if n in names),
        plain=names,
        timed=any(n in TIMED for n in names),
        saved=set(keys) >= _SAVED,
    )


def vector_of(node: dict[str, Any], shape: Shape) -> tuple[str, Any] | None:
    """The name and value of the vector of a row, usable or not; None where it is no row."""
    bad = None
    for key in shape.vectors:
        value = node[key]
        if is_numbers(value):
            return key, value
        if type(value) is dict:
            inner = shape_of(tuple(value))
            for name in inner.vectors:
                if is_numbers(value[name]) and not inner.timed:
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


def add_row(
    node: dict[str, Any],
    given: tuple[str, Any],
    facts: dict[str, Any],
    found: Found,
    *,
    place: str,
    answer: int,
) -> None:
    """Append one row to ``found``, or say everything that is wrong with it.

    Parameters
    ----------
    node : dict
        The object of the row.
    given : tuple of str and object
        The name and the value of its vector.
    facts : dict
        What the answer around it says of all its rows; the row's own fields win.
    found : Found
        Takes the row or the problems.
    place : str
        Where the row stands, for messages.
    answer : int
        The number of its answer.
    """
    field, value = given
    values: dict[str, Any] = {}
    bad: _Bad = []
    numbers: Any = None
    shape = shape_of(tuple(node))
    _collect(node, shape, values, bad)
    if shape.saved:
        _keep_nulls(node, values)
    for column, fact in facts.items():
        if column not in values:
            values[column] = fact
    _complete_times(values, bad)
    try:
        numbers = vector(value)
    except BadValueError as error:
        bad.append((field, str(error)))
    if not bad:
        found.rows.append(Row(values, numbers, place, answer))
    for name, problem in bad:
        found.problem(problem, place=place, field=name)


def _keep_nulls(node: dict[str, Any], values: dict[str, Any]) -> None:
    """Let a saved row come back with every column that it had, and with no other."""
    for key, value in node.items():
        if value is None:
            values.setdefault(key, None)
    values.setdefault("source", None)


def facts_of(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What an answer says of all of its rows: model, file, duration, task; its ``_id`` as id."""
    facts: dict[str, Any] = {}
    for key, column, clean in shape.columns:
        value = node[key]
        if value is None or column in facts or column in _OF_A_SEGMENT:
            continue
        if column == "thumbnail_urls" or isinstance(value, SCALARS):
            _set_if_good(facts, column, clean, value)
    for key, name in shape.nested:
        inner = node[key]
        if type(inner) is dict:
            for column, value in _nested_facts(name, inner).items():
                facts.setdefault(column, value)
    own = node.get(shape.plain.get("id", ""))
    if isinstance(own, str) and own:
        facts["id"] = own
    return facts


def _set_if_good(
    facts: dict[str, Any], column: str, clean: Callable[[Any], Any], value: Any
) -> None:
    """Keep a fact unless it is unusable; rows can do without."""
    try:
        cleaned = clean(value)
    except BadValueError:
        return
    if cleaned is not None:
        facts["thumbnail_url" if column == "thumbnail_urls" else column] = cleaned


def _nested_facts(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    """The facts in an object inside an answer or row."""
    if name == "user_metadata":
        return {k: v for k, v in inner.items() if isinstance(v, SCALARS) and plain(k) not in _TAKEN}
    facts = facts_of(inner, shape_of(tuple(inner)))
    facts.pop("id", None)
    if name == "hls" and "input_url" in facts:
        facts["hls_url"] = facts.pop("input_url")
    return facts


def _collect(node: dict[str, Any], shape: Shape, values: dict[str, Any], bad: _Bad) -> None:
    """Put the fields of a row and of the objects inside it under the names of the table."""
    for key, column, clean in shape.columns:
        value = node[key]
        if value is None:
            continue
        if column in values:
            if isinstance(value, SCALARS):
                values.setdefault(key, value)
            continue
        try:
            cleaned = clean(value)
        except BadValueError as error:
            bad.append((key, str(error)))
            continue
        if cleaned is not None:
            values["thumbnail_url" if column == "thumbnail_urls" else column] = cleaned
    for key in shape.extras:
        value = node[key]
        if isinstance(value, SCALARS) and key not in values:
            values[key] = value
    for key, name in shape.nested:
        inner = node[key]
        if type(inner) is not dict:
            continue
        if name in ("user_metadata", "hls"):
            for column, value in _nested_facts(name, inner).items():
                values.setdefault(column, value)
        else:
            _collect(inner, shape_of(tuple(inner)), values, bad)


def _complete_times(values: dict[str, Any], bad: _Bad) -> None:
    """Give the row a start and an end, NaN where there is none, and check their order."""
    if "start_sec" not in values and "start_timecode" in values:
        _read_timecodes(values, bad)
    start = values.setdefault("start_sec", math.nan)
    end = values.setdefault("end_sec", math.nan)
    if not start <= end and not bad and (problem := is_reversed(start, end)):
        bad.append(("end_sec", problem))


def _read_timecodes(values: dict[str, Any], bad: _Bad) -> None:
    """Seconds from SMPTE timecodes, which need the frame rate beside them."""
    for side in ("start", "end"):
        text = values.get(f"{side}_timecode")
        if text is None:
            continue
        try:
            values[f"{side}_sec"] = parse_timecode(text, fps=values.get("fps"))
        except InputError as error:
            advice = "add start_offset_sec and end_offset_sec, or a field fps"
            bad.append((f"{side}_timecode", f"{str(error).partition(';')[0]}; {advice}"))
