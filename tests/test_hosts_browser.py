"""The explorer in Notebook 7, in marimo and on pages of any colour: theme, map and selection."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.notebook,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

THEMES = [("light", "dark"), ("dark", "light")]
"""The host's theme, and the system's, which says the opposite."""
SETUP = """import twlab as tw
film = tw.clips(tw.sample())
"""
MAP = ".twx-map canvas[tabindex]"
FIGURE = ".js-plotly-plot"
STATUS = re.compile(r"^(\d+) of 100 segments selected")
LOADED = """film => film.readyState
  || new Promise((done) => film.addEventListener("loadedmetadata", () => done(1)))"""


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    pytest.importorskip("notebook")
    folder = tmp_path_factory.mktemp("seven")
    shutil.copy(tw.sample_video(), folder / "film.mp4")
    with lab.jupyter("notebook", folder) as url:
        yield url, folder


def open_watched(chromium: Browser, scheme: Any, url: str, problems: list[str]) -> Page:
    """A page that notes which themes are painted, in a system of a scheme."""
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 1440, "height": 1300})
    page.add_init_script(f"({lab.WATCH_THEMES})()")
    page.on("pageerror", lambda error: problems.append(str(error.stack)))
    page.goto(url, wait_until="load")
    return page


def check_drawn(page: Page, theme: str) -> None:
    """The map shows its dots on the paper of the theme, which was there from the first draw."""
    assert lab.drawn(page, ".twx-map") > 20
    paper = np.median(lab.pixels(page, ".twx-map"))
    assert paper < 60 if theme == "dark" else paper > 240
    assert page.evaluate("[...window.themes]") == [theme]


def wait_for_status(page: Page, told: Any) -> str:
    status = page.locator(".twx-status", has_text=told)
    status.wait_for(state="attached")
    return str(status.text_content())


def lasso(page: Page) -> int:
    """How many segments a lasso around the left half of the map selects."""
    box = lab.box_of(page, MAP)
    corners = ((0.02, 0.05), (0.5, 0.05), (0.5, 0.95), (0.02, 0.95), (0.02, 0.1))
    spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    lab.drag(page, spots)
    found = STATUS.match(wait_for_status(page, STATUS))
    assert found
    return int(found[1])


@pytest.mark.parametrize(("theme", "scheme"), THEMES)
def test_notebook_7(seven: tuple[str, Path], chromium: Browser, theme: str, scheme: str) -> None:
    url, folder = seven
    settings = folder / "home" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    chosen = json.dumps({"theme": f"JupyterLab {theme.title()}"})
    (settings / "themes.jupyterlab-settings").write_text(chosen)
    cells = (SETUP, "ex = tw.explore(film, video='film.mp4')\nex")
    lab.write_notebook(folder / f"{theme}.ipynb", *cells)
    problems: list[str] = []
    page = open_watched(chromium, scheme, f"{url}/notebooks/{theme}.ipynb", problems)
    book = lab.Notebook(page)
    book.run_all()
    page.wait_for_selector(".twx-map canvas", timeout=60_000)
    assert page.locator(".twx-video").evaluate(LOADED) >= 1
    page.screenshot(path=lab.ARTIFACTS / f"notebook7-{theme}.png")
    check_drawn(page, theme)
    count = lasso(page)
    assert 10 < count < 90
    book.wait_python("print(len(ex.selection))", str(count))
    book.python("ex.selection = film[:7]")
    wait_for_status(page, "7 of 100 segments selected")
    assert not any(map(lab.of_ours, problems))
    page.close()


APP = """# /// script
# [tool.marimo.display]
# theme = "{theme}"
# ///
import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import marimo as mo
    import twlab as tw

    film = tw.clips(tw.sample())
    return film, mo, tw


@app.cell
def _(film, mo, tw):
    ex = tw.explore(film, video="film.mp4")
    view = mo.ui.anywidget(ex)
    view
    return ex, view


@app.cell
def _(ex, film, mo):
    def choose(_):
        ex.selection = film[:7]

    mo.ui.button(label="the first seven", on_click=choose)
    return


@app.cell
def _(ex, mo, view):
    view.value
    mo.md(f"the kernel has {{len(ex.selection)}} of {{len(ex.segments)}}")
    return


@app.cell
def _(film, tw):
    tw.plot.novelty(film)
    return
"""
"""An app in marimo's own form; the cell that counts runs again when the widget's state changes."""


def test_marimo(tmp_path: Path, chromium: Browser) -> None:
    """One server for both themes: it reads the app anew for each page."""
    pytest.importorskip("marimo")
    shutil.copy(tw.sample_video(), tmp_path / "film.mp4")
    app = tmp_path / "app.py"
    app.write_text(APP.format(theme=THEMES[0][0]))
    with lab.marimo(app) as url:
        for theme, scheme in THEMES:
            app.write_text(APP.format(theme=theme))
            check_marimo(chromium, url, theme, scheme)


def check_marimo(chromium: Browser, url: str, theme: str, scheme: str) -> None:
    """Theme, map, film and selection both ways; the explorer is seen to its end by scrolling."""
    problems: list[str] = []
    page = open_watched(chromium, scheme, url, problems)
    page.wait_for_selector(".twx-map canvas", timeout=60_000)
    assert page.locator(".twx-video").evaluate(LOADED) >= 1
    check_drawn(page, theme)
    count = lasso(page)
    assert 10 < count < 90
    page.get_by_text(f"the kernel has {count} of 100").wait_for()
    page.get_by_role("button", name="the first seven").click()
    wait_for_status(page, "7 of 100 segments selected")
    page.set_viewport_size({"width": 1440, "height": 700})
    foot = lab.box_of(page, ".twx-foot")
    assert 0 <= foot["y"] < foot["y"] + foot["height"] <= 700, "lower than the window, not cut"
    page.wait_for_selector(FIGURE, timeout=60_000)
    assert lab.drawn(page, FIGURE) > 20
    page.screenshot(path=lab.ARTIFACTS / f"marimo-{theme}.png")
    assert page.evaluate("[...window.themes]") == [theme]
    assert not any(map(lab.of_ours, problems))
    page.close()


GROUNDS = {
    **{"rgb(250, 250, 250)": "light", "rgba(10, 10, 10, 0.9)": "dark"},
    **{"color(srgb 0.99 1 0.98)": "light", "color(srgb 0.09 0.11 0.1)": "dark"},
    **{"oklch(0.97 0.01 90)": "light", "oklch(0.2 0.02 250)": "dark"},
    **{"color-mix(in lab, white, red 4%)": "light", "lab(8 0 0)": "dark"},
    "color(srgb 0 0 0 / 0.2)": "light",
}
"""Backgrounds as pages write them, and what one reads on them; the last lets white through."""


def test_the_ground_is_read_in_every_notation(chromium: Browser, tmp_path: Path) -> None:
    film = tw.clips(tw.sample())[:12]
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(film, tmp_path / "a.html"), color_scheme="light")
        page.wait_for_selector(".twx-map canvas")
        for ground, theme in GROUNDS.items():
            page.evaluate("css => { document.body.style.background = css; }", ground)
            page.wait_for_selector(f".twx[data-theme={theme}]", timeout=5_000)
    explorer = tw.explore(film)
    page_of_a_saved_notebook = explorer._repr_mimebundle_()[0]["text/html"]
    framed = re.sub('srcdoc="[^"]*"', 'srcdoc=""', page_of_a_saved_notebook)
    explorer.close()
    page = chromium.new_page(color_scheme="light")
    page.set_content("".join(f'<p style="background: {one}">{framed}</p>' for one in GROUNDS))
    names = page.locator("iframe").evaluate_all("all => all.map((frame) => frame.name)")
    assert names == [f"twlab-{theme}" for theme in GROUNDS.values()]
    page.close()
