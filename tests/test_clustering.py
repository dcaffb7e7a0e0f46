"""Clusters: against scikit-learn, in what must not matter, and in what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import clustering, communities, partitions
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, silhouette_samples

import twlab as tw
from twlab.table import time_order

pytestmark = pytest.mark.numbers

COUNTED = ("ward", "kmeans", "average", "ward_time")
METHODS = (*COUNTED, "hdbscan")


def unit(matrix: Any) -> np.ndarray:
    matrix = np.asarray(matrix, np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def blobs(sizes: tuple[int, ...] = (12, 9, 7), d: int = 8, seed: int = 0) -> np.ndarray:
    """Tight groups around different axes, one after the other."""
    rng = np.random.default_rng(seed)
    return np.repeat(np.eye(d)[: len(sizes)], sizes, axis=0) + rng.normal(
        scale=0.05, size=(sum(sizes), d)
    )


def film(matrix: Any, video: Any = "a") -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": video, "start_sec": np.arange(n) * 6.0}, index=range(n))
    return tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), matrix)


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_ward_and_average_equal_scikit_learn(rng: np.random.Generator, k: int) -> None:
    matrix = rng.normal(size=(40, 6))
    ward = AgglomerativeClustering(k).fit_predict(unit(matrix))
    assert adjusted_rand_score(ward, tw.cluster(matrix, k)) == 1
    average = AgglomerativeClustering(k, metric="cosine", linkage="average").fit_predict(matrix)
    assert adjusted_rand_score(average, tw.cluster(matrix, k, method="average")) == 1


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_ward_time_equals_scikit_learn_on_a_chain(rng: np.random.Generator, k: int) -> None:
    matrix = rng.normal(size=(40, 6)).cumsum(axis=0)
    chain = np.eye(40, k=1) + np.eye(40, k=-1)
    expected = AgglomerativeClustering(k, connectivity=chain).fit_predict(unit(matrix))
    assert adjusted_rand_score(expected, tw.cluster(matrix, k, method="ward_time")) == 1


@pytest.mark.parametrize("method", METHODS)
def test_plain_groups_are_found_and_counted(method: Any) -> None:
    labels = tw.cluster(blobs(), method=method)
    assert labels.tolist() == [0] * 12 + [1] * 9 + [2] * 7


@pytest.mark.parametrize("method", METHODS)
def test_a_table_gives_a_column(segments: pd.DataFrame, method: Any) -> None:
    named = segments.set_axis([f"s{k}" for k in segments.index])
    labels = tw.cluster(named, method=method)
    assert labels.name == "cluster"
    assert labels.dtype == "Int64"
    assert labels.index.equals(named.index)
    assert tw.cluster(named, method=method).equals(labels)
    array = tw.cluster(tw.vectors(segments.iloc[:10]), method=method)
    assert isinstance(array, np.ndarray)
    first = tw.cluster(named.iloc[:10], method=method)
    assert first.fillna(-1).tolist() == array.tolist()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 999), sizes=st.lists(st.integers(2, 9), min_size=1, max_size=4).map(tuple)
)
def test_row_order_and_length_do_not_matter(method: Any, seed: int, sizes: tuple[int, ...]) -> None:
    matrix = blobs(sizes, seed=seed)
    table = film(matrix, ["a", "b"] * (len(matrix) // 2) + ["a"] * (len(matrix) % 2))
    labels = tw.cluster(table, method=method)
    shuffled = table.sample(frac=1, random_state=seed)
    assert tw.cluster(shuffled, method=method).sort_index().equals(labels)
    scale = np.random.default_rng(seed).uniform(0.5, 2, size=(len(matrix), 1))
    again = tw.cluster(tw.with_vectors(table, matrix * scale), method=method)
    assert again.equals(labels)


@pytest.mark.parametrize("method", COUNTED)
def test_numbers_follow_first_appearance(rng: np.random.Generator, method: Any) -> None:
    table = film(rng.normal(size=(30, 5)), ["b"] * 15 + ["a"] * 15)
    labels = tw.cluster(table, 4, method=method)
    assert labels[table.sort_values(["video_id", "start_sec"]).index].unique().tolist() == [
        *range(4)
    ]


def test_ward_time_gives_runs_within_videos(segments: pd.DataFrame) -> None:
    labels = tw.cluster(segments, 5, method="ward_time")
    assert labels.nunique() == 5
    assert labels.tolist() == sorted(labels)
    assert not set(labels[:10]) & set(labels[10:])
    counts = tw.cluster_counts(segments, method="ward_time")
    assert counts["n_clusters"].min() == 2
    with pytest.raises(tw.InputError, match=r"n_clusters is 1 for .* 2 videos.* from 2 to 15"):
        tw.cluster(segments, 1, method="ward_time")


def test_kmeans_is_as_good_as_ward_on_the_sphere(rng: np.random.Generator) -> None:
    matrix = unit(rng.normal(size=(200, 6)))

    def inertia(labels: Any) -> float:
        return sum(np.linalg.norm(matrix[labels == k].sum(axis=0)) for k in range(5))

    assert inertia(tw.cluster(matrix, 5, method="kmeans")) > inertia(tw.cluster(matrix, 5))


def test_kmeans_ends_at_the_nearest_centre(rng: np.random.Generator) -> None:
    matrix = unit(rng.normal(size=(80, 5)))
    labels = tw.cluster(matrix, 6, method="kmeans")
    centres = unit([matrix[labels == k].sum(axis=0) for k in range(6)])
    assert (np.argmax(matrix @ centres.T, axis=1) == labels).all()


def tied(matrix: np.ndarray) -> np.ndarray:
    """The ties of rows in float64, by definition."""
    matrix = np.asarray(matrix, float)
    matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    alike, n = matrix @ matrix.T, len(matrix)
    average = (alike.sum() - n) / (n * (n - 1))
    ties = np.zeros((n, n))
    for row in range(n):
        others = [k for k in np.argsort(-alike[row]) if k != row][:7]
        ties[row, others] = np.maximum(alike[row, others] - average, 0)
    strongest = np.maximum(ties, ties.T).max(axis=1)
    strong = ties >= 0.6 * np.minimum.outer(strongest, strongest)
    return (strong * ties) ** 3 + ((strong * ties) ** 3).T


def modularity_of(ties: np.ndarray, labels: Any) -> float:
    """Newman's sum over all pairs."""
    degree, total = ties.sum(axis=1), ties.sum()
    same = np.equal.outer(np.asarray(labels), np.asarray(labels))
    return float(((ties - np.outer(degree, degree) / total) * same).sum() / total)


@pytest.mark.parametrize("method", ["ward", "kmeans", "average"])
def test_the_curve_is_the_modularity_of_each_cut(rng: np.random.Generator, method: Any) -> None:
    matrix = blobs((9, 8, 7, 6), seed=3) + 0.1 * rng.normal(size=(30, 8))
    counts = tw.cluster_counts(film(matrix), method=method)
    assert counts.columns.tolist() == ["n_clusters", "modularity", "chosen"]
    for row in counts.itertuples():
        labels = tw.cluster(film(matrix), int(row.n_clusters), method=method)
        expected = modularity_of(tied(matrix), labels.astype(int))
        assert row.modularity == pytest.approx(expected, abs=1e-4)
    best = counts["n_clusters"][counts["modularity"].argmax()]
    assert counts["n_clusters"][counts["chosen"]].tolist() == [best] == [4]
    assert tw.cluster(film(matrix), method=method).nunique() == best
    assert str(counts["modularity"][0]) == "0.0"


def planted(g: int, m: int, seed: int, *, level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Groups around strangers, or around centres that share much; sizes unlike."""
    rng = np.random.default_rng(seed)
    sizes = np.full(g, m) + rng.integers(0, 2, size=g)
    centres = np.sqrt(level) * unit(rng.normal(size=(1, 256))) + np.sqrt(1 - level) * unit(
        rng.normal(size=(g, 256))
    )
    noise = rng.uniform(0.2, 0.4) * rng.normal(size=(sizes.sum(), 256)) / 16
    return np.repeat(centres, sizes, axis=0) + noise, np.repeat(np.arange(g), sizes)


@pytest.mark.once
@pytest.mark.parametrize(
    ("g", "m"), [(2, 40), (3, 20), (6, 2), (8, 3), (12, 2), (10, 8), (20, 5), (30, 4), (40, 3)]
)
@pytest.mark.parametrize("level", [0.0, 0.6])
def test_planted_groups_are_counted(g: int, m: int, level: float) -> None:
    for method in ("ward", "average"):
        matrix, true = planted(g, m, 10 * g + m, level=level)
        found = tw.cluster(film(matrix), method=method)  # type: ignore[arg-type]
        assert adjusted_rand_score(true, found) > 0.94
    if g * m < 60:
        found = tw.cluster(film(matrix), method="kmeans")
        assert adjusted_rand_score(true, found) > 0.8


@pytest.mark.parametrize("d", [3, 16, 256])
def test_one_topic_is_one_cluster(d: int) -> None:
    numbers = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, spread = int(rng.integers(2, 120)), rng.uniform(0.1, 0.8)
        matrix = unit(rng.normal(size=(1, d))) + spread * rng.normal(size=(n, d)) / np.sqrt(d)
        numbers.append(tw.cluster(film(matrix)).nunique())
    assert np.mean(np.array(numbers) == 1) >= 0.9


def many(g: int, m: int, seed: int = 0, *, d: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Small groups of which there are many, their rows anywhere in time."""
    rng = np.random.default_rng(seed)
    true = rng.permutation(np.repeat(np.arange(g), m))
    return rng.normal(size=(g, d))[true] + 0.4 * rng.normal(size=(g * m, d)), true


@pytest.mark.once
@pytest.mark.parametrize(("g", "m"), [(400, 2), (1100, 2), (700, 3), (150, 10)])
def test_thousands_of_small_groups_are_counted(g: int, m: int) -> None:
    matrix, true = many(g, m, g)
    found = tw.cluster(film(matrix))
    assert adjusted_rand_score(true, found) > 0.97
    assert found.nunique() == pytest.approx(g, rel=0.02)
    order = np.random.default_rng(1).permutation(len(matrix))
    assert adjusted_rand_score(found[order], tw.cluster(matrix[order])) == 1


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_weak_ties_join_small_groups_and_no_ties_none(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, true = many(1000, 2)
    monkeypatch.setattr(communities, "LEAST_SHARE", factor * communities.LEAST_SHARE)
    assert adjusted_rand_score(true, tw.cluster(film(matrix))) < 0.8


def test_thousands_of_pairs_in_time_are_counted() -> None:
    rng = np.random.default_rng(2)
    true = np.repeat(np.arange(1000), 2)
    matrix = rng.normal(size=(1000, 64))[true] + 0.4 * rng.normal(size=(2000, 64))
    assert adjusted_rand_score(true, tw.cluster(film(matrix), method="ward_time")) > 0.97


@pytest.mark.parametrize("method", ["ward", "average", "ward_time"])
def test_one_topic_stays_one_however_often_its_rows_occur(method: Any) -> None:
    for seed, times in ((0, 2), (1, 9), (2, 12)):
        rng = np.random.default_rng(seed)
        matrix = np.ones((1, 64)) + 0.5 * rng.normal(size=(90, 64))
        assert {*tw.cluster(film(np.repeat(matrix, times, axis=0)), method=method)} == {0}
    large = np.ones((1, 64)) + 0.5 * rng.normal(size=(900, 64))
    assert {*tw.cluster(film(large), method=method)} == {0}
    heavy = large / np.sqrt(rng.chisquare(6, size=(900, 1)))
    assert {*tw.cluster(film(heavy), method=method)} == {0}


def test_scenes_of_four_clips_are_counted_in_time() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(30), 4)
    matrix = rng.normal(size=(30, 128))[true] + 0.4 * rng.normal(size=(120, 128))
    found = tw.cluster(film(matrix), method="ward_time")
    assert adjusted_rand_score(true, found) > 0.9
    still = np.ones((1, 128)) + 0.3 * rng.normal(size=(60, 128))
    assert {*tw.cluster(film(still), method="ward_time")} == {0}


def test_copies_rotation_and_spread_change_no_count(rng: np.random.Generator) -> None:
    matrix, true = planted(7, 6, 5)
    turn = np.linalg.qr(rng.normal(size=(256, 256)))[0]
    copies = film(np.concatenate([matrix, matrix]), ["a"] * len(matrix) + ["b"] * len(matrix))
    for other in (film(matrix), film(matrix @ turn), film(3 * matrix)):
        assert adjusted_rand_score(true, tw.cluster(other)) == 1
    assert adjusted_rand_score(np.r_[true, true], tw.cluster(copies)) == 1
    wider, _ = planted(7, 6, 5, level=0.5)
    assert tw.cluster(film(wider)).nunique() == 7


def test_numbers_do_not_depend_on_the_order_of_rows_without_time() -> None:
    matrix, _ = planted(5, 6, 2)
    table = film(matrix).drop(columns=["start_sec", "end_sec"])
    labels = tw.cluster(table)
    for seed in range(5):
        shuffled = tw.cluster(table.sample(frac=1, random_state=seed)).sort_index()
        assert shuffled.equals(labels)


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.8, 1.0, 2.0])
def test_a_threshold_of_distance_equals_scikit_learn(
    rng: np.random.Generator, threshold: float
) -> None:
    for seed in range(5):
        matrix = blobs((6, 5, 4), seed=seed) + rng.uniform(0, 0.4) * rng.normal(size=(15, 8))
        model = AgglomerativeClustering(
            None, metric="cosine", linkage="average", distance_threshold=threshold
        )
        found = tw.cluster(film(matrix), distance_threshold=threshold)
        assert adjusted_rand_score(model.fit_predict(matrix), found) == 1
        assert found.nunique() == model.n_clusters_
    again = tw.cluster(film(matrix), method="average", distance_threshold=threshold)
    assert again.equals(found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"distance_threshold": 0}, "distance_threshold is 0; a mean cosine distance above 0"),
        ({"distance_threshold": "x"}, "distance_threshold is 'x'"),
        ({"distance_threshold": 0.3, "n_clusters": 3}, "distance_threshold and n_clusters at once"),
        ({"distance_threshold": 0.3, "method": "ward"}, "distance_threshold and method='ward' at"),
    ],
)
def test_one_way_to_the_number(segments: pd.DataFrame, given: dict[str, Any], message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        tw.cluster(segments, **given)


@pytest.mark.parametrize(("best", "most"), [(1, 1), (7, 9), (40, 40), (90, 5000), (3, 5000)])
def test_the_range_is_widened_until_the_best_is_inside(best: int, most: int) -> None:
    asked: list[int] = []

    def score(number: int) -> float:
        asked.append(number)
        return -abs(np.log(number / best))

    found = communities.best_number(score, 1, most)
    assert max(found, key=found.__getitem__) == best
    assert len(asked) == len({*asked}) == len(found)
    assert len(found) < 60
    assert max(found) > best or max(found) == most


@settings(max_examples=60, deadline=None)
@given(labels=st.lists(st.integers(0, 4), min_size=3, max_size=30), seed=st.integers(0, 99))
def test_silhouettes_equal_scikit_learn(labels: list[int], seed: int) -> None:
    codes, names = pd.factorize(np.array(labels))
    matrix = unit(np.random.default_rng(seed).normal(size=(len(labels), 4)))
    found = partitions.silhouettes(matrix, codes)
    if 2 <= len(names) < len(labels):
        expected = silhouette_samples(matrix, codes, metric="cosine")
        np.testing.assert_allclose(found, expected, atol=1e-5)
    else:
        assert (found == 0).all()


def test_silhouettes_in_blocks(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, labels = unit(rng.normal(size=(30, 4))), rng.integers(0, 3, size=30)
    whole = partitions.silhouettes(matrix, labels)
    tree = partitions.linkage_tree(matrix, "ward")
    monkeypatch.setattr(partitions, "BLOCK_CELLS", 60)
    np.testing.assert_allclose(partitions.silhouettes(matrix, labels), whole)
    np.testing.assert_allclose(partitions.linkage_tree(matrix, "ward").heights, tree.heights)


def test_silhouettes_beside_an_empty_group_and_of_copies(rng: np.random.Generator) -> None:
    matrix, labels = unit(rng.normal(size=(30, 4))), rng.integers(0, 3, size=30)
    beside = partitions.silhouettes(matrix, 2 * labels)
    np.testing.assert_allclose(beside, partitions.silhouettes(matrix, labels))
    copies = unit(np.tile(rng.normal(size=(1, 4)), (30, 1)))
    assert (partitions.silhouettes(copies, labels) == 0).all()


def test_silhouettes_of_zero_vectors(rng: np.random.Generator) -> None:
    """They are at distance 1 of all, of each other too."""
    matrix, labels = unit(rng.normal(size=(9, 4))), np.arange(9) % 3
    matrix[[0, 3]] = 0
    distance = 1 - matrix @ matrix.T
    np.fill_diagonal(distance, 0)
    expected = silhouette_samples(distance, labels, metric="precomputed")
    np.testing.assert_allclose(partitions.silhouettes(matrix, labels), expected, atol=1e-6)


def test_a_sum_without_direction_leaves_the_centre() -> None:
    before = np.eye(2, dtype=np.float32)
    found = partitions.directions(np.array([[0.0, 0.0], [3.0, 4.0]]), before)
    np.testing.assert_allclose(found, [[1, 0], [0.6, 0.8]], rtol=1e-6)


def test_alternation_ends_before_a_group_is_lost() -> None:
    rounds = iter([[0, 1, 2, 0], [0, 1, 2, 1], [0, 1, 1, 0]])

    def assign(centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        labels = np.array(next(rounds))
        return labels, np.eye(3)[labels].sum(axis=0) * np.eye(3)

    labels, sums = partitions.lloyd(np.eye(3, dtype=np.float32), assign)
    assert labels.tolist() == [0, 1, 2, 1]
    assert np.diag(sums).tolist() == [1, 2, 1]


def test_many_groups_start_from_many_rows() -> None:
    assert len(partitions.start_rows(10**6, 10, 0)) == partitions.MOST_START_ROWS // 4
    assert len(partitions.start_rows(10**6, 1000, 0)) == 50_000


def test_a_sample_that_stays_saves_the_round_that_confirms(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many rows in plain groups all are gone through once; where they move, again."""
    true = rng.integers(6, size=8000)
    plain = unit(np.eye(16)[true] + 0.1 * rng.normal(size=(8000, 16)))
    noise = unit(rng.normal(size=(8000, 16)))
    monkeypatch.setattr(partitions, "MOST_START_ROWS", 400)
    monkeypatch.setattr(partitions, "MIDDLE_ROWS", 1500)
    n_rounds = []
    for rows in (plain, noise):
        held, rounds = partitions.InMemory(rows), []
        whole = held.assign
        held.assign = lambda centres: (rounds.append(1), whole(centres))[1]  # type: ignore[func-returns-value, method-assign]  # noqa: B023 - called here
        labels = partitions.spherical_kmeans(held, 6, random_state=0)
        n_rounds.append(len(rounds))
        centres = unit(partitions.group_sums(rows, labels, 6))
        assert (np.argmax(rows @ centres.T, axis=1) == labels).mean() > 0.99
    assert n_rounds[0] == 1
    assert n_rounds[1] > 2
    assert adjusted_rand_score(true, tw.cluster(plain, 6, method="kmeans")) > 0.999


def test_order_in_time_looks_at_vectors_only_where_times_are_equal(
    rng: np.random.Generator,
) -> None:
    leading = rng.normal(size=(60, 8)).astype(np.float32)
    table = film(np.eye(60)).assign(video_id=rng.choice(["a", "b", None], 60))
    for start in (np.arange(60.0), np.repeat([3.0, 1.0, np.nan], 20)):
        table = table.assign(start_sec=start, end_sec=start + 1)
        order = np.lexsort(leading.T)
        places = table[["video_id", "start_sec", "end_sec"]]
        expected = order[time_order(places.iloc[order])]
        found = clustering.rows_in_time(table, leading, np.ones(60, bool), "kmeans")
        assert np.array_equal(found, expected)


@pytest.mark.filterwarnings("ignore:.* has no rows")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 6])
def test_tiny_tables(method: Any, n: int) -> None:
    rng = np.random.default_rng(n)
    for matrix in (rng.normal(size=(n, 3)), np.ones((n, 3))):
        labels = tw.cluster(film(matrix), method=method)
        assert len(labels) == n
        assert labels.fillna(0).between(0, max(0, n - 1)).all()
        if method != "hdbscan":
            assert labels.notna().all()
            assert len(tw.cluster_counts(film(matrix), method=method)) >= min(n, 1)
    if method != "hdbscan":
        assert tw.cluster(film(np.ones((n, 3))), method=method).nunique() == min(n, 1)


@pytest.mark.parametrize("method", ["ward", "average", "kmeans"])
def test_no_more_clusters_than_different_vectors(method: Any) -> None:
    matrix = np.eye(3)[[0, 0, 1, 1, 0]] * [[1], [2], [3], [0.1], [1.7]]
    assert tw.cluster(matrix, 2, method=method).tolist() == [0, 0, 1, 1, 0]
    with pytest.raises(tw.InputError, match="n_clusters is 3 for 5 rows with 2 different"):
        tw.cluster(matrix, 3, method=method)


def test_equal_vectors_apart_in_time_are_runs() -> None:
    matrix = np.eye(3)[[0, 0, 1, 1, 0]]
    assert tw.cluster(matrix, 3, method="ward_time").tolist() == [0, 0, 1, 1, 2]
    with pytest.raises(tw.InputError, match="n_clusters is 4 for"):
        tw.cluster(matrix, 4, method="ward_time")


@pytest.mark.parametrize("method", METHODS)
def test_whole_videos_zeros_and_noise_have_none(method: Any) -> None:
    matrix = np.vstack([blobs(), np.zeros((1, 8)), blobs().mean(axis=0, keepdims=True)])
    table = film(matrix).assign(embedding_scope=["clip"] * 29 + ["video"])
    with pytest.warns(tw.TwlabWarning, match="1 of 30 vectors are all zeros"):
        labels = tw.cluster(table, method=method)
    assert labels.isna().tolist() == [False] * 28 + [True] * 2
    assert labels.dropna().tolist() == [0] * 12 + [1] * 9 + [2] * 7
    with pytest.warns(tw.TwlabWarning) as caught:
        array = tw.cluster(matrix, method=method)
    assert array[28] == -1
    assert {warning.filename for warning in caught} == {__file__}


def test_ward_time_leaves_rows_without_time_out() -> None:
    table = film(blobs())
    table.loc[3, ["start_sec", "end_sec"]] = np.nan
    labels = tw.cluster(table, method="ward_time")
    assert labels.isna().tolist() == [k == 3 for k in range(28)]
    assert tw.cluster(table).notna().all()


def test_a_table_without_times_still_clusters() -> None:
    table = film(blobs()).drop(columns=["video_id", "start_sec", "end_sec"])
    assert tw.cluster(table).nunique() == 3
    with pytest.raises(tw.InputError, match="no column 'video_id'"):
        tw.cluster(table, method="ward_time")


@pytest.mark.parametrize("count", [0, -1, 16, 2.5, "3"])
def test_counts_out_of_range(segments: pd.DataFrame, count: Any) -> None:
    with pytest.raises(tw.InputError, match=r"n_clusters is .* a whole number from 1 to 15"):
        tw.cluster(segments, count)


@pytest.mark.parametrize("seed", [np.uint8(255), np.int32(2**31 - 1), np.uint32(2**32 - 1)])
def test_numbers_of_numpy_are_seeds(segments: pd.DataFrame, seed: Any) -> None:
    found = tw.cluster(segments, 3, method="kmeans", random_state=seed)
    same = tw.cluster(segments, 3, method="kmeans", random_state=int(seed))
    pd.testing.assert_series_equal(found, same)


def test_other_arguments_out_of_range(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="method is 'wards'; one of 'ward', 'kmeans'"):
        tw.cluster(segments, method="wards")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="random_state is -1"):
        tw.cluster(segments, method="kmeans", random_state=-1)
    with pytest.raises(tw.InputError, match="random_state is None"):
        tw.cluster_counts(segments, random_state=None)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="n_clusters is 3 for 'hdbscan'"):
        tw.cluster(segments, 3, method="hdbscan")
    with pytest.raises(tw.InputError, match="'hdbscan', which finds its own number"):
        tw.cluster_counts(segments, method="hdbscan")
    with pytest.raises(tw.InputError, match="embedding options"):
        tw.cluster(segments.assign(embedding_option=["audio"] + ["visual"] * 14))


def test_too_many_rows_for_a_tree(segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST_TREE_ROWS", 14)
    for method in ("ward", "average"):
        with pytest.raises(tw.InputError, match=f"15 rows for '{method}'.*use method='kmeans'"):
            tw.cluster(segments, method=method)  # type: ignore[arg-type]
    assert len(tw.cluster(segments, method="kmeans")) == 15


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    for method in METHODS:
        tw.cluster(segments, method=method)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(segments, before)


def test_kmeans_from_a_sample_finds_the_same_groups(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = np.arange(3000) % 7
    matrix = rng.normal(size=(7, 12))[true] + 0.2 * rng.normal(size=(3000, 12))
    whole = tw.cluster(matrix, 7, method="kmeans")
    monkeypatch.setattr(partitions, "MOST_START_ROWS", 200)
    monkeypatch.setattr(partitions, "SUMMED_ROWS", 500)
    sampled = tw.cluster(matrix, 7, method="kmeans")
    assert adjusted_rand_score(true, sampled) > 0.99
    assert adjusted_rand_score(whole, sampled) > 0.99
    np.testing.assert_array_equal(sampled, tw.cluster(matrix, 7, method="kmeans"))
    centres = unit([unit(matrix)[sampled == k].sum(axis=0) for k in range(7)])
    assert (np.argmax(unit(matrix) @ centres.T, axis=1) == sampled).mean() > 0.999


@pytest.mark.parametrize("error", [3e-5, 0.5, 3.0])
def test_rows_go_to_the_nearest_centre_whatever_blas_gives(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, error: float
) -> None:
    """Products of BLAS decide only where they differ by more than they can be wrong."""
    true = partitions.dot_by_blas

    def shaken(left: Any, right: Any, out: Any) -> None:
        true(left, right, out)
        out += rng.uniform(-error, error, size=out.shape).astype(np.float32)

    monkeypatch.setattr(partitions, "dot_by_blas", shaken)
    monkeypatch.setattr(partitions, "blas_error", lambda _: error)
    rows, centres = unit(rng.normal(size=(2000, 16))), unit(rng.normal(size=(7, 16)))
    centres = np.vstack([centres, centres[2:4]])  # equal ones: the first takes the rows
    labels, sums = partitions.assign_rows(rows, centres)
    assert np.array_equal(labels, np.argmax(rows @ centres[:7].T, axis=1))
    again = partitions.assign_rows(np.repeat(rows[::-1], 2, axis=0), centres)
    assert np.array_equal(again[0], np.repeat(labels[::-1], 2))
    np.testing.assert_allclose(again[1], 2 * sums)


@pytest.mark.parametrize("n", [0, 1, partitions.ADDED_ROWS, 2 * partitions.ADDED_ROWS + 1])
def test_sums_of_groups_are_those_of_a_loop(rng: np.random.Generator, n: int) -> None:
    rows, labels = unit(rng.normal(size=(n, 5)) + 1), rng.integers(3, size=n)
    expected = np.zeros((4, 5))
    np.add.at(expected, labels, rows.astype(np.float64))
    np.testing.assert_allclose(partitions.group_sums(rows, labels, 4), expected)


def test_rounds_of_a_larger_sample_spare_rounds_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted themes of unequal size: no worse a division, and all rows are gone through less."""
    rng = np.random.default_rng(3)
    themes = rng.normal(size=(40, 24))
    rows = unit(themes[rng.integers(40, size=12_000) ** 2 // 40] + rng.normal(size=(12_000, 24)))
    monkeypatch.setattr(partitions, "MOST_START_ROWS", 800)

    def divided(middle: int) -> tuple[float, int]:
        monkeypatch.setattr(partitions, "MIDDLE_ROWS", middle)
        held, n_rounds = partitions.InMemory(rows), []
        whole = held.assign
        held.assign = lambda centres: (n_rounds.append(1), whole(centres))[1]  # type: ignore[func-returns-value, method-assign]
        labels = partitions.spherical_kmeans(held, 8, random_state=0)
        sums = partitions.group_sums(rows, labels, 8)
        return float(np.linalg.norm(sums, axis=1).sum()) / len(rows), len(n_rounds)

    (without, n_without), (cosine, n_with) = divided(len(rows)), divided(2500)
    assert cosine >= without - 1e-4
    assert n_with < n_without
