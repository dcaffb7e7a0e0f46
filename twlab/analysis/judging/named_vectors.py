"""Words by name as vectors: those that are given, and those that a client embeds.

* :func:`stack_words` - a matrix of the vectors of some names, in their order
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.judging.queries import embed_query
from twlab.errors import InputError
from twlab.table.segments import BY_FIELDS, as_matrix, one_model, vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import Matrix

__all__ = ["stack_words"]


def stack_words(
    segments: pd.DataFrame,
    named: Mapping[str, Any],
    *,
    client: Embedder | None,
    model_name: str | None,
) -> Matrix:
    """The vectors of names, shape (names, d), of the model of the table.

    Parameters
    ----------
    segments : DataFrame
        The table they are compared with.
    named : mapping
        For each name words, which the client embeds, or a vector.
    client : Client or None
        Embeds words; one request each.
    model_name : str or None
        The model that embeds them where the table names none.

    Raises
    ------
    InputError
        If words come without a client or are of another model than the table, or a vector has
        another length or no direction.
    """
    width = vectors(segments).shape[1]
    models = segments.reindex(columns=["model_name", BY_FIELDS]).drop_duplicates()
    rows, told = [], [models[["model_name"]]]
    for name, value in named.items():
        found = value
        if isinstance(value, str):
            found = embed_query(
                None, value, models=models, model_name=model_name, width=width, client=client
            )
        if isinstance(found, pd.DataFrame):
            told += [found[["model_name"]]] if "model_name" in found.columns else []
            found = vectors(found)
        rows.append(_one_vector(name, found, width))
    one_model(pd.concat(told))
    return np.stack(rows)


def _one_vector(name: str, value: Any, width: int) -> Any:
    """A vector as long as those of the table; refuses another length, or none at all."""
    row = np.asarray(as_matrix(np.atleast_2d(np.asarray(value))))
    if row.shape != (1, width):
        raise InputError(
            f"the vector of {brief(name)} has shape {row.shape}; one vector of {width} "
            "numbers, as in the table, was expected; embed the names with its model"
        )
    if not row.any():
        raise InputError(
            f"the vector of {brief(name)} is all zeros; one with a direction was expected; "
            "leave the name out"
        )
    return row[0]
