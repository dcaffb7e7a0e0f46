"""How far embedding options agree, against chance."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.plot.theme import ThemeName, colour_of, dress, look_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["options"]

COLUMNS = ("video_id", "option_a", "option_b", "agreement", "chance_mean", "chance_95", "p_value")


def options(
    agreement: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "light"
) -> go.Figure:
    """The agreement of embedding options, each with the range that chance gives.

    Parameters
    ----------
    agreement : DataFrame
        As ``tw.compare_options(segments)`` returns it.
    title : str, optional
        In place of the default.
    theme : {"light", "dark"}
        Which background to draw for.

    Returns
    -------
    plotly.graph_objects.Figure
        A row per video and pair of options: a bar from the mean of chance to its 95 % point, and
        a point for the agreement, hollow where there is no verdict; hovering it tells p or why
        there is none.

    Raises
    ------
    InputError
        If there is nothing to draw or a column is missing.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")])
    >>> [trace.name for trace in tw.plot.options(tw.compare_options(both)).data]
    ['chance', 'agreement']
    """
    _check(agreement)
    look = look_of(theme)
    names = [_name(row) for row in agreement.itertuples()]
    chance = agreement["chance_95"] - agreement["chance_mean"]
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=chance,
                base=agreement["chance_mean"],
                orientation="h",
                name="chance",
                width=0.4,
                marker={"color": look.grid},
                hovertemplate="chance: mean %{base:.2f}<extra></extra>",
            ),
            go.Scatter(
                y=names,
                x=agreement["agreement"],
                mode="markers",
                name="agreement",
                customdata=[_verdict(row) for row in agreement.itertuples()],
                marker={
                    "size": 11,
                    "color": colour_of(look, 0),
                    "symbol": np.where(agreement["p_value"].notna(), "circle", "circle-open"),
                },
                hovertemplate="<b>%{x:.2f}</b>, %{customdata}<extra></extra>",
            ),
        ]
    )
    words = "Do the options tell the same story?" if title is None else title
    note = "correlation of self-similarities; the bar is chance, from its mean to its 95 % point"
    dress(figure, look, title=words, subtitle=note, height=180 + 44 * len(names))
    figure.update_layout(margin={"l": 220})
    return figure


def _name(row: Any) -> str:
    """What is compared in a row; models where there are several."""
    parts = [str(row.option_a), str(row.option_b)]
    models = [str(getattr(row, name, "")) for name in ("model_a", "model_b")]
    if models[0] != models[1]:
        parts = [f"{part} ({model})" for part, model in zip(parts, models, strict=True)]
    return f"{row.video_id}: {parts[0]} and {parts[1]}"


def _verdict(row: Any) -> str:
    """The p-value, or why there is none."""
    if row.p_value == row.p_value:
        return f"p {row.p_value:.3f}"
    return f"no p: {escape(str(getattr(row, 'note', 'not known')))}"


def _check(agreement: pd.DataFrame) -> None:
    """Refuse what :func:`twlab.compare_options` does not return, and what has no rows."""
    if not hasattr(agreement, "columns"):
        raise InputError(
            f"agreement is a {type(agreement).__name__}; pass what tw.compare_options returns"
        )
    missing = [name for name in COLUMNS if name not in agreement.columns]
    if missing:
        raise InputError(f"no column {missing[0]!r}; pass what tw.compare_options returns")
    if not len(agreement):
        raise InputError("no video has two embedding options; load several options together")
