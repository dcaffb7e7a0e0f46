"""Figures as files: one browser draws them all, and another one where it dies."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import lab
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from insides import picture_browser

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

kaleido = pytest.importorskip("kaleido")
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]

SIZE: dict[str, Any] = {"width": 300, "height": 200, "scale": 1}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The browsers that kaleido starts from now on."""
    opened: list[Any] = []

    class Noted(kaleido.Kaleido):  # type: ignore[misc, name-defined]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            opened.append(self)

    monkeypatch.setattr(kaleido, "Kaleido", Noted)
    ours = picture_browser.PictureBrowser()
    monkeypatch.setattr(picture_browser, "BROWSER", ours)
    yield opened
    ours.close()


def bars(height: float = 1.0) -> go.Figure:
    return go.Figure(go.Bar(x=["a", "b"], y=[height, 2.0]))


def test_one_browser_draws_what_plotly_draws(begun: list[Any]) -> None:
    ordered: dict[float, bytes] = {}

    def order(height: float) -> None:
        ordered[height] = picture_browser.draw_picture(bars(height), "png", **SIZE)

    threads = [threading.Thread(target=order, args=(height,)) for height in (1.0, 1.5, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
    assert len(set(ordered.values())) == 3
    assert ordered[1.5] == bars(1.5).to_image("png", **SIZE)


def test_another_browser_goes_on_where_one_died(begun: list[Any]) -> None:
    before = picture_browser.draw_picture(bars(), "png", **SIZE)
    begun[0].subprocess.kill()
    assert picture_browser.draw_picture(bars(), "png", **SIZE) == before
    assert len(begun) == 2


class Scripted:
    """Kaleido without a browser, which draws so many figures and then dies under the next."""

    begun: list[Any]
    draws: list[int]
    heeded: list[Any]

    def __init__(
        self, n: int = 1, *, plotlyjs: Any = None, mathjax: Any = None, headers: Any = None
    ) -> None:
        self.options = {"plotlyjs": plotlyjs, "mathjax": mathjax, "headers": headers}
        self.left = self.draws[len(self.begun)] if len(self.begun) < len(self.draws) else 9
        self.begun.append(self)

    async def __aenter__(self) -> Scripted:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def calc_fig(self, figure: Any, *, opts: Any, topojson: Any) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise asyncio.CancelledError  # as what waits for an answer is
        self.heeded.append({**self.options, "topojson": topojson})
        return b"drawn"


def draw_two(begun: list[Any], monkeypatch: pytest.MonkeyPatch, draws: list[int]) -> list[Any]:
    """What two orders get, of browsers that each die after so many figures."""
    scripted = type("Known", (Scripted,), {"begun": begun, "draws": draws, "heeded": []})
    monkeypatch.setattr(kaleido, "Kaleido", scripted)
    got: list[Any] = []

    def order() -> None:
        try:
            got.append(picture_browser.draw_picture(bars(), "png", **SIZE))
        except tw.TwlabError as error:
            got.append(error)

    for _ in range(2):
        thread = threading.Thread(target=order, daemon=True)
        thread.start()
        thread.join(60)
    return got


@pytest.mark.parametrize("draws", [[0], [1]])
def test_nobody_waits_for_a_browser_that_died_while_it_drew(
    begun: list[Any], monkeypatch: pytest.MonkeyPatch, draws: list[int]
) -> None:
    assert draw_two(begun, monkeypatch, draws) == [b"drawn"] * 2
    assert len(begun) == 2


def test_a_figure_under_which_browsers_die_is_told_of_as_that(
    begun: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, drawn = draw_two(begun, monkeypatch, [0, 0])
    assert "Chrome ended while it drew the figure" in str(told)
    assert not isinstance(told, tw.MissingExtraError), "it is there"
    assert (drawn, len(begun)) == (b"drawn", 3)


def test_what_plotly_is_told_of_files_is_heeded(
    begun: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"topojson": "file:///maps", "plotlyjs": "own.js"}.items():
        monkeypatch.setattr(pio.defaults, name, value)
    assert draw_two(begun, monkeypatch, []) == [b"drawn"] * 2
    monkeypatch.setattr(pio.defaults, "plotlyjs", None)
    picture_browser.draw_picture(bars(), "png", **SIZE)
    told = [(one["topojson"], one["plotlyjs"]) for one in begun[0].heeded]
    assert told == [("file:///maps", "own.js")] * 2 + [("file:///maps", None)]
    headers = getattr(pio.defaults, "headers", None)
    assert {str(one["headers"]) for one in begun[0].heeded} == {str(headers)}
    assert len(begun) == 2, "one for each script"


def test_a_browser_that_does_not_start_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_browser = tmp_path / "chrome"
    no_browser.write_text("#!/bin/sh\nexit 3\n")
    no_browser.chmod(0o755)
    for path in (no_browser, tmp_path / "none"):
        monkeypatch.setenv("BROWSER_PATH", str(path))
        monkeypatch.setattr(picture_browser, "BROWSER", picture_browser.PictureBrowser())
        with pytest.raises(tw.MissingExtraError, match="no Chrome or Chromium that starts"):
            picture_browser.draw_picture(bars(), "png", **SIZE)
        picture_browser.BROWSER.close()


def test_what_fails_is_told_and_the_next_is_drawn(begun: list[Any]) -> None:
    with pytest.raises(Exception, match="pancake"):
        picture_browser.draw_picture(bars(), "pancake", **SIZE)
    assert picture_browser.draw_picture(bars(), "png", **SIZE).startswith(b"\x89PNG")


def test_it_ends_when_nothing_comes(begun: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_browser, "IDLE_SEC", 0.2)
    picture_browser.draw_picture(bars(), "svg", **SIZE)
    until = time.monotonic() + 20
    while begun[0].subprocess.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert begun[0].subprocess.poll() is not None
    picture_browser.draw_picture(bars(), "svg", **SIZE)
    assert len(begun) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_was_forked_has_its_own(begun: list[Any]) -> None:
    before = picture_browser.draw_picture(bars(), "png", **SIZE)
    forked = multiprocessing.get_context("fork")
    mine, theirs = forked.Pipe()

    def draw() -> None:
        theirs.send(picture_browser.draw_picture(bars(), "png", **SIZE))
        picture_browser.BROWSER.close()

    child = forked.Process(target=draw)
    child.start()
    assert mine.poll(60)
    assert mine.recv() == before
    child.join(30)
    assert child.exitcode == 0
    assert len(begun) == 1, "its own is counted there"
