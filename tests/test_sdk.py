"""Objects of the official package load equal to the JSON they were made from."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pandas as pd
import pytest
from twelvelabs import TwelveLabs

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable


def segment(k: int, option: str, *, scope: str = "clip") -> dict[str, Any]:
    return {
        "float": [0.5 + k, -0.25],
        "start_offset_sec": 6.0 * k,
        "end_offset_sec": 6.0 * k + 6,
        "embedding_option": option,
        "embedding_scope": scope,
    }


V1_TASK = {
    "_id": "663da73b31cdd0c1f638a8e6",
    "model_name": "Marengo-retrieval-2.7",
    "status": "ready",
    "created_at": "2024-05-10T04:44:59.259Z",
    "video_embedding": {
        "metadata": {"input_filename": "01.mp4", "video_clip_length": 6.0, "duration": 18.0},
        "segments": [segment(k, option) for option in ("visual-text", "audio") for k in range(3)],
    },
}
V2_TASK = {
    "_id": "64f8d2c7e4a1b37f8a9c5d12",
    "status": "ready",
    "created_at": "2026-01-10T04:44:59Z",
    "updated_at": "2026-01-10T04:45:59Z",
    "data": [
        {
            "embedding": [0.1, 0.2],
            "embedding_option": "visual",
            "embedding_scope": scope,
            "start_sec": 0.0,
            "end_sec": end,
        }
        for scope, end in (("clip", 4.2), ("asset", 12.5))
    ],
    "metadata": {
        "input_type": "video",
        "input_filename": "b.mp4",
        "embedding_scopes": ["clip", "asset"],
        "embedding_options": ["visual"],
        "duration": 12.5,
    },
}
TEXT = {"model_name": "marengo3.0", "text_embedding": {"segments": [{"float": [0.6, 0.8]}]}}
V2_TEXT = {"data": [{"embedding": [0.6, 0.8]}]}
INDEXED = {
    "_id": "61e17be5777e6caec646fa07",
    "created_at": "2022-01-14T13:34:29Z",
    "system_metadata": {"filename": "c.mp4", "duration": 12.5, "fps": 25.0},
    "hls": {"video_url": "https://example.com/a.m3u8", "status": "COMPLETE"},
    "embedding": {
        "model_name": "Marengo-retrieval-2.7",
        "video_embedding": {"segments": [segment(0, "visual-text"), segment(1, "visual-text")]},
    },
}
CALLS: dict[str, tuple[dict[str, Any], Callable[[TwelveLabs], Any]]] = {
    "v1 task": (V1_TASK, lambda client: client.embed.tasks.retrieve("t")),
    "v1 text": (TEXT, lambda client: client.embed.create(model_name="marengo3.0", text="a")),
    "v2 task": (V2_TASK, lambda client: client.embed.v_2.tasks.retrieve("t")),
    "v2 text": (
        V2_TEXT,
        lambda client: client.embed.v_2.create(
            input_type="text", model_name="marengo3.0", text={"input_text": "a"}
        ),
    ),
    "indexed video": (INDEXED, lambda client: client.indexes.videos.retrieve("i", "v")),
    "indexed asset": (INDEXED, lambda client: client.indexes.indexed_assets.retrieve("i", "a")),
}
FACTS = [
    "video_id",
    "start_sec",
    "end_sec",
    "embedding_option",
    "embedding_scope",
    "model_name",
    "filename",
    "duration_sec",
]


def answered(name: str) -> tuple[dict[str, Any], Any]:
    """A payload, and the object that the official package makes of it when it is served."""
    payload, call = CALLS[name]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=payload))
    client = TwelveLabs(api_key="none", httpx_client=httpx.Client(transport=transport))
    return payload, call(client)


def assert_same_rows(a: pd.DataFrame, b: pd.DataFrame) -> None:
    names = [name for name in FACTS if name in a.columns]
    pd.testing.assert_frame_equal(a[names], b[names])
    np.testing.assert_array_equal(tw.vectors(a), tw.vectors(b))


@pytest.mark.parametrize("name", CALLS)
def test_object(name: str) -> None:
    payload, answer = answered(name)
    assert not isinstance(answer, dict)
    assert_same_rows(tw.load(payload), tw.load(answer))


@pytest.mark.parametrize("name", CALLS)
def test_dumps(name: str) -> None:
    payload, answer = answered(name)
    expected = tw.load(payload)
    for dump in (
        answer.model_dump(),
        answer.model_dump(by_alias=True),
        answer.dict(),
        answer.model_dump_json().encode(),
        json.loads(answer.model_dump_json()),
    ):
        assert_same_rows(expected, tw.load(dump))


def test_several_objects_at_once() -> None:
    tables = tw.load([answered("v1 task")[1], answered("indexed video")[1]])
    assert tables["video_id"].nunique() == 2
    assert len(tables) == 8


def test_a_list_of_tasks_is_named() -> None:
    page = {
        "data": [{"_id": "t1", "model_name": "marengo3.0", "status": "ready"}],
        "page_info": {"page": 1, "total_page": 1, "limit_per_page": 10, "total_results": 1},
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
    client = TwelveLabs(api_key="none", httpx_client=httpx.Client(transport=transport))
    with pytest.raises(tw.LoadError, match=r"task"):
        tw.load(client.embed.tasks.list().items)


OLD_NAMES: dict[str, Callable[[list[float]], dict[str, Any]]] = {
    "0.2.1": lambda vector: {"embedding": {"float": vector}},
    "0.2.9": lambda vector: {"values": vector},
    "0.3": lambda vector: {"embeddings_float": vector},
    "1.0": lambda vector: {"float_": vector},
    "javascript 0.3": lambda vector: {"embeddingsFloat": vector},
}


@pytest.mark.parametrize("version", OLD_NAMES)
def test_names_of_older_packages(version: str) -> None:
    times = {"start_offset_sec": 0.0, "end_offset_sec": 6.0, "embedding_scope": "clip"}
    row = {**OLD_NAMES[version]([0.6, 0.8]), **times}
    expected = tw.load([{"embedding": [0.6, 0.8], **times}], video_id="a")
    assert_same_rows(expected, tw.load([row], video_id="a"))
    task = {"id": "t", "video_embeddings": [row], "metadata": {"input_filename": "a"}}
    assert_same_rows(tw.load([row], video_id="a").assign(filename="a"), tw.load(task))
    holder = SimpleNamespace(model_dump=lambda: task)
    assert len(tw.load(holder)) == 1
