"""Few rows that stand for many: one vector per video, one row per cluster.

Conventions
-----------
A vector of a whole video is the mean of its clips weighted by their seconds, not scaled to unit
length again: the service does the same, and the length tells how alike the clips are.

* :func:`video_vectors` - a table of segments with one row per video, option and model
* :func:`cluster_summary` - one row per cluster: size, seconds, most typical segment, quality

:func:`vector_table` makes the vectors of videos of tables and stores: it checks, groups the rows
and puts the result together, and has :func:`vector_of_video` called with the rows of one video at a
time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twlab.analysis.groups.partitions import group_sums, silhouettes
from twlab.analysis.neighbors.exact import first_of_best
from twlab.errors import InputError, warn
from twlab.intervals import merge_adjacent
from twlab.table.groups import on_table
from twlab.table.rows import align_values, time_order
from twlab.table.segments import (
    BY_FIELDS,
    COLUMNS,
    check_segments,
    one_option,
    str_column,
    unit_vectors,
    vectors,
    whole_mask,
    with_vectors,
)
from twlab.table.tracks import times_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.groups import EachGroup
    from twlab.table.types import Floats, Positions, Values


__all__ = ["FILE_COLUMNS", "cluster_summary", "vector_table", "video_vectors"]

_OF_FILES = ("asset", "page", "chunk")
"""Scopes of documents and pictures, which are no videos."""

_KEYS = ("video_id", "embedding_option", "model_name")

FILE_COLUMNS = (
    "filename",
    "duration_sec",
    "source",
    "input_type",
    "task_id",
    "input_url",
    "hls_url",
    "thumbnail_url",
)
"""Columns that tell of the file, and so hold for a whole video as for its clips."""


def video_vectors(
    segments: pd.DataFrame, *, scope: Literal["clip", "video"] = "clip"
) -> pd.DataFrame:
    """One vector for each video, embedding option and model, as a table of segments.

    Parameters
    ----------
    segments : DataFrame
        A table of segments; options and models may be mixed.
    scope : {"clip", "video"}
        ``clip``: the mean of the clips, each weighted by its seconds (overlapping clips weigh
        in full, and so do rows that are there twice). Where no clip of a video has a time, all
        weigh the same; zero vectors stand for missing data and weigh nothing, with a warning.
        The mean is not scaled to unit length: it is the shorter, the less alike the clips are.
        ``video``: the whole-video row as the service gave it.

    Returns
    -------
    DataFrame
        In order of first appearance: ``video_id``, ``start_sec`` and ``end_sec`` (first start
        and last end), ``embedding_option``, ``embedding_scope`` (``video``; ``asset`` of documents
        and pictures), ``model_name``, ``embedding``, ``n_segments`` (clips in the table), and what
        is known of the file. It is
        a table for every function of twlab.

    Raises
    ------
    InputError
        If the table is not one of segments, some clips of a video have times and others have
        none, or a video has no row of the requested scope.

    See Also
    --------
    twlab.clips : the clips of one embedding option
    twlab.cluster_summary : what is in each cluster

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.video_vectors(tw.sample())
    >>> film[["video_id", "start_sec", "end_sec", "embedding_scope", "n_segments"]]
             video_id  start_sec  end_sec embedding_scope  n_segments
    0  big_buck_bunny        0.0  596.474           video         100
    """
    check_segments(segments)
    return vector_table(segments, scope, on_table(segments))


def vector_table(places: pd.DataFrame, scope: Any, of_each: EachGroup) -> pd.DataFrame:
    """What :func:`video_vectors` returns, from rows that need not carry their vectors."""
    if scope not in ("clip", "video"):
        raise InputError(f"scope is {scope!r}; 'clip' or 'video' was expected; choose one")
    groups = _groups(places)
    whole = whole_mask(places)
    clips = [rows[~whole[rows]] for rows in groups]
    used = [rows[whole[rows]] for rows in groups] if scope == "video" else clips
    _check_all_present(places, groups, used, scope)
    found = list(of_each("video vectors", vector_of_video, used, scope))
    n_zero = sum(int(count) for _, count in found)
    if n_zero:
        message = f"{n_zero} of {len(places)} vectors are all zeros; they weigh nothing"
        warn(message)
    counts = np.array([len(rows) for rows in clips], np.int64)
    table = _row_of_each(places, used).assign(n_segments=counts)
    return _add_vectors(table, [vector for vector, _ in found])


def vector_of_video(rows: pd.DataFrame, scope: str) -> tuple[Floats, int]:
    """The vector of one video, option and model, and how many zero vectors weigh nothing in it."""
    return (_served_vector(rows), 0) if scope == "video" else _mean(rows)


def cluster_summary(segments: pd.DataFrame, labels: Values) -> pd.DataFrame:
    """One row per cluster: how large it is, what is typical of it, how well it holds together.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of one embedding option.
    labels : Series or array_like
        The cluster of each row, as :func:`~twlab.cluster` gives it; any other labels will do. A
        Series must have the index of the table. Rows with a missing label (or -1) take no part.

    Returns
    -------
    DataFrame
        In order of ``cluster``: ``n_segments``; ``seconds`` covered, overlaps counted once;
        ``n_videos``; ``medoid``, the index label of the row with the highest mean cosine
        similarity to its cluster, with ``medoid_video_id`` and ``medoid_start_sec``;
        ``cohesion``, the mean cosine similarity to the cluster's mean direction (1 where all are
        equal); ``silhouette``, the mean over the cluster by cosine distance (NaN where there is
        but one cluster).

    Raises
    ------
    InputError
        If the labels do not fit the table, or it is not one of segments of one option.

    See Also
    --------
    twlab.cluster : the cluster of each segment
    twlab.summarize : the segments that stand for the rest

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> summary = tw.cluster_summary(film, tw.cluster(film, 3))
    >>> summary["cluster"].tolist(), int(summary["n_segments"].sum())
    ([0, 1, 2], 100)
    """
    check_segments(segments)
    one_option(segments)
    label = align_values(segments, labels, "labels").infer_objects()
    unit = unit_vectors(segments)
    rows = np.flatnonzero((label.notna() & label.ne(-1)).to_numpy(bool))
    rows = rows[time_order(segments.iloc[rows])]  # of rows equally typical the first in time
    codes, names = pd.factorize(label.iloc[rows], sort=True)
    group: Positions = codes.astype(np.intp)
    medoids, cohesion = _typical(unit[rows], group, len(names))
    sizes = np.bincount(group, minlength=len(names))
    score = np.bincount(group, silhouettes(unit[rows], group), len(names))
    table = segments.iloc[rows][["video_id", "start_sec", "end_sec"]].reset_index(drop=True)
    table["group"] = group
    covered = merge_adjacent(table, by=("video_id", "group"))
    lengths = covered["end_sec"] - covered["start_sec"]
    found = segments.iloc[rows[medoids]]
    return pd.DataFrame(
        {
            "cluster": names,
            "n_segments": sizes,
            "seconds": np.bincount(covered["group"], lengths, len(names)),
            "n_videos": table.groupby("group")["video_id"].nunique().to_numpy(),
            "medoid": found.index.to_flat_index(),
            "medoid_video_id": found["video_id"].array,
            "medoid_start_sec": found["start_sec"].array,
            "cohesion": cohesion,
            "silhouette": score / sizes if len(names) > 1 else np.full(len(names), np.nan),
        }
    )


def _column(segments: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column of strings, missing throughout where the table does not have it."""
    if name in segments.columns:
        return segments[name]
    return str_column([None] * len(segments), index=segments.index)


def _groups(segments: pd.DataFrame) -> list[Positions]:
    """Row positions of each video, option and model, in order of first appearance."""
    if not len(segments):
        return []
    keys = [_column(segments, name).to_numpy(object) for name in _KEYS]
    numbers = [pd.factorize(key, use_na_sentinel=False)[0] for key in keys]
    _, first, group = np.unique(
        np.column_stack(numbers), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(group.ravel(), kind="stable")
    parts = np.split(order, np.bincount(group.ravel()).cumsum()[:-1])
    return [parts[k] for k in np.argsort(first)]


def _check_all_present(
    segments: pd.DataFrame, groups: list[Positions], used: list[Positions], scope: str
) -> None:
    """Refuse videos without a row of the scope that was asked for."""
    lacking = [rows[0] for rows, mine in zip(groups, used, strict=True) if not len(mine)]
    if not lacking:
        return
    option = _column(segments, "embedding_option")
    named = [f"{segments['video_id'].iloc[row]!r} ({option.iloc[row]})" for row in lacking[:3]]
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    other, what = ("clip", "whole-video") if scope == "video" else ("video", "clip")
    raise InputError(
        f"no {what} row for {', '.join(named)}{more}; one for each video and option was expected; "
        f"leave these out, or use scope={other!r}"
    )


def _served_vector(rows: pd.DataFrame) -> Floats:
    """The one whole-video vector of a video."""
    matrix = vectors(rows)
    if (matrix != matrix[0]).any():
        raise InputError(
            f"{len(rows)} different whole-video vectors of {rows['video_id'].iloc[0]!r}; one was "
            "expected; keep the rows of one answer"
        )
    return np.asarray(matrix[0], np.float64)


def _mean(clips: pd.DataFrame) -> tuple[Floats, int]:
    """The mean of clips, weighted by seconds; zero vectors weigh nothing and are counted."""
    matrix = vectors(clips)
    present = matrix.any(axis=1)
    weight = np.where(present, _seconds(clips), 0)
    return weight @ matrix.astype(np.float64) / (weight.sum() or 1.0), int((~present).sum())


def _seconds(clips: pd.DataFrame) -> Floats:
    """The length of each clip; 1 for all where none has a length."""
    start, end = times_of(clips)
    length = end - start
    unknown = np.isnan(length)
    if unknown.any() and not unknown.all():
        raise InputError(
            f"{int(unknown.sum())} of {len(clips)} segments of {clips['video_id'].iloc[0]!r} have "
            "no time; all or none were expected to have one; drop the rows without time"
        )
    no_length = unknown.all() or not length.any()
    return np.ones(len(clips)) if no_length else np.asarray(length)


def _row_of_each(segments: pd.DataFrame, groups: list[Positions]) -> pd.DataFrame:
    """What is known of each group but its vector, on a fresh index."""
    first = [int(rows[0]) for rows in groups]
    start, end = times_of(segments)
    of_file = _column(segments, "embedding_scope").isin(_OF_FILES).to_numpy(bool)
    table = pd.DataFrame(
        {
            "video_id": segments["video_id"].iloc[first].array,
            "start_sec": np.array([np.fmin.reduce(start[rows]) for rows in groups], np.float64),
            "end_sec": np.array([np.fmax.reduce(end[rows]) for rows in groups], np.float64),
            "embedding_option": _column(segments, "embedding_option").iloc[first].array,
            "embedding_scope": str_column(
                ["asset" if of_file[rows].any() else "video" for rows in groups]
            ),
            "model_name": _column(segments, "model_name").iloc[first].array,
        }
    )
    known = [name for name in (*FILE_COLUMNS, BY_FIELDS) if name in segments.columns]
    facts = segments[known].iloc[first].reset_index(drop=True)
    return pd.concat([table, facts], axis=1)


def _add_vectors(table: pd.DataFrame, found: list[Floats]) -> pd.DataFrame:
    """The table with its vectors, which may be of several dimensions, before the rest."""
    widths = np.array([len(vector) for vector in found], np.intp)
    parts = [
        with_vectors(table[widths == width], np.stack([v for v in found if len(v) == width]))
        for width in np.unique(widths)
    ]
    out = pd.concat(parts).sort_index() if parts else with_vectors(table, np.empty((0, 0)))
    rest = [name for name in table.columns if name not in COLUMNS and name != "n_segments"]
    return out[[*COLUMNS, "n_segments", *rest]]


def _typical(
    unit: NDArray[np.float32], group: Positions, n_groups: int
) -> tuple[Positions, Floats]:
    """The row nearest to the mean of each group, and the length of that mean.

    The mean cosine of a row with its group is its dot product with the mean; the mean over the
    group of the cosine with the mean's direction is the mean's length.
    """
    means = group_sums(unit, group, n_groups)
    means /= np.bincount(group, minlength=n_groups)[:, None]
    typical = np.einsum("ij,ij->i", unit, means[group])
    rows = first_of_best(typical, group, n_groups)
    return rows, np.minimum(np.linalg.norm(means, axis=1), 1.0)
