"""Whether embedding options tell the same story of a video.

Two options agree where moments alike for the one are alike for the other: their matrices of
self-similarity are correlated. Both run smoothly along time, so any two would agree somewhat;
what chance gives is measured by shifting one of them round in time, which keeps its smoothness,
and never by shuffling it, which does not.

* :func:`compare_options` - agreement of every pair of options of every video
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.segments import check_segments, str_column, unit_vectors
from twlab.sources import also_stores
from twlab.tracks import TOUCH_SEC, clip_length, on_grid, times_of, tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["compare_options"]

MOST_CELLS = 1500
MOST_SHIFTS = 200
FEWEST_CELLS = 8


@also_stores("segments")
def compare_options(segments: pd.DataFrame) -> pd.DataFrame:
    """How far the embedding options of each video agree, against chance.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of several options. Options may lie on different grids of time: they
        are compared on cells of the longer typical segment, where both have something.

    Returns
    -------
    DataFrame
        One row per video and pair of options: ``video_id``, ``option_a``, ``option_b``;
        ``agreement`` (correlation of the two self-similarity matrices, -1 to 1, a cell with
        itself left out), ``chance_mean`` and ``chance_95`` (mean and 95 % point of the same
        where one option is shifted round in time), ``p_value`` (share of shifts, counting the
        true order, that agree as much) and ``n_cells``. NaN with fewer than eight cells or where
        an option never changes. Empty where no video has two options.

    Raises
    ------
    InputError
        If the table is not one of segments.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    >>> tw.compare_options(both)[["option_a", "option_b", "n_cells"]].values.tolist()
    [['audio', 'visual', 100]]
    """
    check_segments(segments)
    videos: dict[Any, dict[str, pd.DataFrame]] = {}
    for rows in tracks(segments) if "embedding_option" in segments.columns else ():
        track = segments.iloc[rows]
        option = track["embedding_option"].iloc[0]
        videos.setdefault(track["video_id"].iloc[0], {})[str(option)] = track
    found = [
        {"video_id": video, "option_a": a, "option_b": b, **_agreement(parts[a], parts[b])}
        for video, parts in videos.items()
        for a, b in combinations(sorted(parts), 2)
    ]
    numbers = ["agreement", "chance_mean", "chance_95", "p_value", "n_cells"]
    names = ["video_id", "option_a", "option_b"]
    table = pd.DataFrame(found, columns=[*names, *numbers])
    for name in names:
        table[name] = str_column(table[name])
    table = table.sort_values(names, ignore_index=True)
    return table.astype({name: np.float64 for name in numbers[:-1]} | {"n_cells": np.int64})


def _agreement(a: pd.DataFrame, b: pd.DataFrame) -> dict[str, float]:
    """Agreement of two tracks of one video, and what chance gives."""
    cells = _common_cells(a, b)
    n = len(cells[0])
    out = dict.fromkeys(("agreement", "chance_mean", "chance_95", "p_value"), np.nan)
    if n < FEWEST_CELLS:
        return out | {"n_cells": n}
    matrices = [_centred(x @ x.T) for x in cells]
    size = float(np.sqrt((matrices[0] ** 2).sum() * (matrices[1] ** 2).sum()))
    if size < 1e-9 * n:
        return out | {"n_cells": n}
    # Shifts by less than a twentieth still carry some of the true order.
    least = max(1, n // 20)
    shifts = np.unique(np.linspace(least, n - least, min(MOST_SHIFTS, n)).astype(int))
    true = float((matrices[0] * matrices[1]).sum() / size)
    chance = np.array([_rolled(matrices, int(by)) / size for by in shifts])
    out["agreement"], out["chance_mean"] = true, float(chance.mean())
    out["chance_95"] = float(np.quantile(chance, 0.95))
    out["p_value"] = float((1 + (chance >= true).sum()) / (1 + len(chance)))
    return out | {"n_cells": n}


def _common_cells(a: pd.DataFrame, b: pd.DataFrame) -> list[Floats]:
    """Vectors of both tracks on the cells where both have something."""
    cell = max(clip_length(*times_of(a)), clip_length(*times_of(b)))
    origin = max(float(a["start_sec"].min()), float(b["start_sec"].min()))
    spread = max(float(a["end_sec"].max()), float(b["end_sec"].max())) - origin
    cell = max(cell, spread / MOST_CELLS)
    grids = []
    for track in (a, b):
        late = track[track["end_sec"] > origin + TOUCH_SEC]
        if not len(late):
            return [np.empty((0, 1)), np.empty((0, 1))]
        start, end = times_of(late)
        grids.append(on_grid(unit_vectors(late), np.maximum(start, origin), end, cell))
    starts = [np.round((grid.start_sec - origin) / cell).astype(int) for grid in grids]
    kept = [at[grid.filled] for at, grid in zip(starts, grids, strict=True)]
    both = np.intersect1d(kept[0], kept[1])
    out = []
    for at, grid in zip(starts, grids, strict=True):
        vectors = grid.cells[np.searchsorted(at, both)]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        out.append(vectors / np.where(length > 0, length, 1))
    return out


def _centred(similar: Floats) -> Floats:
    """Similarities less their mean, the diagonal not counted."""
    n = len(similar)
    off = ~np.eye(n, dtype=bool)
    return np.asarray(np.where(off, similar - similar[off].mean(), 0.0))


def _rolled(matrices: list[Floats], by: int) -> float:
    """Sum of products where the second is shifted round in time."""
    return float((matrices[0] * np.roll(matrices[1], (by, by), axis=(0, 1))).sum())
