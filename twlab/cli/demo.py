"""What twlab draws of the bundled film, as one HTML file that needs no network.

* :func:`write_demo` - the file, and where it was written
"""

from __future__ import annotations

import html
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from twlab.paths import replace_file, user_path

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    import pandas as pd
    from plotly.graph_objects import Figure

    Shown = tuple[str, str, str, Figure]

__all__ = ["write_demo"]

DEMO_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>twlab: Big Buck Bunny</title>
<style>
  :root {{ color-scheme: light dark; --ink: #222; --soft: #555; --paper: #fff; --sunken: #f2f2f2;
          --jp-ui-font-color0: var(--ink) }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ink: #e8ecf3; --soft: #a3adbd; --paper: #0b0d12; --sunken: #1c2029 }}
  }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto;
         padding: 0 1rem; color: var(--ink); background: var(--paper) }}
  a {{ color: light-dark(#0b57d0, #8ab4ff) }}
  h1, h2 {{ line-height: 1.2 }}
  h2 {{ margin-top: 3rem }}
  code {{ background: var(--sunken); padding: .1em .3em; border-radius: 3px }}
  pre code {{ display: block; padding: .6em .8em; overflow-x: auto }}
  .wide {{ width: min(96vw, 88rem); margin-left: 50%; transform: translateX(-50%) }}
  .picture {{ overflow-x: auto }}
  @media (max-width: 30rem) {{ .wide {{ width: 100vw }} }}
  footer {{ margin: 3rem 0; color: var(--soft); font-size: 14px }}
</style>
<main>
<h1>Big Buck Bunny, seen through its embeddings</h1>
<p>A film of 9:56 in clips of 6 s, one vector per clip. The vectors come from an open image
classifier and are <b>not Marengo vectors</b>: they know what a picture looks like, not what
happens in it. Above each picture stand the lines that made it, after
<code>import twlab as tw</code> and <code>film = tw.sample()</code>.</p>
<h2>All of it linked, with the film playing</h2>
<p>Draw around points on the map, over segments of the timeline or over the heatmap; click, and the
film goes there. The key <kbd>?</kbd> lists the rest.</p>
<pre><code>tw.explore(film, video=tw.sample_video(), labels=tw.cluster(film, 6))</code></pre>
<div class="wide">{explorer}</div>
<script>
  const frame = document.querySelector(".wide iframe");
  frame.addEventListener("load", () => {{
    const {{ body }} = frame.contentDocument;
    const fit = () => (frame.style.height = `${{body.offsetHeight}}px`);
    new frame.contentWindow.ResizeObserver(fit).observe(body);
    fit();
  }});
</script>
<script>{script}</script>
{pictures}
</main>
<footer>Big Buck Bunny, (c) copyright 2008, Blender Foundation / www.bigbuckbunny.org,
<a href="https://creativecommons.org/licenses/by/3.0/">CC BY 3.0</a>. The embeddings were computed
from it and come under the same licence.</footer>
</html>
"""

SECTION = """\
<section>
<h2>{title}</h2>
<p>{text}</p>
<pre><code>{code}</code></pre>
<div class="picture">{figure}</div>
</section>
"""


def write_demo(path: str | os.PathLike[str]) -> Path:
    """The file to which pictures of the bundled film were written.

    Parameters
    ----------
    path : path
        An HTML file in a folder that exists; it is overwritten.

    Returns
    -------
    Path
        The file, 18 MB or so, most of it the film and the drawing library.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_demo(Path(folder) / "film.html").read_text(encoding="utf-8")
    >>> page.count("<h2>")  # one less without the extra media
    6
    """
    from twlab.loading.samples import sample

    target = user_path(path)
    with replace_file(target) as aside:
        aside.write_text(_fill_page(sample()), encoding="utf-8")
    return target


def _fill_page(film: pd.DataFrame) -> str:
    """The page as text."""
    from plotly.offline import get_plotlyjs

    pictures = "".join(
        SECTION.format(
            title=html.escape(title),
            text=html.escape(text),
            code=html.escape(code),
            figure=figure.to_html(full_html=False, include_plotlyjs=False),
        )
        for title, text, code, figure in _draw_pictures(film)
    )
    return DEMO_PAGE.format(explorer=_draw_explorer(film), script=get_plotlyjs(), pictures=pictures)


def _draw_explorer(film: pd.DataFrame) -> str:
    """The linked explorer with the film in it."""
    from twlab.analysis.groups.clustering import cluster
    from twlab.loading.samples import sample_video
    from twlab.widgets.explorer import state_of
    from twlab.widgets.opening import explore
    from twlab.widgets.page import iframe_of

    explorer = explore(film, video=sample_video(), labels=cluster(film, 6))
    frame = iframe_of(state_of(explorer), video_as="embed", reachable=True)
    explorer.close()
    return frame


def _draw_pictures(film: pd.DataFrame) -> Iterator[Shown]:
    """Title, what to see, the code, and the figure."""
    from twlab import plot
    from twlab.analysis.groups.clustering import cluster
    from twlab.analysis.maps.projection import project

    yield (
        "What resembles what",
        "Each clip against each. A bright block on the diagonal is a stretch that looks alike, a "
        "bright patch off it a place that comes back.",
        "tw.plot.heatmap(film)",
        plot.heatmap(film),
    )
    yield (
        "Where something new begins",
        "High where the clips before and the clips after are each alike but differ from one "
        "another.",
        "tw.plot.novelty(film)",
        plot.novelty(film),
    )
    labels = cast("pd.Series[Any]", cluster(film, 6))
    yield (
        "What is on screen when",
        "The clips in six clusters of like looks, a lane for each.",
        "labels = tw.cluster(film, 6)\ntw.plot.timeline(film, lanes=labels)",
        plot.timeline(film, lanes=labels),
    )
    if find_spec("av") is not None:
        yield _draw_storyboard(film, labels)
    coords = cast("pd.DataFrame", project(film))
    yield (
        "A map of the clips",
        "Clips that look alike lie together; colours are the clusters. Point at one for its time.",
        "coords = tw.project(film)\ntw.plot.scatter(film, coords, color=labels)",
        plot.scatter(film, coords, color=labels),
    )


def _draw_storyboard(film: pd.DataFrame, labels: pd.Series[Any]) -> Shown:
    """The clusters as frames, where PyAV is there to read the film."""
    from twlab import plot
    from twlab.loading.samples import sample_video

    return (
        "What each cluster shows",
        "The clips that are most typical of each cluster, of the beginning of its time to the end.",
        "tw.plot.storyboard(labels, film, video=tw.sample_video())",
        plot.storyboard(labels, film, video=sample_video()),
    )
