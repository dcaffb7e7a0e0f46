"""Whether embedding options tell the same story of a video.

Two options agree where moments alike for the one are alike for the other: their matrices of
self-similarity are correlated. Both run smoothly along time, so any two would agree somewhat;
:mod:`twlab.analysis.judging.chance` says what chance gives, and where nothing can be said.

* :func:`compare_options` - agreement of every pair of options of every video
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.judging.chance import (
    agreement_of,
    chance_of_agreement,
    least_p,
    p_of_agreement,
)
from twlab.table.segments import check_segments, str_column
from twlab.table.tracks import Track, common_cells, tracks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twlab.table.types import Floats

    OptionModel = tuple[Any, Any]
    VideoTracks = dict[Any, dict[OptionModel, Track]]

__all__ = ["compare_options"]

MOST_VIDEO_CELLS = 1500
"""Cells that a video is laid on at most; beyond, cells get longer (two matrices of 18 MB here)."""

FEWEST_FILMS, MOST_FILMS = 10, 100
"""Other videos that are chance enough (two values of each: p down to .048, at half to .091, which
is no verdict), and that are used, each at the price of a comparison."""

SAME_LENGTH = 0.8
"""Share of the cells that a comparison across videos must have to stand for chance: shorter ones
vary more, and would make p too large."""

PAIR_COLUMNS = ["video_id", "option_a", "option_b"]
NUMBERS = ["agreement", "chance_mean", "chance_95", "p_value", "least_p"]


def compare_options(segments: pd.DataFrame) -> pd.DataFrame:
    """How far the embedding options of each video agree, against chance.

    Parameters
    ----------
    segments : DataFrame
        A table of segments of several options, or of one option of several models. Options may
        lie on different grids of time: they are compared on cells of the longer typical segment,
        where both have something.

    Returns
    -------
    DataFrame
        One row per video and pair of options: ``video_id``, ``option_a``, ``option_b``
        (``model_a``, ``model_b`` where the table has ``model_name``; what differs in option or in
        model makes a pair);
        ``agreement`` (correlation of the two self-similarity matrices, -1 to 1, centred by row
        and column and by distance in time, without the first and last twentieth), ``chance_mean``
        and ``chance_95`` (mean and 95 % point of what chance gives), ``p_value``, ``least_p``
        (the smallest p that the data can give), ``n_cells`` (in common) and ``note`` (why there
        is no p; missing where there is one). Empty where no video has two options.

    Raises
    ------
    InputError
        If the table is not one of segments.

    See Also
    --------
    twlab.plot.options : how far options agree, drawn
    twlab.diagnose : what a careful researcher checks first

    Notes
    -----
    ``p_value`` is the share of orders, counting the true one, that agree as much. Where it is .05
    or less, it is the larger of that share and the one that the middle three fifths of the video
    give by themselves: openings and credits that both options have prove nothing. So p is spread
    evenly among strangers, but of those judged at most one in twenty, mostly fewer, has a p of .05
    or less. Compare it with ``least_p``, below which no agreement however strong can fall. A
    missing p withholds a verdict and says nothing about the options: the note says whether the
    video is too short or too smooth, or the two have ends or a trend in common, as all films have.
    With ten or more other videos in the table, each at least as long, chance is how well one
    option agrees with the other of *another* video; that holds for videos with trends and titles
    as well.

    Of strangers of 60 to 160 clips that both open with a title, over a tenth, .15 or a fifth of
    the video, 5 to 8 % of those judged have p of .05 or less; over three tenths nearly all have, as
    both do change there. Of strangers of autocorrelation .5 and .8 it is 1 and 2 %, and 7 and 38 %
    have no verdict. Of films seen through a random map under as much noise all that are judged
    are found; under three times as much 97 % at 150 clips and 63 % at 60.

    Examples
    --------
    >>> import pandas as pd, twlab as tw
    >>> both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    >>> tw.compare_options(both)[["option_a", "option_b", "n_cells"]].values.tolist()
    [['audio', 'visual', 100]]
    """
    check_segments(segments)
    videos = _parts(segments)
    found = [
        {"video_id": video, "option_a": a[0], "option_b": b[0], "model_a": a[1], "model_b": b[1]}
        | _agreement(videos, video, (a, b))
        for video, parts in videos.items()
        for a, b in combinations(sorted(parts, key=str), 2)
    ]
    names = [*PAIR_COLUMNS, "model_a", "model_b"]
    table = pd.DataFrame(found, columns=[*names, *NUMBERS, "n_cells", "note"])
    for name in [*names, "note"]:
        table[name] = str_column(table[name])
    table = table.sort_values(names, ignore_index=True)
    table = table.astype({name: np.float64 for name in NUMBERS} | {"n_cells": np.int64})
    return table if "model_name" in segments.columns else table.drop(columns=["model_a", "model_b"])


def _parts(segments: pd.DataFrame) -> VideoTracks:
    """Every video by option and model, a missing model being one of its own."""
    videos: VideoTracks = {}
    for rows in tracks(segments):
        for key, part in _by_model(segments.iloc[rows]):
            videos.setdefault(part["video_id"].iloc[0], {})[key] = Track(part)
    return videos


def _by_model(track: pd.DataFrame) -> Iterator[tuple[OptionModel, pd.DataFrame]]:
    """The rows of one video and option by model."""
    option = track["embedding_option"].iloc[0] if "embedding_option" in track.columns else None
    option = None if pd.isna(option) else str(option)
    if "model_name" not in track.columns:
        yield (option, None), track
        return
    numbers, names = pd.factorize(track["model_name"])  # -1 where it is missing
    for number in np.unique(numbers):
        name = None if number < 0 else str(names[number])
        yield (option, name), track.iloc[np.flatnonzero(numbers == number)]


def _agreement(
    videos: VideoTracks, video: Any, pair: tuple[OptionModel, OptionModel]
) -> dict[str, Any]:
    """Agreement of two parts of one video, and what chance gives."""
    cells = _cells(*(videos[video][part] for part in pair))
    found = chance_of_agreement(*cells)
    out: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan)
    out |= {"agreement": found.agreement, "n_cells": len(cells[0]), "note": found.note}
    if np.isnan(found.agreement):
        return out
    films = _across(videos, video, pair, len(cells[0]))
    told_by_films = len(films) >= 2 * FEWEST_FILMS
    chance = films if told_by_films else found.others
    out["chance_mean"], out["chance_95"] = float(chance.mean()), float(np.quantile(chance, 0.95))
    if told_by_films:
        out |= {"note": None, "least_p": 1 / (1 + len(films))}
        out["p_value"] = (1 + int((films >= found.agreement - 1e-12).sum())) * out["least_p"]
        return out
    out["least_p"] = least_p(len(cells[0]))
    if found.note is None:
        out["p_value"] = p_of_agreement(cells[0], cells[1], found)
    return out


def _across(
    videos: VideoTracks, video: Any, pair: tuple[OptionModel, OptionModel], n_cells: int
) -> Floats:
    """Agreement of each part with the other one of other videos, where these are long enough."""
    others = [parts for name, parts in videos.items() if name != video and set(pair) <= set(parts)]
    if len(others) < FEWEST_FILMS:
        return np.empty(0)
    own, out = [videos[video][part] for part in pair], []
    some = np.unique(np.linspace(0, len(others) - 1, min(len(others), MOST_FILMS)).astype(int))
    for parts in (others[k] for k in some):
        both = [_cells(own[0], parts[pair[1]]), _cells(parts[pair[0]], own[1])]
        if min(len(cells[0]) for cells in both) >= SAME_LENGTH * n_cells:
            out += [agreement_of(*cells) for cells in both]
    values = np.array(out, np.float64)
    return values[np.isfinite(values)]


def _cells(a: Track, b: Track) -> tuple[Floats, Floats]:
    """Vectors of both tracks on the cells where both have something."""
    return common_cells(a, b, most=MOST_VIDEO_CELLS)[:2]
