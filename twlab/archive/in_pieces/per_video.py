"""What is said of one video after the other: the rows of a video come together, then the same call.

Videos that lie in one piece are done while it is read; those that span pieces are done from all
pieces that hold some of them.

* :func:`scenes`, :func:`scene_counts`, :func:`novelty` - along the time of each video
* :func:`video_vectors` - one row per video
* :func:`diagnose` - what is worth knowing of the whole

Here is only which rows go to a worker together and how what it finds comes back. What is checked,
which rows are one video, what is found and how the result looks is said once for tables and stores
in :mod:`twlab.analysis.scenes.segmentation`, :mod:`twlab.analysis.groups.summary` and
:mod:`twlab.analysis.judging.diagnosis`, by functions of rows without vectors.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from twlab.analysis.groups import summary
from twlab.analysis.judging import diagnosis
from twlab.analysis.scenes import segmentation
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    join_fragments,
    read_places,
    read_rows,
    rows_in,
    take_rows,
)
from twlab.errors import TwlabWarning, warn
from twlab.table.segments import check_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Matrix, Positions


__all__ = ["diagnose", "novelty", "scene_counts", "scenes", "video_vectors"]

BATCH_ROWS = 65_536
"""Rows of videos that one worker holds at once, unless a single video has more: eight pieces, or
340 MB of 1,280 numbers each. A piece is read once for each batch that has rows of it."""


class Batch(NamedTuple):
    """Some groups of rows, each whole."""

    numbers: tuple[int, ...]
    groups: tuple[Positions, ...]
    pieces: tuple[int, ...]
    """Numbers of the pieces that hold their rows."""

    @property
    def key(self) -> str:
        """Different from every other batch of the same groups."""
        return str(self.numbers[0])


def scenes(
    segments: Source,
    *,
    n_scenes: segmentation.Count | Mapping[str, segmentation.Count] | None = None,
    method: Literal["linked", "kernel", "gaussian", "ward", "novelty"] = "linked",
) -> pd.DataFrame:
    """Where the scenes of each video of a store begin, and how certain that is.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.
    n_scenes, method
        As for :func:`twlab.scenes`.

    Returns
    -------
    DataFrame
        As :func:`twlab.scenes` gives it.

    Raises
    ------
    InputError
        As :func:`twlab.scenes`.

    See Also
    --------
    twlab.scenes : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     scenes = tw.distributed.scenes(store)
    >>> len(scenes) == len(tw.scenes(tw.sample()))
    True
    """
    with _open_job(segments, "scenes", n_scenes, method) as job:
        return segmentation.scene_table(job.places, n_scenes, method, job.of_each)


def scene_counts(segments: Source) -> pd.DataFrame:
    """How many scenes each video of a store has, at three prices of a cut.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.

    Returns
    -------
    DataFrame
        As :func:`twlab.scene_counts` gives it.

    Raises
    ------
    InputError
        As :func:`twlab.scene_counts`.

    See Also
    --------
    twlab.scene_counts : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     counts = tw.distributed.scene_counts(store)
    >>> counts.equals(tw.scene_counts(tw.sample()))
    True
    """
    with _open_job(segments, "scene_counts") as job:
        return segmentation.count_table(job.places, job.of_each)


def novelty(segments: Source, *, kernel_sec: float | None = None) -> pd.Series[float]:
    """How strongly something new begins at the start of each segment of a store.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.
    kernel_sec : float, optional
        As for :func:`twlab.novelty`.

    Returns
    -------
    Series "novelty"
        As :func:`twlab.novelty` gives it, for the rows of :meth:`twlab.Store.to_table`.

    Raises
    ------
    InputError
        As :func:`twlab.novelty`.

    See Also
    --------
    twlab.novelty : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     novelty = tw.distributed.novelty(store)
    >>> len(novelty) == n
    True
    """
    with _open_job(segments, "novelty", kernel_sec) as job:
        return segmentation.novelty_series(job.places, kernel_sec, job.of_each)


def video_vectors(segments: Source, *, scope: Literal["clip", "video"] = "clip") -> pd.DataFrame:
    """One row per video, option and model of a store: the mean of its clips, or the served vector.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.
    scope : {"clip", "video"}
        As for :func:`twlab.video_vectors`.

    Returns
    -------
    DataFrame
        A table of segments, as :func:`twlab.video_vectors` gives it.

    Raises
    ------
    InputError
        As :func:`twlab.video_vectors`.

    See Also
    --------
    twlab.video_vectors : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     tw.distributed.video_vectors(store)["video_id"].tolist()
    ['big_buck_bunny']
    """
    with _open_job(segments, "video_vectors", scope) as job:
        return summary.vector_table(job.places, scope, job.of_each)


def diagnose(segments: Source) -> pd.DataFrame:
    """What is worth knowing about a store before it is analysed, one finding per row.

    Parameters
    ----------
    segments : Store
        The store, or a part of one; work runs on its executor.

    Returns
    -------
    DataFrame
        As :func:`twlab.diagnose` gives it.

    Raises
    ------
    InputError
        As :func:`twlab.diagnose`.

    See Also
    --------
    twlab.diagnose : what users call, with a store or a table

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = tw.open(folder)
    ...     n = store.add(tw.sample())
    ...     findings = tw.distributed.diagnose(store)
    >>> findings.columns.tolist()[:3]
    ['subject', 'check', 'value']
    """
    with _open_job(segments, "diagnose") as job:
        return diagnosis.report(job.places, job.facts(), job.vectors)


class _StoredRows(NamedTuple):
    """What the analyses here are given of a store in place of its table."""

    checkpoint: Checkpoint
    pieces: Sequence[Piece]
    places: pd.DataFrame
    """All rows without their vectors."""

    def of_each(
        self, step: str, look: Callable[..., Any], groups: Sequence[Positions], *sent: Any
    ) -> Iterator[tuple[Any, ...]]:
        """As :class:`twlab.table.groups.EachGroup`: ``look`` goes to where the rows are read."""
        batches = _batches(self.pieces, groups)
        results = self.checkpoint.map(step, look_at, batches, self.pieces, look, sent)
        found = {}
        for batch, result in zip(batches, results, strict=True):
            for message in result["warned"]:
                warn(str(message))
            for number in batch.numbers:
                n_parts = int(result[f"{number}"])
                found[number] = tuple(result[f"{number}.{k}"] for k in range(n_parts))
        return (found[number] for number in range(len(groups)))

    def facts(self) -> Callable[[Positions], diagnosis.Facts]:
        """What tells the facts of some rows, which every piece has told before."""
        found = list(self.checkpoint.map("rows", tell_facts, self.pieces))
        none = diagnosis.row_facts(np.empty((0, 0), np.float32))  # a store may have no pieces
        parts = [none._asdict(), *found]
        width, length, mark = (
            np.concatenate([one[name] for one in parts]) for name in diagnosis.Facts._fields
        )
        return lambda rows: diagnosis.Facts(width[rows], length[rows], mark[rows])

    def vectors(self, rows: Positions) -> Matrix:
        """The vectors of some rows, of the pieces that hold them."""
        ascending = np.sort(rows)
        holding = [one for one in self.pieces if len(ascending[rows_in(one, ascending)])]
        step = f"sample-{ascending[0]}-{len(rows)}"  # no two options have a row in common
        parts = self.checkpoint.map(step, take_rows, holding, ascending)
        taken = np.concatenate([part["matrix"] for part in parts])
        return taken[np.searchsorted(ascending, rows)]


@contextmanager
def _open_job(segments: Source, name: str, *parameters: Any) -> Iterator[_StoredRows]:
    """The job of that name and those parameters, its rows checked as a table's are."""
    pieces = join_fragments(segments)
    with Checkpoint(segments, pieces, name, *parameters) as checkpoint:
        places = read_places(segments, pieces)
        check_places(places)
        yield _StoredRows(checkpoint, pieces, places)


def look_at(
    batch: Batch, pieces: Sequence[Piece], look: Callable[..., Any], sent: Any
) -> dict[str, Any]:
    """What is said of each group of a batch, its parts by number, and what it was warned of.

    Workers cannot warn the user: their warnings travel with the result.
    """
    rows = np.sort(np.concatenate(batch.groups))
    table = read_rows([pieces[k] for k in batch.pieces], rows)
    out: dict[str, Any] = {}  # flat, as a file of arrays is: parts of group 3 are 3.0, 3.1, …
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TwlabWarning)
        for number, group in zip(batch.numbers, batch.groups, strict=True):
            found = look(table.iloc[np.searchsorted(rows, group)], *sent)
            out[f"{number}"] = np.array(len(found))
            out |= {f"{number}.{k}": np.asarray(part) for k, part in enumerate(found)}
    mine = [str(one.message) for one in caught if issubclass(one.category, TwlabWarning)]
    return out | {"warned": np.array(mine, dtype=np.str_)}  # of objects it would be a pickle


def tell_facts(piece: Piece) -> dict[str, Any]:
    """The facts of each row of a piece."""
    return diagnosis.row_facts(piece.matrix())._asdict()


def _batches(pieces: Sequence[Piece], groups: Sequence[Positions]) -> list[Batch]:
    """Groups of rows that lie in the same pieces together, up to so many rows.

    A piece is read once for each batch that has rows of it, so what lies in the same pieces goes
    together, whatever its place among the groups. Of several groups that are refused the error
    names one of the first batch, which need not be the first of the table.
    """
    firsts = [piece.first for piece in pieces]
    lying: dict[tuple[int, ...], list[int]] = {}
    for number, rows in enumerate(groups):
        # The piece of a row is the last that begins at it or before.
        where = np.unique(np.searchsorted(firsts, rows, side="right") - 1)
        lying.setdefault(tuple(where.tolist()), []).append(number)
    out = []
    for where_all, numbers in lying.items():
        ends = np.cumsum([len(groups[number]) for number in numbers])
        parts = np.flatnonzero(np.diff(ends // BATCH_ROWS)) + 1
        for some in np.split(np.array(numbers), parts):
            chosen = tuple(some.tolist())
            out.append(Batch(chosen, tuple(groups[number] for number in chosen), where_all))
    return out
