"""One source of any kind -> its rows."""

from __future__ import annotations

from typing import Any

from twlab.errors import LoadError
from twlab.files import Source, file_kind, opened
from twlab.parsing import parse
from twlab.responses import Found, read
from twlab.tables import check_vectors

__all__ = ["read_source"]


def read_source(source: Source, *, keep_going: bool = False) -> Found:
    """The rows and problems of one source.

    Raises
    ------
    LoadError
        If the source as a whole cannot be read, and for the first bad row unless ``keep_going``.
    """
    found = Found(source.name, keep_going=keep_going)
    content = source.content
    if hasattr(content, "read"):
        content = content.read()
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
    if isinstance(content, bytearray | memoryview):
        content = bytes(content)
    if source.path is not None or isinstance(content, bytes):
        lines = file_kind(source.path.name if source.path else source.name) == "jsonl"
        plain = source._replace(content=content)
        document: Any = parse(lambda: opened(plain), source=source.name, lines=lines)
        read(document, found, lines=lines)
    elif isinstance(content, dict | list | tuple):
        read(content, found)
    else:
        raise LoadError(f"a {type(content).__name__} holds no embeddings", source=source.name)
    check_vectors(found)
    return found
