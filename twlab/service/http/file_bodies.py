"""A file, or a piece of one, as the body of a request: read while it is sent, never copied."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["FilePart", "PartStream", "content_hash"]

_BLOCK = 1 << 20
"""Read at a time to be hashed: a large film in thousands of steps, and in little memory."""


@dataclass(frozen=True)
class FilePart:
    """Bytes `start` to `start + length` of a file.

    `sent` is called with the number of bytes each time some leave, and with a negative number
    when a request begins anew. `field` and `name` are the form's; both empty for a bare body.
    """

    path: Path
    start: int
    length: int
    field: str = ""
    name: str = ""
    sent: Callable[[int], None] | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[PartStream]:
        """The open piece.

        Raises
        ------
        InputError
            If the file cannot be read, or has become shorter.
        """
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise InputError(_unreadable(self.path, error)) from None
        with file:
            yield PartStream(self, file)


class PartStream:
    """What httpx reads from: a file object over one piece of a file."""

    def __init__(self, part: FilePart, file: BinaryIO) -> None:
        self._part, self._file, self._place, self._told = part, file, 0, 0
        file.seek(part.start)

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the piece; empty at its end."""
        left = self._part.length - self._place
        size = left if size < 0 else min(size, left)
        block = self._file.read(size) if size else b""
        if size and not block:
            raise InputError(
                f"{self._part.path} has become shorter while it was sent ("
                f"{self._part.length - left} of {self._part.length} bytes there); a file that "
                "does not change was expected; run again when it is complete"
            )
        self._place += len(block)
        if self._place > self._told:
            self._tell(self._place - self._told)
        return block

    def tell(self) -> int:
        """The place in the piece."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the piece."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._part.length}[whence]
        self._place = base + offset
        self._file.seek(self._part.start + self._place)
        return self._place

    def unsend(self) -> None:
        """Take back the bytes reported, because the request failed."""
        if self._told:
            self._tell(-self._told)

    def _tell(self, count: int) -> None:
        self._told += count
        if self._part.sent is not None:
            self._part.sent(count)


def content_hash(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(_unreadable(path, error)) from None
    return digest.hexdigest()


def _unreadable(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{path} cannot be read ({reason}); a readable file was expected; check path and rights"
