"""Every notebook runs from top to bottom in a clean kernel, and reads as agreed."""

from __future__ import annotations

import base64
import itertools
import re
import resource
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from service import KEY, Service
from stored import DRAWS, PICTURES, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.notebook
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IDS = [path.name for path in NOTEBOOKS]

MOST_CELLS = 20
MOST_LINES = 8
MOST_SECONDS = 60
ABSOLUTE = re.compile(r"(?<![\w.~:/<\\])/\w[\w.-]*/\S*")
"""A path from the root, and no end of a mark, part of an address or relative path."""
MOST_BYTES = 1_500_000


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def cpu_seconds() -> float:
    """What ended child processes have computed; other work on the machine does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def told(cell: Any) -> str:
    """All that a cell says in words, pictures in it left out."""
    texts = [out.get("text", "") for out in cell.outputs]
    kinds = [out.get("data", {}) for out in cell.outputs]
    texts += [text for data in kinds for kind, text in data.items() if kind.startswith("text/")]
    return re.sub(r"data:image/\w+;base64,[\w+/=]+", "", "\n".join(texts))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_is_short_and_prose_comes_first(path: Path) -> None:
    cells = read(path).cells
    assert len(cells) <= MOST_CELLS
    assert cells[0].cell_type == "markdown"
    assert "?" in cells[0].source, "the first cell asks the question"
    assert cells[-1].cell_type == "markdown"
    assert "next" in cells[-1].source.lower()
    kinds = [cell.cell_type for cell in cells]
    assert ("code", "code") not in set(itertools.pairwise(kinds)), "prose before code"
    for cell in cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= MOST_LINES, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_is_stored_with_its_pictures(path: Path) -> None:
    """Run as it stands, by this version; if not, ``make outputs`` does it."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.get("twlab") == fingerprint(notebook), "stale: store it again"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert path.stat().st_size <= MOST_BYTES
    for cell in code:
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        pictured = not kinds.isdisjoint(PICTURES)
        assert pictured >= any(word in cell.source for word in DRAWS), cell.source
        assert not [out for out in cell.outputs if out.output_type == "error"]
    text = path.read_text(encoding="utf-8")
    assert KEY not in text
    assert not re.findall(r"/tmp/|/home/|/root/|127\.0\.0\.1|localhost:\d", text)
    assert f"{ROOT.resolve()}/" not in text
    assert not [path for cell in code for path in ABSOLUTE.findall(told(cell))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_stored_picture_holds_the_figure_and_no_more(path: Path) -> None:
    outputs = [out for cell in read(path).cells for out in cell.get("outputs", [])]
    for out in outputs:
        shown = out.get("metadata", {}).get("image/png")
        if shown:
            head = base64.b64decode(out["data"]["image/png"][:64])
            width, height = struct.unpack(">II", head[16:24])
            assert width / height == pytest.approx(shown["width"] / shown["height"], rel=0.02)


def test_a_changed_cell_makes_a_notebook_stale() -> None:
    notebook = read(NOTEBOOKS[0])
    next(cell for cell in notebook.cells if cell.cell_type == "code").source += "\nfilm"
    assert notebook.metadata["twlab"] != fingerprint(notebook)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A key in the environment, and a service that takes it."""
    with Service(dim=64) as running:
        monkeypatch.setenv("TWELVELABS_API_KEY", KEY)
        monkeypatch.setenv("TWELVELABS_BASE_URL", running.url)
        yield running


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_runs(path: Path, tmp_path: Path, account: Service) -> None:
    notebook = read(path)
    began = cpu_seconds()
    client = nbclient.NotebookClient(
        notebook, timeout=5 * MOST_SECONDS, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert cpu_seconds() - began < MOST_SECONDS
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    shown = {kind for out in outputs for kind in out.get("data", {})}
    assert "text/html" in shown
    draws = any("tw.plot." in cell.source for cell in notebook.cells)
    assert ("application/vnd.plotly.v1+json" in shown) == draws
    assert not [out for out in outputs if out.get("name") == "stderr"], "warnings were printed"
    assert KEY not in nbformat.writes(notebook)
    assert account.violations == []
    assert len(account.paid) == (3 if path.name.startswith("06") else 0)
