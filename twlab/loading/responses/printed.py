"""Vectors that were printed: in the outputs of a notebook, or as the text of a table's cell.

For many real answers the output of a notebook is the only place where their vectors live::

    Created task: id=67ed... engine_name=Marengo-retrieval-2.7 status=processing
      embedding_scope=clip start_offset_sec=0.0 end_offset_sec=6.0
      embeddings: [0.022429451, 0.00040668788, ...all of them...]

Older SDKs print the numbers without brackets. Where only the first numbers were printed, the rest
is lost, and that is said.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.loading.responses.walk import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twlab.loading.responses.found import Found

__all__ = ["is_notebook", "read_notebook"]

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_HEADER = re.compile(r"^[^\n]*\b(?:embedding_scope|start_offset_sec)=[^\n]*$", re.MULTILINE)
_PAIR = re.compile(r"\b(\w+)=([^\s,()]+)")
_MODEL = re.compile(r"\b(?:model_name|engine_name)=(\S+)|\bModel: *(\S+)")
_TASK = re.compile(r"\btask: *id=(\S+)")
_VECTOR = re.compile(rf"\b(?:embeddings?|float_?)\s*[:=]\s*\[?((?:{_NUMBER}[\s,]*)*)")


def is_notebook(document: Any) -> bool:
    """Whether a parsed document is a Jupyter notebook."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("cells"), list)
        and "nbformat" in document
    )


def read_notebook(document: dict[str, Any], found: Found) -> None:
    """Put every vector that the notebook's outputs show into ``found``."""
    for number, cell in enumerate(document["cells"]):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for text in _output_texts(outputs if isinstance(outputs, list) else []):
            _read_output(text, f"cell {number}", found)
    if not found.size:
        found.remarks.clear()
        found.remark(
            "a notebook without printed embeddings; print whole vectors in it, or save the "
            "answer as JSON"
        )


def _output_texts(outputs: list[Any]) -> Iterator[Any]:
    """What the outputs of a cell show; pieces of one stream are joined."""
    stream = ""
    for output in outputs:
        if not isinstance(output, dict):
            continue
        stream += _join_lines(output.get("text"))
        data = output.get("data")
        if isinstance(data, dict):
            yield data.get("application/json") or _join_lines(data.get("text/plain"))
    yield stream


def _join_lines(text: Any) -> str:
    """A text that may be stored as a list of lines."""
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str))


def _read_output(output: Any, place: str, found: Found) -> None:
    """Read one output: printed segments, or a document as JSON or Python text."""
    if isinstance(output, str):
        if _HEADER.search(output):
            read_printed(output, found, place=place)
            return
        output = _parse_document(output.strip())
    if isinstance(output, dict | list):
        read(output, found, place=place)


def _parse_document(text: str) -> Any:
    """The value of a text of JSON or of a Python literal; None where it is neither."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # a printed dict is not JSON
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def read_printed(text: str, found: Found, *, place: str = "") -> None:
    """Read the segments of a printed answer, each a line of fields and then its numbers."""
    headers = list(_HEADER.finditer(text))
    head = text[: headers[0].start()] if headers else ""
    facts = {}
    if model := _MODEL.search(head):
        facts["model_name"] = model.group(1) or model.group(2)
    if task := _TASK.search(head):
        facts["task_id"] = task.group(1)
    ends = [header.start() for header in headers[1:]] + [len(text)]
    segments = []
    for number, (header, end) in enumerate(zip(headers, ends, strict=True)):
        block = text[header.start() : end]
        fields = {k: None if v == "None" else v for k, v in _PAIR.findall(header.group())}
        shown = _VECTOR.search(block)
        cut = shown and re.match(r"[\s,\]]*(?:\.\.\.|…)", block[shown.end() :])
        where = f"{place}, segment {number}" if place else f"segment {number}"
        if shown is None or cut:
            found.problem(
                "only the first numbers of the vector were printed, the rest is lost; "
                "whole vectors were expected; run the notebook again and save the answer as JSON",
                place=where,
                field="embeddings",
            )
            continue
        numbers = np.array(re.findall(_NUMBER, shown.group(1)), np.float64)
        segments.append({**fields, "embedding": numbers})
    if segments:
        read({**facts, "segments": segments}, found, place=place)
