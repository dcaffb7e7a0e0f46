"""Objects whose keys say whose, of what or when the rows below them are.

``{"film.mp4": {"0-6": [...], "6-12": [...]}}`` names a film and the times of its segments, and
``{"film.mp4": {"visual": [...], "audio": [...]}}`` the options. What an outer key said of the rows
is never replaced by an inner one: where both may name the video, both are kept, and told.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from twlab.errors import InputError
from twlab.loading.responses.names import BOXES, NESTED, snake_case
from twlab.loading.responses.othernames import FALLBACK_VIDEO, MEDIA_NAME, OPTION_WORDS
from twlab.timecodes import LATEST_SEC, parse_timecode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Keys",
    "are_films",
    "are_joint",
    "are_segments",
    "parse_named_span",
    "parse_span",
    "read_keys",
]

_OPTION_KEYS = OPTION_WORDS - {"speech", "conversation", "transcript"}
_WRAPPERS = frozenset(
    (
        *("response", "answer", "body", "content", "payload", "get", "clip", "clips", "segment"),
        *("video_segments", "chunks", "entries", "list", "output", "outputs", "emb", "embs"),
        *("embedding_results", "task", "tasks", "video", "videos", "collection", "index", "doc"),
        *BOXES,
        *NESTED,
    )
)
"""Keys that stand around rows and name no video."""
_NAMED = ("video_id", "video_name", "filename", "input_url")

_TIME = r"(\d+:\d{2}(?::\d{2})?(?:\.\d+)?|\d+(?:\.\d+)?)\s*(ms|s|sec|secs|seconds)?"
_PREFIX = r"[\s\[(]*(?:(?:clip|segment|seg|shot|scene|chunk|window|t)[\s_=-]*)?"
_SPAN = re.compile(
    rf"{_PREFIX}{_TIME}\s*(?:-|–|—|_|,|to|\.\.|->|→)\s*{_TIME}[\s\])]*",
    re.IGNORECASE,
)
_MOMENT = re.compile(rf"(?:t[\s_=-]*)?{_TIME}", re.IGNORECASE)
_JOINT = re.compile(r"[\s(\['\"]*(.+?)['\"]?[\s,_@:#|-]+([\d.:]+\s*[-_,]\s*[\d.:]+)[\s)\]]*")
_LONGEST_KEY, _LONGEST_JOINT = 60, 300
"""Letters of two times with words around them, and of a name of up to 255 before these: a search
for times in a text of any length would take seconds."""


class Keys(NamedTuple):
    """What the keys of an object say: videos, options, times, names of segments.

    ``joint`` ones say video and times in one; ``kind`` is empty where they say nothing, and
    ``sure`` videos are never taken for groups of films.
    """

    kind: Literal["", "video", "option", "span", "moment", "segment", "joint"]
    sure: bool = False

    def facts(self, key: str, around: dict[str, Any]) -> dict[str, Any]:
        """What a key says of all rows below it, given what was said around it."""
        if self.kind == "option":
            return {"embedding_option": str(key).replace("_", "-").lower()}
        if self.kind in ("span", "moment"):
            start, end = (parse_span(key) if self.kind == "span" else _parse_moment(key)) or (
                None,
                None,
            )
            return {"start_sec": start, "end_sec": end}
        if self.kind == "joint" and (parts := parse_named_span(key)):
            return {"video_name": parts[0], "start_sec": parts[1], "end_sec": parts[2]}
        if self.kind == "segment":
            return {"segment_key": str(key)}
        if self.kind == "video":
            group = {"group": around[FALLBACK_VIDEO]} if FALLBACK_VIDEO in around else {}
            return {**group, "video_name" if self.sure else FALLBACK_VIDEO: str(key)}
        return {}


def read_keys(
    inner: dict[str, Any], facts: dict[str, Any], *, whole: bool, row_ids: Sequence[str] | None
) -> Keys:
    """What the keys of an object of nothing but objects and lists say.

    Parameters
    ----------
    inner : dict
        The values under which rows may stand.
    facts : dict
        What was said around the object.
    whole : bool
        Whether the object holds nothing else.
    row_ids : sequence of str, or None
        The ids of the rows, where each value is a row of one vector or several; else None.
    """
    keys = list(map(str, inner))
    if not whole or not keys:
        return Keys("")
    if all(key.replace("_", "-").lower() in _OPTION_KEYS for key in keys):
        return Keys("option")
    if all(snake_case(key) in _WRAPPERS for key in keys):
        return Keys("")
    if are_times := _read_time_keys(keys):
        return are_times
    if row_ids is not None and (all(map(str.isdigit, keys)) or list(row_ids) == keys):
        return Keys("")
    if not (named := any(name in facts for name in _NAMED)) and are_joint(keys):
        return Keys("joint")
    if named or _is_within_film(facts, keys):
        return Keys("segment")
    return Keys("video", sure=_share_keys(inner.values()))


def are_films(keys: Iterable[Any]) -> bool:
    """Whether all keys are names of films by their ending."""
    return all(MEDIA_NAME.fullmatch(str(key)) for key in keys)


def are_segments(keys: Iterable[Any]) -> bool:
    """Whether keys are times, or count segments, and so are no names of options."""
    keys = list(map(str, keys))
    return bool(keys) and (all(map(str.isdigit, keys)) or _read_time_keys(keys) is not None)


def _is_within_film(facts: dict[str, Any], keys: list[str]) -> bool:
    """Whether the object around is of one film, so that its keys name parts of it."""
    around = facts.get(FALLBACK_VIDEO)
    if around is None or are_films(keys):
        return False
    return bool(MEDIA_NAME.fullmatch(str(around))) or all(map(str.isdigit, keys))


def _share_keys(values: Iterable[Any]) -> bool:
    """Whether several objects have keys in common, so that these name no films of their own."""
    seen: set[str] = set()
    for value in values:
        keys = set(map(str, value)) if type(value) is dict else set()
        if seen & keys:
            return True
        seen |= keys
    return False


def _read_time_keys(keys: list[str]) -> Keys | None:
    """Whether all keys are spans of time, or moments."""
    spans = sorted(span for key in keys if (span := parse_span(key)) is not None)
    if len(spans) == len(keys):
        touching = [b[0] - a[1] for a, b in itertools.pairwise(spans)]
        frames = len(spans) > 1 and all(gap == 1 for gap in touching)  # 0-149, 150-299
        return Keys("span") if len(set(spans)) == len(keys) and not frames else None
    if all(map(str.isdigit, keys)):
        return None  # numbers of segments, or frames
    moments = [_parse_moment(key) for key in keys]
    return Keys("moment") if all(moments) and len(set(moments)) == len(keys) else None


def are_joint(keys: list[str]) -> bool:
    """Whether all keys are of a video and a span, and no dates: spans of one video only touch."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for key in keys:
        parts = parse_named_span(key)
        if parts is None:
            return False
        spans.setdefault(parts[0], []).append(parts[1:])
    gaps = [b[0] - a[1] for own in map(sorted, spans.values()) for a, b in itertools.pairwise(own)]
    return bool(gaps) and min(gaps) == 0


def parse_named_span(key: str) -> tuple[str, float, float] | None:
    """The name, start and end of a text like ``film.mp4_0_6`` or ``('film', 0, 6)``; else None.

    Examples
    --------
    >>> parse_named_span("film.mp4_0.0_6.0"), parse_named_span("film.mp4")
    (('film.mp4', 0.0, 6.0), None)
    """
    hit = _JOINT.fullmatch(key) if len(key) <= _LONGEST_JOINT else None
    span = parse_span(hit[2]) if hit else None
    return (hit[1], *span) if hit and span else None


def parse_span(key: str) -> tuple[float, float] | None:
    """The seconds that a text like ``0-6``, ``00:00-00:06`` or ``clip_0.0_6.0`` says; else None.

    Examples
    --------
    >>> parse_span("0.5-6s"), parse_span("film-2")
    ((0.5, 6.0), None)
    """
    hit = _SPAN.fullmatch(key) if len(key) <= _LONGEST_KEY else None
    if hit is None:
        return None
    unit = hit[4] or hit[2]
    start, end = _parse_film_time(hit[1], hit[2] or unit), _parse_film_time(hit[3], unit)
    return (start, end) if start is not None and end is not None and start < end else None


def _parse_moment(key: str) -> tuple[float, float] | None:
    """The second that a text says, as the start and the end of a moment; else None."""
    hit = _MOMENT.fullmatch(key) if len(key) <= _LONGEST_KEY else None
    at = _parse_film_time(hit[1], hit[2]) if hit else None
    return None if at is None else (at, at)


def _parse_film_time(text: str, unit: str | None) -> float | None:
    """A number or timecode as seconds; None beyond what a film lasts."""
    try:
        at = parse_timecode(text) / (1000 if unit and unit.lower() == "ms" else 1)
    except InputError:
        return None
    return at if at < LATEST_SEC else None
