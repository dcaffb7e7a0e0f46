"""Checksums of saved tables, so that one that rotted on its disk is refused.

Pages of Parquet have checksums of their own, the description at the end of the file has none. So
a *seal* lies before it, in a gap that readers of Parquet skip: the CRC-32 of all other bytes.
JSON carries the CRC-32 of its rows as its last key, JSON Lines as its last line, so that it
survives packing and another layout. CRC-32 notices every change within 32 bits in a row, and all
but one in four thousand millions of others, at a third of the cost of SHA-256, which would make
loading slower by a third.

* :class:`SealedFile`, :func:`check_seal` - Parquet
* :class:`Digest`, :func:`check_rows` - JSON
"""

from __future__ import annotations

import io
import os
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from twlab.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = ["SEAL_KEY", "Digest", "SealedFile", "check_rows", "check_seal"]

SEAL_KEY = "twlab_crc32"
_SEAL = b"twlab seal\r\n"
_SEAL_SIZE = len(_SEAL) + 4
"""The mark, and a sum of four bytes."""
_NESTED = frozenset((list, dict, np.ndarray))
_END_SIZE = 8  # how long the description is, and PAR1
_SEAL_BYTES = 1 << 20
"""Read at a time; also how far before the end of a file a seal that has moved is looked for."""


class SealedFile(io.RawIOBase):
    """A file for Parquet that is written from front to end, and sealed when it is closed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._crc = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Write some bytes."""
        self._crc = zlib.crc32(data, self._crc)
        return self._file.write(data)

    def tell(self) -> int:
        """How much is written."""
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                start, end = _read_description(self._file)
                self._file.seek(start)
                self._file.write(_SEAL + _as_bytes(self._crc) + end)


def _read_description(file: BinaryIO) -> tuple[int, bytes]:
    """Where the description of a Parquet file begins, and all bytes from there."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SIZE))
    length = int.from_bytes(file.read(4), "little")
    start = max(0, size - _END_SIZE - length)
    file.seek(start)
    return start, file.read()


def _as_bytes(crc: int) -> bytes:
    return crc.to_bytes(4, "little")


def check_seal(stream: BinaryIO, source: str) -> bool:
    """Whether a Parquet file has a seal, which fits.

    Raises
    ------
    LoadError
        If any bit of a sealed file is not as it was.
    """
    if not stream.seekable():
        return False
    start, end = _read_description(stream)
    place = max(0, start - _SEAL_SIZE)
    stream.seek(place)
    seal = stream.read(start - place)
    stream.seek(0)
    if seal.startswith(_SEAL):
        crc = 0
        while place and (piece := stream.read(min(_SEAL_BYTES, place))):
            crc = zlib.crc32(piece, crc)
            place -= len(piece)
        whole = _as_bytes(zlib.crc32(end, crc)) == seal[len(_SEAL) :]
    else:
        stream.seek(-min(_SEAL_BYTES, stream.seek(0, os.SEEK_END)), os.SEEK_END)
        whole = _SEAL not in stream.read()  # it stands where it should not
    stream.seek(0)
    if not whole:
        raise LoadError(
            "is not as it was saved (its checksum does not fit); a whole file was expected; copy "
            "it again from where it is whole",
            source=source,
        )
    return seal.startswith(_SEAL)


class Digest:
    """The CRC-32 of rows of JSON, one after the other."""

    def __init__(self) -> None:
        self._crc = 0

    def add(self, row: dict[str, Any], vector: Any) -> None:
        """Take the next row, its vector apart."""
        import orjson

        nested = not _NESTED.isdisjoint(map(type, row.values()))
        self.add_text(orjson.dumps(_make_canonical(row) if nested else row), vector)

    def add_text(self, row: bytes, vector: Any) -> None:
        """Take the next row as text, which holds no lists."""
        self._crc = zlib.crc32(np.ascontiguousarray(vector, "<f4").data, zlib.crc32(row, self._crc))

    @property
    def hex(self) -> str:
        """What is written to the file."""
        return f"{self._crc:08x}"


def _make_canonical(value: Any) -> Any:
    """Parsed JSON with lists of numbers as float32, as the reader takes long ones."""
    if isinstance(value, dict):
        return {key: _make_canonical(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray) or (value and _is_number_list(value)):
        with np.errstate(over="ignore"):
            return np.asarray(value, np.float64).astype(np.float32).tolist()
    return [_make_canonical(inner) for inner in value] if isinstance(value, list) else value


def _is_number_list(value: Any) -> bool:
    """Whether a value is a list of nothing but numbers."""
    return isinstance(value, list) and set(map(type, value)) <= {int, float}


def check_rows(document: Any, source: str) -> tuple[Any, bool]:
    """The document without checksums, and whether all of its rows fit theirs.

    Raises
    ------
    LoadError
        If rows do not fit their checksum.
    """
    if isinstance(document, dict):
        if SEAL_KEY not in document:
            return document, False
        rest = {key: value for key, value in document.items() if key != SEAL_KEY}
        _refuse_changed(
            rest["segments"] if rest.keys() == {"segments"} else None, document[SEAL_KEY], source
        )
        return rest, True
    kept: list[Any] = []
    checked = 0
    if not isinstance(document, list) or not any(map(_is_checksum, document)):
        return document, False
    for item in document:
        if _is_checksum(item):
            _refuse_changed(kept[checked:], item[SEAL_KEY], source)
            checked = len(kept)
        else:
            kept.append(item)
    return kept, checked == len(kept)


def _is_checksum(item: Any) -> bool:
    """Whether a line of JSON Lines is the checksum of the lines before it."""
    return type(item) is dict and len(item) == 1 and SEAL_KEY in item


def _refuse_changed(rows: Any, known: Any, source: str) -> None:
    """Refuse rows that do not fit their checksum."""
    try:
        whole = _digest_of(rows) == known
    except (TypeError, ValueError, LookupError, OverflowError, RecursionError, AttributeError):
        whole = False  # something else than save writes
    if not whole:
        raise LoadError(
            "is not as it was saved (its checksum does not fit); a whole file was expected; copy "
            f"it again, or remove {SEAL_KEY!r} from it if you changed it yourself",
            source=source,
        )


def _digest_of(rows: Any) -> str:
    """The checksum of the rows that a file holds."""
    digest = Digest()
    for row in list(rows):
        digest.add(
            {name: cell for name, cell in row.items() if name != "embedding"}, row["embedding"]
        )
    return digest.hex
