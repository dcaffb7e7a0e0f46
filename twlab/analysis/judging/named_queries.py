"""Many queries in one call, each by its name.

* :func:`name_queries` - queries given in any way, by the name of each
* :func:`answer_each` - the hits of each, under one another
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import InputError
from twlab.table.segments import str_column
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["answer_each", "name_queries"]


def name_queries(queries: Any) -> dict[str, Any]:
    """Each query by its name: its key, its ``query_id``, its words, or its number from 1.

    Raises
    ------
    InputError
        If there is none, one alone is given where several belong, or two have one name.
    """
    if isinstance(queries, str | bytes | Path):
        raise InputError(
            f"queries is {brief(queries)}, one query; several were expected; give "
            "queries=[…] or, for one, query="
        )
    named = list(_pairs(queries))
    if not named:
        raise InputError("queries is empty; at least one query was expected; give one, or query=")
    found: dict[str, Any] = {}
    for name, query in named:
        if name in found:
            raise InputError(
                f"two queries are called {brief(name)}; a name for each was expected; give "
                "queries={name: query, …}"
            )
        found[name] = query
    return found


def _pairs(queries: Any) -> Iterable[tuple[str, Any]]:
    """Names and queries, in their order."""
    if isinstance(queries, Mapping):
        return ((str(name), query) for name, query in queries.items())
    if isinstance(queries, pd.DataFrame):
        if "query_id" in queries.columns:
            _check_named(queries["query_id"])
            groups = queries.groupby("query_id", sort=False, observed=True)
            return ((str(name), rows) for name, rows in groups)
        several: list[Any] = [queries.iloc[[row]] for row in range(len(queries))]
    elif isinstance(queries, Iterable):
        several = list(queries)
    else:
        raise InputError(
            f"queries is {brief(queries)}; several queries were expected; give queries=[…], a "
            "table of them or {name: query, …}"
        )
    if any(isinstance(one, Number) for one in several):
        raise InputError(
            "queries is one vector; several queries were expected; give queries=[vector], or query="
        )
    names = (one if isinstance(one, str) else f"query {k}" for k, one in enumerate(several, 1))
    return zip(names, several, strict=True)


def _check_named(names: pd.Series[Any]) -> None:
    """Refuse rows that belong to no query where the others do."""
    if names.isna().any():
        raise InputError(
            f"row {int(names.isna().to_numpy().argmax())} of queries has no query_id; one was "
            "expected of every row; drop it, or leave the column out"
        )


def answer_each(
    answer: Callable[[list[Any]], list[pd.DataFrame]], queries: Any, *, query: Any, text: Any
) -> pd.DataFrame:
    """The hits of each query as ``answer`` finds them, under one another, with its name first.

    ``answer`` takes all queries, and gives a table for each.

    Raises
    ------
    InputError
        If one query is given beside several, or as :func:`name_queries`.
    """
    if query is not None or text is not None:
        beside = "text" if query is None else "query"
        raise InputError(
            f"{beside}= and queries= are given at once; one of them was expected; put all into "
            "queries="
        )
    named = name_queries(queries)
    parts = answer([*named.values()])
    for name, hits in zip(named, parts, strict=True):
        hits.insert(0, "query_id", str_column([name] * len(hits)))
    full = [part for part in parts if len(part)]  # pandas would take types from empty ones too
    return pd.concat(full, ignore_index=True) if full else parts[0]
