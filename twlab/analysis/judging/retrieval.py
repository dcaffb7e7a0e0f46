"""Search: the places that answer a query best, over several embedding options at once.

Similarities of different options (``visual``, ``audio``, ...) share no scale, so every option is
read against its own rows and the standings are combined (:mod:`twlab.analysis.judging.fusion`). An
option that a place lacks is absent: it neither raises nor lowers the place.

* :func:`search` - the best places for a vector, rows, or text, picture or sound through a client
* :func:`merge_hits` - hits that touch, joined

References
----------
Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.judging.named_queries import answer_each
from twlab.analysis.judging.places import (
    FORMER_FUSES,
    PLACE,
    best_places,
    check_asked,
    hit_table,
)
from twlab.analysis.judging.searched import prepare_search
from twlab.checks import check_count, is_number
from twlab.deprecation import formerly_knew, formerly_took
from twlab.errors import InputError
from twlab.table.conditions import choose
from twlab.table.pages import page_columns
from twlab.table.tracks import TOUCH_SEC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from twlab.analysis.judging.places import Compared, Fuse
    from twlab.analysis.judging.queries import Embedder
    from twlab.analysis.judging.searched import Searched
    from twlab.table.types import ManyQueries, Query


__all__ = ["merge_hits", "search"]


def _search_and_merge(
    search: Callable[..., pd.DataFrame], gap: Any, *args: Any, **given: Any
) -> pd.DataFrame:
    """What a search gave by its former ``merge_gap_sec=``: the ``k`` best of joined hits."""
    _check_gap("merge_gap_sec", gap)
    k = check_count(given.get("k", 10), "k", of="hits")
    ranked = search(*args, **(given | {"k": 2**62}))
    joined = _merge_to_k(ranked, k, gap).head(k).reset_index(drop=True)
    return joined.assign(rank=np.arange(1, len(joined) + 1))


@formerly_took("merge_gap_sec", _search_and_merge, use="tw.merge_hits(hits, max_gap_sec=...)")
@formerly_knew(fuse=FORMER_FUSES)
def search(
    segments: pd.DataFrame,
    query: Query | None = None,
    *,
    queries: ManyQueries | None = None,
    text: str | None = None,
    k: int = 10,
    by: str | Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    fuse: Fuse = "standing",
    client: Embedder | None = None,
    model_name: str | None = None,
    video_id: str | Sequence[str] | None = None,
    start_sec: float | None = None,
    end_sec: float | None = None,
    where: str | None = None,
) -> pd.DataFrame:
    """The ``k`` places that answer a query best, best first.

    Parameters
    ----------
    segments : DataFrame
        What is searched. Whole-video rows are left out unless there is nothing else. A row
        without time, such as a picture or a piece of a document, is a place of its own.
    query : DataFrame, array_like of shape (d,) or (q, d), str or Path
        Rows of a table, vectors, or what the client embeds: the path or address of a picture or
        a sound (by its ending), or words. A text that names any other file or address is refused,
        and never sent as words. A row whose ``embedding_option`` is one of the table's is compared
        with that option only; a plain vector, and a row without time, with all others. A segment
        of an option that the table lacks is left out, with a warning. Where several are compared
        with one option, the best counts.
    queries : sequence of queries, dict of queries by name, or DataFrame, optional
        Many in place of one: each is answered as it would be alone. Rows of a table are a query
        each, or those of one ``query_id`` where it has that column; so are rows of an array.
    text : str, optional
        Words to look for in place of `query`, whatever they look like.
    k : int
        How many places.
    by : str or sequence of str, optional
        The options to search. Default: all of the table.
    weights : mapping from option to float, optional
        How much each option counts beside the others; 1 where it is not named, 0 leaves it out.
    fuse : {"standing", "rank"}
        How several options make one score, see Returns; ``"rank"`` is reciprocal rank fusion.
    client : Client, optional
        For text, pictures and sounds: embeds them with the model of the table.
    model_name : str, optional
        The model that embeds them where the table names none; it is never guessed.
    video_id : str or sequence of str, optional
        Only places in these videos.
    start_sec, end_sec : float, optional
        Only places that overlap this stretch, half-open.
    where : str, optional
        A further condition in SQL, such as ``"page > 3"``. What these four leave out is not a hit,
        but still counts towards what is ordinary: the score of a place does not depend on them.

    Returns
    -------
    DataFrame
        ``rank`` (from 1), ``match`` (the label of the best row of the place), ``video_id``,
        ``start_sec``, ``end_sec``, of documents the page or chunk (``start_page_number``, …),
        ``score``, ``n_segments``, and for every option a column
        ``<option>_similarity`` with the cosine similarity, missing where the place lacks it.
        With `queries` a column ``query_id`` comes first, the name of each: its key, its words, or
        ``query 1``, ``query 2``, …; the hits of one query follow those of the one before.

        The score says how far a place stands out among the rows of its option: 3 is three
        standard deviations above the middle (robust ones, see
        :mod:`twlab.analysis.judging.fusion`). It says which places answer best, and not whether
        any does. Unrelated rows stand out by chance: the best of 100 reaches about 2.5, of 10,000
        about 4. What fills much of a table stands out of little: of the 100 pictures of the sample
        film, each looked for by itself, half score less than 2.5, all of them first. Similarities
        are comparable within an option, scores within a search.
        With ``fuse="rank"`` the score is the weighted mean of ``1 / (60 + rank)`` over the options,
        which says nothing about how well a place fits.

    Raises
    ------
    InputError
        If the query fits no option, is all zeros, has other dimensions or another model than the
        table, is to be embedded without a client or with a model that is not known, or an argument
        is out of range; also if a weight names an option that is not compared.

    See Also
    --------
    twlab.Store.search : the same of a store
    twlab.merge_hits : hits that touch, joined
    twlab.moments : spans in time, with boundaries and a threshold, in place of places
    twlab.compose_query : like this, and not like that
    twlab.plot.hits : where hits lie, drawn
    twlab.nearest : the most alike rows of each row

    Notes
    -----
    The score is the best standing of the place, times the option's share of the greatest weight.
    Where standings in other options exceed 2, it is the root of the sum of the squares, less 4 for
    each of these others. An ordinary option neither helps nor harms.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> hits = tw.search(film, film.iloc[[42]], k=2)
    >>> hits[["rank", "match", "start_sec", "visual_similarity"]].round(2)
       rank  match  start_sec  visual_similarity
    0     1     42      252.0               1.00
    1     2     43      258.0               0.88

    Two queries in one call:

    >>> hits = tw.search(film, queries={"yawn": film.iloc[[42]], "apple": film.iloc[[20]]}, k=1)
    >>> hits[["query_id", "rank", "start_sec"]]
      query_id  rank  start_sec
    0     yawn     1      252.0
    1    apple     1      120.0
    """
    wanted, k = check_asked(by, weights, fuse), check_count(k, "k", of="hits")
    searched = prepare_search(segments, wanted, choose(video_id, start_sec, end_sec, where))

    def answer(one: Query | None, words: str | None) -> pd.DataFrame:
        asked = searched.embed(one, words, client=client, model_name=model_name)
        return _best_hits(searched, searched.compare(asked), k)

    if queries is None:
        return answer(query, text)
    return answer_each(
        lambda several: [answer(one, None) for one in several], queries, query=query, text=text
    )


def _best_hits(searched: Searched, found: Sequence[Compared], k: int) -> pd.DataFrame:
    """The best places with the label of the best row of each, and the pages of documents."""
    pool, best = searched.pool, best_places(found, searched.wanted, k)
    labels = pool.index.to_flat_index()[best.rows]
    return hit_table(best, [one.name for one in found], pool, labels, page_columns(pool))


def merge_hits(hits: pd.DataFrame, *, max_gap_sec: float = 0.0) -> pd.DataFrame:
    """The hits, those of one video that touch or overlap joined into one, best first.

    Parameters
    ----------
    hits : DataFrame
        As :func:`search` or ``Store.search`` returns them. More hits than you want to end with
        should go in: of 50, perhaps 20 come out.
    max_gap_sec : float
        Join across gaps up to this length.

    Returns
    -------
    DataFrame
        The same columns, with ``rank`` counted anew. A joined hit spans all its segments,
        counts them in ``n_segments``, and has the scores and the ``match`` of the best of them.
        Hits without time are left as they are.

    Raises
    ------
    InputError
        If a column is missing or the gap is not a number of seconds from 0 on.

    See Also
    --------
    twlab.search : the best places for a query
    twlab.intervals.merge_adjacent : rows that touch, joined

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> hits = tw.merge_hits(tw.search(film, film.iloc[[42]], k=6))
    >>> hits[["rank", "start_sec", "end_sec", "n_segments"]].head(2)
       rank  start_sec  end_sec  n_segments
    0     1      252.0    282.0           5
    1     2      360.0    366.0           1
    """
    _check_gap("max_gap_sec", max_gap_sec)
    needed = ("rank", *PLACE, "score", "n_segments")
    missing = [name for name in needed if name not in getattr(hits, "columns", ())]
    if missing:
        raise InputError(
            f"no column {missing[0]!r} in the hits; what tw.search or Store.search returns was "
            "expected"
        )
    ranked = hits.sort_values("rank", kind="stable").reset_index(drop=True)
    joined = _join_touching(ranked, float(max_gap_sec)).reset_index(drop=True)
    return joined.assign(rank=np.arange(1, len(joined) + 1))


def _check_gap(name: str, gap: Any) -> None:
    """Refuse what is no length of a gap."""
    if not (is_number(gap) and 0 <= float(gap) < math.inf):
        raise InputError(f"{name} is {gap!r}; seconds, 0 or more, were expected")


def _merge_to_k(ranked: pd.DataFrame, k: int, gap_sec: float) -> pd.DataFrame:
    """The best places joined where they touch: as many as it takes for ``k`` hits.

    Joining ever more places ends in one hit per video; where ``k`` is never reached, as many are
    taken as give most hits.
    """
    sizes = [int(k) >> halvings for halvings in reversed(range(int(k).bit_length()))]
    while sizes[-1] < len(ranked):
        sizes.append(2 * sizes[-1])
    most = ranked.head(0)
    for size in sizes:
        more = _join_touching(ranked.head(size), gap_sec)
        most = more if len(more) > len(most) else most
        if len(most) >= k:
            break
    return most


def _join_touching(ranked: pd.DataFrame, gap_sec: float) -> pd.DataFrame:
    """Places joined where they touch, each with the scores of its best; those without time alone.

    The order of the best is kept.
    """
    timed = ranked[PLACE].assign(start_sec=ranked["start_sec"].where(ranked["end_sec"].notna()))
    timed = timed.sort_values(PLACE)
    video = timed["video_id"]
    ends = timed["end_sec"].fillna(-np.inf).groupby(video, observed=True).cummax()
    before = ends.groupby(video, observed=True).shift()
    run = (~(timed["start_sec"] <= before + gap_sec + TOUCH_SEC)).cumsum()
    groups = ranked.groupby(run.loc[ranked.index].to_numpy(), sort=False)
    spans = {"start_sec": groups["start_sec"].min(), "end_sec": groups["end_sec"].max()}
    spans["n_segments"] = groups["n_segments"].sum()
    return groups.head(1).assign(**{name: values.to_numpy() for name, values in spans.items()})
