"""Neighbours of embeddings, refused by their own name, beside the strangers of test_bad_data."""

from __future__ import annotations

import json
from typing import Any

import pytest

import twlab as tw

V = [0.25, -0.5, 0.125]
SEGMENT = {"float": V, "start_offset_sec": 0, "end_offset_sec": 6, "embedding_option": "visual"}

STRANGERS: dict[str, tuple[Any, str]] = {
    "status of a task": (
        {
            "_id": "t",
            "model_name": "m",
            "status": "processing",
            "video_embedding": {"metadata": {"duration": 18.0}},
        },
        "still 'processing'",
    ),
    "status ready, no vectors": (
        {"_id": "t", "status": "ready", "video_embedding": {"metadata": {"duration": 18.0}}},
        "metadata only",
    ),
    "failed without a reason": ({"_id": "t", "status": "failed"}, "no reason given"),
    "failed in a capture": (
        {"response_status": 200, "response_body": {"_id": "t", "status": "failed"}},
        "the task failed",
    ),
    "flat error with a page": (
        {"code": "resource_not_exist", "message": "no such", "docs_url": "https://x.y"},
        "error answer.*resource_not_exist 'no such'",
    ),
    "nested error with details": (
        {
            "error": {
                "code": "VALIDATION_ERROR",
                "message": "bad text",
                "details": {"field": "text", "value": "", "retryAfter": 3},
            }
        },
        "error answer.*VALIDATION_ERROR 'bad text'",
    ),
    "search error by number": ({"error_code": 403, "message": "no index"}, "403 'no index'"),
    "HTTP 400": (
        {
            "endpoint": "POST /embed",
            "response_status": 400,
            "response_body": {"code": "parameter_invalid", "message": "use marengo3.0 instead"},
        },
        "HTTP 400 .*use marengo3.0 instead",
    ),
    "HTTP 429 without a body": ({"response_status": 429, "response_body": None}, "HTTP 429"),
    "HTTP 502 with text": ({"response_status": 502, "response_body": "<html>"}, "HTTP 502"),
    "error_message in each kind": (
        {
            "model_name": "m",
            "image_embedding": {"error_message": "no picture", "segments": None},
        },
        "image_embedding carries an error.*no picture",
    ),
    "hits of one video": (
        {
            "data": [{"id": "v", "clips": [{"score": 80.1, "start": 0, "end": 6}]}],
            "search_pool": {"total_count": 1},
        },
        "search hits",
    ),
    "hits without a pool": (
        {"data": [{"score": 80.1, "start": 0, "end": 6, "video_id": "v"}]},
        "search hits",
    ),
    "no hits": (
        {"search_pool": {"total_count": 0}, "data": [], "page_info": {}},
        "search hits",
    ),
    "bare hits": (
        [{"rank": 1, "start": 0, "end": 6, "video_id": "v"}],
        "search hits",
    ),
    "knowledge store": (
        {"data": [{"asset_type": "video", "rank": 1, "item_id": "i", "matches": [{"start": 0}]}]},
        "knowledge-store hits",
    ),
    "fused scores": ({"results": [{"scores": {"visual": 0.4}, "start_time": 0}]}, "scores but no"),
    "entity": (
        {"_id": "e", "entity_collection_id": "c", "name": "n", "asset_ids": [], "status": "ready"},
        "an entity of a collection",
    ),
    "entities": (
        {"data": [{"_id": "e", "entity_collection_id": "c", "status": "ready"}]},
        "entity",
    ),
    "analyze without an end": ({"id": "a", "data": "A rabbit."}, "analyze answer"),
    "transcript": ([{"start": 0, "end": 10.5, "value": "Hello"}], "segments of text with times"),
    "Pegasus segments": (
        {"segments": [{"start_time": 0, "end_time": 5, "title": "a"}]},
        "segments of text with times",
    ),
    "tasks with metadata": (
        {
            "data": [
                {
                    "_id": "t",
                    "model_name": "m",
                    "status": "ready",
                    "video_embedding": {"metadata": {"duration": 18.0}},
                }
            ],
            "page_info": {"page": 1},
        },
        "a list of tasks",
    ),
    "tasks of a pager": (
        [{"id": "t", "status": "ready", "audio_embedding": {"metadata": {"duration": 1}}}],
        "metadata only.*not its status or a list",
    ),
    "tasks, one at work": ({"data": [{"_id": "t", "status": "processing"}]}, "list of tasks"),
    "ids and titles": ([{"id": "t", "title": "x"}, {"id": "u", "title": "y"}], "a task id"),
    "invocation": ({"invocationArn": "arn:aws:bedrock:x"}, "task or upload"),
    "videos of an index": (
        {"data": [{"_id": "v", "system_metadata": {"filename": "a.mp4"}, "indexed_at": "x"}]},
        "embedding_option",
    ),
    "indexing task": (
        {
            "_id": "t",
            "video_id": "v",
            "index_id": "i",
            "status": "ready",
            "system_metadata": {"duration": 12},
        },
        "an indexed video without its embedding",
    ),
    "an index": ({"data": [{"_id": "i", "index_name": "n"}]}, "an index, which"),
    "v2, nothing in it": ({"data": [], "metadata": {"input_type": "video"}}, "'data' is empty"),
    "Snowflake error": ({"value": None, "error": "no such stage"}, "no such stage"),
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("as_text", [True, False], ids=["text", "parsed"])
def test_stranger(name: str, as_text: bool) -> None:
    content, words = STRANGERS[name]
    source = json.dumps(content).encode() if as_text else content
    with pytest.raises(tw.LoadError, match=words) as caught:
        tw.load(source)
    assert "\n" not in str(caught.value)
    problems = tw.check(source)
    assert len(problems) == 1
    assert problems["problem"].tolist() == [caught.value.problem]


def warned(content: Any, words: str) -> int:
    """How many rows load, with a warning of these words and as many lines from tw.check."""
    with pytest.warns(tw.TwlabWarning, match=words):
        table = tw.load(content)
    assert tw.check(content)["problem"].str.contains(words).any()
    return len(table)


def test_an_error_inside_a_good_answer_is_told() -> None:
    inner = {"segments": [SEGMENT], "error_message": "the end of the film is broken"}
    assert warned({"model_name": "m", "video_embedding": inner}, "end of the film is broken") == 1
    assert warned({"value": [{"embedding": V}], "error": "only a part"}, "only a part") == 1


def test_a_failed_task_that_carries_vectors_is_told() -> None:
    content = {"status": "failed", "video_embedding": {"segments": [SEGMENT]}}
    assert warned(content, "the task failed") == 1


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"_id": "t", "status": "processing", "data": None}, "still 'processing'"),
        ({"_id": "t", "status": "failed", "error": {"message": "too short"}}, "too short"),
        ({"code": "too_many_requests", "message": "slow down"}, "slow down"),
    ],
)
def test_a_refused_answer_among_good_ones_is_told(other: Any, words: str) -> None:
    good = {"model_name": "m", "video_embedding": {"segments": [SEGMENT]}}
    assert warned([good, other, good], words) == 2


def test_a_capture_of_an_error_never_yields_vectors() -> None:
    body = {"code": "c", "message": "no", "data": [{"embedding": V}]}
    with pytest.raises(tw.LoadError, match="HTTP 500"):
        tw.load({"response_status": 500, "response_body": body})
