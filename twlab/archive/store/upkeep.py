"""Indices of a store, small pieces joined, old versions.

Indices of video, time and option are made with the first segments and brought up to date once an
eighth of the rows, and at least 10,000, are not yet in them. A vector index is made by
:meth:`twlab.Store.optimize` from 300,000 rows on: below, comparing every row is as fast.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from twlab.archive.store.lance import INDEX, retried, words

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LEAST_INDEXED", "optimized", "settle"]

LEAST_INDEXED = 300_000
"""Rows from which on a vector index pays."""

_SCALAR = {"video_id": "BTree", "start_sec": "BTree", "embedding_option": "Bitmap"}
_LEAST_NEW = 10_000
_MOST_SMALL_FRAGMENTS = 64
_FOR_EVER = timedelta(days=36_500)


def settle(table: Any) -> None:
    """What a store needs after a write, most often nothing.

    Indices are made anew rather than by Lance's ``optimize``, which would also write the segments
    of all small pieces again.
    """
    with words("indices were not brought up to date, the segments are stored"):
        index_scalars(table)
        videos = next(index for index in table.list_indices() if index.name == "video_id_idx")
        n_new = videos.num_unindexed_rows or 0
        small = table.stats()["fragment_stats"]["num_small_fragments"]
        if small <= _MOST_SMALL_FRAGMENTS and n_new > max(_LEAST_NEW, table.count_rows() // 8):
            _make_indices(table, list(_SCALAR))
    if small > _MOST_SMALL_FRAGMENTS:
        optimized(table, keep=None, vector_index=False)


def index_scalars(table: Any) -> None:
    """Make the indices that are not there, once there are segments."""
    there = {index.name for index in table.list_indices()}
    missing = [name for name in _SCALAR if f"{name}_idx" not in there]
    if missing and table.count_rows():
        _make_indices(table, missing)


def _make_indices(table: Any, names: list[str]) -> None:
    for name in names:
        retried(_maker(table, name), table)


def _maker(table: Any, name: str) -> Callable[[], None]:
    from lancedb import index

    kind = getattr(index, _SCALAR[name])
    return lambda: table.create_index(name, config=kind(), name=f"{name}_idx")


def optimized(table: Any, *, keep: timedelta | None, vector_index: bool) -> None:
    """Join small pieces, bring indices up to date, drop versions older than is kept."""
    with words("the store was not optimized, its segments are as they were"):
        index_scalars(table)
        kept = _FOR_EVER if keep is None else keep
        retried(lambda: table.optimize(cleanup_older_than=kept), table)
        if vector_index and table.count_rows() >= LEAST_INDEXED and not _has_index(table):
            retried(lambda: _index_vectors(table), table)


def _has_index(table: Any) -> bool:
    return any(index.name == INDEX for index in table.list_indices())


def _index_vectors(table: Any) -> None:
    """Partitions by k-means, in them the vectors with eight bits for each number."""
    from lancedb.index import IvfSq

    table.create_index("embedding", config=IvfSq(distance_type="cosine"), name=INDEX)
