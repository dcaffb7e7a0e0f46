"""Scenes of answers, or a table of results, for others.

* ``twlab export`` - as a file for an editing program, a player or an annotation tool
* ``twlab cut`` - as films of their own
"""

from __future__ import annotations

import argparse
import codecs
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command
from twlab.cli.pipes import PIPE, open_output, open_sources
from twlab.errors import InputError
from twlab.paths import read_bounded, user_path
from twlab.wording import brief, printable, say_count

if TYPE_CHECKING:
    import io

    import pandas as pd

__all__ = ["add_cut_command", "add_export_command"]

LARGEST_TABLE = 256 << 20
"""A hundred hits a second for a month are fewer."""

TABLE_ENDINGS = (".csv", ".tsv", ".eaf", ".xml")
"""Of files that hold results or spans, whatever is in them; .json may be either or answers."""

WHAT_FLAGS = {"frame_rate": "--fps", "embedding_option": "--option", "option": "--option"}
"""Arguments of the functions that say which stretches, by what the command line calls them."""

EXPORT_FLAGS = WHAT_FLAGS | {
    "fps": "--fps",
    "start_timecode": "--start-timecode",
    "form": "--form",
    "video": "--video",
}

EXPORT_EXAMPLES = """\
  twlab export answer.json -o scenes.edl --fps 29.97 --start-timecode '01:00:00;00'
  twlab export hits.csv -o hits.rttm
  twlab search --store archive --like film.mp4@1:30 -o - | twlab export - -o - --form rttm
"""

CUT_FLAGS = WHAT_FLAGS | {"video": "--film", "folder": "--output"}

CUT_EXAMPLES = """\
  twlab cut hits.csv --film film.mp4 -o cuts
  twlab search --store archive --like a.mp4@9 --video a.mp4 -o - | twlab cut - --film a.mp4 -o cuts
"""

MOST_NAMED = 5
"""Videos that a message lists."""

RESULT_TIMES = tuple(
    name.format(end)
    for name in ("{}_sec", "a_{}_sec", "b_{}_sec", "{}_sec_a", "{}_sec_b")
    for end in ("start", "end")
)
"""Columns of a table of results that hold times."""

IN_A_FILE = {
    r"; convert timecodes with tw\.intervals\.parse_timecode": "; correct it",
    r"(drop the rows without it|leave it out): \w+\.(drop|dropna)\(.*\)": r"\1",
    r"; pass what tw\..*, or rename columns": "; rename what holds it",
    r"^result has": "the table has",
}
"""What a message about a table advises, and what can be done with a file."""

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
    _add_what(export, fps="frames per second of the film: 29.97, 30000/1001")
    export.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help=".edl, .fcpxml, .otio, .vtt, .srt, .ffmeta, .txt, .rttm, .csv, .tsv, .eaf (- with "
        "--form: standard output)",
    )
    export.add_argument("--start-timecode", metavar="TC", help="of the film's first frame")
    export.add_argument("--video", metavar="PATH", help="what the film is called in the file")
    export.add_argument(
        "--form",
        metavar="NAME",
        help="where the ending does not say it: resolve-markers, matroska, cvat, via, label-studio",
    )
    export.set_defaults(run=_run_export, flags=EXPORT_FLAGS)


def add_cut_command(commands: Any) -> None:
    """Add the command to the parser's."""
    cut = add_command(
        commands,
        "cut",
        "scenes of answers, or a .csv of results, as films of their own, exact to the frame",
        examples=CUT_EXAMPLES,
    )
    _add_what(cut, fps="frames per second that timecodes of a .csv count")
    cut.add_argument("--film", metavar="FILE", required=True, help="the film that is cut")
    cut.add_argument("-o", "--output", metavar="DIR", required=True, help="folder of the films")
    cut.set_defaults(run=_run_cut, flags=CUT_FLAGS)


def _add_what(command: argparse.ArgumentParser, *, fps: str) -> None:
    """Add the arguments that say which stretches."""
    command.add_argument(
        "sources",
        metavar="FILE",
        nargs="+",
        help="answers, of which scenes are found, or one .csv, or one file of ELAN (.eaf), CVAT "
        "(.xml), VIA or Label Studio (.json); - for any",
    )
    command.add_argument("--only", metavar="ID", help="stretches of this video alone")
    command.add_argument("--option", metavar="NAME", help="of answers: visual, audio, …")
    command.add_argument("--fps", type=_frame_rate, metavar="N", help=fps)


def _run_export(chosen: argparse.Namespace) -> int:
    """Write the file and say where it is."""
    from twlab.handover.exporting import OF_ONE, export, form_of

    if chosen.output == PIPE and chosen.form is None:
        raise InputError(
            "standard output has no ending that says a form; one was expected; say it with --form, "
            "such as --form webvtt"
        )
    of_one = form_of(Path(chosen.output), chosen.form) in OF_ONE
    needed = "a file of this form" if of_one else "--video" if chosen.video else ""
    result = _keep_one(_result_of(chosen), chosen.only, needed=needed)
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
    print(f"{say_count(len(_gather(result)), 'stretch', 'stretches')} in {where}", file=sys.stderr)
    return 0


def _frame_rate(text: str) -> float | Fraction:
    """Frames per second, as people and as ffprobe write them."""
    above, line, below = text.partition("/")
    try:
        return Fraction(int(above), int(below)) if line else float(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no rate; frames per second were expected: 29.97 or 30000/1001"
        ) from None


def _run_cut(chosen: argparse.Namespace) -> int:
    """Write the films and say where each is."""
    from twlab.handover.film_cuts import cut

    if chosen.output == PIPE:
        raise InputError(
            "-o is '-', and a pipe takes no folder of films; the name of a folder was expected; "
            "name one, or ./- if it is called so"
        )
    result = _keep_one(_result_of(chosen), chosen.only, needed="a film")
    files = cut(chosen.film, result, folder=chosen.output)
    for path in files["path"]:
        print(path)
    print(f"{say_count(len(files), 'film')} in {Path(chosen.output)}", file=sys.stderr)
    return 0


def _keep_one(result: pd.DataFrame, only: str | None, *, needed: str) -> pd.DataFrame:
    """What of the result is asked for; what is ``needed`` has stretches of one video alone.

    Raises
    ------
    InputError
        If there is none of that video, or one must be named.
    """
    stretches = _gather(result)
    videos = stretches["video_id"].unique().tolist()
    if only in videos:
        own = (stretches["video_id"] == only).to_numpy()
        whole = "video_id" in result.columns  # else two stretches a row
        kept: pd.DataFrame = result[own] if whole else stretches[own]
        return kept
    named = ", ".join(brief(video, 80) for video in videos[:MOST_NAMED])
    if only is not None:
        raise InputError(f"--only is {brief(only, 80)}; one of {named} was expected; correct it")
    if len(videos) > 1 and needed:
        raise InputError(
            f"the stretches are of {len(videos)} videos, and {needed} is of one; one "
            f"was expected; name it with --only: {named}"
        )
    return result


def _gather(result: pd.DataFrame) -> pd.DataFrame:
    """The stretches of a result; what is wrong with one is said of a file, not of a table."""
    from twlab.handover.found_stretches import gather_stretches

    try:
        return gather_stretches(result)
    except InputError as error:
        text = str(error)
        for advice, instead in IN_A_FILE.items():
            text = re.sub(advice, instead, text)
        raise InputError(text) from None


def _result_of(chosen: argparse.Namespace) -> pd.DataFrame:
    """The table of a .csv, the spans of annotators, else the scenes of the answers' clips."""
    names = chosen.sources
    tables = [name for name in names if Path(name).suffix.lower() in TABLE_ENDINGS]
    if tables and len(names) > 1:
        raise InputError(
            f"{brief(tables[0], 80)} is a table of results, and {len(names)} files are named; one "
            "such table alone was expected; join them, or write a file for each"
        )
    sources = open_sources(names)
    found = _read_table(sources[0], chosen) if len(sources) == 1 else None
    if found is not None:
        return found
    from twlab.analysis.scenes.segmentation import scenes
    from twlab.loading.load import load
    from twlab.table.clips import clips

    return scenes(clips(load(sources), option=chosen.option))


def _read_table(source: str | io.BytesIO, chosen: argparse.Namespace) -> pd.DataFrame | None:
    """The table of results, or the spans, that a source is; None of answers."""
    from twlab.handover.span_files import holds_spans, load_spans, parse_spans

    if not isinstance(source, str):
        name, content = source.name, source.getvalue()
        if not holds_spans(content):
            begins = content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(ANSWER_HEADS)
            return None if begins else _parse_results(content, name, chosen)
        _refuse_option_of_table(chosen.option, name)
        return parse_spans(content, name, frame_rate=chosen.fps)
    path = user_path(source)
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        return _parse_results(read_bounded(path, LARGEST_TABLE), path.name, chosen)
    small = ending == ".json" and path.is_file() and path.stat().st_size <= LARGEST_TABLE
    if ending not in TABLE_ENDINGS and not (small and holds_spans(path.read_bytes())):
        return None
    _refuse_option_of_table(chosen.option, path.name)
    return load_spans(path, frame_rate=chosen.fps)


def _parse_results(content: bytes, name: str, chosen: argparse.Namespace) -> pd.DataFrame:
    """The rows of a spreadsheet's content: hits, spans, whatever has times.

    Where it names no video, it is of the one that the file is named after.

    Raises
    ------
    LoadError
        If it is no CSV.
    InputError
        If an option is chosen, or a timecode counts frames and no rate is given.
    """
    from twlab.handover.span_files import read_sheet

    _refuse_option_of_table(chosen.option, name)
    table = read_sheet(content, name, frame_rate=chosen.fps, times=RESULT_TIMES)
    if not {"video_id", "a_video_id", "video_id_a"} & {*table.columns}:
        table = table.assign(video_id=printable(Path(name).stem))
    return table


def _refuse_option_of_table(option: str | None, name: str) -> None:
    """Refuse an option, by which only scenes are found."""
    if option is not None:
        raise InputError(
            f"--option is {brief(option, 80)}, and {name} is a table of results; answers, of which "
            "an option tells scenes, were expected with it; leave --option out"
        )
