"""Frames in place of films that browsers do not show.

A browser shows what most web pages hold: H.264, VP8, VP9 and AV1 in MP4, QuickTime, WebM and
Matroska. Of other films (HEVC of telephones, MPEG-4 in AVI) it plays the sound, or nothing; but who
writes a page has the film, and PyAV decodes it.

* :func:`film_stills` - a frame of each clip of such films
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlab.endings import media_type
from twlab.errors import InputError, MissingExtraError, warn
from twlab.media.containers import tracks_of
from twlab.media.stills import stills_at
from twlab.table.segments import clip_mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import Positions

__all__ = ["film_stills"]

SHOWN_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
"""What every browser of 2026 decodes; HEVC needs the hardware and a system that paid for it."""

SHOWN_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/x-matroska"})
"""Files that Chromium opens; of these Firefox and Safari leave out Matroska, and say so."""

CARD_LINES = 180
"""Pixels: cards are up to 158 high; of this height a frame takes 7 kB."""

MOST_STILLS = 300
"""Of a film, evenly spread where it has more clips: 2 MB, and a minute or two of decoding."""


def film_stills(segments: pd.DataFrame, films: Mapping[str, Path]) -> dict[int, str]:
    """The addresses of frames, by the position of their clip, of films that browsers do not show.

    Parameters
    ----------
    segments : DataFrame
        The table of the page.
    films : mapping of str to Path
        The films by ``video_id``.
    """
    found: dict[int, str] = {}
    for video, path in films.items():
        try:
            tracks = tracks_of(path)
            if not tracks.pictures or _is_shown(path, tracks.codec):
                continue
            rows, times = _moments(segments, video, tracks.duration_sec)
            stills = stills_at({video: path}, {video: times.tolist()}, height=CARD_LINES)[video]
        except (InputError, MissingExtraError):
            continue  # the page says of a film that does not play that it does not
        found |= {int(row): stills[time].address for row, time in zip(rows, times, strict=True)}
        warn(
            f"many browsers do not show {path.name!r}, whose pictures are coded as {tracks.codec}: "
            f"the page has a still of {len(rows)} of its clips; copy it as H.264 in MP4 to see it "
            "play"
        )
    return found


def _is_shown(path: Path, codec: str) -> bool:
    """Whether browsers play it, as far as its name and its codec tell."""
    return codec in SHOWN_CODECS and media_type(path.name) in SHOWN_TYPES


def _moments(
    segments: pd.DataFrame, video: str, duration_sec: float
) -> tuple[Positions, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The clips to show and their middles."""
    middles = ((segments["start_sec"] + segments["end_sec"]) / 2).to_numpy(np.float64)
    own = (segments["video_id"].astype(str) == video).to_numpy() & clip_mask(segments)
    rows = np.flatnonzero(own & (middles < duration_sec))
    if len(rows) > MOST_STILLS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_STILLS).round().astype(np.intp)]
    return rows, middles[rows]
