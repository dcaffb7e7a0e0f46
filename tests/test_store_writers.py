"""Writers that are killed, and writers that race."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import store_writers
from insides import handle, lance, writing

import twlab as tw
from twlab.archive.store import arrow_rows, count

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@pytest.mark.once
@pytest.mark.parametrize("n_batches_before", [0, 1, 3])
def test_a_killed_ingest_leaves_whole_batches(tmp_path: Path, n_batches_before: int) -> None:
    process = store_writers.ready(tmp_path, 0, 1000)
    store_writers.begin(process)
    said = [process.stdout.readline() for _ in range(n_batches_before + 1)]  # type: ignore[union-attr]
    process.kill()
    process.communicate()
    table = tw.open(tmp_path).to_table()
    store_writers.check_whole(table)
    assert len(table) >= store_writers.ROWS * len(said)
    store = tw.open(tmp_path)
    store.upsert(store_writers.batch(0, writer=1))
    store_writers.check_whole(store.to_table())
    assert (store.to_table("number < 40")["writer"] == 1).all()


@pytest.mark.once
@pytest.mark.parametrize("n_rows_before", [0, store_writers.ROWS])
def test_writers_of_the_same_segments_lose_and_double_nothing(
    tmp_path: Path, n_rows_before: int
) -> None:
    n_batches = 12
    if n_rows_before:  # the indices are there from the beginning
        tw.open(tmp_path).add(store_writers.batch(0, writer=0, n_rows=n_rows_before))
    processes = [store_writers.ready(tmp_path, number, n_batches) for number in (1, 2, 3)]
    store_writers.begin(*processes)
    for process in processes:
        process.communicate(timeout=100)
    assert [process.returncode for process in processes] == [0, 0, 0]
    table = tw.open(tmp_path).to_table()
    store_writers.check_whole(table)
    assert sorted(table["number"]) == list(range(n_batches * store_writers.ROWS))
    # Each commit is whole, so all rows of a batch are of the writer that came last.
    writers = table.groupby(table["number"] // store_writers.ROWS)["writer"].nunique()
    assert (writers == 1).all()


def test_writers_of_overlapping_segments_and_new_columns(tmp_path: Path) -> None:
    one, two = tw.open(tmp_path), tw.open(tmp_path)
    one.upsert(store_writers.batch(0, writer=1).assign(one=1))
    two.upsert(store_writers.batch(20, writer=2).assign(two="b"))
    one.upsert(store_writers.batch(40, writer=3).assign(three=0.5))
    table = tw.open(tmp_path).to_table()
    assert sorted(table["number"]) == list(range(80))
    assert table["writer"].value_counts().to_dict() == {1: 20, 2: 20, 3: 40}
    assert table[["one", "two", "three"]].notna().sum().tolist() == [20, 20, 40]
    assert str(table["one"].dtype) == "Int64"


def test_adding_never_doubles_what_another_has_added(tmp_path: Path) -> None:
    one, two = tw.open(tmp_path), tw.open(tmp_path)
    one.add(store_writers.batch(0, writer=1))
    with pytest.raises(tw.InputError, match="in the store already"):
        two.add(store_writers.batch(20, writer=2))
    assert two.add(store_writers.batch(40, writer=2)) == 40
    assert np.array_equal(np.sort(tw.open(tmp_path).to_table()["number"]), np.arange(80))


def test_a_store_whose_making_was_killed_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "segments.lance" / "data").mkdir(parents=True)
    (tmp_path / "segments.lance" / "_versions").mkdir()
    store = tw.open(tmp_path)
    assert store.version == 0
    assert store.add(store_writers.batch(0, writer=1)) == 40
    store_writers.check_whole(tw.open(tmp_path).to_table())


@pytest.mark.parametrize("n_blocks", [1, 40])
def test_a_writer_that_looked_before_another_committed_doubles_nothing(
    tmp_path: Path, n_blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_bytes = 4 * store_writers.WIDTH
    monkeypatch.setattr(writing, "BLOCK_BYTES", row_bytes * store_writers.ROWS // n_blocks)
    monkeypatch.setattr(writing, "SHUFFLED_ROWS", 0)
    tw.open(tmp_path).add(store_writers.batch(0, writer=0))  # the indices are there
    one, two = lance.open_table(str(tmp_path)), lance.open_table(str(tmp_path))
    for number, table in enumerate((one, two), start=1):  # the second does not look again
        (rows, keys), *_ = writing.cut_batches(store_writers.batch(40, writer=number))
        lance.retry(partial(writing.merge, table, arrow_rows(rows, keys), replace=True), table)
    found = tw.open(tmp_path).to_table()
    assert sorted(found["number"]) == list(range(80))
    assert found["writer"].value_counts().to_dict() == {0: 40, 2: 40}


def test_a_store_is_read_while_it_is_written(tmp_path: Path, segments: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    store.add(segments)
    sizes: list[int] = []

    def read() -> None:
        while written.is_alive():
            table = store.to_table()
            sizes.append(len(tw.vectors(table)))
            pieces = store.fragments()
            assert sum(piece.n_rows for piece in pieces) == sum(len(p.table()) for p in pieces)

    def write() -> None:
        for number in range(12):
            store.upsert(segments[:10].assign(video_id=f"film {number}"))
            store.delete(f"video_id = 'film {number - 2}'")

    written = threading.Thread(target=write)
    with ThreadPoolExecutor() as pool:
        written.start()
        for reader in [pool.submit(read) for _ in range(3)]:
            reader.result()
    assert {*sizes} <= {15, 25, 35, 45}
    assert store.count_rows() == 35


def test_what_several_delete_at_once_counts_once(
    tmp_path: Path, segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tw.open(tmp_path)
    store.add(segments)

    def then_another_deletes(table: Any, where: str) -> int:
        n = count(table, where)
        lance.open_table(str(tmp_path)).delete("start_sec < 12")
        return n

    monkeypatch.setattr(handle, "count", then_another_deletes)
    assert store.delete("video_id = 'alpha'") == 8


def test_a_change_that_fails_shows_no_other_version(tmp_path: Path, segments: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    store.add(segments)
    version = store.version
    tw.open(tmp_path).add(segments[:10].assign(video_id="gamma"))
    with pytest.raises(tw.InputError, match="already"):
        store.add(segments)
    assert store.version == version
    assert store.count_rows() == 15


def test_a_store_that_is_made_or_gone_since_it_was_opened(
    tmp_path: Path, segments: pd.DataFrame
) -> None:
    early = tw.open(tmp_path / "archive")
    store = tw.open(tmp_path / "archive")
    store.add(segments)
    assert early.delete("video_id = 'beta'") == 5
    shutil.rmtree(tmp_path / "archive")
    for change in (lambda: store.delete("true"), store.optimize):
        with pytest.raises(tw.InputError, match="there is no store"):
            change()
    assert store.add(segments) == store.count_rows() == 15
