"""Pictures of scenes, shared pieces, hits, thresholds and the agreement of options."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.figures import clock_times

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def film() -> pd.DataFrame:
    return tw.sample()


def test_shared_pieces_are_boxes(film: pd.DataFrame) -> None:
    trailer = tw.sample("trailer")
    pieces = tw.align(trailer, film)
    figure = tw.plot.alignment(trailer, film, pieces=pieces)
    clips = [int((t["embedding_scope"] == "clip").sum()) for t in (trailer, film)]
    assert figure.data[0].z.shape == tuple(clips)
    assert len(figure.data) == 1 + len(pieces) > 1
    corner = np.datetime64(figure.data[1].x[0]), np.datetime64(figure.data[1].y[0])
    first = pieces.iloc[0]
    assert corner == tuple(clock_times([first["b_start_sec"], first["a_start_sec"]]))
    with pytest.raises(tw.InputError, match="a holds 2 videos with times"):
        tw.plot.alignment(pd.concat([trailer, film]), film, pieces=pieces)
    with pytest.raises(tw.InputError, match="pieces has no column 'a_video_id'"):
        tw.plot.alignment(trailer, film, pieces=film)


def test_hits_lie_on_the_lane_of_their_video(film: pd.DataFrame) -> None:
    found = tw.search(film, film.iloc[[10]], k=3)
    figure = tw.plot.hits(film, found)
    assert list(figure.data[1].y) == found["video_id"].tolist()
    np.testing.assert_array_equal(
        np.array(figure.data[1].base, "datetime64[ms]"), clock_times(found["start_sec"])
    )
    with pytest.raises(tw.InputError, match="no hits with times"):
        tw.plot.hits(film, found.iloc[:0])
    with pytest.raises(tw.InputError, match="no column 'rank' in the hits"):
        tw.plot.hits(film, film)


def test_hits_say_what_their_score_is(film: pd.DataFrame) -> None:
    """Ranks have scores wherever the hits lie; so have places of which none stands out."""
    row = film.iloc[[4]]
    standing, rank = (tw.search(film, row, fuse=fuse) for fuse in ("standing", "rank"))
    joined = tw.merge_hits(rank)
    for found, words in (
        (standing, "score: robust standard deviations above ordinary rows"),
        (rank, "scores tell the order alone"),
        (joined, "scores tell the order alone"),
    ):
        assert words in tw.plot.hits(film, found).layout.title.text


def test_ranks_of_hits_side_by_side_do_not_cover_each_other(film: pd.DataFrame) -> None:
    found = pd.DataFrame(
        {
            "rank": [1, 2, 3, 4],
            "video_id": "big_buck_bunny",
            "start_sec": [252.0, 492, 246, 258],
            "end_sec": [258.0, 498, 252, 264],
            "score": [3.0, 2, 2, 1],
            "visual_similarity": [0.9, np.nan, 0.8, 0.7],
            "audio_similarity": [0.4, 0.3, 0.2, 0.1],
        }
    )
    figure = tw.plot.hits(film, found)
    written = [(note.text, pd.Timestamp(note.x)) for note in figure.layout.annotations]
    zero = pd.Timestamp(clock_times([0.0])[0])
    assert written == [
        ("1 3 4", zero + pd.Timedelta(255, "s")),
        ("2", zero + pd.Timedelta(495, "s")),
    ]
    assert figure.data[1].customdata[0] == "<br>visual similarity 0.90<br>audio similarity 0.40"
    assert figure.data[1].customdata[1] == "<br>audio similarity 0.30"
    assert "4 hits in 1 video, numbered by rank" in figure.layout.title.text


def test_the_threshold_is_drawn_between_its_samples(film: pd.DataFrame) -> None:
    figure = tw.plot.threshold(film)
    assert figure.layout.shapes[0].x0 == pytest.approx(tw.threshold(film)["threshold"][0])
    for trace in figure.data:
        assert np.sum(trace.y) == pytest.approx(1.0, abs=0.01)
    with pytest.raises(tw.InputError, match="no pairs of segments"):
        tw.plot.threshold(film.iloc[:0])


def test_agreement_is_drawn_against_chance(film: pd.DataFrame) -> None:
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    found = tw.compare_options(both)
    figure = tw.plot.options(found)
    assert figure.data[1].x[0] == found["agreement"][0]
    assert figure.data[0].base[0] == found["chance_mean"][0]
    assert figure.data[1].text == (f"p {found['p_value'][0]:.3f}",)
    assert "hollow" not in figure.layout.title.text
    withheld = tw.compare_options(both[both["start_sec"] < 60])
    assert withheld["p_value"].isna().all()
    drawn = tw.plot.options(withheld.assign(model_b=None))
    assert drawn.data[1].text == ("no p",)
    assert drawn.data[1].customdata == (f"no p: {withheld['note'][0]}",)
    assert drawn.data[1].marker.symbol == ("circle-open",)
    assert "hollow: no verdict" in drawn.layout.title.text
    assert drawn.data[0].y[0].endswith("<br>visual (no model named)")
    with pytest.raises(tw.InputError, match="no video has two embedding options"):
        tw.plot.options(found.iloc[:0])
    with pytest.raises(tw.InputError, match="no column 'video_id'"):
        tw.plot.options(found.drop(columns="video_id"))


def test_pieces_of_another_option_are_left_out(film: pd.DataFrame) -> None:
    trailer = tw.sample("trailer")
    pieces = tw.align(trailer, film)
    n = len(tw.plot.alignment(trailer, film, pieces=pieces).data)
    assert n == 1 + len(pieces)
    both = pd.concat([pieces, pieces.assign(embedding_option="audio")], ignore_index=True)
    assert n == len(tw.plot.alignment(trailer, film, pieces=both).data)
    numbered = film.assign(video_id=7)
    found = tw.align(trailer, numbered)
    assert n == len(tw.plot.alignment(trailer, numbered, pieces=found).data)
    with pytest.raises(tw.InputError, match="pieces is a NoneType; a table"):
        tw.plot.alignment(trailer, film, pieces=None)


def test_scenes_of_another_option_are_not_marked(film: pd.DataFrame) -> None:
    found = tw.scenes(film, n_scenes=4)
    n = len(tw.plot.novelty(film, scenes=found).layout.shapes)
    audio = tw.scenes(tw.sample(embedding_option="audio"), n_scenes=6)
    both = pd.concat([found, audio], ignore_index=True)
    assert len(tw.plot.novelty(film, scenes=both).layout.shapes) == n
    numbered = film.assign(video_id=7)
    marked = tw.plot.novelty(numbered, scenes=tw.scenes(numbered, n_scenes=4))
    assert len(marked.layout.shapes) == n


def test_an_index_of_videos_is_no_obstacle(film: pd.DataFrame) -> None:
    named = film.set_index("video_id", drop=False)
    figure = tw.plot.hits(named, tw.search(named, film.iloc[[3]]))
    assert figure.data[1].x is not None
    assert tw.plot.novelty(named, scenes=tw.scenes(film)).data


def hits_at(*starts: float, **columns: object) -> pd.DataFrame:
    """Hits of 6 s at these starts, ranked in the order given."""
    starts_sec = np.array(starts)
    table = {
        "rank": np.arange(1, len(starts) + 1),
        "video_id": "big_buck_bunny",
        "start_sec": starts_sec,
        "end_sec": starts_sec + 6,
        "score": 2.0,
    }
    return pd.DataFrame({**table, **columns})


def test_lists_of_ranks_leave_each_other_room_on_a_phone(film: pd.DataFrame) -> None:
    found = hits_at(252, 258, 264, 270, 276, 366, 372, 312, 246, 240)
    notes = tw.plot.hits(film, found).layout.annotations
    assert [note.text for note in notes] == ["1–5 9 10", "8", "6 7"]
    assert len({note.yshift for note in notes[:2]}) == 2  # 9 % of the film apart: too near
    crowd = hits_at(*np.arange(0, 590, 18.0))
    notes = tw.plot.hits(film, crowd).layout.annotations
    length = film["end_sec"].max()
    for height in {note.yshift for note in notes}:
        row = [note for note in notes if note.yshift == height]
        middle = [(pd.Timestamp(note.x) - pd.Timestamp(0)).total_seconds() for note in row]
        half = [0.015 * length * len(note.text) for note in row]
        for k in range(1, len(row)):
            assert middle[k] - middle[k - 1] >= half[k] + half[k - 1] - 0.01


def test_hits_without_scores_have_no_scale(film: pd.DataFrame) -> None:
    figure = tw.plot.hits(film, hits_at(0, 60, score=np.nan))
    assert figure.data[1].marker.colorbar.title.text is None
    assert "there are no scores" in figure.layout.title.text
    assert all(text.endswith("no score") for text in figure.data[1].hovertext)


def test_long_names_leave_room_for_the_picture(film: pd.DataFrame) -> None:
    names = [f"season/{'a very long name ' * 9}{k}.mp4" for k in range(2)]
    table = pd.concat([film.assign(video_id=name) for name in names], ignore_index=True)
    figure = tw.plot.hits(table, tw.search(table, film.iloc[[42]], k=4))
    lanes = set(figure.data[0].y)
    assert len(lanes) == 2
    assert max(map(len, lanes)) <= 40
    assert set(figure.data[1].y) <= lanes
    shared = tw.plot.alignment(
        table[table["video_id"] == names[0]],
        table[table["video_id"] == names[1]],
        pieces=tw.align(*(table[table["video_id"] == name] for name in names)),
    )
    assert max(len(axis.title.text) for axis in (shared.layout.xaxis, shared.layout.yaxis)) <= 60
    drawn = tw.plot.scatter(table, table[["start_sec", "end_sec"]].set_axis(["x", "y"], axis=1))
    assert max(len(trace.name) for trace in drawn.data) <= 50


def test_no_line_below_a_title_is_wider_than_a_phone(film: pd.DataFrame) -> None:
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    for figure in (
        tw.plot.hits(film, hits_at(0, 60)),
        tw.plot.threshold(film),
        tw.plot.novelty(film),
        tw.plot.timeline(film),
        tw.plot.options(tw.compare_options(both)),
    ):
        words = figure.layout.title.text.rsplit("'>", 1)[1]
        lines = words.removesuffix("</span>").split("<br>")
        assert max(map(len, lines)) <= 65, lines
        assert figure.layout.margin.t - 72 - 21 * (len(lines) - 1) in (0, 30)  # or a legend besides


def test_pairs_all_alike_are_drawn_as_alike(film: pd.DataFrame) -> None:
    same = tw.with_vectors(film, np.ones((len(film), 8)))
    figure = tw.plot.threshold(same)
    assert "no threshold" in figure.layout.title.text
    assert not figure.layout.shapes
    for trace in figure.data:
        assert trace.y[-1] == 1
        assert trace.x[-1] - trace.x[0] > 0.09
    clips = same[same["embedding_scope"] == "clip"]
    other = clips.assign(video_id="other")
    image = tw.plot.alignment(clips, other, pieces=tw.align(clips, other)).data[0]
    assert (image.z - image.zmin > 0.9 * (image.zmax - image.zmin)).all()  # as like as can be


def test_the_threshold_tells_its_precision(film: pd.DataFrame) -> None:
    found = tw.threshold(film).iloc[0]
    note = tw.plot.threshold(film).layout.annotations[0].text
    assert f"threshold {found['threshold']:.2f}, precision {found['precision']:.2f}" in note


def test_agreement_that_cannot_be_had_says_why(film: pd.DataFrame) -> None:
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    none = tw.compare_options(both[both["start_sec"] < 40])
    assert none["agreement"].isna().all()
    figure = tw.plot.options(none)
    assert none["note"][0] in figure.layout.annotations[0].text
    assert "hollow" not in figure.layout.title.text
    low, high = tw.plot.options(tw.compare_options(both)).layout.xaxis.range
    assert low < 0
    assert high >= 1  # a small correlation looks small


def test_hits_of_one_score_have_no_scale(film: pd.DataFrame) -> None:
    figure = tw.plot.hits(film, hits_at(252, 258, 264))
    assert isinstance(figure.data[1].marker.color, str)
    assert not figure.data[1].marker.showscale
    assert "all have the score 2" in figure.layout.title.text
    several = tw.plot.hits(film, hits_at(252, 258, score=[2.0, 1.0]))
    assert several.data[1].marker.colorbar.title.text == "score<br>(std. dev.)"
    fused = tw.plot.hits(film, hits_at(252, 258, score=[1 / 61, 1 / 62]))
    assert fused.data[1].marker.colorbar.title.text == "score<br>(order alone)"
    words = fused.layout.title.text.replace("<br>", " ")
    assert "scores tell the order alone (fused ranks: the mean of 1 / (60 + rank))" in words
