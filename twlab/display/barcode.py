"""A vector as a small picture, alike where vectors are alike.

* :func:`barcode_address` - the picture as a ``data:`` address
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.looks import MARKS, channels

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["barcode_address"]

MOST_BARS = 96
"""Bars of a picture that is shown 96 pixels wide; more could not be seen."""


def barcode_address(vector: NDArray[Any]) -> str:
    """A vector of any length as ``data:image/png``, one pixel high.

    Blue bars are below zero, orange ones above, the stronger the farther; nothing is drawn at
    zero, so that it stands on a light page and on a dark one. Long vectors are averaged over
    blocks of neighbouring numbers, so that equal vectors have equal pictures and similar ones
    similar pictures. Each is scaled by its own largest bar, as cosine similarity knows no length.
    """
    numbers = np.nan_to_num(vector.astype(np.float64), posinf=0, neginf=0)
    edges = np.linspace(0, len(numbers), min(MOST_BARS, len(numbers)) + 1).astype(int)
    bars = np.add.reduceat(numbers, edges[:-1]) / np.diff(edges)
    largest = np.abs(bars).max(initial=0) or 1.0
    pixels = np.zeros((len(bars), 4), np.uint8)
    low, high = channels(MARKS[0]), channels(MARKS[-1])
    pixels[:, :3] = np.where(bars[:, None] < 0, low, high)
    pixels[:, 3] = np.round(255 * np.abs(bars) / largest)
    return f"data:image/png;base64,{base64.b64encode(_png(pixels)).decode('ascii')}"


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """One line of pixels of shape (width, 4) as a file."""
    header = struct.pack(">IIBBBBB", len(pixels), 1, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + pixels.tobytes())), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
