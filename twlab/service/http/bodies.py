"""The body of an answer, unpacked while it comes, and never more of it than is taken.

A few kilobytes may unpack to gigabytes, and a body need not end. Both stop at the size given,
before more is kept in memory.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from twlab.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["ENCODINGS", "read_body"]

ENCODINGS = "gzip, deflate"
"""What the service may pack its answers with."""

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib reads each: a window of 2**15 bytes, and 16 more for the frame of gzip."""
_BLOCK = 1 << 20
"""Bytes unpacked at a time, so that what unpacks to a thousand times its size is stopped in
time."""


async def read_body(pieces: AsyncIterator[bytes], encoding: str, most: int, *, cut: bool) -> bytes:
    """The whole body; where `cut`, no more than the beginning of a longer one.

    Parameters
    ----------
    pieces : async iterator of bytes
        The body as it travels.
    encoding : str
        The header ``content-encoding``.
    most : int
        How many bytes are taken, unpacked.
    cut : bool
        Whether the beginning is enough.

    Raises
    ------
    AnswerError
        If it is longer, cannot be unpacked, or breaks off.
    """
    unpack = _Unpacker(encoding)
    whole = bytearray()
    async for piece in pieces:
        unpack.give(piece)
        while len(whole) <= most and (block := unpack.take()):
            whole += block
        if len(whole) > most:
            break
    else:
        unpack.finish()
    if len(whole) <= most or cut:
        return bytes(whole[:most])
    raise AnswerError(
        f"an answer of more than {most >> 20} MB; no answer of the service is that long; ask for "
        "less at once, or report it to the service",
        again=False,
    )


class _Unpacker:
    """Blocks of at most `_BLOCK` bytes out of packed pieces."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        self._zip = zlib.decompressobj(_WINDOWS[name]) if name in _WINDOWS else None
        self._pending, self._empty = b"", True
        if self._zip is None and name not in ("", "identity"):
            raise _unreadable("packed in a way that was not asked for")

    def give(self, piece: bytes) -> None:
        self._pending += piece
        self._empty = self._empty and not piece

    def take(self) -> bytes:
        if self._zip is None:
            block, self._pending = self._pending, b""
            return block
        try:
            block = self._zip.decompress(self._pending, _BLOCK)
        except zlib.error:
            raise _unreadable("damaged, or not packed as it says") from None
        self._pending = self._zip.unconsumed_tail
        return block

    def finish(self) -> None:
        if self._zip is not None and not self._zip.eof and not self._empty:
            raise _unreadable("packed, and breaks off")


def _unreadable(why: str) -> AnswerError:
    return AnswerError(f"the answer cannot be unpacked: it is {why}; {AnswerError.advice}")
