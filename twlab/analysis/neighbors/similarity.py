"""How alike segments are: matrices of cosine similarity.

Conventions
-----------
``out[i, j]`` belongs to row ``i`` of the first table and row ``j`` of the second, in the order the
rows have. Vectors are scaled to unit length first, because served ones are not always
(whole-video vectors are 0.70-0.92 long). Values are float32 within [-1, 1]. A zero vector stands
for missing data and is 0 alike to everything.

* :func:`cosine_similarity` - every row against every row
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.table.segments import BY_FIELDS, MARKED, models_of, one_space, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions, TableOrVectors


__all__ = [
    "BLOCK_CELLS",
    "blas_error",
    "cosine_similarity",
    "dot_by_blas",
    "dot_each",
    "dot_rows",
    "product_error",
    "same_model",
    "same_option",
    "same_space",
]

BLOCK_CELLS = 2**23
"""Similarities computed at a time (32 MB): large enough for BLAS, small beside the result."""

SMALL_CELLS = 64 * 64
"""Products with fewer cells may be summed in another order by BLAS."""

GRID = 2**26
"""Steps of a component in exact products: one more bit, and the sum of a row with itself, 2**52
of them, would not fit the 53 bits of a float64 with room for what lies above 1."""

GATHERED_CELLS = 2**18
"""Components of rows picked out that are multiplied at a time, so that they stay in the cache."""

ROUNDED_CELLS = 2**19
"""Components rounded at a time for exact products (4 MB): few enough for a processor's cache. Of
8,192 rows of 512 numbers beside one, 2 ms instead of 8."""

TILE = 2048
"""Rows and columns of a tile where only half of a symmetric matrix is computed."""


def cosine_similarity(a: TableOrVectors, b: TableOrVectors | None = None) -> Matrix:
    """The cosine similarity of each row of ``a`` with each row of ``b``.

    Parameters
    ----------
    a : DataFrame or array_like of shape (n, d)
        A table of segments or a matrix of vectors.
    b : DataFrame or array_like of shape (m, d), optional
        Without it, ``a`` is compared with itself.

    Returns
    -------
    ndarray of shape (n, m), float32, within [-1, 1]
        ``out[i, j]`` compares row ``i`` of ``a`` with row ``j`` of ``b``, whole-video rows
        included. Rows and columns of zero vectors are 0, with a warning. Without ``b`` it is
        exactly symmetric, and its diagonal exactly 1.

    Raises
    ------
    InputError
        If a table mixes embedding options, the two sides are of different dimensions or models, or
        there is no usable matrix in one of them. The two sides may be of different options: their
        similarities then mean something only relative to each other.

    See Also
    --------
    twlab.nearest : the most alike rows of each row
    twlab.plot.heatmap : similarity, drawn

    Notes
    -----
    Time grows with n * m * d; memory is little more than the result and the unit vectors: 10,000
    rows against themselves give 400 MB. :func:`twlab.nearest` never holds the whole matrix.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> tw.cosine_similarity(film).shape == (len(film), len(film))
    True
    >>> tw.cosine_similarity([[1, 0], [3, 4]], [[2, 0]])
    array([[1. ],
           [0.6]], dtype=float32)
    """
    one_space(a, b)
    left = unit_vectors(a)
    if b is None:
        return _self_similarity(left)
    right = unit_vectors(b)
    same_space(a, b, left, right)
    out = np.empty((len(left), len(right)), np.float32)
    step = max(2, BLOCK_CELLS // max(1, len(right)))
    for first in range(0, len(left), step):
        block = out[first : first + step]
        dot_rows(left[first : first + step], right, block)
        np.clip(block, -1, 1, out=block)
    return out


def dot_rows(left: Matrix, right: Matrix, out: Matrix) -> None:
    """Write the dot product of each row of ``left`` and of ``right`` to ``out``.

    For unit rows that is the cosine, but for rounding, which may lead out of [-1, 1]. A pair of
    rows must have one cosine whatever stands beside it in its block, or copies would rank by
    their place. Small products are therefore filled up with zeros, as BLAS has other routines for
    them, which sum in another order; and where its large ones do so too, sums are exact instead.
    """
    if not left.size or not right.size:
        out[...] = 0
    elif _sums_by_place(left.shape[1]):
        _dot_exactly(left, right, out)
    else:
        dot_by_blas(left, right, out)


def product_error(d: int) -> float:
    """How far a product of unit rows of d numbers by BLAS may be from the true one."""
    # In whatever order d products are summed, the error is at most d roundings of the sum of their
    # sizes, which is 1 at most for unit rows (Higham, "Accuracy and stability of numerical
    # algorithms", 2002, 3.1). The result is rounded once more.
    return (d + 1) * 2.0**-24


def blas_error(d: int) -> float:
    """How far products of unit rows by BLAS may be from those of :func:`dot_rows`, 0 where not."""
    # Exact ones have their steps.
    return product_error(d) + d**0.5 / GRID if _sums_by_place(d) else 0.0


def dot_each(left: Matrix, right: Matrix, columns: Positions) -> Matrix:
    """The products of each row of ``left`` with those rows of ``right`` that its columns name.

    As :func:`dot_rows` has them where BLAS sums by place.
    """
    out = np.empty(columns.shape, np.float32)
    step = max(1, GATHERED_CELLS // (columns.shape[1] * left.shape[1]))
    for first in range(0, len(left), step):
        part = slice(first, first + step)
        ours, theirs = (
            np.rint(rows * np.float32(GRID)).astype(np.float64)
            for rows in (left[part], right[columns[part]])
        )
        out[part] = (theirs @ ours[:, :, None])[:, :, 0] / GRID**2
    return out


@functools.cache
def _sums_by_place(d: int) -> bool:
    """Whether BLAS sums a pair of rows in another order where they stand elsewhere, or mirrored.

    So do the routines of OpenBLAS for AVX2 without AVX-512 (most of AMD's processors, many
    laptops), which treat the first and last columns of a block apart, and those it falls back on
    where it does not know a processor newer than itself: there the rows and columns beyond the
    last whole tile of registers. 207 is 15 beyond a multiple of 16, so that tiles of every width
    are met.
    """
    few = np.random.default_rng(0).normal(size=(5, d)).astype(np.float32)
    left, right = np.tile(few[:2], (104, 1))[:207], np.tile(few[2:], (69, 1))
    product = left @ right.T
    same = product == np.tile(product[:2, :3], (104, 69))[:207]
    return not (same & (product == (right @ left.T).T)).all()


def dot_by_blas(left: Matrix, right: Matrix, out: Matrix) -> None:
    """Products by BLAS, those of few cells filled up with zeros."""
    shape = max(len(left), 2), max(len(right), 2)
    if shape[0] * shape[1] < SMALL_CELLS:
        shape = max(shape[0], 64), max(shape[1], 64)
    if shape == (len(left), len(right)):
        np.matmul(left, right.T, out=out)
    else:
        product = _fill_up(left, shape[0]) @ _fill_up(right, shape[1]).T
        out[...] = product[: len(left), : len(right)]


def _dot_exactly(left: Matrix, right: Matrix, out: Matrix) -> None:
    """Products of unit rows, each sum exact and therefore the same in any order.

    Components are rounded to multiples of 1 / GRID; products are then multiples of GRID**-2 and
    their sums at most about 1, which float64 holds without rounding as long as
    ``GRID**2 * 2 <= 2**53``. What the rounding moves is less than what float32 sums lose.
    """
    whole = _on_grid(right).T
    step = max(1, min(BLOCK_CELLS // (4 * len(right)), ROUNDED_CELLS // left.shape[1]))
    for first in range(0, len(left), step):
        part = slice(first, first + step)
        out[part] = (_on_grid(left[part]) @ whole) / GRID**2


def _on_grid(rows: Matrix) -> Floats:
    """Components in whole steps of the grid; float32 multiplies by a power of 2 without loss."""
    steps = rows * np.float32(GRID)
    return np.asarray(np.rint(steps, out=steps), np.float64)


def _fill_up(rows: Matrix, n: int) -> Matrix:
    """The rows and as many of zeros as make ``n``."""
    out = np.zeros((n, rows.shape[1]), np.float32)
    out[: len(rows)] = rows
    return out


def same_space(a: Any, b: Any, left: NDArray[Any], right: NDArray[Any]) -> None:
    """Nothing, if the vectors of two tables or matrices can be compared.

    Raises
    ------
    InputError
        Naming the dimensions or models that differ.
    """
    if len(left) and len(right) and left.shape[1] != right.shape[1]:
        raise InputError(
            f"vectors of {left.shape[1]} and of {right.shape[1]} dimensions compared; "
            "one dimension was expected; use vectors of one model on both sides"
        )
    models = _agreed_models(a, b)
    # A bare vector, which has no such column, is taken at its owner's word.
    tables = [isinstance(side, pd.DataFrame) and "model_name" in side for side in (a, b)]
    if not all(tables) or not len(a) or not len(b) or models[0] == models[1]:
        return
    named = [
        _names(side, "model_name") | (own & MARKED)
        for side, own in zip((a, b), models, strict=True)
    ]
    if named[0] != named[1]:
        name = next(iter(named[0] or named[1]))
        warn(
            f"vectors of the model {name!r} compared with vectors that name no model; they mean "
            "something together only if both are of one model; name it with "
            f"tw.load(..., model_name={name!r})"
        )


def same_model(a: Any, b: Any) -> None:
    """Nothing, unless two tables are of models that are named and differ.

    Raises
    ------
    InputError
        Naming the models.
    """
    _agreed_models(a, b)


def _agreed_models(a: Any, b: Any) -> list[set[str]]:
    """The models of each side, which are the same or not named."""
    models = [_models(side) for side in (a, b)]
    if all(models) and models[0] != models[1]:
        names = " and ".join(", ".join(map(repr, sorted(side))) for side in models)
        raise InputError(
            f"vectors of the models {names} compared; one model was expected on both sides; "
            "embed both with the same model, or filter each side to one that both have"
        )
    return models


def same_option(a: Any, b: Any) -> None:
    """Nothing, unless two tables are of embedding options that are named and differ.

    Raises
    ------
    InputError
        Naming the options.
    """
    options = [_names(side, "embedding_option") for side in (a, b)]
    if all(options) and options[0] != options[1]:
        mine, theirs = (", ".join(map(repr, sorted(side))) for side in options)
        raise InputError(
            f"vectors of the option {mine} compared with vectors of {theirs}; one option was "
            "expected on both sides, as options share no scale; filter both to one, or pass the "
            "matrix tw.vectors(table) of one side to compare them on purpose"
        )


def _models(side: Any) -> set[str]:
    """The models of a table, as named or as its fields tell."""
    if not isinstance(side, pd.DataFrame) or not {"model_name", BY_FIELDS} & {*side.columns}:
        return set()
    return set(models_of(side).dropna().astype(str))


def _names(side: Any, column: str) -> set[str]:
    """What is named in a column of a table."""
    if not isinstance(side, pd.DataFrame) or column not in side.columns:
        return set()
    return set(side[column].dropna().astype(str))


def _self_similarity(unit: Matrix) -> Matrix:
    """All cosines of the rows among themselves; each pair computed once and mirrored."""
    n = len(unit)
    out = np.empty((n, n), np.float32)
    for row in range(0, n, TILE):
        rows = slice(row, row + TILE)
        for column in range(row, n, TILE):
            columns = slice(column, column + TILE)
            tile = out[rows, columns]
            dot_rows(unit[rows], unit[columns], tile)
            np.clip(tile, -1, 1, out=tile)
            if column > row:
                out[columns, rows] = tile.T
    np.fill_diagonal(out, unit.any(axis=1))
    return out
