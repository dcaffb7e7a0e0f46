"""An open film, and the frame that it shows at a time.

A frame is shown from its own time until that of the next one, the last one until the end of the
file. Times count from the start of the file, as players count them: where the first sound or
picture of a file is marked 1.4 s, that is second 0. Films are read by PyAV (extra ``media``).

* :class:`Film` - frames by time, soonest where times ascend; frames one after the other
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.checks import require
from twlab.errors import InputError
from twlab.intervals import format_timecode
from twlab.media.containers import (
    MICRO,
    errors_as_sentence,
    open_container,
    origin_sec,
    picture_tracks,
    short_name,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["Film", "identity_of_file"]

_SLACK_SEC = 1e-6
"""Times are floats: 7 / 30 may lie under the frame that begins there."""

_HOLD_SEC = 0.1
"""How long the last frame stays where nothing tells the end of the pictures: sound that runs on
for the rest of its block is no reason to call a film broken (blocks of common codecs last up to
.06 s), and a tenth of a second is less than anyone chooses between."""

_MOST_LOST = 250
"""Packets that could not be read and are remembered, about a group of pictures: older ones matter
to no frame that is still to come."""

_ALL_THE_WAY = 1 << 62
"""Ticks, more than any film has: what is walked through is not sought in."""

_UNSAID, _HD = 2, 720
"""The mark of a film that does not say how its colours are written, and the height from which on
they are those of high definition: as browsers and players guess them."""


class _Shown(NamedTuple):
    """A frame, in ticks of its track from where to where it is shown."""

    frame: Any
    start: int
    end: int
    harmed: bool
    """Whether something since the last key frame, which it may build on, could not be read."""


class Film:
    """A film that is open until :meth:`close`.

    Parameters
    ----------
    source : Path or str
        A file that is there, or an http(s) address.

    Raises
    ------
    InputError
        If it cannot be reached, is no film, or holds no pictures.
    MissingExtraError
        If PyAV is not installed.
    """

    def __init__(self, source: Path | str) -> None:
        self._av = require("av", extra="media")
        self._source, self.name = source, short_name(source)
        self._pending: Iterator[_Shown] = iter(())
        self._stride = 0
        self._lost: deque[int] = deque(maxlen=_MOST_LOST)
        self._container: Any = None
        self._open()
        with self._close_after_error():
            self._pending = self._decode(from_start=True)
            self._first = self._read_first()
            self._shown: _Shown | None = self._first
            self._coming = next(self._pending, None)
            self.height, self.width, self._turns = self._find_size()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What changes when the film does."""
        if isinstance(self._source, Path):
            return identity_of_file(self._source)
        return (self._source, self._container.size, self._container.duration)

    def close(self) -> None:
        """Let go of the file."""
        self._pending, self._shown, self._coming = iter(()), None, None
        self._container.close()

    def width_at(self, height: int) -> int:
        """The width of a picture of that height, in pixels that are square."""
        return max(1, round(self.width * height / self.height))

    def frame_at(self, time_sec: float, height: int) -> NDArray[np.uint8]:
        """The picture shown at a time, ``(height, width, 3)``.

        Raises
        ------
        InputError
            If the film ends before, or is damaged there.
        """
        ticks = self._ticks(time_sec)
        shown = self._frame_at_tick(ticks, time_sec)
        if shown.harmed or any(shown.start < lost <= ticks for lost in self._lost):
            raise InputError(
                f"{self.name} is damaged at {format_timecode(time_sec, decimals=2)}; a film that "
                "can be decoded there was expected; choose another time, or copy the film again"
            )
        return self._picture_of(shown.frame, (height, self.width_at(height)))

    def walk(
        self, times_sec: Iterable[float], size: tuple[int, int]
    ) -> Iterator[tuple[NDArray[np.uint8], bool]]:
        """The picture shown at each of ascending times, and whether it is whole.

        Ends where the pictures do. Pictures are stretched to ``size`` (height, width) bilinearly.
        """
        for time_sec in times_sec:
            ticks = self._ticks(time_sec)
            shown = self._find_shown(ticks, time_sec)
            if self._coming is None and time_sec > self._stays_until(shown.end):
                return
            self._stride = _ALL_THE_WAY
            lost = shown.harmed or any(shown.start < one <= ticks for one in self._lost)
            yield self._picture_of(shown.frame, size, way="BILINEAR"), not lost

    def _open(self) -> None:
        """Open the container, and find its pictures."""
        self._container = open_container(self._source)
        tracks = picture_tracks(self._container)
        if not tracks:
            kinds = sorted({one.type for one in self._container.streams})
            self._container.close()
            raise InputError(
                f"{self.name} has no video track (its tracks: {', '.join(kinds) or 'none'}); a "
                "film with pictures was expected; name the file that holds them"
            )
        self._track = tracks[0]
        self._track.thread_type = "AUTO"
        self._base = float(self._track.time_base)
        self._origin_sec = origin_sec(self._container)

    @contextmanager
    def _close_after_error(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            self.close()
            raise

    def _ticks(self, time_sec: float) -> int:
        """A time as the track counts it."""
        return math.floor((time_sec + self._origin_sec + _SLACK_SEC) / self._base)

    def _seconds(self, ticks: int) -> float:
        """A time of the track as the caller counts it."""
        return ticks * self._base - self._origin_sec

    def _frame_at_tick(self, ticks: int, time_sec: float) -> _Shown:
        """The frame shown at a time of the track: from where the film stands, or by a seek."""
        shown = self._find_shown(ticks, time_sec)
        if self._coming is None and ticks >= shown.end:
            self._check_end(shown.end, time_sec)
        return shown

    def _find_shown(self, ticks: int, time_sec: float) -> _Shown:
        """The same, the last frame for whatever comes after it."""
        if ticks < self._first.start:  # players show the first picture until then
            return self._first
        if not self._is_ahead(ticks):
            self._seek(ticks)
        while self._coming is not None and self._coming.start <= ticks:
            self._shown, self._coming = self._coming, next(self._pending, None)
        if self._shown is None:
            raise unreadable(self.name, f"no picture is found at {time_sec:g} s")
        return self._shown

    def _is_ahead(self, ticks: int) -> bool:
        """Whether decoding on is sooner than a seek."""
        if self._shown is None or ticks < self._shown.start:
            return False
        return self._coming is None or ticks - self._shown.start <= self._stride

    def _seek(self, ticks: int) -> None:
        """Stand before a time, at a key frame shown no later.

        Containers find key frames by when they are decoded. A frame that is shown before the key
        frame and decoded after it needs the one before that, so go back until there is one.
        """
        back, found = 0, None
        while found is None or found.start > ticks:
            aim = ticks - back
            found = self._seek_frame(aim if aim > self._first.start else None)
            if aim <= self._first.start:
                break
            back = max(2 * back, math.ceil(1 / self._base))
        self._shown, self._coming = None, found
        if found is not None:
            self._stride = max(self._stride, ticks - found.start)

    def _seek_frame(self, aim: int | None) -> _Shown | None:
        """The first whole frame from the key frame at or before a time on; None for the start."""
        at_start = aim is None or not self._jump(aim)
        if at_start:
            self._container.close()
            self._open()
        self._pending = self._decode(from_start=at_start)
        return next(self._pending, None)

    def _jump(self, aim: int) -> bool:
        """Let the container stand at a key frame; False where its form knows no way there."""
        try:
            self._container.seek(aim, stream=self._track, backward=True)
        except self._av.FFmpegError:
            return False
        return True

    def _decode(self, *, from_start: bool) -> Iterator[_Shown]:
        """Frames in the order in which they are shown, from the first key frame on."""
        anchor = key = None
        self._lost.clear()
        for packet in self._packets():
            at = packet.pts if packet.pts is not None else packet.dts
            anchor = at if anchor is None and packet.is_keyframe else anchor
            try:
                decoded = packet.decode()
            except self._av.FFmpegError:
                self._lost.append(at or 0)
                continue
            for frame in decoded:
                start = self._start_of(frame)
                if not from_start and (anchor is None or start < anchor):
                    continue
                key = start if frame.key_frame else key
                harmed = frame.is_corrupt or self._is_harmed(start, key)
                yield _Shown(frame, start, start + self._length_of(frame), harmed)

    def _start_of(self, frame: Any) -> int:
        """From when on a frame is shown, in ticks."""
        start: int | None = frame.pts if frame.pts is not None else frame.dts
        if start is None:
            raise unreadable(self.name, "its pictures carry no times")
        return start

    def _is_harmed(self, start: int, key: int | None) -> bool:
        """Whether a packet is lost that a frame may build on: a later one of its group, too."""
        return start != key and any(key is None or lost >= key for lost in self._lost)

    def _length_of(self, frame: Any) -> int:
        """How long a frame is shown, in ticks; as usual where it does not say it."""
        rate = self._track.average_rate
        usual = round(1 / (float(rate) * self._base)) if rate else 0
        return frame.duration or usual

    def _packets(self) -> Iterator[Any]:
        """The packets of the pictures, until the file ends or breaks off."""
        with errors_as_sentence(self.name):
            yield from self._container.demux(self._track)

    def _check_end(self, last: int, time_sec: float) -> None:
        """Refuse a time after the end."""
        if time_sec <= self._stays_until(last):
            return
        raise InputError(
            f"times_sec holds {time_sec:g}, and the pictures of {self.name} end at "
            f"{self._seconds(last):.3f} s; times before the end were expected; leave later ones "
            "out, or copy the film again if it should be longer"
        )

    def _stays_until(self, last: int) -> float:
        """Until when the last frame is shown: it stays while the sound goes on."""
        ended = last * self._base
        known = self._track.duration
        whole = known is not None and ended + _HOLD_SEC >= (
            ((self._track.start_time or 0) + known) * self._base
        )
        until = ended - self._origin_sec + _HOLD_SEC
        if whole and self._container.duration is not None:
            until = max(until, self._container.duration / MICRO)
        return until + _SLACK_SEC

    def _read_first(self) -> _Shown:
        """The first frame of all."""
        first = next(self._pending, None)
        if first is None:
            raise unreadable(self.name, "it holds not one whole picture")
        return first

    def _find_size(self) -> tuple[int, int, int]:
        """Height and width as shown, and quarter turns to the left that are asked for."""
        frame = self._first.frame
        turns = round(frame.rotation / 90) % 4
        ratio = self._track.sample_aspect_ratio or 1
        height, width = frame.height, max(1, round(frame.width * float(ratio)))
        return (width, height, turns) if turns % 2 else (height, width, turns)

    def _picture_of(
        self, frame: Any, size: tuple[int, int], way: str | None = None
    ) -> NDArray[np.uint8]:
        """A frame upright, in RGB, of a height and width."""
        stored = size[::-1] if self._turns % 2 else size
        usual = "AREA" if stored[0] < frame.height else "BICUBIC"
        picture = frame.reformat(
            height=stored[0],
            width=stored[1],
            format="rgb24",
            interpolation=way or usual,
            **self._colours_of(frame),
        )
        return np.rot90(picture.to_ndarray(), self._turns)

    def _colours_of(self, frame: Any) -> dict[str, Any]:
        """How colours are written where the film leaves it open: by its size, as players do."""
        space = self._av.video.reformatter.Colorspace
        unsaid = int(frame.colorspace) == _UNSAID
        return {"src_colorspace": space.ITU709} if unsaid and frame.height >= _HD else {}


def identity_of_file(path: Path) -> tuple[Any, ...]:
    """What changes when a file does."""
    stat = path.stat()
    return (str(path), stat.st_mtime_ns, stat.st_size)
