"""Neighbours of unit vectors found by visits to cells: the k best of each row, and close pairs.

* :func:`close_pairs` visits every cell that can hold a row close enough, and misses no pair.
* :func:`best_in_cells` looks for a row's ``k`` best. A cell can hold a better one only if its plane
  (:mod:`twlab.analysis.neighbors.voronoi`) is nearer than the worst of the best so far. A share of
  that distance is enough for most, because in many dimensions hardly any neighbour lies straight
  behind a plane. The share is found per call: it is raised until a sample of rows finds what it
  should. With a share of 1 nothing can be missed.

Everything takes rows of unit length, trusts its arguments and knows no table. Ties rank by
position, as in :mod:`twlab.analysis.neighbors.exact`, and the same rows give the same result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.analysis.neighbors.exact import (
    ROUNDING,
    Meeting,
    best_rows,
    collect_pairs,
    merge_best,
)
from twlab.analysis.neighbors.similarity import BLOCK_CELLS, blas_error, dot_by_blas
from twlab.analysis.neighbors.voronoi import (
    SLACK,
    bands,
    search_of,
    visits,
    with_margins,
)
from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twlab.analysis.neighbors.exact import Wanted
    from twlab.analysis.neighbors.voronoi import CellSearch
    from twlab.table.types import Matrix, Neighbors, Positions


__all__ = ["LEAST_RECALL", "best_in_cells", "close_pairs", "furthest"]

LEAST_RECALL = 0.985
"""Share of the true neighbours that a sample must find; a little more than is promised."""

SHARES = (0.15, 0.2, 0.25, 0.3, 0.4, 0.55, 0.75, 1.0)
"""Shares of the bound that are tried, each a fifth to two fifths above the one before; the last
is the bound itself, which misses nothing."""

N_SAMPLED = 256
"""Rows on which the share is found and the recall measured: of ten neighbours each, the recall is
known within .003 or so. Half and double change the time by a quarter at most."""

CHUNK = 2**16
"""Rows that visit cells together; it bounds the memory."""


def best_in_cells(
    queries: Matrix,
    unit: Matrix,
    among: Positions,
    k: int,
    *,
    own: bool,
    at_most: float = np.inf,
) -> tuple[Neighbors, float] | None:
    """As ``exact.best_rows``, most of the rows found, and the share of them that was found.

    The share, the recall, is measured on queries drawn at random. None where that takes
    more than ``at_most`` of all comparisons, as with rows that resemble nothing.
    """
    pool = unit if len(among) == len(unit) else unit[among]
    itself = np.full(len(queries), -1, np.intp)
    if own:
        itself[among] = np.arange(len(among))
    asked = np.flatnonzero(queries.any(axis=1))
    # Cells hold some four times as many rows as are sought: in smaller ones the k best of a row
    # are bound to lie in many, and all of these must be visited.
    width = min(k, len(among)) if len(asked) else 0
    if width < 1:
        return best_rows(queries, unit, among, k, own=own), 1.0
    search = search_of(queries, pool, itself, at_most=len(pool) // (4 * width + 4))
    drawn = np.random.default_rng(0).choice(asked, min(N_SAMPLED, len(asked)), replace=False)
    share, recall, compared = _find_share(search, drawn, width)
    if compared > at_most:
        return None
    indices = np.full((len(queries), width), -1, np.intp)
    similarities = np.full((len(queries), width), np.nan, np.float32)
    (indices[asked], similarities[asked]), _ = _find(search, asked, width, share)
    short = asked[(indices[asked] < 0).any(axis=1)]  # there are enough, in cells not visited
    indices[short], similarities[short] = _best_of_all(search, short, width)
    similarities[indices < 0] = np.nan
    filled = int((indices >= 0).sum(axis=1).max(initial=0))
    indices, similarities = indices[:, :filled], similarities[:, :filled]
    if pool is not unit:
        indices = np.where(indices >= 0, among[indices], -1)
    return (indices, similarities), recall


def _find_share(search: CellSearch, rows: Positions, k: int) -> tuple[float, float, float]:
    """The least share of the bound at which some rows find enough; of what, and by how much work.

    That is: the share of their neighbours that they find, and of all rows that they look at.
    """
    # What is as alike as the last true neighbour is one: of equal rows any may be found.
    truth = _best_of_all(search, rows, k)[1]
    last = np.where(np.isfinite(truth), truth, np.inf).min(axis=1, keepdims=True)
    n_true = max(1, int(np.isfinite(truth).sum()))
    recall = 0.0
    for share in SHARES:
        (_, mine), n_compared = _find(search, rows, k, share)
        recall = min(1.0, float((mine >= last - ROUNDING).sum()) / n_true)
        if recall >= LEAST_RECALL:
            break
    return share, recall, n_compared / max(1, len(rows) * len(search.pool))


def _best_of_all(search: CellSearch, rows: Positions, k: int) -> Neighbors:
    """The best of all rows for some queries."""
    every = np.arange(len(search.pool))
    found = best_rows(search.queries[rows], search.pool, every, k + 1, own=False)
    return _drop_itself(search.itself[rows], *found, k)


def _find(search: CellSearch, rows: Positions, k: int, share: float) -> tuple[Neighbors, int]:
    """The best of what some queries meet in the cells they visit, -1 where there is none.

    And how many comparisons that took.
    """
    indices = np.empty((len(rows), k), np.intp)
    similarities = np.empty((len(rows), k), np.float32)
    order, n_compared = np.argsort(search.home[rows], kind="stable"), 0
    parts = range(0, len(rows), CHUNK)
    for first in bar("neighbours", parts, unit="step"):
        part = order[first : first + CHUNK]
        best, n = _find_together(search, rows[part], k, share)
        indices[part], similarities[part] = best
        n_compared += n
    return (indices, similarities), n_compared


def _find_together(
    search: CellSearch, rows: Positions, k: int, share: float
) -> tuple[Neighbors, int]:
    """The same for rows in order of their cells, as many as are held at a time."""
    best = np.full((len(rows), k), -1, np.intp), np.full((len(rows), k), -np.inf, np.float32)
    cells, starts = np.unique(search.home[rows], return_index=True)
    n = 0
    for cell, mine in zip(cells, np.split(np.arange(len(rows)), starts[1:]), strict=True):
        n += _compare(search, rows, mine, int(cell), best)
    for band in bands(0, len(search.cells.centres)):
        # Unit rows of cosine s lie sqrt(2 - 2 s) apart. What would displace the worst of the best
        # so far lies within that distance, so at share 1 a cell whose plane is further holds none.
        worst = np.maximum(best[1][:, -1], -1)
        radius = np.float32(share) * np.sqrt(np.maximum(2 - 2 * worst, 0) + np.float32(SLACK))
        for cell, mine in visits(search, rows, radius, band):
            n += _compare(search, rows, mine, cell, best)
    return best, n


def _compare(
    search: CellSearch, rows: Positions, mine: Positions, cell: int, best: Neighbors
) -> int:
    """Put into the best of some rows what is better in a cell; how many comparisons it took."""
    members = search.cells.rows(cell)
    pool = search.pool[members]
    step = max(2, BLOCK_CELLS // max(1, len(members)))  # of copies one cell holds them all
    for first in range(0, len(mine), step):
        _improve(search, rows, mine[first : first + step], members, pool, best)
    return len(mine) * len(members)


def _improve(
    search: CellSearch,
    rows: Positions,
    mine: Positions,
    members: Positions,
    pool: Matrix,
    best: Neighbors,
) -> None:
    """The same for as many rows as one block has room for."""
    queries = search.queries[rows[mine]]
    block = np.empty((len(mine), len(members)), np.float32)
    dot_by_blas(queries, pool, block)
    reached = block.max(axis=1, initial=-np.inf) + np.float32(blas_error(pool.shape[1]))
    better = np.flatnonzero(reached >= best[1][mine, -1])
    if not len(better):
        return
    mine, k = mine[better], best[0].shape[1]
    found, values = best_rows(queries[better], pool, np.arange(len(members)), k + 1, own=False)
    here = np.where(found >= 0, members[found], -1)
    new = _drop_itself(search.itself[rows[mine]], here, values, k)
    best[0][mine], best[1][mine] = merge_best((best[0][mine], best[1][mine]), new, k)


def _drop_itself(itself: Positions, indices: Positions, values: Matrix, k: int) -> Neighbors:
    """Of the best, at most ``k`` that are not the row itself; -1 and -inf where there is none."""
    out = np.full((len(indices), k), -1, np.intp), np.full((len(indices), k), -np.inf, np.float32)
    there = (indices >= 0) & (indices != itself[:, None])
    row, column = np.nonzero(there)
    place = (there.cumsum(axis=1) - 1)[row, column]
    row, column, place = row[place < k], column[place < k], place[place < k]
    out[0][row, place], out[1][row, place] = indices[row, column], values[row, column]
    return out


def close_pairs(unit: Matrix, wanted: Wanted) -> Neighbors:
    """As ``exact.pairs_above`` of the rows among themselves, none left out."""
    search = with_margins(search_of(unit, unit, np.arange(len(unit))))
    return collect_pairs(bar("pairs", _near_cells(search, wanted.threshold), unit="step"), wanted)


def _near_cells(search: CellSearch, threshold: float) -> Iterator[Meeting]:
    """Rows, and rows that some of them may be close to: of one cell, and visitors of another."""
    cells, n_cells, unit = search.cells, len(search.cells.centres), search.pool
    for cell in range(n_cells):
        members = cells.rows(cell)
        yield Meeting(members, unit[members], members, None)
    # Of a pair in two cells each row is within the radius of the other, so the bound of ``visits``
    # holds from either side: it is enough that rows visit later cells.
    radius = np.full(len(search.queries), furthest(threshold), np.float32)
    for start in range(0, len(cells.order), CHUNK):
        rows = cells.order[start : start + CHUNK]
        for band in bands(0, n_cells):
            for cell, mine in visits(search, rows, radius[: len(rows)], band, onward=True):
                visitors, members = rows[mine], cells.rows(cell)
                yield Meeting(visitors, unit[visitors], members, unit[members])


def furthest(threshold: float) -> float:
    """The distance of rows that are just so alike, with room for rounding."""
    return float(np.sqrt(2 - 2 * (threshold - 4 * ROUNDING)))
