"""Tables of other makers: DataFrames, Arrow tables, Parquet and CSV -> rows.

Columns go by the same names as fields of JSON (``EMBEDDING``, ``START_OFFSET_SEC``, ``vector``).
Vectors in an Arrow table are taken from its buffer as one block.
"""

from __future__ import annotations

import io
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from twlab.errors import LoadError
from twlab.loading.bounds import size_error
from twlab.loading.responses import read
from twlab.loading.responses.names import VECTOR_KEYS, snake_case
from twlab.loading.responses.shapes import COLUMN_OF
from twlab.loading.responses.wide import wide_keys
from twlab.loading.seals import check_seal
from twlab.table.segments import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.loading.responses import Found

__all__ = [
    "arrow_table",
    "arrow_vectors",
    "conversion_errors",
    "ipc_table",
    "parquet_columns",
    "parquet_table",
    "read_arrow",
    "read_csv",
    "read_frame",
]


_NOTHING = frozenset(("", "na", "n/a", "nan", "nat", "none", "null", "<na>"))
"""What programs write where a time is missing; in any other column these are words."""

_LONGEST_NUMBER = 25
"""Python writes a float in up to 24 characters (-2.2250738585072014e-308), and Python refuses to
read whole numbers of thousands of digits."""
_HEADER_BYTES = 1 << 16
"""A line with names for 4,096 columns such as ``embedding_4095`` has 60 KB; of a longer one the
beginning tells as well."""
_DECIMAL_COMMA = r"-?\d+(?:,\d+)?(?:[eE][+-]?\d+)?|"
_ROWS = 2048  # of Parquet between two looks at how much there is


def parquet_columns(stream: BinaryIO, source: str) -> list[str]:
    """The names of the columns of a Parquet file."""
    import pyarrow.parquet as pq

    stream = stream if stream.seekable() else io.BytesIO(stream.read())
    return list(_read_parquet(pq.read_schema, stream, source).names)


def parquet_table(stream: BinaryIO, source: str, most: int) -> Any:
    """The Arrow table of a Parquet file.

    Raises
    ------
    LoadError
        If the file is broken, no Parquet, or holds more than ``most`` bytes once unpacked.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = stream if stream.seekable() else io.BytesIO(stream.read())
    sealed = check_seal(stream, source)

    def read(stream: BinaryIO) -> Any:
        # A file may say one value a million times in a few bytes, and what it says of its sizes
        # is not asked: pyarrow ends the whole process where a broken one does not add up.
        file = pq.ParquetFile(stream, page_checksum_verification=not sealed)
        batches, n_bytes = [], 0
        for batch in file.iter_batches(batch_size=_ROWS):
            batches.append(batch)
            n_bytes += batch.nbytes
            if n_bytes > most:
                raise size_error(most, source)
        return pa.Table.from_batches(batches, file.schema_arrow).unify_dictionaries()

    return _read_parquet(read, stream, source)


def ipc_table(stream: BinaryIO, source: str) -> Any:
    """The Arrow table of a Feather file, or of Arrow IPC as a file or a stream.

    Raises
    ------
    LoadError
        If the file is broken or another's.
    """
    import pyarrow as pa
    import pyarrow.feather as feather

    data = pa.py_buffer(stream.read())
    try:
        if data.slice(0, 4).to_pybytes() == b"\xff\xff\xff\xff":
            return pa.ipc.open_stream(data).read_all()
        return feather.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise LoadError(
            f"is not a complete Feather or Arrow file ({reason}); copy or write it again",
            source=source,
        ) from None


def arrow_table(content: Any, source: str) -> Any:
    """The Arrow table of an object that is one or gives one (polars, DuckDB, ...); else None.

    Data sets of Hugging Face give the rows that were chosen, not those of their file.
    """
    import pyarrow as pa

    if isinstance(content, pa.Table):
        return content
    if hasattr(content, "column_names") and callable(getattr(content, "with_format", None)):
        return content.with_format("arrow")[:]
    if isinstance(content, pa.RecordBatch):
        return pa.Table.from_batches([content])
    if not hasattr(content, "__arrow_c_stream__") or isinstance(content, pd.Series):
        return None
    try:
        return pa.RecordBatchReader.from_stream(content).read_all()
    except (pa.ArrowException, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise LoadError(
            f"a {type(content).__name__} gives no table ({reason}); a data frame with a column of "
            "vectors was expected; give the whole frame, or tw.from_vectors(column.to_numpy(), "
            "start_sec=..., end_sec=...)",
            source=source,
        ) from None


def _read_parquet(reader: Callable[[BinaryIO], Any], stream: BinaryIO, source: str) -> Any:
    """What a reader of Parquet reads, or one sentence for what it cannot."""
    import pyarrow as pa

    try:
        return reader(stream)
    except LoadError:  # beyond its bounds
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise LoadError(
            f"is not a complete Parquet file ({reason}); copy or write it again", source=source
        ) from None


def read_arrow(table: Any, found: Found) -> None:
    """Put the rows of an Arrow table into ``found``."""
    columns: dict[str, Any] = {}
    counts = Counter(table.column_names)
    for name, n_times in counts.items():
        if n_times > 1:
            _tell_double(name, found)
        column = table.column(table.column_names.index(name))
        cells = arrow_vectors(column)
        cells = _arrow_cells(column, name, found) if cells is None else cells
        if cells is not None:
            columns[name] = cells
    columns.pop("__index_level_0__", None)
    _read_columns(columns, table.num_rows, found)


def _arrow_cells(column: Any, name: str, found: Found) -> list[Any] | None:
    """The cells of a column as Python values; None, with a word, where they cannot be read."""
    import pyarrow as pa

    def as_text() -> list[Any]:
        cells: list[Any] = column.cast(pa.string()).to_pylist()
        return cells

    ways: list[Callable[[], list[Any]]] = [
        as_text if pa.types.is_time(column.type) else column.to_pylist,  # Python has no ns
        as_text,
        lambda: [_decode(cell) for cell in column.cast(pa.binary()).to_pylist()],
        lambda: column.cast(pa.timestamp(column.type.unit, "UTC")).to_pylist(),  # no known zone
    ]
    reason = ""
    for way in ways:
        try:
            cells = way()
        except conversion_errors() as error:
            reason = reason or str(error).partition("\n")[0][:80]
        else:
            return cells
    problem = f"the column of type {column.type} cannot be read ({reason}); convert or drop it"
    if snake_case(name) in VECTOR_KEYS or snake_case(name) in COLUMN_OF:
        raise LoadError(problem, source=found.source, field=name)
    found.remark(f"{problem}; it was left out", field=name)
    return None


def _decode(cell: bytes | None) -> str | None:
    """A text of bytes that are not all UTF-8."""
    return None if cell is None else cell.decode("utf-8", "backslashreplace")


def conversion_errors() -> tuple[type[Exception], ...]:
    """What Arrow and pandas raise for values, types and metadata that they cannot convert."""
    import pyarrow as pa

    return (pa.ArrowException, ValueError, TypeError, LookupError, ArithmeticError, AttributeError)


def arrow_vectors(column: Any) -> list[NDArray[np.float32]] | NDArray[np.float32] | None:
    """The vectors of a column of lists of floats, as one block where equally long.

    None for any other column, and where a vector or one of its numbers is missing.
    """
    import pyarrow as pa

    kind = column.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not (lists or pa.types.is_fixed_size_list(kind)):
        return None
    if not pa.types.is_floating(kind.value_type) or column.null_count:
        return None
    sizes: list[int] = []
    for chunk in column.chunks:
        sizes += chunk.value_lengths().to_pylist() if lists else [kind.list_size] * len(chunk)
    width = sizes[0] if len(set(sizes)) == 1 else 0
    block = np.empty((len(sizes), width) if width else (sum(sizes), 1), np.float32)
    flat, filled = block.reshape(-1), 0
    for chunk in column.chunks:
        numbers = chunk.flatten()
        if numbers.null_count:
            return None
        with np.errstate(over="ignore"):
            flat[filled : filled + len(numbers)] = numbers.to_numpy()
        filled += len(numbers)
    block.setflags(write=False)
    if width or not sizes:
        return block
    return np.split(block.reshape(-1), np.cumsum(sizes)[:-1])


def read_csv(stream: BinaryIO, found: Found) -> None:
    """Put the rows of a CSV file into ``found``; vectors are cells of text.

    Every cell is read as the text that it is: ``007``, ``12e3`` and ``NA`` are names. Columns that
    hold nothing but numbers as Python writes them become numbers, unless they name something.
    """
    stream, separator = _find_separator(stream)
    try:
        frame = pd.read_csv(
            stream,
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            encoding="utf-8-sig",
            low_memory=False,
        )
    except LoadError:  # of the stream
        raise
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, ValueError) as error:
        raise LoadError(
            f"is not a table in CSV ({str(error).strip()[:120]}); save the vectors as Parquet "
            "with tw.save",
            source=found.source,
        ) from None
    names = [str(name).strip() for name in frame.iloc[0]]
    if separator != ",":
        frame = frame.apply(_replace_commas)
    cells = {
        place: _read_csv_cells(found.columns.get(name, name), frame[place].tolist()[1:])
        for place, name in enumerate(names)
    }
    frame = pd.DataFrame(cells, dtype=object)
    frame.columns = pd.Index(names)
    read_frame(frame.loc[:, frame.columns != ""], found)  # a column without a name is an index


def _find_separator(stream: BinaryIO) -> tuple[BinaryIO, str]:
    """The stream from its beginning, and what stands between the names in its first line."""
    whole: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
    line = whole.peek(_HEADER_BYTES)[:_HEADER_BYTES].split(b"\n")[0]
    counts = {mark: line.count(mark.encode()) for mark in (",", ";", "\t", "|")}
    return whole, max(counts, key=lambda mark: counts[mark])


def _replace_commas(column: pd.Series[str]) -> pd.Series[str]:
    """A column of nothing but numbers with decimal commas, with points."""
    cells = column.iloc[1:]
    if cells.str.contains(",").any() and cells.str.fullmatch(_DECIMAL_COMMA).all():
        return pd.concat([column.iloc[:1], cells.str.replace(",", ".")])
    return column


def _read_csv_cells(name: str, cells: list[str]) -> list[Any]:
    """The cells of a column of CSV."""
    column = COLUMN_OF.get(snake_case(name), "")
    if column in ("start_sec", "end_sec", "duration_sec"):
        return [None if cell.strip().lower() in _NOTHING else cell for cell in cells]
    if column or snake_case(name) in VECTOR_KEYS:
        return [cell or None for cell in cells]
    filled = [cell for cell in cells if cell]
    for number in (int, float):
        if filled and all(_is_spelled(cell, number) for cell in filled):
            return [number(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells]


def _is_spelled(cell: str, number: type[int] | type[float]) -> bool:
    """Whether a text is a number in the one spelling that Python would give it."""
    try:
        return len(cell) <= _LONGEST_NUMBER and str(number(cell)) == cell
    except ValueError:
        return False


def read_frame(frame: pd.DataFrame, found: Found) -> None:
    """Put the rows of a DataFrame into ``found``."""
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if levels:
        frame = frame.reset_index(levels)
    elif _is_told(frame.index) and not set(COLUMNS) <= set(frame.columns):
        frame = frame.rename_axis("index").reset_index()
    columns: dict[str, Any] = {}
    wide = wide_keys(tuple(frame.columns)) if frame.columns.is_unique else ()
    named = "embedding" in found.columns.values()
    if wide and not named and not any(snake_case(str(n)) in VECTOR_KEYS for n in frame.columns):
        block = _read_spread_vectors(frame[list(wide)], found)
        frame = frame.drop(columns=list(wide))
        columns["embedding"] = list(block)
    for position, name in enumerate(map(str, frame.columns)):
        if name in columns:
            _tell_double(name, found)
            continue
        if isinstance(frame.dtypes.iloc[position], pd.IntervalDtype):
            spans = pd.arrays.IntervalArray(frame.iloc[:, position])
            columns |= _ends_of(spans, name)
            continue
        cells = frame.iloc[:, position].astype(object).tolist()
        columns[name] = [None if _is_missing(cell) else cell for cell in cells]
    _read_columns(columns, len(frame), found)


def _ends_of(spans: Any, name: str) -> dict[str, list[Any]]:
    """The columns of start and end of intervals of numbers; their text for others."""
    if not pd.api.types.is_numeric_dtype(spans.dtype.subtype):
        return {name: [str(span) for span in spans]}
    sides = {"start_sec": spans.left, "end_sec": spans.right}
    return {
        column: [None if np.isnan(one) else float(one) for one in side]
        for column, side in sides.items()
    }


def _is_told(index: pd.Index[Any]) -> bool:
    """Whether an index without a name says more of its rows than their number."""
    if isinstance(index, pd.MultiIndex) or "index" in index.names:
        return False
    return isinstance(index, pd.IntervalIndex) or not pd.api.types.is_integer_dtype(index.dtype)


def _read_spread_vectors(frame: pd.DataFrame, found: Found) -> NDArray[np.float32]:
    """The vectors of a table that spreads them over its columns; NaN where a number is missing."""
    try:
        with np.errstate(over="ignore"):
            return frame.replace("", None).to_numpy(np.float64, na_value=np.nan).astype(np.float32)
    except (TypeError, ValueError) as error:
        raise LoadError(
            f"the columns {frame.columns[0]!r} to {frame.columns[-1]!r} do not hold numbers "
            f"({str(error)[:80]}); one number of the vector in each was expected; correct them",
            source=found.source,
        ) from None


def _tell_double(name: str, found: Found) -> None:
    """Say that only the first of several columns of one name is read."""
    found.remark(
        f"several columns named {name!r}, of which the first was read; one was expected; rename "
        "the others",
        field=name,
    )


def _is_missing(cell: Any) -> bool:
    """Whether a cell is one of the several ways in which pandas writes nothing."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (type(cell) is float and cell != cell)


def _read_columns(columns: dict[str, Any], n_rows: int, found: Found) -> None:
    """Read equally long columns as rows."""
    names = tuple(columns)
    for name, cells in columns.items():
        if not isinstance(cells, np.ndarray) and any(isinstance(cell, date) for cell in cells):
            columns[name] = [c.isoformat() if isinstance(c, date) else c for c in cells]
        elif not isinstance(cells, np.ndarray) and any(isinstance(c, timedelta) for c in cells):
            columns[name] = [c.total_seconds() if isinstance(c, timedelta) else c for c in cells]
    if not n_rows:
        found.remark("is an empty table; rows with vectors were expected; save it again")
        return
    records = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    read(records, found, word="row")
