"""What arrays hold: the types that many rooms speak of, by one name each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Arrays",
    "Floats",
    "Mask",
    "Matrix",
    "Neighbors",
    "Positions",
    "Vector",
]

Matrix = NDArray[np.float32]
"""Vectors, shape (n, d)."""
Vector = NDArray[np.float32]
"""One vector, or one number for each row."""
Floats = NDArray[np.float64]
"""Times, distances, scores, coordinates."""
Positions = NDArray[np.intp]
"""Which rows, counted from 0; cuts, cells and groups too."""
Mask = NDArray[np.bool_]
"""Whether each row is meant."""
Neighbors = tuple[Positions, Matrix]
"""Positions and similarities, shapes (n, k)."""
Arrays = dict[str, NDArray[Any]]
"""Arrays by name."""
