"""Times, options and videos under names that no service uses, but people do.

The names of :mod:`twlab.loading.responses.names` are sure whatever stands under them. These are
not: ``timestamp`` may be a date, ``type`` a file's, ``title`` an advertisement's. So they are
looked at only where nothing better is there, by :mod:`twlab.loading.adopting`, with the values of
all rows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from twlab.loading.responses.names import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "FALLBACK_VIDEO",
    "FILE_NAMES",
    "FREE_OPTION_NAMES",
    "GROUPING_NAMES",
    "MEDIA_NAME",
    "OPTION_NAMES",
    "OPTION_WORDS",
    "SCOPE_WORDS",
    "VIDEO_NAMES",
    "WEAK_POINTS",
    "TimeName",
    "counts_frames",
    "length_name",
    "looks_like_a_time",
    "offset_name",
    "pair_of_times",
    "per_sec",
    "time_name",
]

FALLBACK_VIDEO = "\0video"
"""The key under which an answer hands down what may name its video, if no row does."""

_STARTS = frozenset(
    (
        *(
            "start",
            "start_time",
            "start_offset",
            "start_offset_time",
            "start_ts",
            "start_timestamp",
        ),
        *("segment_start", "seg_start", "clip_start", "shot_start", "scene_start", "chunk_start"),
        *("window_start", "t_start", "time_start", "ts_start", "timestamp_start", "start_at"),
        *(
            "begin",
            "begin_time",
            "from",
            "from_time",
            "time_from",
            "onset",
            "beg",
            "begins",
            "starts",
        ),
        *("tstart", "t_begin", "start_t", "start_point", "start_position", "start_pos", "time_in"),
        *("in_point", "mark_in", "tc_in", "t_in"),
    )
)
_ENDS = frozenset(
    (
        *("end", "end_time", "end_offset", "end_offset_time", "end_ts", "end_timestamp"),
        *("segment_end", "seg_end", "clip_end", "shot_end", "scene_end", "chunk_end", "window_end"),
        *("t_end", "time_end", "ts_end", "timestamp_end", "end_at", "stop", "stop_time"),
        *("to", "to_time", "time_to", "finish", "t_stop", "finish_time", "t_finish", "fin", "ends"),
        *("tend", "end_t", "end_point", "end_position", "end_pos", "time_out", "out_point"),
        *("mark_out", "tc_out", "t_out"),
    )
)
_POINTS = frozenset(
    (
        *("timestamp", "ts", "time", "pts_time", "frame_time", "frame_timestamp", "video_time"),
        *("time_offset", "media_time", "presentation_time", "timecode"),
    )
)
WEAK_POINTS = frozenset(("t", "sec", "secs", "second", "seconds"))
"""Names of a moment that may be something else: only where the numbers run as times do."""
_PAIRS = (
    *(("t0", "t1"), ("t1", "t2"), ("t_0", "t_1"), ("t_1", "t_2"), ("time0", "time1")),
    *(("time_0", "time_1"), ("s", "e"), ("st", "et"), ("st", "en"), ("in", "out")),
    *(("onset", "offset"),),
)
"""Names that are a start and an end only beside each other."""
_FRAMES = {
    **dict.fromkeys(("first_frame", "frame_start", "start_frame", "begin_frame", "from_frame"), 0),
    **dict.fromkeys(("last_frame", "frame_end", "end_frame", "stop_frame", "to_frame"), 1),
    **dict.fromkeys(("frame", "frame_index", "frame_idx", "frame_number", "frame_no"), 2),
}
"""Names of times in frames: 0 for a start, 1 for an end, 2 for a point."""
_SIDES: tuple[Literal["start", "end", "point"], ...] = ("start", "end", "point")
_UNITS = (
    (re.compile(r"_?(?:ms|msecs?|millis|millisec|milliseconds?)$"), 1e3),
    (re.compile(r"_?(?:us|usecs?|micros|microseconds?)$"), 1e6),
    (re.compile(r"_(?:ns|nsecs?|nanos|nanoseconds?)$"), 1e9),
    (re.compile(r"_(?:s|secs?|seconds?)$"), 1.0),
    (re.compile(r"_(?:mins?|minutes?)$"), 1 / 60),
)
"""How names say their unit, and how many of it make a second."""


class TimeName(NamedTuple):
    """What a name says of a time: its side, and units per second, or that it counts frames."""

    side: Literal["start", "end", "point"]
    per_sec: float
    frames: bool


@lru_cache(maxsize=4096)
def time_name(name: str) -> TimeName | None:
    """What a name that no service uses says of a time; None where it says nothing.

    Examples
    --------
    >>> time_name("startMs"), time_name("title")
    (TimeName(side='start', per_sec=1000.0, frames=False), None)
    """
    key = snake_case(name)
    if key in _FRAMES:
        return TimeName(_SIDES[_FRAMES[key]], 1.0, frames=True)
    for stem, rate in _stems(key):
        for side, stems in zip(_SIDES, (_STARTS, _ENDS, _POINTS | WEAK_POINTS), strict=True):
            if stem in stems:
                return TimeName(side, rate, frames=False)
    return None


def _stems(key: str) -> Iterator[tuple[str, float]]:
    """A name, and what is left of it without a unit, with the units per second."""
    yield key, 1.0
    for unit, rate in _UNITS:
        if hit := unit.search(key):
            yield key[: hit.start()], rate


def pair_of_times(names: Iterable[str]) -> tuple[tuple[str, TimeName], tuple[str, TimeName]] | None:
    """The start and the end among names that are times only together; None where none are.

    Examples
    --------
    >>> [name for name, _ in pair_of_times(["t1_ms", "score", "t0_ms"])], pair_of_times(["t1"])
    (['t0_ms', 't1_ms'], None)
    """
    stems = {stem: (name, rate) for name in names for stem, rate in _stems(snake_case(name))}
    for start, end in _PAIRS:
        if start in stems and end in stems and stems[start][1] == stems[end][1]:
            first, last = (stems[side][0] for side in (start, end))
            rate = stems[start][1]
            return (first, TimeName("start", rate, frames=False)), (
                last,
                TimeName("end", rate, frames=False),
            )
    return None


@lru_cache(maxsize=4096)
def per_sec(name: str) -> float:
    """How many of the units that a name ends in make a second; 1 where it names none."""
    key = snake_case(name)
    return next((factor for unit, factor in _UNITS if unit.search(key)), 1.0)


@lru_cache(maxsize=4096)
def offset_name(name: str) -> TimeName | None:
    """What a name says that is a start only beside a length; None for all others."""
    rates = [rate for stem, rate in _stems(snake_case(name)) if stem == "offset"]
    return TimeName("start", rates[0], frames=False) if rates else None


_LENGTHS = frozenset(("duration", "length", "len", "dur"))
_NUMBERS_OF_FRAMES = frozenset(
    ("n_frames", "num_frames", "nframes", "frame_count", "frames_count", "number_of_frames")
)
_OF_SEGMENTS = frozenset(("clip", "segment", "seg", "shot", "scene", "chunk", "window"))


@lru_cache(maxsize=4096)
def length_name(name: str) -> tuple[bool, float] | None:
    """Whether a name says that the length is a segment's, and units per second; else None.

    Of a number of frames, which has no such rate, it is 0.

    Examples
    --------
    >>> length_name("clip_duration_ms"), length_name("duration"), length_name("video_duration")
    ((True, 1000.0), (False, 1.0), None)
    """
    if snake_case(name) in _NUMBERS_OF_FRAMES:
        return False, 0.0
    for stem, rate in _stems(snake_case(name)):
        whose, _, length = stem.rpartition("_")
        if length in _LENGTHS and (not whose or whose in _OF_SEGMENTS):
            return bool(whose), rate
    return None


def counts_frames(name: str) -> bool:
    """Whether a name says that frames are counted."""
    return bool({"frame", "frames"} & set(snake_case(name).split("_")))


_TIMELY = frozenset(
    (
        *("start", "end", "begin", "stop", "time", "timestamp", "ts", "t0", "t1", "t", "frame"),
        *("frames", "sec", "secs", "seconds", "ms", "offset", "onset", "pts", "in", "out"),
        *("from", "to", "position", "timecode", "tc", "mid", "midpoint", "middle", "center"),
        *("centre", "minute", "minutes", "hour", "hours"),
    )
)
_OF_MACHINES = frozenset(
    (
        *("created", "updated", "uploaded", "upload", "modified", "indexed", "ingest", "ingested"),
        *("processing", "processed", "latency", "elapsed", "duration", "length", "rate", "page"),
        *("expires", "published", "n", "count", "total", "id"),
    )
)


def looks_like_a_time(name: str) -> bool:
    """Whether a name has a word of time in it, and none of when a machine did something."""
    words = set(snake_case(name).split("_"))
    return bool(words & _TIMELY) and not words & _OF_MACHINES


OPTION_NAMES = (
    *("modality_type", "embedding_type", "vector_type", "embedding_modality", "modality_name"),
    *("vector_name", "embedding_kind", "option_name", "feature_type"),
)
"""Names that are an option's, whatever the words."""

FREE_OPTION_NAMES = (
    *("channel", "type", "mode", "kind", "content_type", "segment_type", "source_type", "track"),
    *("stream", "media_type"),
)
"""Names that are an option's if all of their words are."""

OPTION_WORDS = frozenset(
    (
        *("visual", "audio", "transcription", "visual-text", "visual_text", "visual-image"),
        *("visual_image", "fused", "transcript", "speech", "conversation"),
    )
)
SCOPE_WORDS = frozenset(("clip", "video", "asset"))

VIDEO_NAMES = (
    *("video", "video_path", "video_filename", "video_src", "video_key", "video_source"),
    *("movie", "movie_id", "movie_name", "film", "film_id", "film_name", "media_id"),
)
"""Names that are a video's, whatever stands under them."""

FILE_NAMES = (
    *("file_id", "asset_id", "file", "file_path", "filepath", "path", "relative_path", "src"),
    *("source_file", "source_path", "media_path", "media_uri", "media_url", "uri", "s3_key"),
    *("s3_path", "object_key", "media"),
)
"""Names that are a video's, unless each row of one film has another: pictures, pieces."""

GROUPING_NAMES = (
    *("item_id", "title", "name", "source", "episode", "episode_id", "clip_id", "creative_id"),
    *("external_id", "document_id", "doc_id", "key", "id"),
)
"""Names that are a video's if they group the rows, or if each row is a video of its own."""

MEDIA_NAME = re.compile(
    r".*\.(?:mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|mts|wmv|flv|mxf|ogv|m3u8|mp3|m4a|wav|flac|aac|ogg)"
    r"(?:[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A file's name or address that says itself that it is a film or a recording."""
