"""Films as the caller names them: a file that is there, or an address of the web.

* :func:`local_file` - the file that is meant, None where it is an address
* :func:`films_of` - the film of each video
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twlab.endings import family_of, media_type
from twlab.errors import InputError
from twlab.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from twlab.table.types import Video

__all__ = ["films_of", "local_file"]

_PAGES = ("youtube.com", "youtu.be", "vimeo.com", "dailymotion.com", "tiktok.com")
"""Sites whose addresses are pages around a player, not files."""


def films_of(video: Video | None, videos: Iterable[str]) -> dict[str, Any]:
    """The film of each video that the caller named one for.

    Raises
    ------
    InputError
        If one film is named for several videos, or a dict names none of them.
    """
    ids = list(dict.fromkeys(videos))
    if video is None or not ids:
        return {}
    if isinstance(video, Mapping):
        known = {str(name): film for name, film in video.items()}
        if not known.keys() & set(ids):
            raise InputError(
                f"video names {', '.join(map(repr, list(known)[:3])) or 'nothing'}, and the rows "
                f"are of {', '.join(map(repr, ids[:3]))}; their video_id were expected as keys; "
                f"pass video={{{ids[0]!r}: …}}"
            )
        return {name: known[name] for name in ids if known.get(name) is not None}
    if len(ids) > 1:
        raise InputError(
            f"one video for rows of {len(ids)} videos; a dict by video_id was expected; pass "
            f"video={{{ids[0]!r}: …, {ids[1]!r}: …}}"
        )
    return {ids[0]: video}


def local_file(what: Any) -> Path | None:
    """The existing local file that is meant, None where it is a URL or nothing."""
    if what is None:
        return None
    if isinstance(what, str) and what.lower().startswith(("http:", "https:")):
        _check_address(what)
        return None
    if not isinstance(what, str | os.PathLike):
        raise InputError(
            f"video is a {type(what).__name__}; a path, a URL or a dict of them by video_id was "
            "expected"
        )
    path = user_path(what)
    if not path.is_file():
        raise InputError(
            f"no video file {str(path)!r}; a file that is there, or for a page the address of one, "
            "was expected; correct the name"
        )
    _check_kind(path.name, str(path))
    return path.resolve()


def _check_address(what: str) -> None:
    """Refuse an address that no browser can play."""
    try:
        parts = urlsplit(what)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:  # brackets that are none
        host = ""
    if not host:
        raise InputError(
            f"video is {what[:80]!r}, which names no server; an address such as "
            "'https://host/film.mp4' was expected"
        )
    if host in _PAGES:
        raise InputError(
            f"video is {what[:80]!r}, a page of {host}, which shows its videos only itself; "
            "the address of a video file was expected; download the video and pass its path"
        )
    _check_kind(parts.path, what)


def _check_kind(name: str, told: str) -> None:
    """Refuse what its name says to be something else than a video or sound."""
    if family_of(name) not in ("video", "audio", "stream", None):
        raise InputError(
            f"video is {told[:80]!r}, by its name {media_type(name)}; a video file was "
            "expected, such as 'film.mp4'"
        )
