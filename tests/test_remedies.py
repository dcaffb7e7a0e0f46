"""What messages tell the user to write can be written: names are there, arguments are taken."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = Path(tw.__file__).parent
CALLABLES: dict[str, Callable[..., Any]] = {
    **{name: getattr(tw, name) for name in tw.__all__ if callable(getattr(tw, name))},
    **{f"Client.{n}": getattr(tw.Client, n) for n in dir(tw.Client) if not n.startswith("_")},
    **{f"Store.{n}": getattr(tw.Store, n) for n in dir(tw.Store) if not n.startswith("_")},
}
MODULES = ("plot", "intervals", "distributed", "executors")
for module in MODULES:
    found = importlib.import_module(f"twlab.{module}")
    CALLABLES |= {f"{module}.{name}": getattr(found, name) for name in found.__all__}
CALLABLES = {name: value for name, value in CALLABLES.items() if callable(value)}


def messages(path: Path) -> list[str]:
    """Every text of a file that is no docstring, f-strings with … for what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    inner = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    texts = []
    for node in ast.walk(tree):
        if id(node) in docs or id(node) in inner:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
            texts.append("".join(map(str, parts)))
    return [text for text in texts if ";" in text or "=" in text]


def takes(function: Callable[..., Any], name: str) -> bool:
    parameters = inspect.signature(function).parameters.values()
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    return anything or any(p.name == name for p in parameters)


def called(name: str) -> list[Callable[..., Any]]:
    """The callables that a message may mean by a name."""
    last = name.split(".")[-1]
    return [value for known, value in CALLABLES.items() if known.split(".")[-1] == last]


def remedies(text: str) -> list[tuple[str, str]]:
    """Calls with an argument that a text names, the callable empty where it names none."""
    inside = re.findall(r"([A-Za-z_][\w.]*)\(([a-z_]+)=", text)
    bare = re.findall(r"(?<![\w.(\[\"'<-])([a-z][a-z_]+)=(?=[\s,;.)…'\"\w\[]|$)", text)
    return inside + [("", name) for name in bare if name not in {n for _, n in inside}]


def names(text: str) -> list[str]:
    """Names under ``tw`` or of a client or store that a text mentions."""
    return re.findall(r"\b(tw\.[a-zA-Z_.]+\w|client\.\w+)", text)


FILES = sorted((PACKAGE / "service").rglob("*.py"))
FILES += [PACKAGE / "errors.py", PACKAGE / "analysis" / "judging" / "queries.py"]
SERVICE = [tw.Client, *(v for k, v in CALLABLES.items() if k.startswith("Client.")), tw.search]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_arguments_that_messages_name_are_taken(path: Path) -> None:
    for text in messages(path):
        for function, argument in remedies(text):
            meant = called(function) if function else SERVICE
            assert meant, f"{function} of {text!r} is nothing public"
            assert any(takes(one, argument) for one in meant), f"{argument}= of {text!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_names_in_messages_are_there(path: Path) -> None:
    for text in messages(path):
        for name in names(text):
            if name.startswith("client."):
                assert hasattr(tw.Client, name.partition(".")[2]), text
            else:
                value: Any = tw
                for part in name.split(".")[1:]:
                    value = getattr(value, part)


def test_names_in_all_messages_are_there() -> None:
    for path in PACKAGE.rglob("*.py"):
        for text in messages(path):
            for name in (n for n in names(text) if n.startswith("tw.")):
                value: Any = tw
                for part in name.split(".")[1:]:
                    assert hasattr(value, part), f"{name} in {path.name}: {text!r}"
                    value = getattr(value, part)


def test_the_collector_finds_what_is_wrong() -> None:
    assert remedies("wait longer with max_wait_sec=") == [("", "max_wait_sec")]
    assert remedies("use tw.Client(settings=Settings(max_wait_sec=…))") == [
        ("tw.Client", "settings"),
        ("Settings", "max_wait_sec"),
    ]
    assert not any(takes(one, "max_wait_sec") for one in SERVICE)
    assert takes(tw.Settings, "max_wait_sec")
    n_found = sum(len(remedies(text)) for path in FILES for text in messages(path))
    assert n_found >= 15


def test_a_longer_wait_can_be_allowed() -> None:
    client = tw.Client("tlk_example", settings=tw.Settings(max_wait_sec=900.0))
    assert "tlk_example" not in repr(client)
