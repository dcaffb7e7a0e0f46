"""How tables and stores are searched alike: what a query is compared with, and which places win.

Every option that is searched is compared with the queries meant for it. A row of a query is meant
for its own option if the table has that; a vector, words or a picture, which have no option or no
time, are meant for all; a segment of an option that the table lacks is meant for none.

* :class:`Asked` - the arguments of a search that say which options count how much
* :func:`queries_for`, :func:`similar_to` - the queries of each option, and the similarities to them
* :func:`number_places` - which rows lie at one place
* :class:`Compared`, :func:`best_places` - what was compared, and the places by score
* :func:`hit_table` - the hits as they are shown
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
    "Best",
    "Compared",
    "Fuse",
    "best_cosines",
    "best_places",
    "check_asked",
    "drop_zeros",
    "hit_table",
    "number_places",
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
        options = str_column([None] * len(matrix))
        cells = pd.Series(list(matrix), dtype=object)
        table = pd.DataFrame({"embedding": cells, "embedding_option": options})
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
    own = queries["embedding_option"].to_numpy(object)
    missing, known = pd.isna(own), np.array([name in there for name in own], bool)
    timed = np.zeros(len(queries), bool)
    if "start_sec" in queries.columns:
        timed = queries["start_sec"].notna().to_numpy(bool)
    free = missing | (~known & ~timed)
    strange = ~free & ~known
    masks = {name: free | (own == name) for name in options}
    meant = {name: queries[mask] for name, mask in masks.items() if mask.any()}
    if not meant:
        theirs = ", ".join(sorted(map(repr, {*own[~missing]})))
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


def similar_to(name: str, rows: pd.DataFrame, queries: pd.DataFrame, ours: Matrix) -> Floats:
    """The best cosine similarity of each row of an option to the queries; NaN of a zero vector.

    ``ours`` are the unit vectors of the rows.
    """
    theirs = unit_vectors(queries)
    if ours.shape[1] != theirs.shape[1]:
        raise InputError(
            f"the query has {theirs.shape[1]} dimensions, the option {name!r} {ours.shape[1]}; "
            "vectors of one model were expected; name the options that fit in by="
        )
    same_space(rows, queries, ours, theirs)
    similar = best_cosines(ours, drop_zeros(name, theirs))
    return np.where(ours.any(axis=1), similar, np.nan)


def drop_zeros(name: str, theirs: Matrix) -> Matrix:
    """The unit vectors of a query for an option that have a direction.

    Raises
    ------
    InputError
        If none has.
    """
    there = theirs.any(axis=1)
    if not there.any():
        raise InputError(
            f"the query for the option {name!r} is all zeros, which stands for missing data; a "
            "vector with a direction was expected; drop such rows from the query"
        )
    return theirs[there]


def best_cosines(ours: Matrix, theirs: Matrix) -> Floats:
    """The best cosine of each unit vector to those of a query."""
    products = np.empty((len(ours), len(theirs)), np.float32)
    dot_rows(ours, theirs, products)  # equal rows are equally alike, which makes them count once
    return np.asarray(np.clip(products, -1, 1).max(axis=1), np.float64)


class Compared(NamedTuple):
    """An option that a query was compared with."""

    name: str
    rows: Positions
    """Numbers of the rows that may be hits, for the result."""
    places: Positions
    """The place of each, as :func:`number_places` numbers them."""
    similar: Floats
    """Their similarities; NaN where there is none."""
    background: Floats
    """The similarities of the rows that the option is read against."""


class Best(NamedTuple):
    """The best places for a query, best first."""

    rank: Positions
    """From 1."""
    rows: Positions
    """The best row of each."""
    score: Floats
    similar: Floats
    """The similarities by option, shape (n_places, n_options); NaN where a place lacks one."""


def number_places(table: pd.DataFrame) -> Positions:
    """The number of the place of each row, by video and time; a row without time is its own."""
    video = pd.factorize(table["video_id"], sort=True)[0]
    start, end = (_milliseconds(table, name) for name in PLACE[1:])
    start, end = (np.where(np.isnan(times), np.inf, times) for times in (start, end))
    alone = np.where(np.isinf(start) & np.isinf(end), np.arange(len(table)), -1)
    order = np.lexsort((alone, end, start, video))
    new = np.zeros(len(order), bool)
    for key in (video[order], start[order], end[order], alone[order]):
        new[1:] |= key[1:] != key[:-1]
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(new)
    return numbers


def _milliseconds(table: pd.DataFrame, name: str) -> Floats:
    """The seconds of a column, to the millisecond."""
    seconds: Floats = table[name].to_numpy(np.float64, na_value=np.nan).round(3)
    return seconds


def best_places(found: Sequence[Compared], asked: Asked, k: int) -> Best:
    """The ``k`` best places of what a query was compared with."""
    places, similar, rows = _best_of_each(found)
    weights = [asked.weights.get(one.name, 1.0) for one in found]
    standing = standings(similar, [one.background for one in found])
    if asked.fuse == "standing":
        score = join_standings(standing, weights)
    else:
        score = reciprocal_ranks(similar, weights)
    best = np.lexsort((places, -score))[:k]
    weighed = np.where(np.isnan(standing), -np.inf, standing * np.asarray(weights))[best]
    chosen = rows[best, weighed.argmax(axis=1)]
    return Best(np.arange(1, len(best) + 1), chosen, score[best], similar[best])


def _best_of_each(found: Sequence[Compared]) -> tuple[Positions, Floats, Positions]:
    """Each place once; of every option its best similarity there, and the row that has it."""
    similar = np.concatenate([one.similar for one in found])
    rows = np.concatenate([one.rows for one in found]).astype(np.intp)
    option = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
    order = np.lexsort((rows, -similar))
    order = order[~np.isnan(similar[order])]  # a zero vector is no place
    places = np.concatenate([one.places for one in found]).astype(np.intp)
    numbers, place = np.unique(places[order], return_inverse=True)
    _, first = np.unique(place * len(found) + option[order], return_index=True)
    best, place = order[first], place[first]
    values = np.full((len(numbers), len(found)), np.nan)
    holders = np.full((len(numbers), len(found)), -1, np.intp)
    values[place, option[best]] = similar[best]
    holders[place, option[best]] = rows[best]
    return numbers, values, holders


def hit_table(
    best: Best, names: Sequence[str], pool: pd.DataFrame, match: Any, pages: Sequence[str] = ()
) -> pd.DataFrame:
    """The hits as they are shown: rank, row, place, score, and the similarity by option.

    ``pool`` has the best rows as ``best`` numbers them.
    """
    columns = {"rank": best.rank, "match": match, "video_id": pool["video_id"].array[best.rows]}
    for name in PLACE[1:]:
        columns[name] = _milliseconds(pool, name)[best.rows]
    columns |= {name: pool[name].array[best.rows] for name in pages}
    columns |= {"score": best.score, "n_segments": np.ones(len(best.rows), np.int64)}
    similar = (f"{name}_similarity" for name in names)
    return pd.DataFrame(columns | dict(zip(similar, best.similar.T, strict=True)))
