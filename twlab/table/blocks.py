"""Cells of an ``embedding`` column and the one block they are rows of.

The mechanics under :mod:`twlab.table.segments`, which is the door: nothing here knows a table.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import repeat
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Matrix


__all__ = [
    "cells_of",
    "check_finite",
    "check_table",
    "float_matrix",
    "gather",
    "holds_lists",
    "kind",
    "row_marks",
    "stored_block",
]


def cells_of(block: Matrix) -> NDArray[np.object_]:
    """The rows of a block as an array of objects, each a view of it."""
    return np.fromiter(iter(block), dtype=object, count=len(block))


def holds_lists(column: pd.Series[Any]) -> bool:
    """Whether cells are Python lists, which Arrow would give back as arrays."""
    return column.dtype == object and any(isinstance(cell, list) for cell in column)


def stored_block(cells: NDArray[np.object_]) -> Matrix | None:
    """The rows as cut from the one block they are views of; None where they are not."""
    from pyarrow import py_buffer

    first = cells[0]
    owner: Any = getattr(first, "base", None)
    if not isinstance(owner, np.ndarray) or owner.dtype != np.float32 or first.ndim != 1:
        return None
    width = first.size
    if not owner.flags.c_contiguous or not width or owner.size % width or owner.flags.writeable:
        return None
    # Attributes are read by C: a loop over the cells takes three times as long.
    try:
        alike = set(map(attrgetter("shape", "strides"), cells)) == {((width,), (4,))}
        owned = all(map(is_, map(attrgetter("base"), cells), repeat(owner)))
        typed = all(map(is_, map(attrgetter("dtype"), cells), repeat(owner.dtype)))
    except AttributeError:  # a list, or a number
        return None
    if not (alike and owned and typed):
        return None
    # A tenth of the time that numpy takes to tell where the memory of a row begins.
    starts = np.array([py_buffer(cell).address for cell in cells])
    rows, rest = np.divmod(starts - owner.ctypes.data, 4 * width)
    if rest.any():
        return None
    block: Matrix = owner.reshape(-1, width)
    if (np.diff(rows) == 1).all():
        return block[rows[0] : rows[-1] + 1]
    return np.asarray(block[rows])


@np.errstate(over="ignore")  # what leaves float32 becomes infinite, and is told so
def gather(cells: NDArray[np.object_]) -> Matrix:
    """One float32 matrix from separate cells of numbers."""
    rows = []
    for position, cell in enumerate(cells):
        try:
            row = np.asarray(_refuse_complex(cell), dtype=np.float32)
        except (TypeError, ValueError, OverflowError):
            row = np.empty((0, 0), np.float32)
        if row.ndim != 1 or not row.size:
            raise InputError(
                f"row {position} holds {kind(cell)} in place of a vector; a one-dimensional "
                "list of numbers was expected; drop or replace the row"
            )
        rows.append(row)
    sizes, counts = np.unique([row.size for row in rows], return_counts=True)
    if len(sizes) > 1:
        listed = ", ".join(f"{s} ({c} rows)" for s, c in zip(sizes, counts, strict=True))
        raise InputError(
            f"vectors of several dimensions in one table: {listed}; one was expected; filter to "
            "one model_name and one embedding_option first"
        )
    return np.stack(rows)


def float_matrix(matrix: Any) -> Matrix:
    """A 2-D float32 array in C order; the vectors of a column one below the other."""
    if isinstance(matrix, pd.Series):
        matrix = _cells_of_column(matrix)
    try:
        with np.errstate(over="ignore"):  # what leaves float32 becomes infinite, and is told so
            array = np.ascontiguousarray(_refuse_complex(matrix), dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"the matrix is {kind(matrix)}; numbers of shape (n, d) were expected"
        ) from None
    if np.ndim(matrix) != 2:
        remedy = "give a single vector as [vector]" if np.ndim(matrix) == 1 else "reshape it"
        raise InputError(f"the matrix has shape {np.shape(matrix)}; (n, d) was expected; {remedy}")
    return array


def _cells_of_column(column: pd.Series[Any]) -> Any:
    """The cells of a column of vectors."""
    _refuse_row(column)
    return column.tolist() if column.dtype == object else column.to_numpy()


def check_table(segments: Any) -> None:
    """Refuse what is no table, before its columns are looked for."""
    _refuse_row(segments)
    if not isinstance(segments, pd.DataFrame):
        raise InputError(
            f"segments is {kind(segments)}; a DataFrame as tw.load returns it was expected; make "
            "one of vectors with tw.from_vectors(matrix, start_sec=..., end_sec=...)"
        )


def _refuse_row(value: Any) -> None:
    """Tell a row, which pandas makes a Series too, from a table or a column of vectors."""
    if isinstance(value, pd.Series) and "embedding" in value.index:
        raise InputError(
            "a single row of a table; a table of one row was expected; take it with "
            "table.iloc[[k]], in two brackets"
        )


def _refuse_complex(numbers: Any) -> Any:
    """The numbers as they are; complex ones raise, where numpy would drop half of each."""
    if isinstance(numbers, np.ndarray) and numbers.dtype.kind == "c":
        raise TypeError("complex numbers")
    return numbers


def check_finite(matrix: Matrix) -> None:
    """Refuse NaN and infinity; one sum is enough to know that there is none."""
    if np.isfinite(matrix.sum(dtype=np.float64)):
        return
    bad = ~np.isfinite(matrix)
    if bad.any():
        row, column = (int(k) for k in np.argwhere(bad)[0])
        raise InputError(
            f"row {row} holds {matrix[row, column]} at place {column} of its vector "
            f"({int(bad.any(axis=1).sum())} such rows); finite numbers were expected; drop them"
        )


def row_marks(matrix: Matrix) -> NDArray[np.uint64]:
    """A number for each row, the same for the same numbers; 0 and -0 are the same."""
    rows = np.ascontiguousarray(matrix + np.float32(0))
    found = b"".join(blake2b(row, digest_size=8).digest() for row in rows)
    return np.frombuffer(found, np.uint64)


def kind(value: Any) -> str:
    """What a value is, in a word."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    return "None" if value is None else f"a {type(value).__name__}"
