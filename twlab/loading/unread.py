"""What of a source stays unread although it looks like times, options or vectors: told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twlab.loading.further import (
    LATEST_IN_FILM_SEC,
    as_amount,
    further_cells,
    further_names,
)
from twlab.loading.responses.keyed import parse_named_span, parse_span
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.othernames import (
    OPTION_WORDS,
    counts_frames,
    looks_like_a_time,
    time_name,
)
from twlab.table.rows import PIECES
from twlab.wording import brief

if TYPE_CHECKING:
    from twlab.loading.responses import Found

__all__ = ["tell_unread"]

_COUNTING = frozenset(
    (
        *(
            "index",
            "idx",
            "number",
            "num",
            "no",
            "nr",
            "order",
            "position",
            "pos",
            "seq",
            "ordinal",
        ),
        *("sequence", "segment", "seg", "clip", "chunk", "shot", "scene", "window", "part", "i"),
    )
)
_FEWEST = 2
"""One segment follows no other."""

WITHOUT_TIME = frozenset({"document", "image", "text"})
"""Inputs whose pieces have numbers and pages, and no times that could be missed."""


def tell_unread(found: Found) -> None:
    """Say which columns look like times, options or vectors but were not read as such."""
    for name, size in found.unread_vectors.items():
        found.remark(
            f"{name!r} holds {size} numbers beside the vector that was read; one vector was "
            f"expected in each row; to read that one load with columns={{'embedding': {name!r}}}",
            field=name,
        )
    names = sorted(further_names(found.rows))
    if not found.rows or found.saved:
        return
    if all(math.isnan(start) for start in further_cells(found, "start_sec")):
        timely = [name for name in names if _is_timely(found, name)]
        if timely:
            _tell_times(found, sorted(timely, key=lambda name: (_side_rank(name), name)))
        elif not set(further_cells(found, "input_type")) <= WITHOUT_TIME:
            _tell_order(found, _without_pages(found, names))
    elif all(map(math.isnan, further_cells(found, "end_sec"))):
        _tell_ends(found, names)
    if all(option is None for option in further_cells(found, "embedding_option")):
        like = [name for name in names if _is_optional(further_cells(found, name))]
        _tell_nothing_read(found, like, "options", "embedding_option")


def _without_pages(found: Found, names: list[str]) -> list[str]:
    """The columns but those that number pages or chunks, where there are such rows."""
    of_files = {"page", "chunk"}.isdisjoint(further_cells(found, "embedding_scope"))
    return names if of_files else [name for name in names if name not in PIECES]


def _side_rank(name: str) -> int:
    """0 for a start, 1 for a moment or an unknown name, 2 for an end."""
    hint = time_name(name)
    return {"start": 0, "end": 2}.get(hint.side, 1) if hint else 1


def _tell_times(found: Found, names: list[str]) -> None:
    """Say why columns that look like times were not read as such."""
    shown = ", ".join(map(repr, names[:4]))
    known = [as_amount(cell, timecode=True) for cell in further_cells(found, names[0])]
    if counts_frames(names[0]):
        found.remark(
            f"no times were read: {shown} count frames, and nothing says how many make a second; "
            "add a column fps",
            field=names[0],
        )
    elif not all(number is not None and not number >= LATEST_IN_FILM_SEC for number in known):
        found.remark(
            f"no times were read: {shown} hold{'s' if len(names) == 1 else ''} dates or other "
            "words; seconds from the start of the film were expected; take the start of the film "
            "off, and name the column start_sec",
            field=names[0],
        )
    else:
        _tell_nothing_read(found, names, "times", "start_sec")


def _tell_order(found: Found, names: list[str]) -> None:
    """Say which columns hold times by their values, or number the segments."""
    numbers = {name: column for name in names if (column := _number_cells(found, name))}
    pair = next(
        ((a, b) for a in numbers for b in numbers if _follow_closely(numbers[a], numbers[b])), None
    )
    joint = next((name for name in names if _holds_spans(further_cells(found, name))), None)
    counts = next((name for name in names if _is_count(found, name)), None)
    if pair:
        found.remark(
            f"no times were read, and {pair[0]!r} and {pair[1]!r} look like them, as each segment "
            f"ends where the next begins; if so, load with columns={{'start_sec': {pair[0]!r}, "
            f"'end_sec': {pair[1]!r}}}",
            field=pair[0],
        )
    elif joint:
        shown = brief(further_cells(found, joint)[0])
        found.remark(
            f"no times were read, and {joint!r} ({shown}) looks as if it held them; start and end "
            "in seconds were expected; split it into columns start_sec and end_sec",
            field=joint,
        )
    elif counts:
        found.remark(
            f"no times were read: {counts!r} numbers the segments; start and end in seconds were "
            "expected; add columns start_sec and end_sec, for example that number times the "
            "length of a segment",
            field=counts,
        )


def _tell_ends(found: Found, names: list[str]) -> None:
    """Say which column looks like the ends, or that a length was taken for the film's."""
    start = further_cells(found, "start_sec")
    ends = [
        n for n in names if (column := _number_cells(found, n)) and _follow_closely(start, column)
    ]
    _tell_nothing_read(found, ends, "ends", "end_sec")
    lengths = further_cells(found, "duration_sec")
    if ends or "duration_sec" in found.columns.values():
        return
    if (len(start) > 1 or start[0] > 0) and all(isinstance(n, int | float) for n in lengths):
        found.remark(
            "no ends were read, and the duration was taken for the film's, as all segments start "
            "before it; if it is that of each segment, add a column end_sec",
            field="duration_sec",
        )


def _number_cells(found: Found, name: str) -> list[float]:
    """The cells of a column of numbers; empty where any is none."""
    cells = [as_amount(cell) for cell in further_cells(found, name)]
    known = [cell for cell in cells if cell is not None and not math.isnan(cell)]
    return known if len(known) == len(cells) else []


def _follow_closely(start: list[float], end: list[float]) -> bool:
    """Whether segments with these times follow one another, for the most part without a gap."""
    if (
        start == end
        or len(start) < _FEWEST
        or not all(a < b for a, b in zip(start, end, strict=True))
    ):
        return False
    touching = sum(a == b for a, b in zip(end, start[1:], strict=False))
    return touching * 2 >= len(start) - 1


def _holds_spans(cells: list[Any]) -> bool:
    """Whether every cell is a text that ends in two times."""
    return bool(cells) and all(isinstance(cell, str) and _ends_in_span(cell) for cell in cells)


def _ends_in_span(text: str) -> bool:
    """Whether a text is a span of time, or a name before one."""
    return parse_span(text) is not None or parse_named_span(text) is not None


def _is_count(found: Found, name: str) -> bool:
    """Whether a column numbers the segments: by its name, and by whole numbers that differ."""
    if not set(snake_case(name).split("_")) & _COUNTING:
        return False
    cells = _number_cells(found, name)
    return len(set(cells)) > 1 and all(cell == int(cell) for cell in cells)


def _tell_nothing_read(found: Found, names: list[str], what: str, column: str) -> None:
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
    cells = [cell for cell in further_cells(found, name) if cell is not None]
    numbers = [as_amount(cell, timecode=True) for cell in cells]
    if not cells or any(number is None for number in numbers):
        return bool(time_name(name)) and bool(cells)
    return len(cells) == 1 or len(set(cells)) > 1


def _is_optional(cells: list[Any]) -> bool:
    """Whether all words of a column are options."""
    words = [cell for cell in cells if cell is not None]
    return bool(words) and all(isinstance(w, str) and w.lower() in OPTION_WORDS for w in words)
