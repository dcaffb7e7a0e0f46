"""Neighbours by visits to cells, against the comparison of each row with each."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from archives import archive, table_of
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import exact, nearest, pruned, voronoi

import twlab as tw
from twlab.table import scale_rows

pytestmark = pytest.mark.numbers

small = st.tuples(st.integers(1, 300), st.integers(1, 5), st.integers(0, 10**6))


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    return archive(2500, d=48, seed=3)


def drawn(n: int, d: int, seed: int) -> np.ndarray:
    """Unit rows of small whole numbers: many equal, many equally alike."""
    whole = np.random.default_rng(seed).integers(1, 4, size=(n, d)).astype(np.float32)
    return scale_rows(whole)[0]


@pytest.fixture(params=[None, 7])
def bands(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(voronoi, "BAND", request.param)
        monkeypatch.setattr(pruned, "CHUNK", 500)


def test_every_row_is_in_the_cell_of_its_nearest_centre(film: np.ndarray) -> None:
    found = voronoi.divide_in_cells(film)
    cosines = film @ found.centres.T
    np.testing.assert_allclose(found.cosine, cosines.max(axis=1), atol=1e-6)
    rows = [found.rows(cell) for cell in range(len(found.centres))]
    assert np.sort(np.concatenate(rows)).tolist() == list(range(len(film)))
    assert all((found.home[mine] == cell).all() for cell, mine in enumerate(rows))
    np.testing.assert_allclose(np.linalg.norm(found.centres, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("n_centres", [1, 2, 3, 150])
def test_a_near_centre_is_mostly_the_nearest(film: np.ndarray, n_centres: int) -> None:
    centres = np.concatenate([film[:n_centres], film[: n_centres // 2]])  # some are there twice
    rows = np.concatenate([film, np.zeros((1, 48), np.float32)])
    home, cosine = voronoi.near_centres(rows, centres)
    products = rows @ centres.T
    np.testing.assert_allclose(cosine, products[np.arange(len(rows)), home], atol=1e-6)
    assert (cosine >= products.max(axis=1) - 1e-6).mean() > 0.9
    assert len(voronoi.near_centres(rows[:0], centres)[0]) == 0


@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize("threshold", [0.6, 0.95, 1.0])
def test_no_pair_is_missed(film: np.ndarray, threshold: float) -> None:
    rows = np.concatenate([film, film[100:140]])
    expected = exact.best_first(*exact.pairs_above(rows, None, threshold, most=10**7))
    found = exact.best_first(*pruned.close_pairs(rows, exact.Wanted(threshold, 10**7)))
    assert len(expected[0]) >= 40
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=30, deadline=None)
@given(rows=small, threshold=st.floats(-0.9, 1))
def test_pairs_equal_those_of_each_with_each(rows: tuple[int, int, int], threshold: float) -> None:
    unit = drawn(*rows)
    expected = exact.best_first(*exact.pairs_above(unit, None, threshold, most=10**6))
    found = exact.best_first(*pruned.close_pairs(unit, exact.Wanted(threshold, 10**6)))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=30, deadline=None)
@given(rows=small, k=st.integers(1, 12), n=st.integers(0, 9))
def test_with_the_whole_bound_nothing_is_missed(rows: tuple[int, int, int], k: int, n: int) -> None:
    """Ties and all, among themselves and for other rows."""
    pool = drawn(*rows)
    others = drawn(n, pool.shape[1], rows[2] + 1)
    every = np.arange(len(pool))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruned, "SHARES", (1.0,))
        for queries, own in ((pool, True), (others, False)):
            expected = exact.best_rows(queries, pool, every, k, own=own)
            found, recall = pruned.best_in_cells(queries, pool, every, k, own=own)
            assert recall == 1 or not expected[0].size
            for one, other in zip(expected, found, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.once
@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize(("k", "own"), [(1, True), (10, True), (40, True), (10, False)])
def test_the_recall_is_as_promised_and_told(film: np.ndarray, k: int, own: bool) -> None:
    queries = film if own else archive(1500, d=48, seed=4)
    every = np.arange(len(film))
    true = exact.best_rows(queries, film, every, k, own=own)
    (indices, similarities), told = pruned.best_in_cells(queries, film, every, k, own=own)
    recall = (similarities >= true[1].min(axis=1, keepdims=True) - 1e-6).mean()
    assert recall >= 0.975
    assert told >= pruned.LEAST_RECALL
    assert abs(recall - told) < 0.02
    rows, columns = np.nonzero(indices >= 0)
    cosines = np.einsum("ij,ij->i", queries[rows], film[indices[rows, columns]])
    np.testing.assert_allclose(similarities[rows, columns], cosines, atol=2e-6)
    assert not own or (indices != every[:, None]).all()
    assert all(len(set(row)) == len(row) for row in indices.tolist())


def test_the_recall_told_is_that_of_the_rows_drawn(film: np.ndarray) -> None:
    """What is measured on the sample alone is what the whole call gives these rows."""
    every = np.arange(len(film))
    (_, similarities), told = pruned.best_in_cells(film, film, every, 10, own=True)
    lot = np.random.default_rng(0).choice(every, pruned.N_SAMPLED, replace=False)
    true = exact.best_rows(film, film, every, 10, own=True)[1][lot]
    recall = (similarities[lot] >= true.min(axis=1, keepdims=True) - 1e-6).mean()
    assert recall == pytest.approx(told)


def test_twice_the_same(film: np.ndarray) -> None:
    with pytest.warns(tw.TwlabWarning, match="recall"):
        one, other = tw.nearest(film, exact=False), tw.nearest(film, exact=False)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_more_is_looked_at_until_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without any order: a small share of the bound finds too few of their neighbours."""
    noise = scale_rows(np.random.default_rng(0).normal(size=(2000, 48)).astype(np.float32))[0]
    every = np.arange(len(noise))
    assert pruned.best_in_cells(noise, noise, every, 10, own=True)[1] >= pruned.LEAST_RECALL
    monkeypatch.setattr(pruned, "SHARES", pruned.SHARES[:1])
    assert pruned.best_in_cells(noise, noise, every, 10, own=True)[1] < 0.9


def test_a_table_in_part_has_the_form_of_one_in_whole(film: np.ndarray) -> None:
    table = table_of(film).set_axis([f"s{k}" for k in range(len(film))])
    table.loc[["s7", "s8"], "embedding_scope"] = "video"
    with pytest.warns(tw.TwlabWarning, match=r"recall@5 is 0\.9\d+|recall@5 is 1\.000"):
        hits = tw.nearest(table, k=5, exact=False)
    whole = tw.nearest(table, k=5)
    pd.testing.assert_series_equal(hits["query"], whole["query"])
    assert hits.dtypes.tolist() == whole.dtypes.tolist()
    assert not set(hits["match"]) & {"s7", "s8"}
    same = hits.merge(whole, on=["query", "match"])
    assert len(same) > 0.97 * len(whole)
    np.testing.assert_array_equal(same["cosine_similarity_x"], same["cosine_similarity_y"])


@pytest.mark.parametrize("exact", [True, False])
def test_a_row_that_is_not_found_itself_finds_all_others(film: np.ndarray, exact: bool) -> None:
    table = table_of(film[:4]).assign(embedding_scope=["clip", "clip", "clip", "video"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        hits = tw.nearest(table, k=3, exact=exact)
    assert hits.groupby("query").size().tolist() == [2, 2, 2, 3]


def test_zero_vectors_neither_ask_nor_are_found(film: np.ndarray) -> None:
    matrix = film.copy()
    matrix[[5, 77]] = 0
    with pytest.warns(tw.TwlabWarning):
        indices, similarities = tw.nearest(matrix, exact=False)
    assert (indices[[5, 77]] == -1).all()
    assert np.isnan(similarities[[5, 77]]).all()
    assert not np.isin(indices, [5, 77]).any()


def test_equal_rows_and_few_rows() -> None:
    with pytest.warns(tw.TwlabWarning, match="recall@3 is 1.000"):
        indices, similarities = tw.nearest(np.ones((500, 4)), k=3, exact=False)
    assert indices[:5].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert (similarities > 1 - 1e-6).all()
    assert tw.nearest(np.ones((1, 4)), exact=False)[0].shape == (1, 0)
    assert tw.nearest(np.empty((0, 4)), exact=False)[0].shape[0] == 0
    assert tw.nearest(np.eye(3), np.empty((0, 3)), exact=False)[0].shape == (3, 0)


def test_copies_take_no_more_memory(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in one cell, in which all are compared with all."""
    monkeypatch.setattr(pruned, "BLOCK_CELLS", 2**16)
    unit = scale_rows(np.repeat(rng.normal(size=(2, 4)), 5000, axis=0).astype(np.float32))[0]
    every = np.arange(len(unit))
    tracemalloc.start()
    try:
        (indices, _), recall = pruned.best_in_cells(unit, unit, every, 3, own=True)
        assert tracemalloc.get_traced_memory()[1] < 5000 * 5000 * 4
    finally:
        tracemalloc.stop()
    assert recall == 1
    assert indices[[0, 4999, 5000]].tolist() == [[1, 2, 3], [0, 1, 2], [5001, 5002, 5003]]


def test_size_decides_unless_told(film: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_EXACT", len(film) ** 2 - 1)
    with pytest.warns(tw.TwlabWarning, match=r"2,500 among 2,500 .* exact=True"):
        tw.nearest(film, k=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = tw.nearest(film, k=2, exact=True)
        few = tw.nearest(film[:50], film, k=2)
    assert whole[0].shape == (2500, 2)
    assert few[0].shape == (50, 2)


@pytest.mark.parametrize("exact", [1, "yes", 0.5])
def test_exact_is_yes_or_no(film: np.ndarray, exact: object) -> None:
    with pytest.raises(tw.InputError, match=r"exact is .*; True, False or None was expected"):
        tw.nearest(film, exact=exact)  # type: ignore[arg-type]


def test_near_duplicates_of_many_rows_are_the_same(
    film: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(film, clips_of_video=100)
    plain = tw.near_duplicates(table, min_gap_sec=30)
    monkeypatch.setattr(nearest, "MANY_IN_MEMORY", 10)
    pd.testing.assert_frame_equal(tw.near_duplicates(table, min_gap_sec=30), plain)
    assert len(plain) > 300
    monkeypatch.setattr(nearest, "MOST_PAIRS", 300)
    with pytest.raises(tw.InputError, match="more than 300 pairs"):
        tw.near_duplicates(table)


def test_rows_that_resemble_nothing_are_all_compared(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = scale_rows(rng.normal(size=(1200, 64)).astype(np.float32))[0]
    expected = tw.nearest(unit, k=5)
    monkeypatch.setattr(nearest, "MOST_EXACT", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tw.nearest(unit, k=5)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.warns(tw.TwlabWarning, match="recall@5"):
        tw.nearest(unit, k=5, exact=False)


def test_every_row_has_as_many_neighbours_as_asked(
    film: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose cell holds fewer, and no other cell is visited."""
    monkeypatch.setattr(pruned, "SHARES", (0.0,))
    every, k = np.arange(len(film)), 60
    divided = voronoi.divide_in_cells(film, len(film) // (4 * k + 4))
    lone = np.flatnonzero((np.diff(divided.ends) <= k)[divided.home])
    assert len(lone)
    (indices, similarities), _ = pruned.best_in_cells(film, film, every, k, own=True)
    assert (indices >= 0).all()
    expected = exact.best_rows(film, film, every, k, own=True)
    np.testing.assert_array_equal(indices[lone], expected[0][lone])
    np.testing.assert_allclose(similarities[lone], expected[1][lone], atol=1e-6)
