"""The similarities behind a proposed threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.errors import InputError
from twlab.plot.theme import ThemeName, colour_of, dress, look_of
from twlab.sources import also_stores
from twlab.thresholds import similarity_pairs
from twlab.thresholds import threshold as threshold_of

if TYPE_CHECKING:
    import pandas as pd

    from twlab.plot.theme import Look

__all__ = ["threshold"]

BINS = 60


@also_stores("segments")
def threshold(
    segments: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "light"
) -> go.Figure:
    """How alike neighbours and unrelated segments are, with the threshold proposed between them.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel per embedding option; the share of pairs per interval of cosine similarity.

    Raises
    ------
    InputError
        If there are no pairs of segments to compare.

    Examples
    --------
    >>> import twlab as tw
    >>> [trace.name for trace in tw.plot.threshold(tw.sample()).data]
    ['neighbours in time', 'unrelated']
    """
    look = look_of(theme)
    pairs, proposed = similarity_pairs(segments), threshold_of(segments)
    if not len(pairs):
        raise InputError("there are no pairs of segments; a table of several was expected")
    options = [None if option != option else option for option in proposed["embedding_option"]]
    figure = make_subplots(rows=len(options), subplot_titles=[str(o or "") for o in options])
    for row, option in enumerate(options, 1):
        same = pairs["embedding_option"].isna() if option is None else (
            pairs["embedding_option"] == option
        )  # fmt: skip
        _samples(figure, pairs[same], row, look)
        at = float(proposed["threshold"].iloc[row - 1])
        if np.isfinite(at):
            figure.add_vline(
                x=at,
                row=row,
                col=1,
                line={"color": look.ink, "dash": "dash"},
                annotation_text=f"{at:.2f}",
            )
    words = "Which similarity tells" if title is None else title
    note = "share of pairs by cosine similarity; the dashed line is the proposed threshold"
    dress(figure, look, title=words, subtitle=note, height=200 + 220 * len(options))
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_yaxes(tickformat=".0%")
    return figure


def _samples(figure: go.Figure, pairs: pd.DataFrame, row: int, look: Look) -> None:
    """The shares of the pairs of one option, a colour for each kind."""
    edges = np.linspace(float(pairs["similarity"].min()), 1, BINS + 1)
    for number, (kind, name) in enumerate(
        (("neighbours", "neighbours in time"), ("far", "unrelated"))
    ):
        values = pairs[pairs["kind"] == kind]["similarity"]
        bar = go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=np.histogram(values, edges)[0] / max(len(values), 1),
            name=name,
            legendgroup=name,
            showlegend=row == 1,
            marker={"color": colour_of(look, number), "line": {"width": 0}},
            opacity=0.6,
            hovertemplate="%{x:.2f}<br><b>%{y:.1%}</b> of " + name + "<extra></extra>",
        )
        figure.add_trace(bar, row=row, col=1)
