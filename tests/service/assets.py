"""The endpoints for assets, whole and in pieces."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .replies import Reply, flat, page_of
from .rules import kind_of
from .store import Asset, Upload, stamp

if TYPE_CHECKING:
    from .server import Request
    from .store import Store


def create_asset(store: Store, request: Request) -> Reply:
    form = request.form
    file, url = form.files.get("file"), form.one("url")
    if form.one("method") == "direct" and file is None:
        return flat(400, "parameter_not_provided", "The file parameter is required.")
    if file is not None and file.size > 200 << 20:
        return flat(413, "file_too_large", "Direct uploads are limited to 200MB.")
    name = form.one("filename") or (file.name if file else url.rpartition("/")[2])
    digest, size = (file.digest, file.size) if file else ("", 0)
    now = time.time()
    asset = Asset(
        store.new_id(), form.one("method"), name, digest, size, now, now + store.asset_ready_sec
    )
    asset.url, asset.failed = url or "", "broken" in name
    asset.head = file.head if file else b""
    store.assets[asset.id] = asset
    return 201, asset.view(), {}


def list_assets(store: Store, request: Request) -> Reply:
    """The newest first, those that the query lets through."""
    query = request.query
    ids = {value for name, value in query if name == "asset_ids"}
    kinds = {value for name, value in query if name == "asset_types"}
    part = dict(query).get("filename", "").lower()
    found = [
        asset
        for asset in sorted(store.assets.values(), key=lambda asset: -asset.created)
        if (not ids or asset.id in ids)
        and (not kinds or kind_of(asset.mime) in kinds)
        and part in asset.filename.lower()
    ]
    return page_of(request, [asset.detail() for asset in found])


def get_asset(store: Store, request: Request, asset_id: str) -> Reply:
    asset = store.assets.get(asset_id)
    if asset is None:
        return flat(404, "resource_not_exist", f"Asset {asset_id} does not exist.")
    return 200, asset.detail(), {}


def delete_asset(store: Store, request: Request, asset_id: str) -> Reply:
    if asset_id not in store.assets:
        return flat(404, "resource_not_exist", f"Asset {asset_id} does not exist.")
    videos = [task for index in store.indexes.values() for task in index["videos"].values()]
    held = any(task.asked.get("asset_id") == asset_id for task in videos)
    if held and dict(request.query).get("force") != "true":
        said = "Indexed assets reference this asset; set force to delete it anyway."
        return flat(409, "resource_conflict", said)
    del store.assets[asset_id]
    return 204, None, {}


def create_upload(store: Store, request: Request) -> Reply:
    body = request.json
    now = time.time()
    upload = Upload(
        store.new_id(), store.new_id(), body["filename"], body["total_size"], store.chunk_bytes, now
    )
    store.uploads[upload.id] = upload
    first = min(upload.n_chunks, store.urls_at_first)
    reply = {
        "upload_id": upload.id,
        "asset_id": upload.asset_id,
        "upload_urls": [signed(store, request, upload, n) for n in range(1, first + 1)],
        "upload_headers": store.piece_headers,
        "chunk_size": upload.chunk_size,
        "total_chunks": upload.n_chunks,
        "expires_at": stamp(now + 86_400),
    }
    return 201, reply, {}


def signed(store: Store, request: Request, upload: Upload, number: int) -> dict[str, Any]:
    mark = f"{store.rng.getrandbits(64):016x}"
    url = f"{request.base}/_store/{upload.id}/{number}?X-Amz-Signature={mark}"
    return {"chunk_index": number, "url": url, "expires_at": stamp(time.time() + 3600)}


def put_piece(store: Store, request: Request, upload_id: str, number: str) -> Reply:
    upload = store.uploads.get(upload_id)
    mark = dict(request.query).get("X-Amz-Signature", "")
    if upload is None or not mark or mark in upload.used_urls:
        return 403, {"message": "Request has expired"}, {}
    if any(request.headers.get(name) != value for name, value in store.piece_headers.items()):
        return 403, {"message": "SignatureDoesNotMatch"}, {}
    last = upload.size - (upload.n_chunks - 1) * upload.chunk_size
    expected = last if int(number) == upload.n_chunks else upload.chunk_size
    if request.size != expected:
        return 400, {"message": f"{request.size} bytes where {expected} were expected"}, {}
    upload.used_urls.add(mark)
    upload.puts += 1
    upload.etags[int(number)] = request.digest
    return 200, None, {"etag": f'"{request.digest}"'}


def report_parts(store: Store, request: Request, upload_id: str) -> Reply:
    upload = store.uploads.get(upload_id)
    if upload is None:
        return flat(404, "resource_not_exist", f"Upload {upload_id} does not exist.")
    new = {}
    for chunk in request.json["completed_chunks"]:
        if upload.etags.get(chunk["chunk_index"]) != chunk["proof"]:
            return flat(400, "parameter_invalid", f"Chunk {chunk['chunk_index']} has no such ETag.")
        new[chunk["chunk_index"]] = chunk["proof"]
    duplicates = len(upload.reported & set(new))
    upload.reported |= set(new)
    reply = {
        "asset_id": upload.asset_id,
        "processed_chunks": len(new) - duplicates,
        "duplicate_chunks": duplicates,
        "total_completed": len(upload.reported),
    }
    if len(upload.reported) == upload.n_chunks and upload.asset_id not in store.assets:
        now = time.time()
        digest = "-".join(upload.etags[n] for n in sorted(upload.etags))
        store.assets[upload.asset_id] = Asset(
            upload.asset_id, "direct", upload.filename, digest, upload.size, now, now
        )
    if len(upload.reported) == upload.n_chunks:
        reply["url"] = f"https://example.com/assets/{upload.asset_id}"
    return 200, reply, {}


def get_upload(store: Store, request: Request, upload_id: str) -> Reply:
    upload = store.uploads.get(upload_id)
    if upload is None:
        return flat(404, "resource_not_exist", f"Upload {upload_id} does not exist.")
    numbers = range(1, upload.n_chunks + 1)
    chunks = [
        {"index": n, "status": "completed" if n in upload.reported else "pending"} for n in numbers
    ]
    status, body, extra = page_of(request, chunks, "uploaded_chunks")
    done = len(upload.reported)
    body |= {
        "upload_id": upload.id,
        "status": "completed" if done == upload.n_chunks else "active",
        "chunks_completed": done,
        "chunks_failed": 0,
        "chunks_pending": upload.n_chunks - done,
        "total_size": upload.size,
        "uploaded_size": min(upload.size, done * upload.chunk_size),
        "created_at": stamp(upload.created),
    }
    return status, body, extra


def more_urls(store: Store, request: Request, upload_id: str) -> Reply:
    upload = store.uploads.get(upload_id)
    if upload is None:
        return flat(404, "resource_not_exist", f"Upload {upload_id} does not exist.")
    start, count = request.json["start"], request.json["count"]
    numbers = range(start, min(upload.n_chunks, start + count - 1) + 1)
    reply = {
        "upload_id": upload.id,
        "start_index": start,
        "count": len(numbers),
        "upload_urls": [signed(store, request, upload, n) for n in numbers],
        "generated_at": stamp(time.time()),
    }
    return 200, reply, {}
