"""Two models on the same moments of the same videos.

Rows are joined by ``video_id`` and time. Where both sides cut a video alike the rows are taken as
they are; otherwise both are laid on cells of the longer typical segment, each the mean of what
overlaps it, and the cells are taken where both have something.

* :func:`pair_up` - the moments that two models have in common, video by video
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.table.blocks import row_marks
from twlab.table.segments import (
    check_segments,
    clip_mask,
    str_column,
    vectors,
    with_vectors,
)
from twlab.table.tracks import (
    SAME_SEC,
    Track,
    at_length_1,
    common_cells,
    times_of,
    tracks,
)
from twlab.wording import FILTERED, brief

if TYPE_CHECKING:
    from twlab.table.types import Floats

__all__ = ["SharedVideo", "SharedVideos", "pair_up"]

FEWEST_MOMENTS = 8
"""Moments in common that a video takes part with: as for the agreement of options, a correlation of
similarities is noise with fewer. Pieces of films of three sources and of texts exceed .87 to .97 of
their strangers with 8 moments, whose agreement deviates by .24 to .27; with 4 there is no agreement
that could be measured, and 16 (.98 to 1, deviation .1) leave out what is shorter than 96 s."""

MOST_MOMENTS = 500
"""Moments of a video that are compared; beyond, cells get longer. Ranks of 125,000 pairs take 12
ms, and every video is compared with some seven others."""

SAME_TIMES_SEC = 0.01
"""Times that differ by less are one cut, written with two or three digits."""

MOST_LOST = 0.1
"""Share of the seconds of a video that may find no partner without a word: the last clip of one
model may be missing in the other."""

NAMES_TOLD = 3
"""Names of videos in a message."""


class SharedVideo(NamedTuple):
    """One video seen by two models: row ``i`` of both is of one moment."""

    video_id: str
    a: Floats
    """Unit vectors, shape (n, d)."""
    b: Floats
    """Unit vectors, shape (n, e)."""
    start_sec: Floats
    end_sec: Floats


class SharedVideos(NamedTuple):
    """The videos that two models have in common, in order of their names."""

    names: tuple[str, str]
    """What the two are called."""
    videos: list[SharedVideo]
    spaces: tuple[tuple[str, str], tuple[str, str]]
    """Option and model of both, empty where a table names none."""

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Both sides as tables of segments, row ``i`` of both of one moment."""
        rows = pd.concat(
            [
                pd.DataFrame(
                    {
                        "video_id": str_column([pair.video_id] * len(pair.a)),
                        "start_sec": pair.start_sec,
                        "end_sec": pair.end_sec,
                    }
                )
                for pair in self.videos
            ],
            ignore_index=True,
        )
        sides = []
        for name, side in zip(self.names, ("a", "b"), strict=True):
            matrix = np.concatenate([getattr(pair, side) for pair in self.videos])
            table = rows.assign(model_name=str_column([name] * len(rows)))
            sides.append(with_vectors(table, matrix.astype(np.float32)))
        return sides[0], sides[1]


def pair_up(a: Any, b: Any = None) -> SharedVideos:
    """The moments that two models have in common, video by video.

    Raises
    ------
    InputError
        If a side is not of one model and option, or the two share no video or too little time.
    """
    sides = _two_sides(a, b)
    names = _name_sides(sides)
    videos = [
        {str(part["video_id"].iloc[0]): Track(part) for part in _by_video(side)} for side in sides
    ]
    shared = sorted(videos[0].keys() & videos[1].keys())
    if not shared:
        raise InputError(
            f"{names[0]!r} has the videos {_list_names(sorted(videos[0]))} and {names[1]!r} has "
            f"{_list_names(sorted(videos[1]))}; videos of both were expected; give the same film "
            "the same video_id in both tables"
        )
    _tell_unshared(videos, names, shared)
    pairs = {name: _pair(name, videos[0][name], videos[1][name]) for name in shared}
    _tell_unlike(videos, pairs)
    whole = [pair for pair in pairs.values() if len(pair.a) >= FEWEST_MOMENTS]
    if not whole:
        most = max(pairs.values(), key=lambda pair: len(pair.a))
        raise InputError(
            f"{len(most.a)} moments of the video {most.video_id!r} are in both tables, and no "
            f"video has more; {FEWEST_MOMENTS} were expected; see that times of both are seconds "
            "of the same film, and use longer films or shorter clips"
        )
    if len(whole) < len(pairs):
        short = [name for name, pair in pairs.items() if len(pair.a) < FEWEST_MOMENTS]
        warn(
            f"{len(short)} of {len(pairs)} videos have fewer than {FEWEST_MOMENTS} moments in "
            f"both tables and were left out: {_list_names(short)}"
        )
    return SharedVideos(names, whole, (_name_part(sides[0]), _name_part(sides[1])))


def _two_sides(a: Any, b: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The clips of the two, each of one model and option."""
    given = [_clips_of(side, name) for side, name in ((a, "a"), (b, "b")) if side is not None]
    parts = [_parts(side) for side in given]
    expected = 1 if len(given) == 2 else 2
    for name, found in zip("ab", parts, strict=False):
        if len(found) != expected:
            side = f"{name} has" if len(given) == 2 else "the table has"
            wanted = "one was" if expected == 1 else "two were"
            raise InputError(
                f"{side} {len(found)} models or options ({_list_parts(found)}); {wanted} "
                "expected; filter it, as tw.clips(table, option='visual') or "
                "table[table['model_name'] == name], or give a second table"
            )
    first, second = parts[0] if len(given) == 1 else [found[0] for found in parts]
    return first, second


def _clips_of(table: Any, name: str) -> pd.DataFrame:
    """The rows of a table that stand for a piece of a video."""
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"{name} is {brief(table)}; a table of segments was expected; load it with tw.load"
        )
    check_segments(table)
    start, end = times_of(table)
    clips = table[clip_mask(table) & np.isfinite(start) & np.isfinite(end)]
    if not len(clips):
        raise InputError(
            f"{name} has no clips; rows that stand for pieces of videos were expected; {FILTERED}"
        )
    return clips


def _parts(clips: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows by option and model, a missing name being one of its own; in order of names."""
    keys = [name for name in ("embedding_option", "model_name") if name in clips.columns]
    if not keys:
        return [clips]
    texts = [clips[key].astype(object).where(clips[key].notna(), "").astype(str) for key in keys]
    whose = pd.MultiIndex.from_arrays(texts)
    return [clips[whose == name] for name in sorted(set(whose))]


def _list_parts(parts: list[pd.DataFrame]) -> str:
    """What the parts are called, in a message."""
    return ", ".join(" of ".join(filter(None, _name_part(part))) or "no name" for part in parts)


def _name_part(part: pd.DataFrame) -> tuple[str, str]:
    """The option and the model of a part; empty where it names none."""
    names = [
        part[key].iloc[0] if key in part.columns else None
        for key in ("embedding_option", "model_name")
    ]
    option, model = ("" if pd.isna(name) else str(name) for name in names)
    return option, model


def _name_sides(sides: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[str, str]:
    """What tells the two apart: their models, their options, both, or their places."""
    (option_a, model_a), (option_b, model_b) = map(_name_part, sides)
    if model_a and model_b and model_a != model_b:
        names = [(model_a, option_a), (model_b, option_b)]
        if option_a == option_b:
            return model_a, model_b
        return tuple(f"{model} ({option or 'no option'})" for model, option in names)  # type: ignore[return-value]
    if option_a and option_b and option_a != option_b:
        return option_a, option_b
    return "a", "b"


def _by_video(side: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each video in order of time."""
    return [_without_doubles(side.iloc[rows]) for rows in tracks(side)]


def _without_doubles(part: pd.DataFrame) -> pd.DataFrame:
    """The rows without those that say the same of the same time once more."""
    start, end = times_of(part)
    marks = pd.DataFrame({"start": start, "end": end, "mark": row_marks(vectors(part))})
    return part[~marks.duplicated().to_numpy()]


def _pair(video_id: str, a: Track, b: Track) -> SharedVideo:
    """The moments of one video that both sides have."""
    both = _as_cut(a), _as_cut(b)
    alike = len(both[0][0]) == len(both[1][0]) and all(
        np.abs(x - y).max() < SAME_TIMES_SEC for x, y in zip(both[0][1:], both[1][1:], strict=True)
    )
    if alike and len(both[0][0]) <= MOST_MOMENTS:
        (left, start, end), (right, *_) = both
    else:
        left, right, start, end = common_cells(a, b, most=MOST_MOMENTS)
    seen = left.any(axis=1) & right.any(axis=1)
    first, second = (at_length_1(rows[seen]) for rows in (left, right))
    return SharedVideo(video_id, first, second, start[seen], end[seen])


def _as_cut(track: Track) -> tuple[Floats, Floats, Floats]:
    """The mean vector of each stretch of time, as the track cuts it; in order of time."""
    times = np.column_stack(track.times)
    spans, which, counts = np.unique(times, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(spans), track.unit.shape[1]))
    np.add.at(sums, which.ravel(), track.unit)
    return sums / counts[:, None], spans[:, 0], spans[:, 1]


def _tell_unshared(
    videos: list[dict[str, Track]], names: tuple[str, str], shared: list[str]
) -> None:
    """Warn of videos that only one side has."""
    alone = [
        f"{len(rest)} only in {name!r} ({_list_names(rest)})"
        for own, name in zip(videos, names, strict=True)
        if (rest := sorted(own.keys() - set(shared)))
    ]
    if alone:
        warn(
            f"{len(shared)} videos are in both tables, and left out are {' and '.join(alone)}; "
            "where one film has two names, give it one video_id"
        )


def _tell_unlike(videos: list[dict[str, Track]], pairs: dict[str, SharedVideo]) -> None:
    """Warn of videos that seem to be different films, and of time that found no partner."""
    unlike, lost = [], []
    for name, pair in pairs.items():
        own = [side[name] for side in videos]
        if _lengths_differ(own):
            unlike.append(name)
        seconds = min(_seconds_covered_by(*track.times) for track in own)
        if _seconds_covered_by(pair.start_sec, pair.end_sec) < (1 - MOST_LOST) * seconds:
            lost.append(name)
    if unlike:
        warn(
            f"the two tables say different lengths of {len(unlike)} videos "
            f"({_list_names(unlike)}); they may be of different films or cuts, whose "
            "seconds do not fit"
        )
    if lost:
        warn(
            f"of {len(lost)} videos ({_list_names(lost)}) less than {1 - MOST_LOST:.0%} of the "
            "time that one model has is in the other; the rest is left out"
        )


def _lengths_differ(own: list[Track]) -> bool:
    """Whether both sides know how long a film is, and not the same."""
    lengths = [
        pd.to_numeric(track.rows["duration_sec"], errors="coerce").max()
        if "duration_sec" in track.rows.columns
        else np.nan
        for track in own
    ]
    return bool(abs(lengths[0] - lengths[1]) > SAME_SEC)


def _seconds_covered_by(start: Floats, end: Floats) -> float:
    """Seconds that lie in any of some stretches, given in order of their starts."""
    if not len(start):
        return 0.0
    reach = np.maximum.accumulate(end)
    fresh = np.maximum(start, np.r_[start[0], reach[:-1]])
    return float(np.maximum(end - fresh, 0).sum())


def _list_names(names: list[str]) -> str:
    """The first names, in a message."""
    more = len(names) - NAMES_TOLD
    listed = ", ".join(repr(name) for name in names[:NAMES_TOLD])
    return f"{listed} and {more} more" if more > 0 else listed
