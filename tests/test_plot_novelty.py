"""The novelty curve, read back from the figure."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.numbers


def seconds(times: object) -> list[float]:
    return (np.asarray(times, "datetime64[ms]").astype(np.int64) / 1000).tolist()


def test_curve(segments: pd.DataFrame) -> None:
    figure = tw.plot.novelty(segments)
    values = tw.novelty(segments)
    np.testing.assert_allclose(figure.data[0].y, values.iloc[1:10])
    assert seconds(figure.data[0].x)[0] == 6
    assert "alpha 0:06 – 0:12" in figure.data[0].hovertext.tolist()
    assert figure.layout.xaxis.tickformat == "%-M:%S"


def test_lines_per_option_and_panels_per_video(segments: pd.DataFrame) -> None:
    other = tw.with_vectors(segments.assign(embedding_option="audio"), np.eye(15))
    figure = tw.plot.novelty(pd.concat([segments, other], ignore_index=True))
    assert [trace.name for trace in figure.data] == ["visual", "visual", "audio", "audio"]
    assert [trace.showlegend for trace in figure.data] == [True, False, True, False]
    assert {trace.yaxis for trace in figure.data} == {"y", "y2"}
    names = {note.text: note.yref for note in figure.layout.annotations}
    assert names == {"<b>alpha</b>": "y domain", "<b>beta</b>": "y2 domain"}


def test_given_values_and_their_peaks(segments: pd.DataFrame) -> None:
    one = segments.iloc[:10]
    values = [9, 1, 2, 8, 2, 3, 2, 9, 9, 1]
    trace = tw.plot.novelty(one, values).data[0]
    assert list(trace.y) == values
    assert [k for k, size in enumerate(trace.marker.size) if size] == [3, 7]


def test_scenes_are_marked_in_their_panel(segments: pd.DataFrame) -> None:
    scenes = pd.DataFrame({"video_id": ["beta", "alpha"], "start_sec": [12.0, 0.0]})
    shapes = tw.plot.novelty(segments, scenes=scenes).layout.shapes
    assert [(shape.yref, seconds(shape.x0)) for shape in shapes] == [
        ("y domain", 0),
        ("y2 domain", 12),
    ]


def test_rows_without_a_value(segments: pd.DataFrame) -> None:
    values = pd.Series([1.0, np.nan] + [0.5] * 13, index=segments.index)
    assert seconds(tw.plot.novelty(segments, values).data[0].x)[:2] == [0, 12]
    with pytest.raises(tw.InputError, match="no segment has a novelty"):
        tw.plot.novelty(segments.iloc[:1])
    with pytest.raises(tw.InputError, match="values has 3 entries for 15 rows"):
        tw.plot.novelty(segments, [1, 2, 3])


def test_five_thousand_points() -> None:
    start = np.arange(5000) * 2.0
    rows = pd.DataFrame({"video_id": "long", "start_sec": start, "end_sec": start + 2})
    figure = tw.plot.novelty(tw.with_vectors(rows, np.ones((5000, 2))), np.sin(start))
    assert len(figure.to_json()) < 1_000_000


def test_equal_segments_have_a_flat_curve() -> None:
    same = np.tile(np.random.default_rng(0).normal(size=8), (30, 1))
    starts = np.arange(30) * 6.0
    scale = np.random.default_rng(1).uniform(0.1, 3, (30, 1))
    table = tw.from_vectors(same * scale, start_sec=starts, end_sec=starts + 6)
    line = tw.plot.novelty(table).data[0]
    assert (np.asarray(line.y) == 0).all()
    assert (np.asarray(line.marker.size) == 0).all()


def test_a_thousand_scenes_hide_no_curve_and_take_no_time() -> None:
    starts = np.arange(1000) * 6.0
    vectors = np.random.default_rng(0).normal(size=(1000, 8))
    table = tw.from_vectors(vectors, start_sec=starts, end_sec=starts + 6)
    scenes = pd.DataFrame({"start_sec": starts})
    began = time.process_time()
    figure = tw.plot.novelty(table, scenes=scenes)
    assert time.process_time() - began < 20  # one by one they took minutes
    lines = figure.layout.shapes
    assert len(lines) == 1000
    assert {line.layer for line in lines} == {"below"}
    few = tw.plot.novelty(table, scenes=scenes[::100]).layout.shapes
    assert opacity(few[0]) == 0.5
    assert opacity(lines[0]) < 0.05


def opacity(line: Any) -> float:
    """The last number of ``rgba(...)``."""
    return float(line.line.color.rstrip(")").split(",")[-1])


@pytest.mark.parametrize("noise", [0, 1e-7, 1e-5])
def test_novelty_of_equal_clips_is_flat(
    segments: pd.DataFrame, rng: np.random.Generator, noise: float
) -> None:
    vectors = rng.normal(size=8) + noise * rng.normal(size=(15, 8))
    table = tw.with_vectors(segments, vectors)
    for values in (None, tw.novelty(table)):
        figure = tw.plot.novelty(table, values)
        assert figure.layout.yaxis.range == (0, 1)
        assert not np.any(figure.data[0].marker.size)
        assert "all alike" in figure.layout.title.text
    curves = tw.plot.timeline(table, novelty=tw.novelty(table)).data[-2:]
    assert all(np.ptp(curve.y) < 0.01 for curve in curves)


def test_novelty_that_is_there_is_drawn(segments: pd.DataFrame) -> None:
    values = np.linspace(0, 0.002, 15)
    figure = tw.plot.novelty(segments, values)
    assert figure.layout.yaxis.range is None
    assert "alike" not in figure.layout.title.text
