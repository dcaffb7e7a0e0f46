"""What an engine costs and brings: nearest, near-duplicates and k-means over pieces of a table.

    python tests/benchmarks/bench_distributed.py --rows 100000

The same pieces are done in one process (Local), by Ray with one and with two workers, and by Dask
with two; every process has one BLAS thread, so that a core is a core. CPU seconds are those of all
processes, engines included. "table" is the plain call on the table, which also uses one.
Runs are interleaved and the median is taken. Results are compared with those of the table.
"""

# ruff: noqa: E402 - the number of threads is set before numpy is loaded

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])

import twlab as tw
from twlab.executors import Dask, Executor, Local, Ray


class FilePiece(tw.distributed.Fragment):
    """Rows in a file of their own, as a store has them."""

    def __init__(self, folder: str, first: int, rows: pd.DataFrame) -> None:
        self.first, self.n_rows, self.key = first, len(rows), f"{folder}-{first}"
        self._file = f"{folder}/{first}"
        np.save(f"{self._file}.npy", tw.vectors(rows))
        rows.drop(columns="embedding").to_parquet(f"{self._file}.parquet")

    def matrix(self) -> Any:
        return np.load(f"{self._file}.npy")

    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        rows = pd.read_parquet(f"{self._file}.parquet")
        return tw.with_vectors(rows, self.matrix()) if embedding else rows


class Files(tw.distributed.Source):
    """A table in pieces of 8,192 rows on disk."""

    def __init__(self, table: pd.DataFrame, folder: str) -> None:
        self._table = table
        self._pieces = [
            FilePiece(folder, first, table.iloc[first : first + 8192])
            for first in range(0, len(table), 8192)
        ]

    def fragments(self) -> list[FilePiece]:
        return self._pieces

    def to_table(self) -> pd.DataFrame:
        return self._table


def made(n: int, d: int) -> pd.DataFrame:
    """Videos of 300 clips that drift from scene to scene; one clip in fifty is a copy."""
    rng = np.random.default_rng(0)
    scene = rng.normal(size=(n // 10 + 1, d)).astype(np.float32)
    matrix = scene[np.arange(n) // 10] + rng.normal(size=(n, d)).astype(np.float32) * 0.7
    copies = rng.choice(n, n // 50, replace=False)
    matrix[copies] = matrix[rng.choice(n, n // 50)] + 0.01 * rng.normal(size=(n // 50, d))
    rows = pd.DataFrame({"video_id": [f"v{k // 300:06d}" for k in range(n)]})
    rows["start_sec"] = np.arange(n) % 300 * 6.0
    rows["end_sec"] = rows["start_sec"] + 6
    return tw.with_vectors(rows.assign(embedding_option="visual", model_name="made"), matrix)


def cpu_sec() -> float:
    """CPU seconds of this process and all its descendants, dead ones as far as waited for."""
    here = psutil.Process()
    total = 0.0
    for process in [here, *here.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


class RayOf(Ray):
    """Ray with so many workers."""

    def __init__(self, n: int) -> None:
        import ray

        if ray.is_initialized():
            ray.shutdown()
        os.environ["RAY_WORKER_NICENESS"] = "0"
        ray.init(num_cpus=n, include_dashboard=False, log_to_driver=False, logging_level="error")
        super().__init__()
        self._owned = True


def dask_of(n: int, stack: ExitStack) -> Executor:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0")
    return Dask(stack.enter_context(Client(stack.enter_context(cluster))))


JOBS = {
    "nearest, k=10": lambda s: tw.nearest(s, k=10),
    "near-duplicates, 0.95": lambda s: tw.near_duplicates(s, threshold=0.95),
    "k-means, 50": lambda s: tw.cluster(s, 50, method="kmeans"),
}


def agreement(job: str, found: Any, expected: Any) -> str:
    """How a result compares with the table's."""
    if found.equals(expected):
        return "identical"
    if job.startswith("k-means"):
        from sklearn.metrics import adjusted_rand_score

        return f"adjusted Rand {adjusted_rand_score(expected, found):.6f}"
    return "DIFFERENT"


def measured(job: str, data: Any) -> tuple[float, float, Any]:
    wall, cpu = time.perf_counter(), cpu_sec()
    result = JOBS[job](data)
    return time.perf_counter() - wall, cpu_sec() - cpu, result


def main() -> None:
    """Print one line per job and engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--d", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    table = made(asked.rows, asked.d)
    times: dict[tuple[str, str], list[tuple[float, float]]] = {}
    same: dict[tuple[str, str], str] = {}
    expected: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Files(table, folder)
        for _ in range(asked.repeats):
            for engine in ("table", "Local", "Ray 1", "Ray 2", "Dask 2"):
                run(engine, source, times, same, expected)
    print(f"{asked.rows:,} x {asked.d}, {asked.repeats} runs, medians; {os.cpu_count()} cores")
    print(f"{'job':24}{'engine':9}{'wall s':>8}{'CPU s':>8}{'CPU/Local':>11}{'speed':>7}  result")
    for (job, engine), runs in times.items():
        wall, cpu = (median(column) for column in zip(*runs, strict=True))
        base_wall, base_cpu = (median(c) for c in zip(*times[job, "Local"], strict=True))
        ratio, speed = f"{cpu / base_cpu:.2f}", f"{base_wall / wall:.2f}"
        print(f"{job:24}{engine:9}{wall:8.2f}{cpu:8.2f}{ratio:>11}{speed:>7}  {same[job, engine]}")


def run(engine: str, source: Files, times: Any, same: Any, expected: Any) -> None:
    """All jobs on one engine, started and warmed up outside what is measured."""
    with ExitStack() as stack:
        if engine == "Local":
            source.executor = Local()
        elif engine.startswith("Ray"):
            source.executor = stack.enter_context(RayOf(int(engine[-1])))
        elif engine.startswith("Dask"):
            source.executor = dask_of(int(engine[-1]), stack)
        if engine not in ("table", "Local"):
            small = source.to_table().iloc[:100]
            tw.nearest(small, source, k=1)
        for job in JOBS:
            data = source.to_table() if engine == "table" else source
            wall, cpu, result = measured(job, data)
            expected.setdefault(job, result)
            times.setdefault((job, engine), []).append((wall, cpu))
            same[job, engine] = agreement(job, result, expected[job])
            print(f"  {engine}: {job} {wall:.2f} s wall, {cpu:.2f} s CPU", file=sys.stderr)


if __name__ == "__main__":
    main()
