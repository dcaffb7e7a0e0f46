"""The official JavaScript package reads the stand-in, and sends what the Python one sends."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from service import KEY, Service
from twelvelabs import TwelveLabs

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "js"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "twelvelabs-js").exists(),
    reason="the official JavaScript package comes with `make js`",
)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def javascript(service: Service, *calls: tuple[str, list[Any]]) -> list[Any]:
    """What the JavaScript package makes of the answers to these calls."""
    told = json.dumps([{"call": name, "args": args} for name, args in calls])
    done = subprocess.run(
        [str(NODE), "official.mjs", service.url, KEY],
        input=told, capture_output=True, text=True, cwd=FOLDER, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[Any] = json.loads(done.stdout)
    return answers


def asked(service: Service) -> list[Any]:
    """The bodies that were sent, without what every package sends of itself."""
    return [
        (one.method, one.path, one.json if one.form is None else sorted(one.form.fields))
        for one in service.asked
    ]


@pytest.mark.once
def test_tasks_of_both_models(service: Service) -> None:
    page = "<< /Type /Page >>"
    files = {"a.mp4": "film", "a.pdf": f"%PDF-1.7 << /Type /Pages >> {page} {page}"}
    film, document = (
        one["id"]
        for one in javascript(
            service,
            *(
                ("assets.create", [{"method": "direct", "file": {"name": name, "text": content}}])
                for name, content in files.items()
            ),
        )
    )
    fixed = {"strategy": "fixed", "fixed": {"durationSec": 4}}
    new, old = {"modelName": "marengo3.5"}, {"modelName": "marengo3.0"}
    video = {"inputType": "video"}
    source = {"mediaSource": {"assetId": film}}
    # Version 1.3.4 drops what it does not know: chunks of text, embedding_dimension.
    pages = {"mediaSource": {"assetId": document}}
    create = "embed.v2.tasks.create"
    good = javascript(
        service,
        (create, [video | new | {"video": source | {"segmentation": {"temporal": fixed}}}]),
        (create, [video | old | {"video": source | {"segmentation": fixed}}]),
        (create, [new | {"inputType": "document", "document": pages}]),
        (create, [video | new | {"video": source | {"embeddingOption": ["transcription"]}}]),
    )
    assert good[3] == {"refused": 400}
    first, second, third = javascript(
        service, *(("embed.v2.tasks.retrieve", [one["id"]]) for one in good[:3])
    )
    assert first["usage"]["truncated"] is False
    assert {one["embeddingScope"] for one in first["data"]} == {"clip", "asset"}
    assert {one["embeddingOption"] for one in second["data"]} == {
        "visual",
        "audio",
        "transcription",
    }
    assert [one["startPageNumber"] for one in third["data"]] == [1, 2]


def test_queries_are_sent_alike(service: Service) -> None:
    picture = {"name": "hat", "media_type": "image", "url": "https://example.com/a.png"}
    with httpx.Client() as connection:
        root = service.url.removesuffix("/v1.3")
        sdk = TwelveLabs(api_key=KEY, base_url=root, httpx_client=connection)
        given: dict[str, Any] = {"input_text": "<@hat>", "media_sources": [picture]}
        sdk.embed.v_2.create(
            input_type="multi_input",
            model_name="marengo3.5",
            multi_input=given,  # type: ignore[arg-type]
        )
    (python,) = asked(service)
    renamed = {"name": "hat", "mediaType": "image", "url": "https://example.com/a.png"}
    query = {
        "inputType": "multi_input",
        "modelName": "marengo3.5",
        "multiInput": {"inputText": "<@hat>", "mediaSources": [renamed]},
    }
    (answer,) = javascript(service, ("embed.v2.create", [query]))
    assert len(answer["data"][0]["embedding"]) == 512
    assert asked(service)[1] == python


def test_a_search_is_read(service: Service) -> None:
    query = {
        "indexId": service.store.index["id"],
        "searchOptions": ["visual", "transcription"],
        "transcriptionOptions": ["semantic"],
        "queryText": "a dog",
        "groupBy": "video",
        "operator": "or",
        "pageLimit": 3,
    }
    (answer,) = javascript(service, ("search.create", [query]))
    assert len(answer["data"]) == 3
    assert answer["data"][0]["clips"][0]["rank"] == 1
