"""Search over several options, thresholds, agreement of options, diagnosis."""
