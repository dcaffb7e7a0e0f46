"""The table of models: what each takes, against the official SDK's own words; every refusal."""

from __future__ import annotations

import typing
from typing import Any

import pytest

import twlab as tw
from twlab.service import (
    check_choice,
    check_clips,
    check_query,
    check_settings,
    model_of,
)

pytestmark = pytest.mark.numbers

KINDS = {"video": "Video", "audio": "Audio", "image": "Image", "document": "Document"}
FIELDS = {"embedding_option": "options", "embedding_scope": "scopes", "embedding_type": "types"}


def sdk_words(name: str) -> set[str]:
    """The words of one of the SDK's types."""
    types = pytest.importorskip("twelvelabs.types")
    union = getattr(types, name)
    return {word for part in typing.get_args(union) for word in typing.get_args(part)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", FIELDS)
def test_the_words_are_the_sdks(kind: str, field: str) -> None:
    suffix = "".join(part.title() for part in field.split("_"))
    words = sdk_words(f"Async{KINDS[kind]}InputRequest{suffix}Item")
    models = [model_of(name) for name in ("marengo3.0", "marengo3.5")]
    tasks = [model.tasks[kind] for model in models if kind in model.tasks]
    ours = {word for task in tasks for word in getattr(task, FIELDS[field])}
    # Of a document and a fused vector the SDK's type has the word, and its text a refusal.
    assert ours == words - ({"fused_embedding"} if kind == "document" else set())


def test_queries_are_the_sdks() -> None:
    pytest.importorskip("twelvelabs.types.multi_input_media_source_media_type")
    from twelvelabs.embed.v_2.types import create_embeddings_request_input_type as module

    union = module.CreateEmbeddingsRequestInputType
    words = {word for part in typing.get_args(union) for word in typing.get_args(part)}
    assert set(model_of("marengo3.0").queries.input_types) == words
    assert set(model_of("marengo3.5").queries.media_types) == sdk_words(
        "MultiInputMediaSourceMediaType"
    )


def test_defaults_are_the_services() -> None:
    three, newer = model_of("marengo3.0"), model_of("MARENGO3.5")
    assert newer.name == "marengo3.5"
    for model in (three, newer):
        assert model.tasks["video"].default_scopes == ("clip", "asset")
        assert model.dimensions[0] == 512
    assert three.tasks["video"].clips["dynamic"].usual_sec == 4
    assert newer.tasks["video"].clips["dynamic"].usual_sec == 2
    assert three.tasks["audio"].default_segmentation == "fixed"
    assert newer.tasks["audio"].default_segmentation == "dynamic"
    assert (three.queries.most_sec, newer.queries.most_sec) == (600, 30)
    assert (three.segmentation_in, newer.segmentation_in) == ("", "temporal")


@pytest.mark.parametrize(
    ("name", "api"), [("Marengo-retrieval-2.7", "v1"), ("marengo-retrieval-2.6", "v1")]
)
def test_older_models_keep_their_name(name: str, api: str) -> None:
    assert (model_of(name).name, model_of(name).api) == (name, api)


@pytest.mark.parametrize("name", ["marengo4", "", None, 3.5, "pegasus1.5"])
def test_unknown_models(name: Any) -> None:
    with pytest.raises(tw.InputError, match=r"is not known; marengo3.0, marengo3.5 or one of"):
        model_of(name)


@pytest.mark.parametrize(
    ("model", "kind", "field", "names", "message"),
    [
        ("marengo3.5", "video", "embedding_option", ["transcription"], "model_name='marengo3.0'"),
        ("marengo3.0", "video", "embedding_option", ["visual-text"], "'visual-text' is not one"),
        ("marengo3.0", "video", "embedding_scope", ["local"], "model_name='marengo3.5'"),
        ("marengo3.0", "audio", "embedding_option", ["visual"], "'audio' or 'transcription'"),
        ("marengo3.5", "document", "embedding_type", ["fused_embedding"], "'separate_embedding'"),
        ("marengo3.5", "document", "embedding_scope", ["clip"], "'local' or 'asset'"),
        ("marengo3.5", "image", "embedding_scope", ["clip"], "'asset' was expected"),
        ("marengo3.5", "video", "embedding_option", [], r"embedding_option \(\) is not one"),
        ("marengo3.0", "document", "embedding_scope", ["local"], "a document for model"),
        ("marengo3.0", "image", "embedding_scope", ["asset"], "choose model_name='marengo3.5'"),
        ("Marengo-retrieval-2.7", "video", "embedding_type", ["x"], "it has no such choice"),
    ],
)
def test_refused_words(model: str, kind: str, field: str, names: list[str], message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        check_choice(model_of(model), kind, field, names)


@pytest.mark.parametrize(
    ("model", "kind", "segmentation", "clip_sec", "message"),
    [
        ("marengo3.0", "audio", "dynamic", None, "'fixed' was expected.*model_name='marengo3.5'"),
        ("marengo3.5", "image", None, 6, "clip_sec 6 for an image"),
        ("marengo3.5", "document", "dynamic", None, "segmentation 'dynamic' for a document"),
        ("marengo3.5", "video", "dynamic", 6, "2 to 5"),
        ("marengo3.5", "video", None, 11, "2 to 10"),
        ("marengo3.5", "video", "fixed", 2.5, "a whole number"),
        ("marengo3.5", "video", "loose", None, "'dynamic' or 'fixed' was expected"),
    ],
)
def test_refused_clips(
    model: str, kind: str, segmentation: str | None, clip_sec: float | None, message: str
) -> None:
    with pytest.raises(tw.InputError, match=message):
        check_clips(model_of(model), kind, segmentation, clip_sec)


@pytest.mark.parametrize(
    ("model", "input_type", "media", "message"),
    [
        ("marengo3.5", "text", [], "'multi_input' was expected"),
        ("marengo3.0", "multi_input", ["video"], "a video in a query for model 'marengo3.0'"),
        ("marengo3.5", "multi_input", ["image"] * 11, "11 files in one query; at most 10"),
        ("Marengo-retrieval-2.7", "text_image", [], "'text', 'image' or 'audio'"),
    ],
)
def test_refused_queries(model: str, input_type: str, media: list[str], message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        check_query(model_of(model), input_type, media)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("marengo3.0", {"embedding_dimension": 512}, "embedding_dimension= for model"),
        ("marengo3.0", {"embedding_uncertainty": True}, "embedding_uncertainty= for model"),
        ("marengo3.0", {"auto_truncate": True}, "auto_truncate= for model"),
        ("marengo3.5", {"embedding_dimension": 300}, "128, 256 or 512 was expected"),
        ("marengo3.5", {"embedding_dimension": True}, "128, 256 or 512 was expected"),
    ],
)
def test_refused_settings(model: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(tw.InputError, match=message):
        check_settings(model_of(model), **settings)


def test_what_is_taken() -> None:
    newer = model_of("marengo3.5")
    check_settings(newer, embedding_dimension=128, embedding_uncertainty=True, auto_truncate=False)
    check_choice(newer, "video", "embedding_scope", ["clip", "local", "asset"])
    check_choice(newer, "document", "embedding_option", None)
    check_clips(newer, "audio", "dynamic", 2)
    check_clips(model_of("marengo3.0"), "audio", None, 10)
    check_query(newer, "multi_input", ["document"])
