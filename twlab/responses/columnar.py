"""Documents that keep each field as one column: Vespa, and pandas' ``to_json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.responses.names import VECTOR_KEYS, plain
from twlab.responses.values import is_numbers

if TYPE_CHECKING:
    from twlab.responses.shapes import Shape

__all__ = ["as_records"]


def as_records(node: dict[str, Any], shape: Shape) -> list[dict[str, Any]] | None:
    """The rows of a columnar object; None where it is not one.

    Three layouts: equal lists per field with the vectors as a list or as an indexed tensor
    (Vespa), ``{column: {index: cell}}`` and ``{"columns": [...], "data": [[...]]}`` (pandas).
    """
    columns, data = node.get("columns"), node.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        return _split_layout(columns, data)
    for key in shape.vectors:
        cells = _cells(node[key])
        if cells is not None and any(_is_column(node[name], len(cells)) for name in node):
            return _records(node, key, cells)
    return None


def _split_layout(columns: list[Any], data: list[Any]) -> list[dict[str, Any]] | None:
    """The ``split`` orientation of pandas."""
    names = [str(column) for column in columns]
    if not {plain(name) for name in names} & set(VECTOR_KEYS):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(names, row, strict=True)) for row in data]


def _cells(value: Any) -> list[Any] | None:
    """The vectors of a column or tensor, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("blocks"), dict | list):
            return _cells(value["blocks"])
        value = list(value.values())
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(cell, dict) and is_numbers(cell.get("values")) for cell in value):
        return [cell["values"] for cell in value]
    return value if all(is_numbers(cell) for cell in value) else None


def _is_column(value: Any, length: int) -> bool:
    """Whether a field has one cell per vector."""
    return isinstance(value, list | dict) and len(value) == length and not _cells(value)


def _records(node: dict[str, Any], vector_key: str, cells: list[Any]) -> list[dict[str, Any]]:
    """One object per vector."""
    records: list[dict[str, Any]] = [{"embedding": cell} for cell in cells]
    for key, value in node.items():
        if key == vector_key:
            continue
        if _is_column(value, len(cells)) or (is_numbers(value) and len(value) == len(cells)):
            column = value.values() if isinstance(value, dict) else value
            for record, cell in zip(records, column, strict=True):
                record[key] = cell
    return records
