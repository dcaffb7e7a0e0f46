"""How tables and stores are searched alike: what a query is compared with, and which places win.

Every option that is searched is compared with the queries meant for it. A row of a query is meant
for its own option if the table has that; a vector, words or a picture, which have no option or no
time, are meant for all; a segment of an option that the table lacks is meant for none.

* :class:`Asked` - the arguments of a search that say which options count how much
* :func:`queries_for`, :func:`similar_to` - the queries of each option, and the similarities to them
* :class:`Compared`, :func:`best_places` - what was compared, and the places by score
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.fusion import join_standings, reciprocal_ranks, standings
from twlab.analysis.neighbors.similarity import dot_rows, same_space
from twlab.checks import is_number
from twlab.errors import InputError, warn
from twlab.table.segments import as_matrix, str_column, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.table.types import Floats, Matrix, Positions


__all__ = [
    "FORMER_FUSES",
    "PLACE",
    "UNNAMED",
    "Asked",
    "Compared",
    "Fuse",
    "best_places",
    "check_asked",
    "hit_table",
    "queries_for",
    "query_rows",
    "similar_to",
]

Fuse = Literal["standing", "rank"]

FORMER_FUSES = {"score": "standing"}
"""What the last release called them."""

PLACE = ["video_id", "start_sec", "end_sec"]

UNNAMED = "none"
"""What an option without a name is called in a result."""


class Asked(NamedTuple):
    """Which options are searched, and how they count."""

    by: tuple[Any, ...] | None
    weights: Mapping[str, float]
    fuse: Fuse

    def options(self, there: Sequence[str]) -> list[str]:
        """Those of a table that are searched.

        Raises
        ------
        InputError
            If one is named that is not there, a weight that does not count, or none is left.
        """
        named = [*(self.by or ()), *self.weights]
        unknown = [name for name in named if not isinstance(name, str) or name not in there]
        if not there:
            raise InputError(
                "there are no rows to search; a table with embeddings was expected; see what your "
                "filter left"
            )
        if unknown:
            raise InputError(
                f"no option {unknown[0]!r} (there are: {', '.join(there)}); name options "
                "of the table"
            )
        asked = [name for name in there if self.by is None or name in self.by]
        self._check_weights(asked, f"by= names {', '.join(asked)}")
        left = [name for name in asked if self.weights.get(name, 1.0) > 0]
        if not left:
            raise InputError("no option is left to search; give at least one a weight above 0")
        return left

    def check_compared(self, compared: Sequence[str]) -> None:
        """Refuse a weight for an option that the query is not compared with."""
        self._check_weights(compared, f"the query is compared with {', '.join(compared)} alone")

    def _check_weights(self, count: Sequence[str], why: str) -> None:
        idle = [name for name, weight in self.weights.items() if weight > 0 and name not in count]
        if idle:
            raise InputError(
                f"weights name {idle[0]!r}, but {why}; weights of options that are compared were "
                "expected; leave that one out"
            )


def check_asked(by: Any, weights: Any, fuse: Any) -> Asked:
    """The arguments, checked."""
    if fuse not in ("standing", "rank"):
        raise InputError(f"fuse is {fuse!r}; 'standing' or 'rank' was expected; choose one")
    if weights is not None and not (
        isinstance(weights, Mapping) and all(_from_zero(value) for value in weights.values())
    ):
        raise InputError(
            f"weights are {weights!r}; a finite number, 0 or more, for each option was expected"
        )
    names = (by,) if isinstance(by, str) or not isinstance(by, Iterable | None) else by
    return Asked(None if names is None else tuple(names), dict(weights or {}), fuse)


def _from_zero(value: Any) -> bool:
    """Whether a value is a finite number that is not negative."""
    return is_number(value) and 0 <= float(value) < math.inf


def query_rows(query: Any) -> pd.DataFrame:
    """A table, a vector, several or a column of them as a table; options are missing if unknown."""
    if isinstance(query, pd.DataFrame):
        table = query
    else:
        rows = query if isinstance(query, pd.Series) else np.asarray(query)
        matrix = as_matrix(rows[None] if isinstance(rows, np.ndarray) and rows.ndim == 1 else rows)
        table = pd.DataFrame({"embedding": pd.Series(list(matrix), dtype=object)})
    if not len(table):
        raise InputError("the query has no rows; at least one vector was expected")
    if "embedding_option" in table.columns:
        return table
    return table.assign(embedding_option=str_column([None] * len(table), table.index))


def queries_for(
    queries: pd.DataFrame, options: Sequence[str], there: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """The rows of a query that each option is compared with, of the options that are searched.

    Raises
    ------
    InputError
        If no row is meant for any of them.
    """
    own = queries["embedding_option"].astype(object).where(queries["embedding_option"].notna())
    timed = np.zeros(len(queries), bool)
    if "start_sec" in queries.columns:
        timed = queries["start_sec"].notna().to_numpy(bool)
    free = (own.isna() | (~own.isin(list(there)) & ~timed)).to_numpy(bool)
    strange = ~free & ~own.isin(list(there)).to_numpy(bool)
    meant = {name: queries[free | (own == name).to_numpy(bool)] for name in options}
    meant = {name: rows for name, rows in meant.items() if len(rows)}
    if not meant:
        theirs = ", ".join(sorted(map(repr, own.dropna().unique())))
        raise InputError(
            f"the query is of the option {theirs}, the search of "
            f"{', '.join(map(repr, options))}; one option in common was expected; search rows of "
            "it or pass plain vectors with tw.vectors"
        )
    if strange.any():
        names = ", ".join(sorted({repr(name) for name in own[strange]}))
        warn(
            f"{strange.sum()} of {len(queries)} rows of the query are of the option {names}, which "
            "the table lacks, and were left out; pass tw.vectors(query) to compare them with all"
        )
    return meant


def similar_to(
    name: str, rows: pd.DataFrame, queries: pd.DataFrame, ours: Matrix | None = None
) -> Floats:
    """The best cosine similarity of each row of an option to the queries; NaN of a zero vector.

    ``ours`` are the unit vectors of the rows where the caller has them.
    """
    ours, theirs = unit_vectors(rows) if ours is None else ours, unit_vectors(queries)
    if ours.shape[1] != theirs.shape[1]:
        raise InputError(
            f"the query has {theirs.shape[1]} dimensions, the option {name!r} {ours.shape[1]}; "
            "vectors of one model were expected; name the options that fit in by="
        )
    same_space(rows, queries, ours, theirs)
    theirs = theirs[theirs.any(axis=1)]
    if not len(theirs):
        raise InputError(
            f"the query for the option {name!r} is all zeros, which stands for missing data; a "
            "vector with a direction was expected; drop such rows from the query"
        )
    products = np.empty((len(ours), len(theirs)), np.float32)
    dot_rows(ours, theirs, products)  # equal rows are equally alike, which makes them count once
    similar = np.clip(products, -1, 1).max(axis=1).astype(np.float64)
    return np.where(ours.any(axis=1), similar, np.nan)


class Compared(NamedTuple):
    """An option that a query was compared with."""

    name: str
    places: pd.DataFrame
    """``video_id``, ``start_sec``, ``end_sec`` of the rows that may be hits."""
    rows: Positions
    """Numbers of these rows, for the result."""
    similar: Floats
    """Their similarities; NaN where there is none."""
    background: Floats
    """The similarities of the rows that the option is read against."""


def best_places(found: Sequence[Compared], asked: Asked) -> pd.DataFrame:
    """All places, best first, with the number of the best row of each, ``row``."""
    places, similar, rows = _places(found)
    weights = [asked.weights.get(one.name, 1.0) for one in found]
    standing = standings(similar, [one.background for one in found])
    if asked.fuse == "standing":
        places["score"] = join_standings(standing, weights)
    else:
        places["score"] = reciprocal_ranks(similar, weights)
    weighed = np.where(np.isnan(standing), -np.inf, standing * np.asarray(weights))
    places["row"] = rows[np.arange(len(rows)), weighed.argmax(axis=1)]
    places["n_segments"] = 1
    for column, one in enumerate(found):
        places[f"{one.name}_similarity"] = similar[:, column]
    best = ["score", *PLACE]
    return places.sort_values(best, ascending=[False, True, True, True], ignore_index=True)


def _places(found: Sequence[Compared]) -> tuple[pd.DataFrame, Floats, Positions]:
    """Each place once; of every option its best similarity there, and the row that has it."""
    every = pd.concat([one.places[PLACE] for one in found], ignore_index=True)
    for name in PLACE[1:]:
        every[name] = every[name].astype("float64").round(3)
    similar = np.concatenate([one.similar for one in found])
    rows = np.concatenate([one.rows for one in found]).astype(np.intp)
    option = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
    alone = every["start_sec"].isna() & every["end_sec"].isna()  # without time: its own place
    keys = every.assign(alone=np.where(alone, rows, -1))
    keys["video_id"] = keys["video_id"].astype(object)
    group = keys.groupby([*PLACE, "alone"], dropna=False, sort=False, observed=True)
    place = group.ngroup().to_numpy(np.intp)
    order = np.lexsort((rows, -similar))
    order = order[~np.isnan(similar[order])]
    cells = place[order] * len(found) + option[order]
    _, first = np.unique(cells, return_index=True)
    best = order[first]
    n_places = int(place.max(initial=-1)) + 1
    values = np.full((n_places, len(found)), np.nan)
    holders = np.full((n_places, len(found)), -1, np.intp)
    values[place[best], option[best]] = similar[best]
    holders[place[best], option[best]] = rows[best]
    _, first_rows = np.unique(place, return_index=True)
    there = ~np.isnan(values).all(axis=1)  # a zero vector is no place
    table = every.iloc[first_rows].reset_index(drop=True)[there]
    return table.reset_index(drop=True), values[there], holders[there]


def hit_table(ranked: pd.DataFrame, k: int, first: Sequence[str]) -> pd.DataFrame:
    """The first hits as they are shown: rank, place, score, and the rest."""
    top = ranked.head(k).reset_index(drop=True)
    head = [*first, "score", "n_segments"]
    rest = [name for name in top.columns if name not in head]
    top = top[[*head, *rest]]
    top.insert(0, "rank", np.arange(1, len(top) + 1))
    return top
