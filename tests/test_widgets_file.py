"""The explorer as a file, opened from disk with the network off."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import av
import films
import lab
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

MAP = ".twx-map canvas[tabindex]"
TIMELINE = ".twx-timeline canvas[tabindex]"
VIDEO_SEC = "document.querySelector('.twx-video').currentTime"


def test_the_file_is_the_explorer(open_file: Opener, film_page: Path) -> None:
    page = open_file(film_page)
    for view in (".twx-map", ".twx-heatmap", ".twx-timeline"):
        assert lab.drawn(page, view) > 20, view
    page.mouse.click(*lab.inside(page, TIMELINE, 0.5, 32))
    page.wait_for_function(f"{VIDEO_SEC} > 200")
    page.wait_for_selector(".twx-card canvas")
    box = lab.box_of(page, MAP)
    lab.drag(
        page,
        [
            (box["x"] + u * box["width"], box["y"] + v * box["height"])
            for u, v in ((0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99))
        ],
    )
    assert page.locator(".twx-status").inner_text() == "100 of 100 segments selected"
    page.locator(".twx-chip").first.click()
    assert "with cluster 0" in page.locator(".twx-live").inner_text()
    page.screenshot(path=lab.ARTIFACTS / "file.png")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (760, "dark"), (2200, "dark")])
def test_every_width_and_scheme(
    open_file: Opener, film_page: Path, width: int, scheme: str
) -> None:
    page = open_file(
        film_page,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        device_scale_factor=2,
    )
    page.wait_for_selector(f".twx[data-theme={scheme}]")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for view in (".twx-map", ".twx-heatmap", ".twx-timeline"):
        assert lab.drawn(page, view) > 20, view
    sharp = page.evaluate(f"(c => c.width / c.clientWidth)(document.querySelector('{MAP}'))")
    assert sharp == pytest.approx(2, abs=0.01)
    page.screenshot(path=lab.ARTIFACTS / f"width-{width}.png", full_page=True)


def test_without_webgl_a_plain_canvas_draws(chromium: Browser, film_page: Path) -> None:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    browser = chromium.browser_type.launch(executable_path=lab.CHROMIUM, args=flags)
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(film_page.as_uri())
    page.wait_for_selector(".twx-map canvas[data-renderer='2d']")
    assert lab.drawn(page, ".twx-map") > 20
    browser.close()


def test_several_videos_play_in_one_view(open_file: Opener, tmp_path: Path) -> None:
    both = pd.concat([tw.sample(), tw.sample("trailer")], ignore_index=True)
    ids = both["video_id"].unique()
    videos = dict(zip(ids, [tw.sample_video(), tw.sample_video("trailer")], strict=True))
    explorer = tw.explore(both, video=videos)
    explorer.current_video = ids[1]
    explorer.focus = both.index[(both.video_id == ids[1]) & (both.start_sec == 12)][0]
    page = open_file(tw.save_html(explorer, tmp_path / "two.html"))
    page.wait_for_function("document.querySelector('.twx-video').duration < 100")
    page.wait_for_function(f"{VIDEO_SEC} === 12")
    page.mouse.click(*lab.inside(page, TIMELINE, 0.5, 54))
    page.wait_for_function("document.querySelector('.twx-video').duration > 500")
    page.wait_for_function(f"{VIDEO_SEC} > 100")
    page.screenshot(path=lab.ARTIFACTS / "two-videos.png")


def test_linked_video_is_found_beside_the_page(open_file: Opener, tmp_path: Path) -> None:
    video = tmp_path / "films" / "the trailer.mp4"
    video.parent.mkdir()
    shutil.copy(tw.sample_video("trailer"), video)
    path = tw.save_html(
        tw.sample("trailer"), tmp_path / "pages" / "a.html", video=video, video_as="link"
    )
    assert path.stat().st_size < 1_000_000
    page = open_file(path)
    page.wait_for_function("document.querySelector('.twx-video').duration > 50")


def test_no_video_still_explores(open_file: Opener, tmp_path: Path) -> None:
    page = open_file(tw.save_html(tw.sample("trailer"), tmp_path / "a.html"))
    assert "No video given" in page.locator(".twx-note").inner_text()
    page.mouse.click(*lab.inside(page, TIMELINE, 0.5, 32))
    page.wait_for_function("document.querySelector('.twx-clock').textContent !== '0:00.0'")


def test_of_a_film_that_no_browser_shows_the_page_has_stills(
    open_file: Opener, tmp_path: Path
) -> None:
    """Each the middle of its clip, in the cards and in the player; a film that plays has none."""
    paths = [
        films.make_film(tmp_path / "plays.mp4", [k / 4 for k in range(32)]),
        films.make_film(tmp_path / "other.avi", [k / 25 for k in range(200)], codec="mpeg4"),
    ]
    video = {path.stem: path for path in paths}
    four = tw.sample("trailer")[:4].assign(start_sec=[0, 2, 4, 6], end_sec=[2, 4, 6, 8])
    rows = pd.concat([four.assign(video_id=name) for name in video], ignore_index=True)
    with pytest.warns(tw.TwlabWarning, match=r"'other.avi', .* as mpeg4: .* 4 of its clips"):
        path = tw.save_html(rows, tmp_path / "a.html", video=video)
    page = open_file(path)
    shown = """Object.fromEntries([...document.querySelectorAll('.twx-item:has(img)')]
        .map((card) => [card.dataset.row, card.querySelector('img').src]))"""
    page.wait_for_function(f"Object.keys({shown}).length === 4")
    sources = page.evaluate(shown)
    assert sorted(sources) == ["4", "5", "6", "7"]
    for row, source in sources.items():
        second = 2 * int(row) - 7
        jpeg = tmp_path / f"{second}.jpg"
        jpeg.write_bytes(base64.b64decode(source.partition(",")[2]))
        with av.open(str(jpeg)) as still:
            picture = next(still.decode(video=0)).to_ndarray(format="rgb24")
        assert films.number_of(picture) == second * 25
    page.locator(".twx-item[data-row='5'] button").click()
    page.wait_for_function("document.querySelector('.twx-poster').naturalHeight === 180")
    assert page.locator(".twx-poster").get_attribute("src") == sources["5"]
    assert "could not play other.avi" in page.locator(".twx-note").inner_text()


def test_a_broken_video_says_so(open_file: Opener, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    page = open_file(tw.save_html(tw.sample("trailer"), tmp_path / "a.html", video=broken))
    page.wait_for_selector(".twx-note:not([hidden])")
    assert "could not play" in page.locator(".twx-note").inner_text()


def test_ten_hours_and_five_thousand_cells_open(
    open_file: Opener, tmp_path: Path, rng: Any
) -> None:
    n = 5000
    rows = pd.DataFrame({"video_id": "long", "start_sec": [7.2 * k for k in range(n)]})
    rows["end_sec"] = rows["start_sec"] + 7.2
    table = tw.with_vectors(rows, rng.normal(size=(n, 8)).cumsum(axis=0))
    path = tw.save_html(table, tmp_path / "a.html", views=["heatmap", "timeline"])
    page = open_file(path)
    page.wait_for_selector(".twx-heatmap canvas[tabindex]", timeout=30_000)
    assert lab.drawn(page, ".twx-heatmap") > 100
    assert "10:00:00 long" in str(page.locator(TIMELINE).get_attribute("aria-label"))
    before = page.locator(".twx-heatmap").screenshot()
    page.locator(".twx-heatmap canvas[tabindex]").focus()
    page.keyboard.press("+")
    lab.settle(page)
    assert page.locator(".twx-heatmap").screenshot() != before
    page.screenshot(path=lab.ARTIFACTS / "ten-hours.png")


def test_saved_notebook_keeps_a_usable_picture(open_file: Opener, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbconvert = pytest.importorskip("nbconvert")
    data, _ = tw.explore(tw.sample("trailer"))._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=json.loads(json.dumps(data)))
    cell = nbformat.v4.new_code_cell("explorer", outputs=[output])
    book = nbformat.v4.new_notebook(cells=[cell])
    exporter = nbconvert.HTMLExporter(template_name="basic")
    page_text, _ = exporter.from_notebook_node(book)
    path = tmp_path / "book.html"
    path.write_text(page_text, encoding="utf-8")
    page = open_file(path)
    frame = page.frame_locator("iframe")
    frame.locator(MAP).wait_for()
    frame.locator(TIMELINE).click(position={"x": 600, "y": 32})
    lab.settle(page)
    assert frame.locator(".twx-clock").inner_text() != "0:00.0"


def test_the_demo_opens_with_the_film(open_file: Opener, tmp_path: Path) -> None:
    from twlab.cli import main

    assert main(["demo", "--output", str(tmp_path / "demo.html")]) == 0
    page = open_file(tmp_path / "demo.html")
    frame = page.frame_locator("iframe")
    frame.locator(".twx-card canvas").first.wait_for(timeout=30_000)
    page.screenshot(path=lab.ARTIFACTS / "demo.png")


def test_the_demo_on_a_phone_is_whole(open_file: Opener, tmp_path: Path) -> None:
    from twlab.cli import main

    assert main(["demo", "--output", str(tmp_path / "demo.html")]) == 0
    page = open_file(tmp_path / "demo.html", viewport={"width": 390, "height": 844})
    frame = page.frame_locator("iframe")
    frame.locator(".twx-legend").wait_for()
    lab.settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    height = frame.locator("body").evaluate("(body) => body.offsetHeight")
    assert lab.box_of(page, "iframe")["height"] == pytest.approx(height, abs=1)
    page.evaluate("scrollTo(0, 0)")
    place, whole = lab.box_of(page, "iframe"), page.evaluate("document.body.scrollHeight + 64")
    page.evaluate("scrollTo(0, 0)")
    top = place["y"] + page.evaluate("scrollY")
    picture = tmp_path / "demo.png"
    page.screenshot(path=picture, full_page=True)
    shown = page.context.new_page()
    shown.goto(picture.as_uri())
    part = (0, top / whole, 1, (top + place["height"]) / whole)
    assert len(lab.colours(shown, "img", part=part)) > 1000, "there, though out of sight before"
    shutil.copy(picture, lab.ARTIFACTS / "demo-phone.png")


@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="needs Firefox")
def test_firefox_draws_it_too(chromium: Browser, film_page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "firefox.png"
    command = ["firefox-esr", "--headless", "--profile", str(tmp_path / "profile")]
    (tmp_path / "profile").mkdir()
    size = ["--window-size=1300,900", "--screenshot", str(picture), film_page.as_uri()]
    subprocess.run([*command, *size], check=True, capture_output=True, timeout=120)
    page = chromium.new_page()
    page.goto(picture.as_uri())
    assert lab.drawn(page, "img") > 500
    page.close()
    shutil.copy(picture, lab.ARTIFACTS / "firefox.png")
