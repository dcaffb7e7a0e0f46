"""What is asked of each model: the request, the rows that come back, and every refusal before it.

The stand-in refuses what the service refuses, so each request here is one that it takes.
"""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import spreading
from paying import embed, lose, open_client
from service import KEY, Fault, Service, assets, routes

import twlab as tw
from twlab.service.jobs import (
    Asset,
    Job,
    Media,
    Options,
    facts_from,
    facts_of,
    kind_of_name,
    read_options,
    which_is,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = b"%d 0 obj << /Type /Page /Parent 1 0 R >> endobj\n"
FILES = {
    "film.mp4": b"\0\0\0\x18ftypisom\0\0\0\0" + b"film" * 40,
    "noise.wav": b"RIFF\x24\0\0\0WAVEfmt " + b"noise" * 40,
    "still.png": b"\x89PNG\r\n\x1a\n" + b"still" * 40,
    "paper.pdf": b"%PDF-1.7\n" + b"".join(PAGE % n for n in (2, 3, 4)),
    "notes.txt": b"One is here. Two is here. Three is here. Four is here. Five is here.",
}
NOTES = [{"start": 0, "end": 5, "text": "kick-off"}, {"start": 7.5, "end": 7.5, "text": "goal"}]
NEWER: dict[str, Any] = {"model_name": "marengo3.5"}
FUSED: dict[str, Any] = {"embedding_type": "fused_embedding", "time_based_metadata": NOTES}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file of each kind."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with open_client(service, tmp_path / "jobs") as made:
        yield made


def asked(service: Service) -> dict[str, Any]:
    """What the newest task was asked, without where its file is and what was left out."""
    (*_, task) = service.store.tasks.values()
    given = {name: value for name, value in task.asked.items() if value is not None}
    return {name: value for name, value in given.items() if name != "media_source"}


def check_by_the_sdk(task: Any) -> None:
    """The official package's own type takes what was sent, and knows each of its fields."""
    types = pytest.importorskip("twelvelabs.types")
    part = {name: value for name, value in task.asked.items() if name not in OF_THE_TASK}
    read = getattr(types, f"Async{task.input_type.title()}InputRequest").model_validate(part)
    assert not unknown(read)
    assert read.dict() == part


def unknown(read: Any) -> list[str]:
    """Names of fields, at any depth, that the type does not have."""
    found = list(read.model_extra or ())
    for name in type(read).model_fields:
        value = getattr(read, name)
        each = value if isinstance(value, list) else [value]
        found += [one for part in each if hasattr(part, "model_extra") for one in unknown(part)]
    return found


OF_THE_TASK = ("embedding_dimension", "embedding_uncertainty")  # beside the part, not in it
FIXED = {"strategy": "fixed", "fixed": {"duration_sec": 4}}
SENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("film.mp4", {}, {}),
    ("film.mp4", {"clip_sec": 4}, {"segmentation": FIXED}),
    ("film.mp4", NEWER, {}),
    ("film.mp4", {**NEWER, "clip_sec": 4}, {"segmentation": {"temporal": FIXED}}),
    (
        "film.mp4",
        {**NEWER, "segmentation": "dynamic"},
        {"segmentation": {"temporal": {"strategy": "dynamic", "dynamic": {"min_duration_sec": 2}}}},
    ),
    (
        "film.mp4",
        {"segmentation": "dynamic"},
        {"segmentation": {"strategy": "dynamic", "dynamic": {"min_duration_sec": 4}}},
    ),
    (
        "noise.wav",
        {**NEWER, "segmentation": "dynamic", "clip_sec": 3},
        {"segmentation": {"temporal": {"strategy": "dynamic", "dynamic": {"min_duration_sec": 3}}}},
    ),
    ("film.mp4", {**NEWER, "embedding_scope": "local"}, {"embedding_scope": ["clip"]}),
    ("film.mp4", {"embedding_scope": "video"}, {"embedding_scope": ["asset"]}),
    ("film.mp4", {"embedding_scope": ["clip", "asset"]}, {"embedding_scope": ["clip", "asset"]}),
    ("film.mp4", {**NEWER, "embedding_dimension": 128}, {"embedding_dimension": 128}),
    (
        "film.mp4",
        {**NEWER, "embedding_uncertainty": True, "embedding_scope": "clip"},
        {"embedding_uncertainty": True, "embedding_scope": ["clip"]},
    ),
    (
        "film.mp4",
        {**NEWER, **FUSED},
        {"embedding_type": ["fused_embedding"], "time_based_metadata": NOTES},
    ),
    (
        "film.mp4",
        {"embedding_option": "visual", "embedding_type": "separate_embedding"},
        {"embedding_option": ["visual"]},
    ),
    ("still.png", NEWER, {}),
    ("still.png", {**NEWER, "embedding_uncertainty": True}, {"embedding_uncertainty": True}),
    ("paper.pdf", NEWER, {}),
    (
        "paper.pdf",
        {**NEWER, "segmentation": "quadrants"},
        {"segmentation": {"spatial": {"strategy": "quadrants"}}},
    ),
    (
        "paper.pdf",
        {**NEWER, "embedding_option": "text", "embedding_scope": "asset"},
        {"embedding_option": ["text"], "embedding_scope": ["asset"]},
    ),
    ("notes.txt", NEWER, {}),
    (
        "notes.txt",
        {**NEWER, "max_sentences": 2, "overlap_sentences": 1},
        {
            "embedding_scope": ["local"],
            "segmentation": {
                "sequential": {"strategy": "sentence", "max_sentences": 2, "overlap_sentences": 1}
            },
        },
    ),
]


@pytest.mark.parametrize(("name", "options", "sent"), SENT)
def test_what_is_sent(
    client: tw.Client,
    service: Service,
    files: Path,
    name: str,
    options: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    found = client.embed(files / name, progress=False, on_error="raise", **options)
    assert len(found)
    assert asked(service) == sent
    (task,) = service.store.tasks.values()
    kinds = {"mp4": "video", "wav": "audio", "png": "image", "pdf": "document", "txt": "document"}
    assert task.input_type == kinds[name.partition(".")[2]]
    assert task.model_name == options.get("model_name", "marengo3.0")
    check_by_the_sdk(task)
    again = client.embed(files / name, progress=False, on_error="raise", **options)
    assert len(service.paid) == 1
    assert np.array_equal(tw.vectors(again), tw.vectors(found))


@pytest.mark.parametrize(
    ("name", "options", "other"),
    [
        ("notes.txt", {"max_sentences": 2}, {"segmentation": "sentence"}),
        ("film.mp4", {"embedding_option": "visual"}, {"embedding_dimension": 512}),
    ],
)
def test_two_spellings_of_one_request_are_one_job(
    client: tw.Client,
    service: Service,
    files: Path,
    name: str,
    options: dict[str, Any],
    other: dict[str, Any],
) -> None:
    for given in (options, {**options, **other}):
        assert len(client.embed(files / name, progress=False, **NEWER, **given))
    assert len(service.paid) == 1


def test_notes_come_as_a_table_too(client: tw.Client, service: Service, files: Path) -> None:
    table = pd.DataFrame(NOTES).rename(columns={"start": "start_sec", "end": "end_sec"})
    for given in (NOTES, table):
        fused = {**FUSED, "time_based_metadata": given}
        found = client.embed(files / "film.mp4", progress=False, **NEWER, **fused)
        assert set(found["embedding_option"]) == {"fused"}
    assert len(service.paid) == 1


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("still.png", {}, "still.png is an image; marengo3.0 embeds video and audio"),
    ("paper.pdf", {}, "paper.pdf is a PDF; .* choose model_name='marengo3.5'"),
    ("notes.txt", {}, "notes.txt is a text file"),
    ("noise.wav", {"model_name": "Marengo-retrieval-2.7"}, "noise.wav is an audio file"),
    ("noise.wav", {"segmentation": "dynamic"}, "model_name='marengo3.5'"),
    ("film.mp4", {**NEWER, "embedding_option": "transcription"}, "'marengo3.0' for it"),
    ("film.mp4", {"embedding_option": "visual-text"}, "'visual-text' is not one"),
    ("film.mp4", {"embedding_scope": "local"}, "'local' is not one that marengo3.0"),
    ("film.mp4", {"embedding_dimension": 256}, "embedding_dimension= for model 'marengo3.0'"),
    ("film.mp4", {**NEWER, "embedding_dimension": 100}, "128, 256 or 512"),
    ("film.mp4", {"embedding_uncertainty": True}, "embedding_uncertainty= for model"),
    ("film.mp4", {**NEWER, "embedding_uncertainty": True}, "embedding_scope='clip' was expected"),
    ("paper.pdf", {**NEWER, "embedding_uncertainty": True}, "for a PDF, for which the service"),
    ("notes.txt", {**NEWER, "embedding_uncertainty": True}, "'local' and max_sentences="),
    ("film.mp4", FUSED, "time_based_metadata= for model 'marengo3.0'"),
    ("film.mp4", {**NEWER, "embedding_type": "fused_embedding"}, "without time_based_metadata"),
    ("film.mp4", {**NEWER, "time_based_metadata": NOTES}, "without fused vectors"),
    ("paper.pdf", {**NEWER, "time_based_metadata": NOTES}, "for a PDF, of which marengo3.5 makes"),
    ("noise.wav", {**NEWER, "time_based_metadata": NOTES}, "for an audio file, of which"),
    ("noise.wav", {**NEWER, **FUSED}, "not one that marengo3.5 offers for an audio file"),
    ("film.mp4", {**NEWER, **FUSED, "embedding_option": "visual"}, "'visual' alone; at least two"),
    (
        "film.mp4",
        {**NEWER, "time_based_metadata": NOTES, "embedding_option": "visual"},
        "time_based_metadata= with embedding_option 'visual' alone",
    ),
    ("film.mp4", {"embedding_option": "visual", "embedding_type": "fused_embedding"}, "two to be"),
    ("film.mp4", {**NEWER, "segmentation": "quadrants"}, "'quadrants' for a video; a PDF"),
    ("film.mp4", {**NEWER, "max_sentences": 3}, "max_sentences 3 for a video"),
    ("paper.pdf", {**NEWER, "max_sentences": 3}, "max_sentences 3 for a PDF"),
    ("paper.pdf", {**NEWER, "clip_sec": 3}, "clip_sec 3 for a document"),
    *(
        (
            "paper.pdf",
            {**NEWER, "segmentation": name, "clip_sec": 4},
            "clip_sec 4 for a document, which has no time to cut along; .* leave it out",
        )
        for name in ("standard", "quadrants")
    ),
    (
        "notes.txt",
        {**NEWER, "segmentation": "sentence", "max_sentences": 2, "clip_sec": 4},
        "clip_sec 4 for a document",
    ),
    ("paper.pdf", {**NEWER, "start_sec": 3}, "without time"),
    ("paper.pdf", {**NEWER, "embedding_option": "text"}, "embedding_scope='asset'"),
    (
        "paper.pdf",
        {**NEWER, "segmentation": "quadrants", "embedding_scope": "asset"},
        "embedding_scope='local'",
    ),
    ("notes.txt", {**NEWER, "embedding_option": "visual"}, "'visual' for a text"),
    ("notes.txt", {**NEWER, "embedding_scope": "local"}, "max_sentences= was expected"),
    ("notes.txt", {**NEWER, "segmentation": "sentence"}, "max_sentences None"),
    ("notes.txt", {**NEWER, "max_sentences": 2, "overlap_sentences": 2}, "0 <= overlap"),
    ("notes.txt", {**NEWER, "max_sentences": 2.5}, "max_sentences is 2.5; a whole number"),
    ("still.png", {**NEWER, "embedding_scope": "clip"}, "'asset' was expected"),
    ("still.png", {**NEWER, "segmentation": "dynamic"}, "for an image, which has no time"),
    ("film.mp4", {"model_name": "marengo4"}, "'marengo4' is not known"),
    ("film.mp4", {**NEWER, **FUSED, "time_based_metadata": []}, r"time_based_metadata is '\[\]'"),
    ("film.mp4", {**NEWER, **FUSED, "time_based_metadata": "x"}, "a list of entries such as"),
    (
        "film.mp4",
        {**NEWER, **FUSED, "time_based_metadata": [{"start": 5, "end": 2, "text": "x"}]},
        r"time_based_metadata\[0\]",
    ),
    ("film.mp4", {"embedding_option": [["visual"]]}, r"\"\['visual'\]\" is a list; a word such as"),
    ("film.mp4", {"embedding_scope": 7}, "'7' is a int; a word such as"),
    ("film.mp4", {"embedding_option": ["visual", {}]}, "a dict; a word such as"),
    ("film.mp4", {**NEWER, "at_once": True}, "at_once= for video and model 'marengo3.5'"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED)
def test_refused_before_anything_is_sent(
    client: tw.Client,
    service: Service,
    files: Path,
    name: str,
    options: dict[str, Any],
    message: str,
) -> None:
    (files / "other.mp4").write_bytes(b"another film")
    of_its_kind = message.startswith(name)
    sources = [files / "other.mp4", files / name] if of_its_kind else [files / name]
    with pytest.raises(tw.InputError, match=message):
        client.embed(sources, progress=False, **options)
    assert not list(service.requests)


@pytest.mark.parametrize(
    ("name", "n_bytes", "message"),
    [
        ("still.png", 33_000_000, r"is 33.00 MB; at most 32 MB are accepted; make it smaller$"),
        ("paper.pdf", 201_000_000, r"is 201.00 MB; at most 200 MB .*; give its web address, or"),
        ("paper.pdf", 513_000_000, r"is 513.00 MB; at most 200 MB are accepted; make it smaller$"),
        ("film.mp4", 5_000_000_000, r"is 5.00 GB; at most 4.295 GB are accepted; make it smaller$"),
    ],
)
def test_a_file_that_is_too_large_is_refused_before_another_is_paid_for(
    client: tw.Client, service: Service, files: Path, name: str, n_bytes: int, message: str
) -> None:
    os.truncate(files / name, n_bytes)  # a hole, which takes no place on the disk
    with pytest.raises(tw.errors.TooLargeError, match=f"{name} {message}"):
        client.embed([files / "notes.txt", files / name], progress=False, **NEWER)
    assert not list(service.requests)


# What a file is


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("film.mp4", FILES["paper.pdf"], "film.mp4 is a PDF"),
        ("film.mp4", FILES["still.png"], "film.mp4 is an image"),
        ("film.mp4", b"<!DOCTYPE html><html>not found", "film.mp4 is a web page"),
        ("paper.docx", b"PK\x03\x04word", "is an archive or office document"),
        ("talk.srt", b"1\n00:00:01", "is text in another format"),
    ],
)
def test_first_bytes_tell_more_than_a_name(
    client: tw.Client, service: Service, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(tw.InputError, match=message):
        client.embed(tmp_path / name, progress=False)
    assert not list(service.requests)


def test_a_sound_under_the_name_of_a_film_is_sent_as_a_sound(
    client: tw.Client, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "film.mp4").write_bytes(FILES["noise.wav"])
    with pytest.warns(tw.TwlabWarning, match="not in the table"):  # the stand-in goes by the name
        client.embed(tmp_path / "film.mp4", progress=False)
    assert "audio" in client.failures()["reason"][0]


def test_a_pdf_must_be_named_so(client: tw.Client, service: Service, tmp_path: Path) -> None:
    (tmp_path / "paper.mp4").write_bytes(FILES["paper.pdf"])
    with pytest.raises(tw.InputError, match=r"rename it to end in .pdf"):
        client.embed(tmp_path / "paper.mp4", progress=False, **NEWER)
    (tmp_path / "paper.mp4").rename(tmp_path / "paper.pdf")
    assert len(client.embed(tmp_path / "paper.pdf", progress=False, **NEWER)) == 3


def test_a_folder_is_its_films_and_a_glob_what_it_names(
    client: tw.Client, service: Service, files: Path
) -> None:
    found = client.embed(files, progress=False, **NEWER)
    assert set(found["video_id"]) == {"film.mp4", "noise.wav"}
    for name in ("still.png", "paper.pdf", "notes.txt"):
        pattern = str(files / f"*.{name.partition('.')[2]}")
        assert set(client.embed(pattern, progress=False, **NEWER)["video_id"]) == {name}


# Identity


def test_another_option_is_another_job(client: tw.Client, service: Service, files: Path) -> None:
    """Each is paid for once, however often and however spelled."""
    film = files / "film.mp4"
    kinds: list[dict[str, Any]] = [
        {},
        {"embedding_dimension": 128},
        {"embedding_dimension": 256},
        {"clip_sec": 4},
        {"segmentation": "dynamic", "clip_sec": 4},
        {"embedding_uncertainty": True, "embedding_scope": "clip"},
        {"embedding_scope": "clip"},
        FUSED,
        {**FUSED, "time_based_metadata": NOTES[:1]},
    ]
    for options in [*kinds, *kinds]:
        client.embed(film, progress=False, on_error="raise", **NEWER, **options)
    assert len(service.paid) == len(kinds)
    same: list[dict[str, Any]] = [
        {"embedding_scope": "local"},
        {"embedding_scope": ["clip", "local"]},
        {"embedding_dimension": np.int64(128)},
        {"clip_sec": 4.0},
        {**FUSED, "time_based_metadata": [{**note, "end": float(note["end"])} for note in NOTES]},
    ]
    for options in same:
        client.embed(film, progress=False, on_error="raise", **NEWER, **options)
    client.embed(film, progress=False, on_error="raise", model_name=" Marengo3.5")
    assert len(service.paid) == len(kinds)


def test_jobs_of_before_keep_their_names() -> None:
    """Options of 3.0 are written as they were, so that what is paid for is found again."""

    options = Options(embedding_scope=("asset",), clip_sec=4).fit_kind(kind_of_name("a.mp4"))
    assert options.as_json() == (
        '{"clip_sec":4,"embedding_option":null,"embedding_scope":["video"],"embedding_type":null,'
        '"end_sec":null,"input_type":"video","model_name":"marengo3.0","segmentation":null,'
        '"start_sec":null}'
    )


# Assets


def test_an_asset_that_was_sent_from_here_is_its_file(
    client: tw.Client, service: Service, files: Path
) -> None:
    film = client.embed(files / "film.mp4", progress=False)
    (asset_id,) = service.store.assets
    again = client.embed(asset_id=client.assets()["asset_id"], progress=False)  # type: ignore[arg-type]
    assert len(service.paid) == 1
    assert set(again["video_id"]) == {"film.mp4"}
    assert np.array_equal(tw.vectors(again), tw.vectors(film))
    newer = client.embed(asset_id=asset_id, progress=False, **NEWER)
    assert len(service.paid) == 2
    assert set(newer["video_id"]) == {"film.mp4"}
    assert len(service.store.assets) == 1


@pytest.mark.parametrize(
    ("media_type", "name", "kind"),
    [
        ("text/plain; charset=utf-8", "a", "a text file"),
        ("Application/PDF", "a", "a PDF"),
        ("audio/mpeg;", "a.mp4", "an audio file"),
        ("application/octet-stream", "a.pdf", "a PDF"),
        ("binary/octet-stream; x=1", "a.png", "an image"),
        ("", "a.md", "a text file"),
        ("video/mp4", "a.md", "a video"),
    ],
)
def test_the_kind_of_an_asset(media_type: str, name: str, kind: str) -> None:
    assert Media(f"asset:{name}", name, asset=Asset("0", media_type)).kind.name == kind


def test_an_asset_from_elsewhere(
    client: tw.Client, service: Service, files: Path, tmp_path: Path
) -> None:
    for name in ("film.mp4", "paper.pdf"):
        embed(service, files / name, tmp_path / "elsewhere", **NEWER)
    n_paid, ids = len(service.paid), list(service.store.assets)
    with open_client(service, tmp_path / "here") as here:
        for _ in range(2):
            found = here.embed(asset_id=ids, progress=False, on_error="raise", **NEWER)
            assert found["video_id"].nunique() == 2
            assert len(service.paid) == n_paid + 2
    assert len(service.store.assets) == 2
    with open_client(service, tmp_path / "here") as here, pytest.raises(tw.InputError, match="PDF"):
        here.embed(asset_id=ids, progress=False)


def test_assets_that_are_not_there(client: tw.Client, service: Service, files: Path) -> None:
    with pytest.raises(tw.errors.NotFoundError, match="does not exist"):
        client.embed(asset_id="6a1b2c3d4e5f6a7b8c9d0e1f", progress=False)
    table = pd.DataFrame({"asset_id": ["a"]})
    for wrong in (table, {"a": 1}, b"a", [["a"]], [float("nan")]):
        with pytest.raises(tw.InputError, match=r"asset_id is .*client\.assets"):
            client.embed(asset_id=wrong, progress=False)  # type: ignore[arg-type]
    for wrong, message in (([], "asset_id is empty"), (7, "asset_id is 7"), ([""], "asset_id is")):
        with pytest.raises(tw.InputError, match=message):
            client.embed(asset_id=wrong, progress=False)  # type: ignore[arg-type]
    for given in ({}, {"source": files / "film.mp4", "asset_id": "a"}):
        with pytest.raises(tw.InputError, match="both given, or neither"):
            client.embed(progress=False, **given)
    assert not service.paid


def test_an_asset_that_is_gone_gives_what_was_paid_for(
    client: tw.Client, service: Service, files: Path, tmp_path: Path
) -> None:
    embed(service, files / "film.mp4", tmp_path / "elsewhere")
    (asset_id,) = service.store.assets
    found = client.embed(asset_id=asset_id, progress=False)
    service.store.assets.clear()
    again = client.embed(asset_id=asset_id, progress=False)
    assert np.array_equal(tw.vectors(again), tw.vectors(found))
    assert len(service.paid) == 2


def test_a_lost_request_of_an_unnamed_asset_is_nobodys_guess(
    service: Service, files: Path, tmp_path: Path
) -> None:
    """Another asset may have its file's name, so no task is certain to be its own."""
    embed(service, files / "film.mp4", tmp_path / "elsewhere")
    (asset,) = service.store.assets.values()
    asset.filename = "film.mp4"
    service.faults = [Fault("fin_after", "POST /embed-v2/tasks", times=1)]
    with open_client(service, tmp_path / "here") as here, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here.embed(asset_id=asset.id, progress=False)
        assert here.failures()["error"].tolist() == ["JobInDoubtError"]
    assert len(service.paid) == 2


def test_the_reason_of_a_failed_asset_is_told(
    client: tw.Client, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"x" * 100)
    with pytest.raises(tw.errors.TaskFailedError, match="The video stream cannot be decoded") as e:
        client.embed(tmp_path / "broken.mp4", progress=False, on_error="raise")
    assert e.value.message == "The video stream cannot be decoded."


def test_large_sounds_are_announced_as_such(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, where the kind is said beside the name."""
    monkeypatch.setattr("twlab.service.jobs.uploads.ONE_FORM_BYTES", 100)

    kinds = []

    real = assets.create_upload

    def seen(store: Any, request: Any) -> Any:
        kinds.append(request.json["type"])
        return real(store, request)

    monkeypatch.setattr("service.routes.ROUTES", _routes_with(seen, real))
    (tmp_path / "noise.wav").write_bytes(FILES["noise.wav"] * 3)
    (tmp_path / "still.png").write_bytes(FILES["still.png"] * 3)
    (tmp_path / "paper.pdf").write_bytes(FILES["paper.pdf"] * 3)
    names = ["noise.wav", "still.png", "paper.pdf"]
    embed(service, [tmp_path / n for n in names], tmp_path / "jobs", on_error="raise", **NEWER)
    assert sorted(kinds) == ["audio", "image"]  # a document goes whole


def _routes_with(seen: Any, real: Any) -> Any:

    return [(pattern, seen if call is real else call) for pattern, call in routes.ROUTES]


# At once


@pytest.mark.parametrize("name", ["film.mp4", "noise.wav"])
def test_at_once_leaves_no_task(
    client: tw.Client, service: Service, files: Path, name: str
) -> None:
    found = client.embed(files / name, progress=False, on_error="raise", at_once=True)
    assert not service.store.tasks
    assert not service.store.assets
    assert len(service.paid) == 1
    again = client.embed(files / name, progress=False)  # the same work, however it was asked for
    assert len(service.paid) == 1
    assert np.array_equal(tw.vectors(again), tw.vectors(found))
    assert len(client.results()) == len(found)


def test_at_once_takes_what_a_task_brought(
    client: tw.Client, service: Service, files: Path
) -> None:
    client.embed(files / "film.mp4", progress=False)
    client.embed(files / "film.mp4", progress=False, at_once=True)
    assert len(service.paid) == 1


def test_an_answer_lost_at_once_is_not_asked_for_twice_unsaid(
    client: tw.Client, service: Service, files: Path
) -> None:
    film = files / "film.mp4"
    service.faults = [Fault("fin_after", "POST /embed-v2", times=1)]
    with pytest.raises(tw.ApiError):
        client.embed(film, progress=False, on_error="raise", at_once=True)
    for at_once in (True, False):
        with pytest.raises(tw.errors.JobInDoubtError, match="asked at once"):
            client.embed(film, progress=False, on_error="raise", at_once=at_once)
    assert len(service.paid) == 1
    assert len(client.embed(film, progress=False, at_once=True, pay_again=True))
    assert len(service.paid) == 2


def test_at_once_is_refused_for_what_is_large(
    client: tw.Client, service: Service, tmp_path: Path
) -> None:
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(36_000_001)
    with pytest.raises(tw.InputError, match="at most 36 MB and 600 s"):
        client.embed(tmp_path / "long.mp4", progress=False, at_once=True)
    assert not list(service.requests)


def test_a_deleted_answer_of_once_is_asked_for_again(
    client: tw.Client, service: Service, files: Path
) -> None:
    client.embed(files / "film.mp4", progress=False, at_once=True)
    for path in (client.folder / "answers").iterdir():
        path.unlink()
    assert len(client.embed(files / "film.mp4", progress=False, at_once=True))
    assert len(service.paid) == 2


def test_options_of_documents_and_pictures_survive_a_lost_ledger(
    service: Service, files: Path, tmp_path: Path
) -> None:
    """With the ledger and its answers gone, what is at the service is found by its name."""

    jobs, paid = tmp_path / "jobs", []
    for name in ("still.png", "paper.pdf", "notes.txt", "noise.wav"):
        embed(service, files / name, jobs, **NEWER)
        paid.append(name)
    for path in (jobs / "answers").iterdir():
        path.unlink()
    lose(jobs, "emptied")
    for name in paid:
        embed(service, files / name, jobs, on_error="raise", **NEWER)
    assert len(service.paid) == len(paid)


def test_the_ledger_says_what_was_asked(client: tw.Client, files: Path) -> None:
    client.embed(files / "paper.pdf", progress=False, segmentation="quadrants", **NEWER)
    (options,) = client.ledger()["options"]
    assert json.loads(options)["segmentation"] == "quadrants"
    assert KEY not in options


# Many workers


class NoWorkers:
    """Workers that must not be asked."""

    def map(self, *_: Any) -> Any:
        raise AssertionError("work was handed out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "paper.pdf is a PDF"),
        ({**NEWER, "embedding_option": "transcription"}, "'transcription' is not one"),
        ({**NEWER, "asset_id": "a"}, "asset_id= for workers"),
        ({**NEWER, "time_based_metadata": pd.DataFrame(NOTES)}, "without fused vectors"),
        ({"at_once": True, "model_name": "marengo3.5"}, "at_once= for video"),
    ],
)
def test_workers_are_asked_nothing_that_one_would_refuse(
    service: Service, files: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    """Else some of the work would be paid for before another part is refused."""

    found = [files / "film.mp4", files / "paper.pdf"]
    with pytest.raises(tw.InputError, match=message):
        spreading.embed(
            found, NoWorkers(), folder=tmp_path / "jobs", base_url=service.url, **options
        )
    assert not list(service.requests)


# What a task of the service says of itself


def job_of(content: str, name: str, upload_name: str | None, **given: Any) -> Any:

    options = read_options(**given).fit_kind(kind_of_name(name))
    told = {"video_id": name, "model_name": options.model_name, "options": options.as_json()}
    return Job("k", "a", "v2", name, content, upload_name=upload_name, **told)


def listed(name: str, **metadata: Any) -> dict[str, Any]:

    return facts_of({"model_name": "marengo3.5", "metadata": {"input_filename": name, **metadata}})


MARKED = "a.0123456789abcdef.{}"


@pytest.mark.parametrize(
    ("ending", "given", "metadata", "outcome"),
    [
        ("mp4", {}, {}, "sure"),
        ("mp4", {}, {"embedding_dimension": 512}, "sure"),
        ("mp4", {}, {"embedding_dimension": 128}, "other"),
        ("mp4", {"embedding_dimension": 128}, {"embedding_dimension": 128}, "sure"),
        ("mp4", {"embedding_dimension": 128}, {"embedding_dimension": 256}, "other"),
        ("mp4", {"embedding_dimension": 128}, {}, "unsure"),
        ("mp4", {"embedding_uncertainty": True, "embedding_scope": "clip"}, {}, "unsure"),
        ("mp4", FUSED, {}, "unsure"),
        ("mp4", {}, {"embedding_options": ["audio"]}, "unsure"),
        ("mp4", {"embedding_scope": "local"}, {"embedding_scopes": ["local"]}, "sure"),
        ("wav", {}, {"embedding_options": ["audio"]}, "sure"),
        ("png", {}, {"embedding_options": ["visual"], "embedding_scopes": ["asset"]}, "sure"),
        ("pdf", {}, {"embedding_options": ["visual"], "embedding_scopes": ["local"]}, "sure"),
        ("pdf", {}, {"embedding_options": ["visual"], "embedding_scopes": ["asset"]}, "unsure"),
        ("pdf", {"segmentation": "quadrants"}, {"embedding_scopes": ["local"]}, "unsure"),
        ("txt", {}, {"embedding_options": ["text"], "embedding_scopes": ["asset"]}, "sure"),
        ("txt", {}, {"embedding_options": ["text"], "embedding_scopes": ["local"]}, "unsure"),
        ("txt", {"max_sentences": 2}, {"embedding_scopes": ["local"]}, "unsure"),
    ],
)
def test_which_old_task_is_a_jobs(
    ending: str, given: dict[str, Any], metadata: dict[str, Any], outcome: str
) -> None:
    """Nobody is charged for a guess, nor given what was asked for otherwise."""

    name = MARKED.format(ending)
    job = job_of("sha256:1", f"a.{ending}", name, **NEWER, **given)
    found = which_is(job, {"t": listed(name, **metadata)}, [], surely_recent=False)
    assert found == {"sure": (["t"], []), "unsure": ([], ["t"]), "other": ([], [])}[outcome]


@pytest.mark.parametrize(
    ("upload_name", "task_name", "outcome"),
    [
        (MARKED.format("mp4"), MARKED.format("mp4"), (["t"], [])),
        (MARKED.format("mp4"), "a.mp4", ([], [])),
        ("a.mp4", "a.mp4", ([], ["t"])),
        ("a.mp4", "b.mp4", ([], [])),
        (None, "b.mp4", ([], ["t"])),
    ],
)
def test_which_task_is_of_an_asset(
    upload_name: str | None, task_name: str, outcome: tuple[list[str], list[str]]
) -> None:

    job = job_of("asset:1", "a.mp4", upload_name, **NEWER)
    assert which_is(job, {"t": listed(task_name)}, [], surely_recent=True) == outcome


def test_facts_written_before_tasks_told_their_dimension_are_read() -> None:

    facts = listed("a.mp4")
    old = {name: value for name, value in facts.items() if name != "dimension"}
    assert facts_from(json.dumps(old)) == facts
    assert facts_from(json.dumps({**facts, "more": 1})) is None
    assert facts_from(json.dumps({**facts, "dimension": "512"})) is None
