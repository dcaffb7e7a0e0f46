"""What single tools wrap around plain JSON, taken off.

* typed values: extended JSON of MongoDB (``{"$numberDouble": "6.0"}``), JSON of DynamoDB
  (``{"N": "6.0"}``)
* OpenSearch: hits inside a hit, fields that come as lists of one
* Weaviate: ``Get`` of GraphQL, and what it calls ``_additional``
* Chroma: a query's answer, one list for each query
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.loading.responses.values import is_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["document_of", "undress"]

_DYNAMO = frozenset(("S", "N", "L", "M", "BOOL", "NULL", "B", "SS", "NS", "BS"))
_DEEPEST_TYPED = 40
"""DynamoDB keeps values up to 32 levels deep; deeper ones are nobody's answer."""
_BSON_VECTOR, _BSON_FLOAT32, _BSON_INT8 = "09", 0x27, 0x03
"""The subtype of vectors in BSON, and how the first byte of one says what its numbers are."""
_CHROMA = ("ids", "embeddings", "metadatas", "documents", "uris", "distances")


def undress(node: dict[str, Any]) -> dict[str, Any]:
    """The object as plain JSON has it; the same one where it is plain."""
    boxes = [value for value in node.values() if type(value) is dict or type(value) is list]
    if not boxes:
        return node
    if _is_dynamo(node):
        return {key: _read_dynamo(value, 0) for key, value in node.items()}
    if any(map(_is_extended, boxes)):
        return {key: _read_mongo(value, 0) for key, value in node.items()}
    if type(node.get("inner_hits")) is dict:
        return _with_inner_hits(node)
    if type(node.get("fields")) is dict and {"_id", "_index", "_score"} & node.keys():
        return {**node, "fields": _unwrap_lists(node["fields"], "")}
    if type(node.get("_additional")) is dict:
        inner = node["_additional"]
        return {**{k: v for k, v in node.items() if k != "_additional"}, **inner}
    if type(node.get("Get")) is dict:
        lists = [value for value in node["Get"].values() if isinstance(value, list)]
        return {"objects": [entry for entries in lists for entry in entries]}
    if any(type(value) is dict and type(value.get("cells")) is list for value in boxes):
        return {key: _join_cells(value) for key, value in node.items()}
    if "embeddings" in node and _is_nested_list(node.get("ids")):
        return _join_queries(node)
    return node


def _is_dynamo(node: dict[str, Any]) -> bool:
    """Whether every value says its type in DynamoDB's letters."""
    return bool(node) and all(
        type(value) is dict and len(value) == 1 and next(iter(value)) in _DYNAMO
        for value in node.values()
    )


def _read_dynamo(value: Any, depth: int) -> Any:
    """The value behind DynamoDB's letter."""
    if type(value) is not dict or len(value) != 1 or depth > _DEEPEST_TYPED:
        return value
    ((kind, inner),) = value.items()
    if kind == "N":
        return _number_of(inner)
    if kind == "NS" and isinstance(inner, list):
        return [_number_of(one) for one in inner]
    if kind == "L" and isinstance(inner, list):
        return [_read_dynamo(one, depth + 1) for one in inner]
    if kind == "M" and isinstance(inner, dict):
        return {key: _read_dynamo(one, depth + 1) for key, one in inner.items()}
    return None if kind == "NULL" else inner


def _number_of(text: Any) -> Any:
    """The number that a text shows; the text where it shows none."""
    for number in (int, float):
        try:
            return number(text[:400]) if isinstance(text, str) else text
        except ValueError:
            continue
    return text


def _is_extended(value: Any) -> bool:
    """Whether a value, or the first one in a list, is typed by MongoDB."""
    if type(value) is list and value:
        value = value[0]
    if type(value) is dict and value:
        first = next(iter(value))
        return first.startswith("$") or (first == "values" and _is_extended(value[first]))
    return False


def _read_mongo(value: Any, depth: int) -> Any:
    """The value behind MongoDB's type, however deep it stands."""
    if depth > _DEEPEST_TYPED or is_numbers(value):
        return value
    if type(value) is list:
        return [_read_mongo(one, depth + 1) for one in value]
    if type(value) is not dict:
        return value
    if not value or not next(iter(value)).startswith("$"):
        return {key: _read_mongo(one, depth + 1) for key, one in value.items()}
    kind, inner = next(iter(value.items()))
    reader = _MONGO.get(kind)
    return reader(inner) if reader else value


def _read_binary(inner: Any) -> Any:
    """A vector that MongoDB stores as binary data; anything else as it is."""
    if type(inner) is not dict or str(inner.get("subType")).zfill(2) != _BSON_VECTOR:
        return inner
    try:
        data = base64.b64decode(str(inner.get("base64")), validate=True)
    except binascii.Error:
        return inner
    if len(data) < 6 or data[0] not in (_BSON_FLOAT32, _BSON_INT8):
        return inner
    kind = "<f4" if data[0] == _BSON_FLOAT32 else "i1"
    usable = (len(data) - 2) // np.dtype(kind).itemsize * np.dtype(kind).itemsize
    return np.frombuffer(data[2 : 2 + usable], kind).astype(np.float32)


def _read_date(inner: Any) -> Any:
    """A date as text, or its milliseconds."""
    return _number_of(inner["$numberLong"]) if type(inner) is dict and inner else inner


_MONGO: dict[str, Callable[[Any], Any]] = {
    "$numberDouble": _number_of,
    "$numberDecimal": _number_of,
    "$numberInt": _number_of,
    "$numberLong": _number_of,
    "$oid": lambda inner: inner,
    "$uuid": lambda inner: inner,
    "$date": lambda inner: (
        _read_date(inner) if not isinstance(inner, dict) or "$numberLong" in inner else None
    ),
    "$binary": _read_binary,
}


def _with_inner_hits(node: dict[str, Any]) -> dict[str, Any]:
    """A hit with the hits inside it as segments, unless its own document has their vectors."""
    outer = node.get("_source")
    outer = dict(outer) if type(outer) is dict else {}
    rows: list[dict[str, Any]] = []
    for box in node["inner_hits"].values():
        hits = box.get("hits", {}) if type(box) is dict else {}
        hits = hits.get("hits") if type(hits) is dict else hits
        rows += [_flat_hit(hit) for hit in hits or () if type(hit) is dict]
    others = {key: value for key, value in node.items() if key != "inner_hits"}
    if not rows or any(_holds_vectors(value) for value in outer.values()):
        return others
    return {**others, "_source": {**outer, "segments": rows}}


def _flat_hit(hit: dict[str, Any]) -> dict[str, Any]:
    """The fields of a hit without the name of the field that it stands in."""
    nested = hit.get("_nested")
    field = nested.get("field", "") if type(nested) is dict else ""
    fields, own = hit.get("fields"), hit.get("_source")
    flat = _unwrap_lists(fields, f"{field}.") if type(fields) is dict else {}
    return {**(own if type(own) is dict else {}), **flat}


def _unwrap_lists(fields: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Fields that come as lists, those of one value as that value."""
    return {
        key.removeprefix(prefix): value[0] if type(value) is list and len(value) == 1 else value
        for key, value in fields.items()
    }


def _holds_vectors(value: Any) -> bool:
    """Whether a field is a vector or a list of objects with one."""
    if type(value) is list and value and type(value[0]) is dict:
        return any(is_numbers(inner) for inner in value[0].values())
    return is_numbers(value) and len(value) > 1


def _join_cells(value: Any) -> Any:
    """A tensor that Vespa writes cell by cell, as a list or as a block of lists."""
    if type(value) is not dict or type(value.get("cells")) is not list:
        return value
    blocks: dict[str, dict[int, Any]] = {}
    for cell in value["cells"]:
        address = cell.get("address") if type(cell) is dict else None
        if type(address) is not dict or not 1 <= len(address) <= 2:
            return value
        *block, place = map(str, address.values())
        if not place.isdigit():
            return value
        blocks.setdefault("".join(block), {})[int(place[:9])] = cell.get("value")
    lists = {name: [cells[k] for k in sorted(cells)] for name, cells in blocks.items()}
    return lists[""] if set(lists) == {""} else {"blocks": lists}


def _is_nested_list(value: Any) -> bool:
    """Whether a value is a list of lists."""
    return type(value) is list and bool(value) and all(type(one) is list for one in value)


def _join_queries(node: dict[str, Any]) -> dict[str, Any]:
    """A Chroma answer with the hits of all queries in one list, each stored row once."""
    ids = [one for hits in node["ids"] for one in hits]
    first = {one: place for place, one in reversed(list(enumerate(ids)))}
    keep = [place for place, one in enumerate(ids) if first[one] == place]
    flat = dict(node)
    for key in _CHROMA:
        value = node.get(key)
        if value is None:
            continue
        cells = [one for hits in value for one in hits]
        if len(cells) == len(ids):
            flat[key] = [cells[place] for place in keep]
    return flat


def document_of(text: str) -> Any:
    """The JSON document that a text is; None where it is none, or holds nothing."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None
