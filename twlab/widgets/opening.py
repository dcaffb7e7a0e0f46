"""Ways to open the explorer.

* :func:`explore` - all views of a table of segments
* :func:`player` - a video alone, or over the timeline of its segments
* :func:`timeline_widget` - the timeline alone
* :func:`explorer_of` - one with the arguments gathered
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from twlab.widgets.explorer import Explorer
from twlab.widgets.explorer_options import ExplorerOptions, View
from twlab.widgets.label_file import label_path
from twlab.widgets.payload import contents_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

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

__all__ = ["explore", "explorer_of", "player", "timeline_widget"]


def explore(
    segments: pd.DataFrame,
    *,
    video: Video | None = None,
    coords: Points | None = None,
    labels: Values | os.PathLike[str] | None = None,
    scenes: SceneStarts | None = None,
    similarity: Similarity | None = None,
    views: Sequence[View] = get_args(View),
    color: str | None = None,
    tooltip: Sequence[str] = (),
    title: str | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    search: Embedder | Callable[[str], Query] | None = None,
    queries: NamedQueries | None = None,
) -> Explorer:
    """One linked picture of a table of segments: map, heatmap, player, timeline, gallery and table.

    Select on any view and the others light up; click and the video goes there; play the video
    and the point on the map moves. The gallery shows what is selected as frames of the film, or
    as the pictures in the column ``thumbnail_url`` where its rows have each their own. The search
    box takes a time, a label, ``column:value`` or words of the table, and offers labels while one
    types. Vectors stay in Python.

    Parameters
    ----------
    segments : DataFrame
        A table of segments. A table that mixes embedding options opens with the visual ones on
        map and heatmap, a choice to switch, and one lane per option on the timeline. Of several
        models each has a map, a heatmap and a lane of its own, and the choice names it; what has
        the focus keeps its time. "Side by side" shows two of these at once: what is pointed at,
        in focus or selected in one is marked in the other where it runs at the same time in the
        same video. Selected is what was chosen, in its own map. Whole-video rows are left out of
        all views.
    video : path, URL, or dict of these by ``video_id``, optional
        What to play. A file inside the folder of the notebook server is served by it; any other
        is embedded up to 64 MB. Without it the stream in the column ``hls_url`` is played where
        it is an http or https address and the browser can; where there is none, the other views
        work without a picture. No file is opened but those that are named here.
    coords : DataFrame with x and y, or array_like of shape (n, 2), optional
        Places on the map, as :func:`twlab.project` returns them. Default: t-SNE of each
        embedding option up to 3,000 segments, PCA above.
    labels : Series, array_like of n values, or name of a column, optional
        What to colour by at first, for example :func:`twlab.cluster`. Default: time. The path of
        a ``.csv`` in their place is a file that keeps the names given to segments in the explorer,
        written at each change and read when it is opened again.
    scenes : DataFrame with start_sec (and video_id), or sequence of seconds, optional
        Boundaries to draw on the timeline.
    similarity : array_like of shape (n, n) or False, optional
        Numbers for the heatmap in the order of the table; False for none. Default: cosine
        similarity. Above 5,000 segments, means over runs of segments of one video. From 12 videos
        on the heatmap shows first how alike the videos are: the mean over all pairs of a segment of
        the one and a segment of the other, or of two segments of the same.
    views : sequence of {"map", "heatmap", "player", "timeline", "videos", "gallery", "table"}
        Which to show. The list of the videos is there where there are several, and folded up to
        11: a click on one shows it alone, its box hides it. The table is folded at first; its
        heads filter by the columns.
    color : str, optional
        Name of the column to colour by at first.
    tooltip : sequence of str
        Columns to show under the pointer, besides the one that gives the colour, and first in
        the table; whatever they hold.
    title : str, optional
        Default: the name of the video.
    names : dict or Series, optional
        What the labels that give the colours at first are called, by label: on the map, in the
        legend and everywhere else, for example ``found.set_index("label")["name"]`` of what
        :func:`twlab.name_clusters` found. Labels without one keep their own; of labels called the
        same, each has its own behind it.
    search : client or callable, optional
        What finds words that are entered into the search box and are no time and no label: a
        client, which embeds them with the model of the table, or a function that turns words into
        what :func:`twlab.search` takes as a query, such as a vector. Map and timeline then show
        the score of each place, the gallery the best first, and ``found`` is the hits as a table.
        Words in double quotes are looked for so even where a label holds them. Only what is
        entered is embedded, and the same words once.
    queries : DataFrame, array_like of shape (d,) or (q, d), or dict of these by name, optional
        What you look for, as for :func:`twlab.search`: rows or vectors, marked on the map by
        diamonds with their names, such as ``{"a forest": client.embed_text("a forest")}``. Each
        lies at the median place of the 10 segments of its option most like it, or on the one that
        it is a copy of. A query is no segment: it is not coloured, counted or selected. A click on
        it goes to the segment most like it.

    Returns
    -------
    Explorer
        With ``selection``, ``focus``, ``found``, ``current_sec`` and ``current_video``.

    Raises
    ------
    InputError
        If the table or an argument is not as described.

    See Also
    --------
    twlab.save_html : the explorer as one file
    twlab.name_clusters : names to give as ``names``
    twlab.player : the video alone, or over its timeline
    twlab.Explorer : what it gives

    Examples
    --------
    >>> import twlab as tw
    >>> explorer = tw.explore(tw.sample(), video=tw.sample_video())
    >>> explorer.selection = explorer.segments[explorer.segments.start_sec < 30]
    >>> len(explorer.selection)
    6
    """
    given = ExplorerOptions(
        *(video, coords, labels, scenes, similarity, views, color, tooltip, title, names),
        *(search, queries),
    )
    return explorer_of(segments, given)


def player(
    video: Video,
    segments: pd.DataFrame | None = None,
    *,
    labels: Values | None = None,
    scenes: SceneStarts | None = None,
    color: str | None = None,
    title: str | None = None,
) -> Explorer:
    """A video to watch, with the timeline of its segments where they are given.

    Parameters
    ----------
    video : path, URL, or dict of these by ``video_id``
        What to play, as for :func:`explore`.
    segments : DataFrame, optional
        Segments of the video.
    labels, scenes, color, title
        As for :func:`explore`.

    Returns
    -------
    Explorer

    Raises
    ------
    InputError
        If the video or the table is not as described.

    See Also
    --------
    twlab.explore : map, heatmap, player and timeline, linked
    twlab.timeline_widget : the timeline alone

    Examples
    --------
    >>> import twlab as tw
    >>> watch = tw.player(tw.sample_video("trailer"))
    >>> watch.current_sec = 12.5
    """
    views: tuple[View, ...] = ("player", "timeline")
    if segments is None:
        columns = ["video_id", "start_sec", "end_sec", "embedding"]
        segments, views = pd.DataFrame(columns=columns), ("player",)
    given = ExplorerOptions(
        video, labels=labels, scenes=scenes, views=views, color=color, title=title
    )
    return explorer_of(segments, given)


def timeline_widget(
    segments: pd.DataFrame,
    *,
    labels: Values | None = None,
    scenes: SceneStarts | None = None,
    color: str | None = None,
    title: str | None = None,
) -> Explorer:
    """The timeline of the explorer alone.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    labels, scenes, color, title
        As for :func:`explore`.

    Returns
    -------
    Explorer

    Raises
    ------
    InputError
        If the table or an argument is not as described.

    See Also
    --------
    twlab.explore : map, heatmap, player and timeline, linked
    twlab.plot.timeline : segments along time, in lanes

    Examples
    --------
    >>> import twlab as tw
    >>> tw.timeline_widget(tw.sample(), scenes=[0, 60, 125.5]).focus is None
    True
    """
    given = ExplorerOptions(
        labels=labels, scenes=scenes, views=("timeline",), color=color, title=title
    )
    return explorer_of(segments, given)


def explorer_of(segments: pd.DataFrame, given: ExplorerOptions) -> Explorer:
    """An explorer of a table."""
    path = label_path(segments, given.labels)
    if path is not None:
        given = given._replace(labels=None)
    spec, data, ids, files = contents_of(segments, given)
    return Explorer(
        segments,
        spec=spec,
        data=data,
        ids=ids,
        files=files,
        search=given.search,
        label_file=path,
    )
