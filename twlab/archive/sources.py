"""Segments that need not fit in memory, and how the same functions take them.

A source is anything that gives its segments in fragments, each of which one worker reads on its
own: a store on disk or in a bucket. The row ids of a source count its rows in order, so that they
are the index of :meth:`Source.to_table`, and a result on a source is the result on that table.

* :class:`Fragment` - a piece of a source; it can be pickled
* :class:`Source` - fragments, and the table of them all
* :func:`also_stores` - makes a function of tables take a source, a path or a URI as well
"""

from __future__ import annotations

import functools
import importlib
import inspect
import mimetypes
import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from twlab.errors import (
    FILTERED,
    InputError,
    brief,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["Fragment", "Source", "also_stores", "free_bytes"]

ROOM = 5
"""How often vectors must fit into free memory to be read whole: analyses hold copies of them."""

P = ParamSpec("P")
R = TypeVar("R")


class Fragment(ABC):
    """A piece of a source, small enough for one worker's memory.

    Attributes
    ----------
    first, n_rows : int
        Its rows are ``first`` to ``first + n_rows`` of the source.
    key : str
        The same for the same rows of the same version; it names files of results.
    """

    first: int
    n_rows: int
    key: str

    @abstractmethod
    def matrix(self) -> Matrix:
        """The vectors, shape (n_rows, d)."""

    @abstractmethod
    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        """The rows; the index counts them in the source."""


class Source(ABC):
    """Segments in fragments, with an executor that analyses run on.

    Attributes
    ----------
    executor : Executor or None
        Where jobs run; None for this process.
    work : Path or None
        A folder for what jobs have done so far, from which an interrupted one goes on; it need
        not be there yet. None where an interrupted job starts anew.
    """

    executor: Any = None
    work: Path | None = None

    @abstractmethod
    def fragments(self) -> Sequence[Fragment]:
        """All rows, in order."""

    @abstractmethod
    def to_table(self) -> pd.DataFrame:
        """All rows as one table, indexed 0 … n - 1."""

    def n_bytes(self) -> int | None:
        """How much memory all vectors take; None where that is not known without reading."""
        return None

    def options(self) -> list[str]:
        """The embedding options of everything that this is a part of, as far as they are known."""
        return []


def also_stores(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the arguments of these names may also be a source, a path or a URI.

    Functions that ``twlab.distributed`` has by the same name work fragment by fragment there,
    unless no executor is chosen and memory has room for the whole several times; for all others
    the source is read into one table.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            values = (*args, *kwargs.values())
            if not any(isinstance(value, _LARGE) or _is_empty(value) for value in values):
                return function(*args, **kwargs)
            given = signature.bind(*args, **kwargs).arguments
            for name in names:
                _refuse_misplaced(name, given, function.__name__)
            large = {name: opened(given[name]) for name in names if name in given}
            if any(isinstance(value, Source) for value in large.values()):
                result: R = _on_sources(function, given | large)
            else:
                result = function(*args, **kwargs)
            if sys._getframe(1).f_globals["__name__"].partition(".")[0] != "twlab":
                _tell_of_nothing(large)  # once: inner calls leave it to the door
            return result

        return call

    return decorate


def _refuse_misplaced(name: str, given: dict[str, Any], function: str) -> None:
    """Refuse a film or words where a table or a store belongs, saying where they belong."""
    value = given.get(name)
    if not isinstance(value, str | os.PathLike) or "://" in os.fspath(value):
        return
    text = os.fspath(value)
    tables = [other for other, one in given.items() if hasattr(one, "iloc")]
    kind = mimetypes.guess_type(text)[0] or ""
    if kind.startswith(("video/", "audio/", "image/")) and not os.path.isdir(text):  # noqa: PTH112
        swap = (
            f"change the two over: {function}({tables[0]}={text!r}, {name}=table)"
            if tables and tables[0] in ("video", "videos")
            else "load the answer of its embedding with tw.load"
        )
        raise InputError(
            f"{name} is {brief(text)}, a file of media; a table of segments or the path of a "
            f"store was expected; {swap}"
        )
    words = bool(tables) or (" " in text and not {"/", os.sep} & set(text))
    if words and isinstance(value, str) and not _exists(text):
        raise InputError(
            f"{name} is {brief(text)}, and there is no store at such a path; a table of segments, "
            "vectors or the path of a store was expected; if these are words to look for, give "
            f"tw.search(segments, text={brief(text)}, client=tw.Client())"
        )


def _exists(path: str) -> bool:
    """Whether something is at a path, which may be no path at all."""
    try:
        return os.path.exists(os.path.expanduser(path))  # noqa: PTH110, PTH111 - any text
    except ValueError:
        return False


def _is_empty(value: Any) -> bool:
    """Whether a value is a table, or a part of a store, without rows."""
    if isinstance(value, Source):
        return not any(piece.n_rows for piece in value.fragments())
    return hasattr(value, "columns") and hasattr(value, "iloc") and not len(value)


def _tell_of_nothing(given: dict[str, Any]) -> None:
    """Warn of tables without rows: their results are empty, as after a filter for a wrong word."""
    for name, value in given.items():
        if _is_empty(value):
            options = value.options() if isinstance(value, Source) else []
            remedy = (
                "if a filter left none, filter for an option that is there: the whole store has "
                f"the options {', '.join(map(repr, options))}"
                if options
                else FILTERED
            )
            warn(f"{name} has no rows, so there is nothing to find; {remedy}")


def opened(source: Any) -> Any:
    """The store at a path or URI; anything else as it is."""
    if not isinstance(source, (str, os.PathLike)):
        return source
    # The one look upwards: a path says that the user wants the store, which lies above analyses.
    return importlib.import_module("twlab.archive.store").open(source)


def _on_sources(function: Any, given: dict[str, Any]) -> Any:
    """The result of a function some of whose arguments are sources."""
    distributed = importlib.import_module("twlab.distributed")
    name = function.__name__
    drawn = function.__module__.startswith("twlab.plot.")  # the picture of what has its name
    pieces = any(isinstance(value, Source) and not _is_small(value) for value in given.values())
    if name in distributed.__all__ and pieces and not drawn:
        return getattr(distributed, name)(**given)
    tables = {k: v.to_table() if isinstance(v, Source) else v for k, v in given.items()}
    return function(**tables)


def _is_small(source: Source) -> bool:
    """Whether a source is better read whole: one process works sooner on what it holds."""
    n_bytes = None if source.executor is not None else source.n_bytes()
    free = free_bytes()
    return n_bytes is not None and free is not None and n_bytes * ROOM <= free


def free_bytes() -> int | None:
    """The memory that can be had, as far as the system, container and process tell."""
    known = (_free_of_system(), _free_of_container(), _free_of_process())
    return min((max(0, n) for n in known if n is not None), default=None)


def _free_of_container() -> int | None:
    """What the container may still take."""
    try:
        group = Path("/sys/fs/cgroup")
        most = (group / "memory.max").read_text(encoding="ascii")
        return int(most) - int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # none, or "max"
        return None


def _free_of_process() -> int | None:
    """What the process may still take by its own limit."""
    try:
        resource = importlib.import_module("resource")
        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):
        return None
    return (
        None if most == resource.RLIM_INFINITY else int(most - taken * os.sysconf("SC_PAGE_SIZE"))
    )


def _free_of_system() -> int | None:
    """What the computer has left."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


_LARGE = (Source, str, os.PathLike)
