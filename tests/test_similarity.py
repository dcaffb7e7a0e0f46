"""Matrices of cosine similarity: against the formula, and in what must always hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from insides import similarity
from sklearn.metrics.pairwise import cosine_similarity as reference

import twlab as tw

pytestmark = pytest.mark.numbers

matrices = st.integers(1, 12).flatmap(
    lambda n: arrays(np.float32, (n, 3), elements=st.floats(-5, 5, width=16).map(float))
)


def nonzero(matrix: np.ndarray) -> np.ndarray:
    """The matrix with 1 in place of rows of zeros."""
    return np.where(matrix.any(axis=1, keepdims=True), matrix, 1)


def test_equals_scikit_learn(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(40, 7)), 9 * rng.normal(size=(23, 7))
    found = tw.cosine_similarity(a, b)
    assert found.dtype == np.float32
    assert found.shape == (40, 23)
    np.testing.assert_allclose(found, reference(a, b), atol=1e-6)
    np.testing.assert_allclose(tw.cosine_similarity(a), reference(a), atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5, 17])
def test_blocks_and_tiles_change_nothing(
    n: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = rng.normal(size=(17, 5)), rng.normal(size=(n, 5))
    monkeypatch.setattr(similarity, "TILE", 4)
    monkeypatch.setattr(similarity, "BLOCK_CELLS", 4)
    np.testing.assert_allclose(tw.cosine_similarity(a, b), reference(a, b), atol=1e-6)
    np.testing.assert_allclose(tw.cosine_similarity(b), reference(b), atol=1e-6)


@settings(deadline=None)
@given(matrix=matrices, seed=st.integers(0, 99), factor=st.floats(0.01, 100))
def test_what_always_holds(matrix: np.ndarray, seed: int, factor: float) -> None:
    matrix = nonzero(matrix)
    found = tw.cosine_similarity(matrix)
    assert (found == found.T).all()
    assert (np.diag(found) == 1).all()
    assert np.abs(found).max() <= 1
    order = np.random.default_rng(seed).permutation(len(matrix))
    np.testing.assert_allclose(
        tw.cosine_similarity(matrix[order]), found[np.ix_(order, order)], atol=1e-6
    )
    np.testing.assert_allclose(tw.cosine_similarity(matrix, factor * matrix), found, atol=1e-6)


def test_equal_rows_are_one_alike(rng: np.random.Generator) -> None:
    row = rng.normal(size=(1, 300))
    found = tw.cosine_similarity(np.repeat(row, 50, axis=0), row)
    assert found.max() <= 1
    np.testing.assert_allclose(found, 1, atol=1e-6)


def test_vectors_that_are_not_of_unit_length(segments: pd.DataFrame) -> None:
    shorter = tw.with_vectors(segments, tw.vectors(segments) * 0.7)
    np.testing.assert_allclose(
        tw.cosine_similarity(segments, shorter), tw.cosine_similarity(segments), atol=1e-6
    )


def test_rows_follow_the_table(segments: pd.DataFrame) -> None:
    shuffled = segments.sample(frac=1, random_state=3)
    order = shuffled.index.to_numpy()
    np.testing.assert_allclose(
        tw.cosine_similarity(shuffled),
        tw.cosine_similarity(segments)[np.ix_(order, order)],
        atol=1e-6,
    )


def test_zero_vectors_are_alike_to_nothing() -> None:
    with pytest.warns(tw.TwlabWarning, match="1 of 2 vectors are all zeros") as caught:
        found = tw.cosine_similarity([[0, 0], [0, 2]])
    assert found.tolist() == [[0, 0], [0, 1]]
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_empty_and_single(segments: pd.DataFrame) -> None:
    assert tw.cosine_similarity(segments.iloc[:0]).shape == (0, 0)
    assert tw.cosine_similarity(segments, segments.iloc[:0]).shape == (15, 0)
    assert tw.cosine_similarity(segments.iloc[:0], segments).shape == (0, 15)
    assert tw.cosine_similarity(segments.iloc[[3]]).tolist() == [[1]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.assign(model_name=["m", "n"] + ["m"] * 13), "models 'm', 'n' in one table"),
        (
            lambda f: f.assign(embedding_option=["audio"] + ["visual"] * 14),
            r"options 'audio' \(1 rows\), 'visual' \(14 rows\)",
        ),
        (lambda f: f.drop(columns="embedding"), "no column 'embedding'"),
        (lambda f: f.assign(embedding=f["embedding"].where(f.index > 1)), "2 of 15 rows have no"),
    ],
)
def test_tables_that_cannot_be_compared(segments: pd.DataFrame, change: Any, says: str) -> None:
    with pytest.raises(tw.InputError, match=says):
        tw.cosine_similarity(change(segments))
    with pytest.raises(tw.InputError, match=says):
        tw.cosine_similarity(segments, change(segments))


def test_two_sides_must_fit(segments: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="vectors of 16 and of 4 dimensions compared"):
        tw.cosine_similarity(segments, np.eye(4))
    with pytest.raises(tw.InputError, match="models 'test' and 'other' compared"):
        tw.cosine_similarity(segments, segments.assign(model_name="other"))
    unnamed = segments.assign(model_name=None)
    with pytest.warns(tw.TwlabWarning, match=r"'test' compared with vectors that name no model"):
        assert tw.cosine_similarity(segments, unnamed).shape == (15, 15)
    assert tw.cosine_similarity(unnamed, unnamed).shape == (15, 15)


def test_options_may_meet_across_tables(segments: pd.DataFrame) -> None:
    assert tw.cosine_similarity(segments, segments.assign(embedding_option="audio")).max() <= 1


def test_the_table_is_left_alone(segments: pd.DataFrame) -> None:
    before = segments.copy()
    tw.cosine_similarity(segments)
    pd.testing.assert_frame_equal(segments, before)
