"""Summaries, odd ones, doublets, agreement of options and the diagnosis."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from insides import selection

import twlab as tw

pytestmark = pytest.mark.numbers


def table(matrix: Any, option: str = "visual", *, clip: float = 6.0) -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": ["a"] * n, "start_sec": np.arange(n) * clip})
    rows["end_sec"] = rows["start_sec"] + clip
    rows["embedding_option"] = option
    rows["embedding_scope"] = "clip"
    rows["model_name"] = "test"
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))


def coverage(matrix: np.ndarray, chosen: Any) -> float:
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return float(np.maximum(unit @ unit[list(chosen)].T, 0).max(axis=1).mean())


def test_a_summary_is_nearly_the_best_of_all(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(14, 4))
    summary = tw.summarize(table(matrix), n_segments=3, by="coverage")
    best = max(coverage(matrix, chosen) for chosen in combinations(range(14), 3))
    assert coverage(matrix, summary.index) == pytest.approx(summary["coverage"].max(), abs=1e-5)
    assert summary["coverage"].max() >= 0.95 * best
    assert sorted(summary["pick"]) == [1, 2, 3]
    assert summary["start_sec"].is_monotonic_increasing


def test_a_summary_of_very_many_rows_looks_at_some(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twlab.analysis.groups.selection.MOST_SUMMARIZED", 50)
    segments = table(rng.normal(size=(120, 4)))
    mixed = segments.sample(frac=1, random_state=1)
    with pytest.warns(tw.TwlabWarning, match=r"120 segments, of which every 3\. stands for"):
        summary = tw.summarize(mixed, n_segments=3)
    pd.testing.assert_frame_equal(summary, tw.summarize(segments.iloc[::3], n_segments=3))


def test_gains_of_many_rows_are_computed_at_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    gains = selection._gains

    def counted(unit: Any, rows: list[int], *rest: Any) -> Any:
        sizes.append(len(rows))
        return gains(unit, rows, *rest)

    segments = table(rng.normal(size=(2000, 24)))
    monkeypatch.setattr(selection, "MOST_AT_ONCE", selection.FIRST_AT_ONCE)
    expected = tw.summarize(segments, n_segments=6, by="coverage")
    monkeypatch.undo()
    monkeypatch.setattr(selection, "_gains", counted)
    pd.testing.assert_frame_equal(tw.summarize(segments, n_segments=6, by="coverage"), expected)
    assert selection.FIRST_AT_ONCE < max(sizes) <= selection.MOST_AT_ONCE


def test_every_kind_of_shot_is_represented() -> None:
    kinds = np.repeat(np.arange(4), [10, 3, 20, 5])
    summary = tw.summarize(table(np.eye(4)[kinds]), n_segments=9)
    assert sorted(kinds[summary.index]) == [0, 1, 2, 3]
    assert summary["coverage"].max() == pytest.approx(1.0)
    assert kinds[summary[summary["pick"] == 1].index[0]] == 2


def test_each_scene_is_shown_once() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lengths = rng.integers(3, 12, size=int(rng.integers(3, 15)))
        scene = np.repeat(np.arange(len(lengths)), lengths)
        matrix = rng.normal(size=(len(lengths), 48))[scene] + 0.5 * rng.normal(
            size=(len(scene), 48)
        )
        summary = tw.summarize(table(matrix), n_segments=len(lengths))
        assert sorted(scene[summary.index]) == list(range(len(lengths)))
        first = summary[summary["pick"] == 1].index[0]
        assert lengths[scene[first]] == lengths.max()


def test_a_scene_that_comes_back_is_shown_again() -> None:
    scene = np.repeat([0, 1, 0], 6)
    shown = tw.summarize(table(np.eye(2)[scene]), n_segments=3).index
    assert [int(row) // 6 for row in shown] == [0, 1, 2]
    assert len(tw.summarize(table(np.eye(2)[scene]), n_segments=3, by="coverage")) == 2


@pytest.mark.parametrize("by", ["scenes", "coverage"])
def test_footage_without_a_change_is_one_segment(by: Any) -> None:
    assert len(tw.summarize(table(np.ones((40, 8))), n_segments=5, by=by)) == 1


@pytest.mark.parametrize("by", ["scenes", "coverage"])
def test_seconds_weigh_and_not_rows(rng: np.random.Generator, by: Any) -> None:
    matrix = rng.normal(size=(12, 6))
    long = rng.integers(1, 9, size=12)
    whole = table(matrix)
    whole["end_sec"] = np.cumsum(long).astype(float)
    whole["start_sec"] = whole["end_sec"] - long
    pieces = table(np.repeat(matrix, long, axis=0), clip=1.0)
    for n in (1, 2, 4):
        kinds = np.repeat(np.arange(12), long)[tw.summarize(pieces, n_segments=n, by=by).index]
        assert kinds.tolist() == tw.summarize(whole, n_segments=n, by=by).index.tolist()


def test_the_longest_segment_of_a_stretch_is_typical() -> None:
    film = table([[1.0, 0.2], [0.2, 1.0], [0.2, 1.0]])
    film["start_sec"], film["end_sec"] = [0.0, 60.0, 61.0], [60.0, 61.0, 62.0]
    for by in ("scenes", "coverage"):
        assert tw.summarize(film, n_segments=1, by=by).index.tolist() == [0]


@pytest.mark.parametrize("by", ["scenes", "coverage"])
def test_the_order_of_rows_changes_no_summary(rng: np.random.Generator, by: Any) -> None:
    films = [table(rng.normal(size=(30, 8))).assign(video_id=name) for name in "ab"]
    both = pd.concat(films, ignore_index=True)
    mixed = both.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        tw.summarize(mixed, n_segments=7, by=by), tw.summarize(both, n_segments=7, by=by)
    )
    later = both.assign(start_sec=both["start_sec"] * 3 + 9, end_sec=both["end_sec"] * 3 + 9)
    assert tw.summarize(later, n_segments=7, by=by).index.equals(
        tw.summarize(both, n_segments=7, by=by).index
    )


def test_of_segments_that_gain_the_same_the_first_is_taken() -> None:
    """Two takes of one shot gain the same; rounding, which axes change, must not choose."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shots = rng.normal(size=(6, 48))
        matrix = shots[[0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]] + 0.7 * rng.normal(size=(13, 48))
        turn = np.linalg.qr(rng.normal(size=(48, 48)))[0]
        one, other = (
            tw.summarize(table(rows), n_segments=6, by="coverage").index.tolist()
            for rows in (matrix, matrix @ turn)
        )
        assert one == other


def test_of_unlike_gains_the_greatest_is_taken_however_near_they_are() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        matrix = rng.normal(size=(150, 40)) + rng.normal(size=40)
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        wanted = int(np.maximum(unit @ unit.T, 0).sum(axis=1).argmax())
        assert tw.summarize(table(matrix), n_segments=1, by="coverage").index.tolist() == [wanted]


def test_fewer_segments_than_videos_are_of_the_longest(rng: np.random.Generator) -> None:
    films = [table(rng.normal(size=(n, 8))).assign(video_id=str(n)) for n in (5, 9, 3)]
    summary = tw.summarize(pd.concat(films, ignore_index=True), n_segments=2)
    assert summary["video_id"].tolist() == ["5", "9"]
    assert tw.summarize(pd.concat(films), n_segments=3)["video_id"].nunique() == 3
    with pytest.raises(tw.InputError, match="by is 'seconds'; 'scenes' or 'coverage'"):
        tw.summarize(films[0], n_segments=2, by="seconds")


def test_the_budget_is_kept(rng: np.random.Generator) -> None:
    segments = table(rng.normal(size=(40, 8)))
    segments["end_sec"] = segments["start_sec"] + rng.uniform(0.5, 6, size=40)
    for budget in (4.0, 20.0, 60.0):
        summary = tw.summarize(segments, budget_sec=budget)
        assert 0 < (summary["end_sec"] - summary["start_sec"]).sum() <= budget
    assert len(tw.summarize(segments, budget_sec=0.1)) == 0
    with pytest.raises(tw.InputError, match="neither budget_sec nor n_segments"):
        tw.summarize(segments)
    with pytest.raises(tw.InputError, match="n_segments is 0"):
        tw.summarize(segments, n_segments=0)


def test_a_summary_is_of_rows_that_last(rng: np.random.Generator) -> None:
    segments = table(rng.normal(size=(10, 8)))
    odd = segments.copy()
    odd.loc[2, ["start_sec", "end_sec"]] = np.nan
    odd.loc[4, "end_sec"] = odd.loc[4, "start_sec"]
    expected = tw.summarize(segments.drop([2, 4]), budget_sec=18)
    pd.testing.assert_frame_equal(tw.summarize(odd, budget_sec=18), expected)
    named = segments.set_index("video_id", drop=False)
    assert len(tw.summarize(named, n_segments=3)) == 3
    texts = segments.assign(start_sec=np.nan, end_sec=np.nan)
    assert len(tw.summarize(texts, n_segments=3)) == len(tw.summarize(texts, budget_sec=3)) == 3


@pytest.mark.parametrize(
    "bounds", [{"n_segments": 2.5}, {"n_segments": True}, {"n_segments": "2"}, {"budget_sec": "9"}]
)
def test_bounds_of_a_summary_are_numbers(bounds: dict[str, Any]) -> None:
    (name,) = bounds
    with pytest.raises(
        tw.InputError, match=f"{name} is {bounds[name]!r}; a (positive|whole) number"
    ):
        tw.summarize(table(np.eye(8)), **bounds)


def test_odd_segments_stand_out(rng: np.random.Generator) -> None:
    matrix = np.repeat(rng.normal(size=(6, 32)), 15, axis=0) + 0.4 * rng.normal(size=(90, 32))
    matrix[[17, 50]] = rng.normal(size=(2, 32))
    odd = tw.outliers(table(matrix))
    assert set(odd.nlargest(2).index) == {17, 50}
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    similar = np.sort(unit @ unit.T - 9 * np.eye(90), axis=1)[:, -15:]
    np.testing.assert_allclose(odd, 1 - similar.mean(axis=1), atol=1e-5)


def test_a_foreign_stretch_is_odd_though_its_clips_are_alike() -> None:
    hits: dict[int, list[float]] = {7: [], 15: []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        film = np.repeat(rng.normal(size=(8, 32)), 20, axis=0) + 0.6 * rng.normal(size=(160, 32))
        film[70:77] = rng.normal(size=32) + 0.6 * rng.normal(size=(7, 32))
        for k, found in hits.items():
            odd = tw.outliers(table(film), k=k).nlargest(7).index
            found.append(len(set(odd) & set(range(70, 77))) / 7)
        assert tw.outliers(table(film)).equals(tw.outliers(table(film), k=15))
    assert np.mean(hits[15]) > 0.85
    assert np.mean(hits[7]) < 0.7  # half of the default


def test_outliers_of_few_rows() -> None:
    assert tw.outliers(table(np.eye(3)[:1])).isna().all()
    assert tw.outliers(table(np.ones((2, 3)))).tolist() == pytest.approx([0, 0], abs=1e-6)
    mixed = pd.concat([table(np.ones((3, 4))), table(np.ones((1, 6)), "audio")], ignore_index=True)
    assert tw.outliers(mixed).isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("n", ["five", 0, 2.5, True])
def test_neighbours_of_outliers_are_counted(rng: np.random.Generator, n: Any) -> None:
    with pytest.raises(tw.InputError, match=f"k is {n!r}; a whole number of neighbours"):
        tw.outliers(table(rng.normal(size=(9, 3))), k=n)


def test_doublets_leave(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(30, 16))
    matrix[[5, 9]] = matrix[2]
    segments = table(matrix)
    kept = tw.deduplicate(segments)
    assert sorted(set(range(30)) - set(kept.index)) == [5, 9]
    chain = tw.deduplicate(table(rng.normal(size=(80, 2))), threshold=0.9)
    similar = tw.cosine_similarity(chain) - 2 * np.eye(len(chain))
    assert similar.max() < 0.9
    pd.testing.assert_frame_equal(tw.deduplicate(chain, threshold=0.9), chain)


def test_doublets_of_one_time_leave(rng: np.random.Generator) -> None:
    once = table(rng.normal(size=(30, 16)))
    kept = tw.deduplicate(pd.concat([once, once], ignore_index=True))
    pd.testing.assert_frame_equal(kept, once)


def test_thousands_of_copies_leave(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twlab.analysis.neighbors.nearest.MOST_PAIRS", 100)
    matrix = rng.normal(size=(60, 16))
    matrix[20:] = matrix[3]
    matrix[50] *= 2
    kept = tw.deduplicate(table(matrix))
    assert kept.index.tolist() == list(range(20))


def test_doublets_of_no_rows() -> None:
    nothing = table(np.zeros((2, 3)))
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        assert len(tw.deduplicate(nothing)) == 2
    with pytest.raises(tw.InputError, match="threshold is 5"):
        tw.deduplicate(nothing[:0], threshold=5)


def smooth(rng: np.random.Generator, n: int, d: int = 12) -> np.ndarray:
    return np.repeat(rng.normal(size=(n // 6, d)), 6, axis=0)


def test_options_that_follow_each_other_agree(rng: np.random.Generator) -> None:
    sight = smooth(rng, 120)
    sound = sight @ rng.normal(size=(12, 30)) + 0.3 * rng.normal(size=(120, 30))
    both = pd.concat([table(sight), table(sound, "audio")], ignore_index=True)
    found = tw.compare_options(both).iloc[0]
    assert found["agreement"] > 0.5 > found["chance_95"]
    assert found["p_value"] < 0.02
    assert found["n_cells"] == 120
    shuffled = tw.compare_options(both.sample(frac=1, random_state=0)).iloc[0]
    assert shuffled["agreement"] == pytest.approx(found["agreement"])


def test_strangers_do_not_agree_though_both_are_smooth() -> None:
    values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shots = (np.repeat(np.arange(90), rng.integers(2, 9, size=90))[:90] for _ in range(2))
        sight, sound = (rng.normal(size=(90, 12))[shot] for shot in shots)
        both = pd.concat([table(sight), table(sound, "audio")])
        values.append(tw.compare_options(both)["p_value"][0])
    assert np.mean(np.array(values) < 0.05) <= 0.2
    assert np.isnan(values).mean() <= 0.2  # a verdict withheld
    assert 0.3 < np.nanmean(values) < 0.7


def test_options_on_other_grids(rng: np.random.Generator) -> None:
    sight = smooth(rng, 120)
    halves = table(np.repeat(sight, 2, axis=0) + 0.1, "audio", clip=3.0)
    found = tw.compare_options(pd.concat([table(sight), halves], ignore_index=True)).iloc[0]
    assert found["agreement"] > 0.9
    few = tw.compare_options(pd.concat([table(sight[:4]), table(sight[:4], "audio")]))
    assert math.isnan(few["agreement"][0])
    assert len(tw.compare_options(table(sight))) == 0


def verdict(report: pd.DataFrame, check: str) -> list[str]:
    return report[report["check"] == check]["verdict"].tolist()


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_a_sound_table_is_found_so(rng: np.random.Generator) -> None:
    report = tw.diagnose(table(np.linalg.qr(rng.normal(size=(40, 40)))[0][:20]))
    assert set(report["verdict"]) == {"fine"}
    assert len(tw.diagnose(table(np.eye(3)).iloc[:0])) > 0


def test_what_is_wrong_is_found(rng: np.random.Generator) -> None:
    matrix = 3 + rng.normal(size=(20, 8))
    matrix[4] = 0
    matrix[7] = matrix[6]
    segments = table(matrix)
    segments.loc[10:, ["start_sec", "end_sec"]] += 50
    segments.loc[15, "end_sec"] += 4
    other = table(np.eye(5)).assign(model_name="other", embedding_scope="video")
    report = tw.diagnose(pd.concat([segments, other], ignore_index=True))
    assert verdict(report, "model names") == ["problem"]
    assert verdict(report, "embedding scopes") == ["note"]
    assert "problem" in verdict(report, "zero vectors")
    assert "note" in verdict(report, "anisotropy")
    assert "note" in verdict(report, "vector lengths")
    assert "note" in verdict(report, "repeated vectors")
    assert "note" in verdict(report, "gaps")
    assert "note" in verdict(report, "overlaps")
    gaps = report[(report["check"] == "gaps") & (report["value"] > 0)]["finding"].iloc[0]
    assert gaps.startswith("1 gaps of 50.0 s")


@pytest.mark.parametrize(("share", "told"), [(0.45, "fine"), (0.75, "note")])
def test_vectors_that_share_much_are_told_of(share: float, told: str) -> None:
    rng = np.random.default_rng(8)
    own = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    matrix = np.sqrt(share) * own[0] + np.sqrt(1 - share) * own[1:41]
    assert verdict(tw.diagnose(table(matrix)), "anisotropy") == [told]


@pytest.mark.parametrize(("clips", "told"), [(0.05, "fine"), (0.2, "note"), (0.9, "note")])
def test_gaps_and_overlaps_of_a_tenth_of_a_clip_are_told_of(clips: float, told: str) -> None:
    segments = table(np.random.default_rng(9).normal(size=(12, 16)))
    late = segments.copy()
    late.loc[6:, ["start_sec", "end_sec"]] += clips * 6
    assert verdict(tw.diagnose(late), "gaps") == [told]
    lapped = segments.copy()
    lapped.loc[5, "end_sec"] += clips * 6
    assert verdict(tw.diagnose(lapped), "overlaps") == [told]


def common_clips(segments: pd.DataFrame) -> float:
    report = tw.diagnose(segments)
    (row,) = report[report["check"] == "common clips"].itertuples()
    assert row.verdict == ("note" if row.value else "fine")
    return float(row.value)


def test_blank_clips_are_told_of() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        film = np.repeat(rng.normal(size=(12, 64)), 8, axis=0) + 0.6 * rng.normal(size=(96, 64))
        assert common_clips(table(film)) == 0
        blank, where = rng.normal(size=64), [0, 1, 40, 95]
        film[where] = blank + 0.05 * rng.normal(size=(4, 64))
        assert common_clips(table(film)) == 4
        mixed = table(film).sample(frac=1, random_state=seed)
        assert common_clips(mixed) == 4
        assert (
            f"first at {mixed['start_sec'].iloc[mixed.index.isin(where).argmax()]:g} s"
            in (tw.diagnose(mixed).set_index("check").loc["common clips", "finding"])
        )
        film[[40, 95]] = rng.normal(size=(2, 64))
        assert common_clips(table(film)) == 0  # in one place
        other = rng.normal(size=(40, 64))
        other[[0, -1]] = blank
        films = [table(film), table(other).assign(video_id="b")]
        assert common_clips(pd.concat(films, ignore_index=True)) == 4


@pytest.mark.parametrize("first_sec", [0.0, 13.0, 31.0])
def test_a_picture_that_is_held_long_does_not_come_back(first_sec: float) -> None:
    rng = np.random.default_rng(3)
    film = rng.normal(size=(140, 64))
    film[20:80] = film[20] + 0.02 * rng.normal(size=(60, 64))  # a slide of six minutes
    slide = table(film)
    slide[["start_sec", "end_sec"]] += first_sec
    assert common_clips(slide) == 0
    film[[100, 120]] = film[20]  # and twice again
    slide = tw.with_vectors(slide, film)
    assert common_clips(slide) == 62
    part = np.arange(140)
    cut = slide[(part < 30) | ((part >= 42) & (part < 55)) | (part >= 70)]
    assert common_clips(cut) == 35
    assert common_clips(cut[part[: len(cut)] < 60]) == 0  # nothing else lies between


@pytest.mark.parametrize(("step", "n"), [(7, 0), (12, 3)])
def test_a_place_is_ten_clips_from_the_next(rng: np.random.Generator, step: int, n: int) -> None:
    film = rng.normal(size=(60, 64))
    film[[5, 5 + step, 5 + 2 * step]] = film[5]
    assert common_clips(table(film)) == n


@pytest.mark.parametrize(("noise", "n"), [(0.33, 0), (0.06, 4)])
def test_a_room_that_is_seen_again_is_no_blank_clip(noise: float, n: int) -> None:
    """Views of one place are a tenth of the usual distance apart, a blank with noise far less."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        film = rng.normal(size=(90, 256))
        film[[5, 30, 55, 80]] = film[5] + noise * rng.normal(size=(4, 256))
        assert common_clips(table(film)) == n


def test_common_clips_of_pages_are_told_without_a_second(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(20, 16))
    matrix[[1, 5, 9]] = matrix[1]
    for none in (np.nan, None, pd.NA):
        pages = table(matrix).astype({"start_sec": object, "end_sec": object})
        pages = pages.assign(start_sec=none, end_sec=none)
        finding = tw.diagnose(pages).set_index("check").loc["common clips", "finding"]
        assert str(finding).startswith("3 clips, the first without time of 'a', come back")


def test_missing_vectors_are_no_repeats(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(20, 16))
    matrix[[2, 3, 4]] = 0
    report = tw.diagnose(table(matrix)).set_index("check")["value"]
    assert (report["zero vectors"], report["repeated vectors"]) == (3, 0)


def test_options_that_a_filter_took_away_are_not_there(rng: np.random.Generator) -> None:
    both = pd.concat([table(rng.normal(size=(9, 8))), table(rng.normal(size=(9, 8)), "audio")])
    both = both.astype({"embedding_option": "category", "model_name": "category"})
    sight = both[both["embedding_option"] == "visual"]  # a column of two categories still
    assert len(tw.nearest(sight, k=1)) == 9
    assert tw.diagnose(sight).set_index("check").loc["embedding options", "value"] == 1
    with pytest.raises(tw.InputError, match=r"'audio' \(9 rows\), 'visual' \(9 rows\)"):
        tw.nearest(both)


def test_clips_that_differ_all_stay(rng: np.random.Generator) -> None:
    shots = np.repeat(rng.normal(size=(12, 128)), 6, axis=0) + 0.4 * rng.normal(size=(72, 128))
    assert len(tw.deduplicate(table(shots))) == 72


def test_films_without_blank_clips_have_none() -> None:
    told = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n, level = int(rng.integers(2, 150)), rng.uniform(0, 0.95)
        drift = rng.normal(size=(n, 48))
        for row in range(1, n):
            drift[row] = level * drift[row - 1] + np.sqrt(1 - level**2) * drift[row]
        told += common_clips(table(rng.uniform(0, 3) + drift)) > 0
    assert told == 0
    assert common_clips(table(np.ones((50, 4)))) == 0
    assert common_clips(tw.sample()) == 0
