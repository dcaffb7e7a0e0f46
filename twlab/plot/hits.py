"""Search hits along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.fusion import RANK_OFFSET
from twlab.plot.clock import bar_lengths, clock_times, span_labels, time_axis
from twlab.plot.theme import ThemeName, dress, look_of, plain
from twlab.sources import also_stores

if TYPE_CHECKING:
    import pandas as pd

    from twlab.plot.theme import Look

__all__ = ["hits"]

CROWDED = 0.02
"""Share of the picture's time that a rank of one or two digits takes in a narrow notebook."""

THICKNESS = 0.5
"""Of a lane, in lanes."""


@also_stores("segments")
def hits(
    segments: pd.DataFrame,
    found: pd.DataFrame,
    *,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Where the hits of a search lie: a lane per video, hits coloured by score, ranks above them.

    By standing, a score counts how many spreads a place lies above the ordinary rows of its option
    (``tw.search`` says how far chance goes); by rank, it tells the order alone, and the subtitle
    says which it is. Hovering a hit tells its similarity by option too.

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
        One bar per video that has hits, and one per hit; ranks of hits side by side stand in one
        list above them.

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
    timed = _timed(found)
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
    counted = f"{_counted(len(timed), 'hit')} in {_counted(len(videos), 'video')}"
    note = f"{counted}, numbered by rank; {_meaning(timed)}"
    dress(figure, look, title=words, subtitle=note, height=200 + 60 * len(videos))
    figure.update_layout(barmode="overlay", showlegend=False)
    figure.update_xaxes(**time_axis(0.0, max(lanes)))
    for lane, video in enumerate(videos):
        _number(figure, timed[timed["video_id"] == video], lane, CROWDED * max(lanes))
    return figure


def _timed(found: Any) -> pd.DataFrame:
    """The hits that have times; refuse what is no table of hits."""
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
    timed: pd.DataFrame = found.dropna(subset=["start_sec", "end_sec"])
    if not len(timed):
        raise InputError("there are no hits with times to draw; search a table of clips")
    return timed


def _meaning(timed: pd.DataFrame) -> str:
    """What the scores say: those of ranks, or of places of which none stands out, say the order."""
    if float(timed["score"].max()) <= 1 / (1 + RANK_OFFSET):
        return "scores tell the order alone"
    return "the score is in spreads above ordinary rows"


def _counted(n: int, word: str) -> str:
    """A number of things."""
    return f"{n} {word}{'' if n == 1 else 's'}"


def _lanes(videos: list[str], lengths: list[float], look: Look) -> go.Bar:
    """A bar as long as each video."""
    return go.Bar(
        y=videos,
        x=[1000 * length for length in lengths],
        base=clock_times([0.0] * len(lengths)),
        orientation="h",
        marker={"color": look.grid},
        width=THICKNESS,
        hoverinfo="skip",
    )


def _bars(timed: pd.DataFrame, look: Look) -> go.Bar:
    """A bar for each hit."""
    return go.Bar(
        y=timed["video_id"],
        x=bar_lengths(timed),
        base=clock_times(timed["start_sec"]),
        orientation="h",
        width=THICKNESS,
        marker={
            "color": timed["score"],
            "colorscale": look.sequential,
            "colorbar": {"title": "score", "outlinewidth": 0},
        },
        text=timed["rank"].astype(str),
        textposition="none",
        hovertext=span_labels(timed),
        customdata=_similarities(timed),
        hovertemplate="%{hovertext}<br>rank %{text}, score <b>%{marker.color:.3g}</b>"
        "%{customdata}<extra></extra>",
    )


def _similarities(timed: pd.DataFrame) -> list[str]:
    """A line of each hit for every option that it has."""
    ending = "_similarity"
    names = [name for name in timed.columns if str(name).endswith(ending)]
    return [
        "".join(
            f"<br>{plain(name.removesuffix(ending))} similarity {value:.2f}"
            for name, value in zip(names, row, strict=True)
            if value == value
        )
        for row in timed[names].astype(float).to_numpy()
    ]


def _number(figure: go.Figure, timed: pd.DataFrame, lane: int, apart: float) -> None:
    """Write the ranks of a lane above it, in one list where numbers would cover each other."""
    timed = timed.sort_values("start_sec", kind="stable")
    middle = (timed["start_sec"] + timed["end_sec"]) / 2
    for _, crowd in timed.groupby((middle.diff() > apart).cumsum()):
        figure.add_annotation(
            x=clock_times([(crowd["start_sec"].min() + crowd["end_sec"].max()) / 2])[0],
            y=lane + THICKNESS / 2,
            yanchor="bottom",
            text=" ".join(map(str, sorted(crowd["rank"]))),
        )
