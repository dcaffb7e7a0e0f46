"""The fields of an answer, each read as the type that it must have.

An answer may hold anything: the service changes, and what answers need not be the service. So no
other module looks into one by itself. What merely describes is None where it has another type;
what decides (ids, lists, numbers of pieces) is an :class:`AnswerError` then.
"""

from __future__ import annotations

import math
from typing import Any

from twlab.checks import is_number
from twlab.errors import AnswerError

__all__ = ["box_at", "entries_at", "identity_at", "number_at", "plain", "text_at", "whole_at"]

_ID_CHARS = 200
"""Ids of the service have 24 or 36; a longer text is something else, and becomes part of
addresses."""


def plain(text: str, most: int = 200) -> str:
    r"""A text of somebody else as one line without control characters, shortened.

    >>> plain("no\x1b[2J such\n video")
    'no [2J such video'
    """
    printable = (char if char.isprintable() else " " for char in text[: 4 * most])
    return " ".join("".join(printable).split())[:most]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def box_at(value: Any, *path: str) -> dict[str, Any]:
    """The object at a place; empty where there is none.

    >>> box_at({"a": {"b": {"c": 1}}}, "a", "b"), box_at({"a": []}, "a", "b")
    ({'c': 1}, {})
    """
    found = _at(value, path)
    return found if isinstance(found, dict) else {}


def text_at(value: Any, *path: str) -> str | None:
    """The text at a place; None where there is none."""
    found = _at(value, path)
    return found if isinstance(found, str) else None


def number_at(value: Any, *path: str) -> float | None:
    """The finite number at a place; None where there is none.

    >>> number_at({"n": 2}, "n"), number_at({"n": True}, "n"), number_at({"n": "2"}, "n")
    (2.0, None, None)
    """
    found = _at(value, path)
    if not is_number(found):
        return None
    try:
        number = float(found)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def entries_at(value: Any, field: str) -> list[dict[str, Any]]:
    """The list of objects in a field; empty where it is absent or null.

    Raises
    ------
    AnswerError
        If it is anything else.
    """
    found = _at(value, (field,))
    if found is None:
        return []
    if not isinstance(found, list):
        raise _wrong(field, found, "a list of objects")
    stranger = next((item for item in found if not isinstance(item, dict)), None)
    if len(found) != sum(isinstance(item, dict) for item in found):
        raise _wrong(f"{field}[…]", stranger, "an object")
    return found


def identity_at(value: Any, field: str = "_id") -> str:
    """The id in a field.

    Raises
    ------
    AnswerError
        If there is none, or it cannot be one.
    """
    found = _at(value, (field,))
    if not isinstance(found, str):
        raise _wrong(field, found, "an id")
    usable = found.isprintable() and " " not in found and found not in ("", ".", "..")
    if not usable or len(found) > _ID_CHARS:
        raise AnswerError(
            f"an answer whose {field!r} is {plain(found, 40)!r}; an id was expected; "
            f"{AnswerError.advice}"
        )
    return found


def whole_at(value: Any, field: str, most: int) -> int:
    """The whole number from 1 to `most` in a field.

    Raises
    ------
    AnswerError
        If there is none.
    """
    number = number_at(value, field)
    if number is None:
        raise _wrong(field, _at(value, (field,)), "a whole number")
    if number != int(number) or not 1 <= number <= most:
        raise AnswerError(
            f"an answer whose {field!r} is {number:g}; a whole number of 1 to {most} was expected; "
            f"{AnswerError.advice}"
        )
    return int(number)


_JSON_NAMES = {
    "dict": "an object",
    "list": "a list",
    "str": "a text",
    "int": "a number",
    "float": "a number that is not usable",
    "bool": "true or false",
    "NoneType": "missing or null",
}


def _wrong(field: str, found: Any, expected: str) -> AnswerError:
    kind = _JSON_NAMES.get(type(found).__name__, type(found).__name__)
    return AnswerError(
        f"an answer whose {field!r} is {kind}; {expected} was expected; {AnswerError.advice}"
    )
