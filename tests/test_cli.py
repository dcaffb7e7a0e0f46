"""The command line, as real processes."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from insides import command_line

import twlab as tw
from twlab.paths import bundled_folder

ROOT = Path(__file__).parent.parent
TRAILER = str(bundled_folder("sample_data") / "trailer.visual.json")


def twlab(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """One call of the command line."""
    return subprocess.run(
        [sys.executable, "-m", "twlab", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        check=False,
    )


class Links(HTMLParser):
    """Whatever a page loads or leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href")]


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['twlab', '--help']\n"
        "from twlab.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    for command in ("demo", "load", "check", "lab"):
        assert re.search(rf"^ +{command} ", answer.stdout, re.MULTILINE)
    loaded = set(answer.stdout.splitlines()[-1].split())
    assert not loaded & {"numpy", "pandas", "plotly", "sklearn"}


@pytest.mark.parametrize(
    ("command", "what"),
    [("demo", "Write pictures of"), ("search", "Find the segments"), ("jobs", "List every paid")],
)
def test_a_command_says_what_it_does_in_its_own_help(
    command: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command_line.main([command, "--help"])
    assert f"\n{what}" in capsys.readouterr().out


def test_version() -> None:
    assert twlab("--version").stdout == f"twlab {tw.__version__}\n"


@pytest.mark.parametrize("arguments", [("nothing",), ("load",), ("demo", "--colour")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    answer = twlab(*arguments)
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: twlab")


@pytest.mark.parametrize("name", ["film.mp4", "my film.mov", "answer.json"])
def test_a_file_without_a_command_is_to_be_explored(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command_line.main([name])
    told = f"{name!r}" if " " in name else name
    assert capsys.readouterr().err.endswith(f"before it: twlab explore {told}\n")


def test_without_a_command_the_help_is_shown() -> None:
    answer = twlab()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == twlab("--help").stdout


def test_messages_speak_of_flags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several models in a store: the flag is named that is there."""
    monkeypatch.chdir(tmp_path)
    for name in ("one", "other"):
        rows = [{"embedding": [1, n], "start_sec": n, "end_sec": n + 1} for n in range(3)]
        answer = [{**row, "model_name": name, "embedding_option": "visual"} for row in rows]
        Path(f"{name}.json").write_text(json.dumps({"data": answer}))
    Path("query.json").write_text(json.dumps({"data": [{"embedding": [1, 2]}]}))
    assert command_line.main(["ingest", "one.json", "other.json", "--store", "archive"]) == 0
    assert command_line.main(["search", "--store", "archive", "query.json"]) == 1
    told = capsys.readouterr().err
    assert "--where" in told
    assert "where=" not in told


@pytest.mark.once
def test_demo_writes_one_file_that_needs_no_network(tmp_path: Path) -> None:
    answer = twlab("demo", "-o", "film.html", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "Warning" not in answer.stderr  # a bar shows there where it takes long
    path = Path(answer.stdout.strip())
    assert path == (tmp_path / "film.html").resolve()
    page = path.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") >= 4
    has_frames = importlib.util.find_spec("av") is not None
    assert page.count('"source":"data:image') == 30 * has_frames  # five of each of six clusters
    assert page.count("plotly.js v") == 1
    assert "Blender Foundation" in page
    assert "not Marengo" in page
    parser = Links()
    parser.feed(page)
    assert parser.found == ["https://creativecommons.org/licenses/by/3.0/"]


def test_demo_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    answer = twlab("demo", "-o", str(tmp_path / "no" / "film.html"))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "film.html" in answer.stderr


def test_load_counts_what_a_file_holds() -> None:
    answer = twlab("load", TRAILER)
    assert answer.returncode == 0
    head, clips, whole = answer.stdout.splitlines()
    assert head.split()[-3:] == ["n_segments", "seconds", "dim"]
    assert clips.split()[-3:] == ["9", "54.000", "1280"]
    assert whole.split()[-3:] == ["1", "55.125", "1280"]


def test_load_saves_a_table_that_loads_again(tmp_path: Path) -> None:
    answer = twlab("load", TRAILER, "-o", "segments.parquet", cwd=tmp_path)
    assert answer.returncode == 0
    assert "10 segments in segments.parquet" in answer.stderr
    assert tw.load(tmp_path / "segments.parquet").equals(tw.load(TRAILER))


def test_load_several_files_and_a_glob(tmp_path: Path) -> None:
    for name in ("a", "b"):
        answer = json.loads(Path(TRAILER).read_text(encoding="utf-8"))
        answer["video_embedding"]["metadata"]["input_filename"] = f"{name}.mp4"
        (tmp_path / f"{name}.json").write_text(json.dumps(answer), encoding="utf-8")
    listed = twlab("load", "a.json", "b.json", cwd=tmp_path)
    globbed = twlab("load", "*.json", cwd=tmp_path)
    assert listed.returncode == 0
    assert listed.stdout == globbed.stdout
    assert len(listed.stdout.splitlines()) == 1 + 2 * 2


def test_check_says_when_all_is_well() -> None:
    answer = twlab("check", TRAILER)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "nothing wrong\n")


def test_check_lists_every_problem_and_fails(tmp_path: Path) -> None:
    bad = [
        {"embedding": [1.0, None], "start_sec": 0, "end_sec": 6},
        {"embedding": [1.0, 0.0], "start_sec": 12, "end_sec": 6},
    ]
    (tmp_path / "bad.json").write_text(json.dumps(bad), encoding="utf-8")
    answer = twlab("check", TRAILER, "bad.json", cwd=tmp_path)
    assert answer.returncode == 1
    assert "segment 0" in answer.stdout
    assert "segment 1" in answer.stdout
    assert "trailer" not in answer.stdout


@pytest.mark.parametrize("command", ["load", "check"])
def test_a_file_that_is_not_there_is_one_line(command: str) -> None:
    answer = twlab(command, "nothing_here.json")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr + answer.stdout
    assert "nothing_here.json" in (answer.stderr + answer.stdout)


def test_load_refuses_what_holds_no_embeddings(tmp_path: Path) -> None:
    (tmp_path / "error.json").write_text('{"code": "api_key_invalid", "message": "no"}')
    answer = twlab("load", "error.json", cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("twlab: error.json")
    assert answer.stderr.count("\n") == 1


def test_a_warning_is_one_line(tmp_path: Path) -> None:
    good = json.loads(Path(TRAILER).read_text(encoding="utf-8"))
    good["video_embedding"]["segments"][0]["float"] = [0.0] * 1280
    (tmp_path / "zero.json").write_text(json.dumps(good), encoding="utf-8")
    answer = twlab("load", "zero.json", cwd=tmp_path)
    assert answer.returncode == 0
    assert all(line.startswith("twlab: ") for line in answer.stderr.splitlines())


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m twlab load {TRAILER} {TRAILER} | head -c 1"
    answer = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert answer.stderr == ""


def test_lab_copies_the_notebooks_and_leaves_what_is_there(tmp_path: Path) -> None:
    names = [path.name for path in sorted(bundled_folder("notebooks").glob("*.ipynb"))]
    folder = command_line._copy_notebooks(tmp_path / "mine")
    assert sorted(path.name for path in folder.iterdir()) == names
    (folder / names[0]).write_text("changed")
    command_line._copy_notebooks(folder)
    assert (folder / names[0]).read_text() == "changed"


@pytest.mark.notebook
def test_lab_starts_a_server_on_the_notebooks(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "twlab", "lab", "--", "--no-browser", "--allow-root", "--port=0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        seen = next((line for line in lines if "Serving notebooks from" in line), "")
        assert str(tmp_path / "twlab-notebooks") in seen
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End the command and the server it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.once
class TestExplore:
    """``twlab explore``: films of one's own, and answers with their films."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        pytest.importorskip("onnxruntime")
        shutil.copyfile(tw.sample_video("trailer"), tmp_path / "mine.mp4")
        return tmp_path

    def explore(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return twlab("explore", *words, "--folder", str(folder / "kept"), cwd=folder)

    def test_a_film(self, folder: Path) -> None:
        told = self.explore(folder, "mine.mp4")
        path = folder / "twlab-explore.html"
        assert told.stdout.strip() == str(path.resolve())
        assert "these are not Marengo vectors" in told.stderr
        assert "--option" in told.stderr
        assert "option=" not in told.stderr
        assert '"mine"' in path.read_text(encoding="utf-8")
        assert path.stat().st_size > (folder / "mine.mp4").stat().st_size

    def test_a_folder_of_films(self, folder: Path) -> None:
        (folder / "films").mkdir()
        for name in ("a.mp4", "b.mp4"):
            shutil.copyfile(folder / "mine.mp4", folder / "films" / name)
        (folder / "films" / "notes.txt").write_text("not a film")
        (folder / "films" / "empty.mp4").touch()
        told = self.explore(folder, "films", "--clip-sec", "4")
        assert told.returncode == 0
        assert told.stderr.count("'empty.mp4'") == 1
        assert "left out: 'empty.mp4' cannot be read as a film" in told.stderr
        page = (folder / "twlab-explore.html").read_text(encoding="utf-8")
        assert '"a"' in page
        assert '"b"' in page

    def test_answers_are_not_encoded_again(self, folder: Path) -> None:
        shutil.copyfile(folder / "mine.mp4", folder / "other.mp4")
        told = self.explore(folder, TRAILER, "mine.mp4")
        assert told.returncode == 0
        assert "not Marengo vectors" not in told.stderr
        assert not (folder / "kept").exists()
        page = folder / "twlab-explore.html"
        assert page.stat().st_size > (folder / "mine.mp4").stat().st_size
        told = self.explore(folder, TRAILER, "trailer_240p.mp4", "other.mp4")
        assert "'other.mp4' is the film of no video of the answers" in told.stderr

    def test_a_film_of_another_length_than_its_answers(self, folder: Path) -> None:
        assert "another cut" not in self.explore(folder, TRAILER, "mine.mp4").stderr
        shutil.copyfile(tw.sample_video(), folder / "longer.mp4")
        told = self.explore(folder, TRAILER, "longer.mp4")
        assert told.returncode == 0
        assert "'longer.mp4' is 9:56 long, and the answers of 'trailer_" in told.stderr
        assert "are of 0:55; they may be of another cut" in told.stderr

    def test_wrong_calls(self, folder: Path) -> None:
        for words, said in (
            (["no.mp4"], "no video file 'no.mp4'"),
            (["mine.mp4", "--clip-sec", "0"], "give --clip-sec 6"),
            (["mine.mp4", "--segmentation", "x"], "segmentation is 'x'"),
        ):
            told = self.explore(folder, *words)
            assert told.returncode == 1
            assert said in told.stderr
