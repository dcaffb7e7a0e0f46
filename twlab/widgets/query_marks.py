"""Queries as the browser marks them on the map.

* :func:`tell_queries` - the name of each, its place, and the row most like it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.judging.query_places import place_queries
from twlab.errors import InputError
from twlab.media.addresses import mask_secrets

if TYPE_CHECKING:
    import pandas as pd

    from twlab.table.types import Matrix
    from twlab.widgets.explorer_options import ExplorerOptions
    from twlab.widgets.spaces import Space

__all__ = ["tell_queries"]

LONGEST_QUERY = 80
"""Letters of a name that are told: words one searches for are fewer."""


def tell_queries(
    segments: pd.DataFrame, xy: Matrix, spaces: list[Space], options: ExplorerOptions
) -> list[dict[str, Any]]:
    """What the browser is told of queries; of none where none are given.

    Raises
    ------
    InputError
        If there is no map to mark them on, or one has no place there.
    """
    if options.queries is None:
        return []
    if "map" not in options.views:
        raise InputError(
            f"queries are given, but views is {', '.join(options.views)}; the map, on which they "
            "are marked, was expected among them; leave queries out, or views"
        )
    placed = place_queries(segments, xy.astype(np.float64), options.queries)
    space = np.full(len(segments), -1)
    for number, one in enumerate(spaces):
        space[one.rows] = number
    names = placed["query"]
    if options.coords is not None:  # then all options lie on one map
        several = names.duplicated(keep=False)
        names = names.where(~several, names + " · " + placed["embedding_option"])
    told = placed[["x", "y", "row"]].assign(
        name=[mask_secrets(name)[:LONGEST_QUERY] for name in names],
        space=space[placed["row"]],
    )
    return [{str(key): value for key, value in one.items()} for one in told.to_dict("records")]
