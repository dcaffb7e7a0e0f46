"""Bad data and things that are no embeddings: one sentence that names them."""

from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zstandard

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


def rows(**changes: Any) -> list[dict[str, Any]]:
    """Three good segments, the second with changes."""
    good = [
        {
            "float": [0.25, -0.5, 0.125],
            "start_offset_sec": 6 * k,
            "end_offset_sec": 6 * k + 6,
            "embedding_option": "visual",
            "embedding_scope": "clip",
        }
        for k in range(3)
    ]
    good[1] |= changes
    return good


def answer(segments: list[dict[str, Any]]) -> dict[str, Any]:
    return {"model_name": "m", "status": "ready", "video_embedding": {"segments": segments}}


BAD_FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "dimension": ({"float": [1, 2]}, "embedding", "2 numbers among vectors of 3"),
    "nan": ({"float": [1, float("nan"), 3]}, "embedding", "nan at place 1"),
    "infinity": ({"float": [1, 2, float("-inf")]}, "embedding", "inf at place 2"),
    "beyond float32": ({"float": [1, 1e300, 2]}, "embedding", "inf at place 1"),
    "huge integer": ({"float": [1, 10**400, 2]}, "float", "beyond float32"),
    "text in a vector": ({"float": [1, "2", 3]}, "float", "'2' at place 1"),
    "null in a vector": ({"float": [1, None, 3]}, "float", "at place 1"),
    "truth in a vector": ({"float": [1, True, 3]}, "float", "at place 1"),
    "nested vector": ({"float": [[1, 2, 3]]}, "", "no vector"),
    "empty vector": ({"float": []}, "float", "is empty"),
    "number for a vector": ({"float": 3}, "float", "numbers"),
    "negative start": ({"start_offset_sec": -1}, "start_offset_sec", "-1"),
    "reversed": ({"end_offset_sec": 1}, "end_offset_sec", "6"),
    "text for a time": ({"start_offset_sec": "soon"}, "start_offset_sec", "'soon'"),
    "list for a time": ({"end_offset_sec": [1]}, "end_offset_sec", "seconds"),
    "infinite time": ({"end_offset_sec": float("inf")}, "end_offset_sec", "inf"),
    "endless time": ({"end_offset_sec": 1e300}, "end_offset_sec", "1e+300"),
}


@pytest.mark.parametrize("name", BAD_FIELDS)
@pytest.mark.parametrize("as_text", [True, False], ids=["text", "parsed"])
def test_bad_field(name: str, as_text: bool, tmp_path: Path) -> None:
    changes, field, words = BAD_FIELDS[name]
    content = answer(rows(**changes))
    source: Any = content
    if as_text:
        source = tmp_path / "bad.json"
        source.write_text(json.dumps(content))
    with pytest.raises(tw.LoadError) as caught:
        tw.load(source)
    error = caught.value
    assert error.place == "segment 1"
    assert error.field == field
    assert words in error.problem
    assert "\n" not in str(error)
    assert error.source.endswith("bad.json") == as_text
    problems = tw.check(source)
    assert problems[["place", "field"]].to_numpy().tolist() == [["segment 1", field]]


def test_times_as_text_are_read() -> None:
    table = tw.load(answer(rows(start_offset_sec="6", end_offset_sec="12.5")))
    assert table["end_sec"].tolist() == [6, 12.5, 18]


TEXT = json.dumps(answer(rows())).encode()
BAD_TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\t ", "nothing but white space"),
    "no JSON": (b"hello", "is not JSON at byte 0"),
    "HTML": (b"<html>502 Bad Gateway</html>", "is not JSON at byte 0"),
    "latin-1": (TEXT.replace(b'"m"', b'"\xe9"'), r"is not UTF-8 at byte \d+ \(0xe9\)"),
    "utf-16 without a mark": (TEXT.decode().encode("utf-16-le"), "UTF-16|zero bytes"),
    "binary": (b"\x00\x01\x02\x03" * 50, "zero bytes"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "is not UTF-8|is not JSON"),
    "deep": (b"[" * 100_000, "nested too deep|breaks off"),
    "deep and whole": (b"[" * 5000 + b"]" * 5000, "deep|no embeddings"),
    "long integer": (TEXT.replace(b"0.125", b"1" * 5000, 1), "digits|beyond float32"),
    "beyond double": (TEXT.replace(b"0.125", b"1e400", 1), "place 2"),
    "not a number": (TEXT.replace(b"0.125", b"NaN", 1), "place 2"),
    "trailing comma": (TEXT.replace(b"0.125]", b"0.125,]", 1), "is not JSON at byte"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_bad_text(name: str, tmp_path: Path) -> None:
    text, words = BAD_TEXTS[name]
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    for source in (path, text):
        with pytest.raises(tw.LoadError, match=words) as caught:
            tw.load(source)
        assert len(str(caught.value)) < 500
    assert len(tw.check(path)) == 1


@pytest.mark.parametrize("cut", range(1, len(TEXT) - 1, 50))
def test_truncated(cut: int) -> None:
    with pytest.raises(tw.LoadError, match=f"breaks off at byte {cut}"):
        tw.load(TEXT[:cut])


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_broken_packing(ending: str, tmp_path: Path) -> None:
    packed = gzip.compress(TEXT) if ending == "gz" else zstandard.ZstdCompressor().compress(TEXT)
    path = tmp_path / f"a.json.{ending}"
    for data in (packed[:-9], packed[:6], b""):
        path.write_bytes(data)
        with pytest.raises(tw.LoadError, match=r"a\.json"):
            tw.load(path)


def test_a_key_twice_loses_no_vector_in_silence() -> None:
    long = json.dumps([0.001 * k for k in range(100)])
    text = f'[{{"float": {long}, "float": {long}, "start_offset_sec": 0, "end_offset_sec": 6}}]'
    with pytest.raises(tw.LoadError, match="a key occurs twice"):
        tw.load(text.encode())


def test_parquet_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(tw.LoadError, match=r"a\.parquet"):
        tw.load(path)


V = [0.1, 0.2, 0.3]
STRANGERS: dict[str, tuple[Any, str]] = {
    "processing": ({"_id": "t", "status": "processing"}, "still 'processing'"),
    "v2 processing": ({"_id": "t", "status": "processing", "data": None}, "still 'processing'"),
    "failed": (
        {"_id": "t", "status": "failed", "data": None, "error": {"message": "too short"}},
        "the task failed .*too short",
    ),
    "flat error": (
        {"code": "parameter_invalid", "message": "bad model"},
        "error answer.*bad model",
    ),
    "nested error": (
        {"error": {"code": "RATE_LIMIT_EXCEEDED", "message": "slow down"}},
        "error answer.*slow down",
    ),
    "search error": ({"error_code": 400, "message": "no"}, "error answer"),
    "captured error": (
        {"response_status": 429, "response_body": {"code": "too_many_requests", "message": "m"}},
        "HTTP 429",
    ),
    "error instead of vectors": (
        {"model_name": "m", "audio_embedding": {"error_message": "no sound"}},
        "no sound",
    ),
    "search hits": (
        {
            "search_pool": {"total_count": 1, "index_id": "i"},
            "data": [{"score": 83.2, "start": 0, "end": 6, "video_id": "v", "confidence": "high"}],
            "page_info": {"limit_per_page": 10},
        },
        "search",
    ),
    "ranked hits": (
        {"data": [{"rank": 1, "start": 0, "end": 6, "video_id": "v"}], "page_info": {}},
        "search",
    ),
    "analyze": (
        {"id": "a", "data": "A rabbit wakes up.", "finish_reason": "stop", "usage": {}},
        "analy",
    ),
    "pegasus segments": (
        {"segments": [{"start_time": 0, "end_time": 5, "metadata": {"title": "a"}}]},
        "Pegasus|analy|no vector",
    ),
    "task list": (
        {
            "data": [{"_id": "t", "model_name": "m", "status": "ready"}],
            "page_info": {"page": 1, "total_page": 1},
        },
        "list of tasks",
    ),
    "task ids": ({"_id": "663da73b31cdd0c1f638a8e6"}, "task id"),
    "indexed video without vectors": (
        {
            "_id": "v",
            "system_metadata": {"filename": "a.mp4", "duration": 3.0},
            "hls": {"video_url": "http://x/a.m3u8"},
        },
        "embedding_option",
    ),
    "no segments": (answer([]), "no segments|no embeddings|empty"),
    "nothing": ({}, "no embeddings"),
    "a number": (3, "holds 3; an answer"),
    "words": (["a", "b"], "holds 'a'; an answer"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_stranger(name: str, tmp_path: Path) -> None:
    content, words = STRANGERS[name]
    path = tmp_path / "stranger.json"
    path.write_text(json.dumps(content))
    with pytest.raises(tw.LoadError, match=words) as caught:
        tw.load(path)
    assert caught.value.source.endswith("stranger.json")
    assert len(tw.check(path)) == 1
    good = tmp_path / "good.json"
    good.write_bytes(TEXT)
    with pytest.warns(tw.TwlabWarning, match=r"stranger\.json"):
        assert len(tw.load(tmp_path)) == 3


def test_an_error_beside_good_vectors_is_told() -> None:
    content = {
        "model_name": "m",
        "text_embedding": {"segments": [{"float": V}]},
        "audio_embedding": {"error_message": "no sound in the file", "segments": None},
    }
    with pytest.warns(tw.TwlabWarning, match="no sound in the file"):
        table = tw.load(content)
    assert len(table) == 1


def test_zero_vectors_load() -> None:
    assert not tw.vectors(tw.load(answer(rows(float=[0, 0, 0]))))[1].any()


LONG = json.dumps(
    answer([{**row, "float": [x] * 40} for row, x in zip(rows(), (0.5, 0.25), strict=False)])
).encode()
"""Two segments whose vectors are long enough to be cut out of the text before it is parsed."""


@pytest.mark.parametrize("reader", ["simdjson", "orjson"])
class TestLongVectors:
    """With the reader of long vectors, and with that of Pythons for which it has no wheel."""

    @pytest.fixture(autouse=True)
    def take(self, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if reader == "orjson":
            monkeypatch.setitem(sys.modules, "simdjson", None)
        else:
            pytest.importorskip("simdjson")

    def test_the_numbers_are_those_of_float32(self, rng: np.random.Generator) -> None:
        matrix = rng.normal(scale=10.0 ** rng.integers(-44, 38, size=(3, 500)))
        matrix[0, :3] = -0.0, 2**70, 1e-320
        segments = [row | {"float": list(x)} for row, x in zip(rows(), matrix, strict=True)]
        read = tw.vectors(tw.load(json.dumps(answer(segments)).encode()))
        assert read.tobytes() == matrix.astype(np.float32).tobytes()

    @pytest.mark.parametrize("size", [3, 40])
    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_truncated_at_every_byte(self, size: int, ascii_only: bool) -> None:
        numbers = [-0.5, 1e-07, float("-inf"), float("nan")] * 10
        content = {
            "a": [True, False, None],
            "title": 'é"ü 🐇',
            **answer(rows(float=numbers[:size])),
        }
        text = json.dumps(content, ensure_ascii=ascii_only).encode()
        for cut in range(1, len(text)):
            with pytest.raises(tw.LoadError, match=f"breaks off at byte {cut};"):
                tw.load(text[:cut])

    def test_whole_but_wrong_is_not_called_truncated(self) -> None:
        for bad in (b'{"a": nul}', b'{"a": 1.}', b'{"a": -}', b'{"a": "\\u00"}', b'{"a": "\xe9"}'):
            with pytest.raises(tw.LoadError, match=r"is not (JSON|UTF-8) at byte"):
                tw.load(bad)

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            ("NaN", "nan at place 0"),
            ("Infinity", "inf at place 0"),
            ("-Infinity", "-inf at place 0"),
            ("1e400", "inf at place 0"),
            ("1e39", "inf at place 0"),
            ("null", "null at place 0"),
            ('"0.5"', "'0.5' at place 0"),
            ("true", "True at place 0"),
            ("1" * 400, "inf at place 0|beyond float32"),
        ],
    )
    def test_bad_number(self, number: str, words: str) -> None:
        text = LONG.replace(b"[0.25", b"[" + number.encode())
        with pytest.raises(tw.LoadError, match=words) as caught:
            tw.load(text)
        assert caught.value.place == "segment 1"
        assert caught.value.field in ("float", "embedding")
        assert tw.check(text)["place"].tolist() == ["segment 1"]

    @pytest.mark.parametrize("number", ["+0.5", "0x1", "05", ".5", "0.5f", "1,,2", "--1", "1e"])
    def test_number_that_is_none_in_json(self, number: str) -> None:
        at = LONG.index(b"[0.25")
        with pytest.raises(tw.LoadError, match=r"is not JSON at byte \d+") as caught:
            tw.load(LONG.replace(b"[0.25", b"[" + number.encode()))
        shown = int(caught.value.problem.partition("byte ")[2].split()[0])
        assert at <= shown <= at + 1 + len(number) + 1

    def test_byte_of_latin_1_behind_the_vectors(self) -> None:
        text = LONG.replace(b'"visual"', b'"\xe9"')
        at = text.index(b"\xe9")
        with pytest.raises(tw.LoadError, match=rf"not UTF-8 at byte {at} \(0xe9\)"):
            tw.load(text)

    def test_one_dimension_more(self) -> None:
        text = LONG.replace(b"[0.25", b"[0.25, 0.25")
        with pytest.raises(tw.LoadError, match="41 numbers among vectors of 40") as caught:
            tw.load(text)
        assert (caught.value.place, caught.value.field) == ("segment 1", "embedding")

    def test_line_of_many(self) -> None:
        line = json.dumps(rows(float=[0.5] * 40)[1]).encode()
        for bad in (line[:-1], line.replace(b"0.5,", b"0.5,,", 1), line.replace(b"0.5,", b"x,", 1)):
            with pytest.raises(tw.LoadError) as caught:
                tw.load(line + b"\n\n" + line + b"\n" + bad + b"\n")
            assert caught.value.place == "line 4"

    @pytest.mark.parametrize("title", ["[0.1, 0.2" + ", 0.3" * 40 + "]", "a [ b", '\\"[1, 2]\\"'])
    def test_brackets_in_a_title_are_no_vectors(self, title: str) -> None:
        text = LONG.replace(b'"visual"', f'"{title}"'.encode())
        table = tw.load(text)
        assert table["embedding_option"].tolist() == [json.loads(f'"{title}"')] * 2
        assert tw.vectors(table).tolist() == [[0.5] * 40, [0.25] * 40]


def test_what_holds_itself_many_times_is_told_in_a_moment() -> None:
    """Small in memory, but as a text it would be longer than any disk."""
    many: Any = {"a": 1.5}
    for _ in range(60):
        many = {"a": many, "b": many}
    for wrong in ({"embedding": [0.5, many]}, {"embedding": many}, [many], [[many, many]]):
        with pytest.raises(tw.LoadError) as error:
            tw.load({"data": [wrong]} if isinstance(wrong, dict) else wrong)
        assert len(str(error.value)) < 500


def test_a_vector_where_a_word_is_looked_for() -> None:
    vector = list(range(1, 65))
    for name in ("object", "status", "type", "error", "message", "video", "data", "model"):
        for rows in ([], [{"embedding": vector, "start": 0, "end": 6}]):
            try:
                tw.load(json.dumps({"data": [{"x": 1}], name: vector, "segments": rows}).encode())
            except tw.LoadError:
                continue
