"""The explorer as one file: no kernel, no network, nothing beside it.

The page carries the same front end as the notebook, the same description and bytes (in base64),
and the video, either embedded or by its address relative to the page.

* :class:`State` - what a page shows
* :func:`page_of` - the page as text; :func:`iframe_of` - in a frame of another page
"""

from __future__ import annotations

import base64
import html
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from twlab.errors import InputError
from twlab.widgets.bundle import module_source, style_source

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["State", "iframe_of", "page_of"]

MAX_EMBED_MB = 200
"""Videos up to this many megabytes are written into the page; base64 makes them a third larger."""

FILE_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="twlab">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<noscript>This page draws with JavaScript, which is switched off here.</noscript>
<main>
<h1 class="twx-page-title">{title}</h1>
<div id="twlab-root"></div>
</main>
<script type="application/json" id="twlab-state">{state}</script>
<script type="text/plain" id="twlab-data">{data}</script>
{videos}
<script type="module">
{module}
</script>
</body>
</html>
"""

IFRAME = """<iframe class="twlab-page" srcdoc="{page}"{sandbox} allowfullscreen \
title="{title}" style="width:100%;height:760px;border:0"></iframe>
<script>
for (const frame of document.querySelectorAll("iframe.twlab-page")) {{
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const own = getComputedStyle(document.documentElement).colorScheme;
  let scheme = own.includes("dark") ? (own.includes("light") ? system : "dark") : "light";
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  const painted = (css) => {{
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, alpha / 255];
  }};
  for (let node = frame; node; node = node.parentElement) {{
    const css = getComputedStyle(node).backgroundColor;
    const plain = css.startsWith("rgb");
    const [r, g, b, alpha = 1] = plain ? css.match(/[\\d.]+/g).map(Number) : painted(css);
    if (alpha <= 0.5) continue;
    scheme = 0.21 * r + 0.72 * g + 0.07 * b < 128 ? "dark" : "light";
    break;
  }}
  frame.style.colorScheme = scheme;
  frame.name = `twlab-${{scheme}}`;
  const tell = () => frame.contentWindow?.postMessage({{ twlabScheme: scheme }}, "*");
  frame.addEventListener("load", tell);
  tell();
  frame.classList.remove("twlab-page");
}}
</script>"""
"""A page cannot see what it lies upon: who frames it tells it by the name of the frame, before the
first picture, and by a message, where the page was quicker than the name."""


class State(NamedTuple):
    """An explorer as it stands."""

    spec: dict[str, Any]
    data: bytes
    selection: bytes
    focus: int
    current_sec: float
    current_video: str
    labels: list[Any]
    """Names given to rows: each with the rows from and before which they run."""
    files: dict[int, Path]
    """Of the videos that lie on a disk, by their place in the description."""
    words: str = ""
    """What is looked for."""
    found: bytes = b""
    """What was found for it, as the kernel would answer."""


def page_of(state: State, target: Path, *, video_as: Literal["embed", "link", "none"]) -> str:
    """The page as text."""
    spec = {**state.spec, "words": False}
    files = state.files if video_as != "none" else {}
    spec["videos"] = [
        {**video, "source": _page_source(video["source"], state.files.get(k), target, video_as)}
        for k, video in enumerate(spec["videos"])
    ]
    values = {
        "_spec": spec,
        "_selection": _in_base64(state.selection),
        "_labels": state.labels,
        "_focus": state.focus,
        "_words": state.words,
        "_found": _in_base64(state.found),
        "current_sec": state.current_sec,
        "current_video": state.current_video,
    }
    embedded = _embed_videos(files) if video_as == "embed" else iter(())
    return FILE_PAGE.format(
        title=html.escape(spec["title"] or "twlab"),
        style=style_source(page=True),
        state=json.dumps(values).replace("<", "\\u003c"),
        data=_in_base64(state.data),
        videos="\n".join(embedded),
        module=module_source("file"),
    )


def iframe_of(
    state: State, *, video_as: Literal["embed", "none"] = "none", reachable: bool = False
) -> str:
    """The page in a frame: for notebooks that are read without a kernel, and pages with more.

    A page of ours may make it ``reachable``, to give it the height that it needs.
    """
    page, title = page_of(state, Path(), video_as=video_as), state.spec["title"]
    sandbox = "" if reachable else ' sandbox="allow-scripts"'
    return IFRAME.format(page=html.escape(page), title=html.escape(title), sandbox=sandbox)


def _page_source(
    source: dict[str, str], file: Path | None, target: Path, video_as: str
) -> dict[str, str]:
    """How the page gets a video: what the browser fetched before, or the file's own bytes."""
    if file is None:
        return source
    if video_as == "none":
        return {**source, "kind": "none", "url": "", "note": "The video is not in this page."}
    if video_as == "embed":
        return {**source, "kind": "bytes", "url": "", "note": ""}
    relative = os.path.relpath(file, target.resolve().parent)
    return {**source, "kind": "url", "url": quote(Path(relative).as_posix()), "note": ""}


def _embed_videos(files: dict[int, Path]) -> Iterator[str]:
    """One script element per video, its text the bytes in base64."""
    for place, path in files.items():
        megabytes = path.stat().st_size / 1e6
        if megabytes > MAX_EMBED_MB:
            raise InputError(
                f"{path.name} has {megabytes:,.0f} MB; up to {MAX_EMBED_MB} MB can be embedded in "
                "a page; pass video_as='link' and keep the video beside the page"
            )
        text = _in_base64(path.read_bytes())
        yield f'<script type="text/plain" id="twlab-video-{place}">{text}</script>'


def _in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
