"""Seconds as people write them: ``1:02:03.5``, and SMPTE ``01:02:03:12``.

* :func:`format_timecode`, :func:`parse_timecode` - to text, and back
* :func:`exact_rate` - the frames per second that a written number means
* :data:`LATEST_SEC` - what no time in a video reaches
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Rational, Real

import numpy as np

from twlab.errors import InputError

__all__ = ["LATEST_SEC", "exact_rate", "format_timecode", "parse_timecode"]

NEAR_NTSC = 3e-4
"""How far a written rate may lie from the one of television that it means, as a share: 23.98 and
23.97 lie 1.7e-4 and 2.5e-4 from 24000/1001, the mean rate 29.98 of a film that varies 3.3e-4 from
30000/1001, and whole numbers 1e-3."""

MOST_FPS = 1000
"""Above this, a rate of frames is no property of a video that people edit by timecode."""

MOST_DECIMALS = 9
"""Digits after the second; more are beyond float64 on a long video."""

LATEST_SEC = 1e12
"""No time in a video comes after this; a date in milliseconds does."""

LONGEST_TIMECODE = 40
"""Times that programs write have up to 20 characters; a longer text is not worth reading as one."""

_FRAME_SLACK_SEC = 0.0005 + 1e-9
"""How far a time written with three decimals may lie from the one that was meant."""


def exact_rate(fps: float) -> Fraction:
    """The frames per second that a written number means: 29.97 is 30000/1001.

    In ten hours at the written number a film is a frame off.

    >>> exact_rate(23.98), exact_rate(25)
    (Fraction(24000, 1001), Fraction(25, 1))
    """
    if isinstance(fps, Rational):
        return Fraction(fps)
    of_television = Fraction(math.ceil(fps) * 1000, 1001)
    if abs(float(of_television) - fps) < NEAR_NTSC * fps:
        return of_television
    return Fraction(float(fps)).limit_denominator(1001)


def format_timecode(seconds: float, *, fps: float | None = None, decimals: int = 0) -> str:
    """A time as people write it: ``3:07``, ``1:02:03``, or SMPTE ``00:03:07:12`` with ``fps``.

    Parameters
    ----------
    seconds : float
        Seconds from the start; NaN gives an empty string.
    fps : float, optional
        Frames per second; 23.976, 29.97 and 59.94 mean 24000/1001, 30000/1001 and 60000/1001.
        Writes ``HH:MM:SS:FF``. The count of frames is the nominal rate rounded (29.97 counts 30,
        non-drop), as editors do. A time within half a millisecond of a frame's start is that
        frame, any other the frame that has begun: services write times in float32 or with three
        decimals, which may lie just before the frame they mean.
    decimals : int
        Digits after the second, without ``fps``.

    Returns
    -------
    str
        ``M:SS``, ``H:MM:SS`` or ``HH:MM:SS:FF``, with a minus before times below 0.

    Raises
    ------
    InputError
        If the time is not a finite number, or ``fps`` or ``decimals`` is out of range.

    See Also
    --------
    twlab.intervals.parse_timecode : and back

    Examples
    --------
    >>> import twlab as tw
    >>> tw.intervals.format_timecode(187.5), tw.intervals.format_timecode(3723.25, decimals=2)
    ('3:08', '1:02:03.25')
    >>> tw.intervals.format_timecode(187.5, fps=24)
    '00:03:07:12'
    >>> tw.intervals.format_timecode(7.567, fps=30), tw.intervals.format_timecode(7.566, fps=30)
    ('00:00:07:17', '00:00:07:16')
    """
    if not isinstance(seconds, Real):
        raise InputError(
            f"seconds is a {type(seconds).__name__}; one number was expected; for a column use "
            "column.map(tw.intervals.format_timecode)"
        )
    if math.isnan(seconds):
        return ""
    if math.isinf(seconds):
        raise InputError(f"{seconds} s is not a time; a finite number of seconds was expected")
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if fps is not None:
        nominal = _nominal(fps)
        whole, frame = divmod(_frame_number(float(seconds), float(exact_rate(fps))), nominal)
        return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame:02d}"
    if not isinstance(decimals, int | np.integer) or not 0 <= decimals <= MOST_DECIMALS:
        raise InputError(f"decimals is {decimals!r}; 0 to {MOST_DECIMALS} digits were expected")
    scale = 10 ** int(decimals)
    whole, rest = divmod(math.floor(seconds * scale + 0.5), scale)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    if whole >= 3600:
        return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}"
    return f"{sign}{whole // 60}:{whole % 60:02d}{fraction}"


def _frame_number(seconds: float, fps: float) -> int:
    """The number of the frame that a time means, counted from 0."""
    nearest = round(seconds * fps)
    slack = _FRAME_SLACK_SEC
    if seconds == float(np.float32(seconds)):
        # From 4.5 hours on float32 rounds by more than that.
        slack = max(slack, float(np.spacing(np.float32(seconds))) / 2)
    return nearest if abs(nearest / fps - seconds) <= slack else math.floor(seconds * fps)


def parse_timecode(text: str, *, fps: float | None = None) -> float:
    """Seconds from ``187.5``, ``3:07.5``, ``1:02:03`` or, with ``fps``, SMPTE ``01:02:03:12``.

    Drop-frame timecodes (written with ``;`` before the frames) are read as such for 29.97 and
    59.94 frames per second.

    Parameters
    ----------
    text : str
        The time.
    fps : float, optional
        Frames per second, as :func:`format_timecode` reads them; needed for SMPTE.

    Returns
    -------
    float
        Seconds from the start.

    Raises
    ------
    InputError
        If the text is none of these, SMPTE without ``fps``, drop-frame at another rate, later
        than any video lasts, or ambiguous (``1,000`` may be one second or a thousand).

    See Also
    --------
    twlab.intervals.format_timecode : and back

    Examples
    --------
    >>> import twlab as tw
    >>> tw.intervals.parse_timecode("3:07.5"), tw.intervals.parse_timecode("00:03:07:12", fps=24)
    (187.5, 187.5)
    """
    text = str(text).strip()
    if len(text) > LONGEST_TIMECODE:
        raise InputError(
            f"{text[:40]!r} … of {len(text)} characters is not a time; seconds, M:SS, H:MM:SS or "
            "SMPTE HH:MM:SS:FF was expected; correct it"
        )
    seconds = _parse_seconds(text, fps)
    if seconds >= LATEST_SEC:
        raise InputError(
            f"{text!r} is later than any video lasts; seconds, M:SS, H:MM:SS or SMPTE "
            "HH:MM:SS:FF was expected; correct it"
        )
    return seconds


def _parse_seconds(text: str, fps: float | None) -> float:
    """Seconds from a text of bounded length."""
    smpte = re.fullmatch(r"(\d+):([0-5]?\d):([0-5]?\d)([:;])(\d+)", text, re.ASCII)
    if smpte:
        hours, minutes, secs, mark, frames = smpte.groups()
        if fps is None:
            raise InputError(
                f"{text!r} counts frames, and how many there are in a second was expected with it; "
                "give the frames per second as fps="
            )
        nominal = _nominal(fps)
        if int(frames) >= nominal:
            raise InputError(
                f"{text!r} has frame {int(frames)} at {nominal} frames per second; one of 0 to "
                f"{nominal - 1} was expected; correct it, or fps="
            )
        total_minutes = int(hours) * 60 + int(minutes)
        count = (total_minutes * 60 + int(secs)) * nominal + int(frames)
        if mark == ";":
            _drop_frame(text, fps)
            count -= nominal // 15 * (total_minutes - total_minutes // 10)
        return float(count / exact_rate(fps))
    plain = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)", text, re.ASCII)
    if not plain:
        raise InputError(
            f"{text[:40]!r} is not a time; seconds, M:SS, H:MM:SS or SMPTE HH:MM:SS:FF was expected"
        )
    hour, minute, second = plain.groups()
    if minute is None and re.fullmatch(r"\d+,\d{3}", text, re.ASCII):
        raise InputError(
            f"{text!r} is one second to some and a thousand to others; a number with a point was "
            "expected; write it without the comma"
        )
    return int(hour or 0) * 3600 + int(minute or 0) * 60 + float(second.replace(",", "."))


def _drop_frame(text: str, fps: float) -> None:
    """Refuse a rate at which no frames are dropped from the count."""
    if not any(abs(fps - rate) < 0.01 for rate in (30_000 / 1001, 60_000 / 1001)):
        raise InputError(
            f"{text!r} is a drop-frame timecode at {fps:g} frames per second; 29.97 or 59.94 was "
            "expected; write ':' before the frames for any other rate"
        )


def _nominal(fps: float) -> int:
    """Frames counted in a second of timecode."""
    if not isinstance(fps, Real) or not 0.5 < fps <= MOST_FPS:
        raise InputError(
            f"fps is {fps!r}; frames per second between 1 and {MOST_FPS} were expected; "
            "look it up in the video's properties"
        )
    return round(fps)
