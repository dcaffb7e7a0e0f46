"""From which similarity on two segments belong together: a proposal from the data itself.

Thresholds do not carry over between models, options or collections. What does tell them is at
hand: neighbours in time mostly show the same thing, and segments of different videos (or, of one
video, far apart) mostly do not. The proposal lies where the two kinds are told apart best.

* :func:`threshold` - the proposal for every option, and what it is based on
* :func:`similarity_pairs` - the similarities behind it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.segments import check_segments, str_column, unit_vectors
from twlab.sources import also_stores
from twlab.tracks import clip_length, times_of, tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Positions = NDArray[np.intp]

__all__ = ["similarity_pairs", "threshold"]

SAMPLED = 100_000
"""Pairs of unrelated segments drawn per option."""

FAR_CLIPS = 10
"""Typical segment lengths from which on two segments of one video count as far apart."""


@also_stores("segments")
def threshold(segments: pd.DataFrame) -> pd.DataFrame:
    """The cosine similarity from which on two segments likely belong together, per option.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.

    Returns
    -------
    DataFrame
        One row per embedding option: ``threshold``, at which the share of neighbours kept plus
        the share of unrelated pairs left out is largest; ``neighbours_kept`` and
        ``unrelated_kept``, the shares at or above it; ``neighbours_median``,
        ``unrelated_median``, ``unrelated_99`` (the similarity that one unrelated pair in 100
        reaches, a stricter choice); ``n_neighbours``, ``n_unrelated`` pairs; and ``unrelated``:
        ``"videos"`` where unrelated pairs come from different videos, ``"times"`` where there is
        one video only. NaN where an option has too few segments.

    Raises
    ------
    InputError
        If the table is not one of segments.

    Notes
    -----
    It is a place to start looking, made for "the same scene or not". A text query reaches lower
    similarities than a video query with the same model; look at its own ranking.

    Examples
    --------
    >>> import twlab as tw
    >>> found = tw.threshold(tw.sample())
    >>> bool(found["neighbours_kept"][0] > 5 * found["unrelated_kept"][0])
    True
    """
    pairs = similarity_pairs(segments)
    rows = []
    for option in sorted(_by_option(segments), key=lambda one: (one is None, str(one))):
        of = pairs["embedding_option"]
        mine = pairs[of.isna() if option is None else of == option]
        near, far = (mine[mine["kind"] == kind]["similarity"] for kind in ("neighbours", "far"))
        values = {"embedding_option": option, **_told_apart(near.to_numpy(), far.to_numpy())}
        basis = mine[mine["kind"] == "far"]["unrelated"]
        rows.append(values | {"unrelated": basis.iloc[0] if len(basis) else None})
    names = _told_apart(np.empty(0), np.empty(0))
    table = pd.DataFrame(rows, columns=["embedding_option", *names, "unrelated"])
    for name in ("embedding_option", "unrelated"):
        table[name] = str_column(table[name])
    return table.astype({name: type(value) for name, value in names.items()})


@also_stores("segments")
def similarity_pairs(segments: pd.DataFrame) -> pd.DataFrame:
    """Cosine similarities of neighbours in time and of unrelated segments, one row per pair.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.

    Returns
    -------
    DataFrame
        ``embedding_option``, ``kind`` (``"neighbours"`` or ``"far"``), ``similarity`` and
        ``unrelated`` (``"videos"`` or ``"times"``: what makes far pairs unrelated). Up to
        100,000 far pairs per option, always the same ones.

    Examples
    --------
    >>> import twlab as tw
    >>> tw.similarity_pairs(tw.sample())["kind"].value_counts()["neighbours"]
    np.int64(99)
    """
    check_segments(segments)
    options = _by_option(segments).items()
    parts = [_pairs_of(segments, videos, option) for option, videos in options]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return _pair_table(None, "far", np.empty(0), "times")


def _by_option(segments: pd.DataFrame) -> dict[Any, list[Positions]]:
    """The tracks of every option in order of video; None for rows without one."""
    options: dict[Any, list[Positions]] = {}
    found = [*tracks(segments)]
    for rows in sorted(found, key=lambda rows: str(segments["video_id"].iloc[rows[0]])):
        first = segments.iloc[rows[0]]
        key = first["embedding_option"] if "embedding_option" in segments.columns else None
        options.setdefault(None if pd.isna(key) else key, []).append(rows)
    return options


def _pairs_of(segments: pd.DataFrame, videos: list[Positions], option: Any) -> pd.DataFrame:
    """Neighbours and unrelated pairs of one option."""
    units = [unit_vectors(segments.iloc[rows]) for rows in videos]
    near = [np.einsum("ij,ij->i", unit[:-1], unit[1:])[_meaningful(unit)] for unit in units]
    unit = np.concatenate(units)
    video = np.repeat(np.arange(len(units)), [len(one) for one in units])
    middle = np.concatenate([np.mean(times_of(segments.iloc[rows]), axis=0) for rows in videos])
    clip = clip_length(*times_of(segments.iloc[np.concatenate(videos)]))
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, len(unit), size=(2, 4 * SAMPLED))
    if len(units) > 1:
        apart, basis = video[a] != video[b], "videos"
    else:
        apart, basis = np.abs(middle[a] - middle[b]) > FAR_CLIPS * clip, "times"
    present = np.asarray(unit.any(axis=1))
    chosen = np.flatnonzero(apart & present[a] & present[b])[:SAMPLED]
    far = np.empty(len(chosen))
    for low in range(0, len(chosen), 4096):
        block = chosen[low : low + 4096]
        far[low : low + 4096] = np.einsum("ij,ij->i", unit[a[block]], unit[b[block]])
    tables = [
        _pair_table(option, "neighbours", np.concatenate(near), basis),
        _pair_table(option, "far", far, basis),
    ]
    return pd.concat(tables, ignore_index=True)


def _meaningful(unit: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which pairs of neighbours both have a direction."""
    present = np.asarray(unit.any(axis=1))
    return np.asarray(present[:-1] & present[1:])


def _pair_table(option: Any, kind: str, values: Floats, basis: str) -> pd.DataFrame:
    """Similarities of one kind as rows."""
    n = len(values)
    return pd.DataFrame(
        {
            "embedding_option": str_column([option] * n),
            "kind": str_column([kind] * n),
            "similarity": np.clip(values, -1.0, 1.0).astype(np.float64),
            "unrelated": str_column([basis] * n),
        }
    )


def _told_apart(near: Floats, far: Floats) -> dict[str, float]:
    """Where two samples are told apart best, and the shares on either side."""
    names = ("threshold", "neighbours_kept", "unrelated_kept")
    values = [np.nan] * 3
    if len(near) and len(far):
        edges = np.unique(np.concatenate([near, far]))
        kept = [1 - np.searchsorted(np.sort(x), edges) / len(x) for x in (near, far)]
        best = int((kept[0] - kept[1]).argmax())
        values = [float(edges[best]), float(kept[0][best]), float(kept[1][best])]
    return dict(zip(names, values, strict=True)) | {
        "neighbours_median": float(np.median(near)) if len(near) else np.nan,
        "unrelated_median": float(np.median(far)) if len(far) else np.nan,
        "unrelated_99": float(np.quantile(far, 0.99)) if len(far) else np.nan,
        "n_neighbours": len(near),
        "n_unrelated": len(far),
    }
