"""What is said of one video after the other: the rows of a video come together, then the same call.

Videos that lie in one piece are done while it is read; those that span pieces are done from all
pieces that hold some of them.

* :func:`scenes`, :func:`scene_counts`, :func:`novelty` - along the time of each video
* :func:`video_vectors` - one row per video
* :func:`diagnose` - what is worth knowing of the whole
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.groups import summary
from twlab.analysis.judging import diagnosis
from twlab.analysis.scenes import segmentation
from twlab.analysis.scenes.methods import counts_by_video
from twlab.archive.in_pieces.checkpoints import Checkpoint
from twlab.archive.in_pieces.pieces import (
    pieces_of,
    places_of,
    rows_in,
    table_of,
    take_rows,
)
from twlab.errors import TwlabWarning, warn
from twlab.table.segments import check_places, clip_mask, series_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from twlab.archive.in_pieces.pieces import Piece
    from twlab.archive.sources import Source
    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["diagnose", "novelty", "scene_counts", "scenes", "video_vectors"]

BATCH_ROWS = 65_536
"""Rows of videos that one worker holds at once, unless a single video has more."""


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
    pieces = pieces_of(segments)
    if not pieces:
        return segmentation.scenes(segments.to_table(), n_scenes=n_scenes, method=method)
    asked = sorted(n_scenes.items(), key=str) if isinstance(n_scenes, Mapping) else n_scenes
    with Checkpoint(segments, pieces, "scenes", asked, method) as job:
        places = places_of(pieces, job.executor)
        empty = segmentation.scenes(_no_rows(places), method=method)
        if isinstance(n_scenes, Mapping):
            n_scenes = counts_by_video(n_scenes, places["video_id"])
        batches = _batches(pieces, _clips_by_video(places))
        results = _told(job.map("scenes", scenes_of, batches, pieces, n_scenes, method))
        parts = [_with_videos(places, found, "medoid") for found in results]
    return segmentation.one_table(parts, empty)


def scenes_of(batch: Batch, pieces: Sequence[Piece], n_scenes: Any, method: Any) -> dict[str, Any]:
    """The scenes of some videos; their medoids tell whose they are."""
    rows = np.sort(np.concatenate(batch.groups))
    table = table_of([pieces[k] for k in batch.pieces], rows)
    if isinstance(n_scenes, Mapping):
        here = {*table["video_id"]}
        n_scenes = {video: count for video, count in n_scenes.items() if video in here}
    found, warned = _listened(lambda: segmentation.scenes(table, n_scenes=n_scenes, method=method))
    names = ("start_sec", "end_sec", "n_segments", "strength", "medoid")
    return {name: found[name].to_numpy() for name in names} | {"warned": warned}


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
    pieces = pieces_of(segments)
    if not pieces:
        return segmentation.scene_counts(segments.to_table())
    with Checkpoint(segments, pieces, "scene_counts") as job:
        places = places_of(pieces, job.executor)
        empty = segmentation.count_table(_no_rows(places))
        batches = _batches(pieces, _clips_by_video(places))
        results = _told(job.map("scene counts", scene_counts_of, batches, pieces))
        parts = [_with_videos(places, found, "first") for found in results]
    table = pd.concat(parts, ignore_index=True) if parts else empty
    keys = [name for name in ("video_id", "embedding_option") if name in table.columns]
    return table.sort_values(keys, ignore_index=True).drop(columns="first")


def scene_counts_of(batch: Batch, pieces: Sequence[Piece]) -> dict[str, Any]:
    """The numbers of scenes of some videos; their first rows tell whose they are."""
    rows = np.sort(np.concatenate(batch.groups))
    table = table_of([pieces[k] for k in batch.pieces], rows)
    found, warned = _listened(lambda: segmentation.count_table(table))
    names = ("n_segments", "coarse", "default", "fine", "first")
    return {name: found[name].to_numpy() for name in names} | {"warned": warned}


def _with_videos(places: pd.DataFrame, found: dict[str, Any], row: str) -> pd.DataFrame:
    """What is said of each video or scene of a batch, with the names of that of one of its rows."""
    names = [name for name in ("video_id", "embedding_option") if name in places.columns]
    whose = places[names].iloc[found[row]].reset_index(drop=True)
    columns = {name: column for name, column in found.items() if name != "warned"}
    parts: list[pd.DataFrame] = [whose, pd.DataFrame(columns)]
    return pd.concat(parts, axis=1)


def novelty(segments: Source, *, kernel_sec: float | None = None) -> pd.Series[Any]:
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
    pieces = pieces_of(segments)
    if not pieces:
        return segmentation.novelty(segments.to_table(), kernel_sec=kernel_sec)
    with Checkpoint(segments, pieces, "novelty", kernel_sec) as job:
        places = places_of(pieces, job.executor)
        segmentation.novelty(_no_rows(places), kernel_sec=kernel_sec)
        values = np.full(len(places), np.nan)
        batches = _batches(pieces, _clips_by_video(places))
        for found in _told(job.map("novelty", novelty_of, batches, pieces, kernel_sec)):
            values[found["rows"]] = found["values"]
    return series_like(places, values, "novelty")


def novelty_of(batch: Batch, pieces: Sequence[Piece], kernel_sec: float | None) -> dict[str, Any]:
    """The novelty of the rows of some videos."""
    rows = np.sort(np.concatenate(batch.groups))
    table = table_of([pieces[k] for k in batch.pieces], rows)
    found, warned = _listened(lambda: segmentation.novelty(table, kernel_sec=kernel_sec))
    return {"rows": rows, "values": found.to_numpy(), "warned": warned}


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
    summary.check_scope(scope)
    pieces = pieces_of(segments)
    if not pieces:
        return summary.video_vectors(segments.to_table(), scope=scope)
    with Checkpoint(segments, pieces, "video_vectors", scope) as job:
        places = places_of(pieces, job.executor)
        check_places(places)

        def vectors_of(groups: list[Positions]) -> list[tuple[Floats, int]]:
            found: dict[int, tuple[Floats, int]] = {}
            batches = _batches(pieces, groups)
            results = job.map("video vectors", means_of, batches, pieces, scope)
            for batch, result in zip(batches, results, strict=True):
                for number, n_zero in zip(batch.numbers, result["zeros"], strict=True):
                    found[number] = result[str(number)], int(n_zero)
            return [found[number] for number in range(len(groups))]

        return summary.video_table(places, scope, vectors_of)


def means_of(batch: Batch, pieces: Sequence[Piece], scope: str) -> dict[str, Any]:
    """The vector of each group of rows, and how many zero vectors weigh nothing in it."""
    rows = np.sort(np.concatenate(batch.groups))
    table = table_of([pieces[k] for k in batch.pieces], rows)
    found = [summary.group_vector(table.loc[group], scope) for group in batch.groups]
    vectors = {str(k): vector for k, (vector, _) in zip(batch.numbers, found, strict=True)}
    return vectors | {"zeros": np.array([n_zero for _, n_zero in found])}


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
    pieces = pieces_of(segments)
    if not pieces:
        return diagnosis.diagnose(segments.to_table())
    with Checkpoint(segments, pieces, "diagnose") as job:
        places = places_of(pieces, job.executor)
        check_places(places)
        found = list(job.map("rows", facts_of, pieces))
        width, length, mark = (
            np.concatenate([one[name] for one in found]) for name in diagnosis.Facts._fields
        )

        def look(rows: Positions) -> diagnosis.Facts:
            return diagnosis.Facts(width[rows], length[rows], mark[rows])

        def take(rows: Positions) -> Matrix:
            ascending = np.sort(rows)
            holding = [one for one in pieces if len(ascending[rows_in(one, ascending)])]
            step = f"sample-{ascending[0]}-{len(rows)}" if len(rows) else "sample"
            parts = job.map(step, take_rows, holding, ascending)
            taken = np.concatenate([part["matrix"] for part in parts])
            return taken[np.searchsorted(ascending, rows)]

        return diagnosis.report(places, look, take)


def facts_of(piece: Piece) -> dict[str, Any]:
    """The facts of each row of a piece."""
    return diagnosis.facts_of(piece.matrix())._asdict()


def _clips_by_video(places: pd.DataFrame) -> list[Positions]:
    """The rows of each video that stand for a piece of it, by ascending number."""
    check_places(places)
    clips = np.flatnonzero(clip_mask(places))
    video = pd.factorize(places["video_id"])[0][clips]
    order = np.argsort(video, kind="stable")
    return np.split(clips[order], np.flatnonzero(np.diff(video[order])) + 1)


def _batches(pieces: Sequence[Piece], groups: Sequence[Positions]) -> list[Batch]:
    """Groups of rows that lie in the same pieces together, up to so many rows."""
    firsts = [piece.first for piece in pieces]
    lying: dict[tuple[int, ...], list[int]] = {}
    for number, rows in enumerate(groups):
        if len(rows):
            where = np.unique(np.searchsorted(firsts, rows, side="right") - 1)
            lying.setdefault(tuple(where.tolist()), []).append(number)
    out = []
    for where_all, numbers in sorted(lying.items()):
        ends = np.cumsum([len(groups[number]) for number in numbers])
        parts = np.flatnonzero(np.diff(ends // BATCH_ROWS)) + 1
        for some in np.split(np.array(numbers), parts):
            chosen = tuple(some.tolist())
            out.append(Batch(chosen, tuple(groups[number] for number in chosen), where_all))
    return out


def _no_rows(places: pd.DataFrame) -> pd.DataFrame:
    """A table of segments without rows, by which arguments are checked."""
    return places.iloc[:0].assign(embedding=pd.Series([], dtype=object))


def _listened(call: Callable[[], Any]) -> tuple[Any, Any]:
    """What a call returns, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TwlabWarning)
        result = call()
    mine = [str(one.message) for one in caught if issubclass(one.category, TwlabWarning)]
    return result, np.array(mine, dtype=np.str_)


def _told(results: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The results, while this process warns of what the workers warned of."""
    for found in results:
        for message in found["warned"]:
            warn(str(message))
        yield found
