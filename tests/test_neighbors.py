"""Nearest rows and near-duplicates: against a full stable sort, ties included."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import exact, nearest, similarity
from insides import segments as segments_module

import twlab as tw

pytestmark = pytest.mark.numbers

few_directions = st.tuples(st.integers(1, 600), st.integers(1, 4), st.integers(0, 10**6))


def sorted_out(similarity: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def drawn(n: int, d: int, seed: int) -> np.ndarray:
    """Rows of small whole numbers, so that many are equally alike."""
    return np.random.default_rng(seed).integers(1, 4, size=(n, d)).astype(float)


@settings(max_examples=80, deadline=None)
@given(pool=few_directions, n=st.integers(1, 9), k=st.integers(1, 12))
def test_equals_a_stable_sort(pool: tuple[int, int, int], n: int, k: int) -> None:
    to = drawn(*pool)
    queries = drawn(n, to.shape[1], pool[2] + 1)
    indices, similarities = tw.nearest(queries, to, k=k)
    full = tw.cosine_similarity(queries, to)
    expected = sorted_out(full, k)
    assert (indices == expected).all()
    np.testing.assert_array_equal(similarities, np.take_along_axis(full, expected, axis=1))


@settings(max_examples=40, deadline=None)
@given(rows=few_directions, k=st.integers(1, 12))
def test_among_themselves_without_themselves(rows: tuple[int, int, int], k: int) -> None:
    matrix = drawn(*rows)
    indices, _ = tw.nearest(matrix, k=k)
    full = tw.cosine_similarity(matrix)
    np.fill_diagonal(full, -2)
    assert (indices == sorted_out(full, min(k, len(matrix) - 1))).all()


def test_many_columns_of_real_numbers(rng: np.random.Generator) -> None:
    queries, to = rng.normal(size=(70, 9)), rng.normal(size=(6000, 9))
    indices, _ = tw.nearest(queries, to, k=7)
    assert (indices == sorted_out(tw.cosine_similarity(queries, to), 7)).all()


def test_blocks_change_nothing(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = rng.integers(1, 5, size=(101, 3))
    whole = tw.nearest(matrix, k=4)
    pairs = tw.near_duplicates(matrix, threshold=0.99)
    monkeypatch.setattr(exact, "BLOCK_CELLS", 1000)
    np.testing.assert_array_equal(whole, tw.nearest(matrix, k=4))
    for before, after in zip(pairs, tw.near_duplicates(matrix, threshold=0.99), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("d", [3, 16, 128, 512])
def test_a_cosine_is_the_same_in_any_block(rng: np.random.Generator, d: int) -> None:
    unit = rng.normal(size=(700, d)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    whole = np.empty((700, 700), np.float32)
    similarity.dot_rows(unit, unit, whole)
    for rows, columns in [(1, 1), (1, 693), (2, 3), (5, 690), (31, 33), (64, 64), (300, 2)]:
        block = np.empty((rows, columns), np.float32)
        similarity.dot_rows(unit[90 : 90 + rows], unit[7 : 7 + columns], block)
        np.testing.assert_array_equal(block, whole[90 : 90 + rows, 7 : 7 + columns])


def all_but_alike(rng: np.random.Generator, copies: int) -> np.ndarray:
    """Rows in groups whose products differ by less than float32 sums are off."""
    centres = np.repeat(rng.normal(size=(90, 256)), 8, axis=0)
    near = centres + 10.0 ** rng.uniform(-8, -3, size=(720, 1)) * rng.normal(size=(720, 256))
    return np.concatenate([near] * copies)[rng.permutation(720 * copies)]


@pytest.mark.parametrize("copies", [1, 2])
def test_rows_all_but_alike_rank_by_their_cosine(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    matrix = all_but_alike(rng, copies)
    full = tw.cosine_similarity(matrix, matrix)
    np.fill_diagonal(full, -2)
    monkeypatch.setattr(exact, "BLOCK_CELLS", 2**18)
    for k in (3, 9):
        indices, similarities = tw.nearest(matrix, k=k)
        assert (indices == sorted_out(full, k)).all()
        np.testing.assert_array_equal(similarities, np.take_along_axis(full, indices, axis=1))


def test_no_more_pairs_are_picked_out_than_all_are_worth(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "blas_error", lambda d: 1e-5)
    n_picked, pick = [0], exact.dot_each

    def counted(left: Any, right: Any, columns: np.ndarray) -> np.ndarray:
        n_picked[0] += columns.size
        return pick(left, right, columns)

    monkeypatch.setattr(exact, "dot_each", counted)
    matrix = rng.normal(size=(200, 16))
    for k in (3, 10, 50, 199):
        n_picked[0] = 0
        tw.nearest(matrix, k=k)
        assert n_picked[0] == (200 * (3 + exact.SPARE) if k == 3 else 0)


def test_of_many_copies_the_first_are_nearest() -> None:
    indices, similarities = tw.nearest(np.ones((1500, 5)), k=4)
    assert indices[:6].tolist() == [[i for i in range(5) if i != q][:4] for q in range(6)]
    assert (indices[6:] == np.arange(4)).all()
    assert (similarities == similarities[0, 0]).all()


def test_copies_met_later_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "BLOCK_CELLS", 2**16)
    n_looked_into, fold = [0], exact.fold_keys

    def counted(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        n_looked_into[0] += values.size
        return fold(values, positions)

    monkeypatch.setattr("twlab.analysis.neighbors.topmost.fold_keys", counted)
    # Whole numbers, whose products no order of sums changes.
    indices, _ = tw.nearest(np.eye(2)[np.arange(1_000) % 2], k=3)
    assert indices[-1].tolist() == [1, 3, 5]
    assert n_looked_into[0] < 1_000**2 / 8


def test_of_any_sign_rows_rank_by_value_then_position(rng: np.random.Generator) -> None:
    matrix = 2 * rng.integers(-1, 2, size=(300, 4)) + 1
    full = tw.cosine_similarity(matrix[:40], matrix)
    assert (full < 0).any()
    assert (full == 0).any()
    indices, similarities = tw.nearest(matrix[:40], matrix, k=300)
    assert (indices == sorted_out(full, 300)).all()
    np.testing.assert_array_equal(similarities, -np.sort(-full, axis=1))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of x86 processors")
@pytest.mark.parametrize("processor", ["Haswell", "Nehalem", "Prescott"])
def test_so_it_is_on_another_processor(processor: str) -> None:
    # OpenBLAS has routines for each; those of Haswell serve AMD's too, and sum by place; those of
    # Prescott serve processors that it does not know yet.
    chosen = {**os.environ, "OPENBLAS_CORETYPE": processor, "PYTEST_ADDOPTS": ""}
    plain = (
        "import numpy\nfor kind in 'fd': a = numpy.ones((700, 512), kind); a @ a.T; a @ a[:300].T"
    )
    if subprocess.run([sys.executable, "-c", plain], env=chosen, check=False).returncode < 0:
        # Seen where a virtual machine tells a size of the cache that OpenBLAS takes as it is.
        pytest.skip("NumPy alone dies of these routines on this machine")
    names = [
        "test_a_cosine_is_the_same_in_any_block",
        "test_rows_all_but_alike_rank_by_their_cosine",
        "test_pairs_have_the_cosines_of_the_matrix",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(f"{__file__}::{name}" for name in names)],
        env=chosen,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "8 passed" in ran.stdout


@settings(max_examples=40, deadline=None)
@given(rows=few_directions, k=st.integers(1, 12), cut=st.integers(0, 600))
def test_the_best_of_two_blocks_are_the_best(rows: tuple[int, int, int], k: int, cut: int) -> None:
    unit = segments_module.unit_vectors(drawn(*rows))
    every = np.arange(len(unit))
    whole = exact.best_rows(unit, unit, every, k, own=False)
    blocks = (unit[:cut], unit[cut:])
    one, (found, values) = (
        exact.best_rows(unit, block, every[: len(block)], k, own=False) for block in blocks
    )
    merged = exact.merge_best(one, (np.where(found >= 0, found + cut, -1), values), k)
    for expected, here in zip(whole, merged, strict=True):
        np.testing.assert_array_equal(expected, here)


def test_a_table_gives_a_table(segments: pd.DataFrame) -> None:
    named = segments.set_axis([f"s{k}" for k in segments.index])
    hits = tw.nearest(named, k=2)
    assert hits.columns.tolist() == [
        "query",
        "rank",
        "match",
        "cosine_similarity",
        "video_id",
        "start_sec",
        "end_sec",
    ]
    assert hits["query"].tolist() == np.repeat(named.index, 2).tolist()
    assert hits["rank"].tolist() == [1, 2] * 15
    assert (hits["query"] != hits["match"]).all()
    places = named.loc[hits["match"], ["video_id", "start_sec", "end_sec"]]
    np.testing.assert_array_equal(places, hits[["video_id", "start_sec", "end_sec"]])
    indices, similarities = tw.nearest(tw.vectors(segments), k=2)
    assert hits["match"].tolist() == [f"s{k}" for k in indices.ravel()]
    np.testing.assert_array_equal(hits["cosine_similarity"], similarities.ravel())


def test_a_query_of_numbers_against_a_table(segments: pd.DataFrame) -> None:
    hits = tw.nearest(tw.vectors(segments)[[4]] * 3, segments, k=1)
    assert hits[["query", "rank", "match"]].to_numpy().tolist() == [[0, 1, 4]]
    assert hits["cosine_similarity"][0] == pytest.approx(1)


@pytest.mark.parametrize("shape", ["duplicate labels", "several levels"])
def test_any_index(segments: pd.DataFrame, shape: str) -> None:
    if shape == "several levels":
        other = segments.set_index(["video_id", "start_sec"])
    else:
        other = segments.set_axis([0] * 15)
    hits = tw.nearest(other, k=1)
    labels = other.index.to_flat_index()
    plain = tw.nearest(segments, k=1)
    assert hits["match"].tolist() == [labels[k] for k in plain["match"]]


def test_row_order_does_not_matter(segments: pd.DataFrame) -> None:
    shuffled = tw.nearest(segments.sample(frac=1, random_state=1), k=3)
    again = shuffled.sort_values(["query", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(again, tw.nearest(segments, k=3), rtol=1e-5)


def test_whole_videos_ask_but_are_not_found(segments: pd.DataFrame) -> None:
    scope = ["video"] + ["clip"] * 14
    mixed = segments.assign(embedding_scope=scope)
    hits = tw.nearest(mixed, k=14)
    assert 0 not in set(hits["match"])
    assert (hits["query"] == 0).sum() == 14
    assert (hits["query"] == 1).sum() == 13
    only = segments.assign(embedding_scope="video")
    assert len(tw.nearest(only, k=3)) == 45


def test_zero_vectors_neither_ask_nor_are_found() -> None:
    matrix = np.array([[1.0, 0], [0, 0], [1, 1]])
    with pytest.warns(tw.TwlabWarning):
        indices, similarities = tw.nearest(matrix, k=5)
    assert indices.tolist() == [[2], [-1], [0]]
    assert np.isnan(similarities[1]).all()
    rows = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 1, 2], "end_sec": [1.0, 2, 3]})
    with pytest.warns(tw.TwlabWarning):
        hits = tw.nearest(tw.with_vectors(rows, matrix))
    assert hits["query"].tolist() == [0, 2]


def test_opposite_vectors_are_still_found() -> None:
    indices, similarities = tw.nearest([[1.0, 0]], [[-1.0, 0], [-1, 1]], k=2)
    assert indices.tolist() == [[1, 0]]
    assert similarities[0, 1] == -1


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_empty_and_single(segments: pd.DataFrame) -> None:
    assert len(tw.nearest(segments.iloc[:0])) == 0
    assert len(tw.nearest(segments.iloc[:1])) == 0
    assert tw.nearest(segments.iloc[:0]).columns.tolist()[:2] == ["query", "rank"]
    assert len(tw.nearest(segments, segments.iloc[:0])) == 0
    indices, _ = tw.nearest(np.eye(3), np.empty((0, 3)))
    assert indices.shape == (3, 0)
    assert len(tw.near_duplicates(segments.iloc[:0])) == 0
    assert len(tw.near_duplicates(segments.iloc[:1])) == 0


@pytest.mark.parametrize("k", [0, -1, 2.5, None, "3", True])
def test_k_must_be_a_count(segments: pd.DataFrame, k: Any) -> None:
    with pytest.raises(tw.InputError, match=r"k is .*; a whole number of neighbours, 1 or more"):
        tw.nearest(segments, k=k)


def test_two_sides_must_fit(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="vectors of 16 and of 3 dimensions"):
        tw.nearest(segments, np.eye(3))
    with pytest.raises(tw.InputError, match="models 'test' and 'x'"):
        tw.nearest(segments, segments.assign(model_name="x"))
    mixed = segments.assign(embedding_option=["audio"] + ["visual"] * 14)
    with pytest.raises(tw.InputError, match="embedding options"):
        tw.nearest(segments, mixed)
    with pytest.raises(tw.InputError, match="embedding options"):
        tw.near_duplicates(mixed)


@settings(max_examples=60, deadline=None)
@given(rows=few_directions, threshold=st.floats(0.5, 1))
def test_pairs_equal_the_upper_triangle(rows: tuple[int, int, int], threshold: float) -> None:
    matrix = drawn(min(rows[0], 60), rows[1], rows[2])
    pairs, similarities = tw.near_duplicates(matrix, threshold=threshold)
    full = np.triu(tw.cosine_similarity(matrix), 1)
    expected = np.argwhere(np.triu(full >= threshold - 1e-6, 1))
    assert set(map(tuple, pairs.tolist())) == set(map(tuple, expected.tolist()))
    assert (np.diff(similarities) <= 0).all()
    np.testing.assert_allclose(similarities, full[tuple(pairs.T)], atol=1e-6)
    ties = np.diff(similarities) == 0
    assert (np.diff(pairs @ [len(matrix), 1])[ties] > 0).all()


@pytest.mark.parametrize("share", [0.001, 0.3])
def test_pairs_have_the_cosines_of_the_matrix(share: float, rng: np.random.Generator) -> None:
    full = np.triu(tw.cosine_similarity(matrix := rng.normal(size=(700, 512))), 1)
    upper = full[np.triu_indices(700, 1)]
    threshold = float(np.quantile(upper, 1 - share, method="nearest"))  # just reached by one
    pairs, similarities = tw.near_duplicates(matrix, threshold=threshold)
    assert len(pairs) == (upper >= threshold - 1e-6).sum()
    np.testing.assert_array_equal(similarities, full[tuple(pairs.T)])


def test_exact_copies_at_threshold_one(rng: np.random.Generator) -> None:
    row = rng.normal(size=(1, 640))
    pairs, similarities = tw.near_duplicates(np.vstack([row, row * 3, row * 0.1]), threshold=1)
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert similarities.max() <= 1


def same_everywhere(video: list[str], start: list[float], length: float) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": video, "start_sec": np.array(start, float)})
    rows["end_sec"] = rows["start_sec"] + length
    return tw.with_vectors(rows, np.ones((len(rows), 2)))


def test_the_gap_counts_within_a_video_only() -> None:
    table = same_everywhere(["a", "a", "a", "b"], [0, 3, 6, 0], 6)
    table.index = list("wxyz")
    pairs = tw.near_duplicates(table)
    assert {*zip(pairs["a"], pairs["b"], strict=True)} == {
        ("w", "y"),
        ("w", "z"),
        ("x", "z"),
        ("y", "z"),
    }
    far = tw.near_duplicates(table, min_gap_sec=1)
    assert {*zip(far["a"], far["b"], strict=True)} == {("w", "z"), ("x", "z"), ("y", "z")}
    assert far["video_id_a"].tolist() == ["a"] * 3
    assert far["start_sec_b"].tolist() == [0] * 3


def test_rows_without_time_may_pair() -> None:
    table = same_everywhere(["a", "a"], [np.nan, 3], 6)
    assert len(tw.near_duplicates(table, min_gap_sec=100)) == 1


def test_whole_videos_and_zeros_do_not_pair() -> None:
    table = same_everywhere(list("abcd"), [0, 0, 0, 0], 6)
    table["embedding_scope"] = ["video", "clip", "clip", "clip"]
    matrix = np.ones((4, 2))
    matrix[3] = 0
    with pytest.warns(tw.TwlabWarning):
        pairs = tw.near_duplicates(tw.with_vectors(table, matrix))
    assert pairs[["a", "b"]].to_numpy().tolist() == [[1, 2]]


def test_an_explosion_of_pairs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_PAIRS", 100)
    with pytest.raises(tw.InputError, match=r"more than 100 pairs are 0\.95 alike"):
        tw.near_duplicates(np.ones((20, 2)))
    monkeypatch.setattr(nearest, "MANY_IN_MEMORY", 0)  # no cell has too many of its own
    with pytest.raises(tw.InputError, match=r"more than 100 pairs are 0\.95 alike"):
        tw.near_duplicates(np.repeat(np.eye(20), 4, axis=0))


@pytest.mark.parametrize("threshold", [-1, 1.01, np.nan, "0.9", None])
def test_thresholds_out_of_range(segments: pd.DataFrame, threshold: Any) -> None:
    with pytest.raises(tw.InputError, match="threshold is"):
        tw.near_duplicates(segments, threshold=threshold)


@pytest.mark.parametrize("gap", [-1, np.nan, np.inf, "1"])
def test_gaps_out_of_range(segments: pd.DataFrame, gap: Any) -> None:
    with pytest.raises(tw.InputError, match="min_gap_sec is"):
        tw.near_duplicates(segments, min_gap_sec=gap)


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    tw.nearest(segments)
    tw.near_duplicates(segments, threshold=0.1)
    pd.testing.assert_frame_equal(segments, before)


def films(rng: np.random.Generator, lengths: list[int]) -> pd.DataFrame:
    """Rows of several videos in a mixed order, many equally alike."""
    video = np.repeat([f"v{k}" for k in range(len(lengths))], lengths)
    start = np.concatenate([np.arange(n) * 2.0 for n in lengths])
    rows = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 2})
    rows = tw.with_vectors(rows, rng.integers(1, 4, size=(len(rows), 3)))
    return rows.sample(frac=1, random_state=1)


@pytest.mark.parametrize("lengths", [[1], [7], [4, 1, 9], [300, 2, 260, 40]])
@pytest.mark.parametrize("videos", ["other", "same"])
def test_neighbours_of_other_or_the_same_videos(
    rng: np.random.Generator, lengths: list[int], videos: Any
) -> None:
    rows = films(rng, lengths)
    full = tw.cosine_similarity(rows)
    np.fill_diagonal(full, np.nan)
    name = rows["video_id"].to_numpy()
    agree = name[:, None] == name
    full[agree != (videos == "same")] = np.nan
    found = tw.nearest(rows, k=5, videos=videos)
    expected = np.argsort(-full, axis=1, kind="stable")[:, :5]
    there = np.isfinite(np.take_along_axis(full, expected, axis=1))
    query, place = np.nonzero(there)
    assert found["query"].tolist() == rows.index[query].tolist()
    assert found["match"].tolist() == rows.index[expected[query, place]].tolist()
    assert found["rank"].tolist() == (place + 1).tolist()
    both = tw.nearest(rows, rows, k=5, videos="other") if videos == "other" else found
    pd.testing.assert_frame_equal(found, both)


@pytest.mark.parametrize("videos", ["other", "same"])
@pytest.mark.filterwarnings("ignore:.* are all zeros")
def test_rows_that_take_no_part_move_no_video(rng: np.random.Generator, videos: Any) -> None:
    rows = films(rng, [30, 20, 9])
    found = tw.nearest(rows, k=5, videos=videos)
    blank = tw.with_vectors(rows.iloc[:7].set_axis(range(-7, 0)), np.zeros((7, 3)))
    with_blanks = tw.nearest(pd.concat([blank, rows]), k=5, videos=videos)
    pd.testing.assert_frame_equal(with_blanks, found)


def test_pairs_of_other_or_the_same_videos(rng: np.random.Generator) -> None:
    rows = films(rng, [20, 30, 5])
    anywhere = tw.near_duplicates(rows, threshold=0.9)
    within = anywhere["video_id_a"] == anywhere["video_id_b"]
    assert 0 < within.sum() < len(within)
    for videos, mine in (("same", within), ("other", ~within)):
        found = tw.near_duplicates(rows, threshold=0.9, videos=videos)
        pd.testing.assert_frame_equal(found, anywhere[mine].reset_index(drop=True))
    far = tw.near_duplicates(rows, threshold=0.9, videos="same", min_gap_sec=10)
    assert 0 < len(far) < within.sum()


@pytest.mark.parametrize("find", [tw.nearest, tw.near_duplicates])
def test_videos_need_a_table(find: Any, segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match=r"videos is 'else'; 'any', 'other' or 'same'"):
        find(segments, videos="else")
    with pytest.raises(tw.InputError, match=r"videos is 'other' for a ndarray; a table was"):
        find(np.eye(3), videos="other")
    with pytest.raises(tw.InputError, match=r"no column 'video_id' \(there are: .*add the column"):
        tw.nearest(segments.drop(columns="video_id"), videos="same")
    with pytest.raises(tw.InputError, match="exact is False and videos is 'same'"):
        tw.nearest(segments, videos="same", exact=False)


@pytest.mark.parametrize(
    ("start", "end", "pairs"),
    [
        (99.05, 99.05, 0),  # within
        (96.0, 96.0, 0),  # at the first moment
        (102.0, 102.0, 1),  # after the last one
        (95.0, 95.0, 1),
        (96.0, 102.0, 0),
        (102.0, 108.0, 1),
    ],
)
def test_a_moment_is_no_duplicate_of_what_is_around_it(
    start: float, end: float, pairs: int
) -> None:
    rows = same_everywhere(["a", "a"], [96.0, start], 6.0)
    rows.loc[1, "end_sec"] = end
    for table in (rows, rows[::-1]):
        assert len(tw.near_duplicates(table)) == pairs
    apart = rows.assign(video_id=["a", "b"])
    assert len(tw.near_duplicates(apart)) == 1


def test_two_options_are_not_compared_unsaid(segments: pd.DataFrame) -> None:
    sound = segments.assign(embedding_option="audio")
    with pytest.raises(tw.InputError, match=r"option 'visual' compared with vectors of 'audio'"):
        tw.nearest(segments, sound)
    assert len(tw.nearest(segments, tw.vectors(sound), k=1)) == len(segments)
    unnamed = segments.assign(embedding_option=None)
    assert len(tw.nearest(segments, unnamed, k=1)) == len(segments)
