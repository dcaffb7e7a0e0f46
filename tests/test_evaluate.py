"""Found places beside true ones: measures, ties, empty answers, intervals, files of benchmarks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path


def value(table: pd.DataFrame, metric: str, k: Any = None, tiou: Any = None) -> float:
    """The one value of that measure."""
    mine = table["metric"] == metric
    mine &= table["k"].isna() if k is None else table["k"].eq(k).fillna(value=False)
    mine &= table["tiou"].isna() if tiou is None else np.isclose(table["tiou"], tiou)
    (row,) = table[mine].itertuples()
    return float(row.value)


def drawn(rng: np.random.Generator, n: int = 40, n_videos: int = 20) -> tuple[Any, Any]:
    """Answers near the truth for some of n queries, several windows each."""
    true, found = [], []
    for query in range(n):
        base = {"query_id": f"q{query}", "video_id": f"v{query % n_videos}"}
        cuts = np.sort(rng.choice(75, 6, replace=False)) * 2.0
        spans = cuts.reshape(3, 2)[: rng.integers(1, 4)]
        true += [base | {"start_sec": a, "end_sec": b} for a, b in spans]
        scores = rng.permutation(8) / 8
        for a, b in spans[rng.integers(len(spans), size=5)]:
            start = max(a + rng.normal(0, 4), 0)
            span = {"start_sec": start, "end_sec": max(b + rng.normal(0, 4), start + 1)}
            found.append(base | span | {"score": scores[len(found) % 5]})
    return pd.DataFrame(found), pd.DataFrame(true)


def by_hand(found: pd.DataFrame, truth: pd.DataFrame, tiou: float) -> dict[str, float]:
    """The measures by plain loops: a second writing of the definitions."""
    hits, recalls, areas = [], [], []
    for query, true in truth.groupby("query_id"):
        some = found[found["query_id"] == query].sort_values("score", ascending=False)
        iou, free, right = tw.intervals.iou(some, true), set(range(len(true))), []
        for shares in iou:
            fits = [j for j in sorted(free, key=lambda j: -shares[j]) if shares[j] >= tiou]
            right.append(bool(fits))
            free -= set(fits[:1])
        hits.append(any(right[:1]))
        recalls.append(sum(right[:5]) / len(true))
        precision = [sum(right[: i + 1]) / (i + 1) for i in range(len(right))]
        areas.append(
            sum(max(precision[i:]) for i, is_hit in enumerate(right) if is_hit) / len(true)
        )
    return {"hit": np.mean(hits), "recall": np.mean(recalls), "map": np.mean(areas)}


def test_moments_are_measured_as_defined(rng: np.random.Generator) -> None:
    found, truth = drawn(rng)
    table = tw.evaluate(found, truth, k=(1, 5), tiou=(0.3, 0.5, 0.75))
    for tiou in (0.3, 0.5, 0.75):
        expected = by_hand(found, truth, tiou)
        assert value(table, "hit", 1, tiou) == pytest.approx(expected["hit"], abs=1e-12)
        assert value(table, "recall", 5, tiou) == pytest.approx(expected["recall"], abs=1e-12)
        assert value(table, "map", None, tiou) == pytest.approx(expected["map"], abs=1e-12)
    steps = [by_hand(found, truth, 0.5 + 0.05 * step - 1e-12)["map"] for step in range(10)]
    assert value(table, "map") == pytest.approx(np.mean(steps), abs=1e-12)
    between = ~table["value"].isin([0, 1])
    assert (table["interval"][between] == "bootstrap over 20 videos").all()
    assert table["interval"][~between].str.startswith("exact bound: all 20 videos").all()
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_videos_are_ranked_as_scikit_learn_measures(rng: np.random.Generator) -> None:
    grades = rng.integers(0, 4, (15, 30)) * (rng.random((15, 30)) < 0.3)
    grades[:, 0] = 1
    scores = rng.random((15, 30))
    rows = pd.DataFrame({"query_id": np.repeat(np.arange(15), 30), "video_id": [*range(30)] * 15})
    found, truth = rows.assign(score=scores.ravel()), rows.assign(relevance=grades.ravel())
    table = tw.evaluate(found, truth, k=(5, 10))
    for k in (5, 10):
        assert value(table, "ndcg", k) == pytest.approx(ndcg_score(grades, scores, k=k), abs=1e-12)
    areas = [average_precision_score(g > 0, s) for g, s in zip(grades, scores, strict=True)]
    assert value(table, "map") == pytest.approx(np.mean(areas), abs=1e-12)
    ranks = [1 + np.flatnonzero(g[np.argsort(-s)])[0] for g, s in zip(grades, scores, strict=True)]
    assert value(table, "mrr") == pytest.approx(np.mean(1 / np.array(ranks)), abs=1e-12)
    # 15 queries that share their videos are one witness, not fifteen.
    assert (table["n_videos"] == 1).all()
    assert table["low"].isna().all()
    stricter = tw.evaluate(found, truth, k=5, min_relevance=2)
    kept = (grades >= 2).any(axis=1)
    areas = [
        average_precision_score(g >= 2, s) for g, s in zip(grades[kept], scores[kept], strict=True)
    ]
    assert value(stricter, "map") == pytest.approx(np.mean(areas), abs=1e-12)


def test_order_scale_and_shift_change_nothing(rng: np.random.Generator) -> None:
    found, truth = drawn(rng)
    expected = tw.evaluate(found, truth)
    mixed = tw.evaluate(found.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(mixed, expected)
    moved = [
        table.assign(start_sec=table["start_sec"] * 3 + 50, end_sec=table["end_sec"] * 3 + 50)
        for table in (found, truth)
    ]
    pd.testing.assert_frame_equal(tw.evaluate(*moved), expected)
    twice = tw.evaluate(found, pd.concat([truth, truth]))
    pd.testing.assert_frame_equal(twice, expected)
    again = tw.evaluate(pd.concat([found, found]), truth, k=1, tiou=0.5)
    assert value(again, "map", None, 0.5) < value(expected, "map", None, 0.5)


def test_scores_that_do_not_rank_get_what_a_random_order_does() -> None:
    truth = pd.DataFrame({"query_id": range(30), "video_id": range(30)})
    every = [{"query_id": q, "video_id": (q + v) % 30} for q in range(30) for v in range(10)]
    found = pd.DataFrame(every).assign(score=1.0)
    table = tw.evaluate(found, truth, k=(1, 5))
    assert value(table, "mrr") == pytest.approx((1 / np.arange(1, 11)).mean(), abs=0.03)
    assert value(table, "hit", 1) == pytest.approx(0.1, abs=0.04)
    assert value(table, "hit", 5) == pytest.approx(0.5, abs=0.06)
    ranked = found.assign(rank=[*range(1, 11)] * 30)
    assert value(tw.evaluate(ranked, truth, k=1), "hit", 1) == 1
    pd.testing.assert_frame_equal(tw.evaluate(found[::-1], truth, k=(1, 5)), table)


def test_empty_answers_are_counted_as_said() -> None:
    spans = {"start_sec": [0.0, 5.0, None, None], "end_sec": [10.0, 9.0, None, None]}
    truth = pd.DataFrame({"query_id": [*"abcd"], "video_id": [*"wxyz"], **spans})
    found = truth.iloc[[0]].assign(score=1.0)
    table = tw.evaluate(found, truth, k=1, tiou=0.5)
    assert value(table, "hit", 1, 0.5) == 0.5  # b has no answer; c and d have none to be found
    assert value(table, "silence") == 1
    loud = pd.concat([found, found.assign(query_id="c", video_id="y")])
    assert value(tw.evaluate(loud, truth, k=1, tiou=0.5), "silence") == 0.5
    nothing = tw.evaluate(found.iloc[:0], truth, k=1, tiou=0.5)
    assert value(nothing, "map") == 0
    with pytest.warns(tw.TwlabWarning, match="1 queries that truth has not, such as 'e'"):
        tw.evaluate(pd.concat([found, found.assign(query_id="e")]), truth)


def test_no_interval_is_given_where_nothing_can_be_told() -> None:
    truth = pd.DataFrame({"query_id": range(40), "video_id": [q % 9 for q in range(40)]})
    found = truth.assign(score=1.0)
    table = tw.evaluate(found, truth)
    assert table["low"].isna().all()
    assert table["interval"].iloc[0] == "cannot tell: 9 videos, at least 10 are needed"
    more = truth.assign(video_id=truth["query_id"] % 20)
    table = tw.evaluate(more.assign(score=1.0), more)
    assert table["low"].iloc[0] == pytest.approx(0.025 ** (1 / 20))  # of ones alone: not [1, 1]
    assert table["high"].iloc[0] == 1


@pytest.mark.once
def test_intervals_hold_the_mean_as_often_as_said() -> None:
    rng, n_held = np.random.default_rng(3), 0
    for _ in range(60):
        effect = np.repeat(rng.beta(2, 2, 15), 3)
        right = rng.random(45) < effect
        truth = pd.DataFrame({"query_id": range(45), "video_id": np.repeat(np.arange(15), 3)})
        found = truth.assign(score=1.0, video_id=np.where(right, truth["video_id"], 99))
        row = tw.evaluate(found, truth, k=1).iloc[0]
        n_held += bool(row["low"] <= 0.5 <= row["high"])
    assert 0.87 <= n_held / 60 < 1


@pytest.fixture
def highlights(tmp_path: Path) -> tuple[Path, Path]:
    """Truth and predictions in the form of QVHighlights, of one query."""
    truth = {"qid": 7, "query": "a dog", "vid": "v_0_8", "duration": 8}
    truth |= {"relevant_windows": [[2, 6]], "relevant_clip_ids": [1, 2]}
    truth |= {"saliency_scores": [[4, 2, 0], [1, 3, 4]]}
    found = {"qid": 7, "query": "a dog", "vid": "v_0_8"}
    found |= {"pred_relevant_windows": [[0, 8, 0.2], [2.0, 6.0, 0.9]]}
    found |= {"pred_saliency_scores": [0.1, 0.5, 0.9, -0.3]}
    paths = tmp_path / "truth.jsonl", tmp_path / "found.jsonl"
    for path, one in zip(paths, (truth, found), strict=True):
        path.write_text(json.dumps(one) + "\n")
    return paths


def test_highlights_are_read_and_rated(highlights: tuple[Path, Path]) -> None:
    truth, found = (tw.load_moments(path) for path in highlights)
    assert truth[["query_id", "video_id", "start_sec", "end_sec"]].values.tolist() == [
        ["7", "v_0_8", 2.0, 6.0]
    ]
    assert found[["score", "rank"]].values.tolist() == [[0.2, 1], [0.9, 2]]
    # The window of the highest score is the answer, not the one that is listed first.
    assert value(tw.evaluate(found, truth, k=1, tiou=0.7), "hit", 1, 0.7) == 1
    ratings, scores = (tw.load_moments(path, part="clips") for path in highlights)
    assert len(ratings) == 12
    assert ratings["relevance"].sum() == 14
    table = tw.evaluate(scores, ratings, min_relevance=4)
    assert value(table, "hit", 1) == 1  # the third annotator gave 4 to the third clip
    # By annotator: the clip of the first is ranked second, the second has none, the third's first.
    assert value(table, "map") == pytest.approx((0.5 + 0 + 1) / 3)
    tied = scores.assign(score=0.0)
    assert value(tw.evaluate(tied, ratings, min_relevance=4), "hit", 1) == 0.5


def test_ratings_are_measured_as_scikit_learn_does(rng: np.random.Generator) -> None:
    clips = pd.DataFrame({"query_id": "q", "video_id": "v", "start_sec": np.arange(40) * 2.0})
    clips["end_sec"] = clips["start_sec"] + 2
    truth = pd.concat(
        [clips.assign(annotator=one, relevance=rng.integers(0, 5, 40)) for one in "ab"]
    )
    found = clips.assign(score=rng.integers(0, 12, 40) / 12.0)
    areas = []
    for _, rows in truth.groupby("annotator"):
        from sklearn.metrics import precision_recall_curve

        precision, recall, _ = precision_recall_curve(rows["relevance"] >= 3, found["score"])
        areas.append(float(-np.sum(np.diff(recall) * np.maximum.accumulate(precision)[:-1])))
    shown = tw.evaluate(found, truth, min_relevance=3)
    assert value(shown, "map") == pytest.approx(np.mean(areas), abs=1e-12)


def test_charades_are_read(tmp_path: Path) -> None:
    path = tmp_path / "charades_sta_test.txt"
    path.write_text("3MSZA 24.3 30.4##a person turns a light on.\n3MSZA 0 5##a person sits.\n\n")
    moments = tw.load_moments(path)
    assert moments["query_id"].tolist()[0] == "3MSZA##a person turns a light on."
    assert moments[["start_sec", "end_sec"]].values.tolist() == [[24.3, 30.4], [0, 5]]
    table = tw.evaluate(moments, moments, k=1)
    assert (table["value"] == 1).all()


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("3MSZA 24.3##words", r"line 1: .*'video start end##sentence' was expected"),
        ("3MSZA 24.3 nan##words", "line 1"),
        ("3MSZA 9 3##words", "runs from 9 s to 3 s"),
        ("", "empty"),
    ],
)
def test_harmed_lines_are_named(tmp_path: Path, line: str, match: str) -> None:
    path = tmp_path / "some.txt"
    path.write_text(line)
    with pytest.raises(tw.LoadError, match=match):
        tw.load_moments(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"relevant_windows": [[2]]}, r"\[start, end\] was expected"),
        ({"relevant_windows": [[2, "x"]]}, "a number was expected"),
        ({"relevant_windows": 3}, "a list was expected"),
        ({"vid": None}, None),
        ({"qid": [1]}, "a text or a number was expected"),
    ],
)
def test_harmed_highlights_are_named(
    highlights: tuple[Path, Path], change: dict[str, Any], match: str | None
) -> None:
    path = highlights[0]
    document = json.loads(path.read_text()) | change
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
    with pytest.raises(tw.LoadError, match=match or "qid and vid was expected"):
        tw.load_moments(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"relevant_clip_ids": [1]}, "do not fit"),
        ({"relevant_clip_ids": [1, 99]}, "not within 8 s"),
        ({"relevant_clip_ids": [1, "2"]}, "not within 8 s"),
        ({"relevant_clip_ids": [[1], [2]]}, "not within 8 s"),
        ({"duration": None}, "a number was expected"),
        ({"duration": 4e6}, r"4e\+06 s; 0 to 86,400"),
        ({"qid": None}, "a text or a number was expected"),
    ],
)
def test_harmed_ratings_are_named(
    highlights: tuple[Path, Path], change: dict[str, Any], match: str
) -> None:
    path = highlights[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(tw.LoadError, match=match):
        tw.load_moments(path, part="clips")


def test_wrong_tables_are_refused(tmp_path: Path) -> None:
    truth = pd.DataFrame({"query_id": ["a"], "video_id": ["v"], "start_sec": [0], "end_sec": [9]})
    found = truth.assign(score=1.0)
    wrong = [
        (found.drop(columns="score"), truth, "neither score nor rank"),
        (found.drop(columns="video_id"), truth, "no column 'video_id'"),
        (found.assign(query_id="b"), truth, "no query of truth is in found"),
        (found.assign(score=np.inf), truth, "score of row 0 of found"),
        (found.assign(start_sec=np.nan), truth, "runs from nan s"),
        (found.drop(columns=["start_sec", "end_sec"]), truth, "has no time"),
        (found, truth.assign(end_sec=-1), "runs from 0 s to -1 s"),
        (found, truth.assign(relevance=-1), "0 or more"),
        (found, truth.iloc[:0], "no rows"),
        (found, [1], "a list"),
        (found, truth.assign(annotator=np.nan), "row 0 of truth has no annotator"),
        (pd.concat([found, found[["score"]]], axis=1), truth, "several columns 'score'"),
        (found, pd.concat([truth, truth[["query_id"]]], axis=1), "several columns 'query_id'"),
        (found.assign(score=1j), truth, "holds complex values; a real number"),
    ]
    for kind in (pd.to_timedelta, pd.to_datetime):
        times = {name: kind(truth[name], unit="s") for name in ("start_sec", "end_sec")}
        wrong += [(found.assign(**times), truth, r"seconds were expected; use \.dt\.total_seconds")]
        times = {name: column.astype(object) for name, column in times.items()}
        wrong += [(found, truth.assign(**times), r"seconds were expected; use \.dt\.total_seconds")]
    for one, other, match in wrong:
        with pytest.raises(tw.InputError, match=match):
            tw.evaluate(one, other)
    with pytest.raises(tw.InputError, match=r"tiou is 1\.5"):
        tw.evaluate(found, truth, tiou=1.5)
    with pytest.raises(tw.InputError, match="k is empty"):
        tw.evaluate(found, truth, k=())
    with pytest.raises(tw.InputError, match="neither of the endings"):
        tw.load_moments(tmp_path / "some.csv")
    with pytest.raises(tw.InputError, match="cannot be read"):
        tw.load_moments(tmp_path / "none.jsonl")
    with pytest.raises(tw.InputError, match="path"):
        tw.load_moments(3)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="'windows' or 'clips'"):
        tw.load_moments(tmp_path / "none.jsonl", part="all")  # type: ignore[arg-type]


def test_predictions_that_find_nothing_are_a_table_to_evaluate(tmp_path: Path) -> None:
    truth = pd.DataFrame({"query_id": ["1"], "video_id": ["v"], "start_sec": [0], "end_sec": [9]})
    path = tmp_path / "none.jsonl"
    line = {"qid": 1, "query": "x", "vid": "v", "pred_relevant_windows": []}
    path.write_text(json.dumps(line | {"pred_saliency_scores": []}))
    found = tw.load_moments(path)
    assert not len(found)
    assert value(tw.evaluate(found, truth), "hit", 1, 0.5) == 0
    assert "score" in tw.load_moments(path, part="clips")
