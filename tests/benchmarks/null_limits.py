"""How often something is said where there is nothing: an option's worth, leaks, two models.

    python tests/benchmarks/null_limits.py [draws [worth | leaks | models [source]]]

Two searches of one skill, strangers in two sets, and two models that have no film in common are
drawn again and again, from sources that differ in what makes nothing look like something: few
videos or many, one that has most of the queries, rare hits; white noise, walks, smooth series,
mixtures, shots; and real films of several sources (a folder ``shared`` beside the checkout; nothing
of it is copied). Printed is in how many draws something is said, with the interval of 95 % of that
share (Clopper and Pearson), beside what it may be.
"""

from __future__ import annotations

import collections
import functools
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import beta

import twlab as tw

FOLDER = Path(__file__).parents[3] / "shared/benchmarks/scenes"
N_DRAWS = 400
WIDTH = 24
ROWS = 16


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


# What a film without anything to find looks like.


def white(rng, n):
    return unit(rng.normal(size=(n, WIDTH)))


def walk(rng, n):
    return unit(np.cumsum(rng.normal(size=(n, WIDTH)), axis=0))


def smooth(rng, n, rho=0.8):
    rows = rng.normal(size=(n, WIDTH))
    for k in range(1, n):
        rows[k] = rho * rows[k - 1] + (1 - rho**2) ** 0.5 * rows[k]
    return unit(rows)


def shots(rng, n):
    places = rng.normal(size=(max(2, n // 5), WIDTH))
    at = np.repeat(rng.integers(0, len(places), n), rng.integers(1, 7, n))[:n]
    return unit(2 + places[at] + 0.5 * rng.normal(size=(n, WIDTH)))


def mixed(rng, n):
    """A walk, shots and noise one after another, under titles of one colour."""
    rows = np.concatenate([walk(rng, n), shots(rng, n), white(rng, n)])[rng.integers(0, n) :][:n]
    rows[:2] = rows[-2:] = np.eye(WIDTH)[0]
    return unit(rows + 0.02 * rng.normal(size=rows.shape))


MADE = {"white": white, "walk": walk, "smooth": smooth, "shots": shots, "mixed": mixed}


@functools.cache
def real_films():
    """The films of each source, their vectors along time; none without the folder."""
    found = collections.defaultdict(list)
    for path in sorted(FOLDER.glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            for name in sorted(key[:-3] for key in held if key.endswith("__X")):
                rows = unit(held[f"{name}__X"].astype(np.float64))
                found[name.split("_")[0]].append(rows)
    return {name: films for name, films in found.items() if len(films) >= 4}


def table(rows, video):
    start = np.arange(len(rows)) * 6.0
    plain = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 6})
    plain = plain.assign(embedding_option="visual")
    return tw.with_vectors(plain, np.asarray(rows, np.float32))


def join(parts, name):
    return pd.concat([table(rows, f"{name} {k}") for k, rows in enumerate(parts)])


# An option's worth: both searches find a query with the same probability.


def queries_of(rng, kind):
    """The video of each query, and how probably either search finds it."""
    n_videos = {"few videos": 10, "many videos": 60}.get(kind, 20)
    sizes = np.full(n_videos, 2)
    if kind == "one long video":
        sizes[0] = 20
    if kind == "uneven":
        sizes = rng.geometric(0.3, n_videos)
    video = np.repeat(np.arange(n_videos), sizes)
    skill = np.full(len(video), 0.5)
    if kind == "rare":
        skill[:] = 0.05
    if kind == "frequent":
        skill[:] = 0.95
    if kind == "videos differ":
        skill = rng.beta(0.5, 0.5, n_videos)[video]
    return video, skill


def search_of(rng, kind, video, skill):
    """Five videos for each query, the right one among them by its skill, the first or later."""
    if kind == "luck of a video":  # what a search meets in a video holds for all queries of it
        right = rng.normal(size=video.max() + 1)[video] + rng.normal(size=len(video)) > 0
    else:
        right = rng.random(len(video)) < skill
    rank = np.where(right, rng.geometric(0.6, len(video)), 9)
    rows = [
        (f"q{q}", f"v{v}" if k == rank[q] else f"other {k}", k)
        for q, v in enumerate(video)
        for k in range(1, 6)
    ]
    return pd.DataFrame(rows, columns=["query_id", "video_id", "rank"])


WORTH = ("few videos", "many videos", "one long video", "uneven", "rare", "frequent",
         "videos differ", "luck of a video")  # fmt: skip


def worth_said(rng, kind):
    """Whether one search is called better than the other.

    By hits among the first and the first three, nDCG and MRR.
    """
    video, skill = queries_of(rng, kind)
    truth = pd.DataFrame({"query_id": [f"q{k}" for k in range(len(video))]})
    truth = truth.assign(video_id=[f"v{k}" for k in video])
    sides = [search_of(rng, kind, video, skill) for _ in range(2)]
    told = tw.option_worth(*sides, truth=truth, k=(1, 3)).set_index(["metric", "k"])
    return told["verdict"].isin(["helps", "harms"]).iloc[[0, 3, 5, 6]].tolist()


# Leaks: two sets of films that have nothing in common.


def are_kin(a, b):
    """Whether three rows in order are the same."""
    same = np.pad(a @ b.T > 0.999, 2)
    return bool((same[:-2, :-2] & same[1:-1, 1:-1] & same[2:, 2:]).any())


def strangers_of(rng, films, n, rows):
    """Stretches of so many films of a source, no two of which are kin."""
    chosen = []
    for k in rng.permutation(len(films)):
        if len(chosen) < n and not any(are_kin(films[k], other) for other in chosen):
            chosen.append(films[k])
    starts = [rng.integers(0, max(1, len(one) - rows)) for one in chosen]
    return [one[at : at + rows] for one, at in zip(chosen, starts, strict=True)]


def leaks_said(rng, source):
    """Whether anything leaks between sets of one to three films."""
    if source in MADE:
        parts = [MADE[source](rng, int(rng.integers(20, 36))) for _ in range(4)]
    else:
        parts = strangers_of(rng, real_films()[source], 4, 30)
    cut = int(rng.integers(1, len(parts)))
    return [len(tw.leaks(join(parts[:cut], "train"), join(parts[cut:], "test"))) > 0]


# Two models that see different films under the same names.


def models_said(rng, source):
    """Of each measure, whether it is called more than chance."""
    n = int(rng.integers(5, 8))
    if source in MADE:
        first, second = ([MADE[source](rng, ROWS) for _ in range(n)] for _ in range(2))
    else:
        films = real_films()[source]
        half = np.array_split(rng.permutation(len(films)), 2)
        pieces = [[films[k][at : at + ROWS] for k in side
                   for at in range(0, len(films[k]) - ROWS + 1, ROWS)]
                  for side in half]  # fmt: skip
        n = min(n, *(len(side) for side in pieces))
        first, second = ([side[k] for k in rng.permutation(len(side))[:n]] for side in pieces)
    told = tw.compare_models(join(first, "film"), join(second, "film")).measures
    return told["verdict"].eq("more than chance").tolist()


def bounds(n_said, n):
    """The interval of Clopper and Pearson."""
    low = beta.ppf(0.025, n_said, n - n_said + 1) if n_said else 0.0
    return low, beta.ppf(0.975, n_said + 1, n - n_said) if n_said < n else 1.0


def measure(name, said, sources, n_draws):
    """Print the share of draws in which something is said, source by source."""
    for number, source in enumerate(sources):
        if source not in (sys.argv[3:] or sources):
            continue
        began, seen = time.perf_counter(), []
        for k in range(n_draws):
            seen.append(said(np.random.default_rng([n_draws, number, k]), source))
        counts = np.sum(seen, axis=0)
        worst = int(counts.max())
        low, high = bounds(worst, n_draws)
        shares = " ".join(f"{one / n_draws:.3f}" for one in counts)
        took = time.perf_counter() - began
        print(f"{name}, {source}: said in {shares} of {n_draws} draws; the most {worst}, "
              f"{low:.3f} to {high:.3f}; {took:.0f} s", flush=True)  # fmt: skip


def main():
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else N_DRAWS
    os.environ["TQDM_DISABLE"] = "1"
    warnings.simplefilter("ignore")
    films = [*MADE, *real_films()]
    parts = {"worth": (worth_said, WORTH), "leaks": (leaks_said, films),
             "models": (models_said, films)}  # fmt: skip
    for name in sys.argv[2:3] or parts:
        measure(name, *parts[name], n_draws)


if __name__ == "__main__":
    main()
