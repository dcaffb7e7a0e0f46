"""At which chance a copy is named, and from which on many dim clips are one, source by source.

    python tests/benchmarks/leak_limits.py

Films with human scenes, texts, and edits of a film (a folder ``shared`` beside the checkout;
nothing of it is copied). Strangers are the films of one source that share no three rows in order,
split into halves again and again; into one of them a stretch of another is planted, under noise and
between two segments. Both limits are chosen on the other sources: for dim clips the loosest that
names no more than none does, for copies the loosest at which none has a row in more than one split
in twenty. Printed is what they do in the one left out, and what is named of the edits.
"""

from __future__ import annotations

import collections
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd

import twlab as tw
from twlab.analysis.copies import shared_pieces
from twlab.analysis.copies.aligning import chance_among

FOLDER = Path(__file__).parents[3] / "shared/benchmarks"
LIMITS = (0.0125, 0.025, 0.05, 0.1, 0.2)
LINES = (0.0, 5e-4, 1e-3, 2e-3, 0.02)
N_SPLITS, N_PLANTED, ROWS, MOST = 400, 10, 16, 80
AT_MOST = 0.05


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def sources():
    """The films of each source, their vectors along time."""
    found = collections.defaultdict(list)
    for path in sorted((FOLDER / "scenes").glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            for name in sorted(key[:-3] for key in held if key.endswith("__X")):
                rows = unit(held[f"{name}__X"].astype(np.float64))
                found[name.split("_")[0]].append(rows[:MOST])
    return found


def table(rows, video):
    start = np.arange(len(rows)) * 6.0
    plain = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 6})
    return tw.with_vectors(plain, rows.astype(np.float32))


def least_chance(a, b):
    """How probable the best shared piece is; 1 where none is said."""
    found = tw.align(table(a, "a"), table(b, "b"))
    return float(found["chance"].min()) if len(found) else 1.0


def are_kin(a, b):
    """Whether three rows in order are the same."""
    same = np.pad(a @ b.T > 0.999, 2)
    return bool((same[:-2, :-2] & same[1:-1, 1:-1] & same[2:, 2:]).any())


def split_chances(pairs, n_films):
    """The least chance of any row in splits of the films into halves."""
    rng, out = np.random.default_rng(0), []
    for _ in range(N_SPLITS):
        test, train = np.array_split(rng.permutation(n_films), 2)
        across = [pairs.get((min(i, j), max(i, j)), 1.0) for i in test for j in train]
        out.append(chance_among(min(across), len(across)))
    return np.array(out)


def planted_chances(films, loud, shift):
    """The chance of stretches of one film within another, and how often it is split in halves."""
    rng, out = np.random.default_rng(1), []
    for _ in range(N_PLANTED):
        i, j = rng.choice(len(films), 2, replace=False)
        n = min(ROWS, len(films[i]) - 2, len(films[j]) - 2)
        at, to = rng.integers(0, len(films[i]) - n), rng.integers(0, len(films[j]) - n)
        stretch = (1 - shift) * films[i][at : at + n] + shift * films[i][at + 1 : at + n + 1]
        noise = rng.normal(size=stretch.shape) / stretch.shape[1] ** 0.5
        copy = np.r_[films[j][:to], unit(unit(stretch) + loud * noise), films[j][to + n :]]
        n_pairs = (len(films) // 2) * (len(films) - len(films) // 2)
        out.append(chance_among(least_chance(copy, films[i]), n_pairs))
    return np.array(out)


def measure(films, strangers):
    """Of each limit the splits that have a row, and the planted copies that are named."""
    pairs = {pair: least_chance(*(films[k] for k in pair)) for pair in strangers}
    chances = [split_chances(pairs, len(films))]
    chances += [planted_chances(films, loud, 0.4) for loud in (1.2, 1.6)]
    named = sum(chance < 1 for chance in pairs.values())
    return np.array([[(one <= limit).mean() for limit in LIMITS] for one in chances]), named


def tell_edits():
    """What is named of the edits of one film."""
    truth = json.loads((FOLDER / "copies/ground_truth.json").read_text())
    for clip, name in itertools.product((2, 6), truth):
        film, edit = (
            tw.load(FOLDER / f"copies/{stem}.{clip}s.json", progress=False)
            for stem in ("bbb_full_720p", name)
        )
        found = tw.leaks(film, edit)
        copies = found[found["kind"] == "copy"]
        seconds = float((copies["test_end_sec"] - copies["test_start_sec"]).sum())
        shared = sum(box[2] - box[0] for box in truth[name])
        print(f"{name}, {clip} s: {seconds:.0f} of {shared:.0f} s in {len(copies)} pieces of "
              f"{len(truth[name])}, chance {copies['chance'].max():.1e}", flush=True)  # fmt: skip


def main():
    tell_edits()
    held, found = sources(), {}
    for source, films in held.items():
        every = list(itertools.combinations(range(len(films)), 2))
        strangers = [(i, j) for i, j in every if not are_kin(films[i], films[j])]
        print(f"{source}: {len(strangers)} of {len(every)} pairs are strangers")
        for line in LINES:
            shared_pieces.CERTAIN = line
            found[source, line], named = measure(films, strangers)
            print(f"  certain {line:<6} pairs named {named}, by limit (splits, copies):", *(
                f"{limit}: {a:.2f} {b:.2f} {c:.2f};"
                for limit, (a, b, c) in zip(LIMITS, found[source, line].T, strict=True)
            ), flush=True)  # fmt: skip
    for source in held:
        rest = {line: np.max([found[other, line][0] for other in held if other != source], axis=0)
                for line in LINES}  # fmt: skip
        line = max(one for one in LINES if (rest[one] <= rest[0.0]).all())
        k = int(np.flatnonzero(rest[line] <= AT_MOST).max(initial=0))
        told = ", ".join(f"{one:.2f}" for one in found[source, line][:, k])
        print(f"chosen without {source}: certain {line}, named {LIMITS[k]}; there {told}")


if __name__ == "__main__":
    main()
