"""The most alike rows: nearest neighbours and near-duplicates.

Conventions
-----------
Alike means cosine similarity, as :func:`twlab.cosine_similarity` computes it. Among equally alike
rows the one that comes first in its table ranks first. Whole-video rows are nobody's neighbour
where a table also holds clips, and zero vectors are never ranked. The full matrix of similarities
is never held: memory grows with the number of rows, not with its square.

* :func:`nearest` - for each row the k most alike ones
* :func:`near_duplicates` - all pairs above a threshold
* :func:`neighbors_among`, :func:`close_among` - both for rows that are of length 1 already

What a store in pieces does as well is said here once: which arguments and which two sides are
refused (:func:`check_nearest`, :func:`check_pairs`, :func:`check_sides`), which rows may be found
(:func:`may_be_found`, :func:`videos_of`, :func:`wanted_pairs`), and what the result looks like
(:func:`long_table`, :func:`pair_table`).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twlab.analysis.neighbors.exact import (
    Apart,
    Meeting,
    Spans,
    Videos,
    Wanted,
    best_first,
    best_rows,
    collect_pairs,
)
from twlab.analysis.neighbors.pruned import best_in_cells, close_pairs
from twlab.analysis.neighbors.similarity import same_option, same_space
from twlab.checks import check_count
from twlab.errors import InputError, warn
from twlab.table.pages import page_columns
from twlab.table.segments import (
    check_segments,
    clip_mask,
    one_space,
    unit_vectors,
)

if TYPE_CHECKING:
    from twlab.table.types import Mask, Matrix, Neighbors, Positions, TableOrVectors


__all__ = [
    "MOST_PAIRS",
    "best_among",
    "check_nearest",
    "check_pairs",
    "check_sides",
    "check_wanted_pairs",
    "close_among",
    "long_table",
    "may_be_found",
    "near_duplicates",
    "nearest",
    "neighbors_among",
    "pair_table",
    "videos_of",
    "wanted_pairs",
]

MOST_PAIRS = 10_000_000
"""Near-duplicates that are still worth a table (about 1 GB)."""

MOST_EXACT = 2**29
"""Rows times rows (23,000 squared) that are compared one with each: 3.3 s of CPU, a tenth more than
24,000 take in part (3.0 s; 30,000, 40,000 and 50,000 take 4.7, 6.5 and 6.7 s)."""

MOST_COMPARED = 0.3
"""Share of all comparisons beyond which to look in part of the rows takes longer than in all: one
of few rows with few costs more than one in a large product."""

MANY_IN_MEMORY = 16_384
"""Rows from which cells find near-duplicates sooner than a comparison of one with each, at high
thresholds: at .95 in .8, .5 and .3 of its time for 8,000, 16,000 and 33,000 rows of 128 numbers in
groups of a dozen; at .8 in 1.2, 1.8 and 1.8 of it. The pairs are the same."""

_PLACE = ("video_id", "start_sec", "end_sec")


def nearest(
    segments: TableOrVectors,
    to: TableOrVectors | None = None,
    *,
    k: int = 10,
    exact: bool | None = None,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame | Neighbors:
    """The ``k`` most similar rows of ``to`` for each row of ``segments``.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        The rows to find neighbours for.
    to : DataFrame or array_like of shape (m, d), optional
        The rows to find them among. Default: ``segments`` itself, each row without itself.
        Whole-video rows are left out, unless there is nothing else; so are zero vectors.
    k : int
        How many; fewer where there are not as many rows.
    exact : bool, optional
        True compares each row with each, False looks in part of the rows only. Default: exact up
        to 2**29 comparisons (23,000 rows among themselves), beyond that in part. A warning then
        says which share of the true neighbours was found, measured on 256 rows drawn at random: at
        least .98, because more is looked at until it is; where that would be nearly all, all are
        compared.
    videos : {"any", "other", "same"}
        Among the rows of which videos: of any, of other videos than the query's (where else does
        this occur?), or of its own only. Both sides must be tables unless it is ``any``; each row
        is then compared with each, whatever the number.

    Returns
    -------
    DataFrame
        Where either side is a table. One row per neighbour: ``query`` and ``match`` (index
        labels; row numbers where that side is an array), ``rank`` from 1, ``cosine_similarity``,
        and ``video_id``, ``start_sec``, ``end_sec`` of the match as far as ``to`` has them.
        Queries that are zero vectors have no rows.
    tuple of ndarrays of shape (n, k)
        For arrays: row numbers in ``to`` and similarities, best first; -1 and NaN for zero
        vectors and where there are fewer than ``k``.

    Raises
    ------
    InputError
        If k is not a positive whole number, a table mixes embedding options, the two sides are
        of different dimensions, models or options, or ``videos`` is used with an array. To compare
        one option with another on purpose, pass the vectors of one side: ``tw.vectors(a)``.

    See Also
    --------
    twlab.search : the best places for a query
    twlab.near_duplicates : all pairs above a similarity

    Notes
    -----
    Exact, it takes one matrix product and little more, of rows among themselves half of one: each
    pair is multiplied once, the maxima of groups of columns are compared, and only the best groups
    are looked into. Blocks of 32 MB bound the memory. In part, rows are compared with cells of rows
    whose border is near (:mod:`twlab.analysis.neighbors.pruned`); the same call gives the same
    result, and the similarities found are true ones.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> hits = tw.nearest(film, k=3)
    >>> hits.columns.tolist()[:4]
    ['query', 'rank', 'match', 'cosine_similarity']
    >>> indices, similarities = tw.nearest([[1, 0], [0, 1], [1, 1]], k=1)
    >>> indices.ravel().tolist()
    [2, 2, 0]
    """
    k = check_nearest(segments, to, k=k, exact=exact, videos=videos)
    one_space(segments, to)
    queries = unit_vectors(segments)
    own = to is None
    pool, unit = (segments, queries) if own else (to, unit_vectors(to))
    check_sides(segments, pool, queries, unit)
    among = np.flatnonzero(unit.any(axis=1) & may_be_found(pool))
    if videos == "any":
        found = best_among(queries, unit, among, k, own=own, exact=exact)
    else:
        found = best_rows(
            queries, unit, among, k, own=own, videos=videos_of(segments, pool, videos)
        )
    if isinstance(segments, pd.DataFrame) or isinstance(pool, pd.DataFrame):
        return long_table(segments, pool, *found)
    return found


def near_duplicates(
    segments: TableOrVectors,
    *,
    threshold: float = 0.95,
    min_gap_sec: float = 0.0,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame | Neighbors:
    """All pairs of rows with a similarity of at least ``threshold``, best first.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        A table of segments or a matrix. Whole-video rows take no part, unless there is nothing
        else; zero vectors never do.
    threshold : float
        The least cosine similarity of a pair, above -1 and at most 1. What is usual depends on
        the model: look at the distribution first.
    min_gap_sec : float
        Within one video, the least time from the end of the earlier segment to the start of the
        later one. At 0 neighbouring segments may pair; overlapping ones never do, nor does a
        segment of no length with the one around it. Rows of different videos and rows without
        time always may; in an array all rows may.
    videos : {"any", "other", "same"}
        Pairs of any two videos, of two different ones only (copies between films), or within one
        only (repeats in a film). A table is needed unless it is ``any``.

    Returns
    -------
    DataFrame
        For a table: ``a`` and ``b`` (index labels, the row of ``a`` before the row of ``b``),
        ``cosine_similarity``, and ``video_id``, ``start_sec``, ``end_sec`` of both with ``_a``
        and ``_b`` appended.
    tuple of ndarrays
        For an array: row numbers of shape (p, 2), and similarities of shape (p,).

    Raises
    ------
    InputError
        If an argument is out of range, the table mixes embedding options, or there are more than
        ten million pairs.

    See Also
    --------
    twlab.deduplicate : a table without near-duplicates
    twlab.align : which seconds of one video occur in another
    twlab.nearest : the most alike rows of each row

    Notes
    -----
    Exact at any size. Many rows are divided into cells, and pairs too far apart by the triangle
    inequality are left out (:mod:`twlab.analysis.neighbors.pruned`): what that saves depends on the
    data and grows with the threshold.

    Examples
    --------
    >>> import twlab as tw
    >>> pairs = tw.near_duplicates(tw.sample(), threshold=0.9, min_gap_sec=60)
    >>> bool((pairs["cosine_similarity"] >= 0.9).all())
    True
    >>> tw.near_duplicates([[1, 0], [0, 1], [2, 0]])
    (array([[0, 2]]), array([1.], dtype=float32))
    """
    check_pairs(segments, threshold, min_gap_sec=min_gap_sec, videos=videos)
    if isinstance(segments, pd.DataFrame):
        check_segments(segments)
    one_space(segments)
    unit = unit_vectors(segments)
    among = np.flatnonzero(unit.any(axis=1) & may_be_found(segments))
    wanted = wanted_pairs(segments, threshold, min_gap_sec=min_gap_sec, videos=videos)
    if wanted.spans is not None:
        wanted = wanted._replace(spans=wanted.spans.of(among))
    rows = unit if len(among) == len(unit) else unit[among]
    pairs, values = _find_pairs(rows, wanted)
    return pair_table(segments, among[pairs], values)


def close_among(unit: Matrix, threshold: float) -> Neighbors:
    """All pairs of rows of length 1 that are ``threshold`` alike, best first."""
    return best_first(*_find_pairs(unit, Wanted(threshold, MOST_PAIRS)))


def _find_pairs(unit: Matrix, wanted: Wanted) -> Neighbors:
    """All pairs that are wanted, in any order."""
    if len(unit) >= MANY_IN_MEMORY:
        return close_pairs(unit, wanted)
    every = np.arange(len(unit))
    return collect_pairs([Meeting(every, unit, every, None)], wanted)


def neighbors_among(unit: Matrix, k: int) -> Neighbors:
    """As :func:`nearest` of a matrix, of rows that are of length 1, or 0, already."""
    among = np.flatnonzero(unit.any(axis=1))
    return best_among(unit, unit, among, k, own=True, exact=None)


def best_among(
    queries: Matrix, unit: Matrix, among: Positions, k: int, *, own: bool, exact: bool | None
) -> Neighbors:
    """The best rows of each query, from all that may be found or from part; all of length 1."""
    if exact or (exact is None and len(queries) * len(among) <= MOST_EXACT):
        return best_rows(queries, unit, among, k, own=own)
    at_most = MOST_COMPARED if exact is None else math.inf
    partly = best_in_cells(queries, unit, among, k, own=own, at_most=at_most)
    if partly is None:
        return best_rows(queries, unit, among, k, own=own)
    found, recall = partly
    if found[0].size:
        warn(
            f"nearest rows of {len(queries):,} among {len(among):,} were looked for in part of the "
            f"rows: recall@{k} is {recall:.3f}, measured on up to 256 rows; tw.nearest(..., "
            "exact=True) misses none and takes longer"
        )
    return found


def check_nearest(segments: Any, to: Any, *, k: Any, exact: Any = None, videos: Any = "any") -> int:
    """The number of neighbours as an int, where what :func:`nearest` is asked for is possible."""
    whole = check_count(k, "k", of="neighbours")
    check_exact(exact, videos)
    check_videos(videos, segments, segments if to is None else to)
    return whole


def check_sides(a: Any, b: Any, left: Matrix, right: Matrix) -> None:
    """Nothing, if the vectors of two tables or matrices can be compared by their cosine."""
    same_space(a, b, left, right)
    same_option(a, b)


def check_pairs(segments: Any, threshold: Any, *, min_gap_sec: Any, videos: Any) -> None:
    """Nothing, if what :func:`near_duplicates` is asked for is possible."""
    check_wanted_pairs(threshold, min_gap_sec)
    check_videos(videos, segments)


def wanted_pairs(segments: Any, threshold: float, *, min_gap_sec: float, videos: str) -> Wanted:
    """Which pairs :func:`near_duplicates` looks for; only a table tells where rows lie."""
    spans = spans_of(segments) if isinstance(segments, pd.DataFrame) else None
    return Wanted(threshold, MOST_PAIRS, spans, Apart(float(min_gap_sec), videos))


def may_be_found(data: Any) -> Mask:
    """True for rows that may be found, as far as that shows without their vectors."""
    return clip_mask(data) if isinstance(data, pd.DataFrame) else np.ones(len(data), bool)


def check_videos(videos: Any, *sides: Any) -> None:
    """Refuse what names no videos, and rows of which nobody knows the video."""
    if videos not in ("any", "other", "same"):
        raise InputError(f"videos is {videos!r}; 'any', 'other' or 'same' was expected; choose one")
    if videos == "any":
        return
    for side in sides:
        if isinstance(side, pd.DataFrame):
            if "video_id" not in side.columns:
                raise InputError(
                    f"videos is {videos!r} and the table has no column 'video_id' (there are: "
                    f"{', '.join(map(str, side.columns))}); a table that names the video of each "
                    "row was expected; add the column, or leave videos out"
                )
        elif not hasattr(side, "fragments"):  # a store says whose its rows are
            raise InputError(
                f"videos is {videos!r} for a {type(side).__name__}; a table was expected, which "
                "names the video of each row; make one with tw.from_vectors, or leave videos out"
            )


def videos_of(segments: Any, pool: Any, videos: str) -> Videos | None:
    """The videos of both sides as numbers, where they matter."""
    if videos == "any":
        return None
    both = pd.concat([segments["video_id"].astype(str), pool["video_id"].astype(str)])
    codes = pd.factorize(both)[0].astype(np.intp)
    return Videos(codes[: len(segments)], codes[len(segments) :], videos == "same")


def check_exact(exact: Any, videos: str = "any") -> None:
    """Refuse what says neither yes nor no, and what cannot be done in part."""
    if exact is not None and not exact and videos != "any":
        raise InputError(
            f"exact is False and videos is {videos!r}; rows of some videos are all compared; "
            "leave exact out"
        )
    if exact is not None and not isinstance(exact, bool | np.bool_):
        raise InputError(
            f"exact is {exact!r}; True, False or None was expected; leave it out to have it chosen"
        )


def check_wanted_pairs(threshold: float, min_gap_sec: float) -> None:
    """Refuse what no pair could be measured by."""
    if not isinstance(threshold, Real) or not -1 < threshold <= 1:
        raise InputError(
            f"threshold is {threshold!r}; a cosine similarity above -1 and at most 1 was "
            "expected; 0.95 is a start"
        )
    if not isinstance(min_gap_sec, Real) or not 0 <= min_gap_sec < math.inf:
        raise InputError(f"min_gap_sec is {min_gap_sec!r}; seconds, 0 or more, were expected")


def long_table(queries: Any, pool: Any, indices: Positions, similarities: Matrix) -> pd.DataFrame:
    """One row per query and neighbour."""
    row, place = np.nonzero(indices >= 0)
    match = indices[row, place]
    columns: dict[str, Any] = {
        "query": _labels(queries, len(indices))[row],
        "rank": place + 1,
        "match": _labels(pool, len(indices) if pool is queries else len(pool))[match],
        "cosine_similarity": similarities[row, place],
    }
    table = pd.DataFrame(columns)
    return pd.concat([table, *_places(pool, match)], axis=1)


def pair_table(segments: Any, pairs: Positions, values: Matrix) -> pd.DataFrame | Neighbors:
    """The pairs, best first: of a table one row per pair, of an array as they are."""
    pairs, values = best_first(pairs, values)
    if not isinstance(segments, pd.DataFrame):
        return pairs, values
    labels = _labels(segments, len(segments))
    sides = dict(zip("ab", pairs.T, strict=True))
    table = pd.DataFrame({side: labels[rows] for side, rows in sides.items()})
    table["cosine_similarity"] = values
    places = [_places(segments, rows, suffix=f"_{side}") for side, rows in sides.items()]
    return pd.concat([table, *places[0], *places[1]], axis=1)


def _labels(data: Any, n: int) -> pd.Index:
    """The index labels of a table, one each also where it has several levels; or row numbers."""
    if not isinstance(data, pd.DataFrame):
        return pd.RangeIndex(n)
    return data.index.to_flat_index()


def _places(data: Any, rows: Positions, *, suffix: str = "") -> list[pd.DataFrame]:
    """Video and times of some rows, and pages where rows have no time, as far as there are any."""
    if not isinstance(data, pd.DataFrame):
        return []
    names = [name for name in (*_PLACE, *page_columns(data)) if name in data.columns]
    return [data[names].iloc[rows].reset_index(drop=True).add_suffix(suffix)]


def spans_of(segments: pd.DataFrame) -> Spans:
    """Video, as a number, and times of every row."""
    start, end = (segments[name].to_numpy(np.float64, na_value=np.nan) for name in _PLACE[1:])
    return Spans(pd.factorize(segments["video_id"])[0].astype(np.intp), start, end)
