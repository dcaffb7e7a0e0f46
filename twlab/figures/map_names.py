"""Names of groups written on a map, each at the densest place of its group.

Where that is means the same here and in the explorer (``widgets/js/map_places.js``): of a grid of
32 cells along the longer side, the cell with most points of the group in and around it, the middle
counting twice; the name goes to the mean of the points in these nine cells.

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

NARROWEST, FLATTEST_MAP = 280, 460
"""Pixels of the map within its figure on a phone, or in lettering of the screen in a column of
85 mm. Names with room there have room wherever the map is wider; they keep their size."""

LETTER_WIDE, NAME_HIGH, NAME_LIFT = 6.6, 16, 11
"""Pixels of a letter in semibold of 12 pixels in the mean, of a line, and from it to its place."""


class _Box(NamedTuple):
    """Pixels of the narrowest map."""

    left: float
    top: float
    width: float
    height: float

    def meets(self, other: _Box) -> bool:
        """Whether two boxes overlap."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


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
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(np.array([NARROWEST, FLATTEST_MAP]) / np.maximum(high - low, 1e-12))
    middle = (low + high) / 2

    def pixels(place: Any) -> Any:
        return (place - middle) * scale + np.array([NARROWEST, FLATTEST_MAP]) / 2

    boxes = [
        _Box(x - left, y - NAME_HIGH / 2, left + right, NAME_HIGH)
        for (x, y), (left, right) in zip(pixels(taken[:, :2]), taken[:, 2:], strict=True)
    ]
    written = []
    for group, place in zip(ordered, places, strict=True):
        wide = LETTER_WIDE * (len(html.unescape(group.name)) + 3)
        found = _room(pixels(place), wide, boxes)
        if found is not None:
            boxes.append(found[0])
            written.append(_annotation(group.name, place, found[1], group, look))
    return written


def _room(
    at: NDArray[np.float64], width: float, taken: list[_Box]
) -> tuple[_Box, dict[str, Any]] | None:
    """The first of some places around a point that is free, and how text is put there."""
    shares = {"center": 0.5, "left": 0.0, "right": 1.0}
    for lift in (NAME_LIFT, -NAME_LIFT):
        for anchor, share in shares.items():
            middle = at[1] + lift
            box = _Box(at[0] - share * width, middle - NAME_HIGH / 2, width, NAME_HIGH)
            inside = box.left >= 0 and box.left + width <= NARROWEST
            if inside and not any(box.meets(other) for other in taken):
                return box, {"xanchor": anchor, "yshift": lift}
    return None


def _annotation(
    text: str, place: Floats, where: dict[str, Any], group: Group, look: Look
) -> dict[str, Any]:
    """A name in ink behind a dot in the colour of its group."""
    dot = f"<span style='color:{group.marker['color']}'>●</span>"
    return {
        **{"x": float(place[0]), "y": float(place[1]), "yanchor": "middle", **where},
        "text": f"{dot} {in_ink(text, look)}",
        "font": {"color": look.ink, "size": 12, "weight": 600, "shadow": halo(look)},
        "showarrow": False,
    }


def in_ink(text: str, look: Look) -> str:
    """Words in the ink of the page, where the figure takes that of the page."""
    return f"<span style='color:{look.title}'>{text}</span>" if look.title != look.ink else text


def halo(look: Look) -> str:
    """A shadow of letters in the colour of the paper, which sets them off from points."""
    follows = look.title != look.ink  # the page: then its paper is not known but to itself
    paper = "var(--jp-layout-color0,transparent)" if follows else look.paper
    return ",".join([f"0 0 3px {paper}"] * 4)
