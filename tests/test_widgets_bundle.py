"""The rules by which the explorer's modules are joined, read from the modules without node."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from twlab.widgets import ASSETS, IMPORT, module_source

MODULES = {path.stem: path.read_text(encoding="utf-8") for path in (ASSETS / "js").glob("*.js")}
ENTRIES = ("widget", "file")
JS_TESTS = Path(__file__).parent / "js"

NAMED_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w-]+)\.js";\n', re.MULTILINE)
DECLARATION = re.compile(
    r"^(export )?(?:async )?(?:function\*? |const |let |class )(\w+|[\[{].*?[\]}] =)", re.MULTILINE
)
COMMENT = re.compile(r"/\*.*?\*/|^[ \t]*//[^\n]*\n", re.MULTILINE | re.DOTALL)
TEMPLATE = re.compile(r"`[^`]*`")


def declared(source: str) -> dict[str, bool]:
    """The names a module declares at its top level, and whether it exports them."""
    names: dict[str, bool] = {}
    for exported, pattern in DECLARATION.findall(source):
        names |= {name: bool(exported) for name in re.findall(r"\w+", pattern)}
    return names


def faults(modules: dict[str, str]) -> list[str]:
    """What keeps modules from being joined by the rules of ``twlab.widgets.bundle``."""
    found = [fault for name in modules for fault in faults_of(name, modules)]
    owners: dict[str, list[str]] = {}
    for module, source in modules.items():
        for name in declared(source):
            owners.setdefault(name, []).append(module)
    found += [f"{name} is declared in {at}" for name, at in owners.items() if len(at) > 1]
    try:
        TopologicalSorter({name: IMPORT.findall(text) for name, text in modules.items()}).prepare()
    except CycleError as error:
        found.append(f"a circle: {error.args[1]}")
    return found


def faults_of(module: str, modules: dict[str, str]) -> list[str]:
    """What is wrong with one module's imports, exports and documentation."""
    code = COMMENT.sub("", modules[module])
    body = NAMED_IMPORT.sub("", code)
    found = []
    for names, source in NAMED_IMPORT.findall(code):
        given = [name for name, exported in declared(modules.get(source, "")).items() if exported]
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        found += [f"{name} is not given by {source}" for name in wanted if name not in given]
        found += [f"{name} is not used" for name in wanted if not re.search(rf"\b{name}\b", body)]
    if re.search(r"\bimport\b", TEMPLATE.sub("", body)):
        found.append("an import of another form, or not at the top")
    for line in re.findall(r"^export .*", body, re.MULTILINE):
        allowed = DECLARATION.match(line) or (
            module in ENTRIES and line.startswith("export default")
        )
        found += [] if allowed else [f"an export of another form: {line}"]
    if any("/**" in text for text in TEMPLATE.findall(modules[module])):
        found.append("documentation within a text")
    return [f"{module}: {fault}" for fault in found]


def test_the_modules_can_be_joined() -> None:
    assert faults(MODULES) == []


A = 'import { b } from "./b.js";\n\nexport const a = b;\n'
B = "export const b = 1;\n"


@pytest.mark.parametrize(
    ("modules", "fault"),
    [
        ({"a": A, "b": B}, None),
        ({"a": A, "b": "const b = 1;\n"}, "b is not given by b"),
        ({"a": A}, "b is not given by b"),
        ({"a": A, "b": B, "c": "const a = 2;\n"}, "a is declared in"),
        ({"a": A, "b": B + "class a {}\n"}, "a is declared in"),
        ({"a": A, "b": B + "const [c, a] = [1, 2];\n"}, "a is declared in"),
        ({"a": A, "b": 'import { a } from "./a.js";\n' + B + "export const c = a;\n"}, "a circle"),
        ({"a": A.replace("= b", "= 2"), "b": B}, "b is not used"),
        ({"a": 'import b from "./b.js";\n', "b": B}, "another form"),
        ({"a": 'import * as b from "./b.js";\n', "b": B}, "another form"),
        ({"a": 'const b = await import("./b.js");\n'}, "another form"),
        ({"a": "const a = 1;\nexport { a };\n"}, "an export of another form"),
        ({"a": "export default 1;\n"}, "an export of another form"),
        ({"widget": "export default 1;\n"}, None),
        ({"a": "const a = `\n/** x */\n`;\n"}, "documentation within a text"),
    ],
)
def test_what_cannot_be_joined_is_told(modules: dict[str, str], fault: str | None) -> None:
    found = faults(modules)
    if fault is None:
        assert found == []
    else:
        assert any(fault in one for one in found), found


def needless(modules: dict[str, str], users: list[str]) -> set[str]:
    """What modules export and nobody imports: none of them, and no text of `users`."""
    given = {
        (module, name)
        for module, source in modules.items()
        for name, exported in declared(source).items()
        if exported
    }
    pattern = re.compile(r'import\s*\{([^}]*)\}\s*from\s*"[./\w-]*?([\w-]+)\.js"')
    taken = {
        (module, name.split(" as ")[0].strip())
        for text in [*modules.values(), *users]
        for names, module in pattern.findall(text)
        for name in names.split(",")
    }
    return {f"{module}: {name}" for module, name in given - taken}


def test_what_a_module_exports_is_imported() -> None:
    users = [path.read_text(encoding="utf-8") for path in JS_TESTS.glob("*.js")]
    assert not needless(MODULES, users)
    modules = {
        "a": "export const one = 1;\nexport const two = 2;\n",
        "b": 'import { one } from "./a.js";\n',
    }
    assert needless(modules, []) == {"a: two"}
    assert not needless(modules, ['import {\n  two,\n} from "../../twlab/widgets/js/a.js";'])


def unused_classes(styles: str, code: str) -> set[str]:
    """Classes of style sheets that no code names, whole or with an end put in (``twx-${name}``)."""
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", styles, flags=re.DOTALL)
    classes = set(re.findall(r"\.([A-Za-z_][\w-]*)", rules))
    words = set(re.findall(r"[\w-]+", code))
    ends = {start for start in re.findall(r"([\w-]+-)\$\{", code)}
    return {
        name
        for name in classes - words
        if not any(name.startswith(start) and name.removeprefix(start) in words for start in ends)
    }


def test_every_class_of_the_style_sheets_is_worn() -> None:
    styles = "\n".join(path.read_text(encoding="utf-8") for path in (ASSETS / "css").glob("*.css"))
    code = "\n".join([*MODULES.values(), *(p.read_text("utf-8") for p in ASSETS.glob("*.py"))])
    assert not unused_classes(styles, code)
    sheet = ".a { color: #fff.5; }\n@media x { .b-map, .b-x:hover { top: .5px } }\n.c {}"
    assert unused_classes(sheet, '"a", `b-${name}`, "map"') == {"b-x", "c"}


@pytest.mark.parametrize("entry", ENTRIES)
def test_all_that_is_declared_is_in_the_joined_module(entry: str) -> None:
    """In an order in which everything is declared before a module that imports it."""
    text = module_source(entry)  # type: ignore[arg-type]
    assert "import" not in re.findall(r"^\w+", text, re.MULTILINE)
    others = {"widget": "file", "file": "widget"}
    names = [n for m, source in MODULES.items() if m != others[entry] for n in declared(source)]
    assert sorted(declared(text)) == sorted(names)
    places = {
        name: re.search(rf"^(?:async )?\w+\*? {name}\b", text, re.MULTILINE) for name in names
    }
    for module, source in MODULES.items():
        own = [places[name].start() for name in declared(source) if places.get(name)]
        for wanted, _ in NAMED_IMPORT.findall(source):
            for name in filter(None, map(str.strip, wanted.split(","))):
                assert not own or places[name].start() < min(own), f"{name} comes after {module}"


@pytest.mark.parametrize("entry", ENTRIES)
def test_documentation_stays_behind_and_nothing_else(entry: str) -> None:
    text = module_source(entry)  # type: ignore[arg-type]
    assert "@param" not in text
    assert "@typedef" not in text
    others = {"widget": "file", "file": "widget"}
    parts = [NAMED_IMPORT.sub("", source) for m, source in MODULES.items() if m != others[entry]]
    written = re.sub(r"^export (?!default)", "", "".join(parts), flags=re.MULTILINE)
    assert sorted(lines_of_code(text)) == sorted(lines_of_code(written))


def lines_of_code(source: str) -> list[str]:
    return [line for line in COMMENT.sub("", source).splitlines() if line.strip()]
