"""The values of a heatmap panel: read by and by, averaged to what fits the screen, coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly

from twlab.analysis.neighbors.similarity import dot_rows, same_space
from twlab.figures.theme import scale_of
from twlab.looks import DIVERGING, LEAST_DIFFERENCE, SIMILARITY, is_flat
from twlab.table.segments import unit_vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from twlab.figures.strips import Strip
    from twlab.table.types import Matrix

    Reader = Callable[[slice], Matrix]
    Strips = tuple[Strip, Strip]

__all__ = [
    "Image",
    "Strips",
    "all_alike",
    "colour_range",
    "colour_settings",
    "digits_for",
    "image_of",
    "on_cells",
]

CHUNK_CELLS = 1 << 23
"""Values in memory at a time."""

MOST_VALUES = 1 << 27
"""Single values that are looked at, 11,600 squared; a second or two."""

TYPED_ARRAYS = int(plotly.__version__.split(".")[0]) >= 6
"""Whether plotly writes arrays as base64; before, it writes digits."""


class Image(NamedTuple):
    """What a panel shows."""

    blocks: Matrix
    """Means over blocks of segments; single values where a block is one segment."""
    low: float
    high: float
    """The range of the single values, without those of a segment and itself."""
    single: bool = True
    """Whether that is known; of very many segments it is the range of the means."""
    cosine: bool = True
    """Whether they are cosines, whose scale is known, and not numbers that were given."""


def image_of(
    tables: tuple[pd.DataFrame, pd.DataFrame | None], strips: Strips, given: Matrix | None
) -> Image:
    """What a panel shows, of similarities or of values that are given."""
    rows, columns = (strip.order for strip in strips)
    square = tables[1] is None
    if given is not None:
        image = _average(lambda part: given[np.ix_(rows[part], columns)], strips, square=square)
        return image._replace(cosine=False)
    tall = tables[0].iloc[rows]
    left = right = unit_vectors(tall)
    if tables[1] is not None:
        wide = tables[1].iloc[columns]
        right = unit_vectors(wide)
        same_space(tall, wide, left, right)
    if len(left) * len(right) > MOST_VALUES:
        return _average_of_means(left, right, strips)

    def read(part: slice) -> Matrix:
        out = np.empty((len(left[part]), len(right)), np.float32)
        dot_rows(left[part], right, out)
        return np.clip(out, -1, 1, out=out)

    return _average(read, strips, square=square)


def _average_of_means(left: Matrix, right: Matrix, strips: Strips) -> Image:
    """The same means without the single values: products of the mean vectors of blocks."""
    sides = []
    for unit, strip in zip((left, right), strips, strict=True):
        counts = np.diff(np.append(strip.blocks, len(strip.order)))
        sums = np.add.reduceat(unit, strip.blocks, axis=0, dtype=np.float64)
        sides.append(sums / counts[:, None])
    means = np.asarray(sides[0] @ sides[1].T, np.float32)
    return Image(means, float(means.min()), float(means.max()), single=False)


def _average(read: Reader, strips: Strips, *, square: bool) -> Image:
    """The means over blocks, and the range of the single values."""
    rows, columns = (len(strip.order) for strip in strips)
    sums = np.empty((rows, len(strips[1].blocks)), np.float32)
    low = high = np.float32(np.nan)
    step = max(1, CHUNK_CELLS // columns)
    for first in range(0, rows, step):
        part = read(slice(first, first + step))
        sums[first : first + step] = np.add.reduceat(part, strips[1].blocks, axis=1)
        if square and rows > 1:
            part[np.arange(len(part)), np.arange(first, first + len(part))] = np.nan
        low = np.fmin(low, np.fmin.reduce(part, axis=None))
        high = np.fmax(high, np.fmax.reduce(part, axis=None))
    counts = [np.diff(np.append(strip.blocks, len(strip.order))) for strip in strips]
    means = np.add.reduceat(sums, strips[0].blocks, axis=0) / np.outer(*counts)
    return Image(np.asarray(means, np.float32), float(low), float(high))


def on_cells(blocks: Matrix, strips: Strips) -> NDArray[Any]:
    """The blocks on the cells of both strips, NaN in gaps, in a form that plotly writes tersely."""
    rows, columns = (strip.cells for strip in strips)
    cells = np.full((len(rows), len(columns)), np.nan, np.float32)
    cells[np.ix_(rows >= 0, columns >= 0)] = blocks
    return cells if TYPED_ARRAYS else np.round(cells.astype(np.float64), 3)


def all_alike(image: Image) -> bool:
    """Whether the single values differ by no more than rounding."""
    return is_flat(image.low, image.high, least=LEAST_DIFFERENCE * image.cosine)


def colour_range(shown: Any, *, cosine: bool) -> tuple[float, float]:
    """From where to where the colours run: over all but the outermost hundredths of the values.

    Where these are all alike, over all of them; and where all are alike, from 0 to 1 (or to them),
    so that what is equal looks as like as it is, and its rounding like nothing.
    """
    if not len(shown):
        return 0.0, 1.0
    least = LEAST_DIFFERENCE * cosine
    for ends in ((1, 99), (0, 100)):
        low, high = np.percentile(shown, ends).tolist()
        if not is_flat(low, high, least=least):
            return low, high
    return min(0.0, low), max(1.0, high) if cosine or high == low == 0 else max(0.0, high)


def digits_for(low: float, high: float) -> int:
    """Decimals that tell four steps of a scale apart: two, or more where it is short."""
    step = (high - low) / 4
    return int(np.clip(np.ceil(-np.log10(step)), 2, 9)) if step > 0 else 2


def colour_settings(image: Image, *, square: bool) -> dict[str, Any]:
    """Colour scale and range for what is shown, and a colour bar that tells where it is cut."""
    shown: Any = image.blocks
    scale = scale_of(SIMILARITY)
    if square and len(shown) > 1:
        shown = shown[~np.eye(len(shown), dtype=bool)]
    shown = shown[np.isfinite(shown)]
    low, high = colour_range(shown, cosine=image.cosine)
    if low < 0 < high and min(-low, high) > 0.1 * max(-low, high):
        high = max(-low, high)
        low, scale = -high, scale_of(DIVERGING)
    ticks, digits = np.linspace(low, high, 5), digits_for(low, high)
    texts = [f"{tick:.{digits}f}" for tick in ticks]
    texts = [text.lstrip("-") if not float(text) else text.replace("-", "−") for text in texts]
    beyond = 0.5 * 10.0**-digits
    if image.low < low - beyond:
        texts[0] = f"≤ {texts[0]}"
    if image.high > high + beyond or (square and high < 1 and len(image.blocks) > 1):
        texts[-1] = f"≥ {texts[-1]}"
    bar = {"tickmode": "array", "tickvals": ticks.tolist(), "ticktext": texts}
    return {"colorscale": scale, "zmin": low, "zmax": high, "colorbar": bar}
