"""How far something is: one bar for all of the package, in notebooks and terminals.

* :func:`bar` - items with a bar as they are gone through, or a bar to move by hand

Nothing is drawn in the first second, but of paid work. ``TQDM_DISABLE=1`` in the environment
switches all off.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["bar"]

DELAY_SEC = 1.0
"""Before that nobody wonders whether anything happens."""


def bar(
    what: str,
    items: Any = None,
    *,
    total: int | None = None,
    unit: str = "it",
    in_bytes: bool = False,
    stays: bool = False,
    at_once: bool = False,
) -> Any:
    """A bar named ``what`` over the items, or over ``total`` steps that its ``update`` counts."""
    from tqdm.auto import tqdm

    return tqdm(
        items,
        desc=what,
        total=total,
        unit="B" if in_bytes else unit,
        unit_scale=in_bytes,
        delay=0 if at_once else DELAY_SEC,
        leave=stays,
        # tqdm heeds its variable in a terminal, and not where it draws a widget
        disable=os.environ.get("TQDM_DISABLE", "0") not in ("", "0"),
    )
