"""The room that the panels take, and their borders, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lab
import numpy as np
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

MAP = ".twx-map canvas[tabindex]"
BORDER = "Border of Map and Similarity"


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    table = tw.sample("film")
    path = tmp_path_factory.mktemp("layout") / "a.html"
    tw.save_html(table, path, labels=tw.cluster(table, 4))
    with lab.offline_pages(chromium) as open_file:
        opened = open_file(path, viewport={"width": 1440, "height": 900})
        opened.wait_for_selector(MAP)
        yield opened


def width_of(page: Page, name: str) -> float:
    width: float = lab.box_of(page, f".twx-panel-{name}")["width"]
    return width


def is_empty_below(page: Page) -> float:
    """Part of the window's height that the explorer leaves empty."""
    height: int = page.evaluate("innerHeight")
    foot = lab.box_of(page, ".twx-foot")
    return 1 - (foot["y"] + foot["height"]) / height


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080), (2560, 1440)])
def test_a_full_screen_is_full(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.locator(MAP).focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    lab.settle(page)
    assert -0.005 <= is_empty_below(page) < 0.03
    assert lab.box_of(page, ".twx-panel-timeline")["width"] > size[0] - 40
    root = "document.querySelector('.twx')"
    assert page.evaluate(f"{root}.scrollHeight <= {root}.clientHeight + 1")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_a_wide_page_is_filled_and_its_canvases_are_sharp(page: Page) -> None:
    page.set_viewport_size({"width": 2560, "height": 1440})
    lab.settle(page)
    assert lab.box_of(page, ".twx")["width"] > 2500
    assert is_empty_below(page) < 0.05
    sharp = "[...document.querySelectorAll('.twx canvas[tabindex]')].every("
    sharp += "(c) => Math.abs(c.width - c.clientWidth * devicePixelRatio) < 2)"
    assert page.evaluate(sharp)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_borders_move_by_mouse_and_by_key_and_go_back(page: Page) -> None:
    lab.settle(page)
    own = width_of(page, "map")
    border = page.get_by_role("separator", name=BORDER)
    box = border.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 85, box["y"] + 100, steps=4)
    page.mouse.up()
    assert width_of(page, "map") == pytest.approx(own + 80, abs=2)
    border.focus()
    page.keyboard.press("ArrowLeft")
    assert width_of(page, "map") == pytest.approx(own + 64, abs=2)
    assert float(border.get_attribute("aria-valuenow") or 0) == pytest.approx(own + 64, abs=2)
    border.dblclick()
    assert width_of(page, "map") == pytest.approx(own, abs=1)


def test_a_key_shows_each_mark_as_it_is_drawn(page: Page) -> None:
    for name in ("Map", "Similarity", "Timeline"):
        opener = page.get_by_role("button", name=f"What the marks of {name} mean")
        opener.click()
        key = f".twx-panel:has(h2:text('{name}')) .twx-key"
        told = page.locator(f"{key} li").all_inner_texts()
        assert len(told) >= 3
        for k in range(len(told)):
            assert lab.drawn(page, f"{key} canvas", k) > 1, told[k]
        opener.press("Escape")
        assert not page.locator(key).is_visible()


def test_a_key_tells_what_may_be_seen_now(page: Page) -> None:
    page.get_by_role("button", name="What the marks of Similarity mean").click()
    combs = page.get_by_text("Along the edges: what is selected.")
    assert combs.count() == 0
    page.locator(MAP).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert combs.is_visible()
    page.get_by_role("button", name="What the marks of Similarity mean").click()
    page.locator(MAP).focus()
    page.keyboard.press("Escape")


def test_panels_are_hidden_and_come_back(page: Page) -> None:
    opener = page.get_by_role("button", name="Panels")
    opener.click()
    page.get_by_role("checkbox", name="Map").uncheck()
    page.get_by_role("checkbox", name="Gallery").uncheck()
    assert not page.locator(".twx-panel-map").is_visible()
    assert page.locator(".twx-foot .twx-status").inner_text().endswith("segments")
    page.keyboard.press("Escape")
    assert opener.evaluate("(node) => node === document.activeElement")
    assert not page.locator(".twx-menu").is_visible()
    page.keyboard.press("0")
    assert page.locator(".twx-panel-map").is_visible()
    assert page.locator(".twx-bar .twx-status").is_visible()
    assert lab.drawn(page, ".twx-map canvas", 0) > 200


def test_without_segments_the_timeline_says_so_and_has_no_axis(
    open_file: Callable[..., Page], tmp_path: Path
) -> None:
    table = tw.sample("film").head(0)
    with pytest.warns(tw.TwlabWarning, match="no rows"):
        tw.save_html(table, tmp_path / "a.html")
    page = open_file(tmp_path / "a.html", viewport={"width": 900, "height": 700})
    page.wait_for_selector(".twx-timeline canvas[tabindex]")
    lab.settle(page)
    drawn = lab.pixels(page, ".twx-timeline canvas").astype(int)
    ground = drawn[2, 2]
    marked = (np.abs(drawn - ground).max(axis=2) > 40).any(axis=0)
    where = np.flatnonzero(marked) / marked.size
    assert where.min() > 0.3, "no time at the left end"
    assert where.max() < 0.7
