"""What ``%load_ext twlab`` changes: how IPython writes the tables that twlab makes.

* :func:`load_formatter`, :func:`unload_formatter` - begin, and put back what was before
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.display.markup import write_table
from twlab.display.recognised import is_ours
from twlab.display.showing import default_rows

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["load_formatter", "unload_formatter"]


class _TableFormatter:
    """Writes DataFrames as HTML: those of twlab its way, all others as they were before."""

    def __init__(self, before: Callable[[pd.DataFrame], str | None] | None) -> None:
        self.before = before

    def __call__(self, table: pd.DataFrame) -> str | None:
        wanted = pd.get_option("display.notebook_repr_html")
        # A class of its own, such as a table with maps, knows how it is shown.
        if wanted and type(table) is pd.DataFrame and is_ours(table):
            return write_table(table, default_rows(table), [])
        if self.before is not None:
            return self.before(table)
        plain: Callable[[], str | None] = getattr(table, "_repr_html_")  # noqa: B009 - IPython's
        return plain()


def load_formatter(ipython: Any) -> None:
    """Show segments and results as :func:`~twlab.show` does, in this IPython."""
    known = _formatter_of(ipython)
    before = known.type_printers.get(pd.DataFrame)
    if not isinstance(before, _TableFormatter):
        known.for_type(pd.DataFrame, _TableFormatter(before))


def unload_formatter(ipython: Any) -> None:
    """Show all tables as before :func:`load_formatter`."""
    known = _formatter_of(ipython)
    ours = known.type_printers.get(pd.DataFrame)
    if not isinstance(ours, _TableFormatter):
        return
    known.pop(pd.DataFrame)
    if ours.before is not None:
        known.for_type(pd.DataFrame, ours.before)


def _formatter_of(ipython: Any) -> Any:
    """What writes objects as HTML."""
    return ipython.display_formatter.formatters["text/html"]
