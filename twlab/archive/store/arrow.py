"""Rows of segments between pandas and the Arrow columns of a store.

A store keeps the columns of the table as they are, the vectors as lists of fixed size, and one
column more: the key of the segment. How pandas held a column is remembered beside it.
Dictionaries are kept as JSON, because a column of Arrow would give every row the keys of all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.archive.store.keys import KEY
from twlab.errors import InputError
from twlab.table.blocks import cells_of, holds_lists
from twlab.table.segments import str_column, vectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["arrow_rows", "cut_in_blocks", "fit_rows", "frame_of"]

# What the metadata of a column keeps of pandas: its dtype, or that cells are JSON or lists.
_DTYPE = b"twlab:dtype"
_JSON = b"json"
_LIST = b"list"
_PRIMARY = {b"lance-schema:unenforced-primary-key": b"true"}


def arrow_rows(table: pd.DataFrame, keys: Iterable[str]) -> Any:
    """A prepared table as Arrow columns, the key first."""
    import pyarrow as pa

    matrix = vectors(table[["embedding"]])
    fields = [pa.field(KEY, pa.string(), nullable=False, metadata=_PRIMARY)]
    columns: list[Any] = [pa.array(keys, pa.string())]
    for name in table.columns:
        dtype = {_DTYPE: str(table[name].dtype).encode()}
        if name == "embedding":
            values = pa.array(matrix.reshape(-1))
            column = pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])
        elif _holds_dicts(table[name]):
            column, dtype = _json_column(table[name]), {_DTYPE: _JSON}
        else:
            column = _arrow_column(table[name])
            dtype = {_DTYPE: _LIST} if holds_lists(table[name]) else dtype
        columns.append(column)
        fields.append(pa.field(str(name), column.type, metadata=dtype))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _holds_dicts(column: pd.Series[Any]) -> bool:
    """Whether some cell is a dictionary, or a list of such."""
    if column.dtype != object:
        return False
    lists = (cell for cell in column if isinstance(cell, list | tuple | np.ndarray))
    dicts = any(isinstance(cell, dict) for cell in column)
    return dicts or any(isinstance(part, dict) for cell in lists for part in cell)


def _json_column(column: pd.Series[Any]) -> Any:
    """Cells of any kind as JSON, missing ones missing.

    Raises
    ------
    InputError
        If a cell would come back as something else.
    """
    import pyarrow as pa

    texts: list[str | None] = []
    for row, cell in enumerate(column):
        plain = _plain(cell)
        try:
            text = None if plain is None else json.dumps(plain)
            same = text is None or repr(json.loads(text)) == repr(plain)
        except (TypeError, ValueError, RecursionError):
            same = False
        if not same:
            raise InputError(
                f"column {column.name!r} cannot be stored (row {row} holds {repr(cell)[:60]}); "
                "dictionaries of texts, numbers, lists and such with texts for keys were expected; "
                "convert or drop it"
            )
        texts.append(text)
    return pa.array(texts, pa.string())


def _plain(cell: Any) -> Any:
    """A cell without numpy's and pandas' own types; missing ones are None."""
    if isinstance(cell, dict):
        return {key: _plain(value) for key, value in cell.items()}
    if isinstance(cell, np.ndarray):
        return [_plain(part) for part in cell.tolist()]
    if isinstance(cell, list | tuple):
        return [_plain(part) for part in cell]
    if isinstance(cell, np.generic):
        return cell.item()
    return None if cell is None or cell is pd.NA or cell is pd.NaT else cell


def _is_json(field: Any) -> bool:
    """Whether a column holds JSON of cells of any kind."""
    return bool((field.metadata or {}).get(_DTYPE) == _JSON)


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
    if pa.types.is_string_view(array.type):  # pyarrow 16 cannot cast it
        return pa.array(array.to_pylist(), pa.string())
    kinds = (pa.types.is_large_string, pa.types.is_null)
    if any(kind(array.type) for kind in kinds):
        array = array.cast(pa.string())
    return array


def fit_rows(rows: Any, schema: Any) -> Any:
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
        given = rows.schema.field(field.name)
        columns.append(_cast(rows[field.name], given, field))
    return pa.Table.from_arrays(columns, schema=schema)


def cut_in_blocks(rows: Any, n_bytes: int) -> Any:
    """Rows as blocks of so many bytes of vectors that share no memory.

    Lance would count all of it for each of them, and write what it keeps to a temporary file.
    """
    import pyarrow as pa

    width = rows.schema.field("embedding").type.list_size
    n_rows = max(1, n_bytes // (4 * max(1, width)))
    blocks = rows.combine_chunks().to_batches(max_chunksize=n_rows)
    return pa.Table.from_batches([_own(block) for block in blocks], schema=rows.schema)


def _own(block: Any) -> Any:
    """A block on memory of its own; its vectors are seen as such without a copy."""
    import pyarrow as pa

    every = pa.array(np.arange(block.num_rows))
    columns = {name: block[name].take(every) for name in block.schema.names if name != "embedding"}
    kind = block.schema.field("embedding").type
    numbers = pa.array(block["embedding"].flatten().to_numpy())
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(numbers, type=kind)
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in block.schema.names], schema=block.schema
    )


def _cast(column: Any, given: Any, field: Any) -> Any:
    """A column in the type of the store's, where no more is lost by it than digits of floats."""
    import pyarrow as pa

    if column.null_count == len(column):
        return pa.nulls(len(column), field.type)
    if _is_json(field) and not _is_json(given):
        return _json_column(pd.Series(column.to_pylist(), name=field.name, dtype=object))
    if _is_json(given) and not _is_json(field):
        fit = _as_struct(column, field) if pa.types.is_struct(field.type) else None
        if fit is None:
            raise _other_type(field, "dictionaries")
        return fit
    if column.type == field.type:
        return column
    if field.name == "embedding":
        raise InputError(
            f"vectors of {column.type.list_size} numbers for a store of vectors of "
            f"{field.type.list_size}; one dimension was expected; open another store for them"
        )
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    numbers = all(any(kind(t) for kind in kinds[:2]) for t in (column.type, field.type))
    dates = all(pa.types.is_timestamp(t) for t in (column.type, field.type))
    dates = dates and (column.type.tz is None) == (field.type.tz is None)
    try:
        if numbers or dates:
            cast = column.cast(field.type)  # raises where whole numbers or times would change
            if not numbers or bool(np.array_equal(np.isfinite(column), np.isfinite(cast))):
                return cast
    except pa.ArrowInvalid:
        pass
    raise _other_type(field, column.type)


def _other_type(field: Any, given: Any) -> InputError:
    """What to say of a column that is something else in the store."""
    return InputError(
        f"column {field.name!r} is of type {given}, in the store of {field.type}; the same type "
        f"was expected; convert or rename it, or replace it in the whole store with "
        f"upsert(..., replace_columns=[{field.name!r}])"
    )


def _as_struct(column: Any, field: Any) -> Any:
    """Dictionaries in a store of an earlier version, None where their keys do not fit there."""
    import pyarrow as pa

    cells = [None if text is None else json.loads(text) for text in column.to_pylist()]
    try:
        fit = pa.array(cells, field.type)
    except (pa.ArrowException, TypeError, ValueError):
        return None
    return fit if _drop_none(fit.to_pylist()) == _drop_none(cells) else None


def _drop_none(cell: Any) -> Any:
    """Dictionaries without the keys that only others have."""
    if isinstance(cell, dict):
        return {key: _drop_none(value) for key, value in cell.items() if value is not None}
    return [_drop_none(part) for part in cell] if isinstance(cell, list) else cell


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

    if _is_json(field):
        cells = [None if text is None else json.loads(text) for text in column.to_pylist()]
        return pd.Series(cells, index=index, dtype=object)
    dtype = (field.metadata or {}).get(_DTYPE, b"").decode()
    if dtype == _LIST.decode():
        return pd.Series(column.to_pylist(), index=index, dtype=object)
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
        return _masked_type(column.type) if known and column.null_count else None
    return _masked_type(column.type)


def _masked_type(kind: Any) -> Any:
    """The pandas dtype with missing values for an Arrow type of whole numbers or truth values."""
    name = str(kind)
    if name == "bool":
        return pd.BooleanDtype()
    return pd.api.types.pandas_dtype(name.replace("uint", "UInt").replace("int", "Int"))
