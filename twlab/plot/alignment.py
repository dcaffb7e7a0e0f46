"""What two videos share, as boxes on their cross-similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.intervals import format_timecode
from twlab.plot.clock import clock_times, time_axis
from twlab.plot.theme import ThemeName, colour_of, dress, look_of
from twlab.similarity import cosine_similarity
from twlab.sources import also_stores
from twlab.tracks import tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["alignment"]

MOST_SIDE = 1000
COLUMNS = ("a_video_id", "b_video_id", "a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec")


@also_stores("a", "b")
def alignment(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    pieces: pd.DataFrame,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """The pieces that two videos share, each a box and a line on their cross-similarity.

    Parameters
    ----------
    a, b : DataFrame
        Segments of one video and one embedding option each.
    pieces : DataFrame
        As ``tw.align(a, b)`` returns it; pieces of other videos and options are left out.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        ``a`` runs down, ``b`` to the right, both in timecodes.

    Raises
    ------
    InputError
        If a table is of several videos or options, or the pieces lack a column.

    Examples
    --------
    >>> import twlab as tw
    >>> trailer, film = tw.sample("trailer"), tw.sample()
    >>> figure = tw.plot.alignment(trailer, film, pieces=tw.align(trailer, film))
    >>> figure.data[0].type
    'heatmap'
    """
    _check(pieces)
    look = look_of(theme)
    sides = [_side(table, name) for table, name in ((a, "a"), (b, "b"))]
    values = cosine_similarity(sides[0], sides[1])
    low, high = np.percentile(values, [1, 99])
    edges = [_edges(side) for side in sides]
    heat = go.Heatmap(
        z=values,
        x=clock_times(edges[1]),
        y=clock_times(edges[0]),
        zmin=float(low),
        zmax=float(max(high, low + 1e-6)),
        colorscale=look.sequential,
        colorbar={"title": "cosine<br>similarity", "outlinewidth": 0},
        hovertemplate="%{y|%-M:%S} and %{x|%-M:%S}<br><b>%{z:.2f}</b><extra></extra>",
    )
    figure = go.Figure(heat)
    videos = [side["video_id"].iloc[0] for side in sides]
    mine = _pieces_of(pieces, *sides)
    for piece in mine.itertuples():
        _box(figure, piece, colour_of(look, 1))
    words = "What is shared" if title is None else title
    note = f"{len(mine)} pieces of {videos[0]} (down) found in {videos[1]} (right)"
    dress(figure, look, title=words, subtitle=note, height=560)
    figure.update_xaxes(
        **time_axis(float(edges[1][0]), float(edges[1][-1])), title_text=str(videos[1])
    )
    down = time_axis(float(edges[0][0]), float(edges[0][-1]))
    figure.update_yaxes(**(down | {"range": down["range"][::-1]}), title_text=str(videos[0]))
    return figure


def _check(pieces: Any) -> None:
    """Refuse what is no table of pieces."""
    columns = pieces.columns if isinstance(pieces, pd.DataFrame) else ()
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise InputError(f"no column {missing[0]!r} in the pieces; pass what tw.align returns")


def _side(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The segments of the one video, in order of time, thinned where there are too many."""
    found = list(tracks(table))
    if len(found) != 1:
        raise InputError(
            f"{name} holds {len(found)} videos and options with times; one was expected; filter "
            "by video_id and embedding_option"
        )
    step = -(-len(found[0]) // MOST_SIDE)
    return table.iloc[found[0][::step]]


def _pieces_of(pieces: pd.DataFrame, a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The pieces of these two videos and of their option, where both are known."""
    for name, side in (("a_video_id", a), ("b_video_id", b)):
        pieces = pieces[pieces[name].astype(str) == str(side["video_id"].iloc[0])]
    if "embedding_option" in pieces.columns and "embedding_option" in a.columns:
        option, theirs = a["embedding_option"].iloc[0], pieces["embedding_option"]
        if not pd.isna(option):
            pieces = pieces[theirs.isna() | (theirs.astype(object) == option)]
    return pieces


def _edges(side: pd.DataFrame) -> NDArray[np.float64]:
    """Where the cells of a side begin, and where the last one ends."""
    start = np.maximum.accumulate(side["start_sec"].to_numpy(np.float64))
    last = float(side["end_sec"].to_numpy(np.float64)[-1])
    return np.concatenate(
        [start + np.arange(len(start)) * 1e-3, [max(last, float(start[-1]) + 1e-2)]]
    )


def _box(figure: go.Figure, piece: Any, colour: str) -> None:
    """One piece: its box, and the line that its content follows."""
    x = [piece.b_start_sec, piece.b_end_sec]
    y = [piece.a_start_sec, piece.a_end_sec]
    words = " in ".join(
        f"{format_timecode(max(low, 0), decimals=1)} – {format_timecode(max(high, 0), decimals=1)}"
        for low, high in (y, x)
    )
    figure.add_trace(
        go.Scatter(
            x=clock_times([x[0], x[1], x[1], x[0], x[0], x[1]]),
            y=clock_times([y[0], y[0], y[1], y[1], y[0], y[1]]),
            mode="lines",
            name="shared piece",
            showlegend=False,
            line={"color": colour, "width": 2},
            hovertemplate=f"{words}<br>speed {piece.speed:.2f}<extra></extra>",
        )
    )
