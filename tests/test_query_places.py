"""Queries marked on a map: where they lie, and that they are no segments."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.analysis.judging import place_queries


@pytest.fixture(scope="module")
def film() -> pd.DataFrame:
    return tw.clips(tw.sample())


@pytest.fixture(scope="module")
def points(film: pd.DataFrame) -> np.ndarray[Any, Any]:
    return np.asarray(tw.project(film, method="pca"), np.float64)


def both_options() -> pd.DataFrame:
    parts = [tw.sample(), tw.sample(embedding_option="audio")]
    return pd.concat(parts, ignore_index=True)


def told(segments: pd.DataFrame, **given: Any) -> Any:
    explorer = tw.explore(segments, **given)
    spec = json.loads(json.dumps(explorer._spec))
    data = explorer._data
    explorer.close()
    return spec, data


def test_a_copy_of_a_segment_lies_on_it(film: pd.DataFrame, points: Any) -> None:
    found = place_queries(film, points, film.iloc[[42, 7]])
    assert found["query"].tolist() == ["4:12", "0:42"]
    assert found["row"].tolist() == [42, 7]
    np.testing.assert_array_equal(found[["x", "y"]], points[[42, 7]])
    np.testing.assert_allclose(found["similarity"], 1, atol=1e-6)


def test_any_other_lies_at_the_median_of_the_ten_most_like_it(
    film: pd.DataFrame, points: Any
) -> None:
    query = tw.vectors(film)[10:13].mean(axis=0)
    cosine = tw.vectors(film) @ query / np.linalg.norm(tw.vectors(film), axis=1)
    best = np.argsort(-cosine)[:10]
    (found,) = place_queries(film, points, query).to_dict("records")
    np.testing.assert_allclose([found["x"], found["y"]], np.median(points[best], axis=0))
    assert found["row"] == best[0]
    assert found["similarity"] == pytest.approx(cosine[best[0]] / np.linalg.norm(query), abs=1e-5)


def test_order_of_rows_and_length_of_vectors_change_nothing(
    film: pd.DataFrame, points: Any, rng: np.random.Generator
) -> None:
    queries = tw.vectors(tw.sample("trailer"))[:4]
    found = place_queries(film, points, queries)
    order = rng.permutation(len(film))
    other = place_queries(film.iloc[order], points[order], 7 * queries)
    np.testing.assert_allclose(found[["x", "y"]], other[["x", "y"]])
    assert found["row"].tolist() == order[other["row"]].tolist()
    unplaced = np.where(np.arange(len(film))[:, None] == found["row"][0], np.nan, points)
    assert place_queries(film, unplaced, queries)["row"][0] != found["row"][0]


def test_names(film: pd.DataFrame, points: Any) -> None:
    vectors, trailer = tw.vectors(film), tw.sample("trailer")

    def named(queries: Any) -> list[str]:
        return place_queries(film, points, queries)["query"].tolist()

    assert named(vectors[0]) == ["query"]
    assert named(vectors[:2]) == ["query 1", "query 2"]
    assert named({"<b>tree": vectors[0], "a": film[:2]}) == ["<b>tree", "a 1", "a 2"]
    assert named(trailer[2:3]) == [f"{trailer.video_id.iloc[0]} 0:12"]
    words = film[:2].assign(start_sec=np.nan, end_sec=np.nan, embedding_option="text")
    assert named(words.assign(video_id="an answer")) == ["query 1", "query 2"]


def test_options_are_searched_apart() -> None:
    both = both_options()
    audio = both[both.embedding_option == "audio"]
    spec, _ = told(both, queries={"sound": audio.iloc[[3]]})
    (mark,) = spec["queries"]
    assert [space["name"] for space in spec["spaces"]][mark["space"]] == "audio"
    assert both.iloc[mark["row"]].equals(audio.iloc[3])


def test_a_vector_without_option_is_in_each_map_and_says_so_on_one() -> None:
    rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6, 0, 6], "end_sec": [6.0, 12, 6, 12]})
    rows["embedding_option"] = ["visual", "visual", "audio", "audio"]
    table = tw.with_vectors(rows, np.eye(4, dtype=np.float32)[[0, 1, 1, 0]])
    query = [1.0, 0.1, 0, 0]
    apart = told(table, queries=query)[0]["queries"]
    assert {(one["name"], one["space"], one["row"]) for one in apart} == {
        ("query", 0, 0),
        ("query", 1, 3),
    }
    on_one = told(table, queries=query, coords=np.arange(8.0).reshape(4, 2))[0]["queries"]
    assert sorted(one["name"] for one in on_one) == ["query · audio", "query · visual"]


def test_models_are_never_mixed() -> None:
    rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6, 0, 6], "end_sec": [6.0, 12, 6, 12]})
    rows["model_name"] = ["m1", "m1", "m2", "m2"]
    table = tw.with_vectors(rows, np.eye(4, dtype=np.float32)[[0, 1, 1, 0]])
    points = np.arange(8.0).reshape(4, 2)
    assert place_queries(table, points, table.iloc[[3]])["row"].tolist() == [3]
    with pytest.raises(tw.InputError, match="of the model 'm3' and no segment"):
        place_queries(table, points, table.iloc[[3]].assign(model_name="m3"))


def test_queries_change_nothing_else(film: pd.DataFrame) -> None:
    given: dict[str, Any] = {"labels": tw.cluster(film, 4)}
    plain, data = told(film, **given)
    spec, more = told(film, queries=tw.sample("trailer"), **given)
    assert plain.pop("queries") == []
    assert len(spec.pop("queries")) == len(tw.sample("trailer"))
    assert spec == plain
    assert more == data


WRONG: dict[str, tuple[Any, str]] = {
    "words": ("a forest", "holds 'a forest', which has no vector yet.*client.embed_text"),
    "none": ({}, "an empty dict"),
    "no rows": (np.empty((0, 3)), "has no rows"),
    "zero": ({"nil": np.zeros(1280)}, "the query 'nil' is all zeros"),
    "width": (np.ones(4), "has 4 dimensions and no segment .*they have 1280"),
    "nan": (np.full(1280, np.nan), "finite|NaN"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_query(film: pd.DataFrame, points: Any, case: str) -> None:
    queries, message = WRONG[case]
    with pytest.raises(tw.InputError, match=message):
        place_queries(film, points, queries)


def test_hits_are_selected_instead(film: pd.DataFrame, points: Any) -> None:
    hits = tw.search(film, film.iloc[[1]])
    with pytest.raises(tw.InputError, match="these are hits: set the explorer's selection"):
        place_queries(film, points, hits)
    explorer = tw.explore(film)
    explorer.selection = hits  # as the message says
    assert len(explorer.selection) == len(hits)
    explorer.close()


def test_a_map_is_needed(film: pd.DataFrame, points: Any) -> None:
    with pytest.raises(tw.InputError, match="the map, on which they are marked"):
        told(film, queries=film[:1], views=("timeline",))
    with pytest.raises(tw.InputError, match="a map without a point"):
        place_queries(film, np.full_like(points, np.nan), film[:1])


def test_a_figure_has_them_beside_its_segments(film: pd.DataFrame) -> None:
    coords = tw.project(film, method="pca")
    labels = tw.cluster(film, 4)
    plain = tw.plot.scatter(film, coords, color=labels)
    figure = tw.plot.scatter(film, coords, color=labels, queries={"<i>x": film.iloc[[5]]})
    *same, marks = figure.data
    assert [trace.to_json() for trace in same] == [trace.to_json() for trace in plain.data]
    assert figure.layout.title.text == plain.layout.title.text
    assert (marks.x[0], marks.y[0]) == pytest.approx(tuple(coords.iloc[5]))
    assert marks.marker.symbol == "diamond"
    assert "&lt;i&gt;x" in marks.text[0]
    assert marks.hovertext[0].endswith("big_buck_bunny 0:30 – 0:36<br>similarity 1.00")
    deep = tw.project(film, method="pca", n_components=3)
    marks = tw.plot.scatter(film, deep, queries=film.iloc[[5]]).data[-1]
    assert (marks.type, marks.z[0]) == ("scatter3d", pytest.approx(deep.z.iloc[5]))
