"""Times, options, videos and vectors under other names; ``columns=`` and ``from_vectors``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

V = [0.6, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def rows(**columns: list[Any]) -> list[dict[str, Any]]:
    """Objects of columns, each with a vector of its own."""
    cells = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{**row, "embedding": [1.0, k]} for k, row in enumerate(cells)]


TIMES = {
    "start_ms end_ms": ([0, 6000], [6000, 12500]),
    "startMs endMs": ([0, 6000], [6000, 12500]),
    "start_time_ms end_time_ms": ([0, 6000], [6000, 12500]),
    "start_millis end_millis": ([0, 6000], [6000, 12500]),
    "start_us end_us": ([0, 6_000_000], [6_000_000, 12_500_000]),
    "start_ns end_ns": ([0, 6_000_000_000], [6_000_000_000, 12_500_000_000]),
    "start_s end_s": ([0, 6], [6, 12.5]),
    "start_time_sec end_time_sec": ([0, 6], [6, 12.5]),
    "t_start t_end": ([0, 6], [6, 12.5]),
    "clip_start clip_end": ([0, 6], [6, 12.5]),
    "start_ts end_ts": ([0, 6], [6, 12.5]),
    "from to": ([0, 6], [6, 12.5]),
    "begin end": ([0, 6], [6, 12.5]),
    "start_timestamp end_timestamp": (["0:00", "0:06"], ["0:06", "0:12.5"]),
    "START_MS END_MS": (["0", "6000"], ["6000", "12500"]),
}


@pytest.mark.parametrize("names", TIMES)
@pytest.mark.parametrize("kind", ["objects", "frame", "csv", "columns"])
def test_times(names: str, kind: str, tmp_path: Path) -> None:
    start, end = names.split()
    given: Any = rows(video_id=["v", "v"], **dict(zip((start, end), TIMES[names], strict=True)))
    if kind == "columns":
        given = {key: [row[key] for row in given] for key in given[0]}
    elif kind != "objects":
        given = pd.DataFrame(given)
    if kind == "csv":
        given.to_csv(tmp_path / "t.csv", index=False)
        given = tmp_path / "t.csv"
    table = tw.load(given)
    assert table["start_sec"].tolist() == [0, 6]
    assert table["end_sec"].tolist() == [6, 12.5]
    assert not {start, end} & set(table.columns)
    assert tw.check(given).empty


@pytest.mark.parametrize("name", ["timestamp", "ts", "time", "pts_time", "frame_time"])
def test_a_moment_starts_and_ends_at_once(name: str) -> None:
    table = tw.load(rows(**{name: [0.0, 0.5]}))
    assert table["start_sec"].tolist() == table["end_sec"].tolist() == [0, 0.5]


def test_frames_are_divided_by_their_rate() -> None:
    frames = {"start_frame": [0, 150], "end_frame": [150, 300]}
    assert tw.load(rows(**frames, fps=[25, 25]))["end_sec"].tolist() == [6, 12]
    assert tw.load({"fps": 50, "segments": rows(**frames)})["end_sec"].tolist() == [3, 6]
    with pytest.warns(tw.TwlabWarning, match="count frames.*column fps"):
        assert tw.load(rows(**frames))["start_sec"].isna().all()


@pytest.mark.parametrize(
    "times", [[1.7e9, 1.7e9 + 6], [1.7e12, 1.7e12 + 6], ["2024-01-01T00:00:00Z", "2024-01-02"]]
)
def test_a_date_is_no_time_of_a_film(times: list[Any]) -> None:
    source = rows(timestamp=times)
    with pytest.warns(tw.TwlabWarning, match="'timestamp' holds dates"):
        table = tw.load(source)
    assert table["start_sec"].isna().all()
    assert table["timestamp"].tolist() == times
    assert tw.check(source)["field"].tolist() == ["timestamp"]


def test_what_is_served_is_never_replaced() -> None:
    table = tw.load(
        rows(
            video_id=["x", "x"],
            start_sec=[0, 6],
            end_sec=[6, 12],
            embedding_option=["visual", "visual"],
            timestamp=[7.0, 8.0],
            start_ms=[1, 2],
            channel=["audio", "audio"],
            title=["t", "u"],
            path=["p.mp4", "q.mp4"],
        )
    )
    assert table["video_id"].tolist() == ["x", "x"]
    assert table["start_sec"].tolist() == [0, 6]
    assert table["embedding_option"].tolist() == ["visual"] * 2
    kept = ["timestamp", "start_ms", "channel", "title", "path"]
    assert set(kept) <= set(table.columns)


@pytest.mark.parametrize(
    "name",
    [
        *("modality_type", "modalityType", "embedding_type", "embeddingType", "vector_type"),
        *("channel", "type", "mode", "kind", "content_type"),
    ],
)
def test_options(name: str) -> None:
    words = ["visual", "audio"]
    table = tw.load(rows(video_id=["v", "v"], start=[0, 0], end=[6, 6], **{name: words}))
    assert table["embedding_option"].tolist() == words
    assert name not in table.columns


@pytest.mark.parametrize("words", [["mp4", "mp4"], ["news", "sport"], ["video", "video"]])
def test_words_that_are_no_options_stay(words: list[str]) -> None:
    table = tw.load(rows(video_id=["v", "v"], start=[0, 6], end=[6, 12], type=words))
    assert table["embedding_option"].isna().all()
    assert table["type"].tolist() == words


def test_scopes() -> None:
    table = tw.load(rows(video_id=["v", "v"], start=[0, 0], end=[6, 12], type=["clip", "asset"]))
    assert table["embedding_scope"].tolist() == ["clip", "video"]


VIDEOS = (
    *("video", "file", "path", "video_path", "filepath", "file_path", "file_id", "src", "movie"),
    *("uri", "asset_id", "title", "name", "item_id", "id", "key", "clip_id", "source"),
)


@pytest.mark.parametrize("name", VIDEOS)
@pytest.mark.parametrize("values", [["a.mp4", "b.mp4"], ["first film", "second"]])
def test_videos(name: str, values: list[str]) -> None:
    films = [film for film in values for _ in range(4)]
    cuts = [(4.7 * k, 4.7 * k + 4.7) for k in range(4)] + [
        (5.3 * k, 5.3 * k + 5.3) for k in range(4)
    ]
    start, end = map(list, zip(*cuts, strict=True))
    source = rows(**{name: films}, start=start, end=end)
    assert tw.load(source)["video_id"].tolist() == films
    assert tw.check(source).empty


def test_two_paths_of_one_name_stay_apart() -> None:
    table = tw.load(rows(path=["x/a.mp4", "y/a.mp4"], start=[0, 0], end=[6, 6]))
    assert table["video_id"].nunique() == 2
    assert table["input_url"].tolist() == ["x/a.mp4", "y/a.mp4"]


def test_a_file_for_each_row_of_one_film_is_no_video_and_told() -> None:
    source = rows(path=[f"f/{k}.jpg" for k in range(4)], timestamp=[0.0, 1.0, 2.0, 3.0])
    with pytest.warns(tw.TwlabWarning, match="'path' names another file in each row"):
        assert len(set(tw.load(source)["video_id"])) == 1
    table = tw.load(source, columns={"video_id": "path"})
    assert table["video_id"].nunique() == 4


def test_an_answer_names_its_rows() -> None:
    inside = rows(start=[0, 6], end=[6, 12])
    documents = [{"video": film, "segments": inside} for film in ("a.mp4", "b.mp4")]
    table = tw.load(documents)
    assert table["video_id"].tolist() == ["a.mp4"] * 2 + ["b.mp4"] * 2
    rows_name = [{**row, "video": film} for row, film in zip(inside, "xy", strict=True)]
    table = tw.load({"title": "a dump", "segments": rows_name})
    assert table["video_id"].tolist() == ["x", "y"]


def test_films_that_would_merge_are_refused() -> None:
    source = rows(who=["a"] * 3 + ["b"] * 3, start=[0, 6, 12] * 2, end=[5, 11, 17] * 2)
    with pytest.raises(tw.LoadError, match=r"films would merge.*columns=\{'video_id': 'who'\}"):
        tw.load(source)
    assert tw.check(source)["field"].tolist() == ["who"]
    table = tw.load(source, columns={"video_id": "who"})
    assert table["video_id"].tolist() == ["a"] * 3 + ["b"] * 3
    shifted = rows(
        who=["a"] * 3 + ["b"] * 3, start=[0, 6, 12, 1, 7, 13], end=[5, 11, 17, 6, 12, 18]
    )
    with pytest.raises(tw.LoadError, match="films would merge"):
        tw.load(shifted)
    assert tw.load(shifted, video_id="mine")["video_id"].unique().tolist() == ["mine"]


def test_windows_that_overlap_their_neighbours_are_one_film() -> None:
    start = [5 * k for k in range(8)]
    captions = rows(start=start, end=[s + 10 for s in start], caption=[f"c{k}" for k in start])
    assert len(set(tw.load(captions)["video_id"])) == 1
    scenes = rows(start=start, end=[s + 10 for s in start], scene=["a"] * 4 + ["b"] * 4)
    assert len(set(tw.load(scenes)["video_id"])) == 1


@pytest.mark.parametrize(
    "name", ["vec", "emb", "features", "vid_vector", "marengo_embedding", "embedding_vector"]
)
def test_vectors(name: str) -> None:
    source = [{"start": 6 * k, "end": 6 * k + 6, name: [*V, k]} for k in range(2)]
    for given in (
        source,
        pd.DataFrame(source),
        [{**row, name: json.dumps(row[name])} for row in source],
    ):
        table = tw.load(given)
        assert tw.vectors(table)[:, 8].tolist() == [0, 1]
        assert table["end_sec"].tolist() == [6, 12]


def test_a_vector_for_each_option() -> None:
    source = [{"video_id": "v", "visual_embedding": V, "transcription_embedding": V[::-1]}]
    table = tw.load(source)
    assert table["embedding_option"].tolist() == ["visual", "transcription"]
    assert tw.vectors(table)[1].tolist() == np.float32(V[::-1]).tolist()


def test_vectors_that_are_there_are_never_called_absent() -> None:
    source = [{"start": 0, "end": 6, "q": V * 8}]
    with pytest.raises(tw.LoadError, match=r"'q' holds 64 numbers.*columns=\{'embedding': 'q'\}"):
        tw.load(source)
    assert tw.vectors(tw.load(source, columns={"embedding": "q"})).shape == (1, 64)
    both = [{"start": 0, "end": 6, "embedding": V, "text_vec": V[::-1]}]
    with pytest.warns(tw.TwlabWarning, match="'text_vec' holds 8 numbers beside"):
        assert tw.vectors(tw.load(both))[0].tolist() == np.float32(V).tolist()
    table = tw.load(both, columns={"embedding": "text_vec"})
    assert tw.vectors(table)[0].tolist() == np.float32(V[::-1]).tolist()


SOURCE = [{"t0": 6 * k, "t1": 6 * k + 6, "vec": [1.0, k], "film": "f"} for k in range(3)]


class TestColumns:
    @pytest.mark.parametrize("kind", ["objects", "frame", "csv", "jsonl", "parquet", "nested"])
    def test_names_of_the_source(self, kind: str, tmp_path: Path) -> None:
        given: Any = SOURCE
        frame = pd.DataFrame(given)
        if kind == "frame":
            given = frame
        elif kind == "nested":
            given = {"result": [{**{k: r[k] for k in ("vec",)}, "payload": r} for r in SOURCE]}
        elif kind != "objects":
            given = tmp_path / f"t.{kind}"
            if kind == "csv":
                frame.to_csv(given, index=False)
            elif kind == "parquet":
                frame.to_parquet(given)
            else:
                given.write_text("\n".join(map(json.dumps, SOURCE)))
        names = {"embedding": "vec", "start_sec": "t0", "end_sec": "t1", "video_id": "film"}
        table = tw.load(given, columns=names)
        assert table["start_sec"].tolist() == [0, 6, 12]
        assert table["end_sec"].tolist() == [6, 12, 18]
        assert table["video_id"].tolist() == ["f"] * 3
        assert tw.vectors(table)[:, 1].tolist() == [0, 1, 2]

    def test_the_caller_is_right(self) -> None:
        source = rows(video_id=["x", "x"], title=["a", "b"], start=[0, 0], begin2=[1, 2])
        table = tw.load(source, columns={"video_id": "title", "start_sec": "begin2"})
        assert table["video_id"].tolist() == ["a", "b"]
        assert table["start_sec"].tolist() == [1, 2]
        assert table["served_video_id"].tolist() == ["x", "x"]

    def test_two_names_changed_over(self) -> None:
        source = rows(start=[6], end=[0])
        table = tw.load(source, columns={"start_sec": "end", "end_sec": "start"})
        assert table[["start_sec", "end_sec"]].to_numpy().tolist() == [[0, 6]]

    def test_units(self) -> None:
        source = rows(from_here_ms=[1500], first_frame=[75], fps=[25])
        assert tw.load(source, columns={"start_sec": "from_here_ms"})["start_sec"].tolist() == [1.5]
        assert tw.load(source, columns={"start_sec": "first_frame"})["start_sec"].tolist() == [3]

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"embedding": "nope"}, "no column 'nope'.*there are: t0, t1, vec, film"),
            ({"vec": "embedding"}, r"turn it round: \{'embedding': 'vec'\}"),
            ({"nonsense": "vec"}, "the name of a column of the table"),
            (["vec"], "a mapping"),
            ({"start_sec": "t0", "end_sec": "t0"}, "as two columns"),
        ],
    )
    def test_errors(self, columns: Any, words: str) -> None:
        with pytest.raises(tw.InputError, match=words):
            tw.load(SOURCE, columns=columns)


def test_an_end_after_the_film_is_told() -> None:
    late = [{"embedding": V, "start": 0, "end": end, "duration": 3.0} for end in (3.0, 3.4, 4.0)]
    assert tw.check(late)["place"].tolist() == ["segment 2"]
    report = tw.diagnose(tw.load(late, video_id="v").drop_duplicates("end_sec"))
    found = report[report["check"] == "ends after the film"]
    assert found["value"].tolist() == [1]
    fine = tw.diagnose(tw.load(late[:2]))
    assert "ends after the film" not in set(fine["check"])


class TestFromVectors:
    def test_scalars_and_sequences(self) -> None:
        matrix = np.arange(6.0).reshape(3, 2)
        table = tw.from_vectors(
            matrix,
            start_sec=np.array([0, 6, 12]),
            end_sec=pd.Series([6, 12, 18.5], index=[7, 8, 9]),
            video_id=["a", "a", "b"],
            embedding_option="visual",
            model_name="clip",
            columns={"score": [1, 2, 3], "who": "me"},
        )
        np.testing.assert_array_equal(tw.vectors(table), matrix)
        assert table["end_sec"].tolist() == [6, 12, 18.5]
        assert table["video_id"].tolist() == ["a", "a", "b"]
        assert table["score"].tolist() == [1, 2, 3]
        assert table["who"].tolist() == ["me"] * 3
        assert list(table.columns)[:7] == list(tw.sample().columns)[:7]
        tw.check_segments(table)
        matrix[:] = 9
        assert tw.vectors(table)[0].tolist() == [0, 1]

    def test_it_comes_back_from_a_file(self, tmp_path: Path) -> None:
        table = tw.from_vectors(np.eye(2), start_sec=[0, 6], end_sec=[6, 12])
        pd.testing.assert_frame_equal(tw.load(tw.save(table, tmp_path / "t.parquet")), table)

    def test_empty_and_moments(self) -> None:
        assert len(tw.from_vectors(np.empty((0, 4)), start_sec=[], end_sec=[])) == 0
        table = tw.from_vectors([[1.0, 2.0]], start_sec=3, end_sec=3)
        assert table[["start_sec", "end_sec"]].to_numpy().tolist() == [[3, 3]]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"start_sec": [0.0]}, "start_sec has 1 values for 2 vectors"),
            ({"end_sec": [-1.0, 3.0]}, "ends before it starts"),
            ({"start_sec": ["a", "b"]}, "start_sec does not hold 2 numbers"),
            ({"video_id": [1, 2]}, "video_id holds 1, a int"),
            ({"video_id": None}, "no video_id"),
            ({"columns": {"video_id": "x"}}, "argument of its own"),
            ({"columns": {"x": [1, 2, 3]}}, "x has 3 values"),
            ({"matrix": [1.0, 2.0]}, r"shape \(2,\)"),
            ({"matrix": [[1.0, np.nan], [0, 1]]}, "nan"),
        ],
    )
    def test_errors(self, changes: dict[str, Any], words: str) -> None:
        given: dict[str, Any] = {"matrix": np.eye(2), "start_sec": [0, 6], "end_sec": [6, 12]}
        given |= changes
        with pytest.raises(tw.InputError, match=words):
            tw.from_vectors(given.pop("matrix"), **given)
