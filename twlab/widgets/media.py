"""Where the explorer's videos come from.

A video is one of: a URL that the browser fetches itself, an HLS stream (``.m3u8``), a local file
inside the folder that the Jupyter server shows (served by it, so that seeking fetches only what
is needed), or any other local file, whose bytes are handed over whole up to ``EMBED_MB``.
"""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote, urlsplit

from twlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "EMBED_MB",
    "Source",
    "embedded_bytes",
    "local_file",
    "served_url",
    "too_large",
    "video_sources",
]

EMBED_MB = 64
"""Local files up to this many megabytes are handed to the browser as they are."""

NO_VIDEO = "No video given. Pass video=… to watch while you explore."


class Source(TypedDict):
    """How the browser gets a video: ``kind`` is none, url, hls or bytes; ``path`` stays here."""

    kind: str
    url: str
    mime: str
    note: str


def video_sources(
    video: Any, segments: pd.DataFrame, video_ids: list[str]
) -> tuple[list[Source], dict[int, Path]]:
    """The source of every video, and the local file of those that have one.

    Parameters
    ----------
    video : str, Path, mapping or None
        One path or URL, or one per ``video_id``. Without it, the stream the table carries in
        ``hls_url`` is used where there is one.
    segments : DataFrame
        The table; only ``video_id`` and ``hls_url`` are looked at.
    video_ids : list of str
        The videos in the order in which the browser numbers them.

    Raises
    ------
    InputError
        If a file does not exist, or one video is given for several ``video_id``.
    """
    given = _by_id(video, video_ids)
    sources: list[Source] = []
    files: dict[int, Path] = {}
    for place, video_id in enumerate(video_ids):
        what = given.get(video_id, _stream_of(segments, video_id))
        path = local_file(what)
        if path is not None:
            files[place] = path
        sources.append(_file_source(path) if path is not None else _remote_source(what))
    return sources, files


def local_file(what: Any) -> Path | None:
    """The existing local file that is meant, None where it is a URL or nothing."""
    if what is None or (isinstance(what, str) and urlsplit(what).scheme in ("http", "https")):
        return None
    if not isinstance(what, str | os.PathLike):
        raise InputError(
            f"video is a {type(what).__name__}; a path, a URL or a dict of them by video_id was "
            "expected"
        )
    path = Path(os.path.expanduser(what))  # noqa: PTH111 - leaves ~nobody alone, where pathlib raises
    if not path.is_file():
        raise InputError(f"no video file {str(path)!r}; an existing file or a URL was expected")
    return path.resolve()


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
    note = too_large(path)
    return note, [] if note else [path.read_bytes()]


def too_large(path: Path) -> str:
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


def _stream_of(segments: pd.DataFrame, video_id: str) -> str | None:
    """The HLS address the table carries for a video."""
    if "hls_url" not in segments.columns:
        return None
    known = segments.loc[segments["video_id"] == video_id, "hls_url"].dropna()
    return str(known.iloc[0]) if len(known) else None


def _file_source(path: Path) -> Source:
    """A local file: served where the server can, else as bytes, else the reason why not."""
    mime = mimetypes.guess_type(path.name)[0] or "video/mp4"
    url = served_url(path)
    if url is not None:
        return {"kind": "url", "url": url, "mime": mime, "note": ""}
    note = too_large(path)
    return {"kind": "none" if note else "bytes", "url": "", "mime": mime, "note": note}


def _remote_source(what: Any) -> Source:
    """A URL, a stream, or nothing."""
    if what is None:
        return {"kind": "none", "url": "", "mime": "", "note": NO_VIDEO}
    stream = urlsplit(what).path.endswith(".m3u8")
    mime = mimetypes.guess_type(urlsplit(what).path)[0] or "video/mp4"
    return {"kind": "hls" if stream else "url", "url": what, "mime": mime, "note": ""}


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
