"""Which run is alive, told by the operating system.

A run holds an exclusive lock on a file of its own for as long as it lives. The system gives the
lock back when the process ends, however it ends, so that a run that was killed a moment ago is
known to be dead at once, and one that merely sleeps is known to live. Names are never used again.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from typing import TYPE_CHECKING

import filelock

from twlab.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["RunLock", "alone", "is_alive", "run_name"]

_NAME = re.compile(r"\d+-[0-9a-f]{12}")
_PATIENCE_SEC = 60.0
"""Blocks under a lock take milliseconds; a minute means that the disk gives none, or a program
hangs."""


def run_name() -> str:
    """A name for a run that no other ever has."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:12]}"


class RunLock:
    """A run's sign of life.

    Parameters
    ----------
    folder : Path
        Where the signs of all runs lie.
    name : str, optional
        The run's, from :func:`run_name`.

    Raises
    ------
    LedgerError
        If the disk has no file locks, or the folder cannot be written.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.name = name or run_name()
        self._path = folder / f"{self.name}.lock"
        self._lock = filelock.FileLock(self._path, timeout=0, thread_local=False)
        with _explain_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()

    def close(self) -> None:
        """End the run."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the run of this name still lives; what a dead one left is removed.

    Raises
    ------
    LedgerError
        If no run has such a name: a file outside the folder might be meant.
    """
    if not _NAME.fullmatch(name):
        raise LedgerError(
            f"the ledger beside {folder} names the run {name[:40]!r}, which is none; a ledger that "
            "twlab wrote was expected; choose another with folder="
        )
    path = folder / f"{name}.lock"
    if not path.exists():
        return False
    with _explain_errors(folder):
        try:
            with filelock.FileLock(path, timeout=0, thread_local=False):
                path.unlink(missing_ok=True)
        except filelock.Timeout:
            return True
    return False


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """No other program is in a block with the same file at the same time."""
    with contextlib.ExitStack() as stack:
        with _explain_errors(path.parent):
            lock = filelock.FileLock(path, timeout=_PATIENCE_SEC, thread_local=False)
            stack.enter_context(lock)
        yield


@contextlib.contextmanager
def _explain_errors(folder: Path) -> Iterator[None]:
    """What the system says of locks becomes a sentence."""
    try:
        yield
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or "they are held, or not given back"
        raise LedgerError(
            f"file locks in {folder} do not work ({reason}); a writable folder on a local disk was "
            "expected; choose another with folder="
        ) from None
