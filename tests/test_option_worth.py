"""Whether an option helps: noise does not, what is planted does, and the more the less noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.once

N_QUERIES = 30


def places(rng: np.random.Generator, skill: float) -> pd.DataFrame:
    """One place for each query, right with a probability; two queries per video."""
    right = rng.random(N_QUERIES) < skill
    table = pd.DataFrame({"query_id": [f"q{k}" for k in range(N_QUERIES)]})
    table["video_id"] = [f"v{k // 2}" for k in range(N_QUERIES)]
    table["start_sec"] = np.where(right, 10.0, 50.0)
    return table.assign(end_sec=table["start_sec"] + 10, score=1.0)


TRUTH = places(np.random.default_rng(0), 1.0).drop(columns="score")


def hit(without: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    return tw.option_worth(without, found, truth=TRUTH, k=1, tiou=0.5).iloc[0]


def test_an_option_that_is_noise_does_not_help() -> None:
    said = []
    for seed in range(50):
        rng = np.random.default_rng(7000 + seed)
        said.append(hit(places(rng, 0.5), places(rng, 0.5))["verdict"])
    # At 5 % per call more than 6 of 50 have a chance of .012.
    assert (np.array(said) != "no difference told").sum() <= 6


def test_an_interval_holds_the_gain() -> None:
    held = []
    for seed in range(50):
        rng = np.random.default_rng(7300 + seed)
        row = hit(places(rng, 0.4), places(rng, 0.7))
        held.append(row["low"] <= 0.3 <= row["high"])
    assert np.sum(held) >= 44


def test_the_less_noise_the_more_it_is_worth() -> None:
    rng = np.random.default_rng(7600)
    draws = rng.random(N_QUERIES)
    base = places(rng, 0.2)

    def with_skill(skill: float) -> pd.DataFrame:
        start = np.where(draws < skill, 10.0, 50.0)
        return base.assign(start_sec=start, end_sec=start + 10)

    gains = [hit(base, with_skill(skill))["gain"] for skill in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)]
    assert (np.diff(gains) >= 0).all()
    assert hit(base, with_skill(1.0))["verdict"] == "helps"
    assert hit(with_skill(1.0), base)["verdict"] == "harms"


def test_the_two_values_are_those_of_evaluate() -> None:
    rng = np.random.default_rng(7700)
    sides = places(rng, 0.4), places(rng, 0.6)
    table = tw.option_worth(*sides, truth=TRUTH)
    for name, side in zip(("without", "found"), sides, strict=True):
        alone = tw.evaluate(side, TRUTH)
        np.testing.assert_allclose(table[name], alone["value"])
    np.testing.assert_allclose(table["gain"], table["found"] - table["without"])
    back = tw.option_worth(*sides[::-1], truth=TRUTH)
    np.testing.assert_allclose(table["gain"], -back["gain"])
    np.testing.assert_allclose(table["low"], -back["high"], atol=0.02)


def test_order_and_doubles_do_not_matter() -> None:
    rng = np.random.default_rng(7800)
    sides = places(rng, 0.4), places(rng, 0.6)
    table = tw.option_worth(*sides, truth=TRUTH)
    shuffled = [side.sample(frac=1, random_state=1) for side in sides]
    again = tw.option_worth(*shuffled, truth=TRUTH.iloc[::-1])
    pd.testing.assert_frame_equal(table, again)


def test_few_videos_and_no_difference_cannot_tell() -> None:
    rng = np.random.default_rng(7900)
    few = TRUTH[TRUTH["video_id"].isin(["v0", "v1", "v2"])]
    with pytest.warns(tw.TwlabWarning):
        table = tw.option_worth(places(rng, 0.4), places(rng, 0.6), truth=few)
    assert table["verdict"].unique().tolist() == ["cannot tell"]
    assert table["interval"].iloc[0].startswith("cannot tell: 3 videos")
    same = places(rng, 0.5)
    row = hit(same, same)
    assert (row["gain"], row["verdict"]) == (0, "cannot tell")
    assert row["interval"] == "cannot tell: all 15 videos have the same value"


def test_what_is_no_table_of_places_is_refused() -> None:
    found = places(np.random.default_rng(1), 0.5)
    with pytest.raises(tw.InputError, match="found has neither score nor rank"):
        tw.option_worth(found.drop(columns="score"), found, truth=TRUTH)
    with pytest.raises(tw.InputError, match="k is 0"):
        tw.option_worth(found, found, truth=TRUTH, k=0)


def test_the_figure_draws_the_gains() -> None:
    rng = np.random.default_rng(8000)
    table = tw.option_worth(places(rng, 0.4), places(rng, 0.7), truth=TRUTH)
    trace = tw.plot.option_worth(table).data[0]
    np.testing.assert_allclose(trace.x, table["gain"])
    np.testing.assert_allclose(trace.error_x.arrayminus, table["gain"] - table["low"])
    assert trace.y[0] == "hit, first 1, IoU ≥ 0.5"
    assert trace.customdata[0].endswith("bootstrap over 15 videos")
    with pytest.raises(tw.InputError, match="worth has no column 'gain'"):
        tw.plot.option_worth(table.drop(columns="gain"))
