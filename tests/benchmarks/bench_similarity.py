"""What similarities cost beside the matrix product they are made of; run it as a script.

In each round, one after the other: the product in blocks of rows into a ready matrix (``gemm``)
or into one block that is used again (``gemm, one block``), and the functions that must do no more
than that. Medians of the seconds, and of the ratios to the product of the same round: wall clock
and CPU, because other work on the machine disturbs the first. With the default threads of BLAS
and with one. Then the peak memory above what is held before.

    python tests/benchmarks/bench_similarity.py [--rows 10000] [--dims 512] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK_ROWS = 1024


def unit(rows: int, dims: int, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(size=(rows, dims)).astype(np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def gemm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.empty((len(a), len(b)), np.float32)
    for first in range(0, len(a), BLOCK_ROWS):
        np.matmul(a[first : first + BLOCK_ROWS], b.T, out=out[first : first + BLOCK_ROWS])
    return out


def gemm_one_block(a: np.ndarray, b: np.ndarray) -> None:
    block = np.empty((BLOCK_ROWS, len(b)), np.float32)
    for first in range(0, len(a), BLOCK_ROWS):
        rows = a[first : first + BLOCK_ROWS]
        np.matmul(rows, b.T, out=block[: len(rows)])


def ways(rows: int, dims: int) -> dict[str, tuple[str, Callable[[], object]]]:
    """Name -> the product it is compared with, and the call."""
    a, b = unit(rows, dims, 0), unit(rows, dims, 1)
    return {
        "gemm": ("gemm", lambda: gemm(a, b)),
        "gemm, one block": ("gemm, one block", lambda: gemm_one_block(a, b)),
        "cosine_similarity(a, b)": ("gemm", lambda: tw.cosine_similarity(a, b)),
        "cosine_similarity(a)": ("gemm", lambda: tw.cosine_similarity(a)),
        "nearest(a, b)": ("gemm, one block", lambda: tw.nearest(a, b)),
        "nearest(a)": ("gemm, one block", lambda: tw.nearest(a)),
        "near_duplicates(a)": ("gemm, one block", lambda: tw.near_duplicates(a)),
    }


def measure(rows: int, dims: int, rounds: int) -> None:
    calls = ways(rows, dims)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds + 1):  # the first round only warms up
        for name, (_, call) in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            seconds[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    for name, (base, _) in calls.items():
        mine, other = np.array(seconds[name][1:]), np.array(seconds[base][1:])
        wall, cpu = np.median(mine, axis=0)
        ratio_wall, ratio_cpu = np.median(mine / other, axis=0)
        print(
            f"  {name:24} {wall:6.2f} s wall {cpu:6.2f} s CPU   "
            f"x{ratio_wall:.2f} wall x{ratio_cpu:.2f} CPU"
        )


def peak(rows: int, dims: int, name: str) -> None:
    """Peak memory of one call above what was held before, in MB."""
    call = ways(rows, dims)[name][1]
    tw.cosine_similarity(np.eye(4)), tw.nearest(np.eye(4)), tw.near_duplicates(np.eye(4))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  {name:24} {(after - before) / 1024:6.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--dims", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=["time", "peak"])
    parser.add_argument("--name")
    args = parser.parse_args()
    if args.part == "time":
        measure(args.rows, args.dims, args.rounds)
    elif args.part == "peak":
        peak(args.rows, args.dims, args.name)
    else:
        again = [sys.executable, __file__, *sys.argv[1:], "--part"]
        print(f"{args.rows:,} x {args.dims}, {args.rounds} rounds")
        for threads in (None, "1"):
            print(f"threads of BLAS: {threads or 'default'}", flush=True)
            limit = {} if threads is None else {"OPENBLAS_NUM_THREADS": threads}
            subprocess.run([*again, "time"], check=True, env=os.environ | limit)
        matrix_mb = args.rows**2 * 4 / 2**20
        print(f"peak memory above the input (n x n is {matrix_mb:.0f} MB)", flush=True)
        for name in ways(2, 2):
            subprocess.run([*again, "peak", "--name", name], check=True)


if __name__ == "__main__":
    main()
