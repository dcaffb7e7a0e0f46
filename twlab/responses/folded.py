"""Fields of a row that stand one level deeper: ``time_range: [0, 6]``, ``segment: {start, end}``.

Metadata may also be JSON as text, as stores that keep only texts give it back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from twlab.responses.dialects import document_of
from twlab.responses.names import plain
from twlab.responses.othernames import per_sec, time_name
from twlab.responses.shapes import COLUMN_OF

if TYPE_CHECKING:
    from twlab.responses.shapes import Shape

__all__ = ["is_folded", "is_sparse", "unfolded"]

_OF_SPANS = frozenset(
    (
        *("range", "span", "timespan", "interval", "window", "segment", "bounds", "boundaries"),
        *("timestamp", "timestamps", "time", "times", "support"),
    )
)
_OF_FRAMES = frozenset(("frame", "frames", "support"))
_TIMES = frozenset(("start_sec", "end_sec", "start_timecode", "end_timecode"))


def is_folded(node: dict[str, Any], shape: Shape) -> bool:
    """Whether a row keeps its times or its metadata one level deeper."""
    return bool(_texts(node, shape) or _spans(node, shape))


def unfolded(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The row with such fields as its own; the same one where there are none."""
    texts, spans = _texts(node, shape), _spans(node, shape)
    if not (texts or spans):
        return node
    flat = {key: value for key, value in node.items() if key not in spans} | texts
    for times in spans.values():
        flat |= {key: value for key, value in times.items() if key not in flat}
    return flat


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse vector: places and the numbers there."""
    return type(value) is dict and value.keys() == {"indices", "values"}


def _texts(node: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The objects inside a row that are JSON as text, read."""
    if not shape.nested:
        return {}
    texts = {key: node[key] for key, _ in shape.nested if isinstance(node[key], str)}
    read = {key: document_of(text) for key, text in texts.items()}
    return {key: value for key, value in read.items() if type(value) is dict}


def _spans(node: dict[str, Any], shape: Shape) -> dict[str, dict[str, Any]]:
    """The keys under which the times of a row stand, and its times."""
    timed, likely = _keys_of_times(tuple(node))
    if any(not isinstance(node[key], dict | list | tuple) for key in timed):
        return {}
    spans = {key: _pair(key, node[key]) for key in likely}
    if not any(spans.values()):
        objects = {key: node[key] for key in shape.extras if type(node[key]) is dict}
        spans = {key: _object(value) for key, value in objects.items()}
    found = {key: times for key, times in spans.items() if times}
    return found if len(found) == 1 else {}


@lru_cache(maxsize=1024)
def _keys_of_times(keys: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The keys of times, and those under which both times may stand."""
    timed = [key for key in keys if _is_time(key)]
    likely = [key for key in keys if _OF_SPANS & set(plain(key).split("_"))]
    return timed, [key for key in likely if not _OF_FRAMES & set(plain(key).split("_"))]


def _is_time(key: str) -> bool:
    """Whether a name is that of a time."""
    return COLUMN_OF.get(plain(key)) in _TIMES or time_name(key) is not None


def _pair(key: str, value: Any) -> dict[str, Any]:
    """The times of ``[start, end]``; empty for anything else."""
    if type(value) not in (list, tuple) or len(value) != 2:
        return {}
    if not all(type(one) in (int, float) for one in value) or not 0 <= value[0] <= value[1]:
        return {}
    return {"start_sec": value[0] / per_sec(key), "end_sec": value[1] / per_sec(key)}


def _object(value: dict[str, Any]) -> dict[str, Any]:
    """An object with a start and an end; empty for anything else."""
    if any(isinstance(one, dict | list) for one in value.values()):
        return {}
    return value if sum(map(_is_time, value)) >= 2 else {}
