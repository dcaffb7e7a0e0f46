"""Texts in files that programs for sheets open, which calculate what begins as a formula does.

The page puts an apostrophe before such a text. So that every text comes back, one is put before a
text of our files that begins with apostrophes and such a sign, and taken off where one is read.

* :func:`mark_texts` - columns as they are written
* :func:`unmark_texts` - columns as they were
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["mark_texts", "unmark_texts"]

_MARKED = re.compile(r"'+[=+\-@\t\r]")


def mark_texts(cells: Iterable[Any]) -> list[Any]:
    """The cells, one apostrophe more where one would be taken off.

    >>> mark_texts(["=1", "'=1", "'t is", 5])
    ['=1', "''=1", "'t is", 5]
    """
    return [f"'{cell}" if _is_marked(cell) else cell for cell in cells]


def unmark_texts(cells: Iterable[Any]) -> list[Any]:
    """The cells without the apostrophe that keeps sheets from calculating them.

    >>> unmark_texts(["=1", "'=1", "''=1", "'t is", 5])
    ['=1', '=1', "'=1", "'t is", 5]
    """
    return [cell[1:] if _is_marked(cell) else cell for cell in cells]


def _is_marked(cell: Any) -> bool:
    return isinstance(cell, str) and _MARKED.match(cell) is not None
