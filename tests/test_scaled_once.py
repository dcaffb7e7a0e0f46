"""One call scales each vector to length 1 once, and asks once which rows are clips."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import segments as gateway

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_CLIPS = 60


def table_of(*, n_videos: int = 3, options: tuple[str, ...] = ("visual",)) -> pd.DataFrame:
    """Videos of a few scenes, long enough for every analysis to take all of its steps."""
    rng = np.random.default_rng(5)
    parts = []
    for number in range(n_videos):
        for option in options:
            scenes = np.repeat(rng.normal(size=(N_CLIPS // 6, 24)), 6, axis=0)
            matrix = scenes + 0.4 * rng.normal(size=scenes.shape)
            start = 6.0 * np.arange(N_CLIPS)
            times = {"start_sec": start, "end_sec": start + 6}
            own = tw.from_vectors(matrix, video_id=f"film {number}", **times)
            parts.append(own.assign(embedding_option=option))
    return pd.concat(parts, ignore_index=True)


def count_rows(monkeypatch: pytest.MonkeyPatch, wanted: str) -> Callable[[], int]:
    """How many rows a function of the gateway has been given so far, whoever called it."""
    for name in tw.__all__:
        getattr(tw, name)  # what is loaded later would keep the counting one
    count, function = [0], getattr(gateway, wanted)

    def counting(rows: Any) -> Any:
        count[0] += len(rows)
        return function(rows)

    for name, module in list(sys.modules.items()):
        if name.startswith("twlab.") and getattr(module, wanted, None) is function:
            monkeypatch.setattr(module, wanted, counting)
    return lambda: count[0]


@pytest.fixture
def n_scaled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    return count_rows(monkeypatch, "scale_rows")


@pytest.fixture
def n_asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    return count_rows(monkeypatch, "clip_mask")


CALLS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "explore": lambda t: tw.explore(t).close(),
    "explore, a timeline": lambda t: tw.explore(t, views=["timeline"]).close(),
    "scenes": tw.scenes,
    "scene_counts": tw.scene_counts,
    "novelty": tw.novelty,
    "cluster": tw.cluster,
    "cluster_counts": tw.cluster_counts,
    "near_duplicates": lambda t: tw.near_duplicates(t, threshold=0.9),
    "nearest": tw.nearest,
    "deduplicate": lambda t: tw.deduplicate(t, threshold=0.9),
    "outliers": tw.outliers,
    "summarize": lambda t: tw.summarize(t, n_segments=5),
    "diagnose": tw.diagnose,
    "project": tw.project,
    "project by axes": lambda t: tw.project(t, method="pca"),
    "align": lambda t: tw.align(t[: 2 * N_CLIPS], t[2 * N_CLIPS :]),
    "repeats": tw.repeats,
    "threshold": tw.threshold,
    "cosine_similarity": tw.cosine_similarity,
}


@pytest.mark.parametrize("name", CALLS)
def test_each_row_is_scaled_once(name: str, n_scaled: Callable[[], int]) -> None:
    table = table_of()
    CALLS[name](table)
    assert n_scaled() == len(table)


NO_CLIPS = ("cosine_similarity",)  # compares all rows that it is given
ANEW = ("diagnose",)  # judges each option, whose rows may all be of whole videos, and then times


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {*NO_CLIPS, *ANEW}))
def test_each_row_is_asked_once_whether_it_is_a_clip(name: str, n_asked: Callable[[], int]) -> None:
    table = table_of()
    CALLS[name](table)
    assert n_asked() == len(table)


def test_a_page_scales_each_row_once(tmp_path: Path, n_scaled: Callable[[], int]) -> None:
    table = table_of(options=("visual", "audio"))
    tw.save_html(table, tmp_path / "page.html")
    assert n_scaled() == len(table)


def test_what_no_view_shows_is_not_worked_out(
    n_scaled: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of()
    monkeypatch.setattr("twlab.widgets.payload.MAX_NOVELTY", len(table) - 1)
    coords = np.zeros((len(table), 2))
    tw.explore(table, coords=coords, views=["map", "timeline"])
    assert n_scaled() == 0
    tw.explore(table, coords=coords, views=["map", "timeline", "videos"])
    assert n_scaled() == len(table)


def test_a_map_is_scaled_once_and_what_is_placed_on_it(n_scaled: Callable[[], int]) -> None:
    table = table_of()
    on_map = table[:N_CLIPS]
    on_map = on_map.join(tw.project(on_map, method="pca"))
    before = n_scaled()
    tw.project(table[N_CLIPS:], onto=on_map)
    assert n_scaled() - before == len(table)


def test_options_are_scaled_once_though_compared_with_those_of_all_films(
    n_scaled: Callable[[], int],
) -> None:
    table = table_of(n_videos=12, options=("visual", "audio"))
    assert tw.compare_options(table)["p_value"].notna().all()
    assert n_scaled() == len(table)


def test_a_corpus_is_scaled_once_for_many_clips(n_scaled: Callable[[], int]) -> None:
    table = table_of(n_videos=6)
    tw.align(table[table["video_id"] < "film 3"], table[table["video_id"] >= "film 3"])
    assert n_scaled() == len(table)
