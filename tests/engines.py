"""Executors for tests, each started once, and functions for their workers."""

from __future__ import annotations

import gc
import os
import signal
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from service import KEY

from twlab.executors import Dask, Executor, Local, Ray

HERE = Path(__file__).parent

REMOTE = tuple(pytest.param(name, marks=pytest.mark.engine) for name in ("ray", "dask"))
ENGINES = ("local", *REMOTE)

WORKERS = {
    "PYTHONPATH": os.pathsep.join(map(str, (HERE.parent, HERE))),
    "TWELVELABS_API_KEY": KEY,
}
"""What workers find in their environment: this checkout, its tests, and the test service's key."""


class Engines:
    """Executors by name, started when first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._started: dict[str, Executor] = {}

    def __getitem__(self, name: str) -> Executor:
        if name not in self._started:
            with pytest.MonkeyPatch.context() as environment:
                for variable, value in WORKERS.items():
                    environment.setenv(variable, value)
                self._started[name] = self._stack.enter_context(self._start(name))
        return self._started[name]

    def _start(self, name: str) -> Executor:
        if name == "local":
            return Local()
        if name == "ray":
            return Ray()
        import dask
        from distributed import Client, LocalCluster

        # A LocalCluster gives up a worker that is not there so long after one of its name was lost,
        # also if that came back and has just been killed again.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
        cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", env=WORKERS
        )
        client = Client(self._stack.enter_context(cluster))
        return Dask(self._stack.enter_context(client))

    def close(self) -> None:
        with warnings.catch_warnings():
            # Ray does not wait for the processes that it ends.
            warnings.simplefilter("ignore", ResourceWarning)
            self._stack.close()
            gc.collect()


def die_once(marker: Path) -> None:
    """End this process at once, unless the marker is gone or names this very process."""
    try:
        if marker.read_text() == str(os.getpid()):
            return
        marker.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def square(x: int) -> int:
    return x * x


def told(_: int, value: Any) -> tuple[str, int]:
    return type(value).__name__, len(value)


def times_out(_: int) -> None:
    raise TimeoutError("too slow")


def scaled(x: Any, by: Any) -> Any:
    return x * by


def process(_: Any) -> tuple[int, int]:
    return os.getpid(), os.nice(0)


def squared_by_a_mortal(x: int, marker: Path) -> int:
    die_once(marker)
    return x * x


def always_dies(_: int) -> None:
    time.sleep(2)  # Dask does not start a worker again that dies while it is being started
    os._exit(1)


def refuses(x: int) -> None:
    from twlab.errors import InputError

    raise InputError(f"x is {x}; nothing was expected; leave it out")
