"""How things look: one definition of colours for figures and explorer.

The categories start from the palettes of Okabe & Ito (2008) and of Paul Tol's notes (2021), moved
until all twelve stand out from the background of their theme (a contrast of at least 3 to 1) and
from each other, also as protanopes, deuteranopes and tritanopes see them (Machado et al. 2009).
The explorer reads them from ``widgets/js/palette.js``, which ``tests/palette.py`` writes.

* :data:`THEMES`, :func:`look_of` - the colours of a theme
* :func:`colour_of` - the colour of a category
* :func:`is_continuous` - whether values are a quantity or names of groups
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from twlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SHADES",
    "THEMES",
    "Look",
    "ThemeName",
    "colour_of",
    "faint",
    "is_continuous",
    "look_of",
]

ThemeName = Literal["light", "dark"]

GROUPS = ("cluster", "label", "scene")
"""Columns whose whole numbers are names of groups, however many."""

MOST_WHOLE_NUMBERS = 24
"""Whole numbers of more different values than this are a quantity, not names of groups."""

SHADES = (0.0, 0.4, 0.65)
"""How far the categories move towards the ink each time that twelve are used up."""


class Look(NamedTuple):
    """The colours of one theme."""

    paper: str
    ink: str
    muted: str
    grid: str
    categories: tuple[str, ...]
    missing: str
    similarity: tuple[str, ...]
    """For areas: near the background where low, standing out where high."""
    marks: tuple[str, ...]
    """For points and bars: the part of viridis that stands out from the background."""
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
        missing="#c9ccd1",
        similarity=(
            *("#f4faf6", "#bfe6cf", "#7dcfb6", "#45b0ac"),
            *("#348ba6", "#375e97", "#3b3771", "#1c1430"),
        ),
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
        missing="#4a4e57",
        similarity=(
            *("#101218", "#26223f", "#3b3a73", "#36609b"),
            *("#348fa7", "#45bbad", "#93ddb6", "#f1fbef"),
        ),
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
    base, ink = (channels(colour) for colour in (look.categories[place], look.ink))
    mixed = (round(b + (i - b) * share) for b, i in zip(base, ink, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def faint(colour: str, opacity: float) -> str:
    """A colour that lets through what lies below."""
    return "rgba({},{},{},{:g})".format(*channels(colour), opacity)


def is_continuous(values: pd.Series[Any]) -> bool:
    """Whether values want a colour scale rather than one colour each."""
    from pandas.api.types import is_any_real_numeric_dtype, is_float_dtype

    if not is_any_real_numeric_dtype(values) or values.name in GROUPS:
        return False
    return bool(is_float_dtype(values) or values.nunique() > MOST_WHOLE_NUMBERS)


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return red, green, blue
