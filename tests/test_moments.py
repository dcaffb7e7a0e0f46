"""Moments: spans around the peaks of a query's curve, and a threshold that says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

D = 64
SPAN = ["start_sec", "end_sec"]
COLUMNS = ["query_id", "rank", "video_id", *SPAN, "peak_sec", "score", "basis", "threshold"]
COLUMNS += ["label", "visual_similarity"]


def clips_of(matrix: Any, video: str = "film", *, clip: float = 2.0, step: float | None = None):
    start = (clip if step is None else step) * np.arange(len(matrix))
    table = tw.from_vectors(matrix, video_id=video, start_sec=start, end_sec=start + clip)
    return table.assign(embedding_option="visual")


def planted(
    rng: np.random.Generator, *, n: int = 120, clip: float = 2.0, step: float | None = None
) -> tuple[pd.DataFrame, np.ndarray[Any, Any], list[tuple[float, float]]]:
    """A film of noise in which one thing is seen twice, the thing, and when it is seen."""
    step = clip if step is None else step
    topic = rng.normal(size=D)
    spans = [(40.0, 58.0), (150.0, 164.0)]
    middle = step * np.arange(n) + clip / 2
    seen = np.any([(a < middle) & (middle < b) for a, b in spans], axis=0)
    matrix = rng.normal(size=(n, D)) + np.where(seen[:, None], 1.5 * topic, 0)
    return clips_of(matrix, clip=clip, step=step), topic, spans


def overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / (a[1] - a[0] + b[1] - b[0] - shared)


@pytest.mark.parametrize(("clip", "step"), [(2.0, 2.0), (2.0, 1.0), (4.0, 1.0)])
def test_planted_spans_are_found_with_their_bounds(clip: float, step: float) -> None:
    for seed in range(10):
        table, topic, spans = planted(
            np.random.default_rng(seed), n=int(240 / step), clip=clip, step=step
        )
        found = tw.moments(topic, table)
        first = sorted(map(tuple, found[SPAN].head(2).to_numpy().tolist()))
        assert min(overlap(a, b) for a, b in zip(first, spans, strict=True)) >= 0.75, first


def test_of_vectors_that_mean_nothing_one_in_twenty_has_a_moment(rng: np.random.Generator) -> None:
    table = tw.clips(tw.sample())
    asked = {str(k): one for k, one in enumerate(rng.normal(size=(400, 1280)))}
    share = tw.moments(asked, table, k=1)["query_id"].nunique() / 400
    assert 0.02 <= share <= 0.09  # .05, give or take two errors of 200 directions and 400 queries


def test_segments_of_an_unrelated_film_have_hardly_a_moment(rng: np.random.Generator) -> None:
    table, *_ = planted(rng)
    strange = clips_of(rng.normal(size=(200, D)) + rng.normal(size=D), "another")
    asked = {str(k): strange.iloc[[k]] for k in range(200)}
    found = tw.moments(asked, table)
    assert found["query_id"].nunique() <= 0.3 * 200
    level = tw.threshold(table)["unrelated_99"].iloc[0]
    best = tw.cosine_similarity(strange, table).max(axis=1)
    assert found["query_id"].nunique() == (best >= level).sum()  # it is what it says


def test_nothing_rises_from_a_still_picture() -> None:
    still = clips_of(np.ones((50, D)))
    found = tw.moments(np.random.default_rng(0).normal(size=D), still)
    assert found.empty
    assert list(found.columns) == COLUMNS


def test_an_empty_answer_has_the_types_of_a_full_one(rng: np.random.Generator) -> None:
    table, topic, _ = planted(rng)
    full, empty = tw.moments(topic, table), tw.moments(topic, table, threshold=99)
    assert len(full) > 0
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert tw.moments(topic, table, video_id="another").dtypes.to_dict() == full.dtypes.to_dict()


def test_a_clip_of_the_film_is_found_with_its_scene() -> None:
    film = tw.sample()
    clips = tw.clips(film)
    for row in range(0, len(clips), 7):
        found = tw.moments(clips.iloc[[row]], film)
        first = found.iloc[0]
        start = clips["start_sec"].iloc[row]
        assert first["start_sec"] <= start < first["end_sec"]
        assert first["visual_similarity"] == pytest.approx(1, abs=1e-5)
        assert set(found["basis"]) == {"unrelated"}


def test_what_must_not_matter(rng: np.random.Generator) -> None:
    table, topic, _ = planted(rng)
    table = pd.concat([table, clips_of(rng.normal(size=(80, D)), "other")], ignore_index=True)
    expected = tw.moments(topic, table, threshold=1)
    shuffled = table.sample(frac=1, random_state=1)
    twice = pd.concat([table, table], ignore_index=True)
    longer = tw.with_vectors(table, tw.vectors(table) * rng.uniform(0.1, 9, (len(table), 1)))
    later = table.assign(start_sec=table["start_sec"] + 1000, end_sec=table["end_sec"] + 1000)
    for changed, query in (
        (shuffled, topic),
        (twice, topic),
        (longer, topic),
        (table, 7 * topic),
        (table, np.stack([topic, topic])),
    ):
        found = tw.moments(query, changed, threshold=1)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-4)
    plain = tw.moments(topic, table)
    half = pd.concat([table, table.iloc[::2]], ignore_index=True)
    pd.testing.assert_frame_equal(tw.moments(topic, half), plain)
    assert set(plain["basis"]) == {"unrelated"}
    moved = tw.moments(topic, later, threshold=1)
    times = ["start_sec", "end_sec", "peak_sec"]
    moved[times] -= 1000
    pd.testing.assert_frame_equal(moved, expected, rtol=1e-5)


def best_segment(values: np.ndarray[Any, Any], peak: int) -> tuple[int, int]:
    """The widest segment with the peak all of whose parts sum to less, by trying all."""
    n = len(values)
    sums = np.r_[0, values.cumsum()]
    good = []
    for a in range(peak + 1):
        for b in range(peak + 1, n + 1):
            own = sums[b] - sums[a]
            parts = [
                sums[d] - sums[c]
                for c in range(a, b)
                for d in range(c + 1, b + 1)
                if (c, d) != (a, b)
            ]
            if all(part < own for part in parts):
                good.append((b - a, a, b))
    _, a, b = max(good)
    return a, b


def test_a_span_is_what_trying_all_spans_gives(rng: np.random.Generator) -> None:
    n = 0
    for _ in range(60):
        table = clips_of(rng.normal(size=(18, 8)))
        query = rng.normal(size=8)
        places = tw.search(table, query, k=99).sort_values("start_sec")
        curve = places["score"].to_numpy()
        if curve.max() <= 0:
            continue
        found = tw.moments(query, table, threshold=0)
        peak = int(curve.argmax())
        a, b = best_segment(curve - 0.4 * curve[peak], peak)
        first = found.iloc[0]
        assert (first["start_sec"], first["end_sec"]) == (2.0 * a, 2.0 * b)
        assert first["peak_sec"] == 2.0 * peak + 1
        assert first["score"] == pytest.approx(curve[peak])
        n += 1
    assert n > 50


def test_moments_of_a_query_do_not_overlap_whatever_the_clips(rng: np.random.Generator) -> None:
    for seed in range(5):
        table, topic, _ = planted(np.random.default_rng(seed), clip=6.0, step=1.0)
        sound = table.assign(embedding_option="audio", start_sec=table["start_sec"] + 0.7)
        sound["end_sec"] += 0.7
        found = tw.moments(topic, pd.concat([table, sound], ignore_index=True), threshold=0)
        spans = found.sort_values("start_sec")
        assert (spans["start_sec"].to_numpy()[1:] >= spans["end_sec"].to_numpy()[:-1]).all()
        assert found["score"].is_monotonic_decreasing
        assert found["rank"].tolist() == list(range(1, len(found) + 1))
        assert {"audio_similarity", "visual_similarity"} <= set(found.columns)


def test_a_dip_is_bridged_and_a_gap_is_not(rng: np.random.Generator) -> None:
    table, topic, _ = planted(rng)
    dip = table.copy()
    dip["embedding"] = [
        -one if start == 48 else one
        for one, start in zip(table["embedding"], table["start_sec"], strict=True)
    ]
    assert overlap(tuple(tw.moments(topic, dip)[SPAN].iloc[0]), (40, 58)) >= 0.7
    gap = tw.moments(topic, table[table["start_sec"] != 48])
    assert not ((gap["start_sec"] < 48) & (gap["end_sec"] > 50)).any()


@pytest.mark.parametrize(("gap_sec", "goes_on"), [(0.04, True), (0.5, True), (1.0, False)])
def test_a_gap_of_rounded_times_is_none(
    gap_sec: float, goes_on: bool, rng: np.random.Generator
) -> None:
    table, topic, _ = planted(rng)
    moved = table[SPAN].add(gap_sec * (table["start_sec"] >= 48), axis=0)
    best = tw.moments(topic, table.assign(**moved)).iloc[0]
    assert (best["start_sec"] < 48 < best["end_sec"] - 1) == goes_on


def test_found_places_go_on_to_what_measures_draws_and_keeps_them(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    table, topic, spans = planted(rng)
    truth = pd.DataFrame(spans, columns=SPAN).assign(query_id="topic", video_id="film")
    nothing = pd.DataFrame({"query_id": ["strange"], "video_id": "film", **dict.fromkeys(SPAN)})
    asked = {"topic": topic, "strange": -topic}
    found = tw.moments(asked, table)
    measured = tw.evaluate(found, pd.concat([truth, nothing.astype({s: float for s in SPAN})]))
    hit = measured[(measured["metric"] == "hit") & (measured["k"] == 1)]
    assert (hit["value"] == 1).all()
    written = tw.save_spans(found, tmp_path / "found.csv")
    pd.testing.assert_frame_equal(
        tw.load_spans(written)[SPAN].sort_values(SPAN, ignore_index=True),
        found[SPAN].sort_values(SPAN, ignore_index=True),
    )
    film = tw.sample()
    hits = tw.moments(film.iloc[[42]], film)
    assert len(tw.plot.storyboard(hits, video=tw.sample_video()).layout.images) > 0
    assert tw.plot.timeline(film, scenes=hits).data


def test_a_store_is_searched_as_its_table(tmp_path: Path) -> None:
    film = tw.sample()
    store = tw.open(tmp_path / "store")
    store.add(film)
    expected = tw.moments(film.iloc[[42]], film)
    pd.testing.assert_frame_equal(tw.moments(film.iloc[[42]], store), expected)


class Words:
    """Answers every text with one vector, and keeps what it was asked."""

    def __init__(self, vector: np.ndarray) -> None:
        self.vector, self.asked = vector, list[str]()

    def embed_text(self, text: str, *, model_name: str) -> pd.DataFrame:
        self.asked.append(text)
        return tw.from_vectors(self.vector[None], start_sec=[0.0], end_sec=[1.0], video_id="query")


def test_words_that_look_like_a_file_are_words_with_text(rng: np.random.Generator) -> None:
    table, topic, _ = planted(rng)
    client = Words(np.asarray(topic, np.float32))
    asked = {"client": client, "model_name": "made"}
    with pytest.raises(tw.InputError, match="say with text= that these are words"):
        tw.moments("lecture1.mp4", table, **asked)
    found = tw.moments(None, table, text="lecture1.mp4", **asked)
    plain = tw.moments("a lecture", table, **asked)
    assert client.asked == ["lecture1.mp4", "a lecture"]
    assert found["label"].unique().tolist() == ["lecture1.mp4"]
    names = ["query_id", "label"]
    pd.testing.assert_frame_equal(found.drop(columns=names), plain.drop(columns=names))
    assert len(found)
    for query in (topic, {"one": topic}):
        with pytest.raises(tw.InputError, match="query and text= at once"):
            tw.moments(query, table, text="a lecture", **asked)
    with pytest.raises(tw.InputError, match="no query"):
        tw.moments(None, table)


def test_wrong_arguments_are_named(rng: np.random.Generator) -> None:
    table, topic, _ = planted(rng)
    for threshold in (-1, np.nan, "high", True):
        with pytest.raises(tw.InputError, match="a score, 0 or more, was expected"):
            tw.moments(topic, table, threshold=threshold)
    with pytest.raises(tw.InputError, match="k is 0"):
        tw.moments(topic, table, k=0)
    with pytest.raises(tw.InputError, match="has a length in time"):
        tw.moments(topic, table.assign(end_sec=table["start_sec"]))
    with pytest.raises(tw.InputError, match="queries is empty"):
        tw.moments({}, table)
    untimed = table.assign(start_sec=table["start_sec"].where(table["start_sec"] > 3))
    untimed["end_sec"] = untimed["end_sec"].where(untimed["start_sec"].notna())
    with pytest.warns(tw.TwlabWarning, match="2 of 120 rows have no length in time"):
        tw.moments(topic, untimed)
