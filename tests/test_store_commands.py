"""``twlab ingest`` and ``twlab search``, as a user types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import twlab as tw
from twlab.__main__ import main
from twlab.samples import bundled_folder

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = bundled_folder("sample_data")


@pytest.fixture
def archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The film and its trailer in a store."""
    address = str(tmp_path / "archive")
    files = [str(FOLDER / f"{name}.visual.json") for name in ("big_buck_bunny", "trailer")]
    assert main(["ingest", *files, "--store", address]) == 0
    shown = capsys.readouterr()
    assert "111 segments written" in shown.err
    assert "111 rows" in shown.out
    return address


def test_ingest_again_writes_nothing_twice(
    archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trailer = str(FOLDER / "trailer.visual.json")
    assert main(["ingest", trailer, "--store", archive]) == 0
    assert tw.open(archive).count_rows() == 111
    assert main(["ingest", trailer, "--store", archive, "--new"]) == 1
    assert "in the store already" in capsys.readouterr().err


def test_search_for_what_is_like_a_moment(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    video = tw.open(archive).to_table(columns=["video_id"])["video_id"].iloc[0]
    for time in ("93", "1:33"):
        arguments = ["search", "--store", archive, "--like", f"{video}@{time}", "-k", "3"]
        assert main(arguments) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 4
        assert lines[1].split()[:4] == ["1", "1.0000", video, "1:30"]


def test_search_by_a_file_into_a_file(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "hits.csv"
    query = str(FOLDER / "trailer.visual.json")
    arguments = ["--store", archive, query, "-k", "2", "--option", "visual", "-o", str(output)]
    assert main(["search", *arguments, "--video", "trailer_240p.mp4"]) == 0
    assert capsys.readouterr().out.strip() == str(output)
    hits = pd.read_csv(output)
    segments = tw.load(query)
    clips = segments["embedding_scope"] == "clip"
    best = hits[hits["rank"] == 1].set_index("query")
    assert best["start_sec"][clips].tolist() == segments["start_sec"][clips].tolist()
    assert set(hits["video_id"]) == {"trailer_240p.mp4"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "hits.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no query; one of a file, a text and --like"),
        (["film.json", "--like", "a@3"], "'film.json' and --like; one of"),
        (["film.json"], "'film.json' is no file"),
        (["--like", "film"], "--like 'film' names no time; VIDEO@SEC was expected"),
        (["--like", "film@3"], "the store has no segment of 'film' at 3 s"),
        (["--like", "film@x"], "'x'"),
        (["a rabbit yawns"], "no API key"),
        (["a rabbit yawns, " * 30], "no API key"),
        (["--like", "film@3", "-o", "no/hits.csv"], "'no/hits.csv' lies in a folder that does not"),
        (["--like", "film@3", "-o", "hits.xlsx"], "'hits.xlsx' has no known ending; .csv"),
    ],
)
def test_what_cannot_be_searched_is_told(
    archive: str,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TWELVELABS_API_KEY", raising=False)
    assert main(["search", "--store", archive, *arguments]) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Traceback" not in shown.err


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "--store", str(tmp_path), "--like", "film@3"]) == 1
    assert "there is no store at" in capsys.readouterr().err
