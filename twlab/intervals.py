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
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twlab.errors import InputError
from twlab.timecodes import format_timecode, parse_timecode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Seconds = NDArray[np.float64]

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
