"""What the documentation speaks of is there. Its pages are run when it is built (``make docs``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import twlab as tw

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


def test_the_map_of_rooms_names_every_room() -> None:
    rooms = {path.name for path in (ROOT / "twlab").iterdir() if (path / "__init__.py").exists()}
    families = {path.parent.name for path in (ROOT / "twlab" / "analysis").glob("*/__init__.py")}
    for page in (DOCS / "explained" / "architecture.md", ROOT / ".github" / "CONTRIBUTING.md"):
        text = page.read_text(encoding="utf-8")
        assert not {room for room in rooms if f"`{room}/" not in text and room != "analysis"}
        assert not {family for family in families if f"`analysis/{family}/`" not in text}
        fronts = {path.name for path in (ROOT / "twlab").glob("[a-z]*.py")}
        assert not {name for name in fronts if f"`{name}`" not in text}
