"""Found and true places of queries: two tables that are checked, and paired query by query.

* :func:`check_truth`, :func:`check_found` - the two tables, with what they say in plain columns
* :func:`pair_queries` - of each query its found places, true ones, and how they overlap
* :func:`pair_clips` - of each query the scores of its clips beside their ratings
* :func:`units_of` - queries that have no video in common are independent witnesses
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.measuring.ranking import temporal_iou
from twlab.checks import is_number
from twlab.errors import InputError, warn
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twlab.table.types import Floats, Mask, Positions

__all__ = [
    "RankedQuery",
    "RatedClips",
    "Truth",
    "check_found",
    "check_truth",
    "pair_clips",
    "pair_queries",
    "units_of",
]

_SPAN = ["start_sec", "end_sec"]
_PLACE = ["query_id", "video_id", *_SPAN]
_READ = [*_PLACE, "score", "rank", "relevance", "annotator"]


class Truth(NamedTuple):
    """What is true, checked."""

    queries: list[str]
    places: pd.DataFrame
    """Rows that are to be found, or ratings of all clips, in an order that no table decides."""
    units: pd.DataFrame
    """The videos of each query."""
    timed: bool
    rated: bool


class RankedQuery(NamedTuple):
    """One query: n found places beside m true ones."""

    name: str
    score: Floats
    rank: Floats
    iou: Floats
    """Shape (n, m); 0 between videos."""
    gains: Floats
    """Shape (m,)."""


class RatedClips(NamedTuple):
    """One query: scores of clips beside their ratings."""

    name: str
    by_annotator: list[tuple[Floats, Mask]]
    """Scores of the clips that one rated, missing where a clip has none, and which are relevant."""
    top_hit: float
    """Whether an annotator found the clip of the highest score relevant; of several, the share."""


def check_truth(truth: Any, min_relevance: Any) -> Truth:
    """The true places, those of too little relevance left out."""
    if min_relevance is not None and not is_number(min_relevance):
        raise InputError(
            f"min_relevance is {brief(min_relevance)}; a number was expected, as min_relevance=4"
        )
    table = _plain(truth, "truth")
    if not len(table):
        raise InputError("truth has no rows; one row per true place was expected")
    timed = bool(table["start_sec"].notna().any())
    table["relevance"] = _numbers(truth, "relevance", "truth", default=1.0)
    if (table["relevance"] < 0).any():
        raise InputError(
            f"truth has a relevance of {table['relevance'].min():g}; 0 or more was expected"
        )
    rated = "annotator" in truth.columns
    if rated:
        table["annotator"] = _texts(truth, "annotator", "truth")
    relevant = table["relevance"] > 0
    if min_relevance is not None:
        relevant &= table["relevance"] >= float(min_relevance)
    kept = [*_PLACE, "annotator"] if rated else _PLACE
    table = table.assign(relevant=relevant).sort_values([*kept, "relevance"], ignore_index=True)
    places = table if rated else table[table["relevant"]]
    places = places[places["start_sec"].notna()] if timed else places
    places = places.drop_duplicates(kept, keep="last")
    return Truth(
        sorted(table["query_id"].unique()),
        places,
        table[["query_id", "video_id"]].drop_duplicates(),
        timed,
        rated,
    )


def check_found(found: Any, known: Truth) -> pd.DataFrame:
    """The found places of known queries; where whole videos are meant, the best of each."""
    table = _plain(found, "found")
    ordered = [name for name in ("score", "rank") if name in found.columns]
    if not ordered:
        raise InputError(
            f"found has neither score nor rank (there are: {', '.join(map(str, found.columns))}); "
            "what puts the places of a query in order was expected; add one of them"
        )
    for name in ("score", "rank"):
        table[name] = _numbers(found, name, "found", default=0.0)
    untimed = np.flatnonzero(table["start_sec"].isna())
    if known.timed and len(untimed):
        raise InputError(
            f"row {untimed[0]} of found has no time, and the truth has; start_sec and end_sec were "
            "expected of every found place; drop the rows without, or take the times out of truth"
        )
    mine = table["query_id"].isin(known.queries)
    if len(table) and not mine.any():
        raise InputError(
            f"no query of truth is in found (truth has {brief(known.queries[0])}, found "
            f"{brief(table['query_id'].iloc[0])}); the same query_id was expected in both"
        )
    if not mine.all():
        n_others = table["query_id"][~mine].nunique()
        warn(
            f"found has {n_others:,} queries that truth has not, such as "
            f"{brief(table['query_id'][~mine].iloc[0])}; they are left out; a query without a true "
            "place belongs into truth as a row without time, or of relevance 0"
        )
    table = table[mine].sort_values(["score", "rank"], ascending=[False, True])
    if not known.timed:
        table = table.drop_duplicates(["query_id", "video_id"])
    return table.sort_values([*_PLACE, "score", "rank"], ignore_index=True)


def _plain(table: Any, name: str) -> pd.DataFrame:
    """Queries and videos as text, times as numbers; both times or none of a row."""
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"{name} is a {type(table).__name__}; a DataFrame with query_id, video_id, start_sec "
            "and end_sec was expected; of a file take tw.load_moments(path)"
        )
    missing = [one for one in ("query_id", "video_id") if one not in table.columns]
    if missing:
        raise InputError(
            f"{name} has no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, table.columns))}); query_id, video_id, start_sec and end_sec "
            "were expected; add it with .assign, or rename what holds it"
        )
    twice = [one for one in _READ if (table.columns == one).sum() > 1]
    if twice:
        raise InputError(
            f"{name} has several columns {twice[0]!r}; one was expected; drop or rename the others"
        )
    columns = {one: _texts(table, one, name) for one in ("query_id", "video_id")}
    plain = pd.DataFrame(columns | {one: _times(table, one, name) for one in _SPAN})
    half = plain["start_sec"].isna() != plain["end_sec"].isna()
    wrong = np.flatnonzero(half | (plain["end_sec"] < plain["start_sec"]))
    if len(wrong):
        row = plain.iloc[wrong[0]]
        raise InputError(
            f"row {wrong[0]} of {name} runs from {row['start_sec']:g} s to {row['end_sec']:g} s; "
            "an end not before the start was expected; drop it or mend its times"
        )
    return plain


def _texts(table: pd.DataFrame, column: str, name: str) -> Any:
    """A column as texts; whole numbers look alike whether a missing one made them floats."""
    gone = np.flatnonzero(table[column].isna())
    if len(gone):
        raise InputError(
            f"row {gone[0]} of {name} has no {column}; one was expected on every row; drop it: "
            f"{name}.dropna(subset=[{column!r}])"
        )
    return np.array([_text(cell) for cell in table[column].astype(object)], object)


def _text(cell: Any) -> str:
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)


def _times(table: pd.DataFrame, column: str, name: str) -> Floats:
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return _numbers(table, column, name, default=np.nan, may_lack=True)


def _numbers(
    table: pd.DataFrame, column: str, name: str, *, default: float, may_lack: bool = False
) -> Floats:
    """A column as finite numbers, or the default where there is none."""
    if column not in table.columns:
        return np.full(len(table), default)
    _refuse_no_numbers(table[column], column, name)
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = ~np.isfinite(values)
    if may_lack:
        wrong &= table[column].notna().to_numpy(bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{column} of row {row} of {name} is {brief(table[column].iloc[row])}; a number was "
            "expected; mend it or drop the row"
        )
    return values


def _refuse_no_numbers(values: pd.Series[Any], column: str, name: str) -> None:
    """Times and complex numbers would turn into numbers that mean something else."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind.startswith(("timedelta", "datetime", "date", "complex", "period", "time")):
        wanted = "seconds were" if column in _SPAN else "a real number was"
        advice = "use .dt.total_seconds() of a duration" if column in _SPAN else "give numbers"
        raise InputError(f"{column} of {name} holds {kind} values; {wanted} expected; {advice}")


def pair_queries(found: pd.DataFrame, known: Truth) -> Iterator[RankedQuery]:
    """Each query with its found places, in an order that no table decides."""
    found_rows, true_rows = _rows_by_query(found), _rows_by_query(known.places)
    for name in known.queries:
        some = found.iloc[found_rows.get(name, [])]
        true = known.places.iloc[true_rows.get(name, [])]
        same = some["video_id"].to_numpy(object)[:, None] == true["video_id"].to_numpy(object)
        overlap = np.ones(same.shape)
        if known.timed:
            overlap = temporal_iou(some[_SPAN].to_numpy(float), true[_SPAN].to_numpy(float))
        score, rank = (some[one].to_numpy(np.float64) for one in ("score", "rank"))
        yield RankedQuery(name, score, rank, overlap * same, true["relevance"].to_numpy(np.float64))


def pair_clips(found: pd.DataFrame, known: Truth) -> Iterator[RatedClips]:
    """The clips of each query that were rated, with the score that each was given."""
    found = found.drop_duplicates(_PLACE, keep="last")
    rated = known.places.merge(found[[*_PLACE, "score"]], how="left", on=_PLACE)
    pairs = rated[["query_id", "annotator"]]
    groups = pairs.groupby(["query_id", "annotator"], sort=True).ngroup().to_numpy()
    by_pair = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
    score, relevant = rated["score"].to_numpy(np.float64), rated["relevant"].to_numpy(bool)
    lists: dict[str, list[tuple[Floats, Mask]]] = {name: [] for name in known.queries}
    for some in by_pair:
        lists[pairs["query_id"].iloc[some[0]]].append((score[some], relevant[some]))
    by_any = known.places.groupby(_PLACE, as_index=False)["relevant"].any()
    best = found.groupby("query_id")["score"].transform("max")
    top = found[found["score"] == best].merge(by_any, how="left", on=_PLACE)
    share = top["relevant"].eq(True).groupby(top["query_id"]).mean()  # noqa: FBT003
    hits = share.reindex(known.queries, fill_value=0.0)
    for name, hit in zip(known.queries, hits, strict=True):
        yield RatedClips(name, lists[name], float(hit))


def _rows_by_query(table: pd.DataFrame) -> dict[str, Positions]:
    queries = table["query_id"].reset_index(drop=True)
    return {str(name): np.asarray(rows) for name, rows in queries.groupby(queries).indices.items()}


def units_of(known: Truth) -> Positions:
    """The number of the videos that each query is about; one number where queries share one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    queries, names = pd.factorize(known.units["query_id"], sort=True)
    videos = pd.factorize(known.units["video_id"])[0] + len(names)
    n = int(videos.max()) + 1
    links = coo_array((np.ones(len(videos)), (queries, videos)), shape=(n, n))
    units = connected_components(links, directed=False)[1][: len(names)]
    return np.unique(units, return_inverse=True)[1].ravel().astype(np.intp)
