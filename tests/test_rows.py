"""The order of rows in time, and results that come back with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.table import align_rows, time_order


def test_time_order() -> None:
    rows = pd.DataFrame(
        {
            "video_id": ["b", "a", "a", "a", "b", "a"],
            "start_sec": [0.0, 6, 0, np.nan, 0, 6],
            "end_sec": [9.0, 9, 6, np.nan, 5, 8],
        }
    )
    assert time_order(rows).tolist() == [2, 5, 1, 3, 4, 0]
    assert time_order(rows[["start_sec"]]).tolist() == [0, 2, 4, 1, 5, 3]
    assert time_order(rows[[]]).tolist() == [*range(6)]
    assert time_order(np.eye(3)).tolist() == [0, 1, 2]


def test_aligned(segments: pd.DataFrame) -> None:
    values = pd.Series(range(15), index=segments.index)
    assert align_rows(segments, values[::-1], "values").tolist() == [*range(15)]
    assert align_rows(segments, [1] * 15, "values") == [1] * 15
    twice = segments.set_axis([0] * 15)
    assert align_rows(twice, values.set_axis([0] * 15), "values").tolist() == [*range(15)]
    with pytest.raises(tw.InputError, match=r"values has a different index .*first label 0"):
        align_rows(segments.set_axis([*range(14), 13]), values, "values")
    with pytest.raises(tw.InputError, match="values has 3 entries for 15 rows"):
        align_rows(segments, [1, 2, 3], "values")
