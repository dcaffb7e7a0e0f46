"""Queries on a map of segments: marks beside its points, which never move or join them.

A query lies among the segments most like it, in each embedding option that it is compared with: at
the median place of its ten nearest there, or on the segment that it is a copy of.

* :func:`place_queries` - where each query lies, and the segment most like it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.judging.places import queries_for, query_rows
from twlab.analysis.neighbors.placing import place_among
from twlab.analysis.neighbors.similarity import same_space
from twlab.errors import InputError
from twlab.table.pages import page_names
from twlab.table.segments import clip_mask, models_of, unit_vectors
from twlab.timecodes import format_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twlab.table.types import Floats, Positions

__all__ = ["place_queries"]

CALLED = "_query"
"""The column that the name of a query is kept in on the way."""


def place_queries(segments: pd.DataFrame, points: Floats, queries: Any) -> pd.DataFrame:
    """Where queries lie on a map, a row for each option that one is compared with.

    Parameters
    ----------
    segments : DataFrame
        The table that the map is of.
    points : ndarray of shape (n, 2) or (n, 3)
        The place of each segment; NaN where it has none.
    queries : DataFrame, array_like of shape (d,) or (q, d), or dict of these by name
        Rows of a table or vectors.

    Returns
    -------
    DataFrame
        ``query`` (its name), ``embedding_option`` (a text, empty where the table has none), ``x``,
        ``y`` (and ``z``), ``row`` (the position in the table of the segment most like it) and
        ``similarity`` (its cosine).

    Raises
    ------
    InputError
        If something is no query, a query is all zeros, or none of the segments on the map can be
        compared with it.
    """
    asked = _named_rows(segments, queries)
    known = np.isfinite(points).all(axis=1) & clip_mask(segments)
    there = sorted({option for option, _ in _groups(segments, np.flatnonzero(known))})
    if not there:
        raise InputError(
            "queries are given for a map without a point; a table of segments with vectors was "
            "expected; leave queries out"
        )
    meant = queries_for(_with_option(asked, there), there, there)
    found = []
    for option, rows in _groups(segments, np.flatnonzero(known)):
        theirs = _comparable(meant.get(option, asked[:0]), segments.iloc[rows])
        if len(theirs):
            found.append(_place(segments, rows, points, theirs).assign(embedding_option=option))
    placed = pd.concat(found, ignore_index=True) if found else pd.DataFrame({"number": []})
    compared = pd.concat(meant.values())["number"]  # of the others a warning tells
    _refuse_unplaced(asked[asked["number"].isin(compared)], placed, segments)
    columns = ["query", "embedding_option", *"xyz"[: points.shape[1]], "row", "similarity"]
    return placed.sort_values(["number", "embedding_option"], ignore_index=True)[columns]


def _named_rows(segments: pd.DataFrame, queries: Any) -> pd.DataFrame:
    """The rows of all queries with a name for each, numbered in their order."""
    if isinstance(queries, Mapping):
        if not queries:
            raise InputError(
                "queries is an empty dict; a query by each name was expected; leave queries out"
            )
        parts = [_rows_of(one) for one in queries.values()]
        names = [
            name
            for text, part in zip(queries, parts, strict=True)
            for name in _count_names(str(text), len(part))
        ]
        rows = pd.concat(parts, ignore_index=True)
    else:
        rows = _rows_of(queries).reset_index(drop=True)  # a copy, which may be given columns
        names = _own_names(segments, rows)
    rows[CALLED], rows["number"] = names, np.arange(len(rows))
    return rows


def _rows_of(query: Any) -> pd.DataFrame:
    """One query, or several, as a table."""
    if isinstance(query, str | bytes):
        raise InputError(
            f"queries holds {brief(query)}, which has no vector yet; rows of a table or vectors "
            "were expected; embed it first, as with client.embed_text"
        )
    if isinstance(query, pd.DataFrame) and "embedding" not in query.columns:
        ranked = "rank" in query.columns and "score" in query.columns
        remedy = "set the explorer's selection to them" if ranked else "pass rows with vectors"
        raise InputError(
            f"queries has the columns {', '.join(map(str, query.columns))[:80]}; rows with an "
            f"embedding were expected; {'these are hits: ' if ranked else ''}{remedy}"
        )
    return query_rows(query)


def _count_names(name: str, count: int) -> list[str]:
    """The name of one query, or of each of several that were given under it."""
    return [name] if count == 1 else [f"{name} {k}" for k in range(1, count + 1)]


def _own_names(segments: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """What queries without a name are called: by video and time where they have these."""
    plain = _count_names("query", len(rows))
    if not {"video_id", "start_sec"} <= {*rows.columns}:
        return plain
    videos = {*map(str, rows["video_id"]), *map(str, segments["video_id"])}
    pages = page_names(rows)
    names = []
    for k, (video, start) in enumerate(zip(rows["video_id"], rows["start_sec"], strict=True)):
        place = format_timecode(start) if pd.notna(start) else pages[k]
        named = f"{video} {place}" if len(videos) > 1 else place
        names.append(named if place else plain[k])
    return names


def _with_option(asked: pd.DataFrame, there: list[str]) -> pd.DataFrame:
    """The queries as a search takes them; of a table without options they are of none either."""
    free = there == [""]
    return asked.assign(embedding_option=None) if free else asked


def _groups(segments: pd.DataFrame, rows: Positions) -> Iterator[tuple[str, Positions]]:
    """The rows of each option and model, which share a space; options as text."""
    part = segments.iloc[rows]
    options = pd.Series("", index=part.index, dtype=object)
    if "embedding_option" in part.columns:
        named = part["embedding_option"]
        options = named.astype(object).where(named.notna(), "").map(str)
    keys = [options.to_numpy(object), models_of(part).astype(object).fillna("").to_numpy(object)]
    for (option, _), places in pd.Series(rows).groupby(keys, sort=True):
        yield str(option), places.to_numpy(np.intp)


def _comparable(queries: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The queries whose vectors are as long as those of some rows, and not of another model."""
    if not len(queries):
        return queries
    width = len(rows["embedding"].iloc[0])
    fits = queries["embedding"].map(np.size).to_numpy() == width
    model = models_of(rows.iloc[:1]).iloc[0]
    if pd.notna(model):
        theirs = models_of(queries).astype(object)
        fits &= (theirs.isna() | (theirs == model)).to_numpy(bool)
    own: pd.DataFrame = queries.loc[fits]
    return own


def _place(
    segments: pd.DataFrame, rows: Positions, points: Floats, queries: pd.DataFrame
) -> pd.DataFrame:
    """The places of queries among some rows."""
    matrix = np.stack(queries["embedding"].to_list())  # of bare vectors among rows, too
    blank = ~matrix.any(axis=1)
    if blank.any():
        raise InputError(
            f"the query {queries[CALLED].iloc[int(blank.argmax())]!r} is all zeros, which stands "
            "for missing data; a vector with a direction was expected; leave it out"
        )
    ours, theirs = unit_vectors(segments.iloc[rows]), unit_vectors(matrix)
    same_space(queries, segments.iloc[rows], theirs, ours)
    places, nearest, similarity = place_among(theirs, ours, points[rows])
    found = pd.DataFrame(places, columns=list("xyz"[: points.shape[1]]))
    columns = {
        "query": queries[CALLED].to_numpy(object),
        "number": queries["number"].to_numpy(),
    }
    return found.assign(**columns, row=rows[nearest], similarity=similarity)


def _refuse_unplaced(asked: pd.DataFrame, placed: pd.DataFrame, segments: pd.DataFrame) -> None:
    """Refuse a query that no segment on the map can be compared with."""
    left = asked[~asked["number"].isin(placed["number"])]
    if len(left):
        query = left.iloc[0]
        widths = ", ".join(map(str, sorted(set(segments["embedding"].map(np.size)))))
        model = models_of(left.iloc[:1]).iloc[0]
        of = f" of the model {model!r}" if pd.notna(model) else ""
        raise InputError(
            f"the query {query[CALLED]!r} has {np.size(query['embedding'])} dimensions{of} and no "
            f"segment on the map to be compared with (they have {widths}); a vector of their "
            "option and model was expected; leave it out, or embed it with their model"
        )
