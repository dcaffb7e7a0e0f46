"""What searches read of a version of a store again and again, held in memory for the next one.

Where every vector is compared, reading takes ten times as long as comparing. What is asked for once
is read and let go; what is asked for again is read once more, and then held as long as memory has
room: a program that searches once takes no more memory than before.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, NamedTuple

from twlab.memory import free_bytes, give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from twlab.table.types import Matrix


__all__ = ["HeldRows", "RowBlock"]

SHARE = 4
"""Of the memory that is free, what is held takes one part in so many at most: a table of all that
is held, which takes a third more, and its copy still find room beside it."""


class RowBlock(NamedTuple):
    """Some rows of a store."""

    rows: Matrix
    """Their vectors."""
    lengths: Matrix
    """Of the vectors; NaN where float32 does not know."""
    numbers: NDArray[np.int64]
    """By which Lance knows them."""


class _Kept(NamedTuple):
    """The rows of a condition."""

    n_bytes: int
    blocks: list[RowBlock]


class HeldRows:
    """The rows of conditions that one version of a store was asked for more than once.

    Threads may share it: two that read the same at once both get it, and one of them has it held.
    """

    def __init__(self) -> None:
        self._read: dict[str | None, int] = {}
        """Bytes of what was read, by condition; without what is being read."""
        self._held: dict[str | None, _Kept] = {}
        # Not as part of this object, which is gone by then.
        weakref.finalize(self, _let_go, self._held).atexit = False

    def blocks(
        self, condition: str | None, read: Callable[[], Iterable[RowBlock]]
    ) -> Iterator[RowBlock]:
        """The rows of a condition, held or read; ``read`` must give the same at every call."""
        if self._held and _is_short(self.n_bytes()):
            self.let_go()
        kept = self._held.get(condition)
        if kept is not None:
            yield from kept.blocks
            return
        # Taken out while it is read, so that a second thread does not hold it too.
        known = self._read.pop(condition, None)
        holds = known is not None and self._has_room(known)
        blocks, n_bytes = [], 0
        for block in read():
            n_bytes += sum(part.nbytes for part in block)
            if holds:
                blocks.append(block)
            yield block
        self._read[condition] = n_bytes
        if holds:
            self._held[condition] = _Kept(n_bytes, blocks)

    def n_bytes(self) -> int:
        """How much memory is taken."""
        return sum(kept.n_bytes for kept in list(self._held.values()))

    def let_go(self) -> None:
        """Hold nothing; the system has the memory back."""
        _let_go(self._held)

    def _has_room(self, more: int) -> bool:
        """Whether so much more can be held."""
        free, held = free_bytes(), self.n_bytes()
        return free is not None and SHARE * (held + more) <= free + held


def _is_short(held: int) -> bool:
    """Whether less memory is free than is held."""
    free = free_bytes()
    return free is not None and free < held


def _let_go(held: dict[str | None, _Kept]) -> None:
    """Hold nothing; the system has the memory back."""
    if held:
        held.clear()
        give_back()
