"""How far the places of a search stand out, over several embedding options at once.

Similarities of different options share no scale: words lie at .2 from sight and at .4 from sound
whatever they say, and one option spreads wider than another. So each similarity is read against the
option's own rows: a *standing* of 3 lies three spreads above their middle. The middle is the
median. The spread is the mean of two: the root mean square of how far the lower half lies below the
middle, and what a normal distribution with the ninth decile has, held between half and twice the
first, since what fills a third of a table would else be ordinary itself. Equal rows count once.
Where an option has few rows, all options together stand in for it; and where spreads differ no
more than spreads of so many rows do by chance, they are taken for one, estimated from all.

An option that a place lacks says nothing about it; one in which it is ordinary says next to
nothing. So a place has its best standing, and from its other standings what exceeds chance.

* :func:`standings` - similarities in spreads above the middle of each option
* :func:`join_standings` - one score from the standings of a place
* :func:`reciprocal_ranks` - one score from its ranks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.table.types import Floats


__all__ = ["RANK_OFFSET", "join_standings", "reciprocal_ranks", "standings"]

RANK_OFFSET = 60
"""The constant of reciprocal rank fusion, from the paper: how much first ranks tower over next."""

UPPER_DECILE = 1.2816
"""The ninth decile of the normal distribution."""

MOST_SKEW = 2.0
"""How much wider, or narrower, the upper half may spread than the lower and still be background.

Rows of 18 films beside two films of their source whose queries come from elsewhere: at 2 the right
row is first in .80 of the searches, and what fills 30 % of a table at a similarity of .3 beside
strangers in all. At 1 the first is .72, as films have long tails; at 4 the second is .96 or less.
"""

LEAST_APART = 0.01
"""Similarities nearer than this are not told apart: a still picture has no outstanding moment."""

HALF_OWN_ROWS = 3
"""Of so many rows of an option, its middle and spread are half those of all options together.

With 2 rows, one of them the answer, their own would hide it: at half as many they do in .37 of the
searches, here in none. At twice, 10 rows on a level of their own stand 1.9 above it, here .7.
"""

CHANCE_OF_SPREAD = 0.62
"""The variance of the logarithm of a spread by chance, times the number of rows (normal rows).

Of 400 searches with an answer 3.2 spreads among 60 strangers in one of three options, the place is
first in .76 without shared spreads and .81 with them (at half and double .78 and .84); where
spreads are unlike, in .78 and .77; with films in all options .74 and .75; of 5 rows .66 and .67.
Beside films in the two others, whose tails are long, it costs: .60 and .56 (.58 and .53).
"""

CHANCE_OF_SKEW = 3.2
"""The same of how much wider the upper half spreads than the lower. A wider one shares less: an
answer among strangers beside two films would else be first in .54, not .56 (films of OVSD, BBC, RAI
and texts: .73, .56, .48, .37, not .73, .60, .51, .39). At half and double .56 and .55.
"""

BY_CHANCE = 2.0
"""A standing that 2 in 100 unrelated rows reach; in options beside the best, no more counts. At
half, an answer in one of three options is first in .78, not .81; at double, one 2.8 spreads up in
two of them in .70, not .91."""


def standings(similar: Floats, backgrounds: Sequence[Floats]) -> Floats:
    """How many spreads each similarity lies above the middle of its option.

    Parameters
    ----------
    similar : array of shape (n_places, n_options)
        Cosine similarities; NaN where a place lacks an option.
    backgrounds : one array per option
        The similarities of the rows that the option is read against.
    """
    known = [np.unique(values[~np.isnan(values)]) for values in backgrounds]
    every = np.unique(np.concatenate(known)) if known else np.empty(0)
    common = _middle_and_spread(every)
    shared = _shared_spreads(known)
    out = np.full(similar.shape, np.nan)
    for column, values in enumerate(known):
        middle, spread = _middle_and_spread(values)[0], shared[column]
        n_rows = int((~np.isnan(backgrounds[column])).sum())
        # By squares, so that all options stand in for a few rows and hardly any for thirty: .5 at
        # HALF_OWN_ROWS rows, .01 at ten times as many.
        share = HALF_OWN_ROWS**2 / (HALF_OWN_ROWS**2 + n_rows**2)
        middle = share * common[0] + (1 - share) * middle
        spread = float(np.sqrt(share * common[1] ** 2 + (1 - share) * spread**2))
        out[:, column] = (similar[:, column] - middle) / max(spread, LEAST_APART)
    return out


def _shared_spreads(known: Sequence[Floats]) -> Floats:
    """The spread of each option, drawn to that of all as far as chance may have parted them.

    How much they differ beyond chance is estimated as DerSimonian and Laird do (1986).
    """
    # In logarithms, where a spread of n rows has the variance chance / n whatever its size. The
    # excess of their weighed squares over what chance gives is how much options really differ
    # (the method of moments); each is then drawn to the mean by chance / (chance + beyond), as in
    # the estimate of James and Stein.
    own = np.maximum([_middle_and_spread(values)[1] for values in known], LEAST_APART)
    if len(own) < 2:
        return own
    n_rows = np.maximum([len(values) for values in known], 1)
    chance, log = CHANCE_OF_SPREAD / n_rows, np.log(own)
    weight = 1 / chance
    excess = weight @ (log - np.average(log, weights=weight)) ** 2 - (len(own) - 1)
    beyond = max(0.0, excess / (weight.sum() - (weight @ weight) / weight.sum()))
    mean = np.average(log, weights=1 / (chance + beyond))
    # A tail that chance does not explain is the option's own: the wider, the less it is drawn.
    halves = [np.maximum(_halves(values), LEAST_APART) for values in known]
    skew = np.maximum([np.log(upper / lower) for lower, upper in halves], 0)
    share = chance / (chance + beyond) * np.exp(-(skew**2) * n_rows / CHANCE_OF_SKEW / 2)
    return np.asarray(np.exp(share * mean + (1 - share) * log))


def _middle_and_spread(values: Floats) -> tuple[float, float]:
    """The middle of sorted values, and how wide what lies around it spreads."""
    if not len(values):
        return 0.0, 0.0
    lower, upper = _halves(values)
    spread = (lower + np.clip(upper, lower / MOST_SKEW, MOST_SKEW * lower)) / 2
    return float(np.median(values)), float(spread)


def _halves(values: Floats) -> tuple[float, float]:
    """How wide sorted values spread below their middle, and above it."""
    if not len(values):
        return 0.0, 0.0
    middle = float(np.median(values))
    lower = float(np.sqrt(np.mean((middle - values[values <= middle]) ** 2)))
    return lower, (float(np.quantile(values, 0.9)) - middle) / UPPER_DECILE


def join_standings(standing: Floats, weights: Sequence[float]) -> Floats:
    """The score of each place: its best standing, with what others have beyond chance.

    Root of the sum of squares, as the logarithms of their chances add up. With one option, and
    where no other exceeds ``BY_CHANCE``, it is the best standing. The heaviest option counts in
    full, another by its share of that weight.
    """
    share = np.asarray(weights, np.float64) / max(weights)
    ordered = np.sort(np.where(np.isnan(standing), -np.inf, standing * share), axis=1)
    best, rest = ordered[:, -1], np.maximum(ordered[:, :-1], 0)
    more = np.maximum(rest**2 - BY_CHANCE**2, 0).sum(axis=1)
    return np.where(best > 0, np.sqrt(np.maximum(best, 0) ** 2 + more), best)


def reciprocal_ranks(similar: Floats, weights: Sequence[float]) -> Floats:
    """The score of each place: ``1 / (60 + rank)`` in each option it has, their weighted mean.

    An option that a place lacks adds nothing.
    """
    import pandas as pd

    ranks: Any = pd.DataFrame(similar).rank(ascending=False, method="min").to_numpy(np.float64)
    share = np.asarray(weights, np.float64) / np.sum(weights)
    return np.asarray((np.nan_to_num(1 / (RANK_OFFSET + ranks)) * share).sum(axis=1))
