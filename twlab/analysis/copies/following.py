"""The best stretch of each line of a matrix in which few cells gain anything.

Sums are followed from such cells alone, at all speeds together, and added up in the order in which
:mod:`twlab.analysis.copies.diagonals` adds them up line by line: the numbers are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from twlab.table.types import Matrix, Positions


__all__ = ["WALL", "Lines", "follow_lines"]

FOLLOWED = 2**17
"""Cells and speeds from which sums are followed together. 2**15 take as long, 2**20 up to twice as
long where there are as many, as they leave the processor's cache."""

WALL = 4
"""Columns behind the others; from one row to the next a line of the greatest speed, of 3, moves by
no more."""


class Lines(NamedTuple):
    """The best stretch of some lines of one speed, in order of the lines."""

    line: Positions
    """The column that it would meet with a shift of 0."""
    begun: Positions
    ended: Positions
    """Rows of the stretch, its end exclusive."""
    score: Matrix
    """Its sum, less the price of the speed."""


class _Sums(NamedTuple):
    """The largest sums that begin in some cells."""

    cell: Positions
    step: Positions
    """The step that leads to the cell."""
    length: Positions
    """Rows that are summed."""
    score: Matrix


def follow_lines(
    gain: Matrix, shifts: Positions, prices: Matrix, *, least: float, mirrored: bool = False
) -> list[Lines]:
    """For each speed the lines whose best stretch is worth ``least`` or more after its price.

    ``gain`` has :data:`WALL` columns of -inf behind the others. A line of speed ``s`` meets column
    ``line + shifts[s, i]`` in row ``i``, ``mirrored`` counted from the last; shifts do not fall.
    """
    # A sum that begins while another one goes on is never above it, so that of each line the
    # largest of all is the best, and of equals the one that began first.
    n, wide = gain.shape
    by = np.diff(shifts, axis=1) * (-1 if mirrored else 1)
    # How many cells further a line lies in a row than in the row before it; the last leads out.
    steps = np.pad(by + wide, ((0, 0), (1, 1)), constant_values=gain.size)
    cells, found = np.flatnonzero(gain > 0), []
    for first in range(0, len(shifts) * len(cells) or 1, FOLLOWED):
        each = np.arange(first, min(first + FOLLOWED, len(shifts) * len(cells)))
        speed, which = np.divmod(each, len(cells) or 1)
        step = speed * (n + 1) + cells[which] // wide
        sums = _follow(gain, steps.ravel(), cells[which], step)
        on = sums.score - prices[sums.step // (n + 1)] >= least
        found.append(_Sums(sums.cell[on], sums.step[on], sums.length[on], sums.score[on]))
    sums = _Sums(*(np.concatenate(side) for side in zip(*found, strict=True)))
    speed, begun = np.divmod(sums.step, n + 1)
    column = sums.cell % wide
    line = (wide - WALL - 1 - column if mirrored else column) - shifts[speed, begun]
    order = np.lexsort((begun, -sums.score, line, speed))
    one = order[(np.diff(speed[order], prepend=-1) != 0) | (np.diff(line[order], prepend=0) != 0)]
    score = sums.score[one] - prices[speed[one]]
    best = Lines(line[one], begun[one], (begun + sums.length)[one], score)
    ends = np.searchsorted(speed[one], np.arange(len(shifts)), side="right")
    parts = [np.split(side, ends[:-1]) for side in best]
    return [Lines(*sides) for sides in zip(*parts, strict=True)]


def _follow(gain: Matrix, steps: Positions, cell: Positions, step: Positions) -> _Sums:
    """The largest sum from each cell on in which one begins anew."""
    # A line that leaves the matrix meets the wall, of which the last cell stands for all beyond.
    flat = gain.ravel()
    before = flat.take(cell - steps.take(step), mode="wrap")
    anew = (before <= 0) | (cell < gain.shape[1])
    cell, step = cell[anew], step[anew]
    score, length, n_rows = flat.take(cell), np.ones(len(cell), np.intp), 1
    here, total, going = cell, score, np.arange(len(cell))
    while len(going):
        here = here + steps.take(step.take(going) + n_rows)
        n_rows += 1
        total = total + flat.take(here, mode="clip")
        on = (total > 0).nonzero()[0]
        here, total, going = here.take(on), total.take(on), going.take(on)
        more = (total > score.take(going)).nonzero()[0]
        better = going.take(more)
        score[better], length[better] = total.take(more), n_rows
    return _Sums(cell, step, length, score)
