"""Paths, folders, globs and addresses as pieces of work, each once."""

from __future__ import annotations

import functools
import glob
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from twlab.endings import MEDIA, family_of
from twlab.errors import InputError
from twlab.paths import user_path
from twlab.service.http.file_bodies import content_hash
from twlab.service.jobs.kinds import HEAD_BYTES, Kind, kind_of, kind_of_name, kind_of_type
from twlab.service.jobs.urls import clean_url, is_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twlab.service.jobs.assets import Assets

__all__ = ["Asset", "Media", "content_of", "find_sources"]

# The service takes the address of a media file only; its specification rules out the pages of
# video hosts and the sharing links of cloud storage. These are the ones that people paste.
_PAGES_OF = (
    *("youtube.com", "youtu.be", "youtube-nocookie.com", "vimeo.com", "dailymotion.com", "dai.ly"),
    *("twitch.tv", "tiktok.com", "bilibili.com", "facebook.com", "instagram.com", "x.com"),
    *("twitter.com", "drive.google.com", "docs.google.com", "photos.google.com", "dropbox.com"),
    *("onedrive.live.com", "1drv.ms", "sharepoint.com", "box.com", "icloud.com", "wetransfer.com"),
)
_AS_A_FILE = {("dl", "1"), ("raw", "1"), ("download", "1")}
_ANY_BYTES = ("", "application/octet-stream", "binary/octet-stream")
_SETTLED_SEC = 2.0
"""The coarsest clock of a file system, that of FAT: two changes within it bear one time."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Asset:
    """A file that the service has already; `content` is its hash where it was sent from here."""

    asset_id: str
    media_type: str
    content: str | None = None
    filename: str = ""


@dataclass(frozen=True)
class Media:
    """One file, address or asset, as the user named it."""

    shown: str
    name: str
    path: Path | None = None
    url: str = ""
    asset: Asset | None = None

    @functools.cached_property
    def kind(self) -> Kind:
        """A video, sound, picture or document: by the first bytes of a file, else by its name."""
        if self.asset is not None:
            media_type = self.asset.media_type.partition(";")[0].strip().lower()
            says = media_type not in _ANY_BYTES
            return kind_of_type(media_type) if says else kind_of_name(self.name)
        if self.path is None or not self.path.is_file():
            return kind_of_name(self.name)
        return kind_of(_head_of(self.path), self.name)


def _head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:  # said when its content is read
        return b""


def find_sources(source: Any) -> list[Media]:
    """What a path, address, folder, glob, or a list of these stands for.

    Raises
    ------
    InputError
        If something is not there, so that nothing is paid for before the list is right.
    """
    if isinstance(source, str | os.PathLike):
        return _of_one(os.fspath(source))
    if not isinstance(source, list | tuple | set | frozenset) and not hasattr(source, "__iter__"):
        raise InputError(
            f"source is a {type(source).__name__}; a path, an address, a folder, a glob or a list "
            "of these was expected; see help(twlab.Client.embed)"
        )
    found: dict[Any, Media] = {}
    for item in source:
        if not isinstance(item, str | os.PathLike):
            raise InputError(
                f"{str(item)[:80]!r} in the list is a {type(item).__name__}; a path or an address "
                "was expected; give str or Path"
            )
        for one in _of_one(os.fspath(item)):
            found.setdefault(one.path.resolve() if one.path else one.url, one)
    if not found:
        raise InputError("an empty list of files; at least one was expected; check what made it")
    return list(found.values())


def _of_one(text: str | bytes) -> list[Media]:
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if is_url(text):
        _check_media(text)
        shown = clean_url(text)
        name = unquote(urlsplit(shown).path.rpartition("/")[2]) or urlsplit(shown).netloc
        return [Media(shown, name, None, text)]
    if _SCHEME.match(text):
        raise InputError(
            f"{text[:80]!r} is an address that the service does not fetch; one that begins with "
            "https:// was expected; make a signed https address of it, or download the file"
        )
    try:
        return _of_path(text)
    except InputError:  # a ValueError, too, and said already
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError as error:
        reason = str(error)
    raise InputError(
        f"{text[:200]!r} cannot be read ({reason}); a file or folder that this user may read was "
        "expected; check path and rights"
    )


def _check_media(url: str) -> None:
    """Refuse the address of a page that shows a video; the service takes the file itself."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(
            f"{url[:80]!r} is not an address ({error}); one such as https://example.com/film.mp4 "
            "was expected; check how it is spelled"
        ) from None
    host = (parts.hostname or "").rstrip(".")
    known = next((one for one in _PAGES_OF if f".{host}".endswith(f".{one}")), None)
    as_a_file = _AS_A_FILE & set(parse_qsl(parts.query))
    is_page = family_of(parts.path) == "page"
    if is_page or (known and not as_a_file and not _is_file_of(known, parts.path)):
        raise InputError(
            f"{clean_url(url)[:200]!r} is a web page; the service takes the address of a media "
            "file itself, and no page of a hosting or sharing site; download the file and embed "
            "that, or give its direct address"
        )


def _is_file_of(site: str, path: str) -> bool:
    """Whether a path names a media file; sharing sites show a page under such names, too."""
    shared = ("dropbox.com", "google.com", "live.com", "sharepoint.com")
    return family_of(path) in MEDIA and not site.endswith(shared)


def _of_path(text: str) -> list[Media]:
    """The files of a path, folder or glob."""
    path = user_path(text)
    if path.is_dir():
        return _media(sorted(path.rglob("*")), text)
    if path.exists():
        return [Media(str(path), path.name, path)]
    if glob.has_magic(text):
        hits = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  # takes absolute globs
        return _media(map(Path, hits), text, kind_of_name(path.name))
    if _ID.fullmatch(text):
        raise InputError(
            f"{text!r} is not a file here and looks like the id of an asset, a video or a task; a "
            "file, folder, glob or web address was expected; embed the file itself (one that was "
            "uploaded is not uploaded again), or fetch an index with client.fetch"
        )
    raise InputError(
        f"{text!r} is not there; a file, folder, glob or web address was expected; check the path "
        f"(the working folder is {Path.cwd()})"
    )


def _media(paths: Iterable[Path], text: str, asked: Kind | None = None) -> list[Media]:
    """Films and sounds among files, and pictures or documents where the pattern asks for them."""
    still = asked is not None and asked.input_type in ("image", "document")
    kept = [
        path
        for path in paths
        if (_plays(path) or (still and kind_of_name(path.name) == asked))
        and path.is_file()
        and not any(part.startswith(".") for part in path.parts[1:])
    ]
    if not kept:
        raise InputError(
            f"no video or audio file in {text!r}; files such as film.mp4 were expected; "
            "name the files themselves if their suffix is unusual, and pictures or documents by "
            "their ending, as in '*.pdf'"
        )
    return [Media(str(path), path.name, path) for path in kept]


def _plays(path: Path) -> bool:
    """Whether a name is that of a film or a sound; in TypeScript ``.ts`` is a program's."""
    if path.suffix.lower() == ".ts" and path.is_file():
        return _head_of(path)[:1] == b"G"  # as each packet of a transport stream begins
    return family_of(path.name) in ("video", "audio")


def content_of(source: Media, assets: Assets) -> tuple[str, int]:
    """What tells the content from every other, and its size in bytes (0 for an address).

    A file's SHA-256 is remembered as long as its size, time and place on disk stay the same.

    Raises
    ------
    InputError
        If the file cannot be read or is empty.
    """
    if source.asset is not None:
        return source.asset.content or f"asset:{source.asset.asset_id}", 0
    if source.path is None:
        return f"url:{source.shown}", 0
    try:
        stat = source.path.stat()
    except OSError as error:
        raise InputError(
            f"{source.path} cannot be read ({error.strerror}); a readable file was expected; check "
            "path and rights"
        ) from None
    if stat.st_size == 0:
        raise InputError(f"{source.path} is empty; a video was expected; check how it was made")
    where = str(source.path.resolve())
    stamp = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"
    known = assets.recall_hash(where, stamp)
    if known is None:
        known = f"sha256:{content_hash(source.path)}"
        if time.time() - stat.st_mtime > _SETTLED_SEC:  # a file just written may change unseen
            assets.remember_hash(where, stamp, known)
    return known, stat.st_size
