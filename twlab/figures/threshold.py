"""The similarities behind a proposed threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from twlab.analysis.judging.thresholds import BASE_RATE, similarity_pairs
from twlab.analysis.judging.thresholds import threshold as threshold_of
from twlab.errors import InputError
from twlab.figures.figure import Figure
from twlab.figures.theme import LABEL_PIXELS, as_shown, dress, put_legend_above
from twlab.looks import ThemeName, colour_of, look_of

if TYPE_CHECKING:
    from twlab.looks import Look

__all__ = ["threshold"]

BINS = 60
"""Of up to 100,000 pairs of a kind a bar holds some 1,600, so that its height is exact to a
fortieth."""
PANEL = 230
"""Pixels of a panel with what stands around it."""


def threshold(
    segments: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "auto"
) -> go.Figure:
    """How alike neighbours and unrelated segments are, with the threshold proposed between them.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel per embedding option; the share of pairs per interval of cosine similarity.

    Raises
    ------
    InputError
        If there are no pairs of segments to compare.

    See Also
    --------
    twlab.threshold : from which similarity on segments belong together

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
    figure = make_subplots(
        rows=len(options),
        shared_xaxes=True,
        vertical_spacing=_space_between_options(len(options)),
        figure=Figure(),
    )
    for row, option in enumerate(options, 1):
        same = pairs["embedding_option"].isna() if option is None else (
            pairs["embedding_option"] == option
        )  # fmt: skip
        _draw_samples(figure, pairs[same], row)
        _mark_threshold(figure, proposed.iloc[row - 1], row, look)
    words = "Which similarity tells" if title is None else title
    note = "share of pairs; no threshold tells the two apart"
    if proposed["threshold"].notna().any():
        note = "share of pairs; dashed: the proposed threshold"
        note += f"; precision: how many pairs above it belong together, if {BASE_RATE:.0%} do"
    dress(figure, look, title=words, subtitle=note, height=130 + PANEL * len(options))
    figure.update_layout(barmode="overlay", bargap=0)
    put_legend_above(figure, lift=LABEL_PIXELS)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title_text="share of pairs")
    figure.update_xaxes(title_text="cosine similarity", row=len(options), col=1)
    return figure


def _space_between_options(n_panels: int) -> float:
    """Space between panels, as a share of the whole: about 60 pixels."""
    return 60 / (PANEL * n_panels) if n_panels > 1 else 0.0


def _mark_threshold(figure: go.Figure, proposed: pd.Series[Any], row: int, look: Look) -> None:
    """The name of an option above its panel, and its threshold with the precision there."""
    option, at = proposed["embedding_option"], float(proposed["threshold"])
    words = [] if pd.isna(option) else [f"<b>{as_shown(option, 30)}</b>"]
    if np.isfinite(at):
        line = {"color": look.ink, "dash": "dash"}
        figure.add_vline(x=at, row=row, col=1, line=line)
        words.append(f"threshold {at:.2f}, precision {proposed['precision']:.2f}")
    else:
        words.append("no threshold")
    panel = "" if row == 1 else str(row)
    figure.add_annotation(
        text=" · ".join(words),
        **{"x": 0, "xref": f"x{panel} domain", "xanchor": "left"},
        **{"y": 1, "yref": f"y{panel} domain", "yanchor": "bottom"},
    )


def _draw_samples(figure: go.Figure, pairs: pd.DataFrame, row: int) -> None:
    """The shares of the pairs of one option, a colour for each kind."""
    lowest = min(float(pairs["similarity"].min()), 0.9)  # of pairs all alike that they are
    edges = np.linspace(lowest, 1, BINS + 1)
    for number, (kind, name) in enumerate(
        (("neighbours", "neighbours in time"), ("far", "unrelated"))
    ):
        values = pairs[pairs["kind"] == kind]["similarity"].clip(upper=1)
        bar = go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=np.histogram(values, edges)[0] / max(len(values), 1),
            name=name,
            legendgroup=name,
            showlegend=row == 1,
            marker={"color": colour_of(number), "line": {"width": 0}},
            opacity=0.6,
            hovertemplate="%{x:.2f}<br><b>%{y:.1%}</b> of " + name + "<extra></extra>",
        )
        figure.add_trace(bar, row=row, col=1)
