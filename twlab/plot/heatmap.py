"""The scene-similarity heatmap: every segment against every other, or one video against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.errors import InputError
from twlab.intervals import format_timecode
from twlab.plot.look import Look, ThemeName, as_text, dress, look_of, span_labels
from twlab.segments import check_segments, clip_mask
from twlab.similarity import cosine_similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]

__all__ = ["heatmap"]

MOST_CELLS = 1000
"""Cells per side that a browser still shows swiftly; above, neighbours are averaged."""

NICE_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


class _Side(NamedTuple):
    """One axis of a panel."""

    labels: list[str]
    tick_places: list[int]
    tick_texts: list[str]
    video_starts: list[int]
    video_names: list[str]


def heatmap(
    segments: pd.DataFrame,
    to: pd.DataFrame | None = None,
    *,
    similarity: Matrix | None = None,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """A heatmap of cosine similarity along time; bright blocks on the diagonal are scenes.

    One cell per pair of segments, in order of video and time, with timecodes on both axes.
    Several videos stand side by side, parted by lines. A table of several embedding options gives
    one panel for each. Whole-video rows are left out. Above 1,000 segments per side, neighbours
    are averaged into one cell; the title then says so and gives the true range.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    to : DataFrame, optional
        A second table for the horizontal axis: which seconds of ``segments`` (vertical) resemble
        which seconds of ``to``. By default ``segments`` against itself.
    similarity : ndarray of shape (len(segments), len(to or segments)), optional
        Other values to draw than the cosine similarity, row i for row i of the table.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        Colours are sequential, or diverging around 0 where values lie on both sides of it, and
        span the 1st to 99th percentile off the diagonal. The hover gives times and value.

    Raises
    ------
    InputError
        If the table is empty, is none of segments, or the matrix does not fit it.

    Examples
    --------
    >>> import twlab as tw
    >>> figure = tw.plot.heatmap(tw.sample())
    >>> figure.data[0].z.shape
    (100, 100)
    """
    look = look_of(theme)
    for table in (segments,) if to is None else (segments, to):
        check_segments(table)
    panels = _panels(segments, to, similarity)
    if not panels:
        raise InputError("there are no segments to draw; a table with rows was expected")
    figure = make_subplots(
        cols=len(panels),
        subplot_titles=[name for name, *_ in panels] if len(panels) > 1 else None,
        horizontal_spacing=0.34 / len(panels) if len(panels) > 1 else None,
    )
    notes = []
    for column, (_, down, across, values) in enumerate(panels, 1):
        notes.append(_panel(figure, column, down, across, values, look))
    words = "Similarity of segments" if to is None else "Similarity of two tables"
    dress(figure, look, title=words if title is None else title, subtitle=notes[0], height=640)
    figure.update_layout(width=720 if len(panels) == 1 else 480 * len(panels) + 120)
    figure.update_xaxes(showgrid=False, zeroline=False, constrain="domain")
    figure.update_yaxes(showgrid=False, zeroline=False, constrain="domain", autorange="reversed")
    return figure


Panel = tuple[str, pd.DataFrame, pd.DataFrame, Any]


def _panels(
    segments: pd.DataFrame, to: pd.DataFrame | None, similarity: Matrix | None
) -> list[Panel]:
    """Name, vertical table, horizontal table and values of each embedding option."""
    other = segments if to is None else to
    if similarity is not None:
        similarity = np.asarray(similarity)
        if similarity.shape != (len(segments), len(other)):
            raise InputError(
                f"similarity has shape {similarity.shape}; ({len(segments)}, {len(other)}) was "
                "expected, a value for each pair of rows"
            )
    down, across = _by_option(segments), _by_option(other)
    if to is not None and set(down) != set(across):
        shared = sorted(set(down) & set(across))
        if not shared and len(down) == len(across) == 1:
            across = dict(zip(down, across.values(), strict=True))
        elif not shared:
            raise InputError(
                f"the tables share no embedding option ({', '.join(down)} and "
                f"{', '.join(across)}); filter each to the one to compare"
            )
        else:
            down = {name: down[name] for name in shared}
    panels: list[Panel] = []
    for name, rows in down.items():
        columns = across[name]
        tall, wide = segments.iloc[rows], other.iloc[columns]
        if similarity is None:
            values = cosine_similarity(tall) if to is None else cosine_similarity(tall, wide)
        else:
            values = similarity[np.ix_(rows, columns)]
        panels.append((name, tall, wide, values))
    return panels


def _by_option(segments: pd.DataFrame) -> dict[str, Rows]:
    """Row positions of each embedding option in order of video and time, clips only."""
    keep = np.flatnonzero(clip_mask(segments))
    table = segments.iloc[keep]
    video = pd.factorize(table["video_id"])[0]
    starts, ends = (table[name].to_numpy(np.float64) for name in ("start_sec", "end_sec"))
    order = np.lexsort((ends, starts, video))
    if "embedding_option" not in table.columns:
        return {"all": keep[order]} if len(keep) else {}
    options = as_text(table["embedding_option"], missing="no option").to_numpy(object)[order]
    return {str(name): keep[order[options == name]] for name in pd.unique(options)}


def _panel(
    figure: go.Figure,
    column: int,
    down: pd.DataFrame,
    across: pd.DataFrame,
    values: Matrix,
    look: Look,
) -> str:
    """Draw one matrix; return what the subtitle should say of it."""
    rows, columns = (-(-len(table) // MOST_CELLS) for table in (down, across))
    low, high = float(values.min()), float(values.max())
    cells = _block_means(values, rows, columns)
    scale = _scale(cells, look, square=down is across or down.index.equals(across.index))
    y_side, x_side = _side(down, rows), _side(across, columns)
    figure.add_trace(
        go.Heatmap(
            z=np.round(cells, 4).astype(np.float32),
            x=x_side.labels,
            y=y_side.labels,
            hovertemplate="%{y}<br>%{x}<br><b>%{z:.3f}</b><extra></extra>",
            colorbar=_colorbar(figure, column),
            **scale,
        ),
        row=1,
        col=column,
    )
    _axes(figure, column, x_side, y_side, look)
    note = f"values from {low:.2f} to {high:.2f}"
    if max(rows, columns) > 1:
        note += f"; each cell is the mean of up to {rows} × {columns} pairs"
    return note


def _axes(figure: go.Figure, column: int, x_side: _Side, y_side: _Side, look: Look) -> None:
    """Timecodes on the axes of a panel, and lines between its videos."""
    square = len(x_side.labels) == len(y_side.labels)
    figure.update_yaxes(scaleanchor=figure.data[-1].xaxis if square else None, col=column)
    for update, side in ((figure.update_xaxes, x_side), (figure.update_yaxes, y_side)):
        update(
            type="category",
            tickmode="array",
            tickvals=[side.labels[place] for place in side.tick_places],
            ticktext=side.tick_texts,
            tickangle=0,
            title_text=side.video_names[0] if len(side.video_names) == 1 else None,
            col=column,
        )
    line = {"color": look.paper, "width": 2}
    for place in x_side.video_starts[1:]:
        figure.add_vline(x=place - 0.5, line=line, row=1, col=column)
    for place in y_side.video_starts[1:]:
        figure.add_hline(y=place - 0.5, line=line, row=1, col=column)


def _colorbar(figure: go.Figure, column: int) -> dict[str, Any]:
    """A narrow bar right of the panel."""
    axis = figure.layout["xaxis" if column == 1 else f"xaxis{column}"]
    title = {"text": "cosine<br>similarity", "font": {"size": 11}}
    return {"title": title, "thickness": 10, "outlinewidth": 0, "x": axis.domain[1] + 0.005}


def _scale(cells: Matrix, look: Look, *, square: bool) -> dict[str, Any]:
    """Colour scale and range for what is shown."""
    shown = cells[~np.eye(len(cells), dtype=bool)] if square and len(cells) > 1 else cells
    low, high = (float(q) for q in np.percentile(shown, (1, 99)))
    if low < -0.05 < 0.05 < high:
        reach = max(-low, high)
        return {"colorscale": [list(p) for p in look.diverging], "zmin": -reach, "zmax": reach}
    if high - low < 1e-3:
        low, high = low - 0.05, high + 0.05
    return {"colorscale": look.sequential, "zmin": low, "zmax": high}


def _block_means(values: Matrix, rows: int, columns: int) -> Matrix:
    """Means of blocks of so many rows and columns; the last ones may be smaller."""
    if rows == columns == 1:
        return values
    tall, wide = (np.arange(0, n, k) for n, k in zip(values.shape, (rows, columns), strict=True))
    sums = np.add.reduceat(np.add.reduceat(values, tall, axis=0), wide, axis=1)
    heights, widths = (
        np.diff(np.append(edges, n)) for edges, n in zip((tall, wide), values.shape, strict=True)
    )
    return np.asarray(sums / (heights[:, None] * widths[None, :]), np.float32)


def _side(table: pd.DataFrame, step: int) -> _Side:
    """Labels of the cells of an axis, and where its ticks and videos are."""
    firsts = np.arange(0, len(table), step)
    lasts = np.minimum(firsts + step, len(table)) - 1
    cells = table.iloc[firsts][["video_id", "start_sec"]].assign(
        end_sec=table["end_sec"].to_numpy(np.float64)[lasts]
    )
    video = pd.factorize(cells["video_id"])[0]
    starts = [int(k) for k in np.flatnonzero(np.diff(video, prepend=-1))]
    names = [str(cells["video_id"].iloc[k]) for k in starts]
    labels = _distinct(span_labels(cells, videos=len(starts) > 1))
    places, texts = [], []
    times = cells["start_sec"].to_numpy(np.float64)
    for first, last, name in zip(starts, [*starts[1:], len(cells)], names, strict=True):
        most = round(8 * (last - first) / len(cells))
        for place, text in _ticks(times[first:last], most):
            opening = place == 0 and len(starts) > 1
            places.append(first + place)
            texts.append(f"{text}<br><b>{name[:14]}</b>" if opening else text)
    return _Side(labels, places, texts, starts, names)


def _ticks(times: NDArray[np.float64], most: int) -> list[tuple[int, str]]:
    """Places of round times along the cells of one video, with their timecodes."""
    timed = np.flatnonzero(np.isfinite(times))
    if not len(timed):
        return [(0, "")]
    span = times[timed[-1]] - times[timed[0]]
    step = next((s for s in NICE_STEPS if span / s <= most), None)
    if step is None or not span:
        return [(int(timed[0]), format_timecode(times[timed[0]]))]
    goals = np.arange(np.ceil(times[timed[0]] / step), times[timed[-1]] // step + 1) * step
    places = timed[np.searchsorted(times[timed], goals - 1e-6)]
    places = np.append(timed[0], places)
    return [(int(k), format_timecode(times[k])) for k in np.unique(places)]


def _distinct(labels: list[str]) -> list[str]:
    """Labels made different where two rows share one, as a category axis needs."""
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return out
