"""What a result says as named stretches of time, whichever function it comes from.

* :func:`gather_stretches` - scenes, hits, moments, labels, summaries, pieces, changes, pairs
* :func:`one_side_of` - how to keep one stretch of rows that hold two
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.labelled_spans import check_spans, refuse_levels
from twlab.table.segments import str_column
from twlab.table.stretches import kind_of_rows, name_of_row
from twlab.wording import brief

__all__ = ["gather_stretches", "one_side_of"]

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
        index; of pieces, changes and pairs two rows each, of the first video and of the second,
        where it is in both.

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
    refuse_levels(result, "result")
    two = _sides_of(result)
    if two is not None:
        return _check_times(_both_sides(result, *two))
    missing = [name for name in ("video_id", *_TIMES) if name not in result.columns]
    if missing:
        raise InputError(
            f"result has no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, result.columns[:8]))}); video_id, start_sec and end_sec were "
            "expected; pass what tw.scenes, tw.search or tw.to_spans returns, or rename columns"
        )
    table = result.reset_index(drop=True)
    _check_labels(table)
    return _check_times(table[["video_id", *_TIMES]].assign(label=str_column(_names(table))))


def _sides_of(result: pd.DataFrame) -> tuple[str, list[list[str]]] | None:
    """What rows that hold two stretches are called, and the columns of each; None for others."""
    for kind, names in _SIDES.items():
        sides = [[name.format(side=side) for name in names] for side in "ab"]
        if {*sides[0], *sides[1]} <= set(result.columns):
            return kind, sides
    return None


def _both_sides(result: pd.DataFrame, kind: str, sides: list[list[str]]) -> pd.DataFrame:
    """Two rows of each: what is in the first video, and where it is in the second."""
    parts = []
    names_given = _names_of_changes(result) if "change" in result.columns else None
    for names, words, absent in zip(sides, ("", " again"), ("added", "missing"), strict=True):
        part = result[names].reset_index(drop=True)
        part.columns = pd.Index(["video_id", *_TIMES])
        part["label"] = names_given or [f"{kind} {n + 1}{words}" for n in range(len(part))]
        if names_given is not None:
            part = part[(result["change"] != absent).to_numpy()]
        parts.append(part)
    # Of an empty table older pandas asks whether its types count.
    there = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(there).sort_index(kind="stable").reset_index(drop=True)


def _names_of_changes(result: pd.DataFrame) -> list[str]:
    """What became of each stretch, and of which option where there are several."""
    changes = [str(change).capitalize() for change in result["change"]]
    options = result.get("embedding_option")
    if options is None or options.nunique(dropna=False) < 2:
        return changes
    named = zip(changes, options, options.notna(), strict=True)
    return [f"{change} ({option})" if known else change for change, option, known in named]


def one_side_of(result: pd.DataFrame) -> str | None:
    """The call that keeps the second stretch of each row, where rows hold two."""
    two = _sides_of(result)
    if two is None:
        return None
    renamed = dict(zip(two[1][1], ("video_id", *_TIMES), strict=True))
    if "change" not in result.columns:
        return f"rename(columns={renamed})"
    return f"rename(columns={renamed | {'change': 'label'}}).dropna(subset='start_sec')"


def _check_labels(table: pd.DataFrame) -> None:
    """Refuse labels of which one would be lost: in two columns, or several in a cell."""
    labels = table.get("label")
    if isinstance(labels, pd.DataFrame):
        raise InputError(
            "result has several columns 'label'; one was expected; rename or drop the others"
        )
    for row, label in enumerate(() if labels is None else labels):
        if pd.api.types.is_list_like(label) and len(label):
            raise InputError(
                f"label of span {row} is {brief(label)}; one text was expected; drop the column "
                "where rows have other names, or make a row of each: result.explode('label')"
            )


def _names(table: pd.DataFrame) -> list[str]:
    """What each row is called, numbers counted within a video."""
    kind = kind_of_rows(list(table.columns))
    videos = str_column(map(str, table["video_id"]))
    numbers = (videos.groupby(videos).cumcount() + 1).tolist()
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
