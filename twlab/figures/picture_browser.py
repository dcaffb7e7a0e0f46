"""The browser that makes files of figures, one for all figures of a process.

Kaleido starts a browser for every figure, which takes ten times as long as the figure; the server
that it offers keeps one, and waits for ever once that has died. This one is started for the first
figure, begun anew where it fails, and ends when no figure has come for a while.

* :func:`draw_picture` - a figure as the content of a file
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import plotly.io as pio

from twlab.checks import require
from twlab.errors import MissingExtraError, TwlabError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["draw_picture"]

IDLE_SEC = 10.0
"""How long it waits for another figure: it takes 200 MB of memory, and a start a second or two."""

CLOSING_SEC = 5.0
"""How long the end of the program waits for it."""


OF_BROWSER = ("plotlyjs", "mathjax", "headers")
"""Of ``plotly.io.defaults``, what kaleido takes when it starts a browser."""


class Order(NamedTuple):
    """A figure to be drawn, how, by which browser, and where its file will be."""

    figure: dict[str, Any]
    options: dict[str, Any]
    browser: dict[str, Any]
    content: Future[bytes]


class BrowserEnded(Exception):
    """The browser died under a figure."""


class PictureBrowser:
    """A browser in a thread of its own that draws what is ordered, one after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._worker: Thread | None = None

    def order(self, figure: dict[str, Any], options: dict[str, Any]) -> bytes:
        """The content of the file; what goes wrong is raised here."""
        content: Future[bytes] = Future()
        defaults = {name: getattr(pio.defaults, name, None) for name in OF_BROWSER}
        browser = {name: value for name, value in defaults.items() if value}
        with self._lock:
            self._orders.put(Order(figure, options, browser, content))
            # In a process that was forked the thread is not alive.
            if self._worker is None or not self._worker.is_alive():
                self._worker = Thread(target=asyncio.run, args=[self._keep_drawing()], daemon=True)
                self._worker.start()
        return content.result()

    def close(self) -> None:
        """End the browser, if there is one, with its folders."""
        worker = self._worker
        if worker is not None and worker.is_alive():
            self._orders.put(None)
            worker.join(CLOSING_SEC)

    async def _keep_drawing(self) -> None:
        """A browser after the other, as long as there are orders.

        Where one dies under its first figure, another tries it once more.
        """
        # Of a browser that died asyncio would print much that is no news: another one is begun.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        order, tried = self._next_order(), None
        while order is not None:
            drawing = asyncio.ensure_future(self._draw_from(order))
            await asyncio.wait([drawing])
            if (error := _error_of(drawing)) is None:
                order = drawing.result()
                continue
            if isinstance(error, BrowserEnded) and order is not tried:
                tried = order
                continue
            if not order.content.done():
                order.content.set_exception(error)  # raised where the figure was ordered
            order = self._next_order()

    async def _draw_from(self, first: Order) -> Order | None:
        """Draw this and what comes after it; what is left for another browser."""
        kaleido = require("kaleido", extra="figures")
        known = inspect.signature(kaleido.Kaleido).parameters  # versions of 2025 know no headers
        given = {name: value for name, value in first.browser.items() if name in known}
        async with kaleido.Kaleido(n=1, **given) as browser:
            # The last that is registered is the first to run: it ends before its folder goes.
            atexit.unregister(self.close)
            atexit.register(self.close)
            order: Order | None = first
            while order is not None and order.browser == first.browser:
                topojson = pio.defaults.topojson
                drawn = browser.calc_fig(order.figure, opts=order.options, topojson=topojson)
                drawing = asyncio.ensure_future(drawn)
                await asyncio.wait([drawing])
                error = _error_of(drawing)
                if error is not None and order is not first:
                    return order
                if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                    raise BrowserEnded from error  # nothing can be written to it any more
                if error is not None:
                    raise error
                order.content.set_result(drawing.result())
                order = self._next_order()
        return order

    def _next_order(self) -> Order | None:
        """None where none came for a while: from then on another thread has to work."""
        try:
            order = self._orders.get(timeout=IDLE_SEC)
        except Empty:
            with self._lock:
                order = None if self._orders.empty() else self._orders.get()
                if order is None:
                    self._worker = None
        return order


def _error_of(drawing: asyncio.Future[Any]) -> BaseException | None:
    """What went wrong; of a browser that died what waits for its answer is cancelled."""
    return BrowserEnded() if drawing.cancelled() else drawing.exception()


BROWSER = PictureBrowser()


def draw_picture(
    figure: go.Figure, form: str, *, width: float, height: float, scale: float
) -> bytes:
    """The figure as the content of a file, such as ``"pdf"`` or ``"png"``.

    Raises
    ------
    MissingExtraError
        If the extra ``figures`` (kaleido) is not installed, or finds no Chrome or Chromium that
        starts.
    TwlabError
        If the browser dies under the figure.
    """
    require("kaleido", extra="figures")
    options = {"format": form, "width": width, "height": height, "scale": scale}
    try:
        return BROWSER.order(figure.to_dict(), options)
    except BrowserEnded as error:
        raise TwlabError(
            "Chrome ended while it drew the figure, and once more when it was tried again; a file "
            "was expected; free memory, draw fewer points or a smaller picture, or write a page "
            "with figure.write_html"
        ) from error
    except (RuntimeError, OSError) as error:
        raise MissingExtraError(
            "kaleido finds no Chrome or Chromium that starts, which draws the file; one was "
            "expected; install one, name it in the environment variable BROWSER_PATH, or let "
            "plotly_get_chrome fetch one",
            name="kaleido",
        ) from error
