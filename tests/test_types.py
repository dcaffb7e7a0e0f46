"""What editors and type checkers are told of the public names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from stubs import stubs

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
part = tw.cluster(store.where("start_sec < 60"))
chart = tw.plot.heatmap(store, scenes=cuts).update_layout(width=600)
opened: tw.Explorer = tw.explore(segments, video="film.mp4")
client = tw.Client("key")
table: pd.DataFrame = client.embed("film.mp4", clip_sec=6)
hits = tw.search(segments, text="a rabbit", client=client)["score"]
same: pd.DataFrame = tw.near_duplicates(store, threshold=0.9, videos="other")
map_ = tw.project(segments)["x"]
"""
WRONG = {
    "tw.load(3, nonsense=True)": "nonsense",
    'tw.scenes(tw.sample(), methud="x")': "methud",
    'tw.scenes(tw.sample(), method="magic")': "magic|method",
    'tw.Client("key").embed("film.mp4", clip_sec="x")': "clip_sec",
    "tw.scenes(3)": "segments|Argument 1",
    "tw.scenecuts": "scenecuts",
    "tw.cluster(np.eye(3)).value_counts()": "value_counts",
    'tw.plot.heatmap(tw.sample(), theme="pink")': "theme",
}


def test_the_stubs_are_those_of_the_rooms() -> None:
    pytest.importorskip("ruff")  # it gives stubs their form; lanes without it are no loss
    for file, text in stubs().items():
        assert Path(file).read_text(encoding="utf-8") == text, "run python tests/stubs.py"


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
