"""How well found scene boundaries agree with true ones.

Scenes come as tables with ``start_sec`` and ``end_sec`` (as :func:`twlab.scenes` returns them) or
as plain edges ``[start, boundary, ..., boundary, end]`` in seconds. Only boundaries between scenes
count, never the start and the end of the video.

* :func:`boundary_scores` - precision, recall, F, coverage, overflow, IoU and WindowDiff

References
----------
Vendrig and Worring, "Systematic evaluation of logical story unit segmentation", IEEE Trans.
Multimedia 2002. Pevzner and Hearst, "A critique and improvement of an evaluation metric for text
segmentation", Computational Linguistics 2002.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.segments import str_column
from twlab.table.tracks import track_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.table.types import Floats


__all__ = ["boundary_scores", "count_matches"]

ROUNDING_SEC = 1e-6
"""What times lose in files and sums; boundaries just as far apart as the tolerance are matched."""


def boundary_scores(
    reference: pd.DataFrame | Sequence[float],
    estimated: pd.DataFrame | Sequence[float],
    *,
    tolerance_sec: float | None = None,
) -> pd.DataFrame:
    """How well estimated scenes agree with the reference, one row per video.

    Parameters
    ----------
    reference, estimated : DataFrame or sequence of float
        Tables of scenes, or edges in seconds. Where both tables have ``video_id`` (and
        ``embedding_option``, if the reference has it), every video of the reference is scored on
        its own; a video without estimated scenes counts as found to be one scene.
    tolerance_sec : float, optional
        How far an estimated boundary may lie from a true one, inclusive. Default: half
        the typical time from one segment to the next in the estimated scenes (their length over
        ``n_segments``, where they have that), and 0.5 s otherwise: boundaries cannot be known
        more finely than the clips they lie between.

    Returns
    -------
    DataFrame
        ``precision``, ``recall`` and ``f_measure`` of boundaries, matched one to one;
        ``coverage`` (the share of each true scene that one estimated scene holds), ``overflow``
        (how far estimated scenes spill into the neighbours of a true scene, at most 1) and
        ``coverage_f``, the harmonic mean of coverage and 1 - overflow, all weighted by duration;
        ``mean_iou`` (best intersection over union, mean over both directions);
        ``window_diff`` (share of windows of half a mean true scene in which the numbers of
        boundaries differ, 0 is best); ``n_reference``, ``n_estimated`` scenes and the
        ``tolerance_sec`` used. Without any boundary on either side, precision, recall and
        F are 0, as in ``mir_eval``.

    Raises
    ------
    InputError
        If a table lacks a column, edges are not increasing, or the tolerance is negative.

    See Also
    --------
    twlab.scenes : where scenes begin, and how sure that is

    Notes
    -----
    Precision, recall and F agree with ``mir_eval.segment.detection(trim=True)``; WindowDiff
    agrees with ``segeval.window_diff`` where boundaries and window are whole seconds. The two are
    compared from the earlier start to the later end.

    Examples
    --------
    >>> import twlab as tw
    >>> scores = tw.boundary_scores([0, 10, 20, 40], [0, 10.5, 30, 40], tolerance_sec=1)
    >>> scores[["precision", "recall"]].to_dict("records")
    [{'precision': 0.5, 'recall': 0.5}]
    """
    if tolerance_sec is not None and not (isinstance(tolerance_sec, Real) and tolerance_sec >= 0):
        raise InputError(
            f"tolerance_sec is {tolerance_sec!r}; a number of seconds, 0 or more, was expected"
        )
    rows = []
    for key, true, found, clip in _pairs(reference, estimated):
        tolerance = tolerance_sec if tolerance_sec is not None else clip
        rows.append(key | _scores(true, found, tolerance) | {"tolerance_sec": tolerance})
    table = pd.DataFrame(rows)
    for name in ("video_id", "embedding_option"):
        if name in table.columns:
            table[name] = str_column(table[name])
    return table


def _pairs(reference: Any, estimated: Any) -> list[tuple[dict[str, Any], Floats, Floats, float]]:
    """Keys, true edges, found edges and default tolerance of every video."""
    both = [data for data in (reference, estimated) if isinstance(data, pd.DataFrame)]
    keys = [
        name
        for name in ("video_id", "embedding_option")
        if len(both) == 2 and all(name in data.columns for data in both)
    ]
    if not keys:
        return [({}, _edges(reference), _edges(estimated), _half_clip(estimated))]
    found = {
        track_key(key): part for key, part in estimated.groupby(keys, dropna=False, observed=True)
    }
    out = []
    for key, part in reference.groupby(keys, dropna=False, observed=True):
        true, mine = _edges(part), found.get(track_key(key), part.iloc[:0])
        edges = _edges(mine) if len(mine) else true[[0, -1]]
        out.append((dict(zip(keys, key, strict=True)), true, edges, _half_clip(mine)))
    return out


def _edges(scenes: Any) -> Floats:
    """Start, boundaries and end in seconds."""
    if isinstance(scenes, pd.DataFrame):
        missing = [name for name in ("start_sec", "end_sec") if name not in scenes.columns]
        if missing:
            there = ", ".join(map(str, scenes.columns[:12])) or "none"
            raise InputError(
                f"no column {missing[0]!r} in a table of scenes (there are: {there}); start_sec "
                "and end_sec in seconds were expected; rename those of annotations, for example "
                "table.rename(columns={'start': 'start_sec', 'end': 'end_sec'})"
            )
        starts = np.sort(scenes["start_sec"].to_numpy(np.float64, na_value=np.nan))
        edges = np.r_[
            starts, scenes["end_sec"].to_numpy(np.float64, na_value=np.nan).max(initial=-np.inf)
        ]
    else:
        edges = _numbers(scenes)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InputError(
            f"edges {np.array2string(edges, threshold=6)} are not increasing; start, boundaries "
            "and end of one video in seconds were expected; filter to one video and option"
        )
    return np.asarray(edges)


def _numbers(edges: Any) -> Floats:
    """Plain edges as an array."""
    try:
        return np.asarray(edges, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"edges are {edges!r:.60}; start, boundaries and end of one video in seconds were "
            "expected; pass a list of numbers or what tw.scenes returns"
        ) from None


def _half_clip(scenes: Any) -> float:
    """Half the typical segment length behind a table of scenes, or half a second."""
    if not isinstance(scenes, pd.DataFrame) or "n_segments" not in scenes or not len(scenes):
        return 0.5
    lengths = (scenes["end_sec"] - scenes["start_sec"]) / scenes["n_segments"]
    return float(lengths.median()) / 2


def _scores(true: Floats, found: Floats, tolerance: float) -> dict[str, float]:
    """All scores of one video."""
    low, high = min(true[0], found[0]), max(true[-1], found[-1])
    inner = [edges[1:-1] for edges in (true, found)]
    hits = count_matches(inner[0], inner[1], tolerance)
    precision, recall = (hits / len(side) if len(side) else 0.0 for side in (inner[1], inner[0]))
    full = [np.r_[low, side[(side > low) & (side < high)], high] for side in inner]
    shared = np.minimum.outer(full[0][1:], full[1][1:]) - np.maximum.outer(
        full[0][:-1], full[1][:-1]
    )
    shared = np.maximum(shared, 0.0)
    lengths = [np.diff(edges) for edges in full]
    coverage, overflow = _coverage_overflow(shared, *lengths)
    iou = shared / (np.add.outer(*lengths) - shared)
    return {
        "precision": precision,
        "recall": recall,
        "f_measure": _harmonic(precision, recall),
        "coverage": coverage,
        "overflow": overflow,
        "coverage_f": _harmonic(coverage, 1 - overflow),
        "mean_iou": float((iou.max(axis=0).mean() + iou.max(axis=1).mean()) / 2),
        "window_diff": _window_diff(*full),
        "n_reference": len(lengths[0]),
        "n_estimated": len(lengths[1]),
    }


def count_matches(true: Floats, found: Floats, tolerance: float) -> int:
    """Boundaries that can be matched one to one within the tolerance."""
    i = j = hits = 0
    while i < len(true) and j < len(found):
        if abs(true[i] - found[j]) <= tolerance + ROUNDING_SEC:
            hits, i, j = hits + 1, i + 1, j + 1
        elif true[i] < found[j]:
            i += 1
        else:
            j += 1
    return hits


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _coverage_overflow(shared: Floats, true: Floats, found: Floats) -> tuple[float, float]:
    """Coverage and overflow of true scenes, weighted by their duration."""
    weight = true / true.sum()
    beside = np.r_[true[1:], 0] + np.r_[0, true[:-1]]
    spill = np.where(shared > 0, found - shared, 0.0).sum(axis=1)
    overflow = np.divide(spill, beside, out=np.zeros_like(spill), where=beside > 0)
    return float(weight @ (shared.max(axis=1) / true)), float(weight @ np.minimum(overflow, 1.0))


def _window_diff(true: Floats, found: Floats) -> float:
    """Share of windows that hold different numbers of boundaries, over all window positions."""
    low, high = true[0], true[-1]
    width = (high - low) / (len(true) - 1) / 2
    inner = [edges[1:-1] for edges in (true, found)]
    steps = np.unique(np.concatenate([[low, high - width], *inner, *(e - width for e in inner)]))
    steps = steps[(steps >= low) & (steps <= high - width)]
    middle = (steps[:-1] + steps[1:]) / 2
    counts = [
        np.searchsorted(edges, middle + width) - np.searchsorted(edges, middle) for edges in inner
    ]
    return float((np.diff(steps) * (counts[0] != counts[1])).sum() / (high - width - low))
