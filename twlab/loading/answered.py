"""What an answer says beside its vectors: by which model, what was spoken, what was cut.

* :func:`tell_models` - the model, where no field names it and a field occurs with one only
* :func:`spread_speech` - each segment's part of the transcript of its film
* :func:`check_uncertainty` - one number for each number of the vector
* :func:`warn_of_cut` - inputs of which the model read a part only
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import is_number
from twlab.errors import warn
from twlab.loading.responses.values import is_said, is_transcript
from twlab.table.segments import BY_FIELDS
from twlab.wording import brief

if TYPE_CHECKING:
    import pandas as pd

    from twlab.loading.responses import Found, Rows

__all__ = ["check_uncertainty", "spread_speech", "tell_models", "warn_of_cut"]

_NEW, _OLD = "marengo3.5", "marengo3.0"
"""The models that answers without a name may be of, as far as is known in November 2026: token
counts, uncertainty and vectors of documents are returned by the new one only, a vector of what is
spoken by the old one only."""

_TOKENS = ("input_tokens_", "usage_input_tokens")
_OF_FILES = ("document", "image")
_INPUT = ("video_id", "video_name", "filename", "input_url", "task_id")
_INSTANT_SEC = 1e-6
"""What is said in no time lasts a microsecond, or no half-open segment would hold it."""


def tell_models(found: Found) -> None:
    """Say of rows whose answer names no model which one their fields are of.

    A model is not named on that account: the column ``model_by_fields`` says what is known. It
    holds for all rows of the same answer and input, unless they contradict one another. Nothing is
    told of rows with a column of models, though empty.
    """
    told: dict[Any, str | None] = {}
    for rows in found.rows:
        for k, model in _telling(rows).items():
            before = told.setdefault(_input_of(rows, k), model)
            if before != model:
                told[_input_of(rows, k)] = None
    if not told:
        return
    for place, rows in enumerate(found.rows):
        if _has_models(rows):
            continue
        of_rows = [told.get(_input_of(rows, k)) for k in range(len(rows.vectors))]
        if any(of_rows):
            found.rows[place] = rows._replace(columns={**rows.columns, BY_FIELDS: of_rows})


def _has_models(rows: Rows) -> bool:
    """Whether rows say their model, be it that they know of none."""
    return "model_name" in rows.columns or "model_name" in rows.facts


def _input_of(rows: Rows, k: int) -> tuple[Any, ...]:
    """What tells a row of one input from those of another."""
    names = (name for name in _INPUT if name in rows.columns or name in rows.facts)
    return (rows.answer, *((name, rows.cells(name)[k]) for name in names))


def _telling(rows: Rows) -> dict[int, str]:
    """The rows with a field that only one model returns, and that model."""
    if _has_models(rows):
        return {}
    if any(name.startswith(_TOKENS) for name in rows.facts):
        return dict.fromkeys(range(len(rows.vectors)), _NEW)
    told = _of_scopes(rows)
    for name in rows.columns:
        if name == "embedding_uncertainty" or name.startswith(_TOKENS):
            told |= {k: _NEW for k, cell in enumerate(rows.columns[name]) if cell is not None}
    return told


def _of_scopes(rows: Rows) -> dict[int, str]:
    """The rows of a document, a page or chunk of one, a picture's task, or of what is spoken."""
    scopes = rows.cells("embedding_scope")
    names = ("embedding_option", "input_type", "start_page_number", "chunk_index")
    cells = zip(scopes, *map(rows.cells, names), strict=True)
    told = {}
    for k, (scope, option, kind, page, chunk) in enumerate(cells):
        if scope is None:
            continue
        if option == "transcription":
            told[k] = _OLD
        elif option in ("visual", "text"):
            piece = {"page": page, "chunk": chunk}.get(scope)
            if piece is not None or (scope == "asset" and kind in _OF_FILES):
                told[k] = _NEW
    return told


def spread_speech(found: Found) -> None:
    """Give each row what is spoken in it of the transcript of its film; all where it has no time.

    A table has what is said of a film in each of its rows, which for a transcript would be a
    thousand copies of a book.
    """
    known: dict[int, _Transcript] = {}
    for place, rows in enumerate(found.rows):
        cells = rows.cells("transcription")
        if not any(map(is_transcript, cells)):
            continue
        for said in cells:
            if is_transcript(said):
                known.setdefault(id(said), _Transcript(said))
        times = zip(cells, rows.cells("start_sec"), rows.cells("end_sec"), strict=True)
        heard = [known[id(s)].within(a, b) if is_transcript(s) else s for s, a, b in times]
        facts = {name: fact for name, fact in rows.facts.items() if name != "transcription"}
        columns = {**rows.columns, "transcription": heard}
        found.rows[place] = rows._replace(columns=columns, facts=facts)
    _tell_what_is_left_out(list(known.values()), found)


def _tell_what_is_left_out(known: list[_Transcript], found: Found) -> None:
    """Remarks on what was said and is in no row."""
    count = sum(one.count for one in known)
    if missed := sum(int((~one.heard).sum()) for one in known):
        found.remark(
            f"{missed} of {count} entries of the transcription lie in no segment and "
            "were left out; segments of the whole film were expected; fetch those too",
            field="transcription",
        )
    if unread := [brief(entry) for one in known for entry in one.unread]:
        found.remark(
            f"{len(unread)} of {count} entries of the transcription, as {unread[0]}, were left "
            "out; a text, or an object with value, start and end, was expected; mend the file",
            field="transcription",
        )


class _Transcript:
    """What is said in a film, and which entries any segment has taken.

    Parameters
    ----------
    entries : list
        Objects with ``value``, and ``start`` and ``end`` in seconds where these are known; others
        are counted.
    """

    def __init__(self, entries: list[Any]) -> None:
        self.count = len(entries)
        self.unread = [one for one in entries if not is_said(one)]
        said = [one for one in entries if is_said(one)]
        self.said = [{**one, **_times(one)} for one in said]
        start = np.array([_at(one.get("start"), 0.0) for one in said])
        end = np.fmax([_at(one.get("end"), math.inf) for one in said], start + _INSTANT_SEC)
        self.order = np.argsort(start, kind="stable")
        self.begun, self.end = start[self.order], end[self.order]
        self.latest = np.maximum.accumulate(self.end)
        self.heard = np.zeros(len(said), bool)

    def within(self, start: float, end: float) -> list[dict[str, Any]] | None:
        """What overlaps a stretch of time, half-open, in order; all of it where there is none."""
        first, last = 0, len(self.said)
        if not math.isnan(start):
            stop = math.inf if math.isnan(end) else end
            first = int(np.searchsorted(self.latest, start, side="right"))
            last = int(np.searchsorted(self.begun, stop, side="left"))
        own = [k for k in range(first, last) if not self.end[k] <= start]
        entries = self.order[own]
        self.heard[entries] = True
        return [self.said[k] for k in entries] or None


def _times(one: dict[str, Any]) -> dict[str, float]:
    """The times of an entry as seconds in one type, which a file would make of them anyway."""
    return {side: float(one[side]) for side in ("start", "end") if is_number(one.get(side))}


def _at(value: Any, otherwise: float) -> float:
    """A time of a transcript, where it is one."""
    return float(value) if is_number(value) else otherwise


def check_uncertainty(found: Found) -> None:
    """Problems of rows whose uncertainty has other than one number for each of the vector's."""
    for place, rows in enumerate(found.rows):
        wrong = set()
        cells = rows.columns.get("embedding_uncertainty", ())
        for k, (cell, vector) in enumerate(zip(cells, rows.vectors, strict=False)):
            if cell is not None and len(cell) != len(vector):
                wrong.add(k)
                found.problem(
                    f"{len(cell)} numbers of uncertainty for a vector of {len(vector)}; as many "
                    "were expected; drop the field or fetch the answer again",
                    place=rows.places[k],
                    field="embedding_uncertainty",
                )
        if wrong:
            found.rows[place] = rows.without(wrong)


def warn_of_cut(table: pd.DataFrame) -> None:
    """Say how many rows are of an input that was cut, as the answer says in ``usage``."""
    if "truncated" not in table.columns:
        return
    cut = table["truncated"].isin([True]).to_numpy(bool)
    if not cut.any():
        return
    first = int(cut.argmax())
    reasons = table["truncation_reason"].dropna() if "truncation_reason" in table.columns else ()
    reason = f" ({', '.join(sorted(set(map(str, reasons))))})" if len(reasons) else ""
    warn(
        f"{int(cut.sum())} of {len(table)} rows are of an input that was cut to what the model can "
        f"read{reason}, first row {first} of {table['video_id'].iloc[first]!r}; their vectors say "
        "nothing of the rest, see the column 'truncated'; embed shorter inputs"
    )
