"""Search over several options, thresholds, agreement of options, diagnosis."""

from twlab.analysis.judging.chance import agreement_of, chance_of_agreement, p_of_agreement
from twlab.analysis.judging.queries import is_words

__all__ = ["agreement_of", "chance_of_agreement", "is_words", "p_of_agreement"]
