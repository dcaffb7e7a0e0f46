"""The paths of the service, each as one coroutine; see the official specification 1.3.

Lists are asynchronous iterators that ask for the next page when it is needed. What is paid for is
marked: those calls are never repeated blindly (:mod:`twlab.api.transport`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from twlab.api.transport import Call
from twlab.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from twlab.api.files import FilePart
    from twlab.api.transport import Answer, Transport

__all__ = ["Service"]

_PAGE = "50"
Params = tuple[tuple[str, str], ...]


class Service:
    """The service's endpoints over one transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    # Embeddings, version 1

    async def create_v1(self, form: Params, file: FilePart | None) -> str:
        """The id of a new video embedding task. Paid."""
        path = "/embed/tasks"
        call = Call("POST", path, f"POST {path}", form=form, file=file, once=True)
        return _task_id(await self.transport.ask(call))

    async def status_v1(self, task_id: str) -> Answer:
        """The state of a task, without vectors."""
        return await self._get(f"/embed/tasks/{quote(task_id)}/status", "/embed/tasks/{id}/status")

    async def retrieve_v1(self, task_id: str, options: Iterable[str] | None = None) -> Answer:
        """A task with its vectors."""
        params = tuple(("embedding_option", name) for name in options or ())
        return await self._get(f"/embed/tasks/{quote(task_id)}", "/embed/tasks/{id}", params)

    async def embed_v1(self, form: Params, file: FilePart | None) -> Answer:
        """Vectors of a text, an image or a sound, at once. Paid."""
        return await self.transport.ask(
            Call("POST", "/embed", "POST /embed", form=form, file=file, once=True)
        )

    # Embeddings, version 2

    async def create_v2(self, body: dict[str, Any]) -> str:
        """The id of a new embedding task. Paid."""
        path = "/embed-v2/tasks"
        call = Call("POST", path, f"POST {path}", json=body, once=True)
        return _task_id(await self.transport.ask(call))

    async def retrieve_v2(self, task_id: str) -> Answer:
        """A task: its state, and its vectors once it is ready."""
        return await self._get(f"/embed-v2/tasks/{quote(task_id)}", "/embed-v2/tasks/{id}")

    async def embed_v2(self, body: dict[str, Any]) -> Answer:
        """Vectors at once. Paid."""
        return await self.transport.ask(
            Call("POST", "/embed-v2", "POST /embed-v2", json=body, once=True)
        )

    def tasks(self, api: str, since: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Embedding tasks of the account, newest first, without vectors."""
        params: Params = ()
        if since is not None:
            stamp = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            params = (("started_at", stamp),)
        return self._pages("/embed/tasks" if api == "v1" else "/embed-v2/tasks", params)

    # Assets

    async def create_asset(self, form: Params, file: FilePart | None) -> dict[str, Any]:
        """A new asset, from one form."""
        call = Call("POST", "/assets", "POST /assets", form=form, file=file)
        return _object(await self.transport.ask(call), "_id")

    async def asset(self, asset_id: str) -> dict[str, Any]:
        """One asset and its state."""
        return _object(await self._get(f"/assets/{quote(asset_id)}", "/assets/{id}"))

    async def create_upload(self, name: str, size: int) -> dict[str, Any]:
        """A new session for a file sent in pieces."""
        path = "/assets/multipart-uploads"
        body = {"filename": name, "type": "video", "total_size": size}
        answer = await self.transport.ask(Call("POST", path, f"POST {path}", json=body))
        return _object(answer, "upload_id", "asset_id", "chunk_size", "total_chunks")

    async def report_parts(self, upload_id: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Tell the service of up to 50 pieces that have arrived."""
        path = f"/assets/multipart-uploads/{quote(upload_id)}"
        group = "POST /assets/multipart-uploads/{id}"
        body = {"completed_chunks": parts}
        return _object(await self.transport.ask(Call("POST", path, group, json=body)))

    async def part_urls(self, upload_id: str, start: int, count: int) -> list[dict[str, Any]]:
        """Addresses for `count` pieces (at most 50) from piece `start`, counted from 1."""
        path = f"/assets/multipart-uploads/{quote(upload_id)}/presigned-urls"
        group = "POST /assets/multipart-uploads/{id}/presigned-urls"
        body = {"start": start, "count": count}
        answer = _object(await self.transport.ask(Call("POST", path, group, json=body)))
        return list(answer.get("upload_urls") or [])

    def upload_parts(self, upload_id: str) -> AsyncIterator[dict[str, Any]]:
        """The pieces of a session as the service sees them."""
        path = f"/assets/multipart-uploads/{quote(upload_id)}"
        return self._pages(path, (), "/assets/multipart-uploads/{id}", "uploaded_chunks")

    # Indexes

    def indexes(self) -> AsyncIterator[dict[str, Any]]:
        """The indexes of the account."""
        return self._pages("/indexes")

    async def index(self, index_id: str) -> dict[str, Any]:
        """One index."""
        return _object(await self._get(f"/indexes/{quote(index_id)}", "/indexes/{id}"))

    def indexed(self, index_id: str, kind: str) -> AsyncIterator[dict[str, Any]]:
        """What an index holds; `kind` is ``indexed-assets`` or ``videos``."""
        return self._pages(f"/indexes/{quote(index_id)}/{kind}", (), f"/indexes/{{id}}/{kind}")

    async def indexed_one(
        self, index_id: str, kind: str, item_id: str, options: Iterable[str]
    ) -> Answer:
        """One indexed video with its vectors of the given options."""
        params = tuple(("embedding_option", name) for name in options)
        path = f"/indexes/{quote(index_id)}/{kind}/{quote(item_id)}"
        return await self._get(path, f"/indexes/{{id}}/{kind}/{{id}}", params)

    # Search

    async def search(self, form: Params, file: FilePart | None) -> dict[str, Any]:
        """The first page of hits. Paid."""
        call = Call("POST", "/search", "POST /search", form=form, file=file, once=True)
        return _object(await self.transport.ask(call))

    async def search_page(self, token: str) -> dict[str, Any]:
        """A further page of hits."""
        return _object(await self._get(f"/search/{quote(token)}", "/search/{token}"))

    async def _get(self, path: str, group: str, params: Params = ()) -> Answer:
        return await self.transport.ask(Call("GET", path, f"GET {group}", params=params))

    async def _pages(
        self, path: str, params: Params = (), group: str = "", field: str = "data"
    ) -> AsyncIterator[dict[str, Any]]:
        number, total = 1, 1
        while number <= total:
            paging = (*params, ("page", str(number)), ("page_limit", _PAGE))
            page = _object(await self._get(path, group or path, paging))
            items = page.get(field) or []
            for item in items:
                yield item
            total = int((page.get("page_info") or {}).get("total_page") or 1) if items else 0
            number += 1


def _object(answer: Answer, *fields: str) -> dict[str, Any]:
    """The answer's JSON object, which has all the fields."""
    data = answer.data
    missing = [name for name in fields if not isinstance(data, dict) or not data.get(name)]
    if isinstance(data, dict) and not missing:
        return data
    what = f"without {missing[0]!r}" if missing else f"with a JSON {type(data).__name__}"
    raise AnswerError(
        f"an answer {what}; an object as in the specification was expected; {AnswerError.advice}",
        status=answer.status,
    )


def _task_id(answer: Answer) -> str:
    return str(_object(answer, "_id")["_id"])
