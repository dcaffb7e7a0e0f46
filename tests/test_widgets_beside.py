"""Two models side by side in a real browser: what one map is asked, the other answers by time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import lab
import numpy as np
import pandas as pd
import pytest
from test_accessible import needs_axe, violations

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

LEFT, RIGHT = ".twx-panel-map", ".twx-panel-mapBeside"
MARKS = "canvas[tabindex]"
PAINTED = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const [before, xs, ys] = [window.before ?? data, [], []];
  window.before = data;
  for (let k = 3; k < data.length; k += 4)
    if (data[k] !== before[k]) (xs.push((k >> 2) % width), ys.push(Math.floor((k >> 2) / width)));
  return [xs, ys].map((places) => (Math.min(...places) + Math.max(...places)) / 2);
}"""
"""The middle of what has changed since the last look at what is drawn over the points."""


def film(model: str, clip_sec: float, video: str) -> pd.DataFrame:
    start = np.arange(0, 240, clip_sec)
    rows = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + clip_sec})
    rows = rows.assign(embedding_option="visual", embedding_scope="clip", model_name=model)
    return tw.with_vectors(rows, np.random.default_rng(len(start)).normal(size=(len(start), 8)))


TABLE = pd.concat(
    [film(m, sec, v) for m, sec in (("lite 0", 8.0), ("lite 2", 12.0)) for v in ("a", "b")],
    ignore_index=True,
)
"""Spaces in order of their names: 60 rows, and 40 on another grid."""
ANGLE = np.r_[np.arange(60) / 60, 0.5 - np.arange(40) / 40] * 2 * np.pi


def overlap_sec(row: int) -> pd.Series[float]:
    """For how long each row of the table runs with one of them, in its video."""
    one = TABLE.loc[row]
    ends, starts = TABLE["end_sec"].clip(upper=one["end_sec"]), TABLE["start_sec"]
    sec = (ends - starts.clip(lower=one["start_sec"])).clip(lower=0)
    return sec.where(TABLE["video_id"] == one["video_id"], 0)


OTHERS = TABLE["model_name"] == "lite 2"


def place(page: Page, panel: str, row: int) -> tuple[float, float]:
    """Where a map of the unit circle draws a row, in pixels of its canvas."""
    box = lab.box_of(page, f"{panel} {MARKS}")
    room = min(box["width"], box["height"]) / 2 - min(28, box["width"] / 10)
    x = box["width"] / 2 + room * np.cos(ANGLE[row])
    return x, box["height"] / 2 - room * np.sin(ANGLE[row])


def hover(page: Page, panel: str, row: int) -> None:
    x, y = place(page, panel, row)
    box = lab.box_of(page, f"{panel} {MARKS}")
    page.mouse.move(box["x"] + x, box["y"] + y)
    lab.settle(page)


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("beside") / "two.html"
    coords = np.c_[np.cos(ANGLE), np.sin(ANGLE)]
    tw.save_html(TABLE, path, coords=coords)
    with lab.offline_pages(chromium) as open_page:
        opened = open_page(path, accept_downloads=True)
        opened.wait_for_selector(".twx-canvas")
        toggle = opened.get_by_role("button", name="side by side")
        assert opened.locator(f"{RIGHT}:visible").count() == 0
        toggle.focus()
        opened.keyboard.press("Enter")
        assert toggle.get_attribute("aria-pressed") == "true"
        opened.wait_for_selector(f"{RIGHT} {MARKS}")
        opened.keyboard.press("m")  # no names over the points
        yield opened


@pytest.mark.parametrize(("here", "there"), [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_a_dot_under_the_pointer_is_ringed_on_the_other_map(
    page: Page, here: str, there: str
) -> None:
    canvas = page.locator(f"{there} {MARKS}")
    for row in (7, 44) if here == LEFT else (65, 90):
        page.mouse.move(0, 0)
        lab.settle(page)
        canvas.evaluate(PAINTED)
        hover(page, here, row)
        found = canvas.evaluate(PAINTED)
        sec = overlap_sec(row)[OTHERS if here == LEFT else ~OTHERS]
        expected = place(page, there, int(sec.idxmax()))
        assert np.allclose(found, expected, atol=2), (row, found, expected)


def test_a_lasso_marks_what_runs_at_the_same_time(page: Page) -> None:
    box = lab.box_of(page, f"{LEFT} {MARKS}")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    far = box["height"] / 2 - 4
    lab.drag(page, [(x + 4, y - far), (x + far, y - far), (x + far, y + far), (x + 4, y + far)])
    page.wait_for_function("document.querySelector('.twx-status').textContent.includes('selected')")
    chosen = pd.read_csv(io.BytesIO(saved(page, "Save as CSV")))
    mine = TABLE[(np.cos(ANGLE) > 0.05) & ~OTHERS]
    assert 20 < len(chosen) == len(mine)  # what was not drawn around is marked, not selected
    assert set(chosen["start_sec"]) == set(mine["start_sec"])
    linked = sum(overlap_sec(row)[OTHERS] for row in mine.index) > 0
    tree = ElementTree.fromstring(saved(page, "Map beside as SVG"))
    dots = [
        float(one.get("fill-opacity", one.get("opacity", 1)))
        for one in tree.iter("{http://www.w3.org/2000/svg}path")
        if (one.get("d") or "").count("a") == 2 and not one.get("stroke")
    ]
    strong = sum(opacity == 1 for opacity in dots)
    assert strong == linked.sum() + 3  # and the one in focus over its dot, and two of the key
    assert len(dots) - strong == (~linked).sum()


def saved(page: Page, item: str) -> bytes:
    page.get_by_role("button", name="Take out").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    return download.value.path().read_bytes()


@needs_axe
def test_nothing_is_wrong_for_those_who_do_not_see(page: Page) -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_selector(f".twx[data-theme={scheme}]")
        assert violations(page, f".twx-toolbar, {LEFT}, {RIGHT}, .twx-panel-heatmapBeside") == []
    names = [
        page.locator(f"{panel} {MARKS}").get_attribute("aria-label") or ""
        for panel in (LEFT, RIGHT)
    ]
    assert ["in visual · lite 0." in names[0], "in visual · lite 2." in names[1]] == [True, True]
    heads = page.locator(".twx-of:visible").all_inner_texts()
    assert heads == ["visual · lite 0", "visual · lite 2"] * 2


def test_they_change_places_stack_on_a_phone_and_go_again(page: Page) -> None:
    page.get_by_label("Vectors shown on map and heatmap").select_option("visual · lite 2")
    assert page.locator(f"{RIGHT} .twx-of").inner_text() == "visual · lite 0"
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_selector(".twx[data-size=narrow]")
    left, right = (lab.box_of(page, panel) for panel in (LEFT, RIGHT))
    assert left["width"] == right["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="side by side").click()
    assert page.locator(f"{RIGHT}:visible").count() == 0
    assert page.locator(f"{RIGHT} canvas").count() == 0
