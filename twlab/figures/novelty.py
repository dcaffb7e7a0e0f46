"""The novelty curve: how strongly something new begins, along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.analysis.scenes.segmentation import novelty as novelty_of
from twlab.errors import InputError
from twlab.figures.clock import clock_times, span_labels, time_axis
from twlab.figures.encodings import number_column, options_of, with_plain_names
from twlab.figures.figure import Figure
from twlab.figures.scene_spans import line_opacity, scene_spans
from twlab.figures.theme import LABEL_PIXELS, as_shown, dress, put_legend_above
from twlab.looks import (
    LEAST_DIFFERENCE,
    Look,
    ThemeName,
    colour_of,
    faint,
    look_of,
)
from twlab.table.segments import check_segments
from twlab.wording import FILTERED

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twlab.table.types import Values

__all__ = ["novelty"]


def novelty(
    segments: pd.DataFrame,
    values: Values | None = None,
    *,
    scenes: pd.DataFrame | None = None,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """A curve of novelty along time; its peaks are where scenes begin.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    values : str, Series or sequence, optional
        Other values than ``tw.novelty(segments)``, or those of another kernel. The line
        goes from one row with a value to the next.
    scenes : DataFrame, optional
        Scenes whose starts are marked by lines: ``start_sec`` and, where there are several
        videos, ``video_id``.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per video, one line per embedding option, timecodes below. Dots mark peaks:
        points above both neighbours and in the upper half of what their line reaches.

    Raises
    ------
    InputError
        If the table is not one of segments, values do not fit it, or no row has one.

    See Also
    --------
    twlab.novelty : how strongly something new begins
    twlab.scenes : where scenes begin, and how sure that is

    Examples
    --------
    >>> import twlab as tw
    >>> figure = tw.plot.novelty(tw.sample())
    >>> len(figure.data[0].y)
    99
    """
    look = look_of(theme)
    check_segments(segments)
    numbers = number_column(segments, novelty_of(segments) if values is None else values, "values")
    keep = np.isfinite(numbers) & segments["start_sec"].notna().to_numpy()
    if not keep.any():
        raise InputError(
            "no segment has a novelty to draw; at least two segments of one video were expected; "
            + (FILTERED if not len(segments) else "load more of the video")
        )
    table = _curves(segments[keep], numbers[keep])
    videos = list(dict.fromkeys(table["video_id"]))
    spans = None if scenes is None else scene_spans(scenes, segments)
    figure = make_subplots(
        figure=Figure(),
        rows=len(videos),
        shared_xaxes=True,
        vertical_spacing=_space_between_curves(len(videos)),
    )
    _draw_curves(figure, table, videos, look)
    if spans is not None:
        _mark_scenes(figure, spans[spans["video_id"].isin(videos)], videos, look)
    note = _explain_curves(table, videos, with_scenes=spans is not None)
    heading = "Novelty" if title is None else title
    height = 138 + 110 * len(videos) + 36 * (len(videos) - 1)
    dress(figure, look, title=heading, subtitle=note, height=height)
    _name_panels(figure, videos)
    _set_axes(figure, table, len(videos))
    if len(table["option"].unique()) > 1:
        put_legend_above(figure, lift=LABEL_PIXELS * (len(videos) > 1))
    return figure


def _explain_curves(table: pd.DataFrame, videos: list[Any], *, with_scenes: bool) -> str:
    """The subtitle: what the height, the dots and the lines mean."""
    text = "how unlike the stretches before and after each start are"
    flat = bool((table["value"].abs() < LEAST_DIFFERENCE).all())
    text += "; all alike" if flat else "; dots: high peaks"
    text += "; dotted lines: starts of scenes" * with_scenes
    return text if len(videos) > 1 else f"{as_shown(videos[0], 40)} · {text}"


def _set_axes(figure: go.Figure, table: pd.DataFrame, n_panels: int) -> None:
    """Time along all panels, named below the last; one scale of novelty for all."""
    time = time_axis(min(0.0, table["start_sec"].min()), table["end_sec"].max())
    figure.update_xaxes(**{**time, "title": None})
    figure.update_xaxes(title=time["title"], row=n_panels, col=1)
    figure.update_yaxes(**_value_axis(table["value"]))


def _value_axis(values: pd.Series[float]) -> dict[str, Any]:
    """The vertical axis of every panel; one for what is there, not for its rounding."""
    flat = bool((values.abs() < LEAST_DIFFERENCE).all())
    scale = {"range": [0, 1]} if flat else {"rangemode": "tozero", "nticks": 4}
    return {**scale, "title": {"text": "novelty (cosine)"}}


def _space_between_curves(n_panels: int) -> float:
    """Space between panels, as a share of the whole: about 36 pixels."""
    return 36 / (110 * n_panels + 36 * (n_panels - 1)) if n_panels > 1 else 0.0


def _curves(segments: pd.DataFrame, values: NDArray[np.float64]) -> pd.DataFrame:
    """What is drawn: video, option, times, value and hover label of each point."""
    table = with_plain_names(segments[["video_id", "start_sec", "end_sec"]]).assign(value=values)
    return table.assign(option=options_of(segments).to_numpy(), label=span_labels(table))


def _draw_curves(figure: go.Figure, table: pd.DataFrame, videos: list[Any], look: Look) -> None:
    """A line for each video and option, and a dot on each of its peaks."""
    options, named = sorted(table["option"].unique()), set()
    for (video, option), part in table.groupby(["video_id", "option"], sort=False):
        line = part.sort_values(["start_sec", "end_sec"])
        colour, name = colour_of(options.index(option)), as_shown(option) or "novelty"
        points = {
            "x": clock_times(line["start_sec"]),
            "y": line["value"].to_numpy(),
            "hovertext": line["label"],
            "name": name,
            "legendgroup": name,
            "hovertemplate": f"<b>%{{y:.3f}}</b> {name}<br>%{{hovertext}}<extra></extra>",
        }
        peaks = _find_peaks(line["value"].to_numpy())
        sizes = np.where(peaks, 7, 0)
        figure.add_trace(
            go.Scatter(
                **points,
                mode="lines+markers",
                line={"color": colour, "width": 1.8},
                marker={"color": colour, "size": sizes, "line": {"width": 0}},
                fill="tozeroy",
                fillcolor=faint(colour, 0.16),
                showlegend=len(options) > 1 and name not in named,
            ),
            row=videos.index(video) + 1,
            col=1,
        )
        named.add(name)


def _find_peaks(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a curve is above both neighbours and in the upper half of its range."""
    before = np.append(np.inf, values[:-1])
    after = np.append(values[1:], np.inf)
    high = values > max((values.min() + values.max()) / 2, LEAST_DIFFERENCE)
    return np.asarray((values > before) & (values >= after) & high)


def _mark_scenes(figure: go.Figure, spans: pd.DataFrame, videos: list[Any], look: Look) -> None:
    """A line at the start of each scene, as tall as the panel of its video."""
    shapes: list[dict[str, Any]] = []
    for row, video in enumerate(videos, 1):
        starts = clock_times(spans.loc[spans["video_id"] == video, "start_sec"])
        panel = "" if row == 1 else str(row)
        line = {"color": faint(look.ink, line_opacity(len(starts))), "width": 1, "dash": "dot"}
        where = {"xref": f"x{panel}", "yref": f"y{panel} domain", "y0": 0, "y1": 1}
        shapes += [
            {"type": "line", **where, "x0": start, "x1": start, "line": line, "layer": "below"}
            for start in starts
        ]
    figure.update_layout(shapes=shapes)  # all at once: one by one costs their number squared


def _name_panels(figure: go.Figure, videos: list[Any]) -> None:
    """The name of each video above its panel, where there are several."""
    for row, video in enumerate(videos if len(videos) > 1 else (), 1):
        panel = "" if row == 1 else str(row)
        figure.add_annotation(
            text=f"<b>{as_shown(video, 60)}</b>",
            **{"x": 0, "xref": f"x{panel} domain", "xanchor": "left"},
            **{"y": 1, "yref": f"y{panel} domain", "yanchor": "bottom"},
        )
