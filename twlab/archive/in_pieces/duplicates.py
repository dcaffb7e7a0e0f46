"""Near-duplicates over a store: each piece with each, or by cells where there are many rows.

* :func:`near_duplicates` - all pairs above a threshold
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twlab.analysis.neighbors import nearest
from twlab.analysis.neighbors.exact import (
    Apart,
    best_first,
    check_pair_count,
    pairs_above,
)
from twlab.archive.in_pieces import joins
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    Turn,
    Zeros,
    one_width,
    pieces_of,
    places_of,
    span_of,
)
from twlab.table.segments import (
    check_places,
    clip_mask,
    one_model,
    one_option,
    scaled,
    warn_of_zeros,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

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
    nearest.check_pairs_wanted(threshold, min_gap_sec)
    nearest.check_videos(videos, segments)
    pieces = pieces_of(segments)
    if not pieces:
        table = segments.to_table()
        return nearest.near_duplicates(  # type: ignore[return-value]
            table, threshold=threshold, min_gap_sec=min_gap_sec, videos=videos
        )
    apart = Apart(float(min_gap_sec), videos)
    with Checkpoint(segments, pieces, "near_duplicates", float(threshold), *apart) as job:
        places = places_of(pieces, job.executor)
        check_places(places)
        one_option(places)
        one_model(places)
        spans, usable = nearest.spans_of(places), clip_mask(places)
        wanted = joins.Wanted(spans, threshold, apart, nearest.MOST_PAIRS)
        if len(places) < joins.MANY_ROWS:
            results = _each_with_each(job, pieces, usable, wanted)
        else:
            results = joins.close_pairs(job, pieces, usable, wanted)
        return nearest.pair_table(places, *best_first(*_together(results, wanted)))


def _each_with_each(
    job: Checkpoint, pieces: Sequence[Piece], usable: Mask, wanted: joins.Wanted
) -> Iterator[dict[str, Any]]:
    """Pairs of usable rows and their cosines, piece by piece."""
    turns, zeros = [Turn(number, piece.key) for number, piece in enumerate(pieces)], Zeros()
    results = job.map("pairs", pairs_of, turns, pieces, usable, wanted)
    for piece, found in zip(pieces, results, strict=True):
        zeros = zeros.met(piece.first, found["zero"])
        yield found
    warn_of_zeros(zeros.n, len(usable), zeros.first)


def _together(results: Iterable[dict[str, Any]], wanted: joins.Wanted) -> Neighbors:
    """All pairs; more than are worth a table are refused as soon as they are there."""
    pairs, values, n_pairs = [np.empty((0, 2), np.intp)], [np.empty(0, np.float32)], 0
    for found in results:
        pairs.append(found["pairs"])
        values.append(found["values"])
        n_pairs += len(pairs[-1])
        check_pair_count(n_pairs, wanted.threshold, wanted.most)
    return np.concatenate(pairs), np.concatenate(values)


def pairs_of(
    turn: Turn, pieces: Sequence[Piece], usable: Mask, wanted: joins.Wanted
) -> dict[str, Any]:
    """The pairs of a piece with itself and with every later one."""
    mine, spans = pieces[turn.number], wanted.spans
    unit, zero = scaled(mine.matrix())
    left = np.flatnonzero(~zero & usable[span_of(mine)])
    pairs, values, n_pairs = [], [], 0
    for piece in pieces[turn.number :]:
        same = piece is mine
        rows, none = (unit, zero) if same else scaled(piece.matrix())
        one_width(unit, rows)
        right = np.flatnonzero(~none & usable[span_of(piece)])
        found, value = pairs_above(
            unit[left],
            None if same else rows[right],
            wanted.threshold,
            most=wanted.most,
            spans=(spans.of(left + mine.first), spans.of(right + piece.first)),
            apart=wanted.apart,
        )
        ids = np.column_stack([left[found[:, 0]] + mine.first, right[found[:, 1]] + piece.first])
        n_pairs += len(ids)
        check_pair_count(n_pairs, wanted.threshold, wanted.most)
        pairs.append(ids)
        values.append(value)
    return {"zero": zero, "pairs": np.concatenate(pairs), "values": np.concatenate(values)}
