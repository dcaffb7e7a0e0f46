"""Writes ``twlab/__init__.pyi`` and ``twlab/plot.pyi``: the public names as editors read them.

Each signature is that of the function in its room. Two things are added, which only the front
knows (``twlab/public.py``): arguments that may be a store or its path have the type ``_Segments``,
and a function that gives a table for segments and arrays for a matrix has an overload for each.

Usage: python tests/stubs.py
"""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from functools import cache
from pathlib import Path

import twlab as tw
from twlab import public

PACKAGE = Path(__file__).resolve().parents[1] / "twlab"

HEAD = '''"""{title} Written by tests/stubs.py from the rooms."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

{imports}

_Segments = pd.DataFrame | {source} | str | os.PathLike[str]
"""A table of segments, a store, a part of one or another source, or the path of a store."""
_Vectors = NDArray[Any] | Sequence[Sequence[float]]
"""A plain matrix, one vector in a row."""
'''
STYLE = 'style: Literal["screen", "paper"] = "screen", width_mm: float | None = None'
"""What every picture takes besides (``twlab/figures/paper.py``)."""
TABLE_OR_VECTORS = "_TableOrVectors"
"""What marks an argument of a room that may be a plain matrix, too."""
KNOWN = {"os", "Mapping", "Sequence", "Path", "Any", "Literal", "np", "pd", "go", "NDArray"}
"""Names that the head imports."""


@cache
def tree(home: str) -> ast.Module:
    path = PACKAGE.joinpath(*home.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def function(home: str, name: str) -> ast.FunctionDef | None:
    """The definition of a function, or None for a class."""
    found = [node for node in tree(home).body if isinstance(node, ast.FunctionDef)]
    return next((node for node in found if node.name == name), None)


class Qualified(ast.NodeTransformer):
    """Types of a room become attributes of the room; those it imports are imported here too."""

    def __init__(self, home: str) -> None:
        self.home, self.imports = home, set[str]()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in KNOWN or hasattr(builtins, node.id):
            return node
        for one in ast.walk(tree(self.home)):
            if isinstance(one, ast.ImportFrom) and node.id in {name.name for name in one.names}:
                self.imports.add(f"from {one.module} import {node.id} as _{node.id}")
                return ast.Name(f"_{node.id}")
        package, _, module = self.home.rpartition(".")
        self.imports.add(f"from twlab.{package} import {module} as _{module}")
        return ast.Attribute(ast.Name(f"_{module}"), node.id)


def annotation(node: ast.expr | None, qualified: Qualified) -> str:
    if node is None:
        return ""
    return ast.unparse(qualified.visit(ast.parse(ast.unparse(node), mode="eval").body))


def arguments(node: ast.FunctionDef, types: dict[str, str], qualified: Qualified) -> str:
    """The arguments with their types and, for defaults that are no literals, ``...``."""
    given = node.args
    defaults = [None] * (len(given.args) - len(given.defaults)) + list(given.defaults)
    plain = list(zip(given.args, defaults, strict=True))
    named = list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    parts = []
    for k, (one, default) in enumerate(plain + named):
        if k == len(plain):
            parts.append("*")
        kind = types.get(one.arg) or annotation(one.annotation, qualified)
        literal = isinstance(default, ast.Constant)
        value = "" if default is None else f" = {ast.unparse(default) if literal else '...'}"
        parts.append(f"{one.arg}: {kind}{value}")
    return ", ".join(parts)


def segments_or(kind: str, optional: bool) -> str:
    """The type of an argument that may also be a store; what is no table stays."""
    others = [one.strip() for one in kind.split("|")] if kind else []
    kept = [one for one in others if one not in ("pd.DataFrame", TABLE_OR_VECTORS, "None")]
    return " | ".join(["_Segments", *kept, *(["None"] if optional else [])])


def definitions(name: str, home: str, stores: tuple[str, ...]) -> tuple[str, set[str]]:
    """The stub of a function, and the imports that it needs."""
    node = function(home, name)
    assert node is not None
    qualified = Qualified(home)
    result = annotation(node.returns, qualified)
    every = {one.arg: annotation(one.annotation, qualified) for one in node.args.args}
    optional = node.args.args[len(node.args.args) - len(node.args.defaults) :]
    may_miss = {one.arg for one in optional}
    tables = {one: segments_or(every[one], one in may_miss) for one in stores if one in every}
    summary = (ast.get_docstring(node) or "").splitlines()[0]
    wholes = [(tables, result)]
    takes_vectors = bool(stores) and TABLE_OR_VECTORS in every[stores[0]]
    if takes_vectors and "|" in result:
        table, _, arrays = result.partition(" | ")
        plain = {one: "_Vectors" + (" | None" if one in may_miss else "") for one in tables}
        wholes = [(tables, table), (plain, arrays)]
    elif takes_vectors:
        tables = {
            one: kind.replace("_Segments", "_Segments | _Vectors") for one, kind in tables.items()
        }
        wholes = [(tables, result)]
    lines = []
    for types, returned in wholes:
        lines += ["@overload"] if len(wholes) > 1 else []
        lines.append(f"def {name}({arguments(node, types, qualified)}) -> {returned}:")
        lines.append(f'    """{summary}"""')
    return "\n".join(lines), qualified.imports


def front() -> str:
    imports, body, rooms = [], [], set[str]()
    for name, wire in public.WIRES.items():
        if function(wire.home, name) is None or not wire.stores:
            imports.append(f"from twlab.{wire.home} import {name} as {name}")
            continue
        text, needed = definitions(name, wire.home, wire.stores)
        body.append(text)
        rooms |= needed
    modules = sorted(set(tw.__all__) - set(public.WIRES))
    imports += [f"from twlab import {name} as {name}" for name in modules]
    imports += rooms
    head = HEAD.format(
        title="The public names, with their types.",
        imports="\n".join(sorted(imports)),
        source="distributed.Source",
    )
    names = ", ".join(f'"{name}"' for name in tw.__all__)
    tail = f"__version__: str\n__all__ = [{names}]\n"
    return "\n".join([head, *body, "", tail])


def stores_of_pictures() -> dict[str, tuple[str, ...]]:
    """What ``twlab/plot.py`` says of each picture: its arguments that may be a store."""
    found = dict.fromkeys(tw.plot.__all__, ())
    for node in ast.walk(tree("plot")):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [one.value for one in node.value.args[1:] if isinstance(one, ast.Constant)]
            found[ast.unparse(node.targets[0])] = tuple(names)
    return found


def pictures() -> str:
    body, rooms = [], set[str]()
    for name, given in stores_of_pictures().items():
        home = getattr(tw.plot, name).__module__.removeprefix("twlab.")
        text, needed = definitions(name, home, given)
        body.append(text.replace(") -> go.Figure:", f", {STYLE}) -> go.Figure:"))
        rooms |= needed
    source = "from twlab.archive.sources import Source as _Source"
    head = HEAD.format(
        title="Pictures, with their types.",
        imports="\n".join(sorted([source, *rooms])),
        source="_Source",
    )
    names = ", ".join(f'"{name}"' for name in tw.plot.__all__)
    return "\n".join([head, *body, "", f"__all__ = [{names}]\n"])


STUBS = {"__init__.pyi": front, "plot.pyi": pictures}


def formatted(text: str, name: str) -> str:
    """The text as ruff leaves it."""
    for how in (("check", "--fix", "--quiet"), ("format", "--quiet")):
        command = [sys.executable, "-m", "ruff", *how, "--stdin-filename", str(PACKAGE / name), "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        text = done.stdout
    return text


def stubs() -> dict[str, str]:
    """The text of each stub by its file."""
    return {str(PACKAGE / name): formatted(make(), name) for name, make in STUBS.items()}


if __name__ == "__main__":
    for file, text in stubs().items():
        Path(file).write_text(text, encoding="utf-8")
