"""Identity under other names: which further columns are times, options or videos.

The readers take what is served under a name that is sure. What remains are the user's columns,
and among them may be ``start_ms``, ``channel`` or ``path``: the only word of when, of what and
whose a segment is. They are taken where nothing better is there, by name and by the values of all
rows of a source together. What then stays unread is refused where films would merge, and otherwise
told.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import InputError, brief
from twlab.intervals import LATEST_SEC, parse_timecode
from twlab.reading.merging import merging_column, runs_on
from twlab.responses.names import plain
from twlab.responses.othernames import (
    FALLBACK_VIDEO,
    FILE_NAMES,
    FREE_OPTION_NAMES,
    GROUPING_NAMES,
    MEDIA_NAME,
    OPTION_NAMES,
    OPTION_WORDS,
    SCOPE_WORDS,
    VIDEO_NAMES,
    counts_frames,
    looks_like_a_time,
    time_name,
)
from twlab.responses.values import is_reversed
from twlab.segments import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twlab.responses import Found, Rows
    from twlab.responses.othernames import TimeName

__all__ = ["adopt"]

_NAMING = ("video_id", "input_url", "video_name", "filename")
_SERVED = frozenset(
    (
        *COLUMNS,
        *_NAMING,
        *("duration_sec", "input_type", "task_id", "hls_url", "thumbnail_url", "created_at"),
        *("fps", "start_timecode", "end_timecode"),
    )
)
_LATEST_IN_FILM_SEC = 1e7
"""Four months: no film lasts so long, and a date in seconds, or in milliseconds, is later."""
_FREE_WORDS = frozenset(("text", "image", "video"))
_NO_OPTION = frozenset(("separate_embedding", "fused_embedding", "float", "dense", "sparse"))
_LONGEST_WORD = 40


def adopt(found: Found, *, one_video: bool = False) -> None:
    """Take times, options and videos of the rows of one source from their further columns.

    ``one_video`` says that the caller names the video of all rows.

    Raises
    ------
    LoadError
        If films would merge, or a time is impossible, unless the source is read to its end.
    """
    further = _further(found.rows)
    if further:
        found.rows = [_with_times(rows, found) for rows in found.rows]
        _take_options(found, further)
        if not one_video:
            _take_videos(found, further)
        found.rows = [_without_names(rows, (FALLBACK_VIDEO,)) for rows in found.rows]
        if not one_video:
            _refuse_merging(found)
        found.n_rows = sum(len(rows.vectors) for rows in found.rows)
    _tell_unread(found)


def _further(parts: Iterable[Rows]) -> set[str]:
    """The names of the columns that the readers do not know."""
    return {name for rows in parts for name in (*rows.columns, *rows.facts) if name not in _SERVED}


def _without_names(rows: Rows, names: Sequence[str]) -> Rows:
    """The rows without some columns."""
    if not any(name in rows.columns or name in rows.facts for name in names):
        return rows
    columns = {name: cells for name, cells in rows.columns.items() if name not in names}
    facts = {name: fact for name, fact in rows.facts.items() if name not in names}
    return rows._replace(columns=columns, facts=facts)


def _with_times(rows: Rows, found: Found) -> Rows:
    """The rows with start and end from columns under other names, where they have none."""
    named = [(name, hint) for name in (*rows.columns, *rows.facts) if (hint := _hint(name))]
    if not named:
        return rows
    sides = {side: list(map(float, rows.cells(f"{side}_sec"))) for side in ("start", "end")}
    taken: list[str] = []
    for side, cells in sides.items():
        if all(map(math.isnan, cells)):
            sides[side], names = _first_times(rows, named, side, cells)
            taken += names
    if not taken and all(map(math.isnan, sides["start"])):
        sides["start"], taken = _first_times(rows, named, "point", sides["start"])
        if all(map(math.isnan, sides["end"])):
            sides["end"] = list(sides["start"])  # a moment
    if not taken:
        return rows
    wrong = _reversed(rows, sides["start"], sides["end"], taken, found)
    rows = _without_names(rows, taken)
    times = {f"{side}_sec": cells for side, cells in sides.items()}
    rows = rows._replace(columns={**rows.columns, **times})
    return rows.without(wrong) if wrong else rows


def _hint(name: str) -> TimeName | None:
    """What the name of a further column says of a time."""
    return None if name in _SERVED else time_name(name)


def _first_times(
    rows: Rows, named: list[tuple[str, TimeName]], side: str, cells: list[float]
) -> tuple[list[float], list[str]]:
    """Seconds from the first column of a side whose cells all are times, and its name."""
    for name, hint in named:
        if hint.side != side:
            continue
        seconds = _seconds(rows, name, hint)
        if seconds is not None:
            return seconds, [name]
    return cells, []


def _seconds(rows: Rows, name: str, hint: TimeName) -> list[float] | None:
    """The cells of a column as seconds; None where they are none."""
    rates = _rates(rows) if hint.frames else [hint.per_sec] * len(rows.vectors)
    seconds = []
    for cell, rate in zip(rows.cells(name), rates, strict=True):
        value = _number(cell, timecode=not hint.frames and hint.per_sec == 1)
        if value is None or not (math.isnan(value) or (rate is not None and rate > 0)):
            return None
        seconds.append(math.nan if math.isnan(value) or rate is None else value / rate)
    known = [value for value in seconds if not math.isnan(value)]
    return seconds if known and max(known) < _LATEST_IN_FILM_SEC else None


def _rates(rows: Rows) -> list[Any]:
    """The frames per second of each row."""
    for name in ("fps", "video_fps", "framerate", "frames_per_second"):
        cells = rows.cells(name)
        if any(cell is not None for cell in cells):
            return [_number(cell) for cell in cells]
    return [None] * len(rows.vectors)


def _is_number(value: Any) -> bool:
    """Whether a value is a number, and not the answer to a question."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _number(cell: Any, *, timecode: bool = False) -> float | None:
    """A cell as a number that is not negative; NaN where it is empty, None where it is none."""
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return math.nan
    if isinstance(cell, str):
        try:
            return parse_timecode(cell) if timecode else float(cell[:_LONGEST_WORD])
        except (InputError, ValueError):
            return None
    if not _is_number(cell) or not 0 <= cell < LATEST_SEC * 1000:
        return None
    return float(cell)


def _reversed(
    rows: Rows, start: list[float], end: list[float], taken: list[str], found: Found
) -> set[int]:
    """Positions of rows that end before they start."""
    wrong = set()
    for k, (first, last) in enumerate(zip(start, end, strict=True)):
        if not first <= last and (problem := is_reversed(first, last)):
            wrong.add(k)
            found.problem(problem, place=rows.places[k], field=taken[-1])
    return wrong


def _cells(found: Found, name: str) -> list[Any]:
    """The cells of a column in all rows of a source."""
    return [cell for rows in found.rows for cell in rows.cells(name)]


def _put(found: Found, name: str, column: str, cells: list[Any], *, keep: bool = False) -> None:
    """Move or copy a further column, as ``cells`` have it, to a column of the table."""
    at, parts = 0, []
    for rows in found.rows:
        size = len(rows.vectors)
        own = rows if keep else _without_names(rows, (name,))
        columns = {**own.columns, column: cells[at : at + size]}
        facts = {key: fact for key, fact in own.facts.items() if key != column}
        parts.append(own._replace(columns=columns, facts=facts))
        at += size
    found.rows = parts


def _take_options(found: Found, further: set[str]) -> None:
    """Options, and scopes, from columns under other names."""
    for name in sorted(further, key=_rank(OPTION_NAMES + FREE_OPTION_NAMES)):
        key = plain(name)
        if key not in OPTION_NAMES and key not in FREE_OPTION_NAMES:
            continue
        cells = _cells(found, name)
        column = _option_column({cell for cell in cells if cell is not None}, key)
        if column and all(cell is None for cell in _cells(found, column)):
            _put(found, name, column, ["video" if cell == "asset" else cell for cell in cells])


def _option_column(words: set[Any], key: str) -> str:
    """Which column some words belong to, standing under a name; empty for none."""
    if not words or not all(isinstance(word, str) and len(word) < _LONGEST_WORD for word in words):
        return ""
    lower = {word.lower() for word in words}
    if lower <= SCOPE_WORDS and "clip" in lower:
        return "embedding_scope"
    if lower & OPTION_WORDS and lower <= OPTION_WORDS | _FREE_WORDS:
        return "embedding_option"
    sure = key in OPTION_NAMES and not lower & (_NO_OPTION | SCOPE_WORDS)
    return "embedding_option" if sure else ""


def _rank(names: Sequence[str]) -> Any:
    """A key for sorting columns by their place among known names."""
    place = {name: k for k, name in enumerate(names)}
    return lambda name: (place.get(plain(name), len(place)), name)


def _take_videos(found: Found, further: set[str]) -> None:
    """Videos from a column under another name, where no row says whose it is."""
    if not found.rows or any(_named(rows) for rows in found.rows):
        return
    order = (*VIDEO_NAMES, *FILE_NAMES, plain(FALLBACK_VIDEO), *GROUPING_NAMES)
    for name in sorted(further, key=_rank(order)):
        cells = _cells(found, name)
        holes = name == FALLBACK_VIDEO or plain(name) in VIDEO_NAMES
        if not _may_name(_filled(found, name) if holes else cells) or not _names_videos(
            found, name, cells
        ):
            continue
        names = [None if cell is None else str(cell) for cell in cells]
        is_path = any("/" in one or "\\" in one for one in names if one)
        keep = plain(name) in GROUPING_NAMES  # a title says more than whose a segment is
        _put(found, name, "input_url" if is_path else "video_name", names, keep=keep)
        return


def _named(rows: Rows) -> bool:
    """Whether any row of these says whose it is."""
    return any(cell is not None for name in _NAMING for cell in rows.cells(name))


def _filled(found: Found, name: str) -> list[Any]:
    """The cells of a column in the rows that have it at all."""
    parts = [rows for rows in found.rows if name in rows.columns or name in rows.facts]
    return [cell for rows in parts for cell in rows.cells(name)]


def _may_name(cells: list[Any]) -> bool:
    """Whether every cell is a name: a text, or a whole number."""
    return bool(cells) and all(
        (isinstance(cell, str) and bool(cell))
        or (isinstance(cell, int | np.integer) and not isinstance(cell, bool))
        for cell in cells
    )


def _names_videos(found: Found, name: str, cells: list[Any]) -> bool:
    """Whether a column of names is one of videos, by its own name and its values."""
    key = plain(name)
    if name == FALLBACK_VIDEO or key in VIDEO_NAMES:
        return True
    cells = [cell for cell in cells if cell is not None]
    media = all(isinstance(cell, str) and MEDIA_NAME.fullmatch(cell) for cell in cells)
    if not media and key not in FILE_NAMES and key not in GROUPING_NAMES:
        return False
    n_rows, n_names = len(cells), len(set(cells))
    of_rows = n_names == n_rows and n_rows > 1
    if (media or key in FILE_NAMES) and of_rows and runs_on(found.rows):
        found.remark(
            f"{name!r} names another file in each row; the rows follow one another in time and "
            "were read as one video; if each is a video of its own, load with "
            f"columns={{'video_id': {name!r}}}",
            field=name,
        )
        return False
    if media or key in FILE_NAMES:
        return True
    if n_names == 1:
        return key in ("title", "name", "item_id")
    whole = key not in ("id", "key", "clip_id") and _apart(found)
    return n_names < n_rows or (of_rows and whole)


def _apart(found: Found) -> bool:
    """Whether each row is a whole video: without a time, or from the start of one."""
    starts = [start for rows in found.rows for start in rows.cells("start_sec")]
    return all(not start > 0 for start in starts)


def _refuse_merging(found: Found) -> None:
    """Refuse rows of several films that nothing tells apart but a column that was not read."""
    hit = merging_column(found.rows, _further(found.rows))
    if hit is None:
        return
    name, values, place = hit
    shown = ", ".join(brief(value) for value in values[:3])
    found.problem(
        f"segments that name no video overlap in time, and the column {name!r} ({shown}) tells "
        "them apart, so that films would merge; a column of videos was expected; load with "
        f"columns={{'video_id': {name!r}}}, or with video_id= if all are of one video",
        place=place,
        field=name,
    )


def _tell_unread(found: Found) -> None:
    """Say which columns look like times, options or vectors but were not read as such."""
    for name, size in found.unread_vectors.items():
        found.remark(
            f"{name!r} holds {size} numbers beside the vector that was read; one vector was "
            f"expected in each row; to read that one load with columns={{'embedding': {name!r}}}",
            field=name,
        )
    further = sorted(_further(found.rows))
    if not further:
        return
    if all(math.isnan(start) for start in _cells(found, "start_sec")):
        timely = [name for name in further if _is_timely(found, name)]
        _tell_times(found, sorted(timely, key=lambda name: (_sides(name), name)))
    if all(option is None for option in _cells(found, "embedding_option")):
        like = [name for name in further if _is_optional(_cells(found, name))]
        _tell(found, like, "options", "embedding_option")


def _sides(name: str) -> int:
    """0 for a start, 1 for a moment or an unknown name, 2 for an end."""
    hint = time_name(name)
    return {"start": 0, "end": 2}.get(hint.side, 1) if hint else 1


def _tell_times(found: Found, names: list[str]) -> None:
    """Say why columns that look like times were not read as such."""
    if not names:
        return
    shown = ", ".join(map(repr, names[:4]))
    known = [_number(cell, timecode=True) for cell in _cells(found, names[0])]
    if counts_frames(names[0]):
        found.remark(
            f"no times were read: {shown} count frames, and nothing says how many make a second; "
            "add a column fps",
            field=names[0],
        )
    elif not all(number is not None and not number >= _LATEST_IN_FILM_SEC for number in known):
        found.remark(
            f"no times were read: {shown} hold{'s' if len(names) == 1 else ''} dates or other "
            "words; seconds from the start of the film were expected; take the start of the film "
            "off, and name the column start_sec",
            field=names[0],
        )
    else:
        _tell(found, names, "times", "start_sec")


def _tell(found: Found, names: list[str], what: str, column: str) -> None:
    """Say that nothing was read although some columns look like it."""
    if not names:
        return
    shown = ", ".join(map(repr, names[:4]))
    found.remark(
        f"no {what} were read, and {shown} look{'s' if len(names) == 1 else ''} like them; if so, "
        f"load with columns={{{column!r}: {names[0]!r}}}",
        field=names[0],
    )


def _is_timely(found: Found, name: str) -> bool:
    """Whether a column may hold times: by its name, and by numbers that differ."""
    if not (looks_like_a_time(name) or time_name(name)):
        return False
    cells = [cell for cell in _cells(found, name) if cell is not None]
    numbers = [_number(cell, timecode=True) for cell in cells]
    if not cells or any(number is None for number in numbers):
        return bool(time_name(name)) and bool(cells)
    return len(cells) == 1 or len(set(cells)) > 1


def _is_optional(cells: list[Any]) -> bool:
    """Whether all words of a column are options."""
    words = Counter(cell for cell in cells if cell is not None)
    return bool(words) and all(isinstance(w, str) and w.lower() in OPTION_WORDS for w in words)
