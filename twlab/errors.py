"""What twlab raises and warns with.

::

    TwlabError                    everything below
    ├── InputError                also a ValueError: an argument or a table is not usable as given
    │   └── LoadError             a file or object does not hold embeddings, or holds bad data
    └── MissingExtraError         also an ImportError: an optional package is not installed
    TwlabWarning                  also a UserWarning: the result is right, but look at this

Every message is one sentence in three parts: what is wrong, with the value; what was expected;
what to do.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["InputError", "LoadError", "MissingExtraError", "TwlabError", "TwlabWarning"]


class TwlabError(Exception):
    """The root of everything that twlab raises on purpose."""


class InputError(TwlabError, ValueError):
    """An argument or a table cannot be used as given."""


class LoadError(InputError):
    """A source does not hold embeddings, or holds bad data.

    Attributes
    ----------
    source : str
        The file or object that was read.
    place : str
        Where in it, for example ``segment 12``; empty when the whole source is meant.
    field : str
        Which field, for example ``end_offset_sec``; empty when no single field is meant.
    problem : str
        The rest of the sentence, without source, place and field.
    """

    def __init__(self, problem: str, *, source: str = "", place: str = "", field: str = "") -> None:
        self.source, self.place, self.field, self.problem = source, place, field, problem
        where = ", ".join(part for part in (source, place, field) if part)
        super().__init__(f"{where}: {problem}" if where else problem)


class MissingExtraError(TwlabError, ImportError):
    """An optional package is needed and not installed."""


class TwlabWarning(UserWarning):
    """The result is right, but something in the data deserves a look."""


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
