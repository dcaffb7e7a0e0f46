"""Copies: known edits traced back, on real vectors, with one setting for all of them.

    python tests/benchmarks/bench_align.py [FOLDER]
    python tests/benchmarks/bench_align.py --constant LEAST=.15

The edits are made from the sample film that comes with the project and, where FOLDER (default:
``shared/benchmarks`` beside the checkout) holds them, from the same film at 2 s and from films of
which each segment is a shot. Every edit takes segments of a film: every second one, repeats,
blocks in another order or played backwards, noise, dropped segments, other footage between, other
speeds, and pictures changed alike throughout. Scored is the F of precision and recall over the
seconds of the edit, right within one segment of the true place; 1 for nothing found where nothing
is shared. Then CPU seconds for 2,000 x 10,000 segments, and of librosa's subsequence alignment,
which finds one path: of the first call in a process and of later ones. With one thread, on a
machine with other work on it, later ones took .8 s, .4 of the 2.0 s that they took when every line
was summed at all 34 speeds, and .8 of librosa's; a third of it are the similarities.

With ``--constant`` the same and harder edits of one film of each source (cuts within segments,
scenes cut out, inserts of a few segments, loud noise) are scored with a constant of
``twlab.analysis.copies`` at its value and at another.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "benchmarks"
Boxes = list[tuple[float, float, float, float]]
Edit = tuple[str, np.ndarray, list[tuple[float, float, float, float]]]


def table(matrix: np.ndarray, clip: float, video: str = "edit") -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": [video] * n, "start_sec": np.arange(n) * clip})
    rows["end_sec"] = rows["start_sec"] + clip
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))


def agreement(found: pd.DataFrame, truth: Boxes, clip: float) -> float:
    if not truth:
        return float(not len(found))
    names = ["a_start_sec", "b_start_sec", "a_end_sec", "b_end_sec"]
    sides = (np.asarray(found[names], float).reshape(-1, 4), np.asarray(truth, float))
    times = np.arange(0.05, max(side[:, 2].max(initial=0) for side in sides), clip / 40)
    counts = np.zeros((2, 2))
    for t in times:
        places = []
        for side in sides:
            here = side[(side[:, 0] <= t) & (t < side[:, 2])]
            slope = (here[:, 3] - here[:, 1]) / (here[:, 2] - here[:, 0])
            places.append(here[:, 1] + (t - here[:, 0]) * slope)
        near = np.abs(places[0][:, None] - places[1]) <= clip
        counts += [[near.any(axis=1).sum(), near.any(axis=0).sum()], [len(p) for p in places]]
    shares = counts[0] / np.maximum(counts[1], 1)
    return float(2 * shares.prod() / max(shares.sum(), 1e-9))


def rows_of(rows: np.ndarray) -> Boxes:
    return [(k, int(row), k + 1, int(row) + 1) for k, row in enumerate(rows) if row >= 0]


def edits(film: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> Iterator[Edit]:
    """Name, vectors and true boxes in segments."""
    m, d = film.shape
    block = max(4, m // 16)
    low = int(rng.integers(0, m - 4 * block))
    blocks = [np.arange(k, k + block) for k in range(0, m - block + 1, block)]
    taken = {
        "every second": np.arange(0, m, 2),
        "every third": np.arange(0, m, 3),
        "a piece three times": np.tile(np.arange(low, low + 2 * block), 3),
        "blocks in reverse order": np.concatenate(blocks[::-1]),
        "blocks played backwards": np.concatenate([b[::-1] for b in blocks]),
        "a fifth dropped": np.sort(rng.choice(m, int(0.8 * m), replace=False)),
        "other footage between": np.concatenate(
            [np.r_[np.full(rng.integers(2, 8), -1), blocks[k]] for k in rng.permutation(8)]
        ),
    }
    for name, rows in taken.items():
        strange = other[np.arange(len(rows)) % len(other)]
        yield name, np.where((rows >= 0)[:, None], film[rows], strange), rows_of(rows)
    rows = np.arange(low, low + 4 * block)
    for noise in (0.3, 0.7):
        yield (
            f"noise {noise}",
            film[rows] + noise * rng.normal(size=(len(rows), d)) / d**0.5,
            (rows_of(rows)),
        )
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    yield "changed alike", film[rows] + 0.6 * film[rows] @ turn, rows_of(rows)
    shift = np.abs(rng.normal(size=d))
    yield "shifted alike", film[rows] + 0.7 * shift / np.linalg.norm(shift), rows_of(rows)
    sums = np.r_[np.zeros((1, d)), film.cumsum(axis=0)]
    for speed in (0.5, 0.67, 0.8, 1.25, 1.5, 2.0):
        n = int(min(4 * block, (m - 2) / speed - 1))
        begin = float(rng.uniform(0, m - n * speed - 1))
        edges = begin + speed * np.arange(n + 1)
        whole = edges.astype(int)
        at = sums[whole] + (edges - whole)[:, None] * film[whole]
        yield f"speed {speed}", np.diff(at, axis=0) / speed, [(0, begin, n, begin + n * speed)]
    yield "nothing shared", other, []


def films(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    sample = tw.sample().query("embedding_scope == 'clip'")
    noise = np.abs(np.random.default_rng(9).normal(size=(12, 6, 1280))).repeat(2, axis=0)
    other = noise.reshape(-1, 1280)[:60] / 1280**0.5
    yield "sample, 6 s", np.array(tw.vectors(sample)), other
    finer = folder / "copies" / "bbb_full_720p.2s.json"
    if finer.exists():
        clips = tw.load(finer, progress=False).query("embedding_scope == 'clip'")
        yield "film, 2 s", np.array(tw.vectors(clips)), other
    shots = folder / "scenes" / "scenes_development.npz"
    if shots.exists():
        data = np.load(shots, allow_pickle=False)
        keys = [row["key"] for row in json.loads(str(data["manifest"]))]
        for key, stranger in (("OVSD_1", "BBC_3"), ("BBC_5", "OVSD_14"), ("RAI_1", "BBC_9")):
            assert key in keys
            pair = [np.asarray(data[f"{name}__X"], float) for name in (key, stranger)]
            pair = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in pair]
            yield f"{key}, shots", pair[0], pair[1][20:80]


def harder(film: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> Iterator[Edit]:
    """The same for edits that are found or lost by a constant."""
    n, d = film.shape
    for noise in (0.0, 0.15):
        kept = np.ones(n, bool)
        for _ in range(4):
            low = int(rng.integers(5, n - 12))
            kept[low : low + int(rng.integers(3, 7))] = False
        rows = np.flatnonzero(kept)
        yield (
            f"scenes cut out, noise {noise}",
            film[rows] + noise * rng.normal(size=(len(rows), d)) / d**0.5,
            rows_of(rows),
        )
    for length in (3, 4, 6):
        low = int(rng.integers(0, n - length))
        whole = np.r_[other[:12], film[low : low + length], other[20:32]]
        noisy = whole + 0.5 * rng.normal(size=whole.shape) / d**0.5
        yield f"insert of {length}", noisy, [(12, low, 12 + length, low + length)]
    low = int(rng.integers(0, n - 60))
    loud = film[low : low + 50] + 1.2 * rng.normal(size=(50, d)) / d**0.5
    yield "noise 1.2", loud, [(0, low, 50, low + 50)]
    begins, lengths = rng.uniform(0, n - 14, 5), rng.uniform(4, 10, 5)
    ends = lengths.cumsum()
    boxes = list(zip(ends - lengths, begins, ends, begins + lengths, strict=True))
    cells = np.zeros((int(ends[-1]), d))
    for cell in range(len(cells)):
        for a, b, c, _ in boxes:
            inside = np.clip(np.linspace(cell, cell + 1, 101)[:-1] + 0.005, a, c)
            inside = inside[(inside > a) & (inside < c)]
            cells[cell] += film[(b + inside - a).astype(int)].sum(axis=0) / 100
    boxes[-1] = (boxes[-1][0], boxes[-1][1], len(cells), boxes[-1][1] + len(cells) - boxes[-1][0])
    yield "cut within segments", cells, boxes


def at_constant(setting: str, folder: Path) -> None:
    """Scores with a constant of the family at another value, by source."""
    name, value = setting.split("=")
    stems = ("aligning", "contested", "diagonals", "evidence", "refining", "shared_pieces")
    modules = [importlib.import_module(f"twlab.analysis.copies.{stem}") for stem in stems]
    for changed in (False, True):
        for module in modules if changed else []:
            if hasattr(module, name):
                setattr(module, name, float(value))
        scores: dict[tuple[str, str], list[float]] = {}
        for film_name, film, other in list(films(folder))[2:]:
            film = film[:170]
            plain = edits(film, other, np.random.default_rng(1))
            more = harder(film, other, np.random.default_rng(2))
            for edit, matrix, boxes in chain(plain, more):
                found = tw.align(table(matrix, 1.0), table(film, 1.0, "film"))
                scores.setdefault((edit, film_name), []).append(agreement(found, boxes, 1.0))
        print(setting if changed else "as it is")
        frame = pd.Series({key: np.mean(found) for key, found in scores.items()})
        frame = frame.rename_axis(["edit", "film"]).reset_index(name="f")
        print(frame.pivot_table(index="edit", columns="film", values="f", margins=True).round(3))


def speed(rounds: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shots = np.repeat(rng.normal(size=(1250, 512)), 8, axis=0)
    film = shots + 0.7 * rng.normal(size=(10_000, 512))
    copy = np.concatenate([film[k * 900 : k * 900 + 100] for k in range(10)])
    edit = np.r_[copy, rng.normal(size=(1000, 512))]
    tables = table(edit, 6.0), table(film, 6.0, "film")
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (edit, film)]

    def one_path() -> None:
        import librosa

        librosa.sequence.dtw(C=1 - unit[0] @ unit[1].T, subseq=True, backtrack=True)

    def pieces() -> None:
        assert len(tw.align(*tables)) == 10

    ways = {"twlab.align": pieces, "librosa dtw, subsequence (one path)": one_path}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            seconds[name].append(time.process_time() - began)
    calls = {"first call": lambda x: x[0], "later calls": lambda x: np.median(x[1:])}
    return pd.DataFrame({k: {n: pick(x) for n, x in seconds.items()} for k, pick in calls.items()})


def main() -> None:
    if sys.argv[1:2] == ["--constant"]:
        at_constant(sys.argv[2], FOLDER)
        return
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    results: dict[tuple[str, str], float] = {}
    for clip, (name, film, other) in enumerate(films(folder), start=2):
        source = table(film, clip, "film")
        for edit, matrix, truth in edits(film, other, np.random.default_rng(1)):
            boxes = [tuple(clip * x for x in box) for box in truth]
            found = tw.align(table(matrix, clip), source)
            results[edit, name] = agreement(found, boxes, clip)  # type: ignore[arg-type]
    frame = pd.Series(results).rename_axis(["edit", "film"]).reset_index(name="f")
    scores = frame.pivot_table(index="edit", columns="film", values="f", sort=False)
    scores["mean"] = scores.mean(axis="columns")
    print(scores.round(3).to_string())
    print(f"mean of all {scores['mean'].mean():.4f}")
    print(f"\nCPU seconds for 2,000 x 10,000 segments\n{speed().round(2).to_string()}")


if __name__ == "__main__":
    main()
