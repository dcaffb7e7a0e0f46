"""Whatever the rows are like, a store in pieces gives what its table gives, word for word.

Every analysis that takes a store is called with drawn tables and drawn arguments, right and wrong,
once on the table and once on the same rows in drawn pieces. Results, warnings and refusals must be
the same. What draws or opens (figures, explorers) is compared in test_stores_drawn.
"""

from __future__ import annotations

import inspect
import re
import tempfile
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insides import joins, partitions, per_video, pieces, shards
from pieces import Parts

import twlab as tw
from twlab import public
from twlab.table import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.numbers

D = 6
N_ROWS = 30
NAMES = dict(zip("abcdef", np.eye(D), strict=True))

WHOLE: list[Any] = [*[1, 2, 3] * 4, 100, 0, -5, True, 2.5, None, "2"]
VIDEOS = [*["any", "other", "same"] * 4, "both", None]
SCENES = [*WHOLE, "coarse", "fine", "few", {"v0": 2}, {"v0": "fine", "v1": 1}, {"w": 2}]
SPANS = pd.DataFrame({"video_id": ["v0"], "start_sec": [0], "end_sec": [9.5], "label": ["a"]})
IN_PIECES: dict[str, dict[str, list[Any]]] = {
    "cluster": {
        "n_clusters": [2, 3, 4, 5, *WHOLE],
        "method": [*["kmeans"] * 12, "ward", "ward_time", "hdbscan", None, "means"],
        "distance_threshold": [*[None] * 8, 0.3, 0, "0.3"],
        "random_state": [0, 3, 5, 7, -1, 0.5],
    },
    "cosine_similarity": {},
    "diagnose": {},
    "near_duplicates": {
        "threshold": [*[0.99, 0.9, 0.5, -0.5, 1] * 3, -1, 2, "0.9", None],
        "min_gap_sec": [*[3.5, 10, 30.5] * 4, 0, -1, float("inf"), "4"],
        "videos": VIDEOS,
    },
    "nearest": {"k": WHOLE, "exact": [*[None, True, False] * 3, "yes"], "videos": VIDEOS},
    "novelty": {"kernel_sec": [*[8, 0.5, 25] * 4, 0, -3.0, "8", float("inf")]},
    "scene_counts": {},
    "scenes": {
        "n_scenes": SCENES,
        "method": [*["linked", "kernel", "gaussian", "ward", "novelty"] * 2, "foote", None],
    },
    "video_vectors": {"scope": ["clip", "video", "asset", None]},
}
"""Analyses with a form in pieces, and arguments of theirs, right and wrong."""

READ_WHOLE: dict[str, Callable[[Any], Any]] = {
    "align": lambda s: tw.align(s, s),
    "annotate": lambda s: tw.annotate(s, SPANS),
    "clips": tw.clips,
    "cluster_counts": tw.cluster_counts,
    "cluster_summary": lambda s: tw.cluster_summary(s, np.arange(N_ROWS) % 2),
    "compare_models": lambda s: tw.compare_models(s, s).measures,
    "compare_options": tw.compare_options,
    "deduplicate": tw.deduplicate,
    "fit_translation": lambda s: tw.fit_translation(s, s).scores,
    "diff": lambda s: tw.diff(s, s),
    "find": lambda s: tw.find(tw.sample().head(9), s),
    "knn_accuracy": lambda s: tw.knn_accuracy(s, np.arange(N_ROWS) % 2),
    "leaks": lambda s: tw.leaks(s, s),
    "modality_gap": tw.modality_gap,
    "moments": lambda s: tw.moments(np.ones(D), s),
    "name_clusters": lambda s: tw.name_clusters(s, np.arange(N_ROWS) % 2, vocabulary=NAMES),
    "outliers": tw.outliers,
    "probe": lambda s: tw.probe(s, np.arange(N_ROWS) % 2 == 0).scores,
    "project": lambda s: tw.project(s, method="pca"),
    "repeats": tw.repeats,
    "scene_labels": lambda s: tw.scene_labels(s, pd.DataFrame({"video_id": [], "start_sec": []})),
    "search": lambda s: tw.search(s, np.ones(D)),
    "similarity_pairs": tw.similarity_pairs,
    "summarize": lambda s: tw.summarize(s, n=3),
    "threshold": tw.threshold,
    "to_spans": lambda s: tw.to_spans(s, np.arange(N_ROWS) % 2 == 0),
    "trustworthiness": lambda s: tw.trustworthiness(s, np.arange(2.0 * N_ROWS).reshape(-1, 2)),
}
"""Those that read a store into one table."""

SHOWN = {"explore", "player", "save_html", "timeline_widget"}


def drawn(draw: Any, n: int) -> pd.DataFrame:
    """Rows of a few videos in scenes: gaps, copies, zeros, missing times and names, any order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    some = st.sampled_from([0.0, 0.0, 0.1, 0.4])
    video = np.sort(rng.integers(0, draw(st.integers(1, 3)), n))
    lengths = rng.integers(500, 8000, n) if draw(st.booleans()) else np.full(n, 6000)
    gaps = rng.integers(0, 30000, n) * (rng.random(n) < draw(some))
    end = (lengths + gaps).cumsum() / 1000
    rows = pd.DataFrame({"video_id": [f"v{k}" for k in video], "start_sec": end - lengths / 1000})
    rows["end_sec"] = end
    rows.loc[rng.random(n) < draw(some), ["start_sec", "end_sec"]] = np.nan
    for name, words in draw(st.sampled_from(NAMES)).items():
        rows[name] = pd.Series(rng.choice(np.array(words, object), n), dtype=object)
    scene = np.arange(n) // draw(st.integers(1, 6)) % 5
    matrix = rng.normal(size=(5, D))[scene] + draw(some) * rng.normal(size=(n, D)) + 0.5
    matrix[rng.random(n) < draw(some)] = 0
    table = tw.with_vectors(rows, np.round(matrix, 3))
    copies = np.flatnonzero(rng.random(n) < draw(some))  # the same place, another vector or not
    again = table.iloc[copies]
    if draw(st.booleans()):
        again = tw.with_vectors(again, np.round(rng.normal(size=(len(copies), D)), 3))
    table = pd.concat([table, again], ignore_index=True)
    order = rng.permutation(len(table)) if draw(st.booleans()) else np.arange(len(table))
    return table.iloc[order].reset_index(drop=True)


ONE = {"embedding_option": ["visual"], "embedding_scope": ["clip"], "model_name": ["m"]}
NAMES: list[dict[str, list[Any]]] = [
    ONE,
    ONE,
    {**ONE, "embedding_scope": ["clip"] * 8 + ["video"]},
    {**ONE, "embedding_scope": ["video"], "filename": ["a.mp4"]},
    {**ONE, "embedding_option": ["visual", "audio"]},
    {**ONE, "embedding_option": ["visual", None], "duration_sec": [9.0, 30.0, None]},
    {**ONE, "model_name": ["m", None]},
    {**ONE, "model_name": ["m", "n"]},
    {"embedding_option": [None], "embedding_scope": [None], "model_name": [None]},
]


@st.composite
def tables(draw: Any, n: int | None = None) -> tuple[pd.DataFrame, list[int]]:
    """A table, and where it is cut."""
    n = draw(st.sampled_from([0, 1, 2, 5, 12, 20, 30, 40])) if n is None else n
    table = drawn(draw, n)
    cuts = draw(st.lists(st.integers(0, len(table)), max_size=4, unique=True))
    return table, sorted(cuts)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """All that is done where there are many rows is done for a few, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_ROWS", 7)
        patch.setattr(per_video, "BATCH_ROWS", 9)
        patch.setattr(partitions, "MOST_START_ROWS", 16)
        patch.setattr("twlab.archive.in_pieces.kmeans.MOST_BROUGHT", 200)
        patch.setattr(joins, "HELD_ROWS", 5)
        patch.setattr(shards, "ROWS", 7)
        yield


def outcome(call: Callable[[], Any]) -> tuple[Any, str, list[str]]:
    """What a call gives, what it is refused with, and what it warns of."""
    given, refused = None, ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            given = call()
        except tw.InputError as error:
            refused = f"{type(error).__name__}: {error}"
    if re.search(r"'v\d'", refused):  # of several wrong videos any may be named
        refused = re.sub(r"\d+", "n", refused)
    return given, refused, sorted(str(one.message) for one in caught)


def assert_same(found: Any, expected: Any) -> None:
    """The same values, columns, types and labels."""
    if isinstance(expected, pd.DataFrame):
        assert found.columns.tolist() == expected.columns.tolist()
        if "embedding" in expected:
            for one, other in zip(found["embedding"], expected["embedding"], strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        shown = [one.drop(columns="embedding", errors="ignore") for one in (found, expected)]
        pd.testing.assert_frame_equal(*shown)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        np.testing.assert_array_equal(found, expected)


def assert_agree(call: Callable[[Any], Any], table: Any, source: Any) -> None:
    """The same outcome of a call on a table and on its pieces."""
    expected, why, warned = outcome(lambda: call(table))
    found, why_not, warned_too = outcome(lambda: call(source))
    assert why_not == why
    if not why:
        assert warned_too == warned
        assert_same(found, expected)


def test_every_analysis_of_stores_is_tried_here() -> None:
    wires = {name: wire for name, wire in public.WIRES.items() if wire.stores}
    assert {name for name, wire in wires.items() if wire.pieces} == {*IN_PIECES}
    assert {name for name, wire in wires.items() if not wire.pieces} == {*READ_WHOLE, *SHOWN}


@pytest.mark.parametrize("name", IN_PIECES)
def test_both_forms_take_the_same_arguments(name: str) -> None:
    forms = [inspect.signature(getattr(one, name)).parameters for one in (tw, tw.distributed)]
    asked = [[(p.name, p.kind, p.default) for p in one.values()] for one in forms]
    assert asked[0] == asked[1]


EXECUTORS = st.sampled_from([None, tw.executors.Local()])


@pytest.mark.parametrize("name", IN_PIECES)
@settings(max_examples=40)
@given(data=st.data())
def test_pieces_give_what_their_table_gives(name: str, data: st.DataObject) -> None:
    table, cuts = data.draw(tables())
    chosen = [key for key in IN_PIECES[name] if data.draw(st.booleans(), key)]
    arguments = {key: data.draw(st.sampled_from(IN_PIECES[name][key]), key) for key in chosen}
    analyse, source = getattr(tw, name), Parts(table, cuts, data.draw(EXECUTORS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            joins, "MANY_IN_PIECES", data.draw(st.sampled_from([1, joins.MANY_IN_PIECES]))
        )
        assert_agree(lambda s: analyse(s, **arguments), table, source)


@pytest.mark.once
@settings(max_examples=3)
@given(data=st.data())
def test_a_store_on_disk_gives_what_its_table_gives(data: st.DataObject) -> None:
    table, _ = data.draw(tables(N_ROWS))
    segments = table.drop_duplicates([*IDENTITY])
    with tempfile.TemporaryDirectory() as folder:
        tw.open(folder).add(segments)
        store = tw.open(folder, executor=tw.executors.Local())
        for name in IN_PIECES:
            assert_agree(getattr(tw, name), store.to_table(), store)
        assert_agree(lambda s: tw.cluster(s, 2, method="kmeans"), store.to_table(), store)


@pytest.mark.once
@pytest.mark.parametrize("name", READ_WHOLE)
@settings(max_examples=5)
@given(data=st.data())
def test_a_store_is_read_as_its_table(name: str, data: st.DataObject) -> None:
    table, cuts = data.draw(tables(N_ROWS))
    assert_agree(READ_WHOLE[name], table, Parts(table, cuts, data.draw(EXECUTORS)))


@pytest.mark.parametrize("name", ["cosine_similarity", "nearest"])
@settings(max_examples=30)
@given(data=st.data())
def test_two_sides_give_what_their_tables_give(name: str, data: st.DataObject) -> None:
    (one, cuts), (other, more) = data.draw(tables()), data.draw(tables())
    arguments = {"videos": data.draw(st.sampled_from(VIDEOS))} if name == "nearest" else {}
    other = other if data.draw(st.booleans()) else tw.vectors(other.assign(model_name="m"))
    is_table = isinstance(other, pd.DataFrame)
    source, pool = Parts(one, cuts, data.draw(EXECUTORS)), other
    if is_table and data.draw(st.booleans()):
        pool = Parts(other, more)
    analyse = getattr(tw, name)
    tried = [((one, other), (source, pool)), ((other, one), (pool, source))]
    for tables_, sources in tried:
        assert_agree(lambda sides: analyse(*sides, **arguments), tables_, sources)


def test_kmeans_takes_rows_of_one_time_by_what_they_are(rng: np.random.Generator) -> None:
    rows = pd.DataFrame({"video_id": "v", "start_sec": np.arange(40) // 2 * 6.0})
    matrix = rng.normal(size=(4, D))[np.arange(40) % 4] + 0.3 * rng.normal(size=(40, D))
    table = tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), matrix)
    found = tw.cluster(table, 4, method="kmeans")
    pd.testing.assert_series_equal(tw.cluster(Parts(table, [10]), 4, method="kmeans"), found)
    for source in (table, Parts(table, [10])):
        with pytest.raises(tw.InputError, match=r"is -5 for .* 40 different .* from 1 to 40"):
            tw.cluster(source, -5, method="kmeans")


def test_kmeans_of_noise_has_the_seed_of_its_table(rng: np.random.Generator) -> None:
    rows = pd.DataFrame({"video_id": "v", "start_sec": np.arange(60) * 6.0})
    table = tw.with_vectors(rows.assign(end_sec=rows["start_sec"] + 6), rng.normal(size=(60, D)))
    found = [tw.cluster(table, 6, method="kmeans", random_state=seed) for seed in range(4)]
    assert len({tuple(one) for one in found}) > 1
    for seed, expected in enumerate(found):
        source = Parts(table, [10, 25])
        again = tw.cluster(source, 6, method="kmeans", random_state=seed)
        pd.testing.assert_series_equal(again, expected)
