"""Files of films and sounds, opened: by PyAV (extra ``media``), its errors as sentences.

A film is data: a file whose content is a list of other files or addresses is not followed. Only
containers are read, and only by the way (disk or web) by which the caller named them.

* :func:`open_container`, :func:`picture_tracks`, :func:`origin_sec` - the file, what it shows, and
  what it calls second 0
* :func:`tracks_of` - how long a file is, and whether it has pictures and sound
* :func:`errors_as_sentence`, :func:`unreadable`, :func:`short_name` - what to say of it
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from twlab.checks import require
from twlab.endings import HLS, media_type
from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MICRO",
    "errors_as_sentence",
    "open_container",
    "origin_sec",
    "picture_tracks",
    "short_name",
    "tracks_of",
    "unreadable",
]

_CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,ogg,asf,mxf,ivf,nut,dv,gxf,mp3,wav,flac,aac,amr,aiff"
)
"""Forms that hold pictures or sound themselves; lists of files (concat, image2, hls) are none."""

_STREAMS = f"hls,{_CONTAINERS}"

_WAIT_SEC = 30.0
"""How long a server may be silent."""

MICRO = 1_000_000
"""The clock of whole files counts in microseconds, whatever that of their tracks does."""


class Tracks(NamedTuple):
    """What a file holds."""

    duration_sec: float
    pictures: bool
    sound: bool
    codec: str
    """What its pictures are coded as, ``h264`` for example; empty without pictures."""


def open_container(source: Path | str) -> Any:
    """The opened file or address.

    Raises
    ------
    InputError
        If it cannot be reached or read.
    MissingExtraError
        If PyAV is not installed.
    """
    av = require("av", extra="media")
    local = isinstance(source, Path)
    streamed = not local and media_type(str(source)) == HLS
    options = {
        "format_whitelist": _STREAMS if streamed else _CONTAINERS,
        "protocol_whitelist": "file" if local else "http,https,tls,tcp,crypto",
    }
    with errors_as_sentence(short_name(source)):
        return av.open(str(source), options=options, timeout=_WAIT_SEC)


def picture_tracks(container: Any) -> list[Any]:
    """The tracks that hold a film; the cover of a record is none."""
    covers = require("av", extra="media").stream.Disposition.attached_pic
    return [one for one in container.streams.video if not one.disposition & covers]


def origin_sec(container: Any) -> float:
    """What the file calls second 0."""
    return float(max(0, container.start_time or 0) / MICRO)


def tracks_of(path: Path) -> Tracks:
    """How long a file is, and whether it has pictures and sound.

    Raises
    ------
    InputError
        If it cannot be read, or has neither.
    """
    with closing(open_container(path)) as container:
        pictures, sounds = picture_tracks(container), list(container.streams.audio)
        if not pictures and not sounds:
            raise unreadable(short_name(path), "it has neither pictures nor sound")
        duration = container.duration / MICRO if container.duration else 0.0
        if not duration:
            with errors_as_sentence(short_name(path)):
                duration = _last_moment(container, (pictures or sounds)[0])
        codec = str(pictures[0].codec_context.codec.canonical_name) if pictures else ""
    return Tracks(float(duration), bool(pictures), bool(sounds), codec)


def _last_moment(container: Any, track: Any) -> float:
    """When a track ends, of a file that does not say how long it is."""
    packets = (one for one in container.demux(track) if one.pts is not None)
    last = max((one.pts + (one.duration or 0) for one in packets), default=0)
    return float(last * track.time_base) - origin_sec(container)


@contextmanager
def errors_as_sentence(name: str) -> Iterator[None]:
    """Errors of the library as one sentence."""
    av = require("av", extra="media")
    try:
        yield
    except av.FFmpegError as error:
        raise unreadable(name, error.strerror or "no reason is known") from None


def unreadable(name: str, reason: str) -> InputError:
    """What to say of a film that cannot be read."""
    return InputError(
        f"{name} cannot be read as a film ({reason}); a whole file such as an MP4 or a "
        "WebM was expected; see whether it plays, and copy or encode it again if it does not"
    )


def short_name(source: Path | str) -> str:
    """A film as messages name it: without the password or the signature of an address."""
    if isinstance(source, Path):
        return repr(source.name)
    parts = urlsplit(source)
    return repr(f"{parts.scheme}://{parts.hostname}{parts.path}")
