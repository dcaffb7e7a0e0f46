"""The novelty curve: how strongly something new begins, along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.errors import InputError
from twlab.plot.look import (
    ThemeName,
    as_text,
    clock_times,
    colour_of,
    dress,
    look_of,
    span_labels,
    time_axis,
    value_column,
)
from twlab.segmentation import novelty as novelty_of
from twlab.segments import check_segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from twlab.plot.look import Look

__all__ = ["novelty"]


def novelty(
    segments: pd.DataFrame,
    *,
    values: str | pd.Series[Any] | Sequence[Any] | None = None,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """A curve of novelty along time; its peaks are where scenes begin.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    values : str, Series or sequence, optional
        Other values than ``tw.novelty(segments)``, or those of another kernel.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per video, one line per embedding option, timecodes below.

    Raises
    ------
    InputError
        If the table is none of segments, values do not fit it, or no row has one.

    Examples
    --------
    >>> import twlab as tw
    >>> figure = tw.plot.novelty(tw.sample())
    >>> len(figure.data[0].y)
    99
    """
    look = look_of(theme)
    check_segments(segments)
    curve = novelty_of(segments) if values is None else value_column(segments, values, "values")
    numbers = curve.to_numpy(np.float64, na_value=np.nan)
    keep = np.isfinite(numbers) & segments["start_sec"].notna().to_numpy()
    if not keep.any():
        raise InputError(
            "no segment has a novelty to draw; at least two segments of one video were expected"
        )
    table = _curves(segments[keep], numbers[keep])
    videos = list(dict.fromkeys(table["video_id"]))
    figure = make_subplots(
        rows=len(videos),
        shared_xaxes=True,
        vertical_spacing=min(0.14, 0.5 / len(videos)),
        subplot_titles=[str(v) for v in videos] if len(videos) > 1 else None,
    )
    _draw(figure, table, look)
    note = "how unlike the stretches before and after the start of each segment are"
    heading = "Novelty" if title is None else title
    dress(figure, look, title=heading, subtitle=note, height=170 + 170 * len(videos))
    figure.update_xaxes(**time_axis(float(table["end_sec"].max())))
    figure.update_yaxes(rangemode="tozero")
    return figure


def _curves(segments: pd.DataFrame, values: NDArray[np.float64]) -> pd.DataFrame:
    """What is drawn: video, option, times, value and hover label of each point."""
    table = segments[["video_id", "start_sec", "end_sec"]].assign(value=values, option="")
    if "embedding_option" in segments.columns:
        table["option"] = as_text(segments["embedding_option"], missing="")
    return table.assign(label=span_labels(table, videos=True))


def _draw(figure: go.Figure, table: pd.DataFrame, look: Look) -> None:
    """A line for each video and option."""
    videos, options = list(dict.fromkeys(table["video_id"])), sorted(table["option"].unique())
    for (video, option), part in table.groupby(["video_id", "option"], sort=False):
        line = part.sort_values("start_sec")
        figure.add_trace(
            go.Scatter(
                x=clock_times(line["start_sec"]),
                y=line["value"].to_numpy(),
                name=str(option) or "novelty",
                legendgroup=str(option),
                showlegend=len(options) > 1 and video == videos[0],
                line={"color": colour_of(look, options.index(option)), "width": 1.8},
                fill="tozeroy" if len(options) == 1 else None,
                hovertext=line["label"],
                hovertemplate="%{hovertext}<br><b>%{y:.3f}</b><extra></extra>",
            ),
            row=videos.index(video) + 1,
            col=1,
        )
