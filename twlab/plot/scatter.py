"""The map of segments: points that are near each other look or sound alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.plot.look import (
    Look,
    ThemeName,
    as_text,
    categories_of,
    colour_of,
    dress,
    is_continuous,
    left_out_note,
    look_of,
    span_labels,
    value_column,
)
from twlab.projection import project
from twlab.segments import check_segments

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["scatter"]

WEBGL_FROM = 2000
SYMBOLS = ("circle", "diamond", "square", "x", "cross")


def scatter(
    segments: pd.DataFrame,
    coords: pd.DataFrame | None = None,
    *,
    color: str | pd.Series[Any] | Sequence[Any] | None = None,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """A scatter plot of a projection, one point per segment.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    coords : DataFrame of columns x, y (and z), optional
        As :func:`twlab.project` gives it, on the same index; by default it is called here.
    color : str, Series or sequence, optional
        A column, or one value per row such as ``tw.cluster(segments)``. By default the video
        where there are several, else the time. Numbers get a colour scale, anything else (and
        whole numbers of up to 24 different values) one colour each.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        In two or three dimensions, drawn by WebGL above 2,000 points. Distances mean the same in
        every direction. Rows without coordinates are left out; the subtitle counts them.

    Raises
    ------
    InputError
        If the table is none of segments, or coordinates or values do not fit it.

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> figure = tw.plot.scatter(segments, tw.project(segments, method="pca"))
    >>> len(figure.data[0].x)
    100
    """
    look = look_of(theme)
    check_segments(segments)
    table: Any = project(segments) if coords is None else coords
    axes = _axes(segments, table)
    if color is None:
        color = "video_id" if len(segments["video_id"].unique()) > 1 else "start_sec"
    values = value_column(segments, color, "color")
    keep = table[axes].notna().all(axis=1).to_numpy()
    points, shown = table.loc[keep, axes], values[keep]
    hover = pd.Series(span_labels(segments[keep], videos=True), index=points.index)
    if values.name not in ("video_id", "start_sec"):
        hover = hover + f"<br>{values.name}: " + as_text(shown)
    figure = go.Figure()
    for name, rows, marker in _groups(shown, look, flat=len(axes) == 2):
        figure.add_trace(_points(points[rows], name, marker, hover[rows], many=len(points)))
    note = f"{int(keep.sum()):,} segments"
    note += left_out_note(int((~keep).sum()), "unplaced")
    heading = f"Map of segments, coloured by {str(values.name).replace('_', ' ')}"
    dress(figure, look, title=heading if title is None else title, subtitle=note, height=560)
    _empty_axes(figure, look)
    return figure


def _axes(segments: pd.DataFrame, coords: Any) -> list[str]:
    """The columns of the coordinates: x, y and, in three dimensions, z."""
    if not isinstance(coords, pd.DataFrame) or not {"x", "y"} <= set(coords.columns):
        raise InputError("coords have no columns x and y; a DataFrame as tw.project was expected")
    if not coords.index.equals(segments.index):
        raise InputError(
            f"coords have another index than the table ({len(coords)} and {len(segments)} rows); "
            "the same index was expected; filter both alike, or project this table"
        )
    return ["x", "y", "z"] if "z" in coords.columns else ["x", "y"]


def _groups(
    values: pd.Series[Any], look: Look, *, flat: bool
) -> list[tuple[str, Any, dict[str, Any]]]:
    """Name, rows and marker of each trace."""
    size = 9 if len(values) <= 500 else 6 if len(values) <= WEBGL_FROM else 4
    line = {"width": 0.7 if len(values) <= WEBGL_FROM else 0, "color": look.paper}
    plain = {"size": size if flat else size / 2, "line": line, "opacity": 0.9}
    if is_continuous(values):
        marker = {
            **plain,
            "color": values.to_numpy(np.float64, na_value=np.nan),
            "colorscale": look.sequential,
            "colorbar": {"title": {"text": str(values.name)}, "thickness": 12, "outlinewidth": 0},
        }
        return [("", np.ones(len(values), bool), marker)]
    codes, names = categories_of(values)
    groups = []
    for code, name in enumerate(names):
        symbol = SYMBOLS[code // len(look.categories) % len(SYMBOLS)]
        colour = look.muted if name == "none" else colour_of(look, code)
        groups.append((name, codes == code, {**plain, "color": colour, "symbol": symbol}))
    return groups


def _points(
    points: pd.DataFrame, name: str, marker: dict[str, Any], hover: pd.Series[Any], *, many: int
) -> Any:
    """One trace of points."""
    axes = {axis: points[axis].to_numpy(np.float32) for axis in points.columns}
    common = {
        **axes,
        "mode": "markers",
        "name": name,
        "showlegend": bool(name),
        "marker": marker,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    if "z" in axes:
        return go.Scatter3d(**common)
    return (go.Scattergl if many > WEBGL_FROM else go.Scatter)(**common)


def _empty_axes(figure: go.Figure, look: Look) -> None:
    """The axes of a projection have no unit: no ticks, one scale for all."""
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    bare = {
        "showticklabels": False,
        "title": {"text": ""},
        "gridcolor": look.grid,
        "backgroundcolor": look.paper,
    }
    figure.update_scenes(xaxis=bare, yaxis=bare, zaxis=bare, aspectmode="data")
