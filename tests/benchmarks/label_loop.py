"""Which clips to label: those that ``tw.probe(...).next`` asks for, the uncertain ones, or any.

    python tests/benchmarks/label_loop.py [seeds]

Films with human scenes (a folder ``shared`` beside the checkout; nothing of it is copied). The six
longest scenes of a film are its labels; a third of its shots is kept for judging, and the others
are labelled ten at a time. Printed: mean average precision over labels and films.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from twlab.analysis.labelling.asking import most_telling, uncertainty_of
from twlab.analysis.labelling.label_lines import LabelLines

SCENES = Path(__file__).parents[3] / "shared/benchmarks/scenes/scenes_development.npz"
SIZES = (10, 30, 100)
N_LABELS = 6
MODES = ("", "told", "uncertain")


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def films():
    with np.load(SCENES) as held:
        for name in sorted(key[:-3] for key in held if key.endswith("__X")):
            rows = unit(held[f"{name}__X"].astype(np.float32))
            scene = np.zeros(len(rows), int)
            for start in held[f"{name}__starts"]:
                scene[start:] += 1
            longest = np.argsort(-np.bincount(scene), kind="stable")[:N_LABELS]
            yield unit(rows - rows.mean(0)), np.column_stack([scene == k for k in longest])


def judge(rows, truth, known, kept):
    scores = LabelLines().fit(rows[known], truth[known]).decision_function(rows[kept])
    there = [k for k in range(truth.shape[1]) if truth[kept, k].any()]
    return np.mean([average_precision_score(truth[kept, k], scores[:, k]) for k in there])


def run(rows, truth, seed, *, asked):
    order = np.random.default_rng(seed).permutation(len(rows))
    kept, pool = order[: len(rows) // 3], order[len(rows) // 3 :]
    known, found = pool[:0], []
    for size in range(10, SIZES[-1] + 1, 10):
        free = np.setdiff1d(pool, known)
        if asked:
            weight = np.ones(len(free))
            if len(known):
                likely = LabelLines().fit(rows[known], truth[known]).predict_proba(rows[free])
                weight = uncertainty_of(likely)
            if asked == "told" or not len(known):
                chosen = most_telling(rows, known, free, weight, 10)
            else:
                chosen = free[np.argsort(-weight, kind="stable")[:10]]
            known = np.concatenate([known, chosen])
        else:
            known = pool[:size]
        if size in SIZES:
            found.append(judge(rows, truth, known, kept))
    return found


def main():
    if not SCENES.exists():
        return print(f"no {SCENES.name}: nothing to measure")
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    held, means = list(films()), {mode: [] for mode in MODES}
    for seed in range(n_seeds):
        for asked, found in means.items():
            found.append(np.mean([run(*film, seed, asked=asked) for film in held], axis=0))
        print(seed, *(found[-1].round(3) for found in means.values()), file=sys.stderr, flush=True)
    means = {asked: np.array(found) for asked, found in means.items()}  # by seed and size
    print("labels   random  told    better in       uncertain alone")
    for k, size in enumerate(SIZES):
        random, told, alone = (means[mode][:, k] for mode in MODES)
        n_better = int((told > random).sum())
        print(
            f"{size:6}   {random.mean():.3f}   {told.mean():.3f}   {n_better} of {n_seeds} seeds   "
            f"{alone.mean():.3f}"
        )
    return None


if __name__ == "__main__":
    main()
