"""What two videos share, as boxes on their cross-similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.analysis.neighbors.similarity import cosine_similarity
from twlab.checks import check_result
from twlab.errors import InputError
from twlab.figures.clock import clock_times, time_axis
from twlab.figures.figure import Figure
from twlab.figures.images import colour_range
from twlab.figures.theme import as_shown, dress, scale_of, short_names
from twlab.looks import SIMILARITY, ThemeName, colour_of, look_of
from twlab.table.tracks import tracks
from twlab.timecodes import format_timecode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["alignment"]

MOST_SIDE, VIDEO_LETTERS = 1000, 40
"""Segments along a side, as many as a side has pixels; letters of a name that fit beside it."""

PIECE_COLUMNS = ("a_video_id", "b_video_id", "a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec")


def alignment(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    pieces: pd.DataFrame,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """The pieces that two videos share, each a box and a line on their cross-similarity.

    Parameters
    ----------
    a, b : DataFrame
        Segments of one video each. Of several embedding options in both, the similarity of the
        one with most pieces is drawn; the subtitle names it.
    pieces : DataFrame
        As ``tw.align(a, b)`` returns it; pieces of other videos, and of options that ``a`` does
        not have, are left out.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        ``a`` runs down, ``b`` to the right, both in timecodes; a colour for each option.

    Raises
    ------
    InputError
        If a table is of several videos, the two have no option in common, or the pieces lack a
        column.

    See Also
    --------
    twlab.align : which seconds of one video occur in another

    Examples
    --------
    >>> import twlab as tw
    >>> trailer, film = tw.sample("trailer"), tw.sample()
    >>> figure = tw.plot.alignment(trailer, film, pieces=tw.align(trailer, film))
    >>> figure.data[0].type
    'heatmap'
    """
    check_result(pieces, PIECE_COLUMNS, "pieces", of="align", may_be_empty=True)
    look = look_of(theme)
    options = [_segments_by_option(table, name) for table, name in ((a, "a"), (b, "b"))]
    mine = _pieces_of(pieces, *options)
    drawn = _choose_drawn(mine, *options)
    sides = [_thin_out(side.get(drawn, next(iter(side.values())))) for side in options]
    values = cosine_similarity(sides[0], sides[1])
    edges = [_cell_edges(side) for side in sides]
    figure = Figure(_draw_similarity(values, edges, scale_of(SIMILARITY)))
    videos = short_names((side["video_id"].iloc[0] for side in sides), VIDEO_LETTERS)
    for number, (option, found) in enumerate(mine.items(), start=1):
        for piece in found.itertuples():
            _draw_piece(figure, piece, option, colour_of(number))
    note = _count_pieces(videos, mine, drawn, several=max(map(len, options)) > 1)
    dress(
        figure, look, title="What is shared" if title is None else title, subtitle=note, height=560
    )
    figure.update_xaxes(**time_axis(*_reach(edges[1]), what=videos[1]))
    down = time_axis(*_reach(edges[0]), what=videos[0])
    figure.update_yaxes(**(down | {"range": down["range"][::-1]}))
    return figure


def _draw_similarity(
    values: NDArray[Any], edges: list[NDArray[np.float64]], colours: Any
) -> go.Heatmap:
    """The cross-similarity, its outermost hundredths in the colours of the ends."""
    low, high = colour_range(values, cosine=True)
    return go.Heatmap(
        z=values,
        x=clock_times(edges[1]),
        y=clock_times(edges[0]),
        zmin=low,
        zmax=high,
        colorscale=colours,
        colorbar={"title": "cosine<br>similarity", "outlinewidth": 0, "tickformat": ".2~f"},
        hovertemplate="%{y|%-M:%S} and %{x|%-M:%S}<br><b>%{z:.2f}</b><extra></extra>",
    )


def _count_pieces(
    videos: list[Any], pieces: dict[str | None, pd.DataFrame], drawn: str | None, *, several: bool
) -> str:
    """How many pieces there are, and of which options where there are several."""
    n_pieces = sum(map(len, pieces.values()))
    counted = f"{n_pieces} piece{'' if n_pieces == 1 else 's'}"
    note = f"{counted} of {videos[0]} (down) found in {videos[1]} (right)"
    if not several:
        return note
    counts = ", ".join(f"{len(found)} of {as_shown(option)}" for option, found in pieces.items())
    return f"{note}; similarity of {as_shown(drawn)}; {counts or 'no pieces'}"


def _segments_by_option(table: pd.DataFrame, name: str) -> dict[str | None, pd.DataFrame]:
    """The segments of the one video by option, in order of time; None is a missing option."""
    found = [table.iloc[rows] for rows in tracks(table)]
    videos = {str(part["video_id"].iloc[0]) for part in found}
    if len(videos) != 1:
        raise InputError(
            f"{name} holds {len(videos)} videos with times; one was expected; filter by video_id"
        )
    return {_option_of(part): part for part in found}


def _option_of(part: pd.DataFrame) -> str | None:
    """The option of the first row, None where it is not known."""
    option = part["embedding_option"].iloc[0] if "embedding_option" in part.columns else None
    return None if pd.isna(option) else str(option)


def _thin_out(side: pd.DataFrame) -> pd.DataFrame:
    """At most so many rows as can be seen."""
    return side.iloc[:: -(-len(side) // MOST_SIDE)]


def _pieces_of(
    pieces: pd.DataFrame, a: dict[str | None, pd.DataFrame], b: dict[str | None, pd.DataFrame]
) -> dict[str | None, pd.DataFrame]:
    """The pieces of these two videos by option, of the options that the first has."""
    for name, side in (("a_video_id", a), ("b_video_id", b)):
        video = next(iter(side.values()))["video_id"].iloc[0]
        pieces = pieces[pieces[name].astype(str) == str(video)]
    if "embedding_option" not in pieces.columns:
        return {None: pieces} if len(pieces) else {}
    options = pieces["embedding_option"].astype(object)
    options = options.where(options.notna(), None)
    known = None not in a
    return {
        option: pieces[(options == option) if option is not None else options.isna()]
        for option in options.unique()
        if option in a or option is None or not known
    }


def _choose_drawn(
    pieces: dict[str | None, pd.DataFrame],
    a: dict[str | None, pd.DataFrame],
    b: dict[str | None, pd.DataFrame],
) -> str | None:
    """The option whose similarity is drawn: of those of both tables, the one with most pieces."""
    both = [option for option in a if option in b]
    if not both and (len(a) > 1 or len(b) > 1 or not {None} & {*a, *b}):
        names = [", ".join(map(str, side)) for side in (a, b)]
        raise InputError(
            f"a holds the options {names[0]} and b {names[1]}; one in common was expected; filter "
            "by embedding_option"
        )
    return max(both, key=lambda option: len(pieces.get(option, ())), default=None)


def _cell_edges(side: pd.DataFrame) -> NDArray[np.float64]:
    """Where the cells of a side begin, and where the last one ends."""
    start = np.maximum.accumulate(side["start_sec"].to_numpy(np.float64, na_value=np.nan))
    last = float(side["end_sec"].to_numpy(np.float64, na_value=np.nan)[-1])
    return np.concatenate(
        [start + np.arange(len(start)) * 1e-3, [max(last, float(start[-1]) + 1e-2)]]
    )


def _reach(edges: NDArray[np.float64]) -> tuple[float, float]:
    """Where a side begins and ends."""
    return float(edges[0]), float(edges[-1])


def _draw_piece(figure: go.Figure, piece: Any, option: str | None, colour: str) -> None:
    """One piece: its box, and the line that its content follows."""
    trust = "".join(
        f"<br>{column} {getattr(piece, column):.2g}"
        for column in ("score", "chance")
        if hasattr(piece, column)
    )
    name = "shared piece" if option is None else f"shared piece, {option}"
    x = [piece.b_start_sec, piece.b_end_sec]
    y = [piece.a_start_sec, piece.a_end_sec]
    words = " in ".join(
        f"{format_timecode(low, decimals=1)} – {format_timecode(high, decimals=1)}"
        for low, high in (y, x)
    )
    figure.add_trace(
        go.Scatter(
            x=clock_times([x[0], x[1], x[1], x[0], x[0], x[1]]),
            y=clock_times([y[0], y[0], y[1], y[1], y[0], y[1]]),
            mode="lines",
            name=name,
            showlegend=False,
            line={"color": colour, "width": 2},
            hovertemplate=f"{words}<br>speed {piece.speed:.2f}{trust}<extra></extra>",
        )
    )
