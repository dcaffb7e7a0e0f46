"""Unit vectors divided into cells, so that rows are compared with few others instead of all.

Every row lies in the cell of its nearest centre. If a row has another within distance ``r`` in
some cell, it lies no further than ``r`` from the plane halfway between the centre of that cell and
its own, since the whole other cell lies beyond that plane. So a row need *visit* only the cells
whose plane is near; :mod:`twlab.analysis.neighbors.pruned` finds neighbours that way. A row may
also lie in the cell of another centre, where margins say how far beyond the plane it is.

Why neither faiss nor usearch: what is exact there compares all rows, and their cells and graphs
skip some with a recall that they do not tell. Here no close pair is missed, and recall is measured.

Everything takes rows of unit length, trusts its arguments and knows no table. All random numbers
have one fixed seed, so that the same rows give the same cells.

* :func:`divide_in_cells` - rows by the nearest of some centres; its steps are :func:`sample_rows`,
  :func:`centres_of`, :func:`near_centres` and :func:`cells_by` for rows that lie in pieces
* :func:`search_of`, :func:`with_margins` - rows, and what is known of the cells they may visit
* :func:`visits` - which rows visit which cells, :func:`bands` of them at a time

References
----------
Zezula, Amato, Dohnal and Batko, "Similarity Search: The Metric Space Approach", 2006, chapter 1.7
(the bound by the plane between two centres). Sivic and Zisserman, "Video Google", ICCV 2003 (cells
of k-means as an inverted file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.neighbors.similarity import BLOCK_CELLS, dot_by_blas, dot_rows, product_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Matrix, Positions

    Homes = NDArray[np.int32]

__all__ = [
    "SLACK",
    "CellSearch",
    "bands",
    "cells_by",
    "centres_of",
    "divide_in_cells",
    "gaps_of",
    "near_centres",
    "number_of_cells",
    "sample_rows",
    "search_of",
    "visits",
    "with_margins",
]

ROWS_OF_SAMPLE, ROUNDS = 32, 5
"""Rows for each centre from which the centres are found, and rounds of k-means: cells need not be
the best ones, only compact. The ten best of 20,000 rows take from a sixth
to nearly half more time with either at half or at double; the recall is the same."""

CELLS_PER_ROOT = 3
"""Cells for each square root of the rows: with more, visits cost less and centres more. At half
those ten best take a third more time, at double a seventh."""

GROUPS_LOOKED_AT = 4
"""Groups of centres in which :func:`near_centres` looks. Of 3,000 centres it names the nearest for
98.7 % of the rows in .28 of the time of all products; of 1,500 with 2, 4 and 8 groups for 98.9,
99.6 and 99.9 % in .21, .32 and .57."""

BAND = 256
"""Cells whose visits are found at a time; it bounds the memory (64 MB with 65,536 rows that visit).
At half and double the time is the same within an eighth."""

SLACK = 1e-5
"""What rounding may take from a distance to a plane or its square, beside :func:`_doubt`."""


class Cells(NamedTuple):
    """Rows by the nearest of some centres, or a near one."""

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


def divide_in_cells(unit: Matrix, at_most: int | None = None) -> Cells:
    """The rows in cells of k-means, a few times the square root of the rows or ``at_most``."""
    n_cells = number_of_cells(len(unit))
    n_cells = max(1, n_cells if at_most is None else min(n_cells, at_most))
    centres = centres_of(unit[sample_rows(len(unit), n_cells)], n_cells)
    return cells_by(centres, *nearest_centres(unit, centres))


def number_of_cells(n_rows: int) -> int:
    """How many cells are worth it for so many rows."""
    return int(CELLS_PER_ROOT * n_rows**0.5)


def sample_rows(n_rows: int, n_cells: int) -> Positions:
    """Positions, in order, of the rows from which the centres are found."""
    size = min(n_rows, n_cells * ROWS_OF_SAMPLE)
    return np.sort(np.random.default_rng(0).choice(n_rows, size, replace=False))


def centres_of(
    sample: Matrix,
    n_cells: int,
    *,
    assign: Callable[[Matrix, Matrix], tuple[Homes, Matrix]] | None = None,
) -> Matrix:
    """Centres by a few rounds of k-means, with the nearest one of each row or a near one."""
    assign = assign or nearest_centres
    n_cells = min(n_cells, len(sample))
    drawn = np.random.default_rng(1).choice(len(sample), n_cells, replace=False)
    centres = sample[np.sort(drawn)]
    for _ in range(ROUNDS):
        labels, _ = assign(sample, centres)
        centres = _means(sample, labels, centres)
    return centres


def cells_by(centres: Matrix, home: Homes, cosine: Matrix) -> Cells:
    """The cells of rows whose centre is known."""
    order = np.argsort(home, kind="stable")
    ends = np.searchsorted(home[order], np.arange(len(centres) + 1))
    return Cells(centres, home, cosine, order, ends)


def nearest_centres(unit: Matrix, centres: Matrix) -> tuple[Homes, Matrix]:
    """The nearest centre of each row, and its cosine."""
    home = np.empty(len(unit), np.int32)
    cosine = np.empty(len(unit), np.float32)
    for rows, block in _products(unit, centres):
        home[rows] = block.argmax(axis=1)
        cosine[rows] = np.take_along_axis(block, home[rows, None], axis=1)[:, 0]
    return home, cosine


def near_centres(unit: Matrix, centres: Matrix) -> tuple[Homes, Matrix]:
    """A centre for each row that is seldom not the nearest, and its cosine.

    The centres lie in groups, and each row looks in the few that are nearest to it. That is enough
    for :func:`with_margins`, whose bounds hold for whatever cells rows lie in.
    """
    groups = _groups_of(centres)
    home, cosine = np.zeros(len(unit), np.int32), np.full(len(unit), -2, np.float32)
    n_looked = min(GROUPS_LOOKED_AT, len(groups.centres))
    for part, block in _products(unit, groups.centres):
        looked = np.argpartition(block, -n_looked, axis=1)[:, -n_looked:].ravel()
        order = np.argsort(looked, kind="stable")
        ends = np.searchsorted(looked[order], np.arange(len(groups.centres) + 1))
        for group in range(len(groups.centres)):
            rows = order[ends[group] : ends[group + 1]] // n_looked + part.start
            here = groups.rows(group)
            for some, products in _products(unit, centres[here], rows):
                best = products.argmax(axis=1)
                found = np.take_along_axis(products, best[:, None], axis=1)[:, 0]
                nearer = found > cosine[rows[some]]
                mine = rows[some][nearer]
                home[mine], cosine[mine] = here[best[nearer]], found[nearer]
    return home, cosine


def _groups_of(centres: Matrix) -> Cells:
    """Centres in about the square root of their number of groups, none of them empty."""
    found = centres_of(centres, max(1, int(len(centres) ** 0.5)))
    home, cosine = nearest_centres(centres, found)
    there, group = np.unique(home, return_inverse=True)
    return cells_by(found[there], group.astype(np.int32), cosine)


def _products(
    unit: Matrix, centres: Matrix, among: Positions | None = None
) -> Iterator[tuple[slice, Matrix]]:
    """Cosines of all rows, or of those ``among`` them, with all centres, some at a time."""
    n = len(unit) if among is None else len(among)
    step = max(2, BLOCK_CELLS // 4 // max(1, len(centres)))
    buffer = np.empty((min(step, n), len(centres)), np.float32)
    for first in range(0, n, step):
        part = slice(first, min(first + step, n))
        block = buffer[: part.stop - first]
        # Which of two centres that are equally near a row has is open: all bounds leave it room.
        dot_by_blas(unit[part] if among is None else unit[among[part]], centres, block)
        yield part, block


def _doubt(d: int) -> np.float32:
    """What rounding may take from a bound for rows of d numbers, by BLAS on whatever processor.

    A bound compares four products, those of a row and of one in the other cell with both centres.
    """
    return np.float32(SLACK + 4 * product_error(d))


def _means(unit: Matrix, labels: NDArray[np.int32], centres: Matrix) -> Matrix:
    """The mean direction of the rows of each centre; a centre without rows stays as it is."""
    # Rows of one label made consecutive, so that one pass over them gives all the sums.
    order = np.argsort(labels, kind="stable")
    there, first = np.unique(labels[order], return_index=True)
    sums = np.add.reduceat(unit[order], first, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    out = centres.copy()
    out[there] = np.where(length > 0, sums / np.where(length > 0, length, 1), out[there])
    return out


class CellSearch(NamedTuple):
    """Rows that visit cells, and what they may find there."""

    queries: Matrix
    pool: Matrix
    cells: Cells
    home: Homes
    """The cell in which each query lies."""
    cosine: Matrix
    """Its similarity to the centre."""
    itself: Positions
    """Where each query is in the pool; -1 where it is not."""
    gaps: Matrix
    """Distances between the centres."""
    margins: Matrix | None = None
    """Where every query lies in the pool: how far at least the rows of a cell (row) lie from the
    plane to another (column), times the gap."""


def search_of(
    queries: Matrix, pool: Matrix, itself: Positions, *, at_most: int | None = None
) -> CellSearch:
    """Queries that may visit cells of a pool, of which there are at most so many."""
    cells = divide_in_cells(pool, at_most)
    if len(queries) == len(pool) and (itself == np.arange(len(pool))).all():
        home, cosine = cells.home, cells.cosine
    else:
        home, cosine = nearest_centres(queries, cells.centres)
    return CellSearch(queries, pool, cells, home, cosine, itself, gaps_of(cells.centres))


def gaps_of(centres: Matrix) -> Matrix:
    """Distances between centres, a little too large rather than too small."""
    cosines = np.empty((len(centres),) * 2, np.float32)
    dot_rows(centres, centres, cosines)
    # |c - e|**2 = 2 - 2 c.e of unit vectors. Too large a gap costs visits, too small a one rows.
    cosines *= -2  # in place: with thousands of centres each copy counts
    cosines += 2
    np.maximum(cosines, 0, out=cosines)
    cosines += np.float32(SLACK)
    return np.asarray(np.sqrt(cosines, out=cosines))


def bands(first: int, end: int) -> list[range]:
    """Cells from the first up to an end, in bands of no more than are visited at a time."""
    return [range(k, min(k + BAND, end)) for k in range(first, end, BAND)]


def visits(
    search: CellSearch, rows: Positions, radius: Matrix, cells: range, *, onward: bool = False
) -> Iterator[tuple[int, Positions]]:
    """Each of a band of cells with the rows (places in ``rows``) to visit it, if there are any.

    A row never visits its own cell; ``onward`` it visits later ones only.
    """
    # Why no row is missed: let x be a row, c its centre, e another, y a row of e's cell within r of
    # x. y is nearer to e, so y.(c - e) <= -margin <= 0 (both centres have length 1), and
    #   x.c - x.e  =  (x - y).(c - e) + y.(c - e)  <=  r |c - e| - margin   (Cauchy and Schwarz).
    # Where x.c exceeds x.e + r |c - e| - margin, there is no such y, and the cell is passed by.
    # A measured margin may be below 0, and says as much of cells whose centre is not the nearest.
    band = slice(cells.start, cells.stop)
    gaps, numbers, doubt = search.gaps[:, band], np.array(cells), _doubt(search.queries.shape[1])
    at, to = [], []
    for part, block in _products(search.queries, search.cells.centres[band], rows):
        home = search.home[rows[part]]
        limit = gaps[home]
        limit *= radius[part, None]
        limit += block
        if search.margins is not None:
            limit -= search.margins[band].T[home]
        near = limit >= search.cosine[rows[part], None] - doubt
        near &= numbers > home[:, None] if onward else numbers != home[:, None]
        row, cell = np.nonzero(near)
        at.append(row + part.start)
        to.append(cell.astype(np.int16))
    row, cell = np.concatenate(at), np.concatenate(to)
    order = np.argsort(cell, kind="stable")
    ends = np.searchsorted(cell[order], np.arange(len(numbers) + 1))
    for number, low, high in zip(numbers, ends[:-1], ends[1:], strict=True):
        if high > low:
            yield int(number), row[order[low:high]]


def with_margins(search: CellSearch) -> CellSearch:
    """The search with the least of ``row . own centre - row . other centre`` of each cell."""
    unit, cells = search.queries, search.cells
    out = np.full((len(cells.centres),) * 2, 2, np.float32)
    for part, block in _products(unit, cells.centres, cells.order):
        rows = cells.order[part]
        here, first = np.unique(cells.home[rows], return_index=True)
        np.subtract(cells.cosine[rows, None], block, out=block)
        out[here] = np.minimum(out[here], np.minimum.reduceat(block, first, axis=0))
    out -= _doubt(unit.shape[1])  # a margin that is too small is safe, as is a gap too large
    return search._replace(margins=out)
