"""Segments of a store for reading: all of them, or those of a condition."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab.analysis.judging.named_queries import answer_each
from twlab.analysis.judging.places import FORMER_FUSES, check_asked
from twlab.archive.sources import Fragment, Source
from twlab.archive.store import lance
from twlab.archive.store.exchange import write_folder
from twlab.archive.store.reading_back import count, read_table
from twlab.archive.store.searching import Looked, kinds_of, prepare_looking, search_table
from twlab.archive.store.shards import StoreFragment, cut_fragments
from twlab.checks import check_count
from twlab.deprecation import formerly, formerly_knew, formerly_took
from twlab.errors import InputError
from twlab.paths import user_path
from twlab.table.conditions import check_where, choose

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from twlab.analysis.judging.places import Fuse
    from twlab.analysis.judging.queries import Embedder
    from twlab.archive.engines import Executor
    from twlab.table.types import ManyQueries, Query

__all__ = ["Part"]


def _search_by(
    search: Callable[..., pd.DataFrame], method: Any, part: Part, *args: Any, **given: Any
) -> pd.DataFrame:
    """What a search gave by its former ``method=``; ``"exact"`` passes by the index."""
    if method not in ("auto", "exact"):
        raise InputError(f"method is {method!r}; 'auto' or 'exact' was expected; leave it out")
    part = copy.copy(part)
    part._exact = method == "exact"
    return search(part, *args, **given)


class Part(Source):
    """Segments of one version of a store, all or those of a condition; ``store.where`` makes one.

    Parameters
    ----------
    address : str
        The folder of the store in full, or its URI.
    table : lance table or None
        The version that is shown, opened.
    condition : str, optional
        In SQL. Default: all segments.
    executor : Executor, optional
        Where analyses run. Default: in this process.
    work : path, optional
        Where interrupted analyses keep their progress. Default: in the folder of the store.

    Attributes
    ----------
    address : str
        The folder of the store in full, or its URI.
    version : int
        The version that is shown; 0 where nothing is stored yet.
    executor : Executor or None
        Where analyses run; None for this process.
    work : Path or None
        Where interrupted analyses keep their progress; None in object storage unless it was named.

    See Also
    --------
    twlab.Store.where : makes one
    twlab.Store : all segments, also to write

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     part = store.where("start_sec >= 60")
    ...     isinstance(part, tw.Part), isinstance(store, tw.Part), part.count_rows()
    (True, True, 90)
    """

    def __init__(
        self,
        address: str,
        table: Any,
        *,
        condition: str | None = None,
        executor: Executor | None = None,
        work: str | os.PathLike[str] | None = None,
    ) -> None:
        self.address, self.executor = address, executor
        own = None if "://" in address else Path(address) / "work"
        self.work = own if work is None else user_path(work)
        self._table, self._condition = table, condition
        self._known: Looked | None = None
        self._exact = False

    @property
    def version(self) -> int:
        """The version that is shown; 0 where nothing is stored yet.

        Returns
        -------
        int
            Each change makes the next one.

        See Also
        --------
        twlab.Store.versions : all that are kept, with their times
        twlab.open : takes ``version=``, to see a store as it was

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     before = store.version
        ...     n = store.add(tw.sample())
        ...     before, store.version > before
        (0, True)
        """
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

        Returns
        -------
        Part
            What takes a store takes it: all that :class:`twlab.Store` has for reading.

        Raises
        ------
        InputError
            If the condition cannot be understood.

        See Also
        --------
        twlab.Store.to_table : the segments of a condition as a table

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
        table = self._require_table()
        part = Part(
            self.address,
            lance.table_at(self.address, int(table.version), lance.mark_of(table)),
            condition=lance.join_conditions(self._condition, condition),
            executor=self.executor,
            work=self.work,
        )
        part.count_rows()  # whether it can be understood
        return part

    def fragments(self) -> Sequence[Fragment]:
        """All rows of the version that is shown, in order, in pieces for workers.

        Returns
        -------
        list of Fragment
            Each with ``first``, ``n_rows``, ``matrix()`` of shape (n_rows, d) and ``table()``.

        Raises
        ------
        InputError
            If nothing is stored yet.

        See Also
        --------
        twlab.executors : what works on them

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     sum(one.n_rows for one in store.fragments())
        101
        """
        return cut_fragments(self.address, self._require_table(), self._condition)

    def options(self) -> list[str]:
        """The embedding options of the whole store.

        Returns
        -------
        list of str
            In alphabetical order; rows that name none are not counted.

        Raises
        ------
        InputError
            If nothing is stored yet.

        See Also
        --------
        twlab.clips : the clips of one of them

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.options()
        ['visual']
        """
        kinds = kinds_of(self._require_table(), None)
        return sorted(kinds["embedding_option"].dropna().unique().tolist())

    def n_bytes(self) -> int:
        """How much memory all vectors take.

        Returns
        -------
        int
            Bytes: 4 for each number of each vector.

        Raises
        ------
        InputError
            If nothing is stored yet.

        See Also
        --------
        twlab.Store.count_rows : how many segments there are

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.n_bytes() == 101 * 1280 * 4
        True
        """
        table = self._require_table()
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

        See Also
        --------
        twlab.Store.where : a part to analyse without reading it whole
        twlab.Store.to_parquet : all of it as files

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     len(store.to_table("start_sec < 60", columns=["video_id"]))
        11
        """
        check_where(where)
        return read_table(
            self._require_table(),
            where=lance.join_conditions(self._condition, where),
            columns=columns,
            free_more=self._let_go,
        )

    def count_rows(self, where: str | None = None) -> int:
        """How many segments there are, all or those of a condition in SQL.

        Parameters
        ----------
        where : str, optional
            A condition in SQL.

        Returns
        -------
        int
            0 where nothing is stored yet.

        Raises
        ------
        InputError
            If the condition cannot be understood.

        See Also
        --------
        twlab.Store.videos : how many there are of each video

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.count_rows("embedding_scope = 'clip'")
        100
        """
        check_where(where)
        return (
            0
            if self._table is None
            else count(self._table, lance.join_conditions(self._condition, where))
        )

    def videos(self) -> pd.DataFrame:
        """What is there: ``n_segments``, first and last second of each video and option.

        Returns
        -------
        DataFrame
            One row per video and option: ``video_id``, ``embedding_option``, ``n_segments``,
            ``start_sec``, ``end_sec`` in seconds.

        Raises
        ------
        InputError
            If nothing is stored yet.

        See Also
        --------
        twlab.Store.options : the options of the store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.videos()["n_segments"].tolist()
        [101]
        """
        columns = ["video_id", "embedding_option", "start_sec", "end_sec"]
        groups = self.to_table(columns=columns).groupby(columns[:2], sort=False, dropna=False)
        found = groups.agg(
            n_segments=("video_id", "size"),
            start_sec=("start_sec", "min"),
            end_sec=("end_sec", "max"),
        )
        return found.reset_index()

    @formerly(embedding_option="by")
    @formerly_took("method", _search_by, use="tw.nearest(query, store, exact=True)")
    @formerly_knew(fuse=FORMER_FUSES)
    def search(
        self,
        query: Query | None = None,
        *,
        queries: ManyQueries | None = None,
        text: str | None = None,
        k: int = 10,
        by: str | Sequence[str] | None = None,
        weights: Mapping[str, float] | None = None,
        fuse: Fuse = "standing",
        client: Embedder | None = None,
        model_name: str | None = None,
        video_id: str | Sequence[str] | None = None,
        start_sec: float | None = None,
        end_sec: float | None = None,
        where: str | None = None,
    ) -> pd.DataFrame:
        """The ``k`` places that answer a query best, best first; as :func:`twlab.search` has them.

        Parameters
        ----------
        query, queries, text, k, by, weights, fuse
            As for :func:`twlab.search`. Many `queries` in one call are sooner than as many calls:
            the store is read once for all.
        client, model_name, video_id, start_sec, end_sec, where
            As for :func:`twlab.search`.

        Returns
        -------
        DataFrame
            ``rank``, ``match`` (the row of the best segment in :meth:`to_table`), ``video_id``,
            ``start_sec``, ``end_sec``, ``score``, ``n_segments`` and the similarity by option, as
            :func:`twlab.search` explains them; then all other columns of the best segment, but
            what the store has by those names, so that it is a table of segments. Whole-video rows
            are left out unless there is nothing else; zero vectors always are.

        Raises
        ------
        InputError
            If the query fits no option, has other dimensions or another model, is to be embedded
            without a client or with a model that is not known, what is searched holds several
            models, a weight names an option that is not compared, or a condition cannot be
            understood.

        See Also
        --------
        twlab.search : the same of a table
        twlab.nearest : the neighbours of many rows, store read once
        twlab.merge_hits : hits that touch, joined

        Notes
        -----
        An option of more than 8,192 segments is read against some 4,096 of them, drawn once for
        each version, so scores may differ in the second figure from those of a table. Of several
        options 10 ``k`` segments of each, at least 200, are candidates, and of equally alike ones
        those that come first in the store, where a table goes by video and time. If
        :meth:`twlab.Store.optimize` has made a vector index, it is used where much is searched,
        and nearly all of what an exact search finds is found.

        Without such an index every vector is compared. What is searched so a second time, without
        a filter, is held in memory from then on, 4 bytes for each number of a vector, if that is
        at most a quarter of what is free; it is given up where the next search or ``to_table``
        finds memory short, with the next change, and with the store. Who filters alike again and
        again has a part hold its own: ``part = store.where(...)``.

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     moment = store.to_table("start_sec = 252")
        ...     store.search(moment, k=3, end_sec=300)["start_sec"].tolist()[0]
        252.0
        """
        asked, k = check_asked(by, weights, fuse), check_count(k, "k", of="hits")
        within = choose(video_id, start_sec, end_sec, where).in_sql()
        looked = self._look_within(within)

        def answer(questions: list[tuple[Any, str | None]]) -> list[pd.DataFrame]:
            return search_table(
                *(looked, questions, asked),
                k=k,
                client=client,
                model_name=model_name,
                exact=self._exact,
            )

        if queries is None:
            return answer([(query, text)])[0]
        return answer_each(
            lambda several: answer([(one, None) for one in several]),
            queries,
            query=query,
            text=text,
        )

    def _look_within(self, within: str | None) -> Looked:
        """What is searched, with what is looked up once of the version that is shown."""
        table, known = self._require_table(), self._known
        if known is None or known.table is not table:  # each change has a table of its own
            known = self._known = prepare_looking(table, self._condition)
        return known._replace(within=within)

    def _let_go(self) -> None:
        """Hold no rows that searches read."""
        if self._known is not None:
            self._known.held.let_go()

    def to_parquet(self, folder: str | os.PathLike[str]) -> Path:
        """The new folder to which all segments were written as Parquet files, whole or not at all.

        Parameters
        ----------
        folder : path
            It must not be there yet. :func:`twlab.load` and :meth:`twlab.Store.add` read it.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        InputError
            If it is there already or cannot be written.

        See Also
        --------
        twlab.Store.add : reads it back
        twlab.save : a table as one file

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     written = store.to_parquet(folder + "/plain")
        ...     len(tw.load(written))
        101
        """
        mark = lance.mark_of(self._require_table())
        no_rows = StoreFragment(self.address, self.version, 0, 0, "", mark, "false")
        return write_folder(self.fragments() or [no_rows], folder)

    def _require_table(self) -> Any:
        """The table of the store, which must be there to be read."""
        if self._table is None:
            raise InputError(
                f"there is no store at {self.address!r}; one with segments was expected; correct "
                "the path, or add segments with tw.open(path).add(segments)"
            )
        return self._table
