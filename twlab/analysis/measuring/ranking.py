"""What a ranked list is worth: the measures of retrieval, of one query.

``match[i]`` is the number of the true place that the ``i``-th found place answers, -1 where it
answers none. Each true place is answered once, by the first that fits it.

* :func:`temporal_iou` - seconds shared over seconds covered, of every pair of spans
* :func:`match_places` - which true place each found one answers
* :func:`interpolated_precision`, :func:`average_precision` - area under precision and recall
* :func:`measures_of` - all of it, by name
* :func:`clip_precision` - interpolated precision of scores of clips, equal scores together

References
----------
Everingham et al., "The PASCAL visual object classes challenge", IJCV 2010 (interpolated precision).
Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002. Lei, Berg
and Bansal, "QVHighlights", NeurIPS 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.table.types import Floats, Mask, Positions

__all__ = ["clip_precision", "match_places", "measures_of", "temporal_iou"]

OVERLAP_SLACK = 1e-9
"""A share of 3 to 5 reaches .6, whatever the last bit of a quotient says."""


def temporal_iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of spans of shapes (n, 2) and (m, 2): (n, m); 0 of empty ones.

    >>> temporal_iou(np.array([[0.0, 6.0]]), np.array([[3.0, 9.0], [6.0, 9.0]])).round(3)
    array([[0.333, 0.   ]])
    """
    ends = np.minimum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(ends - np.maximum(a[:, None, 0], b[None, :, 0]), 0.0)
    union = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :] - shared
    shares: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return shares


def match_places(iou: Floats, least: float) -> Positions:
    """The true place that each found one answers, shape (n,), of their overlap, (n, m).

    In order of rank each takes, of the places that are still free, the one it overlaps most; the
    last of those it overlaps as much, as the script of QVHighlights does.
    """
    match = np.full(len(iou), -1, np.intp)
    free = np.ones(iou.shape[1], bool)
    for row, shares in enumerate(iou):
        if not free.any():
            break
        best = len(shares) - 1 - int(np.argmax(np.where(free, shares, -1.0)[::-1]))
        if shares[best] >= least - OVERLAP_SLACK:
            match[row], free[best] = best, False
    return match


def interpolated_precision(hits: Mask, n_true: int) -> float:
    """Area under precision over recall, precision as high as it is at any greater recall.

    >>> interpolated_precision(np.array([True, False, True]), 2)
    0.8333333333333333
    """
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[hits].sum() / n_true)


def average_precision(hits: Mask, n_true: int) -> float:
    """Mean precision at the rank of every true place; 0 for one that is not found.

    >>> average_precision(np.array([False, True]), 1)
    0.5
    """
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / n_true)


def measures_of(
    match: Positions, gains: Floats, ks: Sequence[int], *, interpolated: bool
) -> list[float]:
    """Hit, recall and nDCG for each k, then MRR and AP, of one query and one order of its places.

    ``gains`` (m,) says how relevant each true place is.
    """
    hits = match >= 0
    worth = np.where(hits, gains[match], 0.0)
    discount = 1 / np.log2(np.arange(2, max(len(match), len(gains)) + 2))
    ideal = np.sort(gains)[::-1]
    values = []
    for k in ks:
        gained = float((worth[:k] * discount[: len(worth[:k])]).sum())
        best = float((ideal[:k] * discount[: len(ideal[:k])]).sum())
        values += [float(hits[:k].any()), float(hits[:k].sum() / len(gains)), gained / best]
    first = float(1 / (1 + int(np.argmax(hits)))) if hits.any() else 0.0
    area = interpolated_precision if interpolated else average_precision
    return [*values, first, area(hits, len(gains))]


def clip_precision(scores: Floats, truth: Mask) -> float:
    """Interpolated precision of a score of every clip, clips of equal score taken together.

    0 where no clip is a true one. RatedClips without a score are NaN, and come after all others.
    """
    if not truth.any():
        return 0.0
    ranked = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-ranked, kind="stable")
    last = np.flatnonzero(np.append(ranked[order][1:] != ranked[order][:-1], True))
    found = np.cumsum(truth[order])[last]
    best = np.maximum.accumulate((found / (last + 1))[::-1])[::-1]
    return float((np.diff(found, prepend=0) * best).sum() / truth.sum())
