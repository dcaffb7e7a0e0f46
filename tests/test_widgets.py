"""The explorer's Python side: what crosses, what comes back, what is refused."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from insides import video_files

import twlab as tw
from twlab.widgets import mask_of, module_source, pack_mask, style_source, unpack_mask

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def coords(segments: pd.DataFrame) -> np.ndarray:
    return np.arange(2.0 * len(segments)).reshape(-1, 2)


def array(explorer: tw.Explorer, name: str) -> np.ndarray:
    """An array as the browser reads it."""
    dtype, size, offset = explorer._spec["arrays"][name]
    assert offset % 8 == 0
    if dtype == "count":
        return np.arange(size)
    return np.frombuffer(explorer._data, dtype, size, offset)


def test_vectors_stay_in_python(segments: pd.DataFrame, coords: np.ndarray) -> None:
    explorer = tw.explore(segments, coords=coords)
    assert tw.vectors(segments)[3].tobytes() not in explorer._data
    assert len(explorer._data) < 3000


def test_arrays_are_those_of_the_table(segments: pd.DataFrame, coords: np.ndarray) -> None:
    shuffled = segments.sample(frac=1, random_state=1)
    explorer = tw.explore(shuffled, coords=coords)
    np.testing.assert_array_equal(array(explorer, "start"), shuffled["start_sec"])
    np.testing.assert_array_equal(array(explorer, "x"), coords[:, 0])
    ids = [video["id"] for video in explorer._spec["videos"]]
    assert [ids[k] for k in array(explorer, "video")] == shuffled["video_id"].tolist()
    walked = shuffled.iloc[array(explorer, "order")]
    assert walked.groupby("video_id")["start_sec"].apply(lambda s: s.is_monotonic_increasing).all()
    assert walked["video_id"].drop_duplicates().tolist() == ids


def test_similarity_bytes_are_cosines_in_order_of_time(segments: pd.DataFrame) -> None:
    shuffled = segments.sample(frac=1, random_state=2)
    explorer = tw.explore(shuffled, views=["heatmap"])
    told = explorer._spec["spaces"][0]["similarity"]
    rows = array(explorer, "rows0")
    cells = array(explorer, "cells0").reshape(told["size"], told["size"])
    seen = told["low"] + cells / 255 * (told["high"] - told["low"])
    wanted = tw.cosine_similarity(shuffled.iloc[rows])
    np.testing.assert_allclose(seen, wanted, atol=(told["high"] - told["low"]) / 500)


def test_neighbours_are_those_of_nearest(segments: pd.DataFrame, coords: np.ndarray) -> None:
    explorer = tw.explore(segments, coords=coords)
    space = explorer._spec["spaces"][0]
    found = array(explorer, "neighbors0").reshape(-1, space["nNeighbors"])
    wanted, _ = tw.nearest(tw.vectors(segments), k=space["nNeighbors"])
    rows = array(explorer, "rows0")
    np.testing.assert_array_equal(found, wanted[rows])


def test_missing_neighbours_keep_their_sign(
    segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numpy 2.5 refuses what older ones wrapped: -1 beside numbers without a sign."""
    wrapping = np.where

    def where(condition: Any, *choices: Any) -> Any:
        for one, other in itertools.permutations(choices, 2) if choices else ():
            if type(one) is int and isinstance(other, np.ndarray) and other.dtype.kind in "iu":
                assert np.iinfo(other.dtype).min <= one <= np.iinfo(other.dtype).max
        return wrapping(condition, *choices)

    matrix = tw.vectors(segments).copy()
    matrix[2] = 0
    monkeypatch.setattr(np, "where", where)
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        explorer = tw.explore(tw.with_vectors(segments, matrix))
    found = array(explorer, "neighbors0").reshape(len(segments), -1)
    assert (found[2] == -1).all()
    assert (np.delete(found, 2, 0) >= 0).any(1).all()


def test_the_map_of_a_film_is_a_t_sne_and_of_very_many_rows_principal_axes(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.DataFrame({"video_id": "a", "start_sec": np.arange(150) * 6.0})
    film = tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), rng.normal(size=(150, 8)))
    near = np.asarray(tw.project(tw.vectors(film)), np.float32)
    explorer = tw.explore(film, views=["map"])
    np.testing.assert_allclose(array(explorer, "x"), near[:, 0], rtol=1e-5)
    monkeypatch.setattr("twlab.analysis.maps.projection.MAX_TSNE", 149)
    axes = np.asarray(tw.project(tw.vectors(film), method="pca"), np.float32)
    explorer = tw.explore(film, views=["map"])
    np.testing.assert_allclose(array(explorer, "x"), axes[:, 0], atol=1e-5)
    drawn = tw.plot.scatter(film).data[0]
    np.testing.assert_allclose(np.asarray(drawn.x, float), axes[:, 0], atol=1e-5)


def test_what_crosses_is_as_small_as_it_can_be(rng: np.random.Generator) -> None:
    n = 1000
    start = np.arange(n) * 6.0
    film = tw.from_vectors(rng.normal(size=(n, 4)), start_sec=start, end_sec=start + 6)
    given: dict[str, Any] = {"coords": rng.normal(size=(n, 2)), "views": ["map", "timeline"]}
    arrays = tw.explore(film, **given)._spec["arrays"]
    assert arrays["order"] == arrays["rows0"] == ["count", n, 0], "an order that is plain"
    assert (arrays["start"][0], arrays["video"][0]) == ("float32", "uint8")
    turned = film.iloc[::-1]
    turned = turned.assign(end_sec=turned["end_sec"] + 0.1)
    explorer = tw.explore(turned, **given)
    arrays = explorer._spec["arrays"]
    assert arrays["order"] == arrays["rows0"], "what is alike lies there once"
    assert array(explorer, "order").tolist() == [*range(n)][::-1]
    assert arrays["end"][0] == "float64", "no time is told less finely"
    for name in ("start", "end"):
        np.testing.assert_array_equal(array(explorer, name), turned[f"{name}_sec"])


def test_options_get_their_own_map(segments: pd.DataFrame) -> None:
    other = segments.assign(embedding_option="audio")
    both = pd.concat([other, segments], ignore_index=True)
    explorer = tw.explore(both)
    assert [space["name"] for space in explorer._spec["spaces"]] == ["visual", "audio"]
    assert explorer._spec["lanes"] == ["visual", "audio"]
    assert set(array(explorer, "rows0")) == set(range(len(segments), 2 * len(segments)))


def test_whole_video_rows_are_left_out(segments: pd.DataFrame) -> None:
    whole = segments.iloc[:1].assign(embedding_scope="video", end_sec=60.0)
    explorer = tw.explore(pd.concat([whole, segments], ignore_index=True))
    assert 0 not in array(explorer, "rows0")
    assert 0 not in array(explorer, "order")
    assert np.isnan(array(explorer, "x")[0])


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_rows_open(segments: pd.DataFrame, n: int) -> None:
    empty = pytest.warns(tw.TwlabWarning, match="segments has no rows")
    with empty if n == 0 else nullcontext():
        explorer = tw.explore(segments.iloc[:n])
    assert explorer._spec["n"] == n
    assert explorer.selection.empty


def test_zero_vectors_and_duplicates_open(segments: pd.DataFrame) -> None:
    matrix = tw.vectors(segments).copy()
    matrix[2] = 0
    matrix[4] = matrix[3]
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        explorer = tw.explore(tw.with_vectors(segments, matrix))
    assert np.isfinite(array(explorer, "cells0")).all()


def test_selection_is_rows_of_the_table(segments: pd.DataFrame, coords: np.ndarray) -> None:
    table = segments.set_index(pd.Index([f"row {k}" for k in range(len(segments))]))
    explorer = tw.explore(table, coords=coords)
    seen: list[pd.DataFrame] = []
    explorer.observe(lambda change: seen.append(change.new), "selection")
    explorer.selection = table.iloc[[3, 1]]
    assert explorer.selection.index.tolist() == ["row 1", "row 3"]
    pd.testing.assert_frame_equal(explorer.selection, table.iloc[[1, 3]])
    explorer._selection = pack_mask(np.arange(len(table)) == 7)
    assert explorer.selection.index.tolist() == ["row 7"]
    explorer.selection = table["start_sec"] < 6
    explorer.selection = ["row 2"]
    explorer.selection = None
    assert [len(rows) for rows in seen] == [2, 1, 2, 1, 0]


def test_focus_and_time(segments: pd.DataFrame, coords: np.ndarray) -> None:
    explorer = tw.explore(segments.set_index(np.arange(15) + 100), coords=coords)
    explorer.focus = 104
    assert explorer._focus == 4
    explorer._focus = 9
    assert explorer.focus == 109
    explorer.focus = None
    assert explorer._focus == -1
    with pytest.raises(tw.InputError, match="focus is 3; an index label"):
        explorer.focus = 3
    with pytest.raises(tw.InputError, match="current_video is 'gamma'; one of 'alpha', 'beta'"):
        explorer.current_video = "gamma"
    explorer.current_video = "beta"


def test_repeated_index_is_refused_where_labels_are_ambiguous(segments: pd.DataFrame) -> None:
    table = segments.set_index(np.zeros(len(segments), int))
    explorer = tw.explore(table, views=["timeline"])
    explorer._selection = pack_mask(np.arange(len(table)) < 2)
    assert len(explorer.selection) == 2
    with pytest.raises(tw.InputError, match="index of the segments has duplicates"):
        explorer.selection = [0]
    explorer.selection = table.iloc[:1]
    assert explorer._mask.tolist() == [True, *[False] * 14]
    explorer.selection = np.arange(len(table)) == 3
    assert explorer.selection["start_sec"].tolist() == [18.0]


@given(st.lists(st.booleans(), max_size=70))
def test_bits_survive(mask: list[bool]) -> None:
    rows = np.array(mask, bool)
    np.testing.assert_array_equal(unpack_mask(pack_mask(rows), len(rows)), rows)


def test_lasso_of_all_points_is_small() -> None:
    assert len(pack_mask(np.ones(100_000, bool))) == 12_500


def test_masks_follow_their_index(segments: pd.DataFrame) -> None:
    mask = (segments["start_sec"] == 12).sample(frac=1, random_state=0)
    assert mask_of(segments, mask).tolist() == (segments["start_sec"] == 12).tolist()
    with pytest.raises(tw.InputError, match=r"a mask of shape \(3,\) for 15 segments"):
        mask_of(segments, np.ones(3, bool))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coords": np.zeros((3, 2))}, r"coords has shape \(3, 2\); \(15, 2\) was expected"),
        ({"coords": pd.DataFrame({"a": [1]})}, "coords has the columns a; x and y were expected"),
        ({"labels": [1, 2]}, "labels has 2 entries for 15 rows"),
        ({"labels": 3}, "labels is 3; one label per segment"),
        ({"scenes": [1.0]}, "bare seconds for 2 videos"),
        ({"scenes": object()}, "scenes is a object"),
        ({"similarity": np.zeros((2, 2))}, r"similarity has shape \(2, 2\)"),
        ({"similarity": np.full((15, 15), np.nan)}, "holds NaN or infinite"),
        ({"color": "mood"}, "no column 'mood' to show"),
        ({"tooltip": ["embedding"]}, "'embedding' is a vector per row"),
        ({"views": ["map", "globe"]}, r"views is \['map', 'globe'\]"),
        ({"views": "map"}, "views is 'map'"),
        ({"video": "gone.mp4"}, "no video file 'gone.mp4'"),
        ({"video": 7}, "video is a int"),
        ({"video": {"alpha": __file__}}, "test_widgets.py', by its name text/x-python; a video"),
        ({"video": {"alpha": "https://a.test/film.json"}}, "by its name application/json"),
        ({"video": {"alpha": "https://[a"}}, "which names no server"),
        ({"video": {"alpha": "https://www.youtube.com/watch?v=1"}}, "a page of youtube.com"),
        ({"video": {"gamma": "a.mp4"}}, "video names 'gamma', which is not in the table"),
        ({"video": "https://example.com/a.mp4"}, "one video for a table of 2 videos"),
    ],
)
def test_what_does_not_fit_is_refused(
    segments: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(tw.InputError, match=message):
        tw.explore(segments, **options)


def test_labels_and_columns_become_colours(segments: pd.DataFrame, coords: np.ndarray) -> None:
    labels = pd.Series(["b", None, "a"] * 5, index=segments.index, name="kind")
    table = segments.assign(loud=np.linspace(0, 1, 15), source="/home/somebody/film.json")
    explorer = tw.explore(table, coords=coords, labels=labels[::-1], color="loud")
    told = {column["name"]: column for column in explorer._spec["columns"]}
    assert explorer._spec["colorBy"] == "loud"
    assert told["kind"]["names"] == ["a", "b"]
    assert array(explorer, told["kind"]["array"]).tolist() == [1, 2, 0] * 5
    assert "source" not in told, "paths of this machine have no place in a page sent to others"
    assert "model_name" not in told, "a constant says nothing"


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([5.0] * 15, ["5"]),
        ([5.5] * 15, None),
        ([np.nan] * 15, []),
        ([None] * 15, []),
        ([[1, 2], ["a"], None] * 5, ["['a']", "[1, 2]"]),
        ([{"a": 1}, 3, "x"] * 5, ["3", "x", "{'a': 1}"]),
        ([f"clip {k}" for k in range(15)], sorted(f"clip {k}" for k in range(15))),
    ],
)
def test_any_column_that_is_asked_for_is_shown(
    segments: pd.DataFrame, values: list[Any], names: list[str] | None
) -> None:
    table = segments.assign(mood=pd.Series(values, segments.index))
    for options in ({"color": "mood"}, {"tooltip": ["mood"]}, {"tooltip": "mood"}):
        spec = tw.explore(table, views=["timeline"], **options)._spec
        (told,) = (column for column in spec["columns"] if column["name"] == "mood")
        assert told.get("names") == names
        assert "mood" in (spec["colorBy"], *spec["tooltip"])
    labels = tw.explore(segments, views=["timeline"], labels=table["mood"])._spec["columns"][0]
    assert labels["name"] == "mood"


def test_a_column_of_very_many_texts_is_shown_when_asked_for(segments: pd.DataFrame) -> None:
    table = pd.concat([segments] * 400, ignore_index=True)
    table["said"] = [f"sentence {k:04d}" for k in range(len(table))]
    explorer = tw.explore(table, views=["timeline"], tooltip=["said"])
    (told,) = (one for one in explorer._spec["columns"] if one["name"] == "said")
    assert array(explorer, told["array"]).tolist() == list(range(len(table)))


@pytest.mark.parametrize("dtype", ["uint8", "Int8", "float16"])
def test_times_of_few_bits_are_those_of_many(segments: pd.DataFrame, dtype: str) -> None:
    start = np.arange(len(segments)) * 7.0
    narrow = segments.assign(start_sec=start, end_sec=start + 20)
    narrow = narrow.astype({"start_sec": dtype, "end_sec": dtype})
    found = tw.explore(narrow)
    (time,) = (column for column in found._spec["columns"] if column["name"] == "time")
    np.testing.assert_array_equal(array(found, time["array"]), start + 10)


@pytest.mark.parametrize("last", [1e300, -1e39, 3 + 4j])
def test_numbers_that_the_browser_has_no_room_for_are_names(
    segments: pd.DataFrame, last: complex
) -> None:
    column = np.array([*np.arange(len(segments) - 1.0), last])
    told = tw.explore(segments.assign(size=column))._spec["columns"]
    (size,) = (one for one in told if one["name"] == "size")
    assert size["kind"] == "category"
    assert str(column[-1]) in size["names"]


@pytest.mark.parametrize(("noise", "flat"), [(0, True), (1e-6, True), (0.3, False)])
def test_similarities_all_alike_are_one_shade(
    segments: pd.DataFrame, rng: np.random.Generator, noise: float, flat: bool
) -> None:
    vectors = rng.normal(size=16) + noise * rng.normal(size=(15, 16))
    explorer = tw.explore(tw.with_vectors(segments, vectors), views=["heatmap"])
    (space,) = explorer._spec["spaces"]
    cells = array(explorer, space["similarity"]["array"])
    assert (set(cells.tolist()) == {255}) is flat
    assert ((space["similarity"]["low"], space["similarity"]["high"]) == (0, 1)) is flat


@pytest.mark.parametrize(("value", "shade"), [(0.0, 0), (-3.0, 0), (1e-9, 255), (7.0, 255)])
def test_a_given_square_of_one_value_is_one_shade(
    segments: pd.DataFrame, value: float, shade: int
) -> None:
    square = np.full((15, 15), value)
    explorer = tw.explore(segments, views=["heatmap"], similarity=square)
    (space,) = explorer._spec["spaces"]
    assert set(array(explorer, space["similarity"]["array"]).tolist()) == {shade}
    low, high = space["similarity"]["low"], space["similarity"]["high"]
    assert low + shade / 255 * (high - low) == pytest.approx(value)


def test_the_most_typical_frame_is_that_of_the_clip_nearest_to_all(
    segments: pd.DataFrame,
) -> None:
    vectors = np.eye(16)[np.where(np.arange(15) < 2, 0, 1)] + 0.1 * np.eye(16)[:15]
    vectors[[4, 12]] = np.eye(16)[1]  # nearest to the rest of their films
    for order in (np.arange(15), np.arange(15)[::-1]):
        table = tw.with_vectors(segments, vectors).iloc[order]
        told = {one["id"]: one["typical"] for one in tw.explore(table)._spec["videos"]}
        assert told == {"alpha": 27.0, "beta": 15.0}
    alone = tw.explore(segments, views=["timeline"])._spec["videos"]
    assert {one["typical"] for one in alone} == {0}


def test_two_videos_of_one_spelling_are_refused(segments: pd.DataFrame) -> None:
    names = pd.Series([1] * 5 + ["1"] * 10, dtype=object)
    with pytest.raises(tw.InputError, match="two videos of the table are both written '1'"):
        tw.explore(segments.assign(video_id=names))


def test_labels_of_some_rows_are_refused(segments: pd.DataFrame) -> None:
    some = pd.Series([5, 6], index=segments.index[:2], name="cluster").astype("Int64")
    with pytest.raises(tw.InputError, match="labels has 2 entries for 15 rows"):
        tw.explore(segments, labels=some, views=["timeline"])
    explorer = tw.explore(segments, labels=some.reindex(segments.index), views=["timeline"])
    column = explorer._spec["columns"][0]
    assert (column["name"], column["names"]) == ("cluster", ["5", "6"])
    assert array(explorer, column["array"]).tolist() == [0, 1, *[2] * 13]


def test_scenes_by_table_and_by_seconds(segments: pd.DataFrame) -> None:
    scenes = pd.DataFrame({"video_id": ["beta", "alpha"], "start_sec": [6.0, 12.0]})
    explorer = tw.timeline_widget(segments, scenes=scenes)
    assert array(explorer, "scene_video").tolist() == [1, 0]
    one = segments[segments.video_id == "beta"]
    assert array(tw.timeline_widget(one, scenes=[3, 9]), "scene_sec").tolist() == [3, 9]


def test_player_alone_and_over_its_timeline(segments: pd.DataFrame) -> None:
    alone = tw.player(tw.sample_video("trailer"))
    assert alone._spec["views"] == ["player"]
    one = segments[segments.video_id == "beta"]
    assert tw.player("https://example.com/b.mp4", one)._spec["views"] == ["player", "timeline"]


def test_video_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = tmp_path / "root" / "films" / "a film.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"0" * 100)

    def source(video: Any, **streams: str) -> video_files.VideoSource:
        return video_files.video_sources(video, streams, ["alpha"])[0][0]

    assert source(film)["kind"] == "bytes"
    assert source("https://example.com/a.webm")["mime"] == "video/webm"
    assert source("https://example.com/a.m3u8?x=1")["kind"] == "hls"
    assert source("https://example.com/a.M3U8")["kind"] == "hls"
    assert source(None)["kind"] == "none"
    assert source(None, alpha="https://x.test/a.m3u8")["kind"] == "hls"
    server = {"root_dir": str(tmp_path / "root"), "base_url": "/lab/"}
    (tmp_path / "jpserver-77.json").write_text(json.dumps(server))
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    assert source(film)["url"] == "/lab/files/films/a%20film.mp4"
    with monkeypatch.context() as elsewhere:  # a kernel's child in an environment without Jupyter
        elsewhere.setitem(sys.modules, "jupyter_core.paths", None)
        assert source(film)["kind"] == "bytes"
    hidden = tmp_path / "root" / ".cache" / "a.mp4"
    hidden.parent.mkdir()
    hidden.write_bytes(b"0")
    assert source(hidden)["kind"] == "bytes"
    outside = shutil.copy(film, tmp_path / "b.mp4")
    monkeypatch.setattr(video_files, "EMBED_MB", 0)
    refused = source(outside)
    assert refused["kind"] == "none"
    assert "move it into that folder, or pass a URL" in refused["note"]


def test_modules_join_into_one_that_parses(tmp_path: Path) -> None:
    for entry in ("widget", "file"):
        text = module_source(entry)
        assert "</script" not in text
        assert not re.search(r"^import ", text, re.MULTILINE)
        exported = re.findall(r"^export .*", text, re.MULTILINE)
        assert exported == (["export default { render };"] if entry == "widget" else [])
        (tmp_path / f"{entry}.mjs").write_text(text)
        node = shutil.which("node")
        if node:
            subprocess.run([node, "--check", str(tmp_path / f"{entry}.mjs")], check=True)
    assert "</style" not in style_source(page=True)


def test_page_carries_everything(segments: pd.DataFrame, tmp_path: Path) -> None:
    table = segments[segments.video_id == "beta"].assign(filename="</script><b>")
    film = tmp_path / "beta.mp4"
    film.write_bytes(b"film bytes")
    explorer = tw.explore(table, video=film)
    explorer.selection = table.iloc[:2]
    page = tw.save_html(explorer, tmp_path / "out" / "page.html").read_text()
    assert "<b>" not in page
    assert base64.b64encode(b"film bytes").decode() in page
    assert not re.search(r'(src|href)="http', page)
    state = json.loads(re.search(r'id="twlab-state">(.*?)</script>', page, re.DOTALL)[1])
    assert base64.b64decode(state["_selection"]) == explorer._selection
    assert str(tmp_path) not in page
    linked = tw.save_html(table, tmp_path / "out" / "linked.html", video=film, video_as="link")
    text = linked.read_text()
    assert '"url": "../beta.mp4"' in text
    assert base64.b64encode(b"film bytes").decode() not in text


def test_page_refusals(segments: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(tw.InputError, match="video_as is 'guess'"):
        tw.save_html(segments, tmp_path / "a.html", video_as="guess")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="title is given for an explorer"):
        tw.save_html(tw.explore(segments), tmp_path / "a.html", title="x")


def test_saved_notebooks_keep_a_page(segments: pd.DataFrame, coords: np.ndarray) -> None:
    explorer = tw.explore(segments, coords=coords)
    data, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith("<iframe class=")


def test_only_pictures_of_single_rows_reach_the_gallery(segments: pd.DataFrame) -> None:
    """One picture for a whole video says nothing of its clips; what is no address is left out."""
    same = segments.assign(thumbnail_url="https://example.com/a.jpg")
    assert tw.explore(same, views=["gallery"])._spec["stills"] == {}
    own = [f"https://example.com/{k}.jpg" for k in range(len(segments))]
    own[1], own[2] = "/etc/passwd", "javascript:alert(1)"
    stills = tw.explore(segments.assign(thumbnail_url=own), views=["gallery"])._spec["stills"]
    assert stills == {k: own[k] for k in range(len(segments)) if k not in (1, 2)}


def test_large_tables_ask_for_neighbours(segments: pd.DataFrame, coords: np.ndarray) -> None:
    explorer = tw.explore(segments, coords=coords)
    sent: list[Any] = []
    explorer.send = lambda content, buffers=None: sent.append((content, buffers))  # type: ignore[method-assign]
    explorer._answer(None, {"id": "1", "kind": "nearest", "row": 3, "count": 4}, [])
    wanted, alike = tw.nearest(tw.vectors(segments), k=4)
    assert sent[0][0]["rows"] == wanted[3].tolist()
    assert sent[0][0]["similarity"] == pytest.approx(alike[3].tolist())
    explorer._answer(None, {"id": "2", "kind": "video", "video": 0}, [])
    assert "No video given" in sent[1][0]["note"]


def test_an_archive_is_coloured_by_video_and_each_has_a_name_of_its_own(
    segments: pd.DataFrame,
) -> None:
    known = segments.assign(filename="take.mp4")
    spec = tw.explore(known)._spec
    column = next(one for one in spec["columns"] if one["name"] == "video")
    assert spec["colorBy"] == "video"
    assert column["names"] == ["take.mp4 (alpha)", "take.mp4 (beta)"]
    assert [video["title"] for video in spec["videos"]] == column["names"]
    apart = known.assign(filename=segments["video_id"] + ".mp4")
    assert tw.explore(apart)._spec["videos"][0]["title"] == "alpha.mp4"
    labels = pd.Series(range(len(segments)), index=segments.index, name="own")
    assert tw.explore(known, labels=labels)._spec["colorBy"] == "own"
    one = known[known["video_id"] == "alpha"]
    assert tw.explore(one)._spec["colorBy"] == "time"
    assert "video" not in [column["name"] for column in tw.explore(one)._spec["columns"]]
    # Whatever files are called, two videos are never one.
    for first, second in (("beta", None), ("x", "x (alpha)"), ("x", "x")):
        files = np.where(segments["video_id"] == "alpha", first, second)
        spec = tw.explore(segments.assign(filename=files.astype(object)))._spec
        titles = [video["title"] for video in spec["videos"]]
        assert len(set(titles)) == 2, titles
        assert next(one for one in spec["columns"] if one["name"] == "video")["names"] == titles
    own = tw.explore(known.assign(video=["a"] * 10 + ["b"] * 5))._spec
    assert [one["names"] for one in own["columns"] if one["name"] == "video"] == [["a", "b"]]


def test_a_blank_label_has_a_name_in_explorer_and_figure() -> None:
    clips = tw.clips(tw.sample())
    labels = pd.Series(["", "meadow"] * (len(clips) // 2), index=clips.index, name="place")
    explorer = tw.explore(clips, labels=labels)
    column = next(one for one in explorer._spec["columns"] if one["name"] == "place")
    assert column["names"] == ["(empty)", "meadow"]
    figure = tw.plot.timeline(clips, lanes=labels)
    assert "(empty)" in figure.to_json()


@pytest.mark.parametrize("d", [8, 6])
def test_each_model_has_the_map_heatmap_novelty_and_lane_of_it_alone(d: int) -> None:
    rng = np.random.default_rng(0)
    parts = []
    for name, clip_sec, width in [("a", 3.0, 8), ("b", 4.0, d)]:
        start = np.arange(0, 240, clip_sec)
        rows = pd.DataFrame({"video_id": "v", "start_sec": start, "end_sec": start + clip_sec})
        rows = rows.assign(embedding_option="visual", model_name=name)
        parts.append(tw.with_vectors(rows, rng.normal(size=(len(start), width)).cumsum(axis=0)))
    explorer = tw.explore(pd.concat(parts, ignore_index=True))
    spec = explorer._spec
    names = ["visual · a", "visual · b"]
    assert [space["name"] for space in spec["spaces"]] == names
    assert spec["lanes"] == names
    for k, part in enumerate(parts):
        alone = tw.explore(part)
        rows = array(explorer, f"rows{k}")
        assert array(explorer, "lane")[rows].tolist() == [k] * len(part)
        for name in ("x", "y", "novelty"):
            mine = array(explorer, name)[rows]
            assert np.allclose(mine, array(alone, name), equal_nan=True, atol=1e-5)
        assert np.array_equal(array(explorer, f"cells{k}"), array(alone, "cells0"))
        near = array(explorer, f"neighbors{k}")
        assert np.array_equal(near - rows[0], array(alone, "neighbors0"))


def test_no_map_holds_two_models(segments: pd.DataFrame) -> None:
    both = pd.concat([segments, segments.assign(model_name="other")], ignore_index=True)
    assert not tw.explore(both, coords=np.zeros((len(both), 2)))._spec["mapAll"]
    assert tw.explore(segments, coords=np.zeros((len(segments), 2)))._spec["mapAll"]
