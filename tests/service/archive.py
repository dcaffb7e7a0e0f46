"""The endpoints for indexes, indexed videos and search."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from .replies import Reply, flat, page_of
from .store import Task, indexed_view, spoken, stamp

if TYPE_CHECKING:
    from .forms import Form
    from .server import Request
    from .store import Store

MAX_IMAGES = 10


def index_view(index: dict[str, Any]) -> dict[str, Any]:
    return {
        "_id": index["id"],
        "index_name": index["name"],
        "created_at": stamp(index["created"]),
        "video_count": len(index["videos"]),
        "total_duration": sum(task.duration for task in index["videos"].values()),
        "models": [{"model_name": "marengo3.0", "model_options": index["options"]}],
    }


def create_index(store: Store, request: Request) -> Reply:
    body = request.json or {}
    name, models = body.get("index_name"), body.get("models")
    if not name or not models:
        return flat(400, "parameter_not_provided", "index_name and models are required.")
    if any(index["name"] == name for index in store.indexes.values()):
        return flat(400, "index_name_already_exists", f"Index name {name} already exists.")
    for model in models:
        options = model.get("model_options") or []
        if model.get("model_name") != "marengo3.0" or not {*options} <= {"visual", "audio"}:
            return flat(400, "parameter_invalid", f"{model} is not supported.")
    index = {"id": store.new_id(), "name": name, "created": time.time(), "status": "ready"}
    store.indexes[index["id"]] = {**index, "options": models[0]["model_options"], "videos": {}}
    return 201, {"_id": index["id"]}, {}


def list_indexes(store: Store, request: Request) -> Reply:
    part = dict(request.query).get("index_name", "")
    found = [one for one in store.indexes.values() if part in one["name"]]
    return page_of(request, [index_view(one) for one in found])


def none_such(index_id: str) -> Reply:
    return flat(404, "resource_not_exist", f"Index {index_id} does not exist.")


def get_index(store: Store, request: Request, index_id: str) -> Reply:
    index = store.indexes.get(index_id)
    return (200, index_view(index), {}) if index else none_such(index_id)


def index_asset(store: Store, request: Request, index_id: str) -> Reply:
    """Put an asset into an index: paid for once it is accepted."""
    index, body = store.indexes.get(index_id), request.json or {}
    if index is None:
        return none_such(index_id)
    asset = store.assets.get(body.get("asset_id", ""))
    if asset is None or asset.view()["status"] != "ready":
        return flat(400, "asset_not_ready", "The asset does not exist or is not ready.")
    if not asset.mime.startswith("video/"):
        return flat(400, "parameter_invalid", f"The asset is {asset.mime}, not a video.")
    now, content = time.time(), asset.digest or asset.url
    asked = {
        "clip_sec": 5,
        "asset_id": asset.id,
        "user_metadata": body.get("user_metadata"),
        "streamed": body.get("enable_video_stream", True),
    }
    ready = now + store.rng.uniform(*store.ready_sec)
    name = asset.filename
    task = Task(store.new_id(), "v2", "marengo3.0", content, name, None, now, ready, asked)
    task.fails = "fail" in name
    index["videos"][task.id] = task
    store.paid.append(f"index {name}")
    return 202, {"_id": task.id, "asset_id": asset.id}, {}


def list_of_asset(store: Store, request: Request, asset_id: str) -> Reply:
    """Where an asset is indexed."""
    if asset_id not in store.assets:
        return flat(404, "resource_not_exist", f"Asset {asset_id} does not exist.")
    found = [
        {"_id": task.id, "index": {"_id": index["id"], "name": index["name"]}}
        for index in store.indexes.values()
        for task in index["videos"].values()
        if task.asked.get("asset_id") == asset_id
    ]
    return page_of(request, found)


def list_indexed(store: Store, request: Request, index_id: str, kind: str) -> Reply:
    index, query = store.indexes.get(index_id), dict(request.query)
    if index is None:
        return none_such(index_id)
    views = [indexed_view(store, index, task, [], kind) for task in index["videos"].values()]
    wanted = {value for name, value in request.query if name == "status"}
    views = [
        view
        for view in views
        if query.get("filename", view["system_metadata"]["filename"])
        == view["system_metadata"]["filename"]
        and (not wanted or view.get("status") in wanted)
    ]
    for view in views:
        view.pop("hls", None)
    return page_of(request, views)


def get_indexed(store: Store, request: Request, index_id: str, kind: str, item: str) -> Reply:
    index = store.indexes.get(index_id)
    task = index and index["videos"].get(item)
    if not index or not task:
        return flat(404, "resource_not_exist", f"Video {item} does not exist.")
    options = [value for name, value in request.query if name == "embedding_option"]
    body = indexed_view(store, index, task, options, kind)
    if dict(request.query).get("transcription") == "true" and task.status == "ready":
        body["transcription"] = spoken(task)
    return 200, body, {}


def refused_search(form: Form) -> str | None:
    """What is wrong with a search; None where it can be answered."""
    urls, files = form.all("query_media_url"), form.n_files.get("query_media_file", 0)
    if not form.one("query_text") and not urls and not files:
        return "There is no query."
    if (urls or files) and form.one("query_media_type") != "image":
        return "query_media_type is required."
    if len(urls) + files > MAX_IMAGES:
        return f"At most {MAX_IMAGES} images are allowed."
    asked = {
        "search_options": {"visual", "audio", "transcription"},
        "transcription_options": {"lexical", "semantic"},
        "group_by": {"video", "clip"},
        "operator": {"and", "or"},
    }
    for name, known in asked.items():
        for value in form.all(name):
            if value not in known:
                return f"{name} {value} is not known."
    if not form.all("search_options"):
        return "search_options is required."
    if form.all("transcription_options") and "transcription" not in form.all("search_options"):
        return "transcription_options needs transcription in search_options."
    return None


def passes(task: Task, wanted: dict[str, Any]) -> bool:
    """Whether a video passes the filter of a search."""
    facts = {"id": task.id, "duration": task.duration, "filename": task.filename}
    facts |= {"width": 640, "height": 360, "size": 123456}
    facts |= task.asked.get("user_metadata") or {}
    for name, value in wanted.items():
        if isinstance(value, dict):
            low, high = value.get("gte", float("-inf")), value.get("lte", float("inf"))
            if not low <= facts.get(name, float("nan")) <= high:
                return False
        elif facts.get(name) not in (value if isinstance(value, list) else [value]):
            return False
    return True


def search(store: Store, request: Request) -> Reply:
    form = request.form
    said = "There is no query." if form is None else refused_search(form)
    if form is None or said:
        return 400, {"error_code": 400, "message": said}, {}
    index = store.indexes.get(form.one("index_id") or "")
    if index is None:
        return none_such(form.one("index_id") or "")
    wanted = json.loads(form.one("filter") or "{}")
    videos = [task for task in index["videos"].values() if passes(task, wanted)]
    named = form.one("include_user_metadata") == "true"
    found = [hits_of(task, named=named) for task in videos]
    if form.one("group_by") == "video":
        hits = [{"id": clips[0]["video_id"], "clips": clips} for clips in found if clips]
    else:
        hits = [hit for clips in found for hit in clips]
    ranked = [hit for clips in found for hit in clips]
    for rank, hit in enumerate(ranked, 1):
        hit["rank"] = rank
    store.paid.append("search")
    token = f"page{len(store.pages)}"
    store.pages[token] = (index, hits, int(form.one("page_limit") or 10))
    return next_page(store, request, f"{token}-0")


def hits_of(task: Task, *, named: bool) -> list[dict[str, Any]]:
    """A hit for every second of a video, with its words where some are spoken."""
    about = {"user_metadata": task.asked.get("user_metadata") or {}} if named else {}
    return [
        {"rank": 0, "start": start, "end": start + 1.0, "video_id": task.id, **about}
        for start in range(int(task.duration))
    ]


def next_page(store: Store, request: Request, token: str) -> Reply:
    name, _, place = token.rpartition("-")
    if name not in store.pages:
        return 400, {"error_code": 400, "message": f"page_token {token} is not known."}, {}
    index, hits, size = store.pages[name]
    start = int(place)
    info = {
        "limit_per_page": size,
        "total_results": len(hits),
        "page_expires_at": stamp(time.time() + 600),
    }
    if start + size < len(hits):
        info["next_page_token"] = f"{name}-{start + size}"
    pool = {"total_count": len(index["videos"]), "index_id": index["id"]}
    pool["total_duration"] = sum(task.duration for task in index["videos"].values())
    body = {"search_pool": pool, "data": hits[start : start + size], "page_info": info}
    return 200, body, {}
