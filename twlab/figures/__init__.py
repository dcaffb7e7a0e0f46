"""Plotly figures from tables and results, one file a picture; :mod:`twlab.plot` is their front."""

from twlab.figures.clock import bar_lengths, clock_times, round_times, span_labels, time_axis
from twlab.figures.encodings import categories_of
from twlab.figures.strips import ground_of, lay_strip
from twlab.figures.theme import as_shown, short_names

__all__ = [
    "as_shown",
    "bar_lengths",
    "categories_of",
    "clock_times",
    "ground_of",
    "lay_strip",
    "round_times",
    "short_names",
    "span_labels",
    "time_axis",
]
