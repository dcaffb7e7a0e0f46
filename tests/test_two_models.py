"""A table of two models: each for itself and named, or refused in one sentence, never a mix.

Every public function that takes a table of segments is called with one film embedded by two
models on unequal grids: vectors of one length, which would multiply without a complaint, and of
two. What a refusal says to do is done, and then there is a result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab import public

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once

A, B = "model a", "it's b"
SPANS = pd.DataFrame({"video_id": "v", "start_sec": [0, 60], "end_sec": [60, 90], "label": "xy"})
SPANS["label"] = ["x", "y"]


def film(model: str, clip_sec: float, d: int, *, video: str = "v", seed: int = 0) -> pd.DataFrame:
    """Scenes of 30 s for 240 s, as a model sees them."""
    rng = np.random.default_rng(seed)
    start = np.arange(0, 240, clip_sec)
    rows = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + clip_sec})
    rows = rows.assign(embedding_option="visual", embedding_scope="clip", model_name=model)
    scenes = rng.normal(size=(8, d))[(start // 30).astype(int)]
    return tw.with_vectors(rows, scenes + 0.2 * rng.normal(size=(len(start), d)))


def both(d: int) -> pd.DataFrame:
    parts = [film(A, 3, 8, seed=1), film(B, 4, d, seed=2)]
    return pd.concat(parts, ignore_index=True)


def thrice(segments: pd.DataFrame) -> pd.DataFrame:
    """The same as three videos: some to learn from and one to hold out."""
    return pd.concat([segments.assign(video_id=video) for video in "vwx"], ignore_index=True)


def label_rows(segments: pd.DataFrame) -> Any:
    return (segments["start_sec"] // 30).astype(int).to_numpy() % 2


ONE_SIDE = film(A, 3, 8, video="w", seed=1)

REFUSED: dict[str, Callable[[pd.DataFrame], Any]] = {
    "align": lambda s: tw.align(ONE_SIDE, s),
    "cluster": tw.cluster,
    "cluster_counts": tw.cluster_counts,
    "cluster_summary": lambda s: tw.cluster_summary(s, label_rows(s)),
    "cosine_similarity": lambda s: tw.cosine_similarity(ONE_SIDE, s),
    "deduplicate": tw.deduplicate,
    "diff": lambda s: tw.diff(ONE_SIDE, s),
    "find": lambda s: tw.find(ONE_SIDE, s),
    "fit_translation": lambda s: tw.fit_translation(thrice(s), thrice(film(B, 4, 8))),
    "knn_accuracy": lambda s: tw.knn_accuracy(s, label_rows(s), groups=s["start_sec"] // 60),
    "leaks": lambda s: tw.leaks(ONE_SIDE, s),
    "modality_gap": lambda s: tw.modality_gap(s.assign(embedding_option=label_rows(s).astype(str))),
    "moments": lambda s: tw.moments(np.ones(8), s),
    "name_clusters": lambda s: tw.name_clusters(
        s, label_rows(s), vocabulary={"x": np.ones(8), "y": -np.ones(8)}
    ),
    "near_duplicates": tw.near_duplicates,
    "nearest": tw.nearest,
    "novelty": tw.novelty,
    "outliers": tw.outliers,
    "probe": lambda s: tw.probe(s, label_rows(s) == 0),
    "project": tw.project,
    "repeats": tw.repeats,
    "scene_counts": tw.scene_counts,
    "scenes": tw.scenes,
    "search": lambda s: tw.search(s, np.ones(8)),
    "similarity_pairs": tw.similarity_pairs,
    "summarize": lambda s: tw.summarize(s, n_segments=3),
    "threshold": tw.threshold,
    "trustworthiness": lambda s: tw.trustworthiness(s, np.arange(2.0 * len(s)).reshape(-1, 2)),
}
"""Those that compare vectors with one another."""

NAMED: dict[str, Callable[[pd.DataFrame], set[str]]] = {
    "clips": lambda s: set(tw.clips(s)["model_name"]),
    "compare_models": lambda s: set(map(str, re.findall(f"{A}|{B}", repr(tw.compare_models(s))))),
    "compare_options": lambda s: set(tw.compare_options(s)[["model_a", "model_b"]].iloc[0]),
    "diagnose": lambda s: {m for m in (A, B) if tw.diagnose(s)["subject"].str.contains(m).any()},
    "to_spans": lambda s: set(tw.to_spans(s, label_rows(s))["model_name"]),
    "video_vectors": lambda s: set(tw.video_vectors(s)["model_name"]),
}
"""Those that treat each model for itself, and the models that their result names."""

BY_ROW: dict[str, Callable[[pd.DataFrame], Any]] = {
    "annotate": lambda s: tw.annotate(s, SPANS),
    "scene_labels": lambda s: tw.scene_labels(s, SPANS),
}
"""Those that say something of each row by its time, on the index of the table."""

OPENED = {"explore", "player", "save_html", "timeline_widget"}


def test_no_function_is_forgotten() -> None:
    takes = {name for name, wire in public.WIRES.items() if wire.stores}
    assert takes == {*REFUSED, *NAMED, *BY_ROW, *OPENED}


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")  # one film says little
@pytest.mark.parametrize("d", [8, 6])
@pytest.mark.parametrize("name", REFUSED)
def test_both_models_are_named_and_what_is_said_to_do_works(name: str, d: int) -> None:
    segments = both(d)
    with pytest.raises(tw.InputError) as refused:
        REFUSED[name](segments)
    message = str(refused.value)
    assert A in message
    assert B in message
    assert "\n" not in message
    remedy = re.search(r"(segments|table)\[\1.*? == .*?\]", message)
    assert remedy, message
    filtered = eval(remedy[0], {"segments": segments, "table": segments, "name": A})
    (model,) = set(filtered["model_name"])
    REFUSED[name](filtered if model == A else segments[segments["model_name"] == A])


@pytest.mark.parametrize("d", [8, 6])
@pytest.mark.parametrize("name", NAMED)
def test_each_model_is_named(name: str, d: int) -> None:
    assert NAMED[name](both(d)) >= {A, B}


@pytest.mark.parametrize("name", BY_ROW)
def test_rows_are_told_as_if_their_model_were_alone(name: str) -> None:
    segments = both(6)
    told = BY_ROW[name](segments)
    for model in (A, B):
        mine = segments["model_name"] == model
        assert told[mine].equals(BY_ROW[name](segments[mine]))


def test_spans_of_a_model_are_those_of_it_alone() -> None:
    segments = both(6)
    spans = tw.to_spans(segments, label_rows(segments))
    for model in (A, B):
        alone = segments[segments["model_name"] == model]
        mine = spans[spans["model_name"] == model].drop(columns="model_name")
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), tw.to_spans(alone, label_rows(alone)), check_dtype=False
        )
    assert "model_name" not in tw.to_spans(alone, label_rows(alone))


def test_two_models_of_one_film_do_not_overlap() -> None:
    found = tw.diagnose(both(6))
    laps = found[found["check"] == "overlaps"]
    assert len(laps) == 2
    assert (laps["value"] == 0).all()


@pytest.mark.parametrize("call", [tw.align, tw.find])
def test_nothing_found_is_no_refusal(call: Any) -> None:
    other = film(B, 3, 8, seed=3)
    for mine, theirs in [
        (ONE_SIDE, other),
        (ONE_SIDE, other.assign(embedding_option="fused")),  # no option is common
        (both(8), ONE_SIDE),
        (ONE_SIDE, pd.concat([ONE_SIDE, other.assign(video_id="w")])),
    ]:
        with pytest.raises(tw.InputError, match=rf"{A}.*{B}"):
            call(mine, theirs)


def test_lanes_of_each_model() -> None:
    segments = both(6)
    novelty = np.concatenate(
        [tw.novelty(segments[segments["model_name"] == model]) for model in (A, B)]
    )
    figure = tw.plot.timeline(segments, novelty=novelty)
    lanes = [name for name in figure.layout.yaxis.ticktext if name != "novelty"]
    assert lanes == [f"visual · {B}", f"visual · {A}"]
    curves = [trace.name for trace in figure.data if str(trace.name).startswith("novelty")]
    assert sorted(curves) == [f"novelty visual · {B}", f"novelty visual · {A}"]
    one = tw.plot.timeline(segments[segments["model_name"] == A])
    assert list(one.layout.yaxis.ticktext) == ["visual"]


def test_a_table_without_options_has_lanes_by_model() -> None:
    figure = tw.plot.timeline(both(6).drop(columns="embedding_option"))
    assert list(figure.layout.yaxis.ticktext) == [B, A]


def test_files_keep_both(tmp_path: Path) -> None:
    segments = both(6)
    tw.save(segments, tmp_path / "both.parquet")
    again = tw.load(tmp_path / "both.parquet")
    assert again["model_name"].tolist() == segments["model_name"].tolist()
    assert tw.to_arrow(segments).column("model_name").to_pylist() == again["model_name"].tolist()
