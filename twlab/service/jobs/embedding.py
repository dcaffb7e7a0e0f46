"""Many works at once: within the rate limit, each on its own, none in another's way."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twlab.errors import AuthenticationError, ConnectionFailedError, InputError, TwlabError
from twlab.service.jobs.at_once import check_at_once
from twlab.service.jobs.embedding_options import MODEL, job_key
from twlab.service.jobs.inputs import content_of
from twlab.service.jobs.job import Job
from twlab.service.jobs.kinds import kind_of_name
from twlab.service.jobs.work import Work, check_size
from twlab.service.models import models_of_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.bars import Bars
    from twlab.service.jobs.embedding_options import Options
    from twlab.service.jobs.inputs import Media
    from twlab.service.jobs.work import Run

__all__ = ["Outcome", "Pace", "check_sources", "embed_all"]


@dataclass(frozen=True)
class Outcome:
    """How one source ended: a finished job, or an error."""

    source: Media
    job: Job | None = None
    error: TwlabError | None = None


def fit(source: Media, options: Options) -> Options:
    """The options for a source, if the model embeds such files and the service can do it.

    Raises
    ------
    InputError
        Naming the file where it is of a kind that cannot be embedded, else the option.
    """
    kind, model = source.kind, options.model
    if kind.unusable:
        raise InputError(
            f"{source.shown} is {kind.name}; the service embeds videos, sounds, pictures, PDF, "
            ".txt and .md files; convert it, or leave it out"
        )
    if kind.input_type not in model.tasks:
        takers = models_of_kind(kind.input_type)
        remedy = f"choose model_name={takers[0]!r}, or leave it out"
        raise InputError(
            f"{source.shown} is {kind.name}; {model.name} embeds {' and '.join(model.tasks)} in "
            f"tasks; {remedy}"
        )
    if kind.form == "pdf" and source.path is not None and kind_of_name(source.name) != kind:
        raise InputError(
            f"{source.shown} is {kind.name}, which its name does not say; the service takes "
            "documents under their own ending; rename it to end in .pdf"
        )
    if source.asset is not None and model.api == "v1":
        raise InputError(
            f"asset_id {source.asset.asset_id!r} for model {model.name!r}, which takes files and "
            f"addresses only; choose model_name={MODEL!r}, or give the file"
        )
    return options.fit_kind(kind)


def check_sources(sources: Sequence[Media], options: Options, *, at_once: bool) -> None:
    """Refuse all where one source cannot be embedded so; before anything is sent.

    Raises
    ------
    InputError
        Naming the file or the option.
    TooLargeError
        Naming the file.
    """
    for source in sources:
        fitting, size = fit(source, options), 0
        with contextlib.suppress(OSError):  # said when its content is read
            size = source.path.stat().st_size if source.path else 0
        if at_once:
            check_at_once(fitting, size)
        check_size(source.shown, fitting, size)


def make_work(source: Media, options: Options, account: str, assets: Assets) -> Work:
    """The work that a source stands for; reads the whole file to know its content.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    content, size = content_of(source, assets)
    fitting = fit(source, options)
    text = fitting.as_json()
    job = Job(
        key=job_key(account, content, text),
        account=account,
        api=fitting.api,
        source=source.shown,
        content=content,
        video_id=source.name,
        model_name=fitting.model_name,
        options=text,
    )
    return Work(job, source, fitting, size)


@dataclass(frozen=True)
class Pace:
    """How many works at once, how long to wait for one, whether failed ones are paid for again.

    `at_once` asks for the vectors in the answer to the request itself, without a task.
    """

    concurrency: int
    timeout_sec: float
    pay_again: bool
    at_once: bool = False

    def check(self) -> Pace:
        """The same, if it makes sense.

        Raises
        ------
        InputError
            If nothing could be done at this pace.
        """
        if int(self.concurrency) < 1:
            raise InputError(
                f"concurrency is {self.concurrency}; at least 1 was expected; leave it out"
            )
        if not self.timeout_sec > 0:
            raise InputError(
                f"timeout_sec is {self.timeout_sec}; seconds above 0 were expected; leave it out"
            )
        return self


async def embed_all(
    sources: Sequence[Media], options: Options, *, run: Run, pace: Pace, bars: Bars
) -> list[Outcome]:
    """How each source ended, in their order.

    Raises
    ------
    AuthenticationError, ConnectionFailedError
        At once, as nothing can succeed: the key is wrong, or there is no network.
    """
    gate = asyncio.Semaphore(int(pace.concurrency))
    reached: list[Media] = []

    async def one(source: Media) -> Outcome:
        async with gate:
            outcome = await _embed_one(source, options, run, pace)
        offline = isinstance(outcome.error, ConnectionFailedError) and not outcome.error.sent
        if offline and not reached:
            raise outcome.error or AssertionError("an offline outcome has an error")
        if not offline:
            reached.append(source)
        bars.count_done(source.name)
        return outcome

    tasks = [asyncio.create_task(one(source)) for source in sources]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _embed_one(source: Media, options: Options, run: Run, pace: Pace) -> Outcome:
    try:
        work = await asyncio.to_thread(make_work, source, options, run.account, run.assets)
        work = replace(work, at_once=pace.at_once)
        job = await run.finish(work, timeout_sec=pace.timeout_sec, pay_again=pace.pay_again)
    except AuthenticationError:
        raise
    except TwlabError as error:
        return Outcome(source, error=error)
    return Outcome(source, job)
