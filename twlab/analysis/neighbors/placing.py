"""New rows placed on a map that is there, by the rows most like them.

* :func:`place_among` - places for rows, of which each is among the rows most like it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.analysis.neighbors.nearest import best_among

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix

__all__ = ["place_among"]

N_PLACES = 10
"""Rows of a map whose median place a new row takes: about as true to its neighbours as placing it
by the gradient of t-SNE, with nothing to tune (``tests/benchmarks/bench_project.py --onto``)."""

SAME_VECTOR = 1 - 1e-6
"""Similarity from which on two vectors are one, but for rounding."""


def place_among(
    unit: Matrix, known: Matrix, points: Floats
) -> tuple[Floats, NDArray[np.intp], NDArray[np.float32]]:
    """Places of rows among known ones; the known row most like each, and how alike they are."""
    among = np.arange(len(known))
    match, similarity = best_among(unit, known, among, N_PLACES, own=False, exact=None)
    same = similarity[:, 0] >= SAME_VECTOR
    places = np.where(same[:, None], points[match[:, 0]], np.median(points[match], axis=1))
    return places, match[:, 0], similarity[:, 0]
