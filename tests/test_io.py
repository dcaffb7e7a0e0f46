"""Files, folders and tables in and out; whose segments they are."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zstandard
from insides import walk

import twlab as tw


def answer(
    name: str | None = "film.mp4",
    *,
    n: int = 3,
    option: str = "visual",
    seed: int = 0,
    d: int = 8,
    duration: float = 18.0,
) -> dict[str, Any]:
    """A v1 answer of n clips of 6 s."""
    matrix = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    segments = [
        {
            "float": [float(x) for x in row],
            "start_offset_sec": 6 * k,
            "end_offset_sec": 6 * k + 6,
            "embedding_option": option,
            "embedding_scope": "clip",
        }
        for k, row in enumerate(matrix)
    ]
    metadata = {"duration": duration} | ({"input_filename": name} if name else {})
    return {
        "model_name": "marengo3.0",
        "status": "ready",
        "video_embedding": {"metadata": metadata, "segments": segments},
    }


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


FACTS = ["video_id", "start_sec", "end_sec", "embedding_option", "model_name"]


def assert_same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a[FACTS], b[FACTS])
    np.testing.assert_array_equal(tw.vectors(a), tw.vectors(b))


class TestKindsOfSource:
    def test_the_same_answer_in_every_form(self, tmp_path: Path) -> None:
        content = answer()
        text = json.dumps(content).encode()
        expected = tw.load(content)
        assert expected["start_sec"].tolist() == [0, 6, 12]
        assert tw.vectors(expected).shape == (3, 8)
        plain = write(tmp_path / "a.json", text)
        packed = {
            "b.json.gz": gzip.compress(text),
            "c.json.zst": zstandard.ZstdCompressor().compress(text),
            "d.jsonl": text + b"\n",
            "e.ndjson.gz": gzip.compress(text + b"\n\n"),
            "f.json": b"\xef\xbb\xbf" + text,
            "g.json": text.decode().encode("utf-16"),
            "h.txt": text,
        }
        files = [plain, *(write(tmp_path / name, data) for name, data in packed.items())]
        for source in (*files, str(plain), text, bytearray(text), io.BytesIO(text)):
            assert_same(tw.load(source), expected)
        with plain.open("rb") as stream:
            assert_same(tw.load(stream), expected)
        with plain.open(encoding="utf-8") as stream:
            assert_same(tw.load(stream), expected)

    def test_lines_are_answers_or_segments(self, tmp_path: Path) -> None:
        rows = answer()["video_embedding"]["segments"]
        lines = "\n".join(map(json.dumps, rows)).encode()
        assert len(tw.load(write(tmp_path / "rows.jsonl", lines))) == 3
        answers = "\n".join(json.dumps(answer(f"{k}.mp4")) for k in "ab").encode()
        table = tw.load(write(tmp_path / "answers.jsonl", answers))
        assert table["video_id"].unique().tolist() == ["a.mp4", "b.mp4"]

    def test_the_caller_names_what_the_answer_does_not(self) -> None:
        rows = [{"embedding": [0.6, 0.8], "startSec": 0, "endSec": 6}]
        table = tw.load({"data": rows}, video_id="mine", model_name="marengo3.0")
        assert table[FACTS[:1] + FACTS[-1:]].to_numpy().tolist() == [["mine", "marengo3.0"]]
        with pytest.raises(tw.InputError, match="model_name"):
            tw.load(answer(), model_name="another")
        with pytest.raises(tw.InputError, match="video_id is 3; a name"):
            tw.load(answer(), video_id=3)  # type: ignore[arg-type]

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(tw.LoadError, match=r"nowhere\.json"):
            tw.load(tmp_path / "nowhere.json")
        with pytest.raises(tw.LoadError, match="no"):
            tw.load(str(tmp_path / "*.json"))
        with pytest.raises(tw.LoadError, match="no"):
            tw.load(tmp_path)
        with pytest.raises(tw.TwlabError):
            tw.load([])
        with pytest.raises(tw.TwlabError):
            tw.load(None)


class TestManyFiles:
    def test_folder_pattern_and_list(self, tmp_path: Path) -> None:
        for k in range(3):
            write(tmp_path / "deep" / f"{k}.json", answer(f"{k}.mp4", seed=k))
        expected = tw.load(tmp_path)
        assert expected["video_id"].unique().tolist() == ["0.mp4", "1.mp4", "2.mp4"]
        assert len(expected) == 9
        pattern = str(tmp_path / "deep" / "*.json")
        for source in (pattern, [pattern], sorted((tmp_path / "deep").iterdir())):
            assert_same(tw.load(source), expected)

    def test_no_file_twice(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a.json", answer())
        assert len(tw.load([file, str(file), tmp_path, str(tmp_path / "*.json")])) == 3

    def test_one_block_for_all(self, tmp_path: Path) -> None:
        for k in range(30):
            write(tmp_path / f"{k:03}.json", answer(f"{k}.mp4", seed=k))
        table = tw.load(tmp_path, progress=False)
        assert np.shares_memory(tw.vectors(table), table["embedding"].iloc[50])
        expected = np.concatenate([tw.vectors(tw.load(answer(seed=k))) for k in range(30)])
        np.testing.assert_array_equal(tw.vectors(table), expected)

    def test_bad_files_in_a_folder_are_told(self, tmp_path: Path) -> None:
        write(tmp_path / "a.json", answer())
        write(tmp_path / "b.json", b'{"video_embedding": {"segm')
        write(tmp_path / "c.json", {"code": "parameter_invalid", "message": "no"})
        write(tmp_path / "readme.md", b"not looked at")
        with pytest.warns(tw.TwlabWarning, match=r"2 parts of the source .*tw\.check"):
            assert len(tw.load(tmp_path)) == 3
        problems = tw.check(tmp_path)
        assert [Path(source).name for source in problems["source"]] == ["b.json", "c.json"]
        assert problems["problem"].str.contains("breaks off at byte 26").tolist() == [True, False]
        with pytest.raises(tw.LoadError, match="breaks off"):
            tw.load([tmp_path / "a.json", tmp_path / "b.json"])

    def test_nothing_but_bad_files(self, tmp_path: Path) -> None:
        write(tmp_path / "b.json", b"{")
        write(tmp_path / "c.json", b"{")
        with pytest.raises(tw.LoadError, match=r"b\.json.*1 more such file"):
            tw.load(tmp_path)

    def test_many_small_files(self, tmp_path: Path) -> None:
        for k in range(300):
            rows = [{"embedding": [k, 1], "startSec": 0, "endSec": 6}]
            write(tmp_path / f"{k // 50}" / f"{k:03}.json", {"data": rows})
        table = tw.load(tmp_path, progress=False)
        assert table["video_id"].tolist() == [f"{k:03}" for k in range(300)]
        assert tw.vectors(table)[:, 0].tolist() == list(range(300))

    def test_one_file_by_several_ways(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = write(tmp_path / "deep" / "a.json", answer())
        (tmp_path / "link.json").symlink_to(file)
        monkeypatch.chdir(tmp_path)
        ways = ["deep/a.json", "deep/../deep/a.json", file, "**/*.json", "deep", "link.json"]
        table = tw.load(ways)
        assert len(table) == 3
        assert table["source"].unique().tolist() == ["deep/a.json"]

    def test_hidden_and_foreign_files_are_not_looked_at(self, tmp_path: Path) -> None:
        write(tmp_path / "a.json", answer())
        for name in (".ipynb_checkpoints/b.json", ".c.json", "d.mp4", "e.txt", "f.npz"):
            write(tmp_path / name, b"\x00\x01")
        assert len(tw.load(tmp_path)) == 3
        assert tw.check(tmp_path).empty

    def test_other_kinds_of_file_by_name(self, tmp_path: Path) -> None:
        for head, words in (
            (b"SQLite fo", "SQLite"),
            (b"%PDF-1.7", "PDF"),
            (b"\x93NUMPY", "NumPy"),
        ):
            with pytest.raises(tw.LoadError, match=f"{words}.*was expected"):
                tw.load(write(tmp_path / "x.json", head + b"\0" * 20))

    @pytest.mark.parametrize(
        "head",
        [
            b"\x00\x00\x00\x20ftypisom",
            b"\x00\x00\x00\x14ftypqt  ",
            b"\x00\x00\x00\x08wide\x00\x00\x00\x00",
            b"\x1aE\xdf\xa3\x01\x00\x00\x00",
            b"RIFF\x00\x00\x01\x00AVI LIST",
            b"\x00\x00\x01\xba\x44\x00",
            b"FLV\x01\x05",
        ],
    )
    def test_a_video_is_told_from_its_embeddings(self, head: bytes, tmp_path: Path) -> None:
        path = write(tmp_path / "film.mp4", head + b"\0" * 20)
        with pytest.raises(tw.LoadError, match=r"film.mp4: is a video; .* twlab embed"):
            tw.load(path)
        assert tw.check(path)["problem"].str.startswith("is a video").all()
        with pytest.raises(tw.LoadError, match=r"^is a video"):
            tw.load(head + b"\0" * 20)


class TestIdentity:
    def test_numbered_where_nothing_else_tells_them_apart(self) -> None:
        table = tw.load([answer("x.mp4", seed=1), answer("x.mp4", seed=2)])
        assert table["video_id"].tolist() == ["x.mp4#1"] * 3 + ["x.mp4#2"] * 3

    def test_a_name_given_by_hand_never_meets_an_id(self, tmp_path: Path) -> None:
        rows = [{"embedding": [1, 0], "startSec": 0, "endSec": 6}]
        write(tmp_path / "a.json", {"data": rows})
        write(tmp_path / "b.json", {"data": [{**rows[0], "videoId": "a"}]})
        table = tw.load(tmp_path)
        assert table["video_id"].tolist() == ["a#1", "a"]

    def test_two_videos_for_one_name(self, tmp_path: Path) -> None:
        for name in "ab":
            write(tmp_path / f"{name}.json", answer(f"{name}.mp4"))
        with pytest.raises(tw.InputError, match="2 videos"):
            tw.load(tmp_path, video_id="mine")

    def test_same_name_in_two_folders(self, tmp_path: Path) -> None:
        for folder in ("one", "two"):
            write(tmp_path / folder / "x.json", answer("01.mp4", seed=len(folder)))
        assert tw.load(tmp_path)["video_id"].nunique() == 2

    def test_two_options_of_one_film(self, tmp_path: Path) -> None:
        write(tmp_path / "film.visual.json", answer(option="visual"))
        write(tmp_path / "film.audio.json", answer(option="audio"))
        table = tw.load(tmp_path)
        assert table["video_id"].unique().tolist() == ["film.mp4"]
        assert len(table) == 6

    def test_two_films_of_one_name_in_a_folder(self, tmp_path: Path) -> None:
        write(tmp_path / "task1.json", answer("video.mp4", seed=1))
        write(tmp_path / "task2.json", answer("video.mp4", seed=2))
        assert tw.load(tmp_path)["video_id"].nunique() == 2
        write(tmp_path / "task3.json", answer("video.mp4", option="audio", duration=99.0))
        assert tw.load(tmp_path)["video_id"].nunique() == 3

    def test_rows_without_a_video(self, tmp_path: Path) -> None:
        rows = [{"embedding": [1, 0], "startSec": 0, "endSec": 6}]
        for name in "ab":
            write(tmp_path / f"{name}.json", {"data": rows})
        assert tw.load(tmp_path)["video_id"].tolist() == ["a", "b"]
        assert tw.load([{"data": rows}, {"data": rows}])["video_id"].nunique() == 2


class TestCheck:
    def test_all_is_well(self) -> None:
        problems = tw.check(answer())
        assert problems.empty
        assert problems.columns.tolist() == ["source", "place", "field", "problem"]

    def test_goes_on_after_the_first(self) -> None:
        content = answer(n=5)
        segments = content["video_embedding"]["segments"]
        content["video_embedding"]["metadata"]["duration"] = 30
        segments[1]["float"][2] = None
        segments[3]["end_offset_sec"] = 1
        problems = tw.check(content)
        assert problems["place"].tolist() == ["segment 1", "segment 3"]
        assert problems["field"].tolist() == ["float", "end_offset_sec"]


class TestSave:
    def table(self) -> pd.DataFrame:
        table = tw.load(answer(n=4)).assign(score=[1, 2, 3, 4], title=["a", None, "ü", "d"])
        return table.sample(frac=1, random_state=1)

    def test_parquet_is_exact(self, tmp_path: Path) -> None:
        table = self.table()
        path = tw.save(table, tmp_path / "t.parquet")
        assert path == tmp_path / "t.parquet"
        again = tw.load(path)
        pd.testing.assert_frame_equal(
            again.drop(columns="embedding"), table.drop(columns="embedding")
        )
        np.testing.assert_array_equal(tw.vectors(again), tw.vectors(table))
        assert np.shares_memory(tw.vectors(again), again["embedding"].iloc[0])

    @pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.json.gz", "t.jsonl.zst"])
    def test_json_keeps_every_value(self, tmp_path: Path, name: str) -> None:
        table = self.table()
        again = tw.load(tw.save(table, tmp_path / name))
        assert_same(again, table.reset_index(drop=True))
        assert again["score"].tolist() == table["score"].tolist()

    @pytest.mark.parametrize("name", ["t.parquet", "t.json", "t.jsonl.gz"])
    def test_every_float32_comes_back(self, tmp_path: Path, name: str) -> None:
        bits = np.random.default_rng(1).integers(0, 2**32, 4 * 500, dtype=np.uint32)
        numbers = bits.view(np.float32)
        limits = [np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal, -0.0, 1 / 3]
        numbers[~np.isfinite(numbers)] = 0
        numbers[:4] = limits
        table = tw.with_vectors(tw.load(answer(n=4)), numbers.reshape(4, 500))
        again = tw.vectors(tw.load(tw.save(table, tmp_path / name)))
        np.testing.assert_array_equal(again.view(np.uint32), tw.vectors(table).view(np.uint32))

    def test_several_dimensions_in_one_file(self, tmp_path: Path) -> None:
        mixed = pd.concat([tw.load(answer(d=8)), tw.load(answer(d=5, option="audio"))])
        again = tw.load(tw.save(mixed, tmp_path / "t.parquet"))
        assert again["embedding"].map(len).tolist() == [8, 8, 8, 5, 5, 5]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("t.csv", "vectors as text"),
            ("t.xlsx", "no known ending"),
            ("no/t.parquet", "folder that does not exist"),
            ("", "is a folder|no known ending"),
        ],
    )
    def test_refusals(self, tmp_path: Path, name: str, message: str) -> None:
        with pytest.raises(tw.InputError, match=message):
            tw.save(self.table(), tmp_path / name)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ([2**70, 1, 1, 1], "64-bit"),
            ([{1: 2}, None, None, None], "must be str"),
        ],
    )
    def test_what_json_cannot_hold(self, tmp_path: Path, values: list[Any], message: str) -> None:
        odd = self.table().assign(odd=values)
        with pytest.raises(tw.InputError, match=rf"row 0 cannot be stored in JSON .*{message}"):
            tw.save(odd, tmp_path / "t.json")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("name", ["t.json", "t.jsonl.gz", "t.parquet"])
    def test_vectors_that_could_not_be_read_again(self, tmp_path: Path, name: str) -> None:
        table = self.table()
        holes = table.assign(embedding=[np.array([1, np.nan], np.float32)] * len(table))
        with pytest.raises(tw.InputError, match="row 0 holds nan at place 1"):
            tw.save(holes, tmp_path / name)
        square = table.assign(embedding=[np.ones((2, 2))] * len(table))
        with pytest.raises(tw.InputError, match="row 0 holds an array of shape"):
            tw.save(square, tmp_path / name)

    def test_json_never_drops_a_column_of_the_same_name(self, tmp_path: Path) -> None:
        table = self.table().assign(x=1)
        double = pd.concat([table, table[["x"]]], axis=1)
        with pytest.raises(tw.InputError, match="several columns named 'x'"):
            tw.save(double, tmp_path / "t.json")

    def test_the_folder_of_nobody(self) -> None:
        for refused in (tw.load, tw.check, lambda path: tw.save(self.table(), path)):
            with pytest.raises(tw.InputError, match="~nosuchuser"):
                refused("~nosuchuser/t.parquet")

    def test_a_failed_save_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tw.save(self.table(), tmp_path / "t.parquet")
        before = path.read_bytes()
        with pytest.raises(tw.InputError):
            tw.save(self.table().assign(odd=[object()] * 4), path)
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]

    def test_only_tables_of_segments(self, tmp_path: Path) -> None:
        with pytest.raises(tw.InputError, match="no column 'embedding'"):
            tw.save(pd.DataFrame({"a": [1]}), tmp_path / "t.parquet")


def test_small_answers_are_opened_once_and_nothing_is_told_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done for each of 100,000 files: no second opening, no sentence that nobody reads."""
    for k in range(5):
        (tmp_path / f"{k}.json").write_text(json.dumps(answer(f"{k}.mp4")))
    opened, told = list[str](), list[Any]()
    whole_open, explain = Path.open, walk.explain
    monkeypatch.setattr(
        Path, "open", lambda path, *a, **k: opened.append(path.name) or whole_open(path, *a, **k)
    )
    monkeypatch.setattr(walk, "explain", lambda node: told.append(node) or explain(node))
    table = tw.load(tmp_path, progress=False)
    assert sorted(table["video_id"].unique()) == [f"{k}.mp4" for k in range(5)]
    assert sorted(name for name in opened if name.endswith(".json")) == [
        f"{k}.json" for k in range(5)
    ]
    assert told == []


@pytest.mark.parametrize(
    "box",
    [
        {"embedding": "[0.5, 0.25, 0.125]"},
        {"note": json.dumps({"embedding": [0.5, 0.25, 0.125]})},
        {f"dim_{k}": 0.5**k for k in range(1, 4)},
        {"vec": "[0.5, 0.25, 0.125]"},
    ],
)
def test_vectors_in_a_description_without_lists_are_read(box: dict[str, Any]) -> None:
    table = tw.load({"metadata": {"title": "film", **box}})
    assert [list(vector) for vector in table["embedding"]] == [[0.5, 0.25, 0.125]]


@pytest.mark.parametrize("length", [(1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_files_around_the_size_that_is_read_at_once_load_whole(
    tmp_path: Path, length: int, *, packed: bool
) -> None:
    text = json.dumps(answer("film.mp4")).encode()
    text += b" " * (length - len(text) - 1) + b"\n"
    path = tmp_path / f"film.json{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(text) if packed else text)
    assert len(text) == length
    assert len(tw.load(path)) == 3
