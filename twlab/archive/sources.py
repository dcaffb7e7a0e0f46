"""Segments that need not fit in memory, and how the same functions take them.

A source is anything that gives its segments in fragments, each of which one worker reads on its
own: a store on disk or in a bucket. The row ids of a source count its rows in order, so that they
are the index of :meth:`Source.to_table`, and a result on a source is the result on that table.

* :class:`Fragment` - a piece of a source; it can be pickled
* :class:`Source` - fragments, and the table of them all
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import Matrix


__all__ = ["Fragment", "Source"]

ROOM = 5
"""How often vectors must fit into free memory to be read whole: analyses hold copies of them."""

P = ParamSpec("P")
R = TypeVar("R")


class Fragment(ABC):
    """A piece of a source, small enough for one worker's memory.

    Attributes
    ----------
    first, n_rows : int
        Its rows are ``first`` to ``first + n_rows`` of the source.
    key : str
        The same for the same rows of the same version; it names files of results.
    """

    first: int
    n_rows: int
    key: str

    @abstractmethod
    def matrix(self) -> Matrix:
        """The vectors, shape (n_rows, d)."""

    @abstractmethod
    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        """The rows; the index counts them in the source."""


class Source(ABC):
    """Segments in fragments, with an executor that analyses run on.

    Attributes
    ----------
    executor : Executor or None
        Where jobs run; None for this process.
    work : Path or None
        A folder for what jobs have done so far, from which an interrupted one goes on; it need
        not be there yet. None where an interrupted job starts anew.
    """

    executor: Any = None
    work: Path | None = None

    @abstractmethod
    def fragments(self) -> Sequence[Fragment]:
        """All rows, in order."""

    @abstractmethod
    def to_table(self) -> pd.DataFrame:
        """All rows as one table, indexed 0 … n - 1."""

    def n_bytes(self) -> int | None:
        """How much memory all vectors take; None where that is not known without reading."""
        return None

    def options(self) -> list[str]:
        """The embedding options of everything that this is a part of, as far as they are known."""
        return []
