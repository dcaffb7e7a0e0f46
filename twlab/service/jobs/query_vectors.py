"""Vectors of a text, a picture, a video or a sound, at once: what searches are made with.

The same query is paid for once: its answer lies in the ledger's folder like any other. Such a call
makes no task that could be looked for, so if its answer is lost on the way, the caller is told,
and asking again asks the service again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import BadRequestError, InputError, LedgerError, TwlabError
from twlab.service.http.file_bodies import FilePart
from twlab.service.jobs.answers import answer_path, save_answer
from twlab.service.jobs.embedding_options import job_key
from twlab.service.jobs.inputs import content_of
from twlab.service.jobs.job import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.http.endpoints import Params, Service
    from twlab.service.http.transport import Answer
    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.ledger import Ledger
    from twlab.service.jobs.query_parts import QueryPart, ServiceQuery

__all__ = ["ask_all"]

_AT_ONCE = 8
"""Queries under way; the service's own limits are kept besides."""

_RETIRED = ("no longer supported", "not supported", "deprecated")


async def ask_all(
    queries: Sequence[ServiceQuery],
    *,
    service: Service,
    ledger: Ledger,
    assets: Assets,
    account: str,
    run: str,
) -> list[Job]:
    """The finished job of each query, each paid for once; after a failure none is begun.

    Raises
    ------
    ApiError, InputError
        If the service or a file does not allow it; answers that were under way are kept.
    """
    wanted = [_make_job(query, account, assets) for query in queries]
    each = {job.key: (query, job) for query, job in zip(queries, wanted, strict=True)}
    gate, failed = asyncio.Semaphore(_AT_ONCE), asyncio.Event()

    async def one(query: ServiceQuery, job: Job) -> Job:
        async with gate:
            if failed.is_set():
                return job
            try:
                return await _ask(query, job, service=service, ledger=ledger, run=run)
            except TwlabError:
                failed.set()
                raise

    # What is under way is paid for, so it is waited for though another fails.
    done = await asyncio.gather(*(one(*pair) for pair in each.values()), return_exceptions=True)
    found = dict(zip(each, map(_raise_if_error, done), strict=True))
    return [found[job.key] for job in wanted]


def _raise_if_error(found: Job | BaseException) -> Job:
    if isinstance(found, BaseException):
        raise found
    return found


async def _ask(
    query: ServiceQuery, wanted: Job, *, service: Service, ledger: Ledger, run: str
) -> Job:
    """The finished job of one query."""
    job = ledger.claim(wanted, run)
    if job.state == "ready" and job.answer and answer_path(ledger.folder, job.answer).exists():
        return job
    if job.state == "ready":  # the answer was deleted: there is no task to fetch it from
        job = ledger.back_to_new(job)
        job = ledger.claim(wanted, run)
    if job.owner != run:
        raise LedgerError(
            f"{job.source!r} is being embedded by run {job.owner} on the same folder; one at a "
            "time was expected; ask again in a moment"
        )
    try:
        body = _body(query)
        ledger.record_request(job, run)
        answer = await _send(service, query, body)
        return ledger.finish(job, "ready", answer=save_answer(ledger.folder, job, answer.content))
    except BadRequestError as error:
        ledger.finish(job, "rejected", error=str(error))
        if any(words in error.message.lower() for words in _RETIRED):
            raise _explain_retired(query, error) from None
        raise
    finally:
        ledger.release(job.key, run)


def _make_job(query: ServiceQuery, account: str, assets: Assets) -> Job:
    content, name = _content(query, assets), query.text[:80]
    if query.parts:
        name = " + ".join(part.source.name for part in query.parts)
    told = {**dict(query.extra), **dict(query.settings)}
    options = {"query": query.kind, "model_name": query.model.name, **told}
    text = orjson.dumps(options, option=orjson.OPT_SORT_KEYS).decode()
    return Job(
        key=job_key(account, content, text),
        account=account,
        api=f"{query.model.api}-sync",
        source=query.shown,
        content=content,
        video_id=name,
        model_name=query.model.name,
        options=text,
    )


def _content(query: ServiceQuery, assets: Assets) -> str:
    """What tells a query from every other, in one line."""
    content = f"text:{hashlib.sha256(query.text.encode()).hexdigest()}"
    held = [_identify(part, assets) for part in query.parts]
    if query.kind != "multi_input":
        return " ".join([content, *held])
    told = [
        f"{part.media_type}:{part.name} {one}" for part, one in zip(query.parts, held, strict=True)
    ]
    return " ".join([content, *told])


def _identify(part: QueryPart, assets: Assets) -> str:
    return f"asset:{part.asset_id}" if part.asset_id else content_of(part.source, assets)[0]


def _body(query: ServiceQuery) -> dict[str, Any]:
    """The JSON of version 2; empty for version 1, which takes a form."""
    if query.model.api == "v1":
        return {}
    box: dict[str, Any] = dict(query.extra)
    if query.text:
        box["input_text"] = query.text
    if query.parts:
        box |= _media_sources(query)
    asked = {"input_type": query.kind, "model_name": query.model.name, query.kind: box}
    return asked | dict(query.settings)


def _media_sources(query: ServiceQuery) -> dict[str, Any]:
    found = [_media(part, query) for part in query.parts]
    if query.kind != "multi_input":
        return {"media_source": found[0]}
    listed = []
    for part, media in zip(query.parts, found, strict=True):
        named = {"name": part.name} if part.name else {}
        listed.append({**named, "media_type": part.media_type, **media})
    return {"media_sources": listed}


def _media(part: QueryPart, query: ServiceQuery) -> dict[str, str]:
    source = part.source
    if part.asset_id:
        return {"asset_id": part.asset_id}
    if source.path is None:
        return {"url": source.url}
    limit = query.model.queries.most_bytes[part.media_type]
    size = source.path.stat().st_size
    if size > limit:
        raise InputError(
            f"{source.shown} is {size / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB are accepted "
            "at once; make it smaller, or embed it with client.embed"
        )
    return {"base64_string": base64.b64encode(source.path.read_bytes()).decode()}


async def _send(service: Service, query: ServiceQuery, body: dict[str, Any]) -> Answer:
    if query.model.api == "v2":
        return await service.embed_v2(body)
    form: Params = (("model_name", query.model.name),)
    if not query.parts:
        return await service.embed_v1((*form, ("text", query.text)), None)
    source = query.parts[0].source
    if source.path is None:
        return await service.embed_v1((*form, (f"{query.kind}_url", source.url)), None)
    path = source.path
    part = FilePart(path, 0, path.stat().st_size, f"{query.kind}_file", path.name)
    return await service.embed_v1(form, part)


def _explain_retired(query: ServiceQuery, error: BadRequestError) -> BadRequestError:
    return BadRequestError(
        f"the service no longer embeds with {query.model.name} (“{error.message}”); queries must "
        "be embedded with the model of the table; embed the videos again with a model that it "
        "offers, or search with vectors that you have",
        status=error.status,
        code=error.code,
        message=error.message,
        request_id=error.request_id,
    )
