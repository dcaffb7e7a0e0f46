"""Calls with the wrong thing in the wrong place: the error is about that, and its remedy works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_words_are_no_store(segments: pd.DataFrame) -> None:
    calls: tuple[Callable[[], Any], ...] = (
        lambda: tw.nearest("a rabbit", segments),
        lambda: tw.nearest(segments, "rabbit"),
        lambda: tw.cluster("a rabbit in the grass"),
        lambda: tw.search("a rabbit", segments.head(1)),
    )
    for call in calls:
        with pytest.raises(tw.InputError, match=r"rabbit.*words.*search\(segments, text='") as info:
            call()
        assert ";" in str(info.value)


def test_a_path_without_a_store_still_says_so(tmp_path: Path) -> None:
    with pytest.raises(tw.InputError, match="there is no store at"):
        tw.cluster(tmp_path / "archive")


def test_a_film_is_no_table(segments: pd.DataFrame, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    with pytest.raises(tw.InputError, match=r"a file of media.*player\(video=.*, segments=table"):
        tw.player(segments, film)
    with pytest.raises(tw.InputError, match=r"a file of media.*tw\.load"):
        tw.scenes(film)
    assert tw.player(video=tw.sample_video("trailer"), segments=tw.sample("trailer")) is not None


def test_a_single_vector_is_a_matrix_of_one_row(segments: pd.DataFrame) -> None:
    vector = segments["embedding"].iloc[0]
    with pytest.raises(tw.InputError, match=r"shape .*; give a single vector as \[vector\]"):
        tw.nearest(vector, segments)
    assert len(tw.nearest([vector], segments, k=3)) == 3


def test_annotations_are_renamed(segments: pd.DataFrame) -> None:
    notes = pd.DataFrame({"start": [0.0, 9.0], "end": [9.0, 20.0]})
    with pytest.raises(tw.InputError, match=r"there are: start, end.*rename\(columns="):
        tw.boundary_scores(notes, notes)
    renamed = notes.rename(columns={"start": "start_sec", "end": "end_sec"})
    assert tw.boundary_scores(renamed, renamed)["f_measure"].tolist() == [1.0]


def test_a_matrix_of_similarities_has_an_argument(segments: pd.DataFrame) -> None:
    matrix = tw.cosine_similarity(segments)
    with pytest.raises(tw.InputError, match="similarity=matrix"):
        tw.plot.heatmap(matrix)
    assert tw.plot.heatmap(segments, similarity=matrix).data


@pytest.mark.parametrize("draw", ["heatmap", "scatter", "timeline", "novelty"])
@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
def test_a_filter_that_left_nothing_is_named(draw: str, segments: pd.DataFrame) -> None:
    none = segments[segments["embedding_option"] == "no such option"]
    with pytest.raises(tw.InputError, match=r"filter left none.*'embedding_option'\]\.unique"):
        getattr(tw.plot, draw)(none)


def test_an_array_where_a_table_belongs() -> None:
    with pytest.raises(tw.InputError, match="from_vectors"):
        tw.scenes(np.eye(4))
