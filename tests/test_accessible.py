"""What axe-core finds in our pages; notebooks are looked at in ``test_widgets_hosts``."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import lab
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

AXE = lab.ROOT / "tests" / "js" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core comes with `make js`")

CHIP, CARD = ".twx-chip", ".twx-card"


def violations(page: Page, within: str = "html") -> list[Any]:
    """What axe-core finds wrong in part of a page: the rule, and the first elements that break it.

    What is not to be seen, or moves, is left to settle first.
    """
    lab.settle(page)
    # JupyterLab's body has no height of its own, and hides what overflows: to axe all is hidden.
    page.evaluate("document.body.style.minHeight = '100vh'")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.locator(within).evaluate_all(
        """async (include) => {
          const { violations } = await axe.run({ include }, { iframes: false });
          return violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((n) => n.html)]);
        }"""
    )
    return found


@needs_axe
def test_what_is_wrong_is_seen(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<button></button><p style='color:#aaa'>hard to read</p>")
    assert {"button-name", "color-contrast"} <= {rule for rule, _ in violations(page)}
    page.close()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_explorer_as_a_file(chromium: Browser, tmp_path: Path, scheme: Any) -> None:
    film = tw.sample()
    path = tmp_path / "film.html"
    tw.save_html(film, path, video=tw.sample_video(), labels=tw.cluster(film, 6))
    page = chromium.new_page(viewport={"width": 1300, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri())
    page.wait_for_selector(CARD)
    assert violations(page) == []
    page.locator(CHIP).first.click()
    page.get_by_role("button", name="All groups").click()
    page.get_by_role("button", name="Hide cluster 2").click()
    page.get_by_role("button", name="Table and filters").click()
    page.locator(".twx-facet-group").first.click()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="What the marks of Map mean").click()
    page.get_by_role("button", name="Panels").click()
    assert violations(page) == []
    page.get_by_role("button", name="Show as a grid").click()
    page.locator(".twx-find input").fill("c")
    page.wait_for_selector(".twx-offers [role=option]")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take out").click()
    assert violations(page, ".twx-out-menu") == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.evaluate("document.querySelector('.twx-help').open")
    assert violations(page) == []
    page.close()


@needs_axe
def test_the_demo_page(chromium: Browser, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    path = tmp_path / "demo.html"
    subprocess.run(
        [sys.executable, "-m", "twlab", "demo", "-o", str(path)], check=True, cwd=tmp_path
    )
    page.goto(path.as_uri())
    page.wait_for_selector(".main-svg")
    assert violations(page) == []
    page.close()


def test_a_wide_table_scrolls_on_a_phone_and_shows_that_it_goes_on(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 600})
    # Said below the table, in one word without a space.
    film = tw.sample().assign(source="/" + "films" * 20)
    page.set_content(tw.show(film, n_rows=3)._repr_html_())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = page.locator(".tw-wide")
    faded = "node => getComputedStyle(node).maskImage !== 'none'"
    assert wide.evaluate("node => node.scrollWidth > node.clientWidth")
    page.wait_for_function(f"({faded})(document.querySelector('.tw-wide'))")
    wide.evaluate("node => { node.scrollLeft = 1e4; }")
    page.wait_for_function(f"!({faded})(document.querySelector('.tw-wide'))")
    page.close()
