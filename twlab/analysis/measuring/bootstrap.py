"""Intervals of means by a bootstrap over videos, and when there are too few of them to tell.

Queries about one video are no independent witnesses: whole videos are drawn, with all of theirs.
The middle part of the draws is too narrow where few are drawn, by ``sqrt((n - 1) / n)`` and by the
normal distribution in place of Student's; its ends are moved outwards by as much (Hesterberg).
Where all values are 1 the draws say nothing, but that a mean ``m`` gives only ones in ``n`` videos
has at most probability ``m ** n``: that bounds it from below, and zeros from above.

* :func:`intervals_of_means` - of every column of a matrix of values
* :func:`describe_interval` - in words

References
----------
Hesterberg, "What teachers should know about the bootstrap", The American Statistician 2015.
Field and Welsh, "Bootstrapping clustered data", JRSS B 2007.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from twlab.table.types import Floats, Mask, Positions

__all__ = [
    "FEWEST_UNITS",
    "GAIN_SPAN",
    "OUTSIDE",
    "SHARE_SPAN",
    "describe_interval",
    "intervals_of_means",
]

FEWEST_UNITS = 10
"""Videos from which on an interval is given. Of 400 drawn samples each of hits, rare misses and
graded values, in videos that differ, the interval of 95 % holds the mean in .92 to .98 with 10 and
more videos; with 5 in .905 to 1."""

N_VIDEO_DRAWS = 1000
"""Of videos: the standard error of an end is 2.2 % of the width for a normal statistic."""

SHARE_SPAN = (0.0, 1.0)
"""What a share can be at least and at most."""

GAIN_SPAN = (-1.0, 1.0)
"""What the difference of two shares can be."""

OUTSIDE = 0.05
"""Probability that the interval does not hold the mean, as is usual."""

MOST_CELLS = 2**24
"""Draws times videos that are held at once (128 MB)."""


class Interval(NamedTuple):
    """Means of columns with the ends of their intervals; NaN where nothing can be told."""

    mean: Floats
    low: Floats
    high: Floats
    n_values: Positions
    n_units: Positions


def intervals_of_means(
    values: Floats, units: Positions, *, span: tuple[float, float] = SHARE_SPAN
) -> Interval:
    """The mean of each column and its interval of 95 %.

    ``values`` has shape (q, m), missing where a query has no value; ``units`` (q,) says which
    video each is of, numbered from 0; ``span`` is the least and the largest that a value can be.
    Order of the rows does not matter beyond rounding.
    """
    least, width = span[0], span[1] - span[0]
    told = _intervals_of_shares((values - least) / width, units)
    mean, low, high = (least + width * one for one in told[:3])
    return Interval(mean, low, high, told.n_values, told.n_units)


def _intervals_of_shares(values: Floats, units: Positions) -> Interval:
    """The same for values from 0 to 1."""
    n_columns = values.shape[1]
    known = ~np.isnan(values)
    n_units = int(units.max()) + 1 if len(units) else 0
    sums, counts = np.zeros((n_units, n_columns)), np.zeros((n_units, n_columns))
    np.add.at(sums, units, np.where(known, values, 0.0))
    np.add.at(counts, units, known)
    order = np.lexsort((*sums.T, *counts.T)) if n_units else np.arange(0)
    sums, counts = sums[order], counts[order]  # the same draws whatever the order of the videos
    n_values, used = counts.sum(0), counts > 0
    with np.errstate(invalid="ignore"):
        mean = sums.sum(0) / np.where(n_values > 0, n_values, np.nan)
    low, high = np.full(n_columns, np.nan), np.full(n_columns, np.nan)
    for one in _columns_by_units(used):
        rows = used[:, one[0]]
        if rows.sum() >= FEWEST_UNITS:
            low[one], high[one] = _ends(sums[rows][:, one], counts[rows][:, one])
    return Interval(mean, low, high, n_values.astype(np.intp), used.sum(0).astype(np.intp))


def describe_interval(
    n_units: int, mean: float, low: float, *, span: tuple[float, float] = SHARE_SPAN
) -> str:
    """What an interval rests on, or why there is none; ``span`` as for the interval.

    >>> describe_interval(3, 0.5, float("nan"))
    'cannot tell: 3 videos, at least 10 are needed'
    >>> describe_interval(30, 1.0, 0.88)
    'exact bound: all 30 videos have the value 1'
    """
    videos = f"{n_units:,} video{'' if n_units == 1 else 's'}"
    if n_units < FEWEST_UNITS:
        return f"cannot tell: {videos}, at least {FEWEST_UNITS} are needed"
    if np.isnan(low):
        return f"cannot tell: all {videos} have the same value"
    if mean in span:
        return f"exact bound: all {videos} have the value {mean:g}"
    return f"bootstrap over {videos}"


def _columns_by_units(used: Mask) -> list[Positions]:
    """Columns that the same videos give values for, together."""
    if not used.size:
        return []
    _, group = np.unique(used, axis=1, return_inverse=True)
    group = group.ravel()
    return [np.flatnonzero(group == one) for one in range(int(group.max()) + 1)]


def _ends(sums: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """The ends for some columns that have values in each of these videos."""
    from scipy import stats

    n = len(sums)
    rng = np.random.default_rng(0)
    drawn = []
    for some in np.array_split(np.arange(N_VIDEO_DRAWS), -(-N_VIDEO_DRAWS * n // MOST_CELLS)):
        times = rng.multinomial(n, np.full(n, 1 / n), size=len(some)).astype(np.float64)
        drawn.append((times @ sums) / (times @ counts))
    tail = stats.norm.cdf(stats.t.ppf(OUTSIDE / 2, n - 1) * np.sqrt(n / (n - 1)))
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail], axis=0)
    alike = np.ptp(sums / counts, axis=0) == 0
    edge = (OUTSIDE / 2) ** (1 / n)
    value = (sums / counts)[0]
    low = np.where(alike, np.select([value >= 1, value <= 0], [edge, 0.0], np.nan), low)
    high = np.where(alike, np.select([value >= 1, value <= 0], [1.0, 1 - edge], np.nan), high)
    return low, high
