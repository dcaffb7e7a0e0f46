"""Where the explorer's videos come from.

A video is one of: a URL that the browser fetches itself, an HLS stream (``.m3u8``), a local file
inside the folder that the Jupyter server shows (served by it, so that seeking fetches only what
is needed), or any other local file, whose bytes are handed over whole up to ``EMBED_MB``.

A file is opened only where the caller named it with ``video=``. What the table says is data: an
address of the web is handed to the browser, anything else is left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import quote, urlsplit

from twlab.endings import HLS, media_type
from twlab.errors import InputError
from twlab.media.named import local_file

__all__ = ["VideoSource", "embedded_bytes", "video_sources"]

EMBED_MB = 64
"""Local files up to this many megabytes are handed to the browser as they are."""

NO_VIDEO = "No video given. Pass video=… to watch while you explore."


class VideoSource(TypedDict):
    """How the browser gets a video: ``kind`` is none, url, hls or bytes; ``name`` is for people."""

    kind: str
    url: str
    mime: str
    note: str
    name: str


def video_sources(
    video: Any, streams: Mapping[str, str], video_ids: list[str]
) -> tuple[list[VideoSource], dict[int, Path]]:
    """The source of every video, and the local file of those that have one.

    Parameters
    ----------
    video : str, Path, mapping or None
        One path or URL, or one per ``video_id``.
    streams : mapping of str to str
        Addresses of the web by ``video_id``, for videos that the caller did not name.
    video_ids : list of str
        The videos in the order in which the browser numbers them.

    Raises
    ------
    InputError
        If a file does not exist, or one video is given for several ``video_id``.
    """
    given = _by_id(video, video_ids)
    sources: list[VideoSource] = []
    files: dict[int, Path] = {}
    for place, video_id in enumerate(video_ids):
        what = given.get(video_id)
        path = local_file(what)
        if path is not None:
            files[place] = path
        address = streams.get(video_id) if what is None else what
        sources.append(_file_source(path) if path is not None else _remote_source(address))
    return sources, files


def served_url(path: Path) -> str | None:
    """The address at which this notebook's server serves a file, None where it does not."""
    server = _jupyter_server()
    if server is None or not path.is_relative_to(server["root"]):
        return None
    parts = path.relative_to(server["root"]).parts
    if any(part.startswith(".") for part in parts):
        return None  # the server keeps hidden files to itself
    return f"{server['base']}files/{quote('/'.join(parts))}"


def embedded_bytes(path: Path | None) -> tuple[str, list[bytes]]:
    """Why a file cannot be handed over, or its bytes."""
    if path is None:
        return NO_VIDEO, []
    if not path.is_file():
        return f"{path.name} is no longer where it was.", []
    note = why_too_large(path)
    return note, [] if note else [path.read_bytes()]


def why_too_large(path: Path) -> str:
    """Why a file cannot be handed over whole; empty where it can."""
    megabytes = path.stat().st_size / 1e6
    if megabytes <= EMBED_MB:
        return ""
    return (
        f"{path.name} has {megabytes:,.0f} MB and lies outside the notebook server's folder; "
        f"up to {EMBED_MB} MB can be embedded; move it into that folder, or pass a URL"
    )


def _by_id(video: Any, video_ids: list[str]) -> Mapping[str, Any]:
    """What was given, by video."""
    if video is None:
        return {}
    if isinstance(video, Mapping):
        unknown = [key for key in video if key not in video_ids]
        if unknown:
            raise InputError(
                f"video names {unknown[0]!r}, which is not in the table (there are: "
                f"{', '.join(map(repr, video_ids[:5]))}); use the video_id of the segments"
            )
        return video
    if len(video_ids) > 1:
        local_file(video)
        raise InputError(
            f"one video for a table of {len(video_ids)} videos; a dict by video_id was expected; "
            f"pass video={{{video_ids[0]!r}: …, {video_ids[1]!r}: …}}"
        )
    return dict.fromkeys(video_ids, video)


def _file_source(path: Path) -> VideoSource:
    """A local file: served where the server can, else as bytes, else the reason why not."""
    mime = media_type(path.name) or "video/mp4"
    url = served_url(path)
    if url is not None:
        return {"kind": "url", "url": url, "mime": mime, "note": "", "name": path.name}
    note = why_too_large(path)
    kind = "none" if note else "bytes"
    return {"kind": kind, "url": "", "mime": mime, "note": note, "name": path.name}


def _remote_source(what: Any) -> VideoSource:
    """A URL, a stream, or nothing."""
    if what is None:
        return {"kind": "none", "url": "", "mime": "", "note": NO_VIDEO, "name": ""}
    parts = urlsplit(what)
    mime = media_type(parts.path) or "video/mp4"
    kind = "hls" if mime == HLS else "url"
    name = parts.path.rpartition("/")[2] or str(parts.hostname)
    return {"kind": kind, "url": what, "mime": mime, "note": "", "name": name}


def _jupyter_server() -> dict[str, Any] | None:
    """Root folder and base address of the server that started this kernel."""
    parent = os.environ.get("JPY_PARENT_PID", "")
    if not parent.isdigit():
        return None
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ModuleNotFoundError:  # a program that a kernel of another environment has started
        return None

    file = Path(jupyter_runtime_dir()) / f"jpserver-{parent}.json"
    if not file.is_file():
        return None
    info = json.loads(file.read_text(encoding="utf-8"))
    return {"root": Path(info["root_dir"]).resolve(), "base": info["base_url"]}
