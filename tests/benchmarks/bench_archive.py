"""An archive of a million segments: each thing a user does, its time, peak memory and a peer's.

    python tests/benchmarks/bench_archive.py FOLDER [--segments 1000000] [--only search,kmeans]

Every step runs in a process of its own, one after the other, and so does its peer: the best single
library for the same. FOLDER keeps the archive (made by ``data/make_archive.py``) and a matrix of
its vectors for the peers; a second run finds them there. About half an hour at the full size.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "data"))

if TYPE_CHECKING:
    from collections.abc import Callable

K, QUERIES, CLUSTERS, SAMPLE = 10, 100, 100, 5000
ALIKE = 0.95


class Clock:
    """Wall and CPU seconds of a ``with`` block."""

    def __enter__(self) -> Clock:
        self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self.began[0]
        self.cpu = time.process_time() - self.began[1]

    def told(self, **more: Any) -> dict[str, Any]:
        return {"wall": round(self.wall, 2), "cpu": round(self.cpu, 2), **more}


def opened(folder: Path) -> Any:
    import twlab as tw

    return tw.open(folder / "archive")


def matrix(folder: Path) -> np.ndarray:
    return np.asarray(np.load(folder / "vectors.npy", mmap_mode="r"))


def in_memory(folder: Path) -> np.ndarray:
    return np.load(folder / "vectors.npy")


def query_rows(n: int) -> np.ndarray:
    return np.random.default_rng(1).choice(n, QUERIES, replace=False)


def queries(folder: Path) -> np.ndarray:
    rows = matrix(folder)
    picked = rows[query_rows(len(rows))]
    noise = np.random.default_rng(2).normal(size=picked.shape) * 0.02
    return np.asarray(picked + noise, np.float32)


def truth(folder: Path) -> np.ndarray:
    """The K nearest of each query, by numpy."""
    file = folder / "truth.npy"
    if not file.exists():
        similar = queries(folder) @ in_memory(folder).T
        np.save(file, np.argsort(-similar, axis=1)[:, :K])
    return np.load(file)


def recall(found: list[set[Any]], right: list[set[Any]]) -> float:
    return float(np.mean([len(a & b) / max(1, len(b)) for a, b in zip(found, right, strict=True)]))


# -- steps of twlab, each with the folder and the number of segments ---------------------------


def ingest(folder: Path, n: int) -> dict[str, Any]:
    import make_archive

    tables = make_archive.tables(n)
    store, seconds, cpu = opened(folder), 0.0, 0.0
    block = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float32, shape=(n, 512)
    )
    at = 0
    for table in tables:  # making the rows is not counted
        import twlab as tw

        block[at : at + len(table)] = tw.vectors(table)
        at += len(table)
        with Clock() as clock:
            store.upsert(table)
        seconds, cpu = seconds + clock.wall, cpu + clock.cpu
    block.flush()
    return {"wall": round(seconds, 2), "cpu": round(cpu, 2), "rows": store.count_rows()}


def optimize(folder: Path, n: int) -> dict[str, Any]:
    store = opened(folder)
    with Clock() as clock:
        store.optimize()
    return clock.told()


def open_and_count(folder: Path, n: int) -> dict[str, Any]:
    with Clock() as clock:
        rows = opened(folder).count_rows()
    return clock.told(rows=rows)


def searched(folder: Path, rows: np.ndarray, right: Any, **how: Any) -> dict[str, Any]:
    store, walls, found = opened(folder), [], []
    store.search(rows[0], k=K, **(how.get("each") or [{}])[0], **how["all"])
    with Clock() as clock:
        for k, row in enumerate(rows):
            with Clock() as one:
                hits = store.search(
                    row, k=K, **(how["each"][k] if "each" in how else {}), **how["all"]
                )
            walls.append(1000 * one.wall)
            found.append({*zip(hits["video_id"], hits["start_sec"], strict=True)})
    p50, p95 = np.percentile(walls, [50, 95])
    return clock.told(p50_ms=round(p50, 1), p95_ms=round(p95, 1), recall=recall(found, right))


def names(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    table = opened(folder).to_table(columns=["video_id", "start_sec"])
    return table["video_id"].to_numpy(), table["start_sec"].to_numpy()


def right_names(folder: Path) -> list[set[Any]]:
    video, start = names(folder)
    return [{(video[r], start[r]) for r in rows} for rows in order_of(folder)[truth(folder)]]


def order_of(folder: Path) -> np.ndarray:
    """Where each row of the matrix lies in the store, which may order them as it likes."""
    file = folder / "order.npy"
    if not file.exists():
        import twlab as tw

        stored = opened(folder).to_table()
        left, right = tw.vectors(stored)[:, :4], matrix(folder)[:, :4]
        a, b = (np.lexsort(np.asarray(side).T) for side in (left, right))
        order = np.empty(len(a), np.int64)
        order[b] = a
        np.save(file, order)
    return np.load(file)


def search_index(folder: Path, n: int) -> dict[str, Any]:
    return searched(folder, queries(folder), right_names(folder), all={})


def search_filtered(folder: Path, n: int) -> dict[str, Any]:
    """Each query within its own video."""
    video, start = names(folder)
    rows, order = query_rows(n), order_of(folder)
    asked, right = queries(folder), []
    for query, row in zip(asked, rows, strict=True):
        mine = np.flatnonzero(video[order] == video[order[row]])
        best = mine[np.argsort(-(matrix(folder)[mine] @ query))[:K]]
        right.append({(video[order[r]], start[order[r]]) for r in best})
    each = [{"video_id": str(video[order[row]])} for row in rows]
    return searched(folder, asked, right, each=each, all={})


def search_many(folder: Path, n: int) -> dict[str, Any]:
    """Queries in one call: milliseconds of CPU for each, by the index and exactly."""
    store, rows, told = opened(folder), queries(folder), {}
    rows = np.concatenate([rows, -rows, rows[::-1]])
    store.search(rows[0])
    for count in (1, 10, 300):
        with Clock() as clock:
            hits = store.search(queries=rows[:count], k=K)
        told[f"ms_of_{count}"] = round(1000 * clock.cpu / count, 1)
    names = [*zip(hits["video_id"], hits["start_sec"], strict=True)]
    found = [{*names[K * k : K * (k + 1)]} for k in range(QUERIES)]
    store._exact = True
    with Clock() as clock:
        store.search(queries=rows, k=K)
    exact = {"ms_of_300_exact": round(1000 * clock.cpu / len(rows), 1)}
    return told | exact | {"recall": recall(found, right_names(folder))}


def search_exact(folder: Path, n: int) -> dict[str, Any]:
    """The first search reads, the second holds what it read, all further ones find it held."""
    store, walls, seconds = opened(folder), [], []
    store._exact = True
    for row in queries(folder)[:22]:
        with Clock() as clock:
            store.search(row, k=K)
        walls.append(round(1000 * clock.wall, 1))
        seconds.append(round(1000 * clock.cpu, 1))
    once = {"first_ms": walls[0], "second_ms": walls[1]} | {"first_cpu_ms": seconds[0]}
    once |= {"second_cpu_ms": seconds[1]}
    return once | {"p50_ms": np.median(walls[2:]), "cpu_ms": np.median(seconds[2:])}


def near_duplicates(folder: Path, n: int) -> dict[str, Any]:
    import twlab as tw

    with Clock() as clock:
        pairs = tw.near_duplicates(opened(folder), threshold=ALIKE)
    return clock.told(pairs=len(pairs))


def nearest_rows(folder: Path, n: int) -> dict[str, Any]:
    import twlab as tw

    with Clock() as clock:
        found = tw.nearest(in_memory(folder), k=K)
    rows = query_rows(n)
    similar = matrix(folder)[rows] @ in_memory(folder).T
    similar[np.arange(QUERIES), rows] = -2
    right = [{*best} for best in np.argpartition(-similar, K, axis=1)[:, :K].tolist()]
    return clock.told(recall=recall([{*best} for best in found[0][rows].tolist()], right))


def kmeans(folder: Path, n: int) -> dict[str, Any]:
    import twlab as tw

    with Clock() as clock:
        labels = tw.cluster(opened(folder), CLUSTERS, method="kmeans")
    values = labels.to_numpy(dtype=np.int64)[order_of(folder)]
    return clock.told(cohesion=round(cohesion(matrix(folder), values), 4))


def cohesion(rows: np.ndarray, labels: np.ndarray) -> float:
    """Mean cosine similarity of the rows and the centres of their clusters."""
    total = np.zeros((labels.max() + 1, rows.shape[1]))
    for first in range(0, len(rows), 50_000):
        piece = slice(first, first + 50_000)
        np.add.at(total, labels[piece], rows[piece])
    return float(np.linalg.norm(total, axis=1).sum() / len(rows))


def map_of_a_sample(folder: Path, n: int) -> dict[str, Any]:
    import twlab as tw

    store = opened(folder)
    with Clock() as clock:
        table = store.to_table()
        sample = table.sample(SAMPLE, random_state=0)
        places = sample.join(tw.project(sample))
        with Clock() as rest:
            coords = tw.project(table, onto=places)
    return clock.told(onto_wall=round(rest.wall, 1), placed=int(coords["x"].notna().sum()))


# -- peers ---------------------------------------------------------------------------------------


def parquet(folder: Path, n: int) -> dict[str, Any]:
    """pyarrow: the same rows as Parquet, without keys or indices."""
    import make_archive
    import pyarrow as pa
    import pyarrow.parquet as pq

    import twlab as tw

    seconds = cpu = 0.0
    with tempfile_folder(folder) as out:
        for k, table in enumerate(make_archive.tables(n)):
            with Clock() as clock:
                lists = pa.FixedSizeListArray.from_arrays(pa.array(tw.vectors(table).ravel()), 512)
                rows = pa.Table.from_pandas(table.drop(columns="embedding"))
                pq.write_table(rows.append_column("embedding", lists), out / f"{k}.parquet")
            seconds, cpu = seconds + clock.wall, cpu + clock.cpu
    return {"wall": round(seconds, 2), "cpu": round(cpu, 2)}


def tempfile_folder(folder: Path) -> Any:
    import contextlib
    import shutil

    @contextlib.contextmanager
    def made() -> Any:
        out = folder / "peer"
        out.mkdir()
        try:
            yield out
        finally:
            shutil.rmtree(out)

    return made()


def faiss_searched(index: Any, folder: Path, rows: np.ndarray) -> dict[str, Any]:
    walls, found = [], []
    with Clock() as clock:
        for row in rows:
            with Clock() as one:
                found.append({*index.search(row[None], K)[1][0].tolist()})
            walls.append(1000 * one.wall)
    p50, p95 = np.percentile(walls, [50, 95])
    right = [{*best} for best in truth(folder)[: len(rows)].tolist()]
    return clock.told(p50_ms=round(p50, 1), p95_ms=round(p95, 1), recall=recall(found, right))


def faiss_flat(folder: Path, n: int) -> dict[str, Any]:
    import faiss

    index = faiss.IndexFlatIP(512)
    index.add(in_memory(folder))
    return faiss_searched(index, folder, queries(folder)[:20])


def faiss_ivf(folder: Path, n: int) -> dict[str, Any]:
    import faiss

    rows = in_memory(folder)
    with Clock() as built:
        cells = faiss.IndexFlatIP(512)
        index = faiss.IndexIVFFlat(cells, 512, int(np.sqrt(n)), faiss.METRIC_INNER_PRODUCT)
        index.train(rows[:: max(1, n // 100_000)])
        index.add(rows)
    told = {}
    for index.nprobe in (4, 8, 32):
        one = faiss_searched(index, folder, queries(folder))
        told |= {f"{name}_{index.nprobe}": one[name] for name in ("p50_ms", "cpu", "recall")}
    return told | {"build": round(built.wall, 1)}


def faiss_pairs(folder: Path, n: int) -> dict[str, Any]:
    """All pairs above the threshold that faiss IVF finds with 4 probes; 32 take half an hour."""
    import faiss

    rows = in_memory(folder)
    with Clock() as clock:
        cells = faiss.IndexFlatIP(512)
        index = faiss.IndexIVFFlat(cells, 512, int(np.sqrt(n)), faiss.METRIC_INNER_PRODUCT)
        index.train(rows[:: max(1, n // 100_000)])
        index.add(rows)
        index.nprobe = 4
        pairs = 0
        for first in range(0, n, 20_000):
            limits, _, found = index.range_search(rows[first : first + 20_000], ALIKE)
            own = np.repeat(
                np.arange(first, first + len(limits) - 1), np.diff(limits.astype(np.int64))
            )
            pairs += int((found > own).sum())
    return clock.told(pairs=pairs)


def faiss_kmeans(folder: Path, n: int) -> dict[str, Any]:
    import faiss

    rows = in_memory(folder)
    with Clock() as clock:
        model = faiss.Kmeans(512, CLUSTERS, niter=20, spherical=True, seed=0)
        model.train(rows)
        labels = model.index.search(rows, 1)[1][:, 0]
    return clock.told(cohesion=round(cohesion(rows, labels), 4))


def sklearn_kmeans(folder: Path, n: int) -> dict[str, Any]:
    from sklearn.cluster import MiniBatchKMeans

    rows = in_memory(folder)
    with Clock() as clock:
        labels = MiniBatchKMeans(CLUSTERS, random_state=0, n_init=3, batch_size=4096).fit_predict(
            rows
        )
    return clock.told(cohesion=round(cohesion(rows, labels), 4))


STEPS: dict[str, list[Callable[[Path, int], dict[str, Any]]]] = {
    "ingest": [ingest, parquet],
    "optimize": [optimize],
    "open": [open_and_count],
    "search": [faiss_flat, search_exact, search_index, search_many, faiss_ivf, search_filtered],
    "duplicates": [near_duplicates, faiss_pairs],
    "nearest": [nearest_rows],
    "kmeans": [kmeans, faiss_kmeans, sklearn_kmeans],
    "map": [map_of_a_sample],
}
BY_NAME = {step.__name__: step for steps in STEPS.values() for step in steps}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--only", help=f"some of {', '.join(STEPS)}, with commas between")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.step:
        told = BY_NAME[args.step](args.folder, args.segments)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print("figures", json.dumps(told | {"peak_gb": round(peak, 2)}))
        return
    for group in args.only.split(",") if args.only else STEPS:
        for step in STEPS[group]:
            command = [sys.executable, __file__, str(args.folder), "--segments", str(args.segments)]
            done = subprocess.run(
                [*command, "--step", step.__name__], capture_output=True, text=True, check=False
            )
            lines = [line for line in done.stdout.splitlines() if line.startswith("figures")]
            said = lines[0].removeprefix("figures ") if lines else done.stderr[-600:]
            print(f"{group:11} {step.__name__:16} {said}", flush=True)


if __name__ == "__main__":
    main()
