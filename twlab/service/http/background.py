"""Coroutines for callers that do not await: an event loop in a thread of its own.

So the same code serves scripts, threads, and notebooks, where a loop runs already. The thread is
made when first needed, and anew in a forked process, where it does not live on.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import functools
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from twlab.errors import TwlabError

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["Background"]

T = TypeVar("T")
_FAREWELL_SEC = 10.0
"""How long work that was told to stop may take: requests end at once, the hash of a large file when
its block is read."""
_GLANCE_SEC = 0.2
"""Between looks at whether somebody interrupts: sooner than anyone notices, and five a second cost
nothing."""


class Background:
    """A loop that runs until closed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._starting = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result; an interrupt here ends it there, in good order.

        It runs in the caller's context, so that widgets appear under the caller's cell.
        """
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        loop, context = self._ensure_loop(), contextvars.copy_context()
        started: list[asyncio.Task[T]] = []

        def start() -> None:
            task = loop.create_task(coroutine, context=context)
            started.append(task)
            task.add_done_callback(functools.partial(_pass_on, done))

        loop.call_soon_threadsafe(start)
        try:
            return _wait(done)
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in started])
            with contextlib.suppress(concurrent.futures.CancelledError, TimeoutError, TwlabError):
                done.result(_FAREWELL_SEC)
            raise

    def close(self) -> None:
        """End the loop and its thread."""
        if self._loop is None or self._pid != os.getpid():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(_FAREWELL_SEC)
        self._loop.close()
        self._loop = None

    def _ensure_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="twlab-client", daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run until stopped, then end what is left in good order, broken-off bodies included."""
    loop.run_forever()
    loop.run_until_complete(_cancel_rest())


async def _cancel_rest() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_FAREWELL_SEC / 2)
    await asyncio.get_running_loop().shutdown_asyncgens()


def _wait(done: concurrent.futures.Future[T]) -> T:
    """The result; in short waits, so that an interrupt is noticed on every system."""
    while True:
        with contextlib.suppress(concurrent.futures.TimeoutError):
            if done in concurrent.futures.wait([done], _GLANCE_SEC).done:
                return done.result()


def _pass_on(done: concurrent.futures.Future[Any], task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        done.cancel()
    elif (error := task.exception()) is not None:
        done.set_exception(error)
    else:
        done.set_result(task.result())
