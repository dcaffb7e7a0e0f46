"""One object of any family -> one row of the table.

The keys of an object decide how it is read, so that is worked out once per set of keys
(:func:`shape_of`) and not once per row.
"""

from __future__ import annotations

import decimal
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
    SCOPES,
    TIMED,
    VECTOR_KEYS,
    plain,
)

if TYPE_CHECKING:
    from twlab.responses.found import Found

__all__ = ["Shape", "add_row", "facts_of", "is_numbers", "shape_of", "vector_of"]

_COLUMN_OF = {name: column for column, names in ALIASES.items() for name in names}
_PRIORITY = {name: rank for names in ALIASES.values() for rank, name in enumerate(names)}
_NOT_FACTS = frozenset(("start_sec", "end_sec", "start_timecode", "end_timecode"))
_TEXTS = ("video_id", "video_name", "model_name", "filename", "input_url", "input_type", "task_id")
_NUMBERS = frozenset((int, float))
_SCALARS = (str, int, float, bool, np.number, np.bool_)


class Shape(NamedTuple):
    """How objects with one set of keys are read."""

    columns: tuple[tuple[str, str], ...]
    vectors: tuple[str, ...]
    nested: tuple[str, ...]
    extras: tuple[str, ...]
    boxes: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    plain: dict[str, str]
    timed: bool


@lru_cache(maxsize=1024)
def shape_of(keys: tuple[str, ...]) -> Shape:
    """The reading plan for objects with these keys, in this order."""
    names: dict[str, str] = {}
    for key in keys:
        names.setdefault(plain(key), key)
    known = sorted((n for n in names if n in _COLUMN_OF), key=lambda n: _PRIORITY[n])
    vector_keys = tuple(names[n] for n in VECTOR_KEYS if n in names)
    special = {*known, *NESTED, *VECTOR_KEYS, *ANSWER_KINDS}
    return Shape(
        columns=tuple((names[n], _COLUMN_OF[n]) for n in known),
        vectors=vector_keys,
        nested=tuple(names[n] for n in NESTED if n in names),
        extras=tuple(key for n, key in names.items() if n not in special),
        boxes=tuple(names[n] for n in BOXES if n in names),
        kinds=tuple((names[n], kind) for n, kind in ANSWER_KINDS.items() if n in names),
        plain=names,
        timed=any(n in TIMED for n in names),
    )


def is_numbers(value: Any) -> bool:
    """Whether a value looks like a vector: a flat list or array that begins with a number."""
    if type(value) is np.ndarray:
        return value.ndim == 1 and value.dtype.kind in "fiu"
    if type(value) not in (list, tuple) or not value:
        return False
    first = value[0]
    if type(first) in _NUMBERS:
        return True
    return isinstance(first, np.floating | np.integer | decimal.Decimal)


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
        elif bad is None and _is_bad_vector(value, shape):
            bad = key, value
    data = node.get("data")
    if type(data) is dict and is_numbers(data.get("float32")):
        return "data.float32", data["float32"]
    return bad


def _is_bad_vector(value: Any, shape: Shape) -> bool:
    """Whether a value stands where a vector should and is none."""
    if value is None or isinstance(value, str | int | float):
        return shape.timed
    if type(value) is np.ndarray:
        return True
    if type(value) in (list, tuple):
        return (not value and shape.timed) or (
            bool(value) and not isinstance(value[0], dict | list)
        )
    return False


def add_row(
    node: dict[str, Any],
    shape: Shape,
    vector: tuple[str, Any],
    facts: dict[str, Any],
    place: str,
    answer: int,
    found: Found,
) -> None:
    """Append one row to ``found``, or say what is wrong with it."""
    values: dict[str, Any] = {}
    _collect(node, shape, values)
    for column, value in facts.items():
        if column not in values and column != "id":
            values[column] = value
    size = len(found.problems)
    numbers = _numbers(*vector, place, found)
    _times(values, place, found)
    _words(values, place, found)
    if numbers is not None and len(found.problems) == size:
        found.rows.append(Row(values, numbers, place, answer))


def facts_of(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What an answer says of all of its rows: model, file, duration, task, options asked."""
    facts: dict[str, Any] = {}
    for key, column in shape.columns:
        value = node[key]
        if column not in _NOT_FACTS and column not in facts and _is_fact(column, value):
            facts[column] = value
    for key in shape.nested:
        inner = node[key]
        if type(inner) is not dict:
            continue
        if plain(key) == "user_metadata":
            for name, value in _user_fields(inner).items():
                facts.setdefault(name, value)
        elif plain(key) == "hls":
            for name, value in _hls(inner).items():
                facts.setdefault(name, value)
        else:
            for name, value in facts_of(inner, shape_of(tuple(inner))).items():
                facts.setdefault(name, value)
    own = node.get(shape.plain.get("id", ""))
    if isinstance(own, str) and own:
        facts["id"] = own
    return facts


def _is_fact(column: str, value: Any) -> bool:
    """Whether a field of an answer speaks for its rows."""
    if column in ("embedding_option", "embedding_scope"):
        return isinstance(value, str)
    return isinstance(value, _SCALARS)


def _user_fields(inner: dict[str, Any]) -> dict[str, Any]:
    """The user's own fields that do not collide with a column."""
    taken = {*_COLUMN_OF, *ALIASES, *VECTOR_KEYS, "source", "id"}
    return {k: v for k, v in inner.items() if isinstance(v, _SCALARS) and plain(k) not in taken}


def _hls(inner: dict[str, Any]) -> dict[str, Any]:
    """The addresses of the stream and of its first picture."""
    names = shape_of(tuple(inner)).plain
    pictures = inner.get(names.get("thumbnail_urls", ""))
    first = pictures[0] if isinstance(pictures, list) and pictures else None
    urls = {"hls_url": inner.get(names.get("video_url", "")), "thumbnail_url": first}
    return {column: url for column, url in urls.items() if isinstance(url, str)}


def _collect(node: dict[str, Any], shape: Shape, values: dict[str, Any]) -> None:
    """Put the fields of a row and of the objects inside it under the names of the table."""
    for key, column in shape.columns:
        value = node[key]
        if value is not None and column not in values:
            values[column] = value
    for key in shape.extras:
        value = node[key]
        if isinstance(value, _SCALARS) and key not in values:
            values[key] = value
    for key in shape.nested:
        inner = node[key]
        if type(inner) is not dict:
            continue
        if plain(key) == "user_metadata":
            _defaults(values, _user_fields(inner))
        elif plain(key) == "hls":
            _defaults(values, _hls(inner))
        else:
            _collect(inner, shape_of(tuple(inner)), values)


def _defaults(values: dict[str, Any], further: dict[str, Any]) -> None:
    for name, value in further.items():
        values.setdefault(name, value)


def _numbers(field: str, value: Any, place: str, found: Found) -> Any:
    """The vector as a float array, or None after saying what is wrong with it."""
    if type(value) is np.ndarray and value.ndim == 1 and value.dtype.kind in "fiu" and value.size:
        return value
    if value is None or isinstance(value, str | int | float):
        shown = "null" if value is None else repr(value)[:40]
        found.problem(
            f"is {shown}; a list of numbers was expected; drop the segment or fetch it again",
            place=place,
            field=field,
        )
        return None
    values = list(value)
    for position, number in enumerate(values):
        if type(number) not in _NUMBERS and not isinstance(
            number, np.floating | np.integer | decimal.Decimal
        ):
            shown = "null" if number is None else repr(number)[:40]
            found.problem(
                f"holds {shown} at place {position}; only numbers were expected; "
                "drop the segment or fetch it again",
                place=place,
                field=field,
            )
            return None
    if not values:
        found.problem(
            "is empty; a list of numbers was expected; drop the segment or fetch it again",
            place=place,
            field=field,
        )
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        found.problem("holds a number beyond float range", place=place, field=field)
        return None


def _times(values: dict[str, Any], place: str, found: Found) -> None:
    """Bring start and end to seconds; neither where the row has no time."""
    if "start_sec" not in values and "start_timecode" in values:
        for side in ("start", "end"):
            _timecode(values, side, place, found)
    start = _seconds(values, "start_sec", place, found)
    end = _seconds(values, "end_sec", place, found)
    if math.isnan(start) and not math.isnan(end):
        found.problem(
            f"an end ({end:g}) without a start; both were expected; add the start",
            place=place,
            field="start_sec",
        )
    elif start < 0:
        found.problem(
            f"{start:g} s is before 0; seconds from the start of the file were expected; "
            "correct or drop the segment",
            place=place,
            field="start_sec",
        )
    elif end < start:
        found.problem(
            f"ends at {end:g} s, before its start at {start:g} s; "
            "start <= end was expected; correct or drop the segment",
            place=place,
            field="end_sec",
        )
    values["start_sec"], values["end_sec"] = start, end


def _timecode(values: dict[str, Any], side: str, place: str, found: Found) -> None:
    """Seconds from an SMPTE timecode, which needs the frame rate beside it."""
    text = values.get(f"{side}_timecode")
    if text is None:
        return
    fps = values.get("fps")
    try:
        values[f"{side}_sec"] = parse_timecode(
            text, fps=fps if isinstance(fps, int | float) else None
        )
    except InputError as error:
        found.problem(
            f"{error}; give the segments start_offset_sec and end_offset_sec, or a field fps",
            place=place,
            field=f"{side}_timecode",
        )


def _seconds(values: dict[str, Any], name: str, place: str, found: Found) -> float:
    """One time in seconds; NaN where there is none."""
    value = values.get(name)
    if type(value) is float or type(value) is int:
        if -1e12 < value < 1e12:
            return float(value)
    elif value is None:
        return math.nan
    elif isinstance(value, str):
        try:
            return parse_timecode(value)
        except InputError:
            pass
    elif isinstance(value, np.floating | np.integer | decimal.Decimal):
        values[name] = float(value)
        return _seconds(values, name, place, found)
    found.problem(
        f"{str(value)[:40]!r} is no time; seconds as a number were expected; "
        "correct or drop the segment",
        place=place,
        field=name,
    )
    return math.nan


def _words(values: dict[str, Any], place: str, found: Found) -> None:
    """Bring option, scope and the names to strings."""
    for name in ("embedding_option", "embedding_scope"):
        value = values.get(name)
        if isinstance(value, list | tuple):
            value = "+".join(map(str, value)) or None
        if value is not None and not isinstance(value, str):
            found.problem(
                f"{str(value)[:40]!r} is no word; a string was expected; correct it",
                place=place,
                field=name,
            )
            value = None
        values[name] = value or None
    values["embedding_scope"] = SCOPES.get(values["embedding_scope"], values["embedding_scope"])
    for name in _TEXTS:
        value = values.get(name)
        if value is None or type(value) is str:
            continue
        if isinstance(value, _SCALARS) and not isinstance(value, bool):
            values[name] = str(value)
        else:
            del values[name]
    pictures = values.pop("thumbnail_urls", None)
    if isinstance(pictures, list) and pictures and isinstance(pictures[0], str):
        values.setdefault("thumbnail_url", pictures[0])
