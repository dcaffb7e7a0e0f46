"""The film in the explorer: a frame for it before it plays, two for a pair, none where none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lab
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

STILL = ".twx-still"


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    film = tw.sample("film")
    path = tw.save_html(film, tmp_path / "a.html", video=tw.sample_video("film"))
    opened = chromium.new_page(viewport={"width": 1300, "height": 900})
    opened.goto(path.as_uri())
    opened.wait_for_selector(f"{STILL}:not([hidden])")
    yield opened
    opened.close()


def test_a_typical_frame_stands_for_a_film_that_begins_in_black(page: Page) -> None:
    shown = lab.colours(page, ".twx-player", part=(0.2, 0.3, 0.8, 0.6))
    dark = sum(n for name, n in shown.items() if max(bytes.fromhex(name[1:])) < 24)
    assert dark < 0.2 * sum(shown.values())
    assert page.evaluate("document.querySelector('.twx-video').currentTime") == 0
    page.locator(".twx-find input").fill("3:00")
    page.keyboard.press("Enter")
    page.wait_for_selector(STILL, state="hidden")
    page.wait_for_function("document.querySelector('.twx-video').currentTime === 180")
    assert page.locator(".twx-video[data-still]").count() == 0


def test_a_pair_shows_both_frames_with_their_times(page: Page) -> None:
    box = lab.box_of(page, ".twx-heatmap canvas[tabindex]")
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.35 * box["height"])
    page.wait_for_selector(".twx-tip figure canvas")
    captions = page.locator(".twx-tip figcaption").all_inner_texts()
    assert len(captions) == page.locator(".twx-tip figure canvas").count() == 2
    assert page.locator(".twx-tip b").inner_text() == " × ".join(captions)
    assert "similarity" in page.locator(".twx-tip-text").inner_text()
    for k in (0, 1):
        assert lab.drawn(page, ".twx-tip figure canvas", k) > 200
    page.screenshot(path=lab.ARTIFACTS / "pair.png")


def test_without_a_film_its_panel_is_folded(chromium: Browser, tmp_path: Path) -> None:
    path = tw.save_html(tw.sample("film"), tmp_path / "a.html")
    opened = chromium.new_page(viewport={"width": 1440, "height": 900})
    opened.goto(path.as_uri())
    opened.wait_for_selector(".twx-map canvas")
    player = lab.box_of(opened, ".twx-panel-player")
    views = [lab.box_of(opened, f".twx-panel-{name}") for name in ("map", "heatmap")]
    assert player["height"] < 150
    assert player["width"] == pytest.approx(sum(view["width"] for view in views), abs=20)
    assert "No video given" in opened.locator(".twx-note").inner_text()
    opened.close()
