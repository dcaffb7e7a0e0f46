"""Which similarity tells segments that belong together from others: a proposal from the data.

Thresholds do not carry over between models, options or collections. What does tell them is at
hand: neighbours in time mostly show the same thing, and segments of different videos (or, of one
video, far apart) mostly do not. The proposal lies where the two kinds are told apart best. How
many of the pairs above it belong together also depends on how rare such pairs are, which the data
do not tell: that is the base rate, and :func:`threshold` says what it makes of it.

* :func:`threshold` - the proposal for every option, and what it is based on
* :func:`similarity_pairs` - the similarities behind it
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.segments import check_segments, one_model, str_column, unit_vectors
from twlab.table.tracks import clip_length, times_of, tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions


__all__ = [
    "BASE_RATE",
    "FAR_CLIPS",
    "keep_distinct",
    "similarity_pairs",
    "threshold",
    "unrelated_similarities",
]

SAMPLED_PAIRS = 100_000
"""Pairs of unrelated segments looked at per option: all, or as many as this drawn at random. A
share of .01 is then known to within .0003 (one standard error; .0004 at half, .0002 at double)."""

BASE_RATE = 0.05
"""Share of pairs taken to belong together unless another is given: that of a film of 20 scenes of
one length. At half of it a precision of .5 becomes .33, at double .68: state your own."""

SURELY_APART = np.sqrt(np.log(100) / 2)
"""How far apart the shares of two samples must be, in units of their number, before they are called
different: reached once in 100 by two samples of one kind (Smirnov's one-sided bound)."""

FAR_CLIPS = 10
"""Typical segment lengths from which on two segments of one video count as far apart. At 5, 10
and 20 the mean threshold of 18 films is .56, .56 and .56, with .25, .24 and .24 of the unrelated
above it; at 20 one film more is told apart."""


def threshold(segments: pd.DataFrame, *, base_rate: float = BASE_RATE) -> pd.DataFrame:
    """The cosine similarity that tells neighbours in time from unrelated segments, per option.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    base_rate : float
        The share of the pairs you compare that belong together, between 0 and 1. For clips
        of one film of n equal scenes it is about 1 / n; for near-duplicates in an archive far
        less. It changes ``precision`` and nothing else.

    Returns
    -------
    DataFrame
        One row per embedding option: ``threshold``, at which the share of neighbours kept plus
        the share of unrelated pairs left out is largest; ``neighbours_kept`` and
        ``unrelated_kept``, the shares at or above it; ``neighbours_median``,
        ``unrelated_median``, ``unrelated_99`` (the similarity that one unrelated pair in 100
        reaches, a stricter choice); ``n_neighbours``, ``n_unrelated``, the different pairs looked
        at; ``precision``, the share of pairs at or above the threshold that belong together, if
        ``base_rate`` of all do; and ``unrelated``: ``"videos"`` where unrelated pairs come from
        different videos, ``"times"`` where there is one video only. No threshold (NaN) where
        neighbours are no more alike than unrelated segments, or an option has too few to tell.

    Raises
    ------
    InputError
        If the table is not one of segments or ``base_rate`` is not a share between 0 and 1.

    See Also
    --------
    twlab.similarity_pairs : the similarities behind a threshold
    twlab.plot.threshold : the similarities behind a threshold, drawn

    Notes
    -----
    It is a place to start looking, made for "the same scene or not". Mind ``precision``: where
    pairs that belong together are rare, most pairs above a threshold that tells the two kinds
    apart well are still unrelated. By Bayes' rule it is ``b k / (b k + (1 - b) u)``, with the base
    rate b, ``neighbours_kept`` k and ``unrelated_kept`` u. A text query reaches lower
    similarities than a video query with the same model; look at its own ranking.

    Examples
    --------
    >>> import twlab as tw
    >>> found = tw.threshold(tw.sample())
    >>> bool(found["neighbours_kept"][0] > 5 * found["unrelated_kept"][0])
    True
    >>> bool(tw.threshold(tw.sample(), base_rate=0.5)["precision"][0] > found["precision"][0])
    True
    """
    if not isinstance(base_rate, Real) or not 0 < base_rate < 1:
        raise InputError(
            f"base_rate is {base_rate!r}; a share between 0 and 1 was expected; for clips of one "
            "film of n scenes pass about 1 / n"
        )
    check_segments(segments)
    options = _by_option(segments)
    pairs = _pairs_by_option(segments, options)
    rows = []
    for option in sorted(options, key=lambda one: (one is None, str(one))):
        of = pairs["embedding_option"]
        mine = pairs[of.isna() if option is None else of == option]
        near, far = (mine[mine["kind"] == kind]["similarity"] for kind in ("neighbours", "far"))
        n_rows = sum(map(len, options[option]))
        apart = _tell_apart(near.to_numpy(), far.to_numpy(), n_rows, float(base_rate))
        values = {"embedding_option": option, **apart}
        basis = mine[mine["kind"] == "far"]["unrelated"]
        rows.append(values | {"unrelated": basis.iloc[0] if len(basis) else None})
    names = _tell_apart(np.empty(0), np.empty(0), 0, float(base_rate))
    table = pd.DataFrame(rows, columns=["embedding_option", *names, "unrelated"])
    for name in ("embedding_option", "unrelated"):
        table[name] = str_column(table[name])
    return table.astype({name: type(value) for name, value in names.items()})


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
        ``unrelated`` (``"videos"`` or ``"times"``: what makes far pairs unrelated). All far
        pairs of each option, each once; of more than 100,000 as many, drawn at random, always
        the same ones.

    Raises
    ------
    InputError
        As :func:`threshold`.

    See Also
    --------
    twlab.threshold : from which similarity on segments belong together

    Examples
    --------
    >>> import twlab as tw
    >>> int(tw.similarity_pairs(tw.sample())["kind"].value_counts()["neighbours"])
    99
    """
    check_segments(segments)
    return _pairs_by_option(segments, _by_option(segments))


def _pairs_by_option(segments: pd.DataFrame, options: dict[Any, list[Positions]]) -> pd.DataFrame:
    """Neighbours and unrelated pairs, from the tracks of every option."""
    parts = [_pairs_of(segments, videos, option) for option, videos in options.items()]
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
    one_model(segments.iloc[np.concatenate(videos)])
    units = [unit_vectors(segments.iloc[rows]) for rows in videos]
    near = [np.einsum("ij,ij->i", unit[:-1], unit[1:])[_have_directions(unit)] for unit in units]
    unit = np.concatenate(units)
    video = np.repeat(np.arange(len(units)), [len(one) for one in units])
    times = times_of(segments.iloc[np.concatenate(videos)])
    far, basis = unrelated_similarities(unit, video, *times)
    tables = [
        _pair_table(option, "neighbours", np.concatenate(near), basis),
        _pair_table(option, "far", far, basis),
    ]
    return pd.concat(tables, ignore_index=True)


def unrelated_similarities(
    unit: Matrix, video: Positions, start: Floats, end: Floats
) -> tuple[Floats, str]:
    """Similarities of rows of one option that are of different videos, or of one far apart.

    Parameters
    ----------
    unit : array of shape (n, d)
        Vectors at length 1, in order of video and time, which decides the sample.
    video : array of shape (n,)
        The number of the video of each.
    start, end : array of shape (n,)
        Seconds.

    Returns
    -------
    array and str
        The similarities, and what makes the pairs unrelated: ``"videos"`` or ``"times"``.
    """
    middle, clip = (start + end) / 2, clip_length(start, end)
    places = pd.DataFrame({"video": video, "start": start, "end": end})
    once = keep_distinct(places, unit)
    present = once[unit[once].any(axis=1)]
    basis = "videos" if len(np.unique(video)) > 1 else "times"
    far = np.empty(0)
    if len(present) > 1:
        a, b = (present[side] for side in _different_pairs(len(present)))
        if basis == "videos":
            apart = video[a] != video[b]
        else:
            apart = np.abs(middle[a] - middle[b]) > FAR_CLIPS * clip
        a, b = a[apart][:SAMPLED_PAIRS], b[apart][:SAMPLED_PAIRS]
        far = np.empty(len(a))
        for low in range(0, len(a), 4096):
            block = slice(low, low + 4096)
            far[block] = np.einsum("ij,ij->i", unit[a[block]], unit[b[block]])
    return far, basis


def keep_distinct(places: pd.DataFrame, unit: Matrix) -> Positions:
    """The first of rows of one place, a video and its time, with the same vector."""
    table = places.reset_index(drop=True)
    again = table.duplicated(keep=False).to_numpy(bool)
    if not again.any():
        return np.arange(len(table))
    vectors = np.full(len(table), b"", dtype=object)
    vectors[again] = [row.tobytes() for row in unit[again]]
    return np.flatnonzero(~table.assign(vector=vectors).duplicated().to_numpy(bool))


def _different_pairs(n: int) -> tuple[Positions, Positions]:
    """Pairs of different numbers below n, none twice: all of them, or several times the sample."""
    if n * (n - 1) // 2 <= 40 * SAMPLED_PAIRS:  # few enough that drawing would meet many twice
        rows = np.triu_indices(n, 1)
        if len(rows[0]) > SAMPLED_PAIRS:
            order = np.random.default_rng(0).permutation(len(rows[0]))
            return rows[0][order], rows[1][order]
        return rows
    # The pair (a, b), a < b, is the number b (b - 1) / 2 + a.
    numbers = np.random.default_rng(0).integers(0, n * (n - 1) // 2, size=5 * SAMPLED_PAIRS)
    drawn = pd.unique(numbers)[: 4 * SAMPLED_PAIRS]
    b = ((1 + np.sqrt(1 + 8 * drawn.astype(np.float64))) / 2).astype(np.intp)
    b -= drawn < b * (b - 1) // 2  # what float64 rounds up
    b += drawn >= b * (b + 1) // 2
    return drawn - b * (b - 1) // 2, b


def _have_directions(unit: NDArray[np.float32]) -> NDArray[np.bool_]:
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


def _tell_apart(near: Floats, far: Floats, n_rows: int, base_rate: float) -> dict[str, float]:
    """Where two samples are told apart best, the shares on either side, and what they come to."""
    names = ("threshold", "neighbours_kept", "unrelated_kept")
    values = [np.nan] * 3
    if len(near) and len(far):
        edges = np.unique(np.concatenate([near, far]))
        kept = [1 - np.searchsorted(np.sort(x), edges) / len(x) for x in (near, far)]
        best = int((kept[0] - kept[1]).argmax())
        # Unrelated pairs share segments: no more of them are independent than there are segments.
        least = SURELY_APART * np.sqrt(1 / len(near) + 1 / min(n_rows, len(far)))
        if kept[0][best] - kept[1][best] > least:
            values = [float(edges[best]), float(kept[0][best]), float(kept[1][best])]
    right, wrong = base_rate * values[1], (1 - base_rate) * values[2]
    return dict(zip(names, values, strict=True)) | {
        "neighbours_median": float(np.median(near)) if len(near) else np.nan,
        "unrelated_median": float(np.median(far)) if len(far) else np.nan,
        "unrelated_99": float(np.quantile(far, 0.99)) if len(far) else np.nan,
        "n_neighbours": len(near),
        "n_unrelated": len(far),
        "precision": right / (right + wrong),
    }
