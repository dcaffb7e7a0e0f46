"""How a film counts its frames: exact rates, and SMPTE timecodes of them.

Rates that are written 23.976, 29.97 or 59.94 are 24, 30 and 60 thousandths of 1001, and in an hour
the difference to the written number is frames. Here rates are fractions, and times whole frames.

* :func:`check_fps` - a rate as a fraction
* :class:`Clock`, :func:`make_clock` - a rate, and the timecode of a film's first frame
* :func:`nearest_frames` - spans of seconds as frames
"""

from __future__ import annotations

import re
import sys
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.errors import InputError
from twlab.timecodes import exact_rate, parse_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from fractions import Fraction

    import pandas as pd

    from twlab.table.types import Positions

__all__ = ["ANY_RATE", "Clock", "check_fps", "make_clock", "nearest_frames"]

FILM_RATES = (1, 1000)
"""Frames per second; beyond them a number is no rate of a film that is cut."""

ANY_RATE = (sys.float_info.min, sys.float_info.max)
"""Tools for annotation are given pictures of a film, too, of which one may stand for seconds."""

_SMPTE = re.compile(r"([01]?\d|2[0-3]):[0-5]\d:[0-5]\d[:;]\d\d\d?", re.ASCII)

NAMED_RATES = "23.976, 24, 25, 29.97, 30, 50 or 59.94"


class Clock(NamedTuple):
    """Frames of a film, counted from its first, as timecodes."""

    rate: Fraction
    first: int = 0
    """The frame that the timecode of the film's first frame counts."""
    drops: bool = False
    """Whether numbers of frames are left out, so that the timecode keeps to the hour."""

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts."""
        return round(self.rate)

    def timecode(self, frame: int) -> str:
        """The timecode of a frame of the film; after a day it begins again, as in all programs."""
        count = self.first + int(frame)
        if self.drops:
            count = _add_left_out(count, self.nominal)
        seconds, rest = divmod(count, self.nominal)
        hours, minutes, secs = seconds // 3600 % 24, seconds // 60 % 60, seconds % 60
        mark = ";" if self.drops else ":"
        return f"{hours:02d}:{minutes:02d}:{secs:02d}{mark}{rest:02d}"

    def seconds(self, frame: int) -> Fraction:
        """When a frame of the film begins, exactly."""
        return int(frame) / self.rate


def make_clock(fps: Any, start_timecode: str | None) -> Clock:
    """The clock of a film with so many frames per second, whose first has a timecode.

    Raises
    ------
    InputError
        If the rate is none, or the timecode is none at this rate.
    """
    rate = check_fps(fps)
    if start_timecode is None:
        return Clock(rate)
    if not _SMPTE.fullmatch(str(start_timecode)):
        raise InputError(
            f"start_timecode is {brief(start_timecode)}; hours below 24, minutes, seconds and "
            "frames were expected; write '01:00:00:00', or '01:00:00;00' where frames are dropped"
        )
    drops = ";" in start_timecode
    first = round(parse_timecode(start_timecode, fps=float(rate)) * rate)
    clock = Clock(rate, first, drops)
    told = clock.timecode(0)
    if [int(part) for part in re.split("[:;]", told)] != [
        int(part) for part in re.split("[:;]", start_timecode)
    ]:
        there = f"{start_timecode.rpartition(';')[0]};{clock.nominal // 15:02d}"
        raise InputError(
            f"start_timecode is {start_timecode!r}, which drop-frame timecode leaves out; one that "
            f"there is was expected; write {there!r}"
        )
    return clock


def nearest_frames(spans: pd.DataFrame, rate: float) -> tuple[Positions, Positions]:
    """The first frame of each span, and the one after its last: those that begin nearest."""
    seconds = spans[["start_sec", "end_sec"]].to_numpy(np.float64)
    first, stop = np.rint(seconds * rate).astype(np.intp).T
    return first, np.maximum(stop, first + 1)


def check_fps(fps: Any, *, rates: tuple[float, float] = FILM_RATES) -> Fraction:
    """The rate that a number means, where it is one, and within these.

    Raises
    ------
    InputError
        If it is none.
    """
    if fps is None:
        raise InputError(
            f"this form counts frames; fps=, frames per second, was expected ({NAMED_RATES}); "
            "look it up in the properties of the film"
        )
    numeric = isinstance(fps, Real) and not isinstance(fps, bool)
    if not numeric or not (rates[0] <= fps <= rates[1]):
        raise InputError(
            f"fps is {brief(fps)}; frames per second were expected, for example {NAMED_RATES}; "
            "look it up in the properties of the film"
        )
    return exact_rate(fps)


def _add_left_out(count: int, nominal: int) -> int:
    """The count with the numbers that are left out: 2 of 30 in each minute but the tenth ones."""
    left_out = nominal // 15
    of_minute = nominal * 60 - left_out
    tens, rest = divmod(count, 10 * of_minute + left_out)
    minutes = max(rest - left_out, 0) // of_minute
    return count + left_out * (9 * tens + minutes)
