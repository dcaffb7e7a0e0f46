"""Every line of code in the README works: on the sample, and on every kind of answer."""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from service import KEY, Service

import twlab as tw

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from mixes import FORMS, Row, write_form

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tw.Client]:
    """A client of a service that stands in for the real one, as ``tw.Client()`` makes it."""
    with Service(dim=16, check=False) as running:
        monkeypatch.setenv("TWELVELABS_API_KEY", KEY)
        monkeypatch.setenv("TWELVELABS_BASE_URL", running.url)
        monkeypatch.chdir(tmp_path)
        with tw.Client() as made:
            yield made


@pytest.fixture
def names(client: tw.Client) -> dict[str, Any]:
    """What the examples speak of, in a folder of their own."""
    sample = ROOT / "data" / "sample"
    shutil.copyfile(sample / "trailer.visual.json", "answer.json")
    shutil.copyfile(sample / "trailer_240p.mp4", "film.mp4")
    Path("films").mkdir()
    shutil.copyfile("film.mp4", "films/film.mp4")
    segments = tw.load("answer.json")
    clips = tw.clips(segments)
    model = clips["model_name"].iloc[0]
    halves = tw.clips(tw.sample()).assign(video_id=["one"] * 50 + ["two"] * 50)
    query = {"model_name": model, "data": [{"embedding": tw.vectors(clips)[3].tolist()}]}
    marks = "video,start,end,label\ntrailer_240p.mp4,0:02,0:14,titles\n"
    Path("marks.csv").write_text(marks, encoding="utf-8")
    Path("query.json").write_text(json.dumps(query), encoding="utf-8")
    many = tw.clips(tw.sample()).iloc[:60]
    many = many.assign(video_id=[f"film {k % 4}" for k in range(60)])
    truth = pd.DataFrame(
        {"query_id": ["a"], "video_id": ["film"], "start_sec": [4.0], "end_sec": [9.0]}
    )
    line = {"qid": 1, "vid": "film", "relevant_windows": [[4, 9]]}
    Path("truth.jsonl").write_text(json.dumps(line), encoding="utf-8")
    line = {"qid": 1, "vid": "film", "pred_relevant_windows": [[4, 8, 0.5]]}
    Path("found.jsonl").write_text(json.dumps(line), encoding="utf-8")
    return {
        "many_films": many,
        "their_labels": (many["start_sec"] < 150).rename("titles"),
        "truth": truth,
        "found": truth.assign(score=1.0),
        "found_by_pictures": truth.assign(start_sec=40.0, end_sec=45.0, score=1.0),
        "found_by_both": truth.assign(score=1.0),
        "options_of_one_space": pd.concat([clips, clips.assign(embedding_option="audio")]),
        "labelled": clips.assign(label=["a", "b", "a"] * 3, video_id=[*"vvvwwwxxx"]),
        "tw": tw,
        "client": client,
        "segments": segments,
        "clips": clips,
        "other_model": tw.with_vectors(clips, tw.vectors(clips)[:, ::3]),
        "old": halves,
        "new": tw.with_vectors(halves, tw.vectors(halves)[:, ::-1]),
        "labels": tw.cluster(clips, 3),
        "trailer": clips,
        "film": tw.sample(),
        "hits": tw.search(clips, clips[3:4], k=4),
        "titles": pd.DataFrame({"video_id": segments["video_id"].unique(), "title": "Trailer"}),
    }


def test_the_first_block_runs(names: dict[str, Any]) -> None:
    exec(BLOCKS[0], names)
    assert names["labels"].index.equals(names["clips"].index)
    assert names["coords"].index.equals(names["clips"].index)


def rows_of(option: str, *, seed: int = 0) -> list[Row]:
    """Twelve clips of one film in one option, in four scenes."""
    rng = random.Random(f"{option} {seed}")
    themes = [[rng.gauss(0, 1) for _ in range(96)] for _ in range(4)]
    vectors = [[x + rng.gauss(0, 0.3) for x in themes[k // 3]] for k in range(12)]
    return [
        Row("film.mp4", 6.0 * k, 6.0 * k + 6, option, tuple(round(x, 4) for x in vector))
        for k, vector in enumerate(vectors)
    ]


def first_block_on(path: Path) -> dict[str, Any]:
    """What the first block makes of another answer."""
    made: dict[str, Any] = {}
    exec(BLOCKS[0].replace('"answer.json"', repr(str(path))), made)
    assert len(made["clips"]) == len(made["labels"]) == len(made["coords"]) == 12
    assert made["coords"].notna().all(axis=None)
    return made


@pytest.mark.once
@pytest.mark.parametrize("form", FORMS)
def test_the_first_block_runs_on_every_form(form: str, tmp_path: Path) -> None:
    write_form(form, rows_of("visual"), tmp_path / "answer", random.Random(0))
    (path,) = tmp_path.iterdir()
    made = first_block_on(path)
    assert made["clips"]["embedding_option"].unique().tolist() == ["visual"]


def v1(options: list[str | None], *, whole: bool = False) -> dict[str, Any]:
    """An answer of version 1 of the interface, with or without names of options."""
    segments = [
        {
            "float": list(row.vector),
            "start_offset_sec": row.start,
            "end_offset_sec": row.end,
            "embedding_scope": "clip",
        }
        | ({} if option is None else {"embedding_option": option})
        for option in options
        for row in rows_of(option or "")
    ]
    if whole:
        last = {"start_offset_sec": 0, "end_offset_sec": 72.0, "embedding_scope": "video"}
        segments.append(segments[0] | last)
    metadata = {"input_filename": "film.mp4", "duration": 72.0}
    return {
        "_id": "663da73b31cdd0c1f638a8e6",
        "model_name": "Marengo-retrieval-2.7",
        "status": "ready",
        "video_embedding": {"metadata": metadata, "segments": segments},
    }


def v2(options: list[str]) -> dict[str, Any]:
    """An answer of version 2."""
    items = [
        {
            "embedding": list(row.vector),
            "embedding_option": option,
            "embedding_scope": "clip",
            "start_sec": row.start,
            "end_sec": row.end,
        }
        for option in options
        for row in rows_of(option)
    ]
    return {
        "data": [*items, items[0] | {"embedding_scope": "asset", "end_sec": 72.0}],
        "metadata": {"input_type": "video", "input_filename": "film.mp4", "duration": 72.0},
    }


def bedrock(options: list[str]) -> dict[str, Any]:
    """The output of a job of Bedrock."""
    items = [
        {
            "embedding": list(row.vector),
            "embeddingOption": option,
            "startSec": row.start,
            "endSec": row.end,
        }
        for option in options
        for row in rows_of(option)
    ]
    return {"data": items}


def indexed() -> dict[str, Any]:
    """A video of an index."""
    return {
        "_id": "61e17be5777e6caec646fa07",
        "system_metadata": {"filename": "film.mp4", "duration": 72.0, "fps": 25.0},
        "embedding": {
            "model_name": "marengo3.0",
            "video_embedding": v1(["visual", "audio"])["video_embedding"],
        },
    }


def snowflake() -> list[dict[str, Any]]:
    """Rows that name no option."""
    return [
        {
            "embedding": list(row.vector),
            "start_offset_sec": row.start,
            "end_offset_sec": row.end,
            "embedding_scope": "clip",
        }
        for row in rows_of("")
    ]


ANSWERS: dict[str, tuple[Any, str | None]] = {
    "v1 of 2024, no option": (v1([None]), None),
    "v1 of 2024, and the whole video": (v1([None], whole=True), None),
    "v1, Marengo 2.7": (v1(["visual-text", "audio"], whole=True), "visual-text"),
    "v1, one option": (v1(["visual-text"]), "visual-text"),
    "v2, one option": (v2(["visual"]), "visual"),
    "v2, three options": (v2(["audio", "transcription", "visual"]), "visual"),
    "v2, fused": (v2(["audio", "fused"]), "fused"),
    "v2, sound alone": (v2(["audio"]), "audio"),
    "Bedrock, Marengo 2.7": (bedrock(["visual-text", "visual-image", "audio"]), "visual-text"),
    "Bedrock, Marengo 3.0": (bedrock(["visual", "audio", "transcription"]), "visual"),
    "an indexed video": (indexed(), "visual"),
    "Snowflake": (snowflake(), None),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_first_block_runs_on_every_kind_of_answer(kind: str, tmp_path: Path) -> None:
    answer, expected = ANSWERS[kind]
    path = tmp_path / "film.json"
    path.write_text(json.dumps(answer), encoding="utf-8")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = first_block_on(path)
    options = made["clips"]["embedding_option"].astype(object).where(lambda x: x.notna(), None)
    assert options.unique().tolist() == [expected]
    several = len(made["segments"]["embedding_option"].unique()) > 1
    messages = [str(one.message) for one in told if issubclass(one.category, tw.TwlabWarning)]
    assert any(f"{expected!r} were taken" in text for text in messages) == several


def test_vectors_of_ones_own_run(names: dict[str, Any]) -> None:
    clips = names["clips"]
    names |= {"matrix": tw.vectors(clips), "starts": clips["start_sec"], "ends": clips["end_sec"]}
    table = {"vec": list(tw.vectors(clips)), "t0": clips["start_sec"], "t1": clips["end_sec"]}
    pd.DataFrame(table).to_parquet("mine.parquet")
    first, second = BLOCKS[1].splitlines()
    exec(first, names)
    assert tw.vectors(names["segments"]).tolist() == tw.vectors(clips).tolist()
    exec(second, names)
    assert names["segments"]["end_sec"].tolist() == clips["end_sec"].tolist()


def test_the_block_of_the_service_runs(names: dict[str, Any]) -> None:
    exec(BLOCKS[2], names)
    assert len(names["segments"]) > 0
    assert names["segments"]["filename"].unique().tolist() == ["film.mp4"]
    assert len(names["archive"]) > 0
    names["client"].close()


def test_the_call_for_every_job_runs(names: dict[str, Any]) -> None:
    section = README.partition("## What people do by hand")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    for _, job, calls, _ in rows:
        found = re.findall(r"`([^`]+\))`", calls)
        assert found, f"no call for: {job}"
        for call in found:
            assert eval(call, names) is not None, job


def test_the_search_by_a_vector_finds_the_clip_it_came_from(names: dict[str, Any]) -> None:
    hits = tw.nearest(tw.load("query.json"), names["clips"], k=2)
    assert hits["match"].iloc[0] == names["clips"].index[3]
    unnamed = names["clips"].assign(model_name=None)
    with pytest.warns(tw.TwlabWarning, match=r"compared with vectors that name no model"):
        assert tw.nearest(tw.load("query.json"), unnamed, k=2)["match"].equals(hits["match"])


def test_every_file_that_is_named_is_there() -> None:
    paths = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    paths += re.findall(r"`((?:data|notebooks|docs|\.github)/[\w./-]+\.\w+)`", README)
    missing = [p for p in paths if "_build" not in p and not (ROOT / p).exists()]
    assert not missing


def test_the_picture_is_there_and_small() -> None:
    (path,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert path.endswith("explorer.png")
    picture = (ROOT / path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 700_000


def test_the_first_command_leaves_nothing_that_git_would_see() -> None:
    code = (ROOT / "twlab" / "cli" / "command_line.py").read_text(encoding="utf-8")
    (written,) = re.findall(r'"([a-z-]+\.html)"', code)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{written}" in ignored


def test_the_two_commands_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert len(re.findall(r"^    python -m pip install \. && twlab demo$", README, re.M)) == 1
    assert 'python -m pip install -e ".[dev]" && python -m pytest -n 2\n' in README
    assert 'python -m pip install --quiet -e ".[dev]"' in ci
    assert "make check" in ci
    assert re.search(r"^check:.*\n(\t.*\n)*\t\$\(MAKE\).* test\n", makefile, re.MULTILINE)
    assert "$(PYTHON) -m pytest -n 2\n" in makefile
