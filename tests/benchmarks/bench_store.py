"""What a store costs at a size, beside numpy and faiss on the same vectors; run it as a script.

    python tests/benchmarks/bench_store.py [--segments 100000] [--folder DIR] [--queries 100]

Each step is a process of its own: seconds of wall clock and CPU, and peak memory of the process.

* ingest: tables of ``data/make_archive.py`` into a new store; beside it the same tables by
  LanceDB's own ``add`` without identity, and into a faiss flat index (``x``: ratio of CPU)
* open: a new process, until the first exact hit
* table: the whole as a pandas table
* queries without an index, then with one: p50 and p95 in ms, recall@10 against numpy; numpy's
  matrix product, faiss flat and faiss IVF are asked in between, query by query. Filters: one
  video, two minutes of all videos. A query is a segment with noise of a fifth of its length.

The vector index is made here at any size, by ``Store.optimize`` from 300,000 segments on. Threads
are what the libraries choose; set ``OMP_NUM_THREADS`` and the like for others.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "data")]

import numpy as np  # noqa: E402

import twlab as tw  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

K, DIMS = 10, 512


class Clock:
    """Wall clock and CPU seconds of the parts that are timed."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> Clock:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._start[0]
        self.cpu += time.process_time() - self._start[1]


def said(clock: Clock, **more: Any) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"wall_s": round(clock.wall, 2), "cpu_s": round(clock.cpu, 2), **more, "peak_gb": peak}


def tables(n: int) -> Iterator[Any]:
    from make_archive import tables

    return tables(n, DIMS)


def ingest(folder: str, n: int, _: int) -> dict[str, Any]:
    clock = Clock()
    for table in tables(n):
        with clock:
            tw.open(folder).add(table)
    return said(clock)


def ingest_lance(folder: str, n: int, _: int) -> dict[str, Any]:
    import lancedb
    import pyarrow as pa

    clock, into = Clock(), None
    for table in tables(n):
        with clock:
            flat = pa.array(tw.vectors(table).reshape(-1))
            rows = pa.Table.from_pandas(table.drop(columns="embedding"))
            rows = rows.append_column("v", pa.FixedSizeListArray.from_arrays(flat, DIMS))
            if into is None:
                into = lancedb.connect(f"{folder}-lance").create_table("t", rows)
            else:
                into.add(rows)
    return said(clock)


def ingest_faiss(_: str, n: int, __: int) -> dict[str, Any]:
    import faiss

    clock, index = Clock(), faiss.IndexFlatIP(DIMS)
    for table in tables(n):
        with clock:
            index.add(tw.vectors(table))
    return said(clock)


def first_hit(folder: str, n: int, _: int) -> dict[str, Any]:
    with Clock() as clock:
        tw.open(folder).search(np.ones(DIMS), k=1)
    return said(clock)


def to_table(folder: str, n: int, _: int) -> dict[str, Any]:
    with Clock() as clock:
        table = tw.open(folder).to_table()
    assert len(table) == n
    return said(clock)


def index(folder: str, n: int, _: int) -> dict[str, Any]:
    from twlab.archive.store import upkeep

    upkeep.LEAST_INDEXED = 0
    with Clock() as clock:
        tw.open(folder).optimize()
    return said(clock)


def search(folder: str, n: int, n_queries: int) -> dict[str, Any]:
    """Only the store, so that the peak is its own."""
    store = tw.open(folder)
    rows = store.to_table(f"video_id = '{store.to_table('start_sec = 0')['video_id'].iloc[0]}'")
    with Clock() as clock:
        for row in range(n_queries):
            store.search(tw.vectors(rows)[row % len(rows)])
    return said(clock, n_queries=n_queries)


def queries(folder: str, n: int, n_queries: int) -> dict[str, Any]:
    """Every way to ask, one after the other for each query."""
    import faiss

    store = tw.open(folder)
    table = store.to_table()
    matrix = tw.vectors(table)
    flat = faiss.IndexFlatIP(DIMS)
    flat.add(matrix)
    lists = faiss.index_factory(DIMS, f"IVF{max(1, int(4 * np.sqrt(n)))},Flat", 0)
    with Clock() as training:
        lists.train(matrix[:: max(1, n // 100_000)])
        lists.add(matrix)
    lists.nprobe = 32
    rng = np.random.default_rng(1)
    chosen = rng.integers(n, size=n_queries)
    noise = rng.normal(size=(n_queries, DIMS)) / np.sqrt(DIMS) / 5
    asked = np.asarray(matrix[chosen] + noise, np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    videos = table["video_id"].to_numpy(object)
    starts = table["start_sec"].to_numpy()
    ids = {place: row for row, place in enumerate(zip(videos, starts, strict=True))}

    def rows_of(hits: Any) -> list[int]:
        return [ids[place] for place in zip(hits["video_id"], hits["start_sec"], strict=True)]

    def best(query: np.ndarray, keep: np.ndarray | None = None) -> list[int]:
        similar = matrix @ query if keep is None else matrix[keep] @ query
        top = np.argsort(-similar, kind="stable")[:K]
        return [int(row) for row in (top if keep is None else keep[top])]

    results: dict[str, list[tuple[float, float]]] = {}
    for query, row in zip(asked, chosen, strict=True):
        video, here = videos[row], np.flatnonzero(videos == videos[row])
        early = np.flatnonzero(starts < 120)
        everywhere = best(query)
        ways: dict[str, tuple[Callable[[], Any], Any, list[int]]] = {
            "store": (lambda: store.search(query), rows_of, everywhere),  # noqa: B023
            "numpy": (lambda: best(query), list, everywhere),  # noqa: B023
            "faiss flat": (lambda: flat.search(query[None], K)[1][0], list, everywhere),  # noqa: B023
            "faiss IVF": (lambda: lists.search(query[None], K)[1][0], list, everywhere),  # noqa: B023
            "store, one video": (
                lambda: store.search(query, video_id=video),  # noqa: B023
                rows_of,
                best(query, here),
            ),
            "store, 2 minutes": (
                lambda: store.search(query, end_sec=120),  # noqa: B023
                rows_of,
                best(query, early),
            ),
        }
        for name, (ask, read, true) in ways.items():
            with Clock() as clock:
                found = ask()
            recall = len(set(map(int, read(found))) & set(true)) / len(true)
            results.setdefault(name, []).append((1000 * clock.wall, recall))
    return said(training, ways={name: summary(values) for name, values in results.items()})


def summary(values: list[tuple[float, float]]) -> dict[str, float]:
    ms, recall = np.array(values).T
    p50, p95 = np.percentile(ms, [50, 95])
    return {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "recall": round(recall.mean(), 4)}


STEPS = {
    "ingest": ingest,
    "ingest, LanceDB": ingest_lance,
    "ingest, faiss flat": ingest_faiss,
    "open": first_hit,
    "table": to_table,
    "search": search,
    "queries": queries,
    "index": index,
    "search, indexed": search,
    "queries, indexed": queries,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--folder", help="kept; default: a folder that is deleted in the end")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(STEPS[args.step](args.folder, args.segments, args.queries)))
        return
    with tempfile.TemporaryDirectory() as spare:
        folder = args.folder or f"{spare}/archive"
        cpu: dict[str, float] = {}
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--folder", folder]
            command += ["--segments", str(args.segments), "--queries", str(args.queries)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            result = json.loads(done.stdout.splitlines()[-1])
            ways, cpu[step] = result.pop("ways", {}), result["cpu_s"]
            if step.startswith("ingest, "):
                result["x"] = round(cpu["ingest"] / max(result["cpu_s"], 0.01), 2)
            print(f"{step:20}", *(f"{name} {value:.4g}" for name, value in result.items()))
            for name, values in ways.items():
                ratio = values["p50_ms"] / ways["faiss flat"]["p50_ms"]
                shown = (f"{key} {value:g}" for key, value in values.items())
                print(f"    {name:18}", *shown, f"x faiss flat {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
