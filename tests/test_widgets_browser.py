"""The explorer in a real browser, against a real JupyterLab and Notebook 7, and as a file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import twlab as tw
import lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")
pytest.importorskip("jupyterlab")

SETUP = """
import pandas as pd, twlab as tw
from sklearn.decomposition import PCA
film = tw.sample()
film = film[film.embedding_scope == "clip"]
coords = PCA(2, random_state=0).fit_transform(tw.vectors(film))
"""
OPEN = "ex = tw.explore(film, video='film.mp4', coords=coords, scenes=[0, 60, 120])\nex"
MAP = ".twx-map canvas[tabindex]"
HEATMAP = ".twx-heatmap canvas[tabindex]"
TIMELINE = ".twx-timeline canvas[tabindex]"
VIDEO_SEC = "() => document.querySelector('.twx-video').currentTime"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab")
    shutil.copy(tw.sample_video(), made / "film.mp4")
    lab.ARTIFACTS.mkdir(exist_ok=True)
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    with lab.jupyter("lab", folder) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with lab.browser() as opened:
        yield opened


@pytest.fixture
def open_notebook(
    server: str, chromium: Browser, folder: Path
) -> Iterator[Callable[..., lab.Notebook]]:
    """A function that opens a fresh notebook with some cells and runs them."""
    pages: list[Page] = []

    def opener(*cells: str, kind: str = "lab/tree", base: str = server) -> lab.Notebook:
        name = f"book{len(list(folder.glob('*.ipynb')))}.ipynb"
        lab.write_notebook(folder / name, *cells)
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        pages.append(page)
        book = lab.Notebook(page, f"{base}/{kind}/{name}?reset")
        book.run_all()
        page.wait_for_selector(".twx-map canvas", timeout=60_000)
        return book

    yield opener
    for page in pages:
        page.close()


def place_of(page: Page, row: int) -> tuple[float, float]:
    """Where on the screen the map draws a row, asked by the keyboard and read off the tooltip."""
    raise NotImplementedError((page, row))


def test_click_seeks_the_video(open_notebook: Callable[..., lab.Notebook]) -> None:
    book = open_notebook(SETUP, OPEN)
    page = book.page
    box = lab.box_of(page, TIMELINE)
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 32)
    page.wait_for_function(f"({VIDEO_SEC})() > 200")
    sec = page.evaluate(VIDEO_SEC)
    assert sec % 6 == pytest.approx(0, abs=0.01)
    book.wait_python("print(film.loc[ex.focus].start_sec == round(ex.current_sec, 2))", "True")
    page.screenshot(path=lab.ARTIFACTS / "lab.png")
    assert book.problems == []
    assert json.dumps(sec)
