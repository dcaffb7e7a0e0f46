"""Executors: order, broadcast, laziness, errors, and workers that die."""

from __future__ import annotations

import os
import signal
import sys
import time
import tomllib
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import engines as work
import numpy as np
import pytest
from insides import ray_cluster

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twlab.executors import Executor

ROOT = Path(__file__).parent.parent


@pytest.fixture(params=work.ENGINES)
def executor(request: pytest.FixtureRequest, engines: work.Engines) -> Executor:
    return engines[request.param]


@pytest.fixture(params=work.REMOTE)
def remote(request: pytest.FixtureRequest, engines: work.Engines) -> Executor:
    return engines[request.param]


def test_results_come_in_order(executor: Executor) -> None:
    assert list(executor.map(work.square, range(30))) == [x * x for x in range(30)]
    assert list(executor.map(work.square, [])) == []


def test_a_broadcast_value_reaches_every_call(executor: Executor) -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    sent = executor.broadcast(matrix)
    for _ in range(2):
        for k, found in enumerate(executor.map(work.scaled, range(4), sent)):
            np.testing.assert_array_equal(found, matrix * k)
    assert list(executor.map(work.scaled, [1, 2], [3])) == [[3], [3, 3]]
    assert list(executor.map(partial(work.scaled, by=2), [1, 2])) == [2, 4]


def test_items_are_read_only_as_far_ahead_as_is_under_way(executor: Executor) -> None:
    read = []

    def items() -> Iterator[int]:
        for k in range(500):
            read.append(k)
            yield k

    results = executor.map(work.square, items())
    assert next(results) == 0
    assert len(read) <= 2 * (os.cpu_count() or 1) + 1


def test_an_error_of_the_function_is_raised_as_it_is(executor: Executor) -> None:
    with pytest.raises(tw.InputError, match=r"^x is 7; nothing was expected; leave it out$"):
        list(executor.map(work.refuses, [7]))
    assert list(executor.map(work.square, [2])) == [4]


def test_workers_are_other_processes_and_not_nice(remote: Executor) -> None:
    seen = list(remote.map(work.process, range(8)))
    assert os.getpid() not in {pid for pid, _ in seen}
    assert {nice for _, nice in seen} == {os.nice(0)}


def test_the_piece_of_a_killed_worker_is_done_again(remote: Executor, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.write_text(str(os.getpid()))
    found = list(remote.map(work.squared_by_a_mortal, range(12), marker))
    assert found == [x * x for x in range(12)]
    assert not marker.exists()


def test_broadcast_values_outlive_the_workers(remote: Executor, tmp_path: Path) -> None:
    sent = remote.broadcast(np.arange(3))
    for k in range(2):
        marker = tmp_path / f"marker{k}"
        marker.write_text(str(os.getpid()))
        assert list(remote.map(work.squared_by_a_mortal, range(3), marker)) == [0, 1, 4]
    assert [x.tolist() for x in remote.map(work.scaled, [2], sent)] == [[0, 2, 4]]


@pytest.mark.engine
def test_a_worker_may_die_at_any_moment(engines: work.Engines) -> None:
    dask = engines["dask"]
    client = dask._client  # type: ignore[attr-defined]
    for k in range(8):
        pids = client.run(os.getpid)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        time.sleep(0.002 * k)
        assert list(dask.map(work.scaled, range(4), 3)) == [0, 3, 6, 9]
        client.wait_for_workers(len(pids))


@pytest.mark.engine
def test_a_restarted_dask_is_told(engines: work.Engines) -> None:
    dask = engines["dask"]
    results = dask.map(work.square, range(40))
    assert next(results) == 0
    dask._client.restart()  # type: ignore[attr-defined]
    with pytest.raises(tw.TwlabError, match="the Dask cluster was restarted or closed"):
        list(results)
    assert list(dask.map(work.square, [4])) == [16]


@pytest.mark.engine
def test_what_is_sent_to_dask_arrives_as_it_is(engines: work.Engines) -> None:
    dask = engines["dask"]
    for value in ((work.square, 3), ["_call"], {"a": 1}, np.zeros(3_000_000)):
        (found,) = dask.map(work.told, [0], value)
        assert found == (type(value).__name__, len(value))


def test_a_timeout_of_the_function_is_its_own(remote: Executor) -> None:
    with pytest.raises(TimeoutError, match="too slow"):
        list(remote.map(work.times_out, [0]))


def test_a_piece_that_kills_every_worker_is_given_up(remote: Executor) -> None:
    with pytest.raises(tw.TwlabError, match="more than 3 workers died"):
        list(remote.map(work.always_dies, [0]))


@pytest.mark.engine
def test_a_second_ray_uses_the_first_and_leaves_it_open(engines: work.Engines) -> None:
    first = engines["ray"]
    with tw.executors.Ray() as second:
        assert list(second.map(work.square, [3])) == [9]
    assert list(first.map(work.square, [4])) == [16]


@pytest.mark.engine
def test_the_cluster_that_is_connected_is_no_other(engines: work.Engines) -> None:
    host, _, port = ray_cluster.cluster_address(engines["ray"]._ray).rpartition(":")
    for address in (f"{host}:{port}", f"localhost:{port}", f"127.0.0.1:{port}", "auto", None):
        assert repr(tw.executors.Ray(address)) == f"Ray('{host}:{port}')"
    for address in ("nohost:6379", f"{host}:1{port}", f"ray://{host}:{port}", "nonsense"):
        other = rf"connected to the Ray cluster '{host}:{port}' already, and '{address}' is another"
        with pytest.raises(tw.InputError, match=other):
            tw.executors.Ray(address)
    assert list(engines["ray"].map(work.square, [4])) == [16]


@pytest.mark.parametrize("address", [4, "", b"host:1"])
def test_an_address_is_a_text(address: Any) -> None:
    with pytest.raises(tw.InputError, match=rf"^address is {address!r}; a text such as 'host:6379"):
        tw.executors.Ray(address)


def test_an_address_where_nobody_listens() -> None:
    for address in ("127.0.0.1:1", f"{'x' * 70}:1"):
        with pytest.raises(tw.InputError, match=f"no Ray cluster answers at '{address}'"):
            ray_cluster._check_answers(address)


def test_an_address_that_is_none() -> None:
    def init(**_: Any) -> None:
        raise ValueError("Invalid address format: nonsense")

    with pytest.raises(tw.InputError, match="no Ray cluster answers at 'nonsense'"):
        ray_cluster.start(SimpleNamespace(init=init), "nonsense")


@pytest.mark.parametrize("address", [None, "auto"])
def test_forks_of_ray_itself_are_no_news(address: str | None) -> None:
    def init(**_: Any) -> None:
        warnings.warn("lancedb fork support is experimental: …", RuntimeWarning, stacklevel=2)

    ray_cluster.start(SimpleNamespace(init=init), address)


def test_a_closed_executor_stays_closed(executor: Executor) -> None:
    closed = executor_like(executor)
    assert list(closed.map(work.square, [3])) == [9]
    closed.close()
    closed.close()
    for attempt in (lambda: list(closed.map(work.square, [3])), lambda: closed.broadcast(3)):
        with pytest.raises(
            tw.TwlabError, match=r"^the executor [A-Z][a-z]+ is closed; an open one"
        ):
            attempt()
    assert repr(closed).endswith("closed)")
    assert list(executor.map(work.square, [4])) == [16]


def executor_like(executor: Executor) -> Executor:
    """Another executor on the same workers."""
    if isinstance(executor, tw.executors.Dask):
        return tw.executors.Dask(executor._client)
    return type(executor)()


@pytest.mark.engine
def test_a_ray_that_others_stopped_is_not_started_again(
    engines: work.Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = tw.executors.Ray(engines["ray"]._address)  # type: ignore[attr-defined]
    monkeypatch.setattr(workers._ray, "is_initialized", lambda: False)
    with pytest.raises(tw.TwlabError, match="the executor Ray is closed"):
        list(workers.map(work.square, [3]))


@pytest.mark.engine
def test_a_dask_whose_client_is_closed() -> None:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=0, dashboard_address=":0", processes=False)
    with cluster, Client(cluster, timeout=0.5) as client:
        workers = tw.executors.Dask(client)
    with pytest.raises(tw.TwlabError, match="the executor Dask is closed"):
        list(workers.map(work.square, [1]))


@pytest.mark.parametrize("wrong", ["ray", tw.executors.Ray, 4])
def test_what_is_no_executor(wrong: Any, tmp_path: Path) -> None:
    for attempt in (
        lambda: tw.open(tmp_path / "archive", executor=wrong),
        lambda: tw.distributed.embed("films", wrong),
    ):
        with pytest.raises(tw.InputError, match=r"^executor is .*; one of twlab\.executors was"):
            attempt()


@pytest.mark.parametrize(
    ("module", "extra", "make"),
    [
        ("ray", "distributed", tw.executors.Ray),
        ("distributed", "dask", lambda: tw.executors.Dask("tcp://127.0.0.1:8786")),
    ],
)
def test_the_extra_that_brings_an_engine_is_named(
    module: str, extra: str, make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(tw.errors.MissingExtraError, match=rf"pip install 'twlab\[{extra}\]'"):
        make()
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = [line for line in listed["optional-dependencies"][extra] if line.startswith(module)]
    assert len(brought) == 1


@pytest.mark.engine
def test_dask_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, LocalCluster

    monkeypatch.setattr("twlab.archive.engines.PATIENCE_SEC", 0.5)
    cluster = LocalCluster(n_workers=0, dashboard_address=":0", processes=False)
    refused = pytest.raises(tw.TwlabError, match="no Dask worker is there")
    with cluster, Client(cluster, timeout=0.5) as client, refused:
        list(tw.executors.Dask(client).map(work.square, [1]))


@pytest.mark.engine
def test_ray_without_cores(engines: work.Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = engines["ray"]
    monkeypatch.setattr("twlab.archive.engines.MACHINES_SEC", 0.1)
    # As it is once all machines that have cores are gone; a cluster of its own takes ten seconds.
    monkeypatch.setattr(workers._ray, "cluster_resources", dict)  # type: ignore[attr-defined]
    with pytest.raises(tw.TwlabError, match=r"no core of the Ray cluster is there, .* in 0\.1 s"):
        list(workers.map(time.sleep, [1]))


@pytest.mark.engine
def test_dask_wants_a_client() -> None:
    with pytest.raises(tw.InputError, match=r"client is a str; a distributed\.Client was"):
        tw.executors.Dask("tcp://127.0.0.1:8786")
