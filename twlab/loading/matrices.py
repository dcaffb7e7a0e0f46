"""From a matrix and the times of its rows to a table of segments.

* :func:`from_vectors` - vectors of any model, with times, as the table every function here takes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.blocks import float_matrix
from twlab.table.segments import (
    COLUMNS,
    check_segments,
    str_column,
    with_vectors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twlab.table.types import Points, Values

__all__ = ["from_vectors"]


def from_vectors(
    matrix: Points,
    *,
    start_sec: Values | float,
    end_sec: Values | float,
    video_id: str | Sequence[str] = "video",
    embedding_option: str | Sequence[str | None] | None = None,
    model_name: str | Sequence[str | None] | None = None,
    columns: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """A table of segments whose row ``i`` carries ``matrix[i]`` and its times.

    For vectors of any model, from NumPy, PyTorch, HDF5 or a list of lists.

    Parameters
    ----------
    matrix : array_like of shape (n, d)
        Finite numbers, one vector per segment.
    start_sec, end_sec : array_like of n numbers, or one number
        Seconds from the start of the file, half-open; NaN where there is no time, and the end
        equal to the start for single frames.
    video_id : str, or n of them
        Whose segments they are.
    embedding_option, model_name : str, or n of them, optional
        What the vectors stand for, and what made them.
    columns : mapping of str to n values or one, optional
        Further columns.

    Returns
    -------
    DataFrame
        With the columns of :mod:`twlab.table.segments`, then the further ones.

    Raises
    ------
    InputError
        If the matrix is not one of finite numbers, something does not have n values, or a segment
        ends before it starts.

    See Also
    --------
    twlab.with_vectors : a copy of a table with other vectors
    twlab.load : the table, from files, folders, objects

    Examples
    --------
    >>> import numpy as np, twlab as tw
    >>> segments = tw.from_vectors(
    ...     np.eye(3), start_sec=[0, 6, 12], end_sec=[6, 12, 18], video_id="film.mp4"
    ... )
    >>> segments[["video_id", "start_sec", "end_sec"]]
       video_id  start_sec  end_sec
    0  film.mp4        0.0      6.0
    1  film.mp4        6.0     12.0
    2  film.mp4       12.0     18.0
    """
    block = float_matrix(matrix)
    n_rows = len(block)
    out: dict[str, Any] = {"video_id": _make_words("video_id", video_id, n_rows)}
    for name, times in (("start_sec", start_sec), ("end_sec", end_sec)):
        out[name] = _make_seconds(name, times, n_rows)
    out["embedding_option"] = _make_words("embedding_option", embedding_option, n_rows)
    out["embedding_scope"] = str_column([None] * n_rows)
    out["model_name"] = _make_words("model_name", model_name, n_rows)
    out["embedding"] = None
    for name, values in (columns or {}).items():
        if name in COLUMNS:
            raise InputError(
                f"columns holds {name!r}, which is an argument of its own; a further column was "
                f"expected; give it as {name}="
            )
        out[name] = _repeat(str(name), values, n_rows)
    table = with_vectors(pd.DataFrame(out, index=pd.RangeIndex(n_rows)), block)
    check_segments(table)
    return table


def _repeat(name: str, values: Any, n_rows: int) -> list[Any]:
    """One value for each row."""
    if values is None or isinstance(values, str | bytes) or np.ndim(values) == 0:
        return [values] * n_rows
    listed = list(values)
    if len(listed) != n_rows:
        raise InputError(
            f"{name} has {len(listed)} values for {n_rows} vectors; one for each vector, or a "
            "single one for all, was expected; give as many"
        )
    return listed


def _make_words(name: str, values: Any, n_rows: int) -> pd.Series[Any]:
    """A column of words."""
    words = [
        None if word is None or word is pd.NA or word != word else word
        for word in _repeat(name, values, n_rows)
    ]
    odd = [word for word in words if word is not None and not isinstance(word, str)]
    if odd:
        raise InputError(
            f"{name} holds {odd[0]!r}, a {type(odd[0]).__name__}; a name (str) was expected; "
            "convert it with str"
        )
    return str_column(words)


def _make_seconds(name: str, values: Any, n_rows: int) -> Any:
    """A column of seconds."""
    listed = _repeat(name, values, n_rows)
    try:
        return np.array(listed, np.float64).reshape(n_rows)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} does not hold {n_rows} numbers; seconds were expected, one for each vector; "
            "convert timecodes with tw.intervals.parse_timecode"
        ) from None
