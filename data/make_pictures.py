"""Draw the pictures of the README from the sample: ``python data/make_pictures.py``.

A headless Chromium photographs pages: the explorer as a file, and plotly figures laid out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from plotly.offline import get_plotlyjs

import twlab as tw

PICTURES = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 1180, 1020

READY = """() => {
  const film = document.querySelector('.twx video')
  return film.readyState >= 2 && film.currentTime > 0 && !film.seeking
}"""
"""Whether the film shows the frame that was asked for."""

PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: {width}px; background: #fff }}
div.row {{ display: flex }}
</style><script>{script}</script>
<div class="row">{heatmap}{scatter}</div>{timeline}{novelty}"""


def overview() -> str:
    """The page: similarity and map above, clusters and novelty along time below."""
    film = tw.clips(tw.sample())
    labels = tw.cluster(film, 6)
    figures = {
        "heatmap": (tw.plot.heatmap(film), WIDTH // 2, 480),
        "scatter": (tw.plot.scatter(film, tw.project(film), color=labels), WIDTH // 2, 480),
        "timeline": (tw.plot.timeline(film, lanes=labels), WIDTH, 280),
        "novelty": (tw.plot.novelty(film), WIDTH, 260),
    }
    drawn = {
        name: figure.update_layout(width=width, height=height).to_html(
            full_html=False, include_plotlyjs=False, config={"displayModeBar": False}
        )
        for name, (figure, width, height) in figures.items()
    }
    return PAGE.format(width=WIDTH, script=get_plotlyjs(), **drawn)


def photograph(page: str, path: Path) -> None:
    """Write a page as PNG."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("chromium is not installed; it draws the picture; install it first")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000"]
        options += [f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={path}", file.as_uri()]
        subprocess.run([browser, *options], check=True, capture_output=True)


def photograph_explorer(path: Path) -> None:
    """Write a picture of the explorer in use: a clip in focus, its frame in the film."""
    from playwright.sync_api import sync_playwright

    film = tw.clips(tw.sample())
    explorer = tw.explore(
        film,
        video=tw.sample_video(),
        labels=tw.cluster(film, 6),
        title="Big Buck Bunny",
    )
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        page_file = tw.save_html(explorer, Path(folder) / "film.html")
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1240, "height": 760}, device_scale_factor=1)
        page.goto(page_file.as_uri())
        page.wait_for_function("document.querySelectorAll('.twx-card canvas').length === 5")
        box = page.locator(".twx-timeline canvas[tabindex]").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * 0.462, box["y"] + 34)
        # No pointer lies over it, no ring says where the keyboard is, and no bar hides the film.
        page.mouse.move(1, 1)
        page.evaluate("document.activeElement.blur()")
        page.evaluate("document.querySelector('.twx video').controls = false")
        page.wait_for_function(READY)
        page.wait_for_timeout(4000)
        page.locator(".twx").screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    photograph(overview(), PICTURES / "overview.png")
    photograph_explorer(PICTURES / "explorer.png")
    print(*sorted(PICTURES.glob("*.png")), sep="\n")
