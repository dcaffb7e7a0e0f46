"""The videos of a table as the explorer knows them: what each is called, how long, what it shows.

* :func:`video_ids_of` - the videos, in order
* :func:`describe_videos` - what the browser is told of each
* :func:`name_videos` - which video a row is of, as a column that colours and filters
* :func:`tell_typical` - the most typical second of each
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.media.addresses import mask_secrets
from twlab.widgets.spaces import typical_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twlab.table.types import Arrays
    from twlab.widgets.spaces import Space
    from twlab.widgets.video_files import VideoSource


__all__ = ["describe_videos", "name_videos", "tell_typical", "video_ids_of"]


def video_ids_of(segments: pd.DataFrame) -> list[str]:
    """The videos of a table, in the order in which they first appear."""
    ids = [str(one) for one in pd.unique(segments["video_id"])]
    if len(set(ids)) < len(ids):
        same = max(ids, key=ids.count)
        raise InputError(
            f"two videos of the table are both written {same!r}, one as a text and one not; one "
            "name per video was expected; give one of them another video_id"
        )
    return ids


def describe_videos(
    segments: pd.DataFrame,
    ids: list[str],
    sources: list[VideoSource],
    thumbnails: Mapping[str, str],
) -> list[dict[str, Any]]:
    """What the browser is told of every video."""
    groups = segments.groupby(segments["video_id"].astype(str), sort=False)
    reach = groups["end_sec"].max()
    names, lengths = _first_of(groups, "filename"), _first_of(groups, "duration_sec")
    titles = _titles_of(ids, names)
    told: list[dict[str, Any]] = []
    for video_id, title, source in zip(ids, titles, sources, strict=True):
        told.append(
            {
                "id": video_id,
                "title": title,
                "duration": _first_length(lengths.get(video_id), reach.get(video_id)),
                "source": dict(source),
                "thumbnail": thumbnails.get(video_id, ""),
                "typical": 0.0,
            }
        )
    return told


def name_videos(
    segments: pd.DataFrame,
    extra: dict[str, Any],
    video: NDArray[np.uint32],
    videos: list[dict[str, Any]],
) -> tuple[str, pd.Series[Any]] | None:
    """The column that says which of several videos a row is of, and its name; None for one video.

    What one looks for in an archive first is which film a point is of. It is called ``video``;
    where the table or the labels have a column of that name, which may say something else, it is
    ``video_id``.
    """
    if len(videos) < 2:
        return None
    taken = {*extra, *map(str, segments.columns)} - ({"video_id"} - {*extra})
    free = ["video", "video_id", *(f"video {k}" for k in range(2, len(taken) + 3))]
    name = next(one for one in free if one not in taken)
    told = "id" if name == "video_id" else "title"
    texts = np.array([one[told] for one in videos], object)
    return name, pd.Series(texts[video], index=segments.index)


def tell_typical(videos: list[dict[str, Any]], spaces: list[Space], arrays: Arrays) -> None:
    """The second of the most typical frame of each video, by the first space that it is in."""
    for space in reversed(spaces):
        for code, row in typical_rows(space, arrays["video"]).items():
            second = float(arrays["start"][row] + arrays["end"][row]) / 2
            if np.isfinite(second):
                videos[code]["typical"] = second


def _titles_of(ids: list[str], names: dict[str, Any]) -> list[str]:
    """What people call each video: its file; where several have that name, which it is as well."""
    plain = [mask_secrets(str(names.get(one, one))) for one in ids]
    often = Counter(plain)
    told = [
        name if often[name] == 1 else f"{name} ({mask_secrets(one)})"
        for one, name in zip(ids, plain, strict=True)
    ]
    again = Counter(told)
    return [name if again[name] == 1 else f"{name} #{k}" for k, name in enumerate(told, start=1)]


def _first_length(*known: Any) -> float:
    """The first of some lengths that is a number of seconds, else 0."""
    numbers = pd.to_numeric(pd.Series(known, dtype=object), errors="coerce").astype(float)
    fit = numbers[np.isfinite(numbers) & (numbers >= 0)]
    return float(fit.iloc[0]) if len(fit) else 0.0


def _first_of(groups: Any, name: str) -> dict[str, Any]:
    """The first known value of a column for each video."""
    if groups.obj.columns.tolist().count(name) != 1:
        return {}
    return dict(groups[name].first().dropna())
