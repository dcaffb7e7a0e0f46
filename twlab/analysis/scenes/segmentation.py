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

Each is written once for tables and stores: :func:`scene_table`, :func:`count_table` and
:func:`novelty_series` check the arguments, choose what is cut, and put the result in order; they
call :func:`scenes_of`, :func:`counts_of` and :func:`novelty_of` with the rows of one video and
option at a time, and an archive does that where the rows lie.

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
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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
from twlab.table.groups import on_table
from twlab.table.pages import tell_untimed
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

    from twlab.table.groups import EachGroup
    from twlab.table.types import Floats, Mask, Matrix, Positions


__all__ = [
    "Count",
    "SceneMethod",
    "count_table",
    "novelty",
    "novelty_along",
    "novelty_series",
    "scene_counts",
    "scene_labels",
    "scene_table",
    "scenes",
]

KERNEL_CLIPS = 8
"""Clips that novelty looks at on either side, where no length in seconds is given. Its peaks, as
many as people saw scenes on 18 films, have a boundary F of .62, .52, .57 (OVSD, BBC, RAI) with 4,
.59, .57, .56 with 8 and .55, .54, .47 with 16. Left out, each source but BBC chooses 8."""

SceneMethod = Literal["linked", "kernel", "gaussian", "ward", "novelty"]
Count = int | Literal["coarse", "fine"]


def scenes(
    segments: pd.DataFrame,
    *,
    n_scenes: Count | Mapping[str, Count] | None = None,
    method: SceneMethod = "linked",
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
    return scene_table(segments, n_scenes, method, on_table(segments))


def scene_table(
    places: pd.DataFrame,
    n_scenes: Count | Mapping[str, Count] | None,
    method: Any,
    of_each: EachGroup,
) -> pd.DataFrame:
    """What :func:`scenes` returns, from rows that need not carry their vectors."""
    if method not in (*METHODS, "novelty"):
        raise InputError(
            f"method is {method!r}; one of {', '.join([*METHODS, 'novelty'])} was expected"
        )
    if isinstance(n_scenes, Mapping):
        n_scenes = counts_by_video(n_scenes, places["video_id"])
    tell_untimed(places, "scenes")
    groups = list(tracks(places))
    found = [Scenes(*one) for one in of_each("scenes", scenes_of, groups, n_scenes, method)]
    first = [rows[0] for rows, one in zip(groups, found, strict=True) for _ in one.strength]
    medoid = [row for rows, one in zip(groups, found, strict=True) for row in rows[one.medoid]]
    whole = Scenes(*map(np.concatenate, zip(NO_SCENES, *found, strict=True)))
    whose = _whose(places, first)
    table = whose.assign(
        start_sec=whole.start,
        end_sec=whole.end,
        n_segments=whole.n_segments,
        strength=whole.strength,
        medoid=places.index[np.array(medoid, np.intp)],
    )
    return table.sort_values([*whose.columns, "start_sec"], ignore_index=True)


def _whose(places: pd.DataFrame, rows: list[Any]) -> pd.DataFrame:
    """Video and option of some rows, on a fresh index."""
    names = [name for name in ("video_id", "embedding_option") if name in places.columns]
    return pd.DataFrame({name: str_column(places[name].iloc[rows]) for name in names})


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
    check_segments(segments)
    return count_table(segments, on_table(segments))


def count_table(places: pd.DataFrame, of_each: EachGroup) -> pd.DataFrame:
    """What :func:`scene_counts` returns, from rows that need not carry their vectors."""
    tell_untimed(places, "scenes")
    groups = list(tracks(places))
    found = [one for (one,) in of_each("scene counts", counts_of, groups)]
    whose = _whose(places, [rows[0] for rows in groups])
    table = whose.copy()
    names = ["n_segments", "coarse", "default", "fine"]
    table[names] = np.array(found, np.int64).reshape(-1, len(names))
    return table.sort_values([*whose.columns], ignore_index=True)


def counts_of(track: pd.DataFrame) -> tuple[Positions]:
    """How many segments of a track begin at different times, and its three numbers of scenes."""
    moments = moments_of(unit_vectors(track), *times_of(track))
    return (np.array([len(moments.start), *counts(moments, [2.0, 1.0, 0.5])], np.intp),)


def scene_labels(segments: pd.DataFrame, scenes: pd.DataFrame) -> pd.Series[int]:
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


def novelty(segments: pd.DataFrame, *, kernel_sec: float | None = None) -> pd.Series[float]:
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
    return novelty_series(segments, kernel_sec, on_table(segments))


def novelty_series(
    places: pd.DataFrame, kernel_sec: float | None, of_each: EachGroup
) -> pd.Series[Any]:
    """What :func:`novelty` returns, from rows that need not carry their vectors."""
    given = kernel_sec is not None
    if given and not (isinstance(kernel_sec, Real) and 0 < kernel_sec < math.inf):
        raise InputError(
            f"kernel_sec is {kernel_sec!r}; a positive number of seconds was expected; leave it "
            "out to have it chosen from the length of the segments"
        )
    tell_untimed(places, "novelty and boundaries")
    values, groups = np.full(len(places), np.nan), list(tracks(places))
    curves = of_each("novelty", novelty_of, groups, kernel_sec)
    for rows, (curve,) in zip(groups, curves, strict=True):
        values[rows] = curve
    return series_like(places, values, "novelty")


def novelty_along(
    segments: pd.DataFrame,
    take: Callable[[Positions], Matrix],
    *,
    clips: Mask | None = None,
    kernel_sec: float | None = None,
) -> Floats:
    """As :func:`novelty`, of rows whose vectors of length 1 ``take`` gives by their positions."""
    values = np.full(len(segments), np.nan)
    for rows in tracks(segments, clips):
        values[rows] = _novelty_at(segments.iloc[rows], take(rows), kernel_sec)
    return values


def novelty_of(track: pd.DataFrame, kernel_sec: float | None) -> tuple[Floats]:
    """The novelty at the start of each row of a track."""
    return (_novelty_at(track, unit_vectors(track), kernel_sec),)


def _novelty_at(track: pd.DataFrame, unit: Matrix, kernel_sec: float | None) -> Floats:
    """The same where the vectors are of length 1 already."""
    start, end = times_of(track)
    width = kernel_sec or KERNEL_CLIPS * clip_length(start, end)
    return checkerboard(unit, start, end, width)


class Scenes(NamedTuple):
    """The scenes of one track, in order of time."""

    start: Floats
    end: Floats
    n_segments: Positions
    strength: Floats
    medoid: Positions
    """The row of the track that is most like the scene's mean."""


NO_SCENES = Scenes(*(np.empty(0, kind) for kind in (float, float, np.intp, float, np.intp)))


def scenes_of(
    track: pd.DataFrame, n_scenes: Count | Mapping[str, Count] | None, method: SceneMethod
) -> Scenes:
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
    return _scenes_at(*times_of(track), scene, np.r_[np.nan, strength], unit)


def _scenes_at(
    start: Floats, end: Floats, scene: Positions, strength: Floats, unit: Matrix
) -> Scenes:
    """What is known of each scene, from the scene of each row, counted from 0."""
    count = len(strength)
    first, last = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(first, scene, start)
    np.maximum.at(last, scene, end)
    last[:-1] = np.minimum(last[:-1], first[1:])
    medoid = np.array([_medoid(unit, scene == k) for k in range(count)], np.intp)
    return Scenes(first, last, np.bincount(scene, minlength=count), strength, medoid)


def _medoid(unit: NDArray[np.float32], rows: NDArray[np.bool_]) -> int:
    """Position of the row most like the mean of the given rows; of equals the first in time."""
    inside = np.flatnonzero(rows)
    likeness = (unit[inside] @ unit[inside].mean(axis=0)).astype(np.float64)
    return int(inside[first_of_best(likeness, np.zeros(len(inside), np.intp), 1)[0]])
