"""Where the segments of a film begin and end, as the service cuts them.

* :func:`fixed_spans` - clips of one length
* :func:`shot_spans` - by the cuts of the film, which PySceneDetect finds (extra ``shots``)
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from twlab.checks import require

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SHORTEST_SEC", "SegmentSpans", "fixed_spans", "join_shots", "shot_spans"]

SegmentSpans = list[tuple[float, float]]

SHORTEST_SEC, LONGEST_SEC = 2.0, 10.0
"""Of segments: the bounds that the service has for its own."""


def fixed_spans(duration_sec: float, clip_sec: float) -> SegmentSpans:
    """Clips of one length; a last one shorter than 2 s is left out, as the service does.

    A film that is shorter than that is one clip.

    >>> fixed_spans(13.5, 6)
    [(0.0, 6.0), (6.0, 12.0)]
    """
    shortest = min(SHORTEST_SEC, clip_sec, duration_sec)
    starts = (k * float(clip_sec) for k in range(math.ceil(duration_sec / clip_sec)))
    spans = [(start, min(start + clip_sec, duration_sec)) for start in starts]
    return [(start, end) for start, end in spans if end - start >= shortest]


def shot_spans(path: Path, duration_sec: float) -> SegmentSpans:
    """Segments of 2 to 10 s that begin at cuts: short shots are joined, long ones split evenly.

    Raises
    ------
    MissingExtraError
        If PySceneDetect is not installed.
    """
    scenedetect = require("scenedetect", extra="shots")
    reader = require("scenedetect.backends.pyav", extra="shots")
    found = scenedetect.SceneManager()
    found.add_detector(scenedetect.AdaptiveDetector())
    with path.open("rb") as file:  # opened here, as it would leave the file open
        found.detect_scenes(reader.VideoStreamAv(file), show_progress=False)
    cuts = [start.seconds for start, _ in found.get_scene_list()[1:]]
    return join_shots([*cuts, duration_sec])


def join_shots(ends: list[float]) -> SegmentSpans:
    """Segments of 2 to 10 s between ascending ends of shots.

    >>> join_shots([1.0, 4.0, 16.0])
    [(0.0, 4.0), (4.0, 10.0), (10.0, 16.0)]
    """
    spans: SegmentSpans = []
    start = 0.0
    for end in ends:
        if end - start < min(SHORTEST_SEC, ends[-1]):
            continue
        pieces = math.ceil((end - start) / LONGEST_SEC)
        edges = [start + k * (end - start) / pieces for k in range(pieces)] + [end]
        spans += itertools.pairwise(edges)
        start = end
    return spans
