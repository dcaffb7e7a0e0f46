"""What all pictures have in common: themes, colours, columns, errors."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.figures import (
    as_shown,
    bar_lengths,
    categories_of,
    clock_times,
    round_times,
    short_names,
    span_labels,
    time_axis,
)
from twlab.figures.scene_spans import scene_spans
from twlab.looks import (
    CATEGORIES,
    LEAST_DIFFERENCE,
    MARKS,
    SIMILARITY,
    THEMES,
    colour_of,
    is_continuous,
    is_flat,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

pytestmark = pytest.mark.numbers

PICTURES = {
    "heatmap": tw.plot.heatmap,
    "timeline": tw.plot.timeline,
    "scatter": lambda table, **settings: tw.plot.scatter(
        table, tw.project(table, method="pca"), **settings
    ),
    "novelty": tw.plot.novelty,
}
PAPERS = ("#ffffff", "#14171c", "#111111")
"""Of a light page, of our dark one, of JupyterLab's."""
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
# Machado et al. 2009, severity 1.0, on linear RGB.
EYES = {
    "usual": np.eye(3),
    "protanope": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranope": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanope": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """Of two colours, as the web content accessibility guidelines define it."""
    low, high = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def seen(colour: str, eye: str) -> np.ndarray:
    """Lightness and two hues (OKLab) as an eye sees a colour."""
    return OKLAB @ np.cbrt(CONES @ np.clip(EYES[eye] @ linear(colour), 0, 1))


def test_contrast_is_the_standard_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ink_stands_out(theme: str) -> None:
    look = THEMES[theme]
    assert contrast(look.ink, look.paper) > 7
    assert contrast(look.muted, look.paper) > 4.5
    assert contrast(look.missing, look.paper) > 3
    assert 1.1 < contrast(look.grid, look.paper) < 2


def test_a_figure_wears_dark_where_the_notebook_is_dark(
    segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    marimo = pytest.importorskip("marimo")
    figure = PICTURES["scatter"](segments, color="video_id")
    told = figure.to_json()
    plain = figure._display_().layout.template.layout.font.color
    assert plain == THEMES["auto"].ink, "light, as where nothing is said"
    monkeypatch.setattr(marimo, "app_meta", lambda: SimpleNamespace(theme="dark"))
    shown = figure._display_()
    assert THEMES["auto"].ink not in shown.to_json()
    assert shown.layout.template.layout.font.color == THEMES["dark"].muted
    assert contrast(THEMES["dark"].muted, "#181c1a") > 4.5, "the paper of marimo"
    assert [list(one.x) for one in shown.data] == [list(one.x) for one in figure.data]
    assert figure.to_json() == told, "the figure itself stays"
    figure.update_layout(paper_bgcolor="white")
    assert figure._display_().layout.template.layout.font.color == THEMES["auto"].ink


@pytest.mark.parametrize("paper", PAPERS)
def test_data_stand_out_from_any_paper(paper: str) -> None:
    assert min(contrast(colour_of(k), paper) for k in range(36)) > 3
    assert min(contrast(colour, paper) for colour in MARKS) > 3
    assert contrast(THEMES["auto"].missing, paper) > 3
    assert contrast(THEMES["auto"].ink, paper) > 4
    assert len({colour_of(k) for k in range(36)}) == 36


@pytest.mark.parametrize("eye", EYES)
def test_categories_stay_apart(eye: str) -> None:
    colours = [seen(colour, eye) for colour in CATEGORIES]
    least = min(np.linalg.norm(a - b) for a, b in combinations(colours, 2))
    assert least > (0.1 if eye == "usual" else 0.07)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("scale", [SIMILARITY, MARKS], ids=["similarity", "marks"])
def test_scales_grow_lighter_for_every_eye(scale: tuple[str, ...], eye: str) -> None:
    colours = [seen(colour, eye) for colour in scale]
    light = [float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in scale]
    assert light == sorted(light)
    assert np.linalg.norm(colours[0] - colours[-1]) > 0.3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PICTURES)
def test_theme_is_worn(name: str, theme: str, segments: pd.DataFrame) -> None:
    layout = PICTURES[name](segments, theme=theme).layout
    worn = layout.template.layout
    assert worn.paper_bgcolor == worn.plot_bgcolor == THEMES[theme].paper
    assert worn.font.color == THEMES[theme].ink
    assert worn.xaxis.gridcolor == THEMES[theme].grid
    assert layout.paper_bgcolor is None


def test_no_global_template_is_touched(segments: pd.DataFrame) -> None:
    import plotly.io as pio

    before = pio.templates.default, list(pio.templates)
    for draw in PICTURES.values():
        draw(segments, theme="dark")
    assert (pio.templates.default, list(pio.templates)) == before


def test_figures_can_be_restyled(segments: pd.DataFrame) -> None:
    figure: go.Figure = tw.plot.heatmap(segments, title="Mine")
    assert "<b>Mine</b>" in figure.layout.title.text
    figure.update_layout(width=300, paper_bgcolor="pink", template="plotly_dark")
    assert (figure.layout.width, figure.layout.paper_bgcolor) == (300, "pink")
    assert figure.layout.template.layout.font.color == "#f2f5fa"


@pytest.mark.parametrize("name", PICTURES)
def test_bad_calls(name: str, segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="theme is 'sepia'; 'auto', 'light' or 'dark'"):
        PICTURES[name](segments, theme="sepia")
    with pytest.raises(tw.InputError, match="no column 'end_sec'"):
        PICTURES[name](segments.drop(columns="end_sec"), theme="light")


@pytest.mark.parametrize("name", PICTURES)
def test_empty_table_is_refused(name: str, segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match=r"no segments?\b.* to draw"):
        getattr(tw.plot, name)(segments.iloc[:0])


def test_tables_are_not_changed(segments: pd.DataFrame) -> None:
    before = segments.copy()
    for draw in PICTURES.values():
        draw(segments)
    pd.testing.assert_frame_equal(segments, before)


@pytest.mark.parametrize("name", PICTURES)
def test_names_are_no_markup(name: str, segments: pd.DataFrame) -> None:
    segments["video_id"] = segments["video_id"].replace("alpha", "<b>a&b</b>")
    text = PICTURES[name](segments).to_plotly_json()
    assert "<b>a&b</b>" not in str(text)
    assert "&lt;b&gt;a&amp;b&lt;/b&gt;" in str(text)


def test_every_axis_has_a_title_and_a_unit() -> None:
    film, trailer = tw.sample(), tw.sample("trailer")
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    figures = [
        *(draw(film) for draw in PICTURES.values()),
        *(tw.plot.heatmap(both), tw.plot.novelty(both), tw.plot.threshold(both)),
        tw.plot.heatmap(pd.concat([film, trailer], ignore_index=True)),
        tw.plot.heatmap(trailer, film),
        tw.plot.alignment(trailer, film, pieces=tw.align(trailer, film)),
        tw.plot.hits(film, tw.search(film, film.iloc[[42]], k=5)),
        tw.plot.options(tw.compare_options(both)),
    ]
    for figure in figures:
        shown = [axis for axis in figure.select_xaxes() if axis.showticklabels is not False]
        shown += [axis for axis in figure.select_yaxes() if axis.showticklabels is not False]
        for axis in shown:
            above = axis.plotly_name.startswith("xaxis") and axis.matches  # named by the lowest
            one_lane = len(axis.ticktext or ()) == 1  # too low for a title; the heading has it
            assert axis.title.text or above or one_lane, (
                figure.layout.title.text,
                axis.plotly_name,
            )
        assert "sendChartToCloud" in figure.layout.template.layout.modebar.remove
    titles = {axis.title.text for axis in figures[-4].select_xaxes()} - {None}
    assert titles == {"big_buck_bunny (min:s)"}


def test_long_names_stay_distinct() -> None:
    assert short_names(["a", "b"], 9) == ["a", "b"]
    assert as_shown("a_very_long_name.mp4", 9) == "a_ve….mp4"
    names = [f"/films/season one/episode {k:02d} of twelve (final cut).mp4" for k in range(12)]
    short = short_names(names, 20)
    assert len(set(short)) == 12
    assert all(len(name) <= 22 for name in short)
    assert "03" in short[3]


def test_names_of_one_kind_stay_apart_beside_another_name() -> None:
    names = [f"film number {k} with a long name.mp4" for k in range(5)]
    short = short_names(["big_buck_bunny", *names], 22)
    assert short[0] == "big_buck_bunny"
    assert len(set(short)) == 6
    assert short_names([*names, *names], 22) == 2 * short[1:]


@pytest.mark.parametrize("name", PICTURES)
def test_repeated_index_and_categories(name: str, segments: pd.DataFrame) -> None:
    segments["embedding_option"] = segments["embedding_option"].astype("category")
    segments["video_id"] = segments["video_id"].astype("category")
    segments["video_id"] = segments["video_id"].cat.add_categories(["gamma"])
    figure = PICTURES[name](segments.set_index("start_sec", drop=False))
    expected = PICTURES[name](segments.astype({"video_id": str, "embedding_option": str}))
    assert figure.to_json() == expected.to_json()


class TestTimes:
    @pytest.mark.parametrize("dtype", ["uint8", "int16", "UInt8", "Int16", "float16", "int32"])
    def test_seconds_of_few_bits_are_those_of_many(self, dtype: str) -> None:
        clips = tw.sample("trailer").query("embedding_option == 'visual'").head(8)
        start = np.arange(len(clips)) * 10.0
        wide = clips.assign(start_sec=start, end_sec=start + 50)
        narrow = wide.astype({"start_sec": dtype, "end_sec": dtype})
        found, wanted = tw.plot.timeline(narrow), tw.plot.timeline(wide)
        assert [list(bar.x) for bar in found.data] == [list(bar.x) for bar in wanted.data]
        assert found.layout.xaxis.to_plotly_json() == wanted.layout.xaxis.to_plotly_json()
        assert bar_lengths(narrow).tolist() == [50_000] * len(clips)

    def test_round_times(self) -> None:
        assert round_times(0, 600, 10).tolist() == [60.0 * k for k in range(11)]
        assert round_times(187, 200, 5).tolist() == [190, 195, 200]
        assert len(round_times(0, 3e6, 10)) <= 11

    def test_labels_are_as_exact_as_needed(self) -> None:
        rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 5.94], "end_sec": [5.94, 12.0]})
        assert span_labels(rows) == ["a 0:00 – 0:05.94", "a 0:05.94 – 0:12"]

    def test_axis_counts_hours_and_days(self) -> None:
        assert time_axis(0, 600)["tickformat"] == "%-M:%S"
        assert time_axis(0, 3600)["tickformat"] == "%-H:%M:%S"
        assert time_axis(0, 90_000)["tickformat"] == "day %-j, %-H:%M:%S"
        assert time_axis(0, 0)["range"][0] != time_axis(0, 0)["range"][1]

    def test_missing_times_are_none(self) -> None:
        times = clock_times([1.5, np.nan])
        assert times[0] == np.datetime64("1970-01-01T00:00:01.500")
        assert np.isnat(times[1])
        assert times.dtype == "datetime64[ms]"


class TestColumns:
    def test_numbers_or_names(self) -> None:
        assert is_continuous(pd.Series([0.5, 1.0]))
        assert is_continuous(pd.Series(range(25), name="views"))
        assert not is_continuous(pd.Series(range(25), name="cluster"))
        assert not is_continuous(pd.Series(range(24), name="views"))
        assert not is_continuous(pd.Series([True, False]))
        assert not is_continuous(pd.Series(["a", "b"]))

    @pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "Float64", "Int64", object])
    def test_labels_stay_labels_however_they_are_stored(self, dtype: object) -> None:
        labels = pd.Series([2.0, np.nan, 0.0, 3.0]).astype(dtype)  # type: ignore[call-overload]
        assert not is_continuous(labels)
        assert categories_of(labels)[1] == ["0", "2", "3", "none"]

    def test_a_time_is_no_label(self) -> None:
        for dtype in ("float64", "int8", "UInt8"):
            assert is_continuous(pd.Series([0, 6, 12], name="start_sec").astype(dtype))
        assert is_continuous(pd.Series([0.0, np.inf]))

    def test_a_column_of_the_users_that_is_called_time_is_like_any_other(
        self, segments: pd.DataFrame
    ) -> None:
        shifts = segments.assign(time=[1, 2, 3] * 5, part=[1, 2, 3] * 5)
        drawn = [tw.plot.timeline(shifts, color=name).data for name in ("time", "part")]
        assert [[one.name for one in bars] for bars in drawn] == [["1", "2", "3"]] * 2
        explorer = tw.explore(shifts, color="time")
        told = {one["name"]: one for one in explorer._spec["columns"]}
        explorer.close()
        assert [told[name]["kind"] for name in ("time", "part")] == ["category"] * 2
        assert (told["middle_sec"]["kind"], told["middle_sec"]["time"]) == ("number", True)

    @pytest.mark.parametrize("values", [[np.nan] * 15, [0.5] * 15, [5.0] * 15])
    def test_a_column_of_one_value_has_no_scale(
        self, segments: pd.DataFrame, values: list[float]
    ) -> None:
        (bars,) = tw.plot.timeline(segments, color=values).data
        assert isinstance(bars.marker.color, str)
        assert bars.name in ("none", "all 0.5", "5")
        assert bars.showlegend

    def test_what_is_flat(self) -> None:
        for low, high in ((0.3, 0.3), (1 - 1e-7, 1.0), (-2e9, -2e9 + 100), (0, 0)):
            assert is_flat(low, high)
        for low, high in ((0.3, 0.301), (1e-9, 2e-9), (-1e-9, 1e-9)):
            assert not is_flat(low, high)
        assert is_flat(0.3, 0.3 + LEAST_DIFFERENCE / 2, least=LEAST_DIFFERENCE)
        assert not is_flat(0.3, 0.3 + LEAST_DIFFERENCE * 2, least=LEAST_DIFFERENCE)
        seconds = (1.7e9, 1.7e9 + 1)
        assert is_flat(*seconds)
        assert not is_flat(*seconds, dtype="float64")

    def test_order_of_categories(self) -> None:
        numbers = pd.Series([10, pd.NA, 9], dtype="Int64")
        assert categories_of(numbers)[1] == ["9", "10", "none"]
        assert categories_of(numbers)[0].tolist() == [1, 2, 0]
        ordered = pd.Series(pd.Categorical(["low", "high"], categories=["low", "mid", "high"]))
        assert categories_of(ordered)[1] == ["low", "high"]
        assert categories_of(pd.Series([1, "a"], dtype=object))[1] == ["1", "a"]


class TestScenes:
    def test_ends_are_filled(self, segments: pd.DataFrame) -> None:
        scenes = pd.DataFrame({"video_id": ["beta", "alpha", "alpha"], "start_sec": [0, 30, 0]})
        spans = scene_spans(scenes, segments)
        assert spans["end_sec"].tolist() == [30, 60, 30]
        assert spans["number"].tolist() == [1, 2, 1]

    def test_one_video_needs_no_name(self, segments: pd.DataFrame) -> None:
        scenes = pd.DataFrame({"start_sec": [0.0, 12.0], "end_sec": [10.0, 20.0]})
        spans = scene_spans(scenes, segments.iloc[:10])
        assert spans["video_id"].tolist() == ["alpha", "alpha"]
        assert spans["end_sec"].tolist() == [10, 20]

    def test_bad_scenes(self, segments: pd.DataFrame) -> None:
        with pytest.raises(tw.InputError, match="scenes is a list; a DataFrame"):
            scene_spans([0, 12], segments)  # type: ignore[arg-type]
        with pytest.raises(tw.InputError, match="scenes has no column 'video_id'"):
            scene_spans(pd.DataFrame({"start_sec": [0]}), segments)
        with pytest.raises(tw.InputError, match="seconds as numbers were expected"):
            scene_spans(pd.DataFrame({"start_sec": ["0:12"]}), segments.iloc[:10])
        other = pd.DataFrame({"video_id": ["gamma"], "start_sec": [0]})
        with pytest.raises(tw.InputError, match="scenes are of 'gamma'"):
            scene_spans(other, segments)
