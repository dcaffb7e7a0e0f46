"""The store as its user sees it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.executors import Executor
from twlab.sources import Source
from twlab.store import tables
from twlab.store.files import bar, tables_in, write_folder
from twlab.store.pieces import StoreFragment, cut
from twlab.store.reading import check_where, count, read_table
from twlab.store.searching import Filter, best_places, kinds_of, queries_of
from twlab.store.upkeep import optimized, settle
from twlab.store.writing import batches, find_known, write_batch

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["Store", "open"]

MOST_DAYS = 36_500
"""Days for which old versions can be kept; a hundred years."""


def open(
    path_or_uri: str | os.PathLike[str], *, version: int | None = None, executor: Any = None
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

    Returns
    -------
    Store
        It shows the version it was opened at, or that its own last change made; open it again
        to see what other processes have written.

    Raises
    ------
    InputError
        If the path is a file, the version is not there or cannot be read, or the executor is none.
    MissingExtraError
        If LanceDB is not installed.

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
    if executor is not None and not isinstance(executor, Executor):
        raise InputError(
            f"executor is {executor!r}; one of twlab.executors was expected, such as "
            "tw.executors.Ray(); leave it out for this process"
        )
    number = None if version is None else _whole(version)
    return Store(tables.address_of(path_or_uri), version=number, executor=executor)


def _whole(version: Any) -> int:
    """The number of a version, of numpy too."""
    if isinstance(version, bool) or not isinstance(version, int | np.integer):
        raise InputError(f"version is {version!r}; a whole number from Store.versions was expected")
    return int(version)


class Store(Source):
    """Segments on disk or in a bucket; :func:`twlab.open` makes one.

    Attributes
    ----------
    address : str
        The folder in full, or the URI.
    version : int
        The version that is shown; 0 where nothing is stored yet.
    executor : Executor or None
        Where analyses run; None for this process.
    work : Path or None
        Where interrupted analyses are taken up again; None in object storage.
    """

    def __init__(self, address: str, *, version: int | None = None, executor: Any = None) -> None:
        self.address, self.executor = address, executor
        self.work = None if "://" in address else Path(address) / "work"
        self._fixed = version
        self._known: tuple[int, pd.DataFrame] | None = None
        self._table = tables.open_table(address, version)
        if self._table is None and version is not None:
            self._stored()

    @property
    def version(self) -> int:
        """The version that is shown; 0 where nothing is stored yet."""
        return 0 if self._table is None else int(self._table.version)

    def __repr__(self) -> str:
        if self._table is None:
            return f"Store({self.address!r}, nothing stored yet)"
        return f"Store({self.address!r}, {self._table.count_rows():,} rows, version {self.version})"

    def add(self, segments: Any) -> int:
        """How many segments were written, none of which may be in the store already.

        Parameters
        ----------
        segments : DataFrame, path, pattern or list of these
            A table of segments, or files as :func:`twlab.load` reads them; of several Parquet
            files one is in memory at a time.

        Raises
        ------
        InputError
            If a segment is in the store already (nothing of its table is written then), the
            vectors have another dimension than the store's, or a column has another type.
        """
        return self._write(segments, replace=False)

    def upsert(self, segments: Any) -> int:
        """How many segments were written; those of the same identity are replaced whole.

        Parameters
        ----------
        segments : DataFrame, path, pattern or list of these
            As for :meth:`add`. A column that the table lacks is missing in what it replaces.

        Raises
        ------
        InputError
            If the vectors have another dimension than the store's or a column another type.
        """
        return self._write(segments, replace=True)

    def _write(self, segments: Any, *, replace: bool) -> int:
        """Write tables batch by batch, each committed whole."""
        self._check_writable()
        written = 0
        if self._table is None:  # another process may have made it meanwhile
            self._table = tables.open_table(self.address)
        for table in tables_in(segments):
            parts = list(batches(table))
            if not replace and self._table is not None:
                self._table.checkout_latest()
                for rows, keys in parts:
                    find_known(self._table, rows, keys)
            for rows, keys in bar(parts, "Storing"):
                self._table, n = write_batch(self.address, self._table, rows, keys, replace=replace)
                written += n
        if written:
            settle(self._table)
        return written

    def fragments(self) -> list[StoreFragment]:
        """All rows of the version that is shown, in order, in pieces for workers."""
        return cut(self.address, self._stored())

    def n_bytes(self) -> int:
        """How much memory all vectors take."""
        table = self._stored()
        return 4 * int(table.schema.field("embedding").type.list_size) * int(table.count_rows())

    def to_table(
        self, where: str | None = None, *, columns: list[str] | None = None
    ) -> pd.DataFrame:
        """The segments as a pandas table, as :func:`twlab.load` gives it.

        Parameters
        ----------
        where : str, optional
            A condition in SQL, such as ``"video_id = 'film' and start_sec < 60"``.
        columns : list of str, optional
            Only these columns.

        Returns
        -------
        DataFrame
            In the order of the store, indexed from 0.

        Raises
        ------
        InputError
            If the condition cannot be understood, a column is not there, or the table would not
            fit into memory.
        """
        return read_table(self._stored(), where=where, columns=columns)

    def count_rows(self, where: str | None = None) -> int:
        """How many segments there are, all or those of a condition in SQL."""
        return count(self._stored(), where)

    def search(
        self,
        query: Any,
        *,
        k: int = 10,
        video_id: str | Sequence[str] | None = None,
        embedding_option: str | None = None,
        start_sec: float | None = None,
        end_sec: float | None = None,
        where: str | None = None,
        method: Literal["auto", "exact"] = "auto",
        client: Any = None,
    ) -> pd.DataFrame:
        """The ``k`` segments most alike to each query, best first.

        Parameters
        ----------
        query : DataFrame, array_like of shape (d,) or (q, d), or str
            Rows of a table, vectors, or text for the client. A row whose ``embedding_option`` is
            one of the store's is compared with that option only.
        k : int
            How many; fewer where there are not as many.
        video_id : str or sequence of str, optional
            Only segments of these videos.
        embedding_option : str, optional
            Only segments of this option; needed where there are several, which share no scale.
        start_sec, end_sec : float, optional
            Only segments that overlap this stretch, half-open.
        where : str, optional
            A further condition in SQL.
        method : {"auto", "exact"}
            ``"exact"`` passes by the vector index, if :meth:`optimize` has made one; without one
            every search is exact.
        client : object, optional
            For text: anything with ``embed_text(text, model_name=...)`` that returns a table.

        Returns
        -------
        DataFrame
            ``query`` (index label; row number for vectors), ``rank`` from 1,
            ``cosine_similarity``, ``video_id``, ``start_sec``, ``end_sec`` and all other columns
            but the vectors and what the store has by the first three names. Whole-video rows are
            left out unless there is nothing else; zero vectors always are.

        Raises
        ------
        InputError
            If what is searched holds several options or models, the query has other dimensions or
            another model or is text without a client, or a condition cannot be understood.
        """
        if method not in ("auto", "exact"):
            raise InputError(f"method is {method!r}; 'auto' or 'exact' was expected")
        check_where(where)
        if embedding_option is not None and not isinstance(embedding_option, str):
            raise InputError(f"embedding_option is {embedding_option!r}; one name was expected")
        table = self._stored()
        kinds = self._kinds(table)
        chosen = Filter(video_id, embedding_option, start_sec, end_sec, where)
        queries = queries_of(query, kinds, client)
        return best_places(table, queries, chosen, kinds, k=k, exact=method == "exact")

    def _kinds(self, table: Any) -> pd.DataFrame:
        """The options, scopes and models of the version that is shown, looked up once."""
        if self._known is None or self._known[0] != self.version:
            self._known = (self.version, kinds_of(table, None))
        return self._known[1]

    def versions(self) -> pd.DataFrame:
        """Every version that can be opened: ``version``, ``written_at``, ``n_segments``."""
        entries = self._stored().list_versions()
        rows = [(e["version"], pd.Timestamp(e["timestamp"]), _n_rows(e)) for e in entries]
        return pd.DataFrame(rows, columns=["version", "written_at", "n_segments"])

    def optimize(self, *, keep_days: float | None = None) -> None:
        """Join small pieces, bring indices up to date; from 300,000 segments on, index the vectors.

        Worth it after large ingests. Searches by the vector index find nearly all of what exact
        ones do, much faster; their similarities are exact.

        Parameters
        ----------
        keep_days : float, optional
            Delete versions older than this many days. Default: all versions stay.

        Raises
        ------
        InputError
            If the store was opened at an old version or cannot be written.
        """
        self._check_writable()
        known = isinstance(keep_days, int | float | np.number) and 0 < keep_days <= MOST_DAYS
        if keep_days is not None and not known:
            raise InputError(
                f"keep_days is {keep_days!r}; days above 0 and up to {MOST_DAYS:,} were expected; "
                "leave it out to keep every version"
            )
        keep = None if keep_days is None else timedelta(days=float(keep_days))
        optimized(self._stored(), keep=keep, vector_index=True)

    def to_parquet(self, folder: str | os.PathLike[str]) -> Path:
        """The new folder to which all segments were written as Parquet files, whole or not at all.

        Parameters
        ----------
        folder : path
            It must not be there yet. :func:`twlab.load` and :meth:`add` read it.

        Raises
        ------
        InputError
            If it is there already or cannot be written.
        """
        return write_folder(self.fragments(), folder)

    def _check_writable(self) -> None:
        """Refuse to change a version of the past."""
        if self._fixed is not None:
            raise InputError(
                f"the store was opened at version {self._fixed}, which is for reading; the latest "
                "version was expected; open it without version="
            )

    def _stored(self) -> Any:
        """The table of the store, which must be there to be read."""
        if self._table is None:
            raise InputError(
                f"there is no store at {self.address!r}; one with segments was expected; correct "
                "the path, or add segments with tw.open(path).add(segments)"
            )
        return self._table


def _n_rows(entry: dict[str, Any]) -> int:
    """The rows of a version: those in its files, less those marked as deleted."""
    facts = entry["metadata"]
    return int(facts["total_data_file_rows"]) - int(facts["total_deletion_file_rows"])
