"""One small document of every family that ``tw.load`` knows, to be broken in every way."""

from __future__ import annotations

from typing import Any

V = [0.25, -0.5, 0.125, 1.0]
LONG = [round(0.001 * k - 0.05, 4) for k in range(96)]  # long enough to be cut out of the text


def v1(vector: list[float], key: str = "float", *, camel: bool = False) -> list[dict[str, Any]]:
    names = ("start_offset_sec", "end_offset_sec", "embedding_option", "embedding_scope")
    if camel:
        names = ("startOffsetSec", "endOffsetSec", "embeddingOption", "embeddingScope")
    values = [(0, 6, "visual", "clip"), (6.0, 12.0, "visual", "clip"), (0, 12, "audio", "video")]
    return [{key: vector, **dict(zip(names, row, strict=True))} for row in values]


def v2(vector: list[float]) -> list[dict[str, Any]]:
    return [
        {
            "embedding": vector,
            "embedding_option": "visual",
            "embedding_scope": scope,
            "start_sec": start,
            "end_sec": end,
        }
        for scope, start, end in (("clip", 0, 4.2), ("clip", 4.2, 9), ("asset", 0, 9))
    ]


SEEDS: list[Any] = [
    {
        "_id": "663da73b31cdd0c1f638a8e6",
        "model_name": "Marengo-retrieval-2.7",
        "status": "ready",
        "created_at": "2024-05-10T04:44:59.259Z",
        "video_embedding": {
            "metadata": {"input_filename": "01.mp4", "video_clip_length": 6, "duration": 18.0},
            "segments": v1(vector),
        },
    }
    for vector in (V, LONG)
]
SEEDS += [
    {
        "_id": "6660ebef913827e5316d4612",
        "engine_name": "Marengo-retrieval-2.6",
        "video_embeddings": [
            {"start_offset_sec": 0, "end_offset_sec": 6, "embedding": {"float": V}},
        ],
        "metadata": {"input_filename": "a.mp4", "duration": 13.44},
    },
    {
        "model_name": "marengo3.0",
        "text_embedding": {"segments": [{"float": V}]},
        "image_embedding": {
            "segments": [{"float": V}],
            "metadata": {"input_url": "http://x/a.jpg"},
        },
        "audio_embedding": {
            "segments": [{"float": V, "start_offset_sec": 0, "end_offset_sec": None}],
            "error_message": None,
        },
    },
    {"engine_name": "Marengo-retrieval-2.6", "text_embedding": V},
    LONG,
    V,
    {"data": v2(V), "metadata": {"input_type": "video", "input_filename": "a.mp4"}},
    {"_id": "64f8d2c7e4a1b37f8a9c5d12", "status": "ready", "data": v2(LONG), "usage": None},
    {
        "_id": "61e17be5777e6caec646fa07",
        "system_metadata": {"filename": "b.mp4", "duration": 37.8, "fps": 29.97},
        "user_metadata": {"category": "new", "batch": 5},
        "hls": {"video_url": "http://x/a.m3u8", "thumbnail_urls": ["http://x/1.jpg"]},
        "embedding": {"model_name": "marengo3.0", "video_embedding": {"segments": v1(V)}},
        "transcription": [{"start": 0, "end": 10.5, "value": "Hello"}],
    },
    {"data": [{"embedding": V, "embeddingOption": "visual", "startSec": 0.0, "endSec": 6.0}]},
    {"data": {"embedding": V, "embeddingOption": ["visual"], "startSec": 0.0, "endSec": 6.0}},
    [{"data": {"embedding": V, "startSec": 0.0, "endSec": 6.0}}],
    {"output": [{"data": {"embedding": V}}]},
    {"embeddings": [{"embedding": V, "startSec": 0, "endSec": 6}]},
    {"error": None, "value": [{"embedding": V, "modality": "audio", "start_sec": 0, "end_sec": 3}]},
    {"id": "t", "modelName": "m", "videoEmbedding": {"segments": v1(V, camel=True)}},
    {"video_embedding": {"segments": v1(V, "embeddings_float")}, "id": "t"},
    {"segments": [{"start_offset_time": 0, "end_offset_time": 6, "float": V}]},
    [
        {
            "id": "T_0",
            "values": V,
            "metadata": {"video_file": "T", "start_time": 0, "end_time": 6, "scope": "clip"},
        }
    ],
    [{"embedding": V, "start_offset_sec": 0.0, "end_offset_sec": 6.0, "embedding_scope": "clip"}],
    {
        "videoName": "n",
        "durationSec": 12,
        "embeddings": [{"embedding": V, "embeddingOption": "audio", "startSec": 0, "endSec": 6}],
    },
    [
        {
            "key": "visual 0.0 6.0",
            "data": {"float32": V},
            "metadata": {"start_time": 0, "end_time": 6, "video_id": "v"},
        }
    ],
    {"id": 1, "vector": V, "payload": {"video_id": "v", "original_filename": "a.mp4"}},
    {"start_offset_sec": [0, 6], "end_offset_sec": [6, 12], "embeddings": [V, V]},
    {
        "float": V,
        "start_timecode": "00:00:00:00",
        "end_timecode": "00:00:06:00",
        "fps": 25,
        "embedding_scope": "clip",
    },
    {"videoId": "v", "segments": [{"start": 0, "end": 6, "option": "visual", "embedding": V}]},
    {"endpoint": "POST /embed", "response_status": 200, "response_body": {"data": v2(V)}},
    {"code": "parameter_invalid", "message": "no"},
    {"error": {"code": "VALIDATION_ERROR", "message": "no", "details": {"field": "text"}}},
    {"_id": "t", "status": "failed", "data": None, "error": {"message": "no"}},
    {"_id": "t", "status": "processing", "data": None},
    {"data": [{"score": 83.1, "start": 0, "end": 6, "video_id": "v"}], "search_pool": {}},
    {"id": "a", "data": "some text", "finish_reason": "stop"},
    {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": V}]},
    {"data": [{"_id": "t", "status": "ready"}], "page_info": {"page": 1}},
    {
        "nbformat": 4,
        "cells": [
            {
                "cell_type": "code",
                "outputs": [
                    {
                        "name": "stdout",
                        "text": [
                            "embedding_scope=clip start_offset_sec=0.0 end_offset_sec=6.0\n",
                            "embeddings: [0.25, -0.5, 0.125]\n",
                        ],
                    }
                ],
            }
        ],
    },
]
