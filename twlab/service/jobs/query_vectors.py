"""Vectors of a text, a picture or a sound, at once: what searches are made with.

The same query is paid for once: its answer lies in the ledger's folder like any other. Such a call
makes no task that could be looked for, so if its answer is lost on the way, the caller is told,
and asking again asks the service again.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import BadRequestError, InputError, LedgerError
from twlab.service.http.file_bodies import FilePart
from twlab.service.jobs.answers import answer_path, save_answer
from twlab.service.jobs.embedding_options import job_key
from twlab.service.jobs.inputs import Media, content_of, find_sources
from twlab.service.jobs.job import Job

if TYPE_CHECKING:
    from twlab.service.http.endpoints import Params, Service
    from twlab.service.http.transport import Answer
    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.ledger import Ledger

__all__ = ["Query", "ask", "make_query"]

_IMAGE_BYTES = 5_000_000
_AUDIO_BYTES = 27_000_000  # 36 MB once written in base 64
_RETIRED = ("no longer supported", "not supported", "deprecated")


@dataclass(frozen=True)
class Query:
    """What to embed at once: a text, a file or an address, or a picture with a text."""

    kind: str
    model_name: str
    text: str = ""
    source: Media | None = None
    extra: tuple[tuple[str, Any], ...] = ()

    @property
    def api(self) -> str:
        """Which version of the interface serves the model."""
        return "v1" if self.model_name.lower().startswith("marengo-retrieval") else "v2"


def make_query(kind: str, model_name: str, *, text: str = "", media: Any = None) -> Query:
    """A query, checked.

    Raises
    ------
    InputError
        If there is nothing to embed, or more than one thing.
    """
    if kind in ("text", "text_image") and (not isinstance(text, str) or not text.strip()):
        raise InputError(f"text is {text!r}; a few words were expected; say what to look for")
    source = None
    if media is not None:
        found = find_sources(media)
        if len(found) != 1:
            raise InputError(
                f"{len(found)} files for one query; one {kind} was expected; choose one"
            )
        source = found[0]
    extra: tuple[tuple[str, Any], ...] = ()
    if kind == "audio":
        extra = (("embedding_option", ["audio"]), ("embedding_scope", ["asset"]))
    return Query(kind, model_name, text, source, extra)


async def ask(
    query: Query, *, service: Service, ledger: Ledger, assets: Assets, account: str, run: str
) -> Job:
    """The finished job of a query, paid for once.

    Raises
    ------
    ApiError, InputError
        If the service or the file does not allow it.
    """
    wanted = _job(query, account, assets)
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
        ledger.submitting(job, run)
        answer = await _send(service, query, body)
        return ledger.finish(job, "ready", answer=save_answer(ledger.folder, job, answer.content))
    except BadRequestError as error:
        ledger.finish(job, "rejected", error=str(error))
        if any(words in error.message.lower() for words in _RETIRED):
            raise _retired(query, error) from None
        raise
    finally:
        ledger.release(job.key, run)


def _job(query: Query, account: str, assets: Assets) -> Job:
    content = f"text:{hashlib.sha256(query.text.encode()).hexdigest()}"
    shown = query.text
    if query.source is not None:
        content = f"{content} {content_of(query.source, assets)[0]}"
        shown = query.source.shown if not query.text else f"{query.text} + {query.source.shown}"
    options = {"query": query.kind, "model_name": query.model_name, **dict(query.extra)}
    text = orjson.dumps(options, option=orjson.OPT_SORT_KEYS).decode()
    return Job(
        key=job_key(account, content, text),
        account=account,
        api=f"{query.api}-sync",
        source=shown,
        content=content,
        video_id=query.source.name if query.source else query.text[:80],
        model_name=query.model_name,
        options=text,
    )


def _body(query: Query) -> dict[str, Any]:
    """The JSON of version 2; empty for version 1, which takes a form."""
    if query.api == "v1":
        return {}
    part: dict[str, Any] = dict(query.extra)
    if query.text:
        part["input_text"] = query.text
    if query.source is not None:
        part["media_source"] = _media(query.source, query.kind)
    return {"input_type": query.kind, "model_name": query.model_name, query.kind: part}


def _media(source: Media, kind: str) -> dict[str, str]:
    if source.path is None:
        return {"url": source.url}
    limit = _AUDIO_BYTES if kind == "audio" else _IMAGE_BYTES
    size = source.path.stat().st_size
    if size > limit:
        raise InputError(
            f"{source.shown} has {size / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB are taken at "
            "once; make it smaller, or embed it with client.embed"
        )
    return {"base64_string": base64.b64encode(source.path.read_bytes()).decode()}


async def _send(service: Service, query: Query, body: dict[str, Any]) -> Answer:
    if query.api == "v2":
        return await service.embed_v2(body)
    if query.kind == "text_image":
        raise InputError(
            f"a picture with a text for model {query.model_name!r}; only Marengo 3 and later "
            "embed both together; leave the text out"
        )
    form: Params = (("model_name", query.model_name),)
    if query.source is None:
        return await service.embed_v1((*form, ("text", query.text)), None)
    if query.source.path is None:
        return await service.embed_v1((*form, (f"{query.kind}_url", query.source.url)), None)
    path = query.source.path
    part = FilePart(path, 0, path.stat().st_size, f"{query.kind}_file", path.name)
    return await service.embed_v1(form, part)


def _retired(query: Query, error: BadRequestError) -> BadRequestError:
    return BadRequestError(
        f"the service no longer embeds with {query.model_name} (“{error.message}”); queries must "
        "be embedded with the model of the table; embed the videos again with a model that it "
        "offers, or search with vectors that you have",
        status=error.status,
        code=error.code,
        message=error.message,
        request_id=error.request_id,
    )
