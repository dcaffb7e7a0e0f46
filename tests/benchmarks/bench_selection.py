"""Evidence for the defaults of outliers, thresholds and summaries; run it as a script.

    python tests/benchmarks/bench_selection.py [FOLDER]

Real vectors: the bundled film in clips of 6 s and in shots, and, where FOLDER (default:
``shared/benchmarks/scenes`` beside the checkout) holds them, films with human scene starts, one
vector per shot, which are not part of the project. Printed are

1. outliers: segments of other films are put in place of one in twenty; the area under the ROC
   curve by which each measure tells them, mean over films and five draws;
2. thresholds: what the F1 of "same scene or not" loses against the best threshold of each film,
   for the proposed threshold, fixed ones and Otsu's;
3. summaries: coverage (mean similarity of every second to the nearest chosen segment) of the
   facility location against k-medoids of k-means, evenly spaced segments and segments by lot.

Measured on 20 films: outliers .828 (1 nearest), .848 (3), .856 (5, the default), .864 (10), .866
(15), .817 (centroid); F1 lost .036 (proposed), .056 (Otsu), .046 (the best fixed one, .6), .330
(fixed .9); coverage .730 (tw.summarize), .726 (k-medoids), .671 (evenly), .670 (by lot).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_auc_score

import twlab as tw

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "benchmarks" / "scenes"


def table(matrix: np.ndarray, video: str = "film") -> pd.DataFrame:
    at = np.arange(len(matrix)) * 4.0
    rows = pd.DataFrame({"video_id": video, "start_sec": at, "end_sec": at + 4})
    return tw.with_vectors(rows, matrix)


def films(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """Vectors and, where people have told, the scene of each segment."""
    clips = tw.sample()
    own = {
        "sample": tw.vectors(clips[clips["embedding_scope"] == "clip"]),
        "sample, shots": tw.vectors(tw.sample("shots")),
    }
    out: dict[str, tuple[np.ndarray, np.ndarray | None]] = {k: (v, None) for k, v in own.items()}
    file = folder / "scenes_development.npz"
    if not file.exists():
        print(f"no films with human scene starts in {folder}; the bundled film only")
        return out
    data = np.load(file)
    for name in sorted(key.removesuffix("__X") for key in data if key.endswith("__X")):
        matrix = np.asarray(data[f"{name}__X"], np.float32)
        starts = np.asarray(data[f"{name}__starts"])
        scene = np.searchsorted(starts, np.arange(len(matrix)), side="right")
        out[name] = (matrix, scene)
    return out


def outliers(matrices: list[np.ndarray]) -> None:
    widths = [len(m[0]) for m in matrices]
    scores: dict[str, list[float]] = {}
    for draw in range(5):
        for k, matrix in enumerate(matrices):
            rng = np.random.default_rng(100 * draw + k)
            others = [m for j, m in enumerate(matrices) if j != k and widths[j] == widths[k]]
            if not others:
                continue
            odd = rng.choice(len(matrix), max(1, len(matrix) // 20), replace=False)
            pool = np.concatenate(others)
            mixed = matrix.copy()
            mixed[odd] = pool[rng.choice(len(pool), len(odd), replace=False)]
            truth = np.isin(np.arange(len(matrix)), odd)
            unit = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
            mean = unit.mean(axis=0)
            found: dict[str, Any] = {
                f"{n} nearest": tw.outliers(table(mixed), k=n) for n in (1, 3, 5, 10, 15)
            }
            found["centroid"] = 1 - unit @ (mean / np.linalg.norm(mean))
            for name, values in found.items():
                scores.setdefault(name, []).append(roc_auc_score(truth, values))
    print(f"1. outliers, AUROC over {len(scores['centroid'])} mixed films")
    for name, values in scores.items():
        print(f"   {name:12} {np.mean(values):.3f}  (worst {np.min(values):.3f})")


def otsu(values: np.ndarray) -> float:
    counts, edges = np.histogram(values, 256)
    middles = (edges[1:] + edges[:-1]) / 2
    low, total = counts.cumsum(), counts.sum()
    mean_low = (counts * middles).cumsum() / np.maximum(low, 1)
    mean_high = ((counts * middles).sum() - (counts * middles).cumsum()) / np.maximum(
        total - low, 1
    )
    return float(middles[(low * (total - low) * (mean_low - mean_high) ** 2).argmax()])


def thresholds(told: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    losses: dict[str, list[float]] = {}
    for matrix, scene in told.values():
        similar = tw.cosine_similarity(matrix)
        pairs = np.triu_indices(len(matrix), 1)
        near = pairs[1] - pairs[0] <= 50  # scenes are asked about within some minutes
        values, same = similar[pairs][near], (scene[pairs[0]] == scene[pairs[1]])[near]
        precision, recall, cuts = precision_recall_curve(same, values)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        proposed = float(tw.threshold(table(matrix))["threshold"][0])
        chosen = {"proposed": proposed, "Otsu": otsu(values)}
        chosen |= {f"fixed {t}": t for t in (0.5, 0.6, 0.7, 0.8, 0.9)}
        for name, cut in chosen.items():
            at = min(int(np.searchsorted(cuts, cut)), len(f1) - 1)
            losses.setdefault(name, []).append(float(f1.max() - f1[at]))
    print(f"2. thresholds, F1 lost against the best threshold of each of {len(told)} films")
    for name, lost in losses.items():
        print(f"   {name:12} {np.mean(lost):.3f}  (worst {np.max(lost):.3f})")


def coverage(unit: np.ndarray, chosen: np.ndarray) -> float:
    return float((unit @ unit[chosen].T).max(axis=1).clip(0).mean())


def summaries(matrices: list[np.ndarray]) -> None:
    from sklearn.cluster import KMeans

    scores: dict[str, list[float]] = {}
    for matrix in matrices:
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        count, rng = max(3, len(unit) // 20), np.random.default_rng(0)
        summary = tw.summarize(table(matrix), n_segments=count)
        centres = KMeans(count, n_init=3, random_state=0).fit(unit).cluster_centers_
        by_lot = [coverage(unit, rng.choice(len(unit), count, replace=False)) for _ in range(20)]
        found = {
            "tw.summarize": coverage(unit, summary.index.to_numpy()),
            "k-medoids": coverage(unit, (unit @ centres.T).argmax(axis=0)),
            "evenly": coverage(unit, np.linspace(0, len(unit) - 1, count).astype(int)),
            "by lot": float(np.mean(by_lot)),
        }
        for name, value in found.items():
            scores.setdefault(name, []).append(value)
    print(f"3. summaries of one segment in twenty, coverage over {len(matrices)} films")
    for name, values in scores.items():
        print(f"   {name:12} {np.mean(values):.3f}")


def main() -> None:
    known = films(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    matrices = [matrix for matrix, _ in known.values()]
    outliers(matrices)
    told = {name: (m, scene) for name, (m, scene) in known.items() if scene is not None}
    if told:
        thresholds(told)
    summaries(matrices)


if __name__ == "__main__":
    main()
