"""What a selection means: rows are found by what they are, not by labels of another table."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw
from twlab.widgets import mask_of, row_of

if TYPE_CHECKING:
    from collections.abc import Callable


def film(n: int = 12, *, video: str = "film", option: str = "visual", step: float = 6) -> Any:
    """Clips of 6 s, every `step` seconds."""
    start = np.arange(n) * float(step)
    rows = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 6})
    rows = rows.assign(embedding_option=option, embedding_scope="clip", model_name="m")
    return tw.with_vectors(rows, np.random.default_rng(n).normal(size=(n, 8)))


@pytest.fixture
def both() -> pd.DataFrame:
    """Two films, the first with two options."""
    parts = [film(), film(option="audio"), film(8, video="other")]
    return pd.concat(parts, ignore_index=True)


def chosen(table: pd.DataFrame, rows: Any) -> list[int]:
    return np.flatnonzero(mask_of(table, rows)).tolist()


def test_hits_select_the_segments_that_were_hit(both: pd.DataFrame) -> None:
    hits = tw.search(both, both.iloc[[9]], by="visual", k=2)
    assert hits.index.tolist() == [0, 1]
    explorer = tw.explore(both, views=["timeline"])
    explorer.selection = hits
    told = {(v, s) for v, s in zip(hits["video_id"], hits["start_sec"], strict=True)}
    there = explorer.selection
    assert {*zip(there["video_id"], there["start_sec"], strict=True)} == told
    explorer.focus = hits.iloc[0]
    assert explorer.segments.loc[explorer.focus, "start_sec"] == 54.0


def test_neighbours_select_the_matches_alone(both: pd.DataFrame) -> None:
    labelled = both.set_index(pd.Index([f"row {k}" for k in range(len(both))]))
    audio = labelled[labelled.embedding_option == "audio"]
    found = tw.nearest(audio.iloc[[3]], audio, k=2)
    assert labelled[mask_of(labelled, found)].index.tolist() == sorted(
        found["match"], key=list(labelled.index).index
    )
    # Labels of another table do not fit, so video and time decide.
    alone = audio.reset_index(drop=True)
    found = tw.nearest(alone.iloc[[3]], alone, k=2)
    picked = both[mask_of(both, found)]
    assert {*picked["start_sec"]} == {*found["start_sec"]}
    assert {*picked["video_id"]} == {"film"}


def test_spans_take_the_segments_at_least_half_inside(both: pd.DataFrame) -> None:
    def span(*pairs: tuple[float, float], **more: Any) -> pd.DataFrame:
        table = pd.DataFrame(pairs, columns=["start_sec", "end_sec"])
        return table.assign(video_id="film", **more)

    assert chosen(both, span((8, 21))) == [1, 2, 3, 13, 14, 15]
    assert chosen(both, span((9, 21))) == [1, 2, 3, 13, 14, 15]
    assert chosen(both, span((9.1, 20.9))) == [2, 14]
    assert chosen(both, span((9.1, 20.9), embedding_option="audio")) == [14]
    # A segment that two spans share lies in them together.
    assert chosen(both, span((4, 8), (8, 10.5))) == [1, 13]
    hours = span((0, 9000))
    assert chosen(both, hours) == list(range(24))


def test_scenes_pieces_pairs_and_places_are_spans(both: pd.DataFrame) -> None:
    visual = both[both.embedding_option == "visual"]
    scenes = pd.DataFrame(
        {"video_id": ["film"], "embedding_option": ["visual"], "start_sec": 6.0, "end_sec": 18.0}
    )
    assert chosen(both, scenes) == [1, 2]
    pieces = pd.DataFrame({"a_video_id": ["film"], "b_video_id": ["other"]}).assign(
        embedding_option="visual", a_start_sec=0.0, a_end_sec=12.0, b_start_sec=12.0, b_end_sec=24.0
    )
    assert chosen(both, pieces) == [0, 1, 26, 27]
    pairs = tw.near_duplicates(visual, threshold=-0.99).iloc[[0]]
    labels = {*pairs["a"], *pairs["b"]}
    assert {*both.index[mask_of(both, pairs)]} == labels
    only = both[both.video_id == "other"].drop(columns="video_id")
    other = both[both.video_id == "other"].reset_index(drop=True)
    assert chosen(other, only.iloc[[2]].reset_index(drop=True)) == [2]


def test_both_sides_of_a_piece_played_backwards_are_selected(both: pd.DataFrame) -> None:
    backwards = pd.DataFrame({"a_video_id": ["film"], "b_video_id": ["other"]}).assign(
        embedding_option="visual", a_start_sec=0.0, a_end_sec=12.0, b_start_sec=24.0, b_end_sec=12.0
    )
    assert chosen(both, backwards) == [0, 1, 26, 27]


def test_a_scene_as_long_as_its_film_is_its_segments() -> None:
    clips = film(5)
    whole = tw.video_vectors(clips)[[*clips.columns]]
    served = pd.concat([clips, whole], ignore_index=True)
    scene = pd.DataFrame({"video_id": ["film"], "start_sec": 0.0, "end_sec": 30.0})
    assert chosen(served, scene) == chosen(served, scene.assign(n_segments=5)) == [0, 1, 2, 3, 4]
    assert chosen(served, whole) == [5]
    windows = pd.concat([film(2), film(1, step=3).assign(end_sec=12.0)], ignore_index=True)
    both = scene.assign(end_sec=12.0, n_segments=3)
    assert chosen(windows, both) == [0, 1, 2]


def test_spans_of_a_missing_option_are_of_the_rows_without_one(both: pd.DataFrame) -> None:
    table = both.assign(embedding_option=both["embedding_option"].where(both.index >= 12))
    spans = tw.scenes(table[table["video_id"] == "film"], n_scenes=2)
    unnamed = spans[spans["embedding_option"].isna()]
    assert chosen(table, unnamed) == list(range(12))
    assert chosen(table, unnamed.drop(columns="embedding_option")) == list(range(24))


ANOTHER: dict[str, Callable[[pd.DataFrame], Any]] = {
    "another film": lambda _: film(3, video="stranger"),
    "later in the film": lambda _: film(3).assign(start_sec=900.0, end_sec=906.0),
    "less than half": lambda _: film(1).assign(start_sec=2.0, end_sec=4.0),
    "an empty span": lambda _: film(1).assign(start_sec=2.0, end_sec=2.0),
    "no time": lambda _: film(1).assign(start_sec=np.nan, end_sec=np.nan),
}


@pytest.mark.parametrize("make", ANOTHER.values(), ids=ANOTHER)
def test_what_is_not_there_selects_nothing_and_says_so(
    make: Callable[[pd.DataFrame], Any], both: pd.DataFrame
) -> None:
    explorer = tw.explore(both, views=["timeline"])
    explorer.selection = both.iloc[:1]
    with pytest.raises(tw.InputError, match="no row of the selection is in the explorer's table"):
        explorer.selection = make(both)
    assert len(explorer.selection) == 1
    with pytest.raises(tw.InputError, match="no row of the selection is in"):
        explorer.focus = make(both).iloc[0]


def test_rows_of_which_some_are_there_are_told(both: pd.DataFrame) -> None:
    mixed = pd.concat([film(2), film(3, video="stranger")], ignore_index=True)
    with pytest.warns(tw.TwlabWarning, match=r"3 of 5 selected rows .* \(first: 'stranger' at 0 s"):
        assert chosen(both, mixed) == [0, 1]


@given(
    rows=st.lists(st.integers(0, 31), min_size=1, max_size=8, unique=True),
    seed=st.integers(0, 5),
    change=st.sampled_from(
        ["order", "index", "reset", "labels of others", "fewer columns", "twice"]
    ),
)
def test_rows_of_the_table_are_found_whatever_happened_to_them(
    rows: list[int], seed: int, change: str
) -> None:
    table = pd.concat([film(), film(option="audio"), film(8, video="other")], ignore_index=True)
    table = table.sample(frac=1, random_state=seed)
    some = table.iloc[rows]
    changed = {
        "order": lambda: some[::-1],
        "index": lambda: some.set_index(pd.Index([f"x{k}" for k in rows])),
        "reset": lambda: some.reset_index(drop=True),
        "labels of others": lambda: some.set_index(table.index[: len(rows)]),
        "fewer columns": lambda: some.drop(columns=["embedding", "model_name", "embedding_scope"]),
        "twice": lambda: pd.concat([some, some]),
    }[change]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chosen(table, changed) == sorted(rows)
        repeated = table.set_index(np.zeros(len(table), int))
        assert chosen(repeated, changed) == sorted(rows)


def test_overlapping_windows_are_each_their_own() -> None:
    windows = film(10, step=3)
    assert chosen(windows, windows.iloc[[4]].reset_index(drop=True)) == [4]
    rounded = windows.iloc[[4]].astype({"start_sec": "float32"}).reset_index(drop=True)
    assert chosen(windows, rounded) == [4]


def test_pieces_of_a_document_are_each_their_own() -> None:
    pages = film(6).assign(start_sec=np.nan, end_sec=np.nan, chunk_index=range(6))
    assert chosen(pages, pages.iloc[[4, 2]].reset_index(drop=True)) == [2, 4]
    assert chosen(pages, pages.iloc[[4]].astype({"chunk_index": float}).reset_index()) == [4]
    found = tw.nearest(pages.iloc[[4]], pages, k=2)
    assert chosen(pages, found) == sorted(found["match"])


def test_points_in_time_are_found_in_spans_and_by_their_time() -> None:
    frames = film(10).assign(end_sec=np.arange(10) * 6.0)
    spans = pd.DataFrame({"video_id": ["film"], "start_sec": [6.0], "end_sec": [18.0]})
    assert chosen(frames, spans) == [1, 2]
    assert chosen(frames, frames.iloc[[5]].reset_index(drop=True)) == [5]


def test_masks_and_labels(both: pd.DataFrame) -> None:
    mask = both["start_sec"] < 6
    assert chosen(both, mask) == chosen(both, mask[::-1]) == [0, 12, 24]
    assert chosen(both, mask.to_numpy()) == chosen(both, mask.tolist()) == [0, 12, 24]
    missing = mask.astype("boolean").mask(both.index == 12)
    assert chosen(both, missing) == chosen(both, missing.array) == [0, 24]
    assert chosen(both, [3, 5]) == chosen(both, pd.Index([3, 5])) == [3, 5]
    visual = both[:12]
    assert chosen(both, tw.nearest(visual.iloc[[3]], visual, k=1)["match"]) == [3]
    assert chosen(both, both.iloc[:0]) == chosen(both, []) == chosen(both, None) == []
    pairs = both.set_index(["video_id", both.index]).assign(video_id=both["video_id"].to_numpy())
    assert chosen(pairs, [("film", 3)]) == [3]


REFUSED: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "a mask of hits": (
        lambda t: t.iloc[:5]["start_sec"] < 6,
        "mask of 5 rows with a different index",
    ),
    "numbers": (lambda t: t["start_sec"], "a column of float64 for every segment"),
    "a map": (lambda t: pd.DataFrame({"x": [0.0], "y": [1.0]}), "columns x, y; video_id, start"),
    "a number": (lambda _: 7, "the selection is 7; rows of a table"),
    "unknown": (lambda _: ["nobody"], "no row 'nobody'"),
    "spans of no film": (
        lambda _: pd.DataFrame({"start_sec": [0.0], "end_sec": [9.0]}),
        "columns start_sec, end_sec; video_id",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_say_which_rows_is_refused(
    make: Callable[[pd.DataFrame], Any], message: str, both: pd.DataFrame
) -> None:
    with pytest.raises(tw.InputError, match=message):
        mask_of(both, make(both))


def test_focus_takes_one_row(both: pd.DataFrame) -> None:
    assert row_of(both, both.iloc[13]) == row_of(both, both.iloc[[13]]) == 13
    with pytest.raises(tw.InputError, match="focus is a table of 2 rows; one row"):
        row_of(both, both.iloc[:2])
    with pytest.raises(tw.InputError, match=r"focus is \[1\]; an index label of the segments"):
        row_of(both, [1])
    explorer = tw.explore(both, views=["timeline"])
    for bad in (float("nan"), -1.0, float("inf")):
        with pytest.raises(tw.InputError, match="current_sec is"):
            explorer.current_sec = bad


def test_hits_of_another_table_are_not_drawn(both: pd.DataFrame) -> None:
    strangers = film(8, video="stranger")
    found = tw.search(strangers, strangers.iloc[[0]], k=2)
    with pytest.raises(tw.InputError, match="no hit is in a video of the segments"):
        tw.plot.hits(both, found)
