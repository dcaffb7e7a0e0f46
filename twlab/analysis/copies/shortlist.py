"""Which videos of a large corpus a clip may lie in, before it is laid on each.

* :func:`likeliest_videos` - the videos whose segments are most like those of a clip

A line of :mod:`twlab.analysis.copies.diagonals` is worth the sum of ``similarity - LEAST`` along
it, of vectors centred on the mean of the video. It meets one place per segment of the clip, so it
is hardly worth more than the best places of all segments together, and those take one matrix
product for a whole corpus.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.copies.diagonals import LEAST
from twlab.analysis.copies.refining import NEAR_MEAN
from twlab.analysis.neighbors.similarity import BLOCK_CELLS, same_space
from twlab.table.segments import clip_mask, scale_rows, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions


__all__ = ["likeliest_videos"]


def likeliest_videos(clip: pd.DataFrame, corpus: pd.DataFrame, n: int) -> pd.Index[Any]:
    """The ``n`` videos of a corpus in which lines could be worth most; of equals the first."""
    video, names = pd.factorize(corpus["video_id"])
    worth = np.zeros(len(names))
    ours, theirs = scale_rows(vectors(clip))[0], vectors(corpus)
    same_space(clip, corpus, ours, theirs)
    for mine, others in _same_options(clip, corpus):
        for rows in _whole_videos(video, others, len(mine)):
            numbers, values = _worth(ours[mine], scale_rows(theirs[rows])[0], video[rows])
            worth[numbers] += values
    likeliest: pd.Index[Any] = pd.Index(names[np.argsort(-worth, kind="stable")[:n]])
    return likeliest


def _same_options(
    clip: pd.DataFrame, corpus: pd.DataFrame
) -> Iterator[tuple[Positions, Positions]]:
    """Rows of the clip of one option, and rows of the corpus of the same or an unknown one."""
    mine, theirs = (_options(side) for side in (clip, corpus))
    masks = clip_mask(clip), clip_mask(corpus)
    for option in pd.unique(mine):
        if pd.isna(option):
            rows, others = pd.isna(mine), np.ones(len(theirs), bool)
        else:
            rows, others = mine == option, (theirs == option) | pd.isna(theirs)
        yield np.flatnonzero(rows & masks[0]), np.flatnonzero(others & masks[1])


def _options(segments: pd.DataFrame) -> NDArray[np.object_]:
    """The option of every row, None where it is not known."""
    if "embedding_option" not in segments.columns:
        return np.full(len(segments), None, object)
    options = segments["embedding_option"].astype(object)
    return options.where(options.notna(), None).to_numpy(object)


def _whole_videos(video: Positions, rows: Positions, n_queries: int) -> Iterator[Positions]:
    """The rows by video, as many whole videos at a time as make a block of similarities."""
    order = rows[np.argsort(video[rows], kind="stable")]
    most = max(1, BLOCK_CELLS // 4 // max(1, n_queries))
    starts = np.flatnonzero(np.diff(video[order], prepend=-1))
    first = 0
    for start, end in pairwise([*starts.tolist(), len(order)]):
        if end - first > most and start > first:
            yield order[first:start]
            first = start
    if first < len(order):
        yield order[first:]


def _worth(ours: Matrix, theirs: Matrix, video: Positions) -> tuple[Positions, Floats]:
    """The numbers of some videos, and what lines in each are worth at most."""
    # With m the mean of a video, x a segment of the clip and y one of the video, all products that
    # the cosine of x - m and y - m needs come from x.y, x.m, y.m and m.m:
    #   (x - m).(y - m) = x.y - x.m - y.m + m.m   and   |y - m|**2 = 1 - 2 y.m + m.m.
    # So no video has to be centred by itself, and one product does for a block of them. Here all
    # segments vote for the mean and lines go through whole ones: this ranks, it is no bound.
    starts = np.flatnonzero(np.diff(video, prepend=-1))
    sizes = np.diff(starts, append=len(video))
    of = np.repeat(np.arange(len(starts)), sizes)
    means = np.add.reduceat(theirs, starts, axis=0) / sizes[:, None].astype(np.float32)
    square = np.einsum("ij,ij->i", means, means)
    ours_mean, theirs_mean = ours @ means.T, np.einsum("ij,ij->i", theirs, means[of])
    similar = ours @ theirs.T - ours_mean[:, of] - theirs_mean + square[of]
    similar /= np.maximum(_length(1 - 2 * theirs_mean + square[of]), NEAR_MEAN)
    best = np.maximum.reduceat(similar, starts, axis=1)
    best /= np.maximum(_length(1 - 2 * ours_mean + square), NEAR_MEAN)
    return video[starts], np.maximum(best - LEAST, 0).sum(axis=0, dtype=np.float64)


def _length(squares: Any) -> Any:
    return np.sqrt(np.maximum(squares, 0))
