"""What many public functions ask of their arguments and of what is installed.

* :func:`check_count` - a number of things
* :func:`is_number` - whether a value is a number; true and false are none
* :func:`require` - an optional package
"""

from __future__ import annotations

import importlib
import operator
from numbers import Real
from typing import Any, TypeGuard

from twlab.errors import InputError, MissingExtraError
from twlab.wording import brief

__all__ = ["check_count", "is_number", "require"]


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a real number, of Python or of NumPy; a truth value is none.

    >>> is_number(2), is_number(True), is_number("2")
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def check_count(value: Any, name: str, *, of: str) -> int:
    """How many, as an int: of neighbours, of hits, whatever is counted.

    Raises
    ------
    InputError
        If it is no whole number from 1 on.

    >>> check_count(3, "k", of="hits")
    3
    """
    try:
        whole = operator.index(value)
    except TypeError:
        whole = 0
    if whole < 1 or isinstance(value, bool):
        raise InputError(
            f"{name} is {brief(value)}; a whole number of {of}, 1 or more, was expected; give such "
            f"a one, as {name}=10"
        )
    return whole


def require(module: str, *, extra: str) -> Any:
    """The optional module, or an error that names the ``pip install`` line.

    Parameters
    ----------
    module : str
        Name to import, for example ``"umap"``.
    extra : str
        The extra of twlab that brings it, for example ``"umap"``.

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        message = (
            f"{module!r} is not installed; this needs the extra {extra!r}; "
            f"install it with: pip install 'twlab[{extra}]'"
        )
        raise MissingExtraError(message, name=module) from None
