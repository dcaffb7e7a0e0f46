"""Labels from words: what is said keeps to the stated error, and nothing is said of nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

import twlab as tw

pytestmark = pytest.mark.once

N_DIMS, N_CLIPS = 12, 20
KINDS = ("rabbit", "wood", "titles")
RABBIT = np.random.default_rng(99).normal(size=(3, N_DIMS))
"""Where the three kinds of the films lie, a row each; the first is that of rabbits."""


def films(n_films: int, seed: int, *, gap: float = 2.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Films in runs of three kinds, each with a look of its own, and which clips are of which."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat(rng.integers(0, 3, (n_films, N_CLIPS // 5)), 5, axis=1)
    looks, noise = rng.normal(size=(n_films, 1, N_DIMS)), rng.normal(size=(*kinds.shape, N_DIMS))
    start = np.tile(np.arange(N_CLIPS) * 6.0, n_films)
    segments = tw.from_vectors(
        (gap * RABBIT[kinds] + looks + noise).reshape(-1, N_DIMS),
        start_sec=start,
        end_sec=start + 6,
        video_id=[f"film {k:02}" for k in range(n_films) for _ in range(N_CLIPS)],
    )
    flags = kinds.reshape(-1, 1) == np.arange(3)
    return segments, pd.DataFrame(flags, index=segments.index, columns=[*KINDS])


def rabbits(n_films: int, seed: int, *, gap: float = 2.0) -> tuple[pd.DataFrame, Any]:
    """The same with one label."""
    segments, flags = films(n_films, seed, gap=gap)
    return segments, flags["rabbit"]


def wrong_by_film(said: Any, wrong: Any) -> float:
    """The mean over films of the share that is wrong of what is said."""
    pairs = zip(said.reshape(-1, N_CLIPS), np.asarray(wrong).reshape(-1, N_CLIPS), strict=True)
    return float(np.mean([no[yes].mean() if yes.any() else 0.0 for yes, no in pairs]))


def errors_of(found: tw.Probe, words: dict[str, Any], fresh: Any, truth: Any) -> Any:
    """What the bars of each label are wrong in in other films: of what they say it has, and lacks;
    and of how many clips something is said."""
    rows = tw.vectors(fresh).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    bars, out = found.words.set_index("label"), []
    for label, vector in words.items():
        cosine = rows @ vector / np.linalg.norm(vector)
        has, lacks = (cosine >= bars["has_from"][label], cosine <= bars["lacks_to"][label])
        wrong = wrong_by_film(has, ~truth[label]), wrong_by_film(lacks, truth[label])
        out.append((*wrong, (has | lacks).mean()))
    return np.array(out)


@pytest.mark.parametrize("error", [0.1, 0.25])
def test_what_is_said_of_further_films_is_as_wrong_as_stated(error: float) -> None:
    """Words that are easy to confuse: the error is used up, and not passed, over 24 bars."""
    words, came, promised = dict(zip(KINDS, RABBIT, strict=True)), [], []
    for seed in range(8):
        found = tw.probe(*films(16, seed, gap=0.7), words=words, error=error, n_next=1)
        came.append(errors_of(found, words, *films(30, 1000 + seed, gap=0.7)))
        promised.append(found.words[["has_wrong", "lacks_wrong"]].fillna(0).mean())
    has, lacks, said = np.concatenate(came).T
    for wrong in (has, lacks):
        assert error / 4 < wrong.mean() <= error + 2 * wrong.std() / np.sqrt(len(wrong))
    assert said.mean() > 0.2
    assert np.mean(promised) == pytest.approx(np.mean([has, lacks]), abs=0.05)


def test_planted_words_are_found_and_say_nearly_all() -> None:
    segments, rabbit = rabbits(12, 0, gap=4.0)
    found = tw.probe(segments, rabbit, words={"rabbit": RABBIT[0]})
    scores = found.words.iloc[0]
    assert scores["ap"] > 0.95
    assert scores["verdict"].startswith("found better than by chance")
    assert f"has it from {scores['has_from']:.3f} on" in scores["verdict"]
    assert scores["has_from"] > scores["lacks_to"]
    said = found.said["rabbit"]
    assert said.notna().mean() > 0.9
    assert (said == rabbit)[said.notna()].mean() > 0.95
    cosine = found.similarity["rabbit"]
    assert average_precision_score(rabbit, cosine) == pytest.approx(scores["ap"], abs=1e-6)
    assert (said[cosine >= scores["has_from"]]).all()
    assert found.verdict.endswith(f"1 of 1 labels at the stated error (mean AP {scores['ap']:.2f})")


def test_words_of_something_else_say_nothing() -> None:
    """Strangers, 24 times: p-values as they should be, and hardly anything is said."""
    p, came = [], []
    for seed in range(8):
        words = dict(zip(KINDS, np.random.default_rng(seed).normal(size=(3, N_DIMS)), strict=True))
        found = tw.probe(*films(12, seed, gap=0.0), words=words, n_next=1)
        p += found.words["p_value"].tolist()
        came.append(errors_of(found, words, *films(20, 1000 + seed, gap=0.0)))
    assert sum(one <= 0.05 for one in p) <= 4  # of 24, one is expected; more once in 170
    assert 0.33 < np.mean(p) < 0.69
    has, lacks, said = np.concatenate(came).T
    assert max(has.mean(), lacks.mean()) <= 0.1
    assert (said > 0).sum() <= 3


def test_labels_of_whole_films_with_looks_of_their_own_do_not_make_words_good() -> None:
    """Films near to the words by their look alone: p-values are as they should be."""
    p = []
    for seed in range(8):
        segments, _ = films(10, seed, gap=0.0)
        rng = np.random.default_rng(500 + seed)
        sides = np.column_stack([np.repeat(rng.permutation(10) < 5, N_CLIPS) for _ in KINDS])
        truth = pd.DataFrame(sides, index=segments.index, columns=[*KINDS])
        words = dict(zip(KINDS, RABBIT, strict=True))
        p += tw.probe(segments, truth, words=words, n_next=1).words["p_value"].tolist()
    assert sum(one <= 0.05 for one in p) <= 4
    assert 0.33 < np.mean(p) < 0.69


def test_too_few_films_state_no_error_and_more_do() -> None:
    """One wrong film in n + 1 is what n cannot exclude."""
    for n_films, error, speaks in ((8, 0.1, False), (9, 0.1, True), (8, 0.12, True)):
        segments, rabbit = rabbits(n_films, 3, gap=6.0)
        found = tw.probe(segments, rabbit, words={"rabbit": RABBIT[0]}, error=error, n_next=1)
        assert found.said["rabbit"].notna().any() == speaks
        verdict = found.words["verdict"].iloc[0]
        assert (
            "8 labelled videos state an error of 0.11 at best, 0.1 takes 9" in verdict
        ) != speaks


def test_order_doubles_scale_and_time_do_not_matter(rng: np.random.Generator) -> None:
    segments, rabbit = rabbits(10, 1, gap=0.8)
    known = rabbit.astype("boolean").where(segments["start_sec"] < 90)
    words = {"rabbit": RABBIT[0]}
    want = tw.probe(segments, known, words=words, error=0.2, n_next=1)
    scaled = tw.with_vectors(segments, tw.vectors(segments) * 8)
    later = segments.assign(start_sec=segments["start_sec"] + 5, end_sec=segments["end_sec"] + 5)
    order = rng.permutation(len(segments))
    cases = [(scaled, known), (later, known), (segments.iloc[order], known.iloc[order])]
    cases.append((pd.concat([segments, segments], ignore_index=True), pd.concat([known] * 2)))
    for table, labels in cases:
        labels = labels.set_axis(table.index) if len(table) > len(segments) else labels
        got = tw.probe(table, labels, words={"rabbit": RABBIT[0] * 3}, error=0.2, n_next=1)
        pd.testing.assert_frame_equal(got.words, want.words, rtol=1e-4)
        said = got.said[: len(segments)] if len(table) > len(segments) else got.said
        pd.testing.assert_frame_equal(said.loc[want.said.index], want.said)


def test_bars_are_those_of_a_loop() -> None:
    """The lowest bar at which the mean of the worst shares, and of one more of 1, is within."""
    segments, rabbit = rabbits(11, 2, gap=0.6)
    found = tw.probe(segments, rabbit, words={"rabbit": RABBIT[0]}, error=0.3, n_next=1)
    cosine = found.similarity["rabbit"].to_numpy()
    film = segments["video_id"].to_numpy()

    def allowed(bar: float) -> bool:
        worst = []
        for name in np.unique(film):
            mine, shares = film == name, [0.0]
            for stricter in np.unique(cosine[mine & (cosine >= bar)]):
                shares.append(float((~rabbit[mine & (cosine >= stricter)]).mean()))
            worst.append(max(shares))
        return (sum(worst) + 1) / (len(worst) + 1) <= 0.3

    want = min(bar for bar in np.unique(cosine) if allowed(bar))
    assert found.words["has_from"].iloc[0] == want
    assert found.words["lacks_to"].iloc[0] < want


def test_without_a_label_words_give_similarities_and_no_more() -> None:
    segments, rabbit = rabbits(6, 0, gap=4.0)
    with pytest.warns(tw.TwlabWarning, match="0 labelled clips"):
        found = tw.probe(segments, [None] * len(segments), words={"rabbit": RABBIT[0]})
    assert found.words["verdict"].str.startswith("cannot tell: 0 of the labelled videos").all()
    assert found.said["rabbit"].isna().all()
    assert spearmanr(found.similarity["rabbit"], rabbit)[0] > 0.7


def test_without_words_there_are_none() -> None:
    segments, rabbit = rabbits(6, 0)
    found = tw.probe(segments, rabbit)
    assert found.words.empty
    assert found.similarity.shape == found.said.shape == (len(segments), 0)
    assert "words" not in found.verdict


def test_rows_without_a_direction_are_not_spoken_of() -> None:
    segments, rabbit = rabbits(12, 0, gap=4.0)
    matrix = tw.vectors(segments).copy()
    matrix[:3] = 0
    found = tw.probe(tw.with_vectors(segments, matrix), rabbit, words={"rabbit": RABBIT[0]})
    assert found.said["rabbit"][:3].isna().all()
    assert found.similarity["rabbit"][:3].isna().all()
    assert found.said["rabbit"].notna().any()


class Client:
    """A client that knows what a rabbit is, and counts what it is asked."""

    def __init__(self, model_name: str = "m") -> None:
        self.model_name, self.asked = model_name, list[str]()

    def embed_text(self, text: str, /, *, model_name: str) -> pd.DataFrame:
        assert model_name == "m"
        self.asked.append(text)
        row = tw.from_vectors(RABBIT[:1], video_id=text, start_sec=[0.0], end_sec=[1.0])
        return row.assign(model_name=self.model_name)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("a white rabbit", ["a white rabbit"]),
        ({"rabbit": "a white rabbit"}, ["a white rabbit"]),
        (["rabbit"], ["rabbit"]),
    ],
)
def test_a_client_embeds_words_once(words: Any, asked: list[str]) -> None:
    segments, rabbit = rabbits(10, 0)
    client = Client()
    table = segments.assign(model_name="m")
    found = tw.probe(table, rabbit, words=words, client=client, n_next=1)
    assert client.asked == asked
    want = tw.probe(segments, rabbit, words={"rabbit": RABBIT[0]}, n_next=1)
    pd.testing.assert_frame_equal(found.words, want.words)
    again = tw.probe(segments, rabbit, words=words, client=Client(), model_name="m", n_next=1)
    pd.testing.assert_frame_equal(again.similarity, want.similarity)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"client": Client()}, "client is given without words"),
        ({"model_name": "m"}, "model_name is given without words"),
        ({"words": {"hare": "a hare"}}, "'hare', which no segment is labelled with"),
        ({"words": {"rabbit": "a rabbit"}}, "text needs a client"),
        ({"words": {"rabbit": " "}}, "the words of 'rabbit' are ' '"),
        ({"words": {"rabbit": np.ones(3)}}, r"the vector of 'rabbit' has shape \(1, 3\)"),
        ({"words": {"rabbit": np.zeros(N_DIMS)}}, "all zeros"),
        ({"words": {}}, "words are given for no label"),
        ({"words": 3}, "words is 3"),
        ({"words": {"rabbit": "x"}, "client": Client("other")}, "vectors of the models 'm', 'oth"),
        ({"words": {"rabbit": RABBIT[0]}, "error": 0}, "error is 0"),
        ({"error": "low"}, "error is 'low'"),
    ],
)
def test_what_is_wrong_is_said(more: dict[str, Any], message: str) -> None:
    segments, rabbit = rabbits(4, 0)
    with pytest.raises(tw.InputError, match=message):
        tw.probe(segments.assign(model_name="m"), rabbit, **more)


def test_one_text_is_not_the_words_of_two_labels() -> None:
    segments, rabbit = rabbits(4, 0)
    flags = pd.DataFrame({"rabbit": rabbit, "other": ~rabbit})
    with pytest.raises(tw.InputError, match="for 2 labels; words for each were expected"):
        tw.probe(segments, flags, words="a rabbit", client=Client())
