"""What the ending of a name says of a file: one table, the same on every machine.

Python's own ``mimetypes`` adds what the machine's files list, so that a name would be a film here
and nothing there; and it calls a subtitle file a sound, and a transport stream a translation.

* :func:`family_of` - film, sound, picture, a kind of document, or unknown
* :func:`family_of_type`, :func:`media_type` - the same of a media type; the media type of a name
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["HLS", "MEDIA", "Family", "family_of", "family_of_type", "media_type"]

Family = Literal["video", "audio", "image", "stream", "pdf", "text", "page", "packed", "data"]
"""``stream`` is a list of pieces of a film, ``text`` plain words, ``packed`` an archive or an
office document, ``data`` whatever else is known and is none of these."""

HLS = "application/vnd.apple.mpegurl"
"""The type of a list of the pieces of a film, as Apple's HTTP Live Streaming has it."""

MEDIA: frozenset[Family | None] = frozenset({"video", "audio", "image"})

# Where a type has several names, the one that Python gives.
_ENDINGS = {
    "video/mp4": "mp4 m4v mp4v mpg4 f4v",
    "video/quicktime": "mov qt",
    "video/x-matroska": "mkv mk3d mpv",
    "video/webm": "webm",
    "video/x-msvideo": "avi divx",
    "video/mpeg": "mpg mpeg mpe m1v m2v vob",
    "video/mp2t": "ts mts m2ts m2t",
    "video/x-ms-wmv": "wmv",
    "video/x-ms-asf": "asf wm",
    "video/x-flv": "flv",
    "video/3gpp": "3gp 3gpp",
    "video/3gpp2": "3g2 3gpp2",
    "video/ogg": "ogv ogm",
    "video/dv": "dv dif",
    "video/mj2": "mj2 mjp2",
    "video/iso.segment": "m4s",
    "video/x-sgi-movie": "movie",
    "video/mxf": "mxf",
    HLS: "m3u8 m3u",
    "application/dash+xml": "mpd",
    "audio/mpeg": "mp3 mp2 mp1 mpa mpga",
    "audio/mp4": "m4a m4b",
    "audio/aac": "aac adts loas",
    "audio/x-wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg oga spx",
    "audio/opus": "opus",
    "audio/x-matroska": "mka",
    "audio/webm": "weba",
    "audio/x-ms-wma": "wma",
    "audio/x-aiff": "aif aiff aifc",
    "audio/basic": "au snd",
    "audio/amr": "amr",
    "audio/ac3": "ac3",
    "audio/x-caf": "caf",
    "audio/x-pn-realaudio": "ra",
    "audio/midi": "mid midi",
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/png": "png",
    "image/apng": "apng",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/heif": "heif hif",
    "image/jxl": "jxl",
    "image/jp2": "jp2",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "image/svg+xml": "svg svgz",
    "image/vnd.microsoft.icon": "ico",
    "image/vnd.adobe.photoshop": "psd",
    "image/ief": "ief",
    "image/pict": "pict pct pic",
    "image/x-cmu-raster": "ras",
    "image/x-portable-anymap": "pnm",
    "image/x-portable-bitmap": "pbm",
    "image/x-portable-graymap": "pgm",
    "image/x-portable-pixmap": "ppm",
    "image/x-rgb": "rgb",
    "image/x-xbitmap": "xbm",
    "image/x-xpixmap": "xpm",
    "image/x-xwindowdump": "xwd",
    "application/pdf": "pdf",
    "text/plain": "txt text log bat c h ksh pl",
    "text/markdown": "md markdown",
    "text/html": "html htm",
    "application/xhtml+xml": "xhtml",
    "application/zip": "zip",
    "application/gzip": "gz",
    "application/zstd": "zst",
    "application/x-tar": "tar",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/epub+zip": "epub",
    "application/msword": "doc docx odt",
    "application/vnd.ms-powerpoint": "ppt pptx",
    "application/vnd.ms-excel": "xls xlsx",
    "application/json": "json jsonl ndjson ipynb",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.file": "arrow feather",
    "application/x-hdf5": "h5 hdf5",
    "application/x-npy": "npy npz",
    "application/x-pickle": "pkl pt",
    "application/rtf": "rtf",
    "application/x-subrip": "srt",
    "text/x-ssa": "ass ssa",
    "text/vtt": "vtt",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/xml": "xml",
    "text/css": "css",
    "text/n3": "n3",
    "text/richtext": "rtx",
    "text/x-python": "py",
    "text/x-setext": "etx",
    "text/x-sgml": "sgm sgml",
    "text/x-vcard": "vcf",
    "text/xul": "xul",
}
_TYPES = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
_PACKED = "zip gz tar rar 7z epub doc ppt xls zst"
_FAMILIES: dict[str, Family] = {
    HLS: "stream",
    "application/dash+xml": "stream",
    "application/pdf": "pdf",
    "text/plain": "text",
    "text/markdown": "text",
    "text/html": "page",
    "application/xhtml+xml": "page",
    **dict.fromkeys((_TYPES[ending] for ending in _PACKED.split()), "packed"),
}
_MAIN: dict[str, Family] = {"video": "video", "audio": "audio", "image": "image", "text": "data"}


def family_of(name: str) -> Family | None:
    """What a file of this name, path or address holds; None where its ending says nothing.

    >>> family_of("film.MOV"), family_of("https://a.org/b.png?size=2"), family_of("a rabbit")
    ('video', 'image', None)
    """
    return family_of_type(media_type(name))


def family_of_type(kind: str) -> Family | None:
    """What is served as this media type; None where that is not known.

    >>> family_of_type("audio/wav"), family_of_type("application/octet-stream")
    ('audio', None)
    """
    known: Family | None = "data" if kind in _ENDINGS else None
    return _FAMILIES.get(kind) or _MAIN.get(kind.partition("/")[0]) or known


def media_type(name: str) -> str:
    """The media type of a file of this name, path or address; empty where its ending says nothing.

    >>> media_type("film.MP4"), media_type("a.wav"), media_type("x.unknown")
    ('video/mp4', 'audio/x-wav', '')
    """
    return _TYPES.get(PurePath(_path_of(name)).suffix.lower().removeprefix("."), "")


def _path_of(name: str) -> str:
    """The path of an address, whose host and query have endings of their own; else the name."""
    if "://" not in name:
        return name
    try:
        return urlsplit(name).path
    except ValueError:  # brackets that are none
        return ""
