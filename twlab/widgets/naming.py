"""Names that readers give to segments in the explorer, as columns and as the browser has them.

The browser has of each name the rows it runs over: ``[["chase", [3, 8, 12, 13]]]`` names the rows
3 to 7 and 12 of the table, by position. A row may have several names.

* :func:`read_names` - the columns that a reader of the explorer made, one of each name
* :func:`columns_of_names` - the same of a mask for each name
* :func:`tell_names` - what the browser is told of such columns, or of one label per row
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.analysis.labelling.annotating import rows_by_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twlab.table.types import Mask

__all__ = ["columns_of_names", "read_names", "tell_names"]


def read_names(segments: pd.DataFrame, told: Iterable[Any]) -> pd.DataFrame:
    """A column of true and false for each name, on the index of the table.

    Missing in rows without any name: nobody is known to have looked at these.

    >>> import twlab as tw
    >>> read_names(tw.clips(tw.sample())[:3], [["sky", [0, 2]], ["tree", [1, 2]]])
        sky   tree
    0  True  False
    1  True   True
    2  <NA>   <NA>
    """
    flags: dict[str, Mask] = {}
    for name, runs in told:
        mine = flags.setdefault(str(name), np.zeros(len(segments), bool))
        for start, stop in zip(runs[::2], runs[1::2], strict=True):
            mine[start:stop] = True
    return columns_of_names(segments, flags)


def columns_of_names(segments: pd.DataFrame, flags: Mapping[str, Mask]) -> pd.DataFrame:
    """Columns of which rows have each name, missing in rows without any."""
    unnamed = ~np.any([*flags.values()], axis=0) if flags else np.ones(len(segments), bool)
    columns = {name: pd.arrays.BooleanArray(own, unnamed.copy()) for name, own in flags.items()}
    return pd.DataFrame(columns, index=segments.index)


def tell_names(segments: pd.DataFrame, labels: Any) -> list[list[Any]]:
    """What the browser is told of some names; of none where ``labels`` is None.

    Raises
    ------
    InputError
        If there is not one name, or a missing value, for each row; nor columns of true and false.

    Examples
    --------
    >>> import twlab as tw
    >>> clips = tw.clips(tw.sample())[:4]
    >>> tell_names(clips, ["sky", "sky", None, "tree"])
    [['sky', [0, 2]], ['tree', [3, 4]]]
    >>> tell_names(clips, read_names(clips, [["sky", [0, 2]], ["tree", [1, 2]]]))
    [['sky', [0, 2]], ['tree', [1, 2]]]
    """
    if labels is None:
        return []
    told: list[list[Any]] = []
    for name, rows in rows_by_label(segments, labels):
        edges = np.zeros(len(segments) + 2, np.int8)
        edges[np.asarray(rows) + 1] = 1
        told.append([name, np.flatnonzero(np.diff(edges)).tolist()])
    return told
