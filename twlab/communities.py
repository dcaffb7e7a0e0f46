"""How many groups: the cut of greatest modularity, and whether there is more than one at all.

Each row is tied to its seven nearest, by the cube of how much more alike they are than rows on
the average. A division is good where ties stay inside groups more than chance would have it
(modularity, Newman 2004). That has no scale and prefers no number, but never says one: noise has
ties too. So more than one group is said only where the groups are tighter than those that the same
search finds in rows drawn from one normal distribution with the same mean and covariance (the gap
statistic of Tibshirani, with the null of Huang et al.).

* :func:`ties`, :func:`ties_in_time` - the graph of nearest rows, of all or of those close in time
* :func:`modularity` - how much more of the ties stay inside groups than by chance
* :func:`best_number` - the curve over numbers of groups, widened until its best is inside
* :func:`is_divided` - whether there is more than one group

References
----------
Newman, "Fast algorithm for detecting community structure in networks", Phys. Rev. E 2004.
Tibshirani, Walther, Hastie, "Estimating the number of clusters in a data set via the gap
statistic", J. R. Stat. Soc. B 2001. Huang, Liu, Yuan, Marron, "Statistical significance of
clustering using soft thresholding", J. Comput. Graph. Stat. 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.kernels import best_rows
from twlab.partitions import chain_tree, cut, group_sums, linkage_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.partitions import Tree

    Matrix = NDArray[np.float32]
    Floats = NDArray[np.float64]
    Labels = NDArray[np.intp]

__all__ = ["best_number", "is_divided", "modularity", "ties", "ties_in_time"]

N_NEAREST = 7
"""Rows that each row is tied to. On 22 planted groupings of pairs to sixties and 10 of groups that
share much, 5, 7 and 10 find all; the sample film has 16, 7 and 7 clusters then
(at the square of the likeness)."""

POWER = 3
"""Exponent of the likeness of tied rows. At 2, forty groups of three are found to a Rand index of
.94 to .97 (three seeds, apart or sharing much); at 3 and 4 all are, as pairs to twenty-fives are.
The sample film has 7 clusters at 2 and 9 at 3."""

N_DRAWS = 19
"""Tables drawn from one normal distribution, at most."""

FEW_DRAWS = 5
"""Draws after which a clear case is decided."""

CLEAR = 6.0
"""Standard deviations of the draws from which a case is clear."""

DIVIDED = 2.0
"""Standard deviations by which groups are tighter than drawn ones. One topic of 24 to 149 clips
lies at -6 and less, planted groups at 7.7 and more, the films of the benchmark from 2.3 on."""

MOST_JUDGED = 600
"""Rows, evenly spread in time, on which is judged whether there is more than one group."""

FIRST, RATIO = 8, 1.15
"""Numbers tried one by one, then in this ratio, up to past twice the best one."""


def ties(unit: Matrix) -> Any:
    """A symmetric sparse matrix of how strongly each row is tied to its nearest."""
    n = len(unit)
    if n < 2:
        return _graph(np.empty((0, 2), np.intp), np.empty(0), n)
    found, alike = best_rows(unit, unit, np.arange(n), min(N_NEAREST, n - 1), own=True)
    rows = np.repeat(np.arange(n), found.shape[1])
    pairs = np.column_stack([rows, found.ravel()])
    known = pairs[:, 1] >= 0
    return _graph(pairs[known], _strength(unit, alike.ravel()[known]), n)


def ties_in_time(unit: Matrix, chain: Labels) -> Any:
    """The same with the rows that are nearest in time within a video."""
    n = len(unit)
    pairs, alike = [np.empty((0, 2), np.intp)], [np.empty(0)]
    for step in range(1, min(N_NEAREST, n - 1) + 1):
        first = np.flatnonzero(chain[step:] == chain[:-step])
        pairs.append(np.column_stack([first, first + step]))
        alike.append(np.einsum("ij,ij->i", unit[first], unit[first + step]))
    return _graph(np.concatenate(pairs), _strength(unit, np.concatenate(alike)), n)


def _strength(unit: Matrix, alike: Any) -> Floats:
    """The strength of ties: how much more alike than rows on the average, cubed."""
    n = len(unit)
    total = unit.sum(axis=0, dtype=np.float64)
    average = (total @ total - n) / max(1, n * (n - 1))
    return np.asarray(np.maximum(np.asarray(alike, np.float64) - average, 0) ** POWER)


def _graph(pairs: Labels, strength: Floats, n: int) -> Any:
    from scipy.sparse import csr_array

    half = csr_array((strength, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return (half + half.T).tocoo()


def modularity(graph: Any, labels: Labels) -> float:
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


def is_divided(unit: Matrix, chain: Labels | None = None) -> bool:
    """Whether some rows, in order of time, are more than one group.

    With ``chain``, the video of each row, groups are runs in time.
    """
    n = len(unit)
    if n > MOST_JUDGED:
        some = np.linspace(0, n - 1, MOST_JUDGED).round().astype(np.intp)
        unit, chain = unit[some], None if chain is None else chain[some]
    tree, graph = _tree(unit, chain), ties(unit) if chain is None else ties_in_time(unit, chain)
    scores = best_number(
        lambda number: modularity(graph, cut(tree, number)), tree.n_roots, tree.n_distinct
    )
    number = max(scores, key=scores.__getitem__) if scores else 1
    if number <= tree.n_roots:
        return False
    found, drawn = _looseness(unit, tree, number), []
    centre = unit.mean(axis=0)
    around = (unit - centre)[np.lexsort(unit[:, :8].T)]  # the same whatever the order of the rows
    rng = np.random.default_rng(0)
    for draw in range(N_DRAWS):
        mix = rng.normal(size=(len(unit), len(unit))).astype(np.float32)
        rows = centre + mix @ around / np.float32(np.sqrt(max(1, len(unit) - 1)))
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        drawn.append(_looseness(rows, _tree(rows, chain), number))
        apart = (np.mean(drawn) - found) / max(float(np.std(drawn, ddof=draw > 0)), 1e-9)
        if draw + 1 >= FEW_DRAWS and abs(apart) > CLEAR:
            break
    return bool(apart > DIVIDED)


def _tree(unit: Matrix, chain: Labels | None) -> Tree:
    return linkage_tree(unit, "ward") if chain is None else chain_tree(unit, chain)


def _looseness(unit: Matrix, tree: Tree, number: int) -> float:
    """The logarithm of the share of the spread that is left within groups."""
    labels = cut(tree, number)
    sums = group_sums(unit, labels, number)
    sizes = np.maximum(np.bincount(labels, minlength=number), 1)
    within = len(unit) - float(((sums**2).sum(axis=1) / sizes).sum())
    total = sums.sum(axis=0)
    spread = len(unit) - float(total @ total) / len(unit)
    return float(np.log(max(within, 1e-9) / max(spread, 1e-9)))
