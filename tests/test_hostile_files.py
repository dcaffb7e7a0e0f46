"""Files that somebody else made, broke or named: a table or one sentence, and the others load."""

from __future__ import annotations

import json
import os
import struct
import sys
import zoneinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import twlab as tw
from twlab.wording import one_line, printable

ROW = {"embedding": [1.0, 2.0], "start_sec": 0, "end_sec": 6}
OWN: dict[str, Any] = {
    "video_id": ["a", "b"],
    "start_sec": [0.0, 6.0],
    "end_sec": [6.0, 12.0],
    "embedding_option": ["visual", "visual"],
    "embedding_scope": ["clip", "clip"],
    "model_name": ["m", "m"],
    "embedding": [[0.5, 0.25], [1.0, 2.0]],
}
BAD_TEXT = [None, pa.py_buffer(struct.pack("<iii", 0, 2, 3)), pa.py_buffer(b"a\xffb")]
ODD: dict[str, Any] = {
    "time of ns": pa.array([1, 2], pa.time64("ns")),
    "unknown zone": pa.array([0, 1], pa.timestamp("s", "Nowhere/Bad")),
    "stamp beyond years": pa.array([2**62, -(2**62)], pa.timestamp("us")),
    "duration": pa.array([2**62, 1], pa.duration("s")),
    "date beyond years": pa.array([2**62, 0], pa.int64()).view(pa.date64()),
    "bad UTF-8": pa.Array.from_buffers(pa.string(), 2, BAD_TEXT),
    "bytes": pa.array([b"\xff", b"\0"]),
    "map": pa.array([[("a", 1)], [("a", 2)]], pa.map_(pa.string(), pa.int64())),
    "struct": pa.array([{"a": 1}, None]),
    "words": pa.array(["x", "y"]).dictionary_encode(),
    "half": pa.array(np.array([1.5, 2.5], np.float16)),
    "unsigned": pa.array([2**64 - 1, 0], pa.uint64()),
    "decimal": pa.array([None, None], pa.decimal256(76, 0)),
    "nothing": pa.nulls(2),
    "lists": pa.array([[1] * 3, []], pa.list_(pa.int64())),
}


def good(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([ROW]))
    return path


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("place", ["extra", "video_id", "start_sec", "duration_sec", "embedding"])
def test_parquet_of_any_type(kind: str, place: str, tmp_path: Path) -> None:
    good(tmp_path / "good.json")
    pq.write_table(pa.table({**OWN, place: ODD[kind]}), tmp_path / "x.parquet")
    n_rows = 0
    try:
        n_rows = len(tw.load(tmp_path / "x.parquet"))
    except tw.LoadError as error:
        message = str(error)
    if not n_rows:
        assert place != "extra"
        assert message == one_line(message)
        assert len(tw.check(tmp_path / "x.parquet"))
    assert len(tw.load(tmp_path)) == 1 + n_rows
    assert len(tw.load(pa.table({**OWN, "extra": ODD[kind]}))) == 2


def test_odd_cells_keep_what_they_say(tmp_path: Path) -> None:
    table = {**OWN, "hour": ODD["time of ns"], "day": ODD["unknown zone"], "id": ODD["bad UTF-8"]}
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    loaded = tw.load(tmp_path / "x.parquet")
    assert loaded["hour"].tolist() == ["00:00:00.000000001", "00:00:00.000000002"]
    assert loaded["day"].tolist() == ["1970-01-01T00:00:00+00:00", "1970-01-01T00:00:01+00:00"]
    assert loaded["id"].tolist() == ["a\\xff", "b"]


HOSTILE_METADATA: list[Any] = [
    b"not json",
    b"{}",
    b"[]",
    b"\xff",
    {"index_columns": ["nope"], "columns": []},
    {"index_columns": ["video_id"], "columns": [], "column_indexes": []},
    {"index_columns": [{"kind": "range", "name": None, "start": 0, "stop": 10**12, "step": 1}]},
    {"index_columns": [{"kind": "range", "name": None, "start": "x", "stop": 2, "step": 0}]},
    {
        "index_columns": ["start_sec"],
        "columns": [
            {
                "name": "start_sec",
                "field_name": "start_sec",
                "pandas_type": "datetimetz",
                "numpy_type": "datetime64[ns]",
                "metadata": {"timezone": "Bad/Zone"},
            }
        ],
    },
    {
        "index_columns": [],
        "columns": [
            {
                "name": "video_id",
                "field_name": "video_id",
                "pandas_type": "categorical",
                "numpy_type": "int8",
                "metadata": {"num_categories": 1, "ordered": False},
            }
        ],
    },
]


@pytest.mark.parametrize("number", range(len(HOSTILE_METADATA)))
def test_metadata_of_pandas_is_not_trusted(number: int, tmp_path: Path) -> None:
    told = HOSTILE_METADATA[number]
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    table = pa.table(OWN).replace_schema_metadata({b"pandas": content})
    pq.write_table(table, tmp_path / "x.parquet")
    loaded = tw.load(tmp_path / "x.parquet")
    assert loaded["video_id"].tolist() == ["a", "b"]
    assert loaded["start_sec"].tolist() == [0, 6]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    good(tmp_path / "good.json")
    odd = os.path.join(os.fsencode(tmp_path), b"caf\xe9.json")  # noqa: PTH118 - bytes
    with open(odd, "w") as file:  # noqa: PTH123 - bytes
        json.dump([ROW], file)
    for source in (tmp_path, str(tmp_path / "*.json"), os.fsdecode(odd)):
        loaded = tw.load(source)
        assert "caf\\xe9" in loaded["video_id"].tolist()
        assert "".join((*loaded["video_id"], *loaded["source"])).isprintable()
        tw.load(tw.save(loaded, tmp_path.parent / "again.parquet"))
    with open(odd, "w") as file:  # noqa: PTH123 - bytes
        file.write("[{")
    with pytest.warns(tw.TwlabWarning, match=r"caf\\xe9\.json"):
        assert len(tw.load(tmp_path)) == 1
    assert "caf\\xe9.json" in tw.check(tmp_path)["source"].iloc[0]


def test_halves_of_characters_and_breaks_can_be_printed(tmp_path: Path) -> None:
    loaded = tw.load([{**ROW, "video_id": "a\ud83d"}])
    loaded["video_id"].iloc[0].encode()
    texts = [{**ROW, "video_id": "\\ud83d"}, {**ROW, "video_id": "\\ud83e"}]
    halves = json.dumps(texts).replace("\\\\", "\\")
    for source in (halves.encode(), json.loads(halves)):
        assert tw.load(source)["video_id"].tolist() == ["\\ud83d", "\\ud83e"]
    frame = tw.load(pd.DataFrame({**OWN, "video_id": pd.Series(["\ud83d", "b"], dtype=object)}))
    assert frame["video_id"].tolist() == ["\\ud83d", "b"]
    with pytest.raises(tw.LoadError) as caught:
        tw.load([{**ROW, "start_sec": "\ud83d"}])
    str(caught.value).encode()
    with pytest.raises(tw.LoadError, match=r"a\\nb"):
        tw.load(tmp_path / "a\nb.json")
    bad = tmp_path / "a\nb.json"
    bad.write_text("{}")
    good(tmp_path / "good.json")
    with pytest.warns(tw.TwlabWarning) as told:
        tw.load(tmp_path)
    assert "\n" not in str(told[0].message)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("caf\udce9", "caf\\xe9"),
        ("\ud83d\n", "\\ud83d\\n"),
        ("\x1b[31m\u2028", "\\x1b[31m\\u2028"),
        ("日本", "日本"),
    ],
)
def test_what_a_message_shows(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert str(tw.InputError(text)) == shown
    assert printable(shown) == shown


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path, kind in ((tmp_path / "pipe.json", "pipe"), ("/dev/urandom", "device")):
        with pytest.raises(tw.LoadError, match=f"is a {kind}.*pass it opened"):
            tw.load(path)
    good(tmp_path / "good.json")
    assert len(tw.load(tmp_path)) == 1
    if Path("/proc/kmsg").exists():
        with pytest.raises(tw.LoadError, match=r"is empty|cannot be read"):
            tw.load("/proc/kmsg")


def test_loops_of_links_end_and_give_each_file_once(tmp_path: Path) -> None:
    good(tmp_path / "z" / "a.json")
    good(tmp_path / "z" / "b" / "c.json")
    for name in ("loop", "again"):
        (tmp_path / "z" / name).symlink_to(".", target_is_directory=True)
    (tmp_path / "a").symlink_to("z", target_is_directory=True)
    (tmp_path / "a.json").symlink_to(tmp_path / "z" / "a.json")
    expected = ["z/a.json", "z/b/c.json"]
    for pattern in ("**/*.json", "**", "**/**/*.json", "*/**/*.json"):
        loaded = tw.load(str(tmp_path / pattern))
        real = [Path(name).resolve().relative_to(tmp_path) for name in loaded["source"]]
        assert sorted(map(str, real)) == expected
    sources = tw.load(str(tmp_path / "**" / "*.json"))["source"]
    assert [str(Path(name).relative_to(tmp_path)) for name in sources] == expected


def test_patterns_of_brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c", "[x]"):
        good(tmp_path / f"{name}.json")
    monkeypatch.chdir(tmp_path)
    assert tw.load("[ab]*.json")["video_id"].tolist() == ["a", "b"]
    assert tw.load("[x].json")["video_id"].tolist() == ["[x]"]
    assert len(tw.load("**/*.json")) == 4
    (tmp_path / "[x]").mkdir()
    good(tmp_path / "[x]" / "d.json")
    assert len(tw.load("**/*.json")) == 5


def test_zones_that_are_known_are_kept(tmp_path: Path) -> None:
    if "Europe/Berlin" not in zoneinfo.available_timezones():
        pytest.skip("no zones here")
    day = pa.array([0, 1], pa.timestamp("s", "Europe/Berlin"))
    pq.write_table(pa.table({**OWN, "day": day}), tmp_path / "x.parquet")
    assert str(tw.load(tmp_path / "x.parquet")["day"].iloc[0]) == "1970-01-01 01:00:00+01:00"
