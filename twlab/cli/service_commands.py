"""The commands that speak with the service: ``twlab embed``, ``twlab fetch``, ``twlab jobs``."""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command, print_table
from twlab.cli.pipes import PIPE, save_output

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from twlab.service.client import Client

__all__ = ["add_service_commands", "in_flags"]

SAVED = "(.parquet; - for lines of JSON)"
"""Where segments go."""

SERVICE_FLAGS = {
    "model_name": "--model",
    "embedding_option": "--option",
    "embedding_scope": "--scope",
    "segmentation": "--segmentation",
    "clip_sec": "--clip-sec",
    "max_sentences": "--max-sentences",
    "overlap_sentences": "--overlap-sentences",
    "embedding_dimension": "--dimension",
    "concurrency": "--concurrency",
    "folder": "--folder",
}
"""Arguments of the client by what they are called on the command line."""

IN_SHELL = {
    "pay_again=True": "--pay-again",
    "in api_key= or the": "in the",
    "add segments with tw.open(path).add(segments)": "add segments with twlab ingest",
    "read the file with tw.load, or add it to a store": "name a folder, which twlab ingest fills",
    "fetch it first, for example tw.load(httpx.get(url).content)": "download it first",
    "say which form it has with form=": "export it there again",
    "open it with tw.open(path)": "see twlab videos --store and twlab search --store",
    "pass it opened: tw.load(open(path, 'rb'))": "pipe it into the command, with - as its name",
}
"""What messages advise, and what can be done on the command line."""

EMBED_EXAMPLES = """\
  twlab embed film.mp4 -o segments.parquet
  twlab embed 'films/*.mp4' -o segments.parquet --option visual --option audio
"""

FETCH_EXAMPLES = """\
  twlab fetch INDEX_ID -o archive.parquet
  twlab fetch INDEX_ID -o - | twlab ingest - --store archive
"""

JOBS_EXAMPLES = """\
  twlab jobs                        # every paid job, and how it ended
  twlab jobs --folder archive/jobs
"""


def add_service_commands(commands: Any) -> None:
    """Add the commands to the parser's."""
    embed = add_command(
        commands, "embed", "embed videos and other files, and save them", examples=EMBED_EXAMPLES
    )
    embed.add_argument("sources", metavar="FILE", nargs="+", help="file, folder, glob or address")
    embed.add_argument("-o", "--output", metavar="FILE", required=True, help=SAVED)
    embed.add_argument("--model", metavar="NAME", help="marengo3.0 (default), marengo3.5")
    embed.add_argument("--option", action="append", metavar="NAME", help="visual, audio, …")
    embed.add_argument("--scope", action="append", metavar="NAME", help="clip, asset, local")
    embed.add_argument(
        "--segmentation", metavar="NAME", help="fixed, dynamic; of a PDF: standard, quadrants"
    )
    embed.add_argument("--clip-sec", type=int, metavar="N", help="length of clips")
    embed.add_argument("--max-sentences", type=int, metavar="N", help="chunks of a text")
    embed.add_argument("--overlap-sentences", type=int, metavar="N", help="shared by two chunks")
    embed.add_argument("--dimension", type=int, metavar="N", help="128, 256 or 512 (marengo3.5)")
    embed.add_argument(
        "--concurrency", type=int, default=8, metavar="N", help="jobs at once (default: 8)"
    )
    embed.add_argument("--pay-again", action="store_true", help="start failed videos anew")
    _add_folder(embed)
    embed.set_defaults(run=_run_embed, flags=SERVICE_FLAGS)

    fetch = add_command(
        commands, "fetch", "save the segments of all videos of an index", examples=FETCH_EXAMPLES
    )
    fetch.add_argument("index_id", metavar="INDEX_ID")
    fetch.add_argument("-o", "--output", metavar="FILE", required=True, help=SAVED)
    fetch.add_argument("--option", action="append", metavar="NAME", help="visual, audio, …")
    _add_folder(fetch)
    fetch.set_defaults(run=_run_fetch, flags=SERVICE_FLAGS)

    jobs = add_command(
        commands, "jobs", "list every paid job of this folder", examples=JOBS_EXAMPLES
    )
    _add_folder(jobs)
    jobs.set_defaults(run=_run_jobs, flags=SERVICE_FLAGS)


def in_flags(text: str, flags: dict[str, str]) -> str:
    """A message in the words of the command line.

    >>> in_flags("choose another with folder=; pass embedding_option='visual'", SERVICE_FLAGS)
    "choose another with --folder; pass --option 'visual'"
    >>> in_flags("clip_sec is 0", SERVICE_FLAGS), in_flags("fps is 0", {"fps": "--fps"})
    ('--clip-sec is 0', '--fps is 0')
    """
    for of_python, here in IN_SHELL.items():
        text = text.replace(of_python, here)
    for name, flag in flags.items():
        text = re.sub(rf"\b{name}=(?=[\w'\"\[])", f"{flag} ", text)
        text = re.sub(rf"\b{name}=", flag, text)
        where = r"\b" if "_" in name else "^"  # elsewhere it may be a word of the sentence
        text = re.sub(rf"{where}{name}(?= is )", flag, text)
    return text


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--folder", metavar="DIR", default="twlab-jobs", help="of paid jobs and their answers"
    )


def _open_client(chosen: argparse.Namespace) -> Client:
    from twlab.service.client import Client

    return Client(folder=chosen.folder)


def _run_embed(chosen: argparse.Namespace) -> int:
    """Embed, save what succeeded, list what failed."""
    options = {"model_name": chosen.model} if chosen.model else {}
    with _open_client(chosen) as client, warnings.catch_warnings():
        # The failures are listed below, each on its own line.
        warnings.filterwarnings("ignore", message=".* videos are not in the table")
        segments = client.embed(
            chosen.sources,
            embedding_option=chosen.option,
            embedding_scope=chosen.scope,
            segmentation=chosen.segmentation,
            clip_sec=chosen.clip_sec,
            max_sentences=chosen.max_sentences,
            overlap_sentences=chosen.overlap_sentences,
            embedding_dimension=chosen.dimension,
            concurrency=chosen.concurrency,
            pay_again=chosen.pay_again,
            **options,
        )
        failures = client.failures()
    if len(segments):
        _save_table(segments, chosen.output)
    for row in failures.itertuples():
        print(f"twlab: {row.source}: {in_flags(str(row.reason), SERVICE_FLAGS)}", file=sys.stderr)
    return 1 if len(failures) else 0


def _run_fetch(chosen: argparse.Namespace) -> int:
    """Fetch an index and save it."""
    options = {"embedding_option": chosen.option} if chosen.option else {}
    with _open_client(chosen) as client:
        _save_table(client.fetch(chosen.index_id, **options), chosen.output)
    return 0


def _run_jobs(chosen: argparse.Namespace) -> int:
    """Print the ledger; needs no key."""
    from pathlib import Path

    from twlab.service.ledger_tables import read_ledger

    table = read_ledger(Path(chosen.folder))
    if table.empty:
        print(f"no jobs in {chosen.folder}", file=sys.stderr)
        return 0
    shown = table[["source", "state", "model_name", "task_id", "created_at", "error"]].copy()
    shown["created_at"] = shown["created_at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    print_table(shown)
    return 0


def _save_table(segments: pd.DataFrame, output: str) -> None:
    """Save segments, and print where; what goes to standard output is all that goes there."""
    save_output(segments, output)
    if output != PIPE:
        print(output)
