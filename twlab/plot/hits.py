"""Search hits along time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.plot.clock import bar_lengths, clock_times, span_labels, time_axis
from twlab.plot.theme import ThemeName, dress, look_of
from twlab.sources import also_stores

if TYPE_CHECKING:
    import pandas as pd

    from twlab.plot.theme import Look

__all__ = ["hits"]


@also_stores("segments")
def hits(
    segments: pd.DataFrame,
    found: pd.DataFrame,
    *,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Where the hits of a search lie: a lane per video, hits coloured by score and numbered.

    Parameters
    ----------
    segments : DataFrame
        The table that was searched; it gives the length of each lane.
    found : DataFrame
        As ``tw.search(segments, query)``, ``store.search(query)`` or ``tw.merge_hits(hits)``
        returns it.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        One bar per video that has hits, and one per hit with its rank.

    Raises
    ------
    InputError
        If there are no hits with times or a column is missing.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> figure = tw.plot.hits(film, tw.search(film, film.iloc[[42]], k=5))
    >>> list(figure.data[1].text)
    ['1', '2', '3', '4', '5']
    """
    if not hasattr(found, "columns"):
        raise InputError(
            f"found is a {type(found).__name__}; hits as tw.search or Store.search returns them "
            "were expected"
        )
    needed = ("rank", "video_id", "start_sec", "score")
    missing = [name for name in needed if name not in found.columns]
    if missing:
        raise InputError(
            f"no column {missing[0]!r} in the hits; what tw.search or Store.search returns was "
            "expected"
        )
    timed = found.dropna(subset=["start_sec", "end_sec"])
    if not len(timed):
        raise InputError("there are no hits with times to draw; search a table of clips")
    look = look_of(theme)
    lengths = segments["end_sec"].groupby(segments["video_id"].to_numpy()).max()
    videos = list(dict.fromkeys(timed["video_id"]))
    if not set(videos) & set(lengths.index):
        raise InputError(
            f"no hit is in a video of the segments (first: {videos[0]!r}); hits of a search of "
            "this table were expected; pass the table that was searched"
        )
    lanes = [float(lengths.get(video, timed["end_sec"].max())) for video in videos]
    figure = go.Figure([_lanes(videos, lanes, look), _bars(timed, look)])
    words = "Hits" if title is None else title
    note = f"{len(timed)} hits in {len(videos)} videos, numbered by rank"
    dress(figure, look, title=words, subtitle=note, height=200 + 60 * len(videos))
    figure.update_layout(barmode="overlay", showlegend=False)
    figure.update_xaxes(**time_axis(0.0, max(lanes)))
    return figure


def _lanes(videos: list[str], lengths: list[float], look: Look) -> go.Bar:
    """A bar as long as each video."""
    return go.Bar(
        y=videos,
        x=[1000 * length for length in lengths],
        base=clock_times([0.0] * len(lengths)),
        orientation="h",
        marker={"color": look.grid},
        width=0.5,
        hoverinfo="skip",
    )


def _bars(timed: pd.DataFrame, look: Look) -> go.Bar:
    """A bar for each hit."""
    hover = "%{hovertext}<br>score <b>%{marker.color:.3g}</b><extra></extra>"
    return go.Bar(
        y=timed["video_id"],
        x=bar_lengths(timed),
        base=clock_times(timed["start_sec"]),
        orientation="h",
        width=0.5,
        marker={
            "color": timed["score"],
            "colorscale": look.sequential,
            "colorbar": {"title": "score", "outlinewidth": 0},
        },
        text=timed["rank"].astype(str),
        textposition="outside",
        hovertext=span_labels(timed),
        hovertemplate=hover,
    )
