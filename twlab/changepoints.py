"""Cutting a line of vectors into pieces: the search behind :func:`twlab.scenes`.

A piece of total weight ``W`` costs ``-(B - level * W**2) / W**power``, where ``B`` is the weighted
sum of all similarities within it, and every cut costs ``toll[t]`` for its place plus one
``penalty``. With ``power=1``, ``level=0`` and no toll this is kernel change-point detection. Pieces
are searched exactly by dynamic programming; a line of more than ``EXACT`` vectors is first cut
finely with pieces of at most ``BAND`` vectors, and then only those cuts are considered.

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
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Cuts = NDArray[np.intp]

__all__ = ["Line", "chain_ward", "cheapest_cuts", "cuts_of_count", "saved_by"]

EXACT = 2000
BAND = 1000


class Line(NamedTuple):
    """What is cut: sums over everything before each place, and what a cut there costs."""

    sums: Floats
    """Weighted sum of the vectors before each place, shape (n + 1, d)."""
    weights: Floats
    """Sum of the weights before each place, shape (n + 1,)."""
    toll: Floats
    """Cost of a cut at each place, shape (n + 1,)."""
    power: float
    level: float

    def at(self, places: Cuts) -> Line:
        """The line with cuts allowed at these places only."""
        return self._replace(
            sums=self.sums[places], weights=self.weights[places], toll=self.toll[places]
        )


def cheapest_cuts(line: Line, penalty: float) -> Cuts:
    """The cuts of least total cost, both ends of the line not among them."""
    places = np.arange(len(line.weights))
    if len(places) > EXACT:
        places = np.r_[0, _search(_banded(line, BAND), penalty), places[-1]]
    inner = _search(_banded(line.at(places), len(places)), penalty)
    return np.asarray(places[inner])


def cuts_of_count(line: Line, n_pieces: int) -> Cuts:
    """The cuts of least total cost into a given number of pieces (at most one per vector)."""
    n = len(line.weights) - 1
    places = np.arange(n + 1)
    band = n
    if n > EXACT:
        band = min(BAND, n)
        fine = _with_count(_banded(line, band), max(n_pieces, min(EXACT, 8 * n_pieces, n // 3)))
        places = np.r_[0, fine, n]
    inner = _with_count(_banded(line.at(places), len(places)), n_pieces)
    found = places[inner]
    return np.asarray(_thinned(line, found, n_pieces))


def saved_by(line: Line, cuts: Cuts, penalty: float) -> Floats:
    """What the total cost would rise by without each of the cuts, all others kept."""
    edges = np.r_[0, cuts, len(line.weights) - 1]
    piece = _cost(line, edges[:-1], edges[1:])
    joined = _cost(line, edges[:-2], edges[2:])
    return np.asarray(joined - piece[:-1] - piece[1:] - line.toll[cuts] - penalty)


def chain_ward(sums: Floats, weights: Floats, n_pieces: int, least: float) -> Cuts:
    """Neighbours joined, each time the two whose joining adds least to the scatter.

    Stops at ``n_pieces``, or when every joining would add more than ``least``.
    """
    n = len(weights) - 1
    right = {start: start + 1 for start in range(n)}
    left = {start + 1: start for start in range(n)}
    line = Line(sums, weights, np.zeros(n + 1), 1.0, 0.0)

    def entry(a: int, b: int, c: int) -> tuple[float, int, int, int]:
        pieces = _cost(line, np.array([a, a, b]), np.array([c, b, c]))
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


def _cost(line: Line, start: Cuts, end: Cuts) -> Floats:
    """Cost of the pieces from each start to each end."""
    within = ((line.sums[end] - line.sums[start]) ** 2).sum(axis=1)
    return _priced(line, within, line.weights[end] - line.weights[start])


def _priced(line: Line, within: Floats, weight: Floats) -> Floats:
    """Cost of pieces from their sums of similarities and their weights."""
    weight = np.maximum(weight, 1e-12)
    return np.asarray(-(within - line.level * weight**2) / weight**line.power)


def _banded(line: Line, band: int) -> NDArray[np.float32]:
    """Cost of the piece of ``k + 1`` steps that ends at place ``j``, with its opening toll.

    ``out[j, k]`` is infinite where the piece would begin before the line.
    """
    n = len(line.weights) - 1
    band = max(1, min(band, n))
    out = np.full((n + 1, band), np.inf, np.float32)
    squares = (line.sums**2).sum(axis=1)
    for low in range(1, n + 1, 256):
        ends = np.arange(low, min(low + 256, n + 1))
        base = max(0, low - band)
        products = line.sums[ends] @ line.sums[base : ends[-1]].T
        starts = ends[:, None] - 1 - np.arange(band)
        known = starts >= 0
        starts = np.maximum(starts, 0)
        gram = np.take_along_axis(products, np.maximum(starts - base, 0), axis=1)
        within = squares[ends][:, None] + squares[starts] - 2 * gram
        weight = line.weights[ends][:, None] - line.weights[starts]
        cost = _priced(line, within, weight) + line.toll[starts] * (starts > 0)
        out[ends] = np.where(known, cost, np.inf)
    return out


def _search(costs: NDArray[np.float32], penalty: float) -> Cuts:
    """The cuts of least cost from the costs of all pieces."""
    n, band = costs.shape[0] - 1, costs.shape[1]
    best, opened = np.zeros(n + 1), np.zeros(n + 1, np.intp)
    for j in range(1, n + 1):
        width = min(j, band)
        total = best[j - width : j][::-1] + costs[j, :width]
        step = int(total.argmin())
        best[j], opened[j] = total[step] + penalty, j - 1 - step
    cuts, j = [], int(opened[n])
    while j > 0:
        cuts.append(j)
        j = int(opened[j])
    return np.array(cuts[::-1], dtype=np.intp)


def _with_count(costs: NDArray[np.float32], n_pieces: int) -> Cuts:
    """The cuts of least cost into ``n_pieces``, or the next larger number that a penalty gives."""
    n = costs.shape[0] - 1
    found = np.arange(1, n)
    reach = float(np.abs(costs[np.isfinite(costs)]).max(initial=1.0))
    # Halved on a scale that is fine around 0 and coarse far from it.
    low, high = -np.arcsinh(4 * reach), np.arcsinh(4 * reach * n)
    for _ in range(50):
        if len(found) + 1 <= n_pieces:
            break
        middle = (low + high) / 2
        cuts = _search(costs, float(np.sinh(middle)))
        if len(cuts) + 1 >= n_pieces:
            found, low = cuts, middle
        else:
            high = middle
    return found


def _thinned(line: Line, cuts: Cuts, n_pieces: int) -> Cuts:
    """The cuts without those that are missed least, until the number of pieces is right."""
    while len(cuts) + 1 > n_pieces:
        cuts = np.delete(cuts, int(saved_by(line, cuts, 0.0).argmin()))
    return cuts
