"""Search over several options, thresholds, agreement of options, diagnosis."""

from twlab.analysis.judging.queries import is_words
from twlab.analysis.judging.query_places import place_queries

__all__ = ["is_words", "place_queries"]
