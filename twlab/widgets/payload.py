"""What crosses to the browser: one description, and one block of bytes with all arrays.

``spec["arrays"]`` says of each array its type, length and offset in the block; offsets are
multiples of 8, so that the browser can look at the block without copying. An array that counts
from 0 has the type ``count`` and no bytes, and two that are alike lie there once. Rows are named by
their position in the table. Vectors never cross.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.media.addresses import known_addresses, mask_secrets, row_addresses
from twlab.table.pages import page_names
from twlab.table.rows import align_rows
from twlab.table.segments import check_segments, clip_mask, series_like, split_options
from twlab.widgets.columns import describe_columns, name_groups
from twlab.widgets.query_marks import tell_queries
from twlab.widgets.spaces import (
    Space,
    add_neighbors,
    align_coords,
    place_rows,
    spaces_of,
    unit_rows,
    why_no_neighbors,
)
from twlab.widgets.squares import add_similarity, add_video_similarity
from twlab.widgets.video_files import video_sources
from twlab.widgets.videos import describe_videos, name_videos, tell_typical, video_ids_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from twlab.table.types import Arrays, Mask, Matrix, Positions, SceneStarts, Values
    from twlab.widgets.explorer_options import ExplorerOptions


__all__ = ["contents_of"]

OWN_TIME, OWN_NOVELTY = "middle_sec", "novelty along time"
"""What our columns are called where the table or the labels have a ``time`` or ``novelty``."""

FILMED = {"player", "videos"}
"""Views that show the most typical frame of a video."""

MAX_NOVELTY = 50_000
"""Rows up to which novelty is computed unasked."""


class Contents(NamedTuple):
    """What an explorer shows."""

    spec: dict[str, Any]
    data: bytes
    ids: list[str]
    """The videos, in order."""
    files: dict[int, Path]
    """Of the videos that lie on a disk, by their place among them."""


def contents_of(segments: pd.DataFrame, given: ExplorerOptions) -> Contents:
    """What an explorer of a table shows.

    Raises
    ------
    InputError
        If the table or an argument is not as described for :func:`twlab.explore`.
    """
    check_segments(segments)
    options = given.put_in_order()
    video = options.video
    ids = video_ids_of(segments) if len(segments) else ["video"] if video is not None else []
    named = video if isinstance(video, Mapping) else ids if video is not None else ()
    asked = [one for one in ids if one not in named]
    known = known_addresses(segments, {"hls_url": asked, "thumbnail_url": ids})
    sources, files = video_sources(video, known["hls_url"], ids)
    videos = describe_videos(segments, ids, sources, known["thumbnail_url"])
    spec, data = _describe(segments, options, ids, videos)
    return Contents(spec, data, ids, files)


def _describe(
    segments: pd.DataFrame, options: ExplorerOptions, ids: list[str], videos: list[dict[str, Any]]
) -> tuple[dict[str, Any], bytes]:
    """The description and the bytes."""
    clips = clip_mask(segments)
    arrays = _time_arrays(segments, ids, clips)
    scaled = _needs_vectors(options, len(segments))
    spaces = spaces_of(segments, arrays.pop("everything"), clips, scaled=scaled)
    extra, own = _columns_of(segments, options.labels, arrays["video"], videos)
    novelty = _novelty(segments, unit_rows(segments, spaces), clips)
    if novelty is not None:
        arrays["novelty"] = novelty.to_numpy(np.float32)
        extra[_free_name(segments, extra, "novelty", OWN_NOVELTY)] = novelty
    columns = _tell_columns(segments, options, arrays, extra, own)
    told_spaces, xy = _tell_spaces(segments, spaces, options, arrays)
    tell_typical(videos, spaces, arrays)
    arrays["scene_video"], arrays["scene_sec"] = _scene_times(options.scenes, ids)
    known = [column["name"] for column in columns]
    pages = _tell_pages(segments)
    told_first = known[:1] if options.labels is not None else []
    spec: dict[str, Any] = {
        "n": len(segments),
        "pages": pages,
        "title": options.title if options.title is not None else _title(ids, len(pages)),
        "views": _views_of(options, ids),
        "lanes": [mask_secrets(name) for name in _lane_codes(segments)[1]],
        "mapAll": options.coords is not None and split_options(segments) is segments,
        "columns": columns,
        **own,
        "noNovelty": _why_no_novelty(segments),
        "colorBy": options.color or (known[0] if known else ""),
        "tooltip": list(options.tooltip) or told_first,
        "videos": videos,
        "spaces": told_spaces,
        "queries": tell_queries(segments, xy, spaces, options),
        "words": options.search is not None,
    }
    if {"gallery", "player", "table"} & set(options.views):
        spec["stills"] = row_addresses(segments, "thumbnail_url")
    spec["arrays"], data = _pack(arrays)
    return spec, data


def _needs_vectors(options: ExplorerOptions, n_rows: int) -> bool:
    """Whether anything is worked out from vectors: of 100,000 they are half of all work."""
    views = set(options.views)
    if "heatmap" in views or "map" not in views:
        return "heatmap" in views
    laid_out = options.coords is not None and not options.queries
    return not laid_out or n_rows <= MAX_NOVELTY or bool(FILMED & views)


def _tell_pages(segments: pd.DataFrame) -> dict[str, str]:
    """Which piece of a document rows without time are, by their place in the table."""
    names = page_names(segments)
    return {str(row): name for row, name in enumerate(names) if name} if any(names) else {}


def _views_of(options: ExplorerOptions, ids: list[str]) -> list[str]:
    """The views to show: a list of one video is none, unless it is all that is asked for."""
    views: list[str] = [*options.views]
    return [view for view in views if view != "videos" or len(ids) > 1] or views


def _tell_columns(
    segments: pd.DataFrame,
    options: ExplorerOptions,
    arrays: Arrays,
    extra: dict[str, Any],
    own: dict[str, str],
) -> list[dict[str, Any]]:
    """What the browser is told of the columns: of labels and of videos in any case."""
    asked = [*options.tooltip, *([options.color] if options.color else [])]
    _refuse_unknown(asked, {*extra, *map(str, segments.columns)})
    given = [*extra][:1] if options.labels is not None else []
    columns = describe_columns(segments, extra, arrays, {*asked, *given, own["videoColumn"]})
    return name_groups(columns, options.color, options.names)


def _time_arrays(segments: pd.DataFrame, ids: list[str], clips: Mask) -> Arrays:
    """Times, videos and lanes of all rows, and the orders in which they are walked."""
    start = segments["start_sec"].to_numpy(np.float64, na_value=np.nan)
    end = segments["end_sec"].to_numpy(np.float64, na_value=np.nan)
    video = pd.Index(ids).get_indexer(_as_texts(segments["video_id"])).astype(np.uint32)
    lane = _lane_codes(segments)[0]
    timed = np.isfinite(start) & np.isfinite(end) & clips
    by_lane = np.lexsort((start, lane, video))
    everything = np.lexsort((start, video))
    order = by_lane[timed[by_lane]].astype(np.uint32)
    return {
        "start": start,
        "end": end,
        "video": video,
        "lane": lane,
        "order": order,
        "everything": everything,
    }


def _lane_codes(segments: pd.DataFrame) -> tuple[NDArray[np.uint8], list[str]]:
    """The lane of every row and their names, by model too; rows without an option share one."""
    segments = split_options(segments)
    if "embedding_option" not in segments.columns or not len(segments):
        return np.zeros(len(segments), np.uint8), ["segments"]
    options = segments["embedding_option"]
    names = sorted({str(o) for o in options.dropna()}, key=lambda o: (o != "visual", o))[:254]
    codes = pd.Index(names).get_indexer(_as_texts(options))
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, "segments"]
    return codes.astype(np.uint8), names


def _columns_of(
    segments: pd.DataFrame,
    labels: Values | os.PathLike[str] | None,
    video: NDArray[np.uint32],
    videos: list[dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The user's labels, the videos where there are several, and the time.

    And what the columns of videos and of time are called; that of videos is empty where there is
    none.
    """
    extra: dict[str, Any] = {}
    if labels is not None:
        column = _labels_of(segments, labels)
        extra[str(column.name)] = column
    named = name_videos(segments, extra, video, videos)
    if named is not None:
        extra[named[0]] = named[1]
    by_video = named[0] if named is not None else ""
    return extra, {"videoColumn": by_video, "timeColumn": _add_time(segments, extra)}


def _add_time(segments: pd.DataFrame, extra: dict[str, Any]) -> str:
    """The middle of each segment among the columns, and what its column is called."""
    name = _free_name(segments, extra, "time", OWN_TIME)
    # As float64: the sum of two times has no room in whole numbers of few bits.
    start, end = (
        segments[name].to_numpy(np.float64, na_value=np.nan) for name in ("start_sec", "end_sec")
    )
    middle = pd.Series((start + end) / 2, index=segments.index, name=OWN_TIME)
    if middle.notna().any():
        extra[name] = middle
    return name


def _free_name(segments: pd.DataFrame, extra: dict[str, Any], usual: str, other: str) -> str:
    """The name of a column of ours: not one that table or labels have, whose column says more."""
    taken = {*extra, *map(str, segments.columns)}
    numbered = (f"{other} {k}" for k in range(2, len(taken) + 4))
    return next(name for name in (usual, other, *numbered) if name not in taken)


def _novelty(
    segments: pd.DataFrame, take: Callable[[Positions], Matrix], clips: Mask
) -> pd.Series[Any] | None:
    """How strongly something new begins at each segment, None where nothing can be said."""
    from twlab.analysis.scenes.segmentation import novelty_along

    if not 0 < len(segments) <= MAX_NOVELTY or segments["start_sec"].isna().all():
        return None
    along = novelty_along(split_options(segments), take, clips=clips)
    values = series_like(segments, along, "novelty")
    return values if values.notna().any() else None


def _why_no_novelty(segments: pd.DataFrame) -> str:
    """The sentence where novelty is left out because there are too many rows, else none."""
    n = len(segments)
    if n <= MAX_NOVELTY or segments["start_sec"].isna().all():
        return ""
    return f"no novelty: found unasked for up to {MAX_NOVELTY:,} segments, here are {n:,}"


def _labels_of(segments: pd.DataFrame, labels: Values | os.PathLike[str]) -> pd.Series[Any]:
    """Labels in the order of the table, under their own name."""
    if isinstance(labels, str) and labels in segments.columns:
        return pd.Series(segments[labels])
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise InputError(
            f"labels is {labels!r}; one label per segment, or the name of a column, was expected"
        )
    name = str(getattr(labels, "name", None) or "label")
    given = align_rows(segments, labels, "labels")
    if getattr(given, "ndim", 1) != 1:
        raise InputError(
            f"labels have shape {given.shape}; one label per segment to colour by was expected; "
            "pass one of the columns, or open the explorer without and give it these as names: "
            "explorer.labels = ..."
        )
    return pd.Series(given, index=segments.index, name=name)


def _scene_times(
    scenes: SceneStarts | None, ids: list[str]
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Video and second of every scene boundary."""
    if scenes is None:
        return np.zeros(0, np.uint32), np.zeros(0)
    if isinstance(scenes, pd.DataFrame):
        return _scene_table(scenes, ids)
    try:
        seconds = np.asarray(scenes, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise InputError(
            f"scenes is a {type(scenes).__name__}; a table with start_sec, or seconds at which "
            "scenes begin, was expected"
        ) from None
    if len(ids) > 1:
        raise InputError(
            f"scenes are bare seconds for {len(ids)} videos; a table with video_id and start_sec "
            "was expected"
        )
    return np.zeros(len(seconds), np.uint32), seconds


def _scene_table(
    scenes: pd.DataFrame, ids: list[str]
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Boundaries from a table of scenes."""
    if "start_sec" not in scenes.columns or ("video_id" not in scenes.columns and len(ids) > 1):
        raise InputError(
            f"scenes has the columns {', '.join(map(str, scenes.columns))}; start_sec (and "
            "video_id, for several videos) were expected"
        )
    seconds = scenes["start_sec"].to_numpy(np.float64, na_value=np.nan)
    place = np.zeros(len(scenes), np.int64)
    if "video_id" in scenes.columns:
        place = pd.Index(ids).get_indexer(_as_texts(scenes["video_id"]))
    keep = (place >= 0) & np.isfinite(seconds)
    return place[keep].astype(np.uint32), seconds[keep]


def _as_texts(values: pd.Series[Any]) -> pd.Index:
    """The values as texts, missing ones as an empty text; each different one is made once."""
    codes, different = pd.factorize(values)
    texts = np.array([*map(str, different), ""], dtype=object)
    made: pd.Index = pd.Index(texts[codes], dtype=object)
    return made


def _tell_spaces(
    segments: pd.DataFrame, spaces: list[Space], options: ExplorerOptions, arrays: Arrays
) -> tuple[list[dict[str, Any]], Matrix]:
    """What the browser is told of every map and heatmap, and the places of all rows."""
    told: list[dict[str, Any]] = []
    views = set(options.views)
    xy = align_coords(segments, options.coords)
    for place, (name, rows, unit) in enumerate(spaces):
        arrays[f"rows{place}"] = rows
        if unit is not None and "map" in views and options.coords is None:
            xy[rows] = place_rows(unit)
        known = 0 if unit is None else add_neighbors(unit, rows, arrays, f"neighbors{place}")
        wanted = options.similarity if "heatmap" in views else False
        square = (segments, rows, unit, wanted, arrays["video"][rows], arrays)
        told.append(
            {
                "name": mask_secrets(name),
                "rows": f"rows{place}",
                "similarity": add_similarity(*square, f"cells{place}"),
                "byVideo": add_video_similarity(*square, f"blocks{place}"),
                "neighbors": f"neighbors{place}" if known else None,
                "nNeighbors": known,
                "noNeighbors": why_no_neighbors(rows),
            }
        )
    if "map" in views:
        arrays["x"], arrays["y"] = (np.ascontiguousarray(xy[:, axis]) for axis in (0, 1))
    return told, xy


def _title(ids: list[str], n_parts: int) -> str:
    """A name for the whole."""
    off = f", {n_parts} parts without time" if n_parts else ""
    if len(ids) != 1:
        return f"{len(ids)} {'files' if n_parts else 'videos'}{off}"
    return (mask_secrets(ids[0]).replace("_", " ").strip() or "Video") + off


def _refuse_unknown(names: list[str], known: set[str]) -> None:
    """Refuse a column that is not there, and the one that is no value."""
    there = ", ".join(sorted(known - {"embedding"}))
    for name in names:
        if name not in known:
            raise InputError(f"no column {name!r} to show (there are: {there}); name one of these")
        if name == "embedding":
            raise InputError(
                "'embedding' is a vector per row, which is no colour and no text; one value was "
                f"expected; name one of {there}"
            )


def _pack(arrays: Arrays) -> tuple[dict[str, list[Any]], bytes]:
    """Where each array lies, and the block."""
    index: dict[str, list[Any]] = {}
    parts: list[bytes] = []
    places: dict[bytes, int] = {}
    offset = 0
    for name, array in arrays.items():
        if array.dtype == np.uint32 and np.array_equal(array, np.arange(array.size)):
            index[name] = ["count", int(array.size), 0]
            continue
        fewer = _narrow(name, array)
        raw = np.ascontiguousarray(fewer).tobytes()
        if raw not in places:
            places[raw] = offset
            parts += [raw, b"\0" * (-len(raw) % 8)]
            offset += len(raw) + (-len(raw) % 8)
        index[name] = [fewer.dtype.name, int(array.size), places[raw]]
    return index, b"".join(parts)


def _narrow(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in fewer bytes, where none of them is another then."""
    if name == "video":
        return array.astype(np.min_scalar_type(array.max(initial=0)))
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore"):
        less = array.astype(np.float32)
    return less if np.array_equal(less, array, equal_nan=True) else array
