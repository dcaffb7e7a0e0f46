"""k-NN accuracy per class, whole videos left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

import twlab as tw

pytestmark = pytest.mark.numbers


def made(
    rng: np.random.Generator, *, told: float, of_video: float = 3.0, n_videos: int = 24
) -> tuple[pd.DataFrame, Any]:
    """Clips whose vectors tell their video, and their label as strongly as wanted."""
    video = np.repeat(np.arange(n_videos), 12)
    label = rng.permutation(np.arange(n_videos) % 3)[video]
    vectors = of_video * rng.normal(size=(n_videos, 32))[video] + rng.normal(size=(len(video), 32))
    vectors += told * rng.normal(size=(3, 32))[label]
    start = np.tile(np.arange(12) * 6.0, n_videos)
    names = [f"v{k}" for k in video]
    table = tw.from_vectors(vectors, video_id=names, start_sec=start, end_sec=start + 6)
    return table, np.array([*"abc"])[label]


def test_neighbours_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    segments, labels = made(rng, told=2.0)
    unit = tw.vectors(segments) / np.linalg.norm(tw.vectors(segments), axis=1, keepdims=True)
    groups = segments["video_id"].to_numpy(object)
    oracle = cross_val_predict(
        KNeighborsClassifier(1), unit, labels, groups=groups, cv=LeaveOneGroupOut()
    )
    table = tw.knn_accuracy(segments, labels, n_neighbors=1).set_index("label")
    assert table.loc["all", "accuracy"] == pytest.approx((oracle == labels).mean())
    for name in "abc":
        mine = labels == name
        assert table.loc[name, "accuracy"] == pytest.approx((oracle == labels)[mine].mean())
        assert table.loc[name, "n_segments"] == mine.sum()


def test_labels_of_videos_that_mean_nothing_are_at_chance(rng: np.random.Generator) -> None:
    rows = [tw.knn_accuracy(*made(rng, told=0.0)).iloc[0] for _ in range(8)]
    leaky = [row["leaky_accuracy"] for row in rows]
    assert min(leaky) > 0.95  # what a split at random would have claimed
    mean = np.mean([row["accuracy"] for row in rows])
    assert mean == pytest.approx(np.mean([row["chance"] for row in rows]), abs=0.08)


def test_planted_labels_are_found(rng: np.random.Generator) -> None:
    values = [
        tw.knn_accuracy(*made(np.random.default_rng(1), told=told)).loc[0, "accuracy"]
        for told in (0.0, 1.0, 2.0, 6.0)
    ]
    assert values == sorted(values)
    assert values[-1] > 0.95
    row = tw.knn_accuracy(*made(rng, told=6.0)).iloc[0]
    assert row["low"] > row["chance"]
    assert row["interval"] == "exact bound: all 24 videos have the value 1"


def test_order_and_names_change_nothing(rng: np.random.Generator) -> None:
    segments, labels = made(rng, told=2.0)
    expected = tw.knn_accuracy(segments, labels)
    named = segments.assign(label=labels)
    mixed = named.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(tw.knn_accuracy(mixed, "label"), expected)
    by_index = named["label"].sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(tw.knn_accuracy(segments, by_index), expected)
    some = named["label"].where(named["video_id"] != "v0")
    fewer = tw.knn_accuracy(segments, some)
    assert fewer.loc[0, "n_segments"] == len(segments) - 12


def test_a_class_of_one_video_cannot_be_told(rng: np.random.Generator) -> None:
    segments, labels = made(rng, told=6.0)
    once = np.where(segments["video_id"] == "v0", "once", labels)
    with pytest.warns(
        tw.TwlabWarning, match="1 of 4 classes are of one group each, such as 'once'"
    ):
        table = tw.knn_accuracy(segments, once).set_index("label")
    assert np.isnan(table.loc["once", "accuracy"])
    assert "one group" in str(table.loc["once", "interval"])
    assert table.loc["all", "accuracy"] > 0.9


def test_ties_go_to_the_nearest() -> None:
    angles = np.radians([0, 10, 25, 100, 200])
    segments = tw.from_vectors(
        np.column_stack([np.cos(angles), np.sin(angles)]),
        video_id=[*"vwxyz"],
        start_sec=np.zeros(5),
        end_sec=np.full(5, 6.0),
    )
    with pytest.warns(tw.TwlabWarning, match="of one group"):
        table = tw.knn_accuracy(segments, [*"aabcd"], n_neighbors=2)
    # Of the first row the nearest says a, the next b: the vote is even, and the nearest is right.
    assert table.set_index("label").loc["a", "accuracy"] == 1


def test_wrong_labels_are_refused(rng: np.random.Generator) -> None:
    segments, labels = made(rng, told=1.0)
    with pytest.raises(tw.InputError, match="no such column"):
        tw.knn_accuracy(segments, "none")
    with pytest.raises(tw.InputError, match="at least two of both"):
        tw.knn_accuracy(segments, np.full(len(segments), "a"))
    with pytest.raises(tw.InputError, match="1 group and 3 labels"):
        tw.knn_accuracy(segments, labels, groups=np.zeros(len(segments)))
    with pytest.raises(tw.InputError, match="entries for"):
        tw.knn_accuracy(segments, labels[:5])
    with pytest.raises(tw.InputError, match="groups has no value for 288 rows"):
        tw.knn_accuracy(segments, labels, groups=[None] * len(segments))


def test_vectors_that_tell_nothing_are_at_chance_whatever_their_names(
    rng: np.random.Generator,
) -> None:
    segments, _ = made(rng, told=0.0, n_videos=12)
    same = tw.with_vectors(segments, np.ones((len(segments), 4), np.float32))
    label = np.where(np.arange(len(same)) // 12 < 6, "first", "last")
    table = tw.knn_accuracy(same, label).set_index("label")
    np.testing.assert_allclose(table["accuracy"], table["chance"], atol=0.02)
    names = dict(zip(same["video_id"].unique(), rng.permutation(12).astype(str), strict=True))
    renamed = same.assign(video_id=same["video_id"].map(names), label=label)
    again = tw.knn_accuracy(renamed.sample(frac=1, random_state=1), "label").set_index("label")
    columns = ["accuracy", "leaky_accuracy", "chance"]
    pd.testing.assert_frame_equal(again[columns], table[columns])


def test_equal_rows_count_once_and_neighbours_are_those_there_are(
    rng: np.random.Generator,
) -> None:
    segments, labels = made(rng, told=1.0)
    expected = tw.knn_accuracy(segments, labels)
    twice = pd.concat([segments, segments], ignore_index=True)
    pd.testing.assert_frame_equal(tw.knn_accuracy(twice, np.r_[labels, labels]), expected)
    most = tw.knn_accuracy(segments, labels, n_neighbors=len(segments))
    pd.testing.assert_frame_equal(tw.knn_accuracy(segments, labels, n_neighbors=10**9), most)


def test_labels_of_no_one_kind_are_refused(rng: np.random.Generator) -> None:
    segments, labels = made(rng, told=1.0)
    n = len(segments)
    wrong: list[Any] = [pd.DataFrame({"a": labels}), labels[:, None], [[1]] * n, [(1, 2)] * n]
    wrong += [pd.Series([[1]] * n), [[1], [1, 2]] * (n // 2)]
    for one in wrong:
        for given in ({"labels": one}, {"labels": labels, "groups": one}):
            with pytest.raises(tw.InputError, match="for each row was expected"):
                tw.knn_accuracy(segments, **given)
    with pytest.raises(tw.InputError, match="labels mix int and str"):
        tw.knn_accuracy(segments, [1, "a"] * (n // 2))
