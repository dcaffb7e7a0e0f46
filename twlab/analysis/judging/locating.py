"""Moments: the spans of time that answer a query, with boundaries and a threshold.

The curve of a query is how far it stands out along each video (:mod:`.curves`), a moment is a span
around a peak of it (:mod:`.rises`), and a peak is one only where it reaches a threshold. What that
is based on depends on what can be known: segments of the searched options are compared as such
segments are with one another, so the similarity of unrelated segments tells; of words nothing
comparable is at hand, and of a vector it is not known what it is, so they may also be read against
vectors that mean nothing.

* :func:`moments` - spans in time, best first
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.curves import curve_on, lay_cells
from twlab.analysis.judging.named_queries import name_queries
from twlab.analysis.judging.places import check_asked
from twlab.analysis.judging.rises import rise_spans
from twlab.analysis.judging.searched import prepare_search
from twlab.analysis.judging.thresholds import unrelated_similarities
from twlab.analysis.neighbors.similarity import dot_rows
from twlab.checks import check_count, is_number
from twlab.errors import InputError, warn
from twlab.table.conditions import choose
from twlab.table.segments import str_column
from twlab.table.tracks import times_of
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.analysis.judging.curves import Curve, TimeCells
    from twlab.analysis.judging.places import Compared
    from twlab.analysis.judging.queries import Embedder
    from twlab.analysis.judging.rises import Rise
    from twlab.analysis.judging.searched import Searched
    from twlab.table.types import Mask, Query

__all__ = ["moments"]

CHANCE = 0.05
"""Share of vectors of random direction that have a moment. On six films .04 of them have one, .16
of the scenes that are there and .23 of strange shots; at half .02, .12 and .18, at double .08, .21
and .31. So no choice of it tells what is there: it is kept at what is usual."""

N_DIRECTIONS = 200
"""Random directions that tell the highest place of a vector that means nothing. The share of such
vectors above the level is then .05 with a standard error of .015; at half .022, at double .011."""

UNRELATED = 0.99
"""Quantile of the similarities of unrelated segments that a peak reaches. 18 films: of scenes that
are there, looked for by the mean of every other shot, .95 reach it, of shots of other sources .07,
of other episodes .26; at the 98th .96, .12 and .34, at the 99.5th .86, .03 and .21."""

LIKE_ITSELF = 1 - 1e-4
"""Similarity from which on a clip is the query itself: float16 keeps as much of a cosine."""


class _Level(NamedTuple):
    """What a peak must reach, and what that is based on."""

    basis: str
    values: tuple[float, ...]
    """Of a similarity one for each option."""
    passes: Mask


def moments(
    query: Query | Mapping[str, Query] | None,
    segments: pd.DataFrame,
    *,
    text: str | None = None,
    k: int = 10,
    threshold: float | None = None,
    by: str | Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    client: Embedder | None = None,
    model_name: str | None = None,
    video_id: str | Sequence[str] | None = None,
    start_sec: float | None = None,
    end_sec: float | None = None,
    where: str | None = None,
) -> pd.DataFrame:
    """The spans of time that answer a query, best first; none where nothing rises.

    Parameters
    ----------
    query : DataFrame, array_like of shape (d,) or (q, d), str or Path, or dict of these by name
        One query as :func:`twlab.search` takes it, or several by their names; None where ``text``
        says it.
    segments : DataFrame
        What is searched. Rows without a length in time are left out, with a warning.
    text : str, optional
        Words to look for in place of `query`, whatever they look like.
    k : int
        How many moments of each query at most.
    threshold : float, optional
        The least score of a moment, 0 or more, in place of the one from the data: 0 gives the best
        spans of every video, whatever they are.
    by, weights, client, model_name, video_id, start_sec, end_sec, where
        As for :func:`twlab.search`.

    Returns
    -------
    DataFrame
        One row per moment, as :func:`twlab.evaluate` takes them:

        * ``query_id`` and ``label``: the key of the query in the dict, or else its words, or
          ``"query"``; ``rank`` from 1 in each query
        * ``video_id``, ``start_sec``, ``end_sec``: of one query no two overlap
        * ``peak_sec``, the middle of where the curve is highest, and ``score``, its height there:
          robust standard deviations above the ordinary, as in :func:`twlab.search`
        * ``basis`` and ``threshold``: what the peak reached. ``"unrelated"``: the similarity that
          one in 100 pairs of unrelated segments reaches, as :func:`twlab.threshold` has it;
          ``"chance"``: the score that the highest place of one in 20 vectors of random direction
          reaches; ``"given"``: yours
        * ``<option>_similarity``: the cosine at the peak, the mean of the clips there

        Moments of one score are in order of video and time. Without any the table is empty, with
        all columns.

    Raises
    ------
    InputError
        As :func:`twlab.search`; also if no row has a length in time, or the threshold is no score.

    Warns
    -----
    TwlabWarning
        Of rows without a length in time.

    See Also
    --------
    twlab.search : places, whatever their score
    twlab.evaluate : how good moments are, beside true ones
    twlab.threshold : the similarity of unrelated segments
    twlab.plot.storyboard : moments as pictures
    twlab.save_spans : moments as a file of annotations

    Notes
    -----
    The edges of all clips cut a video into cells. In each option a cell has the mean standing of
    the clips over it; options are joined as in a search. A moment is the maximal scoring segment
    (Ruzzo and Tompa 1999) around a peak of the curve less .4 of the peak's height, weighed by
    seconds; where the peak is the query itself, less .16 of it, as a clip is like itself as no
    other is. It ends where there are no clips for three quarters of a second. What runs into a
    better moment without falling to its own level is part of that one. With ``threshold=0``, the
    first moment overlaps the scene looked for by .5 or more in 66 to 76 % of the scenes of three
    sources (18 films, by the mean of every other shot), and in 45 to 77 % where one shot is looked
    for.

    **What the threshold tells.** A segment of one of the options is read against unrelated segments
    (``"unrelated"``) alone. On 18 films .95 of the scenes reach that, .07 of the shots of other
    sources, and .26 of those of other episodes of the same: kin is not strange. Whether *words* are
    in a film no threshold tells: how far a curve rises does not separate what is there from what
    is not. Of the scenes above only .15 reach ``"chance"``, of strange shots .24. It keeps out
    vectors that mean nothing, one in 20 excepted, and no more. Where you know that there is an
    answer, take ``threshold=0`` and the first rank. Plain vectors, which may be anything, pass
    by either.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> found = tw.moments(film.iloc[[42]], film)
    >>> found[["rank", "start_sec", "end_sec", "peak_sec"]].head(2)
       rank  start_sec  end_sec  peak_sec
    0     1      222.0    282.0     255.0
    1     2      360.0    378.0     363.0
    """
    count, least = check_count(k, "k", of="moments"), _check_threshold(threshold)
    wanted = check_asked(by, weights, "standing")
    searched = prepare_search(segments, wanted, choose(video_id, start_sec, end_sec, where))
    _warn_of_untimed(searched)
    known = _Levels(searched, least)
    said = text if query is None else query
    named = said if isinstance(said, str) else "query"
    queries: Any = query if isinstance(query, Mapping) else {named: query}
    tables = [_no_moments(searched)]
    for name, one in name_queries(queries).items():
        rows = searched.embed(one, text, client=client, model_name=model_name)
        tables.append(_moments_of(name, rows, searched, known, count))
    full = [table for table in tables if len(table)]
    return pd.concat(full, ignore_index=True) if full else tables[0]


def _check_threshold(threshold: Any) -> float | None:
    if threshold is None:
        return None
    if not (is_number(threshold) and 0 <= float(threshold) < math.inf):
        raise InputError(
            f"threshold is {brief(threshold)}; a score, 0 or more, was expected; leave it out to "
            "have one from the data"
        )
    return float(threshold)


def _warn_of_untimed(searched: Searched) -> None:
    """Say which of the rows that are searched can lie in no moment; refuse where none can."""
    searched_rows = np.isin(searched.names, searched.options)
    start, end = times_of(searched.pool[searched_rows])
    timed = end > start
    if not timed.any():
        raise InputError(
            f"none of the {len(timed):,} rows that are searched has a length in time; segments of "
            "videos were expected; look for rows without time with tw.search"
        )
    left = int((~timed & searched.keep[searched_rows]).sum())
    if left:
        warn(
            f"{left:,} of {len(timed):,} rows have no length in time, so they lie in no moment and "
            "were left out; tw.search finds them"
        )


class _Levels:
    """What peaks must reach; each part is worked out when first asked for, for all queries."""

    def __init__(self, searched: Searched, given: float | None) -> None:
        self._searched, self._given = searched, given
        self._chance: dict[tuple[str, ...], float] = {}
        self._unrelated: dict[str, float] = {}
        self._cells: dict[tuple[str, ...], TimeCells] = {}

    def cells(self, found: Sequence[Compared]) -> TimeCells:
        """The cells of the options that a query is compared with."""
        key = tuple(one.name for one in found)
        if key not in self._cells:
            self._cells[key] = lay_cells(found, self._searched.pool)
        return self._cells[key]

    def of(self, rows: pd.DataFrame, found: Sequence[Compared], curve: Curve) -> list[_Level]:
        """The levels that a query of these rows is read against."""
        if self._given is not None:
            return [_Level("given", (self._given,), np.asarray(curve.height >= self._given))]
        values = tuple(self._far_level(one.name) for one in found)
        levels = [_Level("unrelated", values, np.asarray((curve.similar >= values).any(axis=1)))]
        if not (_are_segments(rows, self._searched.there) and np.isfinite(values).all()):
            level = self._chance_level(found)
            levels.append(_Level("chance", (level,), np.asarray(curve.height >= level)))
        return levels

    def _far_level(self, name: str) -> float:
        """The similarity that few unrelated rows of an option reach; NaN where none are there."""
        if name not in self._unrelated:
            rows, unit = self._searched.unit_rows(name)
            start, end = times_of(self._searched.pool.iloc[rows])
            timed = np.flatnonzero(np.isfinite(start) & np.isfinite(end))
            video = self._searched.pool["video_id"].iloc[rows[timed]].astype(str)
            code = pd.factorize(video, sort=True)[0]
            order = np.lexsort((end[timed], start[timed], code))
            mine = timed[order]
            far = unrelated_similarities(unit[mine], code[order], start[mine], end[mine])[0]
            self._unrelated[name] = float(np.quantile(far, UNRELATED)) if len(far) else np.nan
        return self._unrelated[name]

    def _chance_level(self, found: Sequence[Compared]) -> float:
        """The score that the highest place of few vectors of random direction reaches."""
        key = tuple(one.name for one in found)
        if key not in self._chance:
            cells, weights = self.cells(found), _weights_of(self._searched, found)
            rng, tops = np.random.default_rng(0), []
            for _ in range(N_DIRECTIONS):
                drawn = [_beside_random(self._searched, one.name, rng) for one in found]
                tops.append(curve_on(cells, drawn, weights).height.max(initial=-np.inf))
            self._chance[key] = float(np.quantile(tops, 1 - CHANCE, method="higher"))
        return self._chance[key]


def _are_segments(rows: pd.DataFrame, there: Sequence[str]) -> bool:
    """Whether all rows of a query are segments of options that are searched."""
    timed = "start_sec" in rows.columns and rows["start_sec"].notna().all()
    return bool(timed and rows["embedding_option"].astype(object).isin(list(there)).all())


def _beside_random(searched: Searched, name: str, rng: np.random.Generator) -> Compared:
    """An option beside a vector of random direction."""
    unit = searched.unit_rows(name)[1]
    direction = rng.standard_normal((1, unit.shape[1])).astype(np.float32)
    products = np.empty((len(unit), 1), np.float32)
    dot_rows(unit, direction / np.linalg.norm(direction), products)
    similar = np.where(unit.any(axis=1), products[:, 0].astype(np.float64), np.nan)
    return searched.beside(name, similar)


def _weights_of(searched: Searched, found: Sequence[Compared]) -> list[float]:
    return [searched.wanted.weights.get(one.name, 1.0) for one in found]


def _moments_of(
    name: str, rows: pd.DataFrame, searched: Searched, known: _Levels, k: int
) -> pd.DataFrame:
    """The moments of one query."""
    found = searched.compare(rows)
    cells = known.cells(found)
    curve = curve_on(cells, found, _weights_of(searched, found))
    levels = known.of(rows, found, curve)
    copies = np.asarray((curve.similar >= LIKE_ITSELF).any(axis=1))
    passes = np.asarray(np.any([level.passes for level in levels], axis=0))
    length = cells.end - cells.start
    spans = rise_spans(curve.height, length, cells.follows, passes, copies, k)
    spans.sort(key=lambda one: (-curve.height[one.peak], one.first))
    if not spans:
        return _no_moments(searched)
    peak, first, last = np.array(spans, np.intp).T
    table = pd.DataFrame(
        {
            "query_id": str_column([name] * len(spans)),
            "rank": np.arange(1, len(spans) + 1),
            "video_id": str_column(cells.video[first]),
            "start_sec": cells.start[first],
            "end_sec": cells.end[last - 1],
            "peak_sec": (cells.start[peak] + cells.end[peak]) / 2,
            "score": curve.height[peak],
            **_bases(levels, spans, curve),
            "label": str_column([name] * len(spans)),
        }
    )
    for column, one in enumerate(found):
        table[f"{one.name}_similarity"] = curve.similar[peak, column]
    return table.reindex(columns=_no_moments(searched).columns)


def _bases(levels: Sequence[_Level], spans: Sequence[Rise], curve: Curve) -> dict[str, Any]:
    """What each moment reached, the first of the levels that it did."""
    basis, values = [], []
    for span in spans:
        inside = slice(span.first, span.last)
        level = next(level for level in levels if level.passes[inside].any())
        value = level.values[0]
        if len(level.values) > 1:  # of the option that reached it
            reached = (curve.similar[inside] >= level.values).any(axis=0)
            value = level.values[int(reached.argmax())]
        basis.append(level.basis)
        values.append(value)
    return {"basis": str_column(basis), "threshold": np.array(values, np.float64)}


def _no_moments(searched: Searched) -> pd.DataFrame:
    """A table of moments without rows, with all columns."""
    text, whole, number = str_column([]), np.empty(0, np.int64), np.empty(0)
    columns = {
        **{"query_id": text, "rank": whole, "video_id": text},
        **{"start_sec": number, "end_sec": number, "peak_sec": number, "score": number},
        **{"basis": text, "threshold": number, "label": text},
        **{f"{name}_similarity": number for name in searched.options},
    }
    return pd.DataFrame(columns)
