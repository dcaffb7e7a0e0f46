"""How every picture looks: two themes and colours that stay apart for colour-blind eyes.

The categories start from the palettes of Okabe & Ito (2008) and of Paul Tol's notes (2021), moved
until all twelve stand out from the background of their theme (a contrast of at least 3 to 1) and
from each other, also as protanopes, deuteranopes and tritanopes see them (Machado et al. 2009).

A theme is worn as the template of one figure; no global template is touched, and
``update_layout`` overrides everything.
"""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import plotly.graph_objects as go

__all__ = [
    "LEGEND_ABOVE",
    "THEMES",
    "Look",
    "ThemeName",
    "colour_of",
    "dress",
    "faint",
    "look_of",
    "plain",
    "short_names",
]

ThemeName = Literal["light", "dark"]
FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"
LETTERS, LINE = 65, 21
"""Letters of a line below the title that a phone shows whole, and pixels of one more line."""

LEGEND_ABOVE = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
"""Where a legend takes no width, and lies on no colour bar."""

CONTEXT = 4
"""Letters kept on either side of what tells long names apart."""

SHADES = (0.0, 0.4, 0.65)
"""How far the categories move towards the ink each time that twelve are used up."""


class Look(NamedTuple):
    """The colours of one theme."""

    paper: str
    ink: str
    muted: str
    grid: str
    categories: tuple[str, ...]
    sequential: str
    """For areas."""
    marks: tuple[str, ...]
    """For points and bars: the part of it that stands out from the background."""
    diverging: tuple[str, ...]


THEMES: dict[str, Look] = {
    "light": Look(
        paper="#ffffff",
        ink="#1d2433",
        muted="#5a6478",
        grid="#e4e8ef",
        categories=(
            *("#006cb8", "#cb4e0f", "#1b9484", "#e162a5", "#bc8839", "#4193fa"),
            *("#243aa1", "#7e784e", "#78083d", "#834312", "#1d6a50", "#7f58ea"),
        ),
        sequential="Viridis",
        marks=(
            *("#440154", "#482475", "#414487", "#355f8d"),
            *("#2a788e", "#21918c", "#22a884", "#44bf70"),
        ),
        diverging=("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b"),
    ),
    "dark": Look(
        paper="#14171c",
        ink="#e8ecf3",
        muted="#a3adbd",
        grid="#2c323c",
        categories=(
            *("#4c94bf", "#ec4f07", "#2fc0ad", "#cdb0e7", "#f0c67d", "#a8e6fa"),
            *("#836de4", "#e4ef00", "#be5083", "#9c916f", "#89be24", "#df79ff"),
        ),
        sequential="Viridis",
        marks=(
            *("#355f8d", "#2a788e", "#21918c", "#22a884"),
            *("#44bf70", "#7ad151", "#bddf26", "#fde725"),
        ),
        diverging=("#67b3ff", "#2f5f8f", "#1b1f26", "#a34a3a", "#ff8a70"),
    ),
}


def look_of(theme: str) -> Look:
    """The colours of a theme.

    Raises
    ------
    InputError
        If there is no such theme.
    """
    if not isinstance(theme, str) or theme not in THEMES:
        raise InputError(f"theme is {theme!r}; 'light' or 'dark' was expected")
    return THEMES[theme]


def colour_of(look: Look, number: int) -> str:
    """The colour of the category with that number: twelve, then darker (or lighter) ones."""
    turn, place = divmod(number, len(look.categories))
    share = SHADES[turn % len(SHADES)]
    base, ink = (_channels(colour) for colour in (look.categories[place], look.ink))
    mixed = (round(b + (i - b) * share) for b, i in zip(base, ink, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def faint(colour: str, opacity: float) -> str:
    """A colour that lets through what lies below."""
    return "rgba({},{},{},{:g})".format(*_channels(colour), opacity)


def plain(text: Any, most: int = 0) -> str:
    """Text that a figure shows as it is, not as markup; shortened in the middle to ``most``."""
    text = str(text)
    if most and len(text) > most:
        head = (most - 1 + 1) // 2
        text = f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"
    return html.escape(text, quote=False)


def short_names(names: Iterable[Any], most: int) -> list[str]:
    """Names shortened to about ``most`` letters in a way that still tells them apart."""
    texts = [str(name) for name in names]
    short = [plain(text, most) for text in texts]
    if len(set(short)) == len(set(texts)):
        return short
    alike: dict[str, list[str]] = {}
    for text, name in zip(texts, short, strict=True):
        alike.setdefault(name, []).append(text)
    by_text = {
        text: name
        for group in alike.values()
        for text, name in zip(group, _told_apart(group, most), strict=True)
    }
    return [by_text[text] for text in texts]


def _told_apart(texts: list[str], most: int) -> list[str]:
    """Names that shortening made equal, as what they do not have in common."""
    if len(set(texts)) == 1:
        return [plain(text, most) for text in texts]
    head = _shared_start(texts)
    tail = _shared_start([text[head:][::-1] for text in texts])
    head, tail = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    cores = [text[head : len(text) - tail] for text in texts]
    marks = ("…" if head else "", "…" if tail else "")
    return [f"{marks[0]}{plain(core, most)}{marks[1]}" for core in cores]


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
    lines = [line for part in subtitle.split("<br>") for line in _lines(part, letters)]
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


def _lines(text: str, most: int) -> list[str]:
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
        "xaxis": axis,
        "yaxis": {**axis, "ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0,0,0,0)"},
        "annotationdefaults": {"font": {"color": look.muted, "size": 12}, "showarrow": False},
        "hoverlabel": {"font": {"family": FONT, "size": 12}, "align": "left"},
        "legend": {"itemsizing": "constant", "title": {"font": {"color": look.muted}}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look.muted, "activecolor": look.ink},
    }
    data = {"heatmap": [{"colorbar": bar}], "bar": [{"marker": {"colorbar": bar}}]}
    return {"layout": layout, "data": data}


def _channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return red, green, blue
