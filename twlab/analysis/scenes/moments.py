"""Segments along time as moments: what begins together is one, each with a vector and a weight.

* :class:`Moments`, :func:`moments_of` - the moments of one video and option
* :func:`centre` - vectors as differences from the video's mean
* :func:`line_of`, :func:`corner_sums` - what :mod:`twlab.analysis.scenes.changepoints` cuts
* :func:`links` - how alike the best pair of segments on two sides of a place is
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.scenes.changepoints import EXACT, Gram, Line
from twlab.table.tracks import TOUCH_SEC, clip_length, seconds_stood_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["Moments", "centre", "corner_sums", "line_of", "links", "moments_of"]

LEAST_SPREAD = 0.3
"""Distance from the mean below which differences shrink instead of being blown up to unit size.
Half changes no score of four sources, double loses .1 points of their mean."""

LINK_FADE_CLIPS = 8.0
"""Segments of gap over which a link fades to a third. Two neighbours at no gap do not fade.
Half and double lose .1 points of the mean score of four sources, less than single sources vary."""


class Moments(NamedTuple):
    """Segments in order of time, those that start together joined into one."""

    unit: Matrix
    start: Floats
    end: Floats
    weight: Floats
    """Length in typical segments; 0 where there is no vector."""
    which: Positions
    """The moment of each row."""


def moments_of(unit: Matrix, start: Floats, end: Floats) -> Moments:
    """The moments of a track, rows in order of time."""
    seconds = seconds_stood_for(start, end) * unit.any(axis=1)
    times, which = np.unique(start, return_inverse=True)
    last = np.full(len(times), -np.inf)
    np.maximum.at(last, which, end)
    # What starts together is seen together: its mean by the seconds each row stands for.
    if len(times) == len(start):
        mean, weight = unit, seconds
    else:
        total = np.zeros((len(times), unit.shape[1]))
        weight = np.zeros(len(times))
        np.add.at(total, which, unit * seconds[:, None])
        np.add.at(weight, which, seconds)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        mean = (total / np.where(length > 0, length, 1)).astype(np.float32)
    return Moments(mean, times, last, weight / clip_length(times, last), which.astype(np.intp))


def centre(moments: Moments) -> Matrix:
    """Unit vectors minus the mean of the video, of unit length again unless hardly different."""
    weight = moments.weight.astype(np.float32)
    mean = weight @ moments.unit / max(float(weight.sum()), 1e-12)
    away = (moments.unit - mean) * (weight > 0)[:, None]
    length = np.linalg.norm(away, axis=1, keepdims=True)
    return np.asarray(away / np.maximum(length, LEAST_SPREAD), np.float32)


def line_of(moments: Moments, vectors: Matrix) -> Line | Gram:
    """What is cut: all similarities where there are few moments, else sums of vectors."""
    weights = np.r_[0.0, moments.weight.cumsum()]
    if len(vectors) <= EXACT:
        return Gram(corner_sums(vectors @ vectors.T, moments.weight), weights)
    zero = np.zeros((1, vectors.shape[1]))
    sums = np.r_[zero, (vectors * moments.weight[:, None]).cumsum(axis=0)]
    return Line(sums, weights, np.zeros(len(sums)))


def corner_sums(similar: NDArray[np.floating], weight: Floats) -> Floats:
    """Sums over the corner of a matrix of similarities before each place."""
    out = np.zeros((len(similar) + 1, len(similar) + 1))
    # A table of sums (Crow, 1984) in place: two running sums, one along each axis.
    np.multiply(similar, np.multiply.outer(weight, weight), out=out[1:, 1:])
    out.cumsum(axis=0, out=out)
    return out.cumsum(axis=1, out=out)


def links(moments: Moments, kinds: Sequence[Matrix], windows: Sequence[int]) -> Floats:
    """The best similarity of a segment before each place and one after it, fading with distance.

    Only segments within a window of so many typical lengths of the place count, and in any case
    its two neighbours. ``out[v, w, t]`` is about the place before segment ``t`` with vectors ``v``
    and window ``w``; 0 without a pair, and at place 0.
    """
    n, clip = len(moments.start), clip_length(moments.start, moments.end)
    start, end, usable = moments.start, moments.end, moments.weight > 0
    # A pair of segments ``lag`` apart is a link across every place between them: places pair + 1 to
    # pair + lag. All pairs of one lag are raised together, step by step, so that no place is met
    # twice at once; lags grow until no pair can lie in the widest window on both sides.
    best = np.full((len(kinds), len(windows), n), -np.inf)
    for lag in range(1, n):
        before, after = np.arange(n - lag), np.arange(lag, n)
        near = start[after] - end[before] < (2 * max(windows) - 1) * clip - TOUCH_SEC
        if lag > 1 and not near.any():
            break
        pairs = np.flatnonzero((near | (lag == 1)) & usable[before] & usable[after])
        gap = np.maximum(start[pairs + lag] - end[pairs], 0.0) / clip
        fade = np.exp(-gap / LINK_FADE_CLIPS)
        similar = np.array([_products(vectors, pairs, lag) for vectors in kinds]) * fade
        for step in range(1, lag + 1):
            place = pairs + step
            # How far the pair reaches from the place, on the side where that is more; the segment
            # next to the place is always in its window, however long it is.
            away = np.maximum(
                (start[place] - end[pairs]) * (step > 1),
                (start[pairs + lag] - start[place]) * (step < lag),
            )
            _raise_best(best, place, similar, [away < (w - 1) * clip + TOUCH_SEC for w in windows])
    return np.where(np.isfinite(best), best, 0.0)


def _products(vectors: Matrix, pairs: Positions, lag: int) -> Floats:
    """The similarity of some vectors and those so many places after them."""
    if len(pairs) == len(vectors) - lag:
        return np.asarray(np.einsum("ij,ij->i", vectors[:-lag], vectors[lag:]), np.float64)
    return np.asarray(np.einsum("ij,ij->i", vectors[pairs], vectors[pairs + lag]), np.float64)


def _raise_best(
    best: Floats, place: Positions, similar: Floats, close: list[NDArray[np.bool_]]
) -> None:
    """Raise the best at each place to what is close enough; no place comes twice."""
    for number, mine in enumerate(close):
        if mine.all():
            best[:, number, place] = np.maximum(best[:, number, place], similar)
        elif mine.any():
            here = place[mine]
            best[:, number, here] = np.maximum(best[:, number, here], similar[:, mine])
