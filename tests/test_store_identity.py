"""What a store takes back, replaces and refuses: pieces of documents, dictionaries, columns."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from insides import keys as keys_module
from insides import lance

import twlab as tw

pytest.importorskip("lancedb")


if TYPE_CHECKING:
    from pathlib import Path


def clips(n: int = 4, *, video: str = "film", **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": video, "start_sec": np.arange(n) * 6.0})
    rows = rows.assign(end_sec=rows["start_sec"] + 6)
    matrix = np.random.default_rng(n).normal(size=(n, 4))
    table = tw.with_vectors(rows, matrix)
    for name, values in columns.items():
        table[name] = pd.Series(values, dtype=object) if isinstance(values, list) else values
    return table


def document(n: int = 5, *, video: str = "book.pdf", **columns: Any) -> pd.DataFrame:
    return clips(n, video=video, **columns).assign(start_sec=np.nan, end_sec=np.nan)


def answer(**piece: list[Any]) -> dict[str, Any]:
    """A served answer of one document in pieces."""
    names, rows = [*piece], [*zip(*piece.values(), strict=True)]
    data = [
        {"embedding": [1.0, k, 0.5], "embedding_option": "visual", "embedding_scope": "page"}
        | dict(zip(names, row, strict=True))
        for k, row in enumerate(rows)
    ]
    return {"data": data, "metadata": {"input_type": "document", "input_filename": "book.pdf"}}


PAGES = {
    "start_page_number": [1, 1, 1, 2, 2],
    "end_page_number": [1, 1, 2, 2, 2],
    "quadrant": [None, "top_left", None, "top_left", "top_right"],
}


@pytest.mark.parametrize("piece", [{"chunk_index": [*range(20)]}, PAGES], ids=["chunks", "pages"])
def test_pieces_of_a_document_are_segments_of_their_own(
    piece: dict[str, list[Any]], tmp_path: Path
) -> None:
    loaded = tw.load(answer(**piece))
    n = len(loaded)
    store = tw.open(tmp_path / "s")
    assert (store.add(loaded), store.upsert(loaded), store.count_rows()) == (n, n, n)
    # Again in another order and, as a missing number makes them, as floats.
    other = store.to_table().sample(frac=1, random_state=0)
    for name in piece:
        if name != "quadrant":
            other[name] = other[name].astype(float)
    assert (store.upsert(other), store.count_rows()) == (n, n)
    changed = tw.with_vectors(loaded, np.roll(tw.vectors(loaded), 1, axis=0))
    store.upsert(changed)
    back = store.to_table().sort_values([*piece], ignore_index=True)
    there = changed.sort_values([*piece], ignore_index=True)
    np.testing.assert_array_equal(tw.vectors(back), tw.vectors(there))
    with pytest.raises(tw.InputError, match=r"'book\.pdf' without time \w+=.* is in the store"):
        store.add(loaded.iloc[[2]])


def test_pieces_that_nothing_tells_apart_are_refused_with_a_remedy_that_works(
    tmp_path: Path,
) -> None:
    segments = pd.concat([document(3), document(2, video="b"), clips(2)], ignore_index=True)
    store = tw.open(tmp_path / "s")
    with pytest.raises(tw.InputError, match="is there twice") as refused:
        store.add(segments)
    assert "drop_duplicates" not in str(refused.value), "it would delete four of seven"
    remedy = str(refused.value).split("number them with ")[1]
    numbered = eval(remedy, {"segments": segments})
    assert store.add(numbered) == store.upsert(numbered) == store.count_rows() == 7


def test_pages_beside_a_time_are_labels_of_the_users() -> None:
    """With a time the time says what a row is: another page there replaces the row."""
    one, two = clips(3, page="intro"), clips(3, page="credits")
    assert keys_module.keys_of(keys_module.prepare_table(one)) == keys_module.keys_of(
        keys_module.prepare_table(two)
    )


def test_stores_of_earlier_versions_are_upserted_rightly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = document(1, chunk_index=3, note="old")
    older = pd.concat([piece, clips(3), document(1, video="whole")], ignore_index=True)
    with monkeypatch.context() as before:
        before.setattr(keys_module, "name_pieces", lambda table: [""] * len(table))
        store = tw.open(tmp_path / "s")
        store.add(older)
        with pytest.raises(tw.InputError, match="is there twice"):
            store.add(document(2, chunk_index=[0, 1]))
    store = tw.open(tmp_path / "s")
    with pytest.raises(tw.InputError, match="chunk_index=3 is in the store already"):
        store.add(document(1, chunk_index=3))
    store.upsert(document(5, chunk_index=[*range(5)], note="new"))
    store.upsert(pd.concat([clips(3), document(1, video="whole")]))
    there = store.to_table()
    assert len(there) == 5 + 3 + 1
    book = there[there["video_id"] == "book.pdf"]
    assert sorted(book["chunk_index"]) == [*range(5)]
    assert {*book["note"]} == {"new"}


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(cells=st.lists(st.none() | st.dictionaries(st.text(), JSONS, max_size=4), min_size=1))
@settings(max_examples=10, deadline=None, phases=[Phase.generate])
def test_dictionaries_come_back_as_they_were(
    cells: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cells = [*cells, {"a": 1}]
    table = clips(len(cells), meta=cells)
    store = tw.open(tmp_path_factory.mktemp("s"))
    store.add(table)
    for _ in range(2):
        back = store.to_table().sort_values("start_sec", ignore_index=True)
        assert [repr(cell) for cell in back["meta"]] == [repr(cell) for cell in cells]
        store.upsert(back.assign(topic="t"))
        store.upsert(back.iloc[[0]])
    assert store.count_rows() == len(cells)


def test_lists_of_dictionaries_and_mixed_cells_come_back_too(tmp_path: Path) -> None:
    cells = [[{"a": 1}, {"b": 2}], {"a": np.float64(0.5), "b": [1, 2]}, "text", None]
    store = tw.open(tmp_path / "s")
    store.add(clips(4, meta=cells))
    expected = [[{"a": 1}, {"b": 2}], {"a": 0.5, "b": [1, 2]}, "text", None]
    assert store.to_table()["meta"].tolist() == expected
    store.upsert(store.to_table("start_sec = 12"))  # text alone, in a column of dictionaries
    assert store.to_table()["meta"].tolist() != []
    assert sorted(map(repr, store.to_table()["meta"])) == sorted(map(repr, expected))
    again = tw.open(tmp_path / "again")
    again.add(store)
    assert sorted(map(repr, again.to_table()["meta"])) == sorted(map(repr, expected))


@pytest.mark.parametrize("cell", [{1: "a"}, {"at": pd.Timestamp("2026-01-01")}, {"b": b"raw"}])
def test_dictionaries_that_would_come_back_otherwise_are_refused(
    cell: dict[Any, Any], tmp_path: Path
) -> None:
    with pytest.raises(tw.InputError, match=r"column 'meta' cannot be stored \(row 1 holds \{"):
        tw.open(tmp_path / "s").add(clips(2, meta=[{"a": 1}, cell]))


def test_columns_of_structs_in_stores_of_earlier_versions_take_their_rows_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tw.open(tmp_path / "s")
    with monkeypatch.context() as before:
        before.setattr("twlab.archive.store.arrow._holds_dicts", lambda _: False)
        store.add(clips(2, meta=[{"a": 1, "b": "x"}, {"a": 2, "b": None}]))
    assert str(store._table.schema.field("meta").type).startswith("struct")
    assert store.upsert(store.to_table().assign(topic="t")) == 2
    assert store.upsert(clips(1, meta=[{"a": 7}])) == 1
    with pytest.raises(tw.InputError, match=r"replace_columns=\['meta'\]"):
        store.upsert(clips(1, meta=[{"c": 7}]))
    whole = store.to_table().assign(meta=[{"c": 7}, {"d": 8}])
    store.upsert(whole, replace_columns=["meta"])
    assert store.to_table()["meta"].tolist() == [{"c": 7}, {"d": 8}]


def test_a_column_is_replaced_by_one_of_another_type(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "s")
    store.add(clips(4, label=1))
    named = store.to_table().iloc[:3].assign(label="intro")
    with pytest.raises(tw.InputError, match=r"replace_columns=\['label'\]"):
        store.upsert(named)
    assert store.upsert(named, replace_columns=["label"]) == 3
    assert sorted(store.to_table()["label"].fillna("-")) == ["-", "intro", "intro", "intro"]
    earlier = tw.open(tmp_path / "s", version=int(store.versions()["version"].iloc[0]) + 1)
    assert earlier.count_rows() in (0, 4)


def test_what_is_refused_replaces_no_column(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "s")
    store.add(clips(2, label=1, other=1))
    bad = clips(2, label="x", other="y")
    with pytest.raises(tw.InputError, match="column 'other' is of type"):
        store.upsert(bad, replace_columns=["label"])
    with pytest.raises(tw.InputError, match="column 'gone' is not there; one of the other columns"):
        store.upsert(bad, replace_columns=["gone"])
    with pytest.raises(tw.InputError, match="column 'video_id' belongs to every segment"):
        store.upsert(bad.drop(columns="other"), replace_columns=["video_id"])
    with pytest.raises(tw.InputError, match="replace_columns is 'label'; a list of names"):
        store.upsert(bad, replace_columns="label")
    assert tw.open(tmp_path / "s").to_table()["label"].tolist() == [1, 1]


def test_columns_are_dropped_from_here_on(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "s")
    store.add(clips(3, label=1, topic="a"))
    before = store.version
    store.drop_columns(["label", "topic"])
    assert not {"label", "topic"} & {*store.to_table().columns}
    assert "label" in tw.open(tmp_path / "s", version=before).to_table().columns
    store.upsert(clips(3, label="text"))
    assert store.to_table()["label"].tolist() == ["text"] * 3
    for name in ("video_id", "embedding", "twlab_key"):
        with pytest.raises(tw.InputError, match=f"column '{name}' belongs to every segment"):
            store.drop_columns([name])
    with pytest.raises(tw.InputError, match="column 'topic' is not there"):
        store.drop_columns(["topic"])
    with pytest.raises(tw.InputError, match="columns is 'label'; a list of names"):
        store.drop_columns("label")
    with pytest.raises(tw.InputError, match="opened at version"):
        tw.open(tmp_path / "s", version=before).drop_columns(["label"])


def test_no_store_begins_over_the_data_of_another(tmp_path: Path) -> None:
    store = tw.open(tmp_path / "s")
    store.add(clips(3))
    versions = tmp_path / "s" / "segments.lance" / "_versions"
    kept = shutil.copytree(versions, tmp_path / "kept")
    data = {path.name for path in (tmp_path / "s" / "segments.lance" / "data").iterdir()}
    for spoil in (_emptied, _gone, _cut):
        spoil(versions)
        for use in (lambda: tw.open(tmp_path / "s"), lambda: store.upsert(clips(2))):
            with pytest.raises(tw.InputError, match=r"no version that names them|cannot be opened"):
                use()
        shutil.rmtree(versions, ignore_errors=True)
        shutil.copytree(kept, versions)
        assert tw.open(tmp_path / "s").count_rows() == 3
    there = {path.name for path in (tmp_path / "s" / "segments.lance" / "data").iterdir()}
    assert there == data


def test_a_store_that_another_process_is_just_making_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tw.open(tmp_path / "s").add(clips(3))
    looked = iter([False])
    known = lance._has_version
    monkeypatch.setattr(lance, "_has_version", lambda folder: next(looked, known(folder)))
    assert tw.open(tmp_path / "s").upsert(clips(3)) == 3
    assert next(looked, None) is None


def _emptied(versions: Path) -> None:
    for path in versions.iterdir():
        path.unlink()


def _gone(versions: Path) -> None:
    shutil.rmtree(versions)


def _cut(versions: Path) -> None:
    for path in versions.iterdir():
        path.write_bytes(b"")
