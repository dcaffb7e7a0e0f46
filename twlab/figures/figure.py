"""What ``tw.plot`` returns: a figure of plotly that stays to be seen when its notebook is run.

Plotly leaves a description in JSON, for JupyterLab to draw. What a program makes of a notebook,
such as ``jupyter nbconvert --execute``, shows none of that. There a figure leaves a picture
besides, where kaleido finds a browser, and else a page that draws itself with the copy of plotly.js
that comes with plotly: no network is needed for either.

* :class:`Figure` - the figure
"""

from __future__ import annotations

import base64
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from twlab.errors import TwlabError
from twlab.figures.page_fit import FIT, wear_dark
from twlab.figures.picture_browser import draw_picture
from twlab.hosts import comes_first, is_unattended

__all__ = ["Figure"]

JSON_ONLY = "plotly_mimetype"
"""The renderer that plotly takes in a kernel of Jupyter, unless somebody chose another."""

PICTURE_WIDTH, PICTURE_HEIGHT = 900, 450
"""Pixels of a picture, where the figure does not say."""

SHARPNESS = 2
"""Pixels of a picture for each of the page, so that it is sharp on the screens of today."""

LIBRARY = "<script>(function (define) {{\n{}\n}})(undefined);</script>\n"
"""Plotly's own script, hidden from require.js, which would keep it to itself."""


class Figure(go.Figure):  # type: ignore[misc]
    """A figure of plotly.

    See Also
    --------
    plotly.graph_objects.Figure : all that it can do

    Examples
    --------
    >>> import twlab as tw
    >>> figure = tw.plot.novelty(tw.sample())
    >>> isinstance(figure, go.Figure)
    True
    >>> figure.update_layout(height=300).layout.height
    300
    """

    def to_html(self, *args: Any, post_script: Any = None, **kwargs: Any) -> str:
        """As that of plotly, a page or a piece of one; it fits a phone and has the page's ink."""
        page: str = super().to_html(*args, post_script=_with_fit(post_script), **kwargs)
        return page

    def write_html(self, *args: Any, post_script: Any = None, **kwargs: Any) -> None:
        """As :meth:`to_html`, into a file."""
        super().write_html(*args, post_script=_with_fit(post_script), **kwargs)

    def _display_(self) -> go.Figure:
        """What marimo shows: for a dark notebook the figure in the dark theme."""
        from marimo import app_meta

        return wear_dark(self) if app_meta().theme == "dark" else go.Figure(self)

    def _ipython_display_(self) -> None:
        """Shown as plotly shows it; to a program, with something that can be seen later."""
        if pio.renderers.default != JSON_ONLY or not is_unattended():
            super()._ipython_display_()
            return
        from IPython.display import publish_display_data

        data, metadata = _keepsake(self)
        shown = {**self._repr_mimebundle_(), **data}
        publish_display_data(shown, metadata)  # type: ignore[no-untyped-call]


def _with_fit(scripts: Any) -> list[str]:
    """What the page runs when the figure is drawn: what the caller wants, and what fits it."""
    given = [scripts] if isinstance(scripts, str) else list(scripts or ())
    return [*given, FIT]


def _keepsake(figure: go.Figure) -> tuple[dict[str, str], dict[str, Any]]:
    """A picture and its size on the page, or without a browser a page that draws itself."""
    size = {
        "width": int(figure.layout.width or PICTURE_WIDTH),
        "height": int(figure.layout.height or PICTURE_HEIGHT),
    }
    form = "jpeg" if figure.layout.images else "png"  # frames take a tenth of the room as JPEG
    if form == "jpeg":  # which knows no transparent paper, and makes it black
        figure = go.Figure(figure).update_layout(paper_bgcolor="white", plot_bgcolor="white")
    try:
        picture = draw_picture(figure, form, scale=SHARPNESS, **size)
    except TwlabError:  # no kaleido, no browser, or one that died
        return {"text/html": _page(figure)}, {}
    kind = f"image/{form}"
    return {kind: base64.b64encode(picture).decode("ascii")}, {kind: size}


def _page(figure: go.Figure) -> str:
    """The figure as a piece of a page; the first one of a notebook brings the script for all."""
    from plotly.offline import get_plotlyjs

    script = LIBRARY.format(get_plotlyjs()) if comes_first("twlab.plotly") else ""
    piece: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return script + piece
