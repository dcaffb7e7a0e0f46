"""The command ``twlab export``: scenes of answers, or a table of results, as a file for others."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command

if TYPE_CHECKING:
    import argparse

    import pandas as pd

__all__ = ["EXPORT_EXAMPLES", "add_export_command"]

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
  twlab export answers.json -o scenes.edl --fps 29.97 --start-timecode '01:00:00;00'
  twlab export hits.csv -o hits.vtt
"""


def add_export_command(commands: Any) -> None:
    """Add the command to the parser's."""
    export = add_command(
        commands,
        "export",
        "scenes of answers, or a .csv of results, for an editing program or a player",
    )
    export.add_argument(
        "sources", metavar="FILE", nargs="+", help="answers, of which scenes are found, or one .csv"
    )
    export.add_argument("-o", "--output", metavar="FILE", required=True)
    export.add_argument("--fps", type=float, metavar="N", help="frames per second of the film")
    export.add_argument("--start-timecode", metavar="TC", help="of the film's first frame")
    export.add_argument("--video", metavar="PATH", help="what the film is called in the file")
    export.add_argument("--form", metavar="NAME", help="where the ending does not say it")
    export.add_argument("--option", metavar="NAME", help="visual, audio, … that tells scenes")
    export.set_defaults(run=_run_export, flags=EXPORT_FLAGS)


def _run_export(chosen: argparse.Namespace) -> int:
    """Write the file and say where it is."""
    from twlab.handover.exporting import export

    result = _result_of(chosen.sources, chosen.option)
    path = export(
        result,
        chosen.output,
        fps=chosen.fps,
        start_timecode=chosen.start_timecode,
        video=chosen.video,
        form=chosen.form,
    )
    print(f"{len(result)} stretches in {path}", file=sys.stderr)
    return 0


def _result_of(sources: list[str], option: str | None) -> pd.DataFrame:
    """The table of a .csv, else the scenes of the answers' clips."""
    if len(sources) == 1 and sources[0].lower().endswith((".csv", ".tsv")):
        return _read_results(sources[0])
    from twlab.analysis.scenes.segmentation import scenes
    from twlab.loading.load import load
    from twlab.table.clips import clips

    return scenes(clips(load(sources), option=option))


def _read_results(source: str) -> pd.DataFrame:
    """The rows of a spreadsheet: hits, spans, whatever has times.

    Raises
    ------
    LoadError
        If it is no CSV.
    """
    import pandas as pd

    from twlab.errors import LoadError
    from twlab.paths import read_bounded, user_path
    from twlab.table.labelled_spans import rename_spans

    path = user_path(source)
    content = io.BytesIO(read_bounded(path, LARGEST_CSV))
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        table = pd.read_csv(content, sep=separator, encoding="utf-8-sig", dtype={"video_id": str})
    except ValueError as error:
        raise LoadError(
            f"it is no CSV that can be read ({error}); UTF-8 with a head was expected",
            source=path.name,
        ) from None
    return rename_spans(table)
