"""``twlab explore``: films, or answers and their films, as one page that is opened at once."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlab.cli.commands import add_command
from twlab.cli.pipes import PIPE, open_output, open_sources
from twlab.endings import family_of
from twlab.errors import InputError, MissingExtraError, warn
from twlab.wording import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = [
    "ENCODING_FLAGS",
    "add_encoding_options",
    "add_explore_command",
    "list_films",
    "load_or_encode",
    "match_films",
    "sort_sources",
    "tell_lengths",
]

ENCODING_FLAGS = {
    "segmentation": "--segmentation",
    "clip_sec": "--clip-sec",
    "encoder": "--encoder",
    "folder": "--folder",
    "option": "--option",
    "video": "FILE",
}
"""Arguments of :func:`twlab.encode` by what they are called on the command line."""

EXPLORE_EXAMPLES = """\
  twlab explore film.mp4
  twlab explore answer.json film.mp4 -o film.html --no-open
  twlab load 'answers/*.json' -o - | twlab explore - films/
"""

PAGE = "twlab-explore.html"
"""Where the page is written, unless it is said."""

EMBEDDED_BYTES = 100_000_000
"""Films up to this size together are written into the page, which then can be sent; it opens in a
second or two. Larger ones are played from where they lie."""


def add_explore_command(commands: Any) -> None:
    """Add the command to the parser's."""
    explore = add_command(
        commands,
        "explore",
        "films of yours, or answers and their films, as one page to look around in",
        examples=EXPLORE_EXAMPLES,
    )
    explore.add_argument(
        "sources", metavar="FILE", nargs="+", help="film, answer or folder; - for an answer"
    )
    explore.add_argument("-o", "--output", metavar="PAGE", default=PAGE, help=f"(default: {PAGE})")
    explore.add_argument("--no-open", action="store_true", help="do not show it in the browser")
    explore.add_argument("--option", metavar="NAME", help="which to show: visual, audio, …")
    add_encoding_options(explore)
    explore.set_defaults(run=_run_explore, flags=ENCODING_FLAGS)


def add_encoding_options(command: argparse.ArgumentParser) -> None:
    """Add what says how films are encoded."""
    command.add_argument(
        "--segmentation", metavar="NAME", default="fixed", help="fixed (default), shots"
    )
    command.add_argument(
        "--clip-sec", type=float, metavar="N", default=6, help="seconds of a clip (default: 6)"
    )
    command.add_argument(
        "--encoder", metavar="FILE", default="default", help="an ONNX file of yours"
    )
    command.add_argument("--folder", metavar="DIR", help="where encoded films are kept")


def _run_explore(chosen: argparse.Namespace) -> int:
    """Write the page and show it where somebody is watching."""
    films, answers = sort_sources(chosen.sources)
    if not answers:
        films = _keep_readable(films, {Path(source) for source in chosen.sources})
    segments = load_or_encode(films, answers, chosen)
    with open_output(chosen.output, PAGE) as output:
        page = _write_page(segments, films, output, chosen.option).resolve()
    if chosen.output == PIPE:
        return 0
    print(page)
    if sys.stdout.isatty() and not chosen.no_open:
        import webbrowser

        webbrowser.open(page.as_uri())
    return 0


def sort_sources(sources: Iterable[str]) -> tuple[list[Path], list[str]]:
    """The films among what is named, in folders too, and the rest, which are answers."""
    films: list[Path] = []
    answers: list[str] = []
    for source in sources:
        path = Path(source)
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        own = [one for one in inside if _is_film(one)]
        films += own
        if not own or (path.is_dir() and any(family_of(one.name) == "data" for one in inside)):
            answers.append(source)
    return films, answers


def list_films(names: Iterable[str]) -> list[Path]:
    """The films that are named, in folders too.

    Raises
    ------
    InputError
        If one is not there, or is no film and no folder of films.
    """
    from twlab.media.named import local_file

    found: list[Path] = []
    for name in names:
        films, _ = sort_sources([name])
        if not films:
            raise InputError(
                f"{name!r} is no film and no folder with films; one was expected; correct it"
            )
        found += films
    for film in found:
        local_file(film)
    return found


def _is_film(path: Path) -> bool:
    """Whether a file is one by its name."""
    return family_of(path.name) in ("video", "audio") and not path.is_dir()


def load_or_encode(
    films: list[Path], answers: list[str], chosen: argparse.Namespace
) -> pd.DataFrame:
    """The segments of the answers; where none are named, those of the films, encoded here."""
    if answers:
        from twlab.loading.load import load

        return load(open_sources(answers))
    from twlab.media.containers import tracks_of
    from twlab.media.encoding import encode
    from twlab.media.named import local_file

    for film in films:  # what is none is told before anything else is
        local_file(film)
        tracks_of(film)
    print("encoding on this machine: these are not Marengo vectors", file=sys.stderr)
    return encode(
        films,
        segmentation=chosen.segmentation,
        clip_sec=chosen.clip_sec,
        encoder=chosen.encoder,
        folder=chosen.folder,
    )


def _keep_readable(films: list[Path], named: set[Path]) -> list[Path]:
    """The films, of folders without what cannot be read; what is named itself must be there."""
    from twlab.media.containers import tracks_of
    from twlab.media.named import local_file

    readable = []
    for film in films:
        try:
            _ = local_file(film) if film in named else tracks_of(film)
        except InputError as error:
            if film in named or len(films) == 1:
                raise
            warn(f"left out: {error}")
            continue
        readable.append(film)
    return readable


def _write_page(
    segments: pd.DataFrame, films: list[Path], target: Path, option: str | None
) -> Path:
    """The page: clips in clusters, linked to their films."""
    from twlab.analysis.groups.clustering import cluster
    from twlab.table.clips import clips
    from twlab.widgets.saving import save_html

    shown = clips(segments, option=option)
    video = match_films(shown, films)
    tell_lengths(segments, video)
    size = sum(path.stat().st_size for path in video.values())
    labels = cluster(shown) if len(shown) > 1 else None
    video_as: Literal["embed", "link"] = "embed" if size <= EMBEDDED_BYTES else "link"
    return save_html(shown, target, video=video or None, labels=labels, video_as=video_as)


def tell_lengths(segments: pd.DataFrame, video: Mapping[str, Path]) -> None:
    """Warn of films that are not as long as their segments say: they may be of another cut."""
    from twlab.media.containers import tracks_of
    from twlab.timecodes import format_timecode

    for name, film in video.items():
        rows = segments[segments["video_id"] == name]
        seconds = rows["end_sec"] - rows["start_sec"]
        clip_sec = float(seconds.median())
        known = rows["duration_sec"].dropna() if "duration_sec" in rows else rows["end_sec"][:0]
        told_sec = float((known if len(known) else rows["end_sec"]).max())
        if math.isnan(clip_sec) or math.isnan(told_sec):
            continue
        try:
            film_sec = tracks_of(film).duration_sec
        except (MissingExtraError, InputError) as error:
            warn(f"whether {film.name!r} is as long as its answers say was not checked: {error}")
            continue
        if abs(film_sec - told_sec) > clip_sec:
            warn(
                f"{film.name!r} is {format_timecode(film_sec)} long, and the answers of {name!r} "
                f"are of {format_timecode(told_sec)}; they may be of another cut, whose seconds "
                "do not fit"
            )


def match_films(segments: pd.DataFrame, films: list[Path]) -> dict[str, Path]:
    """The film of each video: by its file's name; one film and one video belong together."""
    videos = segments["video_id"].unique().tolist()
    if len(films) == len(videos) == 1:
        return {videos[0]: films[0]}
    names: dict[str, set[str]] = {}
    if "filename" in segments:
        for one, name in (
            segments[["video_id", "filename"]].dropna().drop_duplicates().itertuples(index=False)
        ):
            names.setdefault(one, set()).add(name)
    found: dict[str, Path] = {}
    for film in films:
        places = (film.name, film.stem, f"{film.parent.name}/{film.name}")
        own = {*map(printable, places)}
        fitting = [one for one in videos if own & {one, Path(one).stem, *names.get(one, ())}]
        if not fitting:
            warn(f"{film.name!r} is the film of no video of the answers, and is left out")
        for one in fitting:
            if found.setdefault(one, film) != film:
                raise InputError(
                    f"{found[one].name!r} and {film.name!r} are both films of {one!r}; one was "
                    "expected; name one of them"
                )
    return found
