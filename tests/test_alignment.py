"""Copies: edits whose sources are known to the second are traced back to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import shared_pieces

import twlab as tw

pytestmark = pytest.mark.numbers

CLIP = 6.0
Boxes = list[tuple[float, float, float, float]]


def table(matrix: Any, video: str = "q", *, start: Any = None) -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": [video] * n})
    rows["start_sec"] = np.arange(n) * CLIP if start is None else np.asarray(start, float)
    rows["end_sec"] = rows["start_sec"] + CLIP
    rows["embedding_option"] = "visual"
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))


def footage(n: int, seed: int) -> np.ndarray:
    """Shots of one to six clips that resemble their neighbours, on a common base."""
    rng = np.random.default_rng(seed)
    shots = rng.normal(size=(n, 64))
    shot = np.repeat(np.arange(n), rng.integers(1, 7, size=n))[:n]
    matrix = 5 * np.ones(64) / 8 + shots[shot] + 0.6 * rng.normal(size=(n, 64))
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


FILM = footage(120, 0)
OTHER = footage(60, 1)


def agreement(found: pd.DataFrame, truth: Boxes) -> float:
    """F of found and true boxes over the seconds of ``a``; right within one clip of ``b``."""
    names = ["a_start_sec", "b_start_sec", "a_end_sec", "b_end_sec"]
    boxes = [tuple(row) for row in found[names].to_numpy()]
    times = np.arange(0.05, max(box[2] for box in [*truth, *boxes]), 0.1)
    places = [
        [[b[1] + (t - b[0]) / (b[2] - b[0]) * (b[3] - b[1]) for b in side if b[0] <= t < b[2]]
         for t in times]
        for side in (boxes, truth)
    ]  # fmt: skip
    shares = []
    for mine, theirs in (places, places[::-1]):
        right = sum(
            any(abs(x - y) <= CLIP for y in there)
            for here, there in zip(mine, theirs, strict=True)
            for x in here
        )
        shares.append(right / max(sum(map(len, mine)), 1))
    return 2 * shares[0] * shares[1] / max(sum(shares), 1e-9)


def drawn_from(rows: list[int]) -> Boxes:
    """The true boxes of an edit that shows these clips of the film; -1 is other footage."""
    return [
        (k * CLIP, row * CLIP, (k + 1) * CLIP, (row + 1) * CLIP)
        for k, row in enumerate(rows)
        if row >= 0
    ]


RNG = np.random.default_rng(5)
EDITS = {
    "piece": list(range(30, 60)),
    "every second": list(range(0, 120, 2)),
    "repeated": [*range(40, 55)] * 3,
    "blocks in reverse order": [k for low in range(100, -1, -10) for k in range(low, low + 10)],
    "blocks played backwards": [
        k for low in range(0, 100, 12) for k in range(low + 11, low - 1, -1)
    ],
    "with others between": [
        *[-1] * 7, *range(80, 92), *[-1] * 4, *range(10, 16), *[-1] * 5, *range(60, 75)
    ],
    "short pieces": [*range(90, 94), *range(5, 9), *range(50, 54), *range(30, 34), *range(70, 74)],
    "a fifth dropped": sorted(RNG.choice(120, 96, replace=False).tolist()),
}  # fmt: skip


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("name", EDITS)
def test_edits_are_traced_back(name: str, noise: float) -> None:
    rows, rng = np.array(EDITS[name]), np.random.default_rng(3)
    matrix = np.where((rows >= 0)[:, None], FILM[rows], OTHER[np.arange(len(rows)) % 60])
    matrix = matrix + noise * rng.normal(size=matrix.shape) / 8
    found = tw.align(table(matrix), table(FILM, "film"))
    least = 0.98 if noise == 0 else 0.95
    assert agreement(found, drawn_from(EDITS[name])) >= least
    assert set(found["a_video_id"]) == {"q"}
    assert set(found["b_video_id"]) == {"film"}


@pytest.mark.parametrize("speed", [0.5, 0.75, 0.9, 1.1, 1.5, 2.0])
def test_slower_and_faster(speed: float) -> None:
    sums = np.r_[np.zeros((1, 64)), FILM.cumsum(axis=0)]
    edges = 10.3 + speed * np.arange(41)
    whole = edges.astype(int)
    at = sums[whole] + (edges - whole)[:, None] * FILM[whole]
    found = tw.align(table(np.diff(at, axis=0) / speed), table(FILM, "film"))
    begin = 10.3 * CLIP
    truth = [(0.0, begin, 240.0, begin + 240 * speed)]
    assert agreement(found, truth) >= 0.98
    assert np.average(found["speed"], weights=found["a_end_sec"] - found["a_start_sec"]) == (
        pytest.approx(speed, rel=0.05)
    )


def test_a_changed_picture_is_still_found(rng: np.random.Generator) -> None:
    turn = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    flipped = FILM[20:60] + 0.6 * FILM[20:60] @ turn
    found = tw.align(table(flipped), table(FILM, "film"))
    assert agreement(found, drawn_from(list(range(20, 60)))) >= 0.98


def test_cuts_within_a_segment_are_placed_within_it() -> None:
    a = np.r_[FILM[20:28], 0.3 * FILM[28:29] + 0.7 * FILM[80:81], FILM[81:90]]
    found = tw.align(table(a), table(FILM, "film"))
    assert len(found) == 2
    assert found["a_end_sec"][0] == pytest.approx(8.3 * CLIP, abs=1.2)
    assert found["a_start_sec"][1] == found["a_end_sec"][0]


@pytest.mark.parametrize(("cosine", "goes_on"), [(0.22, True), (0.11, False)])
def test_a_certain_copy_goes_on_where_it_is_dim_and_ends_where_it_is_not_seen(
    cosine: float, goes_on: bool
) -> None:
    ends = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        film, noise = rng.normal(size=(2, 120, 256))
        alike = np.where(np.arange(30) < 24, 0.5, cosine)[:, None]
        found = tw.align(
            table(film[40:70] + np.sqrt(1 / alike**2 - 1) * noise[:30]), table(film, "film")
        )
        ends.append(float(found["a_end_sec"].max()) / CLIP)
    assert np.mean(ends) > 27.5 if goes_on else np.mean(ends) < 25


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_nothing_shared_is_an_empty_table() -> None:
    found = tw.align(table(OTHER), table(FILM, "film"))
    assert len(found) == 0
    assert list(found.columns[:3]) == ["a_video_id", "b_video_id", "embedding_option"]
    assert found["score"].dtype == np.float64
    assert tw.align(table(OTHER).iloc[:0], table(FILM)).shape == (0, 10)


def test_another_grid_of_segments() -> None:
    halves = pd.concat([table(FILM[30:50]), table(FILM[30:50])], ignore_index=True)
    halves["start_sec"] = np.r_[np.arange(20) * CLIP, np.arange(20) * CLIP + 3]
    halves["end_sec"] = halves["start_sec"] + 3
    found = tw.align(halves, table(FILM, "film"))
    assert agreement(found, drawn_from(list(range(30, 50)))) >= 0.98


def test_gaps_in_time_are_kept(rng: np.random.Generator) -> None:
    keep = np.sort(rng.choice(40, 28, replace=False)) + 20
    found = tw.align(table(FILM[keep], start=keep * CLIP), table(FILM, "film"))
    assert np.abs(found["a_start_sec"] - found["b_start_sec"]).max() < CLIP
    assert found["speed"].between(0.95, 1.05).all()
    late = table(FILM[20:40], start=np.r_[np.arange(10), 5000 + np.arange(10)] * CLIP)
    apart = tw.align(late, table(FILM, "film"))
    assert agreement(apart, [(0, 120, 60, 180), (30000, 180, 30060, 240)]) >= 0.98


def test_options_and_videos_are_paired() -> None:
    film = table(FILM, "film")
    a = pd.concat([table(FILM[10:30]), table(OTHER[5:30]).assign(embedding_option="audio")])
    b = pd.concat([film, table(OTHER, "film").assign(embedding_option="audio"), table(OTHER, "z")])
    found = tw.align(a, b)
    assert found["embedding_option"].tolist() == ["audio", "visual"]
    assert found["b_start_sec"].tolist() == pytest.approx([30.0, 60.0])
    assert set(found["b_video_id"]) == {"film"}


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_passage_that_the_other_video_shows_again(noise: float) -> None:
    rng = np.random.default_rng(2)
    order = [*range(20), *range(70, 82), *range(20, 40), *range(70, 82), *range(90, 99)]
    shown = FILM[order] + noise * rng.normal(size=(len(order), 64))
    found = tw.align(table(FILM[70:82]), table(shown, "b"))
    assert len(found) == 2
    for row, begin in zip(found.itertuples(), (20, 52), strict=True):
        assert row.a_start_sec == pytest.approx(0, abs=CLIP / 2)
        assert row.a_end_sec == pytest.approx(12 * CLIP, abs=CLIP / 2)
        assert row.b_start_sec == pytest.approx(begin * CLIP, abs=CLIP / 2)
        assert row.b_end_sec == pytest.approx((begin + 12) * CLIP, abs=CLIP / 2)
    ranked = tw.find(table(FILM[64:82]), table(shown, "b"))
    assert ranked["share"][0] == pytest.approx(12 / 18, abs=0.06)  # seen twice, counted once
    assert ranked["n_pieces"][0] == 2


def test_repeats_of_many_videos_show_progress(bars: list[dict[str, Any]]) -> None:
    tw.repeats(tw.sample())
    assert [bar["desc"] for bar in bars] == ["videos"]


@pytest.mark.parametrize(("lag", "told"), [(6, False), (7, False), (9, True), (12, True)])
def test_what_comes_again_at_once_is_no_repeat(lag: int, told: bool) -> None:
    film = np.random.default_rng(lag).normal(size=(80, 128))
    film[30 + lag : 30 + 2 * lag] = film[30 : 30 + lag]
    assert bool(len(tw.repeats(table(film, "film")))) is told


def test_repeats_within_a_video() -> None:
    again = np.r_[FILM[:60], FILM[20:35], FILM[60:100]]
    found = tw.repeats(table(again, "film"))
    found = found[found["score"] > 0.9]
    assert len(found) == 1
    columns = ["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec"]
    np.testing.assert_allclose(found[columns].to_numpy()[0], [120, 210, 360, 450], atol=3)
    assert (tw.repeats(table(FILM))["score"] < 0.9).all()


def test_the_corpus_is_ranked_by_what_it_holds() -> None:
    clip = table(np.r_[FILM[10:40], OTHER[20:30]], "clip")
    corpus = pd.concat(
        [table(OTHER, "some"), table(FILM, "most"), table(footage(50, 9), "none"), clip]
    )
    ranked = tw.find(clip, corpus)
    assert ranked["video_id"].tolist() == ["most", "some"]
    assert ranked["rank"].tolist() == [1, 2]
    assert ranked["share"].tolist() == pytest.approx([0.75, 0.25], abs=0.03)
    assert ranked["start_sec"].tolist() == pytest.approx([60, 120], abs=1)
    assert len(tw.find(table(footage(30, 8), "new"), corpus)) == 0


def test_a_second_of_a_clip_counts_once() -> None:
    film, clip = table(FILM, "film"), table(FILM[20:50])
    assert tw.find(clip, film)["share"][0] == pytest.approx(1, abs=0.01)
    assert tw.find(pd.concat([clip, clip]), film)["share"][0] == pytest.approx(1, abs=0.01)
    long = [one.assign(end_sec=one["end_sec"] + CLIP) for one in (clip, film)]
    assert tw.find(*long)["share"][0] > 0.9


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
def test_degenerate_videos() -> None:
    film = table(FILM, "film")
    for matrix in (np.zeros((5, 64)), np.ones((1, 64)), np.ones((30, 64))):
        assert len(tw.align(table(matrix), film)) == 0
        tw.align(film, table(matrix))
        tw.repeats(table(matrix))


@settings(max_examples=12, deadline=None)
@given(
    low=st.integers(0, 80),
    n=st.integers(12, 40),
    later=st.floats(0, 900),
    factor=st.floats(0.2, 5),
    seed=st.integers(0, 99),
)
@pytest.mark.once
def test_shift_scale_and_order_do_not_matter(
    low: int, n: int, later: float, factor: float, seed: int
) -> None:
    a, b = table(FILM[low : low + n]), table(FILM, "film")
    found = tw.align(a, b)
    moved = a.assign(start_sec=a["start_sec"] + later, end_sec=a["end_sec"] + later)
    shifted = tw.align(moved.sample(frac=1, random_state=seed), b.sample(frac=1, random_state=seed))
    np.testing.assert_allclose(shifted["a_start_sec"] - later, found["a_start_sec"], atol=0.05)
    np.testing.assert_allclose(shifted["b_start_sec"], found["b_start_sec"], atol=0.05)
    sides = []
    for one in (a, b):
        times = one[["start_sec", "end_sec"]] * factor
        sides.append(tw.with_vectors(one, tw.vectors(one) * factor).assign(**times))
    scaled = tw.align(*sides)
    np.testing.assert_allclose(scaled["b_end_sec"] / factor, found["b_end_sec"], atol=0.05)


def best_by_loop(gain: np.ndarray, speed: float) -> set[tuple[float, ...]]:
    """The best stretch of each line of one speed, cell by cell; what it sums up to, and where."""
    (n, m), found, back = gain.shape, set(), speed < 0
    shifts = [int(np.floor(abs(speed) * (i + 0.5))) for i in range(n)]
    for line in range(-shifts[-1], m):
        total, best, begun = np.float32(0), (np.float32(0), 0, 0), 0
        for i, shift in enumerate(shifts):
            column = line + shift
            if 0 <= column < m:
                begun = begun if total > 0 else i
                worth = gain[i, m - 1 - column if back else column]
                total = max(total + worth, np.float32(0))
                best = (total, begun, i + 1) if total > best[0] else best
        begin = line + abs(speed) * best[1]
        found.add((round(float(best[0]), 4), *best[1:], m - begin if back else begin, speed))
    return found


# Up to 64 alike cells in a row lines are followed from these, else each is summed as a whole. A
# threshold decides which lines are shown, and a price is asked of speeds; so pieces are looked at.
@pytest.mark.parametrize("size", [(1, 1), (1, 20), (25, 1), (30, 20), (20, 45), (12, 220)])
def test_every_line_has_its_best_stretch(size: tuple[int, int], rng: np.random.Generator) -> None:
    similar = rng.normal(0.3, 0.3, size=size).round(1).astype(np.float32)  # with ties
    rows, columns = rng.random(size[0]) > 0.1, rng.random(size[1]) > 0.1
    rows[0] = columns[0] = similar[0, 0] = True
    gain = shared_pieces.gain_of(similar, rows, columns)
    truth = np.where(rows[:, None] & columns, similar - np.float32(0.3), np.float32(0))
    one = shared_pieces.gain_of(np.ones((1, 1), np.float32), rows[:1], columns[:1])
    for speed in (1 / 3, 0.7, 1.0, 2.2, 3.0, -1.0):
        price = 0.7 - shared_pieces.find_stretches(one, (speed,), -2.0)[0].score
        found = shared_pieces.find_stretches(gain, (speed,), 0.217 - price)
        sums = {(round(p.score + price, 4), *p[1:5]) for p in found}
        assert sums == {best for best in best_by_loop(truth, speed) if best[0] >= 0.217}
        assert len(sums) == len(found)


def test_refusals() -> None:
    with pytest.raises(tw.InputError, match="vectors of 64 and of 16 dimensions"):
        tw.align(table(FILM), table(FILM[:, :16], "film"))
    with pytest.raises(tw.InputError, match="no column 'start_sec'"):
        tw.align(table(FILM).drop(columns="start_sec"), table(FILM))
    with pytest.raises(tw.InputError, match="the clip has 2 videos"):
        tw.find(pd.concat([table(FILM), table(OTHER, "z")]), table(FILM, "film"))
    with pytest.raises(tw.InputError, match="no column 'video_id'"):
        tw.find(table(FILM), table(FILM, "film").drop(columns="video_id"))
    broken = table(FILM)
    broken.loc[119, "end_sec"] = 1e9
    with pytest.raises(tw.InputError, match=r"'q' of 1.67e\+08 and .* stretches of 6 s are too"):
        tw.repeats(broken)
    models = [table(FILM, video).assign(model_name=video) for video in ("m1", "m2")]
    with pytest.raises(tw.InputError, match="vectors of the models 'm1' and 'm2'"):
        tw.align(*models)
