"""Search hits along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.analysis.judging.fusion import RANK_OFFSET
from twlab.errors import InputError
from twlab.figures.clock import (
    bar_lengths,
    clock_times,
    span_labels,
    time_axis,
)
from twlab.figures.encodings import left_out_note
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, scale_of, short_names
from twlab.looks import MARKS, ThemeName, is_flat, look_of

if TYPE_CHECKING:
    from twlab.looks import Look

__all__ = ["hits"]

CROWDED = 0.02
"""Share of the picture's time that a rank of one or two digits takes in a narrow notebook."""

LETTER_SHARE = 0.03
"""Share of the picture's time that a letter takes on a phone."""

ROW_PIXELS = 13
"""Height of a row of ranks."""

THICKNESS = 0.5
"""Of a lane, in lanes."""

LANE_LETTERS = 22
"""Letters of the name of a lane."""


def hits(
    segments: pd.DataFrame,
    found: pd.DataFrame,
    *,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """Where the hits of a search lie: a lane per video, hits coloured by score, ranks above them.

    By standing, a score counts how many robust standard deviations a place lies above the ordinary
    rows of its option (``tw.search`` says how far chance goes); by rank, it gives only the order.
    The subtitle says which it is, and hovering over a hit shows its similarity by option too.

    Parameters
    ----------
    segments : DataFrame
        The table that was searched; it gives the length of each lane.
    found : DataFrame
        As ``tw.search(segments, query)``, ``store.search(query)`` or ``tw.merge_hits(hits)``
        returns it.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        One bar per video that has hits, and one per hit; ranks of hits side by side stand in one
        list above them.

    Raises
    ------
    InputError
        If there are no hits with times or a column is missing.

    See Also
    --------
    twlab.search : the best places for a query
    twlab.merge_hits : hits that touch, joined

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> figure = tw.plot.hits(film, tw.search(film, film.iloc[[42]], k=5))
    >>> list(figure.data[1].text)
    ['1', '2', '3', '4', '5']
    """
    timed = _keep_timed(found)
    look = look_of(theme)
    lengths = segments["end_sec"].groupby(segments["video_id"].to_numpy()).max()
    videos = list(dict.fromkeys(timed["video_id"]))
    if not set(videos) & set(lengths.index):
        raise InputError(
            f"no hit is in a video of the segments (first: {videos[0]!r}); hits of a search of "
            "this table were expected; pass the table that was searched"
        )
    lanes = [float(lengths.get(video, timed["end_sec"].max())) for video in videos]
    names = dict(zip(videos, short_names(videos, LANE_LETTERS), strict=True))
    bars = _draw_hits(timed, [names[video] for video in timed["video_id"]], look)
    figure = Figure([_draw_lanes(list(names.values()), lanes, look), bars])
    words = "Hits" if title is None else title
    counted = f"{_count_text(len(timed), 'hit')} in {_count_text(len(videos), 'video')}"
    note = f"{counted}, numbered by rank; {_meaning(timed)}"
    note += left_out_note(len(found) - len(timed), "untimed")
    dress(figure, look, title=words, subtitle=note, height=200 + 60 * len(videos))
    figure.update_layout(barmode="overlay", showlegend=False)
    figure.update_xaxes(**time_axis(0.0, max(lanes)))
    figure.update_yaxes(autorange="reversed", title_text="video")
    numbers = [
        note
        for lane, video in enumerate(videos)
        for note in _note_ranks(timed[timed["video_id"] == video], lane, max(lanes))
    ]
    figure.update_layout(annotations=numbers)  # one by one costs their number squared
    return figure


def _keep_timed(found: Any) -> pd.DataFrame:
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


def _same_score(timed: pd.DataFrame) -> bool:
    """Whether there is but one score, which no scale of colours tells from others."""
    low, high = timed["score"].min(), timed["score"].max()
    return low == low and is_flat(float(low), float(high), dtype="float64")


def _meaning(timed: pd.DataFrame) -> str:
    """What the scores say: those of ranks, or of places of which none stands out, say the order."""
    if timed["score"].isna().all():
        return "there are no scores"
    if _same_score(timed) and len(timed) > 1:
        return f"all have the score {float(timed['score'].iloc[0]):.3g}"
    if _tell_order(timed):
        return f"scores tell the order alone (fused ranks: the mean of 1 / ({RANK_OFFSET} + rank))"
    return "score: robust standard deviations above ordinary rows"


def _tell_order(timed: pd.DataFrame) -> bool:
    """Whether the scores are too small to be anything but those of fused ranks."""
    return float(timed["score"].max()) <= 1 / (1 + RANK_OFFSET)


def _count_text(n: int, word: str) -> str:
    """A number of things."""
    return f"{n} {word}{'' if n == 1 else 's'}"


def _draw_lanes(videos: list[str], lengths: list[float], look: Look) -> go.Bar:
    """A bar as long as each video."""
    return go.Bar(
        y=videos,
        x=[1000 * length for length in lengths],
        base=clock_times([0.0] * len(lengths)),
        orientation="h",
        marker={"color": look.grid, "line": {"width": 0}},
        width=THICKNESS,
        hoverinfo="skip",
    )


def _draw_hits(timed: pd.DataFrame, lanes: list[str], look: Look) -> go.Bar:
    """A bar for each hit, grey where no hit has a score."""
    scale: dict[str, Any] = {"color": MARKS[0] if _same_score(timed) else look.muted}
    if timed["score"].notna().any() and not _same_score(timed):
        scale = {"color": timed["score"], "colorscale": scale_of(MARKS)}
        unit = "order alone" if _tell_order(timed) else "std. dev."
        scale["colorbar"] = {"title": f"score<br>({unit})"}
    return go.Bar(
        y=lanes,
        x=bar_lengths(timed),
        base=clock_times(timed["start_sec"]),
        orientation="h",
        width=THICKNESS,
        marker={**scale, "line": {"width": 0.5, "color": look.paper}},
        text=timed["rank"].astype(str),
        textposition="none",
        hovertext=_describe_places(timed),
        customdata=_describe_similarities(timed),
        hovertemplate="%{hovertext}%{customdata}<extra></extra>",
    )


def _describe_places(timed: pd.DataFrame) -> list[str]:
    """Video and times of each hit, its rank and its score."""
    scores = timed["score"].to_numpy(np.float64, na_value=np.nan)
    return [
        f"{label}<br>rank {rank}, "
        + (f"score <b>{score:.3g}</b>" if score == score else "no score")
        for label, rank, score in zip(span_labels(timed), timed["rank"], scores, strict=True)
    ]


def _describe_similarities(timed: pd.DataFrame) -> list[str]:
    """A line of each hit for every option that it has."""
    ending = "_similarity"
    names = [name for name in timed.columns if str(name).endswith(ending)]
    return [
        "".join(
            f"<br>{as_shown(name.removesuffix(ending))} similarity {value:.2f}"
            for name, value in zip(names, row, strict=True)
            if value == value
        )
        for row in timed[names].astype(float).to_numpy()
    ]


def _note_ranks(timed: pd.DataFrame, lane: int, longest: float) -> list[dict[str, Any]]:
    """The ranks of a lane above it, at two heights and in lists, so that none covers another."""
    timed = timed.sort_values("start_sec", kind="stable")
    middle = (timed["start_sec"] + timed["end_sec"]) / 2
    crowds = [part for _, part in timed.groupby((middle.diff() > CROWDED * longest).cumsum())]
    notes: list[tuple[float, int, str]] = []
    ends = [[-np.inf, -np.inf]]
    while len(notes) < len(crowds):
        crowd = crowds[len(notes)]
        at, text = (
            (crowd["start_sec"].min() + crowd["end_sec"].max()) / 2,
            _join_ranks(crowd["rank"]),
        )
        half = len(text) * LETTER_SHARE * longest / 2
        free = [height for height, end in enumerate(ends[-1]) if at - half >= end]
        if not free:  # no room: one list with the crowd before
            crowds[len(notes) - 1 : len(notes) + 1] = [
                pd.concat(crowds[len(notes) - 1 : len(notes) + 1])
            ]
            notes.pop()
            ends.pop()
            continue
        notes.append((at, free[0], text))
        ends.append([at + half if k == free[0] else end for k, end in enumerate(ends[-1])])
    return [
        {
            **{"x": clock_times([at])[0], "y": lane - THICKNESS / 2, "text": text},
            **{"yanchor": "bottom", "yshift": ROW_PIXELS * height},
        }
        for at, height, text in notes
    ]


def _join_ranks(ranks: pd.Series[Any]) -> str:
    """Ranks as text, three and more in a row as a range: ``1–3 7``."""
    numbers = sorted(int(rank) for rank in ranks)
    starts = [k for k, n in enumerate(numbers) if not k or n != numbers[k - 1] + 1]
    runs = [numbers[a:b] for a, b in zip(starts, [*starts[1:], len(numbers)], strict=True)]
    return " ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else " ".join(map(str, run)) for run in runs
    )
