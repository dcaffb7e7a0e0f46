"""What the last release took, which works for one more with a warning.

* :func:`formerly` - a function that still takes keywords by their old names
* :func:`formerly_knew` - one that still takes old words for a keyword
* :func:`formerly_took` - one that still takes a keyword that has no successor
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from twlab.errors import InputError, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["formerly", "formerly_knew", "formerly_took"]

P = ParamSpec("P")
R = TypeVar("R")


def formerly(**renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: ``formerly(old="new")`` takes ``old=`` for ``new=``, with a warning."""

    def rename(given: dict[str, Any]) -> None:
        for old in [name for name in renamed if name in given]:
            new = renamed[old]
            if new in given:
                raise InputError(
                    f"{old}= and {new}= are given, two names of one argument; one was "
                    f"expected; leave {old}= out, the old name"
                )
            _warn_of_renamed(f"{old}=", f"{new}=")
            given[new] = given.pop(old)

    return _change_keywords(rename)


def formerly_knew(
    **words: Mapping[str, str],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: ``formerly_knew(how={"old": "new"})`` takes ``how="old"`` for ``"new"``."""

    def reword(given: dict[str, Any]) -> None:
        for name, renamed in words.items():
            old = given.get(name)
            if isinstance(old, str) and old in renamed:
                given[name] = renamed[old]
                _warn_of_renamed(f"{name}={old!r}", repr(given[name]))

    return _change_keywords(reword)


def formerly_took(
    name: str, instead: Callable[..., R], *, use: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: a call with the keyword ``name`` goes to ``instead``, with a warning.

    That gets the function, what the keyword was given and the other arguments; ``use`` is what
    callers write from now on. None is as if nothing was given.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = dict(kwargs)
            value = given.pop(name, None)
            if value is None:
                return function(*args, **given)
            warn(
                f"{name}= will be removed in the next release; use {use}",
                category=DeprecationWarning,
            )
            return instead(function, value, *args, **given)

        return call

    return decorate


def _warn_of_renamed(old: str, new: str) -> None:
    warn(
        f"{old} is now {new}; the old name will be removed in the next release",
        category=DeprecationWarning,
    )


def _change_keywords(
    change: Callable[[dict[str, Any]], None],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the keywords of each call go through ``change`` first."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = dict(kwargs)
            change(given)
            return function(*args, **given)

        return call

    return decorate
