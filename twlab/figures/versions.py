"""What changed between versions of a film: tracks, with ribbons between what is the same."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.checks import check_result
from twlab.errors import InputError
from twlab.figures.clock import clock_times, time_axis
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, short_names
from twlab.looks import CATEGORIES, GREY, ThemeName, faint, look_of
from twlab.timecodes import format_timecode
from twlab.wording import brief

__all__ = ["diff"]

CHANGE_COLOURS = {
    "matched": GREY,
    "moved": CATEGORIES[0],
    "changed": CATEGORIES[1],
    "missing": CATEGORIES[6],
    "added": CATEGORIES[2],
}
"""What is the same is grey, so that changes are seen."""

TRACK_HIGH, RIBBON_HIGH, PAIR_GAP = 0.5, 1.3, 0.9
"""Heights of a track and of the ribbons between two; space between pairs that share no track. With
ribbons as high as a track, moved stretches cross too flat to be followed."""

RIM = 0.1
"""Of such heights, free above the first track and below the last."""

PIXELS_HIGH, BESIDES = 44, 120
"""Pixels of one such height, and above and below what is drawn."""

LEAST_PIXELS, SHORT = 1.5, 1 / 300
"""Added to a change too short to be seen, as one second of two hours, and what of the whole is
that short: a pixel of a phone."""

VERSION_LETTERS = 16
"""Of a version's name beside its track; more leave a phone no room for the tracks."""

MARK = "■"
"""What shows a colour within a line of text."""

EDGES = ("a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec")


class _Track(NamedTuple):
    """A version as it is drawn."""

    video: str
    option: str
    y: float


def diff(found: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "auto") -> go.Figure:
    """Versions of a film as tracks below each other, with what became of each stretch.

    Parameters
    ----------
    found : DataFrame
        As ``tw.diff`` returns it, or several of these joined by ``pd.concat``: of ``tw.diff(first,
        second)`` and ``tw.diff(second, third)`` three tracks are drawn. Options have tracks of
        their own.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        Time runs to the right, in timecodes; a colour for each change. Ribbons join what is
        matched, moved or changed. A track between two others has the changes from the one above
        in its upper half, those to the one below in its lower half.

    Raises
    ------
    InputError
        If it is not what ``tw.diff`` returns, or has no rows.

    See Also
    --------
    twlab.diff : what changed from one version of a film to others
    twlab.plot.alignment : what any two videos share, on their similarity
    twlab.plot.storyboard : the stretches as frames

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.clips(tw.sample())
    >>> figure = tw.plot.diff(tw.diff(film, film[:60].assign(video_id="shorter")))
    >>> [trace.name for trace in figure.data if trace.type == "bar"]
    ['matched', 'missing']
    """
    _check_found(found)
    look = look_of(theme)
    table = found.assign(option=_options_of(found)).reset_index(drop=True)
    tracks, placed = _lay_tracks(table)
    start, end = _reach_of(placed)
    figure = Figure()
    changes = [change for change in CHANGE_COLOURS if (placed["change"] == change).any()]
    for change in changes:
        _add_ribbons(figure, placed[placed["change"] == change], CHANGE_COLOURS[change])
    for change in changes:
        _add_tracks(figure, placed[placed["change"] == change], change, SHORT * (end - start))
    depth = tracks[-1].y + TRACK_HIGH / 2 + RIM
    heading = "What changed" if title is None else title
    height = BESIDES + round((depth + TRACK_HIGH / 2 + RIM) * PIXELS_HIGH)
    dress(figure, look, title=heading, subtitle=_count(table), height=height)
    _colour_counts(figure)
    figure.update_xaxes(**time_axis(start, end))
    names = short_names([track.video for track in tracks], VERSION_LETTERS)
    several = len({track.option for track in tracks}) > 1
    labels = [
        f"{name}<br>{as_shown(track.option)}" if several and track.option else name
        for name, track in zip(names, tracks, strict=True)
    ]
    figure.update_yaxes(
        range=[depth, -TRACK_HIGH / 2 - RIM],
        **{"tickmode": "array", "tickvals": [track.y for track in tracks], "ticktext": labels},
        **{"showgrid": False, "zeroline": False},
    )
    figure.update_layout(barmode="overlay", hovermode="closest")
    return figure


def _check_found(found: Any) -> None:
    """Refuse what is no table of changes."""
    check_result(found, ("a_video_id", "b_video_id", "change", *EDGES), "found", of="diff")
    strange = [value for value in found["change"].unique() if value not in CHANGE_COLOURS]
    if strange:
        raise InputError(
            f"change is {brief(strange[0])}; one of {', '.join(CHANGE_COLOURS)} was expected; "
            "pass what tw.diff returns"
        )


def _options_of(found: pd.DataFrame) -> Any:
    """The option of each row as text, empty where it is not known."""
    if "embedding_option" not in found.columns:
        return ""
    return found["embedding_option"].astype(object).fillna("").astype(str).to_numpy()


def _lay_tracks(table: pd.DataFrame) -> tuple[list[_Track], pd.DataFrame]:
    """The tracks from above, and the rows with the edges that their ribbons join."""
    tracks, parts = list[_Track](), list[pd.DataFrame]()
    for option, mine in table.groupby("option", sort=False):
        for (a, b), part in mine.groupby(["a_video_id", "b_video_id"], sort=False):
            last = tracks[-1] if tracks else None
            if last is None:
                tracks.append(_Track(str(a), str(option), 0.0))
            elif last[:2] != (str(a), str(option)):
                tracks.append(_Track(str(a), str(option), last.y + TRACK_HIGH + PAIR_GAP))
            upper = tracks[-1].y
            tracks.append(_Track(str(b), str(option), upper + TRACK_HIGH + RIBBON_HIGH))
            parts.append(part.assign(upper=upper, lower=tracks[-1].y))
    placed = pd.concat(parts)
    upper_shared = placed["upper"].isin(placed["lower"])
    lower_shared = placed["lower"].isin(placed["upper"])
    return tracks, placed.assign(upper_shared=upper_shared, lower_shared=lower_shared)


def _reach_of(table: pd.DataFrame) -> tuple[float, float]:
    """The first and the last second of all versions."""
    values = table[list(EDGES)].to_numpy(np.float64, na_value=np.nan)
    return min(0.0, float(np.nanmin(values))), float(np.nanmax(values))


def _add_ribbons(figure: go.Figure, part: pd.DataFrame, colour: str) -> None:
    """What joins the two places of each stretch; nothing where it has one."""
    both = part[part["a_start_sec"].notna() & part["b_start_sec"].notna()]
    if not len(both):
        return
    lower = ["b_end_sec", "b_start_sec"]
    times = both[["a_start_sec", "a_end_sec", *lower, "a_start_sec"]].to_numpy(
        np.float64, copy=True
    )
    turned = both["speed"].to_numpy(np.float64) < 0 if "speed" in both.columns else False
    times[turned, 2:4] = times[turned, 3:1:-1]  # played backwards, the ribbon is twisted
    ends = (
        [both["upper"] + TRACK_HIGH / 2] * 2
        + [both["lower"] - TRACK_HIGH / 2] * 2
        + [both["upper"] + TRACK_HIGH / 2]
    )
    places = np.column_stack(ends)
    gap = np.full((len(both), 1), np.nan)
    figure.add_trace(
        go.Scatter(
            x=clock_times(np.hstack([times, gap]).ravel()),
            y=np.hstack([places, gap]).ravel(),
            mode="lines",
            line={"width": 0.5, "color": faint(colour, 0.6)},
            fill="toself",
            fillcolor=faint(colour, 0.22),
            showlegend=False,
            hoverinfo="skip",
        )
    )


def _add_tracks(figure: go.Figure, part: pd.DataFrame, change: str, short_sec: float) -> None:
    """The stretches of one kind, in the lower half of the upper track and the upper of the lower.

    A track of one pair alone has both.
    """
    sides = [
        pd.DataFrame(
            {
                "start": part[f"{side}_start_sec"],
                "length": part[f"{side}_end_sec"] - part[f"{side}_start_sec"],
                "y": part[place] + np.where(part[shared], shift, 0.0),
                "high": np.where(part[shared], TRACK_HIGH / 2, TRACK_HIGH),
                "hover": _hover_texts_of(part),
            }
        )
        for side, place, shared, shift in (
            ("a", "upper", "upper_shared", TRACK_HIGH / 4),
            ("b", "lower", "lower_shared", -TRACK_HIGH / 4),
        )
    ]
    bars = pd.concat(sides).dropna(subset="start")
    colour = CHANGE_COLOURS[change]
    short = (change != "matched") & (bars["length"] < short_sec)
    figure.add_trace(
        go.Bar(
            base=clock_times(bars["start"]),
            x=(1000 * bars["length"]).to_numpy(np.float64),
            y=bars["y"].to_numpy(),
            width=bars["high"].to_numpy(),
            orientation="h",
            name=change,
            marker={"color": colour, "line": {"width": LEAST_PIXELS * short, "color": colour}},
            hovertext=bars["hover"],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )


def _hover_texts_of(part: pd.DataFrame) -> list[str]:
    """What is told of each stretch under the pointer."""
    texts = []
    for row in part.to_dict("records"):
        lines = [f"<b>{row['change']}</b> {as_shown(row['option'])}".strip()]
        for side in "ab":
            start, end = row[f"{side}_start_sec"], row[f"{side}_end_sec"]
            if start == start:
                span = " – ".join(format_timecode(sec, decimals=1) for sec in (start, end))
                lines.append(f"{as_shown(row[f'{side}_video_id'])} {span}")
        for name in ("offset_sec", "cosine_similarity"):
            if row.get(name, np.nan) == row.get(name, np.nan):
                lines.append(f"{name.replace('_', ' ')} {row[name]:.2f}")
        texts.append("<br>".join(lines))
    return texts


def _count(table: pd.DataFrame) -> str:
    """How many stretches of each kind there are, each with a mark to be coloured."""
    counts = table["change"].value_counts()
    kinds = [change for change in CHANGE_COLOURS if change in counts]
    return " · ".join(f"{MARK} {counts[change]:,} {change}" for change in kinds)


def _colour_counts(figure: go.Figure) -> None:
    """Make the counts the legend, which then needs no lines of its own; on paper there is one.

    Lines are broken before: colours are no letters.
    """
    text = figure.layout.title.text
    for change, colour in CHANGE_COLOURS.items():
        mark = f"<span style='color:{colour}'>{MARK}</span>"
        text = re.sub(f"{MARK}(?= [\\d,]+ {change})", mark, text)
    above = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"}
    # Of one kind alone plotly would show no legend.
    figure.update_layout(title_text=text, legend={**above, "visible": False}, showlegend=True)
