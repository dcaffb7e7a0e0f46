"""Writes ``twlab/widgets/js/palette.js``: the colours of ``twlab/looks.py`` for the explorer.

Usage: python tests/palette.py
"""

from __future__ import annotations

from pathlib import Path

from twlab.looks import CATEGORIES, MARKS, N_COLOURS, SIMILARITY, THEMES, colour_of

FILE = Path(__file__).resolve().parents[1] / "twlab" / "widgets" / "js" / "palette.js"


def source() -> str:
    """The module: the categories, the scales, and for each theme the colours of all else."""
    parts = {
        "CATEGORIES": [colour_of(number) for number in range(N_COLOURS)],
        "MARKS": MARKS,
        "SIMILARITY": SIMILARITY,
    }
    lines = [constant(name, " ".join(colours)) for name, colours in parts.items()]
    missing, muted = (
        "".join(f'  {theme}: "{getattr(THEMES[theme], part)}",\n' for theme in ("light", "dark"))
        for part in ("missing", "muted")
    )
    strong = (
        f"/** Categories before the greyer ones. */\nexport const N_STRONG = {len(CATEGORIES)};\n"
    )
    head = "/** The colours of twlab/looks.py, written by tests/palette.py. */\n"
    greys = [f"export const MISSING = {{\n{missing}}};\n", f"export const MUTED = {{\n{muted}}};\n"]
    return "\n".join([head, *lines, strong, *greys])


def constant(name: str, text: str) -> str:
    """A line, or two where prettier breaks it."""
    line = f'export const {name} = "{text}";\n'
    return line if len(line) <= 101 else line.replace(" = ", " =\n  ")


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
