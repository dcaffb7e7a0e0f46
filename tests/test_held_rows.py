"""What searches of a store hold in memory changes nothing but their time, and never goes stale.

What is held shows in no result, so its size is looked up inside.
"""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import searching

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

N, D = 900, 8


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "COMPARED_ROWS", 128)


@pytest.fixture
def table(rng: np.random.Generator) -> pd.DataFrame:
    """Clips with copies, zero vectors, and vectors that float32 has no length of."""
    matrix = rng.normal(size=(N, D))
    matrix[100:140] = matrix[7]
    matrix[200:203] = 0
    matrix[300:310] *= 1e-25
    matrix[310:320] *= 1e25
    rows = pd.DataFrame(
        {
            "video_id": [f"video {k // 90}" for k in range(N)],
            "start_sec": np.arange(N) % 90 * 6.0,
            "end_sec": np.arange(N) % 90 * 6.0 + 6,
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "model_name": "test",
            "note": np.arange(N),
        }
    )
    return tw.with_vectors(rows, matrix)


@pytest.fixture
def queries(table: pd.DataFrame) -> np.ndarray:
    rows = tw.vectors(table)[[7, 305, 315, 600]]
    return np.concatenate([rows, np.random.default_rng(1).normal(size=(2, D))])


@pytest.fixture
def store(tmp_path: Path, table: pd.DataFrame) -> tw.Store:
    store = tw.open(tmp_path / "store")
    store.add(table)
    return store


def held(part: tw.Part) -> int:
    """How many bytes are held."""
    return part._known.held.n_bytes() if part._known else 0


def check_like_fresh(part: tw.Part, queries: np.ndarray, **given: Any) -> None:
    """Each search, again and again, finds what a store finds that was opened for all of them."""
    fresh = tw.open(part.address, version=part.version)
    expected = fresh.search(queries=queries, k=50, **given)
    assert held(fresh) == 0
    for k, query in enumerate([*queries, *queries, 3 * queries[0]]):
        mine = expected[expected["query_id"] == f"query {k % len(queries) + 1}"]
        right = mine.drop(columns="query_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(part.search(query, k=50, **given), right)


def test_what_is_held_is_found_as_numpy_finds_it(
    store: tw.Store, table: pd.DataFrame, queries: np.ndarray
) -> None:
    check_like_fresh(store, queries)
    assert held(store) == N * (4 * D + 4 + 8)
    stored = store.to_table()
    rows = tw.vectors(stored).astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=1))
    for query in queries.astype(np.float64):
        with np.errstate(invalid="ignore"):
            cosine = rows @ query / length / np.sqrt((query**2).sum())
        cosine = np.where(length > 0, cosine.round(6), -2)
        right = np.lexsort((np.arange(N), -cosine))[:20]
        found = store.search(query, k=20)
        np.testing.assert_allclose(found["visual_similarity"], cosine[right], atol=2e-6)
        assert (found["note"].iloc[:5] == stored["note"].iloc[right[:5]].to_numpy()).all()


def test_only_what_is_asked_for_again_is_held_and_then_not_read(
    store: tw.Store, queries: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, plain_query = [], searching.plain_query

    def watched(table: Any, columns: list[str], where: str | None) -> Any:
        reads.append(columns)
        return plain_query(table, columns, where)

    monkeypatch.setattr(searching, "plain_query", watched)
    every = ["embedding", searching.NUMBER]
    store.search(queries[0])
    assert held(store) == 0
    store.search(queries[1])
    assert held(store) > 0
    assert reads.count(every) == 2
    store.search(queries[2])
    store.search(queries=queries)
    assert reads.count(every) == 2


def test_what_another_process_writes_is_seen_by_whoever_opens_it(
    store: tw.Store, table: pd.DataFrame, queries: np.ndarray, tmp_path: Path
) -> None:
    check_like_fresh(store, queries[:3])
    before, n_rows = store.version, store.count_rows()
    extra = table[:60].assign(video_id="new", note=-1)
    tw.save(extra, tmp_path / "extra.parquet")
    code = (
        "import os, sys, twlab as tw; store = tw.open(sys.argv[1]); store.add(sys.argv[2]); "
        "store.delete('note BETWEEN 590 AND 610'); store.optimize(); "
        # A thread of the oldest lancedb, met while Python is taken down, has it abort.
        "store.upsert(store.to_table()[:30].assign(note=-2)); os._exit(0)"
    )
    files = [str(store.address), str(tmp_path / "extra.parquet")]
    subprocess.run([sys.executable, "-c", code, *files], check=True)
    assert (store.version, store.count_rows()) == (before, n_rows)
    check_like_fresh(store, queries)
    later = tw.open(store.address)
    assert later.version > before
    check_like_fresh(later, queries)
    assert {-1, -2} <= {*later.search(queries[0], k=200)["note"]}


def test_after_own_changes_what_was_held_is_not_used(
    store: tw.Store, table: pd.DataFrame, queries: np.ndarray
) -> None:
    for change in (
        lambda: store.add(table[:60].assign(video_id="new")),
        lambda: store.delete("note BETWEEN 100 AND 120"),
        lambda: store.upsert(table[600:601].assign(note=-1)),
        store.optimize,
    ):
        check_like_fresh(store, queries[:2])
        assert held(store) > 0
        change()
        check_like_fresh(store, queries[:4])


def test_another_store_in_its_place_is_another_also_with_the_same_version(
    store: tw.Store, table: pd.DataFrame, queries: np.ndarray
) -> None:
    while store.version < 20:
        store.upsert(table[:1])
    check_like_fresh(store, queries[:2])
    version = store.version
    shutil.rmtree(store.address)
    turned = tw.with_vectors(table, -tw.vectors(table))
    tw.open(store.address).add(turned)
    while tw.open(store.address).version < version:
        last = store.upsert(turned[:1])
    assert last
    assert store.version == version
    check_like_fresh(store, queries)


def test_filters_and_parts_find_the_same(store: tw.Store, queries: np.ndarray) -> None:
    check_like_fresh(store, queries[:2])
    whole = held(store)
    for given in ({"video_id": "video 1"}, {"where": "note % 3 = 0"}, {"start_sec": 200.0}):
        check_like_fresh(store, queries[:3], **given)
    assert held(store) == whole
    part = store.where("note % 3 = 0")
    found = [part.search(query, k=30) for query in (*queries, *queries)]
    again = store.search(queries[-1], k=30, where="note % 3 = 0")
    assert found[-1]["note"].tolist() == again["note"].tolist()
    assert held(part) == N // 3 * (4 * D + 4 + 8)


def test_options_are_held_each_and_found_as_before(
    store: tw.Store, table: pd.DataFrame, queries: np.ndarray
) -> None:
    other = tw.with_vectors(table.assign(embedding_option="audio"), -tw.vectors(table))
    store.add(other[:500])
    check_like_fresh(store, queries)
    assert held(store) == (N + 500) * (4 * D + 4 + 8)
    check_like_fresh(store, queries[:2], by="audio")


def test_no_more_is_held_than_memory_has_room_for(
    store: tw.Store, queries: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = N * (4 * D + 4 + 8)
    for free, expected in ((4 * whole - 1, 0), (None, 0), (4 * whole, whole)):
        monkeypatch.setattr("twlab.archive.store.held_rows.free_bytes", lambda free=free: free)
        opened = tw.open(store.address)
        check_like_fresh(opened, queries[:3])
        assert held(opened) == expected
    monkeypatch.setattr("twlab.archive.store.held_rows.free_bytes", lambda: whole)
    check_like_fresh(opened, queries[:3])
    assert held(opened) == whole
    monkeypatch.setattr("twlab.archive.store.held_rows.free_bytes", lambda: whole - 1)
    check_like_fresh(opened, queries[:3])
    assert held(opened) == 0


def test_a_table_that_is_read_has_the_memory(
    store: tw.Store, queries: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_like_fresh(store, queries[:2])
    assert held(store) > 0
    store.to_table(columns=["note"])
    assert held(store) > 0
    free = lambda: 0 if held(store) else 10**9  # noqa: E731 - said in a word
    monkeypatch.setattr("twlab.archive.store.reading_back.free_bytes", free)
    assert len(store.to_table()) == N
    assert held(store) == 0


def test_threads_find_the_same_and_hold_it_once(store: tw.Store, queries: np.ndarray) -> None:
    many = [*queries] * 4
    expected = [tw.open(store.address).search(query, k=50) for query in queries] * 4
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda query: store.search(query, k=50), many))
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, other)
    store.search(queries[0])
    store.search(queries[0])
    assert held(store) == N * (4 * D + 4 + 8)


def test_what_is_held_goes_with_the_store_that_held_it(
    store: tw.Store, queries: np.ndarray
) -> None:
    check_like_fresh(store, queries[:2])
    opened = tw.open(store.address)
    for query in queries[:2]:
        opened.search(query)
    (kept,) = opened._known.held._held.values()
    rows = weakref.ref(kept.blocks[0].rows)
    del opened, kept
    gc.collect()
    assert rows() is None


def test_a_search_that_fails_holds_nothing(
    store: tw.Store, queries: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.search(queries[0])
    with monkeypatch.context() as patch:
        patch.setattr(searching, "merge_best", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.search(queries[0])
    assert held(store) == 0
    check_like_fresh(store, queries[:2])
    assert held(store) > 0
