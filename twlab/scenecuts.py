"""Where one video's scenes begin: the methods behind :func:`twlab.scenes`, on plain arrays.

``linked``, the default, weighs two things that films show. Within a scene the shots resemble each
other (kernel change points on vectors centred on the video's mean), and a scene goes on as long as
some shot before a place comes back after it: shot and countershot alternate, so neighbours may
differ while the best pair across the place is alike. Both need the settings below; they were
chosen on films with human scene starts, see ``tests/benchmarks/bench_scenes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.changepoints import Line, chain_ward, cheapest_cuts, cuts_of_count, saved_by
from twlab.errors import InputError
from twlab.tracks import TOUCH_SEC, clip_length, seconds_stood_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Cuts = NDArray[np.intp]

__all__ = ["METHODS", "Moments", "count_for", "counts_by_video", "moments_of"]

POWER, LEVEL_QUANTILE = 0.9, 0.9
LINK_CLIPS, LINK_FADE_CLIPS, LINK_WEIGHT = 4.0, 8.0, 6.0
PENALTY = 0.4
LEAST_SPREAD = 0.3
"""Distance from the mean below which differences shrink instead of being blown up to unit size."""

TIE = 1e-5
"""Heights of a novelty curve that differ by less are equal: float32 knows no better."""

SAMPLED = 1500
"""Segments that the quantile of similarities is taken from at most."""


class Moments(NamedTuple):
    """Segments in order of time, those that start together joined into one."""

    unit: NDArray[np.float32]
    start: Floats
    end: Floats
    weight: Floats
    """Length in typical segments; 0 where there is no vector."""
    which: Cuts
    """The moment of each row."""

    def line(self, vectors: Floats, *, power: float = 1.0, level: float = 0.0) -> Line:
        """The line of the weighted vectors, with a free cut everywhere."""
        zero = np.zeros((1, vectors.shape[1]))
        sums = np.r_[zero, (vectors * self.weight[:, None]).cumsum(axis=0)]
        return Line(sums, np.r_[0.0, self.weight.cumsum()], np.zeros(len(sums)), power, level)


def moments_of(unit: NDArray[np.float32], start: Floats, end: Floats) -> Moments:
    """The moments of a track, rows in order of time."""
    seconds = seconds_stood_for(start, end) * unit.any(axis=1)
    times, which = np.unique(start, return_inverse=True)
    last = np.full(len(times), -np.inf)
    np.maximum.at(last, which, end)
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


def counts_by_video(counts: Mapping[Any, int], videos: Iterable[Any]) -> dict[str, int]:
    """The counts by video as text, all of videos that are in the table."""
    known = {str(video) for video in videos}
    unknown = [video for video in counts if str(video) not in known]
    if unknown:
        raise InputError(
            f"n_scenes names {unknown[0]!r}, which is no video of the table (there are: "
            f"{', '.join(sorted(known)[:5])}); name videos by their video_id"
        )
    return {str(video): count for video, count in counts.items()}


def count_for(video: str, n_scenes: int | Mapping[str, int] | None, available: int) -> int | None:
    """The number of scenes asked of one video, if it can be had."""
    asked = n_scenes.get(video) if isinstance(n_scenes, Mapping) else n_scenes
    if asked is None:
        return None
    if isinstance(asked, bool) or not isinstance(asked, int | np.integer):
        raise InputError(f"n_scenes is {asked!r}; a whole number of scenes was expected")
    if not 1 <= asked <= available:
        raise InputError(
            f"n_scenes is {asked} for the video {video!r}, which has {available} segments that "
            f"begin at different times; ask for 1 to {available}"
        )
    return int(asked)


def linked(moments: Moments, n_scenes: int | None) -> tuple[Cuts, Floats]:
    """Kernel change points on centred vectors, with a toll for links across the cut."""
    vectors = _centred(moments)
    line = moments.line(vectors, power=POWER, level=_level(vectors))
    line.toll[1:-1] = LINK_WEIGHT * _links(vectors, moments)[1:]
    return _cut(line, n_scenes, PENALTY)


def kernel(moments: Moments, n_scenes: int | None) -> tuple[Cuts, Floats]:
    """Kernel change points, cosine kernel."""
    return _cut(moments.line(moments.unit.astype(np.float64)), n_scenes, 0.9)


def gaussian(moments: Moments, n_scenes: int | None) -> tuple[Cuts, Floats]:
    """Kernel change points, Gaussian kernel as wide as the median distance."""
    from sklearn.kernel_approximation import Nystroem

    rows = _sampled(len(moments.unit))
    unit = moments.unit.astype(np.float64)
    products = unit[rows] @ unit[rows].T
    spread = np.median(2 - 2 * products[np.triu_indices(len(rows), 1)]) if len(rows) > 1 else 1.0
    feature = Nystroem(
        gamma=1 / max(float(spread), 1e-6), n_components=min(300, len(unit)), random_state=0
    )
    return _cut(moments.line(feature.fit_transform(unit)), n_scenes, 0.9)


def ward(moments: Moments, n_scenes: int | None) -> tuple[Cuts, Floats]:
    """Ward's clustering of neighbours in time."""
    line = moments.line(moments.unit.astype(np.float64))
    cuts = chain_ward(line.sums, line.weights, n_scenes or 1, np.inf if n_scenes else 0.9)
    return cuts, _sureness(saved_by(line, cuts, 0.9))


def peaks(moments: Moments, n_scenes: int | None, curve: Floats) -> tuple[Cuts, Floats]:
    """The highest peaks of a novelty curve; without a count, those a deviation above its mean."""
    curve = np.asarray(np.nan_to_num(curve, nan=0.0), np.float64)
    inner = curve[1:]
    padded = np.r_[-np.inf, inner, -np.inf]
    is_peak = (inner > padded[:-2] - TIE) & (inner > padded[2:] + TIE)
    least = inner.mean() + inner.std() if len(inner) else 0.0
    # All peaks come before all other places, however high those are.
    order = np.lexsort((_places_by_height(inner), ~is_peak))
    count = int((is_peak & (inner > least + TIE)).sum()) if n_scenes is None else n_scenes - 1
    cuts = np.sort(order[:count]) + 1
    scale = max(float(inner.std()), 1e-12) if len(inner) else 1.0
    return cuts, _sureness((curve[cuts] - least) / scale)


def _places_by_height(heights: Floats) -> Cuts:
    """The place of each height, the highest first; heights that tie share one."""
    order = np.argsort(-heights, kind="stable")
    places = np.empty(len(heights), np.intp)
    places[order] = np.r_[0, np.cumsum(np.diff(-heights[order]) > TIE)][: len(heights)]
    return places


METHODS: dict[str, Callable[[Moments, int | None], tuple[Cuts, Floats]]] = {
    "linked": linked,
    "kernel": kernel,
    "gaussian": gaussian,
    "ward": ward,
}


def _cut(line: Line, n_scenes: int | None, penalty: float) -> tuple[Cuts, Floats]:
    """The best cuts and how sure each is."""
    cuts = cheapest_cuts(line, penalty) if n_scenes is None else cuts_of_count(line, n_scenes)
    return cuts, _sureness(saved_by(line, cuts, penalty))


def _sureness(saved: Floats) -> Floats:
    """A saving as a share between 0 and 1; a half where the cut is worth just its price."""
    return np.asarray(1 / (1 + np.exp(-np.clip(saved, -50, 50))))


def _centred(moments: Moments) -> Floats:
    """Unit vectors minus the mean of the video, of unit length again unless hardly different."""
    unit, weight = moments.unit.astype(np.float64), moments.weight
    mean = weight @ unit / max(float(weight.sum()), 1e-12)
    away = (unit - mean) * (weight > 0)[:, None]
    length = np.linalg.norm(away, axis=1, keepdims=True)
    return np.asarray(away / np.maximum(length, LEAST_SPREAD))


def _level(vectors: Floats) -> float:
    """The similarity that most pairs of segments stay below."""
    rows = _sampled(len(vectors))
    if len(rows) < 2:
        return 0.0
    products = vectors[rows] @ vectors[rows].T
    return float(np.quantile(products[np.triu_indices(len(rows), 1)], LEVEL_QUANTILE))


def _sampled(n: int) -> Cuts:
    """Up to ``SAMPLED`` row numbers, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, SAMPLED)).round().astype(np.intp))


def _links(vectors: Floats, moments: Moments) -> Floats:
    """The best similarity of a segment before each place and one after it, fading with distance.

    Only segments within ``LINK_CLIPS`` typical lengths of the place count, and in any case its
    two neighbours. ``out[t]`` is about the place before segment ``t``; 0 without a pair.
    """
    n, clip = len(vectors), clip_length(moments.start, moments.end)
    start, end, usable = moments.start, moments.end, moments.weight > 0
    best = np.full(n, -np.inf)
    for lag in range(1, n):
        before, after = np.arange(n - lag), np.arange(lag, n)
        near = start[after] - end[before] < (2 * LINK_CLIPS - 1) * clip - TOUCH_SEC
        if lag > 1 and not near.any():
            break
        pairs = np.flatnonzero((near | (lag == 1)) & usable[before] & usable[after])
        similar = np.einsum("ij,ij->i", vectors[pairs], vectors[pairs + lag])
        gap = np.maximum(start[pairs + lag] - end[pairs], 0.0) / clip
        similar *= np.exp(-gap / LINK_FADE_CLIPS)
        for step in range(1, lag + 1):
            place = pairs + step
            close = (start[place] - end[pairs] < (LINK_CLIPS - 1) * clip + TOUCH_SEC) | (step == 1)
            close &= (start[pairs + lag] - start[place] < (LINK_CLIPS - 1) * clip + TOUCH_SEC) | (
                step == lag
            )
            np.maximum.at(best, place[close], similar[close])
    return np.where(np.isfinite(best), best, 0.0)
