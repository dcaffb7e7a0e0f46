"""Who will read what a cell shows: somebody at a notebook, or whoever opens what a program wrote.

``jupyter nbconvert --execute``, papermill, Quarto and Sphinx run a notebook and keep its outputs.
No kernel stands behind these when they are read, and often no network.

* :func:`is_unattended` - whether a program runs the notebook
* :func:`comes_first` - whether something is shown for the first time in this session
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["comes_first", "is_unattended"]


def is_unattended() -> bool:
    """Whether a program runs this notebook and keeps what it shows.

    Somebody at a notebook can be asked for a line of text, and every host says whether that is so
    with each cell that it runs. Voilà cannot ask, yet leaves its kernels running for the reader.
    """
    kernel = getattr(_shell(), "kernel", None)
    if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return False
    request: Mapping[str, Any] = kernel.get_parent("shell") or {}
    return not request.get("content", {}).get("allow_stdin", True)


def comes_first(name: str) -> bool:
    """Whether this is asked for the first time in this session of IPython."""
    meta = getattr(_shell(), "meta", {})
    first = name not in meta
    meta[name] = True
    return first


def _shell() -> Any:
    """The running IPython, if there is one."""
    from IPython.core.getipython import get_ipython

    return get_ipython()
