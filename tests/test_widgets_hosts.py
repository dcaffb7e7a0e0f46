"""What the film shows, point by point, in JupyterLab, Notebook 7 and marimo, light and dark."""

from __future__ import annotations

import contextlib
import io
import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import lab
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from test_accessible import AXE, violations
from test_widgets_truth import check_any_column

from twlab.looks import CATEGORIES, SIMILARITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    Book = lab.Notebook | lab.App

pytestmark = [
    pytest.mark.browser,
    pytest.mark.notebook,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
expect = pytest.importorskip("playwright.sync_api").expect
films = pytest.importorskip("films")

HOSTS = {"lab": "jupyterlab", "notebook": "notebook", "marimo": "marimo"}
"""The hosts, each of one page that all the tests walk through, and what they need."""

N_CLIPS, CLIP_SEC, N_REELS = 20, 6, 14
CORNERS = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
ARMS = [(0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.6), (0.0, -0.6)]
PLACES = [(x + dx, y + dy) for x, y in CORNERS for dx, dy in ARMS]
"""Each kind lies in a corner of the map, its first clip in the middle of the others."""
THUMBNAIL = "https://pictures.test/{}.svg"
EXTENSION = "%load_ext twlab\n"
"""Which marimo has no need of: there tables are handed to ``tw.show``."""
SETUP = f"""import numpy as np, pandas as pd, twlab as tw
clip = np.arange({N_CLIPS})
group = clip // 5
start = {CLIP_SEC} * clip
film = pd.DataFrame(dict(video_id="counting", start_sec=1.0 * start, end_sec=start + 6.0))
film["embedding_option"] = "visual"
film.index = [f"clip {{k}}" for k in clip]
vectors = np.eye(4)[group] + 0.3 * np.random.default_rng(0).random(({N_CLIPS}, 4))
film = tw.with_vectors(film, vectors)
labels = pd.Series(group, film.index, name="cluster")
coords = np.array({PLACES})
"""
"""A film that counts its seconds, in four kinds of five clips."""
FILM_CELL = """ex = tw.explore(film, video="film.mp4", coords=coords, labels=labels,
    names={0: "harbour"}, queries={"a wave": np.eye(4)[3]}, scenes=[0, 30, 60, 90])
ex"""
REELS_CELL = f"""at = np.arange({4 * N_REELS})
reels = pd.DataFrame(dict(video_id=[f"reel {{k}}" for k in at // 4], start_sec=at % 4 * 6.0))
reels["end_sec"] = reels.start_sec + 6
reels["thumbnail_url"] = [{THUMBNAIL!r}.format(k) for k in at]
reels = tw.with_vectors(reels, np.c_[at // 4 % 2, 1 - at // 4 % 2, 0.1 * (at % 4) + 0.2])
archive = tw.explore(reels, views=["map", "heatmap", "timeline", "videos", "gallery"],
    search=lambda words: np.array([1, 0, 0.5]))
archive"""
ALIKE_CELL = """n = 5000
alike = pd.DataFrame(dict(video_id="long", start_sec=6.0 * np.arange(n)))
alike = alike.assign(end_sec=alike.start_sec + 6, place="shore", nothing=np.nan)
alike["topic"] = [np.nan if k % 3 == 0 else k % 4 for k in range(n)]
alike["said"] = [["sea", k] for k in range(n)]
alike = tw.with_vectors(alike, np.ones((n, 4)))
cloud = np.random.default_rng(0).normal(size=(n, 2))
same = tw.explore(alike, views=["map", "heatmap", "player", "timeline"], color="place",
    coords=cloud, tooltip=["said", "nothing", "topic"], scenes=[150.0 * k for k in range(200)])
same"""
FIGURE_CELLS = (
    "tw.plot.scatter(film, pd.DataFrame(coords, film.index, ['x', 'y']), color=labels)",
    "tw.plot.heatmap(film)",
    "tw.plot.heatmap(alike[:50])",
    "tw.plot.hits(film, tw.search(film, film.iloc[[4]], fuse='rank'))",
    "tw.plot.storyboard(labels, film, video='film.mp4')",
    "tw.plot.storyboard(reels[:4])",
)
"""Figures in the order of their cells."""
TABLE_CELLS = (
    "pd.DataFrame({'plain': [1]})",
    "tw.show(tw.scenes(film, n_scenes=4), video='film.mp4')",
)
TABLES = ("tw.diagnose(film)", "film")
"""What ``%load_ext twlab`` shows as ``tw.show`` does."""

SCATTER, HEATMAP, ALIKE_HEATMAP, HITS, BOARD, STILLS = range(len(FIGURE_CELLS))

FILM, REELS, ALIKE = (f".twx >> nth={k} >> " for k in range(3))
"""The three explorers of the notebook."""
FIGURE, TABLE = ".js-plotly-plot", ".tw-show"
MAP, LANES, SQUARE = (f".twx-{name} canvas[tabindex]" for name in ("map", "timeline", "heatmap"))
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90">
  <rect width="160" height="90" fill="#12ab34"/></svg>"""
THEMES = ("light", "dark")


@pytest.fixture(scope="session", params=HOSTS)
def host(request: pytest.FixtureRequest) -> str:
    """The host walked through; of the widest scope, so that each is opened once for all tests."""
    pytest.importorskip(HOSTS[request.param])
    return str(request.param)


@pytest.fixture(scope="module")
def book(
    host: str, chromium: Browser, jupyterlab: lab.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Book]:
    """The notebook or app, run, with all its pictures."""
    in_jupyter = host != "marimo"
    folder = jupyterlab.new_folder() if in_jupyter else tmp_path_factory.mktemp("app")
    films.make_film(folder / "film.mp4", range(N_CLIPS * CLIP_SEC), gop=1)
    cells = [SETUP, FILM_CELL, REELS_CELL, ALIKE_CELL, *FIGURE_CELLS, *TABLE_CELLS]
    options: Any = {"ready": f"{FILM}.twx-canvas >> nth=0", "height": 1000}
    options["routes"] = {THUMBNAIL.format("*"): give_picture}
    if in_jupyter:
        cells = [EXTENSION + SETUP + FILM_CELL, *cells[2:], *TABLES]
        opened: Any = lab.open_book(chromium, jupyterlab, folder, *cells, **options, app=host)
    else:
        cells += [f"tw.show({table})" for table in TABLES]
        opened = lab.open_app(chromium, folder, *cells, **options)
    with opened as book:
        page = book.page
        page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab's own news
        page.locator(book.cell).last.scroll_into_view_if_needed()
        page.wait_for_selector(f"{FIGURE} >> nth={STILLS} >> .main-svg >> nth=0", timeout=90_000)
        page.wait_for_selector(f"{TABLE} >> nth=2", timeout=60_000)
        yield book


def give_picture(route: Any) -> None:
    route.fulfill(body=PICTURE, content_type="image/svg+xml")


@pytest.fixture
def page(book: Book) -> Iterator[Page]:
    """The page in front, as it was opened; nothing has gone wrong in it at the end."""
    page = book.page
    yield page
    for explorer in (FILM, REELS, ALIKE):
        clear = page.locator(explorer + "[aria-label='Clear selection']")
        if clear.is_enabled():
            clear.click()
    assert book.problems == []


def tell(page: Page, explorer: str, text: str | re.Pattern[str]) -> None:
    """The explorer says so, where it can be seen."""
    expect(page.locator(explorer + ".twx-toast")).to_contain_text(text)


def status(page: Page, text: str | re.Pattern[str], explorer: str = FILM) -> None:
    expect(page.locator(explorer + ".twx-status")).to_have_text(text)


def find(page: Page, text: str, explorer: str = FILM) -> None:
    page.locator(explorer + ".twx-find input").fill(text)
    page.keyboard.press("Enter")


def on_map(page: Page, row: int) -> tuple[float, float]:
    """Where on the screen the map of the film draws a clip."""
    box = lab.box_of(page, FILM + MAP)
    room = (min(box["width"], box["height"]) / 2 - min(28, box["width"] / 10)) / 1.6
    x, y = PLACES[row]
    return box["x"] + box["width"] / 2 + room * x, box["y"] + box["height"] / 2 - room * y


def number_in(page: Page, selector: str, nth: int = 0) -> int:
    """The second of the film that an element shows."""
    return int(films.number_of(lab.pixels(page, selector, nth)))


def is_within(number: int, row: int) -> bool:
    """Whether a second lies in a clip."""
    return row * CLIP_SEC <= number < (row + 1) * CLIP_SEC


def frames_in(picture: np.ndarray) -> list[tuple[int, int, int]]:
    """Of each whole frame of the film in a picture: left, right, and the second it shows."""
    red, green, blue = np.moveaxis(picture.astype(int), 2, 0)
    spots, _ = ndimage.label((red > 225) & (green < 45) & (blue < 45))
    places = ndimage.find_objects(spots)
    widest = max([across.stop - across.start for _, across in places], default=0)
    found = []
    for down, across in places:
        width = across.stop - across.start
        height = round(width * films.HEIGHT / films.WIDTH)
        # Of its upper part, which nothing is written on.
        frame = picture[down.start : down.start + round(0.6 * height), across]
        if width > max(30, widest - 3) and len(frame) >= 0.6 * height - 1:
            found.append((across.start, across.stop, int(films.number_of(frame))))
    return found


def test_every_point_is_walked_through() -> None:
    """A: what was false once, B: the film; theme, A2, is in test_theme_browser and its kin."""
    texts = [one.__doc__ for name, one in globals().items() if name.startswith("test_")]
    points = {point for text in texts for point in re.findall(r"^[AB]\d+(?=:)", text or "")}
    assert points == {f"A{k}" for k in (1, *range(3, 11))} | {f"B{k}" for k in range(11, 20)}


def test_a_typical_frame_stands_for_the_film(page: Page) -> None:
    """B14: of the clip that is most like the others, before anything was done."""
    page.locator(FILM + MAP).scroll_into_view_if_needed()
    expect(page.locator(FILM + ".twx-still")).to_be_visible(timeout=30_000)
    ((_, _, number),) = frames_in(lab.pixels(page, FILM + ".twx-player"))
    assert number % CLIP_SEC in (2, 3), "of its middle"
    assert page.locator(FILM + ".twx-video").evaluate("video => video.currentTime") == 0


@pytest.fixture(scope="module", params=THEMES)
def theme(book: Book, request: pytest.FixtureRequest) -> str:
    """A theme of the host, which the page then wears."""
    book.wear(request.param)
    for k in range(3):
        book.page.wait_for_selector(
            f".twx[data-theme={request.param}] >> nth={k}", state="attached"
        )
    lab.settle(book.page)
    return str(request.param)


def test_one_palette_one_scale_one_polarity(page: Page, theme: str) -> None:
    """A3: a cluster, and a similarity, has one colour in explorer and figure, light and dark."""
    lab.box_of(page, FILM + MAP)
    seen = [lab.colours(page, FILM + f".twx-{view}") for view in ("map", "timeline")]
    page.locator(FIGURE).nth(SCATTER).scroll_into_view_if_needed()
    lab.settle(page)  # JupyterLab paints a cell once it is in sight
    seen.append(lab.colours(page, f"{FIGURE} >> nth={SCATTER}"))
    for colour in CATEGORIES[:4]:
        assert min(one.get(colour, 0) for one in seen) > 10, colour
    fills = page.locator(f"{FIGURE} >> nth={SCATTER} >> .legend .legendpoints path")
    inks = fills.evaluate_all("all => all.map((one) => getComputedStyle(one).fill)")
    of_chip = page.locator(FILM + ".twx-chip[data-group]").evaluate_all(
        """all => all.map((chip) => [chip.querySelector(".twx-name-of").textContent,
          getComputedStyle(chip.querySelector(".twx-dot")).backgroundColor])"""
    )
    assert [dict(of_chip)[name] for name in ("harbour", "1", "2", "3")] == inks
    mine = lab.square_of(lab.pixels(page, FILM + ".twx-heatmap"))
    theirs = lab.pixels(page, f"{FIGURE} >> nth={HEATMAP} >> .heatmaplayer image")
    bright = []
    for row, column in ((17, 2), (12, 4), (2, 4), (18, 16)):
        places = (row + 0.5) / N_CLIPS, (column + 0.5) / N_CLIPS
        ours, other = lab.cell(mine, *places), lab.cell(theirs, *places)
        assert np.abs(ours - other).max() <= 12, (row, column)
        bright.append(ours.sum())
    assert max(bright[:2]) < min(bright[2:]), "bright is alike"


def test_nothing_is_stretched_to_noise(page: Page, theme: str) -> None:
    """A4: 5,000 equal clips are all alike, their lane has no stripes, 200 lines hide nothing."""
    lab.box_of(page, ALIKE + SQUARE)
    assert page.locator(ALIKE + ".twx-panel-heatmap .twx-scale").inner_text() == "all alike, 1.00"
    middle = lab.square_of(lab.pixels(page, ALIKE + ".twx-heatmap"))[20:-20, 20:-20]
    assert {bytes(one).hex() for one in middle.reshape(-1, 3)} == {SIMILARITY[-1][1:]}
    height = lab.box_of(page, ALIKE + LANES)["height"]
    lane = lab.colours(page, ALIKE + ".twx-timeline", part=(0.2, 32 / height, 0.9, 40 / height))
    assert set(lane) == {CATEGORIES[0]}
    hills = lab.colours(page, ALIKE + ".twx-timeline", part=(0.2, 0.6, 0.9, 0.85))
    assert max(hills.values()) / sum(hills.values()) > 0.9  # but for the lines of the axis
    figure = f"{FIGURE} >> nth={ALIKE_HEATMAP}"
    cells = lab.pixels(page, f"{figure} >> .heatmaplayer image")[3:-3, 3:-3]
    assert {bytes(one).hex() for one in cells.reshape(-1, 3)} == {SIMILARITY[-1][1:]}
    page.locator(ALIKE + "[aria-label='Colour by']").select_option("topic")
    told = page.locator(ALIKE + ".twx-legend").inner_text().split()
    n = [sum(k % 3 > 0 and k % 4 == topic for k in range(5000)) for topic in range(4)]
    assert told[:8] == [text for k in range(4) for text in (str(k), f"{n[k]:,}")]
    assert told[8:] == ["missing", "1,667"]
    page.locator(ALIKE + "[aria-label='Colour by']").select_option("place")


def contrast(ink: str, theme: str) -> float:
    """Of lettering on the paper of JupyterLab."""
    rgb = np.array([int(part) for part in re.findall(r"\d+", ink)[:3]]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    tone = float(linear @ (0.2126, 0.7152, 0.0722)) + 0.05
    return tone / 0.056 if theme == "dark" else 1.05 / tone


def test_a_storyboard_shows_the_film(page: Page, host: str, theme: str) -> None:
    """B12: frames of the clips of each cluster, with times that can be read; and thumbnails."""
    board = f"{FIGURE} >> nth={BOARD} >> "
    lab.box_of(page, f"{board} .main-svg >> nth=0")
    assert page.locator(f"{board} image").count() == N_CLIPS
    numbers = [number_in(page, f"{board} image", k) for k in range(N_CLIPS)]
    assert [number // (5 * CLIP_SEC) for number in numbers] == sorted([0, 1, 2, 3] * 5)
    inks = page.locator(f"{board} .annotation-text").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).fill)"
    )
    assert len(inks) > 4
    beside = set(inks) - {"rgb(255, 255, 255)"}  # white stands on the dark foot of a frame
    assert beside
    assert min(contrast(ink, theme) for ink in beside) >= 3
    page.screenshot(path=lab.ARTIFACTS / f"storyboard-{host}-{theme}.png")
    stills = f"{FIGURE} >> nth={STILLS} >> image"
    assert page.locator(stills).count() == 4
    for k in range(4):
        page.locator(stills).nth(k).scroll_into_view_if_needed()
        assert set(lab.colours(page, stills, k, (0.2, 0.4, 0.8, 0.8))) == {"#12ab34"}


@pytest.mark.skipif(not AXE.exists(), reason="axe-core comes with `make js`")
def test_nobody_is_kept_out(page: Page, host: str, theme: str) -> None:
    """A10: axe-core finds nothing, with all closed, all open, and the list of keys over it."""
    assert violations(page, f".twx, {TABLE}") == []
    openers = ("All groups", "Table and filters", "What the marks of Map mean", "Panels")
    for name in openers:
        button = page.locator(FILM + f"button:has-text('{name}'), [aria-label='{name}']").first
        button.click()
    page.locator(FILM + ".twx-chip").first.click()
    assert violations(page, FILM.removesuffix(" >> ")) == []
    page.screenshot(path=lab.ARTIFACTS / f"explorer-{host}-{theme}.png")
    page.keyboard.press("Escape")
    page.locator(FILM + "button[aria-label='Take out']").click()
    assert violations(page, FILM + ".twx-out-menu") == []
    page.keyboard.press("Escape")
    page.locator(FILM + MAP).focus()
    page.keyboard.press("?")
    expect(page.locator(FILM + ".twx-help")).to_be_visible()
    assert violations(page, ".twx-help") == []
    page.keyboard.press("Escape")
    for name in openers[:3]:
        page.locator(FILM + f"button:has-text('{name}'), [aria-label='{name}']").first.click()


def test_keys_are_for_the_list_while_it_is_open(book: Book, page: Page) -> None:
    """A5: neither explorer nor notebook takes a key meanwhile; Esc closes the list alone."""
    n_cells = page.locator(book.cell).count()
    page.locator(FILM + MAP).focus()
    for key in "bl":  # Jupyter's B is a new cell
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    status(page, "1 of 20 segments selected")
    page.keyboard.press("?")
    expect(page.locator(FILM + ".twx-help")).to_be_visible()
    for key in "nplbvddb":
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(page.locator(FILM + ".twx-help")).to_be_hidden()
    status(page, "1 of 20 segments selected")
    pressed = page.locator(FILM + "[aria-label='Lasso']").get_attribute("aria-pressed")
    assert pressed == "true"
    assert page.locator(book.cell).count() == n_cells
    page.keyboard.press("Escape")
    status(page, "20 segments")
    tell(page, FILM, "Selection cleared")
    book.wait_python("print(len(ex.selection))", "0")


def test_what_is_looked_for_is_found_or_said(book: Book, page: Page) -> None:
    """A5: labels, and labels of a column; what is not there keeps the selection and is told."""
    find(page, "2")
    tell(page, FILM, "with cluster 2")
    status(page, "5 of 20 segments selected")
    for text, told in (("unicorn", "unicorn"), ("99:00", "1:39:00 lies beyond the end")):
        find(page, text)
        tell(page, FILM, told)
        status(page, "5 of 20 segments selected")
    find(page, "cluster:3")
    tell(page, FILM, "with cluster 3")
    book.wait_python("print(list(ex.selection.start_sec))", r"\[90\.0, 96\.0, 102\.0, .*")
    find(page, "1:07")
    book.wait_python("print(ex.current_sec, ex.focus)", r"67\.0 clip 11")


def test_any_column_is_shown(page: Page) -> None:
    """A7: one value, lists, numbers with holes and nothing at all, as words and as colours."""
    check_any_column(page, ALIKE, 5000)


def test_figures_say_what_they_show_and_send_nothing_away(page: Page) -> None:
    """A8: no button of a third party, a title with a unit on every axis, scores explained."""
    for k in range(len(FIGURE_CELLS)):
        page.locator(FIGURE).nth(k).scroll_into_view_if_needed()
        titles = page.locator(f"{FIGURE} >> nth={k} >> .modebar-btn").evaluate_all(
            "all => all.map((one) => one.dataset.title)"
        )
        assert not [title for title in titles if "hare" in title or "loud" in title]
    for k in (HEATMAP, ALIKE_HEATMAP, HITS):
        for axis in (".xtitle", ".ytitle"):
            title = page.locator(f"{FIGURE} >> nth={k} >> {axis}").first.text_content() or ""
            assert title.strip(), (FIGURE_CELLS[k], axis)
    said = page.locator(FIGURE).nth(HITS).text_content() or ""
    assert "scores tell the order alone" in said
    assert "1 videos" not in (page.locator("body").text_content() or "")


def test_clusters_have_names_and_frames_on_the_map(page: Page) -> None:
    """B13: a typical frame of each cluster, names, and what was looked for, which is no segment."""
    frames = wait_for_frames(page, lambda shown: len(shown) >= 2)
    kinds = [number // (5 * CLIP_SEC) for number in frames]
    assert len(kinds) == len(set(kinds)), "one of each"
    page.evaluate(WRITES)
    page.locator(FILM + MAP).focus()
    looks = {drawn(page)}
    for key in "mmww":
        before = drawn(page)
        page.keyboard.press(key)
        changed = "([canvas, before]) => canvas.toDataURL() !== before"
        page.wait_for_function(changed, arg=[page.query_selector(FILM + MAP), before])
        looks.add(drawn(page))
    assert len(looks) == 3, "with names, bare, with the way of the film"
    assert {"harbour", "a wave", *(f"cluster {k}" for k in (1, 2, 3))} <= set(
        page.evaluate("[...window.written]")
    )
    status(page, "20 segments")
    shade = f"{ALIKE}.twx-map canvas >> nth=0"
    lab.box_of(page, ALIKE + MAP)
    assert page.locator(shade).evaluate(INKED), "5,000 points stand on a shade"
    assert not page.locator(f"{FILM}.twx-map canvas >> nth=0").evaluate(INKED)


INKED = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
"""Whether anything is drawn on a canvas."""
WRITES = """() => {
  const pen = CanvasRenderingContext2D.prototype, { fillText } = pen;
  window.written = new Set();
  pen.fillText = function (text, ...place) {
    window.written.add(text);
    return fillText.call(this, text, ...place);
  };
}"""
"""Notes what is written on canvases."""


def drawn(page: Page) -> str:
    """What lies over the points of the film's map, as a picture."""
    return str(page.locator(FILM + MAP).evaluate("canvas => canvas.toDataURL()"))


def wait_for_frames(page: Page, wanted: Callable[[list[int]], bool]) -> list[int]:
    """The seconds that the frames on the film's map show, once they are as wanted."""
    found: list[int] = []
    for _ in range(20):
        with contextlib.suppress(AssertionError):  # of a frame that was just being drawn
            found = [number for _, _, number in frames_in(lab.pixels(page, FILM + ".twx-map"))]
            if wanted(found):
                return found
        page.wait_for_timeout(200)
    pytest.fail(f"the map shows the seconds {found}")


def test_frames_are_marks_on_every_view(book: Book, page: Page) -> None:
    """B14: on the map once zoomed in, over the timeline, and both of a pair on the heatmap."""
    spot = on_map(page, 10)
    page.locator(FILM + MAP).focus()  # else the wheel scrolls the notebook
    page.mouse.move(*spot)
    for _ in range(8):
        page.mouse.wheel(0, -120)
    page.mouse.move(5, 5)
    there = set(range(2 * 5 * CLIP_SEC, 3 * 5 * CLIP_SEC))
    wait_for_frames(page, lambda shown: bool(shown) and set(shown) <= there)
    page.locator(FILM + MAP).focus()
    page.keyboard.press("0")
    page.mouse.move(5, 5)
    width = lab.box_of(page, FILM + LANES)["width"]
    strip = frames_in(lab.pixels(page, FILM + ".twx-timeline"))
    assert len(strip) > 8, "lines of scenes cut some"
    for left, right, number in strip:
        sec = ((left + right) / 2 - 92) / (width - 92 - 8) * N_CLIPS * CLIP_SEC
        assert abs(number + 0.5 - sec) < 1.6, "frames are 7 s apart"
    box = lab.box_of(page, FILM + SQUARE)
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.35 * box["height"])
    pair = page.locator(FILM + ".twx-tip figure canvas")
    expect(pair).to_have_count(2)
    captions = page.locator(FILM + ".twx-tip figcaption").all_inner_texts()
    assert page.locator(FILM + ".twx-tip b").inner_text() == " × ".join(captions)
    expect(page.locator(FILM + ".twx-tip-text")).to_contain_text("similarity")
    for k in (0, 1):
        number = number_in(page, FILM + ".twx-tip figure canvas", k)
        minutes, seconds = captions[k].split(":")
        assert 0 <= number - 60 * int(minutes) - int(seconds) < CLIP_SEC
    page.mouse.move(5, 5)
    assert lab.box_of(page, ALIKE + ".twx-panel-player")["height"] < 150, "folded without a film"


def test_the_table_sorts_and_filters(book: Book, page: Page) -> None:
    """B15: frames in its rows, sorted by a column; filters and the legend reach Python."""
    fold = page.locator(FILM + "button:has-text('Table and filters')")
    fold.click()
    rows = FILM + ".twx-sheet tr[data-row]"
    expect(page.locator(f"{rows} >> nth=1 >> .twx-frame canvas")).to_be_visible()
    assert is_within(number_in(page, f"{rows}[data-row='3'] >> .twx-frame canvas"), 3)
    sort = page.locator(FILM + ".twx-sheet [data-name='time'] .twx-sheet-sort")
    for _ in range(2):
        sort.click()
    expect(page.locator(rows).first).to_have_attribute("data-row", str(N_CLIPS - 1))
    expect(page.locator(f"{rows} >> nth=0 >> .twx-frame canvas")).to_be_visible()
    page.locator(f"{rows}[data-row='17'] td").nth(1).click()
    book.wait_python("print(ex.focus, ex.current_sec)", r"clip 17 102\.0")
    sort.click()
    handle = page.locator(FILM + "[role=slider][aria-label='time from']")
    handle.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    book.wait_python("print(0 < len(ex.selection) < 20, ex.selection.index[-1])", "True clip 19")
    page.locator(FILM + "[aria-label='Clear selection']").click()
    page.locator(FILM + "[data-name=cluster] .twx-facet-group", has_text="harbour").click()
    status(page, "5 of 20 segments selected")
    book.wait_python("print(sorted(ex.selection.start_sec))", r"\[0\.0, 6\.0, .* 24\.0\]")
    expect(page.locator(FILM + ".twx-sheet")).to_have_attribute("aria-rowcount", "6")
    page.locator(FILM + "[aria-label='Clear selection']").click()
    fold.click()
    groups = page.locator(FILM + "[aria-label='All groups']")
    groups.click()
    page.locator(FILM + "[aria-label='Hide cluster 2']").click()
    status(page, "15 of 20 segments shown")
    assert CATEGORIES[2] not in lab.colours(page, FILM + ".twx-timeline")
    page.locator(FILM + ".twx-chips .twx-back").click()
    status(page, "20 segments")
    groups.click()


def test_an_archive_has_a_list_of_its_videos(book: Book, page: Page) -> None:
    """B16: coloured and named by video, thumbnails that filter, a square of the videos."""
    choice = page.locator(REELS + "[aria-label='Colour by']")
    assert choice.evaluate("one => one.selectedOptions[0].textContent") == "video"
    films_listed = page.locator(REELS + ".twx-film")
    lab.box_of(page, REELS + ".twx-film")
    expect(films_listed.first).to_contain_text("reel 0")
    expect(films_listed.first.locator("img")).to_be_visible()
    green = lab.colours(page, f"{REELS}.twx-film >> img", 0, (0.2, 0.2, 0.8, 0.8))
    assert set(green) == {"#12ab34"}
    label = page.locator(REELS + SQUARE).get_attribute("aria-label") or ""
    assert label.startswith(f"Similarity of every two of {N_REELS} videos")
    box = lab.box_of(page, REELS + SQUARE)
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.2 * box["height"])
    expect(page.locator(REELS + ".twx-tip")).to_contain_text(
        re.compile(r"reel \d+ × reel \d+.*mean similarity.*4 × 4 segments", re.DOTALL)
    )
    page.mouse.move(5, 5)
    page.locator(REELS + "[aria-label^='Find videos']").fill("reel 13")
    expect(films_listed).to_have_count(1)
    films_listed.locator("button").click()
    status(page, f"4 of {4 * N_REELS} segments shown", REELS)
    expect(page.locator(REELS + ".twx-gallery .twx-item")).to_have_count(4)
    cards = page.locator(REELS + ".twx-gallery .twx-card-video").all_inner_texts()
    assert set(cards) == {"reel 13"}
    assert CATEGORIES[0] not in lab.colours(page, REELS + ".twx-map"), "others are not shown"
    page.locator(REELS + ".twx-videos .twx-back").click()
    page.locator(REELS + "[aria-label^='Find videos']").fill("")
    status(page, f"{4 * N_REELS} segments", REELS)


def take(page: Page, item: str) -> bytes:
    """The file that is saved by an item of the menu."""
    page.locator(FILM + "button[aria-label='Take out']").click()
    with page.expect_download() as saved:
        page.locator(FILM + f"[role=menuitem]:has-text('{item}')").click()
    return bytes(saved.value.path().read_bytes())


def test_a_selection_is_a_gallery(book: Book, page: Page) -> None:
    """B11: frames of what Python selects; hovering plays, a click winds; it grows to a grid."""
    book.python("ex.selection = film.iloc[10:14]")
    cards = page.locator(FILM + ".twx-item")
    expect(cards.locator("b")).to_have_text(["1:00", "1:06", "1:12", "1:18"])
    expect(cards.locator("canvas")).to_have_count(4)
    for k in range(4):
        assert is_within(number_in(page, FILM + ".twx-item canvas", k), 10 + k)
    third = cards.nth(2).locator("button")
    third.hover()
    preview = page.locator(FILM + ".twx-item .twx-preview")
    preview.wait_for()
    assert preview.evaluate(PLAYED) > 72
    assert preview.evaluate("video => video.muted")
    third.click()
    book.wait_python("print(ex.focus, ex.current_sec)", r"clip 12 72\.0")
    page.keyboard.press("g")
    expect(page.locator(FILM + ".twx-grid")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(FILM + ".twx-grid")).to_be_hidden()


PLAYED = """async (video) => {
  while (video.currentTime <= 72.05) await new Promise((done) => setTimeout(done, 50));
  return video.currentTime;
}"""
"""The second of a film once it has played on from the thirteenth clip's first."""


def test_words_paint_and_order(book: Book, page: Page) -> None:
    """B17: what a callable makes of words colours all views, and fills the gallery, best first."""
    find(page, "boats at sea", REELS)
    tell(page, REELS, "Best for “boats at sea”: reel 1, 0:18")
    expect(page.locator(REELS + "[aria-label='Colour by'] option:checked")).to_have_text(
        "search: boats at sea"
    )
    expect(page.locator(REELS + ".twx-gallery .twx-item b").first).to_have_text("0:18")
    book.wait_python("print(reels.start_sec[archive.found['match'].iloc[0]])", r"18\.0")
    shown = page.locator(REELS + ".twx-gallery .twx-card-text").all_inner_texts()
    scores = [float(text.split()[-1]) for text in shown]
    assert scores == sorted(scores, reverse=True)
    box = page.locator(REELS + ".twx-find input")
    box.fill("reel 1")
    expect(page.locator(REELS + ".twx-find-place [role=option]").first).to_contain_text("reel 1")
    box.fill("")
    page.keyboard.press("Escape")
    page.locator(REELS + ".twx-unsearch").click()
    book.wait_python("print(archive.found)", "None")


def test_tables_are_read(page: Page, host: str) -> None:
    """A9: timecodes, frames, bars for vectors, findings folded; a plain table stays plain."""
    tables = page.locator(TABLE)
    expect(tables).to_have_count(3)
    foots = page.locator(".tw-foot").all_text_contents()
    assert "4 rows" in foots
    assert "20 rows" in foots
    for k in range(4):
        frame = page.locator(".tw-frame").nth(k)
        frame.scroll_into_view_if_needed()
        assert lab.drawn(page, ".tw-frame", k) > 4
    assert lab.drawn(page, ".tw-bars", 0) > 3
    finding = page.locator(TABLE + " details")
    assert not finding.locator("table").is_visible()
    finding.locator("summary").click()
    assert finding.locator("table").is_visible()
    finding.locator("summary").click()
    page.screenshot(path=lab.ARTIFACTS / f"tables-{host}.png")


def test_a_saved_notebook_keeps_its_pictures(book: Book, host: str) -> None:
    """A1: explorers as pages that need no kernel, but for 5,000 clips; offline in test_exports."""
    if isinstance(book, lab.App):
        pytest.skip("an app is run anew for each reader")
    book.save()
    cells = json.loads(book.path.read_text(encoding="utf-8"))["cells"]
    shown = [output.get("data", {}) for cell in cells for output in cell["outputs"]]
    pages = ["".join(one.get("text/html", "")) for one in shown]
    assert sum('class="twlab-page" srcdoc=' in page for page in pages) == 2
    assert sum("application/vnd.plotly.v1+json" in one for one in shown) == len(FIGURE_CELLS)


def test_names_can_be_undone_and_results_be_taken_out(book: Book, page: Page) -> None:
    """B18: names come back as a column, steps go back and forth, and files hold the selection."""
    page.locator(FILM + ".twx-chip[data-group]", has_text="harbour").click()
    page.locator(FILM + ".twx-name").fill("boats")
    page.locator(FILM + ".twx-name").press("Enter")
    book.wait_python("print(ex.labels['boats'].sum())", "5")
    for name, count in (("Undo", "0"), ("Redo", "5")):
        page.locator(FILM + f"[aria-label={name}]").click()
        book.wait_python("print(int(ex.labels.sum().sum()))", count)
    csv = pd.read_csv(io.BytesIO(take(page, "Save as CSV")))
    assert csv["start_sec"].tolist() == [0.0, 6.0, 12.0, 18.0, 24.0]
    assert [row["end_sec"] for row in json.loads(take(page, "Save as JSON"))] == [6, 12, 18, 24, 30]
    tree = ElementTree.fromstring(take(page, "Map as SVG").decode())
    words = {"".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"harbour", "counting: map"} <= words
    assert take(page, "Similarity as PNG").startswith(b"\x89PNG")
    assert len(take(page, "Frames as a sheet")) > 3_000
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(FILM + "button[aria-label='Take out']").click()
    page.locator(FILM + "[role=menuitem]:has-text('Copy as Python')").click()
    tell(page, FILM, "Copied")
    code = page.evaluate("navigator.clipboard.readText()")
    told = f"segments = film\n{code}\nprint(selection.index.equals(ex.selection.index))"
    assert book.python(told) == "True"
    for _ in range(2):
        page.locator(FILM + "[aria-label=Undo]").click()
    book.wait_python("print(ex.labels.size, len(ex.selection))", "0 0")


def test_panels_take_the_room_and_say_what_they_show(page: Page) -> None:
    """B19: full screen, borders that move, panels that go and come back, and keys to the marks."""
    page.locator(FILM + MAP).focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    expect(page.locator(FILM + MAP)).to_be_visible()
    lab.settle(page)
    foot = lab.box_of(page, FILM + ".twx-foot")
    assert foot["y"] + foot["height"] > 0.97 * page.evaluate("innerHeight")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")
    lab.settle(page)
    own = lab.box_of(page, FILM + ".twx-panel-map")["width"]
    border = page.locator(FILM + "[aria-label='Border of Map and Similarity']")
    border.focus()
    page.keyboard.press("ArrowRight")
    assert lab.box_of(page, FILM + ".twx-panel-map")["width"] == pytest.approx(own + 16, abs=2)
    border.dblclick()
    assert lab.box_of(page, FILM + ".twx-panel-map")["width"] == pytest.approx(own, abs=1)
    for name in ("Map", "Similarity", "Timeline"):
        opener = page.locator(FILM + f"button[aria-label='What the marks of {name} mean']")
        opener.click()
        key = f"{FILM}.twx-panel[aria-label={name}] .twx-key"
        told = page.locator(f"{key} li")
        assert told.count() >= 3
        marks = page.locator(f"{key} li canvas")
        assert marks.count() == told.count()
        assert marks.evaluate_all(f"all => all.every({INKED})")
        opener.press("Escape")
        expect(page.locator(key)).to_be_hidden()
    page.locator(FILM + "[aria-label=Panels]").first.click()
    page.locator(FILM + ".twx-menu label:has-text('Map') input").uncheck()
    expect(page.locator(FILM + ".twx-panel-map")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    expect(page.locator(FILM + ".twx-panel-map")).to_be_visible()
    assert lab.drawn(page, FILM + ".twx-map") > 20


LEFT_AREA = "jupyterapp.commands.execute('application:toggle-left-area')"
"""Takes the room of JupyterLab's files away, and gives it back."""


def test_a_phone_scrolls_past_the_views(page: Page, host: str) -> None:
    """A6: nothing is wider than a phone, and a finger scrolls until it has tapped a view."""
    if host == "lab":
        page.evaluate(LEFT_AREA)
    page.set_viewport_size({"width": 390, "height": 844})
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    try:
        check_touch(page, client, host)
    finally:
        client.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        page.set_viewport_size({"width": 1440, "height": 1000})
        if host == "lab":
            page.evaluate(LEFT_AREA)


TOO_WIDE = """root => [...root.querySelectorAll(".twx-bar *, .twx-heading *, .twx-strip *")]
  .filter((one) => one.getBoundingClientRect().right >
    one.closest(".twx-panel").getBoundingClientRect().right)
  .map((one) => one.outerHTML.slice(0, 80))"""
"""What ends to the right of the panel that it is in."""


def check_touch(page: Page, client: Any, host: str) -> None:
    lab.settle(page)
    box = lab.box_of(page, FILM + MAP)
    root = page.locator(".twx").first
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth + 1")
    for explorer in (FILM, REELS, ALIKE):
        assert page.locator(explorer.removesuffix(" >> ")).evaluate(TOO_WIDE) == []
    page.screenshot(path=lab.ARTIFACTS / f"phone-{host}.png")
    place = "root => root.getBoundingClientRect().top"

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def swipe(x: float, y: float, dx: float, dy: float) -> float:
        before = root.evaluate(place)
        touch("touchStart", (x, y))
        for k in range(1, 11):
            touch("touchMove", (x + dx * k / 10, y + dy * k / 10))
        touch("touchEnd")
        lab.settle(page)
        return float(before - root.evaluate(place))

    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8
    assert swipe(x, y, 0, -150) > 80
    status(page, "20 segments")
    box = lab.box_of(page, FILM + MAP)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8
    touch("touchStart", (x, y))
    touch("touchEnd")
    tell(page, FILM, "tap beside it to scroll")
    assert swipe(x, y, 60, -100) == 0, "now fingers draw"
