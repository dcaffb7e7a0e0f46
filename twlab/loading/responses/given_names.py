"""Keys of a source under the names of the table that the caller gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import is_number
from twlab.loading.responses.othernames import counts_frames, per_sec
from twlab.loading.responses.values import is_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from twlab.loading.responses.found import Found

__all__ = ["rename_keys"]

_DEEPEST_NAME = 60
"""Six times as deep as any answer (ten levels); Python itself goes 1,000 calls deep."""
_GIVEN_TIMES = ("start_sec", "end_sec")


def rename_keys(document: Any, found: Found) -> Any:
    """The document with the keys that ``found.columns`` names, at any depth, renamed.

    A key of the table that stood there already gives way, as ``served_...``. Times whose name ends
    in a unit (``_ms``) become seconds.
    """
    if not found.columns:
        return document
    return _rename_value(document, found, 0)


def _rename_value(node: Any, found: Found, depth: int) -> Any:
    """One value of the document."""
    if depth > _DEEPEST_NAME or is_numbers(node):
        return node
    if isinstance(node, list | tuple):
        return [_rename_value(one, found, depth + 1) for one in node]
    if not isinstance(node, dict):
        return node
    found.keys_seen.update(dict.fromkeys(map(str, node)))
    targets = {found.columns[key] for key in node if key in found.columns}
    out = {}
    for key, value in node.items():
        value = _rename_value(value, found, depth + 1)
        column = found.columns.get(key)
        if column is None:
            out[f"served_{key}" if key in targets else key] = value
        elif column in _GIVEN_TIMES:
            out[_time_key(key, column)] = _apply_to_each(value, _to_seconds(key))
        else:
            out[column] = value
    return out


def _time_key(key: str, column: str) -> str:
    """The name of a time; frames stay frames, and are divided where their rate is known."""
    return column.replace("_sec", "_frame") if counts_frames(key) else column


def _to_seconds(key: str) -> Callable[[Any], Any]:
    """What makes seconds of a number under a key."""
    rate = 1.0 if counts_frames(key) else per_sec(key)

    def seconds(value: Any) -> Any:
        if isinstance(value, str) and rate != 1:
            try:
                return float(value[:40]) / rate
            except ValueError:
                return value
        return value / rate if rate != 1 and is_number(value) else value

    return seconds


def _apply_to_each(value: Any, function: Callable[[Any], Any]) -> Any:
    """A function of a value, or of each of a column."""
    if isinstance(value, list | tuple):
        return [function(one) for one in value]
    if isinstance(value, dict):
        return {key: function(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return [function(one) for one in value.tolist()]
    return function(value)
