"""Fields of a row that stand one level deeper: ``time_range: [0, 6]``, ``segment: {start, end}``.

So may what is known of the video: ``video: {"id": ..., "name": ...}``, whose fields are taken as
those of the row. Metadata may also be JSON as text, as stores that keep only texts give it back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from twlab.loading.responses.dialects import document_of
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.othernames import per_sec, time_name
from twlab.loading.responses.shapes import COLUMN_OF
from twlab.loading.responses.values import SCALARS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twlab.loading.responses.shapes import Shape

__all__ = ["is_folded", "is_sparse", "lift_video", "unfold", "without_keys"]

_OF_SPANS = frozenset(
    (
        *("range", "span", "timespan", "interval", "window", "segment", "bounds", "boundaries"),
        *("timestamp", "timestamps", "time", "times", "support"),
    )
)
_OF_FRAMES = frozenset(("frame", "frames", "support"))
_TIME_COLUMNS = frozenset(("start_sec", "end_sec", "start_timecode", "end_timecode"))
_VIDEOS = frozenset(("video", "film", "movie", "media", "file", "asset", "source", "source_video"))
_VIDEO_FIELDS = {
    **dict.fromkeys(("id", "video_id", "uuid"), "video_id"),
    **dict.fromkeys(("name", "title", "filename", "file_name"), "video_name"),
    **dict.fromkeys(("path", "file_path", "uri", "src", "key", "video"), "video_path"),
}
_LONGEST_PAIR = 2
"""A list of two is a stretch of time; longer ones are vectors, or several things."""


def is_folded(node: dict[str, Any], shape: Shape) -> bool:
    """Whether a row keeps its times, its video or its metadata one level deeper."""
    return bool(_read_texts(node, shape) or _find_spans(node, shape) or _video_keys(node, shape))


def lift_video(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The object with what an object inside it says of its video; the same one without that."""
    videos = _video_keys(node, shape)
    return {**_video_fields(node, videos), **without_keys(node, videos)} if videos else node


def unfold(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The row with such fields as its own; the same one where there are none."""
    texts, spans = _read_texts(node, shape), _find_spans(node, shape)
    node = lift_video(without_keys(node, spans), shape) if spans else lift_video(node, shape)
    if not (texts or spans):
        return node
    flat = node | texts
    for times in spans.values():
        flat |= {key: value for key, value in times.items() if key not in flat}
    return flat


def without_keys(node: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """An object without some keys."""
    return {key: value for key, value in node.items() if key not in keys}


def _video_keys(node: dict[str, Any], shape: Shape) -> list[str]:
    """The keys under which an object stands that describes the video, and holds no rows."""
    if _VIDEOS.isdisjoint(shape.plain):
        return []
    keys = [shape.plain[name] for name in sorted(_VIDEOS & shape.plain.keys())]
    return [key for key in keys if type(node.get(key)) is dict and _is_flat(node[key])]


def _is_flat(value: dict[str, Any]) -> bool:
    """Whether an object has single values, and neither objects nor vectors."""
    return any(isinstance(one, SCALARS) for one in value.values()) and not any(
        isinstance(one, dict) or (isinstance(one, list | tuple) and len(one) > _LONGEST_PAIR)
        for one in value.values()
    )


def _video_fields(node: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """The fields of such objects under names of a row, the first of each name."""
    fields: dict[str, Any] = {}
    for key in keys:
        for name, value in node[key].items():
            own = _VIDEO_FIELDS.get(snake_case(name))
            known = name if snake_case(name) in COLUMN_OF else f"{key}_{name}"
            fields.setdefault(own or known, value)
    return fields


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse vector: places and the numbers there."""
    return type(value) is dict and value.keys() == {"indices", "values"}


def _read_texts(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The objects inside a row that are JSON as text, read."""
    if not shape.nested:
        return {}
    texts = {key: node[key] for key, _ in shape.nested if isinstance(node[key], str)}
    read = {key: document_of(text) for key, text in texts.items()}
    return {key: value for key, value in read.items() if type(value) is dict}


def _find_spans(node: dict[str, Any], shape: Shape) -> dict[str, dict[str, Any]]:
    """The keys under which the times of a row stand, and its times."""
    timed, likely = _keys_of_times(tuple(node))
    if any(not isinstance(node[key], dict | list | tuple) for key in timed):
        return {}
    spans = {key: _read_pair(key, node[key]) for key in likely}
    if not any(spans.values()):
        objects = {key: node[key] for key in shape.extras if type(node[key]) is dict}
        spans = {key: _read_object_of_times(value) for key, value in objects.items()}
    found = {key: times for key, times in spans.items() if times}
    return found if len(found) == 1 else {}


@lru_cache(maxsize=1024)
def _keys_of_times(keys: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The keys of times, and those under which both times may stand."""
    timed = [key for key in keys if _is_time(key)]
    return timed, [
        key for key in keys if (_OF_SPANS | _OF_FRAMES) & set(snake_case(key).split("_"))
    ]


def _is_time(key: str) -> bool:
    """Whether a name is that of a time."""
    return COLUMN_OF.get(snake_case(key)) in _TIME_COLUMNS or time_name(key) is not None


def _read_pair(key: str, value: Any) -> dict[str, Any]:
    """The times of ``[start, end]``; empty for anything else."""
    if type(value) not in (list, tuple) or len(value) != 2:
        return {}
    if not all(type(one) in (int, float) for one in value) or not 0 <= value[0] <= value[1]:
        return {}
    if _OF_FRAMES & set(snake_case(key).split("_")):
        return {"start_frame": value[0], "end_frame": value[1]}
    return {"start_sec": value[0] / per_sec(key), "end_sec": value[1] / per_sec(key)}


def _read_object_of_times(value: dict[str, Any]) -> dict[str, Any]:
    """An object with a start and an end; empty for anything else."""
    if any(isinstance(one, dict | list) for one in value.values()):
        return {}
    return value if sum(map(_is_time, value)) >= 2 else {}
