"""Figures of the documentation: plotly draws them with the copy that every page loads."""

from typing import Any

import plotly.io as pio
from plotly.io.base_renderers import MimetypeRenderer


class Page(MimetypeRenderer):
    """A figure as a piece of a page."""

    def to_mimebundle(self, fig_dict: dict[str, Any]) -> dict[str, str]:
        """The piece, without plotly itself."""
        piece = pio.to_html(fig_dict, include_plotlyjs=False, full_html=False, validate=False)
        return {"text/html": piece}


pio.renderers["page"] = Page()
pio.renderers.default = "page"
