"""The order of rows in time, and results that come back with them."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize("several", ["matrix", "lists", "by name"])
def test_where_one_value_is_meant_several_are_refused(segments: pd.DataFrame, several: str) -> None:
    film = segments.assign(video_id=[f"film {k % 5}" for k in range(15)])
    film = film.assign(embedding_option="visual")
    one = [["a", "b", "c"][k % 3] for k in range(15)]
    values: dict[str, Any] = {
        "matrix": np.column_stack([one, one]),
        "lists": [[label] for label in one],
        "by name": dict(enumerate(one)),
    }
    vocabulary = {"x": tw.vectors(film)[0], "y": tw.vectors(film)[1]}
    asked = [
        lambda labels: tw.probe(film, labels),
        lambda labels: tw.probe(film, one, groups=labels),
        lambda labels: tw.knn_accuracy(film, labels),
        lambda labels: tw.to_spans(film, labels),
        lambda labels: tw.cluster_summary(film, labels),
        lambda labels: tw.name_clusters(film, labels, vocabulary=vocabulary),
    ]
    for ask in asked:
        with pytest.raises(tw.InputError, match=r"one (value|text).* for each"):
            ask(values[several])
    if several == "matrix":
        with pytest.raises(tw.InputError, match=r"shape \(15, 2\); one label per segment"):
            tw.explore(film, labels=pd.DataFrame(values[several], index=film.index))


def test_a_whole_number_beside_none_stays_one(segments: pd.DataFrame) -> None:
    spans = tw.to_spans(segments[:3], [1, None, 2])
    assert spans["label"].tolist() == ["1", "2"]
    with pytest.warns(tw.TwlabWarning):
        assert tw.probe(segments[:3], [1, None, 2]).labels == ("1", "2")
