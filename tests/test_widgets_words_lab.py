"""Search by words in JupyterLab: a page, a kernel and a service that listen on sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lab
import pytest
from service import KEY, Fault, Service

import twlab as tw

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.notebook,
    pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium"),
]
pytest.importorskip("playwright")

CELL = """import twlab as tw
client = tw.Client({key!r}, base_url={url!r})
film = tw.load("film.parquet")
ex = tw.explore(film, search=client)
ex"""


def find(page: Page, words: str) -> None:
    page.locator(".twx-find input").fill(words)
    page.keyboard.press("Enter")


def wait_for_toast(page: Page, start: str) -> str:
    page.wait_for_function(
        "start => document.querySelector('.twx-toast').innerText.startsWith(start)", arg=start
    )
    return page.locator(".twx-toast").inner_text()


def test_words_are_found_in_a_notebook(chromium: Browser, jupyterlab: lab.Server) -> None:
    folder = jupyterlab.new_folder()
    with Service(dim=8, check=False) as service, tw.Client(KEY, base_url=service.url) as client:
        rows = [f"moment {k}" for k in range(12)]
        film = client.embed_text(rows, model_name="marengo3.0")
        start = [6.0 * k for k in range(12)]
        film = film.assign(video_id="film", start_sec=start, end_sec=[6 + one for one in start])
        film = film.assign(embedding_option="visual", embedding_scope="clip")
        tw.save(film, folder / "film.parquet")
        cell = CELL.format(key=KEY, url=service.url)
        opened = lab.open_book(
            chromium, jupyterlab, folder, cell, ready=".twx-find input", height=1200
        )
        with opened as book:
            page = book.page
            assert book.python("print(ex.found)") == "None"
            paid = len(service.paid)
            page.locator(".twx-find input").type("moment 7")
            assert len(service.paid) == paid, "nothing is paid before Enter"
            page.keyboard.press("Enter")
            wait_for_toast(page, "Best for “moment 7”: 0:42 – 0:48")
            assert len(service.paid) == paid + 1
            book.wait_python("print(ex.found['match'].iloc[0], len(ex.found))", "7 12")
            book.wait_python("print(ex.focus, len(ex.selection))", "7 0")
            same = "print(ex.found.equals(tw.search(film, text='moment 7', client=client, k=12)))"
            book.wait_python(same, "True")
            page.wait_for_function("document.querySelector('.twx-reel b')?.innerText === '0:42'")
            find(page, "moment 3")
            wait_for_toast(page, "Best for “moment 3”")
            n_paid = len(service.paid)
            page.keyboard.press("Escape")
            page.locator(".twx-map canvas[tabindex]").focus()
            page.keyboard.press("Control+z")
            book.wait_python("print(ex.found['match'].iloc[0])", "7")
            find(page, "moment 3")
            wait_for_toast(page, "Best for “moment 3”")
            assert len(service.paid) == n_paid, "what was asked is not paid again"
            page.screenshot(path=lab.ARTIFACTS / "words-lab.png")
            page.locator(".twx-unsearch").click()
            book.wait_python("print(ex.found)", "None")
            service.faults = [Fault("status", "POST", status=402, body={"message": "used up"})]
            find(page, "something new")
            page.wait_for_function("document.querySelector('.twx-toast').innerText.includes('402')")
            assert book.problems == []
