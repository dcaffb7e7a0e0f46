"""Where scenes begin: analysis that knows the vectors lie along time.

Conventions
-----------
Everything here works on one video and one embedding option at a time, in seconds rather than in
row numbers: rows may come in any order, be of unequal length, leave gaps or overlap. Whole-video
rows and rows without time take no part.

* :func:`scenes` - where scenes begin, and how sure that is
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

from twlab.errors import InputError
from twlab.scenecuts import METHODS, count_for, counts_by_video, moments_of, peaks
from twlab.segments import check_segments, series_like, str_column, unit_vectors
from twlab.sources import also_stores
from twlab.tracks import TOUCH_SEC, clip_length, seconds_stood_for, times_of, track_key, tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Cuts = NDArray[np.intp]

__all__ = ["novelty", "scene_labels", "scenes"]

KERNEL_CLIPS = 8
"""Clips that novelty looks at on either side, where no length in seconds is given."""

Method = Literal["linked", "kernel", "gaussian", "ward", "novelty"]


@also_stores("segments")
def scenes(
    segments: pd.DataFrame,
    *,
    n_scenes: int | Mapping[str, int] | None = None,
    method: Method = "linked",
) -> pd.DataFrame:
    """Where scenes begin and how sure that is; one row per scene.

    Every video and embedding option is cut on its own, along time: the order of rows does not
    matter, long segments weigh more than short ones, and a gap makes the segments on its two
    sides less likely to belong together. Whole-video rows and rows without time take no part.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    n_scenes : int or mapping from video_id to int, optional
        How many scenes each video has. Default, also for videos that a mapping does not name:
        chosen for each video by the method.
    method : {"linked", "kernel", "gaussian", "ward", "novelty"}
        ``linked`` cuts where the two sides are unlike as wholes and no shot comes back after the
        cut; it agrees best with human scene starts. ``kernel`` and ``gaussian`` are kernel
        change-point detection with the cosine and the Gaussian kernel, ``ward`` joins
        neighbours bottom-up, ``novelty`` takes the peaks of :func:`novelty`.

    Returns
    -------
    DataFrame
        In order of video, option and time, with the columns ``video_id``, ``embedding_option``
        (where the table has it), ``start_sec``, ``end_sec``, ``n_segments``, ``strength`` (how
        sure the scene's opening is: 0.5 where it is just worth its price, towards 1 where the
        cut explains much; NaN for the first scene) and ``medoid`` (index label of the segment
        nearest to the scene's mean). Scenes never overlap; a scene ends where its last segment
        does or the next scene begins.

    Raises
    ------
    InputError
        If the table is not one of segments, the method is unknown, a mapping names a video that
        is not in the table, or more scenes are asked for than there are segments.

    Notes
    -----
    Cutting n segments takes n squared operations up to 2,000 segments; longer videos are cut
    finely first and the cuts then thinned, in time and memory proportional to n.

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
    parts = [_scenes_of(segments.iloc[rows], n_scenes, method) for rows in tracks(segments)]
    empty = _scene_rows(segments.iloc[:0], np.empty(0, np.intp), np.empty(0))
    table = pd.concat(parts, ignore_index=True) if parts else empty
    keys = [name for name in ("video_id", "embedding_option") if name in table.columns]
    return table.sort_values([*keys, "start_sec"], ignore_index=True)


@also_stores("segments")
def scene_labels(segments: pd.DataFrame, scenes: pd.DataFrame) -> pd.Series[Any]:
    """The number of the scene that each segment lies in, counted from 0 in every video.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    scenes : DataFrame
        As :func:`scenes` returns it. Only ``video_id``, ``start_sec``, ``end_sec`` and, where both
        tables have it, ``embedding_option`` are read.

    Returns
    -------
    Series "scene", Int64, on the same index
        The last scene that begins no later than the middle of the segment; missing for rows
        without time, whole-video rows and videos without scenes.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> labels = tw.scene_labels(film, tw.scenes(film, n_scenes=4))
    >>> labels.value_counts(sort=False).index.tolist()
    [0, 1, 2, 3]
    """
    check_segments(segments)
    if not isinstance(scenes, pd.DataFrame):
        raise InputError(f"scenes are a {type(scenes).__name__}; pass what tw.scenes returns")
    out = pd.Series(pd.NA, index=segments.index, dtype="Int64", name="scene")
    both = set(segments.columns) & set(scenes.columns)
    keys = ["video_id", *({"embedding_option"} & both)]
    for name in (*keys, "start_sec"):
        if name not in scenes.columns:
            raise InputError(f"scenes have no column {name!r}; pass what tw.scenes returns")
    starts = {
        track_key(key): np.sort(group["start_sec"].to_numpy(np.float64))
        for key, group in scenes.groupby(keys, dropna=False, observed=True)
    }
    values = np.full(len(segments), -1)
    for rows in tracks(segments):
        first = segments.iloc[rows[0]]
        known = starts.get(track_key(tuple(first[name] for name in keys)))
        if known is not None:
            middle = np.mean(times_of(segments.iloc[rows]), axis=0)
            values[rows] = np.searchsorted(known, middle + TOUCH_SEC, side="right") - 1
    out[values >= 0] = values[values >= 0]
    return out


@also_stores("segments")
def novelty(segments: pd.DataFrame, *, kernel_sec: float | None = None) -> pd.Series[Any]:
    """How strongly something new begins at the start of each segment.

    Foote's checkerboard slid along the diagonal of the similarity matrix, computed in seconds:
    the mean cosine similarity within the stretch before ``start_sec`` and within the stretch
    after it, minus the mean across the two. A segment weighs by its length and by a Gaussian of
    its distance from the boundary with a standard deviation of half the kernel; beyond the kernel
    it weighs nothing. Segments that straddle the boundary belong to neither side. After a gap
    longer than the kernel, the nearest segment before the gap stands for the past.

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
    values = np.full(len(segments), np.nan)
    for rows in tracks(segments):
        track = segments.iloc[rows]
        start, end = times_of(track)
        width = kernel_sec or KERNEL_CLIPS * clip_length(start, end)
        values[rows] = _checkerboard(unit_vectors(track), start, end, width)
    return series_like(segments, values, "novelty")


def _scenes_of(
    track: pd.DataFrame, n_scenes: int | Mapping[str, int] | None, method: Method
) -> pd.DataFrame:
    """The scenes of one video and option, its rows in order of time."""
    unit = unit_vectors(track)
    moments = moments_of(unit, *times_of(track))
    count = count_for(str(track["video_id"].iloc[0]), n_scenes, len(moments.start))
    if method == "novelty":
        width = KERNEL_CLIPS * clip_length(moments.start, moments.end)
        curve = _checkerboard(moments.unit, moments.start, moments.end, width)
        cuts, strength = peaks(moments, count, curve)
    else:
        cuts, strength = METHODS[method](moments, count)
    scene = np.searchsorted(cuts, moments.which, side="right")
    return _scene_rows(track, scene, np.r_[np.nan, strength], unit)


def _scene_rows(
    track: pd.DataFrame,
    scene: Cuts,
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
    """Position of the row most like the mean of the given rows."""
    inside = np.flatnonzero(rows)
    return int(inside[(unit[inside] @ unit[inside].mean(axis=0)).argmax()])


def _checkerboard(unit: NDArray[np.float32], start: Floats, end: Floats, width: float) -> Floats:
    """Half the squared distance of the weighted means on either side of each start.

    Rows are in order of time. Done once for each distinct start.
    """
    times, which = np.unique(start, return_inverse=True)
    weight = seconds_stood_for(start, end) * unit.any(axis=1)
    before = _side_means(times, end, start, unit, weight, width)
    after = _side_means(-times, -start, -end, unit, weight, width)
    values = 0.5 * ((before - after) ** 2).sum(axis=1)
    values[0] = np.nan
    return np.asarray(values[which])


def _side_means(
    times: Floats,
    near: Floats,
    far: Floats,
    unit: NDArray[np.float32],
    weight: Floats,
    width: float,
) -> Floats:
    """Weighted mean of what lies before each time; row k is NaN where nothing does.

    ``near`` is the edge of a row towards the boundary, ``far`` the other one. For what lies
    after, the caller mirrors time.
    """
    from scipy import sparse

    keep = np.flatnonzero(weight > 0)
    keep = keep[np.argsort(near[keep], kind="stable")]
    near, far, unit, weight = near[keep], far[keep], unit[keep], weight[keep]
    stop = np.searchsorted(near, times + TOUCH_SEC, side="right")
    first = np.searchsorted(near, times - width - TOUCH_SEC, side="left")
    first = np.minimum(first, np.maximum(stop - 1, 0))
    counts = stop - first
    row = np.repeat(np.arange(len(times)), counts)
    column = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    column += np.repeat(first, counts)
    distance = np.abs(times[row] - (near + far)[column] / 2)
    nearest = np.full(len(times), np.inf)
    np.minimum.at(nearest, row, distance)
    # Counted from the nearest row, so that a long gap does not underflow to nothing.
    taper = np.exp(-2 * (distance**2 - nearest[row] ** 2) / width**2)
    value = weight[column] * taper
    board = sparse.csr_array((value, (row, column)), shape=(len(times), len(unit)))
    total = np.asarray(board.sum(axis=1)).ravel()
    mean = np.full((len(times), unit.shape[1]), np.nan)
    np.divide(board @ unit.astype(np.float64), total[:, None], out=mean, where=total[:, None] > 0)
    return mean
