"""Figures on a page, in a real browser: on a phone, on a wide screen, and what their buttons do."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import lab
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

BOX = """(selector) => {
  const boxes = [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
  return boxes.map(({left, top, right, bottom}) => [left, top, right, bottom]);
}"""


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    film, trailer = tw.sample(), tw.sample("trailer")
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    videos = pd.concat([film, trailer], ignore_index=True)
    return {
        "heatmap": tw.plot.heatmap(film),
        "options": tw.plot.heatmap(both),
        "videos": tw.plot.heatmap(videos),
        "across": tw.plot.heatmap(trailer, film),
        "alignment": tw.plot.alignment(trailer, film, pieces=tw.align(trailer, film)),
        "diff": tw.plot.diff(
            pd.concat([tw.diff(film, film[20:60].assign(video_id="a cut of half an hour"))] * 2)
            .head(5)
            .assign(change=["matched", "moved", "changed", "missing", "added"])
        ),
        "timeline": tw.plot.timeline(film, lanes=tw.cluster(film, 4), color="start_sec"),
        "novelty": tw.plot.novelty(both),
        "threshold": tw.plot.threshold(both),
        "hits": tw.plot.hits(film, tw.search(film, film.iloc[[42]], k=5)),
        "scatter": tw.plot.scatter(film, tw.project(film, method="pca")),
        "agreement": tw.plot.options(tw.compare_options(both)),
        "models": tw.plot.models(
            tw.compare_models(tw.clips(film), tw.clips(tw.sample(embedding_option="audio")))
        ),
        "frames": tw.plot.storyboard(tw.scenes(film).head(4), video=tw.sample_video()),
        "groups": tw.plot.scatter(film, tw.project(film, method="pca"), color=tw.cluster(film, 6)),
    }


def many_versions() -> Any:
    """Changes between versions with long names, of two options."""
    film = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    names = [f"A very long title of a film - cut {k} of 2024 (final master).mov" for k in range(3)]
    cuts = [film.assign(video_id=name)[film["start_sec"] >= 60 * k] for k, name in enumerate(names)]
    return pd.concat([tw.diff(a, b) for a, b in itertools.pairwise(cuts)])


FAINTEST = """() => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((one) => one / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = light(getComputedStyle(document.documentElement).backgroundColor);
  const words = [...document.querySelectorAll(".main-svg :is(text, tspan)")];
  const says = (one) => !one.querySelector("tspan") && /[a-z0-9]/i.test(one.textContent);
  const plain = words.filter(says);
  return Math.min(...plain.map((one) => light(getComputedStyle(one).fill) / ground));
}"""
"""The least contrast of lettering with a dark page."""

LEGEND_IS = """(where) => {
  const [legend, plot] = [".legend .bg", ".nsewdrag"].map((one) => document.querySelector(one));
  if (!legend || !plot) return false;
  const [a, b] = [legend, plot].map((one) => one.getBoundingClientRect());
  return where === "below" ? a.top > b.bottom : a.left > b.right;
}"""


def show(page: Page, figure: Any, path: Path, style: str = "") -> None:
    figure.write_html(path / "a.html", include_plotlyjs="directory")
    if style:
        text = (path / "a.html").read_text("utf-8")
        (path / "a.html").write_text(text.replace("</head>", f"<style>{style}</style></head>"))
    page.goto((path / "a.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    lab.settle(page)


def overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_a_phone_shows_figures_whole(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    for name, figure in figures.items():
        show(page, figure, tmp_path, style="html { background: #181c1a; color: #eee }")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        (title,) = page.evaluate(BOX, ".gtitle") or [[0, 0, 0, 0]]
        for legend in page.evaluate(BOX, ".legend"):
            assert not overlap(title, legend), name
        for bar in page.evaluate(BOX, ".colorbar .cbfill"):
            assert bar[2] <= 390, name
        (chart,) = page.evaluate(BOX, ".js-plotly-plot")
        lowest = max(box[3] for box in page.evaluate(BOX, ".main-svg :is(text, .hm, .bg)"))
        assert 0 <= chart[3] - lowest < 60, f"{name}: cut, or blank below"
        assert page.evaluate(FAINTEST) > 4.5, name
        page.screenshot(path=lab.ARTIFACTS / f"phone-{name}.png")
    page.close()


def test_nothing_written_lies_on_names_or_pictures(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    show(page, figures["agreement"], tmp_path)
    (said,), names = page.evaluate(BOX, ".textpoint text"), page.evaluate(BOX, ".ytick text")
    assert names
    assert not any(overlap(said, name) for name in names)
    show(page, figures["models"], tmp_path)
    scales = page.evaluate(BOX, ":is(.xtick, .x2tick, .x3tick, .x4tick, .y4tick) text")
    assert len(scales) > 12
    for picture in page.evaluate(BOX, ".heatmaplayer image"):
        assert not any(overlap(picture, number) for number in scales)
    page.close()


@pytest.mark.parametrize("width", [390, 800, 1900])
def test_heatmaps_stay_square(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    for name in ("heatmap", "options", "videos"):
        show(page, figures[name], tmp_path)
        for left, top, right, bottom in page.evaluate(BOX, ".hm image"):
            assert right - left == pytest.approx(bottom - top, abs=3), name
            assert right - left > 180
    page.close()


def test_a_legend_leaves_a_phone_to_its_map_and_comes_back(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    show(page, figures["groups"], tmp_path)
    for width in (390, 1200, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function(LEGEND_IS, arg="below" if width == 390 else "beside")
        (plot,) = page.evaluate(BOX, ".nsewdrag")
        assert plot[2] - plot[0] > 0.6 * width, width
    page.close()


@pytest.mark.parametrize("width", [390, 900])
def test_headings_and_tracks_of_long_names_are_whole(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    found, video = many_versions(), tw.sample_video()
    films = dict.fromkeys({*found["a_video_id"], *found["b_video_id"]}, video)
    page = chromium.new_page(viewport={"width": width, "height": 844})
    for figure in (tw.plot.storyboard(found, video=films), tw.plot.diff(found)):
        show(page, figure, tmp_path)
        boxes = page.evaluate(BOX, ".main-svg :is(text, .gtitle tspan)")
        assert all(box[0] >= 0 and box[2] <= width for box in boxes)
    (title,), (plot,) = page.evaluate(BOX, ".gtitle"), page.evaluate(BOX, ".nsewdrag")
    assert 0 < plot[1] - title[3] < 30, "no air below the counts"
    labels = page.evaluate(BOX, ".ytick text")
    assert not any(overlap(a, b) for a, b in itertools.combinations(labels, 2))
    page.close()


def test_no_button_sends_a_figure_away(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    for name in ("heatmap", "scatter", "timeline"):
        show(page, figures[name], tmp_path)
        titles = page.evaluate(
            "[...document.querySelectorAll('.modebar-btn')].map((one) => one.dataset.title)"
        )
        assert "Zoom in" in titles
        assert not [title for title in titles if "hare" in title or "loud" in title]
    page.close()


def test_a_storyboard_is_the_film_without_a_network(chromium: Browser, tmp_path: Path) -> None:
    """Frames are in the file; thumbnails are all that the reader's browser fetches."""
    films = pytest.importorskip("films")
    video = films.make_film(tmp_path / "film.mp4", range(60), gop=1)
    rows = pd.DataFrame({"video_id": "film", "start_sec": [0, 20, 40], "end_sec": [20, 40, 60]})
    context = chromium.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    show(page, tw.plot.storyboard(rows, video=video, n_frames=4), tmp_path)
    assert page.locator("image").count() == 12
    numbers = [films.number_of(lab.pixels(page, "image", k)) for k in range(12)]
    assert numbers == sorted(numbers)
    assert [number // 20 for number in numbers] == [0] * 4 + [1] * 4 + [2] * 4
    context.close()
    asked: list[str] = []
    page = chromium.new_page(viewport={"width": 1000, "height": 900})

    def answer(route: Any) -> None:
        picture = """<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90">
          <rect width="160" height="90" fill="#12ab34"/></svg>"""
        route.fulfill(body=picture, content_type="image/svg+xml")

    page.on("request", lambda request: asked.append(request.url) if lab.outside(request) else 0)
    page.route("https://pictures.test/**", answer)
    own = [f"https://pictures.test/{k}.svg" for k in range(3)]
    show(page, tw.plot.storyboard(rows.assign(thumbnail_url=own)), tmp_path)
    for k in range(3):
        assert set(lab.colours(page, "image", k, (0.2, 0.4, 0.8, 0.8))) == {"#12ab34"}
    assert set(asked) == set(own)
    page.close()
