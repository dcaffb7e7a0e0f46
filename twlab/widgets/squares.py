"""Squares of similarities as bytes for the heatmap: of segments, and of videos.

A cell stands for one row, or for a run of rows of one video: a square has at most
:data:`MAX_CELLS` cells a side. ``starts`` says at which of the rows each cell begins, and ends with
their number.

* :func:`add_similarity` - the square of the segments
* :func:`add_video_similarity` - the square of the videos: means over all pairs of their segments
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import InputError
from twlab.looks import LEAST_DIFFERENCE, is_flat

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twlab.table.types import Arrays, Matrix


__all__ = ["MAX_CELLS", "add_similarity", "add_video_similarity"]

MAX_CELLS = 5000
"""Cells along a side of a heatmap; longer tables are averaged in runs within a video."""

FEWEST_VIDEOS = 3
"""Of two videos a square of videos would show one number beside two."""

ALONE, BLANK = 1, 2
"""A cell with one segment, which cannot be compared with another of its own; one without any
direction, which can be compared with nothing."""


def add_similarity(
    segments: pd.DataFrame,
    rows: NDArray[np.uint32],
    unit: Matrix | None,
    similarity: Any,
    video: NDArray[Any],
    arrays: Arrays,
    key: str,
    max_cells: int = MAX_CELLS,
) -> dict[str, Any] | None:
    """What the browser is told of one heatmap; its bytes go into ``arrays``.

    ``video`` says of each of ``rows`` which video it is of; the rows of a video stand together.
    Where each cell is a whole video of several rows there is none: the square of the videos says
    it.
    """
    if similarity is False or not len(rows):
        return None
    starts = cell_starts(video, max_cells)
    if len(starts) - 1 < len(rows) and np.isin(starts, video_starts(video)).all():
        return None
    least = 0.0
    if similarity is None and unit is not None:
        least = LEAST_DIFFERENCE
        cells, low, high = _quantise_product(_means_of(unit, starts))
    else:
        square = _ordered_square(segments, similarity, rows)
        cells, low, high = _quantise(_means_of(_means_of(square, starts).T, starts).T)
    return _tell_square((cells, low, high), starts, least, arrays, key)


def add_video_similarity(
    segments: pd.DataFrame,
    rows: NDArray[np.uint32],
    unit: Matrix | None,
    similarity: Any,
    video: NDArray[Any],
    arrays: Arrays,
    key: str,
    max_cells: int = MAX_CELLS,
) -> dict[str, Any] | None:
    """As :func:`add_similarity`, a cell for each video; None where that would say nothing more.

    A cell is the mean over all pairs of a segment of the one and a segment of the other video; on
    the diagonal, of two different segments of the video. Segments without a direction are left
    out. ``holes`` says which cells there are no pairs for.
    """
    starts = video_starts(video, max_cells)
    n = len(starts) - 1
    if similarity is False or n < FEWEST_VIDEOS or n == len(rows):
        return None
    least = 0.0
    if similarity is None and unit is not None:
        least = LEAST_DIFFERENCE
        means, own, counts = _block_means(unit, starts)
        quantised = _quantise_product(means, own)
    else:
        counts = np.diff(starts)
        square = _ordered_square(segments, similarity, rows)
        quantised = _quantise(_mean_blocks(square, starts))
    arrays[f"{key}_holes"] = np.select([counts == 0, counts == 1], [BLANK, ALONE]).astype(np.uint8)
    told = _tell_square(quantised, starts, least, arrays, key)
    return {**told, "holes": f"{key}_holes"}


def video_starts(video: NDArray[Any], max_cells: int = MAX_CELLS) -> NDArray[np.uint32]:
    """Where each cell begins that is a video; of more videos than cells, several to a cell."""
    firsts = np.flatnonzero(np.diff(video.astype(np.int64), prepend=-1))
    several = -(-len(firsts) // max_cells)
    return np.append(firsts[::several], len(video)).astype(np.uint32)


def cell_starts(video: NDArray[Any], max_cells: int) -> NDArray[np.uint32]:
    """Where each cell begins, none across two videos; of too many videos, several to a cell."""
    n = len(video)
    if n <= max_cells:
        return np.arange(n + 1, dtype=np.uint32)
    bounds = video_starts(video, n)
    if len(bounds) > max_cells:
        return video_starts(video, max_cells)
    counts = np.diff(bounds).astype(np.int64)
    low, high = -(-n // max_cells), int(counts.max())
    while low < high:  # the shortest runs of which there are few enough
        middle = (low + high) // 2
        fit = (-(-counts // middle)).sum() <= max_cells
        low, high = (low, middle) if fit else (middle + 1, high)
    parts = [np.arange(a, b, low) for a, b in pairwise(bounds)]
    return np.append(np.concatenate(parts), n).astype(np.uint32)


def _tell_square(
    quantised: tuple[NDArray[np.uint8], float, float],
    starts: NDArray[np.uint32],
    least: float,
    arrays: Arrays,
    key: str,
) -> dict[str, Any]:
    """What the browser is told of a square; one shade where its numbers are all alike."""
    cells, low, high = quantised
    if is_flat(low, high, least=least):
        cells, low, high = _quantise_flat(len(cells), low, high, unit=1.0 if least else 0.0)
    arrays[key] = cells.reshape(-1)
    arrays[f"{key}_starts"] = starts
    told = {"array": key, "starts": f"{key}_starts", "size": len(cells)}
    return {**told, "low": low, "high": high}


def _means_of(matrix: Matrix, starts: NDArray[np.uint32]) -> Matrix:
    """Means of runs of rows: their products are the means of the products of the runs."""
    if len(starts) == len(matrix) + 1:
        return matrix
    sums = np.add.reduceat(matrix, starts[:-1].astype(np.intp), axis=0)
    means: Matrix = (sums / np.diff(starts)[:, None]).astype(np.float32)
    return means


def _block_means(
    unit: Matrix, starts: NDArray[np.uint32]
) -> tuple[Matrix, NDArray[np.float64], NDArray[np.intp]]:
    """Means of runs of rows, the mean over pairs of different rows of a run, and rows in each.

    Of vectors of length 1, ``|sum|² = n + sum of the products of all pairs``. Rows without a
    direction do not count. NaN where there is no row, or no pair.
    """
    first = starts[:-1].astype(np.intp)
    counts = np.add.reduceat(unit.any(axis=1).astype(np.intp), first)
    sums = np.add.reduceat(unit, first, axis=0, dtype=np.float64)
    means = _divide(sums, counts[:, None]).astype(np.float32)
    return means, _divide((sums**2).sum(axis=1) - counts, counts * (counts - 1)), counts


def _mean_blocks(square: Matrix, starts: NDArray[np.uint32]) -> Matrix:
    """Means of the blocks of a square; on the diagonal, of what lies beside the diagonal."""
    first, counts = starts[:-1].astype(np.intp), np.diff(starts).astype(np.float64)
    halfway = np.add.reduceat(square, first, axis=0, dtype=np.float64)
    sums = np.add.reduceat(halfway, first, axis=1)
    own = np.add.reduceat(np.diagonal(square).astype(np.float64), first)
    means = sums / np.outer(counts, counts)
    np.fill_diagonal(means, _divide(np.diagonal(sums) - own, counts * (counts - 1)))
    return np.asarray(means, np.float32)


def _divide(sums: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """Sums by how many they are of, NaN of none."""
    means: NDArray[np.float64] = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _quantise_product(
    means: Matrix, own: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.uint8], float, float]:
    """Bytes of ``means @ means.T``, made in stripes so that the floats never exist at once.

    The diagonal is ``own`` where that is given.
    """
    n = len(means)
    stripe = max(1, 4_000_000 // max(n, 1))

    def part_of(start: int) -> Matrix:
        part: Matrix = means[start : start + stripe] @ means.T
        if own is not None:
            at = np.arange(len(part))
            part[at, start + at] = own[start : start + stripe]
        return part

    low, high = np.inf, -np.inf
    for start in range(0, n, stripe):
        part = part_of(start)
        low = min(low, float(np.fmin.reduce(part, axis=None)))
        high = max(high, float(np.fmax.reduce(part, axis=None)))
    if low > high:  # nothing can be compared
        low = high = 0.0
    cells = np.empty((n, n), np.uint8)
    for start in range(0, n, stripe):
        cells[start : start + stripe] = _as_bytes(part_of(start), low, high)
    return cells, low, high


def _ordered_square(segments: pd.DataFrame, similarity: Any, rows: NDArray[np.uint32]) -> Matrix:
    """The user's square, its rows in order of time."""
    square = np.asarray(similarity)
    n = len(segments)
    if square.shape != (n, n) or square.dtype.kind not in "fiub":
        raise InputError(
            f"similarity has shape {square.shape}; ({n}, {n}) numbers were expected, one row and "
            "column per segment; or pass similarity=False for no heatmap"
        )
    chosen = square[np.ix_(rows, rows)].astype(np.float32)
    if not np.isfinite(chosen).all():
        raise InputError("similarity holds NaN or infinite numbers; finite ones were expected")
    return np.asarray(chosen, np.float32)


def _quantise_flat(
    n: int, low: float, high: float, *, unit: float
) -> tuple[NDArray[np.uint8], float, float]:
    """Bytes of a square whose numbers differ by rounding alone: one shade, on a scale from 0."""
    value = (low + high) / 2
    low, high = min(0.0, value), max(unit, value, 0.0)
    shade = 255 * (value - low) / (high - low) if high > low else 0.0
    return np.full((n, n), round(shade), np.uint8), low, high


def _quantise(square: Matrix) -> tuple[NDArray[np.uint8], float, float]:
    """Bytes between the smallest and the largest number."""
    low, high = (float(f.reduce(square, axis=None)) for f in (np.fmin, np.fmax))
    return _as_bytes(square, low, high), low, high


def _as_bytes(part: Matrix, low: float, high: float) -> NDArray[np.uint8]:
    """Numbers between two as bytes; what is none lies in the middle, where it moves no scale."""
    scaled = np.rint((part - low) * (255.0 / max(high - low, 1e-9)))
    cells: NDArray[np.uint8] = np.clip(np.nan_to_num(scaled, nan=127), 0, 255).astype(np.uint8)
    return cells
