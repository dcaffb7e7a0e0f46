"""The command line: ``twlab explore``, ``demo``, ``load``, ``check``, ``lab``, service and store.

The answer goes to standard output, everything else to standard error. The exit status is 0 when
all is well, 1 when something is wrong with the data or the machine, 2 for wrong usage; 130 and 141
are those of a program that was interrupted, and of one whose reader left.
"""

from __future__ import annotations

import argparse
import functools
import os
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab import __version__
from twlab.checks import require
from twlab.cli.commands import add_command, print_table
from twlab.cli.completion import add_completion_command
from twlab.cli.diff_command import add_diff_command
from twlab.cli.export_command import add_cut_command, add_export_command
from twlab.cli.own_films import add_explore_command
from twlab.cli.pipes import PIPE, open_output, open_sources, save_output
from twlab.cli.serve_command import add_serve_command
from twlab.cli.service_commands import add_service_commands, in_flags
from twlab.cli.store_commands import add_store_commands
from twlab.endings import family_of
from twlab.errors import TwlabError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["main"]

MAIN_NOTES = """\
A file may be - for standard input or output. Exit status: 0 when all is well, 1 when
something is wrong with the data or the machine, 2 for wrong usage; 130 when stopped by
Ctrl-C, 141 when the reader of a pipe has left. Every COMMAND has a --help of its own.

examples:
  twlab explore film.mp4            # a film of yours, to look around in: no key, no account
  twlab demo                        # pictures of the bundled film, as one HTML file
  twlab load answer.json            # what a file holds
  twlab check answers/              # everything that is wrong in a folder
  twlab lab                         # the notebooks, in JupyterLab
  twlab ingest 'answers/*.json' --store archive
  twlab search --store archive --like film.mp4@1:30 --option visual
  twlab export answer.json -o scenes.edl --fps 24
"""

INTERRUPTED, PIPE_BROKEN = 130, 141
"""What shells report of a program that SIGINT or SIGPIPE ended: 128 and the signal's number."""

LOAD_EXAMPLES = """\
  twlab load answer.json
  twlab load 'answers/*.json' -o segments.parquet
  cat answer.json | twlab load - -o - | twlab load -
"""

CHECK_EXAMPLES = """\
  twlab check answers/
  twlab check answer.json && echo fit
"""

LAB_EXAMPLES = """\
  twlab lab
  twlab lab -- --no-browser --port 8899
"""

DEMO, LAB = "twlab-demo.html", "twlab-notebooks"
"""Where the demo and the copy of the notebooks are written, unless it is said."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status of one call of the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: the arguments this process was started with.
    """
    if sys.stdout is None:  # closed by the shell: what is opened next would take its place
        print(
            "twlab: standard output is closed, and answers go there; an open one was expected; "
            "send it to /dev/null where none is wanted",
            file=sys.stderr,
        )
        return 1
    try:
        try:
            return _run_command(arguments)
        finally:  # also where argparse ends the program once its help is written
            sys.stdout.flush()
    except BrokenPipeError:
        _close_output()
        return PIPE_BROKEN
    except KeyboardInterrupt as stop:
        if stop.args:
            print("; ".join(("twlab: stopped", *map(str, stop.args))), file=sys.stderr)
        return INTERRUPTED


def _run_command(arguments: Sequence[str] | None) -> int:
    """The exit status of the command that the arguments name."""
    parser = _make_parser()
    words = sys.argv[1:] if arguments is None else arguments
    if words and family_of(words[0]) in ("video", "audio", "data"):
        file = shlex.quote(words[0])
        parser.error(f"{file} is a file; a COMMAND was expected before it: twlab explore {file}")
    chosen = parser.parse_args(arguments)
    if chosen.run is None:
        parser.print_help()
        return 0
    with warnings.catch_warnings():
        warnings.showwarning = functools.partial(_show_warning, chosen.flags)
        try:
            return int(chosen.run(chosen))
        except BrokenPipeError:
            raise
        except (TwlabError, OSError) as error:
            print(f"twlab: {in_flags(str(error), chosen.flags)}", file=sys.stderr)
            return 1


def _make_parser() -> argparse.ArgumentParser:
    """Every command with its options; each names the function that runs it."""
    parser = argparse.ArgumentParser(
        prog="twlab",
        description="The notebook workbench for video embeddings.",
        epilog=MAIN_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"twlab {__version__}")
    parser.set_defaults(run=None, flags={})
    commands = parser.add_subparsers(metavar="COMMAND")

    _add_demo_command(commands)
    add_explore_command(commands)
    _add_load_commands(commands)
    _add_lab_command(commands)
    add_diff_command(commands)
    add_export_command(commands)
    add_cut_command(commands)
    add_service_commands(commands)
    add_store_commands(commands)
    add_serve_command(commands)
    add_completion_command(commands, parser)
    return parser


def _add_demo_command(commands: Any) -> None:
    """Add the command that shows the bundled film."""
    demo = add_command(
        commands,
        "demo",
        "write pictures of the bundled film as one HTML file",
        examples="  twlab demo\n  twlab demo -o film.html --no-open\n",
    )
    demo.add_argument("-o", "--output", metavar="FILE", default=DEMO, help=f"(default: {DEMO})")
    demo.add_argument("--no-open", action="store_true", help="do not show it in the browser")
    demo.set_defaults(run=_run_demo)


def _add_load_commands(commands: Any) -> None:
    """Add the commands that read files."""
    load = add_command(
        commands, "load", "say what files hold, or save them as one table", examples=LOAD_EXAMPLES
    )
    load.add_argument("sources", metavar="FILE", nargs="+", help="file, folder, glob, or -")
    load.add_argument(
        "-o", "--output", metavar="FILE", help="save all segments (.parquet; - for lines of JSON)"
    )
    load.set_defaults(run=_run_load)

    check = add_command(
        commands, "check", "list everything that is wrong in files", examples=CHECK_EXAMPLES
    )
    check.add_argument("sources", metavar="FILE", nargs="+", help="file, folder, glob, or -")
    check.set_defaults(run=_run_check)


def _add_lab_command(commands: Any) -> None:
    """Add the command that opens the notebooks."""
    lab = add_command(
        commands, "lab", "start JupyterLab on a copy of the notebooks", examples=LAB_EXAMPLES
    )
    where = f"where the copy lies (default: {LAB})"
    lab.add_argument("--folder", metavar="DIR", type=Path, default=LAB, help=where)
    lab.add_argument("options", metavar="OPTION", nargs="*", help="for JupyterLab, after --")
    lab.set_defaults(run=_run_lab)


def _run_demo(chosen: argparse.Namespace) -> int:
    """Write the page and show it where somebody is watching."""
    from twlab.cli.demo import write_demo

    with open_output(chosen.output, DEMO) as output:
        path = write_demo(output).resolve()
    if chosen.output == PIPE:
        return 0
    print(path)
    if sys.stdout.isatty() and not chosen.no_open:
        import webbrowser

        webbrowser.open(path.as_uri())
    return 0


def _run_load(chosen: argparse.Namespace) -> int:
    """Print one line per video, option and scope; save the table where asked."""
    from twlab.loading.load import load

    segments = load(open_sources(chosen.sources))
    if chosen.output is not None:
        save_output(segments, chosen.output)
    if chosen.output != PIPE:
        print_table(_summarise(segments))
    return 0


def _summarise(segments: pd.DataFrame) -> pd.DataFrame:
    """How many segments, seconds and numbers per vector there are of what."""
    keys = ["video_id", "embedding_option", "embedding_scope", "model_name"]
    counted = segments[keys].assign(
        seconds=segments["end_sec"] - segments["start_sec"],
        dim=segments["embedding"].map(len),
    )
    groups = counted.groupby([*keys, "dim"], dropna=False, sort=False)
    table = groups["seconds"].agg(n_segments="size", seconds="sum").reset_index()
    return table[[*keys, "n_segments", "seconds", "dim"]]


def _run_check(chosen: argparse.Namespace) -> int:
    """Print what is wrong, if anything."""
    from twlab.loading.load import check

    problems = check(open_sources(chosen.sources))
    if problems.empty:
        print("nothing wrong", file=sys.stderr)
        return 0
    print_table(problems)
    return 1


def _run_lab(chosen: argparse.Namespace) -> int:
    """Put the notebooks where the user can change them, and start JupyterLab there."""
    import subprocess

    require("jupyterlab", extra="notebook")
    folder = _copy_notebooks(chosen.folder)
    print(f"notebooks in {folder.resolve()}", file=sys.stderr)
    command = [sys.executable, "-m", "jupyterlab", *chosen.options]
    return subprocess.run(command, cwd=folder, check=False).returncode


def _copy_notebooks(folder: Path) -> Path:
    """The folder, holding every notebook; what is there already is the user's and stays."""
    import shutil

    from twlab.paths import bundled_folder

    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(bundled_folder("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
    return folder


def _show_warning(flags: dict[str, str], message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as one line, without the place in the code that gave it."""
    print(f"twlab: {in_flags(str(message), flags)}", file=sys.stderr)


def _close_output() -> None:
    """Let the interpreter end in peace after ``twlab load … | head``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
