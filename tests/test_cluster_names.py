"""Names of clusters: found where they were planted, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw

pytestmark = pytest.mark.once

WORDS = ["whale", "tower", "forest", "kitchen"]
FILLERS = [f"filler{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]


def film(matrix: Any, **columns: Any) -> pd.DataFrame:
    """A table of these vectors, two seconds each."""
    start = np.arange(len(matrix)) * 2.0
    table = pd.DataFrame({"video_id": "film", "start_sec": start, "end_sec": start + 2})
    table = table.assign(embedding_option="visual", embedding_scope="clip", model_name="m")
    return tw.with_vectors(table, np.asarray(matrix, np.float32)).assign(**columns)


def planted(
    seed: int, *, n_clusters: int = 4, n_names: int = 12, width: int = 64, truth: float = 0.8
) -> tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]]:
    """Clusters and names, the first of which are those of the clusters as far as ``truth``.

    Both have an offset of their own, as vectors of pictures and of words have.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_clusters, width))
    labels = np.repeat(np.arange(n_clusters), 12)
    rows = centres[labels] + 0.7 * rng.normal(size=(len(labels), width))
    names = rng.normal(size=(n_names, width))
    names[:n_clusters] = truth * centres + (1 - truth) * names[:n_clusters]
    names += 5 * rng.normal(size=width)
    spelled = {f"name {k:02d}": vector for k, vector in enumerate(names)}
    return film(rows + 3 * rng.normal(size=width)), labels, spelled


def chatter(seed: int, labels: np.ndarray, share: float) -> list[str]:
    """Ten words a row; in some rows the word of the cluster is among them."""
    rng = np.random.default_rng(seed)
    texts = []
    for label in labels:
        said = [*rng.choice(FILLERS, 9), "the"]
        if rng.random() < share:
            said[0] = WORDS[label]
        texts.append(" ".join(said))
    return texts


class Words:
    """A client that knows some words, and counts what it is asked for."""

    def __init__(self, known: dict[str, np.ndarray], model_name: str = "m") -> None:
        self.known, self.model_name, self.asked = known, model_name, list[str]()

    def embed_text(self, text: str, /, *, model_name: str) -> pd.DataFrame:
        self.asked.append(text)
        return film([self.known[text]], model_name=self.model_name)


@pytest.mark.parametrize("seed", range(5))
def test_planted_names_are_found(seed: int) -> None:
    table, labels, vocabulary = planted(seed)
    found = tw.name_clusters(table, labels, vocabulary=vocabulary)
    assert found["name"].tolist() == [f"name {k:02d}" for k in range(4)]
    assert found["nearest"].tolist() == found["name"].tolist()
    assert (found["score"] > found["chance"]).all()
    assert np.allclose(found["margin"], found["score"] - _score_of_next(table, labels, vocabulary))
    assert set(found["basis"]) == {"vocabulary"}
    assert found["n_segments"].tolist() == [12] * 4


def _score_of_next(table: pd.DataFrame, labels: np.ndarray, vocabulary: dict[str, Any]) -> Any:
    """The second best cosine of each cluster, in three plain lines."""
    unit = tw.vectors(table) / np.linalg.norm(tw.vectors(table), axis=1, keepdims=True)
    means = np.array([unit[labels == k].mean(axis=0) for k in range(4)])
    words = np.array([v / np.linalg.norm(v) for v in vocabulary.values()])
    sides = [m - m.mean(axis=0) for m in (means, words)]
    a, b = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in sides)
    return np.sort(a @ b.T, axis=1)[:, -2]


@pytest.mark.parametrize(
    ("width", "n_names", "n_clusters"), [(64, 20, 5), (512, 4, 2), (256, 3, 3)]
)
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_a_vocabulary_of_chance_names_nothing(
    width: int, n_names: int, n_clusters: int, decay: float
) -> None:
    """One table in a hundred may be named; of 60 three are with a probability of .02."""
    scale = np.arange(1, width + 1) ** -decay
    named = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(n_clusters), 12)
        rows = rng.normal(size=(n_clusters, width))[labels] + rng.normal(size=(len(labels), width))
        words = (rng.normal(size=(n_names, width)) + 4 * rng.normal(size=width)) * scale
        found = tw.name_clusters(
            film(rows * scale), labels, vocabulary={str(k): word for k, word in enumerate(words)}
        )
        named += (found["name"] != "unnamed").any()
    assert named <= 3


def test_labels_of_chance_get_no_names_though_the_film_has_them() -> None:
    """One table in a hundred may be named; of 50 four are with a probability of .002."""
    clips, trailer = tw.clips(tw.sample()), tw.clips(tw.sample("trailer"))
    vocabulary = {str(k): row for k, row in enumerate(tw.vectors(trailer))}
    labels = tw.cluster(clips).to_numpy()
    assert (tw.name_clusters(clips, labels, vocabulary=vocabulary)["name"] != "unnamed").any()
    named = 0
    for seed in range(50):
        drawn = np.random.default_rng(seed).permutation(labels)
        found = tw.name_clusters(clips, drawn, vocabulary=vocabulary)
        named += (found["name"] != "unnamed").any()
    assert named <= 3


def test_a_cluster_without_its_name_stays_unnamed() -> None:
    table, labels, vocabulary = planted(3, width=256, n_names=12)
    del vocabulary["name 02"]
    found = tw.name_clusters(table, labels, vocabulary=vocabulary)
    assert found["name"].tolist() == ["name 00", "name 01", "unnamed", "name 03"]
    assert found["nearest"][2] in vocabulary
    assert found["score"][2] <= found["chance"][2]


def test_order_and_copies_of_rows_and_names_change_nothing() -> None:
    table, labels, vocabulary = planted(1)
    table = table.assign(transcription=chatter(1, labels, 0.8))
    order = np.random.default_rng(0).permutation(len(table))
    twice = np.r_[order, np.arange(len(table))]
    for given in (vocabulary, None):
        usual = tw.name_clusters(table, labels, vocabulary=given)
        turned = given and dict(reversed(given.items()))
        for rows, count in ((order, 1), (twice, 2)):
            found = tw.name_clusters(table.iloc[rows], labels[rows], vocabulary=turned)
            expected = usual.assign(n_segments=usual["n_segments"] * count)
            pd.testing.assert_frame_equal(found, expected)
    late = table.assign(start_sec=table["start_sec"] * 3 + 7, end_sec=table["end_sec"] * 3 + 7)
    pd.testing.assert_frame_equal(tw.name_clusters(late, labels), usual)


def test_lengths_and_a_common_offset_of_names_change_nothing_but_rounding() -> None:
    table, labels, vocabulary = planted(2)
    scaled = {name: 3 * vector for name, vector in vocabulary.items()}
    usual = tw.name_clusters(table, labels, vocabulary=vocabulary)
    found = tw.name_clusters(table, labels, vocabulary=scaled)
    pd.testing.assert_frame_equal(found, usual, rtol=1e-4)


def test_one_cluster_differs_from_nothing() -> None:
    table, labels, vocabulary = planted(0)
    found = tw.name_clusters(table, np.zeros(len(labels), int), vocabulary=vocabulary)
    assert found["name"].tolist() == ["unnamed"]
    spoken = table.assign(transcription=chatter(0, labels, 0.8))
    assert tw.name_clusters(spoken, np.zeros(len(labels)))["name"].tolist() == ["unnamed"]


def test_vectors_of_zeros_have_no_name() -> None:
    blank, words = film(np.zeros((6, 3))), {"x": [1, 0, 0], "y": [0, 1, 0]}
    with pytest.warns(tw.TwlabWarning, match="6 of 6 vectors are all zeros"):
        found = tw.name_clusters(blank, [0, 1] * 3, vocabulary=words)
    assert found["name"].tolist() == ["unnamed"] * 2


def test_missing_labels_whole_videos_and_zeros_take_no_part() -> None:
    table, labels, vocabulary = planted(4)
    some = pd.Series(labels, dtype="Int64")
    some[:3] = pd.NA
    found = tw.name_clusters(table, some, vocabulary=vocabulary)
    pd.testing.assert_frame_equal(
        found, tw.name_clusters(table[3:], some[3:], vocabulary=vocabulary)
    )
    none = tw.name_clusters(table, [-1] * len(table), vocabulary=vocabulary)
    assert len(none) == 0
    assert none.columns.equals(found.columns)
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        zeros = tw.name_clusters(
            tw.with_vectors(table, np.where(labels[:, None] == 3, 0, tw.vectors(table))),
            labels,
            vocabulary=vocabulary,
        )
    assert zeros["name"].tolist()[:3] == ["name 00", "name 01", "name 02"]
    assert zeros["name"][3] == "unnamed"


@pytest.mark.parametrize("seed", range(3))
def test_words_spoken_name_what_they_are_spoken_in(seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 4, 160)
    matrix = np.random.default_rng(seed).normal(size=(160, 8))
    found = tw.name_clusters(film(matrix, transcription=chatter(seed, labels, 0.5)), labels)
    assert found["name"].tolist() == WORDS
    assert set(found["basis"]) == {"transcription"}
    entries = [[{"start": 0, "end": 1, "value": t}] for t in chatter(seed, labels, 0.5)]
    listed = tw.name_clusters(film(matrix, transcription=entries), labels)
    pd.testing.assert_frame_equal(listed, found)


def test_words_of_chance_name_nothing() -> None:
    """One table in a hundred may be named; of 40 three are with a probability of .008."""
    named = 0
    for seed in range(40):
        labels = np.random.default_rng(seed).integers(0, 4, 100)
        table = film(np.ones((100, 4)), transcription=chatter(seed + 50, labels, 0.0))
        named += (tw.name_clusters(table, labels)["name"] != "unnamed").any()
    assert named <= 2


def test_what_chance_does_once_in_a_hundred_and_twenty_tables_is_mostly_left_unnamed() -> None:
    """Of 99 exchanges none reaches it in 44 of 100 tables; of half as many in 66, of double in 19.

    All of seven rows with a word are in one of two clusters of twenty: the chance of that is
    2 C(20, 7) / C(40, 7) = .0083, and .0083 is about as rare as a name must be.
    """
    named, n_tables = 0, 120
    for seed in range(n_tables):
        order = np.random.default_rng(seed).permutation(40)
        said = ["the whale" if k < 7 else "the" for k in range(40)]
        table = film(
            np.ones((40, 4)), transcription=[f"{i} {said[k]}" for i, k in enumerate(order)]
        )
        found = tw.name_clusters(table, order >= 20)
        assert found["nearest"][0] == "whale"
        named += found["name"][0] == "whale"
    assert 0.33 * n_tables < named < 0.55 * n_tables


def test_a_word_said_once_is_no_habit_and_one_said_three_times_is() -> None:
    """However well it fits: nothing else tells the cluster of two rows or of three apart."""
    for said, n_rows, expected in ((1, 2, "unnamed"), (2, 2, "whale"), (3, 3, "whale")):
        labels = np.r_[np.zeros(n_rows, int), np.ones(300, int)]
        texts = ["whale" if k < said else "the" for k in range(len(labels))]
        found = tw.name_clusters(film(np.ones((len(labels), 4)), transcription=texts), labels)
        assert found["name"][0] == expected


def test_a_client_is_asked_for_each_word_once() -> None:
    table, labels, vocabulary = planted(0)
    client = Words(vocabulary)
    found = tw.name_clusters(table, labels, vocabulary=[*vocabulary], client=client)
    pd.testing.assert_frame_equal(
        found, tw.name_clusters(table, labels, vocabulary=vocabulary), rtol=1e-4
    )
    assert sorted(client.asked) == sorted(vocabulary)


def test_what_is_asked_wrongly_is_refused_before_it_is_paid_for() -> None:
    table, labels, vocabulary = planted(0)
    client = Words(vocabulary)
    refused = [
        ({"vocabulary": [*vocabulary]}, "need a client"),
        ({"vocabulary": vocabulary, "client": client}, "nothing to embed"),
        ({"client": client}, "client is given without a vocabulary"),
        ({}, "'transcription' is not there"),
        ({"vocabulary": ["one"], "client": client}, "1 names"),
        ({"vocabulary": ["one", "one"], "client": client}, "more than once"),
        ({"vocabulary": ["one", " "], "client": client}, "' '"),
        ({"vocabulary": "one, two", "client": client}, "'one, two'"),
        ({"vocabulary": 7}, "vocabulary is 7"),
        ({"vocabulary": {"one": [1, 2], "two": [2, 1]}}, r"\(1, 2\); one vector of 64"),
        ({"vocabulary": {"one": np.zeros(64), "two": np.ones(64)}}, "'one' is all zeros"),
    ]
    for given, match in refused:
        with pytest.raises(tw.InputError, match=match):
            tw.name_clusters(table, labels, **given)
    assert not client.asked
    with pytest.raises(tw.InputError, match="labels"):
        tw.name_clusters(table, labels[1:], vocabulary=vocabulary)
    other = Words(vocabulary, "other")
    with pytest.raises(tw.InputError, match="models 'm', 'other'"):
        tw.name_clusters(table, labels, vocabulary=[*vocabulary], client=other)
    with pytest.raises(tw.InputError, match="is empty"):
        tw.name_clusters(table.assign(transcription=None), labels)
