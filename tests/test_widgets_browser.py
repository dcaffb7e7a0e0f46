"""The explorer in a real browser, against a real JupyterLab."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TYPE_CHECKING

import lab
import numpy as np
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    Opener = Callable[..., lab.Notebook]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")
pytest.importorskip("jupyterlab")

SETUP = """
import numpy as np, twlab as tw
film = tw.sample()
film = film[film.embedding_scope == "clip"]
film.index = [f"clip {k}" for k in range(len(film))]
angle = np.arange(len(film)) / len(film) * 2 * np.pi
coords = np.c_[np.cos(angle), np.sin(angle)]
"""
OPEN = "ex = tw.explore(film, video='film.mp4', coords=coords, scenes=[0, 60, 120])\nex"
MAP = ".twx-map canvas[tabindex]"
POINTS = ".twx-map canvas[data-renderer]"
HEATMAP = ".twx-heatmap canvas[tabindex]"
TIMELINE = ".twx-timeline canvas[tabindex]"
VIDEO_SEC = "document.querySelector('.twx-video').currentTime"


@pytest.fixture(scope="module")
def book(chromium: Browser, jupyterlab: lab.Server) -> Iterator[lab.Notebook]:
    """A notebook in JupyterLab, in which each test runs its cells."""
    folder = jupyterlab.new_folder()
    shutil.copy(tw.sample_video(), folder / "film.mp4")
    opened = lab.open_book(chromium, jupyterlab, folder, SETUP, ready=".jp-Notebook", height=1000)
    with opened as book:
        yield book


@pytest.fixture
def open_notebook(book: lab.Notebook) -> Opener:
    """A function that shows some cells in the notebook, run, with the film to be played."""

    def opener(*cells: str) -> lab.Notebook:
        book.problems.clear()
        book.show(*cells)
        book.page.wait_for_selector(".twx-canvas", timeout=60_000)
        # With the shape of the film the panels have their places.
        book.page.wait_for_function(
            "[...document.querySelectorAll('.twx-video')].every(one => !one.src || one.readyState)"
        )
        return book

    return opener


def on_map(page: Page, row: int, nth: int = 0, view: str = MAP) -> tuple[float, float]:
    """Where on the screen the map of the unit circle draws one of its hundred points."""
    box = lab.box_of(page, view, nth)
    room = min(box["width"], box["height"]) / 2 - min(28, box["width"] / 10)
    angle = row / 100 * 2 * np.pi
    return (
        box["x"] + box["width"] / 2 + room * np.cos(angle),
        box["y"] + box["height"] / 2 - room * np.sin(angle),
    )


def lane_y(page: Page) -> float:
    """The middle of the lane below the strip of film and above novelty: 40, 22 and 30 high."""
    height = lab.box_of(page, TIMELINE)["height"]
    return 22 + (height - 22) * (40 + 4 + 11) / (40 + 22 + 30 + 3 * 4)


def test_everything_is_drawn_and_clicks_seek(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    page.wait_for_selector(".twx-map canvas[data-renderer='webgl2']")
    for view in (".twx-map", ".twx-heatmap", ".twx-timeline"):
        assert lab.drawn(page, view) > 20, view
    page.mouse.click(*on_map(page, 30))
    page.wait_for_function(f"{VIDEO_SEC} === 180")
    book.wait_python("print(ex.focus, ex.current_sec)", "clip 30 180.0")
    page.mouse.click(*lab.inside(page, TIMELINE, 0.5, lane_y(page)))
    page.wait_for_function(f"{VIDEO_SEC} > 250 && {VIDEO_SEC} % 6 < 0.01")
    book.wait_python("print(film.loc[ex.focus].start_sec - ex.current_sec)", r"0\.0")
    page.mouse.click(*lab.inside(page, HEATMAP, 0.5, 200))
    page.wait_for_function(f"{VIDEO_SEC} !== 180")
    page.screenshot(path=lab.ARTIFACTS / "lab.png")
    assert book.problems == []


def test_served_video_seeks_by_ranges(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    source = book.page.locator(".twx-video").get_attribute("src")
    assert re.fullmatch("/files/book-[^/]+/film.mp4", str(source))


def test_video_elsewhere_is_embedded(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN.replace("'film.mp4'", "tw.sample_video('trailer')"))
    book.page.wait_for_function("document.querySelector('.twx-video').duration > 50")
    assert str(book.page.locator(".twx-video").get_attribute("src")).startswith("blob:")


def test_hover_shows_time_and_frame(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    page.mouse.move(*on_map(page, 12))
    page.wait_for_selector(".twx-tip-picture canvas")
    assert page.locator(".twx-tip b").inner_text() == "1:12 – 1:18"
    assert lab.drawn(page, ".twx-tip-picture canvas") > 200
    page.screenshot(path=lab.ARTIFACTS / "hover.png")


def test_lasso_reaches_python_as_the_right_rows(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    book.python("seen = []; ex.observe(lambda change: seen.append(len(change.new)), 'selection')")
    around = [(-9, -9), (9, -9), (9, 9), (-9, 9), (-9, -9)]
    x, y = on_map(page, 25)
    lab.drag(page, [(x + 4 * dx, y + dy) for dx, dy in around])
    wanted = book.wait_python("print(ex.selection.index.tolist())", r".*clip 25.*")
    rows = eval(wanted)
    assert rows == [f"clip {k}" for k in range(25 - len(rows) // 2, 26 + len(rows) // 2)]
    assert 3 <= len(rows) <= 9
    assert book.python("print(ex.selection.equals(film.loc[ex.selection.index]))") == "True"
    x, y = on_map(page, 75)
    page.keyboard.down("Shift")
    lab.drag(page, [(x + dx / 3, y + dy) for dx, dy in around])
    page.keyboard.up("Shift")
    both = eval(book.wait_python("print(ex.selection.index.tolist())", r".*clip 75.*"))
    assert both == [*rows, "clip 75"]
    assert eval(book.python("print(seen)")) == [len(rows), len(rows) + 1]
    page.screenshot(path=lab.ARTIFACTS / "lasso.png")
    page.keyboard.press("Escape")
    book.wait_python("print(len(ex.selection))", "0")


def test_box_range_and_brush_select(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    box = lab.box_of(page, TIMELINE)
    lab.drag(page, [lab.inside(page, TIMELINE, 0.3, 34), lab.inside(page, TIMELINE, 0.4, 34)])
    rows = eval(book.wait_python("print(list(ex.selection.start_sec))", r"\[\d.*"))
    assert rows == list(np.arange(rows[0], rows[-1] + 1, 6.0))
    assert len(rows) == pytest.approx(0.1 * box["width"] / (box["width"] - 100) * 100, abs=2)
    side = lab.box_of(page, HEATMAP)
    x, y = side["x"] + side["width"] / 2 + 16, side["y"] + side["height"] / 2 - 8
    lab.drag(page, [(x + 40, y - 60), (x + 90, y - 30)])
    book.wait_python("print(ex.selection.start_sec.diff().max() > 6)", "True")
    assert "in two ranges" in page.locator(".twx-live").inner_text()
    page.screenshot(path=lab.ARTIFACTS / "brush.png")


def test_python_sets_selection_focus_and_time(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    book.python("ex.selection = film[film.start_sec.between(60, 118)]")
    page.wait_for_function(
        "document.querySelector('.twx-status').textContent === '10 of 100 segments selected'"
    )
    book.python("ex.focus = 'clip 40'")
    page.wait_for_function(f"{VIDEO_SEC} === 240")
    # The page reports 240 once the video is there; on its way it would cross the next order.
    book.wait_python("print(ex.current_sec)", r"240\.0")
    book.python("ex.current_sec = 333.5")
    page.wait_for_function(f"Math.abs({VIDEO_SEC} - 333.5) < 0.01")
    book.wait_python("print(ex.focus, ex.current_sec, len(ex.selection))", r"clip 55 333\.5 10")
    assert "index label" in book.python("ex.focus = 'nobody'")
    assert "unknown" in book.python("ex.selection = ['nobody']")


def test_keyboard_does_everything(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    page.locator(TIMELINE).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    book.wait_python("print(ex.focus, list(ex.selection.index))", r"clip 3 \['clip 3'\]")
    page.keyboard.press("n")
    book.wait_python("print(len(ex.selection))", "11")
    book.python("near = tw.nearest(film, k=10).query(\"query == 'clip 3'\")['match']")
    assert book.python("print({*near, 'clip 3'} == {*ex.selection.index})") == "True"
    page.keyboard.press("/")
    page.keyboard.type("2:30")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{VIDEO_SEC} === 150")
    cells = page.locator(".jp-Cell").count()
    page.locator(MAP).focus()
    page.keyboard.press("b")
    assert page.locator("[aria-label='Box select']").get_attribute("aria-pressed") == "true"
    assert page.locator(".jp-Cell").count() == cells
    page.keyboard.press("?")
    assert page.locator(".twx-help").is_visible()


def test_play_selection_stops_at_its_end(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    book.python("ex.selection = ['clip 20']")
    page.wait_for_function("document.querySelector('.twx-status').textContent.startsWith('1 of')")
    page.locator(TIMELINE).focus()
    page.evaluate("document.querySelector('.twx-video').playbackRate = 8")
    page.keyboard.press("p")
    page.wait_for_function("!document.querySelector('.twx-video').paused")
    page.wait_for_function("document.querySelector('.twx-video').paused", timeout=20_000)
    assert 125.5 < page.evaluate(VIDEO_SEC) < 128


def test_theme_follows_the_notebook(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    assert page.locator(".twx").get_attribute("data-theme") == "light"
    book.wear("dark")
    page.wait_for_selector(".twx[data-theme=dark]")
    page.screenshot(path=lab.ARTIFACTS / "dark.png")
    book.wear("light")
    page.wait_for_selector(".twx[data-theme=light]")


def test_two_explorers_do_not_disturb_each_other(open_notebook: Opener) -> None:
    book = open_notebook(
        SETUP, OPEN, OPEN.replace("ex", "other").replace("tw.otherplore", "tw.explore")
    )
    page = book.page
    page.wait_for_function("document.querySelectorAll('.twx').length === 2")
    page.mouse.click(*on_map(page, 60, nth=1))
    book.wait_python("print(other.focus, ex.focus)", "clip 60 clip 0")
    x, y = on_map(page, 25, nth=0)
    lab.drag(page, [(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9)])
    book.wait_python("print(len(ex.selection) > 0, len(other.selection))", "True 0")


def test_two_models_side_by_side_tell_python_what_was_chosen(open_notebook: Opener) -> None:
    two = """
    import pandas as pd
    other = film.assign(model_name="other")
    other.index = [f"other {k}" for k in range(len(other))]
    both = pd.concat([film, other])
    ex = tw.explore(both, video="film.mp4", coords=np.r_[coords, coords])
    ex
    """
    book = open_notebook(SETUP, textwrap.dedent(two))
    page = book.page
    page.get_by_role("button", name="side by side").click()
    beside = ".twx-panel-mapBeside canvas[tabindex]"
    page.wait_for_selector(beside)
    page.mouse.click(*on_map(page, 60, view=beside))
    book.wait_python("print(ex.focus)", "other 60")
    x, y = on_map(page, 25)
    lab.drag(page, [(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9)])
    book.wait_python(
        "print(any(ex.selection.model_name == 'other'), len(ex.selection) > 0)", "False True"
    )
    book.wait_python("print(ex.focus in ex.selection.index)", "True")


def test_kernel_restart_leaves_a_picture_and_can_run_again(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    book.restart()
    page.mouse.click(*on_map(page, 10))
    assert lab.drawn(page, ".twx-map") > 20
    book.run_all()
    book.wait_python("print(ex.focus)", "clip 0")
    page.mouse.click(*on_map(page, 70))
    book.wait_python("print(ex.focus)", "clip 70")


def test_lost_context_is_redrawn_and_closing_frees(open_notebook: Opener) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    page.wait_for_selector(".twx-map canvas[data-renderer='webgl2']")
    lose = """() => {
      const canvas = document.querySelector('.twx-map canvas[data-renderer]');
      window.gone = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      window.gone.loseContext();
    }"""
    page.evaluate(lose)
    page.wait_for_selector(".twx-map canvas[data-renderer='2d']")
    assert lab.drawn(page, ".twx-map") > 20
    page.evaluate("window.gone.restoreContext()")
    page.wait_for_selector(".twx-map canvas[data-renderer='webgl2']")
    assert lab.drawn(page, ".twx-map") > 20
    book.python("ex.close()")
    page.wait_for_function("!document.querySelector('.twx')")
    assert book.problems == []


def test_audio_and_visual_in_one_table(open_notebook: Opener) -> None:
    cell = """
import pandas as pd, twlab as tw
film = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
ex = tw.explore(film, views=["map", "heatmap", "timeline"])
ex"""
    book = open_notebook(cell)
    page = book.page
    before = page.locator(HEATMAP).get_attribute("aria-label")
    assert (
        before == "Similarity of every two of 100 segments in visual. Arrow keys move along time."
    )
    picture = page.locator(".twx-heatmap").screenshot()
    page.locator("select[aria-label^='Vectors shown on']").select_option(label="audio")
    lab.settle(page)
    assert page.locator(".twx-heatmap").screenshot() != picture
    page.screenshot(path=lab.ARTIFACTS / "options.png")
