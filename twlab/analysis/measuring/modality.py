"""The gap between modalities in one shared space, and what it does to search across them.

Vectors of one model's options, as of words, pictures and sound, are trained to meet, and yet each
option lies in a narrow cone of its own: the means of their unit vectors are apart (Liang et al.).
Measured plainly, two halves of *one* option have a length between their means, too, that of noise.
Here the squared length is the mean product of differences of *different* videos, which noise does
not lengthen: with ``d_v`` the mean of the one option less that of the other in video ``v``,
``gap² = sum over v != w of d_v · d_w / (n (n - 1))``. Where no video has both options,
``|a|² + |b|² - 2 a · b`` of the two means, the squares again of pairs of different videos.

The interval is that of the jackknife over videos, by Student's t on the scale of ``gap²``: where
there is no gap its deviation is, if anything, too large (Efron and Stein), so that none is said.

* :func:`modality_gap` - the gap of every pair of options, and what a search finds across it

References
----------
Liang, Zhang, Kwon, Yeung and Zou, "Mind the gap: understanding the modality gap in multi-modal
contrastive representation learning", NeurIPS 2022. Efron and Stein, "The jackknife estimate of
variance", The Annals of Statistics 1981.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.measuring.bootstrap import (
    FEWEST_UNITS,
    GAIN_SPAN,
    OUTSIDE,
    describe_interval,
    intervals_of_means,
)
from twlab.analysis.measuring.knn import first_of_equals, read_column
from twlab.analysis.neighbors.exact import Videos, best_rows
from twlab.checks import check_count
from twlab.errors import InputError, warn
from twlab.table import clip_mask, scale_rows
from twlab.table.segments import check_segments, one_model, str_column, unit_vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable

    from twlab.table.types import Floats, Mask, Matrix, Positions, Values

    Ask = Callable[["_Pair", Matrix, Positions, int], tuple[Floats, Floats]]

__all__ = ["modality_gap"]

N_PARTS = 5
"""Parts of the videos; each is centred by the means of the other four. Of 20 videos in a space of
16 numbers that leaves less than .1 of a gap of .9 (a test); of means of half of them more is left,
and with ten parts as little, at twice the time."""

MOST_ASKED = 2000
"""Segments of an option that are searched with, evenly along its videos: a share of them has a
standard error of at most .011. All are searched in."""

N_PLACE_CHANGES = 399
"""In which the options of some videos change places: p down to .0025, and .05 to .011."""

NO_PAIR = "cannot tell: no video has both options at one time"
NO_OTHERS = "cannot tell: there is no other video"
ABOVE, BELOW, UNTOLD = "above chance", "below chance", "no difference told"
RAISES, LOWERS = "raises", "lowers"


class _Pair(NamedTuple):
    """The rows of two options that count, by video and time, each once."""

    unit: Matrix
    second: Mask
    """Whether a row is of the second option."""
    video: Positions
    """Numbered from 0."""
    start: Floats
    end: Floats
    paired: bool = False
    """Whether every video has both."""
    meet: bool = False
    """Whether every row lies where the other option has something."""

    @property
    def middle(self) -> Floats:
        return np.asarray((self.start + self.end) / 2)


def modality_gap(
    segments: pd.DataFrame, *, k: int = 10, groups: Values | str = "video_id"
) -> pd.DataFrame:
    """How far apart the options of one space lie, and what that does to search across them.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of two or more options of one model, in one space: ``visual``, ``audio``
        and ``transcription`` of the same films, or clips and texts put together with ``pd.concat``
        (a row without an option is called by its ``input_type``). Whole-video rows take no part,
        unless an option has nothing else; neither do zero vectors. Equal rows count once.
    k : int
        How many hits a user looks at.
    groups : Series, sequence or str
        What is no independent witness: drawn and left out as a whole. Default: the video.

    Returns
    -------
    DataFrame
        Of every pair ``option_a`` and ``option_b`` one row for each ``measure``:

        * ``gap``: length between the means of their unit vectors, 0 to 2, without what noise
          adds. Each video counts the same;
        * ``own_option``: searching both options of *other* videos in one list with a segment of
          the option ``query``: the share of that option among the k best hits;
        * ``own_moment``: searching the other option of all videos with a segment of ``query``:
          the share of segments whose own moment (the segment that holds their middle) is among
          the k best; of rows without time, any of their video.

        ``value`` with ``low`` and ``high``, the ends of an interval of 95 % over videos;
        ``chance``: 0, the share of the own option in other videos, and how often the same part of
        *another* video is among the hits; ``verdict``: ``gap`` or ``no gap told``; ``above
        chance``, ``below chance`` or ``no difference told``; ``cannot tell`` where there is no
        interval. ``centred``: the value after the mean of each option was taken away, as other
        videos have it, and vectors were scaled to length 1 again; ``change_low`` and
        ``change_high``, the interval of what that changes, and ``centring``: ``raises``,
        ``lowers``, ``no difference told`` or ``cannot tell``. ``n_segments`` searched with (of the
        gap: all), ``n_videos``, and ``interval``: what it is based on.

    Raises
    ------
    InputError
        If there is one option only, a table mixes models or lengths of vectors, groups do not fit,
        or k is no number of hits.

    Warns
    -----
    TwlabWarning
        Of rows left out because the other option has nothing in their video at their time.

    See Also
    --------
    twlab.plot.modality_gap : draws it
    twlab.option_worth : whether an option helps to answer queries whose answers are known
    twlab.compare_options : whether two options tell the same story

    Notes
    -----
    Where videos have both options, only moments that both have count (or, where there are none,
    these videos), so that what is spoken in some videos is not compared with the pictures of all.
    Where none has both, as of texts and clips, the two also differ in what they are about, and that
    is part of the gap.

    A gap does not harm a search *in* one option: it adds about the same to every hit. It decides
    what a list of both shows, and whether one threshold can hold for both. So read ``own_option``
    before merging options in one list, and ``centring`` before taking the means away.

    An ``own_option`` is above or below chance only where its interval says so, and what is found is
    also more than options give that change places in some of the videos, as they may where they do
    not differ: by the interval alone videos that look very unlike err in .08 to .095 of the rows,
    with 10 videos as with 20, and so in .03 to .06. Nor is ``centring`` said to change what is no
    more than chance, which by its interval alone it would in .15 to .23.

    An ``own_moment`` no better than chance says that the two share no space as far as these videos
    show. Each row is a test of its own: of twenty that are chance, one errs.

    Exact, n rows with each of at most 2000 of every option: n · d each. Of 1000 drawn tables of 10
    or 40 videos the interval holds gaps of .05 to .9 in .92 to 1 where videos differ in 16 or 256
    directions, and in .86 to 1 where they differ in one or two; without a gap one is said in at
    most .02 of them.

    Examples
    --------
    >>> import numpy as np, pandas as pd, twlab as tw
    >>> clips = tw.clips(tw.sample())
    >>> clips["video_id"] = (clips["start_sec"] // 50).astype(int).astype(str)  # as if 12 films
    >>> moved = tw.with_vectors(clips, tw.vectors(clips) + [3, *[0] * 1279])
    >>> both = pd.concat([clips, moved.assign(embedding_option="moved")], ignore_index=True)
    >>> table = tw.modality_gap(both)
    >>> table[["measure", "query", "verdict"]].iloc[:2].values.tolist()
    [['gap', nan, 'gap'], ['own_option', 'moved', 'above chance']]
    """
    check_segments(segments)
    k = check_count(k, "k", of="hits")
    one_model(segments)
    unit, option = unit_vectors(segments), _option_names(segments)
    group = read_column(segments, groups, "groups")
    names, rows, codes, videos = _rows_that_count(segments, unit, option, group)
    times = [_seconds(segments.iloc[rows], name) for name in ("start_sec", "end_sec")]
    found: list[dict[str, Any]] = []
    for a, b in combinations(range(len(names)), 2):
        both = np.flatnonzero((codes == a) | (codes == b))
        pair = _pair_up(unit[rows[both]], codes[both] == b, videos[both], *(t[both] for t in times))
        head = {"option_a": names[a], "option_b": names[b]}
        found += [head | row for row in _measure_pair(pair, (names[a], names[b]), k)]
    return _table(found)


def _rows_that_count(
    segments: pd.DataFrame, unit: Matrix, option: pd.Series[Any], group: pd.Series[Any]
) -> tuple[list[str], Positions, Positions, Positions]:
    """The options; of the rows that count, in order, their positions, options and videos."""
    kept = np.asarray(unit.any(axis=1), bool)
    for name in option.unique():
        mine = np.flatnonzero(option.eq(name))
        kept[mine] &= clip_mask(segments.iloc[mine])
    rows = np.flatnonzero(kept)
    n_missing = int(group.iloc[rows].isna().sum())
    if n_missing:
        raise InputError(
            f"groups has no value for {n_missing} rows; one for each was expected; drop these rows"
        )
    names = sorted(option.iloc[rows].unique())
    if len(names) < 2:
        raise InputError(
            f"the table is of one embedding option, {brief(', '.join(names))}; two or more of one "
            "space were expected; put them together with pd.concat"
        )
    codes = np.searchsorted(names, option.iloc[rows].to_numpy(str)).astype(np.intp)
    videos = pd.factorize(group.iloc[rows].astype(str), sort=True)[0].astype(np.intp)
    once = _sort_rows(segments.iloc[rows], unit[rows], codes, videos)
    return names, rows[once], codes[once], videos[once]


def _option_names(segments: pd.DataFrame) -> pd.Series[Any]:
    """What each row is of: its option, where it has none what was embedded."""
    blank = pd.Series(np.nan, index=segments.index, dtype=object)
    told = [segments.get(name, blank) for name in ("embedding_option", "input_type")]
    option = told[0].astype(object).where(told[0].notna(), told[1].astype(object))
    return option.where(option.notna(), "no option").astype(str).reset_index(drop=True)


def _seconds(rows: pd.DataFrame, name: str) -> Floats:
    if name not in rows.columns:
        return np.full(len(rows), np.nan)
    return rows[name].to_numpy(np.float64, na_value=np.nan)


def _sort_rows(rows: pd.DataFrame, unit: Matrix, codes: Positions, videos: Positions) -> Positions:
    """Positions by video, option and time, each row once, however the table is ordered."""
    keys = pd.DataFrame({name: _seconds(rows, name) for name in ("start_sec", "end_sec")})
    keys = keys.assign(video=videos, code=codes, vector=[row.tobytes() for row in unit])
    order = keys.sort_values(["video", "code", "start_sec", "end_sec", "vector"], kind="stable")
    at = order.index.to_numpy(np.intp)
    return at[first_of_equals(rows.iloc[at], unit[at], codes[at], videos[at])]


def _pair_up(unit: Matrix, second: Mask, video: Positions, start: Floats, end: Floats) -> _Pair:
    """Two options on what counts: where videos have both, these, at the times that both have."""
    pair = _Pair(unit, second, video, start, end)
    met = np.zeros(len(unit), bool)
    bounds = np.flatnonzero(np.diff(video, prepend=-1, append=-1))
    for first, last in pairwise(bounds):  # rows lie by video, then by option
        of = np.arange(first, last)
        rows = [of[second[of] == side] for side in (False, True)]
        for mine, others in (rows, rows[::-1]):
            met[mine] = _holds(pair, others, pair.middle[mine][:, None]).any(axis=1)
    meet = bool(met.any())
    may = met if meet else np.ones(len(unit), bool)
    whole = np.intersect1d(video[may & second], video[may & ~second])
    used = may & np.isin(video, whole) if len(whole) else may
    if not used.all():
        warn(
            f"{(~used).sum():,} of {len(used):,} rows are left out: the other option has nothing "
            "in their video at their time; compare options that were made of the same videos"
        )
    number = np.unique(video[used], return_inverse=True)[1].astype(np.intp)
    kept = (unit[used], second[used], number, start[used], end[used])
    return _Pair(*kept, paired=len(whole) > 0, meet=meet)


def _holds(pair: _Pair, rows: Positions, middle: Floats) -> Mask:
    """Whether rows hold a time; what has no time holds any."""
    start, end = pair.start[rows], pair.end[rows]
    within = (start <= middle) & ((middle < end) | (middle == start))
    return np.asarray(within | np.isnan(start) | np.isnan(middle))


def _measure_pair(pair: _Pair, names: tuple[str, str], k: int) -> list[dict[str, Any]]:
    """One row for the gap, and one for each measure of search and option."""
    n_videos = int(pair.video.max()) + 1
    parts = [
        (np.flatnonzero(np.arange(n_videos) % N_PARTS == part), _centre(pair, part))
        for part in range(min(N_PARTS, n_videos))
    ]
    rows = [_gap_row(pair, parts)]
    for measure, ask in (("own_option", _own_options), ("own_moment", _own_moments)):
        for side, name in enumerate(names):
            asked = np.flatnonzero(pair.second == bool(side))
            asked = asked[np.unique(np.linspace(0, len(asked) - 1, MOST_ASKED).astype(np.intp))]
            value, chance = ask(pair, pair.unit, asked, k)
            after = _ask_by_parts(pair, parts, asked, ask, k)
            row = _share_row(value, chance, after, pair.video[asked])
            if np.isnan(row["value"]):
                alone = pair.meet or measure == "own_option"
                row["interval"] = NO_OTHERS if alone else NO_PAIR
            rows.append({"measure": measure, "query": name} | row)
    _withhold_what_exchange_gives([row for row in rows if row["measure"] == "own_option"], pair, k)
    return rows


def _ask_by_parts(
    pair: _Pair,
    parts: list[tuple[Positions, Matrix | None]],
    asked: Positions,
    ask: Ask,
    k: int,
) -> Floats:
    """What is found after centring, each video by the means of others."""
    after = np.full(len(asked), np.nan)
    for some, unit in parts:
        mine = np.isin(pair.video[asked], some)
        if unit is not None and mine.any():
            after[mine] = ask(pair, unit, asked[mine], k)[0]
    return after


def _centre(pair: _Pair, part: int) -> Matrix | None:
    """All vectors less the mean that their option has in videos of other parts."""
    other = pair.video % N_PARTS != part
    centred = np.empty_like(pair.unit)
    for side in (False, True):
        mine = pair.second == side
        if not (mine & other).any():
            return None
        means = _video_means(pair.unit[mine & other], pair.video[mine & other])
        centred[mine] = pair.unit[mine] - means.mean(axis=0)
    return scale_rows(centred)[0]


def _video_means(unit: Matrix, video: Positions) -> Floats:
    """The mean vector of each video that there is, in order."""
    order = np.argsort(video, kind="stable")
    first = np.flatnonzero(np.diff(video[order], prepend=-1))
    sums = np.add.reduceat(unit[order].astype(np.float64), first, axis=0)
    return np.asarray(sums / np.diff([*first, len(video)])[:, None])


def _gap_row(pair: _Pair, parts: list[tuple[Positions, Matrix | None]]) -> dict[str, Any]:
    """The gap as it is, and what of it is left after centring."""
    samples = _samples(pair, pair.unit)
    square, deviation = _square_of_gap(samples)
    counts = [len(one) for one in samples]
    row: dict[str, Any] = {"measure": "gap", "chance": 0.0, "n_segments": len(pair.unit)}
    row |= {"n_videos": int(pair.video.max()) + 1, "value": np.sqrt(max(square, 0.0))}
    row |= {"interval": describe_interval(min(counts), np.nan, 0.0), "verdict": "cannot tell"}
    if min(counts) >= FEWEST_UNITS:
        from scipy import stats

        reach = stats.t.ppf(1 - OUTSIDE / 2, min(counts) - 1) * deviation
        row["low"], row["high"] = np.sqrt(np.maximum([square - reach, square + reach], 0.0))
        row["interval"] = f"jackknife over {' and '.join(f'{n:,}' for n in counts)} videos"
        row["verdict"] = "gap" if row["low"] > 0 else "no gap told"
    if all(unit is not None for _, unit in parts):
        left = np.zeros_like(pair.unit)
        for some, unit in parts:
            mine = np.isin(pair.video, some)
            left[mine] = unit[mine] if unit is not None else 0
        row["centred"] = np.sqrt(max(_square_of_gap(_samples(pair, left))[0], 0.0))
    return row


def _samples(pair: _Pair, unit: Matrix) -> list[Floats]:
    """The difference of the two options in each video, or the means of each for itself."""
    sides = [
        _video_means(unit[pair.second == side], pair.video[pair.second == side])
        for side in (False, True)
    ]
    return [sides[0] - sides[1]] if pair.paired else sides


def _square_of_gap(samples: list[Floats]) -> tuple[float, float]:
    """The squared length without what noise adds, and its deviation.

    Of one sample its mean is meant, of two the difference of their means. The jackknife counts
    twice what pairs of videos vary by beyond the sum of what each gives; that is taken off once.
    """
    if min(map(len, samples)) < 3:
        return (_square(samples) if min(map(len, samples)) == 2 else np.nan), np.nan
    variance = 0.0
    for k, one in enumerate(samples):
        n = len(one)
        total, sizes = one.sum(axis=0), (one**2).sum(axis=1)
        left = ((total - one) ** 2).sum(axis=1) - (sizes.sum() - sizes)
        left = left / ((n - 1) * (n - 2))
        if len(samples) > 1:
            left = left - 2 * (total - one) / (n - 1) @ samples[1 - k].mean(axis=0)
        variance += (n - 1) / n * float(((left - left.mean()) ** 2).sum())
    by_pairs = _variance_by_pairs(samples)
    return _square(samples), float(np.sqrt(max(variance - by_pairs, by_pairs)))


def _square(samples: list[Floats]) -> float:
    """The squared length of one mean, or of the difference of two, from pairs of videos."""
    squares = 0.0
    for one in samples:
        n = len(one)
        squares += ((one.sum(axis=0) ** 2).sum() - (one**2).sum()) / (n * (n - 1))
    if len(samples) > 1:
        squares -= 2 * float(samples[0].mean(axis=0) @ samples[1].mean(axis=0))
    return float(squares)


def _variance_by_pairs(samples: list[Floats]) -> float:
    """What the squared length varies by where there is no gap (Bai and Saranadasa)."""
    variance = 0.0
    spread = [one - one.mean(axis=0) for one in samples]
    for one in spread:
        n = len(one)
        square = _product(one, one) - ((one**2).sum() / (n - 1)) ** 2 / (n - 1)
        square *= (n - 1) ** 2 / ((n + 1) * (n - 2))
        variance += 2 * max(square, 0.0) / (n * (n - 1))
    if len(samples) > 1:
        variance += 4 * _product(*spread) / (len(samples[0]) * len(samples[1]))
    return float(variance)


def _product(one: Floats, other: Floats) -> float:
    """The trace of the product of two covariances."""
    size = (len(one) - 1) * (len(other) - 1)
    return float(((one @ other.T) ** 2).sum() / size)


def _own_options(pair: _Pair, unit: Matrix, asked: Positions, k: int) -> tuple[Floats, Floats]:
    """The share of a query's option among the hits in other videos, and in those videos."""
    videos = Videos(pair.video[asked], pair.video, same=False)
    found = best_rows(unit[asked], unit, np.arange(len(unit)), k, own=False, videos=videos)[0]
    side = int(pair.second[asked[0]])
    sizes = np.bincount(2 * pair.video + pair.second, minlength=2 * int(pair.video.max()) + 2)
    elsewhere = (sizes.reshape(-1, 2).sum(axis=0) - sizes.reshape(-1, 2))[pair.video[asked]]
    own = ((found >= 0) & (pair.second[found] == bool(side))).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return own / (found >= 0).sum(axis=1), elsewhere[:, side] / elsewhere.sum(axis=1)


def _withhold_what_exchange_gives(rows: list[dict[str, Any]], pair: _Pair, k: int) -> None:
    """Say no difference of the own option, of either side, where it is no more than by exchange.

    Then there is none that centring could take away either: its change alone errs in .15 to .23.
    """
    if any(row["verdict"] in (ABOVE, BELOW) for row in rows):
        for row, rarely in zip(rows, _exchange_options(pair, k), strict=True):
            if rarely > OUTSIDE and row["verdict"] in (ABOVE, BELOW):
                row["verdict"] = UNTOLD
    for row in rows:
        if row["verdict"] == UNTOLD and row["centring"] in (RAISES, LOWERS):
            row["centring"] = UNTOLD


def _exchange_options(pair: _Pair, k: int) -> list[float]:
    """How rarely as much of the own option is found where options change places, of either side.

    A video is witness and hit at once, so that videos of unlike looks are no independent draws.
    Where options do not differ, those of any video may change places (where none has both, the
    option of one video with that of another): neighbours stay, and chance is exact.
    """
    rng = np.random.default_rng(0)
    n_videos = int(pair.video.max()) + 1
    asked = np.unique(np.linspace(0, len(pair.unit) - 1, 2 * MOST_ASKED).astype(np.intp))
    videos = Videos(pair.video[asked], pair.video, same=False)
    every = np.arange(len(pair.unit))
    found = best_rows(pair.unit[asked], pair.unit, every, k, own=False, videos=videos)[0]
    side_of_video = np.zeros(n_videos, bool)
    side_of_video[pair.video[pair.second]] = True
    beyond = []
    for draw in range(N_PLACE_CHANGES + 1):
        if not draw:
            second = pair.second
        elif pair.paired:
            second = pair.second ^ (rng.random(n_videos) < 0.5)[pair.video]
        else:
            second = rng.permutation(side_of_video)[pair.video]
        beyond.append(_beyond_chance(pair._replace(second=second), asked, found))
    sizes = np.abs(beyond)
    return [float((one >= one[0] - 1e-12).mean()) for one in sizes.T]


def _beyond_chance(pair: _Pair, asked: Positions, found: Positions) -> tuple[float, float]:
    """The mean share of the own option among hits less that in other videos, of either side."""
    counted = (found >= 0).sum(axis=1)
    second = ((found >= 0) & pair.second[found]).sum(axis=1)
    sizes = np.bincount(2 * pair.video + pair.second, minlength=2 * int(pair.video.max()) + 2)
    elsewhere = (sizes.reshape(-1, 2).sum(axis=0) - sizes.reshape(-1, 2))[pair.video[asked]]
    with np.errstate(invalid="ignore", divide="ignore"):
        of_second = second / counted - elsewhere[:, 1] / elsewhere.sum(axis=1)
    mine = pair.second[asked]
    known = np.isfinite(of_second)
    return (
        float(-of_second[known & ~mine].mean()) if (known & ~mine).any() else 0.0,
        float(of_second[known & mine].mean()) if (known & mine).any() else 0.0,
    )


def _own_moments(pair: _Pair, unit: Matrix, asked: Positions, k: int) -> tuple[Floats, Floats]:
    """Whether the own moment is among the hits in the other option, and that of other videos."""
    n_videos, mine = int(pair.video.max()) + 1, pair.video[asked]
    if not pair.meet or n_videos < 2:
        nothing = np.full(len(asked), np.nan)
        return nothing, nothing
    among = np.flatnonzero(pair.second != pair.second[asked[0]])
    found = best_rows(unit[asked], unit, among, k, own=False)[0]
    wanted = _same_parts(pair, asked)
    hit = np.zeros((len(asked), n_videos), bool)
    for column in found.T:
        there = np.flatnonzero(column >= 0)
        rows = column[there]
        video = pair.video[rows]
        hit[there, video] |= _holds(pair, rows, wanted[there, video])
    columns = [_covers(pair, among, one, wanted[:, one]) for one in range(n_videos)]
    may = np.column_stack(columns)
    at = (np.arange(len(asked)), mine)
    own = hit[at].astype(np.float64)
    may[at] = False
    with np.errstate(invalid="ignore"):
        return own, (hit & may).sum(axis=1) / may.sum(axis=1)


def _same_parts(pair: _Pair, asked: Positions) -> Floats:
    """When each row is in its own video, and when the same part is of every other."""
    n_videos, mine = int(pair.video.max()) + 1, pair.video[asked]
    first, last = np.full(n_videos, np.nan), np.full(n_videos, np.nan)
    np.fmin.at(first, pair.video, pair.start)
    np.fmax.at(last, pair.video, pair.end)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (pair.middle[asked] - first[mine]) / (last - first)[mine]
    wanted = first + part[:, None] * (last - first)
    wanted[np.arange(len(asked)), mine] = pair.middle[asked]  # as it is, not as rounded
    return np.asarray(wanted)


def _covers(pair: _Pair, among: Positions, video: int, middle: Floats) -> Mask:
    """Whether some of the rows of a video hold each of these times."""
    first, end = np.searchsorted(pair.video[among], [video, video + 1])
    rows = among[first:end]  # in order of time, those without any last
    last = np.searchsorted(pair.start[rows], middle, side="right") - 1
    return _holds(pair, rows[np.maximum(last, 0)], middle)


def _share_row(value: Floats, chance: Floats, after: Floats, video: Positions) -> dict[str, Any]:
    """A share with its interval, against chance and after centring."""
    shares = intervals_of_means(value[:, None], video)
    beside = np.column_stack([value - chance, after - value])
    told = intervals_of_means(beside, video, span=GAIN_SPAN)
    n_videos, mean, low = int(shares.n_units[0]), float(shares.mean[0]), float(shares.low[0])
    chance_mean = mean - float(told.mean[0])
    beyond = float(told.low[0]), float(told.high[0])
    if np.isnan(beyond[0]):  # all the same: the bound that holds where all are 0 or 1
        beyond = low - chance_mean, float(shares.high[0]) - chance_mean
    change = float(told.low[1]), float(told.high[1])
    return {
        "value": mean,
        "low": low,
        "high": float(shares.high[0]),
        "chance": chance_mean,
        "verdict": _say(beyond, ABOVE, BELOW),
        "centred": mean + float(told.mean[1]),
        "change_low": change[0],
        "change_high": change[1],
        "centring": _say(change, RAISES, LOWERS),
        "n_segments": int(shares.n_values[0]),
        "n_videos": n_videos,
        "interval": describe_interval(n_videos, mean, low),
    }


def _say(ends: tuple[float, float], above: str, below: str) -> str:
    """What an interval of a difference says."""
    low, high = ends
    if np.isnan(low):
        return "cannot tell"
    return above if low > 0 else below if high < 0 else UNTOLD


def _table(found: list[dict[str, Any]]) -> pd.DataFrame:
    numbers = ["value", "low", "high", "chance", "centred", "change_low", "change_high"]
    names = ["option_a", "option_b", "measure", "query", *numbers[:4], "verdict", *numbers[4:]]
    names += ["centring", "n_segments", "n_videos", "interval"]
    table = pd.DataFrame(found, columns=names)
    for name in ("option_a", "option_b", "measure", "query", "verdict", "centring", "interval"):
        table[name] = str_column(table[name])
    return table.astype(
        {name: np.float64 for name in numbers} | {"n_segments": np.int64, "n_videos": np.int64}
    )
