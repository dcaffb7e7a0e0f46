"""The stand-in speaks both models as the official package reads and writes them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from service import KEY, Service
from twelvelabs import TwelveLabs
from twelvelabs.core.api_error import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = b"%d 0 obj << /Type /Page /Parent 1 0 R >> endobj\n"
PDF = b"%PDF-1.7\n<< /Type /Pages /Count 3 >>\n" + b"".join(PAGE % n for n in (2, 3, 4))
TEXT = b"One is here. Two is here. Three is here. Four is here. Five is here."
FILES = {"a.mp4": b"film", "a.wav": b"RIFF", "a.png": b"\x89PNG", "a.pdf": PDF, "a.txt": TEXT}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


@pytest.fixture(scope="module")
def sdk(service: Service) -> Iterator[TwelveLabs]:
    """The official package, speaking to the stand-in."""
    with httpx.Client() as connection:
        root = service.url.removesuffix("/v1.3")
        yield TwelveLabs(api_key=KEY, base_url=root, httpx_client=connection)


@pytest.fixture(scope="module")
def assets(sdk: TwelveLabs) -> dict[str, str]:
    """One asset of each kind, by its ending."""
    made = {}
    for name, content in FILES.items():
        asset = sdk.assets.create(method="direct", file=(name, io.BytesIO(content)))
        made[name.partition(".")[2]] = str(asset.id)
    return made


def embedded(sdk: TwelveLabs, model: str, kind: str, asset: str, **given: Any) -> Any:
    """A task as the official package sends it and reads its rows."""
    extras = {k: given.pop(k) for k in [*given] if k.startswith(("embedding_dim", "embedding_unc"))}
    part = {"media_source": {"asset_id": asset}, **given}
    asked: dict[str, Any] = {"input_type": kind, "model_name": model, kind: part, **extras}
    task = sdk.embed.v_2.tasks.create(**asked)
    return sdk.embed.v_2.tasks.retrieve(str(task.id))


def rows(answer: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(one, name) for name in names) for one in answer.data]


def test_a_film_comes_back_as_clips_and_whole(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    answer = embedded(sdk, "marengo3.5", "video", assets["mp4"])
    assert {*rows(answer, "embedding_option", "embedding_scope")} == {
        (option, scope) for option in ("visual", "audio") for scope in ("clip", "asset")
    }
    assert answer.metadata.embedding_dimension == 512
    assert answer.usage.truncated is False
    older = embedded(sdk, "marengo3.0", "video", assets["mp4"])
    assert "transcription" in {one.embedding_option for one in older.data}
    assert older.usage is None


def test_segments_are_asked_for_as_the_model_wants(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    fixed = {"strategy": "fixed", "fixed": {"duration_sec": 4}}
    for model, good, bad in (
        ("marengo3.5", {"temporal": fixed}, fixed),
        ("marengo3.0", fixed, {"temporal": fixed}),
    ):
        answer = embedded(
            sdk, model, "video", assets["mp4"], segmentation=good, embedding_scope=["clip"]
        )
        assert answer.metadata.clip_length == 4
        assert {end - start for start, end in rows(answer, "start_sec", "end_sec")} >= {4.0}
        with pytest.raises(ApiError) as refused:
            embedded(sdk, model, "video", assets["mp4"], segmentation=bad)
        assert refused.value.status_code == 400


def test_documents_come_back_by_page_and_by_chunk(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    pages = embedded(sdk, "marengo3.5", "document", assets["pdf"])
    assert rows(pages, "embedding_scope", "start_page_number", "quadrant") == [
        ("page", page, None) for page in (1, 2, 3)
    ]
    spatial = {"spatial": {"strategy": "quadrants"}}
    assert (
        len(embedded(sdk, "marengo3.5", "document", assets["pdf"], segmentation=spatial).data) == 15
    )
    sequential = {
        "sequential": {"strategy": "sentence", "max_sentences": 2, "overlap_sentences": 1}
    }
    chunks = embedded(
        sdk, "marengo3.5", "document", assets["txt"],
        segmentation=sequential, embedding_scope=["local"], embedding_uncertainty=True,
    )  # fmt: skip
    assert rows(chunks, "embedding_scope", "chunk_index") == [("chunk", n) for n in range(4)]
    assert len(chunks.data[0].embedding_uncertainty) == 512
    assert rows(embedded(sdk, "marengo3.5", "document", assets["txt"]), "embedding_scope") == [
        ("asset",)
    ]


def test_shorter_vectors_begin_the_long_ones(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    long = embedded(sdk, "marengo3.5", "image", assets["png"])
    short = embedded(sdk, "marengo3.5", "image", assets["png"], embedding_dimension=128)
    assert short.data[0].embedding == long.data[0].embedding[:128]
    assert rows(short, "embedding_option", "embedding_scope") == [("visual", "asset")]


FUSED = {
    "embedding_type": ["fused_embedding"],
    "time_based_metadata": [{"start": 0, "end": 3, "text": "a goal"}],
}
REFUSED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("marengo3.5", "video", "mp4", {"embedding_option": ["transcription"]}),
    ("marengo3.5", "video", "mp4", {"embedding_type": ["fused_embedding"]}),
    ("marengo3.5", "video", "mp4", {"embedding_uncertainty": True}),
    ("marengo3.5", "video", "mp4", {"embedding_dimension": 100}),
    ("marengo3.5", "video", "pdf", {}),
    ("marengo3.5", "audio", "mp4", {}),
    ("marengo3.5", "document", "pdf", {"embedding_option": ["text"]}),
    ("marengo3.5", "document", "pdf", {"embedding_uncertainty": True}),
    ("marengo3.5", "document", "txt", {"embedding_scope": ["local"]}),
    ("marengo3.5", "document", "txt", {"segmentation": {"spatial": {}}}),
    ("marengo3.5", "document", "txt", {"embedding_option": ["visual"]}),
    ("marengo3.5", "image", "png", {"embedding_scope": ["clip"]}),
    ("marengo3.0", "document", "pdf", {}),
    ("marengo3.0", "image", "png", {}),
    ("marengo3.0", "video", "mp4", {"embedding_dimension": 256}),
    ("marengo3.0", "video", "mp4", {"embedding_scope": ["local"]}),
    ("marengo3.0", "video", "mp4", FUSED),
    (
        "marengo3.0", "audio", "wav",
        {"segmentation": {"strategy": "dynamic", "dynamic": {"min_duration_sec": 4}}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("model", "kind", "ending", "given"), REFUSED)
def test_what_a_model_cannot_do_is_refused(
    model: str, kind: str, ending: str, given: dict[str, Any], sdk: TwelveLabs,
    assets: dict[str, str], service: Service,
) -> None:  # fmt: skip
    paid = len(service.paid)
    with pytest.raises(ApiError) as refused:
        embedded(sdk, model, kind, assets[ending], **given)
    assert refused.value.status_code == 400
    assert len(service.paid) == paid


def test_own_text_along_time_is_fused(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    answer = embedded(sdk, "marengo3.5", "video", assets["mp4"], **FUSED)
    assert {one.embedding_option for one in answer.data} == {"fused"}


def ask(sdk: TwelveLabs, model: str = "marengo3.5", kind: str = "multi_input", **given: Any) -> Any:
    extras = {k: given.pop(k) for k in [*given] if k.startswith(("embedding_", "auto_"))}
    asked: dict[str, Any] = {"input_type": kind, "model_name": model, kind: given, **extras}
    return sdk.embed.v_2.create(**asked)


def source(kind: str, asset: str, name: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"media_type": kind, "asset_id": asset}
    return made | ({"name": name} if name else {})


def test_queries_of_several_parts(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    answer = ask(sdk, input_text="a dog")
    assert len(answer.data[0].embedding) == 512
    assert answer.usage.input_tokens == {"text": 2}
    assert answer.metadata.input_type == "multi_input"
    picture = source("image", assets["png"], "hat")
    assert ask(sdk, input_text="wearing <@hat>", media_sources=[picture]).data
    assert ask(sdk, "marengo3.0", media_sources=[picture]).usage is None
    film = source("video", assets["mp4"])
    assert ask(sdk, input_text="like", media_sources=[picture, film]).data
    assert len(ask(sdk, input_text="a", embedding_dimension=256).data[0].embedding) == 256
    assert ask(sdk, "marengo3.0", "text", input_text="a dog").data
    long = ask(sdk, input_text="word " * 2500, auto_truncate=True)
    assert long.usage.truncated
    assert long.usage.truncation_reason == "model_context_window"


@pytest.mark.parametrize(
    ("model", "kind", "given"),
    [
        ("marengo3.5", "text", {"input_text": "a"}),
        ("marengo3.5", "multi_input", {"input_text": "word " * 2500}),
        ("marengo3.5", "multi_input", {"input_text": "<@hat>", "media_sources": ["png"]}),
        ("marengo3.5", "multi_input", {"media_sources": ["png", "mp4"]}),
        ("marengo3.5", "multi_input", {"media_sources": ["png"] * 11}),
        ("marengo3.5", "multi_input", {"input_text": "a", "media_sources": ["pdf"]}),
        ("marengo3.5", "multi_input", {"input_text": "a", "media_sources": ["txt"]}),
        (
            "marengo3.5",
            "multi_input",
            {"input_text": "a", "media_sources": ["png"], "embedding_uncertainty": True},
        ),
        ("marengo3.0", "multi_input", {"media_sources": ["mp4"]}),
        ("marengo3.0", "multi_input", {"input_text": "a", "auto_truncate": True}),
    ],
)
def test_queries_that_are_refused(
    model: str, kind: str, given: dict[str, Any], sdk: TwelveLabs, assets: dict[str, str]
) -> None:
    kinds = {"png": "image", "mp4": "video", "pdf": "document", "txt": "document"}
    sources = [source(kinds[end], assets[end]) for end in given.get("media_sources", ())]
    more = {"media_sources": sources} if sources else {}
    with pytest.raises(ApiError) as refused:
        ask(sdk, model, kind, **given | more)
    assert refused.value.status_code == 400


def test_assets_are_listed_and_deleted(sdk: TwelveLabs) -> None:
    made = sdk.assets.create(method="direct", file=("Holiday.PNG", io.BytesIO(b"\x89PNG")))
    found = list(sdk.assets.list(filename="holiday", asset_types=["image"]))
    assert [one.id for one in found] == [made.id]
    assert not list(sdk.assets.list(filename="holiday", asset_types=["video"]))
    sdk.assets.delete(str(made.id))
    assert not list(sdk.assets.list(filename="holiday"))
    broken = sdk.assets.create(method="direct", file=("broken.mp4", io.BytesIO(b"x")))
    answer = sdk.assets.retrieve(str(broken.id))
    assert answer.status == "failed"
    assert answer.error is not None
    assert "decoded" in answer.error.message
    sdk.assets.delete(str(broken.id))


def test_an_asset_is_indexed_and_found(sdk: TwelveLabs, assets: dict[str, str]) -> None:
    models = [{"model_name": "marengo3.0", "model_options": ["visual", "audio"]}]
    index = str(sdk.indexes.create(index_name="films", models=models).id)  # type: ignore[arg-type]
    made = sdk.indexes.indexed_assets.create(
        index, asset_id=assets["mp4"], user_metadata={"tags": ["a", "b"]}
    )
    video = str(made.id)
    view = sdk.indexes.indexed_assets.retrieve(
        index, video, embedding_option=["visual", "transcription"], transcription=True
    )
    assert view.asset_id == assets["mp4"]
    assert view.user_metadata == {"tags": ["a", "b"]}
    assert view.transcription
    assert view.embedding is not None
    assert {one.embedding_option for one in view.embedding.video_embedding.segments} == {
        "visual",
        "transcription",
    }
    grouped = sdk.search.create(
        index_id=index,
        search_options=["visual", "transcription"],
        transcription_options=["lexical"],
        query_text="a dog",
        group_by="video",
        operator="and",
        filter='{"duration": {"gte": 1}}',
        include_user_metadata=True,
    )
    (item,) = grouped.data or ()
    assert item.id == video
    assert item.clips
    assert item.clips[0].user_metadata == {"tags": ["a", "b"]}
    with pytest.raises(ApiError) as held:
        sdk.assets.delete(assets["mp4"])
    assert held.value.status_code == 409


def test_searches_that_are_refused(sdk: TwelveLabs, service: Service) -> None:
    index = service.store.index["id"]
    many = {"query_media_type": "image", "query_media_url": ["https://example.com/a.png"] * 11}
    for given in (
        {"query_text": "a", "transcription_options": ["lexical"]},
        {"query_text": "a", "operator": "xor"},
        {"query_media_url": "https://example.com/a.png"},
        many,
    ):
        asked: dict[str, Any] = {"search_options": ["visual"], **given}
        with pytest.raises(ApiError) as refused:
            sdk.search.create(index_id=index, **asked)
        assert refused.value.status_code == 400
