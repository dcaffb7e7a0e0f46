"""The colours of a picture: one group and trace for each category, or one with a colour scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.figures.clock import round_times
from twlab.figures.encodings import categories_of, name_of
from twlab.figures.theme import scale_of, short_names
from twlab.looks import CATEGORIES, MARKS, Look, colour_of, is_continuous, is_flat
from twlab.timecodes import format_timecode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Group", "groups_of"]

LEGEND_LETTERS = 30
"""Letters of a name in the legend, which would take the room of the picture otherwise."""

SYMBOLS = ("circle", "diamond", "square", "cross", "x")


class Group(NamedTuple):
    """The rows of one trace, and how they look."""

    name: str
    rows: NDArray[np.bool_]
    marker: dict[str, Any]
    symbol: str
    """Another one each time that the twelve colours are used up."""
    continuous: bool


def groups_of(values: pd.Series[Any], look: Look) -> list[Group]:
    """The groups in which rows are drawn; rows without a value are grey."""
    missing = values.isna().to_numpy(bool)
    if is_continuous(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        missing = ~np.isfinite(numbers)
        groups = [_scale_group(values, numbers, ~missing, look)] if not missing.all() else []
        if missing.any():
            grey = {"color": look.muted}
            groups.append(Group("none", missing, grey, SYMBOLS[0], continuous=False))
        return groups
    groups = []
    codes, names = categories_of(values)
    for code, name in enumerate(short_names(names, LEGEND_LETTERS)):
        rows = codes == code
        colour = look.muted if missing[rows].any() else colour_of(code)
        symbol = SYMBOLS[code // len(CATEGORIES) % len(SYMBOLS)]
        groups.append(Group(name, rows, {"color": colour}, symbol, continuous=False))
    return groups


def _scale_group(
    values: pd.Series[Any], numbers: NDArray[np.float64], rows: NDArray[np.bool_], look: Look
) -> Group:
    """The group of rows that a colour scale shows, with its bar; seconds as timecodes.

    Values all alike have no scale to be on.
    """
    low, high = float(numbers[rows].min()), float(numbers[rows].max())
    name = name_of(values)
    if is_flat(low, high, dtype="float64"):
        return Group(f"all {low:.4g}", rows, {"color": MARKS[0]}, SYMBOLS[0], continuous=False)
    bar: dict[str, Any] = {"title": {"text": name, "side": "right"}, "thickness": 10}
    if values.name in ("start_sec", "end_sec"):
        times = round_times(low, high, 6)
        bar["title"] = {"text": "time", "side": "right"}
        bar |= {"tickmode": "array", "tickvals": times}
        bar["ticktext"] = [format_timecode(time) for time in times]
    marker = {
        "color": numbers[rows],
        "colorscale": scale_of(MARKS),
        "cmin": low,
        "cmax": high,
        "colorbar": {**bar, "outlinewidth": 0, "tickfont": {"color": look.muted, "size": 11}},
    }
    return Group(name, rows, marker, SYMBOLS[0], continuous=True)
