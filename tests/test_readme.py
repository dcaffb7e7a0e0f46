"""Every line of code in the README works on the sample."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import twlab as tw
from twlab.loading.samples import bundled_folder

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the examples speak of, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(bundled_folder("sample_data") / "trailer.visual.json", "answer.json")
    segments = tw.load("answer.json")
    clips = segments[segments["embedding_scope"] == "clip"]
    model = clips["model_name"].iloc[0]
    query = {"model_name": model, "data": [{"embedding": tw.vectors(clips)[3].tolist()}]}
    Path("query.json").write_text(json.dumps(query), encoding="utf-8")
    return {
        "tw": tw,
        "segments": segments,
        "clips": clips,
        "labels": tw.cluster(clips, 3),
        "trailer": clips,
        "film": tw.sample(),
        "hits": tw.nearest(clips, k=2),
        "titles": pd.DataFrame({"video_id": segments["video_id"].unique(), "title": "Trailer"}),
    }


def test_the_example_runs(names: dict[str, Any]) -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    exec(code, names)
    assert names["labels"].index.equals(names["clips"].index)


def test_the_call_for_every_job_runs(names: dict[str, Any]) -> None:
    section = README.partition("## What people do by hand")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    for _, job, calls, _ in rows:
        for call in re.findall(r"`([^`]+\))`", calls):
            assert eval(call, names) is not None, job


def test_the_search_by_a_vector_finds_the_clip_it_came_from(names: dict[str, Any]) -> None:
    hits = tw.nearest(tw.load("query.json"), names["clips"], k=2)
    assert hits["match"].iloc[0] == names["clips"].index[3]
    unnamed = names["clips"].assign(model_name=None)
    with pytest.warns(tw.TwlabWarning, match=r"compared with vectors that name no model"):
        assert tw.nearest(tw.load("query.json"), unnamed, k=2)["match"].equals(hits["match"])


def test_the_pictures_are_there_and_small() -> None:
    paths = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert paths[0].endswith("explorer.png")
    for path in paths:
        picture = (ROOT / path).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 700_000


def test_the_two_commands_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert 'python -m pip install -e ".[dev]" && python -m pytest' in README
    assert 'python -m pip install --quiet -e ".[dev]"' in ci
    assert "make check" in ci
    assert re.search(r"^check: .*\btest\b", makefile, re.MULTILINE)
    assert "$(PYTHON) -m pytest\n" in makefile
