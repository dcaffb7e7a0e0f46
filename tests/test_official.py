"""The documented examples, the official specification and real answers load to the right rows.

These files stay outside the project; where the folder is absent, the tests are skipped.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import twlab as tw

if TYPE_CHECKING:
    import pandas as pd

SHARED = Path(__file__).parent.parent.parent / "shared"
REAL = SHARED / "real_marengo"
SHAPES = SHARED / "response-shapes.md"
SPECIFICATION = SHARED / "openapi" / "twelvelabs-official-openapi-1.3.yaml"

ABSENT = (
    f"needs real answers of the service and its specification in {SHARED}, which are not ours to "
    "hand on; everything else is tested without them"
)
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)

NA = None
FENCES: list[list[tuple[Any, ...]] | str] = [
    "a list of tasks",
    "the task is still 'processing'",
    [
        (0, 6, "visual-text", "clip", "Marengo-retrieval-2.7"),
        (0, 6, "audio", "clip", "Marengo-retrieval-2.7"),
    ],
    [(0, 6, NA, "clip", "Marengo-retrieval-2.6")],
    [
        (0, 6, NA, NA, "marengo3.0"),
        (NA, NA, NA, NA, "marengo3.0"),
        (NA, NA, NA, NA, "marengo3.0"),
    ],
    [(0, 4.2, "visual", "clip", NA), (0, 12.5, "audio", "video", NA)],
    [(NA, NA, "text", "chunk", NA)],
    [(0, 7.5666666, "visual-text", "clip", "Marengo-retrieval-2.7")],
    [(0, 6, "visual-text", NA, NA)],
    [(0, 4.75, "visual", "clip", NA), (0, 19.35, "transcription", "video", NA)],
    [
        (0, 33.466667, "audio", NA, NA),
        (0, 33.466667, "visual", NA, NA),
        (0, 1, "transcription", NA, NA),
    ],
    [(0, 6, "visual-text", "clip", "Marengo-retrieval-2.7")],
    [(0, 6, "visual-text", "clip", "Marengo-retrieval-2.7")],
    [(0, 6, NA, "clip", NA)],
]
"""What each JSON block of the catalogue holds, in its order, or why it is refused."""


def rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    names = ["start_sec", "end_sec", "embedding_option", "embedding_scope", "model_name"]
    values = table[names].astype(object).where(table[names].notna(), None)
    return [tuple(row) for row in values.to_numpy().tolist()]


def blocks() -> list[str]:
    if not SHAPES.is_file():
        return []
    return re.findall(r"```json\n(.*?)```", SHAPES.read_text(encoding="utf-8"), re.DOTALL)


def test_every_block_is_expected() -> None:
    assert len(blocks()) == len(FENCES)


@pytest.mark.parametrize("number", range(len(FENCES)))
def test_documented_example(number: int) -> None:
    text, expected = blocks()[number], FENCES[number]
    if isinstance(expected, str):
        with pytest.raises(tw.LoadError, match=expected):
            tw.load(text.encode())
        return
    table = tw.load(text.encode())
    assert sorted(map(str, rows(table))) == sorted(
        str(tuple(float(v) if isinstance(v, int) else v for v in row)) for row in expected
    )
    assert {cell.size for cell in table["embedding"]} == {2}
    assert rows(tw.load(json.loads(text))) == rows(table)


def examples() -> list[tuple[str, Any]]:
    """Every example answer of the embed and retrieval endpoints."""
    if not SPECIFICATION.is_file():
        return []
    paths = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["paths"]
    found = []
    for path, verbs in paths.items():
        if not re.search(r"embed|/videos/\{|indexed-assets/\{", path):
            continue
        for verb, operation in verbs.items():
            answers = operation.get("responses", {}) if isinstance(operation, dict) else {}
            for code, answer in answers.items():
                for content in (answer.get("content") or {}).values():
                    named = dict(content.get("examples") or {})
                    if "example" in content:
                        named["example"] = {"value": content["example"]}
                    for name, example in named.items():
                        value = json.loads(json.dumps(example["value"], default=str))
                        found.append((f"{verb} {path} {code} {name}", value))
    return found


def vectors_in(value: Any) -> int:
    """Lists of numbers anywhere in a parsed example."""
    if isinstance(value, dict):
        return sum(vectors_in(v) for v in value.values())
    if isinstance(value, list):
        if value and all(isinstance(v, int | float) for v in value):
            return 1
        return sum(vectors_in(v) for v in value)
    return 0


EXAMPLES = examples()


@pytest.mark.parametrize(("name", "value"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_official_example(name: str, value: Any) -> None:
    wanted = vectors_in(value)
    if not wanted:
        with pytest.raises(tw.LoadError, match=r"error answer|task"):
            tw.load(value)
        return
    table = tw.load(value)
    assert len(table) == wanted
    tw.vectors(table)


def test_real_clips() -> None:
    table = tw.load(REAL / "video_clips.json")
    assert len(table) == 41
    assert (table["embedding_scope"] == "clip").all()
    assert table["start_sec"].tolist() == [6.0 * k for k in range(41)]
    assert (table["end_sec"] - table["start_sec"]).median() == 6
    assert table["video_id"].unique().tolist() == ["video_clips"]
    matrix = tw.vectors(table)
    assert matrix.shape == (41, 1024)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-5)
    raw = json.loads((REAL / "video_clips.json").read_text())
    np.testing.assert_array_equal(matrix, np.float32([row["embedding"] for row in raw]))


@pytest.mark.parametrize(
    ("file", "d", "model"),
    [
        ("text_embedding.json", 1024, "Marengo-retrieval-2.6"),
        ("text_embedding_bare_list.json", 1024, None),
        ("http_capture_embed_text_200.json", 512, "marengo3.0"),
    ],
)
def test_real_queries(file: str, d: int, model: str | None) -> None:
    table = tw.load(REAL / file)
    assert rows(table) == [(None, None, None, None, model)]
    assert tw.vectors(table).shape == (1, d)
    assert 0.99 < np.linalg.norm(tw.vectors(table)) < 1.01


def test_real_refusal() -> None:
    with pytest.raises(tw.LoadError, match=r"HTTP 400 .*no longer supported"):
        tw.load(REAL / "http_capture_embed_400.json")


def test_real_printed_segments() -> None:
    raw = json.loads((REAL / "aws_sample1_printed_segments.json").read_text())
    with pytest.warns(tw.TwlabWarning, match="2 rows repeat the video, time, option and scope"):
        table = tw.load(REAL / "aws_sample1_printed_segments.json")
    assert len(table) == sum(len(cell["segments"]) for cell in raw) == 9
    assert tw.vectors(table).shape == (9, 1024)
    audio = table[table["start_sec"].notna() & table["end_sec"].isna()]
    assert len(audio) == 1


def test_real_folder() -> None:
    with pytest.warns(tw.TwlabWarning, match="HTTP 400|repeat") as caught:
        table = tw.load(REAL)
    assert len(table) == 41 + 3 + 9
    assert any("http_capture_embed_400.json" in str(warning.message) for warning in caught)
    problems = tw.check(REAL)
    assert problems["source"].str.endswith("http_capture_embed_400.json").sum() == 1
