"""Which segments stand for the rest, which are odd, and which are the same again.

* :func:`summarize` - representative segments within a time budget or a number
* :func:`outliers` - how unlike all others each segment is
* :func:`deduplicate` - the table without segments that are nearly the same as an earlier one

References
----------
Ward, "Hierarchical grouping to optimize an objective function", JASA 1963. Lin and Bilmes, "A class
of submodular functions for document summarization", ACL 2011 (facility location). Minoux,
"Accelerated greedy algorithms for maximizing submodular set functions", 1978. Ramaswamy, Rastogi
and Shim, "Efficient algorithms for mining outliers from large data sets", SIGMOD 2000 (nearest
neighbours).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from twlab.analysis.groups.partitions import chain_tree, cut_tree, group_sums
from twlab.analysis.neighbors.exact import first_of_best
from twlab.analysis.neighbors.nearest import check_wanted_pairs, close_among, neighbors_among
from twlab.checks import check_count, is_number
from twlab.deprecation import formerly
from twlab.errors import InputError, warn
from twlab.progress import bar
from twlab.table.blocks import row_marks
from twlab.table.rows import time_order
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

    from twlab.table.types import Floats, Positions


__all__ = ["deduplicate", "outliers", "summarize"]

FIRST_AT_ONCE, MOST_AT_ONCE = 64, 1024
"""Rows whose gain is computed in one matrix product: more each time until one is chosen."""

EQUAL = 5e-7
"""Share of all seconds by which gains may differ for rounding: two clips that resemble nothing but
each other gain the same, and the first of them is taken whatever the axes of the vectors."""

IN_CACHE = 8
"""Rows of float64 gains that are worked on together."""

MOST_SUMMARIZED = 20_000
"""Rows compared with each other for a summary: about a minute."""


@formerly(n="n_segments")
def summarize(
    segments: pd.DataFrame,
    *,
    budget_sec: float | None = None,
    n_segments: int | None = None,
    by: Literal["scenes", "coverage"] = "scenes",
) -> pd.DataFrame:
    """The segments that represent the rest best, within a time budget or a number of segments.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of one embedding option, of any number of videos.
    budget_sec : float, optional
        The most seconds that the summary may last.
    n_segments : int, optional
        The most segments that it may have. Give one of the two, or both.
    by : {"scenes", "coverage"}
        ``scenes``: the footage is divided along time into as many stretches as segments are
        wanted, and the most typical segment of each is taken; where there are fewer segments than
        videos, of the longest. ``coverage``: what resembles every second of the footage best,
        wherever it lies (facility location), for archives of takes and copies; a short scene that
        resembles another may get no segment.

    Returns
    -------
    DataFrame
        The chosen rows in order of video and time, with ``pick`` (1 for the first chosen: of the
        longest stretch, or of the largest gain) and ``coverage``: the mean over all seconds of
        the similarity to the nearest segment chosen so far, 0 to 1. Index labels are kept. Fewer
        than ``n_segments`` where more would repeat one that is there.

    Raises
    ------
    InputError
        If neither is given, one is not positive, or options are mixed.

    See Also
    --------
    twlab.cluster_summary : what is in each cluster
    twlab.outliers : how unlike all others each segment is

    Notes
    -----
    Seconds weigh, not rows: a segment of 10 s counts as ten of 1 s. Rows without time and rows of
    no length take no part where others last; where none lasts, each counts as one second and
    ``coverage`` chooses. Of more than 20,000 rows every second, third … in time stands for the
    rest, in the coverage too, and a warning says so.

    On 38 films and texts with scenes marked by people, as many segments as there are scenes show
    .83 of the scenes by ``scenes``, .78 at even steps and .72 by ``coverage``; the coverage is
    .62, .58 and .64 (``tests/benchmarks/bench_selection.py``). The stretches are those of Ward's
    method along time. ``coverage`` is maximised greedily, which reaches at least 63 % of the best
    possible for a number of segments and 31 % within a budget (in practice nearly all of it).

    Examples
    --------
    >>> import twlab as tw
    >>> summary = tw.summarize(tw.sample(), budget_sec=30)
    >>> len(summary), float((summary.end_sec - summary.start_sec).sum())
    (5, 30.0)
    """
    check_segments(segments)
    one_option(segments)
    _check_bounds(budget_sec, n_segments)
    if by not in ("scenes", "coverage"):
        raise InputError(f"by is {by!r}; 'scenes' or 'coverage' was expected; choose one")
    start, end = (
        segments[name].to_numpy(np.float64, na_value=np.nan) for name in ("start_sec", "end_sec")
    )
    seconds = np.nan_to_num(end - start, nan=0.0)
    rows = np.flatnonzero(clip_mask(segments))
    lasting = bool(seconds[rows].any())
    if lasting:
        rows = rows[seconds[rows] > 0]
    else:
        seconds[rows] = 1.0
    rows = _thin(rows[time_order(segments.iloc[rows])])
    unit, seconds = unit_vectors(segments.iloc[rows]), seconds[rows]
    present = np.asarray(unit.any(axis=1))
    rows, unit, seconds = rows[present], unit[present], seconds[present]
    if by == "scenes" and lasting:
        video = pd.factorize(segments["video_id"].iloc[rows])[0].astype(np.intp)
        ways = [_choose_per_stretch(unit, video, seconds, budget_sec, n_segments)]
    else:
        ways = _choose_by_gain(unit, seconds, budget_sec, n_segments)
    reached = [_coverage(unit, seconds, way) for way in ways]
    last = [float(one[-1:].sum()) for one in reached]
    best = int(last[-1] > last[0] + EQUAL)  # of two ways; of the same reach the first
    in_time = np.argsort(ways[best])
    picked = rows[np.sort(np.asarray(ways[best], np.intp))]
    return segments.iloc[picked].assign(pick=in_time + 1, coverage=reached[best][in_time])


def _choose_per_stretch(
    unit: NDArray[np.float32],
    video: Positions,
    seconds: Floats,
    budget_sec: float | None,
    n: int | None,
) -> list[int]:
    """The typical row of each of as many stretches of time as there is room for, longest first."""
    if not len(unit):
        return []
    tree = chain_tree(unit, video, seconds)
    left = np.inf if budget_sec is None else budget_sec + 1e-6
    fewest, most = tree.n_roots, max(tree.n_roots, min(tree.n_distinct, n or tree.n_distinct))
    chosen, fits = _typical_rows(unit, seconds, cut_tree(tree, most)), most
    if seconds[chosen].sum() > left:  # more stretches have more typical rows, and so last longer
        fits = fewest
        while most - fits > 1:
            middle = (fits + most) // 2
            tried = _typical_rows(unit, seconds, cut_tree(tree, middle))
            fits, most = (middle, most) if seconds[tried].sum() <= left else (fits, middle)
        chosen = _typical_rows(unit, seconds, cut_tree(tree, fits))
    kept: list[int] = []
    for row in chosen[:n]:
        if seconds[row] <= left:
            kept.append(int(row))
            left -= seconds[row]
    return kept


def _typical_rows(unit: NDArray[np.float32], seconds: Floats, stretch: Positions) -> Positions:
    """The row most like the rest of its stretch, the longest stretch first."""
    n = int(stretch.max()) + 1
    sums = group_sums(unit * seconds[:, None].astype(np.float32), stretch, n)
    length = np.bincount(stretch, seconds, n)
    likeness = np.einsum("ij,ij->i", unit, sums[stretch]) / length[stretch]
    first = first_of_best(likeness, stretch, n)
    return first[np.lexsort((first, -length.round(6)))]


def _choose_by_gain(
    unit: NDArray[np.float32], seconds: Floats, budget_sec: float | None, n: int | None
) -> list[list[int]]:
    """Rows that together resemble all seconds best; by gain per second, and by gain alone."""
    uneven = len(np.unique(seconds)) > 1
    costs = (seconds, np.ones(len(unit)))[: 1 + uneven]
    return [_choose_greedily(unit, seconds, cost, budget_sec, n) for cost in costs]


def _coverage(unit: NDArray[np.float32], seconds: Floats, chosen: list[int]) -> Floats:
    """The mean over all seconds of the similarity to the nearest of the first 1, 2, … chosen."""
    served, out = np.zeros(len(unit)), np.empty(len(chosen))
    for number, row in enumerate(chosen):
        served = np.maximum(served, (unit @ unit[row]).astype(np.float64))
        out[number] = min(float(seconds @ served) / float(seconds.sum()), 1.0)
    return out


def _thin(rows: Positions) -> Positions:
    """Some of the rows, given in order of time, at even steps, if there are too many."""
    step = -(-len(rows) // MOST_SUMMARIZED)
    if step < 2:
        return rows
    warn(
        f"{len(rows):,} segments, of which every {step}. stands for the rest; summarize at most "
        f"{MOST_SUMMARIZED:,} at a time to have all compared"
    )
    return rows[::step]


def _check_bounds(budget_sec: float | None, n_segments: int | None) -> None:
    """Refuse bounds of a summary that leave nothing to choose."""
    if budget_sec is None and n_segments is None:
        raise InputError(
            "neither budget_sec nor n_segments is given; one was expected; give seconds or a "
            "number of segments"
        )
    if budget_sec is not None and not (is_number(budget_sec) and budget_sec > 0):
        raise InputError(
            f"budget_sec is {budget_sec!r}; a positive number was expected; give the seconds that "
            "the summary may last"
        )
    if n_segments is not None:
        check_count(n_segments, "n_segments", of="segments")


def _choose_greedily(
    unit: NDArray[np.float32],
    seconds: Floats,
    costs: Floats,
    budget_sec: float | None,
    n: int | None,
) -> list[int]:
    """Rows chosen one by one by gain per cost, until there is no room or nothing to gain."""
    served = np.zeros(len(unit))
    total = max(float(seconds.sum()), 1e-12)

    def price(rows: list[int], gains: Floats) -> list[tuple[float, int, int]]:
        fits = [k for k, row in enumerate(rows) if seconds[row] <= left]
        return [(-float(gains[k]) / max(costs[rows[k]], 1e-9), rows[k], len(chosen)) for k in fits]

    chosen: list[int] = []
    left = np.inf if budget_sec is None else budget_sec + 1e-6
    # Gains only shrink: the first on the heap whose gain is up to date is the best of all.
    heap = price(list(range(len(unit))), _first_gains(unit, seconds))
    heapq.heapify(heap)
    steps = bar("summary", total=n)

    def refresh() -> None:
        """Bring the gains on top of the heap up to date."""
        at_once = FIRST_AT_ONCE
        while old := _pop_outdated(heap, len(chosen), at_once):
            for entry in price(old, _gains(unit, old, served, seconds)):
                heapq.heappush(heap, entry)
            at_once = min(2 * at_once, MOST_AT_ONCE)

    equal = EQUAL * total / costs.max(initial=1e-9)
    while (n is None or len(chosen) < n) and (best := _first_of_equals(heap, refresh, equal)):
        value, row = best
        if -value * max(costs[row], 1e-9) <= 1e-9 * total:
            break
        chosen.append(row)
        left -= seconds[row]
        served = np.maximum(served, (unit @ unit[row]).astype(np.float64))
        steps.update()
    steps.close()
    return chosen


def _first_of_equals(
    heap: list[tuple[float, int, int]], refresh: Callable[[], None], equal: float
) -> tuple[float, int] | None:
    """The value and the first row of those that are best, but for rounding; None if none is left.

    That row leaves the heap.
    """
    refresh()
    if not heap:
        return None
    best, equals = heap[0][0], [heapq.heappop(heap)]
    while heap and heap[0][0] <= best + equal:
        refresh()
        if not heap or heap[0][0] > best + equal:
            break
        equals.append(heapq.heappop(heap))
    first = min(equals, key=lambda entry: entry[1])
    for entry in equals:
        if entry is not first:
            heapq.heappush(heap, entry)
    return first[0], first[1]


def _gains(unit: NDArray[np.float32], rows: list[int], served: Floats, weight: Floats) -> Floats:
    """By how much each of some rows would add to what is served."""
    similar = unit[rows] @ unit.T
    gains = np.empty(len(rows))
    for low in range(0, len(rows), IN_CACHE):
        more = np.subtract(similar[low : low + IN_CACHE], served, dtype=np.float64)
        gains[low : low + IN_CACHE] = np.maximum(more, 0.0, out=more) @ weight
    return gains


def _pop_outdated(heap: list[tuple[float, int, int]], n_chosen: int, most: int) -> list[int]:
    """The rows on top of the heap whose gain is out of date, taken from it; ``most`` at a time."""
    rows: list[int] = []
    while heap and heap[0][2] < n_chosen and len(rows) < most:
        rows.append(heapq.heappop(heap)[1])
    return rows


def _first_gains(unit: NDArray[np.float32], weight: Floats) -> Floats:
    """The gain of every row while none is chosen."""
    gains = np.empty(len(unit))
    for low in bar("gains", range(0, len(unit), 1024)):
        block = np.maximum(unit @ unit[low : low + 1024].T, 0.0)
        gains[low : low + 1024] = weight @ block
    return gains


@formerly(n_neighbors="k")
def outliers(segments: pd.DataFrame, *, k: int = 15) -> pd.Series[float]:
    """How unlike all others each segment is: its mean cosine distance to its nearest neighbours.

    Parameters
    ----------
    segments : DataFrame
        A table of segments; every embedding option is looked at on its own, all videos together.
    k : int
        How many neighbours: more than there may be odd segments of one kind, such as the clips of
        a commercial. Fewer where an option has fewer segments.

    Returns
    -------
    Series "outlier", float64, on the same index
        0 where ``k`` others are the same, 1 where none has anything in common, at most
        2. NaN for whole-video rows, zero vectors and an option's only segment.

    Raises
    ------
    InputError
        If the table is not one of segments or ``k`` is not positive.

    See Also
    --------
    twlab.summarize : the segments that stand for the rest
    twlab.diagnose : what a careful researcher checks first

    Notes
    -----
    It is a distance, not a verdict: in every table some segment is the oddest. Look for values
    that stand apart. A stretch of one foreign film put in place of a twentieth of another is
    recognised (area under the ROC curve, films of three sources) by 5, 15 and 30 neighbours at
    .61, .64, .65 (BBC), .74, .82, .83 (OVSD), .86, .88, .87 (RAI); single segments of many films
    at .87, .86, .84, .95, .93, .91 and .93, .92, .91.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> film.loc[tw.outliers(film).idxmax(), ["start_sec", "end_sec"]].tolist()
    [546.0, 552.0]
    """
    check_segments(segments)
    k = check_count(k, "k", of="neighbours")
    values = np.full(len(segments), np.nan)
    for rows in _by_option(segments):
        unit = unit_vectors(segments.iloc[rows])
        rows, unit = rows[unit.any(axis=1)], unit[unit.any(axis=1)]
        if len(rows) > 1:
            _, similar = neighbors_among(unit, min(int(k), len(rows) - 1))
            values[rows] = np.clip(1 - np.asarray(similar, np.float64).mean(axis=1), 0, 2)
    return series_like(segments, values, "outlier")


def deduplicate(segments: pd.DataFrame, *, threshold: float = 0.95) -> pd.DataFrame:
    """The table without rows that are nearly the same as a row kept before them.

    Parameters
    ----------
    segments : DataFrame
        A table of segments; every embedding option is looked at on its own. Earlier rows are
        preferred: sort first by what makes a row worth keeping.
    threshold : float
        Rows with at least this cosine similarity are the same; above -1 and at most 1.

    Returns
    -------
    DataFrame
        The kept rows, unchanged, in their order. No two of one option are as similar as the
        threshold, not even two of one video at one time, and every dropped row is that similar to
        a kept one. Whole-video rows and zero vectors are kept.

    Raises
    ------
    InputError
        If the table is not one of segments or the threshold is out of range.

    See Also
    --------
    twlab.near_duplicates : all pairs above a similarity

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> trailer = tw.sample("trailer").query("embedding_scope == 'clip'")
    >>> twice = pd.concat([trailer, trailer.assign(video_id="copy")], ignore_index=True)
    >>> len(trailer), len(twice), len(tw.deduplicate(twice))
    (9, 18, 9)
    """
    check_segments(segments)
    check_wanted_pairs(threshold, 0.0)
    keep = np.ones(len(segments), bool)
    for rows in _by_option(segments):
        unit = unit_vectors(segments.iloc[rows])
        rows, unit = rows[unit.any(axis=1)], unit[unit.any(axis=1)]
        first = np.sort(np.unique(row_marks(unit), return_index=True)[1])
        # Exact copies go first: of thousands there would be millions of pairs.
        pairs = first[close_among(unit[first], threshold)[0]]
        kept = np.zeros(len(rows), bool)
        kept[first] = True
        for a, b in pairs[np.lexsort(pairs.T)]:
            kept[b] &= not kept[a]
        keep[rows] = kept
    return segments[keep]


def _by_option(segments: pd.DataFrame) -> list[Positions]:
    """Positions of the clips of every option."""
    rows = np.flatnonzero(clip_mask(segments))
    if "embedding_option" not in segments.columns:
        return [rows]
    codes = pd.factorize(segments["embedding_option"].iloc[rows], use_na_sentinel=False)[0]
    return [rows[codes == code] for code in np.unique(codes)]
