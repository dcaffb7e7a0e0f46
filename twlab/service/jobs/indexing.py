"""Assets put into an index, each paid for once.

The ledger has a job for each asset and index, as for each video that is embedded: it is on disk
before the request leaves, and one run works on it at a time. What the service says goes first. An
asset that is in the index already, by whomever, is not sent; a request whose answer was lost is
looked for there until it can no longer arrive.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import ApiError, GoneError, LedgerError, NotFoundError
from twlab.service.http.fields import identity_at, plain, text_at
from twlab.service.jobs.embedding_options import job_key
from twlab.service.jobs.job import Job
from twlab.service.jobs.work import is_fate_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.ledger import Ledger

__all__ = ["Indexing"]

_PAUSES = 8  # looks at the service, until a lost request can no longer arrive


class Indexing:
    """One call that puts assets into an index; owns the jobs that it works on.

    Parameters
    ----------
    service, ledger
        Where jobs are sent and written down.
    account, run : str
        Whose jobs, and who works on them.
    settings : Settings
        Times and bounds.
    """

    def __init__(
        self, service: Service, ledger: Ledger, *, account: str, run: str, settings: Settings
    ) -> None:
        self._service, self._ledger, self._settings = service, ledger, settings
        self._account, self._run = account, run

    async def put(
        self, index_id: str, asset_ids: Sequence[str], *, pay_again: bool
    ) -> list[dict[str, Any]]:
        """What the index holds of each asset, sent to it where that is not yet the case.

        Raises
        ------
        ApiError, LedgerError
            At the first asset that cannot be sent; those before it are in the index.
        """
        return [await self._put_one(index_id, asset, pay_again=pay_again) for asset in asset_ids]

    async def _put_one(self, index_id: str, asset_id: str, *, pay_again: bool) -> dict[str, Any]:
        job = self._ledger.claim(self._make_job(index_id, asset_id), self._run, pay_again=pay_again)
        if job.owner not in (None, self._run):
            raise LedgerError(
                f"{job.source} is being indexed by run {job.owner} on the same folder; one at a "
                "time was expected; run again in a moment"
            )
        try:
            found = await self._look_up(job, index_id)
            if pay_again and found is not None and text_at(found, "status") == "failed":
                found = None
            if found is None:
                # As long as it may still be shown, the service is asked more than once.
                wait = job.state in ("submitting", "processing")
                found = await self._find_entry(
                    index_id, asset_id, wait=wait, failed_too=not pay_again
                )
            if found is None and job.state == "failed":
                return {"_id": job.task_id, "asset_id": asset_id, "status": "failed"}
            if found is None:
                found = await self._send(self._reopen(job), index_id, asset_id)
            return self._note(job, found)
        finally:
            self._ledger.release(job.key, self._run)

    async def _look_up(self, job: Job, index_id: str) -> dict[str, Any] | None:
        """What the index holds under the id in the ledger; a list of all may show it later."""
        if job.task_id is None:
            return None
        try:
            return await self._fetch_entry(index_id, job.task_id)
        except (NotFoundError, GoneError):
            return None

    def _reopen(self, job: Job) -> Job:
        """The job, free to be sent; one that was accepted is begun again, as it is not there."""
        if job.owner is None or job.task_id is not None:
            self._ledger.finish(job, "rejected", error="it is in the index no more")
            job = self._ledger.claim(job, self._run)
        return job

    def _make_job(self, index_id: str, asset_id: str) -> Job:
        # Not the content of a job that embeds the asset, which gives its video the name.
        content, options = f"indexed:{asset_id}", {"index": index_id}
        text = orjson.dumps(options, option=orjson.OPT_SORT_KEYS).decode()
        return Job(
            key=job_key(self._account, content, text),
            account=self._account,
            api="index",
            source=f"asset {asset_id} in index {index_id}",
            content=content,
            video_id=asset_id,
            model_name="",
            options=text,
        )

    async def _find_entry(
        self, index_id: str, asset_id: str, *, wait: bool, failed_too: bool
    ) -> dict[str, Any] | None:
        """What the index holds of an asset, looked for once, or until a request has arrived."""
        deadline = time.monotonic() + (self._settings.settle_sec if wait else 0.0)
        while True:
            entries = [one async for one in self._service.entries_of_asset(asset_id)]
            for entry in entries:
                if text_at(entry, "index", "_id") != index_id:
                    continue
                found = await self._fetch_entry(index_id, identity_at(entry))
                if failed_too or text_at(found, "status") != "failed":
                    return found
            if time.monotonic() >= deadline:
                return None
            await asyncio.sleep(self._settings.settle_sec / _PAUSES)

    async def _fetch_entry(self, index_id: str, indexed_id: str) -> dict[str, Any]:
        answer = await self._service.index_entry(index_id, "indexed-assets", indexed_id)
        return {"_id": indexed_id, **(answer.data if isinstance(answer.data, dict) else {})}

    async def _send(self, job: Job, index_id: str, asset_id: str) -> dict[str, Any]:
        """What the index holds after the paid request, also if its answer was lost."""
        self._ledger.record_request(job, self._run)
        try:
            indexed_id = await self._service.index_asset(index_id, asset_id)
        except ApiError as error:
            found = None
            if is_fate_unknown(error):
                found = await self._find_entry(index_id, asset_id, wait=True, failed_too=False)
            if found is None:
                self._ledger.finish(job, "rejected", error=str(error))
                raise
            return found
        try:
            return await self._fetch_entry(index_id, indexed_id)
        except (NotFoundError, GoneError):  # accepted a moment ago, and not shown yet
            return {"_id": indexed_id, "asset_id": asset_id, "status": "pending"}

    def _note(self, job: Job, found: dict[str, Any]) -> dict[str, Any]:
        """What the index holds, once the ledger says how far it is."""
        state = text_at(found, "status")
        indexed_id = identity_at(found)
        if self._ledger.job(job.key).task_id is None and indexed_id not in (
            self._ledger.known_tasks()
        ):
            self._ledger.record_task(job, indexed_id)
        if state == "failed":
            said = plain(text_at(found, "error", "message") or "no reason given")
            self._ledger.finish(job, "failed", error=f"the service could not index it (“{said}”)")
        elif state in ("ready", None):
            self._ledger.finish(job, "ready")
        return found
