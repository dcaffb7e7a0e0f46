"""Pieces of a source, each for one worker, and what is known of its rows without their vectors.

* :class:`Piece`, :func:`join_fragments` - consecutive fragments of a few thousand rows together
* :class:`Held` - a matrix at hand, as a piece
* :class:`Turn`, :class:`Zeros`, :func:`check_width` - what loops over pieces share
* :func:`read_places` - the columns that analyses know but the vectors, of all rows
* :func:`rows_in`, :func:`take_rows`, :func:`stack`, :func:`read_rows` - some of the rows
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.groups.summary import FILE_COLUMNS
from twlab.analysis.neighbors.similarity import same_space
from twlab.archive.engines import Local
from twlab.archive.sources import Source
from twlab.errors import InputError
from twlab.table.blocks import kind
from twlab.table.rows import PIECES
from twlab.table.segments import BY_FIELDS, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.archive.engines import Executor
    from twlab.archive.sources import Fragment
    from twlab.table.types import Mask, Matrix, Positions


__all__ = [
    "Held",
    "Piece",
    "Turn",
    "Zeros",
    "check_one_width",
    "check_width",
    "executor_of",
    "join_fragments",
    "not_a_source",
    "read_places",
    "read_rows",
    "rows_in",
    "stack",
    "take_rows",
]

PIECE_ROWS = 8192
"""Rows of a piece: products of two of them keep a core busy for a second."""

KNOWN = {*COLUMNS, *FILE_COLUMNS, *PIECES, BY_FIELDS} - {"embedding"}
"""Columns that analyses read; others may be large and stay where they are."""


class Piece(NamedTuple):
    """Consecutive fragments."""

    fragments: tuple[Fragment, ...]
    first: int
    n_rows: int
    key: str

    @property
    def span(self) -> slice:
        """Which rows of the source these are."""
        return slice(self.first, self.first + self.n_rows)

    def matrix(self) -> Matrix:
        """The vectors, shape (n_rows, d)."""
        return stack([fragment.matrix() for fragment in self.fragments])

    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        """The rows; the index counts them in the source."""
        parts = [fragment.table(embedding=embedding) for fragment in self.fragments]
        return parts[0] if len(parts) == 1 else pd.concat(parts)


class Turn(NamedTuple):
    """The piece whose turn it is."""

    number: int
    key: str


class Zeros(NamedTuple):
    """Zero vectors met so far: how many, and the first row."""

    n: int = 0
    first: int = -1

    def add(self, first: int, zero: Mask) -> Zeros:
        """With those of a piece that comes later."""
        n = self.n + int(zero.sum())
        return Zeros(n, first + int(zero.argmax()) if n and not self.n else self.first)


class Held(NamedTuple):
    """A matrix at hand that takes the place of a piece."""

    rows: Matrix
    first: int = 0
    key: str = "held"

    @property
    def n_rows(self) -> int:
        """How many."""
        return len(self.rows)

    @property
    def span(self) -> slice:
        """All of them."""
        return slice(self.first, self.first + self.n_rows)

    def matrix(self) -> Matrix:
        """The vectors, shape (n_rows, d)."""
        return self.rows


def join_fragments(source: Source) -> list[Piece]:
    """All fragments of a source, small neighbours joined.

    Raises
    ------
    InputError
        If it is none.
    """
    if not isinstance(source, Source):
        raise not_a_source(source)
    out: list[Piece] = []
    joined: list[Fragment] = []
    for fragment in source.fragments():
        if joined and sum(one.n_rows for one in joined) + fragment.n_rows > PIECE_ROWS:
            out.append(_piece(joined))
            joined = []
        joined.append(fragment)
    return [*out, _piece(joined)] if joined else out


def executor_of(source: Source) -> Executor:
    """Where the jobs of a source run."""
    return source.executor or Local()


def not_a_source(given: Any) -> InputError:
    """What to say where there is no source."""
    return InputError(
        f"segments is {kind(given)}; a store was expected, as tw.open returns it; for a table or "
        "a path call the function of the same name in tw"
    )


def _piece(fragments: list[Fragment]) -> Piece:
    key = sha256("\n".join(one.key for one in fragments).encode()).hexdigest()[:16]
    n_rows = sum(one.n_rows for one in fragments)
    return Piece(tuple(fragments), fragments[0].first, n_rows, key)


def read_places(source: Source, pieces: Sequence[Piece]) -> pd.DataFrame:
    """The columns that analyses know, without the vectors, of all rows."""
    if not pieces:  # no rows still have columns
        return _drop_unknown(source.to_table())
    parts: list[pd.DataFrame] = list(executor_of(source).map(_read_places, pieces))
    return pd.concat(parts, ignore_index=True)


def _read_places(piece: Piece) -> pd.DataFrame:
    return _drop_unknown(piece.table(embedding=False))


def _drop_unknown(table: pd.DataFrame) -> pd.DataFrame:
    known: pd.DataFrame = table.drop(columns=[name for name in table.columns if name not in KNOWN])
    return known


def rows_in(piece: Piece, rows: Positions) -> slice:
    """Which of some rows, in ascending order, lie in a piece."""
    return slice(*np.searchsorted(rows, [piece.first, piece.first + piece.n_rows]))


def read_rows(pieces: Sequence[Piece], rows: Positions) -> pd.DataFrame:
    """Some rows, in ascending order, as one table."""
    parts: list[pd.DataFrame] = []
    for piece in pieces:
        mine = rows[rows_in(piece, rows)]
        if len(mine):
            parts.append(piece.table().iloc[mine - piece.first])
    return pd.concat(parts)


def take_rows(piece: Piece, rows: Positions) -> dict[str, Any]:
    """The vectors of those rows that lie in a piece."""
    mine = rows[rows_in(piece, rows)]
    return {"rows": mine, "matrix": piece.matrix()[mine - piece.first]}


def stack(parts: Sequence[Matrix]) -> Matrix:
    """The rows of all parts, one after the other.

    Raises
    ------
    InputError
        If they are of several dimensions.
    """
    check_one_width({part.shape[1] for part in parts})
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_one_width(widths: set[int]) -> None:
    """Refuse pieces whose vectors are of several dimensions."""
    if len(widths) > 1:
        raise InputError(
            f"vectors of {sorted(widths)} dimensions in one store; one was expected; keep vectors "
            "of different models in stores of their own"
        )


def check_width(left: Matrix, right: Matrix) -> None:
    """Refuse vectors of several dimensions."""
    same_space(None, None, left, right)
