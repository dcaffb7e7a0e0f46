"""What editors and type checkers are told of the public names."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, is_typeddict

import pytest
from stubs import stubs
from test_architecture import CALLABLES

import twlab as tw

ROOT = Path(__file__).parent.parent
HEAD = "import numpy as np\nimport pandas as pd\nimport twlab as tw\n"

RIGHT = """
segments = tw.load("embeddings.json")
store = tw.open("archive")
near: pd.DataFrame = tw.nearest(segments, k=3)
ranks = near["rank"]
rows, similarities = tw.nearest(np.eye(3), k=1)
sizes = tw.cluster(segments).value_counts()
groups = tw.cluster(np.eye(3)).max()
cuts: pd.DataFrame = tw.scenes(store)
again: pd.DataFrame = tw.scenes("archive", n_scenes="fine")
part: tw.Part = store.where("start_sec < 60")
parts = tw.cluster(part)
class Films(tw.distributed.Source):
    def fragments(self) -> list[tw.distributed.Fragment]:
        return []
    def to_table(self) -> pd.DataFrame:
        return tw.sample()
own = tw.scenes(Films())
patient = tw.Client("key", settings=tw.Settings(max_wait_sec=600))
chart = tw.plot.heatmap(store, scenes=cuts).update_layout(width=600)
opened: tw.Explorer = tw.explore(segments, video="film.mp4")
client = tw.Client("key")
table: pd.DataFrame = client.embed("film.mp4", clip_sec=6)
hits = tw.search(segments, text="a rabbit", client=client)["score"]
same: pd.DataFrame = tw.near_duplicates(store, threshold=0.9, videos="other")
map_ = tw.project(segments)["x"]
highest: float = tw.novelty(segments).max()
summary = tw.cluster_summary(segments, groups_ := tw.cluster(segments))
by_hand = tw.cluster_summary(segments, [0, 1, None])
seen = tw.explore(segments, coords=map_.to_frame(), labels=np.arange(3), scenes=[0, 12.5])
named = tw.explore(segments, labels="label", scenes=cuts, similarity=False)
drawn = tw.plot.scatter(segments, color=np.arange(3), size=groups_)
close = tw.search(segments, segments.iloc[[0]], k=3)
closer = tw.search(store, np.ones(512), weights={"visual": 2})
class OwnModel:
    def embed_text(self, text: str, /, *, model_name: str) -> pd.DataFrame:
        return tw.sample()
    def embed_image(self, image: object, /, *, model_name: str) -> pd.DataFrame:
        return tw.sample()
    embed_audio = embed_image
    def embed_query(
        self, text: str | None = None, *, images: object = None, audios: object = None,
        model_name: str, embedding_dimension: int,
    ) -> pd.DataFrame:
        return tw.sample()
owned = tw.search(segments, text="a rabbit", client=OwnModel())
spread = tw.distributed.embed(["a.mp4", "b.mp4"], tw.executors.Local(), clip_sec=6)
notes = client.embed("film.mp4", time_based_metadata=[{"start": 0, "end": 5, "text": "kick-off"}])
pictures = client.embed_query("a <@coat>", images={"coat": "coat.jpg"})
made = tw.from_vectors(np.eye(3), start_sec=[0, 6, 12], end_sec=[6, 12, 18])
held = tw.open("archive", executor=tw.executors.Local())
read: int = held.add(["a.json", "b.json"]) + held.upsert(segments)
def length(text: str) -> int:
    return len(text)
lengths: list[int] = list(tw.executors.Local().map(length, ["a"]))
"""
WRONG = {
    "tw.load(3, nonsense=True)": "nonsense",
    'tw.scenes(tw.sample(), methud="x")': "methud",
    'tw.scenes(tw.sample(), method="magic")': "magic|method",
    'tw.Client("key").embed("film.mp4", clip_sec="x")': "clip_sec",
    "tw.scenes(3)": "segments|Argument 1",
    "tw.scenecuts": "scenecuts",
    "tw.Segments": "Segments",
    "tw.Settings(max_wait=600)": "max_wait",
    "tw.novelty(tw.sample()).max().upper()": "upper",
    "tw.cluster_summary(tw.sample(), 3)": "labels|Argument 2",
    "tw.trustworthiness(tw.sample(), 3)": "coords|Argument 2",
    "tw.explore(tw.sample(), coords=3)": "coords",
    "tw.explore(tw.sample(), labels=3)": "labels",
    'tw.explore(tw.sample(), scenes="scenes")': "scenes",
    "tw.explore(tw.sample(), similarity=True)": "similarity",
    "tw.plot.scatter(tw.sample(), color=3)": "color",
    "tw.search(tw.sample(), 3)": "query|Argument 2",
    'tw.search(tw.sample(), text="a", client="key")': "client",
    "tw.from_vectors(3, start_sec=0, end_sec=1)": "matrix|Argument 1",
    'tw.open("archive", executor=8)': "executor",
    'tw.Client("key", transport=3)': "transport",
    'tw.Client("key").embed(3)': "source|Argument 1",
    'tw.Client("key").embed("a.mp4", time_based_metadata="words")': "time_based_metadata",
    'tw.Client("key").embed_image(3)': "image|Argument 1",
    'tw.distributed.embed("a.mp4", tw.executors.Local(), nonsense=True)': "nonsense",
    'tw.distributed.embed("a.mp4", tw.executors.Local(), clip_sec="x")': "clip_sec",
    "tw.cluster(np.eye(3)).value_counts()": "value_counts",
    'tw.plot.heatmap(tw.sample(), theme="pink")': "theme",
}


def test_the_stubs_are_those_of_the_rooms() -> None:
    pytest.importorskip("ruff")  # it gives stubs their form; lanes without it are no loss
    for file, text in stubs().items():
        assert Path(file).read_text(encoding="utf-8") == text, "run python tests/stubs.py"


@pytest.mark.once
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_right_use_passes_and_wrong_use_does_not(checker: str, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(HEAD + RIGHT, encoding="utf-8")
    wrong.write_text(HEAD + "\n".join(WRONG), encoding="utf-8")
    said = checked(checker, right, wrong)
    assert not [line for line in said if right.name in line], "\n".join(said)
    first = HEAD.count("\n") + 1
    for line, (code, word) in enumerate(WRONG.items(), first):
        found = [one for one in said if f"{wrong.name}:{line}:" in one]
        assert found, f"{checker} lets {code} pass"
        assert any(part in one for part in word.split("|") for one in found), found


PUBLIC = {id(value) for value in CALLABLES.values()} | {id(getattr(tw, n)) for n in tw.__all__}
ANNOTATED = {
    name: thing.__init__ if inspect.isclass(thing) else inspect.unwrap(thing)
    for name, thing in CALLABLES.items()
    if not (inspect.isclass(thing) and issubclass(thing, BaseException))
}


@pytest.mark.parametrize("name", ANNOTATED)
def test_what_a_signature_names_is_public(name: str) -> None:
    function = ANNOTATED[name]
    texts = [text for text in inspect.get_annotations(function).values() if isinstance(text, str)]
    hidden = {one for text in texts for one in unreachable(text, function.__module__)}
    assert not hidden, "make these public, or take their fields as arguments"


def test_workers_take_the_options_of_the_client() -> None:
    keywords = inspect.signature(tw.AsyncClient.embed).parameters.values()
    options = {one.name: one.annotation for one in keywords if one.kind is one.KEYWORD_ONLY}
    names = inspect.get_annotations(tw.distributed.embed)["options"]
    assert names == "Unpack[EmbedOptions]"
    told = inspect.get_annotations(sys.modules[tw.AsyncClient.__module__].EmbedOptions)
    assert {name: spelled(one) for name, one in told.items()} == options


def test_a_hidden_type_is_seen() -> None:
    assert unreachable("Service | None", "twlab.service.indexes") == {
        "twlab.service.http.endpoints.Service"
    }
    assert not unreachable("dict[str, Literal['Service']]", "twlab.service.indexes")
    assert not unreachable("tuple[pd.DataFrame, Matrix]", "twlab.table.segments")


def unreachable(annotation: str, module: str) -> set[str]:
    """Classes of twlab that an annotation names, through aliases too, and that are not public."""
    found = set()
    todo: list[ast.AST] = [ast.parse(annotation, mode="eval").body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            continue
        if isinstance(node, ast.Call):  # a TypeVar
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= unreachable(node.value, module)
        elif isinstance(node, ast.Name | ast.Attribute):
            found |= hidden_behind(ast.unparse(node), module)
        else:
            todo += ast.iter_child_nodes(node)
    return found


def hidden_behind(name: str, module: str) -> set[str]:
    """The same for one name, plain or of a module, as a module knows it."""
    first, _, rest = name.partition(".")
    known = names_of(module).get(first)
    if known is None:
        assert hasattr(builtins, name), f"{name} is nothing in {module}"
        return set()
    home, original = known if not rest else (".".join(filter(None, known)), rest)
    if not home.startswith("twlab"):
        thing: Any = importlib.import_module(home)
        assert hasattr(thing, original), f"{home} has no {original}"
        return set()
    meant = names_of(home).get(original)
    if isinstance(meant, tuple) and meant != (home, original):
        return hidden_behind(original, home)
    value = getattr(importlib.import_module(home), original, None)
    if is_typeddict(value) or is_protocol(value):  # what users give needs not be of this class
        inside = map(spelled, inspect.get_annotations(value).values())
        return {one for text in inside for one in unreachable(text, home)}
    if inspect.isclass(value) and value.__module__ == home:
        return set() if id(value) in PUBLIC else {f"{home}.{original}"}
    return unreachable(aliases_of(home)[original], home)


def spelled(annotation: Any) -> str:
    """An annotation as it is written; a TypedDict wraps its own."""
    return str(getattr(annotation, "__forward_arg__", annotation))


def is_protocol(value: Any) -> bool:
    return inspect.isclass(value) and getattr(value, "_is_protocol", False)


@cache
def names_of(module: str) -> dict[str, tuple[str, str]]:
    """Where each name of a module comes from: the module and what it is called there."""
    tree, found = tree_of(module), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name: (str(node.module), one.name) for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.asname or one.name: (one.name, "") for one in node.names}
    own = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return found | {name: (module, name) for name in [*own, *aliases_of(module)]}


@cache
def aliases_of(module: str) -> dict[str, str]:
    """The names that a module gives, with what it gives them to."""
    return {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def tree_of(module: str) -> ast.Module:
    return ast.parse(Path(str(importlib.import_module(module).__file__)).read_text("utf-8"))


def checked(checker: str, *files: Path) -> list[str]:
    """The lines with errors that a checker prints."""
    if checker == "mypy":
        pytest.importorskip("mypy")
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    else:
        found = ROOT / "tests" / "js" / "node_modules" / ".bin" / "pyright"
        if not found.exists():
            pytest.skip("pyright comes with `make js`")
        command = [str(found), "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return [line for line in done.stdout.splitlines() if "error" in line]
