"""A descriptor of sound: how loud each of 64 bands of pitch is in a segment, and how it varies.

No learned model. Each band is standardised over the whole file, or loudness would drown
everything; a segment has the mean and the deviation of each band, scaled to length 1. The file is
read once and piece by piece, so memory does not grow with its length.

* :func:`sound_vectors` - ``(n, 128)`` for n segments
"""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import require
from twlab.media.containers import errors_as_sentence, open_container, origin_sec
from twlab.media.spans import SHORTEST_SEC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from twlab.media.spans import SegmentSpans

    Bands = NDArray[np.float64]

__all__ = ["SOUND_MODEL", "log_mel", "sound_vectors"]

SOUND_MODEL = "log-mel statistics (not Marengo)"

RATE, WINDOW, HOP = 16_000, 400, 160
"""Samples a second, of a window and between windows: 25 ms every 10 ms, as speech is looked at."""
N_BANDS = 64
"""Bands of pitch: as many as models of sound are commonly given."""
SILENT_POWER = 1e-4
"""Power below which all is silence: a hundredth of the amplitude of one step of 16 bits, summed
over a window, is under it."""
BLOCK = 60 * RATE
"""Samples that are worked on at once: a minute is 4 MB."""


def sound_vectors(path: Path, spans: SegmentSpans) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A vector of each segment ``(n, 128)``, and which of them have sound.

    A segment has none where the track has not begun or has ended, and in a silent file.

    Raises
    ------
    MissingExtraError
        If PyAV is not installed.
    """
    starts = np.array([start for start, _ in spans])
    ends = np.array([end for _, end in spans])
    sums = np.zeros((len(spans) + 1, 2, N_BANDS))  # the last row is what lies in no segment
    counts = np.zeros(len(spans) + 1)
    for times, bands in _bands(path):
        owner = np.searchsorted(starts, times, side="right") - 1
        owner = np.where((owner >= 0) & (times < ends[owner]), owner, len(spans))
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        np.add.at(counts, owner, 1)
        powers = np.stack([bands, bands**2], axis=1)
        np.add.at(sums, owner[first], np.add.reduceat(powers, first, axis=0))
    mean = sums.sum(axis=0)[0] / max(1, counts.sum())
    spread = np.sqrt(np.maximum(0, sums.sum(axis=0)[1] / max(1, counts.sum()) - mean**2))
    return _standardise(sums[:-1], counts[:-1], mean, spread, ends - starts)


def _standardise(
    sums: Bands, counts: Bands, mean: Bands, spread: Bands, length_sec: Bands
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Mean and deviation of each band in each segment, by those of the whole file."""
    n = np.maximum(1, counts)[:, None]
    own = sums[:, 0] / n
    vary = np.sqrt(np.maximum(0, sums[:, 1] / n - own**2))
    scale = np.where(spread > 0, spread, 1)
    rows = np.hstack([(own - mean) / scale, vary / scale])
    lengths = np.linalg.norm(rows, axis=1)
    heard = (counts >= _least_windows(length_sec)) & (lengths > 0)
    rows[heard] /= lengths[heard, None]
    return rows.astype(np.float32), heard


def _least_windows(length_sec: Bands) -> Bands:
    """How many windows a segment needs: 2 s of sound, or nearly all of it where it is shorter."""
    return 0.9 * np.minimum(length_sec, SHORTEST_SEC) * RATE / HOP  # codecs drop .1 s at ends


def _bands(path: Path) -> Iterator[tuple[Bands, Bands]]:
    """Times and bands of the windows of a file, a block at a time."""
    begun, done = 0.0, 0
    for begun, block in _blocks(path):
        bands = log_mel(block)
        yield begun + (done + np.arange(len(bands))) * HOP / RATE, bands
        done += len(bands)


def _blocks(path: Path) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """When the sound begins, and blocks of it that share what the last window of one leaves."""
    begun, kept, length = 0.0, [np.zeros(0, np.float32)], 0
    for begun, piece in _pieces(path):
        kept.append(piece)
        length += len(piece)
        if length >= BLOCK:
            block = np.concatenate(kept)
            yield begun, block
            kept = [block[((length - WINDOW) // HOP + 1) * HOP :]]
            length = len(kept[0])
    if length >= WINDOW:
        yield begun, np.concatenate(kept)


def log_mel(sound: NDArray[np.float32]) -> Bands:
    """Logarithm of the power in 64 triangular mel bands; ``(n_windows, 64)``."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)) ** 2
    return np.asarray(np.log10(power @ mel_filters().T + SILENT_POWER))


def mel_filters() -> Bands:
    """Triangles evenly spaced on the mel scale from 0 Hz to half the rate; ``(64, n_bins)``."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, N_BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    low, mid, high = (edges[k : k + N_BANDS, None] for k in range(3))
    rising, falling = (hertz - low) / (mid - low), (high - hertz) / (high - mid)
    return np.clip(np.minimum(rising, falling), 0, None)


def _pieces(path: Path) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """The sound of a file in one channel, and when each piece begins; nothing without sound."""
    av = require("av", extra="media")
    with closing(open_container(path)) as container:
        if not container.streams.audio:
            return
        track, zero = container.streams.audio[0], origin_sec(container)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = _frames(container, track, av.FFmpegError)
        first = next(frames, None)
        if first is None:
            return
        begun = float(first.time or 0) - zero
        for frame in itertools.chain([first], frames, [None]):
            for piece in resampler.resample(frame):
                yield begun, piece.to_ndarray()[0]


def _frames(container: Any, track: Any, broken: type[Exception]) -> Iterator[Any]:
    """What can be decoded of a track."""
    with errors_as_sentence("the sound"):
        for packet in container.demux(track):
            try:
                yield from packet.decode()
            except broken:
                continue
