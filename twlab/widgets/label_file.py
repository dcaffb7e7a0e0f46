"""The names that readers give to segments, in a CSV file that is written as they are given.

A row per named segment: what it is known by (video, time, option, scope, model) and its ``label``;
:func:`twlab.load_spans` reads it as well. Each change replaces the whole file, so a kernel that is
killed leaves the last change or the one before. What the file says of segments that the table does
not have, such as those of other films, stays in it.

* :class:`LabelFile` - reads it once, and writes it at each change
* :func:`label_path` - the path, where labels are given as one
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, LoadError, warn
from twlab.paths import replace_file, user_path
from twlab.table.rows import KNOWN_BY, identities

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LabelFile", "label_path"]

_NEEDED = ("video_id", "start_sec", "end_sec", "label")


def label_path(segments: pd.DataFrame, labels: Any) -> Path | None:
    """The file that is meant by ``labels``; None where they are labels, or a column of them."""
    named = isinstance(labels, str) and labels not in segments.columns
    if not (named or isinstance(labels, os.PathLike)):
        return None
    path = user_path(labels)
    if path.suffix.lower() == ".csv":
        return path
    if not named:
        raise InputError(
            f"labels is {str(path)!r}; the path of a .csv was expected, in which names are kept; "
            "choose one"
        )
    return None


class LabelFile:
    """The file of the names of one table.

    Parameters
    ----------
    path : Path
        A file that is there already, or will be with the first name.
    segments : DataFrame
        The table whose segments get names.
    """

    def __init__(self, path: Path, segments: pd.DataFrame) -> None:
        self._path, self._segments = path, segments
        self._others = pd.DataFrame()
        if not path.parent.is_dir():
            raise InputError(
                f"labels is {str(path)!r}, which lies in a folder that does not exist; a folder "
                "that does was expected; make it, or choose another"
            )

    def read(self) -> pd.Series[Any]:
        """The name of every segment that the file has one for, missing for the others."""
        names = pd.Series(None, index=self._segments.index, dtype=object, name="label")
        if not self._path.exists():
            return names
        table = self._read_table()
        known = [n for n in KNOWN_BY if n in table.columns and n in self._segments.columns]
        place = {own: row for row, own in reversed([*enumerate(self._own(known))])}
        told = [place.get(one, -1) for one in identities(table, known)]
        at = np.array(told, dtype=np.intp)
        second = pd.Series(at).duplicated().to_numpy() & (at >= 0)
        used = (at >= 0) & ~second
        values = names.to_numpy(object, copy=True)
        values[at[used]] = table["label"].to_numpy(object)[used]
        self._others = table[~used]
        if len(self._others):
            warn(
                f"{self._path.name}: {len(self._others)} of {len(table)} labels are of no segment "
                "of this table, or a second one of a segment; they are not shown, and stay in the "
                "file"
            )
        return pd.Series(values, index=names.index, dtype=object, name="label")

    def _own(self, known: list[str]) -> list[str]:
        return identities(self._segments, known)

    def _read_table(self) -> pd.DataFrame:
        try:
            table = pd.read_csv(self._path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise LoadError(
                f"it cannot be read as CSV ({error}); a file of labels was expected; choose the "
                "name of one that is not there yet, and it is made",
                source=self._path.name,
            ) from None
        missing = [name for name in _NEEDED if name not in table.columns]
        if missing:
            raise LoadError(
                f"it has no column {missing[0]!r} (there are: {', '.join(table.columns[:8])}); "
                f"{', '.join(_NEEDED)} were expected; choose the name of a file that is not there "
                "yet, and it is made",
                source=self._path.name,
            )
        return table

    def write(self, names: pd.Series[Any]) -> None:
        """Put these names in the place of those in the file."""
        given = names.notna().to_numpy()
        columns = [name for name in KNOWN_BY if name in self._segments.columns]
        mine = self._segments.loc[given, columns].assign(label=names[given].to_numpy(object))
        table = pd.concat([mine.astype(object), self._others]) if len(self._others) else mine
        with replace_file(self._path) as aside:
            table.to_csv(aside, index=False, encoding="utf-8")
