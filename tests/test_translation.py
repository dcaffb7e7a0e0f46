"""From one model's vectors to another's: what is kept, on whom, and when to embed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_compare_models import film, films

import twlab as tw

if TYPE_CHECKING:
    import pandas as pd

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def old() -> pd.DataFrame:
    return films(np.random.default_rng(1), [40] * 12, d=12, rho=0.5)


def of_new(old: pd.DataFrame, seed: int, noise: float, d: int = 12) -> pd.DataFrame:
    """A turn of the old vectors, with noise."""
    rng = np.random.default_rng(seed)
    turned = tw.vectors(old) @ np.linalg.qr(rng.normal(size=(max(d, 12), 12)))[0].T[:, :d]
    noisy = turned + noise * rng.normal(size=turned.shape)
    return tw.with_vectors(old, noisy).assign(model_name="new")


def test_a_turn_is_found_and_more_noise_keeps_less(old: pd.DataFrame) -> None:
    kept = []
    for noise in (0.0, 0.1, 0.3, 0.6, 1.2, 3.0):
        found = tw.fit_translation(old, of_new(old, 2, noise))
        kept.append(found.scores["retained"].max())
        if not noise:
            assert isinstance(found, tw.Translation)
            assert found.verdict == "translate"
            assert found.scores["cosine"].max() > 0.99
    assert kept[0] > 0.97
    assert all(np.diff(kept) < 0), kept
    assert found.verdict == "re-embed"
    assert "90% asked" in found.note


def test_strangers_keep_what_chance_gives(old: pd.DataFrame) -> None:
    other = films(np.random.default_rng(3), [40] * 12, d=9, rho=0.5)
    found = tw.fit_translation(old, other)
    assert found.verdict == "re-embed"
    assert (found.scores["retained"] < 3 * 10 / 440).all()  # ten of the 440 rows of other videos


def test_ridge_undoes_what_no_turn_can(old: pd.DataFrame) -> None:
    stretched = tw.vectors(old) * np.geomspace(0.2, 5, 12)
    found = tw.fit_translation(old, tw.with_vectors(old, stretched))
    kept = found.scores.set_index("method")["retained"]
    assert found.method == "ridge"
    assert kept["ridge"] > kept["orthogonal"] + 0.1


def test_more_videos_teach_more(old: pd.DataFrame) -> None:
    curve = tw.fit_translation(old, of_new(old, 4, 0.3)).curve
    assert curve["n_videos"].tolist() == [1, 2, 4, 8, 9]
    assert curve["n_pairs"].iloc[:4].tolist() == [40, 80, 160, 320]
    assert curve["retained"].iloc[-1] > curve["retained"].iloc[0]


def test_what_is_translated_is_searched_by_the_new_model(old: pd.DataFrame) -> None:
    first = old.assign(model_name="old", embedding_option="visual")
    new = of_new(old, 5, 0.0, d=20).assign(embedding_option="visual")
    found = tw.fit_translation(first, new)
    moved = found.translate(first)
    assert moved["model_name"].unique().tolist() == ["new"]
    assert moved["translated_from"].unique().tolist() == ["old"]
    assert moved.index.equals(first.index)
    cosine = (tw.vectors(moved) * tw.vectors(new)).sum(axis=1)
    assert (cosine / np.linalg.norm(tw.vectors(new), axis=1)).min() > 0.98
    assert tw.search(moved, new.iloc[7:8], k=1)["start_sec"].iloc[0] == new["start_sec"].iloc[7]
    assert len(found.translate(first.iloc[:0])) == 0
    with pytest.raises(tw.InputError, match="segments are of 'new'; rows of 'old' were expected"):
        found.translate(new)
    with pytest.raises(tw.InputError, match="segments have 20 dimensions; 12 were expected"):
        found.translate(new.drop(columns="model_name"))


def test_order_and_scale_do_not_matter(old: pd.DataFrame) -> None:
    new = of_new(old, 6, 0.3)
    found = tw.fit_translation(old, new)
    other = tw.with_vectors(new, 7 * tw.vectors(new)).sample(frac=1, random_state=1)
    again = tw.fit_translation(old.sample(frac=1, random_state=2), other)
    assert again.method == found.method
    np.testing.assert_allclose(
        again.scores.drop(columns="method"), found.scores.drop(columns="method"), atol=5e-3
    )


def test_too_few_videos_give_no_verdict(old: pd.DataFrame) -> None:
    some = old[old["video_id"].isin(["film 0", "film 1", "film 2"])]
    found = tw.fit_translation(some, of_new(some, 7, 0.0))
    assert found.verdict == "cannot tell"
    assert "3 videos, and 5 are needed" in found.note
    rows = np.random.default_rng(8).normal(size=(30, 5))
    with pytest.raises(tw.InputError, match="share one video, 'v'; two or more were expected"):
        tw.fit_translation(film(rows), film(-rows))


def test_vectors_that_are_all_alike_give_no_verdict(old: pd.DataFrame) -> None:
    same = tw.with_vectors(old, np.ones((len(old), 9), np.float32))
    found = tw.fit_translation(old, same)
    assert found.verdict == "cannot tell"
    assert "too alike, or too few" in found.note


def test_rows_of_another_option_are_refused_and_zeros_stay(old: pd.DataFrame) -> None:
    first = old.assign(embedding_option="visual")
    found = tw.fit_translation(first, of_new(old, 5, 0.0).assign(embedding_option="audio"))
    with pytest.raises(tw.InputError, match="segments are of 'audio'; rows of 'visual' were"):
        found.translate(first.assign(embedding_option="audio"))
    matrix = tw.vectors(first).copy()
    matrix[3] = 0
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        moved = tw.vectors(found.translate(tw.with_vectors(first, matrix)))
    assert not moved[3].any()
    assert np.delete(moved, 3, axis=0).any(axis=1).all()
