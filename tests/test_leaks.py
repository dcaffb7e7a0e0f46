"""What of a test set is in the training set: planted leaks found, strangers clean."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_copies_chance import footage
from test_evidence import shots, table, unit, white

import twlab as tw

pytestmark = pytest.mark.numbers

COLUMNS = [
    *("kind", "test_video_id", "test_start_sec", "test_end_sec"),
    *("train_video_id", "train_start_sec", "train_end_sec", "embedding_option"),
    *("n_segments", "similarity", "gap_sec", "chance", "evidence"),
]


def join(*tables: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True)


def noisy(rng: np.random.Generator, matrix: np.ndarray, loud: float) -> np.ndarray:
    return unit(matrix + loud * rng.normal(size=matrix.shape) / np.sqrt(matrix.shape[1]))


def sets(rng: np.random.Generator, make: Any = footage) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three films to train on and two strangers."""
    train = join(*(table(make(rng, 40), f"train {k}") for k in range(3)))
    return train, join(*(table(make(rng, 35), f"test {k}") for k in range(2)))


@pytest.mark.once
@pytest.mark.parametrize("make", [white, shots, footage])
def test_strangers_are_clean(make: Any) -> None:
    alarms = [len(tw.leaks(*sets(np.random.default_rng(9100 + k), make))) > 0 for k in range(12)]
    assert sum(alarms) <= 1  # at 5 % per call more have a chance of .12


def test_strangers_of_few_segments_are_clean() -> None:
    rng = np.random.default_rng(9200)
    train = join(*(table(white(rng, 2), f"train {k}") for k in range(6)))
    test = join(*(table(white(rng, 2), f"test {k}") for k in range(6)))
    with pytest.warns(tw.TwlabWarning, match="6 test videos have fewer than 3 segments"):
        assert tw.leaks(train, test).columns.tolist() == COLUMNS
    again = test.iloc[:2].assign(embedding=train["embedding"].iloc[4:6].to_list())
    with pytest.warns(tw.TwlabWarning):
        found = tw.leaks(train, join(again, test.iloc[2:]))
    assert found["kind"].tolist() == ["same vector"] * 2
    assert found["train_video_id"].unique().tolist() == ["train 2"]


@pytest.mark.parametrize("loud", [0.0, 0.4, 0.8, 1.0])
@pytest.mark.parametrize("shift_sec", [0.0, 2.5])
def test_a_copy_of_a_stretch_is_found(loud: float, shift_sec: float) -> None:
    rng = np.random.default_rng(9300)
    train, test = sets(rng)
    film = tw.vectors(train.iloc[:40])
    share = shift_sec / 6  # clips that lie across two of the other grid
    moved = unit((1 - share) * film[10:26] + share * film[11:27])
    copy = table(np.r_[footage(rng, 30), noisy(rng, moved, loud)], "copy")
    found = tw.leaks(train, join(test, copy))
    assert found["kind"].tolist() == ["copy"]
    row = found.iloc[0]
    assert (row["test_video_id"], row["train_video_id"]) == ("copy", "train 0")
    times = row[["test_start_sec", "test_end_sec", "train_start_sec", "train_end_sec"]]
    truth = [180, 276, 60 + shift_sec, 156 + shift_sec]
    np.testing.assert_allclose(times.to_numpy(float), truth, atol=16 * loud + 6)
    assert row["chance"] <= 0.05
    assert abs(row["n_segments"] - 16) <= 2 * loud + 1


def test_a_film_of_another_name_is_one_film() -> None:
    rng = np.random.default_rng(9400)
    film = footage(rng, 60)
    train = join(table(film[:40], "a"), table(footage(rng, 40), "b"))
    found = tw.leaks(train, table(noisy(rng, film[10:], 0.3), "c"), gap_sec=12)
    assert found["kind"].tolist() == ["copy", "near in time", "same film"]
    np.testing.assert_allclose(found["test_start_sec"], [0, 180, 198], atol=7)
    assert found["train_video_id"].unique().tolist() == ["a"]
    assert found["n_segments"].sum() == 50
    assert (found["chance"] < 1e-3).all()


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_how_much_in_common_makes_one_film(share: float) -> None:
    rng = np.random.default_rng(9500)
    film, other = footage(rng, 60), footage(rng, 60)
    other[: int(60 * share)] = film[: int(60 * share)]
    # Two episodes with one opening are two films, a film with a third replaced is one.
    kinds = tw.leaks(table(film, "a"), table(other, "b"))["kind"].unique().tolist()
    assert kinds == ["copy", "near in time"][: 1 + (share > 0.5)]


def test_an_address_says_what_is_one_film() -> None:
    rng = np.random.default_rng(9600)
    train = table(white(rng, 10), "a").assign(input_url="https://films.example/1.mp4")
    test = table(white(rng, 10), "b").assign(input_url="https://films.example/1.mp4")
    found = tw.leaks(train.iloc[:5], test.iloc[5:])
    assert found[["kind", "evidence"]].to_numpy().tolist() == [
        ["near in time", "same input_url"],
        ["same film", "same input_url"],
    ]


def by_hand(train: pd.DataFrame, test: pd.DataFrame, gap_sec: float) -> list[tuple[Any, ...]]:
    """Kind and gap of every segment of a film of the training set, one beside each."""
    out = []
    for row in test.itertuples():
        gaps = [
            max(other.start_sec - row.end_sec, row.start_sec - other.end_sec)
            for other in train.itertuples()
            if other.video_id == row.video_id
        ]
        if gaps:
            near = "near in time" if min(gaps) <= gap_sec else "same film"
            kind = "same seconds" if min(gaps) < 0 else near
            out.append((row.video_id, row.start_sec, row.end_sec, kind, max(min(gaps), 0.0)))
    return out


@pytest.mark.parametrize("seed", range(8))
def test_names_and_times_are_told_as_by_hand(seed: int) -> None:
    rng = np.random.default_rng(9700 + seed)
    whole = join(*(table(white(rng, 30), f"film {k}") for k in range(4)))
    drawn = rng.random(len(whole)) < 0.3
    train, test = whole[~drawn & (whole["video_id"] != "film 3")], whole[drawn]
    test = test.copy()
    moved = rng.random(len(test)) < 0.2
    test.loc[moved, ["start_sec", "end_sec"]] += rng.choice([-2.0, 3.0, 40.0])
    test["start_sec"] = test["start_sec"].clip(lower=0)
    gap_sec = float(rng.choice([0, 6, 20]))
    found = tw.leaks(train, test, gap_sec=gap_sec)
    truth = by_hand(train, test, gap_sec)
    for video, start, end, kind, gap in truth:
        rows = found[(found["test_video_id"] == video) & (found["kind"] == kind)]
        over = rows[(rows["test_start_sec"] <= start) & (end <= rows["test_end_sec"])]
        assert len(over) >= 1
        assert (over["gap_sec"] <= gap).any()
    assert found["n_segments"].sum() == len({one[:3] for one in truth})
    least = {kind: min(one[4] for one in truth if one[3] == kind) for _, _, _, kind, _ in truth}
    assert found.groupby("kind")["gap_sec"].min().to_dict() == least


def leaking_sets() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(9800)
    train, test = sets(rng)
    copy = table(np.r_[tw.vectors(train)[50:62], footage(rng, 9)], "copy")
    own = train.iloc[85:95]
    return train.drop(index=own.index), join(test.iloc[:35], copy, own)


def test_order_doubles_length_and_time_do_not_matter() -> None:
    train, test = leaking_sets()
    found = tw.leaks(train, test)
    assert set(found["kind"]) == {"copy", "near in time", "same film"}
    assert found.columns.tolist() == COLUMNS
    shuffled = (side.sample(frac=1, random_state=3) for side in (train, test))
    pd.testing.assert_frame_equal(found, tw.leaks(*shuffled))
    doubled = (join(side, side.iloc[::2]) for side in (train, test))
    pd.testing.assert_frame_equal(found, tw.leaks(*doubled))
    scaled = (tw.with_vectors(side, 4 * tw.vectors(side)) for side in (train, test))
    pd.testing.assert_frame_equal(found, tw.leaks(*scaled), atol=1e-6)
    extremes = (tw.with_vectors(s, tw.vectors(s) * z) for s, z in ((train, 1e30), (test, 1e-30)))
    pd.testing.assert_frame_equal(found, tw.leaks(*extremes), atol=1e-6)
    for factor, shift in ((2.0, 0.0), (1.0, 60.0)):
        times = ["start_sec", "end_sec"]
        moved = (side.assign(**(side[times] * factor + shift)) for side in (train, test))
        again = tw.leaks(*moved)
        names = [name for name in COLUMNS if name.endswith(("start_sec", "end_sec"))]
        np.testing.assert_allclose(again[names], found[names] * factor + shift)
        assert again["kind"].tolist() == found["kind"].tolist()


def test_arguments_stay_as_they_are() -> None:
    train, test = leaking_sets()
    before = train.copy(), test.copy()
    tw.leaks(train, test)
    pd.testing.assert_frame_equal(train, before[0])
    pd.testing.assert_frame_equal(test, before[1])


def test_options_are_compared_each_with_its_own() -> None:
    rng = np.random.default_rng(9900)
    seen, heard = footage(rng, 40), footage(rng, 40)[:, :64]
    train = join(table(seen, "a"), table(heard, "a", option="audio"))
    test = join(table(footage(rng, 40), "b"), table(heard[5:30], "b", option="audio"))
    found = tw.leaks(train, test)
    assert found[["kind", "embedding_option"]].iloc[0].tolist() == ["copy", "audio"]
    # The rest of the film is told for its pictures, too.
    assert set(found["embedding_option"]) == {"audio", "visual"}


def test_a_film_without_times_is_known_by_its_name() -> None:
    pages = table(white(np.random.default_rng(1), 4), "paper")
    pages = pages.assign(start_sec=np.nan, end_sec=np.nan)
    found = tw.leaks(pages.iloc[:2], pages.iloc[2:])
    assert found[["kind", "n_segments"]].to_numpy().tolist() == [["same film", 2]]
    assert found["gap_sec"].isna().all()


def test_nothing_leaks_from_nothing() -> None:
    train, test = sets(np.random.default_rng(9950))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sides in ((train, test.iloc[:0]), (train.iloc[:0], test)):
            found = tw.leaks(*sides)
            assert found.columns.tolist() == COLUMNS
            assert len(found) == 0
    assert "embedding_option" not in tw.leaks(
        *(side.drop(columns="embedding_option") for side in (train, test))
    )


@pytest.mark.parametrize(
    ("changes", "gap_sec", "match"),
    [
        ({"model_name": "two"}, 0, "models 'two' and 'one' compared; one model was expected"),
        ({"embedding_option": "audio"}, 0, "option 'visual' compared with vectors of 'audio'"),
        ({}, -1, "gap_sec is -1; seconds from 0 on were expected"),
        ({}, "5", "gap_sec is '5'; seconds from 0 on were expected"),
        ({}, float("nan"), "gap_sec is nan; seconds from 0 on were expected"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes: Any, gap_sec: Any, match: str) -> None:
    train, test = (
        side.assign(model_name="one") for side in sets(np.random.default_rng(9960), white)
    )
    with pytest.raises(tw.InputError, match=match):
        tw.leaks(train, test.assign(**changes), gap_sec=gap_sec)
    short = tw.with_vectors(test, tw.vectors(test)[:, :9])
    with pytest.raises(tw.InputError, match="of 9 and of 256 dimensions"):
        tw.leaks(train, short)
