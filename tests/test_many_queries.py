"""Many queries in one call, and queries put together out of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.numbers

FILM = tw.sample()


def single_hits(source: Any, queries: dict[str, Any], **given: Any) -> pd.DataFrame:
    hits = [tw.search(source, one, **given).assign(query_id=name) for name, one in queries.items()]
    table = pd.concat(hits, ignore_index=True)
    return table[["query_id", *table.columns.drop("query_id")]]


def test_many_queries_are_answered_as_each_alone(segments: pd.DataFrame) -> None:
    both = pd.concat(
        [segments, segments.assign(embedding_option="audio")], ignore_index=True
    ).assign(model_name="m")
    rng = np.random.default_rng(3)
    queries = {
        "row": both.iloc[[2]],
        "vector": rng.normal(size=16),
        "two": rng.normal(size=(2, 16)),
    }
    for given in ({}, {"k": 3, "by": "audio"}, {"video_id": "none"}, {"fuse": "rank", "k": 99}):
        if "by" in given:
            queries["row"] = both.iloc[[20]]
        found = tw.search(both, queries=queries, **given)
        expected = single_hits(both, queries, **given)
        pd.testing.assert_frame_equal(found, expected[found.columns], check_dtype=bool(len(found)))
        assert found.columns[0] == "query_id"


def test_queries_have_names() -> None:
    rows = FILM.iloc[[3, 42]]
    by_row = tw.search(FILM, queries=rows, k=1)
    assert by_row["query_id"].tolist() == ["query 1", "query 2"]
    assert by_row["match"].tolist() == [3, 42]
    by_vector = tw.search(FILM, queries=tw.vectors(rows), k=1)
    pd.testing.assert_frame_equal(by_vector, by_row)
    listed = tw.search(FILM, queries=[FILM.iloc[[3]], tw.vectors(FILM.iloc[[42]])[0]], k=1)
    pd.testing.assert_frame_equal(listed, by_row)
    named = tw.search(FILM, queries=rows.assign(query_id=["b", "a"]), k=1)
    assert named["query_id"].tolist() == ["b", "a"]
    one = tw.search(FILM, queries=rows.assign(query_id="a"), k=2)
    pd.testing.assert_frame_equal(one.drop(columns="query_id"), tw.search(FILM, rows, k=2))


def test_a_store_answers_many_queries_too(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "store")
    store.add(FILM)
    queries = {"a": FILM.iloc[[3]], "b": FILM.iloc[[42]]}
    found = store.search(queries=queries, k=3)
    assert found["query_id"].tolist() == ["a"] * 3 + ["b"] * 3
    for name, one in queries.items():
        mine = found[found["query_id"] == name].drop(columns="query_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, store.search(one, k=3))


class Words:
    """What stands in for a client: each text has a vector of its own."""

    def embed_text(self, text: str, /, *, model_name: str) -> pd.DataFrame:
        row = {"rabbit": 42, "apple": 20}[text]
        vector = FILM.iloc[[row]].drop(columns=["start_sec", "end_sec"])
        return vector.assign(embedding_option=None, model_name=model_name)


def test_words_are_called_by_themselves() -> None:
    found = tw.search(FILM, queries=["rabbit", "apple"], k=1, client=Words())  # type: ignore[arg-type]
    assert found["query_id"].tolist() == ["rabbit", "apple"]
    assert found["start_sec"].tolist() == [252.0, 120.0]
    moments = tw.moments("rabbit", FILM, client=Words())  # type: ignore[arg-type]
    assert set(moments["query_id"]) == {"rabbit"}


def test_many_queries_refused() -> None:
    vector = tw.vectors(FILM.iloc[[3]])[0]
    for wrong, words in (
        ("rabbit", "one query; several were expected"),
        ([], "queries is empty"),
        (5, "queries is 5; several queries were expected"),
        ({}, "queries is empty"),
        (vector, "queries is one vector"),
        (["rabbit", "rabbit"], "two queries are called 'rabbit'"),
        (FILM.iloc[[3]].assign(query_id=None), "has no query_id"),
    ):
        with pytest.raises(tw.InputError, match=words):
            tw.search(FILM, queries=wrong, client=Words())  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="query= and queries= are given at once"):
        tw.search(FILM, vector, queries=[vector])
    with pytest.raises(tw.InputError, match="text= and queries= are given at once"):
        tw.search(FILM, text="rabbit", queries=[vector])


def test_a_composed_query_ranks_by_the_weighed_sum_of_similarities(
    rng: np.random.Generator,
) -> None:
    clips = tw.clips(FILM)
    unit = tw.vectors(clips).astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    for _ in range(20):
        a, b, c = rng.choice(len(clips), 3, replace=False)
        weights = rng.uniform(0.2, 2, 3)
        query = tw.compose_query(
            [clips.iloc[[a]], 3 * unit[b]], unlike=[clips.iloc[[c]]], weights=weights.tolist()
        )
        expected = unit @ (weights * [1, 1, -1] @ unit[[a, b, c]])
        hits = tw.search(clips, query, k=len(clips)).sort_values("match")
        ours = hits["visual_similarity"].to_numpy()
        length = np.linalg.norm(weights * [1, 1, -1] @ unit[[a, b, c]])
        np.testing.assert_allclose(ours, expected / length, atol=1e-5)
        assert np.linalg.norm(tw.vectors(query)) == pytest.approx(1, abs=1e-6)


def test_what_must_not_matter_to_a_composed_query(rng: np.random.Generator) -> None:
    a, b, c = rng.normal(size=(3, 16))
    expected = tw.vectors(tw.compose_query([a, b], c))
    for other in (
        tw.compose_query([b, a], [c]),
        tw.compose_query([9 * a, 0.1 * b], c),
        tw.compose_query([a, b], c, weights=[4, 4, 4]),
    ):
        np.testing.assert_allclose(tw.vectors(other), expected, atol=1e-6)
    np.testing.assert_allclose(
        tw.vectors(tw.compose_query(a)).ravel(), a / np.linalg.norm(a), atol=1e-6
    )


def test_a_composed_query_keeps_what_its_parts_are() -> None:
    row, sound = FILM.iloc[[42]], tw.sample(embedding_option="audio").iloc[[3]]
    query = tw.compose_query([row, tw.vectors(row)[0]])
    assert query["embedding_option"].tolist() == ["visual"]
    assert query["model_name"].tolist() == row["model_name"].tolist()
    assert "model_name" not in tw.compose_query(np.ones(4)).columns
    with pytest.raises(tw.InputError, match=r"dimensions|models"):
        tw.compose_query([row, sound])
    with pytest.raises(tw.InputError, match="options audio, visual"):
        tw.compose_query([row, row.assign(embedding_option="audio")])
    with pytest.raises(tw.InputError, match="models"):
        tw.compose_query([row, row.assign(model_name="another")])


def test_wrong_parts_are_named() -> None:
    one = np.ones(4)
    for given, words in (
        (([],), "like is empty"),
        (([one], [one]), "cancel each other out"),
        ((np.zeros(4),), "all zeros"),
        ((["a rabbit"],), "'a rabbit', which has no vector yet"),
    ):
        with pytest.raises(tw.InputError, match=words):
            tw.compose_query(*given)
    for weights in ([1], [1, -1], [1, 0], [1, np.nan], 2, ["a", "b"]):
        with pytest.raises(tw.InputError, match="2 finite numbers above 0"):
            tw.compose_query([one, one], weights=weights)  # type: ignore[arg-type]


def test_unlike_moves_hits_away(rng: np.random.Generator) -> None:
    dog, beach, town = rng.normal(size=(3, 32))
    scenes = np.stack([dog + beach, dog + town, beach, town])
    matrix = np.repeat(scenes, 10, axis=0) + 0.2 * rng.normal(size=(40, 32))
    table = tw.from_vectors(matrix, start_sec=np.arange(40.0), end_sec=np.arange(40.0) + 1)
    hits = tw.search(table, tw.compose_query(dog, unlike=beach), k=10)
    assert set(hits["match"]) == set(range(10, 20))
