"""Arithmetic on time: intervals in seconds, half-open, and the timecodes people read.

An interval ``[start, end)`` begins at ``start`` and ends just before ``end``: two segments that
touch do not overlap. Functions on tables take any DataFrame with ``start_sec`` and ``end_sec`` and
return rows of it; rows without time (NaN) overlap nothing.

* :func:`overlap`, :func:`iou` - seconds shared by every pair of two tables
* :func:`crop` - the rows within a stretch of time
* :func:`merge_adjacent` - touching or overlapping rows joined
* :func:`format_timecode`, :func:`parse_timecode` - ``1:02:03.5`` and SMPTE ``01:02:03:12``
"""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Seconds = NDArray[np.float64]

MOST_FPS = 1000
"""Above this, a rate of frames is no property of a video that people edit by timecode."""

MOST_DECIMALS = 9
"""Digits after the second; more are beyond float64 on a long video."""

LATEST_SEC = 1e12
"""No time in a video comes after this; a date in milliseconds does."""

LONGEST_TIMECODE = 40

_FRAME_SLACK_SEC = 0.0005 + 1e-9
"""How far a time written with three decimals may lie from the one that was meant."""

__all__ = ["crop", "format_timecode", "iou", "merge_adjacent", "overlap", "parse_timecode"]


def overlap(a: pd.DataFrame, b: pd.DataFrame | None = None) -> Seconds:
    """Seconds shared by each row of ``a`` and each row of ``b``.

    Parameters
    ----------
    a, b : DataFrame
        Tables with ``start_sec`` and ``end_sec``; without ``b``, ``a`` is compared with itself.
        Only times are looked at: filter by ``video_id`` first where several videos are at hand.

    Returns
    -------
    ndarray of shape (len(a), len(b)), float64
        ``max(0, min(end) - max(start))``; 0 where a row has no time.

    Raises
    ------
    InputError
        If a table lacks times, or has them as text.

    See Also
    --------
    twlab.intervals.iou : the same as a share of both

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> a = pd.DataFrame({"start_sec": [0.0, 6.0], "end_sec": [6.0, 12.0]})
    >>> tw.intervals.overlap(a, pd.DataFrame({"start_sec": [4.0], "end_sec": [7.0]}))
    array([[2.],
           [1.]])
    """
    a_start, a_end = _bounds(a)
    b_start, b_end = _bounds(a if b is None else b)
    shared = np.minimum(a_end[:, None], b_end) - np.maximum(a_start[:, None], b_start)
    return np.asarray(np.nan_to_num(np.maximum(shared, 0.0), nan=0.0))


def iou(a: pd.DataFrame, b: pd.DataFrame | None = None) -> Seconds:
    """Intersection over union of each row of ``a`` and each row of ``b``, between 0 and 1.

    Parameters
    ----------
    a, b : DataFrame
        As for :func:`overlap`.

    Returns
    -------
    ndarray of shape (len(a), len(b)), float64
        Two empty intervals have no union and give 0.

    Raises
    ------
    InputError
        If a table lacks times, or has them as text.

    See Also
    --------
    twlab.intervals.overlap : seconds shared

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> a = pd.DataFrame({"start_sec": [0.0], "end_sec": [6.0]})
    >>> tw.intervals.iou(a, pd.DataFrame({"start_sec": [3.0], "end_sec": [9.0]})).round(3)
    array([[0.333]])
    """
    b = a if b is None else b
    shared = overlap(a, b)
    lengths = [end - start for start, end in (_bounds(a), _bounds(b))]
    union = lengths[0][:, None] + lengths[1][None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def crop(
    segments: pd.DataFrame,
    start_sec: float,
    end_sec: float,
    *,
    mode: Literal["loose", "strict", "center"] = "loose",
) -> pd.DataFrame:
    """The rows within ``[start_sec, end_sec)``, unchanged and in their order.

    Parameters
    ----------
    segments : DataFrame
        A table with ``start_sec`` and ``end_sec``.
    start_sec, end_sec : float
        The stretch of time, in seconds.
    mode : {"loose", "strict", "center"}
        Keep rows that overlap the stretch at all, lie within it whole, or have their middle
        in it.

    Returns
    -------
    DataFrame
        With all columns and their index labels.

    Raises
    ------
    InputError
        If the stretch is reversed or the mode unknown.

    See Also
    --------
    twlab.intervals.parse_timecode : seconds from a timecode

    Examples
    --------
    >>> import twlab as tw
    >>> tw.intervals.crop(tw.sample(), 10, 20).start_sec.tolist()
    [6.0, 12.0, 18.0, 0.0]
    >>> tw.intervals.crop(tw.sample(), 10, 20, mode="strict").start_sec.tolist()
    [12.0]
    """
    for name, value in (("start_sec", start_sec), ("end_sec", end_sec)):
        if not isinstance(value, Real):
            raise InputError(f"{name} is {value!r}; seconds were expected; use parse_timecode")
    if not end_sec >= start_sec:
        raise InputError(
            f"the stretch {start_sec:g} to {end_sec:g} s is reversed; give the earlier time first"
        )
    start, end = _bounds(segments)
    if mode == "loose":
        keep = (start < end_sec) & (end > start_sec)
    elif mode == "strict":
        keep = (start >= start_sec) & (end <= end_sec)
    elif mode == "center":
        keep = ((start + end) / 2 >= start_sec) & ((start + end) / 2 < end_sec)
    else:
        raise InputError(f"mode is {mode!r}; 'loose', 'strict' or 'center' was expected")
    return segments[keep]


def merge_adjacent(
    segments: pd.DataFrame, *, by: Sequence[str] = ("video_id",), max_gap_sec: float = 0.0
) -> pd.DataFrame:
    """Touching and overlapping rows joined into one interval each.

    Parameters
    ----------
    segments : DataFrame
        A table with ``start_sec``, ``end_sec`` and the columns in ``by``.
    by : sequence of str
        Only rows that agree in these columns are joined. Pass for example
        ``("video_id", "cluster")`` to turn a labelled table into runs.
    max_gap_sec : float
        Join across gaps up to this length.

    Returns
    -------
    DataFrame
        The columns in ``by``, ``start_sec``, ``end_sec`` and ``n_segments``, in order of group and
        time. Rows without time are left out.

    Raises
    ------
    InputError
        If a column of ``by`` is not there or is one of the times, or the gap is not a number.

    See Also
    --------
    twlab.merge_hits : hits of a search joined, with their scores

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> hits = pd.DataFrame({"video_id": "a", "start_sec": [6.0, 0, 30], "end_sec": [12.0, 6, 36]})
    >>> tw.intervals.merge_adjacent(hits)
      video_id  start_sec  end_sec  n_segments
    0        a        0.0     12.0           2
    1        a       30.0     36.0           1
    """
    _check_table(segments)
    keys = [by] if isinstance(by, str) else list(by)
    missing = [name for name in keys if name not in segments.columns]
    if missing:
        raise InputError(
            f"no column {missing[0]!r} to group by (there are: "
            f"{', '.join(map(str, segments.columns))}); name existing columns in by="
        )
    if not isinstance(max_gap_sec, Real) or math.isnan(max_gap_sec):
        raise InputError(f"max_gap_sec is {max_gap_sec!r}; a number of seconds was expected")
    if {"start_sec", "end_sec"} & set(keys):
        raise InputError("by= names a column of times, which are what is joined; leave it out")
    start, end = _bounds(segments)  # as float64: decimals, objects and Arrow numbers do not add up
    timed = segments[keys].reset_index(drop=True)  # an index level may have the name of a column
    timed = timed.assign(start_sec=start, end_sec=end).dropna(subset=["start_sec", "end_sec"])
    timed = timed.sort_values([*keys, "start_sec", "end_sec"], ignore_index=True)
    groups: Any = timed.groupby(keys, dropna=False, sort=False, observed=True) if keys else None
    reach = groups["end_sec"].cummax() if keys else timed["end_sec"].cummax()
    before = reach.groupby(groups.ngroup()).shift() if keys else reach.shift()
    opens = before.isna() | (timed["start_sec"] > before + max_gap_sec + 1e-9)
    run = opens.cumsum().rename("run")
    columns = {name: (name, "first") for name in keys}
    merged = timed.groupby(run).agg(
        **columns,
        start_sec=("start_sec", "min"),
        end_sec=("end_sec", "max"),
        n_segments=("start_sec", "size"),
    )
    return merged.reset_index(drop=True)


def format_timecode(seconds: float, *, fps: float | None = None, decimals: int = 0) -> str:
    """A time as people write it: ``3:07``, ``1:02:03``, or SMPTE ``00:03:07:12`` with ``fps``.

    Parameters
    ----------
    seconds : float
        Seconds from the start; NaN gives an empty string.
    fps : float, optional
        Frames per second. Writes ``HH:MM:SS:FF``. The count of frames is the nominal rate rounded
        (29.97 counts 30, non-drop), as editors do. A time within half a millisecond of a frame's
        start is that frame, any other the frame that has begun: services write times in float32
        or with three decimals, which may lie just before the frame they mean.
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
        whole, frame = divmod(_frame_number(float(seconds), fps), nominal)
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
        Frames per second; needed for SMPTE.

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
            raise InputError(f"{text!r} counts frames; give the frames per second as fps=")
        nominal = _nominal(fps)
        if int(frames) >= nominal:
            raise InputError(f"{text!r} has frame {int(frames)} at {nominal} frames per second")
        total_minutes = int(hours) * 60 + int(minutes)
        count = (total_minutes * 60 + int(secs)) * nominal + int(frames)
        if mark == ";":
            _drop_frame(text, fps)
            count -= nominal // 15 * (total_minutes - total_minutes // 10)
        return count / fps
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


def _check_table(value: Any) -> None:
    """Refuse a store, its path and whatever else has no columns."""
    if not hasattr(value, "columns"):
        raise InputError(
            f"a {type(value).__name__} was given; a DataFrame with start_sec and end_sec was "
            "expected; of a store take tw.open(path).to_table()"
        )


def _bounds(table: pd.DataFrame) -> tuple[Seconds, Seconds]:
    """Start and end of every row, in seconds."""
    _check_table(table)
    columns = []
    for name in ("start_sec", "end_sec"):
        if name not in table.columns:
            raise InputError(
                f"no column {name!r} (there are: {', '.join(map(str, table.columns))}); "
                "a table with start_sec and end_sec was expected"
            )
        try:
            columns.append(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError):
            raise InputError(
                f"column {name!r} is {table[name].dtype}; seconds as numbers were expected; "
                "convert it with tw.intervals.parse_timecode"
            ) from None
    return columns[0], columns[1]
