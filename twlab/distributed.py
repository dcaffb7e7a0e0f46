"""The same analysis over a source, fragment by fragment, on its executor.

Functions here have the names, arguments and results of those of tables, which call them where an
argument is a source, a path or a URI (:func:`twlab.archive.sources.also_stores`). Each reads one
piece per worker, and gathers small results here; an interrupted one goes on where it stopped.

:func:`embed` spreads embedding jobs over workers, with one ledger of what is paid;
:func:`write_nearest` writes what is too large for memory to files.
"""

from __future__ import annotations

from twlab.archive.in_pieces.clusters import cluster
from twlab.archive.in_pieces.duplicates import near_duplicates
from twlab.archive.in_pieces.pairs import cosine_similarity, nearest, write_nearest
from twlab.archive.in_pieces.per_video import (
    diagnose,
    novelty,
    scene_counts,
    scenes,
    video_vectors,
)
from twlab.service.spreading import embed

__all__ = [
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
