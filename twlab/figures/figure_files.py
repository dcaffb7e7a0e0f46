"""Figures as files for print.

* :func:`save_figure` - PDF, SVG or PNG
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.figures.picture_browser import draw_picture
from twlab.paths import replace_file, user_path

if TYPE_CHECKING:
    from pathlib import Path

    from twlab.table.types import FilePath

__all__ = ["save_figure"]

FORMS = ("pdf", "svg", "png")

DOTS_PER_INCH = 300
"""Of PNG, which journals ask for pictures at the least."""

PIXELS_PER_INCH = 96
"""Of CSS, SVG and PDF."""

UNSAID_SIZE = (900, 450)
"""Pixels of a figure that takes the room there is, as a notebook shows it."""


def save_figure(figure: go.Figure, path: FilePath) -> Path:
    """The file to which a figure was written, for print: PDF or SVG, or PNG at 300 dots per inch.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of ``tw.plot`` or any other; with ``style="paper"`` its file has the width in millimetres.
    path : path
        Ends in ``.pdf``, ``.svg`` or ``.png``; overwritten whole or not at all. In PDF and SVG
        text stays text and lines stay lines; heatmaps and frames are pictures in them.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the ending is another, it is no figure, or the file cannot be written.
    MissingExtraError
        If the extra ``figures`` (kaleido) is not installed, or finds no Chrome or Chromium that
        starts.
    TwlabError
        If the browser dies under the figure.

    See Also
    --------
    twlab.plot : all figures
    twlab.save_html : the explorer as one file

    Examples
    --------
    The first one starts a browser, which takes some seconds:

    >>> import twlab as tw
    >>> figure = tw.plot.novelty(tw.sample(), style="paper", width_mm=85)
    >>> tw.save_figure(figure, "novelty.pdf")  # doctest: +SKIP
    """
    if not isinstance(figure, go.Figure):
        raise InputError(
            f"figure is a {type(figure).__name__}; a figure of plotly was expected; pass what "
            "tw.plot returns, or for an explorer use tw.save_html"
        )
    target = user_path(path)
    form = target.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise InputError(
            f"{target.name!r} ends in no form of figures; .pdf, .svg or .png was expected; for "
            "HTML use figure.write_html"
        )
    content = _draw(figure, form)
    with replace_file(target) as aside:
        aside.write_bytes(content)
    return target


def _draw(figure: go.Figure, form: str) -> bytes:
    """The content of the file."""
    width, height = figure.layout.width or UNSAID_SIZE[0], figure.layout.height or UNSAID_SIZE[1]
    scale = DOTS_PER_INCH / PIXELS_PER_INCH if form == "png" else 1
    return draw_picture(figure, form, width=width, height=height, scale=scale)
