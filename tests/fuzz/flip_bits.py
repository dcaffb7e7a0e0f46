"""Flip one bit of a saved table and load it: it is refused, or gives the identical table.

Half of the flips are anywhere, the others in the first and last bytes, where the description, the
checksums and the marks of the packing lie.

    python tests/fuzz/flip_bits.py [--n 3000] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import twlab as tw

ENDINGS = ("parquet", "json", "jsonl", "json.gz", "jsonl.gz", "json.zst", "jsonl.zst")
EDGE = 4000


def table(rng: random.Random) -> pd.DataFrame:
    """A small table with columns of several kinds."""
    n_rows = rng.randint(1, 40)
    wide = [rng.gauss(0, 1) for _ in range(96)]
    rows = [
        {
            "video_id": rng.choice(("a.mp4", "b.mp4", "日本.mp4")),
            "start_sec": 6.0 * k,
            "end_sec": 6.0 * k + 6,
            "embedding_option": rng.choice(("visual", "audio")),
            "embedding": [x * rng.random() for x in wide],
        }
        for k in range(n_rows)
    ]
    loaded = tw.load(rows, model_name="marengo3.0")
    return loaded.assign(
        note=[rng.choice(("x", None)) for _ in range(n_rows)],
        score=[rng.random() for _ in range(n_rows)],
        tags=[[rng.random() for _ in range(12)] for _ in range(n_rows)],
        ready=[k % 2 == 0 for k in range(n_rows)],
    )


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    """Whether two tables are equal in every cell, dtype and label."""
    if list(a.columns) != list(b.columns) or not a.index.equals(b.index):
        return False
    for name in a.columns:
        if a[name].dtype != b[name].dtype:
            return False
        pairs = zip(a[name], b[name], strict=True)
        if not all(
            np.array_equal(x, y) or (pd.isna(x) is True and pd.isna(y) is True) for x, y in pairs
        ):
            return False
    return True


def flips(ending: str, n: int, seed: int, folder: Path) -> Counter[str]:
    """How many files of one flipped bit are refused, the same, or wrong."""
    rng = random.Random(f"{seed} {ending}")
    counts: Counter[str] = Counter()
    target = folder / f"flipped.{ending}"
    for number in range(n):
        if number % 50 == 0:
            path = tw.save(table(rng), folder / f"whole.{ending}")
            content, whole = path.read_bytes(), tw.load(path)
        place = rng.randrange(len(content))
        if number % 2:
            edge = rng.randrange(min(EDGE if number % 4 == 1 else 64, len(content)))
            place = edge if rng.random() < 0.3 else len(content) - 1 - edge
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.randrange(8)
        target.write_bytes(flipped)
        try:
            loaded = tw.load(target)
        except tw.TwlabError:
            counts["refused"] += 1
        else:
            counts[
                "same"
                if same(
                    loaded.drop(columns="source", errors="ignore"),
                    whole.drop(columns="source", errors="ignore"),
                )
                else "WRONG"
            ] += 1
            if counts["WRONG"]:
                print(ending, seed, number, place, len(content))
                return counts
    return counts


def main() -> int:
    """Run, print the counts, and say by the exit status whether none was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", tw.TwlabWarning)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for ending in ENDINGS:
            counts = flips(ending, arguments.n, arguments.seed, Path(folder))
            print(f"{ending}: {dict(counts)}", flush=True)
            wrong += counts["WRONG"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
