"""Search over several options, thresholds, agreement of options, diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.analysis.judging.queries import is_words

if TYPE_CHECKING:
    from twlab.analysis.judging.query_places import place_queries

__all__ = ["is_words", "place_queries"]


def __getattr__(name: str) -> Any:
    """What works on vectors, when it is asked for: the command line's help needs none of it."""
    if name != "place_queries":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from twlab.analysis.judging.query_places import place_queries

    return place_queries
