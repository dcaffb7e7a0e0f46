"""A table and a store of the same rows give the same hits, or the same refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.numbers

D = 8


def drawn(rng: np.random.Generator) -> pd.DataFrame:
    """Videos in some options on unlike grids, with whole videos, pages, copies and zero vectors."""
    parts = []
    for option in rng.choice(["visual", "audio", "text"], rng.integers(1, 4), replace=False):
        for video in rng.choice(["a", "b's", "c"], rng.integers(1, 4), replace=False):
            n, step = int(rng.integers(1, 25)), float(rng.choice([6.0, 6.0, 7.5]))
            start = step * np.arange(n)
            clips = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + step})
            parts.append(clips.assign(embedding_option=option, embedding_scope="clip"))
            if rng.random() < 0.5:
                whole = clips.tail(1).assign(start_sec=0.0, embedding_scope="video")
                parts.append(whole.assign(embedding_option=option))
    rows = pd.concat(parts, ignore_index=True).assign(model_name="m", page=np.nan)
    untimed = (rng.random(len(rows)) < 0.15) & (rows["embedding_scope"] == "clip")
    rows.loc[untimed, ["start_sec", "end_sec"]] = np.nan
    rows.loc[untimed, "page"] = np.arange(untimed.sum())
    named = rng.random()
    if named < 0.4:  # two models, or one and rows that name none
        some = rng.random(len(rows)) < 0.3 if rng.random() < 0.5 else rows["video_id"] == "a"
        rows["model_name"] = rows["model_name"].mask(some, "other" if named < 0.2 else None)
    matrix = rng.normal(size=(len(rows), D)) + rng.uniform(0, 1.5)
    equal = rng.random(len(rows)) < 0.2
    matrix[equal] = matrix[0]
    matrix[rng.random(len(rows)) < 0.1] = 0
    matrix[0] = 1
    return tw.with_vectors(rows.sample(frac=1, random_state=int(rng.integers(99))), matrix)


def asked(rng: np.random.Generator, rows: pd.DataFrame) -> dict[str, Any]:
    """The arguments of a search: what is looked for, by which options, and where."""
    given: dict[str, Any] = {"k": int(rng.choice([1, 4, 500]))}
    there = sorted({*rows["embedding_option"]})
    kind = rng.integers(4)
    vector = rng.normal(size=(2, D)) + 0.5
    given["query"] = vector[0] if kind < 2 else vector if kind < 3 else rows.sample(2).copy()
    if rng.random() < 0.3:
        given["by"] = str(rng.choice(there))
    elif rng.random() < 0.4:
        given["weights"] = {str(rng.choice(there)): float(rng.choice([0, 0.3, 4]))}
    if rng.random() < 0.3:
        given["fuse"] = "rank"
    if rng.random() < 0.3:
        given["video_id"] = [["a", "b's"], "b's", "nowhere"][int(rng.integers(3))]
    if rng.random() < 0.3:
        given["start_sec"] = float(rng.choice([6, 20, 900]))
    if rng.random() < 0.3:
        given["end_sec"] = float(rng.choice([950, 1000]))
    conditions = ["page >= 0", "page IS NULL OR start_sec < 30", "model_name = 'm'"]
    conditions += ["model_name IS NULL", "embedding_scope = 'video'", "video_id LIKE 'B%'"]
    if rng.random() < 0.5:
        given["where"] = str(rng.choice(conditions))
    return given


def outcome(search: Any, given: dict[str, Any]) -> pd.DataFrame | None:
    """The hits, or None where the search is refused."""
    try:
        found: pd.DataFrame = search(**given)
    except tw.InputError:
        return None
    return found


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
@pytest.mark.parametrize("seed", range(12))
def test_a_store_gives_what_its_table_gives(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    store = tw.open(tmp_path)
    store.add(drawn(rng))
    rows = store.to_table()
    n_found = 0
    for _ in range(10):
        given = asked(rng, rows)
        expected = outcome(lambda rows=rows, **asks: tw.search(rows, **asks), given)
        found = outcome(store.search, given)
        assert (found is None) == (expected is None), given
        if found is None or expected is None:
            continue
        n_found += len(found)
        pd.testing.assert_frame_equal(
            found[expected.columns], expected, atol=1e-5, check_dtype=bool(len(expected))
        )
    assert n_found or len(rows["model_name"].unique()) > 1
