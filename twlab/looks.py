"""How things look: one definition of colours for figures and explorer.

A page may be light or dark, and a figure is drawn before anybody knows which. So what carries data
has one colour wherever it is drawn: the same cluster, the same similarity, in the explorer and in a
figure, on either background. Only paper, ink and lines belong to a theme.

The twelve categories were searched for: all stand out from white and from the dark paper (a
contrast of at least 3 to 1) and from each other, also as protanopes, deuteranopes and tritanopes
see them (Machado et al. 2009). Similarities are drawn in viridis: bright is alike.
The explorer reads them from ``widgets/js/palette.js``, which ``tests/palette.py`` writes.

* :data:`THEMES`, :func:`look_of` - the colours of a theme
* :data:`SIMILARITY`, :data:`DIVERGING`, :data:`MARKS` - colours of values
* :func:`colour_of`, :func:`places_of_groups` - the colour of a category, and which has one
* :func:`is_continuous` - whether values are a quantity or names of groups
* :func:`is_flat` - whether differences are too small to be drawn
* :func:`write_category` - a category by name
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from twlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "CATEGORIES",
    "DIVERGING",
    "FRAME",
    "GREY",
    "LEAST_DIFFERENCE",
    "MARKS",
    "N_COLOURS",
    "RIFT",
    "SIMILARITY",
    "THEMES",
    "Look",
    "ThemeName",
    "channels",
    "colour_of",
    "faint",
    "is_continuous",
    "is_flat",
    "look_of",
    "places_of_groups",
    "write_category",
]

ThemeName = Literal["auto", "light", "dark"]

GROUPS = ("cluster", "label", "scene")
"""Columns whose whole numbers are names of groups, however many."""

MOST_WHOLE_NUMBERS = 24
"""Whole numbers of more different values than this are a quantity, not names of groups."""

CATEGORIES = (
    *("#0399fb", "#f86703", "#0f7417", "#9535be", "#ad366f", "#9c9661"),
    *("#ce1d0a", "#62929f", "#e163d3", "#7868a1", "#aa6a64", "#645fef"),
)
"""Groups, the ones that are told apart best first."""

LEAST_DIFFERENCE = 1e-3
"""Cosines and novelties that differ by less are drawn as all alike.

Storing the sample's vectors in float16 moves a cosine by up to 4e-5, in four decimals by 2e-4; its
two most similar clips lie at 0.957.
"""

ROUNDING_STEPS = 64
"""Numbers that differ by fewer steps of their type than this differ by rounding."""

SHADES = (0.0, 0.4, 0.65)
"""How far the categories move towards grey each time that twelve are used up."""

N_COLOURS = len(CATEGORIES) * len(SHADES)
"""Groups that can have a colour each."""

GREY = "#7d828c"
"""As far from white as from the dark paper, about."""

SIMILARITY = (
    *("#440154", "#46327e", "#365c8d", "#277f8e"),
    *("#1fa187", "#4ac16d", "#a0da39", "#fde725"),
)
"""For areas: viridis, which neither background swallows."""

DIVERGING = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b")
"""For areas with values on both sides of zero."""

MARKS = (
    *("#1259e3", "#6950e9", "#9947dd", "#c03ec1"),
    *("#df389b", "#f43b6b", "#fe4b27", "#e2760c"),
)
"""For points and bars: from blue to orange, never nearer than 3 to 1 to either background."""

RIFT, FRAME = "#ffffff", "#1d2433"
"""Lines over areas: what parts them, and what frames some of them."""


class Look(NamedTuple):
    """The colours of one theme."""

    paper: str
    ink: str
    muted: str
    grid: str
    missing: str
    title: str
    """The ink of a title, in words of CSS: it may ask the page."""


THEMES: dict[str, Look] = {
    "auto": Look(
        paper="rgba(0,0,0,0)",
        ink="#777c86",
        muted="#777c86",
        grid="rgba(125,130,140,0.28)",
        missing="#7d828c",
        title="var(--jp-ui-font-color0,var(--vscode-editor-foreground,var(--foreground,#777c86)))",
    ),
    "light": Look(
        paper="#ffffff",
        ink="#1d2433",
        muted="#5a6478",
        grid="#e4e8ef",
        missing="#8c9097",
        title="#1d2433",
    ),
    "dark": Look(
        paper="#14171c",
        ink="#e8ecf3",
        muted="#a3adbd",
        grid="#2c323c",
        missing="#6b7079",
        title="#e8ecf3",
    ),
}
"""``auto`` stands on the paper of the page: a grey that both can show is its ink, and its title
takes the colour of text from JupyterLab, Notebook and any page that names it so."""


def look_of(theme: str) -> Look:
    """The colours of a theme.

    Raises
    ------
    InputError
        If there is no such theme.
    """
    if not isinstance(theme, str) or theme not in THEMES:
        raise InputError(f"theme is {theme!r}; 'auto', 'light' or 'dark' was expected")
    return THEMES[theme]


def colour_of(number: int) -> str:
    """The colour of the category with that number: twelve, then greyer ones."""
    turn, place = divmod(number, len(CATEGORIES))
    share = SHADES[turn % len(SHADES)]
    base, grey = channels(CATEGORIES[place]), channels(GREY)
    mixed = (round(b + (g - b) * share) for b, g in zip(base, grey, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def places_of_groups(counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """The number of the colour of each group, by how many rows each has; -1 for none of its own.

    As many groups as there are colours have them in their own order. Of more groups the largest
    have them, of equally large ones the first, and the rest share a muted one. So does
    ``coloursOfGroups`` of ``widgets/js/groups.js``.
    """
    if len(counts) <= N_COLOURS:
        return np.arange(len(counts))
    places = np.full(len(counts), -1)
    places[np.argsort(-counts, kind="stable")[:N_COLOURS]] = np.arange(N_COLOURS)
    return places


def faint(colour: str, opacity: float) -> str:
    """A colour that lets through what lies below."""
    return "rgba({},{},{},{:g})".format(*channels(colour), opacity)


def is_continuous(values: pd.Series[Any]) -> bool:
    """Whether values want a colour scale rather than one colour each."""
    from pandas.api.types import is_any_real_numeric_dtype

    if not is_any_real_numeric_dtype(values) or values.name in GROUPS:
        return False
    if str(values.name).endswith("_sec"):
        return True
    # Labels of which one is missing are stored as 3.0: the values decide, not their type.
    numbers = values.dropna().to_numpy(np.float64)
    if not (np.isfinite(numbers) & (numbers == np.round(numbers))).all():
        return True
    return len(np.unique(numbers)) > MOST_WHOLE_NUMBERS


def write_category(value: Any) -> str:
    """The name of a category: a whole number without decimals, a blank text as "(empty)"."""
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    text = str(int(value)) if whole and abs(float(value)) < 1e15 else str(value)
    return text if text.strip() else "(empty)"


def is_flat(low: float, high: float, *, least: float = 0.0, dtype: str = "float32") -> bool:
    """Whether values between two numbers are all alike, but for ``least`` or for rounding."""
    step = float(np.finfo(dtype).eps) * max(abs(low), abs(high))
    return bool(high - low <= max(least, ROUNDING_STEPS * step))


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return red, green, blue
