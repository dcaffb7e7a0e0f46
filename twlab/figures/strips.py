"""The axis of a heatmap: segments laid along time, video after video.

A strip gives every segment a cell from its start to its end, so that unequal segments keep their
proportions. Where segments overlap, a cell ends at the next start; where several start together,
they share the stretch; where there is a gap, the strip has an empty cell. The second and further
videos begin where the one before ends. One video alone is a clock that starts at zero, at every
zoom. Videos of a single row each (whole videos, images) get cells of equal width and their names
for ticks. Longer strips than the picture has room for are cut into blocks of neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.figures.clock import (
    clock_times,
    round_times,
    span_labels,
    time_axis,
)
from twlab.figures.theme import as_shown, short_names
from twlab.intervals import format_timecode

if TYPE_CHECKING:
    from twlab.table.types import Floats, Positions


__all__ = ["Ground", "Strip", "axis_places", "axis_settings", "ground_of", "lay_strip"]

SMALLEST_GAP = 1 / 2000
"""Gaps below this share of the whole strip are not drawn."""


INSTANT_SEC = 1e-3
"""How long a segment without length is drawn."""


class Ground(NamedTuple):
    """Where each video lies on an axis; shared by the panels of a figure."""

    spans: pd.DataFrame
    """One row per video: ``first`` and ``last`` second shown, and ``place`` on the axis."""
    length: float
    by_time: bool
    clock: bool


class Strip(NamedTuple):
    """One side of a panel."""

    order: Positions
    """Positions of the rows in their table, in order along the axis."""
    blocks: Positions
    """Where in ``order`` each block begins."""
    cells: Positions
    """The block that each drawn cell shows; -1 where nothing is."""
    edges: Floats
    """Where the cells begin and end, one more than there are cells."""
    labels: list[str]
    """What the hover says of each cell."""


def ground_of(table: pd.DataFrame) -> Ground:
    """Where the videos of a table lie; videos in order of appearance."""
    start, end = _fill_times(table)
    by_video = table["video_id"].to_numpy()
    videos = pd.unique(table["video_id"])
    end = np.maximum(end, start + INSTANT_SEC)
    groups = pd.DataFrame({"first": start, "last": end}).groupby(by_video, sort=False)
    spans = groups.agg({"first": "min", "last": "max"}).reindex(videos)
    by_time = len(spans) == 1 or _most_rows(table) > 1
    if not by_time:
        spans["first"], spans["last"] = 0.0, 1.0
    widths = (spans["last"] - spans["first"]).to_numpy()
    spans["place"] = np.append(0, np.cumsum(widths)[:-1])
    clock = len(spans) == 1 and bool(table["start_sec"].notna().all())
    if clock:
        spans["place"] = spans["first"]
    return Ground(spans, float(widths.sum()), by_time, clock)


def _most_rows(table: pd.DataFrame) -> int:
    """Rows of a video in one panel, at most; each option has its own."""
    keys = ["video_id"] + ["embedding_option"] * ("embedding_option" in table.columns)
    return int(table.groupby(keys, sort=False, dropna=False, observed=True).size().max())


def _fill_times(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of each row; rows without time come one by one after the others."""
    start, end = (
        table[name].to_numpy(np.float64, na_value=np.nan).copy()
        for name in ("start_sec", "end_sec")
    )
    untimed = ~(np.isfinite(start) & np.isfinite(end))
    if untimed.any():
        codes = pd.factorize(table["video_id"])[0]
        for code in np.unique(codes[untimed]):
            rows, gone = (np.flatnonzero((codes == code) & side) for side in (~untimed, untimed))
            width = float(np.median(end[rows] - start[rows])) if len(rows) else 1.0
            after = float(end[rows].max()) if len(rows) else 0.0
            start[gone] = after + width * np.arange(len(gone))
            end[gone] = start[gone] + width
    return start, end


def lay_strip(table: pd.DataFrame, rows: Positions, ground: Ground, *, most: int) -> Strip:
    """The strip of some rows of a table, in at most about ``most`` cells."""
    part = table.iloc[rows]
    start, end = _fill_times(part)
    video = ground.spans.index.get_indexer(pd.Index(part["video_id"]))
    if not ground.by_time:
        start, end = np.zeros(len(part)), np.ones(len(part))
    turn = np.lexsort((end, start, video))
    video, start, end = video[turn], start[turn], end[turn]
    low, high = _drawn_spans(video, start, end, SMALLEST_GAP * ground.length)
    shift = (ground.spans["place"] - ground.spans["first"]).to_numpy()[video]
    low, high = low + shift, high + shift
    blocks = _cut_blocks(video, most)
    last = np.append(blocks[1:], len(turn)) - 1
    labels = _block_labels(part.iloc[turn], blocks, last)
    closed = len(blocks) < len(turn)
    if not closed:
        cells, edges = _lay_cells(low, high, SMALLEST_GAP * ground.length)
        closed = len(cells) > most
    if closed:  # blocks, or too many gaps: each cell reaches to the next
        cells, edges = np.arange(len(blocks)), np.append(low[blocks], high[-1])
    return Strip(rows[turn], blocks, cells, edges, [labels[k] if k >= 0 else "" for k in cells])


def _drawn_spans(video: Positions, start: Floats, end: Floats, gap: float) -> tuple[Floats, Floats]:
    """From where to where each row is drawn, in seconds of its video; rows in order."""
    first = np.flatnonzero((np.diff(video, prepend=-1) != 0) | (np.diff(start, prepend=-1) != 0))
    tie = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(video))))
    of_video = video[first]
    reach = pd.Series(np.maximum.reduceat(end, first)).groupby(of_video).cummax().to_numpy()
    begin = start[first]
    follows = np.append(begin[1:], np.inf)
    follows[np.append(np.diff(of_video) != 0, True)] = np.inf
    stop = np.where(reach >= follows - gap, follows, reach)
    stop = np.maximum(stop, begin + np.where(np.isfinite(follows), 0, INSTANT_SEC))
    count = np.bincount(tie)
    width = ((stop - begin) / count)[tie]
    low = begin[tie] + width * (np.arange(len(video)) - first[tie])
    return low, low + width


def _cut_blocks(video: Positions, most: int) -> Positions:
    """Where blocks of neighbours begin; a block keeps to one video while there is room."""
    size = -(-len(video) // most)
    opens = np.flatnonzero(np.diff(video, prepend=-1))
    if size == 1:
        return np.arange(len(video))
    if 2 * len(opens) > most:
        return np.arange(0, len(video), size)
    ends = np.append(opens[1:], len(video))
    return np.concatenate([np.arange(a, b, size) for a, b in zip(opens, ends, strict=True)])


def _lay_cells(low: Floats, high: Floats, gap: float) -> tuple[Positions, Floats]:
    """Cells and edges of segments, with an empty cell in each gap."""
    holes = np.flatnonzero(low[1:] - high[:-1] > gap) + 1
    cells = np.insert(np.arange(len(low)), holes, -1)
    edges = np.append(np.insert(low, holes, high[holes - 1]), high[-1])
    return cells, edges


def _block_labels(part: pd.DataFrame, blocks: Positions, last: Positions) -> list[str]:
    """Video and times of each block, and how many segments are in it where there are several."""
    shown = part.iloc[blocks][["video_id", "start_sec"]].assign(
        end_sec=part["end_sec"].to_numpy()[last]
    )
    closing = part["video_id"].to_numpy()[last]
    labels = span_labels(shown)
    for k, (opening, count) in enumerate(zip(shown["video_id"], last - blocks + 1, strict=True)):
        if opening != closing[k]:
            labels[k] = f"{as_shown(opening)} to {as_shown(closing[k])}"
        labels[k] += f" · {count} segments" if count > 1 else ""
    return labels


def axis_places(places: Any, ground: Ground) -> Any:
    """Places on an axis in the form that its type wants."""
    return clock_times(places) if ground.clock else np.asarray(places)


def axis_settings(ground: Ground, *, pixels: float, most_letters: int) -> dict[str, Any]:
    """Ticks and range of an axis of so many pixels."""
    spans, most_ticks = ground.spans, pixels / 60
    if ground.clock:
        settings = time_axis(spans["first"].iloc[0], spans["last"].iloc[0])
        return {**settings, "nticks": round(most_ticks)}
    if ground.by_time:
        places, texts = _time_ticks(ground, most_ticks)
    else:
        every = max(1, round(len(spans) * 18 / pixels))
        places = (spans["place"] + 0.5).iloc[::every].tolist()
        texts = short_names(spans.index, most_letters)[::every]
    shown = {"tickmode": "array", "tickvals": places, "ticktext": texts}
    return {"type": "linear", "range": [0, ground.length], **shown}


def _time_ticks(ground: Ground, most: float) -> tuple[list[float], list[str]]:
    """Places and timecodes of round times in each of several videos, none too close together."""
    apart = 0.7 * ground.length / most
    places: list[float] = []
    texts: list[str] = []
    for place, first, last in ground.spans[["place", "first", "last"]].itertuples(index=False):
        share = most * (last - first) / ground.length
        times = [first, *round_times(first, last, share)] if share > 1 else [first]
        for time in times:
            where = place + time - first
            near_end = time > first and last - time < apart
            if (not places or where - places[-1] >= apart) and not near_end:
                places.append(where)
                texts.append(format_timecode(time))
    return places, texts
