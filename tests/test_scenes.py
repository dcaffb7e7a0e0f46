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

import twlab as tw
from twlab.changepoints import chain_ward, cheapest_cuts, cuts_of_count, saved_by
from twlab.scenecuts import moments_of
from twlab.segmentation import Method

METHODS = get_args(Method)


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
    assert (found["strength"][1:] > 0.9).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_plain_scenes_of_given_count(method: Method) -> None:
    rows = film([12, 8, 15, 10])
    plain = tw.with_vectors(rows, np.repeat(np.eye(4), [12, 8, 15, 10], axis=0))
    assert starts(plain, n_scenes=4, method=method) == TRUE[:4]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_scenes", [1, 2, 7, 45])
def test_as_many_scenes_as_asked_for(method: Method, n_scenes: int) -> None:
    found = tw.scenes(film([12, 8, 15, 10]), n_scenes=n_scenes, method=method)
    assert len(found) == n_scenes
    assert found["n_segments"].sum() == 45
    assert (found["start_sec"][1:].to_numpy() >= found["end_sec"][:-1].to_numpy()).all()


def test_cuts_are_the_cheapest_of_all(rng: np.random.Generator) -> None:
    moments = moments_of(
        rng.normal(size=(9, 3)).astype(np.float32), np.arange(9.0), np.arange(9.0) + 1
    )
    line = moments.line(moments.unit.astype(float), power=0.9, level=0.1)
    line.toll[1:-1] = rng.normal(size=8)

    def cost(cuts: np.ndarray) -> float:
        edges = np.r_[0, cuts, 9]
        total = line.toll[cuts].sum()
        for a, b in itertools.pairwise(edges):
            block = moments.unit[a:b].astype(float)
            total -= ((block @ block.T).sum() - 0.1 * (b - a) ** 2) / (b - a) ** 0.9
        return float(total)

    every = [np.flatnonzero([k >> b & 1 for b in range(8)]) + 1 for k in range(256)]
    best = min(every, key=lambda cuts: cost(cuts) + 0.7 * len(cuts))
    found = cheapest_cuts(line, 0.7)
    np.testing.assert_array_equal(found, best)
    rise = [cost(np.delete(found, k)) - cost(found) - 0.7 for k in range(len(found))]
    np.testing.assert_allclose(saved_by(line, found, 0.7), rise, atol=1e-5)
    for n_pieces in (2, 5):
        of_count = min((c for c in every if len(c) == n_pieces - 1), key=cost)
        assert cost(cuts_of_count(line, n_pieces)) <= cost(of_count) + 0.5
        assert len(cuts_of_count(line, n_pieces)) == n_pieces - 1


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
    with pytest.raises(tw.InputError, match=r"n_scenes names 'b', which is no video .*are: 7"):
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


@pytest.mark.parametrize("method", METHODS)
def test_degenerate_videos_are_one_scene(method: Method) -> None:
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
    lengths: list[int], seed: int, factor: float, method: Method
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


def test_long_videos_are_cut_like_short_ones() -> None:
    parts = film([11, 9, 14] * 100, seed=3)
    found = np.array(starts(parts))
    true = np.r_[0, np.cumsum([11, 9, 14] * 100)[:-1]] * 6.0
    scores = tw.boundary_scores([*true, 20400.0], [*found, 20400.0], tolerance_sec=3)
    assert scores["f_measure"][0] > 0.97
    assert len(starts(parts, n_scenes=300)) == 300
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
