"""How every figure is dressed: its theme as a template, its title, and names that fit.

A theme is worn as the template of one figure; no global template is touched, and
``update_layout`` overrides everything. The colours are those of :mod:`twlab.looks`.
"""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import plotly.graph_objects as go

    from twlab.looks import Look

__all__ = [
    "LABEL_PIXELS",
    "as_shown",
    "dress",
    "ends_apart",
    "put_legend_above",
    "scale_of",
    "short_names",
]


FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"
LETTERS, LINE = 65, 21
"""Letters of a line below the title that a phone shows whole, and pixels of one more line."""

UPLOADS = ("sendChartToCloud", "sendDataToCloud", "editInChartStudio")
"""Buttons of some versions of plotly that send the figure to another company."""

LABEL_PIXELS, LEGEND = 18, 30
"""Height of the name of a panel, above it, and of a legend."""

CONTEXT = 4
"""Letters kept on either side of what tells long names apart, where there is room."""

WORD_BEGINS = re.compile(r"(?<=[\W_])[^\W_]|(?<=[^\W\d_])\d")
"""Where within a name a word or a number begins."""


def as_shown(text: Any, most: int = 0) -> str:
    """Text that a figure shows as it is, not as markup; shortened in the middle to ``most``."""
    text = str(text)
    if most and len(text) > most:
        head = (most - 1 + 1) // 2
        text = f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"
    return html.escape(text, quote=False)


def short_names(names: Iterable[Any], most: int) -> list[str]:
    """Names shortened to about ``most`` letters in a way that still tells them apart."""
    texts = [str(name) for name in names]
    short = [as_shown(text, most) for text in texts]
    if len(set(short)) == len(set(texts)):
        return short
    alike: dict[str, list[str]] = {}
    for text, name in zip(texts, short, strict=True):
        alike.setdefault(name, []).append(text)
    by_text = {
        text: name
        for group in alike.values()
        for text, name in zip(group, _tell_apart(group, most), strict=True)
    }
    return [by_text[text] for text in texts]


def _tell_apart(texts: list[str], most: int) -> list[str]:
    """Names that shortening made equal, as what they do not have in common."""
    if len(set(texts)) == 1:
        return [as_shown(text, most) for text in texts]
    head = _shared_start(texts)
    tail = _shared_start([text[head:][::-1] for text in texts])
    widest = max(len(text) - head - tail for text in texts)
    context = min(CONTEXT, max(0, (most - widest) // 2))
    head, tail = max(0, head - context), max(0, tail - context)
    cores = [text[head : len(text) - tail] for text in texts]
    marks = ("…" if head else "", "…" if tail else "")
    return [f"{marks[0]}{as_shown(core, most)}{marks[1]}" for core in cores]


def ends_apart(names: Iterable[Any], most: int) -> list[str]:
    """Names of which those too long leave out what they begin with like another one.

    As little of it as makes them fit, up to where a word or a number begins, as the lanes of the
    explorer do.
    """
    texts = [str(name) for name in names]
    short = []
    for text in texts:
        others = [other for other in texts if other != text]
        common = max((_shared_start([text, other]) for other in others), default=0)
        begins = [one.start() for one in WORD_BEGINS.finditer(text) if one.start() <= common]
        # What follows a dot between option and model is a name by itself.
        marks = ["" if text[:begin].endswith(" · ") else "…" for begin in begins]
        tails = [text, *(f"{mark}{text[k:]}" for mark, k in zip(marks, begins, strict=True))]
        fitting = next((tail for tail in tails if len(tail) <= most), tails[-1])
        kept = fitting if len(fitting) <= most else f"{fitting[: most - 1].rstrip()}…"
        short.append(as_shown(kept))
    return short


def _shared_start(texts: list[str]) -> int:
    """How many letters all texts have in common at the start."""
    first, last = min(texts), max(texts)
    differ = (k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return next(differ, min(len(first), len(last)))


def dress(
    figure: go.Figure,
    look: Look,
    *,
    title: str,
    subtitle: str,
    height: int,
    letters: int = LETTERS,
) -> None:
    """Give a figure its theme, margins, title and size; more lines below the title add to it."""
    text = f"<b>{title}</b>" if title else ""
    if title and look.title != look.ink:
        text = f"<span style='color:{look.title}'>{text}</span>"
    lines = [line for part in subtitle.split("<br>") for line in _break_lines(part, letters)]
    if subtitle:
        words = "<br>".join(lines)
        text += f"<br><span style='font-size:12px;color:{look.muted}'>{words}</span>"
    more = LINE * max(0, len(lines) - 1)
    figure.update_layout(
        template=_template(look),
        height=height + more,
        title_text=text,
        margin={"l": 64, "r": 24, "t": 72 + more, "b": 48},
    )


def put_legend_above(figure: go.Figure, *, lift: float = 0) -> None:
    """A line of its own for the legend, between the subtitle and the picture, over no colour bar.

    ``lift`` is how many pixels above the picture are written upon already.
    """
    layout = figure.layout
    figure.update_layout(height=layout.height + LEGEND, margin_t=layout.margin.t + LEGEND)
    tall = layout.height - layout.margin.t - layout.margin.b
    where = {"x": 0, "xanchor": "left", "y": 1 + (2 + lift) / tall, "yanchor": "bottom"}
    figure.update_layout(legend={"orientation": "h", **where})


def _break_lines(text: str, most: int) -> list[str]:
    """A subtitle in lines, broken between its parts where that is enough."""
    lines = [""]
    for part in re.split(r"(?<=;) | (?=· )", text):
        if lines[-1] and len(html.unescape(f"{lines[-1]} {part}")) <= most:
            lines[-1] += f" {part}"
            continue
        wrapped = textwrap.wrap(part, most, break_long_words=False, break_on_hyphens=False)
        lines += [line.removeprefix("· ") for line in wrapped]
    return lines[1:]


def _template(look: Look) -> dict[str, Any]:
    """The theme as a plotly template."""
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "zerolinecolor": look.grid,
        "tickcolor": look.muted,
        "tickfont": {"color": look.muted},
        "title": {"font": {"color": look.muted}},
        "automargin": True,
    }
    spaced = {"ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0,0,0,0)"}
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": look.muted, "size": 11}}
    layout = {
        "paper_bgcolor": look.paper,
        "plot_bgcolor": look.paper,
        "font": {"family": FONT, "size": 12, "color": look.ink},
        "title": {
            **{"x": 0, "xref": "container", "xanchor": "left", "y": 1, "yanchor": "top"},
            "pad": {"t": 22, "l": 16},
            "font": {"size": 16},
        },
        "xaxis": {**axis, **spaced},
        "yaxis": {**axis, **spaced},
        "annotationdefaults": {"font": {"color": look.muted, "size": 12}, "showarrow": False},
        "hoverlabel": {"font": {"family": FONT, "size": 12}, "align": "left"},
        "legend": {"itemsizing": "constant", "title": {"font": {"color": look.muted}}},
        "modebar": {
            **{"bgcolor": "rgba(0,0,0,0)", "color": look.muted, "activecolor": look.ink},
            "remove": list(UPLOADS),
        },
    }
    data = {"heatmap": [{"colorbar": bar}], "bar": [{"marker": {"colorbar": bar}}]}
    return {"layout": layout, "data": data}


def scale_of(colours: Sequence[str]) -> list[list[Any]]:
    """Colours at even steps, as a colour scale of plotly."""
    return [[k / (len(colours) - 1), colour] for k, colour in enumerate(colours)]
