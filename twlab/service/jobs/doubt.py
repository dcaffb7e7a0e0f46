"""What became of a paid request whose answer was lost.

The request may have become a task, or not, or may still become one. The service's list of tasks
tells: a task of the account, made since the attempt by the service's own clock, known to no other
job, under the same file name (which carries a mark of the content) or address, and not
contradicting what was asked. This computer's clock is not asked: it may be wrong, or set anew.

* one found: the job goes on with it;
* none until the request can no longer arrive (`settle_sec`): the job may be sent anew;
* tasks that may or may not be it: nobody is charged for a guess, :class:`JobInDoubtError`.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import JobInDoubtError, LedgerError, NotFoundError
from twlab.service.http.fields import (
    box_at,
    identity_at,
    number_at,
    plain,
    text_at,
)
from twlab.service.jobs.inputs import clean_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.ledger import Job, Ledger

__all__ = ["facts_from", "facts_of", "in_doubt", "settle", "tasks_by_name", "which_is"]

# The clock that dates answers and the one that dates tasks are both the service's; what lies
# between them is its own affair. Names are marked, so looking further back costs pages, not money.
_CLOCKS_APART_SEC = 600.0
_KEPT_SEC = 7 * 86_400.0
_USUAL_CLIP_SEC = 6.0
_PARTS = (("video_embedding",), ("audio_embedding",))
_NUMBERS = ("clip_sec", "start_sec", "end_sec")
_WORDS = ("embedding_scope", "embedding_option")
_FIRST_PAUSE_SEC, _LONGEST_PAUSE_SEC = 0.25, 5.0


async def settle(service: Service, ledger: Ledger, job: Job, settings: Settings) -> Job:
    """The job in ``processing`` if it became a task, in ``new`` if it did not.

    Raises
    ------
    JobInDoubtError
        If that cannot be told.
    """
    deadline = time.monotonic() + settings.settle_sec
    pause = min(_FIRST_PAUSE_SEC, settings.settle_sec / 4)
    while True:
        last = time.monotonic() >= deadline
        sure, unsure = await _candidates(service, ledger, job)
        if sure:
            return ledger.accepted(job, sure[0])
        if last and unsure:
            raise in_doubt(job, f"it may be task {', '.join(unsure[:3])}")
        if last and _may_be_forgotten(job, service.transport.service_time()):
            raise in_doubt(
                job, "it may have been sent more than seven days ago, and the service forgets"
            )
        if last:
            return ledger.back_to_new(job)
        await asyncio.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 2, _LONGEST_PAUSE_SEC)


def _may_be_forgotten(job: Job, service_time: float | None) -> bool:
    """Whether the service may have had the task and dropped it since.

    Told by the service's clock. Where that was not known when the request left, this computer's
    clock must do, unless it is seen to be wrong.
    """
    if job.service_at is not None and service_time is not None:
        return service_time - job.service_at > _KEPT_SEC
    here, then = time.time(), job.attempted_at or job.updated_at
    wrong = service_time is not None and abs(here - service_time) > _CLOCKS_APART_SEC
    return wrong or not -_CLOCKS_APART_SEC <= here - then <= _KEPT_SEC


def _since(job: Job, service_time: float | None) -> datetime | None:
    """From when on tasks may be the job's; None where all must be looked at."""
    if job.service_at is None:
        return None
    known = [job.service_at] + ([] if service_time is None else [service_time])
    return datetime.fromtimestamp(max(0.0, min(known) - _CLOCKS_APART_SEC), UTC)


async def _candidates(service: Service, ledger: Ledger, job: Job) -> tuple[list[str], list[str]]:
    """Ids of tasks that are the job's for certain, and of those that may be."""
    known = ledger.known_tasks()
    rivals = [
        other
        for other in ledger.jobs(job.account)
        if other.content == job.content and other.state == "submitting" and other.key != job.key
    ]
    since = _since(job, service.transport.service_time())
    tasks = await tasks_by_name(service, job.api, since, known)
    if rivals:
        for task_id, facts in tasks.items():
            if facts["named"] and _is_same_work(job, facts):
                tasks[task_id] = await _details(service, job.api, task_id, facts)
    return which_is(job, tasks, rivals, surely_recent=since is not None)


async def tasks_by_name(
    service: Service, api: str, since: datetime | None, known: set[str]
) -> dict[str, dict[str, Any]]:
    """What is known of each task that no job has, newest first; those without a name are asked."""
    tasks: dict[str, dict[str, Any]] = {}
    async for entry in service.tasks(api, since):
        task_id = identity_at(entry)
        if task_id in known:
            continue
        facts = facts_of(entry)
        tasks[task_id] = facts if facts["named"] else await _details(service, api, task_id, facts)
    return tasks


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
        if facts["named"] and not _is_same_work(job, facts):
            continue
        if _contradicts(job, facts):
            continue
        certain = facts["named"] and all(_contradicts(rival, facts) for rival in rivals)
        certain = certain and (surely_recent or not _departs(job, facts))
        (sure if certain else unsure).append(task_id)
    return sure, unsure


async def _details(
    service: Service, api: str, task_id: str, facts: dict[str, Any]
) -> dict[str, Any]:
    """What the task itself says, where the list says too little."""
    retrieve = service.status_v1 if api == "v1" else service.retrieve_v2
    try:
        answer = await retrieve(task_id)
    except NotFoundError:
        return facts
    found = facts_of(answer.data)
    named = found["named"] or facts["named"]
    return {**facts, **{name: v for name, v in found.items() if v is not None}, "named": named}


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
    }


def facts_from(text: str) -> dict[str, Any] | None:
    """The facts of a task as they were written down; None where they are none."""
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if box_at(facts).keys() != facts_of({}).keys() or not isinstance(facts["named"], bool):
        return None
    texts = all(text_at(facts, n) == facts[n] for n in ("filename", "url", "model_name", "status"))
    numbers = all(facts[n] is None or _is_number(facts, n) for n in _NUMBERS)
    words = all(facts[n] is None or _words_at(facts, n) for n in ("scope", "option"))
    return facts if texts and numbers and words else None


def _words_at(box: Any, name: str) -> list[str] | None:
    """The list of texts in a field; None where there is none."""
    found = box.get(name)
    is_list = isinstance(found, list) and all(isinstance(word, str) for word in found)
    return found if is_list else None


def _is_same_work(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task is of the same file or address."""
    mark = re.search(r"\.([0-9a-f]{16})(\.|$)", job.upload_name or "")
    if mark is not None and isinstance(facts["filename"], str):
        return mark[1] in facts["filename"]
    if job.content.startswith("url:") and isinstance(facts["url"], str):
        return clean_url(facts["url"]) == job.content.removeprefix("url:")
    return False


def _asked(job: Job) -> dict[str, Any]:
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
            f"the ledger says that {plain(job.source)!r} was asked for with the options "
            f"{plain(job.options, 40)!r}; options as twlab writes them were expected; move the "
            "ledger away to have it made again from the answers beside it, or choose another "
            "folder="
        )
    return box_at(asked)


def _is_number(asked: Any, name: str) -> bool:
    return number_at(asked, name) is not None


def _contradicts(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task says that something else was asked."""
    asked = _asked(job)
    if facts["model_name"] not in (None, job.model_name):
        return True
    for name in _NUMBERS:
        ours, theirs = asked[name], facts[name]
        if ours is not None and theirs is not None and abs(ours - theirs) > 1e-3:
            return True
    for name, ours in (("scope", asked["embedding_scope"]), ("option", asked["embedding_option"])):
        theirs = facts[name]
        if ours and theirs is not None:
            words = {"video" if word == "asset" else word for word in theirs}
            if words != set(ours):
                return True
    return False


def _departs(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task says something particular that was left to the service here."""
    asked = _asked(job)
    clip_sec, start, end = facts["clip_sec"], facts["start_sec"], facts["end_sec"]
    return (
        (asked["clip_sec"] is None and clip_sec not in (None, _USUAL_CLIP_SEC))
        or (asked["start_sec"] is None and bool(start))
        or (asked["end_sec"] is None and end is not None and not start)
        or (not asked["embedding_scope"] and "clip" not in (facts["scope"] or ["clip"]))
        or (not asked["embedding_option"] and len(facts["option"] or "two") == 1)
    )


def in_doubt(job: Job, why: str) -> JobInDoubtError:
    """The error that says why a job is not sent."""
    return JobInDoubtError(
        f"whether {job.source} was accepted cannot be told: {why}; {JobInDoubtError.advice}"
    )
