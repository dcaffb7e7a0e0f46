"""Objects of any family -> rows of the table.

Lists of clean objects with the same keys are read a column at a time; whatever is unusual is read
a row at a time, and told what is wrong with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import InputError
from twlab.loading.responses.found import Rows
from twlab.loading.responses.names import ALIASES, VECTOR_KEYS, snake_case
from twlab.loading.responses.othernames import MEDIA_NAME, time_name
from twlab.loading.responses.shapes import (
    COLUMN_OF,
    Shape,
    shape_of,
    vector_of,
)
from twlab.loading.responses.values import (
    SCALARS,
    BadValueError,
    as_transcript,
    is_numbers,
    is_reversed,
    is_transcript,
    vector,
)
from twlab.timecodes import LATEST_SEC, parse_timecode

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.loading.responses.found import Found

__all__ = ["add_row", "add_rows", "read_facts"]

_Bad = list[tuple[str, str]]

_OF_A_SEGMENT = frozenset(("start_sec", "end_sec", "start_timecode", "end_timecode"))
_KNOWN_KEYS = frozenset((*COLUMN_OF, *ALIASES, *VECTOR_KEYS, "source", "id"))
_OTHER_LISTS = frozenset(("bbox", "box", "histogram", "shape"))
_OF_CUTTING = frozenset(("truncated", "truncation_reason"))
_OF_REQUESTS = frozenset(("meta", "info", "data", "attributes", "attrs", "extra"))
_SHORTEST_VECTOR = 8
"""Shorter lists of numbers are boxes (4), colours (3 or 4) and sizes; models give 64 and more."""
_PLAIN_TYPES = frozenset((str, int, float, bool, type(None)))


def add_rows(
    nodes: list[dict[str, Any]],
    key: str,
    facts: dict[str, Any],
    found: Found,
    *,
    places: list[str],
    answer: int,
) -> None:
    """Append objects that have the same keys and their vectors under ``key``.

    Parameters
    ----------
    nodes : list of dict
        The objects.
    key : str
        The key of the vector.
    facts : dict
        What the answer around them says of all its rows; a row's own fields win.
    found : Found
        Takes the rows or the problems.
    places : list of str
        Where each object stands, for messages.
    answer : int
        The number of the answer.
    """
    shape = shape_of(tuple(nodes[0]))
    _note_vectors(nodes[0], shape, found)
    vectors = [node[key] for node in nodes]
    columns = (
        _clean_columns(nodes, shape, facts) if len(nodes) > 1 and _are_float32(vectors) else None
    )
    if columns is not None:
        others = {name: fact for name, fact in facts.items() if name not in columns}
        found.add(Rows(columns, others, vectors, places, answer))
        return
    for node, place in zip(nodes, places, strict=True):
        given = vector_of(node, shape)
        if given is not None:
            add_row(node, given, facts, found, place=place, answer=answer)


def _note_vectors(node: dict[str, Any], shape: Shape, found: Found) -> None:
    """Remember further vectors of a row, of which only one is read."""
    if "embedding" in found.columns.values():
        return  # the caller has chosen
    for key in shape.extras:
        value = node[key]
        if (
            is_numbers(value)
            and len(value) >= _SHORTEST_VECTOR
            and snake_case(key) not in _OTHER_LISTS
        ):
            found.unread_vectors[key] = len(value)


def _are_float32(vectors: list[Any]) -> bool:
    """Whether all vectors are float32 arrays already."""
    if set(map(type, vectors)) != {np.ndarray}:
        return False
    return {(one.dtype.char, one.ndim) for one in vectors} == {("f", 1)}


def _clean_columns(
    nodes: list[dict[str, Any]], shape: Shape, facts: dict[str, Any]
) -> dict[str, list[Any]] | None:
    """The columns of objects with the same keys; None where any value is unusual."""
    if not shape.flat or shape.saved or "start_sec" in facts:
        return None
    columns: dict[str, list[Any]] = {}
    for key, column, clean in shape.columns:
        cells = [node[key] for node in nodes]
        if column not in ("start_sec", "end_sec"):
            try:
                cells = [None if cell is None else clean(cell) for cell in cells]
            except BadValueError:
                return None
        if column in facts and any(cell is None for cell in cells):
            return None
        columns["thumbnail_url" if column == "thumbnail_urls" else column] = cells
    for key in shape.extras:
        cells = [node[key] for node in nodes]
        if set(map(type, cells)) <= _PLAIN_TYPES:
            columns[key] = cells
        elif any(_is_kept(cell) for cell in cells):
            return None
    empty = {name for name, cells in columns.items() if all(cell is None for cell in cells)}
    columns = {name: cells for name, cells in columns.items() if name not in empty}
    return _convert_times(columns, len(nodes))


def _convert_times(columns: dict[str, list[Any]], size: int) -> dict[str, list[Any]] | None:
    """The columns with their times as floats; None where any time is unusual."""
    times = [columns.get(name, [None] * size) for name in ("start_sec", "end_sec")]
    kinds = set(map(type, times[0])) | set(map(type, times[1]))
    if kinds == {type(None)}:
        columns["start_sec"] = columns["end_sec"] = [math.nan] * size
        return columns
    if not kinds <= {int, float}:
        return None
    try:
        start, end = (list(map(float, cells)) for cells in times)
    except OverflowError:
        return None
    if not all(0 <= a <= b < LATEST_SEC for a, b in zip(start, end, strict=True)):
        return None
    columns["start_sec"], columns["end_sec"] = start, end
    return columns


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

    ``given`` is the name and the value of its vector; the rest is as for :func:`add_rows`.
    """
    field, value = given
    values: dict[str, Any] = {}
    bad: _Bad = []
    shape = shape_of(tuple(node))
    _collect_fields(node, shape, values, bad)
    if shape.saved:
        _keep_nulls(node, values)
    for column, fact in facts.items():
        if column not in values:
            values[column] = fact
    _complete_times(values, bad)
    try:
        numbers: NDArray[np.float32] = vector(value)
    except BadValueError as error:
        bad.append((field, str(error)))
    if not bad:
        found.add_one(values, numbers, place, answer)
    served = {column: key for key, column, _ in shape.columns}
    for name, problem in bad:
        found.problem(problem, place=place, field=served.get(name, name))


def _keep_nulls(node: dict[str, Any], values: dict[str, Any]) -> None:
    """Let a saved row come back with every column that it had, and with no other."""
    for key, value in node.items():
        if value is None:
            values.setdefault(key, None)
    values.setdefault("source", None)


def _is_kept(value: Any) -> bool:
    """Whether a value under a name of its own is kept: a single one, or a list of words.

    Lists of numbers may be vectors, of which one is read and the others are told.
    """
    if isinstance(value, SCALARS):
        return True
    words = isinstance(value, list | tuple) and all(isinstance(one, str | bool) for one in value)
    return words and bool(value)


def _is_own(value: Any) -> bool:
    """Whether a value is one that ``save`` writes for a cell that is no single value."""
    return isinstance(value, list | dict)


def _is_speech(key: str, value: Any) -> bool:
    """Whether a value is what is spoken in one segment."""
    return key == "transcription" and is_transcript(value)


def _as_cell(value: Any) -> Any:
    """Such a value as the table has it."""
    return list(value) if isinstance(value, tuple) else value


def _usage_facts(usage: dict[str, Any]) -> dict[str, Any]:
    """What an answer says of its input: how many tokens of each kind, and if any were cut."""
    facts: dict[str, Any] = {}
    for key, value in usage.items():
        name = snake_case(key)
        if name == "input_tokens" and isinstance(value, dict):
            facts |= {f"input_tokens_{snake_case(str(kind))}": n for kind, n in value.items()}
            if not value:  # none is told of, and still this is the answer of a model that counts
                facts["usage_input_tokens"] = 0
        elif isinstance(value, SCALARS):
            facts[name if name in _OF_CUTTING else f"usage_{name}"] = value
    return facts


def read_facts(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
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
            for column, value in _read_nested_facts(name, inner).items():
                facts.setdefault(column, value)
    own = node.get(shape.plain.get("id", ""))
    if isinstance(own, str) and own:
        facts["id"] = own
    if (said := as_transcript(node.get("transcription"))) is not None:
        facts["transcription"] = said
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


def _read_nested_facts(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    """The facts in an object inside an answer or row."""
    if name == "usage":
        return _usage_facts(inner)
    if name == "user_metadata":
        return {
            k: _as_cell(v)
            for k, v in inner.items()
            if _is_kept(v) and snake_case(k) not in _KNOWN_KEYS
        }
    facts = read_facts(inner, shape_of(tuple(inner)))
    facts.pop("id", None)
    if name == "hls" and "input_url" in facts:
        facts["hls_url"] = facts.pop("input_url")
    if name in _OF_REQUESTS and not MEDIA_NAME.fullmatch(str(facts.get("input_url"))):
        facts.pop("input_url", None)  # the address of the answer rather than of the film
    return facts


def _collect_fields(node: dict[str, Any], shape: Shape, values: dict[str, Any], bad: _Bad) -> None:
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
        kept = _is_kept(value) or _is_speech(key, value) or (shape.saved and _is_own(value))
        if kept and key not in values:
            values[key] = _as_cell(value)
    for key, name in shape.nested:
        inner = node[key]
        if type(inner) is not dict:
            if isinstance(inner, SCALARS):
                values.setdefault(key, inner)
            continue
        if name in ("user_metadata", "hls", "usage"):
            for column, value in _read_nested_facts(name, inner).items():
                values.setdefault(column, value)
        else:
            _collect_fields(inner, shape_of(tuple(inner)), values, bad)


def _complete_times(values: dict[str, Any], bad: _Bad) -> None:
    """Give the row a start and an end, NaN where there is none, and check their order."""
    if "start_sec" not in values and "start_timecode" in values:
        _read_timecodes(values, bad)
    for name in ("start_sec", "end_sec"):
        if values.get(name) is None:
            values[name] = math.nan
    start, end = values["start_sec"], values["end_sec"]
    if math.isnan(start) and any(map(time_name, values)):
        return  # a start under another name may yet be taken
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
