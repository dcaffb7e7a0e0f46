"""What the documentation speaks of is there. Its pages are run when it is built (``make docs``)."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from service import KEY

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    import pandas as pd
    from service import Service

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = {"_build", "_kernel", "_static", "_templates", "notebooks", "api"}
PAGES = [
    path
    for path in sorted([*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")])
    if not MADE & set(path.relative_to(DOCS).parts[:-1])
]
PAGES += [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / ".github").rglob("*.md")]
IDS = [str(path.relative_to(ROOT)) for path in PAGES]
OWNERS: dict[str, Any] = {
    "tw": tw,
    "twlab": tw,
    "client": tw.Client,
    "store": tw.Store,
    "Store": tw.Store,
    "Explorer": tw.Explorer,
}
GONE = {"twlab.io", "twlab.reading", "twlab.responses", "twlab.samples", "twlab.segments"}
GONE |= {"twlab.blocks", "twlab.rows", "twlab.tracks", "twlab.api", "twlab.client", "twlab.store"}
"""Where things were before the rooms, as the changelog says."""


def named(text: str) -> set[str]:
    """What is written as ``owner.name`` in code; names of files are no such names."""
    code = re.findall(r"`([^`\n]+)`|^( {4}.*|.*\w\(.*)$", text, re.MULTILINE)
    words = " ".join(one or two for one, two in code)
    return set(re.findall(rf"(?<![\w./\"'-])((?:{'|'.join(OWNERS)})(?:\.[A-Za-z_]\w*)+)", words))


def is_there(name: str) -> bool:
    """Whether a dotted name leads to something."""
    owner, *parts = name.split(".")
    thing = OWNERS[owner]
    for part in parts:
        if not hasattr(thing, part):
            return bool(_module(name))
        thing = getattr(thing, part)
    return True


def _module(name: str) -> Path | None:
    """The file or folder of a module that a name is in."""
    path = ROOT / name.replace(".", "/")
    found = (path, path.with_suffix(".py"), path.parent.with_suffix(".py"))
    return next((one for one in found if name.startswith("twlab.") and one.exists()), None)


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_the_names_on_a_page_are_there(path: Path) -> None:
    names = named(path.read_text(encoding="utf-8")) - GONE
    assert not {name for name in names if not is_there(name)}


def test_names_that_are_gone_would_be_seen() -> None:
    assert named("`tw.clips(x)` and `store.nothing()`, a file `tw.md`") >= {"store.nothing"}
    assert is_there("tw.plot.heatmap")
    assert not is_there("store.nothing")
    assert not is_there("tw.plot.nothing")


@pytest.mark.parametrize("folder", ["guide", "explained", "about"])
def test_every_page_is_listed(folder: str) -> None:
    index = (DOCS / folder / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[\w-]+$", index, re.MULTILINE))
    assert listed == {path.stem for path in (DOCS / folder).glob("*.md")} - {"index"}


def test_every_notebook_is_listed() -> None:
    page = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^notebooks/(\w+)$", page, re.MULTILINE))
    assert listed == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def room_of(file: str) -> str:
    """The room of a file of twlab, as the page on the code calls it; empty for the ground floor."""
    parts = Path(file).relative_to(ROOT / "twlab").with_suffix("").parts
    if parts[0] in {"service", "archive", "analysis"} and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 or parts[0] == "public" else ""


def followed(call: Callable[[], object]) -> tuple[set[str], int]:
    """The rooms that a call enters, and how often it passes the front."""
    rooms, n_doors, package = set(), 0, str(ROOT / "twlab") + os.sep

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal n_doors
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(package) and code.co_name != "<module>":
            rooms.add(room_of(code.co_filename))
            n_doors += room_of(code.co_filename) == "public" and code.co_name == "call"

    call()  # what is imported on the way is no part of it
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return rooms - {""}, n_doors


def test_the_ways_through_the_house_are_those_on_the_page(
    segments: pd.DataFrame, service: Service, videos: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lancedb")
    store = tw.open(tmp_path / "store")
    store.add(segments)
    answer = ROOT / "data" / "sample" / "trailer.visual.json"
    films, settings = iter(sorted(videos.iterdir())), tw.Settings(poll_sec=0.01, max_poll_sec=0.05)

    def embed() -> None:
        with tw.Client(KEY, base_url=service.url, folder=tmp_path, settings=settings) as client:
            client.embed(next(films), progress=False)

    calls = {
        "tw.load": lambda: tw.load(answer),
        "tw.scenes": lambda: tw.scenes(segments),
        "tw.explore": lambda: tw.explore(segments),
        "Client.embed": embed,
        "Store.search": lambda: store.search(segments[:1], k=2),
    }
    page = (DOCS / "explained" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Five ways")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\* \*\*`([\w.]+)`\*\*: ((?:.|\n  )+)", section, re.MULTILINE))
    assert told.keys() == calls.keys()
    for name, call in calls.items():
        rooms, n_doors = followed(call)
        assert rooms == set(re.findall(r"`([\w/]+)`", told[name])), name
        assert n_doors <= 1, name


def test_the_map_of_rooms_names_every_room() -> None:
    rooms = {path.name for path in (ROOT / "twlab").iterdir() if (path / "__init__.py").exists()}
    families = {path.parent.name for path in (ROOT / "twlab" / "analysis").glob("*/__init__.py")}
    for page in (DOCS / "explained" / "architecture.md", ROOT / ".github" / "CONTRIBUTING.md"):
        text = page.read_text(encoding="utf-8")
        assert not {room for room in rooms if f"`{room}/" not in text and room != "analysis"}
        assert not {family for family in families if f"`analysis/{family}/`" not in text}
        fronts = {path.name for path in (ROOT / "twlab").glob("[a-z]*.py")}
        assert not {name for name in fronts if f"`{name}`" not in text}
        listed = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
        names = [name for row in listed for name in re.findall(r"`([^`]+)`", row)]
        assert len(names) > 20
        assert not [name for name in names if not (ROOT / "twlab" / name).exists()]
