"""Unit vectors divided into cells, so that rows are compared with few others instead of all.

Every row lies in the cell of its nearest centre. Two things follow, with nothing but matrix
products:

* The best neighbours of a row are nearly always in its own cell or in one of the nearest:
  :func:`best_in_cells` looks only there, and measures on a sample how many it finds.
* A row within distance ``r`` of a row of another cell lies no further than ``r`` from the plane
  halfway between the two centres (each point of the other cell lies beyond it). That is no guess:
  :func:`close_pairs` leaves out what cannot be near and misses nothing.

Everything takes rows of unit length, trusts its arguments and knows no table. Ties rank by
position, as in :mod:`twlab.kernels`, and all random numbers have one fixed seed.

References
----------
Sivic and Zisserman, "Video Google", ICCV 2003 (cells of k-means as an inverted file). Zezula,
Amato, Dohnal and Batko, "Similarity Search: The Metric Space Approach", 2006, chapter 1.7 (the
bound by the plane between two centres).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.kernels import ROUNDING, best_first, best_rows, check_count, pairs_above
from twlab.similarity import BLOCK_CELLS, dot_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from twlab.kernels import Spans

    Matrix = NDArray[np.float32]
    Positions = NDArray[np.intp]
    Arrays = tuple[Positions, Matrix]

__all__ = ["Cells", "best_in_cells", "cells_of", "close_pairs"]

ROWS_OF_SAMPLE = 40
"""Rows for each centre from which the centres are found; more make them little better."""

ROUNDS = 6
"""Rounds of k-means; cells need not be the best ones, only compact."""

SLACK = 1e-5
"""What rounding may take from a distance to a plane."""


class Cells(NamedTuple):
    """Rows by the nearest of some centres."""

    centres: Matrix
    """Unit vectors, shape (c, d)."""
    home: NDArray[np.int32]
    """The cell of each row."""
    cosine: Matrix
    """The similarity of each row to the centre of its cell."""
    order: Positions
    """Rows by cell, in order within each."""
    ends: Positions
    """Rows of cell ``j`` are ``order[ends[j]:ends[j + 1]]``."""

    def rows(self, cell: int) -> Positions:
        """The rows of a cell, in order."""
        return self.order[self.ends[cell] : self.ends[cell + 1]]


def cells_of(unit: Matrix, n_cells: int | None = None) -> Cells:
    """The rows in cells of k-means; by default about twice the square root of the rows."""
    if n_cells is None:
        n_cells = max(1, int(2 * len(unit) ** 0.5))
    rng = np.random.default_rng(0)
    size = min(len(unit), n_cells * ROWS_OF_SAMPLE)
    sample = unit[np.sort(rng.choice(len(unit), size, replace=False))]
    centres = sample[np.sort(rng.choice(size, min(n_cells, size), replace=False))]
    for _ in range(ROUNDS):
        labels, _ = _nearest_centres(sample, centres)
        centres = _means(sample, labels, centres)
    return filled(unit, centres)


def filled(unit: Matrix, centres: Matrix) -> Cells:
    """The rows in the cells of given centres."""
    home, cosine = _nearest_centres(unit, centres)
    order = np.argsort(home, kind="stable")
    ends = np.searchsorted(home[order], np.arange(len(centres) + 1))
    return Cells(centres, home, cosine, order, ends)


def _nearest_centres(unit: Matrix, centres: Matrix) -> tuple[NDArray[np.int32], Matrix]:
    """The nearest centre of each row, and its cosine."""
    home = np.empty(len(unit), np.int32)
    cosine = np.empty(len(unit), np.float32)
    for rows, block in _products(unit, centres):
        home[rows] = block.argmax(axis=1)
        cosine[rows] = np.take_along_axis(block, home[rows, None], axis=1)[:, 0]
    return home, cosine


def _products(unit: Matrix, centres: Matrix) -> Iterator[tuple[slice, Matrix]]:
    """Cosines of all rows with all centres, some rows at a time."""
    step = max(2, BLOCK_CELLS // 4 // max(1, len(centres)))
    buffer = np.empty((min(step, len(unit)), len(centres)), np.float32)
    for first in range(0, len(unit), step):
        rows = slice(first, min(first + step, len(unit)))
        block = buffer[: rows.stop - first]
        dot_rows(unit[rows], centres, block)
        yield rows, block


def _means(unit: Matrix, labels: NDArray[np.int32], centres: Matrix) -> Matrix:
    """The mean direction of the rows of each centre; a centre without rows stays as it is."""
    order = np.argsort(labels, kind="stable")
    there, first = np.unique(labels[order], return_index=True)
    sums = np.add.reduceat(unit[order], first, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    out = centres.copy()
    out[there] = np.where(length > 0, sums / np.where(length > 0, length, 1), out[there])
    return out
