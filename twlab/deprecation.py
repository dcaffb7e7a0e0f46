"""Keywords of the last release, which work for one more with a warning.

* :func:`formerly` - a function that still takes them
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from twlab.errors import InputError, warn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["formerly"]

P = ParamSpec("P")
R = TypeVar("R")


def formerly(**renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: ``formerly(old="new")`` takes ``old=`` for ``new=``, with a warning."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = dict(kwargs)
            for old in [name for name in renamed if name in given]:
                new = renamed[old]
                if new in given:
                    raise InputError(
                        f"{old}= and {new}= are given, two names of one argument; one was "
                        f"expected; leave {old}= out, the old name"
                    )
                warn(
                    f"{old}= is now {new}=; the old name will be removed in the next release",
                    category=DeprecationWarning,
                )
                given[new] = given.pop(old)
            return function(*args, **given)

        return call

    return decorate
