"""The shape of the package: levels, public names, lazy imports, sizes."""

from __future__ import annotations

import ast
import graphlib
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import palette
import pytest

import twlab as tw
from twlab import plot, public

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "twlab"
FILES = sorted(PACKAGE.rglob("*.py"))
STUBS = sorted(PACKAGE.rglob("*.pyi"))

# A room imports from levels below its own, never from another room of its level.
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"wording", "errors", "checks", "deprecation", "timecodes", "intervals", "endings"})
    | frozenset({"paths", "memory", "progress", "looks", "hosts"}),
    frozenset({"table"}),
    frozenset({"analysis", "loading", "media"}),
    frozenset({"handover"}),
    frozenset({"figures", "display", "widgets", "service", "archive"}),
    frozenset({"public", "plot", "executors", "distributed"}),
    frozenset({"cli", "__init__", "__main__"}),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
GROUND, FRONTS = 0, len(LEVELS) - 2
"""Files and not rooms; among themselves they may import one another, in no circle."""

LONGEST_FUNCTION = 40
DEEPEST_NESTING = 3
LONGEST_TEST = 60
"""Lines of a function in the tests."""
MOST_POSITIONAL = 2
MORE_POSITIONAL = {
    "tw.intervals.crop": 3,  # a stretch of time is one thing in two numbers
    "tw.distributed.write_nearest": 3,  # what two tables give, and where it goes
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def imported_modules(module: ast.Module) -> set[str]:
    """Modules of twlab that a module names: in imports anywhere, and as text."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return (found & MODULES.keys()) - {"twlab"}


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
    for part in ("plot", "intervals", "distributed"):
        module = importlib.import_module(f"twlab.{part}")
        found += [(f"tw.{part}.{name}", getattr(module, name)) for name in module.__all__]
    return [(name, value) for name, value in found if inspect.isfunction(value)]


FUNCTIONS = public_functions()
FUNCTION_IDS = [name for name, _ in FUNCTIONS]
FILE_IDS = [str(path.relative_to(PACKAGE)) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_a_room_imports_only_what_lies_below(path: Path) -> None:
    room = room_of(path)
    assert room in LEVEL, f"{room} has no level; give it one in LEVELS"
    rooms = {name.split(".")[1] for name in imported_modules(tree(path))} - {room}
    beside_is_fine = LEVEL[room] in (GROUND, FRONTS, len(LEVELS) - 1)
    wrong = {r for r in rooms if LEVEL[r] > LEVEL[room] - (not beside_is_fine)}
    assert not wrong, f"{path.name} on level {LEVEL[room]} imports {wrong}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "analysis").glob("*/*.py")), ids=str)
def test_families_of_analysis_meet_in_neighbors_only(path: Path) -> None:
    names = {tuple(name.split(".")[1:3]) for name in imported_modules(tree(path))}
    others = {name[1] for name in names if name[0] == "analysis" and len(name) == 2}
    # Two models are compared by what other families find in each; the words of a probe are
    # recognised and embedded as those of a search.
    beside = {"models": {"judging", "scenes"}, "labelling": {"judging"}}
    assert others <= {path.parent.name, "neighbors"} | beside.get(path.parent.name, set())


def test_no_modules_import_each_other_in_a_circle() -> None:
    below = {name: imported_modules(tree(path)) for name, path in MODULES.items()}
    sorter = graphlib.TopologicalSorter(below)
    sorter.prepare()  # raises CycleError, which names the circle


INSIDES = {
    one.name: f"{node.module}.{one.name}"
    for node in tree(ROOT / "tests" / "insides.py").body
    if isinstance(node, ast.ImportFrom)
    for one in node.names
}


def taken_names(source: ast.Module) -> set[tuple[str, str]]:
    """Each name of a module of twlab that a file takes, imported or by a dot, with its giver."""
    nodes = list(ast.walk(source))
    called, found = {}, set()  # what modules are called in this file
    for node in nodes:
        if isinstance(node, ast.Import):
            called |= {one.asname or one.name: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                full = f"{node.module}.{one.name}"
                full = INSIDES[one.name] if node.module == "insides" else full
                called |= {one.asname or one.name: full} if full in MODULES else {}
                found |= {(str(node.module), one.name)} if full not in MODULES else set()
    for node in nodes:
        giver = called.get(ast.unparse(node.value)) if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and giver and f"{giver}.{node.attr}" not in MODULES:
            found.add((giver, node.attr))
    return {(giver, name) for giver, name in found if giver in MODULES and name[:2] != "__"}


def exported(module: str) -> list[str]:
    return list(getattr(importlib.import_module(module), "__all__", ()))


@pytest.mark.parametrize("path", [*FILES, *STUBS], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_takes_what_its_giver_does_not_export(path: Path) -> None:
    taken = taken_names(tree(path))
    assert not {f"{giver}.{name}" for giver, name in taken if name not in exported(giver)}


def test_what_is_exported_is_public_or_taken() -> None:
    """By another module, or by a test: the rest is a module's own."""
    files = [*FILES, *STUBS, *(ROOT / "tests").rglob("*.py")]
    taken = set().union(*(taken_names(tree(path)) for path in files))
    for name, wire in public.WIRES.items():
        taken |= {(f"twlab.{home}", name) for home in (wire.home, wire.pieces) if home}
    fronts = {"twlab", *(f"twlab.{part}" for part in ("errors", "intervals", *LEVELS[FRONTS]))}
    others = {(module, name) for module in MODULES.keys() - fronts for name in exported(module)}
    assert not others - taken


def test_taken_names_are_seen() -> None:
    source = """
import twlab as tw
import twlab.errors as wrong
from twlab.table import segments, align_rows

def inner():
    from twlab.looks import faint as pale
    tw.load(tw.__version__)
    return segments.vectors.shape, wrong.InputError
"""
    assert taken_names(ast.parse(source)) == {
        ("twlab", "load"),
        ("twlab.errors", "InputError"),
        ("twlab.table", "align_rows"),
        ("twlab.looks", "faint"),
        ("twlab.table.segments", "vectors"),
    }


def test_every_wire_leads_to_a_room() -> None:
    for name, wire in public.WIRES.items():
        homes = [wire.home, *([wire.pieces] if wire.pieces else [])]
        for home in homes:
            assert name in importlib.import_module(f"twlab.{home}").__all__, (name, home)


def test_http_knows_no_pandas() -> None:
    for path in [
        *(PACKAGE / "service/http").glob("*.py"),
        *(PACKAGE / "service/jobs").glob("*.py"),
    ]:
        assert "pandas" not in path.read_text(encoding="utf-8"), path


def test_one_file_knows_the_http_library() -> None:
    importers = set()
    for path in FILES:
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            if {name.split(".")[0] for name in names} & {"httpx", "httpcore", "requests"}:
                importers.add(path.relative_to(PACKAGE).as_posix())
    assert importers == {"service/http/transport.py"}


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_functions_are_small(path: Path) -> None:
    module = tree(path)
    for function in functions(module):
        assert length(function) <= LONGEST_FUNCTION, f"{function.name}: {length(function)} lines"
        assert nesting(function) <= DEEPEST_NESTING, f"{function.name}: {nesting(function)} deep"


IRREGULAR = (
    "begun bound bought broken brought built caught chosen dealt done drawn driven fallen found "
    "frozen given gone gotten grown heard held hidden kept known laid led left lost made meant met "
    "paid said seen sent shown sold sought spent spoken stood stored struck taken taught thought "
    "thrown told torn understood won worn written"
)
"""Participles that do not end in ``ed``; of those that are the verb itself (cut, put, read) none
can be told from it."""
NO_PARTICIPLES = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "speed"})
SMALL_WORDS = "again at before by for from in into of on once one to with"
"""After a participle there is nothing in these that it could describe."""
ACTING = (
    "as check choose count cut explain find has insert is keep mark may note open pop raise read "
    "record refuse stop tell warn"
)
"""First words of names that may end in a participle: what is acted on, or what is asked."""


def is_participle(word: str) -> bool:
    return word in IRREGULAR.split() or (word.endswith("ed") and word not in NO_PARTICIPLES)


def tells_what_was_done(name: str) -> bool:
    """Whether a name is a participle, where a verb says what a function does.

    ``stored_block`` names what comes back and ``refuse_changed`` what is done to what; of
    ``stored``, ``stored_in`` and ``rows_stored`` none says either.
    """
    words = [word for word in name.split("_") if word]
    if not words or name.startswith("__"):
        return False
    if is_participle(words[0]):
        return len(words) == 1 or words[1] in SMALL_WORDS.split()
    return is_participle(words[-1]) and words[0] not in ACTING.split()


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(one).endswith("property") for one in function.decorator_list)


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_functions_are_not_named_by_participles(path: Path) -> None:
    plain = [one.name for one in functions(tree(path)) if not is_property(one)]
    assert not [name for name in plain if tells_what_was_done(name)]


def test_participles_are_seen() -> None:
    wrong = ("_told", "aligned", "_index_named", "connected_to", "parts_reported", "_asked_once")
    assert all(map(tells_what_was_done, wrong))
    right = ("tell", "embed", "_cut", "stored_block", "_refuse_changed", "is_lost", "__init__")
    assert not any(map(tells_what_was_done, right))


def names_of(module: ast.Module) -> set[str]:
    """What a module makes on its top level without an underscore: functions, classes, values.

    The variables of types are the same everywhere, and mean nothing outside of a signature.
    """
    found = set()
    for node in [
        *module.body,
        *(n for one in module.body if isinstance(one, ast.If) for n in one.body),
    ]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            value = ast.unparse(node.value) if node.value else ""
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            made = {
                one.id
                for target in targets
                for one in ast.walk(target)
                if isinstance(one, ast.Name)
            }
            found |= set() if value.startswith(("TypeVar(", "ParamSpec(")) else made
    return {name for name in found if not name.startswith("_")}


def is_alike_by_intent(name: str, homes: set[str]) -> bool:
    """Whether a name stands for one thing in all of these modules.

    A front names what its room has, an analysis in pieces is called as the one on tables is, and
    the figure of a result as the result.
    """
    rooms = {home for home in homes if f"{home}.".split(".")[1] not in LEVELS[FRONTS]}
    if name in plot.__all__:
        rooms -= {home for home in rooms if home.startswith("twlab.figures.")}
    wire = public.WIRES.get(name)
    wired = {f"twlab.{home}" for home in (wire.home, wire.pieces) if home} if wire else set()
    return len(rooms) < 2 or rooms <= wired


def homonyms(modules: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Names that mean different things in different modules, with these modules."""
    homes: dict[str, set[str]] = {}
    for home, module in modules.items():
        for name in names_of(module):
            homes.setdefault(name, set()).add(home)
    return {name: at for name, at in homes.items() if not is_alike_by_intent(name, at)}


def test_a_name_means_one_thing() -> None:
    found = homonyms({name: tree(path) for name, path in MODULES.items()})
    assert not sorted(found), found


def test_a_stem_is_used_once() -> None:
    stems = [path.stem for path in FILES if not path.stem.startswith("__")]
    assert len(set(stems)) == len(stems), sorted(stem for stem in stems if stems.count(stem) > 1)


def test_homonyms_are_seen() -> None:
    texts = {
        "twlab.table.one": "def rows(): ...\nMOST = 3\nT = TypeVar('T')\ndef _own(): ...",
        "twlab.media.two": "class rows: ...\nMOST, LEAST = 3, 4\nT = TypeVar('T')\ndef _own(): ...",
        "twlab.analysis.scenes.segmentation": "def scenes(): ...\ndef novelty(): ...",
        "twlab.archive.in_pieces.per_video": "def scenes(): ...",
        "twlab.archive.store.parts": "def novelty(): ...",
        "twlab.figures.novelty": "def novelty(): ...",
        "twlab.plot": "novelty = 1",
    }
    found = homonyms({name: ast.parse(text) for name, text in texts.items()})
    assert found.keys() == {"rows", "MOST", "novelty"}
    del texts["twlab.archive.store.parts"]
    found = homonyms({name: ast.parse(text) for name, text in texts.items()})
    assert found.keys() == {"rows", "MOST"}


def test_functions_of_tests_are_not_long() -> None:
    sizes = {
        f"{path.name}: {function.name}": length(function)
        for path in (ROOT / "tests").rglob("*.py")
        for function in functions(tree(path))
    }
    assert not {name: size for name, size in sizes.items() if size > LONGEST_TEST}


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_nothing_is_swallowed(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException"), node.lineno


MOST_LOOKS_INSIDE = 49
"""Imports of what no front exports in the tests; may only become fewer.

All but a few are in ``tests/insides.py``: modules of which a test sets a constant or watches a
step.
"""


def looks_inside(module: ast.Module) -> set[str]:
    """What a test imports of modules inside a room, past its front and the public names.

    A package is the front of its room, a file of the ground level is its own.
    """
    fronts = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    fronts |= {f"twlab.{room}" for room in LEVELS[GROUND] | LEVELS[FRONTS]}
    found = {
        f"{node.module}.{one.name}"
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "twlab"
        for one in node.names
        if node.module not in fronts or f"{node.module}.{one.name}" in MODULES.keys() - fronts
    }
    plain = [node for node in ast.walk(module) if isinstance(node, ast.Import)]
    named = {one.name for node in plain for one in node.names}
    return found | {name for name in named if name in MODULES.keys() - fronts}


def test_tests_reach_public_names_and_fronts() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if "benchmarks" not in path.parts]
    inside = {str(path.name): looks_inside(tree(path)) for path in files}
    n_looks = sum(map(len, inside.values()))
    worst = sorted(inside.items(), key=lambda item: -len(item[1]))[:5]
    assert n_looks <= MOST_LOOKS_INSIDE, worst


def test_looks_inside_are_seen() -> None:
    inside = (
        "from twlab.table.rows import align_rows\nfrom twlab.cli import demo\nimport twlab.paths"
    )
    assert looks_inside(ast.parse(inside)) == {"twlab.table.rows.align_rows", "twlab.cli.demo"}
    front = "import twlab as tw\nfrom twlab.table import align_rows\nfrom twlab import errors"
    assert not looks_inside(ast.parse(front))


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


def test_importing_twlab_loads_the_door_and_no_more() -> None:
    code = "import sys, twlab; print(*sorted(n for n in sys.modules if n.startswith('twlab')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    door = {"twlab", "twlab.public", "twlab.archive", "twlab.archive.sources"}
    assert set(ran.stdout.split()) == door | {"twlab.errors", "twlab.wording"}


def test_every_public_name_is_there() -> None:
    for name in tw.__all__:
        assert getattr(tw, name) is not None
    assert dir(tw) == tw.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tw.nothing  # noqa: B018 - looking it up is the test


def listed_names() -> set[str]:
    """The names in the tables of the documentation's reference."""
    lines = (ROOT / "docs" / "reference" / "index.rst").read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if re.fullmatch(r"   [\w.]+", line)}


def test_the_reference_lists_every_public_name_and_no_other() -> None:
    expected = set(tw.__all__)
    for part in ("plot", "intervals", "executors", "distributed", "errors"):
        names = importlib.import_module(f"twlab.{part}").__all__
        expected |= {name if name in tw.__all__ else f"{part}.{name}" for name in names}
    # Pictures and pieces have names of their own beside those of analyses.
    for part in ("plot", "distributed"):
        names = importlib.import_module(f"twlab.{part}").__all__
        expected |= {f"{part}.{name}" for name in names}
    assert listed_names() == expected


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
    unseen = [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    assert not [p for p in unseen if not str(p.annotation).startswith("Unpack[")], name


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_every_public_function_is_typed(name: str, function: Any) -> None:
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty, name
    assert all(p.annotation is not p.empty for p in signature.parameters.values()), name


def test_the_explorer_has_the_colours_of_the_figures() -> None:
    assert palette.FILE.read_text(encoding="utf-8") == palette.source(), "run tests/palette.py"


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_what_docstrings_point_to_is_there(path: Path) -> None:
    """Functions and classes by their short names are of the file, parts of a room are its files."""
    text, module = path.read_text(encoding="utf-8"), tree(path)
    known = {alias.asname or alias.name for node in ast.walk(module)
             if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip
    known |= {str(getattr(node, "name", "")) for node in ast.walk(module)}
    known |= {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    for name in re.findall(r":(?:func|class|data):`~?([\w.]+)`", text):
        thing, _, rest = name.partition(".")
        assert thing in known or (rest and thing in ("twlab", "pandas")), name
        if thing == "twlab":
            home, _, last = name.rpartition(".")
            assert hasattr(importlib.import_module(home), last), name
    if path.name == "__init__.py":
        for listed in re.findall(r"^\* (``\w+``(?:, ``\w+``)*)", text, re.MULTILINE):
            for part in re.findall(r"\w+", listed):
                assert module_of(path) + "." + part in MODULES, part


def public_callables() -> dict[str, Any]:
    """All that users call or read: functions, classes, their methods and properties, by name.

    Of errors those that ``twlab`` itself names: the others are one per status, and raised only.
    """
    found: dict[str, Any] = {}
    for name in tw.__all__:
        value = getattr(tw, name)
        inner = value.__all__ if inspect.ismodule(value) else []
        found |= {f"twlab.{name}": value} if not inspect.ismodule(value) else {}
        for one in inner:
            thing = getattr(value, one)
            if not (inspect.isclass(thing) and issubclass(thing, BaseException)):
                found[f"twlab.{name}.{one}"] = thing
    for name, value in list(found.items()):
        if inspect.isclass(value) and not issubclass(value, BaseException):
            found |= {f"{name}.{one}": as_function(value, one) for one in methods_of(value)}
    return found


def as_function(cls: type, name: str) -> Any:
    """A method, or what gives the value of a property."""
    found = inspect.getattr_static(cls, name)
    return found.fget if isinstance(found, property) else getattr(cls, name)


def methods_of(cls: type) -> list[str]:
    """Public methods and properties that twlab wrote, inherited ones too."""
    names = [name for name in dir(cls) if not name.startswith("_")]
    homes = {name: next(c for c in cls.__mro__ if name in vars(c)).__module__ for name in names}
    ours = [name for name in names if homes[name].startswith("twlab")]
    kinds = (FunctionType, property)
    return [name for name in ours if isinstance(inspect.getattr_static(cls, name), kinds)]


CALLABLES = public_callables()
HEADS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "See Also", "Notes", "Examples")


def sections(thing: Any) -> dict[str, str]:
    """The sections of a numpydoc docstring by their heads."""
    parts = re.split(
        rf"^({'|'.join(HEADS)}|References)\n-+\n", inspect.getdoc(thing) or "", flags=re.M
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section: str) -> set[str]:
    """What a section explains: the words before the colon of its outer lines."""
    lines = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return {name.strip("* ") for line in lines for name in line.partition(" : ")[0].split(",")}


def called_by(function: Any, target: ast.expr) -> Any:
    """What a call by name, of a module or of ``self`` in a function calls, if that is known."""
    names = function.__globals__
    if isinstance(target, ast.Name):
        return names.get(target.id)
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        own = function.__qualname__.partition(".")[0]
        return getattr(
            names.get(own if target.value.id == "self" else target.value.id), target.attr, None
        )
    return None


def leads_to_raise(function: Any, seen: set[Any] | None = None) -> bool:
    """Whether a function, or one of twlab's that it calls by name, raises."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(function)
    if function in seen or not inspect.isfunction(function):
        return False
    seen.add(function)
    body = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function))).body[0]
    for node in ast.walk(body):
        if isinstance(node, ast.Raise) and node.exc is not None:
            return True
        called = called_by(function, node.func) if isinstance(node, ast.Call) else None
        home = getattr(called, "__module__", None) or ""
        if home.startswith("twlab") and leads_to_raise(called, seen):
            return True
    return False


@pytest.mark.parametrize("name", CALLABLES)
def test_a_docstring_explains_arguments_and_results(name: str) -> None:
    thing, found = CALLABLES[name], sections(CALLABLES[name])
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return
    given = set(inspect.signature(thing).parameters) - {"self"}
    explained = entries(found.get("Parameters", "")) | entries(found.get("Attributes", ""))
    assert given <= explained, f"not explained: {given - explained}"
    if not inspect.isclass(thing):
        assert entries(found.get("Parameters", "")) <= given
        gives = inspect.signature(thing).return_annotation not in ("None", None)
        assert gives == bool({"Returns", "Yields"} & found.keys())


@pytest.mark.parametrize("name", CALLABLES)
def test_a_docstring_says_what_is_raised(name: str) -> None:
    thing = CALLABLES[name]
    if leads_to_raise(thing):
        assert "Raises" in sections(thing)


@pytest.mark.parametrize("name", CALLABLES)
def test_a_docstring_leads_on_and_shows_an_example(name: str) -> None:
    found = sections(CALLABLES[name])
    for other in entries(found["See Also"]):
        thing: Any = tw
        for part in other.removeprefix("twlab.").split("."):
            thing = getattr(thing, part)
        assert other.startswith("twlab."), other
    example = found["Examples"]
    assert ">>>" in example
    if example.count(">>>") == example.count("# doctest: +SKIP"):
        assert not example.startswith(">>>"), "say first why it is not run"


def is_number(value: ast.expr | None) -> bool:
    """Whether a value is a number, or is made of some."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool)
    if isinstance(value, ast.Dict):
        return any(map(is_number, value.values))
    if isinstance(value, ast.Tuple | ast.List | ast.Set | ast.BinOp | ast.UnaryOp):
        parts = [one for one in ast.iter_child_nodes(value) if isinstance(one, ast.expr)]
        return any(map(is_number, parts))
    return isinstance(value, ast.Call) and any(map(is_number, value.args))


def constants_of(node: ast.stmt) -> list[str]:
    """The constants that a statement names, several in a row too."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    flat = [one for target in targets for one in getattr(target, "elts", [target])]
    names = [one.id for one in flat if isinstance(one, ast.Name)]
    return [name for name in names if re.fullmatch(r"_?[A-Z][A-Z\d_]+", name)]


def bare_numbers(text: str) -> set[str]:
    """Constants of a module that are numbers, with no word on them above, beside or below."""
    lines, body, found = text.splitlines(), ast.parse(text).body, set[str]()
    for node, after in zip(body, [*body[1:], None], strict=True):
        names = constants_of(node)
        if not names or not is_number(getattr(node, "value", None)):
            continue
        below = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        beside = any("  # " in line for line in lines[node.lineno - 1 : node.end_lineno])
        if not (below or beside or lines[node.lineno - 2].startswith("# ")):
            found |= set(names)
    return found


@pytest.mark.parametrize("path", FILES, ids=FILE_IDS)
def test_a_constant_has_its_reason_beside_it(path: Path) -> None:
    assert not bare_numbers(path.read_text(encoding="utf-8"))


def test_bare_numbers_are_seen() -> None:
    assert bare_numbers("EF, GH = 1, 2") == {"EF", "GH"}
    assert bare_numbers("A = 1\nB_SEC: float = -0.5\n_TIMES = (1 << 4, 2)\nC = Clips(2, 3)") == {
        *("B_SEC", "_TIMES"),
    }
    told = '# why\nAB = 1\n\n_CD = 2  # why\nEF = 3\n"""Why."""\nGH = "text"\n'
    assert not bare_numbers(told)
