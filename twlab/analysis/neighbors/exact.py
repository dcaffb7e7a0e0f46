"""The inner loops of comparing rows with rows: small arrays in, small arrays out.

Everything takes rows of unit length, trusts its arguments and knows no table. A whole table is one
block of rows; a store is many, each compared with each by one worker, and what comes out of the
blocks is put together here. Positions count from the first row of a block, and equally alike rows
rank by position, so that the blocks change nothing.

* :func:`best_rows`, :func:`merge_best` - the k most alike rows, of a block and of several
* :func:`pairs_above`, :func:`collect_pairs`, :func:`best_first` - pairs above a threshold, of two
  blocks and of all blocks that meet
* :func:`may_pair` - pairs with enough time between them
* :func:`first_of_best` - the row that is most like its group
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.neighbors.similarity import (
    BLOCK_CELLS,
    blas_error,
    dot_by_blas,
    dot_each,
    dot_rows,
)
from twlab.analysis.neighbors.topmost import NOTHING, empty_keys, fold_keys, keep_best, unfold_keys
from twlab.errors import InputError
from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Neighbors, Positions

    Multiply = Callable[[Matrix, Matrix, Matrix], None]


__all__ = [
    "ROUNDING",
    "Apart",
    "Meeting",
    "Spans",
    "Videos",
    "Wanted",
    "best_first",
    "best_rows",
    "check_pair_count",
    "collect_pairs",
    "first_of_best",
    "merge_best",
    "pairs_above",
]

SPARE = 4
"""Rows chosen beyond the ``k`` best where products are not exact. The errors of some 6e-5 hide
the order of two rows at most of a query, unless many are copies: then all are multiplied again."""

PICKED = 64
"""Cells of a block that are multiplied exactly in the time of one that is picked out of it (31 ns
against 1.5 us, of 512 numbers)."""

PICKED_PRICE = 16
"""How many times as long the exact product of two rows takes where they are picked out. Of 1,500
rows of 512 numbers the 40 best take .05 s of CPU so, the 160 best .15, and .06 and .10 by exact
products of all; of 1,000 rows all others take .37 and .10."""

ROUNDING = 1e-6
"""What float32 may take from a similarity that is exactly the threshold."""


class Spans(NamedTuple):
    """Where rows lie."""

    video: Positions
    """The video of each row, as a number."""
    start: Floats
    end: Floats
    """Seconds; NaN where there is no time."""

    def of(self, rows: Positions | slice) -> Spans:
        """The same for some of the rows."""
        return Spans(self.video[rows], self.start[rows], self.end[rows])


class Apart(NamedTuple):
    """Which pairs of rows count, by their videos and times."""

    gap_sec: float = 0.0
    """Least time between two rows of one video."""
    videos: str = "any"
    """Rows of ``any`` two videos, of one and the ``same``, or of one and an ``other``."""


class Videos(NamedTuple):
    """The videos of queries and of the rows they are compared with, and whether they must agree."""

    query: Positions
    unit: Positions
    same: bool

    def of(self, queries: Any, unit: Any) -> Videos:
        """The same for some queries and some rows."""
        return Videos(self.query[queries], self.unit[unit], self.same)

    def strike(self, block: Matrix) -> None:
        """Make pairs that do not count less than any similarity."""
        agree = self.query[:, None] == self.unit
        block[agree != self.same] = -np.inf


class _Search(NamedTuple):
    """What is looked for where."""

    queries: Matrix
    pool: Matrix
    itself: Positions
    """The row of the pool that each query is, -1 where it is none."""
    videos: Videos | None


class Wanted(NamedTuple):
    """Which pairs are looked for."""

    threshold: float
    """The least cosine."""
    most: int
    """More pairs than these are refused."""
    spans: Spans | None = None
    """Where all rows lie that positions count in; None where any two may pair."""
    apart: Apart = Apart()


class Meeting(NamedTuple):
    """Two blocks of rows of one whole, each with each; without ``others``, one with itself."""

    left: Positions
    rows: Matrix
    right: Positions
    others: Matrix | None


def best_rows(
    queries: Matrix,
    unit: Matrix,
    among: Positions,
    k: int,
    *,
    own: bool,
    videos: Videos | None = None,
) -> Neighbors:
    """Positions and similarities of the k best, for each query; -1 and NaN where there is none."""
    width = min(k, len(among))
    indices = np.full((len(queries), width), -1, np.intp)
    similarities = np.full((len(queries), width), np.nan, np.float32)
    asked = np.flatnonzero(queries.any(axis=1))
    if not width or not len(asked):
        return indices[:, :0], similarities[:, :0]
    pool = unit if len(among) == len(unit) else unit[among]
    itself = np.full(len(queries), -1, np.intp)
    if own:
        itself[among] = np.arange(len(among))
    if videos is not None:
        videos = videos.of(slice(None), among)
    columns, values = _best_columns(_Search(queries, pool, itself, videos), asked, width)
    indices[asked], similarities[asked] = np.where(columns >= 0, among[columns], -1), values
    filled = int((indices >= 0).sum(axis=1).max(initial=0))
    return indices[:, :filled], similarities[:, :filled]


def _best_columns(search: _Search, rows: Positions, k: int) -> Neighbors:
    """The best columns for some queries, and their similarities."""
    error = blas_error(search.pool.shape[1])
    if not error:
        return unfold_keys(_best_keys(search, rows, k, dot_by_blas))
    if (k + SPARE) * PICKED_PRICE > len(search.pool):
        return unfold_keys(_best_keys(search, rows, k, dot_rows))
    # The fast product chooses, and the few that it chose are multiplied again.
    columns, rough = unfold_keys(_best_keys(search, rows, k + SPARE, dot_by_blas))
    keys = fold_keys(dot_each(search.queries[rows], search.pool, columns), columns)
    keys[columns < 0] = NOTHING
    keys.sort(axis=1)
    best = keys[:, -k:]
    # What was not chosen is no better than the last that was, but for the errors of both products.
    unsure = rough[:, -1] >= rough[:, k - 1] - 2 * error
    best[unsure] = _best_keys(search, rows[unsure], k, dot_rows)
    return unfold_keys(best)


def _best_keys(search: _Search, rows: Positions, k: int, multiply: Multiply) -> NDArray[np.int64]:
    """The keys of the best columns for some queries."""
    n = len(search.pool)
    if len(rows) == n and (search.itself[rows] == np.arange(n)).all():
        return _best_keys_within(search, k, multiply)
    best, step = empty_keys(len(rows), k), max(2, min(len(rows), BLOCK_CELLS // n))
    buffer = np.empty((step, n), np.float32)
    for first in bar("neighbours", range(0, len(rows), step), unit="step"):
        mine = rows[first : first + step]
        block = buffer[: len(mine)]
        multiply(search.queries[mine], search.pool, block)
        itself = search.itself[mine]
        block[np.flatnonzero(itself >= 0), itself[itself >= 0]] = -np.inf
        if search.videos is not None:
            search.videos.of(mine, slice(None)).strike(block)
        keep_best(best[first : first + step], block, 0)
    return best


def _best_keys_within(search: _Search, k: int, multiply: Multiply) -> NDArray[np.int64]:
    """The same where the queries are the pool: two rows are multiplied once, for both of them."""
    n = len(search.pool)
    best, cells = empty_keys(n, k), max(2 * n, min(n * n, BLOCK_CELLS // 2))
    buffer = np.empty(cells, np.float32)
    for first, step in bar("neighbours", list(_steps_within(n, cells)), unit="step"):
        rest = search.pool[first:]
        block = buffer[: step * len(rest)].reshape(step, len(rest))
        multiply(rest[:step], rest, block)
        np.fill_diagonal(block, -np.inf)
        if search.videos is not None:
            of = search.videos.unit[first:]
            Videos(of[:step], of, search.videos.same).strike(block)
        keep_best(best[first : first + step], block, first)
        block[:, :step] = -np.inf  # these have met one another
        keep_best(best[first:], block.T, first)
    return best


def _steps_within(n: int, cells: int) -> Iterator[tuple[int, int]]:
    """Firsts and numbers of rows that make a block of so many cells with all from there on."""
    first = 0
    while first < n:
        step = min(n - first, cells // (n - first))
        yield first, step
        first += step


def merge_best(one: Neighbors, other: Neighbors, k: int) -> Neighbors:
    """The k best of two results for the same queries; positions must count in one whole."""
    indices = np.concatenate([one[0], other[0]], axis=1)
    similarities = np.concatenate([one[1], other[1]], axis=1)
    rank = np.where(indices >= 0, -similarities, np.inf)
    order = np.lexsort((indices, rank), axis=1)[:, :k]
    return np.take_along_axis(indices, order, 1), np.take_along_axis(similarities, order, 1)


def pairs_above(
    left: Matrix,
    right: Matrix | None,
    threshold: float,
    *,
    most: int,
    spans: tuple[Spans, Spans] | None = None,
    apart: Apart = Apart(),  # noqa: B008 - a tuple, which nobody can change
) -> Neighbors:
    """Positions and cosines of all pairs of a row of one block and one of another.

    Without ``right``, of two different rows of ``left``, the earlier one first.

    Raises
    ------
    InputError
        If there are more than ``most``.
    """
    pool = left if right is None else right
    step = max(2, BLOCK_CELLS // max(1, len(pool)))
    pairs, values, n_pairs = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)], 0
    for first in range(0, len(left), step):
        skip = first if right is None else 0  # what lies before was met from the other side
        rows = left[first : first + step]
        a, b, value = _cells_above(rows, pool[skip:], threshold - ROUNDING, own=right is None)
        pair = np.column_stack([a + first, b + skip])
        if spans is not None:
            keep = may_pair(*spans, pair, apart)
            pair, value = pair[keep], value[keep]
        n_pairs += len(pair)
        check_pair_count(n_pairs, threshold, most)
        pairs.append(pair)
        values.append(np.clip(value, -1, 1))
    return np.concatenate(pairs), np.concatenate(values)


def _cells_above(
    rows: Matrix, others: Matrix, least: float, *, own: bool
) -> tuple[Positions, Positions, Matrix]:
    """Rows and columns of a block that reach so much, by row, and what they reach.

    Where the ``others`` are the rows' ``own``, and what comes after them, of two the earlier first.
    """
    block, error = np.empty((len(rows), len(others)), np.float32), blas_error(rows.shape[1])
    dot_by_blas(rows, others, block)
    a, b = np.nonzero(block >= least - error)
    if own:
        a, b = a[b > a], b[b > a]
    if not error:
        return a, b, block[a, b]
    if len(a) * PICKED > block.size:
        dot_rows(rows, others, block)
        value = block[a, b]
    else:
        value = np.empty(len(a), np.float32)
        step = max(1, BLOCK_CELLS // rows.shape[1])
        for first in range(0, len(a), step):
            part = slice(first, first + step)
            value[part] = dot_each(rows[a[part]], others, b[part, None])[:, 0]
    keep = value >= least
    return a[keep], b[keep], value[keep]


def collect_pairs(meetings: Iterable[Meeting], wanted: Wanted) -> Neighbors:
    """Positions in the whole, the earlier first, and cosines of all pairs of blocks that meet.

    Raises
    ------
    InputError
        If there are more than are wanted.
    """
    pairs, values, n_pairs = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)], 0
    for left, rows, right, others in meetings:
        right = left if others is None else right
        spans = wanted.spans and (wanted.spans.of(left), wanted.spans.of(right))
        found, value = pairs_above(
            rows, others, wanted.threshold, most=wanted.most, spans=spans, apart=wanted.apart
        )
        if len(found):
            n_pairs += len(found)
            check_pair_count(n_pairs, wanted.threshold, wanted.most)
            both = np.column_stack([left[found[:, 0]], right[found[:, 1]]])
            pairs.append(np.sort(both, axis=1))
            values.append(value)
    return np.concatenate(pairs), np.concatenate(values)


def check_pair_count(n_pairs: int, threshold: float, most: int) -> None:
    """Refuse more pairs than a table can usefully hold."""
    if n_pairs > most:
        raise InputError(
            f"more than {most:,} pairs are {threshold:g} alike; fewer were expected; "
            "raise the threshold or filter the table first"
        )


def best_first(pairs: Positions, values: Matrix) -> Neighbors:
    """The pairs ordered by similarity, equal ones by position."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -values))
    return pairs[order], values[order]


def may_pair(a: Spans, b: Spans, pairs: Positions, apart: Apart) -> NDArray[np.bool_]:
    """True for pairs of different videos, and of one video with enough time between."""
    left, right = a.of(pairs[:, 0]), b.of(pairs[:, 1])
    same = left.video == right.video
    if apart.videos == "other":
        return np.asarray(~same)
    between = np.maximum(left.start, right.start) - np.minimum(left.end, right.end)
    too_near = (between < apart.gap_sec - ROUNDING) | _holds(left, right) | _holds(right, left)
    return np.asarray(same & ~too_near if apart.videos == "same" else ~same | ~too_near)


def _holds(outer: Spans, inner: Spans) -> NDArray[np.bool_]:
    """True where the inner span has no length and lies within the outer one, or is the same."""
    point = inner.start == inner.end
    within = (outer.start <= inner.start) & (inner.start < outer.end)
    return np.asarray(point & (within | ((outer.start == inner.start) & (outer.end == inner.end))))


def first_of_best(likeness: Floats, group: Positions, n_groups: int) -> Positions:
    """The row of each group that is most like it; of equals, but for rounding, the first.

    The two rows of a pair are equally like their mean.
    """
    best = np.full(n_groups, -np.inf)
    np.maximum.at(best, group, likeness)
    rows = np.flatnonzero(likeness >= best[group] - ROUNDING)
    return rows[np.unique(group[rows], return_index=True)[1]]
