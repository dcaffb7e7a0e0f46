"""The forms in which the project itself keeps tables: Parquet, and plain JSON.

Parquet holds the columns as they are, with the vectors as lists of float32. JSON is
``{"segments": [row, ...]}`` and JSON Lines one row per line; a row names each column of the table
(``start_sec``, ``embedding_option``, ...) and has its vector under ``embedding``, each number with
as many digits as float32 needs to come back the same. All carry a checksum (:mod:`seals`).
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, LoadError
from twlab.loading.files import Input, file_kind, open_input
from twlab.loading.joining import warn_of_same_times, with_blocks
from twlab.loading.seals import SEAL_KEY, Digest, SealedFile
from twlab.loading.tabular import (
    arrow_table,
    arrow_vectors,
    conversion_errors,
    parquet_columns,
    parquet_table,
)
from twlab.table.blocks import holds_lists
from twlab.table.segments import COLUMNS, check_segments, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["read_own_tables", "to_arrow", "write_json", "write_parquet"]

_CELLS = b"twlab:cells"
_PLAIN = {str, int, float, bool, type(None)}  # JSON has one spelling of these


def read_own_tables(sources: Sequence[Input]) -> pd.DataFrame | None:
    """The table of Parquet files that were written by ``save``; None unless all of them were."""
    frames, blocks = [], []
    for source in sources:
        try:
            own = _read_own_source(source)
        except LoadError:  # said, or reported among others, where sources are read one by one
            return None
        if own is None:
            return None
        frames.append(own[0])
        blocks.append(own[1])
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    try:
        table = with_blocks(frame, blocks)
        check_segments(table)
    except InputError:  # read one by one, the row is named, or the file left out of a folder
        return None
    if len(frames) > 1:
        warn_of_same_times(table)
    return table


def _read_own_source(
    source: Input,
) -> tuple[pd.DataFrame, list[NDArray[np.float32]] | NDArray[np.float32]] | None:
    """The columns and the vectors of a Parquet file or Arrow table; None where it is another's."""
    if source.path is None:
        table = _arrow_of(source)
        return None if table is None else _read_own_table(table)
    if file_kind(source.path.name) != "parquet":
        return None
    with open_input(source) as stream:
        if not set(COLUMNS) <= set(parquet_columns(stream, source.name)):
            return None
        stream.seek(0)
        return _read_own_table(parquet_table(stream, source.name, source.bounds.total))


def _arrow_of(source: Input) -> Any:
    """The Arrow table that a source is, or the data set around one, if it has our columns.

    Streams, which can be read only once, are left for where all forms are read.
    """
    names = getattr(source.content, "column_names", None)
    if not isinstance(names, list) or not set(COLUMNS) <= set(names):
        return None
    return arrow_table(source.content, source.name)


def _read_own_table(
    table: Any,
) -> tuple[pd.DataFrame, list[NDArray[np.float32]] | NDArray[np.float32]] | None:
    """The columns and the vectors of an Arrow table; None where it is another's."""
    names = table.column_names
    cells = arrow_vectors(table.column("embedding"))
    if cells is None or len(set(names)) < len(names):
        return None
    try:
        frame = table.drop_columns(["embedding"]).to_pandas()
        for field in table.schema:
            if _CELLS in (field.metadata or {}) and field.name in frame.columns:
                lists = table.column(field.name).to_pylist()
                frame[field.name] = pd.Series(lists, index=frame.index, dtype=object)
    except conversion_errors():  # a type or metadata of others beside our columns
        return None
    if len(frame) != len(cells) or not set(COLUMNS) <= {*frame.columns, "embedding"}:
        return None
    place = sum(name in frame.columns for name in names[: names.index("embedding")])
    frame.insert(place, "embedding", None)
    numeric = all(frame[name].dtype.kind in "fiu" for name in ("start_sec", "end_sec"))
    return (frame, cells) if numeric else None


def write_parquet(segments: pd.DataFrame, path: Path) -> None:
    """Write a table of segments as Parquet.

    Raises
    ------
    InputError
        If a column of the user's cannot be stored.
    """
    import pyarrow.parquet as pq

    table = _arrow_table_of(segments, "Parquet")
    plain = [name for name in table.column_names if name != "embedding"]
    with SealedFile(path) as file:
        pq.write_table(
            table, file, compression="zstd", use_dictionary=plain, write_page_checksum=True
        )


def to_arrow(segments: pd.DataFrame) -> pa.Table:
    """The table of segments as an Arrow table, for polars, DuckDB, Hugging Face and others.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.

    Returns
    -------
    pyarrow.Table
        The columns in their order; ``embedding`` as lists of float32 of fixed size, so that the
        vectors are one block, or of any size where dimensions are mixed. Other columns as
        ``pyarrow.Table.from_pandas`` writes them, with its metadata: dtypes and index come back
        from ``twlab.load``.

    Raises
    ------
    InputError
        If the table is not one of segments, or a column holds values of several kinds.

    See Also
    --------
    twlab.load : takes Arrow tables, polars frames, Hugging Face datasets, whatever streams Arrow
    twlab.save : the same as a Parquet file, with a checksum

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> table = tw.to_arrow(segments)
    >>> table.schema.field("embedding").type
    FixedSizeListType(fixed_size_list<item: float>[1280])
    >>> tw.load(table).equals(segments)
    True
    """
    check_segments(segments)
    return _arrow_table_of(segments, "Arrow")


def _arrow_table_of(segments: pd.DataFrame, form: str) -> pa.Table:
    """A table of segments as an Arrow table; ``form`` is what it is made for, for messages."""
    import pyarrow as pa

    if "embedding" in segments.index.names:
        raise InputError(
            f"the index is called 'embedding', which is a column of the table; {form} has one name "
            "for each; rename it with segments.rename_axis(None)"
        )
    place = list(segments.columns).index("embedding")
    others = segments.drop(columns="embedding")
    try:
        table = pa.Table.from_pandas(others)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(part) for part in error.args)[:160]
        raise InputError(
            f"a column cannot be stored in {form} ({reason}); columns of one kind of value were "
            "expected; convert or drop it"
        ) from None
    return _with_marks(table, others).add_column(place, "embedding", _as_arrow_lists(segments))


def _with_marks(table: Any, frame: pd.DataFrame) -> Any:
    """The Arrow table with a mark on columns of Python lists, which else come back as arrays."""
    for place in range(frame.shape[1]):
        if holds_lists(frame.iloc[:, place]):
            field = table.schema.field(place).with_metadata({_CELLS: b"list"})
            table = table.set_column(place, field, table.column(place))
    return table


def _as_arrow_lists(segments: pd.DataFrame) -> Any:
    """The vectors as an Arrow column of lists of float32."""
    import pyarrow as pa

    sizes = np.array([np.size(cell) for cell in segments["embedding"]], np.int64)
    if len(set(sizes.tolist())) == 1:
        flat = vectors(segments[["embedding"]]).reshape(-1)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat), int(sizes[0]))
    parts = _check_rows(segments)
    flat = np.concatenate(parts) if parts else np.empty(0, np.float32)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(flat))


def _check_rows(segments: pd.DataFrame) -> list[NDArray[np.float32]]:
    """The vector of each row, checked; dimensions and models may be mixed."""
    cells = segments[["embedding"]]
    sizes = np.array([np.size(cell) for cell in segments["embedding"]], np.int64)
    rows: list[Any] = [None] * len(segments)
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size)
        for row, vector in zip(own, vectors(cells.iloc[own]), strict=True):
            rows[row] = vector
    return rows


def write_json(segments: pd.DataFrame, path: Path, *, packing: str, lines: bool) -> None:
    """Write a table of segments as JSON or JSON Lines, packed as ``gz``, ``zst`` or not."""
    names = [str(name) for name in segments.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"several columns named {twice[0]!r}; JSON keeps one of a name; rename the others"
        )
    with _open_packed(path, packing) as stream:
        if not lines:
            stream.write(b'{"segments":[\n')
        digest = Digest()
        for number, row in enumerate(_write_rows(segments, digest)):
            stream.write((b"" if not number else b"\n" if lines else b",\n") + row)
        checksum = b'"%b":"%b"}\n' % (SEAL_KEY.encode(), digest.hex.encode())
        stream.write((b"\n{" if lines else b"\n],") + checksum)


def _open_packed(path: Path, packing: str) -> Any:
    """A stream that packs what is written."""
    if packing == "gz":
        return gzip.open(path, "wb", compresslevel=6)
    if packing == "zst":
        import zstandard

        return zstandard.open(path, "wb", zstandard.ZstdCompressor(write_checksum=True))
    return path.open("wb")


def _write_rows(segments: pd.DataFrame, digest: Digest) -> Iterator[bytes]:
    """Each row as the text of a JSON object, its vector last; the digest takes them along."""
    import orjson

    others = [place for place, name in enumerate(segments.columns) if name != "embedding"]
    names = [str(segments.columns[place]) for place in others]
    columns = []
    for place in others:
        column = segments.iloc[:, place]
        columns.append(column.astype(object).where(column.notna(), None).tolist())
    plain = all({*map(type, column)} <= _PLAIN for column in columns)
    numpy = orjson.OPT_SERIALIZE_NUMPY
    for number, (vector, *cells) in enumerate(zip(_check_rows(segments), *columns, strict=True)):
        try:
            row = orjson.dumps(dict(zip(names, cells, strict=True)), default=str, option=numpy)
        except (TypeError, UnicodeError) as error:
            raise InputError(
                f"row {number} cannot be stored in JSON ({error}); words, numbers up to 64 bits "
                "and lists of them were expected; convert or drop the column"
            ) from None
        if plain:
            digest.add_text(row, vector)
        else:
            digest.add(orjson.loads(row), vector)
        yield row[:-1] + b',"embedding":' + orjson.dumps(vector, option=numpy) + b"}"
