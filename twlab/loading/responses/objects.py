"""Objects of client libraries -> what their JSON would be.

Pydantic models (every version of the SDK), pages of results, dataclasses and plain objects with
attributes. Lists of numbers and numpy arrays pass as they are; halves of characters (lone
surrogates), which no table can hold, are escaped.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from twlab.errors import LoadError
from twlab.loading.responses.values import is_numbers
from twlab.wording import printable

__all__ = ["as_json"]

_DEEPEST_ONE = 60
"""Six times as deep as any answer (ten levels); Python itself goes 1,000 calls deep, and an object
may hold itself."""


def as_json(value: Any, depth: int = 0) -> Any:
    """The value as parsed JSON: dicts with string keys, lists, strings, numbers, arrays.

    Raises
    ------
    LoadError
        If it is nested without end.
    """
    if isinstance(value, str):
        return value if value.isascii() else printable(value)
    if value is None or isinstance(value, int | float | np.ndarray | decimal.Decimal):
        return value
    if depth > _DEEPEST_ONE:
        raise LoadError(f"an object nested more than {_DEEPEST_ONE} deep; an answer was expected")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, datetime.date):
        return _timestamp(value)
    fields = _fields(value)
    if fields is not None:
        return {as_json(str(key)): as_json(inner, depth + 1) for key, inner in fields.items()}
    if isinstance(value, list | tuple):
        return value if is_numbers(value) else [as_json(inner, depth + 1) for inner in value]
    if isinstance(value, Iterator) or hasattr(value, "iter_pages"):
        return [as_json(inner, depth + 1) for inner in value]
    return str(value)


def _timestamp(value: datetime.date) -> str:
    """A date as the service writes it: milliseconds where it has a fraction, Z for UTC."""
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    short = value.microsecond % 1000 == 0 and value.microsecond
    text = value.isoformat(timespec="milliseconds" if short else "auto")
    return text.replace("+00:00", "Z")


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """The named fields of an object; None where it has none."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list | tuple) and not hasattr(value, "_asdict"):
        return None
    if isinstance(value, type) or hasattr(value, "iter_pages"):
        return None
    for name in ("model_dump", "_asdict", "to_dict", "dict"):
        dump = getattr(value, name, None)
        if callable(dump):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of values that the model did not expect
                fields = dump()
            return fields if isinstance(fields, Mapping) else None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        public = {k: v for k, v in attributes.items() if not str(k).startswith("_") or k == "_id"}
        return public or None
    return None
