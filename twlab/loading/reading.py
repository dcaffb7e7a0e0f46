"""One source of any kind -> its rows and problems."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from twlab.errors import LoadError
from twlab.loading.adopting import adopt
from twlab.loading.answered import check_uncertainty, spread_speech, tell_models
from twlab.loading.arrays import hdf5_document, npz_document, of_group
from twlab.loading.files import Input, file_kind, open_input
from twlab.loading.joining import check_vectors, tell_late_ends
from twlab.loading.parsing import parse
from twlab.loading.responses import (
    Found,
    as_json,
    is_notebook,
    read,
    read_notebook,
)
from twlab.loading.responses.vendors import name_by_file
from twlab.loading.seals import check_rows
from twlab.loading.tabular import (
    arrow_table,
    ipc_table,
    parquet_table,
    read_arrow,
    read_csv,
    read_frame,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

__all__ = ["read_source"]

_PARQUET, _ARROW, _ZIP, _HDF5 = b"PAR1", b"ARROW1", b"PK\x03\x04", b"\x89HDF"
_SMALL = 1 << 16
"""64 KB, six vectors of 512 numbers in JSON: what is read to know the kind of a file is all of it,
where there are many small ones."""


def read_source(
    source: Input,
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
        if source.path is not None:
            name_by_file(found, source.path)
        adopt(found, one_video=one_video)
        if not found.saved:
            tell_models(found)
            spread_speech(found)
        check_uncertainty(found)
        if keep_going:
            tell_late_ends(found)
        check_vectors(found)
    except MemoryError:
        raise LoadError(
            "needs more memory than there is; a smaller source was expected; load it in parts",
            source=source.name,
        ) from None
    return found


def _read_content(source: Input, found: Found) -> None:
    """Read a source by what it is."""
    content = _content_of(source)
    if source.path is not None or isinstance(content, bytes):
        _read_bytes(source._replace(content=content), found)
    elif isinstance(content, pd.DataFrame):
        read_frame(content, found)
    elif (table := arrow_table(content, source.name)) is not None:
        read_arrow(table, found)
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


def _content_of(source: Input) -> Any:
    """The content of a source that is not a path; bytes where it is a file object or a buffer."""
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
        return content.encode("utf-8", "backslashreplace")  # JSON reads it back
    return bytes(content) if isinstance(content, bytearray | memoryview) else content


def _read_bytes(source: Input, found: Found) -> None:
    """Read a file or its bytes by what they are."""

    def again() -> AbstractContextManager[BinaryIO]:
        return open_input(source)

    kind = file_kind(source.path.name if source.path else source.name)
    with again() as stream:
        head = stream.read(_SMALL)
    if kind == "parquet" or head.startswith(_PARQUET):
        with again() as stream:
            read_arrow(parquet_table(stream, source.name, source.bounds.total), found)
    elif kind == "arrow" or head.startswith(_ARROW):
        with again() as stream:
            read_arrow(ipc_table(stream, source.name), found)
    elif kind == "arrays" or head.startswith((_ZIP, _HDF5)):
        with again() as stream:
            data = stream.read()
        document_of = hdf5_document if head.startswith(_HDF5) else npz_document
        document = document_of(data, source.name, found.columns, source.bounds.total)
        read(document, found, word="row")
    elif kind == "csv":
        with again() as stream:
            read_csv(stream, found)
    else:
        whole = len(head) < _SMALL  # so that of many small files none is opened twice
        document = parse(
            (lambda: BytesIO(head)) if whole else again,
            source=source.name,
            lines=kind == "jsonl",
            most=source.bounds.text,
        )
        document, found.saved = check_rows(document, source.name)
        if is_notebook(document):
            read_notebook(document, found)
        else:
            read(document, found, word="line" if kind == "jsonl" else "segment")


def _refuse_bare_vectors(content: Any, source: str) -> None:
    """Refuse what holds vectors, or nothing, but no rows, saying the way in."""
    if content is None:
        raise LoadError(
            "None was given; a path, an answer or a table was expected; an earlier function "
            "may have returned nothing",
            source=source,
        )
    if isinstance(content, pd.Series):
        way = (
            "table.iloc[[k]], in two brackets"
            if "embedding" in content.index
            else (
                "the whole table, or tw.from_vectors(column.tolist(), start_sec=..., end_sec=...)"
            )
        )
        raise LoadError(
            f"a Series ({content.name!r}) is one column or row; a DataFrame was expected; give "
            f"{way}",
            source=source,
        )
    if callable(getattr(content, "collect", None)) and hasattr(content, "collect_schema"):
        raise LoadError(
            f"a {type(content).__name__} is a plan whose rows are not computed yet; a DataFrame "
            "was expected; give frame.collect()",
            source=source,
        )
    shape = getattr(content, "shape", None)
    if isinstance(shape, tuple) and hasattr(content, "dtype") and len(shape) != 1:
        raise LoadError(
            f"an array of shape {tuple(shape)} says nothing about times; a table was expected; "
            "give tw.from_vectors(matrix, start_sec=..., end_sec=...)",
            source=source,
        )


def _read_object(content: Any, found: Found) -> None:
    """Read parsed JSON or an object of a client library."""
    _refuse_bare_vectors(content, found.source)
    if type(content).__module__.startswith("h5py.") and hasattr(content, "keys"):
        content = of_group(content)
    status, body = getattr(content, "status_code", None), getattr(content, "content", None)
    if isinstance(status, int) and isinstance(body, bytes):
        answer = Input(found.source, None, body, explicit=True)
        content = {
            "response_status": status,
            "response_body": parse(lambda: open_input(answer), source=found.source),
        }
    document, found.saved = check_rows(as_json(content), found.source)
    read(document, found)
