"""Identity under other names: which further columns are times, options or videos.

The readers take what is served under a name that is sure. What remains are the user's columns,
and among them may be ``start_ms``, ``channel`` or ``path``: the only word of when, of what and
whose a segment is. They are taken where nothing better is there, by name and by the values of all
rows of a source together. What then stays unread is refused where films would merge, and otherwise
told.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.loading.durations import fill_ends
from twlab.loading.further import (
    LATEST_IN_FILM_SEC,
    NAMING,
    SERVED,
    as_amount,
    further_cells,
    further_names,
    put,
    rates_of,
    without_names,
)
from twlab.loading.merging import merging_column, runs_on
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.othernames import (
    FALLBACK_VIDEO,
    FILE_NAMES,
    FREE_OPTION_NAMES,
    GROUPING_NAMES,
    MEDIA_NAME,
    OPTION_NAMES,
    OPTION_WORDS,
    SCOPE_WORDS,
    VIDEO_NAMES,
    WEAK_POINTS,
    length_name,
    offset_name,
    pair_of_times,
    time_name,
)
from twlab.loading.responses.values import is_reversed
from twlab.loading.unread import tell_unread
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.loading.responses import Found, Rows
    from twlab.loading.responses.othernames import TimeName

__all__ = ["adopt"]

_FREE_WORDS = frozenset(("text", "image", "video"))
_NO_OPTION = frozenset(("separate_embedding", "fused_embedding", "float", "dense", "sparse"))
_MOST_LETTERS = 40
"""Options and scopes have up to 18 (``separate_embedding``); longer texts are sentences."""
_IN_TIME = frozenset(("video", "audio"))


def adopt(found: Found, *, one_video: bool = False) -> None:
    """Take times, options and videos of the rows of one source from their further columns.

    ``one_video`` says that the caller names the video of all rows.

    Raises
    ------
    LoadError
        If films would merge, or a time is impossible, unless the source is read to its end.
    """
    further = further_names(found.rows)
    if further:
        found.rows = [_adopt_times(rows, found) for rows in found.rows]
        _take_options(found, further)
        if not one_video:
            _take_videos(found, further)
        found.rows = [without_names(rows, (FALLBACK_VIDEO,)) for rows in found.rows]
        if not one_video:
            _refuse_merging(found)
        found.n_rows = sum(len(rows.vectors) for rows in found.rows)
    if not one_video:
        _take_tasks(found)
    fill_ends(found)
    if not found.saved:
        found.rows = [_with_scopes(rows) for rows in found.rows]
    tell_unread(found)


def _with_scopes(rows: Rows) -> Rows:
    """The rows with the scope of a whole film in the word of the table.

    Embed v2 and Bedrock say ``asset`` of whole films and recordings, and of whole documents and
    pictures, which are no videos.
    """
    scopes = rows.cells("embedding_scope")
    if "asset" not in scopes:
        return rows
    told = zip(scopes, rows.cells("input_type"), rows.cells("start_sec"), strict=True)
    named = [
        "video" if scope == "asset" and _is_of_film(kind, start) else scope
        for scope, kind, start in told
    ]
    return rows._replace(columns={**rows.columns, "embedding_scope": named})


def _is_of_film(input_type: Any, start: float) -> bool:
    """Whether a row is of a film or a recording: as its answer says, else by its time."""
    return input_type in _IN_TIME or (input_type is None and not math.isnan(start))


def _adopt_times(rows: Rows, found: Found) -> Rows:
    """The rows with start and end from columns under other names, where they have none."""
    sides = {side: list(map(float, rows.cells(f"{side}_sec"))) for side in ("start", "end")}
    taken = _adopt_pair(rows, sides) or _adopt_single(rows, sides)
    if not taken:
        return rows
    wrong = _find_reversed(rows, sides["start"], sides["end"], taken, found)
    rows = without_names(rows, taken)
    times = {f"{side}_sec": cells for side, cells in sides.items()}
    rows = rows._replace(columns={**rows.columns, **times})
    return rows.without(wrong) if wrong else rows


def _adopt_pair(rows: Rows, sides: dict[str, list[float]]) -> list[str]:
    """Fill both sides from two columns that are times only together: ``t0`` and ``t1``."""
    if not all(math.isnan(cell) for cells in sides.values() for cell in cells):
        return []
    pair = pair_of_times([name for name in (*rows.columns, *rows.facts) if name not in SERVED])
    if pair is None:
        return []
    start, end = (_read_times(rows, name, hint) for name, hint in pair)
    if start is None or end is None:
        return []
    if not all(a <= b for a, b in zip(start, end, strict=True)) or start == end:
        return []
    sides["start"], sides["end"] = start, end
    return [name for name, _ in pair]


def _adopt_single(rows: Rows, sides: dict[str, list[float]]) -> list[str]:
    """Fill what is missing of the sides from columns of a name that says so, or from moments."""
    names = (*rows.columns, *rows.facts)
    named = [(name, hint) for name in names if (hint := _read_hint(name))]
    if any(map(length_name, rows.columns)):  # an offset beside a length is where it starts
        named += [(name, hint) for name in names if (hint := offset_name(name))]
    if not named:
        return []
    taken: list[str] = []
    for side, cells in sides.items():
        if all(map(math.isnan, cells)):
            sides[side], own = _first_times(rows, named, side, cells)
            taken += own
    if not taken and all(map(math.isnan, sides["start"])):
        sides["start"], taken = _first_times(rows, named, "point", sides["start"])
        if all(map(math.isnan, sides["end"])):
            sides["end"] = list(sides["start"])  # a moment
    return taken


def _read_hint(name: str) -> TimeName | None:
    """What the name of a further column says of a time."""
    return None if name in SERVED else time_name(name)


def _first_times(
    rows: Rows, named: list[tuple[str, TimeName]], side: str, cells: list[float]
) -> tuple[list[float], list[str]]:
    """Seconds from the first column of a side whose cells all are times, and its name."""
    for name, hint in named:
        if hint.side != side:
            continue
        seconds = _read_times(rows, name, hint)
        if seconds is not None and (snake_case(name) not in WEAK_POINTS or _runs(seconds)):
            return seconds, [name]
    return cells, []


def _runs(seconds: list[float]) -> bool:
    """Whether numbers go on from row to row, as times do, and begin anew for another film."""
    falls = [b < a for a, b in itertools.pairwise(seconds)]
    return (len(set(seconds)) > 1 and sum(falls) * 2 < len(seconds)) or len(seconds) == 1


def _read_times(rows: Rows, name: str, hint: TimeName) -> list[float] | None:
    """The cells of a column as seconds; None where they are none."""
    rates = rates_of(rows) if hint.frames else [hint.per_sec] * len(rows.vectors)
    seconds = []
    for cell, rate in zip(rows.cells(name), rates, strict=True):
        value = as_amount(cell, timecode=not hint.frames and hint.per_sec == 1)
        if value is None or not (math.isnan(value) or (rate is not None and rate > 0)):
            return None
        seconds.append(math.nan if math.isnan(value) or rate is None else value / rate)
    known = [value for value in seconds if not math.isnan(value)]
    return seconds if known and max(known) < LATEST_IN_FILM_SEC else None


def _find_reversed(
    rows: Rows, start: list[float], end: list[float], taken: list[str], found: Found
) -> set[int]:
    """Positions of rows that end before they start."""
    wrong = set()
    for k, (first, last) in enumerate(zip(start, end, strict=True)):
        if not first <= last and (problem := is_reversed(first, last)):
            wrong.add(k)
            found.problem(problem, place=rows.places[k], field=taken[-1])
    return wrong


def _take_options(found: Found, further: set[str]) -> None:
    """Options, and scopes, from columns under other names."""
    for name in sorted(further, key=_rank(OPTION_NAMES + FREE_OPTION_NAMES)):
        key = snake_case(name)
        if key not in OPTION_NAMES and key not in FREE_OPTION_NAMES:
            continue
        cells = further_cells(found, name)
        known = [cell for cell in cells if cell is not None]
        words = {cell for cell in known if isinstance(cell, str)}
        column = _option_column(words, key) if all(isinstance(one, str) for one in known) else ""
        if column and all(cell is None for cell in further_cells(found, column)):
            put(found, name, column, cells)


def _option_column(words: set[str], key: str) -> str:
    """Which column some words belong to, standing under a name; empty for none."""
    if not words or not all(len(word) < _MOST_LETTERS for word in words):
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
    return lambda name: (place.get(snake_case(name), len(place)), name)


def _take_videos(found: Found, further: set[str]) -> None:
    """Videos from a column under another name, where no row says whose it is."""
    if not found.rows or any(_has_names(rows) for rows in found.rows):
        return
    order = (*VIDEO_NAMES, *FILE_NAMES, snake_case(FALLBACK_VIDEO), *GROUPING_NAMES)
    for name in sorted(further, key=_rank(order)):
        cells = further_cells(found, name)
        holes = name == FALLBACK_VIDEO or snake_case(name) in VIDEO_NAMES
        if not _may_name(_cells_there(found, name) if holes else cells) or not _names_videos(
            found, name, cells
        ):
            continue
        names = [None if cell is None else str(cell) for cell in cells]
        is_path = any("/" in one or "\\" in one for one in names if one)
        keep = snake_case(name) in GROUPING_NAMES  # a title says more than whose a segment is
        put(found, name, "input_url" if is_path else "video_name", names, keep=keep)
        return


def _take_tasks(found: Found) -> None:
    """Videos by their tasks, where a source holds several and nothing else tells them apart."""
    tasks = further_cells(found, "task_id")
    if len(set(tasks)) > 1 and all(tasks) and not any(_has_names(rows) for rows in found.rows):
        put(found, "task_id", "video_name", tasks, keep=True)


def _has_names(rows: Rows) -> bool:
    """Whether any row of these says whose it is."""
    return any(cell is not None for name in NAMING for cell in rows.cells(name))


def _cells_there(found: Found, name: str) -> list[Any]:
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
    key = snake_case(name)
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
    whole = key not in ("id", "key", "clip_id") and _are_whole_videos(found)
    return n_names < n_rows or (of_rows and whole)


def _are_whole_videos(found: Found) -> bool:
    """Whether each row is a whole video: without a time, or from the start of one."""
    starts = [start for rows in found.rows for start in rows.cells("start_sec")]
    return all(not start > 0 for start in starts)


def _refuse_merging(found: Found) -> None:
    """Refuse rows of several films that nothing tells apart but a column that was not read."""
    hit = merging_column(found.rows, further_names(found.rows))
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
