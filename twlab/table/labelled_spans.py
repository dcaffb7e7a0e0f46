"""Tables of labelled spans: a video, a start, an end and a label on each row, from any hand.

Annotators, spreadsheets and other tools call these four by other names. What is meant is read off
the names alone, in one place; times are seconds from the start of the video.

* :func:`check_spans` - a table with our names, checked
* :func:`rename_spans`, :data:`SPAN_NAMES` - those names
* :func:`refuse_levels` - no names of several levels
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.segments import str_column
from twlab.timecodes import LATEST_SEC
from twlab.wording import brief

__all__ = ["SPAN_NAMES", "check_spans", "refuse_levels", "rename_spans"]

SPAN_NAMES = ("video_id", "start_sec", "end_sec", "label")

_OTHER_NAMES = {
    "video_id": ("video", "filename", "file", "video_name", "vid"),
    "start_sec": ("start", "begin", "start_time", "begin_time", "onset", "in"),
    "end_sec": ("end", "stop", "end_time", "offset", "out"),
    "label": ("labels", "class", "category", "annotation", "tag", "name"),
}
"""What others call the four, with blanks as underscores; the first that is there is taken."""


def check_spans(spans: Any, *, video_id: str | None = None) -> pd.DataFrame:
    """The spans with our four names for what they say first, and whatever else they say.

    Parameters
    ----------
    spans : DataFrame
        Labelled spans; ``video``, ``start``, ``end`` and other common names are understood.
    video_id : str, optional
        Whose spans they are where the table does not say.

    Returns
    -------
    DataFrame
        In the same order, on a new index; videos and labels as text, times as float64 (those
        that are timedelta as their seconds).

    Raises
    ------
    InputError
        If a column is missing or there twice, a label is missing, a time is no number of seconds,
        or a span has no length.
    """
    if not isinstance(spans, pd.DataFrame):
        raise InputError(
            f"spans are a {type(spans).__name__}; a DataFrame with {', '.join(SPAN_NAMES)} was "
            "expected; of a file take tw.load_spans(path)"
        )
    refuse_levels(spans, "spans")
    table = rename_spans(spans).reset_index(drop=True)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InputError(
            f"the spans have several columns {brief(str(twice[0]))}; one of each name was "
            "expected; rename or drop the others"
        )
    if "video_id" not in table.columns and video_id is not None:
        table = table.assign(video_id=video_id)
    missing = [name for name in SPAN_NAMES if name not in table.columns]
    if missing:
        raise InputError(
            f"the spans have no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, spans.columns[:8]))}); {', '.join(SPAN_NAMES)} were expected; "
            "rename what holds it"
        )
    texts = {name: _as_texts(table, name) for name in ("video_id", "label")}
    times = {name: _as_seconds(table, name) for name in ("start_sec", "end_sec")}
    table = table.assign(**texts, **times)
    _refuse_empty(table)
    others = [name for name in table.columns if name not in SPAN_NAMES]
    named: pd.DataFrame = table[[*SPAN_NAMES, *others]]
    return named


def refuse_levels(table: pd.DataFrame, name: str) -> None:
    """Refuse columns whose names have several levels, as a pivot makes them."""
    if table.columns.nlevels > 1:
        first = f", such as {brief(table.columns[0])}" if len(table.columns) else ""
        raise InputError(
            f"{name} has columns of {table.columns.nlevels} levels{first}; names of one level were "
            f"expected; take one level: {name}.columns = {name}.columns.get_level_values(0)"
        )


def rename_spans(spans: pd.DataFrame) -> pd.DataFrame:
    """The table with our names where it has only others."""
    words = [re.sub(r"[\s_-]+", "_", str(name).strip().lower()) for name in spans.columns]
    there = dict(zip(reversed(words), reversed(spans.columns), strict=True))
    renamed = {}
    for ours, others in _OTHER_NAMES.items():
        if ours in spans.columns:
            continue
        known = next((there[name] for name in (ours, *others) if name in there), None)
        if known is not None:
            renamed[known] = ours
    return spans.rename(columns=renamed)


def _as_texts(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column as texts, none of them missing or empty."""
    column = table[name].astype(object)
    texts = [str(cell) for cell in column]
    gone = column.isna().to_numpy() | np.array([not text.strip() for text in texts], dtype=bool)
    if gone.any():
        row = int(np.flatnonzero(gone)[0])
        raise InputError(
            f"span {row} has no {name}; one was expected for each span; drop the rows without it: "
            f"spans.dropna(subset=[{name!r}])"
        )
    return str_column(texts, table.index)


def _as_seconds(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column as seconds; lengths of time from the start are some, dates and truths are not."""
    plain = table[name].astype(object).map(_plain_seconds)
    seconds = pd.to_numeric(plain, errors="coerce").astype(np.float64)
    wrong = ~(np.abs(seconds.to_numpy(np.float64, na_value=np.nan)) < LATEST_SEC)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        cell = table[name].iloc[row]
        cell = cell.item() if isinstance(cell, np.generic) else cell
        missing = pd.api.types.is_scalar(cell) and pd.isna(cell)
        raise InputError(
            f"{name} of span {row} is {brief(cell)}; seconds were expected; "
            + (
                f"drop the rows without it: spans.dropna(subset=[{name!r}])"
                if missing
                else "convert timecodes with tw.intervals.parse_timecode"
            )
        )
    return seconds


def _plain_seconds(cell: Any) -> Any:
    """What may be a number, a length of time as one, and nothing of dates and truths."""
    if isinstance(cell, timedelta | np.timedelta64):
        return pd.Timedelta(cell).total_seconds()
    unfit = isinstance(cell, bool | np.bool_ | date | np.datetime64 | complex)
    return None if unfit else cell


def _refuse_empty(table: pd.DataFrame) -> None:
    wrong = np.flatnonzero(table["end_sec"] <= table["start_sec"])
    if len(wrong):
        row = table.iloc[wrong[0]]
        raise InputError(
            f"span {wrong[0]} ({brief(row['label'])}) runs from {row['start_sec']:g} s to "
            f"{row['end_sec']:g} s; an end after the start was expected; drop it or mend its times"
        )
