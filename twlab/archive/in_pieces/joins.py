"""Near-duplicates of many rows over a store, without comparing each with each.

The rows lie in cells (:mod:`twlab.analysis.neighbors.voronoi`) whose centres come from a sample.
One worker takes a block of cells: it collects their rows from all pieces, then reads the pieces
once more for rows of earlier cells that lie near enough to visit. As for a table
(:mod:`twlab.analysis.neighbors.pruned`), no pair is missed.

* :func:`close_pairs` - the pairs, block by block
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.neighbors.exact import Apart, check_pair_count, pairs_above
from twlab.analysis.neighbors.pruned import furthest
from twlab.analysis.neighbors.voronoi import (
    Search,
    bands,
    cells_by,
    centres_of,
    gaps_of,
    nearest_centres,
    number_of_cells,
    sample_rows,
    visits,
    with_margins,
)
from twlab.archive.in_pieces.pieces import rows_in, stacked, take_rows
from twlab.table.segments import scaled, warn_of_zeros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from twlab.analysis.neighbors.exact import Spans
    from twlab.archive.in_pieces.checkpoints import Checkpoint
    from twlab.archive.in_pieces.pieces import Piece
    from twlab.table.types import Mask, Matrix, Positions


__all__ = ["MANY_ROWS", "Wanted", "close_pairs"]

MANY_ROWS = 100_000
"""Rows from which cells are worth their preparation."""

MOST_CELLS = 8192
"""Cells whose distances and margins to each other (twice 256 MB) a worker holds."""

BLOCK_ROWS = 131_072
"""Rows in cells that one worker holds at once, unless one cell has more."""


class Wanted(NamedTuple):
    """Which pairs count."""

    spans: Spans
    threshold: float
    apart: Apart
    most: int


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


def close_pairs(
    job: Checkpoint, pieces: Sequence[Piece], usable: Mask, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """Pairs of usable rows and their cosines, block of cells by block."""
    centres = _centres(job, pieces, np.flatnonzero(usable))
    places = list(job.map("cells", places_in, pieces, centres))
    home, cosine, zero = (
        np.concatenate([found[name] for found in places]) for name in ("home", "cosine", "zero")
    )
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()))
    known = Known(centres, np.where(usable & ~zero, home, -1).astype(np.int32), cosine)
    yield from job.map("pairs", pairs_in, _blocks(known), pieces, known, wanted)


def _centres(job: Checkpoint, pieces: Sequence[Piece], candidates: Positions) -> Matrix:
    """The centres of the cells, from a sample of the rows."""
    n_cells = min(MOST_CELLS, number_of_cells(len(candidates)))
    rows = candidates[sample_rows(len(candidates), n_cells)]

    def found() -> dict[str, Any]:
        parts = job.map("centres", partial(take_rows, rows=rows), pieces)
        unit, zero = scaled(stacked([part["matrix"] for part in parts]))
        there = unit[~zero]
        return {"centres": centres_of(there if len(there) else unit[:1], n_cells)}

    centres: Matrix = job.once("centres", found)["centres"]
    return centres


def places_in(piece: Piece, centres: Matrix) -> dict[str, Any]:
    """The cell of each row of a piece."""
    unit, zero = scaled(piece.matrix())
    home, cosine = nearest_centres(unit, centres)
    return {"home": home, "cosine": cosine, "zero": zero}


def _blocks(known: Known) -> list[Block]:
    """All cells, as many together as have rows enough for one worker."""
    sizes = np.bincount(known.home[known.home >= 0], minlength=len(known.centres))
    out, first, n_rows = [], 0, 0
    for cell, size in enumerate(sizes.tolist()):
        if n_rows and n_rows + size > BLOCK_ROWS:
            out.append(Block(first, cell))
            first, n_rows = cell, 0
        n_rows += size
    return [*out, Block(first, len(sizes))]


def pairs_in(block: Block, pieces: Sequence[Piece], known: Known, wanted: Wanted) -> dict[str, Any]:
    """The pairs of the rows of a block with each other and with rows of earlier cells."""
    own = np.flatnonzero((known.home >= block.first) & (known.home < block.end))
    unit = np.concatenate([rows for _, rows in _taken(pieces, own)]) if len(own) else None
    pairs, values, n_pairs = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)], 0
    for left, rows, right, others in _near(block, pieces, known, wanted, own, unit):
        sides = wanted.spans.of(left), wanted.spans.of(left if others is None else right)
        found, value = pairs_above(
            rows, others, wanted.threshold, most=wanted.most, spans=sides, apart=wanted.apart
        )
        if len(found):
            n_pairs += len(found)
            check_pair_count(n_pairs, wanted.threshold, wanted.most)
            both = left[found[:, 0]], right[found[:, 1]]
            pairs.append(np.sort(np.column_stack(both), axis=1))
            values.append(value)
    return {"pairs": np.concatenate(pairs), "values": np.concatenate(values)}


def _near(
    block: Block,
    pieces: Sequence[Piece],
    known: Known,
    wanted: Wanted,
    own: Positions,
    unit: Matrix | None,
) -> Iterator[tuple[Positions, Matrix, Positions, Matrix | None]]:
    """Rows that may be close, positions and vectors: of one cell, and visitors of another."""
    if unit is None:
        return
    places = known.home[own], known.cosine[own]
    cells = cells_by(known.centres, *places)
    gaps = gaps_of(known.centres)
    search = with_margins(Search(unit, unit, cells, *places, np.arange(len(own)), gaps))
    for cell in range(block.first, block.end):
        members = cells.rows(cell)
        yield own[members], unit[members], own[members], None
    earlier = np.flatnonzero((known.home >= 0) & (known.home < block.end))
    for rows, visitors in _taken(pieces, earlier):
        guests = search._replace(queries=visitors, home=known.home[rows], cosine=known.cosine[rows])
        radius = np.full(len(rows), furthest(wanted.threshold), np.float32)
        for band in bands(block.first, block.end):
            for cell, mine in visits(guests, np.arange(len(rows)), radius, band, onward=True):
                members = cells.rows(cell)
                yield rows[mine], visitors[mine], own[members], unit[members]


def _taken(pieces: Sequence[Piece], rows: Positions) -> Iterator[tuple[Positions, Matrix]]:
    """Some rows, in ascending order, and their unit vectors, piece by piece."""
    for piece in pieces:
        mine = rows[rows_in(piece, rows)]
        if len(mine):
            yield mine, scaled(piece.matrix()[mine - piece.first])[0]
