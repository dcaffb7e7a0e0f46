"""What videos share: copies found with their times, whatever was done to them.

Segments of both videos are laid on cells of one length, and centred on the mean of the second
video, since all segments of a video are alike in much that says nothing. What a copy shares with
its source then lies on straight lines of high similarity. A line counts if the two are nearly
identical along it, or if it stands out from every other place in the second video.

* :func:`align` - which seconds of one video occur in another
* :func:`repeats` - which seconds of a video occur in it again
* :func:`find` - the videos of a corpus ranked by how much of a clip they hold

References
----------
Douze, Jégou and Schmid, "An image-based approach to video copy detection with spatio-temporal
post-filtering", IEEE Trans. Multimedia 2010 (lines in time by a Hough transform). Foote, "Content-
based retrieval of music and audio", 1997 (similarity matrices). Müller, "Fundamentals of Music
Processing", 2015, chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.copies.contested import cut_contested
from twlab.analysis.copies.evidence import score_of
from twlab.analysis.copies.refining import cut_to_support, find_edges, pair_of
from twlab.analysis.copies.shared_pieces import find_elsewhere, shared_pieces
from twlab.analysis.copies.shortlist import likeliest_videos
from twlab.analysis.neighbors.similarity import same_model, same_space
from twlab.errors import InputError, warn
from twlab.progress import bar
from twlab.table.segments import check_segments, one_model, str_column
from twlab.table.tracks import (
    Grid,
    Track,
    clip_length,
    on_grid,
    tracks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["align", "align_plain", "chance_among", "find", "keep_likeliest", "repeats"]

SHORTEST_LAG = 8
"""Cells between two places of one video from which on they count as a repeat; nearer ones are a
shot that goes on or shot and countershot. Said in the docstring; a test dies at half and at
double."""

MOST_ALIGNED = 200
"""Videos of a corpus that a clip is laid on; it takes some hundredths of a second for each."""

MOST_CHANCE_FOUND = 0.05
"""Probability, in a corpus that holds nothing of a clip, from which on a video is not named; at
.1 one unrelated clip in ten finds something, at .025 a piece must have half a clip more."""

MOST_CELL_PAIRS = 1e9
"""Pairs of cells that are compared at most; each takes some ten bytes, ten GB in all."""

BOX_COLUMNS = ("a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec", "speed", "score", "chance")


@dataclass(frozen=True)
class _Side(Track):
    """One video and option."""

    @property
    def video(self) -> str:
        """Its name."""
        name: str = self.rows["video_id"].iloc[0]
        return name

    @property
    def option(self) -> Any:
        """Its option, None where the table names none."""
        return self.rows["embedding_option"].iloc[0] if "embedding_option" in self.rows else None

    @property
    def clip_sec(self) -> float:
        """The typical length of its segments."""
        return clip_length(*self.times)

    def inside(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times moved into the video; its last cell may reach beyond."""
        start, end = self.times
        return seconds.clip(start.min(), end.max())

    def grid(self, cell_sec: float) -> Grid:
        """Its segments on cells."""
        return on_grid(self.unit, *self.times, cell_sec)


def align(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Which seconds of ``a`` occur in ``b``, and where; one row per shared piece.

    Pieces may come in any order, be repeated in ``a`` or ``b``, run slower or faster (from half to
    double speed, and somewhat beyond), backwards, be cut short in the middle of a segment, or
    stand between other footage. Every video of ``a`` is compared with every video of ``b`` of the
    same embedding option. Whole-video rows and rows without time take no part.

    Parameters
    ----------
    a, b : DataFrame
        Tables of segments of one model. The times in ``a`` and ``b`` may lie on different grids;
        the shorter of the two typical segment lengths is the resolution.

    Returns
    -------
    DataFrame
        ``a_video_id``, ``b_video_id``, ``embedding_option`` (where ``a`` has it),
        ``a_start_sec``, ``a_end_sec``, ``b_start_sec``, ``b_end_sec``, ``speed`` (seconds of
        ``b`` per second of ``a``; negative, with ``b_start_sec`` after ``b_end_sec``, where it is
        played backwards), ``score`` (mean centred cosine similarity along the piece, at most 1,
        clips that recur within the piece weighing less) and ``chance`` (how probable so
        good a piece is anywhere in two unrelated videos of these lengths, 0 to 1), in order of
        video and time. Times lie within the two videos. A second of ``a`` has one place in a
        video of ``b``, or several that are nearly identical. No rows where nothing is shared.

    Raises
    ------
    InputError
        If one is not a table of segments, their vectors do not belong to one model, or the two
        have more than about 30,000 segments each.

    See Also
    --------
    twlab.find : the videos of a corpus that hold a clip
    twlab.repeats : which seconds of a video occur in it again
    twlab.plot.alignment : what two videos share, drawn
    twlab.near_duplicates : all pairs above a similarity

    Notes
    -----
    Takes time and memory in proportion to the product of the two lengths.

    Two videos share something only if a piece touches three clips (of the shorter typical length)
    or more and has a ``chance`` of .02 or less; so at clips of 6 s no copy of less than 18 s is
    promised. Besides such a piece, others of at least two different clips are reported; their
    ``chance`` is what each would have on its own. ``chance`` is per pair of videos: of a thousand
    unrelated pairs, about twenty or fewer show a piece. A still picture, a blank, a title or a
    logo is no evidence by itself, however long it stays and however often it returns. Clips that
    one video lacks are in no piece, even where a cut left similar neighbours, as long as the copy
    is nearly exact; a noisy one may run on over a cut by a clip or two. ``score`` says how closely
    a copy resembles the original, ``chance`` whether it is one: a long noisy copy has a low score
    and next to no chance.

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> later = film.iloc[20:30].assign(video_id="copy")
    >>> later[["start_sec", "end_sec"]] -= 120
    >>> tw.align(later, film)[["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec"]]
       a_start_sec  a_end_sec  b_start_sec  b_end_sec
    0          0.0       60.0        120.0      180.0
    """
    _check_models(a, b)
    ours, theirs = _sides(a), _sides(b)
    n_pairs = sum(_same_option(one.option, two.option) for one in ours for two in theirs)
    parts = [_boxes(*pair) for pair in bar("videos", _pairs(ours, theirs), total=n_pairs)]
    return _join_boxes(parts, has_option="embedding_option" in a.columns)


def align_plain(a: pd.DataFrame, b: pd.DataFrame, *, known: bool = False) -> pd.DataFrame:
    """As :func:`align` of two tracks, the pieces alone that run forwards at about their speed.

    With ``known`` the two are known to share something, and short pieces count as those beside
    others.
    """
    pairs = _pairs(_sides(a), _sides(b))
    parts = [_boxes(*pair, plain=True, known=known) for pair in pairs]
    return _join_boxes(parts, has_option=False)


def repeats(segments: pd.DataFrame) -> pd.DataFrame:
    """Which seconds of a video occur in it again later; one row per repeated piece.

    Parameters
    ----------
    segments : DataFrame
        A table of segments; every video and option is compared with itself.

    Returns
    -------
    DataFrame
        As :func:`align` returns it: ``a_*`` is the earlier and ``b_*`` the later occurrence, at
        least eight segments after it. What occurs three times gives two rows or more. Blank
        stretches, stills and silence that come again are not repeats: a passage is only as much
        evidence as it has different clips.

    Raises
    ------
    InputError
        If the table is not one of segments.

    See Also
    --------
    twlab.align : which seconds of one video occur in another
    twlab.near_duplicates : all pairs above a similarity

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> film = tw.sample().iloc[:70]
    >>> again = film.iloc[10:20].copy()
    >>> again[["start_sec", "end_sec"]] += 600 - 60
    >>> tw.repeats(pd.concat([film, again]))[["a_start_sec", "a_end_sec", "b_start_sec"]]
       a_start_sec  a_end_sec  b_start_sec
    0         60.0      120.0        600.0
    """
    check_segments(segments)
    parts = [_boxes(one, one, within=True) for one in bar("videos", _sides(segments))]
    return _join_boxes(parts, has_option="embedding_option" in segments.columns)


def find(clip: pd.DataFrame, corpus: pd.DataFrame) -> pd.DataFrame:
    """The videos of a corpus that contain part of a clip, the one with most of it first.

    Parameters
    ----------
    clip : DataFrame
        Segments of one video.
    corpus : DataFrame
        Segments of any number of videos of the same model; a video of the same ``video_id`` as
        the clip is left out.

    Returns
    -------
    DataFrame
        ``rank`` (from 1), ``video_id``, ``share`` (of the clip's seconds that occur in the video,
        over all options at most 1), ``score`` (mean similarity of these), ``chance`` (how probable
        so good a piece is in any video of such a corpus, if none holds the clip), ``start_sec``
        and ``end_sec`` of the longest piece in the video, ``n_pieces``. No rows where no video
        contains any of it, and none with a ``chance`` above .05: in a large corpus more evidence
        is required than by :func:`align`, so that short pieces may be missed.

    Raises
    ------
    InputError
        If one is not a table of segments or the clip has several videos.

    See Also
    --------
    twlab.align : which seconds of one video occur in another

    Notes
    -----
    Of a larger corpus only the 200 videos are aligned that hold the nearest neighbours of the
    clip's segments, by how much a shared piece could be worth. A warning says so where half of
    them contain something, since others may as well.

    Examples
    --------
    >>> import twlab as tw
    >>> tw.find(tw.sample("trailer"), tw.sample("film"))["video_id"].tolist()
    ['big_buck_bunny']
    """
    _check_models(clip, corpus)
    videos = clip["video_id"].unique()
    if len(videos) > 1:
        raise InputError(
            f"the clip has {len(videos)} videos ({', '.join(map(str, videos[:3]))}); one was "
            "expected; filter by video_id"
        )
    pieces = align(clip, keep_likeliest(clip, corpus[~corpus["video_id"].isin(videos)]))
    n_found = pieces["b_video_id"].nunique()
    n_videos = corpus["video_id"].nunique()
    if n_found > MOST_ALIGNED // 2 and corpus["video_id"].nunique() > MOST_ALIGNED:
        warn(
            f"{n_found} of the {MOST_ALIGNED} videos most like the clip hold something of it; "
            "others of the corpus may as well; search those in a corpus without these"
        )
    total = sum(_seconds_of(side.rows[["start_sec", "end_sec"]]) for side in _sides(clip))
    return _rank_videos(pieces, total, n_videos)


def _check_models(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """Refuse what is no table, or of several models: none is found where none can be compared."""
    for table in (a, b):
        check_segments(table)
        one_model(table)
    same_model(a, b)


def _rank_videos(pieces: pd.DataFrame, total: float, n_videos: int) -> pd.DataFrame:
    """The videos that hold pieces of a clip of ``total`` seconds, of ``n_videos`` looked at."""
    seconds = pieces["a_end_sec"] - pieces["a_start_sec"]
    rows = []
    for video, mine in pieces.assign(seconds=seconds).groupby("b_video_id", sort=False):
        longest = mine.iloc[int(mine["seconds"].to_numpy().argmax())]
        rows.append(
            {
                "video_id": video,
                "share": min(_covered_sec(mine) / total, 1.0),
                "score": float(np.average(mine["score"], weights=mine["seconds"])),
                "chance": chance_among(float(mine["chance"].min()), n_videos),
                "start_sec": float(min(longest["b_start_sec"], longest["b_end_sec"])),
                "end_sec": float(max(longest["b_start_sec"], longest["b_end_sec"])),
                "n_pieces": len(mine),
            }
        )
    columns = ["video_id", "share", "score", "chance", "start_sec", "end_sec", "n_pieces"]
    ranked = pd.DataFrame(rows, columns=columns)
    ranked = ranked[ranked["chance"].astype(float) <= MOST_CHANCE_FOUND].sort_values(
        ["share", "score"], ascending=False, kind="stable", ignore_index=True
    )
    ranked["video_id"] = str_column(ranked["video_id"])
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def chance_among(chance: float, n_videos: int) -> float:
    """How probable a piece is in any of so many unrelated videos."""
    return float(-np.expm1(n_videos * np.log1p(-min(chance, 1 - 1e-12))))


def keep_likeliest(clip: pd.DataFrame, corpus: pd.DataFrame) -> pd.DataFrame:
    """The rows of the videos that are worth aligning."""
    check_segments(corpus)
    if corpus["video_id"].nunique() <= MOST_ALIGNED:
        return corpus
    return corpus[corpus["video_id"].isin(likeliest_videos(clip, corpus, MOST_ALIGNED))]


def _covered_sec(pieces: pd.DataFrame) -> float:
    """Seconds of the first video that pieces cover, per option, each second once."""
    seconds = 0.0
    options = pieces.get("embedding_option", pd.Series("", index=pieces.index)).fillna("")
    for _, mine in pieces.groupby(options):
        seconds += _seconds_of(mine[["a_start_sec", "a_end_sec"]])
    return seconds


def _seconds_of(intervals: pd.DataFrame) -> float:
    """Seconds that intervals cover, each second once; the two columns are start and end."""
    spans = intervals.to_numpy(np.float64, na_value=np.nan)
    spans = spans[np.argsort(spans[:, 0])]
    before = np.r_[-np.inf, np.maximum.accumulate(spans[:, 1])[:-1]]
    return float(np.maximum(spans[:, 1] - np.maximum(spans[:, 0], before), 0).sum())


def _sides(segments: pd.DataFrame) -> list[_Side]:
    """Every video and option of a table."""
    return [_Side(segments.iloc[rows]) for rows in tracks(segments)]


def _pairs(ours: list[_Side], theirs: list[_Side]) -> Iterator[tuple[_Side, _Side]]:
    """Every two of one option.

    Theirs are of a corpus: each is met by all of ours, with its vectors scaled once, and let go.
    """
    for other in theirs:
        two = replace(other)
        yield from ((one, two) for one in ours if _same_option(one.option, two.option))


def _same_option(a: Any, b: Any) -> bool:
    """Whether two embedding options are the same or one is unknown."""
    return bool(pd.isna(a) or pd.isna(b) or a == b)


def _boxes(
    a: _Side, b: _Side, *, within: bool = False, plain: bool = False, known: bool = False
) -> pd.DataFrame:
    """The shared pieces of two videos in seconds."""
    cell_sec = min(a.clip_sec, b.clip_sec)
    n_cells = [_seconds_of(side.rows[["start_sec", "end_sec"]]) / cell_sec for side in (a, b)]
    if n_cells[0] * n_cells[1] > MOST_CELL_PAIRS:
        raise InputError(
            f"{a.video!r} of {n_cells[0]:.3g} and {b.video!r} of {n_cells[1]:.3g} stretches of "
            f"{cell_sec:g} s are too many to compare; correct rows that last far too long or far "
            "too short, or pass parts"
        )
    grids = a.grid(cell_sec), b.grid(cell_sec)
    same_space(a.rows, b.rows, *(grid.cells for grid in grids))
    pair = pair_of(*grids)
    if within:
        ahead = np.arange(pair.similar.shape[1]) - np.arange(len(pair.a))[:, None]
        pair = pair._replace(
            similar=np.where(ahead >= SHORTEST_LAG, pair.similar, 0.0), lag=SHORTEST_LAG
        )
    rows = []
    pieces = shared_pieces(pair, plain=plain, known=known)
    placed = cut_contested(pair, find_edges(pair, pieces), pieces)
    if not within:  # there, what is shown a third time is a repeat of the second
        placed += [
            one for piece in find_elsewhere(pair, pieces) for one in find_edges(pair, [piece])
        ]
    for piece in sorted(placed, key=lambda one: (one.first, one.begin)):
        inside = cut_to_support(pair, piece)
        ends = np.array([inside.first, inside.last])
        at_a, at_b = _seconds_at(grids[0], ends), _seconds_at(grids[1], inside.at(ends))
        rows.append(
            [*a.inside(at_a), *b.inside(at_b), inside.speed, score_of(pair, piece), piece.chance]
        )
    boxes = pd.DataFrame(rows, columns=list(BOX_COLUMNS), dtype=np.float64)
    boxes.insert(0, "a_video_id", str_column([a.video] * len(boxes)))
    boxes.insert(1, "b_video_id", str_column([b.video] * len(boxes)))
    boxes.insert(2, "embedding_option", str_column([a.option] * len(boxes)))
    return boxes


def _join_boxes(parts: list[pd.DataFrame], *, has_option: bool) -> pd.DataFrame:
    """All boxes in order; an empty table of the same columns where there are none."""
    if not parts:
        keys = ("a_video_id", "b_video_id", "embedding_option")
        empty: dict[str, Any] = {name: str_column([]) for name in keys}
        empty |= {name: np.empty(0) for name in BOX_COLUMNS}
        parts = [pd.DataFrame(empty)]
    table = pd.concat(parts, ignore_index=True)
    keys_here = ["a_video_id", "b_video_id", "embedding_option", "a_start_sec"]
    table = table.sort_values(keys_here, kind="stable", ignore_index=True)
    return table if has_option else table.drop(columns="embedding_option")


def _seconds_at(grid: Grid, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds of places between cells."""
    whole = np.clip(np.floor(places).astype(int), 0, len(grid.start_sec) - 1)
    return np.asarray(grid.start_sec[whole] + (places - whole) * grid.cell_sec)
