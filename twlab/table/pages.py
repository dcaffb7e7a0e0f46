"""Rows without time: which page, quadrant or chunk of a document each is.

* :func:`page_names` - ``p. 3``, ``p. 3, top left``, ``chunk 2``, for each row
* :func:`page_columns` - the columns that say it
* :func:`tell_untimed` - warns that rows without time take no part in what follows time
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from twlab.errors import warn
from twlab.table.rows import PIECES, untimed_mask
from twlab.table.segments import clip_mask

__all__ = ["page_columns", "page_names", "tell_untimed"]

_PAGES = ("start_page_number", "page", "page_number")


def page_columns(table: Any) -> list[str]:
    """The columns that tell which piece of a document its rows without time are."""
    if not isinstance(table, pd.DataFrame):
        return []
    rows = untimed_mask(table)
    names = [name for name in PIECES if name in table.columns]
    return [name for name in names if rows.any() and table[name][rows].notna().any()]


def page_names(table: pd.DataFrame) -> list[str]:
    """Which piece of a document each row is, in words; empty for rows with a time, and others.

    Pages count from 1 and chunks from 0, as the service has them.
    """
    names = [""] * len(table)
    columns = page_columns(table)
    if not columns:
        return names
    rows = np.flatnonzero(untimed_mask(table))
    cells = {name: [_text(cell) for cell in table[name].iloc[rows]] for name in columns}
    for k, row in enumerate(rows):
        names[row] = _page_name({name: texts[k] for name, texts in cells.items()})
    return names


def _page_name(known: dict[str, str]) -> str:
    """The name of one piece."""
    page = next((known[name] for name in _PAGES if known.get(name)), "")
    last = known.get("end_page_number", "")
    parts = []
    if page:
        parts.append(f"pp. {page}–{last}" if last and last != page else f"p. {page}")
    if known.get("quadrant"):
        parts.append(known["quadrant"].replace("_", " "))
    if known.get("chunk_index"):
        parts.append(f"chunk {known['chunk_index']}")
    return ", ".join(parts)


def _text(cell: Any) -> str:
    """A cell as text, empty where it is missing; whole numbers without a point."""
    if pd.isna(cell):
        return ""
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)


def tell_untimed(segments: pd.DataFrame, what: str) -> None:
    """Warn of rows that have no time and so no part in something that follows time.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    what : str
        What follows time, in the plural: ``"scenes"``.
    """
    rows = untimed_mask(segments)
    if rows.any():  # else there is no need to know which are clips
        rows = rows & clip_mask(segments)
    if not rows.any():
        return
    named = any(page_names(segments[rows]))
    kind = " (pages or chunks of documents)" if named else ""
    warn(
        f"{int(rows.sum())} of {len(segments)} rows have no time{kind} and take no part in {what}, "
        "which follow time; tw.cluster, tw.nearest and tw.search compare rows without it"
    )
