"""The map of segments: points that are near each other look or sound alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.analysis.judging.query_places import place_queries
from twlab.analysis.maps.projection import project, usual_method
from twlab.errors import InputError
from twlab.figures.clock import span_labels
from twlab.figures.encodings import (
    by_name,
    call_values,
    left_out_note,
    name_of,
    name_values,
    number_column,
    value_column,
)
from twlab.figures.figure import Figure
from twlab.figures.map_names import LETTER_WIDE, halo, in_ink, write_names
from twlab.figures.markers import Group, groups_of, share_traces
from twlab.figures.theme import as_shown, dress, put_legend_above
from twlab.looks import Look, ThemeName, is_continuous, look_of
from twlab.table.rows import align_rows
from twlab.table.segments import check_segments
from twlab.wording import FILTERED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twlab.table.types import NamedQueries, Values

__all__ = ["scatter"]

WEBGL_FROM = 2000
"""Points from which the graphics card draws them: plotly makes an element of the page of each other
one. plotly.express changes at 1,000; more stay sharp in print here."""

QUERY_SIZE, QUERY_LETTERS = 16, 32
"""Pixels of a diamond, nearly twice a point, and letters of the name beside it."""


def scatter(
    segments: pd.DataFrame,
    coords: pd.DataFrame | None = None,
    *,
    color: Values | None = None,
    size: Values | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    queries: NamedQueries | None = None,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """A scatter plot of a projection, one point per segment.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    coords : DataFrame of columns x, y (and z), optional
        As :func:`twlab.project` gives it, on the same index. Default: as the explorer draws it,
        t-SNE of up to 3,000 segments, PCA of more.
    color : str, Series or sequence, optional
        A column, or one value per row such as ``tw.cluster(segments)``. By default the option
        where there are several, else the video where there are several, else the time. Numbers
        get a colour scale, anything else (and whole numbers of up to 24 different values) one
        colour each.
    size : str, Series or sequence, optional
        Likewise numbers, none negative, to which the area of the points is proportional.
    names : dict or Series, optional
        What the labels that give the colours are called, by label, such as
        ``found.set_index("label")["name"]`` of what :func:`twlab.name_clusters` found: in the
        legend, under the pointer and, in two dimensions, at the densest place of each group, as
        :func:`twlab.explore` writes them. Where one would lie over another it is not written on
        the map. Labels without a name keep their own; of labels called the same, each has its own
        behind it.
    queries : DataFrame, array_like of shape (d,) or (q, d), or dict of these by name, optional
        What you look for, as for :func:`twlab.search`: rows or vectors, drawn as diamonds with
        their names, such as ``{"a forest": client.embed_text("a forest")}``. Each lies at the
        median place of the 10 segments of its option most like it, or on the one that it is a copy
        of. A query is no segment: it is not coloured or counted.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        In two or three dimensions, drawn by WebGL above 2,000 points. Distances mean the same in
        every direction. Rows without coordinates are left out; the subtitle counts them.

    Raises
    ------
    InputError
        If the table is not one of segments, or coordinates or values do not fit it.

    See Also
    --------
    twlab.project : coordinates on a map
    twlab.name_clusters : names to give as ``names``
    twlab.explore : map, heatmap, player and timeline, linked

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> figure = tw.plot.scatter(segments, tw.project(segments, method="pca"))
    >>> len(figure.data[0].x)
    100
    """
    look = look_of(theme)
    table, axes = _map_of(segments, coords)
    values = value_column(segments, _telling_column(segments) if color is None else color, "color")
    values = values if names is None else call_values(values, names)
    keep = table[axes].notna().all(axis=1).to_numpy()
    areas = None if size is None else number_column(segments, size, "size")
    told = {"hover": _hover(segments, values)[keep], "size": _diameters(areas, keep)[keep]}
    points = table.loc[keep, axes].assign(**told)
    figure, groups = Figure(), groups_of(values, look, keep)
    for group in share_traces(groups):
        figure.add_trace(_draw_points(points, group, look))
    if queries is not None:
        figure.add_trace(_draw_queries(segments, table[axes], queries, look))
    note = f"{len(points):,} segment{'s' * (len(points) != 1)}"
    note += left_out_note(len(table) - len(points), "unplaced")
    heading = f"Map of segments{by_name(values, ', coloured by ')}" if title is None else title
    dress(figure, look, title=heading, subtitle=note, height=580)
    _plain_axes(figure, look)
    if names is not None:
        _name_groups(figure, groups, points, values[keep], look)
    if is_continuous(values):
        put_legend_above(figure)
    return figure


def _map_of(segments: pd.DataFrame, coords: Any) -> tuple[Any, list[str]]:
    """The coordinates of each segment, and their columns."""
    check_segments(segments)
    if not len(segments):
        raise InputError(
            f"there are no segments to draw; a table with rows was expected; {FILTERED}"
        )
    if coords is None:
        coords = project(segments, method=usual_method(len(segments)))
    axes = _coordinate_columns(coords)
    return align_rows(segments, coords, "coords"), axes


def _hover(segments: pd.DataFrame, values: pd.Series[Any]) -> pd.Series[Any]:
    """What is told of each segment under the pointer: when, and what gives its colour."""
    when = pd.Series(span_labels(segments), index=segments.index, dtype=object)
    if values.name in ("video_id", "start_sec", "end_sec"):
        return when
    told: pd.Series[Any] = when + "<br>" + name_values(values)
    return told


def _telling_column(segments: pd.DataFrame) -> str:
    """The column that tells most about a table at first sight."""
    for name in ("embedding_option", "video_id"):
        if name in segments.columns and len(segments[name].dropna().unique()) > 1:
            return name
    return "start_sec"


def _coordinate_columns(coords: Any) -> list[str]:
    """The columns of the coordinates: x, y and, in three dimensions, z."""
    if not isinstance(coords, pd.DataFrame) or not {"x", "y"} <= set(coords.columns):
        raise InputError("coords have no columns x and y; a DataFrame as tw.project was expected")
    return ["x", "y", "z"] if "z" in coords.columns else ["x", "y"]


def _diameters(areas: NDArray[np.float64] | None, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The diameter of each point in pixels; smaller where there are many."""
    count = int(keep.sum())
    usual = 9.0 if count <= 500 else 6.0 if count <= WEBGL_FROM else 4.0
    if areas is None:
        return np.full(len(keep), usual)
    if (areas < 0).any():
        raise InputError(f"size holds {np.nanmin(areas):g}; numbers, 0 or more, were expected")
    typical = float(np.nanmedian(areas[areas > 0])) if (areas > 0).any() else 1.0
    return np.clip(usual * np.sqrt(np.nan_to_num(areas) / typical), 2, 4 * usual)


def _draw_points(points: pd.DataFrame, group: Group, look: Look) -> Any:
    """One trace of points."""
    part = points[group.rows]
    flat, few = "z" not in points.columns, len(points) <= WEBGL_FROM
    sizes = part["size"].to_numpy() * (1 if flat else 0.55)
    outline = {"width": 0.7 if few and flat else 0, "color": look.paper}
    settings: dict[str, Any] = {
        **{axis: part[axis].to_numpy(np.float32) for axis in ("x", "y", "z")[: 3 - flat]},
        "mode": "markers",
        "name": group.name,
        "showlegend": not group.continuous,
        "hovertext": part["hover"],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            **group.marker,
            "symbol": group.symbol,
            "size": sizes[0] if len(sizes) and (sizes == sizes[0]).all() else sizes,
            "line": outline,
        },
    }
    if not flat:
        return go.Scatter3d(**settings)
    return (go.Scatter if few else go.Scattergl)(**settings)


def _draw_queries(
    segments: pd.DataFrame, coords: pd.DataFrame, queries: NamedQueries, look: Look
) -> Any:
    """Queries as diamonds in ink, each with its name towards the middle of the map."""
    points = coords.to_numpy(np.float64, na_value=np.nan)
    placed = place_queries(segments, points, queries)
    middle = (np.nanmin(points[:, 0]) + np.nanmax(points[:, 0])) / 2
    nearest = span_labels(segments.iloc[placed["row"]])
    hover = [
        f"<b>{as_shown(one.query)}</b><br>most like {where}<br>similarity {one.similarity:.2f}"
        for one, where in zip(placed.itertuples(), nearest, strict=True)
    ]
    flat = "z" not in placed.columns
    kind = go.Scatter if flat else go.Scatter3d
    edge: dict[str, Any] = {"shadow": halo(look)} if flat else {}
    names = [in_ink(as_shown(name, QUERY_LETTERS), look) for name in placed["query"]]
    return kind(
        **{axis: placed[axis].to_numpy(np.float64) for axis in ("x", "y", "z")[: 3 - flat]},
        mode="markers+text",
        name="queries",
        showlegend=False,
        **({"cliponaxis": False} if flat else {}),
        customdata=placed["query"],
        text=[f"\N{EN SPACE}{name}\N{EN SPACE}" for name in names],
        textposition=np.where(placed["x"] > middle, "middle left", "middle right"),
        textfont={"color": look.ink, "size": 12, "weight": 600, **edge},
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        marker={
            **{"symbol": "diamond", "color": look.ink, "size": QUERY_SIZE * (1 if flat else 0.55)},
            "line": {"width": 2, "color": look.paper},
        },
    )


def _name_groups(
    figure: go.Figure, groups: list[Group], points: pd.DataFrame, values: pd.Series[Any], look: Look
) -> None:
    """Write the names of groups on a flat map; a bare number with what it is a number of."""
    if "z" in points.columns or not len(points):
        return
    there = [group for group in groups if values[group.rows].notna().all()]
    named = [
        group._replace(name=f"{name_of(values)} {group.name}")
        if re.fullmatch(r"-?\d+", group.name)
        else group
        for group in there
    ]
    places = points[["x", "y"]].to_numpy(np.float64)
    figure.update_layout(annotations=write_names(named, places, look, _query_boxes(figure)))


def _query_boxes(figure: go.Figure) -> NDArray[np.float64]:
    """The place of each query, and the pixels that its mark and name take to either side."""
    taken = []
    for trace in figure.data:
        if trace.customdata is None:
            continue
        for x, y, name, where in zip(
            trace.x, trace.y, trace.customdata, trace.textposition, strict=True
        ):
            wide = QUERY_SIZE + LETTER_WIDE * min(len(name), QUERY_LETTERS)
            sides = (wide, QUERY_SIZE / 2)
            taken.append((x, y, *(sides if where == "middle left" else sides[::-1])))
    return np.array(taken, np.float64).reshape(-1, 4)


def _plain_axes(figure: go.Figure, look: Look) -> None:
    """The axes of a projection have no unit: no ticks, one scale for all."""
    flat = {"showticklabels": False, "zeroline": False}
    figure.update_xaxes(**flat, title_text="x (no unit)")
    figure.update_yaxes(**flat, title_text="y (no unit)", scaleanchor="x")
    bare = {
        "showticklabels": False,
        "gridcolor": look.grid,
        "backgroundcolor": look.paper,
    }
    figure.update_scenes(xaxis=bare, yaxis=bare, zaxis=bare, aspectmode="data")
