"""What a table of segments is: columns, vectors, what a row is, one video along time, its types."""

from twlab.table.rows import aligned, time_order
from twlab.table.segments import clip_mask, one_option, scaled, unit_vectors
from twlab.table.tracks import LONGEST_GAP, on_grid, times_of

__all__ = [
    "LONGEST_GAP",
    "aligned",
    "clip_mask",
    "on_grid",
    "one_option",
    "scaled",
    "time_order",
    "times_of",
    "unit_vectors",
]
