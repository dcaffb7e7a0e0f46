"""Rows compared with rows over a store: each piece with each, exactly.

* :func:`nearest` - for each row the k most alike ones; :func:`write_nearest` - as files
* :func:`cosine_similarity` - all similarities, where they fit into memory

Here is only which pieces meet at which worker, and how the best of all pieces come together. What
is refused, which rows may be found and what the result looks like is said once for tables and
stores in :mod:`twlab.analysis.neighbors.nearest` and :mod:`twlab.analysis.neighbors.similarity`;
how rows are compared, in :mod:`twlab.analysis.neighbors.exact`.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.neighbors import nearest as of_tables
from twlab.analysis.neighbors import similarity
from twlab.analysis.neighbors.exact import Videos, best_rows, merge_best
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    Held,
    Piece,
    Turn,
    Zeros,
    check_width,
    join_fragments,
    not_a_source,
    read_places,
)
from twlab.archive.result_folders import write_tables
from twlab.archive.sources import Source
from twlab.archive.store import open_source
from twlab.errors import InputError
from twlab.table.segments import as_matrix, one_space, scale_rows, unit_vectors, warn_of_zeros

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from twlab.table.types import FilePath, Mask, Matrix, Neighbors, TableOrVectors


__all__ = ["cosine_similarity", "nearest", "write_nearest"]

MOST_SIMILARITIES = 2**30
"""Similarities that are still worth a matrix (4 GB). Of a table there is no such bound: whoever
holds it knows its size, whereas a store may have any."""


def nearest(
    segments: Source | TableOrVectors,
    to: Source | TableOrVectors | None = None,
    *,
    k: int = 10,
    exact: bool | None = None,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame:
    """The ``k`` most similar rows of ``to`` for each row, where one side or both are a store.

    Exact, unless ``exact`` is False: then the store is read into one table.

    Parameters
    ----------
    segments, to
        As for :func:`twlab.nearest`; one of them at least is a store or a part of one.
    k, exact, videos
        As for :func:`twlab.nearest`.

    Returns
    -------
    DataFrame
        As :func:`twlab.nearest` gives it, with labels of :meth:`twlab.Store.to_table`.

    Raises
    ------
    InputError
        As :func:`twlab.nearest`; also if the result would have more than ten million rows.

    See Also
    --------
    twlab.nearest : what users call, with a store or a table
    twlab.distributed.write_nearest : results of any size, as files

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     hits = tw.distributed.nearest(store, k=2)
    >>> len(hits) == 2 * n
    True
    """
    k = of_tables.check_nearest(segments, to, k=k, exact=exact, videos=videos)
    if exact is not None and not exact:
        tables: list[Any] = [s.to_table() if isinstance(s, Source) else s for s in (segments, to)]
        return of_tables.nearest(tables[0], tables[1], k=k, exact=exact, videos=videos)  # type: ignore[return-value]
    sides = _read_sides(segments, to)
    _check_size(sum(one.n_rows for one in sides.queries), k)
    return pd.concat(_find_neighbours(sides, k, videos), ignore_index=True)


def write_nearest(
    segments: Source | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    to: Source | TableOrVectors | FilePath | None = None,
    *,
    k: int = 10,
    videos: Literal["any", "other", "same"] = "any",
) -> Path:
    """The result of :func:`nearest` as a new folder of Parquet files, however large it is.

    Parameters
    ----------
    segments : Store, path or URI
        The rows to find neighbours for.
    folder : path
        It must not be there yet; an interrupted call leaves none.
    to : DataFrame, array_like, Store, path or URI, optional
        The rows to find them among. Default: the same.
    k : int
        How many.
    videos : {"any", "other", "same"}
        As in :func:`twlab.nearest`.

    Returns
    -------
    Path
        The folder, a file for each piece of the store; ``pd.read_parquet`` reads it.

    Raises
    ------
    InputError
        As :func:`twlab.nearest`, if there is nothing to compare, or if the folder is there already.

    See Also
    --------
    twlab.nearest : the same as a table, up to ten million rows

    Examples
    --------
    >>> import tempfile, pandas as pd, twlab as tw
    >>> with tempfile.TemporaryDirectory() as place:
    ...     store = tw.open(f"{place}/archive")
    ...     n = store.add(tw.sample())
    ...     out = tw.distributed.write_nearest(store, f"{place}/neighbours", k=3)
    ...     table = pd.read_parquet(out)
    >>> len(table) == 3 * n
    True
    """
    segments, to = open_source(segments), open_source(to)
    k = of_tables.check_nearest(segments, to, k=k, videos=videos)
    sides = _read_sides(segments, to)
    if not all(sum(one.n_rows for one in side) for side in (sides.queries, sides.pool)):
        raise InputError("one side has no rows; segments to compare were expected")
    return write_tables(_find_neighbours(sides, k, videos), folder)


class Among(NamedTuple):
    """Which rows of the pool may be found, and by which queries."""

    usable: Mask
    videos: Videos | None

    def of(self, queries: slice, rows: slice, zero: Mask) -> Among:
        """The same for a piece of queries and a piece of the pool, of which some are zeros."""
        videos = self.videos and self.videos.of(queries, rows)
        return Among(~zero & self.usable[rows], videos)


class Sides(NamedTuple):
    """Rows to find neighbours for, and rows to find them among."""

    source: Source
    queries: list[Any]
    places: Any
    pool: list[Any]
    pool_places: Any
    own: bool
    """Whether both are the same."""

    @property
    def streamed(self) -> bool:
        """Whether the rows to find neighbours for are those of a source."""
        return isinstance(self.queries[0], Piece)


def _read_sides(segments: Any, to: Any) -> Sides:
    """Both sides in pieces, checked as two tables are."""
    sources = [side for side in (segments, to) if isinstance(side, Source)]
    if not sources:
        raise not_a_source(segments)
    cut = [_cut_side(side) for side in (segments, to)]
    one_space(*(places for _, places in cut))
    queries, places = _hold_at_hand(segments, *cut[0])
    pool, pool_places = (queries, places) if to is None else _hold_at_hand(to, *cut[1])
    of_tables.check_sides(places, pool_places, *(_first_row(side) for side in (queries, pool)))
    return Sides(sources[0], queries, places, pool, pool_places, to is None)


def _cut_side(side: Any) -> tuple[list[Piece], Any]:
    """The pieces of a source, and its rows without their vectors; what is at hand is whole."""
    if not isinstance(side, Source):
        return [], side
    pieces = join_fragments(side)
    return pieces, read_places(side, pieces)


def _hold_at_hand(side: Any, pieces: list[Piece], places: Any) -> tuple[list[Any], Any]:
    """The pieces of a side and its rows; what is at hand, or empty, is one piece."""
    if pieces:
        return pieces, places
    unit = np.empty((0, 0), np.float32) if isinstance(side, Source) else unit_vectors(side)
    return [Held(unit)], places if isinstance(places, pd.DataFrame) else unit


def _find_neighbours(sides: Sides, k: int, videos: str) -> Iterator[pd.DataFrame]:
    """What is found for each piece of queries as a table."""
    queries, pool = sides.queries, sides.pool
    among = Among(
        of_tables.may_be_found(sides.pool_places),
        of_tables.videos_of(sides.places, sides.pool_places, videos),
    )
    # All that decides the result is part of the job's name, or another call would find its files.
    at_hand = [one.rows for one in (*queries, *pool) if isinstance(one, Held)]
    pieces = [one for one in (*queries, *pool) if isinstance(one, Piece)]
    given = k, sides.own, len(queries), at_hand, among.usable, videos
    with Checkpoint(sides.source, pieces, "nearest", *given) as job:
        # A piece of queries of a store meets the whole pool at one worker, and is done. Queries at
        # hand are few: all of them go to each piece of the pool.
        if sides.streamed:
            found = _search_by_query(job, queries, pool, among, k, own=sides.own)
        else:
            found = iter([_search_by_pool(job, queries[0].matrix(), pool, among, k)])
        for piece, (indices, similarities) in zip(queries, found, strict=True):
            rows = sides.places
            if isinstance(rows, pd.DataFrame):
                rows = rows.iloc[piece.span]
            yield of_tables.long_table(rows, sides.pool_places, indices, similarities)


def _search_by_query(
    job: Checkpoint, queries: list[Any], pool: list[Any], among: Among, k: int, *, own: bool
) -> Iterator[Neighbors]:
    """Each piece of queries with all of the pool."""
    turns = [Turn(number, piece.key) for number, piece in enumerate(queries)]
    zeros, pool_zeros = Zeros(), Zeros()
    sent = queries, None if own else pool, among
    for turn, found in zip(turns, job.map("nearest", neighbours_of, turns, *sent, k), strict=True):
        zeros = zeros.add(queries[turn.number].first, found["zero"])
        pool_zeros = Zeros(*found["pool_zeros"].tolist())  # every turn meets the whole pool
        yield found["indices"], found["similarities"]
    warn_of_zeros(zeros.n, sum(one.n_rows for one in queries), zeros.first)
    if not own and not isinstance(pool[0], Held):  # of rows at hand it was told when they were read
        warn_of_zeros(pool_zeros.n, len(among.usable), pool_zeros.first)


def _search_by_pool(
    job: Checkpoint, unit: Matrix, pool: list[Any], among: Among, k: int
) -> Neighbors:
    """All queries, which are at hand, with each piece of the pool."""
    zeros, parts = Zeros(), []
    results = job.map("nearest", neighbours_in, pool, unit, among, k)
    for piece, found in zip(pool, results, strict=True):
        zeros = zeros.add(piece.first, found["zero"])
        parts.append((found["indices"], found["similarities"]))
        # Merged as they come, so that no more than two are held. Pieces come in order, and so rows
        # that are equally alike rank by their place.
        parts = [reduce(lambda one, other: merge_best(one, other, k), parts)]
    warn_of_zeros(zeros.n, len(among.usable), zeros.first)
    return parts[0]


def neighbours_of(
    turn: Turn, queries: Sequence[Any], pool: Sequence[Any] | None, among: Among, k: int
) -> dict[str, Any]:
    """The best rows of the whole pool for a piece of queries; without a pool, of themselves."""
    unit, zero = scale_rows(queries[turn.number].matrix())
    best, pool_zeros = None, Zeros()
    for number, piece in enumerate(queries if pool is None else pool):
        own = pool is None and number == turn.number
        rows, none = (unit, zero) if own else scale_rows(piece.matrix())
        pool_zeros = pool_zeros.add(piece.first, none)
        mine = among.of(queries[turn.number].span, piece.span, none)
        found = _find_best_in(piece, unit, rows, mine, k, own=own)
        best = found if best is None else merge_best(best, found, k)
    assert best is not None
    return {
        "zero": zero,
        "pool_zeros": np.array(pool_zeros),
        "indices": best[0],
        "similarities": best[1],
    }


def neighbours_in(piece: Any, unit: Matrix, among: Among, k: int) -> dict[str, Any]:
    """The best rows of a piece for queries at hand."""
    rows, zero = scale_rows(piece.matrix())
    mine = among.of(slice(None), piece.span, zero)
    indices, similarities = _find_best_in(piece, unit, rows, mine, k, own=False)
    return {"zero": zero, "indices": indices, "similarities": similarities}


def _find_best_in(
    piece: Any, unit: Matrix, rows: Matrix, among: Among, k: int, *, own: bool
) -> tuple[Any, Any]:
    """The best rows of a piece by their place in the source."""
    check_width(unit, rows)
    indices, similarities = best_rows(
        unit, rows, np.flatnonzero(among.usable), k, own=own, videos=among.videos
    )
    return np.where(indices >= 0, indices + piece.first, -1), similarities


def cosine_similarity(
    a: Source | TableOrVectors, b: Source | TableOrVectors | None = None
) -> Matrix:
    """The cosine similarity of each row of ``a`` with each of ``b``, where one or both are a store.

    Parameters
    ----------
    a, b : Store, DataFrame or array_like of shape (n, d)
        As for :func:`twlab.cosine_similarity`.

    Returns
    -------
    ndarray of shape (n, m), float32
        As :func:`twlab.cosine_similarity` gives it, for the rows of :meth:`twlab.Store.to_table`.

    Raises
    ------
    InputError
        As :func:`twlab.cosine_similarity`; also if the matrix would have more than 2**30 cells.

    See Also
    --------
    twlab.cosine_similarity : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     similarity = tw.distributed.cosine_similarity(store)
    >>> similarity.shape == (n, n)
    True
    """
    sides = [a, a if b is None else b]
    n_rows = [
        sum(one.n_rows for one in side.fragments())
        if isinstance(side, Source)
        else len(as_matrix(side))
        for side in sides
    ]
    if n_rows[0] * n_rows[1] > MOST_SIMILARITIES:
        raise InputError(
            f"{n_rows[0]:,} x {n_rows[1]:,} similarities; at most {MOST_SIMILARITIES:,} in one "
            "matrix were expected; use tw.nearest or tw.near_duplicates, which keep the highest "
            "only"
        )
    tables: list[Any] = [side.to_table() if isinstance(side, Source) else side for side in (a, b)]
    return similarity.cosine_similarity(*tables)


def _first_row(side: list[Any]) -> Matrix:
    """A row that shows the dimension; pieces of a source show theirs where they are read."""
    return side[0].rows[:1] if isinstance(side[0], Held) else np.empty((0, 0), np.float32)


def _check_size(n_queries: int, k: int) -> None:
    if n_queries * k > of_tables.MOST_PAIRS:
        raise InputError(
            f"{n_queries:,} rows with {k} neighbours each; at most {of_tables.MOST_PAIRS:,} rows "
            "of result were expected; ask for fewer neighbours, for some of the rows with "
            "tw.nearest(rows, store), or for files with tw.distributed.write_nearest"
        )
