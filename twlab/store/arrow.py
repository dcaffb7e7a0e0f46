"""Rows of segments between pandas and the Arrow columns of a store.

A store keeps the columns of the table as they are, the vectors as lists of fixed size, and one
column more: the key, a hash of the segment's identity, because the identity itself may be missing
in places (NA, NaN) where a key must not be. How pandas held a column is remembered beside it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.blocks import cells_of
from twlab.errors import InputError
from twlab.segments import COLUMNS, check_segments, str_column, vectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["IDENTITY", "KEY", "arrow_rows", "fitted", "frame_of", "keys_of", "prepared", "told"]

KEY = "twlab_key"
IDENTITY = COLUMNS[:6]
_WORDS = COLUMNS[3:6]
_TAKEN = (KEY, "_distance", "_score", "_relevance", "_row", "__action", "__merge_source")
_DTYPE = b"twlab:dtype"
_PRIMARY = {b"lance-schema:unenforced-primary-key": b"true"}


def prepared(segments: Any) -> pd.DataFrame:
    """The table with every column of an identity, checked; no segment in it twice."""
    check_segments(segments)
    names = [str(name) for name in segments.columns]
    for name in names:
        unfit = name in ("", "*") or any(sign in name for sign in ".`\0")
        unfit = unfit or name.startswith(_TAKEN)
        if unfit or names.count(name) > 1:
            raise InputError(
                f"a column named {name!r} cannot be stored (it is there twice, empty, a star, "
                "holds a dot or backtick, or is the store's own); single plain names were "
                "expected; rename it"
            )
    table: pd.DataFrame = segments.set_axis(names, axis=1).reset_index(drop=True)
    for name in ("start_sec", "end_sec"):
        table[name] = table[name].to_numpy(np.float64, na_value=np.nan)
    for name in IDENTITY:
        if name not in names:
            table[name] = str_column([None] * len(table))
        elif name not in ("start_sec", "end_sec"):
            table[name] = _as_words(table[name])
    return table


def _as_words(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of names as strings, missing where missing."""
    missing = column.isna().to_numpy()
    cells = column.astype(object)
    words = [None if gone else str(cell) for cell, gone in zip(cells, missing, strict=True)]
    broken = next((word for word in words if word and ("\x00" in word or "\x1f" in word)), None)
    if broken is not None:  # these signs stand between the parts of a key
        raise InputError(
            f"{broken[:40]!r} in {column.name!r} holds a sign of control (\\x00 or \\x1f); a name "
            "was expected; replace it"
        )
    try:
        return str_column(words)
    except UnicodeEncodeError as error:
        raise InputError(
            f"{error.object[:40]!r} in {column.name!r} is no text (half of a character); a name "
            "was expected; replace it"
        ) from None


def keys_of(table: pd.DataFrame) -> list[str]:
    """A key for each row, the same for the same identity; missing equals missing.

    Raises
    ------
    InputError
        If a segment is there twice.
    """
    times = table[["start_sec", "end_sec"]].to_numpy(np.float64) + 0.0  # 0 and -0 are one time
    times[np.isnan(times)] = np.nan  # and so are all NaN
    words = [table[name].fillna("\x00").tolist() for name in ("video_id", *_WORDS)]
    texts = map("\x1f".join, zip(*words, strict=True))
    keys = [
        blake2b(span.tobytes() + text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        for span, text in zip(np.ascontiguousarray(times, "<f8"), texts, strict=True)
    ]
    if len(set(keys)) < len(keys):
        row = int(np.argmax(pd.Series(keys).duplicated()))
        raise InputError(
            f"{told(table.iloc[row])} is there twice (again at row {row}); one row for each "
            f"segment was expected; drop one, for example with drop_duplicates({list(IDENTITY)})"
        )
    return keys


def told(row: Any) -> str:
    """A segment in words."""
    known = [str(row[name]) for name in _WORDS if not pd.isna(row[name])]
    words = f" ({', '.join(known)})" if known else ""
    if pd.isna(row["start_sec"]):
        return f"the segment {row['video_id']!r} without time{words}"
    return f"the segment {row['video_id']!r} {row['start_sec']:g}-{row['end_sec']:g} s{words}"


def arrow_rows(table: pd.DataFrame, keys: Iterable[str]) -> Any:
    """A prepared table as Arrow columns, the key first."""
    import pyarrow as pa

    matrix = vectors(table[["embedding"]])
    fields = [pa.field(KEY, pa.string(), nullable=False, metadata=_PRIMARY)]
    columns: list[Any] = [pa.array(keys, pa.string())]
    for name in table.columns:
        if name == "embedding":
            values = pa.array(matrix.reshape(-1))
            column = pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])
        else:
            column = _arrow_column(table[name])
        columns.append(column)
        dtype = {_DTYPE: str(table[name].dtype).encode()}
        fields.append(pa.field(str(name), column.type, metadata=dtype))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _arrow_column(column: pd.Series[Any]) -> Any:
    """A column of the user's in an Arrow type that a store keeps."""
    import pyarrow as pa

    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(part) for part in error.args)[:120]
        raise InputError(
            f"column {column.name!r} cannot be stored ({reason}); values of one kind were "
            "expected; convert or drop it"
        ) from None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kinds = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if any(kind(array.type) for kind in kinds):
        array = array.cast(pa.string())
    return array


def fitted(rows: Any, schema: Any) -> Any:
    """Rows in the columns and types of a store that has all of theirs.

    Raises
    ------
    InputError
        If vectors have another dimension or a column another type than in the store.
    """
    import pyarrow as pa

    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        columns.append(_cast(rows[field.name], field))
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: Any, field: Any) -> Any:
    """A column in the type of the store's, where no more is lost by it than digits of floats."""
    import pyarrow as pa

    if column.type == field.type:
        return column
    if field.name == "embedding":
        raise InputError(
            f"vectors of {column.type.list_size} numbers for a store of vectors of "
            f"{field.type.list_size}; one dimension was expected; open another store for them"
        )
    empty = column.null_count == len(column)
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    numbers = all(any(kind(t) for kind in kinds[:2]) for t in (column.type, field.type))
    dates = all(pa.types.is_timestamp(t) for t in (column.type, field.type))
    dates = dates and (column.type.tz is None) == (field.type.tz is None)
    try:
        if empty:
            return pa.nulls(len(column), field.type)
        if numbers or dates:
            cast = column.cast(field.type)  # raises where whole numbers or times would change
            if not numbers or bool(np.array_equal(np.isfinite(column), np.isfinite(cast))):
                return cast
    except pa.ArrowInvalid:
        pass
    raise InputError(
        f"column {field.name!r} is of type {column.type}, in the store of {field.type}; the same "
        "type was expected; convert or rename it"
    )


def frame_of(
    rows: Any, fields: Any, matrix: NDArray[np.float32] | None, *, n_rows: int, first: int = 0
) -> pd.DataFrame:
    """The pandas table of Arrow rows: their fields as the store has them, a block of vectors."""
    columns: dict[str, Any] = {}
    index = pd.RangeIndex(first, first + n_rows)
    for field in fields:
        if field.name == "embedding":
            cells = [None] * n_rows if matrix is None else cells_of(matrix)
            columns[field.name] = pd.Series(cells, index=index, dtype=object)
        elif field.name != KEY:
            columns[field.name] = _pandas_column(rows[field.name], field, index)
    return pd.DataFrame(columns, index=index)


def _pandas_column(column: Any, field: Any, index: pd.Index) -> Any:
    """A column in the dtype that it had, or in the one that can miss values where it now does."""
    import pyarrow as pa

    dtype = (field.metadata or {}).get(_DTYPE, b"").decode()
    masked = _masked_dtype(column, dtype)
    if masked is not None:
        return column.to_pandas(types_mapper=lambda _: masked).set_axis(index)
    series = column.to_pandas()
    if pa.types.is_string(field.type) and dtype in ("str", "") and series.dtype != "str":
        return str_column(series, index)  # pandas 2 has no such type
    if dtype in ("object", "Float64", "Float32", "string") and str(series.dtype) != dtype:
        series = series.astype(dtype)
    return series.set_axis(index)


def _masked_dtype(column: Any, dtype: str) -> Any:
    """The pandas dtype of whole numbers or truth values some of which are missing, or None."""
    import pyarrow as pa

    of_ints, of_truths = pa.types.is_integer(column.type), pa.types.is_boolean(column.type)
    if not (of_ints or of_truths) or not (dtype[:1] in "IU" or dtype == "boolean"):
        known = of_ints or of_truths
        return _masked_of(column.type) if known and column.null_count else None
    return _masked_of(column.type)


def _masked_of(kind: Any) -> Any:
    """The pandas dtype with missing values for an Arrow type of whole numbers or truth values."""
    name = str(kind)
    if name == "bool":
        return pd.BooleanDtype()
    return pd.api.types.pandas_dtype(name.replace("uint", "UInt").replace("int", "Int"))
