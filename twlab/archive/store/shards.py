"""Pieces of a store that any process reads on its own."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.archive.sources import Fragment
from twlab.archive.store.arrow import frame_of
from twlab.archive.store.keys import KEY
from twlab.archive.store.lance import (
    mark_of,
    plain_query,
    reword_errors,
    table_at,
)
from twlab.archive.store.reading_back import count

if TYPE_CHECKING:
    import pandas as pd

    from twlab.table.types import Matrix


__all__ = ["StoreFragment", "block_of", "cut_fragments"]

ROWS = 16_384
"""Rows of a fragment: 32 MB of vectors of 512 numbers, and enough pieces to share out."""


@dataclass(frozen=True)
class StoreFragment(Fragment):
    """Rows ``first`` to ``first + n_rows`` of a version of a store, read where they are needed.

    With a condition only its rows count.
    """

    address: str
    version: int
    first: int
    n_rows: int
    key: str
    mark: str
    condition: str | None = None

    def matrix(self) -> Matrix:
        """The vectors, shape (n_rows, d)."""
        return block_of(self._rows(["embedding"])["embedding"])

    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        """The rows; the index counts them in the store."""
        left_out = (KEY,) if embedding else (KEY, "embedding")
        fields = [field for field in self._table().schema if field.name not in left_out]
        rows = self._rows([field.name for field in fields])
        matrix = block_of(rows["embedding"]) if embedding else None
        return frame_of(rows, fields, matrix, n_rows=self.n_rows, first=self.first)

    def _table(self) -> Any:
        return table_at(self.address, self.version, self.mark)

    def _rows(self, columns: list[str]) -> Any:
        with reword_errors(f"rows of the store {self.address!r} cannot be read"):
            query = plain_query(self._table(), columns, self.condition)
            return query.limit(self.n_rows).offset(self.first).to_arrow()


def cut_fragments(address: str, table: Any, condition: str | None = None) -> list[StoreFragment]:
    """All rows of a table, or those of a condition, as fragments, in order."""
    n, version, mark = count(table, condition), table.version, mark_of(table)
    fragments = []
    for first in range(0, n, ROWS):
        size = min(ROWS, n - first)
        name = f"{mark}:{version}:{first}:{size}{condition or ''}".encode()
        key = blake2b(name, digest_size=16).hexdigest()
        fragments.append(StoreFragment(address, version, first, size, key, mark, condition))
    return fragments


def block_of(column: Any) -> Matrix:
    """An Arrow column of vectors as one read-only block in C order."""
    width = column.type.list_size
    parts = [np.asarray(chunk.flatten()).reshape(-1, width) for chunk in column.chunks]
    block = parts[0].copy() if len(parts) == 1 else _join_blocks(parts, width)
    block.setflags(write=False)
    return block


def _join_blocks(parts: list[Matrix], width: int) -> Matrix:
    return np.concatenate(parts) if parts else np.empty((0, width), np.float32)
