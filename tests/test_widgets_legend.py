"""The legend of 200 groups in a real browser: found, selected, hidden, shown alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.looks import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

GROUPS = 200
SIZES = 2 + np.arange(GROUPS) // 20
N = int(SIZES.sum()) + 5
ITEM = ".twx-group-item"
LANE = ".twx-timeline .twx-sticky canvas"
STATUS = "document.querySelector('.twx-status').innerText"


def topics() -> pd.Series[Any]:
    """The later a topic the more rows it has; five rows have none."""
    codes = np.repeat(np.arange(GROUPS), SIZES)
    values = [*(f"topic {code}" for code in codes), *[None] * 5]
    return pd.Series(values, name="topic", dtype=object)


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"video_id": "film", "start_sec": np.arange(N) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    table = tw.with_vectors(rows, rng.normal(size=(N, 8)).astype(np.float32))
    folder = tmp_path_factory.mktemp("legend")
    views, coords = ("map", "timeline", "gallery"), rng.normal(size=(N, 2))
    path = tw.save_html(table, folder / "a.html", labels=topics(), coords=coords, views=views)
    with lab.offline_pages(chromium) as open_file:
        opened = open_file(path)
        opened.wait_for_selector(".twx-item")
        opened.get_by_role("button", name="all 200").click()
        yield opened


@pytest.fixture(autouse=True)
def afresh(page: Page) -> None:
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    back = page.locator(".twx-back")
    if back.count():
        back.click()
    page.get_by_label("Find groups").fill("")
    clear = page.get_by_role("button", name="Clear selection")
    if clear.is_enabled():
        clear.click()
    lab.settle(page)


def counts() -> pd.Series[Any]:
    return topics().value_counts()


def test_all_groups_are_there_with_their_counts(page: Page) -> None:
    names = page.locator(f"{ITEM} .twx-name-of").all_inner_texts()
    told = [int(text) for text in page.locator(f"{ITEM} i").all_inner_texts()]
    assert dict(zip(names, told, strict=True)) == {**counts().to_dict(), "missing": 5}
    assert told == sorted(told, reverse=True), "200 groups begin with the largest"
    page.get_by_label("Order of the groups").select_option("name")
    names = page.locator(f"{ITEM} .twx-name-of").all_inner_texts()
    numbers = [int(name.split()[1]) for name in names[:-1]]
    assert numbers == sorted(numbers)
    assert names[-1] == "missing"
    box = lab.box_of(page, ".twx-group-items")
    assert box["height"] <= 240


def test_a_group_is_found_and_selected(page: Page) -> None:
    page.get_by_label("Find groups").fill("topic 19")
    names = page.locator(f"{ITEM} .twx-name-of").all_inner_texts()
    assert set(names) == {"topic 19", *(f"topic {k}" for k in range(190, 200))}
    page.get_by_label("Find groups").press("Enter")
    wanted = counts()[names].sum()
    assert page.evaluate(STATUS) == f"{wanted} of {N:,} segments selected"
    page.locator(ITEM, has_text="topic 197").locator(".twx-chip").click()
    assert page.evaluate(STATUS) == f"{counts()['topic 197']} of {N:,} segments selected"


def test_what_has_no_colour_of_its_own_is_seen_when_pointed_at(page: Page) -> None:
    """The smallest topics share a grey; pointed at, one of them is the only colour there is."""
    before = set(lab.colours(page, LANE, part=(0.1, 0.2, 1.0, 0.5)))
    page.get_by_label("Find groups").fill("topic 60")
    page.locator(ITEM, has_text="topic 60").locator(".twx-chip").hover()
    lab.settle(page)
    lit = set(lab.colours(page, LANE, part=(0.1, 0.2, 1.0, 0.5)))
    assert "#5a6478" in before
    assert "#5a6478" not in lit
    assert len(lit & set(CATEGORIES)) == 1
    assert len(before & set(CATEGORIES)) > 8


def test_alone_on_every_view_and_back(page: Page) -> None:
    page.get_by_label("Find groups").fill("topic 150")
    n = int(counts()["topic 150"])
    page.locator(f"{ITEM} [data-verb=solo]").click()
    page.mouse.move(5, 5)
    page.wait_for_function(f"{STATUS} === '{n} of {N:,} segments shown'")
    page.wait_for_function(f"document.querySelectorAll('.twx-item').length === {n}")
    label = page.locator(".twx-map canvas[tabindex]").get_attribute("aria-label")
    assert label is not None
    assert f"Map of {n} segments" in label
    lane = set(lab.colours(page, LANE, part=(0.1, 0.2, 1.0, 0.5)))
    assert CATEGORIES[0] in lane, "alone, a small one has the first colour"
    assert not lane & {"#5a6478", *CATEGORIES[1:]}
    page.locator(".twx-map canvas[tabindex]").focus()
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{STATUS} === '{N:,} segments'")
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function(f"{STATUS} === '{n} of {N:,} segments shown'")
    assert page.locator(".twx-back").inner_text() == f"{N - n:,} hidden: show all"


def test_hidden_rows_are_not_selected(page: Page) -> None:
    page.get_by_label("Find groups").fill("topic 199")
    page.locator(f"{ITEM} .twx-chip").click()
    hide = page.get_by_role("button", name="Hide topic 199")
    hide.click()
    assert hide.get_attribute("aria-pressed") == "true"
    left = N - int(counts()["topic 199"])
    assert page.evaluate(STATUS) == f"{left:,} of {N:,} segments shown"
    page.locator(".twx-find input").fill("topic")
    page.locator(".twx-find input").press("Enter")
    assert page.evaluate(STATUS) == f"{left - 5:,} of {N:,} segments selected"
    assert "hidden in the legend left out" in page.locator(".twx-live").inner_text()


def test_the_search_box_offers_labels_while_one_types(page: Page) -> None:
    box, offers = page.get_by_role("combobox", name="Go to a time"), page.locator(".twx-offers")
    box.fill("topic 1")
    first = offers.get_by_role("option").first
    assert first.inner_text().split("\n") == ["topic 1", "2"]
    assert page.evaluate(STATUS) == f"{N:,} segments", "typing alone selects nothing"
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.screenshot(path=lab.ARTIFACTS / "suggestions.png")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_function(f"{STATUS} === '2 of {N:,} segments selected'")
    box.press("ArrowDown")
    box.press("Escape")
    assert offers.is_hidden()
    assert box.input_value() == "topic 1"
    assert page.evaluate(STATUS) == f"2 of {N:,} segments selected"
    box.fill("topic 19")
    offers.get_by_text("topic 199").click()
    page.wait_for_function(f"{STATUS} === '11 of {N:,} segments selected'")
    assert offers.is_hidden()
