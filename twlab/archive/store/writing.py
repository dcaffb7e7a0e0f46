"""Batches of segments into a store, each committed whole."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.archive.store import lance
from twlab.archive.store.arrow import arrow_rows, cut_in_blocks, fit_rows
from twlab.archive.store.keys import (
    KEY,
    describe,
    keys_of,
    plain_keys,
    prepare_table,
)
from twlab.errors import InputError
from twlab.table.conditions import quote
from twlab.table.rows import IDENTITY, PIECES, name_pieces
from twlab.table.tracks import SAME_SEC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "check_films",
    "check_names",
    "cut_batches",
    "drop_columns",
    "find_known",
    "give_way",
    "merge",
    "renew_keys",
    "write_batch",
]

BATCH_BYTES = 5 * 2**24
"""Vectors committed at once: 40,960 rows of 512 numbers. Lance keeps a batch for the case that it
has to write it again, up to 100 MiB in memory, a larger one in a temporary file beside it."""

BLOCK_BYTES = 2**24
"""Vectors that Lance is given at a time: 8192 rows of 512 numbers, as many as its engine passes on.
As one block 50,000 rows cost .7 s of CPU, .58 of them the kernel's, which takes back what is above
32 MB after each step; in such blocks .2 s."""

SHUFFLED_ROWS = 2**17
"""Rows from which on Lance's engine, which is DataFusion, divides those that are merged by their
keys over the cores, in any order. A smaller store has its rows in the order in which they came, as
long as each batch is one block."""

LEAST_ROWS = 1024
"""Rows committed at once however long their vectors are, as every commit is a version."""

_PATIENCE = timedelta(minutes=10)
"""How long one commit may take: a batch is 84 MB, six minutes on a line of 2 Mbit/s."""

_VALUES_AT_ONCE = 200
"""Names in one condition, which is parsed as text: 20 kB where names are long as addresses are."""


def cut_batches(segments: Any) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """A table, checked as a whole, in pieces with the keys of their rows."""
    table = prepare_table(segments)
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
    stored = _read_stored(table, "video_id", rows["video_id"].unique(), [KEY])
    known = {*stored[KEY]} & set(keys)
    if known:
        at = next(row for row, key in enumerate(keys) if key in known)
        raise InputError(
            f"{describe(rows.iloc[at])} is in the store already, with {len(known) - 1} more of "
            f"these {len(keys)}; new segments were expected; write them with upsert, which replaces"
        )


def renew_keys(table: Any, rows: pd.DataFrame) -> None:
    """Give pieces of documents that an earlier version stored the keys they have now.

    Only rows without time of the videos that are to be written can need it: before, their pieces
    were no part of their identity.
    """
    names = [name for name in PIECES if name in table.schema.names]
    ours = rows["start_sec"].isna().to_numpy() & (np.array(name_pieces(rows), dtype=object) != "")
    if not names or not ours.any():
        return
    videos = rows["video_id"][ours].unique()
    stored = _read_stored(table, "video_id", videos, [KEY, *IDENTITY, *names])
    stored = stored[stored["start_sec"].isna()]
    parts = name_pieces(stored)
    old, new = plain_keys(stored, [""] * len(stored)), plain_keys(stored, parts)
    for key, was, now in zip(stored[KEY], old, new, strict=True):
        if key == was != now:  # one commit each: such a store has one piece of a document at most
            change = partial(table.update, where=f"{KEY} = {quote(was)}", values={KEY: now})
            with lance.reword_errors("the keys of stored pieces were not renewed"):
                lance.retry(change, table)


def drop_columns(table: Any, names: list[str]) -> None:
    """Take columns from all rows, in one commit."""
    _check_free(names, table.schema.names)

    def drop() -> None:
        left = [name for name in names if name in table.schema.names]
        if left:
            table.drop_columns(left)

    with lance.reword_errors(f"the columns {', '.join(map(repr, names))} were not dropped"):
        lance.retry(drop, table)


def _check_free(names: list[str], there: list[str]) -> None:
    """Refuse columns that are not there, or without which there are no segments."""
    own = (KEY, *IDENTITY, "embedding")
    unfit = next((name for name in names if name in own or name not in there), None)
    if unfit is not None:
        what = "belongs to every segment" if unfit in own else "is not there"
        free = ", ".join(repr(name) for name in there if name not in own)
        raise InputError(
            f"column {unfit!r} {what}; one of the other columns was expected: "
            f"{free or 'there is none'}"
        )


def give_way(table: Any, parts: list[tuple[pd.DataFrame, list[str]]], names: list[str]) -> None:
    """Drop the columns of a store that those of the same name in new rows are to replace.

    Raises
    ------
    InputError
        If the rows have no such column, or could not be written then; nothing is dropped.
    """
    import pyarrow as pa

    _check_free(names, [str(name) for name in parts[0][0].columns] if parts else [])
    old = [name for name in names if table is not None and name in table.schema.names]
    if old:
        left = pa.schema([field for field in table.schema if field.name not in old])
        for rows, keys in parts:
            fit_rows(arrow_rows(rows, keys), left)
        drop_columns(table, old)


def check_films(table: Any, rows: pd.DataFrame) -> None:
    """Refuse another film under the name of one that is stored.

    Raises
    ------
    InputError
        If a video of the same name has another duration.
    """
    columns = ["video_id", "duration_sec"]
    if not {*columns} <= {*rows.columns} & {*table.schema.names}:
        return
    here = _durations(rows[columns])
    stored = _durations(_read_stored(table, "video_id", here["video_id"].unique(), columns))
    both = here.merge(stored.drop_duplicates("video_id"), on="video_id")
    other = both[abs(both["duration_sec_x"] - both["duration_sec_y"]) > SAME_SEC]
    for name, ours, theirs in other.itertuples(index=False):
        raise InputError(
            f"{name!r} lasts {ours:g} s here and {theirs:g} s in the store; one film per name was "
            "expected; give this one another name with tw.load(file, video_id=...), or delete the "
            "other"
        )


def _durations(rows: pd.DataFrame) -> pd.DataFrame:
    """How long each video lasts, as far as that is known; each duration once."""
    seconds = pd.to_numeric(rows["duration_sec"], errors="coerce").astype(np.float64)
    known = pd.DataFrame({"video_id": rows["video_id"].astype(object), "duration_sec": seconds})
    return known.dropna().drop_duplicates()


def check_names(table: Any, rows: pd.DataFrame) -> None:
    """Refuse the rows of a file that is stored under another name.

    Raises
    ------
    InputError
        If a file named its film otherwise when it was stored.
    """
    columns = ["source", "video_id"]
    if not {*columns} <= {*rows.columns} & {*table.schema.names}:
        return
    now = _names_by_source(rows)
    stored = _names_by_source(_read_stored(table, "source", now, columns))
    for source, names in stored.items():
        if not {*names} & {*now[source]}:
            raise InputError(
                f"{source!r} is stored as {names[0]!r} and would be {now[source][0]!r} now, as "
                "another file names the same film; one name was expected; write such files one by "
                "one, as tw.load(file, video_id=...) gives them"
            )


def _names_by_source(rows: pd.DataFrame) -> dict[str, list[str]]:
    """What the videos of each file are called."""
    names: dict[str, list[str]] = {}
    named = rows["source"].map(lambda source: isinstance(source, str)).astype(bool)
    pairs = rows.loc[named, ["source", "video_id"]].dropna().drop_duplicates()
    for source, name in pairs.itertuples(index=False):
        names.setdefault(source, []).append(name)
    return names


def _read_stored(table: Any, name: str, values: Iterable[Any], columns: list[str]) -> pd.DataFrame:
    """Some columns of the stored rows that have one of these values."""
    wanted = [value for value in values if isinstance(value, str)]
    if str(table.schema.field(name).type) != "string":
        wanted = []
    parts = [pd.DataFrame(columns=columns)]
    for first in range(0, len(wanted), _VALUES_AT_ONCE):
        listed = ", ".join(map(quote, wanted[first : first + _VALUES_AT_ONCE]))
        with lance.reading(table, None):
            rows = lance.plain_query(table, columns, f"{name} IN ({listed})").to_arrow()
        parts.append(rows.to_pandas())
    return pd.concat([part for part in parts if len(part)] or parts)


def write_batch(
    address: str,
    table: Any,
    rows: pd.DataFrame,
    keys: list[str],
    *,
    replace: bool,
    like: Any = None,
) -> tuple[Any, int]:
    """The table after one commit, and how many rows that wrote; the store is made if need be.

    Rows of another store are like it: what all of them lack has a type there.
    """
    columns = arrow_rows(rows, keys)
    columns = columns if like is None else fit_rows(columns, like)
    if table is None:
        table = lance.create(address, _mark_schema(columns.schema))
    with lance.reword_errors(f"the batch was not written to the store {address!r}"):
        table.checkout_latest()
        fit_rows(columns, table.schema)  # else the store would keep the columns of rows it refuses
        _add_columns(table, columns.schema)
        done = lance.retry(lambda: merge(table, columns, replace=replace), table)
    return table, done.num_inserted_rows + done.num_updated_rows


def merge(table: Any, columns: Any, *, replace: bool) -> Any:
    """One commit, in the columns that the store has by now."""
    wanted = table.merge_insert(KEY).when_not_matched_insert_all()
    if replace:
        wanted = wanted.when_matched_update_all()
    # With an index of keys Lance does not notice that another process inserts the same ones.
    rows = fit_rows(columns, table.schema)
    if table.count_rows() >= SHUFFLED_ROWS:
        rows = cut_in_blocks(rows, BLOCK_BYTES)
    return wanted.use_index(use_index=False).execute(rows, timeout=_PATIENCE)


def _mark_schema(schema: Any) -> Any:
    """The schema of a new store, with a mark that no other store has."""
    key = schema.field(KEY)
    marks = {**key.metadata, lance.STORE_MARK: uuid.uuid4().hex.encode()}
    return schema.set(schema.get_field_index(KEY), key.with_metadata(marks))


def _add_columns(table: Any, schema: Any) -> None:
    """Give the table the columns that it lacks; earlier rows miss values there."""

    def add() -> None:
        new = [field for field in schema if field.name not in table.schema.names]
        if new:
            table.add_columns(new)

    lance.retry(add, table)
