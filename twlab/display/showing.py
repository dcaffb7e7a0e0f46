"""A table as a notebook shows it, with frames of its film.

* :func:`show` - the table, to be displayed
* :func:`default_rows` - how many rows are shown where nobody says it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.checks import check_count
from twlab.display.cells import ABSENT, Column, write_text
from twlab.display.markup import write_table
from twlab.display.recognised import FINDINGS, is_ours, spots_of
from twlab.errors import InputError
from twlab.media.named import films_of
from twlab.media.stills import stills_at
from twlab.timecodes import format_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from twlab.display.recognised import Spots
    from twlab.media.stills import Still
    from twlab.table.types import Video

__all__ = ["ShownTable", "default_rows", "show"]

FEW, MANY = 20, 200
"""Rows of a table that are shown, and of findings, none of which is to be missed. More than 200
rows with frames would be a megabyte of a notebook."""

CELL_HEIGHT = 72
"""Pixels of a frame: four lines of text, of which one tells shots apart."""


def show(
    table: pd.DataFrame, *, video: Video | None = None, n_rows: int | None = None
) -> ShownTable:
    """A table as a notebook shows it: timecodes, frames, vectors as pictures, whole sentences.

    Columns that end in ``_sec`` are written as timecodes (pointing at one shows the seconds),
    vectors as bars, blue below zero and orange above, alike where vectors are alike. What
    ``tw.diagnose`` finds is sorted, problems first, and what is fine is folded. A text that is the
    same in all rows is said once, below. ``%load_ext twlab`` shows all segments and results so.

    Parameters
    ----------
    table : DataFrame
        Segments, a result, or any other table.
    video : path, http(s) address, or dict of these by ``video_id``, optional
        The film, of which each row shows the frame in the middle of its time (extra ``media``). No
        other file or address is opened, whatever stands in the table.
    n_rows : int, optional
        Rows to show, at most 200; the line below says how many there are. By default 20, and 200
        of findings.

    Returns
    -------
    ShownTable
        What a notebook displays at the end of a cell, or ``display(...)`` anywhere. As plain text
        it is what pandas prints.

    Raises
    ------
    InputError
        If it is no table, or a film is given and no row has a time in it.
    MissingExtraError
        If a film is given and the extra ``media`` is not installed.

    See Also
    --------
    twlab.plot.storyboard : a row of frames for each scene, cluster or hit
    twlab.explore : all of it linked, with the film playing

    Examples
    --------
    >>> import twlab as tw
    >>> scenes = tw.scenes(tw.sample())
    >>> shown = tw.show(scenes, video=tw.sample_video())
    >>> "0:24" in shown._repr_html_(), "data:image/jpeg" in shown._repr_html_()
    (True, True)
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"table is a {type(table).__name__}; a DataFrame was expected; pass a table, and of a "
            "Series its .to_frame()"
        )
    most = default_rows(table) if n_rows is None else check_count(n_rows, "n_rows", of="rows")
    if most > MANY:
        raise InputError(
            f"n_rows is {most}; at most {MANY} were expected; pass a part of the table, such as "
            "table.iloc[200:400]"
        )
    spots = [] if video is None else _check_spots(table.iloc[:most])
    films = films_of(video, [name for one in spots for name in one.videos])
    return ShownTable(table, write_table(table, most, _frames(spots, films)))


class ShownTable:
    """A table and how a notebook shows it, which :func:`show` gives.

    Parameters
    ----------
    table : DataFrame
        What it is as plain text.
    markup : str
        What it is as HTML.

    See Also
    --------
    twlab.show : what makes it

    Examples
    --------
    >>> import twlab as tw
    >>> shown = tw.show(tw.scenes(tw.sample()))
    >>> isinstance(shown, tw.ShownTable), "18 rows" in shown._repr_html_()
    (True, True)
    """

    def __init__(self, table: pd.DataFrame, markup: str) -> None:
        self._table, self._markup = table, markup

    def __repr__(self) -> str:
        return repr(self._table)

    def _repr_html_(self) -> str:
        return self._markup


def default_rows(table: pd.DataFrame) -> int:
    """How many rows are shown where nobody says it."""
    return MANY if is_ours(table) and set(table.columns) >= FINDINGS else FEW


def _check_spots(table: pd.DataFrame) -> list[Spots]:
    """The spots of a table of which frames are asked for."""
    spots = spots_of(table)
    if not any(sec == sec for one in spots for sec in one.seconds):
        raise InputError(
            f"no row has a time in a video (columns: {brief(list(table.columns), 200)}); "
            "video_id, start_sec and end_sec were expected; leave video= out"
        )
    return spots


def _frames(spots: list[Spots], films: dict[str, Any]) -> list[Column]:
    """Columns of the frames at some spots; each film is opened once."""
    times: dict[str, list[float]] = {}
    for one in spots:
        for video, sec in zip(one.videos, one.seconds, strict=True):
            times.setdefault(video, []).extend([sec] if sec == sec else [])
    taken = stills_at(films, times, height=CELL_HEIGHT)
    return [
        Column(
            one.name, [_picture(taken, *shot) for shot in zip(one.videos, one.seconds, strict=True)]
        )
        for one in spots
    ]


def _picture(taken: dict[str, dict[float, Still]], video: str, sec: float) -> str:
    """One frame, or that there is none."""
    still = taken.get(video, {}).get(sec)
    if still is None:
        return ABSENT
    alt = f"{write_text(video)} at {format_timecode(sec)}"
    width = round(CELL_HEIGHT * still.shape)
    size = f'width="{width}" height="{CELL_HEIGHT}"'
    return f'<img class="tw-frame" {size} alt="{alt}" title="{alt}" src="{still.address}">'
