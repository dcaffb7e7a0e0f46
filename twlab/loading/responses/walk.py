"""From a parsed document to its rows: which boxes hold segments, and what each says of them.

An *answer* is an object that describes one input (a task, an indexed video, an ``embed`` call, a
document of a store); its fields are *facts* handed down to the rows inside it. Families differ
only in where the rows stand, which the tables of :mod:`twlab.loading.responses.names` know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.loading.responses.columnar import as_records
from twlab.loading.responses.dialects import document_of, undress
from twlab.loading.responses.folded import is_folded, is_sparse, lift_video, unfold, without_keys
from twlab.loading.responses.given_names import rename_keys
from twlab.loading.responses.headers import ignored_keys, is_header, name_columns
from twlab.loading.responses.keyed import are_films, read_keys
from twlab.loading.responses.names import snake_case
from twlab.loading.responses.not_embeddings import explain, failed_request
from twlab.loading.responses.object_rows import add_row, add_rows, read_facts
from twlab.loading.responses.othernames import FALLBACK_VIDEO, FILE_NAMES, VIDEO_NAMES
from twlab.loading.responses.packages import read_by_package
from twlab.loading.responses.shapes import shape_of, vector_key, vector_of
from twlab.loading.responses.splitting import is_bare, is_unnamed_row, split_positional, split_row
from twlab.loading.responses.values import is_numbers
from twlab.loading.responses.vendors import (
    complete_rows,
    explain_vendor,
    is_of_vendor,
    rows_of_vendor,
)
from twlab.wording import brief

if TYPE_CHECKING:
    from twlab.loading.responses.found import Found
    from twlab.loading.responses.keyed import Keys
    from twlab.loading.responses.shapes import Shape

__all__ = ["read"]

_DEEPEST = 24
"""More than twice as deep as any answer (ten levels); a level takes several of the 1,000 calls
that Python goes deep."""
_LONGEST_NAME = 1000
"""Signed addresses have some hundred letters; longer texts are descriptions."""
_MAY_NAME = (*VIDEO_NAMES, *FILE_NAMES, "title", "name")
_ALL_NAMES = frozenset(_MAY_NAME)


def read(document: Any, found: Found, *, place: str = "", word: str = "segment") -> None:
    """Put every row of a parsed document into ``found``.

    Parameters
    ----------
    document : object
        Parsed JSON; vectors may be lists or numpy arrays.
    found : Found
        Takes the rows, the problems, and remarks on parts without embeddings.
    place : str
        Where the document stands in its source, for messages.
    word : str
        What the entries of the outermost list are called: ``segment``, ``line`` or ``row``.
    """
    document = rename_keys(document, found)
    by_package = read_by_package(document, found.source)
    if by_package is not None:
        document, place = by_package
    _walk(document, {}, place, found, found.new_answer(), word=word)


def _walk(
    node: Any,
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
    *,
    depth: int = 0,
    word: str = "segment",
) -> None:
    """Read one value of the document, whatever it is."""
    if depth > _DEEPEST:
        found.remark(f"is nested more than {_DEEPEST} deep; an answer was expected")
    elif isinstance(node, np.ndarray) and node.ndim == 2:
        _walk_list(list(node), facts, place, found, answer, depth=depth, word=word)
    elif is_unnamed_row(node):
        found.problem(
            "a row without the names of its columns (as to_json(orient='values') writes it); an "
            "object with keys was expected; write it with orient='records'",
            place=place,
        )
    elif is_numbers(node) or isinstance(node, np.ndarray):
        add_row({"embedding": node}, ("embedding", node), facts, found, place=place, answer=answer)
    elif isinstance(node, list | tuple):
        _walk_list(node, facts, place, found, answer, depth=depth, word=word)
    elif isinstance(node, dict):
        _walk_object(node, facts, place, found, answer, depth=depth)
    else:
        found.remark(explain(node), place=place)


def _walk_list(
    nodes: list[Any] | tuple[Any, ...],
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
    *,
    depth: int,
    word: str,
) -> None:
    """Read a list of rows, or of answers with rows inside."""
    nodes = name_columns(nodes) or split_positional(nodes) or nodes
    prefix = f"{place}, " if place else ""
    first = 1 if word == "line" else 0
    if is_header(nodes):
        facts = _read_header(nodes[0], facts, f"{prefix}{word} {first}", found)
        nodes, first = nodes[1:], first + 1
    before, marked = found.size, len(found.remarks)
    position, without = 0, []
    while position < len(nodes):
        end, key = _find_run(nodes, position)
        where = [f"{prefix}{word} {k + first}" for k in range(position, max(end, position + 1))]
        if key:
            run = list(nodes[position:end])
            add_rows(run, key, facts, found, places=where, answer=answer)
        elif _is_action(nodes[position]):
            pass
        elif not _read_entry(nodes[position], facts, where[0], found, answer, depth=depth):
            without.append(where[0])
        position += len(where)
    if found.size == before:
        del found.remarks[marked + 1 :]
        if len(found.remarks) == marked:
            found.remark(explain(nodes), place=place)
    elif len(without) < len(nodes) and _has_rows(nodes):
        _tell_no_vector(without, found)


def _read_header(
    node: dict[str, Any], facts: dict[str, Any], place: str, found: Found
) -> dict[str, Any]:
    """What the first object of a list says of the rows after it; what is left out is told."""
    if dropped := ignored_keys(node):
        shown = ", ".join(map(brief, dropped[:4]))
        found.remark(
            f"holds no vector and was read as what is said of all rows; of its fields {shown} "
            f"{'was' if len(dropped) == 1 else 'were'} left out; add them to the table if they "
            "are needed",
            place=place,
        )
    return _facts_below(node, shape_of(tuple(node)), facts)


def _find_run(nodes: list[Any] | tuple[Any, ...], start: int) -> tuple[int, str]:
    """The end of the run of rows with the same keys from ``start``, and the key of the vectors."""
    node = nodes[start]
    if type(node) is not dict or not node:
        return start, ""
    keys = tuple(node)
    shape = shape_of(keys)
    key = vector_key(node, shape)
    if not key or is_of_vendor(node, shape) or is_folded(node, shape):
        return start, ""
    end = start + 1
    while end < len(nodes):
        node = nodes[end]
        if type(node) is not dict or tuple(node) != keys or not is_numbers(node[key]):
            break
        end += 1
    return end, key


def _is_action(node: Any) -> bool:
    """Whether an entry is a line between the documents of a bulk request (OpenSearch)."""
    if type(node) is not dict or len(node) != 1:
        return False
    ((action, target),) = node.items()
    return (
        action in ("index", "create", "update", "delete")
        and type(target) is dict
        and all(key.startswith("_") or key in ("routing", "pipeline") for key in target)
    )


def _read_entry(
    node: Any, facts: dict[str, Any], place: str, found: Found, answer: int, *, depth: int
) -> bool:
    """Read an entry of a list that is no plain row; whether it held anything."""
    size = found.size
    if type(node) is dict and node:
        plain_node = undress(node)
        if _read_row(plain_node, shape_of(tuple(plain_node)), facts, place, found, answer):
            return True
    inner = answer if is_numbers(node) else found.new_answer()
    _walk(node, facts, place.replace("segment", "entry"), found, inner, depth=depth + 1)
    return found.size > size


def _read_row(
    node: dict[str, Any],
    shape: Shape,
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
) -> bool:
    """Read an object that is a row, or several with a vector each; whether it is one."""
    if (of_vendor := rows_of_vendor(node, shape)) is not None:
        if vector_of(node, shape) is None:
            return False
        for row in complete_rows(of_vendor, facts, found):
            add_row(row, ("embedding", row["embedding"]), facts, found, place=place, answer=answer)
        return True
    node = unfold(node, shape)
    shape = shape_of(tuple(node))
    given = vector_of(node, shape)
    if given is not None:
        add_row(node, given, facts, found, place=place, answer=answer)
        return True
    rows = [] if as_records(node, shape) is not None else split_row(node, shape)
    if rows:
        _tell_sparse(node, found)
    for row in rows:
        add_row(row, ("embedding", row["embedding"]), facts, found, place=place, answer=answer)
    return bool(rows)


def _tell_sparse(node: dict[str, Any], found: Found) -> None:
    """Say of sparse vectors beside those that were read that they were left out."""
    for box in node.values():
        for name in (
            [key for key, value in box.items() if is_sparse(value)] if type(box) is dict else ()
        ):
            problem = (
                f"the sparse vector {name!r} of each row was left out; lists of numbers were "
                "expected; drop it from what the store is asked for"
            )
            if all(one.problem != problem for one in found.remarks):
                found.remark(problem, field=name)


def _has_rows(nodes: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list has rows of its own, rather than answers with rows inside."""
    return any(
        type(node) is dict and bool(node) and vector_of(node, shape_of(tuple(node))) is not None
        for node in nodes
    )


def _tell_no_vector(places: list[str], found: Found) -> None:
    """Say of each entry among rows that it has no vector."""
    missing = {place.replace("segment", "entry") for place in places}
    found.remarks = [
        one for one in found.remarks if one.place.replace("segment", "entry") not in missing
    ]
    for place in places:
        found.problem(
            "has no vector although the entries around it have; a list of numbers was expected; "
            "drop the segment or fetch it again",
            place=place,
        )


def _walk_object(
    node: dict[str, Any],
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
    *,
    depth: int,
) -> None:
    """Read an object: a row, an answer, or a box around either."""
    shape = shape_of(tuple(node))
    if name := _explain_failed(node, shape) or explain_vendor(node, shape):
        found.remark(name, place=place)
        return
    if (rows := rows_of_vendor(node, shape)) is not None:
        told = without_keys(node, shape.vectors)
        own = _facts_below(told, shape_of(tuple(told)), facts)
        rows = complete_rows(rows, own, found)
        _walk_list(rows, own, place, found, answer, depth=depth + 1, word="vector")
        return
    node = undress(node)
    shape = shape_of(tuple(node))
    if _read_row(node, shape, facts, place, found, answer):
        return
    before, marked = found.size, len(found.remarks)
    records = as_records(node, shape)
    if records is not None:
        own = _facts_below(node, shape, facts)
        _walk(records, own, place, found, answer, depth=depth + 1)
    else:
        _walk_boxes(node, shape, facts, place, found, answer, depth=depth)
        if found.size == before:
            _walk_others(node, shape, facts, place, found, answer, depth=depth)
    if found.size == before:
        del found.remarks[marked:]
        found.remark(explain(node), place=place)
    elif trouble := _explain_trouble(node, shape):
        found.remark(trouble, place=place)


def _walk_boxes(
    node: dict[str, Any],
    shape: Shape,
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
    *,
    depth: int,
) -> None:
    """Read what stands under the keys that may hold segments."""
    own = _facts_below(node, shape, facts)
    for key, kind in shape.kinds:
        kind_facts = {**own, "input_type": own.get("input_type", kind)}
        inner = place if kind == "video" else f"{place}, {key}" if place else key
        if node[key] is not None:
            _walk(node[key], kind_facts, inner, found, answer, depth=depth + 1)
    for key in shape.boxes:
        value = node[key]
        if not isinstance(value, dict | list | tuple) or not value or is_numbers(value):
            continue
        due = snake_case(key) in ("segments", "video_embeddings")  # what is not there is told
        if not due and is_bare(value):
            continue
        before, marked = found.size, len(found.remarks)
        _walk(value, own, place, found, answer, depth=depth + 1)
        if found.size == before and not due:
            del found.remarks[marked:]


def _walk_others(
    node: dict[str, Any],
    shape: Shape,
    facts: dict[str, Any],
    place: str,
    found: Found,
    answer: int,
    *,
    depth: int,
) -> None:
    """Read what stands under keys that nobody agreed on: videos' names, columns with answers."""
    known = {*shape.boxes, *(key for key, _ in shape.kinds), *(key for key, _ in shape.nested)}
    known.update(shape.vectors)
    texts = {key: document_of(value) for key, value in node.items() if isinstance(value, str)}
    inner = {key: texts.get(key, value) for key, value in node.items()}
    inner = {key: value for key, value in inner.items() if _is_container(value)}
    own = _facts_below(node, shape, facts)
    keys = _read_keys_of(node, inner, own, found, place)
    size, unread = found.size, list[str]()
    for key, value in inner.items():
        if is_numbers(value):
            if not keys.kind:
                continue
        elif key in known and not isinstance(node[key], str):
            continue
        told = {**own, **keys.facts(key, own)}
        of_key = found.new_answer() if keys.kind == "video" else answer
        inside = f"{place}, {key}" if place else str(key)
        before, marked = found.size, len(found.remarks)
        _walk(value, told, inside, found, of_key, depth=depth + 1)
        if found.size == before:
            del found.remarks[marked:]
            unread += [str(key)] * (keys.kind == "video")
    if unread and len(unread) < len(inner) and found.size > size:
        found.remark(
            f"what stands under {', '.join(map(brief, unread[:3]))} holds no vectors and was left "
            "out; a vector was expected under each key; drop such keys, or fetch them again",
            place=place,
        )


def _is_container(value: Any) -> bool:
    """Whether a value may hold rows."""
    if isinstance(value, np.ndarray):
        return value.ndim == 2
    return isinstance(value, dict | list | tuple) and bool(value)


def _read_keys_of(
    node: dict[str, Any], inner: dict[str, Any], facts: dict[str, Any], found: Found, place: str
) -> Keys:
    """What the keys of an object say of the rows below them."""
    rows = [value for value in inner.values() if type(value) is dict and _is_row(value)]
    ids = [str(row.get("id", row.get("_id"))) for row in rows]
    keys = read_keys(
        inner,
        facts,
        whole=len(inner) == len(node),
        row_ids=ids if len(rows) == len(inner) else None,
    )
    if keys.kind == "video" and FALLBACK_VIDEO in facts and not are_films(inner):
        found.remark(_explain_doubt(list(map(str, inner)), facts[FALLBACK_VIDEO]), place=place)
    return keys


def _explain_doubt(keys: list[str], around: str) -> str:
    """The sentence for keys that may name videos, under one that may too."""
    shown = ", ".join(map(brief, keys[:3]))
    return (
        f"the keys {shown} under {brief(around)} were read as videos, and {brief(around)} is kept "
        "in the column 'group'; one name of a video was expected; if that is the video, load what "
        "stands under it with video_id="
    )


def _is_row(node: dict[str, Any]) -> bool:
    """Whether an object is a row, of one vector or several."""
    node = undress(node)
    shape = shape_of(tuple(node))
    return vector_of(node, shape) is not None or bool(split_row(node, shape))


def _facts_below(node: dict[str, Any], shape: Shape, facts: dict[str, Any]) -> dict[str, Any]:
    """What an object says of all the rows inside it, with what was said around it."""
    described = lift_video(node, shape)
    if described is not node:
        node, shape = described, shape_of(tuple(described))
    own = {**facts, **read_facts(node, shape)}
    _identify(own, node, shape)
    _name_request(own, node)
    for inner in (node, *(node[key] for key, _ in shape.nested if type(node[key]) is dict)):
        if _name_below(own, inner, shape_of(tuple(inner)).plain):
            break
    return own


def _name_request(own: dict[str, Any], node: dict[str, Any]) -> None:
    """Keep what a line of a batch says it was asked for; the lines come in any order."""
    for name in ("custom_id", "key"):
        value = node.get(name)
        if isinstance(value, str) and type(node.get("response")) is dict:
            own[name] = value
            own.setdefault(FALLBACK_VIDEO, value)
    asked = node.get("instance")
    for value in asked.values() if type(asked) is dict else ():
        address = value.get("gcsUri") if type(value) is dict else None
        if isinstance(address, str):
            own.setdefault("input_url", address)


def _name_below(own: dict[str, Any], node: dict[str, Any], names: dict[str, str]) -> bool:
    """Take what may name the video of all rows from an object; whether it surely does."""
    if _ALL_NAMES.isdisjoint(names):
        return False
    for name in _MAY_NAME:
        value = node.get(names.get(name, ""))
        if isinstance(value, str) and value and (len(value) < _LONGEST_NAME):
            if name in ("title", "name"):
                own.setdefault(FALLBACK_VIDEO, value)
            else:
                own[FALLBACK_VIDEO] = value
                return True
    return False


def _identify(facts: dict[str, Any], node: dict[str, Any], shape: Shape) -> None:
    """Turn the ``_id`` of an answer into what it is: a video's or a task's."""
    own = facts.pop("id", None)
    if own is None:
        return
    names = shape.plain
    if "system_metadata" in names or isinstance(node.get(names.get("embedding", "")), dict):
        facts.setdefault("video_id", own)
    elif shape.kinds or "status" in names or "video_embeddings" in names:
        facts.setdefault("task_id", own)


def _explain_failed(node: dict[str, Any], shape: Shape) -> str:
    """The sentence for a capture of a failed request, whatever its body holds."""
    names = shape.plain
    if "response_status" not in names:
        return ""
    return failed_request({name: node[key] for name, key in names.items()})


def _explain_trouble(node: dict[str, Any], shape: Shape) -> str:
    """What an answer says went wrong although it holds embeddings; empty where nothing did."""
    for name in ("error_message", "error"):
        value = node.get(shape.plain.get(name, ""))
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value:
            return f"the answer carries the error {value[:200]!r} beside its embeddings"
    status = node.get(shape.plain.get("status", ""))
    if isinstance(status, str) and status == "failed":
        return "the answer carries embeddings but says that the task failed"
    return ""
