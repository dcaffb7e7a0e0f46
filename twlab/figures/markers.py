"""The colours of a picture: one group and trace for each category, or one with a colour scale.

Which groups have a colour of their own where they are many is decided once, for figures and
explorer, by :func:`twlab.looks.places_of_groups`, from all rows that a table gives.

* :func:`groups_of` - the groups and how they look
* :func:`place_codes` - the number of the colour of each
* :func:`share_traces` - those without a colour of their own as one
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.figures.clock import round_times
from twlab.figures.encodings import categories_of, name_of
from twlab.figures.theme import scale_of, short_names
from twlab.looks import (
    CATEGORIES,
    MARKS,
    Look,
    colour_of,
    is_continuous,
    is_flat,
    places_of_groups,
)
from twlab.timecodes import format_timecode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Group", "groups_of", "place_codes", "share_traces"]

LEGEND_LETTERS = 30
"""Letters of a name in the legend, which would take the room of the picture otherwise."""

SYMBOLS = ("circle", "diamond", "square")
"""One for each shade of the colours, to tell them apart also where they look alike."""

SHARED_SYMBOL = "cross"
"""Of groups without a colour of their own; rows without a value have the first of the others."""


class Group(NamedTuple):
    """The rows of one trace, and how they look."""

    name: str
    rows: NDArray[np.bool_]
    marker: dict[str, Any]
    symbol: str
    """Another one each time that the twelve colours are used up."""
    continuous: bool = False
    shared: bool = False
    """Whether others have the same colour."""


def groups_of(
    values: pd.Series[Any], look: Look, keep: NDArray[np.bool_] | None = None
) -> list[Group]:
    """The groups of the rows to ``keep``; rows without a value are grey.

    Who has which colour is decided by all rows: those that one picture leaves out, another draws.
    """
    keep = np.ones(len(values), bool) if keep is None else keep
    if is_continuous(values):
        return _groups_on_scale(values[keep], look)
    codes, names = categories_of(values)
    places = place_codes(values, codes)
    short = short_names(names, LEGEND_LETTERS)
    groups = []
    for code, name in enumerate(short):
        rows = (codes == code)[keep]
        if code == len(places):
            groups.append(Group(name, rows, {"color": look.missing}, SYMBOLS[0]))
        elif places[code] < 0:
            groups.append(Group(name, rows, {"color": look.muted}, SHARED_SYMBOL, shared=True))
        else:
            turn = places[code] // len(CATEGORIES)
            groups.append(Group(name, rows, {"color": colour_of(places[code])}, SYMBOLS[turn]))
    return [group for group in groups if group.rows.any()]


def place_codes(values: pd.Series[Any], codes: NDArray[np.intp]) -> list[int]:
    """The number of the colour of each category that is no missing value; -1 for none."""
    present = codes[values.notna().to_numpy(bool)]
    places: list[int] = places_of_groups(np.bincount(present)).tolist()
    return places


def share_traces(groups: list[Group]) -> list[Group]:
    """The groups, those that share a colour as one: a legend of hundreds would tell nothing."""
    others = [group for group in groups if group.shared]
    if len(others) < 2:
        return groups
    rows = np.logical_or.reduce([group.rows for group in others])
    together = others[0]._replace(name=f"{len(others):,} others", rows=rows)
    return [*(group for group in groups if not group.shared), together]


def _groups_on_scale(values: pd.Series[Any], look: Look) -> list[Group]:
    """The rows that a colour scale shows, and those that have no place on it."""
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    missing = ~np.isfinite(numbers)
    groups = [_scale_group(values, numbers, ~missing, look)] if not missing.all() else []
    if missing.any():
        groups.append(Group("none", missing, {"color": look.missing}, SYMBOLS[0]))
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
        return Group(f"all {low:.4g}", rows, {"color": MARKS[0]}, SYMBOLS[0])
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
