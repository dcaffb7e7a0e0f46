"""Stretches of the second video that two pieces claim, and which of them keeps one.

After a scene was cut out, the line before the cut runs on into footage that the line after it
shows as well, and much better: neighbours in a shot are alike. A passage that the first video shows
twice is claimed twice too, and rightly. They are told apart by the line itself: one that runs on
becomes worse there than it is elsewhere, and worse than the other; a repeat does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from twlab.analysis.copies.diagonals import Stretch
    from twlab.analysis.copies.refining import Pair
    from twlab.table.types import Floats, Mask

__all__ = ["cut_contested"]

LEAST_OVERLAP = 0.25
"""Cells of the second video that two pieces may both claim; where they meet is known as well.
At half and double edits with scenes cut out and with repeats score the same (.998)."""

USUAL, LEAST_WORSE, TIMES_SPREAD = 0.1, 0.01, 2.0
"""Where a line runs on it is worse than the other piece, and than nine tenths of itself elsewhere,
by so much or so many times what the clips of a piece differ in. Of 60 films that show 8 clips
twice, three quarters of them at unlike noise, 1 clip is lost; at 1.0 it is 6, at 1.0 and with the
median in place of the tenth 112. At 4.0 planted cuts of exact copies are still found."""


def cut_contested(
    pair: Pair, pieces: list[Stretch], whole: list[Stretch] | None = None
) -> list[Stretch]:
    """The pieces without the starts and ends that another piece of the pair fits better.

    Where pieces have been given ends between cells, ``whole`` are those they were made of: of
    clips that belong to a piece in part it is not known how well they fit. Returns as many as
    were given, in their order.
    """
    return [_cut_back(pair, piece, whole or pieces) for piece in pieces]


def _cut_back(pair: Pair, piece: Stretch, others: list[Stretch]) -> Stretch:
    """One piece less what it only runs on into."""
    for other in others:
        if other.last <= other.first or piece.last <= piece.first or _one_line(piece, other):
            continue
        # What is shared throughout is shown twice; a line runs on at an end of it only.
        shared = _shared_cells(piece, other)
        if shared.any() and not shared.all():
            worse = _how_much_worse(pair, piece, other, shared)
            n_last, n_first = _count_run_on(worse[::-1]), _count_run_on(worse)
            piece = _cut_ends(piece, n_first, n_last)
    return piece


def _one_line(piece: Stretch, other: Stretch) -> bool:
    """Whether both are the same piece, with whole or with broken ends."""
    same_speed = piece.speed == other.speed
    return same_speed and abs(float(piece.at(other.first)) - other.begin) < 1e-6


def _shared_cells(piece: Stretch, other: Stretch) -> Mask:
    """Which cells of a piece show what another piece shows."""
    spans = [np.sort(one.at(np.array([one.first, one.last]))) for one in (piece, other)]
    low, high = max(s[0] for s in spans), min(s[1] for s in spans)
    if high - low <= LEAST_OVERLAP:
        return np.zeros(len(piece.cells), bool)
    places = piece.at(piece.cells + 0.5)
    return np.asarray((places >= spans[1][0]) & (places < spans[1][1]))


def _how_much_worse(pair: Pair, piece: Stretch, other: Stretch, shared: Mask) -> Floats:
    """By how much more than clips differ each cell is worse than the other piece there.

    And than the piece usually is elsewhere; minus infinity where the other piece is not.
    """
    # Three things must hold at once, hence the least of them: worse than the other piece there,
    # worse than nearly all of itself elsewhere, and by more than cells differ anyway.
    mine, theirs = (pair.along(one, one.cells) for one in (piece, other))
    level = float(np.quantile(mine[~shared], USUAL))
    spread = float(max(np.std(mine[~shared]), np.std(theirs)))
    places = other.first + (piece.at(piece.cells + 0.5) - other.begin) / other.speed
    there = np.floor(places).astype(int).clip(other.cells[0], other.cells[-1]) - other.cells[0]
    worse = np.minimum(theirs[there], level) - mine - max(LEAST_WORSE, TIMES_SPREAD * spread)
    return np.where(shared, worse, -np.inf)


def _count_run_on(worse: Floats) -> int:
    """How many of the first cells are worse in sum."""
    # Up to where the running sum is highest (Page, 1954): one cell that happens to fit does not end
    # what is worse, nor does one bad cell begin it.
    sums = np.r_[0.0, worse.cumsum()]
    return int(sums.argmax())


def _cut_ends(piece: Stretch, n_first: int, n_last: int) -> Stretch:
    """A piece less its first and last cells, between cells where it ends there."""
    cells = piece.cells[n_first : len(piece.cells) - n_last]
    first, last = max(piece.first, float(cells[0])), min(piece.last, float(cells[-1] + 1))
    return piece._replace(first=first, last=last, begin=float(piece.at(first)))
