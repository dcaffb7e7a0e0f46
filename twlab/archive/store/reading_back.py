"""Rows of a store as one table in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.archive.store.arrow import frame_of
from twlab.archive.store.keys import KEY
from twlab.archive.store.lance import count_where, plain_query, reading
from twlab.errors import InputError
from twlab.memory import free_bytes
from twlab.table.conditions import check_where

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["count", "read_table"]

BYTES_PER_ROW = 600
"""What a row of a pandas table takes beside its numbers: the cells, and the view of its vector."""


def count(table: Any, where: str | None) -> int:
    """How many rows there are, all or of a condition."""
    check_where(where)
    with reading(table, where):
        return count_where(table, where)


def read_table(
    table: Any, *, where: str | None, columns: list[str] | None, free_more: Callable[[], None]
) -> pd.DataFrame:
    """The rows as pandas, their vectors in one block; more memory is freed where it is short."""
    import pyarrow as pa

    names = _check_columns(table.schema, columns)
    n = count(table, where)
    width = table.schema.field("embedding").type.list_size if "embedding" in names else 0
    _check_fits(n, width, free_more)
    block = np.empty((n, width), np.float32)
    parts, at = [], 0
    with reading(table, where):
        for batch in plain_query(table, names, where).to_batches():
            rows = pa.Table.from_batches([batch])
            if width:
                vectors = rows["embedding"].combine_chunks().flatten()
                block[at : at + len(rows)] = np.asarray(vectors).reshape(-1, width)
                rows = rows.drop_columns("embedding")
            parts.append(rows.take(pa.array(np.arange(len(rows)))))  # a copy lets the vectors go
            at += len(rows)
    block.setflags(write=False)
    fields = [table.schema.field(name) for name in names]
    return frame_of(_join_parts(parts, fields), fields, block if width else None, n_rows=at)


def _join_parts(parts: list[Any], fields: list[Any]) -> Any:
    """The parts as one Arrow table; an empty one where there are none."""
    import pyarrow as pa

    if parts:
        return pa.concat_tables(parts)
    return pa.schema(fields).empty_table()


def _check_columns(schema: Any, columns: list[str] | None) -> list[str]:
    """The columns to read, checked."""
    there = [name for name in schema.names if name != KEY]
    if columns is None:
        return there
    try:
        asked = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    except TypeError:
        raise InputError(
            f"columns is {columns!r}; a list of names was expected (there are: {', '.join(there)})"
        ) from None
    unknown = [name for name in asked if name not in there]
    if unknown or not asked:
        what = f"no column {unknown[0]!r}" if unknown else "no column asked for"
        raise InputError(f"{what} (there are: {', '.join(there)}); name columns of the store")
    return asked


def _check_fits(n: int, width: int, free_more: Callable[[], None]) -> None:
    """Refuse a table that the memory that is free would not hold, nor that which can be freed."""
    needed, free = n * (4 * width + BYTES_PER_ROW), free_bytes()
    if free is not None and needed > free:
        free_more()
        free = free_bytes()
    if free is not None and needed > free:
        raise InputError(
            f"{n:,} segments take {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB of memory are free; "
            "a smaller table was expected; filter with where=, leave out the vectors with "
            "columns=, or pass the store itself to an analysis"
        )
