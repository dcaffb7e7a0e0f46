"""Rows of stores, notebooks' prints and CSV, each with what must come out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

V, W = [0.25, -0.5, 0.125], [0.5, 0.25, 1.0]
NA = None

FORMS: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "pinecone": (
        [
            {
                "id": "Title_0",
                "values": V,
                "metadata": {"video_file": "T", "start_time": 0, "end_time": 6, "scope": "clip"},
            },
            {"id": "Title_full", "values": W, "metadata": {"video_file": "T", "scope": "video"}},
        ],
        [("T", 0, 6, NA, "clip"), ("T", NA, NA, NA, "video")],
    ),
    "opensearch nested": (
        {
            "videoName": "n.mp4",
            "durationSec": 12,
            "embeddings": [
                {"embedding": V, "embeddingOption": "audio", "startSec": 0, "endSec": 6},
                {"embedding": W, "embeddingOption": "audio", "startSec": 6, "endSec": 12},
            ],
        },
        [("n.mp4", 0, 6, "audio", NA), ("n.mp4", 6, 12, "audio", NA)],
    ),
    "opensearch flat": (
        [{"embedding_field": V, "video_title": "t", "segment_start": 0, "segment_end": 6}],
        [("t", 0, 6, NA, NA)],
    ),
    "s3 vectors": (
        [
            {
                "key": "visual 0.0 6.0",
                "data": {"float32": V},
                "metadata": {
                    "start_time": 0,
                    "end_time": 6,
                    "video_id": "v",
                    "embedding_option": "visual",
                    "embedding_scope": "clip",
                },
            }
        ],
        [("v", 0, 6, "visual", "clip")],
    ),
    "mongodb": (
        [{"video_id": "v", "segment_id": 1, "start_time": 0, "end_time": 6, "embedding": V}],
        [("v", 0, 6, NA, NA)],
    ),
    "qdrant": (
        [{"id": 7, "vector": V, "payload": {"video_id": "v", "video_url": "http://x/a.mp4"}}],
        [("v", NA, NA, NA, NA)],
    ),
    "milvus": (
        [
            {
                "id": 1,
                "vector": V,
                "embedding_scope": "clip",
                "start_offset_sec": 0,
                "end_offset_sec": 6,
                "video_url": "http://x/a.mp4",
            }
        ],
        [("a.mp4", 0, 6, NA, "clip")],
    ),
    "vespa": (
        {"start_offset_sec": [0, 6], "end_offset_sec": [6, 12], "embeddings": [V, W]},
        [(..., 0, 6, NA, NA), (..., 6, 12, NA, NA)],
    ),
    "media lake": (
        {
            "float": V,
            "start_timecode": "00:00:06:00",
            "end_timecode": "00:00:12:12",
            "fps": 24,
            "embedding_scope": "clip",
        },
        [(..., 6, 12.5, NA, "clip")],
    ),
    "video lake": (
        {
            "dataset": "d",
            "embeddings": [
                {"id": "a", "video_id": "v", "values": V, "metadata": {"startSec": 0, "endSec": 6}}
            ],
        },
        [("v", 0, 6, NA, NA)],
    ),
    "fusion file": (
        {
            "source_video": "s.mp4",
            "model_id": "m",
            "segments": [{"modality": "audio", "start_sec": 0, "end_sec": 6, "embedding": V}],
        },
        [("s.mp4", 0, 6, "audio", NA)],
    ),
    "typescript": (
        {
            "videoId": "v",
            "segments": [{"start": 0, "end": 6, "option": "visual", "embedding": V}],
        },
        [("v", 0, 6, "visual", NA)],
    ),
    "bedrock object": (
        {"data": {"embedding": V, "embeddingOption": ["visual"], "startSec": 0.0, "endSec": 6.0}},
        [(..., 0, 6, "visual", NA)],
    ),
    "bedrock bare": (
        {"embedding": V, "embeddingOption": "visual-text", "startSec": 0.0, "endSec": 1.0},
        [(..., 0, 1, "visual-text", NA)],
    ),
    "bedrock boxed": ([{"data": {"embedding": V}}], [(..., NA, NA, NA, NA)]),
    "bedrock output": ({"output": [{"data": {"embedding": V}}]}, [(..., NA, NA, NA, NA)]),
    "go driver": (
        {"embeddings": [{"embedding": V, "startSec": 0, "endSec": 6}]},
        [(..., 0, 6, NA, NA)],
    ),
    "javascript v2": (
        {
            "data": [
                {
                    "embedding": V,
                    "embeddingOption": "visual",
                    "embeddingScope": "asset",
                    "startSec": 0,
                    "endSec": 9,
                }
            ],
            "metadata": {"inputType": "video", "inputFilename": "j.mp4", "duration": 9},
        },
        [("j.mp4", 0, 9, "visual", "video")],
    ),
    "audio without an end": (
        {"audio_embedding": {"segments": [{"float": V, "start_offset_sec": 0.0}]}},
        [(..., 0, NA, NA, NA)],
    ),
}


def facts(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    names = ["video_id", "start_sec", "end_sec", "embedding_option", "embedding_scope"]
    values = table[names].astype(object).where(table[names].notna(), None)
    return [tuple(row) for row in values.to_numpy().tolist()]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("as_text", [True, False], ids=["text", "parsed"])
def test_form(name: str, as_text: bool) -> None:
    content, expected = FORMS[name]
    table = tw.load(json.dumps(content).encode() if as_text else content)
    found = facts(table)
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        assert all(w is ... or r == w for r, w in zip(row, wanted, strict=True)), (row, wanted)
    assert tw.vectors(table)[0].tolist() == V


def test_snowflake_frame() -> None:
    frame = pd.DataFrame(
        {
            "URL": ["s3://b/a.mp4"] * 2,
            "EMBEDDING": [V, W],
            "START_OFFSET_SEC": [0, 6],
            "END_OFFSET_SEC": [6, 12],
            "EMBEDDING_SCOPE": ["clip"] * 2,
        }
    )
    table = tw.load(frame)
    assert table["end_sec"].tolist() == [6, 12]
    assert table["video_id"].unique().tolist() == ["a.mp4"]
    np.testing.assert_array_equal(tw.vectors(table), np.float32([V, W]))


def notebook(path: Path, text: str) -> Path:
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "source": ["print(task)"],
        "outputs": [
            {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}
        ],
    }
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book))
    return path


HEAD = "embedding_scope={} start_offset_sec={} end_offset_sec={}\n"


@pytest.mark.parametrize(
    "style", ["embeddings: 0.25, -0.5, 0.125", "embeddings: [0.25, -0.5, 0.125]"]
)
def test_printed_vectors(style: str, tmp_path: Path) -> None:
    text = "".join(
        f"  {HEAD.format('clip', start, start + 6.0)}  {style}\n" for start in (0.0, 6.0)
    )
    table = tw.load(notebook(tmp_path / "book.ipynb", "Status=ready\n" + text))
    assert [row[1:] for row in facts(table)] == [(0, 6, NA, "clip"), (6, 12, NA, "clip")]
    assert tw.vectors(table).tolist() == [V, V]


def test_cut_prints_are_told(tmp_path: Path) -> None:
    text = HEAD.format("clip", 0.0, 6.0) + "embeddings: [0.25, -0.5, ...\n"
    with pytest.raises(tw.LoadError, match=r"cut|\.\.\."):
        tw.load(notebook(tmp_path / "book.ipynb", text))


def test_csv_of_lists_and_of_arrays(tmp_path: Path) -> None:
    rows = {"video_id": ["a", "a"], "start_sec": [0.0, 6.0], "end_sec": [6.0, 12.0]}
    for name, cells in (
        ("lists", [V, W]),
        ("arrays", [np.array(V), np.array(W)]),
    ):
        path = tmp_path / f"{name}.csv"
        pd.DataFrame({**rows, "embedding": cells}).to_csv(path, index=False)
        table = tw.load(path)
        assert table["start_sec"].tolist() == [0, 6]
        np.testing.assert_allclose(tw.vectors(table), np.float32([V, W]), rtol=1e-6)


def test_csv_that_lost_its_vectors(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    frame = pd.DataFrame({"start_sec": [0.0], "end_sec": [6.0], "embedding": [np.arange(2000.0)]})
    frame.to_csv(path, index=False)
    assert "..." in path.read_text()
    with pytest.raises(tw.LoadError, match=r"cut|\.\.\."):
        tw.load(path)
