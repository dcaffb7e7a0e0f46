"""Documents that keep each field as one column: Vespa, and pandas' ``to_json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from twlab.loading.responses.names import VECTOR_KEYS, snake_case
from twlab.loading.responses.splitting import vector_keys
from twlab.loading.responses.values import is_numbers

if TYPE_CHECKING:
    from twlab.loading.responses.shapes import Shape

__all__ = ["as_records"]

_ONE_OF = {"ids": "id", "metadatas": "metadata", "documents": "document", "uris": "uri"} | {
    name: name.removesuffix("s")
    for name in (
        *("starts", "ends", "start_times", "end_times", "timestamps", "start_secs", "end_secs"),
        *("start_offsets", "end_offsets", "embedding_options", "video_ids"),
        *("filenames", "video_names"),
    )
}
"""Columns of Chroma, and what one cell of each is."""


def as_records(node: dict[str, Any], shape: Shape) -> list[dict[str, Any]] | None:
    """The rows of a columnar object; None where it is not one.

    Three layouts: equal lists per field with the vectors as a list or as an indexed tensor
    (Vespa), ``{column: {index: cell}}`` and ``{"columns": [...], "data": [[...]]}`` (pandas).
    """
    columns, data = node.get("columns"), node.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        return _split_layout(columns, data)
    for key in (*shape.vectors, *vector_keys(shape.extras)):
        cells = _vector_cells(node[key])
        if cells is None:
            continue
        labels = _name_vectors(node[key], len(cells))
        named = isinstance(node[key], dict) and not all(map(str.isdigit, labels))
        columns = [node[name] for name in node if _is_column(node[name], labels)]
        if named and "blocks" not in node[key]:  # a vector for each option, not for each row
            columns = [column for column in columns if isinstance(column, dict)]
        if len(set(labels)) == len(cells) and columns:
            return _join_records(node, key, cells)
    return None


def _split_layout(columns: list[Any], data: list[Any]) -> list[dict[str, Any]] | None:
    """The ``split`` orientation of pandas."""
    names = [str(column) for column in columns]
    if not {snake_case(name) for name in names} & set(VECTOR_KEYS):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(names, row, strict=True)) for row in data]


def _vector_cells(value: Any) -> list[Any] | None:
    """The vectors of a column or tensor, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("blocks"), dict | list):
            return _vector_cells(value["blocks"])
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "fiu":
        return list(value)
    if not isinstance(value, list | tuple) or not value:
        return None
    if all(isinstance(cell, dict) and is_numbers(cell.get("values")) for cell in value):
        return [cell["values"] for cell in value]
    return list(value) if all(is_numbers(cell) for cell in value) else None


def _name_vectors(value: Any, length: int) -> list[str]:
    """What each vector of a column is called; its place where it has no name."""
    blocks = value.get("blocks", value) if isinstance(value, dict) else value
    if isinstance(blocks, dict):
        return [str(label) for label in blocks]
    addresses = [cell.get("address") if isinstance(cell, dict) else None for cell in blocks]
    if all(isinstance(one, dict) and len(one) == 1 for one in addresses):
        return [str(next(iter(one.values()))) for one in addresses if isinstance(one, dict)]
    return [str(place) for place in range(length)]


def _is_column(value: Any, labels: list[str]) -> bool:
    """Whether a field has one cell per vector."""
    if isinstance(value, dict):
        return bool(value) and set(map(str, value)) <= set(labels) and not _vector_cells(value)
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and len(value) == len(labels)
    if not isinstance(value, list | tuple) or len(value) != len(labels):
        return False
    spans = all(is_numbers(cell) and len(cell) == 2 for cell in value)
    return spans or not _vector_cells(value)


def _join_records(node: dict[str, Any], vector_key: str, cells: list[Any]) -> list[dict[str, Any]]:
    """One object per vector, its fields joined by the name of the row where they have names."""
    labels = _name_vectors(node[vector_key], len(cells))
    by_label: dict[str, dict[str, Any]] = {
        label: {"embedding": cell} for label, cell in zip(labels, cells, strict=True)
    }
    places = [str(place) for place in range(len(cells))]
    in_order = list(map(by_label.get, places if set(labels) == set(places) else labels))
    for key, value in node.items():
        if key == vector_key or not _is_column(value, labels):
            continue
        key = _ONE_OF.get(key, key)
        if isinstance(value, dict):
            for label, cell in value.items():
                by_label[str(label)][key] = cell
        else:
            for record, cell in zip(in_order, value, strict=True):
                cast("dict[str, Any]", record)[key] = _as_cell(cell)
    return list(by_label.values())


def _as_cell(cell: Any) -> Any:
    """A cell of an array as Python has it; one of float32 in its shortest form."""
    if isinstance(cell, np.float32 | np.float16):
        return float(str(cell))
    return cell.item() if isinstance(cell, np.generic) else cell
