"""Model x input x option: what is allowed, what is sent, what comes back as rows.

The official package asks the same of the same service. Where that is answered, the client has sent
the same body and its rows say the same; where it is refused, nothing has left the client.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from service import KEY, Service
from twelvelabs import TwelveLabs
from twelvelabs.core.api_error import ApiError

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = b"".join(b"%d 0 obj << /Type /Page >> endobj\n" % number for number in range(3))
FILES = {
    "video": ("a.mp4", b"\0\0\0\x20ftypisom" + bytes(200)),
    "audio": ("a.wav", b"RIFF\xff\0\0\0WAVEfmt " + bytes(200)),
    "image": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(200)),
    "pdf": ("a.pdf", b"%PDF-1.7\n" + PAGES),
    "text": ("a.txt", b"One is here. Two is here. Three is here. Four is here."),
}
MODELS = ("marengo3.0", "marengo3.5")
TEXTS = [{"start": 0, "end": 3, "text": "a goal"}]
BOTH = {"embedding_option": ["visual", "audio"]}
FUSED = {"embedding_type": ["fused_embedding"]}
TIMED = {"time_based_metadata": TEXTS}
LOCAL = {"embedding_scope": ["local"]}
SAME: list[dict[str, Any]] = [
    {},
    *({"embedding_option": [name]} for name in ("visual", "audio", "transcription", "text")),
    *({"embedding_scope": [name]} for name in ("clip", "local", "asset")),
    {"embedding_option": ["text"], "embedding_scope": ["asset"]},
    {"embedding_scope": ["clip", "asset"]},
    {"start_sec": 2.0, "end_sec": 9.0},
    {**BOTH, **FUSED},
    {**BOTH, **FUSED, **TIMED},
    {**BOTH, "embedding_type": ["separate_embedding", "fused_embedding"], **TIMED},
    {**BOTH, **TIMED},
    {"embedding_dimension": 256},
    {"embedding_dimension": 200},
    {"embedding_uncertainty": True},
    {"embedding_uncertainty": True, "embedding_scope": ["clip"]},
    {
        "embedding_uncertainty": True,
        "embedding_dimension": 128,
        **BOTH,
        "embedding_scope": ["clip"],
    },
]
"""What has one name in the client and in the service."""

SENTENCES = {"strategy": "sentence", "max_sentences": 2, "overlap_sentences": 1}
CUT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"segmentation": "fixed", "clip_sec": 4}, {"strategy": "fixed", "fixed": {"duration_sec": 4}}),
    (
        {"segmentation": "dynamic", "clip_sec": 3},
        {"strategy": "dynamic", "dynamic": {"min_duration_sec": 3}},
    ),
    (
        {"segmentation": "fixed", "clip_sec": 11},
        {"strategy": "fixed", "fixed": {"duration_sec": 11}},
    ),
    ({"segmentation": "standard"}, {"spatial": {"strategy": "standard"}}),
    ({"segmentation": "quadrants"}, {"spatial": {"strategy": "quadrants"}}),
    (
        {"segmentation": "sentence", "max_sentences": 2, "overlap_sentences": 1, **LOCAL},
        {"sequential": SENTENCES},
    ),
]
"""How the file is cut, in the words of the client and of the service."""

FACTS = ("embedding_option", "embedding_scope", "start_sec", "end_sec")
PARTS = ("start_page_number", "quadrant", "chunk_index")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


@pytest.fixture(scope="module")
def sdk(service: Service) -> Iterator[TwelveLabs]:
    with httpx.Client() as connection:
        root = service.url.removesuffix("/v1.3")
        yield TwelveLabs(api_key=KEY, base_url=root, httpx_client=connection)


def asked_of(model: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What the client is told, and what the body of the service says to the same end."""
    pairs = [(dict(given), dict(given)) for given in SAME]
    for given, cut in CUT:
        inside = {"temporal": cut} if model == "marengo3.5" and "strategy" in cut else cut
        more = {name: value for name, value in given.items() if name.startswith("embedding_")}
        pairs.append((given, {"segmentation": inside, **more}))
    return pairs


def official(sdk: TwelveLabs, model: str, kind: str, asset: str, told: dict[str, Any]) -> Any:
    """The answer to a task that the official package has sent; None where it is refused."""
    extras = {
        name: told.pop(name)
        for name in ("embedding_dimension", "embedding_uncertainty")
        if name in told
    }
    part = {"media_source": {"asset_id": asset}, **told}
    body: dict[str, Any] = {"input_type": kind, "model_name": model, kind: part, **extras}
    try:
        task = sdk.embed.v_2.tasks.create(**body)
    except ApiError as error:
        if error.status_code != 400:
            raise
        return None
    return sdk.embed.v_2.tasks.retrieve(str(task.id))


def facts_of(rows: Any, read: Any) -> list[tuple[Any, ...]]:
    """What rows say of themselves, in one order; nothing for what is not said."""
    found = [tuple(read(row, name) for name in (*FACTS, *PARTS)) for row in rows]
    return sorted(found, key=repr)


def told_by_sdk(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return "video" if (name, value) == ("embedding_scope", "asset") and row.end_sec else value


def told_by_table(row: dict[str, Any], name: str) -> Any:
    value = row.get(name)
    return None if value is None or value != value else value


def sent(service: Service) -> dict[str, Any]:
    """The body of the last task that was asked for."""
    return next(one.json for one in reversed(service.asked) if one.path == "/embed-v2/tasks")


@pytest.mark.once
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("file", FILES)
def test_every_cell_of_the_table(
    file: str, model: str, service: Service, sdk: TwelveLabs, tmp_path: Path
) -> None:
    name, content = FILES[file]
    kind = {"pdf": "document", "text": "document"}.get(file, file)
    path = tmp_path / name
    path.write_bytes(content)
    asset = str(sdk.assets.create(method="direct", file=(name, io.BytesIO(content))).id)
    n_allowed = 0
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs") as client:
        for given, told in asked_of(model):
            answer = official(sdk, model, kind, asset, told)
            if answer is None:
                service.requests.clear()
                with pytest.raises(tw.InputError):
                    client.embed(path, model_name=model, progress=False, **given)
                assert not service.requests, given
                continue
            n_allowed += 1
            wanted = sent(service)
            table = client.embed(asset_id=asset, model_name=model, progress=False, **given)
            assert sent(service) == wanted, given
            rows = table.to_dict("records")
            assert facts_of(rows, told_by_table) == facts_of(answer.data, told_by_sdk), given
            assert {len(v) for v in table["embedding"]} == {len(r.embedding) for r in answer.data}
            assert {*table["model_name"]} == {model}
    allowed = {"video": 5, "audio": 5, "image": 3, "pdf": 4, "text": 3}[file]
    assert (n_allowed >= allowed) == (model == "marengo3.5" or kind in ("video", "audio"))
