"""The best places of a store for a query, exactly or by an index that loses nothing to filters.

A store is searched as a table is (:mod:`twlab.analysis.judging.places`), but not all of it is
looked at: of every option the segments nearest to the query, what else lies at their places, and up
to a few thousand segments drawn by their identity against which the option is read.

Without a vector index every segment of the filter is compared. With one, the partitions nearest to
the query are looked into: about ``4 √p`` of ``p``, more by as much as a filter leaves out; where a
filter leaves few rows the index is passed by, because the partitions looked into may hold none of
them. What is found is compared again with the vectors themselves, so that every similarity that
comes back is exact. Lance leaves out zero vectors.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.places import (
    PLACE,
    UNNAMED,
    Best,
    Compared,
    best_cosines,
    best_places,
    drop_zeros,
    hit_table,
    number_places,
    queries_for,
    query_rows,
)
from twlab.analysis.judging.queries import embed_query
from twlab.analysis.neighbors.exact import best_rows, merge_best
from twlab.analysis.neighbors.similarity import dot_rows, same_space
from twlab.archive.store.arrow import frame_of
from twlab.archive.store.held_rows import HeldRows, RowBlock
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
from twlab.archive.store.upkeep import partitions_for
from twlab.errors import InputError
from twlab.table.conditions import quote
from twlab.table.segments import (
    BY_FIELDS,
    MARKED,
    PICTURE,
    WHOLE_SCOPES,
    clip_mask,
    models_of,
    scale_rows,
    str_column,
    unit_vectors,
    whole_mask,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from twlab.analysis.judging.places import Asked
    from twlab.table.types import Mask, Matrix, Positions


__all__ = ["Looked", "kinds_of", "prepare_looking", "search_table"]

SCANNED_ROWS = 100_000
"""Rows that are compared faster than an index could be asked rightly."""

BACKGROUND_ROWS = 4096
"""Rows against which an option is read, about; up to twice as many are all taken. The middle of
that many is known to 2 % of their spread (of half as many to 3 %), for 8 MB of vectors."""

MANY_EACH, LEAST_EACH = 10, 200
"""Of several options so many of each are looked at for a hit, and so many in any case: a place must
be that good in one of its options."""

CANDIDATES = 32_768
"""Rows that are looked at for some queries of many at once: 64 MB of vectors of 512 numbers, and
the store is read once for 3,000 queries of one option, or 160 of several."""

LEAST_COUNTED = 8
"""Rows that each vector of a query counts for at least, so that no more than 4,096 vectors are
compared at once with what an option is read against, of which each takes up to 32 kB."""

COMPARED_ROWS = 4096
"""Rows that are compared at a time where all are; their vectors fit a processor's cache."""

SURE_LENGTH = 1e-15
"""Length from which on float32 knows that of a vector: squares of numbers below 1e-19 or so lose
their digits, or all of them."""

ROUGH = 1e-5
"""How much float32 may take from a cosine. What BLAS makes of 1,280 numbers is wrong by 1e-6 at
most; rows within ten times that of the last that is kept are compared once more."""

NUMBER = "_rowid"
"""What Lance calls the number by which it knows a row; no column of a store may be named so."""

_KINDS = ["embedding_option", "embedding_scope", "model_name"]


class Looked(NamedTuple):
    """What is searched: a table, which of its rows, and what is known of them."""

    table: Any
    """At the version that is looked at."""
    n_rows: int
    """Of the table, which Lance counts anew whenever it is asked."""
    schema: Any
    """Of the table, too."""
    condition: str | None
    """What the store or part of it holds."""
    kinds: pd.DataFrame
    """Of the store or part."""
    backgrounds: dict[str, Matrix]
    """Unit vectors that were read already, by condition."""
    runs: list[Runs]
    """Where its rows lie, once that was looked up; empty before."""
    scopes: dict[str | None, Scope]
    """What searches found of what may be hits, by that condition."""
    held: HeldRows
    """What exact searches of all of it read."""
    within: str | None = None
    """What may be hits."""


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


def prepare_looking(table: Any, condition: str | None) -> Looked:
    """A store or part to be searched; what searches find of it is kept."""
    kinds = kinds_of(table, condition)
    n_rows = int(table.count_rows())
    return Looked(table, n_rows, table.schema, condition, kinds, {}, [], {}, HeldRows())


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
    questions: Sequence[tuple[Any, str | None]],
    asked: Asked,
    *,
    k: int,
    client: Any,
    model_name: str | None,
    exact: bool,
) -> list[pd.DataFrame]:
    """The best places for each query or text, best first, each with its best row."""
    scope = _scope_of(looked)
    options = asked.options(scope.there)
    beside = {"model_name": model_name, "client": client, "width": _width(looked)}
    models = scope.models(looked, options)
    meant = []
    for query, text in questions:
        rows = query_rows(embed_query(query, text, models=models, **beside))
        meant.append(queries_for(rows, options, scope.there))
        asked.check_compared([*meant[-1]])
    there = {name for one in meant for name in one}
    plans = {name: scope.plan(looked, name) for name in options if name in there}
    few = max(1, looked.n_rows)
    limits = [
        min(few, k if len(one) == len(scope.kinds) == 1 else max(MANY_EACH * k, LEAST_EACH))
        for one in meant
    ]
    vectors = [_directions(looked, one, plans) for one in meant]
    hits: list[pd.DataFrame] = []
    for part in _together(vectors, limits):
        found = _candidates(looked, plans, vectors[part], limits[part], exact=exact)
        hits += _best_hits(looked, plans, vectors[part], found, asked, k)
    return hits


def _together(vectors: Sequence[dict[str, Matrix]], limits: Sequence[int]) -> Iterator[slice]:
    """The questions that are answered together, in order."""
    first, n_rows = 0, 0
    for k, (one, limit) in enumerate(zip(vectors, limits, strict=True)):
        mine = max(map(len, one.values())) * max(limit, LEAST_COUNTED)
        if k > first and n_rows + mine > CANDIDATES:
            yield slice(first, k)
            first, n_rows = k, 0
        n_rows += mine
    yield slice(first, len(vectors))


def _directions(
    looked: Looked, meant: dict[str, pd.DataFrame], plans: dict[str, _Plan]
) -> dict[str, Matrix]:
    """The unit vectors of a query for each option, checked against what they are compared with."""
    found = {}
    for name, rows in meant.items():
        _check_width(looked, rows, name)
        unit = unit_vectors(rows)
        same_space(plans[name].like, rows, unit, unit)
        found[name] = drop_zeros(name, unit)
    return found


def _candidates(
    looked: Looked,
    plans: dict[str, _Plan],
    vectors: Sequence[dict[str, Matrix]],
    limits: Sequence[int],
    *,
    exact: bool,
) -> tuple[Positions, NDArray[np.int64]]:
    """The rows that may be hits: the question of each, and its number; each pair once, in order."""
    owners, numbers = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
    for name, plan in plans.items():
        for limit in sorted({*limits}):  # the same for all, unless options of some are fewer
            mine = [k for k, one in enumerate(vectors) if name in one and limits[k] == limit]
            if mine:
                every = np.concatenate([vectors[k][name] for k in mine])
                owner = np.repeat(mine, [len(vectors[k][name]) for k in mine])
                find = _nearest if plan.probes and not exact else _nearest_of_all
                which, number = find(looked, plan, every, limit)
                owners.append(owner[which])
                numbers.append(number)
    owner, number = np.concatenate(owners), np.concatenate(numbers)
    if any(len(one) > 1 for one in vectors):
        owner, number = _add_neighbours(looked, owner, number, plans, vectors)
    pairs = np.unique(np.column_stack([owner, number]), axis=0)
    return pairs[:, 0].astype(np.intp), pairs[:, 1]


def _best_hits(
    looked: Looked,
    plans: dict[str, _Plan],
    vectors: Sequence[dict[str, Matrix]],
    found: tuple[Positions, NDArray[np.int64]],
    asked: Asked,
    k: int,
) -> list[pd.DataFrame]:
    """The best places of each question among its candidates."""
    numbers, row = np.unique(found[1], return_inverse=True)
    rows = _rows_of(looked, numbers, [name for name in looked.schema.names if name != KEY])
    unit, zero = scale_rows(block_of(rows["embedding"]))
    told = rows.select([*PLACE, "embedding_option"]).to_pandas()
    own = told["embedding_option"].astype(object).fillna(UNNAMED).to_numpy(object)
    place = number_places(told)
    levels = {
        name: _levels(looked, plan, name, vectors)
        for name, plan in plans.items()
        if any(name in one for one in vectors)
    }
    ends = np.searchsorted(found[0], np.arange(len(vectors) + 1))
    best = []
    for question, one in enumerate(vectors):
        mine = row[ends[question] : ends[question + 1]]
        compared = []
        for name, theirs in one.items():
            hits = mine[(own[mine] == name) & ~zero[mine]]
            similar = best_cosines(unit[hits], theirs)
            level = levels[name][question].astype(np.float64)
            compared.append(Compared(name, hits, place[hits], similar, level))
        best.append(best_places(compared, asked, k))
    pool = _Pool(numbers, rows, told)
    return _as_tables(looked, pool, best, [tuple(one) for one in vectors])


def _levels(
    looked: Looked, plan: _Plan, name: str, vectors: Sequence[dict[str, Matrix]]
) -> dict[int, Matrix]:
    """The similarities to the questions about an option of the rows that it is read against."""
    around = _background(looked, plan.background)
    mine = [k for k, one in enumerate(vectors) if name in one]
    every = np.concatenate([vectors[k][name] for k in mine])
    products = np.empty((len(around), len(every)), np.float32)
    dot_rows(around, every, products)
    np.clip(products, -1, 1, out=products)
    ends = np.cumsum([len(vectors[k][name]) for k in mine])[:-1]
    parts = np.split(products, ends, axis=1)
    return {k: part.max(axis=1) for k, part in zip(mine, parts, strict=True)}


def _width(looked: Looked) -> Any:
    """How many numbers the vectors of a store have."""
    return looked.schema.field("embedding").type.list_size


def _check_width(looked: Looked, queries: pd.DataFrame, name: str) -> None:
    """Refuse vectors of another dimension before they are asked for."""
    width = _width(looked)
    own = len(queries["embedding"].iloc[0])
    if own != width:
        raise InputError(
            f"the query has {own} dimensions, the option {name!r} {width}; vectors of one "
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
    """The kinds that are read against each other."""
    probes: int
    """Partitions of the index to look into; 0 to compare every row."""


class Scope:
    """What may be hits of a search, looked up once: its kinds, and what is asked for each option.

    Parameters
    ----------
    within : str or None
        The condition of what may be a hit.
    kinds : DataFrame
        Those that are searched.
    """

    def __init__(self, within: str | None, kinds: pd.DataFrame) -> None:
        self.kinds = kinds
        self._within = within
        self._names = kinds["embedding_option"].astype(object).fillna(UNNAMED)
        self.there = sorted({*self._names})
        self._models: dict[tuple[str, ...], pd.DataFrame] = {}
        self._plans: dict[str, _Plan] = {}

    def models(self, looked: Looked, options: Sequence[str]) -> pd.DataFrame:
        """What says the models of some options."""
        key = tuple(options)
        if key not in self._models:
            kinds = self.kinds[self._names.isin(options)]
            self._models[key] = _models(looked, kinds, self._within)
        return self._models[key]

    def plan(self, looked: Looked, name: str) -> _Plan:
        """What is asked of the store for an option."""
        if name not in self._plans:
            self._plans[name] = _plan(looked, self.kinds[self._names == name], self._within)
        return self._plans[name]


def _scope_of(looked: Looked) -> Scope:
    """What may be hits, looked up at the first search of a condition."""
    within = join_conditions(looked.condition, looked.within)
    if within not in looked.scopes:
        looked.scopes[within] = Scope(within, _searched_kinds(looked, within))
    return looked.scopes[within]


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
    background = join_conditions(looked.condition, *parts)
    return _Plan(hits, background, like, _probes(looked.table, hits))


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
    looked: Looked, plan: _Plan, vectors: Matrix, limit: int
) -> tuple[Positions, NDArray[np.int64]]:
    """The rows nearest to each vector of length 1: which vector, and the number of the row."""
    query = looked.table.search(list(vectors), vector_column_name="embedding")
    query = query.distance_type("cosine")
    query = query.select(["_distance"]).with_row_id(with_row_id=True).limit(limit)
    query = query.nprobes(plan.probes).refine_factor(5)
    with reading(looked.table, plan.hits):
        rows = (query.where(f"({plan.hits})") if plan.hits else query).to_arrow()
    several = "query_index" in rows.column_names
    which = rows["query_index"].to_numpy() if several else np.zeros(len(rows), np.intp)
    return which.astype(np.intp), rows[NUMBER].to_numpy().astype(np.int64)


def _nearest_of_all(
    looked: Looked, plan: _Plan, vectors: Matrix, limit: int
) -> tuple[Positions, NDArray[np.int64]]:
    """The same by comparing every row, read once for all vectors, or held.

    Equally alike rows rank by their numbers, whatever stands beside them in a block.
    """
    best = np.empty((len(vectors), 0), np.int64), np.empty((len(vectors), 0), np.float32)
    least = np.full(len(vectors), -np.inf, np.float32)
    read = partial(_row_blocks, looked.table, plan.hits)
    # Of the rows of a filter there are few, and who searches them often has a part with its own.
    blocks = read() if looked.within else looked.held.blocks(plan.hits, read)
    for block in blocks:
        near = block.rows[close := _may_be_among(block, vectors, least)]
        if len(near):
            unit, numbers = scale_rows(near)[0], block.numbers[close]
            best = merge_best(best, best_rows(vectors, unit, numbers, limit, own=False), limit)
        if best[0].shape[1] == limit:
            least = best[1][:, -1] - ROUGH
    which, column = np.nonzero(best[0] >= 0)
    return which, best[0][which, column]


def _row_blocks(table: Any, where: str | None) -> Iterator[RowBlock]:
    """All rows of a condition, some thousand at a time."""
    with reading(table, where):
        query = plain_query(table, ["embedding", NUMBER], where)
        for batch in query.to_batches(batch_size=COMPARED_ROWS):
            rows = np.asarray(batch["embedding"].flatten()).reshape(len(batch), -1)
            with np.errstate(all="ignore"):
                lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
            lengths[(lengths < SURE_LENGTH) | np.isinf(lengths)] = np.nan
            yield RowBlock(rows, lengths, batch[NUMBER].to_numpy().astype(np.int64))


def _may_be_among(block: RowBlock, vectors: Matrix, least: Matrix) -> Mask:
    """Which rows may reach the least similarity to one of the vectors; no zero vector does."""
    with np.errstate(all="ignore"):  # what float32 has no length of is compared
        far = (block.rows @ vectors.T < least * block.lengths[:, None]).all(axis=1)
    close = np.asarray(~far)
    close[close] = block.rows[close].any(axis=1)
    return close


def _rows_of(looked: Looked, numbers: NDArray[np.int64], names: list[str]) -> Any:
    """Rows of a store by the numbers by which Lance knows them, in their order."""
    import pyarrow as pa

    if not len(numbers):
        return pa.schema([looked.schema.field(name) for name in names]).empty_table()
    with reading(looked.table, None):
        return looked.table.take_row_ids(numbers.tolist()).select(names).to_arrow()


def _add_neighbours(
    looked: Looked,
    owner: Positions,
    number: NDArray[np.int64],
    plans: dict[str, _Plan],
    vectors: Sequence[dict[str, Matrix]],
) -> tuple[Positions, NDArray[np.int64]]:
    """The candidates, and those of other options that lie at the places of their questions."""
    unique, row = np.unique(number, return_inverse=True)
    timed = _rows_of(looked, unique, PLACE[:2]).to_pandas().iloc[row].assign(owner=owner)
    timed = timed[np.array([len(one) > 1 for one in vectors])[owner]].dropna(subset="start_sec")
    if timed.empty:
        return owner, number
    spots = timed.assign(start_sec=_milliseconds(timed)).drop_duplicates()
    videos = ", ".join(map(quote, sorted({*spots["video_id"]})))
    whole = {*spots["start_sec"].tolist()}
    # Half a millisecond is rounded to the even one here, and up in SQL.
    starts = ", ".join(map(str, sorted(whole | {k + 1 for k in whole if k % 2 == 0})))
    place = f"video_id IN ({videos}) AND CAST(round(start_sec * 1000) AS BIGINT) IN ({starts})"
    owners, numbers = [owner], [number]
    for name, plan in plans.items():
        where = join_conditions(plan.hits, place)
        with reading(looked.table, where):
            found = plain_query(looked.table, [*PLACE[:2], NUMBER], where).to_arrow().to_pandas()
        asking = np.array([name in one for one in vectors])[spots["owner"]]
        met = found.assign(start_sec=_milliseconds(found)).merge(spots[asking])
        owners.append(met["owner"].to_numpy(np.intp))
        numbers.append(met[NUMBER].to_numpy(np.int64))
    return np.concatenate(owners), np.concatenate(numbers)


def _milliseconds(rows: pd.DataFrame) -> NDArray[np.int64]:
    """When rows start, in whole thousandths of a second."""
    return np.asarray(np.rint(1000 * rows["start_sec"]), np.int64)


class _Pool(NamedTuple):
    """The candidates of some questions, each once."""

    numbers: NDArray[np.int64]
    rows: Any
    """Their columns, by Arrow."""
    told: pd.DataFrame
    """Their places."""


def _as_tables(
    looked: Looked, pool: _Pool, best: Sequence[Best], names: Sequence[tuple[str, ...]]
) -> list[pd.DataFrame]:
    """The places of each question as they are told, then all other columns of their best rows."""
    tables = {}
    for compared in {*names}:  # most often all questions are of the same options
        mine = [k for k, one in enumerate(names) if one == compared]
        several = Best(*map(np.concatenate, zip(*(best[k] for k in mine), strict=True)))
        table = _as_table(looked, pool, several, compared)
        ends = np.cumsum([len(best[k].rows) for k in mine])
        for k, end in zip(mine, ends, strict=True):
            tables[k] = table[end - len(best[k].rows) : end].reset_index(drop=True)
    return [tables[k] for k in range(len(best))]


def _as_table(looked: Looked, pool: _Pool, best: Best, names: Sequence[str]) -> pd.DataFrame:
    """Places as they are told, followed by all other columns of their best rows."""
    match = _runs(looked).rows_of(pool.numbers[best.rows])
    shown = hit_table(best, names, pool.told, match)
    further = [field for field in pool.rows.schema if field.name not in shown.columns]
    chosen = pool.rows.take(best.rows)
    rest = frame_of(chosen, further, block_of(chosen["embedding"]), n_rows=len(shown))
    return pd.concat([shown, rest], axis=1)


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
    """How many partitions of the index to look into; 0 to compare every row.

    Of the ten nearest among 300,000 rows of 12, 24 and 48 true dimensions .99 or more are found;
    with a quarter as many .98, .96 and .97, with half as many again all.
    """
    stats = table.index_stats(INDEX)
    if stats is None:
        return 0
    n_all = int(table.count_rows())
    n = count(table, where) if where else n_all
    if n <= max(SCANNED_ROWS, n_all // 5):
        return 0
    return math.ceil(4 * math.sqrt(partitions_for(n_all)) * n_all / n)
