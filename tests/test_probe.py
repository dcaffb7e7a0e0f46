"""What vectors know of labels: planted labels are found, and random ones are not."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

import twlab as tw

pytestmark = pytest.mark.once

N_DIMS = 12


def films(
    n_films: int = 12, *, n: int = 20, gap: float = 3.0, run: int = 5, seed: int = 0
) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Films whose clips are of three kinds, in runs; each film has a look of its own."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(3, N_DIMS)) * gap / np.sqrt(2)
    kinds = np.repeat(rng.integers(0, 3, (n_films, n // run)), run, axis=1)
    looks = rng.normal(size=(n_films, 1, N_DIMS))
    vectors = centres[kinds] + looks + rng.normal(size=(n_films, n, N_DIMS))
    start = np.tile(np.arange(n) * 6.0, n_films)
    segments = tw.from_vectors(
        vectors.reshape(-1, N_DIMS),
        start_sec=start,
        end_sec=start + 6,
        video_id=[f"film {k:02}" for k in range(n_films) for _ in range(n)],
    )
    return segments, pd.Series(np.array(["a", "b", "c"])[kinds.ravel()], index=segments.index)


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, pd.Series[Any], tw.Probe]:
    segments, labels = films()
    half = labels.where(segments["start_sec"] < 60)
    return segments, labels, tw.probe(segments, half)


def test_planted_labels_are_found(planted: tuple[Any, Any, tw.Probe]) -> None:
    found = planted[2]
    assert found.labels == ("a", "b", "c")
    scores = found.scores.set_index("label")
    assert (scores["ap"] > 0.9).all()
    assert (scores["p_value"] <= 0.004).all()
    assert (scores["brier"] < scores["brier_chance"] / 2).all()
    assert scores["verdict"].str.startswith("found better than by chance").all()
    assert "3 of 3 labels are found better" in found.verdict
    assert found.verdict in repr(found)


def test_scores_count_what_was_labelled(planted: tuple[Any, Any, tw.Probe]) -> None:
    segments, labels, found = planted
    mine = labels[segments["start_sec"] < 60]
    assert found.scores["n_segments"].tolist() == [int((mine == x).sum()) for x in "abc"]
    videos = segments["video_id"].loc[mine.index]
    assert found.scores["n_groups"].tolist() == [videos[mine == x].nunique() for x in "abc"]
    np.testing.assert_allclose(found.scores["chance"], [(mine == x).mean() for x in "abc"])


def test_the_estimator_finds_them_in_films_it_never_saw(
    planted: tuple[Any, Any, tw.Probe],
) -> None:
    found = pickle.loads(pickle.dumps(planted[2]))
    segments, labels = films(seed=5)
    likely = found.estimator.predict_proba(tw.vectors(segments))
    assert likely.shape == (len(segments), 3)
    for k, label in enumerate(found.labels):
        truth = labels == label
        assert average_precision_score(truth, likely[:, k]) > 0.9
        # Calibrated: of clips with a probability of p, p have the label.
        for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0)):
            part = (likely[:, k] >= low) & (likely[:, k] <= high)
            if part.sum() >= 20:
                assert abs(likely[part, k].mean() - truth[part].mean()) < 0.15
    assert found.estimator.predict(tw.vectors(segments)).shape == (len(segments), 3)


def test_probabilities_are_calibrated_where_labels_are_hard() -> None:
    """Over six sets of films: what the scores promise for new films is what new films give."""
    promised, given, likely, truth = [], [], [], []
    for seed in range(6):
        segments, labels = films(10, n=15, gap=0.8, seed=seed)
        found = tw.probe(segments, labels == "a")
        fresh, kinds = films(10, n=15, gap=0.8, seed=1000 + seed)
        p = found.estimator.predict_proba(tw.vectors(fresh))[:, 0]
        y = (kinds == "a").to_numpy()
        promised.append(found.scores["brier"].iloc[0])
        given.append(brier_score_loss(y, p))
        likely.append(p)
        truth.append(y)
    assert abs(np.mean(promised) - np.mean(given)) < 0.03
    p, y = np.concatenate(likely), np.concatenate(truth)
    edges = np.quantile(p, [0, 0.25, 0.5, 0.75, 1])
    for low, high in itertools.pairwise(edges):
        part = (p >= low) & (p <= high)
        assert abs(p[part].mean() - y[part].mean()) < 0.09


def test_random_labels_are_at_chance_and_it_is_said() -> None:
    """Four times twenty labels at random, in runs: p-values as they should be, and it is said."""
    segments, _ = films(16, n=6, run=3)
    p, passed = [], []
    for seed in range(3, 7):
        rng = np.random.default_rng(seed)
        runs = np.repeat(rng.random((20, 32)) < 0.35, 3, axis=1)
        flags = pd.DataFrame(runs.T, index=segments.index, columns=[f"r{k:02}" for k in range(20)])
        found = tw.probe(segments, flags)
        scores = found.scores
        n_found = int(scores["verdict"].str.startswith("found better").sum())
        assert f"{n_found} of 20 labels are found better" in found.verdict
        assert abs((scores["ap"] - scores["chance"]).mean()) < 0.06
        assert scores["p_value"][scores["verdict"].str.startswith("no better")].gt(0.002).all()
        likely = found.estimator.predict_proba(tw.vectors(segments))
        assert np.abs(likely - scores["chance"].to_numpy()).mean() < 0.08
        p += scores["p_value"].tolist()
        passed.append(n_found > 0)
    assert sum(passed) < 2  # of four at one in twenty, two or more come once in 70
    assert 0.4 < np.mean(p) < 0.7
    assert sum(one < 0.1 for one in p) <= 15  # of 80, eight are expected; more once in 120


def offset_films(seed: int, n_films: int = 8) -> tuple[pd.DataFrame, Any]:
    """Films with a look each and nothing in common, and the number of each row's film."""
    rng = np.random.default_rng(seed)
    film = np.repeat(np.arange(n_films), 12)
    vectors = rng.normal(size=(len(film), 8)) + 3 * rng.normal(size=(n_films, 8))[film]
    start = np.tile(np.arange(12.0), n_films)
    names = [f"film {k}" for k in film]
    return tw.from_vectors(vectors, start_sec=start, end_sec=start + 1, video_id=names), film


@pytest.mark.parametrize("form", ["whole films", "half of a film"])
def test_labels_of_films_with_looks_of_their_own_are_not_found(form: str) -> None:
    """Vectors have an offset per film, labels belong to films: p-values are as they should be."""
    p = []
    for seed in range(40):
        segments, film = offset_films(seed)
        side = np.random.default_rng(1000 + seed).permutation(8) < 4
        late = segments["start_sec"].to_numpy() >= 6
        truth = side[film] if form == "whole films" else side[film] == late
        p.append(tw.probe(segments, truth, n_next=1).scores["p_value"].iloc[0])
    assert sum(one <= 0.05 for one in p) <= 6  # of 40, two are expected; more once in 290
    assert 0.36 < np.mean(p) < 0.66


def test_many_labels_are_judged_together() -> None:
    """A planted label among nineteen of chance is found, and none of those."""
    segments, labels = films(16, n=6, run=3)
    runs = np.random.default_rng(0).random((20, 32)) < 0.35
    truth = pd.DataFrame(np.repeat(runs, 3, axis=1).T, index=segments.index)
    truth[0] = labels == "a"
    scores = tw.probe(segments, truth, n_next=1).scores
    assert scores["p_value"].iloc[0] <= 0.01
    assert scores["verdict"].str.startswith("found better").tolist() == [True] + [False] * 19


def test_more_rows_than_are_dealt_are_thinned() -> None:
    segments, labels = films(8, n=300, run=50)
    labels = labels.where(segments["video_id"] != "film 03", None)
    scores = tw.probe(segments, labels, n_next=1).scores
    assert (scores["p_value"] <= 0.02).all()


@pytest.mark.parametrize("form", ["too few films", "the same time in all films"])
def test_labels_that_cannot_be_exchanged_have_no_p_value(form: str) -> None:
    segments, labels = films(3 if form == "too few films" else 8, n=40)
    truth = labels == "a" if form == "too few films" else segments["start_sec"] < 30
    found = tw.probe(segments, truth)
    scores = found.scores.iloc[0]
    assert scores["verdict"].startswith("cannot tell: the labels of")
    assert np.isnan(scores["p_value"])
    assert scores["ap"] > 0
    assert found.verdict.startswith("cannot tell whether 1 of 1 labels")


def test_seven_films_can_just_be_told_apart_and_six_cannot() -> None:
    """Three of seven have the label: 35 ways; of three of six, ten, as either side is as good."""
    rng = np.random.default_rng(0)
    film = np.repeat(np.arange(7), [9, 10, 11, 12, 13, 14, 15])
    side = np.eye(8)[0] * 6 * (film < 3)[:, None]
    start = np.arange(len(film)) * 1.0
    vectors = side + rng.normal(size=(len(film), 8))
    names = [f"film {k}" for k in film]
    segments = tw.from_vectors(vectors, start_sec=start, end_sec=start + 1, video_id=names)
    scores = tw.probe(segments, film < 3, n_next=1).scores.iloc[0]
    assert scores["p_value"] < 0.05
    assert scores["verdict"].startswith("found better than by chance")
    fewer = tw.probe(segments[film < 6], film[film < 6] < 3, n_next=1).scores.iloc[0]
    assert fewer["verdict"].startswith("cannot tell: the labels of 6 videos")


def test_rows_with_some_of_the_labels_are_warned_of() -> None:
    segments, labels = films(6, n=10)
    flags = pd.DataFrame({x: labels == x for x in "ab"}).astype("boolean")
    flags.iloc[:7, 0] = pd.NA
    with pytest.warns(tw.TwlabWarning, match="7 of 60 rows have some of the labels"):
        found = tw.probe(segments, flags)
    assert found.scores["n_segments"].tolist() == [int((labels[7:] == x).sum()) for x in "ab"]
    flags.iloc[7:, 1] = pd.NA
    with pytest.warns(tw.TwlabWarning):
        assert tw.probe(segments, flags).estimator is None


def test_a_split_that_mixes_clips_claims_too_much() -> None:
    """A label of whole films, at random: clips of a film give it away, other films do not."""
    segments, _ = films(20, n=8, run=4)
    rng = np.random.default_rng(1)
    of_film = dict(zip(segments["video_id"].unique(), rng.random(20) < 0.5, strict=True))
    found = tw.probe(segments, segments["video_id"].map(of_film).rename("old"))
    scores = found.scores.iloc[0]
    assert scores["label"] == "old"
    assert scores["leaky_ap"] > scores["ap"] + 0.1
    assert scores["ap"] < 0.75
    assert scores["verdict"].startswith("no better than chance")


def test_more_labels_are_better_and_the_curve_says_so(planted: tuple[Any, Any, tw.Probe]) -> None:
    curve = planted[2].curve
    assert curve["n_labels"].is_monotonic_increasing
    assert curve["n_labels"].tolist()[:2] == [10, 30]
    assert curve["ap"].iloc[0] < curve["ap"].iloc[1] <= curve["ap"].iloc[-1] + 0.02
    assert (curve["ap_low"] <= curve["ap"]).all()
    assert (curve["ap"] <= curve["ap_high"]).all()
    assert curve["ap"].iloc[-1] == pytest.approx(planted[2].scores["ap"].mean())


def test_next_is_unlabelled_uncertain_and_varied(planted: tuple[Any, Any, tw.Probe]) -> None:
    segments, _, found = planted
    asked = found.next
    assert len(asked) == 20
    assert (segments["start_sec"].loc[asked.index] >= 60).all()
    free = segments[segments["start_sec"] >= 60]
    likely = found.estimator.predict_proba(tw.vectors(free))
    bits = -(likely * np.log2(likely) + (1 - likely) * np.log2(1 - likely)).sum(axis=1)
    assert asked["uncertainty"].mean() > bits.mean()
    assert asked["video_id"].nunique() >= 6
    by_index = pd.DataFrame(likely, index=free.index)
    np.testing.assert_allclose(asked["probability"], by_index.loc[asked.index].max(axis=1))


def test_without_labels_it_asks_for_each_kind() -> None:
    segments, labels = films(gap=8.0)
    with pytest.warns(tw.TwlabWarning, match="0 labelled clips of 0 videos do not say"):
        found = tw.probe(segments, [None] * len(segments), n_next=3)
    assert set(labels.loc[found.next.index]) == {"a", "b", "c"}
    assert found.estimator is None
    assert found.scores.empty
    assert found.curve.empty


def same(a: tw.Probe, b: tw.Probe) -> None:
    numbers = ["n_segments", "n_groups", "chance", "ap", "leaky_ap", "brier", "p_value"]
    pd.testing.assert_frame_equal(a.scores[numbers], b.scores[numbers], rtol=1e-4)
    pd.testing.assert_frame_equal(a.curve, b.curve, rtol=1e-4)
    assert a.next.index.tolist() == b.next.index.tolist()


def test_order_scale_and_doubles_do_not_matter(rng: np.random.Generator) -> None:
    segments, labels = films(8, n=10)
    labels = labels.where(segments["start_sec"] < 48)
    want = tw.probe(segments, labels, n_next=5)
    order = rng.permutation(len(segments))
    same(tw.probe(segments.iloc[order], labels, n_next=5), want)
    exponents = np.where(rng.random(len(segments)) < 0.5, -100.0, 100.0)
    for scale in (2.0**-100, 2.0**100, 2.0 ** exponents[:, None]):
        scaled = tw.with_vectors(segments, tw.vectors(segments) * np.float32(scale))
        same(tw.probe(scaled, labels, n_next=5), want)
        likely = want.estimator.predict_proba(tw.vectors(segments))
        np.testing.assert_array_equal(want.estimator.predict_proba(tw.vectors(scaled)), likely)
    later = segments.assign(
        start_sec=segments["start_sec"] + 1000, end_sec=segments["end_sec"] + 1000
    )
    same(tw.probe(later, labels, n_next=5), want)
    known = labels.notna()
    double = pd.concat([segments, segments[known]], ignore_index=True)
    twice = pd.concat([labels, labels[known]], ignore_index=True)
    got = tw.probe(double, twice, n_next=5)
    assert got.scores["n_segments"].tolist() == want.scores["n_segments"].tolist()
    np.testing.assert_allclose(got.scores["ap"], want.scores["ap"], atol=0.02)
    whole = tw.probe(pd.concat([segments] * 2), pd.concat([labels] * 2), n_next=len(segments))
    assert not whole.next.duplicated(["video_id", "start_sec"]).any()
    pd.testing.assert_frame_equal(whole.scores, want.scores)


def test_vectors_that_say_nothing_give_nothing_away() -> None:
    segments, labels = films(5, n=10)
    constant = tw.with_vectors(segments, np.ones((len(segments), 4), np.float32))
    flat = tw.probe(constant, labels == "a").scores.iloc[0]
    assert flat["verdict"].startswith("no better than chance")
    assert flat["ap"] == pytest.approx(flat["chance"], abs=0.15)


@pytest.mark.parametrize("n_films", [1, 2])
def test_too_few_videos_say_nothing(n_films: int) -> None:
    segments, labels = films(n_films, n=40)
    with pytest.warns(tw.TwlabWarning, match=r"must be given and denied in 3 videos at least"):
        found = tw.probe(segments, labels)
    assert found.estimator is None
    assert found.scores["ap"].isna().all()
    assert found.scores["verdict"].str.match("cannot tell: [012] of the labelled videos").all()
    parts = (segments["start_sec"] // 30).astype(int).astype(str) + segments["video_id"]
    assert tw.probe(segments, labels, groups=parts).estimator is not None


def test_a_rare_label_is_passed_over_and_the_others_are_not() -> None:
    segments, labels = films(8, n=10)
    rare = labels.where(segments["video_id"] != "film 00", "rare")
    found = tw.probe(segments, rare)
    scores = found.scores.set_index("label")
    assert np.isnan(scores.loc["rare", "ap"])
    assert scores.loc["rare", "verdict"].startswith("cannot tell: 1 of the labelled videos have")
    assert scores.drop("rare")["ap"].notna().all()
    likely = found.estimator.predict_proba(tw.vectors(segments))
    column = likely[:, found.labels.index("rare")]
    assert np.ptp(column) == 0
    assert column[0] == pytest.approx(scores.loc["rare", "chance"], abs=0.02)


def test_rows_nobody_looked_at_teach_nothing() -> None:
    segments, labels = films(10, n=10)
    spans = tw.to_spans(segments, labels)
    flags = tw.annotate(segments, spans[spans["video_id"] < "film 06"])
    found = tw.probe(segments, flags, n_next=4)
    assert found.scores["n_segments"].sum() == 60
    assert (found.next["video_id"] >= "film 06").all()


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        ("nothing", {}, "has no such column"),
        (["a"], {}, "labels has 1 entries for 40 rows"),
        (["a"] * 40, {"groups": "nothing"}, "groups is 'nothing'"),
        (["a"] * 40, {"groups": [None] * 40}, "groups are missing in 40 rows"),
        (["a"] * 40, {"n_next": 0}, "n_next is 0"),
        (pd.DataFrame({"x": range(40)}), {}, "column 'x' of the labels is int64"),
        (pd.DataFrame(index=range(40)), {}, "labels is a DataFrame without columns"),
        (pd.DataFrame([[True, False]] * 40, columns=["x", "x"]), {}, "two columns called 'x'"),
        (["a"] * 40, {"random_state": -1}, "random_state is -1"),
        (["a"] * 40, {"random_state": "x"}, "random_state is 'x'"),
    ],
)
def test_what_is_wrong_is_said(labels: Any, more: dict[str, Any], message: str) -> None:
    segments, _ = films(4, n=10)
    with pytest.raises(tw.InputError, match=message):
        tw.probe(segments, labels, **more)


def test_options_are_not_mixed() -> None:
    segments, labels = films(4, n=10)
    options = np.where(np.arange(len(segments)) % 2, "visual", "audio")
    with pytest.raises(tw.InputError, match="option"):
        tw.probe(segments.assign(embedding_option=options), labels)


def test_groups_are_called_by_their_name_and_rows_that_count_are_told() -> None:
    segments, labels = films(8, n=10)
    table = segments.assign(season=segments["video_id"].str[-1])
    flags = pd.DataFrame({"a": labels == "a", "b": labels == "b"}).astype("boolean")
    flags.loc[segments["start_sec"] >= 48, "b"] = None
    with pytest.warns(tw.TwlabWarning, match="16 of 80 rows have some of the labels"):
        found = tw.probe(table, flags, groups="season")
    assert found.verdict.endswith("counted are 64 labelled clips of 8 groups of 'season'")
    verdicts = " ".join([found.verdict, *found.scores["verdict"]])
    assert "video" not in verdicts
    assert "in groups of 'season' that gave no label" in verdicts
    assert (
        "64 labelled clips of 8 videos"
        in tw.probe(table, flags.dropna().reindex(table.index)).verdict
    )
