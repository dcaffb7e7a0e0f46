"""Films whose every frame says its number: bars that are bright where the number has a one."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BITS, BAR, HEIGHT = 8, 16, 96
WIDTH = BITS * BAR
TICKS = 1000
"""Of a second, for the times of frames."""


def bars(number: int) -> np.ndarray[Any, Any]:
    """The picture of a number: its bits from left to right, above them a bright line."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 3] = (255, 0, 0)
    for bit in range(BITS):
        picture[HEIGHT // 3 :, bit * BAR : (bit + 1) * BAR] = 255 * (number >> bit & 1)
    return picture


def number_of(picture: np.ndarray[Any, Any]) -> int:
    """The number that a picture shows, at any height."""
    height, width = picture.shape[:2]
    row = picture[height * 2 // 3].astype(int).sum(axis=-1) / 3
    centres = [int((bit + 0.5) * width / BITS) for bit in range(BITS)]
    values = row[centres]
    assert ((values < 70) | (values > 185)).all(), values
    return sum(1 << bit for bit, value in enumerate(values) if value > 128)


def make_film(
    path: Path,
    times: Sequence[float],
    *,
    codec: str = "libx264",
    gop: int = 12,
    start: float = 0.0,
    options: dict[str, str] | None = None,
    sample_aspect_ratio: Fraction | None = None,
) -> Path:
    """A film whose frame k is shown at ``times[k]``; ``start`` is what the file calls zero."""
    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=25, options=options or {})
        track.width, track.height, track.pix_fmt, track.gop_size = WIDTH, HEIGHT, "yuv420p", gop
        track.time_base = track.codec_context.time_base = Fraction(1, TICKS)
        if sample_aspect_ratio is not None:
            track.codec_context.sample_aspect_ratio = sample_aspect_ratio
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(bars(number), format="rgb24")
            frame.pts, frame.time_base = round((time + start) * TICKS), Fraction(1, TICKS)
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return path


def add_turn(path: Path, to: Path, matrix: Sequence[int]) -> Path:
    """A copy of an MP4 whose header asks players to turn it: a, b, c, d of the track's matrix."""
    one = 1 << 16
    plain = b"".join(int(v).to_bytes(4, "big") for v in (one, 0, 0, 0, one, 0, 0, 0, 1 << 30))
    a, b, c, d = (value * one for value in matrix)
    turned = b"".join(
        int(v).to_bytes(4, "big", signed=True) for v in (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    )
    content = path.read_bytes()
    place = content.index(plain, content.index(b"tkhd"))
    to.write_bytes(content[:place] + turned + content[place + len(plain) :])
    return to
