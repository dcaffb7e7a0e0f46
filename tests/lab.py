"""A real Jupyter server and a real browser, for the tests that need them."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Locator, Page

    from twlab import Explorer

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / ".artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
APPS = ("LabApp", "JupyterNotebookApp")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Without a graphics card WebGL is computed; the rest of a page then need not go through it too:
    # the explorer of the sample film stands, is looked at and dragged over in 8 s instead of 40.
    "--disable-gpu-compositing",
    "--autoplay-policy=no-user-gesture-required",
]


def names_of(explorer: Explorer) -> list[str | None]:
    """The names that each segment has been given, joined; None where it has none."""
    flags = explorer.labels.fillna(False).astype(bool)
    return ["; ".join(flags.columns[row]) or None for row in flags.to_numpy()]


@contextmanager
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def offline_pages(opened: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a file without a network; at the end nothing has gone wrong there."""
    contexts: list[Any] = []
    problems: list[str] = []

    def open_page(path: Path, **options: Any) -> Page:
        context = opened.new_context(**{"viewport": {"width": 1300, "height": 900}, **options})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: problems.append(request.url) if outside(request) else 0)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def outside(request: Any) -> bool:
    """Whether a page asks for something that is not in it."""
    return not request.url.startswith(("file:", "blob:", "data:", "about:"))


@contextmanager
def jupyter(app: str, folder: Path) -> Iterator[str]:
    """The address of a server of ``jupyter lab`` or ``jupyter notebook`` on a folder."""
    home = folder / "home"
    command = [
        *(sys.executable, "-m", "jupyter", app, "--no-browser", "--ServerApp.port=0"),
        *("--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="),
        *("--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}"),
        "--allow-root",
        *(f"--{one}.expose_app_in_browser=True" for one in APPS),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    log = folder / f"{app}.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield _address(home / "runtime", server, log)
    finally:
        server.terminate()
        server.wait(20)


class Server(NamedTuple):
    """Where a Jupyter server listens, and the folder that it shows."""

    url: str
    root: Path

    def new_folder(self) -> Path:
        """A folder for a notebook and its files."""
        return Path(tempfile.mkdtemp(dir=self.root, prefix="book-"))


def _address(runtime: Path, server: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server listens, once it does."""
    import httpx

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            text = file.read_text()
            url = json.loads(text)["url"].rstrip("/") if text else ""
            try:
                if url and httpx.get(f"{url}/api/status").status_code == 200:
                    return str(url)
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def marimo(app: Path) -> Iterator[str]:
    """The address at which ``marimo run`` shows an app, once it answers there."""
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = app.parent / "home"
    command = [
        *(sys.executable, "-m", "marimo", "-y", "run", app.name, "--headless", "--no-token"),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(home)}
    log, url = app.with_suffix(".log"), f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=app.parent, env=environment, stdout=output, stderr=output
        )
    try:
        deadline, up = time.monotonic() + 60, False
        while not up and time.monotonic() < deadline and server.poll() is None:
            try:
                up = httpx.get(f"{url}/health").status_code == 200
            except httpx.TransportError:
                time.sleep(0.1)
        assert up, f"the server did not start:\n{log.read_text()[-2000:]}"
        yield url
    finally:
        server.terminate()
        server.wait(20)


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook of code cells."""
    made = [
        {
            "cell_type": "code",
            "id": f"cell{k}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for k, text in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book))


READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const context = panel?.sessionContext ?? panel?.context?.sessionContext;
  return context?.session?.kernel?.status === "idle";
}"""


def _wait_python(self: Notebook | App, code: str, wanted: str) -> str:
    """What the code prints, asked again until it matches the pattern."""
    deadline = time.monotonic() + 30
    printed = self.python(code)
    while not re.fullmatch(wanted, printed, re.DOTALL) and time.monotonic() < deadline:
        self.page.wait_for_timeout(100)
        printed = self.python(code)
    assert re.fullmatch(wanted, printed, re.DOTALL), f"{printed!r} is not {wanted!r}"
    return printed


class Notebook:
    """The notebook in front of a page; JupyterLab opens it by its path, where one is given."""

    cell = ".jp-Cell"
    path: Path
    """Where it is saved."""

    def __init__(self, page: Page, path: str | None = None) -> None:
        self.page = page
        self.problems: list[str] = []
        self._all_problems = path is not None
        page.on("pageerror", self._note)
        if path is not None:
            page.wait_for_function("window.jupyterapp?.restored")
            page.evaluate("() => window.jupyterapp.restored.then(() => true)")
            page.evaluate(
                "async path => "
                "void (await window.jupyterapp.commands.execute('docmanager:open', {path}))",
                path,
            )
        page.wait_for_function(READY, timeout=90_000)

    def _note(self, error: Any) -> None:
        """Every error; Notebook 7 has some of its own settings, which are not ours."""
        if self._all_problems or of_ours(str(error.stack)):
            self.problems.append(str(error))

    def save(self) -> None:
        """Write the notebook with its outputs."""
        self.page.evaluate("async () => void (await jupyterapp.shell.currentWidget.context.save())")

    def close(self) -> None:
        """Save, stop the kernel and close the tab."""
        self.page.remove_listener("pageerror", self._note)
        self.save()
        self.page.evaluate(
            """async () => {
              const panel = window.jupyterapp.shell.currentWidget;
              await panel.sessionContext.shutdown();
              panel.dispose();
            }"""
        )

    def run_all(self) -> None:
        """Run every cell and wait for all of them."""
        self.page.evaluate(
            "async () => void (await jupyterapp.commands.execute('notebook:run-all-cells'))"
        )

    def show(self, *cells: str) -> None:
        """Run these cells in the place of all that were there; their explorers are closed."""
        self.python("import ipywidgets; ipywidgets.Widget.close_all()")
        self.page.evaluate(
            """(cells) => {
              const { sharedModel } = jupyterapp.shell.currentWidget.content.model;
              const made = cells.map((source) => ({ cell_type: "code", source, metadata: {} }));
              sharedModel.deleteCellRange(0, sharedModel.cells.length);
              sharedModel.insertCells(0, made);
            }""",
            cells,
        )
        self.run_all()

    def wear(self, theme: str, scheme: Any = None) -> None:
        """JupyterLab's own light or dark theme, once it is painted, in a system of that scheme."""
        if scheme is not None:
            self.page.emulate_media(color_scheme=scheme)
        name = f"JupyterLab {theme.title()}"
        self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        self.page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")
        # Its colours come later than its name; then JupyterLab takes its splash away.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=30_000)
        self.page.wait_for_function(
            """theme => {
              const { backgroundColor } = getComputedStyle(document.querySelector(".jp-Notebook"));
              const parts = backgroundColor.match(/[0-9.]+/g).slice(0, 3);
              return parts.every((part) => part > 127) === (theme === "light");
            }""",
            arg=theme,
        )

    def python(self, code: str) -> str:
        """What a piece of code prints in the notebook's kernel."""
        printed: str = self.page.evaluate(
            """async (code) => {
              const panel = window.jupyterapp.shell.currentWidget;
              const kernel = (panel.sessionContext ?? panel.context.sessionContext).session.kernel;
              let out = "";
              const future = kernel.requestExecute({ code, store_history: false });
              future.onIOPub = (message) => {
                if (message.header.msg_type === "stream") out += message.content.text;
                if (message.header.msg_type === "error") out += message.content.evalue;
              };
              await future.done;
              return out.trim();
            }""",
            code,
        )
        return printed

    def start_python(self, code: str) -> None:
        """Have the notebook's kernel run a piece of code, without waiting for it."""
        self.page.evaluate(
            """(code) => {
              const panel = window.jupyterapp.shell.currentWidget;
              const kernel = (panel.sessionContext ?? panel.context.sessionContext).session.kernel;
              kernel.requestExecute({ code, store_history: false });
            }""",
            code,
        )

    wait_python = _wait_python

    def restart(self) -> None:
        """Restart the kernel."""
        self.page.evaluate(
            """async () => {
              const panel = window.jupyterapp.shell.currentWidget;
              await (panel.sessionContext ?? panel.context.sessionContext).restartKernel();
            }"""
        )


ASK = """
@app.cell
def _(mo):
    asked = mo.ui.text_area(label="asked", debounce=False)
    asked
    return (asked,)


@app.cell
def _({names}):
    import contextlib, html, io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(asked.value, globals())
    mo.Html(f"<pre class='told'>{{html.escape(printed.getvalue())}}</pre>")
    return
"""
"""Cells of an app that run what is written into a box, once those names are there."""


def write_app(path: Path, *cells: str) -> None:
    """A marimo app of these cells, in the system's theme, which can be asked as a notebook can."""
    known, made = set[str](), []
    for text in ("import marimo as mo", *cells):
        nodes = list(ast.walk(ast.parse(text)))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        given = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        given |= {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}
        args = ", ".join(sorted({node.id for node in names} & known - given))
        back = "".join(f"{name}, " for name in sorted(given))
        body = textwrap.indent(text, "    ")
        made.append(f"@app.cell\ndef _({args}):\n{body}\n    return ({back})\n")
        known |= given
    head = '# /// script\n# [tool.marimo.display]\n# theme = "system"\n# ///\nimport marimo\n'
    head += '\napp = marimo.App(width="full")\n'
    ask = ASK.format(names=", ".join(sorted({*known, "asked"})))
    path.write_text("\n\n".join([head, *made, ask]), encoding="utf-8")


class App:
    """A marimo app in front of a page, which is asked as a notebook is."""

    cell = "[data-cell-id]"

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self._n_asked = 0
        page.on("pageerror", self._note)

    def _note(self, error: Any) -> None:
        """Errors of ours; those of loading settings are marimo's."""
        if of_ours(str(error.stack)):
            self.problems.append(str(error.stack))

    def wear(self, theme: Any) -> None:
        """The theme of the system, which the app follows."""
        self.page.emulate_media(color_scheme=theme)

    def python(self, code: str) -> str:
        """What a piece of code prints in the app's kernel; nothing is scrolled or focused."""
        self._n_asked += 1
        mark = f"asked {self._n_asked}"
        self.page.get_by_label("asked").evaluate(
            """(box, code) => {
              const own = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
              own.set.call(box, code);
              box.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
            }""",
            f"print({mark!r})\n{code}",
        )
        told = self.page.locator("pre.told", has_text=re.compile(rf"^{mark}\n"))
        told.wait_for(state="attached")
        return (told.text_content() or "").removeprefix(mark).strip()

    wait_python = _wait_python


def of_ours(stack: str) -> bool:
    """Whether an error is the explorer's, which hosts load from a blob or a file of its own."""
    return "blob:" in stack or "twlab" in stack


WATCH_THEMES = """() => {
  window.themes = new Set();
  const explorers = (top) => [
    ...top.querySelectorAll(".twx"),
    ...[...top.querySelectorAll("marimo-anywidget")].flatMap((one) =>
      one.shadowRoot ? explorers(one.shadowRoot) : []),
  ];
  const look = () => {
    const painted = explorers(document); // in the frame that now begins
    setTimeout(() => painted.forEach((root) => window.themes.add(root.dataset.theme)));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
"""Notes which themes were ever painted: what is on the page as a frame begins, read after it."""


def box_of(page: Page, selector: str, nth: int = 0) -> dict[str, float]:
    """Where an element is on the page, scrolled into sight."""
    found = page.locator(selector).nth(nth)
    found.scroll_into_view_if_needed()
    box: Any = found.bounding_box()
    assert box, selector
    return dict(box)


def inside(page: Page, selector: str, part: float, y: float) -> tuple[float, float]:
    """A point of an element: at a part of its width, some pixels below its top."""
    box = box_of(page, selector)
    return box["x"] + part * box["width"], box["y"] + y


def drag(page: Page, points: list[tuple[float, float]]) -> None:
    """Press at the first point, move through the others, release at the last."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


IDLE = """async () => {
  const late = (done) => setTimeout(done, 2000);
  const next = () => new Promise((done) => (late(done), requestAnimationFrame(done)));
  const idle = () => new Promise((done) => (late(done), requestIdleCallback(done)));
  await next();
  await idle();
  await next();
  await next();
}"""
"""What was begun has been drawn; a page that draws no frames is not waited for."""


def settle(page: Page) -> None:
    """Wait until the page stands still: what was begun is drawn, and two looks at it are the same.

    On a machine with much to do a fixed time is too short now and then. A look makes the browser
    draw, also a page that lies behind another. What never stands still is waited for 5 s.
    """
    deadline = time.monotonic() + 5
    before, now = b"", b" "
    while before != now and time.monotonic() < deadline:
        page.wait_for_timeout(50)
        page.evaluate(IDLE)
        before, now = now, page.screenshot()


def point_at(page: Page, x: float, y: float, wanted: Locator) -> None:
    """Move the pointer there, where what it shows then is to be seen; the page may still scroll."""
    for _ in range(20):
        page.mouse.move(x, y - 1)
        page.mouse.move(x, y)
        page.wait_for_timeout(100)
        if wanted.first.is_visible():
            return
    raise AssertionError("nothing is shown under the pointer")


def pixels(page: Page, selector: str, nth: int = 0) -> NDArray[np.uint8]:
    """Red, green and blue of every pixel that an element shows; the browser decodes its picture."""
    picture = base64.b64encode(page.locator(selector).nth(nth).screenshot()).decode()
    width, data = page.evaluate(
        """async (data) => {
          const image = new Image();
          image.src = "data:image/png;base64," + data;
          await image.decode();
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          const blob = new Blob([context.getImageData(0, 0, image.width, image.height).data]);
          const reader = new FileReader();
          await new Promise((done) => ((reader.onload = done), reader.readAsDataURL(blob)));
          return [image.width, reader.result.split(",")[1]];
        }""",
        picture,
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, width, 4)[..., :3]


def drawn(page: Page, selector: str, nth: int = 0) -> int:
    """How many different colours an element shows: 1 where nothing is drawn."""
    return len(np.unique(pixels(page, selector, nth).reshape(-1, 3), axis=0))


def wait_drawn(page: Page, selector: str, nth: int = 0, *, colours: int) -> None:
    """Wait until an element shows more different colours than that."""
    deadline = time.monotonic() + 30
    while (found := drawn(page, selector, nth)) <= colours:
        assert time.monotonic() < deadline, f"{found} colours of {selector} {nth}"
        page.wait_for_timeout(100)


def colours(
    page: Page, selector: str, nth: int = 0, part: tuple[float, ...] = (0, 0, 1, 1)
) -> dict[str, int]:
    """How many pixels an element shows of each colour (``#rrggbb``), or a part of it does.

    ``part`` gives left, top, right and bottom as shares of the element.
    """
    seen = pixels(page, selector, nth)
    height, width = seen.shape[:2]
    left, top, right, bottom = np.round(np.multiply(part, [width, height, width, height])).astype(
        int
    )
    each, counts = np.unique(
        seen[top:bottom, left:right].reshape(-1, 3), axis=0, return_counts=True
    )
    return {f"#{bytes(one).hex()}": int(n) for one, n in zip(each, counts, strict=True)}


def square_of(view: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square of similarities in its panel, as ``plotWithin`` of cells.js places it."""
    height, width = view.shape[:2]
    side = min(width - 44 - 12, height - 22 - 12)
    x, y = round((width - side - 44) / 2 + 44), max(8, round((height - side - 22) / 2))
    return view[y : y + side, x : x + side]


def cell(square: NDArray[np.uint8], down: float, across: float) -> NDArray[Any]:
    """The colour in the middle of a cell."""
    y, x = int(down * square.shape[0]), int(across * square.shape[1])
    found: NDArray[Any] = np.median(square[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3), axis=0)
    return found


def open_page(
    chromium: Browser, height: int, routes: dict[str, Callable[[Any], None]] | None = None
) -> Page:
    """A page of a notebook's width, on which some addresses are answered without a network."""
    page = chromium.new_page(viewport={"width": 1440, "height": height})
    for address, answer in (routes or {}).items():
        page.route(address, answer)
    return page


@contextmanager
def open_app(
    chromium: Browser,
    folder: Path,
    *cells: str,
    ready: str,
    height: int = 1400,
    routes: dict[str, Callable[[Any], None]] | None = None,
) -> Iterator[App]:
    """A marimo app of these cells, run until there is something of the selector."""
    write_app(folder / "app.py", *cells)
    with marimo(folder / "app.py") as url:
        page = open_page(chromium, height, routes)
        app = App(page)
        page.goto(url, wait_until="load")
        page.wait_for_selector(ready, timeout=60_000)
        yield app
        page.close()


@contextmanager
def open_book(
    chromium: Browser,
    server: Server,
    folder: Path,
    *cells: str,
    ready: str,
    height: int = 1400,
    routes: dict[str, Callable[[Any], None]] | None = None,
    app: str = "lab",
) -> Iterator[Notebook]:
    """A notebook of these cells in JupyterLab, run until there is something of the selector.

    The folder is one of the server's, which may be one for many notebooks; the theme is light.
    ``routes`` answers what is asked of some addresses, in the place of the network. The server
    shows a notebook in Notebook 7 too, where ``app`` is "notebook".
    """
    write_notebook(folder / "book.ipynb", *cells)
    page = open_page(chromium, height, routes)
    path = f"{folder.relative_to(server.root)}/book.ipynb"
    address = "lab?reset" if app == "lab" else f"notebooks/{path}"
    page.goto(f"{server.url}/{address}", wait_until="load")
    book = Notebook(page, path if app == "lab" else None)
    book.wear("light")
    book.run_all()
    page.wait_for_selector(ready, timeout=60_000)
    book.path = folder / "book.ipynb"
    yield book
    book.close()
    page.close()
