"""What clusters may be called: words near them or spoken in them; unnamed where it is chance.

Conventions
-----------
A vector of words lies apart from vectors of pictures, all in the same direction, and every film
has a tone of its own. A name is therefore judged by differences alone: how a cluster differs from
the mean of all clusters, beside how a name differs from the mean of all names. One cluster alone
differs from nothing, and stays unnamed. Equal rows count once.

Chance is reached by the best name of any cluster in one of a hundred tables whose clusters have
nothing to do with the names. Such are tables whose rows have their clusters exchanged. Of vectors,
also a name is judged that has nothing to do with any cluster: it is about as near to one as to the
differences of segments within clusters.

* :func:`name_clusters` - the name of each cluster, how well it fits, and what chance would reach

References
----------
Grootendorst, "BERTopic: neural topic modeling with a class-based TF-IDF procedure", 2022
(arXiv:2203.05794).
Liang et al., "Mind the gap: understanding the modality gap in multi-modal contrastive
representation learning", NeurIPS 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.named_vectors import stack_words
from twlab.analysis.judging.thresholds import keep_distinct
from twlab.errors import InputError
from twlab.table.rows import align_values, time_order
from twlab.table.segments import (
    check_segments,
    clip_mask,
    one_space,
    scale_rows,
    unit_vectors,
)
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import Floats, Matrix, Points, Positions, Values

__all__ = ["name_clusters"]

NAMELESS = "unnamed"
"""What a cluster is called that no name fits better than chance."""

SPOKEN = "transcription"
"""The column in which :func:`twlab.load` keeps what is spoken in a segment."""

NAMED_BY_CHANCE = 0.01
"""Tables in which chance names some cluster; said in the docstrings here. On 17 films with human
scenes (``tests/benchmarks/name_limits.py``), names of scenes of another source name 1.0 to 2.5 %
of the clusters, and at most .8 % get a wrong name beside their own. Leaving out BBC, OVSD, or RAI,
.01 is each time the loosest limit with at most 3 % of either. Half of it loses up to 3 % of the
right names; double names 1.0 to 3.5 % by foreign ones."""

N_EXCHANGES = 99
"""Exchanges of which none may do as well: as many as one in a hundred needs. What chance does in
one table of 120 is then named in 44 of 100; with half as many in 66, with double in 19."""

NO_DIFFERENCE = 1e-6
"""Length of a difference of unit vectors that float32 cannot tell from none."""

LEAST_DEGREES = 0.5
"""Of the distribution of a cosine where all lies along one line: every cosine is then 1 or -1, and
with half and with double nothing is named."""

SCORE_DIGITS = 9
"""Scores as good as equal: sums in another order differ in the sixteenth digit."""

MOST_EXCHANGED = 200
"""Rows of a cluster that are exchanged: directions of means of so many are distributed as those of
means of all, and a cluster of a hundred thousand costs no more."""

LEAST_SPOKEN = 2
"""Rows a word must be spoken in to name anything: once is no habit, however rare it is. With four,
what is said in all of a short scene of three rows would not name it."""


class _Judged(NamedTuple):
    """How well each name fits each cluster, and the best that chance would reach."""

    names: list[str]
    scores: Floats
    """Shape (clusters, names); of names beside the mean of the clusters."""
    chance: Floats
    basis: str


def name_clusters(
    segments: pd.DataFrame,
    labels: Values,
    *,
    vocabulary: Sequence[str] | Mapping[str, Points] | None = None,
    client: Embedder | None = None,
    model_name: str | None = None,
) -> pd.DataFrame:
    """A name for each cluster, from a vocabulary or from what is spoken; or that none fits.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of one embedding option and model. With words spoken, a column
        ``transcription`` as :func:`~twlab.load` gives it: texts, or lists of ``{start, end,
        value}``.
    labels : Series or array_like
        The cluster of each row, as :func:`~twlab.cluster` gives it; any other labels will do. A
        Series must have the index of the table. Rows with a missing label (or -1) take no part.
    vocabulary : sequence of str or mapping, optional
        Possible names, two or more, of more than one subject. A mapping gives each its vector, of
        the model of the table; of a sequence the client embeds each, **which is paid for**. Left
        out, names are words of the column ``transcription``.
    client : Client, optional
        Embeds the words of a sequence; one request each.
    model_name : str, optional
        The model that embeds them where the table names none.

    Returns
    -------
    DataFrame
        In order of ``label``: ``name``, or ``unnamed`` where none fits better than chance;
        ``nearest``, the name that fits best in any case; its ``score``; ``runner_up``, the next
        best, and ``margin``, how far that is behind; ``chance``, the score that the best name of
        any cluster exceeds in one of a hundred tables where names and clusters have nothing to do
        with each other, or rows have their clusters by chance; ``n_segments``; ``basis``,
        ``vocabulary`` or ``transcription``. Scores of a vocabulary are cosines between the
        cluster's difference from the mean of all clusters and
        the name's from the mean of all names, from -1 to 1. Scores of words are their class-based
        TF-IDF in the cluster, less its mean in the others. No score is a probability, and
        scores of different vocabularies do not compare.

    Raises
    ------
    InputError
        If the labels do not fit the table, it mixes options or models, the vocabulary has fewer
        than two names or one of them twice, its vectors do not fit, words come without a client,
        or there is neither a vocabulary nor anything spoken.

    See Also
    --------
    twlab.cluster : the cluster of each segment
    twlab.cluster_summary : what is in each cluster
    twlab.explore : shows the names on the map, with ``names=``

    Notes
    -----
    Names are proposals to be read beside the frames. That a name fits better than chance does not
    say that it is right: the vocabulary may lack the right one. Words spoken are counted row by
    row; what is said through one long scene fits that scene, whatever it shows.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.clips(tw.sample())
    >>> labels = tw.cluster(film, 3)
    >>> prototypes = {name: tw.vectors(film[labels == k])[::2].mean(axis=0)
    ...               for k, name in enumerate(["titles", "meadow", "wood"])}
    >>> tw.name_clusters(film, labels, vocabulary=prototypes)["name"].tolist()
    ['titles', 'meadow', 'wood']
    """
    check_segments(segments)
    one_space(segments)
    rows, group, found = _group_rows(segments, labels)
    if vocabulary is None:
        _refuse_idle(client, model_name)
    if not len(rows):
        basis = SPOKEN if vocabulary is None else "vocabulary"
        judged = _Judged([], np.zeros((0, 0)), np.zeros(0), basis)
    elif vocabulary is None:
        judged = _judge_speech(segments.iloc[rows], group, len(found))
    else:
        names, matrix = _embed_names(segments, vocabulary, client, model_name)
        judged = _judge_vectors(segments.iloc[rows], group, len(found), names, matrix)
    return _tidy(found, np.bincount(group, minlength=len(found)), judged)


def _group_rows(segments: pd.DataFrame, labels: Any) -> tuple[Positions, Positions, Any]:
    """Positions of the rows with a label, by time, the cluster of each, and the labels in order."""
    label = align_values(segments, labels, "labels").infer_objects()
    usable = (label.notna() & label.ne(-1)).to_numpy(bool) & clip_mask(segments)
    rows = np.flatnonzero(usable)
    rows = rows[time_order(segments.iloc[rows])]
    codes, found = pd.factorize(label.iloc[rows], sort=True)
    return rows, codes.astype(np.intp), found


def _refuse_idle(client: Any, model_name: Any) -> None:
    """Refuse what would embed a vocabulary where none is given."""
    for name, value in (("client", client), ("model_name", model_name)):
        if value is not None:
            raise InputError(
                f"{name} is given without a vocabulary, whose words it is for; words to choose "
                "names from were expected; pass vocabulary=['forest', 'street'], or leave "
                f"{name} out to name clusters by what is spoken"
            )


def _embed_names(
    segments: pd.DataFrame, vocabulary: Any, client: Embedder | None, model_name: str | None
) -> tuple[list[str], Matrix]:
    """The names in alphabetical order, and the vector of each, shape (names, d)."""
    if isinstance(vocabulary, Mapping | pd.Series):
        if client is not None or model_name is not None:
            raise InputError(
                "the vocabulary has its vectors already, so there is nothing to embed; words or "
                "vectors were expected; leave client and model_name out, or pass the words as a "
                "list"
            )
        names = _check_names(list(vocabulary.keys()))
        given = {name: vocabulary[name] for name in names}
        return names, stack_words(segments, given, client=None, model_name=None)
    if isinstance(vocabulary, str) or not hasattr(vocabulary, "__iter__"):
        raise InputError(
            f"vocabulary is {brief(vocabulary)}; a list of names, or a dict of names and their "
            "vectors, was expected; pass vocabulary=['forest', 'street']"
        )
    names = _check_names(list(vocabulary))
    if client is None:
        raise InputError(
            f"vocabulary has {len(names)} names without vectors; words need a client to be "
            "embedded; pass client=tw.Client(), which pays one request for each, or a dict of "
            "names and their vectors"
        )
    spoken = {name: name for name in names}
    return names, stack_words(segments, spoken, client=client, model_name=model_name)


def _check_names(names: list[Any]) -> list[str]:
    """The names in alphabetical order: of equally good ones the first is taken, whatever came."""
    odd = [name for name in names if not isinstance(name, str) or not name.strip()]
    if odd:
        raise InputError(
            f"vocabulary has the name {brief(odd[0])}; a word or some was expected; leave it out"
        )
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InputError(
            f"vocabulary has {brief(twice[0])} more than once; each name once was expected; leave "
            "the others out"
        )
    if len(names) < 2:
        raise InputError(
            f"vocabulary has {len(names)} names; two or more were expected, because a name is "
            "judged beside the others; add names of other subjects"
        )
    return sorted(names)


def _judge_vectors(
    table: pd.DataFrame, group: Positions, n_groups: int, names: list[str], matrix: Matrix
) -> _Judged:
    """Cosines of clusters and names, each beside the mean of its kind."""
    unit = unit_vectors(table)
    some = keep_distinct(table[["video_id", "start_sec", "end_sec"]], unit)
    some = some[unit[some].any(axis=1)]
    means = np.zeros((n_groups, unit.shape[1]))
    np.add.at(means, group[some], unit[some].astype(np.float64))
    sizes = np.bincount(group[some], minlength=n_groups)
    means /= np.maximum(sizes, 1)[:, None]
    there = sizes > 0
    apart = _less_mean(means, there)
    words = _directions(_less_mean(scale_rows(matrix)[0].astype(np.float64)))
    within = unit[some] - means[group[some]]
    levels = _chance_levels(words, within, int(there.sum()) * len(names))
    scores = _directions(apart) @ words.T
    nearest = np.argmax(np.round(scores, SCORE_DIGITS), axis=1)
    reached = _exchanged_reach(unit[some], sizes[there], words / levels[:, None])
    chance, length = np.ones(n_groups), np.linalg.norm(apart[there], axis=1)
    far = reached * _drawn_lengths(sizes[there]) / np.maximum(length, NO_DIFFERENCE)
    chance[there] = np.clip(levels[nearest[there]] * np.maximum(far, 1), None, 1)
    return _Judged(names, scores, chance, "vocabulary")


def _less_mean(rows: Floats, there: Any = None) -> Floats:
    """How rows differ from the mean of those that are there; zeros for the others."""
    some = np.ones(len(rows), bool) if there is None else there
    return np.asarray(
        np.where(some[:, None], rows - rows[some].sum(axis=0) / max(some.sum(), 1), 0)
    )


def _directions(rows: Floats) -> Floats:
    """Rows of length 1, or zeros; what is left by rounding has a direction that says nothing."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(
        np.where(length > NO_DIFFERENCE, rows / np.maximum(length, NO_DIFFERENCE), 0.0)
    )


def _chance_levels(words: Floats, within: Floats, n_tries: int) -> Floats:
    """For each name the cosine that one of so many pairs exceeds in one of a hundred tables.

    The mean square of the cosine of unrelated directions is 1 / d in d dimensions. A model uses
    some directions more than others, and so its vectors have fewer dimensions than numbers: as
    many as a name makes with how segments differ within their clusters, which no name is of. Of
    sixty drawn vocabularies in each of twelve forms, one or none is named; with 1 / d alone 38 to
    60 are in the six forms that use some directions more.
    """
    from scipy.stats import t

    apart = _directions(within)
    own = ((apart @ words.T) ** 2).mean(axis=0) if len(apart) else np.zeros(len(words))
    degrees = np.maximum(1 / np.clip(own, 1 / words.shape[1], 1) - 1, LEAST_DEGREES)
    far = t.isf(NAMED_BY_CHANCE / max(n_tries, 1), degrees)
    return np.asarray(far / np.sqrt(degrees + far**2))


def _exchanged_reach(unit: Matrix, sizes: Positions, words: Floats) -> float:
    """How far any cluster goes towards any name, where rows have their clusters exchanged.

    Measured by the length that differences of drawn clusters have: what a film has most of leads
    these as well, and a name of that is near to them, but they are short. Of the sample, 2
    in a hundred tables with exchanged labels get a name from its trailer, without this 16. Where
    each cluster is one row, or one is all, nothing can be exchanged, and 0 comes back.
    """
    if len(sizes) < 2 or sizes.max() < 2:
        return 0.0
    some = np.sort(np.minimum(sizes, MOST_EXCHANGED))[::-1]
    starts, usual = np.cumsum(some) - some, _drawn_lengths(some)[:, None]
    rng, best = np.random.default_rng(0), 0.0
    for _ in range(N_EXCHANGES):
        rows = unit[rng.permutation(len(unit))[: some.sum()]].astype(np.float64)
        means = np.add.reduceat(rows, starts) / some[:, None]
        best = max(best, float((_less_mean(means) @ words.T / usual).max()))
    return best


def _drawn_lengths(sizes: Positions) -> Floats:
    """How long differences from the mean of the means are if rows are drawn, up to a factor."""
    n, part = max(len(sizes), 1), 1 / sizes
    return np.asarray(np.sqrt((1 - 2 / n) * part + part.sum() / n**2))


def _judge_speech(table: pd.DataFrame, group: Positions, n_groups: int) -> _Judged:
    """Class-based TF-IDF of the words spoken, each beside its mean in the other clusters."""
    texts = _speech(table)
    places = table[["video_id", "start_sec", "end_sec"]].reset_index(drop=True).assign(said=texts)
    fresh = ~places.duplicated().to_numpy(bool) & np.array([bool(text) for text in texts])
    some = np.flatnonzero(fresh)
    some = some[np.argsort(places["said"].to_numpy(object)[some], kind="stable")]
    names, counts = _word_counts([texts[row] for row in some])
    scores = _contrast(counts, group[some], n_groups)
    reached = np.zeros((N_EXCHANGES, n_groups))
    rng = np.random.default_rng(0)
    for k in range(N_EXCHANGES):
        exchanged = rng.permutation(group[some])
        reached[k] = _contrast(counts, exchanged, n_groups).max(axis=1, initial=0)
    usual = np.median(reached, axis=0)
    times = np.divide(reached, usual, out=np.ones_like(reached), where=usual > 0)
    level = np.maximum(usual * times.max(initial=1), reached.max(axis=0))
    return _Judged(names, scores, level, SPOKEN)


def _speech(table: pd.DataFrame) -> list[str]:
    """What is spoken in each row, as one text; empty where nothing is."""
    cells = table[SPOKEN].tolist() if SPOKEN in table.columns else []
    texts = [_text_of(cell) for cell in cells]
    if not any(texts):
        missing = "is empty" if SPOKEN in table.columns else "is not there"
        raise InputError(
            f"the column {SPOKEN!r} {missing}, and no vocabulary is given; words to choose names "
            f"from were expected; pass vocabulary=, or add what is spoken as a column {SPOKEN!r}"
        )
    return texts


def _text_of(cell: Any) -> str:
    """A text, or the values of the entries of a transcript."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, list | tuple | np.ndarray):
        values = (entry.get("value") for entry in cell if isinstance(entry, Mapping))
        return " ".join(value for value in values if isinstance(value, str)).strip()
    return ""


def _word_counts(texts: list[str]) -> tuple[list[str], Any]:
    """Words in alphabetical order and how often each is in each text, a sparse matrix."""
    from sklearn.feature_extraction.text import CountVectorizer

    reader = CountVectorizer(token_pattern=r"(?u)\b[^\W\d_][\w'’-]+\b")
    if not any(map(reader.build_analyzer(), texts)):
        return [], np.zeros((len(texts), 0))
    counts = reader.fit_transform(texts).tocsc()
    kept = np.flatnonzero(np.diff(counts.indptr) >= LEAST_SPOKEN)
    return reader.get_feature_names_out()[kept].tolist(), counts[:, kept].tocsr()


def _contrast(counts: Any, group: Positions, n_groups: int) -> Floats:
    """How much more a word is of a cluster than of the others, shape (clusters, words).

    A word's share of what is spoken in the cluster, times ln(1 + a / f): a, the words spoken in a
    cluster on the average, f, how often that one is spoken in all.
    """
    from scipy.sparse import csr_array

    places = (group, np.arange(len(group)))
    member = csr_array((np.ones(len(group)), places), shape=(n_groups, len(group)))
    said = (member @ csr_array(counts)).toarray()
    total = said.sum(axis=1, keepdims=True)
    often = np.maximum(said.sum(axis=0), 1)
    weight = said / np.maximum(total, 1) * np.log1p(total.sum() / n_groups / often)
    others = (weight.sum(axis=0) - weight) / max(n_groups - 1, 1)
    return np.asarray(weight - others if n_groups > 1 else np.zeros_like(weight))


def _tidy(found: Any, sizes: Positions, judged: _Judged) -> pd.DataFrame:
    """The table of the best two names of each cluster."""
    n, (names, scores) = len(found), (judged.names, judged.scores)
    padded = np.full((n, max(2, len(names))), -np.inf)
    padded[:, : len(names)] = scores
    order = np.argsort(-np.round(padded, SCORE_DIGITS), axis=1, kind="stable")[
        :, :2
    ]  # ties by the alphabet
    best = np.take_along_axis(padded, order, axis=1)
    words = np.array([*names, None, None], dtype=object)
    known = np.isfinite(best)
    two = words[np.where(known, order, len(names))]
    score = np.where(known, best, np.nan)
    fits = known[:, 0] & (best[:, 0] > judged.chance) & (best[:, 0] > 0)
    return pd.DataFrame(
        {
            "label": found,
            "name": pd.Series(np.where(fits, two[:, 0], NAMELESS), dtype=object),
            "nearest": pd.Series(two[:, 0], dtype=object),
            "score": score[:, 0],
            "runner_up": pd.Series(two[:, 1], dtype=object),
            "margin": score[:, 0] - score[:, 1],
            "chance": judged.chance,
            "n_segments": sizes,
            "basis": judged.basis,
        }
    )
