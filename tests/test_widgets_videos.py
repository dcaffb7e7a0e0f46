"""The list of the videos, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
playwright = pytest.importorskip("playwright.sync_api")

N_VIDEOS, CLIPS = 300, 4


def archive() -> pd.DataFrame:
    """Videos of four clips of which every other one is of another kind, in no order."""
    at = np.arange(N_VIDEOS * CLIPS)
    video, clip = at // CLIPS, at % CLIPS
    rows = pd.DataFrame({"video_id": [f"reel {k}" for k in video], "start_sec": clip * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    kind = np.where(video % 2, 0.0, 1.0)
    table = tw.with_vectors(rows, np.stack([kind, 1 - kind, 0.2 + clip / 10], axis=1))
    return table.sample(frac=1, random_state=5)


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("videos") / "a.html"
    tw.save_html(archive(), path, views=["heatmap", "timeline", "videos"])
    with lab.offline_pages(chromium) as open_file:
        opened = open_file(path, viewport={"width": 1440, "height": 900})
        opened.wait_for_selector(".twx-film")
        yield opened


def film(page: Page, name: str) -> Locator:
    return page.locator(".twx-film").filter(has=page.get_by_label(f"Show {name}", exact=True))


def counts(page: Page) -> tuple[str, str]:
    """What list and foot say is shown."""
    told = page.locator(".twx-videos .twx-more").text_content()
    return str(told), str(page.locator(".twx-status").text_content())


@pytest.fixture
def found(page: Page) -> Iterator[Page]:
    """The list with nothing but ``reel 77`` to ``reel 7``."""
    page.get_by_label("Find videos").fill("reel 7")
    yield page
    page.get_by_label("Find videos").fill("")
    assert counts(page) == ("300", "1,200 segments")


def test_only_videos_in_sight_have_a_card_and_all_can_be_reached(page: Page) -> None:
    n_cards = page.locator(".twx-film").count()
    assert 10 < n_cards < 60
    page.locator(".twx-videos .twx-reel").evaluate("(reel) => reel.scrollTo(0, 1e6)")
    first = str(archive()["video_id"].iloc[0])
    last = archive()["video_id"].drop_duplicates().iloc[-1]
    playwright.expect(film(page, str(last))).to_be_visible()
    playwright.expect(film(page, first)).to_have_count(0)
    page.get_by_label("Order of the videos").select_option("name")
    playwright.expect(page.locator(".twx-film").first).to_contain_text("reel 0")
    page.locator(".twx-film button").first.focus()
    page.keyboard.press("End")
    playwright.expect(film(page, "reel 299").locator("button")).to_be_focused()


def test_a_click_shows_only_this_video_and_another_all_of_them(found: Page) -> None:
    playwright.expect(found.locator(".twx-film")).to_have_count(11)
    assert counts(found)[0] == "11 found, 300 in all"
    film(found, "reel 77").locator("button").click()
    assert counts(found) == ("11 found, 1 of 300 shown", "4 of 1,200 segments shown")
    assert film(found, "reel 77").locator("button").get_attribute("aria-pressed") == "true"
    assert not film(found, "reel 78").locator("input").is_checked()
    # What alone is shown is on the player: the playhead is on its lane.
    assert "reel 77" in str(found.locator(".twx-live").text_content())
    film(found, "reel 77").locator("button").click()
    assert counts(found)[1] == "1,200 segments"


def test_a_box_hides_a_video_and_everything_comes_back(found: Page) -> None:
    film(found, "reel 70").locator("input").click()
    film(found, "reel 71").locator("input").click()
    assert counts(found) == ("11 found, 298 of 300 shown", "1,192 of 1,200 segments shown")
    # The legend hides the same groups: one list of what is hidden.
    playwright.expect(found.locator(".twx-chips .twx-back")).to_have_text("8 hidden: show all")
    film(found, "reel 70").locator("input").click()
    assert counts(found)[0] == "11 found, 299 of 300 shown"
    found.locator(".twx-videos .twx-back").click()
    assert film(found, "reel 71").locator("input").is_checked()


def test_the_heatmap_shows_many_videos_by_their_names_and_segments_when_asked(page: Page) -> None:
    canvas = page.locator(".twx-heatmap canvas[tabindex]")
    label = "aria-label"
    assert str(canvas.get_attribute(label)).startswith("Similarity of every two of 300 videos")
    page.evaluate("scrollTo(0, 0)")
    box = canvas.bounding_box()
    assert box is not None
    # Above the diagonal: another video across than down; on it, each with itself.
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    tip = page.locator(".twx-tip")
    playwright.expect(tip).to_contain_text("mean similarity")
    playwright.expect(tip).to_contain_text("4 × 4 segments")
    assert str(tip.locator("b").text_content()).count("reel") == 2
    assert " × " in str(tip.locator("b").text_content())
    toggle = page.get_by_role("button", name="by video")
    toggle.click()
    assert str(canvas.get_attribute(label)).startswith("Similarity of every two of 1200 segments")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    playwright.expect(tip).to_contain_text("similarity")
    playwright.expect(tip.locator("span", has_text="video").first).to_contain_text(" × ")
    toggle.click()
    page.mouse.move(0, 0)


def test_the_list_is_folded_where_the_videos_are_few(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    few = archive()
    few = few[few["video_id"].isin([f"reel {k}" for k in range(11)])]
    path = tw.save_html(few, tmp_path_factory.mktemp("few") / "a.html", views=["videos"])
    with lab.offline_pages(chromium) as open_file:
        page = open_file(path)
        fold = page.get_by_role("button", name="Videos", exact=True)
        assert fold.get_attribute("aria-expanded") == "false"
        assert (
            not page.locator(".twx-film").count()
            or not page.locator(".twx-film").first.is_visible()
        )
        fold.click()
        playwright.expect(page.locator(".twx-film")).to_have_count(11)
