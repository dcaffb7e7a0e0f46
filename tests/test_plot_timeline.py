"""The timeline, read back from the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.looks import CATEGORIES, THEMES

if TYPE_CHECKING:
    import plotly.graph_objects as go

pytestmark = pytest.mark.numbers


def bars(figure: go.Figure) -> list[go.Bar]:
    return [trace for trace in figure.data if trace.type == "bar" and trace.name != "scenes"]


def seconds(times: object) -> list[float]:
    return (np.asarray(times, "datetime64[ms]").astype(np.int64) / 1000).tolist()


def many(n: int) -> pd.DataFrame:
    start = np.arange(n) * 2.0
    rows = pd.DataFrame({"video_id": "long", "start_sec": start, "end_sec": start + 2})
    rows = rows.assign(embedding_option="visual", embedding_scope="clip", model_name="test")
    return tw.with_vectors(rows, np.ones((n, 2)))


def test_bars_lie_where_the_segments_do(segments: pd.DataFrame) -> None:
    figure = tw.plot.timeline(segments)
    (trace,) = bars(figure)
    assert seconds(trace.base)[:3] == [0, 6, 12]
    assert set(trace.x) == {6000.0}
    assert trace.hovertext[1] == "alpha 0:06 – 0:12<br>embedding option: visual"
    assert seconds(figure.layout.xaxis.range) == [0, 60]


def test_a_title_longer_than_its_axis_is_left_to_the_heading(segments: pd.DataFrame) -> None:
    low = tw.plot.timeline(segments[segments["embedding_option"] == "visual"])
    assert low.layout.yaxis.title.text is None
    assert "<b>Timeline by embedding option</b>" in low.layout.title.text
    high = tw.plot.timeline(
        segments, lanes=pd.Series(range(len(segments)), segments.index, name="k")
    )
    assert high.layout.yaxis.title.text == "k"


def test_one_lane_and_trace_per_value(segments: pd.DataFrame) -> None:
    labels = pd.Series(np.arange(10) % 3, index=segments.index[:10], name="cluster")
    figure = tw.plot.timeline(segments.iloc[:10], lanes=labels)
    assert figure.layout.yaxis.ticktext == ("0", "1", "2")
    assert [trace.marker.color for trace in bars(figure)] == list(CATEGORIES[:3])
    assert [set(trace.y) for trace in bars(figure)] == [{0.5}, {1.5}, {2.5}]
    assert "cluster: 1" in bars(figure)[1].hovertext[0]
    assert "<b>Timeline by cluster</b>" in figure.layout.title.text


def test_videos_lie_below_each_other(segments: pd.DataFrame) -> None:
    figure = tw.plot.timeline(segments)
    headings = figure.layout.annotations
    assert [note.text for note in headings] == ["<b>alpha</b>", "<b>beta</b>"]
    places = sorted(set(bars(figure)[0].y))
    assert headings[0].y < places[0] < headings[1].y < places[1]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_lanes_of_models_are_called_so(segments: pd.DataFrame) -> None:
    models = pd.concat([segments.assign(model_name=name) for name in ("one", "two")])
    title = tw.plot.timeline(models).layout.title.text
    assert "<b>Timeline by option and model</b>" in title


def test_lanes_of_videos_need_no_headings(segments: pd.DataFrame) -> None:
    figure = tw.plot.timeline(segments, lanes="video_id")
    assert not figure.layout.annotations
    assert figure.layout.yaxis.ticktext == ("alpha", "beta")


def test_numbers_get_a_scale(segments: pd.DataFrame) -> None:
    (trace,) = bars(tw.plot.timeline(segments, color="start_sec"))
    assert (trace.marker.cmin, trace.marker.cmax) == (0, 54)
    assert list(trace.marker.color) == segments["start_sec"].tolist()
    assert trace.marker.colorbar.ticktext[0] == "0:00"
    holes = segments["start_sec"].where(segments["start_sec"] > 0)
    grey = bars(tw.plot.timeline(segments, color=holes))[1]
    assert (grey.name, grey.marker.color, len(grey.x)) == ("none", THEMES["auto"].missing, 2)


def test_other_colours_than_lanes_have_a_legend(segments: pd.DataFrame) -> None:
    one = segments.iloc[:10]
    assert not any(trace.showlegend for trace in bars(tw.plot.timeline(one)))
    colours = ["x", "y"] * 5
    named = [t.name for t in bars(tw.plot.timeline(one, color=colours)) if t.showlegend]
    assert named == ["x", "y"]


def test_missing_labels_have_a_grey_lane(segments: pd.DataFrame) -> None:
    labels = pd.Series([0, pd.NA] + [1] * 8, dtype="Int64", index=range(10), name="cluster")
    figure = tw.plot.timeline(segments.iloc[:10], lanes=labels)
    assert figure.layout.yaxis.ticktext == ("0", "1", "none")
    assert bars(figure)[2].marker.color == THEMES["auto"].missing


def test_more_categories_than_colours(segments: pd.DataFrame) -> None:
    figure = tw.plot.timeline(segments, lanes=[f"c{k:02d}" for k in range(15)])
    assert len({trace.marker.color for trace in bars(figure)}) == 15


def test_annotations_keep_their_text_and_their_ends(segments: pd.DataFrame) -> None:
    notes = pd.DataFrame(
        {
            "video_id": "alpha",
            "start_sec": [0.0, 18.0],
            "end_sec": [6.0, 21.0],
            "place": ["a <b>house</b>", None],
            "label": ["intro", None],
        }
    )
    figure = tw.plot.timeline(segments, scenes=notes)
    lane = next(trace for trace in figure.data if trace.name == "scenes")
    assert list(lane.text) == ["intro", "2"]
    assert list(lane.x) == [6000.0, 3000.0]
    assert lane.hovertext[0].startswith("scene 1<br>label: intro<br>place: a &lt;b&gt;house")
    assert "label" not in lane.hovertext[1]
    other = tw.plot.timeline(segments, scenes=notes.drop(columns="label"))
    lane = next(trace for trace in other.data if trace.name == "scenes")
    assert list(lane.text) == ["a &lt;b&gt;house&lt;/b&gt;", "2"]
    named = segments.set_index(pd.Index([f"row {k}" for k in range(len(segments))]))
    found = tw.scenes(named, n_scenes={"alpha": 2})
    lane = next(t for t in tw.plot.timeline(named, scenes=found).data if t.name == "scenes")
    assert all(text.isdigit() for text in lane.text)


def test_scenes_have_a_lane_and_lines(segments: pd.DataFrame) -> None:
    scenes = pd.DataFrame({"video_id": "alpha", "start_sec": [0.0, 18.0]})
    figure = tw.plot.timeline(segments, scenes=scenes)
    lane = next(trace for trace in figure.data if trace.name == "scenes")
    assert list(lane.text) == ["1", "2"]
    assert lane.hovertext[1] == "scene 2<br>alpha 0:18 – 1:00"
    assert list(figure.layout.yaxis.ticktext) == ["scenes", "visual", "visual"]
    line = figure.data[-1]
    assert seconds(line.x)[3:6] == [18, 18, 18]
    assert line.y[3] < line.y[4]
    assert line.y[5] is None


def test_novelty_is_a_curve_below(segments: pd.DataFrame) -> None:
    values = pd.Series(np.r_[np.nan, np.linspace(0, 1, 9), np.full(5, np.nan)])
    figure = tw.plot.timeline(segments, novelty=values)
    (curve,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert seconds(curve.x)[1] == 6
    assert curve.y[-2] == min(curve.y) < curve.y[-1] == max(curve.y)
    assert curve.hovertext[2] == "<b>0.125</b> novelty<br>alpha 0:12 – 0:18<br>visual"
    assert list(figure.layout.yaxis.ticktext) == ["visual", "novelty", "visual"]


def test_left_out_rows_are_counted(segments: pd.DataFrame) -> None:
    whole = segments.iloc[:1].assign(embedding_scope="video")
    untimed = segments.iloc[:2].assign(start_sec=np.nan, end_sec=np.nan)
    figure = tw.plot.timeline(pd.concat([segments, whole, untimed], ignore_index=True))
    assert "15 segments of 2 videos; 3 whole-video or untimed rows left out" in (
        figure.layout.title.text.replace("<br>", " ")
    )
    with pytest.raises(tw.InputError, match="no segments with a time to draw"):
        tw.plot.timeline(untimed)


def test_twenty_thousand_segments() -> None:
    figure = tw.plot.timeline(many(20_000), lanes=np.arange(20_000) % 3)
    assert figure.layout.xaxis.tickformat == "%-H:%M:%S"
    assert len(figure.data) == 3
    assert bars(figure)[0].marker.line.width == 0  # an outline would hide such narrow bars
    assert len(figure.to_json()) < 3_000_000


def test_a_hundred_videos_share_one_axis() -> None:
    table = many(1000).assign(video_id=[f"film {k // 10}" for k in range(1000)])
    figure = tw.plot.timeline(table)
    assert len(figure.data) == 1
    assert len(figure.layout.annotations) == 100
    assert {trace.yaxis for trace in figure.data} <= {None, "y"}


def test_one_row_and_no_option(segments: pd.DataFrame) -> None:
    row = segments.iloc[:1].drop(columns="embedding_option")
    figure = tw.plot.timeline(row, lanes="video_id", novelty=[0.5])
    assert len(bars(figure)[0].x) == 1


def test_bad_columns(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="lanes is 'topic', no column of the table"):
        tw.plot.timeline(segments, lanes="topic")
    with pytest.raises(tw.InputError, match="color is 'embedding', a vector per row"):
        tw.plot.timeline(segments, color="embedding")
    with pytest.raises(tw.InputError, match="color has 2 entries for 15 rows"):
        tw.plot.timeline(segments, color=[1, 2])
    with pytest.raises(tw.InputError, match="lanes is None; the name of a column"):
        tw.plot.timeline(segments, lanes=None)
    with pytest.raises(tw.InputError, match=r"theme is \['light'\]; 'auto', 'light' or 'dark'"):
        tw.plot.timeline(segments, theme=["light"])
    with pytest.raises(tw.InputError, match="lanes has a different index"):
        tw.plot.timeline(segments, lanes=pd.Series(range(15), index=range(1, 16)))
    with pytest.raises(tw.InputError, match=r"novelty holds .*; numbers were expected"):
        tw.plot.timeline(segments, novelty="video_id")


def test_values_of_any_kind_have_a_colour_and_a_lane(segments: pd.DataFrame) -> None:
    tags = [["a"], {}, ("b", ["c"]), None, np.nan] * 3
    figure = tw.plot.timeline(segments.assign(tags=tags), color="tags")
    assert [bar.name for bar in bars(figure)] == ["('b', ['c'])", "['a']", "{}", "none"]
    lanes = tw.plot.timeline(segments, lanes=[["a"]] * 15)
    assert set(lanes.layout.yaxis.ticktext) == {"['a']"}


def test_the_word_for_no_value_lies_on_no_colour_bar(segments: pd.DataFrame) -> None:
    scores = pd.Series(np.linspace(0, 1, len(segments)), segments.index, name="score")
    scores.iloc[::3] = np.nan
    for figure in (
        tw.plot.timeline(segments, color=scores),
        tw.plot.scatter(
            segments, segments[["start_sec", "end_sec"]].set_axis(["x", "y"], axis=1), color=scores
        ),
    ):
        assert "none" in [trace.name for trace in figure.data]
        assert figure.layout.legend.orientation == "h"
        assert figure.layout.legend.yanchor == "bottom"
        assert figure.layout.legend.y > 1


def test_a_thousand_scenes_do_not_darken_what_lies_below() -> None:
    starts = np.arange(1000) * 6.0
    table = tw.from_vectors(np.eye(8)[np.arange(1000) % 8], start_sec=starts, end_sec=starts + 6)
    figure = tw.plot.timeline(table, scenes=pd.DataFrame({"start_sec": starts}))
    line = next(trace for trace in figure.data if trace.type == "scatter")
    assert float(line.line.color.rstrip(")").split(",")[-1]) < 0.05
