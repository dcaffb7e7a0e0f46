"""What became of a paid request whose answer was lost.

The request may have become a task, or not, or may still become one. The service's list of tasks
tells: a task of the account, made since the attempt by the service's own clock, known to no other
job, under the same file name (which carries a mark of the content) or address, and not
contradicting what was asked. This computer's clock is not asked: it may be wrong, or set anew.

* one found: the job goes on with it;
* none until the request can no longer arrive (`settle_sec`): the job may be sent anew;
* tasks that may or may not be it: nobody is charged for a guess,
  :class:`~twlab.errors.JobInDoubtError`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twlab.errors import NotFoundError
from twlab.service.http.fields import (
    identity_at,
)
from twlab.service.jobs.facts import facts_of, in_doubt, is_same_work, which_is

if TYPE_CHECKING:
    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.job import Job
    from twlab.service.jobs.ledger import Ledger

__all__ = ["settle", "tasks_by_name"]

# The clock that dates answers and the one that dates tasks are both the service's; what lies
# between them is its own affair. Names are marked, so looking further back costs pages, not money.
_CLOCKS_APART_SEC = 600.0
_KEPT_SEC = 7 * 86_400.0
"""The service forgets tasks after seven days."""
_FIRST_PAUSE_SEC, _LONGEST_PAUSE_SEC = 0.25, 5.0
"""Between questions, each pause twice the last: a minute takes some fifteen requests."""


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
        sure, unsure = await _find_tasks(service, ledger, job)
        if sure:
            return ledger.record_task(job, sure[0])
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


def _earliest_time(job: Job, service_time: float | None) -> datetime | None:
    """From when on tasks may be the job's; None where all must be looked at."""
    if job.service_at is None:
        return None
    known = [job.service_at] + ([] if service_time is None else [service_time])
    return datetime.fromtimestamp(max(0.0, min(known) - _CLOCKS_APART_SEC), UTC)


async def _find_tasks(service: Service, ledger: Ledger, job: Job) -> tuple[list[str], list[str]]:
    """Ids of tasks that are the job's for certain, and of those that may be."""
    known = ledger.known_tasks()
    rivals = [
        other
        for other in ledger.jobs(job.account)
        if other.content == job.content and other.state == "submitting" and other.key != job.key
    ]
    since = _earliest_time(job, service.transport.service_time())
    tasks = await tasks_by_name(service, job.api, since, known)
    if rivals:
        for task_id, facts in tasks.items():
            if facts["named"] and is_same_work(job, facts):
                tasks[task_id] = await _ask_task(service, job.api, task_id, facts)
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
        tasks[task_id] = facts if facts["named"] else await _ask_task(service, api, task_id, facts)
    return tasks


async def _ask_task(
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
