"""What became of a paid request whose answer was lost.

The request may have become a task, or not, or may still become one. The service's list of tasks
tells: a task of the account, made since the attempt, known to no other job, under the same file
name (which carries a mark of the content) or address, and not contradicting what was asked.

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

from twlab.api.sources import clean_url
from twlab.errors import JobInDoubtError, NotFoundError

if TYPE_CHECKING:
    from twlab.api.endpoints import Service
    from twlab.api.ledger import Job, Ledger
    from twlab.api.transport import Settings

__all__ = ["settle"]

_CLOCKS_APART_SEC = 600.0
_KEPT_SEC = 7 * 86_400.0
_FIRST_PAUSE_SEC, _LONGEST_PAUSE_SEC = 0.25, 5.0


async def settle(service: Service, ledger: Ledger, job: Job, settings: Settings) -> Job:
    """The job in ``processing`` if it became a task, in ``new`` if it did not.

    Raises
    ------
    JobInDoubtError
        If that cannot be told.
    """
    attempted = job.attempted_at or job.updated_at
    if time.time() - attempted > _KEPT_SEC:
        raise _in_doubt(job, "it was sent more than seven days ago, and the service forgets")
    deadline = time.monotonic() + settings.settle_sec
    pause = min(_FIRST_PAUSE_SEC, settings.settle_sec / 4)
    while True:
        last = time.monotonic() >= deadline
        sure, unsure = await _candidates(service, ledger, job, attempted)
        if sure:
            return ledger.accepted(job, sure[0])
        if last and unsure:
            raise _in_doubt(job, f"it may be task {', '.join(unsure[:3])}")
        if last:
            return ledger.back_to_new(job)
        await asyncio.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 2, _LONGEST_PAUSE_SEC)


async def _candidates(
    service: Service, ledger: Ledger, job: Job, attempted: float
) -> tuple[list[str], list[str]]:
    """Ids of tasks that are the job's for certain, and of those that may be."""
    since = datetime.fromtimestamp(attempted - _CLOCKS_APART_SEC, UTC)
    known = ledger.known_tasks()
    rivals = [
        other
        for other in ledger.jobs(job.account)
        if other.content == job.content and other.state == "submitting" and other.key != job.key
    ]
    sure: list[str] = []
    unsure: list[str] = []
    async for entry in service.tasks(job.api, since):
        task_id = entry.get("_id")
        if not isinstance(task_id, str) or task_id in known:
            continue
        facts = _facts(entry)
        if not facts["named"] or (rivals and _is_same_work(job, facts)):
            facts = await _details(service, job, task_id, facts)
        if facts["named"] and not _is_same_work(job, facts):
            continue
        if _contradicts(job, facts):
            continue
        certain = facts["named"] and all(_contradicts(rival, facts) for rival in rivals)
        (sure if certain else unsure).append(task_id)
    return sure, unsure


async def _details(
    service: Service, job: Job, task_id: str, facts: dict[str, Any]
) -> dict[str, Any]:
    """What the task itself says, where the list says too little."""
    retrieve = service.status_v1 if job.api == "v1" else service.retrieve_v2
    try:
        answer = await retrieve(task_id)
    except NotFoundError:
        return facts
    found = _facts(answer.data if isinstance(answer.data, dict) else {})
    named = found["named"] or facts["named"]
    return {**facts, **{name: v for name, v in found.items() if v is not None}, "named": named}


def _facts(entry: dict[str, Any]) -> dict[str, Any]:
    """Name, address and options of a task, each None where it does not say."""
    meta: dict[str, Any] = {}
    for box in (entry, entry.get("video_embedding"), entry.get("audio_embedding")):
        inner = box.get("metadata") if isinstance(box, dict) else None
        meta |= inner if isinstance(inner, dict) else {}
    filename, url = meta.get("input_filename") or None, meta.get("input_url") or None
    return {
        "named": bool(filename or url),
        "filename": filename,
        "url": url,
        "model_name": entry.get("model_name"),
        "clip_sec": _first(meta, "video_clip_length", "clip_length"),
        "scope": _first(meta, "video_embedding_scope", "embedding_scopes"),
        "option": _first(meta, "video_embedding_option", "embedding_options"),
        "start_sec": _first(meta, "start_offset_sec", "video_start_offset_sec"),
        "end_sec": _first(meta, "end_offset_sec", "video_end_offset_sec"),
    }


def _first(meta: dict[str, Any], *names: str) -> Any:
    return next((meta[name] for name in names if meta.get(name) is not None), None)


def _is_same_work(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task is of the same file or address."""
    mark = re.search(r"\.([0-9a-f]{16})(\.|$)", job.upload_name or "")
    if mark is not None and isinstance(facts["filename"], str):
        return mark[1] in facts["filename"]
    if job.content.startswith("url:") and isinstance(facts["url"], str):
        return clean_url(facts["url"]) == job.content.removeprefix("url:")
    return False


def _contradicts(job: Job, facts: dict[str, Any]) -> bool:
    """Whether a task says that something else was asked."""
    asked = orjson.loads(job.options)
    if facts["model_name"] not in (None, job.model_name):
        return True
    for name in ("clip_sec", "start_sec", "end_sec"):
        ours, theirs = asked[name], facts[name]
        if ours is not None and isinstance(theirs, int | float) and abs(ours - theirs) > 1e-3:
            return True
    for name, ours in (("scope", asked["embedding_scope"]), ("option", asked["embedding_option"])):
        theirs = facts[name]
        if ours and isinstance(theirs, list):
            words = {"video" if word == "asset" else word for word in theirs}
            if words != set(ours):
                return True
    return False


def _in_doubt(job: Job, why: str) -> JobInDoubtError:
    return JobInDoubtError(
        f"whether {job.source} was accepted cannot be told: {why}; {JobInDoubtError.advice}"
    )
