"""Cells of a shown table as HTML, each of bounded size, whatever it holds.

* :func:`write_cells` - those of a column
* :func:`write_text` - any value as text, escaped
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_any_real_numeric_dtype

from twlab.display.barcode import barcode_address
from twlab.timecodes import LATEST_SEC, format_timecode
from twlab.wording import brief, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ABSENT", "Column", "write_cells", "write_text"]

MOST_LETTERS = 120
"""Letters of a cell: what stands in it otherwise is an id, a label, or the name of a file."""

SECONDS = ("_sec", "_sec_a", "_sec_b")
"""How names of times end; those of pairs say of which."""

SENTENCES = ("finding", "problem")
LONGEST_SENTENCE = 2000
"""Letters of a sentence, which is what its table is read for. The longest that twlab writes have
some 300; what they quote of a table may be longer."""

LONGEST_WHOLE = 1 << 256
"""Whole numbers beyond this are not written out: Python refuses to, and nobody reads them."""

ABSENT = '<span class="tw-none">–</span>'


class Column(NamedTuple):
    """A column as it is shown."""

    name: str
    """Escaped."""
    cells: list[str]
    """What stands between the tags of each cell."""
    look: str = ""
    """The class of its cells."""


def write_cells(name: Any, column: pd.Series[Any]) -> Column:
    """A column as it is shown: seconds as timecodes, vectors as pictures, the rest as text."""
    head, values = write_text(name), column.tolist()
    numeric = is_any_real_numeric_dtype(column)
    if numeric and isinstance(name, str) and name.endswith(SECONDS):
        return Column(head, [_timecode(value) for value in values], "tw-number")
    if numeric:
        return Column(head, _numbers(values), "tw-number")
    if name in SENTENCES:
        return Column(head, [write_text(value, LONGEST_SENTENCE) for value in values], "tw-said")
    return Column(head, [_write_any(value) for value in values])


def _timecode(value: Any) -> str:
    """A time, to the hundredth where it is no whole second; pointing at it shows the number."""
    if _is_missing(value):
        return ABSENT
    seconds = float(value)
    if abs(seconds) >= LATEST_SEC:
        return f"{seconds:g}"
    decimals = 0 if abs(seconds - round(seconds)) < 0.005 else 2
    return f'<span title="{seconds!r} s">{format_timecode(seconds, decimals=decimals)}</span>'


def _numbers(values: Sequence[Any]) -> list[str]:
    """Numbers of one column, with as many decimals each where they are scores."""
    known = [value for value in values if not _is_missing(value)]
    scores = any(value != np.round(value) for value in known) and max(map(abs, known)) < 10
    return [ABSENT if _is_missing(value) else _number(value, scores=scores) for value in values]


def _number(value: Any, *, scores: bool) -> str:
    """One number, short."""
    if not math.isfinite(value):
        return html.escape(str(value))
    if value == round(value) and not scores:
        return write_text(int(value)) if abs(value) < 1e15 else f"{value:.6g}"
    return f"{value:.3f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3g}"


def _write_any(value: Any) -> str:
    """A cell of a column that is no numbers: a vector as a picture, else text."""
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and len(value) > 1 and np.issubdtype(value.dtype, np.floating):
            alt = f"vector of {len(value):,} numbers"
            source = barcode_address(value)
            return f'<img class="tw-bars" width="96" height="14" alt="{alt}" src="{source}">'
        return write_text(f"array of shape {value.shape}")
    return write_text(value)


def write_text(value: Any, most: int = MOST_LETTERS) -> str:
    """Any value as text of at most so many letters, escaped, on one line."""
    if _is_missing(value):
        return ABSENT
    text = _short_text(value, most + 1)
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return html.escape(one_line(cut))


def _short_text(value: Any, most: int) -> str:
    """The start of a value, without writing out more than that of what may be endless."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, bytes | bytearray | memoryview):
        return repr(bytes(value[:most]))[:most]
    if isinstance(value, int) and abs(value) > LONGEST_WHOLE:
        return f"whole number of {value.bit_length():,} bits"
    if isinstance(value, list | tuple | dict | set | frozenset):
        return brief(value, most)
    return str(value)[:most]


def _is_missing(value: Any) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT
