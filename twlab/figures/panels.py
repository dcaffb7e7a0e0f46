"""Panels of a heatmap: where they stand, their axes, and the names and lines of the videos.

Every panel has two pairs of axes on top of each other. The visible pair carries the timecodes.
The other one is bare, and its ticks lie on the cells: plotly's hover names a cell by the tick it
finds there, which keeps the texts of n + n cells in the figure rather than those of n × n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from twlab.figures.strips import (
    Ground,
    Strip,
    axis_places,
    axis_settings,
    shows_names,
)
from twlab.figures.theme import as_shown, dress, short_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.looks import Look

__all__ = [
    "SHORT_BAR_PIXELS",
    "Sheet",
    "add_axes",
    "add_lines",
    "add_names",
    "axis_name",
    "bar_place",
    "lay_sheet",
    "put_heading",
]

EDGE, TOP = 12, 72
"""Pixels around the panels, and above them for the title."""

NAME, TITLE, BAR = 20, 24, 64
"""Pixels for the names of videos above and beside a panel, the title of an axis, a colour bar."""

PANEL_GAP = 0.04
"""Between two panels side by side, as a share of the whole."""

BAR_PIXELS, SHORT_BAR_PIXELS = 220, 110
"""Length of a colour bar over a panel; beside another panel, or beside names, on a phone too."""

LETTER, SMALL_LETTER, LABEL_LETTERS = 7, 6, 22
"""Pixels that a letter of a label takes, about, and one of the subtitle; letters that a label may
have."""


class Sheet(NamedTuple):
    """How the panels of a figure are laid out, in pixels."""

    names: tuple[str, ...]
    grounds: tuple[Ground, Ground]
    """Down and across."""
    width: float
    height: float
    """Of one panel, and below what stands around each."""
    left: float
    above: float
    beside: float
    below: float


def lay_sheet(names: Sequence[str], down: Ground, across: Ground) -> Sheet:
    """Panels of a size that fits the notebook, two in a row."""
    width = 540.0 if len(names) == 1 else 305.0
    height = width
    if down is not across and down.by_time and across.by_time:
        height = float(np.clip(width * down.length / across.length, 0.35 * width, 1.2 * width))
    several = [len(ground.spans) > 1 and ground.by_time for ground in (down, across)]
    named = [shows_names(down, height), shows_names(across, width)]
    tall, wide = (
        LETTER * (_letters(ground) if name else 7)
        for ground, name in zip((down, across), named, strict=True)
    )
    return Sheet(
        tuple(names),
        (down, across),
        width,
        height,
        left=8 + TITLE + tall,
        above=NAME * ((len(names) > 1) + (several[1] and not named[1])) + BAR,
        beside=8 + NAME * (several[0] and not named[0]),
        below=TITLE + (20 + 0.75 * wide if named[1] else 30),
    )


def _letters(ground: Ground) -> int:
    """Letters of the longest name of a video."""
    return max(len(name) for name in short_names(ground.spans.index, LABEL_LETTERS))


def _count_rows(sheet: Sheet) -> int:
    """Rows of panels, two in each."""
    return -(-len(sheet.names) // 2)


def _domains(sheet: Sheet, number: int) -> tuple[list[float], list[float]]:
    """From where to where a panel reaches down and across, as shares of the whole."""
    row, column = divmod(number, 2)
    height = sheet.above + sheet.height + sheet.below
    tall = height * _count_rows(sheet)
    top = tall - row * height - sheet.above
    down = [(top - sheet.height) / tall, top / tall]
    if len(sheet.names) == 1:
        return down, [0.0, 1.0]
    half = (1 - PANEL_GAP) / 2
    return down, [column * (1 - half), column * (1 - half) + half]


def put_heading(figure: go.Figure, sheet: Sheet, look: Look, *, title: str, subtitle: str) -> None:
    """The title, and the height; the width is that of the page."""
    height = (sheet.above + sheet.height + sheet.below) * _count_rows(sheet)
    tall = round(height) + TOP + EDGE
    dress(figure, look, title=title, subtitle=subtitle, height=tall)
    sides = {"l": EDGE + sheet.left, "r": EDGE + sheet.beside}
    figure.update_layout(margin={**sides, "b": EDGE})


def bar_place(sheet: Sheet, number: int) -> dict[str, Any]:
    """Where the colour bar of a panel lies: above it and what is written there."""
    down, across = _domains(sheet, number)
    bar = {"orientation": "h", "x": across[0], "xanchor": "left", "xpad": 0}
    bar |= {"y": down[1], "yanchor": "bottom", "ypad": sheet.above - BAR + 12}
    short = len(sheet.names) > 1 or shows_names(sheet.grounds[0], sheet.height)
    return {**bar, "lenmode": "pixels", "len": SHORT_BAR_PIXELS if short else BAR_PIXELS}


def axis_name(side: str, number: int, *, bare: bool = False) -> str:
    """The name of an axis of a panel as traces want it: ``x``, ``x2`` and so on."""
    place = 2 * number + 1 + bare
    return side if place == 1 else f"{side}{place}"


def add_axes(figure: go.Figure, sheet: Sheet, number: int, strips: tuple[Strip, Strip]) -> None:
    """The two pairs of axes of a panel; all panels zoom together."""
    lengths = (sheet.height, sheet.width)
    sides = zip("yx", strips, sheet.grounds, lengths, _domains(sheet, number), strict=True)
    square = sheet.grounds[0] is sheet.grounds[1]
    for side, strip, ground, pixels, domain in sides:
        front, back = (axis_name(side, number, bare=bare) for bare in (False, True))
        partner = "x" if side == "y" else "y"
        what = "time" if square else as_shown(_name_side(ground), LABEL_LETTERS)
        visible = axis_settings(ground, pixels=pixels, most_letters=LABEL_LETTERS, what=what)
        if side == "y":
            visible["range"] = visible["range"][::-1]
            visible["constraintoward"] = "top"
            visible["showticklabels"] = number % 2 == 0  # to the right they are the same
            if number % 2:
                visible["title"] = {"text": ""}
        else:
            visible["constraintoward"] = "left"
            if shows_names(ground, pixels):
                visible["tickangle"] = -45
        if square:
            visible |= {"constrain": "domain"}
            visible |= {"scaleanchor": axis_name("x", number)} if side == "y" else {}
        visible |= {"domain": domain, "anchor": axis_name(partner, number), "showgrid": False}
        visible |= {"zeroline": False, "ticks": "outside", "ticklen": 4, "automargin": False}
        bare_axis = {
            **{key: visible[key] for key in ("type", "range")},
            **{"overlaying": front, "matches": side, "showgrid": False, "zeroline": False},
            **{"ticks": "", "showticklabels": False, "tickmode": "array"},
            "anchor": axis_name(partner, number, bare=True),
            "tickvals": axis_places((strip.edges[1:] + strip.edges[:-1]) / 2, ground),
            "ticktext": strip.labels,
        }
        if number:
            visible["matches"] = side
        keys = (f"{side}axis{name[1:]}" for name in (front, back))
        figure.update_layout(dict(zip(keys, (visible, bare_axis), strict=True)))
    # An axis is only drawn where some trace lies on it.
    empty = {"x": [None], "y": [None], "mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    axes = {"xaxis": axis_name("x", number), "yaxis": axis_name("y", number)}
    figure.add_trace(go.Scatter(**empty, **axes))


def _name_side(ground: Ground) -> str:
    """Whose time runs along an axis: that of one video, or of several."""
    return str(ground.spans.index[0]) if len(ground.spans) == 1 else "videos"


def add_names(figure: go.Figure, sheet: Sheet, number: int) -> None:
    """The option above its panel, and each video above and beside its stretch."""
    names = []
    if len(sheet.names) > 1:
        lift = sheet.above - NAME
        names.append({"text": f"<b>{as_shown(sheet.names[number])}</b>", "x": 0, "y": 1})
        names[-1] |= {"xanchor": "left", "yanchor": "bottom", "yshift": lift - 4 - BAR}
        names[-1] |= {"xref": _domain_of("x", number), "yref": _domain_of("y", number)}
    for side, ground, pixels in zip("yx", sheet.grounds, (sheet.height, sheet.width), strict=True):
        timed = ground.by_time and not shows_names(ground, pixels)
        spans = ground.spans if timed and len(ground.spans) > 1 else ground.spans[:0]
        for video, first, last, place in spans.itertuples():
            letters = int((last - first) / ground.length * pixels / LETTER) - 1
            if letters < min(10, len(str(video))):
                continue
            short = dict(zip(spans.index, short_names(spans.index, letters), strict=True))
            name = {"text": short[video], side: place + (last - first) / 2}
            name[f"{side}ref"] = axis_name(side, number)
            other = "x" if side == "y" else "y"
            name |= {other: 1, f"{other}ref": _domain_of(other, number)}
            name |= {f"{side}anchor": "middle" if side == "y" else "center"}
            name |= {f"{other}anchor": "left" if side == "y" else "bottom"}
            name |= {"textangle": 90} if side == "y" else {}
            names.append(name)
    for name in names:
        figure.add_annotation(font_size=12, **name)


def _domain_of(side: str, number: int) -> str:
    """The reference of an annotation to the whole height or width of a panel."""
    return f"{axis_name(side, number)} domain"


def add_lines(
    figure: go.Figure, sheet: Sheet, number: int, xs: Sequence[Any], ys: Sequence[Any], **line: Any
) -> None:
    """Lines over the image of a panel, in places along its axes; None lifts the pen."""
    places = []
    for values, ground in zip((ys, xs), sheet.grounds, strict=True):
        numbers = np.array([np.nan if value is None else value for value in values], np.float64)
        places.append(axis_places(numbers, ground))
    figure.add_trace(
        go.Scatter(
            x=places[1],
            y=places[0],
            xaxis=axis_name("x", number, bare=True),
            yaxis=axis_name("y", number, bare=True),
            mode="lines",
            line=line,
            showlegend=False,
            hoverinfo="skip",
        )
    )
