"""The store as its user sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab.errors import InputError
from twlab.sources import Source
from twlab.store import tables
from twlab.store.arrow import KEY
from twlab.store.pieces import StoreFragment, cut
from twlab.store.reading import count, read_table
from twlab.store.writing import STORE_MARK, batches, find_known, write_batch

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["Store", "open"]


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
        If the path is a file, the version is not there, or it cannot be read.
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
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise InputError(f"version is {version!r}; a whole number from Store.versions was expected")
    return Store(tables.address_of(path_or_uri), version=version, executor=executor)


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
        segments : DataFrame
            A table of segments.

        Raises
        ------
        InputError
            If a segment is in the store already (nothing is written then), the vectors have
            another dimension than the store's, or a column has another type.
        """
        return self._write(segments, replace=False)

    def upsert(self, segments: Any) -> int:
        """How many segments were written; those of the same identity are replaced whole.

        Parameters
        ----------
        segments : DataFrame
            A table of segments.

        Raises
        ------
        InputError
            If the vectors have another dimension than the store's or a column another type.
        """
        return self._write(segments, replace=True)

    def _write(self, segments: Any, *, replace: bool) -> int:
        """Write a table batch by batch."""
        if self._fixed is not None:
            raise InputError(
                f"the store was opened at version {self._fixed}, which is for reading; the latest "
                "version was expected; open it without version="
            )
        parts = list(batches(segments))
        if not replace and self._table is not None:
            for rows, keys in parts:
                find_known(self._table, rows, keys)
        written = 0
        for rows, keys in parts:
            self._table, n = write_batch(self.address, self._table, rows, keys, replace=replace)
            written += n
        return written

    def fragments(self) -> list[StoreFragment]:
        """All rows of the version that is shown, in order, in pieces for workers."""
        table = self._stored()
        field = table.schema.field(KEY)
        return cut(self.address, table, (field.metadata or {}).get(STORE_MARK, b"").decode())

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

    def _stored(self) -> Any:
        """The table of the store, which must be there to be read."""
        if self._table is None:
            raise InputError(
                f"there is no store at {self.address!r}; one with segments was expected; correct "
                "the path, or add segments with tw.open(path).add(segments)"
            )
        return self._table
