"""Scene boundaries along time: against a plain double loop, and in what must not matter."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw

pytestmark = pytest.mark.numbers


def table(matrix: Any, *, start: Any = None, end: Any = None, video: str = "a") -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame(
        {
            "video_id": video,
            "start_sec": np.arange(n) * 6.0 if start is None else np.asarray(start, float),
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "model_name": "test",
        }
    )
    rows["end_sec"] = rows["start_sec"] + 6 if end is None else np.asarray(end, float)
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))


def two_scenes(n: int = 20, at: int = 12) -> np.ndarray:
    matrix = np.zeros((n, 4))
    matrix[:at, 0] = 1
    matrix[at:, 1] = 1
    return matrix


def checkerboard(segments: pd.DataFrame, kernel_sec: float) -> list[float]:
    """The definition of novelty, word by word, for segments that do not overlap."""
    unit = tw.vectors(segments).astype(float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    start, end = segments["start_sec"].to_numpy(), segments["end_sec"].to_numpy()
    middle, out = (start + end) / 2, []
    for t in start:
        sides = []
        for side, edge in ((end <= t + 1e-6, end), (start >= t - 1e-6, start)):
            rows = np.flatnonzero(side & (np.abs(edge - t) <= kernel_sec))
            weight = (end - start)[rows] * np.exp(
                -0.5 * ((middle[rows] - t) / (kernel_sec / 2)) ** 2
            )
            sides.append((rows, weight))
        if not all(len(rows) for rows, _ in sides):
            out.append(math.nan)
            continue
        means = [
            [np.average((unit[r] @ unit[c].T), weights=np.outer(v, w)) for c, w in sides]
            for r, v in sides
        ]
        out.append((means[0][0] + means[1][1]) / 2 - means[0][1])
    return out


@pytest.mark.parametrize("kernel_sec", [7.0, 30.0, 1000.0])
def test_novelty_is_the_checkerboard_sum(rng: np.random.Generator, kernel_sec: float) -> None:
    lengths = rng.uniform(1, 9, size=25)
    end = lengths.cumsum()
    segments = table(rng.normal(size=(25, 8)), start=end - lengths, end=end)
    expected = checkerboard(segments, kernel_sec)
    np.testing.assert_allclose(tw.novelty(segments, kernel_sec=kernel_sec), expected, atol=1e-6)


def test_novelty_peaks_where_the_scene_changes() -> None:
    curve = tw.novelty(table(two_scenes()))
    assert curve.name == "novelty"
    assert curve.idxmax() == 12
    assert curve.max() == pytest.approx(1.0)
    assert math.isnan(curve[0])


def test_opposite_vectors_reach_two() -> None:
    assert tw.novelty(table([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])).max() == pytest.approx(2.0)


def test_all_equal_is_nowhere_new() -> None:
    np.testing.assert_allclose(tw.novelty(table(np.ones((9, 3))))[1:], 0, atol=1e-7)


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_one_segment_and_none() -> None:
    assert tw.novelty(table([[1.0, 0.0]])).isna().tolist() == [True]
    empty = tw.novelty(table(np.eye(2)).iloc[:0])
    assert empty.dtype == np.float64
    assert len(empty) == 0


def test_videos_and_options_are_followed_apart() -> None:
    parts = [table(two_scenes(20, at)).assign(video_id=v) for v, at in (("a", 5), ("b", 14))]
    parts.append(table(np.eye(3)[[0] * 9 + [1] * 11]).assign(embedding_option="audio"))
    mixed = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0)
    curve = tw.novelty(mixed)
    assert curve.index.equals(mixed.index)
    for part, offset in zip(parts, (0, 20, 40), strict=True):
        mine = curve.reindex(range(offset, offset + 20))
        np.testing.assert_allclose(mine, tw.novelty(part), atol=1e-6)


def test_rows_that_take_no_part_are_nan_and_change_nothing() -> None:
    segments = table(two_scenes())
    whole = table(np.ones((1, 4)), end=[120.0]).assign(embedding_scope="video")
    query = table(np.ones((1, 4)), start=[math.nan], end=[math.nan]).assign(embedding_scope="text")
    with pytest.warns(tw.TwlabWarning, match="1 of 22 rows have no time"):
        curve = tw.novelty(pd.concat([whole, segments, query], ignore_index=True))
    assert curve.iloc[[0, -1]].isna().all()
    np.testing.assert_allclose(curve.iloc[1:-1], tw.novelty(segments), atol=1e-7)


def test_the_past_reaches_over_a_long_gap() -> None:
    start = np.r_[np.arange(10) * 6.0, 5000 + np.arange(10) * 6.0]
    segments = table(two_scenes(20, 10), start=start)
    assert tw.novelty(segments)[10] == pytest.approx(1.0)


def test_segments_that_straddle_a_boundary_take_no_side() -> None:
    start = np.arange(40) * 3.0
    curve = tw.novelty(table(two_scenes(40, 21), start=start, end=start + 6))
    assert curve.iloc[:2].isna().all()
    assert curve[21] > curve[[18, 24]].max()
    assert np.isfinite(curve.iloc[2:]).all()


def test_zero_vectors_weigh_nothing() -> None:
    matrix = two_scenes()
    without = tw.novelty(table(matrix).drop(index=[3, 15]))
    matrix[[3, 15]] = 0
    with pytest.warns(tw.TwlabWarning, match="2 of 20 vectors are all zeros"):
        curve = tw.novelty(table(matrix))
    np.testing.assert_allclose(curve.drop(index=[3, 15]), without, atol=1e-6)
    with pytest.warns(tw.TwlabWarning):
        assert tw.novelty(table(np.zeros((4, 2)))).isna().all()


def test_segments_without_length_are_no_failure(rng: np.random.Generator) -> None:
    moments = np.arange(6.0)
    curve = tw.novelty(table(rng.normal(size=(6, 3)), start=moments, end=moments))
    assert math.isnan(curve[0])
    assert np.isfinite(curve[1:]).all()


# Times in milliseconds: those less than a microsecond apart are one time to every analysis.
films = st.lists(
    st.tuples(st.integers(500, 20_000), st.integers(0, 30_000), st.integers(0, 5)),
    min_size=2,
    max_size=30,
)


def drawn(film: list[tuple[int, int, int]]) -> pd.DataFrame:
    """Segments of drawn length, gap before, and one of six directions."""
    length, gap, kind = (np.array(column) for column in zip(*film, strict=True))
    end = (length + gap).cumsum()
    base = np.random.default_rng(0).normal(size=(6, 5))
    return table(base[kind], start=(end - length) / 1000, end=end / 1000)


@settings(max_examples=60, deadline=None)
@given(film=films, factor=st.floats(0.1, 50), seed=st.integers(0, 99))
def test_shift_scale_order_and_duplicates_do_not_matter(
    film: list[tuple[int, int, int]], factor: float, seed: int
) -> None:
    segments = drawn(film)
    curve = tw.novelty(segments, kernel_sec=25)
    assert curve.dropna().between(-1e-9, 2 + 1e-9).all()
    times = segments[["start_sec", "end_sec"]]
    later = segments.assign(**(times + 1000))
    np.testing.assert_allclose(tw.novelty(later, kernel_sec=25), curve, atol=1e-6)
    slower = segments.assign(**(times * factor))
    np.testing.assert_allclose(tw.novelty(slower, kernel_sec=25 * factor), curve, atol=1e-6)
    louder = tw.with_vectors(segments, tw.vectors(segments) * factor)
    np.testing.assert_allclose(tw.novelty(louder, kernel_sec=25), curve, atol=1e-5)
    shuffled = segments.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(
        tw.novelty(shuffled, kernel_sec=25).reindex(segments.index), curve, atol=1e-6
    )
    twice = pd.concat([segments, segments.sample(frac=0.5, random_state=seed)])
    assert (
        tw.novelty(twice, kernel_sec=25)
        .groupby(level=0)
        .agg(lambda values: np.ptp(values.to_numpy()))
        .fillna(0)
        .max()
        < 1e-6
    )
    np.testing.assert_allclose(
        tw.novelty(twice, kernel_sec=25).iloc[: len(segments)], curve, atol=1e-6
    )


@pytest.mark.parametrize("kernel_sec", [0, -3.0, math.nan, math.inf, "5"])
def test_a_kernel_without_length_is_refused(segments: pd.DataFrame, kernel_sec: Any) -> None:
    with pytest.raises(tw.InputError, match=r"kernel_sec is .*positive number of seconds"):
        tw.novelty(segments, kernel_sec=kernel_sec)


def test_a_table_without_times_is_refused(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="no column 'start_sec'"):
        tw.novelty(segments.drop(columns="start_sec"))


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tw.novelty(segments)
    pd.testing.assert_frame_equal(segments, before)


def test_an_index_that_repeats_columns(segments: pd.DataFrame) -> None:
    levels = segments.set_index(["video_id", "start_sec"], drop=False)
    np.testing.assert_array_equal(tw.novelty(levels), tw.novelty(segments))


@pytest.mark.parametrize("gap", [0.0, 60.0])
def test_novelty_does_not_depend_on_the_order_of_rows(rng: np.random.Generator, gap: float) -> None:
    """Two segments of the same times are equally near, also before a gap longer than the kernel."""
    start = np.array([0.0, 6, 12, 18, 24, 24, 30 + gap, 36 + gap])
    segments = table(rng.normal(size=(8, 5)), start=start)
    curve = tw.novelty(segments, kernel_sec=20)
    assert curve.dropna().max() > 0.1
    for seed in range(5):
        shuffled = segments.sample(frac=1, random_state=seed)
        other = tw.novelty(shuffled, kernel_sec=20).reindex(segments.index)
        np.testing.assert_allclose(other, curve, atol=1e-9)
    # Both stand for the past of what comes after the gap: neither alone does.
    for gone in (4, 5):
        alone = tw.novelty(segments.drop(index=gone), kernel_sec=20)
        assert abs(alone[6] - curve[6]) > 1e-3
