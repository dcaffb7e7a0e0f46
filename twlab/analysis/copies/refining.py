"""Lines laid between cells: where exactly a piece of one video lies in another.

A vector of a stretch of video is taken to be the mean of what the stretch shows, so the vector of
any stretch, also between cells, is an integral of the cells. :func:`lay` moves, turns and
stretches a line to where it fits best, :func:`split` breaks it where pieces were dropped,
:func:`find_edges` finds the share of the first and last cell that belongs to a piece.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twlab.analysis.copies.diagonals import LEAST, Stretch, turn_price

if TYPE_CHECKING:
    from twlab.table.tracks import Grid
    from twlab.table.types import Floats, Mask, Matrix, Positions


__all__ = [
    "CARRIES_ON",
    "NEAR_MEAN",
    "Pair",
    "cut_at_gaps",
    "cut_to_support",
    "find_edges",
    "lay",
    "pair_of",
    "split",
    "weigh_in_parts",
]

CARRIES_ON = 0.15
"""Similarity at which a copy that is certain elsewhere is taken to go on: half of what it must be
like to be found. Strangers centred alike lie at 0, within .1 (a test dies at half and at double).
"""

SAME_CLIP, MOST_VOTING = 0.97, 500
"""Cosine similarity, not centred, from which on two clips have one vote for the mean; clips, evenly
spread, that tell how often each is shown. Edits score .997 at .94, .97 and .985."""

NEAR_MEAN = 0.2
"""Distance from the mean below which differences shrink instead of being blown up to unit size;
segments of 18 films lie .63 to .77 from it on average. At half and double edits score the same
(.997)."""

SLOWEST, FASTEST = 0.3, 3.3
"""Speeds of a line, a tenth beyond those that are searched (:data:`diagonals.FORWARD`), so that one
at the rim may still be turned."""

FAST = 1.4
"""Speed from which on a copy may be made of samples rather than of all that is shown. Below it a
sample and the mean hardly differ; with 1.2 and 1.8 edits of other speeds score the same (.999)."""

GAP_LEAST, GAP_DEPTH = 0.2, 0.3
"""A piece is cut where the sum of ``similarity - GAP_LEAST`` falls by more than the depth: by one
clip and a half of other footage. At half and double of either edits with other footage between,
with scenes cut out and under noise score the same (.998): what is left is cut by its likeness."""

SPLIT_PRICE = 0.3
"""What a jump within a copy must gain, in cells of full similarity. Where a fifth of the segments
is dropped the F is .997, .995 and .992 at half, here and double; where scenes are cut out it is
the same."""

SPLIT_REACH = 10
"""Cells that a jump within a copy may span, to either side of its line. With 5, edits with dropped
parts score .993 in place of .996, with 20 the same."""

CERTAIN_SHARE = 0.75
"""Shares of a cell nearer to none or all than this leaves are taken as none or all. Cuts within
segments are .05 segments off with .55, .75 and .875 in edits without noise."""

MIXED = 0.7
"""Similarity from which on a cell between two pieces is a mixture of both, not other footage. Cuts
within segments are .047 segments off with .35 and .7, .057 with .85."""

MEASURED_ROWS = 512
"""Rows whose length is taken at a time. Of 10,000 of 512 numbers 2 ms in place of 6."""


class Pair(NamedTuple):
    """Two videos on cells of one length, centred on the mean of the second."""

    a: Floats
    """Vectors of the first, shape (n, d); zero in empty cells."""
    a_filled: Mask
    b_sums: Floats
    """Sum of the vectors of the second before each cell, shape (m + 1, d)."""
    b_counts: Floats
    """Filled cells of the second before each cell."""
    similar: Matrix
    """Cosine similarity of every cell of the first and of the second; 0 where one is empty."""
    products: Matrix
    """The same, also where ``similar`` leaves places out that are not to be looked at."""
    a_stretched: Floats
    """By how much cells of the first that are near the mean have to be stretched to unit length."""
    b_lengths: Floats
    """Of the second, at least :data:`NEAR_MEAN`, by which products were divided."""
    b_squares: Floats
    """Products of each cell of the second with itself and those that follow, (m, some)."""
    lag: float | None = None
    """Where both are the same video, how many cells later a place must lie to be looked at."""

    def view(self, piece: Stretch, cells: Positions) -> Floats:
        """What the second video shows while each cell of the first lasts; zero outside of it."""
        places = [piece.at(cells), piece.at(cells + 1.0)]
        # The mean over a stretch is a difference of two running sums over its length. Sorted, as
        # a line played backwards meets the end of each stretch first.
        low, high = np.sort(np.clip(places, 0, len(self.b_sums) - 1), axis=0)
        total = _sum_before(self.b_sums, high) - _sum_before(self.b_sums, low)
        count = _sum_before(self.b_counts, high) - _sum_before(self.b_counts, low)
        return np.asarray(total / np.maximum(count, 1e-6)[:, None] * (count > 0.05)[:, None])

    def along(self, piece: Stretch, cells: Positions) -> Floats:
        """Cosine similarity of cells of the first video and what the line shows them to be."""
        lines = np.array([[piece.begin, piece.speed]])
        return np.asarray(self.along_each(piece, cells, lines)[0])

    def along_each(self, piece: Stretch, cells: Positions, lines: Floats) -> Floats:
        """The same for lines that have other begins and speeds, one row each."""
        begin, speed = lines[:, :1], lines[:, 1:]
        start = begin + speed * (cells - piece.first)
        best = self._cosines(cells, start, start + speed)
        # Speeded up by leaving frames out, a cell shows one moment in place of a mean of several.
        fast = np.flatnonzero(np.abs(speed[:, 0]) >= FAST)
        if len(fast):
            middle = (start + speed / 2)[fast]
            sampled = self._cosines(cells, middle - 0.5, middle + 0.5)
            better = sampled.sum(axis=1) > best[fast].sum(axis=1)
            best[fast[better]] = sampled[better]
        if self.lag is not None:  # a place that is not to be looked at is like nothing
            best *= start >= cells + self.lag - 0.5
        return np.asarray(best)

    def _cosines(self, cells: Positions, start: Floats, end: Floats) -> Floats:
        """Cosine similarity of cells and of what lies between two places, one row for each line.

        The vector between two places is a sum of cells, each with the share of it that lies there.
        So the products of the two videos, and of the second with itself, tell all of it.
        """
        m = len(self.b_counts) - 1
        low, high = np.sort(np.clip([start, end], 0, m), axis=0)
        offsets = np.arange(int(np.ceil((high - low).max(initial=0))) + 1)
        place = low.astype(int)[..., None] + offsets
        share = np.minimum(high[..., None], place + 1) - np.maximum(low[..., None], place)
        share, column = np.maximum(share, 0), np.minimum(place, m - 1)
        count = (share * np.diff(self.b_counts)[column]).sum(axis=-1)
        share_b = share * self.b_lengths[column]
        product = (share_b * self.products[cells[:, None], column]).sum(axis=-1)
        square = np.zeros_like(low)
        for by in offsets:
            beside = share[..., : len(offsets) - by] * share[..., by:]
            beside = (beside * self.b_squares[column[..., : len(offsets) - by], by]).sum(axis=-1)
            square += beside if by == 0 else 2 * beside
        length = np.sqrt(np.maximum(square, 0))
        there = (count > 0.05) & (length > 1e-9)
        cosine = product * self.a_stretched[cells] / np.maximum(length, 1e-9) * there
        return np.asarray(cosine.clip(-1, 1))


def pair_of(a: Grid, b: Grid) -> Pair:
    """Both videos centred on the mean of the second's different clips, and their similarities."""
    mean = _mean_of_different(b.cells[b.filled])
    ours, theirs = a.cells - mean, b.cells - mean
    ours *= a.filled[:, None]
    theirs *= b.filled[:, None]
    sums = np.zeros((len(theirs) + 1, theirs.shape[1]))
    for before, row, after in zip(sums, theirs, sums[1:], strict=False):
        np.add(before, row, out=after)  # cumsum goes by columns, in ten times the time
    sizes = [_lengths_of(x) for x in (ours, theirs)]
    lengths = [np.maximum(size, NEAR_MEAN) for size in sizes]
    directions = [
        _divide_rows(x, length) for x, length in zip((ours, theirs), lengths, strict=True)
    ]
    similar = np.asarray(directions[0] @ directions[1].T)
    return Pair(
        ours,
        a.filled,
        sums,
        np.r_[0.0, b.filled.cumsum()],
        similar,
        similar,
        lengths[0] / np.maximum(sizes[0], 1e-9) * (sizes[0] > 1e-9),
        lengths[1],
        _products_beside(theirs),
    )


def _lengths_of(x: Floats) -> Floats:
    """Length of each row."""
    # In parts, as all squares together take new memory, which takes longer than the sums.
    parts = np.split(x, range(MEASURED_ROWS, len(x), MEASURED_ROWS))
    return np.concatenate([np.linalg.norm(part, axis=1) for part in parts])


def _divide_rows(x: Floats, lengths: Floats) -> Matrix:
    """Rows divided by their lengths, without the copy in double precision."""
    return np.divide(x, lengths[:, None], out=np.empty(x.shape, np.float32), casting="same_kind")


def _products_beside(x: Floats) -> Floats:
    """Products of each row with itself and with as many that follow as one cell may show."""
    n_beside = int(np.ceil(FASTEST)) + 1
    out = np.zeros((len(x), n_beside))
    for by in range(min(n_beside, len(x))):
        out[: len(x) - by, by] = np.einsum("ij,ij->i", x[: len(x) - by], x[by:])
    return out


def _mean_of_different(cells: Floats) -> Floats:
    """The mean in which clips that are the same have one vote; zero of no clips.

    Else a long blank moves the mean away from all that differs, which then looks alike.
    """
    if not len(cells):
        return np.zeros(cells.shape[1])
    unit = _divide_rows(cells, np.maximum(_lengths_of(cells), 1e-9))
    looked_at = _spread_evenly(len(unit), MOST_VOTING)
    # Of n the same each weighs 1 / n, estimated from some of them where there are many.
    same = (unit @ unit[looked_at].T >= SAME_CLIP).sum(axis=1) * (len(unit) / len(looked_at))
    return np.asarray(np.average(cells, axis=0, weights=1 / np.maximum(same, 1.0)))


def _sum_before(sums: Floats, places: Floats) -> Floats:
    """Sums over everything before each place, places between cells included."""
    # Within a cell the vector is taken to be the same throughout: the sum rises in a straight line.
    whole = np.minimum(places.astype(int), len(sums) - 2)
    rest = places - whole
    if sums.ndim == 2:
        rest = rest[:, None]
    return np.asarray(sums[whole] * (1 - rest) + sums[whole + 1] * rest)


def lay(pair: Pair, piece: Stretch, free: Mask, *, least: float = LEAST) -> Stretch:
    """The piece moved, turned and stretched between cells to where it scores best.

    ``free`` tells which cells of the first video it may cover; every cell must be at least as
    similar as ``least`` on average.
    """
    # The sweep leaves a line wrong by up to half a cell; each round halves what is left of that.
    for step in (0.5, 0.25, 0.125):
        piece = _stretch(pair, _turn(pair, piece, step), free, least)
    return piece


def _turn(pair: Pair, piece: Stretch, step: float) -> Stretch:
    """The best of the lines whose two ends lie up to two steps from those of the piece."""
    cells = piece.cells[_spread_evenly(len(piece.cells), 200)]
    moves = np.array([0, -1, 1, -2, 2]) * step
    at_begin, at_end = moves.repeat(len(moves)), np.tile(moves, len(moves))
    speeds = piece.speed + (at_end - at_begin) / (piece.last - piece.first)
    lines = np.column_stack([piece.begin + at_begin, speeds])
    lines = lines[(np.abs(speeds) >= SLOWEST) & (np.abs(speeds) <= FASTEST)]
    if not len(lines):
        return piece
    scores = pair.along_each(piece, cells, lines).sum(axis=1)
    scores -= [turn_price(speed) for speed in lines[:, 1]]
    # Of equals, but for rounding, the one moved least, which comes first.
    best = int(np.flatnonzero(scores >= scores.max() - 1e-5 * len(cells))[0])
    return piece._replace(begin=float(lines[best, 0]), speed=float(lines[best, 1]))


def _spread_evenly(count: int, most: int) -> Positions:
    """Up to ``most`` positions of ``count``, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


def _stretch(pair: Pair, piece: Stretch, free: Mask, least: float) -> Stretch:
    """The best stretch of the line of the piece, within the run of free cells it lies in."""
    middle = int((piece.first + piece.last) / 2)
    taken = np.flatnonzero(~free)
    low = int(taken[taken <= middle].max(initial=-1)) + 1
    high = int(taken[taken > middle].min(initial=len(free)))
    cells = np.arange(low, max(low, high))
    places = piece.at(cells + 0.5)
    cells = cells[(places >= 0) & (places <= len(pair.b_sums) - 1)]
    if not len(cells):
        return piece._replace(score=0.0)
    gain = np.where(pair.a_filled[cells], pair.along(piece, cells) - least, 0.0)
    # The stretch of the largest sum: for each end, the start is where the running sum was lowest.
    # Of several such starts the last, so that nothing that adds nothing is taken along.
    sums = np.r_[0.0, gain.cumsum()]
    lowest = np.minimum.accumulate(sums)
    end = int((sums - lowest).argmax())
    start = int(np.flatnonzero(sums[: end + 1] == lowest[end])[-1])
    if end <= start:
        return piece._replace(score=0.0)
    first, last = float(cells[start]), float(cells[end - 1] + 1)
    begin = float(piece.at(first))
    return Stretch(float(sums[end] - sums[start]), first, last, begin, piece.speed)


def cut_at_gaps(pair: Pair, piece: Stretch) -> list[Stretch]:
    """The piece cut where it bridges a stretch that the other video does not show."""
    cells = piece.cells
    gain = np.where(pair.a_filled[cells], pair.along(piece, cells) - GAP_LEAST, 0.0)
    # As sequences are extended in BLAST (Altschul et al., 1990): a stretch ends at the peak of its
    # sum once the sum has fallen far enough below it, and the next begins after the fall.
    spans, start, end, total, peak = [], 0, 0, 0.0, 0.0
    for k, worth in enumerate(gain):
        total += float(worth)
        if total > peak:
            peak, end = total, k + 1
        if total < peak - GAP_DEPTH or total <= 0:
            spans += [(start, end)] if end > start else []
            start = end = k + 1
            total = peak = 0.0
    spans += [(start, end)] if end > start else []
    if len(spans) < 2:
        return [piece]
    firsts = piece.first + np.array(spans, np.float64)
    return [Stretch(0.0, float(a), float(b), float(piece.at(a)), piece.speed) for a, b in firsts]


def split(pair: Pair, piece: Stretch) -> list[Stretch]:
    """The piece, or the pieces of plain speed that explain it better, as where parts were dropped.

    The best way through the similarities near the line that keeps to plain speed and pays for
    every jump; it is taken if it is worth more than the straight line.
    """
    cells = piece.cells
    if len(cells) < 3 or piece.speed < 0:
        return [piece]
    reach = np.arange(-SPLIT_REACH, SPLIT_REACH + 1)
    drift = np.round(piece.at(cells + 0.5) - 0.5 - cells).astype(int)
    # Diagonals, counted from the lowest; each row may use those near the line.
    lowest = int(drift.min()) - SPLIT_REACH
    diagonals = lowest + np.arange(int(np.ptp(drift)) + len(reach))
    columns = cells[:, None] + diagonals
    m = pair.similar.shape[1]
    gains = pair.similar[cells[:, None], columns.clip(0, m - 1)]
    near = np.abs(diagonals - drift[:, None]) <= SPLIT_REACH
    # Off the second video and far from the line a cell is worth less than any similarity.
    way = _best_way(np.where(near & (columns >= 0) & (columns < m), gains, -1.0), SPLIT_PRICE)
    edges = np.r_[0, np.flatnonzero(np.diff(way)) + 1, len(way)]
    parts = []
    for low, high in pairwise(edges):
        first = float(cells[low])
        part = Stretch(0.0, first, first + high - low, first + diagonals[way[low]], 1.0)
        parts.append(_slide(pair, part))
    straight = float(pair.along(piece, cells).sum()) - turn_price(piece.speed)
    broken = sum(part.score for part in parts) - SPLIT_PRICE * (len(parts) - 1)
    return parts if len(parts) > 1 and broken > straight + SPLIT_PRICE else [piece]


def weigh_in_parts(pair: Pair, piece: Stretch) -> float:
    """The score of a piece, or of the pieces that it breaks into less their price."""
    parts = split(pair, piece)
    if len(parts) == 1:
        return piece.score
    return sum(p.score - LEAST * len(p.cells) for p in parts) - SPLIT_PRICE * (len(parts) - 1)


def _best_way(gains: Floats | Matrix, price: float) -> Positions:
    """The column of each row on the way of the largest sum that pays for every change."""
    # Viterbi's algorithm. A jump costs the same from everywhere, so whoever jumps comes from the
    # best column of the row before, and a row costs m comparisons in place of m * m.
    total = np.asarray(gains[0], np.float64)
    came = np.empty(gains.shape, np.intp)
    stay = np.arange(gains.shape[1])
    for i in range(1, len(gains)):
        best = int(total.argmax())
        jump = total[best] - price > total
        came[i] = np.where(jump, best, stay)
        total = np.where(jump, total[best] - price, total) + gains[i]
    way = np.empty(len(gains), np.intp)
    way[-1] = int(total.argmax())
    for i in range(len(gains) - 1, 0, -1):
        way[i - 1] = came[i, way[i]]
    return way


def _slide(pair: Pair, piece: Stretch) -> Stretch:
    """The piece moved by less than a cell to where it is most similar, which is its score."""
    tried = [piece._replace(begin=piece.begin + by) for by in np.arange(-4, 5) / 8]
    sums = [float(pair.along(one, piece.cells).sum()) for one in tried]
    # Of equals the one moved least: along a still picture all are equal.
    best = int(np.argmax(np.array(sums) - 1e-6 * np.abs(np.arange(-4, 5))))
    return tried[best]._replace(score=sums[best])


def find_edges(pair: Pair, pieces: list[Stretch]) -> list[Stretch]:
    """The pieces, in order of their start, with starts and ends between cells."""
    scale = [_scale(pair, piece) for piece in pieces]
    first, last = [p.first for p in pieces], [p.last for p in pieces]
    touching = [_touch(pair, two, scale[k : k + 2]) for k, two in enumerate(pairwise(pieces))]
    for k, piece in enumerate(pieces):
        if not (k and touching[k - 1]):
            first[k] = _edge(pair, piece, scale[k], -1)
        if k < len(touching) and touching[k]:
            last[k] = first[k + 1] = _place_cut(pair, (piece, pieces[k + 1]), scale[k : k + 2])
        else:
            last[k] = _edge(pair, piece, scale[k], 1)
    return [
        p._replace(first=a, last=b, begin=float(p.at(a)))
        for p, a, b in zip(pieces, first, last, strict=True)
        if b > a + 1e-6
    ]


def cut_to_support(pair: Pair, piece: Stretch) -> Stretch:
    """The piece cut where its line leaves either video; how it lies and how steep it is stay."""
    ends = (np.array([0.0, len(pair.b_sums) - 1.0]) - piece.begin) / piece.speed + piece.first
    first = max(piece.first, float(ends.min()), 0.0)
    last = min(piece.last, float(ends.max()), float(len(pair.a)))
    return piece._replace(first=first, last=last, begin=float(piece.at(first)))


def _scale(pair: Pair, piece: Stretch) -> float:
    """How much of what the line shows is seen in the cells of the piece, typically."""
    return float(np.median(_shares(pair, piece, piece.cells))) or 1.0


def _shares(pair: Pair, piece: Stretch, cells: Positions) -> Floats:
    """How much of what the line shows is seen in each cell."""
    # Least squares: the s for which s * shown is nearest to the cell. The rest of a cell is other
    # footage, which after centring has on average nothing in common with what is shown.
    shown = pair.view(piece, cells)
    size = (shown**2).sum(axis=1)
    product = np.einsum("ij,ij->i", pair.a[cells], shown)
    return np.asarray(product / np.maximum(size, 1e-9) * (size > 1e-9))


def _edge(pair: Pair, piece: Stretch, scale: float, side: int) -> float:
    """Where the piece starts (side -1) or ends (side 1), by the share of its outermost cells."""
    # Noise and overlays lower every share, so an edge is measured by what is usual in the piece.
    inner = int(piece.first) if side < 0 else int(np.ceil(piece.last)) - 1
    outer = inner + side
    share = _snap(_shares(pair, piece, np.array([inner]))[0] / scale)
    if share == 1 and 0 <= outer < len(pair.a) and pair.a_filled[outer]:
        share += _snap(_shares(pair, piece, np.array([outer]))[0] / scale)
    return inner + 1 - share if side < 0 else inner + share


def _snap(share: float) -> float:
    """A share of a cell, all or nothing unless it clearly is neither."""
    if share > CERTAIN_SHARE:
        return 1.0
    return float(share) if share > 1 - CERTAIN_SHARE else 0.0


def _touch(pair: Pair, both: tuple[Stretch, Stretch], scale: list[float]) -> bool:
    """Whether one piece gives way to the next, with no other footage between."""
    low, high = int(np.ceil(both[0].last)), int(both[1].first)
    if high <= low:
        return True
    if high > low + 1:
        return False
    # The one cell between is a mixture of both if some mixture leaves of its squares no more than
    # a vector of cosine MIXED to it would: 1 - MIXED**2 of them.
    cell = np.array([low])
    sides = np.concatenate([s * pair.view(p, cell) for s, p in zip(scale, both, strict=True)])
    shares = np.linspace(0, 1, 11)[:, None]
    left = pair.a[cell] - shares * sides[:1] - (1 - shares) * sides[1:]
    return bool((left**2).sum(axis=1).min() <= (1 - MIXED**2) * (pair.a[cell] ** 2).sum())


def _place_cut(pair: Pair, both: tuple[Stretch, Stretch], scale: list[float]) -> float:
    """Where one piece gives way to the next."""
    low = max(int(np.ceil(both[0].last)) - 1, int(both[0].first))
    high = max(min(int(both[1].first) + 1, int(np.ceil(both[1].last))), low + 1)
    cells = np.arange(low, high)
    before, after = (s * pair.view(p, cells) for s, p in zip(scale, both, strict=True))
    # Every tenth of a cell is tried: before the cut a cell shows the one, after it the other, and
    # the cell with the cut the share of each.
    places = np.linspace(low, high, 10 * (high - low) + 1)
    share = np.clip(places[:, None] - cells, 0, 1)[:, :, None]
    errors = ((pair.a[cells] - share * before - (1 - share) * after) ** 2).sum(axis=(1, 2))
    return float(places[int(errors.argmin())])
