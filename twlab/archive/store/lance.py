"""The Lance table behind a store: opened, created, asked, its errors put into words."""

from __future__ import annotations

import functools
import os
import random
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from twlab.archive.store.keys import KEY
from twlab.archive.store.outages import drop_secrets, outage
from twlab.checks import require
from twlab.errors import InputError
from twlab.paths import is_path, user_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "INDEX",
    "STORE_MARK",
    "address_of",
    "count_where",
    "create",
    "join_conditions",
    "mark_of",
    "open_table",
    "plain_query",
    "reading",
    "retry",
    "reword_errors",
    "table_at",
]

TABLE_NAME = "segments"
"""The one table in the folder of a store."""

INDEX = "embedding_idx"
"""The index of vectors."""

STORE_MARK = b"twlab:store"
"""Where the schema keeps what tells a store from another made later at the same address."""

_HARMLESS = (
    "lance::dataset::optimize",
    "lance::index::vector::builder",
    "lance_index::vector::kmeans",
)
QUIET = ",".join(["warn", *(f"{part}=error" for part in _HARMLESS)])
"""What of LanceDB's log is shown, which it reads when it is imported: not the commits that are
tried again, nor partitions of an index that have no rows."""

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes of a name and of a path that Linux takes (NAME_MAX, and PATH_MAX without its NUL)."""

LONGEST_RETRY_SEC = 300.0
"""How long a change is tried again where others commit first. Each round waits at most 7.5 s, so
that one of many writers has some 40 rounds; beyond, the library's error is told."""

_ASKED = {"client_retry_timeout": "30"}
_ASKED_FIRST = {"timeout": "10s", "client_max_retries": "1"}
"""How object storage is asked, and how for the first time. What is not answered in 30 s is not
asked again by the client, as LanceDB itself asks up to six times: an address that takes calls and
says nothing took 13 minutes. The first question, for one name, is answered in a tenth of a second.
"""

LONGEST_CREATION_SEC = 5.0
"""How long a table that another process makes may take to appear: it is empty, two small files."""

_CONFLICTS = ("conflict", "contention", "retry", "concurrent", "already exist")

T = TypeVar("T")


def address_of(path_or_uri: Any) -> str:
    """The address of a store: a URI as it is, a path in full."""
    text = os.fspath(path_or_uri) if is_path(path_or_uri) else ""
    _, is_uri, rest = text.partition("://")
    if not text or (is_uri and not rest.strip("/")):
        raise InputError(
            f"a store was to be opened at {path_or_uri!r}; the path of a folder or a URI was "
            "expected, such as 'archive' or 's3://bucket/archive'"
        )
    if is_uri:
        return text.rstrip("/")
    path = user_path(text).absolute()
    lengths = [len(os.fsencode(part)) for part in path.parts]
    if max(lengths) > LONGEST_NAME or len(os.fsencode(path)) > LONGEST_PATH:
        raise InputError(
            f"{text[:40]!r}… is not the name of a folder (too long); the path of the folder of a "
            "store was expected; choose a shorter one"
        )
    if path.exists() and not path.is_dir():
        raise InputError(
            f"{text!r} is a file; the folder of a store was expected; read the file with tw.load, "
            "or add it to a store"
        )
    return str(path)


def _library() -> Any:
    """LanceDB, told not to warn of what does no harm."""
    os.environ.setdefault("LANCEDB_LOG", QUIET)
    return require("lancedb", extra="store")


def open_table(address: str, version: int | None = None) -> Any:
    """The Lance table at an address and version; None where there is none."""
    lancedb = _library()
    if "://" not in address:
        _check_inside(Path(address) / f"{TABLE_NAME}.lance")
    if "://" not in address and not _has_version(Path(address) / f"{TABLE_NAME}.lance"):
        _check_empty(Path(address) / f"{TABLE_NAME}.lance")
        return None
    with reword_errors(f"the store {address!r} cannot be opened"):
        asked = lancedb.connect(address, storage_options=_ASKED_FIRST)
        if "://" in address and TABLE_NAME not in list_tables(asked):
            return None
        table = lancedb.connect(address, storage_options=_ASKED).open_table(TABLE_NAME)
        if version is not None:
            _check_version(table, version)
            table.checkout(version)
    return table


def _check_inside(folder: Path) -> None:
    """Refuse a store in which a link leads to something outside its own folder.

    What lies in a store is data, perhaps of somebody else: no file elsewhere is read, written or
    cleaned up on its word. Where the store itself is a link, the caller named it.
    """
    home = folder.parent.resolve()
    for link in _links(folder):
        if not link.resolve().is_relative_to(home):
            raise InputError(
                f"{str(link)!r} is a link that leads out of the store {str(folder.parent)!r}; its "
                "own files were expected; put the file itself there, or link the whole folder of "
                "the store"
            )


def _links(folder: Path) -> Iterator[Path]:
    """Links in a folder, itself and all below it; other processes may take files away."""
    if folder.is_symlink():
        yield folder
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:  # not there, or no folder; what reads it says what is wrong
            continue
        yield from (Path(entry.path) for entry in entries if entry.is_symlink())
        waiting += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _has_version(folder: Path) -> bool:
    """Whether anything was ever committed; a killed process may leave less than that."""
    versions = folder / "_versions"
    return versions.is_dir() and any(path.suffix == ".manifest" for path in versions.iterdir())


def _check_empty(folder: Path) -> None:
    """Refuse data without a version that names them: a new store would take their place.

    A store commits its first version before any data, so that a killed process leaves none. The
    version is looked for once more, as another process may just have made the store.
    """
    data = folder / "data"
    if data.is_dir() and any(data.iterdir()) and not _has_version(folder):
        raise InputError(
            f"the store {str(folder.parent)!r} has data but no version that names them "
            f"({str(folder / '_versions')!r} is empty or gone); both were expected; put that "
            "folder back from a copy, or choose another folder for a new store"
        )


def list_tables(database: Any) -> list[str]:
    """The names of all tables of a database."""
    return list(database.list_tables().tables)


def _check_version(table: Any, version: int) -> None:
    """Refuse a version that is not there."""
    kept = [entry["version"] for entry in table.list_versions()]
    if version not in kept:
        raise InputError(
            f"version={version!r} of a store that has the versions {kept[0]} to {kept[-1]}; one of "
            "them was expected; Store.versions() lists them"
        )


def create(address: str, schema: Any) -> Any:
    """The table, made empty unless another process has just made it."""
    lancedb = _library()
    with reword_errors(f"no store can be made at {address!r}"):
        database = lancedb.connect(address, storage_options=_ASKED)
        try:
            return database.create_table(TABLE_NAME, schema=schema)
        except (ValueError, RuntimeError, OSError):
            # Of two processes that make one store the second fails, and finds the first one's.
            table = _open_made_meanwhile(address)
            if table is None:
                raise
    return table


def _open_made_meanwhile(address: str) -> Any:
    """The table that another process is making; None if it does not come."""
    tries_until = time.monotonic() + LONGEST_CREATION_SEC
    table = open_table(address)
    while table is None and time.monotonic() < tries_until:
        time.sleep(0.1)
        table = open_table(address)
    return table


@contextmanager
def reword_errors(what: str, advice: str = "") -> Iterator[None]:
    """Errors of the library as one sentence of ours."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, RuntimeError, OSError) as error:
        told, shown = outage(str(error)), drop_secrets(str(error))
        if told is not None:  # the library's own text may repeat what was sent
            raise InputError(f"{what} {told}") from ConnectionError(told)
        cause = error if shown == str(error) else ConnectionError(shown)
        raise InputError(f"{what} ({_reason(cause)}){advice}") from cause


def _reason(error: Exception) -> str:
    """What the library says, without its own files, statement and columns."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
    reason = first.partition(", /")[0].removeprefix("lance error: ")
    reason = reason.partition("(sql parser error: ")[2] or reason
    return reason.removeprefix("Invalid input, ").partition(" Valid fields are ")[0][:300]


@contextmanager
def reading(table: Any, where: str | None) -> Iterator[None]:
    """Errors of reading rows, or those of a condition, as one sentence of ours."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, RuntimeError, OSError):
        # Only now, as Lance takes half a millisecond for each thing that is said of the table.
        what, advice = f"rows of the store {table.uri!r} cannot be read", ""
        if where:
            columns = ", ".join(name for name in table.schema.names if name != KEY)
            what, advice = f"where={where!r} cannot be used", f"; the columns are {columns}"
        with reword_errors(what, advice):
            raise


def retry(change: Callable[[], T], table: Any) -> T:
    """What a change of the table gives, tried again while others change it too."""
    began, wait = time.monotonic(), 0.05
    while True:
        try:
            return change()
        except (RuntimeError, OSError, ValueError) as error:
            if not _is_conflict(error) or time.monotonic() - began > LONGEST_RETRY_SEC:
                raise
        # Writers that met once would meet again if all waited equally long.
        time.sleep(wait * (0.5 + random.random()))
        wait = min(2 * wait, 5.0)
        table.checkout_latest()


def _is_conflict(error: BaseException) -> bool:
    """Whether an error says that another process committed first."""
    text = str(error).lower()
    return outage(str(error)) is None and any(word in text for word in _CONFLICTS)


def join_conditions(*conditions: str | None) -> str | None:
    """One condition for those that are given."""
    given = [one for one in conditions if one]
    return given[0] if len(given) == 1 else " AND ".join(f"({one})" for one in given) or None


def count_where(table: Any, where: str | None) -> int:
    """How many rows there are, all or those of a condition."""
    return int(table.count_rows(f"({where})" if where else None))


def plain_query(table: Any, columns: list[str] | None, where: str | None) -> Any:
    """All rows, or those of a filter, in the order of the table."""
    query = table.search()
    if columns is not None:
        query = query.select(columns)
    return query.where(f"({where})") if where else query  # nothing but a condition stands there


def mark_of(table: Any) -> str:
    """What tells a store from every other, also from one made later at the same address."""
    mark: bytes = (table.schema.field(KEY).metadata or {}).get(STORE_MARK, b"")
    return mark.decode()


@functools.lru_cache(maxsize=4)
def table_at(address: str, version: int, mark: str) -> Any:
    """A table for reading, kept open in this process because many fragments share it.

    Raises
    ------
    InputError
        If it is gone, or another store is in its place.
    """
    table = open_table(address, version)
    if table is None or mark_of(table) != mark:
        what = "gone" if table is None else "another one by now"
        raise InputError(
            f"the store {address!r} is {what}; its folder was expected to stay while it is read; "
            "put it back, or open what is there with tw.open"
        )
    return table
