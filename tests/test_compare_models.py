"""Two models on the same films: oracles, chance that keeps time, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from test_chance import drifting, shots, smooth, titled, unit

import twlab as tw
from twlab.analysis.models import interval

pytestmark = pytest.mark.numbers


def film(matrix: Any, video: str = "v", clip_sec: float = 6.0, **columns: Any) -> pd.DataFrame:
    start = clip_sec * np.arange(len(matrix))
    rows = pd.DataFrame({"video_id": [video] * len(matrix), "start_sec": start})
    rows["end_sec"] = start + clip_sec
    return tw.with_vectors(rows.assign(**columns), np.asarray(matrix, np.float32))


def films(rng: np.random.Generator, lengths: Any, d: int = 12, rho: float = 0.8) -> pd.DataFrame:
    tables = [film(smooth(rng, n, d, rho), f"film {k}") for k, n in enumerate(lengths)]
    return pd.concat(tables, ignore_index=True)


def add_noise(table: pd.DataFrame, rng: np.random.Generator, size: float) -> pd.DataFrame:
    matrix = tw.vectors(table)
    return tw.with_vectors(table, matrix + size * rng.normal(size=matrix.shape))


def values(found: tw.ModelComparison) -> pd.Series:
    return found.measures.set_index("measure")["value"]


LENGTHS = [24, 30, 27, 25, 33, 29]
BY_PAIR = ["cka", "rank_agreement", "neighbors", "agreement", "retrieval"]


@pytest.fixture(scope="module")
def seen() -> pd.DataFrame:
    return films(np.random.default_rng(3), LENGTHS)


@pytest.fixture(scope="module")
def noisy(seen: pd.DataFrame) -> pd.DataFrame:
    return add_noise(seen, np.random.default_rng(4), 0.8)


@pytest.fixture(scope="module")
def compared(seen: pd.DataFrame, noisy: pd.DataFrame) -> tw.ModelComparison:
    return tw.compare_models(seen, noisy)


def unbiased_hsic(first: np.ndarray, second: np.ndarray) -> float:
    """Song et al. (2012), equation 5, term by term."""
    n = len(first)
    left, right = (matrix - np.diag(np.diag(matrix)) for matrix in (first, second))
    one = np.ones(n)
    alike = np.trace(left @ right)
    whole = (one @ left @ one) * (one @ right @ one) / ((n - 1) * (n - 2))
    return float(alike + whole - 2 / (n - 2) * (one @ left @ right @ one)) / (n * (n - 3))


def test_measures_against_their_definitions(rng: np.random.Generator) -> None:
    a, b = (unit(smooth(rng, 40, 5, 0.6)) for _ in range(2))
    b[:, :3] += a[:, :3]
    b = unit(b)
    found = values(tw.compare_models(film(a), film(b)))
    first, second = a @ a.T, b @ b.T
    size = np.sqrt(unbiased_hsic(first, first) * unbiased_hsic(second, second))
    assert found["cka"] == pytest.approx(unbiased_hsic(first, second) / size, abs=1e-5)
    pairs = np.triu_indices(40, 1)
    assert found["rank_agreement"] == pytest.approx(
        spearmanr(first[pairs], second[pairs])[0], abs=1e-5
    )
    shared = 0
    for i in range(40):
        near = [set(np.argsort(-np.delete(matrix[i], i))[:10]) for matrix in (first, second)]
        shared += len(near[0] & near[1])
    assert found["neighbors"] == pytest.approx(shared / 400)


def test_agreement_is_that_of_options(rng: np.random.Generator) -> None:
    a, b = (film(shots(rng, 80, 8), embedding_option=name) for name in ("audio", "visual"))
    both = pd.concat([a, add_noise(a, rng, 0.5).assign(embedding_option="visual")])
    row = tw.compare_models(both).measures.set_index("measure").loc["agreement"]
    options = tw.compare_options(both).iloc[0]
    assert row["value"] == pytest.approx(options["agreement"])
    assert row["p_value"] == pytest.approx(options["p_value"])
    strangers = tw.compare_models(a, b)
    assert strangers.measures["verdict"].ne("more than chance").all()
    assert strangers.measures["low"].isna().all()


@pytest.mark.once
def test_noise_lowers_every_measure(seen: pd.DataFrame) -> None:
    levels = [0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.1, 1.5, 2.0, 2.7]
    noise = np.random.default_rng(5).normal(size=tw.vectors(seen).shape)
    found = [
        values(tw.compare_models(seen, tw.with_vectors(seen, tw.vectors(seen) + level * noise)))
        for level in levels
    ]
    for name in BY_PAIR:
        series = [one[name] for one in found]
        assert series[0] == pytest.approx(1, abs=1e-4)
        assert all(np.diff(series) < 0), (name, series)


def test_kin_are_told_and_strangers_not(compared: tw.ModelComparison, seen: pd.DataFrame) -> None:
    told = compared.measures.set_index("measure")
    assert (told.loc[BY_PAIR, "verdict"] == "more than chance").all()
    assert (told.loc[BY_PAIR, "low"] > told.loc[BY_PAIR, "chance"]).all()
    other = films(np.random.default_rng(6), LENGTHS)
    strangers = tw.compare_models(seen, other).measures.set_index("measure")
    assert (strangers.loc[BY_PAIR, "verdict"] == "no more than chance").all()


@pytest.mark.once
def test_a_high_cka_of_smooth_strangers_is_told_as_chance() -> None:
    rng = np.random.default_rng(11)
    a, b = (
        pd.concat(
            [film(30 + np.cumsum(rng.normal(size=(100, 6)), axis=0), f"film {k}") for k in range(5)]
        )
        for _ in range(2)
    )
    row = tw.compare_models(a, b).measures.set_index("measure").loc["cka"]
    assert row["chance_95"] > 0.5
    assert row["verdict"] == "no more than chance"


def test_order_scale_and_doubles_do_not_matter(
    compared: tw.ModelComparison, seen: pd.DataFrame, noisy: pd.DataFrame
) -> None:
    rng = np.random.default_rng(7)
    turned = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    other = tw.with_vectors(noisy, 3 * tw.vectors(noisy) @ turned)
    other = pd.concat([other, other.iloc[5:9]]).sample(frac=1, random_state=1)
    again = tw.compare_models(seen.sample(frac=1, random_state=2), other)
    numbers = ["value", "low", "high", "chance", "p_value"]
    np.testing.assert_allclose(
        again.measures[numbers].astype(float), compared.measures[numbers].astype(float), atol=2e-3
    )
    np.testing.assert_allclose(again.clips["agreement"], compared.clips["agreement"], atol=1e-3)
    later = [table.assign(start_sec=table["start_sec"] + 90, end_sec=table["end_sec"] + 90)
             for table in (seen, noisy)]  # fmt: skip
    pd.testing.assert_frame_equal(tw.compare_models(*later).measures, compared.measures)


def test_both_ways_round_are_the_same(
    compared: tw.ModelComparison, seen: pd.DataFrame, noisy: pd.DataFrame
) -> None:
    turned = tw.compare_models(noisy, seen)
    np.testing.assert_allclose(values(turned)[BY_PAIR], values(compared)[BY_PAIR], atol=1e-9)
    assert (turned.measures["verdict"] == compared.measures["verdict"]).all()


def test_clips_that_differ_are_found(seen: pd.DataFrame) -> None:
    matrix = tw.vectors(seen).copy()
    changed = np.arange(40, 46)
    matrix[changed] = np.random.default_rng(8).normal(size=(6, 12))
    found = tw.compare_models(seen, tw.with_vectors(seen, matrix))
    assert set(found.clips["agreement"].nsmallest(6).index) == set(changed)
    assert len(found.a) == len(found.b) == len(found.clips) == len(seen)


def test_unequal_grids_are_joined_by_overlap(rng: np.random.Generator) -> None:
    path = np.repeat(shots(rng, 60, 8), 6, axis=0)
    coarse = film(path.reshape(60, 6, 8).mean(axis=1), clip_sec=6)
    fine = film(path.reshape(180, 2, 8).mean(axis=1), clip_sec=2)
    found = tw.compare_models(coarse, fine)
    assert found.clips["start_sec"].tolist() == coarse["start_sec"].tolist()
    assert values(found)["cka"] == pytest.approx(1, abs=1e-4)
    late = fine.assign(start_sec=fine["start_sec"] + 60, end_sec=fine["end_sec"] + 60)
    with pytest.warns(tw.TwlabWarning, match="less than 90% of the time"):
        assert tw.compare_models(coarse, late).clips["start_sec"].min() == 60


def test_cuts_of_shots_are_taken_as_they_are(rng: np.random.Generator) -> None:
    ends = np.cumsum(rng.integers(2, 11, 40)).astype(float)
    table = film(shots(rng, 40, 6)).assign(start_sec=np.r_[0, ends[:-1]], end_sec=ends)
    found = tw.compare_models(table, table.copy())
    assert found.clips["end_sec"].tolist() == ends.tolist()


def test_one_table_of_two_models(seen: pd.DataFrame, noisy: pd.DataFrame) -> None:
    both = pd.concat([seen.assign(model_name="new"), noisy.assign(model_name="first")])
    found = tw.compare_models(both)
    assert found.names == ("first", "new")
    assert found.a["model_name"].unique().tolist() == ["first"]
    assert "first and new: 168 moments of 6 videos" in repr(found)
    assert "<table" in found._repr_html_()
    third = pd.concat([both, seen.assign(model_name="third")])
    with pytest.raises(tw.InputError, match=r"3 models or options .*two were expected; filter it"):
        tw.compare_models(third)
    with pytest.raises(tw.InputError, match="the table has 1 models or options"):
        tw.compare_models(seen)
    with pytest.raises(tw.InputError, match="a has 2 models or options"):
        tw.compare_models(both, seen)


def test_what_does_not_fit_is_said(seen: pd.DataFrame, noisy: pd.DataFrame) -> None:
    renamed = noisy.assign(video_id=noisy["video_id"].str.upper())
    with pytest.raises(tw.InputError, match=r"'film 0', .* 3 more and 'b' has 'FILM 0'"):
        tw.compare_models(seen, renamed)
    fewer = noisy[noisy["video_id"] != "film 2"]
    with pytest.warns(tw.TwlabWarning, match=r"1 only in 'a' \('film 2'\)"):
        assert tw.compare_models(seen, fewer).clips["video_id"].nunique() == 5
    with pytest.warns(tw.TwlabWarning, match="different lengths of 1 videos"):
        tw.compare_models(
            seen.assign(duration_sec=200.0),
            noisy.assign(duration_sec=np.where(noisy["video_id"] == "film 1", 190.0, 200.0)),
        )
    far = noisy.assign(start_sec=noisy["start_sec"] + 900, end_sec=noisy["end_sec"] + 900)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        with pytest.raises(tw.InputError, match="0 moments of the video"):
            tw.compare_models(seen, far)
    with pytest.raises(tw.InputError, match="a is 3; a table"):
        tw.compare_models(3)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="b has no clips"):
        tw.compare_models(seen, noisy.iloc[:0])


def test_short_videos_and_holes_are_left_out_with_a_word(
    seen: pd.DataFrame, noisy: pd.DataFrame
) -> None:
    short = pd.concat(
        [noisy[noisy["video_id"] != "film 1"], noisy[noisy["video_id"] == "film 1"].head(5)]
    )
    with pytest.warns(tw.TwlabWarning, match="fewer than 8 moments"):
        assert "film 1" not in set(tw.compare_models(seen, short).clips["video_id"])
    matrix = tw.vectors(noisy).copy()
    matrix[3] = 0
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        assert len(tw.compare_models(seen, tw.with_vectors(noisy, matrix)).clips) == len(seen) - 1


def test_a_model_that_sees_nothing_gives_no_verdict(seen: pd.DataFrame) -> None:
    blind = tw.with_vectors(seen, np.ones((len(seen), 4)))
    told = tw.compare_models(seen, blind).measures.set_index("measure")
    named = ["cka", "rank_agreement", "agreement"]
    assert (told.loc[named, "verdict"] == "cannot tell").all()
    assert told.loc["cka", "note"].startswith("nothing changes")
    assert (told["verdict"] != "more than chance").all()


def test_ties_count_in_part() -> None:
    """Of nine moments, three of them alike for one model, two neighbours are compared."""
    rng = np.random.default_rng(10)
    a, b = rng.normal(size=(2, 9, 5))
    a[[2, 5, 8]] = a[2]
    found = tw.compare_models(film(a), film(a))
    assert values(found)["neighbors"] == pytest.approx(1)
    order = [0, 1, 8, 3, 4, 2, 6, 7, 5]  # what is alike changes places, and b stays
    swapped = tw.compare_models(film(a[order]), film(b))
    assert values(tw.compare_models(film(a), film(b)))["cka"] == pytest.approx(
        values(swapped)["cka"]
    )


def test_an_interval_holds_the_mean_of_the_films_there_are() -> None:
    rng = np.random.default_rng(9)
    held = {n: 0 for n in (5, 12)}
    for n in held:
        for _ in range(300):
            low, high = interval(rng.beta(4, 2, n))
            held[n] += low <= 4 / 6 <= high
    assert all(0.87 <= count / 300 <= 0.985 for count in held.values()), held
    assert np.isnan(interval(rng.normal(size=4))).all()


@pytest.mark.once
@pytest.mark.parametrize("kind", ["smooth", "titled", "mixed"])
def test_strangers_are_called_kin_no_more_than_one_in_twenty(kind: str) -> None:
    """Films of unequal lengths, of one kind and of all."""
    makers = {
        "smooth": lambda rng, n: smooth(rng, n, 12, 0.8),
        "smoother": lambda rng, n: smooth(rng, n, 12, 0.97),
        "shots": lambda rng, n: shots(rng, n, 12),
        "drifting": lambda rng, n: drifting(rng, n, 12),
        "titled": lambda rng, n: titled(rng, n, 12),
    }
    names = [*makers, "shots"] if kind == "mixed" else [kind] * 6
    called, small = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        lengths = rng.integers(16, 34, len(names))
        tables = [
            pd.concat(
                [
                    film(makers[name](rng, n), f"film {k}")
                    for k, (name, n) in enumerate(zip(names, lengths, strict=True))
                ]
            )
            for _ in range(2)
        ]
        found = tw.compare_models(*tables).measures
        found = found.set_index("measure").loc[BY_PAIR]
        called.append(found["verdict"] == "more than chance")
        small.append(found["p_value"] <= 0.05)
    # Of 12 at one in twenty, 4 or more come once in 450.
    assert np.sum(called, axis=0).max() < 4, np.sum(called, axis=0)
    assert np.sum(small, axis=0).max() < 4, np.sum(small, axis=0)


@pytest.mark.once
def test_films_of_unlike_noise_share_no_hits_with_strangers() -> None:
    called = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        size = np.repeat(np.exp(0.6 * rng.normal(size=7)), 16)[:, None]
        noise = [3.0 * (np.arange(d) == 0) + rng.normal(size=(112, d)) * size for d in (12, 20)]
        a, b = (
            pd.concat([film(rows[16 * k : 16 * k + 16], f"film {k}") for k in range(7)])
            for rows in noise
        )
        row = tw.compare_models(a, b).measures.set_index("measure").loc["retrieval"]
        called += row["verdict"] == "more than chance"
        if row["verdict"] == "cannot tell":
            assert np.isnan(row["p_value"])
            assert row["note"]
    assert called <= 1  # five of these eight without a look at each film's own strangers


def test_what_is_most_alike_is_not_the_moment_beside() -> None:
    angle = 0.2 * np.arange(12)
    arc = film(np.column_stack([np.cos(angle), np.sin(angle)]))
    found = tw.compare_models(arc, arc).clips
    apart = (found["like_a_sec"] - found["start_sec"]).abs()
    assert apart.eq(12).all()  # of clips of 6 s the next but one
