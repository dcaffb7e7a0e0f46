"""Notebooks that a program ran: what they show where there is no kernel and no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lab
import pytest

import twlab as tw
from twlab.hosts import comes_first, is_unattended

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.once
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
nbconvert = pytest.importorskip("nbconvert")

CELLS = (
    "import sys, twlab as tw\nfilm = tw.clips(tw.sample())\ntw.plot.novelty(film)",
    "tw.plot.heatmap(film)",
    "tw.explore(film, views=['map', 'heatmap'], labels=tw.cluster(film, 4))",
)
NO_KALEIDO = "import sys\nsys.modules['kaleido'] = None\n"
FRAMES = """() => new Promise(
  (done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 500)))
)"""
JSON, WIDGET = "application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json"


def run(*cells: str) -> Any:
    """A notebook as ``jupyter nbconvert --execute`` runs it."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return nbclient.NotebookClient(book, timeout=300).execute()


def shown(book: Any) -> list[dict[str, Any]]:
    """What each cell shows, by kind."""
    return [dict(cell.outputs[-1].data) for cell in book.cells]


@pytest.fixture(scope="module")
def plain() -> Any:
    """The notebook, run where there is no kaleido."""
    return run(NO_KALEIDO + CELLS[0], *CELLS[1:])


@pytest.fixture(scope="module")
def page(plain: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as HTML."""
    path = tmp_path_factory.mktemp("export") / "book.html"
    path.write_text(nbconvert.HTMLExporter().from_notebook_node(plain)[0], encoding="utf-8")
    return path


def test_nobody_runs_a_script_unattended() -> None:
    assert not is_unattended()


def test_without_a_notebook_everything_comes_first() -> None:
    assert comes_first("a")
    assert comes_first("a")


def test_without_a_browser_figures_draw_themselves(plain: Any) -> None:
    first, second, _ = shown(plain)
    assert set(first) == set(second) == {JSON, "text/html"}
    assert "plotly.js v" in first["text/html"]
    assert "plotly.js v" not in second["text/html"], "the script is there once"
    assert len(second["text/html"]) < 1.5 * len(str(second[JSON])) + 10_000, "so are its data"


def test_the_explorer_leaves_its_page_and_no_widget(plain: Any) -> None:
    explorer = shown(plain)[2]
    assert set(explorer) == {"text/plain", "text/html"}
    assert 'class="twlab-page" srcdoc=' in explorer["text/html"]


def test_with_a_browser_figures_leave_a_picture() -> None:
    pytest.importorskip("kaleido")
    if not lab.CHROMIUM:
        pytest.skip("needs Chromium")
    book = run(CELLS[0])
    assert set(shown(book)[0]) == {JSON, "image/png"}
    size = book.cells[0].outputs[-1].metadata["image/png"]
    assert size["width"] == 900
    assert size["height"] == tw.plot.novelty(tw.clips(tw.sample())).layout.height


def test_who_can_be_asked_gets_what_plotly_and_the_widget_give(tmp_path: Path) -> None:
    """Plotly's JSON alone, so that a notebook is as quick and as small as it was."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    kinds: list[set[str]] = []

    def note(message: Any) -> None:
        if "data" in message["content"] and "metadata" in message["content"]:
            kinds.append(set(message["content"]["data"]))

    try:
        for cell in (CELLS[0], CELLS[2]):
            client.execute_interactive(cell, output_hook=note, allow_stdin=True, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert kinds == [{JSON}, {"text/plain", "text/html", WIDGET}]


@pytest.mark.browser
@pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_export_shows_all_with_the_network_off(
    page: Path, chromium: Browser, scheme: Any
) -> None:
    context = chromium.new_context(offline=True, color_scheme=scheme)
    opened = context.new_page()
    opened.goto(page.as_uri(), wait_until="load")
    opened.wait_for_selector(".js-plotly-plot >> nth=1")
    lab.wait_drawn(opened, ".js-plotly-plot", 0, colours=50)
    lab.wait_drawn(opened, ".js-plotly-plot", 1, colours=200)
    frame = opened.frame_locator("iframe")
    frame.locator(".twx[data-theme=light]").wait_for()  # as the page is, whatever the system says
    opened.locator("iframe").scroll_into_view_if_needed()
    frame.locator(".twx-heatmap canvas >> nth=0").evaluate(FRAMES)  # none are drawn out of sight
    lab.wait_drawn(opened, "iframe", colours=200)
    lab.ARTIFACTS.mkdir(exist_ok=True)
    opened.screenshot(path=lab.ARTIFACTS / f"export_{scheme}.png", full_page=True)
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium")
def test_a_page_that_was_quicker_than_its_name_is_told(page: Path, chromium: Browser) -> None:
    late = page.with_name("late.html")
    text = page.read_text(encoding="utf-8")
    assert "frame.name =" in text
    late.write_text(text.replace("frame.name =", "const late ="), encoding="utf-8")
    context = chromium.new_context(offline=True, color_scheme="dark")
    opened = context.new_page()
    opened.goto(late.as_uri(), wait_until="load")
    opened.frame_locator("iframe").locator(".twx[data-theme=light]").wait_for()
    context.close()
