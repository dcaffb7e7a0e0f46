"""What a task of the service says of itself, and whether a job is it.

* :func:`facts_of` - name, address and options of a task; :func:`facts_from` - as written down
* :func:`which_is` - of some tasks those that are a job's, and those that may be
* :func:`in_doubt` - the error where that cannot be told
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import JobInDoubtError, LedgerError
from twlab.service.http.fields import (
    box_at,
    number_at,
    plain,
    text_at,
)
from twlab.service.jobs.kinds import kind_of_name
from twlab.service.jobs.urls import clean_url
from twlab.service.models import KNOWN_MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from twlab.service.jobs.job import Job

__all__ = ["facts_from", "facts_of", "in_doubt", "is_same_work", "which_is"]

_USUAL_CLIP_SEC = 6.0
"""What the service takes for fixed clips where nothing is asked."""
_PARTS = tuple((f"{kind}_embedding",) for kind in ("video", "audio", "image", "document"))
_USUAL_DIMENSION = 512
"""What the service gives where nothing is asked."""
_NUMBERS = ("clip_sec", "start_sec", "end_sec")
_WORDS = ("embedding_scope", "embedding_option")


def which_is(
    job: Job, tasks: dict[str, dict[str, Any]], rivals: list[Job], *, surely_recent: bool
) -> tuple[list[str], list[str]]:
    """Of tasks with what is known of each, those that are the job's for certain, and may be.

    A task from before the job was sent may be of the same file with other options. So unless all
    are recent, one that says anything that was left to the service here is uncertain.
    """
    sure: list[str] = []
    unsure: list[str] = []
    for task_id, facts in tasks.items():
        if facts["named"] and not is_same_work(job, facts):
            continue
        if _contradicts(job, facts):
            continue
        certain = facts["named"] and all(_contradicts(rival, facts) for rival in rivals)
        certain = certain and (surely_recent or not _departs(job, facts))
        certain = certain and (not job.content.startswith("asset:") or bool(_mark(job)))
        (sure if certain else unsure).append(task_id)
    return sure, unsure


def facts_of(entry: Any) -> dict[str, Any]:
    """Name, address and options of a task, each None where it does not say."""
    boxes = [box_at(entry, *path, "metadata") for path in ((), *_PARTS)]
    filename = next(filter(None, (text_at(box, "input_filename") for box in boxes)), None)
    url = next(filter(None, (text_at(box, "input_url") for box in boxes)), None)

    def first(read: Callable[[Any, str], Any], *names: str) -> Any:
        found = (read(box, name) for box in boxes for name in names)
        return next((value for value in found if value is not None), None)

    return {
        "named": bool(filename or url),
        "filename": filename,
        "url": url,
        "model_name": text_at(entry, "model_name"),
        "status": text_at(entry, "status"),
        "clip_sec": first(number_at, "video_clip_length", "clip_length"),
        "scope": first(_words_at, "video_embedding_scope", "embedding_scopes"),
        "option": first(_words_at, "video_embedding_option", "embedding_options"),
        "start_sec": first(number_at, "start_offset_sec", "video_start_offset_sec"),
        "end_sec": first(number_at, "end_offset_sec", "video_end_offset_sec"),
        "dimension": first(number_at, "embedding_dimension"),
    }


def facts_from(text: str) -> dict[str, Any] | None:
    """The facts of a task as they were written down; None where they are none."""
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    usual = facts_of({})
    is_box = (
        isinstance(facts, dict) and usual.keys() - {"dimension"} <= facts.keys() <= usual.keys()
    )
    if not is_box or not isinstance(facts["named"], bool):
        return None
    facts = usual | facts  # written before tasks told their dimension
    texts = all(text_at(facts, n) == facts[n] for n in ("filename", "url", "model_name", "status"))
    numbers = all(facts[n] is None or _is_number(facts, n) for n in (*_NUMBERS, "dimension"))
    words = all(facts[n] is None or _words_at(facts, n) for n in ("scope", "option"))
    return facts if texts and numbers and words else None


def _words_at(box: Any, name: str) -> list[str] | None:
    """The list of texts in a field; None where there is none."""
    found = box.get(name)
    is_list = isinstance(found, list) and all(isinstance(word, str) for word in found)
    return found if is_list else None


def is_same_work(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task is of the same file or address, or may be of the same asset."""
    mark, filename = _mark(job), facts["filename"]
    if mark and isinstance(filename, str):
        return mark in filename
    if job.content.startswith("asset:"):  # its name may be any other's, or not known
        return facts["url"] is None and job.upload_name in (None, filename)
    if job.content.startswith("url:") and isinstance(facts["url"], str):
        return clean_url(facts["url"]) == job.content.removeprefix("url:")
    return False


def _mark(job: Job) -> str:
    """What tells the name that a file was sent under from all others; empty where nothing does."""
    found = re.search(r"\.([0-9a-f]{16})(\.|$)", job.upload_name or "")
    return found[1] if found else ""


def _parse_options(job: Job) -> dict[str, Any]:
    """What a job asked for; a ledger that somebody else wrote may hold anything there.

    Raises
    ------
    LedgerError
        If these are no options.
    """
    try:
        asked = orjson.loads(job.options)
    except orjson.JSONDecodeError:
        asked = None
    numbers = all(box_at(asked).get(n) is None or _is_number(asked, n) for n in _NUMBERS)
    words = all(box_at(asked).get(n) is None or _words_at(asked, n) is not None for n in _WORDS)
    if not numbers or not words or not {*_NUMBERS, *_WORDS} <= box_at(asked).keys():
        raise LedgerError(
            f"the ledger says that {plain(job.source)!r} was requested with the options "
            f"{plain(job.options, 40)!r}; options as twlab writes them were expected; move the "
            "ledger away to have it made again from the answers beside it, or choose another "
            "folder="
        )
    return box_at(asked)


def _is_number(asked: Any, name: str) -> bool:
    return number_at(asked, name) is not None


def _contradicts(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task says that something else was asked."""
    asked = _parse_options(job)
    if facts["model_name"] not in (None, job.model_name):
        return True
    for name in _NUMBERS:
        ours, theirs = asked[name], facts[name]
        if ours is not None and theirs is not None and abs(ours - theirs) > 1e-3:
            return True
    for name, ours in (("scope", asked["embedding_scope"]), ("option", asked["embedding_option"])):
        theirs = facts[name]
        if ours and theirs is not None and _same_words(ours) != _same_words(theirs):
            return True
    size = asked.get("embedding_dimension") or _USUAL_DIMENSION
    return facts["dimension"] not in (None, size)


def _same_words(words: list[str]) -> set[str]:
    """Scopes and options with one word for each, whatever the kind of file and the interface."""
    same = {"asset": "video", "local": "clip", "page": "clip", "chunk": "clip"}
    return {same.get(word, word) for word in words}


def _departs(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task says something particular that was left to the service here."""
    asked = _parse_options(job)
    unsaid = (
        *("embedding_uncertainty", "time_based_metadata", "max_sentences", "overlap_sentences"),
        *(() if facts["dimension"] else ("embedding_dimension",)),
    )
    if any(asked.get(name) for name in unsaid) or asked.get("segmentation") == "quadrants":
        return True  # what no task says of itself
    clip_sec, start, end = facts["clip_sec"], facts["start_sec"], facts["end_sec"]
    scope, options = _defaults(job, asked)
    one = len(options) == 1
    return (
        (asked["clip_sec"] is None and clip_sec not in (None, _USUAL_CLIP_SEC))
        or (asked["start_sec"] is None and bool(start))
        or (asked["end_sec"] is None and end is not None and not start)
        or (not asked["embedding_scope"] and scope not in _same_words(facts["scope"] or [scope]))
        or (not asked["embedding_option"] and (len(facts["option"] or options) == 1) != one)
    )


def _defaults(job: Job, asked: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A scope, in the ledger's words, and the options of a task that was left to the service."""
    kind, model = str(asked.get("input_type")), KNOWN_MODELS.get(job.model_name)
    if kind == "image":
        return "video", ("visual",)
    if kind == "document":
        is_text = kind_of_name(job.video_id).form == "text"
        return ("video", ("text",)) if is_text else ("clip", ("visual",))
    task = model.tasks.get(kind) if model else None
    return "clip", task.default_options if task else ("visual", "audio")


def in_doubt(job: Job, why: str) -> JobInDoubtError:
    """The error that says why a job is not sent."""
    return JobInDoubtError(
        f"it is not known whether {job.source} was accepted: {why}; {JobInDoubtError.advice}"
    )
