"""What a file is: a video, an audio file, an image or a document, by its first bytes.

A name may say anything; what is sent as the wrong kind is refused by the service after the upload.
So the first bytes decide, and the name's ending only where they say nothing, as for plain text.

* :func:`kind_of` - the kind of bytes under a name
* :func:`kind_of_name`, :func:`kind_of_type` - by the ending, and by a media type, alone
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from twlab.endings import family_of, family_of_type

if TYPE_CHECKING:
    from twlab.endings import Family

__all__ = ["HEAD_BYTES", "Kind", "kind_of", "kind_of_name", "kind_of_type"]

HEAD_BYTES = 1024
"""How much of a file is looked at: a PDF may begin behind that many bytes of something else."""


@dataclass(frozen=True)
class Kind:
    """A kind of file; a document is a PDF, which has pages, or plain text, which has none.

    `name` is the kind in words that people use; `unusable` tells that the service embeds no such
    file.
    """

    input_type: Literal["video", "audio", "image", "document"]
    form: Literal["", "pdf", "text"] = ""
    name: str = ""
    unusable: bool = False


_VIDEO, _AUDIO = Kind("video", name="a video"), Kind("audio", name="an audio file")
_IMAGE = Kind("image", name="an image")
_PDF, _TEXT = Kind("document", "pdf", "a PDF"), Kind("document", "text", "a text file")
_PAGE = Kind("document", name="a web page", unusable=True)
_PACKED = Kind("document", name="an archive or office document", unusable=True)
_OTHER = Kind("document", name="text in another format", unusable=True)
_OF_FAMILY: dict[Family | None, Kind] = {
    "audio": _AUDIO,
    "image": _IMAGE,
    "pdf": _PDF,
    "text": _TEXT,
    "page": _PAGE,
    "packed": _PACKED,
    "data": _OTHER,
}
"""All else is a video, also what has no ending."""

# First bytes as the formats' specifications give them. MPEG-4 ("ftyp"), Ogg and Matroska hold
# pictures, sounds or both: the brand or the ending tells.
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|BM.{4}\0\0\0\0|II\*\0|MM\0\*", _IMAGE),
    (rb"RIFF.{4}WEBP", _IMAGE),
    (rb".{4}ftyp(heic|heix|heim|heis|hevc|mif1|msf1|avif|avis)", _IMAGE),
    (rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|\xff[\xf0\xf1\xf8\xf9]|fLaC|#!AMR|caff", _AUDIO),
    (rb"RIFF.{4}WAVE|RF64.{4}WAVE|FORM.{4}AIF[FC]|\.snd|MAC |wvpk", _AUDIO),
    (rb".{4}ftyp(M4A |M4B |M4P |F4A )", _AUDIO),
    (rb".{4}(ftyp|moov|mdat|wide|pnot)|RIFF.{4}AVI |FLV\x01|\0\0\x01[\xb3\xba]", _VIDEO),
    (rb"G.{187}G|.{4}G.{191}G|\x1aE\xdf\xa3|0&\xb2u\x8ef\xcf\x11|\x06\x0e\x2b\x34\x02\x05", _VIDEO),
    (rb"OggS", _AUDIO),
    (rb".{0,1016}%PDF-", _PDF),
    (rb"PK\x03\x04|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|Rar!|7z\xbc\xaf|\x1f\x8b", _PACKED),
    (rb"(?i:(\xef\xbb\xbf)?\s{0,64}<(!doctype html|html))", _PAGE),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _MAGIC)
_EITHER = re.compile(rb".{4}ftyp|OggS|\x1aE\xdf\xa3|0&\xb2u", re.DOTALL)
"""Containers of pictures with or without sound: a name that says which is believed."""


def kind_of(head: bytes, name: str) -> Kind:
    r"""What the first bytes of a file say it is, and where they say nothing, its name.

    Examples
    --------
    >>> kind_of(b"%PDF-1.7", "film.mp4").name, kind_of(b"", "film.mp4").name
    ('a PDF', 'a video')
    >>> kind_of(b"RIFF\0\0\0\0WAVE", "film.mp4").name
    'an audio file'
    """
    named = kind_of_name(name)
    if named is _TEXT and not _CONTROL.search(head) and not head.startswith(b"%PDF-"):
        return named  # words may begin as any magic number does
    found = next((kind for pattern, kind in _PATTERNS if pattern.match(head)), None)
    if found is None:
        return named
    both = found in (_VIDEO, _AUDIO) and named in (_VIDEO, _AUDIO)
    return named if both and family_of(name) and _EITHER.match(head) else found


_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a]")


def kind_of_name(name: str) -> Kind:
    """What the ending of a name says; a video where it says nothing.

    >>> kind_of_name("notes.MD").form, kind_of_name("x.unknown").input_type
    ('text', 'video')
    """
    return _OF_FAMILY.get(family_of(name), _VIDEO)


def kind_of_type(media_type: str) -> Kind:
    """What a media type says; a video where it says nothing.

    >>> kind_of_type("application/pdf").form
    'pdf'
    """
    return _OF_FAMILY.get(family_of_type(media_type), _VIDEO)
