"""The map of segments, read back from the figure."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.looks import MARKS, THEMES

pytestmark = pytest.mark.numbers


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
    assert figure.data[2].marker.color == THEMES["auto"].missing
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


def test_groups_beyond_the_colours_are_one_entry(segments: pd.DataFrame) -> None:
    many = pd.concat([segments] * 5, ignore_index=True)
    names = ["first", *(f"c{k % 50:02d}" for k in range(len(many) - 1))]
    figure = tw.plot.scatter(many, flat(many), color=names)
    assert [trace.name for trace in figure.data][-1] == "15 others"
    assert len(figure.data) == 37
    assert sum(len(trace.x) for trace in figure.data) == len(many)
    assert "first" not in {trace.name for trace in figure.data}, "the smallest has no colour"
    bars = tw.plot.timeline(many, color=names).data
    assert [(one.name, one.marker.color) for one in bars] == [
        (one.name, one.marker.color) for one in figure.data
    ]


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


NAMES = {0: "meadow at dawn", 1: "a rabbit <b>", 3: "meadow at dawn"}
SCRIPTS = Path(__file__).parent.parent / "twlab" / "widgets" / "js"
PLACES_JS = SCRIPTS / "map_places.js"


@pytest.fixture(scope="module")
def film() -> pd.DataFrame:
    return tw.clips(tw.sample())


def words(annotation: Any) -> str:
    """What a name says, without its marks."""
    return re.sub(r"<[^>]+>", "", annotation.text).removeprefix("● ")


def test_names_are_those_of_the_explorer(film: pd.DataFrame) -> None:
    coords, labels = flat(film), tw.cluster(film, 4)
    figure = tw.plot.scatter(film, coords, color=labels, names=NAMES)
    called = ["meadow at dawn (0)", "a rabbit &lt;b&gt;", "2", "meadow at dawn (3)"]
    assert [trace.name for trace in figure.data] == called
    plain = tw.plot.scatter(film, coords, color=labels)
    for one, other in zip(figure.data, plain.data, strict=True):
        assert (one.marker.color, one.marker.symbol) == (other.marker.color, other.marker.symbol)
        np.testing.assert_array_equal(one.x, other.x)
    assert figure.data[1].hovertext[0].endswith("cluster: a rabbit &lt;b&gt;")
    assert {words(one) for one in figure.layout.annotations} <= {*called, "cluster 2"}
    assert not plain.layout.annotations
    explorer = tw.explore(film, labels=labels, names=NAMES)
    told = explorer._spec["columns"][0]["names"]
    explorer.close()
    assert [name.replace("<", "&lt;").replace(">", "&gt;") for name in told] == called


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_a_name_is_where_the_explorer_writes_it(film: pd.DataFrame) -> None:
    coords, labels = flat(film), tw.cluster(film, 4)
    notes = tw.plot.scatter(film, coords, color=labels, names={k: f"g{k}" for k in range(4)})
    x, y = (coords[axis].astype("float32").tolist() for axis in "xy")
    script = f"""
      import {{ densestPlaces }} from {json.dumps(PLACES_JS.as_uri())};
      const [x, y] = {json.dumps([x, y])}.map((one) => Float32Array.from(one));
      const codes = Uint8Array.from({json.dumps(labels.tolist())});
      const column = {{ name: "c", kind: "category", codes, names: ["0", "1", "2", "3"] }};
      const rows = Uint32Array.from(codes.keys());
      console.log(JSON.stringify(densestPlaces(column, x, y, rows)));"""
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    theirs = {f"g{one['group']}": (one["x"], one["y"]) for one in json.loads(answer.stdout)}
    assert len(notes.layout.annotations) > 2
    for one in notes.layout.annotations:
        assert (one.x, one.y) == pytest.approx(theirs[words(one)], rel=1e-4, abs=1e-4)


def colourings(film: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.Series[Any]]:
    """Labels of few and of many groups, many of them equally large, some rows without any."""
    many = pd.Series(rng.integers(0, 60, len(film)), index=film.index, name="cluster")
    texts = "topic " + many.astype(str)
    order = sorted(texts.unique(), reverse=True)
    mixed = many.astype(object).where(many < 40, texts)
    return {
        "few": (many % 13).where(many != 5),
        "many": many,
        "holes": many.astype("Int64").where(many != many.mode()[0]),
        "texts": texts,
        "ordered": texts.astype(pd.CategoricalDtype(order, ordered=True)),
        "mixed": mixed,
    }


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_a_group_has_the_colour_that_the_explorer_gives_it(
    film: pd.DataFrame, rng: np.random.Generator, tmp_path: Path
) -> None:
    drawn, told = {}, {}
    coords = flat(film)
    coords.iloc[:9] = np.nan
    for name, labels in colourings(film, rng).items():
        explorer = tw.explore(film, coords=coords.fillna(0), labels=labels)
        (tmp_path / name).write_bytes(explorer._data)
        told[name] = explorer._spec
        explorer.close()
        colours = {}
        for trace in tw.plot.scatter(film, coords, color=labels, theme="light").data:
            colours |= dict.fromkeys(zip(trace.x, trace.y, strict=True), trace.marker.color)
        drawn[name] = [colours.get((x, y)) for x, y in coords.astype("float32").to_numpy()]
    (tmp_path / "told.json").write_text(json.dumps(told))
    script = f"""
      import {{ readFileSync }} from "node:fs";
      import {{ decodeData }} from {json.dumps((SCRIPTS / "data.js").as_uri())};
      import {{ rowColours }} from {json.dumps((SCRIPTS / "colour.js").as_uri())};
      const bytes = (colour) => [colour, colour >> 8, colour >> 16].map((one) => one & 255);
      const hex = (one) => "#" + Buffer.from(bytes(one)).toString("hex");
      const answer = {{}};
      for (const [name, spec] of Object.entries(JSON.parse(readFileSync("told.json", "utf8")))) {{
        const data = decodeData(spec, new DataView(Uint8Array.from(readFileSync(name)).buffer));
        const colours = rowColours(data.columns[0], data.n, {{ theme: "light" }});
        answer[name] = [...colours].map(hex);
      }}
      console.log(JSON.stringify(answer));"""
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    for name, theirs in json.loads(answer.stdout).items():
        assert len(set(theirs)) == (14 if name == "few" else 37 + (name == "holes")), name
        assert theirs[9:] == drawn[name][9:], name


def test_no_name_lies_over_another(rng: np.random.Generator) -> None:
    times = {"start_sec": np.arange(300.0), "end_sec": np.arange(300.0) + 1}
    table = tw.with_vectors(
        pd.DataFrame({"video_id": "a", **times}), rng.normal(size=(300, 4)).astype("float32")
    )
    spots = rng.uniform(-1, 1, (30, 2)) * [2, 1]
    labels = np.arange(300) % 30
    coords = pd.DataFrame(spots[labels] + rng.normal(0, 0.02, (300, 2)), columns=["x", "y"])
    names = {k: f"river {k:02d}" for k in range(30)}
    color = pd.Series(labels, name="cluster")
    notes = tw.plot.scatter(table, coords, color=color, names=names).layout.annotations
    assert 8 < len(notes) < 30
    wide = 6 * len("● river 00")  # pixels, at least
    for pixels in (280, 600, 1100):  # of the map: on a phone, and on wider pages
        scale = (pixels - 40) / float(np.ptp(coords.x))
        for a, b in combinations(notes, 2):
            across = abs((a.x - b.x) * scale + shift_of(a)[0] - shift_of(b)[0])
            down = abs((a.y - b.y) * scale + shift_of(a)[1] - shift_of(b)[1])
            assert across > wide or down > 14, (words(a), words(b), pixels)


def shift_of(note: Any) -> tuple[float, float]:
    """Pixels to the right and up from the place of a name to its middle."""
    return (note.ax, -note.ay) if note.showarrow else (note.xshift, note.yshift)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_names_hide_few_points(film: pd.DataFrame, method: Any) -> None:
    """Beside their places they would hide 12 to 15 of the map as PCA, 8 to 24 as t-SNE."""
    coords, labels = tw.project(film, method=method), tw.cluster(film, 6)
    names = ["opening titles", "meadow and butterflies", "the burrow", "chase", "wood", "credits"]
    called = dict(enumerate(names))
    notes = tw.plot.scatter(film, coords, color=labels, names=called).layout.annotations
    assert {words(one) for one in notes} == {*names}
    points, middle = coords.to_numpy(), (coords.max() + coords.min()).to_numpy() / 2
    for size in ((280, 270), (1100, 460)):
        scale = min((np.array(size) - 36) / np.ptp(points, axis=0))
        hidden = 0
        for one in notes:
            at = (np.array([one.x, one.y]) - middle) * scale + shift_of(one)
            far = np.abs((points - middle) * scale - at)
            hidden += ((far[:, 0] < 3.3 * len(words(one)) + 6) & (far[:, 1] < 9)).sum()
        assert hidden <= 8, size


def test_names_that_fit_nothing(film: pd.DataFrame) -> None:
    coords, labels = flat(film), tw.cluster(film, 4)
    with pytest.raises(tw.InputError, match="names has '9', which is no label of 'cluster'"):
        tw.plot.scatter(film, coords, color=labels, names={9: "sea"})
    with pytest.raises(tw.InputError, match="'time' gives the colours, which has no groups"):
        tw.plot.scatter(film, coords, names={0: "sea"})
    with pytest.raises(tw.InputError, match="names is a list"):
        tw.plot.scatter(film, coords, color=labels, names=["sea"])


def test_names_of_some_groups_and_in_depth(film: pd.DataFrame) -> None:
    coords, labels = flat(film), tw.cluster(film, 4)
    deep = tw.project(film, method="pca", n_components=3)
    figure = tw.plot.scatter(film, deep, color=labels, names=NAMES)
    assert figure.data[1].name == "a rabbit &lt;b&gt;"
    some = labels.astype("Int64").where(labels != 2)
    figure = tw.plot.scatter(film, coords, color=some, names={0: "sea"})
    assert [trace.name for trace in figure.data] == ["sea", "1", "3", "none"]
    assert "none" not in {words(one) for one in figure.layout.annotations}
