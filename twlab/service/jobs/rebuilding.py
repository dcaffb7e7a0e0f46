"""A lost ledger made again: from the answers beside it, and from the service's list of tasks.

A ledger may vanish while its answers stay: emptied by a power cut, left out by a program that
copies folders, deleted by hand. What it knew is paid for, and must not be paid for again.

* An answer says which job it belongs to (``answers.found_jobs``), or at least carries the first
  digits of the job's key in its name (``answers.lying_answer``).
* A job without an answer may be a task that nobody waits for. Before anything is sent, the tasks
  that the service lists and no job knows are written down once (:func:`note_orphans`); a new job
  that is one of them goes on with it (:func:`recover`).
* A key may be changed for a new one of the same account, which then has another name here. The
  service tells whether a task that another key paid for is this key's too (:func:`adopt_twin`).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import orjson

from twlab.errors import BadRequestError, GoneError, NotFoundError, PermissionDeniedError
from twlab.service.jobs.doubt import tasks_by_name
from twlab.service.jobs.facts import facts_of, in_doubt, which_is

if TYPE_CHECKING:
    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.job import Job
    from twlab.service.jobs.ledger import Ledger

__all__ = [
    "adopt_twin",
    "note_orphans",
    "recover",
]

_NOT_OURS = (BadRequestError, GoneError, NotFoundError, PermissionDeniedError)


async def note_orphans(service: Service, ledger: Ledger, job: Job, settings: Settings) -> None:
    """Write down the tasks of a lost ledger, if this one took its place; once for an account.

    A request that left just before the loss may still arrive, so as long is waited as for any
    request in doubt. The service lists the tasks of one account alone, so each looks for its own.
    """
    if not ledger.is_lost(job):
        return
    await asyncio.sleep(max(0.0, ledger.opened_at + settings.settle_sec - time.monotonic()))
    tasks = await tasks_by_name(service, job.api, None, ledger.known_tasks())
    ledger.keep_orphans(job, {name: orjson.dumps(facts).decode() for name, facts in tasks.items()})


def recover(ledger: Ledger, job: Job, *, pay_again: bool) -> Job:
    """The new job, or in ``processing`` if a task of the lost ledger is its own.

    Raises
    ------
    JobInDoubtError
        If that cannot be told, unless it is to be paid for again.
    """
    orphans = ledger.orphans(job)
    if pay_again:
        orphans = {name: facts for name, facts in orphans.items() if facts["status"] != "failed"}
    sure, unsure = which_is(job, orphans, [], surely_recent=False)
    if sure:
        return ledger.record_task(job, sure[0])
    if unsure and not pay_again:
        why = f"the ledger was lost, and it may be task {', '.join(unsure[:3])}"
        raise in_doubt(job, why)
    return job


async def adopt_twin(service: Service, ledger: Ledger, job: Job) -> Job:
    """The new job, or in ``processing`` if a task that another key paid for is its own."""
    retrieve = service.status_v1 if job.api == "v1" else service.retrieve_v2
    for twin in ledger.twins(job):
        try:
            answer = await retrieve(str(twin.task_id))
        except _NOT_OURS:
            continue
        facts = facts_of(answer.data)
        is_it = any(which_is(twin, {str(twin.task_id): facts}, [], surely_recent=True))
        if is_it and facts["status"] != "failed":
            return ledger.record_shared(job, twin)
    return job
