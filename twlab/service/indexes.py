"""Tables of what an account has at the service: tasks, assets, indexes, and what is in these."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import AnswerError, ApiError, LoadError, NotFoundError, StillProcessingError
from twlab.loading.load import load
from twlab.service.http.fields import (
    box_at,
    entries_at,
    number_at,
    plain,
    text_at,
)
from twlab.service.jobs.bars import Bars
from twlab.table.segments import str_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.http.endpoints import Service

__all__ = [
    "asset_table",
    "entry_table",
    "fetch_all",
    "index_table",
    "indexed_segments",
    "nothing_ready",
    "served_options",
    "task_table",
    "video_table",
    "with_metadata",
]

_SPEECH = "transcription"
_OLDER = "marengo-retrieval-"


def served_options(index: Any, *, of_search: bool = False) -> tuple[str, ...]:
    """The options of the vectors that an index has, or of searches in it.

    Marengo 3 transcribes what it hears, and so serves ``transcription`` where it serves ``audio``.
    The models before call their vectors of pictures ``visual-text``.

    Raises
    ------
    AnswerError
        If the index names no options of Marengo.
    """
    for model in entries_at(index, "models"):
        name, listed_options = text_at(model, "model_name") or "", model.get("model_options")
        if not name.lower().startswith("marengo") or not isinstance(listed_options, list):
            continue
        options = [one for one in listed_options if isinstance(one, str)]
        if not name.lower().startswith(_OLDER) and "audio" in options and _SPEECH not in options:
            options.append(_SPEECH)
        elif name.lower().startswith(_OLDER) and not of_search:
            options = ["visual-text" if one == "visual" else one for one in options]
        if options:
            return tuple(options)
    raise AnswerError(
        "an index that names no options of a Marengo model; one that has vectors was expected; "
        "client.indexes() says which models each has"
    )


def task_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per embedding task."""
    rows = [{**item, **_metadata(item)} for item in items]
    words = ("status", "model_name", "input_filename", "input_url", "created_at")
    return entry_table(rows, words, ("duration",), id_name="task_id")


def index_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per index."""
    listed = (item["models"] if isinstance(item.get("models"), list) else [] for item in items)
    models = [", ".join(filter(None, (text_at(m, "model_name") for m in one))) for one in listed]
    words = ("index_name", "created_at", "updated_at", "expires_at")
    table = entry_table(items, words, ("video_count", "total_duration"), id_name="index_id")
    return table.assign(models=str_column(models))


def video_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per indexed video."""
    rows = [{**item, **box_at(item, "system_metadata")} for item in items]
    numbers = ("duration", "fps", "width", "height", "size")
    words = ("asset_id", "filename", "status", "created_at")
    return with_metadata(entry_table(rows, words, numbers, id_name="video_id"), items)


def asset_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per asset; those that failed say why."""
    rows = [{**item, "error": text_at(item, "error", "message")} for item in items]
    words = ("filename", "status", "file_type", "method", "created_at", "error")
    table = entry_table(rows, words, ("size", "duration"), id_name="asset_id")
    return with_metadata(table, items)


def with_metadata(table: pd.DataFrame, items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The table, with a column of what users said of the entries where they said something."""
    said = [box_at(item, "user_metadata") or None for item in items]
    if not any(said):
        return table
    return table.assign(user_metadata=pd.Series(said, index=table.index, dtype="object"))


def entry_table(
    rows: Sequence[dict[str, Any]],
    words: tuple[str, ...],
    numbers: tuple[str, ...],
    *,
    id_name: str,
) -> pd.DataFrame:
    """A table of some fields of entries, each column of one type; the ids first."""
    columns: dict[str, Any] = {}
    if id_name:
        columns[id_name] = str_column(text_at(row, "_id") for row in rows)
    for name in words:
        columns[name] = str_column(_word(row.get(name)) for row in rows)
    for name in numbers:
        key = {"duration": "duration_sec", "total_duration": "total_duration_sec"}.get(name, name)
        cells = pd.Series([_number(row, name) for row in rows], dtype="object")
        columns[key] = pd.to_numeric(cells, errors="coerce")
    return pd.DataFrame(columns)


def _word(value: Any) -> str | None:
    """A text or a number as text; nothing else is a word."""
    return str(value) if isinstance(value, str | int | float) else None


def _number(row: dict[str, Any], name: str) -> float | str | None:
    """A number, or a text that may be one."""
    return text_at(row, name) if number_at(row, name) is None else number_at(row, name)


def _metadata(item: dict[str, Any]) -> dict[str, Any]:
    kinds = ("video", "audio", "image", "document")
    found = (box_at(item, f"{kind}_embedding", "metadata") for kind in kinds)
    return next(filter(None, found), {})


async def fetch_all(
    service: Service,
    index_id: str,
    video_ids: Sequence[str],
    options: Sequence[str],
    *,
    concurrency: int,
    shown: bool,
) -> list[Any]:
    """The answers for videos of an index, in their order, with what is spoken where it is asked."""
    speech = _SPEECH in options
    gate = asyncio.Semaphore(concurrency)
    with Bars(len(video_ids), shown=shown, what="Fetching") as bars:

        async def one(video_id: str) -> Any:
            async with gate:
                answer = await service.index_entry(
                    index_id, "indexed-assets", video_id, options, speech=speech
                )
            bars.count_done(video_id)
            return answer.data

        tasks = [asyncio.create_task(one(video_id)) for video_id in video_ids]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()


def indexed_segments(answers: list[Any]) -> pd.DataFrame:
    """The segments in the answers for indexed videos.

    Raises
    ------
    AnswerError
        If an answer holds none that can be read.
    """
    try:
        return load(answers, progress=False)
    except LoadError as error:
        problem = f"the service answered what holds no segments ({error}); {AnswerError.advice}"
    raise AnswerError(problem)


def nothing_ready(index_id: str, items: Sequence[dict[str, Any]]) -> ApiError:
    """The error for an index of which no video can be fetched."""
    if not items:
        return NotFoundError(
            f"index {index_id!r} holds no video; one with videos was expected; client.indexes() "
            "lists how many each holds"
        )
    states = sorted({plain(text_at(one, "status") or "?", 40) for one in items})
    return StillProcessingError(
        f"no video of index {index_id!r} is ready ({len(items)} of them are "
        f"{', '.join(states[:3])}); at least one was expected; client.videos({index_id!r}) shows "
        "the state of each; run again later"
    )
