"""Charades-STA: R@n, IoU=m as its first script counts it, beside ours, value by value.

The script of Gao et al. (TALL, ICCV 2017) counts a sentence as found if, of the n predictions of
the highest score, one has an overlap of m or more with the true span. Before, it drops every
prediction that overlaps a better one by more than m - .05; each line of the file is a query; the
overlap is what two spans share over what they reach together, from the first start to the last end.
What follows is written from that description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

NS, MS = (1, 5, 10), (0.1, 0.3, 0.5, 0.7)
Span = tuple[float, float]


def overlap(a: Span, b: Span) -> float:
    reach = max(a[1], b[1]) - min(a[0], b[0])
    return (min(a[1], b[1]) - max(a[0], b[0])) / reach


def thinned(ranked: list[Any], m: float) -> list[Any]:
    """Without what overlaps a better one by more than m - .05."""
    kept: list[Any] = []
    for one in ranked:
        if all(overlap(one, better) <= m - 0.05 for better in kept):
            kept.append(one)
    return kept


def ranked(found: pd.DataFrame) -> dict[str, list[Any]]:
    """Of each query its predictions, the highest score first: start, end, row."""
    first = found.sort_values("score", ascending=False)
    out: dict[str, list[Any]] = {}
    for row in zip(
        first["query_id"], first["start_sec"], first["end_sec"], first.index, strict=True
    ):
        out.setdefault(row[0], []).append(row[1:])
    return out


def recall(found: pd.DataFrame, truth: pd.DataFrame, n: int, m: float) -> float:
    """The share of the lines of a truth that one of the first n predictions left finds."""
    answers, right = ranked(found), 0
    for name, *true in truth[["query_id", "start_sec", "end_sec"]].to_numpy().tolist():
        kept = thinned(answers.get(name, []), m)[:n]
        right += any(overlap(one, (true[0], true[1])) >= m for one in kept)
    return right / len(truth)


def keep_thinned(found: pd.DataFrame, m: float) -> pd.DataFrame:
    """The rows that the script looks at."""
    rows = [one[2] for mine in ranked(found).values() for one in thinned(mine, m)]
    return found.loc[rows]


def value(table: pd.DataFrame, k: int, tiou: float) -> float:
    mine = (table["metric"] == "hit") & (table["k"] == k) & np.isclose(table["tiou"], tiou)
    return float(table.loc[mine, "value"].iloc[0])


def drawn(rng: np.random.Generator, n: int = 40) -> tuple[str, pd.DataFrame]:
    """A file in the form of Charades-STA, and predictions from near to far, most overlapping."""
    lines, rows = [], []
    for k in range(n):
        video, sentence = f"V{k % 25:04}", f"person {k} opens door #{k}: a##b."
        start = round(float(rng.uniform(0, 20)), 1)
        end = round(start + float(rng.uniform(2, 10)), 1)
        lines.append(f"{video} {start} {end}##{sentence}")
        for score in rng.permutation(14)[: rng.integers(0, 15)]:
            left = max(0.0, start + float(rng.normal(0, 3)))
            right = left + max(0.2, end - start + float(rng.normal(0, 3)))
            place = {"query_id": f"{video}##{sentence}", "video_id": video}
            rows.append(place | {"start_sec": left, "end_sec": right, "score": score / 14})
    return "\n".join(lines), pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(2))
def test_recall_is_that_of_the_script(seed: int, tmp_path: Path) -> None:
    text, found = drawn(np.random.default_rng(seed))
    path = tmp_path / "charades_sta_test.txt"
    path.write_text(text)
    truth = tw.load_moments(path)
    for m in MS:
        table = tw.evaluate(keep_thinned(found, m), truth, k=NS, tiou=m)
        for n in NS:
            assert value(table, n, m) == pytest.approx(recall(found, truth, n, m), abs=1e-12)


def test_what_is_not_thinned_differs_from_the_second_prediction_on(tmp_path: Path) -> None:
    """Near copies of one prediction take the places of others, and may be nearer to the truth."""
    text, found = drawn(np.random.default_rng(5))
    path = tmp_path / "charades_sta_test.txt"
    path.write_text(text)
    truth = tw.load_moments(path)
    table = tw.evaluate(found, truth, k=NS, tiou=MS)
    for m in MS:
        assert value(table, 1, m) == pytest.approx(recall(found, truth, 1, m), abs=1e-12)
    others = [value(table, n, m) - recall(found, truth, n, m) for n in NS[1:] for m in MS]
    assert min(others) < 0 < max(others)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0.0, 5.0)], {0.1: 1, 0.5: 1, 0.7: 0}),  # exactly half
        ([(0.0, 7.0)], {0.5: 1, 0.7: 1}),  # exactly .7
        ([(10.0, 12.0)], {0.1: 0}),  # it touches
        ([(30.0, 40.0)], {0.1: 0}),  # it is apart
        ([(0.0, 40.0)], {0.1: 1, 0.3: 0}),  # it holds all
        ([(4.0, 4.0)], {0.1: 0}),  # no length
        ([(30.0, 40.0), (0.0, 10.0)], {0.7: 0}),  # the second is right
        ([], {0.1: 0}),
    ],
)
def test_at_the_edges_both_say_the_same(spans: list[Span], expected: dict[float, int]) -> None:
    truth = pd.DataFrame({"query_id": ["q"], "video_id": ["v"], "start_sec": [0.0]})
    truth = truth.assign(end_sec=10.0)
    rows = [(*span, 1 - k / 10) for k, span in enumerate(spans)]
    found = pd.DataFrame(rows, columns=["start_sec", "end_sec", "score"])
    found = found.assign(query_id="q", video_id="v")
    for m, hit in expected.items():
        assert recall(found, truth, 1, m) == hit
        assert value(tw.evaluate(found, truth, k=1, tiou=m), 1, m) == hit


def test_an_overlap_of_exactly_the_threshold_is_not_lost_in_its_last_bit() -> None:
    """The script computes .6999999999999998 of 5.81 s in 8.3 s, and counts nothing."""
    truth = pd.DataFrame({"query_id": ["q"], "video_id": ["v"], "start_sec": [0.0]})
    truth = truth.assign(end_sec=8.3)
    found = truth.assign(end_sec=5.81, score=1.0)
    assert recall(found, truth, 1, 0.7) == 0
    table = tw.evaluate(found, truth, k=1, tiou=0.7)
    assert value(table, 1, 0.7) == 1
    miou = float(table.loc[table["metric"] == "miou", "value"].iloc[0])
    assert miou == pytest.approx(overlap((0.0, 5.81), (0.0, 8.3)), abs=1e-15)


def test_a_sentence_on_two_lines_is_one_query_of_two_windows(tmp_path: Path) -> None:
    """The script counts two queries, so number the lines to have its value."""
    path = tmp_path / "charades_sta_test.txt"
    path.write_text("AAAAA 0 10##a person sits.\nAAAAA 20 30##a person sits.\n")
    truth = tw.load_moments(path)
    found = truth.iloc[[0]].assign(score=1.0)
    assert value(tw.evaluate(found, truth, k=1, tiou=0.5), 1, 0.5) == 1
    assert recall(found, truth, 1, 0.5) == 0.5
    lines = truth.assign(query_id=["0", "1"])
    answers = pd.concat([found.assign(query_id=one) for one in "01"])
    assert value(tw.evaluate(answers, lines, k=1, tiou=0.5), 1, 0.5) == 0.5


def as_written(text: str, form: str) -> bytes:
    """The same lines as others write them."""
    if form == "windows":
        return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n\r\n"
    if form == "tabs":
        return "\n".join(
            "\t".join(line.split(" ", 2)).replace("##", " ## ", 1) for line in text.split("\n")
        ).encode()
    return text.encode()


@pytest.mark.parametrize("form", ["windows", "tabs", "lines of json"])
def test_forms_of_strangers_give_the_same_values(form: str, tmp_path: Path) -> None:
    text, found = drawn(np.random.default_rng(7), n=20)
    plain = tmp_path / "plain.txt"
    plain.write_text(text)
    truth = tw.load_moments(plain)
    if form == "lines of json":  # as later work gives Charades-STA out, in the form of QVHighlights
        path, answers = tmp_path / "truth.jsonl", tmp_path / "found.jsonl"
        path.write_bytes(b"\n".join(map(orjson.dumps, map(truth_line, truth.itertuples()))))
        lines = [found_line(found, row) for row in truth.itertuples()]
        answers.write_bytes(b"\n".join(map(orjson.dumps, lines)))
        found = tw.load_moments(answers)
    else:
        path = tmp_path / "strange.txt"
        path.write_bytes(as_written(text, form))
    read = tw.load_moments(path)
    table = tw.evaluate(keep_thinned(found, 0.5), read, k=NS, tiou=0.5)
    for n in NS:
        assert value(table, n, 0.5) == pytest.approx(recall(found, truth, n, 0.5), abs=1e-12)


def truth_line(row: Any) -> dict[str, Any]:
    windows = [[row.start_sec, row.end_sec]]
    return {"qid": row.query_id, "query": row.query, "vid": row.video_id, "duration": 40.0} | {
        "relevant_windows": windows
    }


def found_line(found: pd.DataFrame, row: Any) -> dict[str, Any]:
    mine = found[found["query_id"] == row.query_id]
    windows = mine[["start_sec", "end_sec", "score"]].to_numpy().tolist()
    return {"qid": row.query_id, "vid": row.video_id, "pred_relevant_windows": windows}
