"""How far embedding options agree, against chance."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from twlab.checks import check_result
from twlab.errors import InputError
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, put_legend_above
from twlab.looks import ThemeName, colour_of, look_of

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["options"]

LEFT_HALF = 0.5
"""Of a point below it the p stands to the right, else to the left: neither on names nor cut."""

ROW_LETTERS = 26
"""Letters of a line beside a row."""

AGREEMENT_COLUMNS = (
    "video_id",
    "option_a",
    "option_b",
    "agreement",
    "chance_mean",
    "chance_95",
    "p_value",
)


def options(
    agreement: pd.DataFrame, *, title: str | None = None, theme: ThemeName = "auto"
) -> go.Figure:
    """The agreement of embedding options, each with the range that chance gives.

    Parameters
    ----------
    agreement : DataFrame
        As ``tw.compare_options(segments)`` returns it.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        A row per video and pair of options: a bar from the mean of chance to its 95 % point, and a
        point for the agreement with its p, hollow where there is no verdict; hovering over it says
        why there is none, and so does a text where there is no agreement either.

    Raises
    ------
    InputError
        If there is nothing to draw or a column is missing.

    See Also
    --------
    twlab.compare_options : whether options tell the same story

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")])
    >>> [trace.name for trace in tw.plot.options(tw.compare_options(both)).data]
    ['chance', 'agreement']
    """
    check_result(agreement, AGREEMENT_COLUMNS, "agreement", of="compare_options", may_be_empty=True)
    if not len(agreement):
        raise InputError(
            "agreement has no rows, as no video has two embedding options; at least one was "
            "expected; load several options together"
        )
    look = look_of(theme)
    names = [_name_row(row) for row in agreement.itertuples()]
    chance = agreement["chance_95"] - agreement["chance_mean"]
    figure = Figure(
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
            _draw_agreement(agreement, names),
        ]
    )
    words = "Do the options tell the same story?" if title is None else title
    note = "correlation of self-similarities; the bar is chance, from its mean to its 95 % point"
    if (agreement["p_value"].isna() & agreement["agreement"].notna()).any():
        note += "<br>hollow: no verdict; hover to see why"
    dress(figure, look, title=words, subtitle=note, height=200 + 60 * len(names))
    ends = agreement[["agreement", "chance_mean", "chance_95"]].to_numpy(np.float64)
    low = np.nanmin([*ends.ravel(), -0.05])  # a correlation: of small ones that they are small
    figure.update_xaxes(range=[1.1 * low, 1.05], title_text="agreement (correlation)", nticks=7)
    figure.update_yaxes(type="category", autorange="reversed", title_text="video and options")
    figure.update_layout(annotations=_note_reasons(agreement, names))
    put_legend_above(figure)
    return figure


def _note_reasons(agreement: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Why there is no point, where there is none."""
    missing = agreement["agreement"].isna()
    return [
        {"x": 0, "xanchor": "left", "y": name, "text": _verdict(row)}
        for name, row, gone in zip(names, agreement.itertuples(), missing, strict=True)
        if gone
    ]


def _draw_agreement(agreement: pd.DataFrame, names: list[str]) -> go.Scatter:
    """The agreement of each pair, with its p; hollow where there is none."""
    return go.Scatter(
        y=names,
        x=agreement["agreement"],
        mode="markers+text",
        name="agreement",
        text=[_p_value(row) for row in agreement.itertuples()],
        textposition=np.where(agreement["agreement"] < LEFT_HALF, "top right", "top left"),
        cliponaxis=False,
        customdata=[_verdict(row) for row in agreement.itertuples()],
        marker={
            "size": 11,
            "color": colour_of(0),
            "symbol": np.where(agreement["p_value"].notna(), "circle", "circle-open"),
        },
        hovertemplate="<b>%{x:.2f}</b>, %{customdata}<extra></extra>",
    )


def _name_row(row: Any) -> str:
    """What is compared in a row, a line each; models where there are several."""
    parts = [str(row.option_a), str(row.option_b)]
    models = [getattr(row, name, "") for name in ("model_a", "model_b")]
    models = ["no model named" if model != model or model is None else model for model in models]
    if models[0] != models[1]:
        parts = [f"{part} ({model})" for part, model in zip(parts, models, strict=True)]
    return "<br>".join(as_shown(part, ROW_LETTERS) for part in (row.video_id, *parts))


def _p_value(row: Any) -> str:
    """The p-value, or that there is none."""
    return "no p" if row.p_value != row.p_value else f"p {row.p_value:.3f}"


def _verdict(row: Any) -> str:
    """The p-value, or why there is none."""
    why = (
        "" if row.p_value == row.p_value else f": {escape(str(getattr(row, 'note', 'not known')))}"
    )
    return f"{_p_value(row)}{why}"
