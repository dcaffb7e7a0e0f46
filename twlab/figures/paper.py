"""Figures for print: as wide as a column, lettered as journals ask, and nothing but the figure.

A picture on the screen has its own title, and lettering in pixels, which becomes four points high
when it is shrunk to a column. On paper the caption is the title, and lettering has 6 to 8 points
at the width at which it is printed. So a figure is drawn for the screen as ever, and then given
its width, its lettering, and margins that fit both.

* :func:`takes_style` - a function that draws, which also takes ``style=`` and ``width_mm=``
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, get_args

from twlab.errors import InputError
from twlab.looks import look_of
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import plotly.graph_objects as go

__all__ = ["takes_style"]

P = ParamSpec("P")

Style = Literal["screen", "paper"]

COLUMN_MM = 85.0
"""A column of two, give or take two millimetres, of the journals of Elsevier, IEEE and Springer."""

NARROWEST_MM, WIDEST_MM = 40.0, 500.0
"""Narrower, seven points leave no room for data; wider is a poster, for which text must grow."""

PIXELS_PER_MM, PIXELS_PER_POINT = 96 / 25.4, 96 / 72
"""What a pixel is in SVG and PDF."""

SMALL_POINTS, POINTS, LARGE_POINTS = 6.0, 7.0, 8.0
"""Of small lettering, of the rest, and of large: what journals ask for, and are read by."""

SMALL_FROM, LARGE_FROM = 11, 15
"""Pixels on the screen: ticks and labels have 11 and 12 there, stamps on frames 10, titles 16."""

FONTS = "Arial, Helvetica, 'Liberation Sans', 'Nimbus Sans', sans-serif"
"""Of equal widths: Windows and macOS have the first, Linux has one of the others."""

USUAL_WIDTH = 640
"""Pixels taken for the width of a figure that takes the room there is: its shape on paper is then
about 5 to 4 where it is 500 high, as figures of one column mostly are."""

MARGIN = 6
"""Pixels around what axes and legends need for themselves."""

LABELS, STANDOFF = 36, 3
"""Pixels for the ticks and the title of an axis, and between these two."""

BAR_ROOM, TICKS_ROOM = 31.0, 30.0
"""Pixels that the bar of a heatmap takes above it, with its title and ticks, and what is written
below: measured in a browser. Shares of the height left 7 % blank above it and 5 % below."""

BAR_LIFT = 12
"""Pixels on the screen between a panel without a name and its bar."""

LEGEND_LINE, LEGEND_SIGN = 20, 34
"""Pixels of a line of a legend above what is drawn, and of an entry beside its letters."""

LEGEND_WIDE = 0.45
"""Of the width, what a legend has where rows have names, which take up to half: it is no wider than
what is drawn. Without it, lines of a legend took from the 72 pixels of a flat figure."""

LEGEND_BESIDE = 0.3
"""Of the width, what a legend takes beside a map at most; a wider one stands above it. Names of six
letters are beside a map of 85 mm, and of twelve above it."""

TIME_LETTERS, TICK_LETTER = 4, 5.2
"""Letters of the ticks for which these pixels are meant, as in 8:00, and pixels of one more."""

SCREEN_SIDE = 12
"""Pixels to the right of panels on the screen that are no room for names."""

FLATTEST = 72
"""Pixels that what is drawn is high at least: eight lines of lettering."""

SHRINK = POINTS * PIXELS_PER_POINT / 12
"""Lettering on paper by that on the screen, where most of it has 12 pixels."""

STROKE = 0.6
"""Lines and points are drawn thinner by this: a line of 1.5 pixels then has .7 points."""

ADDED = """\
style : {"screen", "paper"}
    "paper" for print: lettering of 6 to 8 points in fonts that are on every machine, titles on
    the axes, dark on white, and neither a title nor counts in the figure, which belong into its
    caption.
width_mm : float, optional
    Width on paper, from 40 to 500; 85 (one column) where none is given. ``tw.save_figure`` writes
    it in that size.
"""
"""What the docstring of each figure says of these arguments."""


def takes_style(function: Callable[P, go.Figure]) -> Callable[..., go.Figure]:
    """The function, which takes ``style=`` and ``width_mm=`` as well."""

    @functools.wraps(function)
    def call(
        *args: Any, style: Style = "screen", width_mm: float | None = None, **kwargs: Any
    ) -> go.Figure:
        width = _check_style(style, width_mm)
        if width is None:
            return function(*args, **kwargs)
        return _on_paper(function(*args, **{"theme": "light", **kwargs}), width)

    plain = inspect.signature(function)
    hints: dict[str, tuple[Any, Any]] = {"style": ("screen", Style), "width_mm": (None, float)}
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        for name, (default, hint) in hints.items()
    ]
    call.__signature__ = plain.replace(  # type: ignore[attr-defined]
        parameters=[*plain.parameters.values(), *added]
    )
    call.__doc__ = re.sub(
        r"\n\nReturns\n-",
        lambda found: f"\n{ADDED.rstrip()}{found[0]}",
        inspect.getdoc(function) or "",
    )
    return call


def _check_style(style: Any, width_mm: Any) -> float | None:
    """The width on paper, None for the screen."""
    if style not in get_args(Style):
        raise InputError(f"style is {brief(style)}; 'screen' or 'paper' was expected")
    if style == "screen":
        if width_mm is not None:
            raise InputError(
                f"width_mm is {brief(width_mm)} and style 'screen'; a width in millimetres was "
                "expected of figures on paper only; pass style='paper', or set pixels with "
                "update_layout(width=…)"
            )
        return None
    width = COLUMN_MM if width_mm is None else width_mm
    number = isinstance(width, int | float) and not isinstance(width, bool)
    if not number or not NARROWEST_MM <= width <= WIDEST_MM:
        raise InputError(
            f"width_mm is {brief(width_mm)}; millimetres from {NARROWEST_MM:g} to {WIDEST_MM:g} "
            "were expected, such as 85 for one column and 175 for two"
        )
    return float(width)


def _on_paper(figure: go.Figure, width_mm: float) -> go.Figure:
    """The figure as it is printed."""
    layout = figure.layout.to_plotly_json()
    data = [trace.to_plotly_json() for trace in figure.data]  # with their arrays as they are
    width = width_mm * PIXELS_PER_MM
    margin = dict.fromkeys("lrtb", float(MARGIN))
    _raise_legend(layout, data, width)
    if _keeps_squares(layout):
        height = _lay_squares(layout, data, width, margin)
    else:
        height = _height_at(layout, width) + _legend_height(layout, data, width)
    for axis in _axes(layout):
        _title_time(axis)
        axis |= {"automargin": True, "title": {**axis.get("title", {}), "standoff": STANDOFF}}
    for part in (layout, data):
        _set_text(part)
        _set_strokes(part)
    layout |= {"width": round(width, 2), "height": round(height, 2), "autosize": False}
    layout["title"] = {"text": ""}
    layout["margin"] = {**margin, "pad": 0}
    layout["template"]["layout"]["font"]["family"] = FONTS
    return type(figure)(data, layout)


def _height_at(layout: dict[str, Any], width: float) -> float:
    """The height that leaves what is drawn its shape, in pixels."""
    margin = layout["margin"]
    inside = (width - 2 * MARGIN - LABELS) / (
        layout.get("width", USUAL_WIDTH) - margin["l"] - margin["r"]
    )
    across, down = layout.get("xaxis", {}), layout.get("yaxis", {})
    bare = across.get("visible") is False  # nothing stands beside what is drawn
    if bare and down.get("scaleanchor") == "x":
        tall, wide = (float(axis["range"][1] - axis["range"][0]) for axis in (down, across))
        return 2 * MARGIN + (width - 2 * MARGIN) * tall / wide
    drawn = float(inside * (layout["height"] - margin["t"] - margin["b"]))
    return 2 * MARGIN + LABELS + max(FLATTEST, drawn)


def _legend_height(layout: dict[str, Any], data: list[dict[str, Any]], width: float) -> float:
    """Pixels of the lines of a legend that stands above what is drawn."""
    legend = layout.get("legend", {})
    if legend.get("orientation") != "h" or layout.get("showlegend") is False:
        return 0.0
    long = [LEGEND_SIGN + TICK_LETTER * len(name) for name in _legend_names(data)]
    named = any(isinstance(place, str) for trace in data for place in list(trace.get("y", ()))[:1])
    room = LEGEND_WIDE * width if named else width - 2 * MARGIN - LABELS
    # Entries of a legend stand in columns, each as wide as the widest.
    columns = max(1, int(room // max(long, default=room)))
    lines = 1 if sum(long) <= room else math.ceil(len(long) / columns)
    return float(LEGEND_LINE * lines)


def _legend_names(data: list[dict[str, Any]]) -> set[str]:
    """What the entries of the legend say."""
    return {trace.get("name") or "" for trace in data if trace.get("showlegend", True)}


def _raise_legend(layout: dict[str, Any], data: list[dict[str, Any]], width: float) -> None:
    """Put a legend above what is drawn that would leave too little beside it.

    One that the counts below the title stand for on the screen is seen here, without them.
    """
    legend = layout.get("legend", {})
    legend.pop("visible", None)
    if layout.get("showlegend") is False or legend.get("orientation") == "h":
        return
    widest = max(map(len, _legend_names(data)), default=0)
    if widest and LEGEND_SIGN + TICK_LETTER * widest > LEGEND_BESIDE * width:
        above = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"}
        layout["legend"] = {**legend, **above}


def _keeps_squares(layout: dict[str, Any]) -> bool:
    """Whether panels shrink to squares in the room that they are given."""
    down = layout.get("yaxis", {})
    return down.get("constrain") == "domain" and down.get("visible") is not False


def _lay_squares(
    layout: dict[str, Any], data: list[dict[str, Any]], width: float, margin: dict[str, float]
) -> float:
    """Make each panel as high as it is wide; the height of the figure, in pixels.

    What is written above and below panels is as high as its lettering, which does not grow with
    the width, so shares of the height that fit the screen would leave stripes blank here.
    """
    screen, down = layout["margin"], layout["yaxis"]
    inside = (layout["height"] - screen["t"] - screen["b"]) * SHRINK
    ticks = down.get("ticktext") or ["0:00:00" if "%-H" in down.get("tickformat", "") else "0:00"]
    margin["l"] += LABELS + TICK_LETTER * (max(map(len, ticks)) - TIME_LETTERS)
    margin["r"] = max(MARGIN, (screen["r"] - SCREEN_SIDE) * SHRINK)
    left, right = layout["xaxis"]["domain"]
    side = (width - margin["l"] - margin["r"]) * (right - left)
    sides = [axis for name, axis in layout.items() if re.fullmatch(r"yaxis\d*", name)]
    axes = [axis for axis in sides if "domain" in axis]  # the others lie on these
    rows = sorted({tuple(axis["domain"]) for axis in axes}, reverse=True)
    ends = [1.0, *(low for low, _ in rows)]
    rooms = [(end - high) * inside for end, (_, high) in zip(ends, rows, strict=False)]
    below = ends[-1] * inside
    lowest = [axis for axis in axes if axis["domain"][0] == ends[-1]]
    if any(axis.get("visible", True) for axis in lowest):  # names stand above panels and beside
        below = min(below, TICKS_ROOM)
    # Plain panels have their bar BAR_LIFT above them, those with names higher.
    lifts = [trace["colorbar"]["ypad"] for trace in data if "colorbar" in trace]
    if lifts:
        rooms[0] = min(rooms[0], BAR_ROOM + (max(lifts) - BAR_LIFT) * SHRINK)
    tall = sum(rooms) + len(rows) * side + below
    tops, top = {}, tall
    for (_, high), room in zip(rows, rooms, strict=True):
        tops[high] = top - room
        top -= room + side
    for axis in axes:
        top = tops[axis["domain"][1]]
        axis["domain"] = [max(0.0, (top - side) / tall), top / tall]
    for bar in (trace["colorbar"] for trace in data if "colorbar" in trace):
        # Plotly keeps a pad free on the far side too, where there is no room for it.
        bar |= {"y": (tops[bar["y"]] + bar["ypad"] * SHRINK) / tall, "ypad": 0}
    return float(2 * MARGIN + tall)


def _axes(layout: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The axes whose labels are seen."""
    for name, axis in layout.items():
        seen = isinstance(axis, dict) and axis.get("showticklabels", True)
        if re.fullmatch(r"[xy]axis\d*", name) and seen and axis.get("visible", True):
            yield axis


def _title_time(axis: dict[str, Any]) -> None:
    """Say of an axis of time what it is, and in which unit."""
    if axis.get("type") == "date" and not axis.get("title", {}).get("text"):
        hours = "%-H" in axis.get("tickformat", "")
        axis["title"] = {**axis.get("title", {}), "text": f"time ({'h:' * hours}min:s)"}


def _set_text(part: Any) -> None:
    """Give all lettering its size, and the ink of the paper."""
    for key, value in _entries(part):
        if isinstance(value, str) and "font-size:" in value:
            part[key] = re.sub(
                r"font-size:([\d.]+)px", lambda m: f"font-size:{_pixels(float(m[1])):g}px", value
            )
        elif isinstance(value, dict) and str(key).endswith("font"):
            look = look_of("light")
            value |= {"size": _pixels(value["size"])} if "size" in value else {}
            value |= {"color": look.ink} if value.get("color") == look.muted else {}
        elif isinstance(value, dict) and key == "title":  # else a fifth larger than the rest
            size = {"size": round(POINTS * PIXELS_PER_POINT, 2), "color": look_of("light").ink}
            value["font"] = {**value.get("font", {}), **size}
        else:
            _set_text(value)


def _pixels(size: float) -> float:
    """The pixels of lettering on paper that has so many on the screen."""
    points = SMALL_POINTS if size < SMALL_FROM else LARGE_POINTS if size >= LARGE_FROM else POINTS
    return round(points * PIXELS_PER_POINT, 2)


def _set_strokes(part: Any) -> None:
    """Draw lines, points, bars of colour and shifts of lettering smaller."""
    for key, value in _entries(part):
        if key in ("line", "marker", "colorbar") and isinstance(value, dict):
            sizes = [size for size in ("width", "size", "thickness") if size in value]
            numbers = [size for size in sizes if isinstance(value[size], int | float)]
            value |= {size: value[size] * STROKE for size in numbers}
        if key in ("xshift", "yshift", "ax", "ay") and isinstance(value, int | float):
            part[key] = value * SHRINK
        _set_strokes(value)


def _entries(part: Any) -> list[tuple[Any, Any]]:
    """What a part of a figure holds, by key; arrays of numbers are no parts."""
    if isinstance(part, dict):
        return list(part.items())
    return list(enumerate(part)) if isinstance(part, list | tuple) else []
