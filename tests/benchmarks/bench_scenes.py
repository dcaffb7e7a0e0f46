"""Scenes against human scene starts, other methods and other libraries.

    python tests/benchmarks/bench_scenes.py [FOLDER]

FOLDER holds ``score.py``, ``scenes_development.npz`` and ``scenes_text.npz``: 18 films with human
scene starts and 20 texts of joined topics, which are not part of the project (default:
``shared/benchmarks/scenes`` beside the checkout). Printed are

1. every method of ``twlab.scenes``, the count given and chosen;
2. the constants of the vote, single settings in its place and the price of a cut, each chosen
   without the whole source (OVSD, BBC, RAI, texts) that it is then scored on;
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
from twlab.analysis.scenes import counts, votes
from twlab.analysis.scenes.methods import METHODS
from twlab.analysis.scenes.moments import Moments, moments_of

HERE = Path(__file__).resolve()
FOLDER = HERE.parents[3] / "shared" / "benchmarks" / "scenes"
SCORES = ["F0", "F1", "FCO", "mIoU", "K error"]
VOTES = {
    f"all settings, spill {spill}, evenness {even}": {"SPILL": spill, "EVENNESS": even}
    for spill, even in itertools.product((0.15, 0.3, 0.6), (0.05, 0.1, 0.2))
}
SINGLE = {
    f"power {power}, toll {toll}, window {window}": {
        "POWERS": (power,),
        "TOLLS": (toll,),
        "WINDOWS": (window,),
    }
    for power, toll, window in itertools.product((0.8, 1.0), (3.0, 6.0), (3, 4, 6, 8))
}
PRICES = (0.8, 0.85, 0.9, 0.95, 1.0)


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


def sources(score: Any, folder: Path) -> dict[str, list[tuple[Moments, list[int]]]]:
    """Moments and true starts of every film and text, by source."""
    out: dict[str, list[tuple[Moments, list[int]]]] = {}
    for path in (folder / "scenes_development.npz", folder / "scenes_text.npz"):
        for key, matrix, starts in score.films(path):
            name = "TEXT" if "text" in path.name else key.split("_")[0]
            out.setdefault(name, []).append((moments(matrix.astype(float)), starts))
    return out


def of_setting(score: Any, films: dict[str, Any], values: dict[str, Any]) -> dict[str, float]:
    """The mean of F1, FCO and mIoU of a setting of the vote on each source, the count given."""
    before = {name: getattr(votes, name) for name in values}
    for name, value in values.items():
        setattr(votes, name, value)
    out = {}
    for source, some in films.items():
        rows = []
        for film, starts in some:
            cuts = METHODS["linked"](film, len(starts) + 1)[0].tolist()
            rows.append(np.mean(scored(score, cuts, starts, len(film.start))[1:4]))
        out[source] = float(np.mean(rows))
    for name, value in before.items():
        setattr(votes, name, value)
    return out


def of_price(films: dict[str, Any], price: float) -> dict[str, float]:
    """The mean error of the count on each source; negative, so that more is better."""
    out = {}
    for source, some in films.items():
        errors = []
        for film, starts in some:
            line = counts.gaussian_line(film)
            assert line is not None
            found, true = len(counts.cuts_at(line, price)) + 1, len(starts) + 1
            errors.append(abs(found - true) / true)
        out[source] = -float(np.mean(errors))
    return out


def left_out(table: pd.DataFrame) -> pd.DataFrame:
    """The setting (row) that is best on the other sources (columns), and its score, by source."""
    rows = {}
    for source in table.columns:
        best = table.drop(columns=source).mean(axis=1).idxmax()
        rows[source] = {"chosen without it": best, "score on it": table.loc[best, source]}
    return pd.DataFrame(rows).T


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
    films = sources(score, folder)
    for name, table in {
        "the vote": {key: of_setting(score, films, values) for key, values in VOTES.items()},
        "one setting, both kinds of vectors": {
            key: of_setting(score, films, values) for key, values in SINGLE.items()
        },
        "price of a cut, minus the error of the count": {
            key: of_price(films, key) for key in PRICES
        },
    }.items():
        frame = pd.DataFrame(table).T
        print(f"\n{name}\n{frame.round(3).to_string()}\n{left_out(frame).to_string()}")


if __name__ == "__main__":
    main()
