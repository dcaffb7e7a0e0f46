"""Whether two series of one video agree more than chance, where both run smoothly along time.

Two series agree where moments alike for the one are alike for the other. Any two that run smoothly
agree somewhat, so what chance gives is measured on the series themselves: one of them shifted
round in time, and played backwards and shifted, which keeps how smoothly it runs. What both have
for being films at all is taken out first: how alike a moment is to all others (both matrices are
centred by row and column), how alike moments are at each distance in time (the mean of every lag
goes), and the first and last twentieth, where titles and black frames stand.

A shifted series is joined, end to start, at a seam that the true one has not. Where that matters
no p-value can be had, and :func:`chance_of_agreement` says so instead. Longer openings and credits
that both have would still pass for kinship, so two series are called related only where their
middles agree by themselves (:func:`p_of_agreement`).

References
----------
Kornblith et al., "Similarity of neural network representations revisited", ICML 2019 (centred
kernel alignment). Székely and Rizzo, "Partial distance correlation with methods for
dissimilarities", 2014 (centring without the diagonal). Bartlett, "Some aspects of the time-
correlation problem", 1935 (how many independent moments two smooth series have).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from twlab.table.types import Floats


__all__ = ["agreement_of", "centre_pairs", "chance_of_agreement", "least_p", "p_of_agreement"]

FEWEST_CELLS = 8
"""Moments that a correlation of similarities takes at least; it is noise with fewer."""

ENDS = 20
"""One in so many moments is left out at each end. At 40 no strangers with titles of a twentieth get
a verdict, at 20 95 %; at 10 no more do, and a fifth of the film is lost."""

FEWEST_INDEPENDENT = 18.0
"""Independent moments that a verdict takes. Of strangers of autocorrelation .9, 60 to 160 moments
long, half get a verdict where 9 are enough, and 10 % of these are called related at 5 %; with 18
few get one and none is called. At 36 a third of the series of autocorrelation .5 have no verdict.
"""

MIRRORED = 0.05
"""Share of the chance values, from the top, among which the series played backwards in place must
not be: it is so in that share of strangers, and in nearly all with a common trend. At half, 2 %
more of different films get a verdict, at double 6 % fewer; as many are called related."""

EXTREME = 0.99
"""Share of places that the ends exceed, in both series, where they are not like the rest. At .98
and .995 the same strangers are called; related films lose their verdict in 2 % more and no more."""

OUTER = 0.2
"""Part left out at each end where the middle must agree by itself. Of strangers that both
open with a title of a fifth of the video 8 % are called related at 5 %, and 94 % at half; at
double, of related films of 60 clips under noise three times as loud 6 % are found, now 63 %."""

DOUBTED = 0.05
"""Share of orders up to which the middle is asked. At half, 22 % of strangers that open with a
title of a tenth are called related at 5 %, now 8 %; at double the shares up to .1 come half as
often as they should."""


class Chance(NamedTuple):
    """How far two series agree, and what chance gives."""

    agreement: float
    """Correlation of the two cleaned matrices of similarity, -1 to 1; NaN where there is none."""
    others: Floats
    """The same for every other order of the second series, shape (2 n - 1,)."""
    note: str | None
    """Why the other orders do not tell what chance gives; None where they do."""


def chance_of_agreement(a: Floats, b: Floats) -> Chance:
    """The agreement of two series of unit vectors, and of the first with each shift of the second.

    ``a`` and ``b`` have shapes (n, d) and (n, e); row ``i`` of both is of one moment, and the rows
    are evenly spaced. Takes time in proportion to n² log n.
    """
    series = _cut_ends(a), _cut_ends(b)
    if len(series[0]) < FEWEST_CELLS:
        few = f"only {len(a)} moments in common; {FEWEST_CELLS} are needed"
        return Chance(np.nan, np.empty(0), few)
    first, second = (centre_pairs(x @ x.T) for x in series)
    if not (_changes(first) and _changes(second)):
        return Chance(np.nan, np.empty(0), "an option never changes")
    ahead, back = _correlate_orders(first, second)
    everything = np.r_[ahead, back]
    note = _note_if_smooth(first, second, series)
    if note is None and _ends_alike(first, second):
        note = "both begin or end unlike the rest of the video, as titles or a common trend do"
    if note is None and np.mean(everything >= back[0] - 1e-12) <= MIRRORED:
        note = "the one played backwards agrees as well, as with a common trend or like ends"
    return Chance(float(ahead[0]), everything[1:], note)


def p_of_agreement(a: Floats, b: Floats, found: Chance) -> float:
    """The share of orders, the true one among them, in which two series agree as much.

    ``found`` is the :func:`chance_of_agreement` of ``a`` and ``b``. Where the share is small, the
    larger one of it and of the same in the middle of the series.
    """
    p = _share(np.r_[found.agreement, found.others])
    cut = _n_outer(len(a))
    if p > DOUBTED:
        return p
    middle = [centre_pairs(x @ x.T) for x in (a[cut : len(a) - cut], b[cut : len(b) - cut])]
    if not all(_changes(matrix) for matrix in middle):
        return 1.0
    return max(p, _share(np.concatenate(_correlate_orders(*middle))))


def least_p(n_cells: int) -> float:
    """The smallest p that so many moments can give."""
    return 1 / (2 * (n_cells - 2 * _n_outer(n_cells)))


def agreement_of(a: Floats, b: Floats) -> float:
    """The agreement alone; NaN with too few moments or where one never changes."""
    series = _cut_ends(a), _cut_ends(b)
    if len(series[0]) < FEWEST_CELLS:
        return np.nan
    first, second = (centre_pairs(x @ x.T) for x in series)
    if not (_changes(first) and _changes(second)):
        return np.nan
    first, second = _drop_lag_means(first), _drop_lag_means(second)
    size = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / size)


def _n_outer(n: int) -> int:
    """Moments left out at each end, of n, where the middle must agree by itself."""
    return int(OUTER * n)


def _share(values: Floats) -> float:
    """The share of values that the first does not exceed, itself among them."""
    return float(np.mean(values >= values[0] - 1e-12))


def _correlate_orders(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Correlation of two matrices for every shift of the second, and of it turned round."""
    return _correlate_shifts(first, second), _correlate_shifts(first, second[::-1, ::-1])


def _cut_ends(x: Floats) -> Floats:
    """A series without its ends."""
    cut = len(x) // ENDS
    return x[cut : len(x) - cut]


def _changes(matrix: Floats) -> bool:
    """Whether there is anything but rounding in a matrix once the mean of every lag is gone."""
    return bool(np.sqrt((_drop_lag_means(matrix) ** 2).mean()) > 1e-6)


def centre_pairs(similar: Floats) -> Floats:
    """Similarities centred by row and column, the diagonal taking no part."""
    # U-centring (Székely and Rizzo): with divisors n - 2 and (n - 1)(n - 2) in place of n and n**2
    # every row sums to 0 without its diagonal, and strangers correlate 0 on average, not more.
    n = len(similar)
    out = similar.copy()
    np.fill_diagonal(out, 0.0)
    mean = out.sum(axis=1) / (n - 2)
    out += out.sum() / ((n - 1) * (n - 2)) - mean[:, None] - mean
    np.fill_diagonal(out, 0.0)
    return out


def _lag_means(matrix: Floats) -> Floats:
    """The mean of each diagonal from the main one up."""
    return np.array([np.diagonal(matrix, k).mean() for k in range(len(matrix))])


def _drop_lag_means(matrix: Floats) -> Floats:
    """A matrix less the mean of every diagonal."""
    at = np.arange(len(matrix))
    return np.asarray(matrix - _lag_means(matrix)[np.abs(at[:, None] - at)])


def _correlate_shifts(first: Floats, second: Floats) -> Floats:
    """Correlation of two matrices for each shift of the second, the mean of every lag taken out.

    Entry ``[i, d]`` of a folded matrix is entry ``[i, i + d]``, wrapped round; a shift moves its
    rows only, so the products of all shifts are one convolution, and what the lags of a shifted
    matrix sum to is a difference of running sums.
    """
    n = len(first)
    at = np.arange(n)
    columns = (at[:, None] + at) % n
    cleaned = _drop_lag_means(first)
    folded = second[at[:, None], columns]
    waves = [np.fft.rfft(x, axis=0) for x in (cleaned[at[:, None], columns], folded)]
    products = np.fft.irfft((waves[0] * waves[1].conj()).sum(axis=1), n)
    # Taking the mean of a lag out lowers the sum of squares by its sum squared over its length.
    # A lag of the shifted matrix is n - lag rows of a column of the folded one, from row s on and
    # round the end: a difference of running sums of the column written twice. Both halves of the
    # symmetric matrix count, hence 2.
    running = np.r_[np.zeros((1, n)), folded.cumsum(axis=0)]
    running = np.r_[running, running[-1] + running[1:]]
    lags = np.arange(1, n)
    lost = [2 * ((running[s + n - lags, lags] - running[s, lags]) ** 2 / (n - lags)).sum()
            for s in (-at) % n]  # fmt: skip
    left = np.maximum((second**2).sum() - np.array(lost), 0)
    size = np.sqrt((cleaned**2).sum() * left)
    return np.asarray(products / np.maximum(size, 1e-12))


def _note_if_smooth(first: Floats, second: Floats, series: tuple[Floats, Floats]) -> str | None:
    """That the series have too few independent moments, where they have."""
    n = len(first)
    lags = np.arange(1, n)
    # Bartlett: two series of autocorrelations r and q correlate by chance as two of
    # n / (1 + 2 sum_k (1 - k / n) r_k q_k) independent moments do.
    both = np.ones(n - 1)
    for matrix, x in zip((first, second), series, strict=True):
        spread = ((x - x.mean(axis=0)) ** 2).sum() / n
        both *= _lag_means(matrix)[1:] / spread
    independent = n / max(1 + 2 * ((n - lags) / n * both).sum(), 0.1)
    if independent >= FEWEST_INDEPENDENT:
        return None
    return (
        f"{n} moments, since they run smoothly, count as {independent:.0f} independent ones; "
        f"{FEWEST_INDEPENDENT:.0f} are needed"
    )


def _ends_alike(first: Floats, second: Floats) -> bool:
    """Whether start and end are alike, each other or in themselves, as hardly any other places.

    The same must hold of both series, and in the same sense: both alike, or both unlike. An end
    alike in itself must be so more than every other place, since some places always are.
    """
    n = len(first)
    for size in {2, n // 20, n // 10} - {0, 1}:
        shares = np.array([_extremes(matrix, size) for matrix in (first, second)])
        least = shares.min(axis=0)
        if least[0] > EXTREME or shares[:, 0].max() < 1 - EXTREME or least[1:].max() == 1:
            return True
    return False


def _extremes(matrix: Floats, size: int) -> tuple[float, float, float]:
    """Shares of blocks less alike than start and end are: to each other, and each to itself."""
    # All blocks of one size from a table of sums, each by its four corners.
    sums = np.pad(matrix.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    blocks = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    at = np.arange(len(blocks))
    far = blocks[at - at[:, None] >= 2 * size]
    own = np.diagonal(blocks)
    return (
        float((far < blocks[0, -1]).mean()),
        float((own[1:] < own[0]).mean()),
        float((own[:-1] < own[-1]).mean()),
    )
