"""Columns that a store keeps as they are, or refuses before anything of them is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from insides import writing

import twlab as tw
from twlab.archive.store import arrow_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def film(segments: pd.DataFrame) -> pd.DataFrame:
    """The ten clips of one video."""
    return segments[:10]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (1, 0.5),
        (np.float32(1), 1e300),
        (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01", tz="Europe/Berlin")),
        (pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01")),
    ],
)
def test_values_that_would_change_are_refused(
    tmp_path: Path, film: pd.DataFrame, first: Any, then: Any
) -> None:
    store = tw.open(tmp_path)
    store.add(film.assign(value=first))
    with pytest.raises(tw.InputError, match=r"column 'value' is of type .*, in the store of"):
        store.add(film.assign(video_id="new", value=then))


def test_values_that_fit_are_taken(tmp_path: Path, film: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    here = pd.Timestamp("2026-01-01", tz="Europe/Berlin")
    store.add(film.assign(value=np.float32(1), when=pd.Timestamp("2026-01-01", tz="UTC")))
    store.add(film.assign(video_id="new", value=[0.1, None] * 5, when=here))
    found = store.to_table("video_id = 'new'")
    assert found["value"].dropna().tolist() == [np.float32(0.1)] * 5
    assert (found["when"] == here).all()


def test_what_is_refused_leaves_no_column(tmp_path: Path, film: pd.DataFrame) -> None:
    store = tw.open(tmp_path)
    store.add(film)
    other = tw.with_vectors(film.assign(video_id="new", extra=1), np.ones((10, 3)))
    with pytest.raises(tw.InputError, match="of 3 numbers"):
        store.add(other)
    assert "extra" not in tw.open(tmp_path).to_table().columns


@pytest.mark.parametrize("name", ["*", "__action", "__merge_source_sentinel"])
def test_names_that_would_block_a_store_are_refused(
    tmp_path: Path, film: pd.DataFrame, name: str
) -> None:
    store = tw.open(tmp_path)
    store.add(film)
    with pytest.raises(tw.InputError, match="cannot be stored"):
        store.add(film.assign(video_id="new", **{name: 1}))
    assert store.upsert(film) == len(tw.open(tmp_path).to_table()) == 10


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts_of_arrow_are_texts(tmp_path: Path, film: pd.DataFrame, kind: Any) -> None:
    store = tw.open(tmp_path)
    store.add(film.assign(note=pd.array(["x", None] * 5, dtype=pd.ArrowDtype(kind))))
    assert store.to_table()["note"].dropna().tolist() == ["x"] * 5


@pytest.mark.parametrize("sign", ["\x00", "\x1f"])
def test_names_never_meet_in_one_key(tmp_path: Path, film: pd.DataFrame, sign: str) -> None:
    store = tw.open(tmp_path)
    for column in ("video_id", "embedding_option"):
        with pytest.raises(tw.InputError, match=f"in '{column}' holds a control character"):
            store.add(film.assign(**{column: f"a{sign}b"}))


def mixed(film: pd.DataFrame) -> pd.DataFrame:
    """Columns of every kind, with holes."""
    return film.assign(
        note=["é", None] * 5,
        rating=pd.array([None, *range(9)], "Int64"),
        tags=[["a", "b"], []] * 5,
        answer=[{"a": [1]}, None] * 5,
        empty=[None] * 10,
    )


@pytest.mark.parametrize("n_rows", [1, 3, 10, 1000])
@pytest.mark.parametrize("large", [False, True])
def test_blocks_are_the_rows(
    tmp_path: Path, film: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, n_rows: int, large: bool
) -> None:
    monkeypatch.setattr(writing, "BLOCK_BYTES", n_rows * tw.vectors(film).strides[0])
    if large:
        monkeypatch.setattr(writing, "SHUFFLED_ROWS", 0)
    store, rows = tw.open(tmp_path), mixed(film)
    store.add(rows)
    found = store.to_table()
    if large:  # such a store may order them as it likes
        found = found.sort_values("start_sec", ignore_index=True)
    pd.testing.assert_frame_equal(found, rows.assign(empty=found["empty"]))
    assert found["empty"].isna().all()
    assert store.upsert(rows[::-1].assign(note="new")) == 10
    assert store.to_table()["note"].tolist() == ["new"] * 10


def test_blocks_share_no_memory(film: pd.DataFrame) -> None:
    long = pd.concat([mixed(film)] * 20, ignore_index=True)
    rows = arrow_rows(long, map(str, range(200)))
    blocks = writing.cut_in_blocks(rows, tw.vectors(film).strides[0]).to_batches()
    assert [block.num_rows for block in blocks] == [1] * 200
    ends = {block["embedding"].flatten().buffers()[1].address for block in blocks}
    assert len(ends) == 200
    assert all(block.get_total_buffer_size() < 1024 for block in blocks)
