"""What arrays hold, and what users give: the types that many rooms speak of, by one name each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "Arrays",
    "FilePath",
    "Files",
    "Floats",
    "ManyQueries",
    "Mask",
    "Matrix",
    "NamedQueries",
    "Neighbors",
    "Points",
    "Positions",
    "Query",
    "QueryRows",
    "SceneStarts",
    "Similarity",
    "TableOrVectors",
    "Values",
    "Vector",
    "Video",
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


class SupportsArray(Protocol):
    """An array, a Series or DataFrame, a tensor: whatever numpy makes an array of."""

    def __array__(self) -> NDArray[Any]:
        """The array."""


Values = SupportsArray | Sequence[Any]
"""One value for each row, or the name of a column."""
Points = SupportsArray | Sequence[Sequence[float]]
"""Rows of numbers: vectors, shape (n, d), or coordinates, shape (n, 2)."""
TableOrVectors = pd.DataFrame | Points
"""A table of segments, or a plain matrix."""
SceneStarts = pd.DataFrame | SupportsArray | Sequence[float]
"""A table of scenes, or the seconds at which scenes begin."""
Similarity = SupportsArray | Sequence[Sequence[float]] | Literal[False]
"""Numbers for each pair of rows, shape (n, n); False for none."""
FilePath = str | os.PathLike[str]
"""A path; where that is said, an address or a pattern too."""
Files = FilePath | Iterable[FilePath]
"""One or several of them."""
Video = FilePath | Mapping[str, FilePath]
"""The path or address of a film, or one for each ``video_id``."""
Query = pd.DataFrame | SupportsArray | Sequence[float] | Sequence[Sequence[float]] | FilePath
"""Rows, vectors, words, or the path or address of a picture or a sound."""
QueryRows = pd.DataFrame | SupportsArray | Sequence[float] | Sequence[Sequence[float]]
"""Rows or vectors of what one looks for."""
ManyQueries = pd.DataFrame | SupportsArray | Sequence[Query] | Mapping[str, Query]
"""Several queries: in their order, by name, or as rows."""
NamedQueries = QueryRows | Mapping[str, QueryRows]
"""Rows or vectors, or such by the name of each."""
