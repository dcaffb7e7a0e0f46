"""Scenes: planted boundaries are found, and what must not matter does not."""

from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from insides import changepoints
from oracles import votes_of

import twlab as tw
from twlab.analysis.scenes import (
    Gram,
    Line,
    SceneMethod,
    chain_ward,
    corner_sums,
    cost_of,
    costs_of,
    cuts_of_count,
    cuts_of_price,
    moments_of,
    pieces_of,
    rise_without,
    vote,
)

pytestmark = pytest.mark.numbers

METHODS = get_args(SceneMethod)


def film(lengths: list[int], *, noise: float = 0.15, seed: int = 0) -> pd.DataFrame:
    """Scenes of the given numbers of 6 s clips; in each, two kinds of shots alternate."""
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    kinds = rng.normal(size=(len(lengths), 2, 32))
    kinds /= np.linalg.norm(kinds, axis=2, keepdims=True)
    scene = np.repeat(np.arange(len(lengths)), lengths)
    turn = np.concatenate([np.arange(k) % 2 for k in lengths])
    matrix = kinds[scene, turn] + noise * rng.normal(size=(n, 32)) / math.sqrt(32)
    rows = pd.DataFrame({"video_id": "a", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    rows["embedding_option"] = "visual"
    return tw.with_vectors(rows, matrix)


def starts(segments: pd.DataFrame, **settings: Any) -> list[float]:
    return tw.scenes(segments, **settings)["start_sec"].tolist()


LENGTHS = [12, 8, 15, 10, 9]
TRUE = [0.0, 72.0, 120.0, 210.0, 270.0]


@pytest.mark.parametrize("n_scenes", [None, 5])
def test_alternating_shots_stay_in_one_scene(n_scenes: int | None) -> None:
    found = tw.scenes(film(LENGTHS), n_scenes=n_scenes)
    assert found["start_sec"].tolist() == TRUE
    assert found["end_sec"].tolist() == [*TRUE[1:], 324.0]
    assert found["n_segments"].tolist() == LENGTHS
    assert math.isnan(found["strength"][0])
    assert (found["strength"][1:] > 0.75).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_plain_scenes_of_given_count(method: SceneMethod) -> None:
    rows = film([12, 8, 15, 10])
    plain = tw.with_vectors(rows, np.repeat(np.eye(4), [12, 8, 15, 10], axis=0))
    assert starts(plain, n_scenes=4, method=method) == TRUE[:4]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_scenes", [1, 2, 7, 45])
def test_as_many_scenes_as_asked_for(method: SceneMethod, n_scenes: int) -> None:
    found = tw.scenes(film([12, 8, 15, 10]), n_scenes=n_scenes, method=method)
    assert len(found) == n_scenes
    assert found["n_segments"].sum() == 45
    assert (found["start_sec"][1:].to_numpy() >= found["end_sec"][:-1].to_numpy()).all()


def partitions(n: int) -> list[np.ndarray]:
    """All ways to cut a line of n."""
    return [np.flatnonzero([k >> b & 1 for b in range(n - 1)]) + 1 for k in range(2 ** (n - 1))]


@pytest.mark.parametrize("as_sums", [True, False])
@pytest.mark.parametrize(("power", "level"), [(1.0, 0.0), (0.8, 0.1)])
def test_cuts_are_the_cheapest_of_all(
    rng: np.random.Generator, as_sums: bool, power: float, level: float
) -> None:
    unit, weight, toll = rng.normal(size=(9, 3)), rng.uniform(0.5, 2, 9), np.zeros(10)
    toll[1:-1] = rng.normal(size=8)
    weights = np.r_[0.0, weight.cumsum()]
    sums = np.r_[np.zeros((1, 3)), (unit * weight[:, None]).cumsum(axis=0)]
    line: Line | Gram = Line(sums, weights, np.zeros(10))
    if not as_sums:
        line = Gram(corner_sums(unit @ unit.T, weight), weights)

    def cost(cuts: np.ndarray) -> float:
        total = toll[cuts].sum()
        for a, b in itertools.pairwise(np.r_[0, cuts, 9]):
            block = unit[a:b] * weight[a:b, None]
            whole = weight[a:b].sum()
            total -= ((block @ block.T).sum() - level * whole**2) / whole**power
        return float(total)

    def of_pieces(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return cost_of(line.within(start, end), weights[end] - weights[start], power, level)

    every, costs = partitions(9), costs_of(pieces_of(line, 9), power, level)
    for n_pieces in range(1, 10):
        best = min((c for c in every if len(c) == n_pieces - 1), key=cost)
        mark = cuts_of_count(costs[None], toll[None, None], n_pieces, [of_pieces])
        np.testing.assert_array_equal(np.flatnonzero(mark[0, 0]), best)
    if power == 1.0:
        toll[:] = 0.0
        best = min(every, key=lambda cuts: cost(cuts) + 0.7 * len(cuts))
        np.testing.assert_array_equal(cuts_of_price(costs, 0.7), best)
        rise = [cost(np.delete(best, k)) - cost(best) for k in range(len(best))]
        np.testing.assert_allclose(rise_without(of_pieces, best, 9), rise, atol=1e-6)


def test_many_settings_at_once_are_each_alone(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = np.repeat(rng.normal(size=(6, 8)), 7, axis=0) + rng.normal(size=(42, 8))
    line = Gram(corner_sums(unit @ unit.T, np.ones(42)), np.arange(43.0))
    pieces = pieces_of(line, 42)
    costs = np.array([costs_of(pieces, power, 0.2) for power in (0.8, 1.0)])
    toll = rng.uniform(0, 3, size=(2, 3, 43))

    def price(power: float) -> Any:
        return lambda a, b: cost_of(line.within(a, b), (b - a).astype(float), power, 0.2)

    prices = [price(0.8), price(1.0)]
    together = cuts_of_count(costs, toll, 6, prices)
    assert (together.sum(axis=-1) == 5).all()
    for c, s in itertools.product(range(2), range(3)):
        alone = cuts_of_count(costs[c, None], toll[c, s, None, None], 6, [prices[c]])
        np.testing.assert_array_equal(together[c, s], alone[0, 0])
    # Penalties and thinning, the way of long lines, find the same or hardly dearer cuts.
    monkeypatch.setattr(changepoints, "MOST_STEPS", 0)
    quick = cuts_of_count(costs, toll, 6, prices)
    assert (quick.sum(axis=-1) == 5).all()
    assert (quick == together).mean() > 0.9


def test_the_vote_is_that_of_each_setting_by_itself() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        unit = np.repeat(rng.normal(size=(3, 8)), [5, 2, 4], axis=0) + rng.normal(size=(11, 8))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        length = rng.choice([4.0, 6.0, 9.0], size=11)
        end = length.cumsum()
        expected = votes_of(unit, end - length, end, 4)
        if expected is None:
            continue
        places, share = vote(moments_of(unit.astype(np.float32), end - length, end), 4)
        np.testing.assert_array_equal(places, np.arange(12))
        np.testing.assert_allclose(share, expected, atol=1e-9)


def test_equal_vectors_are_cut_into_any_number_by_penalties(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changepoints, "MOST_STEPS", 0)
    equal = tw.with_vectors(film([54]), np.ones((54, 8)))
    assert [len(starts(equal, n_scenes=k)) for k in (2, 7, 54)] == [2, 7, 54]


def test_ward_on_a_chain_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    from scipy import sparse
    from sklearn.cluster import AgglomerativeClustering

    matrix = rng.normal(size=(60, 5))
    chain = sparse.diags_array([np.ones(59), np.ones(59)], offsets=[-1, 1]).tocsr()
    labels = AgglomerativeClustering(9, linkage="ward", connectivity=chain).fit_predict(matrix)
    sums = np.r_[np.zeros((1, 5)), matrix.cumsum(axis=0)]
    cuts = chain_ward(sums, np.arange(61.0), 9, math.inf)
    np.testing.assert_array_equal(cuts, np.flatnonzero(np.diff(labels)) + 1)


def test_several_videos_and_options_at_once() -> None:
    audio = film(LENGTHS[::-1], seed=2).assign(embedding_option="audio")
    other = film([7, 9, 11], seed=1).assign(video_id="b")
    table = pd.concat([film(LENGTHS), audio, other], ignore_index=True).sample(
        frac=1, random_state=0
    )
    found = tw.scenes(table)
    keys = found[["video_id", "embedding_option"]].apply(tuple, axis=1)
    assert keys.drop_duplicates().tolist() == [("a", "audio"), ("a", "visual"), ("b", "visual")]
    assert found[keys == ("a", "visual")]["start_sec"].tolist() == TRUE
    assert found[keys == ("b", "visual")]["start_sec"].tolist() == [0.0, 42.0, 96.0]
    asked = tw.scenes(table, n_scenes={"b": 2})
    assert (asked["video_id"] == "b").sum() == 2
    medoids = table.loc[found["medoid"]]
    assert (medoids["start_sec"].to_numpy() >= found["start_sec"].to_numpy()).all()
    assert (medoids["end_sec"].to_numpy() <= found["end_sec"].to_numpy()).all()


def test_videos_called_by_numbers() -> None:
    table = film(LENGTHS).assign(video_id=7)
    found = tw.scenes(table, n_scenes={7: 3})  # type: ignore[dict-item]
    assert tw.scene_labels(table, found).value_counts(sort=False).index.tolist() == [0, 1, 2]
    assert tw.boundary_scores(found.assign(video_id=7), found)["f_measure"].tolist() == [1.0]
    with pytest.raises(tw.InputError, match=r"n_scenes names 'b', which is not a video .*are: 7"):
        tw.scenes(table, n_scenes={"7": 3, "b": 2})
    with pytest.raises(tw.InputError, match="scenes are a NoneType; pass what"):
        tw.scene_labels(table, None)  # type: ignore[arg-type]


def test_labels_follow_the_scenes() -> None:
    table = film(LENGTHS)
    whole = table.iloc[:1].assign(embedding_scope="video")
    both = pd.concat([table.assign(embedding_scope="clip"), whole], ignore_index=True)
    labels = tw.scene_labels(both, tw.scenes(both))
    assert labels.dtype == "Int64"
    assert labels.iloc[:-1].tolist() == np.repeat(range(5), LENGTHS).tolist()
    assert labels.isna().tolist() == [False] * 54 + [True]
    assert tw.scene_labels(both.assign(video_id="z"), tw.scenes(table)).isna().all()


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_option_is_an_option(missing: object) -> None:
    table = film(LENGTHS).assign(embedding_option=missing)
    found = tw.scenes(table)
    assert tw.scene_labels(table, found).tolist() == np.repeat(range(5), LENGTHS).tolist()
    scores = tw.boundary_scores(found, found.copy())
    assert scores["n_estimated"].tolist() == [5]
    assert scores["f_measure"].tolist() == [1]


def test_labels_of_what_are_no_scenes() -> None:
    table = film(LENGTHS)
    with pytest.raises(tw.InputError, match="scenes have no column 'video_id'"):
        tw.scene_labels(table, pd.DataFrame({"start_sec": [0.0]}))


@pytest.mark.filterwarnings("ignore:.* has no rows")
@pytest.mark.parametrize("method", METHODS)
def test_degenerate_videos_are_one_scene(method: SceneMethod) -> None:
    table = film(LENGTHS)
    one = table.iloc[:1]
    assert starts(one, method=method) == [0.0]
    equal = tw.with_vectors(table, np.ones((54, 8)))
    assert starts(equal, method=method) == [0.0]
    assert len(starts(equal, n_scenes=3, method=method)) == 3
    assert list(tw.scenes(table.iloc[:0], method=method).columns) == list(
        tw.scenes(table, method=method).columns
    )
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        assert starts(tw.with_vectors(table, np.zeros((54, 8))), method=method) == [0.0]


def test_a_still_picture_with_noise_is_one_scene(rng: np.random.Generator) -> None:
    still = np.ones(64) + 0.02 * rng.normal(size=(54, 64))
    assert starts(tw.with_vectors(film(LENGTHS), still)) == [0.0]


def test_zero_vectors_do_not_open_scenes() -> None:
    table = film(LENGTHS)
    matrix = tw.vectors(table).copy()
    matrix[[5, 25]] = 0
    with pytest.warns(tw.TwlabWarning, match="2 of 54"):
        assert starts(tw.with_vectors(table, matrix)) == TRUE


def test_a_split_segment_changes_nothing() -> None:
    table = film(LENGTHS)
    middle = table["start_sec"] + 3
    halves = [table.assign(end_sec=middle), table.assign(start_sec=middle)]
    cut = pd.concat([table.iloc[3:], *(half.iloc[:3] for half in halves)])
    assert starts(cut) == TRUE


def test_overlapping_segments_give_scenes_that_do_not() -> None:
    table = film([24, 16, 30, 20, 18])
    table["start_sec"] = np.arange(len(table)) * 3.0
    table["end_sec"] = table["start_sec"] + 6
    found = tw.scenes(table)
    assert found["start_sec"].tolist() == TRUE
    assert (found["end_sec"][:-1].to_numpy() == found["start_sec"][1:].to_numpy()).all()


def test_a_gap_ends_a_scene_at_its_last_segment() -> None:
    table = film(LENGTHS)
    table.loc[20:, ["start_sec", "end_sec"]] += 500.0
    found = tw.scenes(table)
    assert found["end_sec"][1] == 120.0
    assert found["start_sec"][2] == 620.0


@settings(max_examples=25, deadline=None)
@example(lengths=[6, 5, 7, 1], seed=632, factor=17.478, method="novelty")  # a tie of two heights
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    seed=st.integers(0, 1000),
    factor=st.floats(0.1, 20),
    method=st.sampled_from(METHODS),
)
def test_shift_scale_order_and_duplicates_do_not_matter(
    lengths: list[int], seed: int, factor: float, method: SceneMethod
) -> None:
    table = film(lengths, noise=0.8, seed=seed)
    found = np.array(starts(table, method=method))
    times = table[["start_sec", "end_sec"]]
    later = table.assign(**(times + 1000))
    np.testing.assert_allclose(np.array(starts(later, method=method)) - 1000, found, atol=1e-6)
    slower = table.assign(**(times * factor))
    np.testing.assert_allclose(np.array(starts(slower, method=method)) / factor, found, atol=1e-6)
    shuffled = table.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(starts(shuffled, method=method), found)
    twice = pd.concat([table, table.sample(frac=0.4, random_state=seed)])
    np.testing.assert_allclose(starts(twice, method=method), found)


@pytest.mark.once
def test_long_videos_are_cut_like_short_ones() -> None:
    lengths = [11, 9, 14] * 60
    parts = film(lengths, seed=3)
    assert len(parts) > changepoints.EXACT
    found = np.array(starts(parts))
    edges = np.r_[0, np.cumsum(lengths)] * 6.0
    scores = tw.boundary_scores([*edges], [*found, edges[-1]], tolerance_sec=3)
    assert scores["f_measure"][0] > 0.97
    assert len(starts(parts, n_scenes=180)) == 180
    assert len(starts(parts, n_scenes=3)) == 3


def test_refusals() -> None:
    table = film(LENGTHS)
    with pytest.raises(tw.InputError, match="method is 'magic'; one of linked"):
        tw.scenes(table, method="magic")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"n_scenes is 55 .* has 54 segments"):
        tw.scenes(table, n_scenes=55)
    with pytest.raises(tw.InputError, match="n_scenes is 0 "):
        tw.scenes(table, n_scenes=0)
    with pytest.raises(tw.InputError, match=r"n_scenes is 2.5; a whole number"):
        tw.scenes(table, n_scenes=2.5)  # type: ignore[arg-type]
