"""A clip sought in a large corpus: the videos that are laid on are those that hold it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from archives import archive, table_of
from insides import aligning, shared_pieces, shortlist

import twlab as tw
from twlab.table import on_grid, times_of, unit_vectors

pytestmark = pytest.mark.numbers

CLIPS = 40
BY_CHANCE = 0.6
"""Videos that do not hold the clip may resemble it so far here and there."""


@pytest.fixture(scope="module")
def corpus() -> pd.DataFrame:
    return table_of(archive(30 * CLIPS, d=256, seed=1), clips_of_video=CLIPS)


def cut(corpus: pd.DataFrame, first: int, n: int, noise: float = 0.0) -> pd.DataFrame:
    """Some segments of the corpus as a video of their own."""
    rows = corpus.iloc[first : first + n].assign(video_id="clip")
    rows = rows.assign(start_sec=np.arange(n) * 6.0, end_sec=np.arange(1, n + 1) * 6.0)
    added = np.random.default_rng(first).normal(size=(n, 256)) * noise / 16
    return tw.with_vectors(rows, tw.vectors(rows) + added)


@pytest.mark.parametrize("first", [85, 810])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_shortlist_finds_the_same_video(
    corpus: pd.DataFrame, first: int, noise: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = cut(corpus, first, 12, noise)
    whole = tw.find(clip, corpus)
    monkeypatch.setattr(aligning, "MOST_ALIGNED", 10)
    quick = tw.find(clip, corpus)
    assert quick["video_id"][0] == f"v{first // CLIPS:05}"
    looked_at = whole[whole["video_id"].isin(quick["video_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(quick.drop(columns="rank"), looked_at.drop(columns="rank"))
    left_out = whole[~whole["video_id"].isin(quick["video_id"])]
    assert (left_out["score"] < BY_CHANCE).all()


def test_the_worth_is_that_of_the_best_similarities(corpus: pd.DataFrame) -> None:
    clip = cut(corpus, 500, 9, 0.2)
    worth = []
    grid = on_grid(unit_vectors(clip), *times_of(clip), 6.0)
    for _, rows in corpus.groupby("video_id"):
        pair = aligning.pair_of(grid, on_grid(unit_vectors(rows), *times_of(rows), 6.0))
        worth.append(np.maximum(pair.similar.max(axis=1) - 0.3, 0).sum())
    videos = corpus["video_id"].unique()
    expected = videos[np.argsort(-np.array(worth), kind="stable")[:10]]
    found = shortlist.likeliest_videos(clip, corpus, 10).tolist()
    # The plain mean of a video stands for the mean of its different clips, which align centres on.
    assert found[0] == expected[0]
    assert len({*found} & {*expected}) >= 8


def test_blocks_and_row_order_change_nothing(
    corpus: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = cut(corpus, 500, 9)
    found = shortlist.likeliest_videos(clip, corpus, 10).tolist()
    monkeypatch.setattr(shortlist, "BLOCK_CELLS", 4 * 9 * 90)
    assert shortlist.likeliest_videos(clip, corpus, 10).tolist() == found
    shuffled = corpus.sample(frac=1, random_state=0)
    assert set(shortlist.likeliest_videos(clip, shuffled, 10)) == set(found)


def test_only_the_same_option_counts(corpus: pd.DataFrame) -> None:
    clip = cut(corpus, 500, 9)
    other = corpus.assign(embedding_option="audio")
    assert tw.find(clip, other).empty
    half = corpus.assign(embedding_option=None)
    assert shortlist.likeliest_videos(clip, half, 1)[0] == shortlist.likeliest_videos(
        clip, corpus, 1)[0]  # fmt: skip


def test_a_clip_of_everything_is_told_to_be_cut_short(
    corpus: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = cut(corpus, 500, 9)
    vectors = tw.vectors(corpus).copy()
    for video in range(30):
        vectors[video * CLIPS + 5 : video * CLIPS + 14] = tw.vectors(clip)
    monkeypatch.setattr(aligning, "MOST_ALIGNED", 10)
    with pytest.warns(tw.TwlabWarning, match="10 of the 10 videos most like the clip"):
        found = tw.find(clip, tw.with_vectors(corpus, vectors))
    assert len(found) == 10


def test_a_long_gap_is_a_few_cells_on_a_grid() -> None:
    start = np.array([0.0, 6.0, 600_000.0])
    grid = on_grid(np.eye(3, dtype=np.float32), start, start + 6, 6.0)
    assert 2 + 8 < len(grid.cells) <= 3 + 32
    assert grid.start_sec[grid.filled].tolist() == start.tolist()


def along_by_hand(pair: Any, piece: Any, cells: np.ndarray, *, sampled: bool) -> np.ndarray:
    """The cosine of each cell and of the mean of what the line shows, cell by cell in float64."""
    b, out = np.diff(pair.b_sums, axis=0), []
    for cell in cells:
        low, high = sorted(piece.begin + piece.speed * (cell + np.array([0, 1]) - piece.first))
        if sampled:
            low, high = (low + high) / 2 - 0.5, (low + high) / 2 + 0.5
        edges = np.arange(len(b))
        share = np.clip(np.minimum(high, edges + 1) - np.maximum(low, edges), 0, None)
        lengths = np.linalg.norm(share @ b) * np.linalg.norm(pair.a[cell])
        enough = share @ np.diff(pair.b_counts) > 0.05 and lengths > 0
        out.append(share @ b @ pair.a[cell] / lengths if enough else 0.0)
    return np.array(out)


@pytest.mark.parametrize("speed", [1 / 3, 0.7, 1.0, 1.3, 1.41, 2.2, 3.0, -1.0, -1.7])
def test_along_a_line_it_is_as_similar_as_by_hand(rng: np.random.Generator, speed: float) -> None:
    base = rng.normal(size=(40, 16)).repeat(2, axis=0)
    sides = []
    for n in (30, 80):
        start = 6.0 * np.delete(np.arange(n), [3, 4, n // 2])  # cells that show nothing
        rows = base[: len(start)] + 0.5 * rng.normal(size=(len(start), 16))
        rows *= rng.uniform(0.02, 0.2, size=(len(start), 1))  # some are near the mean
        grid = on_grid(rows, start, start + 6, 6.0)
        sides.append(grid)
    pair = aligning.pair_of(*sides)
    cells = np.arange(30)
    for begin in rng.uniform(0, 20, size=3) if speed > 0 else rng.uniform(30, 80, size=3):
        piece = shared_pieces.Stretch(0.0, 2.0, 25.0, float(begin), speed)
        ways = [along_by_hand(pair, piece, cells, sampled=False)]
        if abs(speed) >= 1.4:
            ways.append(along_by_hand(pair, piece, cells, sampled=True))
        np.testing.assert_allclose(pair.along(piece, cells), max(ways, key=np.sum), atol=1e-5)
