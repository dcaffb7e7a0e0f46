"""A hostile or changed service: every call ends in an ApiError or a right table, within bounds."""

from __future__ import annotations

import asyncio
import logging
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hostility import CALLS, QUICK, meet
from service import KEY, Hostile, Service
from service.hostile import bomb, spellings

import twlab as tw
from twlab.service.http import Key, asked_wait, find_base_url, read_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.mark.parametrize("seed", range(2))
def test_every_call_ends_in_an_api_error_or_a_table(seed: int, tmp_path: Path) -> None:
    ends, wrong = meet(seed, tmp_path, 10)
    assert not wrong
    assert sum(ends.values()) == 10
    assert len(ends) >= 3


@pytest.mark.parametrize("kind", ["types", "headers", "body", "key", "pages"])
def test_each_kind_of_hostility_alone(kind: str, tmp_path: Path) -> None:
    ends, wrong = meet(7, tmp_path, 4, kinds=(kind,), probability=0.7)
    assert not wrong
    assert sum(ends.values()) == 4


def test_a_service_that_means_well_gives_a_table_every_time(tmp_path: Path) -> None:
    ends, wrong = meet(1, tmp_path, len(CALLS), probability=0.0)
    assert not wrong
    assert dict(ends) == {"a table": len(CALLS)}


@pytest.mark.parametrize("seed", range(2))
def test_wrong_answers_to_a_paid_request_are_paid_once(seed: int, tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    film.write_bytes(bytes([seed]) * 300)
    kinds = ("types", "headers", "body", "key")
    with Service(dim=4, check=False) as service:
        service.hostile = Hostile(seed, probability=0.8, kinds=kinds, method="POST")
        for _ in range(4):
            with tw.Client(KEY, base_url=service.url, folder=tmp_path / "j", settings=QUICK) as one:
                try:
                    one.embed(film, progress=False, on_error="raise", timeout_sec=2)
                except tw.ApiError:
                    continue
        service.hostile = None
        with tw.Client(KEY, base_url=service.url, folder=tmp_path / "j", settings=QUICK) as one:
            assert len(one.embed(film, progress=False, on_error="raise", timeout_sec=5))
        assert len(service.paid) == 1


def test_a_list_that_grows_without_end_is_an_error(tmp_path: Path) -> None:
    with Service(dim=4, check=False) as service:
        service.hostile = Hostile(0, probability=1.0, kinds=("pages",))
        with (
            tw.Client(KEY, base_url=service.url, folder=tmp_path, settings=QUICK) as client,
            pytest.raises(tw.errors.AnswerError, match="a list that does not end"),
        ):
            client.indexes()
        assert service.count("GET /indexes") < 20


def test_a_long_list_with_an_end_is_read_whole(tmp_path: Path) -> None:
    with Service(dim=4, check=False) as service:
        for number in range(260):
            service.store.add_task(
                api="v2", model_name="m", content=str(number), filename="a", url=None, asked={}
            )
        with tw.Client(KEY, base_url=service.url, folder=tmp_path, settings=QUICK) as client:
            assert client.tasks()["task_id"].nunique() == 260


# Bodies


async def _in_pieces(content: bytes, step: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), step):
        yield content[start : start + step]


def body_of(content: bytes, encoding: str, most: int, *, cut: bool = False, step: int = 999) -> Any:
    return asyncio.run(read_body(_in_pieces(content, step), encoding, most, cut=cut))


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_bodies_are_unpacked_whole(step: int) -> None:
    content = b'{"a": [1, 2, 3]}' * 500
    assert body_of(content, "", 1 << 20, step=step) == content
    assert body_of(content, "identity", len(content), step=step) == content
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(content) + packer.flush()
    assert body_of(packed, "gzip", len(content), step=step) == content
    assert body_of(zlib.compress(content), "deflate", len(content), step=step) == content
    assert body_of(b"", "gzip", 10) == b""


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"x" * 2001, "", "an answer of more than 0 MB"),
        (bomb(64 << 20), "gzip", "an answer of more than 0 MB"),
        (b"no gzip", "gzip", "damaged, or not packed as it says"),
        (bomb(1 << 20)[:-9], "gzip", "packed, and breaks off|more than 0 MB"),
        (b"x", "br", "packed in a way that was not asked for"),
        (b"x", "gzip, gzip", "packed in a way that was not asked for"),
    ],
)
def test_bodies_that_cannot_be_taken(content: bytes, encoding: str, message: str) -> None:
    with pytest.raises(tw.errors.AnswerError, match=message):
        body_of(content, encoding, 2000)


def test_of_a_refusal_the_beginning_is_enough() -> None:
    assert body_of(b"x" * 5000, "", 2000, cut=True) == b"x" * 2000
    assert body_of(bomb(64 << 20), "gzip", 2000, cut=True) == b" " * 2000


# The key


@pytest.mark.parametrize("number", range(len(spellings(KEY))))
def test_the_key_is_masked_in_every_spelling(number: int) -> None:
    spelt = spellings(KEY)[number]
    for text in (spelt, f"a {spelt} b", f'{{"k": "{spelt}"}}', spelt * 3):
        masked = Key(KEY).mask(text)
        assert "****" in masked
        left = masked.replace("****", "")
        assert len(left) < len(text) - 0.8 * len(KEY)
        assert not any(part in masked for part in (KEY[:12], KEY[-12:], spelt))


def test_what_is_no_key_is_left_as_it_is() -> None:
    other = KEY[:-1] + "X"
    text = '{"a": "50 % \\u0041 &#65; ' + other + '", "b": [0.123456789, -1e-5]}'
    assert Key(KEY).mask(text) == text
    assert Key("123456789").mask_answer(text.encode()) == text.encode()


def test_masking_a_large_answer_takes_no_time() -> None:
    import time

    body = b'{"url": "https://a.org/x%20y", "data": [' + b"0.123456789," * 2_000_000 + b"0]}"
    begun = time.process_time()
    assert Key(KEY).mask_answer(body) == body
    assert time.process_time() - begun < 2.0


def test_the_log_of_the_library_holds_no_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It logs the headers of answers, where a server may repeat the key."""
    caplog.set_level("DEBUG")
    key = KEY[::-1]  # masked as long as a client has it, and others of this process have KEY
    with Service(dim=4, check=False) as service:
        service.hostile = Hostile(3, probability=1.0, kinds=("key",))
        with tw.Client(key, base_url=service.url, folder=tmp_path, settings=QUICK) as client:
            for _ in range(4):
                with suppress(tw.ApiError):
                    client.indexes()
    assert "www-authenticate" in caplog.text
    assert "****" in caplog.text
    assert not any(spelt in caplog.text for spelt in spellings(key))
    logging.getLogger("httpcore.http11").debug("%s", key)  # after the client nothing is changed
    assert key in caplog.text


def test_a_key_shows_no_state() -> None:
    assert KEY not in repr(Key(KEY).__getstate__())


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1.3",
        "http://127.0.0.1:1/v1",
        "http://127.8.9.1",
        "http://[::1]:80/v1",
        "https://api.example.com/v1.3",
    ],
)
def test_addresses_that_keep_the_key(url: str) -> None:
    assert find_base_url(url) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.twelvelabs.io/v1.3", "clear text; https was expected.*allow_http=True"),
        ("http://localhost.evil.example", "clear text"),
        ("http://127.0.0.1.evil.example", "clear text"),
        ("http://10.0.0.1", "clear text"),
        ("HTTP://api.twelvelabs.io", "clear text"),
        ("https://api.twelvelabs.io@evil.example/v1", "names the host 'evil.example' behind an"),
        ("https://user:word@evil.example/v1", "names the host 'evil.example' behind an"),
        ("https://a.org\\@evil.example", "is not an address"),
        ("https://a.org/v1?x=1", "is not an address"),
        ("https://a.org#b", "is not an address"),
        ("https://a b.org", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://a.org:99999", "is not an address"),
        ("https://", "is not an address"),
        ("ftp://a:secret@b.org", "'ftp://b.org' is not an address"),
    ],
)
def test_addresses_that_would_give_the_key_away(url: str, message: str) -> None:
    with pytest.raises(tw.InputError, match=message) as caught:
        tw.Client(KEY, base_url=url)
    assert "word" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_clear_text_on_request() -> None:
    client = tw.Client(KEY, base_url="http://10.0.0.1/v1", allow_http=True)
    assert "http://10.0.0.1/v1" in repr(client)


# Times


@pytest.mark.parametrize("name", ["retry-after", "date", "x-ratelimit-reset"])
@pytest.mark.parametrize(
    "value",
    [
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "1e400",
        "nan",
        "-1",
        "\xff",
        "9" * 5000,
    ],
)
def test_times_out_of_all_bounds_ask_for_no_wait(name: str, value: str) -> None:
    assert not asked_wait({name: value})
