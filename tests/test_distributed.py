"""Jobs over a source give what the same call gives on its table, wherever they run."""

from __future__ import annotations

import os
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import archives
import engines as work
import numpy as np
import pandas as pd
import pytest
from insides import joins, nearest, pairs, partitions, pieces
from pieces import D, Interrupted, Interrupting, N, Parts, drawn_table

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.numbers


CUTS = [40, 41, 100, 190]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return drawn_table()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_ROWS", 60)
    monkeypatch.setattr(partitions, "MOST_START_ROWS", 100)
    monkeypatch.setattr("twlab.archive.in_pieces.kmeans.MOST_BROUGHT", 4 * D * 100)


@pytest.fixture(params=["none", *work.ENGINES])
def executor(request: pytest.FixtureRequest) -> Any:
    if request.param == "none":
        return None
    return request.getfixturevalue("engines")[request.param]


def pairs_by_cells(source: Any) -> pd.DataFrame:
    """As for a large source: cells, and many blocks of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joins, "MANY_IN_PIECES", 1)
        patch.setattr(joins, "HELD_ROWS", 50)
        return tw.near_duplicates(source, threshold=0.9, min_gap_sec=12)


JOBS: dict[str, Callable[[Any], Any]] = {
    "nearest": lambda s: tw.nearest(s, k=4),
    "near_duplicates": lambda s: tw.near_duplicates(s, threshold=0.9, min_gap_sec=12),
    "nearest elsewhere": lambda s: tw.nearest(s, k=4, videos="other"),
    "nearest within": lambda s: tw.nearest(s, s, k=4, videos="same"),
    "duplicates elsewhere": lambda s: tw.near_duplicates(s, threshold=0.9, videos="other"),
    "pairs_by_cells": pairs_by_cells,
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


@pytest.mark.parametrize("job", JOBS)
def test_a_source_gives_what_its_table_gives(job: str, table: pd.DataFrame, executor: Any) -> None:
    same(JOBS[job](Parts(table, CUTS, executor)), JOBS[job](table))


@pytest.mark.parametrize("engine", work.REMOTE)
@pytest.mark.parametrize("job", JOBS)
def test_a_killed_worker_changes_nothing(
    job: str, engine: str, table: pd.DataFrame, engines: work.Engines, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    marker.write_text(str(os.getpid()))
    source = Parts(table, CUTS, engines[engine], deadly=marker)
    same(JOBS[job](source), JOBS[job](table))
    assert not marker.exists()


@pytest.mark.parametrize("job", JOBS)
def test_an_interrupted_job_goes_on(job: str, table: pd.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "store.work"
    whole = Interrupting(after=-1)
    expected = JOBS[job](Parts(table, CUTS, whole, work=tmp_path / "whole.work"))
    first = Interrupting(after=whole.done - 2)
    with pytest.raises(Interrupted):
        JOBS[job](Parts(table, CUTS, first, work=folder))
    assert folder.exists()
    second = Interrupting(after=-1)
    same(JOBS[job](Parts(table, CUTS, second, work=folder)), expected)
    assert first.done == whole.done - 2
    assert second.done == 2
    assert not folder.exists()


def test_no_pair_is_missed_whatever_cells_rows_lie_in(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cells save time; pairs are those of all comparisons, also where cells are drawn."""
    drawn = np.random.default_rng(5)

    def anywhere(unit: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        home = drawn.integers(len(centres), size=len(unit)).astype(np.int32)
        return home, np.einsum("ij,ij->i", unit, centres[home])

    monkeypatch.setattr(joins, "near_centres", anywhere)
    expected = tw.near_duplicates(table, threshold=0.9, min_gap_sec=12)
    assert len(expected)
    same(pairs_by_cells(Parts(table, CUTS)), expected)


def test_kmeans_chooses_the_same_count(table: pd.DataFrame, tmp_path: Path) -> None:
    found = tw.cluster(Parts(table, CUTS, work=tmp_path / "work"), method="kmeans")
    same(found, tw.cluster(table, method="kmeans"))


def test_few_rows_are_brought_once_and_no_round_is_sent_to_workers(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for n_rows in (100, 1000):
        monkeypatch.setattr("twlab.archive.in_pieces.kmeans.MOST_BROUGHT", 4 * D * n_rows)
        worker = Interrupting(after=-1)
        same(
            tw.cluster(Parts(table, CUTS, worker), 6, method="kmeans"),
            tw.cluster(table, 6, method="kmeans"),
        )
        counts.append(worker.done)
    assert counts[1] == 2 * len(pieces.join_fragments(Parts(table, CUTS))) < counts[0]


def test_kmeans_of_many_rows_asks_the_same_sample_in_pieces(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_ROWS", 900)
    monkeypatch.setattr(partitions, "MIDDLE_ROWS", 500)
    drawn = pd.DataFrame({"video_id": "v", "start_sec": np.arange(2400.0)})
    rows = rng.normal(size=(2400, 6)) + np.where(np.arange(2400) % 2, 1.5, -1.5)[:, None]
    table = tw.with_vectors(drawn.assign(end_sec=drawn["start_sec"] + 1), rows)
    asked: list[bool] = []
    settled = partitions._is_settled
    monkeypatch.setattr(
        partitions, "_is_settled", lambda *given: asked.append(settled(*given)) or asked[-1]
    )
    found = tw.cluster(Parts(table, [700, 1500]), 2, method="kmeans")
    told = [*asked]
    same(found, tw.cluster(table, 2, method="kmeans"))
    assert told
    assert asked == [*told, *told]


def test_kmeans_finds_what_is_there(table: pd.DataFrame) -> None:
    from sklearn.metrics import adjusted_rand_score

    scene = np.arange(N) // 7 % 12
    usable = np.r_[1:150, 170:N]
    found = tw.cluster(Parts(table, CUTS), 12, method="kmeans")
    assert adjusted_rand_score(scene[usable], found.iloc[usable]) > 0.8


OTHERS: dict[str, Callable[[Any], Any]] = {
    "ward": lambda s: tw.cluster(s, 5),
    "cluster_counts": tw.cluster_counts,
    "project": lambda s: tw.project(s, method="pca"),
    "repeats": tw.repeats,
    "align": lambda s: tw.align(s, s),
    "threshold": tw.threshold,
    "similarity_pairs": tw.similarity_pairs,
    "summarize": lambda s: tw.summarize(s, n_segments=4),
    "outliers": tw.outliers,
    "deduplicate": tw.deduplicate,
    "compare_options": tw.compare_options,
    "search": lambda s: tw.search(s, np.ones(D)),
    "whole videos": lambda s: tw.video_vectors(s, scope="clip"),
}


@pytest.mark.parametrize("call", OTHERS)
def test_all_other_analyses_read_the_source(call: str, table: pd.DataFrame) -> None:
    clips = table.iloc[1:130].reset_index(drop=True)
    same(OTHERS[call](Parts(clips, [50, 60])), OTHERS[call](clips))


def test_a_table_against_a_source_and_back(table: pd.DataFrame) -> None:
    few, rest = table.iloc[10:20], table.iloc[20:].reset_index(drop=True)
    expected = tw.nearest(few, rest, k=3)
    same(tw.nearest(few, Parts(rest, [30, 90, 95]), k=3), expected)
    array = tw.vectors(few)
    same(tw.nearest(array, Parts(rest, [30]), k=3), tw.nearest(array, rest, k=3))
    same(tw.nearest(Parts(rest, [7, 200]), few, k=3), tw.nearest(rest, few, k=3))
    same(tw.nearest(Parts(rest, [7]), array, k=30), tw.nearest(rest, array, k=30))
    same(tw.nearest(Parts(rest, [7]), Parts(rest, [9])), tw.nearest(rest, rest))
    found = tw.find(few.assign(video_id="clip"), Parts(rest, [100]))
    same(found, tw.find(few.assign(video_id="clip"), rest))
    similar = tw.cosine_similarity(few, Parts(rest, [100]))
    np.testing.assert_array_equal(similar, tw.cosine_similarity(few, rest))


@pytest.mark.parametrize("job", JOBS)
def test_zeros_copies_and_shuffled_rows(job: str, table: pd.DataFrame) -> None:
    matrix = tw.vectors(table).copy()
    matrix[[33, 120]] = 0
    matrix[60:90] = matrix[60]
    mixed = tw.with_vectors(table, matrix).sample(frac=1, random_state=3, ignore_index=True)
    with warnings.catch_warnings(record=True) as on_table:
        warnings.simplefilter("always")
        expected = JOBS[job](mixed)
    with warnings.catch_warnings(record=True) as on_source:
        warnings.simplefilter("always")
        found = JOBS[job](Parts(mixed, CUTS))
    same(found, expected)
    told = [sorted(str(one.message) for one in caught) for caught in (on_table, on_source)]
    assert told[0] == told[1]
    assert told[0] or job == "diagnose"


def test_rows_of_another_model_are_not_compared(table: pd.DataFrame) -> None:
    other = table.assign(model_name="other")
    for a, b in ((other, Parts(table, CUTS)), (Parts(table, CUTS), other)):
        with pytest.raises(tw.InputError, match=r"models '.*' and '.*' compared"):
            tw.nearest(a, b)


def test_zeros_on_the_other_side_are_told(table: pd.DataFrame) -> None:
    matrix = tw.vectors(table).copy()
    matrix[[33, 120]] = 0
    some, few = tw.with_vectors(table, matrix), table[5:9]
    for a, b in ((few, Parts(some, CUTS)), (Parts(table, CUTS), Parts(some, CUTS))):
        with pytest.warns(tw.TwlabWarning, match="2 of 260 vectors are all zeros") as caught:
            tw.nearest(a, b, k=2)
        assert len(caught) == 1


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
def test_zeros_pair_with_nothing_at_any_threshold(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = tw.vectors(table).copy()
    matrix[::7] = 0
    some = tw.with_vectors(table, matrix)
    expected = tw.near_duplicates(some, threshold=-0.5)
    monkeypatch.setattr(joins, "MANY_IN_PIECES", 1)
    same(tw.near_duplicates(Parts(some, CUTS), threshold=-0.5), expected)


@pytest.mark.filterwarnings("ignore:.* has no rows")
@pytest.mark.parametrize("job", JOBS)
def test_one_fragment_one_video_and_nothing(job: str, table: pd.DataFrame) -> None:
    for part in (table, table[:1], table[1:2], table[:0]):
        rows = part.reset_index(drop=True)
        words = [said(JOBS[job], one) for one in (rows, Parts(rows, []))]
        assert words[0] == words[1]
        if not words[0]:
            same(JOBS[job](Parts(rows, [])), JOBS[job](rows))


@pytest.mark.parametrize("job", JOBS)
def test_bad_tables_are_refused_in_the_same_words(job: str, table: pd.DataFrame) -> None:
    models = table.assign(model_name=["a"] * 100 + ["b"] * (N - 100))
    options = table.assign(embedding_option=["audio"] * 100 + ["visual"] * (N - 100))
    missing = table.drop(columns="start_sec")
    for bad in (models, options, missing):
        words = [said(JOBS[job], one) for one in (bad, Parts(bad, CUTS))]
        assert words[0] == words[1]


def said(call: Callable[[Any], Any], data: Any) -> str:
    """What a call refuses its argument with; nothing where it does not."""
    try:
        call(data)
    except tw.InputError as error:
        return str(error).replace(", embedding", "")
    return ""


def test_results_too_large_are_refused(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = Parts(table, CUTS, work=tmp_path / "work")
    monkeypatch.setattr(nearest, "MOST_PAIRS", 100)
    with pytest.raises(tw.InputError, match=r"260 rows with 4 neighbours each; at most 100 rows"):
        tw.nearest(source, k=4)
    with pytest.raises(tw.InputError, match=r"more than 100 pairs are 0\.9 alike"):
        tw.near_duplicates(source, threshold=0.9)
    monkeypatch.setattr(pairs, "MOST_SIMILARITIES", 100)
    with pytest.raises(tw.InputError, match="260 x 260 similarities; at most 100"):
        tw.cosine_similarity(source)
    assert not (tmp_path / "work").exists()


def test_neighbours_are_written_to_files(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = tw.nearest(table, k=4)
    monkeypatch.setattr(nearest, "MOST_PAIRS", 100)  # too many for a table
    work, folder = tmp_path / "work", tmp_path / "neighbours"
    source = Parts(table, CUTS, Interrupting(after=3), work=work)
    with pytest.raises(Interrupted):
        tw.distributed.write_nearest(source, folder, k=4)
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    rest = Interrupting(after=-1)
    out = tw.distributed.write_nearest(Parts(table, CUTS, rest, work=work), folder, k=4)
    assert rest.done
    assert out == folder
    assert not work.exists()
    same(pd.read_parquet(out), expected)
    few = tw.distributed.write_nearest(Parts(table, CUTS), tmp_path / "few", table[5:9], k=2)
    same(pd.read_parquet(few), tw.nearest(table, table[5:9], k=2))
    with pytest.raises(tw.InputError, match=r"'.*few' is there already"):
        tw.distributed.write_nearest(Parts(table, CUTS), few)
    with pytest.raises(tw.InputError, match="one side has no rows"):
        tw.distributed.write_nearest(Parts(table[:0], []), tmp_path / "none")


def test_vectors_of_several_dimensions_are_refused(table: pd.DataFrame) -> None:
    other = tw.with_vectors(table[:50], np.ones((50, 3)))
    with pytest.raises(tw.InputError, match="vectors of 3 and of 24 dimensions"):
        tw.nearest(other, Parts(table, CUTS))
    with pytest.raises(tw.InputError, match="vectors of 24 and of 3 dimensions"):
        tw.nearest(Parts(table, CUTS), other)
    both = Parts(pd.concat([table, other.assign(video_id="other")]), [100, len(table)])
    for job in ("near_duplicates", "pairs_by_cells", "cluster"):
        with pytest.raises(tw.InputError, match=r"vectors of .*3\b.* dimensions"):
            JOBS[job](both)


def test_another_call_or_other_rows_do_not_reuse_files(table: pd.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    with pytest.raises(Interrupted):
        tw.near_duplicates(Parts(table, CUTS, Interrupting(after=2), work=folder))
    other = table.assign(start_sec=table["start_sec"] + 1, end_sec=table["end_sec"] + 1)
    same(tw.near_duplicates(Parts(other, CUTS, work=folder)), tw.near_duplicates(other))
    lower = tw.near_duplicates(Parts(table, CUTS, work=folder), threshold=0.5)
    same(lower, tw.near_duplicates(table, threshold=0.5))
    assert len(list(folder.iterdir())) == 1
    torn = next(folder.rglob("*.npz"))
    assert torn.parent.name == "pairs"


def test_neighbours_of_other_rows_to_be_found_do_not_reuse_files(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    pool = table[100:130]
    whole = pool.assign(embedding_scope=["video"] * 20 + ["clip"] * 10)
    with pytest.raises(Interrupted):
        tw.nearest(Parts(table, CUTS, Interrupting(after=2), work=tmp_path / "work"), pool, k=2)
    found = tw.nearest(Parts(table, CUTS, work=tmp_path / "work"), whole, k=2)
    same(found, tw.nearest(table, whole, k=2))


def test_torn_files_are_done_again(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        tw.nearest(Parts(table, CUTS, Interrupting(after=3), work=tmp_path / "work"), k=4)
    files = sorted((tmp_path / "work").rglob("*.npz"))
    for file, left in zip(files, (0, 3, 40), strict=True):
        file.write_bytes(file.read_bytes()[:left])
    same(tw.nearest(Parts(table, CUTS, work=tmp_path / "work"), k=4), tw.nearest(table, k=4))


def test_files_of_another_release_are_not_reused(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        tw.nearest(Parts(table, CUTS, Interrupting(after=3), work=tmp_path / "work"))
    monkeypatch.setattr("twlab.archive.in_pieces.checkpoints.__version__", "0.0.1")
    again = Interrupting(after=-1)
    tw.nearest(Parts(table, CUTS, again, work=tmp_path / "work"))
    assert again.done == len(pieces.join_fragments(Parts(table, CUTS)))


def test_a_folder_that_another_program_takes_away_is_made_again(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, gone = os.replace, []

    def taken_away(aside: Path, file: Path) -> None:
        if not gone:
            gone.append(file)
            shutil.rmtree(file.parent)
        replace(aside, file)

    monkeypatch.setattr(os, "replace", taken_away)
    same(tw.novelty(Parts(table, CUTS, work=tmp_path / "work")), tw.novelty(table))
    assert gone


def test_a_place_that_cannot_be_written_is_done_without(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.warns(tw.TwlabWarning, match="nothing can be kept in .* starts from the beginning"):
        found = tw.nearest(Parts(table, CUTS, work=tmp_path / "file" / "work"), k=4)
    same(found, tw.nearest(table, k=4))


def test_a_full_disk_is_told_and_what_is_done_stays(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Interrupted):
        tw.nearest(Parts(table, CUTS, Interrupting(after=2), work=tmp_path / "work"))
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(tw.TwlabError, match=r"No space left on device.*; make room"):
            tw.nearest(Parts(table, CUTS, work=tmp_path / "work"))
    left = [path.suffix for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert left == [".npz"] * 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, t, to: tw.distributed.near_duplicates(t), "segments is a DataFrame; a store"),
        (lambda s, t, to: tw.distributed.nearest(t, t), "segments is a DataFrame; a store"),
        (lambda s, t, to: tw.distributed.write_nearest(t, to), "segments is a DataFrame; a store"),
        (lambda s, t, to: tw.distributed.write_nearest(s, None), "folder is None; the path"),
        (lambda s, t, to: tw.distributed.write_nearest(s, ""), "folder is ''; the path"),
        (lambda s, t, to: tw.cosine_similarity(s, 5), r"the matrix has shape \(\)"),
        (lambda s, t, to: tw.scenes(s, n_scenes={"v0": 2, 1: 2}), "n_scenes names 1, which is no"),
        (
            lambda s, t, to: tw.distributed.write_nearest(t.set_index(["a", "b"]), to, s),
            "row labels of one kind were expected",
        ),
    ],
)
def test_what_no_job_can_take_is_told(
    call: Any, message: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    labelled = table.assign(a=table["video_id"], b=table["start_sec"])
    with pytest.raises(tw.InputError, match=message):
        call(Parts(table, CUTS), labelled, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_kmeans_finds_as_many_groups_as_asked_among_copies(rng: np.random.Generator) -> None:
    matrix = np.tile(rng.normal(size=8), (2000, 1))
    matrix[100::200] = rng.normal(size=(10, 8))  # a sample of 400 rows has two of them or three
    copies = archives.table_of(matrix)
    found = tw.cluster(copies, 8, method="kmeans")
    assert found.nunique() == 8
    same(tw.cluster(Parts(copies, [500, 900]), 8, method="kmeans"), found)
