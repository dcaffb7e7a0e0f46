"""From which score on a label may be said, so that a stated share at most is wrong in a new video.

Rows of one video are no independent witnesses, so videos are counted. What counts of a video is the
share of wrong ones among what is said of it, none where nothing is said; as a stricter bar may say
a larger share wrongly, the largest at this bar and all stricter ones. Of n videos and a new one,
any may be the new one, so the mean of the n and of the worst that can be, 1, bounds what is to be
expected of it (conformal risk control). No form of the scores or of the videos is assumed, but
that the new one is drawn as the others were.

* :func:`find_bars` - from which score on a label may be said, and up to which its lack
* :func:`try_bars` - what came of it in videos that had no part in the bars
* :func:`fewest_groups` - videos without which nothing can be said

Reference: Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal risk control", ICLR 2024.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from twlab.table.types import Floats, Mask, Positions

__all__ = ["fewest_groups", "find_bars", "try_bars"]

LAST_DIGIT = 1e-9
"""A mean that is the error is not above it, whatever the sum was rounded to."""


def fewest_groups(error: float) -> int:
    """How many videos it takes, if nothing at all is wrong in them."""
    return math.ceil(1 / error - 1 - LAST_DIGIT)


def find_bars(scores: Floats, truth: Mask, groups: Positions, error: float) -> tuple[float, float]:
    """The score from which on a row has a label, and that up to which it lacks it.

    Where both could be said of a score, the bars meet half way.

    Parameters
    ----------
    scores : Floats
        Of all rows, shape (n,).
    truth : Mask
        Which have the label.
    groups : Positions
        The number of each row's video.
    error : float
        The share that may be wrong of what either says of a new video, in expectation.

    Returns
    -------
    tuple of float
        Infinite, and minus infinite, where no score keeps to it.
    """
    blocks = _rows_by_group(groups)
    has, lacks = (one[0] for one in _both_sides(scores, truth, blocks, error))
    return _meet(scores, float(has), float(lacks))


def try_bars(scores: Floats, truth: Mask, groups: Positions, error: float) -> dict[str, float]:
    """What comes of the bars of all other videos in each video.

    ``has_wrong`` and ``lacks_wrong`` are the mean share of wrong ones, which is what the error
    states, NaN where nothing is said; ``has_said`` and ``lacks_said`` the share of all rows.
    """
    blocks = _rows_by_group(groups)
    has, lacks = _both_sides(scores, truth, blocks, error)
    wrong, n_said = np.zeros((2, len(blocks))), np.zeros(2)
    for k, mine in enumerate(blocks):
        low, high = _meet(scores, float(has[k + 1]), float(lacks[k + 1]))
        sides = ((scores[mine] >= low, ~truth[mine]), (scores[mine] <= high, truth[mine]))
        for side, (said, false) in enumerate(sides):
            n_said[side] += said.sum()
            wrong[side, k] = false[said].mean() if said.any() else 0.0
    share = n_said / max(len(scores), 1)
    came = np.where(n_said > 0, wrong.mean(axis=1), np.nan)
    names = ("has_wrong", "lacks_wrong", "has_said", "lacks_said")
    return dict(zip(names, np.concatenate([came, share]).tolist(), strict=True))


def _both_sides(
    scores: Floats, truth: Mask, blocks: list[Positions], error: float
) -> tuple[Floats, Floats]:
    """Bars of having and of lacking a label: of all videos, and of all but each."""
    has = _one_side(scores, ~truth, blocks, error)
    return has, -_one_side(-scores, truth, blocks, error)


def _one_side(scores: Floats, wrong: Mask, blocks: list[Positions], error: float) -> Floats:
    edges = -np.unique(-scores)
    total = np.zeros(len(edges))
    for mine in blocks:
        total += _worst_shares(scores[mine], wrong[mine], edges)
    bars = [_lowest(edges, total, len(blocks), error)]
    for mine in blocks:
        others = total - _worst_shares(scores[mine], wrong[mine], edges)
        bars.append(_lowest(edges, others, len(blocks) - 1, error))
    return np.array(bars)


def _meet(scores: Floats, has: float, lacks: float) -> tuple[float, float]:
    """The bars, and where they overlap, those on either side of the middle between them."""
    if not has <= lacks:
        return has, lacks
    middle = (has + lacks) / 2
    above, below = scores[scores >= middle], scores[scores < middle]
    return float(above.min(initial=np.inf)), float(below.max(initial=-np.inf))


def _rows_by_group(groups: Positions) -> list[Positions]:
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _worst_shares(scores: Floats, wrong: Mask, edges: Floats) -> Floats:
    """For each bar, falling, the largest share of wrong ones in one video at it and above."""
    order = np.argsort(-scores, kind="stable")
    falling = -scores[order]
    share = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # equal scores go together
    worst = np.concatenate([[0.0], np.maximum.accumulate(share[last])])
    return np.asarray(worst[np.searchsorted(falling[last], -edges, side="right")])


def _lowest(edges: Floats, total: Floats, n_groups: int, error: float) -> float:
    """The lowest bar whose mean, with the worst that a new video can be, is within the error."""
    within = np.flatnonzero((total + 1) / (n_groups + 1) <= error + LAST_DIGIT)
    return float(edges[within[-1]]) if len(within) else math.inf
