"""Spans as they are read out of a file, and what of the file was not one.

* :class:`Gathered` - the rows so far, and a count of what was left out
* :func:`as_number` - a number, or None
* :func:`dicts_in`, :func:`text_of` - parts of a JSON document that may be anything
* :func:`path_of`, :func:`names_apart` - names of videos out of their addresses
* :func:`tiers_of` - the tier of each span, where some have none
* :func:`on_frames` - times as frames, told of where they do not lie on any
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.handover.frame_clock import nearest_frames
from twlab.loading.identity import split_address
from twlab.timecodes import exact_rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twlab.table.types import Positions

__all__ = [
    "Gathered",
    "as_number",
    "check_rate",
    "dicts_in",
    "names_apart",
    "on_frames",
    "path_of",
    "text_of",
    "tiers_of",
]

STILL_SEC = 5e-4
"""Times are told to the millisecond: half of one is no move."""


@dataclass
class Gathered:
    """The spans of a file so far."""

    source: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, video: str, start: float, end: float, label: str, **more: Any) -> None:
        """Keep a span; one without length or label is counted as left out."""
        if not label.strip():
            self.left_out["spans without a label"] += 1
        elif not end > start:
            self.left_out["marks without length"] += 1
        else:
            times = {"start_sec": float(start), "end_sec": float(end)}
            self.rows.append({"video_id": video, **times, "label": label, **more})

    def tell(self) -> None:
        """Warn of what was left out."""
        if self.left_out:
            listed = ", ".join(f"{n} {what}" for what, n in sorted(self.left_out.items()))
            warn(f"{self.source}: {len(self.rows)} spans were read; left out: {listed}")


def as_number(value: Any) -> float | None:
    """A finite number, or a text that is one; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of the values of an object."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


def text_of(value: Any) -> str:
    """A text or number as text; nothing of anything else."""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if plain else ""


def path_of(address: str) -> str:
    """The path of a file out of its address, also where an address is asked for it.

    Where the part after ``?`` is the page, it stays: ``watch?v=1`` is not ``watch?v=2``.
    """
    path = address.split("?d=")[-1] if "?d=" in address else split_address(address)[0]
    return unquote(path.replace("\\", "/").rstrip("/"))


def names_apart(paths: Iterable[str]) -> dict[str, str]:
    """What each path is called: its last part, after the folders that tell it from the others."""
    by_last: dict[str, set[str]] = {}
    for path in paths:
        by_last.setdefault(path.rpartition("/")[2], set()).add(path)
    names: dict[str, str] = {}
    for same in by_last.values():
        parts = {path: path.split("/") for path in same}
        longest = max(map(len, parts.values()))
        sizes = (k for k in range(1, longest) if len({*_ends(parts.values(), k)}) == len(same))
        size = next(sizes, longest)
        names |= {path: "/".join(cells[-size:]) for path, cells in parts.items()}
    return names


def _ends(parts: Iterable[list[str]], size: int) -> Iterator[tuple[str, ...]]:
    return (tuple(cells[-size:]) for cells in parts)


def tiers_of(spans: pd.DataFrame, other: pd.Series[Any] | str) -> pd.Series[Any]:
    """The ``tier`` of each span as text, and the other where it has none."""
    if "tier" not in spans.columns:
        return pd.Series(other, index=spans.index, dtype=object)
    tiers = spans["tier"].astype(object)
    named = tiers.notna() & tiers.map(str).str.strip().astype(bool)
    return tiers.map(str).where(named, other)


def check_rate(frame_rate: Any, tool: str) -> float:
    """The frames per second that a tool counted.

    Raises
    ------
    InputError
        If none is given, or none that there is.
    """
    if frame_rate is None:
        raise InputError(
            f"{tool} counts frames and does not say how many there are in a second; frame_rate= "
            "was expected, for example frame_rate=25, as it was set there"
        )
    numeric = isinstance(frame_rate, Real) and not isinstance(frame_rate, bool)
    if not numeric or not (0 < float(frame_rate) < math.inf):
        raise InputError(
            f"frame_rate is {frame_rate!r}; frames per second were expected, for example 25"
        )
    return float(exact_rate(frame_rate))


def on_frames(spans: pd.DataFrame, rate: float, tool: str) -> tuple[Positions, Positions]:
    """The first frame of each span, and the one after its last.

    Warns
    -----
    TwlabWarning
        If a time does not lie on a frame.
    """
    seconds = spans[["start_sec", "end_sec"]].to_numpy(np.float64)
    moved = np.abs(np.rint(seconds * rate) / rate - seconds)
    if (moved > STILL_SEC).any():
        warn(
            f"{tool} counts frames: {int((moved > STILL_SEC).sum())} of {moved.size} starts and "
            f"ends were moved to the nearest of {rate:g} per second, by up to "
            f"{moved.max() * 1000:.0f} ms"
        )
    return nearest_frames(spans, rate)
