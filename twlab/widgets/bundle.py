"""The front end as one string: its ES modules and style sheets lie beside this file.

Hosts want one module: anywidget's ``_esm``, or one ``<script type="module">`` in a file. The
modules under ``js/`` therefore keep to a convention that makes joining them trivial and lets them
run unjoined as well (the tests in node do that):

* imports are of named things from ``"./name.js"``, and stand at the top;
* exports are written where the thing is declared: ``export function``, ``export const``,
  ``export class``; the entry may end in ``export default``;
* no two modules declare the same name at their top level (the joined string would not parse);
* modules do not import each other in a circle;
* documentation is ``/** ... */`` on lines of its own: it stays behind, a quarter of the bytes.

``tests/test_widgets_bundle.py`` reads every module for these rules, without node. That is why
thirty lines of our own earn their place: esbuild or rollup would want node, and a built file that
can fall behind its sources, of everybody who installs from a clone, to save what nobody waits for.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["ASSETS", "IMPORT", "module_source", "style_source"]

ASSETS = Path(__file__).parent
STYLES = ("base", "controls", "media", "gallery", "videos", "table", "out")
IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([\w-]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=function |async function |const |let |class )", re.MULTILINE)
DOCUMENTATION = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)


@cache
def module_source(entry: Literal["widget", "file"]) -> str:
    """The entry module and all it imports as one module, what is imported first coming first."""
    parts: list[str] = []
    _append_module(entry, parts, seen=set())
    return "\n".join(parts)


def _append_module(name: str, parts: list[str], *, seen: set[str]) -> None:
    """Append a module after the modules it imports, each once."""
    if name in seen:
        return
    seen.add(name)
    source = (ASSETS / "js" / f"{name}.js").read_text(encoding="utf-8")
    for imported in IMPORT.findall(source):
        _append_module(imported, parts, seen=seen)
    parts.append(_strip_module(source))


def _strip_module(source: str) -> str:
    """A module without its imports, the word ``export``, and its documentation."""
    for left_out in (DOCUMENTATION, IMPORT, EXPORT):
        source = left_out.sub("", source)
    return source.strip("\n") + "\n"


@cache
def style_source(*, page: bool = False) -> str:
    """The style sheets as one, with that of a page of its own where asked."""
    names = (*STYLES, "page") if page else STYLES
    texts = [(ASSETS / "css" / f"{name}.css").read_text(encoding="utf-8") for name in names]
    return "\n".join(texts)
