"""One job from claim to answer, across crashes.

Every step begins with what the ledger says, so that a job found half done is done the rest of the
way: a task that is known is waited for, a request whose fate is unknown is looked into, and only
what certainly is no task yet is sent and paid for.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twlab.errors import (
    AnswerError,
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    GoneError,
    JobInDoubtError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    StillProcessingError,
    TaskFailedError,
    TooLargeError,
)
from twlab.service.http.fields import (
    box_at,
    entries_at,
    plain,
    text_at,
)
from twlab.service.http.file_bodies import FilePart
from twlab.service.jobs.answers import answer_path, save_answer, upload_name
from twlab.service.jobs.at_once import AT_ONCE, ask_at_once
from twlab.service.jobs.doubt import settle
from twlab.service.jobs.embedding_options import job_key
from twlab.service.jobs.facts import in_doubt
from twlab.service.jobs.job import FINAL
from twlab.service.jobs.rebuilding import adopt_twin, note_orphans, recover
from twlab.service.jobs.uploads import Uploader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from twlab.service.http.endpoints import Service
    from twlab.service.http.transport import Answer, Settings
    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.embedding_options import Options
    from twlab.service.jobs.inputs import Media
    from twlab.service.jobs.job import Job
    from twlab.service.jobs.ledger import Ledger
    from twlab.service.jobs.uploads import Watcher

__all__ = ["Run", "Work", "check_size", "is_fate_unknown"]

_UNKNOWN_FATE = (ServerError, ConflictError, RequestTimeoutError, AnswerError)
_MAY_PASS = (AuthenticationError, ConnectionFailedError, RateLimitError, *_UNKNOWN_FATE)
_DOCUMENT_BYTES = 200_000_000  # what is taken of a document in one form, and in no pieces
_OTHERS_PAUSE_SEC, _OTHERS_LONGEST_SEC = 0.1, 2.0
"""Between looks into the ledger for what another run does, each pause twice the last."""


@dataclass(frozen=True)
class Work:
    """What is to be done: a job of the ledger and where its bytes are."""

    job: Job
    source: Media
    options: Options
    size: int
    at_once: bool = False


class Run:
    """One call of ``embed``: owns the jobs that it works on for as long as it lives.

    Parameters
    ----------
    service, ledger, assets
        Where jobs are sent and written down.
    account : str
        Whose jobs.
    settings : Settings
        Times and bounds.
    watch : Watcher
        Told of uploads.
    """

    def __init__(
        self,
        service: Service,
        ledger: Ledger,
        assets: Assets,
        *,
        account: str,
        settings: Settings,
        watch: Watcher,
    ) -> None:
        self._service, self._ledger, self._settings = service, ledger, settings
        self.account = account
        self._lock = ledger.begin()
        self._looking = asyncio.Lock()
        self.assets = assets
        self.paid_elsewhere: list[Job] = []  # what another key had paid for, and this one did anew
        self._mine: dict[str, asyncio.Lock] = {}
        self._uploader = Uploader(
            service, assets, account=account, run=self._lock.name, watch=watch
        )

    def close(self) -> None:
        """Give everything back."""
        self._lock.close()

    async def finish(self, work: Work, *, timeout_sec: float, pay_again: bool = False) -> Job:
        """The finished job, whose answer lies in the ledger's folder.

        Raises
        ------
        ApiError, InputError, LedgerError
            If it cannot be finished; the ledger knows as much as there is to know.
        """
        async with self._mine.setdefault(work.job.key, asyncio.Lock()):
            return await self._finish(work, timeout_sec=timeout_sec, pay_again=pay_again)

    async def _finish(self, work: Work, *, timeout_sec: float, pay_again: bool) -> Job:
        job = work.job
        try:
            async with asyncio.timeout(timeout_sec):
                job = await self._claim(job, pay_again=pay_again)
                if job.state == "ready" and self._has_answer(job):
                    return job
                return await self._advance(job, work, pay_again=pay_again)
        except TimeoutError:
            problem = f"{job.source} is not done after {timeout_sec:g} s"
        except ApiError as error:
            self._ledger.note(job, str(error))
            raise
        finally:
            self._ledger.release(job.key, self._lock.name)
        raise StillProcessingError(f"{problem}; {StillProcessingError.advice}")

    async def _claim(self, wanted: Job, *, pay_again: bool) -> Job:
        """The job's row once it is this run's or finished by another."""
        pause = _OTHERS_PAUSE_SEC
        while True:
            job = self._ledger.claim(wanted, self._lock.name, pay_again=pay_again)
            if job.owner == self._lock.name or job.state in FINAL:
                return job
            await asyncio.sleep(pause)
            pause = min(2 * pause, _OTHERS_LONGEST_SEC)

    def _has_answer(self, job: Job) -> bool:
        if job.answer is None:
            return False
        path = answer_path(self._ledger.folder, job.answer)
        return path.exists() and path.stat().st_size > 0

    async def _advance(self, job: Job, work: Work, *, pay_again: bool) -> Job:
        if job.state == "failed":
            raise TaskFailedError(f"{job.source}: {job.error}")
        if job.state == "ready" and job.task_id is None:  # its answer was deleted, and is no task's
            self._ledger.back_to_new(job)
            job = await self._claim(job, pay_again=pay_again)
        if job.state == "submitting":
            job = await self._settle(job, pay_again=pay_again)
        if job.state == "new":
            job = replace(job, api=work.job.api)
            async with self._looking:
                await note_orphans(self._service, self._ledger, job, self._settings)
            named = replace(job, upload_name=self._upload_name(job, work))
            job = recover(self._ledger, named, pay_again=pay_again)
        if job.state == "new":
            job = await adopt_twin(self._service, self._ledger, job)
        if job.state == "new" and work.at_once:
            return await self._ask_at_once(job, work)
        if job.state == "new":
            job = await self._submit(job, work)
            self.paid_elsewhere += self._ledger.twins(job)[:1]
        return await self._collect(job, work)

    async def _settle(self, job: Job, *, pay_again: bool) -> Job:
        try:
            if job.api == AT_ONCE:
                raise in_doubt(job, "it was asked at once, which leaves no task to look for")
            return await settle(self._service, self._ledger, job, self._settings)
        except JobInDoubtError:
            if not pay_again:
                raise
        return self._ledger.back_to_new(job)

    # Sending

    async def _submit(self, job: Job, work: Work) -> Job:
        """The job with its task id, sent again only after it certainly was not accepted."""
        name = self._upload_name(job, work)
        failure: ApiError | None = None
        async with self._prepare_request(job, work, name) as send:
            await self._service.time(job.api)
            for attempt in range(self._settings.attempts):
                longest = self._settings.backoff_sec * 2**attempt
                await asyncio.sleep(random.uniform(0, longest) if attempt else 0)
                service_at = self._service.transport.service_time()
                run = self._lock.name
                job = self._ledger.record_request(job, run, name, service_at=service_at)
                try:
                    task_id = await send()
                except ApiError as error:
                    failure = error
                else:
                    return self._ledger.record_task(job, task_id)
                if not is_fate_unknown(failure):
                    break
                job = await settle(self._service, self._ledger, job, self._settings)
                if job.state == "processing":
                    return job
        self._note_refusal(job, failure)
        raise failure or AssertionError("at least one attempt is made")

    def _note_refusal(self, job: Job, failure: ApiError | None) -> None:
        """Write down that a request certainly was not paid for."""
        if isinstance(failure, _MAY_PASS) or failure is None:
            self._ledger.back_to_new(job)
        else:
            self._ledger.finish(job, "rejected", error=str(failure))

    async def _ask_at_once(self, job: Job, work: Work) -> Job:
        """The finished job, from the answer to the request itself."""
        path, url = work.source.path, {"url": work.source.url}
        media = url if path is not None else await self._provide_media(job, work, None)
        service, ledger, run = self._service, self._ledger, self._lock.name
        try:
            job = await ask_at_once(
                service, ledger, job, work.options, run=run, media=media, path=path
            )
        except ApiError as error:
            if not is_fate_unknown(error):
                self._note_refusal(job, error)
            raise
        self.paid_elsewhere += self._ledger.twins(job)[:1]
        return job

    def _upload_name(self, job: Job, work: Work) -> str | None:
        if work.source.asset is not None:
            return work.source.asset.filename or None
        if work.source.path is None:
            return None
        return upload_name(work.source.name, job_key(self.account, job.content, ""))

    @contextlib.asynccontextmanager
    async def _prepare_request(
        self, job: Job, work: Work, name: str | None
    ) -> AsyncIterator[Callable[[], Awaitable[str]]]:
        """What sends the paid request; everything that is free is done before."""
        path, url = work.source.path, work.source.url
        if path is not None:
            check_size(work.source.shown, work.options, work.size)
        if job.api == "v1" and path is not None:
            sent = self._uploader.watch.begin_upload(work.source.name, work.size)
            file = FilePart(path, 0, work.size, "video_file", str(name), sent)
            try:
                yield lambda: self._service.create_v1(work.options.v1_form(), file)
            finally:
                self._uploader.watch.end_upload(work.source.name)
        elif job.api == "v1":
            form = (*work.options.v1_form(), ("video_url", url))
            yield lambda: self._service.create_v1(form, None)
        else:
            media = await self._provide_media(job, work, name)
            yield lambda: self._service.create_v2(work.options.v2_body(media))

    async def _provide_media(self, job: Job, work: Work, name: str | None) -> dict[str, str]:
        """Where the service finds the bytes; an asset is uploaded first, or waited for."""
        path, asset = work.source.path, work.source.asset
        if asset is not None:
            await self._uploader.wait_until_ready(asset.asset_id, work.source.name)
            return {"asset_id": asset.asset_id}
        if path is None:
            return {"url": work.source.url}
        kind = work.options.input_type
        sent = await self._uploader.upload(path, str(name), job.content, work.size, kind)
        return {"asset_id": sent}

    # Collecting

    async def _collect(self, job: Job, work: Work) -> Job:
        """The job with its answer on disk."""
        pause = self._settings.poll_sec
        started = asyncio.get_running_loop().time()
        while True:
            try:
                answer = await self._look(job, work.options)
            except (NotFoundError, GoneError) as error:
                young = asyncio.get_running_loop().time() - started < self._settings.settle_sec
                if not young or isinstance(error, GoneError):
                    text = f"task {job.task_id} is no longer at the service ({error})"
                    self._ledger.finish(job, "failed", error=text)
                    raise
                answer = None
            if answer is not None:
                names = ((job.upload_name, work.source.name), (work.source.url, job.source))
                renamed = tuple((sent, own) for sent, own in names if sent and sent != own)
                place = save_answer(self._ledger.folder, job, answer.content, renamed)
                return self._ledger.finish(job, "ready", answer=place)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 1.5, self._settings.max_poll_sec)

    async def _look(self, job: Job, options: Options) -> Answer | None:
        """The answer if it is there."""
        task_id = str(job.task_id)
        if job.api == "v1":
            self._raise_if_failed(job, (await self._service.status_v1(task_id)).data)
            answer = await self._service.retrieve_v1(task_id, options.embedding_option)
            box, field = box_at(answer.data, "video_embedding"), "segments"
        else:
            answer = await self._service.retrieve_v2(task_id)
            box, field = box_at(answer.data), "data"
        self._raise_if_failed(job, answer.data)
        if text_at(answer.data, "status") != "ready" or box.get(field) is None:
            return None
        entries_at(box, field)  # what is no list of vectors is not kept as an answer
        return answer

    def _raise_if_failed(self, job: Job, task: Any) -> None:
        if text_at(task, "status") != "failed":
            return
        message = plain(text_at(task, "error", "message") or text_at(task, "error") or "")
        problem = f"the service failed task {job.task_id} (“{message or 'no reason given'}”)"
        text = f"{problem}; {TaskFailedError.advice}"
        self._ledger.finish(job, "failed", error=text)
        raise TaskFailedError(f"{job.source}: {text}", message=message)


def is_fate_unknown(error: ApiError) -> bool:
    """Whether a paid request may have become a task although no task id came back."""
    if isinstance(error, ConnectionFailedError):
        return error.sent
    return isinstance(error, _UNKNOWN_FATE)


def check_size(shown: str, options: Options, size: int) -> None:
    """Refuse a file that is larger than the model takes from a disk.

    Raises
    ------
    TooLargeError
        Naming the file, and its web address where the service takes more from there.
    """
    kind = options.input_type
    most = options.model.task(kind).most_bytes
    limit = min(most, _DOCUMENT_BYTES) if kind == "document" else most
    if size > limit:
        unit, name = (1e9, "GB") if limit >= 1e9 else (1e6, "MB")
        remedy = "give its web address, or make it smaller" if size <= most else "make it smaller"
        raise TooLargeError(
            f"{shown} is {size / unit:,.2f} {name}; at most {limit / unit:.5g} {name} are "
            f"accepted; {remedy}"
        )
