"""What the pictures show, read back from the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.plot.look import THEMES

if TYPE_CHECKING:
    import plotly.graph_objects as go

PICTURES = {
    "heatmap": tw.plot.heatmap,
    "timeline": tw.plot.timeline,
    "scatter": lambda table, **settings: tw.plot.scatter(
        table, tw.project(table, method="pca"), **settings
    ),
    "novelty": tw.plot.novelty,
}


def long_film(rng: np.random.Generator, n: int, d: int = 8) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "video_id": "long",
            "start_sec": np.arange(n) * 2.0,
            "end_sec": np.arange(n) * 2.0 + 2,
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "model_name": "test",
        }
    )
    return tw.with_vectors(rows, rng.normal(size=(n, d)))


def two_options(segments: pd.DataFrame) -> pd.DataFrame:
    other = tw.with_vectors(segments.assign(embedding_option="audio"), np.ones((len(segments), 3)))
    return pd.concat([segments, other], ignore_index=True)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_colours_stand_out(theme: str) -> None:
    look = THEMES[theme]
    assert contrast(look.ink, look.paper) > 7
    assert contrast(look.muted, look.paper) > 4.5
    assert min(contrast(colour, look.paper) for colour in look.categories) > 3
    assert len(set(look.categories)) == 12


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PICTURES)
def test_theme_is_worn(name: str, theme: str, segments: pd.DataFrame) -> None:
    figure = PICTURES[name](segments, theme=theme)
    assert figure.layout.paper_bgcolor == THEMES[theme].paper
    assert figure.layout.font.color == THEMES[theme].ink


@pytest.mark.parametrize("name", PICTURES)
def test_bad_calls(name: str, segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="theme is 'sepia'; 'light' or 'dark'"):
        PICTURES[name](segments, theme="sepia")
    with pytest.raises(tw.InputError, match="no column 'end_sec'"):
        PICTURES[name](segments.drop(columns="end_sec"), theme="light")


@pytest.mark.parametrize("name", ["heatmap", "timeline", "novelty"])
def test_empty_table_is_refused(name: str, segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match=r"no segment|no row"):
        PICTURES[name](segments.iloc[:0])


def test_tables_are_not_changed(segments: pd.DataFrame) -> None:
    before = segments.copy()
    for draw in PICTURES.values():
        draw(segments)
    pd.testing.assert_frame_equal(segments, before)


class TestHeatmap:
    def test_values_in_order_of_video_and_time(self, segments: pd.DataFrame) -> None:
        mixed = segments.sample(frac=1, random_state=3)
        figure = tw.plot.heatmap(mixed)
        video = pd.factorize(mixed["video_id"])[0]
        ordered = mixed.iloc[np.lexsort((mixed["start_sec"], video))]
        np.testing.assert_allclose(figure.data[0].z, tw.cosine_similarity(ordered), atol=1e-4)
        first = mixed["video_id"].iloc[0]
        assert figure.data[0].x[0] == f"{first} 0:00 – 0:06"

    def test_ticks_are_timecodes_and_videos(self, segments: pd.DataFrame) -> None:
        texts = tw.plot.heatmap(segments).layout.xaxis.ticktext
        assert texts[0] == "0:00<br><b>alpha</b>"
        assert any(text.endswith("<b>beta</b>") for text in texts)
        one = tw.plot.heatmap(segments[segments["video_id"] == "alpha"]).layout
        assert one.xaxis.title.text == "alpha"
        assert one.xaxis.ticktext[0] == "0:00"
        assert one.yaxis.autorange == "reversed"

    def test_parts_videos_by_lines(self, segments: pd.DataFrame) -> None:
        shapes = tw.plot.heatmap(segments).layout.shapes
        assert {shape.x0 for shape in shapes if shape.yref != "y"} >= {9.5}

    def test_one_panel_per_option(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(two_options(segments))
        assert [trace.z.shape for trace in figure.data] == [(15, 15), (15, 15)]
        assert [note.text for note in figure.layout.annotations] == ["visual", "audio"]

    def test_colours_follow_the_sign(self, segments: pd.DataFrame) -> None:
        both = tw.plot.heatmap(segments).data[0]
        assert both.zmin == -both.zmax
        assert len(both.colorscale) == 5
        one = tw.plot.heatmap(segments, similarity=np.full((15, 15), 0.5)).data[0]
        assert one.zmin > 0

    def test_two_tables(self, segments: pd.DataFrame) -> None:
        down, across = segments.iloc[:10], segments.iloc[10:]
        figure = tw.plot.heatmap(down, across)
        expected = tw.cosine_similarity(down, across)
        np.testing.assert_allclose(figure.data[0].z, expected, atol=1e-4)
        assert figure.layout.yaxis.title.text == "alpha"

    def test_options_that_do_not_meet(self, segments: pd.DataFrame) -> None:
        mixed = two_options(segments)
        with pytest.raises(tw.InputError, match="share no embedding option"):
            tw.plot.heatmap(mixed, segments.assign(embedding_option="transcription"))

    def test_large_tables_are_averaged_and_say_so(self, rng: np.random.Generator) -> None:
        film = long_film(rng, 5001)
        figure = tw.plot.heatmap(film)
        trace = figure.data[0]
        assert trace.z.shape == (834, 834)
        similarity = tw.cosine_similarity(film)
        assert trace.z[0, 1] == pytest.approx(similarity[:6, 6:12].mean(), abs=1e-4)
        assert trace.z[-1, -1] == pytest.approx(similarity[4998:, 4998:].mean(), abs=1e-4)
        assert "mean of up to 6 × 6 pairs" in figure.layout.title.text
        assert f"{similarity.min():.2f} to {similarity.max():.2f}" in figure.layout.title.text
        assert len(figure.to_json()) < 6_000_000

    def test_whole_videos_are_left_out(self, segments: pd.DataFrame) -> None:
        whole = segments.iloc[:1].assign(embedding_scope="video")
        figure = tw.plot.heatmap(pd.concat([segments, whole], ignore_index=True))
        assert figure.data[0].z.shape == (15, 15)

    def test_one_row_and_repeated_rows(self, segments: pd.DataFrame) -> None:
        assert tw.plot.heatmap(segments.iloc[:1]).data[0].z.tolist() == [[1.0]]
        twice = tw.plot.heatmap(segments.iloc[[0, 0]]).data[0]
        assert len(set(twice.x)) == 2

    def test_rows_without_time(self, segments: pd.DataFrame) -> None:
        untimed = segments.assign(start_sec=np.nan, end_sec=np.nan)
        assert tw.plot.heatmap(untimed).data[0].z.shape == (15, 15)

    def test_zero_vector(self, segments: pd.DataFrame) -> None:
        matrix = tw.vectors(segments).copy()
        matrix[3] = 0
        with pytest.warns(tw.TwlabWarning, match="1 of 15 vectors are all zeros"):
            figure = tw.plot.heatmap(tw.with_vectors(segments, matrix))
        assert not figure.data[0].z[3].any()

    def test_matrix_of_another_size(self, segments: pd.DataFrame) -> None:
        with pytest.raises(tw.InputError, match=r"shape \(2, 2\); \(15, 15\) was expected"):
            tw.plot.heatmap(segments, similarity=np.eye(2))


class TestTimeline:
    def test_bars_lie_where_the_segments_do(self, segments: pd.DataFrame) -> None:
        bars = tw.plot.timeline(segments).data[0]
        assert bars.base[1] == np.datetime64("1970-01-01T00:00:06")
        assert list(bars.x) == [6000.0] * 10
        assert bars.hovertext[1].startswith("alpha 0:06 – 0:12<br>embedding_option: visual")

    def test_one_lane_per_value(self, segments: pd.DataFrame) -> None:
        labels = pd.Series(np.arange(15) % 3, index=segments.index, name="cluster")
        figure = tw.plot.timeline(segments, lanes=labels)
        assert figure.layout.yaxis.ticktext == ("0", "1", "2")
        assert len({trace.marker.color for trace in figure.data}) == 3

    def test_one_panel_per_video(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.timeline(segments)
        assert [note.text for note in figure.layout.annotations] == ["alpha", "beta"]

    def test_numbers_get_a_scale(self, segments: pd.DataFrame) -> None:
        trace = tw.plot.timeline(segments, color="start_sec").data[0]
        assert trace.marker.cmax == 54
        assert list(trace.marker.color) == [float(k * 6) for k in range(10)]

    def test_missing_labels_have_a_lane(self, segments: pd.DataFrame) -> None:
        labels = pd.Series([0, pd.NA] + [1] * 13, dtype="Int64", index=segments.index, name="c")
        assert tw.plot.timeline(segments, lanes=labels).layout.yaxis.ticktext == ("0", "1", "none")

    def test_hours(self, rng: np.random.Generator) -> None:
        figure = tw.plot.timeline(long_film(rng, 20_000))
        assert figure.layout.xaxis.tickformat == "%-H:%M:%S"
        assert len(figure.data) == 1
        assert len(figure.to_json()) < 3_000_000

    def test_left_out_rows_are_counted(self, segments: pd.DataFrame) -> None:
        whole = segments.iloc[:1].assign(embedding_scope="video")
        figure = tw.plot.timeline(pd.concat([segments, whole], ignore_index=True))
        assert "1 whole-video or untimed row left out" in figure.layout.title.text

    def test_bad_columns(self, segments: pd.DataFrame) -> None:
        with pytest.raises(tw.InputError, match="lanes is 'topic', no column of the table"):
            tw.plot.timeline(segments, lanes="topic")
        with pytest.raises(tw.InputError, match="color has 2 values for 15 rows"):
            tw.plot.timeline(segments, color=[1, 2])
        with pytest.raises(tw.InputError, match="lanes has another index"):
            tw.plot.timeline(segments, lanes=pd.Series(range(15), index=range(1, 16)))


class TestScatter:
    def test_points_and_hover(self, segments: pd.DataFrame) -> None:
        coords = tw.project(segments, method="pca")
        figure = tw.plot.scatter(segments, coords)
        assert [trace.name for trace in figure.data] == ["alpha", "beta"]
        np.testing.assert_allclose(figure.data[0].x, coords["x"].iloc[:10], rtol=1e-5)
        assert figure.data[1].hovertext[0] == "beta 0:00 – 0:06"
        assert figure.layout.yaxis.scaleanchor == "x"

    def test_projects_by_itself(self, segments: pd.DataFrame) -> None:
        assert sum(len(trace.x) for trace in tw.plot.scatter(segments).data) == 15

    def test_three_dimensions(self, segments: pd.DataFrame) -> None:
        coords = tw.project(segments, method="pca", n_components=3)
        assert tw.plot.scatter(segments, coords).data[0].type == "scatter3d"

    def test_many_points_use_webgl(self, rng: np.random.Generator) -> None:
        film = long_film(rng, 2001)
        coords = pd.DataFrame(rng.normal(size=(2001, 2)), columns=["x", "y"])
        assert tw.plot.scatter(film, coords).data[0].type == "scattergl"

    def test_unplaced_rows_are_counted(self, segments: pd.DataFrame) -> None:
        coords = tw.project(segments, method="pca")
        coords.iloc[0] = np.nan
        figure = tw.plot.scatter(segments, coords)
        assert "1 unplaced row left out" in figure.layout.title.text
        assert sum(len(trace.x) for trace in figure.data) == 14

    def test_more_categories_than_colours(self, segments: pd.DataFrame) -> None:
        names = [f"c{k:02d}" for k in range(15)]
        figure = tw.plot.scatter(segments, tw.project(segments, method="pca"), color=names)
        looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
        assert len(looks) == 15

    def test_bad_coords(self, segments: pd.DataFrame) -> None:
        coords = tw.project(segments, method="pca")
        with pytest.raises(tw.InputError, match="no columns x and y"):
            tw.plot.scatter(segments, coords.rename(columns={"x": "u"}))
        with pytest.raises(tw.InputError, match="coords have another index"):
            tw.plot.scatter(segments, coords.iloc[:4])


class TestNovelty:
    def test_curve(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.novelty(segments)
        values = tw.novelty(segments)
        np.testing.assert_allclose(figure.data[0].y, values.iloc[1:10])
        assert figure.data[0].x[0] == np.datetime64("1970-01-01T00:00:06")

    def test_lines_per_option_and_panels_per_video(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.novelty(two_options(segments))
        assert {trace.name for trace in figure.data} == {"audio", "visual"}
        assert len(figure.data) == 4

    def test_given_values(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.novelty(segments, values=pd.Series(1.0, index=segments.index))
        assert list(figure.data[0].y) == [1.0] * 10

    def test_one_segment_has_none(self, segments: pd.DataFrame) -> None:
        with pytest.raises(tw.InputError, match="no segment has a novelty"):
            tw.plot.novelty(segments.iloc[:1])


def test_figures_can_be_restyled(segments: pd.DataFrame) -> None:
    figure: go.Figure = tw.plot.heatmap(segments, title="Mine")
    assert "<b>Mine</b>" in figure.layout.title.text
    figure.update_layout(width=300)
    assert figure.layout.width == 300
