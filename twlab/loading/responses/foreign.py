"""Objects that carry vectors but are another vendor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.loading.responses.values import is_numbers

if TYPE_CHECKING:
    from twlab.loading.responses.shapes import Shape

__all__ = ["foreign_name"]

_EXPECTED = "; embeddings of TwelveLabs were expected; load the file that holds those"
_FIFTYONE = f"this is a FiftyOne export, which does not keep embedding options apart{_EXPECTED}"
_VERTEX_DIM = 1408
"""Of vectors of multimodalembedding@001, unless fewer are asked for."""
_MARKS = frozenset(
    ("object", "predictions", "deployed_model_id", "_cls", "samples", "sample_fields")
)


def foreign_name(node: dict[str, Any], shape: Shape) -> str:
    """The sentence that refuses another vendor's object; empty for everything else."""
    names = shape.plain
    if not _MARKS.isdisjoint(names) and not _is_of_twelvelabs(node, names):
        return _find_vendor(node, names)
    if "video_embeddings" in names:
        inner = node[names["video_embeddings"]]
        first = inner[0] if isinstance(inner, list) and inner else None
        if isinstance(first, dict) and _is_vertex_segment(first):
            return f"this is a Google Vertex AI answer (videoEmbeddings){_EXPECTED}"
    if len(names) <= 3 and "embedding" in names and _is_vertex_segment(node, dim=_VERTEX_DIM):
        return f"this is a Google Vertex AI embedding of {_VERTEX_DIM} dimensions{_EXPECTED}"
    return ""


def _is_of_twelvelabs(node: dict[str, Any], names: dict[str, str]) -> bool:
    """Whether an answer in another vendor's form names a model of TwelveLabs."""
    model = node.get(names.get("model", ""))
    return isinstance(model, str) and "marengo" in model.lower()


def _find_vendor(node: dict[str, Any], names: dict[str, str]) -> str:
    """The name of a vendor whose mark was seen."""
    kind = node.get(names.get("object", ""))
    kind = kind if isinstance(kind, str) else ""
    if kind == "embedding" or (kind == "list" and "data" in names):
        return f"this is an answer in OpenAI's form (object: {kind!r}){_EXPECTED}"
    labelled = isinstance(node.get(names.get("data", "")), dict)  # Label Studio
    if ("predictions" in names and not labelled) or "deployed_model_id" in names:
        return f"this is a Google Vertex AI answer (predictions){_EXPECTED}"
    samples = node.get(names.get("samples", ""))
    first = samples[0] if isinstance(samples, list) and samples else {}
    first = first if isinstance(first, dict) else {}
    if "_cls" in node or "sample_fields" in names or {"filepath", "_cls"} & set(first):
        return _FIFTYONE
    return ""


def _is_vertex_segment(node: dict[str, Any], dim: int = 0) -> bool:
    """Whether a segment has Vertex AI's keys only: an embedding and offsets, no scope."""
    bare = {"embedding", "startOffsetSec", "endOffsetSec", "start_offset_sec", "end_offset_sec"}
    vector: Any = node.get("embedding")
    if not (node.keys() <= bare and is_numbers(vector)):
        return False
    return not dim or len(vector) == dim
