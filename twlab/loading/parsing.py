"""JSON text with long vectors -> a parsed document whose vectors are numpy arrays.

An answer is nearly all digits. So the text is read once in pieces: every flat array of numbers is
cut out and read into a float32 array (by simdjson where it is installed, otherwise by orjson),
and a short placeholder is left in its place. What remains, the *skeleton*, is small and goes to
an ordinary JSON parser. Neither the whole text nor Python floats are ever held, so the peak is
about the matrix.

Why no library alone: of 57 MB with 5,000 vectors of 512 numbers this takes .17 CPU s and 20 MB of
memory (.29 s without simdjson); jiter, msgspec and orjson take .42 to .45 s and 150 to 250 MB,
simdjson on the whole text .66 s and 170 MB, ijson 1.0 s and 14 MB. For 4,000 answers of one vector
the libraries take .25 s and this .35, in a load of 1.3 s.

Placeholders are safe: one that was set inside a string (a ``[`` in a text) breaks the skeleton at
its own position, and the text is then parsed whole; and unless each placeholder turns up exactly
once in the parsed document, the text is refused.

Reference: G. Langdale and D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28,
2019 (simdjson).
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from twlab.errors import LoadError
from twlab.loading.bounds import size_error
from twlab.loading.cutting import Cut, MarkedTextError
from twlab.loading.responses import as_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import BinaryIO


__all__ = ["parse"]

_PARSE_BYTES = 1 << 20
"""Read at a time: a gigabyte in a thousand steps, of which memory holds one beside the text."""
_LITERALS = (b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity")
_NUMBER_BEGUN = re.compile(rb"\.|[eE][+-]?")  # the parser takes the digits before these
_ESCAPE_BEGUN = re.compile(rb"u[0-9a-fA-F]{0,4}")


def parse(
    opened: Callable[[], AbstractContextManager[BinaryIO]],
    *,
    source: str = "",
    lines: bool = False,
    most: int = sys.maxsize,
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
    most : int
        How many bytes of the text may be anything but long vectors.

    Returns
    -------
    object
        Parsed JSON, where long flat arrays of numbers are float32 arrays.

    Raises
    ------
    LoadError
        If the text is empty, truncated, not UTF-8 (or UTF-16 with a byte-order mark), or not
        JSON, with the byte where that was seen.
    """
    cut = Cut(source, most)
    with opened() as stream:
        cut.read(_as_utf8(stream, source, most))
    try:
        document = _parse_skeleton(bytes(cut.skeleton), source, lines=lines, place=cut.place_of)
    except MarkedTextError:
        with opened() as stream:
            whole = _read_whole(_as_utf8(stream, source, most), source, most)
        return _parse_skeleton(whole, source, lines=lines, place=int)
    return cut.restore(document)


def _read_whole(stream: BinaryIO, source: str, most: int) -> bytes:
    """All of a text, if it is not too long to be parsed in one go."""
    pieces: list[bytes] = []
    n_bytes = 0
    while piece := stream.read(_PARSE_BYTES):
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > most:
            raise size_error(most, source)
    return b"".join(pieces)


def _as_utf8(stream: BinaryIO, source: str, most: int) -> BinaryIO:
    """The stream past its byte-order mark, as UTF-8."""
    head = stream.read(4)
    if not head:
        raise LoadError(
            "is empty; an answer with embeddings was expected; fetch it again", source=source
        )
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = (head + _read_whole(stream, source, most)).decode("utf-16")
        except UnicodeDecodeError as error:
            raise LoadError(
                f"has a UTF-16 mark but is not UTF-16 at byte {error.start}; save it as UTF-8",
                source=source,
            ) from None
        return io.BytesIO(text.encode("utf-8", "replace"))
    if b"\0" in head:
        raise LoadError(
            "begins with zero bytes (UTF-16 without a mark, or a binary file); JSON in UTF-8 was "
            "expected; save it as UTF-8",
            source=source,
        )
    return _Rejoined(head.removeprefix(b"\xef\xbb\xbf"), stream)  # type: ignore[return-value]


class _Rejoined:
    """A stream with the bytes already read put back in front."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self.head, self.stream = head, stream

    def read(self, size: int = -1) -> bytes:
        """As of any stream."""
        head, self.head = self.head, b""
        return head + self.stream.read(size)


def _parse_skeleton(text: bytes, source: str, *, lines: bool, place: Callable[[int], int]) -> Any:
    """The parsed text; JSON Lines where it is or turns out to be that."""
    if not text.strip():
        raise LoadError("holds nothing but white space; embeddings were expected", source=source)
    if not lines:
        value, error = _parse_value(text)
        if error is None:
            return value
        if error.msg != "Extra data":
            raise _explain_error(error, text, source, place)
    return _parse_lines(text, source, place)


def _parse_lines(text: bytes, source: str, place: Callable[[int], int]) -> list[Any]:
    """The values of a JSON Lines text, one per line that is not blank."""
    values: list[Any] = []
    start = 0
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            value, error = _parse_value(line)
            if error is not None:
                raise _explain_error(error, line, source, place, line=number, before=start)
            values.append(value)
        start += len(line) + 1
    return values


def _parse_value(text: bytes) -> tuple[Any, json.JSONDecodeError | None]:
    """The value of a JSON text, or the error of the standard library's parser."""
    import orjson

    try:
        return orjson.loads(text), None
    except orjson.JSONDecodeError:
        pass  # the standard library also takes NaN and long integers, and says where it fails
    try:
        value = json.loads(text.decode("utf-8"))
        return (as_json(value) if b"\\u" in text else value), None
    except json.JSONDecodeError as error:
        return None, error
    except UnicodeDecodeError as error:
        return None, json.JSONDecodeError("no UTF-8", text.decode("latin-1"), error.start)
    except RecursionError:
        return None, json.JSONDecodeError("nested too deep", "", 0)
    except ValueError:  # an integer of more digits than Python converts
        return None, json.JSONDecodeError("a number of thousands of digits", "", 0)


def _explain_error(
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
    foreign = error.msg == "no UTF-8"
    position = error.pos if foreign else len(error.doc[: error.pos].encode("utf-8"))
    at = place(before + position)
    if _breaks_off(error.msg, text[position:].rstrip()):
        return LoadError(
            f"the JSON breaks off at byte {at + len(text) - position}; a whole text was expected; "
            "fetch or copy it again",
            source=source,
            place=where,
        )
    if foreign:
        return LoadError(
            f"is not UTF-8 at byte {at} (0x{text[position]:02x}); JSON in UTF-8 was expected; "
            "save it as UTF-8",
            source=source,
            place=where,
        )
    return LoadError(
        f"is not JSON at byte {at} ({error.msg}, near {error.doc[error.pos : error.pos + 20]!r}); "
        "an answer as the service sends it was expected; save it again",
        source=source,
        place=where,
    )


def _breaks_off(message: str, rest: bytes) -> bool:
    """Whether a parser failed only because the text ends in the middle of a token.

    ``rest`` is the text from where it failed.
    """
    if not rest or message.startswith("Unterminated string"):
        return True
    if message == "no UTF-8":
        return len(rest) < 4 and _begins_character(rest)
    if message.startswith("Invalid \\u"):
        return _ESCAPE_BEGUN.fullmatch(rest) is not None
    return _NUMBER_BEGUN.fullmatch(rest) is not None or any(
        word.startswith(rest) for word in _LITERALS
    )


def _begins_character(rest: bytes) -> bool:
    """Whether some bytes are the beginning of one character of UTF-8."""
    try:
        return not codecs.getincrementaldecoder("utf-8")().decode(rest)
    except UnicodeDecodeError:
        return False
