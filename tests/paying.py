"""What the tests of paid work share: quick settings, one call of ``embed``, harm to its ledger."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from typing import TYPE_CHECKING, Any

from service import KEY, Service

import twlab as tw
from twlab.service.jobs import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = tw.Settings(
    read_sec=0.5,
    total_sec=1.5,
    max_wait_sec=2.0,
    attempts=4,
    backoff_sec=0.02,
    settle_sec=0.2,
    poll_sec=0.01,
    max_poll_sec=0.05,
)
ONE_TRY = tw.Settings(attempts=1, settle_sec=0.05, backoff_sec=0.01, read_sec=0.5)
LOST = "has lost entries"


def open_client(service: Service, folder: Path, settings: tw.Settings = FAST) -> tw.Client:
    """A client of the service with its jobs in a folder."""
    return tw.Client(KEY, base_url=service.url, folder=folder, settings=settings)


def embed(service: Service, videos: Any, folder: Path, **options: Any) -> Any:
    """The table of one program that embeds and ends; a ledger found lost is not said."""
    settings = options.pop("settings", FAST)
    with open_client(service, folder, settings) as one, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=f".*{LOST}")
        return one.embed(videos, progress=False, **options)


def lose(jobs: Path, kind: str) -> None:
    """The ledger deleted or emptied, with its logs."""
    ledger = jobs / "ledger.sqlite"
    if kind == "emptied":
        ledger.write_bytes(b"")
    else:
        ledger.unlink()
    for path in jobs.glob("ledger.sqlite-*"):
        path.unlink()


@contextlib.contextmanager
def as_twlab(jobs: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file, where what is written is taken for twlab's own."""
    made = Ledger(jobs)
    try:
        yield made.db
    finally:
        made.close()


@contextlib.contextmanager
def as_somebody(jobs: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file as any other program opens it."""
    with contextlib.closing(sqlite3.connect(jobs / "ledger.sqlite")) as db, db:
        yield db
