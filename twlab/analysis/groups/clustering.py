"""Segments that show the same kind of thing: clusters, how many there are, what is in them.

Conventions
-----------
Alike means cosine similarity: everything works on vectors scaled to unit length. Clusters are
numbered from 0 in the order in which they first appear, by video and time, so that the same
clustering has the same numbers however the rows are ordered. Whole-video rows where a table also
holds clips, and zero vectors, belong to no cluster: ``<NA>`` in a Series, -1 in an array.

* :func:`cluster` - the cluster of each segment
* :func:`cluster_counts` - the curve from which the number of clusters was chosen

:func:`twlab.cluster_summary` describes what is in each. References are listed in
:mod:`twlab.analysis.groups.partitions`.

What ``kmeans`` over a store in pieces does as well is said here once: which arguments are refused
(:func:`method_of`, :func:`check_arguments`), which rows take part in which order
(:func:`rows_in_time`), how many clusters there are (:func:`kmeans_ways`, :func:`divide_into`), and
what the result looks like (:func:`label_rows`).
"""

from __future__ import annotations

import operator
from functools import cache, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from twlab.analysis.groups.communities import (
    LEADING,
    best_number,
    is_divided,
    modularity,
    ties,
    ties_in_time,
)
from twlab.analysis.groups.partitions import (
    InMemory,
    chain_tree,
    cut_tree,
    density_groups,
    linkage_tree,
    spherical_kmeans,
    start_rows,
)
from twlab.checks import is_number
from twlab.errors import InputError
from twlab.table.rows import time_keys
from twlab.table.segments import (
    check_segments,
    clip_mask,
    one_option,
    series_like,
    unit_vectors,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.analysis.groups.partitions import UnitRows
    from twlab.table.types import Mask, Matrix, Positions, TableOrVectors


__all__ = [
    "ClusterMethod",
    "check_arguments",
    "cluster",
    "cluster_counts",
    "divide_into",
    "kmeans_ways",
    "label_rows",
    "method_of",
    "move_rows",
    "rows_in_time",
]

ClusterMethod = Literal["ward", "kmeans", "average", "ward_time", "hdbscan"]

MOST_TREE_ROWS = 20_000
"""Rows whose n * n / 2 distances (1.6 GB, twice) are still bearable."""

FEW_COLUMNS = 64
"""Columns of a matrix that are put into another order at once."""


def cluster(
    segments: TableOrVectors,
    n_clusters: int | None = None,
    *,
    method: ClusterMethod | None = None,
    distance_threshold: float | None = None,
    random_state: int = 0,
) -> pd.Series[int] | Positions:
    """The cluster of each segment.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        A table of segments of one embedding option, or a matrix.
    n_clusters : int, optional
        How many. Left out, it is the cut of greatest modularity, or one where nothing says that
        there are more: see :func:`cluster_counts`.
    method : {"ward", "kmeans", "average", "ward_time", "hdbscan"}, optional
        Default: ``ward``, and ``average`` with a threshold. ``ward`` joins what increases the
        spread least and gives clusters of similar size; ``average`` joins by mean cosine distance
        and sets outliers apart; ``kmeans`` works on the sphere, for large tables; ``ward_time``
        joins only what touches in time within a video (for an array: neighbouring rows), which
        gives scenes; rows without time are left out; ``hdbscan`` finds dense groups of five or
        more and leaves the rest without a cluster.
    distance_threshold : float, optional
        In place of a number: clusters that are at most this far apart are joined, by ``average``.
        Mean cosine distance, above 0 and up to 2, as in scikit-learn's
        ``AgglomerativeClustering(metric="cosine", linkage="average")``.
    random_state : int
        For ``kmeans``. The same seed gives the same clusters.

    Returns
    -------
    Series "cluster", Int64, on the same index
        Numbered from 0 in order of first appearance by video and time; ``<NA>`` for whole-video
        rows, zero vectors and noise. For an array: an integer array with -1 for none.

    Raises
    ------
    InputError
        If an argument is out of range, there are fewer different vectors than clusters, the
        table mixes embedding options, or it is too large for the method.

    See Also
    --------
    twlab.cluster_counts : how many clusters, and how good each number is
    twlab.cluster_summary : what is in each cluster
    twlab.scenes : where scenes begin, and how sure that is

    Notes
    -----
    ``ward`` and ``average`` take time and memory in proportion to n * n and so accept at most
    20,000 rows; the others need memory in proportion to n. ``hdbscan`` takes time in proportion to
    n * n, a minute or two for 10,000 rows.

    Examples
    --------
    >>> import twlab as tw
    >>> labels = tw.cluster(tw.sample(), 4)
    >>> sorted(labels.dropna().unique().tolist())
    [0, 1, 2, 3]
    >>> tw.cluster([[1, 0], [0, 1], [2, 0], [0, 0.5]], 2).tolist()
    [0, 1, 0, 1]
    """
    method = method_of(method, n_clusters, distance_threshold)
    check_arguments(segments, method, random_state)
    unit = unit_vectors(segments)
    rows = _rows_of(segments, unit, method)
    if distance_threshold is not None:
        tree = linkage_tree(move_rows(unit, rows), "average")
        n_joined = int((tree.heights < distance_threshold).sum())
        found = cut_tree(tree, len(rows) - n_joined) if len(rows) else rows
    elif method == "hdbscan":
        if n_clusters is not None:
            raise InputError(
                f"n_clusters is {n_clusters!r} for 'hdbscan', which finds its own number; "
                "None was expected; leave it out or choose another method"
            )
        found = density_groups(move_rows(unit, rows))
    else:
        unit = move_rows(unit, rows)
        asked = n_clusters if isinstance(n_clusters, Integral) else 0
        ways = _ways(unit, _videos(segments, rows), method, random_state, enough=int(asked))
        found = divide_into(ways, n_clusters)
    return label_rows(segments, rows, found)


def cluster_counts(
    segments: TableOrVectors, *, method: ClusterMethod = "ward", random_state: int = 0
) -> pd.DataFrame:
    """The modularity of each number of clusters that :func:`cluster` tries.

    Parameters
    ----------
    segments, method, random_state
        As for :func:`cluster`; not ``hdbscan``, which finds its own number.

    Returns
    -------
    DataFrame
        ``n_clusters``, ``modularity`` and ``chosen``, true for the number that :func:`cluster`
        takes. Each row is tied to its seven nearest (for ``ward_time`` in time) as far as they are
        about as near as its nearest, and equal rows count once; modularity is the share of ties
        inside clusters, less what chance would give: 0 for one cluster, up to 1. Noise reaches
        about .3 too, so the best number is taken only if its clusters are tighter than those found
        in rows of one normal distribution of the same covariance
        (:mod:`twlab.analysis.groups.communities`); else it is one, or one for each video. Numbers
        are tried until past twice the best. Of more than 600 rows, 600 and their neighbours say
        whether there is more than one; ``kmeans`` beyond 20,000 rows is judged on its sample.

    Raises
    ------
    InputError
        As :func:`cluster`.

    See Also
    --------
    twlab.cluster : the cluster of each segment

    Examples
    --------
    >>> import twlab as tw
    >>> counts = tw.cluster_counts(tw.sample())
    >>> int(counts["n_clusters"][counts["chosen"]].iloc[0]), tw.cluster(tw.sample()).nunique()
    (10, 10)
    """
    check_arguments(segments, method, random_state)
    if method == "hdbscan":
        raise InputError(
            "method is 'hdbscan', which finds its own number of clusters; another was expected; "
            "call tw.cluster(segments, method='hdbscan') directly"
        )
    unit = unit_vectors(segments)
    rows = _rows_of(segments, unit, method)
    return _counts(_ways(move_rows(unit, rows), _videos(segments, rows), method, random_state))


class Ways(NamedTuple):
    """What a method can do with the rows that take part."""

    divide: Callable[[int], Positions]
    """The group of each row, for a number of groups."""
    score: Callable[[Positions], float]
    """The modularity of groups."""
    divided: Callable[[], bool]
    """Whether there is more than one group, or one for each video."""
    n_rows: int
    least: int
    most: int


def label_rows(segments: Any, rows: Positions, found: Positions) -> pd.Series[int] | Positions:
    """The groups of some rows, given in order of time, as a result for all rows."""
    labels = np.full(len(segments), -1, np.intp)
    labels[rows] = _number_by_appearance(found)
    if not isinstance(segments, pd.DataFrame):
        return labels
    column = pd.array(labels, dtype="Int64")
    column[labels < 0] = pd.NA
    return series_like(segments, column, "cluster")


def check_arguments(segments: Any, method: Any, random_state: Any) -> None:
    """Refuse what no later step could name as well."""
    if method not in get_args(ClusterMethod):
        names = ", ".join(map(repr, get_args(ClusterMethod)))
        raise InputError(f"method is {method!r}; one of {names} was expected; choose one")
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise InputError(
            f"random_state is {random_state!r}; a whole number, 0 or more, was expected; leave it "
            "at 0 for the same result each time"
        )
    if isinstance(segments, pd.DataFrame):
        one_option(segments)
        if method == "ward_time":
            check_segments(segments)


def method_of(method: Any, n_clusters: Any, threshold: Any) -> ClusterMethod:
    """The method, by default the one that suits; refuses arguments that rule each other out."""
    if threshold is None:
        return "ward" if method is None else method
    if not (is_number(threshold) and 0 < float(threshold) <= 2):
        raise InputError(
            f"distance_threshold is {threshold!r}; a mean cosine distance above 0 and up to 2 was "
            "expected; 0.3 is a start"
        )
    if n_clusters is not None or method not in (None, "average"):
        other = "n_clusters" if n_clusters is not None else f"method={method!r}"
        raise InputError(
            f"distance_threshold and {other} at once; one way to the number of clusters was "
            "expected, and a threshold goes with 'average'; leave one of them out"
        )
    return "average"


def _rows_of(segments: Any, unit: Matrix, method: str) -> Positions:
    """The same where all unit vectors are at hand."""
    return rows_in_time(segments, unit[:, :LEADING], np.asarray(unit.any(axis=1)), method)


def rows_in_time(segments: Any, leading: Matrix, present: Mask, method: str) -> Positions:
    """Positions of the rows that take part, by video and time; of an array in its order.

    ``leading`` has the first ``LEADING`` numbers of their unit vectors, ``present`` is False for
    zeros. Rows of the same time go by what they are, not by their place in the table: else the
    order of rows would decide which cluster has which number, and which rows k-means draws.
    """
    usable = present.copy()
    if isinstance(segments, pd.DataFrame):
        usable &= clip_mask(segments)
        if method == "ward_time":
            usable &= segments[["start_sec", "end_sec"]].notna().all(axis=1).to_numpy(bool)
    order = np.arange(len(leading))
    if isinstance(segments, pd.DataFrame):
        known = [name for name in ("video_id", "start_sec", "end_sec") if name in segments.columns]
        keys = time_keys(segments[known])
        order = np.lexsort(keys) if keys else order
        if leading.size and _has_equal(keys, order):
            order = np.lexsort([*leading.T, *keys])
    rows = order[usable[order]]
    if method in ("ward", "average") and len(rows) > MOST_TREE_ROWS:
        raise InputError(
            f"{len(rows):,} rows for {method!r}, which compares all pairs; at most "
            f"{MOST_TREE_ROWS:,} were expected; use method='kmeans' or fewer rows"
        )
    return rows


def _has_equal(keys: list[NDArray[Any]], order: Positions) -> bool:
    """Whether some rows, put in order, have the same keys, NaN being one."""
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for key in keys:
        before, after = key[order[:-1]], key[order[1:]]
        same &= (before == after) | (np.isnan(before) & np.isnan(after))
    return bool(same.any())


def move_rows(unit: Matrix, rows: Positions) -> Matrix:
    """Some rows, written over what was there, because two such matrices may not fit in memory."""
    if len(rows) == len(unit) and bool((np.diff(rows) > 0).all()):
        return unit
    for first in range(0, unit.shape[1], FEW_COLUMNS):
        columns = slice(first, first + FEW_COLUMNS)
        unit[: len(rows), columns] = unit[rows, columns]
    return unit[: len(rows)]


def _videos(segments: Any, rows: Positions) -> Positions:
    """The video of some rows, as a number; an array is one video."""
    if not isinstance(segments, pd.DataFrame) or "video_id" not in segments.columns:
        return np.zeros(len(rows), np.intp)
    return pd.factorize(segments["video_id"].iloc[rows])[0].astype(np.intp)


def _ways(
    unit: Matrix, video: Positions, method: ClusterMethod, random_state: int, *, enough: int = 0
) -> Ways:
    """How to divide the rows into any number of clusters, or enough; a tree is built once."""
    if method == "kmeans":
        return kmeans_ways(InMemory(unit), random_state, enough=enough)
    in_time = video if method == "ward_time" else None

    @cache
    def tie() -> Any:
        return ties(unit) if in_time is None else ties_in_time(unit, in_time)

    if in_time is not None:
        tree = chain_tree(unit, video)
    else:
        tree = linkage_tree(unit, "ward" if method == "ward" else "average")
    return Ways(
        partial(cut_tree, tree),
        lambda labels: modularity(tie(), labels),
        lambda: is_divided(unit, in_time),
        len(unit),
        tree.n_roots,
        tree.n_distinct,
    )


def kmeans_ways(rows: UnitRows, random_state: int, *, enough: int = 0) -> Ways:
    """How k-means divides rows that lie anywhere; a sample of many is judged."""
    n = rows.n_rows

    @cache
    def look() -> tuple[Positions, Matrix, Any]:
        drawn = start_rows(n, 1, random_state)
        unit = rows.take(drawn)
        return drawn, unit, ties(unit)

    return Ways(
        lambda n_clusters: spherical_kmeans(rows, n_clusters, random_state=random_state),
        lambda labels: modularity(look()[2], labels[look()[0]]),
        lambda: is_divided(look()[1], None),
        n,
        min(1, n),
        rows.n_distinct(enough=enough if enough > 0 else n),
    )


def divide_into(ways: Ways, n_clusters: int | None) -> Positions:
    """The group of each row, for the number of groups asked for or the best one."""
    if not ways.n_rows:
        return np.empty(0, np.intp)
    return ways.divide(number_of(ways, n_clusters))


def number_of(ways: Ways, n_clusters: int | None) -> int:
    """The number of clusters asked for, or the best one."""
    if n_clusters is None:
        counts = _counts(ways)
        return int(counts["n_clusters"][counts["chosen"]].iloc[0])
    try:
        asked = operator.index(n_clusters)
    except TypeError:
        asked = 0
    if not ways.least <= asked <= ways.most:
        why = f"{ways.n_rows} rows with {ways.most} different vectors or runs of them"
        if asked < ways.least:
            why += f" in {ways.least} videos, which are never joined" if ways.least > 1 else ""
        raise InputError(
            f"n_clusters is {n_clusters!r} for {why}; a whole number from {ways.least} to "
            f"{ways.most} was expected; leave it out to have it chosen"
        )
    return asked


def _counts(ways: Ways) -> pd.DataFrame:
    """The modularity of each number of clusters that was tried, and the one that is taken."""
    if not ways.n_rows:
        scores: dict[int, float] = {}
    else:
        scores = best_number(lambda number: ways.score(ways.divide(number)), ways.least, ways.most)
    numbers = np.array([*scores], np.int64)
    best = max(scores, key=scores.__getitem__) if scores else 0
    if best > ways.least and not ways.divided():
        best = ways.least
    return pd.DataFrame(
        {
            "n_clusters": numbers,
            "modularity": np.array([*scores.values()], np.float64),
            "chosen": numbers == best,
        }
    )


def _number_by_appearance(labels: Positions) -> Positions:
    """Labels numbered from 0 in order of first appearance; negative ones stay -1."""
    out = np.full(len(labels), -1, np.intp)
    out[labels >= 0] = pd.factorize(labels[labels >= 0])[0]
    return out
