"""Unit vectors divided into cells, so that rows are compared with few others instead of all.

Every row lies in the cell of its nearest centre. If a row has another within distance ``r`` in
some cell, it lies no further than ``r`` from the plane halfway between the centre of that cell and
its own, since the whole other cell lies beyond that plane. So a row need *visit* only the cells
whose plane is near:

* :func:`close_pairs` takes the bound as it is, and misses no pair.
* :func:`best_in_cells` looks for a row's ``k`` best. Here ``r`` is the distance of the worst of
  the best so far, and a share of it is enough, because in many dimensions hardly any neighbour
  lies straight behind the plane. The share is found per call: it is raised until a sample of rows
  finds what it should. With a share of 1 nothing could be missed.

Everything takes rows of unit length, trusts its arguments and knows no table. Ties rank by
position, as in :mod:`twlab.kernels`, and all random numbers have one fixed seed, so that the same
rows give the same result.

References
----------
Zezula, Amato, Dohnal and Batko, "Similarity Search: The Metric Space Approach", 2006, chapter 1.7
(the bound by the plane between two centres). Sivic and Zisserman, "Video Google", ICCV 2003 (cells
of k-means as an inverted file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.kernels import ROUNDING, best_rows, check_count, merge_best, pairs_above
from twlab.similarity import BLOCK_CELLS, dot_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from twlab.kernels import Spans

    Matrix = NDArray[np.float32]
    Positions = NDArray[np.intp]
    Homes = NDArray[np.int32]
    Arrays = tuple[Positions, Matrix]

__all__ = ["LEAST_RECALL", "Cells", "best_in_cells", "cells_of", "close_pairs"]

LEAST_RECALL = 0.985
"""Share of the true neighbours that a sample must find; a little more than is promised."""

SHARES = (0.15, 0.2, 0.25, 0.3, 0.4, 0.55, 0.75, 1.0)
"""Shares of the bound that are tried."""

N_SAMPLED = 256
"""Rows on which the share is found and the recall measured."""

ROWS_OF_SAMPLE, ROUNDS = 32, 5
"""Rows for each centre from which the centres are found, and rounds of k-means: cells need not be
the best ones, only compact."""

BAND, CHUNK = 256, 2**16
"""Cells, and rows, whose visits are found at a time; what bounds the memory."""

CELLS_PER_ROOT = 3
"""Cells for each square root of the rows: with more, visits cost less and centres more."""

MANY_ROWS = 50_000
"""Rows from which a progress bar is worth it."""

SLACK = 1e-5
"""What rounding may take from a distance to a plane or its square."""


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
    """The rows in cells of k-means; by default a few times the square root of the rows."""
    if n_cells is None:
        n_cells = max(1, int(CELLS_PER_ROOT * len(unit) ** 0.5))
    rng = np.random.default_rng(0)
    size = min(len(unit), n_cells * ROWS_OF_SAMPLE)
    sample = unit[np.sort(rng.choice(len(unit), size, replace=False))]
    centres = sample[np.sort(rng.choice(size, min(n_cells, size), replace=False))]
    for _ in range(ROUNDS):
        labels, _ = _nearest_centres(sample, centres)
        centres = _means(sample, labels, centres)
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
        dot_rows(unit[part] if among is None else unit[among[part]], centres, block)
        yield part, block


def _means(unit: Matrix, labels: NDArray[np.int32], centres: Matrix) -> Matrix:
    """The mean direction of the rows of each centre; a centre without rows stays as it is."""
    order = np.argsort(labels, kind="stable")
    there, first = np.unique(labels[order], return_index=True)
    sums = np.add.reduceat(unit[order], first, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    out = centres.copy()
    out[there] = np.where(length > 0, sums / np.where(length > 0, length, 1), out[there])
    return out


class _Search(NamedTuple):
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


def _search_of(queries: Matrix, pool: Matrix, itself: Positions, n_cells: int | None) -> _Search:
    cells = cells_of(pool, n_cells)
    if len(queries) == len(pool) and (itself == np.arange(len(pool))).all():
        home, cosine = cells.home, cells.cosine
    else:
        home, cosine = _nearest_centres(queries, cells.centres)
    cosines = np.empty((len(cells.centres),) * 2, np.float32)
    dot_rows(cells.centres, cells.centres, cosines)
    gaps = np.sqrt(np.maximum(2 - 2 * cosines, 0) + np.float32(SLACK))
    return _Search(queries, pool, cells, home, cosine, itself, gaps)


def _visits(
    search: _Search, rows: Positions, radius: Matrix, first: int, *, onward: bool = False
) -> Iterator[tuple[int, Positions]]:
    """Cells from ``first`` on, a band of them, each with the rows (places in ``rows``) to visit it.

    A row never visits its own cell; ``onward`` it visits later ones only.
    """
    band = slice(first, min(first + BAND, len(search.cells.centres)))
    gaps, numbers = search.gaps[:, band], np.arange(band.start, band.stop)
    at, to = [], []
    for part, block in _products(search.queries, search.cells.centres[band], rows):
        home = search.home[rows[part]]
        limit = gaps[home]
        limit *= radius[part, None]
        limit += block
        if search.margins is not None:
            limit -= search.margins[band].T[home]
        near = limit >= search.cosine[rows[part], None] - np.float32(SLACK)
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


def best_in_cells(
    queries: Matrix, unit: Matrix, among: Positions, k: int, *, own: bool
) -> tuple[Arrays, float]:
    """As :func:`twlab.kernels.best_rows`, most of the rows found, and the share of them found.

    The share, the recall, is measured on some of the queries drawn by lot.
    """
    pool = unit if len(among) == len(unit) else unit[among]
    itself = np.full(len(queries), -1, np.intp)
    if own:
        itself[among] = np.arange(len(among))
    asked = np.flatnonzero(queries.any(axis=1))
    width = min(k, len(among))
    n_cells = max(1, min(int(CELLS_PER_ROOT * len(pool) ** 0.5), len(pool) // (4 * width + 4)))
    search = _search_of(queries, pool, itself, n_cells)
    drawn = np.random.default_rng(0).choice(asked, min(N_SAMPLED, len(asked)), replace=False)
    share, recall = _share_needed(search, drawn, width)
    indices = np.full((len(queries), width), -1, np.intp)
    similarities = np.full((len(queries), width), np.nan, np.float32)
    indices[asked], similarities[asked] = _found(search, asked, width, share)
    similarities[indices < 0] = np.nan
    filled = int((indices >= 0).sum(axis=1).max(initial=0))
    indices, similarities = indices[:, :filled], similarities[:, :filled]
    if pool is not unit:
        indices = np.where(indices >= 0, among[indices], -1)
    return (indices, similarities), recall


def _share_needed(search: _Search, rows: Positions, k: int) -> tuple[float, float]:
    """The least share of the bound at which some rows find enough, and the share they find."""
    every = np.arange(len(search.pool))
    found = best_rows(search.queries[rows], search.pool, every, k + 1, own=False)
    truth = _without(search.itself[rows], *found, k)[1]
    last = np.where(np.isfinite(truth), truth, np.inf).min(axis=1, keepdims=True)
    n_true = max(1, int(np.isfinite(truth).sum()))
    recall = 0.0
    for share in SHARES:
        mine = _found(search, rows, k, share)[1]
        recall = min(1.0, float((mine >= last - ROUNDING).sum()) / n_true)
        if recall >= LEAST_RECALL:
            break
    return share, recall


def _found(search: _Search, rows: Positions, k: int, share: float) -> Arrays:
    """The best of what some queries meet in the cells they visit; -1 where there is none."""
    indices = np.empty((len(rows), k), np.intp)
    similarities = np.empty((len(rows), k), np.float32)
    order = np.argsort(search.home[rows], kind="stable")
    parts = range(0, len(rows), CHUNK)
    for first in _bar(parts, "neighbours", len(rows)):
        part = order[first : first + CHUNK]
        indices[part], similarities[part] = _found_together(search, rows[part], k, share)
    return indices, similarities


def _found_together(search: _Search, rows: Positions, k: int, share: float) -> Arrays:
    """The same for rows in order of their cells, as many as are held at a time."""
    best = np.full((len(rows), k), -1, np.intp), np.full((len(rows), k), -np.inf, np.float32)
    cells, starts = np.unique(search.home[rows], return_index=True)
    for cell, mine in zip(cells, np.split(np.arange(len(rows)), starts[1:]), strict=True):
        _compare(search, rows, mine, int(cell), best)
    for first in range(0, len(search.cells.centres), BAND):
        worst = np.maximum(best[1][:, -1], -1)
        radius = np.float32(share) * np.sqrt(np.maximum(2 - 2 * worst, 0) + np.float32(SLACK))
        for cell, mine in _visits(search, rows, radius, first):
            _compare(search, rows, mine, cell, best)
    return best


def _compare(search: _Search, rows: Positions, mine: Positions, cell: int, best: Arrays) -> None:
    """Put into the best of some rows what is better in a cell."""
    members = search.cells.rows(cell)
    pool, queries = search.pool[members], search.queries[rows[mine]]
    block = np.empty((len(mine), len(members)), np.float32)
    dot_rows(queries, pool, block)
    better = np.flatnonzero(block.max(axis=1, initial=-np.inf) >= best[1][mine, -1])
    if not len(better):
        return
    mine, k = mine[better], best[0].shape[1]
    found, values = best_rows(queries[better], pool, np.arange(len(members)), k + 1, own=False)
    here = np.where(found >= 0, members[found], -1)
    new = _without(search.itself[rows[mine]], here, values, k)
    best[0][mine], best[1][mine] = merge_best((best[0][mine], best[1][mine]), new, k)


def _without(itself: Positions, indices: Positions, values: Matrix, k: int) -> Arrays:
    """Of the best, at most ``k`` that are not the row itself; -1 and -inf where there is none."""
    out = np.full((len(indices), k), -1, np.intp), np.full((len(indices), k), -np.inf, np.float32)
    there = (indices >= 0) & (indices != itself[:, None])
    row, column = np.nonzero(there)
    place = (there.cumsum(axis=1) - 1)[row, column]
    row, column, place = row[place < k], column[place < k], place[place < k]
    out[0][row, place], out[1][row, place] = indices[row, column], values[row, column]
    return out


def close_pairs(
    unit: Matrix,
    threshold: float,
    *,
    most: int,
    spans: Spans | None = None,
    gap: float = 0.0,
) -> Arrays:
    """As :func:`twlab.kernels.pairs_above` of the rows among themselves, none left out."""
    search = _search_of(unit, unit, np.arange(len(unit)), None)
    search = search._replace(margins=_margins(unit, search.cells))
    count = 0
    pairs, values = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)]
    for left, right in _bar(_near(search, threshold), "pairs", len(unit)):
        sides = spans and (spans.of(left), spans.of(left if right is None else right))
        found, value = pairs_above(
            unit[left],
            None if right is None else unit[right],
            threshold,
            most=most,
            spans=sides,
            gap=gap,
        )
        if len(found):
            count += len(found)
            check_count(count, threshold, most)
            both = left[found[:, 0]], (left if right is None else right)[found[:, 1]]
            pairs.append(np.sort(np.column_stack(both), axis=1))
            values.append(value)
    return np.concatenate(pairs), np.concatenate(values)


def _margins(unit: Matrix, cells: Cells) -> Matrix:
    """The least of ``row . own centre - row . other centre`` over the rows of each cell."""
    out = np.full((len(cells.centres),) * 2, 2, np.float32)
    for part, block in _products(unit, cells.centres, cells.order):
        rows = cells.order[part]
        here, first = np.unique(cells.home[rows], return_index=True)
        np.subtract(cells.cosine[rows, None], block, out=block)
        out[here] = np.minimum(out[here], np.minimum.reduceat(block, first, axis=0))
    return out - np.float32(SLACK)


def _near(search: _Search, threshold: float) -> Iterator[tuple[Positions, Positions | None]]:
    """Rows, and rows that some of them may be close to: of one cell, and visitors of another."""
    cells, n_cells = search.cells, len(search.cells.centres)
    for cell in range(n_cells):
        yield cells.rows(cell), None
    radius = np.full(len(search.queries), np.sqrt(2 - 2 * (threshold - 4 * ROUNDING)), np.float32)
    for start in range(0, len(cells.order), CHUNK):
        rows = cells.order[start : start + CHUNK]
        for first in range(0, n_cells, BAND):
            for cell, mine in _visits(search, rows, radius[: len(rows)], first, onward=True):
                yield rows[mine], cells.rows(cell)


def _bar(steps: Any, name: str, n_rows: int) -> Any:
    """A progress bar over the steps; silent where it would be gone before it is read."""
    from tqdm.auto import tqdm

    return tqdm(steps, desc=name, unit="step", disable=n_rows < MANY_ROWS, leave=False)
