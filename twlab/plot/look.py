"""How every picture looks: two themes, colours that stay apart for colour-blind eyes, time axes.

The categories are taken from the palettes of Okabe & Ito (2008) and of Paul Tol's notes (2021),
kept where they stand out from the background of the theme (a contrast of at least 3 to 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.intervals import format_timecode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

__all__ = [
    "THEMES",
    "Look",
    "ThemeName",
    "as_text",
    "categories_of",
    "clock_times",
    "colour_of",
    "dress",
    "is_continuous",
    "left_out_note",
    "look_of",
    "span_labels",
    "time_axis",
    "value_column",
]

ThemeName = Literal["light", "dark"]
FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"


class Look(NamedTuple):
    """The colours of one theme."""

    paper: str
    ink: str
    muted: str
    grid: str
    accent: str
    categories: tuple[str, ...]
    sequential: str
    diverging: tuple[tuple[float, str], ...]


THEMES: dict[str, Look] = {
    "light": Look(
        paper="#ffffff",
        ink="#1d2433",
        muted="#5a6478",
        grid="#e4e8ef",
        accent="#d55e00",
        categories=(
            "#0072b2",
            "#d55e00",
            "#00875f",
            "#aa4499",
            "#8a6d00",
            "#332288",
            "#cc3311",
            "#3d7ea6",
            "#882255",
            "#117733",
            "#6f7a8a",
            "#661100",
        ),
        sequential="Viridis",
        diverging=(
            (0, "#2166ac"),
            (0.25, "#92c5de"),
            (0.5, "#f7f7f7"),
            (0.75, "#f4a582"),
            (1, "#b2182b"),
        ),
    ),
    "dark": Look(
        paper="#14171c",
        ink="#e8ecf3",
        muted="#a3adbd",
        grid="#2c323c",
        accent="#ffb454",
        categories=(
            "#56b4e9",
            "#e69f00",
            "#3cc49a",
            "#e78ac3",
            "#f0e442",
            "#a99cff",
            "#ff7f66",
            "#88ccee",
            "#dd8899",
            "#99c25f",
            "#b4bcc9",
            "#d9a679",
        ),
        sequential="Viridis",
        diverging=(
            (0, "#67b3ff"),
            (0.25, "#2f5f8f"),
            (0.5, "#1b1f26"),
            (0.75, "#a34a3a"),
            (1, "#ff8a70"),
        ),
    ),
}


def look_of(theme: str) -> Look:
    """The colours of a theme.

    Raises
    ------
    InputError
        If there is no such theme.
    """
    if theme not in THEMES:
        raise InputError(f"theme is {theme!r}; 'light' or 'dark' was expected")
    return THEMES[theme]


def colour_of(look: Look, number: int) -> str:
    """The colour of the category with that number; colours come round after twelve."""
    return look.categories[number % len(look.categories)]


def dress(figure: go.Figure, look: Look, *, title: str, subtitle: str = "", height: int) -> None:
    """Give a figure its background, fonts, margins and title."""
    for panel_title in figure.layout.annotations:
        panel_title.update(font={"size": 12, "color": look.muted}, yshift=2)
    panels = 22 if figure.layout.annotations else 0
    text = f"<b>{title}</b>" if title else ""
    if subtitle:
        text += f"<br><span style='font-size:12px;color:{look.muted}'>{subtitle}</span>"
    figure.update_layout(
        height=height,
        paper_bgcolor=look.paper,
        plot_bgcolor=look.paper,
        font={"family": FONT, "size": 12, "color": look.ink},
        title={
            "text": text,
            "x": 0,
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 22},
            "xanchor": "left",
            "xref": "paper",
            "font": {"size": 16},
        },
        margin={"l": 64, "r": 24, "t": (84 if subtitle else 60) + panels, "b": 56},
        hoverlabel={"font": {"family": FONT, "size": 12}, "align": "left"},
        legend={"itemsizing": "constant", "font": {"color": look.ink}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": look.muted, "activecolor": look.ink},
    )
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "zerolinecolor": look.grid,
        "tickfont": {"color": look.muted},
        "title": {"font": {"color": look.muted}},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)


def clock_times(seconds: Any) -> NDArray[np.datetime64]:
    """Seconds as times of a clock that starts at zero, for an axis that reads as timecodes."""
    return (np.asarray(seconds, np.float64) * 1000).round().astype("datetime64[ms]")


def time_axis(seconds: float) -> dict[str, Any]:
    """Settings of an axis of clock times whose ticks read as timecodes, also when zoomed."""
    clock = "%-H:%M:%S" if seconds >= 3600 else "%-M:%S"
    return {
        "type": "date",
        "tickformat": clock,
        "tickformatstops": [
            {"dtickrange": [None, 999], "value": clock + ".%L"},
            {"dtickrange": [1000, None], "value": clock},
        ],
        "range": [str(edge) for edge in clock_times([0, max(seconds, 0.001)])],
        "showgrid": True,
    }


def span_labels(table: pd.DataFrame, *, videos: bool) -> list[str]:
    """``film 1:00 – 1:06`` for each row; the bare name where a row has no time."""
    labels = []
    for video, start, end in zip(
        table["video_id"], table["start_sec"], table["end_sec"], strict=True
    ):
        times = " – ".join(filter(None, (format_timecode(start), format_timecode(end))))
        labels.append(f"{video} {times}".strip() if videos or not times else times)
    return labels


def value_column(
    segments: pd.DataFrame, chosen: str | pd.Series[Any] | Sequence[Any], argument: str
) -> pd.Series[Any]:
    """The values that a picture shows by colour or lane: a column by name, or given.

    Raises
    ------
    InputError
        If there is no such column, or the values do not fit the table.
    """
    if isinstance(chosen, str):
        if chosen not in segments.columns:
            raise InputError(
                f"{argument} is {chosen!r}, no column of the table (there are: "
                f"{', '.join(map(str, segments.columns))}); name one, or pass the values"
            )
        return segments[chosen]
    if isinstance(chosen, pd.Series):
        if not chosen.index.equals(segments.index):
            raise InputError(
                f"{argument} has another index than the table ({len(chosen)} and {len(segments)} "
                "rows); values on the same index were expected; filter both alike"
            )
        return chosen
    if len(chosen) != len(segments):
        raise InputError(
            f"{argument} has {len(chosen)} values for {len(segments)} rows; one each was expected"
        )
    return pd.Series(list(chosen), index=segments.index, name=argument)


def as_text(values: pd.Series[Any], *, missing: str = "none") -> pd.Series[Any]:
    """The values as texts."""
    return values.astype(str).where(values.notna(), missing)


def left_out_note(count: int, what: str) -> str:
    """The part of a subtitle that owns up to rows that are not drawn; empty where all are."""
    return f"; {count} {what} row{'s' * (count != 1)} left out" if count else ""


def is_continuous(values: pd.Series[Any]) -> bool:
    """Whether values want a colour scale rather than categories."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    return pd.api.types.is_float_dtype(values) or values.nunique() > 24


def categories_of(values: pd.Series[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """The number of each row's category, and the categories by name; ``none`` comes last."""
    present = values.dropna()
    try:
        distinct = sorted(present.unique())
    except TypeError:  # values of several kinds have no order
        distinct = list(present.unique())
    codes = pd.Categorical(values, categories=distinct).codes.astype(np.intp)
    names = [str(value) for value in distinct]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(names), codes)
        names.append("none")
    return codes, names
