"""Where scenes begin: analysis that knows the vectors lie along time.

Conventions
-----------
Everything here works on one video and one embedding option at a time, in seconds rather than in
row numbers: rows may come in any order, be of unequal length, leave gaps or overlap. Whole-video
rows and rows without time take no part.

* :func:`novelty` - how strongly something new begins at the start of each segment

References
----------
Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import InputError
from twlab.segments import check_segments, clip_mask, series_like, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Positions = NDArray[np.intp]

__all__ = ["novelty"]

KERNEL_CLIPS = 8
"""Clips that novelty looks at on either side, where no length in seconds is given."""

TOUCH_SEC = 1e-6
"""Times that differ by less are the same time."""


def novelty(segments: pd.DataFrame, *, kernel_sec: float | None = None) -> pd.Series[Any]:
    """How strongly something new begins at the start of each segment.

    Foote's checkerboard slid along the diagonal of the similarity matrix, computed in seconds:
    the mean cosine similarity within the stretch before ``start_sec`` and within the stretch
    after it, minus the mean across the two. A segment weighs by its length and by a Gaussian of
    its distance from the boundary with a standard deviation of half the kernel; beyond the kernel
    it weighs nothing. Segments that straddle the boundary belong to neither side. After a gap
    longer than the kernel, the nearest segment before the gap stands for the past.

    Parameters
    ----------
    segments : DataFrame
        A table of segments. Every video and embedding option is followed on its own.
    kernel_sec : float, optional
        Seconds looked at on either side. Default: eight times the median segment length of the
        video, which is the finest scale at which a scene still spans several clips.

    Returns
    -------
    Series "novelty", float64, on the same index
        ``0`` where before and after are alike, at most ``1`` where no two vectors point in
        opposite directions, never above ``2``. NaN where there is nothing to compare: the first
        segment of a video (and others that start before any segment has ended), whole-video
        rows, rows without time, and rows with only zero vectors on one side. Segments that start
        together have the same value.

    Raises
    ------
    InputError
        If the table is not one of segments or the kernel is not a positive number.

    Notes
    -----
    For unit vectors the checkerboard sum equals half the squared distance between the two
    weighted means, so it costs time and memory in proportion to n times the segments per kernel,
    not to n squared.

    References
    ----------
    Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.

    Examples
    --------
    >>> import numpy as np, pandas as pd, twlab as tw
    >>> rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6, 12, 18]})
    >>> rows["end_sec"] = rows.start_sec + 6
    >>> segments = tw.with_vectors(rows, np.eye(2)[[0, 0, 1, 1]])
    >>> tw.novelty(segments).round(2).tolist()
    [nan, 0.41, 1.0, 0.41]
    """
    check_segments(segments)
    if kernel_sec is not None and not 0 < kernel_sec < math.inf:
        raise InputError(
            f"kernel_sec is {kernel_sec!r}; a positive number of seconds was expected; leave it "
            "out to have it chosen from the length of the segments"
        )
    values = np.full(len(segments), np.nan)
    for rows in _tracks(segments):
        track = segments.iloc[rows]
        start, end = (track[name].to_numpy(np.float64) for name in ("start_sec", "end_sec"))
        width = kernel_sec or KERNEL_CLIPS * _clip_length(start, end)
        values[rows] = _checkerboard(unit_vectors(track), start, end, width)
    return series_like(segments, values, "novelty")


def _tracks(segments: pd.DataFrame) -> Iterator[Positions]:
    """Row positions of each video and option, in order of time; rows without time left out."""
    start, end = (segments[name].to_numpy(np.float64) for name in ("start_sec", "end_sec"))
    usable = np.flatnonzero(clip_mask(segments) & np.isfinite(start) & np.isfinite(end))
    keys = [name for name in ("video_id", "embedding_option") if name in segments.columns]
    columns = segments[keys].reset_index(drop=True)  # an index level may have the same name
    group = columns.groupby(keys, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    order = usable[np.lexsort((end[usable], start[usable], group[usable]))]
    yield from np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else ()


def _clip_length(start: Floats, end: Floats) -> float:
    """The median length of a segment, in seconds; 1 where no segment has a length."""
    lengths = (end - start)[end > start]
    return float(np.median(lengths)) if len(lengths) else 1.0


def _checkerboard(unit: NDArray[np.float32], start: Floats, end: Floats, width: float) -> Floats:
    """Half the squared distance of the weighted means on either side of each start.

    Rows are in order of time. Done once for each distinct start.
    """
    times, which = np.unique(start, return_inverse=True)
    weight = _weights(unit, start, end)
    before = _side_means(times, end, start, unit, weight, width)
    after = _side_means(-times, -start, -end, unit, weight, width)
    values = 0.5 * ((before - after) ** 2).sum(axis=1)
    values[0] = np.nan
    return np.asarray(values[which])


def _weights(unit: NDArray[np.float32], start: Floats, end: Floats) -> Floats:
    """Seconds that a row stands for; rows of the very same times share them."""
    _, same, counts = np.unique(
        np.column_stack([start, end]), axis=0, return_inverse=True, return_counts=True
    )
    seconds = np.maximum(end - start, TOUCH_SEC) / counts[same.ravel()]
    return np.where(unit.any(axis=1), seconds, 0.0)


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
    first = np.searchsorted(near, times - width, side="left")
    first = np.minimum(first, np.maximum(stop - 1, 0))
    counts = stop - first
    row = np.repeat(np.arange(len(times)), counts)
    column = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    column += np.repeat(first, counts)
    distance = np.abs(times[row] - (near + far)[column] / 2)
    nearest = np.full(len(times), np.inf)
    np.minimum.at(nearest, row, distance)
    # Counted from the nearest row, so that a long gap does not underflow to nothing.
    taper = np.exp(-2 * (distance**2 - nearest[row] ** 2) / width**2)
    value = weight[column] * taper
    board = sparse.csr_array((value, (row, column)), shape=(len(times), len(unit)))
    total = np.asarray(board.sum(axis=1)).ravel()
    mean = np.full((len(times), unit.shape[1]), np.nan)
    np.divide(board @ unit.astype(np.float64), total[:, None], out=mean, where=total[:, None] > 0)
    return mean
