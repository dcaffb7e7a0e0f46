"""Addresses that a table carries, and what of them a browser may be handed.

What comes from data is shown, never followed. An address of the table is given to the browser as
it stands, if it is one of the web and names nobody's password; whatever else stands there (a path,
another scheme, half an address) is left out and told once. Nothing here opens anything.

* :func:`web_address` - an address of the web, or None
* :func:`known_addresses` - the first good one of each video
* :func:`row_addresses` - those of single rows, where they differ within a video
* :func:`mask_secrets` - a text without the passwords of addresses in it
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twlab.errors import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["known_addresses", "mask_secrets", "row_addresses", "web_address"]

MOST_SIGNS = 8192
"""Signs of an address: servers refuse longer ones, and a page is to stay small."""

_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#]*@")


def web_address(value: Any) -> str | None:
    """An address that a browser may be handed on the word of data, else None.

    It begins with http:// or https:// (in any case), names a host and nobody's password, and holds
    nothing that a browser would drop or read as something else: no blanks, no signs that cannot be
    seen, no backslash.
    """
    if not isinstance(value, str) or len(value) > MOST_SIGNS:
        return None
    if not value.isprintable() or " " in value or "\\" in value:
        return None
    scheme, _, rest = value.partition("://")
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets or a port that are none
        return None
    if scheme.lower() not in ("http", "https") or not named or "@" in parts.netloc:
        return None
    return f"{scheme.lower()}://{rest}"


def mask_secrets(text: str) -> str:
    """The text, in place of names and passwords in its addresses an ellipsis."""
    return _CREDENTIALS.sub("…@", text)


def known_addresses(
    segments: pd.DataFrame, wanted: dict[str, Sequence[str]]
) -> dict[str, dict[str, str]]:
    """For each column the first good address of every video that has one; others are told.

    Parameters
    ----------
    segments : DataFrame
        The table.
    wanted : dict
        For each column the videos for which an address is looked for.
    """
    found: dict[str, dict[str, str]] = {}
    bad: list[tuple[str, str, Any]] = []
    for name, ids in wanted.items():
        found[name] = {}
        seen: dict[str, Any] = {}
        for video, value in _different_cells(segments, name):
            good = web_address(value) if video in ids and video not in found[name] else None
            if good is not None:
                found[name][video] = good
            seen.setdefault(video, value)
        lost = [video for video in seen if video in ids and video not in found[name]]
        bad += [(name, video, seen[video]) for video in lost]
    _tell_left_out(bad)
    return found


def row_addresses(segments: pd.DataFrame, name: str) -> dict[int, str]:
    """The good addresses of single rows by their position, of videos that have several.

    A video of which all rows name one address says nothing of its rows, and has none here.

    >>> import twlab as tw
    >>> clips = tw.clips(tw.sample("trailer"))
    >>> row_addresses(clips.assign(thumbnail_url="https://example.com/a.jpg"), "thumbnail_url")
    {}
    >>> own = [f"https://example.com/{k}.jpg" for k in range(len(clips))]
    >>> row_addresses(clips.assign(thumbnail_url=own), "thumbnail_url")[3]
    'https://example.com/3.jpg'
    """
    if segments.columns.tolist().count(name) != 1:
        return {}
    cells = segments[name].astype(object).reset_index(drop=True)
    different = {cell: web_address(cell) for cell in cells if isinstance(cell, str)}
    good = cells.map(lambda cell: different.get(cell) if isinstance(cell, str) else None).dropna()
    videos = segments["video_id"].astype(str).reset_index(drop=True)[good.index]
    several = good.groupby(videos).transform("nunique") > 1
    kept = good[several]
    return dict(zip(kept.index.tolist(), kept.tolist(), strict=True))


def _different_cells(segments: pd.DataFrame, name: str) -> list[tuple[str, Any]]:
    """Each different text of a column with its video, in order, and whatever is no text."""
    if name not in segments.columns or segments.columns.tolist().count(name) > 1:
        return []
    column = segments[name].astype(object)
    there = ~column.isna() & (column.map(lambda cell: not isinstance(cell, str) or cell != ""))
    pairs = zip(segments["video_id"].astype(str)[there], column[there], strict=True)
    texts: dict[tuple[str, Any], None] = {}
    for video, cell in pairs:
        texts.setdefault((video, cell if isinstance(cell, str) else _Other(cell)))
    return [(v, c.cell if isinstance(c, _Other) else c) for v, c in texts]


class _Other:
    """A cell that is no text; some of these cannot be a key of a dict."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell


def _tell_left_out(bad: list[tuple[str, str, Any]]) -> None:
    """Say once what was left out."""
    if not bad:
        return
    name, video, value = bad[0]
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    shown = mask_secrets(repr(value))[:60]
    warn(
        f"{name} of the video {video!r} is {shown}{more}, which is left out; "
        "an http or https address without a password was expected of data; pass video= for what "
        "is to be played"
    )
