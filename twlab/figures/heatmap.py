"""The scene-similarity heatmap: every segment against every other, or one video against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from twlab.errors import InputError
from twlab.figures.encodings import options_of
from twlab.figures.figure import Figure
from twlab.figures.images import (
    Image,
    all_alike,
    colour_settings,
    digits_for,
    image_of,
    on_cells,
)
from twlab.figures.panels import (
    SHORT_BAR_PIXELS,
    Sheet,
    add_axes,
    add_lines,
    add_names,
    axis_name,
    bar_place,
    lay_sheet,
    put_heading,
)
from twlab.figures.scene_spans import scene_spans
from twlab.figures.strips import (
    Ground,
    Strip,
    axis_places,
    ground_of,
    lay_strip,
)
from twlab.figures.theme import as_shown
from twlab.looks import FRAME, RIFT, ThemeName, look_of
from twlab.table.segments import check_segments, clip_mask
from twlab.wording import FILTERED

if TYPE_CHECKING:
    from twlab.figures.images import Strips
    from twlab.table.types import Matrix, Points, Positions

    Tables = tuple[pd.DataFrame, pd.DataFrame | None]

__all__ = ["heatmap"]

NO_OPTION = "no option"

LINE_APART = 8
"""Pixels between lines so that what lies between them is seen; as in the explorer."""

CELLS_PER_SIDE = 800
"""Cells per side, so that a figure stays below 5 MB and appears within a second or two."""


def heatmap(
    segments: pd.DataFrame,
    to: pd.DataFrame | None = None,
    *,
    similarity: Points | None = None,
    scenes: pd.DataFrame | None = None,
    value_name: str | None = None,
    title: str | None = None,
    theme: ThemeName = "auto",
) -> go.Figure:
    """A heatmap of cosine similarity along time; blocks on the diagonal look alike.

    Both axes are time, from top left, with timecodes; segments of unequal length keep their
    proportions and gaps stay empty. Several videos stand side by side, separated by lines. A table
    of several embedding options gives one panel for each, since they share no scale. A table of
    one row per video is drawn with names instead of times. Whole-video rows are left out, unless
    there is nothing else. Above 800 segments per side, neighbours are averaged into one cell, and
    the subtitle says so and gives the range of the single values, above 11,000 that of the cells.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    to : DataFrame, optional
        A second table for the horizontal axis: which seconds of ``segments`` (vertical) resemble
        which seconds of ``to``. By default ``segments`` against itself.
    similarity : array_like of shape (len(segments), len(to or segments)), optional
        Other values to draw than the cosine similarity, row i for row i of the table; NaN stays
        empty. Options mixed in the table are then drawn one panel each as well.
    scenes : DataFrame, optional
        Stretches of time to frame along the diagonal: ``start_sec`` and, where there are several
        videos, ``video_id``; without ``end_sec`` each lasts until the next.
    value_name : str, optional
        What the values are, for the colour bar; default ``cosine similarity``, or ``similarity``
        where a matrix is given.
    title : str, optional
        In place of the default.
    theme : {"auto", "light", "dark"}
        The paper: that of the page, which may be light or dark, or one of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        Colours are sequential, or diverging around 0 where values lie on both sides of it. They
        span the 1st to 99th percentile off the diagonal, as the ends of the colour bar show; the
        hover gives both times and the true value. Where all values are alike, but for rounding,
        the subtitle says so, and the colours span 0 to 1.

    Raises
    ------
    InputError
        If the table is empty, is not one of segments, or the matrix or scenes do not fit it.

    See Also
    --------
    twlab.cosine_similarity : the matrix of similarities
    twlab.plot.scatter : a map, drawn

    Examples
    --------
    >>> import twlab as tw
    >>> figure = tw.plot.heatmap(tw.sample())
    >>> figure.data[0].z.shape
    (100, 100)
    """
    look = look_of(theme)
    other = segments if to is None else to
    options = _pair_options(segments, to)
    given = _check_given(similarity, segments, other)
    down = ground_of(segments.iloc[_clip_positions(segments)])
    across = down if to is None else ground_of(to.iloc[_clip_positions(to)])
    sheet = lay_sheet([name for name, *_ in options], down, across)
    value_name = value_name or ("cosine similarity" if given is None else "similarity")
    figure, images, largest = Figure(), [], 1
    for number, (_, rows, columns) in enumerate(options):
        strips = _lay_strips((segments, to), (rows, columns), sheet)
        image = image_of((segments, to), strips, given)
        _draw_panel(figure, sheet, number, strips, image, value_name)
        images.append(image)
        largest = max(largest, *(_largest_block(strip) for strip in strips))
    if scenes is not None:
        _frame_scenes(figure, sheet, scenes, segments)
    what = "segments" if down.by_time else "videos"
    words = f"Similarity of {what}" if to is None else "Similarity across two tables"
    subtitle = _subtitle(sheet, images, largest)
    put_heading(figure, sheet, look, title=words if title is None else title, subtitle=subtitle)
    figure.data = sorted(figure.data, key=lambda trace: trace.type != "heatmap")  # images first
    return figure


def _pair_options(
    segments: pd.DataFrame, to: pd.DataFrame | None
) -> list[tuple[str, Positions, Positions]]:
    """Name and rows of both tables for each embedding option."""
    down = _clips_by_option(segments, "segments")
    if to is None:
        return [(name, rows, rows) for name, rows in down.items()]
    across = _clips_by_option(to, "to")
    shared = [name for name in down if name in across]
    if shared:
        return [(name, down[name], across[name]) for name in shared]
    if len(down) == len(across) == 1:
        (left, rows), (right, columns) = *down.items(), *across.items()
        return [(f"{left} × {right}", rows, columns)]
    raise InputError(
        f"the tables share no embedding option ({', '.join(down)} and {', '.join(across)}); "
        "one was expected; filter each table to the option to compare"
    )


def _clips_by_option(segments: pd.DataFrame, argument: str) -> dict[str, Positions]:
    """Row positions of the clips of each embedding option."""
    if isinstance(segments, np.ndarray):
        raise InputError(
            f"{argument} is a matrix of shape {segments.shape}; a table of segments was expected; "
            "give a matrix of similarities beside its table, as "
            "tw.plot.heatmap(segments, similarity=matrix)"
        )
    check_segments(segments)
    rows = _clip_positions(segments)
    if not len(rows):
        raise InputError(
            f"{argument} has no segments to draw; a table with rows was expected; {FILTERED}"
        )
    options = options_of(segments.iloc[rows], missing=NO_OPTION)
    codes, names = pd.factorize(options)
    return {name: rows[codes == code] for code, name in enumerate(names)}


def _clip_positions(segments: pd.DataFrame) -> Positions:
    """Positions of the rows that are drawn."""
    return np.flatnonzero(clip_mask(segments))


def _check_given(
    similarity: Points | None, segments: pd.DataFrame, other: pd.DataFrame
) -> Matrix | None:
    """The matrix that was given, as numbers of the right shape."""
    if similarity is None:
        return None
    try:
        matrix = np.asarray(similarity, np.float32)
    except (TypeError, ValueError):
        raise InputError(
            f"similarity is a {type(similarity).__name__}; a matrix of numbers was expected"
        ) from None
    if matrix.shape != (len(segments), len(other)):
        raise InputError(
            f"similarity has shape {matrix.shape}; ({len(segments)}, {len(other)}) was expected, "
            "a value for each pair of rows"
        )
    return matrix


def _lay_strips(tables: Tables, rows: tuple[Positions, Positions], sheet: Sheet) -> Strips:
    """The vertical and the horizontal side of a panel."""
    down = lay_strip(tables[0], rows[0], sheet.grounds[0], most=CELLS_PER_SIDE)
    if tables[1] is None:
        return down, down
    return down, lay_strip(tables[1], rows[1], sheet.grounds[1], most=CELLS_PER_SIDE)


def _largest_block(strip: Strip) -> int:
    """Segments in the largest block."""
    return int(np.diff(np.append(strip.blocks, len(strip.order))).max())


def _draw_panel(
    figure: go.Figure,
    sheet: Sheet,
    number: int,
    strips: Strips,
    image: Image,
    value_name: str,
) -> None:
    """One panel: axes, image, names and the lines between videos."""
    square = strips[0] is strips[1]
    add_axes(figure, sheet, number, strips)
    settings = colour_settings(image, square=square)
    bar = {**settings.pop("colorbar"), **bar_place(sheet, number)}
    if bar["len"] == SHORT_BAR_PIXELS:
        bar |= {name: bar[name][::2] for name in ("tickvals", "ticktext")}
    down, across = (
        axis_places(strip.edges, ground)
        for strip, ground in zip(strips, sheet.grounds, strict=True)
    )
    hover = f"<b>%{{z:.3f}}</b> {as_shown(value_name)}<br>%{{y}}<br>%{{x}}<extra></extra>"
    figure.add_trace(
        go.Heatmap(
            z=on_cells(image.blocks, strips),
            x=across,
            y=down,
            xaxis=axis_name("x", number, bare=True),
            yaxis=axis_name("y", number, bare=True),
            hoverongaps=False,
            hovertemplate=hover,
            colorbar={**bar, "title": {"text": as_shown(value_name), "side": "top"}},
            **settings,
        )
    )
    add_names(figure, sheet, number)
    _part_videos(figure, sheet, number)


def _part_videos(figure: go.Figure, sheet: Sheet, number: int) -> None:
    """Lines between the videos of a panel."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for ground, pixels, along, whole, beyond in (
        (sheet.grounds[1], sheet.width, xs, ys, sheet.grounds[0]),
        (sheet.grounds[0], sheet.height, ys, xs, sheet.grounds[1]),
    ):
        for place in _places_apart(ground, pixels) if ground.by_time else ():
            along += [place, place, None]
            whole += [*_reach(beyond), None]
    if xs:
        add_lines(figure, sheet, number, xs, ys, color=RIFT, width=2)


def _places_apart(ground: Ground, pixels: float) -> list[float]:
    """Where videos begin, but for those between two so narrow that lines would hide the cells."""
    spans = ground.spans
    widths = ((spans["last"] - spans["first"]) / ground.length * pixels).to_numpy()
    wide = np.maximum(widths[1:], widths[:-1]) >= LINE_APART
    return [float(place) for place in spans["place"].iloc[1:][wide]]


def _reach(ground: Ground) -> tuple[float, float]:
    """Where an axis begins and ends."""
    first = float(ground.spans["place"].iloc[0])
    return first, first + ground.length


def _frame_scenes(
    figure: go.Figure, sheet: Sheet, scenes: pd.DataFrame, segments: pd.DataFrame
) -> None:
    """A frame around each scene, on the diagonal of every panel."""
    down, across = sheet.grounds
    if down is not across or not down.by_time:
        raise InputError(
            "scenes lie on the diagonal of one table in time, and this picture has none; leave "
            "out scenes=, or to="
        )
    spans = scene_spans(scenes, segments)
    shift = (down.spans["place"] - down.spans["first"]).reindex(spans["video_id"]).to_numpy()
    places: list[float | None] = []
    others: list[float | None] = []
    for first, last in zip(spans["start_sec"] + shift, spans["end_sec"] + shift, strict=True):
        places += [first, last, last, first, first, None]
        others += [first, first, last, last, first, None]
    for number in range(len(sheet.names)):
        add_lines(figure, sheet, number, places, others, color=RIFT, width=3.5)
        add_lines(figure, sheet, number, places, others, color=FRAME, width=1.5)


def _range_text(image: Image) -> str:
    """From where to where the values of a panel go."""
    if all_alike(image):
        low = f"{image.low:.{digits_for(0, image.low)}f}".replace("-", "−")
        return f"all alike, {low}" if image.blocks.size > 4 else low  # more than one pair
    digits = digits_for(image.low, image.high)
    return f"{image.low:.{digits}f} to {image.high:.{digits}f}".replace("-", "−")


def _subtitle(sheet: Sheet, images: list[Image], largest: int) -> str:
    """Whose segments are shown, and what the averages hide."""
    names = []
    for ground in sheet.grounds[: 1 if sheet.grounds[0] is sheet.grounds[1] else 2]:
        videos = ground.spans.index
        what = "files" if ground.pages else "videos"
        names.append(as_shown(videos[0], 40) if len(videos) == 1 else f"{len(videos):,} {what}")
    text = " × ".join(names)
    if len(sheet.names) == 1 and sheet.names[0] != NO_OPTION:
        text += f" · {as_shown(sheet.names[0])}"
    ranges = [_range_text(image) for image in images]
    if len(images) > 1:
        names = [as_shown(name) for name in sheet.names]
        ranges = [f"{name} {range_}" for name, range_ in zip(names, ranges, strict=True)]
    for what, single in (("values", True), ("cells", False)):
        mine = [r for r, image in zip(ranges, images, strict=True) if image.single == single]
        text += f" · {what} {', '.join(mine)}" if mine else ""
    if largest > 1:
        text += f" · each cell the mean of up to {largest} × {largest} segments"
    return text
