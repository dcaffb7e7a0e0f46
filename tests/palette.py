"""Writes ``twlab/widgets/js/palette.js``: the colours of ``twlab/looks.py`` for the explorer.

Usage: python tests/palette.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twlab.looks import SHADES, THEMES, colour_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twlab.looks import Look

FILE = Path(__file__).resolve().parents[1] / "twlab" / "widgets" / "js" / "palette.js"


def source() -> str:
    """The module: for each theme its categories, scales, and the colour of what is missing."""
    parts = ["/** The colours of twlab/looks.py, written by tests/palette.py. */\n"]
    for name, of in {
        "CATEGORIES": lambda look: [colour_of(look, k) for k in range(n_colours(look))],
        "MARKS": lambda look: look.marks,
        "SIMILARITY": lambda look: look.similarity,
        "MISSING": lambda look: [look.missing],
    }.items():
        rows = [row(theme, of(look)) for theme, look in THEMES.items()]
        parts.append(f"export const {name} = {{\n{''.join(rows)}}};\n")
    return "\n".join(parts)


def n_colours(look: Look) -> int:
    return len(look.categories) * len(SHADES)


def row(theme: str, colours: Iterable[str]) -> str:
    """A line of a theme's colours, broken as prettier breaks it: not after so short a key."""
    text = f'"{" ".join(colours)}",'
    line = f"  {theme}: {text}"
    return f"{line}\n" if len(line) <= 100 or len(theme) <= 4 else f"  {theme}:\n    {text}\n"


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
