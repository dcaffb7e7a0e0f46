"""The explorer of many videos, Python's side: whose a row is, and what is left out and said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw


def array(explorer: tw.Explorer, name: str) -> np.ndarray:
    """An array as the browser reads it."""
    dtype, size, offset = explorer._spec["arrays"][name]
    return np.frombuffer(explorer._data, dtype, size, offset)


def named(spec: dict[str, Any], name: str) -> dict[str, Any]:
    """What a page is told of a column."""
    told: dict[str, Any] = next(one for one in spec["columns"] if one["name"] == name)
    return told


@pytest.mark.parametrize("given", ["column", "labels"])
def test_another_column_called_video_does_not_take_the_place_of_the_videos(
    segments: pd.DataFrame, given: str
) -> None:
    own = pd.Series(["day", "night", "day"] * 5, segments.index, name="video")
    if given == "column":
        spec = tw.explore(segments.assign(video=own))._spec
        assert spec["colorBy"] == "video_id"
    else:
        spec = tw.explore(segments, labels=own)._spec
        assert spec["colorBy"] == "video"
    assert spec["videoColumn"] == "video_id"
    assert named(spec, "video_id")["names"] == ["alpha", "beta"]
    assert named(spec, "video")["names"] == ["day", "night"]


@pytest.mark.parametrize("given", ["column", "labels"])
@pytest.mark.parametrize("name", ["time", "novelty"])
def test_columns_of_our_own_do_not_take_the_place_of_those_of_the_same_name(
    segments: pd.DataFrame, given: str, name: str
) -> None:
    own = pd.Series(["day", "night", "day"] * 5, segments.index, name=name)
    if given == "column":
        spec = tw.explore(segments.assign(**{name: own}), color=name)._spec
    else:
        spec = tw.explore(segments, labels=own)._spec
    assert spec["colorBy"] == name
    assert named(spec, name)["names"] == ["day", "night"]
    ours = {"time": "middle_sec", "novelty": "novelty along time"}[name]
    assert named(spec, ours)["kind"] == "number"
    assert spec["timeColumn"] == ("middle_sec" if name == "time" else "time")


def test_years_in_a_column_called_time_are_no_timecodes(segments: pd.DataFrame) -> None:
    spec = tw.explore(segments.assign(time=1990.5 + np.arange(len(segments))))._spec
    assert not named(spec, "time")["time"]
    assert (named(spec, "time")["low"], named(spec, "middle_sec")["time"]) == (1990.5, True)
    assert named(tw.explore(segments)._spec, "time")["time"]


def test_the_videos_have_a_column_whatever_else_is_called_like_them(segments: pd.DataFrame) -> None:
    own = pd.Series(["day", "night", "day"] * 5, segments.index, name="video")
    spec = tw.explore(segments.assign(video=own), labels=own.rename("video_id"))._spec
    assert named(spec, "video_id")["names"] == ["day", "night"]
    assert named(spec, spec["videoColumn"])["names"] == ["alpha", "beta"]
    one = segments[segments["video_id"] == "alpha"]
    assert tw.explore(one.assign(video=own))._spec["videoColumn"] == ""


def test_every_video_has_a_colour_and_a_filter_however_many_they_are() -> None:
    n = 4100
    rows = pd.DataFrame({"video_id": [f"v{k:04}" for k in range(n)], "start_sec": 0.0})
    table = tw.with_vectors(rows.assign(end_sec=6.0), np.ones((n, 4), np.float32))
    explorer = tw.explore(table, views=["timeline"])
    column = named(explorer._spec, "video")
    assert explorer._spec["colorBy"] == explorer._spec["videoColumn"] == "video"
    assert column["names"] == table["video_id"].tolist()
    np.testing.assert_array_equal(array(explorer, column["array"]), np.arange(n))


@pytest.mark.parametrize("over", [0, 1])
def test_what_is_left_out_for_too_many_segments_is_said(
    segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    n = len(segments)
    monkeypatch.setattr("twlab.widgets.payload.MAX_NOVELTY", n - over)
    monkeypatch.setattr("twlab.widgets.spaces.MAX_CELLS", n - over)
    spec = tw.explore(segments, coords=np.zeros((n, 2)))._spec
    space = spec["spaces"][0]
    assert ("novelty" in spec["arrays"]) == (space["nNeighbors"] > 0) == (not over)
    for sentence in (spec["noNovelty"], space["noNeighbors"]):
        assert (f"up to {n - 1} segments, here are {n}" in sentence) == bool(over)
        assert bool(sentence) == bool(over)


def test_novelty_is_not_missed_where_there_is_no_time(
    segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twlab.widgets.payload.MAX_NOVELTY", 3)
    untimed = segments.assign(start_sec=np.nan, end_sec=np.nan)
    assert tw.explore(untimed, views=["timeline"])._spec["noNovelty"] == ""


def test_a_list_of_one_video_is_none(segments: pd.DataFrame) -> None:
    one = segments[segments["video_id"] == "alpha"]
    assert "videos" in tw.explore(segments)._spec["views"]
    assert "videos" not in tw.explore(one)._spec["views"]
    assert tw.explore(one, views=["videos"])._spec["views"] == ["videos"]
