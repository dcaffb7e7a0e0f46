"""Tasks, assets, uploads and indexes of the stand-in, and what has been paid for."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from .answers35 import stream_options, task_metadata, task_rows, task_usage
from .rules import mime_of, scopes_of


def stamp(seconds: float) -> str:
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@dataclass
class Asset:
    id: str
    method: str
    filename: str
    digest: str
    size: int
    created: float
    ready_at: float
    url: str = ""
    failed: bool = False
    head: bytes = b""

    @property
    def mime(self) -> str:
        return mime_of(self.filename)

    def view(self) -> dict[str, Any]:
        status = "ready" if time.time() >= self.ready_at else "processing"
        return {
            "_id": self.id,
            "method": self.method,
            "status": "failed" if self.failed else status,
            "filename": self.filename,
            "file_type": self.mime,
            "created_at": stamp(self.created),
        }

    def detail(self) -> dict[str, Any]:
        """The asset as it is retrieved and listed: with the reason, where it failed."""
        reason = {"error": {"message": "The video stream cannot be decoded."}}
        return self.view() | (reason if self.failed else {})


@dataclass
class Upload:
    id: str
    asset_id: str
    filename: str
    size: int
    chunk_size: int
    created: float
    etags: dict[int, str] = field(default_factory=dict)
    reported: set[int] = field(default_factory=set)
    used_urls: set[str] = field(default_factory=set)
    puts: int = 0

    @property
    def n_chunks(self) -> int:
        return -(-self.size // self.chunk_size)


@dataclass
class Task:
    id: str
    api: str
    model_name: str
    content: str
    filename: str | None
    url: str | None
    created: float
    ready_at: float
    asked: dict[str, Any]
    input_type: str = "video"
    mime: str = "video/mp4"
    head: bytes = b""
    fails: bool = False
    expired: bool = False

    @property
    def status(self) -> str:
        if time.time() < self.ready_at:
            return "processing"
        return "failed" if self.fails else "ready"

    @property
    def duration(self) -> float:
        return 14.0 + int(hashlib.sha256(self.content.encode()).hexdigest()[:4], 16) % 160 / 10

    @property
    def clip_sec(self) -> float | None:
        """Seconds of a clip, where all are equally long."""
        given = self.asked.get("segmentation") or {}
        given = given.get("temporal") or given
        return self.asked.get("clip_sec") or (given.get("fixed") or {}).get("duration_sec")

    def clips(self) -> list[tuple[float, float]]:
        start = float(self.asked.get("start_sec") or 0)
        end = float(self.asked.get("end_sec") or self.duration)
        step = float(self.clip_sec or 6)
        edges = [*np.arange(start, end, step).tolist(), end]
        return [(a, b) for a, b in itertools.pairwise(edges) if b - a >= 2]


class Store:
    """Everything the service knows; one lock around all of it."""

    def __init__(self, *, dim: int = 512, seed: int = 0) -> None:
        self.lock = threading.RLock()
        self.rng = random.Random(seed)
        self.dim = dim
        self.paid: list[str] = []
        self.tasks: dict[str, Task] = {}
        self.assets: dict[str, Asset] = {}
        self.uploads: dict[str, Upload] = {}
        self.ready_sec = (0.0, 0.0)
        self.asset_ready_sec = 0.0
        self.listed_after_sec = 0.0
        self.listed_names = True
        self.chunk_bytes = 5 << 20
        self.urls_at_first = 10
        self.piece_headers: dict[str, str] = {}
        self.retired_models: set[str] = set()
        self.index = make_index()
        self.indexes: dict[str, dict[str, Any]] = {self.index["id"]: self.index}
        self.pages: dict[str, Any] = {}  # searches that may be read on

    def new_id(self) -> str:
        return f"{self.rng.getrandbits(96):024x}"

    def add_task(self, **values: Any) -> Task:
        with self.lock:
            now = time.time()
            ready = now + self.rng.uniform(*self.ready_sec)
            task = Task(id=self.new_id(), created=now, ready_at=ready, **values)
            name = f"{task.filename or ''}{task.url or ''}"
            task.fails = "fail" in name
            self.tasks[task.id] = task
            self.paid.append(name)
            return task

    def vector(self, *parts: object) -> list[float]:
        seed = hashlib.sha256(repr(parts).encode()).digest()[:8]
        numbers = np.random.default_rng(int.from_bytes(seed, "big")).normal(size=self.dim)
        return [round(float(x), 8) for x in numbers / np.linalg.norm(numbers)]

    # Views of tasks

    def listed(self, task: Task) -> dict[str, Any]:
        metadata: dict[str, Any] = self._origin(task) if self.listed_names else {}
        if task.input_type in ("audio", "video"):
            metadata["duration"] = task.duration
        else:
            made = self.v2_metadata(task)
            for name in ("option", "scope"):
                metadata[f"{task.input_type}_embedding_{name}"] = made[f"embedding_{name}s"]
        if task.input_type == "video":
            metadata["video_clip_length"] = task.clip_sec or 6
            metadata["video_embedding_scope"] = v1_scopes(task)
        entry = {
            "_id": task.id,
            "model_name": task.model_name,
            "status": task.status,
            "created_at": stamp(task.created),
        }
        return entry | {f"{task.input_type}_embedding": {"metadata": metadata}}

    def retrieved_v1(self, task: Task, options: list[str]) -> dict[str, Any]:
        body = self.listed(task) | {"updated_at": stamp(task.ready_at)}
        body["video_embedding"]["metadata"] |= self._origin(task)
        if task.status == "ready":
            served = options or ["visual-text", "audio"]
            body["video_embedding"]["segments"] = self.v1_segments(task, served)
        return body

    def v1_segments(self, task: Task, options: list[str]) -> list[dict[str, Any]]:
        rows = []
        for option in options:
            for scope in v1_scopes(task):
                spans = task.clips() if scope == "clip" else [(0.0, task.duration)]
                rows += [
                    {
                        "float": self.vector(task.content, option, scope, start),
                        "start_offset_sec": start,
                        "end_offset_sec": end,
                        "embedding_option": option,
                        "embedding_scope": scope,
                    }
                    for start, end in spans
                ]
        return rows

    def retrieved_v2(self, task: Task) -> dict[str, Any]:
        body: dict[str, Any] = {
            "_id": task.id,
            "status": task.status,
            "created_at": stamp(task.created),
            "updated_at": stamp(max(task.created, min(time.time(), task.ready_at))),
            "data": self.v2_rows(task) if task.status == "ready" else None,
            "metadata": self.v2_metadata(task),
        }
        if task.model_name == "marengo3.5" and task.status == "ready":
            body["usage"] = task_usage(task)
        if task.status == "failed":
            body["error"] = {"message": "the video stream cannot be decoded"}
        return body

    def v2_rows(self, task: Task) -> list[dict[str, Any]]:
        if task.model_name == "marengo3.5":
            return task_rows(self, task)
        rows = []
        for option in stream_options(task):
            for scope in scopes_of(task.asked, task.input_type, task.mime):
                spans = task.clips() if scope == "clip" else [(0.0, task.duration)]
                rows += [
                    {
                        "embedding": self.vector(task.content, option, scope, start),
                        "embedding_option": option,
                        "embedding_scope": scope,
                        "start_sec": start,
                        "end_sec": end,
                    }
                    for start, end in spans
                ]
        return rows

    def v2_metadata(self, task: Task) -> dict[str, Any]:
        origin = self._origin(task) if self.listed_names else {}
        if task.model_name == "marengo3.5":
            return task_metadata(self, task, origin)
        metadata: dict[str, Any] = {"input_type": task.input_type, "duration": task.duration}
        metadata |= origin
        metadata["embedding_scopes"] = scopes_of(task.asked, task.input_type, task.mime)
        metadata["embedding_options"] = stream_options(task)
        if task.input_type == "video" and task.clip_sec:
            metadata["clip_length"] = task.clip_sec
        return metadata

    def _origin(self, task: Task) -> dict[str, str]:
        both = {"input_filename": task.filename, "input_url": task.url}
        return {name: value for name, value in both.items() if value}


def v1_scopes(task: Task) -> list[str]:
    names = task.asked.get("scope") or task.asked.get("embedding_scope") or ["clip"]
    return ["video" if name == "asset" else name for name in names]


def make_index() -> dict[str, Any]:
    """One index with videos that were indexed long ago."""
    now = time.time()
    index_id = "66f1a2b3c4d5e6f708192a3b"
    videos = {}
    for number in range(7):
        name = f"indexed_{number}.mp4"
        task = Task(
            f"{number + 1:024x}", "v2", "marengo3.0", name, name, None, now, now, {"clip_sec": 5}
        )
        videos[task.id] = task
    about = {"id": index_id, "name": "archive", "created": now, "status": "ready"}
    return {**about, "options": ["visual", "audio"], "videos": videos}


def indexing(task: Task) -> str:
    """The words of an index for a task that is not ready."""
    return "failed" if task.status == "failed" else "indexing"


def spoken(task: Task) -> list[dict[str, Any]]:
    """What is said in a video, clip by clip."""
    return [
        {"start": start, "end": end, "value": f"words {number} of {task.filename}"}
        for number, (start, end) in enumerate(task.clips())
    ]


def indexed_view(
    store: Store, index: dict[str, Any], task: Task, options: list[str], kind: str
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "_id": task.id,
        "created_at": stamp(task.created),
        "updated_at": stamp(task.created),
        "indexed_at": stamp(task.created),
        "system_metadata": {
            "filename": task.filename,
            "duration": task.duration,
            "fps": 25.0,
            "width": 640,
            "height": 360,
            "size": 123456,
        },
        "hls": {
            "video_url": f"https://example.com/{task.id}.m3u8",
            "thumbnail_urls": [f"https://example.com/{task.id}.jpg"],
            "status": "COMPLETE",
            "updated_at": stamp(task.created),
        },
    }
    if task.asked.get("user_metadata"):
        body["user_metadata"] = task.asked["user_metadata"]
    if task.asked.get("streamed") is False:
        del body["hls"]
    if kind == "indexed-assets":
        body["status"] = index["status"] if task.status == "ready" else indexing(task)
        if task.asked.get("asset_id"):
            body["asset_id"] = task.asked["asset_id"]
    if options and task.status == "ready":
        segments = store.v1_segments(task, options)
        video = {"segments": segments}
        body["embedding"] = {"model_name": task.model_name, "video_embedding": video}
    return body
