"""Maps of segments: two or three coordinates per row, and how far to believe them.

Conventions
-----------
Alike means cosine similarity: everything works on vectors scaled to unit length. Whole-video rows
where a table also holds clips, and zero vectors, are not on the map: their coordinates are NaN.
Rows are taken in order of video and time, so that the order of the table changes nothing.

* :func:`project` - coordinates of each segment, on a new map or on one that is there
* :func:`trustworthiness` - the share of neighbours on the map that are neighbours in truth

References
----------
Venna, Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from twlab.analysis.maps.layouts import (
    N_NEIGHBORS,
    principal,
    tsne,
    umap,
)
from twlab.analysis.neighbors.placing import place_among
from twlab.analysis.neighbors.similarity import (
    BLOCK_CELLS,
    dot_rows,
    same_option,
    same_space,
)
from twlab.analysis.neighbors.twins import marks
from twlab.deprecation import formerly
from twlab.errors import InputError
from twlab.progress import bar
from twlab.table.rows import align_rows, time_order
from twlab.table.segments import clip_mask, one_option, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Points, TableOrVectors


__all__ = ["MapMethod", "lay_out", "project", "trustworthiness", "usual_method"]

MapMethod = Literal["tsne", "pca", "umap"]

MAX_TSNE = 3000
"""Rows up to which a map that nobody chose is a t-SNE (8 s of CPU; 2 at half, 11 at double); one of
more rows is a PCA, which takes no time."""

FEWEST_ROWS = 5
"""Rows below which neighbours mean nothing and the principal axes are the map."""


def project(
    segments: TableOrVectors,
    *,
    onto: pd.DataFrame | None = None,
    method: MapMethod = "tsne",
    n_components: Literal[2, 3] = 2,
    random_state: int = 0,
) -> pd.DataFrame | Floats:
    """Coordinates of each segment on a map where alike segments lie together.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        A table of segments of one embedding option, or a matrix.
    onto : DataFrame, optional
        An existing map: a table of segments with the columns x, y (and z) of its places, as
        ``film.join(tw.project(film))`` makes it. The segments are placed among its rows, which
        stay where they are. Default: a new map of the segments alone.
    method : {"tsne", "pca", "umap"}
        ``tsne`` keeps neighbours together and starts from the principal axes; distances between
        far groups mean little. ``pca`` shows the axes of largest spread; distances are true except
        for what does not fit the plane. ``umap`` packs groups more tightly and keeps fewer
        neighbours; it is slow to start and needs the extra ``umap``. With ``onto``: how that map
        was made.
    n_components : {2, 3}
        Coordinates per row of a new map.
    random_state : int
        The same seed gives the same map. Only ``umap`` draws random numbers.

    Returns
    -------
    DataFrame of columns x, y (and z), float64, on the same index
        NaN for whole-video rows and zero vectors. For an array: an array of shape
        (n, n_components).

    Raises
    ------
    InputError
        If an argument is out of range, the table mixes embedding options, or ``onto`` has no
        coordinates or vectors of another option, model or dimension, or is not the whole of a map
        of ``pca`` where that is the method.
    MissingExtraError
        If umap-learn is needed and not installed.

    See Also
    --------
    twlab.trustworthiness : how far to believe a map
    twlab.plot.scatter : a map, drawn

    Notes
    -----
    t-SNE (openTSNE) runs at a perplexity of 30, less for fewer than 91 rows, in 250 steps; UMAP
    looks at 15 neighbours. Both are given exact neighbours. Equal vectors count once and lie on
    one spot. Below five different vectors every method gives the principal axes. t-SNE takes about
    two seconds for a thousand rows, imports included, and ten for ten thousand.

    Onto a map of ``pca`` rows are projected by its axes, for which all its rows are needed. Onto
    any other a row takes the median place of its 10 nearest rows there, or the place of a row that
    is the same. A row unlike everything on the map is placed all the same:
    :func:`twlab.nearest` says how near it is.

    References
    ----------
    van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 2008.
    Kobak, Berens, "The art of using t-SNE for single-cell transcriptomics", Nat. Commun. 2019.
    McInnes, Healy, Melville, "UMAP", arXiv:1802.03426, 2018.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> coords = tw.project(film)
    >>> coords.columns.tolist(), len(coords) == len(film)
    (['x', 'y'], True)
    >>> trailer = tw.project(tw.sample("trailer"), onto=film.join(coords))
    """
    _check_arguments(segments, method, n_components, random_state)
    unit = unit_vectors(segments)
    rows = _rows_on_map(segments, unit)
    if onto is None:
        places = lay_out(unit[rows], method, n_components, random_state)
    else:
        rows.sort()  # a copy is needed only where some are left out
        taken = unit if len(rows) == len(unit) else unit[rows]
        places = _place_onto(segments, taken, onto, method)
    coords = np.full((len(unit), places.shape[1]), np.nan)
    coords[rows] = places
    if not isinstance(segments, pd.DataFrame):
        return coords
    return pd.DataFrame(coords, index=segments.index, columns=list("xyz")[: places.shape[1]])


def usual_method(n_rows: int) -> Literal["tsne", "pca"]:
    """How the explorer and pictures lay out a map of so many rows where they are given none."""
    return "tsne" if n_rows <= MAX_TSNE else "pca"


@formerly(n_neighbors="k")
def trustworthiness(segments: TableOrVectors, coords: Points, *, k: int | None = None) -> float:
    """How far the neighbours on a map are true neighbours, from 0 to 1.

    For each row, those of its ``k`` nearest on the map that are really farther are
    counted by how much farther their rank is:
    ``1 - 2 / (n k (2n - 3k - 1)) * sum(max(0, rank - k))``. A random map scores about 0.5.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        What was projected.
    coords : DataFrame or array_like of shape (n, 2) or (n, 3)
        Its coordinates, as :func:`project` gives them. Rows where these are NaN take no part.
    k : int, optional
        Neighbours looked at; less than half of the rows. Default: 15, or as many as that allows
        of fewer than 31 rows (2 of 5).

    Returns
    -------
    float
        True distances are cosine distances. Of equally distant rows none counts as farther.

    Raises
    ------
    InputError
        If the coordinates do not fit the rows or there are too few rows.

    See Also
    --------
    twlab.project : coordinates on a map

    Notes
    -----
    Exact; time grows with n * n * (d + k), memory with n.

    References
    ----------
    Venna, Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> tw.trustworthiness(film, tw.project(film, method="pca")) > 0.7
    True
    """
    if isinstance(segments, pd.DataFrame):
        one_option(segments)
    unit = unit_vectors(segments)
    points = _points(align_rows(segments, coords, "coords"))
    on_map = np.isfinite(points).all(axis=1) & unit.any(axis=1)
    n = int(on_map.sum())
    most = max(0, (n - 1) // 2)
    near = min(N_NEIGHBORS, most) if k is None else _whole(k, "k")
    if not 1 <= near <= most:
        given = "" if k is None else f"k is {k!r} for "
        raise InputError(
            f"{given}{n} rows on the map; at least 1 neighbour and less than half of the rows was "
            f"expected; " + (f"pass k={most}" if most else "use more rows")
        )
    excess = _excess_ranks(unit[on_map], points[on_map], near)
    return 1.0 - 2.0 * excess / (n * near * (2 * n - 3 * near - 1))


def _check_arguments(segments: Any, method: Any, n_components: Any, random_state: Any) -> None:
    """Refuse what no later step could name as well."""
    if method not in get_args(MapMethod):
        names = ", ".join(map(repr, get_args(MapMethod)))
        raise InputError(f"method is {method!r}; one of {names} was expected; choose one")
    if _whole(n_components, "n_components") not in (2, 3):
        raise InputError(f"n_components is {n_components!r}; 2 or 3 was expected; choose one")
    if not 0 <= _whole(random_state, "random_state") < 2**32:
        raise InputError(
            f"random_state is {random_state!r}; a whole number, 0 or more, was expected; leave it "
            "at 0 for the same map each time"
        )
    if isinstance(segments, pd.DataFrame):
        one_option(segments)


def _whole(value: Any, name: str) -> int:
    """A whole number, as an int."""
    try:
        return operator.index(value)
    except TypeError:
        raise InputError(f"{name} is {value!r}; a whole number was expected") from None


def _rows_on_map(segments: Any, unit: Matrix) -> NDArray[np.intp]:
    """Positions of the rows that take part, in order of video and time."""
    usable: NDArray[np.bool_] = np.any(unit, axis=1)
    if not isinstance(segments, pd.DataFrame):
        return np.flatnonzero(usable)
    order = time_order(segments)
    return order[(usable & clip_mask(segments))[order]]


def lay_out(
    unit: Matrix, method: MapMethod, n_components: int = 2, random_state: int = 0
) -> Floats:
    """Coordinates of rows of length 1 on a map of their own."""
    if method == "pca":
        return principal(unit, n_components)
    # Layouts by neighbours blow equal rows up into a cloud that pushes all others together.
    first, spot = _spots(unit)
    axes = principal(unit[first], n_components)
    spread = axes[:, 0].std() if len(axes) else 0.0
    if len(first) < FEWEST_ROWS or spread < 1e-6:
        return axes[spot]
    if method == "umap":
        return umap(unit[first], n_components, random_state)[spot]
    return tsne(unit[first], axes, random_state)[spot]


def _spots(unit: Matrix) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first row of each different vector, and which of these each row has."""
    _, first, spot = np.unique(marks(unit), return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[spot.ravel()]


def _place_onto(segments: Any, unit: Matrix, onto: Any, method: MapMethod) -> Floats:
    """Places of new rows on a map that is there."""
    points = _places(onto)
    known = unit_vectors(onto)
    on_map = np.isfinite(points).all(axis=1) & known.any(axis=1)
    if not on_map.any():
        raise InputError(
            f"onto has {len(onto)} rows and none of them has a vector and a place; a map was "
            "expected; make it with film.join(tw.project(film))"
        )
    same_option(segments, onto)
    if not on_map.all():
        known, points = known[on_map], points[on_map]
    same_space(segments, onto, unit, known)
    if method == "pca":
        return _place_by_axes(unit, known, points)
    if not len(unit):
        return np.empty((0, points.shape[1]))
    return place_among(unit, known, points)[0]


def _place_by_axes(unit: Matrix, known: Matrix, points: Floats) -> Floats:
    """Coordinates on the axes of a map that principal axes gave."""
    made = principal(known, points.shape[1], known)
    if not np.allclose(made, points, atol=1e-3 * max(float(np.abs(points).max()), 1e-6)):
        raise InputError(
            "the coordinates of onto are not those of its rows by method 'pca'; all rows of a map "
            "made with tw.project(film, method='pca') were expected; pass them all, or leave "
            "method out"
        )
    return principal(unit, points.shape[1], known)


def _places(onto: Any) -> Floats:
    """The coordinates that a table brings."""
    columns = ["x", "y"]
    if not isinstance(onto, pd.DataFrame) or not {*columns, "embedding"} <= {*onto.columns}:
        has = ", ".join(map(str, onto.columns)) if isinstance(onto, pd.DataFrame) else ""
        raise InputError(
            f"onto is a {type(onto).__name__}{f' of the columns {has}' if has else ''}; a table of "
            "segments with the columns x and y was expected; make it with "
            "film.join(tw.project(film))"
        )
    one_option(onto)
    points = onto[[*columns, "z"] if "z" in onto.columns else columns]
    if not points.columns.is_unique:
        raise InputError(
            f"onto has the columns {', '.join(points.columns)}; each once was expected; drop the "
            "old coordinates before a new map is joined"
        )
    return _points(points)


def _points(coords: Any) -> Floats:
    """Coordinates as an array of shape (n, 2) or (n, 3)."""
    try:
        points = (
            coords.to_numpy(np.float64, na_value=np.nan)
            if isinstance(coords, pd.DataFrame)
            else np.asarray(coords, np.float64)
        )
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise InputError(
            f"coords is a {type(coords).__name__} of shape {np.shape(coords)}; numbers of shape "
            "(n, 2) or (n, 3) were expected; compute them with tw.project"
        )
    return points


def _excess_ranks(unit: Matrix, points: Floats, k: int) -> int:
    """By how many ranks in sum the k neighbours on the map exceed the k-th in truth."""
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    n, excess = len(unit), 0
    step = max(2, BLOCK_CELLS // 8 // n)
    for first in bar("ranks", range(0, n, step), unit="step"):
        rows = np.arange(first, min(first + step, n))
        block = np.empty((len(rows), n), np.float32)
        dot_rows(unit[rows], unit, block)
        block[np.arange(len(rows)), rows] = -np.inf
        for column in neighbours[rows].T:
            cosine = block[np.arange(len(rows)), column]
            rank = 1 + (block > cosine[:, None]).sum(axis=1)
            excess += int(np.maximum(rank - k, 0).sum())
    return excess
