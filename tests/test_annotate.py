"""Labels of spans onto segments and back: the share decides, and nothing is claimed unseen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw

pytestmark = pytest.mark.numbers


def table(starts: list[float], length: float = 6.0, video: str = "film.mp4") -> pd.DataFrame:
    start = np.asarray(starts, float)
    vectors = np.random.default_rng(0).normal(size=(len(start), 4))
    return tw.from_vectors(vectors, start_sec=start, end_sec=start + length, video_id=video)


def spans_of(*rows: tuple[str, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["video_id", "start_sec", "end_sec", "label"])


def slow_share(a: float, b: float, spans: list[tuple[float, float]]) -> float:
    """Covered milliseconds counted one by one."""
    ticks = np.arange(round(a * 1000), round(b * 1000))
    inside = np.zeros(len(ticks), bool)
    for left, right in spans:
        inside |= (ticks >= round(left * 1000)) & (ticks < round(right * 1000))
    return float(inside.mean())


MILLIS = st.integers(0, 30_000).map(lambda ms: ms / 1000)


@given(
    spans=st.lists(
        st.tuples(MILLIS, MILLIS, st.sampled_from("ab")).filter(lambda s: s[0] < s[1]),
        min_size=1,
        max_size=6,
    ),
    share=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)
@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
@pytest.mark.once
def test_the_share_decides_as_counted(spans: list[tuple[float, float, str]], share: float) -> None:
    segments = table([0, 6, 12, 18, 21])
    got = tw.annotate(
        segments, spans_of(*(("film.mp4", a, b, c) for a, b, c in spans)), min_share=share
    )
    for label in got.columns:
        mine = [(a, b) for a, b, c in spans if c == label]
        places = zip(segments["start_sec"], segments["end_sec"], strict=True)
        want = [slow_share(a, b, mine) >= share - 1e-9 for a, b in places]
        assert got[label].tolist() == want


def test_half_is_enough_and_a_millisecond_less_is_not() -> None:
    segments = table([0.0, 6.0])
    got = tw.annotate(segments, spans_of(("film.mp4", 3.0, 8.999, "a")))
    assert got["a"].tolist() == [True, False]
    both = tw.annotate(segments, spans_of(("film.mp4", 3.0, 9.0, "a")))
    assert both["a"].tolist() == [True, True]


def test_two_spans_of_a_label_count_together_and_once() -> None:
    segments = table([0.0])
    apart = spans_of(("film.mp4", 0, 1.5, "a"), ("film.mp4", 4.5, 6, "a"))
    assert tw.annotate(segments, apart)["a"].tolist() == [True]
    twice = spans_of(("film.mp4", 0, 2, "a"), ("film.mp4", 0, 2, "a"), ("film.mp4", 0, 6, "b"))
    with pytest.warns(tw.TwlabWarning, match=r"2 of 3 spans label no segment \(first: 'a' from 0"):
        assert tw.annotate(segments, twice)["a"].tolist() == [False]


def test_a_video_nobody_looked_at_is_missing_and_not_false() -> None:
    segments = pd.concat([table([0, 6]), table([0, 6], video="other.mp4")], ignore_index=True)
    got = tw.annotate(segments, spans_of(("film.mp4", 0, 6, "a")))
    assert got["a"].tolist() == [True, False, pd.NA, pd.NA]
    assert str(got["a"].dtype) == "boolean"


def test_rows_without_time_are_missing() -> None:
    segments = table([0, 6]).assign(start_sec=[0.0, np.nan], end_sec=[6.0, np.nan])
    got = tw.annotate(segments, spans_of(("film.mp4", 0, 6, "a")))
    assert got["a"].tolist() == [True, pd.NA]


def test_no_span_says_nothing() -> None:
    segments = table([0, 6])
    assert tw.annotate(segments, spans_of()).shape == (2, 0)
    assert len(tw.to_spans(segments, [None, None])) == 0


def test_order_of_rows_and_spans_does_not_matter(rng: np.random.Generator) -> None:
    segments = table([0, 6, 12, 18])
    spans = spans_of(*[("film.mp4", 3.0 * k, 3.0 * k + 7, "xyz"[k % 3]) for k in range(6)])
    want = tw.annotate(segments, spans)
    order = rng.permutation(len(segments))
    got = tw.annotate(segments.iloc[order], spans.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(got.loc[segments.index], want)
    double = pd.concat([spans, spans])
    pd.testing.assert_frame_equal(tw.annotate(segments, double), want)
    later = spans.assign(start_sec=spans["start_sec"] + 100, end_sec=spans["end_sec"] + 100)
    moved = segments.assign(
        start_sec=segments["start_sec"] + 100, end_sec=segments["end_sec"] + 100
    )
    pd.testing.assert_frame_equal(tw.annotate(moved, later), want)


@given(codes=st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=12))
@pytest.mark.once
def test_back_and_forth_is_the_same(codes: list[str | None]) -> None:
    segments = table([6.0 * k for k in range(len(codes))])
    spans = tw.to_spans(segments, codes)
    if not len(spans):
        return
    flags = tw.annotate(segments, spans)
    assert tw.to_spans(segments, flags).equals(spans)
    got = [next((c for c in flags.columns if flags[c].iloc[k]), None) for k in range(len(codes))]
    assert got == codes


def test_spans_join_what_touches_in_one_video_only() -> None:
    segments = pd.concat(
        [table([0, 6, 18]), table([6, 12], video="other.mp4")], ignore_index=True
    ).iloc[::-1]
    spans = tw.to_spans(segments, ["x"] * 5)
    assert spans[["video_id", "start_sec", "end_sec", "n_segments"]].to_numpy().tolist() == [
        ["film.mp4", 0.0, 12.0, 2],
        ["film.mp4", 18.0, 24.0, 1],
        ["other.mp4", 6.0, 18.0, 2],
    ]


def test_videos_are_found_by_the_names_that_people_use() -> None:
    segments = table([0, 6], video="film")
    for name in ("film", "film.mp4", "/home/me/film.mp4", "C:\\films\\film.mp4"):
        assert tw.annotate(segments, spans_of((name, 0, 6, "a")))["a"].tolist() == [True, False]
    named = segments.assign(video_id="65f0", filename="film.mp4")
    assert tw.annotate(named, spans_of(("film", 0, 6, "a")))["a"].tolist() == [True, False]


def test_a_name_of_two_videos_is_refused_and_an_id_is_not() -> None:
    segments = pd.concat([table([0], video="1"), table([0], video="2")], ignore_index=True)
    segments = segments.assign(filename="film.mp4")
    with pytest.raises(tw.InputError, match="and so are called 2 videos"):
        tw.annotate(segments, spans_of(("film.mp4", 0, 6, "a")))
    assert tw.annotate(segments, spans_of(("2", 0, 6, "a")))["a"].tolist() == [pd.NA, True]


def test_other_names_of_columns_are_understood() -> None:
    segments = table([0, 6])
    plain = pd.DataFrame({"Start": ["0"], "stop": [6], "Label": ["a"]})
    assert tw.annotate(segments, plain)["a"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (spans_of(("strange", 0, 6, "a")), "no such video is in the table"),
        (spans_of(("film.mp4", 6, 6, "a")), "an end after the start was expected"),
        (spans_of(("film.mp4", 0, 6, " ")), "span 0 has no label"),
        (spans_of(("film.mp4", 0, np.inf, "a")), "end_sec of span 0 is inf"),
        (pd.DataFrame({"start": [0]}), "no column 'end_sec'"),
        ([("a", 0, 1)], "spans are a list"),
    ],
)
def test_what_is_wrong_is_said(spans: pd.DataFrame, message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        tw.annotate(table([0, 6]), spans)


def test_a_share_of_nothing_is_refused() -> None:
    for share in (0, 1.1, True, float("nan"), "0.5", None):
        with pytest.raises(tw.InputError, match="min_share is"):
            tw.annotate(table([0]), spans_of(("film.mp4", 0, 6, "a")), min_share=share)  # type: ignore[arg-type]


def test_spans_of_other_videos_are_told() -> None:
    spans = spans_of(("film.mp4", 0, 6, "a"), ("lost.mp4", 0, 6, "b"))
    with pytest.warns(tw.TwlabWarning, match="1 of 2 spans are of videos"):
        assert tw.annotate(table([0]), spans).columns.tolist() == ["a"]


def test_columns_of_numbers_are_no_flags() -> None:
    with pytest.raises(tw.InputError, match="column 'x' of the labels is int64"):
        tw.to_spans(table([0]), pd.DataFrame({"x": [1]}))
    with pytest.raises(tw.InputError, match="has no such column"):
        tw.to_spans(table([0]), "nothing")


@pytest.mark.parametrize(
    ("video", "other"),
    [
        ("day1/cam.mp4", "day2/cam.mp4"),
        ("2024/a", "2025/a"),
        ("cam.mp4", "cam.mov"),
        ("film", "film.mp4"),
    ],
)
def test_spans_of_another_file_label_nothing(video: str, other: str) -> None:
    segments = table([0, 6], video=video)
    spans = spans_of((video, 0, 6, "x"), (other, 6, 12, "y"))
    with pytest.warns(tw.TwlabWarning, match="1 of 2 spans are of videos that are not in the"):
        got = tw.annotate(segments, spans)
    assert got.columns.tolist() == ["x"]
    if video != "film":
        with pytest.raises(tw.InputError, match="no such video is in the table"):
            tw.annotate(segments, spans_of((other, 0, 6, "x")))


def test_a_filename_does_not_hide_the_folder_of_the_id() -> None:
    segments = table([0], video="day1/cam.mp4").assign(filename="cam.mp4")
    with pytest.raises(tw.InputError, match="no such video is in the table"):
        tw.annotate(segments, spans_of(("day2/cam.mp4", 0, 6, "x")))
    for name in ("day1/cam.mp4", "cam", "cam.mp4", "/home/day1/cam.MP4", "day1\\cam"):
        assert tw.annotate(segments, spans_of((name, 0, 6, "x")))["x"].tolist() == [True]


def test_two_files_are_not_one_video() -> None:
    spans = spans_of(("day1/cam.mp4", 0, 6, "x"), ("day2/cam.mp4", 0, 6, "y"))
    with pytest.raises(tw.InputError, match="which may be either"):
        tw.annotate(table([0], video="cam"), spans)


def test_two_columns_of_one_label_are_refused() -> None:
    for names in (["x", "x"], ["1", 1]):
        flags = pd.DataFrame([[True, False]], columns=names)
        with pytest.raises(tw.InputError, match="the labels have several columns"):
            tw.to_spans(table([0]), flags)


def test_lengths_of_time_are_seconds() -> None:
    segments = table([0, 6])
    for cast in (lambda x: x, lambda x: x.astype(object), lambda x: x.astype("timedelta64[ms]")):
        spans = spans_of(("film.mp4", 0, 6, "a"))
        spans["start_sec"] = cast(pd.to_timedelta(spans["start_sec"], unit="s"))
        spans["end_sec"] = cast(pd.to_timedelta(spans["end_sec"], unit="s"))
        assert tw.annotate(segments, spans)["a"].tolist() == [True, False]


@pytest.mark.parametrize("time", [True, pd.Timestamp("2020-01-01"), None, 1e300, "nan"])
def test_what_is_no_time_is_refused(time: Any) -> None:
    spans = spans_of(("film.mp4", 0, 6, "a"))
    for kind in (None, object):
        spans["end_sec"] = pd.Series([time], dtype=kind)
        with pytest.raises(tw.InputError, match="end_sec of span 0 is"):
            tw.annotate(table([0]), spans)


def test_columns_of_one_name_are_refused() -> None:
    spans = spans_of(("film.mp4", 0, 6, "a"))
    for name in ("label", "start_sec"):
        with pytest.raises(tw.InputError, match=f"the spans have several columns '{name}'"):
            tw.annotate(table([0]), pd.concat([spans, spans[[name]]], axis=1))
