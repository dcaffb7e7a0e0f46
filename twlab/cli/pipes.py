"""``-`` where a file is read or written: standard input and standard output.

* :func:`open_sources` - sources, with standard input in place of ``-``
* :func:`check_input` - that there is a standard input
* :func:`open_output` - where to write what goes to a file or to standard output
* :func:`save_output` - segments into a file, or as lines of JSON to standard output
"""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from twlab.errors import InputError
from twlab.wording import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

__all__ = ["PIPE", "check_input", "open_output", "open_sources", "save_output"]

PIPE = "-"
"""What stands for standard input or output, as in other programs; a file of this name is ./-."""

PART_BYTES = 2**20
"""Read at once at most; a pipe of Linux gives 64 KiB."""


def open_sources(sources: Sequence[str]) -> list[str | io.BytesIO]:
    """The sources, those that are files unopened.

    Raises
    ------
    InputError
        If standard input is named twice, as it can be read once, or is closed.
    """
    if sources.count(PIPE) > 1:
        raise InputError(
            f"'{PIPE}' is named {sources.count(PIPE)} times, and standard input can be read once; "
            "one was expected; leave out the others"
        )
    return [_read_input() if one == PIPE else one for one in sources]


def check_input() -> None:
    """Refuse a standard input that the shell has closed, for which Python has nothing."""
    if sys.stdin is None:
        raise InputError(
            "standard input is closed; something to read was expected from it; pipe something "
            "into the command, or name a file"
        )


def _read_input() -> io.BytesIO:
    """All of standard input, under a name that messages show."""
    check_input()
    content, given = io.BytesIO(), cast("io.BufferedReader", sys.stdin.buffer)
    # In parts: read() as a whole hears no Ctrl-C that comes between two of its own.
    for part in iter(lambda: given.read1(PART_BYTES), b""):
        content.write(part)
    content.seek(0)
    content.name = "stdin"  # the video of rows that name none
    return content


@contextmanager
def open_output(output: str, name: str) -> Iterator[Path]:
    """The path to write to; what is written there is passed on where ``output`` is ``-``.

    Nothing is passed on where the ``with`` block is left with an error.
    """
    if output != PIPE:
        yield Path(output)
        return
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        yield path
        with path.open("rb") as content:
            shutil.copyfileobj(content, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def save_output(segments: pd.DataFrame, output: str) -> None:
    """Save segments, and say on standard error how many and where.

    Raises
    ------
    InputError
        As :func:`twlab.save`.
    """
    from twlab.loading.load import save

    with open_output(output, "segments.jsonl") as path:
        written = save(segments, path)
    where = "standard output" if output == PIPE else written
    print(f"{say_count(len(segments), 'segment')} in {where}", file=sys.stderr)
