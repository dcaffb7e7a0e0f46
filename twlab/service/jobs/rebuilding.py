"""A lost ledger made again: from the answers beside it, and from the service's list of tasks.

A ledger may vanish while its answers stay: emptied by a power cut, left out by a program that
copies folders, deleted by hand. What it knew is paid for, and must not be paid for again.

* An answer says which job it belongs to (:func:`found_jobs`), or at least carries the first digits
  of the job's key in its name (:func:`lying_answer`).
* A job without an answer may be a task that nobody waits for. Before anything is sent, the tasks
  that the service lists and no job knows are written down once (:func:`note_orphans`); a new job
  that is one of them goes on with it (:func:`recovered`).
* A key may be changed for a new one of the same account, which then has another name here. The
  service tells whether a task that another key paid for is this key's too (:func:`shared`).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import (
    BadRequestError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
)
from twlab.service.jobs.answers import KEY_DIGITS, read_head
from twlab.service.jobs.doubt import (
    facts_from,
    facts_of,
    in_doubt,
    tasks_by_name,
    which_is,
)
from twlab.service.jobs.embedding_options import job_key

if TYPE_CHECKING:
    from pathlib import Path

    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.ledger import Job, Ledger

__all__ = [
    "SCHEMA",
    "facts_from",
    "found_jobs",
    "lying_answer",
    "note_orphans",
    "recovered",
    "shared",
]

_NOT_OURS = (BadRequestError, GoneError, NotFoundError, PermissionDeniedError)
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS lost (api TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS looked (
    api TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (api, account)
);
CREATE TABLE IF NOT EXISTS orphans (
    task_id TEXT NOT NULL,
    account TEXT NOT NULL,
    api TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (task_id, account)
);
"""


def found_jobs(folder: Path, known: set[str]) -> list[dict[str, Any]]:
    """The jobs that saved answers belong to, but for answers that are known; fields by name."""
    found = []
    for path in sorted((folder / "answers").glob("*.json")):
        place = f"answers/{path.name}"
        told = None if place in known or path.is_symlink() else read_head(path)
        if told is None:
            continue
        key = job_key(told["account"], told["content"], told["options"])
        if told["key"] == key and path.name.endswith(f".{key[:KEY_DIGITS]}.json"):
            found.append({**told, "answer": place})
    return found


def lying_answer(folder: Path, key: str) -> str | None:
    """The saved answer of a job that no ledger tells of, by the digits in its name."""
    paths = sorted((folder / "answers").glob(f"*.{key[:KEY_DIGITS]}.json"))
    good = (path for path in paths if not path.is_symlink() and path.stat().st_size)
    return next((f"answers/{path.name}" for path in good), None)


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


def recovered(ledger: Ledger, job: Job, *, pay_again: bool) -> Job:
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
        return ledger.accepted(job, sure[0])
    if unsure and not pay_again:
        why = f"the ledger was lost, and it may be task {', '.join(unsure[:3])}"
        raise in_doubt(job, why)
    return job


async def shared(service: Service, ledger: Ledger, job: Job) -> Job:
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
            return ledger.shared(job, twin)
    return job
