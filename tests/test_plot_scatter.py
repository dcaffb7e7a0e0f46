"""The map of segments, read back from the figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.looks import MARKS, THEMES


def flat(segments: pd.DataFrame) -> pd.DataFrame:
    return tw.project(segments, method="pca")


def test_points_and_hover(segments: pd.DataFrame) -> None:
    coords = flat(segments)
    figure = tw.plot.scatter(segments, coords)
    assert [trace.name for trace in figure.data] == ["alpha", "beta"]
    np.testing.assert_allclose(figure.data[0].x, coords["x"].iloc[:10], rtol=1e-5)
    assert figure.data[1].hovertext.tolist()[0] == "beta 0:00 – 0:06"
    assert figure.layout.yaxis.scaleanchor == "x"


def test_projects_by_itself(segments: pd.DataFrame) -> None:
    assert sum(len(trace.x) for trace in tw.plot.scatter(segments).data) == 15


def test_colours_tell_most_by_default(segments: pd.DataFrame) -> None:
    one = segments.iloc[:10]
    assert "coloured by time" in tw.plot.scatter(one, flat(one)).layout.title.text
    options = one.assign(embedding_option=["visual", "audio"] * 5)
    title = tw.plot.scatter(options, flat(one)).layout.title.text
    assert "coloured by embedding option" in title


def test_scale_of_time_reads_as_timecodes(segments: pd.DataFrame) -> None:
    one = segments.iloc[:10]
    marker = tw.plot.scatter(one, flat(one)).data[0].marker
    assert marker.colorbar.ticktext == ("0:00", "0:10", "0:20", "0:30", "0:40", "0:50")
    assert marker.colorscale[0][1] == MARKS[0]


def test_labels_and_missing_labels(segments: pd.DataFrame) -> None:
    labels = pd.Series([1, pd.NA] + [0] * 13, dtype="Int64", index=segments.index, name="cluster")
    figure = tw.plot.scatter(segments, flat(segments), color=labels)
    assert [trace.name for trace in figure.data] == ["0", "1", "none"]
    assert figure.data[2].marker.color == THEMES["auto"].muted
    assert figure.data[1].hovertext.tolist() == ["alpha 0:00 – 0:06<br>cluster: 1"]


def test_three_dimensions(segments: pd.DataFrame) -> None:
    coords = tw.project(segments, method="pca", n_components=3)
    figure = tw.plot.scatter(segments, coords)
    assert figure.data[0].type == "scatter3d"
    assert figure.layout.scene.aspectmode == "data"


def test_many_points_use_webgl(rng: np.random.Generator, segments: pd.DataFrame) -> None:
    film = segments.iloc[np.arange(2001) % 15].reset_index(drop=True)
    coords = pd.DataFrame(rng.normal(size=(2001, 2)), columns=["x", "y"])
    assert {trace.type for trace in tw.plot.scatter(film, coords).data} == {"scattergl"}
    few = tw.plot.scatter(film.iloc[:2000], coords.iloc[:2000])
    assert {trace.type for trace in few.data} == {"scatter"}


def test_size_of_points(segments: pd.DataFrame) -> None:
    areas = np.r_[4.0, np.ones(14)]
    sizes = tw.plot.scatter(segments, flat(segments), size=areas).data[0].marker.size
    assert sizes[0] == pytest.approx(2 * sizes[1])
    with pytest.raises(tw.InputError, match="size holds -1; numbers, 0 or more"):
        tw.plot.scatter(segments, flat(segments), size=-areas.clip(max=1))


def test_unplaced_rows_are_counted(segments: pd.DataFrame) -> None:
    coords = flat(segments)
    coords.iloc[0] = np.nan
    figure = tw.plot.scatter(segments, coords)
    assert "14 segments; 1 unplaced row left out" in figure.layout.title.text
    assert sum(len(trace.x) for trace in figure.data) == 14


def test_nothing_placed_is_an_empty_map(segments: pd.DataFrame) -> None:
    coords = flat(segments) * np.nan
    assert "15 unplaced rows" in tw.plot.scatter(segments, coords).layout.title.text


def test_more_categories_than_colours(segments: pd.DataFrame) -> None:
    names = [f"c{k:02d}" for k in range(15)]
    figure = tw.plot.scatter(segments, flat(segments), color=names)
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == 15
    assert {trace.marker.symbol for trace in figure.data} == {"circle", "diamond"}


def test_repeated_index(segments: pd.DataFrame) -> None:
    twice = pd.concat([segments, segments])
    figure = tw.plot.scatter(twice, flat(twice), color=["a", "b"] * 15)
    assert [len(trace.x) for trace in figure.data] == [15, 15]


def test_bad_coords(segments: pd.DataFrame) -> None:
    coords = flat(segments)
    with pytest.raises(tw.InputError, match="no columns x and y"):
        tw.plot.scatter(segments, coords.rename(columns={"x": "u"}))
    with pytest.raises(tw.InputError, match=r"coords has 4 entries for 15 rows"):
        tw.plot.scatter(segments, coords.iloc[:4])
