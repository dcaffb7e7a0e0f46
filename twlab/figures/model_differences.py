"""Where two models see a film differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.analysis.models.comparing import ModelComparison, likeness_ranks
from twlab.errors import InputError
from twlab.figures.clock import clock_times, time_axis
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, ends_apart, scale_of
from twlab.intervals import format_timecode
from twlab.looks import (
    DIVERGING,
    SIMILARITY,
    Look,
    ThemeName,
    colour_of,
    look_of,
)
from twlab.media.named import films_of
from twlab.media.stills import stills_at
from twlab.wording import brief

if TYPE_CHECKING:
    import pandas as pd

    from twlab.media.stills import Still
    from twlab.table.types import Floats, Positions, Video

__all__ = ["models"]

MOST_DRAWN = 250
"""Cells of a side: three matrices of 62,500 numbers keep the figure below 2 MB."""

N_DISPUTED = 3
"""Moments that are shown: with the film three rows of three frames, as many as a phone shows."""

LEAST_BETWEEN = 0.03
"""Share of the video that lies between two of them, so that one scene is not shown three times."""

PANEL_PIXELS, ROW_GAP, HEAD, FRAME_ROW = 300, 96, 44, 112
"""Pixels of a panel's height, between panels, above the first and of a row of frames."""

FRAME_GAP = 0.07
"""Between frames, as a share of their height."""

STILL_LINES = 120
"""Lines of an embedded picture, a little more than a row shows."""


class _Dispute(NamedTuple):
    """A moment that the two see differently, and what each finds most like it."""

    at: float
    """Its middle, in seconds."""
    like: tuple[float, float]
    agreement: float


def models(
    comparison: ModelComparison,
    *,
    video_id: str | None = None,
    video: Video | None = None,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """Where two models differ: both heatmaps, their difference, and the moments in dispute.

    Parameters
    ----------
    comparison : ModelComparison
        As ``tw.compare_models`` returns it.
    video_id : str, optional
        The video to draw. Default: the one on which the two agree least.
    video : path, http(s) address, or dict of these by ``video_id``, optional
        The film, of which frames are taken (extra ``media``): for each moment in dispute, itself
        and what either model finds most like it. No other file or address is opened.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        Similarities of two models share no scale, so both heatmaps show the share of all pairs of
        moments of the video that are less alike, 0 to 1; the third shows the first less the
        second. The curve is ``agreement`` of ``comparison.clips``; its dots are the three lowest
        that lie apart.

    Raises
    ------
    InputError
        If ``comparison`` is none, or has no such video.
    MissingExtraError
        If frames are asked for and the extra ``media`` is not installed.

    See Also
    --------
    twlab.compare_models : how alike two models are, against chance
    twlab.plot.heatmap : one model's similarities

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    >>> figure = tw.plot.models(tw.compare_models(both))
    >>> [trace.type for trace in figure.data]
    ['heatmap', 'heatmap', 'heatmap', 'scatter', 'scatter']
    """
    chosen = _choose_video(comparison, video_id)
    look = look_of(theme)
    rows = np.flatnonzero((comparison.clips["video_id"] == chosen).to_numpy())
    clips = comparison.clips.iloc[rows]
    disputes = _find_disputes(clips)
    frames = _take_frames(chosen, disputes, video)
    tall = PANEL_PIXELS * 2 + ROW_GAP + (len(frames) * FRAME_ROW + 80 if frames else 0)
    figure = _lay_panels(comparison.names, tall)
    _draw_matrices(figure, comparison, rows)
    _draw_agreement_curve(figure, clips, disputes, look)
    note = f"{as_shown(chosen, 40)} · share of pairs of moments that are less alike"
    words = "Where the two models differ" if title is None else title
    dress(figure, look, title=words, subtitle=note, height=tall + 72 + 48 + HEAD)
    figure.update_layout(margin={"l": 56, "r": 16, "t": figure.layout.margin.t + HEAD})
    _set_time_axes(figure, clips)
    if frames:
        _put_frames(figure, frames, disputes, tall)
    return figure


def _choose_video(comparison: Any, video_id: str | None) -> str:
    """The video to draw."""
    if not isinstance(comparison, ModelComparison):
        raise InputError(
            f"comparison is {brief(comparison)}; what tw.compare_models returns was expected; "
            "pass tw.compare_models(a, b)"
        )
    means = comparison.clips.groupby("video_id", sort=True)["agreement"].mean()
    if video_id is None:
        return str(means.index[0] if means.isna().all() else means.idxmin())
    if video_id not in means.index:
        there = ", ".join(map(repr, means.index[:5]))
        raise InputError(
            f"video_id is {brief(video_id)}; one of both tables was expected, which are {there}; "
            "choose one, or leave video_id= out"
        )
    return video_id


def _find_disputes(clips: pd.DataFrame) -> list[_Dispute]:
    """The moments that the two agree on least, apart from each other."""
    half = (clips["end_sec"] - clips["start_sec"]).to_numpy() / 2
    starts = clips["start_sec"].to_numpy()
    apart = LEAST_BETWEEN * (clips["end_sec"].max() - starts.min())
    found: list[_Dispute] = []
    for row in clips["agreement"].argsort(kind="stable"):
        middle = starts[row] + half[row]
        value = float(clips["agreement"].iloc[row])
        if np.isnan(value) or any(abs(middle - one.at) < apart for one in found):
            continue
        like = tuple(float(clips[f"like_{side}_sec"].iloc[row] + half[row]) for side in ("a", "b"))
        found.append(_Dispute(float(middle), (like[0], like[1]), value))
        if len(found) == N_DISPUTED:
            break
    return found


def _take_frames(chosen: str, disputes: list[_Dispute], video: Video | None) -> list[list[Still]]:
    """For each moment in dispute, itself and what is most like it for either."""
    films = films_of(video, [chosen])
    if chosen not in films or not disputes:
        return []
    times = [(one.at, *one.like) for one in disputes]
    flat = [time for row in times for time in row]
    taken = stills_at({chosen: films[chosen]}, {chosen: flat}, height=STILL_LINES)[chosen]
    return [[taken[time] for time in row] for row in times]


def _lay_panels(names: tuple[str, str], tall: float) -> go.Figure:
    """Four panels, the lower right one for the curve; named above."""
    heading = ends_apart(names, 24)
    figure = make_subplots(
        figure=Figure(),
        rows=2,
        cols=2,
        horizontal_spacing=0.09,
        subplot_titles=[*heading, "the first less the second", "agreement along time"],
    )
    high = PANEL_PIXELS / tall
    lower = 1 - (2 * PANEL_PIXELS + ROW_GAP) / tall
    for axis, bottom in (("", 1 - high), ("2", 1 - high), ("3", lower), ("4", lower)):
        figure.update_layout({f"yaxis{axis}": {"domain": [bottom, bottom + high]}})
    for note, number in zip(figure.layout.annotations, ("", "2", "3", "4"), strict=True):
        domain = (f"x{number} domain", f"y{number} domain")
        note.update(x=0, y=1, xref=domain[0], yref=domain[1], xanchor="left", yanchor="bottom")
        note.update(font={"size": 13}, text=f"<b>{note.text}</b>")
        note.update(yshift=34 if number != "4" else 4)
    return figure


def _draw_matrices(figure: go.Figure, comparison: ModelComparison, rows: Positions) -> None:
    """Both heatmaps and their difference."""
    clips = comparison.clips.iloc[rows]
    step = -(-len(rows) // MOST_DRAWN)
    ranks = [likeness_ranks(side.iloc[rows]) for side in (comparison.a, comparison.b)]
    first, second = (_average_blocks(matrix, step) for matrix in ranks)
    ends = [*clips["start_sec"].iloc[::step], clips["end_sec"].iloc[-1]]
    times = clock_times(np.array(ends))
    reach = float(max(0.1, np.quantile(np.abs(first - second), 0.99)))
    for number, (values, colours, low, high) in enumerate(
        [
            (first, SIMILARITY, 0.0, 1.0),
            (second, SIMILARITY, 0.0, 1.0),
            (first - second, DIVERGING, -reach, reach),
        ]
    ):
        row, column = divmod(number, 2)
        panel = [figure.layout[f"{side}axis{number + 1}"].domain for side in "xy"]
        bar = {"orientation": "h", "len": 110, "lenmode": "pixels", "x": panel[0][0]}
        bar |= {"xpad": 14 * (low < 0), "y": panel[1][1]}
        bar |= {"xanchor": "left", "yanchor": "bottom", "ypad": 5}
        bar |= {"tickvals": [low, (low + high) / 2, high], "tickformat": ".2~f"}
        figure.add_trace(
            go.Heatmap(
                z=np.round(values.astype(np.float32), 3),
                x=times,
                y=times,
                colorscale=scale_of(colours),
                zmin=low,
                zmax=high,
                colorbar={**bar, "tickfont": {"size": 10}},
                hovertemplate="<b>%{z:.2f}</b><br>%{y|%-H:%M:%S}<br>%{x|%-H:%M:%S}<extra></extra>",
            ),
            row=row + 1,
            col=column + 1,
        )


def _average_blocks(matrix: Floats, step: int) -> Floats:
    """Means over blocks of so many rows and columns, the last ones as many as there are."""
    starts = np.arange(0, len(matrix), step)
    counts = np.diff(np.append(starts, len(matrix)))
    sums = np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)
    return np.asarray(sums / np.outer(counts, counts))


def _draw_agreement_curve(
    figure: go.Figure, clips: pd.DataFrame, disputes: list[_Dispute], look: Look
) -> None:
    """How far the two agree along time, and the moments in dispute by number."""
    middle = ((clips["start_sec"] + clips["end_sec"]) / 2).to_numpy()
    line = go.Scatter(
        x=clock_times(middle),
        y=clips["agreement"],
        mode="lines",
        line={"color": colour_of(0), "width": 1.6},
        showlegend=False,
        hovertemplate="<b>%{y:.2f}</b> agreement<br>%{x|%-H:%M:%S}<extra></extra>",
    )
    dots = go.Scatter(
        x=clock_times(np.array([one.at for one in disputes])),
        y=[one.agreement for one in disputes],
        mode="markers+text",
        text=[str(k) for k in range(1, len(disputes) + 1)],
        textposition="bottom center",
        textfont={"color": look.ink, "size": 12},
        marker={"color": colour_of(1), "size": 9},
        showlegend=False,
        cliponaxis=False,
        hovertext=[_describe_likes(one) for one in disputes],
        hovertemplate="<b>%{y:.2f}</b> %{hovertext}<extra></extra>",
    )
    figure.add_traces([line, dots], rows=[2, 2], cols=[2, 2])
    low = float(np.nanmin([0.0, *clips["agreement"]]))
    # Small and near, so that on a phone the numbers do not lie on the heatmap beside them.
    scale = {"nticks": 6, "title_text": "", "ticks": "", "tickfont": {"size": 10}}
    figure.update_yaxes(range=[low - 0.2, 1.05], **scale, row=2, col=2)


def _describe_likes(one: _Dispute) -> str:
    """When a moment is, and what each finds most like it."""
    at, *like = (format_timecode(sec) for sec in (one.at, *one.like))
    return f"{at}<br>like {like[0]} for the first<br>like {like[1]} for the second"


def _put_frames(
    figure: go.Figure, frames: list[list[Still]], disputes: list[_Dispute], tall: float
) -> None:
    """A row for each moment in dispute: itself, and what either model finds most like it.

    One unit of both axes is the height of a frame, and the axes keep their ratio.
    """
    step, band = frames[0][0].shape + FRAME_GAP, 1 + FRAME_GAP
    for column, head in enumerate(("in dispute", "like it: first", "like it: second")):
        figure.add_annotation(
            text=f"<b>{head}</b>",
            **{"x": column * step, "y": 0, "xref": "x5", "yref": "y5"},
            **{"xanchor": "left", "yanchor": "bottom", "yshift": 4},
        )
    for row, (stills, one) in enumerate(zip(frames, disputes, strict=True)):
        for column, (still, sec) in enumerate(zip(stills, (one.at, *one.like), strict=True)):
            corner = {"x": column * step, "y": -row * band, "xref": "x5", "yref": "y5"}
            corner |= {"xanchor": "left", "yanchor": "top"}
            size = {"sizex": still.shape, "sizey": 1, "sizing": "contain"}
            figure.add_layout_image(source=still.address, **corner, **size)
            mark = "" if column else f"{row + 1} · "
            figure.add_annotation(
                **corner,
                text=f"{mark}{format_timecode(sec)}",
                font={"size": 10, "color": "#ffffff"},
                bgcolor="rgba(0,0,0,.6)",
                borderpad=1,
            )
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    high = len(frames) * FRAME_ROW / tall
    figure.update_layout(
        xaxis5={**axis, "range": [0, 3 * step], "constraintoward": "left", "anchor": "y5"},
        yaxis5={
            **{**axis, "range": [-len(frames) * band, 0], "constraintoward": "top"},
            **{"anchor": "x5", "scaleanchor": "x5", "domain": [0, high]},
        },
    )
    # An axis is only drawn where some trace lies on it.
    figure.add_trace(go.Scatter(x=[None], y=[None], xaxis="x5", yaxis="y5", showlegend=False))


def _set_time_axes(figure: go.Figure, clips: pd.DataFrame) -> None:
    """Time along all panels, zoomed together."""
    first, last = float(clips["start_sec"].min()), float(clips["end_sec"].max())
    across = {**time_axis(first, last), "title": None, "nticks": 5, "showgrid": False}
    figure.update_xaxes(**across, matches="x")
    down = {**across, "range": across["range"][::-1]} if "range" in across else across
    for row, column in ((1, 1), (1, 2), (2, 1)):
        figure.update_yaxes(**down, row=row, col=column)
    for column in (1, 2):
        figure.update_yaxes(showticklabels=column == 1, row=1, col=column)
