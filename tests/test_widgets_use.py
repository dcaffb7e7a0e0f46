"""The explorer in use: the list of keys, what is said, the search box, and fingers."""

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

MAP = ".twx-map canvas[tabindex]"
TOAST = ".twx-toast"
CARD = ".twx-reel .twx-card-text"


@pytest.fixture(scope="module")
def film_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    film = tw.sample()
    path = tmp_path_factory.mktemp("page") / "film.html"
    return tw.save_html(film, path, labels=tw.cluster(film, 6))


@pytest.fixture
def page(chromium: Browser, film_page: Path) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1300, "height": 900})
    opened.goto(film_page.as_uri())
    opened.wait_for_selector(MAP)
    yield opened
    opened.close()


def status(page: Page) -> str:
    return page.locator(".twx-status").inner_text()


def find(page: Page, text: str) -> None:
    page.locator(".twx-find input").fill(text)
    page.keyboard.press("Enter")


def is_on_top(page: Page, selector: str) -> bool:
    """Whether an element is in the window, and nothing lies over its middle."""
    over: bool = page.evaluate(
        """(selector) => {
          const box = document.querySelector(selector).getBoundingClientRect();
          return box.width > 0 && box.top >= 0 && box.bottom <= innerHeight;
        }""",
        selector,
    )
    return over


def test_keys_wait_while_their_list_is_open(page: Page) -> None:
    page.locator(MAP).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert status(page) == "1 of 100 segments selected"
    page.keyboard.press("?")
    assert page.evaluate("document.querySelector('.twx-help').open")
    for key in "nplbv":
        page.keyboard.press(key)
    assert status(page) == "1 of 100 segments selected"
    assert page.locator("[aria-label='Lasso']").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('.twx-help').open")
    assert status(page) == "1 of 100 segments selected"
    page.keyboard.press("Escape")
    assert status(page) == "100 segments"


def test_what_is_said_is_seen_and_goes(page: Page) -> None:
    assert not page.locator(TOAST).is_visible()
    page.locator(MAP).focus()
    page.keyboard.press("Escape")
    assert page.locator(TOAST).inner_text() == "Selection cleared"
    assert is_on_top(page, ".twx-toast-text")
    page.wait_for_function("document.querySelector('.twx-toast').hidden")
    page.keyboard.press("Escape")
    assert page.locator(TOAST).inner_text() == "Selection cleared", "said again, seen again"
    page.screenshot(path=lab.ARTIFACTS / "toast.png")


def test_search_finds_labels_and_says_what_is_not_there(page: Page) -> None:
    find(page, "4")
    chosen = status(page)
    assert chosen.endswith("of 100 segments selected")
    assert "with cluster 4" in page.locator(TOAST).inner_text()
    find(page, "unicorn")
    told = "Nothing holds 'unicorn'; words need the notebook that this page was made in"
    page.wait_for_function(
        "told => document.querySelector('.twx-toast').innerText === told", arg=told
    )
    assert status(page) == chosen
    find(page, "99:00")
    assert "1:39:00 lies beyond the end" in page.locator(TOAST).inner_text()
    assert page.locator(".twx-clock").inner_text() != "9:56.0"
    find(page, "cluster:5")
    assert "with cluster 5" in page.locator(TOAST).inner_text()
    find(page, "3:07")
    page.wait_for_function("document.querySelector('.twx-clock').textContent === '3:07.0'")


@pytest.fixture
def phone(chromium: Browser, film_page: Path) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    opened = context.new_page()
    opened.goto(film_page.as_uri())
    opened.wait_for_selector(MAP)
    yield opened
    context.close()


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Draw a finger over the page; how far the page is scrolled then."""
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", start)
    for k in range(1, 11):
        touch("touchMove", tuple(a + (b - a) * k / 10 for a, b in zip(start, end, strict=True)))  # type: ignore[arg-type]
    touch("touchEnd")
    lab.settle(page)
    return float(page.evaluate("scrollY"))


def tap_beside(page: Page) -> None:
    """Tap the title until no view takes the fingers; soon after a swipe a tap is no click."""
    for _ in range(10):
        page.locator(".twx-title").tap()
        if page.evaluate("document.activeElement === document.body"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("a view still takes the fingers")


def test_a_phone_scrolls_past_the_views_until_one_is_tapped(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    box = lab.box_of(phone, MAP)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8
    assert swipe(phone, (x, y), (x, y - 200)) > 100
    phone.evaluate("scrollTo(0, 0)")
    assert swipe(phone, (x - 100, y), (x + 100, y - 20)) < 60
    assert status(phone) == "100 segments", "a swipe selects nothing"
    phone.evaluate("scrollTo(0, 0)")
    phone.touchscreen.tap(x, y)
    assert "tap beside it to scroll" in phone.locator(TOAST).inner_text()
    phone.screenshot(path=lab.ARTIFACTS / "phone-tapped.png")
    assert swipe(phone, (x - 120, y), (x + 120, y - 200)) == 0, "now fingers draw"
    tap_beside(phone)
    assert swipe(phone, (x, y), (x, y - 200)) > 100


def test_a_file_shows_what_was_found_and_finds_nothing_new(
    chromium: Browser, tmp_path: Path
) -> None:
    film = tw.sample()
    explorer = tw.explore(film, search=lambda words: tw.vectors(film)[42])
    explorer._handle_custom_msg({"id": "1", "kind": "words", "text": "a rabbit"}, [])
    explorer._words = "a rabbit"
    explorer.focus = explorer.found["match"].iloc[0]
    path = tw.save_html(explorer, tmp_path / "found.html")
    explorer.close()
    page = chromium.new_page(viewport={"width": 1300, "height": 1100})
    page.goto(path.as_uri())
    page.wait_for_function("document.querySelector('.twx-reel b')?.innerText === '4:12'")
    assert page.locator(".twx-search-words").inner_text() == "a rabbit"
    assert page.locator(".twx-choice select").first.input_value() == "search: a rabbit"
    scores = [float(text.split()[-1]) for text in page.locator(CARD).all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    find(page, "a hare")
    page.wait_for_function("document.querySelector('.twx-toast').innerText.includes('a hare')")
    assert "words need the notebook" in page.locator(TOAST).inner_text()
    assert page.locator(".twx-search-words").inner_text() == "a rabbit"
    page.locator(MAP).focus()
    page.keyboard.press("Escape")
    assert page.locator(".twx-search-words").count() == 0
    assert page.locator(".twx-choice select").first.input_value() != "search: a rabbit"
    find(page, "a rabbit")
    page.wait_for_function("document.querySelector('.twx-search-words')")
    page.keyboard.press("Escape")  # leaves the box
    page.locator(MAP).focus()
    page.keyboard.press("Control+z")
    assert page.locator(".twx-search-words").count() == 0
    page.close()
