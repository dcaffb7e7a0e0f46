"""How alike two models are on one video: five measures of two series on the same moments.

Each compares what the models say of *pairs* of moments, never their numbers, so the dimensions and
axes of either do not matter, nor does the length of a vector.

* :func:`side_of` - what is measured on, computed once for a video and a model
* :func:`turn`, :func:`take` - the same shifted in time, and some moments of it
* :func:`likeness` - the measures of two sides
* :func:`shared_best` - how many of the most similar ones two matrices have in common

References
----------
Song et al., "Feature selection via dependence maximization", JMLR 2012 (unbiased HSIC); Kornblith
et al., "Similarity of neural network representations revisited", ICML 2019 (CKA); Kriegeskorte et
al., "Representational similarity analysis", 2008; Huh et al., "The Platonic representation
hypothesis", ICML 2024 (mutual nearest neighbours).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.judging.chance import agreement_of, centre_pairs
from twlab.analysis.scenes.scoring import count_matches

if TYPE_CHECKING:
    from twlab.table.types import Floats, Mask, Positions

__all__ = [
    "MEASURES",
    "MOST_NEIGHBORS",
    "SAME_DIGITS",
    "Side",
    "likeness",
    "shared_best",
    "side_of",
    "take",
    "turn",
]

MEASURES = ("cka", "rank_agreement", "neighbors", "agreement", "scenes")
"""The measures of a video, in the order of :func:`likeness`."""

MOST_NEIGHBORS = 10
"""Neighbours of a moment that are compared, and a third of the others at most: of eight moments
any two models share most of ten. Six films of 48 to 96 shots, seen as ``model_limits.py`` does it,
lie 1.9, 2.3, .9 deviations above their strangers at half (two sources of films and one of texts),
2.3, 2.6, 1.1 here, and 2.6, 3.3, .8 at double: twenty are chosen without the texts or one of the
films, where texts lose, and ten without the other."""

SAME_DIGITS = 6
"""Similarities that differ less are equal: sums in another order differ in the seventh digit."""


class Side(NamedTuple):
    """One video as one model sees it."""

    unit: Floats
    """Unit vectors, shape (n, d)."""
    similar: Floats
    """Their cosines, shape (n, n)."""
    ranks: Floats
    """Rank of each cosine among those of all pairs, shape (n, n); equals share their mean rank."""
    cuts: Positions
    """Moments at which a scene begins, the first one left out."""


def side_of(unit: Floats, cuts: Positions) -> Side:
    """What is measured on."""
    similar = np.round(unit @ unit.T, SAME_DIGITS)
    return Side(unit, similar, _rank_pairs(similar), cuts)


def turn(side: Side, shift: int) -> Side:
    """The same side begun ``shift`` moments later, what was before put at its end."""
    n = len(side.unit)
    order = (np.arange(n) + shift) % n
    cuts = np.sort((side.cuts - shift) % n)
    square = np.ix_(order, order)
    return Side(side.unit[order], side.similar[square], side.ranks[square], cuts[cuts > 0])


def take(side: Side, kept: Positions) -> Side:
    """Some moments of a side, in order of time; itself where those are all."""
    if len(kept) == len(side.unit):
        return side
    similar = side.similar[np.ix_(kept, kept)]
    cuts = np.flatnonzero(np.isin(kept, side.cuts))
    return Side(side.unit[kept], similar, _rank_pairs(similar), cuts[cuts > 0])


def likeness(a: Side, b: Side) -> Floats:
    """The measures of two sides of equally many moments, shape (5,).

    CKA, the rank correlation of similarities, the share of nearest neighbours in common, the
    agreement beyond time (:func:`twlab.compare_options`), and the F-measure of scene boundaries at
    one moment's tolerance. NaN where a measure is not defined, as where nothing ever changes.
    """
    n = len(a.unit)
    apart = ~np.eye(n, dtype=bool)
    n_neighbors = min(MOST_NEIGHBORS, (n - 1) // 3)
    return np.array(
        [
            _cka(a.similar, b.similar),
            _rank_agreement(a.ranks, b.ranks),
            float(shared_best(a.similar, b.similar, apart, n_neighbors).mean()),
            agreement_of(a.unit, b.unit),
            _scene_agreement(a.cuts, b.cuts),
        ]
    )


def _cka(first: Floats, second: Floats) -> float:
    """Debiased centred kernel alignment of two matrices of cosines."""
    # The sum of products of two matrices so centred is n (n - 3) times the unbiased HSIC.
    left, right = centre_pairs(first), centre_pairs(second)
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / size if _varies(left) and _varies(right) else np.nan


def _varies(centred: Floats) -> bool:
    """Whether there is more than rounding in a centred matrix."""
    return bool(np.abs(centred).max() > 10**-SAME_DIGITS * 5)


def _rank_pairs(similar: Floats) -> Floats:
    """The rank of each pair among all; 0 on the diagonal."""
    from scipy.stats import rankdata

    pairs = np.triu_indices(len(similar), 1)
    ranks = np.zeros(similar.shape)
    ranks[pairs] = rankdata(similar[pairs])
    return ranks + ranks.T


def _rank_agreement(first: Floats, second: Floats) -> float:
    """Spearman's correlation of the similarities of all pairs, given their ranks."""
    n = len(first)
    mean = (n * (n - 1) / 2 + 1) / 2
    left, right = ((ranks - mean) * ~np.eye(n, dtype=bool) for ranks in (first, second))
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / size if size > 0 else np.nan


def shared_best(first: Floats, second: Floats, among: Mask, k: int) -> Floats:
    """The share of the ``k`` most similar that both matrices have in common, for each row.

    ``among`` says which columns may be taken by which row. Of columns that are equally similar
    each counts in part, so that their order does not matter.
    """
    held = [_membership(matrix, among, k) for matrix in (first, second)]
    return np.asarray(np.minimum(*held).sum(axis=1) / k)


def _membership(similar: Floats, among: Mask, k: int) -> Floats:
    """How far each column is among the ``k`` most similar of its row, 0 to 1."""
    values = np.where(among, similar, -np.inf)
    last = np.partition(values, -k, axis=1)[:, -k, None]
    above, level = values > last, values == last
    left = k - above.sum(axis=1, keepdims=True)
    return np.asarray(above + level * (left / level.sum(axis=1, keepdims=True)))


def _scene_agreement(a: Positions, b: Positions) -> float:
    """F-measure of two lists of boundaries; NaN where neither has one."""
    if not len(a) + len(b):
        return np.nan
    return 2 * count_matches(a.astype(float), b.astype(float), 1.0) / (len(a) + len(b))
