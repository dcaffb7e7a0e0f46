"""What leaves the explorer's page: segments as text, views and frames as pictures."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Download, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

SVG = "{http://www.w3.org/2000/svg}"
MARKS = ".twx-map canvas[tabindex]"


@pytest.fixture(scope="module")
def page(chromium: Browser, film_page: Path) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1300, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto(film_page.as_uri())
    opened.wait_for_selector(".twx-canvas")
    yield opened
    context.close()


def take(page: Page, item: str) -> Download:
    """What is saved by an item of the menu."""
    page.get_by_role("button", name="Take out").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name=item).click()
    return saved.value


def text_of(download: Download) -> str:
    return download.path().read_text(encoding="utf-8")


def select_first(page: Page, n: int) -> None:
    """The first clips, by a drag over the timeline."""
    page.get_by_role("button", name="Clear selection").evaluate("b => b.disabled || b.click()")
    box = lab.box_of(page, ".twx-timeline canvas[tabindex]")
    left, right = box["x"] + 96, box["x"] + box["width"]
    y, sec = box["y"] + 33, (right - left) / 600
    page.mouse.move(left + 1, y)
    page.mouse.down()
    page.mouse.move(left + sec * (6 * n - 3), y, steps=4)
    page.mouse.up()


def test_python_chooses_what_is_selected_in_any_order(page: Page) -> None:
    select_first(page, 9)
    count = int(page.locator(".twx-status").inner_text().split()[0])
    assert count > 5
    page.get_by_role("button", name="Take out").click()
    page.get_by_role("menuitem", name="Copy as Python").click()
    page.wait_for_function("document.querySelector('.twx-live').textContent.startsWith('Copied')")
    code = page.evaluate("navigator.clipboard.readText()")
    film = tw.sample()
    for table in (film, film.sample(frac=1, random_state=3)):
        names: dict[str, Any] = {"segments": table, "pd": pd}
        exec(code, names)
        chosen = names["selection"].sort_values("start_sec")
        assert len(chosen) == count
        clips = film[film["embedding_scope"] == "clip"]
        assert chosen.index.tolist() == clips.index[:count].tolist()


def test_csv_and_json_hold_what_the_table_holds(page: Page) -> None:
    select_first(page, 9)
    film = tw.sample()
    saved = take(page, "Save as CSV")
    assert saved.suggested_filename == "big_buck_bunny_segments.csv"
    csv = pd.read_csv(io.StringIO(text_of(saved)))
    records = json.loads(text_of(take(page, "Save as JSON")))
    for table in (csv, pd.DataFrame(records)):
        own = film.iloc[: len(table)]
        for name in ("video_id", "embedding_option", "start_sec", "end_sec"):
            assert table[name].tolist() == own[name].tolist()
        labels = tw.cluster(film, 6).iloc[: len(table)]
        assert table["cluster"].astype(int).tolist() == labels.tolist()


def test_names_given_here_come_back_from_the_csv(page: Page, tmp_path: Path) -> None:
    select_first(page, 9)
    count = int(page.locator(".twx-status").inner_text().split()[0])
    field = page.get_by_label("A name for the selected segments")
    for name in ("opening", 'the "burrow", inside'):
        field.fill(name)
        field.press("Enter")
    path = tmp_path / "names.csv"
    path.write_text(text_of(take(page, "Save as CSV")), encoding="utf-8")
    for name in ("opening", 'the "burrow", inside'):
        page.get_by_label(f"Take the name {name} away").click()
    spans = tw.load_spans(path)
    assert spans["label"].value_counts().tolist() == [count, count]
    again = tw.explore(tw.sample(), labels=path).labels
    assert sorted(again.columns) == ["opening", 'the "burrow", inside']
    assert again.sum().tolist() == [count, count]
    assert again.index[again["opening"].fillna(False)].tolist() == [*tw.sample().index[:count]]


def test_a_map_is_drawn_as_circles_with_words(page: Page) -> None:
    tree = ElementTree.fromstring(text_of(take(page, "Map as SVG")))
    drawn = [one.get("d") or "" for one in tree.iter(f"{SVG}path")]
    assert len([d for d in drawn if d.count("a") == 2]) >= 100  # a point for each clip, and more
    words = {"".join(one.itertext()) for one in tree.iter(f"{SVG}text")}
    assert "big buck bunny: map" in words
    assert any(word.startswith("cluster ") for word in words)
    for one in tree.iter():
        for name, value in one.attrib.items():
            if name.endswith("href"):
                assert value.startswith("data:image/png")


def test_circles_lie_where_the_points_are(chromium: Browser, tmp_path: Path) -> None:
    places = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.5]])
    table = tw.from_vectors(np.eye(3), start_sec=[0, 6, 12], end_sec=[6, 12, 18])
    path = tw.save_html(table, tmp_path / "a.html", coords=places, views=["map"])
    page = chromium.new_page(viewport={"width": 700, "height": 600})
    page.goto(path.as_uri())
    page.wait_for_selector(".twx-canvas")
    box = lab.box_of(page, MARKS)
    scale = (box["width"] - 2 * 28) / 2
    expected = {
        (round(box["width"] / 2 + x * scale), round(box["height"] / 2 - (y - 0.25) * scale))
        for x, y in places
    }
    tree = ElementTree.fromstring(text_of(take(page, "Map as SVG")))
    found = set()
    for one in tree.iter(f"{SVG}path"):
        d = one.get("d") or ""
        if d.count("a") != 2 or one.get("stroke"):
            continue
        x, y = (float(number) for number in d[1:].partition("a")[0].split())
        radius = float(d.partition("a")[2].split()[0])
        found.add((round(x + radius), round(y)))
    page.close()
    near = [min(abs(x - a) + abs(y - b) for a, b in found) for x, y in expected]
    assert max(near) <= 1


@pytest.mark.parametrize("view", ["Similarity", "Timeline"])
def test_other_views_are_well_formed_and_of_their_size(page: Page, view: str) -> None:
    tree = ElementTree.fromstring(text_of(take(page, f"{view} as SVG")))
    canvas = ".twx-heatmap canvas" if view == "Similarity" else ".twx-timeline canvas"
    assert float(tree.get("width") or 0) == pytest.approx(lab.box_of(page, canvas)["width"], abs=1)
    words = {"".join(one.itertext()) for one in tree.iter(f"{SVG}text")}
    assert f"big buck bunny: {view.lower()}" in words
    assert "2:00" in words
    pixels = list(tree.iter(f"{SVG}image"))
    assert len(pixels) == 1 if view == "Similarity" else len(pixels) < 40  # the strip of film
    rects = len(list(tree.iter(f"{SVG}rect"))) + len(list(tree.iter(f"{SVG}path")))
    assert rects > (100 if view == "Timeline" else 2)


def test_a_png_is_twice_as_fine_as_the_screen(page: Page) -> None:
    saved = take(page, "Similarity as PNG").path().read_bytes()
    width = int.from_bytes(saved[16:20], "big")
    assert saved.startswith(b"\x89PNG")
    assert width == pytest.approx(2 * lab.box_of(page, ".twx-heatmap canvas")["width"], abs=2)


def test_frames_of_the_selection_are_one_sheet(page: Page) -> None:
    select_first(page, 4)
    saved = take(page, "Frames as a sheet")
    assert saved.suggested_filename == "big_buck_bunny_frames.png"
    assert len(saved.path().read_bytes()) > 30_000  # empty cells take a tenth of that


def test_the_menu_is_walked_by_keys_and_gives_the_focus_back(page: Page) -> None:
    button = page.get_by_role("button", name="Take out")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    names = []
    for _ in range(3):
        names.append(page.evaluate("document.activeElement.textContent"))
        page.keyboard.press("ArrowDown")
    assert names == ["Copy as Python", "Save as CSV", "Save as JSON"]
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Timeline as PNG"
    selected = page.locator(".twx-status").inner_text()
    page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement.ariaLabel") == "Take out"
    assert page.locator(".twx-status").inner_text() == selected  # nothing has been cleared


def test_a_frame_that_may_not_save_shows_what_there_is(
    chromium: Browser, film_page: Path, tmp_path: Path
) -> None:
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<iframe sandbox="allow-scripts" width="1200" height="800" src="{film_page.as_uri()}">'
    )
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.goto(outer.as_uri())
    frame = page.frame_locator("iframe")
    for item in ("Copy as Python", "Save as CSV"):
        frame.get_by_role("button", name="Take out").click()
        frame.get_by_role("menuitem", name=item).click()
        shown = frame.get_by_role("textbox", name="To copy by hand").input_value()
        assert "big_buck_bunny" in shown
        frame.get_by_role("button", name="Close").click()
    page.close()
