"""The executors: :mod:`twlab.executors` is their front, and says what each is for."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from twlab.archive.ray_cluster import check_same, cluster_address, start
from twlab.checks import require
from twlab.errors import InputError, TwlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Dask", "Executor", "Local", "Ray", "check_executor"]

R = TypeVar("R")

RETRIES = 3
"""Workers that may die of one piece before it is given up, as Ray and Dask count by themselves."""

AHEAD = 2
"""Pieces per core that are under way at once: one that is worked on and one that is on its way.
Results that come too early wait in memory, so there are no more."""

PATIENCE_SEC = 30.0
"""How long there may be no worker of Dask: a cluster may start them as they are needed."""


MACHINES_SEC = 300.0
"""How long there may be no core of Ray: machines that a cluster hires when needed take minutes."""


class Executor(ABC):
    """What calls a function for many items; close it, or use it in a ``with`` block.

    One that is closed stays closed: whatever is given to it is refused.

    See Also
    --------
    twlab.executors.Local : in this process
    twlab.executors.Ray : on the cores of this machine, or a cluster
    twlab.executors.Dask : on the workers of a Dask client

    Examples
    --------
    >>> import twlab as tw
    >>> with tw.executors.Local() as here:
    ...     isinstance(here, tw.executors.Executor)
    True
    """

    _address = ""
    _closed = False

    @abstractmethod
    def map(self, fn: Callable[..., R], items: Iterable[Any], *broadcast: Any) -> Iterator[R]:
        """The results of ``fn(item, *broadcast)`` for each item, in order, as they come.

        Parameters
        ----------
        fn : callable
            Workers import it by name, so it must be one of an installed module, or be defined in
            the notebook itself.
        items : iterable
            Read as far ahead as is under way, no further.
        *broadcast
            What every call gets, plain or as :meth:`broadcast` returned it.

        Returns
        -------
        iterator
            The results.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.broadcast : what all calls need, sent once

        Examples
        --------
        >>> import twlab as tw
        >>> with tw.executors.Local() as here:
        ...     list(here.map(pow, [2, 3], 2))
        [4, 9]
        """

    @abstractmethod
    def broadcast(self, value: Any) -> Any:
        """A handle of a value that is sent to the workers once, for use in :meth:`map`.

        Parameters
        ----------
        value : object
            What every call needs.

        Returns
        -------
        object
            What to pass to :meth:`map`.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.map : what it is for

        Examples
        --------
        >>> import twlab as tw
        >>> with tw.executors.Local() as here:
        ...     list(here.map(pow, [2, 3], here.broadcast(2)))
        [4, 9]
        """

    def close(self) -> None:
        """Let go of the workers; what was started here is stopped.

        See Also
        --------
        twlab.open : takes an executor for its analyses

        Examples
        --------
        >>> import twlab as tw
        >>> here = tw.executors.Local()
        >>> here.close()
        >>> here
        Local(closed)
        """
        self._closed = True

    def _is_open(self) -> bool:
        return not self._closed

    def _check_open(self) -> None:
        """Refuse to work when closed, before an engine starts anew by itself."""
        if not self._is_open():
            # No InputError: what an interrupted job has done is to be kept.
            raise TwlabError(
                f"the executor {type(self).__name__} is closed; an open one was expected; open "
                "another, and the store with it: tw.open(path, executor=...)"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        address = [repr(self._address)] if self._address else []
        state = [] if self._is_open() else ["closed"]
        return f"{type(self).__name__}({', '.join(address + state)})"


class Local(Executor):
    """In this process, one piece after the other.

    See Also
    --------
    twlab.executors.Ray : on all cores of this machine
    twlab.open : takes an executor for its analyses

    Examples
    --------
    >>> import twlab as tw
    >>> with tw.executors.Local() as here:
    ...     list(here.map(pow, [2, 3], 2))
    [4, 9]
    """

    def map(self, fn: Callable[..., R], items: Iterable[Any], *broadcast: Any) -> Iterator[R]:
        """The results of ``fn(item, *broadcast)`` for each item, in order, as they come.

        Parameters
        ----------
        fn, items, *broadcast
            As for :meth:`Executor.map`.

        Returns
        -------
        iterator
            The results.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.map : what every executor promises

        Examples
        --------
        >>> import twlab as tw
        >>> with tw.executors.Local() as here:
        ...     list(here.map(pow, [2, 3], 2))
        [4, 9]
        """
        self._check_open()
        for item in items:
            yield fn(item, *broadcast)

    def broadcast(self, value: Any) -> Any:
        """The value itself.

        Parameters
        ----------
        value : object
            What every call needs.

        Returns
        -------
        object
            What to pass to :meth:`map`.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.broadcast : what every executor promises

        Examples
        --------
        >>> import twlab as tw
        >>> with tw.executors.Local() as here:
        ...     list(here.map(pow, [2, 3], here.broadcast(2)))
        [4, 9]
        """
        self._check_open()
        return value


class Ray(Executor):
    """On Ray: all cores of this machine, or a running cluster.

    Parameters
    ----------
    address : str, optional
        ``"host:6379"``, ``"ray://host:10001"`` or ``"auto"`` for a running cluster. Left out, Ray
        is started on this machine and stopped by :meth:`close`; where this process is connected
        to Ray already, that connection is used and left open.

    Raises
    ------
    InputError
        If nothing answers at the address, or this process is connected to another cluster.
    MissingExtraError
        If Ray is not installed.

    See Also
    --------
    twlab.executors.Dask : on the workers of a Dask client
    twlab.open : takes an executor for its analyses

    Examples
    --------
    It needs an engine:

    >>> import twlab as tw
    >>> with tw.executors.Ray() as workers:                            # doctest: +SKIP
    ...     pairs = tw.near_duplicates(tw.open("archive", executor=workers))
    """

    def __init__(self, address: str | None = None) -> None:
        if address is not None and (not isinstance(address, str) or not address):
            raise InputError(
                f"address is {address!r}; a text such as 'host:6379' was expected; leave it out "
                "for all cores of this machine"
            )
        self._ray = require("ray", extra="distributed")
        self._owned = not self._ray.is_initialized()
        if self._owned:
            start(self._ray, address)
        self._address = cluster_address(self._ray)
        if not self._owned and address is not None:
            check_same(address, self._address, self._ray.util.get_node_ip_address())

    def map(self, fn: Callable[..., R], items: Iterable[Any], *broadcast: Any) -> Iterator[R]:
        """The results of ``fn(item, *broadcast)`` for each item, in order, as they come.

        Parameters
        ----------
        fn, items, *broadcast
            As for :meth:`Executor.map`.

        Returns
        -------
        iterator
            The results.

        Raises
        ------
        TwlabError
            If the executor is closed, or the same piece kills its workers again and again.

        See Also
        --------
        twlab.executors.Executor.map : what every executor promises

        Examples
        --------
        It needs an engine:

        >>> with tw.executors.Ray() as workers:                           # doctest: +SKIP
        ...     list(workers.map(pow, [2, 3], 2))
        """
        self._check_open()
        task = self._ray.remote(max_retries=RETRIES, num_cpus=1)(_call)
        values = [self.broadcast(value) for value in (fn, *broadcast)]
        ahead = AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        for reference in _run_ahead(lambda item: task.remote(item, *values), items, ahead):
            yield self._result(reference)

    def broadcast(self, value: Any) -> Any:
        """A reference to the value in the memory that the workers of a machine share.

        Parameters
        ----------
        value : object
            What every call needs.

        Returns
        -------
        object
            What to pass to :meth:`map`.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.broadcast : what every executor promises

        Examples
        --------
        It needs an engine:

        >>> with tw.executors.Ray() as workers:                           # doctest: +SKIP
        ...     list(workers.map(pow, [2, 3], workers.broadcast(2)))
        """
        self._check_open()
        return value if isinstance(value, self._ray.ObjectRef) else self._ray.put(value)

    def close(self) -> None:
        """Stop Ray where it was started here, or leave the cluster.

        See Also
        --------
        twlab.executors.Executor.close : what every executor promises

        Examples
        --------
        It needs an engine:

        >>> workers = tw.executors.Ray()                                   # doctest: +SKIP
        >>> workers.close()                                                # doctest: +SKIP
        """
        if self._owned and self._is_open():
            self._ray.shutdown()
        super().close()

    def _is_open(self) -> bool:
        return super()._is_open() and bool(self._ray.is_initialized())

    def _result(self, reference: Any) -> Any:
        while not self._ray.wait([reference], timeout=MACHINES_SEC)[0]:
            if not self._ray.cluster_resources().get("CPU"):
                raise _no_workers("core of the Ray cluster", MACHINES_SEC)
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except self._ray.exceptions.WorkerCrashedError:
            raise _worker_deaths() from None


class Dask(Executor):
    """On the workers of a Dask client, which is left open.

    Parameters
    ----------
    client : distributed.Client
        Workers should be processes of one thread each, as BLAS has threads of its own.

    Raises
    ------
    InputError
        If it is not a Dask client.
    MissingExtraError
        If Dask is not installed.

    See Also
    --------
    twlab.executors.Ray : on all cores of this machine
    twlab.open : takes an executor for its analyses

    Examples
    --------
    It needs an engine:

    >>> import twlab as tw
    >>> from distributed import Client                                 # doctest: +SKIP
    >>> client = Client(n_workers=2, threads_per_worker=1)             # doctest: +SKIP
    >>> archive = tw.open("archive", executor=tw.executors.Dask(client))  # doctest: +SKIP
    """

    def __init__(self, client: Any) -> None:
        self._distributed = require("distributed", extra="dask")
        if not isinstance(client, self._distributed.Client):
            raise InputError(
                f"client is a {type(client).__name__}; a distributed.Client was expected; make one "
                "with distributed.Client(address)"
            )
        self._client = client

    def map(self, fn: Callable[..., R], items: Iterable[Any], *broadcast: Any) -> Iterator[R]:
        """The results of ``fn(item, *broadcast)`` for each item, in order, as they come.

        Parameters
        ----------
        fn, items, *broadcast
            As for :meth:`Executor.map`.

        Returns
        -------
        iterator
            The results.

        Raises
        ------
        TwlabError
            If the executor is closed, or the same piece kills its workers again and again.

        See Also
        --------
        twlab.executors.Executor.map : what every executor promises

        Examples
        --------
        It needs an engine:

        >>> with tw.executors.Dask(client) as workers:                    # doctest: +SKIP
        ...     list(workers.map(pow, [2, 3], 2))
        """
        self._check_open()
        sent = [self.broadcast(value) for value in (fn, *broadcast)]
        ahead = AHEAD * max(1, sum(self._client.ncores().values()))
        for future in _run_ahead(
            lambda item: self._submit(partial(_call, item), *sent), items, ahead
        ):
            yield self._result(future)

    def broadcast(self, value: Any) -> Any:
        """The value, brought to every worker that needs it.

        Parameters
        ----------
        value : object
            What every call needs.

        Returns
        -------
        object
            What to pass to :meth:`map`.

        Raises
        ------
        TwlabError
            If the executor is closed.

        See Also
        --------
        twlab.executors.Executor.broadcast : what every executor promises

        Examples
        --------
        It needs an engine:

        >>> with tw.executors.Dask(client) as workers:                    # doctest: +SKIP
        ...     list(workers.map(pow, [2, 3], workers.broadcast(2)))
        """
        self._check_open()
        if isinstance(value, self._distributed.Future):
            return value
        # A task, which is done again if its worker dies. Dask's own scatter loses the value then,
        # and may never come back (dask/distributed#3149, #5704).
        return self._submit(partial(_return_it, value))

    def _is_open(self) -> bool:
        return super()._is_open() and self._client.status not in ("closing", "closed")

    def _submit(self, work: Callable[..., Any], *sent: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._client.submit(work, *sent, pure=False)

    def _result(self, future: Any) -> Any:
        while True:
            try:
                return future.result(timeout=PATIENCE_SEC)
            except self._distributed.KilledWorker:
                raise _worker_deaths() from None
            except self._distributed.client.FutureCancelledError:
                raise TwlabError(
                    "the Dask cluster was restarted or closed while it worked; it was expected to "
                    "stay; start again: what is done is kept"
                ) from None
            except TimeoutError:
                if future.done():  # the function's own
                    raise
                if not self._client.ncores():
                    raise _no_workers("Dask worker", PATIENCE_SEC) from None


def check_executor(executor: Any) -> None:
    """Refuse what is no executor.

    Raises
    ------
    InputError
        Naming what was given.
    """
    if not isinstance(executor, Executor):
        raise InputError(
            f"executor is {executor!r}; one of twlab.executors was expected; make one, such as "
            "tw.executors.Ray()"
        )


def _return_it(value: Any) -> Any:
    return value


def _call(item: Any, fn: Callable[..., Any], *values: Any) -> Any:
    return fn(item, *values)


def _no_workers(what: str, waited_sec: float) -> TwlabError:
    return TwlabError(
        f"no {what} is there, and none came in {waited_sec:g} s; at least one was expected; start "
        "workers, or find in their logs why they end, and start again: what is done is kept"
    )


def _worker_deaths() -> TwlabError:
    return TwlabError(
        f"more than {RETRIES} workers died while they did one piece; they were expected to finish "
        "it; check whether they run out of memory, and start again: what is done is kept"
    )


def _run_ahead(start: Callable[[Any], Any], items: Iterable[Any], n: int) -> Iterator[Any]:
    """What ``start`` gives for each item, in order, with up to ``n`` started and not yet taken."""
    waiting: deque[Any] = deque()
    for item in items:
        waiting.append(start(item))
        if len(waiting) >= n:
            yield waiting.popleft()
    yield from waiting
