"""Queries put together: like this and that, and not like the other.

* :func:`compose_query` - one vector out of several
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.judging.places import query_rows
from twlab.analysis.neighbors.similarity import same_space
from twlab.checks import is_number
from twlab.errors import InputError
from twlab.table.segments import models_of, str_column, unit_vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.table.types import Floats, QueryRows

__all__ = ["compose_query"]

LEAST_LENGTH = 1e-3
"""Shorter sums have cancelled out: vectors that travelled as float16 differ by as much from
themselves (2^-11 in each number), so the direction of what is left says nothing."""


def compose_query(
    like: QueryRows | Sequence[QueryRows],
    unlike: QueryRows | Sequence[QueryRows] = (),
    *,
    weights: Sequence[float] | None = None,
) -> pd.DataFrame:
    """One query out of several: like these, and unlike those.

    Parameters
    ----------
    like : DataFrame, array_like of shape (d,), or list of these
        Rows or vectors to be near to; words and pictures as ``client.embed_text`` and
        ``client.embed_image`` give them. A table of several rows is one part, their mean.
    unlike : DataFrame, array_like of shape (d,), or list of these, optional
        Rows or vectors to be far from.
    weights : sequence of float, optional
        How much each part counts, those of `like` first; above 0. Default: 1 each.

    Returns
    -------
    DataFrame
        One row with ``embedding``, of length 1, ``embedding_option`` (that of the parts where all
        that have one agree, so that segments of one option are compared with that option alone),
        and ``model_name`` where the parts name it. :func:`twlab.search` and :func:`twlab.moments`
        take it.

    Raises
    ------
    InputError
        If there is nothing to be like, a part is no vectors, all zeros or of another dimension,
        model or option than the others, a weight is missing or not above 0, or the parts cancel
        each other out.

    See Also
    --------
    twlab.search : looks for it
    twlab.Client.embed_query : words and pictures together, put together by the model itself

    Notes
    -----
    Each part is brought to length 1 before it is weighed: ``q = Σ wᵢ uᵢ - Σ vⱼ uⱼ``, then q to
    length 1. The similarity to q is the weighed sum of the similarities to the parts, times one
    number, so the order of the hits is that of this sum.

    This is arithmetic, and not logic. A hit may be like one part alone; ``unlike`` lowers what is
    like it and excludes nothing: to exclude, filter hits by their similarity. Where two parts are
    nearly the same, their difference is mostly noise. Words lie apart from pictures in most models,
    so of words plus a picture, at equal weights, whichever similarities spread wider decides the
    order.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> query = tw.compose_query([film.iloc[[42]], film.iloc[[20]]], unlike=film.iloc[[60]])
    >>> tw.search(film, query, k=2)["start_sec"].tolist()
    [120.0, 252.0]
    """
    wanted, avoided = _parts_of(like, "like"), _parts_of(unlike, "unlike")
    if not wanted:
        raise InputError("like is empty; at least one query to be like was expected; give one")
    parts = wanted + avoided
    signs = np.repeat([1.0, -1.0], [len(wanted), len(avoided)])
    factors = signs * _check_weights(weights, len(parts))
    units = np.stack([_unit_of(part, parts[0]) for part in parts])
    total = factors @ units
    length = float(np.linalg.norm(total))
    if length < LEAST_LENGTH * np.abs(factors).sum():
        raise InputError(
            f"the {len(parts)} parts of the query cancel each other out (a length of {length:.1g} "
            "is left); parts that differ were expected; give others, or other weights"
        )
    found = pd.DataFrame({"embedding": [(total / length).astype(np.float32)]})
    found["embedding_option"] = str_column([_option_of(parts)])
    named = [name for part in parts for name in models_of(part).dropna()]
    return found.assign(model_name=str_column([named[0]])) if named else found


def _parts_of(queries: Any, name: str) -> list[pd.DataFrame]:
    """Each part as a table; a list of numbers is one vector."""
    if isinstance(queries, str | bytes):
        queries = [queries]
    several = isinstance(queries, list | tuple) and not any(is_number(one) for one in queries)
    parts = list(queries) if several else [queries]
    for part in parts:
        if isinstance(part, str | bytes):
            raise InputError(
                f"{name} holds {brief(part)}, which has no vector yet; rows of a table or vectors "
                "were expected; embed it first, as with client.embed_text"
            )
    return [query_rows(part) for part in parts]


def _check_weights(weights: Any, n_parts: int) -> Floats:
    """A positive number for each part."""
    if weights is None:
        return np.ones(n_parts)
    values = list(weights) if isinstance(weights, list | tuple | np.ndarray) else [weights]
    wrong = [one for one in values if not (is_number(one) and 0 < float(one) < np.inf)]
    if wrong or len(values) != n_parts:
        raise InputError(
            f"weights are {brief(weights)}; {n_parts} finite numbers above 0 were expected, one "
            "for each part; what is to be avoided belongs into unlike="
        )
    return np.asarray(values, np.float64)


def _unit_of(part: pd.DataFrame, first: pd.DataFrame) -> Floats:
    """The mean direction of a part."""
    if not part["embedding"].map(np.any).all():
        raise InputError(
            "a part of the query is all zeros, which stands for missing data; a vector with a "
            "direction was expected; leave it out"
        )
    unit, other = unit_vectors(part), unit_vectors(first)
    same_space(first, part, other, unit)
    mean = unit.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < LEAST_LENGTH:
        raise InputError(
            "the rows of a part of the query cancel each other out; rows that are alike were "
            "expected; give them as parts of their own"
        )
    return np.asarray(mean / length)


def _option_of(parts: Sequence[pd.DataFrame]) -> str | None:
    """The option that all parts with one are of."""
    options = {str(one) for part in parts for one in part["embedding_option"].dropna()}
    if len(options) > 1:
        raise InputError(
            f"the parts of the query are of the options {', '.join(sorted(options))}, which share "
            "no scale; parts of one option, or plain vectors, were expected; filter to one, or "
            "pass tw.vectors(rows)"
        )
    return next(iter(options), None)
