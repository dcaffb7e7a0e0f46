"""The similarity heatmap, read back from the figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw
from twlab.figures import ground_of, lay_strip
from twlab.looks import LEAST_DIFFERENCE, SIMILARITY

pytestmark = pytest.mark.numbers


def film(times: list[tuple[float, float]], video: str = "film", d: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(len(times))
    rows = pd.DataFrame(times, columns=["start_sec", "end_sec"], dtype=float)
    rows.insert(0, "video_id", video)
    rows = rows.assign(embedding_option="visual", embedding_scope="clip", model_name="test")
    return tw.with_vectors(rows, rng.normal(size=(len(rows), d)))


def long_film(n: int) -> pd.DataFrame:
    return film([(2.0 * k, 2.0 * k + 2) for k in range(n)])


def images(figure: go.Figure) -> list[go.Heatmap]:
    return [trace for trace in figure.data if trace.type == "heatmap"]


def axis(figure: go.Figure, trace: go.Heatmap, side: str) -> go.layout.XAxis:
    """The bare axis of an image, whose ticks name its cells."""
    return figure.layout[f"{side}axis{getattr(trace, f'{side}axis')[1:]}"]


def seconds(times: object) -> list[float]:
    return (np.asarray(times, "datetime64[ms]").astype(np.int64) / 1000).tolist()


def two_options(segments: pd.DataFrame) -> pd.DataFrame:
    other = tw.with_vectors(segments.assign(embedding_option="audio"), np.ones((len(segments), 3)))
    return pd.concat([segments, other], ignore_index=True)


class TestImage:
    def test_values_in_order_of_video_and_time(self, segments: pd.DataFrame) -> None:
        mixed = segments.sample(frac=1, random_state=3)
        trace = images(tw.plot.heatmap(mixed))[0]
        video = pd.factorize(mixed["video_id"])[0]
        ordered = mixed.iloc[np.lexsort((mixed["start_sec"], video))]
        np.testing.assert_allclose(trace.z, tw.cosine_similarity(ordered), atol=6e-4)

    def test_cells_lie_in_time_from_top_left(self) -> None:
        figure = tw.plot.heatmap(film([(0, 6), (6, 7.5), (7.5, 20)]))
        trace = images(figure)[0]
        assert seconds(trace.x) == seconds(trace.y) == [0, 6, 7.5, 20]
        assert seconds(figure.layout.xaxis.range) == [0, 20]
        assert seconds(figure.layout.yaxis.range) == [20, 0]

    def test_filtered_film_starts_where_it_starts(self) -> None:
        figure = tw.plot.heatmap(film([(60, 66), (66, 72)]))
        assert seconds(figure.layout.xaxis.range) == [60, 72]

    def test_gaps_stay_empty(self) -> None:
        trace = images(tw.plot.heatmap(film([(0, 6), (12, 18)])))[0]
        assert seconds(trace.x) == [0, 6, 12, 18]
        assert np.isnan(trace.z[1]).all()
        assert np.isnan(trace.z[:, 1]).all()
        assert np.isfinite(trace.z[::2, ::2]).all()
        assert trace.hoverongaps is False

    def test_overlaps_end_at_the_next_start(self) -> None:
        trace = images(tw.plot.heatmap(film([(0, 10), (5, 15), (10, 20)])))[0]
        assert seconds(trace.x) == [0, 5, 10, 20]

    def test_segments_that_start_together_share(self) -> None:
        figure = tw.plot.heatmap(film([(0, 6), (0, 6), (6, 12)]))
        trace = images(figure)[0]
        assert seconds(trace.x) == [0, 3, 6, 12]
        assert axis(figure, trace, "x").ticktext[:2] == ("film 0:00 – 0:06", "film 0:00 – 0:06")

    def test_one_row(self, segments: pd.DataFrame) -> None:
        assert images(tw.plot.heatmap(segments.iloc[:1]))[0].z.tolist() == [[1.0]]

    def test_instants(self) -> None:
        trace = images(tw.plot.heatmap(film([(0, 0)])))[0]
        assert trace.z.shape == (1, 1)
        assert seconds(trace.x)[1] > 0

    def test_zero_vector(self, segments: pd.DataFrame) -> None:
        matrix = tw.vectors(segments).copy()
        matrix[3] = 0
        with pytest.warns(tw.TwlabWarning, match="1 of 15 vectors are all zeros"):
            figure = tw.plot.heatmap(tw.with_vectors(segments, matrix))
        assert not images(figure)[0].z[3].any()

    def test_whole_videos_are_left_out(self, segments: pd.DataFrame) -> None:
        whole = segments.iloc[:1].assign(embedding_scope="video")
        figure = tw.plot.heatmap(pd.concat([segments, whole], ignore_index=True))
        assert images(figure)[0].z.shape == (15, 15)

    def test_given_values(self, segments: pd.DataFrame) -> None:
        values = np.arange(225.0).reshape(15, 15)
        values[2, 3] = np.nan
        figure = tw.plot.heatmap(segments.iloc[::-1], similarity=values, value_name="likeness")
        trace = images(figure)[0]
        np.testing.assert_array_equal(trace.z[:5, :5], values[4::-1, 4::-1])
        assert trace.colorbar.title.text == "likeness"
        assert "likeness" in trace.hovertemplate

    def test_bad_values(self, segments: pd.DataFrame) -> None:
        with pytest.raises(tw.InputError, match=r"shape \(2, 2\); \(15, 15\) was expected"):
            tw.plot.heatmap(segments, similarity=np.eye(2))
        with pytest.raises(tw.InputError, match="similarity is a str; a matrix"):
            tw.plot.heatmap(segments, similarity="cosine")


class TestAxes:
    def test_hover_names_both_segments(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(segments)
        trace = images(figure)[0]
        for side in "xy":
            bare = axis(figure, trace, side)
            assert bare.ticktext[10] == "beta 0:00 – 0:06"
            edges = np.asarray(trace[side])
            np.testing.assert_allclose(bare.tickvals, (edges[1:] + edges[:-1]) / 2)
            assert (bare.overlaying, bare.matches, bare.showticklabels) == (side, side, False)
        assert "%{z:.3f}" in trace.hovertemplate
        assert "%{x}" in trace.hovertemplate
        assert "%{y}" in trace.hovertemplate

    def test_one_video_is_a_clock(self) -> None:
        for side in tw.plot.heatmap(film([(0, 6), (6, 12)])).select_xaxes():
            assert side.type == "date"
        layout = tw.plot.heatmap(film([(0, 6), (6, 12)])).layout
        assert layout.xaxis.tickformat == layout.yaxis.tickformat == "%-M:%S"
        assert tw.plot.heatmap(long_film(1900)).layout.xaxis.tickformat == "%-H:%M:%S"

    def test_several_videos_lie_side_by_side(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(segments)
        assert figure.layout.xaxis.range == (0, 90)
        ticks = dict(zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext, strict=True))
        assert ticks[0] == ticks[60] == "0:00"
        assert ticks[30] == "0:30"
        names = [note.text for note in figure.layout.annotations]
        assert names == ["alpha", "beta", "alpha", "beta"]
        lines = [trace for trace in figure.data if trace.type == "scatter" and len(trace.x) > 1]
        assert lines[0].x[:2].tolist() == [60, 60]
        assert lines[0].y[:2].tolist() == [0, 90]

    def test_ticks_keep_their_distance(self) -> None:
        parts = [film([(0, 5 + k), (5 + k, 9 + 2 * k)], f"film {k}") for k in range(40)]
        figure = tw.plot.heatmap(pd.concat(parts, ignore_index=True))
        places = np.asarray(figure.layout.xaxis.tickvals)
        assert np.diff(places).min() > 0.05 * figure.layout.xaxis.range[1]

    def test_one_row_per_video_is_named(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(tw.video_vectors(segments))
        assert figure.layout.xaxis.ticktext == figure.layout.yaxis.ticktext == ("alpha", "beta")
        assert images(figure)[0].x.tolist() == [0, 1, 2]

    def test_every_film_is_named_in_the_panel_of_every_option(
        self, rng: np.random.Generator
    ) -> None:
        parts = []
        for video, n in (("holiday", 16), ("interview", 13), ("a", 5), ("b", 5), ("c", 5)):
            spans = [(6 * k, 6 * k + 6) for k in range(n)]
            for option in ("visual", "audio")[: 1 if video == "b" else 2]:  # b is silent
                rows = film(spans, video).assign(embedding_option=option, embedding_scope="clip")
                parts.append(tw.with_vectors(rows, rng.normal(size=(n, 8))))
        table = pd.concat(parts, ignore_index=True)
        every = ("holiday", "interview", "a", "b", "c")
        for order in (table, table.sample(frac=1, random_state=0)):
            figure = tw.plot.heatmap(tw.video_vectors(order))
            for panel in ("", "3"):
                for side in "xy":
                    shown = figure.layout[f"{side}axis{panel}"]
                    assert sorted(shown.ticktext) == sorted(every)
                    assert shown.range in ((0, 5), (5, 0))
            told = {trace.z.shape for trace in images(figure)}
            assert len(images(figure)) == 2
            assert all(rows == columns for rows, columns in told)
        # One film of two options, and films of several clips, still lie along time.
        one = tw.video_vectors(table[table.video_id == "a"])
        assert tw.plot.heatmap(one).layout.xaxis.type == "date"
        several = tw.plot.heatmap(table).layout.xaxis
        assert several.range == (0, 6 * (16 + 13 + 5 + 5 + 5))
        assert several.ticktext == every, "names, for there is no room for more than 0:00"

    def test_ten_videos_are_named_and_two_have_times(self) -> None:
        parts = [film([(6 * k, 6 * k + 6) for k in range(9)], f"film {n}") for n in range(10)]
        ten = tw.plot.heatmap(pd.concat(parts, ignore_index=True)).layout.xaxis
        assert ten.ticktext == tuple(f"film {n}" for n in range(10))
        assert ten.tickvals[3] == pytest.approx(3.5 * 54)
        assert ten.title.text == "video"
        two = tw.plot.heatmap(pd.concat(parts[:2], ignore_index=True)).layout.xaxis
        assert {"0:00", "0:30"} <= set(two.ticktext)
        assert two.title.text == "time (min:s)"

    def test_lines_stand_apart(self) -> None:
        def lines(n: int) -> int:
            parts = [film([(0, 6), (6, 12)], f"film {k}") for k in range(n)]
            figure = tw.plot.heatmap(pd.concat(parts, ignore_index=True))
            drawn = [trace.x for trace in figure.data if trace.type == "scatter"]
            return sum(len(x) for x in drawn if len(x) > 1) // 6

        assert lines(10) == 9
        assert lines(540 // 8) == 540 // 8 - 1
        assert lines(540 // 8 + 2) == 0

    def test_rows_without_time(self, segments: pd.DataFrame) -> None:
        untimed = segments.assign(start_sec=np.nan, end_sec=np.nan)
        figure = tw.plot.heatmap(untimed)
        trace = images(figure)[0]
        assert trace.z.shape == (15, 15)
        assert axis(figure, trace, "x").ticktext[0] == "alpha"
        images_only = untimed.assign(video_id=[f"image {k}" for k in range(15)])
        assert len(tw.plot.heatmap(images_only).layout.xaxis.ticktext) == 15

    def test_some_rows_without_time_come_last(self) -> None:
        rows = film([(0, 6), (np.nan, np.nan), (6, 12)])
        figure = tw.plot.heatmap(rows)
        assert axis(figure, images(figure)[0], "x").ticktext == (
            "film 0:00 – 0:06",
            "film 0:06 – 0:12",
            "film",
        )


class TestPanels:
    def test_one_panel_per_option(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(two_options(segments))
        assert [trace.z.shape for trace in images(figure)] == [(15, 15), (15, 15)]
        titles = [note.text for note in figure.layout.annotations if "<b>" in note.text]
        assert titles == ["<b>visual</b>", "<b>audio</b>"]
        assert figure.layout.xaxis3.matches == "x"
        left, right = (images(figure)[k].colorbar.x for k in (0, 1))
        domains = figure.layout.xaxis.domain, figure.layout.xaxis3.domain
        assert domains[0][1] < domains[1][0]
        assert (left, right) == (domains[0][0], domains[1][0])
        assert not figure.layout.yaxis3.showticklabels, "they are those to the left"

    def test_options_may_differ_in_time(self) -> None:
        fine = film([(2.0 * k, 2.0 * k + 2) for k in range(9)]).assign(embedding_option="audio")
        figure = tw.plot.heatmap(pd.concat([film([(0, 6), (6, 12)]), fine], ignore_index=True))
        assert [trace.z.shape for trace in images(figure)] == [(2, 2), (9, 9)]
        assert seconds(figure.layout.xaxis.range) == seconds(figure.layout.xaxis3.range) == [0, 18]

    def test_panels_stay_square_in_a_page_of_any_width(self, segments: pd.DataFrame) -> None:
        for table, pixels in ((segments, 540), (two_options(segments), 305)):
            layout = tw.plot.heatmap(table).layout
            assert layout.width is None
            assert (layout.yaxis.scaleanchor, layout.yaxis.constrain) == ("x", "domain")
            tall = layout.height - layout.margin.t - layout.margin.b
            share = layout.yaxis.domain[1] - layout.yaxis.domain[0]
            assert tall * share == pytest.approx(pixels, abs=2)
        assert tw.plot.heatmap(segments[:10], segments[10:]).layout.yaxis.scaleanchor is None

    def test_two_tables(self, segments: pd.DataFrame) -> None:
        down, across = segments.iloc[:10], segments.iloc[10:]
        figure = tw.plot.heatmap(down, across)
        trace = images(figure)[0]
        np.testing.assert_allclose(trace.z, tw.cosine_similarity(down, across), atol=6e-4)
        assert axis(figure, trace, "x").ticktext[0].startswith("beta")
        assert axis(figure, trace, "y").ticktext[0].startswith("alpha")
        assert "alpha × beta" in figure.layout.title.text

    def test_two_tables_of_one_option_each(self, segments: pd.DataFrame) -> None:
        figure = tw.plot.heatmap(segments, segments.assign(embedding_option="fused"))
        assert "visual × fused" in figure.layout.title.text

    def test_tables_that_do_not_meet(self, segments: pd.DataFrame) -> None:
        mixed = two_options(segments)
        with pytest.raises(tw.InputError, match="share no embedding option"):
            tw.plot.heatmap(mixed, segments.assign(embedding_option="transcription"))
        other = tw.with_vectors(segments, np.ones((15, 7)))
        with pytest.raises(tw.InputError, match="vectors of 16 and of 7 dimensions"):
            tw.plot.heatmap(segments, other)

    def test_scenes_are_framed(self, segments: pd.DataFrame) -> None:
        scenes = pd.DataFrame({"video_id": ["alpha", "beta"], "start_sec": [0.0, 12.0]})
        frames = tw.plot.heatmap(segments, scenes=scenes).data[-1]
        np.testing.assert_array_equal(frames.x[:5], [0, 60, 60, 0, 0])
        np.testing.assert_array_equal(frames.y[6:11], [72, 72, 90, 90, 72])
        with pytest.raises(tw.InputError, match="scenes lie on the diagonal"):
            tw.plot.heatmap(segments, segments, scenes=scenes)


class TestColours:
    def test_both_signs_diverge_around_zero(self, segments: pd.DataFrame) -> None:
        trace = images(tw.plot.heatmap(segments))[0]
        assert trace.zmin == -trace.zmax
        assert trace.colorscale[2] == (0.5, "#f7f7f7")

    def test_one_sign_is_sequential(self, segments: pd.DataFrame) -> None:
        values = np.linspace(0.2, 0.9, 225).reshape(15, 15)
        trace = images(tw.plot.heatmap(segments, similarity=values))[0]
        assert 0.2 < trace.zmin < 0.25
        assert 0.85 < trace.zmax < 0.9
        assert trace.colorscale[0][1] == SIMILARITY[0]
        assert trace.colorbar.ticktext[0] == "≤ 0.21"
        assert trace.colorbar.ticktext[-1] == "≥ 0.89"

    def test_a_trace_of_the_other_sign_does_not_diverge(self, segments: pd.DataFrame) -> None:
        values = np.linspace(-0.02, 0.9, 225).reshape(15, 15)
        assert images(tw.plot.heatmap(segments, similarity=values))[0].zmin > -0.02

    def test_the_diagonal_does_not_set_the_range(self, segments: pd.DataFrame) -> None:
        values = np.full((15, 15), 0.5) + np.eye(15) * 100
        trace = images(tw.plot.heatmap(segments, similarity=values))[0]
        assert trace.zmax == pytest.approx(0.5)
        assert trace.zmin < trace.zmax


class TestNothingToSee:
    """Rounding is not stretched over the scale of colours."""

    @pytest.mark.parametrize("noise", [0, 1e-7, 1e-5])
    def test_equal_clips_are_all_alike(self, rng: np.random.Generator, noise: float) -> None:
        table = film([(6.0 * k, 6.0 * k + 6) for k in range(100)])
        vectors = rng.normal(size=64) + noise * rng.normal(size=(100, 64))
        figure = tw.plot.heatmap(tw.with_vectors(table, vectors))
        (trace,) = images(figure)
        assert (trace.zmin, trace.zmax) == (0, 1)
        assert "all alike, 1.00" in figure.layout.title.text
        assert trace.colorbar.ticktext == ("0.00", "0.25", "0.50", "0.75", "1.00")

    def test_vectors_at_right_angles_are_all_unlike(self) -> None:
        table = film([(6.0 * k, 6.0 * k + 6) for k in range(9)])
        axes = np.eye(9) + 1e-8 * np.arange(81).reshape(9, 9)
        figure = tw.plot.heatmap(tw.with_vectors(table, axes))
        (trace,) = images(figure)
        assert (trace.zmin, trace.zmax) == (0, 1)
        assert "all alike, 0.00" in figure.layout.title.text

    @pytest.mark.parametrize(("spread", "flat"), [(0.5, True), (2, False)])
    def test_least_difference(self, segments: pd.DataFrame, spread: float, flat: bool) -> None:
        far = np.sqrt(1 - (1 - spread * LEAST_DIFFERENCE) ** 2)
        vectors = np.c_[np.ones(15), np.where(np.arange(15) % 2, 0, far)]
        figure = tw.plot.heatmap(tw.with_vectors(segments, vectors))
        assert ("all alike" in figure.layout.title.text) is flat
        (trace,) = images(figure)
        assert (trace.zmin == 0) is flat
        assert len(set(trace.colorbar.ticktext)) == 5, "ticks that read alike say nothing"

    @pytest.mark.parametrize("unit", [1e-6, 1, 1e6])
    def test_given_values_may_have_any_unit(self, segments: pd.DataFrame, unit: float) -> None:
        values = np.linspace(0.2, 0.9, 225).reshape(15, 15) * unit
        (trace,) = images(tw.plot.heatmap(segments, similarity=values))
        assert trace.zmin == pytest.approx(0.207 * unit, rel=0.05)
        alike = tw.plot.heatmap(segments, similarity=np.full((15, 15), 0.4 * unit))
        assert "all alike" in alike.layout.title.text

    def test_one_odd_clip_among_equal_ones_is_seen(self) -> None:
        table = film([(6.0 * k, 6.0 * k + 6) for k in range(300)])
        vectors = np.tile([1.0, 0.0], (300, 1))
        vectors[7] = [0.6, 0.8]
        figure = tw.plot.heatmap(tw.with_vectors(table, vectors))
        (trace,) = images(figure)
        assert trace.zmin == pytest.approx(0.6)
        assert "alike" not in figure.layout.title.text


class TestLargeTables:
    def test_neighbours_are_averaged_and_the_title_says_so(self) -> None:
        table = long_film(4001)
        figure = tw.plot.heatmap(table)
        trace = images(figure)[0]
        assert trace.z.shape == (667, 667)
        similarity = tw.cosine_similarity(table)
        assert trace.z[0, 1] == pytest.approx(similarity[:6, 6:12].mean(), abs=6e-4)
        assert trace.z[-1, -1] == pytest.approx(similarity[3996:, 3996:].mean(), abs=6e-4)
        np.fill_diagonal(similarity, np.nan)
        low, high = np.nanmin(similarity), np.nanmax(similarity)
        text = figure.layout.title.text.replace("−", "-")
        assert f"values {low:.2f} to {high:.2f}" in text
        assert "mean of up to 6 × 6 segments" in text
        hover = axis(figure, trace, "x").ticktext
        assert hover[1] == "film 0:12 – 0:24 · 6 segments"
        assert seconds(trace.x)[:3] == [0, 12, 24]

    def test_figures_stay_small(self) -> None:
        figure = tw.plot.heatmap(long_film(5000))
        assert len(figure.to_json()) < 5_000_000
        assert max(images(figure)[0].z.shape) <= 800

    @pytest.mark.parametrize("across", [False, True])
    def test_very_many_segments_are_averaged_without_single_values(
        self, monkeypatch: pytest.MonkeyPatch, across: bool
    ) -> None:
        table, other = long_film(2001), long_film(1700)[::-1] if across else None
        table["embedding"] = [v * (k % 7) for k, v in enumerate(table["embedding"])]  # some zeros
        with pytest.warns(tw.TwlabWarning, match="286 of 2001 vectors are all zeros"):
            slow = tw.plot.heatmap(table, other)
        monkeypatch.setattr("twlab.figures.images.MOST_VALUES", 1000)
        with pytest.warns(tw.TwlabWarning, match="286 of 2001 vectors are all zeros"):
            quick = tw.plot.heatmap(table, other)
        expected = images(slow)[0].z
        np.testing.assert_allclose(images(quick)[0].z, expected, atol=1.1e-3)
        low, high = np.nanmin(expected), np.nanmax(expected)
        text = quick.layout.title.text.replace("−", "-")
        assert f"cells {low:.2f} to {high:.2f}" in text

    def test_panels_of_few_and_of_very_many_segments_tell_what_their_range_is_of(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("twlab.figures.images.MOST_VALUES", 10_000)
        table = pd.concat([long_film(900), long_film(50).assign(embedding_option="audio")])
        for mixed in (table, table[::-1]):
            text = tw.plot.heatmap(mixed).layout.title.text
            assert text.count("values audio") == text.count("cells visual") == 1

    def test_blocks_keep_to_a_video(self) -> None:
        parts = [long_film(n).assign(video_id=f"film {n}") for n in (1000, 1003)]
        figure = tw.plot.heatmap(pd.concat(parts, ignore_index=True))
        labels = axis(figure, images(figure)[0], "x").ticktext
        assert not [label for label in labels if " to " in label]
        assert labels[333] == "film 1000 33:18 – 33:20"
        assert labels[334] == "film 1003 0:00 – 0:06 · 3 segments"

    def test_thousands_of_videos(self) -> None:
        parts = long_film(2400).assign(video_id=[f"film {k // 2}" for k in range(2400)])
        figure = tw.plot.heatmap(parts)
        assert images(figure)[0].z.shape == (800, 800)
        assert axis(figure, images(figure)[0], "x").ticktext[0] == "film 0 to film 1 · 3 segments"

    def test_gaps_everywhere_are_closed(self) -> None:
        table = film([(3.0 * k, 3.0 * k + 2) for k in range(700)])
        trace = images(tw.plot.heatmap(table))[0]
        assert trace.z.shape == (700, 700)
        assert np.isfinite(trace.z).all()

    def test_terse_without_typed_arrays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("twlab.figures.images.TYPED_ARRAYS", False)
        trace = images(tw.plot.heatmap(long_film(30)))[0]
        assert np.asarray(trace.z).dtype == np.float64
        np.testing.assert_array_equal(trace.z, np.round(trace.z, 3))
        assert int(plotly.__version__.split(".")[0]) >= 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(0, 9)),
        min_size=1,
        max_size=25,
    )
)
def test_every_strip_is_in_order(rows: list[tuple[str, int, int]]) -> None:
    table = pd.DataFrame(rows, columns=["video_id", "start_sec", "length"]).astype(
        {"start_sec": float}
    )
    table["end_sec"] = table["start_sec"] + table["length"]
    ground = ground_of(table)
    strip = lay_strip(table, np.arange(len(table)), ground, most=800)
    assert sorted(strip.order) == list(range(len(table)))
    assert (np.diff(strip.edges) >= 0).all()
    assert len(strip.edges) == len(strip.cells) + 1 == len(strip.labels) + 1
    assert sorted(strip.cells[strip.cells >= 0]) == list(range(len(table)))
    first = ground.spans["place"].iloc[0]
    assert strip.edges[0] >= first - 1e-9
    assert strip.edges[-1] <= first + ground.length + 1e-9


def test_a_table_of_videos_is_called_so() -> None:
    both = pd.concat([tw.sample(), tw.sample("trailer")], ignore_index=True)
    text = tw.plot.heatmap(tw.video_vectors(both)).layout.title.text
    assert "Similarity of videos" in text
    assert text.endswith("values 0.93</span>")
    assert "Similarity of segments" in tw.plot.heatmap(both).layout.title.text
