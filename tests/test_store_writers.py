"""Writers that are killed, and writers that race."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import store_writers

import twlab as tw

HERE = Path(__file__).parent


def writer(address: Path, number: int, n_batches: int) -> subprocess.Popen[str]:
    """A process that writes batches and says each number once it is committed."""
    numbers = (number, n_batches, store_writers.ROWS, store_writers.WIDTH)
    return subprocess.Popen(
        [sys.executable, str(HERE / "store_writers.py"), str(address), *map(str, numbers)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])},
    )


@pytest.mark.parametrize("n_batches_before", [0, 1, 3])
def test_a_killed_ingest_leaves_whole_batches(tmp_path: Path, n_batches_before: int) -> None:
    process = writer(tmp_path, 0, 1000)
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


def test_writers_of_the_same_segments_lose_and_double_nothing(tmp_path: Path) -> None:
    n_batches = 12
    processes = [writer(tmp_path, number, n_batches) for number in (1, 2)]
    for process in processes:
        process.communicate(timeout=100)
    assert [process.returncode for process in processes] == [0, 0]
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
