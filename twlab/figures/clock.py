"""Time on axes and in hovers: seconds go in, timecodes are read.

An axis of one video is a date axis that starts at zero, because that is the axis whose labels
stay timecodes at every zoom; put marks of your own at ``numpy.datetime64(milliseconds, "ms")``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.figures.theme import as_shown
from twlab.table.pages import page_names
from twlab.timecodes import format_timecode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "SPAN",
    "bar_lengths",
    "clock_times",
    "round_times",
    "span_labels",
    "time_axis",
    "time_title",
]

SPAN = ("start_sec", "end_sec")
ROUND_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""Seconds between marks: what clocks count by, each at most three times the one before, so that
there are never fewer than a third of the marks that were asked for."""


def clock_times(seconds: Any) -> NDArray[np.datetime64]:
    """Seconds as times of a clock that starts at zero; NaN as no time."""
    numbers = np.asarray(seconds, np.float64) * 1000
    times = np.where(np.isfinite(numbers), numbers, 0).round().astype("datetime64[ms]")
    return np.where(np.isfinite(numbers), times, np.datetime64("NaT", "ms"))


def bar_lengths(spans: pd.DataFrame) -> NDArray[np.float64]:
    """How long the bar of each span is on an axis of clock times: milliseconds.

    Seconds may be whole numbers of few bits, in which a thousand times as much has no room.
    """
    start, end = (spans[name].to_numpy(np.float64, na_value=np.nan) for name in SPAN)
    return np.asarray(1000 * (end - start))


def time_title(last: float, what: str = "time") -> str:
    """The title of an axis in timecodes: what runs along it, and their unit."""
    return f"{what} ({'min:s' if last < 3600 else 'h:min:s'})"


def time_axis(first: float, last: float, *, what: str = "time") -> dict[str, Any]:
    """Settings of an axis of clock times whose ticks read as timecodes, also when zoomed."""
    first, last = float(first), float(last)
    clock = "%-M:%S" if last < 3600 else "%-H:%M:%S"
    if last >= 86400:
        clock = f"day %-j, {clock}"
    last = last if last > first else first + 1
    return {
        "type": "date",
        "tickformat": clock,
        "tickformatstops": [
            {"dtickrange": [None, 999], "value": f"{clock}.%L"},
            {"dtickrange": [1000, None], "value": clock},
        ],
        "hoverformat": f"{clock}.%L",
        "title": {"text": time_title(last, what)},
        "range": [str(edge) for edge in clock_times([first, last])],
    }


def round_times(first: float, last: float, most: float) -> NDArray[np.float64]:
    """The whole steps (1 s, 5 s, 1 min, …) between two times, about ``most`` of them."""
    wanted = (last - first) / max(most, 1)
    step = next((step for step in ROUND_STEPS if step >= wanted), ROUND_STEPS[-1])
    step *= max(1, int(np.ceil(wanted / step)))
    return np.arange(np.ceil(first / step - 1e-9), np.floor(last / step + 1e-9) + 1) * step


def timecodes(seconds: pd.Series[Any]) -> list[str]:
    """Times as text, to the hundredth where they are not whole seconds."""
    times = seconds.to_numpy(np.float64, na_value=np.nan)
    whole = np.abs(times - np.round(times)) < 0.005
    return [
        format_timecode(time, decimals=0 if round_ else 2)
        for time, round_ in zip(times.tolist(), whole, strict=True)
    ]


def span_labels(table: pd.DataFrame) -> list[str]:
    """``film 1:00 – 1:06`` or ``paper p. 3`` for each row; the bare name where it has neither."""
    labels = []
    bounds = (timecodes(table[name]) for name in ("start_sec", "end_sec"))
    pages = map(as_shown, page_names(table))
    for video, start, end, page in zip(table["video_id"], *bounds, pages, strict=True):
        times = " – ".join(filter(None, (start, end))) or page
        labels.append(f"{as_shown(video)} {times}".strip())
    return labels
