"""Names that readers give to segments in the explorer, as a column and as the browser has them.

The browser has of each name the rows it runs over: ``[["chase", [3, 8, 12, 13]]]`` names the rows
3 to 7 and 12 of the table, by position.

* :func:`read_names` - the Series that a reader of the explorer made
* :func:`tell_names` - what the browser is told of a Series
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.table.rows import align_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_names", "tell_names"]


def read_names(segments: pd.DataFrame, told: Iterable[Any]) -> pd.Series[Any]:
    """The name of every row, None where it has none, on the index of the table.

    >>> import twlab as tw
    >>> read_names(tw.clips(tw.sample())[:4], [["sky", [0, 2]], ["tree", [3, 4]]]).tolist()
    ['sky', 'sky', None, 'tree']
    """
    names = np.full(len(segments), None, dtype=object)
    for name, runs in told:
        for start, stop in zip(runs[::2], runs[1::2], strict=True):
            names[start:stop] = name
    return pd.Series(names, index=segments.index, name="label", dtype=object)


def tell_names(segments: pd.DataFrame, labels: Any) -> list[list[Any]]:
    """What the browser is told of some names; of none where ``labels`` is None.

    Raises
    ------
    InputError
        If there is not one name, or a missing value, for each row.

    Examples
    --------
    >>> import twlab as tw
    >>> tell_names(tw.clips(tw.sample())[:4], ["sky", "sky", None, "tree"])
    [['sky', [0, 2]], ['tree', [3, 4]]]
    """
    if labels is None:
        return []
    values = pd.Series(align_rows(segments, labels, "labels"), dtype=object)
    codes, names = pd.factorize(values.map(str, na_action="ignore").to_numpy())
    edges = np.flatnonzero(np.diff(codes, prepend=-2, append=-2)).tolist()
    told: list[list[Any]] = [[str(name), []] for name in names]
    for start, stop in pairwise(edges):
        if codes[start] >= 0:
            told[codes[start]][1] += [start, stop]
    return told
