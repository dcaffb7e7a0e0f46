"""Where one video's scenes begin: the methods behind :func:`twlab.scenes`, on plain arrays.

Each takes the moments of a video and either the number of scenes or how many times the usual price
a cut costs, and returns the cuts and how strong each is. Where nothing changes there is no cut,
whatever the method, unless a number is asked for (:func:`twlab.analysis.scenes.counts.changes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.scenes.changepoints import (
    EXACT,
    Gram,
    Line,
    band_for,
    candidates,
    chain_ward,
    cost_of,
    costs_of,
    cuts_of_count,
    pieces_of,
    rise_without,
)
from twlab.analysis.scenes.counts import (
    PRICE,
    counts,
    cuts_at,
    gaussian_line,
    price_of,
)
from twlab.analysis.scenes.moments import line_of
from twlab.analysis.scenes.votes import cut_by_vote
from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twlab.analysis.scenes.moments import Moments
    from twlab.table.types import Floats, Positions

    Cuts = tuple[Positions, Floats]

__all__ = ["METHODS", "count_for", "counts_by_video", "peaks"]

FACTORS: dict[str | None, float] = {"coarse": 2.0, None: 1.0, "fine": 0.5}
"""How many times the usual price a cut costs, by what is asked for in place of a number."""

SceneCount = int | str | None
"""A number of scenes, or a name of ``FACTORS``."""

TIE = 1e-5
"""Heights of a novelty curve that differ by less are equal: float32 knows no better."""


def counts_by_video(counts: Mapping[Any, Any], videos: Iterable[Any]) -> dict[str, Any]:
    """The counts by video as text, all of videos that are in the table."""
    known = {str(video) for video in videos}
    unknown = [video for video in counts if str(video) not in known]
    if unknown:
        raise InputError(
            f"n_scenes names {unknown[0]!r}, which is not a video of the table (there are: "
            f"{', '.join(sorted(known)[:5])}); name videos by their video_id"
        )
    return {str(video): count for video, count in counts.items()}


def count_for(video: str, n_scenes: Any, available: int) -> SceneCount:
    """The number of scenes asked of one video, if it can be had, or what is in its place."""
    asked = n_scenes.get(video) if isinstance(n_scenes, Mapping) else n_scenes
    if asked is None or (isinstance(asked, str) and asked in FACTORS):
        return asked
    if isinstance(asked, bool) or not isinstance(asked, int | np.integer):
        raise InputError(
            f"n_scenes is {asked!r}; a whole number of scenes, 'coarse' or 'fine' was expected; "
            "leave it out to have the number chosen"
        )
    if not 1 <= asked <= available:
        raise InputError(
            f"n_scenes is {asked} for the video {video!r}, which has {available} segments that "
            f"begin at different times; ask for 1 to {available}"
        )
    return int(asked)


def cut_linked(moments: Moments, asked: SceneCount) -> Cuts:
    """What most of many settings agree on, into as many scenes as the Gaussian kernel says."""
    number = asked if isinstance(asked, int) else counts(moments, [FACTORS[asked]])[0]
    return cut_by_vote(moments, number)


def cut_by_kernel(moments: Moments, asked: SceneCount) -> Cuts:
    """Kernel change points, cosine kernel."""
    return _find_cuts(line_of(moments, moments.unit), asked, PRICE, PRICE * _factor(asked))


def cut_by_gaussian(moments: Moments, asked: SceneCount) -> Cuts:
    """Kernel change points, Gaussian kernel as wide as the mean distance."""
    line = gaussian_line(moments)
    if line is None:
        line = line_of(moments, moments.unit)
    return _find_cuts(line, asked, PRICE, price_of(line, _factor(asked)))


def cut_by_ward(moments: Moments, asked: SceneCount) -> Cuts:
    """Ward's clustering of neighbours in time."""
    weights = np.r_[0.0, moments.weight.cumsum()]
    zero = np.zeros((1, moments.unit.shape[1]))
    sums = np.r_[zero, (moments.unit * moments.weight[:, None]).cumsum(axis=0)]
    line = Line(sums, weights, np.zeros(len(sums)))
    number = asked if isinstance(asked, int) else 1
    least = np.inf if isinstance(asked, int) else PRICE * FACTORS[asked]
    cuts = chain_ward(sums, weights, number, least)
    return cuts, _sureness(rise_without(_cost_in(line), cuts, len(weights) - 1) - PRICE)


def peaks(asked: SceneCount, curve: Floats) -> Cuts:
    """The highest peaks of a novelty curve; without a count, those a deviation above its mean.

    The deviation is what a cut costs: two of them for coarse scenes, half of one for fine ones.
    """
    curve = np.asarray(np.nan_to_num(curve, nan=0.0), np.float64)
    inner = curve[1:]
    padded = np.r_[-np.inf, inner, -np.inf]
    is_peak = (inner > padded[:-2] - TIE) & (inner > padded[2:] + TIE)
    least = inner.mean() + _factor(asked) * inner.std() if len(inner) else 0.0
    # All peaks come before all other places, however high those are.
    order = np.lexsort((_places_by_height(inner), ~is_peak))
    high = int((is_peak & (inner > least + TIE)).sum())
    cuts = np.sort(order[: asked - 1 if isinstance(asked, int) else high]) + 1
    scale = max(float(inner.std()), 1e-12) if len(inner) else 1.0
    return cuts, _sureness((curve[cuts] - least) / scale)


def _factor(asked: SceneCount) -> float:
    """How many times the usual price a cut costs; a number of scenes has no price."""
    return 1.0 if isinstance(asked, int) else FACTORS[asked]


def _places_by_height(heights: Floats) -> Positions:
    """The place of each height, the highest first; heights that tie share one."""
    order = np.argsort(-heights, kind="stable")
    places = np.empty(len(heights), np.intp)
    places[order] = np.r_[0, np.cumsum(np.diff(-heights[order]) > TIE)][: len(heights)]
    return places


METHODS: dict[str, Callable[[Moments, SceneCount], Cuts]] = {
    "linked": cut_linked,
    "kernel": cut_by_kernel,
    "gaussian": cut_by_gaussian,
    "ward": cut_by_ward,
}


def _find_cuts(line: Line | Gram, asked: SceneCount, usual: float, price: float) -> Cuts:
    """The best cuts, into a number of pieces or at a price, and how sure each is."""
    n = len(line.weights) - 1
    cuts = _cut_into(line, asked) if isinstance(asked, int) else cuts_at(line, price)
    return cuts, _sureness(rise_without(_cost_in(line), cuts, n) - usual)


def _cut_into(line: Line | Gram, n_pieces: int) -> Positions:
    """The cheapest cuts of a line into a number of pieces."""
    n = len(line.weights) - 1
    places = np.arange(n + 1)
    if isinstance(line, Line) and n > EXACT:
        places = candidates(line, n_pieces)
    part = line.at(places)
    costs = costs_of(pieces_of(part, band_for(len(places) - 1, n_pieces)))
    none = np.zeros((1, 1, len(places)))
    return np.asarray(places[cuts_of_count(costs[None], none, n_pieces, [_cost_in(part)])[0, 0]])


def _cost_in(line: Line | Gram) -> Callable[[Positions, Positions], Floats]:
    """What pieces of a line cost."""

    def cost(start: Positions, end: Positions) -> Floats:
        return cost_of(line.within(start, end), line.weights[end] - line.weights[start], 1.0, 0.0)

    return cost


def _sureness(saved: Floats) -> Floats:
    """A saving as a share between 0 and 1; a half where the cut is worth just its price."""
    return np.asarray(1 / (1 + np.exp(-np.clip(saved, -50, 50))))
