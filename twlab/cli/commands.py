"""A command of the command line, which says what it does in the list of all and in its own help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

__all__ = ["add_command"]


def add_command(commands: Any, name: str, what: str) -> argparse.ArgumentParser:
    """The parser of a new command; ``what`` it does heads its own help as well."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}."
    )
    return parser
