"""A command of the command line, which says what it does in the list of all and in its own help."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_command"]


def add_command(commands: Any, name: str, what: str, *, examples: str) -> argparse.ArgumentParser:
    """The parser of a new command; ``what`` it does heads its own help, which ends with examples.

    A test parses every example, and runs those that need neither a network nor a display.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser
