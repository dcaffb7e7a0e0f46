"""Executors: order, broadcast, laziness, errors, and workers that die."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import engines as work
import numpy as np
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twlab.executors import Executor


@pytest.fixture(params=["local", "ray", "dask"])
def executor(request: pytest.FixtureRequest, engines: work.Engines) -> Executor:
    return engines[request.param]


@pytest.fixture(params=["ray", "dask"])
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


def test_a_piece_that_kills_every_worker_is_given_up(remote: Executor) -> None:
    with pytest.raises(tw.TwlabError, match="more than 3 workers died"):
        list(remote.map(work.always_dies, [0]))


def test_a_second_ray_uses_the_first_and_leaves_it_open(engines: work.Engines) -> None:
    first = engines["ray"]
    with tw.executors.Ray() as second:
        assert list(second.map(work.square, [3])) == [9]
    assert list(first.map(work.square, [4])) == [16]


def test_an_address_where_nobody_listens() -> None:
    from twlab import executors

    with pytest.raises(tw.InputError, match=r"no Ray cluster answers at '127\.0\.0\.1:1'"):
        executors._check_answers("127.0.0.1:1")


def test_dask_without_workers() -> None:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=0, dashboard_address=":0", processes=False)
    refused = pytest.raises(tw.TwlabError, match="no Dask worker is there")
    with cluster, Client(cluster, timeout=0.5) as client, refused:
        list(tw.executors.Dask(client).map(work.square, [1]))


def test_dask_wants_a_client() -> None:
    with pytest.raises(tw.InputError, match=r"client is a str; a distributed\.Client was"):
        tw.executors.Dask("tcp://127.0.0.1:8786")
