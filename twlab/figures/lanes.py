"""Where the lanes of a timeline lie: video after video from top to bottom, on one axis.

One axis for all keeps a timeline of a hundred videos as light as that of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.figures.theme import ends_apart

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Sequence

__all__ = ["CURVE_LANES", "Lanes", "lane_axis", "lay_lanes", "places_of_rows"]

HEADING, BETWEEN, CURVE_LANES = 0.9, 0.35, 1.8
"""Height of the name of a video, of the space above it and of a curve, in lanes."""

TITLE_PIXELS = 8
"""Room for a letter of the axis title, wide ones included: it is set in 14 pixels. A title longer
than its axis would run over the heading, which says the same."""


class Lanes(NamedTuple):
    """Places on the vertical axis, which counts lanes downwards from 0."""

    bars: dict[tuple[Hashable, int], float]
    """The middle of the lane of each video and lane number."""
    scenes: dict[Hashable, float]
    curves: dict[Hashable, float]
    """The foot of the curve of each video."""
    headings: dict[Hashable, float]
    reach: dict[Hashable, tuple[float, float]]
    """From where to where each video goes."""
    ticks: dict[float, str]
    height: float


def lay_lanes(
    table: pd.DataFrame,
    names: Sequence[str],
    *,
    headed: bool,
    with_scenes: Collection[Hashable],
    with_curves: Collection[Hashable],
) -> Lanes:
    """Lanes for the columns ``video_id`` and ``lane`` (a number into ``names``) of a table.

    The videos that have scenes or curves get a lane for these as well.
    """
    lanes = Lanes({}, {}, {}, {}, {}, {}, 0)
    short, at = ends_apart(names, 24), 0.0
    for video, used in table.groupby("video_id", sort=False)["lane"].unique().items():
        if headed:
            at += BETWEEN if at else 0
            lanes.headings[video] = at + HEADING / 2
            at += HEADING
        top = at
        if video in with_scenes:
            lanes.scenes[video] = at + 0.5
            lanes.ticks[at + 0.5] = "scenes"
            at += 1
        for lane in np.sort(used):
            lanes.bars[video, int(lane)] = at + 0.5
            lanes.ticks[at + 0.5] = short[lane]
            at += 1
        if video in with_curves:
            at += CURVE_LANES
            lanes.curves[video] = at
            lanes.ticks[at - CURVE_LANES / 2] = "novelty"
        lanes.reach[video] = (top, at)
    return lanes._replace(height=at)


def places_of_rows(table: pd.DataFrame, lanes: Lanes) -> Any:
    """The place of the lane of each row."""
    keys = pd.MultiIndex.from_frame(table[["video_id", "lane"]])
    return pd.Series(lanes.bars).reindex(keys).to_numpy()


def lane_axis(lanes: Lanes, *, pixels: int, title: str) -> dict[str, Any]:
    """Settings of the vertical axis; few lanes do not fill it, no title leaves it."""
    spare = max(0.1, (pixels / 36 - lanes.height) / 2)
    return {
        "range": [lanes.height + spare, -spare],
        "title": {"text": title if len(title) * TITLE_PIXELS <= pixels else None},
        "tickmode": "array",
        "tickvals": list(lanes.ticks),
        "ticktext": list(lanes.ticks.values()),
        "showgrid": False,
        "zeroline": False,
    }
