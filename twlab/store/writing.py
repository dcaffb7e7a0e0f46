"""Batches of segments into a store, each committed whole."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from twlab.errors import InputError
from twlab.store import tables
from twlab.store.arrow import KEY, arrow_rows, fitted, keys_of, prepared, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["batches", "find_known", "merge", "write_batch"]

BATCH_BYTES = 2**27
"""Vectors committed at once: 65,536 rows of 512 numbers."""

LEAST_ROWS = 1024

_PATIENCE = timedelta(minutes=10)
_VIDEOS_AT_ONCE = 200


def batches(segments: Any) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """A table, checked as a whole, in pieces with the keys of their rows."""
    table = prepared(segments)
    keys = keys_of(table)
    width = max(map(len, table["embedding"]), default=1)
    size = max(LEAST_ROWS, BATCH_BYTES // (4 * width))
    for first in range(0, len(table), size):
        yield table.iloc[first : first + size], keys[first : first + size]


def find_known(table: Any, rows: pd.DataFrame, keys: list[str]) -> None:
    """Refuse rows that the store already has.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    videos = rows["video_id"].unique().tolist()
    known: set[str] = set()
    for first in range(0, len(videos), _VIDEOS_AT_ONCE):
        listed = ", ".join(map(tables.quoted, videos[first : first + _VIDEOS_AT_ONCE]))
        query = tables.plain_query(table, [KEY], f"video_id IN ({listed})")
        with tables.reading(table, None):
            known.update(query.to_arrow()[KEY].to_pylist())
    known &= set(keys)
    if known:
        at = next(row for row, key in enumerate(keys) if key in known)
        raise InputError(
            f"{told(rows.iloc[at])} is in the store already, with {len(known) - 1} more of these "
            f"{len(keys)}; new segments were expected; write them with upsert, which replaces"
        )


def write_batch(
    address: str, table: Any, rows: pd.DataFrame, keys: list[str], *, replace: bool
) -> tuple[Any, int]:
    """The table after one commit, and how many rows that wrote; the store is made if need be."""
    columns = arrow_rows(rows, keys)
    if table is None:
        table = tables.create(address, _marked(columns.schema))
    with tables.words(f"the batch was not written to the store {address!r}"):
        table.checkout_latest()
        _add_columns(table, columns.schema)
        done = tables.retried(lambda: merge(table, columns, replace=replace), table)
    return table, done.num_inserted_rows + done.num_updated_rows


def merge(table: Any, columns: Any, *, replace: bool) -> Any:
    """One commit, in the columns that the store has by now."""
    wanted = table.merge_insert(KEY).when_not_matched_insert_all()
    if replace:
        wanted = wanted.when_matched_update_all()
    # With an index of keys Lance does not notice that another process inserts the same ones.
    rows = fitted(columns, table.schema)
    return wanted.use_index(use_index=False).execute(rows, timeout=_PATIENCE)


def _marked(schema: Any) -> Any:
    """The schema of a new store, with a mark that no other store has."""
    key = schema.field(KEY)
    marks = {**key.metadata, tables.STORE_MARK: uuid.uuid4().hex.encode()}
    return schema.set(schema.get_field_index(KEY), key.with_metadata(marks))


def _add_columns(table: Any, schema: Any) -> None:
    """Give the table the columns that it lacks; earlier rows miss values there."""

    def add() -> None:
        new = [field for field in schema if field.name not in table.schema.names]
        if new:
            table.add_columns(new)

    tables.retried(add, table)
