"""Scenes drawn on the novelty curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.intervals import format_timecode
from twlab.plot.look import ThemeName, clock_times, look_of
from twlab.plot.novelty import novelty

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["scenes"]


def scenes(
    segments: pd.DataFrame,
    scenes: pd.DataFrame,
    *,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Where scenes open, on the curve of novelty; the surer a boundary, the darker its line.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    scenes : DataFrame
        As ``tw.scenes(segments)`` returns it.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        As :func:`novelty`, with a trace of boundaries per video.

    Raises
    ------
    InputError
        If the scenes lack a column, or as :func:`novelty`.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> figure = tw.plot.scenes(film, tw.scenes(film, n_scenes=4))
    >>> sum(trace.name == "scene opens" for trace in figure.data)
    3
    """
    missing = [n for n in ("video_id", "start_sec", "strength") if n not in scenes.columns]
    if missing:
        raise InputError(f"no column {missing[0]!r} in the scenes; pass what tw.scenes returns")
    look = look_of(theme)
    figure = novelty(segments, title="Scenes" if title is None else title, theme=theme)
    curves = list(figure.data)
    videos = list(dict.fromkeys(segments.dropna(subset=["start_sec"])["video_id"]))
    axes = {
        video: trace for video, trace in zip(videos, _one_each(curves, len(videos)), strict=False)
    }
    opened = scenes[scenes["strength"].notna()]
    columns = [opened[name].tolist() for name in ("video_id", "start_sec", "strength")]
    for video, start_sec, strength in zip(*columns, strict=True):
        trace = axes.get(video)
        if trace is None:
            continue
        figure.add_trace(_opening(trace, start_sec, strength, look.accent))
    return figure


def _one_each(curves: list[go.Scatter], n_videos: int) -> list[go.Scatter]:
    """One curve of every panel, from the top."""
    panels = {trace.yaxis or "y": trace for trace in curves}
    return [panels[key] for key in sorted(panels, key=lambda k: int(k[1:] or 1))][:n_videos]


def _opening(curve: go.Scatter, start_sec: float, strength: float, colour: str) -> go.Scatter:
    """The line of one boundary, as high as the curve of its video."""
    top = float(np.nanmax(np.asarray(curve.y, float)))
    return go.Scatter(
        x=clock_times([start_sec] * 2),
        y=[0, 1.05 * top],
        mode="lines",
        name="scene opens",
        showlegend=False,
        xaxis=curve.xaxis,
        yaxis=curve.yaxis,
        opacity=0.25 + 0.75 * strength,
        line={"color": colour, "width": 1.5},
        hovertemplate=f"{format_timecode(start_sec)}<br>strength <b>{strength:.2f}</b>"
        "<extra></extra>",
    )
