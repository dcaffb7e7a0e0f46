"""Embedding jobs spread over the workers of one machine, each video paid for once.

The ledger of a client is one folder on a disk of this machine, and every job is claimed there
before its request leaves, so that several programs on it never pay for the same video: workers are
such programs. One client works on eight videos at once; workers help where reading and sending
films keeps one process busy.

Several machines cannot share a ledger. It is an SQLite file with a write-ahead log, whose index
lies in memory that only processes of one machine share, so on a shared disk two machines would not
see each other's claims and pay twice. Workers of other machines and folders on disks of the
network are refused, before anything is sent.

* :func:`embed` - a table of segments of many videos
"""

from __future__ import annotations

import contextlib
import dataclasses
import platform
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Unpack

from twlab.errors import InputError, TwlabWarning
from twlab.progress import bar
from twlab.service.awaiting import FOLDER
from twlab.service.client import Client
from twlab.service.jobs.embedding import check_sources
from twlab.service.jobs.embedding_options import Options, read_options
from twlab.service.jobs.inputs import find_sources
from twlab.service.ledger_tables import records

if TYPE_CHECKING:
    import pandas as pd

    from twlab.service.awaiting import EmbedOptions
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.inputs import Media
    from twlab.table.types import Files

    Place = tuple[str, int, int]

__all__ = ["embed"]

BATCH_VIDEOS = 8
"""Videos of one piece of work, which one client does at the same time."""


NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "ncp",
    "afs",
    "ceph",
    "lustre",
    "glusterfs",
    "beegfs",
    "gpfs",
    "9p",
)
"""How the names of file systems begin that other machines may have open too."""

ADVICE = (
    "a ledger works for the programs of one machine; give each machine videos and a folder of its "
    "own, and read all answers with tw.load"
)


class Workers(Protocol):
    """Whatever calls a function for each piece of work, somewhere."""

    def map(self, function: Any, items: Any, /, *shared: Any) -> Any:
        """The results, in the order of the items."""


def embed(
    source: Files,
    workers: Workers,
    *,
    folder: str | Path = FOLDER,
    base_url: str | None = None,
    settings: Settings | None = None,
    allow_http: bool = False,
    **options: Unpack[EmbedOptions],
) -> pd.DataFrame:
    """As :func:`twlab.distributed.embed`; workers are anything with its ``map``."""
    found = find_sources(source)
    asked: dict[str, Any] = {**options}
    check_all(found, asked)
    names = [one.url or str(one.path) for one in found]
    batches = [names[first : first + BATCH_VIDEOS] for first in range(0, len(names), BATCH_VIDEOS)]
    jobs = Path(folder).absolute()  # workers may stand in other folders
    client: dict[str, Any] = {"folder": str(jobs), "base_url": base_url, "settings": settings}
    client["allow_http"] = allow_http
    _check_local(jobs)
    with contextlib.suppress(OSError):  # what is wrong with it the client says
        jobs.mkdir(parents=True, exist_ok=True)
    with Client(**client) as teller:
        place = place_of(client["folder"])
        with bar("embedded", total=len(names)) as done:
            for n in workers.map(embed_batch, batches, client, asked, place):
                done.update(n)
        # All is in the ledger now: this pays for nothing, and tells what failed.
        return teller.embed(source, **{**asked, "pay_again": False, "progress": False})


def check_all(sources: list[Media], options: dict[str, Any]) -> None:
    """Refuse what one worker would refuse, before another has sent anything."""
    if options.get("asset_id") is not None:
        raise InputError(
            "asset_id= for workers, which help where files are read and sent; files or addresses "
            "were expected; embed assets with Client.embed"
        )
    known = {field.name for field in dataclasses.fields(Options)}
    given = {name: value for name, value in options.items() if name in known}
    given["time_based_metadata"] = records(options.get("time_based_metadata"))
    at_once = bool(options.get("at_once"))
    check_sources(sources, read_options(**given), at_once=at_once)


def embed_batch(
    names: list[str], client: dict[str, Any], options: dict[str, Any], place: Place
) -> int:
    """Embed some videos and leave the answers in the ledger; how many there were."""
    if place_of(client["folder"]) != place:
        raise InputError(
            f"a worker on {platform.node()!r} has another folder {client['folder']!r} than the "
            f"caller's; workers of the caller's machine were expected, as {ADVICE}"
        )
    with warnings.catch_warnings(), Client(**client) as worker:
        warnings.simplefilter("ignore", TwlabWarning)  # failures are told in the end, all at once
        worker.embed(names, **{**options, "on_error": "report", "progress": False})
    return len(names)


def place_of(folder: str) -> Place:
    """Which folder this is, on which running machine; containers of one machine are one."""
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        machine = platform.node()
    try:
        there = Path(folder).stat()
    except OSError:
        return machine, 0, 0
    return machine, there.st_dev, there.st_ino


def _check_local(folder: Path) -> None:
    """Refuse a folder on a disk of the network, as far as the system tells."""
    kind = file_system(folder)
    if kind.removeprefix("fuse.").startswith((*NETWORK, "sshfs")):
        raise InputError(
            f"folder {str(folder)!r} is on a network disk ({kind}); a folder on a disk of "
            f"this machine was expected, as {ADVICE}"
        )


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The type of the file system that a folder lies on; empty where it is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found, depth = "", -1
    real = folder.resolve()
    for _, point, kind, *_ in (line.split(" ") for line in lines if line.count(" ") > 2):
        mounted = Path(point.replace("\\040", " "))
        if real.is_relative_to(mounted) and len(mounted.parts) >= depth:
            found, depth = kind, len(mounted.parts)
    return found
