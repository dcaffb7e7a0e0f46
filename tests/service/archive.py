"""The endpoints for indexes, indexed videos and search."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .replies import Reply, flat, page_of
from .store import indexed_view, stamp

if TYPE_CHECKING:
    from .server import Request
    from .store import Store


def index_view(store: Store) -> dict[str, Any]:
    index = store.index
    return {
        "_id": index["id"],
        "index_name": index["name"],
        "created_at": stamp(index["created"]),
        "video_count": len(index["videos"]),
        "total_duration": sum(task.duration for task in index["videos"].values()),
        "models": [{"model_name": "marengo3.0", "model_options": ["visual", "audio"]}],
    }


def list_indexes(store: Store, request: Request) -> Reply:
    return page_of(request, [index_view(store)])


def get_index(store: Store, request: Request, index_id: str) -> Reply:
    if index_id != store.index["id"]:
        return flat(404, "resource_not_exist", f"Index {index_id} does not exist.")
    return 200, index_view(store), {}


def list_indexed(store: Store, request: Request, index_id: str, kind: str) -> Reply:
    if index_id != store.index["id"]:
        return flat(404, "resource_not_exist", f"Index {index_id} does not exist.")
    views = [indexed_view(store, task, [], kind) for task in store.index["videos"].values()]
    for view in views:
        del view["hls"]
    return page_of(request, views)


def get_indexed(store: Store, request: Request, index_id: str, kind: str, item: str) -> Reply:
    task = store.index["videos"].get(item)
    if task is None or index_id != store.index["id"]:
        return flat(404, "resource_not_exist", f"Video {item} does not exist.")
    options = [value for name, value in request.query if name == "embedding_option"]
    return 200, indexed_view(store, task, options, kind), {}


def search(store: Store, request: Request, token: str = "") -> Reply:
    form = request.form
    given = form is not None and (form.one("query_text") or form.one("query_media_url"))
    if form is not None and not given and "query_media_file" not in form.files:
        return 400, {"error_code": 400, "message": "There is no query."}, {}
    if form is not None:
        store.paid.append("search")
    hits = [
        {"rank": 0, "start": start, "end": start + 1.0, "video_id": task.id}
        for task in store.index["videos"].values()
        for start in range(int(task.duration))
    ]
    for rank, hit in enumerate(hits, 1):
        hit["rank"] = rank
    size = int((form and form.one("page_limit")) or 10)
    start = int(token.rpartition("-")[2]) if token else 0
    info = {
        "limit_per_page": size,
        "total_results": len(hits),
        "page_expires_at": stamp(time.time() + 600),
    }
    if start + size < len(hits):
        info["next_page_token"] = f"page-{start + size}"
    pool = {"total_count": len(store.index["videos"]), "index_id": store.index["id"]}
    pool["total_duration"] = sum(task.duration for task in store.index["videos"].values())
    body = {"search_pool": pool, "data": hits[start : start + size], "page_info": info}
    return 200, body, {}
