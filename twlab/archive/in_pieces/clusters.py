"""K-means over a store: every round assigns the rows piece by piece and adds up their sums.

The first centres are found on a sample, as for a table (:mod:`twlab.analysis.groups.partitions`),
so that the rounds are the same wherever they run.

* :func:`cluster` - the cluster of each segment
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from twlab.analysis.groups import clustering, communities, partitions
from twlab.analysis.neighbors.twins import marks as row_marks
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    pieces_of,
    places_of,
    stacked,
    take_rows,
)
from twlab.table.rows import time_order
from twlab.table.segments import (
    clip_mask,
    one_model,
    scaled,
    warn_of_zeros,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["cluster"]


def cluster(
    segments: Source,
    n_clusters: int | None = None,
    *,
    method: Literal["ward", "kmeans", "average", "ward_time", "hdbscan"] | None = None,
    distance_threshold: float | None = None,
    random_state: int = 0,
) -> pd.Series[Any]:
    """The cluster of each segment of a store; ``kmeans`` on many rows runs piece by piece.

    Other methods, and few rows, are read into one table.

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
    pieces = pieces_of(segments)
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
    with Checkpoint(segments, pieces, "kmeans", n_clusters, random_state) as job:
        places = places_of(pieces, job.executor)
        clustering.check_arguments(places, method, random_state)
        one_model(places)
        marks = _marks(job, pieces)
        usable = clip_mask(places) & ~marks["zero"]
        order = time_order(places)
        rounds = _Rounds(job, pieces, order[usable[order]], marks["mark"], random_state)
        if not len(rounds.rows):
            return clustering.label_rows(places, rounds.rows, rounds.rows)  # type: ignore[return-value]
        ways = clustering.Ways(
            rounds.divide,
            rounds.score,
            rounds.divided,
            len(rounds.rows),
            1,
            len(np.unique(rounds.mark)),
        )
        found = rounds.divide(clustering.number_of(ways, n_clusters))
        return clustering.label_rows(places, rounds.rows, found)  # type: ignore[return-value]


def _marks(job: Checkpoint, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Which rows are zeros, and which are the same."""
    found = job.once("marks", lambda: _joined(job.map("marks", marks_of, pieces)))
    zero = found["zero"]
    warn_of_zeros(int(zero.sum()), len(zero), int(zero.argmax()))
    return found


def marks_of(piece: Piece) -> dict[str, Any]:
    """For each row of a piece, whether it is zeros, and its mark."""
    unit, zero = scaled(piece.matrix())
    return {"zero": zero, "mark": row_marks(unit)}


def _joined(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Arrays of all pieces, one after the other."""
    listed = list(parts)
    return {name: np.concatenate([part[name] for part in listed]) for name in listed[0]}


class Seed(NamedTuple):
    """The seed of one run."""

    seed: int

    @property
    def key(self) -> str:
        """Different from every other run."""
        return str(self.seed)


class _Rounds:
    """The rows that take part, in order of time, and what is done with them piece by piece."""

    def __init__(
        self,
        job: Checkpoint,
        pieces: Sequence[Piece],
        rows: Positions,
        mark: Any,
        random_state: int,
    ) -> None:
        self.rows, self.mark = rows, mark[rows]
        self._job, self._pieces, self._seed = job, pieces, random_state
        self._n_rows = sum(piece.n_rows for piece in pieces)
        self._taking_part = np.zeros(self._n_rows, bool)
        self._taking_part[rows] = True
        self._sample: tuple[Positions, Matrix, Any] | None = None

    def divide(self, n_groups: int) -> Positions:
        """The group of each row by :func:`twlab.analysis.groups.partitions.spherical_kmeans`."""
        n = len(self.rows)
        if n <= partitions.MOST_START_ROWS:
            unit = self._take(f"all-{n_groups}", np.arange(n))
            return partitions.spherical_kmeans(unit, n_groups, random_state=self._seed)

        def start() -> dict[str, Any]:
            drawn = partitions.start_rows(n, n_groups, self._seed)
            chosen = partitions.add_distinct(drawn, self.mark, n_groups)
            sample = self._take(f"sample-{n_groups}", chosen)
            seeds = [Seed(seed) for seed in partitions.start_seeds(self._seed)]
            runs = self._job.map(f"start-{n_groups}", start_of, seeds, sample, n_groups)
            found = ((one["centres"], float(one["cosines"])) for one in runs)
            return {"centres": partitions.best_start(found)}

        centres = self._job.once(f"start-{n_groups}", start)["centres"]
        return partitions.lloyd(centres, self._assign)[0]

    def score(self, labels: Positions) -> float:
        """The modularity of groups, on the sample that a table of so many rows has."""
        return communities.modularity(self._seen()[2], labels[self._seen()[0]])

    def divided(self) -> bool:
        """Whether there is more than one group, judged on the same sample."""
        return communities.is_divided(self._seen()[1])

    def _seen(self) -> tuple[Positions, Matrix, Any]:
        """The sample, its vectors and their ties, looked up once."""
        if self._sample is None:
            drawn = partitions.start_rows(len(self.rows), 1, self._seed)
            unit = self._take("judged", drawn)
            self._sample = drawn, unit, communities.ties(unit)
        return self._sample

    def _assign(self, centres: Matrix) -> tuple[Positions, Floats]:
        step = f"assign-{_digest(centres)}"

        def one_round() -> dict[str, Any]:
            labels, sums = [], np.zeros(centres.shape)
            sent = self._taking_part, centres
            for found in self._job.map(step, assigned_of, self._pieces, *sent):
                labels.append(found["labels"])
                sums += found["sums"]
            return {"labels": np.concatenate(labels), "sums": sums}

        found = self._job.once(step, one_round)
        return found["labels"][self.rows].astype(np.intp), found["sums"]

    def _take(self, step: str, chosen: Positions) -> Matrix:
        """The vectors of some of the rows, by their place in time, scaled to length 1."""
        wanted = self.rows[chosen]
        rows = np.sort(wanted)
        parts = self._job.map(step, partial(take_rows, rows=rows), self._pieces)
        unit, _ = scaled(stacked([part["matrix"] for part in parts]))
        return unit[np.searchsorted(rows, wanted)]


def start_of(seed: Seed, sample: Matrix, n_groups: int) -> dict[str, Any]:
    """One run on the sample."""
    centres, cosines = partitions.start_of(seed.seed, sample, n_groups)
    return {"centres": centres, "cosines": np.array(cosines)}


def assigned_of(piece: Piece, taking_part: Any, centres: Matrix) -> dict[str, Any]:
    """The nearest centre of each row of a piece, -1 for those that take no part, and the sums."""
    mine = taking_part[piece.first : piece.first + piece.n_rows]
    unit, _ = scaled(piece.matrix())
    labels = np.full(piece.n_rows, -1, np.int32)
    labels[mine], sums = partitions.assign_rows(unit[mine], centres)
    return {"labels": labels, "sums": sums}


def _digest(array: Any) -> str:
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
