"""The command line as other programs see it: examples, pipes, exit statuses, completion."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import twlab as tw
from twlab.cli import main
from twlab.paths import bundled_folder

ROOT = Path(__file__).parent.parent
FILM = bundled_folder("sample_data") / "big_buck_bunny.visual.json"
ELSEWHERE = {"completion", "cut", "demo", "diff", "embed", "explore", "fetch", "lab", "serve"}
"""What needs an extra, ffmpeg, a network, a display or long; their examples are parsed only."""


def help_of(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says of itself."""
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def commands_of(told: str) -> list[str]:
    """The commands that the first help lists."""
    return re.findall(r"^    (\w+)(?: {2,}\S|$)", told, re.MULTILINE)


def examples_of(told: str) -> list[str]:
    """The lines of a help after its last heading."""
    _, _, lines = told.rpartition("\nexamples:\n")
    assert lines.endswith("\n")
    assert not re.search(r"^\S", lines, re.MULTILINE)
    return [line.strip() for line in lines.splitlines()]


def words_of(example: str) -> list[list[str]]:
    """The calls of twlab in a line of a shell, without what is piped into them or on."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    calls: list[list[str]] = [[]]
    for word in lexer:
        if word in ("|", "&&", ">"):
            calls.append([])
        else:
            calls[-1].append(word)
    return [call[1:] for call in calls if call[0] == "twlab"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the examples speak of."""
    monkeypatch.chdir(tmp_path)
    answer = json.loads(FILM.read_text(encoding="utf-8"))
    answer["video_embedding"]["metadata"]["input_filename"] = "film.mp4"
    Path("answer.json").write_text(json.dumps(answer), encoding="utf-8")
    Path("answers").mkdir()
    shutil.copyfile("answer.json", "answers/film.json")
    clips = tw.clips(tw.load("answer.json"))
    tw.save(clips[3:4], "query.parquet")
    query = {"data": [{"embedding": clips["embedding"].iloc[3].tolist()}]}
    query["model_name"] = clips["model_name"].iloc[3]
    Path("query.json").write_text(json.dumps(query), encoding="utf-8")
    hits = clips[["video_id", "start_sec", "end_sec"]][:3]
    hits.to_csv("hits.csv", index=False)
    tw.open("archive").add(tw.load("answer.json"))
    return tmp_path


def pipe(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command line read this from standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_every_help_ends_with_examples_that_run(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = help_of(capsys=capsys)
    commands = commands_of(first)
    assert {"load", "search", "optimize", "completion"} <= {*commands}
    shown = {name: examples_of(help_of(name, capsys=capsys)) for name in commands}
    page = (ROOT / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8")
    assert all(f"`twlab {name}" in page or f"\ntwlab {name}" in page for name in commands)
    for name, lines in {"": examples_of(first), **shown}.items():
        assert lines
        assert all(name in line for line in lines)
        for words in (call for line in lines for call in words_of(line)):
            runs = words[0] not in ELSEWHERE and "-" not in words and "a rabbit yawns" not in words
            if runs:
                assert main(words) == 0, (words, capsys.readouterr().err)
            else:
                parses(words, monkeypatch)


@pytest.mark.once
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_stretches_of_one_video_are_cut_out_of_its_film(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = pd.read_csv("hits.csv")[:2].assign(end_sec=lambda t: t["start_sec"] + 0.5)
    other = spans[:1].assign(video_id="other.mp4")
    pd.concat([other, spans]).to_csv("both.csv", index=False)
    call = ["cut", "both.csv", "--film", str(tw.sample_video()), "-o", "cuts"]
    assert main(call) == 1
    assert "name it with --only: 'other.mp4', 'film.mp4'" in capsys.readouterr().err
    assert main([*call, "--only", "film.mp4"]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [folder / path for path in paths] == sorted((folder / "cuts").iterdir())
    wanted = tw.cut(tw.sample_video(), spans, folder="wanted")["path"].tolist()
    assert [(path.name, path.read_bytes()) for path in paths] == [
        (path.name, path.read_bytes()) for path in wanted
    ]
    assert main([*call, "--only", "third.mp4"]) == 1
    assert "'third.mp4'; one of 'other.mp4', 'film.mp4' was" in capsys.readouterr().err


def parses(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are understood; nothing is run."""
    with monkeypatch.context() as patch:
        parse = argparse.ArgumentParser.parse_args

        def chosen(parser: argparse.ArgumentParser, given: list[str]) -> argparse.Namespace:
            found = parse(parser, given)
            found.run = lambda _: 7
            return found

        patch.setattr(argparse.ArgumentParser, "parse_args", chosen)
        assert main(words) == 7


def test_what_is_loaded_passes_through_pipes_whole(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(Path("answer.json").read_bytes(), monkeypatch)
    assert main(["load", "-", "-o", "-"]) == 0
    passed, told = capfdbinary.readouterr()
    assert told == b"101 segments in standard output\n"
    table = tw.load("answer.json").drop(columns="source")
    again = tw.load(io.BytesIO(passed))
    pd.testing.assert_frame_equal(again[[*table]], table, check_dtype=False)
    assert main(["load", "answer.json"]) == 0
    counted = capfdbinary.readouterr().out
    for words in (["load", "-"], ["check", "-"], ["ingest", "-", "--store", "other"]):
        pipe(passed, monkeypatch)
        assert main(words) == 0
    assert counted in capfdbinary.readouterr().out
    assert tw.open("other").count_rows() == 101
    pipe(passed[:-200], monkeypatch)
    assert main(["check", "-"]) == 1
    assert b"stdin" in capfdbinary.readouterr().out


def test_a_query_comes_and_hits_go_through_pipes(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("json", "parquet"):
        pipe(Path(f"query.{kind}").read_bytes(), monkeypatch)
        assert main(["search", "--store", "archive", "-", "-k", "3", "-o", "-"]) == 0
        hits = pd.read_csv(io.StringIO(capfd.readouterr().out))
        store = tw.open("archive")
        wanted = store.search(tw.clips(tw.load("answer.json"))[3:4], k=3)
        assert hits["start_sec"].tolist() == wanted["start_sec"].tolist()
    pipe(hits.to_csv(index=False).encode(), monkeypatch)
    assert main(["export", "-", "-o", "-", "--form", "rttm"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [float(line.split()[3]) for line in lines] == sorted(wanted["start_sec"])


@pytest.mark.parametrize("form", ["webvtt", "otio"])
def test_scenes_go_through_a_pipe_as_into_a_file(
    form: str,
    folder: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if form == "otio":
        pytest.importorskip("opentimelineio")
    shared = ["--form", form, "--fps", "24"]
    assert main(["export", "answer.json", "-o", "twlab", *shared]) == 0
    capfdbinary.readouterr()
    pipe(b"\xef\xbb\xbf\n" + Path("answer.json").read_bytes(), monkeypatch)
    assert main(["export", "-", "-o", "-", *shared]) == 0
    passed = capfdbinary.readouterr().out
    assert passed == Path("twlab").read_bytes()


@pytest.mark.parametrize("words", [["load", "-"], ["export", "-", "-o", "a.vtt"]])
def test_a_closed_input_is_one_line(
    words: list[str],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it after <&-
    assert main(words) == 1
    assert capsys.readouterr().err == (
        "twlab: standard input is closed; something to read was expected from it; pipe something "
        "into the command, or name a file\n"
    )


def test_a_closed_output_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["export", "hits.csv", "-o", "closed.vtt"]) == 1
    assert not Path("closed.vtt").exists()
    assert "twlab: standard output is closed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["load", "-", "-"], "'-' is named 2 times, and standard input can be read once"),
        (["export", "answer.json", "-o", "-"], "such as --form webvtt"),
        (["cut", "hits.csv", "--film", "film.mp4", "-o", "-"], "a pipe takes no folder of films"),
        (["load", "-"], "stdin"),
        (["load", "archive"], "archive: is the folder of a store; one of answers was expected"),
        (["load", "archive/segments.lance"], "archive: is the folder of a store; one of answers"),
        (["explore", "archive"], "see twlab videos --store and twlab search --store"),
        (["optimize", "--store", "none"], "there is no store at"),
        (["optimize", "--store", "archive", "--keep-days", "0"], "--keep-days is 0.0; days above"),
    ],
)
def test_what_cannot_be_piped_is_one_line(
    words: list[str],
    told: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe(b"", monkeypatch)
    assert main(words) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert told in shown.err
    assert shown.err.count("\n") == 1


def test_old_versions_go_when_a_store_is_optimized(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 in tw.open("archive").versions()["version"].tolist()
    of_ms = ["--keep-days", "5e-8"]  # shorter than the writes before took
    assert main(["optimize", "--store", "archive", *of_ms]) == 0
    assert "101 rows" in capsys.readouterr().out
    assert 1 not in tw.open("archive").versions()["version"].tolist()


def test_a_reader_that_leaves_is_141() -> None:
    script = (
        f"{sys.executable} -m twlab load {FILM} | true; echo ${{PIPESTATUS[0]}}; "
        f"{sys.executable} -m twlab --help | true; echo ${{PIPESTATUS[0]}}"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    told = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        env=buffered,  # unbuffered, argparse itself swallows what becomes of its help
    )
    assert (told.stdout, told.stderr) == ("141\n141\n", "")


def test_ctrl_c_is_130_and_quiet() -> None:
    """Standard input stays open; once more is taken from it than a pipe holds, it is being read."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twlab", "load", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # What a shell starts in the background ignores Ctrl-C, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    process.stdin.write(" " * 10**6)
    process.stdin.flush()
    for _ in range(6):  # one that comes in the instant before it waits is heard with the next
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
            break
    assert process.returncode == 130
    assert process.communicate() == ("", "")


def complete(script: str, *words: str, cwd: Path) -> list[str]:
    """What bash offers for the last of the words."""
    line = " ".join(map(shlex.quote, words))
    asked = (
        f"source {shlex.quote(script)}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
        "[[ $(complete -p twlab) =~ -F\\ ([^ ]+) ]] && ${BASH_REMATCH[1]}; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        ["bash", "--norc", "-c", asked], capture_output=True, text=True, cwd=cwd, check=True
    )
    assert told.stderr == ""
    return told.stdout.split()


def test_bash_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = folder / "twlab.bash"
    script.write_text(capsys.readouterr().out)
    for words, offered in (
        (["se"], ["search", "serve"]),
        (["search", "--li"], ["--like"]),
        (["load", "answer."], ["answer.json"]),
        (["ingest", "answer.json", "--store", "arch"], ["archive"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["nothing", "--li"], []),
    ):
        assert complete(str(script), "twlab", *words, cwd=folder) == offered
    for shell in ("zsh", "fish"):
        assert main(["completion", shell]) == 0
        shown = capsys.readouterr().out
        assert all(name in shown for name in commands_of(help_of(capsys=capsys)))


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", "fish"]) == 0
    (folder / "twlab.fish").write_text(capsys.readouterr().out)
    for line, offered in (
        ("twlab se", ["search", "serve"]),
        ("twlab load answer.", ["answer.json"]),
        ("twlab export --fo", ["--form"]),
        ("twlab ingest answer.json --store arch", ["archive/"]),
    ):
        asked = f"source twlab.fish; complete -C '{line}'"
        told = subprocess.run(
            ["fish", "-N", "-c", asked], capture_output=True, text=True, cwd=folder, check=True
        )
        assert [row.split("\t")[0] for row in told.stdout.splitlines()] == offered


def test_completion_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "fish"]) == 1
    assert "pip install 'twlab[completion]'" in capsys.readouterr().err
