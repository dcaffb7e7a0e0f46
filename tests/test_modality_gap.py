"""The gap between options: none of halves, the planted length, and what a search finds across."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.once

N_NUMBERS = 16


def unit(matrix: Any) -> Any:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def rows_of(option: str, video: str, matrix: Any) -> pd.DataFrame:
    start = 6.0 * np.arange(len(matrix))
    rows = pd.DataFrame({"start_sec": start, "end_sec": start + 6, "embedding_option": option})
    return tw.with_vectors(rows.assign(video_id=video, model_name="m"), matrix)


def space(
    seed: int,
    gap: float,
    *,
    n_videos: int = 12,
    n: int = 6,
    own: float = 0.5,
    shared: float = 1.0,
    apart: bool = False,
) -> pd.DataFrame:
    """Two options of one space whose unit vectors have means this far apart."""
    rng = np.random.default_rng(seed)
    tables = []
    for video in range(n_videos):
        content = shared * (rng.normal(size=(1, N_NUMBERS)) / 2 + rng.normal(size=(n, N_NUMBERS)))
        for name, side in (("audio", gap / 2), ("visual", -gap / 2)):
            other = rng.normal(size=(n, N_NUMBERS)) + own * rng.normal(size=(1, N_NUMBERS))
            rest = unit((0 if apart else content) + other) * np.sqrt(1 - side**2)
            matrix = np.column_stack([np.full(n, side), rest])
            tables.append(rows_of(name, f"{name} {video}" if apart else f"v{video}", matrix))
    return pd.concat(tables, ignore_index=True)


def gap_of(table: pd.DataFrame) -> pd.Series[Any]:
    return tw.modality_gap(table).iloc[0]


def lines(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    return found[found["measure"].eq(measure)]


def test_two_halves_of_one_option_have_no_gap() -> None:
    said, intervals, shares = 0, 0, []
    for seed in range(16):
        table = space(8000 + seed, 0.6)
        film = table[table["embedding_option"].eq("visual")].reset_index(drop=True)
        half = np.where(np.arange(len(film)) % 2, "odd", "even")
        found = tw.modality_gap(film.assign(embedding_option=half))
        said += found["verdict"].iloc[0] == "gap"
        intervals += found["low"].iloc[0] == 0
        shares += lines(found, "own_option")["verdict"].tolist()
    assert said <= 2  # at 2.5 % more than 2 of 16 have a chance of .007
    assert intervals == 16 - said
    assert np.mean(np.array(shares) == "no difference told") >= 0.85


def test_the_planted_length_comes_out_and_the_interval_holds_it() -> None:
    for gap, apart in ((0.3, False), (0.8, False), (0.6, True)):
        found = [gap_of(space(8100 + seed, gap, apart=apart)) for seed in range(10)]
        squares = np.array([row["value"] ** 2 for row in found])
        assert np.sqrt(squares.mean()) == pytest.approx(gap, abs=0.04)
        held = sum(row["low"] <= gap <= row["high"] for row in found)
        assert held >= 8  # at .95 fewer than 8 of 10 have a chance of .012
        assert found[0]["interval"] == f"jackknife over 12{' and 12' if apart else ''} videos"


def test_the_value_is_that_of_pairs_of_videos() -> None:
    table = space(8200, 0.4, n_videos=5)
    vectors = unit(tw.vectors(table).astype(np.float64))
    means = {
        key: vectors[rows].mean(axis=0)
        for key, rows in table.groupby(["video_id", "embedding_option"]).indices.items()
    }
    apart = [means[f"v{v}", "audio"] - means[f"v{v}", "visual"] for v in range(5)]
    square = np.mean([a @ b for a, b in permutations(apart, 2)])
    assert gap_of(table)["value"] == pytest.approx(np.sqrt(square), abs=1e-6)


def test_shares_are_those_of_a_loop() -> None:
    table = space(8300, 0.4, n_videos=4)
    found = tw.modality_gap(table, k=3).set_index(["measure", "query"])
    vectors = unit(tw.vectors(table).astype(np.float64))
    video, option = (table[name].to_numpy(str) for name in ("video_id", "embedding_option"))
    own, moment = [], []
    for row in np.flatnonzero(option == "audio"):
        likeness = vectors @ vectors[row]
        others = np.flatnonzero(video != video[row])
        best = others[np.argsort(-likeness[others])[:3]]
        own.append(np.mean(option[best] == "audio"))
        across = np.flatnonzero(option == "visual")
        best = across[np.argsort(-likeness[across])[:3]]
        same = table.iloc[best][["video_id", "start_sec"]].eq(
            table.iloc[row][["video_id", "start_sec"]]
        )
        moment.append(same.all(axis=1).any())
    assert found.loc[("own_option", "audio"), "value"] == pytest.approx(np.mean(own))
    assert found.loc[("own_moment", "audio"), "value"] == pytest.approx(np.mean(moment))


def test_a_gap_keeps_options_apart_and_centring_mixes_them() -> None:
    found = tw.modality_gap(space(8400, 0.9, n_videos=20))
    assert found["verdict"].iloc[0] == "gap"
    assert found["centred"].iloc[0] < 0.1
    own, moment = lines(found, "own_option"), lines(found, "own_moment")
    assert own["verdict"].eq("above chance").all()
    assert own["centring"].eq("lowers").all()
    assert (own["centred"] - own["chance"]).abs().max() < 0.1
    assert moment["verdict"].eq("above chance").all()  # a gap does not hide what is shared


def test_videos_of_unlike_looks_do_not_make_options_differ() -> None:
    # Of these draws, in which nothing differs, the interval alone calls 9 of 60 rows different.
    errs = sum(
        int((lines(tw.modality_gap(found), "own_option")["verdict"] != "no difference told").sum())
        for found in (
            space(20000 + seed, 0.0, n_videos=10, n=3, own=4.0, shared=0.0) for seed in range(30)
        )
    )
    assert errs <= 4


def test_own_moments_of_strangers_are_chance() -> None:
    said = []
    for seed in range(8):
        found = tw.modality_gap(space(8500 + seed, 0.5, shared=0.0), k=5)
        said += lines(found, "own_moment")["verdict"].tolist()
    assert np.mean(np.array(said) == "no difference told") >= 0.8


def test_order_doubles_scale_and_turns_do_not_matter() -> None:
    table = space(8600, 0.5)
    found = tw.modality_gap(table)
    sizes = np.random.default_rng(0).uniform(0.5, 3, (len(table), 1))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(17, 17)))[0]
    turned = tw.with_vectors(table, tw.vectors(table) * sizes @ turn)
    again = pd.concat([turned, turned.iloc[:40]]).sample(frac=1, random_state=1)
    again["start_sec"] += 60
    again["end_sec"] += 60
    pd.testing.assert_frame_equal(tw.modality_gap(again), found, atol=0.01)


def test_only_moments_that_both_have_count() -> None:
    table = space(8700, 0.5)
    spoken = table["embedding_option"].eq("visual") | (table["start_sec"] < 18)
    with pytest.warns(tw.TwlabWarning, match="36 of 108 rows are left out"):
        some = tw.modality_gap(table[spoken])
    pd.testing.assert_frame_equal(some, tw.modality_gap(table[table["start_sec"] < 18]))


def test_texts_beside_clips_have_a_gap_and_no_own_moment() -> None:
    table = space(8800, 0.7, apart=True)
    words = table["embedding_option"].eq("audio")
    table.loc[words, ["start_sec", "end_sec"]] = np.nan
    table["input_type"] = np.where(words, "text", "video")
    table["embedding_option"] = table["embedding_option"].where(~words)
    found = tw.modality_gap(table)
    assert found["option_a"].unique().tolist() == ["text"]
    assert found["verdict"].iloc[0] == "gap"
    rows = lines(found, "own_moment")
    assert rows["verdict"].eq("cannot tell").all()
    assert rows["interval"].unique().tolist() == [
        "cannot tell: no video has both options at one time"
    ]


def test_few_videos_cannot_tell() -> None:
    found = tw.modality_gap(space(8900, 0.9, n_videos=4))
    assert found["verdict"].unique().tolist() == ["cannot tell"]
    assert found["interval"].iloc[0] == "cannot tell: 4 videos, at least 10 are needed"
    one = tw.modality_gap(space(8900, 0.9, n_videos=1))
    assert one["value"].iloc[:3].isna().all()
    assert one["interval"].iloc[1] == "cannot tell: there is no other video"


def test_what_is_no_table_of_two_options_is_refused() -> None:
    table = space(9000, 0.5, n_videos=3)
    with pytest.raises(tw.InputError, match="of one embedding option, 'audio'"):
        tw.modality_gap(table[table["embedding_option"].eq("audio")])
    with pytest.raises(tw.InputError, match="k is 0"):
        tw.modality_gap(table, k=0)
    with pytest.raises(tw.InputError, match="groups has no value for 1 rows"):
        tw.modality_gap(table, groups=[None, *["a"] * (len(table) - 1)])
    both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")])
    with pytest.raises(tw.InputError, match="model"):
        tw.modality_gap(both)


def test_the_figure_draws_the_table() -> None:
    found = tw.modality_gap(space(9100, 0.7))
    figure = tw.plot.modality_gap(found)
    assert [trace.name for trace in figure.data] == ["chance", "as it is", "centred"] * 3
    np.testing.assert_allclose(figure.data[1].x, found["value"][:1])
    np.testing.assert_allclose(figure.data[4].error_x.array, (found["high"] - found["value"])[1:3])
    assert figure.data[4].y[0] == "audio ➝<br>visual"
    few = tw.plot.modality_gap(tw.modality_gap(space(9200, 0.7, n_videos=4)))
    assert few.data[1].marker.symbol == ("circle-open",)
    assert "4 videos, at least 10" in few.data[1].customdata[0]
    with pytest.raises(tw.InputError, match="gaps has no column 'query'"):
        tw.plot.modality_gap(found.drop(columns="query"))
    with pytest.raises(tw.InputError, match="gaps is a int"):
        tw.plot.modality_gap(3)
    with pytest.raises(tw.InputError, match="gaps has no rows"):
        tw.plot.modality_gap(found.iloc[:0])
