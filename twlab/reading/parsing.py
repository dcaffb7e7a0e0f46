"""JSON text with long vectors -> a parsed document whose vectors are numpy arrays.

An answer is nearly all digits. So the text is read once in pieces: every flat array of numbers is
cut out and read straight into one growing float32 block (by simdjson where it is installed,
otherwise by orjson), and a short placeholder is left in its place. What remains, the *skeleton*,
is small and goes to an ordinary JSON parser. Neither the whole text nor Python floats are ever
held, so the peak is about the matrix.

Placeholders are safe: one that was set inside a string (a ``[`` in a text) breaks the skeleton at
its own position, and the text is then parsed whole; and unless each placeholder turns up exactly
once in the parsed document, the text is refused.

Reference: G. Langdale and D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28,
2019 (simdjson).
"""

from __future__ import annotations

import bisect
import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import LoadError
from twlab.responses.names import TIMED, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["parse"]

_CHUNK = 1 << 22
_LONGEST_HELD = 1 << 25
_SHORTEST = 64
_MARK = "\0twlab"
_HEAD = b'{"\\u0000twlab":'
_KEY = re.compile(rb'"([A-Za-z_]+)"\s*:\s*$')
_LONGEST_KEY = 32
_NOT_VECTORS = TIMED  # columns of times (Vespa) keep their float64
_STARTS = frozenset(b"-0123456789 \t\r\n")


def parse(
    opened: Callable[[], AbstractContextManager[BinaryIO]], *, source: str = "", lines: bool = False
) -> Any:
    """The document that a JSON or JSON Lines text holds.

    Parameters
    ----------
    opened : callable
        Opens the text anew as a binary stream; called a second time only in rare cases.
    source : str
        Name for messages.
    lines : bool
        The text is JSON Lines; the result is then a list with one entry per line.

    Returns
    -------
    object
        Parsed JSON. Long flat arrays of numbers are read-only float32 arrays, views of one
        block per text.

    Raises
    ------
    LoadError
        If the text is empty, truncated, not UTF-8 (or UTF-16 with a byte-order mark), or not
        JSON, with the byte where that was seen.
    """
    cut = _Cut(source)
    with opened() as stream:
        cut.read(_utf8(stream, source))
    try:
        document = _skeleton(bytes(cut.skeleton), source, lines=lines, place=cut.place_of)
    except _MarkedTextError:
        with opened() as stream:
            whole = _utf8(stream, source).read()
        return _skeleton(whole, source, lines=lines, place=int)
    return cut.restored(document)


class _MarkedTextError(Exception):
    """A placeholder was set inside a string."""


class _Block:
    """Vectors of one length, appended to a block that grows in place."""

    def __init__(self) -> None:
        self.rows: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self.used = 0

    def append(self, vector: NDArray[np.float64]) -> int | None:
        """The row where the vector now stands; None where its length does not fit."""
        if not self.used:
            self.rows = np.empty((16, len(vector)), np.float32)
        elif len(vector) != self.rows.shape[1]:
            return None
        if self.used == len(self.rows):
            size = self.used + (self.used >> 3) + 16
            self.rows.resize((size, self.rows.shape[1]), refcheck=False)
        self.rows[self.used] = vector
        self.used += 1
        return self.used - 1

    def finished(self) -> NDArray[np.float32]:
        """The block at its final size, read-only."""
        self.rows.resize((self.used, self.rows.shape[1]), refcheck=False)
        self.rows.setflags(write=False)
        return self.rows


class _Cut:
    """A text taken apart: the skeleton, the vectors, and where they were cut out."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.skeleton = bytearray()
        self.block = _Block()
        self.vectors: list[int | NDArray[np.float32]] = []
        self.marks: list[tuple[int, int]] = []  # (place in the skeleton, bytes missing so far)
        self.missing = 0
        self.number_reader = _number_reader()

    def read(self, stream: BinaryIO) -> None:
        """Take the text apart, a piece at a time."""
        held = b""
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are found
            while piece := stream.read(_CHUNK):
                held = self._take(held + piece)
        self.skeleton += held

    def _take(self, text: bytes) -> bytes:
        """Cut the complete vectors out of a piece; return its unfinished end."""
        taken, position = 0, 0
        while (close := text.find(b"]", position)) >= 0:
            opening = text.rfind(b"[", position, close)
            position = close + 1
            if opening < 0 or position - opening < _SHORTEST or text[opening + 1] not in _STARTS:
                continue
            if _key_before(text, opening) in _NOT_VECTORS:
                continue
            numbers = self.number_reader(text[opening:position])
            if numbers is not None:
                self.skeleton += text[taken:opening]
                self._mark(numbers, position - opening)
                taken = position
        opening = text.rfind(b"[", position)
        keep = opening if opening >= 0 and len(text) - opening < _LONGEST_HELD else len(text)
        self.skeleton += text[taken:keep]
        return text[keep:]

    def _mark(self, numbers: NDArray[np.float64], length: int) -> None:
        """Keep a vector and leave its placeholder in the skeleton."""
        row = self.block.append(numbers)
        self.vectors.append(numbers.astype(np.float32) if row is None else row)
        mark = _HEAD + b"%d}" % (len(self.vectors) - 1)
        self.missing += length - len(mark)
        self.marks.append((len(self.skeleton), self.missing))
        self.skeleton += mark

    def place_of(self, position: int) -> int:
        """The byte of the text that a byte of the skeleton came from."""
        before = bisect.bisect_right(self.marks, (position, -1)) - 1
        if before >= 0 and position <= self.marks[before][0] + len(_HEAD):
            raise _MarkedTextError
        return position + (self.marks[before][1] if before >= 0 else 0)

    def _vector(self, number: Any) -> int | NDArray[np.float32]:
        """The vector behind a placeholder."""
        if type(number) is not int or not 0 <= number < len(self.vectors):
            raise LoadError(
                "carries a reserved key; remove it", source=self.source, field=_MARK[1:]
            )
        return self.vectors[number]

    def restored(self, document: Any) -> Any:
        """The document with each placeholder replaced by its vector."""
        if not self.vectors:
            return document
        block = self.block.finished()
        used = 0
        box = [document]
        open_nodes: list[Any] = [box]
        while open_nodes:
            node = open_nodes.pop()
            for key, value in node.items() if type(node) is dict else enumerate(node):
                if type(value) is dict and len(value) == 1 and _MARK in value:
                    vector = self._vector(value[_MARK])
                    node[key] = block[vector] if type(vector) is int else vector
                    used += 1
                elif type(value) is dict or type(value) is list:
                    open_nodes.append(value)
        if used != len(self.vectors):
            raise LoadError(
                f"{len(self.vectors) - used} of {len(self.vectors)} vectors are lost because a "
                "key occurs twice in one object; unique keys were expected; "
                "write the file again with one key for each",
                source=self.source,
            )
        return box[0]


def _key_before(text: bytes, position: int) -> str:
    """The key of the value that begins at ``position``, in the spelling of the tables."""
    key = _KEY.search(text[max(0, position - _LONGEST_KEY) : position])
    return plain(key.group(1).decode()) if key else ""


def _number_reader() -> Callable[[bytes], NDArray[np.float64] | None]:
    """A function from the text of a JSON array to its numbers; None where it holds others."""
    try:
        import simdjson
    except ModuleNotFoundError:  # no wheel for this Python
        return _numbers_by_orjson
    parser: Any = simdjson.Parser()

    def numbers(text: bytes) -> NDArray[np.float64] | None:
        nonlocal parser
        try:
            return np.frombuffer(parser.parse(text).as_buffer(of_type="d"), np.float64)
        except (ValueError, TypeError, RuntimeError):
            parser = simdjson.Parser()  # a failed document may still be tied to the old one
            return None

    return numbers


def _numbers_by_orjson(text: bytes) -> NDArray[np.float64] | None:
    """The numbers of a JSON array, by way of Python floats."""
    import orjson

    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not set(map(type, values)) <= {int, float}:
        return None
    return np.array(values, np.float64)


def _utf8(stream: BinaryIO, source: str) -> BinaryIO:
    """The stream past its byte-order mark, as UTF-8."""
    head = stream.read(4)
    if not head:
        raise LoadError(
            "is empty; an answer with embeddings was expected; fetch it again", source=source
        )
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = (head + stream.read()).decode("utf-16")
        except UnicodeDecodeError as error:
            raise LoadError(
                f"has a UTF-16 mark but is no UTF-16 at byte {error.start}; save it as UTF-8",
                source=source,
            ) from None
        return io.BytesIO(text.encode("utf-8", "replace"))
    if b"\0" in head:
        raise LoadError(
            "begins with zero bytes (UTF-16 without a mark, or a binary file); JSON in UTF-8 was "
            "expected; save it as UTF-8",
            source=source,
        )
    return _Joined(head.removeprefix(b"\xef\xbb\xbf"), stream)  # type: ignore[return-value]


class _Joined:
    """A stream with the bytes already read put back in front."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self.head, self.stream = head, stream

    def read(self, size: int = -1) -> bytes:
        """As of any stream."""
        head, self.head = self.head, b""
        return head + self.stream.read(size)


def _skeleton(text: bytes, source: str, *, lines: bool, place: Callable[[int], int]) -> Any:
    """The parsed text; JSON Lines where it is or turns out to be that."""
    if not text.strip():
        raise LoadError("holds nothing but blanks; embeddings were expected", source=source)
    if not lines:
        value, error = _parsed(text)
        if error is None:
            return value
        if error.msg != "Extra data":
            raise _error(error, text, source, place)
    return _lines(text, source, place)


def _lines(text: bytes, source: str, place: Callable[[int], int]) -> list[Any]:
    """The values of a JSON Lines text, one per line that is not blank."""
    values: list[Any] = []
    start = 0
    for line in text.split(b"\n"):
        if line.strip():
            value, error = _parsed(line)
            if error is not None:
                raise _error(error, line, source, place, line=len(values) + 1, before=start)
            values.append(value)
        start += len(line) + 1
    return values


def _parsed(text: bytes) -> tuple[Any, json.JSONDecodeError | None]:
    """The value of a JSON text, or the error of the standard library's parser."""
    import orjson

    try:
        return orjson.loads(text), None
    except orjson.JSONDecodeError:
        pass  # the standard library also takes NaN and long integers, and says where it fails
    try:
        return json.loads(text.decode("utf-8")), None
    except json.JSONDecodeError as error:
        return None, error
    except UnicodeDecodeError as error:
        return None, json.JSONDecodeError("no UTF-8", text.decode("latin-1"), error.start)
    except RecursionError:
        return None, json.JSONDecodeError("nested too deep", "", 0)
    except ValueError:  # an integer of more digits than Python converts
        return None, json.JSONDecodeError("a number of thousands of digits", "", 0)


def _error(
    error: json.JSONDecodeError,
    text: bytes,
    source: str,
    place: Callable[[int], int],
    *,
    line: int = 0,
    before: int = 0,
) -> LoadError:
    """One sentence for a parser's error, with the byte of the original text."""
    where = f"line {line}" if line else ""
    if not error.doc:
        return LoadError(f"is {error.msg}; an answer with embeddings was expected", source=source)
    if error.msg == "no UTF-8":
        at = place(before + error.pos)
        shown = f"0x{text[error.pos]:02x}"
        return LoadError(
            f"is no UTF-8 at byte {at} ({shown}); JSON in UTF-8 was expected; save it as UTF-8",
            source=source,
            place=where,
        )
    position = len(error.doc[: error.pos].encode("utf-8"))
    at = place(before + position)
    if position >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return LoadError(
            f"the JSON breaks off at byte {at + len(text) - position}; a whole text was expected; "
            "fetch or copy it again",
            source=source,
            place=where,
        )
    return LoadError(
        f"is no JSON at byte {at} ({error.msg}, near {error.doc[error.pos : error.pos + 20]!r}); "
        "an answer as the service sends it was expected; save it again",
        source=source,
        place=where,
    )
