"""Rows of several sources -> one table with one block of vectors."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.loading.identity import video_ids
from twlab.loading.responses.model_names import canonical_model
from twlab.table.rows import PIECES
from twlab.table.segments import BY_FIELDS, COLUMNS, str_column, with_vectors
from twlab.table.tracks import LATE_SEC
from twlab.wording import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twlab.loading.files import Input
    from twlab.loading.responses import Found, Rows

__all__ = [
    "check_vectors",
    "join_rows",
    "rename_table",
    "tell_late_ends",
    "warn_of_same_times",
    "with_blocks",
]

_WORD_COLUMNS = ("embedding_option", "embedding_scope", "model_name")
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
    "asset_id",
    *PIECES,
    "transcription",
    "embedding_uncertainty",
    "embedding_dimension",
    BY_FIELDS,
)


def check_vectors(found: Found) -> None:
    """Problems of rows taken together: other dimensions than their answer, numbers not finite.

    The vectors of the rows that are kept become one block.
    """
    sizes = {} if found.saved else _usual_sizes(found.rows)  # a saved table may mix models
    checked = []
    for rows in found.rows:
        wrong = _find_odd_dimensions(rows, sizes, found) if sizes else set()
        kept = _gather_block(rows.without(wrong) if wrong else rows)
        wrong = _find_not_finite(kept, found)
        checked.append(_gather_block(kept.without(wrong)) if wrong else kept)
    found.rows = [rows for rows in checked if len(rows.vectors)]
    found.n_rows = sum(len(rows.vectors) for rows in found.rows)


def tell_late_ends(found: Found) -> None:
    """Say of each row that it ends after its film does, as a padded last piece may."""
    for rows in found.rows:
        cells = zip(rows.cells("end_sec"), rows.cells("duration_sec"), rows.places, strict=True)
        for end, duration, place in cells:
            if isinstance(duration, int | float) and end > duration + LATE_SEC:
                found.remark(
                    f"ends at {end:g} s, after the film of {duration:g} s; an end within it was "
                    "expected; cut it there if it is shown or exported",
                    place=place,
                    field="end_sec",
                )


def _gather_block(rows: Rows) -> Rows:
    """The rows with their vectors in one block, if they have one dimension."""
    if isinstance(rows.vectors, np.ndarray) or len({vector.size for vector in rows.vectors}) != 1:
        return rows
    return rows._replace(vectors=_own_block(rows.vectors))


def _usual_sizes(parts: list[Rows]) -> dict[Any, int]:
    """The dimension that most vectors of each answer and model have; empty where all agree."""
    if len({vector.size for rows in parts for vector in rows.vectors}) < 2:
        return {}
    counts: dict[Any, Counter[int]] = {}
    for rows in parts:
        for model, vector in zip(rows.cells("model_name"), rows.vectors, strict=True):
            counts.setdefault((rows.answer, model), Counter())[vector.size] += 1
    return {key: sizes.most_common(1)[0][0] for key, sizes in counts.items()}


def _find_odd_dimensions(rows: Rows, sizes: dict[Any, int], found: Found) -> set[int]:
    """Positions of rows whose dimension is not that of their answer."""
    wrong = set()
    for k, (model, vector) in enumerate(zip(rows.cells("model_name"), rows.vectors, strict=True)):
        usual = sizes[rows.answer, model]
        if vector.size != usual:
            wrong.add(k)
            found.problem(
                f"a vector of {vector.size} numbers among vectors of {usual}; one dimension "
                "was expected in one answer; drop the segment or fetch it again",
                place=rows.places[k],
                field="embedding",
            )
    return wrong


def _find_not_finite(rows: Rows, found: Found) -> set[int]:
    """Positions of rows with NaN, infinity or a number beyond float32."""
    if isinstance(rows.vectors, np.ndarray) and np.isfinite(rows.vectors.sum(dtype=np.float64)):
        return set()
    wrong = set()
    for k, vector in enumerate(rows.vectors):
        finite = np.isfinite(vector)
        if not finite.all():
            wrong.add(k)
            at = int(np.argmin(finite))
            found.problem(
                f"holds {vector[at]} at place {at} (no number, or one beyond float32); "
                "finite numbers were expected; drop the segment or fetch it again",
                place=rows.places[k],
                field="embedding",
            )
    return wrong


def join_rows(
    founds: Sequence[Found],
    sources: Sequence[Input],
    *,
    video_id: str | None,
    model_name: str | None,
) -> pd.DataFrame:
    """The table of all rows, in the order of the sources and as served in each."""
    parts = [(k, rows) for k, found in enumerate(founds) for rows in found.rows]
    ids, named = video_ids(parts, sources)
    if video_id is not None:
        _refuse_several_videos(named, video_id)
        ids = [video_id] * len(ids)
    everything = [_add_source(rows, sources[k]) for k, rows in parts]

    def cells(name: str) -> list[Any]:
        return [cell for rows in everything for cell in rows.cells(name)]

    columns: dict[str, Any] = {"video_id": str_column(ids)}
    for name in ("start_sec", "end_sec"):
        columns[name] = np.array(cells(name), np.float64)
    for name in _WORD_COLUMNS:
        columns[name] = str_column(cells(name))
    further = {name: _narrow_column(cells(name)) for name in _further_columns(everything)}
    if model_name is not None:
        by_form = {model for found in founds for model in found.models_by_form}
        _name_model(columns, further, model_name, by_form)
    columns["embedding"] = None
    columns |= further
    frame = with_blocks(pd.DataFrame(columns), [rows.vectors for rows in everything])
    warn_of_same_times(frame)
    return frame


def _name_model(
    columns: dict[str, Any], further: dict[str, Any], model_name: str, by_form: set[str]
) -> None:
    """Put the model that the caller names in the place of what the fields of an answer say."""
    _refuse_other_model(columns["model_name"], model_name, by_form)
    columns["model_name"] = str_column([model_name] * len(columns["model_name"]))
    told = set(further.pop(BY_FIELDS, ())) - {None, canonical_model(model_name)}
    others = sorted(one for one in told if isinstance(one, str))
    if others:
        warn(
            f"model_name={model_name!r} was taken for an answer with fields that only "
            f"{others[0]!r} returns as far as is known; the model that made it was expected; leave "
            "model_name out if in doubt"
        )


def rename_table(
    table: pd.DataFrame, *, video_id: str | None, model_name: str | None
) -> pd.DataFrame:
    """A saved table under the names that were given, everything else as it was."""
    if video_id is not None:
        _refuse_several_videos(set(table["video_id"]), video_id)
        table = table.assign(video_id=str_column([video_id] * len(table), table.index))
    if model_name is not None:
        _refuse_other_model(table["model_name"], model_name)
        table = table.assign(model_name=str_column([model_name] * len(table), table.index))
    return table


def _add_source(rows: Rows, source: Input) -> Rows:
    """The rows with the file that they came from, unless they are saved rows that say it."""
    if source.path is None or "source" in rows.columns:
        return rows
    return rows._replace(facts={**rows.facts, "source": printable(str(source.path))})


def _refuse_several_videos(named: set[str], video_id: str) -> None:
    """Refuse one name for rows that say they are of several videos."""
    if len(named) > 1:
        shown = ", ".join(map(repr, sorted(named)[:3]))
        raise InputError(
            f"video_id={video_id!r} for {len(named)} videos ({shown}); one video was expected; "
            "leave video_id out, or load one video at a time"
        )


def _refuse_other_model(
    served: pd.Series[Any], model_name: str, by_form: set[str] | None = None
) -> None:
    """Refuse a model name that contradicts what was served, unless only the form told it."""
    others = sorted(
        name
        for name in set(served.dropna()) - (by_form or set())
        if canonical_model(name) != canonical_model(model_name)
    )
    if others:
        raise InputError(
            f"model_name={model_name!r} for vectors served as {others[0]!r}; "
            "the same name was expected; leave model_name out"
        )


def _further_columns(parts: list[Rows]) -> list[str]:
    """The names of the columns beyond the fixed ones: known first, then as met."""
    met: dict[str, None] = {}
    for rows in parts:
        met.update(dict.fromkeys((*rows.columns, *rows.facts)))
    if "source" in met and all(c is None for rows in parts for c in rows.cells("source")):
        del met["source"]
    known = [name for name in _KNOWN if name in met]
    skipped = {*COLUMNS, *_KNOWN}
    return known + [name for name in met if name not in skipped]


def _narrow_column(cells: list[Any]) -> Any:
    """A column in the narrowest dtype that keeps every value."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {str}:
        return str_column(cells)
    if kinds and kinds <= {np.ndarray, list, dict}:
        return pd.Series(cells, dtype=object)
    if None in cells and kinds in ({int}, {bool}):
        dtype: Any = "Int64" if kinds == {int} else "boolean"
        if all(abs(cell) < 2**63 for cell in cells if cell is not None):
            return pd.array(cells, dtype=dtype)
    if kinds <= {int, float} and float in kinds:
        return pd.array([np.nan if cell is None else cell for cell in cells], dtype="float64")
    return pd.Series(cells, dtype=object).infer_objects()


def with_blocks(
    frame: pd.DataFrame, blocks: list[list[NDArray[np.float32]] | NDArray[np.float32]]
) -> pd.DataFrame:
    """The table with the vectors of its rows, in one block per dimension.

    ``blocks`` are blocks or lists of vectors, one behind the other.
    """
    if not len(frame):
        return frame
    if len(blocks) == 1 and isinstance(blocks[0], np.ndarray):
        return with_vectors(frame, blocks[0])
    cells = [vector for block in blocks for vector in block]
    sizes = np.array([cell.size for cell in cells])
    parts = []
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size)
        part = frame if len(own) == len(frame) else frame.iloc[own]
        parts.append(with_vectors(part, _own_block([cells[k] for k in own])))
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([np.flatnonzero(sizes == size) for size in np.unique(sizes)]))
    return pd.concat(parts).iloc[order]


def _own_block(cells: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The rows as one read-only block that owns its numbers."""
    block = np.empty((len(cells), cells[0].size), np.float32)
    np.concatenate(cells, out=block.reshape(-1))
    block.setflags(write=False)
    return block


def warn_of_same_times(frame: pd.DataFrame) -> None:
    """Say so where two rows claim the same time of the same video."""
    timed = frame[frame["start_sec"].notna()]
    twins = timed.duplicated([name for name in COLUMNS if name != "embedding"])
    if twins.any():
        row = int(np.argmax(twins.to_numpy()))
        first = timed.iloc[row]
        warn(
            f"{int(twins.sum())} rows repeat the video, time, option and scope of another "
            f"(first: row {first.name}, {first['video_id']!r}); the source may mix videos "
            "without naming them; load them one by one with video_id=",
        )
