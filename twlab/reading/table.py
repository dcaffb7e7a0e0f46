"""Rows of several sources -> one table with one block of vectors."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, TwlabWarning
from twlab.reading.identity import video_ids
from twlab.segments import COLUMNS, str_column, with_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twlab.reading.files import Source
    from twlab.responses import Found, Row

__all__ = ["check_vectors", "table_of", "with_blocks"]

_WORDS = ("embedding_option", "embedding_scope", "model_name")
_KNOWN = (
    "filename",
    "duration_sec",
    "input_type",
    "task_id",
    "input_url",
    "hls_url",
    "thumbnail_url",
    "created_at",
    "source",
)


def check_vectors(found: Found) -> None:
    """Problems of rows taken together: other dimensions than their answer, numbers not finite."""
    if not found.rows:
        return
    wrong = _odd_dimensions(found) | _not_finite(found)
    found.rows = [row for k, row in enumerate(found.rows) if k not in wrong]


def _odd_dimensions(found: Found) -> set[int]:
    """Positions of rows whose dimension is not that of their answer."""
    if len({len(row.vector) for row in found.rows}) == 1:
        return set()
    sizes: dict[Any, Counter[int]] = {}
    for row in found.rows:
        key = row.answer, row.values.get("model_name")
        sizes.setdefault(key, Counter())[len(row.vector)] += 1
    wrong = set()
    for k, row in enumerate(found.rows):
        usual = sizes[row.answer, row.values.get("model_name")].most_common(1)[0][0]
        if len(row.vector) != usual:
            wrong.add(k)
            found.problem(
                f"a vector of {len(row.vector)} numbers among vectors of {usual}; one dimension "
                "was expected in one answer; drop the segment or fetch it again",
                place=row.place,
                field="embedding",
            )
    return wrong


def _not_finite(found: Found) -> set[int]:
    """Positions of rows with NaN, infinity or a number beyond float32."""
    owner = found.rows[0].vector.base
    shared = owner is not None and all(row.vector.base is owner for row in found.rows)
    if shared and np.isfinite(owner.sum(dtype=np.float64)):
        return set()
    wrong = set()
    for k, row in enumerate(found.rows):
        finite = np.isfinite(row.vector)
        if not finite.all():
            wrong.add(k)
            at = int(np.argmin(finite))
            found.problem(
                f"holds {row.vector[at]} at place {at} (no number, or one beyond float32); "
                "finite numbers were expected; drop the segment or fetch it again",
                place=row.place,
                field="embedding",
            )
    return wrong


def table_of(
    founds: Sequence[Found],
    sources: Sequence[Source],
    *,
    video_id: str | None,
    model_name: str | None,
) -> pd.DataFrame:
    """The table of all rows, in the order of the sources and as served in each."""
    rows = [(k, row) for k, found in enumerate(founds) for row in found.rows]
    values = [row.values for _, row in rows]
    ids = video_ids(rows, sources)
    if video_id is not None:
        _one_video(rows, ids, video_id)
        ids = [video_id] * len(rows)
    columns: dict[str, Any] = {
        "video_id": str_column(ids),
        "start_sec": np.array([v["start_sec"] for v in values], np.float64),
        "end_sec": np.array([v["end_sec"] for v in values], np.float64),
    }
    for name in _WORDS:
        columns[name] = str_column(v.get(name) for v in values)
    if model_name is not None:
        _fitting_model(columns["model_name"], model_name)
        columns["model_name"] = str_column([model_name] * len(rows))
    columns["embedding"] = None
    _add_sources(rows, sources)
    for name in _further(values):
        columns[name] = _column([v.get(name) for v in values])
    frame = with_blocks(pd.DataFrame(columns), [row.vector for _, row in rows])
    _warn_of_twins(frame)
    return frame


def _add_sources(rows: Sequence[tuple[int, Row]], sources: Sequence[Source]) -> None:
    """Note on each row the file that it came from, unless it is a saved row that says itself."""
    paths = [str(source.path) if source.path else None for source in sources]
    for k, row in rows:
        if paths[k] is not None:
            row.values.setdefault("source", paths[k])


def _one_video(rows: Sequence[tuple[int, Row]], ids: list[str], video_id: str) -> None:
    """Refuse one name for rows that say they are of several videos."""
    named = {
        name
        for (_, row), name in zip(rows, ids, strict=True)
        if any(row.values.get(k) for k in ("video_id", "video_name", "filename", "input_url"))
    }
    if len(named) > 1:
        shown = ", ".join(map(repr, sorted(named)[:3]))
        raise InputError(
            f"video_id={video_id!r} for {len(named)} videos ({shown}); one video was expected; "
            "leave video_id out, or load one video at a time"
        )


def _fitting_model(served: pd.Series[Any], model_name: str) -> None:
    """Refuse a model name that contradicts what was served."""
    others = sorted(set(served.dropna()) - {model_name})
    if others:
        raise InputError(
            f"model_name={model_name!r} for vectors served as {others[0]!r}; "
            "the same name was expected; leave model_name out"
        )


def _further(values: list[dict[str, Any]]) -> list[str]:
    """The names of the columns beyond the fixed ones: known first, then as met."""
    met: dict[str, None] = {}
    for keys in {tuple(v): None for v in values}:
        met.update(dict.fromkeys(keys))
    if all(v.get("source") is None for v in values):
        met.pop("source", None)
    known = [name for name in _KNOWN if name in met]
    skipped = {*COLUMNS, *_KNOWN}
    return known + [name for name in met if name not in skipped]


def _column(cells: list[Any]) -> Any:
    """A column in the narrowest dtype that keeps every value."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {str}:
        return str_column(cells)
    if None in cells and kinds in ({int}, {bool}):
        dtype: Any = "Int64" if kinds == {int} else "boolean"
        if all(abs(cell) < 2**63 for cell in cells if cell is not None):
            return pd.array(cells, dtype=dtype)
    if kinds <= {int, float} and float in kinds:
        return pd.array([np.nan if cell is None else cell for cell in cells], dtype="float64")
    return pd.Series(cells, dtype=object).infer_objects()


def with_blocks(frame: pd.DataFrame, cells: list[NDArray[np.float32]]) -> pd.DataFrame:
    """The table with its vectors, one block per dimension."""
    sizes = np.array([cell.size for cell in cells])
    if not len(sizes):
        return frame
    parts = []
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size)
        part = frame if len(own) == len(frame) else frame.iloc[own]
        parts.append(with_vectors(part, _block([cells[k] for k in own])))
    return parts[0] if len(parts) == 1 else pd.concat(parts).sort_index()


def _block(cells: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The rows as one read-only block: the one they are views of, or a new one."""
    owner = cells[0].base
    if isinstance(owner, np.ndarray) and owner.shape == (len(cells), cells[0].size):
        first, step = owner.ctypes.data, owner.strides[0]
        if owner.dtype == np.float32 and all(
            cell.base is owner and cell.__array_interface__["data"][0] == first + k * step
            for k, cell in enumerate(cells)
        ):
            return owner
    block = np.empty((len(cells), cells[0].size), np.float32)
    for k, cell in enumerate(cells):
        block[k] = cell
    block.setflags(write=False)
    return block


def _warn_of_twins(frame: pd.DataFrame) -> None:
    """Say so where two rows claim the same time of the same video."""
    timed = frame[frame["start_sec"].notna()]
    twins = timed.duplicated([name for name in COLUMNS if name != "embedding"])
    if twins.any():
        row = int(np.argmax(twins.to_numpy()))
        first = timed.iloc[row]
        warnings.warn(
            f"{int(twins.sum())} rows repeat the video, time, option and scope of another "
            f"(first: row {first.name}, {first['video_id']!r}); the source may mix videos "
            "without naming them; load them one by one with video_id=",
            TwlabWarning,
            stacklevel=4,
        )
