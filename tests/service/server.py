"""Sockets, requests, answers and rate limits of the stand-in."""

from __future__ import annotations

import json
import math
import random
import socket
import struct
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from .faults import AFTER, BEFORE, Fault
from .forms import Body, Form, read_form
from .routes import answer
from .spec import official
from .store import Store

if TYPE_CHECKING:
    from .hostile import Hostile

KEY = "tlk_0TEST1KEY2THAT3NOBODY4MAY5EVER6SEE"
PREFIX = "/v1.3"


@dataclass
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    base: str
    json: Any = None
    form: Form | None = None
    digest: str = ""
    size: int = 0


@dataclass
class Limit:
    """At most `count` requests of one endpoint in each window of `seconds`."""

    count: int
    seconds: int = 1
    headers: bool = True
    used: Counter[tuple[str, int]] = field(default_factory=Counter)


class Service:
    """The stand-in, running in threads of this process until closed."""

    def __init__(self, *, dim: int = 512, seed: int = 0, check: bool = True, port: int = 0) -> None:
        self.store, self.rng = Store(dim=dim, seed=seed), random.Random(seed)
        self.faults: list[Fault] = []
        self.dated = True
        self.keys = {KEY}  # of one account
        self.hostile: Hostile | None = None
        self.limit: Limit | None = None
        self.spec = official() if check else None
        self.violations: list[str] = []
        self.requests: deque[tuple[float, str, int]] = deque(maxlen=200_000)
        self.asked: deque[Request] = deque(maxlen=1_000)  # with a good key, as read
        self.stop = threading.Event()
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{PREFIX}"

    @property
    def paid(self) -> list[str]:
        return self.store.paid

    def count(self, pattern: str = "", status: int | None = None) -> int:
        return sum(
            pattern in name and status in (None, code) for _, name, code in list(self.requests)
        )

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a request meets

    def fault(self, name: str, kinds: tuple[str, ...]) -> Fault | None:
        with self.store.lock:
            hits = (f for f in self.faults if f.kind in kinds and f.strikes(name, self.rng))
            return next(hits, None)

    def over_limit(self, group: str) -> tuple[bool, dict[str, str]]:
        limit = self.limit
        if limit is None:
            return False, {}
        with self.store.lock:
            window = int(time.time() // limit.seconds)
            limit.used[group, window] += 1
            used = limit.used[group, window]
        if not limit.headers:
            return used > limit.count, {}
        return used > limit.count, {
            "X-Ratelimit-Limit": str(limit.count),
            "X-Ratelimit-Remaining": str(max(0, limit.count - used)),
            "X-Ratelimit-Used": str(min(used, limit.count)),
            "X-Ratelimit-Reset": str(math.ceil((window + 1) * limit.seconds)),
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are the point here."""


class _Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def send_header(self, keyword: str, value: str) -> None:
        if self.service.dated or keyword.lower() != "date":
            super().send_header(keyword, value)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""

    def _any(self) -> None:
        service = self.service
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix(PREFIX)
        name = f"{self.command} {path}"
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Request(
            self.command, path, parse_qsl(parts.query), headers, f"http://{headers.get('host')}"
        )
        if path.startswith("/_test"):
            self._read(request)
            return self._send(200, _control(service, request), {}, None)
        if (fault := service.fault(name, BEFORE)) and fault.kind != "status":
            return self._break(fault)
        self._read(request)
        if fault:
            return self._send(fault.status, fault.body, fault.headers, None)
        group = f"{self.command} {'/'.join(path.split('/')[:3])}"
        over, limits = service.over_limit(group)
        if over:
            self._send(429, None, limits, None)
            return None
        status, body, extra = self._answered(request)
        fault = service.fault(name, AFTER)
        if fault is not None and fault.kind == "error_after":
            status, body = fault.status, {"code": "internal", "message": "later"}
        elif fault is not None and fault.kind in ("reset_after", "hang_after", "fin_after"):
            return self._break(fault)
        hostile = service.hostile
        if hostile is not None and hostile.answers(self, status, body, limits | extra):
            return None
        return self._send(status, body, limits | extra, fault)

    do_GET = do_POST = do_PUT = do_DELETE = _any

    def _answered(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        service = self.service
        stored = request.path.startswith("/_store/")
        if not stored and request.headers.get("x-api-key") not in service.keys:
            said = f"The API key {request.headers.get('x-api-key')} is not valid."
            return 401, {"code": "api_key_invalid", "message": said}, {}
        if stored and "x-api-key" in request.headers:
            service.violations.append(f"{request.path}: the key was sent to a foreign store")
        service.asked.append(request)
        status, body, extra = answer(service.store, request)
        if service.spec is not None and not stored and not newer(service.store, request, body):
            self._check(service, request, status, body)
        return status, body, extra

    def _check(self, service: Service, request: Request, status: int, body: Any) -> None:
        form = request.form
        fields = None if form is None else form.fields
        files = [] if form is None else list(form.files)
        wrong = []
        if status < 400:
            wrong = service.spec.request(
                request.method, request.path, request.query, request.json, fields, files
            )
        wrong += service.spec.response(request.method, request.path, status, body)
        name = f"{request.method} {request.path}"
        service.violations += [f"{name}: {text}" for text in wrong]

    def _read(self, request: Request) -> None:
        length = self.headers.get("content-length")
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        body = Body(self.rfile, None if chunked else int(length or 0))
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            request.form = read_form(body, kind)
        elif request.method == "PUT":
            import hashlib

            digest = hashlib.md5(usedforsecurity=False)
            while block := body.read():
                digest.update(block)
                request.size += len(block)
            request.digest = digest.hexdigest()
        else:
            content = body.all()
            request.json = json.loads(content) if content else None

    def _send(self, status: int, body: Any, headers: dict[str, str], fault: Fault | None) -> None:
        name = f"{self.command} {urlsplit(self.path).path.removeprefix(PREFIX)}"
        self.service.requests.append((time.time(), name, status))
        content = b"" if body is None else json.dumps(body).encode()
        kind = fault.kind if fault is not None else ""
        if kind == "cut_json":
            content = content[: len(content) // 2]
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("x-request-id", f"req-{id(self) & 0xFFFFFF:06x}")
        if content:
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if kind == "truncate":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self._shut()
        elif kind == "slow" and fault is not None:
            self._drip(content, fault.seconds)
        else:
            self.wfile.write(content)

    def _drip(self, content: bytes, seconds: float) -> None:
        n_parts = 20
        size = max(1, -(-len(content) // n_parts))
        for start in range(0, len(content), size):
            self.wfile.write(content[start : start + size])
            self.wfile.flush()
            self.service.stop.wait(seconds / n_parts)

    def _break(self, fault: Fault) -> None:
        self.service.requests.append((time.time(), f"{self.command} {self.path}", 0))
        if fault.kind.startswith("hang"):
            self.service.stop.wait(fault.seconds)
        if fault.kind.startswith("reset"):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
            return
        self._shut()

    def _shut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def newer(store: Store, request: Request, body: Any) -> bool:
    """Whether an exchange is of a model younger than the specification."""
    asked = request.json.get("model_name") if isinstance(request.json, dict) else None
    task = store.tasks.get(request.path.rpartition("/")[2])
    said = body if isinstance(body, dict) else {}
    listed = said.get("data") if request.path.startswith("/embed") else None
    models = {one.get("model_name") for one in listed or () if isinstance(one, dict)}
    return "marengo3.5" in {asked, task and task.model_name, *models}


def _control(service: Service, request: Request) -> Any:
    """What a test in another process asks of the stand-in, or tells it."""
    told = request.json or {}
    for name, value in told.get("store", {}).items():
        setattr(service.store, name, tuple(value) if isinstance(value, list) else value)
    if "faults" in told:
        service.faults = [Fault(**fault) for fault in told["faults"]]
    service.dated = told.get("dated", service.dated)
    if "limit" in told:
        service.limit = Limit(**told["limit"]) if told["limit"] else None
    if told.get("clear"):
        service.paid.clear()
        service.requests.clear()
        service.violations.clear()
        with service.store.lock:
            service.store.tasks.clear()
            service.store.assets.clear()
    return {
        "paid": list(service.paid),
        "violations": service.violations[:20],
        "n_requests": len(service.requests),
        "requests": list(service.requests) if told.get("requests") else [],
    }
