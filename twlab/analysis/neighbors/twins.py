"""Rows that are the same but for rounding.

* :data:`SAME_DISTANCE` - unit vectors nearer than that are one
* :func:`marks` - a number for each row, the same for the same rows
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.table.blocks import row_marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Matrix


__all__ = ["SAME_DISTANCE", "marks"]

SAME_DISTANCE = 1e-3
"""Unit vectors nearer than this (a cosine above 1 - 5e-7) are equal but for rounding."""

ROUNDED_ROWS = 4096
"""Rows that are rounded at once, to bound the memory."""


def marks(unit: Matrix) -> NDArray[np.uint64]:
    """A number for each row, the same for rows that are the same but for rounding."""
    pieces = np.split(unit, range(ROUNDED_ROWS, len(unit), ROUNDED_ROWS))
    return np.concatenate([row_marks(piece.round(5)) for piece in pieces])
