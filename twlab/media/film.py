"""An open film, and the frame that it shows at a time.

A frame is shown from its own time until that of the next one, the last one until the end of the
file. Times count from the start of the file, as players count them: where the first sound or
picture of a file is marked 1.4 s, that is second 0. Films are read by PyAV (extra ``media``).

A film is data: a file whose content is a list of other files or addresses is not followed. Only
containers are read, and only by the way (disk or web) by which the caller named them.

* :class:`Film` - frames by time, soonest where times ascend
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from twlab.checks import require
from twlab.endings import HLS, media_type
from twlab.errors import InputError
from twlab.intervals import format_timecode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Film", "identity_of_file"]

_CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,ogg,asf,mxf,ivf,nut,dv,gxf,mp3,wav,flac,aac,amr,aiff"
)
"""Forms that hold pictures or sound themselves; lists of files (concat, image2, hls) are none."""

_STREAMS = f"hls,{_CONTAINERS}"

_WAIT_SEC = 30.0
"""How long a server may be silent."""

_SLACK_SEC = 1e-6
"""Times are floats: 7 / 30 may lie under the frame that begins there."""

_HOLD_SEC = 0.1
"""How long the last frame stays where nothing tells the end of the pictures: sound that runs on
for the rest of its block is no reason to call a film broken (blocks of common codecs last up to
.06 s), and a tenth of a second is less than anyone chooses between."""

_MOST_LOST = 250
"""Packets that could not be read and are remembered, about a group of pictures: older ones matter
to no frame that is still to come."""

_MICRO = 1_000_000
"""The clock of whole files counts in microseconds, whatever that of their tracks does."""

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


def _name_of(source: Path | str) -> str:
    """A film as messages name it: without the password or the signature of an address."""
    if isinstance(source, Path):
        return repr(source.name)
    parts = urlsplit(source)
    return repr(f"{parts.scheme}://{parts.hostname}{parts.path}")


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
        self._source, self.name = source, _name_of(source)
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
        return self._picture_of(shown.frame, height)

    def _open(self) -> None:
        """Open the container, and find its pictures."""
        local = isinstance(self._source, Path)
        streamed = not local and media_type(str(self._source)) == HLS
        options = {
            "format_whitelist": _STREAMS if streamed else _CONTAINERS,
            "protocol_whitelist": "file" if local else "http,https,tls,tcp,crypto",
        }
        with self._as_sentence():
            self._container = self._av.open(str(self._source), options=options, timeout=_WAIT_SEC)
        covers = self._av.stream.Disposition.attached_pic
        tracks = [one for one in self._container.streams.video if not one.disposition & covers]
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
        self._origin_sec = max(0, self._container.start_time or 0) / _MICRO

    @contextmanager
    def _as_sentence(self) -> Iterator[None]:
        """Errors of the library as one sentence."""
        try:
            yield
        except self._av.FFmpegError as error:
            raise self._unreadable(error.strerror or "no reason is known") from None

    @contextmanager
    def _close_after_error(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            self.close()
            raise

    def _unreadable(self, reason: str) -> InputError:
        """What to say of a film that cannot be read."""
        return InputError(
            f"{self.name} cannot be read as a film ({reason}); a whole file such as an MP4 or a "
            "WebM was expected; see whether it plays, and copy or encode it again if it does not"
        )

    def _ticks(self, time_sec: float) -> int:
        """A time as the track counts it."""
        return math.floor((time_sec + self._origin_sec + _SLACK_SEC) / self._base)

    def _seconds(self, ticks: int) -> float:
        """A time of the track as the caller counts it."""
        return ticks * self._base - self._origin_sec

    def _frame_at_tick(self, ticks: int, time_sec: float) -> _Shown:
        """The frame shown at a time of the track: from where the film stands, or by a seek."""
        if ticks < self._first.start:  # players show the first picture until then
            return self._first
        if not self._is_ahead(ticks):
            self._seek(ticks)
        while self._coming is not None and self._coming.start <= ticks:
            self._shown, self._coming = self._coming, next(self._pending, None)
        if self._shown is None:
            raise self._unreadable(f"no picture is found at {time_sec:g} s")
        if self._coming is None and ticks >= self._shown.end:
            self._check_end(self._shown.end, time_sec)
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
            raise self._unreadable("its pictures carry no times")
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
        with self._as_sentence():
            yield from self._container.demux(self._track)

    def _check_end(self, last: int, time_sec: float) -> None:
        """Refuse a time after the end; the last frame stays while the sound goes on."""
        ended = last * self._base
        known = self._track.duration
        whole = known is not None and ended + _HOLD_SEC >= (
            ((self._track.start_time or 0) + known) * self._base
        )
        until = ended - self._origin_sec + _HOLD_SEC
        if whole and self._container.duration is not None:
            until = max(until, self._container.duration / _MICRO)
        if time_sec <= until + _SLACK_SEC:
            return
        raise InputError(
            f"times_sec holds {time_sec:g}, and the pictures of {self.name} end at "
            f"{self._seconds(last):.3f} s; times before the end were expected; leave later ones "
            "out, or copy the film again if it should be longer"
        )

    def _read_first(self) -> _Shown:
        """The first frame of all."""
        first = next(self._pending, None)
        if first is None:
            raise self._unreadable("it holds not one whole picture")
        return first

    def _find_size(self) -> tuple[int, int, int]:
        """Height and width as shown, and quarter turns to the left that are asked for."""
        frame = self._first.frame
        turns = round(frame.rotation / 90) % 4
        ratio = self._track.sample_aspect_ratio or 1
        height, width = frame.height, max(1, round(frame.width * float(ratio)))
        return (width, height, turns) if turns % 2 else (height, width, turns)

    def _picture_of(self, frame: Any, height: int) -> NDArray[np.uint8]:
        """A frame as it is shown: upright, of square pixels, in RGB."""
        size = (height, self.width_at(height))
        stored = size[::-1] if self._turns % 2 else size
        smaller = stored[0] < frame.height
        picture = frame.reformat(
            height=stored[0],
            width=stored[1],
            format="rgb24",
            interpolation="AREA" if smaller else "BICUBIC",
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
