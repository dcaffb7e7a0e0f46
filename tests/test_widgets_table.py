"""The table and its filters in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

N = 300
ROWS = ".twx-sheet tr[data-row]"
STATUS = "document.querySelector('.twx-status').innerText"


def segments(n: int) -> pd.DataFrame:
    """Loudness with holes, topics with a None, and words that are a different text in every row."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"video_id": "film", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    rows["loud"] = np.where(np.arange(n) % 11 == 0, np.nan, rng.normal(size=n)).astype(np.float32)
    rows["topic"] = [None if k % 50 == 7 else f"topic {k * k % 13}" for k in range(n)]
    rows["words"] = [f"sentence {k}" for k in range(n)]
    return tw.with_vectors(rows, rng.normal(size=(n, 4)).astype(np.float32))


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    table = segments(N)
    path = tmp_path_factory.mktemp("table") / "a.html"
    tw.save_html(table, path, views=["timeline", "table"], labels="topic", tooltip=["words"])
    with lab.offline_pages(chromium) as open_file:
        opened = open_file(path, viewport={"width": 1300, "height": 1000})
        opened.wait_for_selector(".twx-fold")
        assert opened.locator(ROWS).count() == 0, "folded at first"
        opened.locator(".twx-timeline canvas[tabindex]").focus()
        opened.keyboard.press("t")
        opened.wait_for_selector(ROWS)
        yield opened


@pytest.fixture(autouse=True)
def afresh(request: pytest.FixtureRequest) -> None:
    if "page" not in request.fixturenames:
        return
    page: Page = request.getfixturevalue("page")
    page.locator(".twx-timeline canvas[tabindex]").focus()
    page.keyboard.press("Escape")
    page.mouse.move(2, 2)


def shown(page: Page, column: str) -> list[str]:
    """What the first rows say in a column."""
    names = page.locator(".twx-sheet [data-name]").evaluate_all("n => n.map(x => x.dataset.name)")
    cells = f"td:nth-child({names.index(column) + 1})"
    return [text.strip() for text in page.locator(f"{ROWS} {cells}").all_inner_texts()]


def sort(page: Page, column: str, way: str) -> None:
    head = page.locator(f".twx-sheet [data-name='{column}']")
    while head.get_attribute("aria-sort") != way:
        head.locator(".twx-sheet-sort").click()
    page.wait_for_selector(ROWS)


def test_rows_are_sorted_by_any_column(page: Page) -> None:
    table = segments(N)
    assert shown(page, "words")[:3] == ["sentence 0", "sentence 1", "sentence 2"]
    sort(page, "loud", "descending")
    loud = [float(text) for text in shown(page, "loud")]
    wanted = table["loud"].sort_values(ascending=False)[: len(loud)]
    assert loud == pytest.approx(wanted.tolist(), abs=1e-5)
    sort(page, "topic", "ascending")
    names = [f"topic {k}" for k in range(13)]
    order = table.assign(place=table["topic"].map(names.index, na_action="ignore")).sort_values(
        ["place", "loud"], ascending=[True, False], na_position="last", kind="stable"
    )
    assert shown(page, "words")[:12] == order["words"].tolist()[:12], "the order before is kept"
    page.locator(".twx-sheet-scroller").evaluate("node => node.scrollTo(0, 1e6)")
    page.wait_for_selector(f"{ROWS}[aria-rowindex='{N + 1}']")
    assert shown(page, "topic")[-1] == "–", "what is missing comes last"
    for column in ("topic", "loud"):
        sort(page, column, "none")
    assert shown(page, "words")[0] == "sentence 0"


def brush(page: Page, column: str, from_bin: int, to_bin: int) -> None:
    box = page.locator(f"[data-name='{column}'] .twx-hist").bounding_box()
    assert box is not None
    x = [box["x"] + box["width"] * (k + 0.5) / 24 for k in (from_bin, to_bin)]
    page.mouse.move(x[0], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(x[1], box["y"] + 20, steps=3)
    page.mouse.up()


def test_filters_of_several_columns_meet(page: Page) -> None:
    table = segments(N)
    loud = table["loud"]
    brush(page, "loud", 6, 14)
    edges = np.linspace(float(loud.min()), float(loud.max()), 25)
    kept = (loud >= edges[6]) & (loud < edges[15])
    assert page.evaluate(STATUS) == f"{kept.sum()} of {N} segments selected"
    page.locator("[data-name=topic] .twx-facet-group", has_text="topic 4").click()
    page.locator("[data-name=topic] .twx-facet-group", has_text="missing").click()
    kept &= table["topic"].eq("topic 4") | table["topic"].isna()
    assert page.evaluate(STATUS) == f"{kept.sum()} of {N} segments selected"
    page.wait_for_selector(f"{ROWS}[data-row='{np.flatnonzero(kept)[0]}']")
    words = shown(page, "words")
    assert len(words) > 5
    assert words == table["words"][kept].tolist()[: len(words)]
    assert page.locator(".twx-sheet").get_attribute("aria-rowcount") == str(kept.sum() + 1)
    counts = page.locator("[data-name=topic] .twx-facet-group")
    told = dict(text.rsplit("\n", 1) for text in counts.all_inner_texts())
    assert int(told["topic 4"]) == (kept & table["topic"].eq("topic 4")).sum()
    assert sum(map(int, told.values())) == kept.sum()
    filters = page.locator("[aria-label=Filters] .twx-sheet-filter").all_inner_texts()
    assert [text.split()[0] for text in filters] == ["loud", "topic"]
    page.screenshot(path=lab.ARTIFACTS / "table.png", full_page=True)
    page.get_by_role("button", name="Clear the filter by loud").click()
    left = table["topic"].eq("topic 4") | table["topic"].isna()
    assert page.evaluate(STATUS) == f"{left.sum()} of {N} segments selected"
    page.locator(".twx-timeline canvas[tabindex]").focus()
    page.keyboard.press("Control+z")
    assert page.evaluate(STATUS) == f"{kept.sum()} of {N} segments selected"
    assert page.locator("[aria-label=Filters] .twx-sheet-filter").count() == 2
    page.get_by_role("button", name="clear all").click()
    assert page.evaluate(STATUS) == f"{N} segments"


def test_filters_and_cells_by_keys(page: Page) -> None:
    table = segments(N)
    page.get_by_role("slider", name="loud from").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    edges = np.linspace(float(table["loud"].min()), float(table["loud"].max()), 25)
    kept = table["loud"] >= edges[3]
    assert page.evaluate(STATUS) == f"{kept.sum()} of {N} segments selected"
    page.get_by_label("Rows of the table").select_option("all")
    page.locator(f"{ROWS} td[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.locator(f"{ROWS}[aria-current]").get_attribute("data-row") == "2"
    copied = page.evaluate(
        """() => {
          const given = { bubbles: true, cancelable: true, clipboardData: new DataTransfer() };
          const event = new ClipboardEvent("copy", given);
          document.activeElement.dispatchEvent(event);
          return event.clipboardData.getData("text/plain");
        }"""
    )
    assert copied == "sentence 2"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.innerText") == f"sentence {N - 1}"
    page.get_by_label("Rows of the table").select_option("selection")


def test_columns_are_chosen(page: Page) -> None:
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("loud", exact=True).uncheck()
    assert page.locator(".twx-sheet [data-name=loud]").count() == 0
    page.get_by_label("loud", exact=True).check()
    assert page.locator(".twx-sheet [data-name=loud]").count() == 1
    page.get_by_role("button", name="Columns").click()


def test_a_click_goes_there_and_rows_have_their_frame(
    open_file: Callable[..., Page], film_page: Path
) -> None:
    page = open_file(film_page)
    page.get_by_role("button", name="Table and filters").click()
    page.wait_for_selector(f"{ROWS} .twx-frame canvas", timeout=30_000)
    page.locator(f"{ROWS}[data-row='3'] td").nth(1).click()
    page.wait_for_function("document.querySelector('.twx-video').currentTime === 18")
    assert page.locator(f"{ROWS}[data-row='3']").get_attribute("aria-current") == "true"


def test_100_000_rows_are_no_burden(open_file: Callable[..., Page], tmp_path: Path) -> None:
    """Some dozen rows exist, wherever one scrolls, and the last one is reached."""
    n = 100_000
    rows: Any = segments(n).drop(columns="words")
    page = open_file(tw.save_html(rows, tmp_path / "a.html", views=["table"]))
    page.wait_for_selector(ROWS)
    for part in (0, 0.5, 1):
        page.locator(".twx-sheet-scroller").evaluate(
            "(node, part) => node.scrollTo(0, part * node.scrollHeight)", part
        )
        lab.settle(page)
        assert 10 <= page.locator(ROWS).count() <= 40
    sort(page, "loud", "descending")
    loud = [float(text) for text in shown(page, "loud")]
    assert loud == pytest.approx(rows["loud"].nlargest(len(loud)).tolist(), abs=1e-5)
