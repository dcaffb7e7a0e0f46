"""Cut scenes are not shared, though neighbours are alike; passages that come twice are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_evidence import unit

import twlab as tw

pytestmark = pytest.mark.numbers

CLIP = 6.0
DIMS = 512


def table(matrix: np.ndarray, video: str) -> pd.DataFrame:
    start = np.arange(len(matrix)) * CLIP
    times = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + CLIP})
    return tw.with_vectors(times, matrix.astype(np.float32))


def film(rng: np.random.Generator, cosine: float) -> tuple[np.ndarray, np.ndarray]:
    """Clips of nine shots, those of a shot of this cosine similarity, and where shots start."""
    lengths = rng.integers(4, 8, size=9)
    shots = np.repeat(unit(rng.normal(size=(9, DIMS))), lengths, axis=0)
    own = rng.normal(size=shots.shape) / DIMS**0.5
    return unit(shots + np.sqrt(1 / cosine - 1) * own), np.r_[0, lengths.cumsum()]


def noisy(clips: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return unit(clips + noise * rng.normal(size=clips.shape) / DIMS**0.5)


def claimed(found: pd.DataFrame) -> np.ndarray:
    """Places in both videos, in clips, at every tenth of a clip of every piece."""
    places = [np.empty((0, 2))]
    for row in found.itertuples():
        at = np.arange(row.a_start_sec + 0.3, row.a_end_sec, 0.6)
        there = row.b_start_sec + (at - row.a_start_sec) * row.speed
        places.append(np.c_[at, there] / CLIP)
    return np.concatenate(places)


def n_found(found: pd.DataFrame, sources: np.ndarray) -> int:
    """How many clips of the first video are said to show the clips they do."""
    at, there = claimed(found).T
    shifts = sources - np.arange(len(sources))
    right = np.abs(there - at - shifts[np.floor(at).astype(int)]) < 0.3
    return len(np.unique(np.floor(at[right])))


@pytest.mark.once
@pytest.mark.parametrize(("cosine", "noise"), [(0.9, 0), (0.94, 0), (0.97, 0), (0.9, 0.15)])
@pytest.mark.parametrize("seed", range(20, 26))
def test_a_scene_that_was_cut_is_not_shared(cosine: float, noise: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clips, starts = film(rng, cosine)
    low = int(starts[rng.integers(2, 7)] + rng.integers(0, 2))
    high = low + 2
    kept = np.r_[np.arange(low), np.arange(high, len(clips))]
    whole, cut = table(clips, "whole"), table(noisy(clips[kept], noise, rng), "cut")
    at, there = claimed(tw.align(whole, cut)).T
    wrong = np.abs(there - np.where(at < low, at, at - 2)) > 0.5
    assert wrong[(at < low) | (at >= high)].sum() <= 1
    assert ((at >= low) & (at < high)).sum() <= 5
    assert len(np.unique(np.floor(at[~wrong]))) >= len(kept)
    back = tw.align(cut, whole)
    assert n_found(back, kept) == len(kept)


@pytest.mark.once
@pytest.mark.parametrize("noises", [(0, 0), (0.5, 0.5), (0, 0.6), (0.6, 0)])
@pytest.mark.parametrize("seed", range(30, 34))
def test_a_passage_shown_twice_is_found_twice(noises: tuple[float, float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    clips, _ = film(rng, 0.94)
    low, long = int(rng.integers(10, 15)), 8
    sources = np.r_[np.arange(low + long), np.arange(low, len(clips))]
    parts = np.split(clips[sources], [low + long])
    shown = [noisy(part, noise, rng) for part, noise in zip(parts, noises, strict=True)]
    found = tw.align(table(np.concatenate(shown), "recap"), table(clips, "film"))
    assert n_found(found, sources) >= len(sources) - 1
