"""How many scenes: one where nothing changes, the planted ones where something does."""

from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from insides import counts

import twlab as tw
from twlab.analysis.scenes import SceneMethod

pytestmark = pytest.mark.numbers

METHODS = get_args(SceneMethod)


def unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def film(matrix: np.ndarray, *, video: str = "a", step: float = 6.0) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": video, "start_sec": np.arange(len(matrix)) * step})
    rows["end_sec"] = rows["start_sec"] + step
    return tw.with_vectors(rows.assign(embedding_option="visual"), matrix)


def noise(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(size=(n, d)) / math.sqrt(d)


def steady(rng: np.random.Generator, n: int, d: int, memory: float) -> np.ndarray:
    """A random walk that is drawn back: neighbours are alike, but nothing ever changes at once."""
    out = noise(rng, n, d)
    for k in range(1, n):
        out[k] = memory * out[k - 1] + math.sqrt(1 - memory**2) * out[k]
    return out


def planted(rng: np.random.Generator, lengths: Any, d: int = 128, loud: float = 0.5) -> np.ndarray:
    """Topics one after the other."""
    topics = unit(rng.normal(size=(len(lengths), d)))
    return np.repeat(topics, lengths, axis=0) + loud * noise(rng, int(np.sum(lengths)), d)


def nothing_new(kind: str, seed: int) -> np.ndarray:
    """Footage without a change."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 140)), int(rng.choice([32, 128, 512]))
    topic, loud = unit(rng.normal(size=(1, d))), rng.uniform(0.01, 0.9)
    if kind == "one topic":
        return topic + loud * noise(rng, n, d)
    if kind == "white noise":
        return noise(rng, n, d)
    if kind == "drift":
        return topic * rng.choice([0, 1]) + steady(rng, n, d, rng.choice([0.5, 0.8, 0.9, 0.97]))
    if kind == "from one to another":
        share = np.linspace(0, 1, n)[:, None]
        return share * topic + (1 - share) * unit(noise(rng, 1, d)) + 0.3 * noise(rng, n, d)
    if kind == "shot and countershot":
        pair = unit(rng.normal(size=(2, d)))
        return pair[np.arange(n) % 2] + loud * noise(rng, n, d)
    if kind == "still picture":
        return np.repeat(topic, n, axis=0)
    raise AssertionError(kind)


KINDS = [
    *("one topic", "white noise", "drift", "from one to another"),
    *("shot and countershot", "still picture"),
]


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_new_is_one_scene(kind: str) -> None:
    for seed in range(12):
        segments = film(nothing_new(kind, seed))
        assert tw.scene_counts(segments)[["coarse", "default", "fine"]].eq(1).all(axis=None), seed
        assert len(tw.scenes(segments)) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_method_cuts_where_nothing_changes(kind: str, method: SceneMethod) -> None:
    segments = film(nothing_new(kind, 3))
    assert len(tw.scenes(segments, method=method)) == 1
    assert len(tw.scenes(segments, method=method, n_scenes=2)) == 2


def test_long_footage_that_drifts_is_one_scene(rng: np.random.Generator) -> None:
    assert len(tw.scenes(film(steady(rng, 2500, 16, 0.9)))) == 1


@pytest.mark.parametrize("seed", range(12))
def test_planted_changes_are_found_without_a_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(6, 25, size=int(rng.integers(2, 8)))
    d, loud = int(rng.choice([32, 128, 512])), rng.uniform(0.05, 0.7)
    found = tw.scenes(film(planted(rng, lengths, d, loud)))
    assert found["n_segments"].tolist() == lengths.tolist()


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [([1, 1], 1), ([2, 1], 1), ([2, 2], 2), ([3, 3], 2), ([4, 5], 2), ([3, 3, 4], 3)],
)
def test_few_segments(lengths: list[int], expected: int, rng: np.random.Generator) -> None:
    assert len(tw.scenes(film(planted(rng, lengths, loud=0.3)))) == expected


def test_one_change_in_a_long_video_is_seen(rng: np.random.Generator) -> None:
    found = tw.scenes(film(planted(rng, [450, 550], d=32, loud=0.4)))
    assert found["start_sec"].tolist() == [0.0, 2700.0]


def test_a_scene_alone_is_one_scene(rng: np.random.Generator) -> None:
    segments = film(planted(rng, [20, 12, 15, 25], loud=0.6))
    for scene in tw.scenes(segments).itertuples():
        alone = segments[segments["start_sec"].between(scene.start_sec, scene.end_sec - 1)]
        assert len(tw.scenes(alone)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_what_must_not_matter_for_scenes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = planted(rng, [7, 9, 6, 11], d=24, loud=0.9)
    segments = film(matrix)
    found = tw.scenes(segments)["start_sec"].to_numpy()
    counts = tw.scene_counts(segments)[["coarse", "default", "fine"]]
    assert len(found) == 4
    turn = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    halves = segments.assign(end_sec=segments["start_sec"] + 3)
    changed = {
        "rotated": film(matrix @ turn),
        "louder": film(matrix * rng.uniform(0.1, 9, size=(len(matrix), 1))),
        "wider": film(np.hstack([matrix, np.zeros((len(matrix), 9))])),
        "shuffled": segments.sample(frac=1, random_state=seed),
        "twice": pd.concat([segments, segments.sample(frac=0.5, random_state=seed)]),
        "later": segments.assign(
            start_sec=segments["start_sec"] + 99, end_sec=segments["end_sec"] + 99
        ),
        "slower": segments.assign(
            start_sec=segments["start_sec"] * 7, end_sec=segments["end_sec"] * 7
        ),
        "shorter": halves,
    }
    for name, other in changed.items():
        again = tw.scenes(other)["start_sec"].to_numpy()
        back = {"later": again - 99, "slower": again / 7}.get(name, again)
        np.testing.assert_allclose(back, found, err_msg=name)
        same = tw.scene_counts(other)[["coarse", "default", "fine"]]
        pd.testing.assert_frame_equal(same, counts)


def test_counts_of_several_videos() -> None:
    rng = np.random.default_rng(5)
    hard = planted(rng, [5, 8, 4, 9, 6, 7, 5], d=48, loud=1.4)
    segments = pd.concat(
        [film(hard, video="b"), film(nothing_new("drift", 1), video="a")], ignore_index=True
    )
    counts = tw.scene_counts(segments)
    assert counts.columns.tolist() == [
        *("video_id", "embedding_option", "n_segments", "coarse", "default", "fine")
    ]
    assert counts["video_id"].tolist() == ["a", "b"]
    assert counts["n_segments"].tolist() == segments.groupby("video_id").size().tolist()
    row = counts.iloc[1]
    assert 1 <= row["coarse"] <= row["default"] <= row["fine"]
    for name, asked in (("coarse", "coarse"), ("default", None), ("fine", "fine")):
        found = tw.scenes(segments, n_scenes={"b": asked})  # type: ignore[dict-item]
        assert found["video_id"].eq("b").sum() == row[name]
        assert found["video_id"].eq("a").sum() == 1
    with pytest.warns(tw.TwlabWarning, match="no rows"):
        empty = tw.scene_counts(segments.iloc[:0])
    assert empty.columns.tolist() == counts.columns.tolist()
    assert len(empty) == 0
    with pytest.raises(tw.InputError, match=r"n_scenes is 'many'; a whole number .*'coarse' or"):
        tw.scenes(segments, n_scenes="many")  # type: ignore[arg-type]


def test_coarse_and_fine_of_the_sample_film_lie_around_the_default() -> None:
    row = tw.scene_counts(tw.sample()).iloc[0]
    assert row["coarse"] < row["default"] < row["fine"]
    assert row["default"] / 4 < row["coarse"]
    assert row["fine"] < row["default"] * 4
    for method in METHODS:
        sizes = [len(tw.scenes(tw.sample(), n_scenes=k, method=method)) for k in ("coarse", "fine")]
        assert sizes[0] < sizes[1]


@pytest.mark.parametrize(("factor", "wrong"), [(0.5, "calls a drift scenes"), (2, "misses change")])
def test_half_and_double_the_evidence_are_wrong(
    factor: float, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "EVIDENCE", factor * counts.EVIDENCE)
    if "drift" in wrong:
        drifts = [steady(np.random.default_rng(k), 60, 16, 0.9) for k in range(40)]
        assert max(len(tw.scenes(film(drift))) for drift in drifts) > 1
    else:
        lengths = [[k, k] for k in range(5, 9)]
        hard = [planted(np.random.default_rng(k[0]), k, d=256, loud=1.0) for k in lengths]
        assert min(len(tw.scenes(film(matrix))) for matrix in hard) == 1


def test_strength_tells_true_cuts_from_false_ones() -> None:
    """Of twice as many cuts as there are changes, the stronger are the true ones."""
    strength, true = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        lengths = rng.integers(6, 14, size=8)
        found = tw.scenes(film(planted(rng, lengths, d=48, loud=1.2)), n_scenes=15)
        strength += found["strength"][1:].tolist()
        true += (found["start_sec"][1:] / 6).round().isin(np.cumsum(lengths)).tolist()
    order, hit = np.argsort(strength), np.array(true)
    thirds = [hit[part].mean() for part in np.array_split(order, 3)]
    assert all(0 <= value <= 1 for value in strength)
    assert thirds[0] < thirds[1] + 0.05
    assert thirds[1] < thirds[2] + 0.05
    assert thirds[2] - thirds[0] > 0.5


def test_strength_is_high_only_where_settings_agree(rng: np.random.Generator) -> None:
    sure = tw.scenes(film(planted(rng, [12, 9, 14], loud=0.3)))["strength"][1:]
    unsure = tw.scenes(film(nothing_new("one topic", 8)), n_scenes=6)["strength"][1:]
    assert sure.min() > 0.8
    assert unsure.mean() < 0.6


def annotations() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "video_id": "a",
            "start_sec": [60.0, 0.0, 66.0],
            "end_sec": [90.0, 30.0, 72.0],
            "label": ["bird", "intro", "wing"],
        }
    )


def test_segments_outside_annotations_have_no_label(rng: np.random.Generator) -> None:
    segments = film(noise(rng, 20, 4))
    labels = tw.scene_labels(segments, annotations())
    expected: list[Any] = [0] * 5 + [None] * 5 + [1, 2, 1, 1, 1] + [None] * 5
    assert [None if pd.isna(k) else int(k) for k in labels] == expected
    shuffled = annotations().sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(tw.scene_labels(segments, shuffled), labels)
    pd.testing.assert_series_equal(
        tw.scene_labels(segments.sample(frac=1, random_state=2), annotations()).sort_index(), labels
    )
    open_ended = tw.scene_labels(segments, annotations().drop(columns="end_sec"))
    assert open_ended.tolist() == [0] * 10 + [1] + [2] * 9


def test_annotations_that_cannot_be_read(rng: np.random.Generator) -> None:
    segments = film(noise(rng, 4, 4))
    with pytest.raises(tw.InputError, match="begins at 60 and ends at 50 s; a start, and an end"):
        tw.scene_labels(segments, annotations().assign(end_sec=50.0))
    with pytest.raises(tw.InputError, match="begins at nan and ends at 90 s"):
        tw.scene_labels(segments, annotations().assign(start_sec=np.nan))
    with pytest.raises(tw.InputError, match=r"start_sec of scenes is .*; seconds as numbers"):
        tw.scene_labels(segments, annotations().assign(start_sec="0:10"))


def test_labels_of_the_scenes_found_are_whole(rng: np.random.Generator) -> None:
    segments = film(planted(rng, [8, 6, 9]))
    labels = tw.scene_labels(segments, tw.scenes(segments))
    runs = [(key, len(list(run))) for key, run in itertools.groupby(labels)]
    assert runs == [(0, 8), (1, 6), (2, 9)]
