"""What Marengo 3.5 answers: rows of films, documents and pictures, and what they used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .rules import MAX_TOKENS, OPTIONS, scopes_of

if TYPE_CHECKING:
    from .store import Store, Task

QUADRANTS = ("top_left", "top_right", "bottom_left", "bottom_right")


def n_pages(head: bytes) -> int:
    """Pages of a PDF file, as its objects say."""
    return max(1, len(re.findall(rb"/Type\s*/Page(?![a-zA-Z])", head)))


def sentences(head: bytes) -> list[str]:
    """The sentences of a text file."""
    text = head.decode("utf-8", errors="replace")
    found = [part.strip() for part in re.split(r"(?<=[.!?])\s+", text)]
    return [part for part in found if part]


def row(
    store: Store, asked: dict[str, Any], *what: object, option: str | None, scope: str | None
) -> dict[str, Any]:
    """One vector, as long as asked for: a shorter one is the beginning of the longest."""
    n = asked.get("embedding_dimension") or store.dim
    made: dict[str, Any] = {
        "embedding": store.vector(*what, option, scope)[:n],
        "embedding_option": option,
        "embedding_scope": scope,
        "start_sec": None,
        "end_sec": None,
    }
    if asked.get("embedding_uncertainty"):
        made["embedding_uncertainty"] = np.abs(store.vector("uncertain", *what))[:n].tolist()
    return made


def task_rows(store: Store, task: Task) -> list[dict[str, Any]]:
    asked = task.asked
    if task.input_type == "image":
        return [row(store, asked, task.content, option="visual", scope="asset")]
    if task.input_type == "document":
        return document_rows(store, task)
    rows = []
    for option in stream_options(task):
        for scope in scopes_of(asked, task.input_type, task.mime):
            spans = [(0.0, task.duration)] if scope == "asset" else task.clips()
            said = "asset" if scope == "asset" else "clip"
            rows += [
                row(store, asked, task.content, start, option=option, scope=said)
                | {"start_sec": start, "end_sec": end}
                for start, end in spans
            ]
    return rows


def options_of(task: Task) -> list[str]:
    """The options that were asked for, or those that the model gives a film or sound unasked."""
    return task.asked.get("embedding_option") or [*OPTIONS[task.model_name][task.input_type]]


def stream_options(task: Task) -> list[str]:
    """The kinds of vector that a film or sound comes back as, of any model."""
    apart = options_of(task)
    types = task.asked.get("embedding_type") or ["separate_embedding"]
    fused = ["fused"] if "fused_embedding" in types else []
    return [*(apart if "separate_embedding" in types else []), *fused]


def document_rows(store: Store, task: Task) -> list[dict[str, Any]]:
    asked, pdf = task.asked, task.mime == "application/pdf"
    rows = []
    for option in asked.get("embedding_option") or (["visual"] if pdf else ["text"]):
        for scope in scopes_of(asked, "document", task.mime):
            if scope == "asset":
                rows.append(row(store, asked, task.content, option=option, scope="asset"))
            elif pdf:
                rows += page_rows(store, task, option)
            else:
                rows += chunk_rows(store, task, option)
    return rows


def page_rows(store: Store, task: Task, option: str) -> list[dict[str, Any]]:
    given = (task.asked.get("segmentation") or {}).get("spatial") or {}
    parts = (None, *QUADRANTS) if given.get("strategy") == "quadrants" else (None,)
    return [
        row(store, task.asked, task.content, page, part, option=option, scope="page")
        | {"start_page_number": page, "end_page_number": page, "quadrant": part}
        for page in range(1, n_pages(task.head) + 1)
        for part in parts
    ]


def chunk_rows(store: Store, task: Task, option: str) -> list[dict[str, Any]]:
    given = task.asked["segmentation"]["sequential"]
    step = given["max_sentences"] - given.get("overlap_sentences", 0)
    found = sentences(task.head)
    last = max(1, len(found) - given.get("overlap_sentences", 0))
    return [
        row(
            store, task.asked, found[start : start + given["max_sentences"]],
            option=option, scope="chunk",
        )
        | {"chunk_index": index}
        for index, start in enumerate(range(0, last, step))
    ]  # fmt: skip


def task_metadata(store: Store, task: Task, origin: dict[str, str]) -> dict[str, Any]:
    asked, kind = task.asked, task.input_type
    usual = {"image": ["visual"], "document": ["visual" if "pdf" in task.mime else "text"]}
    metadata: dict[str, Any] = {"input_type": kind, **origin}
    metadata["embedding_options"] = asked.get("embedding_option") or usual.get(
        kind, ["visual", "audio"][kind == "audio" :]
    )
    metadata["embedding_scopes"] = scopes_of(asked, kind, task.mime)
    metadata["embedding_dimension"] = asked.get("embedding_dimension") or store.dim
    if kind in ("audio", "video"):
        metadata["duration"] = task.duration
        if kind == "video" and task.clip_sec:
            metadata["clip_length"] = task.clip_sec
    return metadata


def task_usage(task: Task) -> dict[str, Any]:
    """Tokens that a task used, by what it read."""
    kind = "text" if task.mime.startswith("text/") else task.input_type
    return {"input_tokens": {kind: 258}, "truncated": False}


def query_answer(store: Store, body: dict[str, Any], contents: list[str]) -> dict[str, Any]:
    """The one vector of a query of several parts."""
    part = body["multi_input"]
    words = (part.get("input_text") or "").split()
    kept = " ".join(words[:MAX_TOKENS])
    if body["model_name"] == "marengo3.0":
        made = row(store, {}, "multi_input", kept, contents, option=None, scope=None)
        return {"data": [made], "metadata": {"input_type": "multi_input"}}
    made = row(store, body, "multi_input", kept, contents, option=None, scope=None)
    used: dict[str, int] = {"text": min(len(words), MAX_TOKENS)} if words else {}
    for source in part.get("media_sources") or ():
        used[source["media_type"]] = used.get(source["media_type"], 0) + 258
    usage: dict[str, Any] = {"input_tokens": used, "truncated": len(words) > MAX_TOKENS}
    if usage["truncated"]:
        usage["truncation_reason"] = "model_context_window"
    dimension = body.get("embedding_dimension") or store.dim
    metadata = {"input_type": "multi_input", "embedding_dimension": dimension}
    return {"data": [made], "usage": usage, "metadata": metadata}
