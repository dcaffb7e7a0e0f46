"""Documents and pictures have pages and chunks, not times; they stand beside films."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw
from twlab.table import page_names, time_order

if TYPE_CHECKING:
    from pathlib import Path

D = 16
QUADRANTS = (None, "top_left", "top_right", "bottom_left", "bottom_right")
USAGE = {"input_tokens": {"text": 3}, "truncated": False}


def vector(*seed: int) -> list[float]:
    return [float(x) for x in np.random.default_rng(seed).normal(size=D).round(4)]


def answer(name: str, kind: str, data: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"input_type": kind, "input_filename": name}
    return {"_id": name, "status": "ready", "data": data, "metadata": metadata, "usage": USAGE}


def page(k: int, *, option: str = "visual", quadrant: str | None = None) -> dict[str, Any]:
    place = {"start_page_number": k, "end_page_number": k, "quadrant": quadrant}
    seed = (k, QUADRANTS.index(quadrant), option == "visual")
    return {
        "embedding": vector(*seed),
        "embedding_option": option,
        "embedding_scope": "page",
        **place,
    }


def whole(option: str = "visual") -> dict[str, Any]:
    return {"embedding": vector(77), "embedding_option": option, "embedding_scope": "asset"}


def pdf(n: int = 8, name: str = "a.pdf") -> dict[str, Any]:
    return answer(name, "document", [*(page(k) for k in range(1, n + 1)), whole()])


def quarters(n: int = 2) -> dict[str, Any]:
    data = [page(k, quadrant=q) for k in range(1, n + 1) for q in QUADRANTS]
    return answer("q.pdf", "document", data)


def chunks(n: int = 6) -> dict[str, Any]:
    data = [
        {
            "embedding": vector(k, 5),
            "embedding_option": "text",
            "embedding_scope": "chunk",
            "chunk_index": k,
        }
        for k in range(n)
    ]
    return answer("b.md", "document", data)


def picture(name: str = "p.jpg") -> dict[str, Any]:
    return answer(name, "image", [{**whole(), "embedding": vector(len(name), 9)}])


def film(n: int = 12) -> dict[str, Any]:
    data = [
        {
            "embedding": vector(k, 3),
            "embedding_option": "visual",
            "embedding_scope": "clip",
            "start_sec": 5.0 * k,
            "end_sec": 5.0 * k + 5,
        }
        for k in range(n)
    ]
    data.append({**whole(), "start_sec": 0.0, "end_sec": 5.0 * n})
    return answer("film.mp4", "video", data)


def ticks(figure: Any) -> list[str]:
    return list(figure.layout.xaxis.ticktext)


class TestScopes:
    def test_a_whole_document_or_picture_is_no_video(self) -> None:
        assert tw.load(pdf())["embedding_scope"].tolist() == ["page"] * 8 + ["asset"]
        assert tw.load(picture())["embedding_scope"].tolist() == ["asset"]
        assert tw.load(film())["embedding_scope"].iloc[-1] == "video"

    def test_without_an_input_type_the_time_says_it(self) -> None:
        bare = {"data": [{**whole(), "start_sec": 0, "end_sec": 9}]}
        assert tw.load(bare)["embedding_scope"].tolist() == ["video"]
        assert tw.load({"data": [whole("text")]})["embedding_scope"].tolist() == ["asset"]

    def test_the_mean_of_a_document_is_no_video(self) -> None:
        table = tw.video_vectors(tw.load([pdf(), film()]), scope="clip")
        assert dict(zip(table["video_id"], table["embedding_scope"], strict=True)) == {
            "a.pdf": "asset",
            "film.mp4": "video",
        }


class TestNames:
    def test_pages_quadrants_and_chunks(self) -> None:
        assert page_names(tw.load(pdf(2))) == ["p. 1", "p. 2", ""]
        assert page_names(tw.load(quarters(1))) == [
            *("p. 1", "p. 1, top left", "p. 1, top right"),
            *("p. 1, bottom left", "p. 1, bottom right"),
        ]
        assert page_names(tw.load(chunks(2))) == ["chunk 0", "chunk 1"]
        several = tw.load(answer("a.pdf", "document", [{**page(3), "end_page_number": 4}]))
        assert page_names(several) == ["pp. 3–4"]

    def test_nothing_of_rows_with_a_time(self) -> None:
        table = tw.load(film()).assign(chunk_index=3, page=2)
        assert set(page_names(table)) == {""}
        assert "chunk_index" not in tw.nearest(table, k=1)

    @settings(max_examples=30, deadline=None)
    @given(st.permutations(range(10)))
    def test_order_is_that_of_the_pages(self, order: list[int]) -> None:
        table = tw.load(quarters()).iloc[order]
        sorted_ = page_names(table.iloc[time_order(table)])
        assert sorted_ == page_names(tw.load(quarters()))


class TestStore:
    @pytest.mark.parametrize("made", [pdf(), quarters(), chunks(), picture()])
    def test_each_piece_is_kept(self, made: dict[str, Any], tmp_path: Path) -> None:
        table = tw.load(made)
        store = tw.open(tmp_path / "store")
        assert store.add(table) == len(table)
        store.upsert(table.iloc[::-1])
        assert store.count_rows() == len(table)

    def test_advice_never_loses_a_page(self, tmp_path: Path) -> None:
        table = tw.load(pdf())
        twice = pd.concat([table, table.iloc[[2]]], ignore_index=True)
        store = tw.open(tmp_path / "store")
        with pytest.raises(tw.InputError, match=r"start_page_number=3.*there twice") as told:
            store.add(twice)
        assert "drop" not in str(told.value)

    def test_search_is_that_of_the_table(self, tmp_path: Path) -> None:
        table = tw.load([film(), pdf(), chunks(), picture()])
        query = tw.load({"data": [{"embedding": vector(4, 3)}], "usage": USAGE})
        store = tw.open(tmp_path / "store")
        store.add(table)
        ours, theirs = tw.search(table, query, k=99), store.search(query, k=99)
        assert len(ours) == 12 + 8 + 6 + 1  # a picture is a place, a whole film or document none
        names = ["video_id", "start_page_number", "chunk_index", "score"]
        pd.testing.assert_frame_equal(ours[names], theirs[names], check_dtype=False, rtol=1e-4)


class TestFound:
    def test_each_page_is_a_place_and_says_which(self) -> None:
        table = tw.load(pdf())
        query = tw.load(answer("q", "multi_input", [{"embedding": page(6)["embedding"]}]))
        hits = tw.search(table, query, k=3)
        assert len(hits) == 3
        assert hits["start_page_number"].iloc[0] == 6
        assert hits["start_page_number"].is_unique
        near = tw.nearest(query, table, k=3)
        assert near["start_page_number"].tolist() == hits["start_page_number"].tolist()

    def test_hits_on_pages_are_not_joined(self) -> None:
        table = tw.load([pdf(), film()])
        hits = tw.search(table, table.iloc[[2]], k=99)
        merged = tw.merge_hits(hits, max_gap_sec=5)
        of_pages = merged[merged["video_id"] == "a.pdf"]
        assert sorted(of_pages["start_page_number"]) == list(range(1, 9))

    def test_pairs_say_the_page_of_both(self) -> None:
        data = [page(1), {**page(2), "embedding": page(1)["embedding"]}]
        pairs = tw.near_duplicates(tw.load(answer("a.pdf", "document", data)), threshold=0.9)
        assert pairs[["start_page_number_a", "start_page_number_b"]].to_numpy().tolist() == [[1, 2]]

    def test_films_get_no_such_columns(self) -> None:
        hits = tw.search(tw.load(film()), tw.load(film()).iloc[[2]], k=3)
        assert not hits.columns.str.contains("page|chunk|quadrant").any()


class TestAlongTime:
    @pytest.mark.parametrize("function", [tw.scenes, tw.novelty, tw.scene_counts])
    def test_pages_are_told_to_take_no_part(self, function: Any) -> None:
        with pytest.warns(tw.TwlabWarning, match=r"8 of 9 rows have no time \(pages or chunks"):
            function(tw.load(pdf()))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            function(tw.load(film()))

    def test_the_film_beside_them_is_cut_as_alone(self) -> None:
        with pytest.warns(tw.TwlabWarning, match="take no part in scenes"):
            both = tw.scenes(tw.load([pdf(), film()]))
        alone = tw.scenes(tw.load(film()))
        columns = ["start_sec", "end_sec", "n_segments"]
        pd.testing.assert_frame_equal(both[columns], alone[columns])

    def test_novelty_of_pages_is_missing(self) -> None:
        with pytest.warns(tw.TwlabWarning):
            assert tw.novelty(tw.load(pdf())).isna().all()

    def test_a_timeline_of_pages_is_refused(self) -> None:
        with pytest.raises(tw.InputError, match="no segments with a time"):
            tw.plot.timeline(tw.load(pdf()))


class TestHeatmap:
    def test_pages_and_chunks_are_its_ticks(self) -> None:
        assert ticks(tw.plot.heatmap(tw.load(pdf()))) == [f"p. {k}" for k in range(1, 9)]
        assert ticks(tw.plot.heatmap(tw.load(chunks()))) == [f"chunk {k}" for k in range(6)]
        assert ticks(tw.plot.heatmap(tw.load(quarters()))) == ["p. 1", "p. 2"]

    def test_the_axis_is_called_what_its_ticks_are(self) -> None:
        for what, answered in (("page", pdf()), ("chunk", chunks())):
            assert tw.plot.heatmap(tw.load(answered)).layout.xaxis.title.text == what

    def test_the_hover_says_the_quadrant(self) -> None:
        labels = tw.plot.heatmap(tw.load(quarters())).layout.xaxis2.ticktext
        assert labels[1] == "q.pdf p. 1, top left"
        assert len(set(labels)) == 10

    def test_no_timecode_of_a_page(self) -> None:
        figure = tw.plot.heatmap(tw.load([film(), pdf()]))
        shown = ticks(figure)
        times = [text for text in shown if ":" in text]
        assert times == sorted(times)
        assert max(times) < "1:00"  # the film lasts a minute, and the pages none
        assert shown[-1] in {f"p. {k}" for k in range(1, 9)}

    def test_values_stand_where_their_pages_do(self) -> None:
        table = tw.load(pdf())
        mixed = table.iloc[[5, 2, 8, 0, 7, 1, 4, 3, 6]]
        a, b = (np.array(tw.plot.heatmap(one).data[0].z) for one in (table, mixed))
        np.testing.assert_allclose(a, b, atol=1e-6)

    def test_options_of_a_document_share_their_axis(self) -> None:
        data = [page(k, option=o) for o in ("visual", "text") for k in (1, 2, 3)][:5]
        figure = tw.plot.heatmap(tw.load(answer("a.pdf", "document", data)))
        assert ticks(figure) == ["p. 1", "p. 2", "p. 3"]
        text = next(t for t in figure.data if t.type == "heatmap" and np.shape(t.z) == (2, 2))
        assert list(text.x) == [0.0, 1.0, 2.0]

    def test_a_film_alone_keeps_its_clock(self) -> None:
        assert tw.plot.heatmap(tw.load(film())).layout.xaxis.type == "date"


def test_the_map_says_pages() -> None:
    table = tw.load(pdf())
    figure = tw.plot.scatter(table, tw.project(table, method="pca"))
    texts = [text for trace in figure.data for text in trace.hovertext]
    assert any("a.pdf p. 3" in text for text in texts)


def test_pictures_take_part_beside_films() -> None:
    table = tw.load([film(), picture("one.jpg"), picture("another.jpg")])
    labels = tw.cluster(table, 2)
    assert labels.notna().tolist() == [True] * 12 + [False] + [True] * 2


def test_the_explorer_says_pages_and_how_many_have_no_time(tmp_path: Path) -> None:
    beside = tw.load([film(), pdf(2)])
    page = tw.save_html(beside, tmp_path / "page.html")
    text = page.read_text(encoding="utf-8")
    assert "2 files, 2 parts without time" in text
    assert '"p. 2"' in text
    alone = tw.save_html(tw.load(film()), tmp_path / "film.html").read_text(encoding="utf-8")
    assert "without time" not in alone
    assert '"pages": {}' in alone or '"pages":{}' in alone
