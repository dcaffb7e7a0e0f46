"""The explorer beside plotly's FigureWidget and jupyter-scatter, in a real JupyterLab.

The same points for all three, 20,000, 100,000 and 1,000,000: seconds from running the cell to
coloured pixels on the screen, bytes to the browser, milliseconds a move while a lasso is drawn,
seconds and bytes from the end of a lasso around all points until Python knows, milliseconds a step
of zooming and panning, memory of browser and kernel; of the explorer the gallery's opening as a
grid too. Every round asks each tool once, so that all of them meet the same other work on the
machine; printed are medians over the rounds, and what they are of the explorer's. Then what only
the explorer is asked: a heatmap of 5,000 x 5,000 cells, ten hours of video. Run it as a script::

    pip install jupyter-scatter
    python tests/benchmarks/bench_explorer.py [--only explorer,figurewidget,jscatter,...]
        [--sizes 20000,100000,1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import statistics
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
        "zoom": ".twx-map canvas[tabindex]",
        "gallery": ".twx-map canvas[tabindex]",
    },
    "figurewidget": {
        "setup": "import plotly.graph_objects as go; go.FigureWidget(); chosen = []\n"
        "picked = lambda: len(chosen)",
        "make": "w = go.FigureWidget(go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode='markers', "
        "marker={'color': kind, 'colorscale': 'Viridis'}), layout={'dragmode': 'lasso'})\n"
        "w._config = {'scrollZoom': True}\n"
        "def on(trace, points, selector):\n    chosen[:] = points.point_inds\n"
        "w.data[0].on_selection(on)",
        "target": ".js-plotly-plot .nsewdrag",
        "zoom": ".js-plotly-plot .nsewdrag",
    },
    "jscatter": {
        "setup": "import jscatter\n"
        "frame = pd.DataFrame({'x': xy[:, 0], 'y': xy[:, 1], 'k': kind})\n"
        "frame['k'] = frame['k'].astype('category'); picked = lambda: len(s.selection())",
        "make": "s = jscatter.Scatter(data=frame, x='x', y='y', color_by='k'); "
        "s.mouse('lasso'); w = s.show()",
        "target": ".jp-OutputArea-output canvas >> nth=0",
        "zoom": ".jp-OutputArea-output canvas",
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
NEXT_FRAME = """async () => {
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}"""
TURN = """(canvas, turned) => {
  const box = canvas.getBoundingClientRect();
  const middle = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
  canvas.dispatchEvent(
    new WheelEvent("wheel", {...turned, bubbles: true, cancelable: true, ...middle}));
}"""
WHEEL = f"(canvas, way) => ({TURN})(canvas, {{deltaY: 60 * way}})"
SIDEWAYS = f"(canvas, way) => ({TURN})(canvas, {{deltaX: 30 * way}})"
GRID = """(canvas) =>
  canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "g", bubbles: true}))"""
RATIOS = ("first_picture_s", "received_mb", "lasso_move_ms", "lasso_s", "zoom_ms", "pan_ms")
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


def measure(chromium: Browser, url: str, folder: Path, name: str, n: int) -> dict[str, Any]:
    """All numbers of one tool with so many points."""
    tool = TOOLS[name]
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
        got["zoom_ms"] = steps_ms(page, tool["zoom"], WHEEL)
        got["pan_ms"] = steps_ms(page, tool["zoom"], SIDEWAYS)
    if "gallery" in tool:
        page.locator(tool["gallery"]).focus()
        got["gallery_ms"] = steps_ms(page, tool["gallery"], GRID, count=1)
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
    while not frames:
        book.page.wait_for_timeout(100)
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
    moves = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for share in (0.25, 0.5, 0.75, 1):
            moved = time.perf_counter()
            book.page.mouse.move(x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            book.page.evaluate(NEXT_FRAME)
            moves.append(1e3 * (time.perf_counter() - moved))
    sent = traffic["sent"]
    began = time.perf_counter()
    book.page.mouse.up()
    picked = 0
    while not picked and time.perf_counter() - began < 60:
        picked = int(book.python("print(picked())") or 0)
    seconds = round(time.perf_counter() - began, 2)
    book.page.wait_for_timeout(500)
    return {
        "lasso_move_ms": round(statistics.median(moves), 1),
        "lasso_s": seconds if picked else None,
        "lasso_rows": picked,
        "lasso_kb": round((traffic["sent"] - sent) / 1e3, 1),
    }


def steps_ms(page: Page, target: str, step: str, *, count: int = 12) -> float:
    """Milliseconds a step until the frame after it is there, the median over some steps."""
    page.locator(target).first.focus()
    ms: list[float] = page.evaluate(
        f"""async ([target, count]) => {{
          const canvas = document.querySelector(target), step = {step}, frame = {NEXT_FRAME};
          const taken = [];
          for (let k = 0; k < count; k++) {{
            const began = performance.now();
            step(canvas, k < count / 2 ? -1 : 1);
            await frame();
            taken.push(performance.now() - began);
          }}
          return taken;
        }}""",
        [target, count],
    )
    return round(statistics.median(ms), 1)


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


def installed(name: str) -> bool:
    """Whether a tool's package is there; else that it is left out is printed."""
    package = {"figurewidget": "plotly", "jscatter": "jscatter"}.get(name, "twlab")
    there = importlib.util.find_spec(package) is not None
    if not there:
        print(f"{name} is left out: {package} is not installed")
    return there


def plan(chosen: list[str], sizes: list[int]) -> list[tuple[str, int]]:
    """Tools and sizes of one round; what has a size of its own is asked once."""
    free = [name for name in chosen if "n" not in TOOLS[name]]
    fixed = [(name, TOOLS[name]["n"]) for name in chosen if "n" in TOOLS[name]]
    return [(name, n) for n in sizes for name in free] + fixed


def medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each number; how often a tool did not answer at all."""
    numbers = {
        key for one in rounds for key, value in one.items() if isinstance(value, int | float)
    }
    out = {
        key: statistics.median(one[key] for one in rounds if one.get(key) is not None)
        for key in sorted(numbers)
    }
    return {"tool": rounds[0]["tool"], **out, "rounds": len(rounds)}


def beside_explorer(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every other tool's medians over those of the explorer with as many points."""
    own = {one["n"]: one for one in table if one["tool"] == "explorer"}
    return [
        {"tool": one["tool"], "n": one["n"]}
        | {
            f"{key} / explorer": round(one[key] / own[one["n"]][key], 2)
            for key in RATIOS
            if one.get(key) and own[one["n"]].get(key)
        }
        for one in table
        if one["tool"] != "explorer" and one["n"] in own
    ]


def main() -> None:
    """Measure and print, one line of JSON per measurement, then medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(TOOLS))
    parser.add_argument("--sizes", default="20000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    chosen = [name for name in given.only.split(",") if installed(name)]
    todo = plan(chosen, [int(n) for n in given.sizes.split(",")])
    results: dict[tuple[str, int], list[dict[str, Any]]] = {one: [] for one in todo}
    lab.ARTIFACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, lab.jupyter("lab", Path(made)) as url:
        for name, n in todo * given.rounds:
            with lab.browser() as chromium:
                got = measure(chromium, url, Path(made), name, n)
            results[name, n].append(got)
            print(json.dumps(got), flush=True)
    table = [medians(rounds) for rounds in results.values()]
    for one in [*table, *beside_explorer(table)]:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
