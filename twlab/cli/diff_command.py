"""``twlab diff``: what changed between versions of a film, as a table or as a figure."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command, print_table
from twlab.cli.own_films import (
    ENCODING_FLAGS,
    add_encoding_options,
    load_or_encode,
    sort_sources,
)
from twlab.cli.pipes import PIPE, open_output, open_sources
from twlab.errors import InputError
from twlab.paths import replace_file
from twlab.wording import brief, say_count

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    import pandas as pd

__all__ = ["add_diff_command"]

ENDINGS = (".html", ".pdf", ".svg", ".png", ".csv")
"""Of files that are written: a figure, or the table."""

DIFF_EXAMPLES = """\
  twlab diff first_cut.mp4 final_cut.mp4
  twlab diff first.json second.json third.json -o changes.html
  twlab diff first.json second.json -o - | twlab export - -o changes.edl --fps 25
"""


def add_diff_command(commands: Any) -> None:
    """Add the command to the parser's."""
    diff = add_command(
        commands,
        "diff",
        "what changed from the first version of a film to the others",
        examples=DIFF_EXAMPLES,
    )
    diff.add_argument(
        "sources",
        metavar="FILE",
        nargs="+",
        help="films, or answers; the others are compared with the first",
    )
    diff.add_argument("-o", "--output", metavar="FILE", help=f"{', '.join(ENDINGS)} (- for CSV)")
    add_encoding_options(diff)
    diff.set_defaults(run=_run_diff, flags=ENCODING_FLAGS)


def _run_diff(chosen: argparse.Namespace) -> int:
    """Print what became of each stretch, or write it to a file."""
    from twlab.analysis.copies.diffing import diff

    if chosen.output not in (None, PIPE) and not chosen.output.lower().endswith(ENDINGS):
        raise InputError(
            f"{chosen.output!r} ends in no form of figures or tables; one of {', '.join(ENDINGS)} "
            "was expected; name another file"
        )
    found = diff(*_versions_of(chosen))
    if chosen.output is None:
        print_table(_as_text(found))
        return 0
    with open_output(chosen.output, "changes.csv") as output:
        _write(found, output)
    where = "standard output" if chosen.output == PIPE else chosen.output
    print(f"{say_count(len(found), 'stretch', 'stretches')} in {where}", file=sys.stderr)
    return 0


def _versions_of(chosen: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The segments of the version that is named first, and of all others."""
    films, answers = sort_sources(chosen.sources)
    if films and answers:
        raise InputError(
            f"{films[0].name!r} is a film and {brief(answers[0])} an answer; either films or "
            "answers were expected, whose vectors are of one model; leave out the others"
        )
    segments = _load_apart(answers) if answers else _encode_all(films, chosen)
    videos = segments["video_id"].unique()
    if len(videos) < 2:
        raise _too_few(f"the files hold {say_count(len(videos), 'video')} ({brief(videos[0])})")
    first = segments["video_id"] == videos[0]
    return segments[first], segments[~first]


def _encode_all(films: list[Path], chosen: argparse.Namespace) -> pd.DataFrame:
    """The segments of two films or more, which are counted before any is encoded."""
    if len({*films}) < 2:
        raise _too_few(f"{films[0].name!r} is one film")
    return load_or_encode(films, [], chosen)


def _too_few(told: str) -> InputError:
    return InputError(f"{told}; two versions or more were expected; name another file")


def _load_apart(answers: list[str]) -> pd.DataFrame:
    """The segments of the answers; files of one video are versions of it, named as the files."""
    from twlab.loading.load import load

    sources = open_sources(answers)
    tables = [load(source) for source in sources]
    ids = [table["video_id"].unique().tolist() for table in tables]
    n_videos = len({one for own in ids for one in own})
    if any(len(own) != 1 for own in ids) or (1 < n_videos < len(ids) and not _repeat(tables)):
        # Whose is whose is known of all together, as where each option has a file of its own.
        for source in sources:
            if not isinstance(source, str):
                source.seek(0)
        return load(sources)
    if n_videos < len(ids):
        names = _names_of_versions(answers)
        tables = [part.assign(video_id=name) for part, name in zip(tables, names, strict=True)]
    return load(tables)


def _repeat(tables: list[pd.DataFrame]) -> bool:
    """Whether some hold the same stretch of one video, option and model."""
    import pandas as pd

    from twlab.table.rows import IDENTITY

    rows = pd.concat([table[[*IDENTITY]] for table in tables]).dropna(subset="start_sec")
    return bool(rows.duplicated().any())


def _names_of_versions(answers: list[str]) -> list[str]:
    """What each file is called, numbered where it is named again."""
    from twlab.handover.gathering import names_apart

    files = ["stdin" if answer == PIPE else answer for answer in answers]
    short, named = names_apart(files), Counter[str]()
    names = []
    for answer in files:
        named[answer] += 1
        again = f" ({named[answer]})" if named[answer] > 1 else ""
        names.append(f"{short[answer]}{again}")
    return names


def _as_text(found: pd.DataFrame) -> pd.DataFrame:
    """The table with times as people read them, and an empty cell where there is none."""
    from twlab.timecodes import format_timecode

    shown = found.copy()
    for name in shown.columns:
        if name.endswith(("start_sec", "end_sec")):
            shown[name] = [format_timecode(time, decimals=1) for time in shown[name]]
        elif shown[name].dtype.kind == "f":
            shown[name] = ["" if number != number else f"{number:.2f}" for number in shown[name]]
    return shown


def _write(found: pd.DataFrame, target: Path) -> None:
    """The figure of the stretches, or their table where the file is one."""
    from twlab.figures.figure_files import save_figure
    from twlab.figures.versions import diff as plot_diff

    ending = target.suffix.lower()
    if ending not in (".csv", ".html"):
        save_figure(plot_diff(found), target)
        return
    with replace_file(target) as aside:
        if ending == ".csv":
            found.to_csv(aside, index=False)
        else:
            plot_diff(found).write_html(aside, include_plotlyjs=True)
