"""One source of any kind: file objects that cannot be read, frames whose index repeats a column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


def answer(*ends: float) -> dict[str, Any]:
    """An answer of a film that is called as many others are, without its duration."""
    edges = (0, *ends)
    rows = [
        {"embedding": [1, end], "start_sec": start, "end_sec": end, "embedding_option": "visual"}
        for start, end in zip(edges, ends, strict=False)
    ]
    return {"data": rows, "metadata": {"input_filename": "video.mp4"}}


def test_a_file_object_that_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(answer(6)))
    with path.open("rb") as stream:
        assert len(tw.load(stream)) == 1
    with pytest.raises(tw.LoadError, match=r"cannot be read \(.*closed file.*mode 'rb'"):
        tw.load(stream)


def test_a_text_file_of_another_code(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xe9")
    with (
        path.open(encoding="utf-8") as stream,
        pytest.raises(tw.LoadError, match=r"cannot be read \('utf-8' codec"),
    ):
        tw.load(stream)


@pytest.mark.parametrize("levels", [["start_sec"], ["video_id", "start_sec"]])
@pytest.mark.parametrize("drop", [True, False])
def test_a_frame_whose_index_is_a_column(levels: list[str], *, drop: bool) -> None:
    table = tw.load(answer(6, 12))
    again = tw.load(table.set_index(levels, drop=drop))
    pd.testing.assert_frame_equal(again[table.columns], table)


@pytest.mark.parametrize("names", [{"video_id": "z"}, {"model_name": "m"}])
def test_a_saved_table_under_another_name_keeps_its_columns(
    tmp_path: Path, names: dict[str, str]
) -> None:
    table = tw.load(answer(6, 12)).assign(when=pd.Timestamp("2024-01-02"), tags=[["a"], []])
    path = tw.save(table.set_index(pd.Index(["k", "l"])), tmp_path / "t.parquet")
    again = tw.load(path, **names)
    ((column, value),) = names.items()
    assert again[column].tolist() == [value] * 2
    assert again.index.tolist() == ["k", "l"]
    assert again["when"].dtype.kind == "M"
    assert list(map(list, again["tags"])) == [["a"], []]
    with pytest.raises(tw.InputError, match="for 2 videos"):
        tw.load(tw.save(table.assign(video_id=["a", "b"]), path), video_id="z")
    with pytest.raises(tw.InputError, match="served as 'other'"):
        tw.load(tw.save(table.assign(model_name="other"), path), model_name="m")


def test_dates_of_a_frame_are_kept_as_text() -> None:
    days = [pd.Timestamp("2024-01-02T03:04:05"), pd.NaT]
    table = tw.load(answer(6, 12))
    again = tw.load(table.assign(when=days))
    assert again["when"].tolist()[0] == "2024-01-02T03:04:05"
    assert again["when"].isna().tolist() == [False, True]


def test_a_bad_parquet_among_good_ones_is_named(tmp_path: Path) -> None:
    table = tw.load(answer(6, 12))
    tw.save(table, tmp_path / "a.parquet")
    bad = table.assign(start_sec=[0.0, -1.0], embedding=[[1.0, 2.0], [3.0, 4.0]])
    bad.to_parquet(tmp_path / "b.parquet")
    with pytest.raises(tw.LoadError, match=r"b\.parquet, row 1, start_sec: -1 s is before 0"):
        tw.load([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    with pytest.warns(tw.TwlabWarning, match=r"b\.parquet, row 1"):
        assert tw.load(tmp_path)["video_id"].tolist() == ["video.mp4"] * 2


def test_films_of_one_name_cut_at_their_shots_stay_apart(tmp_path: Path) -> None:
    for name, ends in {"x": (3.2, 7.0), "y": (4.1, 9.0)}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(answer(*ends)))
    table = tw.load(tmp_path)
    assert table["video_id"].tolist() == ["x/video.mp4"] * 2 + ["y/video.mp4"] * 2


def test_saved_tables_that_claim_the_same_time_are_told(tmp_path: Path) -> None:
    table = tw.load(answer(6, 12))
    for name in ("a.parquet", "b.parquet"):
        tw.save(table, tmp_path / name)
    with pytest.warns(tw.TwlabWarning, match="2 rows repeat the video, time, option and scope"):
        assert len(tw.load(tmp_path)) == 4
