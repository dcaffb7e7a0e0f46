"""Pictures as text that a page can hold: JPEG in an address of its own.

* :func:`stills_at` - the frames of films at some times
"""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from twlab.checks import require
from twlab.errors import InputError
from twlab.media.frames import frames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Still", "stills_at"]

_QUALITY = 5
"""The quantiser of JPEG, 2 (best) to 31. Of 18 frames of the sample, 213 × 120, one takes 4.8 kB at
5, 8.1 at 2 (which looks the same) and 3.2 at 10 (where edges ring)."""


class Still(NamedTuple):
    """A frame of a film, ready for a page."""

    address: str
    shape: float
    """Width by height."""


def stills_at(
    films: Mapping[str, Any], times_sec: Mapping[str, Sequence[float]], *, height: int
) -> dict[str, dict[float, Still]]:
    """For each video that has a film its frames by their time.

    Raises
    ------
    InputError
        If a film cannot be read, or ends before one of the times.
    MissingExtraError
        If PyAV is not installed.
    """
    return {
        video: _stills_of(video, films[video], times, height)
        for video, times in times_sec.items()
        if video in films
    }


def _stills_of(video: str, film: Any, times: Sequence[float], height: int) -> dict[float, Still]:
    """Frames of one film; what is wrong with it names the video."""
    different = sorted(set(times))
    try:
        pictures = frames(film, different, height=height)
    except InputError as error:
        raise InputError(f"the film of {video!r}: {error}") from None
    shape = pictures.shape[2] / pictures.shape[1]
    stills = [Still(_still_address(picture), shape) for picture in pictures]
    return dict(zip(different, stills, strict=True))


def _still_address(picture: NDArray[np.uint8]) -> str:
    """A picture of shape ``(height, width, 3)`` as an address that holds it: ``data:image/jpeg``.

    Raises
    ------
    MissingExtraError
        If PyAV is not installed.
    """
    av: Any = require("av", extra="media")
    height, width = picture.shape[:2]
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = _QUALITY
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuvj420p", dst_colorspace="ITU601", dst_color_range="JPEG"
    )
    frame.pts = 0
    content = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"
