"""Cutting a line of vectors into pieces: the search behind :func:`twlab.scenes`.

A piece of total weight ``W`` costs ``-(B - level * W**2) / W**power``, where ``B`` is the weighted
sum of all similarities within it, and every cut costs the toll of its place plus one penalty. With
``power=1``, ``level=0`` and no toll this is kernel change-point detection. The block sums ``B`` are
made once; any number of settings (prices of pieces, tolls, penalties) are then searched together.

Why not ``ruptures``: its ``KernelCPD`` knows one price of a piece and one penalty a call, and no
weights or tolls; :func:`twlab.scenes` sums the blocks once for all settings that it compares.

* :class:`Line`, :class:`Gram` - what is cut: sums of vectors, or of a matrix of similarities
* :func:`pieces_of`, :func:`cost_of` - block sums of all pieces, and what these cost
* :func:`cuts_of_price` - the cheapest cuts at a penalty
* :func:`cuts_of_count` - the cheapest cuts into a number of pieces
* :func:`candidates` - places of a long line that are worth a look

References
----------
Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear computational
cost", JASA 2012. Arlot, Celisse and Harchaoui, "A kernel multiple change-point algorithm via model
selection", JMLR 2019.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Positions

    Costs = NDArray[np.float32]
    PieceCost = Callable[[Positions, Positions], Floats]

__all__ = [
    "EXACT",
    "LEAST_BAND",
    "Gram",
    "Line",
    "PieceCost",
    "band_for",
    "candidates",
    "chain_ward",
    "cost_of",
    "costs_of",
    "cuts_of_count",
    "cuts_of_price",
    "pieces_of",
    "rise_without",
]

EXACT = 2000
"""Places up to which every one of them is looked at: block sums of all pairs are 32 MB there. Of
18 films one after the other (4,700 shots) cut into 20 and 500 pieces the cost is above the least
by 2 and 21 parts in 100,000, at half by 12 and 63; to look at all places takes two to three times
as long."""

MOST_STEPS = 1e8
"""Comparisons up to which a number of pieces is searched directly, about a second; beyond, by
penalties and thinning, which may miss the best cuts where no penalty has just that number."""

HALVINGS = 18
"""Penalties tried for a number of pieces: they then differ by less than a thousandth.
At half, 500 pieces of those 4,700 shots cost 36 parts in 100,000 more, at double the same."""

LONG_PIECES = 8
"""Pieces of a long line are at most so many times as long as the mean piece. The longest human
scene of 18 films is 5.9 times the mean; none is so long that the limit matters there."""

LEAST_BAND = 256
"""Segments that a piece may always have: up to here nothing is left out. At half and double
those 4,700 shots are cut at the same places."""

FINE_BAND = 64
"""The same while candidates are sought, which lie five segments apart or so. With 32, 64 and 128
the cost of 500 pieces of those 4,700 shots is 15, 21 and 29 parts in 100,000 above the least."""


class Line(NamedTuple):
    """What is cut, as sums over everything before each place; memory in proportion to n."""

    sums: Floats
    """Weighted sum of the vectors before each place, shape (n + 1, d)."""
    weights: Floats
    """Sum of the weights before each place, shape (n + 1,)."""
    own: Floats
    """What the vectors lack of the similarity of each with itself, summed, shape (n + 1,)."""

    def within(self, start: Positions, end: Positions) -> Floats:
        """The sum of all similarities within the pieces from each start to each end."""
        # The squared length of a sum of vectors is the sum of all their products.
        products = ((self.sums[end] - self.sums[start]) ** 2).sum(axis=-1)
        return np.asarray(products + self.own[end] - self.own[start])

    def table(self, ends: Positions, starts: Positions) -> Floats:
        """The same for every end (rows) and every start (columns)."""
        high, low = self.sums[ends], self.sums[starts]
        squares = [np.einsum("ij,ij->i", side, side) for side in (high, low)]
        out = squares[0][:, None] + squares[1] - 2 * (high @ low.T)
        return np.asarray(out + self.own[ends][:, None] - self.own[starts])

    def at(self, places: Positions) -> Line:
        """The line with cuts allowed at these places only."""
        return Line(self.sums[places], self.weights[places], self.own[places])


class Gram(NamedTuple):
    """What is cut, as sums over the corner of a matrix of weighted similarities before each place.

    Twice the memory of the matrix; any similarity will do.
    """

    corner: Floats
    """Shape (n + 1, n + 1)."""
    weights: Floats

    def within(self, start: Positions, end: Positions) -> Floats:
        """The sum of all similarities within the pieces from each start to each end."""
        # A block on the diagonal is the larger corner less two strips, equal as the matrix is
        # symmetric, which hold the smaller corner twice.
        edges = self.corner[end, end] + self.corner[start, start]
        return np.asarray(edges - 2 * self.corner[start, end])

    def table(self, ends: Positions, starts: Positions) -> Floats:
        """The same for every end (rows) and every start (columns)."""
        own = np.diagonal(self.corner)
        return np.asarray(own[ends][:, None] + own[starts] - 2 * self.corner[np.ix_(ends, starts)])

    def at(self, places: Positions) -> Gram:
        """The line with cuts allowed at these places only."""
        return Gram(self.corner[np.ix_(places, places)], self.weights[places])


class Pieces(NamedTuple):
    """The block sums of all pieces of up to ``band`` steps.

    ``out[j, k]`` is about the piece from place ``j - band + k`` to place ``j``.
    """

    within: Floats
    weight: Floats
    """Infinite where the piece would begin before the line."""


def band_for(n: int, n_pieces: int, *, least: int = LEAST_BAND) -> int:
    """How many steps a piece may have at most, of a line of n steps in so many pieces."""
    return max(1, min(n, max(least, -(-LONG_PIECES * n // n_pieces))))


def pieces_of(line: Line | Gram, band: int) -> Pieces:
    """The block sums of a line."""
    # 256 ends at a time: a table of all ends and starts would be n squared for a narrow band.
    n = len(line.weights) - 1
    out = Pieces(np.zeros((n + 1, band)), np.full((n + 1, band), np.inf))
    for low in range(1, n + 1, 256):
        ends = np.arange(low, min(low + 256, n + 1))
        base = max(0, low - band)
        table = line.table(ends, np.arange(base, ends[-1]))
        starts = ends[:, None] - band + np.arange(band)
        known = starts >= 0
        starts = np.maximum(starts, 0)
        within = np.take_along_axis(table, np.maximum(starts - base, 0), axis=1)
        out.within[ends] = np.where(known, within, 0.0)
        weight = line.weights[ends][:, None] - line.weights[starts]
        out.weight[ends] = np.where(known, weight, np.inf)
    return out


def cost_of(within: Floats, weight: Floats, power: float, level: float) -> Floats:
    """The cost of pieces from their block sums and weights; infinite where the weight is."""
    known = np.isfinite(weight)
    weight = np.where(known, np.maximum(weight, 1e-12), 1.0)
    return np.where(known, (level * weight**2 - within) / weight**power, np.inf)


def costs_of(pieces: Pieces, power: float = 1.0, level: float = 0.0) -> Costs:
    """The cost of all pieces, shape (n + 1, band)."""
    return cost_of(pieces.within, pieces.weight, power, level).astype(np.float32)


def rise_without(cost: PieceCost, cuts: Positions, n: int, toll: Floats | None = None) -> Floats:
    """What the total cost would rise by without each of the cuts, all others kept."""
    edges = np.r_[0, cuts, n].astype(np.intp)
    piece = cost(edges[:-1], edges[1:])
    joined = cost(edges[:-2], edges[2:])
    return np.asarray(joined - piece[:-1] - piece[1:] - (0.0 if toll is None else toll[cuts]))


def cuts_of_price(costs: Costs, penalty: float) -> Positions:
    """The cuts of least total cost, each at this penalty, from the costs of all pieces."""
    none = np.zeros((1, 1, len(costs)), np.float32)
    opened = _last_begins(costs[None], none, np.full((1, 1), penalty, np.float32))
    return np.flatnonzero(_mark_cuts(opened)[0, 0])


def cuts_of_count(
    costs: NDArray[np.float32], toll: Floats, n_pieces: int, cost: list[PieceCost]
) -> NDArray[np.bool_]:
    """The cuts of least total cost into ``n_pieces``, for many settings at once.

    Parameters
    ----------
    costs : ndarray of shape (c, n + 1, band)
        What all pieces cost, for each of c prices.
    toll : ndarray of shape (c, s, n + 1)
        What a cut costs at each place, for s tolls to each price.
    n_pieces : int
        At most n.
    cost : list of c functions
        What the pieces from some starts to some ends cost.

    Returns
    -------
    ndarray of bool, shape (c, s, n + 1)
        Where there are cuts.
    """
    tolls = toll.astype(np.float32)
    if toll.shape[1] * costs.size * n_pieces <= MOST_STEPS:
        return _cut_exactly(costs, tolls, n_pieces)
    found = _cut_by_penalty(costs, tolls, n_pieces)
    for number, price in enumerate(cost):
        for mark, places in zip(found[number], toll[number], strict=True):
            cuts = np.flatnonzero(mark)
            kept = _thin(price, cuts, len(mark) - 1, places, n_pieces)
            mark[:] = False
            mark[kept] = True
    return found


def candidates(line: Line, n_pieces: int) -> Positions:
    """Places of a long line that are worth a look, its two ends among them."""
    n = len(line.weights) - 1
    wanted = min(n, max(EXACT, n_pieces))
    costs = costs_of(pieces_of(line, band_for(n, wanted, least=FINE_BAND)))
    none = np.zeros((1, 1, n + 1), np.float32)
    found = _cut_by_penalty(costs[None], none, wanted, spare=1.5)[0, 0]
    return np.asarray(np.r_[0, np.flatnonzero(found), n])


def chain_ward(sums: Floats, weights: Floats, n_pieces: int, least: float) -> Positions:
    """Neighbours joined, each time the two whose joining adds least to the scatter.

    Stops at ``n_pieces``, or when every joining would add more than ``least``.
    """
    n = len(weights) - 1
    right = {start: start + 1 for start in range(n)}
    left = {start + 1: start for start in range(n)}
    line = Line(sums, weights, np.zeros(n + 1))

    # Ward's rise is the cost of the piece from a to c less those of its halves at b. Entries of the
    # heap are never taken out: one is void once its pieces are no longer neighbours as they were.
    def entry(a: int, b: int, c: int) -> tuple[float, int, int, int]:
        start, end = np.array([a, a, b]), np.array([c, b, c])
        weight = line.weights[end] - line.weights[start]
        pieces = cost_of(line.within(start, end), weight, 1.0, 0.0)
        return float(pieces[0] - pieces[1] - pieces[2]), b, a, c

    heap = [entry(b - 1, b, b + 1) for b in range(1, n)]
    heapq.heapify(heap)
    while heap and len(right) > n_pieces:
        rise, b, a, c = heapq.heappop(heap)
        if right.get(a) != b or right.get(b) != c:
            continue
        if rise > least:
            break
        right[a], left[c] = c, a
        del right[b], left[b]
        if a in left:
            heapq.heappush(heap, entry(left[a], a, c))
        if c in right:
            heapq.heappush(heap, entry(a, c, right[c]))
    return np.array(sorted(set(right) - {0}), dtype=np.intp)


def _last_begins(
    costs: NDArray[np.float32], toll: NDArray[np.float32], penalty: NDArray[np.float32]
) -> NDArray[np.intp]:
    """Where the last piece begins of the cheapest cuts up to each place, for each setting."""
    band, shape = costs.shape[2], toll.shape
    # Optimal partitioning (Jackson et al., 2005): what lies before the last cut is itself cut best,
    #   best(j) = min over i of best(i) + cost(i, j) + toll(j) + penalty.
    # Nothing is pruned as in PELT: its condition fails for powers below 1, where two pieces may
    # cost more than one. What everything up to a place costs, with the cut there; `band` places
    # before the line.
    best = np.full((*shape[:2], band + shape[2]), np.inf, np.float32)
    best[:, :, band] = 0
    opened = np.zeros(shape, np.intp)
    total = np.empty((*shape[:2], band), np.float32)
    toll = toll + penalty[:, :, None]
    for j in range(1, shape[2]):
        low = max(0, band - j)
        mine = total[:, :, low:]
        np.add(best[:, :, j + low : j + band], costs[:, j, None, low:], out=mine)
        opened[:, :, j] = mine.argmin(axis=-1) + (j - band + low)
        best[:, :, band + j] = mine.min(axis=-1) + toll[:, :, j]
    return opened


def _mark_cuts(opened: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where the cuts are, from where pieces begin."""
    out = np.zeros(opened.shape, bool)
    rows = np.indices(opened.shape[:2])
    place = opened[:, :, -1]
    while place.any():
        out[rows[0], rows[1], place] = True
        place = opened[rows[0], rows[1], place]
    out[:, :, 0] = False
    return out


def _cut_exactly(
    costs: NDArray[np.float32], toll: NDArray[np.float32], n_pieces: int
) -> NDArray[np.bool_]:
    """The cuts of least cost into just so many pieces."""
    band, shape = costs.shape[2], toll.shape
    best = np.full((*shape[:2], band + shape[2]), np.inf, np.float32)
    best[:, :, band] = 0
    # Segment neighbourhood search (Auger and Lawrence, 1989): the best k + 1 pieces up to a place
    # end in one piece after the best k pieces up to an earlier one. ``windows`` sees ``best`` as
    # it is filled anew in each round.
    windows = np.lib.stride_tricks.sliding_window_view(best, band, axis=-1)[:, :, : shape[2]]
    steps = []
    first = np.arange(shape[2]) - band
    for _ in range(n_pieces):
        total = windows + costs[:, None]
        step = total.argmin(axis=-1)
        steps.append(step + first)
        best[:, :, band:] = np.take_along_axis(total, step[..., None], axis=-1)[..., 0] + toll
    out = np.zeros(shape, bool)
    rows = np.indices(shape[:2])
    place = np.full(shape[:2], shape[2] - 1)
    for opened in steps[:0:-1]:
        place = opened[rows[0], rows[1], place]
        out[rows[0], rows[1], place] = True
    return out


def _cut_by_penalty(
    costs: NDArray[np.float32], toll: NDArray[np.float32], n_pieces: int, *, spare: float = 1.0
) -> NDArray[np.bool_]:
    """The cuts of least cost into ``n_pieces``, or the next larger number that a penalty gives.

    Up to ``spare`` times as many will do.
    """
    n = costs.shape[1] - 1
    found = np.ones(toll.shape, bool)
    found[:, :, [0, n]] = False
    reach = float(np.abs(costs[np.isfinite(costs)]).max(initial=1.0)) + float(np.abs(toll).max())
    # The number of cuts never rises with the penalty, so it can be halved on. To add a cut changes
    # the cost by at most two pieces gained, one lost and a toll, below 4 * reach: below minus that
    # every place is cut, and at n times as much, all cuts together, none is. Halved on a scale that
    # is fine around 0 and coarse far from it.
    low = np.full(toll.shape[:2], -np.arcsinh(4 * reach))
    high = np.full(toll.shape[:2], np.arcsinh(4 * reach * n))
    for _ in range(HALVINGS):
        if found.sum(axis=-1).max() + 1 <= spare * n_pieces:
            break
        middle = (low + high) / 2
        marked = _mark_cuts(_last_begins(costs, toll, np.sinh(middle).astype(np.float32)))
        enough = marked.sum(axis=-1) + 1 >= n_pieces
        found[enough] = marked[enough]
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return found


def _thin(cost: PieceCost, cuts: Positions, n: int, toll: Floats, n_pieces: int) -> Positions:
    """The cuts without those that are missed least, until the number of pieces is right."""
    while (excess := len(cuts) + 1 - n_pieces) > 0:
        order = np.argsort(rise_without(cost, cuts, n, toll), kind="stable")
        # Half of the excess at once, but no two neighbours, whose losses depend on each other.
        gone = np.zeros(len(cuts) + 2, bool)
        for k in order[: max(1, excess // 2)] + 1:
            gone[k] = not (gone[k - 1] or gone[k + 1])
        cuts = cuts[~gone[1:-1]]
    return cuts
