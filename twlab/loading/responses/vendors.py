"""Answers of other vendors' models, as rows in the words of the table.

A *reader* takes one object of parsed JSON and gives rows, objects with the columns of the table,
or None where the object is not its vendor's. The shapes are those of the vendors' documentation
and SDKs in November 2026:

* Amazon Nova multimodal embeddings: what ``InvokeModel`` answers, and the lines of the files that
  an asynchronous job writes
* Google Vertex AI: ``predictions`` of the multimodal and of the Gemini embedding models
* Cohere: vectors by type of number, and v1
* OpenAI, and those that answer in its form: Voyage, Jina, gateways

What Gemini's own API answers, and Amazon Titan, has the keys that everybody uses and needs no
reader. Packages may add readers: :mod:`twlab.loading.responses.packages`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from twlab.loading.files import stem_of
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.shapes import COLUMN_OF, shape_of
from twlab.loading.responses.values import BadValueError, is_numbers, vector
from twlab.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twlab.loading.responses.found import Found
    from twlab.loading.responses.shapes import Shape


__all__ = ["complete_rows", "explain_vendor", "is_of_vendor", "name_by_file", "rows_of_vendor"]

_NOVA, _VERTEX = "amazon.nova-2-multimodal-embeddings-v1:0", "multimodalembedding@001"
"""Models whose answers do not name them, and whose form no other model has as far as is known."""

_MARKS = frozenset(
    (
        "object",
        "predictions",
        "embeddings",
        "video_embeddings",
        "segment_metadata",
        "image_embedding",
    )
)
_NOVA_TYPES = {
    "VIDEO": {"embedding_option": "visual", "input_type": "video"},
    "AUDIO": {"embedding_option": "audio", "input_type": "audio"},
    "AUDIO_VIDEO_COMBINED": {"embedding_option": "fused", "input_type": "video"},
    "IMAGE": {"input_type": "image"},
    "TEXT": {"input_type": "text"},
}
_NOVA_TYPES["AUDIO_VIDEO"] = _NOVA_TYPES["AUDIO_VIDEO_COMBINED"]  # as names of files have it
_NOVA_FILE = re.compile(r"embedding-(audio-video|video|audio|image|text)")
_NOVA_KEYS = frozenset(("segmentStartSeconds", "segmentStartCharPosition"))
_NOVA_TIMES = {"segmentStartSeconds": "start_sec", "segmentEndSeconds": "end_sec"}
_BARE = frozenset(
    ("embedding", "startOffsetSec", "endOffsetSec", "start_offset_sec", "end_offset_sec")
)
_COHERE_TYPES = ("float", "base64", "int8")
_COHERE_BYTES = frozenset((*_COHERE_TYPES, "uint8", "binary", "ubinary"))
_COHERE_KEYS = frozenset(("id", "embeddings", "texts", "images", "meta", "response_type"))
_COHERE_OWN = frozenset(("response_type", "meta", "texts", "images"))
_FORM = "\0form"
"""The key under which a row has what only the form of its answer tells."""
_OF_LISTS = frozenset(("object", "data", "index"))
_OF_VIDEO = {
    "embedding_option": "visual",
    "embedding_scope": "clip",
    "input_type": "video",
    "model_name": _VERTEX,
}
_PREDICTION = frozenset(("video_embeddings", "text_embedding", "image_embedding"))


def is_of_vendor(node: dict[str, Any], shape: Shape) -> bool:
    """Whether an object is one that :func:`rows_of_vendor` reads."""
    return not _MARKS.isdisjoint(shape.plain) and rows_of_vendor(node, shape) is not None


def rows_of_vendor(node: dict[str, Any], shape: Shape) -> list[dict[str, Any]] | None:
    """The rows of another vendor's answer; None where the object is none of theirs."""
    if _MARKS.isdisjoint(shape.plain):
        return None
    for reader in _READERS:
        rows = reader(node, shape.plain)
        if rows is not None:
            return rows
    return None


def complete_rows(
    rows: list[dict[str, Any]], facts: dict[str, Any], found: Found
) -> list[dict[str, Any]]:
    """The rows with what their form tells, where neither they nor what is around them says it."""
    known = {name for name, fact in facts.items() if fact is not None}
    full = []
    for row in rows:
        own = {key: value for key, value in row.items() if key != _FORM}
        said = known | {COLUMN_OF.get(snake_case(key), key) for key in own}
        told = {name: word for name, word in row.get(_FORM, {}).items() if name not in said}
        found.models_by_form |= {told["model_name"]} if "model_name" in told else set()
        full.append({**own, **told})
    return full


def name_by_file(found: Found, path: Path) -> None:
    """Give the rows of a file of Amazon Nova what only its path says: their option and video.

    A job writes one file for each kind of vector into a folder, and the lines name neither.
    """
    hit = _NOVA_FILE.fullmatch(stem_of(path.name))
    if hit is None:
        return
    told = {**_NOVA_TYPES[hit.group(1).upper().replace("-", "_")]}
    told["video_name"] = printable(path.absolute().parent.name)
    for k, rows in enumerate(found.rows):
        if set(rows.cells("model_name")) == {_NOVA}:
            found.rows[k] = rows._replace(facts={**told, **rows.facts})


def explain_vendor(node: dict[str, Any], shape: Shape) -> str:
    """The sentence for another vendor's answer whose vectors cannot be read; empty otherwise."""
    names = shape.plain
    if _kind_of(node) == "list" and any(
        _kind_of(one) == "embeddings" for one in _objects(node, names, "data")
    ):
        return (
            "several vectors for each input, one per token; one vector was expected; ask again "
            "without multi-vector output"
        )
    box = node.get(names.get("embeddings", ""))
    if isinstance(box, dict) and box and box.keys() <= _COHERE_BYTES - set(_COHERE_TYPES):
        return (
            f"vectors of {' and '.join(map(repr, box))} only, whose cosines are not those of the "
            "model; floats were expected; ask again with embedding_types=['float']"
        )
    results = _objects(node, names, "embedding_results")
    if "source_file_uri" in names and results and not any("embedding" in one for one in results):
        return (
            "the summary of a job of Amazon Nova, which carries no vectors; load the "
            "embedding-*.jsonl files beside it, with video_id= as they do not name the film"
        )
    return ""


def _read_nova(node: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]] | None:
    """Vectors with the type of each, or a line of an asynchronous job."""
    told = node.get("segmentMetadata")
    if isinstance(told, dict) and "embedding" in node and not _NOVA_KEYS.isdisjoint(told):
        rest = {key: value for key, value in node.items() if key != "segmentMetadata"}
        of_clip = {"embedding_scope": "clip"} if "segmentStartSeconds" in told else {}
        named = {_NOVA_TIMES.get(str(key), str(key)): value for key, value in told.items()}
        return [{**rest, **named, _FORM: {**of_clip, "model_name": _NOVA}}]
    entries = _objects(node, names, "embeddings")
    if not entries or any(_nova_type(one) is None for one in entries):
        return None
    return [_nova_row(one) for one in entries]


def _nova_type(entry: dict[str, Any]) -> dict[str, str] | None:
    """The type of a vector in the words of the table; None where it is none of Nova's."""
    kind = entry.get("embeddingType")
    return _NOVA_TYPES.get(kind) if isinstance(kind, str) else None


def _nova_row(entry: dict[str, Any]) -> dict[str, Any]:
    """A vector of what was answered at once."""
    rest = {key: value for key, value in entry.items() if key != "embeddingType"}
    return {**rest, _FORM: {**(_nova_type(entry) or {}), "model_name": _NOVA}}


def _read_vertex(node: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]] | None:
    """Predictions of Vertex AI, or one of them alone."""
    if "predictions" not in names:
        return _read_prediction(node, names) if "video_embeddings" in names else None
    answers = _objects(node, names, "predictions")
    read = [_read_prediction(one, shape_of(tuple(one)).plain) for one in answers]
    if not read or any(rows is None for rows in read):
        return None
    several = sum(rows is not None and len(rows) > 0 for rows in read) > 1
    return [
        {**row, "video_name": f"prediction {k}"} if several else row
        for k, rows in enumerate(read)
        for row in rows or ()
    ]


def _read_prediction(node: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]] | None:
    """Vectors of the segments of a video, of a text and of a picture, or one of Gemini."""
    inner = node.get("embeddings")
    if isinstance(inner, dict) and node.keys() == {"embeddings"}:
        if not is_numbers(inner.get("values")):
            return None
        told = inner.get("statistics", {})
        rest = {key: value for key, value in inner.items() if key not in ("values", "statistics")}
        return [{**(told if isinstance(told, dict) else {}), **rest, "embedding": inner["values"]}]
    videos = _objects(node, names, "video_embeddings")
    if not names.keys() <= _PREDICTION or any(
        not (one.keys() <= _BARE and is_numbers(one.get("embedding"))) for one in videos
    ):
        return None
    rows = [{**one, _FORM: _OF_VIDEO} for one in videos]
    for kind in ("text", "image"):
        value = node.get(names.get(f"{kind}_embedding", ""))
        if is_numbers(value):
            rows.append({"embedding": value, _FORM: {"input_type": kind, "model_name": _VERTEX}})
    return rows or None


def _read_cohere(node: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]] | None:
    """Vectors by the type of their numbers, in the order of the texts or pictures."""
    if not names.keys() <= _COHERE_KEYS:
        return None
    box = node.get(names.get("embeddings", ""))
    if isinstance(box, dict) and _COHERE_OWN & names.keys():
        kinds = {key.removesuffix("_"): value for key, value in box.items() if value is not None}
        known = kinds if kinds.keys() <= _COHERE_BYTES else {}
        box = next((known[kind] for kind in _COHERE_TYPES if known.get(kind)), None)
    elif "response_type" not in names:
        return None
    if not isinstance(box, list) or not box or not all(map(_is_vector, box)):
        return None
    texts, images = (node.get(names.get(name, "")) or [] for name in ("texts", "images"))
    of_texts = isinstance(texts, list) and len(texts) == len(box) and not images
    kind = "text" if of_texts else "image" if images and not texts else None
    told = {"input_type": kind} if kind else {}
    beside = [{"text": text} for text in texts] if of_texts else [{}] * len(box)
    pairs = zip(map(_decode, box), beside, strict=True)
    return [{"embedding": one, **text, _FORM: told} for one, text in pairs]


def _decode(value: Any) -> Any:
    """A vector in base64 as an array; anything else as it is."""
    try:
        return vector(value) if isinstance(value, str) else value
    except BadValueError:
        return value  # said where it stands


def _is_vector(value: Any) -> bool:
    """Whether a value is a vector, as numbers or in base64."""
    return is_numbers(value) or isinstance(value, str)


def _read_openai(node: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]] | None:
    """Vectors in the order asked for; of contextual models, one list for each document."""
    if _kind_of(node) == "embedding" and "embedding" in node:
        rest = {key: value for key, value in node.items() if key != "object"}
        return [{**rest, "embedding": _decode(node["embedding"])}]
    if _kind_of(node) != "list":
        return None
    rows: list[dict[str, Any]] = []
    for place, entry in enumerate(_objects(node, names, "data")):
        inner = _read_openai(entry, shape_of(tuple(entry)).plain)
        if inner is None:
            return None
        if _kind_of(entry) == "list":
            rest = {key: value for key, value in entry.items() if key not in _OF_LISTS}
            rest["document_index"] = entry.get("index", place)
            rows += [
                {**rest, "chunk_index": k, **row, _FORM: {"input_type": "text"}}
                for k, row in enumerate(inner)
            ]
        else:
            rows += [_without_place(row, place) for row in inner]
    return rows or None


def _kind_of(node: dict[str, Any]) -> str:
    """What an object in OpenAI's form says that it is; empty for others."""
    kind = node.get("object")
    return kind if isinstance(kind, str) else ""


def _without_place(row: dict[str, Any], place: int) -> dict[str, Any]:
    """A row without the number of its input, where that says no more than its place."""
    return {key: value for key, value in row.items() if key != "index" or value != place}


def _objects(node: dict[str, Any], names: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The objects of a list under a key; none where it is no list of objects."""
    value = node.get(names.get(name, ""))
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return []
    return value


_READERS: tuple[Callable[[dict[str, Any], dict[str, str]], list[dict[str, Any]] | None], ...] = (
    _read_nova,
    _read_vertex,
    _read_cohere,
    _read_openai,
)
