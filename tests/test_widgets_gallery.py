"""The gallery of the selection in a real browser, from disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    Opener = Callable[..., Page]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

VIDEO_SEC = "document.querySelector('.twx-video').currentTime"
CARD = ".twx-item"
TIMES = f"[...document.querySelectorAll('{CARD} b')].map(node => node.textContent)"


def count(page: Page, selector: str) -> int:
    return page.locator(selector).count()


def heading(page: Page) -> str:
    return page.locator(".twx-count").inner_text()


def test_all_are_shown_until_some_are_selected(open_file: Opener, film_page: Path) -> None:
    page = open_file(film_page)
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    assert heading(page) == "100 segments"
    assert page.evaluate(TIMES)[:3] == ["0:00", "0:06", "0:12"]
    page.locator(".twx-chip").first.click()
    page.wait_for_function(f"({TIMES}).length < 30")
    film = tw.sample()
    wanted = film.start_sec[tw.cluster(film, 6) == 0].tolist()
    shown = page.evaluate(TIMES)
    assert shown == [f"{int(t) // 60}:{int(t) % 60:02}" for t in wanted][: len(shown)]
    assert heading(page) == f"{len(wanted)} of 100 segments selected"
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('.twx-count').innerText === '100 segments'")


def test_a_card_shows_the_frame_of_its_clip(open_file: Opener, film_page: Path) -> None:
    """Nearer to that frame of the film than to any other card's."""
    page = open_file(film_page, viewport={"width": 900, "height": 900})
    page.wait_for_function(
        f"document.querySelectorAll('{CARD} canvas').length >= 5", timeout=30_000
    )
    own = page.evaluate(
        """async () => {
          const small = (source) => {
            const canvas = new OffscreenCanvas(16, 9);
            const context = canvas.getContext("2d");
            context.drawImage(source, 0, 0, 16, 9);
            return [...context.getImageData(0, 0, 16, 9).data];
          };
          const cards = [...document.querySelectorAll(".twx-item canvas")].slice(0, 5);
          const shown = cards.map(small);
          const video = document.querySelector(".twx-video");
          const found = [];
          for (const k of cards.keys()) {
            const there = new Promise((done) => (video.onseeked = done));
            video.currentTime = 6 * k + 3;
            await there;
            const frame = small(video);
            const away = shown.map((one) =>
              one.reduce((sum, value, i) => sum + (value - frame[i]) ** 2, 0));
            found.push(away.indexOf(Math.min(...away)));
          }
          return found;
        }"""
    )
    assert own == [0, 1, 2, 3, 4]


def test_a_click_goes_there_and_hovering_plays(open_file: Opener, film_page: Path) -> None:
    page = open_file(film_page)
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    third = page.locator(f"{CARD} button").nth(3)
    third.hover()
    page.wait_for_function(
        "(v => v && v.currentTime > 18.05 && v.currentTime < 24.2 && v.muted)"
        "(document.querySelector('.twx-item .twx-preview'))"
    )
    assert page.evaluate(VIDEO_SEC) == 0, "the player stays where it is"
    page.screenshot(path=lab.ARTIFACTS / "gallery-hover.png")
    third.click()
    page.wait_for_function(f"{VIDEO_SEC} === 18")
    assert third.get_attribute("aria-current") == "true"
    page.mouse.move(5, 5)
    page.wait_for_function("!document.querySelector('.twx-preview')")


def test_the_strip_grows_to_a_grid_and_keys_move_in_it(open_file: Opener, film_page: Path) -> None:
    page = open_file(film_page)
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    low = lab.box_of(page, ".twx-reel")["height"]
    page.get_by_role("button", name="Show as a grid").click()
    page.wait_for_function(f"document.querySelector('.twx-reel').clientHeight > {2.5 * low}")
    page.wait_for_selector(CARD)
    tops = page.evaluate(
        f"[...document.querySelectorAll('{CARD}')].map(n => n.getBoundingClientRect().top)"
    )
    per_row = tops.count(min(tops))
    assert per_row > 5
    page.locator(f"{CARD} button[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(f"{VIDEO_SEC} === {6 * (2 * per_row + 1)}")
    page.keyboard.press("End")
    label = "document.activeElement.getAttribute('aria-label')"
    page.wait_for_function(f"{label}.startsWith('9:54')")
    assert page.evaluate("document.activeElement.closest('[role=listitem]').ariaPosInSet") == "100"
    inside = """() => {
      const card = document.activeElement.getBoundingClientRect();
      const reel = document.querySelector(".twx-reel").getBoundingClientRect();
      return reel.top <= card.top + 1 && card.bottom <= reel.bottom + 1;
    }"""
    assert page.evaluate(inside)


def test_neighbours_come_with_scores_best_first(open_file: Opener, film_page: Path) -> None:
    page = open_file(film_page)
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    page.locator(f"{CARD} button").nth(4).click()
    page.keyboard.press("n")
    page.wait_for_function(f"({TIMES})[0] === '0:24'")
    texts = page.locator(f"{CARD} .twx-card-text").all_inner_texts()
    scores = [float(text.split()[-1]) for text in texts]
    assert scores[0] == 1
    assert scores == sorted(scores, reverse=True)
    page.get_by_label("Order of the gallery").select_option("time")
    page.wait_for_function(f"({TIMES})[0] !== '0:24' || ({TIMES})[1] > '0:24'")
    times = page.evaluate(TIMES)
    assert times == sorted(times, key=lambda t: int(t.split(":")[0]) * 60 + int(t.split(":")[1]))
    page.get_by_role("button", name="Clear selection").click()
    assert page.get_by_label("Order of the gallery").is_hidden()


def many(n: int, rng: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": "film", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    return tw.with_vectors(rows, rng.normal(size=(n, 8)).astype(np.float32))


def test_ten_thousand_selected_are_no_burden(open_file: Opener, tmp_path: Path, rng: Any) -> None:
    """Some dozen cards exist, wherever one scrolls; in the strip and in the grid."""
    explorer = tw.explore(many(10_000, rng), video=tw.sample_video("trailer"))
    explorer.selection = explorer.segments
    page = open_file(tw.save_html(explorer, tmp_path / "a.html"))
    page.wait_for_selector(CARD, timeout=60_000)
    assert heading(page) == "10,000 of 10,000 segments selected"
    for grid in (False, True):
        if grid:
            page.get_by_role("button", name="Show as a grid").click()
        for part in (0, 0.5, 1):
            page.evaluate(
                "part => { const reel = document.querySelector('.twx-reel');"
                "reel.scrollTo(part * reel.scrollWidth, part * reel.scrollHeight); }",
                part,
            )
            lab.settle(page)
            assert 4 <= count(page, CARD) <= 80
        last = page.locator(f"{CARD}[aria-posinset='10000'] b")
        assert last.inner_text() == "16:39:54"


def test_the_first_picture_does_not_wait_for_it(chromium: Browser, film_page: Path) -> None:
    """When the map is drawn first, not one card is there, and no frame has been asked for."""
    page = chromium.new_page()
    page.add_init_script(
        """window.cardsAtFirst = null;
        const own = CanvasRenderingContext2D.prototype, arc = own.arc;
        let points = 0;
        own.arc = function (...given) {
          if (this.canvas.closest(".twx-map") && ++points === 100)
            window.cardsAtFirst = document.querySelectorAll(".twx-item").length;
          return arc.apply(this, given);
        };"""
    )
    page.goto(film_page.as_uri())
    page.wait_for_selector(CARD)
    assert page.evaluate("window.cardsAtFirst") == 0
    page.close()


def test_pictures_that_never_come_hold_nothing_up(chromium: Browser, tmp_path: Path) -> None:
    """All views are drawn while film and thumbnails are still waited for, and a lasso selects."""
    clips = tw.clips(tw.sample())
    own = [f"https://pictures.test/{k}.svg" for k in range(len(clips))]
    film = "https://pictures.test/film.mp4"
    path = tw.save_html(clips.assign(thumbnail_url=own), tmp_path / "a.html", video=film)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    held: list[Any] = []
    # playwright writes on its handler, which list.append does not allow
    page.route("https://pictures.test/**", lambda route: held.append(route))
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector(f"{CARD}[data-row='2'] img", state="attached")
    for view in (".twx-map", ".twx-timeline", ".twx-heatmap"):
        page.wait_for_selector(f"{view} canvas")
        assert lab.drawn(page, view) > 20
    box = lab.box_of(page, ".twx-map canvas[tabindex]")
    corners = ((0.02, 0.05), (0.5, 0.05), (0.5, 0.95), (0.02, 0.95), (0.02, 0.1))
    spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    lab.drag(page, spots)
    page.wait_for_function("/^\\d+ of 100/.test(document.querySelector('.twx-count').innerText)")
    asked = {route.request.url for route in held}
    assert film in asked
    assert len(asked & set(own)) > 2
    shown = f"[...document.querySelectorAll('{CARD} img')].filter(one => one.naturalWidth).length"
    assert page.evaluate(shown) == 0, "not one has been answered"
    for route in held:
        picture = "<svg xmlns='http://www.w3.org/2000/svg' width='16' height='9'/>"
        route.fulfill(body=picture, content_type="image/svg+xml")
    page.wait_for_function(f"{shown} > 0")
    page.close()


def test_without_a_film_cards_are_small_and_coloured(open_file: Opener, tmp_path: Path) -> None:
    film = tw.sample()
    path = tw.save_html(film, tmp_path / "a.html", labels=tw.cluster(film, 6))
    page = open_file(path)
    page.wait_for_selector(CARD)
    assert count(page, f"{CARD} .twx-frame") == 0
    assert lab.box_of(page, CARD)["height"] < 40
    dots = page.evaluate(
        "[...document.querySelectorAll('.twx-item .twx-dot')]"
        ".map(dot => getComputedStyle(dot).backgroundColor)"
    )
    assert len(dots) == count(page, CARD)
    assert len(set(dots)) > 1


def test_a_film_that_does_not_play_leaves_no_empty_boxes(open_file: Opener, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    page = open_file(tw.save_html(tw.sample("trailer"), tmp_path / "a.html", video=broken))
    page.wait_for_selector(CARD)
    page.wait_for_function("!document.querySelector('.twx-item .twx-frame')")


def test_thumbnails_of_the_table_are_the_pictures(chromium: Browser, tmp_path: Path) -> None:
    """No film at all: each row's own address is shown in its card, and only those in sight."""
    clips = tw.clips(tw.sample())
    own = [f"https://pictures.test/{k}.svg" for k in range(len(clips))]
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        picture = "<svg xmlns='http://www.w3.org/2000/svg' width='16' height='9'/>"
        route.fulfill(body=picture, content_type="image/svg+xml")

    page.route("https://pictures.test/**", answer)
    page.goto(tw.save_html(clips.assign(thumbnail_url=own), tmp_path / "a.html").as_uri())
    page.wait_for_selector(f"{CARD} img")
    lab.settle(page)
    assert page.locator(f"{CARD}[data-row='2'] img").get_attribute("src") == own[2]
    gallery = [url for url in own if url in asked]
    assert 5 <= len(gallery) <= 25, "those of the most similar are shown beside the gallery's"
    stage = page.locator(".twx-poster")
    for row in (0, 3):  # the picture of the clip in focus stands large where the film would
        page.locator(f"{CARD}[data-row='{row}'] button").click()
        page.wait_for_function(f"document.querySelector('.twx-poster').src === '{own[row]}'")
        box = stage.bounding_box()
        assert box
        assert box["width"] > 200 < 2 * box["height"]
        assert page.locator(".twx-note").inner_text() == "The film itself is not in this page."
    page.route(own[60], lambda route: route.abort())
    page.locator(".twx-find input").fill("6:01")
    page.keyboard.press("Enter")
    stage.wait_for(state="hidden")
    assert "No video given" in page.locator(".twx-note").inner_text()
    page.close()


def test_several_videos_are_named_on_the_cards(open_file: Opener, tmp_path: Path) -> None:
    both = pd.concat([tw.sample(), tw.sample("trailer")], ignore_index=True)
    ids = both["video_id"].unique()
    videos = dict(zip(ids, [tw.sample_video(), tw.sample_video("trailer")], strict=True))
    page = open_file(tw.save_html(both, tmp_path / "two.html", video=videos))
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    assert page.locator(".twx-card-video").first.inner_text() != ""
    page.locator(".twx-find input").fill("trailer")
    page.keyboard.press("Enter")
    page.wait_for_function(
        """[...document.querySelectorAll('.twx-gallery .twx-card-video')]
        .every(n => /trailer/i.test(n.innerText))"""
    )
    page.wait_for_selector(f"{CARD} canvas")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark"), (1920, "light")])
def test_every_width(open_file: Opener, film_page: Path, width: int, scheme: Any) -> None:
    page = open_file(film_page, viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page.wait_for_selector(f"{CARD} canvas", timeout=30_000)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Show as a grid").click()
    lab.settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    right = page.evaluate(
        f"Math.max(...[...document.querySelectorAll('{CARD}')]"
        ".map(n => n.getBoundingClientRect().right))"
    )
    reel = lab.box_of(page, ".twx-reel")
    assert right <= reel["x"] + reel["width"]
    page.screenshot(path=lab.ARTIFACTS / f"gallery-{width}-{scheme}.png", full_page=True)
