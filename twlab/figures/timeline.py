"""Segments along time: one lane per option, cluster or any column, video below video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.figures.clock import (
    bar_lengths,
    clock_times,
    span_labels,
    time_axis,
)
from twlab.figures.encodings import (
    by_name,
    categories_of,
    left_out_note,
    name_of,
    name_values,
    number_column,
    options_of,
    value_column,
    with_plain_names,
)
from twlab.figures.figure import Figure
from twlab.figures.lanes import (
    CURVE_LANES,
    Lanes,
    lane_axis,
    lay_lanes,
    places_of_rows,
)
from twlab.figures.markers import Group, groups_of, share_traces
from twlab.figures.scene_spans import line_opacity, scene_spans
from twlab.figures.theme import as_shown, dress, put_legend_above
from twlab.looks import (
    LEAST_DIFFERENCE,
    Look,
    ThemeName,
    colour_of,
    faint,
    is_continuous,
    look_of,
)
from twlab.table.segments import check_segments, clip_mask, split_options
from twlab.wording import FILTERED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Values

__all__ = ["timeline"]

PLOT_PIXELS = 850
"""Width of the lanes on a usual screen, to judge whether bars are wide enough for an outline."""


def timeline(
    segments: pd.DataFrame,
    *,
    lanes: Values = "embedding_option",
    color: Values | None = None,
    scenes: pd.DataFrame | None = None,
    novelty: Values | None = None,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """A timeline of segments as bars, with timecodes below and a lane for each value of a column.

    Parameters
    ----------
    segments : DataFrame
        A table of segments. Whole-video rows and rows without time are left out; the subtitle
        counts them. Several videos lie below each other on a common time axis.
    lanes : str, Series or sequence
        A column, or one value per row (for example ``tw.cluster(segments)``). An option of several
        models has a lane for each, named after both.
    color : str, Series or sequence, optional
        Likewise, for the colours; by default as the lanes. Numbers get a colour scale, anything
        else (and whole numbers of up to 24 different values) one colour each.
    scenes : DataFrame, optional
        Scenes to show in a lane of their own, with a line through the others at each start:
        ``start_sec`` and, where there are several videos, ``video_id``; without ``end_sec`` each
        lasts until the next. Annotations show their text: the column ``label``, or the first
        other one of text; the hover shows all of them.
    novelty : str, Series or sequence, optional
        A value per row, as ``tw.novelty(segments)``, for a curve below the lanes.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per colour, however many segments there are. The hover names video, times and
        values.

    Raises
    ------
    InputError
        If the table is not one of segments, holds no segment with a time, or values do not fit it.

    See Also
    --------
    twlab.cluster : the cluster of each segment
    twlab.scene_labels : the scene of each segment
    twlab.timeline_widget : the timeline alone

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
    segments, lane_values = _split_lanes(segments, lanes)
    colours = lane_values if color is None else value_column(segments, color, "color")
    keep = _have_place(segments)
    curve = None if novelty is None else number_column(segments, novelty, "novelty")[keep]
    shown, lane_values = segments[keep], lane_values[keep]
    groups = share_traces(groups_of(colours, look, keep))
    spans = None if scenes is None else scene_spans(scenes, shown)
    table, placed = _place_rows(shown, lane_values, spans, curve)
    table["hover"] = _hover_texts(shown, lane_values, colours[keep]).to_numpy()
    figure = Figure()
    _add_bars(figure, table, groups, look, legend=color is not None)
    if spans is not None:
        _add_scenes(figure, spans, placed, look)
    if curve is not None:
        _add_curves(figure, shown, curve, placed, look)
    _add_headings(figure, placed)
    note = _note_shown(table, int((~keep).sum()))
    heading = f"Timeline{by_name(lane_values, ' by ')}" if title is None else title
    height = _height(placed, least=240 if is_continuous(colours) else 190)
    dress(figure, look, title=heading, subtitle=note, height=height)
    figure.update_xaxes(**time_axis(min(0.0, table["start_sec"].min()), table["end_sec"].max()))
    title = "lane" if lane_values.name in ("lanes", None) else name_of(lane_values)
    figure.update_yaxes(**lane_axis(placed, pixels=height - 120, title=title))
    figure.update_layout(barmode="overlay", uniformtext={"mode": "hide", "minsize": 9})
    if is_continuous(colours):
        put_legend_above(figure)
    return figure


def _split_lanes(segments: pd.DataFrame, lanes: Values) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """The table, an option of several models as one for each, and the lane of each row."""
    split = split_options(segments)
    values = value_column(split, lanes, "lanes")
    if split is not segments and values.name == "embedding_option":
        values = values.rename("option and model")
    return split, values


def _height(lanes: Lanes, *, least: int) -> int:
    """Pixels for the figure; many lanes are drawn closer together."""
    return max(least, 120 + round(lanes.height * (30 if lanes.height < 24 else 20)))


def _have_place(segments: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows have a place in time."""
    if not len(segments):
        raise InputError(
            f"there are no segments to draw; a table with rows was expected; {FILTERED}"
        )
    keep = segments[["start_sec", "end_sec"]].notna().all(axis=1).to_numpy() & clip_mask(segments)
    if not keep.any():
        raise InputError(
            "no segments with a time to draw; rows with start_sec and end_sec were expected"
        )
    return np.asarray(keep)


def _place_rows(
    segments: pd.DataFrame,
    values: pd.Series[Any],
    spans: pd.DataFrame | None,
    curve: NDArray[np.float64] | None,
) -> tuple[pd.DataFrame, Lanes]:
    """Video, times, lane and place of each row, and the lanes."""
    codes, names = categories_of(values)
    table = with_plain_names(segments[["video_id", "start_sec", "end_sec"]]).assign(lane=codes)
    lanes = lay_lanes(
        table,
        names,
        headed=len(table["video_id"].unique()) > 1 and values.name != "video_id",
        with_scenes=set() if spans is None else set(spans["video_id"]),
        with_curves=_videos_with(segments, curve),
    )
    return table.assign(y=places_of_rows(table, lanes)), lanes


def _videos_with(segments: pd.DataFrame, values: NDArray[np.float64] | None) -> set[Any]:
    """The videos that have values."""
    return set() if values is None else set(segments["video_id"][np.isfinite(values)])


def _note_shown(table: pd.DataFrame, n_left_out: int) -> str:
    """How many segments are shown, of which video or of how many."""
    videos = table["video_id"].unique()
    of = as_shown(videos[0], 40) if len(videos) == 1 else f"{len(videos):,} videos"
    note = f"{len(table):,} segment{'s' * (len(table) != 1)} of {of}"
    return note + left_out_note(n_left_out, "whole-video or untimed")


def _hover_texts(segments: pd.DataFrame, *values: pd.Series[Any]) -> pd.Series[Any]:
    """What the hover of each bar says."""
    lines = pd.Series(span_labels(segments), index=segments.index, dtype=object)
    named: dict[Any, pd.Series[Any]] = {}
    if "embedding_option" in segments.columns:
        named["embedding_option"] = segments["embedding_option"]
    named |= {column.name: column for column in values}
    for name, column in named.items():
        if name not in ("video_id", "start_sec", "end_sec"):
            lines = lines + "<br>" + name_values(column)
    return lines


def _add_bars(
    figure: go.Figure, table: pd.DataFrame, groups: list[Group], look: Look, *, legend: bool
) -> None:
    """One trace of bars per colour."""
    length = bar_lengths(table)
    wide = np.median(length) / 1000 / max(table["end_sec"].max(), 1e-9) * PLOT_PIXELS > 4
    for group in groups:
        part = table[group.rows]
        figure.add_trace(
            go.Bar(
                base=clock_times(part["start_sec"]),
                x=np.round(length[group.rows]),
                y=part["y"].to_numpy(),
                width=0.78,
                orientation="h",
                name=group.name,
                showlegend=legend and not group.continuous,
                marker={**group.marker, "line": {"color": look.paper, "width": 0.5 * wide}},
                hovertext=part["hover"],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )


def _add_scenes(figure: go.Figure, spans: pd.DataFrame, lanes: Lanes, look: Look) -> None:
    """A lane of scenes by label or number, and a line through the others where each begins."""
    labels = [
        "<br>".join(filter(None, (f"scene {number}", said, label)))
        for number, said, label in zip(
            spans["number"], spans["said"], span_labels(spans), strict=True
        )
    ]
    names = [label or number for label, number in zip(spans["label"], spans["number"], strict=True)]
    shades = [faint(look.muted, 0.22 if number % 2 else 0.42) for number in spans["number"]]
    figure.add_trace(
        go.Bar(
            base=clock_times(spans["start_sec"]),
            x=bar_lengths(spans),
            y=spans["video_id"].map(lanes.scenes).to_numpy(),
            width=0.78,
            orientation="h",
            name="scenes",
            showlegend=False,
            marker={"color": shades, "line": {"width": 0}},
            text=names,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": look.ink, "size": 11},
            hovertext=labels,
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    reach = spans["video_id"].map(lanes.reach)
    per_video = int(spans["video_id"].value_counts().max()) if len(spans) else 0
    figure.add_trace(
        go.Scatter(
            x=np.repeat(clock_times(spans["start_sec"]), 3),
            y=[place for top, foot in reach for place in (top, foot, None)],
            mode="lines",
            line={"color": faint(look.ink, line_opacity(per_video)), "width": 1},
            showlegend=False,
            hoverinfo="skip",
        )
    )


def _add_curves(
    figure: go.Figure, segments: pd.DataFrame, values: Any, lanes: Lanes, look: Look
) -> None:
    """A curve below the lanes of each video, one for each option, all on one scale."""
    table = with_plain_names(segments[["video_id", "start_sec", "end_sec"]]).assign(value=values)
    table = table.assign(option=options_of(segments).to_numpy(), hover=span_labels(table))
    table = table[np.isfinite(values)]
    options = sorted(table["option"].unique())
    top = float(table["value"].max()) if len(table) else 0.0
    top = top if top >= LEAST_DIFFERENCE else 1.0  # flat: less is rounding
    for (video, option), part in table.groupby(["video_id", "option"], sort=False):
        line = part.sort_values("start_sec")
        foot = lanes.curves[video]
        height = line["value"].clip(lower=0) / top * (CURVE_LANES - 0.3)
        times, places = clock_times(line["start_sec"]), (foot - height).to_numpy()
        colour = look.muted if len(options) == 1 else colour_of(options.index(option))
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([times[:1], times, times[-1:]]),
                y=np.concatenate([[foot], places, [foot]]),
                mode="lines",
                fill="toself",
                fillcolor=faint(colour, 0.25),
                line={"color": colour, "width": 1.2},
                name=f"novelty {as_shown(option)}".strip(),
                showlegend=False,
                hoveron="points",
                hovertext=["", *_value_lines(line), ""],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )


def _value_lines(line: pd.DataFrame) -> list[str]:
    """What the hover of each point of a curve says."""
    options = [f"<br>{as_shown(option)}" if option else "" for option in line["option"]]
    return [
        f"<b>{value:.3f}</b> novelty<br>{label}{option}"
        for value, label, option in zip(line["value"], line["hover"], options, strict=True)
    ]


def _add_headings(figure: go.Figure, lanes: Lanes) -> None:
    """The name of each video above its lanes."""
    for video, place in lanes.headings.items():
        figure.add_annotation(
            text=f"<b>{as_shown(video, 60)}</b>",
            **{"x": 0, "xref": "x domain", "xanchor": "left", "y": place, "yanchor": "middle"},
        )
