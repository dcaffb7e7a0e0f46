"""How well words find labels by similarity alone, and from which similarity on a label may be said.

Words learn nothing: the score of a segment is the cosine of its vector and that of the words. What
labels give is how good that is in videos, beside chance, and two bars: from one on a segment has
the label, up to the other it lacks it, each with a stated error in a further video. In between,
and where labels carry no bar, nothing is said.

* :func:`read_words` - which label has which words or vector
* :func:`judge_words` - their scores, the similarities, and what they say
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.named_vectors import stack_words
from twlab.analysis.labelling.held_out import interval_of, precision_of
from twlab.analysis.labelling.stating import fewest_groups, find_bars, try_bars
from twlab.analysis.labelling.verdicts import GOOD, count_label, judge_labels, why_not
from twlab.checks import is_number
from twlab.errors import InputError
from twlab.table.segments import scale_rows, vectors
from twlab.wording import brief

if TYPE_CHECKING:
    from numpy.random import Generator

    from twlab.analysis.judging.queries import Embedder
    from twlab.analysis.labelling.held_out import Labelled
    from twlab.table.types import Floats, Mask, Matrix, Positions

__all__ = ["check_error", "judge_words", "read_words"]

N_DIGITS = 6
"""Of a cosine of float32: further ones depend on the order of the sum."""

WORDS = {
    "label": "object",
    "n_segments": "int64",
    "n_groups": "int64",
    "chance": "float64",
    "ap": "float64",
    "ap_low": "float64",
    "ap_high": "float64",
    "p_value": "float64",
    "error": "float64",
    "has_from": "float64",
    "has_wrong": "float64",
    "has_said": "float64",
    "lacks_to": "float64",
    "lacks_wrong": "float64",
    "lacks_said": "float64",
    "verdict": "object",
}


class Words(NamedTuple):
    """The labels that have words, and the vector of each."""

    names: list[str]
    vectors: Matrix
    """Shape (labels, d)."""


class Worded(NamedTuple):
    """What words find: a table of them, and of each segment its similarities and what is said."""

    scores: pd.DataFrame
    similarity: pd.DataFrame
    said: pd.DataFrame


def check_error(error: Any) -> None:
    """Refuse what is no share that may be wrong."""
    if not (is_number(error) and 0 < error < 1):
        raise InputError(
            f"error is {brief(error)}; the share that may be wrong, above 0 and below 1, was "
            "expected; pass such a one, as error=0.1"
        )


def read_words(
    segments: pd.DataFrame,
    words: Any,
    labels: Sequence[str],
    *,
    client: Embedder | None,
    model_name: str | None,
) -> Words:
    """The labels that have words, in order of their names, with a vector each."""
    if words is None:
        for name, value in (("client", client), ("model_name", model_name)):
            if value is not None:
                raise InputError(
                    f"{name} is given without words, which it is for; words to embed were "
                    "expected; pass words={'forest': 'trees close together'}, or leave it out"
                )
        return Words([], np.zeros((0, 0), np.float32))
    given = _name_words(words, labels)
    named = {name: given[name] for name in sorted(given)}
    for name, value in named.items():
        if isinstance(value, str) and not value.strip():
            raise InputError(
                f"the words of {brief(name)} are {brief(value)}; what to look for was expected; "
                "write it, or leave the label out"
            )
    return Words([*named], stack_words(segments, named, client=client, model_name=model_name))


def _name_words(words: Any, labels: Sequence[str]) -> dict[str, Any]:
    """Words or a vector for each label; refuses labels that nobody gave, where some are given."""
    if isinstance(words, str):
        if len(labels) != 1:
            raise InputError(
                f"words is {brief(words)} for {len(labels)} labels; words for each were expected; "
                "pass a dict of labels and their words"
            )
        return {labels[0]: words}
    if isinstance(words, Mapping | pd.Series):
        given = {str(name): value for name, value in words.items()}
    elif isinstance(words, Sequence) and all(isinstance(one, str) for one in words):
        given = {one: one for one in words}
    else:
        raise InputError(
            f"words is {brief(words)}; a dict of labels and their words or vectors, or a list of "
            "labels, was expected; pass words={'forest': 'trees close together'}"
        )
    if not given:
        raise InputError(
            "words are given for no label; one or more were expected; add some, or leave it out"
        )
    strange = [name for name in given if labels and name not in labels]
    if strange:
        raise InputError(
            f"words are given for {brief(strange[0])}, which no segment is labelled with (there "
            f"are: {', '.join(map(brief, labels[:5]))}); labels that are given were expected; "
            "rename it, or leave it out"
        )
    return given


def judge_words(
    segments: pd.DataFrame,
    usable: Mask,
    known: tuple[Labelled, Positions, list[str]],
    words: Words,
    error: float,
    rng: Generator,
) -> Worded:
    """How well words find labels in the labelled rows, and what they say of all of the table.

    ``known`` are the labelled rows, where they lie in the table, and the names of all labels.
    """
    rows, kept, labels = known
    cosines = _cosines(segments, usable, words)
    truth = np.zeros((len(kept), len(words.names)), bool)
    for k, name in enumerate(words.names):
        if name in labels:
            truth[:, k] = rows.truth[:, labels.index(name)]
    there = np.isfinite(cosines[kept]).all(axis=1)
    mine = rows._replace(vectors=rows.vectors[there], truth=truth[there], groups=rows.groups[there])
    scores = _score_words(mine, cosines[kept][there], words.names, float(error), rng)
    said = {}
    for k, name in enumerate(words.names):
        has = cosines[:, k] >= scores["has_from"].iloc[k]
        lacks = cosines[:, k] <= scores["lacks_to"].iloc[k]
        said[name] = pd.arrays.BooleanArray(has, ~(has | lacks))
    similarity = pd.DataFrame(cosines, index=segments.index, columns=words.names)
    return Worded(scores, similarity, pd.DataFrame(said, index=segments.index))


def _cosines(segments: pd.DataFrame, usable: Mask, words: Words) -> Floats:
    """Of each segment and the words of each label, shape (n, labels); none without a direction."""
    out = np.full((len(segments), len(words.names)), np.nan)
    if usable.any() and words.names:
        unit, empty = scale_rows(vectors(segments)[usable])
        cosines = unit.astype(np.float64) @ scale_rows(words.vectors)[0].astype(np.float64).T
        cosines[empty] = np.nan
        out[usable] = np.round(cosines, N_DIGITS)
    return out


def _score_words(
    rows: Labelled, cosines: Floats, names: list[str], error: float, rng: Generator
) -> pd.DataFrame:
    """A row for each label that has words, as :func:`twlab.probe` says."""
    told = [count_label(rows, k, name) | {"error": error} for k, name in enumerate(names)]
    verdicts = {k: why_not(rows, k) for k in range(len(names))}
    judged = [k for k, reason in verdicts.items() if not reason]
    for k in judged:
        truth = rows.truth[:, k]
        low, high = interval_of(cosines[:, k], truth, rows.groups, rng)
        told[k] |= {"ap": precision_of(cosines[:, k], truth), "ap_low": low, "ap_high": high}
    if judged:
        verdicts |= judge_labels(rows, judged, told, rng, scores=cosines)
    for k in judged:
        if verdicts[k].startswith(GOOD):
            case = (cosines[:, k], rows.truth[:, k], rows.groups, error)
            has, lacks = (one if np.isfinite(one) else np.nan for one in find_bars(*case))
            bars = {"has_from": has, "lacks_to": lacks}
            told[k] |= bars | try_bars(*case)
            verdicts[k] += "; " + _tell_bars(bars, rows, error)
    table = pd.DataFrame(told, columns=list(WORDS)).astype(
        {name: kind for name, kind in WORDS.items() if name not in ("label", "verdict")}
    )
    return table.assign(verdict=[verdicts[k] for k in range(len(names))])


def _tell_bars(bars: dict[str, float], rows: Labelled, error: float) -> str:
    """Whether anything may be said at that error, in a few words."""
    n_groups = len(np.unique(rows.groups))
    if n_groups < fewest_groups(error):
        return (
            f"cannot tell from which similarity on: {n_groups} labelled {rows.called[1]} state an "
            f"error of {1 / (n_groups + 1):.2g} at best, {error:g} takes {fewest_groups(error)}; "
            "label clips of others"
        )
    has, lacks = bars["has_from"], bars["lacks_to"]
    if np.isnan(has) and np.isnan(lacks):
        return f"cannot tell from which similarity on: at none is {error:g} or less wrong"
    parts = [f"has it from {has:.3f} on"] if np.isfinite(has) else []
    parts += [f"lacks it up to {lacks:.3f}"] if np.isfinite(lacks) else []
    return f"{' and '.join(parts)}, each wrong in {error:g} of what it says of a {rows.called[0]}"
