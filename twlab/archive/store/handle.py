"""The store as its user sees it."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.archive.engines import check_executor
from twlab.archive.store import lance
from twlab.archive.store.exchange import are_paths, tables_in
from twlab.archive.store.parts import Part
from twlab.archive.store.reading_back import count
from twlab.archive.store.upkeep import bring_up_to_date, optimize_table
from twlab.archive.store.writing import (
    check_films,
    check_names,
    cut_batches,
    drop_columns,
    find_known,
    give_way,
    renew_keys,
    write_batch,
)
from twlab.checks import is_number
from twlab.errors import InputError
from twlab.paths import user_path
from twlab.progress import bar
from twlab.table.conditions import check_where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from twlab.archive.engines import Executor
    from twlab.archive.sources import Source
    from twlab.table.types import Files

__all__ = ["Store", "open", "open_source"]

MOST_DAYS = 36_500
"""Days for which old versions can be kept; a hundred years."""


def open(
    path_or_uri: str | os.PathLike[str],
    *,
    version: int | None = None,
    executor: Executor | None = None,
    work: str | os.PathLike[str] | None = None,
) -> Store:
    """The store at a path or URI; it is made when the first segments are added.

    Parameters
    ----------
    path_or_uri : path or str
        A folder, or its address in object storage such as ``"s3://bucket/archive"``, for which
        the keys are taken from the environment.
    version : int, optional
        Open the store as it was at this version, for reading only. Default: the latest.
    executor : Executor, optional
        Where analyses of the store run (see :mod:`twlab.executors`). Default: this process.
    work : path, optional
        A folder of this computer for what interrupted analyses have done, from which the same call
        goes on. Default: ``work`` in the folder of the store; in object storage, none.

    Returns
    -------
    Store
        It shows the version it was opened at, or that its own last change made; open it again
        to see what other processes have written.

    Raises
    ------
    InputError
        If the path is a file, the version is not there or cannot be read, the executor is not one,
        or `work` is no path.
    MissingExtraError
        If LanceDB is not installed.

    See Also
    --------
    twlab.Store : what it gives
    twlab.executors : where analyses of it may run

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     again = tw.open(folder).to_table()
    >>> again.equals(tw.sample())
    True
    """
    if executor is not None:
        check_executor(executor)
    number = None if version is None else _check_whole_number(version)
    folder = _work_folder(work)
    return Store(lance.address_of(path_or_uri), version=number, executor=executor, work=folder)


def open_source(source: Any) -> Any:
    """The store at a path or URI; anything else as it is."""
    return open(source) if isinstance(source, (str, os.PathLike)) else source


def _work_folder(work: Any) -> Path | None:
    """The folder in full, also where a link that the caller named leads to it.

    Raises
    ------
    InputError
        If it is no path of this computer.
    """
    if work is None:
        return None
    text = os.fspath(work) if isinstance(work, str | os.PathLike) else b""
    if not text or isinstance(text, bytes) or "://" in text or "\0" in text:
        raise InputError(
            f"work is {work!r}; the path of a folder of this computer was expected, such as "
            "'work'; it need not be there yet"
        )
    return user_path(text).resolve()


def _check_whole_number(version: Any) -> int:
    """The number of a version, of numpy too."""
    if isinstance(version, bool) or not isinstance(version, int | np.integer):
        raise InputError(f"version is {version!r}; a whole number from Store.versions was expected")
    return int(version)


class Store(Part):
    """Segments on disk or in a bucket, to read and to write; :func:`twlab.open` makes one.

    Attributes
    ----------
    address : str
        The folder in full, or the URI.
    version : int
        The version that is shown; 0 where nothing is stored yet.
    executor : Executor or None
        Where analyses run; None for this process.
    work : Path or None
        Where interrupted analyses keep their progress; None in object storage unless it was named.

    See Also
    --------
    twlab.open : makes one
    twlab.load : a table instead

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     store.videos()[["video_id", "n_segments"]].values.tolist()
    [['big_buck_bunny', 101]]
    """

    def __init__(
        self,
        address: str,
        *,
        version: int | None = None,
        executor: Executor | None = None,
        work: str | os.PathLike[str] | None = None,
    ) -> None:
        table = lance.open_table(address, version)
        super().__init__(address, table, executor=executor, work=work)
        self._fixed = version
        if self._table is None and version is not None:
            self._require_table()

    def add(self, segments: pd.DataFrame | Source | Files) -> int:
        """How many segments were written, none of which may be in the store already.

        Parameters
        ----------
        segments : DataFrame, store, path, pattern or list of paths
            A table of segments, another store, or files as :func:`twlab.load` reads them; several
            Parquet files are read one at a time.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        InputError
            If a segment is in the store already, a film of the same name has another duration, a
            file is stored under another name (nothing of its table is written then), the vectors
            have another dimension than the store's, or a column has another type.

        See Also
        --------
        twlab.Store.upsert : replaces what is there

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     n
        101
        """
        return self._write(segments, replace=False, anew=[])

    def upsert(
        self, segments: pd.DataFrame | Source | Files, *, replace_columns: Sequence[str] = ()
    ) -> int:
        """How many segments were written; those of the same identity are replaced whole.

        Parameters
        ----------
        segments : DataFrame, store, path, pattern or list of paths
            As for :meth:`add`. A column that the table lacks is missing in what it replaces.
        replace_columns : sequence of str, optional
            Columns of `segments` that take the place of the store's of the same name, whatever
            type they had. Segments that are not written lose their values there; earlier versions
            keep them.

        Returns
        -------
        int
            How many were written, new or in place of others.

        Raises
        ------
        InputError
            If a film of the same name has another duration, a file is stored under another name,
            the vectors have another dimension than the store's, or a column has another type.

        See Also
        --------
        twlab.Store.add : refuses what is there
        twlab.Store.drop_columns : takes columns away

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample().assign(label=1))
        ...     table = store.to_table().assign(label="intro")
        ...     n = store.upsert(table, replace_columns=["label"])
        ...     store.to_table()["label"].unique().tolist()
        ['intro']
        """
        names = _column_names("replace_columns", replace_columns) if replace_columns else []
        return self._write(segments, replace=True, anew=names)

    def drop_columns(self, columns: Sequence[str]) -> None:
        """Remove columns from all segments; earlier versions still have them.

        Parameters
        ----------
        columns : sequence of str
            Names of columns, other than those that every segment has.

        Raises
        ------
        InputError
            If a column is not there or belongs to every segment, or the store was opened at an old
            version.

        See Also
        --------
        twlab.Store.upsert : ``replace_columns=`` puts others in their place

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample().assign(topic="sport"))
        ...     store.drop_columns(["topic"])
        ...     "topic" in store.to_table().columns
        False
        """
        table = self._latest()._require_table()
        drop_columns(table, _column_names("columns", columns))
        self._table = table

    def _write(self, segments: Any, *, replace: bool, anew: list[str]) -> int:
        """Write tables batch by batch, each committed whole."""
        table, written = self._latest()._table, 0
        like = segments._require_table().schema if isinstance(segments, Part) else None
        write = partial(write_batch, self.address, replace=replace, like=like)
        try:
            for given in tables_in(segments):
                parts = list(cut_batches(given))
                for rows, keys in parts if table is not None else ():
                    _show_latest(table)
                    renew_keys(table, rows)
                    _check(table, rows, keys, new=not replace, of_files=are_paths(segments))
                if anew:
                    give_way(table, parts, anew)
                    anew = []
                for rows, keys in bar("Storing", parts, stays=True):
                    table, n = write(table, rows, keys)
                    written += n
            if written:
                bring_up_to_date(table)
        finally:
            self._table = table if written else self._table
        return written

    def delete(self, where: str) -> int:
        """How many segments that meet a condition were deleted; earlier versions still have them.

        Parameters
        ----------
        where : str
            A condition in SQL, such as ``"video_id = 'film'"``.

        Returns
        -------
        int
            How many were deleted.

        Raises
        ------
        InputError
            If the condition cannot be understood or the store was opened at an old version.

        See Also
        --------
        twlab.Store.where : a part, with nothing deleted
        twlab.Store.versions : what was there before

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.delete("start_sec >= 60")
        90
        """
        check_where(where, needed=True)
        table = self._latest()._require_table()
        count(table, where)  # whether it can be understood
        with lance.reading(table, where):
            done = lance.retry(lambda: table.delete(f"({where})"), table)
        self._table = table
        return int(done.num_deleted_rows)

    def versions(self) -> pd.DataFrame:
        """Every version that can be opened: ``version``, ``written_at``, ``n_segments``.

        Returns
        -------
        DataFrame
            One row per version: ``version``, ``written_at`` and ``n_segments``.

        Raises
        ------
        InputError
            If nothing is stored yet.

        See Also
        --------
        twlab.open : ``version=`` opens one of them

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     versions = store.versions()
        ...     tw.open(folder, version=int(versions["version"].iloc[-1])).count_rows()
        101
        """
        table = self._require_table()
        with lance.reading(table, None):
            entries = table.list_versions()
        rows = [(e["version"], pd.Timestamp(e["timestamp"]), _n_rows(e)) for e in entries]
        return pd.DataFrame(rows, columns=["version", "written_at", "n_segments"])

    def optimize(self, *, keep_days: float | None = None) -> None:
        """Join small pieces, bring indices up to date; from 300,000 segments on, index the vectors.

        Worth it after large ingests. Searches by the vector index find nearly all of what exact
        ones do, much faster; their similarities are exact.

        Parameters
        ----------
        keep_days : float, optional
            Delete versions older than this many days. Default: all versions are kept.

        Raises
        ------
        InputError
            If the store was opened at an old version or cannot be written.

        See Also
        --------
        twlab.Store.search : what the index is for
        twlab.Store.versions : what ``keep_days`` counts

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.optimize()
        ...     store.count_rows()
        101
        """
        known = is_number(keep_days) and 0 < keep_days <= MOST_DAYS
        if keep_days is not None and not known:
            raise InputError(
                f"keep_days is {keep_days!r}; days above 0 and up to {MOST_DAYS:,} were expected; "
                "leave it out to keep every version"
            )
        keep = None if keep_days is None else timedelta(days=float(keep_days))
        table = self._latest()._require_table()
        optimize_table(table, keep=keep, vector_index=True)
        self._table = table

    def _latest(self) -> Store:
        """What is to be changed: the latest version, on a table that no other thread reads.

        Raises
        ------
        InputError
            If this is a version of the past.
        """
        if self._fixed is not None:
            raise InputError(
                f"the store was opened at version {self._fixed}, which is for reading; the latest "
                "version was expected; open it without version="
            )
        return Store(self.address)


def _show_latest(table: Any) -> None:
    """What others have written since is to be seen."""
    with lance.reading(table, None):
        table.checkout_latest()


def _column_names(argument: str, given: Any) -> list[str]:
    """Names of columns, each once."""
    names = given if isinstance(given, list | tuple | pd.Index) else None
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"{argument} is {given!r}; a list of names of columns was expected, such as ['label']"
        )
    return list(dict.fromkeys(names))


def _n_rows(entry: dict[str, Any]) -> int:
    """The rows of a version: those in its files, less those marked as deleted."""
    facts = entry["metadata"]
    return int(facts["total_data_file_rows"]) - int(facts["total_deletion_file_rows"])


def _check(table: Any, rows: pd.DataFrame, keys: list[str], *, new: bool, of_files: bool) -> None:
    """Refuse rows that would take another's place."""
    check_films(table, rows)
    if of_files:
        check_names(table, rows)
    if new:
        find_known(table, rows, keys)
