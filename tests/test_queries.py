"""What is looked for: words are sent, names of files and addresses never are."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from service import KEY, Service

import twlab as tw
from twlab.analysis.judging import is_words
from twlab.service import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    "asset:66f1a2b3c4d5e6f708192a3b",
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
    "asset: a house",
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
def search_in(request: Any, tmp_path: Path, client: tw.Client) -> Any:
    """What makes of a table the search of it, or of a store of its rows."""

    def made(rows: pd.DataFrame) -> Any:
        if request.param == "table":
            return functools.partial(tw.search, rows, client=client)
        store = tw.open(tmp_path / "archive")
        store.add(rows)
        return functools.partial(store.search, client=client)

    return made


@pytest.fixture
def search(search_in: Any, segments: pd.DataFrame) -> Any:
    """The search of a table or of a store."""
    return search_in(segments.assign(model_name="marengo3.0"))


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


# The model that embeds what is looked for


@pytest.mark.parametrize("model", ["marengo3.0", "marengo3.5"])
@pytest.mark.parametrize("query", [{"query": "a rabbit"}, {"text": "a.mp4"}])
def test_words_are_embedded_with_the_model_of_what_is_searched(
    model: str, query: dict[str, str], search_in: Any, segments: pd.DataFrame, client: tw.Client
) -> None:
    search = search_in(segments.assign(model_name=model))
    hits = search(**query)
    vector = client.embed_text(*query.values(), model_name=model)
    assert client.ledger()["model_name"].tolist() == [model]
    pd.testing.assert_frame_equal(hits, search(vector))


@pytest.mark.parametrize("query", [{"query": "a rabbit"}, {"query": "a.png"}, {"text": "x.mp4"}])
def test_a_model_that_is_not_known_is_asked_for(
    query: dict[str, str], search_in: Any, segments: pd.DataFrame, service: Service
) -> None:
    search = search_in(segments.assign(model_name=None))
    with pytest.raises(tw.InputError, match=r"names no model; .* pass model_name=, such as"):
        search(**query)
    assert not service.requests


def test_the_named_model_embeds_where_the_table_names_none(
    search_in: Any, segments: pd.DataFrame, client: tw.Client
) -> None:
    search = search_in(segments.assign(model_name=None))
    hits = search("a rabbit", model_name="marengo3.5")  # and no warning of unlike models
    vector = tw.vectors(client.embed_text("a rabbit", model_name="marengo3.5"))
    assert client.ledger()["model_name"].tolist() == ["marengo3.5"]
    pd.testing.assert_frame_equal(hits, search(vector))


def test_a_table_without_the_column_asks_too(
    segments: pd.DataFrame, client: tw.Client, service: Service
) -> None:
    bare = segments.drop(columns="model_name")
    with pytest.raises(tw.InputError, match="names no model"):
        tw.search(bare, "a rabbit", client=client)
    assert not service.requests
    assert len(tw.search(bare, "a rabbit", client=client, model_name="marengo3.0")) == 10


@pytest.mark.parametrize("other", ["marengo3.5", None])
def test_of_several_models_one_is_chosen_by_the_filter_that_the_refusal_names(
    other: str | None, search_in: Any, segments: pd.DataFrame, client: tw.Client, service: Service
) -> None:
    alpha, beta = segments[:10].assign(model_name="marengo3.0"), segments[10:]
    search = search_in(pd.concat([alpha, beta.assign(model_name=other)], ignore_index=True))
    with pytest.raises(tw.InputError, match="in what is searched; one was expected") as caught:
        search("a rabbit", model_name="marengo3.0")
    assert not service.requests
    where = str(caught.value).partition('pass where="')[2].removesuffix('"')
    assert {*search("a rabbit", where=where)["video_id"]} == {"alpha"}
    rest = search("a rabbit", video_id="beta", model_name="marengo3.5")
    assert rest["video_id"].unique().tolist() == ["beta"]
    assert client.ledger()["model_name"].tolist() == ["marengo3.0", "marengo3.5"]


def test_the_model_that_fields_tell_embeds_the_words(
    search_in: Any, segments: pd.DataFrame, client: tw.Client, service: Service
) -> None:
    told = segments.assign(model_name=None, model_by_fields="marengo3.5")
    search = search_in(told)
    with pytest.raises(tw.InputError, match=r"'marengo3\.5', the model of what is searched"):
        search("a rabbit", model_name="marengo3.0")
    assert not service.requests
    assert len(search("a rabbit")) == 10
    assert client.ledger()["model_name"].tolist() == ["marengo3.5"]


def test_told_and_untold_models_are_refused_before_they_are_paid_for(
    search_in: Any, segments: pd.DataFrame, client: tw.Client, service: Service
) -> None:
    parts = [segments[:10].assign(model_by_fields="marengo3.5"), segments[10:]]
    search = search_in(pd.concat(parts, ignore_index=True).assign(model_name=None))
    with pytest.raises(tw.InputError, match=r"model_by_fields is 'marengo3\.5', or not") as caught:
        search("a rabbit", model_name="marengo3.5")
    assert not service.requests
    where = str(caught.value).partition('pass where="')[2].removesuffix('"')
    assert {*search("a rabbit", where=where)["video_id"]} == {"alpha"}


def test_speech_in_some_films_tells_the_model_of_all(
    search_in: Any, segments: pd.DataFrame, client: tw.Client
) -> None:
    parts = [segments[:10].assign(model_by_fields="marengo3.0"), segments[10:]]
    search = search_in(pd.concat(parts, ignore_index=True).assign(model_name=None))
    assert {*search("a rabbit", k=15)["video_id"]} == {"alpha", "beta"}
    assert client.ledger()["model_name"].tolist() == ["marengo3.0"]


def test_models_of_options_that_are_not_searched_do_not_count(
    search_in: Any, segments: pd.DataFrame, client: tw.Client
) -> None:
    sight = segments.assign(model_name="marengo3.5")
    sound = segments.assign(embedding_option="audio", model_name="marengo3.0")
    search = search_in(pd.concat([sight, sound], ignore_index=True))
    assert len(search("a rabbit", by="visual")) == 10
    assert client.ledger()["model_name"].tolist() == ["marengo3.5"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "a", "model_name": "x"}, "model_name is 'x'; 'marengo3.0', the model of what"),
        ({"text": "a", "model_name": 3}, "model_name is 3; 'marengo3.0', the model of what"),
        ({"query": np.ones(16), "model_name": "test"}, "model_name is 'test' for a query of vec"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    given: dict[str, Any], message: str, search: Any, service: Service
) -> None:
    with pytest.raises(tw.InputError, match=message):
        search(**given)
    assert not service.requests


@pytest.mark.parametrize("width", model_of("marengo3.5").dimensions)
def test_words_get_as_many_numbers_as_what_is_searched_has(
    width: int, search_in: Any, segments: pd.DataFrame, rng: np.random.Generator, service: Service
) -> None:
    service.store.dim = 512
    rows = tw.with_vectors(segments, rng.normal(size=(len(segments), width)))
    search = search_in(rows.assign(model_name="marengo3.5"))
    assert len(search("a rabbit")) == len(search("https://example.com/a.png")) == 10
