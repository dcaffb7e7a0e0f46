"""What an explorer is opened with.

* :class:`ExplorerOptions` - the arguments of :func:`twlab.explore`, checked
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from twlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import (
        NamedQueries,
        Points,
        Query,
        SceneStarts,
        Similarity,
        Values,
        Video,
    )

__all__ = ["ExplorerOptions", "View"]

View = Literal["map", "heatmap", "player", "timeline", "videos", "gallery", "table"]


class ExplorerOptions(NamedTuple):
    """The arguments of :func:`twlab.explore`, which says what each means."""

    video: Video | None = None
    coords: Points | None = None
    labels: Values | os.PathLike[str] | None = None
    scenes: SceneStarts | None = None
    similarity: Similarity | None = None
    views: Sequence[View] = get_args(View)
    color: str | None = None
    tooltip: Sequence[str] = ()
    title: str | None = None
    names: Mapping[Any, Any] | pd.Series[Any] | None = None
    search: Embedder | Callable[[str], Query] | None = None
    queries: NamedQueries | None = None

    def put_in_order(self) -> ExplorerOptions:
        """The same with the views in the order in which they are laid out.

        Raises
        ------
        InputError
            If there is a view that is none.
        """
        known, views = get_args(View), self.views
        if isinstance(views, str) or not views or any(view not in known for view in views):
            raise InputError(
                f"views is {views!r}; a list of some of {', '.join(map(repr, known))} was expected"
            )
        tooltip = (self.tooltip,) if isinstance(self.tooltip, str) else tuple(self.tooltip)
        return self._replace(views=tuple(view for view in known if view in views), tooltip=tooltip)
