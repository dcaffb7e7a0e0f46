"""The k largest of each row of similarities, kept while blocks of them come and go.

A similarity and the position that it belongs to make one whole number, its key: the larger one is
more similar, and of equally similar ones the earlier. So ties need no second look, and the best of
two blocks are the largest keys of both.

* :func:`empty_keys`, :func:`keep_best` - keys of the best so far, and of what a block has better
* :func:`fold_keys`, :func:`unfold_keys` - keys made of similarities and positions, and taken apart
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Mask, Matrix, Neighbors, Positions

    _Keys = NDArray[np.int64]


__all__ = ["NOTHING", "empty_keys", "fold_keys", "keep_best", "unfold_keys"]

NOTHING = np.iinfo(np.int64).min
"""The key of no row; less than any other."""

LAST = 2**32 - 1
"""The last position that fits beside a similarity."""

GROUP = 8
"""Columns whose maximum stands for them while the best are looked for. The ten best among 10,000
rows take a tenth more time with 4 and with 16; the result is the same."""

LOOKED_INTO = 2**20
"""Cells that are looked into together, which bounds the memory where all rows are alike."""

SORTED_TOGETHER = 4
"""Times ``k`` cells of a row up to which they are sorted together with those of other rows. More
are found where many rows are alike, and sorted row by row."""


def empty_keys(n: int, k: int) -> _Keys:
    """Room for the keys of the ``k`` best of ``n`` rows, the worst first."""
    return np.full((n, k), NOTHING)


def fold_keys(values: Matrix, positions: Positions) -> _Keys:
    """The keys of similarities, which rounding may have led out of [-1, 1], and positions."""
    # The bits of floats above 0 are in their order, and those of others in the opposite one; -0 is
    # made 0 by the sum.
    bits = (np.clip(values, -1, 1) + np.float32(0)).view(np.int32).astype(np.int64)
    return np.asarray((np.where(bits < 0, -(bits & 0x7FFFFFFF), bits) << 32) + (LAST - positions))


def unfold_keys(best: _Keys) -> Neighbors:
    """Positions and similarities, the last key first; -1 and NaN where there is none."""
    best = best[:, ::-1]
    there = best != NOTHING
    values = np.where(there, _values_of(best), np.float32(np.nan))
    return np.where(there, LAST - (best & LAST), -1).astype(np.intp), values


def keep_best(best: _Keys, similar: Matrix, first: int) -> None:
    """Put the keys of what a block has that is better among those of the best.

    ``similar[i, j]`` is how similar row ``i`` is to position ``first + j``, -inf where that does
    not count. The block, or its transpose, is contiguous; of a row those of earlier positions came
    before.
    """
    k = best.shape[1]
    groups = _maxima(similar)
    # No less than a similarity can be, so that what does not count is never reached; and more than
    # the worst of k, as of equals those rank that were met before.
    full = best[:, 0] != NOTHING
    worst = np.where(full, np.nextafter(_values_of(best[:, 0]), np.float32(2)), np.float32(-2))
    least = np.maximum(worst, np.minimum(_kth_at_least(groups, k), 1))
    reached = groups >= least[:, None]
    for part in _parts(reached):
        rows, columns, values = _cells(similar, reached, least, part)
        keys = fold_keys(values, first + columns)
        new = _largest(rows - part.start, keys, k, part.stop - part.start)
        both = np.concatenate([best[part], new], axis=1)
        both.sort(axis=1)
        best[part] = both[:, -k:]


def _values_of(keys: _Keys) -> Matrix:
    """The similarities of keys."""
    upper = keys >> 32
    bits = np.where(upper < 0, -upper | 0x80000000, upper)
    return np.asarray(bits.astype(np.uint32).view(np.float32))


def _maxima(similar: Matrix) -> Matrix:
    """The maxima of groups of columns, column ``c`` in group ``c % n_groups``.

    Strided, so that they are taken over long contiguous stretches.
    """
    n = similar.shape[1] // GROUP
    if n < GROUP:
        return similar
    whole, rest = similar[:, : n * GROUP], similar[:, n * GROUP :]
    maxima = whole.reshape(len(similar), GROUP, n).max(axis=1)
    np.maximum(maxima[:, : rest.shape[1]], rest, out=maxima[:, : rest.shape[1]])
    return np.asarray(maxima)


def _kth_at_least(maxima: Matrix, k: int) -> Matrix:
    """What the ``k`` largest of each row reach: so do the maxima of ``k`` groups, of groups too."""
    while maxima.shape[1] > max(4 * k, GROUP) * GROUP:
        maxima = _maxima(maxima)
    if maxima.shape[1] < k:
        return np.full(len(maxima), -np.inf, np.float32)
    return np.asarray(np.partition(maxima, -k, axis=1)[:, -k])


def _parts(reached: Mask) -> Iterator[slice]:
    """Rows in which so many groups were reached as are looked into together, at least one."""
    before = np.count_nonzero(reached, axis=1).cumsum() * GROUP // LOOKED_INTO
    edges = np.flatnonzero(np.diff(before, prepend=-1, append=before[-1] + 1))
    return (slice(a, b) for a, b in pairwise(edges.tolist()))


def _cells(
    similar: Matrix, reached: Mask, least: Matrix, part: slice
) -> tuple[Positions, Positions, Matrix]:
    """Rows, columns and similarities of what may be among the best of some rows, by row."""
    n_groups, (n_rows, n) = reached.shape[1], similar.shape
    rows, group = np.divmod(np.flatnonzero(reached[part]), n_groups)
    offsets = np.arange(0, n, n_groups)
    rows, columns = part.start + rows.repeat(len(offsets)), (group[:, None] + offsets).ravel()
    if n % n_groups:
        rows, columns = rows[columns < n], columns[columns < n]
    # By one number a cell is taken in a fifth of the time that two numbers take.
    if similar.flags.c_contiguous:
        values = similar.ravel().take(rows * n + columns)
    else:
        values = similar.T.ravel().take(columns * n_rows + rows)
    there = values >= least[rows]
    return rows[there], columns[there], values[there]


def _largest(rows: Positions, keys: _Keys, k: int, n_rows: int) -> _Keys:
    """The largest keys of each row, ``k`` or some more, in no order; rows are sorted."""
    counts = np.bincount(rows, minlength=n_rows)
    ends = counts.cumsum()
    many = counts > SORTED_TOGETHER * k
    out = np.full((n_rows, min(int(counts.max(initial=0)), SORTED_TOGETHER * k)), NOTHING)
    place = np.arange(len(rows)) - (ends - counts)[rows]
    few = ~many[rows]
    out[rows[few], place[few]] = keys[few]
    for row in np.flatnonzero(many):
        out[row, :k] = np.partition(keys[ends[row] - counts[row] : ends[row]], -k)[-k:]
    return out
