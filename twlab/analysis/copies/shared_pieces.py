"""The pieces that two videos on cells share: what counts as a copy and what as chance.

Lines of high similarity are found by :mod:`twlab.analysis.copies.diagonals` and laid by
:mod:`twlab.analysis.copies.refining`; here it is decided which of them count, which of those that
overlap win, and how far each goes.

What is said beside constants, here and in the modules below, of edits and their F is of 75 planted
in a film of each of three sources, those among them that the constant is about;
``tests/benchmarks/bench_align.py --constant NAME=VALUE`` plants such edits with other seeds.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.copies.contested import cut_contested
from twlab.analysis.copies.diagonals import (
    BACKWARD,
    FORWARD,
    Stretch,
    find_stretches,
    gain_of,
    runs_of,
)
from twlab.analysis.copies.evidence import (
    FEWEST_BESIDE,
    FEWEST_CLIPS,
    MOST_CHANCE,
    chance_of,
    counts_beside,
    drop_unlike,
    weigh_together,
)
from twlab.analysis.copies.refining import (
    CARRIES_ON,
    Pair,
    cut_at_gaps,
    lay,
    split,
    weigh_in_parts,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Mask


__all__ = ["find_elsewhere", "shared_pieces"]

LEAST_SCORE = 0.45
"""Least sum of ``similarity - LEAST`` over the cells of a piece: two thirds of one exact clip,
below which nothing is worth the laying. Edits score .997 at half, here and double, as evidence
decides what is shown; at half they take an eighth more time, at double a third less."""

LEAST_EVIDENCE = 0.9
"""Least sum over all pieces of a pair of videos; less is chance. At half edits score the same, at
double of short inserts under noise (3 to 6 clips) a third is lost."""

IDENTICAL = 0.8
"""Mean similarity from which on a piece counts though other places are like it too. With .6 and .9
edits score the same (.997)."""

ALIKE_THROUGHOUT = 0.5
"""Mean similarity of every piece that a line with jumps breaks into. With .25 and .75 edits with
dropped segments and scenes score the same (.996)."""

BACKWARD_PRICE = 0.6
"""What every piece played backwards must gain over what is played forwards. At half edits score the
same; at double blocks played backwards have F .93, now .97."""

LEAST_AGAIN, HINT, AS_GOOD = 3, 0.6, 0.05
"""Cells of a piece that may be shown again; what a place must promise before the line is laid
between cells; how much less similar than the first it may then be. With a HINT
of .3 and .9 and an AS_GOOD of .025 and .1 edits with repeats score the same (.998)."""

STANDS_OUT, SECOND_WEIGHT = 0.32, 0.8
"""A piece counts if its similarity exceeds the second best place's, so weighted, by this. At half
of either other footage between is taken for copies (F .967 for .983); at double of the first no
copy under noise 1.2 times as loud is found and short inserts are at .78; at double of the second,
for which two places must be further apart, it is .977."""

CERTAIN = 1e-3
"""Chance of a piece by itself from which on it counts although no other rule lets it: many dim
clips in one order. Of stretches of 16 clips of drawn footage, under noise as loud as they are and
between two clips of the source, 20 of 20 are found, at half 18, at double 20, without it 17. Of 129
pairs of strangers of four sources no further one is named at any value up to .02, and edits score
the same without it (.998); of stretches of real films at most one more in ten is found
(``tests/benchmarks/leak_limits.py``)."""


def shared_pieces(pair: Pair, *, plain: bool = False, known: bool = False) -> list[Stretch]:
    """All shared pieces, none overlapping in the first video, in order.

    With ``plain`` lines are looked for at plain speed alone, and then turned somewhat. With
    ``known`` it is known that the two share something, and pieces count as those beside others.
    """
    gain = gain_of(pair.similar, pair.a_filled, np.diff(pair.b_counts) > 0)
    free = np.ones(len(pair.a), bool)
    stretches, found = [(0, len(free))], list[Stretch]()
    while stretches:
        low, high = stretches.pop()
        ahead, back = (
            _find_convincing(pair, gain, free, (low, high), speeds)
            for speeds in (((1.0,), ()) if plain else (FORWARD, BACKWARD))
        )
        new = _best_together(pair, ahead, back) if back else ahead
        for piece in new:
            free[piece.cells] = False
        found += new
        stretches += [(low + a, low + b) for a, b in runs_of(free[low:high])] if new else []
    faint = sum(piece.score for piece in found) < LEAST_EVIDENCE
    if faint and not known and not any(_is_certain(pair, piece) for piece in found):
        return []
    return _finish(pair, found, free, known=known)


def _find_convincing(
    pair: Pair, gain: NDArray[np.float32], free: Mask, run: tuple[int, int], speeds: Any
) -> list[Stretch]:
    """Pieces within a run of cells that are not chance, none overlapping."""
    low, high = run
    claimed, pieces = ~free, list[Stretch]()
    for rough in find_stretches(gain[low:high], speeds, LEAST_SCORE):
        if claimed[low + int(rough.first) : low + int(rough.last)].any():
            continue
        start = rough._replace(first=rough.first + low, last=rough.last + low)
        whole = lay(pair, start, ~claimed)
        parts = [whole] if _jumps(pair, whole) else cut_at_gaps(pair, whole)
        if len(parts) > 1:
            parts = [lay(pair, part, _free_within(part, ~claimed)) for part in parts]
        claimed[start.cells] = True
        good = [p for p in parts if p.score >= LEAST_SCORE and _stands_out(pair, p)]
        for piece in good:
            claimed[piece.cells] = True
        pieces += good
    return pieces


def _jumps(pair: Pair, piece: Stretch) -> bool:
    """Whether a piece breaks into several that are alike throughout, as where parts were left out.

    A line that bridges other footage breaks into good and bad ones.
    """
    parts = split(pair, piece) if piece.score >= LEAST_SCORE else [piece]
    return len(parts) > 1 and min(p.score / len(p.cells) for p in parts) >= ALIKE_THROUGHOUT


def _stands_out(pair: Pair, piece: Stretch) -> bool:
    """Whether a piece is nearly identical, clearly better than any other place, or long enough."""
    mean = float(pair.along(piece, piece.cells).mean())
    if mean >= IDENTICAL or mean - SECOND_WEIGHT * _second_best(pair, piece) >= STANDS_OUT:
        return True
    return _is_certain(pair, piece)


def _is_certain(pair: Pair, piece: Stretch) -> bool:
    """Whether a piece is next to never chance: many dim clips in one order tell what few do not."""
    return chance_of(pair, weigh_together(pair, [piece])) <= CERTAIN


def find_elsewhere(pair: Pair, pieces: list[Stretch]) -> list[Stretch]:
    """Further places in the second video that show what a piece shows, nearly identical.

    A piece lies at its best place; a passage that the second video shows again is as good there.
    """
    found = list[Stretch]()
    for piece in pieces:
        free = _free_within(piece, np.ones(len(pair.a), bool))
        least = max(IDENTICAL, float(pair.along(piece, piece.cells).mean()) - AS_GOOD)
        places, mean = _mean_along(pair, piece)
        open_places = _lies_elsewhere(piece, places)
        while len(piece.cells) >= LEAST_AGAIN and (mean * open_places).max(initial=0) >= HINT:
            best = int((mean * open_places).argmax())
            open_places &= np.abs(places - places[best]) > len(piece.cells) / 2
            moved = piece._replace(begin=piece.begin + float(places[best]))
            again = lay(pair, moved, free)
            cells = again.cells
            whole = len(cells) >= 0.8 * len(piece.cells) and again.score > 0
            if whole and float(pair.along(again, cells).mean()) >= least:
                found += judge(pair, [again])
    return found


def _second_best(pair: Pair, piece: Stretch) -> float:
    """Mean similarity of the best line of the same speed elsewhere in the second video."""
    places, mean = _mean_along(pair, piece)
    return float(mean[_lies_elsewhere(piece, places)].max(initial=0.0))


def _mean_along(pair: Pair, piece: Stretch) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """How far a line may be moved in the second video, and its mean similarity there."""
    m, cells = pair.similar.shape[1], _some_cells(piece)
    base = int(np.floor(piece.begin))
    shifts = np.floor(piece.at(cells + 0.5)).astype(int) - base
    begins = np.arange(-int(shifts.max()), m - int(shifts.min()))
    total, count = np.zeros(len(begins)), np.zeros(len(begins))
    for cell, shift in zip(cells, shifts, strict=True):
        low = max(0, -int(begins[0] + shift))
        high = min(len(begins), m - int(begins[0] + shift))
        total[low:high] += pair.similar[cell, begins[low] + shift : begins[high - 1] + shift + 1]
        count[low:high] += 1
    mean = np.where(2 * count >= len(cells), total / np.maximum(count, 1), 0.0)
    return begins - base, mean


def _some_cells(piece: Stretch) -> NDArray[np.intp]:
    """Up to 100 cells of a piece, evenly spread."""
    cells = piece.cells
    some = np.unique(np.linspace(0, len(cells) - 1, min(len(cells), 100)).astype(int))
    return np.asarray(cells[some])


def _lies_elsewhere(piece: Stretch, places: NDArray[np.intp]) -> Mask:
    """Which places are not the one where the piece is."""
    shifts = np.floor(piece.at(_some_cells(piece) + 0.5))
    return np.asarray(np.abs(places) > max(2.0, 0.5 * (np.ptp(shifts) + 1)))


def _best_together(pair: Pair, ahead: list[Stretch], back: list[Stretch]) -> list[Stretch]:
    """Of pieces played forwards and backwards, those of most worth that do not overlap."""
    worth = [(weigh_in_parts(pair, piece) * _long_enough(piece), piece) for piece in ahead]
    worth += [(piece.score - BACKWARD_PRICE, piece) for piece in back]
    worth.sort(key=lambda item: item[1].cells[-1])
    ends = [int(piece.cells[-1]) + 1 for _, piece in worth]
    best: list[tuple[float, list[Stretch]]] = [(0.0, [])]
    for k, (value, piece) in enumerate(worth):
        before = best[bisect_right(ends, int(piece.first), hi=k)]
        with_it = (before[0] + value, [*before[1], piece])
        best.append(max(best[-1], with_it, key=lambda choice: choice[0]))
    return best[-1][1]


def _long_enough(piece: Stretch) -> float:
    """What share of its worth counts: next to none where it is too short to be reported.

    A stretch played backwards is a row of single clips played forwards.
    """
    return 1.0 if len(piece.cells) >= FEWEST_BESIDE else 1e-3


def _finish(pair: Pair, pieces: list[Stretch], free: Mask, *, known: bool) -> list[Stretch]:
    """The pieces carried on as far as they go, cut at gaps and broken at jumps."""
    chains, taken = list[list[Stretch]](), np.zeros(len(free), bool)
    for rough in sorted(pieces, key=lambda p: -p.score):
        free[rough.cells] = True
        whole = lay(pair, rough, free & ~taken, least=CARRIES_ON)
        broken, before = whole.score > 0 and _jumps(pair, whole), len(chains)
        for straight in split(pair, whole) if broken else [whole]:
            parts = [straight] if broken else cut_at_gaps(pair, straight)
            if len(parts) > 1:
                parts = [
                    lay(pair, p, _free_within(p, free & ~taken), least=CARRIES_ON) for p in parts
                ]
            for part in parts:
                taken[part.cells] = True
            chains += [[part] for part in parts if part.last > part.first and part.score != 0]
        if broken:  # its parts are one line, and stand or fall together
            chains = [*chains[:before], [part for chain in chains[before:] for part in chain]]
        free[whole.cells] = False
    own = iter(cut_contested(pair, [part for chain in chains for part in chain]))
    kept = [judge(pair, [next(own) for _ in chain]) for chain in chains]
    if not known and not any(_anchors(chain) for chain in kept):
        return []
    return sorted((part for chain in kept for part in chain), key=lambda p: p.first)


def _anchors(chain: list[Stretch]) -> bool:
    """Whether the parts of one line are enough to say that two videos share something."""
    n_clips = sum(len(part.cells) for part in chain)
    return n_clips >= FEWEST_CLIPS and chain[0].chance <= MOST_CHANCE


def judge(pair: Pair, chain: list[Stretch]) -> list[Stretch]:
    """The parts of one line less what is not shared, and how probable they are by chance."""
    similar = [pair.along(part, part.cells) for part in chain]
    if not similar:
        return []
    typical = float(np.median(np.concatenate(similar)))
    kept = [new for part in chain for new in drop_unlike(pair, part, typical)]
    worth = weigh_together(pair, kept)
    if not counts_beside(sum(len(part.cells) for part in kept), worth):
        return []
    chance = chance_of(pair, worth)
    return [part._replace(chance=chance) for part in kept]


def _free_within(piece: Stretch, free: Mask) -> Mask:
    """The free cells among those of a piece."""
    own = np.zeros(len(free), bool)
    own[piece.cells] = True
    return own & free
