"""Columns of a table as the browser colours and shows them: numbers, or names with codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.looks import LEAST_DIFFERENCE, is_continuous, is_flat, write_category
from twlab.media.addresses import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Collection

    from twlab.table.types import Arrays


__all__ = ["describe_columns"]

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
        if told is not None and not constant:
            columns.append(told)
    return columns


def encode_column(
    name: str, values: pd.Series[Any], arrays: Arrays, *, key: str
) -> dict[str, Any] | None:
    """One column as numbers or codes, None where it is neither."""
    if not pd.api.types.is_any_real_numeric_dtype(values):
        return _categories(name, values, arrays, key)
    if not is_continuous(values.rename(name)):
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
    if is_flat(low, high, least=LEAST_DIFFERENCE * (name == "novelty")):
        high = low
    time = name == "time" or name.endswith("_sec")
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
    texts = [mask_secrets(text)[:80] for text in names]
    return {"name": name, "kind": "category", "array": key, "names": texts}


def _says_nothing(told: dict[str, Any]) -> bool:
    """Whether a column has one value only."""
    if told["kind"] == "category":
        return len(told["names"]) < 2
    return bool(told["low"] == told["high"])
