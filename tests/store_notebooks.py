"""Runs the notebooks and stores them with what they show, as pictures that any viewer draws.

Usage: python tests/store_notebooks.py [NAME ...]
"""

from __future__ import annotations

import base64
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import lab
from plotly.offline import get_plotlyjs
from service import KEY, Service
from stored import PICTURES, fingerprint

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
FIGURE = "application/vnd.plotly.v1+json"
PAGE = "explorer.html"
EXAMPLE = "https://api.example"  # stands for the service that answered here
WIDTH, MOST_PNG = 900, 300_000
MOST_LOOKS = 40  # a quarter of a second apart: until nothing moves any more


class Ran(NamedTuple):
    """What running a notebook gives beside its outputs.

    ``passing`` are the folder it ran in and the address of the service, which nobody should read;
    ``explorer`` is the page of its explorer, with the film in it.
    """

    passing: list[str]
    explorer: str


def run(book: Any) -> Ran:
    """Run a notebook against the service that stands in for the real one."""
    import nbclient
    import nbformat

    with Service(dim=64) as service, tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TWELVELABS_API_KEY": KEY, "TWELVELABS_BASE_URL": service.url}
        os.environ["TQDM_DISABLE"] = "1"
        where = {"metadata": {"path": folder}}
        code = [cell.source for cell in book.cells if cell.cell_type == "code"]
        explores = any("tw.explore(" in source for source in code)
        if explores:  # as one sees it, rather than as a page without a kernel and a film
            book.cells.append(nbformat.v4.new_code_cell(f"tw.save_html(explorer, {PAGE!r})"))
        nbclient.NotebookClient(
            book, timeout=300, resources=where, store_widget_state=False
        ).execute()
        page = (Path(folder) / PAGE).read_text(encoding="utf-8") if explores else ""
        del book.cells[len(book.cells) - explores :]
    return Ran([f"{folder}{os.sep}", service.url.removesuffix("/v1.3")], page)


def picture_figures(book: Any, page: Page, explorer: str) -> None:
    """Put a picture in the place of each figure and of each explorer."""
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if FIGURE in data:
                picture = draw_figure(page, data.pop(FIGURE))
            elif 'class="twlab-page"' in data.get("text/html", ""):
                picture = draw_explorer(page, explorer)
            else:
                continue
            for kind in ("text/html", *PICTURES):
                data.pop(kind, None)
            form = "png" if picture.startswith(b"\x89PNG") else "jpeg"
            data[f"image/{form}"] = base64.b64encode(picture).decode()


def draw_figure(page: Page, figure: Any) -> bytes:
    """A figure on white paper, for viewers whose own nobody knows."""
    height = int(figure["layout"].get("height", 450))
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.set_content(
        "<body style='margin:0;background:#fff;--jp-ui-font-color0:#1d2433'><div id=figure></div>"
    )
    page.add_script_tag(content=get_plotlyjs())
    page.evaluate(
        "({data, layout}) => Plotly.newPlot('figure', data, layout, {displayModeBar: false})",
        dict(figure),
    )
    return photograph(page, "#figure .svg-container")  # as wide as the figure


def photograph(page: Page, selector: str) -> bytes:
    """What has come to rest, as PNG; as JPEG, where frames of a film would make that too large."""
    place, before = page.locator(selector), b""
    for _ in range(MOST_LOOKS):
        picture = place.screenshot()
        if picture == before:
            return (
                picture if len(picture) <= MOST_PNG else place.screenshot(type="jpeg", quality=75)
            )
        before = picture
        page.wait_for_timeout(250)
    raise RuntimeError(f"{selector} does not come to rest")


def draw_explorer(page: Page, explorer: str) -> bytes:
    """The explorer, once its film has given the frames that are in sight."""
    page.set_viewport_size({"width": 1200, "height": 800})
    page.set_content(explorer)
    page.wait_for_selector(".twx .twx-item .twx-frame")
    return photograph(page, ".twx")


def store(path: Path, page: Page) -> None:
    """Run one notebook and write it, with its pictures."""
    import nbformat

    book = nbformat.read(path, as_version=4)
    ran = run(book)
    picture_figures(book, page, ran.explorer)
    book.metadata["twlab"] = fingerprint(book)
    text = nbformat.writes(book, indent=1) + "\n"
    for word, instead in zip((f"{ROOT}{os.sep}", *ran.passing), ("", "", EXAMPLE), strict=True):
        text = text.replace(word, instead)
    text = re.sub(re.escape(tempfile.gettempdir() + os.sep) + r"\w+/", "", text)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    names = sys.argv[1:] or [path.name for path in sorted(FOLDER.glob("*.ipynb"))]
    with lab.browser() as chromium:
        opened = chromium.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        for name in names:
            store(FOLDER / name, opened)
