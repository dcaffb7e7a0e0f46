"""CSV as text, wide tables, columns joined by their rows' names, times as text, names of models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


def csv(path: Path, header: str, *lines: str) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "names",
    [
        ["007", "12e3", "12000"],
        ["66377331230008136386e864", "9007199254740993", "9007199254740992"],
        ["NA", "null", "nan"],
        ["True", "FALSE", "1.0"],
        ["1", "01", "1.10"],
    ],
)
def test_names_in_csv_keep_their_spelling(names: list[str], tmp_path: Path) -> None:
    lines = [f'{name},{6 * k},{6 * k + 6},"[1, {k}]"' for k, name in enumerate(names)]
    table = tw.load(csv(tmp_path / "c.csv", "video_id,start_sec,end_sec,embedding", *lines))
    assert table["video_id"].tolist() == names


def test_further_columns_of_csv_are_numbers_only_where_nothing_is_lost(tmp_path: Path) -> None:
    table = tw.load(
        csv(
            tmp_path / "c.csv",
            ",video_id,start,end,score,code,note,n,embedding",
            '0,a,0,6,0.5,007,NA,7,"[1, 2]"',
            '1,a,NA,,1.25,008,,,"[3, 4]"',
        )
    )
    assert table["score"].tolist() == [0.5, 1.25]
    assert table["code"].tolist() == ["007", "008"]
    assert table["note"].tolist()[0] == "NA"
    assert table["n"].tolist()[0] == 7
    assert table["start_sec"].isna().tolist() == [False, True]
    assert "Unnamed: 0" not in table.columns


def test_a_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    path = csv(tmp_path / "c.csv", "start_sec,end_sec,start_sec,embedding", '0,6,3,"[1, 2]"')
    with pytest.warns(tw.TwlabWarning, match="several columns named 'start_sec'"):
        assert tw.load(path)["start_sec"].tolist() == [0]
    assert tw.check(path)["field"].tolist() == ["start_sec"]


@pytest.mark.parametrize("prefix", ["dim_", "", "e", "embedding_"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("text", [False, True])
def test_wide_tables(prefix: str, first: int, text: bool, tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(5, 24)).astype(np.float32)
    names = [f"{prefix}{k + first}" if prefix else k + first for k in range(24)]
    rows = {"video": "a.mp4", "start": 6.0 * np.arange(5), "end": 6.0 * np.arange(5) + 6}
    frame = pd.concat([pd.DataFrame(matrix, columns=names), pd.DataFrame(rows)], axis=1)
    frame = frame[np.random.default_rng(1).permutation(frame.columns)]
    source: Any = frame
    if text:
        frame.to_csv(tmp_path / "w.csv", index=False)
        source = tmp_path / "w.csv"
    table = tw.load(source)
    np.testing.assert_array_equal(tw.vectors(table), matrix)
    assert table["end_sec"].tolist() == [6, 12, 18, 24, 30]


def test_few_numbered_columns_are_no_vector() -> None:
    frame = pd.DataFrame({"x0": [1.0], "x1": [2.0], "start": [0], "embedding": [[1.0, 2.0]]})
    table = tw.load(frame)
    assert table[["x0", "x1"]].to_numpy().tolist() == [[1, 2]]
    with pytest.raises(tw.LoadError):
        tw.load(frame.drop(columns="embedding"))


def test_columns_of_cells_are_joined_by_the_names_of_rows() -> None:
    document = {
        "embedding": {"0": [1, 0], "1": [0, 1], "2": [1, 1]},
        "start_sec": {"2": 12, "1": 6, "0": 0},
        "end_sec": {"1": 12, "0": 6, "2": 18},
        "title": {"2": "c"},
    }
    table = tw.load(json.dumps(document).encode())
    assert table["start_sec"].tolist() == [0, 6, 12]
    assert table["end_sec"].tolist() == [6, 12, 18]
    assert table["title"].tolist()[2] == "c"


def test_blocks_of_a_tensor_are_joined_by_their_labels() -> None:
    blocks = {"1": [0, 1], "0": [1, 0]}
    for given in (blocks, [{"address": {"p": k}, "values": v} for k, v in blocks.items()]):
        document = {"start_offset_sec": [0, 6], "end_offset_sec": [6, 12], "embeddings": given}
        table = tw.load(document).sort_values("start_sec")
        assert tw.vectors(table).tolist() == [[1, 0], [0, 1]]


LATE = ["1" * 400, "99999999999999:00:00", "0" * 5000 + ":00", "5" * 320 + ":00", "1,000"]


@pytest.mark.parametrize("text", LATE)
def test_times_as_text_keep_the_bounds_of_numbers(text: str) -> None:
    with pytest.raises(tw.InputError) as caught:
        tw.intervals.parse_timecode(text)
    assert len(str(caught.value)) < 200
    with pytest.raises(tw.LoadError, match="is not a time"):
        tw.load([{"embedding": [1.0], "start_sec": text}])


def test_a_comma_before_milliseconds_is_read() -> None:
    assert tw.intervals.parse_timecode("00:00:01,000") == 1
    assert tw.intervals.parse_timecode("1,5") == 1.5


@pytest.mark.parametrize(
    ("served", "name"),
    [
        ("twelvelabs.marengo-embed-3-0-v1:0", "marengo3.0"),
        ("us.twelvelabs.marengo-embed-2-7-v1:0", "Marengo-retrieval-2.7"),
        ("twelvelabs-marengo-embed-3-0", "marengo3.0"),
        ("bedrock/us.twelvelabs.marengo-embed-3-0-v1:0", "marengo3.0"),
        ("marengo3.0", "marengo3.0"),
        ("marengo3.5", "marengo3.5"),
        ("Marengo-retrieval-2.6", "Marengo-retrieval-2.6"),
        ("my-marengo3.0-tuned", "my-marengo3.0-tuned"),
        ("clip-vit-b-32", "clip-vit-b-32"),
    ],
)
def test_one_model_has_one_name(served: str, name: str) -> None:
    rows = [{"embedding": [1.0, 2.0], "start_sec": 0, "end_sec": 6}]
    table = tw.load({"model_id": served, "segments": rows})
    assert table["model_name"].tolist() == [name]
    assert tw.load(rows, model_name=served)["model_name"].tolist() == [name]


def test_two_pages_of_one_name_are_two_videos() -> None:
    rows = [
        {"embedding": [1.0, k], "url": url, "start": start, "end": start + 6}
        for k, (url, start) in enumerate(
            [
                ("https://tube.example/watch?v=a", 0),
                ("https://tube.example/watch?v=b", 6),
                ("https://b.example/f.mp4?X-Amz-Signature=1", 0),
                ("https://b.example/f.mp4?X-Amz-Signature=2", 6),
            ]
        )
    ]
    table = tw.load(rows)
    assert table["video_id"].tolist() == ["watch?v=a", "watch?v=b", "f.mp4", "f.mp4"]


def test_the_lines_between_documents_of_a_bulk_request_are_no_doubt() -> None:
    lines = []
    for k in range(2):
        lines.append({"index": {"_index": "clips", "_id": str(k)}})
        lines.append({"video_id": "v", "start": 6 * k, "end": 6 * k + 6, "embedding": [1.0, k]})
    text = "\n".join(map(json.dumps, lines)).encode()
    assert tw.load(text)["start_sec"].tolist() == [0, 6]
    assert tw.check(text).empty


def test_the_manifest_beside_an_output_is_no_bad_file(tmp_path: Path) -> None:
    rows = [{"embedding": [1.0, 2.0], "startSec": 0, "endSec": 6}]
    (tmp_path / "output.json").write_text(json.dumps({"data": rows}))
    (tmp_path / "manifest.json").write_text(json.dumps({"modelId": "m", "status": "Completed"}))
    assert len(tw.load(tmp_path)) == 1
    assert tw.check(tmp_path).empty
    (tmp_path / "output.json").rename(tmp_path / "a.json")
    assert len(tw.check(tmp_path)) == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://example.com/answer.json", "is an address .*fetch it first"),
        ("s3://bucket/answer.json", r"is an address \(s3\).*copy it"),
        ('{"data": [' + '{"embedding": [1, 2]},' * 60, "JSON text"),
        ("[1.0, 2.0]", "JSON text"),
        ("[ab]*.json", "no file matches"),
        ("nowhere.json", "no such file"),
    ],
)
def test_what_is_no_path_is_called_by_its_name(source: str, words: str) -> None:
    with pytest.raises(tw.LoadError, match=words):
        tw.load(source)
