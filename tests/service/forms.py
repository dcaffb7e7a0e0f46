"""Bodies of requests, read as they come: of large files the size, a hash and the start are kept."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO

_BLOCK = 1 << 18
_HEAD = 1 << 16  # documents of tests fit in


@dataclass
class File:
    name: str
    size: int = 0
    digest: str = ""
    head: bytes = b""


@dataclass
class Form:
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    n_files: Counter[str] = field(default_factory=Counter)

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


class Body:
    """A request's body of known or chunked length."""

    def __init__(self, stream: BinaryIO, length: int | None) -> None:
        self._stream, self._left, self._chunked = stream, length or 0, length is None

    def read(self) -> bytes:
        """Some bytes; empty at the end. An incomplete body raises ConnectionError."""
        if self._chunked and not self._left:
            line = self._stream.readline()
            self._left = int(line.strip() or b"0", 16)
            if not self._left:
                self._stream.readline()
                return b""
        if not self._left:
            return b""
        block = self._stream.read(min(_BLOCK, self._left))
        if not block:
            raise ConnectionError("the body broke off")
        self._left -= len(block)
        if self._chunked and not self._left:
            self._stream.readline()
        return block

    def all(self) -> bytes:
        parts = []
        while block := self.read():
            parts.append(block)
        return b"".join(parts)


def read_form(body: Body, content_type: str) -> Form:
    """The fields and files of a multipart body."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise ValueError("no boundary")
    return _Reader(body, b"\r\n--" + boundary[1].encode()).form()


class _Reader:
    def __init__(self, body: Body, mark: bytes) -> None:
        self._body, self._mark, self._buffer = body, mark, b"\r\n"

    def form(self) -> Form:
        form = Form()
        self._until(lambda _: None)
        while not self._next_is_end():
            name, filename = self._head()
            if filename is None:
                parts: list[bytes] = []
                self._until(parts.append)
                form.fields.append((name, b"".join(parts).decode()))
            else:
                form.files[name] = self._file(filename)
                form.n_files[name] += 1
        self._body.all()
        return form

    def _file(self, filename: str) -> File:
        file, digest = File(filename), hashlib.sha256()

        def take(block: bytes) -> None:
            file.size += len(block)
            file.head = (file.head + block)[:_HEAD]
            digest.update(block)

        self._until(take)
        file.digest = digest.hexdigest()
        return file

    def _until(self, take) -> None:
        """Hand out the bytes up to the next boundary, and step over it."""
        while (place := self._buffer.find(self._mark)) < 0:
            keep = len(self._mark)
            if len(self._buffer) > keep:
                take(self._buffer[:-keep])
                self._buffer = self._buffer[-keep:]
            block = self._body.read()
            if not block:
                raise ValueError("no closing boundary")
            self._buffer += block
        take(self._buffer[:place])
        self._buffer = self._buffer[place + len(self._mark) :]

    def _need(self, size: int) -> None:
        while len(self._buffer) < size and (block := self._body.read()):
            self._buffer += block

    def _next_is_end(self) -> bool:
        self._need(2)
        return self._buffer.startswith(b"--")

    def _head(self) -> tuple[str, str | None]:
        while b"\r\n\r\n" not in self._buffer:
            self._need(len(self._buffer) + 1)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        text = head.decode()
        name = re.search(r'[; ]name="([^"]*)"', text)
        filename = re.search(r'filename="([^"]*)"', text)
        return (name[1] if name else ""), (filename[1] if filename else None)
