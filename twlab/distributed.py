"""The same analysis over a store, piece by piece, on its executor.

Functions here have the names, arguments and results of those on tables, which call them where an
argument is a store, a path or a URI (:mod:`twlab.public`). Each reads one piece per worker, and
gathers small results here; an interrupted one goes on where it stopped.

What takes a store takes any :class:`Source` of :class:`Fragment`.

:func:`embed` spreads embedding jobs over workers, with one ledger of what has been paid;
:func:`write_nearest` writes what is too large for memory to files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from twlab.archive.engines import check_executor
from twlab.archive.in_pieces.duplicates import near_duplicates
from twlab.archive.in_pieces.kmeans import cluster
from twlab.archive.in_pieces.pairs import cosine_similarity, nearest, write_nearest
from twlab.archive.in_pieces.per_video import (
    diagnose,
    novelty,
    scene_counts,
    scenes,
    video_vectors,
)
from twlab.archive.sources import Fragment, Source
from twlab.service import spreading
from twlab.service.awaiting import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from twlab.archive.engines import Executor
    from twlab.service.awaiting import EmbedOptions
    from twlab.service.http.transport import Settings
    from twlab.table.types import Files

__all__ = [
    "Fragment",
    "Source",
    "cluster",
    "cosine_similarity",
    "diagnose",
    "embed",
    "near_duplicates",
    "nearest",
    "novelty",
    "scene_counts",
    "scenes",
    "video_vectors",
    "write_nearest",
]


def embed(
    source: Files,
    executor: Executor,
    *,
    folder: str | Path = FOLDER,
    base_url: str | None = None,
    settings: Settings | None = None,
    allow_http: bool = False,
    **options: Unpack[EmbedOptions],
) -> pd.DataFrame:
    """A table of segments of many videos, embedded by workers, each paid for once.

    Parameters
    ----------
    source : path, address, folder, glob, or list of these
        As for :meth:`twlab.Client.embed`; workers must find paths where they are here.
    executor : Executor
        Where the clients run: on this machine. The key does not travel: each worker reads
        ``TWELVELABS_API_KEY``, which must be the same.
    folder, base_url, settings, allow_http
        As for :class:`twlab.Client`. All workers use the folder, which lies on a local disk.
    **options
        As for :meth:`twlab.Client.embed`.

    Returns
    -------
    DataFrame
        As :meth:`twlab.Client.embed` returns it. It warns of videos that failed.

    Raises
    ------
    InputError
        If a source does not exist, the executor is not one, an option is not allowed, a worker is
        on another machine, or the folder is on a network disk. Nothing is sent then.

    See Also
    --------
    twlab.Client.embed : the same in this process

    Examples
    --------
    It needs a key and an engine:

    >>> import twlab as tw
    >>> with tw.executors.Ray() as workers:                            # doctest: +SKIP
    ...     segments = tw.distributed.embed("films/*.mp4", workers)
    """
    check_executor(executor)
    return spreading.embed(
        source,
        executor,
        folder=folder,
        base_url=base_url,
        settings=settings,
        allow_http=allow_http,
        **options,
    )
