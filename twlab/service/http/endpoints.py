"""The paths of the service, each as one coroutine; see the official specification 1.3.

Lists are asynchronous iterators that ask for the next page when it is needed. What is paid for is
marked: those calls are never repeated blindly (:mod:`twlab.service.http.transport`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from twlab.errors import AnswerError, ConflictError
from twlab.service.http.fields import (
    box_at,
    entries_at,
    identity_at,
    number_at,
    text_at,
    whole_at,
)
from twlab.service.http.transport import LIST_BYTES, VECTOR_BYTES, Call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from twlab.service.http.file_bodies import FilePart
    from twlab.service.http.transport import Answer, Transport

__all__ = ["Params", "Service", "Upload"]

_PAGE = "50"
_MOST_PAGES = 20_000  # a million entries
_MOST_PIECES = 100_000
"""Pieces of a file; stores such as S3 take 10,000."""
_SPARE_PAGES = 10
"""What a short list may grow by while it is read; a long one may double."""
_STALE_PAGES = 3
"""Pages with nothing new, one after another: entries move on by a page while others are added, and
a service that ignores the number of the page sends the same one for ever."""
Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Upload:
    """A session for a file in pieces, with the addresses that came with it."""

    upload_id: str
    asset_id: str
    chunk_size: int
    n_chunks: int
    headers: tuple[tuple[str, str], ...]
    urls: dict[int, str]


class Service:
    """The service's endpoints over one transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._asked_time = False

    async def time(self, api: str) -> float | None:
        """What the service's clock shows at least; asked for once, None where it is never said."""
        if self.transport.service_time() is None and not self._asked_time:
            self._asked_time = True
            path = "/embed/tasks" if api == "v1" else "/embed-v2/tasks"
            await self._get(path, path, (("page", "1"), ("page_limit", "1")))
        return self.transport.service_time()

    # Embeddings, version 1

    async def create_v1(self, form: Params, file: FilePart | None) -> str:
        """The id of a new video embedding task. Paid."""
        path = "/embed/tasks"
        files = _as_files(file)
        call = Call("POST", path, f"POST {path}", form=form, files=files, once=True)
        return identity_at((await self.transport.ask(call)).data)

    async def status_v1(self, task_id: str) -> Answer:
        """The state of a task, without vectors."""
        path = f"/embed/tasks/{_quote(task_id)}/status"
        return await self._get(path, "/embed/tasks/{id}/status")

    async def retrieve_v1(self, task_id: str, options: Iterable[str] | None = None) -> Answer:
        """A task with its vectors."""
        params = tuple(("embedding_option", name) for name in options or ())
        path = f"/embed/tasks/{_quote(task_id)}"
        return await self._get(path, "/embed/tasks/{id}", params, VECTOR_BYTES)

    async def embed_v1(self, form: Params, file: FilePart | None) -> Answer:
        """Vectors of a text, an image or a sound, at once. Paid."""
        return await self.transport.ask(
            Call(
                *("POST", "/embed", "POST /embed"),
                form=form,
                files=_as_files(file),
                once=True,
                most_bytes=VECTOR_BYTES,
            )
        )

    # Embeddings, version 2

    async def create_v2(self, body: dict[str, Any]) -> str:
        """The id of a new embedding task. Paid."""
        path = "/embed-v2/tasks"
        call = Call("POST", path, f"POST {path}", json=body, once=True)
        return identity_at((await self.transport.ask(call)).data)

    async def retrieve_v2(self, task_id: str) -> Answer:
        """A task: its state, and its vectors once it is ready."""
        path = f"/embed-v2/tasks/{_quote(task_id)}"
        return await self._get(path, "/embed-v2/tasks/{id}", (), VECTOR_BYTES)

    async def embed_v2(self, body: dict[str, Any], *, patience_sec: float | None = None) -> Answer:
        """Vectors at once. Paid. The service may be silent for `patience_sec` until then."""
        return await self.transport.ask(
            Call(
                *("POST", "/embed-v2", "POST /embed-v2"),
                json=body,
                once=True,
                patience_sec=patience_sec,
                most_bytes=VECTOR_BYTES,
            )
        )

    def tasks(self, api: str, since: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Embedding tasks of the account, newest first, without vectors."""
        params: Params = ()
        if since is not None:
            stamp = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            params = (("started_at", stamp),)
        return self._pages("/embed/tasks" if api == "v1" else "/embed-v2/tasks", params)

    # Assets

    async def create_asset(self, form: Params, file: FilePart | None) -> str:
        """The id of a new asset, from one form."""
        call = Call("POST", "/assets", "POST /assets", form=form, files=_as_files(file))
        return identity_at((await self.transport.ask(call)).data)

    async def asset(self, asset_id: str) -> Any:
        """One asset: its ``status`` is ``processing``, ``ready`` or ``failed``."""
        return (await self._get(f"/assets/{_quote(asset_id)}", "/assets/{id}")).data

    def assets(self, params: Params = ()) -> AsyncIterator[dict[str, Any]]:
        """The assets of the account that pass the filters, newest first."""
        return self._pages("/assets", params)

    async def delete_asset(self, asset_id: str, *, force: bool) -> None:
        """Delete an asset; forced also where an index holds it."""
        path, params = f"/assets/{_quote(asset_id)}", (("force", "true"),) if force else ()
        # A second try after a lost answer would be told that there is no such asset.
        call = Call("DELETE", path, "DELETE /assets/{id}", params=params, once=True)
        try:
            await self.transport.ask(call)
        except ConflictError as error:
            if force:
                raise
            said = str(error).removesuffix(ConflictError.advice)
            raise ConflictError(
                f"{said}an index holds it; delete it all the same with force=True",
                status=error.status,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            ) from None

    async def create_upload(self, name: str, size: int, kind: str) -> Upload:
        """A new session for a file sent in pieces; `kind` is video, audio or image."""
        path = "/assets/multipart-uploads"
        body = {"filename": name, "type": kind, "total_size": size}
        data = (await self.transport.ask(Call("POST", path, f"POST {path}", json=body))).data
        chunk_size = whole_at(data, "chunk_size", max(size, 1 << 30))
        n_chunks = whole_at(data, "total_chunks", _MOST_PIECES)
        if n_chunks != -(-size // chunk_size):
            raise AnswerError(
                f"an answer of {n_chunks} pieces of {chunk_size} bytes for a file of {size} bytes; "
                f"as many as hold the file were expected; {AnswerError.advice}"
            )
        return Upload(
            identity_at(data, "upload_id"),
            identity_at(data, "asset_id"),
            chunk_size,
            n_chunks,
            _headers_of(box_at(data, "upload_headers")),
            self._urls_of(entries_at(data, "upload_urls"), n_chunks),
        )

    async def report_parts(self, upload_id: str, parts: list[dict[str, Any]]) -> None:
        """Tell the service of up to 50 pieces that have arrived."""
        path = f"/assets/multipart-uploads/{_quote(upload_id)}"
        group = "POST /assets/multipart-uploads/{id}"
        body = {"completed_chunks": parts}
        await self.transport.ask(Call("POST", path, group, json=body))

    async def part_urls(self, upload_id: str, start: int, count: int) -> dict[int, str]:
        """Addresses for `count` pieces (at most 50) from piece `start`, counted from 1."""
        path = f"/assets/multipart-uploads/{_quote(upload_id)}/presigned-urls"
        group = "POST /assets/multipart-uploads/{id}/presigned-urls"
        body = {"start": start, "count": count}
        data = (await self.transport.ask(Call("POST", path, group, json=body))).data
        found = self._urls_of(entries_at(data, "upload_urls"), _MOST_PIECES)
        if start not in found:
            raise AnswerError(
                f"an answer without an address for piece {start}; one was expected; "
                f"{AnswerError.advice}"
            )
        return found

    def _urls_of(self, chunks: list[dict[str, Any]], most: int) -> dict[int, str]:
        """Addresses by the number of their piece; in clear text only where the service is."""
        found = {whole_at(chunk, "chunk_index", most): text_at(chunk, "url") for chunk in chunks}
        schemes = ("https://", "http://")[: 1 + self.transport.base_url.startswith("http://")]
        for number, url in found.items():
            if url is None or not url.startswith(schemes):
                raise AnswerError(
                    f"an answer whose address for piece {number} is none of "
                    f"{' or '.join(schemes)}; one was expected; {AnswerError.advice}"
                )
        return {number: str(url) for number, url in found.items()}

    def upload_parts(self, upload_id: str) -> AsyncIterator[dict[str, Any]]:
        """The pieces of a session as the service sees them."""
        path = f"/assets/multipart-uploads/{_quote(upload_id)}"
        return self._pages(path, (), "/assets/multipart-uploads/{id}", "uploaded_chunks")

    # Indexes

    def indexes(self, params: Params = ()) -> AsyncIterator[dict[str, Any]]:
        """The indexes of the account that pass the filters."""
        return self._pages("/indexes", params)

    async def index(self, index_id: str) -> Any:
        """What one index is: its models and their options."""
        return (await self._get(f"/indexes/{_quote(index_id)}", "/indexes/{id}")).data

    async def create_index(self, body: dict[str, Any]) -> str:
        """The id of a new index."""
        call = Call("POST", "/indexes", "POST /indexes", json=body, once=True)
        return identity_at((await self.transport.ask(call)).data)

    def index_entries(
        self, index_id: str, kind: str, params: Params = ()
    ) -> AsyncIterator[dict[str, Any]]:
        """What an index holds; `kind` is ``indexed-assets`` or ``videos``."""
        path, group = f"/indexes/{_quote(index_id)}/{kind}", f"/indexes/{{id}}/{kind}"
        return self._pages(path, params, group)

    def entries_of_asset(self, asset_id: str) -> AsyncIterator[dict[str, Any]]:
        """What indexes hold of an asset: the ids there, and of the indexes."""
        path = f"/assets/{_quote(asset_id)}/indexed-assets"
        return self._pages(path, (), "/assets/{id}/indexed-assets")

    async def index_asset(self, index_id: str, asset_id: str) -> str:
        """The id that an asset gets in an index, which begins to read it. Paid."""
        path, group = f"/indexes/{_quote(index_id)}/indexed-assets", "/indexes/{id}/indexed-assets"
        body = {"asset_id": asset_id}
        call = Call("POST", path, f"POST {group}", json=body, once=True)
        return identity_at((await self.transport.ask(call)).data)

    async def index_entry(
        self,
        index_id: str,
        kind: str,
        item_id: str,
        options: Iterable[str] = (),
        *,
        speech: bool = False,
    ) -> Answer:
        """One indexed video with its vectors of the given options, and with what is spoken."""
        params = tuple(("embedding_option", name) for name in options)
        params += (("transcription", "true"),) if speech else ()
        path = f"/indexes/{_quote(index_id)}/{kind}/{_quote(item_id)}"
        return await self._get(path, f"/indexes/{{id}}/{kind}/{{id}}", params, VECTOR_BYTES)

    # Search

    async def search(self, form: Params, files: tuple[FilePart, ...]) -> Any:
        """The first page of hits. Paid."""
        call = Call("POST", "/search", "POST /search", form=form, files=files, once=True)
        return (await self.transport.ask(call)).data

    async def search_page(self, token: str, params: Params = ()) -> Any:
        """A further page of hits."""
        return (await self._get(f"/search/{_quote(token)}", "/search/{token}", params)).data

    async def _get(
        self, path: str, group: str, params: Params = (), most_bytes: int = LIST_BYTES
    ) -> Answer:
        call = Call("GET", path, f"GET {group}", params=params, most_bytes=most_bytes)
        return await self.transport.ask(call)

    async def _pages(
        self, path: str, params: Params = (), group: str = "", field: str = "data"
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of all pages; a list that does not end is an error."""
        number, total, most, n_stale = 1, 1, 0, 0
        seen: set[Any] = set()
        while number <= total:
            paging = (*params, ("page", str(number)), ("page_limit", _PAGE))
            page = (await self._get(path, group or path, paging)).data
            items = entries_at(page, field)
            ids = {text_at(item, "_id") or number_at(item, "index") for item in items}
            n_stale = n_stale + 1 if ids <= seen else 0  # entries move on while others are added
            seen |= ids
            total = int(number_at(page, "page_info", "total_page") or 1) if items else 0
            most = most or min(_MOST_PAGES, 2 * total + _SPARE_PAGES)
            if number > most or n_stale >= _STALE_PAGES:
                raise AnswerError(
                    f"GET {group or path}: a list that does not end (page {number} of {total} "
                    "brings nothing new, or is far more than there were at first); a list with an "
                    f"end was expected; {AnswerError.advice}"
                )
            for item in items:
                yield item
            number += 1


def _as_files(file: FilePart | None) -> tuple[FilePart, ...]:
    return () if file is None else (file,)


def _quote(name: str) -> str:
    """An id as one step of a path."""
    return quote(name, safe="")


def _headers_of(box: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Headers that the service wants to see with each piece."""
    found = tuple((name, text_at(box, name) or "") for name in box)
    for name, value in found:
        if not (name + value).isascii() or not (name + value).isprintable() or not name:
            raise AnswerError(
                f"an answer with a header that cannot be sent; ASCII characters were expected; "
                f"{AnswerError.advice}"
            )
    return found
