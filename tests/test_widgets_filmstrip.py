"""The strip of film over the timeline: each frame is the film at the place where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import films
import lab
import numpy as np
import pandas as pd
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
pytest.importorskip("av")

N_SEC = 120
"""The film shows the number of each second, so long."""
CANVAS = ".twx-timeline canvas[tabindex]"
LEFT, RIGHT = 92, 8
"""Where time begins on the timeline, and how far from its edge it ends, in pixels."""
MANY = 10
"""So many frames there are in any of the views here."""
TOP = 22
"""Where the strip begins: below the axis."""


def clips() -> pd.DataFrame:
    start = np.arange(0, N_SEC, 6.0)
    table = pd.DataFrame({"video_id": "counting", "start_sec": start, "end_sec": start + 6})
    # Of an option, so that the lane has a name and the names a gutter.
    vectors = np.random.default_rng(0).normal(size=(len(table), 8))
    return tw.with_vectors(table.assign(embedding_option="visual"), vectors)


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("strip")
    film = films.make_film(folder / "counting.mp4", range(N_SEC), gop=1)
    views = ("player", "timeline")
    path = tw.save_html(clips(), folder / "a.html", video=film, views=views)
    opened = chromium.new_page(viewport={"width": 1300, "height": 900})
    opened.goto(path.as_uri())
    yield opened
    opened.close()


def frames_of(page: Page) -> list[tuple[float, int]]:
    """Of each whole frame on the strip: the pixel of its middle, and the number it shows."""
    picture = lab.pixels(page, ".twx-timeline .twx-sticky")[TOP:]
    # The bright line above the bars of each frame, cut by the gaps between frames.
    red, green, _ = np.moveaxis(picture.astype(int), 2, 0)
    bright = (red > 150) & (green < 100)
    picture = picture[: height_of(page)]
    line = np.concatenate([[False], bright[6], [False]]).astype(int)
    begins, ends = (np.flatnonzero(np.diff(line) == way) for way in (1, -1))
    widest = max(ends - begins, default=0)
    return [
        ((begin + end) / 2, films.number_of(picture[:, begin:end]))
        for begin, end in zip(begins, ends, strict=True)
        if end - begin >= widest - 1
    ]


def height_of(page: Page) -> int:
    """The strip fills the room of the panel together with the lane and the novelty below it."""
    panel = lab.box_of(page, ".twx-timeline .twx-sticky")["height"] - TOP - 8
    of_strips, gaps = {"film": 40, "lane": 22, "novelty": 30}, 4
    alone = sum(of_strips.values()) + gaps * len(of_strips)
    return int(of_strips["film"] * min(max(panel / alone, 1), 3))


def check_frames(page: Page, lo: float, hi: float) -> int:
    """Every frame is that of the second below its middle; how many frames there are."""
    width = lab.box_of(page, CANVAS)["width"]
    found = frames_of(page)
    per_sec = (width - LEFT - RIGHT) / (hi - lo)
    for x, number in found:
        sec = lo + (x - LEFT) / per_sec
        # Moments are told apart by a quarter of a second, pixels by one.
        slack = 0.125 + 1.5 / per_sec
        assert number - slack <= sec < number + 1 + slack, (sec, number)
    return len(found)


def wait_for_frames(page: Page, n: int) -> None:
    """Until no frame is awaited any longer: as many as that, and the picture stays."""
    for _ in range(100):
        page.wait_for_timeout(100)
        if len(frames_of(page)) >= n:
            return
    pytest.fail(f"{len(frames_of(page))} of {n} frames came")


def test_each_frame_is_the_film_at_its_place(page: Page) -> None:
    room = lab.box_of(page, CANVAS)["width"] - LEFT - RIGHT
    wide = height_of(page) * films.WIDTH / films.HEIGHT
    wait_for_frames(page, int(room / wide) - 1)
    assert abs(check_frames(page, 0, N_SEC) - room / wide) <= 1
    page.screenshot(path=lab.ARTIFACTS / "filmstrip.png")


def test_zoomed_and_moved_each_frame_still_is(page: Page) -> None:
    page.locator(CANVAS).focus()
    for _ in range(3):
        page.keyboard.press("+")
    shown = N_SEC / 1.5**3
    lab.settle(page)
    wait_for_frames(page, MANY)
    assert check_frames(page, 0, shown) >= MANY
    page.locator(".twx-find input").fill("1:30")
    page.keyboard.press("Enter")
    lo = min(90 - shown / 10, N_SEC - shown)
    lab.settle(page)
    wait_for_frames(page, MANY)
    assert check_frames(page, lo, lo + shown) >= MANY
    page.locator(CANVAS).focus()
    page.keyboard.press("0")


def test_a_click_on_a_frame_winds_the_film_there_and_pointing_shows_it(page: Page) -> None:
    lab.settle(page)
    wait_for_frames(page, MANY)
    x, number = frames_of(page)[MANY // 2]
    box = lab.box_of(page, CANVAS)
    page.mouse.move(box["x"] + x, box["y"] + 40)
    page.wait_for_selector(".twx-tip-picture canvas")
    assert abs(films.number_of(lab.pixels(page, ".twx-tip-picture canvas")) - number) <= 1
    page.mouse.click(box["x"] + x, box["y"] + 40)
    page.wait_for_function(
        "number => Math.abs(document.querySelector('.twx-video').currentTime - number - .5) < 1.5",
        arg=number,
    )


def test_without_a_film_that_can_be_shown_there_is_no_strip(
    chromium: Browser, tmp_path: Path
) -> None:
    asked: list[str] = []
    bare = chromium.new_page(viewport={"width": 900, "height": 600})
    bare.on("request", lambda request: asked.append(request.url))
    path = tw.save_html(clips(), tmp_path / "a.html", views=["timeline"])
    bare.goto(path.as_uri())
    height = lab.box_of(bare, ".twx-timeline")["height"]
    assert bare.locator(".twx-timeline canvas").count() == 2
    film = films.make_film(tmp_path / "a.mp4", range(20), codec="mpeg4")
    tw.save_html(clips(), path, views=["timeline"], video=film)
    assert asked == [path.as_uri()]
    # A form that browsers do not play: the strip is there until that is known.
    bare.reload()
    higher = f"document.querySelector('.twx-timeline').clientHeight > {height}"
    bare.wait_for_function(higher)
    bare.wait_for_function(f"!({higher})")
    assert lab.box_of(bare, ".twx-timeline")["height"] == height
    bare.close()
