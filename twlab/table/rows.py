"""Rows of a table: what they are, their order in time, and results given back for them.

A segment is known by its video, its time, its option, scope and model, and where it has no time by
which piece of a document or picture it is. Index labels say nothing of that: two tables may use
the same labels for different segments.

* :data:`IDENTITY`, :data:`PIECES` - the columns that say what a row is
* :func:`identities` - a text for each row, equal where two rows are the same segment
* :func:`name_pieces` - which piece each row without time is
* :func:`page_ranks` - the order of pieces within a document
* :func:`time_order` - positions of the rows by video, and time or page; :func:`time_keys` - by
  what they are put in order
* :func:`align_rows` - labels or coordinates in the order of the table's rows
* :func:`align_column` - the same, or a column of the table by its name
* :func:`align_values` - one value for each row, and no table of several
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.segments import COLUMNS
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "IDENTITY",
    "KNOWN_BY",
    "PIECES",
    "align_column",
    "align_rows",
    "align_values",
    "identities",
    "name_pieces",
    "page_ranks",
    "time_keys",
    "time_order",
    "untimed_mask",
]

IDENTITY = COLUMNS[:6]
"""What is known of every segment."""

PIECES = (
    "chunk_index",
    "page",
    "page_number",
    "start_page_number",
    "end_page_number",
    "quadrant",
)
"""What tells the pieces of one document or picture apart, as the service and people name it."""

QUADRANTS = ("top_left", "top_right", "bottom_left", "bottom_right")
"""The quarters of a page, as they are read."""

KNOWN_BY = (*IDENTITY, *PIECES)
"""All that says what a row is; pieces only where it has no time."""

DIGITS = 6
"""Times that differ by less than a microsecond are one: float32 and text lose that much."""


def identities(table: pd.DataFrame, names: Sequence[str] = KNOWN_BY) -> list[str]:
    """A text for each row, equal where two rows are the same segment as far as `names` tell.

    Missing equals missing, and a column that is not there is missing.
    """
    wanted = [name for name in names if name not in PIECES]
    parts = [
        _time_texts(table, name) if name.endswith("_sec") else _column_texts(table, name)
        for name in wanted
    ]
    told = name_pieces(table, [name for name in PIECES if name in names])
    return ["\x1f".join(row) for row in zip(*parts, told, strict=True)]


def name_pieces(table: pd.DataFrame, names: Sequence[str] = PIECES) -> list[str]:
    """Which piece each row without time is, such as ``page=3, quadrant=top_left``; else empty."""
    untimed = np.ones(len(table), bool)
    if "start_sec" in table.columns:
        untimed = table["start_sec"].isna().to_numpy(bool)
    told = [""] * len(table)
    for name in names:
        if name not in table.columns or not untimed.any():
            continue
        words = _column_texts(table, name)
        for row in np.flatnonzero(untimed):
            if words[row]:
                told[row] += f"{', ' if told[row] else ''}{name}={words[row]}"
    return told


def _time_texts(table: pd.DataFrame, name: str) -> list[str]:
    if name not in table.columns:
        return [""] * len(table)
    seconds = pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)
    rounded = np.round(seconds, DIGITS) + 0.0  # 0 and -0 are one time
    return ["" if np.isnan(one) else repr(float(one)) for one in rounded]


def _column_texts(table: pd.DataFrame, name: str) -> list[str]:
    """A column as texts; whole numbers look alike whether a missing one made them floats."""
    if name not in table.columns:
        return [""] * len(table)
    codes, different = pd.factorize(table[name].astype(object))
    words = np.array([*map(_cell_text, different), ""], dtype=object)
    return [str(one) for one in words[codes]]


def _cell_text(cell: Any) -> str:
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)


def untimed_mask(table: pd.DataFrame) -> NDArray[np.bool_]:
    """True for rows that have no start or no end."""
    gone = np.zeros(len(table), bool)
    for name in ("start_sec", "end_sec"):
        if name in table.columns:
            gone |= table[name].isna().to_numpy(bool)
    return gone


def page_ranks(table: pd.DataFrame) -> list[NDArray[np.float64]]:
    """Keys by which pieces of a document are in order, the last one first; 0 for other rows.

    By page, the whole page before its quadrants, and by chunk. The service promises no order.
    """
    gone = untimed_mask(table)
    names = [name for name in PIECES if name in table.columns] if gone.any() else []
    keys = []
    for name in reversed(names):
        column = table[name]
        if name == "quadrant":
            numbers = column.map({one: k for k, one in enumerate(QUADRANTS, 1)})
            numbers = numbers.where(numbers.notna() | column.isna(), len(QUADRANTS) + 1)
        else:
            numbers = pd.to_numeric(column, errors="coerce")
        known = numbers.to_numpy(np.float64, na_value=np.nan)
        missing = 0.0 if name == "quadrant" else np.inf
        keys.append(np.where(gone, np.where(np.isnan(known), missing, known), 0.0))
    return keys


def time_order(data: Any) -> NDArray[np.intp]:
    """Positions of the rows by video and time, as far as a table tells; else as they are.

    Rows without time come last in their video, by page and chunk; rows of the same time keep
    their order.
    """
    keys = time_keys(data) if isinstance(data, pd.DataFrame) else []
    return np.lexsort(keys) if keys else np.arange(len(data))


def time_keys(data: pd.DataFrame) -> list[NDArray[Any]]:
    """Numbers by which rows are in order of video and time, the first one to sort by last."""
    keys: list[Any] = list(page_ranks(data))
    for name in ("end_sec", "start_sec"):
        if name in data.columns:
            keys.append(pd.to_numeric(data[name], errors="coerce").to_numpy(float, na_value=np.nan))
    if "video_id" in data.columns:
        keys.append(pd.factorize(data["video_id"].astype(str), sort=True)[0])
    return keys


def align_rows(data: Any, values: Any, name: str) -> Any:
    """The values in the order of the rows of a table or matrix.

    A Series or DataFrame of values must have the index of the table, in any order where its
    labels are unique; anything else must have one entry for each row.

    Raises
    ------
    InputError
        If the values do not belong to these rows.
    """
    if isinstance(values, Mapping | Set) or not hasattr(values, "__len__"):
        raise InputError(
            f"{name} is a {type(values).__name__}; one value for each of {len(data)} rows was "
            "expected, in their order; pass a Series, an array or a list"
        )
    n_values = len(values)
    if n_values != len(data):
        raise InputError(
            f"{name} has {n_values} entries for {len(data)} rows; one for each row was expected; "
            "compute it from the same table"
        )
    if not isinstance(values, pd.Series | pd.DataFrame) or not isinstance(data, pd.DataFrame):
        return values
    if values.index.equals(data.index):
        return values
    if values.index.is_unique and set(values.index) == set(data.index):
        return values.loc[data.index]
    raise InputError(
        f"{name} has a different index from the table (first label {values.index[0]!r}, not "
        f"{data.index[0]!r}); the same index was expected; compute it from the same table, or pass "
        f"{name}.to_numpy() if the order is the same"
    )


def align_column(segments: pd.DataFrame, values: Any, name: str) -> Any:
    """The values of a column of the table by its name, or those given, in the order of its rows.

    Raises
    ------
    InputError
        If there is no such column, or the values do not belong to these rows.
    """
    if isinstance(values, str):
        if values not in segments.columns:
            raise InputError(
                f"{name} is {brief(values)}, and the table has no such column (there are: "
                f"{', '.join(map(str, segments.columns[:8]))}); the name of one, or a value for "
                "each row, was expected"
            )
        return segments[values]
    return align_rows(segments, values, name)


def align_values(segments: pd.DataFrame, values: Any, name: str) -> pd.Series[Any]:
    """One value for each row, by the name of a column or as they are, numbered from 0.

    Raises
    ------
    InputError
        As :func:`align_column`; also if there are several values for a row.
    """
    given = align_column(segments, values, name)
    if getattr(given, "ndim", 1) != 1:
        raise InputError(
            f"{name} have shape {given.shape}; one value for each row was expected; pass one of "
            "the columns"
        )
    kept = getattr(given, "dtype", object)  # of a list 1 beside None stays 1
    column = pd.Series(given, dtype=kept).reset_index(drop=True)
    several = [cell for cell in column if isinstance(cell, list | tuple | dict | set | np.ndarray)]
    if several:
        raise InputError(
            f"{name} hold {brief(several[0])}; one value for each row was expected; take one of "
            "these, or join them into a text"
        )
    return column
