"""Maps of segments: two or three coordinates per row, and how far to believe them.

Conventions
-----------
Alike means cosine similarity: everything works on vectors scaled to unit length. Whole-video rows
where a table also holds clips, and zero vectors, are not on the map: their coordinates are NaN.
Rows are taken in order of video and time, so that the order of the table changes nothing.

* :func:`project` - coordinates of each segment
* :func:`trustworthiness` - the share of neighbours on the map that are neighbours in truth

References
----------
van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 2008.
McInnes, Healy, Melville, "UMAP", arXiv:1802.03426, 2018.
Venna, Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.
"""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from twlab.errors import InputError, require
from twlab.rows import aligned, time_order
from twlab.segments import clip_mask, one_option, unit_vectors
from twlab.similarity import BLOCK_CELLS, dot_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Floats = NDArray[np.float64]

__all__ = ["project", "trustworthiness"]

Method = Literal["tsne", "pca", "umap"]

FEWEST = 5
"""Rows below which neighbours mean nothing and the principal axes are the map."""

FEW_ROWS = 3000
"""Rows up to which threads cost more than they bring, above all where the machine is busy."""

PERPLEXITY = 30.0
N_NEIGHBORS = 15


def project(
    segments: Any,
    *,
    method: Method = "tsne",
    n_components: Literal[2, 3] = 2,
    random_state: int = 0,
) -> pd.DataFrame | Floats:
    """Coordinates of each segment on a map where alike segments lie together.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        A table of segments of one embedding option, or a matrix.
    method : {"tsne", "pca", "umap"}
        ``tsne`` keeps neighbours together and starts from the principal axes; distances between
        far groups mean little. ``pca`` shows the axes of largest spread; distances are true but
        for what does not fit the plane. ``umap`` is like ``tsne``, faster from some ten thousand
        rows on, slower to start; it needs the extra ``umap``.
    n_components : {2, 3}
        Coordinates per row.
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
        If an argument is out of range or the table mixes embedding options.
    MissingExtraError
        If umap-learn is needed and not installed.

    Notes
    -----
    t-SNE runs at a perplexity of 30, less for fewer than 91 rows; UMAP looks at 15 neighbours.
    Below five rows, and where all vectors are equal, every method gives the principal axes.
    t-SNE takes seconds for a thousand rows, minutes for twenty thousand.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> coords = tw.project(film, method="pca")
    >>> coords.columns.tolist(), len(coords) == len(film)
    (['x', 'y'], True)
    """
    _check_arguments(segments, method, n_components, random_state)
    unit = unit_vectors(segments)
    rows = _rows_on_map(segments, unit)
    coords = np.full((len(unit), n_components), np.nan)
    coords[rows] = _map(unit[rows], method, n_components, random_state)
    if not isinstance(segments, pd.DataFrame):
        return coords
    return pd.DataFrame(coords, index=segments.index, columns=list("xyz")[:n_components])


def trustworthiness(segments: Any, coords: Any, *, n_neighbors: int = N_NEIGHBORS) -> float:
    """How far the neighbours on a map are neighbours in truth, from 0 to 1.

    For each row, those of its ``n_neighbors`` nearest on the map that are farther in truth are
    counted by how much farther their rank is:
    ``1 - 2 / (n k (2n - 3k - 1)) * sum(max(0, rank - k))``. A map drawn by lot scores about 0.5.

    Parameters
    ----------
    segments : DataFrame or array_like of shape (n, d)
        What was projected.
    coords : DataFrame or array_like of shape (n, 2) or (n, 3)
        Where it lies, as :func:`project` gives it. Rows that are NaN in it take no part.
    n_neighbors : int
        Neighbours looked at; less than half of the rows.

    Returns
    -------
    float
        Distances in truth are cosine distances. Of equally distant rows none is farther.

    Raises
    ------
    InputError
        If the coordinates do not fit the rows or there are too few rows.

    Notes
    -----
    Exact; time grows with n * n * (d + n_neighbors), memory with n.

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
    points = _points(aligned(segments, coords, "coords"))
    on_map = np.isfinite(points).all(axis=1) & unit.any(axis=1)
    n = int(on_map.sum())
    k = _whole(n_neighbors, "n_neighbors")
    if not 1 <= k < n / 2:
        most = max(0, (n - 1) // 2)
        raise InputError(
            f"n_neighbors is {n_neighbors!r} for {n} rows; at least 1 and less than half of the "
            f"rows was expected; " + (f"pass n_neighbors={most}" if most else "use more rows")
        )
    excess = _excess_ranks(unit[on_map], points[on_map], k)
    return 1.0 - 2.0 * excess / (n * k * (2 * n - 3 * k - 1))


def _check_arguments(segments: Any, method: Any, n_components: Any, random_state: Any) -> None:
    """Refuse what no later step could name as well."""
    if method not in get_args(Method):
        names = ", ".join(map(repr, get_args(Method)))
        raise InputError(f"method is {method!r}; one of {names} was expected; choose one")
    if _whole(n_components, "n_components") not in (2, 3):
        raise InputError(f"n_components is {n_components!r}; 2 or 3 was expected; choose one")
    if not 0 <= _whole(random_state, "random_state") < 2**32:
        raise InputError(
            f"random_state is {random_state!r}; a whole number from 0 on was expected; leave it "
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


def _map(unit: Matrix, method: Method, n_components: int, random_state: int) -> Floats:
    """Coordinates of the rows that are on the map."""
    axes = _principal(unit, n_components)
    spread = axes[:, 0].std() if len(axes) else 0.0
    if method == "pca" or len(unit) < FEWEST or spread < 1e-6:
        return axes
    if method == "umap":
        return _umap(unit, n_components, random_state)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    model = TSNE(
        n_components,
        perplexity=min(PERPLEXITY, (len(unit) - 1) / 3),
        init=(axes / spread * 1e-4).astype(np.float32),
        random_state=random_state,
    )
    with threadpool_limits(1 if len(unit) <= FEW_ROWS else None):
        return np.asarray(model.fit_transform(unit), np.float64)


def _principal(unit: Matrix, n_components: int) -> Floats:
    """Coordinates on the axes of largest spread; 0 on axes that are not there.

    The signs are such that the largest loading of each axis is positive.
    """
    from scipy.linalg import eigh
    from threadpoolctl import threadpool_limits

    out = np.zeros((len(unit), n_components))
    if len(unit) < 2:
        return out
    centred = unit - unit.mean(axis=0, dtype=np.float64)
    wide = centred.shape[1] > len(centred)
    spread = centred @ centred.T if wide else centred.T @ centred
    n_axes = min(n_components, len(spread))
    keep = (len(spread) - n_axes, len(spread) - 1)
    with threadpool_limits(1, "blas"):  # two threads cost 8-17 times the CPU of one
        values, axes = eigh(spread, subset_by_index=keep)
    values, axes = values[::-1], axes[:, ::-1]
    loadings = centred.T @ axes if wide else axes
    sign = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(n_axes)])
    coords = axes * np.sqrt(np.maximum(values, 0)) if wide else centred @ axes
    out[:, :n_axes] = np.where(values > 1e-9 * max(values[0], 1e-6), coords * sign, 0)
    return out


def _umap(unit: Matrix, n_components: int, random_state: int) -> Floats:
    """UMAP by cosine distance."""
    with warnings.catch_warnings():
        # Its import complains of optional packages; its fit of few rows and of equal ones.
        warnings.simplefilter("ignore")
        model = require("umap", extra="umap").UMAP(
            n_components=n_components,
            n_neighbors=min(N_NEIGHBORS, len(unit) - 1),
            metric="cosine",
            init="spectral" if len(unit) > N_NEIGHBORS else "random",
            n_jobs=1,
            random_state=random_state,
        )
        return np.asarray(model.fit_transform(unit), np.float64)


def _points(coords: Any) -> Floats:
    """Coordinates as an array of shape (n, 2) or (n, 3)."""
    try:
        points = np.asarray(coords, np.float64)
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
    for first in range(0, n, step):
        rows = np.arange(first, min(first + step, n))
        block = np.empty((len(rows), n), np.float32)
        dot_rows(unit[rows], unit, block)
        block[np.arange(len(rows)), rows] = -np.inf
        for column in neighbours[rows].T:
            cosine = block[np.arange(len(rows)), column]
            rank = 1 + (block > cosine[:, None]).sum(axis=1)
            excess += int(np.maximum(rank - k, 0).sum())
    return excess
