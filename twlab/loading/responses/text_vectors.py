"""A vector written as text, as a table's cell holds it after a trip through CSV."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

__all__ = ["CUT", "vector_of_text"]

CUT = (
    "the vector was cut to '...' when the table was written as text and its numbers are lost; "
    "write Parquet with tw.save from the original instead of CSV"
)
_WRAPPED = re.compile(r"np\.float\d+\(([^()]*)\)")


def vector_of_text(text: str) -> Any:
    r"""The numbers of a printed list or numpy array; None where the text is neither.

    Examples
    --------
    >>> vector_of_text("[0.5, -1]"), vector_of_text("[ 5.0e-01\n -1.]").tolist()
    ([0.5, -1], [0.5, -1.0])
    """
    text = text.strip().removeprefix("array(").removeprefix("Vector(")
    if not text.startswith("["):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if isinstance(values, list):
        return values
    inner = _WRAPPED.sub(r"\1", text[1:]).partition("]")[0]
    try:
        return np.array([float(word) for word in inner.replace(",", " ").split()])
    except ValueError:
        return None
