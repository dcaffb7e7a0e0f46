"""Whether labels are found better than by chance: the labels of whole videos dealt among videos.

Rows of one video resemble each other, and so do their labels, so neither rows nor runs of labels
are independent; whole videos are. Under chance the labels of one video would fit the vectors of any
other as well. So the series of labels of whole groups are put in another order, all labels by the
same one, and lines are fitted and examined anew for each such deal: scores kept from the true
labels would carry what their groups have in common into what chance gives.

Refitting logistic lines would take minutes. Those here are ridge regressions, the second order of
the logistic ones, on the same vectors and with folds that no label decides: their held-out scores
are one matrix times the labels, so that hundreds of deals are one product. The test is exact where
groups are of one length, whatever the model; a series is stretched to a group of another length.

Several labels: the highest standardised value of each deal says how rarely any label would come out
as well (single-step maxT), which takes into account that labels go together.

* :func:`judge_by_deals` - p-values, alone and over all labels; :func:`count_deals` - how many deals
  differ at all

References: Westfall and Young, "Resampling-Based Multiple Testing", 1993; Ojala and Garriga,
"Permutation tests for studying classifier performance", JMLR 2010; Winkler et al., "Multi-level
block permutation", NeuroImage 2015.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from twlab.analysis.labelling.held_out import (
    STRENGTH,
    Labelled,
    assign_folds,
    fit_place,
    precision_of,
    split_rows,
)
from twlab.progress import bar

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Mask, Positions

__all__ = ["FEWEST_DEALS", "count_deals", "judge_by_deals"]

FEWEST_DEALS = 20
"""That differ: of fewer, even the best is no rarer than one in twenty."""

N_LABEL_DEALS = 499
"""Drawn at random, where there are more than six groups: p-values from .002 on. Of six groups or
fewer all 720 orders or fewer are gone through."""

N_AT_ONCE = 20
"""Deals in one product."""

MOST_DEALT_ROWS, FEWER_DEALT_ROWS, MOST_DEALT_CELLS = 2000, 500, 20_000
"""More rows are thinned evenly, the groups are what counts; of many labels to fewer rows, so that
rows times labels stay within what takes some ten seconds."""

ROUNDING_SLACK = 1e-9
"""Two deals of the same labels are equal, whatever the product rounded."""


def count_deals(truth: Mask, groups: Positions) -> int:
    """How many orders of the groups give different labels, for one label.

    A label and its opposite count as one where both can be dealt: what finds one finds the other.
    """
    blocks = _blocks(groups)
    longest = max(len(block) for block in blocks)
    series = Counter(_stretch(truth[block], longest).tobytes() for block in blocks)
    opposite = Counter(_stretch(~truth[block], longest).tobytes() for block in blocks)
    ways = math.factorial(len(blocks))
    for times in series.values():
        ways //= math.factorial(times)
    return ways // 2 if series == opposite else ways


def judge_by_deals(
    rows: Labelled, rng: Generator, *, scores: Floats | None = None
) -> tuple[Floats, Floats]:
    """How rarely chance is as good as each label is, alone and as the best of all of them.

    With ``scores``, shape (n, n_labels), these are judged, which no label has made; without, those
    of lines that are fitted to the labels of each deal.
    """
    mine = _thin(rows)
    few = rows._replace(
        vectors=rows.vectors[mine], truth=rows.truth[mine], groups=rows.groups[mine]
    )
    hats = _hats(few) if scores is None else scores[mine]
    blocks = _blocks(few.groups)
    found = _lift(few, hats, few.truth[None])
    orders = _draw_orders(len(blocks), rng)
    dealt = []
    with bar("dealing the labels", total=len(orders), unit="deal") as done:
        for first in range(0, len(orders), N_AT_ONCE):
            part = orders[first : first + N_AT_ONCE]
            dealt.append(_lift(few, hats, np.stack([_deal(few, blocks, one) for one in part])))
            done.update(len(part))
    values = np.concatenate([found, *dealt])
    spread = np.maximum(values.std(axis=0), 1e-12)
    z = (values - values.mean(axis=0)) / spread
    alone = (values >= values[0] - ROUNDING_SLACK).mean(axis=0)
    together = (z.max(axis=1)[:, None] >= z[0] - ROUNDING_SLACK).mean(axis=0)
    return alone, np.maximum(alone, together)


def _blocks(groups: Positions) -> list[Positions]:
    """The rows of each group, in their order."""
    return [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]


def _thin(rows: Labelled) -> Positions:
    """Rows at even steps in each group, some of every group; all where they are few."""
    most = np.clip(
        MOST_DEALT_CELLS / max(rows.truth.shape[1], 1), FEWER_DEALT_ROWS, MOST_DEALT_ROWS
    )
    step = len(rows.groups) / float(most)
    if step <= 1:
        return np.arange(len(rows.groups))
    kept = [
        block[np.linspace(0, len(block) - 1, max(1, round(len(block) / step))).astype(np.intp)]
        for block in _blocks(rows.groups)
    ]
    return np.sort(np.concatenate(kept))


def _hats(rows: Labelled) -> list[tuple[Mask, Floats]]:
    """For each fold who is held out, and the matrix that makes their scores of others' labels."""
    folds = assign_folds(rows._replace(truth=rows.truth[:, :0]))
    out = []
    for held, groups in split_rows(rows, folds):
        place = fit_place(rows, without=groups)
        placed = np.asarray(place.transform(rows.vectors), np.float64)
        seen = placed[~held] - placed[~held].mean(axis=0)
        other = placed[held] - placed[~held].mean(axis=0)
        # Log odds are about four times a line of least squares: the logistic curve's slope is 1/4.
        if len(seen) > seen.shape[1]:
            inner = seen.T @ seen + np.eye(seen.shape[1]) * 4 / STRENGTH
            hat = other @ np.linalg.solve(inner, seen.T)
        else:
            inner = seen @ seen.T + np.eye(len(seen)) * 4 / STRENGTH
            hat = np.linalg.solve(inner, seen @ other.T).T
        out.append((held, hat))
    return out


def _lift(
    rows: Labelled, by: Floats | list[tuple[Mask, Floats]], dealt: NDArray[np.bool_]
) -> Floats:
    """How far average precision is above the share of rows, shape (n_deals, n_labels).

    Scores are given, or made of the labels that are dealt by the matrices of :func:`_hats`.
    """
    n_deals, n_rows, n_labels = dealt.shape
    wide = dealt.transpose(1, 0, 2).reshape(n_rows, n_deals * n_labels)
    numbers = wide.astype(np.float64)
    scores = np.zeros(numbers.shape)
    if isinstance(by, np.ndarray):
        scores[:] = np.tile(by, n_deals)
    else:
        for held, hat in by:
            middle = numbers[~held].mean(axis=0)
            scores[held] = middle + hat @ (numbers[~held] - middle)
    scores = np.ascontiguousarray(np.round(scores, 9).T)
    lift = np.zeros(wide.shape[1])
    for k in range(wide.shape[1]):
        share = numbers[:, k].mean()
        if 0 < share < 1:
            lift[k] = (precision_of(scores[k], wide[:, k]) - share) / (1 - share)
    return lift.reshape(n_deals, n_labels)


def _draw_orders(n_groups: int, rng: Generator) -> list[Positions]:
    """Orders of the groups: all but the true one where these are few."""
    if n_groups <= 6:
        every = itertools.permutations(range(n_groups))
        return [np.array(order) for order in itertools.islice(every, 1, None)]
    return [rng.permutation(n_groups) for _ in range(N_LABEL_DEALS)]


def _deal(rows: Labelled, blocks: list[Positions], order: Positions) -> Mask:
    """The labels, each group with those of another."""
    out = np.empty_like(rows.truth)
    for own, other in zip(blocks, order, strict=True):
        out[own] = _stretch(rows.truth[blocks[other]], len(own))
    return out


def _stretch(series: Mask, length: int) -> Mask:
    """A series of labels at another length."""
    return series[np.arange(length) * len(series) // length]
