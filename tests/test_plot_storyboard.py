"""Storyboards: which frames stand where, of any result, and what is never opened."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.numbers

av = pytest.importorskip("av")
films = pytest.importorskip("films")

if TYPE_CHECKING:
    from pathlib import Path

STARTS = [float(k) for k in range(100)]
"""A frame a second, which shows its number."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = films.make_film(tmp_path_factory.mktemp("films") / "film.mp4", STARTS)
    return path


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    starts = STARTS[:50]
    path: Path = films.make_film(tmp_path_factory.mktemp("films") / "other.mp4", starts)
    return path


def spans(*times: tuple[float, float], video_id: str = "film", **columns: Any) -> pd.DataFrame:
    start, end = zip(*times, strict=True)
    return pd.DataFrame({"video_id": video_id, "start_sec": start, "end_sec": end, **columns})


def shown(figure: Any) -> list[list[int]]:
    """The numbers that the frames of each row show, from left to right, from top to bottom."""
    rows: dict[float, list[tuple[float, int]]] = {}
    for image in figure.layout.images:
        kind, _, content = image.source.partition(";base64,")
        assert kind == "data:image/jpeg"
        with av.open(io.BytesIO(base64.b64decode(content)), format="mjpeg") as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        assert len(picture) == 120
        rows.setdefault(image.y, []).append((image.x, films.number_of(picture)))
    return [[number for _, number in sorted(rows[y])] for y in sorted(rows, reverse=True)]


def texts(figure: Any) -> list[str]:
    """What stands above the rows and on the frames."""
    return [note.text for note in figure.layout.annotations]


def stamps(figure: Any) -> list[str]:
    return [text for text in texts(figure) if "<" not in text and "–" not in text]


def test_the_first_row_follows_the_title_without_a_blank_band(video: Path) -> None:
    layout = tw.plot.storyboard(spans((0, 5), (5, 10)), video=video).layout
    low, top = layout.yaxis.range
    pixels = (layout.height - layout.margin.t - layout.margin.b) / (top - low)
    above = [(top - note.y) * pixels for note in layout.annotations if note.yanchor == "bottom"]
    assert 16 < min(above) < 24, "a line of text"


def test_frames_are_spread_over_each_scene(video: Path) -> None:
    scenes = spans((0, 10), (10, 60), n_segments=[2, 10], medoid=[0, 5], strength=[np.nan, 0.5])
    figure = tw.plot.storyboard(scenes, video=video)
    assert shown(figure) == [[1, 3, 5, 7, 9], [15, 25, 35, 45, 55]]
    assert stamps(figure)[:3] == ["0:01", "0:03", "0:05"]
    assert "<b>Scene 2</b>" in texts(figure)[6]
    assert texts(figure)[6].endswith("0:10 – 1:00 · strength 0.50")
    assert "strength" not in texts(figure)[0]
    assert figure.layout.title.text.endswith("2 scenes of film</span>")


def test_short_rows_have_fewer_frames(video: Path) -> None:
    rows = spans((10, 11), (20, 20.2), (30, 34))
    figure = tw.plot.storyboard(rows, video=video, n_frames=4)
    assert [len(row) for row in shown(figure)] == [2, 1, 4]


def test_hits_are_numbered_by_rank(video: Path) -> None:
    hits = spans((40, 46), (4, 10), rank=[1, 2], score=[3.21, 0.4])
    figure = tw.plot.storyboard(hits, video={"film": video, "unused": "nothing.mp4"}, n_frames=1)
    assert shown(figure) == [[43], [7]]
    headings = [text for text in texts(figure) if "Hit" in text]
    assert ["Hit 1" in headings[0], "score 3.21" in headings[0]] == [True, True]


def test_labels_show_typical_segments_of_all_their_time(
    video: Path, rng: np.random.Generator
) -> None:
    centres = np.eye(2, 16)
    codes = np.repeat([0, 1, 0], 10)
    vectors = centres[codes] + 0.3 * rng.standard_normal((30, 16)) / 4
    clean = [2, 7, 22, 27]  # of each fifth or so, one that lies on the mean
    vectors[clean] = 5 * centres[0]
    table = tw.from_vectors(
        vectors.astype(np.float32), start_sec=3.0 * np.arange(30), end_sec=3.0 * np.arange(30) + 3,
        video_id="film",
    )  # fmt: skip
    labels = pd.Series(codes, table.index, name="cluster")
    figure = tw.plot.storyboard(labels, table, video=video, n_frames=4)
    first, second = shown(figure)
    assert first == [3 * row + 1 for row in clean]
    assert len(second) == 4
    assert all(30 <= number < 60 for number in second)
    heading = texts(figure)[0]
    assert "Cluster 0" in heading
    assert heading.endswith("20 segments, 1:00 in all")
    backwards = tw.plot.storyboard(labels[::-1], table[::-1], video=video, n_frames=4)
    assert shown(backwards) == shown(figure)


def test_labels_have_the_colours_of_the_other_pictures(video: Path) -> None:
    table = tw.clips(tw.sample()).iloc[:12]
    labels = pd.Series(["x", "y", None] * 4, table.index)
    figure = tw.plot.storyboard(labels, table, video=video, n_frames=2)
    heads = [text for text in texts(figure) if "segments" in text]
    colours = [text.partition("color:")[2][:7] for text in heads]
    scatter = tw.plot.scatter(table, tw.project(table, method="pca"), color=labels)
    assert colours[:2] == [trace.marker.color for trace in scatter.data[:2]]
    assert "none" in heads[2]
    assert "■" not in heads[2]


def test_pieces_show_the_same_moments_of_both(video: Path, other: Path) -> None:
    pieces = pd.DataFrame({
        "a_video_id": ["cut", "cut"], "b_video_id": ["film", "film"],
        "a_start_sec": [0.0, 10.0], "a_end_sec": [10.0, 20.0],
        "b_start_sec": [50.0, 30.0], "b_end_sec": [60.0, 40.0],
        "speed": [1.0, -1.0], "score": [0.8, 0.7], "chance": [1e-9, 0.01],
    })  # fmt: skip
    figure = tw.plot.storyboard(pieces, video={"cut": other, "film": video}, n_frames=2)
    assert shown(figure) == [[2, 7], [52, 57], [12, 17], [37, 32]]
    assert any("cut · 0:00 – 0:10 · score 0.80 · chance under 0.001" in t for t in texts(figure))
    assert "2 pieces of 2 videos" in figure.layout.title.text


def test_pairs_and_medoids_are_shown(video: Path) -> None:
    pairs = pd.DataFrame({
        "video_id_a": ["film"], "start_sec_a": [2.0], "end_sec_a": [6.0],
        "video_id_b": ["film"], "start_sec_b": [42.0], "end_sec_b": [46.0],
        "cosine_similarity": [0.99],
    })  # fmt: skip
    assert shown(tw.plot.storyboard(pairs, video=video)) == [[4, 44]]
    summary = pd.DataFrame(
        {"cluster": [0, 1], "medoid_video_id": "film", "medoid_start_sec": [5.0, 77.0]}
    )
    assert shown(tw.plot.storyboard(summary, video=video)) == [[5], [77]]


@pytest.mark.slow
def test_every_result_of_the_sample_has_a_storyboard() -> None:
    film, video = tw.clips(tw.sample()), tw.sample_video()
    trailer = tw.clips(tw.sample("trailer"))
    both = {"trailer": tw.sample_video("trailer"), "big_buck_bunny": video}
    results = [
        tw.scenes(film), tw.search(film, film.iloc[[42]], k=3), tw.summarize(film, n_segments=3),
        tw.near_duplicates(film, threshold=0.9), tw.nearest(film.iloc[:2], film),
        tw.find(trailer, film), tw.align(trailer, film),
        tw.cluster_summary(film, tw.cluster(film, 3)), film.assign(outlier=tw.outliers(film))[:2],
    ]  # fmt: skip
    for result in results:
        assert tw.plot.storyboard(result, video=both, n_frames=2).layout.images


def test_many_rows_are_counted(video: Path) -> None:
    rows = spans(*[(2.0 * k, 2.0 * k + 2) for k in range(40)])
    figure = tw.plot.storyboard(rows, video=video, n_frames=1)
    assert len(figure.layout.images) == 24
    assert "40 segments of film; the first 24 drawn" in figure.layout.title.text


def test_rows_without_a_film_are_counted(video: Path) -> None:
    rows = pd.concat([spans((0, 2)), spans((0, 2), video_id="lost")])
    figure = tw.plot.storyboard(rows, video={"film": video}, n_frames=1)
    assert len(figure.layout.images) == 1
    assert "2 segments of film; 1 without a film left out" in figure.layout.title.text


def test_thumbnails_of_the_table_are_left_to_the_browser() -> None:
    rows = spans((0, 2), (2, 4), (4, 6), video_id="film")
    rows["thumbnail_url"] = ["https://host/a.jpg", "file:///etc/passwd", "javascript:alert(1)"]
    figure = tw.plot.storyboard(rows)
    assert [image.source for image in figure.layout.images] == ["https://host/a.jpg"]
    assert "2 without a film left out" in figure.layout.title.text
    table = rows.assign(thumbnail_url="https://host/b.jpg")
    beside = tw.plot.storyboard(rows.drop(columns="thumbnail_url"), table)
    assert {image.source for image in beside.layout.images} == {"https://host/b.jpg"}


def test_no_path_of_a_table_is_opened(video: Path) -> None:
    rows = spans((0, 2), video_id=str(video))
    rows = rows.assign(source=str(video), filename=str(video), hls_url=str(video), video=str(video))
    with pytest.raises(tw.InputError, match=r"no film to take frames from.*video='film.mp4'"):
        tw.plot.storyboard(rows)


def test_labels_are_no_markup(video: Path) -> None:
    rows = spans((0, 2), label="<img src=x onerror=alert(1)>")
    figure = tw.plot.storyboard(rows, video=video)
    assert "<img" not in str(texts(figure)) + str(figure.data[0].hovertext)


def test_turned_frames_stand_in_their_shape(video: Path, tmp_path: Path) -> None:
    turned = films.add_turn(video, tmp_path / "turned.mp4", (0, 1, -1, 0))
    figure = tw.plot.storyboard(spans((0, 20)), video=turned, n_frames=2)
    assert figure.layout.images[0].sizex == pytest.approx(96 / 128, abs=0.01)
    assert figure.layout.images[1].x >= figure.layout.images[0].sizex


@pytest.mark.parametrize(
    ("found", "options", "words"),
    [
        (spans((0, 2)), {}, "there is no film to take frames from"),
        (spans((0, 2)), {"video": {"films": "a.mp4"}}, "video names 'films', and the rows are of"),
        (spans((0, 2)), {"video": "nothing.mp4"}, "the film of 'film': no video file"),
        (spans((0, 2)), {"n_frames": 0}, "n_frames is 0"),
        (spans((0, 2)), {"n_frames": 50}, "at most 12 frames"),
        (spans((0, 2))[:0], {"video": "a.mp4"}, "found has 0 rows"),
        (spans((np.nan, np.nan)), {"video": "a.mp4"}, "found has 1 rows, none with times"),
        (pd.Series([1, 2]), {}, "pass segments=, the table that was clustered"),
        ([1, 2], {}, "found is a list"),
        (spans((0, 2)).drop(columns="end_sec"), {}, "no column 'end_sec'"),
        (pd.concat([spans((0, 2)), spans((0, 2), video_id="b")]), {"video": "a.mp4"},
         r"one video for rows of 2 videos.*pass video=\{'film': …, 'b': …\}"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told(found: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(tw.InputError, match=words):
        tw.plot.storyboard(found, **options)


def test_a_film_that_is_too_short_is_told(video: Path) -> None:
    with pytest.raises(tw.InputError, match=r"the film of 'film': times_sec holds 150"):
        tw.plot.storyboard(spans((100, 200)), video=video, n_frames=1)
