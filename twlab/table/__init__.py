"""What a table of segments is: columns, vectors, what a row is, one video along time, its types."""

from twlab.table.pages import page_names
from twlab.table.rows import IDENTITY, align_column, align_rows, time_order
from twlab.table.segments import clip_mask, one_option, scale_rows, unit_vectors
from twlab.table.tracks import LONGEST_GAP, on_grid, times_of

__all__ = [
    "IDENTITY",
    "LONGEST_GAP",
    "align_column",
    "align_rows",
    "clip_mask",
    "on_grid",
    "one_option",
    "page_names",
    "scale_rows",
    "time_order",
    "times_of",
    "unit_vectors",
]
