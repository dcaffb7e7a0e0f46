"""Groups of rows that are looked at one by one, such as the videos of a table.

An analysis that says something of each group needs the vectors of one group at a time. It is
written once, for rows without vectors and an :class:`EachGroup`: of a table that is
:func:`on_table`, of a store the archive brings the rows of some groups together at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from twlab.table.types import Positions

    GroupLook = Callable[..., tuple[Any, ...]]

__all__ = ["EachGroup", "on_table"]


class EachGroup(Protocol):
    """Calls a function with the rows of each group, wherever they lie."""

    def __call__(
        self, step: str, look: GroupLook, groups: Sequence[Positions], *sent: Any
    ) -> Iterable[tuple[Any, ...]]:
        """What ``look(rows, *sent)`` gives, arrays and numbers, for the table of each group.

        Parameters
        ----------
        step : str
            What a progress bar calls it.
        look : callable
            Of a module, so that workers find it by name.
        groups : sequence of Positions
            The rows of each group, in the order in which ``look`` gets them.
        *sent
            What every call gets.
        """


def on_table(segments: pd.DataFrame) -> EachGroup:
    """Each group of a table that is at hand."""

    def each(
        step: str, look: GroupLook, groups: Sequence[Positions], *sent: Any
    ) -> Iterable[tuple[Any, ...]]:
        return (look(segments.iloc[rows], *sent) for rows in bar(step, groups))

    return each
