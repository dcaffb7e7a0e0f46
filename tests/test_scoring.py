"""Boundary scores: agreement with mir_eval and segeval, and the definitions by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import twlab as tw

pytestmark = pytest.mark.numbers

LENGTH = 60
cuts = st.sets(st.integers(1, LENGTH - 1), min_size=1, max_size=9).map(sorted)


def score(true: list[float], found: list[float], tolerance_sec: float = 1.0) -> pd.Series:
    edges = ([0, *true, LENGTH], [0, *found, LENGTH])
    return tw.boundary_scores(*edges, tolerance_sec=tolerance_sec).iloc[0]


@settings(max_examples=150, deadline=None)
@given(true=cuts, found=cuts, tolerance=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_precision_and_recall_are_those_of_mir_eval(
    true: list[float], found: list[float], tolerance: float
) -> None:
    mir_eval = pytest.importorskip("mir_eval")

    def intervals(inner: list[float]) -> np.ndarray:
        return np.column_stack([[0, *inner], [*inner, LENGTH]]).astype(float)

    expected = mir_eval.segment.detection(
        intervals(true), intervals(found), window=tolerance, trim=True
    )
    mine = score(true, found, tolerance)
    np.testing.assert_allclose(mine[["precision", "recall", "f_measure"]].astype(float), expected)


@settings(max_examples=150, deadline=None)
@given(true=cuts, found=cuts)
def test_window_diff_is_that_of_segeval(true: list[int], found: list[int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # it is compiled when first imported
        segeval = pytest.importorskip("segeval")
        pytest.importorskip("segeval.data")
    width = LENGTH / (len(true) + 1) / 2
    assume(width == int(width) and width > 1)

    def masses(inner: list[int]) -> tuple[int, ...]:
        return tuple(int(k) for k in np.diff([0, *inner, LENGTH]))

    expected = float(segeval.window_diff(masses(found), masses(true)))
    assert score(true, found)["window_diff"] == pytest.approx(expected)


@settings(max_examples=80, deadline=None)
@given(true=cuts, found=cuts)
def test_bounds_and_perfection(true: list[float], found: list[float]) -> None:
    mine = score(true, found)
    shares = mine.drop(["n_reference", "n_estimated", "tolerance_sec"]).astype(float)
    assert shares.between(-1e-12, 1 + 1e-12).all()
    perfect = score(true, true)
    best = perfect[["f_measure", "coverage_f", "mean_iou"]].astype(float)
    np.testing.assert_allclose(best, 1)
    assert perfect["window_diff"] == 0


def test_by_hand() -> None:
    mine = score([20, 40], [20, 30, 50], tolerance_sec=0)
    assert mine["precision"] == pytest.approx(1 / 3)
    assert mine["recall"] == pytest.approx(1 / 2)
    assert mine["coverage"] == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert mine["overflow"] == pytest.approx((0 + 10 / 40 + 10 / 20) / 3)
    assert mine["mean_iou"] == pytest.approx(
        np.mean([np.mean([1, 0.5, 0.5]), np.mean([1, 0.5, 1 / 3, 0.5])])
    )
    assert mine[["n_reference", "n_estimated"]].tolist() == [3, 4]


def test_the_tolerance_follows_the_clips() -> None:
    found = pd.DataFrame({"start_sec": [0.0, 30], "end_sec": [30.0, 60], "n_segments": [5, 5]})
    scores = tw.boundary_scores([0, 27, 60], found)
    assert scores["tolerance_sec"][0] == 3.0
    assert scores["f_measure"][0] == 1.0
    assert tw.boundary_scores([0, 26.9, 60], found)["f_measure"][0] == 0.0
    assert tw.boundary_scores([0, 27, 60], [0, 30, 60])["tolerance_sec"][0] == 0.5


def test_videos_are_scored_one_by_one() -> None:
    reference = pd.DataFrame(
        {"video_id": ["a", "a", "b", "b"], "start_sec": [0.0, 9, 0, 5], "end_sec": [9.0, 20, 5, 9]}
    )
    scores = tw.boundary_scores(reference, reference.iloc[:2], tolerance_sec=1)
    assert scores["video_id"].tolist() == ["a", "b"]
    assert scores["f_measure"].tolist() == [1.0, 0.0]
    assert scores["n_estimated"].tolist() == [2, 1]


def test_refusals() -> None:
    with pytest.raises(tw.InputError, match="are not increasing"):
        tw.boundary_scores([0, 5, 5, 9], [0, 9])
    with pytest.raises(tw.InputError, match="are not increasing"):
        tw.boundary_scores([3.0], [0, 9])
    with pytest.raises(tw.InputError, match="tolerance_sec is -1"):
        tw.boundary_scores([0, 9], [0, 9], tolerance_sec=-1)
    with pytest.raises(tw.InputError, match="tolerance_sec is '1'"):
        tw.boundary_scores([0, 9], [0, 9], tolerance_sec="1")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"edges are \['0:00', '1:30'\]; start"):
        tw.boundary_scores([0, 9], ["0:00", "1:30"])  # type: ignore[list-item]
    with pytest.raises(tw.InputError, match="no column 'end_sec'"):
        tw.boundary_scores(pd.DataFrame({"start_sec": [0.0]}), [0, 9])
