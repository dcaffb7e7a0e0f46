"""Ways to divide unit vectors into groups, and how good a division is.

The mechanics under :mod:`twlab.analysis.groups.clustering`, which is the door: everything here
takes rows of unit length in order of time, trusts its arguments and returns positions and group
numbers.

* :func:`linkage_tree`, :func:`chain_tree`, :func:`cut_tree` - agglomerative trees, and a cut of one
* :func:`spherical_kmeans`, :func:`density_groups` - groups without a tree; k-means of
  :class:`UnitRows` that lie anywhere, of one matrix :class:`InMemory`
* :func:`silhouettes` - how much nearer a row is to its own group than to the next

References
----------
Ward, "Hierarchical grouping to optimize an objective function", JASA 1963.
Arthur, Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
Dhillon, Modha, "Concept decompositions for large sparse text data", Machine Learning 2001.
Campello, Moulavi, Sander, "Density-based clustering based on hierarchical density estimates",
PAKDD 2013.
Rousseeuw, "Silhouettes: a graphical aid", J. Comput. Appl. Math. 1987.
"""

from __future__ import annotations

import functools
import heapq
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from twlab.analysis.neighbors.similarity import BLOCK_CELLS, blas_error, dot_by_blas, dot_rows
from twlab.analysis.neighbors.twins import SAME_DISTANCE, marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from threadpoolctl import ThreadpoolController

    from twlab.table.types import Floats, Matrix, Positions

    Start = tuple[Matrix, float]

__all__ = [
    "MOST_START_ROWS",
    "InMemory",
    "Tree",
    "UnitRows",
    "assign_rows",
    "chain_tree",
    "cut_tree",
    "density_groups",
    "group_sums",
    "linkage_tree",
    "lloyd",
    "silhouettes",
    "spherical_kmeans",
    "start_of",
    "start_rows",
]

MIN_GROUP = 5
"""Fewest rows that make a dense group, the default of HDBSCAN's authors; said in the docstring of
:func:`twlab.cluster`."""


MOST_START_ROWS = 20_000
"""Rows up to which each run of k-means has all; else it has a quarter of so many, or 50 a group."""

MIDDLE_ROWS = 2**15
"""Rows, or 250 a group, on which the best run goes on before all are gone through. Of 200,000 rows
in 100 groups they leave two of five rounds of all, to the same cosine; 2**14 leave four."""

N_STARTS = 4
"""Runs of which the best is taken. Of nine films in 12 groups the mean cosine to the centre is .823
with 2, .824 with 4 and .825 with 8."""

MOST_ROUNDS = 100
"""Rounds after which k-means ends in any case, should ever as many rows move to and fro."""

FEW_MOVE = 1000
"""K-means ends when fewer than one row in so many moves. With 500 and 2,000 the 4,700 shots of 18
films in 60 groups end in the same ones. Where all rows are many, those of a sample are asked, so
that no round of all is there only to confirm: 200,000 rows between those of 18 films, in 12 or 60
groups, end within 1e-6 of the same cosine, up to two rounds of nine earlier."""

SUMMED_ROWS = 8192
"""Rows worked on at a time, to bound the memory; sums in another order would end in other bits."""

ADDED_ROWS = 1024
"""Rows that are float64 at once: 4 MB of 512 numbers, which the cache holds. With 8192 sums take
twice as long, with 256 half as long again."""


class Tree(NamedTuple):
    """An agglomerative tree; merge ``t`` joins two nodes into node ``n_rows + t``."""

    n_rows: int
    merges: Positions
    heights: Floats

    @property
    def n_roots(self) -> int:
        """Groups left when everything that may join has joined."""
        return self.n_rows - len(self.merges)

    @property
    def n_distinct(self) -> int:
        """Groups left when only what is equal has joined."""
        return self.n_rows - int((self.heights == 0).sum())


def linkage_tree(unit: Matrix, method: Literal["ward", "average"]) -> Tree:
    """The tree of Ward (Euclidean) or of average cosine distance; n * n / 2 numbers at once."""
    from scipy.cluster.hierarchy import linkage

    n = len(unit)
    if n < 2:
        return Tree(n, np.empty((0, 2), np.intp), np.empty(0))
    merges = linkage(_condense(unit, euclidean=method == "ward"), method=method)
    return Tree(n, merges[:, :2].astype(np.intp), merges[:, 2])


def _condense(unit: Matrix, *, euclidean: bool) -> Floats:
    """Distances of all pairs of rows, as scipy wants them; exactly 0 between equal rows."""
    n = len(unit)
    out, at = np.empty(n * (n - 1) // 2), 0
    step = max(1, BLOCK_CELLS // n)
    for first in range(0, n, step):
        block = 2 - 2 * (unit[first : first + step] @ unit[first:].T)
        block[block < SAME_DISTANCE**2] = 0
        block = np.sqrt(block) if euclidean else block / 2
        for k, row in enumerate(block):
            rest = row[k + 1 :]
            out[at : at + len(rest)] = rest
            at += len(rest)
    return out


def chain_tree(unit: Matrix, chain: Positions, weight: Floats | None = None) -> Tree:
    """Ward's tree where only groups that touch in time may join, and only within a chain.

    ``chain`` numbers the video of each row; the rows of a chain are consecutive. ``weight`` says
    how much each counts, above 0; by default all the same.
    """
    n = len(unit)
    sizes = [1.0] * n if weight is None else weight.tolist()
    sums: list[Floats] = list(unit.astype(np.float64) * np.reshape(sizes, (-1, 1)))
    before = [i - 1 if i and chain[i - 1] == chain[i] else -1 for i in range(n)]
    after = [i + 1 if i + 1 < n and chain[i + 1] == chain[i] else -1 for i in range(n)]

    def height(a: int, b: int) -> float:
        gap = sums[a] / sizes[a] - sums[b] / sizes[b]
        return float(np.sqrt(2 * sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * (gap @ gap)))

    heap = [(height(a, b), a, b) for a, b in enumerate(after) if b >= 0]
    heapq.heapify(heap)
    merges, heights = [], []
    while heap:
        cost, a, b = heapq.heappop(heap)
        if not sizes[a] or not sizes[b]:
            continue
        new = len(sums)
        merges.append((a, b))
        heights.append(cost if cost >= SAME_DISTANCE else 0.0)
        sums.append(sums[a] + sums[b])
        sizes.append(sizes[a] + sizes[b])
        before.append(before[a])
        after.append(after[b])
        sizes[a] = sizes[b] = 0
        if before[new] >= 0:
            after[before[new]] = new
            heapq.heappush(heap, (height(before[new], new), before[new], new))
        if after[new] >= 0:
            before[after[new]] = new
            heapq.heappush(heap, (height(new, after[new]), new, after[new]))
    return Tree(n, np.array(merges, np.intp).reshape(-1, 2), np.array(heights))


def cut_tree(tree: Tree, n_groups: int) -> Positions:
    """The groups that are left after the first ``n_rows - n_groups`` merges of a tree."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_merges = tree.n_rows - n_groups
    n_nodes = tree.n_rows + n_merges
    child = tree.merges[:n_merges].ravel()
    parent = np.repeat(np.arange(tree.n_rows, n_nodes), 2)
    graph = coo_array((np.ones(len(child), np.int8), (child, parent)), shape=(n_nodes, n_nodes))
    labels = connected_components(graph, directed=False)[1][: tree.n_rows]
    return np.asarray(labels, np.intp)


def n_distinct(unit: Matrix, *, enough: int) -> int:
    """How many different rows there are, but for rounding; counted no further than needed."""
    found: set[int] = set()
    for first in range(0, len(unit), SUMMED_ROWS):
        if len(found) >= enough:
            break
        found.update(marks(unit[first : first + SUMMED_ROWS]).tolist())
    return len(found)


class UnitRows(Protocol):
    """Unit vectors to be divided, wherever they lie; they count in order of time."""

    n_rows: int

    def take(self, rows: Positions) -> Matrix:
        """Some of them."""

    def marks(self) -> NDArray[np.uint64]:
        """A number for each, the same for those that are the same but for rounding."""

    def n_distinct(self, *, enough: int) -> int:
        """How many are different; counted no further than needed."""

    def starts(self, sample: Matrix, n_groups: int, seeds: list[int]) -> Iterable[Start]:
        """What :func:`start_of` finds with each seed."""

    def once(self, name: str, find: Callable[[], Matrix]) -> Matrix:
        """What is found, kept for another call."""

    def assign(self, centres: Matrix) -> tuple[Positions, Floats]:
        """The nearest centre of each row, and the sum of the rows of each centre."""


class InMemory:
    """Unit vectors that are one matrix."""

    def __init__(self, unit: Matrix) -> None:
        self.n_rows, self._unit = len(unit), unit

    def take(self, rows: Positions) -> Matrix:
        """Some of them; all are not copied."""
        return self._unit if len(rows) == self.n_rows else self._unit[rows]

    def marks(self) -> NDArray[np.uint64]:
        """A number for each, the same for those that are the same but for rounding."""
        return marks(self._unit)

    def n_distinct(self, *, enough: int) -> int:
        """How many are different; counted no further than needed."""
        return n_distinct(self._unit, enough=enough)

    def starts(self, sample: Matrix, n_groups: int, seeds: list[int]) -> Iterable[Start]:
        """What :func:`start_of` finds with each seed."""
        return (start_of(seed, sample, n_groups) for seed in seeds)

    def once(self, _: str, find: Callable[[], Matrix]) -> Matrix:
        """What is found."""
        return find()

    def assign(self, centres: Matrix) -> tuple[Positions, Floats]:
        """The nearest centre of each row, and the sum of the rows of each centre."""
        return _assign_in_blocks(self._unit, centres)


def spherical_kmeans(rows: UnitRows, n_groups: int, *, random_state: int) -> Positions:
    """Groups around unit centres, each row with the centre of the highest cosine.

    Alternates between centres and assignment, from the best of four such runs that start with
    k-means++. Beyond ``MOST_START_ROWS`` these have a sample of the rows.
    """

    def find() -> Matrix:
        drawn = start_rows(rows.n_rows, n_groups, random_state)
        sample = rows.take(drawn)
        if len(drawn) < rows.n_rows and n_distinct(sample, enough=n_groups) < n_groups:
            sample = rows.take(add_distinct(drawn, rows.marks(), n_groups))
        best = best_start(rows.starts(sample, n_groups, start_seeds(random_state)))
        return go_on(rows, best, random_state=random_state)

    centres, settled = rows.once(f"start-{n_groups}", find), None
    if _are_many(rows, n_groups):  # other rows than those that the centres come from
        drawn = _larger_sample(rows, n_groups, [random_state, 1])
        settled = functools.partial(_is_settled, rows.take(drawn), drawn)
    return lloyd(centres, rows.assign, settled)[0]


def go_on(rows: UnitRows, centres: Matrix, *, random_state: int) -> Matrix:
    """The centres after alternation on a larger sample, where all rows are many times as many."""
    if not _are_many(rows, len(centres)):
        return centres
    sample = rows.take(_larger_sample(rows, len(centres), random_state))
    return directions(lloyd(centres, InMemory(sample).assign)[1], centres)


def _are_many(rows: UnitRows, n_groups: int) -> bool:
    return rows.n_rows >= 4 * max(MIDDLE_ROWS, 250 * n_groups)


def _larger_sample(rows: UnitRows, n_groups: int, seed: int | list[int]) -> Positions:
    wanted = max(MIDDLE_ROWS, 250 * n_groups)
    return np.sort(np.random.default_rng(seed).choice(rows.n_rows, wanted, replace=False))


def _is_settled(sample: Matrix, drawn: Positions, centres: Matrix, labels: Positions) -> bool:
    """Whether so few rows of a sample leave their groups for other centres that k-means ends."""
    moved = _assign_in_blocks(sample, centres)[0] != labels[drawn]
    return int(moved.sum()) * FEW_MOVE < len(drawn)


def start_rows(n: int, n_groups: int, random_state: int) -> Positions:
    """Positions of the rows, in order of time, from which the first centres are found."""
    if n <= MOST_START_ROWS:
        return np.arange(n)
    wanted = min(n, max(MOST_START_ROWS // 4, 50 * n_groups))
    drawn = np.random.default_rng(random_state).choice(n, wanted, replace=False)
    return np.sort(drawn)


def add_distinct(rows: Positions, mark: NDArray[np.uint64], n_groups: int) -> Positions:
    """The rows, with the first of other vectors where theirs are too few for so many groups."""
    known = np.unique(mark[rows])
    values, first = np.unique(mark, return_index=True)
    others = np.sort(first[~np.isin(values, known)])
    return np.union1d(rows, others[: max(0, n_groups - len(known))])


def start_seeds(random_state: int) -> list[int]:
    """Seeds of the runs of which the best gives the first centres."""
    return [int(random_state) + run for run in range(N_STARTS)]  # NumPy's numbers overflow


def start_of(seed: int, sample: Matrix, n_groups: int) -> Start:
    """Centres of unit length found on a sample, and the sum of the cosines of its rows to them."""
    from sklearn.cluster import kmeans_plusplus

    with find_pools().limit(limits=1):  # more threads add in another order
        first, _ = kmeans_plusplus(sample, n_groups, random_state=seed % 2**32)
    start = np.ascontiguousarray(first, np.float32)
    _, sums = lloyd(start, lambda centres: _assign_in_blocks(sample, centres))
    return directions(sums, start), float(np.linalg.norm(sums, axis=1).sum())


@functools.cache
def find_pools() -> ThreadpoolController:
    """What sets the threads of scikit-learn and BLAS: found once, since a look takes 12 ms."""
    import sklearn.cluster  # noqa: F401 - what is not loaded yet is not found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def best_start(runs: Iterable[Start]) -> Matrix:
    """The centres of the run that came nearest, the first of equals."""
    return max(runs, key=lambda run: run[1])[0]


def lloyd(
    centres: Matrix,
    assign: Callable[[Matrix], tuple[Positions, Floats]],
    settled: Callable[[Matrix, Positions], bool] | None = None,
) -> tuple[Positions, Floats]:
    """The groups in which alternation ends, and their sums; ``assign`` may work anywhere.

    It gives, for centres, the nearest one of each row and the sum of the rows of each centre. The
    end is when fewer than one row in ``FEW_MOVE`` moves, or ``settled`` says that no more would,
    or a group would lose all its rows.
    """
    labels, sums = assign(centres)
    for _ in range(MOST_ROUNDS):
        centres = directions(sums, centres)
        if settled is not None and settled(centres, labels):
            break
        moved, new_sums = assign(centres)
        if len(np.unique(moved)) < len(np.unique(labels)):
            break
        n_moved, labels, sums = int((moved != labels).sum()), moved, new_sums
        if n_moved * FEW_MOVE < len(labels):
            break
    return labels, sums


def directions(sums: Floats, otherwise: Matrix) -> Matrix:
    """Sums scaled to unit length; the row of ``otherwise`` for one without direction."""
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    scaled = np.where(length > 0, sums / np.where(length > 0, length, 1), otherwise)
    return np.ascontiguousarray(scaled, np.float32)


def assign_rows(unit: Matrix, centres: Matrix) -> tuple[Positions, Floats]:
    """The nearest centre of each row, and the sum of the rows of each centre."""
    cosines = np.empty((len(unit), len(centres)), np.float32)
    dot_by_blas(unit, centres, cosines)
    labels = np.argmax(cosines, axis=1)
    error = blas_error(unit.shape[1])
    if error:  # only where two centres are about as near do sums by place matter
        highest = np.take_along_axis(cosines, labels[:, None], axis=1)
        n_near = np.count_nonzero(cosines >= highest - np.float32(2.1 * error), axis=1)
        close = np.flatnonzero(n_near > 1)
        exact = np.empty((len(close), len(centres)), np.float32)
        dot_rows(unit[close], centres, exact)
        labels[close] = np.argmax(exact, axis=1)
    return labels, group_sums(unit, labels, len(centres))


def _assign_in_blocks(unit: Matrix, centres: Matrix) -> tuple[Positions, Floats]:
    blocks = [unit[first : first + SUMMED_ROWS] for first in range(0, len(unit), SUMMED_ROWS)]
    labels, sums = zip(*(assign_rows(block, centres) for block in blocks), strict=True)
    return np.concatenate(labels), np.sum(sums, axis=0)


def density_groups(unit: Matrix) -> Positions:
    """HDBSCAN's groups of at least five rows; -1 where a row is in none."""
    from sklearn.cluster import HDBSCAN

    if len(unit) < MIN_GROUP:
        return np.full(len(unit), -1, np.intp)
    # With all distances at hand it is far faster, as long as n * n numbers are no burden.
    algorithm = "brute" if len(unit) <= 5000 else "kd_tree"
    model = HDBSCAN(min_cluster_size=MIN_GROUP, algorithm=algorithm, copy=True)
    with np.errstate(divide="ignore", invalid="ignore"):  # equal rows are infinitely dense
        labels: Positions = model.fit(unit.astype(np.float64)).labels_
    return labels.astype(np.intp)


def silhouettes(
    unit: Matrix, labels: Positions, sums: Floats | None = None, sizes: Positions | None = None
) -> Floats:
    """The silhouette of each row by cosine distance, from -1 to 1; labels count from 0.

    The mean distance to a group is one minus the dot product with the sum of the group over its
    size, so that no matrix of distances is needed. 0 for a row alone in its group, and for all
    where there is but one group. ``sums`` and ``sizes`` of the groups are given where the rows at
    hand are not all there are.
    """
    if sums is None or sizes is None:
        n_groups = int(labels.max(initial=-1)) + 1
        sizes = np.bincount(labels, minlength=n_groups)
        sums = np.zeros((n_groups, unit.shape[1]))
        for first in range(0, len(unit), SUMMED_ROWS):  # in float64, of which all would be twice
            part = slice(first, first + SUMMED_ROWS)
            sums += group_sums(unit[part], labels[part], n_groups)
    out = np.zeros(len(unit))
    if len(sizes) < 2:
        return out
    step = max(1, BLOCK_CELLS // max(len(sizes), unit.shape[1]))
    for first in range(0, len(unit), step):
        rows, own = unit[first : first + step].astype(np.float64), labels[first : first + step]
        total = sizes - rows @ sums.T  # summed distance to each group, the row itself included
        pick = np.arange(len(rows)), own
        itself = 1 - np.einsum("ij,ij->i", rows, rows)
        within = np.maximum(total[pick] - itself, 0) / np.maximum(sizes[own] - 1, 1)
        between = np.where(sizes > 0, total / np.maximum(sizes, 1), np.inf)
        between[pick] = np.inf
        nearest = np.maximum(between.min(axis=1), 0)
        larger = np.maximum(within, nearest)
        alone = (sizes[own] == 1) | (larger <= SAME_DISTANCE**2)
        out[first : first + step] = np.where(
            alone, 0, (nearest - within) / np.where(alone, 1, larger)
        )
    return out


def group_sums(unit: Matrix, labels: Positions, n_groups: int) -> Floats:
    """The sum of the rows of each group, of shape (n_groups, d)."""
    from scipy.sparse import csr_array

    sums = np.zeros((n_groups, unit.shape[1]))
    for first in range(0, len(labels), ADDED_ROWS):
        part = labels[first : first + ADDED_ROWS]
        counted = np.ones(len(part)), (part, np.arange(len(part)))
        member = csr_array(counted, shape=(n_groups, len(part)))
        sums += member @ unit[first : first + ADDED_ROWS].astype(np.float64)
    return sums
