"""The axis of a heatmap: segments laid along time, video after video.

A strip gives every segment a cell from its start to its end, so that unequal segments keep their
proportions. Where segments overlap, a cell ends at the next start; where several start together,
they share the stretch; where there is a gap, the strip has an empty cell. Rows without time, such
as pages of a document, stand in order behind those with one, each as wide as a usual segment, and
have their page for a tick. The second and further videos begin where the one before ends. One
video alone is a clock that starts at zero, at every zoom. Videos of a single row each (whole
videos, images) get cells of equal width and their names for ticks. Longer strips than the picture
has room for are cut into blocks of neighbours.
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
    time_title,
)
from twlab.figures.encodings import options_of
from twlab.figures.theme import as_shown, short_names
from twlab.table.pages import page_columns, page_names
from twlab.table.rows import page_ranks, untimed_mask
from twlab.table.segments import clip_mask
from twlab.table.tracks import clip_length
from twlab.timecodes import format_timecode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Positions


__all__ = [
    "Ground",
    "Strip",
    "axis_places",
    "axis_settings",
    "ground_of",
    "lay_strip",
    "shows_names",
]

SMALLEST_GAP = 1 / 2000
"""Gaps below this share of the whole strip are not drawn."""


TICK_PIXELS, NAME_PIXELS = 60, 30
"""Room for a timecode, or the name of a page; between names of videos, so that a phone has half."""

INSTANT_SEC = 1e-3
"""How long a segment without length is drawn."""


class Ground(NamedTuple):
    """Where each video lies on an axis; shared by the panels of a figure."""

    spans: pd.DataFrame
    """One row per video: ``first`` and ``last`` second shown, and ``place`` on the axis."""
    length: float
    by_time: bool
    clock: bool
    timed: Floats
    """The last second of each video that is one; NaN where no row has a time."""
    pages: list[tuple[float, str]]
    """Ticks of rows without time: places in order, and the page or chunk there."""


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
    start, end, width = _fill_times(table)
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
    untimed = untimed_mask(table)
    clock = len(spans) == 1 and not untimed.any()
    if clock:
        spans["place"] = spans["first"]
    known = pd.Series(np.where(untimed, np.nan, end)).groupby(by_video, sort=False).max()
    pages = _page_ticks(table, start, spans, width) if by_time and untimed.any() else []
    timed: Floats = np.asarray(known.reindex(videos), np.float64)
    return Ground(spans, float(widths.sum()), by_time, clock, timed, pages)


def _page_ticks(
    table: pd.DataFrame, start: Floats, spans: pd.DataFrame, width: float
) -> list[tuple[float, str]]:
    """Where the middle of each page or chunk lies, quadrants together, and what it is called."""
    names = pd.Series(page_names(table.drop(columns="quadrant", errors="ignore")))
    shift = (spans["place"] - spans["first"]).reindex(table["video_id"]).to_numpy()
    video = table["video_id"].to_numpy()
    places = pd.DataFrame({"video": video, "name": names, "place": start + shift})
    groups = places[names != ""].groupby(["video", "name"], sort=False)["place"]
    middle = (groups.min() + groups.max() + width) / 2
    texts = middle.index.get_level_values("name")
    return sorted(zip(middle.to_list(), texts.to_list(), strict=True))


def _most_rows(table: pd.DataFrame) -> int:
    """Rows of a video in one panel, at most; each option has its own."""
    keys = ["video_id"] + ["embedding_option"] * ("embedding_option" in table.columns)
    return int(table.groupby(keys, sort=False, dropna=False, observed=True).size().max())


def _fill_times(table: pd.DataFrame) -> tuple[Floats, Floats, float]:
    """Start and end of each row; rows without time come one by one after the others.

    Also how wide these are: as the usual segment of the table.
    """
    start, end = (
        table[name].to_numpy(np.float64, na_value=np.nan).copy()
        for name in ("start_sec", "end_sec")
    )
    untimed = ~(np.isfinite(start) & np.isfinite(end))
    length = clip_length(start[~untimed], end[~untimed])
    if untimed.any():
        codes = pd.factorize(table["video_id"])[0]
        turns = _turns(table, codes, untimed)
        for code in np.unique(codes[untimed]):
            rows, gone = (np.flatnonzero((codes == code) & side) for side in (~untimed, untimed))
            after = float(end[rows].max()) if len(rows) else 0.0
            start[gone] = after + length * turns[gone]
            end[gone] = start[gone] + length
    return start, end, length


def _turns(table: pd.DataFrame, codes: Positions, untimed: NDArray[np.bool_]) -> Positions:
    """The how-manieth row without time of its video each is, by page; alike in all options."""
    keys = [key[untimed] for key in reversed(page_ranks(table))]
    frame = pd.DataFrame({f"key{k}": key for k, key in enumerate(keys)})
    frame.insert(0, "video", codes[untimed])
    names = list(frame.columns)
    option = options_of(table)[untimed].to_numpy()
    frame["again"] = frame.assign(option=option).groupby(["option", *names]).cumcount()
    place = frame.groupby([*names, "again"], sort=True).ngroup()
    out = np.zeros(len(table), np.intp)
    out[untimed] = place - place.groupby(frame["video"]).transform("min")
    return out


def lay_strip(table: pd.DataFrame, rows: Positions, ground: Ground, *, most: int) -> Strip:
    """The strip of some rows of a table, in at most about ``most`` cells."""
    part = table.iloc[rows]
    start, end = _times_within(table, rows)
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


def _times_within(table: pd.DataFrame, rows: Positions) -> tuple[Floats, Floats]:
    """Start and end of some clips where the strip of all clips of the table has them."""
    if not untimed_mask(table.iloc[rows]).any():
        return _fill_times(table.iloc[rows])[:2]
    clips = np.flatnonzero(clip_mask(table))
    start, end, _ = _fill_times(table.iloc[clips])
    own = np.searchsorted(clips, rows)
    return start[own], end[own]


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
    """Video, and times or pages, of each block, and how many segments where there are several."""
    names = ["video_id", "start_sec", *page_columns(part)]
    shown = part.iloc[blocks][names].assign(end_sec=part["end_sec"].to_numpy()[last])
    closing, pages = part["video_id"].to_numpy()[last], page_names(part.iloc[last])
    labels = span_labels(shown)
    for k, page in enumerate(page_names(shown)):
        labels[k] += f" to {as_shown(pages[k])}" if page and pages[k] != page else ""
    for k, (opening, count) in enumerate(zip(shown["video_id"], last - blocks + 1, strict=True)):
        if opening != closing[k]:
            labels[k] = f"{as_shown(opening)} to {as_shown(closing[k])}"
        labels[k] += f" · {count} segments" if count > 1 else ""
    return labels


def axis_places(places: Any, ground: Ground) -> Any:
    """Places on an axis in the form that its type wants."""
    return clock_times(places) if ground.clock else np.asarray(places)


def axis_settings(
    ground: Ground, *, pixels: float, most_letters: int, what: str = "time"
) -> dict[str, Any]:
    """Title, ticks and range of an axis of so many pixels."""
    spans, most_ticks = ground.spans, pixels / TICK_PIXELS
    if ground.clock:
        first, last = spans["first"].iloc[0], spans["last"].iloc[0]
        return {**time_axis(first, last, what=what), "nticks": round(most_ticks)}
    if shows_names(ground, pixels):
        places, texts = _name_ticks(ground, pixels, most_letters)
        title = "video"
    else:
        places, texts = _time_ticks(ground, most_ticks)
        last = np.nanmax(ground.timed, initial=0.0)
        untimed = _word_of_pages(ground)
        title = f"{untimed} of {what}" if last == 0 else time_title(last, what)
    shown = {"tickmode": "array", "tickvals": places, "ticktext": texts}
    title = title.removesuffix(" of time")
    return {"type": "linear", "range": [0, ground.length], "title": {"text": title}, **shown}


def _word_of_pages(ground: Ground) -> str:
    """What rows without time are called together: by chunk only where all of them are chunks."""
    return "chunk" if all(name.startswith("chunk ") for _, name in ground.pages) else "page"


def shows_names(ground: Ground, pixels: float) -> bool:
    """Whether an axis of so many pixels shows the names of videos, for want of room for times."""
    if not ground.by_time:
        return True
    widths = ground.spans["last"] - ground.spans["first"]
    several = len(widths) > 1 and not ground.pages
    return several and bool(widths.max() / ground.length * pixels < 2 * TICK_PIXELS)


def _name_ticks(ground: Ground, pixels: float, most: int) -> tuple[list[float], list[str]]:
    """The middle of each video and its name, of as many as there is room for."""
    spans = ground.spans
    middle = spans["place"] + (spans["last"] - spans["first"]) / 2
    places: list[float] = []
    texts: list[str] = []
    for place, text in zip(middle, short_names(spans.index, most), strict=True):
        if not places or place - places[-1] >= NAME_PIXELS / pixels * ground.length:
            places.append(float(place))
            texts.append(text)
    return places, texts


def _time_ticks(ground: Ground, most: float) -> tuple[list[float], list[str]]:
    """Places and timecodes of round times in each of several videos, none too close together.

    Where rows have no time, their pages.
    """
    apart = 0.7 * ground.length / most
    ticks = sorted([*_timecode_ticks(ground, most, apart), *ground.pages])
    places: list[float] = []
    texts: list[str] = []
    for where, text in ticks:
        if not places or where - places[-1] >= apart:
            places.append(where)
            texts.append(as_shown(text))
    return places, texts


def _timecode_ticks(ground: Ground, most: float, apart: float) -> list[tuple[float, str]]:
    """Places and timecodes of round times in each of several videos."""
    ticks: list[tuple[float, str]] = []
    spans = ground.spans[["place", "first"]].assign(last=ground.timed).dropna()
    for place, first, last in spans.itertuples(index=False):
        share = most * (last - first) / ground.length
        times = [first, *round_times(first, last, share)] if share > 1 else [first]
        for time in times:
            if not (time > first and last - time < apart):
                ticks.append((place + time - first, format_timecode(time)))
    return ticks
