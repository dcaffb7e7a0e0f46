"""What ``chance`` and ``score`` of a shared piece say, against planted truths and strangers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from insides import shared_pieces
from scipy import stats
from test_evidence import shots, table, unit, white

import twlab as tw
from twlab.table import LONGEST_GAP, on_grid, times_of, unit_vectors

pytestmark = pytest.mark.numbers


def series(rng: np.random.Generator, n: int) -> np.ndarray:
    """Clips that drift: each is like the one before it."""
    out = rng.normal(size=(n, 128))
    for k in range(1, n):
        out[k] = 0.9 * out[k - 1] + np.sqrt(1 - 0.81) * out[k]
    return unit(out)


def footage(rng: np.random.Generator, n: int) -> np.ndarray:
    """Shots within scenes, of a few strong directions, on a common base."""
    strength = np.arange(1, 257) ** -0.5
    shot, scene, own = (rng.normal(size=(n, 256)) * strength for _ in range(3))
    shot = np.repeat(shot, rng.integers(1, 9, size=n), axis=0)[:n]
    scene = np.repeat(scene, rng.integers(8, 25, size=n), axis=0)[:n]
    drawn = shot + 0.7 * scene + 0.4 * own
    return unit(drawn / np.linalg.norm(drawn, axis=1).mean() + 1.5 / 16)


@pytest.mark.once
@pytest.mark.parametrize("make", [white, shots, series, footage])
@pytest.mark.parametrize("period", [None, 8])
def test_chance_is_no_less_than_it_says(
    make: Any, period: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pieces, "MOST_CHANCE", 1.0)
    least = []
    for seed in range(20):
        rng = np.random.default_rng(8100 + seed)
        a, b = make(rng, 40), make(rng, 55)
        if period:
            a[3::period] = b[5::period] = np.eye(1, a.shape[1])
        found = tw.align(table(a, "a"), table(b, "b"))
        least.append(found["chance"].min() if len(found) else 1.0)
    for nominal in (0.01, 0.02, 0.05, 0.2):
        n_said = int((np.array(least) <= nominal).sum())
        assert stats.binom.sf(n_said - 1, len(least), nominal) > 0.01


@pytest.mark.once
def test_the_higher_the_score_the_more_often_it_is_right() -> None:
    said = []
    for seed in range(60):
        rng = np.random.default_rng(8200 + seed)
        film, other = footage(rng, 100), footage(rng, 30)
        n, noise = int(rng.choice([3, 6, 12])), float(rng.choice([0, 0.5, 1, 1.4]))
        at = int(rng.integers(0, 100 - n))
        copy = unit(film[at : at + n] + noise * rng.normal(size=(n, 256)) / 16)
        found = tw.align(table(np.r_[other[:15], copy, other[15:]], "a"), table(film, "b"))
        for row in found.itertuples():
            middle = (row.a_start_sec + row.a_end_sec) / 12 - 15
            shift = (row.b_start_sec + row.b_end_sec) / 12 - middle - at
            said.append((row.score, -0.5 <= middle <= n + 0.5 and abs(shift) <= 1.5))
    right = np.array(sorted(said))[:, 1]
    lower, upper = np.array_split(right, 2)
    assert upper.mean() >= 0.95
    assert upper.mean() >= lower.mean()
    assert right.mean() >= 0.85


def test_chance_grows_with_the_length_of_either_video() -> None:
    rng = np.random.default_rng(8300)
    a, b, shared = white(rng, 240), white(rng, 240), white(rng, 3)
    a[10:13] = b[20:23] = shared

    def chance(n_a: int, n_b: int) -> float:
        return float(tw.align(table(a[:n_a], "a"), table(b[:n_b], "b"))["chance"].iloc[0])

    # Four times the length is twice the chance; the evidence is nearly the same.
    assert 1.3 < chance(240, 60) / chance(60, 60) < 3
    assert 1.3 < chance(60, 240) / chance(60, 60) < 3


def test_a_gap_of_hours_takes_no_cells() -> None:
    rng = np.random.default_rng(8301)
    film = white(rng, 30)
    start = np.r_[np.arange(15), 9000 + np.arange(15)] * 6.0
    late = table(film, "a").assign(start_sec=start, end_sec=start + 6)
    assert len(on_grid(unit_vectors(late), *times_of(late), 6.0).cells) <= 30 + LONGEST_GAP + 1
    found = tw.align(late, table(film, "b"))
    np.testing.assert_allclose(found["a_end_sec"].max(), start[-1] + 6, atol=3)
