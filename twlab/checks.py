"""What many public functions ask of their arguments and of what is installed.

* :func:`check_count` - a number of things
* :func:`check_result` - a table that another function of twlab returned
* :func:`is_number` - whether a value is a number; true and false are none
* :func:`require` - an optional package
"""

from __future__ import annotations

import importlib
import operator
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeGuard

from twlab.errors import InputError, MissingExtraError
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_count", "check_result", "is_number", "require"]


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


def check_result(
    table: Any, columns: Iterable[str], name: str, *, of: str, may_be_empty: bool = False
) -> None:
    """Refuse what is not a table that ``tw.<of>`` returns.

    Raises
    ------
    InputError
        If it is no table, has not its columns, or has no rows where some are needed.
    """
    if not hasattr(table, "columns"):
        raise InputError(
            f"{name} is a {type(table).__name__}; a table was expected; pass what tw.{of} returns"
        )
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            f"{name} has no column {missing[0]!r}; the columns of tw.{of} were expected; pass what "
            "it returns"
        )
    if not may_be_empty and not len(table):
        raise InputError(
            f"{name} has no rows; at least one was expected; pass what tw.{of} returns, unfiltered"
        )


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
