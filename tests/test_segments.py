"""The table keeps rows and vectors together through everything pandas does to it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw
from twlab.table import clip_mask, one_option, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def table(n: int = 12, d: int = 5) -> pd.DataFrame:
    """Row i carries the vector [i, i, ...], so that a mix-up shows."""
    rows = pd.DataFrame(
        {
            "video_id": [f"v{i % 3}" for i in range(n)],
            "start_sec": np.arange(n) * 2.0,
            "end_sec": np.arange(n) * 2.0 + 2,
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "model_name": "m",
            "number": range(n),
        }
    )
    return tw.with_vectors(rows, np.repeat(np.arange(n, dtype=np.float32)[:, None], d, 1))


def assert_together(frame: pd.DataFrame) -> None:
    matrix = tw.vectors(frame)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert not matrix.flags.writeable
    assert matrix[:, 0].tolist() == frame["number"].tolist()


VERBS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "filter": lambda f: f[f["video_id"] == "v1"],
    "query": lambda f: f.query("start_sec > 6"),
    "sort": lambda f: f.sort_values("start_sec", ascending=False),
    "sample": lambda f: f.sample(frac=0.7, random_state=1),
    "concat": lambda f: pd.concat([f.iloc[6:], f.iloc[:6]]),
    "concat_twice": lambda f: pd.concat([f, f], ignore_index=True),
    "merge": lambda f: f.merge(pd.DataFrame({"video_id": ["v2", "v0"], "title": ["c", "a"]})),
    "groupby_head": lambda f: f.groupby("video_id").head(2),
    "groupby_concat": lambda f: pd.concat([g for _, g in f.groupby("video_id")]),
    "reset_index": lambda f: f.iloc[::-1].reset_index(),
    "set_index": lambda f: f.set_index(["video_id", "start_sec"]),
    "copy": lambda f: f.copy(),
    "deep_copy": lambda f: f.copy(deep=True),
    "pickle": lambda f: pickle.loads(pickle.dumps(f)),
    "slice": lambda f: f.iloc[3:7],
    "step": lambda f: f.iloc[::2],
    "assign": lambda f: f.assign(extra=1),
    "drop_duplicates": lambda f: pd.concat([f, f]).drop_duplicates("number"),
    "explode_other": lambda f: f.assign(tag=[["a", "b"]] * len(f)).explode("tag"),
    "nlargest": lambda f: f.nlargest(3, "start_sec"),
    "reindex": lambda f: f.reindex([5, 1, 2]),
    "convert_dtypes": lambda f: f.convert_dtypes(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs(verb: str) -> None:
    assert_together(VERBS[verb](table()))


def test_parquet(tmp_path: Path) -> None:
    frame = table().sort_values("number", ascending=False)
    frame.to_parquet(tmp_path / "t.parquet")
    assert_together(pd.read_parquet(tmp_path / "t.parquet"))


@given(st.lists(st.sampled_from(sorted(set(VERBS) - {"set_index", "reindex"})), max_size=4))
@settings(deadline=None, max_examples=60)
def test_chains_of_verbs(names: list[str]) -> None:
    frame = table()
    for name in names:
        if name == "reset_index":
            frame = frame.iloc[::-1].reset_index(drop=True)
        elif name == "merge":
            frame = VERBS[name](frame.drop(columns="title", errors="ignore"))
        elif name == "explode_other":
            frame = VERBS[name](frame.drop(columns="tag", errors="ignore"))
        else:
            frame = VERBS[name](frame)
    if len(frame):
        assert_together(frame)


def test_fresh_table_is_not_copied() -> None:
    block = np.ones((4, 3), np.float32)
    block.setflags(write=False)
    frame = tw.with_vectors(pd.DataFrame({"video_id": ["a"] * 4}), block)
    assert np.shares_memory(tw.vectors(frame), block)
    assert np.shares_memory(tw.vectors(frame.iloc[1:3]), block)
    assert np.shares_memory(tw.vectors(frame.copy()), block)
    assert not np.shares_memory(tw.vectors(frame.iloc[::-1]), block)


def test_callers_array_is_neither_kept_nor_frozen() -> None:
    block = np.ones((2, 3), np.float32)
    for given_array in (block, block[:], block.view(np.recarray)):
        frame = tw.with_vectors(pd.DataFrame({"a": [1, 2]}), given_array)
        block[0, 0] = 7
        assert tw.vectors(frame)[0, 0] != 7
        assert block.flags.writeable
        block[0, 0] = 1


def test_with_vectors_leaves_its_argument_alone() -> None:
    rows = pd.DataFrame({"a": [1, 2]})
    tw.with_vectors(rows, np.eye(2))
    assert list(rows.columns) == ["a"]


def test_cells_refuse_writing() -> None:
    with pytest.raises(ValueError, match="read-only"):
        table()["embedding"].iloc[0][0] = 1


def test_empty_and_single() -> None:
    assert tw.vectors(table().iloc[:0]).shape == (0, 0)
    assert tw.vectors(table().iloc[:1]).shape == (1, 5)


def test_lists_are_accepted() -> None:
    frame = pd.DataFrame({"embedding": [[1, 2.5], (3, 4)]})
    assert tw.vectors(frame).tolist() == [[1, 2.5], [3, 4]]


def test_outer_merge_hole() -> None:
    other = pd.DataFrame({"video_id": ["v0", "zzz"]})
    with pytest.raises(tw.InputError, match=r"1 of 5 rows have no vector \(first at position 4\)"):
        tw.vectors(table().merge(other, how="right"))


def test_mixed_dimensions() -> None:
    with pytest.raises(tw.InputError, match=r"several dimensions in one table: 5 \(12 rows\), 6"):
        tw.vectors(pd.concat([table(), table(3, 6)]))


def test_mixed_models() -> None:
    mixed = pd.concat([table(), table().assign(model_name="other")])
    with pytest.raises(tw.InputError, match="models 'm', 'other' in one table"):
        tw.vectors(mixed)
    partly = pd.concat([table(), table().assign(model_name=None)])
    with pytest.raises(tw.InputError, match=r"12 of 24 rows name no model, the others 'm'"):
        tw.vectors(partly)
    assert len(tw.vectors(partly.assign(model_name="m"))) == 24  # the remedy
    assert len(tw.vectors(partly.assign(model_name=None))) == 24


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite(bad: float) -> None:
    frame = table()
    cells = frame["embedding"].tolist()
    cells[7] = np.array([0, 0, bad, 0, 0], np.float32)
    frame["embedding"] = cells
    with pytest.raises(tw.InputError, match=r"row 7 holds .* at place 2"):
        tw.vectors(frame)
    with pytest.raises(tw.InputError, match="row 0 holds"):
        tw.with_vectors(table(1, 1), [[bad]])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("[0.1, 0.2]", "do not survive CSV"),
        ({"float": [1]}, "row 1 holds a dict"),
        ([[1.0]], "row 1 holds a list"),
        ([], "row 1 holds a list"),
        (["a"], "row 1 holds a list"),
    ],
)
def test_strange_cells(cell: object, message: str) -> None:
    frame = pd.DataFrame({"embedding": pd.Series([np.ones(2), cell], dtype=object)})
    if isinstance(cell, str):
        frame = frame.iloc[::-1]
    with pytest.raises(tw.InputError, match=message):
        tw.vectors(frame)


def test_not_a_table() -> None:
    with pytest.raises(tw.InputError, match="segments is a list"):
        tw.vectors([1, 2])  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"no column 'embedding' \(there are: a\)"):
        tw.vectors(pd.DataFrame({"a": [1]}))
    with pytest.raises(tw.InputError, match="several columns named 'embedding'"):
        tw.vectors(pd.concat([table(), table()], axis=1))
    with pytest.raises(tw.InputError, match="a matrix of 2 rows for a table of 12"):
        tw.with_vectors(table(), np.eye(2))
    with pytest.raises(tw.InputError, match=r"shape \(3,\)"):
        tw.with_vectors(table(3), np.ones(3))
    with pytest.raises(tw.InputError, match=r"numbers of shape \(n, d\)"):
        tw.with_vectors(table(1), [["x"]])


def test_check_segments() -> None:
    tw.check_segments(table())
    with pytest.raises(tw.InputError, match="no column 'end_sec'"):
        tw.check_segments(table().drop(columns="end_sec"))
    with pytest.raises(tw.InputError, match=r"row 1 ends before it starts \(2 to 1 s\)"):
        tw.check_segments(table().assign(end_sec=1.0))
    with pytest.raises(tw.InputError, match="row 0 starts before 0"):
        tw.check_segments(table().assign(start_sec=-1.0))
    with pytest.raises(tw.InputError, match=r"row 0 has no end in time \(0 to inf s\)"):
        tw.check_segments(table().assign(end_sec=np.inf))
    with pytest.raises(tw.InputError, match="row 2 has no video_id"):
        tw.check_segments(table(3).assign(video_id=["a", "b", None]))
    with pytest.raises(tw.InputError, match=r"column 'start_sec' is .*seconds as numbers"):
        tw.check_segments(table(2).assign(start_sec=["0:00", "0:02"]))


def test_numbers_beyond_float32_and_complex_ones() -> None:
    with pytest.raises(tw.InputError, match="row 0 holds inf at place 0"):
        tw.with_vectors(table(1), [[1e300, 1]])
    with pytest.raises(tw.InputError, match="row 1 holds inf at place 1"):
        tw.vectors(table(2).assign(embedding=[[1.0, 2.0], [1.0, 1e300]]))
    with pytest.raises(tw.InputError, match="type complex128; numbers of shape"):
        tw.cosine_similarity(np.full((2, 2), 1j))
    with pytest.raises(tw.InputError, match=r"row 0 holds an array of shape .* type complex128"):
        tw.vectors(table(1).assign(embedding=[np.array([1j, 2])]))


def test_unit_vectors() -> None:
    unit = unit_vectors(np.array([[3.0, 4.0], [1e-30, 0], [1e30, 1e30]]))
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)
    with pytest.warns(tw.TwlabWarning, match=r"1 of 2 vectors are all zeros \(first at row 1\)"):
        assert unit_vectors(np.array([[2.0, 0], [0, 0]])).tolist() == [[1, 0], [0, 0]]


def test_clip_mask_and_one_option() -> None:
    frame = table(3).assign(embedding_scope=["clip", "video", None])
    assert clip_mask(frame).tolist() == [True, False, True]
    assert clip_mask(frame.iloc[[1]]).tolist() == [True]
    one_option(frame.assign(embedding_option=["audio", "audio", None]))
    with pytest.raises(tw.InputError, match=r"'audio' \(1 rows\), 'visual' \(2 rows\)"):
        one_option(frame.assign(embedding_option=["visual", "audio", "visual"]))
