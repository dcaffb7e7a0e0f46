"""Copies: nothing between strangers, cut footage missing, and what score and chance mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.numbers

TIMES = ["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec"]


def unit(matrix: Any) -> np.ndarray:
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def table(matrix: Any, video: str, option: str = "visual") -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": [video] * n, "start_sec": 6.0 * np.arange(n)})
    rows["end_sec"] = rows["start_sec"] + 6
    rows["embedding_option"] = option
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))


def white(rng: np.random.Generator, n: int) -> np.ndarray:
    return unit(rng.normal(size=(n, 256)))


def shots(rng: np.random.Generator, n: int) -> np.ndarray:
    """Shots of one to six clips, of few places that come again, on a common base."""
    places = rng.normal(size=(max(2, n // 5), 64))
    lengths = rng.integers(1, 7, size=n)
    at = np.repeat(rng.integers(0, len(places), size=n), lengths)[:n]
    return unit(2 * np.ones(64) / 8 + places[at] / 8 + 0.5 * rng.normal(size=(n, 64)) / 8)


def with_blanks(matrix: np.ndarray, n_blank: int) -> np.ndarray:
    out = matrix.copy()
    out[:n_blank] = out[len(out) - n_blank :] = np.eye(1, out.shape[1])
    return out


@pytest.mark.once
@pytest.mark.parametrize(
    ("make", "n_blank"), [(make, n) for make in (white, shots) for n in (0, 1, 4, 9)]
)
def test_strangers_share_nothing(make: Any, n_blank: int) -> None:
    rng = np.random.default_rng(41)
    shared = []
    for _ in range(15):
        a, b = (with_blanks(make(rng, n), n_blank) for n in (40, 60))
        shared.append(len(tw.align(table(a, "a"), table(b, "b"))) > 0)
    assert np.mean(shared) <= 1 / 15
    assert make is shots or not any(shared)


def test_a_still_picture_is_one_clip_however_long() -> None:
    rng = np.random.default_rng(42)
    a, b, still = white(rng, 40), white(rng, 60), white(rng, 1)
    a[10:22] = b[30:42] = still
    assert len(tw.align(table(a, "a"), table(b, "b"))) == 0
    a[10:22] = b[30:42] = white(rng, 12)
    found = tw.align(table(a, "a"), table(b, "b"))
    assert found[TIMES].to_numpy().tolist() == [[60.0, 132.0, 180.0, 252.0]]


@pytest.mark.parametrize(("n_clips", "n_pieces"), [(1, 0), (2, 0), (3, 1), (6, 1)])
def test_the_shortest_copy_is_of_three_clips(n_clips: int, n_pieces: int) -> None:
    rng = np.random.default_rng(43)
    a, b = white(rng, 40), white(rng, 60)
    a[10 : 10 + n_clips] = b[30 : 30 + n_clips]
    found = tw.align(table(a, "a"), table(b, "b"))
    assert len(found) == n_pieces
    a[25:35], beside = b[5:15], tw.align(table(a, "a"), table(b, "b"))
    again = tw.align(table(a, "a"), table(b, "b"))
    pd.testing.assert_frame_equal(beside.iloc[:0], again.iloc[:0])
    assert len(again) == 1 + (n_clips >= 2)  # beside a long piece two clips are enough


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("n_cut", [1, 3])
def test_cut_footage_is_missing(n_cut: int, noise: float) -> None:
    said = kept = right = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        film = white(rng, 40)
        i, j = int(rng.integers(3, 17)), int(rng.integers(20, 33))
        order = [*range(i), -1, -1, -1, *range(i, j), *range(j + n_cut, 40)]
        other = np.where(np.array(order)[:, None] >= 0, film[order], white(rng, len(order)))
        other = unit(other + noise * rng.normal(size=other.shape) / 16)
        found = tw.align(table(film, "a"), table(other, "b"))
        for k in range(40):
            here = found[(found["a_start_sec"] <= 6 * k + 3) & (found["a_end_sec"] > 6 * k + 3)]
            if k not in order:
                said += len(here)
                continue
            kept += 1
            at = here["b_start_sec"] + (6 * k + 3 - here["a_start_sec"]) * here["speed"]
            right += bool((np.abs(at - 6 * order.index(k) - 3) < 3).any())
    assert said == 0
    assert right >= 0.98 * kept


def test_times_lie_within_both_videos() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        base = np.repeat(rng.normal(size=(6, 256)), 4, axis=0)
        both = [unit(base + 0.35 * rng.normal(size=base.shape)) for _ in range(2)]
        found = tw.align(table(both[0], "a"), table(both[1], "b"))
        assert len(found) >= 1
        assert found[TIMES].to_numpy().min() >= 0
        assert found[TIMES].to_numpy().max() <= 144
        seconds = found["b_end_sec"] - found["b_start_sec"]
        np.testing.assert_allclose(
            found["speed"], seconds / (found["a_end_sec"] - found["a_start_sec"]), rtol=1e-6
        )
    film = tw.sample()
    shots = tw.align(tw.sample("shots"), film)
    assert shots["b_end_sec"].max() <= film["end_sec"].max()


def test_score_and_chance_tell_noisy_from_clean_and_long_from_short() -> None:
    rng = np.random.default_rng(44)
    film = white(rng, 120)

    def best(n: int, noise: float) -> pd.Series[Any]:
        copy = unit(film[30 : 30 + n] + noise * rng.normal(size=(n, 256)) / 16)
        found = tw.align(table(np.r_[white(rng, 15), copy], "a"), table(film, "b"))
        return found.iloc[0]

    scores = [best(12, noise)["score"] for noise in (0.0, 0.5, 1.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=0.02)
    assert scores[2] == pytest.approx(np.sqrt(0.5), abs=0.1)
    chances = [best(n, 0.3)["chance"] for n in (3, 6, 12)]
    assert chances == sorted(chances, reverse=True)
    assert 1e-9 < chances[0] < 1e-5  # the fall of chance, neither half nor double
    assert chances[2] < 1e-20


def test_order_of_rows_and_sides_and_duplicates_do_not_matter() -> None:
    rng = np.random.default_rng(45)
    film = white(rng, 60)
    cut = np.r_[white(rng, 7), film[20:35], white(rng, 4), film[3:9]]
    a, b = table(cut, "a"), table(film, "b")
    found = tw.align(a, b)
    assert len(found) == 2
    pd.testing.assert_frame_equal(tw.align(a.sample(frac=1, random_state=1), b), found)
    twice = tw.align(pd.concat([a, a]), pd.concat([b, b]))
    np.testing.assert_allclose(twice[TIMES], found[TIMES], atol=0.01)
    back = tw.align(b, a).sort_values("b_start_sec")
    np.testing.assert_allclose(back[[*TIMES[2:], *TIMES[:2]]], found[TIMES], atol=0.7)


def test_blank_stretches_and_silence_are_no_repeats() -> None:
    rng = np.random.default_rng(46)
    film = white(rng, 80)
    film[10:16] = film[40:46] = film[70:76] = np.eye(1, 256)
    assert len(tw.repeats(table(film, "a"))) == 0
    film[50:56] = film[20:26]
    found = tw.repeats(table(film, "a"))
    np.testing.assert_allclose(found[TIMES], [[120, 156, 300, 336]], atol=0.7)


@pytest.mark.once
@pytest.mark.parametrize("make", [white, shots])
@pytest.mark.parametrize("period", [4, 8, 16])
@pytest.mark.parametrize("n_kinds", [1, 2])
def test_what_comes_again_between_scenes_is_nothing_shared(
    make: Any, period: int, n_kinds: int
) -> None:
    rng = np.random.default_rng(49)
    n_shared = 0
    for _ in range(12):
        a, b = make(rng, 48), make(rng, 60)
        kinds = np.r_[np.eye(1, a.shape[1]), white(rng, 1)[:, : a.shape[1]]][:n_kinds]
        for film in (a, b):
            at = np.arange(rng.integers(1, period + 1), len(film), period)
            film[at] = unit(kinds)[np.arange(len(at)) % n_kinds]
        n_shared += len(tw.align(table(a, "a"), table(b, "b"))) > 0
    assert n_shared <= 1


@pytest.mark.parametrize("make", [white, shots])
def test_a_copy_between_black_clips_is_found(make: Any) -> None:
    rng = np.random.default_rng(50)
    n_found = 0
    for _ in range(8):
        a, b = make(rng, 48), make(rng, 60)
        a[3::8] = b[5::8] = np.eye(1, a.shape[1])
        a[20:32] = b[41:53]
        found = tw.align(table(a, "a"), table(b, "b"))
        middle = found[(found["a_start_sec"] < 156) & (found["a_end_sec"] > 156)]
        n_found += bool((np.abs(middle["b_start_sec"] - middle["a_start_sec"] - 126) < 3).any())
    assert n_found >= 7


def test_no_video_of_strangers_is_found() -> None:
    rng = np.random.default_rng(47)
    corpus = [table(with_blanks(shots(rng, 60), 2), f"v{k}") for k in range(12)]
    clip = with_blanks(shots(rng, 30), 2)
    assert len(tw.find(table(clip, "clip"), pd.concat(corpus))) == 0
    held = np.r_[clip[:10], unit(tw.vectors(corpus[4])[20:35])]
    found = tw.find(table(held, "clip"), pd.concat(corpus))
    assert found["video_id"].tolist() == ["v4"]
    alone = tw.find(table(held, "clip"), corpus[4])
    assert found["chance"][0] > alone["chance"][0]  # the more videos, the more chance


def test_pieces_of_several_options_are_drawn() -> None:
    rng = np.random.default_rng(48)
    films = {option: white(rng, 40) for option in ("audio", "visual")}
    b = pd.concat([table(x, "b", option) for option, x in films.items()])
    a = pd.concat([table(x[5:25], "a", option) for option, x in films.items()])
    pieces = tw.align(a, b)
    assert sorted(pieces["embedding_option"]) == ["audio", "visual"]
    figure = tw.plot.alignment(a, b, pieces=pieces)
    assert {trace.name for trace in figure.data[1:]} >= {
        "shared piece, audio",
        "shared piece, visual",
    }
    assert "similarity of audio" in figure.layout.title.text
    with pytest.raises(tw.InputError, match="2 videos"):
        tw.plot.alignment(pd.concat([a, b]), b, pieces=pieces)
    with pytest.raises(tw.InputError, match="one in common"):
        tw.plot.alignment(
            a[a["embedding_option"] == "audio"], b[b["embedding_option"] == "visual"], pieces=pieces
        )


@pytest.mark.parametrize(("every", "speed"), [(2, 2.0), (3, 3.0)])
def test_a_copy_sped_up_keeps_its_speed_to_the_ends_of_the_film(every: int, speed: float) -> None:
    for seed in range(3):
        film = white(np.random.default_rng(60 + seed), 100 - every * seed)
        found = tw.align(table(film[::every], "a"), table(film, "b"))
        assert len(found) == 1
        assert found["speed"][0] == pytest.approx(speed, abs=2e-3)
        assert found[TIMES].to_numpy().min() >= 0
        assert found["b_end_sec"][0] <= 6 * len(film)
        length = found["a_end_sec"] - found["a_start_sec"]
        assert length[0] >= 6 * len(film[::every]) - 6  # at most half a clip at either end


def test_blocks_played_backwards_are_no_row_of_single_clips() -> None:
    rng = np.random.default_rng(61)
    film = white(rng, 60)
    order = np.concatenate([np.arange(k, k + 6)[::-1] for k in range(0, 60, 6)])
    found = tw.align(table(film[order], "a"), table(film, "b"))
    assert (found["speed"] < 0).mean() >= 0.9
    assert (found["a_end_sec"] - found["a_start_sec"]).sum() >= 0.95 * 360
