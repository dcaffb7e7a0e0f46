"""Scenes against human scene starts, other methods and other libraries.

    python tests/benchmarks/bench_scenes.py [FOLDER]

FOLDER holds ``scenes_development.npz`` and ``score.py``: 18 films with human scene starts, which
are not part of the project (default: ``shared/benchmarks/scenes`` beside the checkout). Printed are

1. every method of ``twlab.scenes``, the count given and chosen;
2. the settings of ``linked`` chosen without the film that they are then scored on, and without
   the whole set (OVSD, BBC, RAI) that it belongs to;
3. times of one run on the same input against ruptures and librosa (``pip install twlab[dev]``).
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import twlab as tw
from twlab import scenecuts
from twlab.scenecuts import METHODS, Moments, moments_of

HERE = Path(__file__).resolve()
FOLDER = HERE.parents[3] / "shared" / "benchmarks" / "scenes"
SCORES = ["F0", "F1", "FCO", "mIoU", "K error"]
GRID = {
    "POWER": (0.8, 0.9, 1.0),
    "LEVEL_QUANTILE": (0.85, 0.9),
    "LINK_WEIGHT": (4.0, 6.0, 8.0),
    "PENALTY": (0.3, 0.4, 0.5),
}


def scorer(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def moments(matrix: np.ndarray) -> Moments:
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    at = np.arange(len(unit), dtype=float)
    return moments_of(unit.astype(np.float32), at, at + 1)


def scored(score: Any, found: list[int], starts: list[int], n: int) -> list[float]:
    return [
        score.boundary_f(starts, found, 0),
        score.boundary_f(starts, found, 1),
        score.coverage_overflow_f(starts, found, n),
        score.mean_iou(starts, found, n),
        abs(len(found) - len(starts)) / (len(starts) + 1),
    ]


def table_of_methods(score: Any, path: Path) -> pd.DataFrame:
    rows = {}
    for method in (*METHODS, "novelty"):
        for given in (True, False):

            def find(
                matrix: np.ndarray, key: str, count: int | None, method: Any = method
            ) -> list[int]:
                result = tw.scenes(score.table(matrix, key), n_scenes=count, method=method)
                return [round(s) for s in sorted(result["start_sec"])[1:]]

            rows[method, "given" if given else "chosen"] = score.score(path, given, find)[
                SCORES
            ].mean()
    return pd.DataFrame(rows).T


def left_out(score: Any, path: Path) -> pd.DataFrame:
    """Scores of each film with settings chosen on the others; and chosen on other sets."""
    films = [(key, moments(X.astype(float)), starts) for key, X, starts in score.films(path)]
    results = []
    for values in itertools.product(*GRID.values()):
        for name, value in zip(GRID, values, strict=True):
            setattr(scenecuts, name, value)
        rows = []
        for _, film, starts in films:
            n = len(film.start)
            pair = [METHODS["linked"](film, k)[0].tolist() for k in (len(starts) + 1, None)]
            given, chosen = (scored(score, cuts, starts, n) for cuts in pair)
            rows.append(given[:4] + chosen)
        results.append(rows)
    array = np.array(results)
    worth = array[:, :, :8].mean(axis=2) - 0.15 * array[:, :, 8]
    sets = np.array([key.split("_")[0] for key, _, _ in films])
    out = {}
    for name, seen in (
        ("film left out", ~np.eye(len(films), dtype=bool)),
        ("set left out", sets[:, None] != sets),
    ):
        picks = [int(worth[:, mask].mean(axis=1).argmax()) for mask in seen]
        out[name] = np.mean([array[pick, film] for film, pick in enumerate(picks)], axis=0)
    columns = [f"{s} given" for s in SCORES[:4]] + [f"{s} chosen" for s in SCORES]
    return pd.DataFrame(out, index=columns).T


def speed(n: int) -> pd.Series:
    import librosa
    import ruptures

    rng = np.random.default_rng(0)
    matrix = np.repeat(rng.normal(size=(n // 10 + 1, 512)), 10, axis=0)[:n]
    matrix += rng.normal(size=(n, 512))
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    rows = pd.DataFrame({"video_id": "a", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    segments, count = tw.with_vectors(rows, unit), n // 10
    runs = {
        "twlab.scenes, count given": lambda: tw.scenes(segments, n_scenes=count),
        "twlab.scenes, count chosen": lambda: tw.scenes(segments),
        "twlab.scenes, ward": lambda: tw.scenes(segments, n_scenes=count, method="ward"),
        "ruptures KernelCPD cosine": lambda: (
            ruptures.KernelCPD(kernel="cosine", min_size=1).fit(unit).predict(n_bkps=count - 1)
        ),
        "ruptures KernelCPD cosine, count chosen": lambda: (
            ruptures.KernelCPD(kernel="cosine", min_size=1).fit(unit).predict(pen=0.9)
        ),
        "ruptures KernelCPD rbf, count chosen": lambda: (
            ruptures.KernelCPD(kernel="rbf", min_size=1).fit(unit).predict(pen=0.9)
        ),
        "librosa agglomerative": lambda: librosa.segment.agglomerative(unit.T, count),
    }
    if n > 3000:
        # Its way to a given count takes count * n * n steps: an hour.
        del runs["ruptures KernelCPD cosine"]
    seconds = {}
    for name, call in runs.items():
        began = time.perf_counter()
        call()
        seconds[name] = time.perf_counter() - began
    return pd.Series(seconds)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    pd.set_option("display.width", 150)
    for n in (1000, 10_000):
        print(f"seconds for {n} segments\n{speed(n).round(2).to_string()}\n")
    if not (folder / "score.py").exists():
        print(f"no films at {folder}; pass the folder that holds scenes_development.npz")
        return
    score, path = scorer(folder), folder / "scenes_development.npz"
    print(table_of_methods(score, path).round(3).to_string(), "\n")
    print(left_out(score, path).round(3).T.to_string())


if __name__ == "__main__":
    main()
