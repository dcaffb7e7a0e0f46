"""Old versions, dumps of clients and rows of stores, beside the forms of test_forms."""

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
M26, M27 = "Marengo-retrieval-2.6", "Marengo-retrieval-2.7"
TIMES = {"start_offset_sec": 0, "end_offset_sec": 6, "embedding_scope": "clip"}
CAMEL = {"startOffsetSec": 0, "endOffsetSec": 6, "embeddingScope": "clip"}

Row = tuple[Any, ...]
FORMS: dict[str, tuple[Any, list[Row]]] = {
    "1.7, 2024-10-24": (
        {
            "_id": "t",
            "engine_name": M26,
            "status": "ready",
            "video_embeddings": [{**TIMES, "float": V}],
            "metadata": {"input_filename": "a.mp4", "video_clip_length": 6, "duration": 13.44},
        },
        [("a.mp4", 0, 6, NA, "clip", M26)],
    ),
    "1.7, SDK 0.2.1": (
        {
            "engine_name": M26,
            "video_embeddings": [{**TIMES, "embedding": {"float": V}}],
            "metadata": {"input_filename": "a.mp4"},
        },
        [("a.mp4", 0, 6, NA, "clip", M26)],
    ),
    "1.7, 2024-10-30, indexed video": (
        {
            "_id": "61e1",
            "metadata": {"filename": "b.mp4", "duration": 6.0},
            "embedding": {"engine_name": M26, "video_embeddings": [{**TIMES, "float": V}]},
        },
        [("61e1", 0, 6, NA, "clip", M26)],
    ),
    "1.7, 2024-11-13": (
        {
            "_id": "t",
            "engine_name": M26,
            "video_embedding": {
                "metadata": {"input_url": "https://x.y/c.mp4?sig=1"},
                "segments": [{**TIMES, "float": V}],
            },
        },
        [("c.mp4", 0, 6, NA, "clip", M26)],
    ),
    "2.0, is_success": (
        {"engine_name": M26, "text_embedding": {"float": V, "is_success": True}},
        [(..., NA, NA, NA, NA, M26)],
    ),
    "2.0, flattened by hand": (
        {"engine_name": M26, "text_embedding": V},
        [(..., NA, NA, NA, NA, M26)],
    ),
    "2.0, bare list": (V, [(..., NA, NA, NA, NA, NA)]),
    "3.4, document": (
        {
            "data": [
                {
                    "embedding": V,
                    "embedding_uncertainty": W,
                    "embedding_option": "text",
                    "embedding_scope": "page",
                    "start_sec": None,
                    "end_sec": None,
                    "start_page_number": 1,
                    "end_page_number": 2,
                }
            ],
            "metadata": {"input_type": "document", "input_filename": "d.pdf"},
        },
        [("d.pdf", NA, NA, "text", "page", NA)],
    ),
    "5.2, Bedrock 2.7": (
        {
            "data": [
                {"embedding": V, "embeddingOption": option, "startSec": 0.0, "endSec": 6.0}
                for option in ("visual-text", "visual-image", "audio")
            ]
        },
        [(..., 0, 6, option, NA, NA) for option in ("visual-text", "visual-image", "audio")],
    ),
    "5.5, partner guide of Snowflake": (
        {
            "error": None,
            "value": [
                {"embedding": V, "modality": "visual", "start_offset_sec": 0, "end_offset_sec": 9},
                {"embedding": W, "modality": "audio", "start_offset_sec": 0, "end_offset_sec": 1},
            ],
        },
        [(..., 0, 9, "visual", NA, NA), (..., 0, 1, "audio", NA, NA)],
    ),
    "6.1, SDK 0.2.9": (
        {"video_embeddings": [{**TIMES, "values": V}]},
        [(..., 0, 6, NA, "clip", NA)],
    ),
    "6.1, SDK 0.3": (
        {
            "id": "t",
            "engine_name": M27,
            "video_embedding": {
                "error_message": None,
                "metadata": {"input_url": None, "input_filename": "a.mp4"},
                "segments": [{**TIMES, "embeddings_float": V, "embedding_option": "audio"}],
            },
        },
        [("a.mp4", 0, 6, "audio", "clip", M27)],
    ),
    "6.4, Pixeltable": (
        [
            {
                "embedding": V,
                "embedding_option": "fused",
                "embedding_scope": "asset",
                "embedding_uncertainty": None,
                "start_sec": 0.0,
                "end_sec": 9.5,
                "metadata": {"input_filename": "p.mp4"},
            }
        ],
        [("p.mp4", 0, 9.5, "fused", "video", NA)],
    ),
    "6.5, JS 0.2": (
        {"engineName": M26, "videoEmbeddings": [{**CAMEL, "embedding": {"float": V}}]},
        [(..., 0, 6, NA, "clip", M26)],
    ),
    "6.5, JS 0.4": (
        {
            "id": "t",
            "modelName": M27,
            "videoEmbedding": {
                "segments": [{**CAMEL, "embeddingsFloat": V, "embeddingOption": "audio"}]
            },
        },
        [(..., 0, 6, "audio", "clip", M27)],
    ),
    "6.5, JS 1.x": (
        {
            "id": "t",
            "modelName": M27,
            "videoEmbedding": {
                "segments": [{**CAMEL, "float": V, "embeddingOption": "visual-text"}],
                "metadata": {"inputFilename": "j.mp4", "videoEmbeddingScope": ["clip"]},
            },
        },
        [("j.mp4", 0, 6, "visual-text", "clip", M27)],
    ),
    "7, the prose page": (
        {
            "segments": [
                {
                    "start_offset_time": 0,
                    "end_offset_time": 31.0,
                    "embedding_scope": "video",
                    "float": V,
                }
            ],
            "metadata": {"input_filename": "a.mp4", "duration": 31.0},
        },
        [("a.mp4", 0, 31, NA, "video", NA)],
    ),
    "8.2, Pinecone's fields": (
        [
            {
                "id": f"T_{k}",
                "values": V,
                "metadata": {
                    "video_file": "T",
                    "video_segment": k,
                    "start_time": 6 * k,
                    "end_time": 6 * k + 6,
                    "scope": "clip",
                    "video_type": "ad",
                    "tlVideoId": "66a1",
                },
            }
            for k in range(2)
        ],
        [("66a1", 0, 6, NA, "clip", NA), ("66a1", 6, 12, NA, "clip", NA)],
    ),
    "8.3, plain list": ([{**TIMES, "embedding": V}], [(..., 0, 6, NA, "clip", NA)]),
    "8.4, S3 Vectors with start_sec": (
        [
            {
                "key": "k",
                "data": {"float32": V},
                "metadata": {"start_sec": 1, "end_sec": 2, "model_id": "m", "video_id": "v"},
            }
        ],
        [("v", 1, 2, NA, NA, "m")],
    ),
    "8.4, disaster_fusion": (
        {
            "source_video": "s.mp4",
            "model_id": "m",
            "segment_count": 1,
            "embedding_dim": 3,
            "modalities": ["visual", "audio"],
            "segments": [
                {
                    "segment_id": f"vs-{k}",
                    "source_video": "s.mp4",
                    "modality": option,
                    "start_sec": 0,
                    "end_sec": 4.2,
                    "embedding": V,
                }
                for k, option in enumerate(("visual", "audio"))
            ],
        },
        [("s.mp4", 0, 4.2, "visual", NA, "m"), ("s.mp4", 0, 4.2, "audio", NA, "m")],
    ),
    "8.4, VideoLake's modality of the file": (
        {
            "dataset": "d",
            "modality": "audio",
            "embedding_count": 1,
            "embedding_dimension": 3,
            "embeddings": [
                {"id": "a", "video_id": "v", "values": V, "metadata": {"startSec": 0, "endSec": 6}}
            ],
        },
        [("v", 0, 6, "audio", NA, NA)],
    ),
    "8.4, Vespa's tensor": (
        {
            "id": "id:x:x::1",
            "fields": {
                "video_url": "https://x.y/v.mp4",
                "start_offset_sec": [0, 6],
                "end_offset_sec": [6, 12],
                "embeddings": {"type": "tensor<float>(p{},x[3])", "blocks": {"0": V, "1": W}},
            },
        },
        [("v.mp4", 0, 6, NA, NA, NA), ("v.mp4", 6, 12, NA, NA, NA)],
    ),
    "8.11, captured": (
        {
            "endpoint": "POST /embed-v2",
            "request_headers": {},
            "request_body": {"model_name": "marengo3.0", "input_type": "text"},
            "response_status": 200,
            "latency_seconds": 0.4,
            "response_body": {"data": [{"embedding": V}]},
        },
        [(..., NA, NA, NA, NA, NA)],
    ),
}
NAMES = ["video_id", "start_sec", "end_sec", "embedding_option", "embedding_scope", "model_name"]


def facts(table: pd.DataFrame) -> list[Row]:
    values = table[NAMES].astype(object).where(table[NAMES].notna(), None)
    return [tuple(row) for row in values.to_numpy().tolist()]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("as_text", [True, False], ids=["text", "parsed"])
def test_form(name: str, as_text: bool) -> None:
    content, expected = FORMS[name]
    table = tw.load(json.dumps(content).encode() if as_text else content)
    found = facts(table)
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        known = tuple(r if w is ... else w for r, w in zip(row, wanted, strict=True))
        assert row == known
    assert tw.vectors(table)[0].tolist() == V


def test_further_fields_are_kept() -> None:
    table = tw.load(FORMS["8.2, Pinecone's fields"][0])
    assert table[["video_segment", "video_type"]].to_numpy().tolist() == [[0, "ad"], [1, "ad"]]


@pytest.mark.parametrize("orient", ["records", "columns", "split"])
def test_json_of_a_frame(orient: Any) -> None:
    frame = pd.DataFrame({"start_sec": [0.0, 6.0], "end_sec": [6.0, 12.0], "embedding": [V, W]})
    table = tw.load(json.loads(frame.to_json(orient=orient)))
    assert table["start_sec"].tolist() == [0, 6]
    assert tw.vectors(table).tolist() == [V, W]


def test_rows_under_the_names_of_their_videos() -> None:
    table = tw.load({k: {"embedding": V, "start_sec": 0} for k in ("first", "second")})
    assert table["video_id"].tolist() == ["first", "second"]


def test_lance_rows_in_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"title": ["x", "y"], "embedding": [np.float32(V), np.zeros(3, "f4")]})
    frame.to_parquet(path := tmp_path / "films.parquet")
    table = tw.load(path)
    assert tw.vectors(table).tolist() == [V, [0, 0, 0]]
    assert table["title"].tolist() == ["x", "y"]
    assert table["start_sec"].isna().all()


class TestTimecodes:
    def row(self, **changes: Any) -> dict[str, Any]:
        times = {"start_timecode": "00:00:06:00", "end_timecode": "00:00:12:12"}
        return {"float": V} | times | changes

    def test_seconds_beside_them_win(self) -> None:
        table = tw.load([self.row(start_offset_sec=1, end_offset_sec=2)])
        assert table[["start_sec", "end_sec"]].to_numpy().tolist() == [[1, 2]]

    def test_frames_need_a_rate(self) -> None:
        with pytest.raises(tw.LoadError, match="fps") as caught:
            tw.load([self.row()])
        assert caught.value.field == "start_timecode"
        assert caught.value.place == "segment 0"

    def test_drop_frame(self) -> None:
        changes = {"start_timecode": "00:01:00;02", "end_timecode": "00:10:00;00", "fps": 29.97}
        table = tw.load([self.row(**changes)])
        seconds = [1800 * 1001 / 30000, 17982 * 1001 / 30000]
        np.testing.assert_allclose(
            table[["start_sec", "end_sec"]].to_numpy()[0], seconds, rtol=1e-5
        )


def test_snowflake_by_its_own_names() -> None:
    frame = pd.DataFrame(
        {
            "EMBEDDING": [str(V), str(W)],
            "EMBEDDING_OPTION": ["visual", "audio"],
            "START_SEC": [0, 0],
            "END_SEC": [9, 1],
        }
    )
    table = tw.load(frame, video_id="s", model_name="marengo3.0")
    assert facts(table) == [
        ("s", 0, 9, "visual", NA, "marengo3.0"),
        ("s", 0, 1, "audio", NA, "marengo3.0"),
    ]
    assert tw.vectors(table).tolist() == [V, W]
