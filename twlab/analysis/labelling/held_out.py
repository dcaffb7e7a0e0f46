"""How well labels are found in videos that gave none: folds of whole videos, and what they say.

Clips of one video resemble each other whatever they show, so a split that mixes clips of a video
knows half of the answer. Here whole groups (videos) are held out, always.

A label is ranked by average precision (AP), whose chance level is the share of rows that have it.
Labels hold for stretches of time, so neighbours are no independent witnesses: intervals come from a
bootstrap over groups. Probabilities are Platt's, fitted to scores of held-out rows only.

* :class:`Labelled` - what is learnt from; :func:`assign_folds` - which group is held out when
* :func:`held_out_scores` - of every row from a model that saw nothing of its group
* :func:`precision_of`, :func:`interval_of` - AP and its interval
* :func:`fit_line`, :func:`held_out_probabilities` - calibration
* :func:`fit_probe` - the model; :func:`fit_place` - what it does to vectors first
* :func:`split_rows` - who is held out, fold by fold

References: Platt, "Probabilistic outputs for support vector machines", 1999; Field and Welsh,
"Bootstrapping clustered data", JRSS B 2007.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.table.segments import scale_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from twlab.table.types import Floats, Mask, Matrix, Positions

__all__ = [
    "STRENGTH",
    "Labelled",
    "assign_folds",
    "fit_line",
    "fit_place",
    "fit_probe",
    "held_out_probabilities",
    "held_out_scores",
    "interval_of",
    "precision_of",
    "split_rows",
]

N_FOLDS = 5
"""As is usual, and scikit-learn's default; ten cost twice as much."""

STRENGTH = 10.0
"""Weight of the labels against that of small coefficients. Mean AP at 100 labels on 9 films (scenes
as labels): .58 at 1, .603 at 10, .605 at 100, .605 at 1000; at 10 labels .246, .253, .252, .253."""

N_DRAWN_GROUPS = 100
"""Of the bootstrap: the standard error of an end is 7 % of the width, where what is measured is
normal; each draw costs an average precision for each label."""


class Labelled(NamedTuple):
    """Labelled with known labels, in an order that no table decides."""

    vectors: Matrix
    """Shape (n, d)."""
    truth: Mask
    """Shape (n, n_labels)."""
    groups: Positions
    """Shape (n,): the number of each row's group."""
    backdrop: Matrix
    """Vectors of all rows, labelled or not, that say where the middle is."""
    backdrop_groups: Positions
    called: tuple[str, str] = ("video", "videos")
    """One group, and several, in words."""


def fit_place(rows: Labelled, *, without: Any = ()) -> Any:
    """A pipeline that brings vectors to length 1, centres them, and to length 1 again.

    The middle is that of all rows, labelled or not, but those of the groups ``without``.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

    around = rows.backdrop[~np.isin(rows.backdrop_groups, without)]
    # Normalizer squares in float32, in which vectors of 1e-30 are zeros and those of 1e30 infinite.
    unit = FunctionTransformer(bring_to_length_1, validate=True).fit(around)
    again = Normalizer().fit(around)
    middle = StandardScaler(with_std=False).fit(unit.transform(around).astype(np.float64))
    return make_pipeline(unit, middle, again)


def bring_to_length_1(rows: Any) -> Any:
    """The rows at length 1, zeros as they are."""
    return scale_rows(rows)[0]


def fit_probe(rows: Labelled, mine: Mask, *, without: Any = ()) -> Any:
    """A pipeline fitted to some of the rows: placed, then one logistic line per label."""
    from sklearn.pipeline import make_pipeline

    from twlab.analysis.labelling.label_lines import LabelLines

    unit, middle, again = (step for _, step in fit_place(rows, without=without).steps)
    placed = again.transform(middle.transform(unit.transform(rows.vectors[mine])))
    lines = LabelLines(strength=STRENGTH).fit(placed, rows.truth[mine])
    return make_pipeline(unit, middle, again, lines)


def assign_folds(rows: Labelled) -> Positions:
    """The fold of every group, so that each label is in as many folds as can be.

    The groups with most labels go first, each to the fold that has least of what it brings.
    """
    n_groups = int(rows.groups.max()) + 1
    counts = np.zeros((n_groups, rows.truth.shape[1] + 1))
    np.add.at(counts, rows.groups, np.column_stack([rows.truth, np.ones(len(rows.groups))]))
    share = counts / np.maximum(counts.sum(0), 1)
    filled = np.zeros((min(N_FOLDS, n_groups), share.shape[1]))
    folds = np.zeros(n_groups, np.intp)
    for group in np.argsort(-share.sum(1), kind="stable"):
        folds[group] = int(np.argmin((filled * (share[group] > 0)).sum(1)))
        filled[folds[group]] += share[group]
    return folds


def split_rows(rows: Labelled, folds: Positions) -> Iterator[tuple[Mask, Positions]]:
    """Which rows are held out, and the groups of these, fold by fold."""
    for fold in range(int(folds.max()) + 1):
        groups = np.flatnonzero(folds == fold)
        held = np.isin(rows.groups, groups)
        if held.any() and not held.all():
            yield held, groups


def held_out_scores(
    rows: Labelled, folds: Positions, *, n_labels: int | None = None, rng: Any = None
) -> Floats:
    """Log odds of every row and label by a model that saw nothing of its group.

    With ``n_labels``, each model sees that many labelled rows, drawn at random.
    """
    out = np.zeros(rows.truth.shape)
    for held, groups in split_rows(rows, folds):
        seen = np.flatnonzero(~held)
        if n_labels is not None:
            seen = rng.permutation(seen)[:n_labels]
        mine = np.zeros(len(held), bool)
        mine[seen] = True
        model = fit_probe(rows, mine, without=groups)
        out[held] = model.decision_function(rows.vectors[held])
    return out


def precision_of(scores: Floats, truth: Mask, weight: Floats | None = None) -> float:
    """Average precision, rows of equal score taken together; NaN where no row has the label."""
    weight = np.ones(len(truth)) if weight is None else weight
    order = np.argsort(-scores, kind="stable")
    hits, seen = np.cumsum((weight * truth)[order]), np.cumsum(weight[order])
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits, seen = hits[last], seen[last]
    if not hits[-1]:
        return float("nan")
    gained = np.diff(hits, prepend=0.0)
    return float(np.sum(gained * hits / np.maximum(seen, 1e-300)) / hits[-1])


def interval_of(
    scores: Floats, truth: Mask, groups: Positions, rng: Generator
) -> tuple[float, float]:
    """The middle 90 % of average precision over draws of whole groups."""
    n_groups = int(groups.max()) + 1
    drawn = []
    for _ in range(N_DRAWN_GROUPS):
        times = np.bincount(rng.integers(0, n_groups, n_groups), minlength=n_groups)
        drawn.append(precision_of(scores, truth, times[groups].astype(float)))
    known = np.array(drawn)[~np.isnan(drawn)]
    low, high = np.quantile(known, [0.05, 0.95]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def fit_line(scores: Floats, truth: Mask) -> tuple[float, float]:
    """Slope and height that make log odds of scores (Platt); no slope where they say nothing."""
    from sklearn.linear_model import LogisticRegression

    n_yes, n_no = int(truth.sum()), int((~truth).sum())
    share = (n_yes + 1) / (n_yes + n_no + 2)
    flat = (0.0, float(np.log(share / (1 - share))))
    spread = float(scores.std()) if len(scores) else 0.0
    if not n_yes or not n_no or spread == 0:
        return flat
    likely = np.where(truth, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    both = np.concatenate([scores, scores])[:, None] / spread
    answers = np.repeat([1, 0], len(scores))
    weight = np.concatenate([likely, 1 - likely])
    line = LogisticRegression(C=1e4, max_iter=1000).fit(both, answers, sample_weight=weight)
    slope = float(line.coef_[0, 0]) / spread
    return (slope, float(line.intercept_[0])) if slope > 0 else flat


def held_out_probabilities(
    scores: Floats, truth: Mask, groups: Positions, folds: Positions
) -> Floats:
    """Probabilities of one label by lines that are fitted without the fold they are used on."""
    out = np.zeros(len(scores))
    of_row: NDArray[np.intp] = folds[groups]
    for fold in np.unique(of_row):
        mine = of_row == fold
        slope, height = fit_line(scores[~mine], truth[~mine])
        out[mine] = 1 / (1 + np.exp(-(slope * scores[mine] + height)))
    return out
