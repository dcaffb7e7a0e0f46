"""``twlab completion``: what makes a shell complete commands, options and names of files.

The scripts are written from the parser by shtab, which is needed only for that: what it writes
starts no Python.
"""

from __future__ import annotations

import argparse
from typing import Any

from twlab.checks import require
from twlab.cli.commands import add_command

__all__ = ["add_completion_command"]

SHELLS = ("bash", "zsh", "fish")

COMPLETION_EXAMPLES = """\
  twlab completion bash > ~/.local/share/bash-completion/completions/twlab
  twlab completion zsh > ~/.zfunc/_twlab   # and fpath=(~/.zfunc $fpath) before compinit
  twlab completion fish > ~/.config/fish/completions/twlab.fish
"""

FOLDERS = ("DIR",)
FILES = ("FILE", "PAGE", "PATH", "QUERY")
"""What an argument is called in help where names of folders, or of files, complete it."""


def add_completion_command(commands: Any, parser: argparse.ArgumentParser) -> None:
    """Add the command to the parser's; it writes of all that the parser knows."""
    completion = add_command(
        commands,
        "completion",
        "print what makes a shell complete twlab's commands and options",
        examples=COMPLETION_EXAMPLES,
    )
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.set_defaults(run=lambda chosen: _run_completion(chosen, parser))


def _run_completion(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the script."""
    shtab = require("shtab", extra="completion")
    _mark_paths(parser, shtab)
    print(shtab.complete(parser, shell=chosen.shell))
    return 0


def _mark_paths(parser: argparse.ArgumentParser, shtab: Any) -> None:
    """Say of each argument, of each command's too, whether it is the name of a file or folder."""
    for action in parser._actions:  # argparse shows them nowhere else, and shtab reads them there
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _mark_paths(command, shtab)
        elif action.metavar in (*FILES, *FOLDERS):
            kind = shtab.DIRECTORY if action.metavar in FOLDERS else shtab.FILE
            action.complete = kind  # type: ignore[attr-defined]
