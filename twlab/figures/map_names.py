"""Names of groups written on a map, each beside the densest place of its group.

Where that is means the same here and in the explorer (``widgets/js/map_places.js``): of a grid of
32 cells along the longer side, the cell with most points of the group in and around it, the middle
counting twice; the place is the mean of the points in these nine cells. The name stands where it
hides least of the points of all groups, with a line to its place where that is not next to it.

* :func:`write_names` - the names that have room, as annotations
* :func:`in_ink`, :func:`halo` - words over points: their ink, and an edge of paper around them
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from twlab.figures.markers import Group
    from twlab.looks import Look
    from twlab.table.types import Floats

__all__ = ["LETTER_WIDE", "halo", "in_ink", "write_names"]

CELLS = 32
"""Cells of the map along its longer side, as in the explorer."""

MOST_NAMES = 60
"""Names tried, the largest groups' first, as in the explorer."""

WIDTHS, HEIGHTS = (280.0, 420.0, 640.0, 1100.0), (270.0, 400.0, 460.0, 460.0)
"""Pixels of the map within its figure on a phone, or in lettering of the screen in a column of
85 mm, and on ever wider pages. Names keep their size, so what stands apart or hides nothing on one
may not on another: a name stands where it does on all four, which leaves no room to what is between
them."""

LETTER_WIDE, NAME_HIGH, NAME_LIFT = 6.6, 16, 11
"""Pixels of a letter in semibold of 12 pixels in the mean, of a line, and from it to its place."""

LIFTS = (NAME_LIFT, 18, 28, 40, 54, 70)
"""Pixels from a place to the lines tried above and below it; farther, it is looked for."""

ASIDE = (0, 14, 30, 50)
"""Pixels to the side of its place at which a name begins or ends."""

AROUND = 18
"""Pixels that plotly leaves free between the outermost points and the frame, about."""

LEADS_FROM = 20
"""Pixels from its place at which a name begins to have a line to it."""

DOT = 4
"""Pixels of the cells of which a name hides some, and from the middle of a point to its edge."""

PIXELS_FOR_A_DOT = 9.0
"""How much farther from its place a name goes to hide one point less. Of the sample and its
trailer in six clusters each, as PCA and t-SNE, at the four widths, names hide .9 points a map,
where 6.7 were beside their places; with half the pixels 1.4, with double .8, on longer lines."""

PAGE_PAPER = (
    "var(--twlab-paper,var(--jp-layout-color0,var(--vscode-editor-background,"
    "var(--background,transparent))))"
)
"""The paper of the page in words of CSS: as our own script found it, or as JupyterLab and Notebook,
VS Code and marimo name it."""


class _Map(NamedTuple):
    """A map as wide as one of some pages, and what of it is taken."""

    at: Floats
    """Pixels from its upper left corner to the densest place of each group, shape (groups, 2)."""
    hidden: NDArray[np.int64]
    """Cells with points in them, summed from the corner, shape (rows + 1, columns + 1)."""
    width: float
    height: float


def _densest_places(groups: Sequence[NDArray[np.bool_]], points: Floats) -> Floats:
    """Where each of some groups of points is densest, shape (groups, 2)."""
    low = points.min(axis=0)
    side = float(np.ptp(points, axis=0).max()) / CELLS or 1.0
    cells = np.floor((points - low) / side).astype(np.intp) + 1  # one more on either side
    shape = (CELLS + 3, CELLS + 3)
    flat = np.ravel_multi_index((cells[:, 1], cells[:, 0]), shape)
    places = np.full((len(groups), 2), np.nan)
    for number, rows in enumerate(groups):
        own = np.bincount(flat[rows], minlength=shape[0] * shape[1]).reshape(shape)
        around = own.copy()
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                around += np.roll(own, (down, right), axis=(0, 1))
        dense = np.unravel_index(np.argmax(np.where(own > 0, around, -1)), shape)
        near = rows & (np.abs(cells[:, ::-1] - dense) <= 1).all(axis=1)
        places[number] = points[near].mean(axis=0)
    return places


def write_names(
    groups: Iterable[Group], points: Floats, look: Look, taken: Floats
) -> list[dict[str, Any]]:
    """Annotations with the names that have room, the largest groups first; none over another.

    ``taken`` is what stays free, such as queries and their names, shape (k, 4): the place in units
    of the map, and how many pixels to its left and right are written upon.
    """
    ordered = sorted(groups, key=lambda group: -int(group.rows.sum()))[:MOST_NAMES]
    places = _densest_places([group.rows for group in ordered], points)
    sizes = list(zip(WIDTHS, HEIGHTS, strict=True))
    maps = [_map_at(size, points, places) for size in sizes]
    boxes = [_boxes_of(taken, size, points) for size in sizes]
    written = []
    for number, group in enumerate(ordered):
        wide = LETTER_WIDE * (len(html.unescape(group.name)) + 3)
        found = _best_spot(wide, number, maps, boxes)
        if found is not None:
            shift, spots = found
            boxes = [np.vstack(pair) for pair in zip(boxes, spots, strict=True)]
            written.append(_annotation(group.name, places[number], shift, group, look))
    return written


def _to_pixels(places: Floats, size: tuple[float, float], points: Floats) -> Floats:
    """Places of the map in pixels, to the right and down."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min((np.array(size) - 2 * AROUND) / np.maximum(high - low, 1e-12))
    shift = (places - (low + high) / 2) * scale * [1, -1]
    return np.asarray(shift + np.array(size) / 2)


def _map_at(size: tuple[float, float], points: Floats, places: Floats) -> _Map:
    """The map on a page of one width."""
    width, height = size
    cells = np.floor(_to_pixels(points, size, points) / DOT).astype(np.intp)
    shape = (int(height) // DOT + 2, int(width) // DOT + 2)
    full = np.zeros(shape, np.int64)
    full[cells[:, 1].clip(0, shape[0] - 1), cells[:, 0].clip(0, shape[1] - 1)] = 1
    sums = np.pad(full, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return _Map(_to_pixels(places, size, points), sums, width, height)


def _boxes_of(taken: Floats, size: tuple[float, float], points: Floats) -> Floats:
    """Left, top, right and bottom in pixels of what stays free, shape (k, 4)."""
    x, y = _to_pixels(taken[:, :2], size, points).T
    high = NAME_HIGH / 2
    return np.stack([x - taken[:, 2], y - high, x + taken[:, 3], y + high], axis=1)


def _shifts(width: float) -> Floats:
    """From a place to the middles of where its name may stand, nearest first, shape (s, 2)."""
    sides = [0.0, *(sign * (aside + width / 2) for aside in ASIDE for sign in (1, -1))]
    level = [(sign * (NAME_LIFT + width / 2), 0.0) for sign in (1, -1)]
    lifted = [(side, -sign * lift) for lift in LIFTS for sign in (1, -1) for side in sides]
    return np.array([lifted[0], *level, *lifted[1:]])


def _best_spot(
    width: float, number: int, maps: list[_Map], taken: list[Floats]
) -> tuple[Floats, list[Floats]] | None:
    """Where the name of a group hides least on all maps and is over no other, if anywhere.

    That is the shift of its middle from its place, and its box on each map, shape (1, 4).
    """
    shifts = _shifts(width)
    cost = np.hypot(np.maximum(np.abs(shifts[:, 0]) - width / 2, 0), shifts[:, 1])
    half, found = np.array([width, NAME_HIGH]) / 2, []
    for drawn, others in zip(maps, taken, strict=True):
        middle = drawn.at[number] + shifts
        spots = np.hstack([middle - half, middle + half])
        over = (spots[:, None, :2] < others[:, 2:]) & (others[:, :2] < spots[:, None, 2:])
        inside = (spots[:, :2] >= 0).all(axis=1) & (spots[:, 2:] <= drawn[2:]).all(axis=1)
        free = inside & ~np.any(np.all(over, axis=2), axis=1)
        hides = PIXELS_FOR_A_DOT * _cells_under(spots, drawn.hidden)
        cost = cost + np.where(free, hides, np.inf)
        found.append(spots)
    best = int(np.argmin(cost))
    if not np.isfinite(cost[best]):
        return None
    return shifts[best], [spots[best : best + 1] for spots in found]


def _cells_under(spots: Floats, hidden: NDArray[np.int64]) -> Floats:
    """How many cells with points are under each of some boxes."""
    ends = np.array(hidden.shape)[::-1] - 1
    left, top = (np.floor((spots[:, :2] - DOT / 2) / DOT).astype(np.intp).clip(0, ends)).T
    right, bottom = (np.ceil((spots[:, 2:] + DOT / 2) / DOT).astype(np.intp).clip(0, ends)).T
    inner = hidden[bottom, right] - hidden[top, right] - hidden[bottom, left] + hidden[top, left]
    return np.asarray(inner, np.float64)


def _annotation(
    text: str, place: Floats, shift: Floats, group: Group, look: Look
) -> dict[str, Any]:
    """A name in ink behind a dot in the colour of its group; away from its place with a line."""
    dot = f"<span style='color:{group.marker['color']}'>●</span>"
    right, down = (float(one) for one in shift)
    wide = LETTER_WIDE * (len(html.unescape(text)) + 3) / 2
    where: dict[str, Any] = {"showarrow": False, "xshift": right, "yshift": -down}
    if np.hypot(max(abs(right) - wide, 0.0), down) >= LEADS_FROM:
        where = {"showarrow": True, "ax": right, "ay": down, "arrowhead": 0}
        where |= {"arrowcolor": group.marker["color"], "arrowwidth": 1.2}
    return {
        **{"x": float(place[0]), "y": float(place[1])},
        **{"xanchor": "center", "yanchor": "middle", **where},
        "text": f"{dot} {in_ink(text, look)}",
        "font": {"color": look.ink, "size": 12, "weight": 600, "shadow": halo(look)},
    }


def in_ink(text: str, look: Look) -> str:
    """Words in the ink of the page, where the figure takes that of the page."""
    return f"<span style='color:{look.title}'>{text}</span>" if look.title != look.ink else text


def halo(look: Look) -> str:
    """A shadow of letters in the colour of the paper, which sets them off from points."""
    follows = look.title != look.ink  # the page: then its paper is not known but to itself
    paper = PAGE_PAPER if follows else look.paper
    return ",".join([f"0 0 2px {paper}"] * 6)
