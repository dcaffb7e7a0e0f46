"""Maps and heatmaps for the explorer: one of each per embedding option and model.

Vectors of different options share no scale, so a table that mixes them opens with one map per
option, the visual one first. What crosses to the browser is small: coordinates, a square of bytes
and lists of neighbours, never the vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.rows import align_rows
from twlab.table.segments import clip_mask, split_options, unit_vectors
from twlab.widgets.squares import MAX_CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.table.types import Arrays, Mask, Matrix, Positions


__all__ = [
    "Space",
    "add_neighbors",
    "align_coords",
    "nearest_rows",
    "place_rows",
    "spaces_of",
    "typical_rows",
    "unit_rows",
    "why_no_neighbors",
]

N_ANSWERED = 10
"""As many as :func:`twlab.nearest` gives; of 5,000 rows they are 200 KB in the page."""


class Space(NamedTuple):
    """The clips of one option (and model, where there are several)."""

    name: str
    rows: NDArray[np.uint32]
    """Their positions in the table, by video and time."""
    unit: Matrix | None
    """Their vectors at length 1, where a view needs them: scaled here once for all views."""


def spaces_of(
    segments: pd.DataFrame, order: Positions, clips: Mask, *, scaled: bool
) -> list[Space]:
    """The spaces of a table, from the positions of all its rows by video and time."""
    keys = _space_names(segments)
    names = sorted(set(keys[clips]), key=lambda name: (not name.startswith("visual"), name))
    ordered = order[clips[order]]
    spaces = []
    for name in names:
        rows = ordered[keys[ordered] == name].astype(np.uint32)
        unit = unit_vectors(segments.iloc[rows]) if scaled else None
        spaces.append(Space(str(name), rows, unit))
    return spaces


def unit_rows(segments: pd.DataFrame, spaces: list[Space]) -> Callable[[Positions], Matrix]:
    """A function that gives the vectors of some rows at length 1: from their space if it has them.

    Rows of several spaces are scaled afresh, and refused where they cannot be compared.
    """
    space, place = np.full(len(segments), -1), np.zeros(len(segments), np.intp)
    for number, one in enumerate(spaces):
        space[one.rows], place[one.rows] = number, np.arange(len(one.rows))

    def take(rows: Positions) -> Matrix:
        numbers = np.unique(space[rows])
        unit = spaces[numbers[0]].unit if len(numbers) == 1 and numbers[0] >= 0 else None
        return unit_vectors(segments.iloc[rows]) if unit is None else unit[place[rows]]

    return take


def place_rows(unit: Matrix) -> Matrix:
    """X and y of the rows of a space on a map of their own; NaN for those without a direction."""
    from twlab.analysis.maps.projection import lay_out, usual_method

    if len(unit) < 2:
        return np.zeros((len(unit), 2), np.float32)
    out = np.full((len(unit), 2), np.nan, np.float32)
    there = unit.any(axis=1)
    out[there] = lay_out(unit if there.all() else unit[there], usual_method(len(unit)))
    return out


def typical_rows(space: Space, video: NDArray[np.uint32]) -> dict[int, int]:
    """The row of each video that is most like the mean of its clips."""
    if space.unit is None or not len(space.rows):
        return {}
    codes = video[space.rows]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    found: dict[int, int] = {}
    for first, last in zip(starts, [*starts[1:], len(codes)], strict=True):
        unit = space.unit[first:last]
        best = int(np.argmax(unit @ unit.mean(axis=0)))
        found[int(codes[first])] = int(space.rows[first + best])
    return found


def add_neighbors(unit: Matrix, rows: NDArray[np.uint32], arrays: Arrays, key: str) -> int:
    """How many nearest neighbours each row was given; their positions go into ``arrays``."""
    count = min(N_ANSWERED, len(rows) - 1)
    if count < 1 or len(rows) > MAX_CELLS:
        return 0
    from twlab.analysis.neighbors.nearest import neighbors_among

    found = neighbors_among(unit, count)[0]
    places = np.full((len(rows), count), -1, np.int32)
    places[:, : found.shape[1]] = np.where(found >= 0, rows[found].astype(np.int32), -1)
    arrays[key] = places.reshape(-1)
    return count


def why_no_neighbors(rows: NDArray[np.uint32]) -> str:
    """The sentence where nobody's neighbours are known ahead, as there are too many rows."""
    if len(rows) <= MAX_CELLS:
        return ""
    return (
        f"Found ahead for up to {MAX_CELLS:,} segments, here are {len(rows):,}. "
        "Where Python runs, N finds those of one."
    )


def nearest_rows(segments: pd.DataFrame, row: int, count: int) -> dict[int, float]:
    """The rows most like one row, among the clips of its space, best first, and how alike."""
    from twlab.analysis.neighbors.exact import best_rows

    keys = _space_names(segments)
    rows = np.flatnonzero(clip_mask(segments) & (keys == keys[row]))
    others = rows[rows != row]
    if not len(others):
        return {}
    unit = unit_vectors(segments.iloc[np.append(row, others)])
    among = np.flatnonzero(unit[1:].any(axis=1))
    found, alike = best_rows(unit[:1], unit[1:], among, max(count, 0), own=False)
    pairs = zip(found[0], alike[0], strict=True)
    return {int(others[k]): float(similarity) for k, similarity in pairs if k >= 0}


def _space_names(segments: pd.DataFrame) -> NDArray[Any]:
    """For each row the name of its space: the option, with the model where there are several."""
    told = split_options(segments)
    if "embedding_option" not in told.columns:
        return np.full(len(segments), "segments", dtype=object)
    options = told["embedding_option"].astype(object)
    return options.where(options.notna(), "segments").astype(str).to_numpy(object)


def align_coords(segments: pd.DataFrame, coords: Any) -> Matrix:
    """Coordinates the user passed, aligned with the table; NaN where there are none.

    Raises
    ------
    InputError
        If they do not fit the table.
    """
    if coords is None:
        return np.full((len(segments), 2), np.nan, np.float32)
    if isinstance(coords, pd.DataFrame):
        if not {"x", "y"} <= set(coords.columns):
            raise InputError(
                f"coords has the columns {', '.join(map(str, coords.columns))}; x and y were "
                "expected, as tw.project returns them"
            )
        ours = align_rows(segments, coords, "coords")
        values = ours[["x", "y"]].to_numpy(np.float32, na_value=np.nan)
    else:
        values = np.asarray(coords, np.float32)
    if values.shape != (len(segments), 2):
        raise InputError(
            f"coords has shape {values.shape}; ({len(segments)}, 2) was expected: x and y of "
            "every segment"
        )
    return np.asarray(values, np.float32)
