"""The stand-in speaks the real thing: the official specification, and the official SDK."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from service import KEY, Service
from service.spec import FOLDER, official

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = tw.Settings(settle_sec=0.2, poll_sec=0.01, max_poll_sec=0.05, backoff_sec=0.02)
needs_spec = pytest.mark.skipif(
    official() is None,
    reason=f"needs the service's OpenAPI specification in {FOLDER}, which is not ours to hand on",
)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(dim=8) as running:
        yield running


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs", settings=FAST) as made:
        yield made


@needs_spec
def test_the_check_finds_what_is_wrong() -> None:
    spec = official()
    assert spec is not None
    good = {
        "input_type": "video",
        "model_name": "marengo3.0",
        "video": {"media_source": {"url": "https://a.b/c.mp4"}, "embedding_option": ["visual"]},
    }
    path = "/embed-v2/tasks"
    assert spec.request("POST", path, [], good, None, []) == []
    for bad in (
        {**good, "input_type": "smell"},
        {**good, "extra": 1},
        {**good, "video": {"embedding_option": ["visual"]}},
        {**good, "video": {**good["video"], "start_sec": -1}},
        {**good, "video": {**good["video"], "segmentation": {"strategy": "fixed"}}},
    ):
        assert spec.request("POST", path, [], bad, None, [])
    assert spec.request("GET", path, [("pages", "1")], None, None, [])
    form = [("model_name", "m"), ("video_clip_length", "6")]
    assert spec.request("POST", "/embed/tasks", [], None, form, ["video_file"]) == []
    assert spec.request("POST", "/embed/tasks", [], None, [*form, ("clip", "6")], [])
    assert spec.request("POST", "/nowhere", [], {}, None, [])
    assert spec.response("GET", path, 200, {"data": [{"_id": 7}]})
    assert spec.response("POST", path, 200, {})


@needs_spec
def test_every_request_and_answer_fits_the_specification(
    client: tw.Client, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twlab.service.jobs.uploads.ONE_FORM_BYTES", 5000)
    service.store.chunk_bytes = 1000
    names = ("a.mp4", "b.mp4", "c.wav", "d.png", "e.mp3")
    a, b, c, d, e = (tmp_path / name for name in names)
    for path in (a, c, d, e):
        path.write_bytes(path.name.encode())
    b.write_bytes(np.random.default_rng(0).bytes(73_210))
    quiet: dict[str, Any] = {"progress": False}
    client.embed([a, b, "https://example.com/x.mp4"], **quiet)
    client.embed(c, embedding_option="audio", embedding_scope="video", clip_sec=5, **quiet)
    client.embed(a, segmentation="dynamic", clip_sec=3, start_sec=1, end_sec=9.5, **quiet)
    client.embed(a, segmentation="fixed", embedding_option=["visual", "audio"], **quiet)
    old = {"model_name": "Marengo-retrieval-2.7", **quiet}
    client.embed([a, "https://example.com/x.mp4"], embedding_scope=["clip", "video"], **old)
    client.embed(a, start_sec=2.5, end_sec=12, clip_sec=4, embedding_option="audio", **old)
    for model in ("marengo3.0", "Marengo-retrieval-2.7"):
        client.embed_text("a rabbit", model_name=model)
        client.embed_image(d, model_name=model)
        client.embed_image("https://example.com/d.png", model_name=model)
        client.embed_audio(e, model_name=model)
        client.embed_audio("https://example.com/e.mp3", model_name=model)
    client.embed_image(d, text="at night")
    client.tasks()
    client.tasks(api="v1")
    index_id = client.indexes()["index_id"][0]
    client.videos(index_id)
    client.fetch(index_id, **quiet)
    assert len(client.search(index_id, "a rabbit", k=70)) == 70
    client.search(index_id, "a rabbit", image=d)
    client.search(index_id, image="https://example.com/d.png")
    assert service.violations == []
    seen = {_template(name) for _, name, _ in service.requests}
    assert {
        "POST /embed",
        "POST /embed/tasks",
        "GET /embed/tasks",
        "GET /embed/tasks/{task_id}",
        "GET /embed/tasks/{task_id}/status",
        "POST /embed-v2",
        "POST /embed-v2/tasks",
        "GET /embed-v2/tasks",
        "GET /embed-v2/tasks/{task_id}",
        "POST /assets",
        "GET /assets/{asset_id}",
        "POST /assets/multipart-uploads",
        "POST /assets/multipart-uploads/{upload_id}",
        "POST /assets/multipart-uploads/{upload_id}/presigned-urls",
        "GET /indexes",
        "GET /indexes/{index-id}/indexed-assets",
        "GET /indexes/{index-id}/indexed-assets/{indexed-asset-id}",
        "POST /search",
        "GET /search/{page-token}",
    } <= seen


def _template(name: str) -> str:
    method, _, path = name.partition(" ")
    spec = official()
    found = spec.operation(method, path) if spec is not None else None
    return f"{method} {found[0]}" if found else name


@pytest.fixture
def sdk(service: Service) -> Iterator[Any]:
    twelvelabs = pytest.importorskip("twelvelabs")
    with httpx.Client() as http:
        yield twelvelabs.TwelveLabs(api_key=KEY, base_url=service.url, httpx_client=http)


def same(segments: Any, rows: list[tuple[Any, ...]]) -> None:
    """The table and what the SDK holds: option, scope, start, end and vector, row by row."""
    columns = ["embedding_option", "embedding_scope", "start_sec", "end_sec"]
    ours = list(segments[columns].itertuples(index=False, name=None))
    assert ours == [row[:4] for row in rows]
    theirs = np.array([row[4] for row in rows], np.float32)
    assert np.array_equal(tw.vectors(segments), theirs)


def test_the_official_sdk_v1(service: Service, client: tw.Client, sdk: Any, tmp_path: Path) -> None:
    service.store.ready_sec = (0.1, 0.2)
    video = tmp_path / "a.mp4"
    video.write_bytes(b"a film")
    with video.open("rb") as file:
        task = sdk.embed.tasks.create(
            model_name="Marengo-retrieval-2.7",
            video_file=file,
            video_clip_length=5,
            video_embedding_scope=["clip", "video"],
        )
    done = sdk.embed.tasks.wait_for_done(task.id, sleep_interval=0.05)
    assert done.status == "ready"
    answer = sdk.embed.tasks.retrieve(task.id)
    rows = [
        (s.embedding_option, s.embedding_scope, s.start_offset_sec, s.end_offset_sec, s.float_)
        for s in answer.video_embedding.segments
    ]
    assert task.id in [one.id for one in sdk.embed.tasks.list()]
    segments = client.embed(
        video,
        model_name="Marengo-retrieval-2.7",
        clip_sec=5,
        embedding_scope=["clip", "video"],
        progress=False,
    )
    same(segments, rows)
    assert tw.vectors(tw.load(answer, progress=False)).shape == (len(rows), 8)
    query = sdk.embed.create(model_name="Marengo-retrieval-2.7", text="a rabbit")
    ours = client.embed_text("a rabbit", model_name="Marengo-retrieval-2.7")
    assert np.allclose(tw.vectors(ours)[0], query.text_embedding.segments[0].float_)
    assert service.violations == []


def test_the_official_sdk_v2(service: Service, client: tw.Client, sdk: Any, tmp_path: Path) -> None:
    twelvelabs = pytest.importorskip("twelvelabs")
    video = tmp_path / "a.mp4"
    video.write_bytes(b"a film")
    with video.open("rb") as file:
        asset = sdk.assets.create(method="direct", file=file)
    assert sdk.assets.retrieve(asset.id).status == "ready"
    task = sdk.embed.v_2.tasks.create(
        input_type="video",
        model_name="marengo3.0",
        video={
            "media_source": {"asset_id": asset.id},
            "segmentation": {"strategy": "fixed", "fixed": {"duration_sec": 5}},
            "embedding_option": ["visual", "audio"],
            "embedding_scope": ["clip", "asset"],
        },
    )
    answer = sdk.embed.v_2.tasks.retrieve(task.id)
    assert answer.status == "ready"
    scope = {"asset": "video"}
    rows = [
        (
            one.embedding_option,
            scope.get(one.embedding_scope, one.embedding_scope),
            one.start_sec,
            one.end_sec,
            one.embedding,
        )
        for one in answer.data
    ]
    segments = client.embed(
        video,
        clip_sec=5,
        embedding_option=["visual", "audio"],
        embedding_scope=["clip", "video"],
        progress=False,
    )
    same(segments, rows)
    query = sdk.embed.v_2.create(
        input_type="text", model_name="marengo3.0", text={"input_text": "a rabbit"}
    )
    assert np.allclose(tw.vectors(client.embed_text("a rabbit"))[0], query.data[0].embedding)
    with pytest.raises(twelvelabs.errors.NotFoundError) as caught:
        sdk.embed.v_2.tasks.retrieve("nothing")
    assert caught.value.status_code == 404
    assert service.violations == []


def test_the_official_sdk_sees_indexes_and_pieces(
    service: Service, sdk: Any, tmp_path: Path
) -> None:
    (index,) = list(sdk.indexes.list())
    videos = list(sdk.indexes.indexed_assets.list(index.id))
    one = sdk.indexes.indexed_assets.retrieve(index.id, videos[0].id, embedding_option=["visual"])
    assert len(one.embedding.video_embedding.segments[0].float_) == 8
    hits = sdk.search.query(index_id=index.id, query_text="a rabbit", search_options=["visual"])
    assert next(iter(hits)).video_id == videos[0].id
    service.store.chunk_bytes = 1000
    large = tmp_path / "large.mp4"
    large.write_bytes(np.random.default_rng(0).bytes(12_345))
    result = sdk.multipart_upload.upload_file(str(large))
    assert service.store.assets[result.asset_id].size == 12_345


def test_the_official_awaiting_sdk(service: Service) -> None:
    twelvelabs = pytest.importorskip("twelvelabs")

    async def inside() -> str:
        http = httpx.AsyncClient()
        sdk = twelvelabs.AsyncTwelveLabs(api_key=KEY, base_url=service.url, httpx_client=http)
        url = {"media_source": {"url": "https://example.com/a.mp4"}}
        task = await sdk.embed.v_2.tasks.create(
            input_type="video", model_name="marengo3.0", video=url
        )
        status = (await sdk.embed.v_2.tasks.retrieve(task.id)).status
        await http.aclose()
        return status

    assert asyncio.run(inside()) == "ready"
