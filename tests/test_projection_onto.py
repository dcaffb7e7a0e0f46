"""New segments placed on a map that is there."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.numbers


def table(matrix: Any, video_id: str = "a") -> pd.DataFrame:
    n = len(matrix)
    rows = pd.DataFrame({"video_id": video_id, "start_sec": np.arange(n) * 6.0})
    return tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), matrix)


def groups(n: int, seed: int, d: int = 12) -> np.ndarray:
    """Rows of four groups, one after another."""
    rng = np.random.default_rng(seed)
    return np.asarray(np.eye(d)[np.arange(n) % 4] + rng.normal(scale=0.1, size=(n, d)))


@pytest.fixture(scope="module")
def film_map() -> pd.DataFrame:
    film = tw.sample()
    return film.join(tw.project(film))


def held_out(matrix: np.ndarray, coords: np.ndarray, new: np.ndarray, k: int = 10) -> float:
    """The share of the k nearest map rows of held-out rows that are nearest in truth."""
    truth, _ = tw.nearest(matrix[new], matrix[~new], k=k)
    distance = np.linalg.norm(coords[new][:, None] - coords[~new], axis=2)
    on_map = np.argsort(distance, axis=1)[:, :k]
    return float(np.mean([len({*a} & {*b}) / k for a, b in zip(truth, on_map, strict=True)]))


@pytest.mark.parametrize("method", ["tsne", "pca"])
@pytest.mark.parametrize("n_components", [2, 3])
def test_a_map_onto_itself_is_itself(method: Any, n_components: Any) -> None:
    film = tw.sample()
    coords = tw.project(film, method=method, n_components=n_components)
    again = tw.project(film, onto=film.join(coords), method=method)
    pd.testing.assert_frame_equal(again, coords, atol=1e-5, check_exact=False)


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_places_may_be_missing_in_any_dtype(method: Any) -> None:
    film = tw.sample()
    film.loc[3, "embedding_scope"] = "video"
    known = film.join(tw.project(film, method="pca"))
    assert known["x"].isna().any()
    places = {name: known[name].astype("Float64") for name in "xy"}
    placed = tw.project(film[:9], onto=known.assign(**places), method=method)
    pd.testing.assert_frame_equal(placed, tw.project(film[:9], onto=known, method=method))


@pytest.mark.parametrize("method", ["tsne", "pca", pytest.param("umap", marks=pytest.mark.slow)])
def test_new_rows_lie_with_their_group(method: Any) -> None:
    known, new = table(groups(80, 0)), table(groups(40, 1), "b").set_axis(range(100, 140))
    coords = tw.project(known, method=method)
    placed = tw.project(new, onto=known.join(coords), method=method)
    assert placed.index.equals(new.index)
    centres = coords.groupby(np.arange(80) % 4).mean().to_numpy()
    distance = np.linalg.norm(placed.to_numpy()[:, None] - centres, axis=2)
    assert (distance.argmin(axis=1) == np.arange(40) % 4).all()


def test_held_out_rows_keep_their_neighbours_nearly_as_rows_of_the_map() -> None:
    film = tw.sample()
    film = film[film["embedding_scope"] == "clip"].reset_index(drop=True)
    matrix, new = tw.vectors(film), np.arange(len(film)) % 5 == 2
    known = film[~new]
    placed = tw.project(film[new], onto=known.join(tw.project(known)))
    coords = np.empty((len(film), 2))
    coords[~new], coords[new] = tw.project(known), placed
    whole = np.asarray(tw.project(film))
    assert held_out(matrix, coords, new) > held_out(matrix, whole, new) - 0.1
    rng = np.random.default_rng(0)
    coords[new] = rng.permutation(coords[~new])[: new.sum()]
    assert held_out(matrix, coords, new) < 0.3  # by lot: the measure can fail


def test_one_row_that_lies_astray_draws_no_new_row_to_it() -> None:
    group = np.eye(8)[0] + 0.1 * np.random.default_rng(3).normal(size=(12, 8))
    new = group[:1] + 0.01
    places = table(group).assign(x=0.0, y=0.0)
    places.loc[0, ["x", "y"]] = 100.0  # the most similar of all
    assert tw.nearest(new, group, k=1)[0].tolist() == [[0]]
    found = tw.project(table(new), onto=places)
    assert found[["x", "y"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_principal_axes_are_those_of_the_map(rng: np.random.Generator) -> None:
    known, new = rng.normal(size=(30, 6)), rng.normal(size=(9, 6))
    map_of = table(known).join(tw.project(table(known), method="pca"))
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    axes = np.linalg.lstsq(unit - unit.mean(axis=0), map_of[["x", "y"]], rcond=None)[0]
    expected = (new / np.linalg.norm(new, axis=1, keepdims=True) - unit.mean(axis=0)) @ axes
    np.testing.assert_allclose(tw.project(new, onto=map_of, method="pca"), expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.* has no rows")
def test_rows_off_the_map_stay_off_it(film_map: pd.DataFrame) -> None:
    trailer = tw.sample("trailer").iloc[:6]
    matrix = tw.vectors(trailer).copy()
    matrix[2] = 0
    scopes = ["clip"] * 5 + ["video"]
    mixed = tw.with_vectors(trailer, matrix).assign(embedding_scope=scopes)
    with pytest.warns(tw.TwlabWarning, match="1 of 6 vectors are all zeros"):
        coords = tw.project(mixed, onto=film_map)
    assert coords.isna().all(axis=1).tolist() == [False, False, True, False, False, True]
    assert tw.project(trailer.iloc[:0], onto=film_map).shape == (0, 2)


def test_a_map_from_a_file(film_map: pd.DataFrame, tmp_path: Path) -> None:
    path = tw.save(film_map, tmp_path / "map.parquet")
    trailer = tw.sample("trailer")
    placed = tw.project(trailer, onto=tw.load(path))
    pd.testing.assert_frame_equal(placed, tw.project(trailer, onto=film_map))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 30), m=st.integers(1, 12))
def test_neither_order_nor_length_nor_company_matters(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    known = table(rng.normal(size=(n, 5))).assign(x=rng.normal(size=n), y=rng.normal(size=n))
    new = table(rng.normal(size=(m, 5)), "b")
    placed = tw.project(new, onto=known)
    other = tw.project(new.sample(frac=1, random_state=seed), onto=known.iloc[::-1])
    pd.testing.assert_frame_equal(other.sort_index(), placed)
    alone = tw.project(tw.with_vectors(new, tw.vectors(new) * 3).iloc[:1], onto=known)
    pd.testing.assert_frame_equal(alone, placed.iloc[:1])
    low, high = known[["x", "y"]].min(), known[["x", "y"]].max()
    assert (placed >= low - 1e-9).all(axis=None)
    assert (placed <= high + 1e-9).all(axis=None)


def test_what_is_no_map(film_map: pd.DataFrame) -> None:
    film, trailer = tw.sample(), tw.sample("trailer")
    coords = film_map[["x", "y"]]
    for wrong, shown in ((film, "of the columns video_id"), (coords, "of the columns x, y")):
        with pytest.raises(tw.InputError, match=f"onto is a DataFrame {shown}.*film.join"):
            tw.project(trailer, onto=wrong)
    twice = pd.concat([film_map, coords], axis=1)
    with pytest.raises(tw.InputError, match="columns x, x, y, y; each once"):
        tw.project(trailer, onto=twice)
    with pytest.raises(tw.InputError, match="onto is a ndarray; a table of segments"):
        tw.project(trailer, onto=coords.to_numpy())  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="none of them has a vector and a place"):
        tw.project(trailer, onto=film_map.assign(x=np.nan))
    audio = tw.sample(embedding_option="audio")
    with pytest.raises(tw.InputError, match="option 'audio' compared with vectors of 'visual'"):
        tw.project(audio, onto=film_map)
    with pytest.raises(tw.InputError, match="vectors of 3 and of 1280 dimensions"):
        tw.project(np.eye(3), onto=film_map)
    with pytest.raises(tw.InputError, match="coords is a DataFrame of shape"):
        tw.project(trailer, onto=film_map.assign(x="left"))


def test_axes_need_the_whole_map() -> None:
    film = tw.sample()
    by_axes = film.join(tw.project(film, method="pca"))
    shuffled = by_axes.sample(frac=1, random_state=0)
    found = tw.project(film, onto=shuffled, method="pca")
    np.testing.assert_allclose(found, by_axes[["x", "y"]], atol=1e-5)
    for wrong in (by_axes.iloc[:40], film.join(tw.project(film))):
        with pytest.raises(tw.InputError, match="are not those of its rows by method 'pca'"):
            tw.project(film, onto=wrong, method="pca")


@pytest.mark.once
def test_the_same_map_in_another_process() -> None:
    code = (
        "import hashlib, numpy as np, twlab as tw; "
        "coords = tw.project(tw.sample(), random_state=3).to_numpy(); "
        "print(hashlib.sha256(np.nan_to_num(coords).tobytes()).hexdigest())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
