"""How short a gap between clips still goes on as one moment.

    python tests/benchmarks/gap_limits.py

Films with human scenes (a folder ``shared`` beside the checkout; nothing of it is copied), whose
shots begin and end at frames: one is left out at a cut, and some to some hundreds at a dissolve.
Printed are the gaps of each source, how many of them each limit bridges, with times as they are and
rounded as services round them, and how many scenes are found by the mean of every other shot (R1 at
an overlap of .5). Each source is left out in turn, and the limit chosen on the others.
"""

from __future__ import annotations

import collections
import importlib
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

import twlab as tw

FOLDER = Path(__file__).parents[3] / "shared/benchmarks/scenes"
LIMITS = (0.001, 0.25, 0.5, 0.75, 1.0, 1.5, 1e9)
FRAMES_A_SECOND = 25.0
LEAST_SHOTS = 4
curves = importlib.import_module("twlab.analysis.judging.curves")


def sources():
    """Of each source its films: vectors, shots in seconds, the first shot of every scene."""
    found = collections.defaultdict(list)
    with np.load(FOLDER / "scenes_development.npz", allow_pickle=False) as held:
        for name in sorted(key[:-3] for key in held if key.endswith("__X")):
            times = (held[f"{name}__shots"] + [0, 1]) / FRAMES_A_SECOND
            film = held[f"{name}__X"].astype(np.float64), times, held[f"{name}__starts"]
            found[name.split("_")[0]].append(film)
    return found


def round_times(times, step):
    return np.round(times / step) * step if step else times


def gaps_of(films, step):
    return np.concatenate([(t[1:, 0] - t[:-1, 1]) for _, times, _ in films
                           for t in [round_times(times, step)]]).round(3)  # fmt: skip


def share_found(films, step):
    """The share of scenes that the first moment overlaps by half, at the limit there is."""
    hits = []
    for rows, times, starts in films:
        times = round_times(times, step)
        kept = times[:, 1] > times[:, 0]
        plain = pd.DataFrame({"video_id": "film", "start_sec": times[:, 0], "end_sec": times[:, 1]})
        table = tw.with_vectors(plain.assign(embedding_option="visual"), rows.astype(np.float32))
        edges = [0, *starts, len(rows)]
        queries, spans = {}, {}
        for a, b in itertools.pairwise(edges):
            if b - a >= LEAST_SHOTS:
                queries[str(a)] = rows[a:b:2].mean(axis=0)
                spans[str(a)] = times[a, 0], times[b - 1, 1]
        found = tw.moments(queries, table[kept], k=1, threshold=0).set_index("query_id")
        for name, (start, end) in spans.items():
            if name not in found.index:
                hits.append(0.0)
                continue
            one = found.loc[name]
            shared = max(0.0, min(end, one["end_sec"]) - max(start, one["start_sec"]))
            whole = max(end, one["end_sec"]) - min(start, one["start_sec"])
            hits.append(float(shared >= 0.5 * whole))
    return float(np.mean(hits))


def main():
    films, found = sources(), {}
    for step in (0.0, 0.1, 0.5):
        print(f"times {f'rounded to {step} s' if step else 'as they are'}")
        for source, held in films.items():
            gaps = gaps_of(held, step)
            real = gaps[gaps > (2 / FRAMES_A_SECOND if not step else 0)]
            tenths = np.quantile(real, [0, 0.1, 0.5]).round(2).tolist() if len(real) else []
            print(f"  {source}: {len(gaps)} cuts, {len(real)} gaps; least, tenth, half {tenths}")
            for limit in LIMITS:
                curves.SHORTEST_GAP_SEC = limit
                found[source, step, limit] = share_found(held, step)
                bridged = int((real < limit).sum())
                print(f"    {limit:<8g} bridges {bridged:4} found {found[source, step, limit]:.3f}")
    for source in films:
        rest = [np.mean([found[other, step, limit] for other in films if other != source
                         for step in (0.0, 0.1, 0.5)]) for limit in LIMITS]  # fmt: skip
        best = LIMITS[int(np.argmax(rest))]
        told = ", ".join(f"{found[source, step, best]:.3f}" for step in (0.0, 0.1, 0.5))
        print(f"chosen without {source}: {best:g}, there found {told}")


if __name__ == "__main__":
    main()
