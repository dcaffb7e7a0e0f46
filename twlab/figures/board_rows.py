"""The rows of a storyboard: what each shows of which video, and when, for any result.

A result says by its columns what it is: pieces of two videos, pairs of segments, clusters with
their medoids, or simply stretches of time with whatever is said of them. Nothing in it is
followed: a film is opened only where the caller named it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.figures.clock import SPAN
from twlab.figures.encodings import categories_of
from twlab.figures.markers import place_codes
from twlab.figures.theme import as_shown
from twlab.intervals import format_timecode
from twlab.looks import colour_of
from twlab.media.addresses import web_address
from twlab.table.rows import align_rows
from twlab.table.segments import clip_mask, unit_vectors
from twlab.table.stretches import kind_of_rows, name_of_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Row", "rows_of"]

LEAST_APART_SEC = 0.5
"""Frames of one row are no nearer to each other: at a quarter second most are equal, at a whole
second a clip of two seconds shows the same picture twice."""

LONG_SEC = 60.0
"""Of a stretch of a minute tenths of a second tell nothing, and two such do not fit on a phone."""

SAID = ("strength", "score", "cosine_similarity", "coverage", "share", "outlier", "speed", "chance")
"""Numbers that results hold of their rows, the most telling first."""

MOST_SAID = 2
"""Numbers in one heading; more do not fit on a phone."""

HEADING_LETTERS = 40
"""Letters of a label in a heading."""


class Shot(NamedTuple):
    """A moment of a video."""

    video: str
    sec: float


class Row(NamedTuple):
    """One row of a storyboard."""

    name: str
    """What it is, as it is shown."""
    words: str
    """What else is said of it."""
    shots: tuple[Shot, ...]
    address: str = ""
    """Of a thumbnail, which the browser may fetch."""
    colour: str = ""


def rows_of(found: Any, segments: pd.DataFrame | None, n_frames: int) -> tuple[str, list[Row]]:
    """What the rows are called, and the rows.

    Raises
    ------
    InputError
        If it is no result that has times.
    """
    if isinstance(found, pd.Series):
        return "clusters", list(_of_labels(found, segments, n_frames))
    columns = list(found.columns) if isinstance(found, pd.DataFrame) else []
    if {"a_video_id", "b_video_id", "a_start_sec", "b_start_sec"} <= set(columns):
        if "change" in columns:
            return "changes", list(_of_changes(found, n_frames))
        return "pieces", list(_of_pieces(found, n_frames))
    if {"video_id_a", "video_id_b", "start_sec_a", "start_sec_b"} <= set(columns):
        return "pairs", list(_of_pairs(found))
    if "medoid_start_sec" in columns and "start_sec" not in columns:
        return "clusters", list(_of_medoids(found))
    return kind_of_rows(columns), list(_of_stretches(_check_stretches(found), segments, n_frames))


def _check_stretches(found: Any) -> pd.DataFrame:
    """The result, where it is a table of stretches of time."""
    if not isinstance(found, pd.DataFrame):
        raise InputError(
            f"found is a {type(found).__name__}; scenes, hits, pieces, a summary or a Series of "
            "labels was expected; pass what tw.scenes, tw.search, tw.align, tw.summarize or "
            "tw.cluster returns"
        )
    missing = [name for name in ("video_id", *SPAN) if name not in found.columns]
    if missing:
        raise InputError(
            f"found has no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, found.columns))}); video_id, start_sec and end_sec were "
            "expected; pass what tw.scenes, tw.search or tw.summarize returns, or rename columns"
        )
    return found


def _of_stretches(
    table: pd.DataFrame, segments: pd.DataFrame | None, n_frames: int
) -> Iterator[Row]:
    """A row for each stretch of time, in the order of the table."""
    kind = kind_of_rows(list(table.columns))
    videos = table["video_id"].astype(str).tolist()
    addresses = _thumbnails(table, segments, videos)
    spans = _spans(table, SPAN)
    numbers: dict[str, int] = {}
    for place, (video, (start, end)) in enumerate(zip(videos, spans, strict=True)):
        numbers[video] = numbers.get(video, 0) + 1
        if not np.isfinite([start, end]).all() or end < start:
            continue
        name = as_shown(name_of_row(table, kind, place, numbers[video]), HEADING_LETTERS)
        words = " · ".join([_span_text(start, end), *_told_numbers(table, place)])
        shots = tuple(Shot(video, sec) for sec in _moments(start, end, n_frames))
        yield Row(name, words, shots, addresses[place])


def _told_numbers(table: pd.DataFrame, place: int) -> list[str]:
    """What a table says of a row in numbers."""
    told = []
    for name in (name for name in SAID if name in table.columns):
        value = table[name].iloc[place]
        if isinstance(value, float | int | np.number) and value == value:
            told.append(f"{name.replace('_', ' ')} {_number_text(float(value))}")
    return told[:MOST_SAID]


def _number_text(value: float) -> str:
    """A number as a heading says it."""
    if 0 <= value < 0.001:
        return "under 0.001" if value else "0"
    return f"{value:.2f}" if 0.1 <= abs(value) < 100 else f"{value:.2g}"


def _thumbnails(
    table: pd.DataFrame, segments: pd.DataFrame | None, videos: Sequence[str]
) -> list[str]:
    """The address of each row's thumbnail, empty where there is no good one."""
    if "thumbnail_url" in table.columns:
        return [web_address(value) or "" for value in table["thumbnail_url"]]
    if segments is None or not {"thumbnail_url", "video_id"} <= set(segments.columns):
        return [""] * len(videos)
    known: dict[str, str] = {}
    pairs = segments[["video_id", "thumbnail_url"]].drop_duplicates("video_id")
    for video, value in pairs.itertuples(index=False):
        known[str(video)] = web_address(value) or ""
    return [known.get(video, "") for video in videos]


def _spans(table: pd.DataFrame, names: Sequence[str]) -> list[tuple[float, float]]:
    """Starts and ends as floats."""
    start, end = (table[name].to_numpy(np.float64, na_value=np.nan).tolist() for name in names)
    return list(zip(start, end, strict=True))


def _moments(start: float, end: float, n_frames: int) -> list[float]:
    """Moments spread evenly over a stretch of time, none at its edges."""
    count = int(np.clip((end - start) / LEAST_APART_SEC, 1, n_frames))
    return [start + (k + 0.5) / count * (end - start) for k in range(count)]


def _span_text(start: float, end: float) -> str:
    """A stretch of time as timecodes; to the tenth where that tells more."""
    even = all(abs(sec - round(sec)) < 0.05 for sec in (start, end))
    whole = even or end - start >= LONG_SEC
    return " – ".join(format_timecode(sec, decimals=0 if whole else 1) for sec in (start, end))


def _of_pieces(pieces: pd.DataFrame, n_frames: int) -> Iterator[Row]:
    """Two rows for each piece: the same moments in one video and in the other."""
    sides = [_spans(pieces, (f"{s}_start_sec", f"{s}_end_sec")) for s in "ab"]
    ids = [pieces[f"{side}_video_id"].astype(str).tolist() for side in "ab"]
    for place, (a, b) in enumerate(zip(sides[0], sides[1], strict=True)):
        count = min(len(_moments(*a, n_frames)), len(_moments(*b, n_frames)))
        times = [_moments(*a, count), _moments(*b, count)]
        if "speed" in pieces.columns and pieces["speed"].iloc[place] < 0:
            times[1] = times[1][::-1]
        videos = [ids[0][place], ids[1][place]]
        shots = [tuple(Shot(v, t) for t in ts) for v, ts in zip(videos, times, strict=True)]
        told = _told_numbers(pieces.drop(columns="speed", errors="ignore"), place)
        yield Row(f"Piece {place + 1}", " · ".join([_span_text(*a), *told]), shots[0])
        yield Row("same as", _span_text(*b), shots[1])


def _of_changes(found: pd.DataFrame, n_frames: int) -> Iterator[Row]:
    """A row for each stretch of two versions: frames of the first, then of the second."""
    spans = [_spans(found, (f"{side}_start_sec", f"{side}_end_sec")) for side in "ab"]
    options = found["embedding_option"] if "embedding_option" in found else pd.Series(dtype=object)
    several = len(options.dropna().unique()) > 1
    for place, sides in enumerate(zip(*spans, strict=True)):
        there = [k for k, span in enumerate(sides) if np.isfinite(span).all()]
        shots = [
            Shot(str(found[f"{'ab'[k]}_video_id"].iloc[place]), sec)
            for k in there
            for sec in _moments(sides[k][0], sides[k][1], max(1, n_frames // len(there)))
        ]
        words = [as_shown(options.iloc[place])] if several and pd.notna(options.iloc[place]) else []
        words.append(" → ".join(_span_text(*sides[k]) for k in there))
        name = str(found["change"].iloc[place]).capitalize()
        yield Row(as_shown(name), " · ".join(words), tuple(shots))


def _of_pairs(pairs: pd.DataFrame) -> Iterator[Row]:
    """A row for each pair of segments: the middle of one and of the other."""
    spans = [_spans(pairs, (f"start_sec_{s}", f"end_sec_{s}")) for s in "ab"]
    for place, (a, b) in enumerate(zip(*spans, strict=True)):
        videos = [str(pairs[f"video_id_{side}"].iloc[place]) for side in "ab"]
        shots = tuple(Shot(v, sum(span) / 2) for v, span in zip(videos, (a, b), strict=True))
        if all(np.isfinite(shot.sec) for shot in shots):
            words = [f"{_span_text(*a)} and {_span_text(*b)}", *_told_numbers(pairs, place)]
            yield Row(f"Pair {place + 1}", " · ".join(words), shots)


def _of_medoids(summary: pd.DataFrame) -> Iterator[Row]:
    """A row for each cluster of a summary: where its most typical segment begins."""
    starts = summary["medoid_start_sec"].to_numpy(np.float64, na_value=np.nan)
    for place, start in enumerate(starts.tolist()):
        if np.isfinite(start):
            cells = summary.iloc[place]
            name = f"Cluster {cells['cluster']}" if "cluster" in summary.columns else "Cluster"
            words = f"most typical: {format_timecode(start)}"
            yield Row(as_shown(name), words, (Shot(str(cells["medoid_video_id"]), start),))


def _of_labels(
    labels: pd.Series[Any], segments: pd.DataFrame | None, n_frames: int
) -> Iterator[Row]:
    """A row for each label: its most typical segments, one of each part of its time."""
    if segments is None:
        raise InputError(
            "found is a Series of labels, which have no times; the table they label was expected "
            "beside them; pass segments=, the table that was clustered"
        )
    table = _check_stretches(segments)
    values = align_rows(table, labels, "found")
    table = table.assign(video_id=table["video_id"].astype(str))
    spans = np.array(_spans(table, SPAN)).reshape(-1, 2)
    codes, names = categories_of(values)
    timed = np.isfinite(spans).all(axis=1) & clip_mask(table)
    places = place_codes(values, codes)
    kind = "Cluster" if labels.name in (None, "cluster") else str(labels.name).capitalize()
    for code, name in enumerate(names):
        rows = np.flatnonzero((codes == code) & timed)
        rows = rows[np.lexsort((spans[rows, 0], table["video_id"].to_numpy()[rows]))]
        if not len(rows):
            continue
        chosen = _typical_rows(table, rows, n_frames)
        middles = spans[chosen].mean(axis=1).tolist()
        ids = table["video_id"].iloc[chosen]
        counted = f"{len(rows):,} segment{'s' * (len(rows) > 1)}"
        words = f"{counted}, {format_timecode((spans[rows, 1] - spans[rows, 0]).sum())} in all"
        shots = tuple(Shot(video, sec) for video, sec in zip(ids, middles, strict=True))
        missing = code == len(places)
        own = not missing and places[code] >= 0
        heading = (
            as_shown(name, HEADING_LETTERS)
            if missing or not _is_bare_number(name)
            else f"{kind} {name}"
        )
        yield Row(heading, words, shots, colour=colour_of(places[code]) if own else "")


def _is_bare_number(name: str) -> bool:
    """Whether a label says nothing by itself."""
    return name.lstrip("-").replace(".", "", 1).isdigit()


def _typical_rows(table: pd.DataFrame, rows: NDArray[np.intp], n_frames: int) -> list[int]:
    """Of each part of the rows, in the order of time, the one nearest to the mean of all."""
    parts = np.array_split(rows, min(n_frames, len(rows)))
    if "embedding" not in table.columns or table["embedding"].iloc[rows].isna().any():
        return [int(part[len(part) // 2]) for part in parts]
    unit = unit_vectors(table.iloc[rows])
    typical = dict(zip(rows.tolist(), (unit @ unit.mean(axis=0)).tolist(), strict=True))
    return [max(part.tolist(), key=lambda row: typical[row]) for part in parts]
