"""Things that are not embeddings, called by their name, each with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.checks import is_number
from twlab.loading.responses.names import (
    ANSWER_KINDS,
    TIMED,
    VECTOR_KEYS,
    snake_case,
)
from twlab.loading.responses.shapes import COLUMN_OF
from twlab.loading.responses.splitting import long_lists
from twlab.loading.responses.wide import numbered_keys
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["explain", "failed_request"]

_Names = dict[str, Any]
_MANY_NUMBERS = 8
"""Numbers under names of their own that are a vector rather than facts, such as width, height, rate
and size of a film."""
_HITS = frozenset(("score", "confidence", "rank"))


def explain(node: Any) -> str:
    """One sentence that says what a value without embeddings is, and what to do."""
    if sentence := _explain_vector(node) or _explain_numbers(node):
        return sentence
    if isinstance(node, dict):
        names = {snake_case(str(key)): value for key, value in node.items()}
        for recognise in _RECOGNISERS:
            if sentence := recognise(names):
                return sentence
        shown = ", ".join(str(key)[:30] for key in list(node)[:6]) or "none"
        return (
            f"no embeddings in an object with the keys {shown}; an answer with segments was "
            "expected; see the README for the forms that load"
        )
    if isinstance(node, list | tuple):
        return _explain_list(node)
    shown = "null" if node is None else brief(node)
    return f"holds {shown}; an answer with embeddings was expected; check what was saved"


def _explain_vector(node: Any) -> str:
    """The sentence for a list of numbers under a key that does not say that it is the vector."""
    inner = node[0] if isinstance(node, list | tuple) and node else node
    lists = long_lists(inner) if isinstance(inner, dict) else {}
    if not lists:
        return ""
    key, size = next(iter(lists.items()))
    others = f" (and {len(lists) - 1} more such keys)" if len(lists) > 1 else ""
    return (
        f"no key says that it is the vector, but {key!r} holds {size} numbers{others}; 'embedding' "
        f"was expected; name it with columns={{'embedding': {key!r}}}"
    )


def _explain_numbers(node: Any) -> str:
    """The sentence for a vector that may be spread over keys whose names do not say so."""
    inner = node[0] if isinstance(node, list | tuple) and node else node
    if not isinstance(inner, dict):
        return ""
    numbers = [key for key, value in inner.items() if is_number(value)]
    free = [str(key) for key in numbers if snake_case(str(key)) not in COLUMN_OF]
    keys = numbered_keys(tuple(free)) or tuple(free if len(free) >= _MANY_NUMBERS else ())
    if not keys:
        return ""
    return (
        f"no vector is named, but the {len(keys)} columns {keys[0]!r} to {keys[-1]!r} hold numbers "
        "that may be one; columns dim_0, dim_1, ... were expected; rename them so, or give "
        "tw.from_vectors(table[those columns], start_sec=..., end_sec=...)"
    )


def _explain_list(nodes: list[Any] | tuple[Any, ...]) -> str:
    """The same for a list."""
    if not nodes:
        return "is an empty list; embeddings were expected; fetch the answer again"
    if isinstance(nodes[0], dict):
        return explain({"data": nodes})
    shown = brief(nodes[0])
    return f"is a list beginning with {shown}; embeddings were expected; check what was saved"


def failed_request(names: _Names) -> str:
    """The sentence for an HTTP capture of a failed request; empty for everything else."""
    status = names.get("response_status")
    if not isinstance(status, int) or status < 400:
        return ""
    body = names.get("response_body")
    inner = body if isinstance(body, dict) else {}
    text = _message(inner) or str(inner.get("message", ""))[:200] or "no reason given"
    return f"a request that failed with HTTP {status} ({text}); repeat it and save the answer"


def _error_body(names: _Names) -> str:
    """Flat, nested and search errors, and the HTTP capture around one."""
    body = names.get("response_body")
    if text := failed_request(names):
        return text
    if isinstance(body, dict) and body:
        return explain(body)
    if text := _message(names):
        return f"an error answer of the service: {text}; correct the request and repeat it"
    return ""


def _message(names: _Names) -> str:
    """Code and message of an error body in any of its forms."""
    for key in ("error", "errors"):
        inner = names.get(key)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            return _message({"code": "", **inner}) or "an error"
        if isinstance(inner, str) and inner:
            return inner[:200]
    texts = [names[key] for key in ("message", "error_message") if key in names]
    text = next((one for one in texts if isinstance(one, str) and one), "")
    codes = [names[key] for key in ("code", "error_code") if isinstance(names.get(key), str | int)]
    if text and ({"code", "error_code", "error_message"} & names.keys()):
        return f"{str(codes[0])[:60] if codes else ''} {text[:200]!r}".strip()
    return ""


def _is_empty(value: Any) -> bool:
    """Whether nothing stands where embeddings should."""
    return value is None or (isinstance(value, dict | list | tuple | str) and not value)


def _explain_unfinished(names: _Names) -> str:
    """A task that has failed or is still at work."""
    status = names.get("status")
    if not isinstance(status, str):
        return ""
    if status.lower() == "failed":
        reason = _message(names) or "no reason given"
        return f"the task failed ({reason}); create it again"
    if status.lower() in ("processing", "pending", "queued", "validating", "indexing"):
        return (
            f"the task is still {status!r}; an answer with status 'ready' was expected; "
            "fetch it again when it is ready"
        )
    return ""


def _explain_tasks(names: _Names) -> str:
    """A page of tasks, with metadata only."""
    first = _find_first(names)
    if first is not None and first.keys() & ANSWER_KINDS.keys():
        return (
            "a list of tasks, which carries metadata and no vectors; "
            "fetch each task by its id and save those answers"
        )
    if first is not None and {"status", "id"} <= first.keys() and "system_metadata" not in first:
        return "a list of tasks without vectors; fetch each task by its id"
    return ""


def _explain_hits(names: _Names) -> str:
    """Search and knowledge-store hits."""
    first = _find_first(names) or names
    if "search_pool" in names or (
        first.keys() & _HITS and first.keys() & {"start", "clips", "video_id"}
    ):
        return "search hits, which carry times and scores but no vectors; embed the videos instead"
    if {"item_id", "matches"} <= first.keys():
        return "knowledge-store hits, which carry no vectors; embed the videos instead"
    if "scores" in first:
        return "search results with scores but no vectors; embed the videos instead"
    return ""


def _explain_entities(names: _Names) -> str:
    """Entities of a collection."""
    first = _find_first(names) or names
    if "entity_collection_id" in first:
        return "an entity of a collection, which carries no vectors; embed the videos instead"
    return ""


def _explain_analysis(names: _Names) -> str:
    """Texts that Pegasus wrote."""
    if isinstance(names.get("data"), str) or "finish_reason" in names:
        return "an analyze answer (text of Pegasus), which carries no vectors; use embed instead"
    first = _find_first(names) or names
    if TIMED & first.keys() and "scope" in "".join(first) and not _has_vector_key(first):
        return (
            "segments with times and scopes whose vectors were left out; a list of numbers was "
            "expected in each; save the whole answer"
        )
    if {"start_time", "start"} & first.keys() and not _has_vector_key(first):
        return (
            "segments of text with times (as analyze and transcripts give them) without "
            "vectors; use embed instead"
        )
    return ""


def _explain_videos(names: _Names) -> str:
    """Indexed videos and indexing tasks fetched without their embedding."""
    first = _find_first(names) or names
    if "index_name" in first:
        return "an index, which carries no vectors; fetch its videos with embedding_option"
    if (
        first.keys() & {"system_metadata", "hls", "indexed_at"}
        or {
            "video_id",
            "index_id",
        }
        <= first.keys()
    ):
        return (
            "an indexed video without its embedding; "
            "fetch the video with embedding_option=['visual', 'audio']"
        )
    return ""


def _explain_empty(names: _Names) -> str:
    """An answer that is there, with nothing in it."""
    for key, value in (_find_first(names) or names).items():
        if key in VECTOR_KEYS and isinstance(value, list) and not value:
            return (
                f"entries whose {key!r} is empty; a vector was expected in each; ask the store for "
                "the vectors too (include_values, with_vectors) and save that"
            )
    for key in ("segments", "data", "embeddings", "video_embeddings", "value", "embedding"):
        if key in names and _is_empty(names[key]):
            shown = "null" if names[key] is None else "empty"
            return (
                f"{key!r} is {shown}; embeddings were expected; "
                "fetch the answer again, asking for an embedding_option that the video has"
            )
    kinds = [key for key in ANSWER_KINDS if key in names]
    filled = [key for key in kinds if names[key] is not None]  # dumps have null for the others
    for key in filled or kinds:
        inner = names[key]
        if isinstance(inner, dict):
            text = _message({snake_case(str(k)): v for k, v in inner.items()})
            if text:
                return f"{key} carries an error instead of vectors: {text}; repeat the request"
            if "segments" in inner and _is_empty(inner["segments"]):
                return f"'segments' of {key} is empty; embeddings were expected; fetch it again"
        version = "-v2" if key == "document_embedding" else ""
        path = f"/embed{version}/tasks/{{id}}"
        return (
            f"{key} holds no vectors (metadata only); "
            f"fetch the task itself (GET {path}), not its status or a list"
        )
    return ""


def _explain_ids(names: _Names) -> str:
    """The answer to creating a task or an upload, and lists of ids."""
    first = _find_first(names) or names
    if first.keys() & {"upload_id", "upload_url", "asset_id", "task_id", "invocation_arn"}:
        return "an id of a task or upload without vectors; fetch its result and save that"
    if set(first) <= {"id", "title", "status", "created_at", "updated_at"} and "id" in first:
        return "a task id without vectors; fetch the task when it is ready and save that answer"
    return ""


def _find_first(names: _Names) -> _Names | None:
    """The first object of the list that an answer carries."""
    for key in ("data", "segments", "results", "hits", "items", "value", "matches", "points"):
        inner = names.get(key)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return {snake_case(str(k)): v for k, v in inner[0].items()}
    return None


def _has_vector_key(names: _Names) -> bool:
    """Whether an object has a key that would hold a vector."""
    return bool(names.keys() & set(VECTOR_KEYS))


_RECOGNISERS: tuple[Callable[[_Names], str], ...] = (
    _explain_unfinished,
    _error_body,
    _explain_hits,
    _explain_entities,
    _explain_analysis,
    _explain_videos,
    _explain_tasks,
    _explain_empty,
    _explain_ids,
)
