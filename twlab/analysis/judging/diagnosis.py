"""What a careful researcher checks before trusting a table of embeddings.

* :func:`diagnose` - the findings, in words and numbers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from twlab.analysis.judging.thresholds import FAR_CLIPS
from twlab.analysis.neighbors.twins import SAME_DISTANCE
from twlab.table.blocks import row_marks
from twlab.table.rows import time_order
from twlab.table.segments import (
    as_matrix,
    check_segments,
    clip_mask,
    infer_models,
    scale_rows,
    split_options,
    str_column,
)
from twlab.table.tracks import (
    LATE_SEC,
    TOUCH_SEC,
    clip_length,
    times_of,
    tracks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Matrix, Positions

    Finding = tuple[str, str, float, str, str]

__all__ = ["Facts", "diagnose", "report", "row_facts"]

ANISOTROPIC = 0.6
"""Mean cosine similarity from which on vectors share more than they differ in. Of 18 films it is
.41 to .60, of the sample film .55: one is at the edge. At half all would be told so, at double none
can be."""

NOT_UNIT = 0.01
"""Served clips are 1 long to 1e-6, whole-video vectors .70 to .92; half or double parts them too.
"""


SAMPLED_CLIPS = 2000
"""Clips of an option, evenly spread, that are compared with each other: 16 MB of similarities."""

SAME_SHARE = 0.025
"""Share of the usual distance between clips below which two are nearly the same. Blank frames are
so in spite of a codec's noise. Of 18 films it names common clips in 2; .0125 in 1, .05 in 4, and .2
in 9, among them whole scenes filmed from one place."""

FEWEST_PLACES = 3
"""Places from which on a clip comes back too often to be evidence of anything; two are a repeat."""


def diagnose(segments: pd.DataFrame) -> pd.DataFrame:
    """What is worth knowing about a table before it is analysed, one finding per row.

    Parameters
    ----------
    segments : DataFrame
        A table of segments; models, options and scopes may be mixed.

    Returns
    -------
    DataFrame
        ``subject`` (the option and model, or the video, that it is about), ``check``, ``value`` (a
        number), ``verdict`` (``"fine"``, ``"note"`` or ``"problem"``) and ``finding``, a sentence.
        Checked are: models, options and scopes that share the table, dimensions, lengths of
        vectors, zero vectors, anisotropy (the mean cosine similarity of different clips), repeated
        vectors, clips that come back nearly the same in three places or more (in as many videos,
        or after ten clips of something else: as blank frames, titles and silence do, which match
        each other everywhere; a picture that is held for long does not count as coming back), gaps
        and overlaps in time, rows without time.

    Raises
    ------
    InputError
        If the table is not one of segments.

    See Also
    --------
    twlab.check_segments : whether a table is fit for use
    twlab.check : everything wrong in a source
    twlab.compare_options : whether options tell the same story

    Examples
    --------
    >>> import twlab as tw
    >>> report = tw.diagnose(tw.sample())
    >>> report[report["check"] == "zero vectors"]["verdict"].tolist()
    ['fine']
    """
    check_segments(segments)
    bare = segments.drop(columns="model_name", errors="ignore")  # models may share the table

    def look(rows: Positions) -> Facts:
        cells = segments["embedding"].iloc[rows]
        width = np.array([np.size(cell) for cell in cells])
        if len(np.unique(width)) > 1:
            return Facts(width, np.zeros(len(rows)), np.zeros(len(rows), np.uint64))
        return row_facts(as_matrix(bare.iloc[rows]))

    return report(segments, look, lambda rows: as_matrix(bare.iloc[rows]))


class Facts(NamedTuple):
    """What is worth knowing of each row."""

    width: Positions
    length: Floats
    mark: NDArray[np.uint64]
    """The same number for the same vector."""


def row_facts(matrix: Matrix) -> Facts:
    """The facts of rows of one dimension."""
    n, width = matrix.shape
    length = np.linalg.norm(matrix.astype(np.float64), axis=1)
    return Facts(np.full(n, width), length, row_marks(matrix))


def report(
    places: pd.DataFrame, look: Callable[[Positions], Facts], take: Callable[[Positions], Matrix]
) -> pd.DataFrame:
    """What :func:`diagnose` returns, from rows that need not carry their vectors.

    ``look`` gives the facts of some rows, ``take`` their vectors.
    """
    rows = [*_mixture(places), *_vectors(places, look, take), *_times(places)]
    table = pd.DataFrame(rows, columns=["subject", "check", "value", "verdict", "finding"])
    for name in ("subject", "check", "verdict", "finding"):
        table[name] = str_column(table[name])
    return table.astype({"value": np.float64})


def _mixture(segments: pd.DataFrame) -> Iterator[Finding]:
    """What shares the table."""
    advice = {
        "model_name": "vectors of different models cannot be compared; filter to one",
        "embedding_option": "options share no scale; most functions work on one at a time",
        "embedding_scope": "whole-video rows are means of clips and are left out among clips",
    }
    for column, why in advice.items():
        if column not in segments.columns:
            continue
        cells = infer_models(segments) if column == "model_name" else segments[column]
        counts = cells.astype(object).value_counts(dropna=False)
        names = ", ".join(f"{name} ({count})" for name, count in counts.items())
        mixed = len(counts) > 1
        verdict = "fine" if not mixed else "problem" if column == "model_name" else "note"
        sentence = f"{names or 'no rows'}" + (f": {why}" if mixed else "")
        yield "table", column.replace("_", " ") + "s", len(counts), verdict, sentence


def _vectors(
    places: pd.DataFrame, look: Callable[[Positions], Facts], take: Callable[[Positions], Matrix]
) -> Iterator[Finding]:
    """What the vectors of each option and model are like."""
    keys = [name for name in ("embedding_option", "model_name") if name in places.columns]
    bare = places[keys].reset_index(drop=True)
    codes = bare.groupby(keys, dropna=False, observed=True) if keys else None
    groups = codes.indices if codes is not None else {"all": np.arange(len(places))}
    for key, found in groups.items():
        rows = np.asarray(found, np.intp)
        names = key if isinstance(key, tuple) else (key,)
        subject = ", ".join(str(name) for name in names if not pd.isna(name)) or "all"
        facts = look(rows)
        sizes = np.unique(facts.width).tolist()
        if len(sizes) > 1:
            yield (subject, "dimensions", len(sizes), "problem",
                   f"vectors of {sizes} dimensions; they come from different models")  # fmt: skip
            continue
        yield subject, "dimensions", sizes[0], "fine", f"{len(rows)} vectors of {sizes[0]} numbers"
        clip = clip_mask(places.iloc[rows])
        present = rows[clip & (facts.length > 0)]
        some = _some_of(present)
        some = some[time_order(places.iloc[some])]
        unit = scale_rows(take(some))[0] if len(some) else np.empty((0, 0), np.float32)
        for finding in _geometry(facts.length[clip], facts.mark[clip], unit):
            yield (subject, *finding)
        if len(some):
            yield (subject, *_find_common(places, some, unit))


def _some_of(rows: Positions) -> Positions:
    """All rows, or some at even steps where there are many."""
    steps = np.linspace(0, len(rows) - 1, min(len(rows), SAMPLED_CLIPS)).astype(np.intp)
    return rows[np.unique(steps)]


def _find_common(
    places: pd.DataFrame, rows: Positions, unit: Matrix
) -> tuple[str, float, str, str]:
    """Clips, in order of time, that come back nearly the same in many places."""
    start, end = times_of(places.iloc[rows])
    line = TimeOrder(pd.factorize(places["video_id"].iloc[rows])[0], start, end)
    away = _are_apart(line)
    far = 1 - unit @ unit.T
    usual = float(np.median(far[away])) if away.any() else 0.0
    counts = _n_places(line, far < max(SAME_SHARE * usual, SAME_DISTANCE**2))
    common = counts >= FEWEST_PLACES if usual > SAME_DISTANCE**2 else np.zeros(len(rows), bool)
    n = int(common.sum())
    if not n:
        never = f"no clip comes back nearly the same in {FEWEST_PLACES} places or more"
        return "common clips", 0, "fine", never
    first = rows[common].min()
    second, video = times_of(places.iloc[[first]])[0][0], places["video_id"].iloc[first]
    where = f"without time of {video!r}" if np.isnan(second) else f"at {second:g} s of {video!r}"
    return (
        "common clips", n, "note",
        f"{n} clips, the first {where}, come back nearly the same in {FEWEST_PLACES} places or "
        "more, as blank frames, titles and silence do; they match each other everywhere and are "
        "evidence of nothing",
    )  # fmt: skip


class TimeOrder(NamedTuple):
    """Rows in order of video and time, those without time last."""

    video: Positions
    start: Floats
    end: Floats

    @property
    def far_sec(self) -> float:
        """The seconds between two places."""
        return FAR_CLIPS * clip_length(self.start, self.end) - TOUCH_SEC


def _are_apart(line: TimeOrder) -> NDArray[np.bool_]:
    """Which rows lie in different places, whatever they show; one without time has its own."""
    between = np.maximum.outer(line.start, line.start) - np.minimum.outer(line.end, line.end)
    apart = (between >= line.far_sec) | (line.video[:, None] != line.video) | np.isnan(between)
    np.fill_diagonal(apart, val=False)
    return np.asarray(apart, bool)


def _n_places(line: TimeOrder, alike: NDArray[np.bool_]) -> Positions:
    """In how many places each row is found, its own included.

    A place is new in another video, and where the row comes back far from where it was last, with
    something else between: a picture that is held for long, or sampled rarely, stays in one place.
    """
    timed = ~(np.isnan(line.start) | np.isnan(line.end))
    n = alike[:, ~timed].sum(axis=1)
    for video in np.unique(line.video[timed]):
        mine = np.flatnonzero(timed & (line.video == video))
        start, found = line.start[mine], alike[:, mine]
        last = _latest(found, line.end[mine])[:, :-1]
        before = np.searchsorted(start, start)  # rows of one start are not before each other
        other = _latest(~found, start)[:, before]
        back = (start - last >= line.far_sec) & (other >= last - TOUCH_SEC)
        n += (found & (np.isinf(last) | back)).sum(axis=1)
    return np.asarray(n, np.intp)


def _latest(which: NDArray[np.bool_], seconds: Floats) -> Floats:
    """The latest second of the marked among the first 0, 1, 2, … columns; -inf if there is none."""
    out = np.full((len(which), len(seconds) + 1), -np.inf)
    np.maximum.accumulate(np.where(which, seconds, -np.inf), axis=1, out=out[:, 1:])
    return out


def _geometry(
    length: Floats, mark: NDArray[np.uint64], some: Matrix
) -> Iterator[tuple[str, float, str, str]]:
    """Lengths, zero vectors, anisotropy and repeats among vectors of one space.

    ``some`` are those that are not zero, or part of them, at length 1.
    """
    zero = int((length == 0).sum())
    yield ("zero vectors", zero, "problem" if zero else "fine",
           f"{zero} of {len(length)} clips are all zeros"
           + ("; they stand for missing data; drop them" if zero else ""))  # fmt: skip
    mark, length = mark[length > 0], length[length > 0]
    if not len(length):
        return
    off = float(np.abs(length - 1).max())
    yield ("vector lengths", float(length.mean()), "note" if off > NOT_UNIT else "fine",
           f"from {length.min():.3g} to {length.max():.3g}"
           + ("; a dot product is not a cosine here" if off > NOT_UNIT else ""))  # fmt: skip
    n = len(some)
    if n > 1:
        mean = float(((some.sum(axis=0, dtype=np.float64) ** 2).sum() - n) / (n * (n - 1)))
        yield ("anisotropy", mean, "note" if mean > ANISOTROPIC else "fine",
               f"different clips have a cosine similarity of {mean:.2f} on average"
               + ("; read similarities against tw.threshold, not against 0"
                  if mean > ANISOTROPIC else ""))  # fmt: skip
    repeated = len(mark) - len(np.unique(mark))
    yield ("repeated vectors", repeated, "note" if repeated else "fine",
           f"{repeated} clips have the very vector of another"
           + ("; see tw.deduplicate" if repeated else ""))  # fmt: skip


def _times(segments: pd.DataFrame) -> Iterator[Finding]:
    """How the segments of each video and option lie along time."""
    start, end = times_of(segments)
    without = int((np.isnan(start) | np.isnan(end)).sum())
    if without:
        yield ("table", "rows without time", without, "note",
               f"{without} rows have no time; what goes along time leaves them out")  # fmt: skip
    if "duration_sec" in segments.columns:
        duration = pd.to_numeric(segments["duration_sec"], errors="coerce").to_numpy(
            np.float64, na_value=np.nan
        )
        late = int((end > duration + LATE_SEC).sum())
        if late:
            yield ("table", "ends after the film", late, "note",
                   f"{late} rows end after the film they are of; cut them to its duration before "
                   "they are shown or exported")  # fmt: skip
    apart = split_options(segments)  # two models of one film do not overlap
    for rows in tracks(apart):
        track = apart.iloc[rows]
        option = track["embedding_option"].iloc[0] if "embedding_option" in track else None
        known = [track["video_id"].iloc[0], *([] if pd.isna(option) else [option])]
        subject = ", ".join(map(str, known))
        begin, stop = times_of(track)
        clip = clip_length(begin, stop)
        between = begin[1:] - np.maximum.accumulate(stop)[:-1]
        for check, seconds, what in _breaks(between, clip):
            found = int(what.sum())
            yield (subject, check, found, "note" if found else "fine",
                   f"{found} {check} of {seconds:.1f} s in all, among {len(track)} segments of "
                   f"typically {clip:.3g} s")  # fmt: skip


def _breaks(
    between: NDArray[np.float64], clip: float
) -> list[tuple[str, float, NDArray[np.bool_]]]:
    """Gaps and overlaps that are worth a word, with their seconds."""
    gaps, laps = between > 0.1 * clip, between < -0.1 * clip
    return [
        ("gaps", float(between[gaps].sum()), gaps),
        ("overlaps", abs(float(between[laps].sum())), laps),
    ]
