"""twlab: the notebook workbench for video embeddings.

>>> import twlab as tw
>>> segments = tw.sample()
>>> list(segments.columns)[:3]
['video_id', 'start_sec', 'end_sec']

In a notebook, ``%load_ext twlab`` shows segments and results as :func:`~twlab.show` does.

Every public name is loaded on first use, so that ``import twlab`` costs next to nothing; editors
and type checkers read ``__init__.pyi``.
"""

from __future__ import annotations

import importlib
from typing import Any

from twlab.public import WIRES, find_public

__version__ = "0.1.0"

_MODULES = ("distributed", "errors", "executors", "intervals", "plot")

__all__ = sorted([*WIRES, *_MODULES])


def __getattr__(name: str) -> Any:
    """The public name, imported from its room on first use."""
    if name in _MODULES:
        return importlib.import_module(f"twlab.{name}")
    if name not in WIRES:
        raise AttributeError(f"module 'twlab' has no attribute {name!r}")
    globals()[name] = find_public(name)
    return globals()[name]


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(ipython: Any) -> None:
    """Have IPython show segments and results as ``tw.show`` does; what ``%load_ext`` calls."""
    from twlab.display.extension import load_formatter

    load_formatter(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Have IPython show tables as before; what ``%unload_ext`` calls."""
    from twlab.display.extension import unload_formatter

    unload_formatter(ipython)
