"""How much of each segment some stretches of time cover.

* :func:`covered_share` - of every segment the share that lies inside, whatever overlaps
* :func:`seconds_before` - the same as a curve, for whoever asks more than once
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from twlab.table.types import Floats

__all__ = ["covered_share", "seconds_before"]


def covered_share(start: Floats, end: Floats, left: Floats, right: Floats) -> Floats:
    """The share of each ``[start, end)`` that the ``[left, right)`` together cover, 0 to 1.

    What two stretches cover counts once. Segments without time or length are covered by 0.

    >>> covered_share(np.array([0.0, 6.0]), np.array([6.0, 12.0]), np.array([3.0]), np.array([9.0]))
    array([0.5, 0.5])
    """
    fit = left < right
    edges, covered = seconds_before(left[fit], right[fit])
    inside = np.interp(end, edges, covered) - np.interp(start, edges, covered)
    share = np.divide(inside, end - start, out=np.zeros(len(start)), where=end > start)
    return np.nan_to_num(share, nan=0.0)


def seconds_before(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Edges in time, and how many seconds of the spans together lie before each."""
    if not len(left):
        return np.zeros(1), np.zeros(1)
    edges = np.unique(np.concatenate([left, right]))
    open_spans = np.searchsorted(np.sort(left), edges[:-1], side="right")
    open_spans = open_spans - np.searchsorted(np.sort(right), edges[:-1], side="right")
    lengths = np.where(open_spans > 0, np.diff(edges), 0.0)
    return edges, np.concatenate([[0.0], np.cumsum(lengths)])
