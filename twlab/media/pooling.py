"""Vectors of segments: the mean of those of their pictures, which are kept for a next time.

What an encoder makes of a film's pictures is written down two minutes of film at a time, under
the hash of the film's content. A run that is killed loses at most the last piece, and other
segments of the same film cost nothing. Pieces are files of numbers, read without pickle; one that
is cut short is made again.

* :func:`picture_vectors` - ``(n, d)`` for n segments
* :func:`kept_folder` - where pieces lie if the caller names no folder
"""

from __future__ import annotations

import hashlib
import itertools
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import require
from twlab.errors import InputError
from twlab.media.film import Film
from twlab.paths import aside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from twlab.media.encoders import Encoder
    from twlab.media.spans import SegmentSpans

    PictureRows = NDArray[np.float32]

__all__ = ["PER_SEC", "kept_folder", "picture_vectors"]

PER_SEC = 2
"""Pictures a second: what the sample was made with; the mean of 12 of them stands for 6 s."""
EARLIER_SEC = 1e-3
"""The picture of each half second is the one shown just before its middle, as ffmpeg's ``fps``
chooses them: where a new picture begins at the very middle, the one before."""
PIECE = 240
"""Pictures in a piece: two minutes of film, which two cores encode in some seconds."""
BATCH = 16
"""Pictures encoded at once: more gain nothing on a CPU, and take memory."""
HASHED = 1 << 20
"""Bytes read at once."""


class Pooled:
    """Sums of vectors of pictures by segment, added a piece at a time.

    Parameters
    ----------
    spans : list of (float, float)
        Where segments begin and end, ascending and apart.
    """

    def __init__(self, spans: SegmentSpans) -> None:
        self._starts = np.array([start for start, _ in spans])
        self._ends = np.array([end for _, end in spans])
        self._sums: Any = 0.0
        self.counts = np.zeros(len(spans), np.intp)
        self.n_pictures = self.n_harmed = 0

    def add(self, rows: PictureRows) -> None:
        """The next pictures."""
        times = (self.n_pictures + np.arange(len(rows))) / PER_SEC
        owner = np.searchsorted(self._starts, times, side="right") - 1
        inside = (owner >= 0) & (times < self._ends[owner])
        whole = np.isfinite(rows[:, 0])
        member = (inside & whole)[:, None] & (owner[:, None] == np.arange(len(self.counts)))
        self._sums = self._sums + member.T.astype(np.float64) @ np.where(whole[:, None], rows, 0)
        self.counts += member.sum(axis=0)
        self.n_pictures += len(rows)
        self.n_harmed += int((~whole).sum())

    def unit_means(self) -> PictureRows:
        """The mean of each segment's pictures at length 1; zeros where it has none."""
        means = self._sums / np.maximum(1, self.counts)[:, None]
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.where(lengths > 0, lengths, 1), np.float32)


def picture_vectors(
    path: Path, spans: SegmentSpans, encoder: Encoder, folder: Path, bar: Any
) -> Pooled:
    """The vectors of a film's segments, of what is kept and what is encoded now."""
    kept = _pieces_folder(path, encoder, folder)
    pooled = Pooled(spans)
    for rows in _all_pieces(path, encoder, kept):
        pooled.add(rows)
        bar.update(len(rows) / PER_SEC)
    return pooled


def kept_folder() -> Path:
    """Where vectors of pictures are kept for this user."""
    return Path(require("platformdirs", extra="local").user_cache_path("twlab")) / "encoded"


def hash_file(path: Path) -> str:
    """What the content of a file is known by."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(HASHED):
            digest.update(block)
    return digest.hexdigest()


def _pieces_folder(path: Path, encoder: Encoder, folder: Path) -> Path | None:
    """The folder of this film's pieces; None where the encoder cannot be told from others."""
    if encoder.mark is None:
        return None
    mark = hashlib.blake2b(encoder.mark.encode(), digest_size=8).hexdigest()
    pieces = folder / f"{hash_file(path)}-{mark}-{PER_SEC}"
    try:
        pieces.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{str(folder)!r} cannot be written ({error.strerror or error}); a folder for what is "
            "encoded was expected; name another with folder="
        ) from None
    return pieces


def _all_pieces(path: Path, encoder: Encoder, kept: Path | None) -> Iterator[PictureRows]:
    """The vectors of all pictures in order, a piece at a time; the last one is the shorter."""
    fresh: Iterator[PictureRows] | None = None
    for number in itertools.count():
        file = None if kept is None else kept / f"{number:06}.npy"
        rows = None if file is None or fresh is not None else _read_piece(file)
        if rows is None:
            fresh = fresh or _encode_from(path, encoder, number * PIECE)
            rows = _next_piece(fresh)
            if file is not None:
                _write_piece(file, rows)
        if len(rows):
            yield rows
        if len(rows) < PIECE:
            return


def _next_piece(fresh: Iterator[PictureRows]) -> PictureRows:
    """The next vectors, as they will be read: in half precision."""
    batches = list(itertools.islice(fresh, PIECE // BATCH))
    rows = np.concatenate(batches) if batches else np.zeros((0, 1), np.float32)
    return rows.astype(np.float16).astype(np.float32)


def _encode_from(path: Path, encoder: Encoder, first: int) -> Iterator[PictureRows]:
    """Vectors of the pictures from a number on, a batch at a time; NaN of what is damaged."""
    with closing(Film(path)) as film:
        times = ((k + 0.5) / PER_SEC - EARLIER_SEC for k in itertools.count(first))
        size = encoder.size_for(film.height, film.width)
        walk = film.walk(times, size)
        walk = walk if first else _begin_anyway(path, walk, size)
        while batch := list(itertools.islice(walk, BATCH)):
            rows = np.array(encoder.encode(np.stack([picture for picture, _ in batch])))
            rows[[not whole for _, whole in batch]] = np.nan
            yield rows


def _begin_anyway(path: Path, walk: Iterator[Any], size: tuple[int, int]) -> Iterator[Any]:
    """The pictures, or the first of a film that ends before any would be chosen."""
    head = list(itertools.islice(walk, 1))
    yield from head
    yield from walk
    if not head:
        with closing(Film(path)) as film:
            yield from film.walk([0.0], size)


def _read_piece(file: Path) -> PictureRows | None:
    """What is kept; None where nothing is, or nothing whole."""
    try:
        rows = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return rows.astype(np.float32) if rows.ndim == 2 and rows.dtype == np.float16 else None


def _write_piece(file: Path, rows: PictureRows) -> None:
    """Keep a piece, whole or not at all."""
    with aside(file) as path, path.open("wb") as target:
        np.save(target, rows.astype(np.float16))
