"""How many scenes a video has, and whether there is evidence for more than one.

The number is that of kernel change points with a Gaussian kernel as wide as the mean distance of
two segments. So it does not change with the spread of the vectors, and carries over from one model
to the next: with the same price, the mean error of the count is between .06 and .41 on each of
four sources (three of films, one of texts), and no other price is better on any three of them.

Change points are also found in footage that only drifts, as neighbours are alike there too. So a
number above one needs evidence: the cuts must explain the video better than they explain others
that change as much, at the same speed, with the same directions, but without cuts. Such others are
made from the video itself, by turning the signs of its cosine waves along time at random: that
keeps how much there is of each wave, and all a steady random process consists of, but breaks the
common phase that a sudden change gives to many waves.

* :func:`counts` - the number of scenes at each price
* :func:`gaussian_line`, :func:`price_of` - what is cut, and what a cut costs
* :func:`changes` - whether there is evidence for more than one scene

References
----------
Arlot, Celisse and Harchaoui, "A kernel multiple change-point algorithm via model selection", JMLR
2019. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
Physica D 1992; signs of cosine waves have no seam where the end of a film meets its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.scenes.changepoints import (
    EXACT,
    LEAST_BAND,
    Gram,
    Line,
    band_for,
    costs_of,
    cuts_of_count,
    cuts_of_price,
    pieces_of,
)
from twlab.analysis.scenes.moments import corner_sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from twlab.analysis.scenes.moments import Moments
    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["PRICE", "counts", "cuts_at", "gaussian_line", "kernel_of", "mean_distance", "price_of"]

PRICE = 0.9
"""Price of a cut, where a segment unlike all others gains 1 by being cut out. The mean error of the
count on 18 films is .22; .30 at .85, .29 at .95; at .8 and 1 it is .41 and .32. At half it
is 5, as everything is cut, at double .74, as nearly nothing is."""

LANDMARKS = 300
"""Segments that the Gaussian kernel of a long video is spanned by; what these leave of each
segment's similarity with itself is made up for."""

STRETCH = 128
"""Segments that are looked at together for evidence; the time goes with the cube. With 64 and 256
the 18 films and 20 texts have the same counts."""

MOST_STRETCHES = 8
"""Stretches of a long video that are looked at, and the whole of it in ``STRETCH`` means. With 4
and 16 the 18 films and 20 texts have the same counts."""

OTHERS = 39
"""Videos without cuts that a stretch is compared with; with 19 some drifts came above 5. With 19
and with 79 the 18 films and 20 texts have the same counts."""

EVIDENCE = 5.0
"""Standard deviations by which the cuts must explain more than in videos without cuts.

Of series that drift (20 to 140 segments of 16 to 256 numbers, each .3 to .97 of the one before)
some 3 in 1,000 are cut, most of few numbers; of 500 others none was, the largest at 4.98. At half
more than a third are cut. At 6 none of the 500 would be, but of 12 planted videos of four scenes
under noise of .9 of the topic 2 are left whole, now none, and of 60 as loud as the topic 5 %, now
none; the least of 18 films has 6.5, of 20 texts 11.6. At double two of the films are left whole.
"""

OF_SEVERAL = 1.2
"""How many times as much it must be where any of several stretches may give it; 7.9 is the least
in a film of several. At 1 a drift of 2,500 segments is cut, at double one of 18 films is left
whole; at half none of them changes."""

CLEAR = 0.02
"""Evidence by itself, for few segments: blocks of equal similarity leave so little unexplained.
Drifts of 6 to 20 segments leave .06 and more, human scenes .03 and more; two topics under noise as
long as they are leave .02. At half and double 18 films and 20 texts have the same counts.
"""

FEWEST_SEGMENTS = 4
"""Segments below which there is no evidence: two pairs are the least that can be told apart, so at
double two pairs are one scene (a test)."""


class Explained(NamedTuple):
    """How well some videos are explained by cuts, in the logarithm of what is left."""

    left: Floats
    """Of the spread within scenes."""
    uneven: Floats
    """Of the differences of similarities within and between scenes."""


def counts(moments: Moments, factors: Sequence[float]) -> list[int]:
    """The number of scenes at so many times the price of a cut; 1 where nothing changes."""
    n = len(moments.start)
    line = gaussian_line(moments)
    if line is None:
        return [1] * len(factors)
    found = {f: len(cuts_at(line, price_of(line, f))) + 1 for f in {1.0, *factors}}
    if found[1.0] == 1 or n < FEWEST_SEGMENTS or not changes(moments):
        return [1] * len(factors)
    return [found[factor] for factor in factors]


def price_of(line: Line | Gram, factor: float) -> float:
    """The price of a cut: what it gains between any two neighbours, and ``factor`` times the rest.

    Only the rest is doubled or halved, as a cut that costs less than it gains anywhere is made
    everywhere.
    """
    edges = np.flatnonzero(np.diff(line.weights) > 0)
    if len(edges) < 2:
        return PRICE
    # Their product over those with themselves is a cosine in the kernel's space, whatever they
    # weigh; 1e-24 keeps two without weight apart from 0 / 0.
    first, second = edges[:-1], edges[1:]
    own = [line.within(k, k + 1) for k in (first, second)]
    both = line.within(first, second + 1) - own[0] - own[1]
    alike = both / 2 / np.sqrt(np.maximum(own[0] * own[1], 1e-24))
    everywhere = min(max(1.0 - float(alike.mean()), 0.0), PRICE)
    return everywhere + factor * (PRICE - everywhere)


def cuts_at(line: Line | Gram, price: float) -> Positions:
    """The cheapest cuts of a line at a price; a long one is cut finely first, then thinned."""
    n = len(line.weights) - 1
    places = np.arange(n + 1)
    if n > EXACT:
        costs = costs_of(pieces_of(line, LEAST_BAND))
        places = np.r_[0, cuts_of_price(costs, price), n]
    costs = costs_of(pieces_of(line.at(places), len(places) - 1))
    return np.asarray(places[cuts_of_price(costs, price)])


def gaussian_line(moments: Moments) -> Line | Gram | None:
    """What is cut with a Gaussian kernel as wide as the mean distance; None without a vector."""
    weight, unit = moments.weight, moments.unit
    if not weight.any():
        return None
    weights = np.r_[0.0, weight.cumsum()]
    scale = mean_distance(unit, weight)
    if len(unit) <= EXACT:
        return Gram(corner_sums(kernel_of(unit @ unit.T, scale), weight), weights)
    # What landmarks do not span is each segment's own: it counts with itself and with no other.
    features = _span_features(unit, scale, np.flatnonzero(weight > 0))
    own = weight**2 * (1 - (features**2).sum(axis=1))
    zero = np.zeros((1, features.shape[1]))
    sums = np.r_[zero, (features * weight[:, None]).cumsum(axis=0)]
    return Line(sums, weights, np.r_[0.0, own.cumsum()])


def changes(moments: Moments) -> bool:
    """Whether any stretch of a video, or the whole, is explained by cuts beyond others."""
    unit = moments.unit[moments.weight > 0]
    least = EVIDENCE * (OF_SEVERAL if len(unit) > STRETCH else 1.0)
    return any(_is_evident(part, least) for part in _stretches(unit))


def mean_distance(unit: Matrix, weight: Floats) -> float:
    """The mean squared distance of two moments, each by its weight."""
    # sum_ij w_i w_j |x_i - x_j|**2 = 2 (W**2 - |sum_i w_i x_i|**2) of unit vectors, no pair formed.
    total, pairs = weight @ unit, weight.sum() ** 2 - (weight**2).sum()
    apart = float(weight.sum() ** 2 - total @ total)
    return max(2 * apart / pairs, 1e-6) if pairs > 0 else 1.0


def kernel_of(products: NDArray[np.floating], scale: float) -> NDArray[np.floating]:
    """The Gaussian kernel of unit vectors from their products."""
    return np.asarray(np.exp(np.minimum(2 * products - 2, 0) / scale))


def _span_features(unit: Matrix, scale: float, rows: Positions) -> Floats:
    """Features whose products are the kernel's nearly, spanned by landmarks even in time."""
    # Nyström's approximation (Williams and Seeger, 2001): with K the kernel among landmarks and k
    # that to them, k K^-1 k' is the kernel of the parts in their span; k K^-1/2 are the features.
    marks = unit[rows[np.linspace(0, len(rows) - 1, LANDMARKS).round().astype(np.intp)]]
    values, axes = np.linalg.eigh(kernel_of(marks @ marks.T, scale).astype(np.float64))
    kept = values > 1e-6 * values[-1]
    whiten = axes[:, kept] / np.sqrt(values[kept])
    return np.asarray(kernel_of(unit @ marks.T, scale) @ whiten)


def _stretches(unit: Matrix) -> Iterator[Matrix]:
    """The whole in means of equal length, and stretches of it evenly spread."""
    n = len(unit)
    if n <= STRETCH:
        yield unit
        return
    edges = np.linspace(0, n, STRETCH + 1).astype(np.intp)
    means = np.add.reduceat(unit, edges[:-1], axis=0)
    yield means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    number = min(MOST_STRETCHES, -(-n // STRETCH))
    for first in np.linspace(0, n - STRETCH, number).round().astype(np.intp):
        yield unit[first : first + STRETCH]


def _is_evident(unit: Matrix, least: float) -> bool:
    """Whether cuts explain a stretch better than they explain others without cuts."""
    n = len(unit)
    if n < FEWEST_SEGMENTS:
        return False
    products = unit.astype(np.float64) @ unit.T
    scale = mean_distance(unit, np.ones(n))
    kernel = kernel_of(products, scale)
    gram = Gram(corner_sums(kernel, np.ones(n)), np.arange(n + 1.0))
    number = len(cuts_at(gram, PRICE)) + 1
    if number == 1:
        return False
    # All are cut into as many scenes as the video itself: more cuts always leave less.
    mine = _explain(np.asarray(kernel[None], np.float64), number)
    if mine.uneven[0] < np.log(CLEAR):
        return True
    others = _explain(_kernels_of(_turn_waves(products), scale), number)
    return any(
        others_left.mean() - left[0] > least * max(float(others_left.std()), 1e-6)
        for left, others_left in zip(mine, others, strict=True)
    )


def _turn_waves(products: Floats) -> Floats:
    """Products of videos with the same cosine waves along time, their signs turned at random."""
    from scipy.fft import dctn, idctn

    # With X the vectors along time, D the cosine transform and S the signs, those of the other
    # video are D' S D X; its products D' S (D X X' D') S D need the products X X' alone. D is
    # orthogonal, so every wave keeps its power and the others differ only in how waves meet.
    n = len(products)
    waves = dctn(products, norm="ortho")
    signs = np.random.default_rng(n).choice([-1.0, 1.0], size=(OTHERS, n))
    turned = waves * signs[:, :, None] * signs[:, None, :]
    return np.asarray(idctn(turned, axes=(1, 2), norm="ortho"))


def _kernels_of(products: Floats, scale: float) -> Floats:
    """The Gaussian kernel of vectors of any length from their products."""
    square = np.diagonal(products, axis1=1, axis2=2)
    distance = square[:, :, None] + square[:, None, :] - 2 * products
    return np.asarray(np.exp(-np.maximum(distance, 0) / scale))


def _explain(kernels: Floats, number: int) -> Explained:
    """What the best cuts into so many scenes leave unexplained, of each of some videos."""
    n = kernels.shape[1]
    lines = [Gram(corner_sums(one, np.ones(n)), np.arange(n + 1.0)) for one in kernels]
    costs = np.array([costs_of(pieces_of(line, band_for(n, number))) for line in lines])
    none = np.zeros((len(lines), 1, n + 1))
    marks = cuts_of_count(costs, none, number, [])[:, 0]  # few enough to be cut exactly
    found = [
        _measure_rest(line, kernel, mark)
        for line, kernel, mark in zip(lines, kernels, marks, strict=True)
    ]
    return Explained(*np.log(np.maximum(np.array(found).T, 1e-9)))


def _measure_rest(line: Gram, kernel: Floats, mark: NDArray[np.bool_]) -> tuple[float, float]:
    """The share of spread within scenes, and of unlike similarities within blocks of scenes."""
    n = len(kernel)
    edges = np.r_[0, np.flatnonzero(mark), n].astype(np.intp)
    # In the kernel's space the scatter of m vectors of length 1 about their mean is m less their
    # block sum over m (Arlot et al.); of one scene it is the whole that cuts can explain.
    within = line.within(edges[:-1], edges[1:]) / np.diff(edges)
    spread = (n - within.sum()) / max(n - kernel.sum() / n, 1e-12)
    # Each with itself is left out: noise would hide there how even the rest is.
    sums = np.diff(np.diff(line.corner[np.ix_(edges, edges)], axis=0), axis=1)
    sums -= np.diag(np.diff(edges).astype(float))
    pairs = np.multiply.outer(np.diff(edges), np.diff(edges)) - np.diag(np.diff(edges))
    explained = (sums**2 / np.maximum(pairs, 1)).sum()
    squares = (kernel**2).sum() - n
    mean = (kernel.sum() - n) ** 2 / (n * (n - 1))
    return float(spread), float((squares - explained) / max(squares - mean, 1e-12))
