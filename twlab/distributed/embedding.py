"""Embedding jobs spread over workers, each video paid for once.

The ledger of a client is one folder, and every job is claimed there before its request leaves, so
that several programs on it never pay for the same video: workers are such programs. One client
works on eight videos at once and is enough for one machine; workers help where uploads from
several machines do. Their folder must be on a disk that they share and whose file locks hold
between machines.

* :func:`embed` - a table of segments of many videos
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from twlab.api.sources import find_sources
from twlab.client import Client
from twlab.client.awaiting import FOLDER
from twlab.errors import TwlabWarning
from twlab.executors import check_executor

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from twlab.api.transport import Settings
    from twlab.executors import Executor

__all__ = ["embed"]

AT_ONCE = 8
"""Videos of one piece of work, which one client does at the same time."""


def embed(
    source: Any,
    executor: Executor,
    *,
    folder: str | Path = FOLDER,
    base_url: str | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> pd.DataFrame:
    """A table of segments of many videos, embedded by workers, each paid for once.

    Parameters
    ----------
    source : path, address, folder, glob, or list of these
        As for :meth:`twlab.Client.embed`; workers must find paths where they are here.
    executor : Executor
        Where the clients run. The key does not travel: each machine reads its own
        ``TWELVELABS_API_KEY``, which must be the same.
    folder, base_url, settings
        As for :class:`twlab.Client`. The folder is shared by all.
    **options
        As for :meth:`twlab.Client.embed`.

    Returns
    -------
    DataFrame
        As :meth:`twlab.Client.embed` returns it. It warns of videos that failed.

    Raises
    ------
    InputError
        If a source is not there, the executor is none or an option is not possible.

    Examples
    --------
    >>> import twlab as tw
    >>> with tw.executors.Ray("head:6379") as workers:                 # doctest: +SKIP
    ...     segments = tw.distributed.embed("films/*.mp4", workers, folder="/shared/jobs")
    """
    from tqdm.auto import tqdm

    check_executor(executor)
    found = find_sources(source)
    names = [one.url or str(one.path) for one in found]
    batches = [names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE)]
    client: dict[str, Any] = {"folder": str(folder), "base_url": base_url, "settings": settings}
    with tqdm(total=len(names), desc="embedded", delay=1, leave=False) as bar:
        for n in executor.map(embed_batch, batches, client, options):
            bar.update(n)
    # All is in the ledger now: this pays for nothing, and tells what failed.
    with Client(**client) as teller:
        return teller.embed(source, **{**options, "pay_again": False, "progress": False})


def embed_batch(names: list[str], client: dict[str, Any], options: dict[str, Any]) -> int:
    """Embed some videos and leave the answers in the ledger; how many there were."""
    with warnings.catch_warnings(), Client(**client) as worker:
        warnings.simplefilter("ignore", TwlabWarning)  # failures are told in the end, all at once
        worker.embed(names, **{**options, "on_error": "report", "progress": False})
    return len(names)
