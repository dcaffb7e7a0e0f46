"""Jobs over a store on disk: the same results as on its table, on every executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES, Engines
from insides import partitions, pieces
from pieces import Interrupted, Interrupting, drawn_table

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytest.importorskip("lancedb")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that grew in three batches, one row of which was replaced."""
    folder = tmp_path_factory.mktemp("stores") / "archive"
    table = drawn_table()
    store = tw.open(folder)
    for first, end in ((0, 90), (90, 91), (91, 260)):
        store.add(table[first:end])
    store.upsert(table[40:41])
    return folder


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlab.archive.store.shards.ROWS", 50)
    monkeypatch.setattr(pieces, "PIECE_ROWS", 60)
    monkeypatch.setattr(partitions, "MOST_START_ROWS", 100)
    monkeypatch.setattr("twlab.archive.in_pieces.kmeans.MOST_BROUGHT", 1000)


JOBS: dict[str, Callable[[Any], Any]] = {
    "nearest": lambda s: tw.nearest(s, k=4),
    "near_duplicates": lambda s: tw.near_duplicates(s, threshold=0.9, min_gap_sec=12),
    "cluster": lambda s: tw.cluster(s, 6, method="kmeans"),
    "scenes": tw.scenes,
    "scene_counts": tw.scene_counts,
    "novelty": tw.novelty,
    "video_vectors": tw.video_vectors,
    "diagnose": tw.diagnose,
}


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_store_gives_what_its_table_gives(address: Path, engine: str, engines: Engines) -> None:
    store = tw.open(address, executor=engines[engine])
    table = store.to_table()
    assert len(pieces.join_fragments(store)) > 3
    for job in JOBS.values():
        same(job(store), job(table))


def test_a_path_is_enough(address: Path) -> None:
    table = tw.open(address).to_table()
    same(tw.nearest(str(address), k=2), tw.nearest(table, k=2))
    same(tw.nearest(table[:3], address, k=2), tw.nearest(table[:3], table, k=2))
    np.testing.assert_array_equal(
        tw.cosine_similarity(address, table[:3]), tw.cosine_similarity(table, table[:3])
    )


@pytest.mark.parametrize("n_clusters", [None, 6])
def test_kmeans_reads_once_what_fits(
    address: Path, monkeypatch: pytest.MonkeyPatch, n_clusters: int | None
) -> None:
    store = tw.open(address)
    expected = tw.cluster(store.to_table(), n_clusters, method="kmeans")
    read: list[int] = []
    matrix = pieces.Piece.matrix
    monkeypatch.setattr(
        pieces.Piece, "matrix", lambda one: (read.append(one.first), matrix(one))[1]
    )
    monkeypatch.setattr(tw.Store, "to_table", None)
    same(tw.cluster(store, n_clusters, method="kmeans"), expected)
    assert read == [one.first for one in pieces.join_fragments(store)]
    monkeypatch.setattr("twlab.archive.in_pieces.kmeans.free_bytes", lambda: 10)
    same(tw.distributed.cluster(store, n_clusters, method="kmeans"), expected)
    assert len(read) > 2 * len(pieces.join_fragments(store))


def test_kmeans_tells_of_zeros_once(tmp_path: Path) -> None:
    table = drawn_table()
    matrix = tw.vectors(table).copy()
    matrix[7] = 0
    store = tw.open(tmp_path)
    store.add(tw.with_vectors(table, matrix))
    with pytest.warns(tw.TwlabWarning, match=r"1 of 260 vectors are all zeros \(first at row 7\)"):
        found = tw.cluster(store, 6, method="kmeans")
    assert found.isna().tolist()[7]


def test_an_interrupted_job_goes_on_in_another_process(address: Path) -> None:
    with pytest.raises(Interrupted):
        tw.near_duplicates(tw.open(address, executor=Interrupting(after=3)), threshold=0.5)
    again = Interrupting(after=-1)
    store = tw.open(address, executor=again)
    assert store.work is not None
    assert store.work.exists()
    same(tw.near_duplicates(store, threshold=0.5), tw.near_duplicates(store.to_table(),
         threshold=0.5))  # fmt: skip
    assert again.done == len(pieces.join_fragments(store)) - 3
    assert not store.work.exists()


def test_what_cannot_be_read_for_a_while_costs_nothing_that_is_done(address: Path) -> None:
    files = sorted((address / "segments.lance" / "data").iterdir(), key=lambda f: f.stat().st_mtime)
    aside = files[-1].rename(files[-1].with_suffix(".aside"))
    store = tw.open(address, executor=tw.executors.Local())
    with pytest.raises(tw.InputError, match="cannot be read"):
        tw.cluster(store, 3, method="kmeans")
    assert store.work is not None
    assert store.work.exists()
    aside.rename(files[-1])
    same(tw.cluster(store, 3, method="kmeans"), tw.cluster(store.to_table(), 3, method="kmeans"))
    assert not store.work.exists()
