"""What all commands of the command line have.

* :func:`add_command` - a command, which says what it does in the list of all and in its own help
* :func:`print_table` - a table on standard output
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from twlab.wording import one_line

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_command", "print_table"]


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


def print_table(table: pd.DataFrame) -> None:
    """The whole table, however long, with nothing cut off.

    Texts of data give a terminal no orders: their control characters are escaped.
    """
    texts = table.select_dtypes(exclude="number").columns
    shown = table.assign(**{str(name): table[name].map(_as_shown) for name in texts})
    print(shown.to_string(index=False, na_rep="-", max_colwidth=None))


def _as_shown(cell: Any) -> Any:
    return one_line(cell) if isinstance(cell, str) else cell
