"""How much a source may unpack to, so that a small file never fills the memory.

* :class:`Bounds` - the most bytes, of everything and of what is parsed as text
* :func:`bounds_of` - from what a user allows, or from the memory at hand
* :class:`Counted` - a stream that counts what is unpacked while it is unpacked
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from twlab.errors import InputError, LoadError
from twlab.memory import free_bytes

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["UNBOUNDED", "Bounds", "Counted", "bounds_of", "size_error"]

_COPIES = 4
"""How often memory must hold what is unpacked: text, vectors and table stand side by side."""
_OBJECTS = 24
"""How many bytes Python takes for a byte of text at most: ``[],[],[]`` makes lists of 64."""


class Bounds(NamedTuple):
    """The most bytes that a source may have once unpacked.

    ``text`` is how many of them may be anything but long vectors, which are cut out of the text;
    ``given`` says that the user chose them, so that they hold for files that are not packed too.
    """

    total: int
    text: int
    given: bool


UNBOUNDED = Bounds(sys.maxsize, sys.maxsize, given=False)


def bounds_of(max_bytes: Any) -> Bounds:
    """The bounds that a user gives, or by default what memory can hold several times over.

    Raises
    ------
    InputError
        If ``max_bytes`` is not a whole number above 0.
    """
    if max_bytes is None:
        free = free_bytes()
        return UNBOUNDED if free is None else Bounds(free // _COPIES, free // _OBJECTS, given=False)
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
        raise InputError(
            f"max_bytes is {max_bytes!r}; a whole number of bytes above 0 was expected, for "
            "example 10**10; leave it out for what fits into memory"
        )
    return Bounds(max_bytes, max_bytes, given=True)


def size_error(most: int, source: str) -> LoadError:
    """The error for a source beyond its bounds."""
    return LoadError(
        f"holds more than {most:,} bytes once unpacked, the most that is allowed here (by default "
        "what memory holds several times over); a smaller file was expected; load it in parts, "
        "or pass a larger max_bytes= if it is meant to be that large",
        source=source,
    )


class Counted(io.RawIOBase):
    """What a stream unpacks, up to a number of bytes."""

    def __init__(self, stream: BinaryIO, most: int, source: str) -> None:
        self._stream, self._left, self._most, self._source = stream, most, most, source

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise size_error(self._most, self._source)
        buffer[: len(piece)] = piece
        return len(piece)
