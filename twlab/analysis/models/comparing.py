"""How far two models tell the same story of the same films, against chance.

* :func:`compare_models` - six measures of likeness, each with what chance gives, and clip by clip
* :class:`ModelComparison` - what it returns
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.judging.chance import centre_pairs
from twlab.analysis.models.likeness import MEASURES, SAME_DIGITS, side_of
from twlab.analysis.models.nulls import (
    FEWEST_DEALT,
    interval,
    measure_films,
    shift_p,
)
from twlab.analysis.models.pairing import pair_up
from twlab.analysis.scenes.segmentation import scenes
from twlab.table.segments import str_column, unit_vectors

if TYPE_CHECKING:
    from twlab.analysis.models.pairing import SharedVideo, SharedVideos
    from twlab.table.types import Floats, Positions

__all__ = ["ModelComparison", "compare_models", "likeness_ranks"]

FIGURES = ("value", "low", "high", "chance", "chance_95", "p_value", "least_p")

LARGEST_P = 0.05
"""Above it the likeness is no more than chance gives in one of twenty."""

CANNOT_TELL = "cannot tell"
MORE, NO_MORE = "more than chance", "no more than chance"

UNLIKE_FILMS = (
    "the videos differ in how they run along time, and others that run like each might give as much"
)

WITHIN = 1
"""Moments next to a clip that are not what is most like it elsewhere: a shot goes on there. Of
shots of films of three sources .09 to .14 have their neighbour as the most alike where none is left
out, of texts .39; at double what is most alike lies in the same scene less often (.34 to .46, of
texts .63, against .42 to .54 and .75)."""


@dataclass(frozen=True, repr=False)
class ModelComparison:
    """How alike two models are: measures over all films, and where they differ, clip by clip.

    Attributes
    ----------
    names : tuple of str
        What the first and the second are called: their models or options, else ``a`` and ``b``.
    measures : DataFrame
        One row per measure, see :func:`twlab.compare_models`.
    clips : DataFrame
        One row per moment that both have: ``video_id``, ``start_sec``, ``end_sec``; ``agreement``
        (correlation, -1 to 1, of what both say this moment is like in its video; low where they
        differ); ``like_a_sec``, ``like_b_sec`` (start of the moment of the video, not next to it,
        that is most like it for each).
    a, b : DataFrame
        The two tables on these moments: row ``i`` of ``a``, ``b`` and ``clips`` is of one moment.

    See Also
    --------
    twlab.compare_models : makes it
    twlab.plot.models : draws it

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    >>> found = tw.compare_models(both)
    >>> len(found.clips) == len(found.a) == len(found.b)
    True
    """

    names: tuple[str, str]
    measures: pd.DataFrame
    clips: pd.DataFrame
    a: pd.DataFrame
    b: pd.DataFrame

    def __repr__(self) -> str:
        """Who is compared on what, and the measures."""
        return f"{self._heading()}\n{self._short_table().to_string(float_format='{:.3f}'.format)}"

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from html import escape

        table = self._short_table().to_html(float_format="{:.3f}".format, na_rep="")
        return f"<p>{escape(self._heading())}</p>{table}"

    def _heading(self) -> str:
        """Who is compared, on how much."""
        n_videos = self.clips["video_id"].nunique()
        films = "1 video" if n_videos == 1 else f"{n_videos} videos"
        return f"{self.names[0]} and {self.names[1]}: {len(self.clips)} moments of {films}"

    def _short_table(self) -> pd.DataFrame:
        """The measures by name, without what is long."""
        names = ["value", "low", "high", "chance", "chance_95", "p_value", "verdict"]
        return self.measures.set_index("measure")[names]


def compare_models(a: pd.DataFrame, b: pd.DataFrame | None = None) -> ModelComparison:
    """How far two models, or two options, see the same films alike, against chance.

    Parameters
    ----------
    a : DataFrame
        A table of segments: of one model and option, or of two where ``b`` is left out.
    b : DataFrame, optional
        The table of the other. Rows are joined by ``video_id`` and time, and where the two cut a
        video differently, on cells of the longer typical segment. What one of them lacks is left
        out with a warning.

    Returns
    -------
    ModelComparison
        Its ``measures`` have one row each:

        * ``cka``: centred kernel alignment of the cosines within a video, debiased, at most 1;
        * ``rank_agreement``: Spearman's correlation of these cosines;
        * ``neighbors``: share of the 10 most similar moments of the video that both have;
        * ``agreement``: likeness beyond time, as :func:`twlab.compare_options` measures it;
        * ``scenes``: F-measure of the boundaries of :func:`twlab.scenes`, within one moment;
        * ``retrieval``: share of the 10 best hits in *other* videos that both have.

        ``value`` is the mean over videos; ``low`` and ``high`` its 95 % interval for films like
        these, by resampling videos (missing with fewer than five; of just five it holds the truth
        nine times in ten); ``chance`` and ``chance_95`` the mean and 95 % point of what the two
        give as strangers; ``p_value`` the share of draws of chance that give as much, missing
        where these draws are no chance (see Notes), ``least_p`` the smallest that there can be;
        ``chance_from`` ``other films`` or ``shifts in time``;
        ``n_videos``; ``verdict``: ``more than chance``, ``no more than chance`` (p above .05), or
        ``cannot tell``, and ``note`` then says why.

    Raises
    ------
    InputError
        If a table is not one of segments or of one model and option, or the two have no videos or
        too few moments in common.

    See Also
    --------
    twlab.plot.models : where the two differ, drawn
    twlab.compare_options : every pair of options of every video

    Notes
    -----
    Never read ``value`` without ``chance``: what runs smoothly along time is alike. With five
    videos or more, chance is the same two models on *different* films of about the same length.
    With fewer it is the video shifted in time, a verdict needs the consent of
    :func:`twlab.compare_options`, and there is no interval. Videos that differ much in how they run
    share that with themselves alone: ``more than chance``, and a p of .05 or less, is said only
    where they exceed nine tenths of their own strangers, too. Six measures are six tests: one in
    twenty of each errs among strangers. A high value says that two models are alike, not that
    either is good. Equal rows count once; of a long video at most 500 moments are compared.

    EfficientNet-Lite0 and Lite2 on 18 films: debiased CKA .98 where chance is .53, neighbours .83
    (.55), retrieval .62 (.03). With noise added to one model, in ten levels, no measure ever rises.
    Of 133 divisions of 16 films into two halves that share none, one model on each, all measures
    but retrieval were called more than chance in none, retrieval in 3.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    >>> found = tw.compare_models(both)
    >>> found.measures["chance_from"].unique().tolist()
    ['shifts in time']
    """
    pairs = pair_up(a, b)
    tables = pairs.tables()
    measures = _judge(pairs.videos, _scene_cuts(pairs, tables))
    return ModelComparison(pairs.names, measures, _clip_table(pairs.videos), *tables)


def _scene_cuts(
    pairs: SharedVideos, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> list[tuple[Positions, Positions]]:
    """Where scenes begin for each model, as moments of each video."""
    by_model = []
    for table in tables:
        found = scenes(table)
        by_model.append(dict(list(found.groupby(found["video_id"].astype(str))["start_sec"])))
    return [
        (
            np.searchsorted(pair.start_sec, by_model[0][pair.video_id].to_numpy()[1:]),
            np.searchsorted(pair.start_sec, by_model[1][pair.video_id].to_numpy()[1:]),
        )
        for pair in pairs.videos
    ]


def _judge(videos: list[SharedVideo], cuts: list[tuple[Positions, Positions]]) -> pd.DataFrame:
    """The table of measures, given where each model's scenes begin in each video."""
    measured = measure_films(videos, cuts)
    by_films = len(videos) >= FEWEST_DEALT
    consent, objection = (0.0, None) if by_films else shift_p(videos)
    rows = []
    for k, name in enumerate([*MEASURES, "retrieval"]):
        own = measured.values[:, k]
        row = _measure_row(own[np.isfinite(own)], measured.chances[k])
        row |= {"measure": name, "note": objection}
        row["chance_from"] = "other films" if by_films else "shifts in time"
        if np.isnan(row["value"]):
            row["note"] = _reason_for_none(name, len(videos))
        elif name == "agreement" and not by_films:
            row["p_value"] = consent  # all shifts there are, rather than some
        else:
            row["p_value"] = np.nan if objection else max(row["p_value"], consent)
        row["verdict"] = _verdict(row["p_value"])
        if row["verdict"] == MORE and measured.outdone[k] <= 0:
            row |= {"verdict": CANNOT_TELL, "note": UNLIKE_FILMS, "p_value": np.nan}
        rows.append(row)
    names = ["measure", *FIGURES, "chance_from", "n_videos", "verdict", "note"]
    table = pd.DataFrame(rows, columns=names)
    for name in ("measure", "chance_from", "verdict", "note"):
        table[name] = str_column(table[name])
    return table


def _measure_row(own: Floats, chances: list[Floats]) -> dict[str, Any]:
    """A measure over films, beside the chance that gives the most."""
    known = [chance[np.isfinite(chance)] for chance in chances]
    row: dict[str, Any] = dict.fromkeys(FIGURES, np.nan) | {"n_videos": len(own)}
    if not len(own) or not all(len(chance) for chance in known):
        return row
    value = float(own.mean())
    p = [np.r_[True, chance >= value - 10.0**-SAME_DIGITS].mean() for chance in known]
    chance = known[int(np.argmax(p))]
    low, high = interval(own)
    numbers = (value, low, high, float(chance.mean()), float(np.quantile(chance, 0.95)))
    return row | dict(zip(FIGURES, (*numbers, float(max(p)), 1 / (1 + len(chance))), strict=True))


def _reason_for_none(name: str, n_videos: int) -> str:
    """Why a measure has no value."""
    if name == "retrieval" and n_videos < 2:
        return "one video; hits are sought in others"
    if name == "scenes":
        return "neither model finds more than one scene in any video"
    return "nothing changes in any video for one of the models"


def _verdict(p_value: float) -> str:
    """What may be said."""
    if np.isnan(p_value):
        return CANNOT_TELL
    return MORE if p_value <= LARGEST_P else NO_MORE


def _clip_table(videos: list[SharedVideo]) -> pd.DataFrame:
    """Moment by moment, how far the two agree and what each finds most like it."""
    tables = []
    for pair in videos:
        matrices = [np.round(side @ side.T, SAME_DIGITS) for side in (pair.a, pair.b)]
        table = pd.DataFrame({"start_sec": pair.start_sec, "end_sec": pair.end_sec})
        table.insert(0, "video_id", str_column([pair.video_id] * len(table)))
        table["agreement"] = _row_agreement(*map(centre_pairs, matrices))
        for name, similar in zip("ab", matrices, strict=True):
            table[f"like_{name}_sec"] = pair.start_sec[_most_like(similar)]
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _row_agreement(first: Floats, second: Floats) -> Floats:
    """Correlation of each row of two centred matrices, the diagonal taking no part."""
    products = (first * second).sum(axis=1)
    sizes = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    out = np.full(len(first), np.nan)
    return np.asarray(np.divide(products, sizes, out=out, where=sizes > 10**-SAME_DIGITS))


def _most_like(similar: Floats) -> Positions:
    """The moment most like each, those next to it left out; the first of equals."""
    at = np.arange(len(similar))
    far = np.abs(at[:, None] - at) > WITHIN
    return np.asarray(np.where(far, similar, -np.inf).argmax(axis=1), np.intp)


def likeness_ranks(rows: pd.DataFrame) -> Floats:
    """The share of all pairs of rows that are less alike than each, 0 to 1; 1 on the diagonal.

    Cosines of two models share no scale; these do.
    """
    ranks = side_of(unit_vectors(rows).astype(np.float64), np.empty(0, np.intp)).ranks
    shares = (ranks - 1) / max(1.0, float(ranks.max()) - 1)
    np.fill_diagonal(shares, 1.0)
    return shares
