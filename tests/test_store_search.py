"""Search in a store against numpy, with filters, with and without a vector index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import searching, upkeep

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

N, D = 6_000, 16


def archive(rng: np.random.Generator) -> pd.DataFrame:
    """Videos of fifty clips in two options, vectors of uneven length around some centres."""
    rows = pd.DataFrame(
        {
            "video_id": [f"video's {k // 100}" for k in range(N)],
            "start_sec": np.arange(N) // 2 % 50 * 6.0,
            "end_sec": np.arange(N) // 2 % 50 * 6.0 + 6,
            "embedding_option": np.where(np.arange(N) % 2, "audio", "visual"),
            "embedding_scope": "clip",
            "model_name": "test",
            "note": np.arange(N),
        }
    )
    centres = rng.normal(size=(40, D))
    matrix = centres[rng.integers(40, size=N)] + 0.4 * rng.normal(size=(N, D))
    return tw.with_vectors(rows, matrix * rng.uniform(0.5, 2, size=(N, 1)))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return archive(np.random.default_rng(0))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> tw.Store:
    store = tw.open(tmp_path_factory.mktemp("plain"))
    store.add(table)
    return store


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> tw.Store:
    store = tw.open(tmp_path_factory.mktemp("indexed"))
    store.add(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "LEAST_INDEXED", 5_000)
        store.optimize()
    assert store._table.index_stats("embedding_idx").index_type == "IVF_SQ"
    return store


def best(table: pd.DataFrame, query: Any, keep: Any, k: int = 10) -> pd.DataFrame:
    """The most alike rows of those kept, by definition."""
    rows = table[keep]
    matrix = np.stack(list(rows["embedding"])).astype(float)
    query = np.asarray(query, float)
    similar = matrix @ query / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)
    return rows.assign(cosine_similarity=similar).nlargest(k, "cosine_similarity")


FILTERS = [
    ({}, lambda t: t["note"] >= 0),
    ({"video_id": "video's 7"}, lambda t: t["video_id"] == "video's 7"),
    ({"video_id": ["video's 7", "video's 8"]}, lambda t: t["note"].between(700, 899)),
    ({"start_sec": 15, "end_sec": 30}, lambda t: (t["end_sec"] > 15) & (t["start_sec"] < 30)),
    ({"where": "note < 40 OR note > 5990"}, lambda t: (t["note"] < 40) | (t["note"] > 5990)),
    (
        {"video_id": "video's 3", "end_sec": 60, "where": "note > 310"},
        lambda t: t["note"].between(311, 319),
    ),
]


@pytest.mark.parametrize(("given", "keep"), FILTERS)
@pytest.mark.parametrize("kind", ["plain", "indexed"])
def test_filters_lose_nothing(
    kind: str,
    given: dict[str, Any],
    keep: Any,
    table: pd.DataFrame,
    request: pytest.FixtureRequest,
    rng: np.random.Generator,
) -> None:
    store = request.getfixturevalue(kind)
    for query in rng.normal(size=(5, D)):
        found = store.search(query, by="audio", **given)
        expected = best(table, query, keep(table) & (table["embedding_option"] == "audio"))
        assert found["note"].tolist() == expected["note"].tolist()
        assert np.allclose(found["audio_similarity"], expected["cosine_similarity"], atol=1e-6)
        assert found["rank"].tolist() == list(range(1, len(expected) + 1))


def test_an_index_has_as_many_partitions_as_each_has_rows() -> None:
    made = []

    class Table:
        def count_rows(self) -> int:
            return 1_000_000

        def create_index(self, column: str, *, config: Any, name: str) -> None:
            made.append((column, config.distance_type, config.num_partitions))

    upkeep._index_vectors(Table())
    assert made == [("embedding", "cosine", 1000)]


def test_the_index_is_used_where_it_serves(
    indexed: tw.Store, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SCANNED_ROWS", 100)
    indexed = tw.open(indexed.address)  # a store that is open knows already how it is asked
    assert searching._probes(indexed._table, None) > 0
    assert searching._probes(indexed._table, "video_id = 'video''s 3'") == 0
    half = searching._probes(indexed._table, "embedding_option = 'audio'")
    assert half >= 2 * searching._probes(indexed._table, None) - 1
    hits = 0
    for row in range(0, N, 300):
        mine = table.iloc[[row]]
        found = indexed.search(mine)
        keep = table["embedding_option"] == mine["embedding_option"].iloc[0]
        expected = best(table, mine["embedding"].iloc[0], keep)
        hits += len(set(found["note"]) & set(expected["note"]))
        with pytest.warns(DeprecationWarning, match=r"use tw\.nearest\(query, store, exact=True"):
            exact = indexed.search(mine, method="exact")
        assert exact["note"].tolist() == expected["note"].tolist()
    assert hits >= 0.98 * 10 * (N // 300)


@pytest.mark.parametrize(
    ("kind", "candidates"), [("plain", 1), ("indexed", 32_768), ("part", 32_768)]
)
def test_many_queries_are_answered_as_each_alone(
    kind: str,
    candidates: int,
    plain: tw.Store,
    indexed: tw.Store,
    table: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "SCANNED_ROWS", 100)
    monkeypatch.setattr(searching, "CANDIDATES", candidates)
    opened = tw.open(indexed.address)  # not yet searched
    store = {"plain": plain, "indexed": opened, "part": plain.where("note >= 900")}[kind]
    rng = np.random.default_rng(5)
    rows = table.iloc[[1500, 4401, 4402]]
    queries: dict[str, Any] = {f"row {k}": rows.iloc[[k]] for k in range(len(rows))}
    queries |= {"two": rng.normal(size=(2, D)), "vector": rng.normal(size=D), "option": rows[:1]}
    for given in ({}, {"k": 3, "fuse": "rank", "video_id": "video's 15"}, {"end_sec": 30}):
        found = store.search(queries=queries, **given)
        alone = [store.search(one, **given) for one in queries.values()]
        named = [hits.assign(query_id=name) for name, hits in zip(queries, alone, strict=True)]
        expected = pd.concat([hits for hits in named if len(hits)], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected[found.columns])
        assert set(found.columns) == set(expected.columns)


@pytest.mark.parametrize("kind", ["plain", "indexed"])
def test_many_queries_read_the_store_once(
    kind: str, table: pd.DataFrame, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SCANNED_ROWS", 100)
    store = tw.open(request.getfixturevalue(kind).address)
    queries = tw.vectors(table)[:40]
    store.search(queries=queries[:1], by="audio")  # what is looked up once
    asked, search = [], type(store._table).search

    def counted(self: Any, *args: Any, **given: Any) -> Any:
        asked.append(args)
        return search(self, *args, **given)

    monkeypatch.setattr(type(store._table), "search", counted)
    assert len(store.search(queries=queries, by="audio")) == 400
    assert len(asked) == 1


def test_of_equal_rows_the_first_are_found_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    few = rng.normal(size=(30, D)) * np.array([1e-25, 1, 1e25])[np.arange(30) % 3, None]
    few[7] = 0
    matrix = few[rng.integers(30, size=9_000)].astype(np.float32)
    rows = pd.DataFrame({"start_sec": np.arange(9_000.0), "end_sec": np.arange(9_000.0) + 1})
    rows = rows.assign(video_id="still", embedding_option="visual", embedding_scope="clip")
    store = tw.open(tmp_path)
    store.add(tw.with_vectors(rows, matrix))
    unit = tw.vectors(store.to_table()).astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-300)
    for query in rng.normal(size=(2, D)):
        similar = (unit @ query).round(6)
        similar[~unit.any(axis=1)] = -9
        expected = np.argsort(-similar, kind="stable")[:450]
        assert store.search(query, k=450)["match"].tolist() == expected.tolist()


def test_the_shortest_vectors_are_found_among_many(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ones, away = np.ones(8), np.repeat([1.0, -1.0], 4)
    near = 3 * ones + rng.normal(size=(5_000, 8))
    rows = pd.DataFrame({"start_sec": np.arange(5_000.0), "end_sec": np.arange(5_000.0) + 1})
    rows = rows.assign(video_id="still", embedding_option="visual", embedding_scope="clip")
    # Of the one float32 has a length that is a quarter too long, of the other none.
    for name, matrix, short in (("a", near, 2.9e-23 * ones), ("b", -near, 1e-30 * (away - 0.1))):
        matrix[-1] = short
        store = tw.open(tmp_path / name)
        store.add(tw.with_vectors(rows, matrix))
        assert store.search(ones, k=3)["match"][0] == 4_999


@pytest.mark.parametrize("shift", [0, 0.0625])  # 62.5 ms, a frame at 16 a second
def test_what_lies_beside_a_hit_is_found_on_any_grid(shift: float, tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(300, 4))
    start = np.arange(300) * 0.125 + shift
    rows = pd.DataFrame({"start_sec": start, "end_sec": start + 0.125, "video_id": "film"})
    rows = rows.assign(embedding_scope="clip", embedding_option="visual")
    both = pd.concat([rows, rows.assign(embedding_option="audio")])
    store = tw.open(tmp_path)
    store.add(tw.with_vectors(both, np.concatenate([matrix, -matrix])))
    hits = store.search(matrix[3], k=3)
    np.testing.assert_allclose(hits["audio_similarity"], -hits["visual_similarity"])


def test_so_many_vectors_are_compared_at_once(
    plain: tw.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "CANDIDATES", 800)
    compared, nearest = [], searching._nearest_of_all

    def watched(table: Any, plan: Any, vectors: np.ndarray, limit: int) -> Any:
        compared.append(len(vectors))
        return nearest(table, plan, vectors, limit)

    monkeypatch.setattr(searching, "_nearest_of_all", watched)
    store = plain.where("embedding_option = 'audio' AND note < 600")
    matrix = np.random.default_rng(7).normal(size=(130, D))
    for queries, k, expected in (
        ([matrix[:40], matrix[40:80], matrix[80:]], 1, [80, 50]),
        (matrix, 1, [100, 30]),
        ([matrix, matrix[0]], 20, [130, 1]),
    ):
        compared.clear()
        found = store.search(queries=queries, k=k)
        assert compared == expected
        alone = [store.search(one, k=k)["match"] for one in queries]
        assert found["match"].tolist() == pd.concat(alone).tolist()


def test_the_table_found(plain: tw.Store, table: pd.DataFrame) -> None:
    queries = table.iloc[[3, 500]]
    found = plain.search(queries, k=3)
    assert found.columns.tolist() == [
        *("rank", "match", "video_id", "start_sec", "end_sec", "score", "n_segments"),
        *("audio_similarity", "visual_similarity", "embedding_option", "embedding_scope"),
        *("model_name", "note", "embedding"),
    ]
    tw.check_segments(found)
    expected = np.stack(list(table["embedding"][table["note"].isin(found["note"])]))
    assert sorted(map(tuple, tw.vectors(found))) == sorted(map(tuple, expected))
    assert [plain.search(one, k=1)["note"][0] for one in (queries[:1], queries[1:])] == [3, 500]
    assert plain.to_table()["note"][found["match"]].tolist() == found["note"].tolist()
    part = plain.where("note >= 400")
    hits = part.search(queries, k=3)
    assert part.to_table()["note"][hits["match"]].tolist() == hits["note"].tolist()


@pytest.mark.parametrize(("given", "keep"), FILTERS)
@pytest.mark.parametrize(
    "how", [{}, {"by": "audio"}, {"weights": {"audio": 0.1}}, {"fuse": "rank"}]
)
def test_a_store_is_searched_as_its_table(
    plain: tw.Store, rng: np.random.Generator, given: dict[str, Any], keep: Any, how: dict[str, Any]
) -> None:
    whole = plain.to_table()
    for query in (rng.normal(size=D), whole.iloc[[8]] if "by" not in how else np.ones(D)):
        if "weights" in how and not isinstance(query, np.ndarray):
            continue
        expected = tw.search(whole, query, k=7, **given, **how)
        found = plain.search(query, k=7, **given, **how)
        assert keep(found).all()
        if how.get("fuse") == "rank":  # of so many places as are looked at
            assert found["video_id"].head(3).tolist() == expected["video_id"].head(3).tolist()
            continue
        pd.testing.assert_frame_equal(found[expected.columns], expected, atol=1e-5)


def test_the_rows_of_hits_are_told_rightly_after_every_change(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    store.add(table[:600])
    query = np.ones(D)

    def check(part: tw.Part) -> None:
        found = part.search(query, k=80)
        assert part.to_table()["note"][found["match"]].tolist() == found["note"].tolist()

    check(store)
    changes = [
        lambda: store.delete("note BETWEEN 20 AND 40 OR note = 7"),
        lambda: store.upsert(table[100:110].assign(note=-1)),
        lambda: store.add(table[600:900]),
        store.optimize,
        lambda: store.delete("note > 850"),
    ]
    for change in changes:
        change()
        check(store)
        check(store.where("note % 3 = 1"))


def test_of_a_large_store_an_option_is_read_against_a_sample(
    plain: tw.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "BACKGROUND_ROWS", 500)
    store, query = tw.open(plain.address), np.ones(D)
    found, again = (store.search(query, k=5, by="audio") for _ in range(2))
    pd.testing.assert_frame_equal(found, again)
    (sample,) = store._known.backgrounds.values()
    assert 400 < len(sample) < 600
    expected = tw.search(plain.to_table(), query, k=5, by="audio")
    assert found["match"].tolist() == expected["match"].tolist()
    np.testing.assert_allclose(found["score"], expected["score"], rtol=0.15)


def test_whole_videos_and_zero_vectors_are_not_found(tmp_path: Path, table: pd.DataFrame) -> None:
    clips = table[table["embedding_option"] == "visual"][:50].reset_index(drop=True)
    whole = clips[:1].assign(embedding_scope="video", end_sec=300.0)
    zero = tw.with_vectors(clips[:3].assign(video_id="dark"), np.zeros((3, D)))
    store = tw.open(tmp_path)
    store.add(pd.concat([clips, whole, zero]))
    found = store.search(clips[:1], k=60)
    assert len(found) == 50
    assert set(found["embedding_scope"]) == {"clip"}
    alone = store.search(clips[:1], where="embedding_scope = 'video'")
    assert alone["visual_similarity"].tolist() == pytest.approx([1.0])
    with (
        pytest.warns(tw.TwlabWarning, match="all zeros"),
        pytest.raises(tw.InputError, match="the query for the option 'visual' is all zeros"),
    ):
        store.search(np.zeros(D))


@pytest.mark.filterwarnings("ignore:.*all zeros")
def test_an_option_of_zero_vectors_alone_hides_no_other(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    clips = table[table["embedding_option"] == "visual"][:50].reset_index(drop=True)
    zero = tw.with_vectors(clips[:1].assign(embedding_option="audio"), np.zeros((1, D)))
    both = pd.concat([clips, zero], ignore_index=True)
    store = tw.open(tmp_path)
    store.add(both)
    query = tw.vectors(clips)[0]
    for by in (None, "audio", ["audio", "visual"]):
        found, expected = store.search(query, k=3, by=by), tw.search(both, query, k=3, by=by)
        assert found["match"].tolist() == expected["match"].tolist()
        assert found["visual_similarity" if by != "audio" else "score"].notna().all()


def test_nothing_where_nothing_is(plain: tw.Store) -> None:
    for given in ({"video_id": "none"}, {"video_id": []}, {"where": "note < 0"}):
        found = plain.search(np.ones(D), **given)
        assert found.empty
        assert found["start_sec"].dtype == float
        tw.check_segments(found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"by": ""}, r"no option '' \(there are: audio, visual\)"),
        ({"weights": {"speech": 2}}, r"no option 'speech' \(there are: audio, visual\)"),
        ({"start_sec": 66, "end_sec": 60}, "start_sec is 66 and end_sec 60; .*swap"),
        (
            {"where": "note < 3; drop table x"},
            r"where='.?note < 3; drop table x.?' cannot be",
        ),
        ({"where": "note < 3 ORDER BY note"}, "cannot be used .*the columns are video_id"),
    ],
)
def test_searches_that_mean_nothing_are_refused(
    plain: tw.Store, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(tw.InputError, match=message):
        plain.search(np.ones(D), **given)


class Client:
    """What a store asks of a client."""

    def embed_text(self, text: str, *, model_name: str | None) -> pd.DataFrame:
        assert model_name == "test"
        return tw.with_vectors(
            pd.DataFrame({"video_id": [text], "embedding_option": ["text"]}), np.ones((1, D))
        )


def test_text_goes_through_the_client(plain: tw.Store) -> None:
    found = plain.search("a rabbit", by="audio", client=Client())
    by_vector = plain.search(np.ones(D), by="audio")
    pd.testing.assert_frame_equal(found, by_vector)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.search(np.ones(D), weights={"audio": 1}, by="visual"), "weights name 'audio'"),
        (
            lambda s: s.search(np.ones(3), where="note=1"),
            "query has 3 dimensions, the option 'audio' 16",
        ),
        (lambda s: s.search("text"), "the query is the text 'text'; text needs a client"),
        (lambda s: s.search(np.ones((0, D))), "the query has no rows"),
        (lambda s: s.search(np.ones(D), k=0), "k is 0; a whole number"),
        (lambda s: s.search(np.ones(D), where="x = 1"), "where=.* cannot be used .*No field nam"),
        (lambda s: s.search(np.ones(D), start_sec="x"), "start_sec is 'x'; seconds"),
        (lambda s: s.search(np.ones(D), video_id=5), "video_id is 5; a name or a list of names"),
        (lambda s: s.search(np.ones(D), by=[["visual"]]), r"no option \['visual'\]"),
        (lambda s: s.search(np.ones(D), where=5), "where is 5; a condition in SQL"),
    ],
)
def test_what_cannot_be_searched_is_told(plain: tw.Store, ask: Any, message: str) -> None:
    with pytest.raises(tw.InputError, match=message) as caught:
        ask(plain)
    assert "\n" not in str(caught.value)


def test_models_are_not_mixed(tmp_path: Path, table: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    store.add(pd.concat([table[:10:2], table[:10:2].assign(model_name="other")]))
    with pytest.raises(tw.InputError, match="model_name is 'other', 'test'"):
        store.search(np.ones(D))
    assert len(store.search(np.ones(D), where="model_name = 'other'")) == 5
    row = table[:1].assign(embedding_option="visual")
    with pytest.raises(tw.InputError, match="models 'other' and 'test' compared"):
        store.search(row, where="model_name = 'other'")


def test_rows_that_name_no_model_are_not_mixed_with_others(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    sound, sight = table[1:41:2], table[:40:2]
    store.add(pd.concat([sound.assign(video_id="a"), sound.assign(video_id="b", model_name=None)]))
    with pytest.raises(tw.InputError, match="'test', or not named, in what is searched"):
        store.search(np.ones(D))
    for video, condition in (("a", "model_name = 'test'"), ("b", "model_name IS NULL")):
        found = store.search(np.ones(D), video_id=video)
        assert len(found) == 10
        pd.testing.assert_frame_equal(found, store.search(np.ones(D), where=condition))
    store.add(sight.assign(video_id="c"))  # whose hits have no sound: its level is theirs alone
    found = store.search(np.ones(D), video_id="c")
    expected = tw.search(store.to_table(), np.ones(D), video_id="c")
    pd.testing.assert_frame_equal(found[expected.columns], expected, atol=1e-5)


def test_a_query_meets_its_own_option_whatever_the_filters_leave(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    mute = table["video_id"].eq("video's 1") & table["embedding_option"].eq("audio")
    store.add(table[:400][~mute[:400]])
    row = table[1:2]
    assert row["embedding_option"].tolist() == ["audio"]
    assert set(store.search(row)["embedding_option"]) == {"audio"}
    assert store.search(row, video_id="video's 1").empty
    assert store.search(row, where="embedding_option = 'visual'").empty
    assert len(store.search(tw.vectors(row), video_id="video's 1", by="visual")) == 10
    with pytest.raises(tw.InputError, match="of the option 'audio', the search of 'visual'"):
        store.search(row, by="visual")
    ask: Any = store.search
    with pytest.warns(DeprecationWarning, match="embedding_option= is now by=; the old name will"):
        old = ask(tw.vectors(row), embedding_option="visual")
    pd.testing.assert_frame_equal(old, store.search(tw.vectors(row), by="visual"))


def test_columns_by_the_names_of_the_result(tmp_path: Path, table: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    names = {"match": 1, "rank": 2, "score": 3.0}
    store.add(table[:10:2].assign(**names))
    found = store.search(tw.vectors(table[:1]), k=2**40)
    assert found["rank"].tolist() == [1, 2, 3, 4, 5]
    assert found.columns.tolist().count("score") == 1
    assert found["score"][0] != 3
