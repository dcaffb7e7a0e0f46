"""Selections of planted truth: seconds are what a segment costs, odd segments come in dozens."""

from __future__ import annotations

import numpy as np
import pytest
from clips import table

import twlab as tw

pytestmark = pytest.mark.numbers


def test_a_long_segment_costs_its_seconds() -> None:
    """Five segments of 2 s that each stand for two serve more than one of 10 s."""
    film = table(np.eye(6)[[0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]])
    length = np.array([10.0] + [2.0] * 10)
    end = length.cumsum()
    film = film.assign(start_sec=end - length, end_sec=end)
    found = tw.summarize(film, budget_sec=10, by="coverage")
    assert len(found) == 5
    assert found["coverage"].max() > 0.65


def test_a_commercial_of_several_clips_is_odd() -> None:
    rng = np.random.default_rng(0)
    matrix = np.eye(64)[[0] * 60 + [1] * 8] + 0.06 * rng.normal(size=(68, 64))
    odd = tw.outliers(table(matrix))
    assert odd[60:].min() > odd[:60].max()
