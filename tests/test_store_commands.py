"""``twlab ingest`` and ``twlab search``, as a user types them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from insides import lance
from service import KEY

import twlab as tw
from twlab.cli import main
from twlab.paths import bundled_folder

if TYPE_CHECKING:
    from pathlib import Path

    from service import Service

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
    told = capsys.readouterr().err
    assert "in the store already" in told
    assert told.endswith("leave out --new to replace them\n")
    assert "upsert" not in told


def test_ingest_of_the_video_itself(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        [str(tw.sample_video("trailer"))],
        [str(tw.sample_video("trailer")), "--new"],
    ):
        assert main(["ingest", *arguments, "--store", archive]) == 1
        assert "trailer_240p.mp4: is a video; " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "again"),
    [([], "the same command goes on"), (["--new"], "the same command without --new goes on")],
)
def test_ingest_that_is_stopped_tells_what_is_there(
    archive: str,
    options: list[str],
    again: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tw.Store, "_write", lambda *_, **__: stopped())
    trailer = str(FOLDER / "trailer.visual.json")
    assert main(["ingest", trailer, "--store", archive, *options]) == 130
    assert capsys.readouterr().err == f"twlab: stopped; the store has 111 rows; {again}\n"


def test_search_for_what_is_like_a_moment(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    video = tw.open(archive).to_table(columns=["video_id"])["video_id"].iloc[0]
    for time in ("93", "1:33"):
        arguments = ["search", "--store", archive, "--like", f"{video}@{time}", "-k", "3"]
        assert main(arguments) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 4
        assert lines[0].split() == [
            "rank",
            "score",
            "video_id",
            "start",
            "end",
            "visual_similarity",
        ]
        assert lines[1].split()[0] == "1"
        assert lines[1].split()[2:] == [video, "1:30", "1:36", "1.0000"]


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
    assert hits["visual_similarity"].tolist() == pytest.approx([1, 1])
    assert hits["start_sec"].isin(segments["start_sec"][clips]).all()
    assert set(hits["video_id"]) == {"trailer_240p.mp4"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "hits.csv"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--video", "film", "--video", "b", "--where", "start_sec < 6"],
            "no segment fits --video 'film', 'b' and --where 'start_sec < 6'; leave out one to",
        ),
    ],
)
def test_no_hits_are_a_sentence(
    archive: str,
    tmp_path: Path,
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    segments = tw.load(FOLDER / "trailer.visual.json")[:1]
    path = str(tw.save(segments, tmp_path / "query.parquet"))
    assert main(["search", "--store", archive, path, *arguments]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert told in shown.err


def test_an_option_that_a_moment_does_not_have(
    archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tw.open(archive).to_table(columns=["video_id"])["video_id"].iloc[0]
    like = ["search", "--store", archive, "--like", f"{video}@1:33", "--option", "nope"]
    assert main(like) == 1
    told = f"--option is 'nope', which no segment of '{video}' at 93 s has; one that is there was "
    assert f"{told}expected: 'visual'" in capsys.readouterr().err


def test_what_does_no_harm_is_not_logged(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for given, wanted in ((None, lance.QUIET), ("debug", "debug")):
        monkeypatch.delenv("LANCEDB_LOG", raising=False)
        if given:
            monkeypatch.setenv("LANCEDB_LOG", given)
        main(["search", "--store", archive])
        assert os.environ["LANCEDB_LOG"] == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no query; one of a file, words, --text WORDS and --like"),
        (["film.json", "--like", "a@3"], "a query and --like; one of"),
        (["film.json", "--text", "a"], "a query and --text; one of"),
        (["--text", "film.json"], "no API key"),
        (["film.json"], "'film.json' is not a file"),
        (["goal.mp4"], "'goal.mp4' is not a file"),
        (["https://example.com/a.mp4"], "'https://example.com/a.mp4' is not a file"),
        (["--like", "film"], "--like 'film' names no time; VIDEO@SEC was expected"),
        (["--like", "film@3"], "the store has no segment of 'film' at 3 s"),
        (["--like", "film@3"], "were expected; twlab videos says what is there"),
        (["--like", "film@x"], "'x' is no time of a moment; seconds, M:SS or H:MM:SS were"),
        (["--like", "film@0:00:03:12"], "'0:00:03:12' is no time of a moment"),
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
    file = tmp_path / "file"
    file.touch()
    for command in (["search", "--like", "film@3"], ["videos"]):
        assert main([*command, "--store", str(tmp_path)]) == 1
        told = capsys.readouterr().err
        assert "there is no store at" in told
        assert "or add segments with twlab ingest" in told
        assert main([*command, "--store", str(file)]) == 1
        assert "name a folder, which twlab ingest fills" in capsys.readouterr().err


def test_names_of_videos_give_a_terminal_no_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tw.clips(tw.sample("trailer"))[:3].assign(video_id="\x1b[31mred\x07\ny")
    store, path = str(tmp_path / "odd"), str(tw.save(odd, tmp_path / "odd.parquet"))
    assert main(["ingest", path, "--store", store]) == 0
    capsys.readouterr()
    tw.save(odd[:1], tmp_path / "query.parquet")
    for words in (
        ["load", path],
        ["videos", "--store", store],
        ["search", "--store", store, str(tmp_path / "query.parquet")],
    ):
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert r"\x1b[31mred\x07\ny" in shown
        assert shown.replace("\n", "").isprintable()


def test_videos_are_listed(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["videos", "--store", archive]) == 0
    head, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert head == ["video_id", "embedding_option", "n_segments", "start", "end"]
    wanted = tw.open(archive).videos()
    assert [row[:3] for row in rows] == wanted[head[:3]].astype(str).to_numpy().tolist()
    assert all(":" in time for row in rows for time in row[3:])


def test_a_missing_store_is_told_before_a_key_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWELVELABS_API_KEY", raising=False)
    assert main(["search", "--store", "nope", "x"]) == 1
    shown = capsys.readouterr().err
    assert "there is no store at" in shown
    assert "key" not in shown


def test_words_in_a_store_that_names_no_model(
    tmp_path: Path,
    service: Service,
    segments: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.store.dim = 16
    address = str(tmp_path / "unnamed")
    tw.open(address).add(segments.assign(model_name=None))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY)
    monkeypatch.setenv("TWELVELABS_BASE_URL", service.url)
    asked = ["search", "--store", address, "a rabbit", "-k", "3"]
    assert main(asked) == 1
    assert "pass --model, such as --model 'marengo3.0'" in capsys.readouterr().err
    assert not service.requests
    assert main([*asked, "--model", "marengo3.5"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert service.paid == ["sync multi_input"]
