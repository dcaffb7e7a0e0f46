"""Columns of a table as the browser colours and shows them: numbers, or names with codes.

* :func:`describe_columns` - what the browser is told of each
* :func:`name_groups` - the same with names that the caller gives to the values of one
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.looks import LEAST_DIFFERENCE, is_continuous, is_flat, write_category
from twlab.media.addresses import mask_secrets
from twlab.table.group_names import LONGEST_TOLD, call_groups, check_group_names

if TYPE_CHECKING:
    from collections.abc import Collection

    from twlab.table.types import Arrays


__all__ = ["describe_columns", "name_groups"]

MAX_NAMES = 4096
"""A text column with more different values than this is an identifier, not a category."""

NEVER = {
    "embedding",
    "start_sec",
    "end_sec",
    "hls_url",
    "thumbnail_url",
    "input_url",
    "source",
    "task_id",
    "created_at",
}
"""Columns that say nothing in colour, or that have no place in a file one sends to others."""


def describe_columns(
    segments: pd.DataFrame,
    extra: dict[str, pd.Series[Any]],
    arrays: Arrays,
    asked: Collection[str] = (),
) -> list[dict[str, Any]]:
    """What the browser is told of each column; the values go into ``arrays``.

    ``extra`` columns come first and win over those of the same name. Constant columns say nothing
    and are left out, as are columns of other things than numbers and short texts; those ``asked``
    for are there whatever they hold.
    """
    columns: list[dict[str, Any]] = []
    table = {
        **extra,
        **{str(name): segments[name] for name in segments.columns if name in segments},
    }
    for name, values in {**table, **extra}.items():
        if (name in NEVER and name not in asked) or isinstance(values, pd.DataFrame):
            continue
        key = f"column{len(columns)}"
        told = encode_column(name, values, arrays, key=key)
        if told is None and name in asked:
            told = _texts(name, values, arrays, key)
        constant = told is None or (name not in {*extra, *asked} and _says_nothing(told))
        if told is None or constant:
            arrays.pop(key, None)
        else:
            columns.append(told)
    return columns


def encode_column(
    name: str, values: pd.Series[Any], arrays: Arrays, *, key: str
) -> dict[str, Any] | None:
    """One column as numbers or codes, None where it is neither."""
    if not pd.api.types.is_any_real_numeric_dtype(values):
        return _categories(name, values, arrays, key)
    named = values if values.name is not None else values.rename(name)
    if not is_continuous(named):
        return _categories(name, values, arrays, key)
    exact = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if (np.abs(exact[np.isfinite(exact)]) > np.finfo(np.float32).max).any():
        return _categories(name, values, arrays, key)  # float32 has no room for them
    numbers = exact.astype(np.float32)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return None
    arrays[key] = numbers
    low, high = float(finite.min()), float(finite.max())
    if is_flat(low, high, least=LEAST_DIFFERENCE * name.startswith("novelty")):
        high = low
    time = str(named.name).endswith("_sec")  # also of ours that is shown as "time"
    return {"name": name, "kind": "number", "array": key, "low": low, "high": high, "time": time}


def _categories(
    name: str, values: pd.Series[Any], arrays: Arrays, key: str
) -> dict[str, Any] | None:
    """Codes and names, in sorted order; missing values have the code after the last name."""
    try:
        codes, names = pd.factorize(values, sort=True)
    except TypeError:  # values of several types, or unhashable ones
        return None
    if len(names) > MAX_NAMES or not len(names):
        return None
    return _tell_categories(name, codes, [write_category(one) for one in names], arrays, key)


def _texts(name: str, values: pd.Series[Any], arrays: Arrays, key: str) -> dict[str, Any]:
    """As :func:`_categories`, of values of any kind, by how they are written."""
    missing = values.isna().to_numpy(bool)  # of a list that it is there
    texts = np.array([write_category(one) for one in values], dtype=object)
    codes = np.full(len(values), -1)
    codes[~missing], names = pd.factorize(texts[~missing], sort=True)
    return _tell_categories(name, codes, list(names), arrays, key)


def _tell_categories(
    name: str, codes: Any, names: list[str], arrays: Arrays, key: str
) -> dict[str, Any]:
    """Codes in as few bytes as their number needs, and the names without what is secret."""
    arrays[key] = np.where(codes < 0, len(names), codes).astype(np.min_scalar_type(len(names)))
    texts = [mask_secrets(text)[:LONGEST_TOLD] for text in names]
    return {"name": name, "kind": "category", "array": key, "names": texts}


def _says_nothing(told: dict[str, Any]) -> bool:
    """Whether a column has one value only."""
    if told["kind"] == "category":
        return len(told["names"]) < 2
    return bool(told["low"] == told["high"])


def name_groups(
    columns: list[dict[str, Any]], color: str | None, names: Any
) -> list[dict[str, Any]]:
    """The columns, the values of the one that gives the colours called as the caller says.

    Values that are called the same stay apart, each with its own name behind the other.

    Raises
    ------
    InputError
        If ``names`` is no mapping, there are no groups to name, or one has no such label.
    """
    if names is None:
        return columns
    check_group_names(names)
    at = next((k for k, one in enumerate(columns) if one["name"] == color), 0)
    if not columns or columns[at]["kind"] != "category":
        told = f"{columns[at]['name']!r} gives" if columns else "nothing gives"
        raise InputError(
            f"names are given, but {told} the colours, which has no groups to name; labels were "
            "expected; pass labels=tw.cluster(segments), or color= with a column of labels"
        )
    new = call_groups(columns[at]["names"], _without_secrets(names), of=columns[at]["name"])
    return [*columns[:at], {**columns[at], "names": new}, *columns[at + 1 :]]


def _without_secrets(names: Any) -> dict[Any, Any]:
    """The names, what is secret in their words masked."""
    return {
        label: mask_secrets(word) if isinstance(word, str) else word
        for label, word in names.items()
    }
