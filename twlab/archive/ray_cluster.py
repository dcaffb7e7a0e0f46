"""From this process to a Ray cluster: started here, or running at an address.

* :func:`start` - start Ray on this machine, or connect to a cluster
* :func:`cluster_address` - the address of the cluster that this process is connected to
* :func:`check_same` - refuse a second cluster beside it
"""

from __future__ import annotations

import os
import socket
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twlab.checks import require
from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_same", "cluster_address", "start"]

CONNECT_SEC = 5.0
"""How long a port may take to answer at all; Ray itself would ask again and again."""


def start(ray: Any, address: str | None) -> None:
    """Start Ray here, or connect to it."""
    quiet = {"log_to_driver": False, "logging_level": "error"}
    with warnings.catch_warnings():
        # Ray forks to start programs of its own at once; nothing of Lance runs in such a child.
        warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
        if address is None:
            with _environment(RAY_worker_niceness="0", RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0"):
                ray.init(address="local", include_dashboard=False, **quiet)
            return
        _check_answers(address)
        try:
            ray.init(address=address, **quiet)
        except (ConnectionError, ValueError):
            raise _unreachable(address) from None


def cluster_address(ray: Any) -> str:
    """The address of the cluster that this process is connected to."""
    client = require("ray.util.client", extra="distributed").ray
    if client.is_connected():
        return f"ray://{client.get_context().client_worker._conn_str}"  # told nowhere else
    return str(ray.get_runtime_context().gcs_address)


def check_same(asked: str, connected: str, here: str) -> None:
    """Refuse another cluster than the one that this process is connected to."""
    if asked == "auto" or _place(asked, here) == _place(connected, here):
        return
    raise InputError(
        f"this process is connected to the Ray cluster {connected!r} already, and {asked!r} is "
        "another; one cluster was expected; leave the address out to use the former, or call "
        "ray.shutdown() first"
    )


def _place(address: str, here: str) -> str:
    """An address with the number of its machine for the name, as far as it is known."""
    host, colon, port = address.rpartition(":")
    try:
        number = socket.gethostbyname(host.strip("[]")) if colon else host
    except (OSError, UnicodeError):
        return address
    return f"{here if number.startswith('127.') else number}:{port}"


def _check_answers(address: str) -> None:
    """Refuse an address where nobody listens, for which Ray would wait long."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SEC).close()
    except (OSError, UnicodeError):
        raise _unreachable(address) from None


def _unreachable(address: str) -> InputError:
    return InputError(
        f"no Ray cluster answers at {address!r}; 'host:port' of a running one was expected; start "
        "one with: ray start --head, set RAY_AUTH_MODE=token here if it wants a token, or leave "
        "the address out to start Ray here"
    )


@contextmanager
def _environment(**wanted: str) -> Iterator[None]:
    """Variables of the environment that processes started meanwhile inherit, where not set."""
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
