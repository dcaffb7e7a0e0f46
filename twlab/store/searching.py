"""The best segments of a store for a vector, exactly or by an index that loses nothing to filters.

Without a vector index every segment of the filter is compared. With one, the partitions nearest to
the query are looked into: about ``2 √p`` of ``p``, more by as much as a filter leaves out; where a
filter leaves few rows the index is passed by, because the partitions looked into may hold none of
them. What is found is compared again with the vectors themselves, so that every similarity that
comes back is exact. Lance leaves out zero vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.neighbors import check_k
from twlab.queries import embedded
from twlab.retrieval import query_rows
from twlab.segments import WHOLE_SCOPES, str_column, unit_vectors
from twlab.similarity import same_space
from twlab.store.arrow import frame_of
from twlab.store.keys import KEY
from twlab.store.pieces import block_of
from twlab.store.reading import count
from twlab.store.tables import INDEX, plain_query, quoted, reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Filter", "best_places", "kinds_of", "queries_of"]

FEW_ROWS = 100_000
"""Rows that are compared faster than an index could be asked rightly."""

_PLACE = ("video_id", "start_sec", "end_sec")
_KINDS = ["embedding_option", "embedding_scope", "model_name"]
_OURS = ("query", "rank", "cosine_similarity")


@dataclass(frozen=True)
class Filter:
    """What is searched; each part None where it does not matter."""

    video_id: str | Sequence[str] | None = None
    embedding_option: str | None = None
    start_sec: float | None = None
    end_sec: float | None = None
    where: str | None = None

    def conditions(self) -> list[str]:
        """All but the option in SQL; of a stretch of time, the segments that overlap it."""
        found = [f"({self.where})"] if self.where else []
        if self.video_id is not None:
            videos = _names("video_id", self.video_id)
            found.append(f"video_id IN ({', '.join(map(quoted, videos)) or 'NULL'})")
        begin = None if self.start_sec is None else _second("start_sec", self.start_sec)
        end = None if self.end_sec is None else _second("end_sec", self.end_sec)
        if begin is not None and end is not None and begin >= end:
            raise InputError(
                f"start_sec is {begin:g} and end_sec {end:g}; a stretch that begins before it ends "
                "was expected; exchange them"
            )
        if begin is not None:
            found.append(f"end_sec > {begin}")
        if end is not None:
            found.append(f"start_sec < {end}")
        return found


def _names(name: str, value: Any) -> list[Any]:
    """One name or several as a list."""
    try:
        return [value] if isinstance(value, str) else list(value)
    except TypeError:
        raise InputError(
            f"{name} is {value!r}; a name or a list of names was expected, as the store has them"
        ) from None


def _second(name: str, value: Any) -> float:
    """A time as a number."""
    try:
        second = float(value)
    except (TypeError, ValueError):
        second = math.nan
    if not math.isfinite(second):
        raise InputError(f"{name} is {value!r}; seconds from the start of the file were expected")
    return second


def kinds_of(table: Any, where: str | None) -> pd.DataFrame:
    """The options, scopes and models that there are, each combination once."""
    parts = [pd.DataFrame({name: str_column([]) for name in _KINDS})]
    with reading(table, where):
        for batch in plain_query(table, _KINDS, where).to_batches():
            parts.append(batch.to_pandas().drop_duplicates())
    return pd.concat(parts).drop_duplicates(ignore_index=True)


def queries_of(query: Any, text: str | None, kinds: pd.DataFrame, client: Any) -> pd.DataFrame:
    """The query as a table with embeddings and an option each, missing where unknown."""
    return query_rows(embedded(query, text, models=kinds["model_name"], client=client))


def best_places(
    table: Any, queries: pd.DataFrame, chosen: Filter, kinds: pd.DataFrame, *, k: int, exact: bool
) -> pd.DataFrame:
    """The best rows for each query, best first."""
    k = min(check_k(k), max(1, table.count_rows()))
    unit = unit_vectors(queries)
    width = table.schema.field("embedding").type.list_size
    if unit.shape[1] != width:
        raise InputError(
            f"the query has {unit.shape[1]} dimensions, the store {width}; vectors of one model "
            "were expected; embed the query with the model of the store"
        )
    base = " AND ".join(chosen.conditions()) or None
    known = set(kinds["embedding_option"].dropna())
    if chosen.embedding_option is not None and chosen.embedding_option not in known:
        raise InputError(
            f"embedding_option is {chosen.embedding_option!r}; one of the store was expected: "
            f"{', '.join(map(repr, sorted(known))) or 'it names none'}"
        )
    if base and len(kinds) > 1:
        kinds = kinds_of(table, base)
    plans: dict[Any, tuple[str | None, int]] = {}
    parts = []
    options = queries["embedding_option"].tolist()
    for label, vector, theirs in zip(queries.index, unit, options, strict=True):
        option = chosen.embedding_option
        if option is None and theirs in known:
            option = theirs
        if option not in plans:
            where = _condition(kinds, base, option, queries)
            plans[option] = (where, 0 if exact else _probes(table, where))
        found = _found(table, vector, *plans[option], k=k)
        found.insert(0, "query", [label] * len(found))
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _condition(
    kinds: pd.DataFrame, base: str | None, option: Any, queries: pd.DataFrame
) -> str | None:
    """The whole condition for one option: what it need not say is left out, for speed."""
    mine = kinds if option is None else kinds[kinds["embedding_option"] == option]
    _one_of(mine, "embedding_option", "options share no scale; pass embedding_option=")
    _one_of(mine, "model_name", "models share no scale; pass where=\"model_name = '…'\"")
    same_space(queries, mine, np.empty((0, 0)), np.empty((0, 0)))
    parts = [base] if base else []
    if option is not None and len(mine) < len(kinds):
        parts.append(f"embedding_option = {quoted(option)}")
    if option is not None and mine.empty:
        parts.append("false")
    whole = mine["embedding_scope"].isin(WHOLE_SCOPES)
    if whole.any() and not whole.all():
        listed = ", ".join(map(quoted, WHOLE_SCOPES))
        parts.append(f"(embedding_scope IS NULL OR embedding_scope NOT IN ({listed}))")
    return " AND ".join(parts) or None


def _one_of(kinds: pd.DataFrame, name: str, advice: str) -> None:
    """Refuse rows that cannot be ranked together."""
    names = sorted(kinds[name].dropna().unique())
    if len(names) > 1:
        listed = ", ".join(map(repr, names))
        raise InputError(f"{name} is {listed} in what is searched; one was expected, as {advice}")


def _probes(table: Any, where: str | None) -> int:
    """How many partitions of the index to look into; 0 to compare every row."""
    stats = table.index_stats(INDEX)
    if stats is None:
        return 0
    n_all = int(table.count_rows())
    n = count(table, where) if where else n_all
    if n <= max(FEW_ROWS, n_all // 5):
        return 0
    partitions = max(1.0, n_all / 4096)
    return math.ceil((16 + 2 * math.sqrt(partitions)) * n_all / n)


def _found(
    table: Any, vector: NDArray[np.float32], where: str | None, probes: int, *, k: int
) -> pd.DataFrame:
    """The best rows for one query of length 1, their similarities computed anew."""
    fields = [field for field in table.schema if field.name not in (KEY, *_OURS)]
    if not vector.any():
        rows, matrix = _empty(fields), np.empty((0, len(vector)), np.float32)
    else:
        names = [*(field.name for field in fields), "_distance"]
        query = table.search(vector, vector_column_name="embedding").distance_type("cosine")
        query = query.select(names).limit(k)
        query = query.nprobes(probes).refine_factor(5) if probes else query.bypass_vector_index()
        with reading(table, where):
            rows = (query.where(f"({where})") if where else query).to_arrow()
        matrix = block_of(rows["embedding"])
    similar = unit_vectors(matrix) @ vector
    table_of_hits = frame_of(rows, fields, matrix, n_rows=len(matrix))
    table_of_hits.insert(0, "cosine_similarity", np.clip(similar, -1, 1).astype(np.float32))
    order = ["cosine_similarity", *_PLACE]
    ranked = table_of_hits.sort_values(order, ascending=[False, True, True, True])
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    rest = [name for name in ranked.columns if name not in ("rank", *order)]
    return ranked[["rank", *order, *rest]]


def _empty(fields: Any) -> Any:
    """No rows."""
    import pyarrow as pa

    return pa.schema(fields).empty_table()
