"""The commands of an archive: ``twlab ingest``, ``videos``, ``search``, ``optimize``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab.analysis.judging.queries import is_existing_file, is_words, query_kind
from twlab.cli.commands import add_command, print_table
from twlab.cli.pipes import PIPE, open_output, open_sources
from twlab.errors import InputError
from twlab.paths import replace_file
from twlab.wording import brief, say_count

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from twlab.archive.store import Store

__all__ = ["add_store_commands", "add_store_option", "open_archive", "second_of", "segment_at"]

UPSERT = "write them with upsert, which replaces"

STORE_FLAGS = {
    "by": "--option",
    "embedding_option": "--option",
    "video_id": "--video",
    "where": "--where",
    "text": "--text",
    "model_name": "--model",
    "k": "-k",
}
"""Arguments of a search by what they are called on the command line."""

OPTIMIZE_FLAGS = {"keep_days": "--keep-days"}
"""The same of optimizing."""

INGEST_EXAMPLES = """\
  twlab ingest 'answers/*.json' --store archive
  twlab ingest answer.json --store second --new    # refuses what is there
"""

VIDEOS_EXAMPLES = """\
  twlab videos --store archive
"""

SEARCH_EXAMPLES = """\
  twlab search --store archive query.json -k 5
  twlab search --store archive --like film.mp4@1:30 --option visual -o hits.csv
  twlab search --store archive "a rabbit yawns" --option visual
"""

OPTIMIZE_EXAMPLES = """\
  twlab optimize --store archive
  twlab optimize --store archive --keep-days 30
"""


def add_store_commands(commands: Any) -> None:
    """Add the commands to the parser's."""
    ingest = add_command(
        commands, "ingest", "put segments of files into a store", examples=INGEST_EXAMPLES
    )
    ingest.add_argument("sources", metavar="FILE", nargs="+", help="file, folder, glob, or -")
    add_store_option(ingest)
    ingest.add_argument("--new", action="store_true", help="refuse segments that are there")
    ingest.set_defaults(run=_run_ingest, flags={})

    videos = add_command(commands, "videos", "list the videos of a store", examples=VIDEOS_EXAMPLES)
    add_store_option(videos)
    videos.set_defaults(run=_run_videos)

    _add_search_command(commands)
    optimize = add_command(
        commands,
        "optimize",
        "join a store's small pieces and bring its indices up to date",
        examples=OPTIMIZE_EXAMPLES,
    )
    add_store_option(optimize)
    optimize.add_argument(
        "--keep-days", type=float, metavar="N", help="delete versions that are older"
    )
    optimize.set_defaults(run=_run_optimize, flags=OPTIMIZE_FLAGS)


def _add_search_command(commands: Any) -> None:
    """Add the command that looks for segments."""
    search = add_command(
        commands,
        "search",
        "find the segments of a store most alike to one",
        examples=SEARCH_EXAMPLES,
    )
    search.add_argument(
        "query", metavar="QUERY", nargs="?", help="embedding file, - for one, or words"
    )
    search.add_argument("--text", metavar="WORDS", help="words, whatever they look like")
    search.add_argument("--like", metavar="VIDEO@SEC", help="the segment of a video at a time")
    add_store_option(search)
    search.add_argument("-k", type=int, default=10, metavar="N", help="how many (default: 10)")
    search.add_argument("--video", action="append", metavar="ID", help="only in this; repeatable")
    search.add_argument("--option", metavar="NAME", help="visual, audio, …")
    search.add_argument("--model", metavar="NAME", help="of a store that names none, for words")
    search.add_argument("--where", metavar="SQL", help='such as "start_sec < 60"')
    search.add_argument("-o", "--output", metavar="FILE", help="save the hits (.csv, or -)")
    search.set_defaults(run=_run_search, flags=STORE_FLAGS)


def add_store_option(command: argparse.ArgumentParser) -> None:
    """Have a command name a store."""
    command.add_argument("--store", metavar="DIR", required=True, help="folder, or s3://… address")


def _run_ingest(chosen: argparse.Namespace) -> int:
    """Write the segments, those that are there already anew."""
    store = open_archive(chosen.store)
    try:
        sources = _segments_of(chosen.sources)
        written = _add_new(store, sources) if chosen.new else store.upsert(sources)
        if written:
            store.optimize()
    except KeyboardInterrupt:
        again = "the same command without --new" if chosen.new else "the same command"
        raise KeyboardInterrupt(
            f"the store has {open_archive(chosen.store).count_rows():,} rows; {again} goes on"
        ) from None
    print(f"{say_count(written, 'segment')} written", file=sys.stderr)
    print(store)
    return 0


def open_archive(address: str) -> Store:
    """The store; LanceDB is imported only now."""
    from twlab.archive.store import open as open_store

    return open_store(address)


def _segments_of(sources: list[str]) -> list[str] | pd.DataFrame:
    """The names of files, which the store reads one at a time; a table where one is piped."""
    if PIPE not in sources:
        return sources
    from twlab.loading.load import load

    return load(open_sources(sources))


def _run_videos(chosen: argparse.Namespace) -> int:
    """Print what the store has of each video."""
    videos = open_archive(chosen.store).videos()
    shown = videos.rename(columns={"start_sec": "start", "end_sec": "end"})
    for name in ("start", "end"):
        shown[name] = _timecodes(shown[name])
    print_table(shown)
    return 0


def _run_optimize(chosen: argparse.Namespace) -> int:
    """Make later searches faster."""
    store = open_archive(chosen.store)
    store.optimize(keep_days=chosen.keep_days)
    print(store)
    return 0


def _add_new(store: Store, sources: list[str] | pd.DataFrame) -> int:
    """Write segments, none of which may be there; the error speaks of the command line."""
    try:
        return store.add(sources)
    except InputError as error:
        if UPSERT not in str(error):
            raise
        raise InputError(str(error).replace(UPSERT, "leave out --new to replace them")) from None


def _run_search(chosen: argparse.Namespace) -> int:
    """Print the hits, or save them."""
    output = _check_output(chosen.output)
    store = open_archive(chosen.store)
    asked = _query_arguments(chosen, store)
    with asked.get("client") or contextlib.nullcontext():
        hits = store.search(
            k=chosen.k,
            video_id=chosen.video,
            by=chosen.option,
            model_name=chosen.model,
            where=chosen.where,
            **asked,
        )
    if output is not None:
        with open_output(output, "hits.csv") as path, replace_file(path) as aside:
            hits.drop(columns="embedding").to_csv(aside, index=False)
        where = "standard output" if output == PIPE else output
        print(f"{say_count(len(hits), 'hit')} in {where}", file=sys.stderr)
        if output != PIPE:
            print(output)
        return 0
    if hits.empty:
        print(_no_hits(chosen), file=sys.stderr)
        return 0
    _print_hits(hits)
    return 0


def _no_hits(chosen: argparse.Namespace) -> str:
    """Why nothing was found, as far as it is known."""
    given = {"--video": chosen.video, "--option": chosen.option, "--where": chosen.where}
    parts = [f"{name} {_show_option(value)}" for name, value in given.items() if value is not None]
    if not parts:
        return "no hits: the store has nothing to compare with the query"
    return f"no hits: no segment fits {' and '.join(parts)}; leave out one to search in more"


def _show_option(value: str | list[str]) -> str:
    """What was given for an option."""
    return ", ".join(map(repr, [value] if isinstance(value, str) else value))


def _check_output(name: str | None) -> str | None:
    """Where hits go, known before anything is searched."""
    if name is None or name == PIPE:
        return name
    if not name.lower().endswith(".csv"):
        raise InputError(f"{name!r} has no known ending; .csv was expected")
    if Path(name).is_dir() or not Path(name).absolute().parent.is_dir():
        what = "is a folder" if Path(name).is_dir() else "lies in a folder that does not exist"
        raise InputError(f"{name!r} {what}; the name of a file was expected; choose another")
    return name


def _query_arguments(chosen: argparse.Namespace, store: Store) -> dict[str, Any]:
    """What is looked for, as arguments of ``Store.search``, with a client where it needs one."""
    given = {"a query": chosen.query, "--like": chosen.like, "--text": chosen.text}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        what = " and ".join(named) or "no query"
        raise InputError(
            f"{what}; one of a file, words, --text WORDS and --like VIDEO@SEC was expected"
        )
    if chosen.like is not None:
        return {"query": segment_at(chosen.like, chosen.option, store)}
    if chosen.query == PIPE:
        from twlab.loading.load import load

        return {"query": load(open_sources([PIPE]))}
    kind = "text" if chosen.query is None else query_kind(chosen.query)
    if kind == "text" and chosen.query is not None and is_existing_file(chosen.query):
        from twlab.loading.load import load

        return {"query": load(chosen.query)}
    if kind == "text" and chosen.query is not None and not is_words(chosen.query):
        raise InputError(
            f"{chosen.query!r} is not a file; an embedding file, a picture, a sound or words were "
            "expected; correct the name, or give words with --text"
        )
    store.fragments()  # says that there is no store before a key is asked for
    from twlab.service.client import Client

    return {"query": chosen.query, "text": chosen.text, "client": Client()}


def segment_at(place: str, option: str | None, store: Store) -> pd.DataFrame:
    """The segment of the store that a video has at a time; of several the shortest."""
    from twlab.table.conditions import quote

    video, at, time = place.rpartition("@")
    if not at:
        raise InputError(
            f"--like {brief(place, 80)} names no time; VIDEO@SEC was expected: film.mp4@90"
        )
    second = second_of(time)
    where = f"video_id = {quote(video)} AND start_sec <= {second} AND end_sec > {second}"
    found = store.to_table(where)
    if found.empty:
        raise InputError(
            f"the store has no segment of {brief(video, 80)} at {second:g} s; a video and a time "
            "of it were expected; twlab videos says what is there"
        )
    if option is not None:
        found = _keep_option(found, option, f"{video!r} at {second:g} s")
    length = found["end_sec"] - found["start_sec"]
    shortest: pd.DataFrame = found[length == length.min()]
    return shortest


def second_of(time: str) -> float:
    """The second of a moment; frames are not counted, since nothing says their rate."""
    from twlab.timecodes import parse_timecode

    try:
        return parse_timecode(time)
    except InputError:
        raise InputError(
            f"{brief(time)} is no time of a moment; seconds, M:SS or H:MM:SS were expected after "
            "the @: film.mp4@1:30"
        ) from None


def _keep_option(found: pd.DataFrame, option: str, place: str) -> pd.DataFrame:
    """The segments of an option."""
    there = sorted(found["embedding_option"].dropna().unique())
    if option not in there:
        raise InputError(
            f"--option is {option!r}, which no segment of {place} has; one that is there was "
            f"expected: {', '.join(map(repr, there)) or 'none is named, leave it out'}"
        )
    chosen: pd.DataFrame = found[found["embedding_option"] == option]
    return chosen


def _timecodes(seconds: pd.Series) -> list[str]:
    """Seconds as people write times."""
    from twlab.timecodes import format_timecode

    return [format_timecode(sec) or "-" for sec in seconds]


def _print_hits(hits: pd.DataFrame) -> None:
    """Rank, score, place and likeness by option of each hit."""
    likeness = [name for name in hits.columns if str(name).endswith("_similarity")]
    names = ["rank", "score", "video_id", "start_sec", "end_sec", *likeness]
    shown = hits[names].rename(columns={"start_sec": "start", "end_sec": "end"})
    shown["score"] = shown["score"].map("{:.2f}".format)
    for name in likeness:
        shown[name] = shown[name].map(lambda value: "-" if value != value else f"{value:.4f}")
    for name in ("start", "end"):
        shown[name] = _timecodes(shown[name])
    print_table(shown)
