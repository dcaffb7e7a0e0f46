"""Names given in the explorer come back as a column; what was done can be undone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw
from twlab.widgets import read_names, tell_names

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

browser = pytest.mark.browser
needs_chromium = pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium")

CARD = ".twx-item"
STATUS = "document.querySelector('.twx-status').textContent"


def table(n: int) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": "film", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    rows.index = pd.Index([f"clip {k}" for k in range(n)])
    return tw.with_vectors(rows, np.eye(n, 4, dtype=np.float32) + 1)


@given(st.lists(st.sampled_from([None, "sky", "tree", "1", "__proto__", ""]), max_size=12))
def test_what_is_told_is_read_again(names: list[str | None]) -> None:
    segments = pd.DataFrame(index=range(len(names)))
    told = tell_names(segments, names)
    flags = read_names(segments, told)
    assert {*flags.columns} == {*names} - {None}
    assert all((flags[name] == True).sum() == names.count(name) for name in flags)  # noqa: E712 missing is not
    assert tell_names(segments, flags) == told


def test_labels_are_a_column_on_the_index_of_the_table() -> None:
    segments = table(6)
    explorer = tw.explore(segments)
    assert explorer.labels.empty
    assert explorer.labels.index.equals(segments.index)
    seen: list[Any] = []
    explorer.observe(lambda change: seen.append(change.new), "labels")
    explorer._labels = [["sky", [0, 2, 5, 6]], ["tree", [1, 2, 3, 4]]]  # as the browser sends it
    assert lab.names_of(explorer) == ["sky", "sky; tree", None, "tree", None, "sky"]
    assert len(seen) == 1
    assert seen[0] is explorer.labels
    assert segments.join(explorer.labels)["tree"].tolist()[:2] == [False, True]
    assert explorer.labels["tree"].isna().tolist() == [False, False, True, False, True, False]
    explorer.close()


def test_labels_can_be_set_in_any_order_of_the_index() -> None:
    segments = table(6)
    explorer = tw.explore(segments)
    explorer.labels = pd.Series(["sky", None, np.nan, "tree", 4, "sky"], segments.index)[::-1]
    assert lab.names_of(explorer) == ["sky", None, None, "tree", "4", "sky"]
    assert explorer._labels == [["sky", [0, 1, 5, 6]], ["tree", [3, 4]], ["4", [4, 5]]]
    explorer.labels = explorer.labels[::-1]
    assert explorer._labels == [["sky", [0, 1, 5, 6]], ["tree", [3, 4]], ["4", [4, 5]]]
    explorer.labels = None
    assert explorer._labels == []
    with pytest.raises(tw.InputError, match="column 'x' of the labels is int64"):
        explorer.labels = pd.DataFrame({"x": range(6)}, segments.index)
    with pytest.raises(tw.InputError, match="labels has 2 entries for 6 rows"):
        explorer.labels = ["sky", "tree"]
    explorer.close()


def test_duplicate_labels_of_the_index_keep_their_rows() -> None:
    segments = table(4)
    segments.index = pd.Index([0, 0, 1, 1])
    explorer = tw.explore(segments)
    explorer._labels = [["sky", [1, 2]]]
    assert lab.names_of(explorer) == [None, "sky", None, None]
    explorer.close()


def name_shown(page: Page, chip: int, name: str) -> int:
    """Select the rows of a chip, name them, and say how many there are."""
    page.locator(".twx-legend .twx-chip").nth(chip).click()
    page.locator(".twx-name").fill(name)
    page.locator(".twx-name").press("Enter")
    found = page.locator(".twx-tag", has_text=name)
    return int(found.locator("i").inner_text())


@browser
@needs_chromium
def test_naming_and_undoing_in_a_file(chromium: Browser, tmp_path: Path) -> None:
    film = tw.sample()
    labels = tw.cluster(film, 6)
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(film, tmp_path / "a.html", labels=labels))
        page.wait_for_selector(CARD)
        undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
        assert undo.is_disabled()
        assert page.locator(".twx-name").is_hidden()
        sizes = [int((labels == k).sum()) for k in range(6)]
        assert name_shown(page, 2, "meadow") == sizes[2]
        assert name_shown(page, 4, "credits") == sizes[4]
        page.get_by_label("Colour by").select_option("named here")
        chips = page.locator(".twx-legend .twx-chip").all_inner_texts()
        assert [text.split()[0] for text in chips[:2]] == ["credits", "meadow"]
        page.locator(".twx-tag button").first.click()
        page.wait_for_function(f"{STATUS} === '{sizes[2]} of 100 segments selected'")
        page.screenshot(path=lab.ARTIFACTS / "names.png")
        page.locator(".twx-map canvas[tabindex]").focus()
        for _ in range(3):
            page.keyboard.press("Control+z")
        page.wait_for_function("document.querySelectorAll('.twx-tag').length === 1")
        assert page.evaluate(STATUS) == f"{sizes[2]} of 100 segments selected"
        page.keyboard.press("Control+Shift+Z")
        page.keyboard.press("Control+y")
        page.wait_for_function("document.querySelectorAll('.twx-tag').length === 2")
        while undo.is_enabled():
            undo.click()
        assert page.evaluate(STATUS) == "100 segments"
        assert page.locator(".twx-tag").count() == 0
        assert page.get_by_label("Colour by").input_value() == "cluster"
        redo.click()
        assert page.evaluate(STATUS) == f"{sizes[2]} of 100 segments selected"


@browser
@needs_chromium
def test_names_of_an_explorer_are_in_its_file(chromium: Browser, tmp_path: Path) -> None:
    explorer = tw.explore(table(6))
    explorer.labels = ["sky", "sky", None, "<b>tree", None, "sky"]
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(explorer, tmp_path / "a.html"))
        page.wait_for_selector(".twx-tag")
        assert page.locator(".twx-tag .twx-chip").all_inner_texts() == ["sky\n3", "<b>tree\n1"]
    explorer.close()


@browser
@needs_chromium
def test_names_reach_python_and_keys_do_not_reach_the_notebook(
    chromium: Browser, jupyterlab: lab.Server
) -> None:
    folder = jupyterlab.new_folder()
    shutil.copy(tw.sample_video(), folder / "film.mp4")
    cell = """
import twlab as tw
film = tw.clips(tw.sample())
film.index = [f"clip {k}" for k in range(len(film))]
ex = tw.explore(film, video="film.mp4", labels=tw.cluster(film, 6))
ex"""
    with lab.open_book(chromium, jupyterlab, folder, cell, ready=CARD) as book:
        page = book.page
        count = name_shown(page, 2, "meadow")
        both = "print(ex.labels['meadow'].sum(), ex.labels.index.equals(film.index))"
        book.wait_python(both, f"{count} True")
        told = "print(ex.labels.dropna().index.equals(ex.selection.index))"
        book.wait_python(told, "True")
        page.locator(".twx-map canvas[tabindex]").focus()
        page.keyboard.press("Control+z")
        book.wait_python("print(ex.labels.size, len(ex.selection))", f"0 {count}")
        page.keyboard.press("Control+z")
        book.wait_python("print(len(ex.selection))", "0")
        source = "jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.source"
        assert page.evaluate(source).strip() == cell.strip()
        book.python("ex.labels = ['sky' if k < 3 else None for k in range(len(film))]")
        page.wait_for_function("document.querySelector('.twx-tag')?.innerText.startsWith('sky')")
        page.screenshot(path=lab.ARTIFACTS / "names-lab.png")
        assert book.problems == []
