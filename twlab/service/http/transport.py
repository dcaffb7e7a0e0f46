"""One request to the service, with retries, waits and errors.

The only file that imports httpx. A :class:`Call` says what to ask, :meth:`Transport.ask` gives the
:class:`Answer` or raises one class per status (see :mod:`twlab.errors`).

What is repeated, after a wait with jitter or the wait that the service asks for:

* always: requests that certainly did not arrive, and 429;
* unless the call is to be made once: 408, 409, 5xx, broken connections, answers cut short.

A paid call is made once; if its fate is unknown, :mod:`twlab.service.jobs.doubt` finds out first.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import httpx
import orjson
import tenacity

from twlab.endings import media_type
from twlab.errors import AnswerError, ApiError, ConnectionFailedError, InputError, RateLimitError
from twlab.service.http.bodies import ENCODINGS, read_body
from twlab.service.http.limits import Limiter
from twlab.service.http.logs import MaskedLogs
from twlab.service.http.refusals import describe_break, refusal, request_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from twlab.service.http.api_key import Key
    from twlab.service.http.file_bodies import FilePart, PartStream

__all__ = ["LIST_BYTES", "VECTOR_BYTES", "Answer", "Call", "HttpTransport", "Settings", "Transport"]

_REPEATABLE = frozenset({408, 409, 429})
"""What passes: too late, at odds with another request, too many."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_FIRST_TRIES = 3  # where no answer ever came there is no network, which waiting does not mend
_PIECE_BYTES = 1 << 18
"""Read and sent at a time, 256 KB, of which progress is told."""
_SLOWEST_UPLOAD = 20_000  # bytes in a second
_REFUSAL_BYTES = 1 << 20  # of a refusal, as much as may hold a sentence
# Four hours in clips of 2 s are 7,200 vectors of up to four options: some 350 MB of JSON.
VECTOR_BYTES = 512 << 20
LIST_BYTES = 32 << 20  # 50 entries to a page


HttpTransport = httpx.AsyncBaseTransport
"""What carries requests: the network, or what tests put in its place."""


@dataclass(frozen=True)
class Settings:
    """How patient a client is.

    Parameters
    ----------
    connect_sec, read_sec, write_sec : float, seconds
        Longest silence while connecting, waiting for bytes, and sending bytes.
    total_sec : float, seconds
        Longest whole request, uploads excepted.
    max_wait_sec : float, seconds
        Longest wait that the service may ask for; longer ones are errors at once.
    retry_sec : float, seconds
        When to stop repeating, by time.
    attempts : int
        When to stop repeating, by the number of tries.
    backoff_sec : float, seconds
        Scale of the pauses between tries, where the service asks for none.
    settle_sec : float, seconds
        How long a lost request may still become a job at the service.
    poll_sec, max_poll_sec : float, seconds
        First and longest pause between two looks at a job.

    See Also
    --------
    twlab.Client : takes them as ``settings=``

    Examples
    --------
    >>> import twlab as tw
    >>> patient = tw.Settings(max_wait_sec=600)
    >>> patient.max_wait_sec, patient.attempts
    (600, 8)
    >>> client = tw.Client("tlk_example", settings=patient)
    """

    connect_sec: float = 10.0
    read_sec: float = 60.0
    write_sec: float = 60.0
    total_sec: float = 600.0
    max_wait_sec: float = 60.0
    retry_sec: float = 300.0
    attempts: int = 8
    backoff_sec: float = 0.5
    settle_sec: float = 20.0
    poll_sec: float = 1.0
    max_poll_sec: float = 15.0


@dataclass(frozen=True)
class Call:
    """One thing to ask.

    `group` names the endpoint for its rate limit and for messages. With `form`, the body is
    multipart/form-data; `files` are the form's, or one is the whole body where there is no form.
    A call to be made `once` is never repeated blindly; the answer to a `raw` one is not JSON. No
    answer of more than `most_bytes` is taken. One that takes long to be answered has a
    `patience_sec` of its own in place of the client's longest silence.
    """

    method: str
    path: str
    group: str = ""
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    form: tuple[tuple[str, str], ...] = ()
    files: tuple[FilePart, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    once: bool = False
    raw: bool = False
    most_bytes: int = LIST_BYTES
    patience_sec: float | None = None

    @property
    def name(self) -> str:
        """The endpoint, for messages; a foreign address is shortened, as it may hold a secret."""
        if self.group:
            return self.group
        return f"{self.method} {self.path.partition('?')[0]}"


class Answer(NamedTuple):
    """What came back: status, headers (lower case), the bytes and the JSON in them."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    data: Any


@dataclass
class _Auth(httpx.Auth):
    key: Key = field(repr=False)

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["x-api-key"] = self.key.reveal()
        yield request


class Transport:
    """Open connections to the service, and what was learned of its limits.

    Parameters
    ----------
    key : Key
        Sent to the service's own address only, never to addresses that the service hands out.
    base_url : str
        The service's address.
    settings : Settings
        Times and bounds.
    transport : httpx.AsyncBaseTransport, optional
        Takes the place of the network.
    """

    def __init__(
        self,
        key: Key,
        base_url: str,
        settings: Settings,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.key, self.base_url, self.settings = key, base_url, settings
        self._limiter = Limiter(max_wait_sec=settings.max_wait_sec)
        self._reached = False
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(
            transport=transport,
            headers={"user-agent": "twlab", "accept-encoding": ENCODINGS},
            limits=limits,
            # What goes in clear text goes past no proxy that could read the key.
            mounts={"http://": transport or httpx.AsyncHTTPTransport(limits=limits)},
        )
        self._auth = _Auth(key)
        masked = MaskedLogs(key)
        masked.begin()
        self._unmask = weakref.finalize(self, masked.end)

    def service_time(self) -> float | None:
        """What the service's clock shows at least, in seconds of UTC; None while it is unknown."""
        return self._limiter.service_time()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        self._unmask()

    async def ask(self, call: Call) -> Answer:
        """The answer, after as many tries as allowed.

        Raises
        ------
        ApiError
            The subclass for the status, or for what broke.
        """
        settings = self.settings
        tries = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda error: self._may_repeat(call, error)),
            wait=self._wait,
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(settings.attempts),
                tenacity.stop_after_delay(settings.retry_sec),
                cast("tenacity.stop.stop_base", self._stop_unreached),  # only called
            ),
            reraise=True,
        )
        answer: Answer = await tries(self._ask_once, call)
        return answer

    async def _ask_once(self, call: Call) -> Answer:
        name = call.name
        await self._limiter.enter(name)
        sent_at = time.monotonic()
        try:
            outcome = await self._send(call)
        finally:
            self._limiter.leave(name)
        if not isinstance(outcome, Answer):
            raise outcome
        self._reached = True
        self._limiter.learn(name, outcome.status, outcome.headers, sent_at)
        result = self._read(call, outcome)
        if isinstance(result, ApiError):
            raise result
        return result

    async def _send(self, call: Call) -> Answer | ApiError | InputError:
        """The answer, or what broke: returned, so that no inner frame hangs on the error."""
        limit = self.settings.total_sec
        limit += sum(file.length for file in call.files) / _SLOWEST_UPLOAD
        if call.patience_sec is not None:
            limit = max(limit, call.patience_sec)
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(call)
        except TimeoutError:
            problem, sent = f"no complete answer within {limit:g} s", True
        except httpx.HTTPError as error:
            problem, sent = describe_break(error), not isinstance(error, _NEVER_SENT)
        except InputError as error:  # the file to send; without the frames that hold the key
            return InputError(str(error))
        except AnswerError as error:
            return AnswerError(f"{call.name}: {error}", again=error.again)
        except httpx.InvalidURL as error:
            problem, sent = f"the address is not usable ({error})", False
        text = self.key.mask(f"{call.name}: {problem}; {ConnectionFailedError.advice}")
        return ConnectionFailedError(text, sent=sent)

    async def _exchange(self, call: Call) -> Answer:
        own = call.path.startswith("/")
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(file.open()) for file in call.files]
            body, headers = _body(call, streams)
            arrived = False
            try:
                request = self._http.build_request(
                    call.method,
                    self.base_url + call.path if own else call.path,
                    params=list(call.params) or None,
                    headers=[*call.headers, *headers],
                    timeout=_timeout(self.settings, call),
                    **body,
                )
                auth = self._auth if own else None
                response = await self._http.send(request, auth=auth, stream=True)
                arrived = response.is_success
                content = await _read_content(response, call)
            finally:
                for stream in streams if not arrived else ():
                    stream.unsend()
        mask = self.key.mask
        got = {name.lower(): mask(value) for name, value in response.headers.items()}
        masked = self.key.mask_answer if response.is_success else self.key.mask_bytes
        return Answer(response.status_code, got, masked(content), None)

    def _read(self, call: Call, answer: Answer) -> Answer | ApiError:
        """The answer with its JSON, or the error that it stands for."""
        if not 200 <= answer.status < 300:
            status, headers, content, _ = answer
            wait = self.settings.max_wait_sec
            return refusal(
                call.name, status, headers, content, max_wait_sec=wait, mask=self.key.mask
            )
        if call.raw or answer.status == 204:
            return answer
        try:
            return answer._replace(data=orjson.loads(answer.content))
        except orjson.JSONDecodeError:
            problem = (
                f"{call.name}: an answer of {len(answer.content)} bytes that is not JSON, or not "
                f"whole; {AnswerError.advice}"
            )
        quote = request_id(answer.headers)
        return AnswerError(problem, status=answer.status, request_id=quote)

    def _may_repeat(self, call: Call, error: BaseException) -> bool:
        if not isinstance(error, ApiError):
            return False
        if error.wait_sec is not None and error.wait_sec > self.settings.max_wait_sec:
            return False
        if isinstance(error, ConnectionFailedError) and not error.sent:
            return True
        if isinstance(error, RateLimitError):
            return True
        if isinstance(error, AnswerError) and not error.again:
            return False
        status = error.status or 0
        broken = isinstance(error, ConnectionFailedError | AnswerError)
        return not call.once and (broken or status in _REPEATABLE or status >= 500)

    def _stop_unreached(self, state: tenacity.RetryCallState) -> bool:
        """Whether to give up early, as nothing has answered yet and nothing was sent."""
        error = state.outcome.exception() if state.outcome else None
        unsent = isinstance(error, ConnectionFailedError) and not error.sent
        return unsent and not self._reached and state.attempt_number >= _FIRST_TRIES

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """The service's own wait, or an exponential one with jitter; the gate holds back 429."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RateLimitError):
            return 0.0
        asked = error.wait_sec if isinstance(error, ApiError) else None
        if asked is not None:
            return asked
        return tenacity.wait_random_exponential(multiplier=self.settings.backoff_sec, max=20)(state)


def _timeout(settings: Settings, call: Call) -> httpx.Timeout:
    """The longest silences of one request."""
    return httpx.Timeout(
        connect=settings.connect_sec,
        read=settings.read_sec if call.patience_sec is None else call.patience_sec,
        write=settings.write_sec,
        pool=None,
    )


def _body(
    call: Call, streams: Sequence[PartStream]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What httpx is given for the body, and headers that belong to it."""
    if call.form or any(file.field for file in call.files):
        parts: list[Any] = [(name, (None, value.encode())) for name, value in call.form]
        for file, stream in zip(call.files, streams, strict=True):
            kind = media_type(file.name) or "application/octet-stream"
            parts.append((file.field, (file.name, stream, kind)))
        return {"files": parts}, []
    if streams:
        length = ("content-length", str(call.files[0].length))
        return {"content": _pieces(streams[0])}, [length]
    return ({} if call.json is None else {"json": call.json}), []


async def _read_content(response: httpx.Response, call: Call) -> bytes:
    """The body as far as it is taken; the connection is given back, or closed where more comes."""
    good = response.is_success
    most = call.most_bytes if good else _REFUSAL_BYTES
    if response.is_stream_consumed:  # what stands in for the network had it whole
        return response.content[: most if not good else None]
    try:
        encoding = response.headers.get("content-encoding", "")
        return await read_body(response.aiter_raw(), encoding, most, cut=not good)
    finally:
        await response.aclose()


async def _pieces(stream: PartStream) -> AsyncIterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece
