"""A store in object storage: all that one on disk does, and what is said where it cannot."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
import store_writers
from buckets import Buckets
from insides import lance, pieces
from pieces import Interrupted, Interrupting, drawn_table

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("lancedb")
pytestmark = pytest.mark.once

SECRETS = {"AWS_SECRET_ACCESS_KEY": "secret-key-of-mine", "AWS_SESSION_TOKEN": "token-of-mine"}


def name_place(environment: pytest.MonkeyPatch, url: str) -> None:
    """The variables by which a user says where the storage is and who asks."""
    named = {"AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
    for variable, value in {**named, "AWS_ACCESS_KEY_ID": "me", **SECRETS}.items():
        environment.setenv(variable, value)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    server = Buckets()
    name_place(monkeypatch, server.url)
    yield server
    server.stop()


@pytest.fixture(params=["ours", "moto"])
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a store may be made, also on what others call S3."""
    if request.param == "ours":
        request.getfixturevalue("bucket")
        yield "s3://archive/films"
        return
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    name_place(monkeypatch, f"http://{host}:{port}")
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    urlopen(Request(f"http://{host}:{port}/archive", method="PUT")).close()
    yield "s3://archive/films"
    server.stop()


def test_a_store_in_a_bucket_is_a_store(address: str, tmp_path: Path) -> None:
    film, trailer = tw.sample(), tw.sample("trailer")
    store = tw.open(address)
    assert store.add(film) == 101
    with pytest.raises(tw.InputError, match="is in the store already, with 100 more"):
        store.add(film)
    assert store.upsert(trailer) == 10
    assert store.upsert(trailer) == 10
    again = tw.open(address, executor=tw.executors.Local())
    whole = again.to_table()
    assert len(whole) == again.count_rows() == 111
    for job in (tw.scenes, tw.near_duplicates, lambda s: tw.cluster(s, 5, method="kmeans")):
        assert job(again).equals(job(whole))
    hits = again.search(whole[3:4], k=4)
    store.optimize(keep_days=1e-7)
    assert tw.open(address).search(whole[3:4], k=4).equals(hits)
    assert store.to_table().equals(whole)
    assert len(tw.load(store.to_parquet(tmp_path / "plain"))) == 111
    before = store.version
    assert store.delete("video_id = 'trailer'") == 10
    assert [tw.open(address, version=n).count_rows() for n in (before, store.version)] == [111, 101]


def test_two_writers_in_a_bucket_double_nothing(address: str) -> None:
    def write(writer: int) -> None:
        store = tw.open(address)
        for k in range(4):
            store.upsert(store_writers.batch(40 * k, writer=writer))

    with ThreadPoolExecutor() as threads:
        list(threads.map(write, (1, 2)))
    table = tw.open(address).to_table()
    store_writers.check_whole(table)
    assert sorted(table["number"]) == list(range(160))


def test_an_interrupted_job_on_a_bucket_goes_on(
    bucket: Buckets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("twlab.archive.store.shards.ROWS", 50)
    monkeypatch.setattr(pieces, "PIECE_ROWS", 60)
    store = tw.open("s3://archive/films")
    store.add(drawn_table())
    workers = [Interrupting(after=2), Interrupting(after=-1), Interrupting(after=-1)]
    stores = [tw.open(store.address, executor=one, work=tmp_path / "work") for one in workers]
    with pytest.raises(Interrupted):
        tw.nearest(stores[0].where("start_sec >= 0"), k=4)
    found = tw.nearest(stores[1].where("start_sec >= 0"), k=4)
    assert not (tmp_path / "work").exists()
    assert found.equals(tw.nearest(stores[2].where("start_sec >= 0"), k=4))
    assert workers[0].done + workers[1].done == workers[2].done


def said(ask: Any) -> str:
    """What is refused, in one sentence, no trace of which holds a secret."""
    with pytest.raises(tw.InputError) as caught:
        ask()
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(secret in shown for secret in SECRETS.values())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_the_storage_refuses_is_told(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lance, "_ASKED_FIRST", {"timeout": "0.2s", "client_max_retries": "0"})
    host = bucket.url.removeprefix("http://")
    expected = {
        "refused": f"(these keys are refused at '{host}': SignatureDoesNotMatch)",
        "elsewhere": "(the bucket is in another region",
        "busy": f"(it is overloaded or out of order at '{host}': SlowDown)",
        "gone": f"(there is no such bucket at '{host}': NoSuchBucket)",
        "expired": f"(these keys are refused at '{host}': ExpiredToken)",
        "strange": f"(it does not take what it is sent at '{host}': InvalidRequest)",
        "unknown": "(",
        "silent": f"(no answer came in time at '{host}')",
    }
    with ThreadPoolExecutor() as threads:
        told = threads.map(lambda name: said(lambda: tw.open(f"s3://{name}/films")), expected)
        for sentence, (name, words) in zip(told, expected.items(), strict=True):
            start = f"the store 's3://{name}/films' cannot be opened {words}"
            assert sentence.startswith(start), sentence


def test_an_address_is_shown_without_keys() -> None:
    told = "Generic Azure error: Error performing PUT https://me:key@host/films{} in 3ms - 412"
    assert lance.outage(told) is None
    for query in ("", "?sv=2024&sig=signature%3D"):
        shown = lance.drop_secrets(told.format(query) + ": <?xml?><Error>what was sent")
        assert shown == told.format("?…" if query else "").replace("me:key@", "…") + ": …"
    where = "No field named zz: a < 3 and note like '%?x%'"
    assert lance.drop_secrets(where) == where


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"AWS_ALLOW_HTTP": None}, "an address without encryption is not taken.*AWS_ALLOW_HTTP=tr"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "nobody answers at '127.0.0.1:1'.*ENDPOINT_U"),
    ],
)
def test_what_is_set_wrongly_is_told(
    changed: dict[str, str | None],
    message: str,
    bucket: Buckets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in changed.items():
        monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    with pytest.raises(tw.InputError, match=message):
        tw.open("s3://archive/films")


def test_keys_that_may_only_read_and_a_server_that_goes(bucket: Buckets) -> None:
    store = tw.open("s3://archive/films")
    store.add(tw.sample("trailer"))
    table = store.to_table()
    bucket.read_only = True
    # No other writer is to be waited for, which would take five minutes.
    assert "these keys are refused" in said(lambda: store.upsert(table.assign(label="x")))
    assert "these keys are refused" in said(lambda: store.delete("start_sec = 0"))
    assert tw.open(store.address).to_table().equals(table)
    bucket.stop()
    assert "nobody answers" in said(store.versions)
    assert "nobody answers" in said(lambda: store.add(tw.sample()))


def test_results_are_not_written_to_an_address(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "films")
    store.add(tw.sample("trailer"))
    with pytest.raises(tw.InputError, match=r"^'s3://b/out' is an address; the path of a new fol"):
        store.to_parquet("s3://b/out")
