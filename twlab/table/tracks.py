"""One video and one option at a time, in order of time: the ground of all analysis along time.

A *track* is the rows of one ``video_id`` and one ``embedding_option`` that have a time and stand
for a piece of the video. Times are seconds; nothing here trusts the order of rows, their spacing
or that they touch.

* :func:`tracks` - the row positions of every track of a table
* :class:`Track` - the rows of one, with their vectors at length 1
* :func:`track_key` - what a track is called in a dictionary
* :func:`clip_length` - the typical length of a segment
* :func:`seconds_stood_for` - the seconds that each row stands for
* :func:`on_grid` - a track laid on cells of equal length
* :func:`at_length_1` - cells, which are means, as unit vectors
* :func:`common_cells` - two tracks on the cells where both have something
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.table.segments import clip_mask, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Mask, Matrix, Positions


__all__ = [
    "LATE_SEC",
    "LONGEST_GAP",
    "SAME_SEC",
    "TOUCH_SEC",
    "Grid",
    "Track",
    "at_length_1",
    "clip_length",
    "common_cells",
    "on_grid",
    "seconds_stood_for",
    "times_of",
    "track_key",
    "tracks",
]

TOUCH_SEC = 1e-6
"""Times that differ by less are the same time: sums of seconds lose less, and no clip is as short.
"""

LATE_SEC = 0.5
"""Durations are rounded, to the second at most; an end beyond that is after the film."""

SAME_SEC = 0.5
"""Lengths of one film, as several answers round them, differ by no more."""

LONGEST_GAP = 16
"""Empty cells that a gap is given on a grid at most; beyond, time is cut, as a day between two
films of one name would fill the memory. More than a jump within a copy may span (10), so that
nothing is joined across a gap that is not joined across a longer one."""


class Grid(NamedTuple):
    """A track on cells of equal length."""

    cells: Floats
    """Mean vector of each cell, shape (k, d); zero where nothing lies."""
    filled: NDArray[np.bool_]
    """Whether something lies in the cell."""
    start_sec: Floats
    """When each cell begins."""
    cell_sec: float


@dataclass(frozen=True)
class Track:
    """The rows of one video and option in order of time, for what compares it several times."""

    rows: pd.DataFrame

    @cached_property
    def unit(self) -> Matrix:
        """Their vectors at length 1, made when first asked for and kept as long as the track."""
        return unit_vectors(self.rows)

    @cached_property
    def times(self) -> tuple[Floats, Floats]:
        """Their start and end in seconds."""
        return times_of(self.rows)


def times_of(segments: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of every row in seconds."""
    start, end = (
        segments[name].to_numpy(np.float64, na_value=np.nan) for name in ("start_sec", "end_sec")
    )
    return start, end


def tracks(segments: pd.DataFrame, clips: Mask | None = None) -> Iterator[Positions]:
    """Row positions of each video and option, in order of time; rows without time left out.

    ``clips`` is the table's :func:`twlab.table.clip_mask` where the caller has it.
    """
    start, end = times_of(segments)
    clips = clip_mask(segments) if clips is None else clips
    usable = np.flatnonzero(clips & np.isfinite(start) & np.isfinite(end))
    keys = [name for name in ("video_id", "embedding_option") if name in segments.columns]
    columns = segments[keys].reset_index(drop=True)  # an index level may have the same name
    group = columns.groupby(keys, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    order = usable[np.lexsort((end[usable], start[usable], group[usable]))]
    yield from np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else ()


def track_key(values: Iterable[Any]) -> tuple[Any, ...]:
    """Video and option as text; a missing option equals another missing one, as NaN does not."""
    return tuple(None if pd.isna(value) else str(value) for value in values)


def clip_length(start: Floats, end: Floats) -> float:
    """The median length of a segment, in seconds; 1 where no segment has a length."""
    lengths = (end - start)[end > start]
    return float(np.median(lengths)) if len(lengths) else 1.0


def seconds_stood_for(start: Floats, end: Floats) -> Floats:
    """Seconds that each row stands for; rows of the very same times share them."""
    _, same, counts = np.unique(
        np.column_stack([start, end]), axis=0, return_inverse=True, return_counts=True
    )
    return np.maximum(end - start, TOUCH_SEC) / counts[same.ravel()]


def on_grid(unit: NDArray[np.float32], start: Floats, end: Floats, cell_sec: float) -> Grid:
    """A track, rows in order of time, laid on cells of ``cell_sec`` from its first second.

    A cell holds the mean of the rows that lie in it, by the seconds they share with it. Gaps of
    more than ``LONGEST_GAP`` cells are shortened to that.
    """
    from scipy import sparse

    # A gap begins where all rows before have ended, as a long row may outlast those after it. It
    # is cut by whole cells: what comes after keeps its place within them.
    reach = np.maximum.accumulate(end)
    gap = np.r_[0.0, np.maximum(start[1:] - reach[:-1] - LONGEST_GAP * cell_sec, 0.0)]
    cut = (np.floor(gap / cell_sec) * cell_sec).cumsum()
    low, high = (start - cut - start[0]) / cell_sec, (end - cut - start[0]) / cell_sec
    high = np.maximum(high, low + TOUCH_SEC)  # a moment without length has some weight too
    # A row that ends where a cell ends does not touch the next, though rounding may say so.
    first, last = np.floor(low + 1e-4).astype(int), np.ceil(high - 1e-4).astype(int)
    counts = np.maximum(last - first, 1)
    # One entry for each row and cell that it touches: cells first, first + 1, … of every row.
    row = np.repeat(np.arange(len(start)), counts)
    cell = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts) + first[row]
    share = np.minimum(high[row], cell + 1) - np.maximum(low[row], cell)
    n_cells = int(cell.max()) + 1
    present = np.asarray(unit.any(axis=1))
    weights = np.maximum(share, TOUCH_SEC) * present[row]
    # Means by one sparse product: a row touches a few cells only.
    board = sparse.csr_array((weights, (cell, row)), shape=(n_cells, len(start)))
    total = np.asarray(board.sum(axis=1)).ravel()
    cells = np.asarray(board @ unit, np.float64)
    cells /= np.maximum(total, TOUCH_SEC)[:, None]
    # A cell begins where it would without cuts, and the seconds cut before its rows later.
    began = np.zeros(n_cells)
    np.maximum.at(began, first.clip(0, n_cells - 1), cut)
    began = np.maximum.accumulate(began) + start[0] + np.arange(n_cells) * cell_sec
    return Grid(cells, total > 0.1, began, cell_sec)


def common_cells(a: Track, b: Track, *, most: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Two tracks of one video on the cells where both have something.

    Cells are as long as the longer typical segment, and longer where there would be more than
    ``most``. Returns the unit vectors of both, shapes (n, d) and (n, e), and start and end of each
    cell in seconds.
    """
    cell = max(clip_length(*a.times), clip_length(*b.times))
    origin = max(float(a.times[0].min()), float(b.times[0].min()))
    spread = max(float(a.times[1].max()), float(b.times[1].max())) - origin
    cell = max(cell, spread / most)
    grids = []
    for track in (a, b):
        late = track.times[1] > origin + TOUCH_SEC
        if not late.any():
            return np.empty((0, 1)), np.empty((0, 1)), np.empty(0), np.empty(0)
        start, end = (seconds[late] for seconds in track.times)
        grids.append(on_grid(track.unit[late], np.maximum(start, origin), end, cell))
    starts = [np.round((grid.start_sec - origin) / cell).astype(int) for grid in grids]
    kept = [at[grid.filled] for at, grid in zip(starts, grids, strict=True)]
    both = np.intersect1d(kept[0], kept[1])
    rows = [np.searchsorted(at, both) for at in starts]
    left, right = (at_length_1(grid.cells[row]) for grid, row in zip(grids, rows, strict=True))
    began = grids[0].start_sec[rows[0]]
    return left, right, began, began + cell


def at_length_1(rows: Floats) -> Floats:
    """Rows that are not zero at length 1."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))
