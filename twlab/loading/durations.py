"""Whether a length is that of the segments or of the film.

``start`` and ``duration`` may be all that is said of when a segment is. The same words may stand
for the film, whose length is the same in all of its rows and after all of its starts. So the
numbers of all rows of a source say which it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twlab.loading.further import (
    NAMING,
    as_amount,
    further_cells,
    put,
    rates_of,
)
from twlab.loading.responses.othernames import FALLBACK_VIDEO, length_name
from twlab.table.tracks import SAME_SEC

if TYPE_CHECKING:
    from twlab.loading.responses import Found

__all__ = ["fill_ends"]

_ROUNDING_SEC = 0.05
"""Times with one decimal are off by so much."""
_SEGMENT_LENGTH = "segment_duration_sec"


def fill_ends(found: Found) -> None:
    """Give rows that have a start and no end the end that their length says.

    A length that is the segment's own although it was served under a name of the film's, beside
    starts and ends, becomes ``segment_duration_sec``.
    """
    if found.saved or "duration_sec" in found.columns.values():
        return  # the caller has said that it is the film's
    start, end = further_cells(found, "start_sec"), further_cells(found, "end_sec")
    if not start or all(map(math.isnan, start)):
        return
    name, lengths = _lengths(found, start)
    if not name:
        return
    if all(math.isnan(b) or a == b for a, b in zip(start, end, strict=True)):
        put(found, name, "end_sec", [a + n for a, n in zip(start, lengths, strict=True)])
    elif name == "duration_sec" and _are_spans(start, end, lengths):
        put(found, name, _SEGMENT_LENGTH, lengths)


def _lengths(found: Found, start: list[float]) -> tuple[str, list[float]]:
    """The column of the lengths of segments, in seconds; no name where there is none."""
    names = {name for rows in found.rows for name in rows.columns}
    hints = {name: hint for name in sorted(names) if (hint := length_name(name))}
    for name, (sure, rate) in sorted(hints.items(), key=lambda item: not item[1][0]):
        cells = [as_amount(cell) for cell in further_cells(found, name)]
        rates = [rate] * len(cells) if rate else [r for rows in found.rows for r in rates_of(rows)]
        lengths = [
            n / r if n is not None and r else math.nan for n, r in zip(cells, rates, strict=True)
        ]
        known = [math.isnan(a) or not math.isnan(n) for a, n in zip(start, lengths, strict=True)]
        if all(known) and (sure or _are_of_segments(_key_by_video(found), start, lengths)):
            return name, lengths
    return "", []


def _key_by_video(found: Found) -> list[Any]:
    """What says of each row whose it is."""
    names = (*NAMING, FALLBACK_VIDEO)
    return list(zip(*(further_cells(found, name) for name in names), strict=True))


def _are_of_segments(videos: list[Any], start: list[float], lengths: list[float]) -> bool:
    """Whether lengths are of segments: they differ in one film, or a segment starts after them."""
    least: dict[Any, float] = {}
    most: dict[Any, float] = {}
    for video, at, length in zip(videos, start, lengths, strict=True):
        if math.isnan(length) or math.isnan(at):
            continue
        if 0 < length <= at:
            return True
        least[video] = min(length, least.get(video, length))
        most[video] = max(length, most.get(video, length))
    return any(most[video] - least[video] > SAME_SEC for video in most)


def _are_spans(start: list[float], end: list[float], lengths: list[float]) -> bool:
    """Whether each length is the time from start to end."""
    rows = zip(start, end, lengths, strict=True)
    return all(math.isnan(a) or abs(b - a - length) <= _ROUNDING_SEC for a, b, length in rows)
