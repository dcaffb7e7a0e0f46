"""The wheel, installed far from the checkout with nothing but the core dependencies."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASSETS = "Scripts" if os.name == "nt" else "bin"

pytestmark = [pytest.mark.slow, pytest.mark.once]


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """One command that does not see the checkout."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=clean, timeout=600, check=False
    )


def tracked(folder: str = ".") -> set[str]:
    """What git knows of a folder; nothing where the tree is an unpacked source distribution."""
    if not (ROOT / ".git").exists():
        return set()
    return set(run("git", "ls-files", folder, cwd=ROOT).stdout.splitlines())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    answer = run(
        sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT), cwd=folder
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=True)
    interpreter = folder / ASSETS / "python"
    answer = run(str(interpreter), "-m", "pip", "install", "--quiet", str(wheel), cwd=folder)
    assert answer.returncode == 0, answer.stderr
    return interpreter


def test_the_wheel_holds_code_data_and_notebooks_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    on_disk = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "twlab").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    code = tracked("twlab") or on_disk
    assert "twlab/py.typed" in code
    assert code <= names
    for folder, inside in (("data/sample", "sample_data"), ("notebooks", "notebooks")):
        files = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        assert {f"twlab/{inside}/{name}" for name in files} <= names
    rest = [name for name in names if not name.startswith(("twlab/", "twlab-"))]
    assert not rest
    assert not [name for name in names if "__pycache__" in name or "ipynb_checkpoint" in name]


def test_the_sample_is_there(python: Path, tmp_path: Path) -> None:
    code = (
        "import twlab as tw; print(tw.__file__); film = tw.sample(); print(len(film)); "
        "print(tw.vectors(film).shape[1], tw.sample_video().stat().st_size > 1e6)"
    )
    answer = run(str(python), "-W", "error", "-c", code, cwd=tmp_path)
    place, n_rows, rest = answer.stdout.splitlines()
    assert str(python.parent.parent) in place
    assert (n_rows, rest) == ("101", "1280 True")


def test_demo_works(python: Path, tmp_path: Path) -> None:
    answer = run(str(python.parent / "twlab"), "demo", "--no-open", cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert Path(answer.stdout.strip()) == (tmp_path / "twlab-demo.html").resolve()
    assert (tmp_path / "twlab-demo.html").stat().st_size > 1e6


def test_a_missing_extra_is_named_with_its_pip_line(python: Path, tmp_path: Path) -> None:
    code = "import twlab as tw; tw.project(tw.sample(), method='umap')"
    answer = run(str(python), "-c", code, cwd=tmp_path)
    last = answer.stderr.strip().splitlines()[-1]
    assert last.startswith("twlab.errors.MissingExtraError: 'umap' is not installed")
    assert "pip install 'twlab[umap]'" in last

    answer = run(str(python.parent / "twlab"), "lab", cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("twlab: 'jupyterlab' is not installed")
    assert "pip install 'twlab[notebook]'" in answer.stderr


def test_the_sdist_holds_all_that_git_knows_and_nothing_else(tmp_path: Path) -> None:
    known = tracked()
    if not known:
        pytest.skip("git knows nothing of an unpacked source distribution")
    command = (sys.executable, "-m", "build", "--sdist", "--outdir", str(tmp_path), str(ROOT))
    answer = run(*command, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as packed:
        inside = {name.partition("/")[2] for name in packed.getnames()}
    assert known <= inside, known - inside
    assert inside - known <= {"PKG-INFO"}
