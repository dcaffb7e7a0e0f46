"""Vectors of whole videos and rows for clusters: against the formula, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

import twlab as tw

pytestmark = pytest.mark.numbers


def film(matrix: Any, **columns: Any) -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame(
        {
            "video_id": "a",
            "start_sec": np.arange(n) * 6.0,
            "end_sec": np.arange(n) * 6.0 + 6,
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "model_name": "m",
        },
        index=range(n),
    )
    return tw.with_vectors(rows, matrix).assign(**columns)


@pytest.fixture
def served(segments: pd.DataFrame) -> pd.DataFrame:
    """Both videos of the fixture, each with its clips and a whole-video row."""
    whole = tw.video_vectors(segments)[segments.columns]
    return pd.concat([segments, whole], ignore_index=True)


def test_the_mean_is_weighted_by_seconds(segments: pd.DataFrame) -> None:
    uneven = segments.assign(end_sec=segments["start_sec"] + np.arange(1, 16))
    found = tw.video_vectors(uneven)
    assert found["video_id"].tolist() == ["alpha", "beta"]
    assert found["n_segments"].tolist() == [10, 5]
    assert found["start_sec"].tolist() == [0, 0]
    assert found["end_sec"].tolist() == [64, 39]
    assert found["embedding_scope"].tolist() == ["video", "video"]
    matrix = tw.vectors(uneven).astype(float)
    for row, rows in enumerate((slice(0, 10), slice(10, 15))):
        expected = np.average(matrix[rows], axis=0, weights=np.arange(1, 16)[rows])
        np.testing.assert_allclose(tw.vectors(found)[row], expected, atol=1e-6)
    assert (np.linalg.norm(tw.vectors(found), axis=1) < 0.9).all()


def test_the_film_agrees_with_its_served_row() -> None:
    segments = tw.sample()
    mean, whole = tw.video_vectors(segments), tw.video_vectors(segments, scope="video")
    assert mean["n_segments"].tolist() == whole["n_segments"].tolist() == [100]
    assert tw.cosine_similarity(mean, whole)[0, 0] > 0.9999
    stored = segments.loc[segments["embedding_scope"] == "video", "embedding"].iloc[0]
    np.testing.assert_array_equal(tw.vectors(whole)[0], stored)


def test_the_result_is_a_table_of_segments(segments: pd.DataFrame) -> None:
    found = tw.video_vectors(segments.assign(filename=["x.mp4"] * 10 + ["y.mp4"] * 5))
    tw.check_segments(found)
    assert found["filename"].tolist() == ["x.mp4", "y.mp4"]
    assert len(tw.nearest(found, k=1)) == 2
    assert tw.cluster(found).notna().all()


def test_options_and_models_stay_apart(segments: pd.DataFrame) -> None:
    audio = tw.with_vectors(segments, np.ones((15, 3))).assign(embedding_option="audio")
    other = tw.with_vectors(segments, np.ones((15, 2))).assign(model_name=None)
    found = tw.video_vectors(pd.concat([segments, audio, other], ignore_index=True))
    assert found["embedding_option"].tolist() == ["visual"] * 2 + ["audio"] * 2 + ["visual"] * 2
    assert found["model_name"].fillna("-").tolist() == ["test"] * 4 + ["-"] * 2
    assert [len(cell) for cell in found["embedding"]] == [16, 16, 3, 3, 2, 2]
    assert found.index.tolist() == [*range(6)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_row_order_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = film(rng.normal(size=(12, 4)), video_id=rng.choice(["a", "b", "c"], 12))
    found = tw.video_vectors(table).set_index("video_id").sort_index()
    again = tw.video_vectors(table.sample(frac=1, random_state=seed))
    again = again.set_index("video_id").sort_index()
    np.testing.assert_allclose(tw.vectors(again), tw.vectors(found), atol=1e-6)
    pd.testing.assert_frame_equal(again.drop(columns="embedding"), found.drop(columns="embedding"))


def test_rows_without_time_weigh_the_same() -> None:
    table = film(np.eye(2), start_sec=np.nan, end_sec=np.nan)
    found = tw.video_vectors(table)
    assert tw.vectors(found).tolist() == [[0.5, 0.5]]
    assert found[["start_sec", "end_sec"]].isna().all(axis=None)
    moments = film(np.eye(2), start_sec=[1.0, 5.0], end_sec=[1.0, 5.0])
    assert tw.vectors(tw.video_vectors(moments)).tolist() == [[0.5, 0.5]]
    table.loc[0, ["start_sec", "end_sec"]] = 0.0, 6.0
    with pytest.raises(tw.InputError, match="1 of 2 segments of 'a' have no time"):
        tw.video_vectors(table)


@pytest.mark.parametrize("dtype", ["Float64", "float64", object])
def test_times_of_any_kind_may_all_be_missing(dtype: Any) -> None:
    none = pd.array([None] * 3, dtype="Float64").astype(dtype)
    found = tw.video_vectors(film(np.eye(3)).assign(start_sec=none, end_sec=none))
    assert found[["start_sec", "end_sec"]].isna().all().all()
    assert found["start_sec"].dtype == np.float64


def test_zero_vectors_weigh_nothing() -> None:
    with pytest.warns(tw.TwlabWarning, match="1 of 3 vectors are all zeros") as caught:
        found = tw.video_vectors(film([[2.0, 0], [0, 0], [0, 2]]))
    assert caught[0].filename == __file__
    assert tw.vectors(found).tolist() == [[1, 1]]
    with pytest.warns(tw.TwlabWarning):
        assert tw.vectors(tw.video_vectors(film(np.zeros((2, 2))))).tolist() == [[0, 0]]


def test_served_rows(served: pd.DataFrame, segments: pd.DataFrame) -> None:
    found = tw.video_vectors(served, scope="video")
    np.testing.assert_array_equal(tw.vectors(found), tw.vectors(tw.video_vectors(segments)))
    assert found["n_segments"].tolist() == [10, 5]
    twice = pd.concat([served, served.iloc[15:]])
    assert len(tw.video_vectors(twice, scope="video")) == 2
    other = tw.with_vectors(served, tw.vectors(served) * 2)
    with pytest.raises(tw.InputError, match="2 different whole-video vectors of 'alpha'"):
        tw.video_vectors(pd.concat([served, other]), scope="video")


def test_videos_without_the_scope_are_named(served: pd.DataFrame) -> None:
    says = r"no whole-video row for 'beta' \(visual\); .* scope='clip'"
    with pytest.raises(tw.InputError, match=says):
        tw.video_vectors(served.iloc[:16], scope="video")
    with pytest.raises(tw.InputError, match=r"no clip row for 'alpha' \(visual\), 'beta'"):
        tw.video_vectors(served.iloc[15:])
    many = film(np.ones((5, 2)), video_id=[*"abcde"])
    with pytest.raises(tw.InputError, match=r"'c' \(visual\) and 2 more"):
        tw.video_vectors(many, scope="video")


def test_video_vectors_refuses(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="scope is 'asset'; 'clip' or 'video'"):
        tw.video_vectors(segments, scope="asset")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="no column 'video_id'"):
        tw.video_vectors(segments.drop(columns="video_id"))


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_an_empty_table_has_no_videos(segments: pd.DataFrame) -> None:
    for scope in ("clip", "video"):
        found = tw.video_vectors(segments.iloc[:0], scope=scope)  # type: ignore[arg-type]
        assert len(found) == 0
        assert found.columns.tolist() == [*segments.columns[:-1], "embedding", "n_segments"]


def test_a_bare_table_is_enough() -> None:
    rows = film(np.eye(2))[["video_id", "start_sec", "end_sec", "embedding"]]
    found = tw.video_vectors(rows)
    assert found[["embedding_option", "model_name"]].isna().all(axis=None)


def test_cluster_summary_row_by_row(segments: pd.DataFrame, rng: np.random.Generator) -> None:
    labels = pd.Series(rng.integers(0, 3, size=15), index=segments.index)
    found = tw.cluster_summary(segments, labels)
    unit = tw.vectors(segments).astype(float)
    silhouette = silhouette_samples(unit, labels, metric="cosine")
    assert found["cluster"].tolist() == [0, 1, 2]
    for row in found.itertuples():
        mine = np.flatnonzero(labels == row.cluster)
        assert row.n_segments == len(mine)
        assert row.seconds == 6 * len(mine)
        assert row.n_videos == segments["video_id"].iloc[mine].nunique()
        medoid = mine[(unit[mine] @ unit[mine].T).mean(axis=1).argmax()]
        assert row.medoid == medoid
        assert row.medoid_video_id == segments["video_id"][medoid]
        assert row.medoid_start_sec == segments["start_sec"][medoid]
        mean = unit[mine].mean(axis=0)
        cosines = unit[mine] @ mean / np.linalg.norm(mean)
        assert row.cohesion == pytest.approx(cosines.mean(), abs=1e-6)
        assert row.silhouette == pytest.approx(silhouette[mine].mean(), abs=1e-6)


def test_overlapping_seconds_count_once() -> None:
    table = film(np.ones((4, 2)), start_sec=[0.0, 3, 20, 0], end_sec=[6.0, 9, 26, 6])
    table["video_id"] = ["a", "a", "a", "b"]
    assert tw.cluster_summary(table, [0, 0, 0, 0])["seconds"].tolist() == [9 + 6 + 6]
    assert tw.cluster_summary(table, [0, 1, 0, 0])["seconds"].tolist() == [18, 6]


def test_rows_without_a_label_take_no_part(segments: pd.DataFrame) -> None:
    labels = pd.Series([0, pd.NA, 1] * 5, index=segments.index, dtype="Int64")
    found = tw.cluster_summary(segments, labels)
    assert found["n_segments"].tolist() == [5, 5]
    pd.testing.assert_frame_equal(
        found, tw.cluster_summary(segments, labels.fillna(-1).to_numpy(int)), check_dtype=False
    )
    assert len(tw.cluster_summary(segments, [None] * 15)) == 0
    assert tw.cluster_summary(segments, [None] * 15).columns.equals(found.columns)


def test_words_as_labels(segments: pd.DataFrame) -> None:
    found = tw.cluster_summary(segments, ["sea", "forest", "sea"] * 5)
    assert found["cluster"].tolist() == ["forest", "sea"]
    mixed = tw.cluster_summary(segments, ["sea", 3, None] * 5)
    assert sorted(map(str, mixed["cluster"])) == ["3", "sea"]


def test_labels_by_lot_have_no_silhouette_and_planted_groups_have_one() -> None:
    rng = np.random.default_rng(12)
    topic, lot = rng.normal(size=64), rng.integers(0, 4, size=80)
    one = tw.cluster_summary(film(topic + rng.normal(size=(80, 64))), lot)
    assert one["silhouette"].abs().max() < 0.05
    assert one["cohesion"].max() - one["cohesion"].min() < 0.1
    groups = rng.normal(size=(4, 64))[lot] + 0.1 * rng.normal(size=(80, 64))
    planted = tw.cluster_summary(film(groups), lot)
    assert planted["silhouette"].min() > 0.9
    assert planted["cohesion"].min() > 0.98
    for k, medoid in enumerate(planted["medoid"]):
        assert lot[medoid] == k


def test_one_cluster_has_no_silhouette(segments: pd.DataFrame) -> None:
    equal = tw.with_vectors(segments, np.ones((15, 3)))
    found = tw.cluster_summary(equal, tw.cluster(equal))
    assert found["silhouette"].isna().tolist() == [True]
    assert found["cohesion"][0] == pytest.approx(1)
    assert found["medoid"].tolist() == [0]


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_summary_of_nothing(segments: pd.DataFrame) -> None:
    empty = segments.iloc[:0]
    assert len(tw.cluster_summary(empty, tw.cluster(empty))) == 0


def test_labels_follow_the_index(segments: pd.DataFrame) -> None:
    labels = tw.cluster(segments, 4)
    found = tw.cluster_summary(segments, labels)
    pd.testing.assert_frame_equal(tw.cluster_summary(segments, labels.iloc[::-1]), found)
    plain = tw.cluster_summary(segments, labels.to_numpy())
    pd.testing.assert_frame_equal(plain, found, check_dtype=False)
    levels = segments.set_index(["video_id", "start_sec"], drop=False)
    assert tw.cluster_summary(levels, tw.cluster(levels, 4))["medoid"].tolist() == [
        levels.index[k] for k in found["medoid"]
    ]
    doubled = segments.set_axis([0] * 15)
    assert len(tw.cluster_summary(doubled, tw.cluster(doubled, 4))) == 4


def test_labels_that_do_not_fit(segments: pd.DataFrame) -> None:
    labels = tw.cluster(segments, 4)
    with pytest.raises(tw.InputError, match="labels has a different index from the table"):
        tw.cluster_summary(segments, labels.set_axis(range(1, 16)))
    with pytest.raises(tw.InputError, match="labels has 14 entries for 15 rows"):
        tw.cluster_summary(segments, labels.iloc[1:])
    for table in (np.zeros((15, 2)), labels.to_frame()):
        with pytest.raises(tw.InputError, match=r"labels have shape \(15, [12]\); one value"):
            tw.cluster_summary(segments, table)
    with pytest.raises(tw.InputError, match="labels is a int"):
        tw.cluster_summary(segments, 4)
    with pytest.raises(tw.InputError, match="embedding options"):
        tw.cluster_summary(segments.assign(embedding_option=["audio"] + ["visual"] * 14), labels)


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    tw.video_vectors(segments)
    tw.cluster_summary(segments, tw.cluster(segments, 3))
    pd.testing.assert_frame_equal(segments, before)


def test_of_two_rows_equally_typical_the_first_is_the_medoid() -> None:
    """Whatever their length and the axes they are told in, which decide how float32 rounds."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        matrix = rng.normal(size=(2, 24)) * rng.uniform(0.1, 9, size=(2, 1))
        table = tw.from_vectors(matrix, start_sec=[0.0, 6.0], end_sec=[6.0, 12.0])
        for rows in (table, table[::-1]):
            assert tw.cluster_summary(rows, [0, 0])["medoid"].tolist() == [0]
        assert tw.scenes(table, n_scenes=1)["medoid"].tolist() == [0]
        assert tw.summarize(table, n_segments=1).index.tolist() == [0]
