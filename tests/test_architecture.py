"""The shape of the package: floors, public names, lazy imports, sizes."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import twlab as tw

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "twlab"
FILES = sorted(PACKAGE.rglob("*.py"))

# A room imports from floors below it, and from rooms named before it on its own floor.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "paths", "blocks"),
    (
        *("segments", "matrices", "rows", "intervals", "sources", "results", "connecting"),
        *("renaming", "conditions", "executors", "api"),
    ),
    (
        "responses",
        "reading",
        "io",
        "samples",
        "similarity",
        "kernels",
        "cells",
        "graphs",
        "neighbors",
    ),
    ("tracks", "checkerboard", "changepoints", "moments", "scenecounts", "scenevotes"),
    ("scenecuts", "scoring", "segmentation"),
    ("lines", "linefit", "evidence", "copies", "shortlist", "alignment"),
    ("queries", "fusion", "places", "retrieval", "thresholds"),
    (
        "partitions",
        "communities",
        "clustering",
        "layouts",
        "projection",
        "summary",
        "selection",
        "chance",
        "agreement",
        "diagnosis",
    ),
    ("plot", "client"),
    ("widgets", "store", "distributed"),
    ("demo", "service_commands", "store_commands", "__main__", "__init__"),
)
PLACE = {room: (floor, k) for floor, rooms in enumerate(FLOORS) for k, room in enumerate(rooms)}

LONGEST_FILE = 490
LONGEST_FUNCTION = 40
DEEPEST_NESTING = 3
MOST_POSITIONAL = 2
MORE_POSITIONAL = {"tw.intervals.crop": 3}  # a stretch of time is one thing in two numbers


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(module: ast.Module) -> set[str]:
    """Rooms of twlab that a module imports anywhere, also inside functions."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "twlab":
            names |= {f"twlab.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            names.add(node.module or "")
    rooms = {name.split(".")[1] for name in names if name.startswith("twlab.")}
    return {room for room in rooms if not room.startswith("__")}


def functions(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(module) if isinstance(node, kinds)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, without the docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or 0) - text.lineno + 1
    return lines


def nesting(node: ast.AST) -> int:
    """How many blocks deep the deepest statement lies; ``elif`` goes no deeper."""
    blocks = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)
    deepest = 0
    for child in ast.iter_child_nodes(node):
        deeper = nesting(child)
        is_elif = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        if isinstance(child, blocks) and not is_elif:
            deeper += 1
        deepest = max(deepest, deeper)
    return deepest


def public_functions() -> list[tuple[str, Any]]:
    """Every function a user can reach by a public name, with that name."""
    found = [(f"tw.{name}", getattr(tw, name)) for name in tw.__all__]
    for part in ("plot", "intervals"):
        module = importlib.import_module(f"twlab.{part}")
        found += [(f"tw.{part}.{name}", getattr(module, name)) for name in module.__all__]
    return [(name, value) for name, value in found if inspect.isfunction(value)]


FUNCTIONS = public_functions()
FUNCTION_IDS = [name for name, _ in FUNCTIONS]
FILE_IDS = [str(path.relative_to(PACKAGE)) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_a_room_imports_only_what_lies_below(path: Path) -> None:
    room = room_of(path)
    assert room in PLACE, f"{room} has no floor; give it one in FLOORS"
    above = {r for r in imported_rooms(tree(path)) - {room} if PLACE[r] > PLACE[room]}
    assert not above, f"{path.name} on floor {PLACE[room][0]} imports {above}"


def test_http_knows_no_pandas() -> None:
    for path in (PACKAGE / "api").rglob("*.py"):
        assert "pandas" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_files_and_functions_are_small(path: Path) -> None:
    module = tree(path)
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LONGEST_FILE, f"{path.name} has {n_lines} lines"
    for function in functions(module):
        assert length(function) <= LONGEST_FUNCTION, f"{function.name}: {length(function)} lines"
        assert nesting(function) <= DEEPEST_NESTING, f"{function.name}: {nesting(function)} deep"


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_nothing_is_swallowed(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException"), node.lineno


def test_importing_twlab_loads_only_numpy_and_pandas() -> None:
    code = (
        "import sys, numpy, pandas; before = set(sys.modules); import twlab; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(answer.stdout.split()) - set(sys.stdlib_module_names)
    assert loaded == {"twlab"}


def test_every_public_name_is_there() -> None:
    for name in tw.__all__:
        assert getattr(tw, name) is not None
    assert set(tw.__all__) <= set(dir(tw))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tw.nothing  # noqa: B018 - looking it up is the test


def readme_names() -> set[str]:
    """The names in the first column of the README's table of public names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Public names")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`tw\.([\w.]+)", row)}


def test_the_readme_lists_every_public_name_and_no_other() -> None:
    plot = importlib.import_module("twlab.plot")
    expected = set(tw.__all__) - {"plot"} | {f"plot.{name}" for name in plot.__all__}
    assert readme_names() == expected


def test_every_public_name_is_tested() -> None:
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    untested = [name for name in tw.__all__ if not re.search(rf"\b{name}\b", text)]
    assert not untested


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_at_most_two_arguments_are_positional(name: str, function: Any) -> None:
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(positional) <= MORE_POSITIONAL.get(name, MOST_POSITIONAL), name
    assert not [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)], name


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_every_public_function_is_typed_and_shown_at_work(name: str, function: Any) -> None:
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty, name
    assert all(p.annotation is not p.empty for p in signature.parameters.values()), name
    text = inspect.getdoc(function) or ""
    assert ">>>" in text, f"{name} has no example"
