"""Processes that write into a store, for tests that kill them or let them race.

Every writer writes batches of segments whose vectors say who wrote them: all numbers of a row are
the number of its writer, so that a row put together from two would show. It waits for a line before
it begins, so that several begin at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import twlab as tw

ROWS = 40
WIDTH = 32

HERE = Path(__file__).parent


def batch(first: int, *, writer: int, n_rows: int = ROWS, width: int = WIDTH) -> pd.DataFrame:
    """Segments from one number on, some parts of whose identity are missing."""
    numbers = np.arange(first, first + n_rows)
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
    return tw.with_vectors(rows, np.repeat((numbers + writer + 1.0)[:, None], width, axis=1))


def check_whole(table: pd.DataFrame, n_rows: int = ROWS) -> None:
    """Every row is what one writer wrote, every batch is there whole, nothing is there twice."""
    matrix = tw.vectors(table)
    expected = (table["number"] + table["writer"] + 1).to_numpy(np.float32)
    assert (matrix == expected[:, None]).all(), "a torn row"
    assert table["number"].is_unique, "a segment is there twice"
    counts = (table["number"] // n_rows).value_counts()
    assert (counts == n_rows).all(), "a batch is not whole"


def ready(
    address: str | Path, writer: int, n_batches: int, n_rows: int = ROWS, width: int = WIDTH
) -> subprocess.Popen[str]:
    """A process that has opened the store and waits to write; it says each batch it committed."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(address), *map(str, (writer, n_batches, n_rows, width))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def begin(*processes: subprocess.Popen[str]) -> None:
    """Let them write."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def main(address: str, writer: int, n_batches: int, n_rows: int, width: int) -> None:
    """Write batches, and say the number of each once it is committed."""
    store = tw.open(address)
    print("ready", flush=True)
    sys.stdin.readline()
    for k in range(n_batches):
        store.upsert(batch(k * n_rows, writer=writer, n_rows=n_rows, width=width))
        print(k, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
