"""Where scenes begin: analysis that knows the vectors lie along time.

Conventions
-----------
Everything here works on one video and one embedding option at a time, in seconds rather than in
row numbers: rows may come in any order, be of unequal length, leave gaps or overlap. Whole-video
rows and rows without time take no part.

* :func:`scenes` - where scenes begin, and how sure that is
* :func:`scene_counts` - how many scenes each video has, at three prices of a cut
* :func:`scene_labels` - the scene of every segment
* :func:`novelty` - how strongly something new begins at the start of each segment

How good the boundaries are is said by :func:`twlab.boundary_scores`.

References
----------
Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000. Arlot, Celisse
and Harchaoui, "A kernel multiple change-point algorithm via model selection", JMLR 2019. Rotman,
Porat and Ashour, "Optimal sequential grouping for robust video scene detection using multiple
modalities", IJSC 2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twlab.analysis.neighbors.exact import first_of_best
from twlab.analysis.scenes.checkerboard import checkerboard
from twlab.analysis.scenes.counts import counts
from twlab.analysis.scenes.methods import (
    METHODS,
    count_for,
    counts_by_video,
    peaks,
)
from twlab.analysis.scenes.moments import moments_of
from twlab.errors import InputError
from twlab.progress import bar
from twlab.table.segments import (
    check_segments,
    series_like,
    str_column,
    unit_vectors,
)
from twlab.table.tracks import (
    TOUCH_SEC,
    clip_length,
    times_of,
    track_key,
    tracks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["count_table", "novelty", "one_table", "scene_counts", "scene_labels", "scenes"]

KERNEL_CLIPS = 8
"""Clips that novelty looks at on either side, where no length in seconds is given."""

Method = Literal["linked", "kernel", "gaussian", "ward", "novelty"]
Count = int | Literal["coarse", "fine"]


def scenes(
    segments: pd.DataFrame,
    *,
    n_scenes: Count | Mapping[str, Count] | None = None,
    method: Method = "linked",
) -> pd.DataFrame:
    """Where scenes begin and how certain that is; one row per scene.

    Every video and embedding option is cut on its own, along time: the order of rows does not
    matter, long segments weigh more than short ones, and a gap makes the segments on its two
    sides less likely to belong together. Whole-video rows and rows without time take no part.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    n_scenes : int, "coarse", "fine" or mapping from video_id to one of these, optional
        How many scenes each video has. Default, also for videos that a mapping does not name:
        chosen for each video, and one where there is no evidence for more. ``"coarse"`` makes a
        cut cost twice as much and ``"fine"`` half, for about half and twice as many scenes;
        :func:`scene_counts` says how many these are.
    method : {"linked", "kernel", "gaussian", "ward", "novelty"}
        ``linked`` cuts where the two sides are unlike as wholes and no shot comes back after the
        cut, by the vote of most of 32 settings; it agrees best with human scene starts. ``kernel``
        and ``gaussian`` are kernel change-point detection with the cosine and the Gaussian kernel,
        ``ward`` joins neighbours bottom-up, ``novelty`` takes the peaks of
        :func:`novelty`.

    Returns
    -------
    DataFrame
        In order of video, option and time, with the columns ``video_id``, ``embedding_option``
        (where the table has it), ``start_sec``, ``end_sec``, ``n_segments``, ``strength`` (how
        certain the start of the scene is, 0 to 1; NaN for the first scene) and ``medoid`` (index
        label of the segment nearest to the scene's mean). Scenes never overlap; a scene ends where
        its last segment does or the next scene begins.

    Raises
    ------
    InputError
        If the table is not one of segments, the method is unknown, a mapping names a video that
        is not in the table, or more scenes are requested than there are segments.

    See Also
    --------
    twlab.scene_counts : how many scenes there are, at three prices
    twlab.scene_labels : the scene of each segment
    twlab.boundary_scores : how well scenes agree with true ones
    twlab.novelty : how strongly something new begins

    Notes
    -----
    *Strength.* For ``linked`` it estimates the probability that people see a scene begin here, or
    one segment away, from two things: the share of the 32 settings that cut here, and by how much
    the six segments on either side are less alike than those on one side. It ranges from .15 to
    .93; .68 is a place where all settings cut although the two sides are as alike as each is
    within itself: it says where to cut if one must. On 18 films cut into as many scenes as people
    saw, of the weakest, the middle and the strongest third of the cuts 52, 69 and 80 % were true.
    For the other methods it is what the cut saves: one half where it is just worth its price,
    towards 1 where it explains much.

    *Counts.* Vectors alone cannot say how many scenes people would count: on 18 films the number
    was off by a fifth in the mean, on the worst by more than half. A number above one is only
    chosen where the cuts explain the video better than they explain videos made from it that
    change as much and as slowly, but nowhere at once. A steady drift, noise, one topic or fewer
    than four segments are one scene, with every method.

    *Cost.* Cutting n segments takes n squared operations up to 2,000 segments; longer videos are
    cut finely first and the cuts then thinned, in time and memory proportional to n.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> int(tw.scenes(film, n_scenes=4)["n_segments"].sum())
    100
    """
    check_segments(segments)
    if method not in (*METHODS, "novelty"):
        raise InputError(
            f"method is {method!r}; one of {', '.join([*METHODS, 'novelty'])} was expected"
        )
    if isinstance(n_scenes, Mapping):
        n_scenes = counts_by_video(n_scenes, segments["video_id"])
    parts = [
        _scenes_of(segments.iloc[rows], n_scenes, method)
        for rows in bar("scenes", list(tracks(segments)))
    ]
    empty = _scene_rows(segments.iloc[:0], np.empty(0, np.intp), np.empty(0))
    return one_table(parts, empty)


def one_table(parts: list[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """The scenes of all videos and options in order, or the empty table where there are none."""
    table = pd.concat(parts, ignore_index=True) if parts else empty
    keys = [name for name in ("video_id", "embedding_option") if name in table.columns]
    return table.sort_values([*keys, "start_sec"], ignore_index=True)


def scene_counts(segments: pd.DataFrame) -> pd.DataFrame:
    """How many scenes each video has, at three prices of a cut.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.

    Returns
    -------
    DataFrame
        One row per video and embedding option, in their order: ``video_id``,
        ``embedding_option`` (where the table has it), ``n_segments`` (that begin at different
        times), and the numbers of scenes that :func:`scenes` makes: ``coarse``, ``default`` and
        ``fine``, never falling from left to right. All are 1 where there is no evidence for more
        than one scene.

    Raises
    ------
    InputError
        If the table is not one of segments.

    See Also
    --------
    twlab.scenes : where scenes begin, and how sure that is

    Notes
    -----
    A cut always gains something, as any two neighbours differ. Its price is the average gain
    between neighbours plus a penalty; ``coarse`` doubles the penalty and ``fine`` halves it. Where
    the three lie far apart, the video has no number of scenes that stands out.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> counts = tw.scene_counts(film)
    >>> bool(counts["default"][0] == len(tw.scenes(film)))
    True
    """
    return count_table(segments).drop(columns="first")


def count_table(segments: pd.DataFrame) -> pd.DataFrame:
    """As :func:`scene_counts`, with the label of the first segment of each video in ``first``."""
    check_segments(segments)
    keys = [name for name in ("video_id", "embedding_option") if name in segments.columns]
    names = ("n_segments", "coarse", "default", "fine")
    found, first = [], []
    for rows in bar("scene counts", list(tracks(segments))):
        track = segments.iloc[rows]
        moments = moments_of(unit_vectors(track), *times_of(track))
        found.append([len(moments.start), *counts(moments, [2.0, 1.0, 0.5])])
        first.append(rows[0])
    table = pd.DataFrame({name: str_column(segments[name].iloc[first]) for name in keys})
    table[list(names)] = np.array(found, np.int64).reshape(-1, len(names))
    table["first"] = segments.index[first]
    return table.sort_values(keys, ignore_index=True)


def scene_labels(segments: pd.DataFrame, scenes: pd.DataFrame) -> pd.Series[Any]:
    """The number of the scene that each segment lies in, counted from 0 in every video.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    scenes : DataFrame
        As :func:`scenes` returns it, or annotations of your own. Only ``video_id``, ``start_sec``,
        ``end_sec`` and, where both tables have it, ``embedding_option`` are read. Without
        ``end_sec`` a scene lasts until the next one begins.

    Returns
    -------
    Series "scene", Int64, on the same index
        The scene that the middle of the segment lies in, of several the one that begins last;
        scenes are counted in the order in which they begin. Missing between scenes, for rows
        without time, whole-video rows and videos without scenes.

    Raises
    ------
    InputError
        If the table is not one of segments, or the scenes lack a column or a start, or end before
        they begin.

    See Also
    --------
    twlab.scenes : where scenes begin, and how sure that is
    twlab.plot.timeline : segments along time, in lanes

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> labels = tw.scene_labels(film, tw.scenes(film, n_scenes=4))
    >>> labels.value_counts(sort=False).index.tolist()
    [0, 1, 2, 3]
    """
    check_segments(segments)
    out = pd.Series(pd.NA, index=segments.index, dtype="Int64", name="scene")
    spans = _spans_of(scenes)
    keys = ["video_id", *({"embedding_option"} & set(segments.columns) & set(scenes.columns))]
    known = {
        track_key(key if isinstance(key, tuple) else (key,)): spans[rows]
        for key, rows in scenes[keys].groupby(keys, dropna=False, observed=True).indices.items()
    }
    values = np.full(len(segments), -1)
    for rows in tracks(segments):
        first = segments.iloc[rows[0]]
        mine = known.get(track_key(tuple(first[name] for name in keys)))
        if mine is not None:
            middle = np.mean(times_of(segments.iloc[rows]), axis=0)
            values[rows] = _numbers_at(middle, mine)
    out[values >= 0] = values[values >= 0]
    return out


def _spans_of(scenes: Any) -> Floats:
    """Start and end of scenes, shape (n, 2); without an end they end at NaN."""
    if not isinstance(scenes, pd.DataFrame):
        raise InputError(f"scenes are a {type(scenes).__name__}; pass what tw.scenes returns")
    for name in ("video_id", "start_sec"):
        if name not in scenes.columns:
            there = ", ".join(map(str, scenes.columns[:12])) or "none"
            raise InputError(
                f"scenes have no column {name!r} (there are: {there}); pass what tw.scenes "
                "returns, or rename the columns of annotations so"
            )
    spans = np.full((len(scenes), 2), np.nan)
    for k, name in enumerate(("start_sec", "end_sec")):
        if name not in scenes.columns:
            continue
        if not pd.api.types.is_numeric_dtype(scenes[name]):
            raise InputError(
                f"{name} of scenes is {scenes[name].dtype}; seconds as numbers were expected"
            )
        spans[:, k] = scenes[name].to_numpy(np.float64, na_value=np.nan)
    wrong = np.isnan(spans[:, 0]) | (spans[:, 1] < spans[:, 0])
    if wrong.any():
        start, end = spans[wrong][0]
        raise InputError(
            f"a scene begins at {start:g} and ends at {end:g} s; a start, and an end not before "
            "it, were expected; leave such rows out"
        )
    return spans


def _numbers_at(times: Floats, spans: Floats) -> Positions:
    """The scene at each time, counted from 0 as they begin; -1 where there is none."""
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    following = np.r_[spans[1:, 0], np.inf][: len(spans)]
    ends = np.where(np.isnan(spans[:, 1]), following, spans[:, 1])
    order = np.argsort(times, kind="stable")
    low = np.searchsorted(times[order], spans[:, 0] - TOUCH_SEC)
    high = np.searchsorted(times[order], ends + TOUCH_SEC, side="right")
    out = np.full(len(times), -1, np.intp)
    for number, (first, last) in enumerate(zip(low, high, strict=True)):
        out[order[first:last]] = number
    return out


def novelty(segments: pd.DataFrame, *, kernel_sec: float | None = None) -> pd.Series[Any]:
    """How strongly something new begins at the start of each segment.

    Foote's checkerboard slid along the diagonal of the similarity matrix, computed in seconds:
    the mean cosine similarity within the stretch before ``start_sec`` and within the stretch
    after it, minus the mean across the two. A segment weighs by its length and by a Gaussian of
    its distance from the boundary with a standard deviation of half the kernel; beyond the kernel
    it weighs nothing. Segments that straddle the boundary belong to neither side. After a gap
    longer than the kernel, the nearest segments before the gap stand for the past.

    Parameters
    ----------
    segments : DataFrame
        A table of segments. Every video and embedding option is followed on its own.
    kernel_sec : float, optional
        Seconds looked at on either side. Default: eight times the median segment length of the
        video, which is the finest scale at which a scene still spans several clips.

    Returns
    -------
    Series "novelty", float64, on the same index
        ``0`` where before and after are alike, at most ``1`` where no two vectors point in
        opposite directions, never above ``2``. NaN where there is nothing to compare: the first
        segment of a video (and others that start before any segment has ended), whole-video
        rows, rows without time, and rows with only zero vectors on one side. Segments that start
        together have the same value.

    Raises
    ------
    InputError
        If the table is not one of segments or the kernel is not a positive number.

    See Also
    --------
    twlab.scenes : where scenes begin, and how sure that is
    twlab.plot.novelty : novelty along time, drawn

    Notes
    -----
    For unit vectors the checkerboard sum equals half the squared distance between the two
    weighted means, so it costs time and memory in proportion to n times the segments per kernel,
    not to n squared.

    References
    ----------
    Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.

    Examples
    --------
    >>> import numpy as np, pandas as pd, twlab as tw
    >>> rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6, 12, 18]})
    >>> rows["end_sec"] = rows.start_sec + 6
    >>> segments = tw.with_vectors(rows, np.eye(2)[[0, 0, 1, 1]])
    >>> tw.novelty(segments).round(2).tolist()
    [nan, 0.41, 1.0, 0.41]
    """
    check_segments(segments)
    given = kernel_sec is not None
    if given and not (isinstance(kernel_sec, Real) and 0 < kernel_sec < math.inf):
        raise InputError(
            f"kernel_sec is {kernel_sec!r}; a positive number of seconds was expected; leave it "
            "out to have it chosen from the length of the segments"
        )
    values = novelty_along(
        segments, lambda rows: unit_vectors(segments.iloc[rows]), kernel_sec=kernel_sec
    )
    return series_like(segments, values, "novelty")


def novelty_along(
    segments: pd.DataFrame,
    take: Callable[[Positions], Matrix],
    *,
    kernel_sec: float | None = None,
) -> Floats:
    """As :func:`novelty`, of rows whose vectors of length 1 ``take`` gives by their positions."""
    values = np.full(len(segments), np.nan)
    for rows in tracks(segments):
        start, end = times_of(segments.iloc[rows])
        width = kernel_sec or KERNEL_CLIPS * clip_length(start, end)
        values[rows] = checkerboard(take(rows), start, end, width)
    return values


def _scenes_of(
    track: pd.DataFrame, n_scenes: Count | Mapping[str, Count] | None, method: Method
) -> pd.DataFrame:
    """The scenes of one video and option, its rows in order of time."""
    unit = unit_vectors(track)
    moments = moments_of(unit, *times_of(track))
    asked = count_for(str(track["video_id"].iloc[0]), n_scenes, len(moments.start))
    # The number of the linked method is one already where there is no evidence for more.
    if method != "linked" and not isinstance(asked, int) and counts(moments, [1.0]) == [1]:
        asked = 1
    if method == "novelty":
        width = KERNEL_CLIPS * clip_length(moments.start, moments.end)
        curve = checkerboard(moments.unit, moments.start, moments.end, width)
        cuts, strength = peaks(asked, curve)
    else:
        cuts, strength = METHODS[method](moments, asked)
    scene = np.searchsorted(cuts, moments.which, side="right")
    return _scene_rows(track, scene, np.r_[np.nan, strength], unit)


def _scene_rows(
    track: pd.DataFrame,
    scene: Positions,
    strength: Floats,
    unit: NDArray[np.float32] | None = None,
) -> pd.DataFrame:
    """One row per scene from the scene of each row, counted from 0."""
    start, end = times_of(track)
    count = len(strength)
    first, last = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(first, scene, start)
    np.maximum.at(last, scene, end)
    last[:-1] = np.minimum(last[:-1], first[1:])
    columns: dict[str, Any] = {
        name: str_column([track[name].iloc[0]] * count if count else [])
        for name in ("video_id", "embedding_option")
        if name in track.columns
    }
    columns |= {
        "start_sec": first,
        "end_sec": last,
        "n_segments": np.bincount(scene, minlength=count),
        "strength": strength,
        "medoid": track.index[[_medoid(unit, scene == k) for k in range(count)]]
        if unit is not None
        else track.index[:0],
    }
    return pd.DataFrame(columns)


def _medoid(unit: NDArray[np.float32], rows: NDArray[np.bool_]) -> int:
    """Position of the row most like the mean of the given rows; of equals the first in time."""
    inside = np.flatnonzero(rows)
    likeness = (unit[inside] @ unit[inside].mean(axis=0)).astype(np.float64)
    return int(inside[first_of_best(likeness, np.zeros(len(inside), np.intp), 1)[0]])
