"""Agreement of options: nothing said of strangers, kin found, and p uniform where nothing is."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from insides import chance

import twlab as tw

pytestmark = pytest.mark.numbers

FILMS = Path(__file__).parents[2] / "shared" / "benchmarks" / "scenes" / "scenes_development.npz"


def unit(matrix: Any) -> np.ndarray:
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def smooth(rng: np.random.Generator, n: int, d: int, rho: float) -> np.ndarray:
    """A series that follows itself with the autocorrelation ``rho``."""
    out = rng.normal(size=(n, d))
    for k in range(1, n):
        out[k] = rho * out[k - 1] + np.sqrt(1 - rho**2) * out[k]
    return out


def shots(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    lengths = rng.integers(1, 8, size=n)
    return np.repeat(rng.normal(size=(n, d)), lengths, axis=0)[:n] + 0.5 * rng.normal(size=(n, d))


def drifting(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return np.linspace(-1, 1, n)[:, None] * rng.normal(size=d) + smooth(rng, n, d, 0.5)


def titled(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    out, title = smooth(rng, n, d, 0.5), 2 * rng.normal(size=d)
    out[[0, 1, 2, 3, 4, -5, -4, -3, -2, -1]] += title
    return out


def segments(matrix: Any, option: str = "visual", video: str = "v", **columns: Any) -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": [video] * n, "start_sec": 6.0 * np.arange(n)})
    rows["end_sec"] = rows["start_sec"] + 6
    rows["embedding_option"] = option
    return tw.with_vectors(rows.assign(**columns), np.asarray(matrix, np.float32))


def p_of(a: np.ndarray, b: np.ndarray) -> float:
    found = chance.chance_of_agreement(unit(a), unit(b))
    return (
        float("nan") if found.note is not None else chance.p_of_agreement(unit(a), unit(b), found)
    )


def opened(rng: np.random.Generator, n: int, d: int, part: float = 0.15) -> np.ndarray:
    """A series that opens with a title over part of it."""
    out = smooth(rng, n, d, 0.5)
    out[: round(n * part)] += 2 * rng.normal(size=d)
    return out


def is_calibrated(p: list[float]) -> None:
    """p is spread evenly among strangers, but a small one may be rarer than it says."""
    judged = np.array(p)[np.isfinite(p)]
    assert len(judged) >= 0.8 * len(p)
    for level in (0.05, 0.2, 0.5, 0.8):
        # Within what chance leaves of so many draws, at one in a thousand.
        leeway = 3.3 * np.sqrt(level * (1 - level) / len(judged))
        assert (judged <= level).mean() <= level + leeway, level
        assert (judged <= level).mean() >= level - leeway or level == 0.05, level


@pytest.mark.once
@pytest.mark.parametrize(
    ("make", "lengths"),
    [
        (lambda r, n, d: smooth(r, n, d, 0.0), (70, 110)),
        (lambda r, n, d: smooth(r, n, d, 0.5), (70, 110)),
        (lambda r, n, d: smooth(r, n, d, 0.9), (350,)),
        (shots, (70, 110)),
    ],
    ids=["white", "AR .5", "AR .9", "shots"],
)
def test_p_is_uniform_among_strangers(make: Any, lengths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(31)
    draws = 200 // len(lengths) if len(lengths) > 1 else 60
    is_calibrated([p_of(make(rng, n, 24), make(rng, n, 16)) for n in lengths for _ in range(draws)])


@pytest.mark.skipif(not FILMS.exists(), reason="the films are not part of the project")
def test_p_is_uniform_among_stretches_of_two_films() -> None:
    data = np.load(FILMS, allow_pickle=False)
    names = sorted((key for key in data.files if key.endswith("__X")), key=lambda k: -len(data[k]))
    films = [data[name].astype(float) for name in names[:2]]
    stretches = [[film[k : k + 60] for k in range(0, len(film) - 60, 50)] for film in films]
    is_calibrated([p_of(a, b) for a, b in itertools.product(*stretches)])


@pytest.mark.parametrize("part", [0.1, 0.15, 0.2])
def test_an_opening_of_both_is_no_kinship(part: float) -> None:
    rng = np.random.default_rng(35)
    p = np.array([p_of(opened(rng, n, 48, part), opened(rng, n, 32, part)) for n in (60, 120) * 40])
    judged = p[np.isfinite(p)]
    assert (judged <= 0.05).mean() <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / len(judged))
    rows = [segments(opened(rng, 100, d, 0.2), o) for d, o in ((48, "visual"), (32, "audio"))]
    found = tw.compare_options(pd.concat(rows)).iloc[0]
    assert found["p_value"] > 0.05
    assert found["agreement"] > found["chance_95"]


@pytest.mark.parametrize(("factor", "wrong"), [(0.5, "calls an opening kin"), (2, "misses kin")])
def test_half_and_double_the_outer_part_are_wrong(
    factor: float, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(36)
    openings = [(opened(rng, 80, 48, 0.2), opened(rng, 80, 32, 0.2)) for _ in range(40)]
    kin = []
    for _ in range(40):
        a = smooth(rng, 60, 48, 0.5)
        b = a @ rng.normal(size=(48, 32))
        kin.append((a, b + 2 * b.std() * rng.normal(size=b.shape)))

    def called(pairs: Any) -> float:
        return float(np.mean(np.array([p_of(*pair) for pair in pairs]) <= 0.05))

    assert called(openings) <= 0.2
    assert called(kin) >= 0.7
    monkeypatch.setattr(chance, "OUTER", factor * chance.OUTER)
    assert called(openings) > 0.6 if "opening" in wrong else called(kin) < 0.5


@pytest.mark.parametrize("make", [drifting, titled, lambda r, n, d: smooth(r, n, d, 0.97)])
def test_common_trends_and_ends_are_not_called_kinship(make: Any) -> None:
    rng = np.random.default_rng(32)
    p = [p_of(make(rng, n, 48), make(rng, n, 32)) for n in (60, 100) for _ in range(30)]
    assert np.mean(np.array(p) <= 0.05) <= 0.07  # NaN is not called


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_kin_are_found(rho: float) -> None:
    rng, found = np.random.default_rng(33), []
    for _ in range(20):
        a = smooth(rng, 80, 48, rho)
        b = a @ rng.normal(size=(48, 32))
        found.append(p_of(a, b + b.std() * rng.normal(size=b.shape)))
    assert np.mean(np.array(found) <= 0.05) >= 0.8


def test_all_shifts_at_once_are_the_shifts_one_by_one(rng: np.random.Generator) -> None:
    a, b = unit(smooth(rng, 30, 8, 0.5)), unit(smooth(rng, 30, 6, 0.5))
    cut = 30 // 20
    inner = [x[cut : len(x) - cut] for x in (a, b)]
    n = len(inner[0])

    def clean(x: np.ndarray) -> np.ndarray:
        """Row and column effects off the diagonal by least squares, then the mean of each lag."""
        i, j = np.nonzero(~np.eye(n, dtype=bool))
        design = np.eye(n)[i] + np.eye(n)[j]
        flat = (x @ x.T)[i, j]
        flat = flat - design @ np.linalg.lstsq(design, flat, rcond=None)[0]
        for lag in range(1, n):
            flat[np.abs(i - j) == lag] -= flat[np.abs(i - j) == lag].mean()
        return flat

    one = clean(inner[0])
    orders = [np.roll(inner[1][::step], by, axis=0) for step in (1, -1) for by in range(n)]
    expected = [float(np.corrcoef(one, clean(x))[0, 1]) for x in orders]
    found = chance.chance_of_agreement(a, b)
    np.testing.assert_allclose([found.agreement, *found.others], expected, atol=1e-9)
    assert chance.agreement_of(a, b) == pytest.approx(expected[0])


def test_order_and_clock_do_not_matter(rng: np.random.Generator) -> None:
    both = pd.concat([segments(smooth(rng, 60, 16, 0.3), o) for o in ("visual", "audio")])
    found = tw.compare_options(both)
    assert found["least_p"][0] == pytest.approx(1 / (2 * (60 - 2 * 12)))
    late = both.assign(start_sec=both["start_sec"] * 3 + 50, end_sec=both["end_sec"] * 3 + 50)
    for other in (both.sample(frac=1, random_state=1), late):
        pd.testing.assert_frame_equal(tw.compare_options(other), found)


def test_where_nothing_can_be_said_the_note_says_why(rng: np.random.Generator) -> None:
    def note(a: np.ndarray, b: np.ndarray) -> str:
        row = tw.compare_options(pd.concat([segments(a), segments(b, "audio")])).iloc[0]
        assert np.isnan(row["p_value"])
        return str(row["note"])

    assert "only 5 moments" in note(smooth(rng, 5, 8, 0), smooth(rng, 5, 8, 0))
    assert "count as" in note(smooth(rng, 60, 8, 0.98), smooth(rng, 60, 8, 0.98))
    assert "never changes" in note(np.ones((60, 8)), smooth(rng, 60, 8, 0))
    steep = [drifting(rng, 240, d) + smooth(rng, 240, d, 0) for d in (48, 32)]
    assert "trend" in note(*steep)


@pytest.mark.once
def test_other_videos_are_chance_where_there_are_enough() -> None:
    """Titles, trends and slow drift that leave one video without a verdict get one."""
    rng, called, judged = np.random.default_rng(34), 0, 0
    for _ in range(12):
        films = [(drifting(rng, 60, 24), drifting(rng, 60, 16)) for _ in range(12)]
        parts = [
            segments(x, option, f"v{k:02}")
            for k, film in enumerate(films)
            for x, option in zip(film, ("visual", "audio"), strict=True)
        ]
        found = tw.compare_options(pd.concat(parts, ignore_index=True))
        assert found["least_p"].max() == pytest.approx(1 / 23)
        judged += int(found["p_value"].notna().sum())
        called += int((found["p_value"] <= 0.05).sum())
    assert judged == 12 * 12
    assert called / judged <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / judged)


def test_two_models_of_one_option_are_a_pair(rng: np.random.Generator) -> None:
    film = smooth(rng, 60, 16, 0.3)
    near = film @ rng.normal(size=(16, 12))
    both = pd.concat([segments(film, model_name="m1"), segments(near, model_name="m2")])
    row = tw.compare_options(both).iloc[0]
    assert [row["option_a"], row["option_b"]] == ["visual", "visual"]
    assert [row["model_a"], row["model_b"]] == ["m1", "m2"]
    assert row["p_value"] <= 0.05
    unnamed = tw.compare_options(
        pd.concat([both.iloc[:60], both.iloc[60:].assign(model_name=None)])
    )
    assert unnamed[["model_a", "model_b"]].isna().sum().sum() == 1
    figure = tw.plot.options(tw.compare_options(both))
    assert "m1" in figure.data[0].y[0]
    assert "m2" in figure.data[0].y[0]


def test_a_single_option_of_one_model_is_no_pair(rng: np.random.Generator) -> None:
    found = tw.compare_options(segments(smooth(rng, 30, 8, 0)))
    assert len(found) == 0
    assert found["p_value"].dtype == np.float64


def test_few_other_videos_are_no_chance(rng: np.random.Generator) -> None:
    films = [
        segments(smooth(rng, 60, 16, 0.3), option, f"v{k}")
        for k in range(4)
        for option in ("visual", "audio")
    ]
    found = tw.compare_options(pd.concat(films, ignore_index=True))
    alone = tw.compare_options(pd.concat(films[:2], ignore_index=True))
    pd.testing.assert_frame_equal(found.iloc[:1], alone)
    assert found["least_p"].max() < 0.02
