"""The endpoints that embed, versions 1 and 2."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .replies import Reply, flat, nested, page_of

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


def media_of(store: Store, media: dict[str, Any]) -> tuple[str, str | None, str | None] | None:
    """Content, file name and address of a media source; None where it is not usable."""
    source = media.get("media_source") or {}
    if "url" in source:
        return source["url"], None, source["url"]
    if "base64_string" in source:
        return source["base64_string"], None, None
    asset = store.assets.get(source.get("asset_id", ""))
    if asset is None or asset.view()["status"] != "ready":
        return None
    return asset.digest or asset.url, asset.filename, None


def create_v2(store: Store, request: Request) -> Reply:
    body = request.json or {}
    kind = body.get("input_type")
    if kind not in ("audio", "video") or kind not in body:
        return nested(400, "VALIDATION_ERROR", f"input_type {kind!r} is not usable here.")
    media = media_of(store, body[kind])
    if media is None:
        return nested(400, "VALIDATION_ERROR", "The asset does not exist or is not ready.")
    segmentation = body[kind].get("segmentation") or {}
    task = store.add_task(
        api="v2",
        model_name=body["model_name"],
        input_type=kind,
        content=media[0],
        filename=media[1],
        url=media[2],
        asked={
            "clip_sec": (segmentation.get("fixed") or {}).get("duration_sec"),
            "scope": body[kind].get("embedding_scope"),
            "option": body[kind].get("embedding_option"),
            "start_sec": body[kind].get("start_sec"),
            "end_sec": body[kind].get("end_sec"),
        },
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
    row: dict[str, Any] = dict.fromkeys(
        ("embedding_option", "embedding_scope", "start_sec", "end_sec")
    )
    media = media_of(store, part) if "media_source" in part else ("", None, None)
    if media is None:
        return nested(400, "VALIDATION_ERROR", "The asset does not exist or is not ready.")
    row["embedding"] = store.vector(kind, part.get("input_text"), media[0])
    answered: dict[str, Any] = {"data": [row]}
    if kind in ("audio", "video"):
        option = (part.get("embedding_option") or [kind if kind == "audio" else "visual"])[0]
        times = {"start_sec": 0.0, "end_sec": 9.5}
        row |= {"embedding_option": option, "embedding_scope": "asset", **times}
    if kind != "text":
        origin = {"input_filename": media[1], "input_url": media[2]}
        answered["metadata"] = {"input_type": kind} | {k: v for k, v in origin.items() if v}
    if kind in ("audio", "video"):
        asked = {"embedding_scopes": [row["embedding_scope"]], "duration": 9.5}
        answered["metadata"] |= asked | {"embedding_options": [row["embedding_option"]]}
    store.paid.append(f"sync {kind}")
    return 200, answered, {}
