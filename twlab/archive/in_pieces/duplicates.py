"""Near-duplicates over a store: each piece with each, or by cells where there are many rows.

Here is only which pieces meet at which worker, and how the pairs come together. What is refused,
which rows and pairs count and what the result looks like is said once for tables and stores in
:mod:`twlab.analysis.neighbors.nearest`; how rows that meet are compared, in
:mod:`twlab.analysis.neighbors.exact`.

* :func:`near_duplicates` - all pairs above a threshold
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twlab.analysis.neighbors.exact import Meeting, check_pair_count, collect_pairs
from twlab.analysis.neighbors.nearest import check_pairs, may_be_found, pair_table, wanted_pairs
from twlab.archive.in_pieces import joins
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    Turn,
    Zeros,
    check_width,
    join_fragments,
    read_places,
)
from twlab.table.segments import check_places, one_space, scale_rows, warn_of_zeros

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from twlab.analysis.neighbors.exact import Wanted
    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Mask, Neighbors


__all__ = ["near_duplicates"]


def near_duplicates(
    segments: Source,
    *,
    threshold: float = 0.95,
    min_gap_sec: float = 0.0,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame:
    """All pairs of segments of a store with a similarity of at least ``threshold``, best first.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.
    threshold, min_gap_sec, videos
        As for :func:`twlab.near_duplicates`.

    Returns
    -------
    DataFrame
        As :func:`twlab.near_duplicates` gives it, of the rows of :meth:`twlab.Store.to_table`.
        Exact at any size; from 100,000 rows on only what lies near is compared.

    Raises
    ------
    InputError
        As :func:`twlab.near_duplicates`.

    See Also
    --------
    twlab.near_duplicates : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     pairs = tw.distributed.near_duplicates(store.where("embedding_scope = 'clip'"))
    >>> pairs["cosine_similarity"].is_monotonic_decreasing
    True
    """
    check_pairs(segments, threshold, min_gap_sec=min_gap_sec, videos=videos)
    pieces = join_fragments(segments)
    given = float(threshold), float(min_gap_sec), videos
    with Checkpoint(segments, pieces, "near_duplicates", *given) as job:
        places = read_places(segments, pieces)
        check_places(places)
        one_space(places)
        wanted = wanted_pairs(places, threshold, min_gap_sec=min_gap_sec, videos=videos)
        compare = _compare_all if len(places) < joins.MANY_IN_PIECES else joins.compare_in_cells
        results = compare(job, pieces, may_be_found(places), wanted)
        return pair_table(places, *_put_together(results, wanted))  # type: ignore[return-value]


def _compare_all(
    job: Checkpoint, pieces: Sequence[Piece], usable: Mask, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """Pairs of usable rows and their cosines, each piece with each."""
    turns, zeros = [Turn(number, piece.key) for number, piece in enumerate(pieces)], Zeros()
    results = job.map("pairs", pairs_of, turns, pieces, usable, wanted)
    for piece, found in zip(pieces, results, strict=True):
        zeros = zeros.add(piece.first, found["zero"])
        yield found
    warn_of_zeros(zeros.n, len(usable), zeros.first)


def _put_together(results: Iterable[dict[str, Any]], wanted: Wanted) -> Neighbors:
    """All pairs; more than are worth a table are refused as soon as they are there."""
    pairs, values, n_pairs = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)], 0
    for found in results:
        pairs.append(found["pairs"])
        values.append(found["values"])
        n_pairs += len(pairs[-1])
        check_pair_count(n_pairs, wanted.threshold, wanted.most)
    return np.concatenate(pairs), np.concatenate(values)


def pairs_of(turn: Turn, pieces: Sequence[Piece], usable: Mask, wanted: Wanted) -> dict[str, Any]:
    """The pairs of a piece with itself and with every later one."""
    mine = pieces[turn.number]
    unit, zero = scale_rows(mine.matrix())
    left = np.flatnonzero(~zero & usable[mine.span])

    def meet() -> Iterator[Meeting]:
        # Earlier pieces met this one in their own turns.
        here, rows = left + mine.first, unit[left]
        yield Meeting(here, rows, here, None)
        for piece in pieces[turn.number + 1 :]:
            others, none = scale_rows(piece.matrix())
            check_width(unit, others)
            right = np.flatnonzero(~none & usable[piece.span])
            yield Meeting(here, rows, right + piece.first, others[right])

    pairs, values = collect_pairs(meet(), wanted)
    return {"zero": zero, "pairs": pairs, "values": values}
