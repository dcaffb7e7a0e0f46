"""Measured values with their intervals: the gap between modalities, the worth of an option."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.checks import check_result
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, put_legend_above
from twlab.looks import Look, ThemeName, colour_of, look_of

__all__ = ["modality_gap", "option_worth"]

VALUE_ROW_PIXELS, BETWEEN_PANELS, AROUND_PIXELS = 44, 84, 150
"""Pixels of a row, between panels (an axis with its title and a heading), and around all."""

OPTION_LETTERS = 20
"""Letters of a line beside a row, so that a phone has two thirds of its width for the values."""

GAP_PANELS = {
    "gap": "Gap between the means",
    "own_option": "Own option among the hits in both",
    "own_moment": "Own moment found in the other option",
}
"""Measures of the gap and their headings."""

GAP_COLUMNS = ("option_a", "option_b", "measure", "query", "value", "low", "high")
WORTH_COLUMNS = ("metric", "k", "tiou", "without", "found", "gain", "low", "high", "verdict")


def modality_gap(
    gaps: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "auto"
) -> go.Figure:
    """The gap between options and what a search finds across it, before and after centring.

    Parameters
    ----------
    gaps : DataFrame
        As ``tw.modality_gap(segments)`` returns it.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each measure, a row for each pair of options, and of searches for the option
        that is searched with: a point with its interval, a ring for the value after centring, and
        a line for chance. Hovering over a point says what can be told.

    Raises
    ------
    InputError
        If there is nothing to draw or a column is missing.

    See Also
    --------
    twlab.modality_gap : how far apart the options of one space lie

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> clips = tw.clips(tw.sample())
    >>> clips["video_id"] = (clips["start_sec"] // 50).astype(int).astype(str)  # as if 12 films
    >>> halves = clips.assign(embedding_option=["even", "odd"] * 50)
    >>> gaps = tw.modality_gap(halves)
    >>> [trace.name for trace in tw.plot.modality_gap(gaps).data][:3]
    ['chance', 'as it is', 'centred']
    """
    check_result(gaps, (*GAP_COLUMNS, "chance", "verdict", "centred"), "gaps", of="modality_gap")
    look = look_of(theme)
    shown = [name for name in GAP_PANELS if gaps["measure"].eq(name).any()]
    parts = [gaps[gaps["measure"].eq(name)] for name in shown]
    heights = [VALUE_ROW_PIXELS * len(part) for part in parts]
    inside = sum(heights) + BETWEEN_PANELS * (len(parts) - 1)
    figure = make_subplots(
        figure=Figure(),
        rows=len(parts),
        cols=1,
        row_heights=heights,
        vertical_spacing=BETWEEN_PANELS / inside if len(parts) > 1 else 0,
        subplot_titles=[GAP_PANELS[name] for name in shown],
    )
    for row, (measure, part) in enumerate(zip(shown, parts, strict=True), 1):
        for trace in _draw_gap_rows(part, look, legend=row == 1):
            figure.add_trace(trace, row=row, col=1)
        top = 1.1 * np.nanmax([*part["high"], *part["value"], 0.1]) if measure == "gap" else 1.02
        words = "length, of at most 2" if measure == "gap" else "share"
        figure.update_xaxes(range=[-0.02 * top, top], title_text=words, nticks=7, row=row, col=1)
    for note in figure.layout.annotations:
        note.update(x=0, xanchor="left", yshift=4, font={"size": 13}, text=f"<b>{note.text}</b>")
    figure.update_yaxes(type="category", autorange="reversed")
    words = "How far apart do the options lie?" if title is None else title
    note = "bars: 95 % over videos; ring: the mean of each option taken away"
    dress(figure, look, title=words, subtitle=note, height=AROUND_PIXELS + inside)
    put_legend_above(figure, lift=24)
    # In larger letters its three entries need two lines on a phone, the upper one on the subtitle.
    figure.update_layout(legend={"font": {"size": 10}})
    return figure


def option_worth(
    worth: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "auto"
) -> go.Figure:
    """What an option adds to each measure of a search, with its interval.

    Parameters
    ----------
    worth : DataFrame
        As ``tw.option_worth(without, found, truth=truth)`` returns it.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        A row for each measure: a point for the gain with its interval, hollow where there is none,
        beside the line of no gain. Hovering over it says both values, and what can be told.

    Raises
    ------
    InputError
        If there is nothing to draw or a column is missing.

    See Also
    --------
    twlab.option_worth : whether an option helps to answer queries

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> truth = pd.DataFrame({"query_id": list("abcdefghijkl"), "start_sec": 0.0, "end_sec": 9.0})
    >>> truth["video_id"] = truth["query_id"]
    >>> found = truth.assign(score=1.0)
    >>> late = found.assign(start_sec=[9.0, 0.0, 9.0] * 4, end_sec=[18.0, 9.0, 18.0] * 4)
    >>> worth = tw.option_worth(late, found, truth=truth, k=1, tiou=0.5)
    >>> tw.plot.option_worth(worth).data[0].y[0]
    'hit, first 1, IoU ≥ 0.5'
    """
    check_result(worth, WORTH_COLUMNS, "worth", of="option_worth")
    look = look_of(theme)
    names = [_name_measure(row) for row in worth.itertuples()]
    figure = Figure(_draw_gains(worth, names))
    words = "Does the option help?" if title is None else title
    note = "gain of each measure by the option; bars: 95 % over videos"
    if worth["low"].isna().any():
        note += "<br>hollow: no interval; hover to see why"
    dress(figure, look, title=words, subtitle=note, height=AROUND_PIXELS + 26 * len(names))
    ends = worth[["gain", "low", "high"]].to_numpy(np.float64)
    low, high = np.nanmin([*ends.ravel(), -0.05]), np.nanmax([*ends.ravel(), 0.05])
    figure.add_vline(x=0, line={"color": look.muted, "width": 1})
    figure.update_xaxes(range=[1.1 * low, 1.1 * high], title_text="gain", nticks=7)
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def _draw_gap_rows(part: pd.DataFrame, look: Look, *, legend: bool) -> list[go.Scatter]:
    """Chance, the values with their intervals, and the values after centring, of one measure."""
    rows = [_name_gap_row(row) for row in part.itertuples()]
    hover = [
        escape(f"{row.verdict}; {getattr(row, 'interval', '')}", quote=False)
        for row in part.itertuples()
    ]
    chance = go.Scatter(
        x=part["chance"],
        y=rows,
        name="chance",
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 2, "color": look.muted}},
        hovertemplate="chance: %{x:.2f}<extra></extra>",
    )
    value = _draw_values(part, "value", rows, hover).update(name="as it is")
    centred = go.Scatter(
        x=part["centred"],
        y=rows,
        name="centred",
        marker={"symbol": "circle-open", "size": 15, "line": {"width": 2}, "color": colour_of(1)},
        hovertemplate="centred: %{x:.2f}<extra></extra>",
    )
    traces = [chance, value, centred]
    for trace in traces:
        trace.update(mode="markers", legendgroup=trace.name, showlegend=legend, cliponaxis=False)
    return traces


def _draw_gains(worth: pd.DataFrame, names: list[str]) -> go.Scatter:
    """The gains, each with both values to hover over."""
    hover = [
        f"{row.without:.2f} without, {row.found:.2f} with: "
        + escape(f"{row.verdict}; {getattr(row, 'interval', '')}", quote=False)
        for row in worth.itertuples()
    ]
    return _draw_values(worth, "gain", names, hover).update(showlegend=False, name="gain")


def _draw_values(
    table: pd.DataFrame, column: str, names: list[str], hover: list[str]
) -> go.Scatter:
    """Points with their intervals, hollow where there is none."""
    value = table[column]
    none = table["low"].isna()
    return go.Scatter(
        x=value,
        y=names,
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (table["high"] - value).fillna(0.0),
            "arrayminus": (value - table["low"]).fillna(0.0),
            "thickness": 2,
            "width": 5,
        },
        customdata=hover,
        marker={
            "size": 9,
            "color": colour_of(0),
            "symbol": np.where(none, "circle-open", "circle"),
        },
        hovertemplate="<b>%{x:.2f}</b>, %{customdata}<extra></extra>",
    )


def _name_gap_row(row: Any) -> str:
    """The two options, and with which of them is searched."""
    names = [as_shown(name, OPTION_LETTERS) for name in (row.option_a, row.option_b)]
    if row.measure == "gap":
        return "<br>".join(names)
    other = names[0] if row.query == row.option_b else names[1]
    return f"{as_shown(row.query, OPTION_LETTERS)} ➝<br>{other}"


def _name_measure(row: Any) -> str:
    """A measure with how many hits and which overlap count."""
    told = [as_shown(row.metric, OPTION_LETTERS)]
    told += [] if pd.isna(row.k) else [f"first {row.k}"]
    told += [] if pd.isna(row.tiou) else [f"IoU ≥ {row.tiou:g}"]
    return ", ".join(told)
