"""What the many producers of embeddings call the same thing.

Every key is first brought to one spelling by :func:`snake_case` (``startOffsetSec``,
``START_OFFSET_SEC`` and ``start_offset_sec`` are one key), so that the tables below need each
word once. Within a column the earlier word wins where a row carries several.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = [
    "ALIASES",
    "ANSWER_KINDS",
    "BOXES",
    "NESTED",
    "TIMED",
    "VECTOR_KEYS",
    "snake_case",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "start_sec": (
        "start_sec",
        "start_offset_sec",
        "start_offset_time",
        "start_time",
        "start_offset",
        "segment_start",
        "start_seconds",
        "start",
        "begin",
    ),
    "end_sec": (
        "end_sec",
        "end_offset_sec",
        "end_offset_time",
        "end_time",
        "end_offset",
        "segment_end",
        "end_seconds",
        "end",
        "stop",
    ),
    "start_timecode": ("start_timecode",),
    "end_timecode": ("end_timecode",),
    "embedding_option": ("embedding_option", "modality", "option"),
    "embedding_scope": ("embedding_scope", "scope"),
    "model_name": ("model_name", "engine_name", "model_id", "model", "embedding_model"),
    "video_id": ("video_id", "tl_video_id"),
    "video_name": ("source_video", "video_name", "video_file", "video_title"),
    "filename": ("filename", "input_filename", "file_name", "original_filename"),
    "input_url": ("input_url", "video_url", "url", "s3_uri", "video_uri"),
    "duration_sec": ("duration_sec", "duration"),
    "input_type": ("input_type",),
    "task_id": ("task_id",),
    "fps": ("fps", "frame_rate"),
    "hls_url": ("hls_url",),
    "thumbnail_url": ("thumbnail_url",),
    "thumbnail_urls": ("thumbnail_urls",),
    "created_at": ("created_at",),
    "asset_id": ("asset_id",),
    "embedding_dimension": ("embedding_dimension",),
    "embedding_uncertainty": ("embedding_uncertainty",),
    "start_page_number": ("start_page_number",),
    "end_page_number": ("end_page_number",),
    "quadrant": ("quadrant",),
    "chunk_index": ("chunk_index",),
}
"""Column, and the names under which its value is served."""

VECTOR_KEYS = (
    "embedding",
    "float",
    "embeddings_float",
    "values",
    "vector",
    "float32",
    "embedding_field",
    "embedding_vec",
    "embeddings",
)
"""Names of the vector, or of the object around it."""

TIMED = frozenset(
    (
        *ALIASES["start_sec"],
        *ALIASES["end_sec"],
        *ALIASES["embedding_option"],
        *ALIASES["embedding_scope"],
        "start_timecode",
    )
)
"""Names that only a segment carries: an object with one of them should hold a vector."""

NESTED = (
    *("metadata", "payload", "system_metadata", "entity", "hls", "user_metadata", "fields"),
    *("properties", "data", "meta", "info", "attributes", "attrs", "extra", "usage"),
)
"""Objects inside a row or an answer whose fields belong to it."""

ANSWER_KINDS = {
    "video_embedding": "video",
    "audio_embedding": "audio",
    "text_embedding": "text",
    "image_embedding": "image",
    "document_embedding": "document",
}
"""Keys of embed v1 under which the segments of one kind of input stand."""

BOXES = (
    "segments",
    "video_embeddings",
    "data",
    "value",
    "embeddings",
    "embedding",
    "output",
    "response_body",
    "hits",
    "vectors",
    "matches",
    "points",
    "result",
    "results",
    "records",
    "objects",
    "items",
    "item",
    "root",
    "children",
    "documents",
    "rows",
    "_source",
    "fields",
    "payload",
    "metadata",
    "meta",
)
"""Keys under which segments, answers or further boxes stand."""


@lru_cache(maxsize=4096)
def snake_case(key: str) -> str:
    """The key in the one spelling that the tables use: snake case, no outer underscores.

    Examples
    --------
    >>> [snake_case(key) for key in ("startOffsetSec", "START_SEC", "float_", "_id", "s3URI")]
    ['start_offset_sec', 'start_sec', 'float', 'id', 's3_uri']
    """
    if key == "_source":
        return key
    if not key.isupper():
        key = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    return re.sub(r"[\s-]+", "_", key).lower().strip("_")
