"""The names that readers give to segments, in a CSV file that is written as they are given.

A row per segment and name: what it is known by (video, time, option, scope, model) and its
``label``; a segment with several names has several rows. :func:`twlab.load_spans` reads it as well.
Each change replaces the whole file, so a kernel that is killed leaves the last change or the one
before. The file may be another's too: it is read again before each change, and only names that were
given or taken here change in it; of explorers that do so in the same instant one waits for the
other, by a lock on a hidden file beside it. Further columns, and rows of segments that the table
does not have, such as those of other films, stay as they are.

* :class:`LabelFile` - reads it, and merges each change into it
* :func:`label_path` - the path, where labels are given as one
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import filelock
import numpy as np
import pandas as pd

from twlab.errors import InputError, LoadError, warn
from twlab.paths import replace_file, user_path
from twlab.table.rows import KNOWN_BY, identities
from twlab.table.sheet_cells import mark_texts, unmark_texts
from twlab.widgets.naming import columns_of_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from twlab.table.types import Mask

__all__ = ["LabelFile", "label_path"]

LOCK_PATIENCE_SEC = 10.0
"""Of one that waits for another's change, which takes some hundredths of a second; of a program
that was killed the system gives the lock back. At half or double it is the same."""

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
        self._columns = [name for name in KNOWN_BY if name in segments.columns]
        self._written: set[tuple[int, str]] = set()
        if not path.parent.is_dir():
            raise InputError(
                f"labels is {str(path)!r}, which lies in a folder that does not exist; a folder "
                "that does was expected; make it, or choose another"
            )

    def read(self) -> pd.DataFrame:
        """The names that the file has for these segments, a column of true and false for each."""
        flags: dict[str, Mask] = {}
        if self._path.exists():
            table = self._read_table()
            at = self._places(table)
            cells = np.array(unmark_texts(table["label"]), dtype=object)
            named = np.array([bool(cell.strip()) for cell in cells], dtype=bool)
            for row in np.flatnonzero(named & (at >= 0)):
                flags.setdefault(cells[row], np.zeros(len(self._segments), bool))[at[row]] = True
            n_others = int((named & (at < 0)).sum())
            if n_others:
                warn(
                    f"{self._path.name}: {n_others} of {named.sum()} labels are of no segment of "
                    "this table; they are not shown, and stay in the file"
                )
        names = columns_of_names(self._segments, flags)
        self._written = _pairs_of(names)
        return names

    def _places(self, table: pd.DataFrame) -> NDArray[np.intp]:
        """Which segment each row of the file is of; -1 for none of this table."""
        known = [name for name in self._columns if name in table.columns]
        own = identities(self._segments, known)
        place = {one: row for row, one in reversed([*enumerate(own)])}
        cells = pd.DataFrame({name: unmark_texts(table[name]) for name in known}, dtype=object)
        told = identities(cells.where(cells != ""), known)
        return np.array([place.get(one, -1) for one in told], dtype=np.intp)

    def _read_table(self) -> pd.DataFrame:
        """The file as texts, its columns as they are named there."""
        try:
            cells = pd.read_csv(
                self._path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig"
            ).fillna("")
        except (OSError, ValueError) as error:
            raise LoadError(
                f"it cannot be read as CSV ({error}); a file of labels was expected, with no more "
                "fields in a row than in its head; mend it, or choose the name of one that is not "
                "there yet, and it is made",
                source=self._path.name,
            ) from None
        names = [str(name) for name in cells.iloc[0]]
        missing = [name for name in _NEEDED if name not in names]
        if missing:
            raise LoadError(
                f"it has no column {missing[0]!r} (there are: {', '.join(names[:8])}); "
                f"{', '.join(_NEEDED)} were expected; choose the name of a file that is not there "
                "yet, and it is made",
                source=self._path.name,
            )
        twice = [name for name in (*KNOWN_BY, "label") if names.count(name) > 1]
        if twice:
            raise LoadError(
                f"it has {names.count(twice[0])} columns {twice[0]!r}; one was expected; rename "
                "or remove the others",
                source=self._path.name,
            )
        return cells.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)

    def write(self, names: pd.DataFrame) -> None:
        """Merge what has changed of these names into the file as it is now.

        Raises
        ------
        LoadError
            If the file that is there now is not one of labels; it is left as it is.
        InputError
            If it cannot be written, or another program holds it.
        """
        with _alone(self._path):
            self._merge_now(_pairs_of(names))

    def _merge_now(self, pairs: set[tuple[int, str]]) -> None:
        if self._path.exists():
            table, written = self._read_table(), self._written
        else:
            table, written = pd.DataFrame(columns=[*self._columns, "label"], dtype=object), set()
        merged = self._merge(table, pairs - written, written - pairs)
        with replace_file(self._path) as aside:
            merged.to_csv(aside, index=False, encoding="utf-8")
        self._written = pairs

    def _merge(
        self, table: pd.DataFrame, given: set[tuple[int, str]], taken: set[tuple[int, str]]
    ) -> pd.DataFrame:
        """The file with these names of segments given, and these taken.

        A name given takes the row of one that is taken from the same segment, and what else that
        row says stays.
        """
        at, cells = self._places(table), table["label"].to_numpy(object, copy=True)
        told = [*zip(at.tolist(), unmark_texts(cells), strict=True)]
        gone = np.array([pair in taken for pair in told], dtype=bool)
        free: dict[int, list[int]] = {}
        for row in np.flatnonzero((at >= 0) & (gone | (cells == ""))):
            free.setdefault(int(at[row]), []).append(int(row))
        cells[gone] = ""
        new = []
        for place, name in sorted(given - {*told}):
            if free.get(place):
                (cells[free[place].pop(0)],) = mark_texts([name])
            else:
                new.append((place, name))
        if new:
            rows = np.flatnonzero(at >= 0)
            table = self._tell_apart(table, rows, at[rows])
        others = [name not in (*KNOWN_BY, "label") for name in table.columns]
        empty = gone & (cells == "") & ~(table.loc[:, others] != "").any(axis=1).to_numpy(bool)
        kept = table.assign(label=cells)[~empty]
        return self._add_rows(kept, new) if new else kept

    def _add_rows(self, table: pd.DataFrame, new: list[tuple[int, str]]) -> pd.DataFrame:
        """With a row for each of these names of segments."""
        places, names = (list(one) for one in zip(*new, strict=True))
        named = self._segments.iloc[places][self._columns].assign(label=names).astype(object)
        named = named.assign(**{name: mark_texts(named[name]) for name in named.columns})
        mine: pd.DataFrame = named.reindex(columns=table.columns)
        return pd.concat([table, mine], ignore_index=True) if len(table) else mine

    def _tell_apart(
        self, table: pd.DataFrame, rows: NDArray[np.intp], at: NDArray[np.intp]
    ) -> pd.DataFrame:
        """With the columns that the file lacks, where those it has do not tell segments apart."""
        lacking = [name for name in self._columns if name not in table.columns]
        known = [name for name in self._columns if name in table.columns]
        if not lacking or len(set(identities(self._segments, known))) == len(self._segments):
            return table
        added = {}
        for name in lacking:
            cells = np.full(len(table), "", dtype=object)
            cells[rows] = mark_texts(self._segments[name].to_numpy(object)[at])
            added[name] = cells
        return table.assign(**added)


def _pairs_of(names: pd.DataFrame) -> set[tuple[int, str]]:
    """Which segment, by its place, has which name; a blank one is none."""
    pairs: set[tuple[int, str]] = set()
    for name in names.columns:
        if name.strip():
            rows = np.flatnonzero(names[name].to_numpy(bool, na_value=False))
            pairs |= {(row, name) for row in rows.tolist()}
    return pairs


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other program that keeps labels in this file is in such a block at the same time."""
    beside = path.with_name(f".{path.name}.lock")
    lock = filelock.FileLock(beside, timeout=LOCK_PATIENCE_SEC, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InputError(
            f"{path.name} is held by another program for more than {LOCK_PATIENCE_SEC:g} s; a file "
            "that becomes free was expected; close the other explorer, or choose another file"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"{str(path)!r} cannot be written ({getattr(error, 'strerror', None) or error}); a "
            "folder that can be, on a disk that has file locks, was expected; choose another"
        ) from None
    try:
        yield
    finally:
        lock.release()
