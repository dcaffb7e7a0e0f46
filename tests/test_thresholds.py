"""Thresholds: what tells segments that belong together from others, and when nothing does."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from clips import table
from insides import thresholds

import twlab as tw

pytestmark = pytest.mark.numbers


def shots(rng: np.random.Generator, video: str, base: float) -> pd.DataFrame:
    kinds = np.repeat(rng.normal(size=(30, 64)), 5, axis=0)
    return table(base + kinds + 0.3 * rng.normal(size=(150, 64)), video=video)


@pytest.mark.parametrize("base", [0.0, 1.0])
def test_the_threshold_lies_between_like_and_unlike(rng: np.random.Generator, base: float) -> None:
    segments = pd.concat([shots(rng, "a", base), shots(rng, "b", base)], ignore_index=True)
    found = tw.threshold(segments).iloc[0]
    assert found["unrelated"] == "videos"
    assert found["unrelated_median"] < found["threshold"] < found["neighbours_median"]
    assert found["neighbours_kept"] > 0.75
    assert found["unrelated_kept"] < 0.02
    one = tw.threshold(segments[segments["video_id"] == "a"]).iloc[0]
    assert one["unrelated"] == "times"
    assert one["threshold"] == pytest.approx(found["threshold"], abs=0.15)


def test_pairs_behind_the_threshold(rng: np.random.Generator) -> None:
    segments = pd.concat([shots(rng, "a", 0.0), shots(rng, "b", 0.0)], ignore_index=True)
    pairs = tw.similarity_pairs(segments)
    assert (pairs["kind"] == "neighbours").sum() == 298
    assert pairs["similarity"].between(-1, 1).all()
    matrix = tw.cosine_similarity(segments)
    near = np.concatenate([np.diag(matrix[:150, :150], 1), np.diag(matrix[150:, 150:], 1)])
    ours = pairs[pairs["kind"] == "neighbours"]["similarity"]
    np.testing.assert_allclose(np.sort(ours), np.sort(near), atol=1e-5)
    far = pairs[pairs["kind"] == "far"]["similarity"]
    assert far.mean() == pytest.approx(matrix[:150, 150:].mean(), abs=0.02)


def test_the_order_of_videos_changes_no_threshold(rng: np.random.Generator) -> None:
    one, other = shots(rng, "a", 0.3), shots(rng, "b", 0.3)
    found = tw.threshold(pd.concat([one, other]))
    pd.testing.assert_frame_equal(tw.threshold(pd.concat([other, one])), found)


def test_pairs_are_different_pairs(rng: np.random.Generator) -> None:
    film = table(rng.normal(size=(26, 16)))
    two = pd.concat([film, film.assign(video_id="other")], ignore_index=True)
    assert tw.threshold(two)["n_unrelated"][0] == 26 * 26
    assert tw.threshold(film)["n_unrelated"][0] == 15 * 16 / 2  # at least 11 clips apart
    many = table(rng.normal(size=(1500, 4)))
    far = tw.similarity_pairs(many).query("kind == 'far'")["similarity"]
    assert len(far) == 100_000
    assert far.nunique() > 99_000
    truth = tw.cosine_similarity(many)[np.triu_indices(1500, 11)]
    assert far.mean() == pytest.approx(truth.mean(), abs=0.005)


@pytest.mark.parametrize("n", [2, 3, 895, 2829, 2830, 3_000_000])
def test_numbers_of_pairs_are_pairs(n: int) -> None:
    a, b = thresholds._different_pairs(n)
    assert ((a >= 0) & (a < b) & (b < n)).all()
    assert (
        len(np.unique(a * n + b)) == len(a) >= min(n * (n - 1) // 2, 4 * thresholds.SAMPLED_PAIRS)
    )


def test_nothing_to_tell_apart_has_no_threshold() -> None:
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(int(rng.integers(12, 200)), 32)) + rng.uniform(0, 2)
        found = tw.threshold(table(noise)).iloc[0]
        told += found["threshold"] == found["threshold"]
        assert np.isfinite(found["unrelated_median"])
    assert told <= 2


def test_precision_is_the_share_that_belongs_together() -> None:
    stated, true = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n_scenes = int(rng.integers(8, 40))
        scene = np.repeat(np.arange(n_scenes), 8)
        centres = rng.normal(size=(n_scenes, 24))
        film = table(centres[scene] + rng.uniform(0.3, 1.2) * rng.normal(size=(len(scene), 24)))
        pairs = np.triu_indices(len(film), 1)
        alike = (scene[:, None] == scene)[pairs]
        found = tw.threshold(film, base_rate=float(alike.mean())).iloc[0]
        above = tw.cosine_similarity(film)[pairs] >= found["threshold"] - 1e-6
        stated.append(found["precision"])
        true.append(alike[above].mean())
    assert np.abs(np.subtract(stated, true)).max() < 0.12
    assert np.mean(stated) == pytest.approx(np.mean(true), abs=0.04)
    assert np.ptp(true) > 0.3


@pytest.mark.parametrize("rate", [0, 1, "5 %", float("nan")])
def test_a_base_rate_is_a_share(rate: object) -> None:
    with pytest.raises(tw.InputError, match=r"base_rate is .*; a share between 0 and 1"):
        tw.threshold(table(np.eye(3)), base_rate=rate)


def test_too_few_segments_give_no_threshold() -> None:
    assert math.isnan(tw.threshold(table(np.eye(3)))["threshold"][0])
    whole = tw.threshold(table(np.eye(3)))
    for n in (0, 1):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = tw.threshold(table(np.eye(3)).iloc[:n])
        assert len(said) == (n == 0)
        assert len(found) == n
        pd.testing.assert_series_equal(found.dtypes, whole.dtypes)
        assert found["threshold"].isna().all()
