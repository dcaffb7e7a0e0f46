"""Parts of a store, what is in it, and what is refused because it would take another's place."""

from __future__ import annotations

import datetime
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import shards

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Two options of one film, and a second film, mixed."""
    film = tw.sample()[["video_id", "start_sec", "end_sec", "embedding_option", "embedding"]]
    rng = np.random.default_rng(0)
    parts = [
        film.assign(
            embedding_scope="clip", model_name="test", embedding_option=option, video_id=name
        )
        for option, name in [("visual", "a"), ("audio", "a"), ("visual", "b")]
    ]
    mixed = pd.concat(parts).sample(frac=1, random_state=0).reset_index(drop=True)
    noise = rng.normal(scale=0.02, size=tw.vectors(mixed).shape)
    return tw.with_vectors(mixed, tw.vectors(mixed) + noise)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> tw.Store:
    store = tw.open(tmp_path_factory.mktemp("store"))
    store.add(table)
    return store


VISUAL = "embedding_option = 'visual'"


@pytest.mark.parametrize("executor", [None, tw.executors.Local()])
@pytest.mark.parametrize(
    "analyse",
    [
        tw.scenes,
        tw.scene_counts,
        tw.novelty,
        lambda s: tw.nearest(s, k=3),
        lambda s: tw.near_duplicates(s, threshold=0.9),
        lambda s: tw.cluster(s, 4, method="kmeans"),
        tw.video_vectors,
        tw.diagnose,
        tw.threshold,
    ],
)
def test_an_analysis_of_a_part_is_that_of_its_table(
    store: tw.Store, executor: Any, analyse: Any
) -> None:
    part = tw.open(store.address, executor=executor).where(VISUAL)
    found, expected = analyse(part), analyse(store.to_table(VISUAL))
    if isinstance(expected, pd.DataFrame):
        found, expected = (
            one.drop(columns="embedding", errors="ignore") for one in (found, expected)
        )
        pd.testing.assert_frame_equal(found, expected)
    else:
        pd.testing.assert_series_equal(found, expected)


def test_a_part_reads_and_counts_its_own_rows(store: tw.Store, table: pd.DataFrame) -> None:
    part = store.where(VISUAL).where("start_sec < 60 OR video_id = 'b'")
    assert isinstance(part, tw.Part)
    assert not isinstance(part, tw.Store)
    kept = table[
        (table["embedding_option"] == "visual")
        & ((table["start_sec"] < 60) | (table["video_id"] == "b"))
    ].reset_index(drop=True)
    assert part.to_table()["start_sec"].tolist() == kept["start_sec"].tolist()
    assert part.count_rows() == len(kept)
    assert part.n_bytes() == 4 * tw.vectors(kept).size
    assert part.count_rows("video_id = 'b'") == (kept["video_id"] == "b").sum()
    again = pd.concat([fragment.table() for fragment in part.fragments()])
    pd.testing.assert_frame_equal(again, part.to_table())
    assert {*part.search(kept.iloc[[0]])["embedding_option"]} == {"visual"}
    assert "where (embedding_option = 'visual') AND (start_sec < 60 OR" in repr(part)
    assert not hasattr(part, "upsert")


def test_a_part_stays_as_it_was(tmp_path: Path, table: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    store.add(table)
    part = store.where(VISUAL)
    n = part.count_rows()
    visual = table[table["embedding_option"] == "visual"]
    store.upsert(visual[visual["video_id"] == "a"][:20].assign(video_id="c"))
    assert part.count_rows() == n == len(part.to_table())
    assert store.where(VISUAL).count_rows() == n + 20


def test_a_store_of_several_options_says_how_to_take_one(store: tw.Store) -> None:
    with pytest.raises(tw.InputError, match=r"store\.where\(\"embedding_option = 'audio'\"\)"):
        tw.nearest(store)


def test_parts_of_nonsense_are_refused(store: tw.Store, tmp_path: Path) -> None:
    for condition in ("nope = 1", "start_sec <", "true; drop table segments"):
        with pytest.raises(tw.InputError, match="cannot be used"):
            store.where(condition)
    with pytest.raises(tw.InputError, match="where is None"):
        store.where(None)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="there is no store"):
        tw.open(tmp_path / "none").where("true")


def test_what_is_in_a_store(store: tw.Store, table: pd.DataFrame, tmp_path: Path) -> None:
    found = store.videos().set_index(["video_id", "embedding_option"]).sort_index()
    expected = table.groupby(["video_id", "embedding_option"])
    assert found["n_segments"].tolist() == expected.size().tolist()
    assert found["start_sec"].tolist() == expected["start_sec"].min().tolist()
    assert found["end_sec"].tolist() == expected["end_sec"].max().tolist()
    assert tw.open(tmp_path / "new").count_rows() == 0


def test_segments_are_deleted_and_earlier_versions_keep_them(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    store.add(table)
    before = store.version
    n = int((table["video_id"] == "b").sum())
    assert store.delete("video_id = 'b'") == n
    assert store.count_rows() == len(table) - n
    assert tw.open(tmp_path).count_rows("video_id = 'b'") == 0
    assert tw.open(tmp_path, version=before).count_rows() == len(table)
    assert store.add(table[table["video_id"] == "b"]) == n
    for bad in ("nope = 1", None, "", "true; select 1"):
        with pytest.raises(tw.InputError, match="where"):
            store.delete(bad)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="for reading"):
        tw.open(tmp_path, version=before).delete("true")
    assert store.delete("true") == len(table)
    assert store.to_table().empty
    assert store.where("start_sec < 60").to_table().empty


def test_a_store_is_written_into_another(store: tw.Store, tmp_path: Path) -> None:
    other = tw.open(tmp_path)
    assert other.upsert(store.where(VISUAL)) == store.count_rows(VISUAL)
    pd.testing.assert_frame_equal(other.to_table(), store.to_table(VISUAL))
    other.upsert(store)
    assert other.count_rows() == store.count_rows()


def answer(path: Path, *, filename: str, duration: float, option: str, length: float = 6.0) -> None:
    """An answer of a task, as the service gives it."""
    rng = np.random.default_rng(len(str(path)))
    segments = [
        {
            "start_offset_sec": float(at),
            "end_offset_sec": float(at + length),
            "embedding_scope": "clip",
            "embedding_option": option,
            "float": rng.normal(size=512).round(4).tolist(),
        }
        for at in np.arange(0, duration, length)
    ]
    path.parent.mkdir(exist_ok=True)
    metadata = {"filename": filename, "duration": duration}
    task = {"_id": path.stem, "model_name": "Marengo-retrieval-2.7", "status": "ready"}
    body = {**task, "video_embedding": {"metadata": metadata, "segments": segments}}
    path.write_text(json.dumps(body))


def test_another_film_of_the_same_name_takes_nobodys_place(tmp_path: Path) -> None:
    answer(tmp_path / "x" / "a.json", filename="film.mp4", duration=120, option="visual-text")
    answer(tmp_path / "y" / "b.json", filename="film.mp4", duration=54, option="visual-text")
    store = tw.open(tmp_path / "store")
    store.upsert(tmp_path / "x" / "a.json")
    for write in (store.upsert, store.add):
        with pytest.raises(tw.InputError, match=r"'film.mp4' lasts 54 s here and 120 s in the st"):
            write(tmp_path / "y" / "b.json")
    assert store.count_rows() == 20
    store.upsert(tw.load(tmp_path / "y" / "b.json", video_id="other.mp4"))
    assert store.count_rows() == 29
    assert store.upsert(tmp_path / "x" / "a.json") == 20  # embedded again, it replaces itself


def test_columns_of_the_users_own_are_no_durations_or_files(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    for durations in (["1:30"] * 10, ["2:10"] * 10, [None] * 10):
        store.upsert(table[:10].assign(video_id=7, duration_sec=durations, source=list(range(10))))
    tw.save(table[:10].assign(source=5), tmp_path / "own.parquet")
    assert store.upsert(tmp_path / "own.parquet") == 10
    assert {*store.to_table()["video_id"]} == {"7", *table[:10]["video_id"]}


def test_a_file_keeps_the_name_it_was_stored_by(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answer(answers / "a.json", filename="film.mp4", duration=60, option="visual-text")
    store = tw.open(tmp_path / "store")
    store.upsert(answers / "*.json")
    answer(answers / "b.json", filename="film.mp4", duration=60, option="audio")
    store.upsert(answers / "*.json")  # one film in two answers
    assert store.videos()["video_id"].unique().tolist() == ["film.mp4"]
    answer(answers / "c.json", filename="film.mp4", duration=60, option="audio", length=3)
    with pytest.raises(tw.InputError, match=r"a.json' is stored as 'film.mp4' and would be"):
        store.upsert(answers / "*.json")
    assert store.count_rows() == 20


@pytest.mark.parametrize(
    "name", ["_rowid", "_rowaddr", "_rowoffset", "_row_created_at_version", "_score", "_distance"]
)
def test_columns_of_the_library_are_refused_before_anything_is_written(
    tmp_path: Path, table: pd.DataFrame, name: str
) -> None:
    store = tw.open(tmp_path)
    store.add(table[:10])
    with pytest.raises(tw.InputError, match=f"column named '{name}' cannot be stored"):
        store.add(table[10:20].assign(**{name: 1}))
    assert len(store.to_table()) == 10


def test_names_that_are_no_text_are_those_of_load(tmp_path: Path, table: pd.DataFrame) -> None:
    one = table[table["video_id"] == "a"]
    broken = one.assign(video_id=pd.Series("\ud800", index=one.index, dtype=object))
    store = tw.open(tmp_path)
    store.add(broken)
    (name,) = store.to_table()["video_id"].unique()
    assert name == tw.load(broken)["video_id"].iloc[0] == "\\ud800"
    noted = table[table["video_id"] == "b"].copy()
    noted["note"] = pd.Series("\ud800", index=noted.index, dtype=object)
    with pytest.raises(tw.InputError, match="column 'note' cannot be stored"):
        store.add(noted)


@pytest.mark.parametrize(
    "condition",
    [
        *("false) OR (true", "true -- all", "/* all */ true", "start_sec < ?", "start_sec < $1"),
        *("start_sec < :least", "video_id = N'a'", "random() < 0.5", "start_sec > 100 * RAND ()"),
    ],
)
def test_a_condition_stays_one_and_the_same(store: tw.Store, condition: str) -> None:
    part = store.where("video_id = 'a'")
    for ask in (store.where, part.count_rows, part.to_table, store.delete):
        with pytest.raises(tw.InputError, match=r"cannot be used \(.* does not belong there\)"):
            ask(condition)
    with pytest.raises(tw.InputError, match="does not belong there"):
        part.search(np.ones(512), where=condition)
    assert store.count_rows() == 3 * part.count_rows("embedding_option = 'visual'")


def test_signs_within_quotes_are_text(store: tw.Store) -> None:
    for text in ("it''s) -- ? :x $1 /*", "random()", "N''a''"):
        assert store.where(f"video_id = '{text}'").count_rows() == 0
    a_minute = store.count_rows("video_id = 'a' AND start_sec < 60")
    assert store.count_rows("(\"video_id\" = 'a') AND start_sec::int < 60") == a_minute


def test_a_part_is_never_of_the_store_that_took_its_place(
    tmp_path: Path, segments: pd.DataFrame
) -> None:
    address = tmp_path / "archive"
    store = tw.open(address)
    store.add(segments)
    version = store.version
    shutil.rmtree(address)
    with pytest.raises(tw.InputError, match="is gone"):
        store.where("true")
    while tw.open(address).version < version:
        tw.open(address).upsert(segments.assign(model_name="other"))
    with pytest.raises(tw.InputError, match="is another one by now"):
        store.where("true")


def test_another_film_is_seen_behind_the_one_that_is_stored(
    tmp_path: Path, segments: pd.DataFrame
) -> None:
    store = tw.open(tmp_path)
    film = segments[:10].assign(duration_sec=60.0)
    store.add(film)
    other = film.assign(embedding_option="audio", duration_sec=54.0)
    with pytest.raises(tw.InputError, match="lasts 54 s here and 60 s in the store"):
        store.upsert(pd.concat([film, other]))
    assert store.count_rows() == 10


@pytest.mark.parametrize("source", [[1], {"file": "a"}])
def test_sources_that_are_no_files_name_no_film(
    tmp_path: Path, segments: pd.DataFrame, source: Any
) -> None:
    store = tw.open(tmp_path / "archive")
    store.add(segments.assign(source="a.json"))
    other = segments.assign(model_name="other", source=[source] * 15)
    tw.save(other, tmp_path / "own.parquet")
    with pytest.raises(tw.InputError, match="column 'source' is of type"):
        store.add(tmp_path / "own.parquet")


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a", datetime.date(2026, 1, 1)])
def test_a_copy_has_the_columns_of_its_original(
    tmp_path: Path, segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    monkeypatch.setattr(shards, "ROWS", 5)
    store = tw.open(tmp_path / "archive")
    store.add(segments[:10])
    store.add(segments[10:].assign(note=[value] * 5, more=1))
    copy = tw.open(tmp_path / "copy")
    assert copy.add(store) == 15
    pd.testing.assert_frame_equal(copy.to_table(), store.to_table())
    half = tw.open(tmp_path / "half")
    half.add(segments[:1])
    half.upsert(store.where("video_id = 'alpha'"))
    assert half.upsert(store) == 15


def test_the_files_of_no_segments_are_read_again(store: tw.Store, tmp_path: Path) -> None:
    folder = store.where("false").to_parquet(tmp_path / "none")
    found = tw.load(folder)
    assert found.empty
    assert found.columns.tolist() == store.to_table("false").columns.tolist()
    assert tw.open(tmp_path / "new").add(folder) == 0
