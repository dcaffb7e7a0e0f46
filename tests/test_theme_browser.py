"""Light and dark, seen in a real browser: in JupyterLab under every theme, and side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pytest

import twlab as tw
from twlab.looks import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

CELLS = (
    "import twlab as tw\nfilm = tw.clips(tw.sample())\ntw.plot.novelty(film)",
    "tw.explore(film, views=['map', 'timeline'])",
)


@pytest.fixture(scope="module")
def book(chromium: Browser, jupyterlab: lab.Server) -> Iterator[lab.Notebook]:
    """The notebook in JupyterLab, whose cells each test runs again."""
    opened = lab.open_book(
        chromium, jupyterlab, jupyterlab.new_folder(), *CELLS, ready=".twx-map canvas"
    )
    with opened as book:
        yield book


def shows(picture: np.ndarray, colour: str) -> int:
    """How many pixels have exactly that colour."""
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return int((picture == wanted).all(axis=-1).sum())


def luminance(picture: np.ndarray) -> np.ndarray:
    parts = picture / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_jupyterlab_has_the_last_word(book: lab.Notebook, scheme: Any, theme: str) -> None:
    """From the first picture on the explorer is as the notebook is; a figure lies on its paper."""
    page = book.page
    book.show("")  # nothing of the theme before
    book.wear(theme, scheme)
    page.evaluate(lab.WATCH_THEMES)
    book.show(*CELLS)
    page.wait_for_selector(".twx-map canvas", timeout=60_000)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
    page.wait_for_timeout(500)  # a theme that comes late would be seen
    lab.ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=lab.ARTIFACTS / f"theme_{scheme}_{theme}.png")
    assert page.evaluate("[...window.themes]") == [theme]
    ground = luminance(lab.pixels(page, ".twx-map"))
    assert (np.median(ground) < 0.05) == (theme == "dark")
    assert (np.median(ground) > 0.9) == (theme == "light")
    figure = luminance(lab.pixels(page, ".js-plotly-plot"))
    paper = np.median(figure)
    assert (paper < 0.05) == (theme == "dark"), "a figure brings no paper of its own"
    title = figure[20:40, 15:200]
    farthest = title[np.unravel_index(np.abs(title - paper).argmax(), title.shape)]
    high, low = max(farthest, paper), min(farthest, paper)
    assert (high + 0.05) / (low + 0.05) > 7, "its title has the colour of the notebook's text"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cluster_and_a_cell_look_the_same_in_both(
    chromium: Browser, tmp_path: Path, scheme: Any
) -> None:
    """In the explorer and in figures, on a light and on a dark page."""
    film = tw.clips(tw.sample())
    labels, coords = tw.cluster(film, 6), tw.project(film)
    tw.save_html(film, tmp_path / "a.html", labels=labels, coords=coords)
    paper = {"light": "#ffffff", "dark": "#14171c"}[scheme]
    for name, figure in {
        "map": tw.plot.scatter(film, coords, color=labels),
        "heatmap": tw.plot.heatmap(film),
    }.items():
        figure.update_layout(paper_bgcolor=paper)
        figure.write_html(tmp_path / f"{name}.html", include_plotlyjs="directory")
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto((tmp_path / "a.html").as_uri())
    page.wait_for_selector(f".twx[data-theme={scheme}] .twx-timeline canvas")
    lab.settle(page)
    ours, square = lab.pixels(page, ".twx-map"), lab.pixels(page, ".twx-heatmap")
    lanes = lab.pixels(page, ".twx-timeline")
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .legend")
    theirs = lab.pixels(page, ".js-plotly-plot")
    for colour in CATEGORIES[:6]:
        assert shows(lanes, colour) > 20, colour
        assert shows(ours, colour) > 10, colour
        assert shows(theirs, colour) > 10, colour
    page.goto((tmp_path / "heatmap.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .heatmaplayer image")
    lab.settle(page)
    drawn = lab.pixels(page, ".js-plotly-plot .heatmaplayer image")
    ends = film["end_sec"].to_numpy()
    for row, column in ((20, 70), (50, 30), (85, 40), (92, 95)):
        mine = lab.cell(lab.square_of(square), (row + 0.5) / 100, (column + 0.5) / 100)
        other = lab.cell(drawn, (ends[row] - 3) / ends[-1], (ends[column] - 3) / ends[-1])
        assert np.abs(mine - other).max() <= 12, (row, column, mine, other)
    context.close()
