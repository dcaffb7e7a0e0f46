"""A storyboard: what was found, as frames of the film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import plotly.graph_objects as go

from twlab.checks import check_count
from twlab.errors import InputError
from twlab.figures.board_rows import Row, rows_of
from twlab.figures.figure import Figure
from twlab.figures.theme import as_shown, dress, short_names
from twlab.intervals import format_timecode
from twlab.looks import ThemeName, look_of
from twlab.media.named import films_of
from twlab.media.stills import stills_at

if TYPE_CHECKING:
    import pandas as pd

    from twlab.looks import Look
    from twlab.media.stills import Still
    from twlab.table.types import Video

__all__ = ["storyboard"]

MOST_ROWS = 24
"""Rows of one figure: as many as one scrolls through; with five frames a row they are 120 pictures
of about 5 kB."""

MOST_FRAMES = 12
"""Frames of a row; more would be too small to see on 900 pixels."""

STILL_HEIGHT = 120
"""Pixels of an embedded picture, a quarter more than are shown where a notebook is 900 wide."""

WIDTH, TALLEST_FRAME = 860, 130
"""Pixels that rows fill in a notebook, and that a frame is high at most."""

ROW_HEADING, GAP = 44, 6
"""Pixels for the heading of a row, which shrinks with the picture on a phone and must still hold a
line of text there, and between frames."""

FIRST_HEADING = 20
"""Pixels for that of the first row: a line of text of 12, and no gap to a row before, which would
leave a blank band of 44 below the subtitle."""

BOARD_TOP, SIDE = 72, 16
"""Pixels for title and subtitle, and on the other sides."""

WIDE = 16 / 9
"""Of pictures whose size only the browser will know."""

NAME_LETTERS, FEWEST_LETTERS = 24, 4
"""Of the name of a video, before its times in the heading of a row, at most and at least."""

MANY_VIDEOS = 3
"""Videos of a row from which on none is named."""

PHONE_LINE, EACH_VERSION = 360, 16
"""Pixels of a heading that a phone shows, and letters of a version in the subtitle."""

SIGN, NARROW_SIGN, WIDE_SIGN = 6.2, 3.4, 12.0
"""Pixels of most signs at 12 pixels of height, of points and spaces, and of arrows and dots."""


class _Tile(NamedTuple):
    """A picture in its place."""

    source: str
    shape: float
    """Width by height."""
    video: str
    sec: float | None


def storyboard(
    found: pd.DataFrame | pd.Series[Any],
    segments: pd.DataFrame | None = None,
    *,
    video: Video | None = None,
    n_frames: int = 5,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """What was found as pictures: a row of frames, with timecodes, for each scene, cluster or hit.

    Parameters
    ----------
    found : DataFrame or Series
        Scenes (``tw.scenes``), hits (``tw.search``, ``tw.find``, ``tw.nearest``), a summary
        (``tw.summarize``, ``tw.cluster_summary``), pieces (``tw.align``, ``tw.repeats``: two rows
        each, the same moments of both videos), changes (``tw.diff``: frames of the first version,
        then of the second), pairs (``tw.near_duplicates``), labels
        (``tw.cluster``), or any table with ``video_id``, ``start_sec`` and ``end_sec``. The first
        24 rows are drawn; the subtitle counts the rest. Scenes are counted from 1 in each film, as
        in what :func:`twlab.export` writes.
    segments : DataFrame, optional
        The table that was searched or clustered. Labels need it: a row shows the most typical
        segment of each part of the label's time. For others it gives thumbnails.
    video : path, http(s) address, or dict of these by ``video_id``, optional
        The film, of which frames are taken (extra ``media``). No other file or address is opened.
        Without it the column ``thumbnail_url`` is shown where it holds http(s) addresses: one
        picture a row, which the reader's browser fetches.
    n_frames : int, default 5
        Frames of a row, at most 12; fewer where they would be less than half a second apart.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        Which background to draw for; "auto" stands on any.

    Returns
    -------
    plotly.graph_objects.Figure
        The frames are part of it, as JPEG of 120 lines, and so of every file it is saved to.
        Pointing at one shows its video and time.

    Raises
    ------
    InputError
        If there is neither a film nor a thumbnail, the film ends before a row does, or the result
        has no times.
    MissingExtraError
        If frames are asked for and the extra ``media`` is not installed.

    See Also
    --------
    twlab.frames : the frames as arrays
    twlab.explore : all of it linked, with the film playing

    Examples
    --------
    >>> import twlab as tw
    >>> film, video = tw.sample(), tw.sample_video()
    >>> figure = tw.plot.storyboard(tw.scenes(film), video=video)
    >>> figure = tw.plot.storyboard(tw.cluster(film, 6), film, video=video)
    >>> len(figure.layout.images)
    30
    """
    look = look_of(theme)
    count = check_count(n_frames, "n_frames", of="frames")
    if count > MOST_FRAMES:
        raise InputError(
            f"n_frames is {count}; at most {MOST_FRAMES} frames of a row were expected; give "
            "fewer, or take frames yourself with tw.frames"
        )
    kind, rows = rows_of(found, segments, count)
    given = films_of(video, [shot.video for row in rows for shot in row.shots])
    shown = [row for row in rows if row.address or row.shots[0].video in given]
    _check_any(found, rows, shown)
    most = MOST_ROWS - MOST_ROWS % (2 if kind == "pieces" else 1)
    drawn = shown[:most]
    tiles = _take_tiles(drawn, given)
    figure = Figure()
    words = f"{kind.capitalize()} as frames" if title is None else title
    versions = _versions_of(found, kind)
    note = _note(kind, len(rows), drawn, versions=versions, n_left=len(rows) - len(shown))
    named = [] if versions else _ids_of(drawn)  # a change says itself which of two it shows
    height = _lay_rows(figure, drawn, tiles, look, named=named)
    dress(figure, look, title=words, subtitle=note, height=height)
    figure.update_layout(margin={"l": SIDE, "r": SIDE, "b": SIDE}, showlegend=False)
    return figure


def _check_any(found: Any, rows: list[Row], shown: list[Row]) -> None:
    """Refuse what has nothing to show."""
    if not rows:
        raise InputError(
            f"found has {len(found)} rows, none with times; rows with times were expected; pass "
            "a result that is not empty, of clips"
        )
    if not shown:
        name = rows[0].shots[0].video
        raise InputError(
            f"there is no film to take frames from, and no thumbnail; video= was expected; pass "
            f"video='film.mp4', or for several films video={{{name!r}: 'film.mp4', …}}"
        )


def _ids_of(rows: list[Row]) -> list[str]:
    """The videos of rows, in the order in which they are shown."""
    return list(dict.fromkeys(shot.video for row in rows for shot in row.shots))


def _versions_of(found: Any, kind: str) -> list[str]:
    """The first and the second version, where all changes are of the same two."""
    if kind != "changes":
        return []
    pairs = found[["a_video_id", "b_video_id"]].drop_duplicates().astype(str).to_numpy().tolist()
    return short_names(pairs[0], EACH_VERSION) if len(pairs) == 1 else []


def _note(kind: str, n_rows: int, drawn: list[Row], *, versions: list[str], n_left: int) -> str:
    """How many rows there are, of what, and what is left out."""
    each = 2 if kind == "pieces" else 1
    total = n_rows // each
    counted = f"{total:,} {kind if total != 1 else kind.removesuffix('s')}"
    ids = _ids_of(drawn)
    of = as_shown(ids[0], NAME_LETTERS) if len(ids) == 1 else f"{len(ids)} videos"
    note = f"{counted} of {of}"
    if versions:
        note = f"{counted} from {versions[0]} to {versions[1]}"
    if n_left:
        note += f"; {-(-n_left // each):,} without a film left out"
    beyond = n_rows - n_left - len(drawn)
    return note + (f"; the first {len(drawn) // each} drawn" if beyond else "")


def _take_tiles(rows: list[Row], given: dict[str, Any]) -> list[list[_Tile]]:
    """The pictures of each row: frames where there is a film, else the thumbnail."""
    times: dict[str, list[float]] = {}
    for row in rows:
        for shot in row.shots:
            times.setdefault(shot.video, []).append(shot.sec)
    taken = stills_at(given, times, height=STILL_HEIGHT)
    return [_tiles_of(row, taken) for row in rows]


def _tiles_of(row: Row, taken: dict[str, dict[float, Still]]) -> list[_Tile]:
    """The pictures of one row."""
    tiles = [
        _Tile(*taken[shot.video][shot.sec], shot.video, shot.sec)
        for shot in row.shots
        if shot.video in taken
    ]
    return tiles or [_Tile(row.address, WIDE, row.shots[0].video, None)]


def _lay_rows(
    figure: go.Figure,
    rows: list[Row],
    tiles: list[list[_Tile]],
    look: Look,
    *,
    named: list[str],
) -> int:
    """Put rows into the figure, and give its height.

    One unit of both axes is the height of a frame, and the axes keep their ratio: rows that do not
    fit the width become smaller as a whole.
    """
    most = max(map(len, tiles))
    shape = max(tile.shape for row in tiles for tile in row)
    tall = min(TALLEST_FRAME, (WIDTH - GAP * (most - 1)) / (most * shape))
    step, gap, band = shape + GAP / tall, GAP / tall, ROW_HEADING / tall
    images, notes = [], []
    for number, (row, pictures) in enumerate(zip(rows, tiles, strict=True)):
        top = -number * (1 + band)
        notes.append(_heading(row, top - band, named, look))
        for place, tile in enumerate(pictures):
            at = (place * step, top - band)
            images.append(_image(tile, at))
            notes += [_stamp(tile, (at[0], at[1] - 1))] if tile.sec is not None else []
    figure.update_layout(images=images, annotations=notes)
    width, depth = most * step - gap, len(rows) * (1 + band)
    _add_hovers(figure, rows, images, tiles)
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(**axis, range=[0, width], constraintoward="left")
    lead = (ROW_HEADING - FIRST_HEADING) / tall
    figure.update_yaxes(**axis, range=[-depth, -lead], scaleanchor="x", constraintoward="top")
    figure.update_layout(dragmode=False, hovermode="closest")
    return round((depth - lead) * tall) + BOARD_TOP + SIDE


def _heading(row: Row, y: float, named: list[str], look: Look) -> dict[str, Any]:
    """The line above the frames of a row."""
    words = " · ".join([*_names_in(row, named), row.words])
    mark = f"<span style='color:{row.colour}'>■</span> " if row.colour else ""
    name = f"<span style='color:{look.title}'><b>{row.name}</b></span>  " if row.name else ""
    place = {"x": 0, "y": y, "xanchor": "left", "yanchor": "bottom", "xref": "x", "yref": "y"}
    return {**place, "text": f"{mark}{name}{words}", "align": "left", "xshift": -2}


def _names_in(row: Row, named: list[str]) -> list[str]:
    """The videos of a row, cut to what the rest of its heading leaves; none if all are of one."""
    own = _ids_of([row])
    if len(named) < 2 or not 0 < len(own) < MANY_VIDEOS:
        return []
    rest = f"{row.name}  {' and ' * (len(own) - 1)} · {row.words}"
    room = PHONE_LINE - _pixels_of(rest)
    if sum(map(_pixels_of, own)) > room:
        room -= 2 * WIDE_SIGN * len(own)  # what is cut has two dots
    most = min(NAME_LETTERS, max(FEWEST_LETTERS, int(room / SIGN / len(own))))
    short = dict(zip(named, short_names(named, most), strict=True))
    return [" and ".join(short[video] for video in own)]


def _pixels_of(text: str) -> float:
    """About how wide a heading is."""
    wide, narrow = (sum(map(text.count, signs)) for signs in ("→…", " .:·"))
    return SIGN * (len(text) - wide - narrow) + WIDE_SIGN * wide + NARROW_SIGN * narrow


def _image(tile: _Tile, at: tuple[float, float]) -> dict[str, Any]:
    """A picture whose upper left corner is at a place."""
    corner = {"x": at[0], "y": at[1], "xanchor": "left", "yanchor": "top", "xref": "x", "yref": "y"}
    return {**corner, "source": tile.source, "sizex": tile.shape, "sizey": 1, "sizing": "contain"}


def _stamp(tile: _Tile, at: tuple[float, float]) -> dict[str, Any]:
    """The timecode in the lower left corner of a frame."""
    return {
        **{"x": at[0], "y": at[1], "xanchor": "left", "yanchor": "bottom"},
        **{"xref": "x", "yref": "y", "text": format_timecode(tile.sec or 0)},
        **{"font": {"size": 10, "color": "#ffffff"}, "bgcolor": "rgba(0,0,0,.6)", "borderpad": 1},
    }


def _add_hovers(
    figure: go.Figure, rows: list[Row], images: list[dict[str, Any]], tiles: list[list[_Tile]]
) -> None:
    """What is told of a frame under the pointer."""
    flat = [(row, tile) for row, mine in zip(rows, tiles, strict=True) for tile in mine]
    texts = []
    for row, tile in flat:
        time = "" if tile.sec is None else f" {format_timecode(tile.sec, decimals=1)}"
        texts.append(f"{as_shown(tile.video)}{time}<br>{row.name} {row.words}")
    figure.add_trace(
        go.Scatter(
            x=[image["x"] + image["sizex"] / 2 for image in images],
            y=[image["y"] - 0.5 for image in images],
            mode="markers",
            marker={"size": 40, "opacity": 0},
            hovertext=texts,
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
