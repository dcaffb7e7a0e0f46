"""Vectors that survive only as print: outputs of notebooks and tables written as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

CREATED = "Created task: id=67ed1 engine_name=Marengo-retrieval-2.7 status=processing\n"


def unit(seed: int, size: int = 1024) -> list[float]:
    """A vector of numbers as the service prints them, some with exponents."""
    vector = np.random.default_rng(seed).normal(scale=1e-3, size=size).astype(np.float32)
    return [float(f"{x:.8g}") for x in vector]


def stream(text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    return {"name": "stdout", "output_type": "stream", "text": lines}


def result(**data: Any) -> dict[str, Any]:
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def notebook(path: Path, *outputs: dict[str, Any]) -> Path:
    """A notebook with one cell of text and one cell per output."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# a"]}]
    for output in outputs:
        cells.append(
            {
                "cell_type": "code",
                "execution_count": 1,
                "metadata": {},
                "source": ["print(task)"],
                "outputs": [output],
            }
        )
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book, indent=1))
    return path


def printed(numbers: str, start: float, *, option: str = "") -> str:
    """A segment as the examples of the SDK print it."""
    extra = f" embedding_option={option}" if option else ""
    head = f"  embedding_scope=clip{extra} start_offset_sec={start} end_offset_sec={start + 6}\n"
    return f"{head}  embeddings: {numbers}\n"


def commas(vector: list[float]) -> str:
    return ", ".join(map(str, vector))


STYLES = {
    "SDK 0.2 and 0.3": commas,
    "SDK 0.4": str,
    "wrapped": lambda vector: str(vector).replace(", ", ",\n    "),
    "numpy": lambda vector: " ".join(map(str, vector)).join("[]"),
}


@pytest.mark.parametrize("style", STYLES)
def test_whole_vectors(style: str, tmp_path: Path) -> None:
    vectors = [unit(k) for k in range(3)]
    text = CREATED + "".join(
        printed(STYLES[style](vector), 6.0 * k) for k, vector in enumerate(vectors)
    )
    table = tw.load(notebook(tmp_path / "book.ipynb", stream(text)))
    np.testing.assert_array_equal(tw.vectors(table), np.array(vectors).astype(np.float32))
    assert table["start_sec"].tolist() == [0, 6, 12]
    assert table["end_sec"].tolist() == [6, 12, 18]
    assert table["model_name"].unique().tolist() == ["Marengo-retrieval-2.7"]
    assert table["task_id"].unique().tolist() == ["67ed1"]
    assert table["video_id"].unique().tolist() == ["book"]


def test_options_of_later_versions(tmp_path: Path) -> None:
    text = "".join(printed(str(unit(k)), 0.0, option=o) for k, o in enumerate(("visual", "audio")))
    table = tw.load(notebook(tmp_path / "book.ipynb", stream(text)))
    assert table["embedding_option"].tolist() == ["visual", "audio"]


def test_none_for_a_time(tmp_path: Path) -> None:
    text = f"embedding_scope=clip start_offset_sec=0.0 end_offset_sec=None\nembeddings: {unit(0)}\n"
    table = tw.load(notebook(tmp_path / "book.ipynb", stream(text)))
    assert table["start_sec"].tolist() == [0]
    assert table["end_sec"].isna().all()


@pytest.mark.parametrize("numbers", ["[0.25, -0.5, 0.125, ...]", "[0.25, -0.5...", "0.25, -0.5 …"])
def test_one_cut_vector_among_whole_ones(numbers: str, tmp_path: Path) -> None:
    text = printed("[0.25, -0.5, 0.125]", 0.0) + printed(numbers, 6.0)
    path = notebook(tmp_path / "book.ipynb", stream(text))
    with pytest.raises(tw.LoadError, match="only the first numbers") as caught:
        tw.load(path)
    error = caught.value
    assert (error.place, error.field) == ("cell 1, segment 1", "embeddings")
    assert error.source.endswith("book.ipynb")
    assert tw.check(path)["place"].tolist() == ["cell 1, segment 1"]


def test_a_list_that_stops_without_a_word(tmp_path: Path) -> None:
    text = printed(str(unit(0)), 0.0) + printed(str(unit(1, 5)), 6.0)
    with pytest.raises(tw.LoadError, match="5 numbers among vectors of 1024"):
        tw.load(notebook(tmp_path / "book.ipynb", stream(text)))


ANSWER = {"data": [{"embedding": unit(3, 512), "start_sec": 0.0, "end_sec": 4.5}], "usage": None}


@pytest.mark.parametrize(
    "output",
    [
        stream(json.dumps(ANSWER, indent=2)),
        stream(str(ANSWER)),
        result(**{"text/plain": [str(ANSWER)]}),
        result(**{"text/plain": ["<JSON>"], "application/json": ANSWER}),
    ],
    ids=["JSON", "a dict", "the last value", "JSON of its own"],
)
def test_an_answer_that_was_shown(output: dict[str, Any], tmp_path: Path) -> None:
    table = tw.load(notebook(tmp_path / "book.ipynb", output))
    assert table["end_sec"].tolist() == [4.5]
    np.testing.assert_array_equal(tw.vectors(table), np.float32([unit(3, 512)]))


def test_several_cells(tmp_path: Path) -> None:
    first, second = (stream(printed(commas(unit(k)), 6.0 * k)) for k in range(2))
    table = tw.load(notebook(tmp_path / "book.ipynb", first, stream("done\n"), second))
    assert table["start_sec"].tolist() == [0, 6]
    np.testing.assert_array_equal(tw.vectors(table)[1], np.float32(unit(1)))


@pytest.mark.parametrize(
    "outputs", [[], [stream("hello")], [stream("{'a': 1}")], [stream("[1, [2")]]
)
def test_nothing_printed(outputs: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(tw.LoadError, match="a notebook without printed embeddings"):
        tw.load(notebook(tmp_path / "book.ipynb", *outputs))


ROWS = {"video_id": ["a", "b"], "start_sec": [0.0, 0.0], "end_sec": [6.0, 5.5]}


def csv(path: Path, cells: list[Any], **options: Any) -> Path:
    pd.DataFrame({**ROWS, "embedding": cells}).to_csv(path, **options)
    return path


@pytest.mark.parametrize("size", [512, 1024])
@pytest.mark.parametrize("index", [True, False])
def test_csv_of_lists(size: int, index: bool, tmp_path: Path) -> None:
    vectors = [unit(0, size), unit(1, size)]
    table = tw.load(csv(tmp_path / "t.csv", vectors, index=index))
    np.testing.assert_array_equal(tw.vectors(table), np.array(vectors).astype(np.float32))
    assert table["video_id"].tolist() == ["a", "b"]
    assert table["end_sec"].tolist() == [6, 5.5]
    assert not [name for name in table if name.startswith("Unnamed")]


def test_csv_of_arrays_keeps_eight_digits(tmp_path: Path) -> None:
    vectors = np.array([unit(0, 512), unit(1, 512)])
    path = csv(tmp_path / "t.csv.gz", list(vectors))
    np.testing.assert_allclose(tw.vectors(tw.load(path)), vectors, rtol=1e-6)


def test_csv_of_wide_arrays_lost_them(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", [np.array(unit(0, 512)), np.array(unit(1))])
    with pytest.raises(tw.LoadError, match=r"cut to '\.\.\.'.*Parquet") as caught:
        tw.load(path)
    assert (caught.value.place, caught.value.field) == ("row 1", "embedding")
    assert tw.check(path)["place"].tolist() == ["row 1"]


@pytest.mark.parametrize("cell", ["0.5 0.25", "nan", "[0.5, abc]", "VideoSegment(float_=[0.5])"])
def test_csv_of_something_else(cell: str, tmp_path: Path) -> None:
    with pytest.raises(tw.LoadError) as caught:
        tw.load(csv(tmp_path / "t.csv", ["[0.5, 0.25]", cell]))
    assert caught.value.place == "row 1"
