"""What crosses to the browser: one description, and one block of bytes with all arrays.

``spec["arrays"]`` says of each array its type, length and offset in the block; offsets are
multiples of 8, so that the browser can look at the block without copying. Rows are named by
their position in the table. Vectors never cross.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.rows import aligned
from twlab.table.segments import clip_mask
from twlab.widgets.addresses import masked
from twlab.widgets.columns import describe_columns
from twlab.widgets.spaces import (
    add_neighbors,
    add_similarity,
    split_spaces,
    xy_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twlab.widgets.video_files import Source

    Arrays = dict[str, NDArray[Any]]

__all__ = ["build_payload", "video_ids_of"]

MAX_NOVELTY = 50_000
"""Rows up to which novelty is computed unasked."""


def build_payload(
    segments: pd.DataFrame,
    *,
    ids: list[str],
    views: tuple[str, ...],
    sources: list[Source],
    thumbnails: Mapping[str, str],
    coords: Any = None,
    labels: Any = None,
    scenes: Any = None,
    similarity: Any = None,
    color: str | None = None,
    tooltip: tuple[str, ...] = (),
    title: str | None = None,
) -> tuple[dict[str, Any], bytes]:
    """The description and the bytes.

    Raises
    ------
    InputError
        If an argument does not fit the table.
    """
    arrays = _time_arrays(segments, ids)
    order = arrays.pop("everything")
    extra = _extra_columns(segments, labels, arrays)
    columns = describe_columns(segments, extra, arrays)
    spaces = split_spaces(segments, order)
    if "map" in views:
        arrays["x"], arrays["y"] = xy_of(segments, coords, spaces)
    scene_video, scene_sec = _scene_times(scenes, ids)
    arrays["scene_video"], arrays["scene_sec"] = scene_video, scene_sec
    known = [column["name"] for column in columns]
    _must_know([*tooltip, *([color] if color else [])], known)
    spec: dict[str, Any] = {
        "n": len(segments),
        "title": title if title is not None else _title(segments, ids),
        "views": list(views),
        "lanes": [masked(name) for name in _lanes(segments)[1]],
        "mapAll": coords is not None,
        "columns": columns,
        "colorBy": color or (known[0] if known else ""),
        "tooltip": list(tooltip) or (known[:1] if labels is not None else []),
        "videos": _videos(segments, ids, sources, thumbnails),
        "spaces": _spaces(segments, spaces, views, similarity, arrays),
    }
    spec["arrays"], data = _packed(arrays)
    return spec, data


def video_ids_of(segments: pd.DataFrame) -> list[str]:
    """The videos of a table, in the order in which they first appear."""
    ids = [str(one) for one in pd.unique(segments["video_id"])]
    if len(set(ids)) < len(ids):
        same = max(ids, key=ids.count)
        raise InputError(
            f"two videos of the table are both written {same!r}, one as a text and one not; one "
            "name per video was expected; give one of them another video_id"
        )
    return ids


def _time_arrays(segments: pd.DataFrame, ids: list[str]) -> Arrays:
    """Times, videos and lanes of all rows, and the orders in which they are walked."""
    start = segments["start_sec"].to_numpy(np.float64, na_value=np.nan)
    end = segments["end_sec"].to_numpy(np.float64, na_value=np.nan)
    video = pd.Index(ids).get_indexer(_texts(segments["video_id"])).astype(np.uint32)
    lane = _lanes(segments)[0]
    timed = np.isfinite(start) & np.isfinite(end) & clip_mask(segments)
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


def _lanes(segments: pd.DataFrame) -> tuple[NDArray[np.uint8], list[str]]:
    """The lane of every row and their names; rows without an option share one."""
    if "embedding_option" not in segments.columns or not len(segments):
        return np.zeros(len(segments), np.uint8), ["segments"]
    options = segments["embedding_option"]
    names = sorted({str(o) for o in options.dropna()}, key=lambda o: (o != "visual", o))[:254]
    codes = pd.Index(names).get_indexer(_texts(options))
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, "segments"]
    return codes.astype(np.uint8), names


def _extra_columns(segments: pd.DataFrame, labels: Any, arrays: Arrays) -> dict[str, Any]:
    """The user's labels, the time, and the novelty."""
    extra: dict[str, Any] = {}
    if labels is not None:
        column = _labels_of(segments, labels)
        extra[str(column.name)] = column
    # As float64: the sum of two times has no room in whole numbers of few bits.
    start, end = (
        segments[name].to_numpy(np.float64, na_value=np.nan) for name in ("start_sec", "end_sec")
    )
    middle = pd.Series((start + end) / 2, index=segments.index)
    if middle.notna().any():
        extra["time"] = middle
    novelty = _novelty(segments)
    if novelty is not None:
        arrays["novelty"] = novelty.to_numpy(np.float32)
        extra["novelty"] = novelty
    return extra


def _novelty(segments: pd.DataFrame) -> pd.Series[Any] | None:
    """How strongly something new begins at each segment, None where nothing can be said."""
    from twlab.analysis.scenes.segmentation import novelty

    if not 0 < len(segments) <= MAX_NOVELTY or segments["start_sec"].isna().all():
        return None
    values = novelty(segments)
    return values if values.notna().any() else None


def _labels_of(segments: pd.DataFrame, labels: Any) -> pd.Series[Any]:
    """Labels in the order of the table, under their own name."""
    if isinstance(labels, str) and labels in segments.columns:
        return pd.Series(segments[labels])
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise InputError(
            f"labels is {labels!r}; one label per segment, or the name of a column, was expected"
        )
    name = str(getattr(labels, "name", None) or "label")
    return pd.Series(aligned(segments, labels, "labels"), index=segments.index, name=name)


def _scene_times(scenes: Any, ids: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
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
        place = pd.Index(ids).get_indexer(_texts(scenes["video_id"]))
    keep = (place >= 0) & np.isfinite(seconds)
    return place[keep].astype(np.uint32), seconds[keep]


def _videos(
    segments: pd.DataFrame, ids: list[str], sources: list[Source], thumbnails: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What the browser is told of every video."""
    groups = segments.groupby(segments["video_id"].astype(str), sort=False)
    reach = groups["end_sec"].max()
    names, lengths = _first_of(groups, "filename"), _first_of(groups, "duration_sec")
    told: list[dict[str, Any]] = []
    for video_id, source in zip(ids, sources, strict=True):
        told.append(
            {
                "id": video_id,
                "title": masked(str(names.get(video_id, video_id))),
                "duration": _length(lengths.get(video_id), reach.get(video_id)),
                "source": dict(source),
                "thumbnail": thumbnails.get(video_id, ""),
            }
        )
    return told


def _length(*known: Any) -> float:
    """The first of some lengths that is a number of seconds, else 0."""
    numbers = pd.to_numeric(pd.Series(known, dtype=object), errors="coerce").astype(float)
    fit = numbers[np.isfinite(numbers) & (numbers >= 0)]
    return float(fit.iloc[0]) if len(fit) else 0.0


def _texts(values: pd.Series[Any]) -> pd.Index:
    """The values as texts, missing ones as an empty text; each different one is made once."""
    codes, different = pd.factorize(values)
    texts = np.array([*map(str, different), ""], dtype=object)
    made: pd.Index = pd.Index(texts[codes], dtype=object)
    return made


def _first_of(groups: Any, name: str) -> dict[str, Any]:
    """The first known value of a column for each video."""
    if groups.obj.columns.tolist().count(name) != 1:
        return {}
    return dict(groups[name].first().dropna())


def _spaces(
    segments: pd.DataFrame,
    spaces: dict[str, NDArray[np.uint32]],
    views: tuple[str, ...],
    similarity: Any,
    arrays: Arrays,
) -> list[dict[str, Any]]:
    """What the browser is told of every map and heatmap."""
    told: list[dict[str, Any]] = []
    wanted = similarity if "heatmap" in views else False
    for place, (name, rows) in enumerate(spaces.items()):
        arrays[f"rows{place}"] = rows
        known = 0
        if {"map", "heatmap"} & set(views):
            known = add_neighbors(segments, rows, arrays, f"neighbors{place}")
        told.append(
            {
                "name": masked(name),
                "rows": f"rows{place}",
                "similarity": add_similarity(segments, rows, wanted, arrays, f"cells{place}"),
                "neighbors": f"neighbors{place}" if known else None,
                "nNeighbors": known,
            }
        )
    return told


def _title(segments: pd.DataFrame, ids: list[str]) -> str:
    """A name for the whole."""
    if len(ids) != 1:
        return f"{len(ids)} videos"
    return masked(ids[0]).replace("_", " ").strip() or "Video"


def _must_know(names: list[str], known: list[str]) -> None:
    """Refuse a column that the browser will not have."""
    for name in names:
        if name not in known:
            raise InputError(
                f"no column {name!r} to show (there are: {', '.join(known)}); name one of these"
            )


def _packed(arrays: Arrays) -> tuple[dict[str, list[Any]], bytes]:
    """Where each array lies, and the block."""
    index: dict[str, list[Any]] = {}
    parts: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        index[name] = [array.dtype.name, int(array.size), offset]
        parts += [raw, b"\0" * (-len(raw) % 8)]
        offset += len(raw) + (-len(raw) % 8)
    return index, b"".join(parts)
