"""Segments along time: one lane per option, cluster or any column, one panel per video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.errors import InputError
from twlab.plot.look import (
    Look,
    ThemeName,
    categories_of,
    clock_times,
    colour_of,
    dress,
    is_continuous,
    left_out_note,
    look_of,
    span_labels,
    time_axis,
    value_column,
)
from twlab.segments import check_segments, clip_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["timeline"]

LANE_PIXELS = 34


def timeline(
    segments: pd.DataFrame,
    *,
    lanes: str | pd.Series[Any] | Sequence[Any] = "embedding_option",
    color: str | pd.Series[Any] | Sequence[Any] | None = None,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """A timeline of segments as bars, with timecodes below and a lane for each value of a column.

    Parameters
    ----------
    segments : DataFrame
        A table of segments. Whole-video rows and rows without time are left out; the subtitle
        counts them.
    lanes : str, Series or sequence
        A column, or one value per row (for example ``tw.cluster(segments)``).
    color : str, Series or sequence, optional
        Likewise, for the colours; by default as the lanes. Numbers get a colour scale, anything
        else (and whole numbers of up to 24 different values) one colour each.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per video on a common time axis. The hover names video, times and values.

    Raises
    ------
    InputError
        If the table is none of segments, holds no segment with a time, or values do not fit it.

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> figure = tw.plot.timeline(segments, lanes=tw.cluster(segments))
    >>> figure.layout.xaxis.tickformat
    '%-M:%S'
    """
    look = look_of(theme)
    check_segments(segments)
    lane_values = value_column(segments, lanes, "lanes")
    colour_values = lane_values if color is None else value_column(segments, color, "color")
    timed = segments[["start_sec", "end_sec"]].notna().all(axis=1).to_numpy()
    keep = timed & clip_mask(segments)
    if not keep.any():
        raise InputError("no row has a time to draw; segments with start_sec and end_sec expected")
    lane_codes, lane_names = categories_of(lane_values[keep])
    table = segments.loc[keep, ["video_id", "start_sec", "end_sec"]].assign(lane=lane_codes)
    end = float(table["end_sec"].max())
    videos = list(dict.fromkeys(table["video_id"]))
    used = [np.unique(lane_codes[(table["video_id"] == v).to_numpy()]) for v in videos]
    figure = make_subplots(
        rows=len(videos),
        shared_xaxes=True,
        row_heights=[len(lanes_here) for lanes_here in used],
        vertical_spacing=min(0.16, 0.5 / len(videos)),
        subplot_titles=[str(v) for v in videos] if len(videos) > 1 else None,
    )
    table["hover"] = _hover(segments[keep], lane_values[keep], colour_values[keep])
    _bars(figure, table, colour_values[keep], videos, look)
    for row, lanes_here in enumerate(used, 1):
        figure.update_yaxes(
            tickmode="array",
            tickvals=lanes_here,
            ticktext=[lane_names[k] for k in lanes_here],
            range=[lanes_here.max() + 0.6, lanes_here.min() - 0.6],
            showgrid=False,
            row=row,
        )
    note = f"{int(keep.sum()):,} segments of {len(videos)} video{'s' * (len(videos) > 1)}"
    note += left_out_note(int((~keep).sum()), "whole-video or untimed")
    name = str(lane_values.name or "lanes").replace("_", " ")
    height = 170 + LANE_PIXELS * sum(map(len, used)) + 44 * (len(videos) - 1)
    height += 60 if is_continuous(colour_values) else 0
    heading = f"Timeline by {name}" if title is None else title
    dress(figure, look, title=heading, subtitle=note, height=height)
    figure.update_xaxes(**time_axis(end))
    figure.update_layout(barmode="overlay", bargap=0.18)
    return figure


def _hover(segments: pd.DataFrame, *values: pd.Series[Any]) -> list[str]:
    """What the hover of each bar says."""
    lines = pd.Series(span_labels(segments, videos=True), index=segments.index)
    named: dict[str, pd.Series[Any]] = {}
    if "embedding_option" in segments.columns:
        named["embedding_option"] = segments["embedding_option"]
    named |= {str(column.name): column for column in values}
    for name, column in named.items():
        lines = lines + f"<br>{name}: " + column.astype(object).fillna("none").astype(str)
    return lines.tolist()


def _bars(
    figure: go.Figure,
    table: pd.DataFrame,
    values: pd.Series[Any],
    videos: list[Any],
    look: Look,
) -> None:
    """One trace of bars per colour and video, however many segments there are."""
    if is_continuous(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        codes, names = np.zeros(len(table), np.intp), [str(values.name)]
        limits = {"cmin": float(np.nanmin(numbers)), "cmax": float(np.nanmax(numbers))}
    else:
        codes, names = categories_of(values)
    lane_is_colour = bool((codes == table["lane"].to_numpy()).all())
    for row, video in enumerate(videos, 1):
        here = (table["video_id"] == video).to_numpy()
        for code, name in enumerate(names):
            chosen = here & (codes == code)
            if not chosen.any():
                continue
            if is_continuous(values):
                marker = {
                    "color": numbers[chosen],
                    "colorscale": look.sequential,
                    "showscale": row == 1,
                    "colorbar": {"title": {"text": name}, "thickness": 12, "outlinewidth": 0},
                    **limits,
                }
            else:
                marker = {"color": look.muted if name == "none" else colour_of(look, code)}
            part = table[chosen]
            figure.add_trace(
                go.Bar(
                    base=clock_times(part["start_sec"]),
                    x=((part["end_sec"] - part["start_sec"]) * 1000).to_numpy(),
                    y=part["lane"].to_numpy(),
                    orientation="h",
                    name=name,
                    legendgroup=name,
                    showlegend=not (is_continuous(values) or lane_is_colour)
                    and not any(trace.name == name for trace in figure.data),
                    marker={**marker, "line": {"color": look.paper, "width": 0.5}},
                    hovertext=part["hover"],
                    hovertemplate="%{hovertext}<extra></extra>",
                ),
                row=row,
                col=1,
            )
