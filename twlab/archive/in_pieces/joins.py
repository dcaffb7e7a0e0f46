"""Near-duplicates of many rows over a store, without comparing each with each.

The rows lie in cells (:mod:`twlab.analysis.neighbors.voronoi`) whose centres come from a sample.
One worker takes a block of cells: it collects their rows from all pieces, then reads the pieces
once more for rows of earlier cells that lie near enough to visit. As for a table
(:mod:`twlab.analysis.neighbors.pruned`), no pair is missed.

* :func:`compare_in_cells` - the pairs, block by block

The cells and who visits whom are those of a table; here is only which worker holds which cells.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.neighbors.exact import Meeting, collect_pairs
from twlab.analysis.neighbors.pruned import furthest
from twlab.analysis.neighbors.voronoi import (
    CellSearch,
    bands,
    cells_by,
    centres_of,
    gaps_of,
    near_centres,
    number_of_cells,
    sample_rows,
    visits,
    with_margins,
)
from twlab.archive.in_pieces.pieces import rows_in, stack, take_rows
from twlab.table.segments import scale_rows, warn_of_zeros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from twlab.analysis.neighbors.exact import Wanted
    from twlab.archive.in_pieces.checkpoints import Checkpoint
    from twlab.archive.in_pieces.pieces import Piece
    from twlab.table.types import Mask, Matrix, Positions


__all__ = ["MANY_IN_PIECES", "compare_in_cells"]

MANY_IN_PIECES = 100_000
"""Rows from which cells are worth their preparation. Cells and all pairs take 12 and 35 s of CPU
time at 100,000 rows of 256 numbers and a threshold of .95, 6 and 13 s at 60,000, but 11 and 12 s
there at .85; and for cells every piece is read some times more."""

MOST_HELD_CELLS = 8192
"""Cells whose distances and margins to each other (twice 256 MB) a worker holds."""

HELD_ROWS = 131_072
"""Rows in cells that one worker holds at once, unless one cell has more: 670 MB of 1,280 numbers
each. Every block reads all pieces, so that few large blocks are better than many."""


class Known(NamedTuple):
    """Where every row lies; a row that takes no part in cell -1."""

    centres: Matrix
    home: NDArray[np.int32]
    cosine: Matrix


class Block(NamedTuple):
    """Consecutive cells."""

    first: int
    end: int

    @property
    def key(self) -> str:
        """Different from every other block."""
        return f"{self.first}-{self.end}"


def compare_in_cells(
    job: Checkpoint, pieces: Sequence[Piece], usable: Mask, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """Pairs of usable rows and their cosines, block of cells by block."""
    centres = _find_centres(job, pieces, np.flatnonzero(usable))
    places = list(job.map("cells", places_in, pieces, centres))
    home, cosine, zero = (
        np.concatenate([found[name] for found in places]) for name in ("home", "cosine", "zero")
    )
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()))
    known = Known(centres, np.where(usable & ~zero, home, -1).astype(np.int32), cosine)
    yield from job.map("pairs", pairs_in, _cut_blocks(known), pieces, known, wanted)


def _find_centres(job: Checkpoint, pieces: Sequence[Piece], candidates: Positions) -> Matrix:
    """The centres of the cells, from a sample of the rows."""
    n_cells = min(MOST_HELD_CELLS, number_of_cells(len(candidates)))
    rows = candidates[sample_rows(len(candidates), n_cells)]

    def sample_centres() -> dict[str, Any]:
        parts = job.map("centres", partial(take_rows, rows=rows), pieces)
        unit, zero = scale_rows(stack([part["matrix"] for part in parts]))
        there = unit[:1] if zero.all() else unit[~zero]
        return {"centres": centres_of(there, n_cells, assign=near_centres)}

    centres: Matrix = job.once("centres", sample_centres)["centres"]
    return centres


def places_in(piece: Piece, centres: Matrix) -> dict[str, Any]:
    """The cell of each row of a piece."""
    unit, zero = scale_rows(piece.matrix())
    home, cosine = near_centres(unit, centres)
    return {"home": home, "cosine": cosine, "zero": zero}


def _cut_blocks(known: Known) -> list[Block]:
    """All cells, as many together as have rows enough for one worker."""
    sizes = np.bincount(known.home[known.home >= 0], minlength=len(known.centres))
    out, first, n_rows = [], 0, 0
    for cell, size in enumerate(sizes.tolist()):
        if n_rows and n_rows + size > HELD_ROWS:
            out.append(Block(first, cell))
            first, n_rows = cell, 0
        n_rows += size
    return [*out, Block(first, len(sizes))]


def pairs_in(block: Block, pieces: Sequence[Piece], known: Known, wanted: Wanted) -> dict[str, Any]:
    """The pairs of the rows of a block with each other and with rows of earlier cells."""
    pairs, values = collect_pairs(_meet(block, pieces, known, wanted.threshold), wanted)
    return {"pairs": pairs, "values": values}


def _meet(
    block: Block, pieces: Sequence[Piece], known: Known, threshold: float
) -> Iterator[Meeting]:
    """Rows that may be close: those of one cell, and visitors of another.

    The rows of the block stay in memory; those of all earlier cells come by piece after piece, so
    that a pair of cells of two blocks meets once, at the later of the two.
    """
    own = np.flatnonzero((known.home >= block.first) & (known.home < block.end))
    if not len(own):
        return
    unit = np.concatenate([rows for _, rows in _take_unit_rows(pieces, own)])
    places = known.home[own], known.cosine[own]
    cells = cells_by(known.centres, *places)
    gaps = gaps_of(known.centres)
    search = with_margins(CellSearch(unit, unit, cells, *places, np.arange(len(own)), gaps))
    for cell in range(block.first, block.end):
        members = cells.rows(cell)
        yield Meeting(own[members], unit[members], own[members], None)
    # Earlier cells visit, and this block's own earlier ones: a pair of cells meets from one side.
    earlier = np.flatnonzero((known.home >= 0) & (known.home < block.end))
    for rows, visitors in _take_unit_rows(pieces, earlier):
        guests = search._replace(queries=visitors, home=known.home[rows], cosine=known.cosine[rows])
        radius = np.full(len(rows), furthest(threshold), np.float32)
        for band in bands(block.first, block.end):
            for cell, mine in visits(guests, np.arange(len(rows)), radius, band, onward=True):
                members = cells.rows(cell)
                yield Meeting(rows[mine], visitors[mine], own[members], unit[members])


def _take_unit_rows(pieces: Sequence[Piece], rows: Positions) -> Iterator[tuple[Positions, Matrix]]:
    """Some rows, in ascending order, and their unit vectors, piece by piece."""
    for piece in pieces:
        mine = rows[rows_in(piece, rows)]
        if len(mine):
            yield mine, scale_rows(piece.matrix()[mine - piece.first])[0]
