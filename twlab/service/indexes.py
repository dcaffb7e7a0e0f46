"""Tables from the service's indexes, task lists and searches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import (
    AnswerError,
    ApiError,
    InputError,
    LoadError,
    NotFoundError,
    StillProcessingError,
)
from twlab.loading.load import load
from twlab.service.http.fields import (
    box_at,
    entries_at,
    number_at,
    plain,
    text_at,
)
from twlab.service.http.file_bodies import FilePart
from twlab.service.jobs.bars import Bars
from twlab.service.jobs.embedding_options import as_names
from twlab.service.jobs.inputs import find_sources
from twlab.table.segments import str_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.http.endpoints import Params, Service

__all__ = [
    "all_hits",
    "fetch_all",
    "hit_table",
    "index_table",
    "indexed_segments",
    "nothing_ready",
    "search_form",
    "task_table",
    "video_table",
]

_PAGE = 50
_NEXT = "next_page_token"


def task_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per embedding task."""
    rows = [{**item, **_metadata(item)} for item in items]
    words = ("status", "model_name", "input_filename", "input_url", "created_at")
    return _table(rows, words, ("duration",), id_name="task_id")


def index_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per index."""
    listed = (item["models"] if isinstance(item.get("models"), list) else [] for item in items)
    models = [", ".join(filter(None, (text_at(m, "model_name") for m in one))) for one in listed]
    words = ("index_name", "created_at", "updated_at", "expires_at")
    table = _table(items, words, ("video_count", "total_duration"), id_name="index_id")
    return table.assign(models=str_column(models))


def video_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per indexed video."""
    rows = [{**item, **box_at(item, "system_metadata")} for item in items]
    numbers = ("duration", "fps", "width", "height", "size")
    return _table(rows, ("filename", "status", "created_at"), numbers, id_name="video_id")


def hit_table(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per hit of a search, best first."""
    renamed = {"start": "start_sec", "end": "end_sec"}
    rows = [{renamed.get(name, name): value for name, value in item.items()} for item in items]
    words = ("video_id", "confidence", "transcription", "thumbnail_url")
    table = _table(rows, words, ("rank", "start_sec", "end_sec", "score"), id_name="")
    if table["rank"].isna().all():
        table["rank"] = range(1, len(table) + 1)
    first = ["rank", "video_id", "start_sec", "end_sec", "score", "confidence"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _table(
    rows: Sequence[dict[str, Any]],
    words: tuple[str, ...],
    numbers: tuple[str, ...],
    *,
    id_name: str,
) -> pd.DataFrame:
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
    """The answers for videos of an index, in their order."""
    gate = asyncio.Semaphore(concurrency)
    with Bars(len(video_ids), shown=shown, what="Fetching") as bars:

        async def one(video_id: str) -> Any:
            async with gate:
                answer = await service.indexed_one(index_id, "indexed-assets", video_id, options)
            bars.finished(video_id)
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


def search_form(
    index_id: str, text: str, image: Any, search_option: Any, k: int
) -> tuple[Params, FilePart | None]:
    """The form of a search.

    Raises
    ------
    InputError
        If there is nothing to search for.
    """
    if not text and image is None:
        raise InputError("neither text nor image; one was expected; say what to look for")
    options = as_names(search_option) or ()
    form = [("index_id", index_id), *(("search_options", name) for name in options)]
    form.append(("page_limit", str(min(_PAGE, k))))
    if text:
        form.append(("query_text", text))
    if image is None:
        return tuple(form), None
    form.append(("query_media_type", "image"))
    source = find_sources(image)[0]
    if source.path is None:
        return (*form, ("query_media_url", source.url)), None
    size = source.path.stat().st_size
    return tuple(form), FilePart(source.path, 0, size, "query_media_file", source.name)


async def all_hits(
    service: Service, form: Params, file: FilePart | None, k: int
) -> list[dict[str, Any]]:
    """The first hits, over as many pages as they take."""
    page = await service.search(form, file)
    hits = found = entries_at(page, "data")
    # A page without hits is the last one, whatever it says.
    while len(hits) < k and found and (token := text_at(page, "page_info", _NEXT)):
        page = await service.search_page(token)
        found = entries_at(page, "data")
        hits = hits + found
    return hits[:k]
