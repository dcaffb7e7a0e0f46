"""Labels from spans of time onto segments, and from segments back to spans.

People mark time, analyses need rows. A label belongs to a segment where the spans of that label
together cover at least half of it (``min_share``): of two scenes that meet inside a segment it gets
the one with more of it. A segment may have several labels, or none.

* :func:`annotate` - one column of true and false per label, on the index of the table
* :func:`to_spans` - labels of any kind as one row per uninterrupted stretch
* :func:`rows_by_label` - labels of any kind as the rows of each
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.endings import family_of
from twlab.errors import InputError, warn
from twlab.intervals import merge_adjacent
from twlab.table.covering import covered_share
from twlab.table.labelled_spans import check_spans
from twlab.table.rows import align_column, align_values
from twlab.table.segments import check_segments
from twlab.table.tracks import TOUCH_SEC, times_of
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twlab.table.types import Values

__all__ = ["annotate", "rows_by_label", "to_spans"]

LAST_BIT = 1e-9
"""Half of a segment is half of it, whatever the last bit of a sum says."""


def annotate(
    segments: pd.DataFrame, spans: pd.DataFrame, *, min_share: float = 0.5
) -> pd.DataFrame:
    """Which labels each segment has, one column of true and false per label.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    spans : DataFrame
        One row per span with ``video_id``, ``start_sec``, ``end_sec`` and ``label``, as
        :func:`twlab.load_spans` reads them; ``video``, ``start``, ``end`` and other common names
        are understood, and where the segments are of one video it may be left out. A video is
        found by its ``video_id`` or ``filename``, with or without the ending and the folders of a
        file, as long as those do not differ; spans under its very name come before others.
    min_share : float
        How much of a segment the spans of a label must cover together, above 0 to 1.

    Returns
    -------
    DataFrame of boolean, on the same index
        ``out.loc[i, label]`` is whether the spans of that label cover at least ``min_share`` of
        segment ``i``; columns in alphabetical order. Missing for rows without time and for videos
        of which no span is given: nobody is known to have looked at these. Where only a part of a
        video was looked at, take its segments alone: within a video, no span means no.

    Raises
    ------
    InputError
        If a table lacks a column, no video of the spans is in the segments, or a video's name
        stands for several.

    Warns
    -----
    TwlabWarning
        Of spans that label no segment, and of videos that are not in the table.

    See Also
    --------
    twlab.to_spans : the way back
    twlab.load_spans : spans out of the files of annotation tools
    twlab.scene_labels : the number of the scene that a segment lies in

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> clips = tw.clips(tw.sample())[:4]
    >>> spans = pd.DataFrame({"start": [0, 8], "end": [15, 24], "label": ["title", "meadow"]})
    >>> tw.annotate(clips, spans).sum().to_dict()
    {'meadow': 3, 'title': 3}
    >>> tw.annotate(clips, spans, min_share=0.9)["meadow"].tolist()
    [False, False, True, True]
    """
    check_segments(segments)
    numeric = isinstance(min_share, Real) and not isinstance(min_share, bool)
    if not numeric or not (0 < min_share <= 1):
        raise InputError(
            f"min_share is {min_share!r}; a share of a segment above 0 and up to 1 was expected, "
            "for example 0.5"
        )
    videos = segments["video_id"].astype(str).unique()
    given = check_spans(spans, video_id=str(videos[0]) if len(videos) == 1 else None)
    given = _find_videos(segments, given)
    names = sorted(given["label"].unique())
    start, end = times_of(segments)
    flags = np.zeros((len(segments), len(names)), bool)
    seen, used = np.zeros(len(segments), bool), np.zeros(len(given), bool)
    by_video = segments["video_id"].astype(str).reset_index(drop=True)
    rows_of = by_video.groupby(by_video).indices
    for (video, label), part in given.groupby(["video_id", "label"], sort=False):
        rows = rows_of[str(video)]
        seen[rows] = True
        left, right = times_of(part)
        share = covered_share(start[rows], end[rows], left, right)
        mine = rows[share >= min_share - LAST_BIT]
        flags[mine, names.index(str(label))] = True
        used[part.index] = _touch(start[mine], end[mine], left, right)
    _tell_unused(given, ~used, min_share)
    unknown = ~seen | ~(np.isfinite(start) & np.isfinite(end))
    columns = {
        name: pd.arrays.BooleanArray(flags[:, k].copy(), unknown.copy())
        for k, name in enumerate(names)
    }
    return pd.DataFrame(columns, index=segments.index)


def _touch(start: Any, end: Any, left: Any, right: Any) -> Any:
    """Which spans share time with one of the segments."""
    n_begun = np.searchsorted(np.sort(start), right, side="left")
    n_ended = np.searchsorted(np.sort(end), left, side="right")
    return n_begun > n_ended


def _find_videos(segments: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """The spans of videos of the table, under the ``video_id`` of the table."""
    called = spans["video_id"].unique()
    ids, others = _names_of_videos(segments)
    by_stem: dict[str, set[str]] = {}
    for own, names in others.items():
        for name in (own, *names):
            by_stem.setdefault(_parts_of(name)[1], set()).add(own)
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    for name in called:
        same = ids.get(name, set())
        alike = by_stem.get(_parts_of(name)[1], set()) if not same else set()
        fits = {own for own in alike if _may_be(name, (own, *others[own]))}
        meant = _only_one(name, same or fits)
        if meant is not None:
            (exact if same else loose)[name] = meant
    taken = set(exact.values())
    loose = {name: own for name, own in loose.items() if own not in taken}
    _refuse_two_for_one(loose)
    found = exact | loose
    _tell_lost(segments, spans, [name for name in called if name not in found])
    mine = spans[spans["video_id"].isin(list(found))].reset_index(drop=True)
    return mine.assign(video_id=mine["video_id"].map(found))


def _names_of_videos(segments: pd.DataFrame) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Whose name a name is, its own ``video_id`` before a file's; and what else each is called."""
    columns = [name for name in ("video_id", "filename") if name in segments.columns]
    pairs = segments[columns].astype(object).drop_duplicates()
    files: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for row in pairs.itertuples(index=False, name=None):
        own, *called = [str(one) for one in row if not pd.isna(one)]
        others.setdefault(own, set()).update(called)
        for name in called:
            files.setdefault(name, set()).add(own)
    return files | {own: {own} for own in others}, others


def _parts_of(name: str) -> tuple[list[str], str, str]:
    """Folders, name and ending; only the ending of a film or sound is one."""
    *folders, last = name.replace("\\", "/").split("/")
    stem, _, ending = last.rpartition(".")
    if not stem or family_of(last) not in ("video", "audio"):
        stem, ending = last, ""
    return [one for one in folders if one not in ("", ".")], stem, ending.lower()


def _contradict(one: str, other: str) -> bool:
    """Whether two names of the same stem have other folders, or other endings."""
    folders, _, ending = _parts_of(one)
    others, _, its = _parts_of(other)
    n = min(len(folders), len(others))
    ends_differ = bool(ending and its) and ending != its
    return ends_differ or folders[len(folders) - n :] != others[len(others) - n :]


def _may_be(name: str, names: Iterable[str]) -> bool:
    """Whether a video of these names may be meant: of those with its stem, none contradicts."""
    stem = _parts_of(name)[1]
    return not any(_contradict(name, one) for one in names if _parts_of(one)[1] == stem)


def _only_one(name: str, ids: set[str]) -> str | None:
    if len(ids) > 1:
        raise InputError(
            f"the spans name a video {brief(name)}, and so are called {len(ids)} videos of "
            f"the table ({', '.join(map(brief, sorted(ids)[:3]))}); a name of one was "
            "expected; write its video_id into the spans"
        )
    return next(iter(ids), None)


def _refuse_two_for_one(found: dict[str, str]) -> None:
    """Refuse names of two files that would both be the same video."""
    by_id: dict[str, list[str]] = {}
    for name, own in found.items():
        for other in by_id.setdefault(own, []):
            if _contradict(name, other):
                raise InputError(
                    f"the spans name {brief(other)} and {brief(name)}, and the table only has "
                    f"{brief(own)}, which may be either; spans of one were expected; keep those, "
                    "or write its video_id into them"
                )
        by_id[own].append(name)


def _tell_lost(segments: pd.DataFrame, spans: pd.DataFrame, lost: list[str]) -> None:
    """Warn of spans whose videos are not in the table; refuse where none is."""
    if lost and len(lost) == spans["video_id"].nunique():
        there = ", ".join(map(brief, segments["video_id"].astype(str).unique()[:3]))
        others = f" and {len(lost) - 1} others" if len(lost) > 1 else ""
        raise InputError(
            f"the spans are of {brief(lost[0])}{others}, and no such video is in the table (it has "
            f"{there}); the video_id or filename of the segments was "
            "expected; rename them: spans.replace({'video_id': {'theirs': 'yours'}})"
        )
    if lost:
        n_lost = int(spans["video_id"].isin(lost).sum())
        warn(
            f"{n_lost} of {len(spans)} spans are of videos that are not in the table (first: "
            f"{brief(lost[0])}); they label nothing"
        )


def _tell_unused(spans: pd.DataFrame, unused: Any, min_share: float) -> None:
    if unused.any():
        row = spans.iloc[int(np.flatnonzero(unused)[0])]
        warn(
            f"{int(unused.sum())} of {len(spans)} spans label no segment (first: "
            f"{brief(row['label'])} from {row['start_sec']:g} s to {row['end_sec']:g} s): they "
            f"cover less than {min_share:g} of any; a smaller min_share would count them"
        )


def to_spans(segments: pd.DataFrame, labels: Values | pd.DataFrame) -> pd.DataFrame:
    """Labels of segments as spans: one row per label and uninterrupted stretch.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    labels : Series, array_like of n values, name of a column, or DataFrame of booleans
        One label per segment (missing where it has none), or a column of true and false for each
        label, as :func:`annotate` returns it.

    Returns
    -------
    DataFrame
        ``video_id``, ``start_sec``, ``end_sec``, ``label`` (as text) and ``n_segments``, by video,
        time and label. Segments of one label that touch or overlap are one span; rows without
        time are left out. The spans of several models are apart, and ``model_name`` says of which
        each is.

    Raises
    ------
    InputError
        If the labels do not belong to these rows.

    See Also
    --------
    twlab.annotate : the way back
    twlab.save_spans : spans as a file that annotation tools read

    Examples
    --------
    >>> import twlab as tw
    >>> clips = tw.clips(tw.sample())[:4]
    >>> tw.to_spans(clips, ["title", "title", None, "meadow"])[["start_sec", "end_sec", "label"]]
       start_sec  end_sec   label
    0        0.0     12.0   title
    1       18.0     24.0  meadow
    """
    check_segments(segments)
    found = rows_by_label(segments, labels)
    parts = [segments.iloc[rows].assign(label=label) for label, rows in found]
    names = segments["model_name"] if "model_name" in segments.columns else pd.Series(dtype=str)
    apart = ["model_name"] if len(names.unique()) > 1 else []
    columns = ["video_id", "start_sec", "end_sec", "label", "n_segments", *apart]
    if not parts:
        return pd.DataFrame({name: [] for name in columns})
    rows = pd.concat([part[columns[:4] + apart] for part in parts])
    merged = merge_adjacent(rows, by=("video_id", "label", *apart), max_gap_sec=TOUCH_SEC)
    order = ["video_id", "start_sec", "end_sec", "label", *apart]
    return merged.sort_values(order, ignore_index=True)[columns]


def rows_by_label(segments: pd.DataFrame, labels: Any) -> Iterator[tuple[str, Any]]:
    """Each label as text in order of appearance, with the positions of its rows.

    Raises
    ------
    InputError
        If the labels do not belong to these rows, or several columns have one name.
    """
    values = align_column(segments, labels, "labels")
    if isinstance(values, pd.DataFrame):
        twice = values.columns[values.columns.map(str).duplicated()]
        if len(twice):
            raise InputError(
                f"the labels have several columns {brief(str(twice[0]))}; one for each label was "
                "expected; rename or drop the others"
            )
        for name in values.columns:
            mask = _as_truths(values[name], str(name))
            if mask.any():
                yield str(name), np.flatnonzero(mask)
        return
    texts = align_values(segments, values, "labels").astype(object)
    texts = texts[texts.notna()].map(str)
    for label, rows in texts.groupby(texts, sort=False).groups.items():
        yield str(label), np.asarray(rows)


def _as_truths(column: pd.Series[Any], name: str) -> Any:
    if not pd.api.types.is_bool_dtype(column):
        raise InputError(
            f"column {name!r} of the labels is {column.dtype}; true and false were expected, as "
            "tw.annotate gives them; of one label per segment pass the column alone"
        )
    return column.to_numpy(bool, na_value=False)
