"""How far a query rises along time: one curve for each video, out of all options.

The edges of all clips cut a video into cells. In each option a cell has the mean standing of the
clips that cover it, so that clips that overlap blur an edge by less than their length; the options
are joined as a search joins them (:mod:`twlab.analysis.judging.fusion`).

* :class:`TimeCells`, :func:`lay_cells` - the cells of all videos
* :class:`Curve`, :func:`curve_on` - the heights of a query on them
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.fusion import join_standings, standings
from twlab.analysis.judging.places import PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.analysis.judging.places import Compared
    from twlab.table.types import Floats, Mask, Positions

__all__ = ["Curve", "TimeCells", "curve_on", "lay_cells"]

SHORTEST_GAP_SEC = 0.75
"""Shorter gaps between clips are none. Where a clip leaves out some frames, as shots at their cuts
do, and times are rounded to half a second, a gap is .5 s; a second is footage that is missing. On
18 films, times so rounded, the scenes of OVSD, RAI and BBC are found (R1 at an overlap of .5) in
.642, .643, .667 at .75 and at 1, in .618, .643, .671 at .5 and below; with times as they are, or
rounded to a tenth, nothing changes by more than .005 from .25 on, though at dissolves of the BBC
half of the gaps are longer than 2 s (``tests/benchmarks/gap_limits.py``). A test dies at half and
at double."""


class _Covers(NamedTuple):
    """The clips of an option, equal ones as one."""

    timed: Positions
    """Which of the compared rows have a length in time."""
    clip: Positions
    """The number of the clip that each of these is."""
    board: Any
    """Sparse matrix of shape (n_cells, n_clips): 1 where a clip covers a cell."""


class TimeCells(NamedTuple):
    """TimeCells of all videos in order of video and time."""

    video: Any
    start: Floats
    end: Floats
    follows: Mask
    """Whether the cell goes on where the one before ends."""
    clips: list[_Covers]
    """Of each option."""


class Curve(NamedTuple):
    """A query on cells."""

    height: Floats
    """The joined standing of each cell; minus infinity where nothing lies."""
    similar: Floats
    """Mean cosine similarities, shape (n_cells, n_options); NaN where there is none."""


def lay_cells(found: Sequence[Compared], pool: pd.DataFrame) -> TimeCells:
    """The cells of the rows of several options; rows without a length in time lie on none."""
    places = [_timed_places(pool[PLACE].iloc[one.rows]) for one in found]
    every = pd.concat(places, ignore_index=True)
    codes, videos = pd.factorize(every["video_id"].astype(str), sort=True)
    edges = np.concatenate([np.column_stack([codes, every[name]]) for name in PLACE[1:]])
    unique, at = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
    first, last = at.ravel()[: len(every)], at.ravel()[len(every) :]
    covered = np.zeros(len(unique) + 1, np.intp)
    np.add.at(covered, first, 1)
    np.add.at(covered, last, -1)
    cells = np.flatnonzero(covered.cumsum()[:-1] > 0)
    code, start, end = (
        unique[cells, 0],
        unique[cells, 1],
        unique[np.minimum(cells + 1, len(unique) - 1), 1],
    )
    gap = start[1:] - end[:-1]
    follows = np.r_[False, (code[1:] == code[:-1]) & (gap < SHORTEST_GAP_SEC)][: len(cells)]
    number = np.cumsum(covered.cumsum()[:-1] > 0) - 1
    lows = np.cumsum([0, *map(len, places)])
    clips = [
        _clips_of(place, number[first[low:high]], number[last[low:high] - 1] + 1, len(cells))
        for place, low, high in zip(places, lows[:-1], lows[1:], strict=True)
    ]
    names = np.asarray(videos, object)[code.astype(np.intp)]
    return TimeCells(names, start, end, follows, clips)


def _timed_places(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a length, times to the millisecond, with their numbers as index."""
    places = rows.reset_index(drop=True)
    for name in PLACE[1:]:
        places[name] = places[name].to_numpy(np.float64, na_value=np.nan).round(3)
    return places[places["end_sec"] > places["start_sec"]]


def _clips_of(places: pd.DataFrame, first: Positions, last: Positions, n_cells: int) -> _Covers:
    """The clips of an option: which cells each covers, from the first to before the last."""
    from scipy import sparse

    spans, clip = np.unique(np.column_stack([first, last]), axis=0, return_inverse=True)
    counts = spans[:, 1] - spans[:, 0]
    column = np.repeat(np.arange(len(spans)), counts)
    cell = np.arange(len(column)) - np.repeat(counts.cumsum() - counts, counts)
    cell += np.repeat(spans[:, 0], counts)
    board = sparse.csr_array((np.ones(len(cell)), (cell, column)), shape=(n_cells, len(spans)))
    return _Covers(places.index.to_numpy(np.intp), clip.ravel(), board)


def curve_on(cells: TimeCells, found: Sequence[Compared], weights: Sequence[float]) -> Curve:
    """The heights of cells for the similarities of each option."""
    best = [_best_of_clips(clips, one) for clips, one in zip(cells.clips, found, strict=True)]
    lows = np.cumsum([0, *map(len, best)])
    every = np.full((lows[-1], len(found)), np.nan)
    for column, values in enumerate(best):
        every[lows[column] : lows[column + 1], column] = values
    standing = standings(every, [one.background for one in found])
    columns, similar = [], []
    for column, clips in enumerate(cells.clips):
        mine = slice(lows[column], lows[column + 1])
        columns.append(_mean_on(clips.board, standing[mine, column]))
        similar.append(_mean_on(clips.board, every[mine, column]))
    height = join_standings(np.column_stack(columns), weights)
    return Curve(height, np.column_stack(similar))


def _best_of_clips(clips: _Covers, one: Compared) -> Floats:
    """The similarity of each clip, the best where several rows are one clip."""
    best = np.full(clips.board.shape[1], np.nan)
    np.fmax.at(best, clips.clip, one.similar[clips.timed])
    return best


def _mean_on(board: Any, values: Floats) -> Floats:
    """The mean of the clips that cover each cell, of those that have a value."""
    known = ~np.isnan(values)
    count = board @ known.astype(np.float64)
    total = board @ np.where(known, values, 0.0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
