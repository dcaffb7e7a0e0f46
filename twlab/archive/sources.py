"""Segments that need not fit in memory, and how the same functions take them.

A source is anything that gives its segments in fragments, each of which one worker reads on its
own: a store on disk or in a bucket. The row ids of a source count its rows in order, so that they
are the index of :meth:`Source.to_table`, and a result on a source is the result on that table.

* :class:`Fragment` - a piece of a source; it can be pickled
* :class:`Source` - fragments, and the table of them all
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import Matrix


__all__ = ["Fragment", "Source"]


class Fragment(ABC):
    """A piece of a source, small enough for one worker's memory; it must be possible to pickle it.

    Attributes
    ----------
    first, n_rows : int
        Its rows are ``first`` to ``first + n_rows`` of the source.
    key : str
        The same for the same rows of the same version; it names files of results.

    See Also
    --------
    twlab.distributed.Source : fragments, and the table of them all
    twlab.Store.fragments : those of a store

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     isinstance(store.fragments()[0], tw.distributed.Fragment)
    True
    """

    first: int
    n_rows: int
    key: str

    @abstractmethod
    def matrix(self) -> Matrix:
        """The vectors.

        Returns
        -------
        ndarray of shape (n_rows, d), float32
            In the order of the rows.

        See Also
        --------
        twlab.vectors : those of a table

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.fragments()[0].matrix().shape
        (101, 1280)
        """

    @abstractmethod
    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        """The rows.

        Parameters
        ----------
        embedding : bool, default True
            With the vectors; without them it costs much less.

        Returns
        -------
        DataFrame
            A table of segments whose index counts the rows in the source, from ``first``.

        See Also
        --------
        twlab.Store.to_table : all rows of a store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     "embedding" in store.fragments()[0].table(embedding=False)
        False
        """


class Source(ABC):
    """Segments in fragments, with an executor that analyses run on; a store is one.

    Where segments lie elsewhere, a class below this one lets every function that takes a store
    work on them: it says which fragments there are, and what each holds.

    Attributes
    ----------
    executor : Executor or None
        Where jobs run; None for this process.
    work : Path or None
        A folder for what jobs have done so far, from which an interrupted one goes on; it need
        not be there yet. None where an interrupted job starts anew.

    See Also
    --------
    twlab.Store : the one that twlab has
    twlab.distributed.Fragment : a piece of a source

    Examples
    --------
    >>> import twlab as tw
    >>> class Film(tw.distributed.Fragment):
    ...     first, n_rows, key = 0, 101, "film, version 1"
    ...     def table(self, *, embedding=True):
    ...         return tw.sample() if embedding else tw.sample().drop(columns="embedding")
    ...     def matrix(self):
    ...         return tw.vectors(self.table())
    >>> class Films(tw.distributed.Source):
    ...     def fragments(self):
    ...         return [Film()]
    ...     def to_table(self):
    ...         return tw.sample()
    >>> tw.scenes(Films()).equals(tw.scenes(tw.sample()))
    True
    """

    executor: Any = None
    work: Path | None = None

    @abstractmethod
    def fragments(self) -> Sequence[Fragment]:
        """All rows, in order, in pieces for workers.

        Returns
        -------
        list of Fragment
            Each begins where the one before it ends.

        See Also
        --------
        twlab.Store.fragments : those of a store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     [(one.first, one.n_rows) for one in store.fragments()]
        [(0, 101)]
        """

    @abstractmethod
    def to_table(self) -> pd.DataFrame:
        """All rows as one table.

        Returns
        -------
        DataFrame
            A table of segments, indexed 0 … n - 1.

        See Also
        --------
        twlab.Store.to_table : that of a store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     len(store.to_table())
        101
        """

    def n_bytes(self) -> int | None:
        """How much memory all vectors take.

        Returns
        -------
        int or None
            Bytes; None where that is not known without reading. A small source without an
            executor is read whole, which is quicker.

        See Also
        --------
        twlab.Store.n_bytes : that of a store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.n_bytes() == 101 * 1280 * 4
        True
        """
        return None

    def options(self) -> list[str]:
        """The embedding options of everything that this is a part of.

        Returns
        -------
        list of str
            As far as they are known; they are named where a filter left no rows.

        See Also
        --------
        twlab.Store.options : those of a store

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = tw.open(folder)
        ...     n = store.add(tw.sample())
        ...     store.where("start_sec < 0").options()
        ['visual']
        """
        return []
