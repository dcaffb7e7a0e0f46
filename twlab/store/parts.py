"""Segments of a store for reading: all of them, or those of a condition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlab.errors import InputError
from twlab.sources import Source
from twlab.store import tables
from twlab.store.files import write_folder
from twlab.store.pieces import StoreFragment, cut
from twlab.store.reading import check_where, count, read_table
from twlab.store.searching import Filter, best_places, kinds_of, queries_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["Part"]


class Part(Source):
    """Segments of one version of a store, all or those of a condition.

    Attributes
    ----------
    address : str
        The folder of the store in full, or its URI.
    version : int
        The version that is shown; 0 where nothing is stored yet.
    executor : Executor or None
        Where analyses run; None for this process.
    work : Path or None
        Where interrupted analyses are taken up again; None in object storage.
    """

    def __init__(
        self, address: str, table: Any, *, condition: str | None = None, executor: Any = None
    ) -> None:
        self.address, self.executor = address, executor
        self.work = None if "://" in address else Path(address) / "work"
        self._table, self._condition = table, condition
        self._known: tuple[int, pd.DataFrame] | None = None

    @property
    def version(self) -> int:
        """The version that is shown; 0 where nothing is stored yet."""
        return 0 if self._table is None else int(self._table.version)

    def __repr__(self) -> str:
        name = type(self).__name__
        if self._table is None:
            return f"{name}({self.address!r}, nothing stored yet)"
        condition = f" where {self._condition}" if self._condition else ""
        return (
            f"{name}({self.address!r}, {self.count_rows():,} rows{condition}, "
            f"version {self.version})"
        )

    def where(self, condition: str) -> Part:
        """The segments of a condition alone, as they are now, for whatever takes a store.

        Parameters
        ----------
        condition : str
            In SQL, such as ``"embedding_option = 'visual' and start_sec < 60"``; a date is
            ``timestamp '2026-01-31'``.

        Raises
        ------
        InputError
            If the condition cannot be understood.

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     scenes = tw.scenes(store.where("start_sec >= 60"))
        >>> float(scenes["start_sec"].min())
        60.0
        """
        check_where(condition, needed=True)
        table = self._stored()
        part = Part(
            self.address,
            tables.table_at(self.address, int(table.version), tables.mark_of(table)),
            condition=tables.both(self._condition, condition),
            executor=self.executor,
        )
        part.count_rows()  # whether it can be understood
        return part

    def fragments(self) -> list[StoreFragment]:
        """All rows of the version that is shown, in order, in pieces for workers."""
        return cut(self.address, self._stored(), self._condition)

    def n_bytes(self) -> int:
        """How much memory all vectors take."""
        table = self._stored()
        return 4 * int(table.schema.field("embedding").type.list_size) * self.count_rows()

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
            In the order of the store, indexed from 0; the segments of a video may lie in several
            places.

        Raises
        ------
        InputError
            If the condition cannot be understood, a column is not there, or the table would not
            fit into memory.
        """
        check_where(where)
        return read_table(
            self._stored(), where=tables.both(self._condition, where), columns=columns
        )

    def count_rows(self, where: str | None = None) -> int:
        """How many segments there are, all or those of a condition in SQL."""
        check_where(where)
        return 0 if self._table is None else count(self._table, tables.both(self._condition, where))

    def videos(self) -> pd.DataFrame:
        """What is there: ``n_segments``, first and last second of each video and option."""
        columns = ["video_id", "embedding_option", "start_sec", "end_sec"]
        groups = self.to_table(columns=columns).groupby(columns[:2], sort=False, dropna=False)
        found = groups.agg(
            n_segments=("video_id", "size"),
            start_sec=("start_sec", "min"),
            end_sec=("end_sec", "max"),
        )
        return found.reset_index()

    def search(
        self,
        query: Any = None,
        *,
        text: str | None = None,
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
        query : DataFrame, array_like of shape (d,) or (q, d), str or Path
            Rows of a table, vectors, or what the client embeds, as in :func:`twlab.search`. A row
            whose ``embedding_option`` is one of the store's is compared with that option only. For
            hundreds of rows
            :func:`twlab.nearest` is sooner, which reads the store once for all.
        text : str, optional
            Words to look for in place of `query`, whatever they look like.
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
            ``"exact"`` passes by the vector index, if :meth:`twlab.Store.optimize` has made one;
            without one every search is exact.
        client : object, optional
            For words: anything with ``embed_text(text, model_name=...)`` that returns a table.

        Returns
        -------
        DataFrame
            ``query`` (index label; row number for vectors), ``rank`` from 1,
            ``cosine_similarity``, ``video_id``, ``start_sec``, ``end_sec`` and all other columns
            but what the store has by the first three names, so that it is a table of segments.
            Whole-video rows are left out unless there is nothing else; zero vectors always are.

        Raises
        ------
        InputError
            If what is searched holds several options or models, the query has other dimensions or
            another model, names a file or is words without a client, or a condition cannot be
            understood.
        """
        if method not in ("auto", "exact"):
            raise InputError(f"method is {method!r}; 'auto' or 'exact' was expected")
        check_where(where)
        if embedding_option is not None and not isinstance(embedding_option, str):
            raise InputError(f"embedding_option is {embedding_option!r}; one name was expected")
        table = self._stored()
        kinds = self._kinds(table)
        condition = tables.both(self._condition, where)
        chosen = Filter(video_id, embedding_option, start_sec, end_sec, condition)
        queries = queries_of(query, text, kinds, client)
        return best_places(table, queries, chosen, kinds, k=k, exact=method == "exact")

    def _kinds(self, table: Any) -> pd.DataFrame:
        """The options, scopes and models of the version that is shown, looked up once."""
        known = self._known
        if known is None or known[0] != table.version:
            known = self._known = (table.version, kinds_of(table, self._condition))
        return known[1]

    def to_parquet(self, folder: str | os.PathLike[str]) -> Path:
        """The new folder to which all segments were written as Parquet files, whole or not at all.

        Parameters
        ----------
        folder : path
            It must not be there yet. :func:`twlab.load` and :meth:`twlab.Store.add` read it.

        Raises
        ------
        InputError
            If it is there already or cannot be written.
        """
        mark = tables.mark_of(self._stored())
        no_rows = StoreFragment(self.address, self.version, 0, 0, "", mark, "false")
        return write_folder(self.fragments() or [no_rows], folder)

    def _stored(self) -> Any:
        """The table of the store, which must be there to be read."""
        if self._table is None:
            raise InputError(
                f"there is no store at {self.address!r}; one with segments was expected; correct "
                "the path, or add segments with tw.open(path).add(segments)"
            )
        return self._table
