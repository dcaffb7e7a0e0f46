"""What changed between two cuts of a film: each stretch of both has one row.

Shared pieces are those of :func:`twlab.align`, with its evidence and its times between segments.
The heaviest chain of them that runs forwards in both versions is *matched*; pieces outside of it
are *moved*. What is left lies in gaps. A gap of both versions at the same place of the chain, or
where another option is matched, is one stretch: matched where it is alike along the line, else
*changed*. All other gaps are *missing* in the second version or *added* by it.

* :func:`diff` - a table of these stretches

References
----------
Heckel, "A technique for isolating differences between files", Comm. ACM 1978 (what is matched
elsewhere has moved). Tichy, "The string-to-string correction problem with block moves", ACM TOCS
1984. Needleman and Wunsch, J. Mol. Biol. 1970 (one order in both, at the least loss).
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.copies.aligning import align, align_plain
from twlab.analysis.neighbors.similarity import same_model
from twlab.errors import InputError, warn
from twlab.table.segments import check_segments, one_model, str_column
from twlab.table.tracks import TOUCH_SEC, Track, clip_length, common_cells, track_key, tracks

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["diff"]

LEAST_GAP = 0.75
"""Segments; what is shorter is the uncertainty of a cut, and goes to the stretch before it. Of the
stretches of twenty edits of films of five sources (``tests/benchmarks/diff_limits.py``) .947 are
right here, .935 at half, where a twentieth too many are told, and .929 at double. This is chosen
whichever source is left out, as are the shares and lengths below."""

ALIKE_SHARE = 0.5
"""How far apart two stretches are that are still alike, as a share of how far apart the clips of
the two versions are on average. Of the same edits .944 of the stretches are right at half and .906
at double, where replaced scenes are taken for the same."""

STILL = 0.02
"""And how far apart in any case, as a still picture has no clips that differ. At half
and double the same edits come out the same."""

LEAST_LEFT = 1.0
"""Segments of a moved piece that must be left where others took a part of it. Of the same edits
.944 of the stretches are right at half and .941 at double."""

CELLS_COMPARED = 2000
"""Cells of a passage that are compared; more would say the same."""

NOWHERE = (np.nan, np.nan)

SpanSec = tuple[float, float]


class Passage(NamedTuple):
    """What became of a stretch of the first version, of the second, or of both."""

    a: SpanSec
    """Its seconds in the first version; NaN where it is in the second alone."""
    b: SpanSec
    change: str
    backwards: bool = False
    """Whether the second version plays it so."""

    @property
    def length(self) -> float:
        """Seconds, of the shorter side."""
        return float(np.nanmin([self.a[1] - self.a[0], self.b[1] - self.b[0]]))

    def part(self, low: float, high: float) -> Passage:
        """From one share of it, as the first version runs, to another."""
        shares = (1 - high, 1 - low) if self.backwards else (low, high)
        return self._replace(a=_within(self.a, low, high), b=_within(self.b, *shares))

    def mirror(self) -> Passage:
        """The same with both versions exchanged."""
        return self._replace(a=self.b, b=self.a)


def _within(side: SpanSec, low: float, high: float) -> SpanSec:
    """From one share of an interval to another; its very ends where these are 0 and 1."""
    start, end = side
    return (
        start + low * (end - start) if low > 0 else start,
        start + high * (end - start) if high < 1 else end,
    )


def diff(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """What changed from one version of a film to others; one row per stretch and option.

    Parameters
    ----------
    a : DataFrame
        Segments of one video: the version that the others are compared with.
    b : DataFrame
        Segments, by the same model, of one or more other versions. Grids may differ. Each option
        of both is compared; one that only one of them has is left out with a warning.

    Returns
    -------
    DataFrame
        ``a_video_id``, ``b_video_id``, ``embedding_option`` (where ``a`` has it), ``change``,
        ``a_start_sec``, ``a_end_sec``, ``b_start_sec``, ``b_end_sec``, ``offset_sec`` (how much
        later it begins in ``b``), ``speed`` (seconds of ``b`` per second of ``a``, negative where
        it is played backwards) and ``cosine_similarity`` (mean along the stretch), in the order of
        the first version, additions where they come in. Every second that rows of a version
        cover is in one row of the version and option. ``change`` is one of

        * ``matched``: in both, in the same order;
        * ``moved``: in both, but not in the order of what is matched;
        * ``changed``: at the same place of both, but not alike; a dubbed voice is this;
        * ``missing``: in ``a`` alone (no ``b`` times, offset, speed and similarity);
        * ``added``: in ``b`` alone.

    Raises
    ------
    InputError
        If one is not a table of segments, ``a`` has not one video with times, they belong to
        different models, or share no option.

    See Also
    --------
    twlab.align : which seconds of any videos occur in each other, in any order and often
    twlab.plot.diff : the versions as tracks, with what became of each stretch
    twlab.plot.storyboard : the stretches as frames

    Notes
    -----
    What counts as shared is decided by :func:`twlab.align`: two films share something only if a
    piece of three segments or more has a chance of .02 or less, or where both are alike from the
    first second to the last. So strangers are missing and added as a whole, and a stretch of less
    than about two segments that moved is said to be missing here and added there. Of twenty edits
    of films of five sources (eight changes each, half of the edits cut within segments, all under
    noise) 19 stretches in 20 were told with every time right within a segment. Of the sample
    film cut anew with ffmpeg (a scene moved, two left out, one put in) and encoded by
    :func:`twlab.encode` in clips of 4 s all eight were, none more than 1.1 s off. A stretch that
    ``b`` shows twice is added once. A version that runs up to a tenth faster or slower is
    matched as a whole; one of 1.15 or 1.25 times the length comes in pieces with additions
    between them, where :func:`twlab.align` still finds one. ``diff(b, a)`` says the same with
    both sides, and missing and added, exchanged.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> film = tw.clips(tw.sample())
    >>> cut = pd.concat([film[:30], film[50:]]).assign(video_id="shorter")
    >>> cut["start_sec"] = [6.0 * n for n in range(len(cut))]
    >>> cut["end_sec"] = cut["start_sec"] + 6
    >>> tw.diff(film, cut)[["change", "a_start_sec", "a_end_sec", "b_start_sec", "offset_sec"]]
        change  a_start_sec  a_end_sec  b_start_sec  offset_sec
    0  matched          0.0    180.000          0.0         0.0
    1  missing        180.0    300.000          NaN         NaN
    2  matched        300.0    596.474        180.0      -120.0
    """
    for table in (a, b):
        check_segments(table)
    first, others = _versions(a), _versions(b)
    for side, versions in (("a", first), ("b", others)):
        if not versions:
            raise InputError(
                f"{side} holds no segments with times; one version or more was expected; pass "
                "clips with start_sec and end_sec"
            )
    if len(first) != 1:
        raise InputError(
            f"a holds {len(first)} videos with times ({', '.join(list(first)[:3])}); one version "
            "was expected, the others in b; filter by video_id"
        )
    ((name, ours),) = first.items()
    parts = [_compare(name, ours, other, theirs) for other, theirs in others.items()]
    table = pd.concat(parts, ignore_index=True)
    return table if "embedding_option" in a.columns else table.drop(columns="embedding_option")


def _versions(table: pd.DataFrame) -> dict[str, dict[Any, Track]]:
    """The tracks of each video by option."""
    found: dict[str, dict[Any, Track]] = {}
    for rows in tracks(table):
        part = table.iloc[rows]
        option = part["embedding_option"].iloc[0] if "embedding_option" in part else None
        (key,) = track_key([option])
        found.setdefault(str(part["video_id"].iloc[0]), {})[key] = Track(part)
    return found


def _compare(
    name: str, ours: dict[Any, Track], other: str, theirs: dict[Any, Track]
) -> pd.DataFrame:
    """The rows of two versions."""
    pairs = _pair_options(name, ours, other, theirs)
    for one, two in pairs.values():
        for side in (one, two):
            one_model(side.rows)
        same_model(one.rows, two.rows)
    shared = {option: _trace(*pair) for option, pair in pairs.items()}
    tables = []
    for option, (one, two) in pairs.items():
        beside = [p for key in pairs if key != option for p in shared[key] if p.change == "matched"]
        passages = _account(shared[option], beside, one, two)
        table = pd.DataFrame([_row_of(passage, one, two) for passage in passages])
        table.insert(0, "a_video_id", str_column([name] * len(table)))
        table.insert(1, "b_video_id", str_column([other] * len(table)))
        table.insert(2, "embedding_option", str_column([option] * len(table)))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _pair_options(
    name: str, ours: dict[Any, Track], other: str, theirs: dict[Any, Track]
) -> dict[Any, tuple[Track, Track]]:
    """The tracks that are compared, by option."""
    if len(ours) == len(theirs) == 1 and None in {*ours, *theirs}:
        ((option, one),), (two,) = ours.items(), theirs.values()
        return {option: (one, two)}
    common = [option for option in ours if option in theirs]
    names = [", ".join(map(repr, side)) for side in (ours, theirs)]
    if not common:
        raise InputError(
            f"{name!r} has the options {names[0]} and {other!r} has {names[1]}; one in common was "
            "expected; load or filter both with one embedding_option"
        )
    alone = [option for option in {**ours, **theirs} if option not in common]
    if alone:
        warn(
            f"{', '.join(map(repr, alone))} is left out, as only one of {name!r} and {other!r} has "
            "it; filter both to the options that both have"
        )
    return {option: (ours[option], theirs[option]) for option in common}


def _row_of(passage: Passage, one: Track, two: Track) -> dict[str, Any]:
    """A passage as a row."""
    lengths = [side[1] - side[0] for side in (passage.a, passage.b)]
    same = passage.change in ("matched", "moved")
    both = same or passage.change == "changed"
    return {
        "change": passage.change,
        **{"a_start_sec": passage.a[0], "a_end_sec": passage.a[1]},
        **{"b_start_sec": passage.b[0], "b_end_sec": passage.b[1]},
        "offset_sec": passage.b[0] - passage.a[0],
        "speed": lengths[1] / lengths[0] * (-1) ** passage.backwards if same else np.nan,
        "cosine_similarity": 1 - _distance(passage, one, two) if both else np.nan,
    }


def _trace(one: Track, two: Track) -> list[Passage]:
    """What two versions share, each second of both once: what is matched and what is moved."""
    if _comes_later(one, two):
        return [passage.mirror() for passage in _trace(two, one)]
    clip = _clip_of(one, two)
    pieces = _pieces_of(align_plain(one.rows, two.rows))
    chain = _heaviest_chain(pieces, clip)
    taken = _take(chain, [], LEAST_GAP * clip)
    taken = _take([piece for piece in pieces if piece not in chain], taken, LEAST_LEFT * clip)
    # Lines that are taken had hidden others, and what has all its like taken stands out more; the
    # last look is at other speeds too.
    for look in (partial(align_plain, known=True), align) if taken else ():
        left = _cut_rows(taken, one, two)
        again = _pieces_of(look(*left)) if left else []
        taken = _take(again, taken, LEAST_LEFT * clip)
    chain = _heaviest_chain(taken, clip)
    return [p._replace(change="matched") if p in chain else p for p in taken]


def _cut_rows(taken: list[Passage], one: Track, two: Track) -> list[pd.DataFrame] | None:
    """The rows of both versions that are not taken, cut to that; None where one has none."""
    gaps = zip((one, two), _gaps(taken, one, two), strict=True)
    left = [[part.rows for gap in each if (part := _slice(side, gap))] for side, each in gaps]
    return [pd.concat(parts) for parts in left] if all(left) else None


def _pieces_of(found: pd.DataFrame) -> list[Passage]:
    """The shared pieces of two versions, in any order and overlapping."""
    columns = ["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec", "speed"]
    return [
        Passage((a, b), (min(c, d), max(c, d)), "moved", backwards=speed < 0)
        for a, b, c, d, speed in found[columns].to_numpy(np.float64).tolist()
    ]


def _take(pieces: list[Passage], taken: list[Passage], least: float) -> list[Passage]:
    """What is taken and the free parts of the pieces, the longest first; short ones if whole."""
    taken = [*taken]
    for piece in sorted(pieces, key=lambda piece: -piece.length):
        taken += [p for p in _free_parts(piece, taken) if p.length >= least or p == piece]
    return taken


def _comes_later(one: Track, two: Track) -> bool:
    """Whether a pair is looked at the other way round, so that both ways say the same."""
    lengths = [float(side.times[1].max() - side.times[0].min()) for side in (one, two)]
    if abs(lengths[0] - lengths[1]) > TOUCH_SEC or one.unit.shape != two.unit.shape:
        return lengths[0] > lengths[1]
    apart = np.argwhere(one.unit != two.unit)
    return bool(len(apart) and one.unit[tuple(apart[0])] > two.unit[tuple(apart[0])])


def _clip_of(one: Track, two: Track) -> float:
    """How exact times are: the longer of the two typical segments."""
    return max(clip_length(*one.times), clip_length(*two.times))


def _heaviest_chain(pieces: list[Passage], clip: float) -> list[Passage]:
    """Of the pieces those that run forwards in both versions and last longest in all."""
    order = sorted((p for p in pieces if not p.backwards), key=lambda p: (p.a, p.b))
    best: list[tuple[float, list[Passage]]] = []
    for piece in order:
        before = [
            chain
            for chain in best
            if chain[1][-1].a[1] <= piece.a[0] + clip
            and chain[1][-1].b[1] <= piece.b[0] + clip
            and chain[1][-1].b[0] < piece.b[0]
        ]
        weight, way = max(before, key=lambda chain: chain[0], default=(0.0, []))
        best.append((weight + piece.length, [*way, piece]))
    return max(best, key=lambda chain: chain[0], default=(0.0, []))[1]


def _free_parts(piece: Passage, taken: Iterable[Passage]) -> list[Passage]:
    """The parts of a piece whose seconds are not taken in either version."""
    shares = []
    for other in taken:
        for side, used, flipped in (
            (piece.a, other.a, False),
            (piece.b, other.b, piece.backwards),
        ):
            low, high = ((sec - side[0]) / (side[1] - side[0]) for sec in used)
            shares.append((1 - high, 1 - low) if flipped else (low, high))
    return [piece.part(low, high) for low, high in _complement([(0.0, 1.0)], shares)]


def _complement(whole: Iterable[SpanSec], taken: Iterable[SpanSec]) -> list[SpanSec]:
    """What is left of sorted intervals where others are taken out."""
    left, used = list[SpanSec](), sorted(taken)
    for start, end in whole:
        inside = [(low, high) for low, high in used if high > start and low < end]
        reach = np.maximum.accumulate([start, *(high for _, high in inside)]).tolist()
        edges = [*(low for low, _ in inside), end]
        left += [(low, high) for low, high in zip(reach, edges, strict=True) if high > low]
    return left


def _account(shared: list[Passage], beside: list[Passage], one: Track, two: Track) -> list[Passage]:
    """A passage for every second of both versions, in order."""
    clip = _clip_of(one, two)
    found = [*shared]
    for other in beside:  # where another option says that both are at the same place
        parts = [part for part in _free_parts(other, found) if part.length >= clip]
        found += [_judge(part, one, two) for part in parts]
    found = _close(found, one, two, clip)
    found += _pair_gaps(found, one, two)
    found = _join(_close(found, one, two, clip), clip)
    gaps = _gaps(found, one, two)
    found += [Passage(gap, NOWHERE, "missing") for gap in gaps[0]]
    found += [Passage(NOWHERE, gap, "added") for gap in gaps[1]]
    return _in_order(found)


def _gaps(found: list[Passage], one: Track, two: Track) -> tuple[list[SpanSec], list[SpanSec]]:
    """What rows of each version cover and no passage has."""
    return (
        _complement(_seconds_with_rows(one), [p.a for p in found]),
        _complement(_seconds_with_rows(two), [p.b for p in found]),
    )


def _seconds_with_rows(track: Track) -> list[SpanSec]:
    """The seconds that rows of a track cover."""
    whole = (float(track.times[0].min()), float(track.times[1].max()))
    start, reach = track.times[0], np.maximum.accumulate(track.times[1])
    holes = start[1:] > reach[:-1] + TOUCH_SEC
    return _complement([whole], zip(reach[:-1][holes], start[1:][holes], strict=True))


def _close(found: list[Passage], one: Track, two: Track, clip: float) -> list[Passage]:
    """Passages moved to where the next begins, where less than ``LEAST_GAP`` is between."""
    closed = [*found]
    for first in (True, False):
        for low, high in _gaps(closed, one, two)[not first]:
            if high - low >= LEAST_GAP * clip:
                continue
            sides = [p.a if first else p.b for p in closed]
            before = [k for k, side in enumerate(sides) if abs(side[1] - low) < TOUCH_SEC]
            after = [k for k, side in enumerate(sides) if abs(side[0] - high) < TOUCH_SEC]
            for k in (before or after)[:1]:
                side = (sides[k][0], high) if before else (low, sides[k][1])
                closed[k] = closed[k]._replace(a=side) if first else closed[k]._replace(b=side)
    return closed


def _pair_gaps(found: list[Passage], one: Track, two: Track) -> list[Passage]:
    """The longest gaps of both versions between the same two passages of the chain."""
    gaps, clip = _gaps(found, one, two), _clip_of(one, two)
    chain = sorted(p for p in found if p.change in ("matched", "changed") and not p.backwards)
    ends = [Passage((at, at), (at, at), "end") for at in (-np.inf, np.inf)]
    paired = list[Passage]()
    for before, after in pairwise([ends[0], *chain, ends[1]]):
        mine = [gap for gap in gaps[0] if before.a[1] <= gap[0] and gap[1] <= after.a[0]]
        yours = [gap for gap in gaps[1] if before.b[1] <= gap[0] and gap[1] <= after.b[0]]
        if mine and yours:
            longest = [max(side, key=lambda gap: gap[1] - gap[0]) for side in (mine, yours)]
            passage = _judge(Passage(longest[0], longest[1], "changed"), one, two)
            lengths = [side[1] - side[0] for side in (passage.a, passage.b)]
            if abs(lengths[0] - lengths[1]) > LEAST_GAP * clip:
                passage = passage._replace(change="changed")
            paired += [passage] if chain or passage.change == "matched" else []
    return paired


def _judge(passage: Passage, one: Track, two: Track) -> Passage:
    """Two stretches at the same place: matched where they are alike along the line."""
    usual = 1 - float(one.unit.mean(axis=0) @ two.unit.mean(axis=0))
    alike = _distance(passage, one, two) <= max(STILL, ALIKE_SHARE * usual)
    return passage._replace(change="matched" if alike else "changed")


def _distance(passage: Passage, one: Track, two: Track) -> float:
    """1 less the mean cosine similarity along a passage; 1 where there is nothing to compare."""
    mine, theirs = _slice(one, passage.a), _slice(two, passage.b)
    if mine is None or theirs is None:
        return 1.0
    share = [(sec - passage.b[0]) / (passage.b[1] - passage.b[0]) for sec in theirs.times]
    if passage.backwards:
        share = [1 - share[1], 1 - share[0]]
    low, high = (passage.a[0] + part * (passage.a[1] - passage.a[0]) for part in share)
    laid = theirs.rows.assign(start_sec=low, end_sec=high).sort_values("start_sec")
    left, right, _, _ = common_cells(mine, Track(laid), most=CELLS_COMPARED)
    return 1 - float(np.einsum("ij,ij->i", left, right).mean()) if len(left) else 1.0


def _slice(track: Track, side: SpanSec) -> Track | None:
    """The rows of a track within an interval, cut to it; None where there are none."""
    start, end = (sec.clip(*side) for sec in track.times)
    inside = end - start > TOUCH_SEC
    if not inside.any():
        return None
    return Track(track.rows[inside].assign(start_sec=start[inside], end_sec=end[inside]))


def _join(found: list[Passage], clip: float) -> list[Passage]:
    """Passages that go on at the same offset made one."""
    joined = list[Passage]()
    for passage in sorted(found):
        last = joined[-1] if joined else None
        if last is not None and _goes_on(last, passage, clip):
            joined[-1] = last._replace(a=(last.a[0], passage.a[1]), b=(last.b[0], passage.b[1]))
        else:
            joined.append(passage)
    return joined


def _goes_on(last: Passage, after: Passage, clip: float) -> bool:
    """Whether a passage begins where one of its kind ends, in both versions."""
    if last.change != after.change or last.backwards or after.backwards:
        return False
    apart = [after.a[0] - last.a[1], after.b[0] - last.b[1]]
    return max(map(abs, apart)) < TOUCH_SEC * clip


def _in_order(found: list[Passage]) -> list[Passage]:
    """As the first version runs; what is added follows what is before it in the second."""
    chain = [p for p in found if p.change in ("matched", "changed")]

    def place(passage: Passage) -> tuple[float, bool, float]:
        if passage.change != "added":
            return passage.a[0], True, 0.0
        before = [p.a[1] for p in chain if p.b[1] <= passage.b[0] + TOUCH_SEC]
        return max(before, default=-np.inf), False, passage.b[0]

    return sorted(found, key=place)
