"""The table of segments and the one gateway to its vectors.

A table of segments is a plain :class:`pandas.DataFrame` with one row per vector:

=====================  ========  ==========================================================
column                 dtype     meaning
=====================  ========  ==========================================================
``video_id``           str       whose segment it is
``start_sec``          float64   first second, counted from the start of the file
``end_sec``            float64   first second after the segment; NaN where there is no time
``embedding_option``   str, NA   ``visual``, ``audio``, ``transcription``, …
``embedding_scope``    str, NA   ``clip`` or ``video`` (other scopes as served)
``model_name``         str, NA   NA where the answer carried none; ``model_by_fields``, where
                                 it is there, then says which one its fields are of
``embedding``          object    read-only float32 vectors, rows of one contiguous block
=====================  ========  ==========================================================

Further columns are the user's. Because each cell carries its own vector, every pandas verb keeps
rows and vectors together; because the cells are views of one block, :func:`vectors` hands out the
matrix without a copy as long as the rows still are that block in order.

Vectors come out only through :func:`vectors` (or :func:`unit_vectors`) and go in only through
:func:`with_vectors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.table.blocks import (
    cells_of,
    check_finite,
    check_table,
    float_matrix,
    gather,
    stored_block,
)
from twlab.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twlab.table.types import Matrix, Points


__all__ = [
    "BY_FIELDS",
    "COLUMNS",
    "MARKED",
    "PICTURE",
    "WHOLE_SCOPES",
    "as_matrix",
    "check_places",
    "check_segments",
    "clip_mask",
    "infer_models",
    "models_of",
    "one_model",
    "one_option",
    "one_space",
    "scale_rows",
    "series_like",
    "split_options",
    "str_column",
    "unit_vectors",
    "vectors",
    "warn_of_zeros",
    "whole_mask",
    "with_vectors",
]

COLUMNS = (
    "video_id",
    "start_sec",
    "end_sec",
    "embedding_option",
    "embedding_scope",
    "model_name",
    "embedding",
)

BY_FIELDS = "model_by_fields"
"""The model that alone returns the fields of an answer, where the answer names none."""

MARKED = frozenset(("marengo3.5",))
"""Models with such a field in every answer: rows without one are of another."""

WHOLE_SCOPES = ("video", "asset")
"""Scopes that stand for a whole file rather than for a piece of it."""

SCALED_ROWS = 256
"""Rows that are float64 at once: 1 MB of 512 numbers, which the cache holds. With all rows of a
piece at once scaling takes twice as long."""

PICTURE = "image"
"""The ``input_type`` of a picture."""

_STR_DTYPE: Any = "str" if int(pd.__version__.split(".")[0]) >= 3 else object


def str_column(values: Iterable[Any], index: pd.Index | None = None) -> pd.Series[Any]:
    """A column of strings in the string dtype of the installed pandas, missing where None."""
    cells = list(values)
    try:
        "".join(cell for cell in cells if isinstance(cell, str)).encode("utf-8")
    except UnicodeEncodeError:  # no column of text, and no terminal, takes halves of characters
        cells = [printable(cell) if isinstance(cell, str) else cell for cell in cells]
    column: pd.Series[Any] = pd.Series(cells, index=index, dtype=_STR_DTYPE)
    return column


def vectors(segments: pd.DataFrame) -> Matrix:
    """The vectors of a table as one matrix; ``out[i]`` belongs to row ``i``.

    Parameters
    ----------
    segments : DataFrame
        A table with a column ``embedding``.

    Returns
    -------
    ndarray of shape (n, d), float32, C order, read-only
        The stored block itself, not copied, when the rows still are consecutive rows of it;
        otherwise one gathered copy. An empty table gives shape ``(0, 0)``.

    Raises
    ------
    InputError
        If there is no such column, a row has no vector, the rows have vectors of several
        dimensions or models, or a number is NaN or infinite.

    See Also
    --------
    twlab.with_vectors : a copy of a table with other vectors
    twlab.cosine_similarity : the matrix of similarities

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> tw.vectors(segments).shape == (len(segments), 1280)
    True
    """
    cells = _embedding_cells(segments)
    if not len(cells):
        return np.empty((0, 0), np.float32)
    one_model(segments)
    matrix = stored_block(cells)
    if matrix is None:
        matrix = gather(cells)
    check_finite(matrix)
    matrix.setflags(write=False)
    return matrix


def with_vectors(segments: pd.DataFrame, matrix: Points) -> pd.DataFrame:
    """A copy of the table whose row ``i`` carries ``matrix[i]``.

    Parameters
    ----------
    segments : DataFrame
        Any table of n rows; it is not changed.
    matrix : array_like of shape (n, d)
        Finite numbers. Copied, unless it is already a read-only float32 block in C order.

    Returns
    -------
    DataFrame
        With the column ``embedding``.

    Raises
    ------
    InputError
        If the shape does not fit the table or a number is NaN or infinite.

    See Also
    --------
    twlab.from_vectors : a table from a matrix and its times
    twlab.vectors : the matrix of a table

    Examples
    --------
    >>> import numpy as np, pandas as pd, twlab as tw
    >>> rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6.0], "end_sec": [6.0, 12.0]})
    >>> tw.vectors(tw.with_vectors(rows, np.eye(2)))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    check_table(segments)
    block = float_matrix(matrix)
    if len(block) != len(segments):
        message = (
            f"a matrix of {len(block)} rows for a table of {len(segments)}; "
            "give one vector for each row"
        )
        raise InputError(message)
    if not block.flags.owndata or (block is matrix and block.flags.writeable):
        block = block.copy()
    check_finite(block)
    block.setflags(write=False)
    out = segments.copy(deep=False)
    out["embedding"] = pd.Series(cells_of(block), index=segments.index, dtype=object)
    return out


def as_matrix(data: Any) -> Matrix:
    """The matrix of a table or of an array of shape (n, d), checked once at the public door.

    Raises
    ------
    InputError
        As :func:`vectors` for a table; for anything else if it is not a finite 2-D array.
    """
    if isinstance(data, pd.DataFrame):
        return vectors(data)
    matrix = float_matrix(data)
    check_finite(matrix)
    return matrix


def unit_vectors(data: Any) -> Matrix:
    """The rows of a table or matrix scaled to length 1, so that a dot product is a cosine.

    Served vectors are not always of unit length (whole-video vectors are 0.70-0.92 long).
    Zero vectors have no direction: they stay zero, and a :class:`~twlab.TwlabWarning` counts them.

    Returns
    -------
    ndarray of shape (n, d), float32
        A fresh array.
    """
    unit, zero = scale_rows(as_matrix(data))
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()) if len(zero) else 0)
    return unit


def scale_rows(matrix: Matrix, *, out: Matrix | None = None) -> tuple[Matrix, NDArray[np.bool_]]:
    """The rows of a matrix scaled to length 1, and True for those that are all zeros."""
    unit = np.empty_like(matrix) if out is None else out
    zero = np.empty(len(matrix), np.bool_)
    for first in range(0, len(matrix), SCALED_ROWS):
        part = slice(first, first + SCALED_ROWS)
        # Squares of float32 numbers can leave its range; in float64 they cannot.
        rows = matrix[part].astype(np.float64)
        length = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        zero[part] = length == 0
        rows /= np.where(zero[part], 1, length)[:, None]
        unit[part] = rows
    return unit, zero


def warn_of_zeros(n_zero: int, n_rows: int, first: int) -> None:
    """Tell of zero vectors, if there are any, how many and the first row of them."""
    if n_zero:
        message = (
            f"{n_zero} of {n_rows} vectors are all zeros (first at row {first}); they stand for "
            "missing data and match nothing"
        )
        warn(message)


def check_segments(segments: pd.DataFrame) -> None:
    """None for a table that every function here can use; the first problem is raised.

    Checks that the columns ``video_id``, ``start_sec``, ``end_sec`` and ``embedding`` are there,
    that times are finite, not negative and not reversed, and that every row has a video and a
    vector. Dimensions and models may still be mixed: :func:`vectors` decides that per call.

    Parameters
    ----------
    segments : DataFrame
        Any table.

    Raises
    ------
    InputError
        Naming the row and the column.

    See Also
    --------
    twlab.check : everything wrong in a source
    twlab.diagnose : what a careful researcher checks first

    Examples
    --------
    >>> import twlab as tw
    >>> tw.check_segments(tw.sample())
    """
    _embedding_cells(segments)
    check_places(segments)


def check_places(segments: pd.DataFrame) -> None:
    """The part of :func:`check_segments` that needs no vectors."""
    missing = [name for name in COLUMNS[:3] if name not in segments.columns]
    if missing:
        raise InputError(
            f"no column {missing[0]!r} (there are: {', '.join(map(str, segments.columns))}); "
            "a table of segments was expected, as tw.load returns it"
        )
    if segments["video_id"].isna().any():
        row = int(np.argmax(segments["video_id"].isna().to_numpy()))
        raise InputError(f"row {row} has no video_id; every segment belongs to a video; fill it")
    start, end = (_seconds_column(segments, name) for name in ("start_sec", "end_sec"))
    early, endless = (start < 0, "starts before 0"), (np.isinf(end), "has no end in time")
    for bad, what in (early, (end < start, "ends before it starts"), endless):
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                f"row {row} {what} ({start[row]:g} to {end[row]:g} s); seconds from the start of "
                "the file were expected; correct or drop the row"
            )


def clip_mask(segments: pd.DataFrame) -> NDArray[np.bool_]:
    """True where a row stands for a piece of a video rather than for the whole of it.

    A whole-video vector (scope ``video`` or ``asset``) is the mean of its clips and would be
    everybody's neighbour, so analyses of clips leave it out. Where a table holds nothing but
    whole-video rows, these are what is being compared, and all are True.
    """
    if "embedding_scope" not in segments.columns:
        return np.ones(len(segments), bool)
    whole = whole_mask(segments)
    return np.ones(len(segments), bool) if whole.all() else ~whole


def whole_mask(segments: pd.DataFrame) -> NDArray[np.bool_]:
    """True where a row stands for a whole film or document; a picture has no pieces and is one."""
    if "embedding_scope" not in segments.columns:
        return np.zeros(len(segments), bool)
    whole = segments["embedding_scope"].isin(WHOLE_SCOPES).to_numpy(bool)
    if "input_type" in segments.columns:
        whole = whole & ~segments["input_type"].isin([PICTURE]).to_numpy(bool)
    return whole


def one_option(segments: pd.DataFrame) -> None:
    """Nothing, if all rows are of one embedding option; the options share no scale.

    Raises
    ------
    InputError
        Naming the options and the filter that would help.
    """
    if "embedding_option" not in segments.columns:
        return
    counts = sorted(segments["embedding_option"].astype(object).value_counts(sort=False).items())
    if len(counts) > 1:
        names, first = ", ".join(f"{name!r} ({n} rows)" for name, n in counts), counts[0][0]
        raise InputError(
            f"embedding options {names} in one table; they share no scale, so one was expected; "
            f"filter with segments[segments.embedding_option == {first!r}], a store with "
            f'store.where("embedding_option = {first!r}"), or pass tw.vectors(segments) to mix '
            "them on purpose"
        )


def one_space(*sides: Any) -> None:
    """Nothing, if the rows of each table among the sides can be compared with each other.

    Raises
    ------
    InputError
        Naming the options or models that a table mixes. Arrays are taken at their owner's word.
    """
    for side in sides:
        if isinstance(side, pd.DataFrame):
            one_option(side)
            one_model(side)


def series_like(segments: pd.DataFrame, values: Any, name: str) -> pd.Series[Any]:
    """A result column on the same index as the table it was computed from."""
    return pd.Series(values, index=segments.index, name=name)


def _embedding_cells(segments: pd.DataFrame) -> NDArray[np.object_]:
    """The embedding cells, every one holding something."""
    check_table(segments)
    if "embedding" not in segments.columns:
        raise InputError(
            f"no column 'embedding' (there are: {', '.join(map(str, segments.columns))}); a table "
            "of segments was expected; load it with tw.load or add vectors with tw.with_vectors"
        )
    column = segments["embedding"]
    if isinstance(column, pd.DataFrame):
        raise InputError("several columns named 'embedding'; one was expected; drop the others")
    cells = column.to_numpy(dtype=object)
    if {type(cell) for cell in cells} == {np.ndarray}:
        return cells
    holes = [row for row, cell in enumerate(cells) if cell is None or np.isscalar(cell)]
    if holes and isinstance(cells[holes[0]], str):
        raise InputError(
            f"row {holes[0]} holds the text {cells[holes[0]][:24]!r} in place of a vector; vectors "
            "do not survive CSV; save with tw.save or to_parquet and load with tw.load"
        )
    if holes:
        raise InputError(
            f"{len(holes)} of {len(cells)} rows have no vector (first at position {holes[0]}), as "
            "a merge leaves them; drop them with segments.dropna(subset=['embedding'])"
        )
    return cells


def models_of(segments: pd.DataFrame) -> pd.Series[Any]:
    """The model of each row: as named, else the one that its fields are of; missing if neither."""
    there = [
        segments[name].astype(object)
        for name in ("model_name", BY_FIELDS)
        if name in segments.columns
    ]
    if not there:
        return pd.Series(None, segments.index, object)
    return there[0] if len(there) == 1 else there[0].where(there[0].notna(), there[1])


def split_options(segments: pd.DataFrame) -> pd.DataFrame:
    """The table, an option of several models as one for each: ``visual · marengo3.0``.

    What treats one option at a time then treats one model at a time, and names it.
    """
    if not {"model_name", BY_FIELDS} & {*segments.columns}:
        return segments
    models = models_of(segments)
    if len(models.unique()) < 2:
        return segments
    options = (
        segments["embedding_option"].astype(object)
        if "embedding_option" in segments.columns
        else pd.Series(None, segments.index, object)
    )
    pairs = pd.DataFrame({"option": options.to_numpy(), "model": models.to_numpy()})
    count = pairs.groupby("option", dropna=False)["model"].transform("nunique", dropna=False)
    if not len(count) or count.max() < 2:
        return segments
    told = [
        " · ".join(str(part) for part in (pair if n > 1 else pair[:1]) if not pd.isna(part)) or None
        for n, *pair in zip(count, pairs["option"], pairs["model"], strict=True)
    ]
    return segments.assign(embedding_option=str_column(told, segments.index))


def infer_models(segments: pd.DataFrame) -> pd.Series[Any]:
    """The model of each row as :func:`one_model` takes it, None where it is not known.

    Where no row names a model, and some have fields of one that does not mark every answer, the
    others are taken to be of it too: a film in which nobody speaks has no such field.
    """
    models = models_of(segments)
    models = models.where(models.notna(), None)
    named = "model_name" in segments.columns and segments["model_name"].notna().any()
    told = models.dropna().unique()
    if named or len(told) != 1 or not MARKED.isdisjoint(told):
        return models
    return models.where(models.notna(), told[0])


def one_model(segments: pd.DataFrame) -> None:
    """Nothing, if all rows are of one model; otherwise an :class:`InputError` that names them.

    Rows that name no model may be of any: among rows that name one they are of another, unless
    their fields say that they are of the same. Rows of which nothing names one may be of one.
    """
    if "model_name" not in segments.columns:
        return
    column = segments["model_name"]
    models, unnamed = sorted(map(str, column.dropna().unique())), int(column.isna().sum())
    if unnamed and BY_FIELDS in segments.columns:
        told = models_of(segments)
        if not models:
            _one_of_fields(told)
        unnamed = int(told.isna().sum())
        models = sorted({*models, *map(str, told.dropna().unique())}) if models else []
    if len(models) == 1 and unnamed:
        raise InputError(
            f"{unnamed} of {len(segments)} rows name no model, the others {models[0]!r}; one model "
            "was expected; if they are of one, name it with segments.assign(model_name="
            f"{models[0]!r}), else filter with segments[segments.model_name == {models[0]!r}]"
        )
    if len(models) > 1:
        raise InputError(
            f"vectors of the models {', '.join(map(repr, models))} in one table; one model was "
            f"expected; filter with segments[segments.model_name == {models[0]!r}]"
        )


def _one_of_fields(told: pd.Series[Any]) -> None:
    """Refuse rows without a named model whose fields are of several."""
    counts = sorted(told.dropna().astype(str).value_counts(sort=False).items())
    n_untold = int(told.isna().sum())
    if len(counts) < 2 and not (n_untold and told.isin(MARKED).any()):
        return
    shown = " and ".join(f"{name!r} ({n} rows)" for name, n in counts)
    verb = "return" if len(counts) > 1 else "returns"
    rest = f", {n_untold} have none of these" if n_untold else ""
    raise InputError(
        f"the rows name no model, but have fields that only {shown} {verb}{rest}; "
        f"one model was expected, as models share no space; filter with "
        f"segments[segments.{BY_FIELDS} == {counts[0][0]!r}], or name it with "
        f"segments.assign(model_name={counts[0][0]!r}) if all are of one"
    )


def _seconds_column(segments: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of seconds as float64."""
    try:
        return segments[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(
            f"column {name!r} is {segments[name].dtype}; seconds as numbers were expected; "
            f"convert it with pd.to_numeric"
        ) from None
