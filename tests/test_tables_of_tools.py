"""Files of arrays, Feather, Arrow tables, polars, and what holds no rows."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

M = np.random.default_rng(0).normal(size=(5, 24)).astype(np.float32)
START = 6.0 * np.arange(5)
END = START + 6


def frame() -> pd.DataFrame:
    names = {"video_id": ["a"] * 3 + ["b"] * 2, "start_sec": START, "end_sec": END}
    return pd.DataFrame({**names, "embedding_option": "visual", "embedding": list(M)})


def check(table: pd.DataFrame) -> None:
    np.testing.assert_array_equal(tw.vectors(table), M)
    assert table["start_sec"].tolist() == START.tolist()
    assert table["end_sec"].tolist() == END.tolist()


class TestNpz:
    @pytest.mark.parametrize(
        "names",
        [
            ("embeddings", "start", "end"),
            ("vectors", "start_sec", "end_sec"),
            ("features", "start_ms", "end_ms"),
            ("arr_0", "t_start", "t_end"),
        ],
    )
    @pytest.mark.parametrize("packed", [True, False])
    def test_arrays_of_one_length(
        self, names: tuple[str, str, str], packed: bool, tmp_path: Path
    ) -> None:
        scale = 1000 if names[1].endswith("_ms") else 1
        arrays = dict(zip(names, (M, START * scale, END * scale), strict=True))
        write = np.savez_compressed if packed else np.savez
        write(tmp_path / "film.npz", **arrays, video=np.array(list("aaabb")))  # type: ignore[arg-type]
        for source in (tmp_path / "film.npz", (tmp_path / "film.npz").read_bytes()):
            table = tw.load(source)
            check(table)
            assert table["video_id"].tolist() == list("aaabb")

    def test_pairs_of_times(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "film.npz", emb=M, times=np.c_[START, END])
        table = tw.load(tmp_path / "film.npz")
        check(table)
        assert table["video_id"].unique().tolist() == ["film"]
        assert len(tw.load(str(tmp_path / "*.npz"))) == 5

    def test_other_names(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "film.npz", q=M, w=M[:, :3], t0=START, t1=END)
        with pytest.raises(tw.LoadError, match=r"without times.*t0 \(5,\).*from_vectors"):
            tw.load(tmp_path / "film.npz")
        names = {"embedding": "q", "start_sec": "t0", "end_sec": "t1"}
        check(tw.load(tmp_path / "film.npz", columns=names))

    def test_one_that_asks_for_a_password(self, tmp_path: Path) -> None:
        path = tmp_path / "a.npz"
        np.savez(path, emb=M, times=np.c_[START, END])
        data = bytearray(path.read_bytes())
        for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag in both places
            place = data.find(head)
            while place >= 0:
                data[place + at] |= 1
                place = data.find(head, place + 4)
        path.write_bytes(bytes(data))
        with pytest.raises(tw.LoadError, match=r"not a complete \.npz file .*password"):
            tw.load(path)

    def test_a_matrix_without_times(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", embeddings=M, periods=END[:4])
        with pytest.raises(tw.LoadError, match=r"without times.*from_vectors\(matrix"):
            tw.load(tmp_path / "a.npz")
        np.savez(tmp_path / "b.npz", start=START)
        with pytest.raises(tw.LoadError, match="no array of vectors"):
            tw.load(tmp_path / "b.npz")
        np.save(tmp_path / "c.npy", M)
        with pytest.raises(tw.LoadError, match=r"NumPy array.*tw.from_vectors\(numpy.load"):
            tw.load(tmp_path / "c.npy")

    def test_objects_are_never_unpickled(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", embeddings=M, start=np.array([{}] * 5, object))
        with pytest.raises(tw.LoadError, match="plain arrays"):
            tw.load(tmp_path / "a.npz")

    def test_other_archives_and_bombs(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.json", "{}")
        with pytest.raises(tw.LoadError, match=r"none of NumPy's"):
            tw.load(tmp_path / "a.zip")
        with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("embeddings.npy", b"\0" * (1 << 22))
        with pytest.raises(tw.LoadError, match=r"more than 1,000,000 bytes once unpacked"):
            tw.load(tmp_path / "b.npz", max_bytes=10**6)
        whole = io.BytesIO()
        np.savez(whole, embeddings=M, start=START)
        with pytest.raises(tw.LoadError, match=r"not a complete \.npz"):
            tw.load(whole.getvalue()[:-40])


class TestHdf5:
    def test_a_group_for_each_option(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "film.h5", "w") as file:
            for k, option in enumerate(("visual", "audio")):
                group = file.create_group(option)
                group["embeddings"], group["start_sec"], group["end_sec"] = M + k, START, END
        table = tw.load(tmp_path / "film.h5")
        assert sorted(table["embedding_option"]) == ["audio"] * 5 + ["visual"] * 5
        check(table[table["embedding_option"] == "visual"])

    def test_names_attributes_and_open_files(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "x.hdf5", "w") as file:
            file["emb"], file["start"], file["end"] = M, START, END
            file["video"] = list("aaabb")
            file.attrs["model_name"] = "mine"
            file["far"] = h5py.ExternalLink("/etc/hostname", "/x")
        table = tw.load(tmp_path / "x.hdf5")
        check(table)
        assert table["video_id"].tolist() == list("aaabb")
        assert table["model_name"].tolist() == ["mine"] * 5
        with h5py.File(tmp_path / "x.hdf5") as file:
            check(tw.load(file))
            with pytest.raises(tw.LoadError, match=r"shape \(5, 24\).*from_vectors"):
                tw.load(file["emb"])
            check(tw.from_vectors(file["emb"], start_sec=file["start"], end_sec=file["end"]))

    def test_without_times_and_broken(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["audio/embeddings"], file["periods/periods"] = M, np.arange(6.0)
        with pytest.raises(tw.LoadError, match=r"'audio/embeddings'.*periods/periods \(6,\)"):
            tw.load(tmp_path / "x.h5")
        with pytest.raises(tw.LoadError, match="not a complete HDF5"):
            tw.load((tmp_path / "x.h5").read_bytes()[:900])

    def test_the_missing_library_is_named(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "h5py", None)
        path = tmp_path / "x.h5"
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 64)
        with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[hdf5\]'"):
            tw.load(path)


class TestArrow:
    def test_feather_and_streams(self, tmp_path: Path) -> None:
        frame().to_feather(tmp_path / "t.feather")
        check(tw.load(tmp_path / "t.feather"))
        assert len(tw.load(tmp_path)) == 5
        table = pa.Table.from_pandas(frame())
        with (
            pa.OSFile(str(tmp_path / "s.arrow"), "wb") as sink,
            pa.ipc.new_stream(sink, table.schema) as writer,
        ):
            writer.write_table(table)
        check(tw.load(tmp_path / "s.arrow"))
        with pytest.raises(tw.LoadError, match="not a complete Feather"):
            tw.load((tmp_path / "t.feather").read_bytes()[:200])

    def test_objects_with_the_c_stream(self) -> None:
        class Relation:
            def __init__(self, table: Any) -> None:
                self.table = table

            def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
                return self.table.__arrow_c_stream__(requested_schema)

        table = pa.Table.from_pandas(frame())
        check(tw.load(Relation(table)))
        check(tw.load(table.to_batches()[0]))
        check(tw.load(table.to_reader()))
        assert len(tw.load([Relation(table.slice(0, 2)), Relation(table.slice(2))])) == 5

    @pytest.mark.parametrize("fixed", [True, False])
    def test_slices_and_empty_rows(self, fixed: bool) -> None:
        kind = pa.list_(pa.float32(), 24) if fixed else pa.large_list(pa.float64())
        column = pa.array([row.tolist() for row in M], kind)
        table = pa.table({"start": START, "end": END, "embedding": column})
        part = tw.load(table.slice(1, 3))
        np.testing.assert_array_equal(tw.vectors(part), M[1:4])
        assert part["start_sec"].tolist() == [6, 12, 18]
        holes = pa.array([M[0].tolist(), None, M[2].tolist()], kind)
        given = pa.table({"start": START[:3], "end": END[:3], "embedding": holes})
        with pytest.raises(tw.LoadError, match="row 1"):
            tw.load(given)

    def test_polars(self) -> None:
        pl = pytest.importorskip("polars")
        given = pl.from_pandas(frame())
        check(tw.load(given))
        check(tw.load(given.with_columns(pl.col("embedding").cast(pl.Array(pl.Float32, 24)))))
        assert tw.load(given.filter(pl.col("video_id") == "b"))["start_sec"].tolist() == [18, 24]
        with pytest.raises(tw.LoadError, match=r"frame\.collect\(\)"):
            tw.load(given.lazy())
        with pytest.raises(tw.LoadError, match="from_vectors"):
            tw.load(given["embedding"])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "None was given"),
        (frame()["embedding"], r"a Series \('embedding'\).*from_vectors"),
        (frame().iloc[0], r"a Series .*iloc\[\[k\]\]"),
        (M, r"shape \(5, 24\).*from_vectors"),
        (pickle.dumps(frame()), "a Python pickle.*read it where you trust it"),
    ],
    ids=["None", "column", "row", "matrix", "pickle"],
)
def test_what_holds_no_rows_is_answered_with_the_way_in(source: Any, words: str) -> None:
    with pytest.raises(tw.LoadError, match=words):
        tw.load(source)
    assert len(tw.check(source)) == 1


class TestArrowBothWays:
    """What ``to_arrow`` gives is read back as it was, also through other libraries."""

    def test_vectors_are_one_block_of_fixed_size(self) -> None:
        table = tw.to_arrow(tw.load(frame()))
        assert table.schema.field("embedding").type == pa.list_(pa.float32(), 24)
        assert np.array_equal(table.column("embedding").combine_chunks().flatten(), M.reshape(-1))

    def test_dtypes_index_and_lists_come_back(self) -> None:
        segments = tw.load(frame()).set_index(pd.Index(list("vwxyz"), name="key"))
        segments = segments.assign(
            kind=pd.Categorical(list("pqpqp")),
            seen=pd.date_range("2026-11-29", periods=5, tz="UTC"),
            words=[["a"], [], ["b", "c"], ["d"], ["e"]],
            count=pd.array([1, 2, None, 4, 5], "Int64"),
        )
        pd.testing.assert_frame_equal(tw.load(tw.to_arrow(segments)), segments)

    def test_sample_and_mixed_dimensions(self) -> None:
        sample = tw.sample()
        pd.testing.assert_frame_equal(tw.load(tw.to_arrow(sample)), sample)
        both = pd.concat([sample.head(3), tw.load(frame())], ignore_index=True, join="inner")
        assert pa.types.is_large_list(tw.to_arrow(both).schema.field("embedding").type)
        pd.testing.assert_frame_equal(tw.load(tw.to_arrow(both)), both)

    def test_what_is_no_table_is_refused(self) -> None:
        with pytest.raises(tw.InputError, match="embedding"):
            tw.to_arrow(pd.DataFrame({"a": [1]}))
        with pytest.raises(tw.InputError, match="stored in Arrow"):
            tw.to_arrow(tw.load(frame()).assign(odd=[1, "a", None, 2.5, object()]))

    def test_an_index_of_the_name_of_a_column_is_refused_before_it_is_lost(self) -> None:
        segments = tw.load(frame()).rename_axis("embedding")
        with pytest.raises(tw.InputError, match="rename_axis"):
            tw.to_arrow(segments)
        tw.to_arrow(segments.rename_axis(None))

    def test_a_stream_that_can_be_read_once(self) -> None:
        table = tw.to_arrow(tw.load(frame()))
        check(tw.load(table.to_reader()))

    def test_hugging_face_and_back(self, tmp_path: Path) -> None:
        datasets = pytest.importorskip("datasets")
        segments = tw.load(frame())
        data = datasets.Dataset(tw.to_arrow(segments))
        pd.testing.assert_frame_equal(tw.load(data), segments)
        data.save_to_disk(str(tmp_path / "data"))
        again = datasets.load_from_disk(str(tmp_path / "data"))
        pd.testing.assert_frame_equal(tw.load(again), segments)
        chosen = again.filter(lambda row: row["start_sec"] >= 12).select([2, 0])
        expected = segments.iloc[[4, 2]].reset_index(drop=True)
        pd.testing.assert_frame_equal(tw.load(chosen).reset_index(drop=True), expected)

    def test_polars_and_back(self) -> None:
        polars = pytest.importorskip("polars")
        segments = tw.load(frame())
        pd.testing.assert_frame_equal(tw.load(polars.from_arrow(tw.to_arrow(segments))), segments)
