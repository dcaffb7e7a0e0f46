"""Which tables twlab made, told by their columns, and the spots that their rows point at.

* :func:`is_ours` - whether a table has the columns of segments or of a result
* :func:`spots_of` - for each row the video and the second to take a frame of
* :data:`FINDINGS` - the columns of what ``tw.diagnose`` says
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["FINDINGS", "Spots", "is_ours", "spots_of"]

_SPAN = frozenset(("video_id", "start_sec", "end_sec"))

FINDINGS = frozenset(("subject", "check", "value", "verdict", "finding"))

OURS = (
    _SPAN | {"embedding"},  # segments, summaries, vectors of videos
    _SPAN | {"embedding_option"},  # the same without their vectors
    _SPAN | {"n_segments", "medoid"},  # scenes
    _SPAN | {"rank", "score"},  # hits
    frozenset(("query", "rank", "match", "cosine_similarity")),  # the nearest
    frozenset(("a", "b", "cosine_similarity", "video_id_a", "video_id_b")),  # near duplicates
    frozenset(("a_video_id", "b_video_id", "a_start_sec", "b_start_sec")),  # pieces
    frozenset(("n_segments", "medoid", "medoid_video_id", "cohesion")),  # clusters
    frozenset(("video_id", "n_segments", "coarse", "default", "fine")),  # numbers of scenes
    frozenset(("option_a", "option_b", "agreement", "p_value")),  # options compared
    frozenset(("threshold", "neighbours_kept", "unrelated_kept")),
    frozenset(("source", "place", "field", "problem")),  # what tw.check finds
    FINDINGS,
)
"""Columns that together say which function of twlab made a table."""

POINTERS = (
    ("frame", "video_id", "start_sec", "end_sec"),
    ("frame", "medoid_video_id", "medoid_start_sec", None),
    ("frame_a", "a_video_id", "a_start_sec", "a_end_sec"),
    ("frame_b", "b_video_id", "b_start_sec", "b_end_sec"),
    ("frame_a", "video_id_a", "start_sec_a", "end_sec_a"),
    ("frame_b", "video_id_b", "start_sec_b", "end_sec_b"),
)
"""Columns that point at a stretch of a video, and what a column of its frames is called."""


class Spots(NamedTuple):
    """What one column of frames shows, row by row."""

    name: str
    videos: list[str]
    seconds: list[float]
    """NaN where a row has no time."""


def is_ours(table: pd.DataFrame) -> bool:
    """Whether a table has the columns of segments or of a result of twlab."""
    names = set(table.columns)
    return table.columns.is_unique and any(names >= one for one in OURS)


def spots_of(table: pd.DataFrame) -> list[Spots]:
    """The middle of every stretch that rows point at; none where no columns say it."""
    found = []
    for name, video, start, end in POINTERS:
        wanted = [one for one in (video, start, end) if one is not None]
        if not table.columns.is_unique or not set(wanted) <= set(table.columns):
            continue
        bounds = [_seconds(table[one]) for one in wanted[1:]]
        middle = np.mean(bounds, axis=0)
        middle = np.where(np.isfinite(middle) & (middle >= 0), middle, np.nan)
        found.append(Spots(name, list(map(str, table[video])), middle.tolist()))
    return found


def _seconds(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Times as floats; NaN where a column holds no numbers."""
    from pandas.api.types import is_any_real_numeric_dtype

    if not is_any_real_numeric_dtype(column):
        return np.full(len(column), np.nan)
    return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
