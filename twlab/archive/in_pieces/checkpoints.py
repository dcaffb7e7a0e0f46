"""A job in steps that go on where they were interrupted.

What a step found of a piece is a few small arrays. They are written aside and renamed, one file
for each step and piece, in a folder that is named for the job, its parameters, the very rows and
the version of twlab: the same call finds what is done, another call or a changed store does not.
The folder goes when the job is whole. Two programs that do the same job write the same files, and
neither sees half of one. Arrays only: nothing that is read from there can run.

Own code, because what a library keeps here (joblib's ``Memory``, diskcache) are pickles, and a
pickle that somebody laid into a shared store runs when it is read. Neither removes what a finished
job kept, or gives the results of an executor in order while they come.
"""

from __future__ import annotations

import errno
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from twlab import __version__
from twlab.archive.in_pieces.pieces import executor_of
from twlab.errors import InputError, TwlabError, warn
from twlab.paths import aside
from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Arrays

__all__ = ["Checkpoint"]

TIMES = 5
"""Attempts at a file whose folder another program, done with the same job, takes away."""


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


class Checkpoint:
    """The steps of one call; on the way out of a ``with`` block its files go if it is done."""

    def __init__(self, source: Source, pieces: Sequence[Piece], *parameters: Any) -> None:
        self.executor = executor_of(source)
        told = [__version__, _text(parameters), *(one.key for one in pieces)]
        name = sha256("\n".join(told).encode())
        self.folder = source.work / name.hexdigest()[:24] if source.work else None

    def __enter__(self) -> Self:
        try:
            if self.folder is not None:
                _check_own(self.folder)
                self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            warn(
                f"nothing can be kept in {str(self.folder)!r} ({error.strerror}); if this call is "
                "interrupted, it starts from the beginning"
            )
            self.folder = None
        return self

    def __exit__(self, kind: Any, error: Any, _: object) -> None:
        # What the user gave would be wrong again, and its files are of no use to any other call.
        # What could not be read (its error has a cause) may be there next time.
        wrong = isinstance(error, InputError) and error.__cause__ is None
        finished = kind is None or wrong
        if finished and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            _remove_if_empty(self.folder.parent)

    def map(
        self, step: str, kernel: Callable[..., Arrays], items: Sequence[_Keyed], *broadcast: Any
    ) -> Iterator[Arrays]:
        """``kernel(item, *broadcast)`` for each item, in order; what is on disk is not done again.

        Every item has a ``key`` of its own. A step that lasts shows its progress.
        """
        files = [self._file(step, item.key) for item in items]
        known = [file is not None and file.exists() for file in files]
        missing = [item for item, there in zip(items, known, strict=True) if not there]
        fresh = self.executor.map(kernel, missing, *broadcast)
        with bar(step, total=len(items)) as done:
            for item, file, there in zip(items, files, known, strict=True):
                found = _read(file) if there else None
                # A file that is torn, or was taken away since, is done again here; what was missing
                # from the start is under way, and comes in the order of the items.
                if found is None:
                    found = kernel(item, *broadcast) if there else next(fresh)
                    _write(file, found)
                done.update()
                yield found

    def once(self, step: str, make: Callable[[], Arrays]) -> Arrays:
        """What ``make`` returns, kept; the files of pieces of this step go, as it sums them up."""
        file = self._file(step)
        found = _read(file)
        if found is None:
            found = make()
            _write(file, found)
            if file is not None:
                shutil.rmtree(file.with_suffix(""), ignore_errors=True)
        return found

    def _file(self, *names: str) -> Path | None:
        if self.folder is None:
            return None
        file = self.folder.joinpath(*names)
        return file.with_name(f"{file.name}.npz")


def _check_own(folder: Path) -> None:
    """An error where links lead elsewhere: what lies in a store decides of no file but its own."""
    home = folder.parent.parent.resolve()
    linked = any(path.is_symlink() for path in folder.rglob("*"))
    if linked or not folder.resolve().is_relative_to(home):
        raise OSError(errno.ELOOP, "links in it lead elsewhere")


def _text(value: Any) -> str:
    """Parameters as text that tells them apart."""
    if isinstance(value, Mapping):
        return _text(sorted(value.items(), key=str))
    if isinstance(value, tuple | list):
        return f"({','.join(map(_text, value))})"
    if isinstance(value, np.ndarray):
        return f"{value.shape}{sha256(value.tobytes()).hexdigest()}"
    return repr(value)


def _read(file: Path | None) -> Arrays | None:
    """The arrays of a file, if it is there and whole."""
    if file is None or not file.is_file() or file.is_symlink():
        return None
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            return dict(arrays)
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        MemoryError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        return None  # a machine that loses power may leave half of one


def _write(file: Path | None, arrays: Arrays) -> None:
    """Write aside, then rename."""
    if file is None:
        return
    by_name: dict[str, Any] = arrays  # as savez is typed, a name might be one of its options
    for attempt in range(TIMES):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside(file) as path, path.open("wb") as out:
                np.savez(out, **by_name)
            return
        except OSError as error:
            if not isinstance(error, FileNotFoundError) or attempt + 1 == TIMES:
                raise TwlabError(
                    f"{str(file)!r} cannot be written ({error.strerror or error}); room for what "
                    "is done was expected; make room and call again, which goes on from here"
                ) from None


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another job has its files there, or it never was
