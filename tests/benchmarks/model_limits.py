"""How many of its own strangers a film must exceed before two models are called alike.

    python tests/benchmarks/model_limits.py [comparisons [films together]]

Films with human scenes and texts (a folder ``shared`` beside the checkout; nothing of it is
copied), cut into pieces of 16 rows. The two models are halves of the turned axes of one embedding:
each sees the same films, the second one under noise (kin), or other films of the same source
(strangers). Printed is how often either is called more than chance, for shares of strangers that
must be exceeded; each source is left out in turn, and the loosest share is taken at which none of
the others calls more than one in twenty of the strangers so. With films together, comparisons
are of 8 pieces, of the sources that have so many, and deals are drawn among so many films.
"""

from __future__ import annotations

import collections
import sys
from pathlib import Path

import numpy as np

from twlab.analysis.models import nulls
from twlab.analysis.models.likeness import MEASURES, SAME_DIGITS
from twlab.analysis.models.pairing import SharedVideo

FOLDER = Path(__file__).parents[3] / "shared/benchmarks/scenes"
SHARES = (0.0, 0.45, 0.75, 0.9, 1.0)
SIZE, N_FILMS, LOUD, P = 16, 6, 6.0, 0.05
MEASURED = [k for k, name in enumerate(MEASURES) if name != "scenes"]  # no scenes are given
NAMES = (*(MEASURES[k] for k in MEASURED), "retrieval")
NO_CUTS = np.empty(0, np.intp)


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def sources():
    """Of each source its films, each as its pieces."""
    found = collections.defaultdict(list)
    for path in sorted(FOLDER.glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            for name in sorted(key[:-3] for key in held if key.endswith("__X")):
                rows = unit(held[f"{name}__X"].astype(np.float64))
                pieces = [rows[k : k + SIZE] for k in range(0, len(rows) - SIZE + 1, SIZE)]
                found[name.split("_")[0]].append(pieces)
    return found


def draw(films, rng, *, kin, n_films=N_FILMS):
    """Pieces of one half of the films for the first model, for the second the same or others."""
    order = rng.permutation(len(films))
    first, second = np.array_split(order, 2)
    sides = []
    for half in (first, first if kin else second):
        every = [piece for k in half for piece in films[k]]
        sides.append([every[k] for k in np.random.default_rng(0).permutation(len(every))[:n_films]])
    d = sides[0][0].shape[1]
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    out = []
    for k, (a, b) in enumerate(zip(*sides, strict=True)):
        a, b = a @ turn[:, : d // 2], b @ turn[:, d // 2 :]
        b = b + LOUD * np.std(b - b.mean(0)) * rng.normal(size=b.shape)
        times = 6.0 * np.arange(SIZE)
        out.append(SharedVideo(f"film {k}", unit(a), unit(b), times, times + 6))
    return out


def judge(videos):
    """Of each measure p, and by how much strangers are exceeded for every share."""
    seen = []

    def quantiles(table, film):
        strangers = np.concatenate(
            [np.delete(table[film], film, axis=0), np.delete(table[:, film], film, axis=0)]
        )
        seen.append(table[film, film] - np.quantile(strangers, SHARES, axis=0))
        return plain(table, film)

    plain, nulls._most_of_strangers = nulls._most_of_strangers, quantiles
    try:
        found = nulls.measure_films(videos, [(NO_CUTS, NO_CUTS)] * len(videos))
    finally:
        nulls._most_of_strangers = plain
    hits, *ways = (np.mean(seen[k : k + len(videos)], axis=0)[:, kept] for k, kept in zip(
        range(0, len(seen), len(videos)), ([0], MEASURED, MEASURED), strict=True))  # fmt: skip
    beyond = np.column_stack([np.minimum(*ways), hits])
    kept = [*MEASURED, len(MEASURES)]
    value = found.values[:, kept].mean(axis=0)
    p = [max(np.r_[True, chance >= one - 10.0**-SAME_DIGITS].mean() for chance in chances)
         for one, chances in zip(value, [found.chances[k] for k in kept], strict=True)]  # fmt: skip
    return (np.array(p) <= P) & (beyond > 0)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    n_films, held, found = N_FILMS, sources(), {}
    if len(sys.argv) > 2:
        nulls.FILMS_TOGETHER, n_films = int(sys.argv[2]), 8
        held.pop("RAI", None)  # half of its films have fewer pieces
    for source, films in held.items():
        called = {
            kin: np.mean([judge(draw(films, np.random.default_rng(seed), kin=kin, n_films=n_films))
                          for seed in range(n)], axis=0)
            for kin in (False, True)
        }  # fmt: skip
        found[source] = called[False].max(axis=1), called[True].min(axis=1)
        print(f"{source}: called more than chance, {', '.join(NAMES)}")
        for share, *rows in zip(SHARES, called[False], called[True], strict=True):
            print(f"  {share:<5} strangers {rows[0].round(2)} kin {rows[1].round(2)}", flush=True)
    for source in found:
        rest = np.max([found[other][0] for other in found if other != source], axis=0)
        k = int(np.argmax(rest <= P)) if (rest <= P).any() else len(SHARES) - 1
        print(f"chosen without {source}: {SHARES[k]}; there strangers {found[source][0][k]:.2f}, "
              f"kin {found[source][1][k]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
