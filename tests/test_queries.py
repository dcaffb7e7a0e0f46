"""What is looked for: words are sent, names of files and addresses never are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from service import KEY, Service

import twlab as tw
from twlab.analysis.judging.queries import is_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

NO_WORDS = [
    "lecture1.mp4",
    "LECTURE1.MP4",
    " lecture1.mp4 ",
    '"lecture 1.mov"',
    "a film about rabbits.mkv",
    "C:/clips/goal.mov",
    "C:\\clips\\goal",
    "query.json",
    "query.json.gz",
    "films.parquet",
    "rows.jsonl",
    "vectors.npy",
    "cells.csv",
    "./clips/goal",
    "~/goal",
    "/data/goal",
    "https://example.com/watch?v=1",
    "HTTP://example.com/a.mp4",
    "s3://bucket/clip",
    "file:///etc/passwd",
    "www.example.com/a",
]
WORDS = [
    "a rabbit yawns",
    "rabbit",
    "Mr. T",
    "3.5 s of silence",
    "and/or",
    "who says node.js?",
    "the end.",
    "…",
    "x" * 5000,
    "a\0b",
    "mp4",
    "json",
    "he shouts: https://example.com",
]


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(dim=16, check=False) as running:
        yield running


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs") as made:
        yield made


@pytest.fixture(params=["table", "store"])
def search(request: Any, segments: pd.DataFrame, tmp_path: Path, client: tw.Client) -> Any:
    """The search of a table or of a store."""
    segments = segments.assign(model_name="marengo3.0")
    if request.param == "table":
        return lambda *args, **kwargs: tw.search(segments, *args, client=client, **kwargs)
    store = tw.open(tmp_path / "archive")
    store.add(segments)
    return lambda *args, **kwargs: store.search(*args, client=client, **kwargs)


@pytest.mark.parametrize("query", NO_WORDS)
def test_a_name_is_never_sent_as_words(query: str, search: Any, service: Service) -> None:
    assert not is_words(query)
    with pytest.raises(tw.InputError, match=r"names a file or an address.*text="):
        search(query)
    assert not service.requests


@pytest.mark.parametrize("name", ["rabbit", "no ending here", "a.b"])
def test_the_name_of_a_file_that_is_there_is_never_sent(
    name: str, search: Any, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_words(name)
    (tmp_path / name).write_text("x")
    with pytest.raises(tw.InputError, match="names a file or an address"):
        search(name)
    assert not service.requests


@pytest.mark.parametrize("query", WORDS)
def test_words_are_words(query: str) -> None:
    assert is_words(query)


def test_text_says_that_words_are_meant(search: Any, service: Service) -> None:
    hits = search(text="lecture1.mp4", k=3)
    assert len(hits) == 3
    assert service.paid == ["sync text"]
    same = search("a rabbit", k=3)
    assert np.array_equal(search(text="a rabbit", k=3).to_numpy(object)[:, 1:3], same.iloc[:, 1:3])
    assert service.paid == ["sync text"] * 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no query; one thing to look for was expected"),
        ({"query": "a", "text": "b"}, "query and text= at once; one thing"),
        ({"text": ""}, "text is ''; a few words"),
        ({"text": 5}, "text is 5; a few words"),
    ],
)
def test_one_thing_is_looked_for(
    given: dict[str, Any], message: str, search: Any, service: Service
) -> None:
    with pytest.raises(tw.InputError, match=message):
        search(**given)
    assert not service.requests


def test_a_picture_is_looked_for_in_a_store(search: Any, service: Service, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG" + bytes(60))
    assert len(search(str(picture), k=2)) == len(search(picture, k=2)) == 2
    assert service.paid == ["sync image"]
    with pytest.raises(tw.InputError, match=r"'nowhere\.png' is not there"):
        search("nowhere.png")
