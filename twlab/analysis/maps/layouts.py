"""Points on a plane or in space for unit vectors: t-SNE, UMAP, principal axes.

The mechanics under :mod:`twlab.analysis.maps.projection`: nothing here knows a table. t-SNE and
UMAP are laid out by their libraries, both from neighbours that are found here by one blocked matrix
product.

References
----------
van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 2008.
Kobak, Berens, "The art of using t-SNE for single-cell transcriptomics", Nat. Commun. 2019.
Poličar, Stražar, Zupan, "openTSNE", J. Stat. Software 109(3), 2024.
McInnes, Healy, Melville, "UMAP", arXiv:1802.03426, 2018.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from twlab.analysis.neighbors.nearest import neighbors_among
from twlab.checks import require
from twlab.progress import bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix


__all__ = ["N_NEIGHBORS", "principal", "tsne", "umap"]

PERPLEXITY = 30.0
"""Neighbours that t-SNE looks at, so to speak: the default of its authors and of its libraries."""

N_NEIGHBORS = 15
"""Neighbours that UMAP looks at, the default of its authors."""

EXAGGERATED_STEPS, STEPS = 50, 200
"""Steps of t-SNE: from the principal axes more of them change the neighbours on the map by less
than one in a hundred (``tests/benchmarks/bench_project.py --steps``)."""

STEPS_PER_REPORT = 25
"""Steps between two moves of the progress bar."""

THREADED_ROWS = 3000
"""Rows from which threads are worth it; a map of fewer takes some 3 s of one."""


def tsne(unit: Matrix, start: Floats, random_state: int) -> Floats:
    """t-SNE by cosine distance, from a start of the same number of coordinates."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, n_components = start.shape
    perplexity = min(PERPLEXITY, (n - 1) / 3)
    indices, distances = _neighbours(unit, min(n - 1, int(3 * perplexity)))
    n_jobs = -1 if n >= THREADED_ROWS else 1
    affinities = PerplexityBasedNN(
        perplexity=perplexity, knn_index=PrecomputedNeighbors(indices, distances), n_jobs=n_jobs
    )
    points = TSNEEmbedding(
        start / start[:, 0].std() * 1e-4,
        affinities,
        # Interpolation pays from some ten thousand rows on and knows no third dimension.
        negative_gradient_method="auto" if n_components == 2 else "bh",
        n_jobs=n_jobs,
        random_state=random_state,
    )
    with bar("map", total=EXAGGERATED_STEPS + STEPS, unit="step") as done:
        for steps, how in (
            (EXAGGERATED_STEPS, {"exaggeration": 12, "momentum": 0.5}),
            (STEPS, {"exaggeration": 1, "momentum": 0.8}),
        ):
            # Momentum and step sizes carry over from piece to piece.
            for _ in range(0, steps, STEPS_PER_REPORT):
                points.optimize(STEPS_PER_REPORT, inplace=True, **how)
                done.update(STEPS_PER_REPORT)
    return np.array(points, np.float64)


def umap(unit: Matrix, n_components: int, random_state: int) -> Floats:
    """UMAP by cosine distance."""
    n = len(unit)
    indices, distances = _neighbours(unit, min(N_NEIGHBORS, n - 1))
    # It counts a row as the first of its own neighbours, and squares what we have rooted.
    known = (np.c_[np.arange(n), indices], np.c_[np.zeros(n), distances**2 / 2])
    with warnings.catch_warnings():
        # Its import complains of optional packages; its fit of few rows and of equal ones.
        warnings.simplefilter("ignore")
        model = require("umap", extra="umap").UMAP(
            n_components=n_components,
            n_neighbors=known[0].shape[1],
            metric="cosine",
            init="spectral" if n > N_NEIGHBORS else "random",
            precomputed_knn=(*known, None),
            force_approximation_algorithm=True,  # else it finds neighbours of few rows once more
            n_jobs=1,
            random_state=random_state,
        )
        return np.asarray(model.fit_transform(unit), np.float64)


def principal(unit: Matrix, n_components: int, onto: Matrix | None = None) -> Floats:
    """Coordinates on the axes of largest spread; 0 on axes that are not there.

    The axes are those of ``unit``, or of ``onto`` where it is given. The signs are such that the
    largest loading of each axis is positive.
    """
    of = unit if onto is None else onto
    if len(of) < 2:
        return np.zeros((len(unit), n_components))
    mean = of.mean(axis=0, dtype=np.float64)
    axes = _axes(of - mean, n_components)
    out = np.zeros((len(unit), n_components))
    out[:, : axes.shape[1]] = (unit - mean) @ axes
    return out


def _axes(centred: Floats, n_components: int) -> Floats:
    """Directions of largest spread, one per column; 0 where there is no spread."""
    from scipy.linalg import eigh
    from threadpoolctl import threadpool_limits

    wide = centred.shape[1] > len(centred)
    spread = centred @ centred.T if wide else centred.T @ centred
    n_axes = min(n_components, len(spread))
    keep = (len(spread) - n_axes, len(spread) - 1)
    with threadpool_limits(1, "blas"):  # two threads cost 8-17 times the CPU of one
        values, axes = eigh(spread, subset_by_index=keep)
    values, axes = values[::-1], axes[:, ::-1]
    there = values > 1e-9 * max(values[0], 1e-6)
    if wide:
        axes = centred.T @ axes / np.sqrt(np.where(there, values, 1))
    sign = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(n_axes)])
    return np.asarray(np.where(there, axes * sign, 0))


def _neighbours(unit: Matrix, k: int) -> tuple[NDArray[np.int32], Floats]:
    """Row numbers of the k nearest of each row, and their distances."""
    indices, similarities = neighbors_among(unit, k)
    distances = np.sqrt(np.maximum(2 - 2 * np.asarray(similarities, np.float64), 0))
    return np.asarray(indices, np.int32), distances
