"""The further columns of a source: what the readers do not know, to look at and to move.

* :func:`further_names` - their names
* :func:`further_cells`, :func:`as_amount`, :func:`rates_of` - cells, as numbers, frames a second
* :func:`put`, :func:`without_names` - move or drop a column
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twlab.checks import is_number
from twlab.errors import InputError
from twlab.table.segments import COLUMNS
from twlab.timecodes import LATEST_SEC, parse_timecode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twlab.loading.responses import Found, Rows

__all__ = [
    "LATEST_IN_FILM_SEC",
    "NAMING",
    "SERVED",
    "as_amount",
    "further_cells",
    "further_names",
    "put",
    "rates_of",
    "without_names",
]

NAMING = ("video_id", "input_url", "video_name", "filename")
SERVED = frozenset(
    (
        *COLUMNS,
        *NAMING,
        *("duration_sec", "input_type", "task_id", "hls_url", "thumbnail_url", "created_at"),
        *("fps", "start_timecode", "end_timecode"),
        *("embedding_uncertainty", "embedding_dimension"),
    )
)
LATEST_IN_FILM_SEC = 1e7
"""Four months: no film lasts so long, and a date in seconds, or in milliseconds, is later."""
_MOST_DIGITS = 40
"""A float keeps 17 digits, so more than these tell nothing, and a text may have a million."""


def further_names(parts: Iterable[Rows]) -> set[str]:
    """The names of the columns that the readers do not know."""
    return {name for rows in parts for name in (*rows.columns, *rows.facts) if name not in SERVED}


def without_names(rows: Rows, names: Sequence[str]) -> Rows:
    """The rows without some columns."""
    if not any(name in rows.columns or name in rows.facts for name in names):
        return rows
    columns = {name: cells for name, cells in rows.columns.items() if name not in names}
    facts = {name: fact for name, fact in rows.facts.items() if name not in names}
    return rows._replace(columns=columns, facts=facts)


def further_cells(found: Found, name: str) -> list[Any]:
    """The cells of a column in all rows of a source."""
    return [cell for rows in found.rows for cell in rows.cells(name)]


def put(found: Found, name: str, column: str, cells: list[Any], *, keep: bool = False) -> None:
    """Move or copy a further column, as ``cells`` have it, to a column of the table."""
    at, parts = 0, []
    for rows in found.rows:
        size = len(rows.vectors)
        own = rows if keep else without_names(rows, (name,))
        columns = {**own.columns, column: cells[at : at + size]}
        facts = {key: fact for key, fact in own.facts.items() if key != column}
        parts.append(own._replace(columns=columns, facts=facts))
        at += size
    found.rows = parts


def rates_of(rows: Rows) -> list[Any]:
    """The frames per second of each row."""
    for name in ("fps", "video_fps", "framerate", "frames_per_second"):
        cells = rows.cells(name)
        if any(cell is not None for cell in cells):
            return [as_amount(cell) for cell in cells]
    return [None] * len(rows.vectors)


def as_amount(cell: Any, *, timecode: bool = False) -> float | None:
    """A cell as a number that is not negative; NaN where it is empty, None where it is none."""
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return math.nan
    if isinstance(cell, str):
        try:
            return parse_timecode(cell) if timecode else float(cell[:_MOST_DIGITS])
        except (InputError, ValueError):
            return None
    if not is_number(cell):
        return None
    return float(cell) if 0 <= cell < LATEST_SEC * 1000 else None
