"""Rows compared with rows over a store: each piece with each, exactly.

* :func:`nearest` - for each row the k most alike ones
* :func:`near_duplicates` - all pairs above a threshold
* :func:`cosine_similarity` - all similarities, where they fit into memory
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab import neighbors, similarity
from twlab.distributed.pieces import Held, Piece, pieces_of, places_of
from twlab.distributed.steps import Job, executor_of
from twlab.errors import InputError
from twlab.kernels import (
    Spans,
    best_first,
    best_rows,
    check_count,
    merge_best,
    pairs_above,
)
from twlab.segments import (
    check_places,
    clip_mask,
    one_model,
    one_option,
    scaled,
    unit_vectors,
    warn_of_zeros,
)
from twlab.similarity import same_space
from twlab.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["cosine_similarity", "near_duplicates", "nearest"]

MOST_CELLS = 2**30
"""Similarities that are still worth a matrix (4 GB)."""


class Turn(NamedTuple):
    """The piece whose turn it is."""

    number: int
    key: str


class Zeros(NamedTuple):
    """Zero vectors met so far: how many, and the first row."""

    n: int = 0
    first: int = -1

    def met(self, first: int, zero: Mask) -> Zeros:
        """With those of a piece that comes later."""
        n = self.n + int(zero.sum())
        return Zeros(n, first + int(zero.argmax()) if n and not self.n else self.first)


def nearest(
    segments: Any, to: Any = None, *, k: int = 10, exact: bool | None = None
) -> pd.DataFrame:
    """As :func:`twlab.nearest`, where one side or both are a source.

    Exact, unless ``exact`` is False: then the source is read into one table.

    Raises
    ------
    InputError
        Also if the result would have more than ten million rows.
    """
    k = neighbors.check_k(k)
    neighbors.check_exact(exact)
    if exact is not None and not exact:
        sides = [s.to_table() if isinstance(s, Source) else s for s in (segments, to)]
        return neighbors.nearest(sides[0], sides[1], k=k, exact=False)  # type: ignore[return-value]
    source = next(side for side in (segments, to) if isinstance(side, Source))
    queries, places = _side(segments)
    pool, pool_places = (queries, places) if to is None else _side(to)
    if not queries or not pool:
        tables = [s.to_table() if isinstance(s, Source) else s for s in (segments, to)]
        return neighbors.nearest(tables[0], tables[1], k=k)  # type: ignore[return-value]
    _check_size(sum(one.n_rows for one in queries), k)
    same_space(places, pool_places, *(_first_row(side) for side in (queries, pool)))
    usable = _usable(pool_places, pool)
    at_hand = [one.rows for one in (*queries, *pool) if isinstance(one, Held)]
    pieces = [one for one in (*queries, *pool) if isinstance(one, Piece)]
    with Job(source, pieces, "nearest", k, to is None, len(queries), at_hand) as job:
        if isinstance(segments, Source):
            found = _by_query(job, queries, pool, usable, k, own=to is None)
        else:
            found = _by_pool(job, queries[0].matrix(), pool, usable, k)
        indices, similarities = found
        table = neighbors.long_table(places, pool_places, indices, similarities)
    return table


def _by_query(
    job: Job, queries: list[Any], pool: list[Any], usable: Mask, k: int, *, own: bool
) -> tuple[Any, Any]:
    """Each piece of queries with all of the pool."""
    turns = [Turn(number, piece.key) for number, piece in enumerate(queries)]
    zeros, pool_zeros, parts = Zeros(), Zeros(), []
    sent = queries, None if own else pool, usable
    for turn, found in zip(turns, job.map("nearest", neighbours_of, turns, *sent, k), strict=True):
        zeros = zeros.met(queries[turn.number].first, found["zero"])
        pool_zeros = Zeros(*found["pool_zeros"].tolist())
        parts.append((found["indices"], found["similarities"]))
    warn_of_zeros(zeros.n, sum(one.n_rows for one in queries), zeros.first)
    if not own and not isinstance(pool[0], Held):
        warn_of_zeros(pool_zeros.n, len(usable), pool_zeros.first)
    width = max(part[0].shape[1] for part in parts)
    wide = [_widened(*part, width) for part in parts]
    return np.concatenate([one for one, _ in wide]), np.concatenate([one for _, one in wide])


def _by_pool(job: Job, unit: Matrix, pool: list[Any], usable: Mask, k: int) -> tuple[Any, Any]:
    """All queries, which are at hand, with each piece of the pool."""
    zeros, parts = Zeros(), []
    results = job.map("nearest", neighbours_in, pool, unit, usable, k)
    for piece, found in zip(pool, results, strict=True):
        zeros = zeros.met(piece.first, found["zero"])
        parts.append((found["indices"], found["similarities"]))
        parts = [reduce(lambda one, other: merge_best(one, other, k), parts)]
    warn_of_zeros(zeros.n, len(usable), zeros.first)
    return parts[0]


def neighbours_of(
    turn: Turn, queries: Sequence[Any], pool: Sequence[Any] | None, usable: Mask, k: int
) -> dict[str, Any]:
    """The best rows of the whole pool for a piece of queries; without a pool, of themselves."""
    unit, zero = scaled(queries[turn.number].matrix())
    best, pool_zeros = None, Zeros()
    for number, piece in enumerate(queries if pool is None else pool):
        own = pool is None and number == turn.number
        rows, none = (unit, zero) if own else scaled(piece.matrix())
        pool_zeros = pool_zeros.met(piece.first, none)
        found = _best_in(piece, unit, rows, ~none & usable[_span(piece)], k, own=own)
        best = found if best is None else merge_best(best, found, k)
    assert best is not None
    return {
        "zero": zero,
        "pool_zeros": np.array(pool_zeros),
        "indices": best[0],
        "similarities": best[1],
    }


def neighbours_in(piece: Any, unit: Matrix, usable: Mask, k: int) -> dict[str, Any]:
    """The best rows of a piece for queries at hand."""
    rows, zero = scaled(piece.matrix())
    indices, similarities = _best_in(piece, unit, rows, ~zero & usable[_span(piece)], k, own=False)
    return {"zero": zero, "indices": indices, "similarities": similarities}


def _best_in(
    piece: Any, unit: Matrix, rows: Matrix, usable: Mask, k: int, *, own: bool
) -> tuple[Any, Any]:
    _one_width(unit, rows)
    indices, similarities = best_rows(unit, rows, np.flatnonzero(usable), k, own=own)
    return np.where(indices >= 0, indices + piece.first, -1), similarities


def near_duplicates(
    segments: Source, *, threshold: float = 0.95, min_gap_sec: float = 0.0
) -> pd.DataFrame:
    """As :func:`twlab.near_duplicates`, over a source."""
    neighbors.check_pairs_wanted(threshold, min_gap_sec)
    pieces = pieces_of(segments)
    if not pieces:
        table = segments.to_table()
        return neighbors.near_duplicates(table, threshold=threshold, min_gap_sec=min_gap_sec)  # type: ignore[return-value]
    with Job(segments, pieces, "near_duplicates", float(threshold), float(min_gap_sec)) as job:
        places = places_of(pieces, job.executor)
        check_places(places)
        one_option(places)
        one_model(places)
        turns = [Turn(number, piece.key) for number, piece in enumerate(pieces)]
        sent = pieces, neighbors.spans_of(places), clip_mask(places), threshold, min_gap_sec
        results = job.map("pairs", pairs_of, turns, *sent, neighbors.MOST_PAIRS)
        found = _gathered(results, pieces, threshold)
        return neighbors.pair_table(places, *best_first(*found))


def _gathered(
    results: Iterable[dict[str, Any]], pieces: Sequence[Piece], threshold: float
) -> tuple[Any, Any]:
    """All pairs; more than are worth a table are refused as soon as they are there."""
    zeros, pairs, values, n_pairs = Zeros(), [], [], 0
    for piece, found in zip(pieces, results, strict=True):
        zeros = zeros.met(piece.first, found["zero"])
        pairs.append(found["pairs"])
        values.append(found["values"])
        n_pairs += len(pairs[-1])
        check_count(n_pairs, threshold, neighbors.MOST_PAIRS)
    warn_of_zeros(zeros.n, sum(piece.n_rows for piece in pieces), zeros.first)
    return np.concatenate(pairs), np.concatenate(values)


def pairs_of(
    turn: Turn,
    pieces: Sequence[Piece],
    spans: Spans,
    usable: Mask,
    threshold: float,
    gap: float,
    most: int,
) -> dict[str, Any]:
    """The pairs of a piece with itself and with every later one."""
    mine = pieces[turn.number]
    unit, zero = scaled(mine.matrix())
    left = np.flatnonzero(~zero & usable[_span(mine)])
    pairs, values, n_pairs = [], [], 0
    for piece in pieces[turn.number :]:
        same = piece is mine
        rows, none = (unit, zero) if same else scaled(piece.matrix())
        _one_width(unit, rows)
        right = np.flatnonzero(~none & usable[_span(piece)])
        sides = spans.of(left + mine.first), spans.of(right + piece.first)
        found, value = pairs_above(
            unit[left],
            None if same else rows[right],
            threshold,
            most=most,
            spans=sides,
            gap=gap,
        )
        ids = np.column_stack([left[found[:, 0]] + mine.first, right[found[:, 1]] + piece.first])
        n_pairs += len(ids)
        check_count(n_pairs, threshold, most)
        pairs.append(ids)
        values.append(value)
    return {"zero": zero, "pairs": np.concatenate(pairs), "values": np.concatenate(values)}


def cosine_similarity(a: Any, b: Any = None) -> Matrix:
    """As :func:`twlab.cosine_similarity`, where one side or both are a source.

    Raises
    ------
    InputError
        Also if the matrix would have more than 2**30 cells.
    """
    sides = [a, a if b is None else b]
    n_rows = [
        sum(one.n_rows for one in side.fragments()) if isinstance(side, Source) else len(side)
        for side in sides
    ]
    if n_rows[0] * n_rows[1] > MOST_CELLS:
        raise InputError(
            f"{n_rows[0]:,} x {n_rows[1]:,} similarities; at most {MOST_CELLS:,} in one matrix "
            "were expected; use tw.nearest or tw.near_duplicates, which keep the highest only"
        )
    tables = [side.to_table() if isinstance(side, Source) else side for side in (a, b)]
    return similarity.cosine_similarity(*tables)


def _span(piece: Any) -> slice:
    return slice(piece.first, piece.first + piece.n_rows)


def _one_width(left: Matrix, right: Matrix) -> None:
    same_space(None, None, left, right)


def _side(side: Any) -> tuple[list[Any], Any]:
    """The pieces of one side, and its rows without vectors; what is at hand is one piece."""
    if isinstance(side, pd.DataFrame):
        one_option(side)
    if not isinstance(side, Source):
        unit = unit_vectors(side)
        places = side if isinstance(side, pd.DataFrame) else unit
        return ([Held(unit)] if len(unit) else []), places
    pieces = pieces_of(side)
    if not pieces:
        return [], None
    places = places_of(pieces, executor_of(side))
    one_option(places)
    one_model(places)
    return pieces, places


def _usable(places: Any, pool: list[Any]) -> Mask:
    """True for rows that may be found, as far as that shows without their vectors."""
    if isinstance(places, pd.DataFrame):
        return clip_mask(places)
    return np.ones(sum(one.n_rows for one in pool), bool)


def _first_row(side: list[Any]) -> Matrix:
    """A row that shows the dimension; pieces of a source show theirs where they are read."""
    return side[0].rows[:1] if isinstance(side[0], Held) else np.empty((0, 0), np.float32)


def _check_size(n_queries: int, k: int) -> None:
    if n_queries * k > neighbors.MOST_PAIRS:
        raise InputError(
            f"{n_queries:,} rows with {k} neighbours each; at most {neighbors.MOST_PAIRS:,} rows "
            "of result were expected; ask for fewer neighbours, or for some of the rows: "
            "tw.nearest(rows, store)"
        )


def _widened(indices: Any, similarities: Any, width: int) -> tuple[Any, Any]:
    """With columns of -1 and NaN up to a width."""
    more = ((0, 0), (0, width - indices.shape[1]))
    return (
        np.pad(indices, more, constant_values=-1),
        np.pad(similarities, more, constant_values=np.nan),
    )
