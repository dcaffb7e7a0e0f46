"""Which run is alive, told by the operating system.

A run holds an exclusive lock on a file of its own for as long as it lives. The system gives the
lock back when the process ends, however it ends, so that a run that was killed a moment ago is
known to be dead at once, and one that merely sleeps is known to live. Names are never used again.
"""

from __future__ import annotations

import os
import sys
import uuid
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RunLock", "is_alive"]

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class RunLock:
    """A run's sign of life.

    Parameters
    ----------
    folder : Path
        Where the signs of all runs lie.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._path = folder / f"{self.name}.lock"
        self._file = self._path.open("wb")
        if not _try_lock(self._file):
            raise RuntimeError(f"the fresh lock {self._path.name} is taken")

    def close(self) -> None:
        """End the run."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the run of this name still lives; what a dead one left is removed."""
    path = folder / f"{name}.lock"
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return False
    with file:
        if not _try_lock(file):
            return True
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
    return False
