"""How soon a first map is there, and how far to believe it; run it as a script.

Each method runs in a fresh process, one after the other, round by round: seconds from before the
import to the finished map, wall clock and CPU, peak memory, then trustworthiness and the share of
15 nearest neighbours that are kept on the map. Medians over the rounds; ``x`` is how much sooner
than umap-learn in the same round. umap-learn is measured twice: with its compiled code cached by
an earlier run on this machine, and without, as in a fresh environment.

    python tests/benchmarks/bench_project.py [--rows 1000] [--rounds 3] [--only tsne,umap]
    python tests/benchmarks/bench_project.py --steps [--rows 1000]     # steps of t-SNE
    python tests/benchmarks/bench_project.py --onto                    # ways to place new rows

The vectors are unit vectors of 512 numbers around centres that lie in eight groups, each centre
a patch of five directions and noise. ``--onto`` also takes the bundled film and its shots.
Peers that are not installed are left out and said so: ``pip install pacmap umapers``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

K = 15


def rows_of(n: int, d: int = 512, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n_centres = max(2, n // 50)
    groups = rng.normal(size=(8, d))
    centres = groups[rng.integers(0, 8, n_centres)] + 0.7 * rng.normal(size=(n_centres, d))
    patches = (0.5 * rng.normal(size=(n_centres, 5, d))).astype(np.float32)
    of = rng.integers(0, n_centres, n)
    rows = centres[of] + 0.3 * rng.normal(size=(n, d))
    for first in range(0, n, 1000):
        piece = slice(first, first + 1000)
        inside = rng.normal(size=(len(of[piece]), 5)).astype(np.float32)
        rows[piece] += np.einsum("ni,nid->nd", inside, patches[of[piece]])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def twlab_map(method: Any) -> Callable[[np.ndarray], Any]:
    def fit(rows: np.ndarray) -> Any:
        import twlab as tw

        return tw.project(rows, method=method)

    return fit


def umap_learn(rows: np.ndarray) -> Any:
    import umap

    return umap.UMAP(metric="cosine", random_state=0).fit_transform(rows)


def scikit_learn_tsne(rows: np.ndarray) -> Any:
    from sklearn.manifold import TSNE

    return TSNE(2, init="pca", random_state=0).fit_transform(rows)


def pacmap(rows: np.ndarray) -> Any:
    import pacmap

    return pacmap.PaCMAP(random_state=0).fit_transform(rows)


def umapers(rows: np.ndarray) -> Any:
    import umapers

    return umapers.Umap(metric="cosine", random_seed=0).fit_transform(rows)


def opentsne(rows: np.ndarray) -> Any:
    import openTSNE

    return openTSNE.TSNE(metric="cosine", random_state=0, n_jobs=1).fit(rows)


METHODS: dict[str, tuple[str, Callable[[np.ndarray], Any]]] = {
    "tw.project": ("openTSNE", twlab_map("tsne")),
    "tw.project umap": ("umap", twlab_map("umap")),
    "umap-learn": ("umap", umap_learn),
    "umap-learn, no cache": ("umap", umap_learn),
    "openTSNE defaults": ("openTSNE", opentsne),
    "scikit-learn t-SNE": ("sklearn", scikit_learn_tsne),
    "PaCMAP": ("pacmap", pacmap),
    "umapers": ("umapers", umapers),
}


def quality(rows: np.ndarray, coords: np.ndarray) -> tuple[float, float]:
    """Trustworthiness, and the share of the K nearest that are among the K nearest on the map."""
    from sklearn.neighbors import NearestNeighbors

    import twlab as tw

    truth, _ = tw.nearest(rows, k=K)
    on_map = NearestNeighbors(n_neighbors=K).fit(coords).kneighbors(return_distance=False)
    kept = np.mean([len({*a} & {*b}) / K for a, b in zip(truth, on_map, strict=True)])
    return tw.trustworthiness(rows, coords), float(kept)


def one(name: str, n: int) -> None:
    """One map in this process; figures as JSON on standard output."""
    warnings.simplefilter("ignore")
    rows = rows_of(n)
    wall, cpu = time.perf_counter(), time.process_time()
    coords = np.asarray(METHODS[name][1](rows), float)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("figures", json.dumps([wall, cpu, peak, *quality(rows, coords)]))


def in_fresh_process(name: str, n: int) -> list[float]:
    with tempfile.TemporaryDirectory() as empty:
        env = os.environ | ({"NUMBA_CACHE_DIR": empty} if name.endswith("no cache") else {})
        command = [sys.executable, __file__, "--one", name, "--rows", str(n)]
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures"))
    return [float(figure) for figure in json.loads(line.split(" ", 1)[1])]


def compare(n: int, rounds: int, names: list[str]) -> None:
    figures: dict[str, list[list[float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            figures[name].append(in_fresh_process(name, n))
    base = np.array(figures["umap-learn"])
    print(f"{n:,} rows of 512, medians of {rounds} rounds; import and first map")
    for name, runs in figures.items():
        wall, cpu, peak, trust, kept = np.median(runs, axis=0)
        sooner = np.median(base[:, 0] / np.array(runs)[:, 0])
        print(
            f"  {name:22} {wall:6.2f} s wall {cpu:6.2f} s CPU {peak:5.0f} MB  "
            f"trustworthiness {trust:.4f}  kept {kept:.3f}  x{sooner:.1f} sooner"
        )


def steps(n: int) -> None:
    """What more steps of t-SNE would bring."""
    import twlab as tw
    from twlab.analysis.maps import layouts

    tables = {f"{n:,} generated": rows_of(n), "film": tw.vectors(film_clips("film"))}
    for label, rows in tables.items():
        start = layouts.principal(rows, 2)
        for exaggerated, plain in ((25, 100), (50, 200), (100, 300), (250, 500)):
            layouts.EXAGGERATED_STEPS, layouts.STEPS = exaggerated, plain
            began = time.perf_counter()
            coords = layouts.tsne(rows, start, 0)
            seconds = time.perf_counter() - began
            trust, kept = quality(rows, coords)
            print(
                f"  {label:16} {exaggerated:4} + {plain:3} steps {seconds:6.2f} s  "
                f"trustworthiness {trust:.4f}  kept {kept:.3f}"
            )


def film_clips(name: Any) -> Any:
    import twlab as tw

    film = tw.sample(name)
    return film[film["embedding_scope"] == "clip"]


def kept_among(new: np.ndarray, known: np.ndarray, at: np.ndarray, points: np.ndarray) -> float:
    """The share of the K nearest map rows of new rows that are nearest in truth."""
    import twlab as tw

    truth, _ = tw.nearest(new, known, k=K)
    distance = np.linalg.norm(at[:, None] - points, axis=2)
    on_map = np.argsort(distance, axis=1)[:, :K]
    return float(np.mean([len({*a} & {*b}) / K for a, b in zip(truth, on_map, strict=True)]))


def by_gradient(new: np.ndarray, known: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Places that 250 steps of t-SNE against the map give, from the mean of the neighbours."""
    from openTSNE import PartialTSNEEmbedding, TSNEEmbedding, affinity
    from scipy.sparse import identity

    import twlab as tw

    found, cosine = tw.nearest(new, known, k=min(90, len(known) - 1))
    distance = np.sqrt(np.maximum(2 - 2 * cosine.astype(float), 0))
    weights = affinity.joint_probabilities_nn(
        found, distance, [30], symmetrize=False, normalization="point-wise",
        n_reference_samples=len(known),
    )  # fmt: skip
    none = affinity.PrecomputedAffinities(identity(len(known), format="csr"), normalize=False)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    reference = TSNEEmbedding(points - middle, none, negative_gradient_method="auto")
    placed = PartialTSNEEmbedding(weights @ (points - middle), reference, weights, n_jobs=1)
    placed = placed.optimize(250, learning_rate=0.1, momentum=0.8, max_grad_norm=0.25)
    return np.asarray(placed) + middle


def onto() -> None:
    """Ways to place a fifth of the rows on a map of the others."""
    import twlab as tw

    tables = {
        "1,000 generated": rows_of(1000),
        "5,000 generated": rows_of(5000),
        "film": tw.vectors(film_clips("film")),
        "shots": tw.vectors(film_clips("shots")),
    }
    print(f"share of {K} nearest map rows kept, rows held out; on one map of all: the last column")
    for label, rows in tables.items():
        new = np.random.default_rng(0).random(len(rows)) < 0.2
        known = rows[~new]
        points = tw.project(known)
        ways = {"gradient": by_gradient(rows[new], known, points)}
        for k in (1, 5, 10, 15, 25):
            found, _ = tw.nearest(rows[new], known, k=k)
            ways[f"median of {k}"] = np.median(points[found], axis=1)
            ways[f"mean of {k}"] = np.mean(points[found], axis=1)
        scores = {w: kept_among(rows[new], known, at, points) for w, at in ways.items()}
        together = tw.project(rows)
        scores["together"] = kept_among(rows[new], known, together[new], together[~new])
        print(f"  {label:16} " + "  ".join(f"{way} {kept:.3f}" for way, kept in scores.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="names of methods, with commas between")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--onto", action="store_true")
    args = parser.parse_args()
    if args.one:
        return one(args.one, args.rows)
    if args.steps:
        return steps(args.rows)
    if args.onto:
        return onto()
    wanted = args.only.split(",") if args.only else list(METHODS)
    there = [name for name in METHODS if importlib.util.find_spec(METHODS[name][0])]
    for name in sorted({*wanted} - {*there}):
        print(f"not installed, left out: {name}")
    names = [name for name in there if name in wanted or name == "umap-learn"]
    return compare(args.rows, args.rounds, names)


if __name__ == "__main__":
    main()
