"""Frames of a film as arrays, and the ones that were asked for lately.

* :func:`frames` - the frame shown at each of some times
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import check_count
from twlab.errors import InputError
from twlab.media.film import Film, identity_of_file
from twlab.media.named import local_file
from twlab.memory import free_bytes
from twlab.wording import brief

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

__all__ = ["frames"]

MOST_KEPT_BYTES = 128 << 20
"""Pictures kept for the next call: some 400 of 240 lines, which is more than a page of figures
shows, and a small part of what a notebook takes anyway."""

TALLEST = 8640
"""Lines of the tallest films that are made (12K); more is a slip."""


def frames(
    video: str | os.PathLike[str],
    times_sec: Sequence[float] | NDArray[Any],
    *,
    height: int | None = 240,
) -> NDArray[np.uint8]:
    """The frame of a film that is shown at each time.

    A frame is shown from its own time until that of the next, also where frames are unevenly
    spaced; the last one stays until the end of the file. Times count from the start of the file,
    as players and ``start_sec`` do. Turned films come upright, and pixels that are not square as
    the film is shown. Needs the extra ``media``.

    Parameters
    ----------
    video : path or http(s) address
        The film; nothing else is opened.
    times_sec : sequence of n floats
        Seconds, in any order; ascending ones take least time. The film is decoded from the key
        frame before each stretch, so memory does not grow with its length.
    height : int or None, default 240
        Of the pictures, in pixels; None for the film's own.

    Returns
    -------
    ndarray of shape (n, height, width, 3), uint8
        Red, green and blue. Pictures of the last calls are kept in memory, up to 128 MB, for as
        long as the file has the same size and time of change.

    Raises
    ------
    InputError
        If there is no such film, it cannot be read, has no pictures, or ends before one of the
        times.
    MissingExtraError
        If the extra ``media`` is not installed.

    See Also
    --------
    twlab.plot.storyboard : frames of scenes, clusters or hits as a figure
    twlab.explore : the film itself, playing

    Examples
    --------
    >>> import twlab as tw
    >>> tw.frames(tw.sample_video(), [12, 300.5], height=120).shape
    (2, 120, 214, 3)
    """
    source = _source_of(video)
    times = _check_times(times_sec)
    lines = None if height is None else check_count(height, "height", of="pixels")
    if lines is not None and lines > TALLEST:
        raise InputError(
            f"height is {lines}; at most {TALLEST} pixels were expected; give less, or None for "
            "the height of the film"
        )
    known = None if isinstance(source, str) else identity_of_file(source)
    kept = _shelf().find(known, times, lines) if known is not None else None
    if kept is not None:
        return kept
    with closing(Film(source)) as film:
        return _read(film, times, film.height if lines is None else lines, asked=lines)


def _source_of(video: Any) -> Any:
    """The file or address that is meant."""
    if video is None:
        raise InputError("video is None; the path or address of a film was expected; name it")
    path = local_file(video)
    return video if path is None else path


def _check_times(times_sec: Any) -> NDArray[np.float64]:
    """The times as an array."""
    try:
        times = np.atleast_1d(np.asarray(times_sec, np.float64))
    except (TypeError, ValueError):
        raise InputError(
            f"times_sec is {brief(times_sec)}; seconds as numbers were expected; turn timecodes "
            "into such with tw.intervals.parse_timecode"
        ) from None
    wrong = times[~(np.isfinite(times) & (times >= 0))]
    if times.ndim != 1 or len(wrong):
        shown = f"holds {wrong[0]:g}" if len(wrong) else f"has {times.ndim} dimensions"
        raise InputError(
            f"times_sec {shown}; one row of seconds, 0 or more, was expected; leave out rows "
            "without times"
        )
    return times


def _read(film: Film, times: NDArray[np.float64], height: int, *, asked: int | None) -> Picture:
    """The pictures, read in the order of time."""
    width = film.width_at(height)
    needed, free = len(times) * height * width * 3, free_bytes()
    if free is not None and needed > free:
        raise InputError(
            f"{len(times):,} pictures of {width} × {height} need {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; fewer were expected; give fewer times_sec or a "
            "smaller height"
        )
    out = np.empty((len(times), height, width, 3), np.uint8)
    kept, identity, last = _shelf(), film.identity, -1
    for place in np.argsort(times, kind="stable").tolist():
        if last >= 0 and times[place] == times[last]:
            out[place] = out[last]
        else:
            out[place] = kept.get((identity, float(times[place]), asked), film, height)
        last = place
    return out


@functools.cache
def _shelf() -> _Shelf:
    """The pictures that this process keeps."""
    return _Shelf()


class _Shelf:
    """Pictures by film, time and height; those not asked for longest go first."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[Any, ...], Picture] = OrderedDict()
        self._bytes, self._lock = 0, threading.Lock()

    def get(self, key: tuple[Any, ...], film: Film, height: int) -> Picture:
        """A picture, decoded where it is not kept."""
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
                return picture
        picture = film.frame_at(key[1], height)
        self._add(key, picture)
        return picture

    def find(self, identity: Any, times: NDArray[np.float64], asked: int | None) -> Picture | None:
        """All pictures of a call, None where one is not kept."""
        keys = [(identity, time, asked) for time in times.tolist()]
        with self._lock:
            if not keys or any(key not in self._pictures for key in keys):
                return None
            for key in keys:
                self._pictures.move_to_end(key)
            return np.stack([self._pictures[key] for key in keys])

    def _add(self, key: tuple[Any, ...], picture: Picture) -> None:
        """Keep a picture, and let others go."""
        if picture.nbytes > MOST_KEPT_BYTES // 4:
            return  # one would push out all others
        with self._lock:
            if key in self._pictures:
                return
            self._pictures[key] = np.ascontiguousarray(picture)
            self._bytes += picture.nbytes
            while self._bytes > MOST_KEPT_BYTES:
                self._bytes -= self._pictures.popitem(last=False)[1].nbytes
