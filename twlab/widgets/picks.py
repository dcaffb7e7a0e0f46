"""Which rows are meant: by a table, a mask or labels in Python, by bits on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["mask_of", "pack_mask", "row_of", "unpack_mask"]


def mask_of(segments: pd.DataFrame, rows: Any) -> Mask:
    """Which rows of the table are meant.

    Parameters
    ----------
    segments : DataFrame
        The table.
    rows : DataFrame, Series or array of bool, index labels, or None
        Rows of the table, a mask, a list of index labels, or nothing.

    Raises
    ------
    InputError
        If a label is unknown, a mask has another length, or the index repeats itself.
    """
    if rows is None:
        return np.zeros(len(segments), bool)
    if isinstance(rows, pd.DataFrame):
        return _labelled(segments, rows.index)
    values = np.asarray(rows)
    if values.dtype != bool:
        return _labelled(segments, pd.Index(values.reshape(-1)))
    if isinstance(rows, pd.Series) and not rows.index.equals(segments.index):
        _unique(segments)
        values = rows.reindex(segments.index, fill_value=False).to_numpy(bool)
    if values.shape != (len(segments),):
        raise InputError(
            f"a mask of shape {values.shape} for {len(segments)} segments; one value each was "
            "expected"
        )
    return values.copy()


def row_of(segments: pd.DataFrame, label: Any) -> int:
    """The position of the first row with this index label."""
    places = np.flatnonzero(segments.index == label)
    if not len(places):
        raise InputError(f"focus is {label!r}; an index label of the segments was expected")
    return int(places[0])


def pack_mask(mask: Mask) -> bytes:
    """One bit per row, the first row in the lowest bit."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpack_mask(bits: bytes, n: int) -> Mask:
    """One boolean per row; rows beyond the bits are not selected."""
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:n]
    mask = np.zeros(n, bool)
    mask[: len(flat)] = flat
    return mask


def _labelled(segments: pd.DataFrame, labels: pd.Index) -> Mask:
    """The rows that bear these labels."""
    if not len(labels):
        return np.zeros(len(segments), bool)
    _unique(segments)
    unknown = labels.difference(segments.index)
    if len(unknown):
        raise InputError(
            f"no row {unknown[0]!r} in the explorer's segments ({len(unknown)} unknown labels); "
            "rows of that table were expected"
        )
    return np.asarray(segments.index.isin(labels), dtype=bool)


def _unique(segments: pd.DataFrame) -> None:
    """Refuse labels where they do not say which row is meant."""
    if not segments.index.is_unique:
        raise InputError(
            "the index of the segments repeats itself, so labels do not say which rows are meant; "
            "pass a boolean mask in the order of the table, or use reset_index(drop=True) before"
        )
