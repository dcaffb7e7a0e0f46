"""The ledger's file: its tables, its older forms, and a tally of all its rows.

What a row says decides what is paid for, and SQLite keeps whatever anybody writes. So the file
carries a tally: the exclusive or of a hash of every row of every table. It changes in the same
transaction as the rows, by triggers that exist on twlab's own connections alone. Rows that another
program changed, put in or deleted no longer agree with it, whichever column it was; such a file is
refused, and what it knew is found again as that of a lost one is.

It shows accidents, and is no protection from somebody who means harm: they could write the tally.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORM", "NewerFormError", "has_foreign_changes", "into_wal", "keep_tally", "prepare"]

FORM = 3
"""Of the tables, written into the file; whoever changes them counts on."""
_JOBS = """
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    api TEXT NOT NULL,
    source TEXT NOT NULL,
    content TEXT NOT NULL,
    video_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    options TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new'
        CHECK (state IN ('new', 'submitting', 'processing', 'ready', 'failed', 'rejected')),
    owner TEXT,
    upload_name TEXT,
    task_id TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted_at REAL,
    service_at REAL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    answer TEXT,
    error TEXT
);
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY,
    key TEXT NOT NULL REFERENCES jobs (key)
);
"""
_ASSETS = """
CREATE TABLE IF NOT EXISTS assets (
    account TEXT NOT NULL,
    content TEXT NOT NULL,
    owner TEXT,
    asset_id TEXT,
    upload_id TEXT,
    chunk_size INTEGER,
    n_chunks INTEGER,
    upload_headers TEXT,
    PRIMARY KEY (account, content)
);
CREATE TABLE IF NOT EXISTS parts (
    upload_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    reported INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (upload_id, number)
);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    content TEXT NOT NULL
);
"""
_LOST = """
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS lost (api TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS looked (
    api TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (api, account)
);
CREATE TABLE IF NOT EXISTS orphans (
    task_id TEXT NOT NULL,
    account TEXT NOT NULL,
    api TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (task_id, account)
);
"""
_TALLY = """
CREATE TABLE IF NOT EXISTS tally (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    rows INTEGER NOT NULL
);
"""
_SCHEMA = f"{_JOBS}{_ASSETS}{_LOST}"
_HASH_BYTES = 8  # an INTEGER of SQLite


class NewerFormError(Exception):
    """The file has a form that this twlab does not know; `args` holds its number."""


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older form to this one, and take their tally.

    Raises
    ------
    NewerFormError
        If a newer twlab wrote the file.
    sqlite3.DatabaseError
        If the tables are not those of any form.
    """
    form = db.execute("PRAGMA user_version").fetchone()[0]
    if form > FORM:
        raise NewerFormError(form)
    if form < FORM:
        db.executescript(f"BEGIN IMMEDIATE; {_older(_columns(db))} {_SCHEMA} {_TALLY}")
        sums = (_tally(db),)
        db.execute("INSERT OR REPLACE INTO tally VALUES (1, ?)", sums)
        db.execute(f"PRAGMA user_version = {FORM}")
        db.execute("COMMIT")
    found, wanted = _columns(db), {**_tables(), "tally": {"one", "rows"}}
    strange = [name for name, columns in wanted.items() if found.get(name) != columns]
    if strange:
        raise sqlite3.DatabaseError(f"table {strange[0]!r} is not as twlab makes it")


def _older(found: Mapping[str, set[str]]) -> str:
    """What brings the tables of an older form to this one."""
    steps = []
    if "service_at" not in found.get("jobs", {"service_at"}):  # form 1
        steps.append("ALTER TABLE jobs ADD COLUMN service_at REAL;")
    if "account" not in found.get("orphans", {"account"}):  # form 2, as it was at first
        # It does not say whose tasks these are: each account looks for its own once more.
        again = "SELECT 'v1' FROM orphans UNION SELECT 'v2' FROM orphans"
        steps.append(f"INSERT OR IGNORE INTO lost {again}; DROP TABLE orphans;")
        steps.append("DROP TABLE IF EXISTS looked;")
    return " ".join(steps)


def keep_tally(db: sqlite3.Connection) -> None:
    """From now on what this connection changes changes the tally."""
    db.create_function("twlab_tally", -1, _with_row)
    db.execute("PRAGMA recursive_triggers = ON")  # a row that is replaced is a row deleted
    for table, columns in _tables().items():
        old, new = (
            f"'{table}', " + ", ".join(f"{side}.{name}" for name in sorted(columns))
            for side in ("OLD", "NEW")
        )
        sums = {
            "INSERT": f"twlab_tally(rows, {new})",
            "DELETE": f"twlab_tally(rows, {old})",
            "UPDATE": f"twlab_tally(twlab_tally(rows, {old}), {new})",
        }
        for event, changed in sums.items():
            db.execute(
                f"CREATE TEMP TRIGGER tally_{event}_{table} AFTER {event} ON {table} "
                f"BEGIN UPDATE tally SET rows = {changed}; END"
            )


def has_foreign_changes(db: sqlite3.Connection) -> bool:
    """Whether the rows are not those of the tally; within a transaction, so that none is under way.

    The time grows with the rows: about 2 microseconds for each.
    """
    kept = db.execute("SELECT rows FROM tally").fetchone()
    return kept is None or kept[0] != _tally(db)


def _tally(db: sqlite3.Connection) -> int:
    sums = 0
    for table, columns in _tables().items():
        for row in db.execute(f"SELECT {', '.join(sorted(columns))} FROM {table}"):
            sums = _with_row(sums, table, *row)
    return sums


def _with_row(sums: int, *row: object) -> int:
    """The tally with a row in it that was not, or without one that was."""
    digest = hashlib.blake2b(repr(row).encode(), digest_size=_HASH_BYTES).digest()
    return sums ^ int.from_bytes(digest, "big", signed=True)


@functools.cache
def _tables() -> Mapping[str, set[str]]:
    """The columns of each table that is in the tally."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_SCHEMA)
        return _columns(db)


def _columns(db: sqlite3.Connection) -> dict[str, set[str]]:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: {row[1] for row in db.execute(f'PRAGMA table_info("{name}")')} for name in names}


def into_wal(db: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; two programs that do so at once need a second try."""
    for _ in range(200):
        try:
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        time.sleep(0.02)
    raise sqlite3.OperationalError("write-ahead logging is not available here")
