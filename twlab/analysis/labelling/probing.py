"""What vectors know of labels that people gave, measured on videos they did not label.

* :func:`probe` - a model, how good it is, how many labels it needs, and what to label next
* :class:`Probe` - what that returns
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.labelling.asking import most_telling, uncertainty_of
from twlab.analysis.labelling.held_out import (
    Labelled,
    assign_folds,
    fit_line,
    fit_probe,
    held_out_probabilities,
    held_out_scores,
    interval_of,
    precision_of,
)
from twlab.analysis.labelling.verdicts import FEWEST_GROUPS, count_label, judge_labels, why_not
from twlab.analysis.labelling.word_probes import check_error, judge_words, read_words
from twlab.checks import check_count
from twlab.errors import InputError, warn
from twlab.table.blocks import row_marks
from twlab.table.rows import align_column, align_values
from twlab.table.segments import check_segments, clip_mask, one_option, scale_rows, vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import Floats, Mask, Points, Positions, Values

__all__ = ["Probe", "probe"]

SIZES = (10, 30, 100, 300, 1000)
"""Numbers of labels in the learning curve, about evenly spaced in what they cost to make."""

N_REPEATS = 3
"""Draws of labels for each point of the curve; each costs a fit for each label, and each is
measured on all folds."""

SCORES = {
    "label": "object",
    "n_segments": "int64",
    "n_groups": "int64",
    "chance": "float64",
    "ap": "float64",
    "ap_low": "float64",
    "ap_high": "float64",
    "p_value": "float64",
    "leaky_ap": "float64",
    "brier": "float64",
    "brier_chance": "float64",
    "verdict": "object",
}


@dataclass(frozen=True)
class Probe:
    """What :func:`twlab.probe` returns.

    Attributes
    ----------
    estimator : sklearn.pipeline.Pipeline or None
        Fitted to all labels; ``predict_proba(tw.vectors(segments))`` are calibrated probabilities,
        a column for each of ``labels``. None where there is nothing to fit.
    labels : tuple of str
        What its columns are called.
    scores : DataFrame
        A row per label, as :func:`twlab.probe` says.
    curve : DataFrame
        Average precision against the number of labels.
    next : DataFrame
        The clips to label next.
    verdict : str
        All of it in a sentence.
    words : DataFrame
        A row per label that has words: how well these find it, and from which similarity on it may
        be said; without rows where no words are given.
    similarity : DataFrame
        Cosine of each segment, on the index of the table, with the words of each label.
    said : DataFrame of boolean
        Whether each segment has the label, as its words say; missing where they cannot tell.

    See Also
    --------
    twlab.probe : makes one

    Examples
    --------
    >>> import numpy as np, twlab as tw
    >>> clips = tw.clips(tw.sample())[:60]
    >>> found = tw.probe(clips, clips["start_sec"] < 90, groups=np.arange(60) % 5, n_next=1)
    >>> found.labels, found.scores["n_segments"].tolist(), len(found.next)
    (('start_sec',), [15], 0)
    """

    estimator: Any
    labels: tuple[str, ...]
    scores: pd.DataFrame
    curve: pd.DataFrame
    next: pd.DataFrame
    verdict: str
    words: pd.DataFrame
    similarity: pd.DataFrame
    said: pd.DataFrame

    def __repr__(self) -> str:
        return f"Probe({self.verdict})"


def probe(
    segments: pd.DataFrame,
    labels: Values | pd.DataFrame,
    *,
    words: str | Sequence[str] | Mapping[str, str | Points] | None = None,
    client: Embedder | None = None,
    model_name: str | None = None,
    error: float = 0.1,
    groups: Values = "video_id",
    n_next: int = 20,
    random_state: int = 0,
) -> Probe:
    """What vectors know of some labels, on videos that were not labelled, and what to label next.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of one option, labelled or not.
    labels : Series, array_like of n values, name of a column, or DataFrame of booleans
        One label per segment, missing where nobody gave one (what has another label does not have
        this one); truths, for one label; or a column of true and false for each label, missing
        where nobody looked, as :func:`twlab.annotate` returns it. Rows count where all columns are
        known, and equal rows of one video once; ``verdict`` says how many those are.
    words : mapping, str or sequence of str, optional
        What to look for, so that nothing need be learnt: for each label words, which the client
        embeds, **which is paid for**, or a vector of the model of the table. A text is the words
        of the only label; of a sequence each is a label and its words.
    client : Client, optional
        Embeds words; one request each.
    model_name : str, optional
        The model that embeds words where the table names none.
    error : float
        Share that may be wrong, in expectation, of what words say of the segments of a video.
    groups : name of a column, or array_like of n values
        What is held out whole; verdicts call it by the column's name. Stretches of one video in
        the place of videos measure how well the labels of that video carry over to its other
        stretches, no more.
    n_next : int
        How many clips to ask for.
    random_state : int
        For the draws of the curve, the intervals and the p-values.

    Returns
    -------
    Probe
        ``scores`` has for each label ``n_segments`` and ``n_groups`` that have it, its average
        precision ``ap`` in held-out groups between ``ap_low`` and ``ap_high`` (the middle 90 % of
        a bootstrap over groups), ``chance`` (the share of rows that have it), ``p_value`` (how
        rarely lines fitted anew would do as well if each video had the labels of another one; of
        one label alone),
        ``leaky_ap`` (what a split that mixes the clips of a video would have claimed), ``brier``
        (mean squared error of the calibrated probabilities in held-out groups) beside that of the
        label's share alone, and a ``verdict``, which takes all labels together (the highest of
        all in each deal). Where fewer than three groups have a label, or lack it, nothing is said
        of it; where the labels of groups can be exchanged in fewer than 20 ways that differ,
        as they cannot where all videos have the label at the same time, there is no ``p_value``.
        ``curve`` has the mean ``ap`` of these labels at ``n_labels``
        labelled segments drawn at random, with the range of three draws. ``next`` has, on the index
        of the table, the clips to label next, best first, with the likeliest ``label``, its
        ``probability`` and the ``uncertainty`` in bits.

        ``words`` has the same ``ap``, ``p_value`` and ``verdict`` of the cosine with the words,
        which learns nothing, and two bars learnt from the labels: a segment of a similarity of
        ``has_from`` or more has the label, one of ``lacks_to`` or less lacks it, and in between
        nothing is said (``said``). Of what either says of a further video, a share of ``error``
        is wrong in expectation over videos; ``has_wrong`` and ``lacks_wrong`` are what came of
        it in videos that had no part in the bar, ``has_said`` and ``lacks_said`` the share of
        their segments that is said. There is no bar where words find the label no better than
        chance, or the videos are too few: 4 for an error of .2, 9 for .1, 19 for .05.

    Raises
    ------
    InputError
        If the labels do not belong to the segments, options are mixed, or words have no label, come
        without a client or are of another model than the table.

    Warns
    -----
    TwlabWarning
        Where the labels do not carry any number, or rows have some of the columns and lack others.

    See Also
    --------
    twlab.annotate : labels of people onto segments
    twlab.search : rows alike to a few, without a model

    Notes
    -----
    The error of words holds where the further video, and the segments of it, are drawn as the
    labelled ones were (Angelopoulos et al., "Conformal risk control", ICLR 2024): label stretches
    or clips at random for it, as those of ``next`` are harder than most.

    Examples
    --------
    >>> import numpy as np, twlab as tw
    >>> rng = np.random.default_rng(0)
    >>> kind = np.tile([0, 1], 30)
    >>> made = tw.from_vectors(
    ...     rng.normal(size=(60, 8)) + 3 * np.outer(kind, np.eye(8)[0]),
    ...     start_sec=np.arange(60.0) % 10, end_sec=np.arange(60.0) % 10 + 1,
    ...     video_id=[f"film {k // 10}" for k in range(60)],
    ... )
    >>> found = tw.probe(made, kind == 1)
    >>> bool(found.scores["ap"].iloc[0] > 0.9)
    True
    >>> worded = tw.probe(made, kind == 1, words={"label": np.eye(8)[0]}, error=0.2)
    >>> bool(worded.words["ap"].iloc[0] > 0.9), worded.said.shape
    (True, (60, 1))
    """
    check_segments(segments)
    one_option(segments)
    check_count(n_next, "n_next", of="clips")
    _check_random_state(random_state)
    check_error(error)
    names, truth, known = _read_labels(segments, labels)
    usable = clip_mask(segments) if len(segments) else np.zeros(0, bool)
    rows, kept, free = _gather(segments, groups, truth, (known & usable, usable))
    rows = rows._replace(called=_name_groups(groups))
    worded = read_words(segments, words, names, client=client, model_name=model_name)
    rng = np.random.default_rng(random_state)
    found = judge_words(segments, usable, (rows, kept, names), worded, error, rng)
    rng = np.random.default_rng(random_state)
    reasons = [why_not(rows, k) for k in range(len(names))]
    judged = [k for k, reason in enumerate(reasons) if not reason]
    scores, curve, lines = _measure(rows, names, reasons, judged, rng)
    estimator = _fit_all(rows, lines) if judged else None
    wanted = _ask(segments, (rows, kept, free), (estimator, names), n_next)
    verdict = _tell(scores, rows)
    if not judged:
        warn(verdict)
    verdict += _tell_words(found.scores)
    return Probe(estimator, tuple(names), scores, curve, wanted, verdict, *found)


def _read_labels(segments: pd.DataFrame, labels: Any) -> tuple[list[str], Mask, Mask]:
    """Names of the labels, who has them, shape (n, n_labels), and of which rows that is known."""
    values = align_column(segments, labels, "labels")
    if not isinstance(values, pd.DataFrame):
        column = align_values(segments, values, "labels")
        if not _are_truths(column):
            texts = column.astype(object).where(column.notna(), None).map(str, na_action="ignore")
            names = sorted(texts.dropna().unique())
            truth = np.column_stack([(texts == name).to_numpy(bool) for name in names or [None]])
            return names, truth[:, : len(names)], texts.notna().to_numpy(bool)
        name = getattr(values, "name", None)
        values = pd.DataFrame({str(name) if name is not None else "label": column})
    _check_columns(values)
    wrong = [name for name in values.columns if not _are_truths(values[name])]
    if wrong:
        raise InputError(
            f"column {brief(wrong[0])} of the labels is {values[wrong[0]].dtype}; true and false "
            "were expected, as tw.annotate gives them; of one label per segment pass the column"
        )
    flags = values.astype("boolean")
    there = flags.notna().to_numpy(bool)
    known: Mask = np.asarray(there.all(axis=1))
    n_lost = int((there.any(axis=1) & ~known).sum())
    if n_lost:
        warn(
            f"{n_lost} of {len(known)} rows have some of the labels and lack others, and do not "
            "count; all columns, or none, were expected in a row; fill them, or probe the columns "
            "one by one"
        )
    truth = np.column_stack([flags[n].to_numpy(bool, na_value=False) for n in flags.columns])
    return [str(name) for name in flags.columns], truth, known


def _check_columns(labels: pd.DataFrame) -> None:
    """Refuse a table of labels without columns, or with two of one name."""
    if not labels.shape[1]:
        raise InputError(
            "labels is a DataFrame without columns; a column of true and false for each label was "
            "expected; add one, or pass one label for each row"
        )
    names = labels.columns.map(str)
    if not names.is_unique:
        raise InputError(
            f"labels has two columns called {brief(names[names.duplicated()][0])}; one for each "
            "label was expected; rename or drop one"
        )


def _check_random_state(value: Any) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 0:
        raise InputError(
            f"random_state is {brief(value)}; a whole number, 0 or more, was expected; leave it "
            "at 0 for the same result each time"
        )


def _are_truths(column: pd.Series[Any]) -> bool:
    there = column.dropna()
    return len(there) > 0 and pd.api.types.infer_dtype(there) == "boolean"


def _read_groups(segments: pd.DataFrame, groups: Any) -> Any:
    """The name of every row's group, as text."""
    values = align_values(segments, groups, "groups").astype(object)
    if values.isna().any():
        raise InputError(
            f"groups are missing in {int(values.isna().sum())} rows; one for each row was "
            "expected; fill or drop these rows"
        )
    return values.map(str).to_numpy(object).astype(str)


def _gather(
    segments: pd.DataFrame, groups: Any, truth: Mask, masks: tuple[Mask, Mask]
) -> tuple[Labelled, Positions, Positions]:
    """What is learnt from, where that lies in the table, and the usable rows without a label.

    The masks say which rows are labelled, and which are usable.
    """
    known, usable = masks
    group_names = _read_groups(segments, groups)
    matrix = vectors(segments)
    order = _own_order(segments, matrix, group_names)
    codes = np.unique(group_names, return_inverse=True)[1].reshape(-1)
    kept = _keep_once(order[known[order]], matrix, codes, truth)
    unlooked = np.zeros((len(matrix), 1), bool)
    around = _keep_once(order[usable[order]], matrix, codes, unlooked)
    free = _keep_once(order[(usable & ~known)[order]], matrix, codes, unlooked)
    group_codes = np.unique(codes[kept], return_inverse=True)[1].reshape(-1)
    backdrop_groups = _codes_among(codes[around], codes[kept])
    rows = Labelled(matrix[kept], truth[kept], group_codes, matrix[around], backdrop_groups)
    return rows, kept, free


def _own_order(segments: pd.DataFrame, matrix: Any, groups: Any) -> Positions:
    """The rows by group, time and vector, whatever order the table has."""
    marks = row_marks(matrix)
    start = pd.to_numeric(segments["start_sec"], errors="coerce").to_numpy(float, na_value=np.inf)
    return np.lexsort((marks, start, groups))


def _keep_once(rows: Positions, matrix: Any, codes: Positions, truth: Mask) -> Positions:
    """Of rows of one group with the same vector and labels, the first."""
    if not len(rows):
        return rows
    marks = row_marks(matrix[rows])
    labels = np.unique(truth[rows], axis=0, return_inverse=True)[1].reshape(-1)
    key = np.column_stack([codes[rows].astype(np.uint64), marks, labels.astype(np.uint64)])
    first = np.unique(key, axis=0, return_index=True)[1]
    return rows[np.sort(first)]


def _codes_among(codes: Positions, known: Positions) -> Positions:
    """The numbers of groups as the labelled rows count them, -1 for groups without a label."""
    there = np.unique(known)
    place = np.searchsorted(there, codes)
    fits = place < len(there)
    fits[fits] = there[place[fits]] == codes[fits]
    return np.where(fits, place, -1)


def _measure(
    rows: Labelled,
    names: list[str],
    reasons: list[str],
    judged: list[int],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[float, float]]]:
    """Scores, learning curve, and the line that calibrates each label."""
    empty = pd.DataFrame({"n_labels": [0], "ap": [0.0], "ap_low": [0.0], "ap_high": [0.0]})[:0]
    told = [count_label(rows, k, name) for k, name in enumerate(names)]
    # Of a label of which nothing can be said, the probability is its share.
    lines = [fit_line(np.zeros(len(rows.groups)), rows.truth[:, k]) for k in range(len(names))]
    curve, verdicts = empty, dict(enumerate(reasons))
    if judged:
        folds = assign_folds(rows)
        out = held_out_scores(rows, folds)
        leaky = _leaky_scores(rows, rng)
        for k in judged:
            told[k] |= _judge_label(rows, k, (folds, out[:, k], leaky[:, k]), rng)
            lines[k] = fit_line(out[:, k], rows.truth[:, k])
        curve = _draw_curve(rows, folds, judged, out, rng)
        verdicts |= judge_labels(rows, judged, told, rng)
    scores = pd.DataFrame(told, columns=list(SCORES)).astype(
        {k: v for k, v in SCORES.items() if k not in ("label", "verdict")}
    )
    return scores.assign(verdict=[verdicts[k] for k in range(len(names))]), curve, lines


def _leaky_scores(rows: Labelled, rng: Generator) -> Floats:
    """Scores by models that saw other clips of the same groups: every row is its own group."""
    alone = rows._replace(
        groups=np.arange(len(rows.groups)),
        backdrop_groups=np.full(len(rows.backdrop), -1),
    )
    return held_out_scores(alone, rng.permutation(len(rows.groups)) % 5)


def _judge_label(
    rows: Labelled, label: int, found: tuple[Positions, Floats, Floats], rng: Generator
) -> dict[str, float]:
    folds, out, leaky = found
    truth = rows.truth[:, label]
    low, high = interval_of(out, truth, rows.groups, rng)
    probability = held_out_probabilities(out, truth, rows.groups, folds)
    return {
        "ap": precision_of(out, truth),
        "ap_low": low,
        "ap_high": high,
        "leaky_ap": precision_of(leaky, truth),
        "brier": float(np.mean((probability - truth) ** 2)),
        "brier_chance": float(truth.mean() * (1 - truth.mean())),
    }


def _draw_curve(
    rows: Labelled, folds: Positions, judged: list[int], out: Floats, rng: Generator
) -> pd.DataFrame:
    """Mean AP over the labels at some numbers of labelled rows, the last with all there are."""
    of_row = folds[rows.groups]
    full = round(len(of_row) - len(of_row) / len(np.unique(of_row)))
    points = []
    for size in [size for size in SIZES if size < full]:
        drawn = [
            _mean_precision(rows, held_out_scores(rows, folds, n_labels=size, rng=rng), judged)
            for _ in range(N_REPEATS)
        ]
        points.append((size, float(np.mean(drawn)), min(drawn), max(drawn)))
    last = _mean_precision(rows, out, judged)
    points.append((full, last, last, last))
    return pd.DataFrame(points, columns=["n_labels", "ap", "ap_low", "ap_high"])


def _mean_precision(rows: Labelled, scores: Floats, judged: list[int]) -> float:
    return float(np.mean([precision_of(scores[:, k], rows.truth[:, k]) for k in judged]))


def _fit_all(rows: Labelled, lines: list[tuple[float, float]]) -> Any:
    """The pipeline of all labels, its log odds those of calibrated probabilities."""
    model = fit_probe(rows, np.ones(len(rows.groups), bool))
    slope, height = np.array(lines).T
    model[-1].coef_ = model[-1].coef_ * slope[:, None]
    model[-1].intercept_ = model[-1].intercept_ * slope + height
    return model


def _ask(
    segments: pd.DataFrame,
    known: tuple[Labelled, Positions, Positions],
    model: tuple[Any, list[str]],
    n_next: int,
) -> pd.DataFrame:
    """The rows to label next, with what the model thinks of them."""
    (rows, labelled, free), (estimator, names) = known, model
    matrix = vectors(segments)
    guess = estimator
    if guess is None and rows.truth.any():
        guess = fit_probe(rows, np.ones(len(labelled), bool))  # enough to ask, not to answer
    likely = np.zeros((len(segments), len(names)))
    weight = np.ones(len(segments))
    if guess is not None and len(free):
        likely[free] = guess.predict_proba(matrix[free])
        weight[free] = uncertainty_of(likely[free])
    chosen = most_telling(_place(matrix), labelled, free, weight[free], n_next)
    table = segments[["video_id", "start_sec", "end_sec"]].iloc[chosen]
    if estimator is None:
        return table.assign(label=None, probability=np.nan, uncertainty=np.nan)
    best = likely[chosen].argmax(axis=1)
    return table.assign(
        label=[names[k] for k in best],
        probability=likely[chosen, best],
        uncertainty=weight[chosen],
    )


def _place(matrix: Any) -> Any:
    """The rows at length 1, centred, at length 1 again."""
    unit = scale_rows(matrix)[0]
    if not len(unit):
        return unit
    away = unit - unit.mean(axis=0)
    return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)


def _name_groups(groups: Any) -> tuple[str, str]:
    """What one of the groups is called, and several."""
    if isinstance(groups, str) and groups == "video_id":
        return "video", "videos"
    # What was made of a column keeps its name, and is not what it was.
    of = f" of {brief(groups)}" if isinstance(groups, str) else ""
    return f"group{of}", f"groups{of}"


def _tell(scores: pd.DataFrame, rows: Labelled) -> str:
    """The scores in a sentence."""
    known, groups = scores[scores["ap"].notna()], rows.called[1]
    given = f"{len(rows.groups)} labelled clips of {len(set(rows.groups.tolist()))} {groups}"
    if not len(known):
        return (
            f"{given} do not say how well labels are found in other {groups}: for that each label "
            f"must be given and denied in {FEWEST_GROUPS} {groups} at least; label those of .next, "
            "or pass groups= with stretches of a video"
        )
    means = known[["ap", "chance", "leaky_ap"]].mean()
    claimed = (
        f"a split that mixes the clips of a {rows.called[0]} would have claimed "
        f"{means['leaky_ap']:.2f}; counted are {given}"
    )
    if known["p_value"].isna().all():
        return (
            f"cannot tell whether {len(known)} of {len(scores)} labels are found better than by "
            f"chance in {groups} that gave no label: mean AP {means['ap']:.2f}, by chance "
            f"{means['chance']:.2f}; {claimed}"
        )
    n_good = int(known["verdict"].str.startswith("found").sum())
    return (
        f"{n_good} of {len(scores)} labels are found better than by chance in {groups} that gave "
        f"no label: mean AP {means['ap']:.2f}, by chance {means['chance']:.2f}; {claimed}"
    )


def _tell_words(scores: pd.DataFrame) -> str:
    """What words come to, as the end of the sentence; empty where none are given."""
    if not len(scores):
        return ""
    n_said = int(scores[["has_from", "lacks_to"]].notna().any(axis=1).sum())
    known = scores["ap"].dropna()
    mean = f" (mean AP {known.mean():.2f})" if len(known) else ""
    return f"; words say {n_said} of {len(scores)} labels at the stated error{mean}"
