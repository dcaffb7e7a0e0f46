"""Foote's checkerboard slid along time: what lies behind :func:`twlab.novelty`, on plain arrays.

References
----------
Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.table.tracks import TOUCH_SEC, seconds_stood_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats


__all__ = ["checkerboard"]


NO_NOVELTY = 1e-12
"""Below it lies what float32 makes of equal vectors (4e-15 at most, squared), and nothing seen."""


def checkerboard(unit: NDArray[np.float32], start: Floats, end: Floats, width: float) -> Floats:
    """Half the squared distance of the weighted means on either side of each start.

    Rows are in order of time. Done once for each distinct start.
    """
    times, which = np.unique(start, return_inverse=True)
    # Foote's board sums what is alike on either side less what is alike across: with means b, a of
    # the sides, (b.b + a.a) / 2 - b.a = |b - a|**2 / 2, which needs no matrix.
    weight = seconds_stood_for(start, end) * unit.any(axis=1)
    before = _side_means(times, end, start, unit, weight, width)
    after = _side_means(-times, -start, -end, unit, weight, width)
    values = 0.5 * ((before - after) ** 2).sum(axis=1)
    values[values < NO_NOVELTY] = 0
    values[0] = np.nan
    return np.asarray(values[which])


def _side_means(
    times: Floats,
    near: Floats,
    far: Floats,
    unit: NDArray[np.float32],
    weight: Floats,
    width: float,
) -> Floats:
    """Weighted mean of what lies before each time; row k is NaN where nothing does.

    ``near`` is the edge of a row towards the boundary, ``far`` the other one. For what lies
    after, the caller mirrors time.
    """
    from scipy import sparse

    keep = np.flatnonzero(weight > 0)
    keep = keep[np.argsort(near[keep], kind="stable")]
    near, far, unit, weight = near[keep], far[keep], unit[keep], weight[keep]
    stop = np.searchsorted(near, times + TOUCH_SEC, side="right")
    first = np.searchsorted(near, times - width - TOUCH_SEC, side="left")
    # Where nothing is within reach, the nearest stand for it, all that are equally near.
    nearest_edge = near[np.maximum(stop - 1, 0)] if len(near) else times
    first = np.minimum(first, np.searchsorted(near, nearest_edge - TOUCH_SEC, side="left"))
    first = np.minimum(first, stop)
    counts = stop - first
    row = np.repeat(np.arange(len(times)), counts)
    column = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    column += np.repeat(first, counts)
    distance = np.abs(times[row] - (near + far)[column] / 2)
    nearest = np.full(len(times), np.inf)
    np.minimum.at(nearest, row, distance)
    # A Gaussian with a standard deviation of half the width: exp(-d**2 / (2 (width / 2)**2)).
    # Counted from the nearest row, so that a long gap does not underflow to nothing.
    taper = np.exp(-2 * (distance**2 - nearest[row] ** 2) / width**2)
    value = weight[column] * taper
    board = sparse.csr_array((value, (row, column)), shape=(len(times), len(unit)))
    total = np.asarray(board.sum(axis=1)).ravel()
    mean = np.full((len(times), unit.shape[1]), np.nan)
    np.divide(board @ unit.astype(np.float64), total[:, None], out=mean, where=total[:, None] > 0)
    return mean
