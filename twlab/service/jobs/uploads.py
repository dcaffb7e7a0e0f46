"""Files of any size at the service, in pieces that survive a crash.

Small files go as one form; large ones as a session of pieces, each read from its place in the file
while it is sent. The ledger knows the session and every piece that arrived, so that a killed
upload goes on where it stopped, for as long as the service keeps the session (24 hours).
Signed addresses are asked for when they are needed and never written down.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from twlab.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailedError,
    GoneError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    TaskFailedError,
)
from twlab.service.http.endpoints import Upload
from twlab.service.http.fields import number_at, plain, text_at
from twlab.service.http.file_bodies import FilePart
from twlab.service.http.transport import Call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twlab.service.http.endpoints import Service
    from twlab.service.jobs.assets import Assets

__all__ = ["Uploader", "Watcher"]

ONE_FORM_BYTES = 64 << 20
"""The service takes 200 MB in one request; a large one that breaks begins anew, pieces go on where
they stopped."""
_PIECES_AT_ONCE = 4
"""Enough to fill a line whose answers are a while away; more share it and break more often."""
_PER_REQUEST = 50
"""Addresses asked for and pieces told of at a time: addresses hold for an hour."""
_TRIES = 6
"""With pauses that double, up to half a minute in all; afterwards the next run goes on."""
_FIRST_PAUSE_SEC, _LONGEST_PAUSE_SEC = 0.25, 5.0
"""Between questions, each pause twice the last: a minute takes some fifteen requests."""
_SESSION_LOST = (NotFoundError, GoneError, BadRequestError, PermissionDeniedError)


class Watcher(Protocol):
    """Who wants to know how far an upload is."""

    def begin_upload(self, name: str, size: int) -> Callable[[int], None]:
        """Take in the number of bytes that left."""

    def end_upload(self, name: str) -> None:
        """Take in that a file is there."""


class Uploader:
    """Puts files at the service, each once; lives as long as a run.

    Parameters
    ----------
    service, assets
        Where to, and what is known already.
    account, run
        Whose files, and who uploads.
    watch : Watcher
        Told of progress.
    """

    def __init__(
        self, service: Service, assets: Assets, *, account: str, run: str, watch: Watcher
    ) -> None:
        self._service, self._assets, self.watch = service, assets, watch
        self._account, self._run = account, run
        self._busy: dict[str, asyncio.Lock] = {}

    async def upload(self, path: Path, name: str, content: str, size: int, kind: str) -> str:
        """The id of the asset that holds this file, uploading it if need be.

        Parameters
        ----------
        path : Path
            The file.
        name : str
            The name to send it under.
        content : str
            What tells its bytes from all others.
        size : int
            Its size in bytes.
        kind : str
            ``video``, ``audio``, ``image`` or ``document``.

        Raises
        ------
        ApiError
            If the service does not take it.
        """
        async with self._busy.setdefault(content, asyncio.Lock()):
            pause = _FIRST_PAUSE_SEC
            while (row := self._assets.claim_asset(self._account, content, self._run)) is None:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SEC)
            try:
                return await self._upload(row, path, name, content, size, kind)
            finally:
                self._assets.update_asset(self._account, content, owner=None)

    async def _upload(
        self, row: dict[str, Any], path: Path, name: str, content: str, size: int, kind: str
    ) -> str:
        if row["asset_id"] and await self._is_there(row["asset_id"], whole=not row["upload_id"]):
            return str(row["asset_id"])
        sent = self.watch.begin_upload(path.name, size)
        try:
            if size <= ONE_FORM_BYTES or kind == "document":  # which are taken in no pieces
                part = FilePart(path, 0, size, "file", name, sent)
                form = (("method", "direct"), ("filename", name))
                asset_id = await self._service.create_asset(form, part)
            else:
                asset_id = await self._upload_pieces(row, path, name, content, size, kind, sent)
            await self.wait_until_ready(asset_id, path.name)
        finally:
            self.watch.end_upload(path.name)
        self._assets.update_asset(self._account, content, asset_id=asset_id, upload_id=None)
        return asset_id

    async def _is_there(self, asset_id: str, *, whole: bool) -> bool:
        """Whether an asset can be used; one whose pieces may be missing only if it says so."""
        try:
            state = text_at(await self._service.asset(asset_id), "status")
            return state == "ready" or (whole and state == "processing")
        except (NotFoundError, GoneError):
            return False

    async def wait_until_ready(self, asset_id: str, name: str) -> None:
        """Wait until the service has looked at an asset.

        Raises
        ------
        TaskFailedError
            With the service's reason, if it cannot use it.
        """
        pause = _FIRST_PAUSE_SEC
        while (state := text_at(told := await self._service.asset(asset_id), "status")) != "ready":
            if state == "failed":
                reason = plain(text_at(told, "error", "message") or "no reason given")
                raise TaskFailedError(
                    f"{name} was uploaded and the service could not use it (“{reason}”); a file "
                    "that ffmpeg reads, or a whole document, was expected; check that it opens",
                    message=reason,
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SEC)

    async def _upload_pieces(
        self,
        row: dict[str, Any],
        path: Path,
        name: str,
        content: str,
        size: int,
        kind: str,
        sent: Callable[[int], None],
    ) -> str:
        """The asset's id after all pieces have arrived."""
        session = await self._find_session(row)
        if session is None:
            session = await self._service.create_upload(name, size, kind)
            self._assets.update_asset(
                self._account,
                content,
                asset_id=session.asset_id,
                upload_id=session.upload_id,
                chunk_size=session.chunk_size,
                n_chunks=session.n_chunks,
                upload_headers=orjson.dumps(dict(session.headers)).decode(),
            )
        await self._send_missing(session, path, size, sent)
        self._assets.update_asset(self._account, content, upload_id=None)
        self._assets.forget_upload(session.upload_id)
        return session.asset_id

    async def _find_session(self, row: dict[str, Any]) -> Upload | None:
        """The session that an earlier run began, if the service still keeps it."""
        if not row["upload_id"]:
            return None
        upload_id = str(row["upload_id"])
        known = self._assets.parts(upload_id)
        try:
            async for part in self._service.upload_parts(upload_id):
                number, state = int(number_at(part, "index") or 0), text_at(part, "status")
                if state == "completed" and number in known:
                    self._assets.mark_reported(upload_id, [number])
                elif state == "failed" and number in known:
                    self._assets.drop_part(upload_id, number)
        except _SESSION_LOST:
            self._assets.forget_upload(upload_id)
            return None
        headers = orjson.loads(row["upload_headers"] or "{}")
        sizes = row["chunk_size"], row["n_chunks"]
        return Upload(upload_id, str(row["asset_id"]), *sizes, tuple(headers.items()), {})

    async def _send_missing(
        self,
        session: Upload,
        path: Path,
        size: int,
        sent: Callable[[int], None],
    ) -> None:
        """Send the pieces that have not arrived, a few at a time, and report them."""
        there, urls = self._assets.parts(session.upload_id), dict(session.urls)
        for number in there:
            sent(_length(session, number, size))
        missing = [n for n in range(1, session.n_chunks + 1) if n not in there]
        await self._report(session, size)
        for first in range(0, len(missing), _PER_REQUEST):
            batch = missing[first : first + _PER_REQUEST]
            if batch[0] not in urls:
                urls |= await self._fetch_urls(session, batch[0])
            gate = asyncio.Semaphore(_PIECES_AT_ONCE)
            try:
                async with asyncio.TaskGroup() as group:
                    for n in batch:
                        group.create_task(
                            self._send_in_turn(gate, session, path, size, n, urls, sent)
                        )
            except* (ApiError, InputError) as errors:
                raise errors.exceptions[0] from None
            await self._report(session, size)

    async def _fetch_urls(self, session: Upload, number: int, count: int = 50) -> dict[int, str]:
        count = min(count, session.n_chunks - number + 1)
        return await self._service.part_urls(session.upload_id, number, count)

    async def _send_in_turn(
        self,
        gate: asyncio.Semaphore,
        session: Upload,
        path: Path,
        size: int,
        number: int,
        urls: dict[int, str],
        sent: Callable[[int], None],
    ) -> None:
        async with gate:
            length = _length(session, number, size)
            part = FilePart(path, (number - 1) * session.chunk_size, length, sent=sent)
            etag = await self._send_piece(session, part, number, urls)
            self._assets.add_part(session.upload_id, number, etag)

    async def _send_piece(
        self, session: Upload, part: FilePart, number: int, urls: dict[int, str]
    ) -> str:
        """The mark that the store gives for a piece; a signed address serves once, for an hour."""
        for attempt in range(1, _TRIES + 1):
            if number not in urls:
                urls |= await self._fetch_urls(session, number, 1)
            path = urls.pop(number)
            call = Call(
                "PUT",
                path,
                "PUT a piece",
                files=(part,),
                headers=session.headers,
                raw=True,
                once=True,
            )
            try:
                answer = await self._service.transport.ask(call)
                return answer.headers["etag"].strip('"')
            except KeyError:
                reason = "the store gave no mark for it"
            except ApiError as error:
                reason = str(error)
            if attempt < _TRIES:
                longest = self._service.transport.settings.backoff_sec * 2**attempt
                await asyncio.sleep(random.uniform(0, longest))
        raise ConnectionFailedError(
            f"piece {number} of {session.n_chunks} of {part.path.name} did not arrive in {_TRIES} "
            f"tries ({reason}); run again to go on from there"
        )

    async def _report(self, session: Upload, size: int) -> None:
        """Tell the service of the pieces that it has not been told of."""
        parts = self._assets.parts(session.upload_id)
        new = sorted(number for number, (_, reported) in parts.items() if not reported)
        for first in range(0, len(new), _PER_REQUEST):
            batch = new[first : first + _PER_REQUEST]
            chunks = [
                {
                    "chunk_index": number,
                    "proof": parts[number][0],
                    "proof_type": "etag",
                    "chunk_size": _length(session, number, size),
                }
                for number in batch
            ]
            await self._service.report_parts(session.upload_id, chunks)
            self._assets.mark_reported(session.upload_id, batch)


def _length(session: Upload, number: int, size: int) -> int:
    return min(session.chunk_size, size - (number - 1) * session.chunk_size)
