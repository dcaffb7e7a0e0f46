"""Which constants of :func:`twlab.diff` tell planted edits best.

    python tests/benchmarks/diff_limits.py [--only LEAST_LEFT]

Films of five sources (a folder ``shared`` beside the checkout; nothing of it is copied), each cut
anew four times: two parts left out, two put in, one replaced, one moved far and two neighbours
swapped; twice at whole clips and twice within them, all under noise. A stretch is right where the
same change is told of it with all times within a clip. Each source is left out in turn, and the
factor of each constant chosen on the others; printed is what it does in the one left out, and how
many stretches are told for one that is there.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
from bench_align import FOLDER, films

import twlab as tw

CONSTANTS = ("LEAST_GAP", "ALIKE_SHARE", "STILL", "LEAST_LEFT")
FACTORS = (0.5, 1.0, 2.0)
KINDS = ("delete", "insert", "replace", "swap", "take", "delete", "insert", "put")
N_CLIPS, N_PARTS, NOISE, FINE = 100, 96, 0.2, 20
N_SEEDS = 2
limits = importlib.import_module("twlab.analysis.copies.diffing")


class Part(NamedTuple):
    """A part of the second version: clips of the film, or of another one."""

    own: bool
    begin: float
    length: float


class Case(NamedTuple):
    """Two versions, and what changed: the change, and its ends in both, in clips."""

    a: pd.DataFrame
    b: pd.DataFrame
    truth: list[tuple[str, list[float]]]


def plant(rng, *, within):
    """The parts of a second version, and what changed."""
    kinds = list(rng.permutation(KINDS))
    take, put = kinds.index("take"), kinds.index("put")
    if take > put:
        kinds[take], kinds[put] = kinds[put], kinds[take]
    parts, truth, taken = [], [], []
    here = there = foreign = 0.0
    nan = np.nan

    def keep(change, begin, length):
        nonlocal there
        parts.append(Part(True, begin, length))
        truth.append((change, [begin, begin + length, there, there + length]))
        there += length

    def add(length):
        nonlocal there, foreign
        parts.append(Part(False, foreign, length))
        foreign, there = np.ceil(foreign + length), there + length

    for k, kind in enumerate(kinds):
        at = int((k + 0.5) * N_CLIPS / (len(kinds) + 0.5)) + rng.integers(-2, 3)
        length = float(rng.integers(3, 7))
        if within:
            at, length = (x + round(rng.uniform(-0.5, 0.5), 2) for x in (at, length))
        at = max(at, here + 1.5)
        keep("matched", here, at - here)
        here = at
        if kind == "delete":
            truth.append(("missing", [here, here + length, nan, nan]))
            here += length
        elif kind == "insert":
            truth.append(("added", [nan, nan, there, there + length]))
            add(length)
        elif kind == "replace":
            other = max(3.0, length + rng.integers(-2, 3)) if rng.random() < 0.5 else length
            truth.append(("changed", [here, here + length, there, there + other]))
            add(other)
            here += length
        elif kind == "take":
            taken.append((here, length))
            here += length
        elif kind == "put":
            keep("moved", *taken.pop())
        else:
            more = length + 1 + int(rng.integers(0, 3))
            keep("matched", here + length, more)
            keep("moved", here, length)
            here += length + more
    keep("matched", here, N_CLIPS - here)
    return parts, truth


def render(film, other, parts, rng):
    """The vectors of the second version, whose clips may lie over cuts, and its length in clips."""
    ends = np.cumsum([part.length for part in parts])
    n = int(np.ceil(ends[-1] - 1e-6))
    points = (np.arange(n * FINE) + 0.5) / FINE
    rows = np.zeros((len(points), film.shape[1]))
    for part, end in zip(parts, ends, strict=True):
        inside = np.flatnonzero((points >= end - part.length) & (points < end))
        source = film if part.own else other
        at = (part.begin + points[inside] - (end - part.length)).astype(int)
        rows[inside] = source[at.clip(0, len(source) - 1)]
    clips = rows.reshape(n, FINE, -1).sum(axis=1)
    clips /= np.linalg.norm(clips, axis=1, keepdims=True)
    return clips + NOISE * rng.normal(size=clips.shape) / clips.shape[1] ** 0.5, float(ends[-1])


def table(rows, video, end):
    start = np.arange(len(rows), dtype=float)
    plain = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 1.0})
    plain.loc[plain.index[-1], "end_sec"] = end
    return tw.with_vectors(plain.assign(embedding_option="visual"), rows.astype(np.float32))


def cases():
    """By the name of their source."""
    found = {}
    for name, *pair in films(FOLDER):
        turned = np.random.default_rng(0).normal(size=(pair[0].shape[1], N_PARTS)) / N_PARTS**0.5
        film, other = (one @ turned for one in pair)
        film, other = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (film, other))
        film = film[:N_CLIPS]
        for seed, within in itertools.product(range(N_SEEDS), (False, True)):
            rng = np.random.default_rng([seed, within])
            parts, truth = plant(rng, within=within)
            rows, end = render(film, other, parts, rng)
            case = Case(table(film, "a", float(N_CLIPS)), table(rows, "b", end), truth)
            found.setdefault(name.split(",")[0].split("_")[0], []).append(case)
    return found


def judge(case):
    """The share of stretches that are right, and how many are told for one that is there."""
    found = tw.diff(case.a, case.b)
    sides = found[["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec"]].to_numpy()
    free = np.ones(len(found), bool)
    right = 0
    for change, ends in case.truth:
        near = np.isclose(sides, ends, rtol=0, atol=1 + 1e-6, equal_nan=True).all(axis=1)
        fits = np.flatnonzero(near & free & found["change"].eq(change).to_numpy())
        right += bool(len(fits))
        free[fits[:1]] = False
    return right / len(case.truth), len(found) / len(case.truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=CONSTANTS)
    only = parser.parse_args().only
    drawn = cases()
    for name in CONSTANTS if only is None else (only,):
        usual, shares = getattr(limits, name), {}
        for factor in FACTORS:
            setattr(limits, name, usual * factor)
            shares[factor] = {s: np.mean([judge(c) for c in own], 0) for s, own in drawn.items()}
            print(name, usual * factor, {s: v.round(2).tolist() for s, v in shares[factor].items()})
        setattr(limits, name, usual)
        for left in drawn:
            mean = {
                factor: np.mean([share[0] for source, share in of.items() if source != left])
                for factor, of in shares.items()
            }
            best = max(FACTORS, key=lambda factor: (round(mean[factor], 6), factor == 1.0))
            print(f"  without {left}: {usual * best}, there {shares[best][left][0]:.2f}")
        means = itertools.starmap(lambda f, of: (f, np.mean([*of.values()], 0)), shares.items())
        print("  all:", {usual * factor: mean.round(3).tolist() for factor, mean in means})


if __name__ == "__main__":
    main()
