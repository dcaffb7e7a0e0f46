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
    as_text,
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

    from numpy.typing import NDArray

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
    codes, names = categories_of(lane_values[keep])
    table = segments.loc[keep, ["video_id", "start_sec", "end_sec"]].assign(lane=codes)
    table["hover"] = _hover(segments[keep], lane_values[keep], colour_values[keep])
    used = {video: np.unique(part["lane"]) for video, part in table.groupby("video_id", sort=False)}
    figure = make_subplots(
        rows=len(used),
        shared_xaxes=True,
        row_heights=[len(lanes_here) for lanes_here in used.values()],
        vertical_spacing=min(0.16, 0.5 / len(used)),
        subplot_titles=[str(video) for video in used] if len(used) > 1 else None,
    )
    _bars(figure, table, colour_values[keep], list(used), look)
    _lane_names(figure, list(used.values()), names)
    note = f"{len(table):,} segments of {len(used)} video{'s' * (len(used) > 1)}"
    note += left_out_note(int((~keep).sum()), "whole-video or untimed")
    heading = f"Timeline by {str(lane_values.name or 'lanes').replace('_', ' ')}"
    height = 170 + LANE_PIXELS * sum(map(len, used.values())) + 44 * (len(used) - 1)
    height += 60 if is_continuous(colour_values) else 0
    dress(figure, look, title=heading if title is None else title, subtitle=note, height=height)
    figure.update_xaxes(**time_axis(float(table["end_sec"].max())))
    figure.update_layout(barmode="overlay", bargap=0.18)
    return figure


def _lane_names(figure: go.Figure, used: list[Any], names: list[str]) -> None:
    """Name the lanes of each panel, first on top."""
    for row, lanes_here in enumerate(used, 1):
        figure.update_yaxes(
            tickmode="array",
            tickvals=lanes_here,
            ticktext=[names[k] for k in lanes_here],
            range=[lanes_here.max() + 0.6, lanes_here.min() - 0.6],
            showgrid=False,
            row=row,
        )


def _hover(segments: pd.DataFrame, *values: pd.Series[Any]) -> list[str]:
    """What the hover of each bar says."""
    lines = pd.Series(span_labels(segments, videos=True), index=segments.index)
    named: dict[str, pd.Series[Any]] = {}
    if "embedding_option" in segments.columns:
        named["embedding_option"] = segments["embedding_option"]
    named |= {str(column.name): column for column in values}
    for name, column in named.items():
        lines = lines + f"<br>{name}: " + as_text(column)
    return lines.tolist()


def _bars(
    figure: go.Figure,
    table: pd.DataFrame,
    values: pd.Series[Any],
    videos: list[Any],
    look: Look,
) -> None:
    """One trace of bars per colour and video, however many segments there are."""
    codes, names, markers = _markers(values, look)
    own_lanes = bool((codes == table["lane"].to_numpy()).all())
    drawn: set[str] = set()
    for row, video in enumerate(videos, 1):
        here = (table["video_id"] == video).to_numpy()
        for code in np.unique(codes[here]):
            chosen, name = here & (codes == code), names[code]
            part, marker = table[chosen], dict(markers[code])
            if "colorscale" in marker:
                marker |= {"color": marker["color"][chosen], "showscale": row == 1}
            figure.add_trace(
                go.Bar(
                    base=clock_times(part["start_sec"]),
                    x=((part["end_sec"] - part["start_sec"]) * 1000).to_numpy(),
                    y=part["lane"].to_numpy(),
                    orientation="h",
                    name=name,
                    legendgroup=name,
                    showlegend=not (own_lanes or "colorscale" in marker or name in drawn),
                    marker={**marker, "line": {"color": look.paper, "width": 0.5}},
                    hovertext=part["hover"],
                    hovertemplate="%{hovertext}<extra></extra>",
                ),
                row=row,
                col=1,
            )
            drawn.add(name)


def _markers(
    values: pd.Series[Any], look: Look
) -> tuple[NDArray[np.intp], list[str], list[dict[str, Any]]]:
    """The colour group of each row, and name and marker of each group."""
    if is_continuous(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        name = str(values.name)
        scale = {
            "color": numbers,
            "colorscale": look.sequential,
            "colorbar": {"title": {"text": name}, "thickness": 12, "outlinewidth": 0},
            "cmin": float(np.nanmin(numbers, initial=np.inf)),
            "cmax": float(np.nanmax(numbers, initial=-np.inf)),
        }
        return np.zeros(len(values), np.intp), [name], [scale]
    codes, names = categories_of(values)
    colours = [look.muted if n == "none" else colour_of(look, k) for k, n in enumerate(names)]
    return codes, names, [{"color": colour} for colour in colours]
