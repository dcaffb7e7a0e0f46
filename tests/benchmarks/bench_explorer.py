"""The explorer beside plotly's FigureWidget and jupyter-scatter, in a real JupyterLab.

The same 100,000 points for all three: seconds from running the cell to coloured pixels on the
screen, seconds and bytes from the end of a lasso around all points until Python knows, memory of
browser and kernel. Then what only the explorer is asked: 1,000,000 points, a heatmap of 5,000 x
5,000 cells, ten hours of video on the timeline. Run it as a script::

    pip install jupyter-scatter
    python tests/benchmarks/bench_explorer.py [--only explorer,figurewidget,jscatter,...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

SETUP = """
import numpy as np, pandas as pd, ipywidgets, resource
N, CELLS = {n}, {cells}
rng = np.random.default_rng(0)
kind = rng.integers(0, 12, N)
xy = (rng.normal(size=(N, 2)) + 6 * np.c_[np.cos(kind), np.sin(kind)]).astype("float32")
def table(n, clip_sec=6.0, dim=8):
    import twlab as tw
    start = np.arange(n) * clip_sec
    rows = pd.DataFrame({{"video_id": "film", "start_sec": start, "end_sec": start + clip_sec}})
    walk = rng.normal(size=(n // 25 + 1, dim)).repeat(25, axis=0)[:n]
    return tw.with_vectors(rows, walk + 0.7 * rng.normal(size=(n, dim)))
segments = table(CELLS)
{setup}
"""
TOOLS: dict[str, dict[str, Any]] = {
    "explorer": {
        "setup": "import twlab as tw; tw.explore(segments.head(9), coords=xy[:9])\n"
        "picked = lambda: len(w.selection)",
        "make": "w = tw.explore(segments, coords=xy, labels=kind, similarity=False, "
        "views=['map', 'timeline'])",
        "target": ".twx-map",
    },
    "figurewidget": {
        "setup": "import plotly.graph_objects as go; go.FigureWidget(); chosen = []\n"
        "picked = lambda: len(chosen)",
        "make": "w = go.FigureWidget(go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode='markers', "
        "marker={'color': kind, 'colorscale': 'Viridis'}), layout={'dragmode': 'lasso'})\n"
        "def on(trace, points, selector):\n    chosen[:] = points.point_inds\n"
        "w.data[0].on_selection(on)",
        "target": ".js-plotly-plot .nsewdrag",
    },
    "jscatter": {
        "setup": "import jscatter\n"
        "frame = pd.DataFrame({'x': xy[:, 0], 'y': xy[:, 1], 'k': kind})\n"
        "frame['k'] = frame['k'].astype('category'); picked = lambda: len(s.selection())",
        "make": "s = jscatter.Scatter(data=frame, x='x', y='y', color_by='k'); "
        "s.mouse('lasso'); w = s.show()",
        "target": ".jp-OutputArea-output canvas >> nth=0",
    },
    "million": {
        "n": 1_000_000,
        "setup": "import twlab as tw; picked = lambda: len(w.selection)",
        "make": "w = tw.explore(segments, coords=xy, labels=kind, similarity=False, views=['map'])",
        "target": ".twx-map",
        "zoom": ".twx-map canvas[tabindex]",
    },
    "heatmap": {
        "n": 5_000,
        "setup": "import twlab as tw",
        "make": "w = tw.explore(segments, views=['heatmap'])",
        "target": ".twx-heatmap",
        "zoom": ".twx-heatmap canvas[tabindex]",
    },
    "tenhours": {
        "n": 6_000,
        "setup": "import twlab as tw",
        "make": "w = tw.explore(segments, labels=kind, views=['timeline'])",
        "target": ".twx-timeline",
        "zoom": ".twx-timeline canvas[tabindex]",
    },
}
COLOURED = """async (data) => {
  const image = new Image();
  image.src = "data:image/jpeg;base64," + data;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const p = context.getImageData(0, 0, image.width, image.height).data;
  let count = 0;
  for (let i = 0; i < p.length; i += 4) {
    const [low, high] = [Math.min(p[i], p[i + 1], p[i + 2]), Math.max(p[i], p[i + 1], p[i + 2])];
    if (high - low > 60) count++;
  }
  return count;
}"""


def measure(chromium: Browser, url: str, folder: Path, name: str) -> dict[str, Any]:
    """All numbers of one tool."""
    tool = TOOLS[name]
    n = tool.get("n", 100_000)
    setup = SETUP.format(n=n, cells=n, setup=tool["setup"])
    lab.write_notebook(folder / f"{name}.ipynb", setup, "holder = ipywidgets.VBox([]); holder")
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    traffic = {"sent": 0, "received": 0}
    page.on("websocket", lambda socket: count_traffic(socket, traffic))
    page.goto(f"{url}/lab?reset", wait_until="load")
    book = lab.Notebook(page, f"{name}.ipynb")
    book.run_all()
    book.wait_python("print('holder' in globals())", "True")
    page.wait_for_timeout(1000)
    before = browser_mb(page), kernel_mb(book)
    got: dict[str, Any] = {"tool": name, "n": n}
    got["first_picture_s"] = first_picture(book, tool)
    page.wait_for_timeout(1500)
    got["browser_mb"] = round(browser_mb(page) - before[0])
    got["kernel_mb"] = round(kernel_mb(book) - before[1])
    got["received_mb"] = round(traffic["received"] / 1e6, 2)
    if "picked" in tool["setup"]:
        got |= lasso(book, tool["target"], traffic)
    if "zoom" in tool:
        got["zoom_frame_ms"] = zoom_ms(page, tool["zoom"])
    page.screenshot(path=lab.ARTIFACTS / f"bench-{name}.png")
    book.close()
    page.close()
    return got


def first_picture(book: lab.Notebook, tool: dict[str, Any]) -> float:
    """Seconds from the request to run the code until a frame of the screen shows the points.

    The frames come from the browser's own screencast, each with the time at which it was shown,
    so that looking costs every tool the same.
    """
    session = book.page.context.new_cdp_session(book.page)
    frames: list[tuple[float, str]] = []

    def keep(frame: Any) -> None:
        frames.append((frame["metadata"]["timestamp"], frame["data"]))
        session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "jpeg", "quality": 70})
    book.page.wait_for_timeout(500)
    before = book.page.evaluate(COLOURED, frames[-1][1])
    seen, began = len(frames), time.time()
    book.start_python(f"{tool['make']}\nholder.children = [w]")
    while time.time() - began < 240:
        book.page.wait_for_timeout(300)
        while seen < len(frames):
            when, data = frames[seen]
            seen += 1
            if book.page.evaluate(COLOURED, data) > before + 1500:
                session.send("Page.stopScreencast")
                return round(when - began, 2)
    raise AssertionError("nothing coloured appeared")


def lasso(book: lab.Notebook, target: str, traffic: dict[str, int]) -> dict[str, Any]:
    """Seconds and bytes from letting go of a lasso around everything until Python knows."""
    found = book.page.locator(target).first
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.97), (0.02, 0.97), (0.02, 0.03)]
    points = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in corners]
    book.page.mouse.move(*points[0])
    book.page.mouse.down()
    for point in points[1:]:
        book.page.mouse.move(*point, steps=8)
    sent = traffic["sent"]
    began = time.perf_counter()
    book.page.mouse.up()
    picked = 0
    while not picked and time.perf_counter() - began < 60:
        picked = int(book.python("print(picked())") or 0)
    seconds = round(time.perf_counter() - began, 2)
    book.page.wait_for_timeout(500)
    return {
        "lasso_s": seconds if picked else None,
        "lasso_rows": picked,
        "lasso_kb": round((traffic["sent"] - sent) / 1e3, 1),
    }


def zoom_ms(page: Page, target: str) -> float:
    """Milliseconds per frame over twenty steps of the wheel."""
    page.locator(target).focus()
    ms: float = page.evaluate(
        """async (target) => {
          const canvas = document.querySelector(target);
          const box = canvas.getBoundingClientRect();
          const middle = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
          const began = performance.now();
          for (let k = 0; k < 20; k++) {
            const deltaY = k < 10 ? -60 : 60;
            canvas.dispatchEvent(
              new WheelEvent("wheel", {deltaY, bubbles: true, cancelable: true, ...middle}));
            await new Promise(requestAnimationFrame);
          }
          await new Promise(requestAnimationFrame);
          return (performance.now() - began) / 21;
        }""",
        target,
    )
    return round(ms, 1)


def count_traffic(socket: Any, traffic: dict[str, int]) -> None:
    """Add up what crosses a websocket."""

    def adder(way: str) -> Callable[[Any], None]:
        def add(payload: Any) -> None:
            traffic[way] += len(payload)

        return add

    socket.on("framesent", adder("sent"))
    socket.on("framereceived", adder("received"))


def browser_mb(page: Page) -> float:
    """Resident memory of the browser's processes, those of this page among them."""
    del page
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if b"--type=" in command and b"chrom" in command and "VmRSS" in text:
            total += int(text.split("VmRSS:")[1].split()[0])
    return total / 1e3


def kernel_mb(book: lab.Notebook) -> float:
    """Highest resident memory of the kernel so far."""
    return float(book.python("print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)"))


def main() -> None:
    """Measure and print, one line of JSON per tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(TOOLS))
    chosen = parser.parse_args().only.split(",")
    lab.ARTIFACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with lab.jupyter("lab", folder) as url:
            for name in chosen:
                with lab.browser() as chromium:
                    print(json.dumps(measure(chromium, url, folder, name)), flush=True)


if __name__ == "__main__":
    main()
