"""Straight lines of high similarity in a matrix: the search behind :func:`twlab.align`.

What a copy shares with its source lies on a line of the matrix of similarities: cell ``i`` of the
one video shows what place ``begin + speed * i`` of the other shows. Every speed of a grid is
tried; along each line the stretch of the largest sum of ``similarity - LEAST`` is kept (the
maximum subarray, for all lines of one speed at once), so a pass costs one sweep over the matrix
per speed; where few cells are alike, :mod:`twlab.analysis.copies.following` looks at lines from
these on alone. :mod:`twlab.analysis.copies.refining` then lays the lines between cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.copies.following import WALL, Lines, follow_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Mask, Matrix, Positions


__all__ = [
    "BACKWARD",
    "FORWARD",
    "LEAST",
    "Stretch",
    "find_stretches",
    "gain_of",
    "runs_of",
    "turn_price",
]

LEAST = 0.3
"""Similarity of centred vectors that a copy has on average at least. At half lines run on into
other footage (F .94 for .98 where some stands between); at double no copy under noise 1.2 times as
loud as itself is found, here all of them are."""

TURN_PRICE = 0.5
"""What a speed of 2 or 1/2 must gain over the plain speed, in cells of full similarity. Edits of
other speeds, with dropped segments and under noise score .999, .999 and .999 at half, here and
double: it decides where a still picture leaves the speed open."""

FORWARD: tuple[float, ...] = tuple(np.geomspace(1 / 3, 3, 33).tolist())
"""Wider than the speeds that people play at, so that these are found well inside. Neighbours
differ by a fourteenth, and so by one place after 14 segments; the turning makes up for that."""

BACKWARD = (-1.0,)
"""Of what is played backwards only the usual speed is looked for."""

FEW_ALIKE = 64
"""Cells of a row that gain anything, on average, up to which lines are followed from these. Films
of 100 to 460 segments have 8 to 40, and take .3 to .5 of the time that whole lines take, 2,000
segments among 10,000 strangers an eighth; 2,700 segments, with 170, would take 1.2 times as long.
"""


class Stretch(NamedTuple):
    """A stretch of one video, in cells, and the line it follows in the other."""

    score: float
    first: float
    """Where it starts."""
    last: float
    """Where it ends, exclusive."""
    begin: float
    """Place in the other video, in cells, at its start."""
    speed: float
    """Cells of the other video per cell; negative where it is played backwards."""
    chance: float = 1.0
    """How probable so good a piece is between unrelated videos, where it has been judged."""

    def at(self, cell: Any) -> Floats:
        """Places in the other video at given places of this one."""
        return np.asarray(self.begin + self.speed * (cell - self.first), dtype=np.float64)

    @property
    def cells(self) -> Positions:
        """The cells that it touches."""
        return np.arange(int(self.first), int(np.ceil(self.last)))


def turn_price(speed: float) -> float:
    """What a line must gain to be preferred to one of plain speed."""
    return TURN_PRICE * (abs(float(np.log2(abs(speed)))) + (speed < 0))


def gain_of(similar: Matrix, rows: Mask, columns: Mask) -> Matrix:
    """What it is worth to show a cell in a cell; nothing but in some rows and columns.

    Behind the columns stand the ``WALL`` ones in which lines end.
    """
    n, m = similar.shape
    gain = np.empty((n, m + WALL), np.float32)
    np.subtract(similar, np.float32(LEAST), out=gain[:, :m])
    gain[~rows], gain[:, :m][:, ~columns], gain[:, m:] = 0.0, 0.0, -np.inf
    return gain


def find_stretches(gain: Matrix, speeds: tuple[float, ...], least_score: float) -> list[Stretch]:
    """The best stretch of every line of the given speeds that scores enough, best first.

    ``gain`` is that of :func:`gain_of`, or some of its rows.
    """
    found = _find_ahead(gain, [speed for speed in speeds if speed > 0], least_score)
    # Played backwards it is a line forwards in the mirrored matrix; its price is asked there.
    m, back = gain.shape[1] - WALL, [-speed for speed in speeds if speed < 0]
    found += [
        p._replace(score=p.score - TURN_PRICE, begin=m - p.begin, speed=-p.speed)
        for p in _find_ahead(gain, back, least_score + TURN_PRICE, mirrored=True)
    ]
    return sorted(found, key=lambda piece: -piece.score)


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and exclusive end of every run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _find_ahead(
    gain: Matrix, speeds: list[float], least_score: float, *, mirrored: bool = False
) -> list[Stretch]:
    """The best stretch of every line of speeds above 0."""
    if not speeds:
        return []
    shifts = np.floor(np.multiply.outer(speeds, np.arange(len(gain)) + 0.5)).astype(np.intp)
    prices = np.array([turn_price(speed) for speed in speeds], np.float32)
    if np.count_nonzero(gain > 0) <= FEW_ALIKE * len(gain):
        best = follow_lines(gain, shifts, prices, least=least_score, mirrored=mirrored)
    else:
        columns = gain[:, : gain.shape[1] - WALL]
        of = columns[:, ::-1] if mirrored else columns
        every = zip(shifts, prices, strict=True)
        best = [_sweep(of, shift, price, least_score) for shift, price in every]
    found: list[Stretch] = []
    for speed, one in zip(speeds, best, strict=True):
        sides = (one.score, one.begun, one.ended, one.line + speed * one.begun)
        numbers = (side.astype(np.float64).tolist() for side in sides)
        found += [Stretch(a, b, c, d, speed) for a, b, c, d in zip(*numbers, strict=True)]
    return found


def _sweep(gain: Matrix, shifts: Positions, price: np.float32, least_score: float) -> Lines:
    """The lines of one speed whose best stretch is worth so much after its price."""
    # Kadane's maximum subarray along every line at once: a sum that falls below 0 starts anew.
    # Line k meets column k - shifts[-1] + shifts[i] in row i, so that in each row the lines that
    # lie on the matrix are one slice of the m columns, and a row costs a few passes over it.
    m = gain.shape[1]
    width = m + int(shifts[-1])
    running, best = np.zeros(width, np.float32), np.zeros(width, np.float32)
    ended, anew = np.zeros(width, np.intp), np.empty(gain.shape, bool)
    nothing = np.zeros(m, np.float32)  # numpy compares with an array in a quarter of the time
    for i, shift in enumerate(shifts):
        line = slice(shifts[-1] - shift, shifts[-1] - shift + m)
        now = running[line]
        np.less_equal(now, nothing, out=anew[i])
        now += gain[i]
        np.maximum(now, nothing, out=now)
        (better,) = (now > best[line]).nonzero()  # flatnonzero asks more and takes longer
        if len(better):
            at = better + line.start
            best[at], ended[at] = running[at], i + 1
    best -= price
    lines = np.flatnonzero(best >= least_score)
    begun = _last_anew(anew, lines - shifts[-1], shifts, ended[lines])
    return Lines(lines - shifts[-1], begun, ended[lines], best[lines])


def _last_anew(anew: Mask, columns: Positions, shifts: Positions, ended: Positions) -> Positions:
    """The last row before its end in which each line began anew; its column is that of shift 0."""
    begun, looking = ended - 1, np.arange(len(ended))
    while len(looking):
        rows = begun[looking]
        looking = looking[~anew[rows, columns[looking] + shifts[rows]]]
        begun[looking] -= 1
    return begun
