"""Random tables, and what analyses are by their definitions: plain loops, float64, no twlab."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

TEXTS = ("object", "category", "string", "string[pyarrow]")
CELLS = ("float32", "float64", "float16", "list", "decimal")
SECONDS = ("float64", "float64", "Float64", "float32", "double[pyarrow]", "decimal", "none")


def drawn(
    rng: np.random.Generator, *, options: int = 1, d: int = 0, rows: int = 30, zeros: bool = True
) -> pd.DataFrame:
    """A table of one to three videos with everything that tables have."""
    n, d = int(rng.integers(1, rows)), d or int(rng.integers(3, 9))
    topics = rng.normal(size=(int(rng.integers(1, 5)), d))
    found = []
    for _ in range(n):
        start = (
            float(rng.integers(0, 20) * 6) if rng.random() < 0.8 else round(100 * rng.random(), 2)
        )
        end = start + float(rng.choice([6, 6, 6, 4.25, 12, 0 if rng.random() < 0.6 else 6]))
        if rng.random() < 0.05:
            start = end = np.nan
        vector = topics[rng.integers(len(topics))] + rng.choice([0, 0.05, 1.0]) * rng.normal(size=d)
        vector = vector * rng.choice([1, 1, 0.25, 64]) * (not (zeros and rng.random() < 0.05))
        names = ["visual", "audio", "transcription"][:options]
        option = None if options > 1 and rng.random() < 0.1 else names[rng.integers(options)]
        scope = "clip" if rng.random() < 0.93 else "video"
        found.append((f"v{rng.integers(3)}", start, end, option, scope, "m", vector))
    names = [
        "video_id",
        "start_sec",
        "end_sec",
        "embedding_option",
        "embedding_scope",
        "model_name",
    ]
    table = pd.DataFrame(found, columns=[*names, "embedding"])
    kind = str(rng.choice(CELLS))
    table["embedding"] = pd.Series([_cell(x, kind) for x in table["embedding"]], dtype=object)
    for name in ("video_id", "embedding_option", "embedding_scope"):
        table[name] = table[name].astype(str(rng.choice(TEXTS)))
    kind = str(rng.choice(SECONDS))
    for name in ("start_sec", "end_sec"):
        table[name] = _times(table[name], kind)
    table.index = _index(rng, n)
    return table


def _cell(vector: np.ndarray, kind: str) -> Any:
    """A vector as tables hold it: an array of some dtype, a list, a list of decimal numbers."""
    if kind == "decimal":
        return [Decimal(str(x)) for x in vector.tolist()]
    return vector.tolist() if kind == "list" else vector.astype(kind)


def _times(seconds: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Seconds as tables hold them; of objects what is missing is None."""
    if kind not in ("decimal", "none"):
        return seconds.astype(kind)
    cells = [None if pd.isna(x) else Decimal(str(x)) if kind == "decimal" else x for x in seconds]
    return pd.Series(cells, dtype=object)


def _index(rng: np.random.Generator, n: int) -> pd.Index:
    """Labels as they come: counted, shuffled, repeated, of two levels, dates."""
    kind = rng.integers(5)
    if kind == 1:
        return pd.Index(rng.permutation(n))
    if kind == 2:
        return pd.Index([f"r{k // 2}" for k in range(n)])
    if kind == 3:
        return pd.MultiIndex.from_arrays([rng.integers(0, 3, n), np.arange(n)])
    if kind == 4:
        return pd.to_datetime(rng.integers(0, 10**9, n), unit="s")
    return pd.RangeIndex(n)


def unit_of(table: pd.DataFrame, *, scaled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Vectors in float64, of length 1 unless told, and which are not zero."""
    matrix = np.array([np.asarray(x, np.float32).astype(np.float64) for x in table["embedding"]])
    length = np.sqrt((matrix**2).sum(axis=1))
    present = length > 0
    if scaled:
        matrix = matrix / np.where(present, length, 1)[:, None]
    return matrix, present


def seconds_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of the rows, NaN where there is none."""
    start, end = (
        np.array([np.nan if pd.isna(x) else float(x) for x in table[name]], float)
        for name in ("start_sec", "end_sec")
    )
    return start, end


def options_of(table: pd.DataFrame) -> list[str]:
    """The option of each row, ``none`` where it is missing."""
    if "embedding_option" not in table.columns:
        return ["none"] * len(table)
    return ["none" if pd.isna(x) else str(x) for x in table["embedding_option"]]


def identities(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """What each row is: its video, time, option and scope."""
    start, end = (np.where(np.isnan(x), -1, x.round(6)).tolist() for x in seconds_of(table))
    names = (table["video_id"].astype(str), options_of(table), table["embedding_scope"].astype(str))
    return [*zip(names[0], start, end, *names[1:], strict=True)]


def tracks_of(table: pd.DataFrame) -> list[str]:
    """The video and option of each row."""
    keys = zip(table["video_id"].astype(str), options_of(table), strict=True)
    return [f"{video}/{option}" for video, option in keys]


def _middle_and_spread(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    middle = float(np.median(values))
    low = [(middle - x) ** 2 for x in values if x <= middle]
    lower = float(np.sqrt(sum(low) / len(low)))
    upper = (float(np.quantile(values, 0.9)) - middle) / 1.2816
    return middle, (lower + min(max(upper, lower / 2), 2 * lower)) / 2


def _drawn_together(known: list[np.ndarray]) -> list[float]:
    """The spread of each option, drawn to their mean: DerSimonian and Laird, number by number."""
    own = [max(_middle_and_spread(values)[1], 0.01) for values in known]
    if len(own) < 2:
        return own
    sizes = [max(len(values), 1) for values in known]
    logs, weights = [float(np.log(one)) for one in own], [n / 0.62 for n in sizes]
    total = sum(weights)
    middle = sum(w * x for w, x in zip(weights, logs, strict=True)) / total
    heterogeneity = sum(w * (x - middle) ** 2 for w, x in zip(weights, logs, strict=True))
    freedom = total - sum(w * w for w in weights) / total
    beyond = max(0.0, (heterogeneity - (len(own) - 1)) / freedom)
    trust = [1 / (0.62 / n + beyond) for n in sizes]
    mean = sum(t * x for t, x in zip(trust, logs, strict=True)) / sum(trust)
    out = []
    for values, n, log in zip(known, sizes, logs, strict=True):
        tail = 0.0
        if len(values):
            centre = float(np.median(values))
            low = [(centre - x) ** 2 for x in values if x <= centre]
            lower = max(float(np.sqrt(sum(low) / len(low))), 0.01)
            upper = max((float(np.quantile(values, 0.9)) - centre) / 1.2816, 0.01)
            tail = max(float(np.log(upper / lower)), 0.0)
        share = (0.62 / n) / (0.62 / n + beyond) * float(np.exp(-(tail**2) * n / 3.2 / 2))
        out.append(float(np.exp(share * mean + (1 - share) * log)))
    return out


def fused(
    spots: dict[Any, dict[str, int]],
    alike: np.ndarray,
    names: list[str],
    backgrounds: dict[str, np.ndarray],
    weights: dict[str, float],
    fuse: str,
) -> dict[Any, float]:
    """The score of each place of a search."""
    weight = {name: weights.get(name, 1.0) for name in names}
    if fuse == "rank":
        out = {}
        for spot, held in spots.items():
            total = 0.0
            for name, row in held.items():
                better = sum(
                    alike[other[name]] > alike[row] + 2e-7
                    for other in spots.values()
                    if name in other
                )
                total += weight[name] / sum(weight.values()) / (60 + 1 + better)
            out[spot] = total
        return out
    once = {name: np.unique(backgrounds[name].round(6)) for name in names}
    every = _middle_and_spread(np.unique(np.concatenate([*once.values()])))
    scale, shared = {}, _drawn_together([once[name] for name in names])
    for name, together in zip(names, shared, strict=True):
        own = _middle_and_spread(once[name])
        share = 9 / (9 + len(backgrounds[name]) ** 2)
        spread = np.sqrt(share * every[1] ** 2 + (1 - share) * together**2)
        scale[name] = share * every[0] + (1 - share) * own[0], max(spread, 0.01)
    out = {}
    for spot, held in spots.items():
        stands = [
            (alike[row] - scale[name][0]) / scale[name][1] * weight[name] / max(weight.values())
            for name, row in held.items()
        ]
        best, *rest = sorted(stands, reverse=True)
        more = sum(max(max(one, 0) ** 2 - 4, 0) for one in rest)
        out[spot] = float(np.sqrt(best**2 + more)) if best > 0 else float(best)
    return out


def novelty_at(
    at: float,
    start: np.ndarray,
    end: np.ndarray,
    unit: np.ndarray,
    present: np.ndarray,
    width: float,
) -> float:
    """Half the squared distance of the means before and after a time."""
    means = []
    for side in (-1, 1):
        edge = end if side < 0 else start
        inside = [k for k in range(len(start)) if present[k] and side * (edge[k] - at) >= -1e-6]
        if not inside:
            return np.nan
        away = {k: abs(edge[k] - at) for k in inside}
        near = [k for k in inside if away[k] <= width + 1e-6]
        near = near or [k for k in inside if away[k] <= min(away.values()) + 1e-6]
        weight = []
        middle = {k: abs((start[k] + end[k]) / 2 - at) for k in near}
        for k in near:
            same = ((start == start[k]) & (end == end[k])).sum()
            taper = np.exp(-2 * (middle[k] ** 2 - min(middle.values()) ** 2) / width**2)
            weight.append(max(end[k] - start[k], 1e-6) / same * taper)
        means.append(np.average(unit[near], axis=0, weights=weight))
    return float(((means[0] - means[1]) ** 2).sum() / 2)


def best_pieces(
    unit: np.ndarray, start: np.ndarray, end: np.ndarray, k: int, method: str
) -> list[int] | None:
    """The best cuts into ``k`` pieces, all being tried; None where two are nearly as good."""
    n, length = len(unit), end - start
    weight = length / np.median(length)
    ways = [*combinations(range(1, n), k - 1)]
    pairs = np.outer(weight, weight)
    away = 2 - 2 * unit @ unit.T
    if method == "gaussian":
        apart = (pairs * away).sum() / (weight.sum() ** 2 - (weight**2).sum())
        return _least(ways, [_cost(way, np.exp(-away / apart), weight) for way in ways])
    if method == "kernel":
        return _least(ways, [_cost(way, unit @ unit.T, weight) for way in ways])
    votes = votes_of(unit, start, end, k)
    if votes is None:
        return None
    spilt = votes + 0.3 * (np.r_[0, votes[:-1]] + np.r_[votes[1:], 0])
    worth = []
    for way in ways:
        sizes = np.diff(np.r_[0, np.cumsum(weight)][[0, *way, n]]) * k / weight.sum()
        worth.append(
            sum(spilt[t] for t in way) - 0.1 * (np.log(np.maximum(sizes, 0.05)) ** 2).sum()
        )
    return _least(ways, [-one for one in worth])


def votes_of(unit: np.ndarray, start: np.ndarray, end: np.ndarray, k: int) -> np.ndarray | None:
    """The share of 32 settings that cut at each place; None where one has two cuts as good."""
    n = len(unit)
    weight = (end - start) / np.median(end - start)
    ways = [*combinations(range(1, n), k - 1)]
    mean = weight @ unit / weight.sum()
    length_of = np.linalg.norm(unit - mean, axis=1)
    centred = (unit - mean) / np.maximum(length_of, 0.3)[:, None]
    votes = np.zeros(n + 1)
    for vectors in (centred, unit):
        alike = vectors @ vectors.T
        level = float(np.quantile(alike[np.triu_indices(n, 1)], 0.9))
        for window in (3, 4, 6, 8):
            link = _links(alike, start, end, window)
            for power in (0.8, 1.0):
                for toll in (3.0, 6.0):
                    costs = [
                        _cost(way, alike, weight, power, level) + toll * sum(link[t] for t in way)
                        for way in ways
                    ]
                    best = _least(ways, costs)
                    if best is None:
                        return None
                    votes[best] += 1 / 32
    return votes


def _least(ways: list[tuple[int, ...]], costs: list[float]) -> list[int] | None:
    order = np.argsort(costs)
    if len(costs) > 1 and costs[order[1]] - costs[order[0]] < 1e-4:
        return None
    return [*ways[order[0]]]


def _cost(
    way: tuple[int, ...],
    alike: np.ndarray,
    weight: np.ndarray,
    power: float = 1.0,
    level: float = 0.0,
) -> float:
    total, edges = 0.0, [0, *way, len(weight)]
    for a, b in pairwise(edges):
        w = weight[a:b]
        total += (level * w.sum() ** 2 - w @ alike[a:b, a:b] @ w) / w.sum() ** power
    return total


def _links(alike: np.ndarray, start: np.ndarray, end: np.ndarray, window: int) -> np.ndarray:
    """The best pair across each place within the window, fading with the gap between them."""
    n, clip = len(start), float(np.median(end - start))
    out = np.zeros(n + 1)
    for t in range(1, n):
        best = -np.inf
        for i in range(t):
            for j in range(t, n):
                reach = (window - 1) * clip + 1e-6
                far = i < t - 1 and start[t] - end[i] >= reach
                far |= j > t and start[j] - start[t] >= reach
                if far:
                    continue
                fade = np.exp(-max(start[j] - end[i], 0) / clip / 8)
                best = max(best, alike[i, j] * fade)
        out[t] = best
    return out


def unrelated(table: pd.DataFrame, unit: np.ndarray) -> tuple[dict[str, list], dict[str, list]]:
    """Similarities of neighbours in time and of unrelated segments, by option."""
    whole = np.array([str(x) == "video" for x in table["embedding_scope"]])
    start, end = seconds_of(table)
    usable = (~whole if not whole.all() else True) & ~np.isnan(start)
    options, video = options_of(table), table["video_id"].astype(str).tolist()
    near: dict[str, list] = {}
    far: dict[str, list] = {}
    for name in {options[k] for k in np.flatnonzero(usable)}:
        rows = [k for k in np.flatnonzero(usable) if options[k] == name]
        near[name], far[name] = [], []
        for one in {video[k] for k in rows}:
            line = sorted((k for k in rows if video[k] == one), key=lambda k: (start[k], end[k]))
            for a, b in pairwise(line):
                if unit[a].any() and unit[b].any():
                    near[name].append(float(unit[a] @ unit[b]))
        several = len({video[k] for k in rows}) > 1
        lengths = [end[k] - start[k] for k in rows if end[k] > start[k]]
        clip = float(np.median(lengths)) if lengths else 1.0
        for a, b in combinations([k for k in rows if unit[k].any()], 2):
            apart = abs(start[a] + end[a] - start[b] - end[b]) / 2 > 10 * clip
            if (video[a] != video[b]) if several else apart:
                far[name].append(float(unit[a] @ unit[b]))
    return near, far


def told_apart(near: np.ndarray, far: np.ndarray) -> float:
    """The greatest difference of the shares at or above a similarity."""
    edges = np.r_[near, far]
    return max(float((near >= edge).mean() - (far >= edge).mean()) for edge in edges)


def self_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two matrices of similarity, centred by row, column and distance in time."""
    cleaned = []
    for unit in (a, b):
        cut = len(unit) // 20
        unit = unit[cut : len(unit) - cut]
        n = len(unit)
        alike = unit @ unit.T
        np.fill_diagonal(alike, 0)
        mean = alike.sum(axis=1) / (n - 2)
        alike = alike - mean[:, None] - mean + alike.sum() / ((n - 1) * (n - 2))
        for lag in range(1, n):
            values = [alike[i, i + lag] for i in range(n - lag)]
            for i in range(n - lag):
                alike[i, i + lag] = alike[i + lag, i] = alike[i, i + lag] - sum(values) / len(
                    values
                )
        np.fill_diagonal(alike, 0)
        cleaned.append(alike)
    size = np.sqrt((cleaned[0] ** 2).sum() * (cleaned[1] ** 2).sum())
    return float((cleaned[0] * cleaned[1]).sum() / size)


def covered(spans: list[tuple[float, float]]) -> float:
    """Seconds that lie in at least one of the spans."""
    edges = sorted({x for span in spans for x in span})
    return sum(
        b - a for a, b in pairwise(edges) if any(low <= a and b <= high for low, high in spans)
    )


def silhouette(unit: np.ndarray, label: list[Any], row: int, rows: list[int]) -> float:
    """The silhouette of a row by cosine distance among the rows given; 0 where it is alone."""
    far: dict[Any, list[float]] = {}
    for other in rows:
        if other != row:
            far.setdefault(label[other], []).append(1 - float(unit[row] @ unit[other]))
    own = far.pop(label[row], None)
    if own is None or not far:
        return 0.0
    within, between = float(np.mean(own)), min(float(np.mean(one)) for one in far.values())
    return (between - within) / max(within, between) if max(within, between) > 1e-10 else 0.0


def times_it_comes(
    unit: np.ndarray, video: list[str], start: np.ndarray, end: np.ndarray, row: int, least: float
) -> int:
    """In how many places a clip is found: each video, and after ten clips of something else."""
    lasting = (end - start)[end > start]
    far = 10 * (float(np.median(lasting)) if len(lasting) else 1.0)
    found = sum(
        np.isnan(start[k]) and 1 - float(unit[row] @ unit[k]) < least for k in range(len(unit))
    )
    for one in {*video}:
        timed = [k for k in range(len(unit)) if video[k] == one and not np.isnan(start[k])]
        last: float | None = None
        alike = {k: 1 - float(unit[row] @ unit[k]) < least for k in timed}
        for k in sorted(timed, key=lambda k: (start[k], end[k])):
            if not alike[k]:
                continue
            if last is None:
                found += 1
            elif start[k] - last >= far - 1e-6:
                found += any(last <= start[j] < start[k] for j in timed if not alike[j])
            last = end[k] if last is None else max(last, end[k])
    return int(found)


def usual_distance(far: np.ndarray, video: list[str], start: np.ndarray, end: np.ndarray) -> float:
    """The median distance of clips in different videos, or ten clips apart, or without time."""
    lasting = (end - start)[end > start]
    least = 10 * (float(np.median(lasting)) if len(lasting) else 1.0)
    apart = [
        float(far[a, b])
        for a, b in combinations(range(len(far)), 2)
        if video[a] != video[b]
        or np.isnan([start[a], start[b]]).any()
        or not max(start[a], start[b]) - min(end[a], end[b]) < least - 1e-6
    ]
    return float(np.median(apart)) if apart else 0.0


def meant_by(table: pd.DataFrame, spans: pd.DataFrame) -> list[bool]:
    """Which segments of a table lie at least half in the spans of their video and option."""
    start, end = seconds_of(table)
    left, right = seconds_of(spans)
    ours, theirs = tracks_of(table), tracks_of(spans)
    out = []
    for k in range(len(table)):
        mine = [n for n in range(len(spans)) if theirs[n] == ours[k]]
        if end[k] > start[k]:
            cut = [(max(left[n], start[k]), min(right[n], end[k])) for n in mine]
            share = covered([(a, b) for a, b in cut if a < b])
            out.append(share >= 0.5 * (end[k] - start[k]) - 1e-9)
        else:
            out.append(any(left[n] <= start[k] < right[n] for n in mine))
    return out
