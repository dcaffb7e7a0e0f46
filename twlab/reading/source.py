"""One source of any kind -> its rows and problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from twlab.errors import LoadError
from twlab.reading.adopting import adopt
from twlab.reading.files import Source, file_kind, opened
from twlab.reading.frames import parquet_table, read_arrow, read_csv, read_frame
from twlab.reading.parsing import parse
from twlab.reading.seals import checked_rows
from twlab.reading.table import check_vectors
from twlab.responses import Found, as_json, is_notebook, read, read_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

__all__ = ["read_source"]

_PARQUET = b"PAR1"


def read_source(
    source: Source,
    *,
    keep_going: bool = False,
    one_video: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Found:
    """The rows and problems of one source.

    ``one_video`` where the caller names the video; ``columns`` are the source's keys by the names
    of the table.

    Raises
    ------
    LoadError
        If the source as a whole cannot be read, and for the first bad row unless ``keep_going``.
    """
    found = Found(source.name, keep_going=keep_going)
    found.columns = {key: name for name, key in (columns or {}).items()}
    try:
        _read_content(source, found)
        adopt(found, one_video=one_video)
        check_vectors(found)
    except MemoryError:
        raise LoadError(
            "needs more memory than there is; a smaller source was expected; load it in parts",
            source=source.name,
        ) from None
    return found


def _read_content(source: Source, found: Found) -> None:
    """Read a source by what it is."""
    content = _content(source)
    if source.path is not None or isinstance(content, bytes):
        _read_bytes(source._replace(content=content), found)
    elif isinstance(content, pd.DataFrame):
        read_frame(content, found)
    elif hasattr(content, "column_names") and hasattr(content, "num_rows"):
        read_arrow(content, found)
    else:
        _read_object(content, found)
    _check_keys(found)
    if not (found.size or found.remarks):
        found.remark("holds no embeddings; an answer with segments was expected")


def _check_keys(found: Found) -> None:
    """Refuse names of columns that the source has not."""
    missing = [key for key in found.columns if key not in found.keys_seen]
    if missing:
        there = ", ".join(list(found.keys_seen)[:20]) or "none"
        raise LoadError(
            f"no column {missing[0]!r} (there are: {there}); columns names what the source calls "
            f"{found.columns[missing[0]]!r}; correct it",
            source=found.source,
        )


def _content(source: Source) -> Any:
    """The content of a source that is no path; bytes where it is a file object or a buffer."""
    content = source.content
    if hasattr(content, "read") and not hasattr(content, "status_code"):
        try:
            content = content.read()
        except (OSError, ValueError) as error:  # closed, not for reading, or text of another code
            raise LoadError(
                f"the file object cannot be read ({error}); one opened in mode 'rb' was expected",
                source=source.name,
            ) from None
        if not isinstance(content, str | bytes):
            raise LoadError(
                f"reading the file object gave a {type(content).__name__}; bytes were expected",
                source=source.name,
            )
    if isinstance(content, str):
        return content.encode("utf-8", "replace")
    return bytes(content) if isinstance(content, bytearray | memoryview) else content


def _read_bytes(source: Source, found: Found) -> None:
    """Read a file or its bytes by what they are."""

    def again() -> AbstractContextManager[BinaryIO]:
        return opened(source)

    kind = file_kind(source.path.name if source.path else source.name)
    with again() as stream:
        packed_table = kind == "parquet" or stream.read(4) == _PARQUET
    if packed_table:
        with again() as stream:
            read_arrow(parquet_table(stream, source.name, source.bounds.total), found)
    elif kind == "csv":
        with again() as stream:
            read_csv(stream, found)
    else:
        document = parse(again, source=source.name, lines=kind == "jsonl", most=source.bounds.text)
        document, found.saved = checked_rows(document, source.name)
        if is_notebook(document):
            read_notebook(document, found)
        else:
            read(document, found, word="line" if kind == "jsonl" else "segment")


def _read_object(content: Any, found: Found) -> None:
    """Read parsed JSON or an object of a client library."""
    if isinstance(content, np.ndarray) and content.ndim != 1:
        raise LoadError(
            f"an array of shape {content.shape} without times; use tw.with_vectors to put it "
            "into a table",
            source=found.source,
        )
    status, body = getattr(content, "status_code", None), getattr(content, "content", None)
    if isinstance(status, int) and isinstance(body, bytes):
        answer = Source(found.source, None, body, explicit=True)
        content = {
            "response_status": status,
            "response_body": parse(lambda: opened(answer), source=found.source),
        }
    document, found.saved = checked_rows(as_json(content), found.source)
    read(document, found)
