"""How many groups: the cut of greatest modularity, and whether there is more than one at all.

Each row is tied to its seven nearest, by the cube of how much more alike they are than rows on
the average; equal rows count once, and a tie far weaker than the strongest of both its rows is
none, since many of them would join small groups (the limit of resolution, Fortunato and
Barthélemy 2007). A division is good where ties stay inside groups more than chance would have it
(modularity, Newman 2004). That has no scale and prefers no number, but never says one: noise has
ties too. So more than one group is said only where the groups are tighter than those that the same
search finds in rows drawn from one normal distribution with the same mean and covariance (the gap
statistic of Tibshirani, with the null of Huang et al.), in none of some draws; these end with the
first that is as tight (Besag and Clifford).

* :func:`ties`, :func:`ties_in_time` - the graph of nearest rows, of all or of those close in time
* :func:`modularity` - how much more of the ties stay inside groups than by chance
* :func:`best_number` - the curve over numbers of groups, widened until its best is inside
* :func:`is_divided` - whether there is more than one group

References
----------
Newman, "Fast algorithm for detecting community structure in networks", Phys. Rev. E 2004.
Fortunato, Barthélemy, "Resolution limit in community detection", PNAS 2007.
Tibshirani, Walther, Hastie, "Estimating the number of clusters in a data set via the gap
statistic", J. R. Stat. Soc. B 2001. Huang, Liu, Yuan, Marron, "Statistical significance of
clustering using soft thresholding", J. Comput. Graph. Stat. 2015. Besag, Clifford, "Sequential
Monte Carlo p-values", Biometrika 1991.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.groups.partitions import (
    chain_tree,
    cut_tree,
    group_sums,
    linkage_tree,
)
from twlab.analysis.neighbors.exact import best_rows
from twlab.analysis.neighbors.twins import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twlab.analysis.groups.partitions import Tree
    from twlab.table.types import Matrix, Positions


__all__ = ["LEADING", "best_number", "is_divided", "modularity", "ties", "ties_in_time"]

N_NEAREST = 7
"""Rows that each row is tied to. Planted groupings of pairs to sixties are found with 4, 7 and 14;
the number of scenes that people see is missed by a factor of e to the power of (OVSD, BBC, RAI,
texts) .35, 1.16, .29, .21 with 4, .39, 1.40, .46, .23 with 7, .64, 1.77, .63, .24 with 14; with 4
the sample film falls into 17 clusters, with 7 into 10."""

POWER = 3
"""Exponent of the likeness of tied rows. The same figures at half are .51, 1.65, .36, .29, at
double .37, 1.13, .31, .26, where the sample film has 17 clusters, at half 7."""

LEAST_SHARE = 0.6
"""Share of the strongest likeness of either row below which a tie is none. Without, weak ties join
hundreds of pairs; at half, a thousand of pairs are found to a Rand index of .42; were only the
strongest left, other groups fall apart."""

N_DRAWS = 9
"""Tables drawn from one normal distribution, of which none may be as tight. One topic in 2 or 3
dimensions is then divided in .03, in 4 or 8 in .01, in more never; with 5 draws in .05, .03 and 0.
With 19, one of the 38 films and texts is taken for one group, with 38 two, with 5 to 10 none."""

MOST_JUDGED = 600
"""Rows on which is judged whether there is more than one group. On 22 planted groupings, one topics
and 38 films half and double as many say the same, in .8 and 1.6 of the time."""

LEADING = 8
"""Numbers of a vector that tell it from others: rows are ordered by these, so that their own order
does not matter."""

FIRST, RATIO = 8, 1.15
"""Numbers tried one by one, then in this ratio, up to past twice the best one."""


def ties(unit: Matrix) -> Any:
    """A symmetric sparse matrix of how strongly each row is tied to its nearest."""
    rows = _first_of_equals(unit)
    pool = unit[rows]
    found, alike = best_rows(pool, pool, np.arange(len(rows)), N_NEAREST, own=True)
    there = found >= 0
    pairs = np.column_stack([np.repeat(rows, there.sum(axis=1)), rows[found[there]]])
    return _graph(pool, pairs, alike[there], len(unit))


def ties_in_time(unit: Matrix, chain: Positions) -> Any:
    """The same with the rows that are nearest in time within a video."""
    rows = _first_of_equals(unit, chain)
    pool, video = unit[rows], chain[rows]
    pairs, alike = [np.empty((0, 2), np.intp)], [np.empty(0)]
    for step in range(1, min(N_NEAREST, len(rows) - 1) + 1):
        first = np.flatnonzero(video[step:] == video[:-step])
        pairs.append(np.column_stack([rows[first], rows[first + step]]))
        alike.append(np.einsum("ij,ij->i", pool[first], pool[first + step]))
    return _graph(pool, np.concatenate(pairs), np.concatenate(alike), len(unit))


def _first_of_equals(unit: Matrix, chain: Positions | None = None) -> Positions:
    """Positions of the first of equal rows; with ``chain`` of those that touch in time."""
    if not len(unit):
        return np.empty(0, np.intp)
    mark = marks(unit)
    if chain is None:
        return np.sort(np.unique(mark, return_index=True)[1])
    new = (np.diff(chain) != 0) | (mark[1:] != mark[:-1])
    return np.flatnonzero(np.append(True, new))


def _graph(pool: Matrix, pairs: Positions, alike: Any, n: int) -> Any:
    """The ties of pairs: how much more alike they are than rows on the average, cubed."""
    from scipy.sparse import csr_array

    total = pool.sum(axis=0, dtype=np.float64)
    average = (total @ total - len(pool)) / max(1, len(pool) * (len(pool) - 1))
    more = np.maximum(np.asarray(alike, np.float64) - average, 0)
    strongest = np.zeros(n)
    for side in pairs.T:
        np.maximum.at(strongest, side, more)
    strong = more >= LEAST_SHARE * strongest[pairs].min(axis=1)
    values, ends = more[strong] ** POWER, pairs[strong].T
    half = csr_array((values, (ends[0], ends[1])), shape=(n, n))
    return (half + half.T).tocoo()


def modularity(graph: Any, labels: Positions) -> float:
    """The share of ties inside groups, less the share expected of as strongly tied rows."""
    total = float(graph.data.sum())
    if not total:
        return 0.0
    inside = float(graph.data[labels[graph.row] == labels[graph.col]].sum()) / total
    degree = np.bincount(labels[graph.row], graph.data) / total
    return round(inside - float(degree @ degree), 12) + 0.0  # 0 of one group, never -0


def best_number(score: Callable[[int], float], least: int, most: int) -> dict[int, float]:
    """The scores of the numbers that were tried, in order; the best is not the last, if it can be.

    Where numbers were left out beside the best, they are tried too.
    """
    scores: dict[int, float] = {}
    number = least
    while number <= most:
        scores[number] = score(number)
        best = max(scores, key=scores.__getitem__)
        if number >= least + FIRST and number > 2 * best + FIRST:
            break
        step = 1 if number < least + FIRST else max(1, round(number * (RATIO - 1)))
        number = number + step if number == most else min(most, number + step)
    while scores:
        tried = sorted(scores)
        at = tried.index(max(tried, key=scores.__getitem__))
        below, above = tried[max(0, at - 1)], tried[min(len(tried) - 1, at + 1)]
        between = {(below + tried[at]) // 2, (tried[at] + above + 1) // 2} - {*tried}
        if not between:
            break
        scores |= {one: score(one) for one in between}
    return dict(sorted(scores.items()))


def is_divided(unit: Matrix, chain: Positions | None = None) -> bool:
    """Whether some rows, in order of time, are more than one group.

    With ``chain``, the video of each row, groups are runs in time. Of many rows some are judged;
    groups so small that hardly two of their rows are among those show in the nearest rows of all.
    """
    rows = _first_of_equals(unit, chain)
    unit = unit[rows]
    if chain is not None:
        some = _stretches(len(unit))
        return _has_tight_groups(unit[some], chain[rows][some])
    unit = unit[np.lexsort(unit[:, :LEADING].T)]  # the same whatever the order of the rows
    some = np.linspace(0, len(unit) - 1, min(MOST_JUDGED, len(unit))).round().astype(np.intp)
    if _has_tight_groups(unit[some], None):
        return True
    return len(unit) > MOST_JUDGED and _has_near_neighbours(unit, some)


def _stretches(n: int) -> Positions:
    """Some of so many rows, if there are too many: as many in a row as are tied, evenly spread."""
    if n <= MOST_JUDGED:
        return np.arange(n)
    length = N_NEAREST + 1
    first = np.linspace(0, n - length, MOST_JUDGED // length).round().astype(np.intp)
    return np.unique(first[:, None] + np.arange(length))


def _has_tight_groups(unit: Matrix, chain: Positions | None) -> bool:
    """Whether the best groups are tighter than as many of rows of one normal distribution."""
    tree, graph = _tree(unit, chain), ties(unit) if chain is None else ties_in_time(unit, chain)
    scores = best_number(
        lambda number: modularity(graph, cut_tree(tree, number)), tree.n_roots, tree.n_distinct
    )
    number = max(scores, key=scores.__getitem__) if scores else 1
    if number <= tree.n_roots:
        return False
    found, rng = _looseness(unit, tree, number), np.random.default_rng(0)
    for _ in range(N_DRAWS):
        rows = _draw(unit, len(unit), rng)
        if _looseness(rows, _tree(rows, chain), number) <= found:
            return False
    return True


def _has_near_neighbours(unit: Matrix, some: Positions) -> bool:
    """Whether nearest rows are nearer, beside those outside of groups too small to be judged.

    Beside them, because rows of one topic may lie dense at its middle and sparse around it.
    """
    seeds, rest = unit[some], np.delete(unit, some, axis=0)
    outside = (N_NEAREST + 1) * len(unit) // MOST_JUDGED
    found, rng = _isolation(seeds, [rest], outside), np.random.default_rng(0)
    for _ in range(N_DRAWS):
        rows = _draw(seeds, len(seeds), rng)
        steps = range(0, len(rest), MOST_JUDGED)
        others = (_draw(seeds, min(MOST_JUDGED, len(rest) - at), rng) for at in steps)
        if _isolation(rows, others, outside) <= found:
            return False
    return True


def _isolation(seeds: Matrix, others: Iterable[Matrix], outside: int) -> float:
    """The mean distance of some rows to the nearest of all, as a share of that to a later one."""
    own = seeds @ seeds.T
    np.fill_diagonal(own, -1)
    alike = np.concatenate([own, *(seeds @ rows.T for rows in others)], axis=1)
    alike.partition([-outside, -1], axis=1)
    far, near = 1 - np.minimum(alike[:, [-outside, -1]].T, 1 - 1e-6)
    return float((near / far).mean())


def _draw(unit: Matrix, n: int, rng: np.random.Generator) -> Matrix:
    """Unit vectors of one normal distribution with the mean and covariance of some rows."""
    centre = unit.mean(axis=0)
    around = (unit - centre)[np.lexsort(unit[:, :LEADING].T)]
    mix = rng.standard_normal((n, len(unit)), np.float32)
    rows = centre + mix @ around / np.float32(np.sqrt(max(1, len(unit) - 1)))
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _tree(unit: Matrix, chain: Positions | None) -> Tree:
    return linkage_tree(unit, "ward") if chain is None else chain_tree(unit, chain)


def _looseness(unit: Matrix, tree: Tree, number: int) -> float:
    """The logarithm of the share of the spread that is left within groups."""
    labels = cut_tree(tree, number)
    sums = group_sums(unit, labels, number)
    sizes = np.maximum(np.bincount(labels, minlength=number), 1)
    within = len(unit) - float(((sums**2).sum(axis=1) / sizes).sum())
    total = sums.sum(axis=0)
    spread = len(unit) - float(total @ total) / len(unit)
    return float(np.log(max(within, 1e-9) / max(spread, 1e-9)))
