"""Every analysis against its definition in plain loops and float64, on random tables.

The tables have several videos, overlaps, gaps, rows without time, zero vectors, whole-video rows,
repeated index labels and columns of odd types. Some are drawn in the suite; for more:
``python tests/test_oracles.py --tables 500``. A table that a function refuses must be one that it
has to refuse.
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
    drawn,
    fused,
    novelty_at,
    options_of,
    self_agreement,
    told_apart,
    tracks_of,
    unit_of,
    unrelated,
)

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[np.random.Generator], None]

IN_SUITE, FEW = 12, {"align": 3, "what_must_not_matter": 1}
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


def times(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    start, end = (
        table[name].astype("float64").to_numpy(float, na_value=np.nan)
        for name in ("start_sec", "end_sec")
    )
    return start, end


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
    videos, (start, end) = table["video_id"].astype(str).tolist(), times(table)
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
    start, end = times(table)
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
    found = call(tw.outliers, table, n_neighbors=k)
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
    start, end = times(table)
    low = float(rng.integers(0, 60)) if rng.random() < 0.4 else None
    keep = part & ((end > low) if low is not None else True)
    clips = (table["embedding_scope"].astype(str) != "video").to_numpy(bool)
    whole = table[~clips] if not clips.any() else table[clips]
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
    start, end = times(table)
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
    found = call(tw.summarize, table, budget_sec=budget, n=n, by=by)
    unit, part, (start, end) = unit_of(table)[0], takes_part(table), times(table)
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
    unit, part, (start, end) = unit_of(table)[0], takes_part(table), times(table)
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
    start, _ = times(table)
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
    start, end = times(table)
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
        copied = tables[1][times(tables[1])[0] < 60].assign(video_id="copy")
        tables[0] = pd.concat([plain(tables[0]), plain(copied)], ignore_index=True)
    found = call(tw.align, *tables)
    for side, table in zip("ab", tables, strict=True):
        start, end = times(table)
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
        steps = found["p_value"] / found["least_p"]
        assert steps == pytest.approx(round(steps))
    else:
        assert np.isnan(found["p_value"])


def check_trustworthiness(rng: np.random.Generator) -> None:
    from sklearn.manifold import trustworthiness

    n = int(rng.integers(5, 40))
    matrix, coords = rng.normal(size=(n, 6)), rng.normal(size=(n, 2))
    k = int(rng.integers(1, (n - 1) // 2 + 1))
    rows = pd.DataFrame({"video_id": "v", "start_sec": np.arange(n) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    found = call(tw.trustworthiness, tw.with_vectors(rows, matrix), coords=coords, n_neighbors=k)
    wanted = trustworthiness(matrix, coords, n_neighbors=k, metric="cosine")
    assert found == pytest.approx(wanted, abs=1e-4)


def check_what_must_not_matter(rng: np.random.Generator) -> None:
    """Order and labels of rows, the origin and unit of time, the length and axes of vectors."""
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
    table = table.assign(embedding_option="visual", place=range(2 * n))
    wanted = everything(table, query)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    order = rng.permutation(2 * n)
    moved = table.assign(**{name: table[name] + 4096 for name in ("start_sec", "end_sec")})
    longer = table.assign(**{name: table[name] * 4 for name in ("start_sec", "end_sec")})
    others = {
        "order": (table.iloc[order], query, 1, 0),
        "labels": (table.set_axis(rng.permutation(2 * n) + 7), query, 1, 0),
        "later": (moved, query, 1, 4096),
        "longer": (longer, query, 4, 0),
        "scaled": (tw.with_vectors(table, 8 * matrix), 3 * query, 1, 0),
        "turned": (tw.with_vectors(table, matrix @ turn), query @ turn, 1, 0),
    }
    for why, (one, asked, scale, shift) in others.items():
        got = everything(one, asked, scale=scale, shift=shift)
        for name, value in wanted.items():
            pd.testing.assert_frame_equal(
                got[name], value, rtol=2e-3, atol=2e-3, check_dtype=False, obj=f"{why} {name}"
            )


def everything(
    table: pd.DataFrame, query: np.ndarray, *, scale: float = 1, shift: float = 0
) -> dict[str, pd.DataFrame]:
    """What all analyses say, by the places of rows and in the seconds of the first table."""
    place, film = table["place"], {name: table[table["video_id"] == name] for name in "ab"}
    by_place = table["place"].to_numpy()

    def seconds(found: pd.DataFrame) -> pd.DataFrame:
        times = {c: (found[c] - shift) / scale for c in found.columns if c.endswith("_sec")}
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
    return {
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
        "summarize": seconds(call(tw.summarize, table, n=4)).reset_index(drop=True),
        "coverage": seconds(call(tw.summarize, table, n=4, by="coverage")).reset_index(drop=True),
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


@pytest.mark.parametrize("name", CHECKS)
def test_right(name: str) -> None:
    for number in range(FEW.get(name, IN_SUITE)):
        rng = np.random.default_rng([number, sum(map(ord, name))])
        CHECKS[name](rng)


def soak(n_tables: int, wanted: list[str]) -> int:
    """Run every check on so many tables and say how often it did not hold."""
    wrong: Counter[str] = Counter()
    for name in wanted or CHECKS:
        began = time.monotonic()
        for number in range(n_tables):
            try:
                CHECKS[name](np.random.default_rng([number, sum(map(ord, name))]))
            except Exception as error:  # whatever comes is counted
                wrong[name] += 1
                if wrong[name] <= 3:
                    print(f"  {name} {number}: {type(error).__name__} {str(error)[:300]}")
        seconds = time.monotonic() - began
        print(f"{name}: {n_tables} tables, {wrong[name]} wrong, {seconds:.0f} s", flush=True)
    return sum(wrong.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--tables", type=int, default=500)
    given = parser.parse_args()
    sys.exit(1 if soak(given.tables, given.names) else 0)
