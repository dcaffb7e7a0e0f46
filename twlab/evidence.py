"""How much a piece that two videos seem to share is worth, and how probable it is by chance.

One lucky clip is no copy, nor is a blank, a title or a still picture, however long it stands: a
piece is worth its *different* clips. Clip ``i`` of a piece weighs ``1 / sum_j max(0, cos(i, j))^4``
over the clips ``j`` of the piece, in the video where that is less, so ten equal clips weigh as
one. The evidence is the weighted sum of the similarity along the piece, less what each clip is
like the rest of the other video on average, so a clip that occurs everywhere is no evidence.

Chance was measured on 250 pairs of different films of three sources: the best evidence of a pair
falls off exponentially (Gumbel's law of the greatest of many), the more slowly the larger the pair.

References
----------
Karlin and Altschul, "Methods for assessing the statistical significance of molecular sequence
features", PNAS 1990 (chance of the best of many alignments). Gumbel, "Statistics of extremes",
1958.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.lines import Piece, runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.linefit import Pair

    Floats = NDArray[np.float64]
    Cells = NDArray[np.intp]

__all__ = [
    "CHANCE_BESIDE",
    "FEWEST_BESIDE",
    "FEWEST_CLIPS",
    "LEAST_DIFFERENT",
    "MOST_CHANCE",
    "chance_of",
    "evidence",
    "faithful",
    "n_different",
    "score_of",
]

FEWEST_CLIPS = 3
"""Clips of the shortest piece on which two videos are said to share something: with 2, 10 % of the
pairs of different films share something, with 3, 6 %, before evidence is asked for; with 6 the
inserts of 3 to 5 are lost."""

MOST_CHANCE = 0.02
"""Probability of so good a piece between unrelated videos from which on it is not reported. At .04
it is 3 to 4 % of different films that share something, at .01 one in six inserts of 3 is lost."""

FEWEST_BESIDE, CHANCE_BESIDE = 2, 0.06
"""The same of further pieces of two videos that are known to share one: a film of 6 s clips in
blocks of 13 s has F .97 with these, .34 where every piece must stand for itself."""

LEAST_DIFFERENT = 1.05
"""Different clips that a piece takes at least, so that no blank is one, however long it stands: two
clips count as more if their centred similarity is below .975. At 1.1 a piece of 12 s of a film of
6 s clips is lost, at 1.0 blanks that come again are reported beside a real piece."""

FALL, LEVEL, TYPICAL = 2.2, 0.46, 1e4
"""Of pairs of 10,000 pairs of clips a share of ``LEVEL exp(-FALL E)`` has evidence ``E`` by chance.
Fitted without one source the fall is 2.06, 2.18 and 2.42, and the level .3, .6 and .25."""

MOST_WEIGHED = 300
"""Clips of a piece that are weighed; the evidence of these is far beyond chance."""

FEW_OTHERS = 10
"""Clips elsewhere that tell how common a clip is; fewer tell it in part."""

UNLIKE, TIMES_TYPICAL, CLEARLY = 0.15, 3.0, 0.3
"""How much less than 1 the similarity of a clip may be: so much, or so many times what is typical
of the piece; a single clip between others that fit is kept unless it is clearly beyond that."""


def evidence(pair: Pair, parts: list[Piece]) -> float:
    """What the parts of one line are worth together, in different clips that are the same."""
    if not parts:
        return 0.0
    own, shown, similar, common = (
        np.concatenate(x) for x in zip(*(_seen(pair, part) for part in parts), strict=True)
    )
    some = np.unique(np.linspace(0, len(own) - 1, min(len(own), MOST_WEIGHED)).astype(int))
    return float((_weights(own[some], shown[some]) * (similar - common)[some]).sum())


def n_different(pair: Pair, parts: list[Piece]) -> float:
    """How many different clips the parts of one line show, on the side that differs less."""
    cells = [part.cells[pair.a_filled[part.cells]][:MOST_WEIGHED] for part in parts]
    shown = [pair.shown(part, at) for part, at in zip(parts, cells, strict=True)]
    sides = pair.a[np.concatenate(cells)][:MOST_WEIGHED], np.concatenate(shown)[:MOST_WEIGHED]
    return float(_weights(*(_directions(side) for side in sides)).sum())


def chance_of(pair: Pair, worth: float) -> float:
    """How probable evidence of so much is anywhere in two unrelated videos of these lengths."""
    pairs = pair.a_filled.sum() * pair.b_counts[-1]
    expected = LEVEL * np.sqrt(pairs / TYPICAL) * np.exp(-FALL * worth)
    return float(-np.expm1(-expected))


def score_of(pair: Pair, piece: Piece) -> float:
    """Mean similarity along a piece, clips like others of it weighing less."""
    own, shown, similar, _ = _seen(pair, piece)
    if len(own) > MOST_WEIGHED:
        return float(similar.mean())
    weights = _weights(own, shown)
    return float((weights * similar).sum() / max(weights.sum(), 1e-9))


def faithful(pair: Pair, piece: Piece, typical: float) -> list[Piece]:
    """The piece without the clips that are unlike, by far, what is typical of it.

    Of an exact copy a clip at .8 is another one; of a noisy copy it is not. ``typical`` is the
    similarity that is.
    """
    cells = piece.cells
    similar = pair.along(piece, cells)
    floor = 1 - max(UNLIKE, TIMES_TYPICAL * (1 - typical))
    fits = (similar >= floor) | ~pair.a_filled[cells]
    for low, high in runs_of(~fits):
        alone = high - low == 1 and low > 0 and high < len(cells)
        if alone and similar[low] >= floor - CLEARLY:
            fits[low] = True
    if fits.all():
        return [piece]
    spans = [(float(cells[low]), float(cells[high - 1] + 1)) for low, high in runs_of(fits)]
    return [piece._replace(first=a, last=b, begin=float(piece.at(a))) for a, b in spans]


def _seen(pair: Pair, piece: Piece) -> tuple[Floats, Floats, Floats, Floats]:
    """Both directions of every clip of a piece, how alike they are, and how common each is."""
    cells = piece.cells[pair.a_filled[piece.cells]]
    columns = np.floor(piece.at(cells + 0.5)).astype(int).clip(0, pair.similar.shape[1] - 1)
    common = np.maximum(
        _elsewhere(pair.similar, cells, columns), _elsewhere(pair.similar.T, columns, cells)
    )
    own, shown = _directions(pair.a[cells]), _directions(pair.shown(piece, cells))
    return own, shown, pair.along(piece, cells), common


def _elsewhere(similar: NDArray[np.float32], rows: Cells, besides: Cells) -> Floats:
    """Mean similarity of some rows to all columns but some; none where it is below zero."""
    if not len(rows):
        return np.empty(0)
    least, most = int(besides.min()), int(besides.max()) + 1
    total = np.array([similar[k, :least].sum() + similar[k, most:].sum() for k in rows])
    count = max(similar.shape[1] - (most - least), FEW_OTHERS)
    return np.asarray(np.maximum(total / count, 0.0), np.float64)


def _weights(*sides: Floats) -> Floats:
    """What each clip weighs, by the side whose clips differ less."""
    found = [1 / np.maximum((np.maximum(x @ x.T, 0.0) ** 4).sum(axis=1), 1.0) for x in sides]
    return np.asarray(min(found, key=lambda weights: float(weights.sum())))


def _directions(x: Floats) -> Floats:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9))
