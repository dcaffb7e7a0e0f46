"""How far the places of a search stand out, over several embedding options at once.

Similarities of different options share no scale: words lie at .2 from sight and at .4 from sound
whatever they say, and one option spreads wider than another. So each similarity is read against the
option's own rows: a *standing* of 3 lies three spreads above their middle. The middle is the
median. The spread is the mean of two: the root mean square of how far the lower half lies below the
middle, and what a normal distribution with the ninth decile has, held between half and twice the
first, since what fills a third of a table would else be ordinary itself. Equal rows count once.
Where an option has few rows, all options together stand in for it.

An option that a place lacks says nothing about it; one in which it is ordinary says next to
nothing. So a place has its best standing, and from its other standings what exceeds chance.

* :func:`standings` - similarities in spreads above the middle of each option
* :func:`evidence` - one score from the standings of a place
* :func:`reciprocal_ranks` - one score from its ranks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["evidence", "reciprocal_ranks", "standings"]

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

LEAST_SPREAD = 0.01
"""Similarities nearer than this are not told apart: a still picture has no outstanding moment."""

FEW_ROWS = 3
"""Of so many rows of an option, its middle and spread are half those of all options together.

With 2 rows, one of them the answer, their own would hide it. At half as many it does in 1 of 3
searches; at twice, an option of 30 rows takes a 26th of its level from others (here a 100th).
"""

BY_CHANCE = 2.0
"""A standing that 2 in 100 unrelated rows reach; in options beside the best, no more counts."""


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
    out = np.full(similar.shape, np.nan)
    for column, values in enumerate(known):
        middle, spread = _middle_and_spread(values)
        n_rows = int((~np.isnan(backgrounds[column])).sum())
        share = FEW_ROWS**2 / (FEW_ROWS**2 + n_rows**2)
        middle = share * common[0] + (1 - share) * middle
        spread = float(np.sqrt(share * common[1] ** 2 + (1 - share) * spread**2))
        out[:, column] = (similar[:, column] - middle) / max(spread, LEAST_SPREAD)
    return out


def _middle_and_spread(values: Floats) -> tuple[float, float]:
    """The middle of sorted values, and how wide what lies around it spreads."""
    if not len(values):
        return 0.0, 0.0
    middle = float(np.median(values))
    lower = float(np.sqrt(np.mean((middle - values[values <= middle]) ** 2)))
    upper = (float(np.quantile(values, 0.9)) - middle) / UPPER_DECILE
    return middle, float(lower + np.clip(upper, lower / MOST_SKEW, MOST_SKEW * lower)) / 2


def evidence(standing: Floats, weights: Sequence[float]) -> Floats:
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
