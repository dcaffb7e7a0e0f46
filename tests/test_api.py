"""The way to the service: keys, limits, retries, errors, and every fault within its time."""

from __future__ import annotations

import asyncio
import io
import logging
import time
import traceback
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from service import KEY, Fault, Service

import twlab as tw
from twlab import errors
from twlab.service.http import (
    Call,
    Key,
    Limiter,
    ServerClock,
    Transport,
    asked_wait,
    find_base_url,
    find_key,
)
from twlab.service.http import Service as Endpoints
from twlab.service.jobs import Options, clean_url, find_sources, kind_of_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = tw.Settings(
    connect_sec=2.0,
    read_sec=0.5,
    write_sec=2.0,
    total_sec=1.0,
    max_wait_sec=2.0,
    retry_sec=20.0,
    attempts=4,
    backoff_sec=0.05,
    settle_sec=0.3,
    poll_sec=0.01,
    max_poll_sec=0.05,
)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(dim=8, check=False) as running:
        yield running


def ask(service: Service, call: Call, *, key: str = KEY, settings: tw.Settings = FAST) -> Any:
    async def inside() -> Any:
        transport = Transport(Key(key), service.url, settings)
        try:
            return (await transport.ask(call)).data
        finally:
            await transport.close()

    return asyncio.run(inside())


LIST = Call("GET", "/embed-v2/tasks", "GET /embed-v2/tasks")
PAID = Call(
    "POST",
    "/embed-v2/tasks",
    "POST /embed-v2/tasks",
    json={
        "input_type": "video",
        "model_name": "marengo3.0",
        "video": {"media_source": {"url": "https://example.com/a.mp4"}},
    },
    once=True,
)


# Keys


def test_key_comes_from_argument_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWELVELABS_API_KEY", "tlk_environment")
    assert find_key(None).reveal() == "tlk_environment"
    assert find_key(" tlk_argument\n").reveal() == "tlk_argument"
    monkeypatch.delenv("TWELVELABS_API_KEY")
    monkeypatch.delenv("TWELVE_LABS_API_KEY", raising=False)
    with pytest.raises(tw.InputError, match=r"no API key; .* TWELVELABS_API_KEY"):
        find_key(None)
    with pytest.raises(tw.InputError, match="of 9 characters holds blanks"):
        find_key("tlk_ a\u00e9 b")


def test_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWELVELABS_BASE_URL", raising=False)
    assert find_base_url(None) == "https://api.twelvelabs.io/v1.3"
    monkeypatch.setenv("TWELVELABS_BASE_URL", "http://127.0.0.1:1/v1.3/")
    assert find_base_url(None) == "http://127.0.0.1:1/v1.3"
    with pytest.raises(tw.InputError, match="'ftp://a' is not an address"):
        find_base_url("ftp://a")


def test_key_cannot_be_pickled_and_names_accounts_apart() -> None:
    import pickle

    with pytest.raises(tw.InputError, match="cannot be pickled"):
        pickle.dumps(Key(KEY))
    accounts = {Key(k).account(u) for k in ("a", "b") for u in ("https://x", "https://y")}
    assert len(accounts) == 4


# What the service asks to wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": formatdate(1010, usegmt=True), "date": formatdate(1000)}, 10.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "12"}, None),
        ({}, None),
    ],
)
def test_asked_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers) == seconds


def test_server_clock_narrows_down() -> None:
    clock, offset = ServerClock(), 1_700_000_000.37
    for k in range(200):
        now = k * 0.037
        date = formatdate(int(now + offset), usegmt=True)
        clock.learn({"date": date}, now - 0.001, now)
    true_moment = 50.0
    guess = clock.ours(true_moment + offset, now)
    assert 0 <= guess - true_moment < 0.06


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_limiter_refuses_long_waits_at_once() -> None:
    clock = Clock()
    limiter = Limiter(max_wait_sec=5, now=clock)

    async def inside() -> None:
        await limiter.enter("a")
        limiter.leave("a")
        limiter.learn("a", 429, {"retry-after": "3600"}, clock())
        with pytest.raises(errors.RateLimitError, match="no room for 3600 s; up to 5 s are waited"):
            await limiter.enter("a")
        await limiter.enter("another endpoint")

    asyncio.run(inside())


def waits_after_refusal(every_sec: float, n: int) -> list[float]:
    """The waits between requests after a refusal of a service that names no limit."""
    clock, waits = Clock(), []
    limiter = Limiter(max_wait_sec=0, now=clock)

    async def ask(status: int = 200) -> None:
        began = clock.now
        while True:
            try:
                await limiter.enter("a")
                break
            except errors.RateLimitError as error:
                clock.now += (error.wait_sec or 0.0) + 1e-9
        waits.append(clock.now - began)
        limiter.leave("a")
        limiter.learn("a", status, {}, clock())

    async def all_of_it() -> None:
        for _ in range(20):
            await ask()
            clock.now += every_sec
        await ask(429)
        for _ in range(n):
            await ask()

    asyncio.run(all_of_it())
    return waits[22:]


@pytest.mark.parametrize("every_sec", [0.1, 0.5])
def test_after_a_refusal_requests_come_a_little_slower_and_not_soon_faster(
    every_sec: float,
) -> None:
    waits = waits_after_refusal(every_sec, 200)
    assert every_sec <= waits[0] <= 1.2 * every_sec
    in_time = np.cumsum(waits)
    after = [w for w, at in zip(waits, in_time, strict=True) if 5 <= at <= 6]
    assert 0.85 * every_sec <= np.mean(after) <= 1.05 * every_sec


# Answers


STATUSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    402: "NoFundsError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    408: "RequestTimeoutError",
    409: "ConflictError",
    410: "GoneError",
    413: "TooLargeError",
    418: "ApiError",
    422: "UnprocessableError",
    429: "RateLimitError",
    500: "InternalServerError",
    502: "BadGatewayError",
    503: "UnavailableError",
    504: "GatewayTimeoutError",
    507: "ServerError",
}
BODIES = {
    "flat": {"code": "the_code", "message": "The words."},
    "nested": {"error": {"code": "the_code", "message": "The words.", "details": {"a": 1}}},
    "search": {"error_code": "the_code", "message": "The words."},
}


@pytest.mark.parametrize("status", STATUSES)
def test_one_class_per_status(service: Service, status: int) -> None:
    service.faults = [Fault("status", status=status, body=BODIES["flat"], times=99)]
    with pytest.raises(tw.ApiError, match=rf"{status} the_code “The words.”; ") as caught:
        ask(service, PAID, settings=tw.Settings(attempts=1))
    error = caught.value
    assert type(error).__name__ == STATUSES[status]
    assert (error.status, error.code, error.message) == (status, "the_code", "The words.")
    assert error.request_id.startswith("req-")


@pytest.mark.parametrize("body", BODIES)
def test_every_error_body_is_read(service: Service, body: str) -> None:
    service.faults = [Fault("status", status=404, body=BODIES[body])]
    with pytest.raises(errors.NotFoundError) as caught:
        ask(service, LIST)
    assert (caught.value.code, caught.value.message) == ("the_code", "The words.")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("GET /embed-v2/tasks/{id}", "check the id; the service forgets embedding tasks after sev"),
        ("GET /embed/tasks/{id}/status", "the service forgets embedding tasks after seven days"),
        ("GET /assets/{id}", "without a word; check the id"),
        ("GET /indexes/{id}", "without a word; check the id"),
    ],
)
def test_only_tasks_are_forgotten_after_seven_days(name: str, end: str, service: Service) -> None:
    service.faults = [Fault("status", status=404)]
    with pytest.raises(errors.NotFoundError) as caught:
        ask(service, Call("GET", "/assets/1", name))
    assert end in str(caught.value)
    assert ("seven days" in str(caught.value)) == ("tasks" in name)


def test_empty_and_foreign_error_bodies(service: Service) -> None:
    service.faults = [Fault("status", status=404)]
    with pytest.raises(errors.NotFoundError, match="404 without a word; check the id"):
        ask(service, LIST)
    service.faults = [Fault("status", status=404, body=["<html>"])]
    with pytest.raises(errors.NotFoundError, match="<html>"):
        ask(service, LIST)


REPEATED = [
    Fault("status", status=408, times=2),
    Fault("status", status=409, times=2),
    Fault("status", status=429, times=2),
    Fault("status", status=429, headers={"retry-after": "0"}, times=2),
    Fault("status", status=503, headers={"retry-after-ms": "30"}, times=2),
    Fault("status", status=500, times=3),
    Fault("reset_before", times=2),
    Fault("reset_after", times=2),
    Fault("fin_after", times=2),
    Fault("truncate", times=2),
    Fault("cut_json", times=2),
    Fault("hang_before", seconds=5, times=1),
    Fault("slow", seconds=5, times=1),
]


@pytest.mark.parametrize("fault", REPEATED, ids=lambda f: f"{f.kind}-{f.status}-{f.headers}")
def test_free_calls_are_repeated(service: Service, fault: Fault) -> None:
    fault.hits = 0
    service.faults = [fault]
    started = time.monotonic()
    assert ask(service, LIST)["data"] == []
    assert fault.hits == fault.times
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("reset_before"), "ConnectionFailedError"),
        (Fault("reset_after"), "ConnectionFailedError"),
        (Fault("fin_after"), "ConnectionFailedError"),
        (Fault("hang_after", seconds=5), "ConnectionFailedError"),
        (Fault("truncate"), "ConnectionFailedError"),
        (Fault("cut_json"), "AnswerError"),
        (Fault("error_after", status=502), "BadGatewayError"),
        (Fault("status", status=409), "ConflictError"),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_paid_calls_are_not(service: Service, fault: Fault, error: str) -> None:
    fault.hits, fault.times = 0, 99
    service.faults = [fault]
    with pytest.raises(tw.ApiError) as caught:
        ask(service, PAID)
    assert type(caught.value).__name__ == error
    assert fault.hits == 1
    assert len(service.paid) <= 1


def test_paid_calls_are_repeated_after_429(service: Service) -> None:
    service.faults = [Fault("status", status=429, times=2)]
    assert ask(service, PAID)["status"] == "processing"
    assert len(service.paid) == 1


def test_what_never_left_may_be_repeated() -> None:
    async def inside() -> None:
        transport = Transport(Key(KEY), "http://127.0.0.1:9", tw.Settings(attempts=1))
        try:
            await transport.ask(PAID)
        finally:
            await transport.close()

    with pytest.raises(
        errors.ConnectionFailedError, match="no connection; check the net"
    ) as caught:
        asyncio.run(inside())
    assert not caught.value.sent


def test_a_long_wait_is_refused_at_once(service: Service) -> None:
    service.faults = [Fault("status", status=503, headers={"retry-after": "900"}, times=9)]
    started = time.monotonic()
    with pytest.raises(
        errors.UnavailableError, match="asks to wait 900 s; up to 2 s allowed"
    ) as caught:
        ask(service, LIST)
    assert caught.value.wait_sec == 900
    assert service.faults[0].hits == 1
    assert time.monotonic() - started < 1


def test_a_hanging_service_is_left_within_its_time(service: Service) -> None:
    service.faults = [Fault("hang_before", seconds=30, times=99)]
    started = time.monotonic()
    with pytest.raises(errors.ConnectionFailedError, match="the service fell silent"):
        ask(service, LIST, settings=tw.Settings(read_sec=0.2, attempts=2))
    assert time.monotonic() - started < 3


def test_pages_are_followed(service: Service) -> None:
    for number in range(120):
        service.store.add_task(
            api="v2",
            model_name="marengo3.0",
            content="x",
            filename=f"{number}.mp4",
            url=None,
            asked={},
        )

    async def inside() -> list[str]:
        transport = Transport(Key(KEY), service.url, FAST)
        found = [one["_id"] async for one in Endpoints(transport).tasks("v2")]
        await transport.close()
        return found

    assert len(set(asyncio.run(inside()))) == 120
    assert service.count("GET /embed-v2/tasks") == 3


# The key shows itself nowhere


def test_no_key_in_errors_logs_or_tracebacks(service: Service) -> None:
    wrong = "tlk_0WRONG9KEY8NEVER7TO6BE5SEEN"
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    shown = ""
    faults = [
        None,
        Fault("reset_before", times=99),
        Fault("cut_json", times=99),
        Fault("hang_before", seconds=9, times=99),
    ]
    try:
        for fault in faults:
            service.faults = [] if fault is None else [fault]
            try:
                key = wrong if fault is None else KEY
                read_sec = 0.1 if fault is faults[-1] else 10  # a busy machine answers late
                ask(service, LIST, key=key, settings=tw.Settings(attempts=1, read_sec=read_sec))
            except tw.ApiError as error:
                told = traceback.TracebackException.from_exception(error, capture_locals=True)
                here = [frame for frame in told.stack if frame.filename != __file__]
                told.stack = traceback.StackSummary.from_list(here)
                assert len(here) >= 2
                inner: BaseException | None = error
                while inner is not None:
                    inner = inner.__context__
                    assert inner is None or not isinstance(inner, tw.ApiError)
                shown += "".join(told.format()) + repr(error) + repr(vars(error))
            else:
                pytest.fail("an error was expected")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "key **** is not valid" in shown
    for text in (shown, log.getvalue()):
        assert wrong not in text
        assert KEY not in text


# Sources and options


def test_signatures_are_cut_from_addresses() -> None:
    signed = "https://me:pw@b.s3.amazonaws.com/a/b.mp4?v=1&X-Amz-Signature=s&X-Amz-Date=1#t=1"
    assert clean_url(signed) == "https://b.s3.amazonaws.com/a/b.mp4?v=1"
    azure = "https://a.blob.core.windows.net/c/d.mp4?sv=1&sig=s&se=t"
    assert clean_url(azure) == "https://a.blob.core.windows.net/c/d.mp4"


def test_find_sources(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "note.txt", ".hidden.mp4", "deep/c.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    folder = find_sources(tmp_path)
    assert [one.name for one in folder] == ["a.MOV", "b.mp4", "c.wav"]
    assert [one.kind.input_type for one in folder] == ["video", "video", "audio"]
    assert [one.name for one in find_sources(str(tmp_path / "*.mp4"))] == ["b.mp4"]
    twice = find_sources([tmp_path / "b.mp4", tmp_path, str(tmp_path / "b.mp4")])
    assert [one.name for one in twice] == ["b.mp4", "a.MOV", "c.wav"]
    (url,) = find_sources("https://example.com/x/film%20one.mp4?token=7")
    assert (url.name, url.shown) == ("film one.mp4", "https://example.com/x/film%20one.mp4")
    assert find_sources(tmp_path / "note.txt")[0].name == "note.txt"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.mp4", "'nowhere.mp4' is not there"),
        ([], "an empty list of files"),
        (7, "source is a int"),
        ([7], "'7' in the list is a int"),
        (["nothing*.mp4"], "no video or audio file in 'nothing[*].mp4'"),
    ],
)
def test_bad_sources(source: Any, message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        find_sources(source)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"embedding_option": ("smell",)},
            "embedding_option 'smell' is not one.*'visual', 'audio'",
        ),
        ({"embedding_scope": ()}, r"embedding_scope \(\) is not one .*'clip' or 'asset'"),
        ({"embedding_type": ("x",)}, "embedding_type 'x'"),
        ({"start_sec": -1.0}, "start_sec -1 and end_sec None are not a span"),
        ({"start_sec": 5.0, "end_sec": 5.0}, "are not a span"),
        ({"end_sec": float("nan")}, "are not a span"),
        ({"clip_sec": 11}, "clip_sec 11 for fixed segmentation"),
        ({"clip_sec": 6, "segmentation": "dynamic"}, "clip_sec 6 for dynamic .* 2 to 5"),
        ({"segmentation": "loose"}, "segmentation 'loose'"),
        ({"model_name": "Marengo-retrieval-2.7", "segmentation": "dynamic"}, "marengo3.0"),
    ],
)
def test_impossible_options(given: dict[str, Any], message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        Options(**given).fit_kind(kind_of_name("film.mp4"))


def test_status_error_tree() -> None:
    for status, name in STATUSES.items():
        assert errors.status_error(status).__name__ == name
        assert issubclass(errors.status_error(status), tw.ApiError)


# Large files and many requests, small enough for every day (see tests/benchmarks for the full size)


def test_uploads_need_little_memory(service: Service, tmp_path: Path) -> None:
    import tracemalloc

    from twlab.service.http import FilePart

    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(60_000_000)
    sent: list[int] = []
    part = FilePart(path, 0, 60_000_000, "file", "large.mp4", sent.append)
    call = Call("POST", "/assets", "POST /assets", form=(("method", "direct"),), files=(part,))
    tracemalloc.start()
    try:
        ask(service, call, settings=tw.Settings())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sent) == 60_000_000
    assert peak < 8_000_000


def test_progress_counts_what_arrived(service: Service, tmp_path: Path) -> None:
    from twlab.service.http import FilePart

    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(300_000))
    sent: list[int] = []
    part = FilePart(path, 0, 300_000, "file", "a.mp4", sent.append)
    service.faults = [Fault("status", "POST /assets", status=503, times=2)]
    ask(service, Call("POST", "/assets", form=(("method", "direct"),), files=(part,)))
    assert sum(sent) == 300_000
    assert sum(count for count in sent if count < 0) == -600_000


@pytest.mark.parametrize("headers", [True, False], ids=["told", "silent"])
def test_requests_keep_to_the_limit(service: Service, headers: bool) -> None:
    from service.server import Limit

    service.limit = Limit(30, seconds=1, headers=headers)

    async def inside() -> None:
        transport = Transport(Key(KEY), service.url, tw.Settings(attempts=50))
        gate = asyncio.Semaphore(16)

        async def one() -> None:
            async with gate:
                await transport.ask(LIST)

        await asyncio.gather(*(one() for _ in range(150)))
        await transport.close()

    asyncio.run(inside())
    assert service.count(status=200) == 150
    first = next(at for at, _, _ in service.requests)
    refused = [at - first for at, _, status in service.requests if status == 429]
    assert len([at for at in refused if at > 1.2]) <= (0 if headers else 40)
    by_second: dict[int, int] = {}
    for at, _, status in service.requests:
        by_second[int(at)] = by_second.get(int(at), 0) + (status == 200)
    assert max(by_second.values()) <= 30
