"""Every analysis against its definition in plain loops and float64, on random tables.

The tables have several videos, overlaps, gaps, rows without time, zero vectors, whole-video rows,
repeated index labels and columns of odd types. Some are drawn in the suite; for more:
``python tests/test_oracles.py --tables 500 --seed 7``. A table that a function refuses must be one
that it has to refuse.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from oracles import (
    best_pieces,
    covered,
    drawn,
    fused,
    identities,
    meant_by,
    novelty_at,
    options_of,
    seconds_of,
    self_agreement,
    silhouette,
    times_it_comes,
    told_apart,
    tracks_of,
    unit_of,
    unrelated,
    usual_distance,
)

import twlab as tw
from twlab.widgets import mask_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[np.random.Generator], None]

pytestmark = pytest.mark.numbers

IN_SUITE, FEW = 12, {"align": 3, "what_must_not_matter": 1, "rows_that_are_there_twice": 1}
DEAR = 5
"""Of checks that run every analysis several times, one in so many tables is enough."""
NEAR = 3e-6


def call(function: Callable[..., Any], *tables: pd.DataFrame, **given: Any) -> Any:
    """The result, no argument having been changed."""
    before = [table.copy(deep=True) for table in tables]
    blocks = [[np.array(cell) for cell in table["embedding"]] for table in tables]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        result = function(*tables, **given)
    for table, was, cells in zip(tables, before, blocks, strict=True):
        pd.testing.assert_frame_equal(
            table.drop(columns="embedding"), was.drop(columns="embedding")
        )
        assert all(map(np.array_equal, table["embedding"], cells)), function.__name__
    return result


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The same rows, labelled by their number."""
    return table.reset_index(drop=True)


def takes_part(table: pd.DataFrame) -> np.ndarray:
    """Rows with a vector that stand for a piece of a video, unless all are whole videos."""
    whole = (table["embedding_scope"].astype(str) == "video").to_numpy(bool)
    _, present = unit_of(table)
    return present & (~whole if not whole.all() else True)


def allowed(kind: str, video: str, other: str) -> bool:
    return kind == "any" or (video == other) == (kind == "same")


def check_nearest(rng: np.random.Generator) -> None:
    table, k = plain(drawn(rng)), int(rng.integers(1, 7))
    kind = str(rng.choice(["any", "other", "same"]))
    unit, present = unit_of(table)
    videos, part = table["video_id"].astype(str).tolist(), takes_part(table)
    found = call(tw.nearest, table, k=k, videos=kind)
    for i in range(len(table)):
        mine = found[found["query"] == i]
        wanted = [
            (-float(unit[i] @ unit[j]), j)
            for j in range(len(table))
            if j != i and part[j] and present[i] and allowed(kind, videos[i], videos[j])
        ]
        assert np.allclose(
            -mine["cosine_similarity"].to_numpy(float), [s for s, _ in sorted(wanted)[:k]],
            atol=NEAR,
        )  # fmt: skip
        of = {j: -s for s, j in wanted}
        for row in mine.itertuples():
            assert abs(of[row.match] - row.cosine_similarity) < NEAR
            assert table["video_id"].iloc[row.match] == row.video_id
        assert mine["match"].is_unique
        assert mine["rank"].tolist() == [*range(1, len(mine) + 1)]
    named = table.set_axis([f"r{n}" for n in range(len(table))])
    again = call(tw.nearest, named, k=k, videos=kind)
    assert again["match"].tolist() == [f"r{n}" for n in found["match"]]


def check_near_duplicates(rng: np.random.Generator) -> None:
    table = plain(drawn(rng))
    least, gap = float(rng.choice([0.5, 0.9, 0.999, -0.5])), float(rng.choice([0, 6, 30]))
    kind = str(rng.choice(["any", "other", "same"]))
    found = call(tw.near_duplicates, table, threshold=least, min_gap_sec=gap, videos=kind)
    unit, part = unit_of(table)[0], takes_part(table)
    videos, (start, end) = table["video_id"].astype(str).tolist(), seconds_of(table)
    wanted, edge = {}, set()
    for i, j in combinations(np.flatnonzero(part).tolist(), 2):
        alike = float(unit[i] @ unit[j])
        if not allowed(kind, videos[i], videos[j]):
            continue
        if videos[i] == videos[j] and not np.isnan([start[i], start[j]]).any():
            first, second = (i, j) if (start[i], end[i]) <= (start[j], end[j]) else (j, i)
            between = start[second] - end[first]
            spans = [(start[row], end[row]) for row in (i, j)]
            inside = any(
                point[0] == point[1] and (outer[0] <= point[0] < outer[1] or outer == point)
                for outer, point in (spans, spans[::-1])
            )
            if between < gap - 1e-6 or inside:
                continue
        if abs(alike - least) < NEAR:
            edge.add((i, j))
        if alike >= least:
            wanted[i, j] = alike
    got = dict(
        zip(zip(found["a"], found["b"], strict=True), found["cosine_similarity"], strict=True)
    )
    assert len(got) == len(found)
    assert set(got) ^ set(wanted) <= edge
    assert all(abs(got[pair] - wanted.get(pair, least)) < NEAR for pair in got)
    assert (np.diff(found["cosine_similarity"]) <= 1e-7).all()


def check_video_vectors(rng: np.random.Generator) -> None:
    table = plain(drawn(rng, options=2))
    clips = table[table["embedding_scope"].astype(str) != "video"]
    keys = [table["video_id"].astype(str), options_of(table)]
    groups = {key: [] for key in zip(*keys, strict=True)}
    for row in clips.index:
        groups[keys[0][row], keys[1][row]].append(row)
    start, end = seconds_of(table)
    untimed = [np.isnan((end - start)[rows]) for rows in groups.values()]
    bad = any(not rows for rows in groups.values())
    bad |= any(one.any() and not one.all() for one in untimed)
    if bad:
        with pytest.raises(tw.InputError):
            call(tw.video_vectors, table)
        return
    found = call(tw.video_vectors, table)
    matrix, present = unit_of(table, scaled=False)
    assert list(zip(found["video_id"].astype(str), options_of(found), strict=True)) == [*groups]
    for row, rows in zip(found.itertuples(), groups.values(), strict=True):
        length = (end - start)[rows]
        length = np.ones(len(rows)) if np.isnan(length).all() or not length.any() else length
        weight = length * present[rows]
        mean = weight @ matrix[rows] / (weight.sum() or 1.0)
        assert np.allclose(mean, row.embedding, rtol=2e-4, atol=2e-4 * max(1, np.abs(mean).max()))
        assert row.n_segments == len(rows)


def check_deduplicate(rng: np.random.Generator) -> None:
    table, least = drawn(rng, options=2), float(rng.choice([0.5, 0.9, 0.999]))
    marked = table.assign(place=range(len(table)))
    kept: list[int] = []
    unit, part, option = unit_of(table)[0], takes_part(table), options_of(table)
    for i in range(len(table)):
        like = [float(unit[i] @ unit[j]) for j in kept if part[j] and option[j] == option[i]]
        if any(abs(one - least) < NEAR for one in like) and part[i]:
            return
        if not part[i] or all(one < least for one in like):
            kept.append(i)
    assert call(tw.deduplicate, marked, threshold=least)["place"].tolist() == kept


def check_outliers(rng: np.random.Generator) -> None:
    table, k = drawn(rng, options=2), int(rng.integers(1, 9))
    found = call(tw.outliers, table, k=k)
    assert found.index.equals(table.index)
    unit, part, option = unit_of(table)[0], takes_part(table), options_of(table)
    for i in range(len(table)):
        far = [
            1 - float(unit[i] @ unit[j])
            for j in range(len(table))
            if j != i and part[j] and option[j] == option[i]
        ]
        wanted = np.mean(sorted(far)[:k]) if part[i] and far else np.nan
        assert np.isclose(found.iloc[i], wanted, atol=NEAR, equal_nan=True)


def check_search(rng: np.random.Generator) -> None:
    table = drawn(rng, options=int(rng.integers(1, 4)))
    turned = table["embedding_option"].map({"visual": "audio", "audio": "visual"})
    if len({*options_of(table)} - {"none"}) > 1:  # the same places in other options
        more = table[turned.notna()].assign(embedding_option=turned.dropna().astype(str))
        table = pd.concat([plain(table), plain(more)], ignore_index=True)
    table = plain(table)
    unit, part, option = unit_of(table)[0], takes_part(table), np.array(options_of(table))
    if not part.any():
        return
    there = sorted({*option[part]})
    query = rng.normal(size=unit.shape[1]).astype(np.float32)
    weights = {name: float(rng.choice([0.5, 1, 3])) for name in there if name != "none"}
    fuse = str(rng.choice(["standing", "rank"]))
    start, end = seconds_of(table)
    low = float(rng.integers(0, 60)) if rng.random() < 0.4 else None
    keep = part & ((end > low) if low is not None else True)
    clips = (table["embedding_scope"].astype(str) != "video").to_numpy(bool)
    _, present = unit_of(table)
    after = (end > low) if low is not None else np.ones(len(table), bool)
    if after.any() and not (after & clips).any():  # only whole videos are left, and are compared
        clips, part = ~clips, present & ~clips
        keep = part & after
    whole = table[clips] if clips.any() else table
    if any(name not in {*option[whole.index]} for name in weights):
        return
    found = call(
        tw.search, table, query=query, k=999, weights=weights or None, fuse=fuse, start_sec=low
    )
    direction = query.astype(float) / np.linalg.norm(query.astype(float))
    alike = unit @ direction
    spots: dict[Any, dict[str, int]] = {}
    for i in np.flatnonzero(keep):
        spot = (str(table["video_id"].iloc[i]), round(start[i], 3), round(end[i], 3))
        spot = spot if spot[1] == spot[1] else (*spot[:1], int(i))
        held = spots.setdefault(spot, {})
        if option[i] not in held or alike[i] > alike[held[option[i]]] + 1e-7:
            held[option[i]] = int(i)
    assert len(found) == len(spots)
    names = sorted({*option[whole.index]})
    backgrounds = {n: alike[part & (option == n)] for n in names}
    scores = fused(spots, alike, names, backgrounds, weights, fuse)
    for row in found.to_dict("records"):
        spot = (str(row["video_id"]), row["start_sec"], row["end_sec"])
        spot = spot if row["start_sec"] == row["start_sec"] else (spot[0], row["match"])
        held = spots[spot]
        for name in names:
            value = row[f"{name}_similarity"]
            wanted = alike[held[name]] if name in held else np.nan
            assert np.isclose(value, wanted, atol=NEAR, equal_nan=True), (name, value, wanted)
        assert np.isclose(row["score"], scores[spot], rtol=1e-3, atol=2e-3), (row, scores[spot])
        assert any(abs(alike[row["match"]] - alike[n]) < NEAR for n in held.values())
    assert (np.diff(found["score"]) <= 1e-9).all()
    assert found["rank"].tolist() == [*range(1, len(found) + 1)]
    top = call(
        tw.search, table, query=query, k=3, weights=weights or None, fuse=fuse, start_sec=low
    )
    pd.testing.assert_frame_equal(top, found.head(3))


def check_intervals(rng: np.random.Generator) -> None:
    table = drawn(rng, options=2)
    start, end = seconds_of(table)
    n, shared = len(table), call(tw.intervals.overlap, table)
    union = call(tw.intervals.iou, table)
    for i in range(n):
        for j in range(n):
            both = max(0.0, min(end[i], end[j]) - max(start[i], start[j]))
            both = 0.0 if np.isnan([start[i], start[j], end[i], end[j]]).any() else both
            whole = end[i] - start[i] + end[j] - start[j] - both
            assert shared[i, j] == pytest.approx(both)
            assert union[i, j] == pytest.approx(both / whole if whole > 0 else 0.0)
    low, high = sorted(np.round(rng.random(2) * 100, 1))
    place = table.assign(place=range(n))
    inside = {
        "loose": lambda a, b: a < high and b > low,
        "strict": lambda a, b: a >= low and b <= high,
        "center": lambda a, b: low <= (a + b) / 2 < high,
    }
    for mode, rule in inside.items():
        rows = call(tw.intervals.crop, place, start_sec=low, end_sec=high, mode=mode)["place"]
        wanted = [i for i in range(n) if rule(start[i], end[i])]
        assert rows.tolist() == wanted
    gap, runs = float(rng.choice([0, 1, 6, 30])), []
    for video in sorted({*table["video_id"].astype(str)}):
        mine = [i for i in range(n) if str(table["video_id"].iloc[i]) == video and end[i] == end[i]]
        for i in sorted(mine, key=lambda i: (start[i], end[i])):
            if runs and runs[-1][0] == video and start[i] - runs[-1][2] <= gap + 1e-9:
                runs[-1][2:] = max(runs[-1][2], end[i]), runs[-1][3] + 1
            else:
                runs.append([video, start[i], end[i], 1])
    merged = call(tw.intervals.merge_adjacent, table, max_gap_sec=gap)
    merged = merged.astype({"video_id": str})
    got = merged[["video_id", "start_sec", "end_sec", "n_segments"]].values.tolist()
    assert sorted(got) == sorted(runs)


def check_summarize(rng: np.random.Generator) -> None:
    table = drawn(rng).assign(place=lambda t: range(len(t)))
    budget = float(rng.choice([6, 20, 60, 1000])) if rng.random() < 0.7 else None
    n = int(rng.integers(1, 6)) if budget is None or rng.random() < 0.4 else None
    by = str(rng.choice(["scenes", "coverage"]))
    found = call(tw.summarize, table, budget_sec=budget, n_segments=n, by=by)
    unit, part, (start, end) = unit_of(table)[0], takes_part(table), seconds_of(table)
    seconds = np.nan_to_num(end - start)
    lasting = bool(seconds[part | (table["embedding_scope"].astype(str) != "video")].any())
    seconds = seconds if lasting else np.ones(len(table))
    part &= seconds > 0
    picks = found.sort_values("pick")["place"].tolist()
    assert sorted(found["pick"]) == [*range(1, len(found) + 1)]
    assert [*found.index] == [table.index[row] for row in found["place"]]
    assert all(part[row] for row in picks)
    assert budget is None or seconds[picks].sum() <= budget + 1e-5
    assert n is None or len(picks) <= n
    assert len({*picks}) == len(picks)
    alike = np.maximum(unit @ unit.T, 0)
    best = found.sort_values("pick")["coverage"].to_numpy(float)
    for k in range(len(picks)):
        served = alike[part][:, picks[: k + 1]].max(axis=1)
        assert best[k] == pytest.approx(served @ seconds[part] / seconds[part].sum(), abs=1e-5)
    if by == "coverage" and n == 1 and budget is None and part.any():
        gains = {row: alike[part][:, row] @ seconds[part] for row in np.flatnonzero(part)}
        per = [max(gains.values()), max(gains[r] for r in gains)]
        assert gains[picks[0]] == pytest.approx(max(per), rel=1e-4)


def check_novelty(rng: np.random.Generator) -> None:
    table = drawn(rng, options=2)
    again = table.iloc[rng.integers(0, len(table), 3)]
    again = again.assign(embedding=list(rng.normal(size=(3, len(table["embedding"].iloc[0])))))
    table = pd.concat([plain(table), plain(again)], ignore_index=True)
    given = [None, 6.0, 12.0, 40.0][int(rng.integers(4))]
    found = call(tw.novelty, table, kernel_sec=given).to_numpy(float)
    unit, part, (start, end) = unit_of(table)[0], takes_part(table), seconds_of(table)
    clip = table["embedding_scope"].astype(str).to_numpy() != "video"
    clip = clip if clip.any() else ~clip
    keys = np.array(tracks_of(table))
    for i in range(len(table)):
        if not clip[i] or np.isnan(start[i]):
            assert np.isnan(found[i])
            continue
        mine = np.flatnonzero((keys == keys[i]) & clip & ~np.isnan(start))
        length = (end - start)[mine]
        width = given or 8 * (np.median(length[length > 0]) if length.any() else 1.0)
        wanted = novelty_at(start[i], start[mine], end[mine], unit[mine], part[mine], width)
        if start[i] == start[mine].min():
            wanted = np.nan
        assert np.isclose(found[i], wanted, atol=1e-4, equal_nan=True), (i, found[i], wanted)


def check_cluster_summary(rng: np.random.Generator) -> None:
    table = plain(drawn(rng))
    n, unit = len(table), unit_of(table)[0]
    names = ["sea", "forest", None] if rng.random() < 0.3 else [0, 1, 2, -1]
    label = [names[rng.integers(len(names))] for _ in range(n)]
    rows = [k for k in range(n) if label[k] is not None and label[k] != -1]
    found = call(tw.cluster_summary, table, labels=pd.Series(label, dtype=object))
    assert found["cluster"].tolist() == sorted({label[k] for k in rows})
    start, end = seconds_of(table)
    video = table["video_id"].astype(str).tolist()
    for row in found.to_dict("records"):
        mine = [k for k in rows if label[k] == row["cluster"]]
        assert row["n_segments"] == len(mine)
        assert row["n_videos"] == len({video[k] for k in mine})
        spans = {one: [(start[k], end[k]) for k in mine if video[k] == one] for one in {*video}}
        timed = [[s for s in of if s[0] == s[0]] for of in spans.values()]
        assert row["seconds"] == pytest.approx(sum(map(covered, timed)))
        like = {k: float(np.mean([unit[k] @ unit[j] for j in mine])) for k in mine}
        assert like[row["medoid"]] == pytest.approx(max(like.values()), abs=NEAR)
        assert row["medoid_video_id"] == video[row["medoid"]]
        mean = unit[mine].mean(axis=0)
        length = float(np.linalg.norm(mean))
        toward = [float(unit[k] @ mean) / length for k in mine] if length else [0.0]
        assert row["cohesion"] == pytest.approx(float(np.mean(toward)), abs=NEAR)
        wanted = np.mean([silhouette(unit, label, k, rows) for k in mine])
        wanted = wanted if len(found) > 1 else np.nan
        assert row["silhouette"] == pytest.approx(wanted, abs=1e-3, nan_ok=True)


def check_project(rng: np.random.Generator) -> None:
    table = drawn(rng)
    unit, part = unit_of(table)[0][:, :], takes_part(table)
    found = call(tw.project, table, method="pca")
    assert found.index.equals(table.index)
    places = found.to_numpy(float)
    assert (np.isnan(places).all(axis=1) == ~part).all()
    assert (np.isfinite(places).all(axis=1) == part).all()
    centred = unit[part] - unit[part].mean(axis=0) if part.any() else unit[part]
    values, axes = np.linalg.eigh(centred.T @ centred)
    if len(values) > 2 and values[-2] - values[-3] < 1e-3 * max(values[-1], 1):
        return  # another plane is as good
    wanted = centred @ axes[:, -2:]
    assert np.allclose(places[part] @ places[part].T, wanted @ wanted.T, atol=1e-4)
    if rng.random() < 0.25:
        twice = pd.concat([plain(table), plain(table)], ignore_index=True)
        map_ = call(tw.project, twice).to_numpy(float)
        n = len(table)
        assert np.array_equal(map_[:n], map_[n:], equal_nan=True)
        once = call(tw.project, table).to_numpy(float)
        assert np.allclose(map_[:n], once, equal_nan=True, rtol=1e-3, atol=1e-3)


def check_diagnose(rng: np.random.Generator) -> None:
    table = plain(drawn(rng, options=int(rng.integers(1, 4))))
    found = call(tw.diagnose, table)

    def value(subject: str, check: str) -> float:
        mine = found[(found["subject"] == subject) & (found["check"] == check)]
        assert len(mine) <= 1, (subject, check)
        return float(mine["value"].iloc[0]) if len(mine) else 0.0

    option = options_of(table)
    named = [name if name != "none" else None for name in option]
    assert value("table", "model names") == 1
    assert value("table", "embedding options") == len({*option})
    assert value("table", "embedding scopes") == table["embedding_scope"].astype(str).nunique()
    start, end = seconds_of(table)
    assert value("table", "rows without time") == np.isnan(start).sum()
    (unit, present), raw = unit_of(table), unit_of(table, scaled=False)[0]
    scope = table["embedding_scope"].astype(str).to_numpy()
    for name in {*named}:
        rows = [k for k in range(len(table)) if named[k] == name]
        clips = [k for k in rows if scope[k] != "video"] or rows
        subject = ", ".join([name, "m"] if name else ["m"])
        assert value(subject, "zero vectors") == sum(not present[k] for k in clips)
        assert value(subject, "dimensions") == unit.shape[1]
        there = [k for k in clips if present[k]]
        if not there:
            continue
        lengths = [float(np.linalg.norm(raw[k])) for k in there]
        assert value(subject, "vector lengths") == pytest.approx(np.mean(lengths), rel=1e-5)
        pairs = [float(unit[a] @ unit[b]) for a, b in combinations(there, 2)]
        assert value(subject, "anisotropy") == pytest.approx(np.mean(pairs or [0]), abs=1e-5)
        different = {(raw[k] + 0.0).tobytes() for k in there}
        assert value(subject, "repeated vectors") == len(there) - len(different)
        videos = [str(table["video_id"].iloc[k]) for k in there]
        assert_common(unit[there], videos, start[there], end[there], value(subject, "common clips"))


def assert_common(
    unit: np.ndarray, video: list[str], start: np.ndarray, end: np.ndarray, got: float
) -> None:
    """Clips that come back nearly the same in three places or more."""
    far = 1 - unit @ unit.T
    usual = usual_distance(far, video, start, end)
    least = max(0.025 * usual, 1e-6)
    if np.abs(far - least).min() < NEAR:
        return
    times = [times_it_comes(unit, video, start, end, k, least) for k in range(len(unit))]
    assert got == (sum(one >= 3 for one in times) if usual > 1e-6 else 0)


def check_scenes(rng: np.random.Generator) -> None:
    n, d = int(rng.integers(3, 10)), 6
    length = rng.choice([2.0, 6.0, 7.5], size=n)
    start = np.r_[0, np.cumsum(length)[:-1]] + np.cumsum(rng.choice([0, 0, 0, 9], size=n))
    rows = pd.DataFrame({"video_id": "v", "start_sec": start, "end_sec": start + length})
    table = tw.with_vectors(rows, rng.normal(size=(n, d)) + rng.choice([0, 1]))
    unit = unit_of(table)[0]
    k = int(rng.integers(1, n + 1))
    for method in ("kernel", "gaussian", "linked"):
        found = call(tw.scenes, table, n_scenes=k, method=method)
        cuts = [int(np.flatnonzero(start == s)[0]) for s in found["start_sec"][1:]]
        assert len(found) == k
        wanted = best_pieces(unit, start, start + length, k, method)
        if wanted is not None:  # where no other cuts are nearly as good
            assert cuts == wanted, (method, cuts, wanted)
        strength = found["strength"].to_numpy(float)[1:]
        assert ((strength >= 0) & (strength <= 1)).all()


def check_scene_rows(rng: np.random.Generator) -> None:
    table = plain(drawn(rng, options=2))
    asked = [None, "coarse", "fine"][int(rng.integers(3))]
    method = str(rng.choice(["linked", "kernel", "gaussian", "ward", "novelty"]))
    found = call(tw.scenes, table, n_scenes=asked, method=method)
    start, _ = seconds_of(table)
    clip = table["embedding_scope"].astype(str).to_numpy() != "video"
    clip = clip if clip.any() else ~clip
    assert found["n_segments"].sum() == (clip & ~np.isnan(start)).sum()
    of, track = np.array(tracks_of(found)), tracks_of(table)
    for one in {*of}:
        scenes = found[of == one]
        assert np.isnan(scenes["strength"].iloc[0])
        assert scenes["strength"].iloc[1:].between(0, 1).all()
        assert (scenes["start_sec"].to_numpy()[1:] >= scenes["end_sec"].to_numpy()[:-1]).all()
        for medoid in scenes["medoid"]:
            assert track[medoid] == one
    counts = call(tw.scene_counts, table)
    assert (counts["coarse"] <= counts["default"]).all()
    assert (counts["default"] <= counts["fine"]).all()
    labels = call(tw.scene_labels, table, scenes=found)
    start, end = seconds_of(table)
    for i in range(len(table)):
        mine = found[of == track[i]]
        middle = (start[i] + end[i]) / 2
        numbers = [
            k
            for k, (a, b) in enumerate(mine[["start_sec", "end_sec"]].to_numpy(float))
            if a - 1e-6 <= middle <= b + 1e-6
        ]
        wanted = numbers[-1] if numbers and clip[i] else None
        got = labels.iloc[i]
        assert (None if got is pd.NA else got) == wanted, (i, got, wanted)


def check_picks(rng: np.random.Generator) -> None:
    """Rows of results select the segments that they mean, whatever the labels of the table are."""
    table = drawn(rng, options=2)
    known, clip = identities(table), (table["embedding_scope"].astype(str) != "video").to_numpy()
    clip = clip if clip.any() else ~clip
    rows = rng.integers(0, len(table), int(rng.integers(1, 5)))
    some = table.iloc[rows]
    changed = [
        some,
        plain(some),
        some.sort_values("start_sec", kind="stable", key=pd.to_numeric),
        pd.concat([some, plain(some)]),
        some.set_axis(table.index[: len(some)]) if len(some) <= len(table) else some,
    ]
    for one in changed:
        got = call(mask_of, table, rows=one)
        assert {known[k] for k in np.flatnonzero(got)} == {known[k] for k in rows}
    scenes = call(tw.scenes, plain(table))
    scenes = scenes.sample(frac=0.6, random_state=int(rng.integers(99)))
    spots = [*zip(tracks_of(table), *seconds_of(table), strict=True)]
    single = scenes["n_segments"].to_numpy() == 1  # the very segment, as hits are
    theirs = [*zip(tracks_of(scenes), *seconds_of(scenes), strict=True)]
    very = {spot for spot, one in zip(theirs, single, strict=True) if one and spot in spots}
    wanted = np.array([spot in very for spot in spots]) & clip
    wide = [spot not in very or not one for spot, one in zip(theirs, single, strict=True)]
    wanted |= np.array(meant_by(table, scenes[np.array(wide, bool)]), bool) & clip
    if len(scenes):
        assert (call(mask_of, table, rows=scenes) == wanted).all()
    first = plain(table)[np.array(options_of(table)) == options_of(table)[0]]
    near = call(tw.nearest, first, k=2).head(4)
    got = call(mask_of, plain(table), rows=near)
    assert {*near["match"]} <= {*np.flatnonzero(got)}
    places = [(known[k][0], known[k][1], known[k][2]) for k in near["match"]]
    told = call(mask_of, table, rows=near)
    assert {known[k][:3] for k in np.flatnonzero(told)} == {*places}


def check_cluster(rng: np.random.Generator) -> None:
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import AgglomerativeClustering

    table = plain(drawn(rng, zeros=False))
    unit, part = unit_of(table)[0], takes_part(table)
    rows = np.flatnonzero(part)
    if len(rows) < 3:
        return
    for method in ("ward", "average"):
        metric = "euclidean" if method == "ward" else "cosine"
        tree = linkage(unit[rows], method, metric=metric)
        heights = np.maximum(tree[:, 2], 0)
        k = int(rng.integers(1, len(rows)))
        clear = k == 1 or heights[-k + 1] - heights[-k] > 1e-3
        clear &= heights[-k:].min() > 2e-3 and (np.diff(heights)[np.diff(heights) > 0] > 1e-6).all()
        if not clear:
            continue
        found = call(tw.cluster, table, n_clusters=k, method=method)
        assert found.isna().to_numpy().tolist() == (~part).tolist()
        mine = found.to_numpy(float, na_value=-1)[rows].astype(int)
        assert_same(mine, fcluster(tree, k, "maxclust"))
        assert sorted({*mine}) == [*range(k)]
    limit = float(rng.uniform(0.1, 1.2))
    if np.abs(heights - limit).min() < 1e-3:
        return
    model = AgglomerativeClustering(
        None, distance_threshold=limit, metric="cosine", linkage="average"
    )
    found = call(tw.cluster, table, distance_threshold=limit)
    assert_same(found.to_numpy(float, na_value=-1)[rows], model.fit_predict(unit[rows]))


def assert_same(mine: Any, other: Any) -> None:
    """The same groups, whatever they are called."""
    pairs = {*zip(mine, other, strict=True)}
    assert len(pairs) == len({*mine}) == len({*other})


def check_threshold(rng: np.random.Generator) -> None:
    table, rate = plain(drawn(rng, options=2)), float(rng.uniform(0.01, 0.9))
    if rng.random() < 0.5:  # neighbours that belong together
        start = 6.0 * np.arange(60)
        topics = np.repeat(rng.normal(size=(10, 8)), 6, axis=0) + 0.4 * rng.normal(size=(60, 8))
        table = tw.from_vectors(topics, start_sec=start, end_sec=start + 6)
        table = table.assign(embedding_option="visual", embedding_scope="clip")
    found = call(tw.threshold, table, base_rate=rate)
    pairs = call(tw.similarity_pairs, table)
    near, far = unrelated(table, unit_of(table)[0])
    for row in found.to_dict("records"):
        name = "none" if pd.isna(row["embedding_option"]) else row["embedding_option"]
        mine = pairs[np.array(options_of(pairs), object) == name]
        for kind, wanted in (("neighbours", near[name]), ("far", far[name])):
            got = sorted(mine[mine["kind"] == kind]["similarity"])
            assert np.allclose(got, sorted(wanted), atol=NEAR), kind
        assert (row["n_neighbours"], row["n_unrelated"]) == (len(near[name]), len(far[name]))
        ours, theirs = (
            mine[mine["kind"] == kind]["similarity"].to_numpy() for kind in ("neighbours", "far")
        )
        if np.isnan(row["threshold"]):
            assert np.isnan(row["precision"])
            continue
        kept, wrong = ((x >= row["threshold"]).mean() for x in (ours, theirs))
        assert (row["neighbours_kept"], row["unrelated_kept"]) == pytest.approx((kept, wrong))
        assert kept - wrong == pytest.approx(told_apart(ours, theirs))
        assert row["precision"] == pytest.approx(rate * kept / (rate * kept + (1 - rate) * wrong))


def check_align(rng: np.random.Generator) -> None:
    tables = [drawn(rng, d=8, rows=40), drawn(rng, d=8, rows=40)]
    if rng.random() < 0.7:
        copied = tables[1][seconds_of(tables[1])[0] < 60].assign(video_id="copy")
        tables[0] = pd.concat([plain(tables[0]), plain(copied)], ignore_index=True)
    found = call(tw.align, *tables)
    for side, table in zip("ab", tables, strict=True):
        start, end = seconds_of(table)
        clip = (table["embedding_scope"].astype(str) != "video").to_numpy(bool)
        for row in found.to_dict("records"):
            mine = (table["video_id"].astype(str) == str(row[f"{side}_video_id"])).to_numpy() & clip
            both = sorted([row[f"{side}_start_sec"], row[f"{side}_end_sec"]])
            assert np.nanmin(start[mine]) - 1e-9 <= both[0] < both[1] <= np.nanmax(end[mine]) + 1e-9
    assert found["score"].le(1 + 1e-9).all()
    assert found["chance"].between(0, 0.06).all()
    rest = call(
        tw.find, tables[0][tables[0]["video_id"] == tables[0]["video_id"].iloc[0]], tables[1]
    )
    assert rest["share"].between(0, 1).all()
    assert rest["chance"].between(0, 0.05).all()


def check_compare_options(rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 50))
    rows = pd.DataFrame({"video_id": "v", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    walk = rng.normal(size=(n, 5))
    sides = [walk @ rng.normal(size=(5, 7)) + rng.normal(size=(n, 7)), rng.normal(size=(n, 6))]
    sides[1] += walk @ rng.normal(size=(5, 6))
    tables = [
        tw.with_vectors(rows.assign(embedding_option=name), side)
        for name, side in zip(("visual", "audio"), sides, strict=True)
    ]
    both = pd.concat(tables, ignore_index=True).sample(frac=1, random_state=1)
    found = call(tw.compare_options, both).iloc[0]
    wanted = self_agreement(*(unit_of(table)[0] for table in tables))
    assert found["agreement"] == pytest.approx(wanted, abs=1e-4)
    assert found["n_cells"] == n
    names = {"visual": "a", "audio": "z"}
    renamed = both.assign(embedding_option=both["embedding_option"].map(names))
    turned = call(tw.compare_options, renamed)
    assert turned["agreement"].iloc[0] == pytest.approx(wanted, abs=1e-4)
    if pd.isna(found["note"]):
        assert 0 < found["least_p"] <= found["p_value"] <= 1
        # A share of all orders of the whole, or of the middle three fifths.
        sizes = n - 2 * (n // 20), n - 2 * (n // 5)
        assert found["least_p"] == pytest.approx(1 / (2 * sizes[1]))
        steps = [2 * size * found["p_value"] for size in sizes]
        assert any(step == pytest.approx(round(step)) for step in steps)
    else:
        assert np.isnan(found["p_value"])


def check_trustworthiness(rng: np.random.Generator) -> None:
    from sklearn.manifold import trustworthiness

    n = int(rng.integers(5, 40))
    matrix, coords = rng.normal(size=(n, 6)), rng.normal(size=(n, 2))
    k = int(rng.integers(1, (n - 1) // 2 + 1))
    rows = pd.DataFrame({"video_id": "v", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    found = call(tw.trustworthiness, tw.with_vectors(rows, matrix), coords=coords, k=k)
    wanted = trustworthiness(matrix, coords, n_neighbors=k, metric="cosine")
    assert found == pytest.approx(wanted, abs=1e-4)


def check_what_must_not_matter(rng: np.random.Generator) -> None:
    """Two changes of all that no analysis may mind."""
    table, query = planted(rng)
    wanted = everything(table, query)
    for why in rng.permutation([*CHANGES])[:2]:
        assert_as_ever(str(why), table, query, wanted)


def assert_as_ever(
    why: str, table: pd.DataFrame, query: np.ndarray, wanted: dict[str, pd.DataFrame]
) -> None:
    """Every analysis says of the changed table what it says of the table."""
    one, asked, scale, shift = CHANGES[why](table, query, np.random.default_rng(len(table)))
    got = everything(one, asked, scale=scale, shift=shift)
    for name, value in wanted.items():
        pd.testing.assert_frame_equal(
            got[name], value, rtol=2e-3, atol=2e-3, check_dtype=False, obj=f"{why} {name}"
        )


def planted(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Two films of four topics, the second with a stretch of the first, and a query."""
    n, d = int(rng.integers(12, 26)), 12
    topic = rng.normal(size=(4, d))[np.sort(rng.integers(0, 4, size=n))]
    vectors = [topic + 0.5 * rng.normal(size=(n, d)) for _ in range(2)]
    vectors[1][2:8] = vectors[0][4:10] + 0.02 * rng.normal(size=(6, d))
    start = 8.0 * np.arange(n)
    rows = [
        pd.DataFrame({"video_id": name, "start_sec": start, "end_sec": start + 8}) for name in "ab"
    ]
    matrix, query = np.concatenate(vectors).astype(np.float32), rng.normal(size=d)
    table = tw.with_vectors(pd.concat(rows, ignore_index=True), matrix)
    return table.assign(embedding_option="visual", place=range(2 * n)), query


def moved(table: pd.DataFrame, scale: float, shift: float) -> pd.DataFrame:
    return table.assign(**{name: table[name] * scale + shift for name in ("start_sec", "end_sec")})


def turned(
    table: pd.DataFrame, query: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, float, float]:
    """Other vectors of the same spread: every cosine is as it was."""
    turn = np.linalg.qr(rng.normal(size=(len(query), len(query))))[0]
    return tw.with_vectors(table, tw.vectors(table) @ turn), query @ turn, 1, 0


CHANGES: dict[str, Callable[..., tuple[pd.DataFrame, np.ndarray, float, float]]] = {
    "order": lambda t, q, r: (t.iloc[r.permutation(len(t))], q, 1, 0),
    "labels": lambda t, q, r: (t.set_axis(r.permutation(len(t)) + 7), q, 1, 0),
    "later": lambda t, q, _: (moved(t, 1, 4096), q, 1, 4096),
    "longer": lambda t, q, _: (moved(t, 4, 0), q, 4, 0),
    "scaled": lambda t, q, _: (tw.with_vectors(t, 8 * tw.vectors(t)), 3 * q, 1, 0),
    "turned": turned,
}


def with_sound(table: pd.DataFrame) -> pd.DataFrame:
    """The table and another option that follows its own course, by the places of the rows."""
    course = np.random.default_rng(5).normal(size=(100, 6))[table["place"]]
    sound = tw.with_vectors(table, course.astype(np.float32)).assign(embedding_option="audio")
    return pd.concat([table, sound], ignore_index=True)


def check_rows_that_are_there_twice(rng: np.random.Generator) -> None:
    """What is said of a film is said of it where every row is there twice."""
    table, query = planted(rng)
    n = len(table)
    twice = pd.concat([table, table], ignore_index=True)
    one, two = (without_number(spoken(each, query)) for each in (table, twice))
    for name, value in one.items():
        pd.testing.assert_frame_equal(
            two[name], value, rtol=2e-3, atol=2e-3, check_dtype=False, obj=name
        )
    for method in ("pca", *(["tsne"] if rng.random() < 0.1 else [])):
        map_ = call(tw.project, twice, method=method).to_numpy(float)
        assert np.allclose(map_[:n], map_[n:])
    assert call(tw.deduplicate, twice)["place"].tolist() == [*call(tw.deduplicate, table)["place"]]
    report = call(tw.diagnose, twice).set_index("check")["value"]
    assert report["repeated vectors"] == n
    labels = (table["place"] // 5).to_numpy()
    small = call(tw.cluster_summary, table, labels=labels)
    large = call(tw.cluster_summary, twice, labels=np.r_[labels, labels])
    assert (large["n_segments"] == 2 * small["n_segments"]).all()
    for name in ("cluster", "seconds", "n_videos", "medoid", "cohesion"):
        assert np.allclose(large[name], small[name], atol=1e-5), name


def spoken(table: pd.DataFrame, query: np.ndarray) -> dict[str, pd.DataFrame]:
    """Results that tell of videos and times."""
    film = {name: table[table["video_id"] == name] for name in "ab"}
    whole = call(tw.video_vectors, table)
    return {
        "scenes": call(tw.scenes, table),
        "four scenes": call(tw.scenes, table, n_scenes=4),
        "scene_counts": call(tw.scene_counts, table),
        "novelty": call(tw.novelty, table).to_frame().head(len({*table["place"]})),
        "summarize": call(tw.summarize, table, n_segments=4).drop(columns="embedding"),
        "coverage": call(tw.summarize, table, n_segments=4, by="coverage").drop(
            columns="embedding"
        ),
        "search": call(tw.search, table, query=query, k=9),
        "align": call(tw.align, film["a"], film["b"]),
        "find": call(tw.find, film["a"], film["b"]),
        "compare_options": call(tw.compare_options, with_sound(table)),
        "video_vectors": whole.drop(columns="embedding"),
        "mean": pd.DataFrame(np.array(tw.vectors(whole))),
    }


def without_number(found: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Without how many segments there are."""
    names = ["n_segments", "segments"]
    return {
        name: value.drop(columns=names, errors="ignore").reset_index(drop=True)
        for name, value in found.items()
    }


def one_after_other(film: dict[str, pd.DataFrame], later_sec: float) -> pd.DataFrame:
    """Two films as one."""
    second = film["b"]
    ends = {name: second[name] + later_sec for name in ("start_sec", "end_sec")}
    return pd.concat([film["a"], second.assign(video_id="a", **ends)])


def everything(
    table: pd.DataFrame, query: np.ndarray, *, scale: float = 1, shift: float = 0
) -> dict[str, pd.DataFrame]:
    """What all analyses say, by the places of rows and in the seconds of the first table."""
    place, film = table["place"], {name: table[table["video_id"] == name] for name in "ab"}
    by_place = table["place"].to_numpy()

    def seconds(found: pd.DataFrame) -> pd.DataFrame:
        times = {c: (found[c] - shift) / scale for c in found.columns if c.endswith("_sec")}
        times |= {c: found[c] / scale for c in ("seconds",) if c in found.columns}
        named = {"query", "match", "medoid", "a", "b"} & {*found.columns}
        labels = {name: found[name].map(place) for name in named}
        return found.assign(**times, **labels).drop(columns="embedding", errors="ignore")

    def rows(values: Any) -> pd.DataFrame:
        return pd.DataFrame({"value": np.asarray(values, float)[np.argsort(by_place)]})

    pairs = seconds(call(tw.near_duplicates, table, threshold=0.6))
    ends = {c: pairs[["a", "b"]].agg(how, axis=1) for c, how in (("a", "min"), ("b", "max"))}
    pairs = pairs[["cosine_similarity"]].assign(**ends).sort_values(["a", "b"], ignore_index=True)
    near = seconds(call(tw.nearest, table, k=3)).sort_values(["query", "rank"], ignore_index=True)
    wanted = ["threshold", "neighbours_kept", "unrelated_kept", "precision"]
    order = np.argsort(by_place)
    spots = call(tw.project, table, method="pca").to_numpy(float)[order]
    apart = pd.DataFrame(np.linalg.norm(spots[:, None] - spots, axis=2))
    whole = call(tw.video_vectors, table).sort_values("video_id", ignore_index=True)
    alike = pd.DataFrame(tw.cosine_similarity(whole, table.iloc[order]))
    in_time = table.sort_values(["video_id", "start_sec"])  # of two alike the first is kept
    report = call(tw.diagnose, table).drop(columns="finding")
    report = report[report["check"] != "vector lengths"].sort_values(["subject", "check"])
    return {
        "project": apart,
        "video_vectors": pd.concat([seconds(whole), alike], axis=1),
        "compare_options": call(tw.compare_options, with_sound(table)).drop(columns="note"),
        "deduplicate": call(tw.deduplicate, in_time, threshold=0.9)[["place"]].reset_index(
            drop=True
        ),
        "diagnose": report.reset_index(drop=True),
        "cluster_summary": seconds(
            call(tw.cluster_summary, table, labels=(table["place"] // 5).to_numpy())
        ),
        "repeats": seconds(call(tw.repeats, one_after_other(film, 400 * scale))),
        "nearest": near,
        "near_duplicates": pairs,
        "outliers": rows(call(tw.outliers, table)),
        "novelty": rows(call(tw.novelty, table)),
        "scenes": seconds(call(tw.scenes, table)),
        "four scenes": seconds(call(tw.scenes, table, n_scenes=4)),
        "scene_counts": call(tw.scene_counts, table),
        "cluster": rows(call(tw.cluster, table)),
        "four clusters": rows(call(tw.cluster, table, n_clusters=4)),
        "distance": rows(call(tw.cluster, table, distance_threshold=0.5)),
        "summarize": seconds(call(tw.summarize, table, n_segments=4)).reset_index(drop=True),
        "coverage": seconds(call(tw.summarize, table, n_segments=4, by="coverage")).reset_index(
            drop=True
        ),
        "search": seconds(call(tw.search, table, query=query, k=9)),
        "threshold": call(tw.threshold, table)[wanted],
        "align": seconds(call(tw.align, film["a"], film["b"])),
        "find": seconds(call(tw.find, film["a"], film["b"])),
    }


CHECKS: dict[str, Check] = {
    name.removeprefix("check_"): function
    for name, function in sorted(globals().items())
    if name.startswith("check_")
}


@pytest.mark.parametrize("why", CHANGES)
@pytest.mark.once
def test_nothing_else_matters(why: str) -> None:
    table, query = planted(np.random.default_rng(14))
    wanted = everything(table, query)
    assert all(map(len, wanted.values()))
    assert_as_ever(why, table, query, wanted)


@pytest.mark.parametrize("name", CHECKS)
def test_right(name: str) -> None:
    for number in range(FEW.get(name, IN_SUITE)):
        rng = np.random.default_rng([number, sum(map(ord, name))])
        CHECKS[name](rng)


def soak(n_tables: int, wanted: list[str], seed: int) -> int:
    """Run every check on so many tables and say how often it did not hold."""
    wrong: Counter[str] = Counter()
    for name in wanted or CHECKS:
        began = time.monotonic()
        dear = FEW.get(name, IN_SUITE) == 1
        some = -(-n_tables // DEAR) if dear else n_tables
        for number in range(some):
            try:
                CHECKS[name](np.random.default_rng([number, sum(map(ord, name)), seed]))
            except Exception as error:  # whatever comes is counted
                wrong[name] += 1
                if wrong[name] <= 3:
                    print(f"  {name} {number}: {type(error).__name__} {str(error)[:300]}")
        seconds = time.monotonic() - began
        print(f"{name}: {some} tables, {wrong[name]} wrong, {seconds:.0f} s", flush=True)
    return sum(wrong.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--tables", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="0 draws the tables of the suite")
    given = parser.parse_args()
    sys.exit(1 if soak(given.tables, given.names, given.seed) else 0)
