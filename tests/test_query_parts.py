"""Queries of text and files together: what is sent, what comes back, what is refused before."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import twelvelabs
from paying import FAST
from service import KEY, Fault, Service
from twelvelabs import MultiInputMediaSource, MultiInputRequest

import twlab as tw
from twlab import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OLD, NEW = "marengo3.0", "marengo3.5"
URL = "https://example.com"
ROW = {"embedding": [0.6, 0.8]}
ASSET = "66f1a2b3c4d5e6f708192a3b"


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs", settings=FAST) as made:
        yield made


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Small files of each kind, by their ending."""
    made = {}
    for ending in ("png", "jpg", "mp4", "wav", "txt", "pdf"):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(b"%PDF-1.7" if ending == "pdf" else ending.encode())
        made[ending] = str(path)
    (tmp_path / "really.png").write_bytes(b"RIFF\0\0\0\0WAVE")
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04")
    (tmp_path / "unnamed").write_bytes(b"?")
    return made


def ours(folder: Path, call: Callable[[tw.Client], Any]) -> Any:
    """The JSON that a call of ours sends."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.read()))
        return httpx.Response(200, json={"data": [ROW]})

    with tw.Client("k", folder=folder / "sent", transport=httpx.MockTransport(answer)) as client:
        call(client)
    (body,) = seen
    return body


def theirs(**asked: Any) -> Any:
    """The JSON that the official package sends for a query."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.read()))
        return httpx.Response(200, json={"data": [ROW]})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    twelvelabs.TwelveLabs(api_key="k", httpx_client=http).embed.v_2.create(**asked)
    return seen[0]


def source(kind: str, **values: str) -> MultiInputMediaSource:
    return MultiInputMediaSource(media_type=kind, **values)


def joint(text: str | None = None, *sources: MultiInputMediaSource) -> dict[str, Any]:
    """What the official package is asked for, of the parts that are there."""
    given: dict[str, Any] = {"input_text": text} if text is not None else {}
    given |= {"media_sources": list(sources)} if sources else {}
    return {"input_type": "multi_input", "multi_input": MultiInputRequest(**given)}


CALLS: dict[str, tuple[Callable[[tw.Client], Any], str, dict[str, Any]]] = {
    "text": (lambda c: c.embed_text("a rabbit", model_name=NEW), NEW, joint("a rabbit")),
    "text of 3.0": (
        lambda c: c.embed_query("a rabbit"),
        OLD,
        {"input_type": "text", "text": {"input_text": "a rabbit"}},
    ),
    "picture": (
        lambda c: c.embed_image(f"{URL}/a.png", model_name=NEW),
        NEW,
        joint(None, source("image", url=f"{URL}/a.png")),
    ),
    "picture of 3.0": (
        lambda c: c.embed_query(images=f"{URL}/a.png"),
        OLD,
        {"input_type": "image", "image": {"media_source": {"url": f"{URL}/a.png"}}},
    ),
    "picture and text": (
        lambda c: c.embed_image(f"{URL}/a.png", text="at night", model_name=NEW),
        NEW,
        joint("at night", source("image", url=f"{URL}/a.png")),
    ),
    "picture and text of 3.0": (
        lambda c: c.embed_query("at night", images=f"{URL}/a.png"),
        OLD,
        {
            "input_type": "text_image",
            "text_image": {
                "input_text": "at night",
                "media_source": {"url": f"{URL}/a.png"},
            },
        },
    ),
    "pictures of 3.0": (
        lambda c: c.embed_query("near a tree", images=[f"{URL}/a.png", f"{URL}/b.png"]),
        OLD,
        joint(
            "near a tree",
            source("image", url=f"{URL}/a.png"),
            source("image", url=f"{URL}/b.png"),
        ),
    ),
    "a named picture of 3.0": (
        lambda c: c.embed_query("a dog in <@coat>", images={"coat": f"asset:{ASSET}"}),
        OLD,
        joint("a dog in <@coat>", source("image", name="coat", asset_id=ASSET)),
    ),
    "sound": (
        lambda c: c.embed_audio(f"{URL}/a.wav", model_name=NEW),
        NEW,
        joint(None, source("audio", url=f"{URL}/a.wav")),
    ),
    "sound of 3.0": (
        lambda c: c.embed_audio(f"{URL}/a.wav"),
        OLD,
        {
            "input_type": "audio",
            "audio": {
                "media_source": {"url": f"{URL}/a.wav"},
                "embedding_option": ["audio"],
                "embedding_scope": ["asset"],
            },
        },
    ),
    "film of 3.0": (
        lambda c: c.embed_query(videos=f"asset:{ASSET}"),
        OLD,
        {
            "input_type": "video",
            "video": {
                "media_source": {"asset_id": ASSET},
                "embedding_option": ["visual"],
                "embedding_scope": ["asset"],
            },
        },
    ),
    "everything": (
        lambda c: c.embed_query(
            "<@coat> walks as in <@walk>, to this music",
            images={"coat": f"{URL}/coat.jpg"},
            videos={"walk": f"asset:{ASSET}"},
            audios=f"{URL}/music.mp3",
            model_name=NEW,
            embedding_dimension=256,
            auto_truncate=True,
        ),
        NEW,
        {
            **joint(
                "<@coat> walks as in <@walk>, to this music",
                source("image", name="coat", url=f"{URL}/coat.jpg"),
                source("video", name="walk", asset_id=ASSET),
                source("audio", url=f"{URL}/music.mp3"),
            ),
            "embedding_dimension": 256,
            "auto_truncate": True,
        },
    ),
    "uncertainty": (
        lambda c: c.embed_query("a", model_name=NEW, embedding_uncertainty=True),
        NEW,
        {**joint("a"), "embedding_uncertainty": True},
    ),
    "document": (
        lambda c: c.embed_query(documents=f"{URL}/a.pdf", model_name=NEW),
        NEW,
        joint(None, source("document", url=f"{URL}/a.pdf")),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_sent_is_what_the_official_package_sends(name: str, tmp_path: Path) -> None:
    call, model, asked = CALLS[name]
    assert ours(tmp_path, call) == theirs(model_name=model, **asked)


def test_a_file_is_sent_as_its_bytes(files: dict[str, str], tmp_path: Path) -> None:
    body = ours(tmp_path, lambda c: c.embed_query(images=files["png"], model_name=NEW))
    (sent,) = body["multi_input"]["media_sources"]
    assert sent == {"media_type": "image", "base64_string": base64.b64encode(b"png").decode()}


# What comes back


def test_each_query_is_one_row_and_paid_once(
    client: tw.Client, service: Service, files: dict[str, str]
) -> None:
    for _ in range(2):
        tables = [
            client.embed_query("a rabbit", model_name=NEW),
            client.embed_query(images=[files["png"], files["jpg"]], model_name=NEW),
            client.embed_query(images=[files["jpg"], files["png"]], model_name=NEW),
            client.embed_query(images=[files["png"], files["jpg"]]),
            client.embed_query("x", images=files["png"], videos=files["mp4"], model_name=NEW),
            client.embed_query("x", images={"y": files["png"]}, model_name=NEW),
            client.embed_query("x <@y>", images={"y": files["png"]}, model_name=NEW),
            client.embed_query(audios=files["wav"], model_name=NEW),
            client.embed_query(documents=files["txt"], model_name=NEW),
            client.embed_query(documents=files["pdf"], model_name=NEW),
            client.embed_query(videos=files["mp4"]),
        ]
        assert [len(table) for table in tables] == [1] * len(tables)
    assert len(service.paid) == len(tables)
    models = [table["model_name"][0] for table in tables]
    assert models == [NEW, NEW, NEW, OLD, *[NEW] * 6, OLD]
    assert tables[4]["video_id"][0] == "a.png + a.mp4"
    assert client.ledger()["source"].iloc[4].startswith("x + ")


def test_an_asset_is_asked_for_by_its_id(client: tw.Client, service: Service, videos: Path) -> None:
    client.embed(videos / "v0.mp4", progress=False)
    (asset,) = service.store.assets
    for _ in range(2):
        assert len(client.embed_query(videos=f"asset:{asset}", model_name=NEW)) == 1
    assert service.paid[1:] == ["sync multi_input"]
    with pytest.raises(errors.BadRequestError, match="does not exist or is not ready"):
        client.embed_query(videos=f"asset:{ASSET}", model_name=NEW)


def test_a_file_whose_kind_nothing_says_is_what_it_is_called(
    client: tw.Client, files: dict[str, str], tmp_path: Path
) -> None:
    assert len(client.embed_query(images=tmp_path / "unnamed", model_name=NEW)) == 1


def test_vectors_of_fewer_numbers(client: tw.Client, service: Service) -> None:
    service.store.dim = 512
    short = client.embed_query("a rabbit", model_name=NEW, embedding_dimension=128)
    assert tw.vectors(short).shape == (1, 128)
    for _ in range(2):  # the usual size is the same query, named or not
        client.embed_query("a rabbit", model_name=NEW, embedding_dimension=512)
        client.embed_query("a rabbit", model_name=NEW)
    assert len(service.paid) == 2


def test_a_text_that_was_cut_is_warned_of_and_marked(client: tw.Client) -> None:
    long = "word " * 2100
    with pytest.raises(errors.BadRequestError, match="exceeds 2,000 tokens"):
        client.embed_query(long, model_name=NEW)
    for _ in range(2):  # also where the answer lies in the folder
        with pytest.warns(tw.TwlabWarning, match="of an input that was cut"):
            row = client.embed_query(long, model_name=NEW, auto_truncate=True)
        assert row["truncated"].tolist() == [True]
    assert client.embed_text("short", model_name=NEW)["truncated"].tolist() == [False]


def test_texts_of_a_list_are_asked_for_each_once(client: tw.Client, service: Service) -> None:
    texts = ["a rabbit", "a bird", "a rabbit", *(f"text {n}" for n in range(9))]
    rows = client.embed_text(texts)
    assert rows["video_id"].tolist() == texts
    assert len(service.paid) == len({*texts})
    singly = np.concatenate([tw.vectors(client.embed_text(text)) for text in texts])
    np.testing.assert_array_equal(tw.vectors(rows), singly)
    assert len(service.paid) == len({*texts})


def test_after_a_failure_no_text_is_begun(client: tw.Client, service: Service) -> None:
    service.faults = [Fault("status", "POST /embed-v2", status=401, body={"code": "x"})]
    with pytest.raises(errors.AuthenticationError):
        client.embed_text([f"text {n}" for n in range(40)])
    # Eight are on their way at once; under load one may leave before the refusal is read.
    assert service.count("POST /embed-v2") <= 16
    service.faults = []
    assert len(client.embed_text([f"text {n}" for n in range(40)])) == 40


# What is refused before anything is sent


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "neither text nor a file; one of them was expected"),
        ({"text": " "}, "text is ' '; a few words"),
        ({"text": 5}, "text is 5; a few words"),
        (
            {"text": "a", "audios": "a.wav"},
            "an audio file in a query for model 'marengo3.0'; image was",
        ),
        ({"videos": ["a.mp4", "a.mp4"], "text": "x"}, "a video in a query for model 'marengo3.0'"),
        ({"documents": "a.txt"}, "a document in a query for model 'marengo3.0'; image was"),
        ({"text": "a", "embedding_dimension": 256}, "only marengo3.5 and later have it"),
        ({"text": "a", "auto_truncate": True}, "auto_truncate= for model 'marengo3.0'; only mar"),
        ({"text": "a", "model_name": NEW, "embedding_dimension": 300}, "300 is not a size that"),
        (
            {"text": "a", "model_name": NEW, "embedding_dimension": np.array([256])},
            r"embedding_dimension is array\(\[256\]\); a whole number was expected",
        ),
        ({"text": "a", "model_name": "marengo9"}, "model_name 'marengo9' is not known"),
        ({"text": "in <@coat>", "model_name": NEW}, "speaks of <@coat>, but no file has a name"),
        (
            {"text": "in <@coat>", "images": {"bag": "a.png"}},
            "speaks of <@coat>, but the names are 'bag'",
        ),
        ({"images": {"a b": "a.png"}}, "images names a file 'a b'; a word without spaces"),
        ({"images": {"a": ["a.png", "a.jpg"]}}, "2 files under the name 'a'; one was expected"),
        (
            {"text": "x", "images": {"a": "a.png"}, "videos": {"a": "a.mp4"}, "model_name": NEW},
            "two files are named 'a'",
        ),
        (
            {"images": "a.png", "videos": "a.mp4", "model_name": NEW},
            "image and video without a text; files of one kind",
        ),
        ({"documents": "a.pdf", "text": "x", "model_name": NEW}, r"a\.pdf together with someth"),
        ({"documents": ["a.txt", "a.pdf"], "model_name": NEW}, r"a\.pdf together with something"),
        ({"documents": "a.txt", "text": "x", "model_name": NEW}, "texts alone, more than one"),
        ({"images": "a.mp4"}, r"a\.mp4 in images is a video; videos= was expected"),
        ({"videos": "a.png", "model_name": NEW}, "in videos is an image; images= was expected"),
        ({"videos": f"{URL}/a.png"}, "in videos is an image; images= was expected"),
        ({"images": "really.png"}, "in images is an audio file; audios= was expected"),
        ({"documents": "a.docx", "model_name": NEW}, "or office document; an image, video, aud"),
        ({"images": "asset:"}, "'asset:' in images names no asset; 'asset:' and the id of one"),
        ({"images": "asset:a/../b"}, "names no asset"),
        ({"images": "nowhere.png"}, r"'nowhere\.png' is not there"),
        ({"images": [f"{URL}/{n}.png" for n in range(11)]}, "11 files in one query; at most 10"),
        (
            {"text": "x", "images": "a.png", "model_name": NEW, "embedding_uncertainty": True},
            "embedding_uncertainty= for a text together with files",
        ),
        (
            {"images": f"asset:{ASSET}", "model_name": "Marengo-retrieval-2.7"},
            "an asset for model 'Marengo-retrieval-2.7'",
        ),
    ],
)
def test_what_the_model_does_not_take_is_refused(
    given: dict[str, Any],
    message: str,
    client: tw.Client,
    service: Service,
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tw.InputError, match=message) as caught:
        client.embed_query(**given)
    assert "\n" not in str(caught.value)
    assert not service.requests


@pytest.mark.parametrize(
    ("text", "message"),
    [([], "an empty list of texts"), (["a", None], "text is None; a few"), (5, "text is 5; a few")],
)
def test_what_is_no_text_is_refused(
    text: Any, message: str, client: tw.Client, service: Service
) -> None:
    with pytest.raises(tw.InputError, match=message):
        client.embed_text(text)
    assert not service.requests


def test_a_file_too_large_is_refused(client: tw.Client, service: Service, tmp_path: Path) -> None:
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(32_100_000)
    with pytest.raises(tw.InputError, match=r"is 32.1 MB; at most 32 MB are accepted at once"):
        client.embed_query(videos=tmp_path / "large.mp4", model_name=NEW)
    assert not service.requests
