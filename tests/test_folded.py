"""Rows of strangers whose times, metadata or vectors stand one level deeper, or as text."""

import base64
import json
import warnings

import numpy as np
import pandas as pd
import pytest

import twlab as tw

VECTORS = np.random.default_rng(3).normal(size=(3, 8)).astype(np.float32)
ROWS = [("a.mp4", 0.0, 6.0), ("a.mp4", 6.0, 12.0), ("b.mp4", 0.0, 6.0)]
LISTS = [list(map(float, map(str, vector))) for vector in VECTORS]


def rows_of(table):
    assert np.array_equal(np.stack(table["embedding"].tolist()), VECTORS)
    return list(table[["video_id", "start_sec", "end_sec"]].itertuples(index=False, name=None))


def silently(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return tw.load(source)


@pytest.mark.parametrize(
    "folded",
    [
        lambda start, end: {"time_range": [start, end]},
        lambda start, end: {"timestamps": [start, end]},
        lambda start, end: {"window_ms": [int(start * 1000), int(end * 1000)]},
        lambda start, end: {"segment": {"start": start, "end": end}},
        lambda start, end: {"clip": {"start_ms": start * 1000, "end_ms": end * 1000, "n": 1}},
    ],
)
@pytest.mark.parametrize("name", ["embedding", "vec"])
def test_times_in_a_list_or_an_object(folded, name):
    rows = [
        {"video": video, **folded(start, end), name: vector}
        for (video, start, end), vector in zip(ROWS, LISTS, strict=True)
    ]
    assert rows_of(silently(rows)) == ROWS


def test_what_is_no_time_stays_unread():
    rows = [
        {"start": 6.0 * k, "end": 6.0 * k + 6, "time_range": [90, 99], "embedding": LISTS[k]}
        for k in range(3)
    ]
    assert silently(rows)["start_sec"].tolist() == [0, 6, 12]
    frames = [{"video": "a", "frame_range": [0, 150], "embedding": LISTS[0]}]
    with pytest.warns(tw.TwlabWarning, match="count frames.*add a column fps"):
        assert tw.load(frames)["start_sec"].isna().all()


def test_metadata_as_text():
    vectors = [
        {
            "key": f"k{k}",
            "data": {"float32": vector},
            "metadata": json.dumps({"video": video, "startSec": start, "endSec": end}),
        }
        for k, ((video, start, end), vector) in enumerate(zip(ROWS, LISTS, strict=True))
    ]
    assert rows_of(silently({"vectors": vectors})) == ROWS


def test_columns_in_the_plural():
    answer = {
        "a.mp4": {"starts": [0, 6], "ends": [6, 12], "embeddings": LISTS[:2]},
        "b.mp4": {"starts": [0], "ends": [6], "embeddings": LISTS[2:]},
    }
    assert rows_of(silently(answer)) == ROWS


@pytest.mark.parametrize("pack", [bytes, lambda data: base64.b64encode(data).decode()])
def test_float32_as_bytes(pack):
    frame = pd.DataFrame(ROWS, columns=["video", "start", "end"])
    frame["embedding"] = [pack(vector.tobytes()) for vector in VECTORS]
    assert rows_of(silently(frame)) == ROWS


@pytest.mark.parametrize(
    "data", [b"", bytes(31), VECTORS[0].astype("<f8").tobytes(), VECTORS[0].astype(">f4").tobytes()]
)
def test_other_bytes_are_refused_by_name(data):
    with pytest.raises(tw.LoadError, match="bytes that are no float32"):
        tw.load(pd.DataFrame({"video": ["a"], "start": [0.0], "end": [6.0], "embedding": [data]}))


@pytest.mark.parametrize(
    ("mark", "comma"),
    [(",", False), (";", False), (";", True), ("\t", False), ("\t", True), ("|", False)],
)
def test_csv_of_any_separator(mark, comma, tmp_path):
    lines = [mark.join(("video", "start", "end", *(f"dim_{k}" for k in range(8))))]
    for (video, start, end), vector in zip(ROWS, LISTS, strict=True):
        cells = [repr(number) for number in (start, end, *vector)]
        cells = [cell.replace(".", ",") if comma else cell for cell in cells]
        lines.append(mark.join((video, *cells)))
    path = tmp_path / ("x.tsv" if mark == "\t" else "x.csv")
    path.write_text("\n".join(lines) + "\n")
    assert rows_of(silently(path)) == ROWS


def test_a_list_in_a_cell_is_no_separator(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "video;start;end;embedding\n"
        + "".join(
            f"{v};{a};{b};{json.dumps(e)}\n" for (v, a, b), e in zip(ROWS, LISTS, strict=True)
        )
    )
    assert rows_of(silently(path)) == ROWS


def test_sparse_vectors_are_told_once():
    points = [
        {
            "id": k,
            "payload": {"video": video, "start": start, "end": end},
            "vector": {"visual": vector, "bm25": {"indices": [1, 5], "values": [0.5, 0.25]}},
        }
        for k, ((video, start, end), vector) in enumerate(zip(ROWS, LISTS, strict=True))
    ]
    with pytest.warns(tw.TwlabWarning, match="1 part of the source.*sparse vector 'bm25'"):
        table = tw.load({"result": {"points": points}})
    assert rows_of(table) == ROWS
    assert tw.check({"result": {"points": points}})["field"].tolist() == ["bm25"]


def test_answers_of_bedrock_are_called_as_their_folder(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        rows = [{"embedding": LISTS[0], "startSec": 0, "endSec": 6}]
        (tmp_path / name / "output.json").write_text(json.dumps({"data": rows}))
    assert silently(tmp_path)["video_id"].tolist() == ["one", "two"]
    assert silently(tmp_path / "two" / "output.json")["video_id"].tolist() == ["two"]
    for user in ("u", "v"):
        (tmp_path / user / "inv0").mkdir(parents=True)
        (tmp_path / user / "inv0" / "output.json").write_text(json.dumps({"data": rows}))
    assert silently(tmp_path)["video_id"].nunique() == 4


@pytest.mark.parametrize(
    "described",
    [
        lambda name: {"data": {"video": name}},  # Label Studio
        lambda name: {"meta": {"video_path": name, "n": 1}},
        lambda name: {"video": {"name": name, "width": 640}},
        lambda name: {"source": {"path": name}},
        lambda name: {"info": {"filename": name}},
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_video_described_one_level_deeper(described, inside):
    rows = [
        {"start": start, "end": end, "embedding": vector, **({} if inside else described(name))}
        for (name, start, end), vector in zip(ROWS, LISTS, strict=True)
    ]
    if inside:
        rows = [
            {**described("a.mp4"), "segments": rows[:2]},
            {**described("b.mp4"), "segments": rows[2:]},
        ]
    assert rows_of(silently(rows)) == ROWS


def test_what_is_known_of_a_video_comes_along():
    video = {"id": "v1", "name": "a.mp4", "duration": 60.0, "width": 640}
    table = silently([{"video": video, "start": 0, "end": 6, "embedding": LISTS[0]}])
    row = table.iloc[0]
    assert (row["video_id"], row["video_name"]) == ("v1", "a.mp4")
    assert (row["duration_sec"], row["video_width"]) == (60, 640)


def test_single_values_under_such_names_stay():
    table = silently([{"info": "hello", "extra": 3, "start": 0, "end": 6, "embedding": LISTS[0]}])
    assert table[["info", "extra"]].iloc[0].tolist() == ["hello", 3]


def test_the_address_of_an_answer_is_no_video():
    info = {"url": "https://x.org/v1/embed"}
    rows = [{"start": 0, "end": 6, "embedding": LISTS[0]}]
    assert silently({"info": info, "segments": rows})["video_id"].tolist() == ["video"]
