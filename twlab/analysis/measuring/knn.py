"""How well neighbours tell a label: k-NN accuracy with whole videos left out.

Clips of one video resemble each other whatever they show. A neighbour of the same video therefore
tells little about the label and much about the video, and an accuracy that counts it is no promise
for the next video. Here no neighbour is of the row's own group; what the split that leaks would
have claimed stands beside it.

* :func:`knn_accuracy` - of each class and of all
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.measuring.bootstrap import describe_interval, intervals_of_means
from twlab.analysis.neighbors.exact import ROUNDING, Videos, best_rows
from twlab.checks import check_count
from twlab.errors import InputError, warn
from twlab.table import align_column, clip_mask, time_order
from twlab.table.segments import check_segments, one_space, unit_vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from twlab.table.types import Floats, Mask, Matrix, Positions, Values

__all__ = ["first_of_equals", "knn_accuracy", "read_column"]

DRAWS_OF_TIES = 1000
"""Draws of neighbours, of equally similar rows or of all: a share of them has a standard error of
at most .016. They are drawn as numbers of each label, so that neither names nor order of rows, only
what is there, decides."""

DRAWS_OF_CHANCE = 200_000
"""Of chance together, where the rows of other groups are others for each group: fewer for each."""

ALL = "all"
"""What the row of all classes together is called."""

ONE_GROUP = "cannot tell: the class is of one group"


def knn_accuracy(
    segments: pd.DataFrame,
    labels: Values | str,
    *,
    n_neighbors: int = 5,
    groups: Values | str = "video_id",
) -> pd.DataFrame:
    """The share of segments whose nearest neighbours in other videos have their label, per class.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of one embedding option. Whole-video rows take no part, unless there
        is nothing else; neither do zero vectors.
    labels : Series, sequence or str
        The label of each segment, or the column that holds it; rows without one take no part.
    n_neighbors : int
        How many neighbours vote. Of labels with as many votes the one of the nearest counts;
        of equally similar rows any may be the neighbour, and the mean of all choices counts.
    groups : Series, sequence or str
        What no neighbour may share: whole groups are left out. Default: the video.

    Returns
    -------
    DataFrame
        One row for all, then one per class: ``label``, ``accuracy``, ``low`` and ``high`` (95 %,
        by draws of whole groups), ``leaky_accuracy`` (neighbours of the same group allowed: what
        a split at random would claim), ``chance`` (the same vote among rows of other groups drawn
        at random), ``n_segments``, ``n_groups``, and ``interval``, what that is based on, or why
        nothing can be told. A class of one group cannot be told from others without it: its
        accuracy is missing, and it does not count in that of all, but its rows may be neighbours.

    Raises
    ------
    InputError
        If there are not two groups and two labels, the labels or groups do not fit the table, or
        the table mixes embedding options or models.

    Warns
    -----
    TwlabWarning
        Of classes of one group, which cannot be told.

    See Also
    --------
    twlab.evaluate : how good answers to queries are
    twlab.nearest : the most alike rows of each row
    twlab.annotate : labels of people onto segments

    Notes
    -----
    Exact, n rows with each: n² · d. Equal rows count once. The interval is that of
    :func:`twlab.evaluate`.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> clips = tw.clips(tw.sample())
    >>> parts = (clips["start_sec"] // 120).astype(int)  # as if each two minutes were a video
    >>> half = clips["start_sec"] % 120 < 60
    >>> tw.knn_accuracy(clips, half, groups=parts)["label"].tolist()
    ['all', False, True]
    """
    check_segments(segments)
    n_neighbors = check_count(n_neighbors, "n_neighbors", of="neighbours")
    one_space(segments)
    label = read_column(segments, labels, "labels")
    group = read_column(segments, groups, "groups")
    unit = unit_vectors(segments)
    kept = clip_mask(segments) & unit.any(axis=1) & label.notna().to_numpy(bool)
    if group[kept].isna().any():
        n_missing = int(group[kept].isna().sum())
        raise InputError(
            f"groups has no value for {n_missing} rows; one for each row with a label was "
            "expected; drop these rows"
        )
    rows = time_order(segments)
    rows = rows[kept[rows]]
    codes, names = _number_labels(label.iloc[rows])
    units = pd.factorize(group.iloc[rows])[0].astype(np.intp)
    once = first_of_equals(segments.iloc[rows], unit[rows], codes, units)
    rows, codes, units = rows[once], codes[once], units[once]
    _check_enough(names, units)
    told = _classes_of_several(codes, units, names)
    votes = {
        same: _vote(unit[rows], codes, units, n_neighbors, apart=not same) for same in (False, True)
    }
    return _table(names, codes, units, told, votes, _chance(codes, units, n_neighbors))


def read_column(segments: pd.DataFrame, values: Any, name: str) -> pd.Series[Any]:
    """One value per row, by the name of a column or as they are."""
    if isinstance(values, pd.DataFrame) or np.ndim(getattr(values, "values", 0)) > 1:
        raise InputError(f"{name} is a table; one value for each row was expected; give one column")
    cells = np.asarray(align_column(segments, values, name), object)
    loose = [cell for cell in cells if isinstance(cell, list | tuple | dict | set | np.ndarray)]
    if cells.ndim != 1 or loose:
        raise InputError(
            f"{name} holds {brief((loose or [cells.tolist()[:1]])[0])}; one text, number or truth "
            "value for each row was expected; give one column of them"
        )
    return pd.Series(cells, dtype=object).reset_index(drop=True)


def _number_labels(label: pd.Series[Any]) -> tuple[Positions, Any]:
    """A number for each label, and the labels in their order."""
    try:
        sorted(set(label))
    except TypeError:
        kinds = sorted({type(cell).__name__ for cell in label})
        raise InputError(
            f"labels mix {' and '.join(kinds)}; labels of one type were expected; turn all into "
            "texts with .astype(str)"
        ) from None
    codes, names = pd.factorize(label, sort=True)
    return codes.astype(np.intp), names


def first_of_equals(
    rows: pd.DataFrame, unit: Matrix, codes: Positions, units: Positions
) -> Positions:
    """The first of rows that are the same moment with the same vector and label."""
    keys = rows.reindex(columns=["video_id", "start_sec", "end_sec"]).reset_index(drop=True)
    keys = keys.assign(code=codes, unit=units, vector=[row.tobytes() for row in unit])
    return np.flatnonzero(~keys.duplicated().to_numpy())


def _check_enough(names: Any, units: Positions) -> None:
    n_groups = len(np.unique(units))
    if n_groups < 2 or len(names) < 2:
        raise InputError(
            f"the labelled rows are of {n_groups} group{'' if n_groups == 1 else 's'} and "
            f"{len(names)} label{'' if len(names) == 1 else 's'}; at least two of both were "
            "expected; label more videos, or say with groups= what belongs together"
        )


def _classes_of_several(codes: Positions, units: Positions, names: Any) -> Mask:
    """Which classes are of several groups."""
    pairs = np.unique(np.column_stack([codes, units]), axis=0)
    told: Mask = np.bincount(pairs[:, 0], minlength=len(names)) > 1
    if not told.all():
        lost = [brief(name) for name in names[~told]]
        warn(
            f"{len(lost)} of {len(names)} classes are of one group each, such as {lost[0]}; "
            "whether they are found in another cannot be told, and they do not count in the "
            "accuracy of all; label them in further videos"
        )
    return told


def _vote(
    unit: Matrix, codes: Positions, units: Positions, n_neighbors: int, *, apart: bool
) -> Floats:
    """How far the neighbours of each row vote for its label: 0 or 1, between where rows tie."""
    videos = Videos(units, units, same=False) if apart else None
    k = min(n_neighbors, len(unit))
    found, similar = best_rows(unit, unit, np.arange(len(unit)), k + 1, own=True, videos=videos)
    winner = _majority(np.where(found >= 0, codes[found], -1)[:, :k], int(codes.max()) + 1)
    right = (winner == codes).astype(np.float64)
    with np.errstate(invalid="ignore"):
        tied = (similar[:, :-1] - similar[:, 1:] <= ROUNDING).any(axis=1)
    for row in np.flatnonzero(tied):
        may = units != units[row] if apart else np.arange(len(unit)) != row
        values = unit[may] @ unit[row]
        right[row] = _fair_vote(values, codes[may], int(codes.max()) + 1, k)[codes[row]]
    return np.asarray(right)


def _fair_vote(similar: Matrix, codes: Positions, n_classes: int, k: int) -> Floats:
    """The share of each label where any of equally similar rows may be the neighbour."""
    k = min(k, len(similar))
    last = float(np.partition(similar, len(similar) - k)[len(similar) - k])
    above = similar > last + ROUNDING
    level = ~above & (similar >= last - ROUNDING)
    near = np.full(n_classes, -np.inf)
    np.maximum.at(near, codes[above], similar[above].astype(np.float64))
    votes, level_votes = (np.bincount(codes[one], minlength=n_classes) for one in (above, level))
    best = np.where(np.isfinite(near), np.round(near - last, 6), -np.inf)
    left = k - int(above.sum())
    return np.asarray(
        _shares(
            tuple(votes.tolist()),
            tuple(best.tolist()),
            tuple(level_votes.tolist()),
            left,
            DRAWS_OF_TIES,
        )
    )


@lru_cache(maxsize=1024)
def _shares(
    votes: tuple[int, ...], near: tuple[float, ...], some: tuple[int, ...], k: int, n_draws: int
) -> Floats:
    """The share of each label where k of some equal rows vote beside the nearer ones.

    ``near`` is how much nearer the nearest of each label is. Seeded by what is there.
    """
    drawn = np.array([some])
    if k < sum(some):
        rng = np.random.default_rng([*votes, *some, k])
        drawn = rng.multivariate_hypergeometric(some, k, n_draws, method="marginals")
    total = drawn + np.array(votes)
    most = total == total.max(axis=1, keepdims=True)
    best = np.where(np.isfinite(near), near, np.where(drawn > 0, 0.0, -np.inf))
    best = np.where(most, best, -np.inf)
    first = best >= best.max(axis=1, keepdims=True) - ROUNDING
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))


def _majority(votes: Positions, n_classes: int) -> Positions:
    """The most frequent label of each row of votes, nearest first; -1 is no vote."""
    each = np.arange(len(votes))
    counts = np.zeros((len(votes), n_classes + 1), np.intp)
    for column in votes.T:
        np.add.at(counts, (each, column), 1)
    counts = counts[:, :-1]  # without the last, where -1 went
    most = counts == counts.max(axis=1, keepdims=True)
    winner = np.full(len(votes), -1, np.intp)
    for column in votes.T[::-1]:  # of labels with as many votes, the nearest has the last word
        wins = (column >= 0) & most[each, column]
        winner[wins] = column[wins]
    return winner


def _chance(codes: Positions, units: Positions, n_neighbors: int) -> Floats:
    """How often random neighbours of other groups vote for the label of each row."""
    n_classes = int(codes.max()) + 1
    mine = np.zeros((int(units.max()) + 1, n_classes), np.intp)
    np.add.at(mine, (units, codes), 1)
    others, which = np.unique(mine.sum(axis=0) - mine, axis=0, return_inverse=True)
    n_draws = int(np.clip(DRAWS_OF_CHANCE // len(others), 100, DRAWS_OF_TIES))
    none, far = (0,) * n_classes, (-np.inf,) * n_classes
    shares = [
        _shares(none, far, tuple(some.tolist()), min(n_neighbors, int(some.sum())), n_draws)
        for some in others
    ]
    return np.asarray(np.array(shares)[which.ravel()[units], codes])


def _table(
    names: Any,
    codes: Positions,
    units: Positions,
    told: Mask,
    votes: dict[bool, Floats],
    chance: Floats,
) -> pd.DataFrame:
    """Means of all rows and of those of each class."""
    mine = codes[:, None] == np.arange(len(names))
    mine = np.column_stack([told[codes], mine])
    right, leaky = votes[False], votes[True]
    counted = mine & told[codes][:, None]
    shown = intervals_of_means(np.where(counted, right[:, None], np.nan), units)
    of = mine.sum(0)
    groups = [len(np.unique(units[column])) for column in mine.T]
    table = pd.DataFrame(
        {
            "label": pd.Series([ALL, *names], dtype=object),
            "accuracy": shown.mean,
            "low": shown.low,
            "high": shown.high,
            "leaky_accuracy": (mine * leaky[:, None]).sum(0) / np.maximum(of, 1),
            "chance": (mine * chance[:, None]).sum(0) / np.maximum(of, 1),
            "n_segments": of,
            "n_groups": groups,
        }
    )
    table["interval"] = [
        describe_interval(n, float(mean), float(low)) if known else ONE_GROUP
        for n, mean, low, known in zip(
            groups, table["accuracy"], table["low"], [True, *told], strict=True
        )
    ]
    return table
