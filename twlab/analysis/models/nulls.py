"""What chance gives where everything runs along time: other films, or the same one shifted.

Any two series that run smoothly look alike: two independent ones of 100 clips have a CKA of .97.
So a measure is compared with what the same two models give on *different* films, which run as
smoothly and have their openings, credits and trends too: one model's films are dealt anew to the
other's, among films of about one length. A longer film is made as short as another in two ways,
and the larger p counts: without its end it runs as it did, and without its middle it has its
opening, credits and trend where the other has them. Films that run unlike all others have no
strangers of their kind, so a verdict needs more than a small p: films must exceed most of their own
strangers. With fewer films than a deal takes they are shifted round in time, which is trusted only
where :mod:`twlab.analysis.judging.chance` has no objection.

* :func:`measure_films` - every measure of every film, and under other deals or shifts
* :func:`interval` - a mean over films with its interval
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.judging.chance import chance_of_agreement, p_of_agreement
from twlab.analysis.models.likeness import (
    MEASURES,
    MOST_NEIGHBORS,
    SAME_DIGITS,
    likeness,
    shared_best,
    side_of,
    take,
    turn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twlab.analysis.models.likeness import Side
    from twlab.analysis.models.pairing import SharedVideo
    from twlab.table.types import Floats, Positions

    Shorten = Callable[[int, int], Positions]

__all__ = ["FEWEST_DEALT", "interval", "measure_films", "shift_p"]

FEWEST_DEALT = 5
"""Films that are chance for each other: they can be dealt in 120 ways (p down to .008), four in 24
(down to .042), three in six, which is no verdict; at double five to nine films would have none,
though their p may be as low. Fewer give no interval either; of means of five
skewed values (beta 4, 2) it holds 90 %, of twelve 93 %."""

FILMS_TOGETHER = 8
"""Films of about one length among which deals are drawn; 2 * 8 - 1 at most. Each costs eight
comparisons rather than as many as there are films, and what is cut off the longer one is little.
Of eight comparisons of 8 pieces of films or texts of each of three sources, strangers, none is
called alike by any measure in groups of 8, in groups of 4 one of eight is in two of the sources
(retrieval of texts, neighbours of films), while of kin up to .50 more are; a group of 16 is of 8
there, too (``tests/benchmarks/model_limits.py``)."""

MOST_STRANGERS = 0.9
"""Share of a film's strangers that it must exceed, in the mean, where a verdict is given. Of
strangers among eight films of six kinds of 20 to 60 clips (shots, two kinds of smooth ones, walks,
trends, titles), which share with themselves what they share with no other film, 45 % have a p of
.05 or less, 23 % exceed .75 of their strangers too, and of 30 none all but the two highest of its
14, of which .9 is the quantile that a film of any number of strangers has.

On films of three sources and texts of a fourth, six pieces of 16 rows seen by two halves of the
axes of one embedding, one half under noise, each three sources choose .9 for the fourth, where any
measure calls .05 of strangers alike at most; at half .10 to .15 of them, as without it. What that
costs: of kin .25 to .30 are called alike by the measure that calls the fewest (of texts 0), at half
.45 to .60 (.20) (``tests/benchmarks/model_limits.py``, 20 comparisons of each)."""

N_DEALS = 1999
"""Deals of films, or draws of a shift for each, that chance is taken from: p down to .0005."""

MOST_SHIFTS, LEAST_SHIFTS = 99, 19
"""Shifts of one film, and of each of many: of one p goes down to .01."""

N_SEARCHES = 199
"""Deals that the chance of retrieval is taken from, each searched anew: p down to .005."""

MOST_SEARCHED = 1000
"""Moments of all films that retrieval is measured on, evenly taken: 200 deals take 6 s."""

N_RESAMPLES = 5000
"""Resamples of films for an interval; its ends lie 5 of these from the last with five films."""

LEVEL = 0.95
"""Of intervals."""


class Measured(NamedTuple):
    """Every measure of every film, and what chance gives."""

    values: Floats
    """Shape (films, 6): the five of :data:`MEASURES` and retrieval."""
    chances: list[list[Floats]]
    """For each measure its means over films under other deals or shifts; one list of them for each
    way in which a longer film is made as short as another."""
    outdone: Floats
    """For each measure, how far films exceed most of their own strangers in the mean; NaN where
    that was not asked."""


def measure_films(pairs: list[SharedVideo], cuts: list[tuple[Positions, Positions]]) -> Measured:
    """Every measure of every film, and its mean over films where models are strangers."""
    rng = np.random.default_rng(0)
    a = [side_of(pair.a, at[0]) for pair, at in zip(pairs, cuts, strict=True)]
    b = [side_of(pair.b, at[1]) for pair, at in zip(pairs, cuts, strict=True)]
    own = np.array([likeness(*sides) for sides in zip(a, b, strict=True)])
    hits, others, beyond = _measure_hits(a, b, rng)
    values = np.column_stack([own, hits])
    if len(a) < FEWEST_DEALT:
        chances = [[chance] for chance in [*_shift_measures(a, b, rng).T, others]]
        return Measured(values, chances, np.full(values.shape[1], np.nan))
    dealt = [_deal_measures(a, b, shorten, rng) for shorten in (first_of, ends_of)]
    chances = [list(both) for both in zip(*(chance.T for chance, _ in dealt), strict=True)]
    outdone = np.minimum(*(excess for _, excess in dealt))
    return Measured(values, [*chances, [others]], np.r_[outdone, beyond])


def first_of(length: int, n: int) -> Positions:
    """The first ``n`` of so many moments."""
    return np.arange(n)


def ends_of(length: int, n: int) -> Positions:
    """The first and the last of so many moments, ``n`` together."""
    return np.concatenate([np.arange(n - n // 2), np.arange(length - n // 2, length)])


def _groups(lengths: list[int]) -> Iterator[Positions]:
    """Films of about one length, at least :data:`FEWEST_DEALT` together."""
    order = np.argsort(lengths, kind="stable")
    yield from np.array_split(order, max(1, len(order) // FILMS_TOGETHER))


def _deal(lengths: list[int], rng: np.random.Generator) -> Positions:
    """Another film for each, or itself, each taken once, among those of about its length."""
    out = np.arange(len(lengths))
    for group in _groups(lengths):
        out[group] = rng.permutation(group)
    return out


def _deal_measures(
    a: list[Side], b: list[Side], shorten: Shorten, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Means over films where they are dealt anew, shape (deals, 5), and what films exceed."""
    lengths = [len(side.unit) for side in a]
    films = np.arange(len(a))
    beyond = np.full((len(a), len(a), len(MEASURES)), np.nan)
    expected, outdone = np.full((2, len(a), len(MEASURES)), np.nan)
    for group in _groups(lengths):
        table = np.array([[_likeness(a[i], b[j], shorten) for j in group] for i in group])
        likely, at = _product_of_means(table), np.arange(len(group))
        beyond[np.ix_(group, group)] = table - likely
        expected[group] = likely[at, at]
        outdone[group] = [table[i, i] - _most_of_strangers(table, int(i)) for i in at]
    deals = np.array([_deal(lengths, rng) for _ in range(N_DEALS)])
    means = _means(beyond[films, deals], axis=1) + _means(expected, axis=0)
    return means, _means(outdone, axis=0)


def _likeness(a: Side, b: Side, shorten: Shorten) -> Floats:
    """The measures of two films, the longer one made as short as the other."""
    n = min(len(a.unit), len(b.unit))
    return likeness(*(take(side, shorten(len(side.unit), n)) for side in (a, b)))


def _most_of_strangers(table: Floats, film: int) -> Floats:
    """What most of a film's strangers do not exceed, whichever model saw the film."""
    strangers = np.concatenate(
        [np.delete(table[film], film, axis=0), np.delete(table[:, film], film, axis=0)]
    )
    return np.array([_quantile(values, MOST_STRANGERS) for values in strangers.T])


def _quantile(values: Floats, share: float) -> float:
    """A quantile of what is a number; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share)) if len(known) else np.nan


def _product_of_means(table: Floats) -> Floats:
    """What each two films would give by how much either gives with all, shape of ``table``.

    Likeness of strangers grows with the smoothness, or the trend, of the one film *times* that of
    the other: two of a smooth film give more than the mean of a smooth and a rough one. So it is
    the likeness beyond the product of row and column that is compared. All deals have the same
    rows and columns, so that strangers of one kind have the p that they had without.
    """
    across, down = _means(table, axis=1)[:, None], _means(table, axis=0)[None]
    grand = _means(table.reshape(-1, table.shape[-1]), axis=0)
    spread = np.sqrt(_means(((table - grand) ** 2).reshape(-1, table.shape[-1]), axis=0))
    # Where chance is about nothing there is nothing to correct, and nothing to divide by.
    product = (across - grand) * (down - grand) / np.maximum(np.maximum(grand, spread), 1e-9)
    return np.asarray(across + down - grand + product)


def _shift_measures(a: list[Side], b: list[Side], rng: np.random.Generator) -> Floats:
    """Means over films where each is shifted in time, shape (draws, 5)."""
    n_shifts = max(LEAST_SHIFTS, MOST_SHIFTS // len(a))
    table = np.array(
        [
            [likeness(x, turn(y, int(k))) for k in rng.integers(1, len(y.unit), n_shifts)]
            for x, y in zip(a, b, strict=True)
        ]
    )
    if len(a) == 1:
        return np.asarray(table[0])
    picks = rng.integers(0, n_shifts, (N_DEALS, len(a)))
    return _means(table[np.arange(len(a)), picks], axis=1)


def _means(values: Floats, axis: int) -> Floats:
    """Means over what is a number; NaN where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=axis)
    count = known.sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _measure_hits(
    a: list[Side], b: list[Side], rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Common hits in other films: of every film, by chance, and how far strangers are exceeded."""
    if len(a) < 2:
        return np.full(len(a), np.nan), np.full(N_SEARCHES, np.nan), np.nan
    lengths = [len(side.unit) for side in a]
    step = max(1, -(-sum(lengths) // MOST_SEARCHED))
    kept = [np.arange(0, length, step) for length in lengths]
    thin = [len(rows) for rows in kept]
    similar = []
    for sides in (a, b):
        rows = np.concatenate([side.unit[at] for side, at in zip(sides, kept, strict=True)])
        similar.append(np.round(rows @ rows.T, SAME_DIGITS))
    films = np.arange(len(a))
    own = _hits_in_common(similar, thin, films, np.zeros(len(a), int))
    by_films, others = len(a) >= FEWEST_DEALT, []
    for _ in range(N_SEARCHES):
        dealt = _deal(thin, rng) if by_films else films
        shifts = np.zeros(len(a), int) if by_films else rng.integers(1, np.maximum(thin, 2))
        others.append(float(_hits_in_common(similar, thin, dealt, shifts).mean()))
    beyond = _hits_beyond_strangers(similar, thin, own) if by_films else np.nan
    return own, np.array(others), beyond


def _hits_beyond_strangers(similar: list[Floats], lengths: list[int], own: Floats) -> float:
    """How far films exceed most of their own strangers in the mean, by hits.

    A stranger is the film that has changed places with it for the second model alone. All other
    films stay, so that those which either model's hits fall into, whatever is sought, are the same.
    """
    outdone = np.full(len(own), np.nan)
    still = np.zeros(len(own), int)
    for group in _groups(lengths):
        table = np.diag(own[group])[..., None]
        for i, j in itertools.permutations(range(len(group)), 2):
            dealt = np.arange(len(own))
            dealt[group[[i, j]]] = group[[j, i]]
            table[i, j] = _hits_in_common(similar, lengths, dealt, still, only=int(group[i]))
        for i, film in enumerate(group):
            outdone[film] = (table[i, i] - _most_of_strangers(table, i)).item()
    return float(_means(outdone, axis=0))


def _hits_in_common(
    similar: list[Floats],
    lengths: list[int],
    dealt: Positions,
    shifts: Positions,
    only: int | None = None,
) -> Floats:
    """Of every film, the mean share of its moments' best hits in other films that both have.

    The second model sees film ``dealt[i]``, begun ``shifts[i]`` moments later, where the first one
    sees film ``i``. Of one film ``only``, where that is asked.
    """
    first = np.r_[0, np.cumsum(lengths)]
    rows, columns, film = [], [], []
    for i, (j, shift) in enumerate(zip(dealt, shifts, strict=True)):
        n = min(lengths[i], lengths[j])
        rows.append(first[i] + np.arange(n))
        columns.append(first[j] + (np.arange(n) + shift) % lengths[j])
        film.append(np.full(n, i))
    at, other, whose = (np.concatenate(parts) for parts in (rows, columns, film))
    k = min(MOST_NEIGHBORS, len(whose) - int(np.bincount(whose).max()))
    asked = np.ones(len(whose), bool) if only is None else whose == only
    first_rows, second_rows = (
        matrix[np.ix_(seen[asked], seen)] for matrix, seen in zip(similar, (at, other), strict=True)
    )
    shared = shared_best(first_rows, second_rows, whose[asked][:, None] != whose, k)
    counts = np.bincount(whose[asked])
    return np.asarray((np.bincount(whose[asked], shared) / np.maximum(counts, 1))[counts > 0])


def shift_p(pairs: list[SharedVideo]) -> tuple[float, str | None]:
    """The p-value of all films by shifts in time, and why there is none where there is none.

    The smallest of the films' own, times how many were judged (Bonferroni).
    """
    judged, notes = [], []
    for pair in pairs:
        found = chance_of_agreement(pair.a, pair.b)
        if found.note is None:
            judged.append(p_of_agreement(pair.a, pair.b, found))
        else:
            notes.append(f"{pair.video_id!r}: {found.note}")
    if not judged:
        return np.nan, "; ".join(notes)
    return min(1.0, len(judged) * min(judged)), None


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % interval of a mean over films, by resampling films; NaN with too few.

    Percentiles of resamples are too narrow with few films; they are widened as Student's t and the
    divisor n - 1 widen those of a normal sample (Hesterberg 2015, "expanded percentile").
    """
    from scipy.stats import norm, t

    values = np.sort(values[np.isfinite(values)])  # in whichever order the films came
    n = len(values)
    if n < FEWEST_DEALT:
        return np.nan, np.nan
    wide = np.sqrt(n / (n - 1)) * t.ppf((1 + LEVEL) / 2, n - 1)
    tail = float(norm.cdf(-wide))
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, n, (N_RESAMPLES, n))].mean(axis=1)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
