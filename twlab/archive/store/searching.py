"""The best places of a store for a query, exactly or by an index that loses nothing to filters.

A store is searched as a table is (:mod:`twlab.analysis.judging.places`), but not all of it is
looked at: of every option the segments nearest to the query, what else lies at their places, and up
to a few thousand segments drawn by their identity against which the option is read.

Without a vector index every segment of the filter is compared. With one, the partitions nearest to
the query are looked into: about ``2 √p`` of ``p``, more by as much as a filter leaves out; where a
filter leaves few rows the index is passed by, because the partitions looked into may hold none of
them. What is found is compared again with the vectors themselves, so that every similarity that
comes back is exact. Lance leaves out zero vectors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.places import (
    PLACE,
    UNNAMED,
    Compared,
    best_places,
    hit_table,
    queries_for,
    query_rows,
    similar_to,
)
from twlab.analysis.judging.queries import embed_query
from twlab.archive.store.arrow import frame_of
from twlab.archive.store.keys import KEY
from twlab.archive.store.lance import (
    INDEX,
    count_where,
    join_conditions,
    plain_query,
    reading,
)
from twlab.archive.store.reading_back import count
from twlab.archive.store.shards import block_of
from twlab.errors import InputError
from twlab.table.conditions import quote
from twlab.table.segments import (
    BY_FIELDS,
    MARKED,
    PICTURE,
    WHOLE_SCOPES,
    clip_mask,
    models_of,
    str_column,
    unit_vectors,
    whole_mask,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twlab.analysis.judging.places import Asked
    from twlab.table.types import Matrix


__all__ = ["Looked", "kinds_of", "search_table"]

SCANNED_ROWS = 100_000
"""Rows that are compared faster than an index could be asked rightly."""

BACKGROUND_ROWS = 4096
"""Rows against which an option is read, about; up to twice as many are all taken. The middle of
that many is known to 2 % of their spread (of half as many to 3 %), for 8 MB of vectors."""

MANY_EACH, LEAST_EACH = 10, 200
"""Of several options so many of each are looked at for a hit, and so many in any case: a place must
be that good in one of its options."""

NUMBER = "_rowid"
"""What Lance calls the number by which it knows a row; no column of a store may be named so."""

_KINDS = ["embedding_option", "embedding_scope", "model_name"]


class Looked(NamedTuple):
    """What is searched: a table, which of its rows, and what is known of them."""

    table: Any
    condition: str | None
    """What the store or part of it holds."""
    within: str | None
    """What may be hits."""
    kinds: pd.DataFrame
    """Of the store or part."""
    backgrounds: dict[str, Matrix]
    """Unit vectors that were read already, by condition."""
    runs: list[Runs]
    """Where its rows lie, once that was looked up; empty before."""


class Runs(NamedTuple):
    """The numbers by which Lance knows the rows of a store or part, in runs of consecutive ones.

    There are few such runs: one for each file, and one more for each gap that was deleted.
    """

    starts: NDArray[np.int64]
    """The first number of each run, in ascending order."""
    rows: NDArray[np.int64]
    """The row of the table that has it."""

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the table of some numbers."""
        run = np.searchsorted(self.starts, numbers, side="right") - 1
        return np.asarray(self.rows[run] + numbers - self.starts[run])


def kinds_of(table: Any, where: str | None) -> pd.DataFrame:
    """The options, scopes and models that there are, each combination once."""
    import pyarrow as pa

    further = [name for name in (BY_FIELDS, "input_type") if name in table.schema.names]
    names = [*_KINDS, *further]
    # By Arrow, batch by batch: a table of pandas for each would take most of a first search.
    parts = [pa.schema([table.schema.field(name) for name in names]).empty_table()]
    with reading(table, where):
        for batch in plain_query(table, names, where).to_batches():
            parts.append(_keep_different(pa.Table.from_batches([batch.select(names)])))
    found = _keep_different(pa.concat_tables(parts)).to_pandas()
    empty = pd.DataFrame({name: str_column([]) for name in names})
    kinds: pd.DataFrame = pd.concat([empty, found], ignore_index=True)
    return kinds


def _keep_different(rows: Any) -> Any:
    """Each combination of values of an Arrow table once, in order of its first."""
    return rows.group_by(rows.column_names, use_threads=False).aggregate([])


def search_table(
    looked: Looked,
    query: Any,
    text: str | None,
    asked: Asked,
    *,
    k: int,
    client: Any,
    model_name: str | None,
    exact: bool,
) -> pd.DataFrame:
    """The best places, best first, each with its best row."""
    within = join_conditions(looked.condition, looked.within)
    kinds = _searched_kinds(looked, within)
    names = kinds["embedding_option"].astype(object).fillna(UNNAMED)
    there = sorted({*names})
    options = asked.options(there)
    beside = {"model_name": model_name, "client": client, "width": _width(looked.table)}
    models = _models(looked, kinds[names.isin(options)], within)
    queries = query_rows(embed_query(query, text, models=models, **beside))
    meant = queries_for(queries, options, there)
    asked.check_compared([*meant])
    limit = k if len(meant) == 1 and len(kinds) == 1 else max(MANY_EACH * k, LEAST_EACH)
    limit = min(limit, max(1, int(looked.table.count_rows())))
    plans = {name: _plan(looked, kinds[names == name], within) for name in meant}
    _check_width(looked.table, queries, [*meant])
    near = [
        _nearest(looked.table, plans[name].hits, unit_vectors(rows), limit, exact=exact)
        for name, rows in meant.items()
    ]
    rows = pd.concat(near, ignore_index=True)
    if len(meant) > 1:
        rows = _add_neighbours(looked.table, rows, plans)
    rows = rows.drop_duplicates(NUMBER)
    rows = rows[rows["embedding"].map(np.any).astype(bool)].reset_index(drop=True)
    own = rows["embedding_option"].astype(object).fillna(UNNAMED).to_numpy(object)
    found = [
        _compare_exactly(name, looked, plans[name], rows[own == name], theirs)
        for name, theirs in meant.items()
    ]
    return _as_table(looked, rows, best_places(found, asked).head(k))


def _width(table: Any) -> Any:
    """How many numbers the vectors of a store have."""
    return table.schema.field("embedding").type.list_size


def _check_width(table: Any, queries: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse vectors of another dimension before they are asked for."""
    width = _width(table)
    own = len(queries["embedding"].iloc[0])
    if own != width:
        raise InputError(
            f"the query has {own} dimensions, the option {names[0]!r} {width}; vectors of one "
            "model were expected; embed the query with the model of the store"
        )


def _searched_kinds(looked: Looked, within: str | None) -> pd.DataFrame:
    """The kinds of what is searched: pieces, or whole videos where nothing else may be a hit."""
    kinds = looked.kinds
    if looked.within and len(kinds) > 1:
        left = kinds_of(looked.table, within)
        if len(left) and whole_mask(left).all():
            return kinds[whole_mask(kinds)]
    return kinds[clip_mask(kinds)]


def _models(looked: Looked, kinds: pd.DataFrame, within: str | None) -> pd.DataFrame:
    """What says the models of what may be a hit, of the kinds that are searched."""
    models = kinds.reindex(columns=[*_KINDS, BY_FIELDS]).drop_duplicates()
    if len(models_of(models).unique()) < 2 or looked.within is None:
        return models
    left = kinds_of(looked.table, within).reindex(columns=models.columns).merge(models)
    return left if len(left) else models


class _Plan(NamedTuple):
    """The conditions of one option: which rows may be hits, and which it is read against."""

    hits: str | None
    background: str | None
    like: pd.DataFrame


def _plan(looked: Looked, mine: pd.DataFrame, within: str | None) -> _Plan:
    """What is asked of the store for one option; what need not be said is left out, for speed."""
    parts = []
    if len(mine) < len(looked.kinds):
        option = mine["embedding_option"].iloc[0]
        is_it = "IS NULL" if pd.isna(option) else f"= {quote(option)}"
        parts.append(f"embedding_option {is_it}")
        if whole_mask(looked.kinds).any():
            parts.append(_is_whole(looked.kinds, whole=bool(whole_mask(mine).all())))
    hits = join_conditions(within, *parts)
    like = _alike(looked, mine, within, hits)
    if len(models_of(looked.kinds).unique()) > 1:
        models = like.reindex(columns=["model_name", BY_FIELDS]).drop_duplicates()
        told = BY_FIELDS in looked.kinds.columns
        is_one = [_is_model(*row, told=told) for row in models.itertuples(index=False)]
        parts.append(" OR ".join(is_one) if is_one else "FALSE")
    return _Plan(hits, join_conditions(looked.condition, *parts), like)


def _alike(
    looked: Looked, mine: pd.DataFrame, within: str | None, hits: str | None
) -> pd.DataFrame:
    """The kinds of an option that are of the model of its hits; rows without one are of another."""
    if len(models_of(looked.kinds).unique()) < 2:
        return mine
    left = kinds_of(looked.table, hits)
    if left.empty:  # an option without hits still tells what is ordinary
        left = kinds_of(looked.table, within)
        left = left[whole_mask(left) == bool(whole_mask(mine).all())]
    like = mine[models_of(mine).isin(models_of(left))] if len(left) else mine
    models = sorted(models_of(like).dropna().unique())
    named = like["model_name"].notna().any()
    sure = named or len(models) > 1 or not MARKED.isdisjoint(models)
    if len(models_of(like).unique()) > 1 and sure:
        shown = ", ".join(map(repr, models))
        unnamed = "" if len(models) > 1 else ", or not named,"
        column = "model_name" if named else BY_FIELDS
        raise InputError(
            f"{column} is {shown}{unnamed} in what is searched; one was expected, as models "
            f"share no scale; pass where=\"{column} = '{models[0]}'\""
        )
    return like


def _is_whole(kinds: pd.DataFrame, *, whole: bool) -> str:
    """The condition of rows of whole films and documents, or of all others."""
    listed = ", ".join(map(quote, WHOLE_SCOPES))
    pictures = "input_type" in kinds.columns and PICTURE in set(kinds["input_type"])
    if whole:
        others = f" AND (input_type IS NULL OR input_type <> {quote(PICTURE)})" * pictures
        return f"embedding_scope IN ({listed}){others}"
    own = f" OR input_type = {quote(PICTURE)}" * pictures
    return f"(embedding_scope IS NULL OR embedding_scope NOT IN ({listed}){own})"


def _is_model(model: Any, by_fields: Any, *, told: bool) -> str:
    """The condition of rows of a model, or of none, in a store where fields may tell it."""
    if not pd.isna(model):
        return f"model_name = {quote(model)}"
    if not told:
        return "model_name IS NULL"
    fields = "IS NULL" if pd.isna(by_fields) else f"= {quote(by_fields)}"
    return f"(model_name IS NULL AND {BY_FIELDS} {fields})"


def _compare_exactly(
    name: str, looked: Looked, plan: _Plan, rows: pd.DataFrame, queries: pd.DataFrame
) -> Compared:
    """The rows of an option beside the queries meant for it, and the option's own distribution."""
    around = _background(looked, plan.background)
    background = np.empty(0)
    if len(around):  # all of it is of one model, which one row tells
        level = plan.like.iloc[:1].drop(columns="embedding_option")
        background = similar_to(name, level, queries, around)
    similar = similar_to(name, rows, queries) if len(rows) else np.empty(0)
    return Compared(name, rows[PLACE], rows.index.to_numpy(np.intp), similar, background)


def _background(looked: Looked, condition: str | None) -> Matrix:
    """Unit vectors of some thousand rows of a condition, the same at every search."""
    key = condition or ""
    if key not in looked.backgrounds:
        n = count_where(looked.table, condition)
        drawn = condition
        if n > 2 * BACKGROUND_ROWS:
            below = int(2**32 * BACKGROUND_ROWS / n)
            drawn = join_conditions(
                condition, f"{KEY} < '{below:08x}'"
            )  # keys are digests, evenly spread
        with reading(looked.table, condition):
            rows = plain_query(looked.table, ["embedding"], drawn).to_arrow()
        block = block_of(rows["embedding"])
        looked.backgrounds[key] = unit_vectors(block[block.any(axis=1)])
    return looked.backgrounds[key]


def _nearest(
    table: Any, where: str | None, vectors: Matrix, limit: int, *, exact: bool
) -> pd.DataFrame:
    """The rows nearest to each vector of length 1, and what the store knows of them."""
    probes = 0 if exact else _probes(table, where)
    parts = []
    for vector in vectors[vectors.any(axis=1)]:
        query = table.search(vector, vector_column_name="embedding").distance_type("cosine")
        query = (
            query.select([*_names(table), "_distance"]).with_row_id(with_row_id=True).limit(limit)
        )
        query = query.nprobes(probes).refine_factor(5) if probes else query.bypass_vector_index()
        with reading(table, where):
            parts.append((query.where(f"({where})") if where else query).to_arrow())
    return pd.concat([_frame(table, rows) for rows in parts or [_empty(table)]], ignore_index=True)


def _names(table: Any) -> list[str]:
    """The columns of a store that its user knows."""
    return [name for name in table.schema.names if name != KEY]


def _frame(table: Any, rows: Any) -> pd.DataFrame:
    """Rows of a store as a table, with the numbers by which Lance knows them."""
    fields = [table.schema.field(name) for name in _names(table)]
    frame = frame_of(rows, fields, block_of(rows["embedding"]), n_rows=len(rows))
    return frame.assign(**{NUMBER: rows[NUMBER].to_numpy().astype(np.int64)})


def _add_neighbours(table: Any, rows: pd.DataFrame, plans: dict[str, _Plan]) -> pd.DataFrame:
    """The rows, and those of other options that lie at the same places."""
    timed = rows.dropna(subset=["start_sec"])
    if timed.empty:
        return rows
    videos = ", ".join(map(quote, sorted({*timed["video_id"]})))
    starts = sorted({round(1000 * second) for second in timed["start_sec"]})
    place = (
        f"video_id IN ({videos}) AND CAST(round(start_sec * 1000) AS BIGINT) IN "
        f"({', '.join(map(str, starts))})"
    )
    keys = {*zip(timed["video_id"], timed["start_sec"].round(3), strict=True)}
    more = []
    for plan in plans.values():
        where = join_conditions(plan.hits, place)
        with reading(table, where):
            rows_there = (
                plain_query(table, _names(table), where).with_row_id(with_row_id=True).to_arrow()
            )
            found = _frame(table, rows_there)
        spots = zip(found["video_id"], found["start_sec"].round(3), strict=True)
        more.append(found[[spot in keys for spot in spots]])
    return pd.concat([rows, *more], ignore_index=True)


def _as_table(looked: Looked, rows: pd.DataFrame, best: pd.DataFrame) -> pd.DataFrame:
    """The places as they are told, followed by all other columns of their best rows."""
    chosen = rows.iloc[best["row"].to_numpy(np.intp)].reset_index(drop=True)
    best = best.drop(columns="row")
    best.insert(0, "match", _runs(looked).rows_of(chosen[NUMBER].to_numpy(np.int64)))
    shown = hit_table(best, len(best), ["match", *PLACE])
    chosen = chosen.drop(columns=[NUMBER, *(set(chosen.columns) & set(shown.columns))])
    return pd.concat([shown, chosen], axis=1)


def _runs(looked: Looked) -> Runs:
    """Where the rows of the store or part lie, looked up at the first search."""
    if not looked.runs:
        # Each batch by itself, so that of the numbers no more than their runs are held.
        starts, rows, at = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        with reading(looked.table, looked.condition):
            for batch in plain_query(looked.table, [NUMBER], looked.condition).to_batches():
                numbers = batch[NUMBER].to_numpy().astype(np.int64)
                first = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
                starts.append(numbers[first])
                rows.append(first + at)
                at += len(numbers)
        start, row = np.concatenate(starts), np.concatenate(rows)
        order = np.argsort(start)
        looked.runs.append(Runs(start[order], row[order]))
    return looked.runs[0]


def _probes(table: Any, where: str | None) -> int:
    """How many partitions of the index to look into; 0 to compare every row."""
    stats = table.index_stats(INDEX)
    if stats is None:
        return 0
    n_all = int(table.count_rows())
    n = count(table, where) if where else n_all
    if n <= max(SCANNED_ROWS, n_all // 5):
        return 0
    partitions = max(1.0, n_all / 4096)
    return math.ceil((16 + 2 * math.sqrt(partitions)) * n_all / n)


def _empty(table: Any) -> Any:
    """No rows."""
    import pyarrow as pa

    return table.schema.append(pa.field(NUMBER, pa.uint64())).empty_table()
