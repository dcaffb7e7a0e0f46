"""A table as HTML of bounded size, for any page: light, dark, narrow, or without styles.

Text takes the ink of the page it stands on; lines and marks have the colours of
:mod:`twlab.looks` that both backgrounds show. Everything that comes from the table is escaped, and
no address in it is one that the browser would follow.

* :func:`write_table` - the HTML
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.display.cells import Column, write_cells, write_text
from twlab.display.recognised import FINDINGS, is_ours
from twlab.looks import CATEGORIES, THEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["write_table"]

MOST_COLUMNS = 40
"""Columns of a shown table. Those that ``tw.load`` gives, with all that services say beside, are
fewer than thirty."""

VERDICTS = {"problem": CATEGORIES[6], "note": CATEGORIES[1], "fine": CATEGORIES[2]}
"""What ``tw.diagnose`` says, the worst first, and the colour of its mark."""

_MILD = ("fine", "note")

_LINE, _NOT_THERE = THEMES["auto"].grid, "var(--jp-ui-font-color2,inherit)"

_MARK = (
    "display:inline-block;width:.65em;height:.65em;border-radius:50%;margin-right:.5em;content:''"
)
_MARKS = "".join(
    f".tw-show .tw-{name}::before {{{_MARK};background:{colour}}}\n"
    for name, colour in VERDICTS.items()
)

STYLE = f"""\
<style>
.tw-show.tw-show {{font-size:13px;line-height:1.4;color:var(--jp-ui-font-color1,inherit)}}
.tw-show .tw-wide {{overflow-x:auto;max-width:100%;animation:tw-more linear;
 animation-timeline:scroll(self inline)}}
@keyframes tw-more {{0%,98% {{mask-image:linear-gradient(to left,transparent,#000 32px)}}}}
.tw-show.tw-show table {{border-collapse:collapse;margin:0;border:0;font-size:inherit;
 color:inherit;background:none;table-layout:auto}}
.tw-show.tw-show tr.tw-row.tw-row {{background:none;border-top:1px solid {_LINE}}}
.tw-show.tw-show th, .tw-show.tw-show td {{padding:3px 9px;border:0;text-align:left;
 vertical-align:middle;white-space:nowrap;max-width:none;color:inherit;background:none}}
.tw-show.tw-show thead th {{font-weight:600;vertical-align:bottom}}
.tw-show.tw-show tbody th {{font-weight:400;color:{_NOT_THERE}}}
.tw-show.tw-show .tw-number {{text-align:right;font-variant-numeric:tabular-nums}}
.tw-show.tw-show .tw-said {{white-space:normal;min-width:22em;max-width:56em;
 overflow-wrap:anywhere}}
.tw-show.tw-show img {{display:block;max-width:none;margin:2px 0;border:0;background:none}}
.tw-show.tw-show .tw-bars {{image-rendering:pixelated;width:96px;height:14px}}
.tw-show .tw-frame {{border-radius:3px}}
.tw-show .tw-none, .tw-show .tw-foot, .tw-show .tw-same {{color:{_NOT_THERE}}}
.tw-show.tw-show p {{margin:6px 9px;overflow-wrap:anywhere}}
.tw-show summary {{margin:6px 9px;cursor:pointer}}
.tw-show .tw-wide:focus-visible {{outline:2px solid currentColor;outline-offset:1px}}
@media (max-width:560px) {{.tw-show.tw-show :is(th,td) {{padding:3px 5px}}
 .tw-show.tw-show .tw-frame {{width:auto;height:auto;max-width:88px}}
 .tw-show.tw-show .tw-said {{min-width:16em}}}}
{_MARKS}</style>
"""


def write_table(table: pd.DataFrame, n_rows: int, frames: list[Column]) -> str:
    """A table as HTML: its first rows, problems first, what is fine folded.

    Parameters
    ----------
    table : DataFrame
        Any table.
    n_rows : int
        Rows that are shown, and as many again that are folded.
    frames : list of Column
        Pictures of the rows that are shown, put before their columns.
    """
    if is_ours(table) and set(table.columns) >= FINDINGS:
        return _write_findings(table, n_rows)
    shown = table.iloc[:n_rows]
    parts = [_write_rows(table, shown, frames) if len(table) else ""]
    return _page([*parts, _foot(table, len(shown))])


def _write_findings(table: pd.DataFrame, n_rows: int) -> str:
    """Findings: what asks for attention, the worst first, and what is fine folded."""
    verdicts = [cell if isinstance(cell, str) else "" for cell in table["verdict"]]
    is_fine, is_note = (np.array([one == name for one in verdicts], bool) for name in _MILD)
    # What is neither is a problem, also where it goes by another word.
    is_worse = ~(is_fine | is_note)
    told = pd.concat([table[is_worse], table[is_note]])
    fine = table[is_fine]
    shown, folded = told.iloc[:n_rows], fine.iloc[:n_rows]
    parts = [_write_rows(table, shown, []) if len(told) else ""]
    if len(fine):
        beyond = f", the first {len(folded):,} of them here" if len(folded) < len(fine) else ""
        inner = _write_rows(table, folded, [])
        parts.append(f"<details><summary>{len(fine):,} fine{beyond}</summary>{inner}</details>")
    return _page([*parts, _foot(table, len(shown), n_folded=len(folded))])


def _page(parts: Sequence[str]) -> str:
    """The parts with what dresses them."""
    return f'<div class="tw-show">{STYLE}{"".join(parts)}</div>'


def _foot(table: pd.DataFrame, n_shown: int, *, n_folded: int = 0) -> str:
    """How many rows are seen, of how many."""
    total = f"{len(table):,} row{'' if len(table) == 1 else 's'}"
    text = total if n_shown == len(table) else f"{n_shown:,} of {total}"
    text += f", {n_folded:,} more folded" if n_folded else ""
    if len(table.columns) > MOST_COLUMNS:
        text += f", {MOST_COLUMNS} of {len(table.columns):,} columns"
    return f'<p class="tw-foot">{text}</p>'


def _write_rows(whole: pd.DataFrame, rows: pd.DataFrame, frames: list[Column]) -> str:
    """Some rows of a table; what is the same in all rows of it is said once, below."""
    columns, same = list(frames), []
    for place in range(min(len(rows.columns), MOST_COLUMNS)):
        name, cells = rows.columns[place], rows.iloc[:, place]
        if len(whole) > 1 and _is_one_text(whole.iloc[:, place]):
            same.append(f"<b>{write_text(name)}</b> {write_text(cells.iloc[0])}")
        else:
            columns.append(write_cells(name, cells))
    labels = [write_text(label) for label in rows.index.tolist()]
    words = f'<p class="tw-same" dir="auto">In every row: {" · ".join(same)}</p>' if same else ""
    return _lay_table(labels, columns) + words


def _is_one_text(column: pd.Series[Any]) -> bool:
    """Whether a column says one and the same text, or nothing, in every row."""
    first, last = column.iloc[0], column.iloc[-1]
    if isinstance(first, str) and isinstance(last, str):
        return first == last and _holds_text(column) and bool((column == first).all())
    return bool(pd.api.types.is_scalar(first) and pd.isna(first) and column.isna().all())


def _holds_text(column: pd.Series[Any]) -> bool:
    """Whether all cells are text; anything else may compare as it likes."""
    if column.dtype != object:
        return True
    return pd.api.types.infer_dtype(column, skipna=False) == "string"


def _lay_table(labels: list[str], columns: list[Column]) -> str:
    """Columns side by side, each row after its label."""
    heads = "".join(
        f'<th scope="col" class="{column.look}">{column.name}</th>' for column in columns
    )
    lines = [
        f'<tr class="tw-row"><th scope="row">{label}</th>'
        + "".join(_lay_cell(column, place) for column in columns)
        + "</tr>"
        for place, label in enumerate(labels)
    ]
    return (
        '<div class="tw-wide" tabindex="0" role="group" aria-label="Table">'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "</div>"
    )


def _lay_cell(column: Column, place: int) -> str:
    """One cell; the name of a verdict is also the class that gives it its mark."""
    content = column.cells[place]
    look = column.look
    if column.name == "verdict" and content in VERDICTS:
        look = f"tw-{content}"
    return f'<td class="{look}" dir="auto">{content}</td>'
