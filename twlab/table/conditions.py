"""Which rows are looked at: videos, a stretch of time and a condition in SQL, of tables and stores.

* :class:`Choice` - videos, seconds and a condition, checked; in SQL, or as a mask of a table
* :func:`check_where` - refuses what is no condition
"""

from __future__ import annotations

import math
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twlab.table.types import Mask


__all__ = ["Choice", "check_where", "choose", "quote"]

_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")
_UNFIT = re.compile(
    r"--|/\*|\?|\$|(?<!:):[a-z_]|\b[a-z]''|\b(?:rand|random|uuid)\s*\(", re.IGNORECASE
)
"""Comments, placeholders, literals of other languages of SQL, and what differs at every reading."""


class Choice(NamedTuple):
    """What is looked at; each part None where it does not matter."""

    videos: tuple[Any, ...] | None = None
    start_sec: float | None = None
    end_sec: float | None = None
    where: str | None = None

    def in_sql(self) -> str | None:
        """All of it as one condition; of a stretch of time, the segments that overlap it."""
        parts = [f"({self.where})"] if self.where else []
        if self.videos is not None:
            parts.append(f"video_id IN ({', '.join(map(quote, self.videos)) or 'NULL'})")
        if self.start_sec is not None:
            parts.append(f"end_sec > {self.start_sec}")
        if self.end_sec is not None:
            parts.append(f"start_sec < {self.end_sec}")
        return " AND ".join(parts) or None

    def mask(self, segments: pd.DataFrame) -> Mask:
        """Which rows of a table are looked at.

        Raises
        ------
        InputError
            If the condition cannot be understood.
        """
        keep = np.ones(len(segments), bool)
        if self.videos is not None:
            keep &= segments["video_id"].astype(object).isin(list(self.videos)).to_numpy(bool)
        if self.start_sec is not None:
            keep &= _as_seconds(segments, "end_sec") > self.start_sec
        if self.end_sec is not None:
            keep &= _as_seconds(segments, "start_sec") < self.end_sec
        if self.where is not None:
            keep &= _match_condition(segments, self.where)
        return keep


def choose(video_id: Any, start_sec: Any, end_sec: Any, where: Any) -> Choice:
    """What the arguments of a search mean.

    Raises
    ------
    InputError
        If one of them cannot be meant.
    """
    check_where(where)
    videos = None if video_id is None else tuple(_as_list("video_id", video_id))
    begin = None if start_sec is None else _as_second("start_sec", start_sec)
    end = None if end_sec is None else _as_second("end_sec", end_sec)
    if begin is not None and end is not None and begin >= end:
        raise InputError(
            f"start_sec is {begin:g} and end_sec {end:g}; a stretch that begins before it ends "
            "was expected; swap them"
        )
    return Choice(videos, begin, end, where)


def quote(text: Any) -> str:
    """A text as it stands in a condition."""
    return "'" + str(text).replace("'", "''") + "'"


def check_where(where: Any, *, needed: bool = False) -> None:
    """Refuse what is no condition in SQL."""
    left_out = where is None and not needed
    if not left_out and (not isinstance(where, str) or not where.strip()):
        raise InputError(
            f"where is {where!r}; a condition in SQL was expected, such as 'start_sec < 60'"
        )
    sign = None if left_out else _find_unfit(where)
    if sign:
        raise InputError(
            f"where={where!r} cannot be used ({sign} does not belong there); one condition in SQL "
            "of the columns alone was expected, such as 'start_sec < 60'; leave that out"
        )


def _find_unfit(condition: str) -> str | None:
    """What a condition must not hold outside of quotes: it would not stay one, or the same."""
    bare = _QUOTED.sub("''", condition)
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return "a parenthesis that closes none"
    found = _UNFIT.search(bare)
    return repr(found[0]) if found else None


def _as_list(name: str, value: Any) -> list[Any]:
    """One name or several as a list."""
    try:
        return [value] if isinstance(value, str) else list(value)
    except TypeError:
        raise InputError(
            f"{name} is {value!r}; a name or a list of names was expected, as the table has them"
        ) from None


def _as_second(name: str, value: Any) -> float:
    """A time as a number."""
    try:
        second = float(value)
    except (TypeError, ValueError):
        second = math.nan
    if not math.isfinite(second):
        raise InputError(f"{name} is {value!r}; seconds from the start of the file were expected")
    return second


def _as_seconds(segments: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of seconds; missing ones compare with nothing."""
    return segments[name].to_numpy(np.float64, na_value=np.nan)


def _match_condition(segments: pd.DataFrame, where: str) -> Mask:
    """Which rows fulfil a condition, as SQLite understands it; of the columns that it may name."""
    names = [
        name
        for name in map(str, segments.columns)
        if name != "embedding" and name.lower() in where.lower()
    ]
    head = ", ".join('"' + name.replace('"', '""') + '"' for name in ("rowid_", *names))
    cells = [range(len(segments)), *(map(_as_sqlite, segments[name]) for name in names)]
    with closing(sqlite3.connect(":memory:")) as base:
        try:
            base.execute("PRAGMA case_sensitive_like = ON")  # as stores compare texts
            base.execute(f"CREATE TABLE segments ({head})")
            marks = ", ".join("?" * len(cells))
            base.executemany(f"INSERT INTO segments VALUES ({marks})", _sqlite_rows(cells))
            found = base.execute(f"SELECT rowid_ FROM segments WHERE ({where})").fetchall()
        except sqlite3.Error as error:
            known = ", ".join(str(name) for name in segments.columns if name != "embedding")
            raise InputError(
                f"where={where!r} cannot be used ({error}); a condition in SQL of the columns "
                f"{known} was expected, such as 'start_sec < 60'; correct it"
            ) from None
    keep = np.zeros(len(segments), bool)
    keep[[row for (row,) in found]] = True
    return keep


def _sqlite_rows(cells: list[Iterable[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*cells, strict=True)


def _as_sqlite(cell: Any) -> Any:
    """A cell as SQLite takes it: a number, a text, nothing."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    return cell if isinstance(cell, str | int | float) else str(cell)
