"""Fixtures that every test shares."""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any

import lab
import numpy as np
import pandas as pd
import pytest
import tqdm.auto
from hypothesis import settings

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from engines import Engines
    from playwright.sync_api import Browser, Page
    from service import Service

# How long a case takes is the machine's affair: speed is measured in tests/benchmarks.
settings.register_profile("seek", deadline=None)
# What lands is tried on the same cases wherever it is tried; at a desk every run draws others.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seek"))

WAITING = re.compile(r"\bmark\.(browser|notebook)\b")
"""In files with tests that start other programs and wait for them."""

ON_ENGINES = re.compile(r"\bmark\.engine\b|\b(REMOTE|ENGINES)\b")
"""In files with tests on Ray and Dask, which are started once."""


@functools.cache
def name_waiting(path: Path) -> str:
    """What runs in one go where a file has tests that wait; nothing for other files."""
    text = path.read_text(encoding="utf-8")
    if ON_ENGINES.search(text):
        return "engines"
    return str(path) if WAITING.search(text) else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of several processes (``-n 2``) the first runs them: they do not take each other's time.

    The others take what is left of them when all else is done, so that no core waits at the end.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return name_waiting(config.rootpath / nodeid.partition("::")[0]) or nodeid

        def _assign_work_unit(self, node: Any) -> None:
            first = node is self.nodes[0]
            wanted = (unit for unit in self.workqueue if ("::" not in unit) == first)
            # Of the others' the last, with the fewest tests.
            unit = next(wanted, None) or next(reversed(self.workqueue))
            self.workqueue.move_to_end(unit, last=False)
            super()._assign_work_unit(node)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Executors by name, each started once for all tests."""
    from engines import Engines

    running = Engines()
    yield running
    running.close()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def segments(rng: np.random.Generator) -> pd.DataFrame:
    """Two videos of ten and five clips of 6 s, unit vectors of 16 numbers."""
    counts = {"alpha": 10, "beta": 5}
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "video_id": video,
                    "start_sec": np.arange(n) * 6.0,
                    "end_sec": np.arange(1, n + 1) * 6.0,
                    "embedding_option": "visual",
                    "embedding_scope": "clip",
                    "model_name": "test",
                }
            )
            for video, n in counts.items()
        ],
        ignore_index=True,
    )
    matrix = rng.normal(size=(len(rows), 16)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return tw.with_vectors(rows, matrix)


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each progress bar is made with from now on, as far as it is given by name."""
    made: list[dict[str, Any]] = []
    real = tqdm.auto.tqdm

    def recorded(*args: Any, **options: Any) -> Any:
        made.append(options)
        return real(*args, **options)

    monkeypatch.setattr("tqdm.auto.tqdm", recorded)
    return made


@pytest.fixture
def service() -> Iterator[Service]:
    """A stand-in for the service with short vectors."""
    from service import Service

    with Service(dim=8, check=False) as running:
        yield running


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder of three small films."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(3):
        (folder / f"v{number}.mp4").write_bytes(bytes([number]) * 500)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of a file of tests; its pictures go to ``lab.ARTIFACTS``."""
    lab.ARTIFACTS.mkdir(exist_ok=True)
    with lab.browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Server]:
    """The one JupyterLab of all tests; each notebook has a folder of its own there."""
    pytest.importorskip("jupyterlab")
    root = tmp_path_factory.mktemp("jupyterlab")
    with lab.jupyter("lab", root) as url:
        yield lab.Server(url, root)


@pytest.fixture
def open_file(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a file without a network; nothing may go wrong on the page."""
    with lab.offline_pages(chromium) as opener:
        yield opener


@pytest.fixture(scope="session")
def film_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The explorer of the sample film with its clusters, as a file with the film in it."""
    film = tw.sample()
    path = tmp_path_factory.mktemp("page") / "film.html"
    return tw.save_html(film, path, video=tw.sample_video(), labels=tw.cluster(film, 6))
