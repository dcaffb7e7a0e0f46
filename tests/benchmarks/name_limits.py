"""Which limit keeps foreign names away from clusters, and lets their own through.

    python tests/benchmarks/name_limits.py

Films with human scenes (a folder ``shared`` beside the checkout; nothing of it is copied). The
clusters are the even shots of a film's six longest scenes; a scene's name is the mean of its odd
ones. Each film is given its own names together with those of a film of another source, and those
of two films of other sources alone. Each source is left out in turn: the limit is chosen on the
others, the loosest at which none of them has more than three clusters in a hundred named wrongly or
by foreign names; printed is what it does in the one left out.
"""

from __future__ import annotations

import collections
import importlib
from pathlib import Path

import numpy as np
import pandas as pd

import twlab as tw

FOLDER = Path(__file__).parents[3] / "shared/benchmarks/scenes"
LIMITS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)
N_SCENES, LEAST_ROWS = 6, 6
WRONG_AT_MOST = 0.03
judged = importlib.import_module("twlab.analysis.judging.cluster_names")


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def sources():
    """Of each source its films: segments, the scene of each, and a vector for each scene."""
    found = collections.defaultdict(list)
    for path in sorted(FOLDER.glob("*development.npz")):
        with np.load(path, allow_pickle=False) as held:
            for name in sorted(key[:-3] for key in held if key.endswith("__X")):
                film = read(held[f"{name}__X"], held[f"{name}__starts"])
                if film:
                    found[name.split("_")[0]].append(film)
    return found


def read(rows, starts):
    rows, scene = unit(rows.astype(np.float64)), np.zeros(len(rows), int)
    for start in starts:
        scene[start:] += 1
    counts = np.bincount(scene)
    longest = [k for k in np.argsort(-counts, kind="stable")[:N_SCENES] if counts[k] >= LEAST_ROWS]
    if len(longest) < 3:
        return None
    rows, scene = (np.concatenate(part) for part in zip(
        *((rows[scene == k], np.full(counts[k], new)) for new, k in enumerate(longest)),
        strict=True))  # fmt: skip
    odd = np.arange(len(rows)) % 2 == 1
    names = np.stack([unit(rows[odd & (scene == k)]).mean(0) for k in range(len(longest))])
    return table(rows[~odd]), scene[~odd], names


def table(rows):
    start = np.arange(len(rows)) * 2.0
    plain = pd.DataFrame({"video_id": "film", "start_sec": start, "end_sec": start + 2})
    plain = plain.assign(embedding_option="visual", embedding_scope="clip", model_name="m")
    return tw.with_vectors(plain, rows.astype(np.float32))


def measure(films, abroad):
    """Of each limit: clusters rightly named, wrongly, and by foreign names, each a share."""
    found = np.zeros((len(LIMITS), 3))
    n = sum(len(own) for _, _, own in films)
    for segments, scene, own in films:
        for i, limit in enumerate(LIMITS):
            judged.NAMED_BY_CHANCE = limit
            for k, foreign in enumerate(abroad):
                mixed = name(segments, scene, own, foreign)
                said = mixed["name"].ne("unnamed")
                right = mixed["name"] == [f"0 {label}" for label in mixed["label"]]
                alone = name(segments, scene, foreign, abroad[k - 1])["name"].ne("unnamed")
                found[i] += [right.sum(), (said & ~right).sum(), alone.sum()]
    return found / (n * len(abroad))


def name(segments, scene, *groups):
    vocabulary = {f"{g} {k}": row for g, rows in enumerate(groups) for k, row in enumerate(rows)}
    return tw.name_clusters(segments, scene, vocabulary=vocabulary)


def main():
    films = sources()
    found = {}
    for source, own in films.items():
        others = [film for other, held in films.items() if other != source for film in held]
        found[source] = measure(own, [names for _, _, names in others])
        print(f"{source}: {len(own)} films, {sum(len(names) for _, _, names in own)} clusters")
        for limit, row in zip(LIMITS, found[source], strict=True):
            print(f"  {limit:<7} right {row[0]:.2f} wrong {row[1]:.3f} foreign {row[2]:.3f}")
    for source in films:
        rest = np.max([row for other, row in found.items() if other != source], axis=0)
        k = int(np.flatnonzero(rest[:, 1:].max(axis=1) <= WRONG_AT_MOST).max(initial=0))
        right, wrong, foreign = found[source][k]
        print(f"chosen without {source}: {LIMITS[k]}, there right {right:.2f}, wrong {wrong:.3f}, "
              f"foreign {foreign:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
