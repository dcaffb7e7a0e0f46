"""The command ``twlab`` and the demo."""

from twlab.cli.command_line import main

__all__ = ["main"]
