"""What the map writes and shows besides points: names of groups, frames of the film, the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")
films = pytest.importorskip("films")

MARKS = ".twx-map canvas[tabindex]"
SHADE = ".twx-map canvas:first-child"
STARTS = [0.25 + 1.5 * k for k in range(4)]
PLACES = [(-10.0, -6.0), (-10.0, 6.0), (0.0, 0.0), (10.0, 6.0)]


def table(n: int = 4) -> pd.DataFrame:
    start = np.resize(STARTS, n)
    return tw.from_vectors(np.eye(4)[np.arange(n) % 4], start_sec=start, end_sec=start + 1.5)


def drawn(page: Page, canvas: str = MARKS) -> str:
    """What lies over or under the points, as a picture."""
    text: str = page.evaluate(f"document.querySelector({canvas!r}).toDataURL()")
    return text


def drawn_anew(page: Page, before: str) -> str:
    """What lies over the points once it is another picture than before."""
    changed = "([canvas, old]) => document.querySelector(canvas).toDataURL() !== old"
    page.wait_for_function(changed, arg=[MARKS, before])
    return drawn(page)


def middle_of_map(page: Page) -> np.ndarray[Any, Any]:
    """What is drawn in the middle of the map, as wide as a frame in the place of a point."""
    values = page.evaluate(
        """canvas => {
          const all = document.querySelector(canvas), scale = all.width / all.clientWidth;
          const [w, h] = [54 * scale, 40 * scale];
          const [left, top] = [(all.width - w) / 2, (all.height - h) / 2];
          const image = all.getContext("2d").getImageData(left, top, w, h);
          return [image.width, image.height, [...image.data]];
        }""",
        MARKS,
    )
    width, height, data = values
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    path: Path = films.make_film(folder / "halves.mp4", [k / 2 for k in range(14)])
    return path


def test_points_become_frames_of_their_time_once_zoomed_in(
    open_file: Callable[..., Page], film: Path, tmp_path: Path
) -> None:
    path = tw.save_html(table(), tmp_path / "a.html", video=film, coords=PLACES, views=["map"])
    page = open_file(path)
    page.click(MARKS, position={"x": 5, "y": 5})
    before = drawn(page)
    page.wait_for_timeout(1500)
    assert drawn(page) == before  # points as long as all are in sight; nothing has been fetched
    for _ in range(7):
        page.keyboard.press("+")
    page.wait_for_function(
        """canvas => {
          const all = document.querySelector(canvas);
          const at = all.getContext("2d").getImageData(all.width / 2, all.height / 2, 1, 1).data;
          return at[3] === 255;
        }""",
        arg=MARKS,
    )
    # The third clip, 3.25 to 4.75 s: the picture of its middle is the eighth.
    assert films.number_of(middle_of_map(page)[4:-4, 2:-2]) == 8
    page.keyboard.press("m")
    lab.settle(page)
    assert not middle_of_map(page).any()  # a point again, which is drawn by another canvas


def test_names_and_the_way_are_there_and_can_be_taken_away(
    open_file: Callable[..., Page], tmp_path: Path
) -> None:
    labels = pd.Series(["forest", "forest", "sea", "sea"], name="place")
    path = tw.save_html(table(), tmp_path / "a.html", coords=PLACES, labels=labels, views=["map"])
    page = open_file(path)
    page.click(MARKS, position={"x": 5, "y": 5})
    named = now = drawn(page)
    looks = {named}
    for key in ("m", "w", "w", "m"):
        page.keyboard.press(key)
        now = drawn_anew(page, now)
        looks.add(now)
    assert len(looks) == 3  # with names, bare, with the way
    assert now == named
    page.get_by_role("button", name="Names and frames on the map").click()
    drawn_anew(page, named)


@pytest.mark.parametrize("label", [["one"] * 4, [0.1, 0.2, 0.3, 0.45]])
def test_where_there_are_no_groups_nothing_is_named(
    open_file: Callable[..., Page], tmp_path: Path, label: list[Any]
) -> None:
    labels = pd.Series(label, name="place")
    path = tw.save_html(table(), tmp_path / "a.html", coords=PLACES, labels=labels, views=["map"])
    page = open_file(path)
    page.click(MARKS, position={"x": 5, "y": 5})
    before = drawn(page)
    page.keyboard.press("m")
    page.wait_for_timeout(150)
    assert drawn(page) == before


def test_many_points_stand_on_a_shade_that_is_deepest_where_they_are_most(
    open_file: Callable[..., Page], tmp_path: Path, rng: np.random.Generator
) -> None:
    thick = rng.normal(size=(4000, 2)) * 0.4 - 5
    thin = rng.normal(size=(400, 2)) * 0.4 + 5
    path = tw.save_html(
        table(4400), tmp_path / "a.html", coords=np.vstack([thick, thin]), views=["map"]
    )
    page = open_file(path)
    lab.settle(page)
    alphas = page.evaluate(
        """canvas => {
          const all = document.querySelector(canvas), { width, height } = all;
          const { data } = all.getContext("2d").getImageData(0, 0, width, height);
          const half = [0, 0];
          for (let k = 3; k < data.length; k += 4) {
            const left = ((k >> 2) % width) < width / 2 ? 0 : 1;
            half[left] = Math.max(half[left], data[k]);
          }
          return half;
        }""",
        SHADE,
    )
    assert alphas[0] > 2 * alphas[1] > 0
    few = open_file(tw.save_html(table(), tmp_path / "b.html", coords=PLACES, views=["map"]))
    lab.settle(few)
    blank = """canvas => {
      const c = document.querySelector(canvas);
      const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
      return data.every((value) => value === 0);
    }"""
    assert few.evaluate(blank, SHADE)


WRITES = """() => {
  const pen = CanvasRenderingContext2D.prototype, { fillText } = pen;
  window.written = new Map();
  pen.fillText = function (text, x, y) {
    window.written.set(text, [this.canvas.clientWidth, x, y]);
    return fillText.call(this, text, x, y);
  };
}"""

NO_SECOND = """
const later = window.setTimeout;
window.setTimeout = (work, ms, ...more) => ms === undefined ? 0 : later(work, ms, ...more);
"""
INKED = """canvas => {
  const all = document.querySelector(canvas);
  const { data } = all.getContext("2d").getImageData(0, 0, all.width, all.height);
  return data.some((value) => value > 0);
}"""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of so many points that shade and names come after them."""
    rng = np.random.default_rng(2)
    kind = np.arange(21_000) % 3
    places = rng.normal(size=(len(kind), 2)) + 8 * np.c_[np.cos(2 * kind), np.sin(2 * kind)]
    labels = pd.Series(kind, name="cluster")
    path = tmp_path_factory.mktemp("crowd") / "a.html"
    return tw.save_html(table(len(kind)), path, coords=places, labels=labels, views=["map"])


def test_shade_and_names_of_very_many_points_come_by_themselves(
    chromium: Browser, crowd: Path
) -> None:
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    page.add_init_script(f"window.addEventListener('DOMContentLoaded', {WRITES})")
    page.goto(crowd.as_uri())
    page.wait_for_function("window.written?.has('cluster 2')")
    page.wait_for_function(INKED, arg=SHADE)
    page.close()


def test_a_picture_of_a_view_has_what_the_screen_has_not_yet(
    chromium: Browser, crowd: Path
) -> None:
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    page.add_init_script(NO_SECOND)
    page.goto(crowd.as_uri())
    page.wait_for_selector("canvas[data-renderer=webgl2]")
    assert not page.evaluate(INKED, SHADE)
    before = drawn(page)
    page.get_by_role("button", name="Take out").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Map as SVG").click()
    tree = ElementTree.fromstring(saved.value.path().read_text(encoding="utf-8"))
    words = {"".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"cluster 0", "cluster 1", "cluster 2"} <= words
    assert len([*tree.iter("{http://www.w3.org/2000/svg}image")]) == 2, "the shade and the points"
    drawn_anew(page, before)
    assert page.evaluate(INKED, SHADE)
    page.close()


def written(page: Page) -> dict[str, list[float]]:
    """What is written on canvases from now on, until names were taken away and came back."""
    page.evaluate(WRITES)
    now = drawn(page)
    for _ in range(2):
        page.keyboard.press("m")
        now = drawn_anew(page, now)
    return dict(page.evaluate("[...window.written]"))


def test_names_and_queries_are_on_the_map_and_a_query_is_no_segment(
    open_file: Callable[..., Page], tmp_path: Path
) -> None:
    labels, names = pd.Series([0, 0, 1, 1], name="cluster"), {0: "deep sea"}
    queries = {"a wave <b>": [0.0, 0, 0, 1], "far": [0.0, 1, 0, 0]}
    path = tw.save_html(
        *(table(), tmp_path / "a.html"),
        **{"coords": PLACES, "labels": labels, "names": names, "queries": queries},
    )
    page = open_file(path)
    page.click(MARKS, position={"x": 5, "y": 5})
    found = written(page)
    assert {"deep sea", "cluster 1", "a wave <b>", "far"} <= found.keys()
    status = "document.querySelector('.twx-status').textContent"
    assert page.evaluate(status) == "4 segments"
    chips = page.locator(".twx-legend .twx-chip").all_inner_texts()
    assert chips[:2] == ["1\n2", "deep sea\n2"]
    _, across, down = found["far"]  # written to the right of its mark
    page.click(MARKS, position={"x": across - 18, "y": down})
    page.wait_for_function("document.querySelector('.twx-facts').textContent.includes('0:01.8')")
    assert page.evaluate(status) == "4 segments"


def test_points_stay_as_drawn_while_only_marks_over_them_change(
    open_file: Callable[..., Page], tmp_path: Path
) -> None:
    path = tw.save_html(table(), tmp_path / "a.html", coords=PLACES, views=["map"])
    page = open_file(path)
    lab.settle(page)
    page.evaluate(
        """() => {
          window.draws = 0;
          const own = WebGL2RenderingContext.prototype, draw = own.drawArrays;
          own.drawArrays = function (...given) { window.draws++; draw.apply(this, given); };
        }"""
    )
    box = page.locator(MARKS).bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = drawn(page)
    page.mouse.move(*middle)
    before = drawn_anew(page, before)  # a ring around the point
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(middle[0], box["y"] + 5)
    page.mouse.move(*middle)
    drawn_anew(page, before)  # the lasso so far
    assert page.evaluate("window.draws") == 0
    page.mouse.move(box["x"] + 5, middle[1] + 90)
    page.mouse.up()
    page.wait_for_function("window.draws > 0")  # what is selected stands out
    page.wait_for_timeout(100)
    selected = page.evaluate("window.draws")
    page.focus(MARKS)
    page.keyboard.press("+")
    page.wait_for_function("drawn => window.draws > drawn", arg=selected)


SLOW_GPU = """
window.counts = [];
WebGL2RenderingContext.prototype.drawArrays = (mode, first, count) => {
  window.counts.push(count);
  const began = performance.now();
  while (performance.now() - began < 220) continue;
};
"""


def test_where_all_points_take_long_a_selection_is_shown_on_some_of_them_first(
    chromium: Browser, tmp_path: Path
) -> None:
    n = 81_000
    start = np.arange(n) * 6.0
    film = tw.from_vectors(np.ones((n, 1), np.float32), start_sec=start, end_sec=start + 6)
    places, labels = np.c_[start % 1000, start // 1000], np.arange(n) % 2
    path = tw.save_html(film, tmp_path / "a.html", coords=places, labels=labels, views=["map"])
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    page.add_init_script(SLOW_GPU)
    page.goto(path.as_uri())
    page.wait_for_function(f"counts.includes({n})")
    lab.settle(page)
    page.evaluate("counts.length = 0")
    page.locator(".twx-chip").first.click()
    page.wait_for_function(f"counts.at(-1) === {n}")
    page.wait_for_function(
        f"document.querySelector('.twx-status').textContent.includes('{n // 2:,}')"
    )
    assert page.evaluate("counts[0]") == n // 2, "some first, then all"
    page.close()
