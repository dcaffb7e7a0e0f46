"""What a result says as named stretches of time, whichever function it comes from.

* :func:`gather_stretches` - scenes, hits, moments, labels, summaries, aligned pieces, pairs
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.labelled_spans import check_spans
from twlab.table.stretches import kind_of_rows, name_of_row

__all__ = ["gather_stretches"]

_TIMES = ("start_sec", "end_sec")

_SIDES = {
    "Piece": ("{side}_video_id", "{side}_start_sec", "{side}_end_sec"),
    "Pair": ("video_id_{side}", "start_sec_{side}", "end_sec_{side}"),
}
"""Columns of results that hold two stretches in a row."""


def gather_stretches(result: Any) -> pd.DataFrame:
    """The stretches of a result, in its order.

    Returns
    -------
    DataFrame
        ``video_id`` and ``label`` as text, ``start_sec`` and ``end_sec`` as float64, on a new
        index; of pieces and pairs two rows each, of the first video and of the second.

    Raises
    ------
    InputError
        If it is no result that has times, or a row has none that can be.
    """
    if isinstance(result, pd.Series):
        raise InputError(
            "result is a Series, whose labels have no times; a table with times was expected; pass "
            "tw.to_spans(segments, labels)"
        )
    if not isinstance(result, pd.DataFrame):
        raise InputError(
            f"result is a {type(result).__name__}; a table with times was expected; pass what "
            "tw.scenes, tw.search, tw.align or tw.to_spans returns"
        )
    for kind, names in _SIDES.items():
        sides = [[name.format(side=side) for name in names] for side in "ab"]
        if {*sides[0], *sides[1]} <= set(result.columns):
            return _check_times(_both_sides(result, kind, sides))
    missing = [name for name in ("video_id", *_TIMES) if name not in result.columns]
    if missing:
        raise InputError(
            f"result has no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, result.columns[:8]))}); video_id, start_sec and end_sec were "
            "expected; pass what tw.scenes, tw.search or tw.to_spans returns, or rename columns"
        )
    table = result.reset_index(drop=True)
    return _check_times(table[["video_id", *_TIMES]].assign(label=_names(table)))


def _both_sides(result: pd.DataFrame, kind: str, sides: list[list[str]]) -> pd.DataFrame:
    """Two rows of each: what is in the first video, and where it is in the second."""
    parts = []
    for names, words in zip(sides, ("", " again"), strict=True):
        part = result[names].reset_index(drop=True)
        part.columns = pd.Index(["video_id", *_TIMES])
        parts.append(part.assign(label=[f"{kind} {n + 1}{words}" for n in range(len(part))]))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _names(table: pd.DataFrame) -> list[str]:
    """What each row is called, numbers counted within a video."""
    kind = kind_of_rows(list(table.columns))
    numbers = (table.groupby("video_id", dropna=False).cumcount() + 1).tolist()
    names = [name_of_row(table, kind, place, number) for place, number in enumerate(numbers)]
    return [name or f"Segment {number}" for name, number in zip(names, numbers, strict=True)]


def _check_times(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its types, where every row is a stretch of a video."""
    checked = check_spans(table)
    before = np.flatnonzero(checked["start_sec"].to_numpy() < 0)
    if before.size:
        row = int(before[0])
        raise InputError(
            f"span {row} has start_sec {checked['start_sec'].iloc[row]:g}; seconds from the start "
            f"of the video were expected; leave it out: result.drop(result.index[{row}])"
        )
    return checked
