"""Rows of a table: their order in time, and results given back for them.

* :func:`time_order` - positions of the rows by video and time
* :func:`aligned` - labels or coordinates in the order of the table's rows
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["aligned", "time_order"]


def time_order(data: Any) -> NDArray[np.intp]:
    """Positions of the rows by video and time, as far as a table tells; else as they are.

    Rows without time come last in their video; rows of the same time keep their order.
    """
    n = len(data)
    if not isinstance(data, pd.DataFrame):
        return np.arange(n)
    keys: list[Any] = []
    for name in ("end_sec", "start_sec"):
        if name in data.columns:
            keys.append(pd.to_numeric(data[name], errors="coerce").to_numpy(float, na_value=np.nan))
    if "video_id" in data.columns:
        keys.append(pd.factorize(data["video_id"].astype(str), sort=True)[0])
    return np.lexsort(keys) if keys else np.arange(n)


def aligned(data: Any, values: Any, name: str) -> Any:
    """The values in the order of the rows of a table or matrix.

    A Series or DataFrame of values must have the index of the table, in any order where its
    labels are unique; anything else must have one entry for each row.

    Raises
    ------
    InputError
        If the values do not belong to these rows.
    """
    try:
        n_values = len(values)
    except TypeError:
        raise InputError(
            f"{name} is a {type(values).__name__}; one value for each of {len(data)} rows was "
            "expected"
        ) from None
    if n_values != len(data):
        raise InputError(
            f"{name} has {n_values} entries for {len(data)} rows; one for each row was expected; "
            "compute it from the same table"
        )
    if not isinstance(values, pd.Series | pd.DataFrame) or not isinstance(data, pd.DataFrame):
        return values
    if values.index.equals(data.index):
        return values
    if values.index.is_unique and set(values.index) == set(data.index):
        return values.loc[data.index]
    raise InputError(
        f"{name} has another index than the table (first label {values.index[0]!r}, not "
        f"{data.index[0]!r}); the same index was expected; compute it from the same table, or pass "
        f"{name}.to_numpy() if the order is the same"
    )
