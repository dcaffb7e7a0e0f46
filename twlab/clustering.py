"""Segments that show the same kind of thing: clusters, how many there are, what is in them.

Conventions
-----------
Alike means cosine similarity: everything works on vectors scaled to unit length. Clusters are
numbered from 0 in the order in which they first appear, by video and time, so that the same
clustering has the same numbers however the rows are ordered. Whole-video rows where a table also
holds clips, and zero vectors, belong to no cluster: ``<NA>`` in a Series, -1 in an array.

* :func:`cluster` - the cluster of each segment
* :func:`cluster_counts` - the scores from which the number of clusters was chosen

:func:`twlab.cluster_summary` describes what is in each. References are listed in
:mod:`twlab.partitions`.
"""

from __future__ import annotations

import math
import operator
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.partitions import (
    chain_tree,
    cut,
    density_groups,
    linkage_tree,
    n_distinct,
    silhouettes,
    spherical_kmeans,
)
from twlab.rows import time_order
from twlab.segments import check_segments, clip_mask, one_option, series_like, unit_vectors
from twlab.sources import also_stores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Positions = NDArray[np.intp]

__all__ = ["Ways", "check_arguments", "cluster", "cluster_counts", "number_of", "numbered"]

Method = Literal["ward", "kmeans", "average", "ward_time", "hdbscan"]

MOST_TREE_ROWS = 20_000
"""Rows whose n * n / 2 distances (1.6 GB, twice) are still bearable."""

FEW_COLUMNS = 64
"""Columns of a matrix that are put into another order at once."""

MOST_CHOICES = 20
"""Numbers of clusters that are tried, and clusters per video that are tried at most."""


@also_stores("segments")
def cluster(
    segments: Any,
    n_clusters: int | None = None,
    *,
    method: Method = "ward",
    random_state: int = 0,
) -> pd.Series[Any] | Positions:
    """The cluster of each segment.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        A table of segments of one embedding option, or a matrix.
    n_clusters : int, optional
        How many. Left out, it is chosen by the mean silhouette: see :func:`cluster_counts`.
    method : {"ward", "kmeans", "average", "ward_time", "hdbscan"}
        ``ward`` joins what increases the spread least and gives clusters of like size;
        ``average`` joins by mean cosine distance and sets outliers apart; ``kmeans`` works on
        the sphere, for large tables; ``ward_time`` joins only what touches in time within a
        video (for an array: neighbouring rows), which gives scenes; rows without time are left
        out; ``hdbscan`` finds dense groups of five or more and leaves the rest without a cluster.
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

    Notes
    -----
    ``ward`` and ``average`` take time and memory in proportion to n * n and so at most 20,000
    rows; the others need memory in proportion to n. ``hdbscan`` takes time in proportion to n * n,
    a minute or two for 10,000 rows.

    Examples
    --------
    >>> import twlab as tw
    >>> labels = tw.cluster(tw.sample(), 4)
    >>> sorted(labels.dropna().unique().tolist())
    [0, 1, 2, 3]
    >>> tw.cluster([[1, 0], [0, 1], [2, 0], [0, 0.5]], 2).tolist()
    [0, 1, 0, 1]
    """
    check_arguments(segments, method, random_state)
    unit = unit_vectors(segments)
    rows = _rows_in_time(segments, unit, method)
    if method == "hdbscan":
        if n_clusters is not None:
            raise InputError(
                f"n_clusters is {n_clusters!r} for 'hdbscan', which finds its own number; "
                "None was expected; leave it out or choose another method"
            )
        found = density_groups(_taken(unit, rows))
    else:
        unit = _taken(unit, rows)
        asked = n_clusters if isinstance(n_clusters, Integral) else 0
        ways = _ways(unit, _videos(segments, rows), method, random_state, enough=int(asked))
        found = ways.divide(number_of(ways, n_clusters)) if len(rows) else rows
    return numbered(segments, rows, found)


@also_stores("segments")
def cluster_counts(
    segments: Any, *, method: Method = "ward", random_state: int = 0
) -> pd.DataFrame:
    """The mean silhouette of each number of clusters that :func:`cluster` tries.

    Parameters
    ----------
    segments, method, random_state
        As for :func:`cluster`; not ``hdbscan``, which finds its own number.

    Returns
    -------
    DataFrame
        ``n_clusters`` and ``silhouette`` (cosine; -1 to 1, higher is better). One cluster scores
        0 by convention, so that it is chosen where no division is better than none. The number
        with the highest score is the one :func:`cluster` chooses, the smallest of equals.
        Numbers up to 20 and up to about the square root of the rows are tried (per video for
        ``ward_time``, and there at most twenty of them).

    Raises
    ------
    InputError
        As :func:`cluster`.

    Examples
    --------
    >>> import twlab as tw
    >>> counts = tw.cluster_counts(tw.sample())
    >>> best = counts.loc[counts["silhouette"].idxmax(), "n_clusters"]
    >>> bool(best == tw.cluster(tw.sample()).nunique())
    True
    """
    check_arguments(segments, method, random_state)
    if method == "hdbscan":
        raise InputError(
            "method is 'hdbscan', which finds its own number of clusters; another was expected; "
            "call tw.cluster(segments, method='hdbscan') at once"
        )
    unit = unit_vectors(segments)
    rows = _rows_in_time(segments, unit, method)
    return _counts(_ways(_taken(unit, rows), _videos(segments, rows), method, random_state))


class Ways(NamedTuple):
    """What a method can do with the rows that take part."""

    divide: Callable[[int], Positions]
    """The group of each row, for a number of groups."""
    score: Callable[[Positions], float]
    """The mean silhouette of groups."""
    n_rows: int
    least: int
    most: int


def numbered(segments: Any, rows: Positions, found: Positions) -> pd.Series[Any] | Positions:
    """The groups of some rows, given in order of time, as a result for all rows."""
    labels = np.full(len(segments), -1, np.intp)
    labels[rows] = _by_appearance(found)
    if not isinstance(segments, pd.DataFrame):
        return labels
    column = pd.array(labels, dtype="Int64")
    column[labels < 0] = pd.NA
    return series_like(segments, column, "cluster")


def check_arguments(segments: Any, method: Any, random_state: Any) -> None:
    """Refuse what no later step could name as well."""
    if method not in get_args(Method):
        names = ", ".join(map(repr, get_args(Method)))
        raise InputError(f"method is {method!r}; one of {names} was expected; choose one")
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise InputError(
            f"random_state is {random_state!r}; a whole number from 0 on was expected; leave it "
            "at 0 for the same result each time"
        )
    if isinstance(segments, pd.DataFrame):
        one_option(segments)
        if method == "ward_time":
            check_segments(segments)


def _rows_in_time(segments: Any, unit: Matrix, method: str) -> Positions:
    """Positions of the rows that take part, by video and time; of an array in its order."""
    usable: NDArray[np.bool_] = np.any(unit, axis=1)
    if isinstance(segments, pd.DataFrame):
        usable &= clip_mask(segments)
        if method == "ward_time":
            usable &= segments[["start_sec", "end_sec"]].notna().all(axis=1).to_numpy(bool)
    order = time_order(segments) if isinstance(segments, pd.DataFrame) else np.arange(len(unit))
    rows = order[usable[order]]
    if method in ("ward", "average") and len(rows) > MOST_TREE_ROWS:
        raise InputError(
            f"{len(rows):,} rows for {method!r}, which compares all pairs; at most "
            f"{MOST_TREE_ROWS:,} were expected; use method='kmeans' or fewer rows"
        )
    return rows


def _taken(unit: Matrix, rows: Positions) -> Matrix:
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
    unit: Matrix, video: Positions, method: Method, random_state: int, *, enough: int = 0
) -> Ways:
    """How to divide the rows into any number of clusters, or enough; a tree is built once."""
    n = len(unit)

    def score(labels: Positions) -> float:
        return float(silhouettes(unit, labels).mean())

    if method == "kmeans":

        def divide(n_clusters: int) -> Positions:
            return spherical_kmeans(unit, n_clusters, random_state=random_state)

        return Ways(divide, score, n, min(1, n), n_distinct(unit, enough=max(enough, MOST_CHOICES)))
    if method == "ward_time":
        tree = chain_tree(unit, video)
    else:
        tree = linkage_tree(unit, "ward" if method == "ward" else "average")
    return Ways(partial(cut, tree), score, n, tree.n_roots, tree.n_distinct)


def number_of(ways: Ways, n_clusters: int | None) -> int:
    """The number of clusters asked for, or the best one."""
    if n_clusters is None:
        counts = _counts(ways)
        return int(counts["n_clusters"].iloc[counts["silhouette"].argmax()])
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
    """The mean silhouette of each number of clusters worth trying."""
    from tqdm.auto import tqdm

    numbers = _choices(ways)
    bar = tqdm(numbers, desc="numbers of clusters", delay=2, leave=False)
    scores = [ways.score(ways.divide(number)) if number > 1 else 0.0 for number in bar]
    return pd.DataFrame(
        {"n_clusters": np.array(numbers, np.int64), "silhouette": np.array(scores, np.float64)}
    )


def _choices(ways: Ways) -> list[int]:
    """Numbers of clusters to try, at most twenty, evenly spread on a scale of ratios."""
    if not ways.n_rows:
        return []
    per_video = min(MOST_CHOICES, max(2, math.isqrt(ways.n_rows // ways.least)))
    highest = min(ways.most, ways.least * per_video)
    if highest - ways.least < MOST_CHOICES:
        return list(range(ways.least, highest + 1))
    spread = np.geomspace(ways.least, highest, MOST_CHOICES)
    return sorted({round(number) for number in spread})


def _by_appearance(labels: Positions) -> Positions:
    """Labels numbered from 0 in order of first appearance; negative ones stay -1."""
    out = np.full(len(labels), -1, np.intp)
    out[labels >= 0] = pd.factorize(labels[labels >= 0])[0]
    return out
