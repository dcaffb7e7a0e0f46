"""Search: the places that answer a query best, over several embedding options at once.

Similarities of different options (``visual``, ``audio``, ...) share no scale, so every option is
ranked on its own and the rankings are fused. An option that a place lacks is absent: it neither
raises nor lowers the place.

* :func:`search` - the best places for a vector, rows, or text, picture or sound through a client
* :func:`query_rows` - a query as a table

References
----------
Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.queries import embedded
from twlab.segments import as_matrix, check_segments, clip_mask, str_column, unit_vectors
from twlab.similarity import same_space
from twlab.sources import also_stores
from twlab.tracks import TOUCH_SEC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["query_rows", "search"]

RANK_OFFSET = 60
"""The constant of reciprocal rank fusion: how little the very first ranks tower over the next."""

PLACE = ["video_id", "start_sec", "end_sec"]


@also_stores("segments")
def search(
    segments: pd.DataFrame,
    query: Any = None,
    *,
    text: str | None = None,
    k: int = 10,
    by: str | Sequence[str] | None = None,
    fuse: Literal["rank", "score"] = "rank",
    weights: Mapping[str, float] | None = None,
    merge_gap_sec: float | None = None,
    client: Any = None,
) -> pd.DataFrame:
    """The ``k`` places that answer a query best, best first.

    Parameters
    ----------
    segments : DataFrame
        What is searched. Whole-video rows are left out unless there is nothing else.
    query : DataFrame, array_like of shape (d,) or (q, d), str or Path
        Rows of a table, vectors, or what the client embeds: the path or address of a picture or
        a sound (by its ending), or words. A text that names any other file or address is refused,
        and never sent as words. A row whose ``embedding_option`` is
        one of the table's is compared with that option only; any other row and every plain vector
        is compared with all. Where several are compared with one option, the best counts.
    text : str, optional
        Words to look for in place of `query`, whatever they look like.
    k : int
        How many places.
    by : str or sequence of str, optional
        The options to search. Default: all of the table.
    fuse : {"rank", "score"}
        Reciprocal ranks, ``1 / (60 + rank)``, or similarities less their mean in units of their
        standard deviation per option. Both are averaged over the options that a place has.
    weights : mapping from option to float, optional
        How much each option counts; 1 where it is not named, 0 leaves it out.
    merge_gap_sec : float, optional
        Join hits of one video that touch or lie no further apart than this; the best of them
        gives the scores. Fewer than ``k`` hits where joining leaves no more. Default: hits stay
        segments.
    client : Client, optional
        For text, pictures and sounds: embeds them with the model of the table.

    Returns
    -------
    DataFrame
        ``rank`` (from 1), ``video_id``, ``start_sec``, ``end_sec``, ``score`` (fused; with one
        option its plain cosine similarity), ``n_segments``, and for every option a column
        ``<option>_similarity`` with the cosine similarity, missing where the place lacks it.

    Raises
    ------
    InputError
        If the query fits no option, is all zeros, has other dimensions or another model than the
        table, is to be embedded without a client, or an argument is out of range.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> hits = tw.search(film, film.iloc[[42]], k=2)
    >>> hits[["rank", "start_sec", "visual_similarity"]].round(2)
       rank  start_sec  visual_similarity
    0     1      252.0               1.00
    1     2      258.0               0.88
    """
    check_segments(segments)
    _check_arguments(k, fuse, weights, merge_gap_sec)
    pool = segments[clip_mask(segments)]
    options = _options(pool, by, weights or {})
    queries = _queries(query, text, pool, client)
    asked = {name: _similarities(rows, queries, name) for name, rows in options.items()}
    found = {name: values for name, values in asked.items() if values is not None}
    if not found:
        theirs = ", ".join(sorted(map(str, queries["embedding_option"].dropna().unique())))
        raise InputError(
            f"the query is of the option {theirs}, the table of {', '.join(options)}; one option "
            "in common was expected; search rows of it or pass plain vectors with tw.vectors"
        )
    places = _places(options, found)
    places["score"] = _fused(places, list(found), fuse, weights or {})
    ranked = places.sort_values(
        ["score", *PLACE], ascending=[False, True, True, True], ignore_index=True
    )
    if merge_gap_sec is not None:
        ranked = _merged(ranked, k, merge_gap_sec)
    top = ranked.head(k).reset_index(drop=True)
    top.insert(0, "rank", np.arange(1, len(top) + 1))
    names = [f"{name}_similarity" for name in found]
    return top[["rank", *PLACE, "score", "n_segments", *names]]


def _check_arguments(k: Any, fuse: Any, weights: Any, merge_gap_sec: Any) -> None:
    """Refuse what cannot be meant."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k is {k!r}; a whole number of hits, 1 or more, was expected")
    if fuse not in ("rank", "score"):
        raise InputError(f"fuse is {fuse!r}; 'rank' or 'score' was expected")
    if weights is not None and not (
        isinstance(weights, Mapping) and all(_from_zero(value) for value in weights.values())
    ):
        raise InputError(
            f"weights are {weights!r}; a finite number from 0 on for each option was expected"
        )
    if merge_gap_sec is not None and not _from_zero(merge_gap_sec):
        raise InputError(f"merge_gap_sec is {merge_gap_sec!r}; seconds from 0 on were expected")


def _from_zero(value: Any) -> bool:
    """Whether a value is a finite number that is not negative."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf


def _options(
    pool: pd.DataFrame, by: str | Sequence[str] | None, weights: Mapping[str, float]
) -> dict[str, pd.DataFrame]:
    """The rows of every option that is searched."""
    if "embedding_option" not in pool.columns:
        pool = pool.assign(embedding_option="similarity")
    names = pool["embedding_option"].astype(object).where(pool["embedding_option"].notna(), "none")
    groups = {str(name): rows for name, rows in pool.groupby(names, sort=True)}
    asked = [by] if isinstance(by, str) or not isinstance(by, Iterable | None) else by
    named = [*(asked or ()), *weights]
    unknown = [name for name in named if not isinstance(name, str) or name not in groups]
    if unknown:
        raise InputError(
            f"no option {unknown[0]!r} (there are: {', '.join(groups)}); name options of the table"
        )
    chosen = {
        name: rows
        for name, rows in groups.items()
        if (asked is None or name in asked) and weights.get(name, 1.0) > 0
    }
    if not chosen:
        raise InputError("no option is left to search; give at least one a weight above 0")
    return chosen


def _queries(query: Any, text: str | None, pool: pd.DataFrame, client: Any) -> pd.DataFrame:
    """The query as a table with embeddings."""
    models = pool["model_name"] if "model_name" in pool.columns else ()
    return query_rows(embedded(query, text, models=models, client=client))


def query_rows(query: Any) -> pd.DataFrame:
    """A table, a vector, several or a column of them as a table; options are missing if unknown."""
    if isinstance(query, pd.DataFrame):
        table = query
    else:
        rows = query if isinstance(query, pd.Series) else np.asarray(query)
        matrix = as_matrix(rows[None] if isinstance(rows, np.ndarray) and rows.ndim == 1 else rows)
        table = pd.DataFrame({"embedding": pd.Series(list(matrix), dtype=object)})
    if not len(table):
        raise InputError("the query has no rows; at least one vector was expected")
    if "embedding_option" in table.columns:
        return table
    return table.assign(embedding_option=str_column([None] * len(table), table.index))


def _similarities(rows: pd.DataFrame, queries: pd.DataFrame, name: str) -> Floats | None:
    """The best cosine similarity of each row to the queries that are meant for the option."""
    asked = queries["embedding_option"]
    # Vectors of text, and others without one of the table's options, are meant for all.
    known = asked.isin(["visual", "audio", "transcription", "visual-text", "fused", name])
    mine = queries[(asked == name) | asked.isna() | ~known]
    if not len(mine):
        return None
    ours, theirs = unit_vectors(rows), unit_vectors(mine)
    if ours.shape[1] != theirs.shape[1]:
        raise InputError(
            f"the query has {theirs.shape[1]} dimensions, the option {name!r} {ours.shape[1]}; "
            "vectors of one model were expected; name the options that fit in by="
        )
    same_space(rows, mine, ours, theirs)
    theirs = theirs[theirs.any(axis=1)]
    if not len(theirs):
        raise InputError(
            f"the query for the option {name!r} is all zeros, which stands for missing data; a "
            "vector with a direction was expected; drop such rows from the query"
        )
    similar = np.clip(ours @ theirs.T, -1, 1).max(axis=1).astype(np.float64)
    return np.where(ours.any(axis=1), similar, np.nan)


def _places(options: dict[str, pd.DataFrame], found: dict[str, Floats]) -> pd.DataFrame:
    """One row per place with the similarity of every option, missing where it has none."""
    columns = []
    for name, values in found.items():
        rows = options[name][PLACE].reset_index(drop=True)
        rows[["start_sec", "end_sec"]] = rows[["start_sec", "end_sec"]].round(3)
        best = rows.assign(similarity=values).dropna(subset=["similarity"])
        grouped = best.groupby(PLACE, dropna=False, sort=False, observed=True)["similarity"].max()
        columns.append(grouped.rename(f"{name}_similarity"))
    table = pd.concat(columns, axis=1).reset_index()
    return table.assign(n_segments=1)


def _fused(
    places: pd.DataFrame, names: list[str], fuse: str, weights: Mapping[str, float]
) -> Floats:
    """The score of each place over the options that it has."""
    similar = places[[f"{name}_similarity" for name in names]].to_numpy(np.float64)
    if len(names) == 1:
        return np.asarray(similar[:, 0])
    weight = np.array([weights.get(name, 1.0) for name in names]) * ~np.isnan(similar)
    if fuse == "rank":
        ranks = places[[f"{name}_similarity" for name in names]].rank(ascending=False, method="min")
        parts = 1 / (RANK_OFFSET + ranks.to_numpy(np.float64))
    else:
        spread = np.nanstd(similar, axis=0)
        parts = (similar - np.nanmean(similar, axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray((np.nan_to_num(parts) * weight).sum(axis=1) / weight.sum(axis=1))


def _merged(ranked: pd.DataFrame, k: int, gap_sec: float) -> pd.DataFrame:
    """The best places joined where they touch: as many as it takes for ``k`` hits.

    Joining ever more places ends in one hit per video; where ``k`` is never reached, as many are
    taken as give most hits.
    """
    sizes = [int(k) >> halvings for halvings in reversed(range(int(k).bit_length()))]
    while sizes[-1] < len(ranked):
        sizes.append(2 * sizes[-1])
    most = ranked.head(0)
    for size in sizes:
        more = _joined(ranked.head(size), gap_sec)
        most = more if len(more) > len(most) else most
        if len(most) >= k:
            break
    return most


def _joined(ranked: pd.DataFrame, gap_sec: float) -> pd.DataFrame:
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
