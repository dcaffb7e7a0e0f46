"""Results as stretches of time: what kind their rows are, and what each is called.

* :func:`kind_of_rows` - "hits", "scenes", "picks" or "segments", by the columns
* :func:`name_of_row` - the label of a row, or its number among those of its kind
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.looks import write_category

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["kind_of_rows", "name_of_row"]


def kind_of_rows(columns: Sequence[Any]) -> str:
    """What rows of a table are called."""
    if "rank" in columns:
        return "hits"
    if "n_segments" in columns and "medoid" in columns:
        return "scenes"
    return "picks" if "pick" in columns else "segments"


def name_of_row(table: pd.DataFrame, kind: str, place: int, number: int) -> str:
    """What a row is: its label where it has one, else its number among those of its kind.

    Parameters
    ----------
    table : DataFrame
        The result.
    kind : str
        What :func:`kind_of_rows` calls its rows.
    place : int
        Position of the row.
    number : int
        Its number among the rows of its video, from 1.

    Returns
    -------
    str
        Empty where a segment has no label.
    """
    label = table["label"].iloc[place] if "label" in table.columns else None
    if pd.api.types.is_scalar(label) and not pd.isna(label) and str(label).strip():
        return write_category(label)
    if kind == "hits":
        return f"Hit {table['rank'].iloc[place]}"
    if kind == "picks":
        return f"Pick {table['pick'].iloc[place]}"
    return f"Scene {number}" if kind == "scenes" else ""
