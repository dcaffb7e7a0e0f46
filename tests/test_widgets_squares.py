"""Squares of similarities for the explorer's heatmap: of segments, and of videos."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw
from twlab.table import unit_vectors
from twlab.widgets import add_similarity, add_video_similarity

if TYPE_CHECKING:
    from collections.abc import Sequence


def archive(counts: Sequence[int], *, seed: int = 0, d: int = 8) -> pd.DataFrame:
    """Videos of so many clips each, in order."""
    rng = np.random.default_rng(seed)
    names = np.repeat([f"v{k}" for k in range(len(counts))], counts)
    start = np.concatenate([np.arange(n) * 6.0 for n in counts])
    rows = pd.DataFrame({"video_id": names, "start_sec": start, "end_sec": start + 6})
    return tw.with_vectors(rows, rng.normal(size=(len(rows), d)) + 0.5)


def array(explorer: tw.Explorer, name: str) -> np.ndarray:
    """An array as the browser reads it."""
    dtype, size, offset = explorer._spec["arrays"][name]
    return np.frombuffer(explorer._data, dtype, size, offset)


def seen(told: dict[str, Any], cells: np.ndarray) -> np.ndarray:
    """The numbers that the bytes stand for."""
    part: np.ndarray = cells.reshape(told["size"], told["size"]) / 255
    return told["low"] + part * (told["high"] - told["low"])


def told_of(table: pd.DataFrame, add: Any, similarity: Any = None, **options: Any) -> Any:
    """What a function tells of a table in order, and the arrays."""
    arrays: dict[str, np.ndarray] = {}
    rows = np.arange(len(table), dtype=np.uint32)
    video = pd.factorize(table["video_id"])[0]
    unit = unit_vectors(table)
    return add(table, rows, unit, similarity, video, arrays, "cells", **options), arrays


def by_loop(table: pd.DataFrame) -> np.ndarray:
    """Mean cosine of all pairs of a clip of one video and one of another, pair by pair."""
    vectors = [
        [v.astype(float) / np.linalg.norm(v) for v in group["embedding"] if v.any()]
        for _, group in table.groupby("video_id", sort=False)
    ]
    out = np.full((len(vectors), len(vectors)), np.nan)
    for i, first in enumerate(vectors):
        for j, second in enumerate(vectors):
            pairs = [
                a @ b for m, a in enumerate(first) for n, b in enumerate(second) if i != j or m != n
            ]
            out[i, j] = np.mean(pairs) if pairs else np.nan
    return out


def video_square(explorer: tw.Explorer) -> np.ndarray:
    """The square of the videos as the browser sees it, NaN in its holes."""
    told = explorer._spec["spaces"][0]["byVideo"]
    square, holes = seen(told, array(explorer, told["array"])), array(explorer, told["holes"])
    square[np.diag(holes == 1)] = np.nan
    square[holes == 2] = square[:, holes == 2] = np.nan
    return square


def test_a_square_of_videos_holds_means_over_pairs_of_clips() -> None:
    table = archive([3, 1, 5, 2])
    square = video_square(tw.explore(table, views=["heatmap"]))
    assert np.isnan(square[1, 1]), "a video of one clip has no two clips to compare"
    np.testing.assert_allclose(square, by_loop(table), atol=0.004)
    # A square that is given is averaged like the cosines it holds.
    given_one = tw.explore(table, views=["heatmap"], similarity=tw.cosine_similarity(table))
    np.testing.assert_allclose(video_square(given_one), by_loop(table), atol=0.004)


def test_the_order_of_rows_changes_nothing_but_the_order_of_videos() -> None:
    table = archive([4, 7, 2, 9, 1], seed=3)
    mixed = table.sample(frac=1, random_state=1)
    square = video_square(tw.explore(mixed, views=["heatmap"]))
    order = [int(name[1:]) for name in pd.unique(mixed["video_id"])]
    wanted = video_square(tw.explore(table, views=["heatmap"]))[np.ix_(order, order)]
    np.testing.assert_allclose(square, wanted, atol=0.004)


@pytest.mark.filterwarnings("ignore:.*all zeros")
def test_clips_without_a_direction_count_for_nothing() -> None:
    table = archive([4, 4, 3, 2], seed=5)
    vectors = tw.vectors(table).copy()
    vectors[[1, 11, 12]] = 0  # one of the first video, both of the last
    holed = tw.with_vectors(table, vectors)
    square = video_square(tw.explore(holed, views=["heatmap"]))
    np.testing.assert_allclose(square, by_loop(holed), atol=0.004)
    assert np.isnan(square[3]).all()
    assert np.isfinite(square[:3, :3]).all()
    nothing = tw.with_vectors(table, np.zeros_like(vectors))
    assert np.isnan(video_square(tw.explore(nothing, views=["heatmap"]))).all()


def test_videos_that_are_all_alike_have_one_shade() -> None:
    table = archive([3, 4, 2, 5])
    rng = np.random.default_rng(1)
    same = np.ones((len(table), 8)) * rng.uniform(0.5, 2, (len(table), 1))
    told, arrays = told_of(tw.with_vectors(table, same), add_video_similarity)
    assert len(np.unique(arrays["cells"])) == 1
    assert seen(told, arrays["cells"])[0, 0] == pytest.approx(1, abs=0.005)
    # One video of another kind is told apart.
    same[:3, 0] = -3
    told, arrays = told_of(tw.with_vectors(table, same), add_video_similarity)
    square = seen(told, arrays["cells"])
    assert (square[0, 1:] < square[1, 2] - 0.5).all()


def test_of_two_videos_and_of_single_clips_there_is_no_square_of_videos() -> None:
    assert told_of(archive([5, 6]), add_video_similarity)[0] is None
    assert told_of(archive([1] * 6), add_video_similarity)[0] is None
    assert told_of(archive([2, 1, 1]), add_video_similarity)[0] is not None
    assert told_of(archive([2, 3, 4]), add_video_similarity, similarity=False)[0] is None


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(4, 60))
def test_no_cell_lies_across_two_videos(counts: list[int], max_cells: int) -> None:
    table = archive(counts, d=2)
    told, arrays = told_of(table, add_similarity, max_cells=max_cells)
    bounds = np.cumsum([0, *counts])
    if told is None:  # each cell would be a video: the square of the videos has them
        assert len(table) > max_cells
        told, arrays = told_of(table, add_video_similarity, max_cells=max_cells)
    starts = arrays["cells_starts"].astype(int)
    assert told["size"] == len(starts) - 1 <= max_cells
    assert starts[0] == 0
    assert starts[-1] == len(table)
    assert (np.diff(starts) > 0).all()
    if len(counts) <= max_cells:
        assert set(bounds) <= set(starts)
    else:
        assert set(starts) <= set(bounds)
    if len(table) <= max_cells:
        assert (starts == np.arange(len(table) + 1)).all()


@pytest.mark.parametrize("given_one", [False, True])
def test_long_tables_are_averaged_within_videos(given_one: bool) -> None:
    table = archive([11, 5, 7])
    square = tw.cosine_similarity(table)
    options = {"similarity": square} if given_one else {}
    told, arrays = told_of(table, add_similarity, max_cells=9, **options)
    starts = arrays["cells_starts"].astype(int)
    assert starts.tolist() == [0, 3, 6, 9, 11, 14, 16, 19, 22, 23]
    wanted = [[square[a:b, c:d].mean() for c, d in pairwise(starts)] for a, b in pairwise(starts)]
    np.testing.assert_allclose(seen(told, arrays["cells"]), wanted, atol=0.01)
