"""The command ``twlab export``: scenes of answers, or a table of results, as a file for others."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command
from twlab.cli.pipes import PIPE, open_output, open_sources
from twlab.errors import InputError, LoadError
from twlab.paths import read_bounded, user_path

if TYPE_CHECKING:
    import argparse

    import pandas as pd

__all__ = ["add_export_command"]

LARGEST_CSV = 256 << 20
"""A hundred hits a second for a month are fewer."""

EXPORT_FLAGS = {
    "fps": "--fps",
    "start_timecode": "--start-timecode",
    "form": "--form",
    "video": "--video",
    "embedding_option": "--option",
    "option": "--option",
}
"""Arguments of the functions by what they are called on the command line."""

EXPORT_EXAMPLES = """\
  twlab export answer.json -o scenes.edl --fps 29.97 --start-timecode '01:00:00;00'
  twlab export hits.csv -o hits.rttm
  twlab search --store archive --like film.mp4@1:30 -o - | twlab export - -o - --form rttm
"""

NAMES = ("video_id", "a_video_id", "b_video_id", "video_id_a", "video_id_b")
"""Columns of a table of results that hold names of videos, which may look like numbers."""

ANSWER_HEADS = (b"{", b"[", b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How answers begin: JSON, Parquet, gzip, Zstandard. What comes through a pipe and does not is a
table of results."""


def add_export_command(commands: Any) -> None:
    """Add the command to the parser's."""
    export = add_command(
        commands,
        "export",
        "scenes of answers, or a .csv of results, for an editing program or a player",
        examples=EXPORT_EXAMPLES,
    )
    export.add_argument(
        "sources",
        metavar="FILE",
        nargs="+",
        help="answers, of which scenes are found, or one .csv; - for either",
    )
    export.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="(- with --form: standard output)"
    )
    export.add_argument("--fps", type=float, metavar="N", help="frames per second of the film")
    export.add_argument("--start-timecode", metavar="TC", help="of the film's first frame")
    export.add_argument("--video", metavar="PATH", help="what the film is called in the file")
    export.add_argument("--form", metavar="NAME", help="where the ending does not say it")
    export.add_argument("--option", metavar="NAME", help="visual, audio, … that tells scenes")
    export.set_defaults(run=_run_export, flags=EXPORT_FLAGS)


def _run_export(chosen: argparse.Namespace) -> int:
    """Write the file and say where it is."""
    from twlab.handover.exporting import export

    if chosen.output == PIPE and chosen.form is None:
        raise InputError(
            "standard output has no ending that says a form; one was expected; say it with --form, "
            "such as --form webvtt"
        )
    result = _result_of(chosen.sources, chosen.option)
    with open_output(chosen.output, "twlab") as output:
        path = export(
            result,
            output,
            fps=chosen.fps,
            start_timecode=chosen.start_timecode,
            video=chosen.video,
            form=chosen.form,
        )
    where = "standard output" if chosen.output == PIPE else path
    print(f"{len(result)} stretches in {where}", file=sys.stderr)
    return 0


def _result_of(names: list[str], option: str | None) -> pd.DataFrame:
    """The table of a .csv, else the scenes of the answers' clips."""
    if len(names) == 1 and names[0].lower().endswith((".csv", ".tsv")):
        return _read_results(names[0])
    from twlab.analysis.scenes.segmentation import scenes
    from twlab.loading.load import load
    from twlab.table.clips import clips

    sources = open_sources(names)
    first = sources[0]
    if not isinstance(first, str) and not first.getvalue().lstrip().startswith(ANSWER_HEADS):
        return _parse_results(first, first.name, ",")
    return scenes(clips(load(sources), option=option))


def _read_results(source: str) -> pd.DataFrame:
    """The rows of a spreadsheet: hits, spans, whatever has times.

    Raises
    ------
    LoadError
        If it is no CSV.
    """
    path = user_path(source)
    content = io.BytesIO(read_bounded(path, LARGEST_CSV))
    return _parse_results(content, path.name, "\t" if path.suffix.lower() == ".tsv" else ",")


def _parse_results(content: io.BytesIO, name: str, separator: str) -> pd.DataFrame:
    """The rows of a spreadsheet's content."""
    import pandas as pd

    from twlab.table.labelled_spans import rename_spans

    try:
        table = pd.read_csv(
            content, sep=separator, encoding="utf-8-sig", dtype=dict.fromkeys(NAMES, str)
        )
    except ValueError as error:
        raise LoadError(
            f"it is no CSV that can be read ({error}); UTF-8 with a head was expected", source=name
        ) from None
    return rename_spans(table)
