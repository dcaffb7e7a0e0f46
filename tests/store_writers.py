"""Processes that write into a store, for tests that kill them or let them race.

Every writer writes batches of segments whose vectors say who wrote them: all numbers of a row are
the number of its writer, so that a row put together from two would show.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

import twlab as tw

ROWS = 40
WIDTH = 32


def batch(first: int, *, writer: int) -> pd.DataFrame:
    """Forty segments from one number on, some parts of whose identity are missing."""
    numbers = np.arange(first, first + ROWS)
    rows = pd.DataFrame(
        {
            "video_id": [f"video {n // 20}" for n in numbers],
            "start_sec": np.where(numbers % 20 == 7, np.nan, numbers % 20 * 6.0),
            "end_sec": np.where(numbers % 20 == 7, np.nan, numbers % 20 * 6.0 + 6),
            "embedding_option": "visual",
            "number": numbers,
            "writer": writer,
        }
    )
    return tw.with_vectors(rows, np.repeat((numbers + writer + 1.0)[:, None], WIDTH, axis=1))


def check_whole(table: pd.DataFrame) -> None:
    """Every row is what one writer wrote, every batch is there whole, nothing is there twice."""
    matrix = tw.vectors(table)
    expected = (table["number"] + table["writer"] + 1).to_numpy(np.float32)
    assert (matrix == expected[:, None]).all(), "a torn row"
    assert table["number"].is_unique, "a segment is there twice"
    counts = (table["number"] // ROWS).value_counts()
    assert (counts == ROWS).all(), "a batch is not whole"


def main(address: str, writer: int, step: int, n_batches: int) -> None:
    """Write batches, overlapping those of other writers by half where the step says so."""
    store = tw.open(address)
    for k in range(n_batches):
        store.upsert(batch(k * step, writer=writer))
        print(k, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
