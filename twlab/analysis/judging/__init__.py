"""Search over several options, thresholds, agreement of options, diagnosis."""

from twlab.analysis.judging.queries import is_words

__all__ = ["is_words"]
