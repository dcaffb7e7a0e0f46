"""Pictures as text that a page can hold: JPEG in an address of its own.

* :func:`still_address` - a picture as a ``data:`` address
"""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from twlab.checks import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["still_address"]

_QUALITY = 5
"""The quantiser of JPEG, 2 (best) to 31. Of 18 frames of the sample, 213 × 120, one takes 4.8 kB at
5, 8.1 at 2 (which looks the same) and 3.2 at 10 (where edges ring)."""


def still_address(picture: NDArray[np.uint8]) -> str:
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
