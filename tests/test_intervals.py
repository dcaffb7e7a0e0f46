"""Time arithmetic against plain loops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw
from twlab.intervals import (
    crop,
    format_timecode,
    iou,
    merge_adjacent,
    overlap,
    parse_timecode,
)

PAIR = st.tuples(st.integers(0, 30), st.integers(0, 12))


def intervals(pairs: list[tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "video_id": "a",
            "start_sec": [float(s) for s, _ in pairs],
            "end_sec": [float(s + n) for s, n in pairs],
        }
    )


@given(st.lists(PAIR, min_size=1, max_size=6), st.lists(PAIR, min_size=1, max_size=6))
def test_overlap_and_iou_count_seconds(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    shared, ratio = overlap(intervals(a), intervals(b)), iou(intervals(a), intervals(b))
    for i, (s, n) in enumerate(a):
        for j, (t, m) in enumerate(b):
            first, second = set(range(s, s + n)), set(range(t, t + m))
            assert shared[i, j] == len(first & second)
            union = len(first) + len(second) - len(first & second)
            assert ratio[i, j] == pytest.approx(len(first & second) / union if union else 0)


def test_overlap_without_time() -> None:
    frame = intervals([(0, 6), (6, 6)])
    frame.loc[1, "end_sec"] = np.nan
    assert overlap(frame).tolist() == [[6, 0], [0, 0]]


@given(st.lists(PAIR, max_size=8), st.integers(0, 5))
def test_merge_adjacent_covers_the_same_seconds(pairs: list[tuple[int, int]], gap: int) -> None:
    pairs = [(s, n + 1) for s, n in pairs]
    merged = merge_adjacent(intervals(pairs).sample(frac=1, random_state=0), max_gap_sec=gap)
    assert merged["n_segments"].sum() == len(pairs)
    starts, ends = merged["start_sec"].to_numpy(), merged["end_sec"].to_numpy()
    assert (starts[1:] > ends[:-1] + gap).all()
    if gap == 0:
        before = {k for s, n in pairs for k in range(s, s + n)}
        after = {k for s, e in zip(starts, ends, strict=True) for k in range(int(s), int(e))}
        assert before == after


def test_merge_adjacent_keeps_groups_apart() -> None:
    frame = pd.concat([intervals([(0, 6), (6, 6)]), intervals([(12, 6)]).assign(video_id="b")])
    merged = merge_adjacent(frame)
    assert merged.to_dict("list") == {
        "video_id": ["a", "b"],
        "start_sec": [0.0, 12.0],
        "end_sec": [12.0, 18.0],
        "n_segments": [2, 1],
    }
    assert len(merge_adjacent(frame, by=())) == 1
    assert len(merge_adjacent(frame.iloc[:0])) == 0
    with pytest.raises(tw.InputError, match="no column 'cluster' to group by"):
        merge_adjacent(frame, by=("cluster",))


def test_crop() -> None:
    frame = intervals([(0, 6), (6, 6), (12, 6)])
    assert crop(frame, 5, 12).index.tolist() == [0, 1]
    assert crop(frame, 5, 12, mode="strict").index.tolist() == [1]
    assert crop(frame, 3, 15, mode="center").index.tolist() == [0, 1]
    with pytest.raises(tw.InputError, match="reversed"):
        crop(frame, 5, 4)
    with pytest.raises(tw.InputError, match="mode is 'all'"):
        crop(frame, 0, 5, mode="all")  # type: ignore[arg-type]


def test_bad_tables() -> None:
    with pytest.raises(tw.InputError, match="no column 'start_sec'"):
        overlap(pd.DataFrame({"a": [1]}))
    with pytest.raises(tw.InputError, match=r"column 'end_sec' is .*parse_timecode"):
        overlap(pd.DataFrame({"start_sec": [0], "end_sec": ["0:06"]}))


@given(st.integers(0, 10**7))
def test_timecode_round_trip(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_timecode(format_timecode(seconds, decimals=3)) == pytest.approx(seconds)


@given(st.integers(0, 10**6), st.sampled_from([24.0, 25.0, 30.0, 29.97, 23.976, 60.0]))
def test_smpte_round_trip(frame: int, fps: float) -> None:
    seconds = frame / {23.976: 24000 / 1001, 29.97: 30000 / 1001}.get(fps, fps)
    back = parse_timecode(format_timecode(seconds, fps=fps), fps=fps)
    assert back == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(23.97, 24000 / 1001), (23.98, 24000 / 1001), (59.94, 60000 / 1001)]
    + [(rate, rate) for rate in (1.0, 5.0, 12.5, 24.0, 29.98)],
)
def test_rates_of_television_are_what_they_mean(written: float, meant: float) -> None:
    ten_hours = "10:00:00:00"
    seconds = 36_000 * round(written) / meant
    assert parse_timecode(ten_hours, fps=written) == pytest.approx(seconds, rel=1e-12)
    assert format_timecode(seconds, fps=written) == ten_hours


RATES = [24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001]


def counted(frame: int, fps: float) -> str:
    """The timecode of a frame, by its number alone."""
    whole, rest = divmod(frame, round(fps))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{rest:02d}"


@given(st.integers(0, 10**6), st.sampled_from(RATES))
def test_times_as_services_write_them_fall_on_their_frame(frame: int, fps: float) -> None:
    seconds = frame / fps
    written = [float(np.float32(seconds)), *(round(seconds, digits) for digits in (3, 4, 5, 6))]
    for time in (seconds, *written):
        assert format_timecode(time, fps=fps) == counted(frame, fps)


@given(st.integers(0, 10**5), st.sampled_from(RATES), st.floats(0.0007, 1 / 60))
def test_any_other_time_is_the_frame_that_has_begun(frame: int, fps: float, before: float) -> None:
    later = (frame + 1) / fps - before
    if later * fps > frame + 1e-6:
        assert format_timecode(later, fps=fps) == counted(frame, fps)


@pytest.mark.parametrize(
    ("seconds", "fps", "text"),
    [
        (2.08333325, 24, "00:00:02:02"),
        (7.5666666, 30, "00:00:07:17"),
        (12.899999618530273, 10, "00:00:12:09"),
        (-2.08333325, 24, "-00:00:02:02"),
        (1.9994, 25, "00:00:01:24"),
        (1.9996, 25, "00:00:02:00"),
    ],
)
def test_frames_of_real_answers(seconds: float, fps: float, text: str) -> None:
    assert format_timecode(seconds, fps=fps) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599.9, "1:00:00"), (-6, "-0:06")],
)
def test_format(seconds: float, text: str) -> None:
    assert format_timecode(seconds) == text


def test_drop_frame() -> None:
    # SMPTE 12M: frame 1800 at 29.97 is 00:01:00;02, ten minutes are 17982 frames.
    assert parse_timecode("00:01:00;02", fps=29.97) == pytest.approx(1800 * 1001 / 30000)
    assert parse_timecode("00:10:00;00", fps=29.97) == pytest.approx(17982 * 1001 / 30000)


@pytest.mark.parametrize("text", ["", "abc", "1:2:3:4:5", "1:xx", "-3"])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(tw.InputError, match="is not a time"):
        parse_timecode(text)


def test_smpte_needs_fps() -> None:
    with pytest.raises(tw.InputError, match="give the frames per second"):
        parse_timecode("00:00:01:12")
    with pytest.raises(tw.InputError, match="frame 30 at 24"):
        parse_timecode("00:00:01:30", fps=24)
    with pytest.raises(tw.InputError, match="fps is 0; frames per second"):
        format_timecode(1, fps=0)
    with pytest.raises(tw.InputError, match="not a time"):
        format_timecode(float("inf"))
    assert format_timecode(float("nan")) == ""


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_no_frames_are_dropped_at_other_rates(fps: float) -> None:
    with pytest.raises(tw.InputError, match=f"drop-frame timecode at {fps} frames"):
        parse_timecode("00:01:00;02", fps=fps)


def test_what_are_no_times() -> None:
    rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0], "end_sec": [6.0]})
    refused: list[tuple[str, Any]] = [
        ("a list was given", lambda: overlap([1, 2])),
        ("start_sec is '1'", lambda: crop(rows, "1", 2)),
        ("max_gap_sec is '1'", lambda: merge_adjacent(rows, max_gap_sec="1")),
        ("max_gap_sec is nan", lambda: merge_adjacent(rows, max_gap_sec=float("nan"))),
        ("column of times", lambda: merge_adjacent(rows, by=("start_sec",))),
        ("seconds is a NoneType", lambda: format_timecode(None)),
        ("seconds is a Series", lambda: format_timecode(rows["start_sec"])),
        ("decimals is -1", lambda: format_timecode(3, decimals=-1)),
        ("decimals is 1.5", lambda: format_timecode(3, decimals=1.5)),
        ("fps is '25'", lambda: format_timecode(3, fps="25")),
    ]
    for message, call in refused:
        with pytest.raises(tw.InputError, match=message):
            call()
    assert format_timecode(np.float32(3.25), decimals=np.int64(1)) == "0:03.3"


def test_merge_adjacent_with_an_index_that_repeats_columns() -> None:
    rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6], "end_sec": [6.0, 12]})
    levels = rows.set_index(["video_id", "start_sec"], drop=False)
    assert tw.intervals.merge_adjacent(levels)["end_sec"].tolist() == [12]


@pytest.mark.parametrize("kind", ["Float64", "float32", "double[pyarrow]", "decimal", "object"])
def test_merge_adjacent_takes_seconds_of_every_kind(kind: str) -> None:
    plain = pd.DataFrame(
        {"video_id": "a", "start_sec": [6.25, 0, np.nan, 30], "end_sec": [12.5, 6.25, np.nan, 36]}
    )
    other = plain.copy()
    for name in ("start_sec", "end_sec"):
        cells = [None if pd.isna(x) else Decimal(x) for x in plain[name]]
        given = pd.Series(cells, dtype=object) if kind == "decimal" else plain[name].astype(kind)
        other[name] = given.where(given.notna(), None) if kind == "object" else given
    pd.testing.assert_frame_equal(merge_adjacent(other), merge_adjacent(plain))
