"""Answers of other vendors, in the shapes of their documentation and SDKs (November 2026)."""

from __future__ import annotations

import base64
import contextlib
import json
import warnings
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import twlab as tw
from twlab.loading.responses import packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

V, W, X = [0.25, -0.5, 0.125], [0.5, 0.25, 1.0], [1.0, 0.5, -0.25]
NOVA, VERTEX = "amazon.nova-2-multimodal-embeddings-v1:0", "multimodalembedding@001"
NA = None


def in_base64(numbers: list[float]) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


LONG = [round(0.01 * k - 0.3, 2) for k in range(64)]
LINES = [
    {
        "embedding": vector,
        "segmentMetadata": {
            "segmentIndex": k,
            "segmentStartSeconds": 5 * k,
            "segmentEndSeconds": 5 * k + 5,
        },
        "status": "SUCCESS",
    }
    for k, vector in enumerate((V, W))
]
SEGMENTS = [
    {"endOffsetSec": 16 * k + 16, "embedding": vector, "startOffsetSec": 16 * k}
    for k, vector in enumerate((V, W))
]

# name: answer, then per row start, end, option, scope, model, input type
ANSWERS: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "nova": (
        {
            "embeddings": [
                {"embeddingType": "VIDEO", "embedding": V},
                {"embeddingType": "AUDIO", "embedding": W},
            ]
        },
        [(NA, NA, "visual", NA, NOVA, "video"), (NA, NA, "audio", NA, NOVA, "audio")],
    ),
    "nova, both": (
        {"embeddings": [{"embeddingType": "AUDIO_VIDEO_COMBINED", "embedding": V}]},
        [(NA, NA, "fused", NA, NOVA, "video")],
    ),
    "nova, text": (
        {"embeddings": [{"embeddingType": "TEXT", "embedding": V, "truncatedCharLength": 9}]},
        [(NA, NA, NA, NA, NOVA, "text")],
    ),
    "nova, lines": (
        LINES,
        [(0, 5, NA, "clip", NOVA, NA), (5, 10, NA, "clip", NOVA, NA)],
    ),
    "vertex": (
        {
            "predictions": [{"videoEmbeddings": SEGMENTS, "textEmbedding": X}],
            "deployedModelId": "1",
        },
        [
            (0, 16, "visual", "clip", VERTEX, "video"),
            (16, 32, "visual", "clip", VERTEX, "video"),
            (NA, NA, NA, NA, VERTEX, "text"),
        ],
    ),
    "vertex, SDK": (
        {
            "image_embedding": X,
            "text_embedding": NA,
            "video_embeddings": [{"start_offset_sec": 0, "end_offset_sec": 7, "embedding": V}],
        },
        [(0, 7, "visual", "clip", VERTEX, "video"), (NA, NA, NA, NA, VERTEX, "image")],
    ),
    "vertex, rows": (SEGMENTS, [(0, 16, NA, NA, NA, NA), (16, 32, NA, NA, NA, NA)]),
    "vertex, gemini": (
        {"predictions": [{"embeddings": {"values": V, "statistics": {"token_count": 3}}}]},
        [(NA, NA, NA, NA, NA, NA)],
    ),
    "gemini": (
        {"embeddings": [{"values": V}, {"values": W}]},
        [(NA, NA, NA, NA, NA, NA)] * 2,
    ),
    "gemini, one": ({"embedding": {"values": V}}, [(NA, NA, NA, NA, NA, NA)]),
    "voyage": (
        {
            "object": "list",
            "data": [
                {"object": "embedding", "embedding": V, "index": 0},
                {"object": "embedding", "embedding": W, "index": 1},
            ],
            "model": "voyage-multimodal-3.5",
            "usage": {"text_tokens": 5, "video_pixels": 2000, "total_tokens": 9},
        },
        [(NA, NA, NA, NA, "voyage-multimodal-3.5", NA)] * 2,
    ),
    "voyage, contextual": (
        {
            "object": "list",
            "data": [
                {
                    "object": "list",
                    "data": [{"object": "embedding", "embedding": V, "index": 0}],
                    "index": 0,
                },
                {
                    "object": "list",
                    "data": [{"object": "embedding", "embedding": W, "index": 0}],
                    "index": 1,
                },
            ],
            "model": "voyage-context-3",
        },
        [(NA, NA, NA, NA, "voyage-context-3", "text")] * 2,
    ),
    "jina": (
        {
            "model": "jina-embeddings-v4",
            "object": "list",
            "usage": {"total_tokens": 2},
            "data": [{"object": "embedding", "index": 0, "embedding": V}],
        },
        [(NA, NA, NA, NA, "jina-embeddings-v4", NA)],
    ),
    "openai, base64": (
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": in_base64(LONG)}],
            "model": "m",
        },
        [(NA, NA, NA, NA, "m", NA)],
    ),
    "openai, one": ({"object": "embedding", "index": 0, "embedding": V}, [(NA,) * 6]),
    "cohere": (
        {
            "id": "x",
            "embeddings": {"int8": [[1, 2, 3]], "float": [V]},
            "texts": ["a rabbit"],
            "meta": {"api_version": {"version": "2"}},
            "response_type": "embeddings_by_type",
        },
        [(NA, NA, NA, NA, NA, "text")],
    ),
    "cohere, pictures": (
        {
            "id": "x",
            "embeddings": {"base64": [in_base64(LONG)]},
            "texts": [],
            "images": [{"width": 4, "height": 4, "format": "jpeg", "bit_depth": 24}],
        },
        [(NA, NA, NA, NA, NA, "image")],
    ),
    "cohere v1": (
        {
            "id": "x",
            "embeddings": [V, W],
            "texts": ["a", "b"],
            "response_type": "embeddings_floats",
        },
        [(NA, NA, NA, NA, NA, "text")] * 2,
    ),
    "titan": ({"embedding": V, "inputTextTokenCount": 5}, [(NA,) * 6]),
}


def first_vector(answer: Any) -> list[float]:
    """The first vector in an answer, by a walk of its own."""
    if isinstance(answer, str):
        numbers: list[float] = np.frombuffer(base64.b64decode(answer), "<f4").tolist()
        return numbers
    if isinstance(answer, list):
        if answer and isinstance(answer[0], float):
            return answer
        return next(filter(None, map(first_vector, answer)), [])
    if not isinstance(answer, dict):
        return []
    keys = ("videoEmbeddings", "video_embeddings", "predictions", "float", "base64")
    keys += ("embeddings", "embedding", "values", "data")
    return next(filter(None, (first_vector(answer[key]) for key in keys if key in answer)), [])


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("form", ["parsed", "text", "lines"])
def test_answer(name: str, form: str, tmp_path: Path) -> None:
    answer, rows = ANSWERS[name]
    source: Any = answer
    if form == "text":
        source = json.dumps(answer).encode()
    elif form == "lines":
        source = tmp_path / "answers.jsonl"
        lines = answer if isinstance(answer, list) else [answer]
        source.write_text("\n".join(map(json.dumps, lines)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = tw.load(source)
    columns = ["start_sec", "end_sec", "embedding_option", "embedding_scope", "model_name"]
    got = table.reindex(columns=[*columns, "input_type"]).astype(object)
    told = [tuple(row) for row in got.where(got.notna(), None).to_numpy()]
    assert told == rows
    assert table["video_id"].nunique() == 1
    assert table["embedding"].iloc[0].tolist() == np.float32(first_vector(answer)).tolist()
    assert tw.check(source).empty


def test_every_vector_is_there_in_order() -> None:
    table = tw.load(ANSWERS["vertex"][0])
    assert [row.tolist() for row in table["embedding"]] == [V, W, X]


def test_what_stands_beside_the_vectors_is_kept() -> None:
    assert tw.load(ANSWERS["cohere"][0])["text"].tolist() == ["a rabbit"]
    assert tw.load(ANSWERS["voyage"][0])["usage_video_pixels"].tolist() == [2000, 2000]
    assert tw.load(ANSWERS["voyage, contextual"][0])["document_index"].tolist() == [0, 1]
    assert tw.load(LINES)["segmentIndex"].tolist() == [0, 1]


def test_two_videos_of_one_answer_stay_apart() -> None:
    two = {"predictions": [{"videoEmbeddings": SEGMENTS}, {"videoEmbeddings": SEGMENTS}]}
    assert tw.load(two)["video_id"].tolist() == ["prediction 0"] * 2 + ["prediction 1"] * 2


def test_files_of_a_nova_job(tmp_path: Path) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    for kind in ("audio", "video"):
        lines = "\n".join(map(json.dumps, LINES))
        (folder / f"embedding-{kind}.jsonl").write_text(lines)
    table = tw.load(folder)
    assert table["video_id"].tolist() == ["film"] * 4
    assert table["embedding_option"].tolist() == ["audio"] * 2 + ["visual"] * 2
    assert table["start_sec"].tolist() == [0, 5, 0, 5]


def test_a_line_of_a_nova_job_that_failed_is_told(tmp_path: Path) -> None:
    told = {"segmentIndex": 2, "segmentStartSeconds": 10, "segmentEndSeconds": 15}
    failed = {"segmentMetadata": told, "status": "FAILURE", "failureReason": "x"}
    path = tmp_path / "embedding-video.jsonl"
    path.write_text("\n".join(map(json.dumps, [*LINES, failed])))
    with pytest.raises(tw.LoadError, match=r"line 3.*has no vector"):
        tw.load(path)


def test_the_caller_knows_the_model_better_than_a_form_does() -> None:
    assert tw.load(LINES, model_name="nova-3")["model_name"].tolist() == ["nova-3"] * 2
    with pytest.raises(tw.InputError, match="served as 'jina-embeddings-v4'"):
        tw.load(ANSWERS["jina"][0], model_name="clip")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {
                "sourceFileUri": "s3://b/v.mp4",
                "embeddingDimension": 1024,
                "embeddingResults": [{"embeddingType": "VIDEO", "outputFileUri": "s3://b/e.jsonl"}],
            },
            "job of Amazon Nova.*embedding-",
        ),
        (
            {"object": "list", "data": [{"object": "embeddings", "embeddings": [V, W]}]},
            "one vector was expected",
        ),
        ({"id": "x", "embeddings": {"ubinary": [[1, 2]]}, "texts": ["a"]}, "floats were expected"),
    ],
)
def test_what_holds_no_vector_to_read_is_called_by_its_name(answer: Any, words: str) -> None:
    with pytest.raises(tw.LoadError, match=words):
        tw.load(answer)


@pytest.mark.parametrize(
    "own",
    [
        [
            {"image_embedding": V, "start": 0, "end": 6},
            {"image_embedding": W, "start": 6, "end": 9},
        ],
        {"embeddings": [V, W], "texts": ["a", "b"], "start_times": [0, 6], "end_times": [6, 9]},
        [
            {"embedding": V, "object": "car", "start": 0, "end": 6},
            {"embedding": W, "object": "bus", "start": 6, "end": 9},
        ],
        {
            "video_embeddings": [
                {"embedding": V, "start_offset_sec": 0, "end_offset_sec": 6},
                {"embedding": W, "start_offset_sec": 6, "end_offset_sec": 9},
            ],
            "duration": 9,
        },
    ],
    ids=["image", "texts", "object", "duration"],
)
def test_rows_that_only_resemble_a_vendors_keep_their_times(own: Any) -> None:
    table = tw.load(own, columns={"embedding": "image_embedding"} if "image" in str(own) else None)
    assert table["start_sec"].tolist() == [0, 6]
    assert table["end_sec"].tolist() == [6, 9]
    assert table["model_name"].isna().all()


OWN_TIMES = [
    {"embeddings": {"values": V}, "start": 0, "end": 6, "video_id": "a"},
    {"embeddings": {"values": W}, "start": 6, "end": 12, "video_id": "a"},
]
FORM_AND_WORD: dict[str, tuple[Any, dict[str, Any]]] = {
    "model around": (
        {"model": "mine", "embeddings": [{"embeddingType": "TEXT", "embedding": V}]},
        {"model_name": ["mine"]},
    ),
    "model and option in the row": (
        {
            "embeddings": [
                {
                    "embeddingType": "VIDEO",
                    "embedding": V,
                    "model_name": "mine",
                    "embedding_option": "transcription",
                }
            ]
        },
        {"model_name": ["mine"], "embedding_option": ["transcription"]},
    ),
    "model in the line": ([{**LINES[0], "model": "mine"}], {"model_name": ["mine"]}),
    "option and scope around": (
        {
            "embedding_option": "audio",
            "embedding_scope": "shot",
            "r": {"videoEmbeddings": SEGMENTS},
        },
        {"embedding_option": ["audio"] * 2, "embedding_scope": ["shot"] * 2},
    ),
    "options as keys": (
        {"audio": {"videoEmbeddings": SEGMENTS}, "visual": {"videoEmbeddings": SEGMENTS}},
        {"embedding_option": ["audio", "audio", "visual", "visual"]},
    ),
    "times beside a prediction": (
        {"predictions": OWN_TIMES},
        {"start_sec": [0, 6], "end_sec": [6, 12], "video_id": ["a", "a"]},
    ),
    "own vectors beside an address": (
        {"source_file_uri": "x.mp4", "embedding_results": [{"embedding": V, "start": 0, "end": 6}]},
        {"start_sec": [0], "end_sec": [6]},
    ),
    "ids of documents": (
        {
            "object": "list",
            "data": [
                {
                    "object": "list",
                    "video_id": name,
                    "index": index,
                    "data": [{"object": "embedding", "embedding": V, "index": 0}],
                }
                for name, index in (("b", 1), ("a", 0))
            ],
        },
        {"video_id": ["b", "a"], "document_index": [1, 0]},
    ),
}


@pytest.mark.parametrize("name", FORM_AND_WORD)
def test_what_an_answer_says_counts_more_than_its_form(name: str) -> None:
    answer, expected = FORM_AND_WORD[name]
    table = tw.load(answer)
    assert {column: table[column].tolist() for column in expected} == expected


def test_lines_of_a_batch_keep_what_they_were_asked_for() -> None:
    """Services answer batches in any order."""
    body = ANSWERS["jina"][0]
    lines = [{"custom_id": f"film {k}", "response": {"body": body}} for k in (1, 0)]
    assert tw.load(lines)["video_id"].tolist() == ["film 1", "film 0"]
    lines = [{"key": f"film {k}", "response": {"embedding": {"values": V}}} for k in (1, 0)]
    assert tw.load(lines)["key"].tolist() == ["film 1", "film 0"]
    lines = [
        {
            "instance": {"video": {"gcsUri": f"gs://b/{k}.mp4"}},
            "predictions": [{"videoEmbeddings": SEGMENTS}],
        }
        for k in (1, 0)
    ]
    assert tw.load(lines)["video_id"].tolist() == ["1.mp4", "1.mp4", "0.mp4", "0.mp4"]


def test_a_model_that_a_word_names_is_not_renamed(tmp_path: Path) -> None:
    named = [{"embedding": V, "start": 0, "end": 6, "model_name": VERTEX}]
    with pytest.raises(tw.InputError, match="served as 'multimodalembedding"):
        tw.load(named, model_name="marengo3.0")
    path = tw.save(tw.load(ANSWERS["vertex"][0]), tmp_path / "film.parquet")
    with pytest.raises(tw.InputError, match="served as 'multimodalembedding"):
        tw.load(path, model_name="marengo3.0")


def test_texts_and_pictures_together_claim_no_kind() -> None:
    both = {
        "embeddings": {"float_": [V, W], "int8": None},
        "texts": ["a"],
        "images": [{"width": 4}],
    }
    assert "input_type" not in tw.load(both).columns


ACME = {"acme": 1, "pieces": [{"v": V, "from_frame": 0}, {"v": W, "from_frame": 150}]}


def read_acme(document: Any) -> list[dict[str, Any]] | None:
    if not isinstance(document, dict) or "acme" not in document:
        return None
    return [
        {
            "embedding": piece["v"],
            "start_sec": piece["from_frame"] / 25,
            "end_sec": piece["from_frame"] / 25 + 6,
            "video_id": "film",
            "model_name": "acme-1",
            "quality": 3,
        }
        for piece in document["pieces"]
    ]


def read_wrongly(document: Any) -> Any:
    return "rows" if isinstance(document, dict) and "acme" in document else None


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Takes the value of an entry point, as if a package with it were installed."""

    def put(value: str) -> None:
        entry = EntryPoint("acme", value, packages.READERS)
        monkeypatch.setattr(packages, "entry_points", lambda group: [entry])
        packages._readers.cache_clear()

    yield put
    packages._readers.cache_clear()


def test_a_package_adds_a_form(install: Any, tmp_path: Path) -> None:
    install(f"{__name__}:read_acme")
    path = tmp_path / "acme.json"
    path.write_text(json.dumps(ACME))
    for source in (ACME, path):
        table = tw.load(source)
        assert table["start_sec"].tolist() == [0, 6]
        assert table["video_id"].tolist() == ["film"] * 2
        assert table["model_name"].tolist() == ["acme-1"] * 2
        assert table["quality"].tolist() == [3, 3]
    assert len(tw.load(ANSWERS["jina"][0])) == 1  # other forms are read as without it


def test_rows_of_a_package_are_checked_as_all_are(install: Any) -> None:
    install(f"{__name__}:read_acme")
    bad = {"acme": 1, "pieces": [{"v": V, "from_frame": 0}, {"v": [1.0, None], "from_frame": 150}]}
    with pytest.raises(tw.LoadError, match=r"'acme'.*segment 1.*holds null"):
        tw.load(bad)


def test_a_reader_that_gives_no_rows_is_named(install: Any) -> None:
    install(f"{__name__}:read_wrongly")
    with pytest.raises(tw.LoadError, match=r"reader 'acme'.*gave a str; a list of dicts"):
        tw.load(ACME)


def test_a_reader_that_cannot_be_imported_is_told_and_the_rest_is_read(install: Any) -> None:
    install("no_such_package_of_acme:read")
    with pytest.warns(tw.TwlabWarning, match=r"'acme'.*cannot be imported"):
        table = tw.load(ANSWERS["jina"][0])
    assert len(table) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"embeddings": [{"embeddingType": ["a"], "embedding": V}]},
        [{**LINES[0], "status": ["a"]}, {**LINES[0], "status": "b"}],
    ],
)
def test_lists_where_words_belong_do_not_break_the_reader(answer: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(tw.LoadError):  # a sentence is an answer too
            assert len(tw.load(answer)) >= 1


def test_what_stands_beside_the_numbers_of_a_prediction_is_kept() -> None:
    inner = [{"values": [1.0, n], "startOffsetSec": n, "endOffsetSec": n + 4} for n in (0, 4)]
    rows = tw.load({"predictions": [{"embeddings": one} for one in inner]})
    assert rows[["start_sec", "end_sec"]].to_numpy().tolist() == [[0, 4], [4, 8]]
