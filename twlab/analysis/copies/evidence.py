"""How much a piece that two videos seem to share is worth, and how probable it is by chance.

One lucky clip is no copy, nor is a blank, a title or a still picture, however long it stands and
however often it comes again. Clip ``i`` of a piece weighs
``1 / (sum_j max(0, cos(i, j))^4 + n_i)``: ``j`` are the clips of the piece, so that ten equal ones
weigh as one, and ``n_i`` counts the places outside of it that match as well, in the video where
these are more, so that what occurs everywhere weighs next to nothing. The evidence is the weighted
sum of the similarity along the piece, less what each clip is like the rest of the other video on
average, and less what the most telling kind of clip adds to it: one kind may match by chance, the
evidence is what goes with it.

Ways to weigh clips were compared, and their tail was measured, on 804 pairs of strangers: films of
three sources, and drawn ones with black, logos and titles at their ends or between their scenes;
what is said of ``chance`` beside :data:`MOST_CHANCE` was measured on others. The best evidence of
a pair falls off exponentially (Gumbel's law of the greatest of many), the more slowly the larger
the pair.

References
----------
Karlin and Altschul, "Methods for assessing the statistical significance of molecular sequence
features", PNAS 1990 (chance of the best of many alignments). Gumbel, "Statistics of extremes",
1958.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.copies.diagonals import LEAST, Stretch, runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.analysis.copies.refining import Pair
    from twlab.table.types import Floats, Positions


__all__ = [
    "FEWEST_BESIDE",
    "FEWEST_CLIPS",
    "MOST_CHANCE",
    "chance_of",
    "counts_beside",
    "drop_unlike",
    "score_of",
    "weigh_together",
]

FEWEST_CLIPS = 3
"""Clips of the shortest piece on which two videos are said to share something: with 2, 10 % of the
pairs of different films share something, with 3, 6 %, before evidence is asked for; with 6 the
inserts of 3 to 5 are lost."""

MOST_CHANCE = 0.02
"""Probability of so good a piece between unrelated videos from which on two videos are not said to
share something. Of 360 fresh pairs of strangers, three quarters of them with black, a logo or both
between scenes, .006 had a chance of .01 or less, .017 of .02 and .039 of .05. That is all families
of footage pooled; of the worst, 45 pairs of unrelated rows of 64 dimensions in which one clip comes
again in a fixed rhythm, .044, .067 and .089 had."""

FEWEST_BESIDE, LEAST_BESIDE, BESIDE_BEYOND = 2, 0.3, 0.05
"""Clips and total evidence of further pieces of two videos that are known to share one, and the
share of it that must go beyond one kind of clip, so that blanks that come again are none. A film
of 6 s clips in blocks of 13 s has F .97 with these, .67 where each needs a chance of .06."""

ALIKE = 4
"""Power of the similarity that tells how far two clips count as one. At 8 the best evidence of
strangers is .60, at 4 it is .29."""

FALL, TYPICAL = 8.0, 1e4
"""Of strangers of 10,000 pairs of clips a share of ``exp(-FALL E)`` has evidence ``E`` or more.
The tail that was measured falls by 14 to 17; 8 leaves room for other footage. At half, of short
inserts under noise (3 to 6 clips) .78 are found, here and at double all, but 16 is
more than was measured."""

MOST_WEIGHED = 300
"""Clips of a piece that are weighed; the evidence of these is far beyond chance, and the time goes
with the square."""

FEW_OTHERS = 10
"""Clips elsewhere that tell how common a clip is; fewer tell it in part. With 5 and 20 edits
score the same (.998)."""

UNLIKE, TIMES_TYPICAL, CLEARLY = 0.15, 3.0, 0.3
"""How much less than 1 the similarity of a clip may be: so much, or so many times what is typical
of the piece; a single clip between others that fit is kept unless it is clearly beyond that. At
half and double of each, edits with scenes cut out, inserts, noise and other footage between score
the same (.998)."""


class Worth(NamedTuple):
    """What a line is worth, in different rare clips that are the same."""

    total: float
    beyond: float
    """Of that, what goes beyond the most telling kind of clip."""


def weigh_together(pair: Pair, parts: list[Stretch]) -> Worth:
    """What the parts of one line are worth together."""
    if not parts:
        return Worth(0.0, 0.0)
    seen = _Clips(
        *(np.concatenate(x) for x in zip(*(_clips_of(pair, p) for p in parts), strict=True))
    )
    some = np.unique(
        np.linspace(0, len(seen.own) - 1, min(len(seen.own), MOST_WEIGHED)).astype(int)
    )
    seen = _Clips(*(x[some] for x in seen))
    # Clips may be of one kind in one video and of several in the other, by its noise or its
    # grading; the one that says less has the word.
    worth = []
    for side in (seen.own, seen.shown):
        alike = _likeness(side)
        gain = (seen.similar - seen.common) / np.maximum(alike.sum(axis=1) + seen.often, 1.0)
        worth.append(Worth(float(gain.sum()), float(gain.sum() - (alike @ gain).max())))
    return min(worth, key=lambda one: one.beyond)


def counts_beside(n_clips: int, worth: Worth) -> bool:
    """Whether so many clips count where another piece is certain."""
    different = worth.beyond >= BESIDE_BEYOND * worth.total
    return n_clips >= FEWEST_BESIDE and worth.total >= LEAST_BESIDE and different


def chance_of(pair: Pair, worth: Worth) -> float:
    """How probable evidence of so much is anywhere in two unrelated videos of these lengths."""
    # As in Karlin and Altschul, pieces of this worth are as good as independent and rare: their
    # number is a Poisson one, so at least one comes with probability 1 - exp(-expected). With the
    # root, not the product, of the lengths: neighbours in a film are alike, and try the same.
    pairs = pair.a_filled.sum() * pair.b_counts[-1]
    expected = np.sqrt(pairs / TYPICAL) * np.exp(-FALL * worth.beyond)
    return float(-np.expm1(-expected))


def score_of(pair: Pair, piece: Stretch) -> float:
    """Mean similarity along a piece, clips like others of it or found elsewhere weighing less."""
    seen = _clips_of(pair, piece)
    if len(seen.own) > MOST_WEIGHED:
        return float(seen.similar.mean())
    alike = [_likeness(side).sum(axis=1) for side in (seen.own, seen.shown)]
    weights = 1 / np.maximum(max(alike, key=np.sum) + seen.often, 1.0)
    return float((weights * seen.similar).sum() / max(weights.sum(), 1e-9))


def drop_unlike(pair: Pair, piece: Stretch, typical: float) -> list[Stretch]:
    """The piece without the clips that are unlike, by far, what is typical of it.

    Of an exact copy a clip at .8 is another one; of a noisy copy it is not. ``typical`` is the
    similarity that is.
    """
    cells = piece.cells
    similar = pair.along(piece, cells)
    floor = 1 - max(UNLIKE, TIMES_TYPICAL * (1 - typical))
    # A gap in the first video says nothing against the piece.
    fits = (similar >= floor) | ~pair.a_filled[cells]
    for low, high in runs_of(~fits):
        alone = high - low == 1 and low > 0 and high < len(cells)
        if alone and similar[low] >= floor - CLEARLY:
            fits[low] = True
    if fits.all():
        return [piece]
    spans = [(float(cells[low]), float(cells[high - 1] + 1)) for low, high in runs_of(fits)]
    return [piece._replace(first=a, last=b, begin=float(piece.at(a))) for a, b in spans]


class _Clips(NamedTuple):
    """The filled clips of a piece."""

    own: Floats
    """Their directions in the first video, shape (n, d)."""
    shown: Floats
    """Those of what the second video shows."""
    similar: Floats
    common: Floats
    """Mean similarity to the clips of the other video that are not in the piece."""
    often: Floats
    """How many of those match as well."""


def _clips_of(pair: Pair, piece: Stretch) -> _Clips:
    """What both videos show in every clip of a piece, how alike, and how rare that is."""
    cells = piece.cells[pair.a_filled[piece.cells]]
    columns = np.floor(piece.at(cells + 0.5)).astype(int).clip(0, pair.similar.shape[1] - 1)
    own, shown = _directions(pair.a[cells]), _directions(pair.view(piece, cells))
    similar = pair.along(piece, cells)
    sides = (
        _commonness(pair.similar, cells, columns, similar),
        _commonness(pair.similar.T, columns, cells, similar),
    )
    common, often = (np.maximum(*both) for both in zip(*sides, strict=True))
    return _Clips(own, shown, similar, common, often)


def _commonness(
    similar: NDArray[np.float32], rows: Positions, besides: Positions, level: Floats
) -> tuple[Floats, Floats]:
    """Mean similarity of some rows to all columns but some, and how many reach a level."""
    if not len(rows):
        return np.empty(0), np.empty(0)
    # All columns from the first to the last of the piece are its own, also between parts.
    least, most = int(besides.min()), int(besides.max()) + 1
    count = max(similar.shape[1] - (most - least), FEW_OTHERS)
    mean, often = np.empty(len(rows)), np.empty(len(rows))
    for k, row in enumerate(rows):
        # As good as the piece counts 1, half as good 1/16: copies count, what is merely alike
        # hardly does. Against LEAST at least, below which nothing is a copy.
        others = np.concatenate([similar[row, :least], similar[row, most:]])
        mean[k] = max(others.sum() / count, 0.0)
        as_good = np.clip(others * np.float32(1 / max(level[k], LEAST)), 0, 1)
        often[k] = _to_power(as_good).sum()
    return mean, often


def _likeness(side: Floats) -> Floats:
    """How far every two of some directions count as one, 0 to 1."""
    return np.asarray(_to_power(np.maximum(side @ side.T, 0.0)))


def _to_power(similar: NDArray[Any]) -> NDArray[Any]:
    """Similarities to the power of :data:`ALIKE`; to multiply takes a hundredth of the time."""
    return np.asarray(reduce(np.multiply, [similar] * int(ALIKE)))


def _directions(x: Floats) -> Floats:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9))
