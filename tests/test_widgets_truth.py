"""What the explorer's pixels say of data in which there is nothing to see, and of very much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.looks import CATEGORIES, SIMILARITY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
expect = pytest.importorskip("playwright.sync_api").expect

HEATMAP = ".twx-heatmap canvas:not([tabindex])"
LANE = ".twx-timeline canvas:not([tabindex])"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1300, "height": 900})
    yield opened
    opened.close()


def clips(n: int, videos: int = 1) -> pd.DataFrame:
    """Clips of six seconds, without vectors."""
    start = np.tile(np.arange(n // videos) * 6.0, videos)
    names = np.repeat([f"film {k:03d}" for k in range(videos)], n // videos)
    return pd.DataFrame({"video_id": names, "start_sec": start, "end_sec": start + 6})


def show(page: Page, table: pd.DataFrame, path: Path, **options: Any) -> None:
    page.goto(tw.save_html(table, path / "a.html", **options).as_uri())
    page.wait_for_selector(".twx-canvas")
    # What is marked above the picture is no part of what it says of the data.
    page.add_style_tag(content=".twx-canvas[tabindex] { visibility: hidden }")
    lab.settle(page)


def lane_colours(page: Page) -> dict[str, int]:
    """The colours of the first lane, which lies below an axis of 22 pixels."""
    height = lab.box_of(page, LANE)["height"]
    return lab.colours(page, LANE, part=(0.2, 30 / height, 0.9, 40 / height))


@pytest.mark.parametrize("noise", [0, 1e-7, 1e-5])
def test_equal_clips_are_all_alike(
    page: Page, tmp_path: Path, rng: np.random.Generator, noise: float
) -> None:
    vector = rng.normal(size=64)
    table = tw.with_vectors(clips(100), vector + noise * rng.normal(size=(100, 64)))
    show(page, table, tmp_path, views=["heatmap", "timeline"])
    middle = lab.colours(page, HEATMAP, part=(0.42, 0.2, 0.6, 0.8))
    assert set(middle) == {SIMILARITY[-1]}
    assert page.locator(".twx-heading .twx-scale").inner_text() == "all alike, 1.00"
    strip = lab.colours(page, LANE, part=(0.2, 0.55, 0.9, 0.85))
    assert max(strip.values()) / sum(strip.values()) > 0.93  # but for the lines of the axis


def test_clips_that_differ_are_not(page: Page, tmp_path: Path, rng: np.random.Generator) -> None:
    table = tw.with_vectors(clips(100), rng.normal(size=64) + 0.1 * rng.normal(size=(100, 64)))
    show(page, table, tmp_path, views=["heatmap", "timeline"])
    assert len(lab.colours(page, HEATMAP, part=(0.42, 0.2, 0.6, 0.8))) > 50
    assert "alike" not in page.locator(".twx-heading .twx-scale").inner_text()


@pytest.mark.parametrize("n", [5000, 700])
def test_a_lane_of_one_colour_has_no_stripes(page: Page, tmp_path: Path, n: int) -> None:
    table = tw.with_vectors(clips(n), np.eye(3)[np.arange(n) % 3])
    labels = pd.Series(["topic"] * n, name="topic")
    show(page, table, tmp_path, views=["timeline"], labels=labels)
    assert set(lane_colours(page)) == {CATEGORIES[0]}


def test_lines_between_200_videos_hide_no_cell(
    page: Page, tmp_path: Path, rng: np.random.Generator
) -> None:
    values = np.full((2000, 8), 0.3) + np.abs(rng.normal(size=(2000, 8))) * 0.1
    # Coloured alike, so that the legend leaves the same room.
    alike: Any = {"views": ["heatmap"], "color": "start_sec"}
    show(page, tw.with_vectors(clips(2000, 200), values), tmp_path, **alike)
    page.get_by_role("button", name="by video").click()
    lab.settle(page)
    shown = lab.colours(page, HEATMAP, part=(0.42, 0.3, 0.6, 0.7))
    show(page, tw.with_vectors(clips(2000), values), tmp_path, **alike)
    assert lab.colours(page, HEATMAP, part=(0.42, 0.3, 0.6, 0.7)) == shown


def test_200_scenes_leave_the_lane_to_be_seen(page: Page, tmp_path: Path) -> None:
    table = tw.with_vectors(clips(1000), np.eye(3)[np.arange(1000) % 3])
    labels = pd.Series(["topic"] * 1000, name="topic")
    scenes = [30.0 * k for k in range(200)]
    show(page, table, tmp_path, views=["timeline"], labels=labels, scenes=scenes)
    assert set(lane_colours(page)) == {CATEGORIES[0]}


def test_labels_with_a_gap_stay_labels(page: Page, tmp_path: Path) -> None:
    table = tw.with_vectors(clips(12), np.eye(3)[np.arange(12) % 3])
    labels = pd.Series([np.nan if k % 3 == 0 else k % 4 for k in range(12)], name="topic")
    show(page, table, tmp_path, views=["timeline"], labels=labels)
    told = page.locator(".twx-legend").inner_text().split()
    assert told == ["0", "2", "1", "2", "2", "2", "3", "2", "missing", "4"]
    page.locator(".twx-chip", has_text="missing").click()
    assert page.locator(".twx-status").inner_text() == "4 of 12 segments selected"


def test_any_column_is_shown(page: Page, tmp_path: Path) -> None:
    table = clips(60).assign(place="shore", nothing=np.nan)
    table["topic"] = [np.nan if k % 3 == 0 else k % 4 for k in range(60)]
    table["said"] = [["sea", k] for k in range(60)]
    options: Any = {"color": "place", "tooltip": ["said", "nothing", "topic"]}
    options["views"] = ["player", "timeline"]
    path = tmp_path / "a.html"
    page.goto(tw.save_html(tw.with_vectors(table, np.eye(60)), path, **options).as_uri())
    check_any_column(page, ".twx >> ", 60)


def check_any_column(page: Page, explorer: str, n: int) -> None:
    """What is said of the first row, under the pointer, and of all rows once a column colours."""
    facts = page.locator(explorer + ".twx-facts")
    expect(facts).to_contain_text(re.compile("place shore.*nothing –.*topic –.*said .'sea', 0"))
    tip = page.locator(explorer + ".twx-tip")
    lanes = explorer + ".twx-timeline canvas[tabindex]"
    lab.point_at(page, *lab.inside(page, lanes, 0.5, 36), tip)
    expect(tip).to_contain_text(re.compile(r"nothing–"))
    expect(tip).to_contain_text(re.compile(r"said\['sea', \d+\]"))
    choice = page.locator(explorer + "[aria-label='Colour by']")
    for column, told in (
        *(("place", rf"shore\s*{n:,}"), ("nothing", rf"missing\s*{n:,}")),
        *(("said", r"\['sea', \d+\]\s*1"), ("topic", rf"0\s*\d+.*missing\s*{-(-n // 3):,}")),
    ):
        choice.select_option(column)
        expect(page.locator(explorer + ".twx-legend")).to_contain_text(re.compile(told, re.DOTALL))
    choice.select_option("place")
    page.mouse.move(5, 5)
