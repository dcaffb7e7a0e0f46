"""Long vectors cut out of JSON text.

:class:`Cut` reads a text piece by piece. Every flat array of numbers becomes a float32 array at
once, and a placeholder is left in its place; what remains is the *skeleton*. A
placeholder is an object with a reserved key, so it is a value wherever an array may stand, and
breaks the text wherever it was set inside a string (a ``[`` in a title): that is noticed by
:meth:`Cut.place_of`.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.errors import LoadError
from twlab.loading.bounds import size_error
from twlab.loading.responses.names import TIMED, snake_case
from twlab.loading.responses.othernames import time_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["Cut", "MarkedTextError"]

_CUT_BYTES = 1 << 18  # stays in the cache of a core
_LONGEST_HELD = 1 << 25
"""Bytes of a list whose end has not come yet: 32 MB are more than a million
numbers, and no vector."""
_SHORTEST = 64
"""Bytes of a list that is worth taking out: shorter ones have fewer than eight numbers as services
write them, and cost the parser no more than the mark in their place."""
_MARK = "\0twlab"
_HEAD = b'{"\\u0000twlab":'
_OPENINGS = frozenset(b"-0123456789 \t\r\n")
_LONGEST_KEY = 32
"""Bytes before a list that are looked at for its name: names of times have up to 20."""
_TIME_ENDS = frozenset(
    (*(name[-3:].encode() for name in TIMED), *(b"_ms", b"tMs", b"dMs", b"amp", b"_ts", b"ame"))
)


class MarkedTextError(Exception):
    """A placeholder was set inside a string."""


class Cut:
    """A text taken apart: the skeleton, the vectors, and where they were cut out."""

    def __init__(self, source: str, most: int = sys.maxsize) -> None:
        self.source, self.most = source, most
        self.skeleton = bytearray()
        self.vectors: list[NDArray[np.float32]] = []
        self.shortened: list[int] = []  # by how many bytes each placeholder is shorter
        self.number_reader = _number_reader()

    def read(self, stream: BinaryIO) -> None:
        """Take the text apart, a piece at a time."""
        held = b""
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are found
            while piece := stream.read(_CUT_BYTES):
                held = self._take(held + piece)
                if len(self.skeleton) > self.most:
                    raise size_error(self.most, self.source)
        self.skeleton += held

    def _take(self, text: bytes) -> bytes:
        """Cut the complete vectors out of a piece; return its unfinished end."""
        taken, position = 0, 0
        while (close := text.find(b"]", position)) >= 0:
            opening = text.rfind(b"[", position, close)
            position = close + 1
            if opening < 0 or position - opening < _SHORTEST or text[opening + 1] not in _OPENINGS:
                continue
            if _is_time_column(text, opening):
                continue
            numbers = self.number_reader(text[opening:position])
            if numbers is not None:
                mark = b"%b%d}" % (_HEAD, len(self.vectors))
                self.vectors.append(numbers.astype(np.float32))
                self.skeleton += text[taken:opening] + mark
                self.shortened.append(position - opening - len(mark))
                taken = position
        opening = text.rfind(b"[", position)
        keep = opening if opening >= 0 and len(text) - opening < _LONGEST_HELD else len(text)
        self.skeleton += text[taken:keep]
        return text[keep:]

    def place_of(self, position: int) -> int:
        """The byte of the text that a byte of the skeleton came from.

        Raises
        ------
        MarkedTextError
            If a placeholder stands there.
        """
        missing = 0
        marks = re.finditer(re.escape(_HEAD), self.skeleton)
        for mark, length in zip(marks, self.shortened, strict=False):
            if mark.start() >= position:
                break
            if position <= mark.end():
                raise MarkedTextError
            missing += length
        return position + missing

    def restore(self, document: Any) -> Any:
        """The document with each placeholder replaced by its vector."""
        if not self.vectors:
            return document
        vectors = self.vectors
        n_used = 0
        box = [document]
        open_nodes: list[Any] = [box]
        while open_nodes:
            node = open_nodes.pop()
            for key, value in node.items() if type(node) is dict else enumerate(node):
                if type(value) is dict and len(value) == 1 and _MARK in value:
                    node[key] = self._vector(value[_MARK])
                    n_used += 1
                elif type(value) is dict or type(value) is list:
                    open_nodes.append(value)
        if n_used != len(vectors):
            raise LoadError(
                f"{len(vectors) - n_used} of {len(vectors)} vectors are lost because a key occurs "
                "twice in one object; unique keys were expected; write the file again with one "
                "key for each",
                source=self.source,
            )
        return box[0]

    def _vector(self, number: Any) -> NDArray[np.float32]:
        """The vector behind a placeholder."""
        if type(number) is not int or not 0 <= number < len(self.vectors):
            raise LoadError("carries a reserved key; remove it", source=self.source)
        return self.vectors[number]


def _is_time_column(text: bytes, position: int) -> bool:
    """Whether the array that begins at ``position`` is a column of times, by its key."""
    before = text[max(0, position - _LONGEST_KEY) : position].rstrip(b': \t\r\n"')
    if before[-3:].lower() not in _TIME_ENDS:
        return False
    name = before.rpartition(b'"')[2].decode("ascii", "replace")
    return snake_case(name) in TIMED or time_name(name) is not None


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
