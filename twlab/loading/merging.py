"""Whether rows that name no video are of several: their times overlap, and a column parts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from twlab.loading.responses import Rows
    from twlab.table.types import Floats, Positions


__all__ = ["merging_column", "runs_on"]

_FLOAT32_DUST_SEC = 1e-3
"""Segments that share less only touch: served times carry float32's dust."""
_NAMES_OF_FILMS = ("video_id", "input_url", "video_name", "filename")
_APART = ("answer", "task_id", "duration_sec", "embedding_option", "embedding_scope", "model_name")


def runs_on(parts: Iterable[Rows]) -> bool:
    """Whether the times of all rows follow one another, as those of one film do."""
    parts = list(parts)
    start, end = _start_and_end_of(parts)
    if np.isnan(start).any() or not len(start) or start.max() <= 0:
        return False
    return not _any_overlap(start, end, _number_values(_list_marks(parts)))


def merging_column(
    parts: Sequence[Rows], names: Iterable[str]
) -> tuple[str, list[Any], str] | None:
    """The column that tells apart overlapping rows without a video, its values, and a place.

    None where nothing overlaps, or nothing tells the rows apart. Windows that overlap their
    neighbours are one film's: a column of words, another in each, does not part them.
    """
    unnamed = [rows for rows in parts if not any(_has_any(rows, name) for name in _NAMES_OF_FILMS)]
    names = [name for name in names if any(_has_any(rows, name) for rows in unnamed)]
    if not names:
        return None
    start, end = _start_and_end_of(unnamed)
    timed = ~np.isnan(start)
    marks = _number_values(_list_marks(unnamed))
    if not timed.any() or not _any_overlap(start[timed], end[timed], marks[timed]):
        return None
    for name in sorted(names):
        cells = [_as_word(cell) for rows in unnamed for cell in rows.cells(name)]
        if not any(isinstance(cell, str) for cell in cells):
            continue
        if _parts_films(cells, start, end, marks, timed):
            values = list(dict.fromkeys(cell for cell in cells if cell is not None))
            return name, values, unnamed[0].places[0]
    return None


def _as_word(cell: Any) -> Any:
    """A cell that can be told from others; a list as it is written."""
    return repr(cell) if isinstance(cell, list | dict) else cell


def _has_any(rows: Rows, name: str) -> bool:
    """Whether any row has a value in a column."""
    cells = rows.columns.get(name)
    return rows.facts.get(name) is not None if cells is None else any(c is not None for c in cells)


def _start_and_end_of(parts: Sequence[Rows]) -> tuple[Floats, Floats]:
    """Start and end of all rows; a moment lasts an instant."""
    start = np.array([cell for rows in parts for cell in rows.cells("start_sec")], np.float64)
    end = np.array([cell for rows in parts for cell in rows.cells("end_sec")], np.float64)
    return start, np.fmax(end, start + 2 * _FLOAT32_DUST_SEC)


def _list_marks(parts: Sequence[Rows]) -> list[tuple[Any, ...]]:
    """What rows of one film may differ in although they share a time."""
    marks: list[tuple[Any, ...]] = []
    for rows in parts:
        columns = [
            [rows.answer] * len(rows.vectors) if name == "answer" else rows.cells(name)
            for name in _APART
        ]
        marks += zip(*columns, strict=True)
    return marks


def _number_values(values: Sequence[Any]) -> Positions:
    """A number for each value, the same for the same."""
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], np.intp)


def _any_overlap(start: Floats, end: Floats, group: Positions) -> bool:
    """Whether two rows of one group share time."""
    order = np.lexsort((start, group))
    start, end, group = start[order], end[order], group[order]
    span = np.nanmax(end) + 1
    shift = group * span  # each group in a stretch of time of its own
    latest = np.maximum.accumulate(end + shift)[:-1]
    same = group[1:] == group[:-1]
    return bool((same & ((start + shift)[1:] < latest - _FLOAT32_DUST_SEC)).any())


def _parts_films(
    cells: list[Any], start: Floats, end: Floats, marks: Positions, timed: NDArray[np.bool_]
) -> bool:
    """Whether rows with the same value never overlap, and the values are of films."""
    values = _number_values(cells)
    n_values = int(values.max()) + 1
    if n_values < 2:
        return False
    both = _number_values(list(zip(marks.tolist(), values.tolist(), strict=True)))
    if _any_overlap(start[timed], end[timed], both[timed]):
        return False
    twins = len(set(zip(marks[timed].tolist(), start[timed].tolist(), strict=True)))
    return n_values * 2 <= len(cells) or twins < int(timed.sum())
