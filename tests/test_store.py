"""A store: what goes in comes out, once, and wrong input is told in a sentence."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import lance, shards, upkeep, writing

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, segments: pd.DataFrame) -> tw.Store:
    """The fifteen clips of two videos."""
    opened = tw.open(tmp_path / "archive")
    assert opened.add(segments) == 15
    return opened


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a, b)


@pytest.mark.parametrize("name", ["big_buck_bunny", "trailer"])
def test_a_table_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    table = tw.sample() if name == "big_buck_bunny" else tw.sample("trailer")
    tw.open(tmp_path).add(table)
    again = tw.open(str(tmp_path)).to_table()
    same(again, table.reset_index(drop=True))
    assert np.shares_memory(tw.vectors(again), again["embedding"].iloc[0])
    assert not again["embedding"].iloc[0].flags.writeable


def test_every_kind_of_column_comes_back(tmp_path: Path, segments: pd.DataFrame) -> None:
    n = len(segments)
    table = segments.assign(
        whole=np.arange(n),
        holes=pd.array([None, *range(1, n)], "Int64"),
        full=pd.array(range(n), "Int64"),
        truth=np.arange(n) % 2 == 0,
        doubt=pd.array([None] + [True] * (n - 1), "boolean"),
        number=np.linspace(0, 1, n),
        small=np.arange(n, dtype=np.float32),
        text=[None, *"abcdefghijklmn"],
        when=pd.date_range("2026-01-01", periods=n, tz="UTC"),
    )
    tw.open(tmp_path).add(table)
    same(tw.open(tmp_path).to_table(), table)


def test_the_table_of_an_empty_filter_has_every_column(store: tw.Store) -> None:
    empty = store.to_table("video_id = 'nothing'")
    assert empty.empty
    same(empty, store.to_table()[:0].reset_index(drop=True))


def test_a_filter_and_columns(store: tw.Store, segments: pd.DataFrame) -> None:
    found = store.to_table("video_id = 'beta' and start_sec < 18")
    same(found, segments[10:13].reset_index(drop=True))
    places = store.to_table(columns=["start_sec", "video_id"])
    same(places, segments[["start_sec", "video_id"]])


def test_missing_parts_of_an_identity_are_one_identity(
    tmp_path: Path, segments: pd.DataFrame
) -> None:
    bare = segments.assign(
        start_sec=np.nan, end_sec=np.nan, embedding_option=None, video_id=list("abcdefghijklmno")
    ).drop(columns=["model_name", "embedding_scope"])
    store = tw.open(tmp_path)
    assert store.upsert(bare) == 15
    again = bare.assign(note="again", embedding_option=pd.array([pd.NA] * 15, "string"))
    assert store.upsert(again) == 15
    table = store.to_table()
    assert len(table) == 15
    assert set(table["note"]) == {"again"}
    assert table[["model_name", "embedding_option", "start_sec"]].isna().all(axis=None)
    with pytest.raises(tw.InputError, match=r"the segment 'a' without time.*already"):
        store.add(bare)


@pytest.mark.parametrize(
    "change",
    [
        {"start_sec": np.arange(15) + 0.25},
        {"end_sec": np.arange(15) * 6 + 7.0},
        {"embedding_option": "audio"},
        {"embedding_scope": "video"},
        {"model_name": None},
        {"video_id": "gamma", "start_sec": np.arange(15.0)},
    ],
)
def test_every_part_of_an_identity_counts(
    store: tw.Store, segments: pd.DataFrame, change: dict[str, Any]
) -> None:
    other = segments.assign(**change)
    other["end_sec"] = other["end_sec"] + (other["end_sec"] < other["start_sec"]) * 100
    store.upsert(other)
    assert len(store.to_table()) == 30


def test_upsert_replaces_and_appends(store: tw.Store, segments: pd.DataFrame) -> None:
    fresh = tw.with_vectors(segments[5:], np.ones((10, 16))).assign(end_sec=segments["end_sec"][5:])
    more = pd.concat([fresh, segments[:2].assign(video_id="gamma")])
    assert store.upsert(more) == 12
    table = store.to_table()
    assert len(table) == 17
    places = ["video_id", "start_sec"]
    merged = table.merge(fresh, on=places, suffixes=("", "_fresh"))
    assert len(merged) == 10
    assert (np.stack(list(merged["embedding"])) == 1).all()
    kept = table.merge(segments[:5], on=places, suffixes=("", "_old"))
    assert all(map(np.array_equal, kept["embedding"], kept["embedding_old"]))


def test_batches_are_commits(
    tmp_path: Path, segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LEAST_ROWS", 4)
    monkeypatch.setattr(writing, "BATCH_BYTES", 4)
    store = tw.open(tmp_path)
    store.add(segments)
    same(store.to_table(), segments)
    assert set(store.versions()["n_segments"]) == {0, 4, 8, 12, 15}


def test_columns_that_come_later(store: tw.Store, segments: pd.DataFrame) -> None:
    store.add(segments.assign(video_id=["gamma"] * 10 + ["delta"] * 5, rating=range(15)))
    table = store.to_table()
    assert str(table["rating"].dtype) == "Int64"
    assert table["rating"].isna().sum() == 15
    same(tw.open(store.address, version=2).to_table(), segments)


def test_fragments_are_the_table(
    store: tw.Store, segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upsert(segments[3:8])
    monkeypatch.setattr(shards, "ROWS", 4)
    table = store.to_table()
    fragments = pickle.loads(pickle.dumps(store.fragments()))
    assert [(f.first, f.n_rows) for f in fragments] == [(0, 4), (4, 4), (8, 4), (12, 3)]
    assert len({f.key for f in fragments}) == 4
    assert [f.key for f in tw.open(store.address).fragments()] == [f.key for f in fragments]
    same(pd.concat([f.table() for f in fragments]), table)
    same(
        pd.concat([f.table(embedding=False) for f in fragments]),
        table.drop(columns="embedding"),
    )
    assert np.array_equal(np.concatenate([f.matrix() for f in fragments]), tw.vectors(table))
    store.upsert(segments[:1])
    assert not {f.key for f in store.fragments()} & {f.key for f in fragments}
    same(pd.concat([f.table() for f in fragments]), table)


def test_a_store_made_anew_in_its_place_is_another(tmp_path: Path, segments: pd.DataFrame) -> None:
    def made(table: pd.DataFrame) -> tw.Store:
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        store = tw.open(tmp_path / "store", executor=tw.executors.Local())
        store.add(table)
        return store

    first = made(segments)
    old = first.fragments()[0]
    same(old.table(), segments)
    other = segments.assign(
        video_id="other", start_sec=np.arange(15.0), end_sec=np.arange(15.0) + 1
    )
    second = made(other)
    assert second.version == first.version
    same(second.fragments()[0].table(), other)
    same(tw.nearest(second, k=2), tw.nearest(other, k=2))
    lance.table_at.cache_clear()
    with pytest.raises(tw.InputError, match=r"is another one by now; .* put it back"):
        old.table()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(tw.InputError, match=r"is gone; .* put it back"):
        old.table()


def test_another_process_reads_a_fragment(store: tw.Store, tmp_path: Path) -> None:
    path = tmp_path / "fragments"
    path.write_bytes(pickle.dumps(store.fragments()))
    code = (
        "import os, pathlib, pickle, sys; "
        "fragments = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()); "
        "print(fragments[0].matrix().sum(), flush=True); "
        "os._exit(0)"  # threads of Lance may outlive the interpreter and end it with a signal
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    expected = tw.vectors(store.to_table()).sum()
    assert float(answer.stdout) == pytest.approx(float(expected), rel=1e-5)


def test_an_analysis_takes_a_store_or_its_path(store: tw.Store, segments: pd.DataFrame) -> None:
    same(tw.diagnose(store.address), tw.diagnose(segments))
    same(tw.nearest(store, k=3), tw.nearest(segments, k=3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s, "'alpha' 0-6 s .* in the store already, with 14 more"),
        (lambda s: pd.concat([s, s]), "'alpha' 0-6 s .* there twice .again at row 15"),
        (lambda s: s.drop(columns="video_id"), "no column 'video_id'"),
        (lambda s: s.assign(twlab_key=1), "column named 'twlab_key' cannot be stored"),
        (lambda s: s.rename(columns={"model_name": "a.b"}), "'a.b' cannot be stored"),
        (lambda s: s.rename(columns={"model_name": "a`b"}), "'a`b' cannot be stored"),
        (lambda s: s.assign(_distance=1), "'_distance' cannot be stored"),
        (lambda s: s.rename(columns={"model_name": ""}), "'' cannot be stored"),
        (lambda s: tw.with_vectors(s, np.ones((15, 3))), "of 3 numbers for a store .* of 16"),
        (lambda s: s.assign(note="a"), "'note' is of type string, in the store of int64"),
        (lambda s: s.assign(note=0.5), "'note' is of type double, in the store of int64"),
        (lambda s: s.assign(note=[[1], "a", *range(13)]), "column 'note' cannot be stored"),
    ],
)
def test_what_cannot_be_added_is_told(
    store: tw.Store, segments: pd.DataFrame, change: Any, message: str
) -> None:
    store.upsert(segments.assign(note=1))
    version = store.version
    table = change(segments)
    if "already" not in message and "twice" not in message and isinstance(table, pd.DataFrame):
        table = table.assign(video_id="new") if "video_id" in table.columns else table
        table["start_sec"], table["end_sec"] = np.arange(15.0), np.arange(15.0) + 1
    with pytest.raises(tw.InputError, match=message):
        store.add(table)
    assert store.version == version


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.to_table("zz < 3"), "where='zz < 3' cannot be used .*No field named zz"),
        (lambda s: s.to_table("video_id ="), "where='video_id =' cannot be used"),
        (lambda s: s.to_table(5), "where is 5; a condition in SQL"),
        (lambda s: s.count_rows(""), "where is ''; a condition in SQL"),
        (lambda s: s.to_table(columns=["zz"]), "no column 'zz' .there are: video_id"),
        (lambda s: s.to_table(columns=5), "columns is 5; a list of names"),
        (lambda s: tw.open(s.address, version=77), "version=77 of a store that has .* 1 to 5"),
        (lambda s: tw.open(s.address, version="x"), "version is 'x'; a whole number"),
        (lambda s: tw.open(s.address + "/no", version=1), "there is no store at"),
        (lambda s: tw.open(s.address + "/no").to_table(), "there is no store at .*add segments"),
        (lambda s: tw.diagnose(s.address + "/no"), "there is no store at"),
        (lambda s: tw.open(s.address, executor="ray"), "executor is 'ray'; one of twlab.exec"),
        (lambda s: tw.open(s.address, work=3), "work is 3; the path of a folder of this computer"),
        (lambda s: tw.open(s.address, work="s3://b"), "work is 's3://b'; the path of a folder"),
        (lambda s: tw.open(s.address, work=""), "work is ''; the path of a folder of this comp"),
        (lambda s: tw.open(s.address, work="a\0"), "work is 'a.x00'; the path of a folder of th"),
        (lambda s: tw.open(3), "a store was to be opened at 3"),
        (lambda s: tw.open("s3://"), "a store was to be opened at 's3://'"),
        (lambda s: tw.open("a" * 300), "is not the name of a folder .too long"),
        (lambda s: tw.open("a/" * 3000), "is not the name of a folder .too long"),
        (lambda s: s.to_parquet("a" * 300), "a'… cannot be written .File name too long"),
        (lambda s: s.to_parquet("a\0"), "folder is 'a.x00'; the path of a new folder"),
        (lambda s: tw.open(__file__), "is a file; the folder of a store was expected"),
        (lambda s: tw.open(s.address, version=2).add(tw.sample()), "at version 2, which is for re"),
    ],
)
def test_what_cannot_be_read_is_told(store: tw.Store, ask: Any, message: str) -> None:
    with pytest.raises(tw.InputError, match=message) as caught:
        ask(store)
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_into_memory_is_refused(
    store: tw.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twlab.archive.store.reading_back.free_bytes", lambda: 5_000)
    with pytest.raises(tw.InputError, match=r"15 segments take 0.0 GB, 0.0 GB of"):
        store.to_table()
    assert len(store.to_table("video_id = 'beta'")) == 5


def test_versions_are_kept(store: tw.Store, segments: pd.DataFrame) -> None:
    before = store.version
    store.upsert(segments[:3].assign(video_id="gamma"))
    store.optimize()
    versions = store.versions()
    assert versions["version"].is_monotonic_increasing
    assert versions["n_segments"].iloc[-1] == 18
    assert versions.set_index("version")["n_segments"][before] == 15
    assert versions["written_at"].is_monotonic_increasing
    old = tw.open(store.address, version=versions["version"][versions["version"] == before].iloc[0])
    same(old.to_table(), segments)
    assert old.count_rows() == 15
    assert old.search(segments[:1], k=20)["video_id"].ne("gamma").all()
    for change in (old.add, old.upsert):
        with pytest.raises(tw.InputError, match="which is for reading"):
            change(segments)
    with pytest.raises(tw.InputError, match="which is for reading"):
        old.optimize()
    same(store.to_table("video_id <> 'gamma'"), segments)
    for days in (-1, "a", np.inf, np.nan, True):
        with pytest.raises(tw.InputError, match=f"keep_days is {days!r}; days above 0"):
            store.optimize(keep_days=days)
    time.sleep(0.1)
    store.optimize(keep_days=1e-6)
    assert len(store.versions()) < len(versions)
    assert store.count_rows() == 18


def test_a_store_shows_its_version_until_it_is_opened_again(
    store: tw.Store, segments: pd.DataFrame
) -> None:
    other = tw.open(store.address)
    other.upsert(segments[:3].assign(video_id="gamma"))
    assert store.count_rows() == 15
    assert tw.open(store.address).count_rows() == 18
    store.add(segments[:3].assign(video_id="delta"))
    assert store.count_rows() == 21


def test_a_store_says_what_it_is(store: tw.Store, tmp_path: Path) -> None:
    assert repr(store) == f"Store({store.address!r}, 15 rows, version {store.version})"
    empty = tw.open(tmp_path / "new")
    assert repr(empty) == f"Store({empty.address!r}, nothing stored yet)"
    assert empty.version == 0
    assert not (tmp_path / "new").exists()
    assert store.work == tmp_path / "archive" / "work"


def test_a_named_folder_of_work_may_be_a_link(
    store: tw.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    opened = tw.open(store.address, work="link")
    monkeypatch.chdir("/")
    tw.near_duplicates(opened)  # would warn where nothing can be kept
    assert opened.work == tmp_path / "disk"
    assert opened.where("start_sec >= 0").work == tmp_path / "disk"


def test_an_empty_table_changes_nothing(store: tw.Store, segments: pd.DataFrame) -> None:
    version = store.version
    assert store.add(segments[:0]) == 0
    assert store.upsert(segments[:0]) == 0
    assert store.version == version


def test_parquet_folders_out_and_in(
    store: tw.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROWS", 4)
    folder = store.to_parquet(tmp_path / "out")
    assert len(list(folder.iterdir())) == 4
    same(tw.load(folder), store.to_table())
    for name, source in (
        ("a", folder),
        ("b", f"{folder}/*.parquet"),
        ("c", list(folder.iterdir())),
    ):
        again = tw.open(tmp_path / name)
        assert again.add(source) == 15
        assert again.upsert(source) == 15
        rows = again.to_table().sort_values(["video_id", "start_sec"], ignore_index=True)
        same(rows, store.to_table())
    with pytest.raises(tw.InputError, match=r"out' is there already; .* new folder"):
        store.to_parquet(folder)
    with pytest.raises(tw.InputError, match="in a folder that does not exist"):
        store.to_parquet(tmp_path / "no" / "out")
    (tmp_path / "link").symlink_to(tmp_path / "no")
    with pytest.raises(tw.InputError, match=r"link' is there already"):
        store.to_parquet(tmp_path / "link")
    with pytest.raises(tw.InputError, match=r"nothing\.parquet"):
        store.add(tmp_path / "nothing.parquet")


def test_a_folder_that_is_not_finished_is_not_there(
    store: tw.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROWS", 4)
    monkeypatch.setattr("twlab.archive.store.exchange.save", _interrupted)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        store.to_parquet(tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def test_rows_of_many_batches_stay_in_order(tmp_path: Path, rng: np.random.Generator) -> None:
    n = 40_000
    rows = pd.DataFrame(
        {"video_id": "long", "start_sec": np.arange(n) * 1.0, "end_sec": np.arange(n) + 1.0}
    )
    store = tw.open(tmp_path)
    table = tw.with_vectors(rows, rng.normal(size=(n, 4)).astype(np.float32))
    for first in range(0, n, 10_000):
        store.add(table[first : first + 10_000])
    assert np.array_equal(store.to_table()["start_sec"], rows["start_sec"])


def test_a_uri_is_a_store_too(tmp_path: Path, segments: pd.DataFrame) -> None:
    address = (tmp_path / "archive").as_uri()
    store = tw.open(address)
    assert store.version == 0
    store.add(segments)
    again = tw.open(address + "/")
    same(again.to_table(), segments)
    assert again.work is None
    same(tw.open(tmp_path / "archive").to_table(), segments)
    assert again.fragments()[0].matrix().shape == (15, 16)
    with pytest.raises(tw.InputError, match=r"cannot be opened .*No object store provider"):
        tw.open("nothing://bucket/archive")


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[store\]'"):
        tw.open(tmp_path)


def test_categories_lists_and_empty_columns(tmp_path: Path, segments: pd.DataFrame) -> None:
    table = segments.assign(tags=[["a", "b"]] * 15, nothing=None).astype(
        {"embedding_option": "category"}
    )
    table["shots"] = pd.Categorical([1, None, *[2] * 13])
    tw.open(tmp_path).add(table)
    again = tw.open(tmp_path).to_table()
    same(again[list(segments.columns)], segments)
    assert again["nothing"].isna().all()
    assert again["shots"].isna().tolist() == [False, True, *[False] * 13]
    assert again["shots"].dropna().tolist() == [1, *[2] * 13]
    assert list(again["tags"].iloc[3]) == ["a", "b"]


def test_indices_and_pieces_are_kept_in_order(
    store: tw.Store, segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def videos() -> Any:
        return next(i for i in store._table.list_indices() if i.name == "video_id_idx")

    assert {index.name for index in store._table.list_indices()} == {
        *("video_id_idx", "start_sec_idx", "embedding_option_idx")
    }
    assert videos().num_unindexed_rows == 0
    store.upsert(segments[:10].assign(video_id="gamma"))
    assert videos().num_unindexed_rows == 10
    monkeypatch.setattr(upkeep, "_LEAST_NEW", 12)
    store.upsert(segments[:5].assign(video_id="delta"))
    assert videos().num_unindexed_rows == 0
    assert store._table.stats()["fragment_stats"]["num_fragments"] == 3
    monkeypatch.setattr(upkeep, "_MOST_SMALL_FRAGMENTS", 3)
    store.upsert(segments[:5].assign(video_id="epsilon"))
    # Lance joins pieces that an index knows, and pieces that it does not, each among themselves.
    assert store._table.stats()["fragment_stats"]["num_fragments"] == 2
    assert store.count_rows() == 35
    assert store.count_rows("video_id = 'gamma'") == 10


def test_a_store_whose_files_are_torn_says_so(tmp_path: Path, segments: pd.DataFrame) -> None:
    tw.open(tmp_path).add(segments)
    for file in (tmp_path / "segments.lance" / "data").iterdir():
        file.write_bytes(file.read_bytes()[:50])
    store = tw.open(tmp_path)
    for ask in (store.to_table, lambda: store.search(np.ones(16)), lambda: store.add(segments)):
        with pytest.raises(tw.InputError, match=r"rows of the store '.*' cannot be read \("):
            ask()
