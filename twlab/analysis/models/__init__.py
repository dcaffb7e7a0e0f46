"""Two models, or two options, on the same films: compared, translated, and held side by side."""

from twlab.analysis.models.nulls import interval

__all__ = ["interval"]
