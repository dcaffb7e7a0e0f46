"""Times by a start and a length, by pairs of names, and what is told where none were read."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


def rows(**columns: Any) -> list[dict[str, Any]]:
    """Objects of columns, each with a vector of its own."""
    size = max(len(cells) for cells in columns.values() if isinstance(cells, list))
    cells = {k: v if isinstance(v, list) else [v] * size for k, v in columns.items()}
    return [
        {**{name: cells[name][k] for name in cells}, "embedding": [1.0, k]} for k in range(size)
    ]


def silently(source: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return tw.load(source)


STARTS = [0.0, 6.0, 12.0]


class TestLengths:
    @pytest.mark.parametrize(
        ("start", "length", "rate"),
        [
            ("start", "duration", 1),
            ("start_sec", "length", 1),
            ("start_ms", "duration_ms", 1000),
            ("begin", "dur", 1),
            ("offset", "duration", 1),
            ("timestamp", "duration", 1),
            ("startMs", "clipDurationMs", 1000),
        ],
    )
    @pytest.mark.parametrize("lengths", [[6, 6, 3.5], [6, 6, 6]])
    @pytest.mark.parametrize("kind", ["objects", "frame", "csv"])
    def test_the_end_is_the_start_and_the_length(
        self, start: str, length: str, rate: int, lengths: list[float], kind: str, tmp_path: Path
    ) -> None:
        given: Any = rows(
            video="a",
            **{start: [at * rate for at in STARTS], length: [n * rate for n in lengths]},
        )
        if kind != "objects":
            given = pd.DataFrame(given)
        if kind == "csv":
            given.to_csv(tmp_path / "t.csv", index=False)
            given = tmp_path / "t.csv"
        table = silently(given)
        assert table["start_sec"].tolist() == STARTS
        assert table["end_sec"].tolist() == [a + n for a, n in zip(STARTS, lengths, strict=True)]
        assert "duration_sec" not in table

    def test_row_order_and_shifts_change_nothing(self) -> None:
        for shift in (0, 100):
            given = rows(video="a", start=[at + shift for at in STARTS], duration=[6, 6, 3.5])
            ends = {row["start"]: row["start"] + row["duration"] for row in given}
            table = silently(given[::-1])
            assert dict(zip(table["start_sec"], table["end_sec"], strict=True)) == ends

    def test_a_length_after_all_starts_is_the_films_and_told(self) -> None:
        given = rows(video=["a", "a", "b"], start=[0.0, 6.0, 0.0], duration=[18.0, 18.0, 40.0])
        with pytest.warns(tw.TwlabWarning, match="no ends were read.*add a column end_sec"):
            table = tw.load(given)
        assert table["duration_sec"].tolist() == [18, 18, 40]
        assert table["end_sec"].isna().all()
        remedied = silently([{**row, "end_sec": row["start"] + 3} for row in given])
        assert remedied["end_sec"].tolist() == [3, 9, 3]

    def test_the_caller_may_say_that_it_is_the_films(self) -> None:
        given = rows(video="a", start=STARTS, duration=6.0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = tw.load(given, columns={"duration_sec": "duration"})
        assert table["duration_sec"].tolist() == [6, 6, 6]
        assert table["end_sec"].isna().all()

    def test_the_name_of_a_segments_length_is_believed(self) -> None:
        given = rows(video="a", start=STARTS, duration=60.0, clip_length=6.0)
        table = silently(given)
        assert table["end_sec"].tolist() == [6, 12, 18]
        assert table["duration_sec"].tolist() == [60, 60, 60]

    def test_beside_ends_a_segments_length_is_not_the_films(self) -> None:
        ends = [6.0, 12.0, 18.0]
        table = silently(rows(video="a", start=STARTS, end=ends, duration=6.0))
        assert table["segment_duration_sec"].tolist() == [6, 6, 6]
        assert "duration_sec" not in table
        table = silently(rows(video="a", start=STARTS, end=ends, duration=18.0))
        assert table["duration_sec"].tolist() == [18, 18, 18]

    def test_what_was_saved_comes_back(self, tmp_path: Path) -> None:
        table = tw.from_vectors(
            np.eye(3), start_sec=STARTS, end_sec=np.nan, columns={"duration_sec": [6.0, 6.0, 3.0]}
        )
        for name in ("t.json", "t.jsonl", "t.parquet"):
            back = silently(tw.save(table, tmp_path / name))
            assert back["end_sec"].isna().all()
            assert back["duration_sec"].tolist() == [6, 6, 3]


def test_frames() -> None:
    given = rows(video="a", start_frame=[0, 150, 300], num_frames=150, fps=25)
    assert silently(given)["end_sec"].tolist() == [6, 12, 18]
    given = rows(video="a", frames=[[0, 150], [150, 300]], fps=25)
    assert silently(given)["end_sec"].tolist() == [6, 12]
    with pytest.warns(tw.TwlabWarning, match="count frames"):
        assert tw.load(rows(video="a", frames=[[0, 150], [150, 300]]))["start_frame"].tolist()


class TestIndex:
    def frame(self, index: Any) -> pd.DataFrame:
        return pd.DataFrame({"embedding": [[1.0, k] for k in range(3)]}, index=index)

    def test_intervals(self) -> None:
        breaks = pd.IntervalIndex.from_breaks([0, 6, 12, 18])
        for given in (self.frame(breaks), self.frame(None).assign(span=breaks)):
            table = silently(given)
            assert table["start_sec"].tolist() == STARTS
            assert table["end_sec"].tolist() == [6, 12, 18]

    def test_names_without_a_name(self) -> None:
        names = ["a.mp4", "b.mp4", "c.mp4"]
        assert silently(self.frame(names))["video_id"].tolist() == names

    def test_numbers_without_a_name(self) -> None:
        with pytest.warns(tw.TwlabWarning, match="'index' numbers"):
            assert tw.load(self.frame(STARTS))["index"].tolist() == STARTS
        assert "index" not in silently(self.frame([5, 3, 1]))


def test_what_holds_no_vector_among_videos_is_told() -> None:
    given = {"a.mp4": [[1.0, 2.0]], "notes": {"0": {"by": "me"}}}
    with pytest.warns(tw.TwlabWarning, match="'notes' holds no vectors and was left out"):
        assert tw.load(given)["video_id"].tolist() == ["a.mp4"]


PAIRS = [
    *("t0 t1", "t1 t2", "t_0 t_1", "time0 time1", "s e", "st et", "in out", "onset offset"),
    *("t0_ms t1_ms", "beg fin", "tstart tend", "in_point out_point", "tc_in tc_out", "t_in t_out"),
    *("t_begin t_finish", "begin_time finish_time", "start_position end_position"),
]


@pytest.mark.parametrize("names", PAIRS)
@pytest.mark.parametrize("swapped", [False, True])
def test_pairs(names: str, swapped: bool) -> None:
    rate = 1000 if "_ms" in names else 1
    start, end = names.split()
    cells = {start: [at * rate for at in STARTS], end: [(at + 6) * rate for at in STARTS]}
    if swapped:
        cells = dict(reversed(cells.items()))
    table = silently(rows(video_id="a", **cells))
    assert table["start_sec"].tolist() == STARTS
    assert table["end_sec"].tolist() == [6, 12, 18]


def test_served_times_are_never_replaced_by_a_pair() -> None:
    table = silently(rows(start=STARTS, end=[6.0, 12.0, 18.0], t0=[9, 9, 9], t1=[8, 8, 8]))
    assert table["start_sec"].tolist() == STARTS
    assert table["t0"].tolist() == [9, 9, 9]


def test_numbers_that_do_not_run_are_no_times() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        for cells in ({"t": [0.7, 0.2, 0.1, 0.05]}, {"t0": [5, 1, 2, 3], "t1": [1, 2, 3, 4]}):
            table = tw.load(rows(video_id="a", **cells))
            assert table["start_sec"].isna().all()
            assert set(cells) <= set(table.columns)


class TestTold:
    @pytest.mark.parametrize("name", ["clip_index", "segment_number", "shotNo", "chunk"])
    def test_numbers_of_segments(self, name: str) -> None:
        given = rows(video_id=["a", "a", "b", "b"], **{name: [0, 1, 0, 1]})
        with pytest.warns(tw.TwlabWarning, match=f"{name}.*numbers the segments.*add columns"):
            table = tw.load(given)
        assert table[name].tolist() == [0, 1, 0, 1]
        assert tw.check(given)["field"].tolist() == [name]
        remedied = [{**r, "start_sec": r[name] * 6, "end_sec": r[name] * 6 + 6} for r in given]
        assert silently(remedied)["end_sec"].tolist() == [6, 12, 6, 12]

    def test_columns_that_touch(self) -> None:
        given = rows(video_id="a", left=STARTS, right=[6.0, 12.0, 18.0], score=[0.1, 0.3, 0.2])
        with pytest.warns(tw.TwlabWarning, match="'left' and 'right' look like them"):
            tw.load(given)
        table = tw.load(given, columns={"start_sec": "left", "end_sec": "right"})
        assert table["end_sec"].tolist() == [6, 12, 18]

    def test_times_in_a_name(self) -> None:
        with pytest.warns(tw.TwlabWarning, match="'id' .*looks as if it held them"):
            tw.load(rows(id=["film_0.0_6.0", "film_6.0_12.0"]))

    def test_an_end_under_another_name(self) -> None:
        given = rows(video_id="a", start=STARTS, until=[6.0, 12.0, 18.0])
        with pytest.warns(tw.TwlabWarning, match="no ends were read, and 'until'"):
            tw.load(given)
        assert tw.load(given, columns={"end_sec": "until"})["end_sec"].tolist() == [6, 12, 18]

    @pytest.mark.parametrize(
        "columns",
        [
            {"score": [0.1, 0.2, 0.3]},
            {"text": ["a", "b", "c"]},
            {"page": [1, 2, 3]},
            {"a": [1, 2, 3], "b": [9, 8, 7]},
            {"id": ["x-1", "x-2", "x-3"]},
            {"clip": [1, 1, 1]},
        ],
    )
    def test_nothing_is_said_of_rows_without_times(self, columns: dict[str, Any]) -> None:
        assert len(silently(rows(video_id="a", **columns))) == 3


class TestHeaders:
    ROWS = rows(start=STARTS, end=[6.0, 12.0, 18.0])

    def load(self, first: Any, kind: str, folder: Path) -> Any:
        given = [first, *self.ROWS]
        if kind == "lines":
            path = folder / "t.jsonl"
            path.write_text("\n".join(map(json.dumps, given)))
            return path
        return given

    @pytest.mark.parametrize("kind", ["lines", "list"])
    @pytest.mark.parametrize(
        "first", [{"video": "a.mp4", "fps": 25}, {"meta": {"video": "a.mp4"}, "model": "m"}]
    )
    def test_facts(self, first: Any, kind: str, tmp_path: Path) -> None:
        table = silently(self.load(first, kind, tmp_path))
        assert table["video_id"].tolist() == ["a.mp4"] * 3
        assert table["start_sec"].tolist() == STARTS

    @pytest.mark.parametrize("kind", ["lines", "list"])
    def test_what_is_left_out_is_told(self, kind: str, tmp_path: Path) -> None:
        given = self.load({"model": "marengo3.0", "dim": 2, "by": "me"}, kind, tmp_path)
        with pytest.warns(tw.TwlabWarning, match="of its fields 'dim', 'by' were left out"):
            table = tw.load(given)
        assert table["model_name"].tolist() == ["marengo3.0"] * 3

    @pytest.mark.parametrize(
        "first",
        [{"start": 0.0, "end": 6.0}, {"start": 0.0, "caption": "x"}, {"error": "bad"}, {"end": 1}],
    )
    def test_a_row_without_its_vector_is_no_header(self, first: Any, tmp_path: Path) -> None:
        with pytest.raises(tw.LoadError, match="has no vector"):
            tw.load(self.load(first, "lines", tmp_path))

    def test_names_of_the_columns_first(self) -> None:
        names = list(self.ROWS[0])
        table = silently([names, *([row[name] for name in names] for row in self.ROWS)])
        assert table["end_sec"].tolist() == [6, 12, 18]


class TestNumberedColumns:
    FRAME = pd.DataFrame({"video": "a", "start": STARTS, "end": [6.0, 12.0, 18.0]}).join(
        pd.DataFrame(np.eye(3, 6) + 0.5, columns=[f"f{k}" for k in range(6)])
    )

    def test_vectors_that_are_there_are_never_paid_for_again(self, tmp_path: Path) -> None:
        self.FRAME.to_csv(tmp_path / "t.csv", index=False)
        for given in (self.FRAME, tmp_path / "t.csv", self.FRAME.to_dict("records")):
            with pytest.raises(tw.LoadError, match=r"'f0' to 'f5'.*dim_0.*from_vectors") as info:
                tw.load(given)
            assert "embed" not in str(info.value)

    def test_the_remedies(self) -> None:
        names = [f"f{k}" for k in range(6)]
        truth = self.FRAME[names].to_numpy(np.float32)
        table = silently(self.FRAME.rename(columns={n: f"dim_{n[1:]}" for n in names}))
        assert np.array_equal(tw.vectors(table), truth)
        table = tw.from_vectors(self.FRAME[names], start_sec=self.FRAME["start"], end_sec=9e9)
        assert np.array_equal(tw.vectors(table), truth)


def test_tasks_name_videos_where_nothing_else_does() -> None:
    given = rows(task_id=["t1", "t2"], start=[0.0, 0.0], end=[6.0, 6.0])
    assert silently(given)["video_id"].tolist() == ["t1", "t2"]
    assert silently(given[:1])["video_id"].tolist() == ["video"]
