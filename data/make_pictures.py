"""Draw the picture of the README from the sample: ``python data/make_pictures.py``.

The figures are laid out on a page that a headless Chromium then photographs.
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
WIDTH, HEIGHT = 1180, 900

PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: {width}px; background: #fff }}
div.row {{ display: flex }}
</style><script>{script}</script>
<div class="row">{heatmap}{scatter}</div>{timeline}{novelty}"""


def overview() -> str:
    """The page: similarity and map above, clusters and novelty along time below."""
    film = tw.sample()
    labels = tw.cluster(film, 6)
    figures = {
        "heatmap": (tw.plot.heatmap(film), WIDTH // 2, 480),
        "scatter": (tw.plot.scatter(film, tw.project(film), color=labels), WIDTH // 2, 480),
        "timeline": (tw.plot.timeline(film, lanes=labels), WIDTH, 230),
        "novelty": (tw.plot.novelty(film), WIDTH, 190),
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


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    photograph(overview(), PICTURES / "overview.png")
    print(PICTURES / "overview.png")
