"""Everything that draws or opens segments takes a store or its path as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def film() -> pd.DataFrame:
    return tw.sample()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, film: pd.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "archive"
    tw.open(folder).add(film)
    return folder


FIGURES: dict[str, Any] = {
    "heatmap": tw.plot.heatmap,
    "timeline": tw.plot.timeline,
    "novelty": tw.plot.novelty,
    "threshold": tw.plot.threshold,
    "scatter": lambda s: tw.plot.scatter(s, tw.project(s, method="pca")),
    "alignment": lambda s: tw.plot.alignment(s, s, pieces=tw.repeats(s)),
    "hits": lambda s: tw.plot.hits(s, tw.search(s, tw.sample().iloc[[3]])),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_a_store_is_that_of_its_table(
    name: str, address: Path, film: pd.DataFrame
) -> None:
    draw = FIGURES[name]
    expected = draw(film)
    for store in (str(address), tw.open(address), tw.open(address).where("true")):
        assert draw(store) == expected


def test_explorers_and_files_of_a_store(address: Path, film: pd.DataFrame, tmp_path: Path) -> None:
    assert len(tw.explore(str(address)).segments) == len(film)
    assert len(tw.timeline_widget(tw.open(address)).segments) == len(film)
    assert tw.save_html(str(address), tmp_path / "film.html").stat().st_size > 100_000
    labels = tw.scene_labels(address, tw.scenes(address))
    assert labels.equals(tw.scene_labels(film, tw.scenes(film)))


def test_hits_of_a_store_are_drawn_and_explored(address: Path, film: pd.DataFrame) -> None:
    found = tw.open(address).search(film.iloc[[3]], k=4)
    figure = tw.plot.hits(film, found)
    assert list(figure.data[1].text) == ["1", "2", "3", "4"]
    assert np.allclose(figure.data[1].marker.color, found["score"])
    assert len(tw.explore(found).segments) == 4
    with pytest.raises(tw.InputError, match="no column 'score' in the hits"):
        tw.plot.hits(film, found.drop(columns="score"))


def test_a_row_is_told_from_a_table_and_a_column_of_vectors_is_taken(
    address: Path, film: pd.DataFrame
) -> None:
    row, column = film.iloc[3], film["embedding"].iloc[:3]
    for ask in (
        lambda: tw.nearest(row, film),
        lambda: tw.search(film, row),
        lambda: tw.open(address).search(row),
    ):
        with pytest.raises(tw.InputError, match=r"a single row .* table.iloc\[\[k\]\]"):
            ask()
    assert tw.nearest(column, film, k=1)["match"].tolist() == [0, 1, 2]
    assert len(tw.search(film, column)) == 10
    assert tw.open(address).search(column, k=1)["match"].tolist() in ([0], [1], [2])


TIMES: dict[str, Any] = {
    "merge_adjacent": tw.intervals.merge_adjacent,
    "crop": lambda s: tw.intervals.crop(s, 0, 9),
    "overlap": tw.intervals.overlap,
    "iou": lambda s: tw.intervals.iou(tw.sample(), s),
}


@pytest.mark.parametrize("name", TIMES)
def test_what_takes_tables_only_says_so(name: str, address: Path) -> None:
    for store, word in ((str(address), "str"), (tw.open(address), "Store")):
        with pytest.raises(tw.InputError, match=rf"a {word}.* tw\.open\(path\)\.to_table\(\)"):
            TIMES[name](store)


def test_results_are_told_from_stores(address: Path, film: pd.DataFrame) -> None:
    draw: Any = tw.plot
    with pytest.raises(tw.InputError, match=r"agreement is a str; .*tw\.compare_options"):
        draw.options(str(address))
    with pytest.raises(tw.InputError, match=r"found is a str; .*tw\.search"):
        draw.hits(film, str(address))


def test_a_row_is_neither_opened_nor_taken_for_a_table(film: pd.DataFrame) -> None:
    row: Any = film.iloc[3]
    for ask in (tw.explore, tw.timeline_widget, tw.plot.heatmap, lambda s: tw.find(s, film)):
        with pytest.raises(tw.InputError, match=r"a single row .*table\.iloc\[\[k\]\]"):
            ask(row)
