"""Served values -> values of the table: seconds, words, numbers, and vectors as arrays.

Each function takes one value that is there and returns what the table keeps; None where the
table can do without it. A value that makes its row unusable raises :class:`BadValueError`.
"""

from __future__ import annotations

import base64
import decimal
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import InputError
from twlab.loading.responses.model_names import canonical_model
from twlab.loading.responses.text_vectors import CUT, vector_of_text
from twlab.timecodes import LATEST_SEC, parse_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CLEANERS",
    "SCALARS",
    "BadValueError",
    "as_transcript",
    "is_numbers",
    "is_reversed",
    "is_said",
    "is_transcript",
    "vector",
]

SCALARS = (str, int, float, bool, np.number, np.bool_)

_FEWEST_BYTES = 32
"""Eight numbers: the 16 bytes of a UUID or an MD5 are four that may look like those of a vector."""
_LARGEST, _SMALLEST = 1e6, 1e-12
"""Numbers of embeddings lie between; bytes of something else have any of 80 powers of ten."""

_NUMBER_KINDS = frozenset((int, float))
_NUMBER_TYPES = (np.floating, np.integer, decimal.Decimal)


class BadValueError(ValueError):
    """A value that makes its row unusable; the message is the end of a sentence."""


def is_numbers(value: Any) -> bool:
    """Whether a value looks like a vector: a flat list or array that begins with a number."""
    if type(value) is np.ndarray:
        return value.ndim == 1 and value.dtype.kind in "fiu" and bool(value.size)
    if type(value) not in (list, tuple) or not value:
        return False
    return type(value[0]) in _NUMBER_KINDS or isinstance(value[0], _NUMBER_TYPES)


def vector(value: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A vector as a float32 array; numbers beyond float32 become infinite."""
    if isinstance(value, str):
        value = _read_text(value)
    elif isinstance(value, bytes | bytearray):
        value = _read_bytes_of_blob(bytes(value))
    if type(value) is np.ndarray and value.ndim == 1 and value.dtype.kind in "fiu":
        if not value.size:
            raise BadValueError(_say_bad("is empty"))
        if value.dtype == np.float32:
            return value
        with np.errstate(over="ignore"):
            return value.astype(np.float32)
    if type(value) is np.ndarray:
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise BadValueError(_say_bad(f"is {_show(value)}"))
    if not value:
        raise BadValueError(_say_bad("is empty"))
    unusual = () if set(map(type, value)) <= _NUMBER_KINDS else value
    for position, number in enumerate(unusual):
        if type(number) not in _NUMBER_KINDS and not isinstance(number, _NUMBER_TYPES):
            raise BadValueError(_say_bad(f"holds {_show(number)} at place {position}"))
    try:
        with np.errstate(over="ignore"):
            return np.array(value, np.float64).astype(np.float32)
    except OverflowError:
        raise BadValueError(_say_bad("holds a whole number beyond float32")) from None


def _read_text(text: str) -> Any:
    """The numbers that a text shows."""
    if "..." in text or "…" in text:
        raise BadValueError(CUT)
    numbers = vector_of_text(text)
    if numbers is None:
        try:
            return _read_bytes_of_blob(base64.b64decode(text, validate=True))
        except (BadValueError, ValueError):  # no base64 of numbers
            pass
        raise BadValueError(_say_bad(f"is the text {text[:24]!r}"))
    return numbers


def _read_bytes_of_blob(data: bytes) -> Any:
    """The numbers of a BLOB of float32 (little-endian), if no other reading is likely.

    Of any other bytes, float64 among them, some give numbers of 1e30 or none.
    """
    if len(data) >= _FEWEST_BYTES and not len(data) % 4:
        numbers = np.frombuffer(data, "<f4").astype(np.float32)
        sizes = np.abs(numbers[numbers != 0])
        if np.isfinite(numbers).all() and sizes.size and _plausible(sizes):
            return numbers
    raise BadValueError(_say_bad(f"is {len(data)} bytes that are no float32 (little-endian)"))


def _plausible(sizes: np.ndarray[Any, np.dtype[np.float32]]) -> bool:
    """Whether numbers may be those of an embedding by their size."""
    return bool(sizes.max() < _LARGEST and sizes.min() > _SMALLEST)


def _say_bad(what: str) -> str:
    return f"{what}; a list of numbers was expected; drop the segment or fetch it again"


def _show(value: Any) -> str:
    """A value as a message shows it."""
    return "null" if value is None else brief(value)


def seconds(value: Any) -> float:
    """A time in seconds, from a number, a number as text, or a timecode."""
    if type(value) is float or type(value) is int:
        if 0 <= value < LATEST_SEC:
            return float(value)
        if -LATEST_SEC < value < 0:
            raise BadValueError(
                f"{value:g} s is before 0; seconds from the start of the file were expected; "
                "correct or drop the segment"
            )
    elif isinstance(value, str):
        try:
            return parse_timecode(value)
        except InputError:
            pass
    elif isinstance(value, _NUMBER_TYPES):
        return seconds(float(value))
    raise BadValueError(
        f"{str(value)[:40]!r} is not a time; seconds as a number were expected; "
        "correct or drop the segment"
    )


def is_reversed(start: float, end: float) -> str:
    """The sentence for times that do not fit together; empty where they do."""
    if end < start:
        return (
            f"ends at {end:g} s, before its start at {start:g} s; start <= end was expected; "
            "correct or drop the segment"
        )
    if math.isnan(start) and not math.isnan(end):
        return f"an end at {end:g} s without a start; both were expected; add the start"
    return ""


def _as_option(value: Any) -> str | None:
    """An option: a word, or a list of words as some documentation has it."""
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        value = "+".join(value)
    if not isinstance(value, str):
        raise BadValueError(f"{str(value)[:40]!r} is not text; a string was expected; correct it")
    return value or None


def _as_name(value: Any) -> str | None:
    """A name or address."""
    if type(value) is str:
        return value or None
    return str(value) if isinstance(value, SCALARS) and not isinstance(value, bool) else None


def _as_model(value: Any) -> str | None:
    """The name of a model, as the API has it."""
    name = _as_name(value)
    return canonical_model(name) if name else None


def _as_number(value: Any) -> float | None:
    """A number that is not negative."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


def _as_single(value: Any) -> Any:
    """A number or word as it is: what tells pieces apart is not for us to spell anew."""
    return value if isinstance(value, SCALARS) else None


def _first_text(value: Any) -> str | None:
    """The first of several addresses."""
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) else None


CLEANERS: dict[str, Callable[[Any], Any]] = {
    "start_sec": seconds,
    "end_sec": seconds,
    "embedding_option": _as_option,
    "embedding_scope": _as_option,
    "model_name": _as_model,
    "duration_sec": _as_number,
    "fps": _as_number,
    "thumbnail_urls": _first_text,
    "embedding_uncertainty": vector,
    **dict.fromkeys(
        (
            "embedding_dimension",
            "start_page_number",
            "end_page_number",
            "quadrant",
            "chunk_index",
        ),
        _as_single,
    ),
    **dict.fromkeys(
        (
            "video_id",
            "video_name",
            "filename",
            "input_url",
            "input_type",
            "task_id",
            "hls_url",
            "thumbnail_url",
            "created_at",
            "asset_id",
            "start_timecode",
            "end_timecode",
        ),
        _as_name,
    ),
}
"""What is done to the value of each column."""


def is_transcript(value: Any) -> bool:
    """Whether a value is a transcript: a list with what was said, each with its times."""
    return isinstance(value, list) and any(map(is_said, value))


def is_said(one: Any) -> bool:
    """Whether an entry of a transcript can be read."""
    return isinstance(one, dict) and isinstance(one.get("value"), str)


def as_transcript(value: Any) -> list[Any] | None:
    """What a field says was spoken, a plain text too; None where it says nothing of the kind."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        return None
    said = [{"value": one} if isinstance(one, str) and one.strip() else one for one in entries]
    return said if is_transcript(said) else None
