"""The explorer as one file: no kernel, no network, nothing beside it.

The page carries the same front end as the notebook, the same description and bytes (in base64),
and the video, either embedded or by its address relative to the page.
"""

from __future__ import annotations

import base64
import html
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote

from twlab.errors import InputError
from twlab.paths import replaced, user_path
from twlab.widgets.bundle import module_source, style_source
from twlab.widgets.explorer import Explorer, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from twlab.widgets.explorer import Video

__all__ = ["frame_of", "page_of", "save_html"]

MAX_EMBED_MB = 200
"""Videos up to this many megabytes are written into the page; base64 makes them a third larger."""

PAGE = """<!doctype html>
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
<main id="twlab-root"></main>
<script type="application/json" id="twlab-state">{state}</script>
<script type="text/plain" id="twlab-data">{data}</script>
{videos}
<script type="module">
{module}
</script>
</body>
</html>
"""


def save_html(
    segments: pd.DataFrame | Explorer,
    path: str | os.PathLike[str],
    *,
    video: Video | None = None,
    coords: Any = None,
    labels: Any = None,
    scenes: Any = None,
    similarity: Any = None,
    views: Sequence[View] = get_args(View),
    color: str | None = None,
    tooltip: Sequence[str] = (),
    title: str | None = None,
    video_as: Literal["embed", "link"] = "embed",
) -> Path:
    """The path of an HTML file that shows the explorer without a kernel or a network.

    Parameters
    ----------
    segments : DataFrame or Explorer
        A table, shown as :func:`twlab.explore` shows it, or an explorer as it stands, with its
        selection and focus.
    path : path
        The file to write, for example ``"film.html"``.
    video, coords, labels, scenes, similarity, views, color, tooltip, title
        As for :func:`twlab.explore`; an explorer has its own.
    video_as : {"embed", "link"}
        Write a local video into the page (up to 200 MB), or point to it where it lies relative to
        the page. URLs are always pointed to.

    Returns
    -------
    Path
        Of the file written.

    Raises
    ------
    InputError
        If a video is too large to embed, something is given besides an explorer, or the file
        cannot be written (what was there before then stays as it was).

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> folder = tempfile.mkdtemp()
    >>> tw.save_html(tw.sample(), folder + "/film.html", video=tw.sample_video()).name
    'film.html'
    """
    if video_as not in ("embed", "link"):
        raise InputError(f"video_as is {video_as!r}; 'embed' or 'link' was expected")
    options = {
        "video": video,
        "coords": coords,
        "labels": labels,
        "scenes": scenes,
        "similarity": similarity,
        "views": views,
        "color": color,
        "tooltip": tuple(tooltip),
        "title": title,
    }
    if isinstance(segments, Explorer):
        _only_explorer(options)
        return _write(segments, user_path(path), video_as)
    explorer = Explorer(segments, **options)
    written = _write(explorer, user_path(path), video_as)
    explorer.close()
    return written


def _only_explorer(options: dict[str, Any]) -> None:
    """Refuse what would be ignored."""
    for name, value in options.items():
        if value is not None and value != () and value != get_args(View):
            raise InputError(
                f"{name} is given for an explorer, which has its own; pass the table instead, or "
                "leave it out"
            )


def _write(explorer: Explorer, target: Path, video_as: Literal["embed", "link"]) -> Path:
    """Write the page."""
    page = page_of(explorer, target, video_as=video_as)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder of {str(target)!r} cannot be made ({error.strerror}); a place that can be "
            "written to was expected; choose another"
        ) from None
    with replaced(target) as aside:
        aside.write_text(page, encoding="utf-8")
    return target


def page_of(explorer: Explorer, target: Path, *, video_as: Literal["embed", "link", "none"]) -> str:
    """The page as text."""
    spec = dict(explorer._spec)
    files = explorer._files if video_as != "none" else {}
    spec["videos"] = [
        {**video, "source": _source(video["source"], explorer._files.get(k), target, video_as)}
        for k, video in enumerate(spec["videos"])
    ]
    state = {
        "_spec": spec,
        "_selection": _base64(explorer._selection),
        "_focus": explorer._focus,
        "current_sec": explorer.current_sec,
        "current_video": explorer.current_video,
    }
    embedded = _embedded(files) if video_as == "embed" else iter(())
    return PAGE.format(
        title=html.escape(spec["title"] or "twlab"),
        style=style_source(page=True),
        state=json.dumps(state).replace("<", "\\u003c"),
        data=_base64(explorer._data),
        videos="\n".join(embedded),
        module=module_source("file"),
    )


def frame_of(explorer: Explorer, *, video_as: Literal["embed", "none"] = "none") -> str:
    """The page in a frame: for notebooks that are read without a kernel, and pages with more."""
    page = page_of(explorer, Path(), video_as=video_as)
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts" allowfullscreen '
        f'title="{html.escape(explorer._spec["title"])}" '
        'style="width:100%;height:760px;border:0"></iframe>'
    )


def _source(
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


def _embedded(files: dict[int, Path]) -> Iterator[str]:
    """One script element per video, its text the bytes in base64."""
    for place, path in files.items():
        megabytes = path.stat().st_size / 1e6
        if megabytes > MAX_EMBED_MB:
            raise InputError(
                f"{path.name} has {megabytes:,.0f} MB; up to {MAX_EMBED_MB} MB can be embedded in "
                "a page; pass video_as='link' and keep the video beside the page"
            )
        text = _base64(path.read_bytes())
        yield f'<script type="text/plain" id="twlab-video-{place}">{text}</script>'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
