"""How good answers to queries are: found places beside true ones, with intervals by video.

A query may have several true places, of several videos, and any number of found ones, in order of
their score. What counts as found, and what where nothing is there to be found, is said in
:func:`evaluate`; the measures of one query are in :mod:`twlab.analysis.measuring.ranking`, the
intervals in :mod:`twlab.analysis.measuring.bootstrap`.

* :func:`evaluate` - recall, nDCG, MRR, mAP, R1@IoU, HIT@1
* :func:`option_worth` - how much more of each one way to search has than another
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.measuring.bootstrap import (
    GAIN_SPAN,
    SHARE_SPAN,
    describe_interval,
    intervals_of_means,
)
from twlab.analysis.measuring.places_beside import (
    check_found,
    check_truth,
    pair_clips,
    pair_queries,
    units_of,
)
from twlab.analysis.measuring.ranking import clip_precision, match_places, measures_of
from twlab.checks import check_count, is_number
from twlab.errors import InputError
from twlab.table.segments import str_column
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twlab.analysis.measuring.places_beside import RankedQuery, RatedClips, Truth
    from twlab.table.types import Floats

__all__ = ["evaluate", "option_worth"]

AVERAGED = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Overlaps that the mean of mAP is taken over, those of QVHighlights, ActivityNet and COCO."""

N_ORDERS = 32
"""Orders that a query is measured in where places tie. MRR of one true place among ten that tie
has a standard error of .047 (1/rank has a deviation of .263); a mean over queries less."""


class _Measure(NamedTuple):
    metric: str
    k: int | None = None
    tiou: float | None = None


def evaluate(
    found: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    k: int | Sequence[int] = (1, 5, 10),
    tiou: float | Sequence[float] = (0.5, 0.7),
    min_relevance: float | None = None,
) -> pd.DataFrame:
    """How well found places answer queries, one row per measure, with an interval by video.

    Parameters
    ----------
    found : DataFrame
        One row per found place: ``query_id``, ``video_id``, ``start_sec``, ``end_sec``, and
        ``score`` (higher is better) or ``rank``, as :func:`twlab.search` and
        :func:`twlab.load_moments` give them. Places of equal score are in order of ``rank``; where
        that is not there or is the same, values are means over 32 random orders of them.
    truth : DataFrame
        One row per true place, the same columns without score; ``relevance`` (default 1) may
        grade it. Without times, or with none in any row, what is to be found are videos. A row
        with a query and no time, or of relevance 0, says that the query has no true place there.
        With a column ``annotator`` it is a rating of every clip, see Returns.
    k : int or sequence of int
        How many places a user looks at.
    tiou : float or sequence of float
        Intersection over union in time from which on a place is found, above 0 to 1.
    min_relevance : float, optional
        What is less relevant is no true place. Default: what is above 0.

    Returns
    -------
    DataFrame
        ``metric``, ``k``, ``tiou`` (missing where they play no part), ``value`` from 0 to 1,
        ``low`` and ``high``, the ends of an interval of 95 %, ``n_queries``, ``n_videos``, and
        ``interval``: what it is based on, or why nothing can be told. Of each query, then the mean:

        * ``hit``: whether one of the first k is a true place; at k = 1 this is R1@IoU
        * ``recall``: share of the true places among the first k
        * ``ndcg``: discounted gain of the first k (``relevance / log2(1 + rank)``) over the best
        * ``mrr``: 1 over the rank of the first that is right, 0 without
        * ``map``: average precision; of places in time interpolated, as detection is measured, and
          without ``tiou`` its mean over .5, .55, … .95
        * ``miou``: overlap of the first place with the true one that it overlaps most
        * ``silence``: of queries that have no true place, the share for which nothing was found;
          they count in nothing else

        A query for which nothing was found counts 0. A true place is found once: the same place
        found again is a false one. Of a truth of whole videos the best place in each counts.
        With ``annotator`` the rows are ``hit`` at k = 1 (HIT@1: whether the clip of the highest
        score has ``min_relevance`` for any annotator) and ``map`` (of the clips, by annotator,
        interpolated; 0 where an annotator found no clip relevant).

    Raises
    ------
    InputError
        If a column is missing, has no numbers where they are needed, no query of ``truth`` has a
        row in ``found``, or an argument is out of range.

    Warns
    -----
    TwlabWarning
        Of found places whose query the truth does not have: they are left out.

    See Also
    --------
    twlab.load_moments : truth and answers from files of QVHighlights and Charades-STA
    twlab.knn_accuracy : how good vectors are, given labels
    twlab.search : the places that answer a query

    Notes
    -----
    The interval comes from 1000 draws of whole videos, with all their queries; videos that one
    query has true places in count as one. Below 10 there is none. Where all values are 1 (or 0) it
    is the one that holds for any distribution: of n videos, from ``.025 ** (1 / n)`` to 1.

    Rounded, values are those of the evaluation script of QVHighlights (Lei, Berg and Bansal 2021),
    which looks at the first ten windows: ``found[found["rank"] <= 10]``. They differ where the
    script takes the first window *listed* for R1, though another has the higher score; leaves
    queries without windows out of mAP, and stops at them for R1; counts a true window that is
    given twice as two; gives ratings with equal predictions weights by the number of steps; takes
    clips without a prediction as 0, which may be above the others; may lose an overlap that is
    exactly the threshold in its last bit; and takes, of true windows that one overlaps equally,
    whichever the machine's sort puts last.

    On Charades-STA ``hit`` is the "R@n, IoU=m" of the script of Gao et al. (2017), to the last
    digit, of the predictions that it looks at: it first drops what overlaps a better one by more
    than m - .05. It also counts each line of the file as a query, where a sentence on two lines is
    here one query of two windows, unless you number the lines as ``query_id``. Run beside it and
    the one of 2D-TAN (Zhang et al. 2020) on lines of the test file, under predictions drawn at
    random, near, touching, beyond the film, and many times the same, overlaps are equal to 4e-16
    and rates equal, but where an overlap is exactly m: the first may lose it in its last bit, the
    second counts only what is above. 2D-TAN drops what overlaps a better one by more than .49, and
    ends the 562 of 3,720 true windows that run beyond their film with it; its mIoU is ``miou``.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> truth = pd.DataFrame(
    ...     {"query_id": ["a", "b"], "video_id": "film", "start_sec": [0, 60], "end_sec": [30, 90]}
    ... )
    >>> found = truth.assign(start_sec=[3, 10], end_sec=[33, 20], score=[0.9, 0.4])
    >>> table = tw.evaluate(found, truth, k=1, tiou=0.5)
    >>> table["metric"].tolist(), float(table["value"].iloc[0])
    (['hit', 'recall', 'ndcg', 'mrr', 'map', 'map', 'miou'], 0.5)
    >>> table["interval"].iloc[0]
    'cannot tell: 1 video, at least 10 are needed'
    """
    ks, least = _check_ks(k), _check_tiou(tiou)
    known = check_truth(truth, min_relevance)
    return _summarize(*_measure_queries(found, known, ks, least), units_of(known))


def option_worth(
    without: pd.DataFrame,
    found: pd.DataFrame,
    *,
    truth: pd.DataFrame,
    k: int | Sequence[int] = (1, 5, 10),
    tiou: float | Sequence[float] = (0.5, 0.7),
    min_relevance: float | None = None,
) -> pd.DataFrame:
    """How much better queries are answered with an option than without, one row per measure.

    Parameters
    ----------
    without, found : DataFrame
        What the same queries find without the option and with it, as for :func:`evaluate`: of
        ``tw.search`` over one option and over two, or of any two ways to search.
    truth : DataFrame
        The true places, as for :func:`evaluate`.
    k, tiou, min_relevance
        As for :func:`evaluate`.

    Returns
    -------
    DataFrame
        ``metric``, ``k``, ``tiou`` as :func:`evaluate` has them; ``without`` and ``found``, the
        two values; ``gain``, the mean over queries of what the second has more, with ``low`` and
        ``high``, the ends of its interval of 95 %; ``n_queries``, ``n_videos``, ``interval``: what
        it is based on; and ``verdict``: ``helps`` or ``harms`` where the interval leaves out 0,
        ``no difference told`` where it holds it, ``cannot tell`` where there is none.

    Raises
    ------
    InputError
        As :func:`evaluate`, of either table.

    See Also
    --------
    twlab.evaluate : how good one way to search is
    twlab.compare_options : whether two options say the same, without any truth

    Notes
    -----
    Every query is its own comparison: what is hard for both takes no part in the interval, so that
    far smaller gains are told than by two intervals side by side. Whole videos are drawn, as in
    :func:`evaluate`. Each row is a test of its own: of an option that is noise one row in twenty
    errs, so choose the measure before looking. Of two searches of one skill, drawn 200 times for
    each of eight kinds of queries and videos, .015 to .08 were told apart by a row, .05 in the mean
    of all (``tests/benchmarks/null_limits.py``).

    References
    ----------
    Smucker, Allan and Carterette, "A comparison of statistical significance tests for information
    retrieval evaluation", CIKM 2007. Sakai, "Evaluating evaluation metrics based on the bootstrap",
    SIGIR 2006.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> truth = pd.DataFrame({"query_id": list("abcdefghijkl"), "start_sec": 0.0, "end_sec": 9.0})
    >>> truth["video_id"] = truth["query_id"]
    >>> found = truth.assign(score=1.0)
    >>> late = found.assign(start_sec=[9.0, 0.0, 9.0] * 4, end_sec=[18.0, 9.0, 18.0] * 4)
    >>> table = tw.option_worth(late, found, truth=truth, k=1, tiou=0.5)
    >>> table["metric"].iloc[0], round(float(table["gain"].iloc[0]), 2), table["verdict"].iloc[0]
    ('hit', 0.67, 'helps')
    """
    ks, least = _check_ks(k), _check_tiou(tiou)
    known = check_truth(truth, min_relevance)
    names, before = _measure_queries(without, known, ks, least)
    after = _measure_queries(found, known, ks, least)[1]
    units = units_of(known)
    table = _summarize(names, after - before, units, span=GAIN_SPAN)
    table = table.rename(columns={"value": "gain"})
    used = ~np.isnan(after - before).all(axis=0)  # the rows of the table
    table.insert(3, "without", np.nanmean(before[:, used], axis=0))
    table.insert(4, "found", np.nanmean(after[:, used], axis=0))
    signs = np.select(
        [table["low"].isna(), table["low"] > 0, table["high"] < 0],
        ["cannot tell", "helps", "harms"],
        "no difference told",
    )
    return table.assign(verdict=str_column(signs.tolist(), table.index))


def _measure_queries(
    found: pd.DataFrame, known: Truth, ks: Sequence[int], least: Sequence[float]
) -> tuple[list[_Measure], Floats]:
    """The measures of every query of the truth and their values, shape (queries, measures)."""
    answers = check_found(found, known)
    if known.rated:
        return _clip_measures(list(pair_clips(answers, known)))
    queries = list(pair_queries(answers, known))
    return _place_measures(queries, ks, least if known.timed else (None,))


def _check_ks(k: Any) -> tuple[int, ...]:
    many = isinstance(k, list | tuple | range | np.ndarray)
    ks = tuple(check_count(one, "k", of="places") for one in (k if many else [k]))
    if not ks:
        raise InputError("k is empty; one number of places or several were expected, as k=(1, 5)")
    return tuple(sorted({*ks}))


def _check_tiou(tiou: Any) -> tuple[float, ...]:
    many = isinstance(tiou, list | tuple | np.ndarray)
    values = list(tiou) if many else [tiou]
    wrong = [one for one in values if not (is_number(one) and 0 < one <= 1)]
    if wrong or not values:
        raise InputError(
            f"tiou is {brief(wrong[0] if wrong else tiou)}; shares of overlap above 0 and up to 1 "
            "were expected, for example tiou=(0.5, 0.7)"
        )
    return tuple(sorted({round(float(one), 9) for one in values}))


def _place_measures(
    queries: Sequence[RankedQuery], ks: Sequence[int], least: Sequence[float | None]
) -> tuple[list[_Measure], Floats]:
    """The measures of ranked places and their values, shape (queries, measures)."""
    names = [name for tiou in least for name in _names(ks, tiou)]
    timed = least[0] is not None
    names += [_Measure("map"), _Measure("miou", 1)] if timed else []
    rows = [
        [*_mean_over_orders(one, ks, least, n=len(names)), np.nan]
        if len(one.gains)
        else [*np.full(len(names), np.nan), float(not len(one.score))]
        for one in queries
    ]
    return [*names, _Measure("silence")], np.array(rows, np.float64).reshape(-1, len(names) + 1)


def _names(ks: Sequence[int], tiou: float | None) -> Iterator[_Measure]:
    for k in ks:
        yield from (_Measure(metric, k, tiou) for metric in ("hit", "recall", "ndcg"))
    yield from (_Measure("mrr", None, tiou), _Measure("map", None, tiou))


def _mean_over_orders(
    query: RankedQuery, ks: Sequence[int], least: Sequence[float | None], *, n: int
) -> Floats:
    """The values of one query, in each order of its found places that their scores allow."""
    if not len(query.score):
        return np.zeros(n)
    orders = _orders_of(query)
    total = np.zeros(n)
    for order in orders:
        iou = query.iou[order]
        values = [
            value
            for tiou in least
            for value in measures_of(
                match_places(iou, tiou or 1.0), query.gains, ks, interpolated=tiou is not None
            )
        ]
        if least[0] is not None:
            areas = [
                measures_of(match_places(iou, tiou), query.gains, (), interpolated=True)[-1]
                for tiou in AVERAGED
            ]
            values += [float(np.mean(areas)), float(iou[0].max())]
        total += values
    return np.asarray(total / len(orders))


def _orders_of(query: RankedQuery) -> list[Any]:
    """The found places in order of score and rank; several orders where some tie."""
    keys = (query.rank, -query.score)
    first = np.lexsort(keys)
    ranked = np.column_stack(keys)[first]
    if len(ranked) < 2 or (ranked[1:] != ranked[:-1]).any(axis=1).all():
        return [first]
    rng = np.random.default_rng(0)  # found places come in an order that no table decides
    return [np.lexsort((rng.random(len(first)), *keys)) for _ in range(N_ORDERS)]


def _clip_measures(queries: Sequence[RatedClips]) -> tuple[list[_Measure], Floats]:
    """HIT@1 and mAP of ratings of clips, shape (queries, 2)."""
    rows = [
        [one.top_hit, float(np.mean([clip_precision(*ratings) for ratings in one.by_annotator]))]
        for one in queries
    ]
    return [_Measure("hit", 1), _Measure("map")], np.array(rows, np.float64)


def _summarize(
    names: Sequence[_Measure], values: Floats, units: Any, *, span: tuple[float, float] = SHARE_SPAN
) -> pd.DataFrame:
    """One row per measure that any query has a value for."""
    told = intervals_of_means(values, units, span=span)
    table = pd.DataFrame(
        {
            "metric": [name.metric for name in names],
            "k": pd.array([name.k for name in names], dtype="Int64"),
            "tiou": np.array([name.tiou for name in names], np.float64),
            "value": told.mean,
            "low": told.low,
            "high": told.high,
            "n_queries": told.n_values,
            "n_videos": told.n_units,
        }
    )
    table["interval"] = [
        describe_interval(int(n), float(mean), float(low), span=span)
        for n, mean, low in zip(table["n_videos"], table["value"], table["low"], strict=True)
    ]
    kept: pd.DataFrame = table[table["n_queries"] > 0].reset_index(drop=True)
    return kept
