"""Where scenes begin: cuts, novelty, change points, and how well they agree with true ones."""

from twlab.analysis.scenes.changepoints import (
    Gram,
    Line,
    chain_ward,
    cost_of,
    costs_of,
    cuts_of_count,
    cuts_of_price,
    pieces_of,
    rise_without,
)
from twlab.analysis.scenes.moments import corner_sums, moments_of
from twlab.analysis.scenes.segmentation import SceneMethod
from twlab.analysis.scenes.votes import vote

__all__ = [
    "Gram",
    "Line",
    "SceneMethod",
    "chain_ward",
    "corner_sums",
    "cost_of",
    "costs_of",
    "cuts_of_count",
    "cuts_of_price",
    "moments_of",
    "pieces_of",
    "rise_without",
    "vote",
]
