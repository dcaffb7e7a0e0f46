"""Scenes by a vote of many settings: the ``linked`` method of :func:`twlab.scenes`.

Each setting weighs two things that films show. Within a scene the shots resemble each other (kernel
change points, on vectors centred on the video's mean and on plain ones), and a scene goes on as
long as some shot before a place comes back after it: shot and countershot alternate, so neighbours
may differ while the best pair across the place is alike. How the two are weighed differs from film
to film, and a setting that is best on some films is none of the best on others. So all of them cut
the video into the wanted number of scenes, and the places that most of them cut, in scenes of not
too unlike length, are the scenes.

One setting chosen on 18 films with human scene starts lost 7 points of boundary F on 15 others; the
vote lost none. With a whole source left out at a time, the vote reaches (mean of boundary F1,
coverage F and overlap) .619, .604, .667 and .961 on films, series, newscasts and texts (mean .713),
and the single setting that is best on the other three .644, .604, .647 and .940 (.709;
``tests/benchmarks/bench_scenes.py``).

Points below are hundredths of the mean of these scores over the four sources.

References
----------
Hanjalic, Lagendijk and Biemond, "Automated high-level movie segmentation for advanced
video-retrieval systems", IEEE Trans. CSVT 1999. Fred and Jain, "Combining multiple clusterings
using evidence accumulation", IEEE TPAMI 2005.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from twlab.analysis.scenes.changepoints import (
    EXACT,
    Line,
    band_for,
    candidates,
    cost_of,
    costs_of,
    cuts_of_count,
    pieces_of,
)
from twlab.analysis.scenes.counts import kernel_of, mean_distance
from twlab.analysis.scenes.moments import centre, line_of, links

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.analysis.scenes.changepoints import Gram, PieceCost
    from twlab.analysis.scenes.moments import Moments
    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["cut_by_vote", "vote"]

POWERS = (0.8, 1.0)
"""Below 1, long pieces are worth more than their mean similarity says. Either alone loses 1.4 and
.6 points, halves of both 1.7, doubles 11.9."""

TOLLS = (3.0, 6.0)
"""What a cut costs for each unit of similarity of the best pair across it. Either alone loses .4
and .1 points, halves of both 1.4, doubles .4."""

WINDOWS = (3, 4, 6, 8)
"""Segments on either side of a place among which that pair is sought. Only the two small ones
lose .5 points; only the large ones win .4, all on one source. Halves (2 to 4) lose 1.0, doubles .1.
"""

LEVEL_QUANTILE = 0.9
"""Similarities above this share of all pairs speak for a common scene, those below against it. Half
loses .9 points; half as many above (.95) lose .1, twice as many (.8) win .4, all on one source."""

SAMPLED_SEGMENTS = 500
"""Segments that the quantile is taken from at most. Half changes the mean by .05 points."""

SPILL = 0.3
"""What a vote counts one place beside. Half loses .2 points, double 1.3; left out, each source
chooses it."""

EVENNESS = 0.1
"""What unlike lengths cost: a scene of 2.7 times the mean, or of its 2.7th part, a tenth of all
votes. Half loses .9 points, double .2; left out, each source but one chooses it."""

SHORTEST = 0.05
"""Part of a mean scene below which shortness costs no more: segments without a vector last 0.
Half and double change no score."""

BESIDE = 6
"""Segments on either side of a cut that its contrast is taken from. The thirds of the
cuts of 18 films by strength are true in 52, 68, 80 %; with 3 in 51, 74, 75, with 12 in 51, 66, 84.
"""

SURENESS = (-1.7, 2.45, 1.87)
"""How sure a cut is: log odds without votes and contrast, and what all votes and all contrast add.

Fitted on 18 films cut into as many scenes as people saw. With a source left out, the thirds of its
cuts were said to be true in 43, 65 and 75 % and were in 56, 74 and 91 % (OVSD), 61, 83, 86 and 44,
66, 71 % (BBC), 54, 72, 79 and 73, 87, 88 % (RAI). The mean squared error on all is .204; with the
first halved and doubled .227 and .342, the second .262 and .266, the third .205 and .209.
"""


def cut_by_vote(moments: Moments, n_scenes: int) -> tuple[Positions, Floats]:
    """The cuts most agreed on, and how probably each is where people see a scene begin."""
    if n_scenes < 2:
        return np.empty(0, np.intp), np.empty(0)
    places, share = vote(moments, n_scenes)
    # Settings that mean one cut place it one segment apart; without the spill they would split
    # their votes, and a place that few settings chose together would win.
    weights = np.r_[0.0, moments.weight.cumsum()]
    share = share + SPILL * (np.r_[0.0, share[:-1]] + np.r_[share[1:], 0.0])
    cuts = places[agree_on_cuts(share[places], weights[places], n_scenes)]
    return cuts, _sureness(np.minimum(share[cuts], 1.0), _contrasts(moments, cuts))


def vote(moments: Moments, n_scenes: int) -> tuple[Positions, Floats]:
    """Places that may be cut, ends among them, and the share of settings that cut at each place."""
    n = len(moments.start)
    kinds = (centre(moments), moments.unit)
    # A setting is a kind of vectors and a power, which price pieces, and a height and a window,
    # which price places: 2 x 2 x 2 x 4 of them. Costs are made once for each of the first two, and
    # the tolls of one kind of vectors stand twice, once for each power.
    linked = links(moments, kinds, WINDOWS)
    linked[:, :, 0] = 0
    toll = np.concatenate([height * linked for height in TOLLS], axis=1)
    toll = np.repeat(np.pad(toll, ((0, 0), (0, 0), (0, 1))), len(POWERS), axis=0)
    lines = [line_of(moments, vectors) for vectors in kinds]
    places = np.arange(n + 1)
    if isinstance(lines[0], Line) and n > EXACT:
        places = candidates(lines[0], n_scenes)
        lines = [line.at(places) for line in lines]
    levels = [_level(vectors) for vectors in kinds]
    band = band_for(len(places) - 1, n_scenes)
    blocks = [pieces_of(line, band) for line in lines]
    costs = np.array(
        [
            costs_of(block, power, level)
            for block, level in zip(blocks, levels, strict=True)
            for power in POWERS
        ]
    )
    cost = [
        _price_in(line, power, level)
        for line, level in zip(lines, levels, strict=True)
        for power in POWERS
    ]
    marks = cuts_of_count(costs, toll[:, :, places], n_scenes, cost)
    share = np.zeros(n + 1)
    share[places] = marks.mean(axis=(0, 1))
    return places, share


def agree_on_cuts(share: Floats, weights: Floats, n_scenes: int) -> Positions:
    """The cuts into ``n_scenes`` with most votes, in scenes of not too unlike length.

    Greatest is the sum of the shares at the cuts, less ``EVENNESS`` times the squared logarithm of
    each scene's length over the mean one.
    """
    # The vote enters as a toll below 0 and evenness as the cost of a piece: the search is the same
    # as that of one setting.
    n = len(share) - 1
    cost = partial(_uneven, weights, n_scenes / max(float(weights[-1]), 1e-12))
    band = band_for(n, n_scenes)
    starts = np.arange(n + 1)[:, None] - band + np.arange(band)
    costs = cost(np.maximum(starts, 0), np.arange(n + 1)[:, None])
    known = np.where(starts >= 0, costs, np.inf).astype(np.float32)
    marks = cuts_of_count(known[None], -share[None, None], n_scenes, [cost])
    return np.flatnonzero(marks[0, 0])


def _sureness(share: Floats, contrast: Floats) -> Floats:
    """How probably cuts are true, from what share of settings makes them and their contrast."""
    none, of_share, of_contrast = SURENESS
    return np.asarray(1 / (1 + np.exp(-(none + of_share * share + of_contrast * contrast))))


def _contrasts(moments: Moments, cuts: Positions) -> Floats:
    """By how much segments on two sides of each cut are less alike than those on one side.

    0 where they are as alike, 1 where they are not alike at all, by the Gaussian kernel.
    """
    rows = np.flatnonzero(moments.weight > 0)
    # By the kernel that counts the scenes, so that a contrast means the same for every model.
    scale = mean_distance(moments.unit, moments.weight)
    out = np.zeros(len(cuts))
    for number, place in enumerate(np.searchsorted(rows, cuts)):
        sides = rows[max(0, place - BESIDE) : place], rows[place : place + BESIDE]
        if not all(map(len, sides)):
            continue
        unit = moments.unit[np.concatenate(sides)]
        kernel = kernel_of(unit @ unit.T, scale)
        n = len(sides[0])
        across = float(kernel[:n, n:].mean())
        within = [_mean_of_pairs(kernel[:n, :n]), _mean_of_pairs(kernel[n:, n:])]
        out[number] = max(0.0, 1.0 - 2 * across / max(sum(within), 1e-12))
    return out


def _mean_of_pairs(kernel: NDArray[np.floating]) -> float:
    """The mean similarity of two different segments of one side; 1 where there is only one."""
    n = len(kernel)
    return 1.0 if n < 2 else float((kernel.sum() - n) / (n * (n - 1)))


def _uneven(weights: Floats, scale: float, start: Positions, end: Positions) -> Floats:
    """What the lengths of pieces cost; ``scale`` is one over the mean length."""
    length = np.maximum((weights[end] - weights[start]) * scale, SHORTEST)
    return np.asarray(EVENNESS * np.log(length) ** 2)


def _price_in(line: Line | Gram, power: float, level: float) -> PieceCost:
    """What pieces of a line cost in one setting."""

    def cost(start: Positions, end: Positions) -> Floats:
        weight = line.weights[end] - line.weights[start]
        return cost_of(line.within(start, end), weight, power, level)

    return cost


def _level(vectors: Matrix) -> float:
    """The similarity that most pairs of segments stay below."""
    count = min(len(vectors), SAMPLED_SEGMENTS)
    rows = np.unique(np.linspace(0, len(vectors) - 1, count).round().astype(np.intp))
    if len(rows) < 2:
        return 0.0
    products = vectors[rows] @ vectors[rows].T
    return float(np.quantile(products[np.triu_indices(len(rows), 1)], LEVEL_QUANTILE))
