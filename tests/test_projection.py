"""Maps of segments: against scikit-learn, with a floor of quality, and in what must not matter."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import projection
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as reference

import twlab as tw

pytestmark = pytest.mark.numbers

METHODS = ("tsne", "pca", pytest.param("umap", marks=pytest.mark.slow))  # umap compiles first


def unit(matrix: Any) -> np.ndarray:
    matrix = np.asarray(matrix, float)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def film(matrix: Any) -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": "a", "start_sec": np.arange(n) * 6.0}, index=range(n))
    return tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), matrix)


def blobs(n: int = 60, d: int = 12) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.asarray(np.eye(d)[np.arange(n) % 4] + rng.normal(scale=0.1, size=(n, d)))


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (5, 2), (30, 30)])
@pytest.mark.parametrize("n_components", [2, 3])
def test_pca_equals_scikit_learn(
    rng: np.random.Generator, shape: tuple[int, int], n_components: Any
) -> None:
    matrix = rng.normal(size=shape)
    found = tw.project(matrix, method="pca", n_components=n_components)
    kept = min(n_components, *shape)
    expected = PCA(kept, svd_solver="full").fit_transform(unit(matrix))
    np.testing.assert_allclose(np.abs(found[:, :kept]), np.abs(expected), atol=1e-5)
    assert (found[:, kept:] == 0).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_components", [2, 3])
def test_a_table_gives_columns(method: Any, n_components: Any) -> None:
    table = film(blobs()).set_axis([f"s{k}" for k in range(60)])
    coords = tw.project(table, method=method, n_components=n_components)
    assert coords.columns.tolist() == list("xyz")[:n_components]
    assert coords.index.equals(table.index)
    assert (coords.dtypes == np.float64).all()
    again = tw.project(blobs(), method=method, n_components=n_components)
    np.testing.assert_array_equal(coords, again)


@pytest.mark.parametrize("method", METHODS)
def test_row_order_and_length_do_not_matter(method: Any, rng: np.random.Generator) -> None:
    table = film(blobs())
    coords = tw.project(table, method=method)
    shuffled = tw.project(table.sample(frac=1, random_state=4), method=method)
    pd.testing.assert_frame_equal(shuffled.sort_index(), coords)
    doubled = tw.with_vectors(table, tw.vectors(table) * 2)
    pd.testing.assert_frame_equal(tw.project(doubled, method=method), coords)


@pytest.mark.parametrize(
    ("method", "floor"),
    [("tsne", 0.87), ("pca", 0.8), pytest.param("umap", 0.85, marks=pytest.mark.slow)],
)
def test_neighbours_on_the_film_are_kept(method: Any, floor: float) -> None:
    segments = tw.sample()
    assert tw.trustworthiness(segments, tw.project(segments, method=method)) > floor


@pytest.mark.parametrize("method", METHODS)
def test_groups_lie_apart(method: Any) -> None:
    coords = tw.project(blobs(), method=method)
    group = np.arange(60) % 4
    centres = np.array([coords[group == k].mean(axis=0) for k in range(4)])
    distance = np.linalg.norm(coords[:, None] - centres, axis=2)
    assert (distance.argmin(axis=1) == group).mean() > 0.95


def longest_gap(points: Any) -> float:
    """The longest edge of the shortest tree over the points, as a share of their extent."""
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    far = squareform(pdist(np.asarray(points)))
    return float(minimum_spanning_tree(far).toarray().max() / far.max())


def test_one_topic_is_one_cloud_and_groups_are_several() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        topic = rng.normal(size=64) + 0.7 * rng.normal(size=(90, 64))
        assert longest_gap(tw.project(film(topic))) < 0.2
        groups = rng.normal(size=(3, 64))[np.arange(90) % 3] + 0.2 * rng.normal(size=(90, 64))
        assert longest_gap(tw.project(film(groups))) > 0.25


def test_a_map_drawn_by_lot_is_half_trustworthy() -> None:
    rng, k = np.random.default_rng(4), 15
    for n in (40, 120):
        rows = film(rng.normal(size=(n, 32)))
        lot = [tw.trustworthiness(rows, rng.normal(size=(n, 2))) for _ in range(20)]
        expected = 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))  # of ranks by lot
        assert abs(np.mean(lot) - expected) < 0.015
        assert abs(expected - 0.5) < 0.05


@pytest.mark.filterwarnings("ignore:.* has no rows")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 6, 16])
def test_tiny_and_equal(method: Any, n: int, rng: np.random.Generator) -> None:
    found = tw.project(film(rng.normal(size=(n, 4))), method=method)
    assert found.shape == (n, 2)
    assert np.isfinite(found.to_numpy()).all()
    equal = tw.project(film(np.ones((n, 4))), method=method)
    np.testing.assert_allclose(equal, 0, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_few_different_rows(method: Any) -> None:
    coords = tw.project(np.eye(3)[[0, 1] * 12], method=method)
    assert np.isfinite(coords).all()
    assert len(np.unique(coords.round(3), axis=0)) >= 2


@pytest.mark.parametrize("method", METHODS)
def test_one_number_per_vector(method: Any) -> None:
    assert np.isfinite(
        tw.project(np.array([[1.0], [-1], [2], [-2], [1], [1]]), method=method)
    ).all()


@pytest.mark.parametrize("method", METHODS)
def test_whole_videos_and_zeros_are_not_on_the_map(method: Any) -> None:
    matrix = blobs(20)
    extra = np.vstack([matrix, np.zeros((1, 12)), matrix.mean(axis=0, keepdims=True)])
    table = film(extra).assign(embedding_scope=["clip"] * 21 + ["video"])
    with pytest.warns(tw.TwlabWarning, match="1 of 22 vectors are all zeros") as caught:
        coords = tw.project(table, method=method)
    assert {warning.filename for warning in caught} == {__file__}
    assert coords.isna().all(axis=1).tolist() == [False] * 20 + [True] * 2
    np.testing.assert_array_equal(coords.iloc[:20], tw.project(matrix, method=method))


def test_arguments_out_of_range(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="method is 't-sne'; one of 'tsne', 'pca', 'umap'"):
        tw.project(segments, method="t-sne")  # type: ignore[arg-type]
    for count in (0, 1, 4):
        with pytest.raises(tw.InputError, match=f"n_components is {count}; 2 or 3"):
            tw.project(segments, n_components=count)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"n_components is 2.0; a whole number"):
        tw.project(segments, n_components=2.0)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="random_state is -3"):
        tw.project(segments, random_state=-3)
    with pytest.raises(tw.InputError, match="embedding options"):
        tw.project(segments.assign(embedding_option=["audio"] + ["visual"] * 14))
    with pytest.raises(tw.InputError, match="models 'a', 'b'"):
        tw.project(segments.assign(model_name=["a"] + ["b"] * 14))


def test_umap_missing(segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[umap\]'"):
        tw.project(segments, method="umap")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(9, 40), k=st.integers(1, 4))
def test_trustworthiness_equals_scikit_learn(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, coords = rng.normal(size=(n, 5)), rng.normal(size=(n, 2))
    expected = reference(matrix, coords, n_neighbors=k, metric="cosine")
    assert tw.trustworthiness(matrix, coords, k=k) == pytest.approx(expected)


def test_trustworthiness_in_blocks(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, coords = rng.normal(size=(50, 5)), rng.normal(size=(50, 3))
    whole = tw.trustworthiness(matrix, coords)
    monkeypatch.setattr(projection, "BLOCK_CELLS", 8 * 50 * 7)
    assert tw.trustworthiness(matrix, coords) == whole


def test_trustworthiness_leaves_rows_off_the_map_out(segments: pd.DataFrame) -> None:
    mixed = segments.assign(embedding_scope=["video"] + ["clip"] * 14)
    coords = tw.project(mixed, method="pca")
    score = tw.trustworthiness(mixed, coords, k=3)
    rest = tw.trustworthiness(segments.iloc[1:], coords.iloc[1:], k=3)
    assert score == pytest.approx(rest)


def test_coordinates_follow_the_index(segments: pd.DataFrame) -> None:
    coords = tw.project(segments, method="pca")
    score = tw.trustworthiness(segments, coords, k=3)
    assert tw.trustworthiness(segments, coords.iloc[::-1], k=3) == score
    assert tw.trustworthiness(segments, coords.to_numpy(), k=3) == score


def test_equal_rows_are_perfectly_mapped() -> None:
    assert tw.trustworthiness(np.ones((12, 3)), np.random.default_rng(0).normal(size=(12, 2)),
                              k=3) == 1  # fmt: skip


def test_coordinates_that_do_not_fit(segments: pd.DataFrame) -> None:
    coords = tw.project(segments, method="pca")
    with pytest.raises(tw.InputError, match="coords has 14 entries for 15 rows"):
        tw.trustworthiness(segments, coords.iloc[1:])
    with pytest.raises(tw.InputError, match="coords has a different index from the table"):
        tw.trustworthiness(segments, coords.set_axis(range(100, 115)))
    with pytest.raises(tw.InputError, match=r"coords is a ndarray of shape \(15,\)"):
        tw.trustworthiness(segments, np.zeros(15))
    with pytest.raises(tw.InputError, match=r"coords is a list of shape \(15,\)"):
        tw.trustworthiness(segments, ["a"] * 15)
    with pytest.raises(tw.InputError, match="coords is a int; one value for each"):
        tw.trustworthiness(segments, 3)
    with pytest.raises(tw.InputError, match=r"k is 15 for 15 rows.*k=7"):
        tw.trustworthiness(segments, coords, k=15)
    with pytest.raises(tw.InputError, match="k is 0 for 15 rows"):
        tw.trustworthiness(segments, coords, k=0)
    with pytest.raises(tw.InputError, match=r"k is 1 for 1 rows.*use more rows"):
        tw.trustworthiness(segments.iloc[:1], coords.iloc[:1], k=1)


@pytest.mark.parametrize("n", [5, 6, 9, 15, 30, 31, 40])
def test_a_map_of_few_rows_is_judged_by_default(n: int, rng: np.random.Generator) -> None:
    rows = film(rng.normal(size=(n, 8)))
    coords = tw.project(rows)
    found = tw.trustworthiness(rows, coords)
    assert found == tw.trustworthiness(rows, coords, k=min(15, (n - 1) // 2))
    assert 0 <= found <= 1
    with pytest.raises(tw.InputError, match=r"2 rows on the map; .* use more rows"):
        tw.trustworthiness(rows[:2], coords[:2])


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize("scales", [False, True])
def test_equal_rows_lie_on_one_spot(method: Any, scales: bool) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(80, 512))
    matrix[:60] = matrix[0]
    if scales:  # the same direction, and so the same but for rounding
        matrix *= rng.uniform(0.1, 9, size=(80, 1))
    order = rng.permutation(80)
    coords = np.empty((80, 2))
    coords[order] = tw.project(matrix[order], method=method)
    assert np.ptp(coords[:60], axis=0).max() == 0
    assert np.linalg.norm(coords[60:] - coords[0], axis=1).min() > 0.01 * np.ptp(coords)
    alone = tw.project(matrix[[0, *range(60, 80)]], method=method)
    assert np.ptp(alone) > 0


def test_rows_that_differ_a_little_have_their_own_spots() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=512) + 0.02 * rng.normal(size=(40, 512))
    assert len(np.unique(np.asarray(tw.project(matrix)).round(9), axis=0)) == 40


def test_a_map_that_takes_seconds_shows_progress(
    rng: np.random.Generator, bars: list[dict[str, Any]]
) -> None:
    tw.project(rng.normal(size=(100, 8)))
    (shown,) = (bar for bar in bars if bar["desc"] == "map")
    assert shown["delay"] == 1
    assert not shown.get("disable")


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    tw.trustworthiness(segments, tw.project(segments), k=3)
    pd.testing.assert_frame_equal(segments, before)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
def test_a_map_of_few_rows_is_that_of_the_different_ones(n: int) -> None:
    matrix = np.random.default_rng(n).normal(size=(n, 6))
    once = np.asarray(tw.project(matrix))
    for again in (np.r_[matrix, matrix], np.r_[matrix, matrix[:1]]):
        np.testing.assert_allclose(np.asarray(tw.project(again))[:n], once, rtol=1e-4, atol=1e-6)
