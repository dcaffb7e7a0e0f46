"""The k nearest rows of every row: twlab's own ways and the libraries; run it as a script.

Each in its own process with one thread, on the same generated archive (``tests/archives.py``):
unit vectors, videos of scenes of similar clips. CPU seconds to import, and to build and ask for
all rows; recall on 500 rows against the comparison of each with each; peak memory above the
vectors. Recall counts a row as found if it is as similar as the k-th true neighbour.

    python tests/benchmarks/bench_neighbors.py [--rows 10000] [--k 15] [--ways exact,cells,…]
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from archives import archive

if TYPE_CHECKING:
    from collections.abc import Callable

N_MEASURED = 500


def exact(unit: np.ndarray, k: int) -> np.ndarray:
    import twlab as tw

    return np.asarray(tw.nearest(unit, k=k, exact=True)[0])


def cells(unit: np.ndarray, k: int) -> np.ndarray:
    import twlab as tw

    return np.asarray(tw.nearest(unit, k=k, exact=False)[0])


def components(unit: np.ndarray, k: int) -> np.ndarray:
    """64 principal components, and the best 4 k by them compared exactly."""
    from twlab.analysis.neighbors.exact import best_rows

    axes = np.linalg.eigh(unit.T @ unit)[1][:, -64:]
    low = np.ascontiguousarray(unit @ axes)
    rough, _ = best_rows(low, low, np.arange(len(low)), 4 * k, own=True)
    out = np.empty((len(unit), k), np.intp)
    for first in range(0, len(unit), 1024):
        mine = rough[first : first + 1024]
        cosines = np.einsum("ij,ikj->ik", unit[first : first + 1024], unit[mine])
        out[first : first + 1024] = np.take_along_axis(mine, np.argsort(-cosines)[:, :k], axis=1)
    return out


def faiss_ivf(unit: np.ndarray, k: int) -> np.ndarray:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.index_factory(
        unit.shape[1], f"IVF{int(4 * len(unit) ** 0.5)},Flat", faiss.METRIC_INNER_PRODUCT
    )
    index.train(unit)
    index.add(unit)
    index.nprobe = 64
    return np.asarray(index.search(unit, k + 1)[1])


def faiss_hnsw(unit: np.ndarray, k: int) -> np.ndarray:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexHNSWFlat(unit.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 64, 32
    index.add(unit)
    return np.asarray(index.search(unit, k + 1)[1])


def usearch(unit: np.ndarray, k: int) -> np.ndarray:
    index = importlib.import_module("usearch.index").Index(ndim=unit.shape[1], metric="ip")
    index.add(np.arange(len(unit)), unit, threads=1)
    return np.asarray(index.search(unit, k + 1, threads=1).keys, np.intp)


def hnswlib(unit: np.ndarray, k: int) -> np.ndarray:
    index = importlib.import_module("hnswlib").Index(space="ip", dim=unit.shape[1])
    index.init_index(len(unit), M=16, ef_construction=100, random_seed=0)
    index.set_num_threads(1)
    index.add_items(unit)
    index.set_ef(48)
    return np.asarray(index.knn_query(unit, k + 1)[0], np.intp)


def pynndescent(unit: np.ndarray, k: int) -> np.ndarray:
    module = importlib.import_module("pynndescent")
    index = module.NNDescent(unit, metric="dot", n_neighbors=k + 1, random_state=0, n_jobs=1)
    return np.asarray(index.neighbor_graph[0])


WAYS: dict[str, tuple[str, Callable[[np.ndarray, int], np.ndarray]]] = {
    "exact": ("twlab.analysis.neighbors.nearest", exact),
    "cells": ("twlab.analysis.neighbors.nearest", cells),
    "components": ("twlab.analysis.neighbors.nearest", components),
    "faiss_ivf": ("faiss", faiss_ivf),
    "faiss_hnsw": ("faiss", faiss_hnsw),
    "usearch": ("usearch.index", usearch),
    "hnswlib": ("hnswlib", hnswlib),
    "pynndescent": ("pynndescent", pynndescent),
}


def recall_of(unit: np.ndarray, found: np.ndarray, k: int) -> float:
    lot = np.random.default_rng(1).choice(len(unit), min(N_MEASURED, len(unit)), replace=False)
    shares = []
    for row in lot:
        cosines = unit @ unit[row]
        cosines[row] = -2
        least = np.partition(cosines, -k)[-k] - 2e-6
        mine = np.unique(found[row][found[row] >= 0])
        shares.append(min(k, int((cosines[mine] >= least).sum())) / k)
    return float(np.mean(shares))


def one(name: str, rows: int, k: int) -> None:
    warnings.simplefilter("ignore")
    start = time.process_time()
    module, way = WAYS[name]
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        print(f"  {name:12} {module} is not installed")
        return
    imported = time.process_time() - start
    unit = archive(rows)
    before: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = way(unit, k)
    seconds = time.process_time() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    recall = recall_of(unit, found, k)
    print(
        f"  {name:12} import {imported:5.1f} s   build and ask {seconds:7.1f} s   "
        f"recall@{k} {recall:.3f}   +{peak:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--k", type=int, default=15)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--one")
    args = parser.parse_args()
    if args.one:
        one(args.one, args.rows, args.k)
        return
    print(f"{args.rows:,} x 512, CPU seconds, one thread", flush=True)
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    limits = dict.fromkeys(threads, "1")
    again = [sys.executable, __file__, "--rows", str(args.rows), "--k", str(args.k)]
    for name in args.ways.split(","):
        subprocess.run([*again, "--one", name], check=True, env=os.environ | limits)


if __name__ == "__main__":
    main()
