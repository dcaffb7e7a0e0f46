"""K-means over a store: every round assigns the rows piece by piece and adds up their sums.

Here is only how the rounds of :mod:`twlab.analysis.groups.partitions` are done where the rows lie
(:class:`RowsOfPieces`). What is refused, which rows take part in which order, how many clusters
there are and what the result looks like is said once for tables and stores in
:mod:`twlab.analysis.groups.clustering`.

* :func:`cluster` - the cluster of each segment
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from twlab.analysis.groups import clustering, communities, partitions
from twlab.analysis.neighbors.twins import marks
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    check_one_width,
    join_fragments,
    read_places,
    stack,
    take_rows,
)
from twlab.memory import free_bytes
from twlab.table.segments import one_model, scale_rows, warn_of_zeros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Floats, Mask, Matrix, Positions


__all__ = ["cluster"]

MOST_BROUGHT = 2**28
"""Bytes of vectors that are brought to one process, which divides them alone: 131,072 of 512
numbers. Of 100,000 in 50 groups this takes 27 s of CPU in one process, with all rounds in pieces
52 s, as each reads and scales all rows anew; the groups are the same."""

HELD = 3
"""How often vectors must fit into free memory to be held: once, once more while they are put in
order, and what rounds and the columns take."""


def cluster(
    segments: Source,
    n_clusters: int | None = None,
    *,
    method: Literal["ward", "kmeans", "average", "ward_time", "hdbscan"] | None = None,
    distance_threshold: float | None = None,
    random_state: int = 0,
) -> pd.Series[int]:
    """The cluster of each segment of a store; ``kmeans`` on many rows runs piece by piece.

    Other methods, and few rows, are read into one table; vectors that fit into the memory of this
    process, where there is no executor, are read once, and nothing is kept of an interrupted call.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.
    n_clusters, method, distance_threshold, random_state
        As for :func:`twlab.cluster`.

    Returns
    -------
    Series "cluster", Int64
        As :func:`twlab.cluster` gives it, for the rows of :meth:`twlab.Store.to_table`.

    Raises
    ------
    InputError
        As :func:`twlab.cluster`.

    See Also
    --------
    twlab.cluster : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     labels = tw.distributed.cluster(store, 4, method="kmeans")
    >>> labels.nunique()
    4
    """
    pieces = join_fragments(segments)
    if method != "kmeans" or sum(one.n_rows for one in pieces) <= partitions.MOST_START_ROWS:
        table = segments.to_table()
        return clustering.cluster(  # type: ignore[return-value]
            table,
            n_clusters,
            method=method,
            distance_threshold=distance_threshold,
            random_state=random_state,
        )
    method = clustering.method_of(method, n_clusters, distance_threshold)
    if _fits(segments):
        return _divide_in_memory(segments, pieces, n_clusters, random_state)
    with Checkpoint(segments, pieces, "kmeans", n_clusters, random_state) as job:
        places = read_places(segments, pieces)
        clustering.check_arguments(places, method, random_state)
        one_model(places)
        seen = _look_at_all(job, pieces)
        in_time = clustering.rows_in_time(places, seen["leading"], ~seen["zero"], method)
        rows: partitions.UnitRows = RowsOfPieces(job, pieces, in_time, seen["mark"])
        n_bytes = 4 * rows.n_rows * int(seen["width"])
        if n_bytes <= MOST_BROUGHT:  # no round is then read, or sent to workers
            rows = partitions.InMemory(rows.take(np.arange(rows.n_rows)))
        ways = clustering.kmeans_ways(rows, random_state)
        found = clustering.divide_into(ways, n_clusters)
        return clustering.label_rows(places, in_time, found)  # type: ignore[return-value]


def _fits(source: Source) -> bool:
    """Whether this process does the work, and has room for all vectors."""
    n_bytes = None if source.executor is not None else source.n_bytes()
    free = free_bytes()
    return n_bytes is not None and free is not None and n_bytes * HELD <= free


def _divide_in_memory(
    source: Source, pieces: Sequence[Piece], n_clusters: int | None, random_state: int
) -> pd.Series[int]:
    """The groups of vectors that fit into memory."""
    places = read_places(source, pieces)
    clustering.check_arguments(places, "kmeans", random_state)
    one_model(places)
    unit, zero = _read_unit_rows(pieces)
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()))
    in_time = clustering.rows_in_time(places, unit[:, : communities.LEADING], ~zero, "kmeans")
    rows = partitions.InMemory(clustering.move_rows(unit, in_time))
    asked = n_clusters if isinstance(n_clusters, Integral) else 0
    ways = clustering.kmeans_ways(rows, random_state, enough=int(asked))
    found = clustering.divide_into(ways, n_clusters)
    return clustering.label_rows(places, in_time, found)  # type: ignore[return-value]


def _read_unit_rows(pieces: Sequence[Piece]) -> tuple[Matrix, Mask]:
    """All vectors scaled to length 1, each piece when it is read, and which are zeros."""
    unit, zero = np.empty((0, 0), np.float32), np.zeros(sum(one.n_rows for one in pieces), bool)
    for piece in pieces:
        read = piece.matrix()
        unit = unit if unit.size else np.empty((len(zero), read.shape[1]), np.float32)
        check_one_width({unit.shape[1], read.shape[1]})
        zero[piece.span] = scale_rows(read, out=unit[piece.span])[1]
    return unit, zero


def _look_at_all(job: Checkpoint, pieces: Sequence[Piece]) -> dict[str, Any]:
    """What :func:`look_at_piece` tells of the rows of all pieces."""

    def look() -> dict[str, Any]:
        found = list(job.map("rows", look_at_piece, pieces))
        widths = {int(one.pop("width")) for one in found}
        check_one_width(widths)
        every = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
        return every | {"width": np.array(widths.pop())}

    found = job.once("rows", look)
    zero = found["zero"]
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()))
    return found


def look_at_piece(piece: Piece) -> dict[str, Any]:
    """Of each row of a piece whether it is zeros, its mark, and the numbers that place it."""
    unit, zero = scale_rows(piece.matrix())
    leading = unit[:, : communities.LEADING].copy()  # a view would keep all of it
    width = np.array(unit.shape[1])
    return {"zero": zero, "mark": marks(unit), "leading": leading, "width": width}


class Seed(NamedTuple):
    """The seed of one run."""

    seed: int

    @property
    def key(self) -> str:
        """Different from every other run."""
        return str(self.seed)


class RowsOfPieces:
    """The rows that take part, in order of time, and what is done with them piece by piece.

    It is what :class:`twlab.analysis.groups.partitions.UnitRows` asks for.
    """

    def __init__(
        self,
        job: Checkpoint,
        pieces: Sequence[Piece],
        rows: Positions,
        mark: NDArray[np.uint64],
    ) -> None:
        self.n_rows = len(rows)
        self._rows, self._mark = rows, mark[rows]
        self._job, self._pieces = job, pieces
        self._taking_part = np.zeros(len(mark), bool)
        self._taking_part[rows] = True

    def take(self, rows: Positions) -> Matrix:
        """Some of them; only the pieces that hold them send what they have."""
        wanted = self._rows[rows]
        ascending = np.sort(wanted)
        step = f"take-{_digest(ascending)}"  # several samples are taken, each kept on its own
        parts = self._job.map(step, partial(take_rows, rows=ascending), self._pieces)
        unit, _ = scale_rows(stack([part["matrix"] for part in parts]))
        return unit[np.searchsorted(ascending, wanted)]

    def marks(self) -> NDArray[np.uint64]:
        """A number for each, the same for those that are the same but for rounding."""
        return self._mark

    def n_distinct(self, *, enough: int) -> int:
        """How many are different."""
        return len(np.unique(self._mark))

    def starts(
        self, sample: Matrix, n_groups: int, seeds: list[int]
    ) -> Iterator[tuple[Matrix, float]]:
        """Centres found on a sample with each seed, by one worker a seed."""
        runs = self._job.map(f"start-{n_groups}", run_start, [*map(Seed, seeds)], sample, n_groups)
        return ((one["centres"], float(one["cosines"])) for one in runs)

    def once(self, name: str, find: Callable[[], Matrix]) -> Matrix:
        """What is found, kept for the job when it goes on."""
        centres: Matrix = self._job.once(name, lambda: {"centres": find()})["centres"]
        return centres

    def assign(self, centres: Matrix) -> tuple[Positions, Floats]:
        """The nearest centre of each row, and the sum of the rows of each centre."""
        step = f"assign-{_digest(centres)}"  # a round that goes on must be one of these centres

        def one_round() -> dict[str, Any]:
            labels, sums = [], np.zeros(centres.shape)
            sent = self._taking_part, centres
            for found in self._job.map(step, assign_piece, self._pieces, *sent):
                labels.append(found["labels"])
                sums += found["sums"]  # in the order of pieces: float64 adds up alike each time
            return {"labels": np.concatenate(labels), "sums": sums}

        found = self._job.once(step, one_round)
        return found["labels"][self._rows].astype(np.intp), found["sums"]


def run_start(seed: Seed, sample: Matrix, n_groups: int) -> dict[str, Any]:
    """One run on the sample."""
    centres, cosines = partitions.start_of(seed.seed, sample, n_groups)
    return {"centres": centres, "cosines": np.array(cosines)}


def assign_piece(piece: Piece, taking_part: Mask, centres: Matrix) -> dict[str, Any]:
    """The nearest centre of each row of a piece, -1 for those that take no part, and the sums."""
    mine = taking_part[piece.span]
    unit, _ = scale_rows(piece.matrix())
    labels = np.full(piece.n_rows, -1, np.int32)
    rows = unit if mine.all() else unit[mine]
    labels[mine], sums = partitions.assign_rows(rows, centres)
    return {"labels": labels, "sums": sums}


def _digest(array: Any) -> str:
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
