"""Objects whose vector stands under a name of its own, or that hold several.

A row may call its vector ``vec`` or ``marengo_embedding``, keep one per option (named vectors of
Qdrant and Weaviate, ``visual_embedding`` beside ``audio_embedding``), spread it over numbered keys,
or have it before or between its times as a bare list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.loading.responses.folded import without_keys
from twlab.loading.responses.keyed import are_segments
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.othernames import OPTION_WORDS
from twlab.loading.responses.shapes import shape_of
from twlab.loading.responses.text_vectors import vector_of_text
from twlab.loading.responses.values import is_numbers
from twlab.loading.responses.wide import wide_keys

if TYPE_CHECKING:
    from twlab.loading.responses.shapes import Shape

__all__ = [
    "is_bare",
    "is_unnamed_row",
    "long_lists",
    "split_positional",
    "split_row",
    "vector_keys",
    "vector_like",
]

_VECTOR_WORDS = frozenset(
    (
        *("embedding", "embeddings", "vector", "vectors", "vec", "vecs", "emb", "embs", "feature"),
        *("features", "fingerprint", "tensor", "representation"),
    )
)
_FILLERS = frozenset(("json", "list", "array", "raw", "f32", "float32", "float", "values"))
_NO_VECTORS = frozenset(("embedding_uncertainty",))
_WHOLE_ROW = frozenset(("id", "uuid", "payload", "properties", "metadata", "class", "entity"))
_UNNAMED = frozenset(("default", "dense", "embedding", "vector", "values", ""))
_OPTIONS = OPTION_WORDS | {"text", "image"}
SHORTEST_VECTOR = 32
"""A flat list of so many numbers is a vector even where its name does not say so."""

_SINGLE = frozenset((int, float, bool, type(None)))
_MARENGO_DIMS = frozenset((512, 1024))
"""Of Marengo 3 and of those before it."""
_FEWEST_NUMBERS = 4
"""A start, an end and a vector: one number is none."""
_MOST_COLUMNS = 64
"""Values of a row without names; a longer list with one vector in it is a list of other things."""
_UNIT = 1.5
"""Vectors are of length 1 or nearly: a number so many times the length of the rest is a time."""


_FEWEST_OF_UNIT = 10
"""A start, an end and eight numbers: of fewer, such as a box, the length is 1 by chance too
often."""


@lru_cache(maxsize=1024)
def vector_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys whose name says that a vector stands under them."""
    return tuple(key for key in keys if vector_like(key))


def vector_like(key: str) -> bool:
    """Whether a name says that a vector stands under it."""
    words = snake_case(key).split("_")
    return bool(_VECTOR_WORDS & set(words)) and snake_case(key) not in _NO_VECTORS


def option_of(key: str) -> str | None:
    """The option that the name of a vector says; None where it says none.

    Examples
    --------
    >>> option_of("visual_text_embedding"), option_of("marengo_embedding")
    ('visual-text', None)
    """
    rest = [word for word in snake_case(key).split("_") if word not in _VECTOR_WORDS | _FILLERS]
    name = "-".join(rest)
    return name if name in _OPTIONS else None


def split_row(node: dict[str, Any], shape: Shape) -> list[dict[str, Any]]:
    """The rows of an object that has no vector under a known name; empty where it is none."""
    for key in (*shape.vectors, *(key for key in shape.boxes if snake_case(key) == "vectors")):
        named = node[key]
        whole = key in shape.vectors or bool(_WHOLE_ROW & shape.plain.keys())
        if not whole or type(named) is not dict or are_segments(named):
            continue
        if vectors := _find_vectors(named):
            return _split_by_option(node, {key}, vectors)
    if any(_is_box(node[key]) for key in shape.boxes):
        return []
    keys = tuple(node)
    vectors = _find_vectors({key: node[key] for key in vector_keys(keys)})
    if len(vectors) == 1:
        (key,) = vectors
        option = option_of(key)
        names = {"embedding_option": option} if option in OPTION_WORDS else {}
        return [{**names, **without_keys(node, {key}), "embedding": vectors[key]}]
    if vectors and all(option_of(key) for key in vectors):
        return _split_by_option(
            node, set(vectors), {option_of(k) or k: v for k, v in vectors.items()}
        )
    wide = [str(key) for key in wide_keys(keys)]
    if wide and all(type(node[key]) in (int, float) for key in wide):
        return [{**without_keys(node, set(wide)), "embedding": [node[key] for key in wide]}]
    return []


def _is_box(value: Any) -> bool:
    """Whether a value holds objects, and so perhaps rows."""
    return type(value) is list and bool(value) and type(value[0]) is dict


def _find_vectors(named: dict[str, Any]) -> dict[str, Any]:
    """The values that are vectors, or texts of one."""
    vectors = {}
    for key, value in named.items():
        if isinstance(value, str) and value.lstrip()[:1] == "[":
            value = vector_of_text(value)
        if is_numbers(value) and len(value) > 1:
            vectors[key] = value
    return vectors


def _split_by_option(
    node: dict[str, Any], keys: set[str], vectors: dict[str, Any]
) -> list[dict[str, Any]]:
    """One row for each named vector; its name is the option, unless the row has one."""
    rest = without_keys(node, keys)
    rows = []
    for name, numbers in vectors.items():
        names = {} if snake_case(name) in _UNNAMED else {"vector_name": name}
        rows.append({**rest, **names, "embedding": numbers})
    return rows


def split_positional(nodes: list[Any] | tuple[Any, ...]) -> list[dict[str, Any]] | None:
    """The rows of ``[start, end, vector]`` and ``[start, end, *vector]``; None for other lists."""
    if not nodes:
        return None
    if all(_is_triple(node) for node in nodes):
        return [_make_record(node[0], node[1], node[2]) for node in nodes]
    sizes = {len(node) if is_numbers(node) else 0 for node in nodes}
    if len(sizes) != 1 or max(sizes) < _FEWEST_NUMBERS:
        return None
    try:
        table = np.array(nodes, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if table.ndim != 2 or not _begins_with_times(table):
        return None
    return [_make_record(node[0], node[1], node[2:]) for node in nodes]


def is_bare(node: Any) -> bool:
    """Whether an object has single values only, and none that may be read as a row or as several.

    So is the description that nearly every answer has beside its segments. To look for rows there
    took a third of the time of a small file.
    """
    if type(node) is not dict:
        return False
    for value in node.values():
        if type(value) is str:
            if value.lstrip()[:1] in ("[", "{"):
                return False
        elif type(value) not in _SINGLE:
            return False
    keys = tuple(node)
    return not shape_of(keys).vectors and not wide_keys(keys)


def is_unnamed_row(node: Any) -> bool:
    """Whether a list has single values and one vector, as a row without names does."""
    if type(node) not in (list, tuple) or not 1 < len(node) <= _MOST_COLUMNS:
        return False
    vectors = [one for one in node if is_numbers(one) and len(one) > 1]
    return len(vectors) == 1 and not any(isinstance(one, dict) for one in node)


def _is_triple(node: Any) -> bool:
    """Whether an entry is two times and a vector."""
    if type(node) not in (list, tuple) or len(node) != 3:
        return False
    return all(type(one) in (int, float) for one in node[:2]) and is_numbers(node[2])


def _make_record(start: Any, end: Any, vector: Any) -> dict[str, Any]:
    """A row of its parts; a time of float32 in its shortest form."""
    times = [float(str(one)) if isinstance(one, np.floating) else one for one in (start, end)]
    return {"start_sec": times[0], "end_sec": times[1], "embedding": vector}


def _begins_with_times(table: Any) -> bool:
    """Whether the first two numbers of each row are times, and no part of a vector.

    They must be times in order. That they are no accident is told by the dimension that is left,
    by segments that touch from 0 on, or by ends far longer than the vectors themselves.
    """
    start, end = table[:, 0], table[:, 1]
    if not np.isfinite(table).all() or not ((start >= 0) & (start < end)).all():
        return False
    if (np.diff(start) < 0).any():
        return False
    if table.shape[1] - 2 in _MARENGO_DIMS:
        return True
    touching = len(table) > 1 and start[0] == 0 and np.allclose(start[1:], end[:-1], atol=1e-3)
    length = np.linalg.norm(table[:, 2:], axis=1)
    unit = ((length > 1 / _UNIT) & (length < _UNIT)).all() and table.shape[1] >= _FEWEST_OF_UNIT
    return bool(touching or (unit and (end > _UNIT * length).all()))


def long_lists(node: dict[str, Any]) -> dict[str, int]:
    """The keys of an object that hold a list of numbers as long as a vector, and its length."""
    found = {}
    for key, value in node.items():
        if isinstance(value, str) and value.lstrip()[:1] == "[" and len(value) > SHORTEST_VECTOR:
            value = vector_of_text(value)
        if is_numbers(value) and len(value) >= SHORTEST_VECTOR:
            found[str(key)] = len(value)
    return found
