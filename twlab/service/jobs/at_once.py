"""A short video or sound embedded in the answer to the request itself.

Nothing is waited for, and nothing is left behind: where the answer is lost, no task tells whether
it was paid for. So the ledger says before the request leaves that it is one of these, and a job
found so is in doubt; it is asked for again only by a caller who says so.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from twlab.errors import InputError
from twlab.service.jobs.answers import save_answer

if TYPE_CHECKING:
    from pathlib import Path

    from twlab.service.http.endpoints import Service
    from twlab.service.jobs.embedding_options import Options
    from twlab.service.jobs.job import Job
    from twlab.service.jobs.ledger import Ledger

__all__ = ["AT_ONCE", "ask_at_once", "check_at_once"]

AT_ONCE = "v2-once"
"""What the ledger calls the interface of such a job."""

_PATIENCE_SEC = 600.0
"""How long the service may be silent while it embeds: as long as the longest film lasts."""


def check_at_once(options: Options, size: int) -> None:
    """Refuse what the service does not embed at once.

    Raises
    ------
    InputError
        Naming the model or the size; a file is sent within the request, so it has to be small.
    """
    model, kind = options.model, options.input_type
    if kind not in model.queries.input_types or model.api == "v1":
        raise InputError(
            f"at_once= for {kind} and model {model.name!r}, which embeds such files in tasks only; "
            "marengo3.0 with a video or audio file was expected; leave at_once out"
        )
    limit = model.queries.most_bytes[kind]
    if size > limit:
        raise InputError(
            f"at_once= for a file of {size / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB and "
            f"{model.queries.most_sec:g} s were expected; leave at_once out"
        )


async def ask_at_once(
    service: Service,
    ledger: Ledger,
    job: Job,
    options: Options,
    *,
    run: str,
    media: dict[str, str],
    path: Path | None,
) -> Job:
    """The finished job, whose answer lies in the ledger's folder; asked for once.

    Raises
    ------
    ApiError
        If the service says no, or its answer is lost; the job is left as it was sent.
    """
    if path is not None:
        content = await asyncio.to_thread(path.read_bytes)
        media = {"base64_string": base64.b64encode(content).decode()}
    body = options.v2_body(media)
    job = ledger.record_request(replace(job, api=AT_ONCE), run)
    answer = await service.embed_v2(body, patience_sec=_PATIENCE_SEC)
    return ledger.finish(job, "ready", answer=save_answer(ledger.folder, job, answer.content))
