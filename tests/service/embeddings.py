"""The endpoints that embed, versions 1 and 2."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from .answers35 import query_answer
from .replies import Reply, flat, nested, page_of
from .rules import Refused, check_query, check_task, mime_of
from .store import Task

if TYPE_CHECKING:
    from .server import Request
    from .store import Store


# Embeddings, version 1


def create_v1(store: Store, request: Request) -> Reply:
    form = request.form
    model = form and form.one("model_name")
    if not model:
        return flat(400, "parameter_not_provided", "The model_name parameter is required.")
    if model in store.retired_models:
        said = f"{model} is no longer supported. Please use marengo3.0 instead."
        return flat(400, "parameter_invalid", said)
    file, url = form.files.get("video_file"), form.one("video_url")
    if file is None and not url:
        return flat(400, "parameter_not_provided", "Give video_file or video_url.")
    number = {name: form.one(f"video_{name}") for name in ("start_offset_sec", "end_offset_sec")}
    clip = form.one("video_clip_length")
    task = store.add_task(
        api="v1",
        model_name=model,
        content=url or file.digest,
        filename=None if url else file.name,
        url=url,
        asked={
            "clip_sec": float(clip) if clip else None,
            "scope": form.all("video_embedding_scope"),
            "start_sec": float(number["start_offset_sec"] or 0),
            "end_sec": float(number["end_offset_sec"]) if number["end_offset_sec"] else None,
        },
    )
    return 200, {"_id": task.id}, {}


def tasks_of(store: Store, request: Request, api: str) -> Reply:
    since = dict(request.query).get("started_at")
    after = datetime.fromisoformat(since).timestamp() if since else 0.0
    seen_before = time.time() - store.listed_after_sec
    tasks = [t for t in store.tasks.values() if t.api == api and after <= t.created <= seen_before]
    tasks.sort(key=lambda task: -task.created)
    return page_of(request, [store.listed(task) for task in tasks])


def list_v1(store: Store, request: Request) -> Reply:
    return tasks_of(store, request, "v1")


def status_v1(store: Store, request: Request, task_id: str) -> Reply:
    task = store.tasks.get(task_id)
    if task is None or task.expired:
        return flat(404, "resource_not_exist", f"Task {task_id} does not exist.")
    listed = store.listed(task)
    return 200, {name: v for name, v in listed.items() if name != "created_at"}, {}


def retrieve_v1(store: Store, request: Request, task_id: str) -> Reply:
    task = store.tasks.get(task_id)
    if task is None or task.expired:
        return flat(404, "resource_not_exist", f"Task {task_id} does not exist.")
    options = [value for name, value in request.query if name == "embedding_option"]
    return 200, store.retrieved_v1(task, options), {}


def embed_v1(store: Store, request: Request) -> Reply:
    form = request.form
    model = form.one("model_name")
    if model in store.retired_models:
        said = f"{model} is no longer supported. Please use marengo3.0 instead."
        return flat(400, "parameter_invalid", said)
    body: dict[str, Any] = {"model_name": model}
    for kind in ("text", "image", "audio"):
        file, url = form.files.get(f"{kind}_file"), form.one(f"{kind}_url")
        given = form.one("text") if kind == "text" else url or (file and file.digest)
        if not given:
            continue
        part: dict[str, Any] = {"segments": [{"float": store.vector(kind, given)}]}
        if kind == "audio":
            part["segments"][0] |= {"start_offset_sec": 0, "end_offset_sec": 6}
        if kind != "text":
            part["metadata"] = {"input_url": url} if url else {"input_filename": file.name}
        body[f"{kind}_embedding"] = part
    if len(body) == 1:
        return flat(400, "parameter_not_provided", "Give text, an image or audio.")
    store.paid.append(f"sync {' '.join(sorted(body))}")
    return 200, body, {}


# Embeddings, version 2


class Media(NamedTuple):
    """A media source: what it holds, its name and address, its type, how it begins."""

    content: str
    filename: str | None
    url: str | None
    mime: str
    head: bytes = b""


def media_of(store: Store, source: dict[str, Any], kind: str = "video") -> Media | None:
    """What a media source leads to; None where the asset is not usable."""
    if source.get("url"):
        return Media(source["url"], None, source["url"], mime_of(source["url"]))
    if source.get("base64_string"):
        usual = {"audio": "audio/wav", "image": "image/png", "document": "text/plain"}
        return Media(source["base64_string"], None, None, usual.get(kind, "video/mp4"))
    asset = store.assets.get(source.get("asset_id", ""))
    if asset is None or asset.view()["status"] != "ready":
        return None
    return Media(asset.digest or asset.url, asset.filename, None, asset.mime, asset.head)


NO_ASSET = "The asset does not exist or is not ready."


def create_v2(store: Store, request: Request) -> Reply:
    body = request.json or {}
    kind = body.get("input_type")
    part = body.get(kind)
    if not isinstance(part, dict):
        return nested(400, "VALIDATION_ERROR", f"input_type {kind!r} is not usable here.")
    media = media_of(store, part.get("media_source") or {}, kind)
    if media is None:
        return nested(400, "VALIDATION_ERROR", NO_ASSET)
    try:
        check_task(body, media.mime)
    except Refused as refused:
        return nested(400, "VALIDATION_ERROR", str(refused))
    extras = {name: body.get(name) for name in ("embedding_dimension", "embedding_uncertainty")}
    task = store.add_task(
        api="v2",
        model_name=body["model_name"],
        input_type=kind,
        content=media.content,
        filename=media.filename,
        url=media.url,
        mime=media.mime,
        head=media.head,
        asked=part | extras,
    )
    location = {"location": f"{request.base}/v1.3/embed-v2/tasks/{task.id}"}
    return 202, {"_id": task.id, "status": "processing", "data": None}, location


def list_v2(store: Store, request: Request) -> Reply:
    return tasks_of(store, request, "v2")


def retrieve_v2(store: Store, request: Request, task_id: str) -> Reply:
    task = store.tasks.get(task_id)
    if task is None or task.expired:
        return nested(404, "NOT_FOUND", f"Task {task_id} does not exist.")
    return 200, store.retrieved_v2(task), {}


def embed_v2(store: Store, request: Request) -> Reply:
    body = request.json or {}
    kind = body.get("input_type", "")
    part = body.get(kind)
    if not isinstance(part, dict):
        return nested(400, "VALIDATION_ERROR", f"{kind!r} has no part of that name.")
    sources = part.get("media_sources") or [part[k] for k in ("media_source",) if k in part]
    found = [media_of(store, one, one.get("media_type", kind)) for one in sources]
    media = [one for one in found if one is not None]
    if len(media) < len(found):
        return nested(400, "VALIDATION_ERROR", NO_ASSET)
    try:
        check_query(body, [one.mime for one in media])
    except Refused as refused:
        return nested(400, "VALIDATION_ERROR", str(refused))
    store.paid.append(f"sync {kind}")
    if kind == "multi_input":
        return 200, query_answer(store, body, [one.content for one in media]), {}
    return 200, one_input(store, kind, part, media), {}


def one_input(store: Store, kind: str, part: dict[str, Any], media: list[Media]) -> dict[str, Any]:
    """The answer to a query of one kind, as Marengo 3.0 takes it."""
    first = media[0] if media else Media("", None, None, "")
    if kind in ("audio", "video"):
        return streamed(store, kind, part, first)
    row: dict[str, Any] = dict.fromkeys(
        ("embedding_option", "embedding_scope", "start_sec", "end_sec")
    )
    row["embedding"] = store.vector(kind, part.get("input_text"), first.content)
    answered: dict[str, Any] = {"data": [row]}
    if kind != "text":
        answered["metadata"] = {"input_type": kind} | origin_of(first)
    return answered


def origin_of(media: Media) -> dict[str, str]:
    both = {"input_filename": media.filename, "input_url": media.url}
    return {name: value for name, value in both.items() if value}


def streamed(store: Store, kind: str, part: dict[str, Any], media: Media) -> dict[str, Any]:
    """The rows of a film or sound embedded at once."""
    now = time.time()
    task = Task("", "v2", "marengo3.0", *media[:3], now, now, part, kind)
    if "embedding_option" not in part and "embedding_scope" not in part:
        option = kind if kind == "audio" else "visual"
        task.asked = part | {"embedding_option": [option], "embedding_scope": ["asset"]}
    return {"data": store.v2_rows(task), "metadata": store.v2_metadata(task)}
