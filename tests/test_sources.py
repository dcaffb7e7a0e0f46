"""Functions of tables that also take a source, a path or a URI."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest
from pieces import Parts

import twlab as tw
from twlab import public

TAKING_STORES = {
    name: getattr(tw, name)
    for name in tw.__all__
    if inspect.isfunction(getattr(tw, name)) and hasattr(getattr(tw, name), "__wrapped__")
}
EXPECTED = {
    *("nearest", "near_duplicates", "cosine_similarity", "cluster", "project", "scenes"),
    *("novelty", "align", "find", "repeats", "search", "threshold", "summarize", "outliers"),
    *("deduplicate", "compare_options", "diagnose", "video_vectors"),
    *("scene_counts", "scene_labels"),
}


def test_every_analysis_takes_stores() -> None:
    assert set(TAKING_STORES) >= EXPECTED


def test_only_named_arguments_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlab.archive.store.open_source", lambda given: f"<{given}>")

    def of_table(a: Any, *, method: str = "") -> Any:
        """What it was given."""
        return a, method

    function = public.takes_stores(of_table, "a")
    assert function(1, method="ward") == (1, "ward")
    assert function("path", method="ward") == ("path", "ward")
    assert function.__doc__ == "What it was given."
    assert list(inspect.signature(function).parameters) == ["a", "method"]


def test_a_path_where_no_store_belongs_does_not_enter_the_archive() -> None:
    code = """
import sys, twlab as tw
table, film = tw.sample("trailer"), tw.sample_video("trailer")
tw.explore(table, video=film, title="a/b")
tw.player(film)
tw.search(table, tw.vectors(table)[0], by="visual", where="start_sec < 60")
tw.cluster(table[table["embedding_option"] == "visual"], 2, method="ward")
print(*sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert "twlab.archive.store" not in answer.stdout.split()


def test_a_source_is_read_into_one_table(segments: pd.DataFrame) -> None:
    def of_tables(a: pd.DataFrame, b: pd.DataFrame | None = None) -> tuple[Any, Any]:
        return a, b

    joined = public.takes_stores(of_tables, "a", "b")
    a, b = joined(Parts(segments, [3, 9]))
    assert a.equals(segments)
    assert b is None
    parts = Parts(segments, [3, 9])
    for a, b in (joined(segments[:2], parts), joined(segments[:2], b=parts)):
        assert len(a) == 2
        assert b.equals(segments)


def test_wrong_arguments_are_told_as_ever(segments: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'kk'"):
        tw.nearest(Parts(segments, [3]), kk=2)  # type: ignore[call-arg]


def test_a_small_source_is_read_whole_unless_an_executor_is_chosen(
    segments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, asked = Parts(segments, [7]), list[int]()

    def n_bytes(self: Parts) -> int:
        asked.append(1)
        return 15 * 16 * 4

    monkeypatch.setattr(Parts, "n_bytes", n_bytes)
    monkeypatch.setattr(
        "twlab.archive.in_pieces.duplicates.near_duplicates", lambda **_: "in pieces"
    )
    assert isinstance(tw.near_duplicates(parts, threshold=0.1), pd.DataFrame)
    monkeypatch.setattr("twlab.memory.free_bytes", lambda: 15 * 16 * 4 * 4)
    assert tw.near_duplicates(parts, threshold=0.1) == "in pieces"
    monkeypatch.undo()
    monkeypatch.setattr(
        "twlab.archive.in_pieces.duplicates.near_duplicates", lambda **_: "in pieces"
    )
    chosen = Parts(segments, [7], tw.executors.Local())
    assert tw.near_duplicates(chosen, threshold=0.1) == "in pieces"
    assert asked


IN_PIECES = "twlab.archive.in_pieces.duplicates.near_duplicates"

ON_NOTHING = {
    **{
        name: getattr(tw, name)
        for name in sorted(EXPECTED - {"align", "find", "scene_labels", "search", "summarize"})
    },
    "summarize": lambda table: tw.summarize(table, n_segments=3),
    "align": lambda table: tw.align(tw.sample("trailer"), table),
}


@pytest.mark.parametrize("name", ON_NOTHING)
def test_a_table_without_rows_never_goes_through_in_silence(name: str) -> None:
    film = tw.sample()
    with pytest.warns(tw.TwlabWarning, match=r"has no rows, so .*'embedding_option'\]\.unique"):
        ON_NOTHING[name](film[film["embedding_option"] == "visual-text"])


def test_an_empty_part_of_a_store_names_its_options(tmp_path: Any) -> None:
    store = tw.open(tmp_path / "store")
    store.add(tw.sample())
    with pytest.warns(tw.TwlabWarning, match=r"segments has no rows, .* has the options 'visual'"):
        tw.cluster(store.where("embedding_option = 'visual-text'"))
